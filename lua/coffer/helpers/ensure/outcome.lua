--- What becomes of a task: what a look, a create and an error mean for it, and what
-- its caller is told. A task is made in runs.lua; it is over, or `needs` a LOOK or a
-- CREATE.
local core = require "coffer.core"
local failures = require "coffer.failure"
local comparing = require "coffer.helpers.ensure.comparing"
local outside = require "coffer.values.outside"
local text = require "coffer.values.text"

local outcome = {}

--- How often is looked after an unknown outcome; absent is what was absent
-- each time.
local LOOKS = 2

--- How many names a message lists, and how many bytes of each.
local MAX_NAMES, MAX_NAME_LENGTH = 10, 100

-- What a task needs next; nil where it is over.
outcome.LOOK, outcome.CREATE = "look", "create"

--- Ends a task.
-- @param resource table or nil: what there is
-- @param word string or nil: "created", "found" or "recovered", beside a resource
-- @param failure failure or nil: why there is none, or what is missing of it
function outcome.settle(task, resource, word, failure)
  if resource then
    task.run.turn:leave(task.turn, nil)
  end
  task.needs, task.is_over = nil, true
  task.resource, task.word, task.failure = resource, word, failure
end

--- It failed. As long as one create is in doubt, no later failure says more
-- than that.
function outcome.fail(task, failure)
  outcome.settle(task, nil, nil, task.doubt or failure)
end

--- What to look for, as the create itself would name it.
local function named_key(task)
  local named = {}
  for field, where in pairs(task.run.kind.key) do
    named[where:match "[^.]+$"] = task.key[field]
  end
  return named
end

--- A failure of ensure's own. Its outcome is true of the creates there were,
-- and coffer.response gives what an answer in doubt may hold.
function outcome.report(task, facts)
  local without_doubt = task.creates == 0 and "not_sent" or "refused"
  facts.outcome = facts.outcome or task.doubt and "unknown" or without_doubt
  facts.provider, facts.operation, facts.key =
    task.run.provider, task.run.method, named_key(task)
  facts.came_of = facts.came_of or task.doubt
  return (failures.new(facts, task.creates))
end

--- How much the answer behind a failure may hold of what is told only once.
local function worth(failure)
  local request = core.origins[failure]
  local response = request and request:response()
  if not response then
    return 0
  end
  local has_body = #response.body > 0 and 1 or 0
  return response.status >= 200 and response.status < 300 and 2 + has_body or has_body
end

--- Nobody knows what became of a create. Of several, the failure that counts is
-- the last one whose answer may hold something.
function outcome.doubt(task, failure)
  local found = worth(failure)
  if not task.doubt or found >= task.worth then
    task.doubt, task.worth = failure, found
  end
end

--- A name or ID for a message, not too long.
local function shown(value)
  return ('"%s"'):format(text.line(outside.name(value) or "without a name", MAX_NAME_LENGTH))
end

