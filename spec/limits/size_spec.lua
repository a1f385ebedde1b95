-- Texts of no, one and very many bytes, and with a zero byte inside, for each field that takes a
-- text: refused before anything is sent, or carried exactly.

local cjson = require("cjson").new()
local expect = require "expect"
local providers = require "providers"
local server = require "server"

local SIZES = { 0, 1, 12, 63, 64, 256, 257, 2 ^ 16 | 0, 2 ^ 24 | 0 }
local NOWHERE = "http://127.0.0.1:1"

--- The value at a path such as owners.1.userId.
local function member(value, path)
  for name in path:gmatch "[^.]+" do
    value = value[math.tointeger(tonumber(name)) or name]
  end
  return value
end

--- Puts a value at a path, making tables where there are none.
local function place(value, path, what)
  local way, last = path:match "^(.-)%.?([^.]+)$"
  for name in way:gmatch "[^.]+" do
    local key = math.tointeger(tonumber(name)) or name
    value[key] = value[key] or {}
    value = value[key]
  end
  value[last] = what
end

local function vault()
  return { bucket = { clientName = "v" }, plan = { planId = 1, planName = "p" },
           cvs3Endpoints = { { clientId = 1 } } }
end

local function account()
  return { name = "n", metadata = { labels = { { name = "n", value = "v" } } } }
end

local function wallet()
  return { account_native_id = "123456789012" }
end

-- What goes into a body: how many bytes it takes at least and at most.
local ANY = math.huge
local in_body = {
  { "clumio", "create_wallet", wallet, "account_native_id", 12, 12, fill = "7" },
  { "clumio", "create_wallet", wallet, "aws_region", 0, ANY },
  { "commvault", "create_s3_vault", vault, "bucket.clientName", 1, ANY },
  { "commvault", "create_s3_vault", vault, "plan.planName", 1, ANY },
  { "commvault", "create_s3_vault", vault, "cvs3Endpoints.1.clientName", 0, ANY },
  { "astra", "create_account", account, "name", 1, 63 },
  { "astra", "create_account", account, "metadata.labels.1.name", 0, ANY },
  { "astra", "create_account", account, "metadata.labels.1.value", 0, ANY },
  { "astra", "create_account", account, "metadata.createdBy", 0, ANY },
}

local function prepare(field, text)
  local parameters = field[3]()
  place(parameters, field[4], text)
  return providers[field[1]].client(NOWHERE):request(field[2], parameters)
end

