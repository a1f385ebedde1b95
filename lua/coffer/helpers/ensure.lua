--- "This must exist", said safely: look, create, and where the outcome is
-- unknown look again. It never guesses: what cannot be settled stays unknown.
-- Of many at once, all go through the same steps together: one look for all.
local alike = require "coffer.helpers.alike"
local call = require "coffer.call"
local core = require "coffer.core"
local failures = require "coffer.failure"
local interrupted = require "coffer.interrupted"
local scheduler = require "coffer.scheduler"
local need = require "coffer.need"
local outside = require "coffer.values.outside"
local path = require "coffer.values.path"
local policy = require "coffer.options"
local retry = require "coffer.retry"
local text = require "coffer.values.text"
local turns = require "coffer.helpers.turns"

local ensure = {}

--- Seconds until a request that was cut off is over at the provider as well,
-- and between two looks that have to agree that nothing is there.
local SETTLE = 5

--- How often is looked after an unknown outcome; absent is what was absent
-- each time.
local LOOKS = 2

--- How many names a message lists, and how many bytes of each.
local MAX_NAMES, MAX_NAME_LENGTH = 10, 100

-- What a thing of the list is to a task; nil where it is another.
local IS, MAY = "is", "may"

-- What a task needs next; nil where it is over.
local LOOK, CREATE = "look", "create"

-- Comparing -------------------------------------------------------------------

local function by_name(wanted, got)
  got = outside.name(got)
  if got == wanted then
    return IS
  end
  return got and alike.key(got) == alike.key(wanted) and MAY or nil
end

--- What tells no region may be in any.
local function by_region(wanted, got)
  if type(got) ~= "string" or not got:find "%S" then
    return MAY
  end
  return by_name(wanted, got)
end

--- How a field of the key is compared; by name where nothing is said.
local compare = { region = by_region }

--- What ensuring is at a provider; see docs/providers.md.
local function kind_of(provider)
  return need("coffer.providers." .. provider).ensure
end

--- What to look for: the parameters of the key, or the client's own of that
-- name.
local function key_of(kind, client, parameters)
  local key, settings = {}, core.settings(client, "parameters") or {}
  for field, where in pairs(kind.key) do
    local value = path.get(parameters, where)
    if value == nil then
      value = settings[where]
    end
    key[field] = value
  end
  return key
end

--- What the fields of a thing are to a task.
local function match(task, fields)
  local verdict = IS
  for field, wanted in pairs(task.key) do
    local by = compare[task.run.kind.compare and task.run.kind.compare[field]] or by_name
    local word = by(wanted, rawget(fields, field))
    if not word then
      return nil
    elseif word == MAY then
      verdict = MAY
    end
  end
  return verdict
end

--- Puts a thing on the list by what is always in its key.
local function put(listed, place, resource, fields)
  listed[place] = listed[place] or {}
  table.insert(listed[place], { resource = resource, fields = fields })
end

--- What is on the list for a task.
-- @return list of what it is, list of what may be it
local function sort_out(task, listed)
  local sorted = { [IS] = {}, [MAY] = {} }
  for _, entry in ipairs(listed[task.place] or {}) do
    local verdict = match(task, entry.fields)
    if verdict then
      table.insert(sorted[verdict], entry)
    end
  end
  return sorted[IS], sorted[MAY]
end

-- What becomes of a task ---------------------------------------------------------

local function settle(task, resource, word, failure)
  if resource then
    task.run.turn:leave(task.turn, nil)
  end
  task.needs, task.is_over = nil, true
  task.resource, task.word, task.failure = resource, word, failure
end

--- It failed. As long as one create is in doubt, no later failure says more
-- than that.
local function fail(task, failure)
  settle(task, nil, nil, task.doubt or failure)
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
local function report(task, facts)
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
local function doubt(task, failure)
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

--- What was seen is what was wanted, unless it is more than one, or cannot be
-- told apart from it.
local function take(task, is, may)
  local kind = task.run.kind
  if #is == 1 then
    return settle(task, is[1].resource, task.doubt and "recovered" or "found")
  end
  local phrase = #is > 1 and ("there are %d of them: %s"):format(#is, names_of(kind, is))
    or ("it may be there already: %s; %s"):format(names_of(kind, may), kind.may)
  settle(task, nil, nil, report(task, { code = "conflict", phrase = phrase }))
end

local function may_create_again(task)
  return task.creates == 1 and task.run.kind.refuses_second and not task.is_unsafe
end

