-- What constructors and calls take as options: every option, its limits, and what a user is told
-- where one is wrong.

local answers = require "answers"
local coffer = require "coffer"
local core = require "coffer.core"
local interpreter = require "interpreter"
local loopback = require "loopback"
local providers = require "providers"
local server = require "server"

local BASE = "https://example.com"

--- What the constructor raises for these options on top of sufficient ones.
local function raised(case, options)
  local done, trouble = pcall(case.client, BASE, options)
  assert.is_false(done, "taken, though it should be refused")
  return tostring(trouble)
end

local function matches(wanted, said)
  assert.matches(wanted, said, 1, true)
end

describe("an option that nobody knows", function()
  local misspelt = {
    { "clumio", "tokn", "token" },
    { "clumio", "regoin", "region" },
    { "clumio", "organisational_unit", "organizational_unit" },
    { "commvault", "baseurl", "base_url" },
    { "ecl", "tenantid", "tenant_id" },
    { "astra", "Timeout", "timeout" },
    { "astra", "max_reponse", "max_response" },
    { "astra", "ca_files", "ca_file" },
  }

  for _, row in ipairs(misspelt) do
    local provider, wrong, right = table.unpack(row)
    it(("raises and suggests the right one: %s %s"):format(provider, wrong), function()
      local said = raised(providers[provider], { [wrong] = "x" })
      local hint = "coffer.%s: unknown option '%s' (did you mean '%s'?)"
      matches(hint:format(provider, wrong, right), said)
    end)
  end

  local called_elsewhere = {
    clumio = { url = "base_url", endpoint = "base_url", host = "base_url", api_url = "base_url",
      retries = "attempts", max_retries = "attempts", Retries = "attempts", api_token = "token",
      access_token = "token", my_token = "token", key = "token", api_key = "token",
      cacert = "ca_file", http_proxy = "proxy", connection_timeout = "connect_timeout" },
    commvault = { user = "username", login = "username" },
    ecl = { key = "api_key", username = "api_key", password = "api_secret",
      project_id = "tenant_id", auth_url = "keystone_url" },
  }

  for provider, words in pairs(called_elsewhere) do
    for wrong, right in pairs(words) do
      it(("raises and knows what it is called elsewhere: %s %s"):format(provider, wrong), function()
        matches(("unknown option '%s' (did you mean '%s'?)"):format(wrong, right),
          raised(providers[provider], { [wrong] = "x" }))
      end)
    end
  end

  it("raises with no guess that is far off", function()
    assert.matches("unknown option 'username'$", raised(providers.clumio, { username = "x" }))
  end)

  it("raises and says where it belongs", function()
    local homes = { lock = "ensure_..., in its second table", extra = "a call, in its second table",
      interval = "wait", at_once = "coffer.map, in its third argument" }
    for name, home in pairs(homes) do
      matches(("unknown option '%s' (it is an option of %s)"):format(name, home),
        raised(providers.clumio, { [name] = "x" }))
    end
  end)

  it("raises in a call, and says where it belongs", function()
    local said = loopback.raised(providers.clumio, function(clumio)
      providers.clumio.create(clumio, { lock = "/tmp/x" })
    end)
    matches("unknown option 'lock' (it is an option of ensure_..., in its second table)", said)
    said = loopback.raised(providers.clumio, function(clumio)
      providers.clumio.create(clumio, { ca_file = "/tmp/x" })
    end)
    matches("unknown option 'ca_file' (it is an option of the client, where it is made)", said)
  end)

  it("raises in a helper, and says where it belongs", function()
    local said = loopback.raised(providers.clumio, function(clumio)
      clumio:ensure_wallet("123456789012", { interval = 3 })
    end)
    matches("unknown option 'interval' (it is an option of wait)", said)
  end)

  local takers = {
    ["coffer.clumio"] = function(_, options) coffer.clumio(options) end,
    ["clumio:create_wallet"] = function(client, options) client:create_wallet({}, options) end,
    ["clumio:request"] = function(client, options)
      client:request("create_wallet", {}, options)
    end,
    ["clumio:wallets"] = function(client, options) client:wallets({}, options) end,
    ["clumio:ensure_wallet"] = function(client, options) client:ensure_wallet({}, options) end,
    ["clumio:ensure_wallets"] = function(client, options) client:ensure_wallets({}, options) end,
    ["coffer.map"] = function(_, options) coffer.map({}, print, options) end,
    ["coffer.sandbox"] = function(_, options) coffer.sandbox(options) end,
  }

  for whose, take in pairs(takers) do
    it("raises in the same words everywhere: " .. whose, function()
      local client = providers.clumio.client(BASE)
      for options, wrong in pairs {
        [{ elephant = 1 }] = ": unknown option 'elephant'$",
        [{ "token" }] = ": options are named, got a number as name$",
        [7] = " takes a table of options, got number$",
      } do
        local line = debug.getinfo(take, "S").linedefined
        local _, said = pcall(take, client, options)
        assert.matches(whose .. wrong, said)
        assert.truthy(tonumber(said:match "^spec/calls/options_spec.lua:(%d+):") - line <= 1, said)
      end
    end)
  end

  it("raises without a guess where none is near", function()
    local said = raised(providers.clumio, { elephant = "x" })
    assert.matches("unknown option 'elephant'$", said)
  end)

  it("raises where it is another provider's", function()
    matches("unknown option 'region'", raised(providers.astra, { region = "us-west-2" }))
    matches("unknown option 'tenant_id'", raised(providers.clumio, { tenant_id = "t" }))
  end)

  for _, name in ipairs { "insecure", "verify", "ssl_verify", "verifySSL", "follow_redirects" } do
    it("raises, as there is no switch for safety: " .. name, function()
      matches("unknown option", raised(providers.clumio, { [name] = false }))
    end)
  end

  it("raises where it is no name", function()
    matches("options are named", raised(providers.clumio, { "token" }))
  end)

  it("raises in a call, and suggests the right one", function()
    local said = loopback.raised(providers.clumio, function(clumio)
      providers.clumio.create(clumio, { timeot = 3 })
    end)
    matches("clumio:create_wallet: unknown option 'timeot' (did you mean 'timeout'?)", said)
  end)
end)

