-- What exists is never hidden: a complete 2xx with what names the thing is the thing, whatever else
-- stands in it; and a success is what the documents say, no more.

local answers = require "answers"
local coffer = require "coffer"
local expect = require "expect"
local loopback = require "loopback"
local providers = require "providers"
local server = require "server"

local clumio, commvault = providers.clumio, providers.commvault
local ecl, astra = providers.ecl, providers.astra

local function changed(case, changes)
  return loopback.answer(case, { changes = changes })
end

--- The read of a case's client that this call makes, answered with this body.
local function read(case, body, call, status)
  local faulty <close> = server.start { answers.keep { status = status, body = body } }
  return call(case.client(faulty.url, { attempts = 1 }))
end

describe("a new thing with a member that is not as documented", function()
  local rows = {
    { clumio, "key_errors", "[]", {} }, { clumio, "available_version", '"12"', "12" },
    { clumio, "state", "5", 5 }, { clumio, "supported_regions", '"us-east-1"', "us-east-1" },
    { clumio, "installed_regions", "{}", {} }, { clumio, "account_native_id", "123456789012",
      123456789012 },
    { clumio, "error_message", '["x"]', { "x" } }, { clumio, "aws_region", "true", true },
    { astra, "metadata", '""', "" }, { astra, "accountContact", '""', "" },
    { astra, "accountContact", "[]", {} }, { astra, "isEnabled", "0", 0 },
    { astra, "state", '{"x":1}', { x = 1 } }, { astra, "version", "1.0", 1.0 },
    { commvault, "addEndpointJob", "[]", {} }, { commvault, "addEndpointJob", "5", 5 },
    { ecl, "CreateTime", "1570173115", 1570173115 }, { ecl, "AccessKey", "null", nil },
    { ecl, "AccessKey", "12", 12 }, { ecl, "AcctName", "[]", {} },
  }

  for _, row in ipairs(rows) do
    local case, field, text, value = table.unpack(row, 1, 4)
    local what = ("%s %s = %s"):format(case.name, field, text)
    it("is that thing, the member as it came: " .. what, function()
      local thing, incomplete = changed(case, { [field] = text })
      assert(thing, tostring(incomplete))
      assert.same(value, thing[field])
      if value ~= nil then
        assert.equal("partial", incomplete.code)
        assert.is_string(loopback.detail(incomplete, field).message)
      else
        assert.is_nil(incomplete)
      end
    end)
  end

  it("names a member inside by its whole place", function()
    local account, incomplete = changed(astra, { metadata = '{"labels":[{"name":5}, "x"]}' })
    assert.equal(5, account.metadata.labels[1].name)
    assert.equal("x", account.metadata.labels[2])
    assert.is_table(loopback.detail(incomplete, "metadata.labels[1].name"))
    assert.is_table(loopback.detail(incomplete, "metadata.labels[2]"))
  end)

  it("names one that comes twice, of which the last counts", function()
    local wallet, incomplete = loopback.answer(clumio, {
      body = '{"id":"w-1","state":"Waiting","state":"Enabled"}' })
    assert.equal("Enabled", wallet.state)
    assert.equal("comes twice", loopback.detail(incomplete, "state").message)
  end)

  for text, secret in pairs { ["12345"] = "12345", ["true"] = "true", ['{"a": [1]}'] = '{"a": [1]}',
    ['["x"]'] = '["x"]' } do
    it("has a secret of another type as a secret of its text: " .. text, function()
      local account, incomplete = changed(ecl, { SecretKey = text })
      assert.equal(secret, account.SecretKey:reveal())
      assert.equal("[secret]", tostring(account.SecretKey))
      assert.is_table(loopback.detail(incomplete, "SecretKey"))
      assert.equal(answers.canaries.password, account.Password:reveal())
    end)
  end

  it("names all of them in one failure", function()
    local _, incomplete = changed(ecl, { CreateTime = "5", AccessKey = "[]", Password = "null" })
    assert.is_table(loopback.detail(incomplete, "CreateTime"))
    assert.is_table(loopback.detail(incomplete, "AccessKey"))
    assert.is_table(loopback.detail(incomplete, "Password"))
    assert.matches("only once: Password", incomplete.message, 1, true)
  end)

  for _, row in ipairs { { clumio, "id", "5" }, { clumio, "id", '""' }, { clumio, "id", "null" },
    { ecl, "AcctNum", '"x"' }, { commvault, "response", "[]" }, { commvault, "response", "null" },
    { astra, "id", "{}" } } do
    it(("is unknown where what names it is none: %s %s = %s"):format(row[1].name, row[2], row[3]),
      function()
        expect.failure("unknown", "protocol", changed(row[1], { [row[2]] = row[3] }))
      end)
  end
end)