--- Behind a look that showed nothing, or nothing at all, while a create is in
-- doubt.
local function go_on(task)
  task.looks = task.looks + 1
  if task.looks < LOOKS then
    task.needs = LOOK
  elseif task.absent == LOOKS and may_create_again(task) then
    task.needs = CREATE
  else
    fail(task)
  end
end

--- Leaves for those who wait to ensure the same that it is in doubt.
local function leave_doubt(task, failure)
  task.run.turn:leave(task.turn, failure and { failure = failure, key = task.key })
end

--- What has left in doubt what this task is about, who had its turn before: a
-- second create must not come of itself.
local function inherited(task)
  local left = task.run.left[task.turn]
  if left and match(task, left.key) and (task.is_unsafe or not task.run.kind.refuses_second) then
    return report(task, { outcome = "unknown", code = left.failure.code, came_of = left.failure,
      phrase = "another call has left it in doubt: " .. left.failure.message })
  end
end

--- What a look says of a task.
local function judge(task, listed)
  local is, may = sort_out(task, listed)
  if #is + #may > 0 then
    take(task, is, may)
  elseif task.met then
    fail(task, task.met)
  elseif task.doubt then
    task.absent = task.absent + 1
    go_on(task)
  else
    local failure = inherited(task)
    if failure then
      fail(task, failure)
    else
      task.needs = CREATE
    end
  end
end

--- A look failed.
local function miss(task, failure)
  if task.met then
    fail(task, task.met)
  elseif task.doubt then
    go_on(task)
  else
    fail(task, failure)
  end
end

--- After a 409: it is there, made by us where an earlier create is in doubt.
local function meet(task, failure)
  local kind = task.run.kind
  if kind.list then
    task.met, task.needs = failure, LOOK
    return
  end
  -- what came before the doubt may hold what is told only once
  local has_more = task.doubt and task.worth > 0
  local incomplete = report(task, { outcome = "refused", code = "partial",
    phrase = "it exists, but " .. kind.lost, came_of = has_more and task.doubt or failure })
  settle(task, kind.exists(task.key), task.doubt and "recovered" or "found", incomplete)
end

-- Steps ---------------------------------------------------------------------------

--- The options of one of ensure's calls, which may take what time is left.
local function options_of(run, options, till)
  for name, value in pairs(run.call_options) do
    options[name] = value
  end
  return call.part(options, till, run.patience)
end

--- The end of the patience. Of many, each step has as much again: how long they
-- take together is a matter of how many they are.
local function till_of(run)
  if run.is_many or not run.till then
    run.till = scheduler.clock() + run.patience
  end
  return run.till
end

--- What a failure tells where the time that is left is too short to send
-- anything; nil where it is not.
local function late(run, till)
  if till - scheduler.clock() < retry.least_time(run.patience, run.call_options.timeout) then
    return { outcome = "not_sent", code = "timeout", phrase = "not sent: no time is left",
             provider = run.provider, operation = run.method }
  end
end

--- Looks through all of the list.
-- @return what is on it; or nil, failure
local function look(run)
  local facts = late(run, run.till)
  if facts then
    return nil, failures.new(facts, 0)
  end
  local options = options_of(run, {}, run.till)
  options.extra = nil
  local walk = run.client[run.kind.list](run.client, nil, options)
  local all, failure = walk:collect()
  if not all then
    return nil, failure
  end
  local listed = {}
  for _, resource in ipairs(all) do
    local main = type(resource) == "table" and outside.name(rawget(resource, run.kind.main))
    if main then
      put(listed, alike.key(main), resource, resource)
    end
  end
  return listed
end

--- A look that failed says nothing of its own request: of the thing it is known
-- that nothing was sent.
local function reword(failure)
  failure.message = "the look for it failed: " .. failure.message
  failure.outcome = failure.outcome == "unknown" and "not_sent" or failure.outcome
end

--- Pauses before tasks in doubt are looked for. Those for which that would take
-- too long are over.
local function rest(run, tasks)
  local pause, till = 0, till_of(run)
  for _, task in ipairs(tasks) do
    if task.doubt and not task.met then
      local asked = task.retry_after or 0
      local own = math.max(run.settle, asked)
      if asked > retry.MAX_RETRY_AFTER or own >= till - scheduler.clock() then
        fail(task)
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
local function see(run, tasks)
  if not run.kind.list then -- another create will tell
    for _, task in ipairs(tasks) do
      task.needs = CREATE
    end
    return
  end
  local listed, failure = look(run)
  run.listed = listed
  if failure then
    reword(failure)
  end
  for _, task in ipairs(tasks) do
    if listed then
      judge(task, listed)
    else
      miss(task, failure)
    end
  end
