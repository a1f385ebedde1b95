--- "This must exist", said safely: look, create, and where the outcome is
-- unknown look again. It never guesses: what cannot be settled stays unknown.
-- Of many at once, all go through the same steps together: one look for all.
--
-- Here is the course of it. What the steps do is in look.lua and create.lua, what
-- they mean for a task in outcome.lua, what they work on in runs.lua.
local core = require "coffer.core"
local create = require "coffer.helpers.ensure.create"
local look = require "coffer.helpers.ensure.look"
local many = require "coffer.helpers.ensure.many"
local outcome = require "coffer.helpers.ensure.outcome"
local runs = require "coffer.helpers.ensure.runs"
local turns = require "coffer.helpers.ensure.turns"
local interrupted = require "coffer.interrupted"
local options = require "coffer.options"

local ensure = {}

--- Takes step after step until all tasks are over.
local function go(run)
  while true do
    local looking = runs.needing(run, outcome.LOOK)
    if #looking > 0 then
      look.rest(run, looking)
      looking = runs.needing(run, outcome.LOOK)
    end
    if #looking > 0 then
      look.see(run, looking)
    end
    run.between(run)
    local creating = runs.needing(run, outcome.CREATE)
    if #creating > 0 then
      run.spread(run, runs.groups_of(creating))
    elseif #runs.needing(run, outcome.LOOK) == 0 then
      return
    end
  end
end

--- Sees to it that nobody else of this process, nor of another one with the
-- same lock file, ensures any of it meanwhile. All take the names in one order.
-- @return true; or nil and what a failure tells
local function take_turns(run, turn)
  local names = {}
  for _, group in ipairs(runs.groups_of(run.tasks)) do
    names[#names + 1] = group[1].turn
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local is_mine, left = turn:take(name, ("another %s of it"):format(run.kind.method),
      run.patience)
    if not is_mine then
      return nil, left
    end
    run.left[name] = left
  end
  if not run.lock then
    return true
  end
  local is_mine, facts = turn:take("file " .. run.lock,
    "another call with the lock file " .. run.lock, run.patience)
  if not is_mine then
    return nil, facts
  end
  return turn:lock(run.lock, runs.till_of(run))
end

--- All steps, when it is its turn.
local function run_all(run)
  local turn <close> = turns.new()
  run.turn, run.left = turn, {}
  local is_mine, facts = take_turns(run, turn)
  if is_mine then
    runs.till_of(run)
    return go(run)
  end
  for _, task in ipairs(run.tasks) do
    outcome.fail(task, outcome.report(task,
      { outcome = facts.outcome, code = facts.code, phrase = facts.phrase }))
  end
end

--- One is not spread, and nothing is between its steps.
local function spread_one(run, groups)
  for _, group in ipairs(groups) do
    create.advance(run, group)
  end
end

local function none() end

local function run_one(run, task)
  run.tasks[1], run.between, run.spread = task, none, spread_one
  local is_done, raised = pcall(run_all, run)
  if not is_done then
    local cause = outcome.cause_of(raised, task)
    outcome.leave(task)
    if task.is_over and task.failure then
      error(interrupted { cause = cause, failure = task.failure }, 0)
    end
    error(raised, 0)
  elseif task.resource then
    return task.resource, task.word, task.failure or nil
  end
  return nil, task.failure, task.failure.code
end

local function one_method(provider, kind)
  local whose = ("%s:%s"):format(provider, kind.method)
  return function(self, parameters, given)
    options.check(whose, options.ensure, given)
    local wanted = runs.settled(kind, parameters)
    if not wanted then
      core.misuse(runs.wants_table(whose, parameters))
    end
    local run = runs.new(self, provider, kind.method, options.ensure, given)
    -- what cannot be sent is told before anything is looked up
    local task, failure = runs.new_task(run, wanted)
    if not task then
      return nil, failure, failure.code
    end
    return run_one(run, task)
  end
end

--- The ensure methods of a provider's clients, by name; none where it ensures nothing.
--   client:ensure_wallet(parameters, { settle = 5, deadline = 300 })
-- takes the parameters of the call that creates, and its options. Option
-- `settle`: seconds to wait before looking again after an unknown outcome.
-- Option `deadline` is for all of it together, from when it is its turn.
-- Option `lock`: the path of a file that is locked meanwhile.
-- @return the resource, and "created", "found" or "recovered"; behind them a
--   failure where something of it is missing; or nil, failure, code
--   client:ensure_wallets(list, { at_once = 32 })
-- takes a list of such parameters, the same options, and those of coffer.map.
-- @return results, failures, words: each by the index in the list
function ensure.methods(provider)
  local kind = runs.kind_of(provider)
  if not kind then
    return {}
  end
  local methods = { [kind.method] = one_method(provider, kind) }
  if kind.plural then
    methods[kind.plural] = many.method(provider, kind, run_all)
  end
  return methods
end

return ensure
