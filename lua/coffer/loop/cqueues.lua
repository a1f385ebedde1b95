--- coffer under a cqueues controller:
--   local loop = require "coffer.loop.cqueues"
--   controller:wrap(loop.wrap(function() ... end))
-- Calls inside yield to the controller instead of blocking it.
local core = require "coffer.core"
local scheduler = require "coffer.scheduler"

local has_cqueues, controllers = pcall(require, "cqueues")
if not has_cqueues then
  error("coffer.loop.cqueues needs cqueues (Debian: lua-cqueues; LuaRocks: cqueues)", 0)
end
local condition = require "cqueues.condition"

--- What wakes each coroutine that has the driver.
local bells = setmetatable({}, { __mode = "k" })

--- The keepers of each controller, by client. A keeper is a coroutine that
-- sees to a client for all who wait for its answers in that controller:
-- cqueues wakes everyone who polls a descriptor, whosever answer has come.
local keepers = setmetatable({}, { __mode = "k" })

--- Waits until one of the clients has something to do or the bell rings, or
-- so long.
local function poll(clients, bell, seconds)
  local waits = { bell, seconds }
  for _, client in ipairs(clients) do
    waits[#waits + 1] = { pollfd = core.descriptor(client), events = "r" }
  end
  controllers.poll(table.unpack(waits))
end

local function keep(keeper, client)
  scheduler.turn(client)
  while next(keeper.waiting) do
    poll({ client }, keeper.bell, scheduler.due(client))
    scheduler.turn(client)
  end
end

local function new_keeper(controller, client)
  local keeper = { waiting = {}, bell = condition.new() }
  keepers[controller][client] = keeper
  controller:wrap(function()
    local is_done, err = pcall(keep, keeper, client)
    keepers[controller][client] = nil
    for thread in pairs(keeper.waiting) do
      bells[thread]:signal() -- to see for itself what has gone wrong
    end
    if not is_done then
      error(err, 0)
    end
  end)
  return keeper
end

--- The keeper of a client, which learns that more is under way.
local function keeper_of(client)
  local controller = controllers.running()
  keepers[controller] = keepers[controller] or {}
  local keeper = keepers[controller][client]
  if keeper then
    keeper.bell:signal()
    return keeper
  end
  return new_keeper(controller, client)
end

local driver = {}

function driver.wake(thread)
  bells[thread]:signal()
end

--- A coroutine no longer waits for a keeper. The last to leave ends the
-- keeper. It is rung for last because cqueues resumes that one first: it must
-- have let go of the descriptor before the coroutine may close the client.
local function leave(keeper, thread)
  if keeper and keeper.waiting[thread] then
    keeper.waiting[thread] = nil
    keeper.bell:signal()
  end
end

--- See coffer.scheduler.
function driver.exchange(client, request, seconds)
  local sending <close> = request
  local thread, keeper = coroutine.running(), nil
  local tag = scheduler.expect(function()
    driver.wake(thread)
    leave(keeper, thread)
  end)
  local _ <close> = setmetatable({}, { __close = function()
    scheduler.forget(tag)
    leave(keeper, thread)
  end })
  sending:start(seconds, tag)
  repeat
    keeper = keeper_of(client)
    keeper.waiting[thread] = true
    bells[thread]:wait()
  until sending:step(0)
  return sending:finish()
end

function driver.wait(clients, seconds)
  poll(clients, bells[coroutine.running()], seconds)
  -- only a further yield makes the controller let go of the descriptors, and
  -- it must have before a client is closed
  controllers.sleep(0)
end

function driver.sleep(seconds)
  controllers.sleep(seconds)
end

local cqueues = {}

--- cqueues.wrap(fn): a function for controller:wrap() that runs fn with calls
-- that yield.
function cqueues.wrap(fn)
  if type(fn) ~= "function" then
    core.misuse(("coffer.loop.cqueues.wrap takes a function, got %s"):format(type(fn)))
  end
  return function(...)
    bells[coroutine.running()] = condition.new()
    scheduler.adopt(driver)
    return fn(...)
  end
end

return cqueues
