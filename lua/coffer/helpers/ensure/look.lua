--- The step that looks: one walk through the list for all tasks that need it.
local failures = require "coffer.failure"
local alike = require "coffer.helpers.ensure.alike"
local comparing = require "coffer.helpers.ensure.comparing"
local outcome = require "coffer.helpers.ensure.outcome"
local runs = require "coffer.helpers.ensure.runs"
local retry = require "coffer.retry"
local scheduler = require "coffer.scheduler"
local outside = require "coffer.values.outside"

local look = {}

--- Looks through all of the list.
-- @return what is on it; or nil, failure
local function walk(run)
  local facts = runs.late(run, run.till)
  if facts then
    return nil, failures.new(facts, 0)
  end
  local own = runs.options_of(run, {}, run.till)
  own.extra = nil
  local pages = run.client[run.kind.list](run.client, nil, own)
  local all, failure = pages:collect()
  if not all then
    return nil, failure
  end
  local listed = {}
  for _, resource in ipairs(all) do
    local main = type(resource) == "table" and outside.name(rawget(resource, run.kind.main))
    if main then
      comparing.put(listed, alike.key(main), resource, resource)
    end
  end
  return listed
end

--- A look that failed says nothing of its own request: of the resource it is known
-- that nothing was sent.
local function reword(failure)
  failure.message = "the look for it failed: " .. failure.message
  failure.outcome = failure.outcome == "unknown" and "not_sent" or failure.outcome
end

--- Pauses before tasks in doubt are looked for. Those for which that would take
-- too long are over.
function look.rest(run, tasks)
  local pause, till = 0, runs.till_of(run)
  for _, task in ipairs(tasks) do
    if task.doubt and not task.met then
      local asked = task.retry_after or 0
      local own = math.max(run.settle, asked)
      if asked > retry.MAX_RETRY_AFTER or own >= till - scheduler.clock() then
        outcome.fail(task)
      else
        pause = math.max(pause, own)
      end
    end
  end
  if pause > 0 then
    scheduler.sleep(pause)
  end
end

--- Looks for all tasks that need it, with one look.
function look.see(run, tasks)
  if not run.kind.list then -- another create will tell
    for _, task in ipairs(tasks) do
      task.needs = outcome.CREATE
    end
    return
  end
  local listed, failure = walk(run)
  run.listed = listed
  if failure then
    reword(failure)
  end
  for _, task in ipairs(tasks) do
    if listed then
      outcome.judge(task, listed)
    else
      outcome.miss(task, failure)
    end
  end
end

return look
