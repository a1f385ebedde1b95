-- Whatever goes wrong, no secret shows: not in a failure, a traceback, an output, the process list.

local answers = require "answers"
local authority = require "authority"
local child = require "child"
local coffer = require "coffer"
local expect = require "expect"
local faults = require "faults"
local interpreter = require "interpreter"
local loopback = require "loopback"
local providers = require "providers"
local read_file = require "read_file"
local server = require "server"
local socket = require "socket"
local workdir = require "workdir"

--- All that can be got out of a value: keys, values, metatables, one after the other.
local function walk(value, seen)
  seen = seen or {}
  if type(value) ~= "table" or seen[value] then
    return tostring(value)
  end
  seen[value] = true
  local parts = { tostring(value), walk(getmetatable(value), seen) }
  for key, item in next, value do
    parts[#parts + 1] = walk(key, seen) .. "=" .. walk(item, seen)
  end
  return table.concat(parts, "\n")
end

local function traceback_of(failure)
  return select(2, xpcall(function() error(failure) end, function(thrown)
    return debug.traceback(tostring(thrown))
  end))
end

describe("a failure", function()
  for _, kind in ipairs { "connections", "answers" } do
    for _, fault in ipairs(faults[kind]) do
      for _, case in ipairs(providers.creates) do
        it(("has no secret after %s: %s"):format(fault.name, case.name), function()
          local faulty <close> = server.start(fault.orders(case))
          local client = case.client(faulty.url, { timeout = fault.timeout or 10 })
          local result, failure = case.create(client)
          assert.is_nil(result)
          expect.no_canary(walk(failure))
          expect.no_canary(traceback_of(failure))
          expect.no_canary(tostring(client))
        end)
      end
    end
  end

  for _, case in ipairs(providers.creates) do
    it("has no token that a gateway repeats: " .. case.name, function()
      local said = ("You sent %s, %s and again %s."):format(case.token, case.token, case.token)
      for _, body in ipairs {
        answers.clumio_error(1, said), answers.commvault_error(case.token, said),
        answers.ecl_error(said), answers.astra_problem(400, 3, { detail = ("%q"):format(said),
          correlationID = '"' .. case.token .. '"' }),
        ('{"error":{"message":%q,"code":%q}}'):format(said, case.token), said,
      } do
        local failure = loopback.refuse(case, 401, body, {
          headers = { "X-Request-Id: " .. case.token },
        })
        expect.no_canary(walk(failure))
      end
    end)

    it("has no secret where the answer comes too late: " .. case.name, function()
      local faulty <close> = server.start {
        { send = { case.good():sub(1, -2), { sleep = 2 } }, finish = "hang" },
      }
      local _, failure = case.create(case.client(faulty.url, { timeout = 0.2 }))
      assert.equal("unknown", failure.outcome)
      expect.no_canary(walk(failure))
    end)
  end

  it("has no secret where the vault is refused inside a 200", function()
    local said = "denied for " .. providers.commvault.token
    local _, failure = loopback.answer(providers.commvault, { changes = {
      response = answers.vault_response { errorCode = "5", errorMessage = ("%q"):format(said),
        entity = "null" },
    } })
    assert.equal("denied for [secret]", failure.details[1].message)
  end)

  it("has no secret where one of two was lost", function()
    local account, failure = loopback.answer(providers.ecl, { changes = { SecretKey = "null" } })
    expect.no_canary(walk(failure))
    expect.no_canary(walk(account))
    assert.equal(answers.canaries.password, account.Password:reveal())
  end)

  it("has no password of a proxy", function()
    local url
    do
      local gone <close> = server.start {}
      url = gone.address
    end
    local client = providers.clumio.client("https://example.com", {
      proxy = "http://robot:canary-proxy@" .. url,
      attempts = 1,
    })
    local _, failure = providers.clumio.create(client)
    assert.equal("not_sent", failure.outcome)
    assert.is_nil(walk(failure):find("canary", 1, true))
    assert.is_nil(tostring(client):find("canary", 1, true))
  end)

  it("has no password of a proxy that the environment has", function()
    for _, proxy in ipairs { "x://robot:canary@127.0.0.1:1", "robot:canary@127.0.0.1:99999" } do
      local said = interpreter.run({ https_proxy = proxy }, [[
        local client = assert(require("coffer").clumio { base_url = "https://example.com",
          token = "t", use_env_proxy = true, attempts = 1 })
        return tostring(select(2, client:create_wallet "123456789012"))
      ]])
      assert.matches("not sent", said[1])
      assert.is_nil(said[1]:find("canary", 1, true), said[1])
    end
  end)

  it("has no parameter that was refused", function()
    local failure = loopback.refused(providers.clumio, function(client)
      return client:create_wallet { account_native_id = "canary", aws_region = "\xffcanary" }
    end)
    assert.is_nil(walk(failure):find("canary", 1, true))
  end)
end)

--- Runs every such fault into a create; prints all that a user would print, where asked.
local function meet_faults(provider, prints)
  local every, start = require "faults", require("server").start
  local case, count = require("providers")[provider], 0
  for _, kind in ipairs { "connections", "answers" } do
    for _, fault in ipairs(every[kind]) do
      local faulty <close> = start(fault.orders(case))
      local client = case.client(faulty.url, { timeout = fault.timeout or 10 })
      local _, failure = case.create(client)
      if prints then
        print(client, failure, failure.message, failure.code)
        warn("@on")
        warn(tostring(failure))
        io.stderr:write(debug.traceback(tostring(failure)), "\n")
      end
      count = count + 1
    end
  end
  collectgarbage()
  if prints then
    print("met", count)
  end
end

describe("a program that meets every wire fault", function()
  for _, case in ipairs(providers.creates) do
    it("shows no secret, whatever it prints: " .. case.name, function()
      local ended = child.run(meet_faults, case.provider, true)
      assert.equal(0, ended.status, ended.errors)
      local met = tonumber(ended.output:match "met\t(%d+)")
      assert.equal(#faults.connections + #faults.answers, met)
      assert.matches("the outcome is unknown", ended.output, 1, true)
      assert.matches("stack traceback", ended.errors, 1, true)
      expect.no_canary(ended.output)
      expect.no_canary(ended.errors)
    end)
  end

  it("has nothing printed for it", function()
    local ended = child.run(meet_faults, "ecl", false)
    assert.same({ status = 0, output = "", errors = "" }, ended)
  end)

  it("has nothing printed for it when all goes well", function()
    local ended = child.run(function()
      local open = require "coffer"
      local box <close> = open.sandbox()
      local wallet = assert(open.clumio(box:options "clumio"):create_wallet "123456789012")
      assert(wallet:refresh())
      assert(open.ecl(box:options "ecl"):create_account())
      collectgarbage()
    end)
    assert.same({ status = 0, output = "", errors = "" }, ended)
  end)

  it("shows no secret when it dies of a failure", function()
    local ended = child.run(function()
      local case = require("providers").ecl
      local body = '{"message":"not ' .. case.token .. '"}'
      error(require("loopback").refuse(case, 401, body))
    end)
    assert.equal(1, ended.status)
    assert.matches("ecl create_account: the token is not accepted .*not %[secret%].*%[auth%]",
      ended.errors)
    expect.no_canary(ended.errors)
  end)
end)

describe("the process list", function()
  local function call(provider, url)
    local case = require("providers")[provider]
    case.create(case.client(url))
  end

  for _, case in ipairs(providers.creates) do
    it("has no token during a call, nor has the environment: " .. case.name, function()
      local faulty <close> = server.start { { finish = "hang" } }
      local calling <close> = child.start(call, case.provider, faulty.url)
      local deadline = socket.gettime() + 20
      repeat socket.sleep(0.01) until faulty:creates() == 1 or socket.gettime() > deadline
      assert.equal(1, faulty:creates())
      local command = read_file("/proc/" .. calling.id .. "/cmdline")
      assert.matches("child%d+.lua", command)
      expect.no_canary(command)
      expect.no_canary(read_file("/proc/" .. calling.id .. "/environ"))
    end)
  end
end)

describe("a key log in the environment", function()
  local made = authority.get()
  local count = 0

  --- Opens a client with SSLKEYLOGFILE set and calls; answers what came of it, and the log.
  local function logged(case, options)
    count = count + 1
    local path = workdir.file("keys" .. count)
    local faulty <close> = server.start { tls = made.good, { send = case.good() } }
    options.base_url, options.ca_file = faulty.url, made.root
    local said = interpreter.run({ SSLKEYLOGFILE = path }, [[
      local provider, options = ...
      local case = require("providers")[provider]
      options.token = case.token
      local client, failure, word = require("coffer")[provider](case.complete(options))
      if not client then
        return false, failure.outcome, failure.code, tostring(failure), word
      end
      return case.create(client) ~= nil
    ]], case.provider, options)
    local file = io.open(path)
    local keys = file and file:read "a"
    if file then
      file:close()
    end
    return said, keys, #faulty:connections()
  end

  for _, case in ipairs(providers.creates) do
    it("is refused, and names the variable: " .. case.provider, function()
      local said, keys, connections = logged(case, {})
      assert.same({ false, "not_sent", "config" }, { table.unpack(said, 1, 3) })
      assert.matches("SSLKEYLOGFILE", said[4], 1, true)
      assert.matches("allow_keylog", said[4], 1, true)
      assert.equal("", keys or "") -- libcurl opens the file as soon as it is loaded
      assert.equal(0, connections)
    end)
  end

  it("is refused with allow_keylog = false", function()
    assert.equal("config", logged(providers.clumio, { allow_keylog = false })[3])
  end)

  it("works with allow_keylog = true", function()
    local said, keys = logged(providers.clumio, { allow_keylog = true })
    assert.same({ true }, said)
    assert.matches("^%u+_[%u_%d]+ %x+ %x+\n", keys)
  end)

  it("is no matter where it is empty", function()
    local said = interpreter.run({ SSLKEYLOGFILE = "" }, [[
      return require("coffer").clumio { token = "t" } ~= nil
    ]])
    assert.same({ true }, said)
  end)
end)

describe("coffer.response", function()
  it("is the one place where a secret can be seen in passing", function()
    local account = assert(loopback.answer(providers.ecl))
    local response = coffer.response(account)
    assert.matches(answers.canaries.password, response.body, 1, true)
    assert.is_nil(tostring(response):find("canary", 1, true))
  end)
end)