describe("a user of ECL", function()
  local function user_of(body)
    return read(ecl, body, function(client) return client:create_user "robot" end)
  end

  it("is there where its answer has odd members", function()
    local created, incomplete = user_of '{"User":[{"UserId":"U1","UserName":"robot","Password":5}]}'
    assert.equal("5", created.User[1].Password:reveal())
    assert.is_table(loopback.detail(incomplete, "User[1].Password"))
    assert.is_table(loopback.detail(incomplete, "SecretAccessKey"))
  end)

  for _, body in ipairs { '{"User":[]}', '{"User":[5]}', '{"User":null}', '{"User":{}}', "{}" } do
    it("is unknown where none is named: " .. body, function()
      expect.failure("unknown", "protocol", user_of(body))
    end)
  end
end)

describe("a read", function()
  it("has odd members as they came, and nothing behind it", function()
    local body = '{"jobs":[{"jobSummary":{"percentComplete":45.5,"jobId":"7"}}]}'
    local job, failure = read(commvault, body, function(client) return client:get_job(7) end)
    assert.equal(45.5, job.jobs[1].jobSummary.percentComplete)
    assert.equal("7", job.jobs[1].jobSummary.jobId)
    assert.is_nil(failure)
  end)

  it("keeps a list's odd items", function()
    local list = read(clumio, '{"_embedded":{"items":[5,null,"x",{"id":7},{"id":"w-1"}]}}',
      function(client) return client:list_wallets() end)
    local items = list._embedded.items
    assert.same({ 5, coffer.null, "x" }, { items[1], items[2], items[3] })
    assert.equal(7, items[4].id)
    assert.equal("w-1", items[5].id)
  end)
end)

describe("a list", function()
  local span = { acct_num = 1, from = "2019-10-01", to = "2019-10-31" }
  local lists = {
    { clumio, "list_wallets", { "{}", '{"_embedded":null}', '{"_embedded":{}}',
      '{"_embedded":{"items":null}}' }, function(page) return page._embedded.items end },
    { commvault, "list_s3_vaults", { "{}", '{"CVS3Stores":null}', '{"errorCode":0}' },
      function(page) return page.CVS3Stores end },
    { commvault, "list_plans", { "{}", '{"plans":null}' }, function(page) return page.plans end },
    { commvault, "get_job", { "{}", '{"jobs":null}' }, function(page) return page.jobs end, 7 },
    { astra, "list_accounts", { "{}", '{"items":null}', '{"type":"application/astra-accounts"}' },
      function(page) return page.items end },
    { ecl, "list_utilizations", { "null", "[]" }, function(page) return page end, span },
  }

  for _, row in ipairs(lists) do
    local case, operation, bodies, items, parameters = table.unpack(row, 1, 5)
    for _, body in ipairs(bodies) do
      it(("is empty where it is null or absent: %s %s %s"):format(case.provider, operation, body),
        function()
          local page, failure = read(case, body, function(client)
            return client[operation](client, parameters)
          end)
          assert(page, tostring(failure))
          assert.same({}, items(page))
          assert.is_nil(failure)
        end)
    end
  end

  for _, row in ipairs {
    { clumio, "list_wallets", '{"errors":[{"error_code":5,"error_message":"no"}]}', "unknown" },
    { clumio, "list_wallets", '{"code":5,"message":"no"}', "unknown" },
    { commvault, "list_s3_vaults", '{"errorCode":5,"errorMessage":"no"}', "refused" },
    { commvault, "list_s3_vaults", '{"errorCode":5,"CVS3Stores":[{"name":"v"}]}', "refused" },
    { commvault, "list_s3_vaults", '{"CVS3Stores":null,"errorCode":"INVALID_USER"}', "refused" },
    { astra, "list_accounts", '{"type":"/problems/3","title":"no"}', "unknown" },
    { clumio, "list_wallets", '{"_embedded":{"items":5}}', "unknown" },
    { clumio, "list_wallets", '{"_embedded":{"items":{}}}', "unknown" },
    { clumio, "list_wallets", '{"_embedded":"x"}', "unknown" },
    { commvault, "list_s3_vaults", '{"CVS3Stores":true}', "unknown" },
    { commvault, "list_s3_vaults", '{"CVS3Stores":[],"CVS3Stores":[]}', "unknown" },
    { astra, "list_accounts", '{"items":{}}', "unknown" },
  } do
    it(("is no empty one where an error code or another kind says otherwise: %s %s"):format(
      row[2], row[3]), function()
      expect.failure(row[4], nil, read(row[1], row[3], function(client)
        return client[row[2]](client)
      end))
    end)
  end
end)

