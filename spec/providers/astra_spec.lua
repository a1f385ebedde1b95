-- Astra Control: what is filled in, names and labels, problems with all their members.

local answers = require "answers"
local coffer = require "coffer"
local interpreter = require "interpreter"
local loopback = require "loopback"
local providers = require "providers"
local server = require "server"

local astra = providers.astra

local function account(parameters)
  return function(client)
    return client:create_account(parameters)
  end
end

--- The call with an answer that is about this name.
local function sent_name(name)
  return loopback.sent(astra, function(client)
    client:create_account { name = name }
    return true
  end).fields.name
end

describe("a request to Astra", function()
  it("has its media type, its token, and type and version filled in", function()
    local request = loopback.sent(astra)
    assert.equal("application/astra-account+json", request.headers.accept)
    assert.equal("application/astra-account+json", request.headers["content-type"])
    assert.equal("Bearer " .. astra.token, request.headers.authorization)
    assert.same({ type = "application/astra-account", version = "1.0", name = "Testing 123" },
      request.fields)
  end)

  it("may have type and version given, as they are", function()
    local fields = loopback.sent(astra, account {
      name = "Testing 123", type = "application/astra-account", version = "1.0",
    }).fields
    assert.equal("1.0", fields.version)
  end)

  for _, version in ipairs { "1.1", "2.0", "1", "", 1.0, 1 } do
    it(("has no other version: %q"):format(version), function()
      local failure = loopback.refused(astra, account { name = "x", version = version })
      assert.equal('must be "1.0"', loopback.detail(failure, "version").message)
    end)
  end

  it("has no other type", function()
    local failure = loopback.refused(astra,
      account { name = "x", type = "application/astra-account+json" })
    assert.equal('must be "application/astra-account"', loopback.detail(failure, "type").message)
  end)

  it("has labels in order", function()
    local fields = loopback.sent(astra, account {
      name = "Testing 123",
      metadata = { labels = { { name = "b", value = "2" }, { name = "a", value = "" } } },
    }).fields
    assert.same({ { name = "b", value = "2" }, { name = "a", value = "" } },
      fields.metadata.labels)
  end)

  it("has an empty list of labels as a list", function()
    local body = loopback.sent(astra, account {
      name = "Testing 123", metadata = { labels = {} },
    }).body
    assert.matches('"metadata":{"labels":[]}', body, 1, true)
  end)

  for field, parameters in pairs {
    state = { name = "x", state = "active" },
    isEnabled = { name = "x", isEnabled = "true" },
    accountContact = { name = "x", accountContact = {} },
    ["metadata.label"] = { name = "x", metadata = { label = {} } },
    ["metadata.labels[1].key"] = { name = "x",
      metadata = { labels = { { name = "a", value = "b", key = "c" } } } },
    ["metadata.labels[1].value"] = { name = "x", metadata = { labels = { { name = "a" } } } },
    ["metadata.labels[2].value"] = { name = "x",
      metadata = { labels = { { name = "a", value = "b" }, { name = "a", value = 5 } } } },
    ["metadata.labels"] = { name = "x", metadata = { labels = { a = "b" } } },
  } do
    it("is refused before it is sent with what the schema does not have: " .. field, function()
      local failure = loopback.refused(astra, account(parameters))
      assert.truthy(loopback.detail(failure, field), tostring(failure))
    end)
  end
end)

