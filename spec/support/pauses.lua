-- The pauses that coffer makes, put on record instead of slept through.
--
--   local slept <close> = pauses.skip()
--   ... slept[1] is the seconds of the first pause ...

local scheduler = require "coffer.scheduler"

local pauses = {}

--- From here on, until the list is closed, pauses are put on the list. `instead` (optional) is run
--- in place of each, with its seconds and its number.
function pauses.skip(instead)
  local sleep = scheduler.sleep
  local slept = setmetatable({}, { __close = function() scheduler.sleep = sleep end })
  function scheduler.sleep(seconds)
    slept[#slept + 1] = seconds
    if instead then
      instead(seconds, #slept)
    end
  end
  return slept
end

return pauses
