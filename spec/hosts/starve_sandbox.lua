-- Starts a sandbox with less and less memory, and looks what is left of one that did not start: a
-- thread or a descriptor, before anything is collected; and blocks, once it is.
--
--   build/hosts/allocator spec/hosts/starve_sandbox.lua allocator
--   LD_PRELOAD=build/hosts/failing_malloc.so lua5.4 spec/hosts/starve_sandbox.lua failing_malloc 7
--
-- Prints "nothing is left after N tries".

local host = require(arg[1])
local step = math.tointeger(tonumber(arg[2] or 1))
local sandbox = require "coffer.sandbox"
local sleep = require("coffer.core").sleep
local core = require "coffer.sandbox.core"

-- lua-cjson ends the process where the C library has no memory for it: behind the core's part.
local function start_core()
  return core.start("coffer.sandbox.server", package.path, package.cpath)
end

local start = host.blocks and start_core or sandbox

local function threads()
  for line in io.lines "/proc/self/status" do
    local count = line:match "^Threads:%s+(%d+)"
    if count then return math.tointeger(tonumber(count)) end
  end
end

local function files()
  local count = 0
  for number = 0, 99 do
    local file = io.open("/proc/self/fdinfo/" .. number)
    if file then
      file:close()
      count = count + 1
    end
  end
  return count
end

local function blocks()
  collectgarbage()
  collectgarbage()
  return host.blocks and host.blocks() or 0
end

local function try(how, amount)
  local is_dry, is_done, box = host[how](amount, start)
  if is_done then
    box:close()
  else
    assert(tostring(box):find "memory" or host.blocks, box)
  end
  return is_dry
end

-- A thread that was waited for is still counted for a moment.
local function is_clean(first)
  for _ = 1, 500 do
    if threads() == 1 and files() == first then return true end
    sleep(0.01)
  end
  return false
end

-- Twice each, for what is made but once; and never more from one try to the next.
local function sweep(how)
  local first, tries, most = files(), 0, 0
  local amount, is_dry = 0, true
  while is_dry do
    collectgarbage "stop"
    try(how, amount)
    local before = blocks()
    collectgarbage "stop"
    is_dry = try(how, amount)
    collectgarbage "stop" -- the host has let it run again
    assert(is_clean(first), how .. ": a thread or a file is left")
    most = blocks() > before and most + 1 or 0
    assert(most < 5, how .. ": memory is left")
    amount, tries = amount + step, tries + 1
  end
  return tries
end

try("fail_after", 1 << 40)
try("fail_after", 1 << 40)
local tries = sweep "fail_after"
if host.fail_at then tries = tries + sweep "fail_at" end
print("nothing is left after " .. tries .. " tries")
