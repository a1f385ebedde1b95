-- What people read of an answer: what gateways say is told, no secret is in it in whatever form it
-- is repeated, and nothing moves a terminal's cursor.

local answers = require "answers"
local coffer = require "coffer"
local core = require "coffer.core"
local loopback = require "loopback"
local providers = require "providers"
local server = require "server"

describe("what a gateway says", function()
  for _, row in ipairs {
    { '{"message":"Endpoint request timed out"}', "Endpoint request timed out" },
    { '{"Message":"User is not authorized"}', "User is not authorized" },
    { '{"error":"invalid_token","error_description":"The token expired"}', "The token expired" },
    { '{"type":"about:blank","title":"Forbidden","detail":"no such key"}', "no such key" },
    { '{"errors":[{"code":"E1","detail":"late"}]}', "late" },
    { '{"errors":["first","second"]}', "first; second" },
    { '{"error":{"code":401,"message":"denied"}}', "denied" },
    { '{"fault":{"faultstring":"over quota"}}', "over quota" },
    { '"Service Unavailable"', "Service Unavailable" },
    { '["Service Unavailable"]', "Service Unavailable" },
  } do
    for _, case in ipairs(providers.creates) do
      it(("is told: %s %s"):format(case.name, row[1]), function()
        local failure = loopback.refuse(case, 403, row[1], { type = "application/problem+json" })
        assert.matches(row[2], tostring(failure), 1, true)
      end)
    end
  end

  it("does not stand beside what the provider says in its own shape", function()
    local failure = loopback.refuse(providers.clumio, 403,
      '{"errors":[{"error_code":7,"error_message":"own"}],"message":"gateway"}')
    assert.same({ { code = 7, message = "own" } }, failure.details)
  end)

  for _, name in ipairs { "x-request-id", "x-openstack-request-id", "x-amzn-requestid",
    "x-amz-apigw-id", "x-correlation-id" } do
    it("has its request's ID in " .. name, function()
      local failure = loopback.refuse(providers.clumio, 502, "", { headers = { name .. ": r-1" } })
      assert.equal("r-1", failure.request_id)
    end)
  end

  it("has its request's ID where a success cannot be read, too", function()
    local _, failure = loopback.answer(providers.clumio,
      { body = "<html>", headers = { "X-Request-Id: r-2" } })
    assert.equal("r-2", failure.request_id)
  end)
end)

