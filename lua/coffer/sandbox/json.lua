-- JSON as the sandbox speaks it: lua-cjson, and around it what its version 2.1.0 cannot do.
-- There, `[]` and `{}` are read as the same empty table and written as `{}`, whole numbers are
-- read as floats, and integers of more than 14 digits are rounded when written.

local random = require "coffer.sandbox.random"

local has_cjson, library = pcall(require, "cjson")
if not has_cjson then
  error("coffer.sandbox needs lua-cjson (Debian: lua-cjson; LuaRocks: lua-cjson)", 0)
end
local cjson = library.new()
cjson.decode_invalid_numbers(false)

local json = { null = cjson.null }

local Array = { __name = "coffer.sandbox.array" }

-- First element of every array while it is being read: tells arrays from objects.
local ARRAY_MARK = "array:" .. random.hex(16)

-- Strings that begin so stand for JSON text while it is being written.
local VERBATIM = "verbatim:" .. random.hex(16) .. ":"

local MAX_EXACT = 99999999999999

--- Marks a list as one that stays a list when it is empty.
function json.array(list)
  return setmetatable(list, Array)
end

function json.is_array(value)
  return getmetatable(value) == Array
end

local function after_string(text, at)
  local place = at
  repeat
    place = text:find('["\\]', place)
    if not place then return #text + 1 end
    local is_escape = text:sub(place, place) == "\\"
    place = place + (is_escape and 2 or 1)
  until not is_escape
  return place
end

local function mark_arrays(text)
  local pieces, copied, at = {}, 0, 1
  while true do
    local place = text:find('["%[]', at)
    if not place then break end
    at = place + 1
    if text:sub(place, place) == '"' then
      at = after_string(text, at)
    else
      local comma = text:find("^%s*%]", at) and "" or ","
      table.insert(pieces, text:sub(copied + 1, place) .. '"' .. ARRAY_MARK .. '"' .. comma)
      copied = place
    end
  end
  return table.concat(pieces) .. text:sub(copied + 1)
end

local function restore(value)
  if type(value) == "number" then return math.tointeger(value) or value end
  if type(value) ~= "table" then return value end
  if value[1] == ARRAY_MARK then
    table.remove(value, 1)
    json.array(value)
  end
  for key, part in pairs(value) do value[key] = restore(part) end
  return value
end

--- The value, or nil and what is wrong with the text.
function json.decode(text)
  local is_json, value = pcall(cjson.decode, mark_arrays(text))
  if not is_json then return nil, (tostring(value):gsub("^.-:%d+: ", "")) end
  return restore(value)
end

--- The same value without the members that are null.
function json.without_nulls(value)
  if type(value) ~= "table" then return value end
  for key, part in pairs(value) do
    if part == json.null and not json.is_array(value) then
      value[key] = nil
    else
      json.without_nulls(part)
    end
  end
  return value
end

local function prepare(value)
  if math.type(value) == "integer" and (value > MAX_EXACT or value < -MAX_EXACT) then
    return VERBATIM .. value
  end
  if type(value) ~= "table" then return value end
  if json.is_array(value) and #value == 0 then return VERBATIM .. "[]" end
  local copy = {}
  for key, part in pairs(value) do copy[key] = prepare(part) end
  return copy
end

function json.encode(value)
  local text = cjson.encode(prepare(value))
  return (text:gsub('"' .. VERBATIM .. '(.-)"', "%1"))
end

return json
