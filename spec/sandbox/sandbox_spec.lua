-- The sandbox as a whole: its life, its HTTP, the faults asked for and the log.

local call = require "sandbox_call"
local coffer = require "coffer"
local core = require "coffer.core"
local sandbox = require "coffer.sandbox"
local sandbox_core = require "coffer.sandbox.core"
local socket = require "socket"

local WALLET = '{"account_native_id":"123456789012"}'

local function create_wallet(box)
  return call.ask(box, "clumio", "POST /wallets", WALLET)
end

local function list_wallets(box)
  return call.ask(box, "clumio", "GET /wallets").json._embedded.items
end

local function connect(box)
  local connection = assert(socket.connect("127.0.0.1", tonumber(box.url:match ":(%d+)$")))
  connection:settimeout(10)
  return connection
end

-- Status, and the body by Content-Length.
local function receive_answer(connection)
  local status = tonumber(assert(connection:receive "*l"):match "^HTTP/1.1 (%d+)")
  local length = 0
  repeat
    local line = assert(connection:receive "*l")
    length = tonumber(line:match "^Content%-Length: (%d+)") or length
  until line == ""
  return status, connection:receive(length)
end

describe("a sandbox", function()
  local box

  before_each(function() box = sandbox() end)
  after_each(function() box:close() end)

  it("listens on a loopback port of its own", function()
    local other <close> = sandbox()
    assert.matches("^http://127%.0%.0%.1:%d+$", box.url)
    assert.not_equal(box.url, other.url)
  end)

  it("shows itself in one line", function()
    assert.equal("coffer.sandbox: " .. box.url, tostring(box))
  end)

  it("shows that it is closed", function()
    box:close()
    assert.equal("coffer.sandbox: closed", tostring(box))
  end)

  it("can be closed twice", function()
    box:close()
    assert.has_no_error(function() box:close() end)
  end)

  --- Whether a sandbox with these headers' token is there. Another process may have got its port.
  local function is_there(url, headers)
    local answer = call.send("GET", url .. "/clumio/wallets", headers)
    return answer ~= nil and type(answer.json) == "table" and answer.json._embedded ~= nil
  end

  it("is closed at the end of its scope", function()
    local url, headers
    do
      local scoped <close> = sandbox()
      url, headers = scoped.url, call.headers(scoped, "clumio")
      assert.is_true(is_there(url, headers))
    end
    assert.is_false(is_there(url, headers))
  end)

  it("is closed when it is collected", function()
    local lost = sandbox()
    local url, headers = lost.url, call.headers(lost, "clumio")
    assert.is_true(is_there(url, headers))
    lost = nil -- luacheck: ignore 311
    collectgarbage()
    collectgarbage()
    assert.is_false(is_there(url, headers))
  end)

  it("raises when used after close", function()
    box:close()
    assert.error_matches(function() box:log() end, "sandbox is closed")
  end)

  it("suggests the option that was meant", function()
    assert.error_matches(function() sandbox { wallet_enabled_afer = 1 } end,
      "unknown option 'wallet_enabled_afer' %(did you mean 'wallet_enabled_after'%?%)")
  end)

  it("blames the caller's line for a wrong option", function()
    local line = debug.getinfo(1, "l").currentline + 1
    local _, trouble = pcall(function() return (sandbox { wallet_enabled_after = "2" }) end)
    assert.matches("sandbox_spec.lua:" .. line .. ":", trouble, 1, true)
  end)

  it("keeps nothing of another sandbox", function()
    local other <close> = sandbox()
    create_wallet(box)
    assert.same({}, list_wallets(other))
  end)

  it("takes no token of another sandbox", function()
    local other <close> = sandbox()
    local headers = call.headers(other, "clumio")
    assert.equal(401, call.send("GET", box.url .. "/clumio/wallets", headers).status)
  end)

  it("says which libmicrohttpd to install where its core was not built", function()
    local cpath, loaded = package.cpath, package.loaded["coffer.sandbox.core"]
    package.cpath, package.loaded["coffer.sandbox.core"] = "", nil
    local _, trouble = pcall(sandbox)
    package.cpath, package.loaded["coffer.sandbox.core"] = cpath, loaded
    assert.matches("install libmicrohttpd%-dev and build coffer again", trouble)
  end)
end)

