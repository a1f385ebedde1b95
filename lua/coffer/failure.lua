--- How a failure reads. What it tells comes from the core; here it is put
-- into words.
local hint = require "coffer.hint"
local text = require "coffer.values.text"

local failure = {}

local MAX_LINE, MAX_KEY = 400, 160 -- bytes

local MAX_DETAILS = 3 -- told in one line; all are in `details`

local function detail_text(detail)
  local words = detail.message or ""
  if detail.field then
    words = detail.field .. " " .. words
  end
  if detail.code ~= nil then
    words = ("%s (%s)"):format(words, detail.code)
  end
  return words
end

local function details_text(details)
  local texts = {}
  for i = 1, math.min(#details, MAX_DETAILS) do
    texts[i] = detail_text(details[i])
  end
  if #details > MAX_DETAILS then
    texts[#texts + 1] = ("and %d more"):format(#details - MAX_DETAILS)
  end
  return table.concat(texts, "; ")
end

--- What happened, without provider, operation and code.
local function message(fields)
  local details = details_text(fields.details)
  if not fields.said then
    return details
  end
  local parts = { fields.said }
  if fields.status then
    parts[1] = ("%s (HTTP %d%s)"):format(fields.said, fields.status,
      fields.media_type and ", " .. fields.media_type or "")
  end
  parts[#parts + 1] = fields.target and "to " .. fields.target
  parts[#parts + 1] = hint.add(fields.trouble, fields.code)
  parts[#parts + 1] = details ~= "" and details or nil
  return table.concat(parts, ": ")
end

local function key_text(key)
  local names = {}
  for name in pairs(key) do
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    names[i] = ("%s = %s"):format(name, key[name])
  end
  return table.concat(names, ", ")
end

--- What the line ends with, whatever stands before it: the code, and what to do
-- where nobody knows.
local function tail_of(told)
  local tail = (" [%s]"):format(told.code)
  if told.outcome ~= "unknown" or told.code == "raised" then
    return tail
  end
  tail = tail .. " - the outcome is unknown"
  return told.key and ("%s: look for %s"):format(tail, text.line(key_text(told.key), MAX_KEY))
    or tail
end

local Failure = { __name = "coffer.failure" }

function Failure:__tostring()
  local who = self.provider or "coffer"
  if self.operation then
    who = who .. " " .. self.operation
  end
  local tail = text.clean(tail_of(self))
  return text.line(("%s: %s"):format(who, self.message), MAX_LINE - #tail) .. tail
end

function Failure.__concat(left, right)
  return tostring(left) .. tostring(right)
end

--- The failures of calls that another call would not mend; see `is_final` of
-- what the core tells.
failure.final = setmetatable({}, { __mode = "k" })

--- True for a failure of coffer.
function failure.is(value)
  local metatable = getmetatable(value)
  return type(metatable) == "table" and metatable.__name == Failure.__name
end

--- Makes a failure of fields that are complete.
function failure.of(fields)
  return setmetatable(fields, Failure)
end

--- Makes a failure of what the core tells.
-- @param fields table; becomes the failure
-- @param attempts integer: how many times the request was tried
function failure.new(fields, attempts)
  fields.details = fields.details or {}
  fields.message = text.clean(message(fields))
  fields.attempts = attempts
  fields.said, fields.media_type, fields.target = nil, nil, nil
  fields.trouble = nil
  return setmetatable(fields, Failure)
end

return failure