local function names_of(kind, entries)
  local names = {}
  for i = 1, math.min(#entries, MAX_NAMES) do
    local fields = entries[i].fields
    names[i] = shown(rawget(fields, kind.name))
    if kind.name ~= kind.main then
      names[i] = ("%s (%s)"):format(names[i], shown(rawget(fields, kind.main)))
    end
  end
  if #entries > MAX_NAMES then
    names[#names + 1] = ("and %d more"):format(#entries - MAX_NAMES)
  end
  return table.concat(names, ", ")
end

--- What a failure tells behind a thing that was there: that it lacks what its create told.
-- @param met failure or nil: the 409 that said so
local function lacking(task, met)
  -- what came before the doubt may hold what is told only once
  local has_more = task.doubt and task.worth > 0
  return outcome.report(task, { outcome = "refused", code = "partial",
    phrase = "it exists, but " .. task.run.kind.lost, came_of = has_more and task.doubt or met })
end

--- What was seen is what was wanted, unless it is more than one, or cannot be
-- told apart from it.
local function take(task, is, may)
  local kind = task.run.kind
  if #is == 1 then
    return outcome.settle(task, is[1].resource, task.doubt and "recovered" or "found",
      kind.lost and not is[1].is_made and lacking(task, task.met) or nil)
  end
  local phrase = #is > 1 and ("there are %d of them: %s"):format(#is, names_of(kind, is))
    or ("it may be there already: %s; %s"):format(names_of(kind, may), kind.may)
  outcome.settle(task, nil, nil, outcome.report(task, { code = "conflict", phrase = phrase }))
end

--- True where a second create is safe: the provider refuses one of what is there.
function outcome.may_create_again(task)
  return task.creates == 1 and task.run.kind.refuses_second and not task.is_unsafe
end

--- Behind a look that showed nothing, or nothing at all, while a create is in
-- doubt.
local function go_on(task)
  task.looks = task.looks + 1
  if task.looks < LOOKS then
    task.needs = outcome.LOOK
  elseif task.absent == LOOKS and outcome.may_create_again(task) then
    task.needs = outcome.CREATE
  else
    outcome.fail(task)
  end
end

--- Leaves for those who wait to ensure the same that it is in doubt.
function outcome.leave_doubt(task, failure)
  task.run.turn:leave(task.turn, failure and { failure = failure, key = task.key })
end

--- What has left in doubt what this task is about, who had its turn before: a
-- second create must not come of itself.
local function inherited(task)
  local left = task.run.left[task.turn]
  local refuses_second = task.run.kind.refuses_second and not task.is_unsafe
  if left and not refuses_second and comparing.match(task, left.key) then
    local failure = left.failure
    return outcome.report(task, { outcome = "unknown", code = failure.code, came_of = failure,
      phrase = "another call has left it in doubt: " .. failure.message })
  end
end

--- What a look says of a task.
function outcome.judge(task, listed)
  local is, may = comparing.sort_out(task, listed)
  if #is + #may > 0 then
    take(task, is, may)
  elseif task.met then
    outcome.fail(task, task.met)
  elseif task.doubt then
    task.absent = task.absent + 1
    go_on(task)
  else
    local failure = inherited(task)
    if failure then
      outcome.fail(task, failure)
    else
      task.needs = outcome.CREATE
    end
  end
end

--- A look failed.
function outcome.miss(task, failure)
  if task.met then
    outcome.fail(task, task.met)
  elseif task.doubt then
    go_on(task)
  else
    outcome.fail(task, failure)
  end
end

--- After a 409: it is there, made by us where an earlier create is in doubt.
function outcome.meet(task, failure)
  local kind = task.run.kind
  if kind.list then
    task.met, task.needs = failure, outcome.LOOK
    return
  end
  outcome.settle(task, kind.exists(task.key), task.doubt and "recovered" or "found",
    lacking(task, failure))
end

--- True for an error object of this name.
function outcome.is_of(value, name)
  local metatable = type(value) == "table" and getmetatable(value)
  return type(metatable) == "table" and rawget(metatable, "__name") == name
end

--- The cause of an error, which may be that of the create inside; its failure is
-- noted with the task that it is of.
function outcome.cause_of(raised, task)
  if not (outcome.is_of(raised, "coffer.interrupted") or outcome.is_of(raised, "coffer.stopped"))
  then
    return raised
  end
  local failure = rawget(raised, "failure")
  if task and failures.is(failure) then
    outcome.doubt(task, failure)
  end
  return raised.cause
end

--- Settles a task that an error has left: in doubt, or answered and not handed
-- over yet, which the failure's coffer.response has.
function outcome.leave(task)
  if not task.is_over and task.doubt then
    outcome.fail(task)
  elseif task.word == "created" then
    outcome.settle(task, nil, nil, outcome.report(task, { outcome = "unknown", code = "cancelled",
      phrase = "answered, and cut off before the answer was handed over",
      came_of = task.resource }))
  end
end

return outcome