end

--- What was made is on the list for those who come behind.
local function note_made(task, resource)
  local run, fields = task.run, {}
  if run.listed then
    for field, wanted in pairs(task.key) do
      fields[field] = wanted
    end
    for _, field in ipairs { run.kind.name, "aws_region" } do
      fields[field] = outside.name(rawget(resource, field)) or fields[field]
    end
    put(run.listed, task.place, resource, fields)
  end
end

--- Creates it: the request was prepared when nothing had happened yet.
local function create(task, till)
  local run = task.run
  local facts = late(run, till)
  if facts then
    return fail(task, report(task, facts))
  end
  task.creates = task.creates + 1
  local request = task.requests[task.creates]
  options_of(run, task.options, till)
  leave_doubt(task, report(task, { outcome = "unknown", code = "cancelled",
    phrase = "sent, and cut off before it was known what came of it" }))
  local resource, failure = request:send()
  leave_doubt(task, not resource and failure.outcome == "unknown" and failure or nil)
  if resource then
    settle(task, resource, "created", failure)
    note_made(task, resource)
  elseif failure.outcome == "unknown" then
    doubt(task, failure)
    task.retry_after, task.looks, task.absent, task.needs = failure.retry_after, 0, 0, LOOK
    if not run.kind.list and not may_create_again(task) then
      fail(task)
    end
  elseif failure.code == "conflict" then
    meet(task, failure)
  else
    fail(task, failure)
  end
end

--- Creates what is of one place, one after the other: what is made for the
-- first may be what the next one wants, and where that is in doubt the next has
-- to wait for a look.
-- @return the thing and the failure of the last
local function advance(run, group)
  local is_in_doubt = false
  for _, task in ipairs(group) do
    group.at = task
    if is_in_doubt then
      task.needs = LOOK
    elseif not task.doubt and run.listed then
      judge(task, run.listed)
    end
    if task.needs == CREATE then
      create(task, run.is_many and scheduler.clock() + run.patience or run.till)
    end
    is_in_doubt = is_in_doubt or task.needs == LOOK
  end
  return group.at.resource, group.at.failure or group.at.doubt
end

