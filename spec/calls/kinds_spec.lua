-- Every operation bears every kind of JSON value as its answer, at every level and at every status:
-- it gives a result or a failure, and nothing is raised.

local answers = require "answers"
local core = require "coffer.core"
local providers = require "providers"
local server = require "server"

--- Every name that somebody looks for in an answer.
local names = {}
for name in ([[
  errors error response entity errorCode errorMessage errorString errList _links error_code
  error_message _embedded items CVS3Stores jobs jobSummary plans plan metadata continue User
  UserId id AcctNum AcctName token fault faultstring message code cause reason accessToken
  refreshToken name correlationID invalidFields invalidParams problemDetails type title detail
  addEndpointJob jobId state key_errors labels accountContact Password SecretKey
  account_native_id
]]):gmatch "%S+" do
  names[#names + 1] = name
end

--- An object with a member of each name, all of this value.
local function object(value)
  local members = {}
  for i, name in ipairs(names) do
    members[i] = ('"%s":%s'):format(name, value)
  end
  return "{" .. table.concat(members, ",") .. "}"
end

--- The six kinds as they are, and inside objects and lists, one and two levels deep.
local texts = {}
for _, kind in ipairs { "null", "true", "12345", '"Service Unavailable"', "[]", "{}" } do
  local list = "[" .. kind .. "]"
  for _, text in ipairs { kind, list, object(kind), object(list), object(object(kind)),
    "[" .. object(kind) .. "]" } do
    texts[#texts + 1] = text
  end
end

local parameters = {
  create_wallet = "123456789012", refresh_wallet = "w-1", get_wallet = "w-1", delete_wallet = "w-1",
  list_wallet_keys = "/wallets/w-1/keys", get_job = 5, create_user = "robot",
  create_s3_vault = providers.commvault.parameters,
  login = { username = "u", password = "p" }, renew_token = "old",
  renew_access_token = { accessToken = "a", refreshToken = "r" },
  list_utilizations = { acct_num = 1, from = "2019-10-01", to = "2019-10-31" },
  get_account = "a-1", delete_account = "a-1", update_account = { account_id = "a-1", name = "n" },
  issue_token = { auth = {
    identity = {
      methods = { "password" },
      password = { user = { domain = {}, name = "n", password = "p" } },
    },
    scope = { project = { id = "t" } },
  } },
}

local more = {
  ecl = function(url) return { keystone_url = url .. "/v3" } end,
}

--- The parameters of an operation that both ECL and Astra have.
local function parameters_of(provider, operation)
  if operation == "create_account" then
    return provider == "astra" and "Testing 123" or nil
  end
  return parameters[operation]
end

for provider in pairs(core.providers) do
  for operation in pairs(core.describe(provider).operations) do
    for _, status in ipairs { 200, 201, 400, 401, 404, 409, 429, 500, 503 } do
      it(("%s %s bears every kind of JSON at %d"):format(provider, operation, status), function()
        local orders = {}
        for i, text in ipairs(texts) do
          orders[i] = answers.keep { status = status, body = text }
        end
        local faulty <close> = server.start(orders)
        local options = more[provider] and more[provider](faulty.url)
        local client = providers[provider].client(faulty.url, options)
        for i, text in ipairs(texts) do
          if status == 429 then -- each would hold its client for longer
            client = providers[provider].client(faulty.url, options)
          end
          local result, failure = client[operation](client, parameters_of(provider, operation))
          assert(result ~= nil or failure.outcome, text)
          assert.is_string(tostring(failure or result), text)
          assert(status < 400 or result == nil, text)
          assert.equal(i, #faulty:requests())
        end
      end)
    end
  end
end
