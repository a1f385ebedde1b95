-- The providers' side of the sandbox: finds the operation that a request is for, keeps the log and
-- the faults asked for, and lets the provider answer. Runs in a Lua state of its own, which the
-- HTTP side calls with one request at a time; the box outside reaches it by JSON texts.

local json = require "coffer.sandbox.json"
local lower = require("coffer.values.text").lower
local request = require "coffer.sandbox.request"

local server = {}

local providers = {}

local states, faults, log, is_strict = {}, {}, {}, false

local SECRET = "[secret]"

local secret_headers = {
  authorization = true, authtoken = true, cookie = true, ["proxy-authorization"] = true,
  ["x-auth-token"] = true,
}

-- What the box calls.

--- Begins anew. Gives the credentials that each provider takes, by provider, and the paths of its
-- addresses, each under the name of the option for it.
function server.open(text)
  local settings = json.decode(text)
  local all = {}
  is_strict = settings.strict
  providers, states, faults, log = {}, {}, {}, {}
  for place, name in ipairs(settings.providers) do
    local provider = require("coffer.sandbox." .. name)
    providers[place] = provider
    states[name], all[name] = provider.open(settings)
    for option, path in pairs(provider.addresses) do all[name][option] = path end
  end
  return json.encode(all)
end

--- The names of all operations, each as provider.operation.
function server.operations()
  local names = {}
  for _, provider in ipairs(providers) do
    for _, operation in ipairs(provider.operations) do
      table.insert(names, provider.name .. "." .. operation.name)
    end
  end
  return json.encode(json.array(names))
end

function server.fail(text)
  table.insert(faults, (json.decode(text)))
  return ""
end

function server.log()
  return json.encode(json.array(log))
end

-- Finding the operation.

local function find_provider(path)
  for _, provider in ipairs(providers) do
    if (path .. "/"):sub(1, #provider.prefix + 1) == provider.prefix .. "/" then
      return provider
    end
  end
end

local function match_segments(pattern, segments, ignores_case)
  if #pattern ~= #segments then return end
  local params = {}
  for place, expected in ipairs(pattern) do
    local name, got = expected:match "^{(.*)}$", segments[place]
    if name then
      params[name] = got
    elseif got ~= expected and not (ignores_case and lower(got) == lower(expected)) then
      return
    end
  end
  return params
end

-- The path below the provider's own, without the slash at its end that some clients leave there.
local function path_within(provider, path)
  local rest = path:sub(#provider.prefix + 1)
  if not is_strict and #rest > 1 then rest = rest:gsub("/$", "") end
  return rest == "" and "/" or rest
end

-- The operation, or nil and the status that says why there is none.
local function find_operation(provider, asked)
  local segments = request.segments(path_within(provider, asked.path))
  local status = 404
  for _, operation in ipairs(provider.operations) do
    local pattern = request.segments(operation.path)
    local params = match_segments(pattern, segments, provider.ignores_case)
    if params and operation.method == asked.method then
      asked.params = params
      return operation
    end
    if params then status = 405 end
  end
  return nil, status
end

-- Answering.

local function serve(provider, operation, asked)
  local state = states[provider.name]
  local refusal = not operation.is_open and provider.unauthorised(state, asked)
  if refusal then return refusal end
  local kind, problems = request.check(asked, operation, is_strict)
  if kind then return provider.refuse(400, request.tell(problems), kind, problems) end
  return operation.answer(state, asked)
end

local function take_fault(provider, operation)
  local full = provider.name .. "." .. operation.name
  for place, fault in ipairs(faults) do
    if fault.operation == operation.name or fault.operation == full then
      fault.times = fault.times - 1
      if fault.times == 0 then table.remove(faults, place) end
      return fault
    end
  end
end

local function add_headers(reply, headers)
  reply.headers = reply.headers or {}
  for name, value in pairs(headers or {}) do table.insert(reply.headers, { name, value }) end
  return reply
end

-- A reply without a status is none: the connection is closed.
local function fault_reply(provider, fault)
  if fault.close then return {} end
  if fault.body or fault.status < 400 then
    return { status = fault.status, body = fault.body }
  end
  return provider.refuse(fault.status, "The sandbox was asked to fail here.")
end

local function answer(provider, operation, asked)
  local fault = take_fault(provider, operation)
  if not fault then return serve(provider, operation, asked), 0 end
  local reply
  local is_answered = not (fault.status or fault.close)
  if is_answered or fault.execute then reply = serve(provider, operation, asked) end
  if not is_answered then reply = fault_reply(provider, fault) end
  return add_headers(reply, fault.headers), fault.delay or 0
end

local function note(asked, provider, operation)
  local headers = {}
  for name, value in pairs(asked.headers) do
    headers[name] = secret_headers[name] and SECRET or value
  end
  local entry = {
    provider = provider and provider.name, operation = operation and operation.name,
    method = asked.method, path = asked.path, query = asked.query_text, headers = headers,
    body = operation and operation.holds_secrets and SECRET or asked.body,
  }
  table.insert(log, entry)
  return entry
end

local function respond(asked)
  local provider = find_provider(asked.path)
  if not provider then
    return { status = 404, body = { message = "No provider has the path " .. asked.path } }, 0
  end
  local operation, status = find_operation(provider, asked)
  if not operation then
    local message = asked.method .. " " .. asked.path .. " is not known"
    return provider.refuse(status, message), 0, provider
  end
  local reply, delay = answer(provider, operation, asked)
  return reply, delay, provider, operation
end

local function has_header(headers, wanted)
  for _, pair in ipairs(headers) do
    if lower(pair[1]) == wanted then return true end
  end
  return false
end

local function finish(reply)
  local headers, body = reply.headers or {}, reply.body
  if type(body) == "table" then body = json.encode(body) end
  if body and not has_header(headers, "content-type") then
    table.insert(headers, { "Content-Type", reply.type or "application/json" })
  end
  return headers, body or ""
end

--- One request. Gives the status, a list of { name, value }, the body, and the seconds to wait.
-- The status 0 closes the connection without an answer.
function server.handle(method, target, header_list, body)
  local asked = request.read(method, target, header_list, body)
  local reply, delay, provider, operation = respond(asked)
  note(asked, provider, operation).status = reply.status
  local headers, text = finish(reply)
  return reply.status or 0, headers, text, delay
end

return server
