-- A request as the sandbox sees it, and the checks that all providers share: Accept,
-- Content-Type, Content-Length, query and body against what an operation says of itself. Strictly,
-- a request has to be as the documents have it; else it may be as the providers' own clients send
-- it.

local check = require "coffer.sandbox.check"
local json = require "coffer.sandbox.json"
local lower = require("coffer.values.text").lower
local names_in = require "coffer.values.names"

local request = {}

local function decode(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

--- For a value within a query or a path.
function request.encode(text)
  return (text:gsub("[^%w%-._~]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

--- The decoded segments of a path.
function request.segments(path)
  local segments = {}
  for segment in path:gmatch("/([^/]*)") do table.insert(segments, decode(segment)) end
  return segments
end

-- { name = { value, ... } }; a plus sign is a space, as in forms.
local function read_query(text)
  local query = {}
  for pair in (text or ""):gmatch("[^&]+") do
    local name, value = pair:match("^([^=]*)=?(.*)$")
    name, value = decode(name:gsub("%+", " ")), decode(value:gsub("%+", " "))
    query[name] = query[name] or {}
    table.insert(query[name], value)
  end
  return query
end

local function read_headers(list)
  local headers = {}
  for _, pair in ipairs(list) do
    local name, value = lower(pair[1]), pair[2]
    headers[name] = headers[name] and headers[name] .. ", " .. value or value
  end
  return headers
end

--- From what the HTTP side hands over: headers is a list of { name, value }.
function request.read(method, target, headers, body)
  local path, query_text = target:match("^([^?]*)%??(.*)$")
  if not target:find("?", 1, true) then query_text = nil end
  return {
    method = method, path = path, query_text = query_text, query = read_query(query_text),
    headers = read_headers(headers), body = body, params = {},
  }
end

--- True when the Accept header allows one of the media types, or anything. Clumio's may pin the
--- versions of several resources, with & between them.
function request.accepts(asked, types)
  local accept = asked.headers.accept
  if not accept or not accept:find "%S" then return true end
  for range in accept:gmatch("[^,&]+") do
    local media = range:match("^%s*([^;%s]+)")
    if media == "*/*" or media == "application/*" then return true end
    for _, known in ipairs(types) do
      if media == known then return true end
    end
  end
  return false
end

-- The checks: each gives a list of problems, and they are made in this order. `kind` tells a
-- provider that has an error of its own for it.

local checks = {}

local function one(field, reason)
  return { { field = field, reason = reason } }
end

function checks.accept(asked, operation, is_strict)
  local accept = operation.accept
  if accept and is_strict and asked.headers.accept ~= accept then
    return one("Accept", "must be '" .. accept .. "'")
  end
  if accept and not request.accepts(asked, { accept, "application/json" }) then
    return one("Accept", "must allow '" .. accept .. "'")
  end
  if operation.produces and not request.accepts(asked, operation.produces) then
    return one("Accept", "must allow '" .. table.concat(operation.produces, "' or '") .. "'")
  end
end

local function media_type(asked)
  local value = asked.headers["content-type"]
  return value and value:match("^%s*([^;%s]*)")
end

local function check_bodiless(asked, operation)
  local media = media_type(asked)
  if media and media ~= operation.idle_type then
    return one("Content-Type", "must not be sent where there is no body")
  end
  if #asked.body > 0 then return one("body", "must not be sent") end
  if asked.method == "POST" and asked.headers["content-length"] ~= "0" then
    return one("Content-Length", "must be 0")
  end
end

-- What clients say of a JSON text: nothing, that it is text, or that it is JSON.
local loose_types = { ["text/plain"] = true, ["application/json"] = true }

function checks.header(asked, operation, is_strict)
  local media = media_type(asked)
  if not operation.body then return is_strict and check_bodiless(asked, operation) or nil end
  local is_loose = not is_strict and (media == nil or loose_types[lower(media)])
  if media ~= operation.consumes and not is_loose then
    return one("Content-Type", "must be '" .. operation.consumes .. "'")
  end
end

-- Only Astra documents that it refuses a parameter that it does not know.
function checks.unsupported(asked, operation, is_strict)
  local problems = {}
  if not is_strict and not operation.refuses_strangers then return problems end
  for _, name in ipairs(names_in(asked.query)) do
    if not (operation.query and operation.query[name]) then
      table.insert(problems, { field = name, reason = "is not a parameter of this operation" })
    end
  end
  return problems
end

function checks.query(asked, operation)
  local problems = {}
  for name, rule in pairs(operation.query or {}) do
    for _, value in ipairs(asked.query[name] or {}) do
      local reason = rule(value)
      if reason then table.insert(problems, { field = name, reason = reason }) end
    end
  end
  for _, name in ipairs(operation.query_needs or {}) do
    if not asked.query[name] then
      table.insert(problems, { field = name, reason = "is required" })
    end
  end
  table.sort(problems, function(left, right) return left.field < right.field end)
  return problems
end

function checks.json(asked, operation)
  if not operation.body then return end
  local wrong
  asked.fields, wrong = json.decode(asked.body)
  if wrong then return one("body", "is not JSON: " .. wrong) end
end

function checks.schema(asked, operation, is_strict)
  if not operation.body then return end
  local rule = not is_strict and operation.loose_body or operation.body
  local problems = check.problems(rule, asked.fields, is_strict)
  json.without_nulls(asked.fields)
  return problems
end

--- nil when all is well, or the kind of the first failing check and its problems.
function request.check(asked, operation, is_strict)
  for _, kind in ipairs { "accept", "header", "unsupported", "query", "json", "schema" } do
    local problems = checks[kind](asked, operation, is_strict)
    if problems and #problems > 0 then return kind, problems end
  end
end

--- Rules for query values: what is wrong with one, or nil.
function request.any() end

function request.natural(value)
  if not value:find "^%d+$" then return "must be a whole number" end
end

function request.positive(value)
  if not value:find "^%d+$" or tonumber(value) < 1 then return "must be a whole number above 0" end
end

function request.truth(value)
  if value ~= "true" then return "must be 'true'" end
end

function request.date(value)
  if not value:find "^%d%d%d%d%-%d%d%-%d%d$" then return "must be a date YYYY-MM-DD" end
end

--- One line of all problems.
function request.tell(problems)
  local lines = {}
  for _, problem in ipairs(problems) do
    table.insert(lines, problem.field .. " " .. problem.reason)
  end
  return table.concat(lines, "; ")
end

return request
