-- Where tokens come from: given as they are, by a function, in a file, by a log-in; and what
-- becomes of them when they are refused, run out or change.

local answers = require "answers"
local coffer = require "coffer"
local expect = require "expect"
local interpreter = require "interpreter"
local providers = require "providers"
local server = require "server"
local workdir = require "workdir"

local clumio, commvault, ecl = providers.clumio, providers.commvault, providers.ecl

local CANARY = "canary-of-a-token"

local function keep(options)
  return answers.keep(options)
end

local function good(case)
  return { send = case.good(), finish = "keep" }
end

local function refusing(case, status)
  return keep { status = status or 401, body = case.error_body() }
end

local function token_of(case, request)
  local value = request.headers[case.token_header:lower()]
  return (value:gsub("^Bearer ", ""))
end

--- The tokens of all requests with this path, in order.
local function tokens_seen(case, faulty)
  local tokens = {}
  for _, request in ipairs(faulty:requests()) do
    if request.path == case.path then
      tokens[#tokens + 1] = token_of(case, request)
    end
  end
  return tokens
end

--- A function that gives these tokens in turn, and counts how often it was called.
local function giving(...)
  local tokens, calls = { ... }, { count = 0 }
  return function()
    calls.count = calls.count + 1
    return tokens[math.min(calls.count, #tokens)]
  end, calls
end

describe("a token from a function", function()
  it("is told by its type where it can be none", function()
    local wiped = coffer.secret(CANARY)
    wiped:wipe()
    local kinds = { { nil, "got nil" }, { { CANARY }, "got table" }, { 7, "got number" },
      { wiped, "must not be a secret that was wiped" } }
    for i = 1, 4 do
      local client = clumio.client("http://127.0.0.1:1",
        { token = function() return kinds[i][1] end })
      local failure = expect.failure("not_sent", "auth", clumio.create(client))
      assert.matches("what no token can be: it must", failure.message)
      assert.truthy(failure.message:find(kinds[i][2], 1, true), failure.message)
    end
  end)

  for _, case in ipairs(providers.creates) do
    it("is asked for when it is needed, and once: " .. case.provider, function()
      local faulty <close> = server.start { good(case) }
      local take, calls = giving("first")
      local client = case.client(faulty.url, { token = take })
      assert.equal(0, calls.count)
      expect.created(case, case.create(client))
      expect.created(case, case.create(client))
      assert.equal(1, calls.count)
      assert.same({ "first", "first" }, tokens_seen(case, faulty))
    end)

    it("is asked for again after a 401, and the create goes through: " .. case.provider,
      function()
        local faulty <close> = server.start { refusing(case), good(case) }
        local take, calls = giving("old", "new")
        local result, failure = case.create(case.client(faulty.url, { token = take }))
        expect.created(case, result, failure)
        assert.equal(2, calls.count)
        assert.same({ "old", "new" }, tokens_seen(case, faulty))
      end)

    it("that is the same again is a refusal after 1 request: " .. case.provider, function()
      local faulty <close> = server.start { refusing(case), good(case) }
      local take, calls = giving("same")
      local client = case.client(faulty.url, { token = take })
      local failure = expect.failure("refused", "auth", case.create(client))
      assert.equal(401, failure.status)
      assert.equal(2, calls.count)
      assert.equal(1, #faulty:requests())
    end)
  end

  it("is renewed once a call, then it is a refusal", function()
    local faulty <close> = server.start { refusing(clumio) }
    local take, calls = giving("1", "2", "3", "4")
    local client = clumio.client(faulty.url, { token = take })
    local failure = expect.failure("refused", "auth", clumio.create(client))
    assert.equal(2, failure.attempts)
    assert.equal(2, calls.count)
    assert.equal(2, #faulty:requests())
    expect.failure("refused", "auth", clumio.create(client))
    assert.same({ "1", "2", "2", "3" }, tokens_seen(clumio, faulty))
  end)

  it("is not asked for again after a 403", function()
    local faulty <close> = server.start { refusing(clumio, 403) }
    local take, calls = giving("1", "2")
    expect.failure("refused", "forbidden",
      clumio.create(clumio.client(faulty.url, { token = take })))
    assert.equal(1, calls.count)
    assert.equal(1, #faulty:requests())
  end)

  it("may be a coffer.secret, and may be given through a coroutine's yield", function()
    local faulty <close> = server.start { good(clumio) }
    local client = clumio.client(faulty.url, {
      token = function() return coffer.secret(coroutine.yield "which?") end,
    })
    local calling = coroutine.create(function() return clumio.create(client) end)
    assert.equal("which?", select(2, coroutine.resume(calling)))
    local _, wallet = coroutine.resume(calling, "yielded")
    expect.created(clumio, wallet)
    assert.same({ "yielded" }, tokens_seen(clumio, faulty))
  end)

  it("is asked for once by many callers at once", function()
    local faulty <close> = server.start { good(clumio) }
    local take, calls = giving("shared")
    local client = clumio.client(faulty.url, { token = function()
      coroutine.yield()
      return take()
    end })
    local first = coroutine.create(function() return clumio.create(client) end)
    coroutine.resume(first)
    -- the second one waits for the first, which does not come back before its deadline
    local failure = expect.failure("not_sent", "timeout", clumio.create(client, { deadline = 0.1 }))
    assert.matches("another caller", failure.message)
    local _, wallet = coroutine.resume(first)
    expect.created(clumio, wallet)
    expect.created(clumio, clumio.create(client))
    assert.equal(1, calls.count)
  end)

  it("that calls the client it is for is a failure, not a dead end", function()
    local faulty <close> = server.start { good(clumio) }
    local inner, client
    client = clumio.client(faulty.url, { token = function()
      inner = { clumio.create(client) }
      return "t"
    end })
    expect.created(clumio, clumio.create(client))
    expect.failure("not_sent", "auth", table.unpack(inner, 1, 3))
    assert.equal(1, faulty:creates())
  end)
end)

describe("a token function that gives no token", function()
  local wiped = coffer.secret(CANARY)
  wiped:wipe()
  local bad = {
    ["nil"] = function() return nil end,
    ["nothing"] = function() end,
    ["false and a reason"] = function() return false, CANARY end,
    ["a number"] = function() return 42 end,
    ["a table"] = function() return { CANARY } end,
    ["a table that prints"] = function()
      return setmetatable({}, { __tostring = function() return CANARY end })
    end,
    ["a function"] = function() return function() return CANARY end end,
    ["an empty string"] = function() return "" end,
    ["100 KB"] = function() return CANARY .. ("x"):rep(100000) end,
    ["a line end inside"] = function() return CANARY .. "\r\nX-Evil: 1" end,
    ["a line end behind"] = function() return CANARY .. "\n" end,
    ["a zero byte"] = function() return CANARY .. "\0" end,
    ["a blank before"] = function() return " " .. CANARY end,
    ["a blank behind"] = function() return CANARY .. " " end,
    ["a byte 0x7F"] = function() return CANARY .. "\127" end,
    ["non-ASCII"] = function() return CANARY .. "é" end,
    ["a secret of these"] = function() return coffer.secret(CANARY .. "\r\n") end,
    ["a wiped secret"] = function() return wiped end,
    ["an error with a text"] = function() error(CANARY) end,
    ["an error with a table"] = function() error { CANARY } end,
    ["an error with a text that prints"] = function()
      error(setmetatable({}, { __tostring = function() return CANARY end }))
    end,
    ["an error without a value"] = function() error() end,
  }

  for what, take in pairs(bad) do
    it("leaves not sent, and shows nothing of it: " .. what, function()
      local faulty <close> = server.start { good(clumio) }
      local client = clumio.client(faulty.url, { token = take })
      local failure = expect.failure("not_sent", "auth", clumio.create(client))
      assert.is_nil(tostring(failure):find(CANARY, 1, true))
      assert.is_nil(failure.message:find("x-evil", 1, true))
      assert.matches("token function", failure.message)
      assert.equal(0, failure.attempts)
      assert.equal("create_wallet", failure.operation)
      assert.equal(0, #faulty:connections())
    end)
  end

  it("after a 401 leaves the refusal as it is", function()
    for _, take in ipairs { bad["nil"], bad["an error with a text"], bad["a line end inside"] } do
      local count = 0
      local faulty <close> = server.start { refusing(clumio), good(clumio) }
      local client = clumio.client(faulty.url, { token = function()
        count = count + 1
        if count == 1 then
          return "old"
        end
        return take()
      end })
      local failure = expect.failure("refused", "auth", clumio.create(client))
      assert.equal(401, failure.status)
      assert.is_nil(tostring(failure):find(CANARY, 1, true))
      assert.equal(1, #faulty:requests())
    end
  end)

  it("is asked again for the next call", function()
    local faulty <close> = server.start { good(clumio) }
    local take = giving(false, "better")
    local client = clumio.client(faulty.url, { token = take })
    expect.failure("not_sent", "auth", clumio.create(client))
    expect.created(clumio, clumio.create(client))
  end)
end)

describe("a token from a file", function()
  local count = 0

  local function file_with(text, mode)
    count = count + 1
    local path = workdir.write("token" .. count, text)
    assert(os.execute(("chmod %s '%s'"):format(mode or "600", path)))
    return path
  end

  --- providers.lua gives every client a token; here there must be none.
  local function client_of(url, path, more)
    local options = { base_url = url, token_file = path }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return assert(coffer.clumio(options))
  end

  for what, row in pairs {
    ["as it is"] = { "from-a-file", "from-a-file" },
    ["with a newline, which is trimmed"] = { "from-a-file\n", "from-a-file" },
    ["with a line end of DOS, which is trimmed"] = { "from-a-file\r\n", "from-a-file" },
  } do
    it("is read " .. what, function()
      local faulty <close> = server.start { good(clumio) }
      expect.created(clumio, clumio.create(client_of(faulty.url, file_with(row[1]))))
      assert.same({ row[2] }, tokens_seen(clumio, faulty))
    end)
  end

  local refused = {
    ["may be read by others: 0644"] = function() return file_with(CANARY, "644") end,
    ["may be read by others alone: 0604"] = function() return file_with(CANARY, "604") end,
    ["may be read by all: 0444"] = function() return file_with(CANARY, "444") end,
    ["may be changed by the group: 0660"] = function() return file_with(CANARY, "660") end,
    ["may be run by the group: 0650"] = function() return file_with(CANARY, "650") end,
    ["has a blank inside"] = function() return file_with "canary of-a-token" end,
    ["has a scheme before it"] = function() return file_with("Bearer " .. CANARY) end,
    ["is a directory"] = function() return workdir.make_directory "a-directory" end,
    ["is empty"] = function() return file_with "" end,
    ["is but a newline"] = function() return file_with "\n" end,
    ["has two newlines"] = function() return file_with(CANARY .. "\n\n") end,
    ["has two lines"] = function() return file_with(CANARY .. "\nX-Evil: 1\n") end,
    ["has 1 MB"] = function() return file_with(CANARY .. ("x"):rep(1000000)) end,
    ["has a zero byte"] = function() return file_with(CANARY .. "\0x") end,
    ["has blanks around"] = function() return file_with(" " .. CANARY .. " \n") end,
    ["is not there"] = function() return workdir.file "no-such-file" end,
    ["is a pipe that nobody writes to"] = function()
      local path = workdir.file "a-pipe"
      assert(os.execute(("mkfifo -m 600 '%s'"):format(path)))
      return path
    end,
  }

  for what, make in pairs(refused) do
    it("is refused, and nothing of it shown, where the file " .. what, function()
      local faulty <close> = server.start { good(clumio) }
      local path = make()
      local failure = expect.failure("not_sent", "config",
        clumio.create(client_of(faulty.url, path)))
      assert.truthy(failure.message:find(path, 1, true), failure.message)
      assert.is_nil(tostring(failure):find(CANARY, 1, true))
      assert.equal(0, #faulty:connections())
    end)
  end

  for _, mode in ipairs { "440", "640" } do
    it("may be read by a group where it is root's, as Kubernetes has it: " .. mode, function()
      local path = file_with("from-root", mode)
      local is_root = io.popen("id -u", "r"):read "n" == 0
      local faulty <close> = server.start { good(clumio) }
      if is_root then
        assert(os.execute(("chown 0:12345 '%s'"):format(path)))
        expect.created(clumio, clumio.create(client_of(faulty.url, path)))
        assert(os.execute(("chown 12345:0 '%s'"):format(path)))
      end
      local failure = expect.failure("not_sent", "config",
        clumio.create(client_of(faulty.url, path)))
      assert.matches("by its group", failure.message)
      assert.equal(is_root and 1 or 0, #faulty:requests())
    end)
  end

  it("is read when it is needed, and again after a 401", function()
    local path = file_with "rotated-0"
    local faulty <close> = server.start { good(clumio), refusing(clumio), good(clumio) }
    local client = client_of(faulty.url, path)
    workdir.write("token" .. count, "rotated-1\n")
    expect.created(clumio, clumio.create(client))
    workdir.write("token" .. count, "rotated-2\n")
    expect.created(clumio, clumio.create(client))
    assert.same({ "rotated-1", "rotated-1", "rotated-2" }, tokens_seen(clumio, faulty))
  end)

  it("goes before the environment's token", function()
    local faulty <close> = server.start { good(clumio) }
    local said = interpreter.run({ CLUMIO_API_TOKEN = "from-the-environment" }, [[
      return require("coffer").clumio(...):create_wallet "123456789012" ~= nil
    ]], { base_url = faulty.url, token_file = file_with "from-a-file" })
    assert.same({ true }, said)
    assert.same({ "from-a-file" }, tokens_seen(clumio, faulty))
  end)

  it("has a path", function()
    for _, wrong in ipairs { 5, "", "a\0b" } do
      assert.error_matches(function() coffer.clumio { token_file = wrong } end,
        "coffer.clumio: option 'token_file' must be the path of a file")
    end
  end)
end)

-- Tokens that are none ---------------------------------------------------------------------------

describe("a token with a blank", function()
  local sources = {
    option = function(text) return { token = text } end,
    secret = function(text) return { token = coffer.secret(text) } end,
    ["function"] = function(text) return { token = function() return text end } end,
    file = function(text)
      local path = workdir.write("blank", text)
      assert(os.execute(("chmod 600 '%s'"):format(path)))
      return { token_file = path }
    end,
  }

  --- What is said of it, raised or told, where nothing went out.
  local function told(case, options)
    local faulty <close> = server.start {}
    options.base_url = faulty.url
    local is_open, client = pcall(coffer[case.provider], case.complete(options))
    local said = client
    if is_open then
      said = select(2, case.create(client))
    end
    assert.equal(0, #faulty:connections())
    return tostring(said)
  end

  for _, case in ipairs(providers.where(function(case) return not case.token_scheme end)) do
    for source, options in pairs(sources) do
      it(("is refused, and the way out told: %s, %s"):format(case.provider, source), function()
        for text, way in pairs {
          ["Bearer canary"] = "without 'Bearer' before it", ["bEARER canary"] = "without 'Bearer'",
          ["Token canary"] = "without a scheme", ["can ary"] = "must not have a blank",
        } do
          local said = told(case, options(text))
          assert.matches(way, said)
          assert.is_nil(said:find "canary")
        end
      end)
    end
  end

  it("is refused where it stands in the environment", function()
    local said = interpreter.run({ CLUMIO_API_TOKEN = "Bearer canary" }, [[
      return tostring(select(2, require("coffer").clumio()))
    ]])
    assert.matches("CLUMIO_API_TOKEN in the environment.*without 'Bearer' before it", said[1])
    assert.is_nil(said[1]:find "canary")
  end)

  it("is one of Commvault's, from every source", function()
    for source, options in pairs(sources) do
      local faulty <close> = server.start { good(commvault) }
      local given = options "QSDK 1f0a"
      given.base_url = faulty.url .. "/commandcenter/api"
      expect.created(commvault, commvault.create(assert(coffer.commvault(given))))
      assert.same({ "QSDK 1f0a" }, tokens_seen(commvault, faulty), source)
    end
  end)
end)

-- ECL --------------------------------------------------------------------------------------------

local AUTH = "/keystone/v3/auth/tokens"

--- The answer of Keystone; life in seconds, `by` the provider's clock when it was issued.
local function keystone(token, life, by)
  local now = by or 1700000000
  local function time(moment)
    return os.date("!%Y-%m-%dT%H:%M:%S.000000Z", moment)
  end
  return keep {
    status = 201,
    headers = { "X-Subject-Token: " .. token },
    body = ('{"token":{"methods":["password"],"issued_at":"%s","expires_at":"%s"}}')
      :format(time(now), time(now + life)),
  }
end

local function ecl_client(faulty, more)
  local options = {
    base_url = faulty.url .. "/ecl-objectstorage", keystone_url = faulty.url .. "/keystone/v3/",
    tenant_id = answers.asked.tenant_id, api_key = "key-of-mine", api_secret = "canary-api-secret",
  }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return assert(coffer.ecl(options))
end

local function count_of(faulty, path)
  local count = 0
  for _, request in ipairs(faulty:requests()) do
    count = count + (request.path == path and 1 or 0)
  end
  return count
end

describe("an API key of ECL", function()
  it("gets a token when one is needed: the header X-Subject-Token", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. AUTH] = { keystone("issued", 3600) } }, good(ecl),
    }
    local client = ecl_client(faulty)
    assert.equal(0, #faulty:connections())
    expect.created(ecl, ecl.create(client))
    local asked = faulty:requests()[1]
    assert.equal(AUTH, asked.path)
    assert.is_nil(asked.headers["x-auth-token"])
    assert.equal('{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":'
      .. '{"id":"default"},"name":"key-of-mine","password":"canary-api-secret"}}},"scope":'
      .. '{"project":{"id":"' .. answers.asked.tenant_id .. '"}}}}', asked.body)
    assert.same({ "issued" }, tokens_seen(ecl, faulty))
  end)

  it("may be given as secrets", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. AUTH] = { keystone("issued", 3600) } }, good(ecl),
    }
    expect.created(ecl, ecl.create(ecl_client(faulty, {
      api_key = coffer.secret "key-of-mine", api_secret = coffer.secret "canary-api-secret",
    })))
    assert.truthy(faulty:requests()[1].body:find('"password":"canary-api-secret"', 1, true))
  end)

  it("keeps its token over many calls", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. AUTH] = { keystone("issued", 3600), keystone("again", 3600) } },
      good(ecl),
    }
    local client = ecl_client(faulty)
    for _ = 1, 5 do
      expect.created(ecl, ecl.create(client))
    end
    assert.equal(1, count_of(faulty, AUTH))
  end)

  it("renews it shortly before it expires, whatever the provider's clock says", function()
    local ago = 946684800 -- in 2000
    local faulty <close> = server.start {
      paths = { ["POST " .. AUTH] = { keystone("1", 2, ago), keystone("2", 3600, ago) } },
      good(ecl),
    }
    local client = ecl_client(faulty)
    expect.created(ecl, ecl.create(client))
    expect.created(ecl, ecl.create(client))
    require("socket").sleep(1.1) -- half of its life
    expect.created(ecl, ecl.create(client))
    assert.same({ "1", "1", "2" }, tokens_seen(ecl, faulty))
    assert.equal(2, count_of(faulty, AUTH))
  end)

  it("keeps a token whose life is not told until it is refused", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. AUTH] = {
        keep { status = 201, headers = { "x-subject-TOKEN: 1" }, body = '{"token":{}}' },
        keep { status = 201, headers = { "x-subject-TOKEN: 2" },
          body = '{"token":{"expires_at":"never"}}' },
      } },
      good(ecl), refusing(ecl), good(ecl),
    }
    local client = ecl_client(faulty)
    for _ = 1, 3 do
      expect.created(ecl, ecl.create(client))
    end
    assert.same({ "1", "1", "2", "2" }, tokens_seen(ecl, faulty))
  end)

  it("gets another token after a 401, once", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. AUTH] = { keystone("1", 3600), keystone("2", 3600) } },
      refusing(ecl), good(ecl),
    }
    expect.created(ecl, ecl.create(ecl_client(faulty)))
    assert.same({ "1", "2" }, tokens_seen(ecl, faulty))
  end)

  it("that gets the same token again is refused", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. AUTH] = { keystone("1", 3600) } }, refusing(ecl),
    }
    expect.failure("refused", "auth", ecl.create(ecl_client(faulty)))
    assert.same({ "1" }, tokens_seen(ecl, faulty))
  end)

  for what, row in pairs {
    ["is not accepted"] = { keep { status = 401,
      body = '{"error":{"message":"who is canary-api-secret?","code":401}}' }, "auth" },
    ["is answered without a token"] = { keep { status = 201, body = '{"token":{}}' } },
    ["is answered with an empty token"] = { keep { status = 201, body = '{"token":{}}',
      headers = { "X-Subject-Token: " } } },
    ["is answered with what no token can be"] = { keep { status = 201, body = '{"token":{}}',
      headers = { "X-Subject-Token: canary\1token" } }, "auth" },
    ["is answered with HTML"] = { keep { status = 200, type = "text/html", body = "<html>",
      headers = { "X-Subject-Token: 1" } } },
    ["is answered by a redirect"] = { keep { status = 307, body = "",
      headers = { "Location: http://127.0.0.1:1/" } } },
  } do
    it("leaves not sent where it " .. what, function()
      local faulty <close> = server.start {
        paths = { ["POST " .. AUTH] = { row[1] } }, good(ecl),
      }
      local failure = expect.failure("not_sent", row[2], ecl.create(ecl_client(faulty,
        { attempts = 1 })))
      assert.equal("create_account", failure.operation)
      assert.is_nil(tostring(failure):find("canary", 1, true), tostring(failure))
      assert.equal(0, count_of(faulty, ecl.path))
    end)
  end

  it("does not outlast the deadline of the call that it is for", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. AUTH] = { { finish = "hang" } } }, good(ecl),
    }
    local started = require("coffer.core").clock()
    expect.failure("not_sent", "timeout",
      ecl.create(ecl_client(faulty), { deadline = 0.4 }))
    assert.is_true(require("coffer.core").clock() - started < 0.4 + 0.25)
    assert.equal(0, count_of(faulty, ecl.path))
  end)

  it("works against the sandbox", function()
    local box <close> = coffer.sandbox { strict = true }
    local mine = box:credentials "ecl"
    local client = assert(coffer.ecl {
      base_url = box:options("ecl").base_url, tenant_id = mine.tenant_id,
      api_key = mine.api_key, api_secret = mine.api_secret, keystone_url = mine.keystone_url,
    })
    assert.equal(12345, assert(client:create_account()).AcctNum)
    local issued = assert(client:issue_token())
    assert.equal("[secret]", tostring(issued["X-Subject-Token"]))
    assert.equal("string", type(issued.token.expires_at))
  end)
