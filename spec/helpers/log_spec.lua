-- The log: one event for each attempt, and nothing in it that can be a secret.

local answers = require "answers"
local child = require "child"
local coffer = require "coffer"
local expect = require "expect"
local providers = require "providers"
local server = require "server"

local clumio = providers.clumio

local ALLOWED = { ["content-type"] = true, ["content-length"] = true, date = true,
  ["retry-after"] = true, ["x-request-id"] = true }

--- A log function that keeps what it is told, and the list of it.
local function keeping()
  local events = {}
  return function(level, event, fields)
    events[#events + 1] = { level = level, event = event, fields = fields }
  end, events
end

local function walk(value)
  if type(value) ~= "table" then
    return tostring(value)
  end
  local parts = {}
  for key, item in pairs(value) do
    parts[#parts + 1] = walk(key) .. "=" .. walk(item)
  end
  return table.concat(parts, "\n")
end

describe("the log function", function()
  it("is told of an attempt when it is over", function()
    local faulty <close> = server.start { { send = clumio.good { headers = {
      "Date: Sun, 06 Nov 1994 08:49:37 GMT", "X-Request-Id: r-1", "Set-Cookie: canary=1",
      "X-Further: canary" } } } }
    local log, events = keeping()
    local client = clumio.client(faulty.url, { log = log })
    expect.created(clumio, clumio.create(client))
    assert.equal(1, #events)
    assert.equal("debug", events[1].level)
    assert.equal("attempt", events[1].event)
    local fields = events[1].fields
    assert.equal("number", type(fields.seconds))
    fields.seconds, fields.headers["content-length"] = nil, nil
    assert.same({
      provider = "clumio", operation = "create_wallet", method = "POST",
      address = faulty.url .. "/wallets", attempt = 1, status = 200, outcome = "answered",
      headers = { ["content-type"] = clumio.type, date = "Sun, 06 Nov 1994 08:49:37 GMT",
        ["x-request-id"] = "r-1" },
    }, fields)
  end)

  it("is told of each attempt of a call, with what came of it", function()
    local faulty <close> = server.start {
      answers.keep { status = 429, headers = { "Retry-After: 0" }, body = clumio.error_body() },
      answers.keep { status = 429, headers = { "Retry-After: 0" }, body = clumio.error_body() },
      { send = clumio.good(), finish = "keep" },
    }
    local log, events = keeping()
    expect.created(clumio, clumio.create(clumio.client(faulty.url, { log = log, attempts = 3 })))
    local told = {}
    for i, event in ipairs(events) do
      local fields = event.fields
      told[i] = ("%d %d %s %s"):format(fields.attempt, fields.status, fields.outcome,
        tostring(fields.code))
    end
    assert.same({ "1 429 refused throttled", "2 429 refused throttled", "3 200 answered nil" },
      told)
    assert.equal("0", events[1].fields.headers["retry-after"])
  end)

  it("is told of an attempt that nobody answered", function()
    local faulty <close> = server.start { {} }
    local log, events = keeping()
    expect.failure("unknown", nil, clumio.create(clumio.client(faulty.url, { log = log })))
    local fields = events[1].fields
    assert.same({ "unknown", "unreachable" }, { fields.outcome, fields.code })
    assert.is_nil(fields.status)
    assert.same({}, fields.headers)
  end)

  it("is told nothing of what is not sent", function()
    local log, events = keeping()
    local client = clumio.client("http://127.0.0.1:1", { log = log,
      token = function() return nil end })
    expect.failure("not_sent", "invalid", client:create_wallet {})
    expect.failure("not_sent", "auth", clumio.create(client))
    assert.same({}, events)
  end)

  it("is told of the log-in as of any other call", function()
    local box <close> = coffer.sandbox()
    local mine = box:credentials "ecl"
    local log, events = keeping()
    local client = assert(coffer.ecl {
      base_url = box:options("ecl").base_url, tenant_id = mine.tenant_id, log = log,
      api_key = mine.api_key, api_secret = mine.api_secret, keystone_url = mine.keystone_url,
    })
    assert(client:create_account())
    assert.equal("issue_token", events[1].fields.operation)
    assert.equal("create_account", events[2].fields.operation)
    local text = walk(events)
    assert.is_nil(text:find(mine.api_secret, 1, true))
  end)

  it("sees neither query nor body, and no header but those of a list", function()
    local box <close> = coffer.sandbox()
    local log, events = keeping()
    local secrets = {}
    local function keep_secrets(result)
      for _, value in pairs(result) do
        if type(value) == "userdata" and tostring(value) == "[secret]" then
          secrets[#secrets + 1] = value:reveal()
        end
      end
    end
    local function options(provider)
      local all = box:options(provider, { log = log, headers = { ["X-Mine"] = "canary-header" } })
      secrets[#secrets + 1] = all.token
      return all
    end
    local client = assert(coffer.clumio(options "clumio"))
    keep_secrets(assert(client:create_wallet "123456789012"))
    assert(client:list_wallets { start = "page+1/=" })
    local ecl = assert(coffer.ecl(options "ecl"))
    keep_secrets(assert(ecl:create_account()))
    keep_secrets(assert(ecl:create_user "robot").User[1])
    local commvault = assert(coffer.commvault(options "commvault"))
    local mine = box:credentials "commvault"
    secrets[#secrets + 1] = mine.password
    secrets[#secrets + 1] = require("mime").b64(mine.password)
    keep_secrets(assert(commvault:login { username = mine.username, password = mine.password }))
    local pair = { accessToken = mine.access_token, refreshToken = mine.refresh_token }
    secrets[#secrets + 1], secrets[#secrets + 2] = pair.accessToken, pair.refreshToken
    keep_secrets(assert(commvault:renew_access_token(pair)))
    assert.equal(6, #events)
    local text = walk(events)
    assert.is_true(#secrets >= 13)
    for _, secret in ipairs(secrets) do
      assert.is_nil(text:find(secret, 1, true))
    end
    for _, absent in ipairs { "canary", "page%2B", "?", "robot", "account_native_id" } do
      assert.is_nil(text:find(absent, 1, true), text)
    end
    for _, event in ipairs(events) do
      for name in pairs(event.fields.headers) do
        assert.truthy(ALLOWED[name], name)
      end
    end
  end)

  it("has none of the canaries of any answer, well or broken", function()
    for _, case in ipairs(providers.creates) do
      for _, send in ipairs { case.good(), case.good():sub(1, -3), case.good { status = 500 } } do
        local faulty <close> = server.start { { send = send } }
        local log, events = keeping()
        case.create(case.client(faulty.url, { log = log }))
        assert.equal(1, #events)
        expect.no_canary(walk(events))
      end
    end
  end)

  it("loses nothing by raising an error", function()
    for _, thrown in ipairs { "text", { "table" }, false } do
      local faulty <close> = server.start { { send = clumio.good(), finish = "keep" }, {} }
      local calls = 0
      local client = clumio.client(faulty.url, { log = function()
        calls = calls + 1
        error(thrown)
      end })
      expect.created(clumio, clumio.create(client))
      expect.failure("unknown", "unreachable", clumio.create(client))
      assert.equal(2, calls)
      assert.equal(2, faulty:creates())
    end
  end)

  it("is warned of, without its text, when it raises an error", function()
    local faulty <close> = server.start { { send = clumio.good() } }
    local said = child.run(function(url)
      warn "@on"
      local client = assert(require("coffer").clumio {
        base_url = url, token = "t", log = function() error "canary" end,
      })
      assert(client:create_wallet "123456789012")
    end, faulty.url)
    assert.equal(0, said.status)
    assert.matches("the log function raised an error", said.errors)
    assert.is_nil(said.errors:find("canary", 1, true))
  end)

  it("may yield in a coroutine", function()
    local faulty <close> = server.start { { send = clumio.good() } }
    local client = clumio.client(faulty.url, { log = function() coroutine.yield "logged" end })
    local calling = coroutine.create(function() return clumio.create(client) end)
    assert.equal("logged", select(2, coroutine.resume(calling)))
    expect.created(clumio, select(2, coroutine.resume(calling)))
  end)

  it("may keep what it is told, and change it", function()
    local faulty <close> = server.start { { send = clumio.good() } }
    local client = clumio.client(faulty.url, { log = function(_, _, fields)
      for name in pairs(fields) do
        fields[name] = nil
      end
    end })
    expect.created(clumio, clumio.create(client))
  end)

  it("is a function, or the client raises", function()
    for _, wrong in ipairs { "debug", true, 1, {} } do
      local done, said = pcall(coffer.clumio, { token = "t", log = wrong })
      assert.is_false(done)
      assert.matches("'log'", said)
    end
  end)
end)

describe("COFFER_LOG", function()
  local function run(environment, url, case)
    local command = child.command(function(provider, operation, options, parameters)
      local client = assert(require("coffer")[provider](options))
      print(client[operation](client, parameters))
    end, case.provider, case.operation, case.complete {
      base_url = url, token = case.token, attempts = 1,
    }, case.parameters)
    return child.execute(environment .. " " .. command)
  end

  it("prints one line an attempt on stderr where it is debug", function()
    local faulty <close> = server.start { { send = clumio.good() } }
    local said = run("env COFFER_LOG=debug", faulty.url, clumio)
    assert.equal("clumio wallet w-1 (Waiting)\n", said.output)
    assert.matches("^coffer debug attempt: provider=clumio operation=create_wallet method=POST "
      .. "address=http://127%.0%.0%.1:%d+/wallets attempt=1 seconds=%d+%.%d%d%d status=200 "
      .. "outcome=answered\n$", said.errors)
    expect.no_canary(said.errors)
  end)

  it("prints no secret of an account", function()
    local faulty <close> = server.start { { send = providers.ecl.good() } }
    local said = run("env COFFER_LOG=debug", faulty.url .. "/ecl-objectstorage", providers.ecl)
    assert.equal("ecl account 12345\n", said.output)
    assert.matches("operation=create_account", said.errors)
    expect.no_canary(said.errors)
  end)

  it("prints what came of an attempt that failed", function()
    local faulty <close> = server.start { {} }
    local said = run("env COFFER_LOG=debug", faulty.url, clumio)
    assert.matches("outcome=unknown code=unreachable\n$", said.errors)
  end)

  for _, environment in ipairs { "env -u COFFER_LOG", "env COFFER_LOG=", "env COFFER_LOG=info" } do
    it("prints nothing otherwise: " .. environment, function()
      local faulty <close> = server.start { { send = clumio.good() } }
      assert.equal("", run(environment, faulty.url, clumio).errors)
    end)
  end

  it("gives way to a log function", function()
    local faulty <close> = server.start { { send = clumio.good() } }
    local said = child.execute("env COFFER_LOG=debug " .. child.command(function(url)
      local client = assert(require("coffer").clumio { base_url = url, token = "t",
        log = function() print "mine" end })
      assert(client:create_wallet "123456789012")
    end, faulty.url))
    assert.same({ "mine\n", "" }, { said.output, said.errors })
  end)
end)