describe("the options of a sandbox", function()
  local box

  before_each(function() box = sandbox() end)
  after_each(function() box:close() end)

  it("name where each provider is", function()
    assert.equal(box.url .. "/clumio", box:options("clumio").base_url)
    assert.equal(box.url .. "/commvault/commandcenter/api", box:options("commvault").base_url)
    assert.equal(box.url .. "/ecl/ecl-objectstorage", box:options("ecl").base_url)
    assert.equal(box.url .. "/astra", box:options("astra").base_url)
  end)

  it("have a tenant for ecl alone", function()
    assert.matches("^%x+$", box:options("ecl").tenant_id)
    assert.is_nil(box:options("astra").tenant_id)
  end)

  it("take the caller's own on top", function()
    local options = box:options("clumio", { timeout = 3, token = "mine" })
    assert.equal(3, options.timeout)
    assert.equal("mine", options.token)
  end)

  it("are a table of their own each time", function()
    box:options("clumio").token = "spoilt"
    assert.not_equal("spoilt", box:options("clumio").token)
  end)

  it("suggest the provider that was meant", function()
    assert.error_matches(function() box:options "clumo" end, "did you mean 'clumio'")
  end)
end)

describe("a mistake in a call of a sandbox", function()
  local box
  local calls = { "options", "credentials", "fail", "log", "close" }

  before_each(function() box = sandbox() end)
  after_each(function() box:close() end)

  for _, name in ipairs(calls) do
    it("is told where a dot stands for the colon: " .. name, function()
      for _, given in ipairs { { type = "nil", n = 0 }, { {}, type = "table", n = 1 },
        { "clumio", type = "string", n = 1 } } do
        assert.error_matches(function() box[name](table.unpack(given, 1, given.n)) end,
          ("box:%s: was called on a %s: write box:%s, with a colon"):format(name, given.type, name))
      end
      assert.same({}, box:log())
    end)
  end

  for name, words in pairs { options = { "clumio" }, credentials = { "clumio" }, fail = { {} },
    log = {} } do
    it("names the call where the sandbox is closed: " .. name, function()
      box:close()
      assert.error_matches(function() box[name](box, table.unpack(words)) end,
        ("box:%s: sandbox is closed"):format(name))
    end)
  end

  it("names the call where an option is wrong", function()
    assert.error_matches(function() sandbox { strct = true } end,
      "coffer.sandbox: unknown option 'strct' %(did you mean 'strict'%?%)")
    assert.error_matches(function() sandbox "x" end,
      "coffer.sandbox takes a table of options, got string")
    assert.error_matches(function() box:fail { status = 500 } end,
      "box:fail: option 'operation' is required")
    assert.error_matches(function() box:options("clumio", "x") end,
      "box:options: further options must be a table")
  end)

  it("blames the line of the call", function()
    local line = debug.getinfo(1, "l").currentline + 2
    for _, call_wrongly in ipairs {
      function() box.log() end, function() box:options "nil" end, function() box:options() end,
      function() box:options("clumio", 1) end, function() box:fail {} end,
      function() box:fail { operation = "x" } end, function() box:fail { x = 1 } end,
      function() box:fail { operation = "login" } end, function() box.close() end,
    } do
      local _, trouble = pcall(call_wrongly)
      local told = tonumber(trouble:match "^spec/sandbox/sandbox_spec%.lua:(%d+): ")
      assert.is_true(told and told >= line and told <= line + 5, trouble)
    end
  end)

  it("blames the line of pcall where that calls it", function()
    for _, trouble in ipairs {
      select(2, pcall(box.options, box, "nil")), select(2, pcall(box.fail, box, {})),
    } do
      assert.matches("^spec/sandbox/sandbox_spec.lua:%d+: box:", trouble)
    end
  end)

  it("guesses at no provider where none is given", function()
    for _, name in ipairs { "options", "credentials" } do
      local _, trouble = pcall(box[name], box)
      assert.matches("box:" .. name .. ": give the name of a provider %('.*'clumio'.*%), not a nil",
        trouble)
      assert.not_matches("did you mean", trouble)
    end
  end)

  it("lists the providers where none is like it", function()
    local _, trouble = pcall(box.options, box, "nil")
    assert.matches("unknown provider 'nil' %(there are '.*'%)", trouble)
    for provider in pairs(core.providers) do
      assert.matches("'" .. provider .. "'", trouble, 1, true)
    end
  end)

  it("knows its caller by the client's options, and by their old names", function()
    local mine = box:credentials "ecl"
    local options = box:options("ecl", { keystone_url = mine.keystone_url, api_key = mine.api_key,
      api_secret = mine.api_secret })
    options.token = nil
    assert(assert(coffer.ecl(options)):create_account())
    assert.same({ mine.api_key, mine.api_secret, mine.keystone_url },
      { mine.username, mine.password, mine.auth_url })
  end)
end)

