-- Clumio: regions, headers, wallets in each state, and the failures of its pages.

local answers = require "answers"
local coffer = require "coffer"
local interpreter = require "interpreter"
local loopback = require "loopback"
local providers = require "providers"
local server = require "server"

local clumio, refresh = providers.clumio, providers.refresh

local UNIT = "00000000-0000-0000-0000-000000000000"

local function base_url(options)
  return tostring(coffer.clumio(options)):match "%((.*)%)"
end

describe("a region of Clumio", function()
  local regions = {
    ["us-west-2"] = "https://us-west-2.api.clumio.com",
    ["us-east-1"] = "https://us-east-1.api.clumio.com",
    ["ca-central-1"] = "https://ca-central-1.ca.api.clumio.com",
    ["eu-central-1"] = "https://eu-central-1.de.api.clumio.com",
    ["ap-southeast-2"] = "https://ap-southeast-2.au.api.clumio.com",
  }

  for region, url in pairs(regions) do
    it("is a host of its own: " .. region, function()
      assert.equal(url, base_url { token = "t", region = region })
    end)
  end

  it("is us-west-2 where none is given", function()
    assert.equal("https://us-west-2.api.clumio.com", base_url { token = "t" })
  end)

  for _, wrong in ipairs { "us-west2", "eu-central", "US-EAST-1" } do
    it("raises where it is not in the table, with all of them: " .. wrong, function()
      local done, said = pcall(coffer.clumio, { token = "t", region = wrong })
      assert.is_false(done)
      assert.matches(("option 'region' has no region '%s', there are us-west-2, us-east-1, ")
        :format(wrong), said, 1, true)
    end)
  end

  for _, wrong in ipairs { "evil.example.com", "", "us-west-2.evil.example", "us-west-2/../x" } do
    it("is never taken for a host: '" .. wrong .. "'", function()
      assert.has_error(function() coffer.clumio { token = "t", region = wrong } end)
    end)
  end

  it("gives way to no other host but an explicit base URL", function()
    assert.equal("https://clumio.example", base_url { token = "t",
      base_url = "https://clumio.example" })
  end)

  it("is not given together with a base URL", function()
    local done, said = pcall(coffer.clumio,
      { token = "t", region = "us-west-2", base_url = "https://clumio.example" })
    assert.is_false(done)
    assert.matches("give option 'region' or option 'base_url', not both", said, 1, true)
  end)
end)

describe("a request to Clumio", function()
  it("has the versioned media type and the token", function()
    local headers = loopback.sent(clumio).headers
    assert.equal("application/api.clumio.wallets=v1+json", headers.accept)
    assert.equal("application/json", headers["content-type"])
    assert.equal("Bearer " .. clumio.token, headers.authorization)
  end)

  it("has neither body nor Content-Type where it is a refresh", function()
    local request = loopback.sent(refresh)
    assert.equal("POST", request.method)
    assert.equal("0", request.headers["content-length"])
    assert.is_nil(request.headers["content-type"])
    assert.equal(0, request.body_size)
  end)

  it("has aws_region only where it is given", function()
    assert.is_nil(loopback.sent(clumio).fields.aws_region)
    local request = loopback.sent(clumio, function(client)
      return client:create_wallet { account_native_id = "123456789012", aws_region = "us-east-1" }
    end)
    assert.equal("us-east-1", request.fields.aws_region)
  end)

  it("names the organizational unit only where it is given", function()
    local name = "x-clumio-organizationalunit-context"
    assert.is_nil(loopback.sent(clumio).headers[name])
    assert.equal(UNIT, loopback.sent(clumio, nil, { organizational_unit = UNIT }).headers[name])
    assert.equal(UNIT, loopback.sent(refresh, nil, { organizational_unit = UNIT }).headers[name])
  end)
end)

