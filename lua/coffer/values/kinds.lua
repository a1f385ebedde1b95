--- What an option may be: kinds { type = as editors write it, least =, most =, unit =, wrong =
-- function(value, set): what is wrong with it, or nothing }.
local core = require "coffer.core"
local text = require "coffer.values.text"

local kinds = {}

--- What was given instead. A text is never shown: it may be a secret.
local function got(value)
  return ", got " .. (type(value) == "number" and tostring(value) or "a " .. type(value))
end

function kinds.of_type(wanted, words, shown)
  return { type = shown or wanted, wrong = function(value)
    return type(value) ~= wanted and ("must be %s%s"):format(words, got(value)) or nil
  end }
end

--- @param shown string: its parameters, for editors
function kinds.callback(shown)
  return kinds.of_type("function", "a function", shown)
end

--- A number from least to most, which may be left out. It is whole where its type is "integer".
local function number(shown, words, unit, least, most)
  local limits = ("must be a %s from %s%s"):format(words, least, most and " to " .. most or "")
  return { type = shown, least = least, most = most, unit = unit, wrong = function(value)
    if type(value) ~= "number" or not (value >= least and value <= (most or value))
      or shown == "integer" and not math.tointeger(value) then
      return limits .. got(value)
    end
  end }
end

function kinds.seconds(most, least)
  return number("number", "number of seconds", "s", least or 0.001, most)
end

function kinds.whole(least, most)
  return number("integer", "whole number", nil, least, most)
end

function kinds.bytes(most)
  return number("integer", "whole number of bytes", "B", 1, most)
end

kinds.flag = kinds.of_type("boolean", "true or false")
kinds.words = kinds.of_type("string", "a string")

kinds.path = { type = "string", wrong = function(value)
  if type(value) ~= "string" then
    return "must be the path of a file" .. got(value)
  end
  return (value == "" or value:find "\0") and "must be the path of a file" or nil
end }

--- A text that may be a secret. The core looks at it, for secrets become no strings.
-- @param kind string: see core.flaw
function kinds.secret(kind)
  return { type = "coffer.credential", wrong = function(value)
    return core.flaw(kind, value)
  end }
end

kinds.rate = { type = "number", wrong = function(value)
  if type(value) ~= "number" or not (value > 0 and value <= 100000) then
    return "must be a number of requests, more than 0, at most 100000" .. got(value)
  end
end }

--- Headers that are not the caller's to choose; nor is the one that the token goes into.
local reserved = {}
for name in ([[accept authorization connection content-length content-type cookie expect host
  keep-alive proxy-authorization proxy-connection te trailer transfer-encoding upgrade
  user-agent]]):gmatch "%S+" do
  reserved[name] = true
end

local function wrong_header(name, value, set)
  local is_text = type(value) == "string" or type(value) == "userdata"
  if type(name) ~= "string" or not is_text then
    return "must be a table of strings or secrets by name"
  elseif not name:find "^[!#$%%&'*+.^_`|~0-9A-Za-z-]+$" then
    return "has a name that no header can have"
  elseif reserved[text.lower(name)] or text.lower(name) == set.token_header then
    return "must not set " .. name
  end
  local wrong = core.flaw("header", value)
  return wrong and ("has a header that cannot be sent: %s %s"):format(name, wrong)
end

kinds.headers = { type = "table<string, coffer.credential>", wrong = function(value, set)
  if type(value) ~= "table" then
    return "must be a table of strings or secrets by name" .. got(value)
  end
  for name, content in next, value do
    local wrong = wrong_header(name, content, set)
    if wrong then
      return wrong
    end
  end
end }

--- The value of a header.
kinds.header = { type = "string", wrong = function(value)
  return kinds.words.wrong(value) or core.flaw("header", value)
end }

--- Headers as the sandbox takes them.
kinds.plain_headers = { type = "table<string, string>", wrong = function(value)
  local wanted = "must be a table of header names and strings"
  if type(value) ~= "table" then
    return wanted .. got(value)
  end
  for name, content in next, value do
    local is_name = type(name) == "string" and name:find "^[0-9A-Za-z_-]+$"
    if not is_name or type(content) ~= "string" or content:find "%c" then
      return wanted
    end
  end
end }

return kinds