describe("the name of an Astra account", function()
  local right = {
    ["a letter"] = "a", ["only blanks"] = "   ", ["an apostrophe"] = "O'Hara",
    ["a line end"] = "a\nb", ["a quote and a backslash"] = [["\]], ["a NUL"] = "a\0b",
    ["63 characters"] = ("x"):rep(63), ["63 characters of 4 bytes"] = ("\u{1f512}"):rep(63),
    ["another script"] = "戦略", ["what looks like an attack"] = "../<script>' OR 1=1 --",
  }

  for what, name in pairs(right) do
    it("arrives exactly: " .. what, function()
      assert.equal(name, sent_name(name))
    end)
  end

  for what, name in pairs { ["nothing"] = "", ["64 characters"] = ("x"):rep(64),
    ["64 KB"] = ("x"):rep(65536), ["64 characters of 3 bytes"] = ("戦"):rep(64), ["a number"] = 5,
    ["bytes that are no UTF-8"] = "a\xff" } do
    it("is refused before it is sent: " .. what, function()
      local failure = loopback.refused(astra, account { name = name })
      assert.equal(1, #failure.details)
      assert.equal("name", failure.details[1].field)
    end)
  end

  it("is required", function()
    local failure = loopback.refused(astra, account {})
    assert.equal("is required", loopback.detail(failure, "name").message)
  end)
end)

describe("Astra's settings in the environment", function()
  it("are token and base URL", function()
    local faulty <close> = server.start { { send = astra.good() } }
    local said = interpreter.run({
      ASTRA_TOKEN = "from-the-environment==", ASTRA_BASE_URL = faulty.url,
    }, [[
      return require("coffer").astra():create_account("Testing 123") ~= nil
    ]])
    assert.same({ true }, said)
    assert.equal("Bearer from-the-environment==", faulty:requests()[1].headers.authorization)
  end)
end)

describe("an account's answer", function()
  it("is an account, pending and not enabled", function()
    local made, failure = loopback.answer(astra)
    assert.is_nil(failure)
    assert.equal("pending", made.state)
    assert.equal("false", made.isEnabled)
    assert.equal("2020-08-06T12:24:52.256624Z", made.enabledTimestamp)
    assert.same({}, made.metadata.labels)
  end)

  for _, pair in ipairs { { "true", "true" }, { "false", "false" }, { '"true"', "true" } } do
    it("has isEnabled as the documented text, even from " .. pair[1], function()
      local made = assert(loopback.answer(astra, { changes = { isEnabled = pair[1] } }))
      assert.equal(pair[2], made.isEnabled)
    end)
  end

  it("may have a newer version", function()
    assert.equal("1.2", assert(loopback.answer(astra, { changes = { version = '"1.2"' } })).version)
  end)

  it("may have a contact with empty and absent parts", function()
    local made = assert(loopback.answer(astra, { changes = {
      accountContact = '{"firstName":"","postalAddress":{"addressCountry":""}}',
    } }))
    assert.equal("", made.accountContact.firstName)
    assert.equal("", made.accountContact.postalAddress.addressCountry)
    assert.is_nil(made.accountContact.email)
  end)

  it("is read with a status of 200 as well", function()
    assert(loopback.answer(astra, { status = 200, type = "application/json" }))
  end)
end)

describe("a problem of Astra", function()
  local documented = {
    { 401, "auth", 3, "Missing bearer token",
      "The request is missing the required bearer token." },
    { 400, "rejected", 5, "Invalid query parameters",
      "The supplied query parameters are invalid." },
    { 409, "conflict", 10, "JSON resource conflict",
      "The request body JSON contains a field that conflicts with an idempotent value." },
    { 403, "forbidden", 11, "Operation not permitted",
      "The requested operation isn't permitted." },
    { 404, "not_found", 2, "Collection not found",
      "The collection specified in the request URI wasn't found." },
  }

  for _, row in ipairs(documented) do
    local status, code, number, title, detail = table.unpack(row)
    it(("%d has the provider's own type, title and detail"):format(status), function()
      local body = ('{"type":"https://astra.netapp.io/problems/%d","title":%q,"detail":%q,'
        .. '"status":"%d"}'):format(number, title, detail, status)
      local failure = loopback.refuse(astra, status, body, { type = "application/problem+json" })
      assert.equal(code, failure.code)
      assert.equal("refused", failure.outcome)
      assert.same({ {
        code = "https://astra.netapp.io/problems/" .. number,
        message = title .. ": " .. detail,
      } }, failure.details)
      assert.is_nil(failure.request_id)
    end)
  end

  local function problem(status, changes)
    local body = answers.astra_problem(status, 9, changes)
    return loopback.refuse(astra, status, body, { type = "application/problem+json" })
  end

  it("keeps its invalid fields by name, and the correlation id", function()
    local failure = problem(400, {
      invalidFields = '[{"name":"name","reason":"too long"},{"name":"version","reason":"odd"}]',
    })
    assert.equal("too long", loopback.detail(failure, "name").message)
    assert.equal("odd", loopback.detail(failure, "version").message)
    assert.equal(3, #failure.details)
    assert.equal("2f1a9b3c-0000-4000-8000-000000000001", failure.request_id)
    assert.matches("name too long", tostring(failure), 1, true)
  end)

  it("keeps its invalid parameters", function()
    local failure = problem(400, { invalidParams = '[{"name":"skip","reason":"must be 1"}]' })
    assert.equal("must be 1", loopback.detail(failure, "skip").message)
  end)

  it("keeps what fails its schema", function()
    local failure = problem(400, { schemaValidationFailure = '"name is too long"' })
    assert.equal("name is too long", failure.details[2].message)
  end)

  it("keeps the problems inside", function()
    local failure = problem(400, { problemDetails = '[{"type":"https://astra.netapp.io/problems/8",'
      .. '"title":"Inner","detail":"Told so.","status":"400"}]' })
    assert.same({ code = "https://astra.netapp.io/problems/8", message = "Inner: Told so." },
      failure.details[2])
  end)

  it("keeps a type from elsewhere, which is never fetched", function()
    local elsewhere <close> = server.start {}
    local failure = problem(403, { type = '"' .. elsewhere.url .. '/problems/1"' })
    assert.equal(elsewhere.url .. "/problems/1", failure.details[1].code)
    assert.equal("forbidden", failure.code)
    assert.equal(0, #elsewhere:connections())
  end)

  it("is told by the HTTP status, whatever the body says", function()
    local failure = problem(403, { status = '"200"' })
    assert.equal(403, failure.status)
    assert.equal("forbidden", failure.code)
    assert.equal("refused", failure.outcome)
  end)

  it("is told where the body is another's", function()
    local failure = loopback.refuse(astra, 403, "x-pcloud-accountid is wrong",
      { type = "text/plain" })
    assert.equal("forbidden", failure.code)
    assert.same({}, failure.details)
    assert.equal("x-pcloud-accountid is wrong", coffer.response(failure).body)
  end)
end)
