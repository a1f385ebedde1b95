--- What a client's results are: plain tables with the API's own fields, whose
-- metatables print them in one line and know what can be done with them.
local core = require "coffer.core"
local failures = require "coffer.failure"
local need = require "coffer.need"
local text = require "coffer.values.text"

local resources = {}

--- @param whose string: the method that asks, for the message
function resources.client_of(resource, whose)
  local metatable = type(resource) == "table" and getmetatable(resource)
  local client = type(metatable) == "table" and rawget(metatable, "client")
  if not client then
    core.misuse(("%s was called on a %s: write it with a colon"):format(whose, type(resource)))
  end
  return client
end

--- The failure of a call on a resource that does not tell what names it.
local function nameless(provider, whose, method)
  return nil, failures.new({
    outcome = "not_sent", code = "invalid", provider = provider, operation = method.operation,
    phrase = ("%s needs the thing's %s, which its answer did not tell"):format(whose, method.at),
    details = { { field = method.parameter, message = "is required" } },
  }, 0)
end

--- A call on a resource: wallet:refresh(options). Where the call takes more than
-- what names the resource, that comes first: account:update(parameters, options).
local function method_of(provider, whose, method, operation)
  local has_more = #operation.parameters > 1
  return function(self, parameters, options)
    local client = resources.client_of(self, whose)
    local named_by = core.member(self, method.at)
    if named_by == nil then
      return nameless(provider, whose, method)
    end
    local all = { [method.parameter] = named_by }
    if not has_more then
      return client[method.operation](client, all, parameters)
    elseif parameters ~= nil and type(parameters) ~= "table" then
      core.misuse(("%s takes a table of parameters, got %s"):format(whose, type(parameters)))
    end
    for name, value in pairs(parameters or {}) do
      if name == method.parameter then
        core.misuse(("%s: %s is that of the thing itself"):format(whose, name))
      end
      all[name] = value
    end
    return client[method.operation](client, all, options)
  end
end

local function print_as(provider, name, resource)
  return function(self)
    local title = tostring(core.member(self, resource.title) or "without a name")
    local status = resource.status and rawget(self, resource.status)
    local words = ("%s %s %s"):format(provider, name, title)
    return text.line(status and ("%s (%s)"):format(words, tostring(status)) or words)
  end
end

--- What a kind of resource has that is loaded when it is asked for: wait.
local function waits(provider, name)
  return function(methods, wanted)
    if wanted == "wait" then
      methods.wait = need("coffer.helpers.wait").method(provider, name)
      setmetatable(methods, nil)
      return methods.wait
    end
  end
end

--- What all clients of a provider share.
-- @param provider string: its name
-- @param described table: its resources; see docs/providers.md
-- @param operations table: as the core describes them
function resources.of(provider, described, operations)
  local kinds = {}
  for name, resource in pairs(described) do
    local methods = setmetatable({}, { __index = waits(provider, name) })
    local reserved = { wait = true }
    for called, method in pairs(resource.methods or {}) do
      local operation = operations[method.operation]
      methods[called] = method_of(provider, name .. ":" .. called, method, operation)
      reserved[called] = true
    end
    kinds[name] = {
      methods = methods, reserved = reserved, tostring = print_as(provider, name, resource),
      name = ("coffer.%s.%s"):format(provider, name),
    }
  end
  return kinds
end

--- Fills `metatables` with those of one client's results.
function resources.bind(kinds, client, metatables)
  for name, kind in pairs(kinds) do
    metatables[name] = {
      __name = kind.name,
      __index = kind.methods,
      __tostring = kind.tostring,
      reserved = kind.reserved,
      client = client,
    }
  end
end

return resources
