--- Paths such as "response.entity.clientName" in a result.
local core = require "coffer.core"

local path = {}

--- The value at a path; "" is the value itself. Nil where there is none, or
-- null.
function path.get(value, where)
  for name in where:gmatch "[^.]+" do
    if type(value) ~= "table" then
      return nil
    end
    value = rawget(value, name)
  end
  if value == core.null then
    return nil
  end
  return value
end

return path
