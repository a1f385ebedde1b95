-- The public contract, end to end against the sandbox: the five calls as a user writes them.

local cjson = require "cjson"
local coffer = require "coffer"
local interpreter = require "interpreter"
local loopback = require "loopback"
local providers = require "providers"

local VAULT = { bucket = { clientName = "vault-one" }, plan = { planId = 11, planName = "Gold" } }

describe("coffer", function()
  it("names its version", function()
    assert.matches("^coffer %d+%.%d+%.%d+$", coffer._VERSION)
  end)

  it("has lua-cjson's null as its own", function()
    assert.equal(cjson.null, coffer.null)
  end)

  it("leaves no global behind", function()
    local new = interpreter.run({}, [[
      local before = {}
      for name in pairs(_G) do before[name] = true end
      require "coffer"
      local new = {}
      for name in pairs(_G) do
        if not before[name] then new[#new + 1] = name end
      end
      return table.concat(new, " ")
    ]])
    assert.same({ "" }, new)
  end)

  it("reads the environment when a client is made, not when it is required", function()
    local said = interpreter.run({ CLUMIO_API_TOKEN = "t" }, [[
      local getenv, asked = os.getenv, 0
      os.getenv = function(name) asked = asked + 1 return getenv(name) end
      local coffer = require "coffer"
      return asked, tostring(coffer.clumio())
    ]])
    assert.same({ 0, "coffer.clumio (https://us-west-2.api.clumio.com)" }, said)
  end)
end)

describe("the five calls", function()
  local box

  local function open(provider)
    return assert(coffer[provider](box:options(provider)))
  end

  before_each(function() box = coffer.sandbox { strict = true } end)
  after_each(function() box:close() end)

  it("create a wallet: clumio", function()
    local wallet = assert(open("clumio"):create_wallet { account_native_id = "123456789012" })
    assert.equal("123456789012", wallet.account_native_id)
    assert.equal("Waiting", wallet.state)
    assert.equal("integer", math.type(wallet.available_version))
    assert.equal("[secret]", tostring(wallet.token))
    assert.matches("^clumio wallet %S+ %(Waiting%)$", tostring(wallet))
  end)

  it("refresh a wallet by its id: clumio", function()
    local clumio = open "clumio"
    local wallet = assert(clumio:create_wallet { account_native_id = "123456789012" })
    local refreshed = assert(clumio:refresh_wallet { wallet_id = wallet.id })
    assert.equal(wallet.id, refreshed.id)
    assert.not_equal(wallet, refreshed)
  end)

  it("refresh a wallet by its own method: clumio", function()
    local wallet = assert(open("clumio"):create_wallet { account_native_id = "123456789012" })
    repeat
      wallet = assert(wallet:refresh())
    until wallet.state ~= "Waiting"
    assert.equal("Enabled", wallet.state)
    assert.equal("integer", math.type(wallet.stack_version))
  end)

  it("create an S3 vault: commvault", function()
    local vault = assert(open("commvault"):create_s3_vault(VAULT))
    assert.equal("integer", math.type(vault.response.entity.clientId))
    assert.equal("vault-one", vault.response.entity.clientName)
    assert.is_nil(vault.addEndpointJob)
    assert.equal("commvault vault vault-one", tostring(vault))
  end)

  it("create an account with secrets: ecl", function()
    local account = assert(open("ecl"):create_account {})
    assert.equal("integer", math.type(account.AcctNum))
    assert.equal("[secret]", tostring(account.Password))
    assert.equal("[secret]", tostring(account.SecretKey))
    assert.equal("string", type(account.AccessKey))
    assert.equal("ecl account " .. account.AcctNum, tostring(account))
  end)

  it("create an account with labels: astra", function()
    local account = assert(open("astra"):create_account {
      name = "fraught-pines",
      metadata = { labels = { { name = "owner", value = "us" } } },
    })
    assert.equal("fraught-pines", account.name)
    assert.equal("pending", account.state)
    assert.equal("us", account.metadata.labels[1].value)
    assert.matches("^astra account %S+ %(pending%)$", tostring(account))
  end)

  it("tell a conflict where the thing is there already: commvault", function()
    local commvault = open "commvault"
    assert(commvault:create_s3_vault(VAULT))
    local vault, failure, code = commvault:create_s3_vault(VAULT)
    assert.is_nil(vault)
    assert.equal("conflict", code)
    assert.equal("refused", failure.outcome)
    assert.equal(409, failure.status)
  end)

  it("tell a conflict where the thing is there already: ecl", function()
    local ecl = open "ecl"
    assert(ecl:create_account())
    assert.equal("conflict", select(3, ecl:create_account()))
  end)

  for _, case in ipairs(providers.creates) do
    it("tell that a token is not accepted: " .. case.provider, function()
      local options = box:options(case.provider, { token = case.token })
      local thing, failure = case.create(coffer[case.provider](options))
      assert.is_nil(thing)
      assert.equal("auth", failure.code)
      assert.equal("refused", failure.outcome)
      assert.equal(401, failure.status)
    end)
  end

  it("are written down in the sandbox's log, in order", function()
    open("ecl"):create_account()
    open("commvault"):create_s3_vault(VAULT)
    local log = box:log()
    assert.equal("create_account", log[1].operation)
    assert.equal("create_s3_vault", log[2].operation)
    assert.equal(2, #log)
  end)

  it("tell the fault that the sandbox was asked for", function()
    box:fail { operation = "create_wallet", status = 429, headers = { ["Retry-After"] = "7" } }
    local clumio = assert(coffer.clumio(box:options("clumio", { attempts = 1 })))
    local _, failure = clumio:create_wallet { account_native_id = "123456789012" }
    assert.equal("throttled", failure.code)
    assert.equal(7, failure.retry_after)
  end)

  it("do not wait longer than they are told to", function()
    box:fail { operation = "create_wallet", delay = 30 }
    local _, failure = open("clumio"):create_wallet(
      { account_native_id = "123456789012" }, { timeout = 0.1 })
    assert.equal("timeout", failure.code)
    assert.equal("unknown", failure.outcome)
  end)
end)

describe("a method", function()
  it("is there for each documented call, and flat", function()
    for _, case in ipairs(providers.calls) do
      assert.equal("function", type(case.client("https://example.com")[case.operation]))
    end
  end)

  it("takes the bare value where one parameter is required: clumio refresh_wallet", function()
    local request = loopback.sent(providers.refresh, function(clumio)
      return clumio:refresh_wallet "w-1"
    end)
    assert.equal("/wallets/w-1/_refresh", request.target)
  end)

  it("takes the bare value where one parameter is required: clumio create_wallet", function()
    local request = loopback.sent(providers.clumio, function(clumio)
      return clumio:create_wallet "123456789012"
    end)
    assert.same({ account_native_id = "123456789012" }, request.fields)
  end)

  it("takes the bare value where one parameter is required: astra create_account", function()
    local request = loopback.sent(providers.astra, function(astra)
      return astra:create_account "Testing 123"
    end)
    assert.equal("Testing 123", request.fields.name)
  end)

  it("takes nothing where nothing is required: ecl create_account", function()
    local request = loopback.sent(providers.ecl, function(ecl)
      return ecl:create_account()
    end)
    assert.equal(providers.ecl.path, request.target)
  end)

  it("takes parameters together with those that the client fills in: ecl tenant_id", function()
    local request = loopback.sent(providers.ecl, function(ecl)
      ecl:create_account { tenant_id = "another" }
      return true
    end)
    assert.equal("/ecl-objectstorage/tenants/another/account", request.target)
  end)

  it("raises where it takes a table and is given a value: commvault create_s3_vault", function()
    local said = loopback.raised(providers.commvault, function(commvault)
      commvault:create_s3_vault "vault-one"
    end)
    assert.matches("commvault:create_s3_vault takes a table of parameters, got string", said, 1,
      true)
  end)

  it("blames the caller's line", function()
    local line
    local said = loopback.raised(providers.commvault, function(commvault)
      line = debug.getinfo(1, "l").currentline + 1
      commvault:create_s3_vault(5)
    end)
    assert.matches("public_spec.lua:" .. line .. ":", said, 1, true)
  end)

  it("blames the caller's line when it is a result's", function()
    local wallet = assert(loopback.answer(providers.clumio))
    local line = debug.getinfo(1, "l").currentline + 1
    local _, said = pcall(function() return (wallet:refresh { timeot = 3 }) end)
    assert.matches("public_spec.lua:" .. line .. ":", said, 1, true)
  end)

  it("says what is wrong when it is called with a dot", function()
    local said = loopback.raised(providers.clumio, function(clumio)
      clumio.create_wallet { account_native_id = "123456789012" }
    end)
    assert.matches("clumio:create_wallet was called on a table: write it with a colon", said, 1,
      true)
    assert.matches("public_spec.lua:", said, 1, true)
  end)

  it("does not serve another provider's client", function()
    local astra = providers.astra.client "https://example.com"
    loopback.raised(providers.clumio, function(clumio)
      clumio.create_wallet(astra, { account_native_id = "123456789012" })
    end)
  end)

  it("leaves the tables that it was given as they were", function()
    local given = { account_native_id = "123456789012" }
    local options = { timeout = 5, extra = { further = {} } }
    loopback.sent(providers.clumio, function(clumio)
      return clumio:create_wallet(given, options)
    end)
    assert.same({ account_native_id = "123456789012" }, given)
    assert.same({ timeout = 5, extra = { further = {} } }, options)
  end)

  it("never asks a parameter's metatable", function()
    local given = setmetatable({}, {
      __index = function() error "asked" end,
      __pairs = function() error "asked" end,
    })
    local failure = loopback.refused(providers.clumio, function(clumio)
      return clumio:create_wallet(given)
    end)
    assert.equal("is required", loopback.detail(failure, "account_native_id").message)
  end)
end)

describe("a client", function()
  it("shows itself in one line, without its token", function()
    local client = providers.clumio.client "https://example.com/"
    assert.equal("coffer.clumio (https://example.com)", tostring(client))
  end)

  it("can be closed, more than once", function()
    local client <close> = providers.clumio.client "https://example.com"
    client:close()
    assert.has_no_error(function() client:close() end)
    assert.matches("closed", tostring(client))
  end)

  it("raises when it is used after close", function()
    local said = loopback.raised(providers.clumio, function(clumio)
      clumio:close()
      providers.clumio.create(clumio)
    end)
    assert.matches("clumio: the client is closed", said, 1, true)
  end)

  it("is closed at the end of its scope", function()
    local kept
    do
      local client <close> = providers.ecl.client "https://example.com"
      kept = client
    end
    assert.has_error(function() providers.ecl.create(kept) end)
  end)

  it("names its type", function()
    for _, case in ipairs(providers.creates) do
      local kind = getmetatable(case.client "https://example.com").__name
      assert.equal("coffer." .. case.provider, kind)
    end
  end)
end)