describe("Clumio's settings in the environment", function()
  local CHILD = [[
    local client, failure = require("coffer").clumio(...)
    if not client then
      return false, failure.code, tostring(failure)
    end
    return tostring(client), client:create_wallet "123456789012" ~= nil
  ]]

  it("are token, base URL and organizational unit", function()
    local faulty <close> = server.start { { send = clumio.good() } }
    local said = interpreter.run({
      CLUMIO_API_TOKEN = "from-the-environment",
      CLUMIO_API_BASE_URL = faulty.url,
      CLUMIO_ORGANIZATIONAL_UNIT_CONTEXT = UNIT,
    }, CHILD)
    assert.same({ "coffer.clumio (" .. faulty.url .. ")", true }, said)
    local headers = faulty:requests()[1].headers
    assert.equal("Bearer from-the-environment", headers.authorization)
    assert.equal(UNIT, headers["x-clumio-organizationalunit-context"])
  end)

  it("give way to options", function()
    local faulty <close> = server.start { { send = clumio.good() } }
    local said = interpreter.run({
      CLUMIO_API_TOKEN = "from-the-environment",
      CLUMIO_API_BASE_URL = "https://example.com",
      CLUMIO_ORGANIZATIONAL_UNIT_CONTEXT = "from-the-environment",
    }, CHILD, { token = "mine", base_url = faulty.url, organizational_unit = UNIT })
    assert.is_true(said[2])
    assert.equal("Bearer mine", faulty:requests()[1].headers.authorization)
    assert.equal(UNIT, faulty:requests()[1].headers["x-clumio-organizationalunit-context"])
  end)

  it("give way to a region", function()
    local said = interpreter.run({ CLUMIO_API_BASE_URL = "https://example.com" },
      [[return tostring(require("coffer").clumio { token = "t", region = "us-east-1" })]])
    assert.same({ "coffer.clumio (https://us-east-1.api.clumio.com)" }, said)
  end)

  for name, value in pairs { CLUMIO_API_BASE_URL = "http://example.com", CLUMIO_API_TOKEN =
    "canary\127", CLUMIO_ORGANIZATIONAL_UNIT_CONTEXT = " x" } do
    it("are a failure where they are wrong, not an error: " .. name, function()
      local environment = { CLUMIO_API_TOKEN = "t", [name] = value }
      local said = interpreter.run(environment, CHILD)
      assert.equal("config", said[2])
      assert.matches(name, said[3], 1, true)
      assert.is_nil(said[3]:find "canary")
    end)
  end
end)

describe("a wallet's answer", function()
  it("may tell of an error, and the wallet is created all the same", function()
    local wallet, failure = loopback.answer(clumio, { changes = {
      state = '"Error"', error_code = '"access_denied"', error_message = '"Cannot reach the key."',
      key_errors = '{"us-east-1":{"error_code":"denied","error_message":"No."}}',
    } })
    assert.is_nil(failure)
    assert.equal("Error", wallet.state)
    assert.equal("access_denied", wallet.error_code)
    assert.equal("Cannot reach the key.", wallet.error_message)
    assert.equal("denied", wallet.key_errors["us-east-1"].error_code)
    assert.equal("clumio wallet w-1 (Error)", tostring(wallet))
  end)

  it("may have a state that nobody knows", function()
    assert.equal("Odd", assert(loopback.answer(clumio, { changes = { state = '"Odd"' } })).state)
  end)

  it("has links as data", function()
    local wallet = assert(loopback.answer(clumio))
    assert.equal("/wallets/w-1/_refresh", wallet._links["refresh-wallet"].href)
    assert.equal("post", wallet._links["refresh-wallet"].type)
    assert.is_false(wallet._links["refresh-wallet"].templated)
  end)

  it("is of unknown outcome where it is about another account", function()
    local wallet, failure = loopback.answer(clumio, {
      changes = { account_native_id = '"210987654321"' },
    })
    assert.is_nil(wallet)
    assert.equal("unknown", failure.outcome)
    assert.equal("protocol", failure.code)
    assert.matches("another account_native_id", failure.message, 1, true)
  end)

  it("is the refreshed wallet's, whatever its id", function()
    local wallet = assert(loopback.answer(refresh, { changes = { state = '"Enabled"' } }))
    assert.equal("Enabled", wallet.state)
  end)
end)

describe("a refusal of Clumio", function()
  local documented = {
    { 400, "rejected", "refused" }, { 401, "auth", "refused" }, { 403, "forbidden", "refused" },
    { 404, "not_found", "refused" }, { 409, "conflict", "refused" },
    { 412, "rejected", "refused" }, { 429, "throttled", "refused" },
    { 500, "unavailable", "unknown" },
  }

  for _, row in ipairs(documented) do
    local status, code, outcome = table.unpack(row)
    for _, case in ipairs { clumio, refresh } do
      it(("%d has the provider's own code and text: %s"):format(status, case.operation), function()
        local failure = loopback.refuse(case, status, answers.clumio_error(359, "no such luck"))
        assert.equal(code, failure.code)
        assert.equal(outcome, failure.outcome)
        assert.same({ { code = 359, message = "no such luck" } }, failure.details)
        assert.equal("integer", math.type(failure.details[1].code))
        assert.matches("no such luck (359)", failure.message, 1, true)
      end)
    end
  end

  it("may list several errors, all of which are told", function()
    local failure = loopback.refuse(clumio, 400, [[{"errors":[
      {"error_code":101,"error_message":"first"},{"error_code":102,"error_message":"second"},
      {"error_code":103},{"error_message":"fourth"},{"error_code":4294967295,"error_message":""}
    ]}]])
    assert.same({ { code = 101, message = "first" }, { code = 102, message = "second" },
      { code = 103 }, { message = "fourth" }, { code = 4294967295, message = "" } },
      failure.details)
    assert.matches("first (101); second (102); ", failure.message, 1, true)
    assert.matches("and 2 more", failure.message, 1, true)
  end)

  it("keeps a code that is a name, as inside a wallet", function()
    local failure = loopback.refuse(clumio, 400, '{"errors":[{"error_code":"denied"}]}')
    assert.same({ { code = "denied" } }, failure.details)
  end)
end)