local function assert_refused(request, failure, path)
  assert.is_nil(request)
  expect.failure("not_sent", "invalid", request, failure, "invalid")
  assert.equal(1, #failure.details)
  assert.equal(path, (failure.details[1].field:gsub("%[(%d+)%]", ".%1")))
end

describe("a text in a body", function()
  for _, field in ipairs(in_body) do
    local name = ("%s %s"):format(field[1], field[4])

    it("of any size is refused or carried exactly: " .. name, function()
      for _, size in ipairs(SIZES) do
        local text = (field.fill or "x"):rep(size)
        local request, failure = prepare(field, text)
        if size < field[5] or size > field[6] then
          assert_refused(request, failure, field[4])
        else
          assert(request, tostring(failure))
          assert.is_true(member(cjson.decode(request.body), field[4]) == text)
        end
      end
    end)

    it("with a zero byte inside is refused or carried exactly: " .. name, function()
      local text = "12345\00078901"
      assert.equal(11, #text)
      text = text .. "2"
      local request, failure = prepare(field, text)
      if field.fill then
        assert_refused(request, failure, field[4])
      else
        assert.equal(text, member(cjson.decode(request.body), field[4]))
        assert.truthy(request.body:find("\\u0000", 1, true))
      end
    end)
  end

  it("of 16 MiB arrives exactly", function()
    local faulty <close> = server.start { { send = providers.clumio.good(), finish = "keep" } }
    local client = providers.clumio.client(faulty.url)
    local region = ("0123456789abcdef"):rep(2 ^ 20 | 0)
    assert(client:create_wallet { account_native_id = "123456789012", aws_region = region })
    local request = faulty:requests()[1]
    local body = ('{"account_native_id":"123456789012","aws_region":"%s"}'):format(region)
    assert.equal(#body, request.body_size)
    assert.is_true(body:sub(1, #request.body) == request.body)
  end)

  it("in an answer is read exactly, with a zero byte as with 4 MiB", function()
    for _, text in ipairs { "a\0b", ("x"):rep(2 ^ 22 | 0), "" } do
      local json = '"' .. text:gsub("\0", "\\u0000") .. '"'
      local faulty <close> = server.start { {
        send = providers.clumio.good { changes = { role_arn = json, further = json } },
      } }
      local created = assert(providers.clumio.create(providers.clumio.client(faulty.url)))
      assert.is_true(created.role_arn == text)
      assert.is_true(created.further == text)
    end
  end)
end)

describe("a name in an answer", function()
  for _, case in ipairs(providers.calls) do
    it("with a zero byte, however long, is another name: " .. case.name, function()
      for _, size in ipairs { 0, 1, 100, 2 ^ 23 | 0 } do
        local name = case.identity .. "\\u0000" .. ("x"):rep(size)
        local faulty <close> = server.start { {
          send = case.good { changes = { [name] = '"other"' } },
        } }
        local created = expect.created(case, case.create(case.client(faulty.url)))
        assert.equal("other", created[case.identity .. "\0" .. ("x"):rep(size)])
      end
    end)
  end
end)

-- What goes into a path or a header.

local function escape(text)
  return (text:gsub("[^%w._~-]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

describe("a text in a path", function()
  it("is one segment of at most 256 bytes: clumio wallet_id", function()
    local client = providers.clumio.client(NOWHERE)
    for _, size in ipairs(SIZES) do
      local text = ("/"):rep(size)
      local request, failure = client:request("refresh_wallet", text)
      if size == 0 or size > 256 then
        assert_refused(request, failure, "wallet_id")
      else
        assert.equal(NOWHERE .. "/wallets/" .. escape(text) .. "/_refresh", request.url)
      end
    end
    local request, failure = client:request("refresh_wallet", "a\0b")
    assert_refused(request, failure, "wallet_id")
  end)

  it("is one segment of at most 256 bytes: ecl tenant_id", function()
    local client = providers.ecl.client(NOWHERE)
    for _, size in ipairs(SIZES) do
      local text = ("é"):rep(size // 2)
      local request, failure = client:request("create_account", { tenant_id = text })
      if #text == 0 or #text > 256 then
        assert_refused(request, failure, "tenant_id")
      else
        assert.truthy(request.url:find("/tenants/" .. escape(text) .. "/account", 1, true))
      end
    end
    local request, failure = client:request("create_account", { tenant_id = "a\0b" })
    assert_refused(request, failure, "tenant_id")
  end)

  it("is the client's own where null is given: ecl tenant_id", function()
    local client = providers.ecl.client(NOWHERE)
    local null = require("coffer").null
    local usual = client:request("create_account", {}).url
    assert.equal(usual, client:request("create_account", { tenant_id = null }).url)
  end)
end)

describe("an option's text", function()
  local function open(name, text)
    local options = { base_url = NOWHERE, token = "t", [name] = text }
    return pcall(require("coffer").clumio, options)
  end

  local function assert_raises(name, text)
    local ok, trouble = open(name, text)
    assert.is_false(ok)
    assert.truthy(tostring(trouble):find("'" .. name .. "'", 1, true), trouble)
  end

  local in_header = {
    token = { "Authorization", "Bearer " },
    organizational_unit = { "x-clumio-organizationalunit-context", "" },
    user_agent = { "User-Agent", "" },
  }

  for name, header in pairs(in_header) do
    it("of any size is refused or carried exactly: " .. name, function()
      local faulty <close> = server.start { { send = providers.clumio.good(), finish = "keep" } }
      for count, size in ipairs { 1, 256, 2 ^ 15 | 0 } do
        local text = ("x"):rep(size)
        local ok, client = open(name, text)
        assert.is_true(ok, client)
        client = assert(require("coffer").clumio {
          base_url = faulty.url, token = "t", [name] = text,
        })
        assert(providers.clumio.create(client))
        local got = faulty:requests()[count].headers[header[1]:lower()]
        assert.is_true(got == header[2] .. text)
      end
      assert_raises(name, "")
      assert_raises(name, "a\0b")
    end)
  end

  for _, name in ipairs { "base_url", "ca_file", "client_certificate", "client_key", "proxy" } do
    it("with a zero byte inside, or empty, is refused: " .. name, function()
      assert_raises(name, "")
      assert_raises(name, "http://127.0.0.1\0.example")
    end)
  end

  it("of very many bytes is refused: base_url, proxy", function()
    assert_raises("base_url", NOWHERE .. "/" .. ("x"):rep(2 ^ 24 | 0))
    assert_raises("proxy", NOWHERE .. "/" .. ("x"):rep(2 ^ 24 | 0))
  end)

  it("is no other option's with a zero byte behind its name", function()
    for _, name in ipairs { "token\0", "timeout\0x", "user_agent\0" } do
      local ok, trouble = pcall(require("coffer").clumio,
        { base_url = NOWHERE, token = "t", [name] = 5 })
      assert.is_false(ok)
      assert.truthy(trouble:find("unknown option", 1, true), trouble)
    end
  end)

  it("of 16 MiB in the token ends as a failure at worst", function()
    local faulty <close> = server.start { { send = providers.clumio.good(), finish = "keep" } }
    local client = providers.clumio.client(faulty.url, { token = ("x"):rep(2 ^ 24 | 0) })
    local result, failure = providers.clumio.create(client)
    assert.is_true(result ~= nil or failure.outcome ~= nil)
    assert.is_true(result == nil or faulty:creates() == 1)
  end)
end)

describe("a secret", function()
  it("of any size, with any bytes, is given back exactly", function()
    local coffer = require "coffer"
    for _, text in ipairs { "", "a", "a\0b\255", ("\0"):rep(2 ^ 24 | 0) } do
      local secret <close> = coffer.secret(text)
      assert.is_true(secret:reveal() == text)
      assert.equal("[secret]", tostring(secret))
    end
  end)

  it("that was wiped is no token", function()
    local secret = require("coffer").secret "t"
    secret:wipe()
    local ok, trouble = pcall(require("coffer").clumio, { base_url = NOWHERE, token = secret })
    assert.is_false(ok)
    assert.truthy(trouble:find("'token'", 1, true), trouble)
  end)
end)
