--- What the adapters of callback loops share: which coroutine waits for which
-- answer. A loop gives two functions,
--   watch(descriptor, fn)   calls fn whenever the descriptor is readable
--   after(seconds, fn)      calls fn once, so much later
-- each of which gives back a function that ends it.
local core = require "coffer.core"
local scheduler = require "coffer.scheduler"

local callbacks = {}

--- Goes on with a coroutine. What it raises is the loop's to tell: an object,
-- such as a failure, as it is, text with its traceback.
local function resume(thread, ...)
  local is_running, err = coroutine.resume(thread, ...)
  if not is_running then
    error(type(err) == "string" and debug.traceback(thread, err) or err, 0)
  end
end

--- Moves a client's requests on and wakes those whose answer has come.
local function turn(self, client)
  scheduler.turn(client)
  self:arm(client)
end

local Hub = {}
Hub.__index = Hub

--- Sets the timer that libcurl asks for.
function Hub:arm(client)
  local watched = self.watched[client]
  if not watched then
    return
  end
  if watched.end_timer then
    watched.end_timer()
    watched.end_timer = nil
  end
  local seconds = core.timeout(client)
  if seconds then
    watched.end_timer = self.after(seconds, function() turn(self, client) end)
  end
end

--- Calls all who listen to a client. They come and go meanwhile.
local function wake(watched)
  local called = {}
  for listener in pairs(watched.listeners) do
    called[#called + 1] = listener
  end
  for _, listener in ipairs(called) do
    if watched.listeners[listener] then
      watched.listeners[listener]()
    end
  end
end

--- Has fn called whenever a client has something to do. A loop may take no
-- more than one watch of a descriptor, so all who listen share it.
-- @param listener any: tells it from the others
local function listen(self, client, listener, fn)
  local watched = self.watched[client]
  if not watched then
    watched = { listeners = {} }
    watched.end_watch = self.watch(core.descriptor(client), function() wake(watched) end)
    self.watched[client] = watched
  end
  watched.listeners[listener] = fn
  return watched
end

local function leave(self, client, listener)
  local watched = self.watched[client]
  watched.listeners[listener] = nil
  if next(watched.listeners) ~= nil then
    return
  end
  self.watched[client] = nil
  watched.end_watch()
  if watched.end_timer then
    watched.end_timer()
  end
end

--- See coffer.scheduler.
local function exchange(self, client, request, seconds)
  local sending <close> = request
  local thread = coroutine.running()
  local tag = scheduler.expect(function() resume(thread) end)
  sending:start(seconds, tag)
  listen(self, client, tag, function() turn(self, client) end)
  self:arm(client)
  local _ <close> = setmetatable({}, { __close = function()
    scheduler.forget(tag)
    leave(self, client, tag)
  end })
  while not sending:step(0) do
    coroutine.yield()
  end
  return sending:finish()
end

local function sleep(self, seconds)
  local thread = coroutine.running()
  local finish = self.after(seconds, function() resume(thread) end)
  coroutine.yield()
  finish()
end

--- Waits until one of the clients has something to do, or so long.
local function wait(self, clients, seconds)
  local thread, is_over = coroutine.running(), false
  local function go_on()
    if not is_over then
      is_over = true
      resume(thread)
    end
  end
  for _, client in ipairs(clients) do
    listen(self, client, thread, go_on)
  end
  self.waiting[thread] = go_on
  local finish = self.after(seconds, go_on)
  coroutine.yield()
  self.waiting[thread] = nil
  finish()
  for _, client in ipairs(clients) do
    leave(self, client, thread)
  end
end

--- A driver for coroutines under a loop.
-- @param watch, after functions: see above
function callbacks.driver(watch, after)
  local self = setmetatable({ watch = watch, after = after, watched = {}, waiting = {} }, Hub)
  return {
    exchange = function(...) return exchange(self, ...) end,
    sleep = function(seconds) return sleep(self, seconds) end,
    wait = function(...) return wait(self, ...) end,
    wake = function(thread)
      if self.waiting[thread] then
        self.waiting[thread]()
      end
    end,
  }
end

--- Runs fn in a coroutine of this driver.
function callbacks.spawn(driver, fn, ...)
  if type(fn) ~= "function" then
    core.misuse(("spawn takes a function, got %s"):format(type(fn)))
  end
  resume(coroutine.create(function(...)
    scheduler.adopt(driver)
    fn(...)
  end), ...)
end

return callbacks
