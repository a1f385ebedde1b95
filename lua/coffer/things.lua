--- What a client's results are: plain tables with the API's own fields, whose
-- metatables print them in one line and know what can be done with them.
local things = {}

--- The member at a path such as "response.entity.clientName".
local function member(value, path)
  for name in path:gmatch "[^.]+" do
    value = type(value) == "table" and value[name] or nil
  end
  return value
end

local function call(deed)
  return function(self, options)
    local client = getmetatable(self).client
    return client[deed.operation](client, { [deed.parameter] = self[deed.field] }, options)
  end
end

local function print_as(provider, thing)
  return function(self)
    local title = tostring(member(self, thing.title) or "without a name")
    local status = thing.status and self[thing.status]
    local text = ("%s %s %s"):format(provider, thing.name, title)
    text = status and ("%s (%s)"):format(text, tostring(status)) or text
    return (text:gsub("%c+", " "))
  end
end

--- What all clients of a provider share.
-- @param provider string: its name
-- @param described table: its things, as the core describes them
function things.of(provider, described)
  local kinds = {}
  for name, thing in pairs(described) do
    local methods = {}
    for _, deed in ipairs(thing.deeds) do
      methods[deed.name] = call(deed)
    end
    kinds[name] = { methods = methods, tostring = print_as(provider, thing),
                    name = ("coffer.%s.%s"):format(provider, name) }
  end
  return kinds
end

--- Fills `metatables` with those of one client's results.
function things.bind(kinds, client, metatables)
  for name, kind in pairs(kinds) do
    metatables[name] = {
      __name = kind.name,
      __index = kind.methods,
      __tostring = kind.tostring,
      client = client,
    }
  end
end

return things
