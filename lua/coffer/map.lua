--- Many at once: coffer.map runs a function for each item in coroutines of its
-- own. Calls inside wait for each other's answers instead of blocking.
local call = require "coffer.call"
local core = require "coffer.core"
local scheduler = require "coffer.scheduler"
local failures = require "coffer.failure"
local guarded = require "coffer.guarded"
local options = require "coffer.options"
local progress = require "coffer.progress"
local room = require "coffer.values.room"
local text = require "coffer.values.text"

local map = {}

--- How long an interrupt may have to wait, in seconds.
local STEP = 0.1

--- How often a task that is being stopped may go on to something else.
local LAST_STEPS = 100

--- What Lua raises where memory ends.
local MEMORY = "not enough memory"

--- What a task yields to say that it waits; anything else is not ours.
local WAITS = {}

-- Tasks --------------------------------------------------------------------

--- Gives control back until the task is resumed.
local function yield()
  coroutine.yield(WAITS)
end

local function sleep_till(run, task, time)
  while core.clock() < time and not run.is_stopping do
    run.sleeping[task] = time
    yield()
    run.sleeping[task] = nil
  end
end

--- Takes the next place in the run's pace, and in that of the run around it.
-- @return when it comes, by core.clock()
local function take_slot(run)
  local slot = run.outer and run.outer.take_slot and run.outer.take_slot() or core.clock()
  if run.per_second then
    slot = math.max(slot, run.next_slot or 0)
    run.next_slot = slot + 1 / run.per_second
  end
  return slot
end

local function note_client(run, client, change)
  local count = (run.clients[client] or 0) + change
  run.clients[client] = count > 0 and count or nil
end

--- Ends the wait of the run itself: something has happened in another's step.
local function wake(run)
  if run.outer then
    scheduler.wake(run.outer, run.thread)
  end
end

