--- A client as users hold it: the core's userdata, whose methods here get to
-- send what the core prepares.
local core = require "coffer.core"
local failure = require "coffer.failure"
local prepared = require "coffer.request"
local things = require "coffer.things"

local client = {}

--- How long an interrupt (Ctrl-C) may have to wait, in seconds.
local STEP = 0.1

--- The request that a result or a failure came from.
local requests = core.origins

local function report(fields, attempts, request)
  local told = failure.new(fields, attempts)
  requests[told] = request
  return told, told.code
end

local function hint(wanted, known)
  local nearest = type(wanted) == "string" and core.nearest(wanted, known)
  return nearest and (" (did you mean '%s'?)"):format(nearest) or ""
end

--- One attempt. An error in the midst of it, such as an interrupt, cuts it.
local function send(request)
  local sending <close> = request
  sending:start()
  while not sending:step(STEP) do end
  local result, fields = sending:finish()
  if result then
    requests[result] = request
  end
  if fields then
    return result, report(fields, 1, request)
  end
  return result
end

local function method(prepare)
  return function(self, parameters, options)
    local request, fields = prepare(self, parameters, options)
    if not request then
      return nil, report(fields, 0)
    end
    return send(request)
  end
end

--- client:request(operation, parameters, options): the call, prepared and not
-- sent; see coffer.request.
local function request_method(provider, described, prepare)
  return function(self, operation, parameters, options)
    local how = prepare[operation]
    if not how then
      error(("%s has no call '%s'%s"):format(provider, tostring(operation),
        hint(operation, described.operations)), 2)
    end
    local request, fields = how(self, parameters, options)
    if not request then
      return nil, report(fields, 0)
    end
    return prepared.new(request, described.token, send)
  end
end

local function load(provider)
  local described = core.describe(provider)
  local methods, prepare = described.methods, {}
  for name, operation in pairs(described.operations) do
    prepare[name] = operation.prepare
    methods[name] = method(prepare[name])
  end
  methods.request = request_method(provider, described, prepare)
  return things.of(provider, described.things)
end

--- The kinds of things of each provider that was used.
local kinds = {}

--- Opens a client; see coffer.clumio.
function client.open(provider, options)
  local metatables = {}
  local opened, fields = core.open(provider, options, metatables)
  if not opened then
    return nil, report(fields, 0)
  end
  kinds[provider] = kinds[provider] or load(provider)
  things.bind(kinds[provider], opened, metatables)
  return opened
end

--- See coffer.response.
function client.response(came_of)
  local request = requests[came_of]
  return request and request:response()
end

return client