describe("an option of a call", function()
  local options = require "coffer.options"

  it("is taken by whatever makes such calls", function()
    for _, name in ipairs(options.call.names) do
      for _, set in ipairs { options.ensure, options.ensure_many } do
        assert.truthy(set.rows[name], name)
      end
    end
  end)

  it("goes with each page of an iterator", function()
    local faulty <close> = server.start { { finish = "hang" } }
    local client = providers.clumio.client(faulty.url)
    local _, failure = client:wallets({}, { timeout = 0.2, attempts = 1 }):collect()
    assert.equal("timeout", failure.code)
  end)
end)

describe("an option of the wrong type or out of range", function()
  local wrong = {
    { "token", 5 }, { "token", "" }, { "token", {} },
    { "base_url", 5 },
    { "ca_file", 5 }, { "ca_file", "" }, { "ca_file", "a\0b" },
    { "client_certificate", true }, { "client_key", {} },
    { "client_key_password", 5 }, { "client_key_password", "" }, { "client_key_password", "a\0b" },
    { "client_key_password", {} },
    { "proxy", 5 }, { "proxy", "" }, { "proxy", "a b" }, { "proxy", "localhost:8080" },
    { "proxy", "ftp://127.0.0.1" }, { "proxy", "HTTPX://127.0.0.1" }, { "proxy", {} },
    { "use_env_proxy", "yes" }, { "allow_keylog", 1 },
    { "timeout", 0 }, { "timeout", -1 }, { "timeout", "5" }, { "timeout", 0 / 0 },
    { "timeout", math.huge }, { "timeout", 1e9 },
    { "connect_timeout", 0 }, { "connect_timeout", "5" }, { "connect_timeout", 3601 },
    { "max_response", 0 }, { "max_response", -1 }, { "max_response", 1.5 },
    { "max_response", "100" }, { "max_response", 1 << 40 },
    { "user_agent", 5 }, { "user_agent", "" }, { "user_agent", "a\r\nb" },
    { "headers", "X: y" }, { "headers", { "X: y" } }, { "headers", { X = 5 } },
  }

  for _, row in ipairs(wrong) do
    local name, value = row[1], row[2]
    it(("raises and names it: %s = %s"):format(name, type(value) == "table" and "table"
      or ("%q"):format(value):gsub("%c", "?")), function()
      for _, case in ipairs(providers.creates) do
        local options = { [name] = value }
        matches(("coffer.%s: option '%s'"):format(case.provider, name), raised(case, options))
      end
    end)
  end

  it("raises and says the limits in plain numbers", function()
    matches("from 0.001 to 86400", raised(providers.clumio, { timeout = 1e9 }))
    assert.is_nil(raised(providers.clumio, { timeout = 1e9 }):find "86400%.0")
    matches("from 1 to 1073741824", raised(providers.clumio, { max_response = 0 }))
  end)

  it("raises where a number is given: tenant_id", function()
    matches("option 'tenant_id'", raised(providers.ecl, { tenant_id = 5 }))
  end)

  it("raises where a number is given: region, organizational_unit", function()
    local done, said = pcall(coffer.clumio, { token = "t", region = 5 })
    assert.is_false(done)
    matches("option 'region' must be a string", tostring(said))
    matches("option 'organizational_unit'", raised(providers.clumio, { organizational_unit = 5 }))
  end)

  it("raises in a call: timeout, extra", function()
    for _, options in ipairs { { timeout = 0 }, { timeout = "1" }, { extra = 5 } } do
      local said = loopback.raised(providers.clumio, function(clumio)
        providers.clumio.create(clumio, options)
      end)
      matches("clumio:create_wallet: option '" .. next(options) .. "'", said)
    end
  end)

  it("raises and lists the regions, and guesses none", function()
    for _, region in ipairs { "us-west-3", "", "US-WEST-2", "us-west-2 " } do
      local done, said = pcall(coffer.clumio, { token = "t", region = region })
      assert.is_false(done)
      matches(("coffer.clumio: option 'region' has no region '%s', there are us-west-2, us-east-1, "
        .. "ca-central-1, eu-central-1, ap-southeast-2"):format(region), said)
      assert.is_nil(said:find("did you mean", 1, true))
    end
  end)

  it("raises for a region that goes on behind a zero byte", function()
    local done, said = pcall(coffer.clumio, { token = "t", region = "us-west-2\0x" })
    assert.is_false(done)
    matches("coffer.clumio: option 'region' has no region", said)
  end)

  it("raises and does not show a proxy's password", function()
    for _, proxy in ipairs { "x://me:canary@127.0.0.1", "http://me:canary@a b",
      coffer.secret "x://me:canary@127.0.0.1" } do
      assert.is_nil(raised(providers.clumio, { proxy = proxy }):find("canary", 1, true))
    end
  end)

  it("raises where a secret was wiped: client_key_password, proxy", function()
    for _, name in ipairs { "client_key_password", "proxy" } do
      local secret = coffer.secret "http://127.0.0.1:1"
      secret:wipe()
      matches("option '" .. name .. "' must", raised(providers.clumio, { [name] = secret }))
    end
  end)

  it("raises where options are no table", function()
    for provider in pairs(core.providers) do
      local done, said = pcall(coffer[provider], "token")
      assert.is_false(done)
      matches(("coffer.%s takes a table of options, got string"):format(provider), said)
    end
  end)

  it("raises where a call's options are no table", function()
    local said = loopback.raised(providers.clumio, function(clumio)
      providers.clumio.create(clumio, 5)
    end)
    matches("clumio:create_wallet takes a table of options, got number", said)
  end)

  it("is like none where it has no letters", function()
    for _, name in ipairs { "", " " } do
      assert.matches(("unknown option '%s'$"):format(name),
        raised(providers.clumio, { [name] = "x" }))
    end
  end)

  it("blames the caller's line", function()
    local line = debug.getinfo(1, "l").currentline + 1
    local _, said = pcall(function() return (coffer.clumio { tokn = "t" }) end)
    matches("options_spec.lua:" .. line .. ":", said)
  end)

  it("is never shown, as it may be a secret", function()
    local said = raised(providers.clumio, { token = "canary\r\n" })
    assert.is_nil(said:find "canary")
  end)
end)

