-- The providers as cases for a loop: what is asked, where it goes, what a good answer is. What
-- specs know of a provider is in providers/NAME.lua; one without such a file stops them all. A spec
-- that runs a case by each provider names the case in its own name.
--
-- A case is the provider's create:
--
--   operation, parameters    the call
--   token, token_header, token_variable, token_scheme
--   base, fixed              its path behind the server's URL; what else every client needs
--   path, sent_type, has_no_body
--                            what arrives
--   status, type, body, error_body
--                            what is answered; body takes changes, member by member
--   identity, secrets, key   members of the answer; what a failure names the thing by
--   recognise                function(result): whether it is what was answered
--   refresh                  another POST, with what differs
--
-- Where a thing can be ensured:
--
--   ensure, ensure_many      the methods
--   list                     where it is looked for, see lists.lua
--   refuses_second           the provider itself refuses a second create
--   recognise_found          as recognise, where the thing was found
--   found_lacks              what is found lacks what a create gives, which is told
--
-- Of the other operations:
--
--   operations()             rows with golden bytes
--   requests                 parameters by operation, for a server that answers anything
--   options_at(url)          options that they need
--   sandbox_calls(client, box)
--                            { operation, parameters, once =, body = } for all that there are
--   sandbox_options(box)     options that they need
--
-- And for answers that nobody expects, where there is something to list or to wait for:
--
--   odd_pages, odd_waits     places for JSON of any kind in a page, or in the answer of a look
--   odd_id                   a member of a result that its methods go by, and these methods

local answers = require "answers"
local core = require "coffer.core"

local providers = {}

--- Adds what every client of the provider is made with.
local function complete(case, options)
  for name, value in pairs(case.fixed or {}) do
    options[name] = options[name] or value
  end
  return options
end

--- A client that tries once, where it is not told otherwise: what most specs ask about is one
--- answer.
local function client_of(case, url, more)
  local options = { base_url = url .. case.base, token = case.token, attempts = 1 }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return assert(require("coffer")[case.provider](complete(case, options)))
end

--- The bytes of a good answer; options as for answers.http, and changes of the body.
local function good(case, options)
  local given = { status = case.status, type = case.type }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  given.body = given.body or case.body(given.changes)
  return answers.http(given)
end

local function finish(case)
  case.name = case.provider .. " " .. case.operation
  case.method = "POST"
  function case.client(url, more)
    return client_of(case, url, more)
  end
  function case.complete(options)
    return complete(case, options)
  end
  function case.create(client, options)
    return client[case.operation](client, case.parameters, options)
  end
  function case.good(options)
    return good(case, options)
  end
  return case
end

local names = {}
for name in pairs(core.providers) do
  names[#names + 1] = name
end
table.sort(names)

--- The creates, one of each provider.
providers.creates = {}
--- These and the other POSTs that there are.
providers.calls = {}

for _, name in ipairs(names) do
  local case = require("providers." .. name)
  case.provider = name
  providers[name] = finish(case)
  table.insert(providers.creates, case)
  table.insert(providers.calls, case)
  if case.refresh then
    local other = finish(setmetatable(case.refresh, { __index = case }))
    providers.refresh = other
    table.insert(providers.calls, other)
  end
end

--- The creates that this is true of.
function providers.where(is_so)
  local found = {}
  for _, case in ipairs(providers.creates) do
    if is_so(case) then
      found[#found + 1] = case
    end
  end
  return found
end

return providers