describe("a very long name", function()
  local long = ("né"):rep(400000)

  local function message_of(ask, ...)
    local is_done, message = pcall(ask, ...)
    assert.is_false(is_done)
    return message
  end

  local asks = {
    ["as an option"] = function() sandbox { [long] = 1 } end,
    ["as a provider"] = function(box) box:options(long) end,
    ["as an operation"] = function(box) box:fail { operation = long } end,
    ["as a field of a fault"] = function(box) box:fail { [long] = 1 } end,
  }

  for what, ask in pairs(asks) do
    it("is refused at once and shortly, " .. what, function()
      local box <close> = sandbox()
      local begun = os.clock()
      local message = message_of(ask, box)
      assert.is_true(os.clock() - begun < 0.5)
      assert.is_true(#message < 300)
      assert.is_truthy(utf8.len(message))
      assert.matches("nén", message)
    end)
  end
end)

describe("the core of a sandbox", function()
  it("reports a module that cannot be loaded", function()
    local function start()
      sandbox_core.start("no.such.module", package.path, package.cpath)
    end
    assert.error_matches(start,
      "the sandbox cannot be set up: module 'no.such.module' not found")
  end)

  it("stops serving when it is collected", function()
    local port = sandbox_core.start("coffer.sandbox.server", package.path, package.cpath):port()
    collectgarbage()
    collectgarbage()
    assert.is_nil(call.send("GET", "http://127.0.0.1:" .. port .. "/"))
  end)

  it("reports a module that is no table", function()
    assert.error_matches(function()
      sandbox_core.start("coffer.need", package.path, package.cpath)
    end, "module 'coffer.need' is not a table")
  end)

  it("reports an error of the function that it calls", function()
    local server <close> = sandbox_core.start("coffer.sandbox.server", package.path, package.cpath)
    assert.error_matches(function() server:call("log_of", "") end, "no function 'log_of'")
    assert.error_matches(function() server:call("fail", {}) end, "string expected")
  end)

  it("answers 500 with the reason when the handler raises", function()
    local server <close> = sandbox_core.start("coffer.sandbox.server", package.path, package.cpath)
    server:call("open", '{"providers":["clumio"]}')
    server:call("fail", '{"operation":"list_wallets","times":"once"}')
    local answer = call.send("GET", "http://127.0.0.1:" .. server:port() .. "/clumio/wallets")
    assert.equal(500, answer.status)
    assert.matches("server.lua:%d+", answer.body)
  end)
end)

describe("the HTTP of a sandbox", function()
  local box

  before_each(function() box = sandbox() end)
  after_each(function() box:close() end)

  it("has the path and the query as they were sent", function()
    call.send("GET", box.url .. "/clumio/a%2Fb/../c?x=%20&y=1")
    local entry = box:log()[1]
    assert.equal("/clumio/a%2Fb/../c", entry.path)
    assert.equal("x=%20&y=1", entry.query)
  end)

  it("keeps a connection for the next request", function()
    local connection = connect(box)
    for _ = 1, 3 do
      connection:send "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
      assert.equal(404, (receive_answer(connection)))
    end
    connection:close()
  end)

  it("takes an empty body with Content-Length: 0", function()
    local connection = connect(box)
    connection:send "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    assert.equal(404, (receive_answer(connection)))
    connection:close()
  end)

  it("takes a body in chunks", function()
    local connection = connect(box)
    connection:send("POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      .. "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert.equal(404, (receive_answer(connection)))
    assert.equal("abcde", box:log()[1].body)
    connection:close()
  end)

  it("joins the values of a header that came twice", function()
    local connection = connect(box)
    connection:send "GET / HTTP/1.1\r\nHost: x\r\nX-Twice: one\r\nx-twice: two\r\n\r\n"
    receive_answer(connection)
    assert.equal("one, two", box:log()[1].headers["x-twice"])
    connection:close()
  end)

  it("answers a request without any header", function()
    local connection = connect(box)
    connection:send "GET /nowhere HTTP/1.0\r\n\r\n"
    assert.matches("404", (connection:receive "*l"))
    connection:close()
  end)

  it("takes a body of 16 MiB", function()
    local body = ("x"):rep(16 * 1024 * 1024)
    local headers = { ["Content-Length"] = tostring(#body) }
    assert.equal(404, call.send("POST", box.url .. "/nowhere", headers, body).status)
  end)

  it("refuses a body above 16 MiB", function()
    local body = ("x"):rep(16 * 1024 * 1024 + 1)
    local headers = { ["Content-Length"] = tostring(#body) }
    assert.equal(413, call.send("POST", box.url .. "/nowhere", headers, body).status)
    assert.same({}, box:log())
  end)

  it("survives a connection that ends within a request", function()
    local connection = connect(box)
    connection:send "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"
    connection:close()
    assert.equal(200, create_wallet(box).status)
  end)

  it("answers 404 where no provider is", function()
    assert.equal(404, call.send("GET", box.url .. "/").status)
  end)

  it("does not let a held answer hold up others", function()
    box:fail { operation = "list_wallets", delay = 30 }
    local held = connect(box)
    held:send "GET /clumio/wallets HTTP/1.1\r\nHost: x\r\n\r\n"
    repeat socket.sleep(0.01) until #box:log() == 1
    local began = socket.gettime()
    assert.equal(200, create_wallet(box).status)
    assert.is_true(socket.gettime() - began < 15)
    held:close()
  end)

  it("closes promptly while an answer is held", function()
    box:fail { operation = "list_wallets", delay = 60 }
    local held = connect(box)
    held:send "GET /clumio/wallets HTTP/1.1\r\nHost: x\r\n\r\n"
    repeat socket.sleep(0.01) until #box:log() == 1
    local began = socket.gettime()
    box:close()
    assert.is_true(socket.gettime() - began < 15)
    held:close()
  end)

  it("closes promptly while a connection is idle", function()
    local idle = connect(box)
    local began = socket.gettime()
    box:close()
    assert.is_true(socket.gettime() - began < 15)
    idle:close()
  end)
end)

describe("a fault of a sandbox", function()
  local box

  before_each(function() box = sandbox() end)
  after_each(function() box:close() end)

  it("fails an operation once", function()
    box:fail { operation = "create_wallet", status = 500 }
    assert.equal(500, create_wallet(box).status)
    assert.equal(200, create_wallet(box).status)
  end)

  it("fails an operation as often as asked", function()
    box:fail { operation = "create_wallet", status = 503, times = 2 }
    assert.equal(503, create_wallet(box).status)
    assert.equal(503, create_wallet(box).status)
    assert.equal(200, create_wallet(box).status)
  end)

  it("leaves other operations alone", function()
    box:fail { operation = "create_wallet", status = 500 }
    assert.same({}, list_wallets(box))
  end)

  it("comes in the order in which it was asked for", function()
    box:fail { operation = "create_wallet", status = 500 }
    box:fail { operation = "create_wallet", status = 429 }
    assert.equal(500, create_wallet(box).status)
    assert.equal(429, create_wallet(box).status)
  end)

  it("is for both providers where the name is not prefixed", function()
    box:fail { operation = "create_account", status = 500, times = 2 }
    assert.equal(500, call.ask(box, "ecl", "POST /tenants/t/account").status)
    assert.equal(500, call.ask(box, "astra", "POST /accounts", "{}").status)
  end)

  it("is for one provider where the name is prefixed", function()
    box:fail { operation = "astra.create_account", status = 500 }
    assert.equal(200, call.ask(box, "ecl", "POST /tenants/t/account").status)
    assert.equal(500, call.ask(box, "astra", "POST /accounts", "{}").status)
  end)

  it("does not let the thing come into being", function()
    box:fail { operation = "create_wallet", status = 500 }
    create_wallet(box)
    assert.same({}, list_wallets(box))
  end)

  it("lets the thing come into being where execute is asked", function()
    box:fail { operation = "create_wallet", status = 500, execute = true }
    assert.equal(500, create_wallet(box).status)
    assert.equal(1, #list_wallets(box))
  end)

  it("answers with the body and headers asked for", function()
    box:fail {
      operation = "create_wallet", status = 502, body = "<html>\0",
      headers = { ["Content-Type"] = "text/html", ["Retry-After"] = "7" },
    }
    local answer = create_wallet(box)
    assert.equal("<html>\0", answer.body)
    assert.equal("text/html", answer.headers["content-type"])
    assert.equal("7", answer.headers["retry-after"])
  end)

  it("answers 200 where only a body is asked for", function()
    box:fail { operation = "create_wallet", body = "not JSON" }
    local answer = create_wallet(box)
    assert.equal(200, answer.status)
    assert.equal("not JSON", answer.body)
  end)

  it("adds headers to the true answer where no status is asked for", function()
    box:fail { operation = "create_wallet", headers = { ["X-Request-Id"] = "r-1" } }
    local answer = create_wallet(box)
    assert.equal("r-1", answer.headers["x-request-id"])
    assert.equal("Waiting", answer.json.state)
  end)

  it("only holds the answer back where a delay is all that is asked", function()
    box:fail { operation = "create_wallet", delay = 0.3 }
    local began = socket.gettime()
    assert.equal(200, create_wallet(box).status)
    assert.is_true(socket.gettime() - began >= 0.29)
  end)

  for name, canonical in pairs { renew_token = "POST /RenewLoginToken",
    ["commvault.renew_token"] = "POST /RenewLoginToken" } do
    it("is understood by the client's name of the call: " .. name, function()
      box:fail { operation = name, status = 503 }
      assert.equal(503, call.ask(box, "commvault", canonical, '{"sessionId":"x"}').status)
    end)
  end

  local renamed = {
    create_token = { "ecl", "issue_token", "/ecl/keystone/v3/auth/tokens" },
    renew_login_token = { "commvault", "renew_token",
      "/commvault/commandcenter/api/RenewLoginToken" },
  }
  for old, row in pairs(renamed) do
    local provider, name, path = table.unpack(row)
    for _, given in ipairs { name, provider .. "." .. name, old, provider .. "." .. old } do
      it(("is of the call %s, by the name %s"):format(name, given), function()
        box:fail { operation = given, status = 503 }
        local answer = call.send("POST", box.url .. path, { ["Content-Length"] = "2" }, "{}")
        assert.equal(503, answer.status)
        assert.equal(name, box:log()[1].operation)
      end)
    end
  end

  it("knows every call of the clients", function()
    for provider in pairs(core.providers) do
      for name in pairs(core.describe(provider).operations) do
        for _, known in ipairs { name, provider .. "." .. name } do
          assert.has_no_error(function() box:fail { operation = known, status = 500 } end)
        end
      end
    end
  end)

  for what, fault in pairs {
    ["no more"] = {}, execute = { execute = true }, times = { times = 3 },
    ["no header"] = { headers = {} }, ["no delay"] = { delay = 0 },
    ["no close"] = { close = false },
  } do
    it("is refused where it does nothing: " .. what, function()
      fault.operation = "create_wallet"
      assert.error_matches(function() box:fail(fault) end, "box:fail: nothing would fail")
    end)
  end

  it("closes the connection without an answer", function()
    box:fail { operation = "create_wallet", close = true }
    assert.is_nil(create_wallet(box))
    assert.is_nil(box:log()[1].status)
    assert.same({}, list_wallets(box))
  end)

  it("closes the connection behind what was done", function()
    box:fail { operation = "create_wallet", close = true, execute = true }
    assert.is_nil(create_wallet(box))
    assert.equal(1, #list_wallets(box))
  end)

  it("closes the connection once the delay is over", function()
    box:fail { operation = "create_wallet", close = true, delay = 0.3 }
    local began = socket.gettime()
    assert.is_nil(create_wallet(box))
    assert.is_true(socket.gettime() - began >= 0.29)
  end)

  it("leaves a create unknown where it closes the connection", function()
    local clumio <close> = assert(coffer.clumio(box:options "clumio"))
    box:fail { operation = "create_wallet", close = true, execute = true }
    local wallet, failure = clumio:create_wallet "123456789012"
    assert.is_nil(wallet)
    assert.equal("unknown", failure.outcome)
    assert.equal(1, #list_wallets(box))
    assert.equal(2, #box:log())
  end)

  it("does not both answer and close", function()
    for name, value in pairs { status = 500, body = "x", headers = { ["X-A"] = "1" } } do
      assert.error_matches(function()
        box:fail { operation = "create_wallet", close = true, [name] = value }
      end, "option 'close' is no answer")
    end
  end)

  it("suggests the operation that was meant", function()
    assert.error_matches(function() box:fail { operation = "create_walet", status = 500 } end,
      "unknown operation 'create_walet' %(did you mean 'create_wallet'%?%)")
  end)

  it("suggests the key that was meant", function()
    assert.error_matches(function() box:fail { operation = "create_wallet", stauts = 500 } end,
      "unknown option 'stauts' %(did you mean 'status'%?%)")
  end)

  it("needs an operation", function()
    assert.error_matches(function() box:fail { status = 500 } end, "'operation' is required")
  end)

  it("needs a status that HTTP has", function()
    assert.error_matches(function() box:fail { operation = "create_wallet", status = 42 } end,
      "'status' must be a whole number from 200 to 599, got 42")
  end)

  it("refuses a header that would begin another", function()
    local headers = { ["X-A"] = "1\r\nX-B: 2" }
    assert.error_matches(function() box:fail { operation = "create_wallet", headers = headers } end,
      "'headers' must be a table")
  end)
end)

describe("the log of a sandbox", function()
  local box

  before_each(function() box = sandbox() end)
  after_each(function() box:close() end)

  it("is empty at first", function()
    assert.same({}, box:log())
  end)

  it("has what arrived, in order", function()
    create_wallet(box)
    call.ask(box, "ecl", "POST /tenants/t/account")
    local log = box:log()
    assert.equal(2, #log)
    assert.equal("create_wallet", log[1].operation)
    assert.equal("ecl", log[2].provider)
  end)

  it("has the request and the status of the answer", function()
    create_wallet(box)
    local entry = box:log()[1]
    assert.equal("clumio POST /clumio/wallets",
      ("%s %s %s"):format(entry.provider, entry.method, entry.path))
    assert.equal(WALLET, entry.body)
    assert.equal("application/json", entry.headers["content-type"])
    assert.equal(200, entry.status)
    assert.equal("integer", math.type(entry.status))
  end)

  it("has the status that a fault gave", function()
    box:fail { operation = "create_wallet", status = 500, execute = true }
    create_wallet(box)
    assert.equal(500, box:log()[1].status)
  end)

  it("has a body of any bytes", function()
    local body = "\0\1\255\"\\"
    call.ask(box, "clumio", "POST /wallets", body)
    assert.equal(body, box:log()[1].body)
  end)

  it("masks the credentials of every provider", function()
    create_wallet(box)
    call.ask(box, "commvault", "GET /V4/CVS3Stores")
    call.ask(box, "ecl", "POST /tenants/t/account")
    local log = box:log()
    assert.equal("[secret]", log[1].headers.authorization)
    assert.equal("[secret]", log[2].headers.authtoken)
    assert.equal("[secret]", log[3].headers["x-auth-token"])
  end)

  it("masks a body that holds a password", function()
    call.ask(box, "commvault", "POST /Login", '{"username":"a","password":"b"}')
    assert.equal("[secret]", box:log()[1].body)
  end)

  it("has no operation for a path that is unknown", function()
    call.send("GET", box.url .. "/clumio/nothing")
    local entry = box:log()[1]
    assert.equal("clumio", entry.provider)
    assert.is_nil(entry.operation)
    assert.equal(404, entry.status)
  end)
end)
