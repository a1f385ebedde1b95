--- Many at once: the same steps for a whole list, creates spread by coffer.map.
local core = require "coffer.core"
local failures = require "coffer.failure"
local create = require "coffer.helpers.ensure.create"
local outcome = require "coffer.helpers.ensure.outcome"
local runs = require "coffer.helpers.ensure.runs"
local interrupted = require "coffer.interrupted"
local need = require "coffer.need"
local options = require "coffer.options"
local room = require "coffer.values.room"

local many = {}

--- Hands what became of a task to its indexes. Who asks for the same once more is
-- told that it was found.
local function hand_out_task(run, task)
  for place, index in ipairs(task.indexes) do
    run.results[index] = task.resource or nil
    run.words[index] = task.resource and (place == 1 and task.word or "found") or nil
    run.failures[index] = (place == 1 or task.word ~= "created") and task.failure or nil
  end
end

--- The same for all tasks that are over.
local function hand_out(run)
  for _, task in ipairs(run.tasks) do
    if task.is_over then
      hand_out_task(run, task)
    end
  end
end

--- Tells how many are over, when they have become more.
local function tell(run)
  local done = run.invalid
  for _, task in ipairs(run.tasks) do
    done = done + (task.is_over and #task.indexes or 0)
  end
  if run.map_options.on_progress and done > run.reported then
    run.reported = done
    run.map_options.on_progress { done = done, total = run.total }
  end
end

--- With `stop_on_failure`: what comes behind a failure is not begun, and what
-- was begun is not created again. What was found stops nothing, whatever it lacks.
local function stop_behind(run)
  hand_out(run)
  local first = math.huge
  for index in pairs(run.failures) do
    first = run.words[index] == "found" and first or math.min(first, index)
  end
  for _, task in ipairs(runs.needing(run, outcome.CREATE)) do
    if task.indexes[1] > first or run.has_stopped then
      task.needs = nil
      if task.doubt then
        outcome.fail(task)
      end
    end
  end
end

local function between(run)
  if run.map_options.stop_on_failure then
    stop_behind(run)
  end
  tell(run)
end

--- What a create that raised in a map has left behind: those who come behind it
-- have to look again.
local function note_raised(group, failure)
  local task = group.at
  if task and task.needs == outcome.CREATE then
    if failures.is_in_doubt(failure) then
      outcome.doubt(task, failure)
    end
    outcome.fail(task, failure)
    for _, other in ipairs(group) do
      other.needs = other.needs and outcome.LOOK
    end
  end
end

--- Notes what creates have left behind that raised in the map.
local function note_all_raised(run, raised)
  for i, group in ipairs(run.groups) do
    if raised[i] then
      run.has_stopped = true
      note_raised(group, raised[i])
    end
  end
end

local function spread_many(run, groups)
  local given = options.of_group(options.map, run.map_options, "map")
  given.on_progress = given.on_progress and function() tell(run) end
  run.groups = groups
  local _, raised = run.map(groups, function(group) return create.advance(run, group) end, given)
  note_all_raised(run, raised)
end

local function complete(run, run_all)
  run_all(run)
  hand_out(run)
  return run.results, run.failures, run.words
end

--- What is raised where an error leaves the run: what is known for sure goes in
-- first, for the rest takes memory.
local function leave(raised, _, spare, run)
  spare.cause = outcome.cause_of(raised)
  hand_out(run)
  if run.groups and outcome.is_of(raised, "coffer.stopped") then
    note_all_raised(run, raised.failures)
  end
  for _, task in ipairs(run.tasks) do
    if not task.is_over then
      outcome.leave(task)
    end
  end
  hand_out(run)
  spare.in_doubt, spare.failure = failures.doubts(run.failures, run.total)
  return spare
end

local function run_many(run, run_all)
  local spare = interrupted { cause = "not enough memory", results = run.results,
    failures = run.failures, words = run.words, in_doubt = 0, failure = false }
  spare.failure = nil
  return core.hand_over(true, complete, leave, spare, run, run_all)
end

local function check_list(whose, list)
  if type(list) ~= "table" then
    core.misuse(("%s takes a list, got %s"):format(whose, type(list)))
  end
  for key in next, list do
    if math.type(key) ~= "integer" or key < 1 or key > #list then
      core.misuse(("%s takes a list of what %s takes, got a table with names"):format(whose,
        whose:sub(1, -2)))
    end
  end
end

--- Two tasks are one where their keys are.
local function identity_of(task)
  local parts = { task.turn }
  for field, value in pairs(task.key) do
    parts[#parts + 1] = ("%s=%s"):format(field, tostring(value))
  end
  table.sort(parts)
  return table.concat(parts, "\n")
end

--- The task of an item; or nil, failure.
local function task_of(run, whose, item)
  local given = runs.settled(run.kind, item)
  if not given then
    return nil, failures.new({ outcome = "not_sent", code = "invalid", provider = run.provider,
      operation = run.method, phrase = runs.wants_table(whose, item) }, 0)
  end
  return runs.new_task(run, given)
end

local function add_tasks(run, whose, list)
  local known = {}
  for index = 1, #list do
    local task, failure = task_of(run, whose, list[index])
    if task then
      local identity = identity_of(task)
      known[identity] = known[identity] or task
      table.insert(known[identity].indexes, index)
      run.tasks[#run.tasks + 1] = known[identity] == task and task or nil
    else
      run.failures[index], run.invalid = failure, run.invalid + 1
    end
  end
end

--- @param run_all function(run): all steps
function many.method(provider, kind, run_all)
  local whose = ("%s:%s"):format(provider, kind.plural)
  return function(self, list, given)
    options.check(whose, options.ensure_many, given)
    check_list(whose, list)
    local run = runs.new(self, provider, kind.plural, options.ensure_many, given)
    run.results, run.failures, run.words = room.of(#list), room.of(#list), room.of(#list)
    run.invalid, run.reported = 0, 0
    run.is_many, run.total, run.between, run.spread = true, #list, between, spread_many
    run.map_options = options.of_group(options.ensure_many, given, "map")
    run.map = need("coffer.map").map
    add_tasks(run, whose, list)
    if #run.tasks == 0 then
      between(run)
      return run.results, run.failures, run.words
    end
    return run_many(run, run_all)
  end
end

return many