local function needing(run, step)
  local tasks = {}
  for _, task in ipairs(run.tasks) do
    if task.needs == step then
      tasks[#tasks + 1] = task
    end
  end
  return tasks
end

--- Tasks by what they may get in each other's way for.
local function groups_of(tasks)
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

--- Takes step after step until all tasks are over.
local function go(run)
  while true do
    local looking = needing(run, LOOK)
    if #looking > 0 then
      rest(run, looking)
      looking = needing(run, LOOK)
    end
    if #looking > 0 then
      see(run, looking)
    end
    run.between(run)
    local creating = needing(run, CREATE)
    if #creating > 0 then
      run.spread(run, groups_of(creating))
    elseif #needing(run, LOOK) == 0 then
      return
    end
  end
end

-- Turns ---------------------------------------------------------------------------

--- The name under which calls for the same thing wait for each other: what its
-- address and key are, letter case and the like apart.
local function turn_of(kind, provider, url, place)
  local address = text.lower(url):gsub("^(https://[^/]*):443/", "%1/")
  if kind.fold then
    address = address:gsub(kind.fold, "")
  end
  return ("%s %s %s"):format(provider, address, place)
end

--- Sees to it that nobody else of this process, nor of another one with the
-- same lock file, ensures any of it meanwhile. All take the names in one order.
-- @return true; or nil and what a failure tells
local function take_turns(run, turn)
  local names = {}
  for _, group in ipairs(groups_of(run.tasks)) do
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
  return turn:lock(run.lock, till_of(run))
end

--- All steps, when it is its turn.
local function run_all(run)
  local turn <close> = turns.new()
  run.turn, run.left = turn, {}
  local is_mine, facts = take_turns(run, turn)
  if is_mine then
    till_of(run)
    return go(run)
  end
  for _, task in ipairs(run.tasks) do
    fail(task, report(task, { outcome = facts.outcome, code = facts.code, phrase = facts.phrase }))
  end
end

-- What is left by an error ----------------------------------------------------------

--- True for an error object of this name.
local function is_of(value, name)
  local metatable = type(value) == "table" and getmetatable(value)
  return type(metatable) == "table" and rawget(metatable, "__name") == name
end

--- The cause of an error, which may be that of the create inside; its failure is
-- noted with the task that it is of.
local function cause_of(raised, task)
  if not is_of(raised, "coffer.interrupted") and not is_of(raised, "coffer.stopped") then
    return raised
  end
  local failure = rawget(raised, "failure")
  if task and failures.is(failure) then
    doubt(task, failure)
  end
  return raised.cause
end

--- Settles a task that an error has left: in doubt, or answered and not handed
-- over yet, which the failure's coffer.response has.
local function leave(task)
  if not task.is_over and task.doubt then
    fail(task)
  elseif task.word == "created" then
    settle(task, nil, nil, report(task, { outcome = "unknown", code = "cancelled",
      phrase = "answered, and cut off before the answer was handed over",
      came_of = task.resource }))
  end
end

-- One -------------------------------------------------------------------------------

--- One is not spread.
local function spread_one(run, groups)
  for _, group in ipairs(groups) do
    advance(run, group)
  end
end

local function run_one(run)
  local task = run.tasks[1]
  local is_done, raised = pcall(run_all, run)
  if not is_done then
    local cause = cause_of(raised, task)
    leave(task)
    if task.is_over and task.failure then
      error(interrupted { cause = cause, failure = task.failure }, 0)
    end
    error(raised, 0)
  elseif task.resource then
    return task.resource, task.word, task.failure
  end
  return nil, task.failure, task.failure.code
end

local CALL_OPTIONS = { "attempts", "deadline", "timeout", "extra" }
local OPTIONS = { "settle", "lock", table.unpack(CALL_OPTIONS) }
local MAP_OPTIONS = { "at_once", "per_second", "stop_on_failure", "on_progress" }

local function picked(options, names)
  local some = {}
  for _, name in ipairs(names) do
    some[name] = options[name]
  end
  return some
end

local function none() end

local function new_run(client, provider, method, options)
  return {
    client = client, provider = provider, kind = kind_of(provider), method = method, tasks = {},
    call_options = picked(options, CALL_OPTIONS), settle = options.settle or SETTLE,
    patience = options.deadline or core.states[client].deadline, lock = options.lock,
    between = none, spread = spread_one,
  }
end

local function is_on(value)
  return value ~= nil and value ~= false and value ~= core.null
end

--- The requests of a task, prepared before anything else happens: one for each
-- create that there may be.
-- @return list; or nil, failure
local function prepare(run, parameters, options, is_unsafe)
  local requests = {}
  for i = 1, run.kind.refuses_second and not is_unsafe and 2 or 1 do
    local request, failure = run.client:request(run.kind.call, parameters, options)
    if not request then
      return nil, failure
    end
    requests[i] = request
  end
  return requests
end

--- A new task for these parameters.
-- @return task; or nil, failure
local function new_task(run, parameters)
  local kind, options = run.kind, options_of(run, {}, scheduler.clock() + run.patience)
  local unsafe_twice = kind.unsafe_twice
  local extra = run.call_options.extra or {}
  local is_unsafe = unsafe_twice
    and (is_on(rawget(parameters, unsafe_twice)) or is_on(rawget(extra, unsafe_twice)))
  local requests, failure = prepare(run, parameters, options, is_unsafe)
  if not requests then
    return nil, failure
  end
  local key = key_of(kind, run.client, parameters)
  local place = kind.main and alike.key(key[kind.main]) or ""
  return {
    run = run, requests = requests, options = options, key = key, place = place, creates = 0,
    is_unsafe = is_unsafe, needs = kind.list and LOOK or CREATE, indexes = {},
    turn = turn_of(kind, run.provider, requests[1].url, place),
  }
end

--- The parameters as a table, or nil where they are neither a table nor what may
-- stand for one.
local function settled(kind, parameters)
  if parameters == nil or type(parameters) == "table" then
    return parameters or {}
  end
  return kind.sole and { [kind.sole] = parameters }
end

local function wants_table(whose, parameters)
  return ("%s takes a table of parameters, got %s"):format(whose, type(parameters))
end

local function one_method(provider, kind)
  local whose = ("%s:%s"):format(provider, kind.method)
  return function(self, parameters, options)
    policy.check_all(whose, options, OPTIONS, core.nearest)
    local given = settled(kind, parameters)
    if not given then
      core.misuse(wants_table(whose, parameters))
    end
    local run = new_run(self, provider, kind.method, options or {})
    -- what cannot be sent is told before anything is looked up
    local task, failure = new_task(run, given)
    if not task then
      return nil, failure, failure.code
    end
    run.tasks[1] = task
    return run_one(run)
  end
end

-- Many ------------------------------------------------------------------------------

--- Hands what became of the tasks that are over to their indexes. Who asks for
-- the same once more is told that it was found.
local function hand_out(run)
  for _, task in ipairs(run.tasks) do
    for place, index in ipairs(task.is_over and task.indexes or {}) do
      run.results[index] = task.resource
      run.words[index] = task.resource and (place == 1 and task.word or "found") or nil
      run.failures[index] = (place == 1 or not task.resource) and task.failure or nil
    end
  end
end

--- Tells how many are over, when they have become more.
local function tell(run)
  local done = run.invalid
  for _, task in ipairs(run.tasks) do
    done = done + (task.is_over and #task.indexes or 0)
  end
  if run.map_options.on_progress and done > run.told then
    run.told = done
    run.map_options.on_progress { done = done, total = run.total }
  end
end

--- With `stop_on_failure`: what comes behind a failure is not begun, and what
-- was begun is not created again.
local function stop_behind(run)
  hand_out(run)
  local first = math.huge
  for index in pairs(run.failures) do
    first = math.min(first, index)
  end
  for _, task in ipairs(needing(run, CREATE)) do
    if task.indexes[1] > first or run.has_stopped then
      task.needs = nil
      if task.doubt then
        fail(task)
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
  if task and task.needs == CREATE then
    if failure.outcome == "unknown" and failure.code ~= "raised" then
      doubt(task, failure)
    end
    fail(task, failure)
    for _, other in ipairs(group) do
      other.needs = other.needs and LOOK
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
  local options = picked(run.map_options, MAP_OPTIONS)
  options.on_progress = options.on_progress and function() tell(run) end
  run.groups = groups
  local _, raised = run.map(groups, function(group) return advance(run, group) end, options)
  note_all_raised(run, raised)
end

local function in_doubt(run)
  local count, first = 0, nil
  for index = 1, run.total do
    local failure = run.failures[index]
    if failure and failure.outcome == "unknown" and failure.code ~= "raised" then
      count, first = count + 1, first or failure
    end
  end
  return count, first
end

local function run_many(run)
  local is_done, raised = pcall(run_all, run)
  if is_done then
    hand_out(run)
    return run.results, run.failures, run.words
  elseif run.groups and is_of(raised, "coffer.stopped") then
    note_all_raised(run, raised.failures)
  end
  for _, task in ipairs(run.tasks) do
    if not task.is_over then
      leave(task)
    end
  end
  hand_out(run)
  local count, first = in_doubt(run)
  error(interrupted { cause = cause_of(raised), results = run.results, failures = run.failures,
    words = run.words, in_doubt = count, failure = first }, 0)
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
  local given = settled(run.kind, item)
  if not given then
    return nil, failures.new({ outcome = "not_sent", code = "invalid", provider = run.provider,
      operation = run.method, phrase = wants_table(whose, item) }, 0)
  end
  return new_task(run, given)
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

local function many_method(provider, kind)
  local whose = ("%s:%s"):format(provider, kind.plural)
  local names = { table.unpack(OPTIONS) }
  table.move(MAP_OPTIONS, 1, #MAP_OPTIONS, #names + 1, names)
  return function(self, list, options)
    policy.check_all(whose, options, names, core.nearest)
    check_list(whose, list)
    local run = new_run(self, provider, kind.plural, options or {})
    run.results, run.failures, run.words, run.invalid, run.told = {}, {}, {}, 0, 0
    run.is_many, run.total, run.between, run.spread = true, #list, between, spread_many
    run.map_options = picked(options or {}, MAP_OPTIONS)
    run.map = need("coffer.map").map
    add_tasks(run, whose, list)
    if #run.tasks == 0 then
      between(run)
      return run.results, run.failures, run.words
    end
    return run_many(run)
  end
end

--- The ensure methods of a provider's clients, by name.
--   client:ensure_wallet(parameters, { settle = 5, deadline = 300 })
-- takes the parameters of the call that creates, and its options. Option
-- `settle`: seconds to wait before looking again after an unknown outcome.
-- Option `deadline` is for all of it together, from when it is its turn.
-- Option `lock`: the path of a file that is locked meanwhile.
-- @return the thing, and "created", "found" or "recovered"; behind them a
--   failure where something of it is missing; or nil, failure, code
--   client:ensure_wallets(list, { at_once = 32 })
-- takes a list of such parameters, the same options, and those of coffer.map.
-- @return results, failures, words: each by the index in the list
function ensure.methods(provider)
  local kind = kind_of(provider)
  local methods = { [kind.method] = one_method(provider, kind) }
  if kind.plural then
    methods[kind.plural] = many_method(provider, kind)
  end
  return methods
end

return ensure
