--- Waiting: for an answer, and for time to pass. Nothing else in coffer waits.
-- In a plain script a wait blocks, and comes back to Lua often enough for
-- Ctrl-C to stop it at once. In a coroutine that has a driver, it is the
-- driver's: coffer.map has one, and each event loop.
--
-- A driver is a table with
--   wait(clients, seconds)   comes back when a step of one of these clients
--                            has something to do, or after so long
-- and, where it has them,
--   wake(thread)             has that coroutine's wait come back at once, for
--                            its answer came in another's step; does nothing
--                            where it does not wait
--   sleep(seconds)
--   take_turn()              waits until the coroutine may send; gives what a
--                            failure tells where it may not at all
--   make_room()              after an attempt that found too many under way:
--                            waits for one of them to end; false where there
--                            is none
--   is_stopping()            true when all is to end and nothing to be sent
--   exchange(client, request, seconds)   a better way to wait for an answer,
--                            see scheduler.exchange
local core = require "coffer.core"

local scheduler = {}

--- How long an interrupt may have to wait, in seconds.
local STEP = 0.1

--- The driver of each coroutine that has one.
local drivers = setmetatable({}, { __mode = "k" })

--- How many seconds each coroutine has been queued, and which are now.
local queued = setmetatable({}, { __mode = "k" })
local queueing = setmetatable({}, { __mode = "k" })

--- Whether there ever was one of either: to find the running coroutine and to
-- look for it takes time, and most programs need neither.
local has_drivers, has_queued = false, false

--- The clock by which deadlines are kept, in seconds. It is the running
-- coroutine's own: it stands still while that is queued.
-- @return its time, and that of core.clock()
function scheduler.clock()
  local now = core.clock()
  return has_queued and now - (queued[coroutine.running()] or 0) or now, now
end

--- Runs fn(...), which waits for the coroutine's turn. That time is taken from
-- no deadline.
-- @return the first that fn gives
function scheduler.queue(fn, ...)
  local thread, begun = coroutine.running(), core.clock()
  local before = queued[thread] or 0
  queueing[thread] = true
  local result = fn(...)
  queueing[thread] = nil
  has_queued = true
  queued[thread] = before + core.clock() - begun
  return result
end

--- True while a coroutine waits for its turn: others that wait for it wait as
-- long for nothing that it does.
function scheduler.is_queued(thread)
  return queueing[thread] ~= nil
end

--- Has a new coroutine keep the running one's time.
function scheduler.share_clock(thread)
  queued[thread] = queued[coroutine.running()]
end

--- The driver of the running coroutine, or nil.
function scheduler.current()
  return has_drivers and drivers[coroutine.running()] or nil
end

--- Gives the running coroutine a driver.
function scheduler.adopt(driver)
  if type(driver) ~= "table" or type(rawget(driver, "wait")) ~= "function" then
    core.misuse "a driver is a table with a function wait(clients, seconds)"
  end
  has_drivers = true
  drivers[coroutine.running()] = driver
end

--- Who waits for the request of a tag. Several drivers may use one client, so
-- none of them may keep what it finds for itself.
local owners, last_tag = {}, 0

--- A new tag for a request.
-- @param fn function: called once, when the request is over
function scheduler.expect(fn)
  last_tag = last_tag + 1
  owners[last_tag] = fn
  return last_tag
end

--- Nobody waits for this tag any more.
function scheduler.forget(tag)
  owners[tag] = nil
end

--- Moves a client's requests on and tells those who wait for what is over.
function scheduler.turn(client)
  core.step(client, 0)
  for tag in core.finished, client do
    local owner = owners[tag]
    owners[tag] = nil
    if owner then
      owner()
    end
  end
end

--- Has a coroutine come back from its driver's wait.
function scheduler.wake(driver, thread)
  if driver.wake then
    driver.wake(thread)
  end
end

--- The seconds that may pass before a client needs a step, at most `most` or
-- what an interrupt may have to wait.
function scheduler.due(client, most)
  most = most or STEP
  return math.min(core.timeout(client) or most, most)
end

--- The same for a driver that knows no better way.
local function wait_with(client, request, seconds, driver)
  local sending <close> = request
  local thread = coroutine.running()
  local tag = scheduler.expect(function() scheduler.wake(driver, thread) end)
  local _ <close> = setmetatable({}, { __close = function() scheduler.forget(tag) end })
  sending:start(seconds, tag)
  while not sending:step(0) do
    -- another coroutine's step may have seen to what this one waits for
    driver.wait({ client }, scheduler.due(client))
    scheduler.turn(client)
  end
  return sending:finish()
end

--- One attempt, from start to answer. After an error in the midst of it, such
-- as an interrupt, the request is still to be cut off.
-- @param client userdata
-- @param request userdata: the core's request, of this client
-- @param seconds number: how long it may last
-- @return what request:finish() gives
function scheduler.exchange(client, request, seconds)
  local driver = has_drivers and drivers[coroutine.running()]
  if driver then
    return (driver.exchange or wait_with)(client, request, seconds, driver)
  end
  local is_over, result, facts = request:attempt(seconds, STEP)
  if is_over then
    return result, facts
  end
  while not request:step(STEP) do
  end
  return request:finish()
end

--- Waits until the running coroutine may send, where its driver has a say.
-- @return nothing; or what a failure tells where it may not
function scheduler.take_turn()
  local driver = scheduler.current()
  if driver and driver.take_turn then
    return driver.take_turn()
  end
end

--- After an attempt that found too many under way: true when another one may
-- find room.
function scheduler.make_room()
  local driver = scheduler.current()
  return driver and driver.make_room and scheduler.queue(driver.make_room)
end

--- True when the running coroutine is to end.
function scheduler.is_stopping()
  local driver = scheduler.current()
  return driver and driver.is_stopping and driver.is_stopping() or false
end

--- What a failure tells of a call that was not sent because all is to end.
function scheduler.cancelled()
  return { outcome = "not_sent", code = "cancelled", is_final = true,
           phrase = "not sent: the others were stopped" }
end

--- Lets so many seconds pass.
function scheduler.sleep(seconds)
  local driver = scheduler.current()
  if driver and driver.sleep then
    return driver.sleep(seconds)
  end
  local till = core.clock() + seconds
  local left = seconds
  while left > 0 do
    if driver then
      driver.wait({}, left)
    else
      core.sleep(math.min(left, STEP))
    end
    left = till - core.clock()
  end
end

return scheduler
