--- coffer under a cqueues controller:
--   local loop = require "coffer.loop.cqueues"
--   controller:wrap(loop.wrap(function() ... end))
-- Calls inside yield to the controller instead of blocking it.
local core = require "coffer.core"
local drive = require "coffer.drive"

local has_cqueues, controllers = pcall(require, "cqueues")
if not has_cqueues then
  error("coffer.loop.cqueues needs cqueues (Debian: lua-cqueues; LuaRocks: cqueues)", 0)
end

local driver = {}

function driver.wait(clients, seconds)
  local waits = {}
  for i, client in ipairs(clients) do
    waits[i] = { pollfd = core.descriptor(client), events = "r" }
  end
  waits[#waits + 1] = seconds
  controllers.poll(table.unpack(waits))
end

function driver.sleep(seconds)
  controllers.sleep(seconds)
end

local cqueues = {}

--- cqueues.wrap(fn): a function for controller:wrap() that runs fn with calls
-- that yield.
function cqueues.wrap(fn)
  return function(...)
    drive.adopt(driver)
    return fn(...)
  end
end

return cqueues
