-- NTT Enterprise Cloud: the request without a body, the secrets that are told once, and errors in
-- all the shapes that its layers have.

local answers = require "answers"
local coffer = require "coffer"
local interpreter = require "interpreter"
local loopback = require "loopback"
local providers = require "providers"
local server = require "server"

local ecl = providers.ecl

local function account_with(changes)
  return loopback.answer(ecl, { changes = changes })
end

describe("a request to ECL", function()
  it("has no body, a length of 0, Accept and the token", function()
    local request = loopback.sent(ecl)
    assert.equal("POST", request.method)
    assert.equal("/ecl-objectstorage/tenants/" .. answers.asked.tenant_id .. "/account",
      request.target)
    assert.equal("0", request.headers["content-length"])
    assert.equal("application/json", request.headers.accept)
    assert.equal(ecl.token, request.headers["x-auth-token"])
    assert.is_nil(request.headers.authorization)
    assert.equal(0, request.body_size)
  end)

  it("is of no form", function()
    local kind = loopback.sent(ecl).headers["content-type"]
    assert.is_true(kind == nil or kind == "application/json")
  end)

  it("goes to api.ntt.com where no base URL is given", function()
    local client = coffer.ecl { token = "t", tenant_id = "x" }
    assert.equal("coffer.ecl (https://api.ntt.com/ecl-objectstorage)", tostring(client))
  end)
end)

describe("ECL's settings in the environment", function()
  local CHILD = [[
    local client = assert(require("coffer").ecl {})
    return client:create_account() ~= nil
  ]]

  --- What a child's create with this environment sends.
  local function sent(environment)
    local faulty <close> = server.start { { send = ecl.good { changes = { AcctName = false } } } }
    environment.ECL_BASE_URL = faulty.url
    assert.same({ true }, interpreter.run(environment, CHILD))
    return faulty:requests()[1]
  end

  it("are token, tenant and base URL", function()
    local request = sent { OS_TOKEN = "one", OS_PROJECT_ID = "p", OS_TENANT_ID = "" }
    assert.equal("one", request.headers["x-auth-token"])
    assert.equal("/tenants/p/account", request.target)
  end)

  it("are known by their older names", function()
    local request = sent { OS_TOKEN = "", OS_AUTH_TOKEN = "two", OS_PROJECT_ID = "",
      OS_TENANT_ID = "t" }
    assert.equal("two", request.headers["x-auth-token"])
    assert.equal("/tenants/t/account", request.target)
  end)

  it("are taken by their newer names where both are there", function()
    local request = sent { OS_TOKEN = "one", OS_AUTH_TOKEN = "two", OS_PROJECT_ID = "p",
      OS_TENANT_ID = "t" }
    assert.equal("one", request.headers["x-auth-token"])
    assert.equal("/tenants/p/account", request.target)
  end)
end)