describe("a secret that an answer repeats", function()
  local TOKEN = [[canary+To/ken="1 é\9-abcdefgh]]
  TOKEN = TOKEN:gsub("[é\\ ]", "") -- what a header may have

  local function percent(text)
    return (text:gsub("[^%w]", function(byte) return ("%%%02X"):format(byte:byte()) end))
  end

  local function base64(text)
    return require("mime").b64(text)
  end

  local function each(text, form)
    return (text:gsub(".", function(byte) return form:format(byte:byte()) end))
  end

  local forms = {
    ["as it is"] = TOKEN,
    ["in capitals"] = TOKEN:upper(),
    ["with its scheme"] = "Bearer " .. TOKEN,
    ["percent-encoded"] = percent(TOKEN),
    ["percent-encoded in small letters"] = percent(TOKEN):lower(),
    ["percent-encoded twice"] = percent(percent(TOKEN)),
    ["all of it percent-encoded"] = each(TOKEN, "%%%02x"),
    ["escaped as JSON"] = TOKEN:gsub('["/]', [[\%0]]),
    ["escaped as JSON by numbers"] = each(TOKEN, [[\u%04x]]),
    ["escaped as HTML"] = TOKEN:gsub('"', "&quot;"):gsub("%+", "&#43;"),
    ["in base64"] = base64(TOKEN),
    ["in base64, of URLs"] = base64(TOKEN):gsub("%+", "-"):gsub("/", "_"):gsub("=", ""),
    ["in base64 with its scheme"] = base64("Bearer " .. TOKEN),
    ["in base64 with a user"] = base64("user:" .. TOKEN .. ":x"),
    ["in hexadecimal"] = each(TOKEN, "%02x"),
  }

  local function quoted(text)
    return '"' .. text:gsub('[\\"]', [[\%0]]) .. '"'
  end

  --- What can be found of the token in a text.
  local function leaks(text)
    text = text:lower()
    for _, form in pairs(forms) do
      for from = 1, #form - 11, 4 do
        if text:find(form:sub(from, from + 11):lower(), 1, true) then
          return form
        end
      end
    end
  end

  local function everything(value)
    local parts = { tostring(value) }
    for key, item in pairs(type(value) == "table" and value or {}) do
      parts[#parts + 1] = tostring(key) .. everything(item)
    end
    return table.concat(parts, "\n")
  end

  for what, form in pairs(forms) do
    it("is in no text of a failure: " .. what, function()
      local body = ('{"errors":[{"error_code":%s,"error_message":%s}]}'):format(
        quoted("x" .. form), quoted("the token '" .. form .. "' is bad"))
      local faulty <close> = server.start { { send = providers.clumio.good {
        status = 403, body = body, headers = { "X-Request-Id: " .. form } } } }
      local events = {}
      local client = providers.clumio.client(faulty.url, { token = TOKEN,
        log = function(_, _, fields) events[#events + 1] = fields end })
      local _, failure = client:create_wallet "123456789012"
      assert.equal("forbidden", failure.code)
      assert.matches("the token '", failure.message, 1, true)
      assert.is_nil(leaks(everything(failure)))
      assert.equal(1, #events)
      assert.is_nil(leaks(everything(events[1])))
    end)
  end

  it("is in no text where it is the password of a log-in", function()
    local faulty <close> = server.start { answers.keep { status = 401,
      body = '{"errorMessage":"hunter2secret is wrong, so is aHVudGVyMnNlY3JldA=="}' } }
    local client = providers.commvault.client(faulty.url)
    local _, failure = client:login { username = "u", password = "hunter2secret" }
    assert.matches("[secret] is wrong, so is [secret]", failure.message, 1, true)
  end)

  it("is in no text where it is a header of the client's", function()
    local faulty <close> = server.start { answers.keep { status = 403,
      body = '{"message":"key k3y-of-mine is bad"}' } }
    local client = providers.clumio.client(faulty.url,
      { headers = { ["X-Key"] = coffer.secret "k3y-of-mine" } })
    local _, failure = client:create_wallet "123456789012"
    assert.matches("key [secret] is bad", failure.message, 1, true)
  end)

  it("is in no text where a shorter one is a part of it", function()
    local faulty <close> = server.start { answers.keep { status = 403,
      body = '{"message":"k3y-of-all-mine is bad, and k3y-of-all is not"}' } }
    local client = providers.clumio.client(faulty.url,
      { token = "k3y-of-all", headers = { ["X-Key"] = coffer.secret "k3y-of-all-mine" } })
    local _, failure = client:create_wallet "123456789012"
    assert.matches("[secret] is bad, and [secret] is not", failure.message, 1, true)
  end)

  it("is in no text where only the beginning of a long one is repeated", function()
    local long = ("0123456789abcde "):rep(256):gsub(" ", "/")
    for what, repeated in pairs {
      ["as it is"] = long:sub(1, 100), ["escaped"] = long:sub(1, 200):gsub("/", [[\/]]),
      ["in hexadecimal"] = each(long:sub(1, 100), "%02x"),
      ["in base64"] = base64(long):sub(1, 120),
    } do
      local request = assert(core.describe("clumio").operations.create_wallet.prepare(
        providers.clumio.client("http://127.0.0.1:1", { token = long }), "123456789012"))
      assert.equal("of [secret]...", request:scrub("of " .. repeated .. "..."), what)
    end
  end)

  it("is looked for in a long text in a short time", function()
    local client = providers.clumio.client("http://127.0.0.1:1",
      { token = ("a"):rep(65535) .. "b" })
    local request = assert(
      core.describe("clumio").operations.create_wallet.prepare(client, "123456789012"))
    local from = core.clock()
    request:scrub(("a"):rep(2 ^ 20)) -- takes as long as it should, or else minutes
    assert.is_true(core.clock() - from < 20)
  end)

  it("is in no text where the answer comes behind a new token", function()
    local token, faulty <close> = "first-token-1", server.start { answers.keep { status = 401,
      body = '{"message":"first-token-1 expired"}' }, answers.keep { status = 401,
      body = '{"message":"not first-token-1, nor second-token-2"}' } }
    local client = providers.clumio.client(faulty.url, { token = function()
      local given = token
      token = "second-token-2"
      return given
    end })
    local _, failure = client:create_wallet "123456789012"
    assert.equal(2, #faulty:requests())
    assert.matches("not [secret], nor [secret]", failure.message, 1, true)
  end)
end)

describe("a printed line", function()
  for what, bytes in pairs { ["an escape"] = "\\u001b[31m", ["a control of Latin-1"] = "\\u009b31m",
    ["a change of direction"] = "\\u202e", ["an isolate"] = "\\u2067",
    ["a line separator"] = "\\u2028",
    ["a mark"] = "\\u200f", ["a line end"] = "\\r\\n" } do
    it("has no " .. what, function()
      local body = ('{"errors":[{"error_message":"a%sb"}]}'):format(bytes)
      local failure = loopback.refuse(providers.clumio, 403, body)
      local hidden = load('return "' .. bytes:gsub("\\u(%x+)", "\\u{%1}") .. '"')()
      for _, line in ipairs { tostring(failure), failure.message } do
        assert.is_nil(line:find(hidden:sub(1, 3), 1, true))
        assert.is_nil(line:find "%c")
      end
      assert.matches("a +", failure.message)
    end)

    it("of a thing has no " .. what, function()
      local wallet = assert(loopback.answer(providers.clumio,
        { changes = { state = ('"Wait%sing"'):format(bytes) } }))
      assert.matches("Wait *", tostring(wallet))
      assert.is_nil(tostring(wallet):find "%c")
    end)
  end

  it("is UTF-8 whatever a redirect names", function()
    local failure = loopback.refuse(providers.clumio, 302, "",
      { headers = { "Location: http://ho\255st\200.example.com/" } })
    assert.is_truthy(utf8.len(tostring(failure)))
    assert.is_truthy(utf8.len(failure.message))
  end)

  it("is cut between characters", function()
    local failure = loopback.refuse(providers.clumio, 403,
      ('{"errors":[{"error_message":"%s"}]}'):format(("é"):rep(1000)))
    assert.is_true(#tostring(failure) <= 400)
    assert.is_truthy(utf8.len(tostring(failure)))
  end)
end)