describe("a base URL", function()
  local refused = {
    ["http to another machine"] = "http://example.com",
    ["user information"] = "https://user:pw@example.com",
    ["a fragment"] = "https://example.com#there",
    ["another scheme"] = "ftp://example.com",
  }

  for what, url in pairs(refused) do
    it("raises where it has " .. what, function()
      for _, case in ipairs(providers.creates) do
        local done, said = pcall(coffer[case.provider],
          case.complete { token = "t", base_url = url })
        assert.is_false(done)
        matches(("coffer.%s: option 'base_url' must"):format(case.provider), said)
      end
    end)
  end

  for url, wrong in pairs {
    ["https://host:99999"] = "must have a port from 1 to 65535",
    ["https://host:abc"] = "must have a port from 1 to 65535",
    ["https://host:0"] = "must have a port from 1 to 65535",
    ["https://[zz]"] = "must have a valid IPv6 address between [ and ]",
    ["htps://host"] = "must be https",
  } do
    it("raises and says what is wrong with it: " .. url, function()
      matches("option 'base_url' " .. wrong, raised(providers.clumio, { base_url = url }))
    end)
  end

  it("may be http where it is loopback", function()
    for _, host in ipairs { "127.0.0.1:1", "127.9.9.9", "[::1]:1", "localhost" } do
      assert.truthy(coffer.astra { token = "t", base_url = "http://" .. host })
    end
  end)

  it("keeps its path, and loses the slashes at its end", function()
    local astra = coffer.astra { token = "t", base_url = "https://example.com/a/b//" }
    assert.equal("coffer.astra (https://example.com/a/b)", tostring(astra))
  end)
end)