end)

-- Commvault --------------------------------------------------------------------------------------

local LOGIN = "/commandcenter/api/Login"

local function session(token)
  return keep { body = ('{"token":"%s","userName":"robot"}'):format(token) }
end

local function commvault_client(faulty, more)
  local options = { base_url = faulty.url .. "/commandcenter/api", username = "robot",
    password = "canary-pass word" }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return assert(coffer.commvault(options))
end

describe("a user name and a password of Commvault", function()
  it("log in when a token is needed, the password in base64", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. LOGIN] = { session "QSDK 1" } }, good(commvault),
    }
    expect.created(commvault, commvault.create(commvault_client(faulty)))
    local asked = faulty:requests()[1]
    assert.equal('{"username":"robot","password":"Y2FuYXJ5LXBhc3Mgd29yZA=="}', asked.body)
    assert.is_nil(asked.headers.authtoken)
    assert.same({ "QSDK 1" }, tokens_seen(commvault, faulty))
  end)

  it("may have a domain, and be secrets", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. LOGIN] = { session "QSDK 1" } }, good(commvault),
    }
    expect.created(commvault, commvault.create(commvault_client(faulty,
      { domain = "corp", password = coffer.secret "é\n" })))
    assert.equal('{"username":"robot","password":"w6kK","domain":"corp"}',
      faulty:requests()[1].body)
  end)

  for length = 0, 4 do
    it(("are encoded as base64 is: %d bytes"):format(length), function()
      local encoded = { [0] = "", "YQ==", "YWI=", "YWJj", "YWJjZA==" }
      local faulty <close> = server.start { session "QSDK 1" }
      local client = commvault.client(faulty.url)
      assert(client:login { username = "u", password = ("abcd"):sub(1, length) })
      assert.equal(('{"username":"u","password":"%s"}'):format(encoded[length]),
        faulty:requests()[1].body)
    end)
  end

  for what, body in pairs {
    ["token"] = '{"token":"QSDK 1","userName":"robot"}',
    ["authToken"] = '{"authToken":"QSDK 1","userName":"robot"}',
    ["data.authToken"] = '{"data":{"authToken":"QSDK 1","more":[1]}}',
    ["data.token"] = '{"errorCode":0,"data":{"token":"QSDK 1"}}',
    ["authToken beside an empty token"] = '{"token":"","authToken":"QSDK 1"}',
    ["data.token beside a null token"] = '{"token":null,"data":{"authToken":"","token":"QSDK 1"}}',
  } do
    it("take the token from where the answer has it, as a secret: " .. what, function()
      local handed
      local faulty <close> = server.start {
        paths = { ["POST " .. LOGIN] = { keep { body = body } } }, good(commvault),
      }
      local client = commvault_client(faulty, { on_tokens = function(told) handed = told end })
      expect.created(commvault, commvault.create(client))
      assert.same({ "QSDK 1" }, tokens_seen(commvault, faulty))
      assert.equal("[secret]", tostring(handed.token))
      assert.equal("QSDK 1", handed.token:reveal())
      for _, member in ipairs { handed.authToken or handed.token, (handed.data or {}).authToken
        or handed.token, (handed.data or {}).token or handed.token } do
        assert.equal("userdata", type(member))
      end
    end)
  end

  it("fail where none of these has one", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. LOGIN] = { keep {
        body = '{"token":"","authToken":null,"data":{"authToken":"","token":""}}' } } },
    }
    expect.failure("not_sent", "auth", commvault.create(commvault_client(faulty)))
  end)

  it("fail by a 200 without a token, and nothing else is sent", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. LOGIN] = { keep { body = '{"errList":[{"errLogMessage":'
        .. '"Invalid username or password","errorCode":5}],"isAccountLocked":false}' } } },
      good(commvault),
    }
    local failure = expect.failure("not_sent", "auth",
      commvault.create(commvault_client(faulty)))
    assert.matches("Invalid username or password", failure.message)
    assert.equal(1, count_of(faulty, LOGIN))
    assert.equal(0, count_of(faulty, commvault.path))
  end)

  it("log in again after a 401, once", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. LOGIN] = { session "QSDK 1", session "QSDK 2" } },
      good(commvault), refusing(commvault), good(commvault),
    }
    local client = commvault_client(faulty)
    expect.created(commvault, commvault.create(client))
    expect.created(commvault, commvault.create(client))
    assert.same({ "QSDK 1", "QSDK 1", "QSDK 2" }, tokens_seen(commvault, faulty))
  end)

  it("work against the sandbox", function()
    local box <close> = coffer.sandbox { strict = true }
    local mine = box:credentials "commvault"
    local client = assert(coffer.commvault { base_url = box:options("commvault").base_url,
      username = mine.username, password = mine.password })
    assert(client:list_plans())
    assert.is_true(client:logout())
    assert(client:list_plans()) -- a new log-in
    local statuses = {}
    for i, entry in ipairs(box:log()) do
      statuses[i] = entry.operation .. " " .. entry.status
    end
    assert.same({ "login 200", "list_plans 200", "logout 200", "list_plans 401", "login 200",
      "list_plans 200" }, statuses)
  end)

  it("that are wrong are refused by the sandbox", function()
    local box <close> = coffer.sandbox { strict = true }
    local client = assert(coffer.commvault { base_url = box:options("commvault").base_url,
      username = "sandbox", password = "canary-wrong" })
    expect.failure("not_sent", "auth", client:list_plans())
    local failure = expect.failure("refused", "auth", client:login())
    assert.equal(5, failure.details[1].code)
  end)
