--- A client as users hold it: the core's userdata, whose methods here get to
-- send what the core prepares.
local answer = require "coffer.answer"
local call = require "coffer.call"
local core = require "coffer.core"
local credentials = require "coffer.credentials"
local failures = require "coffer.failure"
local marks = require "coffer.values.marks"
local need = require "coffer.need"
local pace = require "coffer.pace"
local nearest = require "coffer.values.nearest"
local options = require "coffer.options"
local retry = require "coffer.retry"
local resources = require "coffer.resources"

local client = {}

local getmetatable, rawget, type = getmetatable, rawget, type

--- What Lua keeps of each client: see `new_state`.
local states = core.states

--- Where a parameter made rows of a list's items, they get their names back.
local function name_rows(pages, meaning, result, parameters)
  local names = type(parameters) == "table" and parameters[meaning.pages.row_names]
  if result and names then
    pages.name_rows(core.member(result, meaning.list), names)
  end
end

--- The providers that were used: { described =, kinds =, options = }.
local loaded = {}

--- Prepares a request; a log-in without parameters has the client's own.
-- @return the core's request; or nil and what a failure tells
local function prepare(self, provider, operation, parameters, given)
  local resource = getmetatable(parameters)
  if resource and type(resource) == "table" and rawget(resource, "client") then
    core.misuse(("%s:%s takes parameters, got a %s: give its ID, or call its method"):format(
      provider, operation.name, resource.__name))
  end
  marks.learn()
  if parameters == nil and operation.meaning.is_token and states[self] then
    parameters = credentials.parameters(self, provider, operation.name)
  end
  local request, fields = operation.prepare(self, parameters, given)
  if fields then
    options.explain(loaded[provider].options, fields.details)
  end
  return request, fields
end

--- Sends it. What may be missing is loaded before, for it would cost the answer.
local function send(self, operation, request, parameters, given)
  local paging = operation.meaning.pages
  if not (paging and paging.row_names) then
    return call.send(states[self], operation, request, given)
  end
  local pages = need "coffer.helpers.pages"
  local result, failure, code = call.send(states[self], operation, request, given)
  name_rows(pages, operation.meaning, result, parameters)
  if failure then
    return result, failure, code
  end
  return result
end

--- The method of one operation.
local function method(provider, operation)
  local whose = provider .. ":" .. operation.name
  return function(self, parameters, given)
    options.check(whose, options.call, given)
    local request, fields = prepare(self, provider, operation, parameters, given)
    if not request then
      return nil, failures.new(fields, 0)
    end
    return send(self, operation, request, parameters, given)
  end
end

--- How a client's token goes out, and which variable it may come from.
local function token_of(self, described)
  local header, scheme = core.authorization(self)
  return { header = header, scheme = scheme, environment = described.token_variable }
end

--- client:request(operation, parameters, options): the call, prepared and not
-- sent; see coffer.request.
local function request_method(provider, described)
  return function(self, name, parameters, given)
    local operation = described.operations[name]
    if not operation and described.methods[name] then
      core.misuse(("%s:%s is more than one call and cannot be prepared"):format(provider, name))
    elseif not operation then
      core.misuse(("%s has no call '%s'%s"):format(provider, tostring(name),
        nearest.hint(name, described.operations)))
    end
    options.check(provider .. ":request", options.call, given)
    local request, fields = prepare(self, provider, operation, parameters, given)
    if not request then
      return nil, failures.new(fields, 0)
    end
    return need("coffer.helpers.request").new(request, token_of(self, described), function(sent)
      marks.learn()
      return send(self, operation, sent, parameters, given)
    end)
  end
end

--- A helper as a method: it is called on a client of its provider, or not at all.
local function on_client(provider, name, helper)
  return function(self, ...)
    local state = states[self]
    if not state or state.provider ~= provider then
      core.misuse(("%s:%s was called on a %s: write it with a colon"):format(provider, name,
        state and "coffer." .. state.provider or type(self)))
    end
    return helper(self, ...)
  end
end

--- Adds the methods that are more than one call. Where that fails, the next who
-- asks for one tries again.
local function add_helpers(provider, described)
  local methods = described.methods
  for _, operation in pairs(described.operations) do
    local paging = operation.meaning.pages
    if paging then
      methods[paging.name] = on_client(provider, paging.name,
        need("coffer.helpers.pages").method(provider, operation))
    end
  end
  for name, ensured in pairs(need("coffer.helpers.ensure").methods(provider)) do
    methods[name] = on_client(provider, name, function(...)
      return call.whole(ensured, ...)
    end)
  end
  for name, waiting in pairs(need("coffer.helpers.wait").methods(provider)) do
    methods[name] = on_client(provider, name, waiting)
  end
  setmetatable(methods, nil)
end

--- Takes away the helpers that another copy of this module has added.
local function forget_helpers(described)
  for name in next, described.methods do
    if not described.operations[name] and name ~= "close" then
      described.methods[name] = nil
    end
  end
end

--- Gives a provider's clients the methods of its calls; those of the helpers
-- follow when one of them is asked for.
local function load(provider)
  local words = answer.load(provider)
  local described = core.describe(provider)
  local methods = described.methods
  forget_helpers(described)
  for name, operation in pairs(described.operations) do
    operation.meaning = answer.meaning_of(provider, name)
    methods[name] = method(provider, operation)
  end
  methods.request = on_client(provider, "request", request_method(provider, described))
  setmetatable(methods, {
    __index = function(_, name)
      add_helpers(provider, described)
      return methods[name]
    end,
    __pairs = function()
      add_helpers(provider, described)
      return next, methods
    end,
  })
  local kinds = resources.of(provider, words.resources, described.operations)
  return {
    described = described, kinds = kinds, options = options.client(described, words.options),
  }
end

local function load_once(provider)
  loaded[provider] = loaded[provider] or load(provider)
  return loaded[provider]
end

--- A provider as the core describes it, with all methods of its clients.
function client.described(provider)
  local described = load_once(provider).described
  add_helpers(provider, described)
  return described
end

--- The log function of a new client, or nil.
local function log_of(given)
  local is_asked = given or os.getenv "COFFER_LOG" == "debug"
  return is_asked and need("coffer.helpers.log").of(given)
end

--- @param taken table: the constructor's options, with the defaults
local function new_state(self, provider, taken)
  local state = {
    client = self,
    provider = provider,
    attempts = taken.attempts,
    deadline = taken.deadline,
    timeout = taken.timeout,
    least = retry.least_time(taken.deadline, taken.timeout),
    quota = retry.quota(),
    pace = pace.new(),
    log = log_of(taken.log),
    on_tokens = taken.on_tokens,
    source = credentials.source(self, provider, taken),
  }
  -- the log-in of a client is a call like any other
  function state.call(name, parameters, given)
    return self[name](self, parameters, given)
  end
  return state
end

--- Opens a client of a provider, by its name.
function client.open(provider, given)
  local own = load_once(provider)
  options.check("coffer." .. provider, own.options, given)
  local taken, metatables = options.with_defaults(own.options, given), {}
  local opened, fields = core.open(provider, taken, metatables)
  if not opened then
    return nil, failures.new(fields, 0)
  end
  resources.bind(own.kinds, opened, metatables)
  states[opened] = new_state(opened, provider, taken)
  return opened
end

--- What came over the wire is a plain table, but for how it prints.
local Response = { __name = "coffer.response" }

function Response:__tostring()
  return ("HTTP %d, %d bytes"):format(self.status, #self.body)
end

--- See coffer.response.
function client.response(came_of)
  local request = core.origins[came_of]
  local response = request and request:response()
  return response and setmetatable(response, Response)
end

return client
