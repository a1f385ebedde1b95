-- What a user is told when something went wrong: every field of a failure, and every code.

local answers = require "answers"
local coffer = require "coffer"
local expect = require "expect"
local loopback = require "loopback"
local providers = require "providers"
local server = require "server"

local clumio, astra = providers.clumio, providers.astra

local function wallet_refused(status, options)
  return loopback.refuse(clumio, status, answers.clumio_error(359, "no such thing"), options)
end

describe("a failure", function()
  it("comes with nil before it and its code behind it", function()
    local wallet, failure, code, nothing = loopback.answer(clumio, { status = 403, body = "{}" })
    assert.is_nil(wallet)
    assert.equal("table", type(failure))
    assert.equal("forbidden", code)
    assert.is_nil(nothing)
  end)

  it("reads as one line wherever text is wanted", function()
    local failure = wallet_refused(403)
    local line = "clumio create_wallet: not permitted (HTTP 403): no such thing (359) [forbidden]"
    assert.equal(line, tostring(failure))
    assert.equal("stopped: " .. line, "stopped: " .. failure)
    assert.equal(line .. "!", failure .. "!")
    assert.equal(line, ("%s"):format(failure))
  end)

  it("stays one line of bounded length, whatever the provider says", function()
    local said = ("\\n\\u001b[31m\\u0000é"):rep(1000)
    local body = '{"errors":[{"error_code":1,"error_message":"' .. said .. '"}]}'
    local line = tostring(loopback.refuse(clumio, 400, body))
    assert.is_nil(line:find "%c")
    assert.is_true(#line <= 400)
    assert.truthy(utf8.len(line), "cut within a character")
  end)

  it("ends with its code and what to look for, however long the provider's text is", function()
    local _, failure = loopback.answer(clumio, { status = 500,
      body = ('{"errors":[{"error_message":"%s"}]}'):format(("long "):rep(500)) })
    assert.matches("%.%.%. %[unavailable%] %- the outcome is unknown: look for "
      .. "account_native_id = 123456789012$", tostring(failure))
    assert.is_true(#tostring(failure) <= 400)
  end)

  it("says that its outcome is unknown where there is nothing to look for", function()
    local _, failure = loopback.answer(providers.commvault, { status = 500, body = "{}" },
      function(client)
        return client:renew_access_token { accessToken = "a", refreshToken = "r" }
      end)
    assert.matches("[unavailable] - the outcome is unknown", tostring(failure), 1, true)
  end)

  it("keeps the whole text in its details", function()
    local said = ("long "):rep(1000)
    local failure = loopback.refuse(clumio, 400, answers.clumio_error(1, said))
    assert.equal(said, failure.details[1].message)
  end)

  it("can be thrown and caught as it is", function()
    local failure = wallet_refused(403)
    local _, caught = pcall(error, failure)
    assert.equal(failure, caught)
  end)

  it("names its type", function()
    assert.equal("coffer.failure", getmetatable(wallet_refused(403)).__name)
  end)

  it("names provider and operation", function()
    for _, case in ipairs(providers.calls) do
      local failure = loopback.refuse(case, 403, "{}")
      assert.equal(case.provider, failure.provider)
      assert.equal(case.operation, failure.operation)
    end
  end)

  it("has a message without provider, operation and code", function()
    local message = wallet_refused(403).message
    assert.equal("not permitted (HTTP 403): no such thing (359)", message)
  end)

  it("has the HTTP status as an integer", function()
    local status = wallet_refused(404).status
    assert.equal(404, status)
    assert.equal("integer", math.type(status))
  end)

  it("has no status where there was no answer", function()
    local faulty <close> = server.start {}
    local _, failure = clumio.create(clumio.client(faulty.url))
    assert.is_nil(failure.status)
  end)

  it("has details in every case, a list", function()
    assert.same({}, loopback.refuse(clumio, 500, "").details)
    assert.equal(1, #wallet_refused(403).details)
  end)

  it("counts the attempts", function()
    assert.equal(1, wallet_refused(403).attempts)
  end)

  it("has the request id of the provider's own body", function()
    local failure = loopback.refuse(astra, 409, answers.astra_problem(409))
    assert.equal("2f1a9b3c-0000-4000-8000-000000000001", failure.request_id)
  end)

  it("has the request id of a header otherwise", function()
    assert.equal("r-17", wallet_refused(500, { headers = { "X-Request-Id: r-17" } }).request_id)
  end)

  it("has when to come back, in seconds", function()
    local failure = wallet_refused(503, { headers = { "Retry-After: 17" } })
    assert.equal(17, failure.retry_after)
    assert.equal("integer", math.type(failure.retry_after))
  end)

  it("has when to come back where it is a date", function()
    local date = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 60)
    local failure = wallet_refused(503, { headers = { "Retry-After: " .. date } })
    assert.is_true(failure.retry_after >= 50 and failure.retry_after <= 60)
  end)

  it("has 0 where that date is past", function()
    local headers = { "Retry-After: Fri, 04 Oct 2019 07:11:55 GMT" }
    assert.equal(0, wallet_refused(503, { headers = headers }).retry_after)
  end)

  for value, seconds in pairs { ["0"] = 0, ["1000000000000"] = 1000000000000,
    [("9"):rep(20)] = math.maxinteger } do
    it("hands back when to come back as it was told: " .. value, function()
      local headers = { "Retry-After: " .. value }
      assert.equal(seconds, wallet_refused(429, { headers = headers }).retry_after)
    end)
  end

  for _, value in ipairs { "-1", "abc", "1.5", "" } do
    it("ignores when to come back where it is nonsense: '" .. value .. "'", function()
      assert.is_nil(wallet_refused(503, { headers = { "Retry-After: " .. value } }).retry_after)
    end)
  end

  it("ignores a header whose name only begins like another's", function()
    local failure = wallet_refused(503, { headers = { "Retry-After-Hint: 5",
      "X-Request-Id-Of-Proxy: p" } })
    assert.is_nil(failure.retry_after)
    assert.is_nil(failure.request_id)
  end)

  local kinds = {
    ["a refusal with all headers"] = function()
      return loopback.refuse(astra, 409, answers.astra_problem(409), {
        headers = { "Retry-After: 3", "Location: https://example.com" },
      })
    end,
    ["a redirect"] = function()
      return loopback.refuse(clumio, 302, "", { headers = { "Location: https://example.com" } })
    end,
    ["a page of a proxy"] = function()
      return loopback.refuse(clumio, 200, "<html>", { headers = { "Content-Type: text/html" } })
    end,
    ["a 429"] = function() return wallet_refused(429) end,
    ["a success without a body"] = function()
      return loopback.refuse(clumio, 204, "", { headers = { "Location: https://example.com" } })
    end,
    ["no connection"] = function()
      return select(2, clumio.create(clumio.client "http://127.0.0.1:1"))
    end,
    ["wrong parameters"] = function()
      return select(2, clumio.client("http://127.0.0.1:1"):create_wallet {})
    end,
    ["a token file that is not there"] = function()
      return select(2, coffer.clumio { token_file = "/nowhere/token" }:list_wallets())
    end,
    ["a token function that raises"] = function()
      return select(2, clumio.create(clumio.client("http://127.0.0.1:1", {
        token = function() error "no" end,
      })))
    end,
    ["a partial success"] = function()
      return select(2, loopback.answer(providers.ecl, { changes = { SecretKey = false } }))
    end,
    ["a look that fails"] = function()
      return select(2, clumio.client("http://127.0.0.1:1"):ensure_wallet "123456789012")
    end,
    ["an error in a map"] = function()
      return select(2, coffer.map({ 1 }, function() error "here" end))[1]
    end,
  }
  for kind, make in pairs(kinds) do
    it("has no field that is not documented: " .. kind, function()
      local failure = make()
      assert.equal("coffer.failure", getmetatable(failure).__name)
      expect.documented(failure)
    end)
  end
end)

describe("the outcome", function()
  local statuses = {
    { 300, "unknown", "protocol" }, { 301, "unknown", "protocol" }, { 302, "unknown", "protocol" },
    { 303, "unknown", "protocol" }, { 304, "unknown", "protocol" }, { 307, "refused", "protocol" },
    { 308, "refused", "protocol" },
    { 400, "refused", "rejected" }, { 401, "refused", "auth" }, { 403, "refused", "forbidden" },
    { 404, "refused", "not_found" }, { 405, "refused", "rejected" },
    { 406, "refused", "rejected" }, { 408, "unknown", "timeout" }, { 409, "refused", "conflict" },
    { 410, "refused", "rejected" }, { 412, "refused", "rejected" },
    { 413, "refused", "rejected" }, { 414, "refused", "rejected" },
    { 415, "refused", "rejected" }, { 418, "refused", "rejected" },
    { 422, "refused", "rejected" }, { 429, "refused", "throttled" }, { 499, "refused", "rejected" },
    { 500, "unknown", "unavailable" }, { 501, "refused", "rejected" },
    { 502, "unknown", "unavailable" }, { 503, "unknown", "unavailable" },
    { 504, "unknown", "unavailable" }, { 505, "refused", "rejected" },
    { 520, "unknown", "unavailable" }, { 527, "unknown", "unavailable" },
    { 599, "unknown", "unavailable" }, { 600, "unknown", "protocol" },
    { 999, "unknown", "protocol" },
  }

  for _, row in ipairs(statuses) do
    local status, outcome, code = table.unpack(row)
    it(("of HTTP %d is %s, with the code %s"):format(status, outcome, code), function()
      for _, case in ipairs(providers.creates) do
        local failure = loopback.refuse(case, status, "{}")
        assert.equal(outcome, failure.outcome)
        assert.equal(code, failure.code)
        assert.equal(status, failure.status)
      end
    end)
  end

  it("of an input that was not sent is not_sent", function()
    local failure = loopback.refused(clumio, function(client)
      return client:create_wallet {}
    end)
    assert.equal("not_sent", failure.outcome)
  end)

  it("of a port that nobody listens on is not_sent", function()
    local url
    do
      local faulty <close> = server.start {}
      url = faulty.url
    end
    local _, failure = clumio.create(clumio.client(url, { attempts = 1 }))
    assert.equal("not_sent", failure.outcome)
    assert.equal("unreachable", failure.code)
  end)

  it("of an answer that is missing is unknown", function()
    local faulty <close> = server.start {}
    local _, failure = clumio.create(clumio.client(faulty.url))
    assert.equal("unknown", failure.outcome)
    assert.equal("unreachable", failure.code)
    assert.equal(1, faulty:creates())
  end)

  for _, status in ipairs { 200, 201, 202 } do
    it("is a result where a success is whole: " .. status, function()
      assert(loopback.answer(clumio, { status = status }))
    end)
  end

  it("is unknown where a success has nothing to read: 204", function()
    local _, failure = loopback.answer(clumio, { status = 204, body = "" })
    assert.equal("unknown", failure.outcome)
    assert.equal("protocol", failure.code)
  end)
end)

describe("what to look for", function()
  local keys = {
    { clumio, { account_native_id = answers.asked.account_native_id } },
    { providers.commvault, { clientName = answers.asked.vault } },
    { providers.ecl, { tenant_id = answers.asked.tenant_id } },
    { astra, { name = answers.asked.account } },
  }

  for _, row in ipairs(keys) do
    local case, key = row[1], row[2]
    it("is told where the outcome is unknown: " .. case.name, function()
      local failure = loopback.refuse(case, 500, "")
      assert.same(key, failure.key)
      local name, value = next(key)
      assert.matches(("look for %s = %s"):format(name, value), tostring(failure), 1, true)
    end)
  end

  it("has the region as well where one was given: clumio", function()
    local _, failure = loopback.answer(clumio, { status = 500 }, function(client)
      return client:create_wallet { account_native_id = "123456789012", aws_region = "us-east-1" }
    end)
    assert.same({ account_native_id = "123456789012", aws_region = "us-east-1" }, failure.key)
  end)

  it("is the call's own where that has precedence: ecl", function()
    local _, failure = loopback.answer(providers.ecl, { status = 500 }, function(client)
      return client:create_account { tenant_id = "another" }
    end)
    assert.same({ tenant_id = "another" }, failure.key)
  end)

  it("is not what the line ends with where nothing is unknown", function()
    assert.is_nil(tostring(wallet_refused(403)):find "look for")
  end)
end)

describe("a redirect", function()
  it("is a failure that names the host, and nothing else of where it leads", function()
    local failure = wallet_refused(302, {
      headers = { "Location: https://user:pw@elsewhere.example/path?token=1" },
    })
    assert.matches("elsewhere.example", failure.message, 1, true)
    for _, word in ipairs { "user", "pw", "path", "token=1" } do
      assert.is_nil(failure.message:find(word, 1, true))
    end
  end)
end)

describe("a body that is not the provider's", function()
  it("is told by its media type", function()
    local failure = loopback.refuse(clumio, 502, "<html>canary</html>", { type = "text/html" })
    assert.matches("(HTTP 502, text/html)", failure.message, 1, true)
    assert.is_nil(tostring(failure):find "canary")
  end)

  it("is told where a success was promised", function()
    local _, failure = loopback.answer(clumio, { type = "text/html", body = "<html>" })
    assert.equal("unknown", failure.outcome)
    assert.matches("text/html", failure.message, 1, true)
  end)

  it("is told by place where JSON breaks off", function()
    local _, failure = loopback.answer(clumio, { body = '{"id":"w-1","stack_version":three}' })
    assert.matches("/stack_version not a JSON value (byte", failure.message, 1, true)
  end)

  for _, body in ipairs { "null", "[]", "5", '""', "[[]]", '{"errors":5}', '{"errors":[5]}',
    '{"errors":[{}]}', '{"errors":{"error_code":[]}}' } do
    it("has no details where it has none: " .. body, function()
      local failure = loopback.refuse(clumio, 400, body)
      assert.equal("rejected", failure.code)
      assert.same({}, failure.details)
    end)
  end
end)

describe("a partial success", function()
  it("gives the thing, the failure and its code", function()
    local account, failure, code = loopback.answer(providers.ecl, {
      changes = { SecretKey = false },
    })
    assert.equal(12345, account.AcctNum)
    assert.equal("partial", failure.code)
    assert.equal("partial", code)
    assert.equal(200, failure.status)
    assert.equal(1, failure.attempts)
    assert.not_nil(coffer.response(failure))
  end)
end)
