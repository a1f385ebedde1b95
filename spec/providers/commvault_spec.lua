-- Commvault: the request's fixed parts, errors inside a 200, and the failures of its page.

local answers = require "answers"
local coffer = require "coffer"
local interpreter = require "interpreter"
local loopback = require "loopback"
local providers = require "providers"
local server = require "server"

local commvault = providers.commvault

--- A vault's parameters with these on top.
local function vault_with(changes)
  return function(client)
    local parameters = {
      bucket = { clientName = answers.asked.vault },
      plan = { planId = 7, planName = "Server plan" },
    }
    for name, value in pairs(changes) do
      parameters[name] = value
    end
    return client:create_s3_vault(parameters)
  end
end

local function response(changes)
  return { response = answers.vault_response(changes) }
end

describe("a request to Commvault", function()
  it("has the token in Authtoken, as it is", function()
    local headers = loopback.sent(commvault, nil, { token = "QSDK 0123" }).headers
    assert.equal("QSDK 0123", headers.authtoken)
    assert.is_nil(headers.authorization)
    assert.equal("application/json", headers.accept)
    assert.equal("application/json", headers["content-type"])
  end)

  for _, path in ipairs { "/commandcenter/api", "/webconsole/api", "" } do
    it("keeps the path of the base URL: '" .. path .. "'", function()
      local faulty <close> = server.start { { send = commvault.good() } }
      local client = assert(coffer.commvault { base_url = faulty.url .. path, token = "t" })
      assert(commvault.create(client))
      assert.equal(path .. "/V4/CVS3Store", faulty:requests()[1].target)
    end)
  end

  it("has the kinds of owners and groups filled in", function()
    local fields = loopback.sent(commvault, vault_with {
      owners = { { userId = 1 }, { userId = 2, __type__ = 13 } },
      userGroups = { { userGroupId = 3 }, { userGroupId = 4, __type__ = 15 } },
    }).fields
    assert.same({ { userId = 1, __type__ = 13 }, { userId = 2, __type__ = 13 } }, fields.owners)
    assert.same({ { userGroupId = 3, __type__ = 15 }, { userGroupId = 4, __type__ = 15 } },
      fields.userGroups)
  end)

  local wrong = {
    { "an owner's id in a string", { owners = { { userId = "1" } } }, "owners[1].userId" },
    { "an owner of another kind", { owners = { { userId = 1, __type__ = 15 } } },
      "owners[1].__type__" },
    { "an owner's kind in a string", { owners = { { userId = 1, __type__ = "13" } } },
      "owners[1].__type__" },
    { "a group of another kind", { userGroups = { { userGroupId = 1, __type__ = 13 } } },
      "userGroups[1].__type__" },
    { "a kind spelled as elsewhere", { owners = { { userId = 1, _type_ = 13 } } },
      "owners[1]._type_" },
    { "a group that is an owner", { userGroups = { { userId = 1 } } }, "userGroups[1].userId" },
    { "owners as numbers", { owners = { 1, 2 } }, "owners[1]" },
    { "an endpoint by name alone", { cvs3Endpoints = { { clientName = "c" } } },
      "cvs3Endpoints[1].clientId" },
    { "endpoints as one object", { cvs3Endpoints = { clientId = 1 } }, "cvs3Endpoints" },
    { "a vault without a name", { bucket = {} }, "bucket.clientName" },
    { "a vault with an empty name", { bucket = { clientName = "" } }, "bucket.clientName" },
    { "a plan without a name", { plan = { planId = 1 } }, "plan.planName" },
    { "a plan without an id", { plan = { planName = "x" } }, "plan.planId" },
    { "rotateKeys as a number", { rotateKeys = 1 }, "rotateKeys" },
  }

  for _, row in ipairs(wrong) do
    local what, changes, field = table.unpack(row)
    it("is not made of the wrong shape: " .. what, function()
      local failure = loopback.refused(commvault, vault_with(changes))
      assert.truthy(loopback.detail(failure, field), tostring(failure))
    end)
  end

  it("says which kind it has to be", function()
    local failure = loopback.refused(commvault,
      vault_with { owners = { { userId = 1, __type__ = 15 } } })
    assert.equal("must be 13", loopback.detail(failure, "owners[1].__type__").message)
  end)
end)