describe("a credential that is not there", function()
  local missing = {
    { "clumio", "CLUMIO_API_TOKEN", "token" },
    { "commvault", "COMMVAULT_TOKEN", "token" },
    { "commvault", "COMMVAULT_BASE_URL", "base_url" },
    { "ecl", "OS_TOKEN", "token" },
    { "ecl", "OS_PROJECT_ID", "tenant_id" },
    { "astra", "ASTRA_TOKEN", "token" },
    { "astra", "ASTRA_BASE_URL", "base_url" },
  }

  local bare = {}
  for _, name in ipairs { "CLUMIO_API_TOKEN", "COMMVAULT_TOKEN", "COMMVAULT_BASE_URL",
    "COMMVAULT_USERNAME", "COMMVAULT_PASSWORD", "OS_TOKEN", "OS_AUTH_TOKEN", "OS_USERNAME",
    "OS_PASSWORD", "OS_PROJECT_ID", "OS_TENANT_ID", "ASTRA_TOKEN", "ASTRA_BASE_URL" } do
    bare[name] = ""
  end

  for _, row in ipairs(missing) do
    local provider, variable, option = table.unpack(row)
    it(("is a failure that names option and variable: %s %s"):format(provider, option), function()
      local said = interpreter.run(bare, [[
        local client, failure, word = require("coffer")[...] {}
        return client == nil, failure.outcome, failure.code, word, tostring(failure),
          failure.details, failure.provider
      ]], provider)
      assert.same({ true, "not_sent", "config", "config" }, { table.unpack(said, 1, 4) })
      matches(variable, said[5])
      matches("option '" .. option .. "'", said[5])
      assert.equal(provider, said[7])
      local detail = loopback.detail({ details = said[6] }, option)
      matches(variable, detail.message)
    end)
  end

  it("is a failure without an operation that reads as one line", function()
    local said = interpreter.run(bare, [[
      local _, failure = require("coffer").clumio()
      return tostring(failure), failure.operation == nil, failure.attempts
    ]])
    assert.matches("^clumio: token is not given.*%[config%]$", said[1])
    assert.is_true(said[2])
    assert.equal(0, said[3])
  end)

  it("is told together with whatever else is missing", function()
    local said = interpreter.run(bare, [[
      local _, failure = require("coffer").commvault {}
      return #failure.details
    ]])
    assert.same({ 2 }, said)
  end)
end)

