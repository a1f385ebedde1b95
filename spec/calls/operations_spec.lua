-- The operations around the five calls: what they send, byte by byte, and what they give.

local answers = require "answers"
local cjson = require("cjson").new()
local coffer = require "coffer"
local core = require "coffer.core"
local expect = require "expect"
local golden = require "golden"
local providers = require "providers"
local server = require "server"

local ACCOUNT_ID = "666a3f38-d4fa-5b62-a391-a69029758d32"

local WALLETS = "application/api.clumio.wallets=v1+json"
local ASTRA = "application/astra-account+json"

local function keep(options)
  return answers.keep(options)
end

local function client_of(case, faulty, more)
  local options = { token = "TOKEN", user_agent = "coffer-specs", attempts = 3 }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return case.client(faulty.url, options)
end

--- What the call gives and what arrives, when it is answered so.
local function ask(case, order, call, more)
  local faulty <close> = server.start { order }
  local result, failure, code = call(client_of(case, faulty, more), faulty)
  return result, failure, code, faulty:requests()
end

local rows = {}
for _, case in ipairs(providers.creates) do
  for _, row in ipairs(case.operations()) do
    row.case, row.title = case, case.provider .. " " .. row.name
    row.operation = row.name:match "^[%w_]+"
    rows[#rows + 1] = row
  end
end

local function ask_row(row)
  local order = keep { status = row.status, type = row.type, headers = row.headers,
    body = row.body }
  local faulty <close> = server.start { order }
  local client = client_of(row.case, faulty, row.options and row.options(faulty.url))
  local result, failure = row.call(client)
  return result, failure, faulty:requests(), faulty.port
end

describe("an operation", function()
  for _, row in ipairs(rows) do
    it("sends the documented bytes: " .. row.title, function()
      local result, failure, requests, port = ask_row(row)
      assert(result, tostring(failure))
      assert.equal(1, #requests)
      local bytes = golden.bytes(row.case.provider .. "-" .. row.golden)
      assert.equal(bytes, golden.seen(requests[1], port))
    end)

    it("gives what is answered: " .. row.title, function()
      local result, failure = ask_row(row)
      assert(result ~= nil, tostring(failure))
      assert.is_nil(failure)
      if row.check then
        row.check(result)
      end
    end)
  end

  it("is in the golden files whatever it is", function()
    for _, case in ipairs(providers.creates) do
      local kept = {}
      for _, row in ipairs(case.operations()) do
        kept[row.name] = row.golden
      end
      for name in pairs(core.describe(case.provider).operations) do
        assert.equal(name:gsub("_", "-"), kept[name], case.provider)
      end
    end
  end)
end)

describe("a read", function()
  for _, row in ipairs(rows) do
    local what = core.describe(row.case.provider).operations[row.operation]
    if what.method == "GET" and row.name == row.operation then
      it("is repeated where the connection breaks: " .. row.title, function()
        local faulty <close> = server.start { { finish = "reset" },
          keep { type = row.type, body = row.body } }
        local result, failure = row.call(client_of(row.case, faulty))
        assert(result, tostring(failure))
        assert.equal(2, #faulty:requests())
      end)

      if not row.takes_any then
        it("is told as unknown where the answer is no JSON of its: " .. row.title, function()
          local faulty <close> = server.start { keep { type = row.type, body = '"other"' } }
          local client = client_of(row.case, faulty, { attempts = 1 })
          expect.failure("unknown", "protocol", row.call(client))
        end)
      end
    end
  end
end)

describe("a change", function()
  for _, row in ipairs(rows) do
    local what = core.describe(row.case.provider).operations[row.operation]
    if not what.may_repeat and row.name == row.operation then
      it("is sent once where the connection breaks: " .. row.title, function()
        local faulty <close> = server.start { { finish = "close" } }
        local options = row.options and row.options(faulty.url)
        local client = client_of(row.case, faulty, options)
        expect.failure("unknown", "unreachable", row.call(client))
        assert.equal(1, #faulty:requests())
      end)
    end
  end

  for what, options in pairs {
    ["204"] = { status = 204, type = false }, ["200 with JSON"] = { body = "{}" },
    ["200 without a body"] = { type = false },
    ["202 with text"] = { status = 202, body = '"soon"' },
  } do
    it("is done by what public clients take for it: clumio delete_wallet " .. what, function()
      local result, failure = ask(providers.clumio, keep(options), function(client)
        return client:delete_wallet "w-1"
      end)
      assert.is_true(result, tostring(failure))
    end)
  end
end)

-- Clumio -----------------------------------------------------------------------------------------

describe("the link to a wallet's keys", function()
  local clumio = providers.clumio

  --- What wallet:keys() gives where the link is this one, and the servers. `HOME` and `AWAY` stand
  --- for their addresses.
  local function follow(href, more)
    local away = server.start { keep { body = '{"from":"away"}' } }
    local home = server.start { keep { body = '{"from":"home"}' } }
    local link = href and cjson.encode((href:gsub("HOME", home.address)
      :gsub("AWAY", away.address):gsub("PORT", tostring(home.port)))) or "null"
    home:order { paths = { ["GET /base/wallets/w-1"] = { keep { type = WALLETS,
      body = answers.wallet { _links = ('{"list-wallet-keys":{"href":%s%s}}')
        :format(link, more or "") } } } }, keep { body = '{"from":"home"}' } }
    local client = clumio.client(home.url .. "/base")
    local wallet = assert(client:get_wallet "w-1")
    local keys, failure = wallet:keys()
    local seen = { keys = keys, failure = failure, requests = home:requests(),
      away = #away:connections() }
    home:stop()
    away:stop()
    return seen
  end

  local followed = {
    ["an absolute path"] = { "/base/wallets/w-1/keys", "/base/wallets/w-1/keys" },
    ["a path with a query"] = { "/base/wallets/w-1/keys?limit=5&x=%2F",
      "/base/wallets/w-1/keys?limit=5&x=%2F" },
    ["a relative path"] = { "wallets/w-1/keys", "/base/wallets/w-1/keys" },
    ["a whole address"] = { "http://HOME/base/wallets/w-1/keys", "/base/wallets/w-1/keys" },
    ["the same host in other letters"] = { "HTTP://HOME/base/keys", "/base/keys" },
    ["an address without a scheme"] = { "//HOME/base/keys", "/base/keys" },
    ["dots that stay below the base"] = { "/base/x/../keys", "/base/keys" },
  }

  for what, row in pairs(followed) do
    it("is followed where it is " .. what, function()
      local seen = follow(row[1])
      assert.same({ from = "home" }, seen.keys, tostring(seen.failure))
      assert.equal(row[2], seen.requests[2].target)
      assert.equal("GET", seen.requests[2].method)
      assert.equal("Bearer " .. clumio.token, seen.requests[2].headers.authorization)
    end)
  end

  local refused = {
    ["another host"] = "http://AWAY/base/wallets/w-1/keys",
    ["another host without a scheme"] = "//AWAY/base/wallets/w-1/keys",
    ["another host in other letters"] = "HTTP://AWAY/base/keys",
    ["another name of this host"] = "http://localhost:PORT/base/keys",
    ["a name that begins like it"] = "http://HOME.example/base/keys",
    ["https where we are http"] = "https://HOME/base/keys",
    ["a file"] = "file:///etc/passwd",
    ["gopher"] = "gopher://HOME/base/keys",
    ["ftp"] = "ftp://HOME/base/keys",
    ["javascript"] = "javascript:alert(1)",
    ["data"] = "data:text/plain,x",
    ["another port"] = "http://127.0.0.1:1/base/keys",
    ["no port"] = "http://127.0.0.1/base/keys",
    ["with a user"] = "http://user@HOME/base/keys",
    ["with a user and a password"] = "http://user:word@HOME/base/keys",
    ["with a host as user"] = "http://HOME@AWAY/base/keys",
    ["with a fragment"] = "/base/keys#part",
    ["a template"] = "/base/wallets/{wallet_id}/keys",
    ["a template of a query"] = "/base/wallets/w-1/keys{?limit}",
    ["above the base"] = "/keys",
    ["beside the base"] = "/basement/keys",
    ["the base itself"] = "/base",
    ["dots that lead out"] = "/base/../keys",
    ["dots that lead out, relative"] = "../keys",
    ["encoded dots"] = "/base/%2e%2e/keys",
    ["half encoded dots"] = "/base/.%2E/keys",
    ["a backslash"] = "/base\\..\\keys",
    ["backslashes before a host"] = "\\\\AWAY\\base",
    ["a slash and a backslash"] = "/\\AWAY/base",
    ["a blank"] = "/base/a b",
    ["a line end"] = "/base/keys\r\nX-Evil: 1",
    ["non-ASCII"] = "/base/é",
    ["nothing"] = "",
    ["very long"] = "/base/" .. ("x"):rep(3000),
  }

  for what, href in pairs(refused) do
    it("is not followed where it is " .. what, function()
      local seen = follow(href)
      assert.is_nil(seen.keys)
      assert.equal("not_sent", seen.failure.outcome)
      assert.equal("invalid", seen.failure.code)
      assert.equal("href", seen.failure.details[1].field)
      assert.equal(1, #seen.requests)
      assert.equal(0, seen.away)
    end)
  end

  it("is followed by GET, whatever its type says", function()
    local seen = follow("/base/keys", ',"type":"delete"')
    assert.equal("GET", seen.requests[2].method)
  end)

  it("that is not there is a failure", function()
    local seen = follow(nil)
    assert.is_nil(seen.keys)
    assert.equal("invalid", seen.failure.code)
    assert.equal(1, #seen.requests)
  end)

  it("is followed in the sandbox", function()
    local box <close> = coffer.sandbox { strict = true }
    local client = assert(coffer.clumio(box:options "clumio"))
    local wallet = assert(client:create_wallet "123456789012")
    assert.equal("table", type(assert(wallet:keys())))
  end)
end)

describe("a wallet in the sandbox", function()
  it("can be created, listed, read, refreshed, deleted, by its own methods", function()
    local box <close> = coffer.sandbox { strict = true }
    local client = assert(coffer.clumio(box:options "clumio"))
    local wallet = assert(client:create_wallet "123456789012")
    assert.equal("Waiting", wallet:get().state)
    assert.equal("Enabled", assert(wallet:refresh()).state)
    local listed = assert(client:list_wallets { limit = 1 })
    assert.equal(wallet.id, listed._embedded.items[1].id)
    assert.is_true(listed._embedded.items[1]:delete())
    expect.failure("refused", "not_found", wallet:get())
    assert.equal("not_found", select(3, wallet:delete()))
  end)
end)

-- Commvault --------------------------------------------------------------------------------------

describe("a log-in that fails", function()
  for what, body in pairs {
    ["errList"] = '{"errList":[{"errLogMessage":"no such user","errorCode":5}]}',
    ["error"] = '{"error":{"errLogMessage":"no such user","errorCode":5}}',
    ["a null for a token"] = '{"token":null,"errList":[{"errLogMessage":"no such user",'
      .. '"errorCode":5}]}',
  } do
    for name, call in pairs {
      login = function(client) return client:login { username = "u", password = "p" } end,
      renew_token = function(client) return client:renew_token "QSDK old" end,
    } do
      it(("is a refusal, although a 200: %s with %s"):format(name, what), function()
        local result, failure, code = ask(providers.commvault, keep { body = body }, call)
        expect.failure("refused", "auth", result, failure, code)
        assert.same({ { code = 5, message = "no such user" } }, failure.details)
        assert.equal(200, failure.status)
      end)
    end
  end

  it("leaves the token that the client has", function()
    local faulty <close> = server.start { keep { body = '{"errList":[]}' },
      keep { body = '{"plans":[]}' } }
    local client = client_of(providers.commvault, faulty)
    expect.failure("refused", "auth", client:login { username = "u", password = "p" })
    assert(client:list_plans())
    assert.equal("TOKEN", faulty:requests()[2].headers.authtoken)
  end)

  it("says nothing of the password", function()
    local result, failure, code = ask(providers.commvault, keep { status = 500, body =
      '{"errorMessage":"cannot decode canary-pass","errorCode":1}' }, function(client)
      return client:login()
    end, { username = "u", password = "canary-pass" })
    expect.failure("unknown", "unavailable", result, failure, code)
    assert.is_nil(tostring(failure):find("canary", 1, true), tostring(failure))
  end)
end)

describe("Commvault in the sandbox", function()
  it("goes from plan to vault to job, with integers on the way", function()
    local box <close> = coffer.sandbox { strict = true }
    local client = assert(coffer.commvault(box:options "commvault"))
    local plan = assert(client:list_plans()).plans[1].plan
    local vault = assert(client:create_s3_vault { bucket = { clientName = "b-1" }, plan = plan,
      cvs3Endpoints = { { clientId = 2 } } })
    local jobs = assert(client:get_job(vault.addEndpointJob.jobId)).jobs
    assert.equal("Running", jobs[1].jobSummary.status)
    assert.equal(vault.addEndpointJob.jobId, jobs[1].jobSummary.jobId)
    assert.equal("b-1", assert(client:list_s3_vaults()).CVS3Stores[1].name)
    assert.same({}, assert(client:get_job(999999)).jobs)
  end)

  it("renews a log-in token, and the old one is gone", function()
    local box <close> = coffer.sandbox { strict = true }
    local mine = box:credentials "commvault"
    local client = assert(coffer.commvault(box:options "commvault"))
    assert(client:renew_token(coffer.secret(mine.token)))
    assert(client:list_plans())
    local other = assert(coffer.commvault(box:options "commvault"))
    expect.failure("refused", "auth", other:list_plans())
    assert.is_true(client:logout())
    expect.failure("refused", "auth", client:list_plans())
  end)
end)

-- ECL --------------------------------------------------------------------------------------------

describe("a user of ECL", function()
  local USER = providers.ecl.user

  for what, body in pairs {
    ["without a password"] = USER:gsub('"Password":"[^"]*",', ""),
    ["with an empty secret key"] = USER:gsub('"SecretAccessKey":"[^"]*"', '"SecretAccessKey":""'),
  } do
    it("that comes " .. what .. " is there, and the loss is told", function()
      local result, failure, code = ask(providers.ecl, keep { body = body }, function(client)
        return client:create_user "backup robot"
      end)
      assert.equal("U1", result.User[1].UserId)
      assert.equal("partial", code)
      assert.equal("partial", failure.code)
    end)
  end

  it("is created once for an account of the sandbox, and a second one refused", function()
    local box <close> = coffer.sandbox { strict = true }
    local client = assert(coffer.ecl(box:options "ecl"))
    expect.failure("refused", "not_found", client:create_user "robot")
    local account = assert(client:create_account())
    local user = assert(client:create_user { UserName = "robot" }).User[1]
    assert.equal("[secret]", tostring(user.SecretAccessKey))
    expect.failure("refused", "conflict", client:create_user "robot")
    local days = assert(client:list_utilizations { acct_num = account.AcctNum,
      from = "2024-02-28", to = "2024-03-01", include_regional_utilizations = true })
    assert.equal(3, #days)
    assert.equal("ap-northeast-1", days[1].RegionalUtilizations[1].Region)
  end)

  it("has its first and last day as dates", function()
    local client = providers.ecl.client("http://127.0.0.1:1")
    local _, failure = client:list_utilizations { acct_num = 1, from = "yesterday", to = "today" }
    assert.equal("invalid", failure.code)
    assert.equal(2, #failure.details)
  end)

  it("has no token without an address for it", function()
    local client = providers.ecl.client("http://127.0.0.1:1")
    local done, said = pcall(client.issue_token, client, { auth = {
      identity = { methods = { "password" },
        password = { user = { domain = {}, name = "k", password = "s" } } },
      scope = { project = { id = "t" } },
    } })
    assert.is_false(done)
    assert.matches("keystone_url", said)
  end)
end)

-- Astra ------------------------------------------------------------------------------------------

describe("an account of Astra", function()
  it("has its Location in coffer.response", function()
    local box <close> = coffer.sandbox { strict = true }
    local client = assert(coffer.astra(box:options "astra"))
    local account = assert(client:create_account "Testing 123")
    local response = coffer.response(account)
    assert.equal(201, response.status)
    assert.matches("/astra/accounts/" .. account.id:gsub("%-", "%%-") .. "$",
      response.headers.location)
  end)

  it("can be read, changed, listed, deleted, by its own methods", function()
    local box <close> = coffer.sandbox { strict = true }
    local client = assert(coffer.astra(box:options "astra"))
    local account = assert(client:create_account "Testing 123")
    assert.is_true(account:update { name = "Renamed", isEnabled = "true", state = "active" })
    local read = assert(account:get())
    assert.same({ "Renamed", "active", "true" }, { read.name, read.state, read.isEnabled })
    assert(client:create_account "Another")
    local listed = assert(client:list_accounts { include = "name,id", count = "true",
      filter = "name eq 'Renamed'" })
    assert.same({ { name = "Renamed", id = account.id } }, listed.items)
    assert.is_true(read:delete())
    expect.failure("refused", "not_found", account:get())
  end)

  it("keeps the ETag of what was read, for If-Match", function()
    local faulty <close> = server.start {
      keep { type = ASTRA, body = answers.astra_account(), headers = { 'ETag: "0123"' } },
      keep { status = 412, type = "application/problem+json",
        body = answers.astra_problem(412, 38) },
    }
    local client = client_of(providers.astra, faulty)
    local account = assert(client:get_account(ACCOUNT_ID))
    local etag = coffer.response(account).headers.etag
    local failure = expect.failure("refused", "rejected",
      account:update { name = "x", ["If-Match"] = etag })
    assert.equal(412, failure.status)
    assert.equal('"0123"', faulty:requests()[2].headers["if-match"])
  end)

  it("is changed with its own If-Match, not with one that the client has", function()
    local faulty <close> = server.start { keep { status = 204, type = false } }
    local client = client_of(providers.astra, faulty, { headers = { ["if-match"] = '"old"' } })
    local request = assert(client:request("update_account",
      { account_id = ACCOUNT_ID, name = "x", ["If-Match"] = '"new"' }))
    assert.same({ '"new"', nil }, { request.headers["If-Match"], request.headers["if-match"] })
    assert(request:send())
    assert.equal('"new"', faulty:requests()[1].headers["if-match"])
    assert(client:update_account { account_id = ACCOUNT_ID, name = "x" })
    assert.equal('"old"', faulty:requests()[2].headers["if-match"])
  end)

  for what, etag in pairs {
    ["a line end"] = "x\r\nX-Evil: 1", ["a zero byte"] = "x\0y", ["nothing"] = "",
    ["non-ASCII"] = "é",
  } do
    it("is not changed with an ETag that no header can have: " .. what, function()
      local faulty <close> = server.start { keep { status = 204, type = false } }
      local client = client_of(providers.astra, faulty)
      local failure = expect.failure("not_sent", "invalid",
        client:update_account { account_id = ACCOUNT_ID, ["If-Match"] = etag })
      assert.equal("If-Match", failure.details[1].field)
      assert.equal(0, #faulty:connections())
    end)
  end
end)