describe("Commvault's settings in the environment", function()
  it("are token and base URL", function()
    local faulty <close> = server.start { { send = commvault.good() } }
    local said = interpreter.run({
      COMMVAULT_TOKEN = "from-the-environment",
      COMMVAULT_BASE_URL = faulty.url .. "/commandcenter/api/",
    }, [[
      local case = require("providers").commvault
      return case.create(assert(require("coffer").commvault {})) ~= nil
    ]])
    assert.same({ true }, said)
    local request = faulty:requests()[1]
    assert.equal(commvault.path, request.target)
    assert.equal("from-the-environment", request.headers.authtoken)
  end)
end)

describe("a vault's answer", function()
  it("needs no job where no endpoints were asked for", function()
    local vault, failure = loopback.answer(commvault, { changes = { addEndpointJob = false } })
    assert.is_nil(failure)
    assert.is_nil(vault.addEndpointJob)
    assert.equal(4711, vault.response.entity.clientId)
  end)

  it("may have a job of number 0, or null", function()
    for _, job in ipairs { "null", '{"jobId":0}', "{}", '{"jobId":null,"response":null}' } do
      local vault, failure = loopback.answer(commvault, { changes = { addEndpointJob = job } })
      assert.truthy(vault, job)
      assert.is_nil(failure, job)
    end
  end)

  it("may have a warning, and the vault is created", function()
    local vault, failure = loopback.answer(commvault, { changes = response {
      warningCode = "17", warningMessage = '"Low on space."',
    } })
    assert.is_nil(failure)
    assert.equal(17, vault.response.warningCode)
    assert.equal("Low on space.", vault.response.warningMessage)
  end)

  for _, fine in ipairs { "0", '"NO_ERROR"', '"0"', '""', "null", "false" } do
    it("is a success with the errorCode " .. fine, function()
      local code = fine ~= "false" and fine or false
      local vault, failure = loopback.answer(commvault, {
        changes = response { errorCode = code },
      })
      assert.truthy(vault)
      assert.is_nil(failure)
    end)
  end

  local job = '{"jobId":%s,"response":{"errorMessage":"No client.","errorCode":"INVALID_INPUT"}}'

  it("is a vault with a partial failure where its job could not start", function()
    local vault, failure, word = loopback.answer(commvault, {
      changes = { addEndpointJob = job:format "0" },
    })
    assert.equal(4711, vault.response.entity.clientId)
    assert.equal("partial", failure.code)
    assert.equal("partial", word)
    assert.same({ { code = "INVALID_INPUT", message = "No client." } }, failure.details)
    assert.equal(200, failure.status)
    assert.matches("commvault create_s3_vault: .*No client.*%[partial%]", tostring(failure))
  end)

  it("says what else to look for", function()
    local _, failure = loopback.answer(commvault, {
      changes = { addEndpointJob = job:format "null" },
    })
    assert.same({ clientName = answers.asked.vault }, failure.key)
  end)
end)

