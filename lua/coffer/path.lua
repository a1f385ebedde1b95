--- Paths such as "response.entity.clientName" in a result.
local path = {}

--- The value at a path; "" is the value itself, a number the item of a list. Nil where there is
-- none.
function path.get(value, where)
  for name in where:gmatch "[^.]+" do
    if type(value) ~= "table" then
      return nil
    end
    value = rawget(value, tonumber(name) or name)
  end
  return value
end

return path