describe("what an answer repeats of what was asked for", function()
  it("leaves unknown a wallet of another account", function()
    for _, text in ipairs { '"999999999999"', "999999999999" } do
      local failure = expect.failure("unknown", "protocol",
        changed(clumio, { account_native_id = text }))
      assert.matches("another account_native_id", failure.message, 1, true)
    end
  end)

  for _, row in ipairs {
    { commvault, { response = answers.vault_response {
      entity = '{"clientId":4711,"clientName":"Vault-One"}' } }, "response.entity.clientName" },
    { astra, { name = '"Testing  123"' }, "name" },
  } do
    it("tells of another name, and hides nothing: " .. row[1].name, function()
      local thing, incomplete = changed(row[1], row[2])
      assert(thing, tostring(incomplete))
      assert.equal("partial", incomplete.code)
      assert.matches("asked for", loopback.detail(incomplete, row[3]).message, 1, true)
    end)
  end

  it("tells of another region", function()
    local wallet, incomplete = loopback.answer(clumio, { changes = { aws_region = '"eu-west-1"' } },
      function(client)
        return client:create_wallet { account_native_id = "123456789012", aws_region = "us-east-1" }
      end)
    assert.equal("eu-west-1", wallet.aws_region)
    assert.is_table(loopback.detail(incomplete, "aws_region"))
  end)

  for _, row in ipairs { { clumio, "refresh_wallet" }, { clumio, "get_wallet" },
    { astra, "get_account" } } do
    it("tells of another thing than was asked for by its id: " .. row[2], function()
      local thing, incomplete, code = loopback.answer(row[1], nil, function(client)
        return client[row[2]](client, "another")
      end)
      assert.is_string(thing.id)
      assert.equal("partial", code)
      assert.is_table(loopback.detail(incomplete, "id"))
    end)
  end
end)

describe("a vault", function()
  local function vault_of(body)
    return loopback.answer(commvault, { body = body })
  end

  it("is not hidden by an errorCode beside its response", function()
    local vault, incomplete = changed(commvault, { errorCode = "5", errorMessage = '"odd"' })
    assert.equal(4711, vault.response.entity.clientId)
    assert.equal("partial", incomplete.code)
    assert.same({ code = 5, message = "odd" }, incomplete.details[1])
  end)

  for _, body in ipairs {
    '{"response":{"entity":{"clientId":1},"errorCode":2,"errorCode":0}}',
    '{"response":{"entity":{"clientId":1,"clientId":2}}}',
    '{"response":{"entity":{"clientId":1}},"response":{"errorCode":2}}',
    '{"errorCode":1,"response":{"entity":{"clientId":1}},"errorCode":0}',
  } do
    it("is unknown where what is decided on comes twice: " .. body, function()
      local failure = expect.failure("unknown", "protocol", vault_of(body))
      assert.matches("comes twice", failure.message, 1, true)
    end)
  end

  for _, body in ipairs {
    '{"response":{"entity":{"clientId":4711}},"addEndpointJob":{"jobId":5},"addEndpointJob":{}}',
    '{"response":{"entity":{"clientId":4711}},"addEndpointJob":{"jobId":5,"jobId":6}}',
    '{"response":{"entity":{"clientId":4711}},"addEndpointJob":{"response":{},"response":5}}',
  } do
    it("is there where something aside comes twice: " .. body, function()
      local vault, incomplete = vault_of(body)
      assert.equal(4711, vault.response.entity.clientId)
      assert.matches("comes twice", incomplete.details[1].message, 1, true)
    end)
  end

  it("has an error name that is compared whole", function()
    local _, incomplete = changed(commvault, { addEndpointJob =
      '{"jobId":5,"response":{"errorCode":"NO_ERROR\\u0000X"}}' })
    assert.equal("NO_ERROR\0X", incomplete.details[1].code)
  end)

  local with_endpoints = {
    bucket = { clientName = answers.asked.vault }, plan = { planId = 7, planName = "Server plan" },
    cvs3Endpoints = { { clientId = 2 } },
  }

  for _, job in ipairs { "null", "0", "-1", '""', "[]" } do
    it("is incomplete where end points were asked for, and the job is " .. job, function()
      local vault, incomplete = loopback.answer(commvault, {
        changes = { addEndpointJob = answers.endpoint_job { jobId = job } },
      }, function(client) return client:create_s3_vault(with_endpoints) end)
      assert(vault, tostring(incomplete))
      assert.equal("partial", incomplete.code)
      assert.is_table(loopback.detail(incomplete, "addEndpointJob.jobId"))
    end)
  end

  it("is incomplete where end points were asked for, and there is no job", function()
    local _, incomplete = loopback.answer(commvault, { changes = { addEndpointJob = false } },
      function(client) return client:create_s3_vault(with_endpoints) end)
    local detail = loopback.detail(incomplete, "addEndpointJob.jobId")
    assert.matches("names no job", detail.message, 1, true)
  end)
end)

