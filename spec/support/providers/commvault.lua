-- Commvault, as specs need it.

local answers = require "answers"

local asked = answers.asked

local function asking(name)
  return { bucket = { clientName = name }, plan = { planId = 7, planName = "Server plan" } }
end

local commvault = {
  operation = "create_s3_vault",
  token = "canary-commvault-credential",
  token_header = "Authtoken",
  token_variable = "COMMVAULT_TOKEN",
  token_scheme = "QSDK ",
  base = "/commandcenter/api",
  path = "/commandcenter/api/V4/CVS3Store",
  status = 200,
  type = "application/json",
  body = answers.vault,
  error_body = answers.commvault_error,
  identity = "response",
  parameters = asking(asked.vault),
  ensure = "ensure_s3_vault",
  ensure_many = "ensure_s3_vaults",
  refuses_second = true,
}

function commvault.recognise(vault)
  return vault.response.entity.clientId == 4711
    and math.type(vault.addEndpointJob.jobId) == "integer"
end

function commvault.recognise_found(vault)
  return vault.name == asked.vault
end

local function vault_listed(name)
  return ('{"name":%q}'):format(name or asked.vault)
end

commvault.list = {
  path = "/commandcenter/api/V4/CVS3Stores",
  method = "s3_vaults",
  type = "application/json",
  own = asking(asked.vault),
  item = vault_listed,
  two = { vault_listed(), vault_listed() },
  two_are_named = asked.vault,
  other = vault_listed "vault-one-b",
  other_name = "vault-one-b",
  ends_with_empty = true,
  named = function(name)
    return asking(name), vault_listed(name)
  end,
  page = function(items)
    return ('{"CVS3Stores":%s}'):format(answers.array(items))
  end,
}

--- JSON of any kind is put where each @ is.
commvault.odd_pages = {
  method = "s3_vaults", operation = "list_s3_vaults", parameters = {},
  places = {
    ["a page"] = "@", ["the list of vaults"] = '{"CVS3Stores":@}',
    ["a vault"] = '{"CVS3Stores":[@]}', ["a vault's name"] = '{"CVS3Stores":[{"name":@}]}',
  },
}

commvault.odd_waits = {
  operation = "get_job",
  places = {
    ["a list of jobs"] = "@", ["jobs"] = '{"jobs":@}', ["a job"] = '{"jobs":[@]}',
    ["a summary"] = '{"jobs":[{"jobSummary":@}]}',
    ["a job's number"] = '{"jobs":[{"jobSummary":{"jobId":@,"status":"Completed"}}]}',
    ["its status"] = '{"jobs":[{"jobSummary":{"jobId":12345,"status":@}}]}',
    ["a reason"] = '{"jobs":[{"jobSummary":{"status":"Failed","pendingReason":@}}]}',
    ["a percentage"] = '{"jobs":[{"jobSummary":{"status":"Completed","percentComplete":@}}]}',
  },
  absent = { '{"jobs":[{"jobSummary":{"jobId":12345}}]}',
  '{"jobs":[{"jobSummary":{"status":null}}]}', '{"jobs":[null]}' },
}

commvault.requests = {
  get_job = 5, create_s3_vault = commvault.parameters,
  login = { username = "u", password = "p" }, renew_token = "old",
  renew_access_token = { accessToken = "a", refreshToken = "r" },
}

function commvault.sandbox_calls(client, box)
  local mine = box:credentials "commvault"
  local vault = assert(client:create_s3_vault { bucket = { clientName = "one" },
    plan = { planId = 11, planName = "Server plan" }, cvs3Endpoints = { { clientId = 2 } } })
  return {
    { "create_s3_vault", { bucket = { clientName = "it's \"odd\" $HOME `id` \\ é" },
      plan = { planId = 11, planName = "Server plan" } }, once = true },
    { "list_s3_vaults", { limit = 5, start = 0, hardRefresh = true } },
    { "get_job", vault.addEndpointJob.jobId },
    { "list_plans" },
    { "login", { username = mine.username, password = mine.password },
      body = ('{"username":"%s","password":"%s"}'):format(mine.username,
        (require("mime").b64(mine.password))) },
    { "renew_token", mine.token, once = true,
      body = ('{"sessionId":"%s"}'):format(mine.token) },
    { "renew_access_token", { accessToken = mine.access_token,
      refreshToken = mine.refresh_token }, once = true,
      body = ('{"accessToken":"%s","refreshToken":"%s"}'):format(mine.access_token,
        mine.refresh_token) },
    { "logout", once = true },
  }
