--- Waiting: for an answer, and for time to pass. Nothing else in coffer waits.
-- Both come back to Lua often enough for Ctrl-C to stop a script at once.
local core = require "coffer.core"

local drive = {}

--- How long an interrupt may have to wait, in seconds.
local STEP = 0.1

--- One attempt, from start to answer. An error in the midst of it, such as an
-- interrupt, cuts it off.
-- @param request userdata: the core's request
-- @param seconds number: how long it may last
-- @return what request:finish() gives
function drive.exchange(request, seconds)
  local sending <close> = request
  sending:start(seconds)
  while not sending:step(STEP) do end
  return sending:finish()
end

--- Lets so many seconds pass.
function drive.sleep(seconds)
  local till = core.clock() + seconds
  local left = seconds
  while left > 0 do
    core.sleep(math.min(left, STEP))
    left = till - core.clock()
  end
end

return drive