--- One attempt, waited for among the others.
local function transfer(run, task, client, request, seconds)
  local sending <close> = request
  local tag = scheduler.expect(function()
    run.ready[#run.ready + 1] = task
    wake(run)
  end)
  sending:start(seconds, tag)
  note_client(run, client, 1)
  while not sending:step(0) do
    yield()
    if run.is_stopping then
      sending:stop()
    end
  end
  scheduler.forget(tag)
  note_client(run, client, -1)
  return sending:finish()
end

-- What a task's driver does; see coffer.scheduler.

local function take_turn(run, task)
  sleep_till(run, task, take_slot(run))
  return run.is_stopping and scheduler.cancelled() or nil
end

local function exchange(run, task, client, request, seconds)
  if run.is_stopping then
    return nil, scheduler.cancelled()
  end
  return transfer(run, task, client, request, seconds)
end

--- Out of descriptors, there are too many at once.
local function make_room(run, task)
  if run.is_stopping or run.active - #run.without_room <= 1 then
    return false
  end
  run.at_once = math.max(1, run.active - 1)
  run.without_room[#run.without_room + 1] = task
  yield()
  return true
end

local function wait_for(run, task, clients, seconds)
  for _, client in ipairs(clients) do
    note_client(run, client, 1)
  end
  run.sleeping[task] = core.clock() + seconds
  yield()
  run.sleeping[task] = nil
  for _, client in ipairs(clients) do
    note_client(run, client, -1)
  end
end

local function wake_task(run, task)
  if run.sleeping[task] then
    run.sleeping[task] = 0
    wake(run)
  end
end

local function driver_of(run, task)
  return {
    take_turn = function() return take_turn(run, task) end,
    take_slot = function() return take_slot(run) end,
    exchange = function(...) return exchange(run, task, ...) end,
    make_room = function() return make_room(run, task) end,
    sleep = function(seconds) sleep_till(run, task, core.clock() + seconds) end,
    wait = function(...) return wait_for(run, task, ...) end,
    wake = function() wake_task(run, task) end,
    is_stopping = function() return run.is_stopping end,
  }
end

-- What comes of an item ------------------------------------------------------

--- A failure of what a function raised: in short, with the traceback as detail.
-- @param raised table: { cause =, trace = }
local function report(raised)
  local failure = failures.new({ outcome = "unknown", code = "raised", cause = raised.cause,
    phrase = "the function raised an error: " .. text.of(raised.cause) }, 0)
  failure.details = { { message = raised.trace } }
  return failure
end

--- The failure among what a function gave back, wherever it stands; and where
-- it gave nil and something else, that.
local function failure_in(result, ...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if failures.is(value) then
      return value
    end
  end
  if result == nil and ... ~= nil then
    return failures.new({ outcome = "unknown", code = "raised", phrase = text.of((...)) }, 0)
  end
end

--- Keeps what the function gave back for its item.
local function keep(run, task, is_done, result, ...)
  local index = task.index
  if is_done then
    run.results[index] = result
    run.failures[index] = failure_in(result, ...)
  elseif result == MEMORY then
    error(result, 0) -- nor for the handler: the journal of the call tells what is in doubt
  else
    run.failures[index] = failures.is(result) and result or report(result)
  end
end

--- What is told of an error of the function: a failure as it is, else what it
-- raised and where. Ctrl-C is meant for the run.
local function handler_of(run)
  return function(cause)
    local is_interrupted = type(cause) == "table" and failures.is(rawget(cause, "failure"))
    if guarded.is_interrupt(is_interrupted and cause.cause or cause) then
      run.interrupt = { cause = is_interrupted and cause.cause or cause }
    end
    if failures.is(cause) then
      return cause
    elseif is_interrupted then
      return cause.failure -- a call, or a map, that was cut off
    end
    return { cause = cause, trace = debug.traceback(text.of(cause), 2) }
  end
end

--- All of an item, in its coroutine.
local function work(run, task)
  keep(run, task, xpcall(run.fn, run.handler, run.list[task.index], task.index))
end

--- Counts an item that is over, and lets one go on that waits for room.
local function count_item(run, task)
  run.active, run.done = run.active - 1, run.done + 1
  run.stops = run.stops or run.stop_on_failure and run.failures[task.index] ~= nil
  local waiting = table.remove(run.without_room, 1)
  if waiting then
    run.ready[#run.ready + 1] = waiting
  end
end

--- Resumes a task until it waits again or is over.
local function resume(run, task)
  local is_running, yielded = coroutine.resume(task.thread, true)
  if is_running and coroutine.status(task.thread) ~= "dead" then
    if yielded == WAITS then
      return
    end
    coroutine.close(task.thread)
    yielded = "the function yielded: inside coffer.map only coffer's calls may"
    keep(run, task, false, { cause = yielded, trace = yielded })
  elseif not is_running and type(yielded) == "table" and yielded.cause == MEMORY then
    run.failures[task.index] = yielded.failure -- at once: a deeper call may find no memory
  elseif not is_running and run.results[task.index] == nil then
    keep(run, task, false, run.handler(yielded))
  end
  count_item(run, task)
end

local function begin(run)
  local index = run.next_item
  run.next_item, run.active = index + 1, run.active + 1
  local task = { index = index }
  task.thread = coroutine.create(function()
    scheduler.adopt(driver_of(run, task))
    return call.whole(work, run, task)
  end)
  scheduler.share_clock(task.thread)
  run.tasks[task] = true
  resume(run, task)
end

-- The loop -------------------------------------------------------------------

--- Seconds until the next sleeper wakes, at most STEP.
local function nearest(run)
  local now, left = core.clock(), STEP
  for _, time in pairs(run.sleeping) do
    left = math.min(left, time - now)
  end
  return math.max(left, 0)
end

local function clients_of(run)
  local clients = {}
  for client in pairs(run.clients) do
    clients[#clients + 1] = client
  end
  return clients
end

--- Lets time pass until something has happened, and moves all requests on.
local function wait(run, seconds)
  local clients = clients_of(run)
  if run.outer then
    for _, client in ipairs(clients) do
      seconds = scheduler.due(client, seconds)
    end
    run.outer.wait(clients, seconds)
  elseif #clients == 1 then
    core.step(clients[1], seconds)
  else
    core.wait(clients, seconds)
  end
  for _, client in ipairs(clients) do
    scheduler.turn(client)
  end
end

local function wake_sleepers(run)
  local now = core.clock()
  for task, time in pairs(run.sleeping) do
    if time <= now then
      run.ready[#run.ready + 1] = task
    end
  end
end

local function line_of(run)
  return ("%d of %d"):format(run.done, run.total)
end

local function tell(run)
  progress.show(line_of, run)
  if run.on_progress and run.done ~= run.reported then
    run.reported = run.done
    run.on_progress { done = run.done, total = run.total }
  end
end

local function has_more(run)
  return run.next_item <= run.total and not run.stops
end

local function may_begin(run)
  return run.active < run.at_once and has_more(run)
end

--- Leaves a run that is inside another one, when that is left.
local function stop_with_outer()
  if scheduler.is_stopping() then
    error("the run around it was stopped", 0)
  end
end

local function stop_if_interrupted(run)
  if run.interrupt then
    error(run.interrupt.cause, 0)
  end
end

local function go(run)
  while run.active > 0 or has_more(run) do
    while may_begin(run) do
      begin(run)
      stop_if_interrupted(run)
      if run.done > run.reported then -- some are over as soon as they begin
        tell(run)
      end
    end
    local ready = run.ready
    run.ready = {}
    for _, task in ipairs(ready) do
      resume(run, task)
    end
    stop_if_interrupted(run)
    tell(run)
    if #run.ready == 0 and run.active > 0 and not may_begin(run) then
      wait(run, nearest(run))
      wake_sleepers(run)
      stop_with_outer()
    end
  end
end

--- Stops what is under way: each task gets to know what became of its
-- request, and can send no other.
local function stop(run)
  run.is_stopping = true
  for task in pairs(run.tasks) do
    for _ = 1, LAST_STEPS do
      if coroutine.status(task.thread) == "dead" then
        break
      end
      resume(run, task)
    end
    coroutine.close(task.thread)
  end
end

--- The error of a map that is left: { cause =, results =, failures =, failure =
-- the first that is in doubt, where one is }.
local Stopped = { __name = "coffer.stopped" }

function Stopped:__tostring()
  local words = text.of(self.cause)
  if self.failure then
    words = ("%s\n%d item%s in doubt, the first: %s"):format(words, self.in_doubt,
      self.in_doubt == 1 and " is" or "s are", tostring(self.failure))
  end
  return words
end

local function complete(run)
  go(run)
  progress.clear()
  return run.results, run.failures
end

--- Stops a run that an error leaves.
-- @return what is raised instead of it
local function leave(cause, _, spare, run)
  progress.clear()
  stop(run)
  spare.cause = cause
  spare.in_doubt, spare.failure = failures.doubts(run.failures, run.total)
  return spare
end

local function has_names(list)
  for key in pairs(list) do
    if math.type(key) ~= "integer" then
      return true
    end
  end
  return #list == 0 and next(list) ~= nil
end

local function check_list(list, fn)
  if type(list) ~= "table" then
    core.misuse(("coffer.map takes a list, got %s"):format(type(list)))
  elseif has_names(list) then
    core.misuse("coffer.map takes a list, got a table with names: "
      .. "put its keys or values into a list first")
  elseif type(fn) ~= "function" then
    core.misuse(("coffer.map takes a function for each item, got %s"):format(type(fn)))
  end
end

--- coffer.map(list, fn, options): runs fn(item, index) for each item, so many
-- at once, and waits for all of them.
-- @param list list
-- @param fn function(item, index): gives back a result; or nil, failure
-- @param given table or nil: options, see coffer.options
-- @return results, failures: what came of the item of the same index. A
--   function that raised is a failure of its item, with its traceback.
-- Raises for wrong options. Where it is left by an error, such as an
-- interrupt, what was under way is stopped first, and the error is a table
-- { cause =, results =, failures =, failure = the first that is in doubt }.
function map.map(list, fn, given)
  check_list(list, fn)
  options.check("coffer.map", options.map, given)
  local taken = options.with_defaults(options.map, given)
  local run = {
    list = list, fn = fn, total = #list, next_item = 1, active = 0, done = 0, reported = 0,
    at_once = taken.at_once, per_second = taken.per_second,
    on_progress = taken.on_progress, stop_on_failure = taken.stop_on_failure,
    results = room.of(#list), failures = room.of(#list), ready = {}, without_room = {},
    outer = scheduler.current(),
    thread = coroutine.running(), handler = false,
    tasks = setmetatable({}, { __mode = "k" }), sleeping = {}, clients = {},
  }
  run.handler = handler_of(run)
  local spare = setmetatable({ cause = "not enough memory", results = run.results,
    failures = run.failures, in_doubt = 0, failure = false }, Stopped)
  return core.hand_over(true, complete, leave, spare, run)
end

--- coffer.gather(f, g, ...): runs a handful of functions at once.
-- @return results, failures: as of coffer.map
function map.gather(...)
  local functions, count = { ... }, select("#", ...)
  for i = 1, count do
    if type(functions[i]) ~= "function" then
      core.misuse(("coffer.gather takes functions, got %s"):format(type(functions[i])))
    end
  end
  return map.map(functions, function(fn) return fn() end, { at_once = math.max(1, count) })
end

return map