describe("a function of the module that is called with a colon", function()
  local names = { "sandbox", "response", "map", "gather", "help", "show" }
  for provider in pairs(core.providers) do
    names[#names + 1] = provider
  end

  for _, name in ipairs(names) do
    it("is told so: " .. name, function()
      local _, said = pcall(function() return (coffer[name](coffer, {})) end)
      assert.matches(("options_spec.lua:%%d+: coffer:%s was called with a colon: write coffer.%s, "
        .. "with a dot"):format(name, name), said)
    end)
  end
end)

describe("a token", function()
  for _, case in ipairs(providers.creates) do
    it("may be a string or a coffer.secret: " .. case.provider, function()
      local seen = loopback.sent(case, nil, { token = coffer.secret "hush" })
      local scheme = seen.headers[case.token_header:lower()]:match "^(.-)hush$"
      assert.equal(case.token_header == "Authorization" and "Bearer " or "", scheme)
    end)
  end

  it("that was wiped raises", function()
    local secret = coffer.secret "hush"
    secret:wipe()
    matches("option 'token'", raised(providers.clumio, { token = secret }))
  end)

  it("is kept when the caller's own copy is wiped", function()
    local secret = coffer.secret "hush"
    local faulty <close> = server.start { { send = providers.clumio.good() } }
    local client = providers.clumio.client(faulty.url, { token = secret })
    secret:wipe()
    assert(providers.clumio.create(client))
    assert.equal("Bearer hush", faulty:requests()[1].headers.authorization)
  end)
end)

describe("an option", function()
  it("changes the wire: user_agent", function()
    local seen = loopback.sent(providers.clumio, nil, { user_agent = "backup-robot/2" })
    assert.equal("backup-robot/2", seen.headers["user-agent"])
  end)

  it("has a default that names the library: user_agent", function()
    assert.matches("^coffer/%d", loopback.sent(providers.clumio).headers["user-agent"])
  end)

  it("changes the wire: headers", function()
    local seen = loopback.sent(providers.ecl, nil, { headers = { ["X-Trace"] = "abc" } })
    assert.equal("abc", seen.headers["x-trace"])
  end)

  it("bounds the answer: max_response", function()
    local case = providers.astra
    local faulty <close> = server.start { { send = case.good() } }
    local _, failure = case.create(case.client(faulty.url, { max_response = 10 }))
    assert.equal("unknown", failure.outcome)
    assert.equal("protocol", failure.code)
    matches("max_response", failure.message)
  end)

  it("bounds the attempt: timeout, the call's before the client's", function()
    local case = providers.astra
    local faulty <close> = server.start { { finish = "hang" } }
    local client = case.client(faulty.url, { timeout = 3600 })
    local began = os.time()
    assert.equal("timeout", select(3, case.create(client, { timeout = 0.2 })))
    assert.is_true(os.time() - began < 10)
  end)

  it("may be left out by nil, and the table by nothing", function()
    local case = providers.clumio
    assert.truthy(coffer.clumio { token = "t", region = nil, timeout = nil })
    local said = interpreter.run({ CLUMIO_API_TOKEN = "t" },
      [[return tostring(require("coffer").clumio())]])
    assert.same({ "coffer.clumio (https://us-west-2.api.clumio.com)" }, said)
    assert.truthy(case.client(BASE))
  end)

  it("is read once: the table may be changed afterwards", function()
    local case = providers.clumio
    local faulty <close> = server.start { { send = case.good() } }
    local headers = { ["X-Trace"] = "abc" }
    local client = case.client(faulty.url, { headers = headers })
    headers["X-Trace"] = "changed"
    assert(case.create(client))
    assert.equal("abc", faulty:requests()[1].headers["x-trace"])
  end)
end)

describe("extra", function()
  local asked = answers.asked.account_native_id

  local function create(options)
    return function(clumio)
      return clumio:create_wallet({ account_native_id = asked }, options)
    end
  end

  it("sends body fields as they are, behind the documented ones", function()
    local seen = loopback.sent(providers.clumio, create { extra = { kms_key = "k" } })
    assert.equal(('{"account_native_id":"%s","kms_key":"k"}'):format(asked), seen.body)
  end)

  it("takes every JSON value", function()
    local further = { text = "x", number = 1, real = 0.5, yes = true, list = { 1, { a = 2 } } }
    local seen = loopback.sent(providers.clumio, create { extra = { further = further } })
    assert.same(further, seen.fields.further)
  end)

  local function create_vault(extra)
    return function(commvault)
      return commvault:create_s3_vault({
        bucket = { clientName = "b" }, plan = { planId = 1, planName = "p" },
        owners = { { userId = 1 }, { userId = 2 } }, userGroups = { { userGroupId = 3 } },
      }, { extra = extra })
    end
  end

  it("adds to the objects within a parameter, and to the items of its list", function()
    local seen = loopback.sent(providers.commvault, create_vault {
      bucket = { colour = { "red" } }, owners = { [2] = { _type_ = 13 } },
      userGroups = { { _type_ = 15 } }, further = true,
    })
    assert.equal('{"bucket":{"clientName":"b","colour":["red"]},'
      .. '"plan":{"planId":1,"planName":"p"},'
      .. '"owners":[{"userId":1,"__type__":13},{"userId":2,"__type__":13,"_type_":13}],'
      .. '"userGroups":[{"userGroupId":3,"__type__":15,"_type_":15}],"further":true}', seen.body)
  end)

  local wrong = {
    ["extra.bucket.clientName"] = { bucket = { clientName = "other" } },
    ["extra.owners[1].__type__"] = { owners = { { __type__ = 14 } } },
    ["extra.owners[2].userId"] = { owners = { [2] = { userId = 1 } } },
    ["extra.owners"] = { owners = { {}, {}, { _type_ = 13 } } },
    ["extra.userGroups"] = { userGroups = { colour = "red" } },
    ["extra.cvs3Endpoints"] = { cvs3Endpoints = { { x = 1 } } },
    ["extra.rotateKeys"] = { rotateKeys = true },
    ["extra.plan"] = { plan = 7 },
    ["extra.owners[1]"] = { owners = { "x" } },
    ["extra.bucket.x"] = { bucket = { x = print } },
    ["extra.owners[1].x.y"] = { owners = { { x = { y = print } } } },
  }

  for field, extra in pairs(wrong) do
    it("is refused where it does not add: " .. field, function()
      assert.truthy(loopback.detail(loopback.refused(providers.commvault, create_vault(extra)),
        field))
    end)
  end

  it("does not take the place of a parameter", function()
    local failure = loopback.refused(providers.clumio,
      create { extra = { account_native_id = "210987654321" } })
    assert.equal("is a parameter of this call, not an extra",
      loopback.detail(failure, "extra.account_native_id").message)
  end)

  for name, value in pairs { ["function"] = print, userdata = io.stdout, thread =
    coroutine.create(print), nan = 0 / 0, infinity = math.huge } do
    it("refuses what JSON cannot say, by its path: " .. name, function()
      local failure = loopback.refused(providers.clumio,
        create { extra = { further = { { it = value } } } })
      assert.truthy(loopback.detail(failure, "extra.further[1].it"))
    end)
  end

  it("refuses a secret, which would go out readable", function()
    local failure = loopback.refused(providers.clumio,
      create { extra = { further = coffer.secret "hush" } })
    assert.truthy(loopback.detail(failure, "extra.further"))
  end)

  it("refuses a table that is neither list nor object", function()
    local failure = loopback.refused(providers.clumio,
      create { extra = { further = { 1, 2, name = 3 } } })
    assert.truthy(loopback.detail(failure, "extra.further"))
  end)

  it("refuses a list with holes", function()
    local failure = loopback.refused(providers.clumio,
      create { extra = { further = { 1, nil, 3, nil, 5 } } })
    assert.truthy(loopback.detail(failure, "extra.further"))
  end)

  it("refuses a table that contains itself, whatever its shape", function()
    local knot = {}
    knot.left, knot.right, knot.both = knot, knot, { knot, knot }
    local failure = loopback.refused(providers.clumio, create { extra = { knot = knot } })
    assert.matches("contains itself", loopback.detail(failure, "extra.knot.left").message)
    assert.truthy(loopback.detail(failure, "extra.knot.both[2]"))
  end)

  it("takes one table at two places", function()
    local twin = { a = 1 }
    local seen = loopback.sent(providers.clumio, create { extra = { left = twin, right = twin } })
    assert.same({ a = 1 }, seen.fields.left)
    assert.same({ a = 1 }, seen.fields.right)
  end)

  it("raises where the call has no body", function()
    local said = loopback.raised(providers.refresh, function(clumio)
      clumio:refresh_wallet("w-1", { extra = { a = 1 } })
    end)
    matches("option 'extra' must not be given, this call has no body", said)
  end)
end)
