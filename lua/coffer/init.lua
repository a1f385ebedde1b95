--- coffer: accounts, wallets and vaults at storage and backup providers.
-- A create is sent once, what the provider answered is never lost, and a failure
-- always says whether it was not sent, was refused, or nobody can know.
--
-- Modules are loaded when they are needed first: `require "coffer"` costs
-- little more than libcurl.
local core = require "coffer.core"
local need = require "coffer.need"

local coffer

--- coffer:map(list) is coffer.map(coffer, list).
local function check_dot(name, first, ...)
  if rawequal(first, coffer) and (name ~= "show" or select("#", ...) > 0) then
    core.misuse(("coffer:%s was called with a colon: write coffer.%s, with a dot"):format(name,
      name))
  end
end

--- A function of a module that is loaded when it is called.
local function of(module, name)
  return function(...)
    check_dot(name, ...)
    return need(module)[name](...)
  end
end

coffer = {
  _VERSION = "coffer " .. core.version,

  --- JSON null inside free-form values; the same as `cjson.null`.
  null = core.null,

  --- `coffer.secret(text)` makes a secret of a string: it prints as
  -- `[secret]`, is wiped when closed or collected, and only
  -- `secret:reveal()` gives the text back.
  secret = core.secret,

  --- `coffer.create_private(path)` makes a new file for secrets, open for
  -- writing, that only its owner can read; `coffer.sync(file)` has the system
  -- write it to the disk. Both give nil, text, number where that fails.
  create_private = core.create_private,
  sync = core.sync,

  --- `coffer.response(x)` gives what came over the wire for a result or a
  -- failure: `{ status =, headers =, body = }`, or nil where nothing came.
  response = of("coffer.client", "response"),

  --- `coffer.show(x)` prints a result, a failure or a client in full, secrets
  -- masked.
  show = of("coffer.helpers.show", "show"),

  --- `coffer.map(list, fn, { at_once = 32 })` and `coffer.gather(f, g, ...)`:
  -- many calls at once; see coffer.map.
  map = of("coffer.map", "map"),
  gather = of("coffer.map", "gather"),

  --- `coffer.help(client)` prints the calls of a client with their parameters.
  help = of("coffer.helpers.show", "help"),
}

--- `coffer.NAME(options)`: a client of the provider of that name.
-- @param options table; docs/options.md lists them all
-- @return a client; or nil, failure, "config" where a credential or an
--   address is neither given nor in the environment
-- Raises for an option that is unknown or has a wrong value.
for provider in pairs(core.providers) do
  coffer[provider] = function(options)
    check_dot(provider, options)
    return need("coffer.client").open(provider, options)
  end
end

--- `coffer.sandbox(options)` starts all providers on a loopback port,
-- inside the process. Raises where the sandbox was not built.
function coffer.sandbox(options)
  check_dot("sandbox", options)
  return need "coffer.sandbox"(options)
end

--- `coffer.loop.luv` and its like: coffer under an event loop, one file each.
coffer.loop = setmetatable({}, {
  __index = function(_, name)
    return need("coffer.loop." .. name)
  end,
})

return coffer