end

--- Calls whose bytes are in spec/golden, and what becomes of an answer.
function commvault.operations()
  local assert = require "luassert"
  local coffer = require "coffer"

  return {
    {
      name = "create_s3_vault", golden = "create-s3-vault", body = answers.vault(),
      call = function(client)
        return client:create_s3_vault {
          plan = { planId = 7, planName = "Server plan" },
          bucket = { clientName = "vault-one" },
        }
      end,
    },
    {
      name = "create_s3_vault with all there is", golden = "create-s3-vault-full",
      body = answers.vault(),
      call = function(client)
        return client:create_s3_vault {
          bucket = { clientName = "vault-one" },
          plan = { planId = 7, planName = "Server plan" },
          cvs3Endpoints = { { clientId = 2, clientName = "node-2" }, { clientId = 3 } },
          owners = { { userId = 5 } },
          userGroups = { { userGroupId = 6, __type__ = 15 } },
          rotateKeys = false,
        }
      end,
    },
    {
      name = "list_s3_vaults", golden = "list-s3-vaults",
      body = '{"CVS3Stores":[{"name":"vault-one","further":{"size":12345}},{"name":"two"}]}',
      call = function(client) return client:list_s3_vaults() end,
      check = function(list)
        assert.equal("vault-one", list.CVS3Stores[1].name)
        assert.equal("integer", math.type(list.CVS3Stores[1].further.size))
        assert.equal("commvault listed vault two", tostring(list.CVS3Stores[2]))
      end,
    },
    {
      name = "list_s3_vaults with all there is", golden = "list-s3-vaults-full",
      body = '{"CVS3Stores":[]}',
      call = function(client)
        return client:list_s3_vaults { hardRefresh = true, start = 0, limit = 100, fl = "overview" }
      end,
      check = function(list) assert.same({}, list.CVS3Stores) end,
    },
    {
      name = "get_job", golden = "get-job",
      body = '{"totalRecordsWithoutPaging":1,"jobs":[{"jobSummary":{"jobId":12345,'
        .. '"status":"Running","percentComplete":50,"further":1}}]}',
      call = function(client) return client:get_job(12345) end,
      check = function(list)
        local job = list.jobs[1].jobSummary
        assert.equal("integer", math.type(job.jobId))
        assert.same({ 12345, "Running", 50, 1 },
          { job.jobId, job.status, job.percentComplete, job.further })
      end,
    },
    {
      name = "list_plans", golden = "list-plans",
      body = '{"filterQueryCount":1,"plans":[{"plan":{"planId":11,"planName":"Server plan"}}]}',
      call = function(client) return client:list_plans() end,
      check = function(list)
        assert.same({ planId = 11, planName = "Server plan" }, list.plans[1].plan)
      end,
    },
    {
      name = "login", golden = "login",
      body = '{"token":"QSDK new","userName":"robot","errList":[]}',
      call = function(client) return client:login { username = "robot", password = "hush" } end,
      check = function(session)
        assert.equal("QSDK new", session.token:reveal())
        assert.equal("robot", session.userName)
      end,
    },
    {
      name = "login with all there is", golden = "login-full",
      body = '{"token":"QSDK new"}',
      call = function(client)
        return client:login { username = "robot", password = coffer.secret "hush", domain = "corp",
          commserver = "cs", timeout = 30, deviceId = "d-1" }
      end,
      check = function(session) assert.equal("[secret]", tostring(session.token)) end,
    },
    {
      name = "renew_token", golden = "renew-token",
      body = '{"token":"QSDK new"}',
      call = function(client)
        return client:renew_token { sessionId = "QSDK old", deviceId = "d-1" }
      end,
      check = function(session) assert.equal("QSDK new", session.token:reveal()) end,
    },
    {
      name = "logout", golden = "logout",
      body = '{"errorCode":0,"errorMessage":""}',
      call = function(client) return client:logout() end,
      check = function(done) assert.is_true(done) end,
    },
    {
      name = "renew_access_token", golden = "renew-access-token",
      body = '{"accessToken":"a","refreshToken":"r","tokenExpiryTimestamp":1700000000}',
      call = function(client)
        return client:renew_access_token { accessToken = "old-access",
          refreshToken = "old-refresh" }
      end,
      check = function(pair)
        assert.same({ "a", "r" }, { pair.accessToken:reveal(), pair.refreshToken:reveal() })
        assert.equal(1700000000, pair.tokenExpiryTimestamp)
      end,
    },
  }
end

return commvault
