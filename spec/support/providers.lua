-- The five calls as cases for a loop: what is asked, where it goes, what a good answer is. A spec
-- that runs a case by each provider names the case in its own name.

local answers = require "answers"

local asked = answers.asked

local providers = {}

--- Makes clients that try once, where they are not told otherwise: what most specs ask about is one
--- answer.
local function client_of(constructor, path, fixed)
  return function(url, more)
    local options = { base_url = url .. path, attempts = 1 }
    for _, source in ipairs { fixed, more or {} } do
      for name, value in pairs(source) do
        options[name] = value
      end
    end
    return assert(require("coffer")[constructor](options))
  end
end

local clumio = {
  provider = "clumio",
  operation = "create_wallet",
  token = "canary-clumio-credential",
  token_header = "Authorization",
  path = "/wallets",
  status = 200,
  type = "application/api.clumio.wallets=v1+json",
  body = answers.wallet,
  error_body = answers.clumio_error,
  identity = "id",
  key = { account_native_id = asked.account_native_id },
}
clumio.client = client_of("clumio", "", { token = clumio.token })
clumio.parameters = { account_native_id = asked.account_native_id }

function clumio.create(client, options)
  return client:create_wallet(clumio.parameters, options)
end

function clumio.recognise(wallet)
  return wallet.id == "w-1" and wallet.state == "Waiting"
    and math.type(wallet.stack_version) == "integer"
end

local commvault = {
  provider = "commvault",
  operation = "create_s3_vault",
  token = "canary-commvault-credential",
  token_header = "Authtoken",
  path = "/commandcenter/api/V4/CVS3Store",
  status = 200,
  type = "application/json",
  body = answers.vault,
  error_body = answers.commvault_error,
  identity = "response",
}
commvault.client = client_of("commvault", "/commandcenter/api", { token = commvault.token })
commvault.parameters = {
  bucket = { clientName = asked.vault },
  plan = { planId = 7, planName = "Server plan" },
}

function commvault.create(client, options)
  return client:create_s3_vault(commvault.parameters, options)
end

function commvault.recognise(vault)
  return vault.response.entity.clientId == 4711
    and math.type(vault.addEndpointJob.jobId) == "integer"
end

local ecl = {
  provider = "ecl",
  operation = "create_account",
  token = "canary-ecl-credential",
  token_header = "X-Auth-Token",
  path = "/ecl-objectstorage/tenants/" .. asked.tenant_id .. "/account",
  status = 200,
  type = "application/json",
  body = answers.wasabi_account,
  error_body = answers.ecl_error,
  identity = "AcctNum",
  has_no_body = true,
}
ecl.client = client_of("ecl", "/ecl-objectstorage",
  { token = ecl.token, tenant_id = asked.tenant_id })
ecl.parameters = {}

function ecl.create(client, options)
  return client:create_account(ecl.parameters, options)
end

function ecl.recognise(account)
  return math.type(account.AcctNum) == "integer" and account.AcctNum == 12345
end

local astra = {
  provider = "astra",
  operation = "create_account",
  token = "canary-astra-credential",
  token_header = "Authorization",
  path = "/accounts",
  status = 201,
  type = "application/astra-account+json",
  body = answers.astra_account,
  error_body = function()
    return answers.astra_problem(400, 9)
  end,
  identity = "id",
}
astra.client = client_of("astra", "", { token = astra.token })
astra.parameters = { name = asked.account }

function astra.create(client, options)
  return client:create_account(astra.parameters, options)
end

function astra.recognise(account)
  return account.id == "666a3f38-d4fa-5b62-a391-a69029758d32" and account.isEnabled == "false"
end

local refresh = setmetatable({
  operation = "refresh_wallet",
  path = "/wallets/w-1/_refresh",
  has_no_body = true,
  is_repeatable = true,
}, { __index = clumio })

function refresh.create(client, options)
  return client:refresh_wallet({ wallet_id = "w-1" }, options)
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
  function case.good(options)
    return good(case, options)
  end
  return case
end

--- The four creates.
providers.creates = { finish(clumio), finish(commvault), finish(ecl), finish(astra) }
--- The one POST that may be repeated.
providers.refresh = finish(refresh)
--- All five.
providers.calls = { clumio, refresh, commvault, ecl, astra }
providers.clumio, providers.commvault = clumio, commvault
providers.ecl, providers.astra = ecl, astra

return providers