end)

-- Refused log-ins --------------------------------------------------------------------------------

describe("a log-in that was refused", function()
  local REFUSED = keep { body = '{"errList":[{"errLogMessage":"Invalid username or password",'
    .. '"errorCode":5}]}' }

  local function create_20(client, at_once)
    local list = {}
    for i = 1, 20 do
      list[i] = i
    end
    return coffer.map(list, function() return commvault.create(client) end, { at_once = at_once })
  end

  for _, at_once in ipairs { 1, 4, 20 } do
    it(("is not tried again by the next calls: 20 items, %d at once"):format(at_once), function()
      local faulty <close> = server.start {
        paths = { ["POST " .. LOGIN] = { REFUSED } }, good(commvault),
      }
      local _, failures = create_20(commvault_client(faulty), at_once)
      assert.equal(1, #faulty:requests())
      for i = 1, 20 do
        assert.equal("not_sent", failures[i].outcome)
        assert.equal("auth", failures[i].code)
        assert.matches("Invalid username or password %(5%)", failures[i].message)
        assert.equal(5, failures[i].details[1].code)
      end
    end)
  end

  for _, status in ipairs { 400, 401, 403, 404 } do
    it("is not tried again by the next calls: HTTP " .. status, function()
      local faulty <close> = server.start {
        paths = { ["POST " .. AUTH] = { keep { status = status, body = "{}" } } }, good(ecl),
      }
      local client = ecl_client(faulty)
      for _ = 1, 3 do
        assert.equal("not_sent", select(2, ecl.create(client)).outcome)
      end
      assert.equal(1, #faulty:requests())
    end)
  end

  it("is tried again where it was trouble of the network", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. LOGIN] = { { finish = "close" }, session "QSDK 1" } }, good(commvault),
    }
    local client = commvault_client(faulty, { attempts = 1 })
    assert.equal("not_sent", select(2, commvault.create(client)).outcome)
    expect.created(commvault, commvault.create(client))
  end)

  for what, answer in pairs {
    ["the provider failed"] = { status = 503, body = "" },
    ["it came too fast"] = { status = 429, body = "" },
  } do
    it("is tried again where " .. what, function()
      local faulty <close> = server.start {
        paths = { ["POST " .. LOGIN] = { keep(answer), session "QSDK 1" } }, good(commvault),
      }
      local client = commvault_client(faulty, { attempts = 1 })
      assert.equal("not_sent", select(2, commvault.create(client)).outcome)
      expect.created(commvault, commvault.create(client))
    end)
  end

  it("is told to be held back, and for how long, by the next calls", function()
    local faulty <close> = server.start { paths = { ["POST " .. LOGIN] = { REFUSED } } }
    local client = commvault_client(faulty)
    local first = expect.failure("not_sent", "auth", commvault.create(client))
    assert.is_nil(first.message:find "not tried again")
    assert.is_nil(first.retry_after)
    local core = require "coffer.core"
    local clock = core.clock
    core.clock = function() return clock() + 50 end
    local later = expect.failure("not_sent", "auth", commvault.create(client))
    core.clock = clock
    local seconds = later.message:match "was refused before and is not tried again for (%d+) s"
    assert.equal(later.retry_after, tonumber(seconds))
    assert.is_true(later.retry_after > 0 and later.retry_after <= 10)
    assert.matches("Invalid username or password", later.message)
    assert.equal(1, #faulty:requests())
  end)

  it("is tried again after a minute", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. LOGIN] = { REFUSED, session "QSDK 1" } }, good(commvault),
    }
    local client = commvault_client(faulty)
    local core = require "coffer.core"
    local clock, later = core.clock, 0
    core.clock = function() return clock() + later end
    expect.failure("not_sent", "auth", commvault.create(client))
    later = 59
    expect.failure("not_sent", "auth", commvault.create(client))
    later = 61
    local vault, failure = commvault.create(client)
    core.clock = clock
    expect.created(commvault, vault, failure)
    assert.equal(2, count_of(faulty, LOGIN))
  end)

  it("is forgotten once another credential has logged in", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. LOGIN] = { REFUSED, session "QSDK 1", session "QSDK 2" } },
      good(commvault), refusing(commvault), good(commvault),
    }
    local client = commvault_client(faulty)
    expect.failure("not_sent", "auth", commvault.create(client))
    assert(client:login { username = "robot", password = "another" })
    expect.created(commvault, commvault.create(client))
    expect.created(commvault, commvault.create(client)) -- by a new log-in
    assert.same({ "QSDK 1", "QSDK 1", "QSDK 2" }, tokens_seen(commvault, faulty))
  end)

  it("is sent where it is called for by its name", function()
    local faulty <close> = server.start { REFUSED }
    local client = commvault_client(faulty)
    expect.failure("not_sent", "auth", commvault.create(client))
    expect.failure("refused", "auth", client:login())
    assert.equal(2, #faulty:requests())
  end)

  it("that gave what no token can be is not tried again either", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. LOGIN] = { session "canary\\u0001" } },
    }
    local client = commvault_client(faulty)
    for _ = 1, 3 do
      local failure = expect.failure("not_sent", "auth", commvault.create(client))
      assert.matches("the log%-in gave what no token can be: it must", failure.message)
    end
    assert.equal(1, #faulty:requests())
  end)

  it("tells that the account is locked, and for how long", function()
    for status, body in pairs {
      [200] = '{"errList":[{"errLogMessage":"No","errorCode":5}],"isAccountLocked":true,'
        .. '"remainingLockTime":1200,"loginAttempts":5,"forcePasswordChange":true}',
      [401] = '{"errorCode":5,"data":{"isAccountLocked":true,"remainingLockTime":"1200",'
        .. '"loginAttempts":5,"forcePasswordChange":true}}',
    } do
      local faulty <close> = server.start { keep { status = status, body = body } }
      local client = commvault_client(faulty)
      for _, failure in ipairs { select(2, client:login()), (select(2, commvault.create(client))),
        (select(2, commvault.create(client))) } do
        local told = {}
        for _, detail in ipairs(failure.details) do
          told[detail.field or "code"] = detail.message or detail.code
        end
        assert.matches("locked", told.isAccountLocked)
        assert.matches("is 1200", told.remainingLockTime)
        assert.matches("is 5", told.loginAttempts)
        assert.matches("has to be changed", told.forcePasswordChange)
        assert.equal(1200, failure.retry_after)
        assert.matches("the account is locked", tostring(failure))
      end
    end
  end)

  it("tells nothing of a lock where there is none", function()
    local faulty <close> = server.start { keep {
      body = '{"errList":[{"errLogMessage":"No","errorCode":5}],"isAccountLocked":false,'
        .. '"remainingLockTime":0,"loginAttempts":0,"forcePasswordChange":null}' } }
    local failure = expect.failure("not_sent", "auth", commvault.create(commvault_client(faulty)))
    assert.equal(1, #failure.details)
    assert.is_nil(failure.retry_after)
  end)
end)

