-- Rules that a JSON value is held against. A rule is a function (value, path, report) that calls
-- report(path, reason) for each thing that is wrong; with "strict" behind, for what the documents
-- ask for and the services do not insist on.

local json = require "coffer.sandbox.json"

local check = {}

local function kind_of(value)
  if value == json.null then return "null" end
  if json.is_array(value) then return "an array" end
  if type(value) == "table" then return "an object" end
  return "a " .. type(value)
end

local function length_of(text)
  return utf8.len(text) or #text
end

--- limits: equals, min and max (characters).
function check.string(limits)
  limits = limits or {}
  return function(value, path, report)
    if type(value) ~= "string" then
      return report(path, "must be a string, not " .. kind_of(value))
    end
    if limits.equals and value ~= limits.equals then
      return report(path, "must be '" .. limits.equals .. "'")
    end
    if limits.min and length_of(value) < limits.min then
      return report(path, "must have at least " .. limits.min .. " characters")
    end
    if limits.max and length_of(value) > limits.max then
      return report(path, "must have at most " .. limits.max .. " characters")
    end
  end
end

--- An int32; limits: equals.
function check.integer(limits)
  limits = limits or {}
  return function(value, path, report)
    if math.type(value) ~= "integer" then
      return report(path, "must be an integer, not " .. kind_of(value))
    end
    if value < -2147483648 or value > 2147483647 then
      return report(path, "must be an int32")
    end
    if limits.equals and value ~= limits.equals then
      return report(path, "must be " .. limits.equals)
    end
  end
end

function check.boolean()
  return function(value, path, report)
    if type(value) ~= "boolean" then report(path, "must be a boolean, not " .. kind_of(value)) end
  end
end

--- One of the strings given.
function check.one_of(...)
  local allowed = { ... }
  return function(value, path, report)
    for _, known in ipairs(allowed) do
      if value == known then return end
    end
    report(path, "must be '" .. table.concat(allowed, "' or '") .. "'")
  end
end

function check.list(rule)
  return function(value, path, report)
    if not json.is_array(value) then
      return report(path, "must be an array, not " .. kind_of(value))
    end
    for place, part in ipairs(value) do
      rule(part, ("%s[%d]"):format(path, place - 1), report)
    end
  end
end

local function report_strangers(fields, value, path, report)
  local is_known = {}
  for _, field in ipairs(fields) do is_known[field[1]] = true end
  local strangers = {}
  for name in pairs(value) do
    if not is_known[name] then table.insert(strangers, name) end
  end
  table.sort(strangers)
  for _, name in ipairs(strangers) do report(path .. name, "is not a known field") end
end

-- An optional field may be null, as clients of the services send it.
local function check_null(rule, path, report)
  rule(json.null, path, function(place, reason) report(place, reason, "strict") end)
end

local function check_field(field, value, path, report)
  if value == nil then
    if field.required then report(path, "is required", field.required) end
  elseif value == json.null and field.required ~= true then
    check_null(field[2], path, report)
  else
    field[2](value, path, report)
  end
end

--- fields: a list of { name, rule, required = true, "strict" or nil }; is_closed refuses other
--- names.
function check.object(fields)
  return function(value, path, report)
    if type(value) ~= "table" or json.is_array(value) then
      return report(path == "" and "body" or path, "must be an object, not " .. kind_of(value))
    end
    local prefix = path == "" and "" or path .. "."
    for _, field in ipairs(fields) do
      check_field(field, value[field[1]], prefix .. field[1], report)
    end
    if fields.is_closed then report_strangers(fields, value, prefix, report) end
  end
end

--- The list of { field =, reason = } for a value under a rule.
function check.problems(rule, value, is_strict)
  local problems = {}
  rule(value, "", function(field, reason, whose)
    if is_strict or whose ~= "strict" then
      table.insert(problems, { field = field, reason = reason })
    end
  end)
  return problems
end

return check
