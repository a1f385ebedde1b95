--- Paths such as "response.entity.clientName" in a result.
local core = require "coffer.core"

local path = {}

--- The names in each path that was asked for; there are as many as the providers' data has.
local parts = {}

local function parts_of(where)
  local names = {}
  for name in where:gmatch "[^.]+" do
    names[#names + 1] = tonumber(name) or name
  end
  parts[where] = names
  return names
end

--- The value at a path; "" is the value itself, a number the item of a list. Nil where there is
-- none, or null.
function path.get(value, where)
  local names = parts[where] or parts_of(where)
  for i = 1, #names do
    if type(value) ~= "table" then
      return nil
    end
    value = rawget(value, names[i])
  end
  if value == core.null then
    return nil
  end
  return value
end

return path
