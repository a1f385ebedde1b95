--- The step that creates: what was prepared is sent, one after the other where one
-- may be in another's way.
local comparing = require "coffer.helpers.ensure.comparing"
local outcome = require "coffer.helpers.ensure.outcome"
local runs = require "coffer.helpers.ensure.runs"
local scheduler = require "coffer.scheduler"
local outside = require "coffer.values.outside"

local create = {}

--- What was made is on the list for those who come behind, with what was told only once: under the
-- main member that was asked for, and with the others as its answer tells them.
local function note_made(task, resource)
  local run, kind, fields = task.run, task.run.kind, {}
  if run.listed then
    for field in pairs(kind.key) do
      fields[field] = field ~= kind.main and outside.name(rawget(resource, field))
        or task.key[field]
    end
    fields[kind.name] = outside.name(rawget(resource, kind.name)) or fields[kind.name]
    comparing.put(run.listed, task.place, resource, fields, true)
  end
end

--- Creates it: the request was prepared when nothing had happened yet.
local function send(task, till)
  local run = task.run
  local facts = runs.late(run, till)
  if facts then
    return outcome.fail(task, outcome.report(task, facts))
  end
  task.creates = task.creates + 1
  local request = task.requests[task.creates]
  runs.options_of(run, task.options, till)
  outcome.leave_doubt(task, outcome.report(task, { outcome = "unknown", code = "cancelled",
    phrase = "sent, and cut off before it was known what came of it" }))
  local resource, failure = request:send()
  outcome.leave_doubt(task, not resource and failure.outcome == "unknown" and failure or nil)
  if resource then
    outcome.settle(task, resource, "created", failure)
    note_made(task, resource)
  elseif failure.outcome == "unknown" then
    outcome.doubt(task, failure)
    task.retry_after, task.looks, task.absent, task.needs = failure.retry_after, 0, 0, outcome.LOOK
    if not run.kind.list and not outcome.may_create_again(task) then
      outcome.fail(task)
    end
  elseif failure.code == "conflict" then
    outcome.meet(task, failure)
  else
    outcome.fail(task, failure)
  end
end

--- Creates what is of one place, one after the other: what is made for the
-- first may be what the next one wants, and where that is in doubt the next has
-- to wait for a look.
-- @return the resource and the failure of the last
function create.advance(run, group)
  local is_in_doubt = false
  for _, task in ipairs(group) do
    group.at = task
    if is_in_doubt then
      task.needs = outcome.LOOK
    elseif not task.doubt and run.listed then
      outcome.judge(task, run.listed)
    end
    if task.needs == outcome.CREATE then
      send(task, run.is_many and scheduler.clock() + run.patience or run.till)
    end
    is_in_doubt = is_in_doubt or task.needs == outcome.LOOK
  end
  return group.at.resource or nil, group.at.failure or group.at.doubt or nil
end

return create
