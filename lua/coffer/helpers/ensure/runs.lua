--- What an ensure works on, made before anything is sent: a run, which is one call of
-- an ensure method, and its tasks, each a resource to ensure, with its requests.
local call = require "coffer.call"
local core = require "coffer.core"
local alike = require "coffer.helpers.ensure.alike"
local comparing = require "coffer.helpers.ensure.comparing"
local outcome = require "coffer.helpers.ensure.outcome"
local need = require "coffer.need"
local options = require "coffer.options"
local retry = require "coffer.retry"
local scheduler = require "coffer.scheduler"
local text = require "coffer.values.text"

local runs = {}

--- What ensuring is at a provider, nil where it is nothing; see docs/providers.md.
function runs.kind_of(provider)
  return need("coffer.providers." .. provider).ensure
end

--- A new run, without tasks. Its methods add `spread`, which runs the creates of groups of tasks,
-- and `between`, which is called between a look and the creates behind it.
-- @param set table: the options that the method takes
-- @param given table or nil: those that it was given
function runs.new(client, provider, method, set, given)
  local taken = options.with_defaults(set, given)
  return {
    client = client, provider = provider, kind = runs.kind_of(provider), method = method,
    call_options = options.of_group(set, given, "call"), settle = taken.settle,
    patience = taken.deadline or core.states[client].deadline, lock = taken.lock, tasks = {},
  }
end

--- The options of one of ensure's calls, which may take what time is left.
function runs.options_of(run, own, till)
  for name, value in pairs(run.call_options) do
    own[name] = value
  end
  return call.part(own, till, run.patience)
end

--- The end of the patience. Of many, each step has as much again: how long they
-- take together is a matter of how many they are.
function runs.till_of(run)
  if run.is_many or not run.till then
    run.till = scheduler.clock() + run.patience
  end
  return run.till
end

--- What a failure tells where the time that is left is too short to send
-- anything; nil where it is not.
function runs.late(run, till)
  if till - scheduler.clock() < retry.least_time(run.patience, run.call_options.timeout) then
    return { outcome = "not_sent", code = "timeout", phrase = "not sent: no time is left",
             provider = run.provider, operation = run.method }
  end
end

--- The tasks whose next step is this one.
function runs.needing(run, step)
  local tasks = {}
  for _, task in ipairs(run.tasks) do
    if task.needs == step then
      tasks[#tasks + 1] = task
    end
  end
  return tasks
end

--- Tasks by what they may get in each other's way for.
function runs.groups_of(tasks)
  local groups, of = {}, {}
  for _, task in ipairs(tasks) do
    local group = of[task.turn]
    if not group then
      group = {}
      of[task.turn], groups[#groups + 1] = group, group
    end
    group[#group + 1] = task
  end
  return groups
end

local function is_on(value)
  return value ~= nil and value ~= false and value ~= core.null
end

--- The requests of a task, prepared before anything else happens: one for each
-- create that there may be.
-- @return list; or nil, failure
local function prepare(run, parameters, own, is_unsafe)
  local requests = {}
  for i = 1, run.kind.refuses_second and not is_unsafe and 2 or 1 do
    local request, failure = run.client:request(run.kind.call, parameters, own)
    if not request then
      return nil, failure
    end
    requests[i] = request
  end
  return requests
end

--- The name under which calls for the same resource wait for each other: what its
-- address and key are, letter case and the like apart.
local function turn_of(kind, provider, url, place)
  local address = text.lower(url):gsub("^(https://[^/]*):443/", "%1/")
  if kind.fold then
    address = address:gsub(kind.fold, "")
  end
  return ("%s %s %s"):format(provider, address, place)
end

--- A new task for these parameters. On its way it gets, beside what is in it here: `doubt`, the
-- failure of a create of which nobody knows what became, and its `worth`, how much its answer may
-- hold; `looks` and `absent`, how often was looked since, and in vain; `met`, the 409 of a create;
-- and when it `is_over` its `resource`, `word` and `failure`.
-- @return task; or nil, failure
function runs.new_task(run, parameters)
  local kind, own = run.kind, runs.options_of(run, {}, scheduler.clock() + run.patience)
  local unsafe_twice = kind.unsafe_twice
  local extra = run.call_options.extra or {}
  local is_unsafe = unsafe_twice
    and (is_on(rawget(parameters, unsafe_twice)) or is_on(rawget(extra, unsafe_twice)))
  local requests, failure = prepare(run, parameters, own, is_unsafe)
  if not requests then
    return nil, failure
  end
  local key = comparing.key_of(kind, run.client, parameters)
  local place = kind.main and alike.key(key[kind.main]) or ""
  return {
    run = run, requests = requests, options = own, key = key, place = place, creates = 0,
    is_unsafe = is_unsafe, needs = kind.list and outcome.LOOK or outcome.CREATE, indexes = {},
    turn = turn_of(kind, run.provider, requests[1].url, place),
    -- keys that are there need no memory when it has become known what they hold
    resource = false, word = false, failure = false, is_over = false,
    doubt = false, worth = 0, looks = 0, absent = 0, met = false, retry_after = false,
  }
end

--- The parameters as a table, or nil where they are neither a table nor what may
-- stand for one.
function runs.settled(kind, parameters)
  if parameters == nil or type(parameters) == "table" then
    return parameters or {}
  end
  return kind.sole and { [kind.sole] = parameters }
end

--- What is wrong with parameters that runs.settled does not take.
function runs.wants_table(whose, parameters)
  return ("%s takes a table of parameters, got %s"):format(whose, type(parameters))
end

return runs