describe("authorization = bearer", function()
  local function client_of(faulty, more)
    local options = { base_url = faulty.url .. "/commandcenter/api", authorization = "bearer" }
    for name, value in pairs(more) do
      options[name] = value
    end
    return assert(coffer.commvault(options))
  end

  it("sends Commvault's token as its cloud wants it", function()
    local faulty <close> = server.start { good(commvault) }
    expect.created(commvault, commvault.create(client_of(faulty, { token = "abc" })))
    local request = faulty:requests()[1]
    assert.equal("Bearer abc", request.headers.authorization)
    assert.is_nil(request.headers.authtoken)
  end)

  it("sends so what a log-in gives", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. LOGIN] = { keep { body = '{"data":{"authToken":"abc"}}' } } },
      good(commvault),
    }
    expect.created(commvault, commvault.create(client_of(faulty,
      { username = "robot", password = "p" })))
    assert.equal("Bearer abc", faulty:requests()[2].headers.authorization)
    assert.is_nil(faulty:requests()[1].headers.authorization)
  end)

  it("takes no token with a blank", function()
    local done, said = pcall(coffer.commvault,
      { authorization = "bearer", token = "QSDK 1", base_url = "https://example.com" })
    assert.is_false(done)
    assert.matches("option 'token' must not have a blank", said)
  end)

  it("is what a prepared request shows", function()
    local faulty <close> = server.start {}
    local request = client_of(faulty, { token = "abc" }):request("list_plans")
    assert.equal("Bearer abc", request.headers.Authorization:reveal())
    assert.is_nil(request.headers.Authtoken)
    assert.matches('"Authorization: Bearer $COMMVAULT_TOKEN"', request:curl(), 1, true)
    assert.is_nil(request:curl():find "Authtoken")
  end)

  it("leaves neither header to the caller", function()
    for _, name in ipairs { "Authorization", "authtoken" } do
      assert.has_error(function()
        coffer.commvault { authorization = "bearer", token = "t", base_url = "https://example.com",
          headers = { [name] = "x" } }
      end)
    end
  end)

  it("is the only word there is", function()
    for _, value in ipairs { "Bearer", "basic", "", 5, true } do
      local done, said = pcall(coffer.commvault,
        { authorization = value, token = "t", base_url = "https://example.com" })
      assert.is_false(done)
      assert.matches("option 'authorization' must be", said)
    end
    assert.has_error(function() coffer.clumio { authorization = "bearer", token = "t" } end)
  end)