describe("a change", function()
  local changes = {
    { clumio, "delete_wallet", "w-1", 200 }, { clumio, "delete_wallet", "w-1", 204 },
    { astra, "delete_account", "a-1", 204 },
    { astra, "update_account", { account_id = "a-1", name = "n" }, 204 },
    { commvault, "logout", nil, 200 },
  }

  local function change(row, order)
    local faulty <close> = server.start { order }
    local client = row[1].client(faulty.url, { attempts = 1 })
    return client[row[2]](client, row[3])
  end

  for _, row in ipairs(changes) do
    local name = ("%s %s %d"):format(row[1].provider, row[2], row[4])
    it("is done by its documented status: " .. name, function()
      local result, failure = change(row, answers.keep { status = row[4], type = false })
      assert.is_true(result, tostring(failure))
    end)

    it("is unknown by another status: " .. name, function()
      for _, status in ipairs { 203, 205, 206, 226 } do
        expect.failure("unknown", "protocol",
          change(row, answers.keep { status = status, body = "{}" }))
      end
    end)

    it("is unknown where a log-in page answers with 200: " .. name, function()
      expect.failure("unknown", "protocol",
        change(row, answers.keep { type = "text/html", body = "<html>log in</html>" }))
    end)
  end

  it("is unknown with an error inside", function()
    for _, row in ipairs { { commvault, "logout", nil, '{"errorCode":5,"errorMessage":"no"}' },
      { commvault, "logout", nil, '{"response":{"errorCode":5}}' },
      { clumio, "delete_wallet", "w-1", '{"errors":[{"error_code":5}]}' } } do
      local failure = expect.failure("unknown", "protocol",
        change(row, answers.keep { body = row[4] }))
      assert.equal(5, failure.details[1].code)
    end
  end)

  it("is done with the texts that Commvault's log-out has", function()
    for _, body in ipairs { '"User logged out"', '{"errorCode":0}', "{}" } do
      assert.is_true((change({ commvault, "logout" }, answers.keep { body = body })))
    end
  end)
end)

describe("a success without a body", function()
  it("is unknown, and names where the thing is", function()
    local where = "https://astra.example.com/accounts/666a3f38"
    local failure = expect.failure("unknown", "protocol", loopback.answer(astra,
      { body = "", headers = { "Location: " .. where } }))
    assert.matches(where, tostring(failure), 1, true)
    assert.equal(where, failure.location)
  end)
end)

describe("a success that was cut", function()
  it("has no details of what is no error", function()
    for _, case in ipairs(providers.creates) do
      local whole = case.good()
      local faulty <close> = server.start { { send = whole:sub(1, -3) } }
      local failure = expect.failure("unknown", "protocol", case.create(case.client(faulty.url)))
      assert.same({}, failure.details)
    end
  end)
end)
