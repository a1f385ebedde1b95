--- coffer under libuv's loop, by luv:
--   local loop = require "coffer.loop.luv"
--   loop.spawn(function() print(client:create_account()) end)
--   require "luv".run()
-- Calls inside yield to the loop instead of blocking it.
local callbacks = require "coffer.loop.callbacks"

local has_luv, uv = pcall(require, "luv")
if not has_luv then
  error("coffer.loop.luv needs luv (Debian: lua-luv; LuaRocks: luv)", 0)
end

local function ended(handle)
  return function()
    if not handle:is_closing() then
      handle:stop()
      handle:close()
    end
  end
end

local function watch(descriptor, fn)
  local handle = uv.new_poll(descriptor)
  handle:start("r", fn)
  return ended(handle)
end

local function after(seconds, fn)
  local handle = uv.new_timer()
  local finish = ended(handle)
  handle:start(math.ceil(seconds * 1000), 0, function()
    finish()
    fn()
  end)
  return finish
end

local driver = callbacks.driver(watch, after)

local luv = {}

--- luv.spawn(fn, ...): runs fn(...) in a coroutine whose calls yield to the
-- loop. It begins at once. What fn raises, the loop reports.
function luv.spawn(fn, ...)
  return callbacks.spawn(driver, fn, ...)
end

return luv