describe("an account's answer", function()
  it("has both secrets as secrets, and the rest as it is", function()
    local account = assert(account_with {})
    assert.equal(answers.canaries.password, account.Password:reveal())
    assert.equal(answers.canaries.secret_key, account.SecretKey:reveal())
    assert.equal("RS8CYARTT5RHIJ92JBJS", account.AccessKey)
    assert.equal("2019-10-04T07:11:55.000+00:00", account.CreateTime)
  end)

  for text, number in pairs { ["12345"] = 12345, ['"12345"'] = 12345, ["9007199254740993"] =
    9007199254740993, ['"9007199254740993"'] = 9007199254740993 } do
    it("has the number as an integer: " .. text, function()
      local account = assert(account_with { AcctNum = text })
      assert.equal(number, account.AcctNum)
      assert.equal("integer", math.type(account.AcctNum))
    end)
  end

  for _, text in ipairs { '"12a"', '""', '" 12"', '"-1"', '"0x10"', '"1e3"', "1.5", "true", "null",
    '"99999999999999999999"' } do
    it("is unknown where the number is none: " .. text, function()
      local account, failure = account_with { AcctNum = text }
      assert.is_nil(account)
      assert.equal("unknown", failure.outcome)
      assert.equal("protocol", failure.code)
    end)
  end

  for _, name in ipairs { "SecretKey", "Password" } do
    local other = name == "SecretKey" and "Password" or "SecretKey"
    for what, json in pairs { ["is missing"] = false, ["is empty"] = '""', ["is null"] = "null",
      ["is a number"] = "5", ["is an object"] = "{}", ["is true"] = "true" } do
      it(("keeps what it has where %s %s"):format(name, what), function()
        local account, failure, word = account_with { [name] = json }
        assert.equal(12345, account.AcctNum)
        assert.equal("RS8CYARTT5RHIJ92JBJS", account.AccessKey)
        assert.matches("^canary", account[other]:reveal())
        assert.equal("partial", failure.code)
        assert.equal("partial", word)
        assert.matches(name, failure.message, 1, true)
        assert.is_nil(failure.message:find(other, 1, true))
      end)
    end
  end

  it("names both secrets where both are lost", function()
    local account, failure = account_with { Password = false, SecretKey = false }
    assert.equal(12345, account.AcctNum)
    assert.matches("Password, SecretKey", failure.message, 1, true)
  end)

  it("is given with its secrets where it names another tenant, which is told", function()
    local account, incomplete = account_with { AcctName = '"another@ecl.ntt.com"' }
    assert.equal(answers.canaries.secret_key, account.SecretKey:reveal())
    assert.equal("partial", incomplete.code)
    assert.matches("names another", incomplete.message, 1, true)
    assert.equal("AcctName", incomplete.details[1].field)
  end)

  for what, name in pairs {
    ["in capitals"] = answers.asked.tenant_id:upper() .. "@ECL.NTT.COM",
    ["with dashes"] = answers.asked.tenant_id:gsub("^(%x%x%x%x%x%x%x%x)", "%1-") .. "@ecl.ntt.com",
  } do
    it("names the same tenant " .. what, function()
      local account, incomplete = account_with { AcctName = ('"%s"'):format(name) }
      assert.equal(name, account.AcctName)
      assert.is_nil(incomplete)
    end)
  end

  it("is the tenant's where its name has another form", function()
    assert(account_with { AcctName = '"robot@example.com"' })
    assert(account_with { AcctName = "null" })
  end)
end)

describe("a refusal of ECL", function()
  local documented = {
    { 400, "rejected" }, { 401, "auth" }, { 403, "forbidden" }, { 404, "not_found" },
    { 409, "conflict" },
  }
  local shapes = {
    ["the gateway's"] = '{"fault":{"faultstring":"Told so."}}',
    ["the IAM's"] = '{"errorMessage":"Told so."}',
    ["Keystone's"] = '{"error":{"message":"Told so.","code":%d,"title":"Title"}}',
    ["a service's"] = '{"itemNotFound":{"message":"Told so.","code":%d}}',
    ["a plain message"] = '{"message":"Told so."}',
    ["an error in words"] = '{"error":"Told so."}',
    ["a reason"] = '{"reason":"Told so."}',
    ["a cause"] = '{"cause":"Told so."}',
    ["the storage's"] = '{"api_error_message":"Told so."}',
  }

  for _, row in ipairs(documented) do
    local status, code = row[1], row[2]
    for what, body in pairs(shapes) do
      it(("%d is told in whatever shape it comes: %s"):format(status, what), function()
        local failure = loopback.refuse(ecl, status, (body:gsub("%%d", tostring(status))))
        assert.equal("refused", failure.outcome)
        assert.equal(code, failure.code)
        assert.equal(1, #failure.details)
        assert.equal("Told so.", failure.details[1].message)
        assert.equal(body:find "%%d" and status or nil, failure.details[1].code)
      end)
    end
  end

  it("is told where the body is no JSON", function()
    local failure = loopback.refuse(ecl, 403, "Forbidden", { type = "text/plain" })
    assert.equal("forbidden", failure.code)
    assert.matches("text/plain", failure.message, 1, true)
    assert.equal("Forbidden", coffer.response(failure).body)
  end)
end)