end)

-- New tokens -------------------------------------------------------------------------------------

describe("a renewed pair of access tokens", function()
  local RENEW = "/commandcenter/api/V4/AccessToken/Renew"
  local pair = { accessToken = "old-access", refreshToken = "old-refresh" }
  local fresh = keep { body = '{"accessToken":"new-access","refreshToken":"new-refresh"}' }

  it("is handed over before anything else happens, then used", function()
    local events = {}
    local faulty <close> = server.start { paths = { ["POST " .. RENEW] = { fresh } },
      good(commvault) }
    local client = commvault.client(faulty.url, {
      on_tokens = function(tokens)
        events[#events + 1] = tokens.accessToken:reveal() .. " " .. tokens.refreshToken:reveal()
      end,
      log = function() events[#events + 1] = "log" end,
    })
    local tokens = assert(client:renew_access_token(pair))
    events[#events + 1] = "result"
    assert.same({ "new-access new-refresh", "log", "result" }, events)
    assert.equal("new-access", tokens.accessToken:reveal())
    expect.created(commvault, commvault.create(client))
    assert.same({ "new-access" }, tokens_seen(commvault, faulty))
    local asked = faulty:requests()[1]
    assert.equal('{"accessToken":"old-access","refreshToken":"old-refresh"}', asked.body)
    assert.is_nil(asked.headers.authtoken)
  end)

  it("is not lost by an error of on_tokens", function()
    for _, thrown in ipairs { "canary in a text", { "canary in a table" } } do
      local faulty <close> = server.start { paths = { ["POST " .. RENEW] = { fresh } },
        good(commvault) }
      local client = commvault.client(faulty.url, { on_tokens = function() error(thrown) end })
      local tokens, failure = client:renew_access_token(pair)
      assert.is_nil(failure)
      assert.equal("new-refresh", tokens.refreshToken:reveal())
      expect.created(commvault, commvault.create(client))
      assert.same({ "new-access" }, tokens_seen(commvault, faulty))
    end
  end)

  it("that was asked for and not answered is unknown, and asked for once", function()
    local faulty <close> = server.start { { finish = "close" } }
    local client = commvault.client(faulty.url)
    expect.failure("unknown", "unreachable", client:renew_access_token(pair))
    assert.equal(1, #faulty:requests())
  end)

  it("is not lost by an answer that cannot be read", function()
    local faulty <close> = server.start { keep {
      body = '{"accessToken":"new-access","refreshToken":"new-refresh"' } }
    local client = commvault.client(faulty.url)
    local failure = expect.failure("unknown", "protocol", client:renew_access_token(pair))
    assert.truthy(coffer.response(failure).body:find("new-refresh", 1, true))
  end)

  it("is refused by the sandbox when it was used before, in words", function()
    local box <close> = coffer.sandbox { strict = true }
    local mine, handed = box:credentials "commvault", {}
    local client = assert(coffer.commvault(box:options("commvault", {
      on_tokens = function(tokens) handed[#handed + 1] = tokens end,
    })))
    local first = { accessToken = mine.access_token, refreshToken = mine.refresh_token }
    local second = assert(client:renew_access_token(first))
    assert.equal(second, handed[1])
    assert(client:list_plans())
    local failure = expect.failure("refused", "auth", client:renew_access_token(first))
    assert.equal("REFRESH_TOKEN_EXPIRED", failure.details[1].code)
    assert.equal(1, #handed)
  end)

  it("is taken as the secrets that it comes as", function()
    local box <close> = coffer.sandbox { strict = true }
    local mine = box:credentials "commvault"
    local client = assert(coffer.commvault(box:options "commvault"))
    local second = assert(client:renew_access_token {
      accessToken = coffer.secret(mine.access_token), refreshToken = mine.refresh_token,
    })
    assert(client:renew_access_token {
      accessToken = second.accessToken, refreshToken = second.refreshToken,
    })
    assert(client:list_plans())
  end)
end)

describe("on_tokens", function()
  it("has the tokens of every log-in, and is a function", function()
    local seen = {}
    local faulty <close> = server.start {
      paths = { ["POST " .. LOGIN] = { session "QSDK 1", session "QSDK 2" } },
      refusing(commvault), good(commvault),
    }
    local client = commvault_client(faulty, {
      on_tokens = function(result) seen[#seen + 1] = result.token:reveal() end,
    })
    expect.created(commvault, commvault.create(client))
    assert.same({ "QSDK 1", "QSDK 2" }, seen)
    assert.has_error(function() coffer.commvault { on_tokens = "no" } end)
  end)
end)

describe("a changed token", function()
  it("is the only one in all that is sent from then on", function()
    local faulty <close> = server.start { good(commvault) }
    local client = commvault.client(faulty.url, { token = "old-token" })
    expect.created(commvault, commvault.create(client))
    faulty:order { session "QSDK new" }
    assert(client:login { username = "u", password = "p" })
    faulty:order { good(commvault) }
    for _ = 1, 3 do
      expect.created(commvault, commvault.create(client))
    end
    local requests = faulty:requests()
    assert.equal("old-token", requests[1].headers.authtoken)
    for i = 2, #requests do
      assert.is_nil(requests[i].raw:find("old-token", 1, true))
    end
    for i = 3, #requests do
      assert.equal("QSDK new", requests[i].headers.authtoken)
      assert.is_true(requests[i].connection > requests[1].connection)
    end
  end)

  it("of one client is no other client's", function()
    local faulty <close> = server.start { good(clumio) }
    local function counting(prefix)
      local count = 0
      return function()
        count = count + 1
        return prefix .. count
      end
    end
    local one = clumio.client(faulty.url, { token = counting "one-" })
    local other = clumio.client(faulty.url, { token = counting "other-" })
    for i = 1, 6 do
      faulty:order { i % 3 == 0 and refusing(clumio) or good(clumio), good(clumio) }
      expect.created(clumio, clumio.create(one))
      faulty:order { i % 2 == 0 and refusing(clumio) or good(clumio), good(clumio) }
      expect.created(clumio, clumio.create(other))
    end
    local owners = {}
    for _, request in ipairs(faulty:requests()) do
      local owner, number = token_of(clumio, request):match "^(%a+)%-(%d+)$"
      owners[request.connection] = owners[request.connection] or owner .. number
      assert.equal(owners[request.connection], owner .. number)
    end
  end)
end)

describe("the environment", function()
  local OPEN = [[
    local client, failure = require("coffer")[...](select(2, ...))
    if not client then
      local names = {}
      for i, detail in ipairs(failure.details) do names[i] = detail.field end
      return failure.code, table.concat(names, " "), tostring(failure)
    end
    return tostring(client)
  ]]

  local CREATE = [[
    local provider, operation, options, parameters = ...
    local client = assert(require("coffer")[provider](options))
    local made, failure = client[operation](client, parameters)
    return made and tostring(made) or tostring(failure)
  ]]

  local bare = {}
  for _, name in ipairs { "CLUMIO_API_TOKEN", "CLUMIO_API_BASE_URL", "COMMVAULT_TOKEN",
    "COMMVAULT_BASE_URL", "COMMVAULT_USERNAME", "COMMVAULT_PASSWORD", "COMMVAULT_DOMAIN",
    "OS_TOKEN", "OS_AUTH_TOKEN", "OS_USERNAME", "OS_PASSWORD", "OS_AUTH_URL", "OS_PROJECT_ID",
    "OS_TENANT_ID", "ECL_BASE_URL", "ASTRA_TOKEN", "ASTRA_BASE_URL" } do
    bare[name] = ""
  end

  local function with(more)
    local environment = {}
    for _, source in ipairs { bare, more } do
      for name, value in pairs(source) do
        environment[name] = value
      end
    end
    return environment
  end

  for _, row in ipairs {
    { "clumio", {}, "token" },
    { "commvault", {}, "base_url token" },
    { "commvault", { username = "robot" }, "base_url password" },
    { "commvault", { password = "canary" }, "base_url username" },
    { "ecl", {}, "tenant_id token" },
    { "ecl", { api_key = "k" }, "tenant_id api_secret keystone_url" },
    { "ecl", { api_secret = "canary" }, "tenant_id api_key keystone_url" },
    { "astra", {}, "base_url token" },
  } do
    local given = next(row[2]) or "nothing"
    it(("is told everything that is missing at once: %s with %s"):format(row[1], given), function()
      local said = interpreter.run(bare, OPEN, row[1], row[2])
      assert.equal("config", said[1])
      local names = {}
      for name in said[2]:gmatch "%S+" do names[#names + 1] = name end
      table.sort(names)
      local wanted = {}
      for name in row[3]:gmatch "%S+" do wanted[#wanted + 1] = name end
      table.sort(wanted)
      assert.same(wanted, names)
      assert.is_nil(said[3]:find("canary", 1, true))
    end)
  end

  it("has a log-in of ECL by the names of OpenStack's tools", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. AUTH] = { keystone("issued", 3600) } }, good(ecl),
    }
    local said = interpreter.run(with {
      OS_USERNAME = "key", OS_PASSWORD = "hush", OS_AUTH_URL = faulty.url .. "/keystone/v3",
      OS_TENANT_ID = answers.asked.tenant_id, ECL_BASE_URL = faulty.url .. "/ecl-objectstorage",
    }, CREATE, "ecl", "create_account", {})
    assert.same({ "ecl account 12345" }, said)
    assert.matches('"name":"key","password":"hush"', faulty:requests()[1].body)
  end)

  it("has a log-in of Commvault", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. LOGIN] = { session "QSDK 1" } }, good(commvault),
    }
    local said = interpreter.run(with {
      COMMVAULT_USERNAME = "robot", COMMVAULT_PASSWORD = "abc", COMMVAULT_DOMAIN = "corp",
      COMMVAULT_BASE_URL = faulty.url .. "/commandcenter/api",
    }, CREATE, "commvault", "create_s3_vault", {}, { bucket = { clientName = "vault-one" },
      plan = { planId = 7, planName = "Server plan" } })
    assert.same({ "commvault vault vault-one" }, said)
    assert.equal('{"username":"robot","password":"YWJj","domain":"corp"}',
      faulty:requests()[1].body)
  end)

  it("may bring the secret of a key that is an option", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. AUTH] = { keystone("issued", 3600) } }, good(ecl),
    }
    local said = interpreter.run(with { OS_PASSWORD = "hush" }, CREATE, "ecl", "create_account", {
      api_key = "mine", keystone_url = faulty.url .. "/keystone/v3",
      base_url = faulty.url .. "/ecl-objectstorage", tenant_id = answers.asked.tenant_id,
    })
    assert.same({ "ecl account 12345" }, said)
    assert.matches('"name":"mine","password":"hush"', faulty:requests()[1].body)
  end)

  it("gives no token where a log-in is given as options", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. AUTH] = { keystone("issued", 3600) } }, good(ecl),
    }
    interpreter.run(with { OS_TOKEN = "another's" }, CREATE, "ecl", "create_account", {
      api_key = "mine", api_secret = "hush", keystone_url = faulty.url .. "/keystone/v3",
      base_url = faulty.url .. "/ecl-objectstorage", tenant_id = answers.asked.tenant_id,
    })
    assert.same({ "issued" }, tokens_seen(ecl, faulty))
  end)

  it("gives no log-in where a token is given as an option: nobody turns into another", function()
    local faulty <close> = server.start {
      paths = { ["POST " .. LOGIN] = { session "QSDK another's" } },
      refusing(commvault), good(commvault),
    }
    local said = interpreter.run(with {
      COMMVAULT_USERNAME = "another", COMMVAULT_PASSWORD = "abc",
    }, CREATE, "commvault", "list_plans",
      { token = "mine", base_url = faulty.url .. "/commandcenter/api" })
    assert.matches("%[auth%]$", said[1])
    assert.equal(0, count_of(faulty, LOGIN))
    assert.equal(1, #faulty:requests())
  end)

  for _, provider in ipairs { "commvault", "ecl" } do
    it("may have half of a log-in beside a token: " .. provider, function()
      local said = interpreter.run(with { COMMVAULT_PASSWORD = "x", OS_USERNAME = "y" }, OPEN,
        provider, { token = "t", base_url = "https://example.com", tenant_id = provider == "ecl"
          and "t" or nil })
      assert.same({ "coffer." .. provider .. " (https://example.com)" }, said)
    end)
  end

  describe("of an OpenStack cloud", function()
    local TENANT = answers.asked.tenant_id

    --- Opens a client with these options in an environment; answers what OPEN does.
    local function open(environment, options)
      return interpreter.run(with(environment), OPEN, "ecl", options)
    end

    for what, auth_url in pairs { ["http"] = "http://keystone.example.com:5000/v3",
      ["without /v3"] = "https://keystone.example.com:5000", ["no URL"] = "keystone" } do
      it("does not matter to a token of one's own: " .. what, function()
        local said = open({ OS_AUTH_URL = auth_url, OS_USERNAME = "me", OS_PASSWORD = "x",
          OS_TOKEN = "Bearer x", OS_PROJECT_ID = "a\1b" }, { token = "t", tenant_id = TENANT })
        assert.same({ "coffer.ecl (https://api.ntt.com/ecl-objectstorage)" }, said)
        said = open({ OS_AUTH_URL = auth_url, OS_USERNAME = "me" },
          { token_file = "/nowhere", tenant_id = TENANT })
        assert.same({ "coffer.ecl (https://api.ntt.com/ecl-objectstorage)" }, said)
      end)
    end

    it("does not matter to a token of the environment with an address of its own", function()
      local said = open({ OS_AUTH_URL = "http://keystone.example.com/v3", OS_USERNAME = "me",
        OS_TOKEN = "t", ECL_BASE_URL = "https://ecl.example.com" }, { tenant_id = TENANT })
      assert.same({ "coffer.ecl (https://ecl.example.com)" }, said)
    end)

    for what, row in pairs {
      ["a Keystone without /v3"] = { "keystone_url", { OS_AUTH_URL = "https://ks.example.com" } },
      ["a Keystone by http"] = { "keystone_url", { OS_AUTH_URL = "http://ks.example.com/v3" } },
      ["an address by http"] = { "base_url", { ECL_BASE_URL = "http://ecl.example.com",
        OS_AUTH_URL = "https://keystone.example.com/v3" } },
    } do
      it("is one problem where it is wrong, not missing as well: " .. what, function()
        local environment = { OS_USERNAME = "me", OS_PASSWORD = "x", OS_PROJECT_ID = TENANT }
        for name, value in pairs(row[2]) do
          environment[name] = value
        end
        local said = interpreter.run(with(environment), [[
          local _, failure = require("coffer").ecl {}
          return failure.code, #failure.details, failure.details[1].field, failure.message
        ]])
        assert.same({ "config", 1, row[1] }, { table.unpack(said, 1, 3) })
        assert.is_nil(said[4]:find "not given")
      end)
    end

    for what, row in pairs {
      ["a token"] = { {}, {} },
      ["a token and its Keystone"] = { { OS_AUTH_URL = "https://keystone.example.com/v3" }, {} },
      ["a token and a Keystone of a name like NTT's"] =
        { { OS_AUTH_URL = "https://evilapi.ntt.com/v3" }, {} },
      ["a token and a Keystone below another name"] =
        { { OS_AUTH_URL = "https://api.ntt.com.example.com/v3" }, {} },
      ["a token and a Keystone with NTT as its user"] =
        { { OS_AUTH_URL = "https://api.ntt.com@example.com/v3" }, {} },
      ["a token, beside a Keystone as an option"] =
        { {}, { keystone_url = "https://keystone.example.com/v3" } },
    } do
      it("does not go to NTT by itself: " .. what, function()
        local environment = { OS_TOKEN = "canary", OS_PROJECT_ID = TENANT }
        for name, value in pairs(row[1]) do
          environment[name] = value
        end
        local said = open(environment, row[2])
        assert.equal("config", said[1])
        assert.equal("base_url", said[2])
        assert.matches("ECL_BASE_URL", said[3])
        assert.matches("OS_AUTH_URL at api.ntt.com", said[3], 1, true)
        assert.is_nil(said[3]:find "canary")
      end)
    end

    it("does not go to NTT by itself: a log-in at its Keystone", function()
      local foreign = { OS_AUTH_URL = "https://keystone.example.com/v3", OS_USERNAME = "me",
        OS_PASSWORD = "canary" }
      assert.equal("base_url", open(foreign, { tenant_id = TENANT })[2])
      assert.equal("base_url", open(foreign,
        { tenant_id = TENANT, api_key = "k", api_secret = "s" })[2])
    end)

    for what, row in pairs {
      ["OS_AUTH_URL is api.ntt.com"] =
        { { OS_TOKEN = "t", OS_AUTH_URL = "https://api.ntt.com/keystone/v3/" }, {} },
      ["OS_AUTH_URL is one of NTT's regions, in whatever letters"] =
        { { OS_TOKEN = "t", OS_AUTH_URL = "https://Keystone-JP1-ecl.API.ntt.com/v3" }, {} },
      ["the log-in is NTT's"] = { { OS_USERNAME = "k", OS_PASSWORD = "s",
        OS_AUTH_URL = "https://keystone-jp1-ecl.api.ntt.com/v3" }, {} },
      ["the log-in's address is an option"] = { { OS_USERNAME = "k", OS_PASSWORD = "s" },
        { keystone_url = "https://keystone.example.com/v3" } },
    } do
      it("goes to NTT where " .. what, function()
        row[2].tenant_id = TENANT
        assert.same({ "coffer.ecl (https://api.ntt.com/ecl-objectstorage)" },
          open(row[1], row[2]))
      end)
    end

    it("goes where option base_url says", function()
      assert.same({ "coffer.ecl (https://ecl.example.com)" }, open({ OS_TOKEN = "t" },
        { base_url = "https://ecl.example.com", tenant_id = TENANT }))
    end)
  end)

  it("has an address of Keystone that ends with /v3, or is told so by name", function()
    for _, address in ipairs { "https://keystone.example.com", "https://keystone.example.com/v2.0",
      "https://keystone.example.com/v3/auth/tokens" } do
      local said = interpreter.run(with { OS_AUTH_URL = address }, OPEN, "ecl",
        { api_key = "k", api_secret = "s", tenant_id = "t", base_url = "https://example.com" })
      assert.equal("config", said[1])
      assert.matches("OS_AUTH_URL in the environment) must end with /v3, such as https://", said[3],
        1, true)
      local done, raised = pcall(coffer.ecl, { keystone_url = address, api_key = "k",
        api_secret = "s", tenant_id = "t" })
      assert.is_false(done)
      assert.matches("option 'keystone_url' must end with /v3, such as https://", raised, 1, true)
    end
  end)

  it("tells all ways in where there is none", function()
    local said = interpreter.run(bare, OPEN, "commvault", { base_url = "https://example.com" })
    assert.matches("use option 'token' or 'token_file', or 'username' and 'password', or the "
      .. "environment's COMMVAULT_TOKEN, or COMMVAULT_USERNAME and COMMVAULT_PASSWORD", said[3],
      1, true)
    said = interpreter.run(bare, OPEN, "ecl", {})
    assert.matches("'token' or 'token_file', or 'api_key', 'api_secret' and 'keystone_url'",
      said[3], 1, true)
    assert.matches("OS_TOKEN or OS_AUTH_TOKEN, or OS_USERNAME, OS_PASSWORD and OS_AUTH_URL",
      said[3], 1, true)
    assert.matches("OS_PROJECT_ID or OS_TENANT_ID", said[3])
  end)

  it("is not read after a client is made", function()
    local faulty <close> = server.start { good(clumio) }
    local said = interpreter.run(with { CLUMIO_API_TOKEN = "before" }, [[
      local coffer = require "coffer"
      local options = ...
      local client = assert(coffer.clumio(options))
      os.getenv = function() error "the environment was read" end
      return client:create_wallet "123456789012" ~= nil
    ]], { base_url = faulty.url })
    assert.same({ true }, said)
  end)
end)
