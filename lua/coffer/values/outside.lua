--- Values from outside, which may be of any kind.
local core = require "coffer.core"

local outside = {}

--- True for what says nothing.
function outside.is_absent(value)
  return value == nil or value == core.null
end

--- A value as text, for people; nil where there is none.
function outside.text(value)
  if outside.is_absent(value) or value == "" then
    return nil
  end
  return type(value) == "table" and "a table" or tostring(value)
end

--- What may be a code, a number or a name; nil for anything else.
function outside.code(value)
  return (math.type(value) or type(value) == "string") and value or nil
end

--- What may be a name or an ID, as text; nil for anything else.
function outside.name(value)
  if type(value) == "string" then
    return value
  end
  local whole = math.type(value) and math.tointeger(value)
  return whole and tostring(whole) or nil
end

--- A number that counts something, which may be written as text or as a real; nil where it is none.
function outside.number(value)
  local is_digits = type(value) == "string" and value:find "^%d+$"
  local number = math.tointeger((is_digits or math.type(value)) and tonumber(value) or 0)
  return number and number > 0 and number or nil
end

return outside
