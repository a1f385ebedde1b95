--- One line that is written over, for what takes long: on a terminal only.
local core = require "coffer.core"

local progress = {}

--- @param line_of function: gives the line of what follows, where there is one to be shown
function progress.show(line_of, ...)
  if core.is_terminal "stderr" then
    io.stderr:write("\r", line_of(...), " \27[K")
  end
end

function progress.clear()
  if core.is_terminal "stderr" then
    io.stderr:write "\r\27[K"
  end
end

return progress