describe("an error inside Commvault's 200", function()
  it("is a refusal with code and message", function()
    local vault, failure, word = loopback.answer(commvault, {
      body = '{"response":{"errorCode":2,"errorMessage":"The plan is not there."}}',
    })
    assert.is_nil(vault)
    assert.equal("refused", failure.outcome)
    assert.equal("rejected", word)
    assert.equal(200, failure.status)
    assert.same({ { code = 2, message = "The plan is not there." } }, failure.details)
    assert.equal("integer", math.type(failure.details[1].code))
  end)

  for what, entity in pairs { ["no entity"] = false, ["a null entity"] = "null",
    ["an empty entity"] = "{}", ["entity 0"] = '{"clientId":0,"clientName":""}' } do
    it("is a refusal where there is " .. what, function()
      local _, failure = loopback.answer(commvault, { changes = response {
        errorCode = "2", errorMessage = '"No."', entity = entity,
      } })
      assert.equal("rejected", failure.code)
      assert.same({ { code = 2, message = "No." } }, failure.details)
    end)
  end

  it("does not hide a vault that is there", function()
    local vault, failure = loopback.answer(commvault, { changes = response {
      errorCode = "2", errorMessage = '"The role could not be given."',
    } })
    assert.equal(4711, vault.response.entity.clientId)
    assert.equal("partial", failure.code)
    assert.same({ { code = 2, message = "The role could not be given." } }, failure.details)
  end)

  it("may have its text in errorString", function()
    local _, failure = loopback.answer(commvault, {
      body = '{"response":{"errorCode":5,"errorString":"Denied."}}',
    })
    assert.same({ { code = 5, message = "Denied." } }, failure.details)
  end)

  it("may stand at the top", function()
    local _, failure = loopback.answer(commvault, {
      body = '{"errorMessage":"Session expired.","errorCode":5}',
    })
    assert.equal("refused", failure.outcome)
    assert.same({ { code = 5, message = "Session expired." } }, failure.details)
  end)

  it("is unknown where there is neither an error nor a vault", function()
    for _, body in ipairs { '{"response":{"errorCode":0}}', '{"response":{}}',
      '{"response":{"entity":{"clientName":"vault-one"}}}' } do
      local vault, failure = loopback.answer(commvault, { body = body })
      assert.is_nil(vault)
      assert.equal("unknown", failure.outcome)
      assert.equal("protocol", failure.code)
    end
  end)
end)

describe("a refusal of Commvault", function()
  local documented = {
    { 400, "rejected", "refused", 2 }, { 403, "forbidden", "refused", 5 },
    { 404, "not_found", "refused", "VALUE_NOT_FOUND" }, { 409, "conflict", "refused", 3 },
    { 500, "unavailable", "unknown", "INTERNAL_SERVER_PROBLEM" },
    { 401, "auth", "refused", 5 },
  }

  for _, row in ipairs(documented) do
    local status, code, outcome, own = table.unpack(row)
    it(("%d keeps the provider's code with its type: %s"):format(status, own), function()
      local failure = loopback.refuse(commvault, status, answers.commvault_error(own, "Told so."))
      assert.equal(code, failure.code)
      assert.equal(outcome, failure.outcome)
      assert.same({ { code = own, message = "Told so." } }, failure.details)
      assert.equal(math.type(own), math.type(failure.details[1].code))
    end)
  end

  local symbols = { "NO_ERROR", "INVALID_INPUT", "VALUE_NOT_FOUND", "UNKNOWN_EXCEPTION",
    "CONNECTION_PROBLEM", "UNKNOWN_SQL_ERROR", "INVALID_USER", "INVALID_OPERATION_TYPE",
    "INTERNAL_SERVER_PROBLEM", "INSUFFICIENT_USER_PERMISSION_ON_ENTITY", "INVALID_ENTITY_ID",
    "REFRESH_TOKEN_EXPIRED" }

  for _, symbol in ipairs(symbols) do
    it("keeps a code that is a name: " .. symbol, function()
      local failure = loopback.refuse(commvault, 404, answers.commvault_error(symbol))
      assert.equal(symbol, failure.details[1].code)
    end)
  end

  local shapes = {
    ["inside response"] = '{"response":{"errorCode":5,"errorMessage":"Denied."}}',
    ["inside error"] = '{"error":{"errorCode":5,"errorMessage":"Denied."}}',
    ["in errList"] = '{"errList":[{"errorCode":5,"errLogMessage":"Denied."}]}',
    ["in error.errList"] = '{"error":{"errList":[{"errorCode":5,"errLogMessage":"Denied."}]}}',
    ["in a list of responses"] = '{"response":[{"errorCode":5,"errorString":"Denied."}]}',
  }

  for what, body in pairs(shapes) do
    it("is told wherever its other pages have it: " .. what, function()
      local failure = loopback.refuse(commvault, 401, body)
      assert.same({ { code = 5, message = "Denied." } }, failure.details)
    end)
  end
end)
