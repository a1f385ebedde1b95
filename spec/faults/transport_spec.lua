-- Where requests go, which bytes they consist of, and what may not get into them.

local answers = require "answers"
local authority = require "authority"
local coffer = require "coffer"
local expect = require "expect"
local faults = require "faults"
local interpreter = require "interpreter"
local providers = require "providers"
local server = require "server"
local workdir = require "workdir"

local function keeping(case)
  return { send = case.good(), finish = "keep" }
end

--- The call raises, and the message names what is wrong.
local function raises(name, call, ...)
  local ok, trouble = pcall(call, ...)
  assert.is_false(ok)
  assert.truthy(tostring(trouble):find(name, 1, true), "does not name it: " .. tostring(trouble))
  return tostring(trouble)
end

--- The call raises, or reports an invalid input; nothing was sent either way. Answers the text.
local function refuses(call, ...)
  local ok, result, failure = pcall(call, ...)
  if not ok then
    return tostring(result)
  end
  assert.is_nil(result)
  assert.equal("not_sent", failure.outcome)
  assert.equal("invalid", failure.code)
  return tostring(failure)
end

describe("a base URL", function()
  local refused = {
    "http://example.com", "http://10.0.0.1", "http://127.0.0.1.example.com", "http://0.0.0.0",
    "http://localhost.example.com", "http://128.0.0.1", "http://[::2]", "file:///etc/passwd",
    "file://localhost/etc/passwd", "ftp://127.0.0.1", "gopher://127.0.0.1:70/_x", "example.com",
    "127.0.0.1:8080", "//example.com", "/v1", "", "https://", "https:///path",
    "https://user@example.com", "https://user:pw@example.com", "https://:pw@example.com",
    "https://example.com#frag", "https://example.com/#", "https://example.com?x",
    "https://example.com/?", "https://exam ple.com", " https://example.com",
    "https://example.com ", "https://example.com/\r\nX: y", "https://example.com/\n",
    "https://example.com/\0", "https://example.com\0.evil.example", "https://example.com/\t",
    "https://example.com\\@evil.example", "https://example.com:0x50", "https://example.com:99999",
    "javascript:alert(1)", "data:,x", "HTTP://example.com",
    "https:/example.com", "https:example.com", "https:////example.com", "https:", "https:/",
    "https:/example.com/https://example.com", "http:/127.0.0.1", "http:127.0.0.1",
    "http:///127.0.0.1", "://127.0.0.1", "https://%65xample.com", "http://%31%32%37.0.0.1",
    "http://0x7f.1", "http://127.1", "http://127.0.1", "http://2130706433", "http://017700000001",
    "http://0177.0.0.1", "http://127.0.0.01", "http://0x7f000001", "http://0x7f.0.0.1",
    "http://127.0.0.256", "http://127.0.0.1.", "http://localhost.", "http://api.localhost",
    "http://[0:0:0:0:0:0:0:1]", "http://[::0001]", "http://[::ffff:127.0.0.1]", "http://[::]",
    "http://[::127.0.0.1]", "http://[::1%25lo]", "http://127.0.0.1.evil.com", "http://localhos",
    "http://127.0.0.1%2eevil.com", "http://127。0。0。1", "http://１２７.0.0.1", "http://ⓛocalhost",
  }

  for _, case in ipairs(providers.creates) do
    for _, url in ipairs(refused) do
      it(("%q is refused: %s"):format(url, case.provider):gsub("%c", "?"), function()
        raises("base_url", coffer[case.provider], case.complete { token = "t", base_url = url })
      end)
    end
  end

  for _, url in ipairs { "http://127.0.0.1:1", "http://127.255.255.254:1", "http://LocalHost:1",
    "http://[::1]:1/", "HTTP://127.0.0.1:1", "https://provider.test:1/a%2fb" } do
    it("may be " .. url, function()
      assert.is_truthy(providers.clumio.client(url))
    end)
  end

  for _, case in ipairs(providers.calls) do
    it("may end in a slash, or name loopback in another way: " .. case.name, function()
      local faulty <close> = server.start { keeping(case) }
      local hosts = { "127.0.0.1", "localhost", "LOCALHOST" }
      for _, host in ipairs(hosts) do
        local url = ("http://%s:%d"):format(host, faulty.port)
        expect.created(case, case.create(case.client(url)))
        local base = case.path:match "^/commandcenter/api" or case.path:match "^/ecl%-objectstorage"
        local client = case.client(url, { base_url = url .. (base or "") .. "/" })
        expect.created(case, case.create(client))
      end
      for _, request in ipairs(faulty:requests()) do
        assert.equal(case.path, request.target)
      end
    end)
  end
end)

describe("a redirect", function()
  local outcomes = {
    { 301, "unknown" }, { 302, "unknown" }, { 303, "unknown" }, { 307, "refused" },
    { 308, "refused" },
  }

  local function redirect(status, location)
    return answers.keep { status = status, type = false, headers = { "Location: " .. location } }
  end

  for _, pair in ipairs(outcomes) do
    local status, outcome = pair[1], pair[2]
    for _, case in ipairs(providers.calls) do
      it(("%d is never followed, wherever it leads: %s"):format(status, case.name), function()
        local other <close> = server.start { keeping(case) }
        local faulty <close> = server.start()
        local targets = {
          other.url .. case.path, "//" .. other.address .. case.path, "file:///etc/passwd",
          faulty.url .. case.path, case.path, "https://elsewhere.example/", "gopher://x/",
        }
        for _, target in ipairs(targets) do
          faulty:order { redirect(status, target), keeping(case) }
          local client = case.client(faulty.url)
          local failure = expect.failure(outcome, "protocol", case.create(client))
          assert.equal(status, failure.status)
        end
        assert.equal(#targets, #faulty:requests())
        assert.equal(0, #other:connections())
      end)
    end

    it(("%d names the host that it leads to"):format(status), function()
      local case = providers.ecl
      local faulty <close> = server.start { redirect(status, "https://elsewhere.example/x") }
      local failure = expect.failure(outcome, "protocol", case.create(case.client(faulty.url)))
      assert.truthy(tostring(failure):find("elsewhere.example", 1, true))
    end)
  end
end)

describe("an id in a path", function()
  local case = providers.refresh
  local refused = { "", ".", "..", ("w"):rep(257), "\0", "a\0b", "a\r\nX: y", "a\n", "\t", "a\127" }
  local segments = {
    { "../../x", "..%2F..%2Fx" }, { "%2e%2e", "%252e%252e" }, { "a/b", "a%2Fb" },
    { "a%2fb", "a%252fb" }, { "a?b", "a%3Fb" }, { "a#b", "a%23b" }, { "a b", "a%20b" },
    { "é", "%C3%A9" }, { "...", "..." }, { "a;b", "a%3Bb" }, { "a\\b", "a%5Cb" },
    { "a@b:c", "a%40b%3Ac" }, { "a+b", "a%2Bb" }, { ("w"):rep(256), ("w"):rep(256) },
  }

  for _, id in ipairs(refused) do
    it(("%q is refused before it is sent"):format(id):gsub("%c", "?"), function()
      local faulty <close> = server.start { keeping(case) }
      local client = case.client(faulty.url)
      for _, given in ipairs { id, { wallet_id = id } } do
        local failure = expect.failure("not_sent", "invalid", client:refresh_wallet(given))
        assert.truthy(tostring(failure):find("wallet_id", 1, true))
      end
      assert.equal(0, #faulty:connections())
    end)
  end

  for _, pair in ipairs(segments) do
    it(("%q arrives as one segment"):format(pair[1]), function()
      local faulty <close> = server.start { keeping(case) }
      assert.equal("w-1", case.client(faulty.url):refresh_wallet(pair[1]).id)
      assert.equal("/wallets/" .. pair[2] .. "/_refresh", faulty:requests()[1].target)
    end)
  end

  it("that is no string is refused before it is sent", function()
    local faulty <close> = server.start { keeping(case) }
    local client = case.client(faulty.url)
    for _, id in ipairs { 42, 1.5, true, {}, print } do
      refuses(client.refresh_wallet, client, { wallet_id = id })
    end
    assert.equal(0, #faulty:connections())
  end)

  for _, id in ipairs(refused) do
    it(("%q is refused as tenant_id"):format(id):gsub("%c", "?"), function()
      local faulty <close> = server.start { keeping(providers.ecl) }
      raises("tenant_id", providers.ecl.client, faulty.url, { tenant_id = id })
      assert.equal(0, #faulty:connections())
    end)
  end

  it("is one segment as tenant_id", function()
    local ecl = providers.ecl
    local faulty <close> = server.start { keeping(ecl) }
    ecl.create(ecl.client(faulty.url, { tenant_id = "a/../b" }))
    assert.equal("/ecl-objectstorage/tenants/a%2F..%2Fb/account", faulty:requests()[1].target)
  end)
end)

describe("a token", function()
  local refused = {
    { "CR", "canary\rx" }, { "LF", "canary\nx" }, { "CR LF and a header", "canary\r\nX-Evil: y" },
    { "NUL", "canary\0x" }, { "a blank in front", " canary" }, { "a blank at its end", "canary " },
    { "DEL", "canary\127" }, { "UTF-8", "canaré" }, { "a tab", "canary\tx" }, { "nothing", "" },
  }

  for _, case in ipairs(providers.creates) do
    for _, row in ipairs(refused) do
      it(("with %s is refused and not shown: %s"):format(row[1], case.name), function()
        local faulty <close> = server.start { keeping(case) }
        local text
        local ok, client, failure = pcall(function()
          return coffer[case.provider](case.complete { base_url = faulty.url, token = row[2] })
        end)
        if ok then
          assert.is_nil(client)
          assert.equal("not_sent", failure.outcome)
        end
        text = tostring(ok and failure or client)
        assert.truthy(text:find("token", 1, true))
        assert.is_nil(text:find("canar", 1, true))
        assert.equal(0, #faulty:connections())
      end)
    end

    it("arrives byte by byte: " .. case.name, function()
      local faulty <close> = server.start { keeping(case) }
      local scheme = case.token_scheme or ""
      local token = scheme .. [[ab+/=.~!"#$%&'()*,-:;<>?@[\]^_`{|}]]
      expect.created(case, case.create(case.client(faulty.url, { token = token })))
      local raw = faulty:requests()[1].raw
      assert.truthy(raw:find(token .. "\r\n", 1, true))
    end)
  end
end)

describe("an extra header", function()
  local refused = {
    ["X-Test:"] = "y", ["X Test"] = "y", [" X"] = "y", ["X\r\nY"] = "y", [""] = "y", ["X\0"] = "y",
    ["é"] = "y", ["X-Test"] = "a\r\nX-Evil: y", ["X-Cr"] = "a\rb", ["X-Lf"] = "a\nb",
    ["X-Nul"] = "a\0b", ["X-Number"] = 5, ["X-Table"] = {}, [1] = "X: y",
  }
  local taken = {
    "Host", "Content-Length", "Transfer-Encoding", "Authorization", "host", "CONTENT-LENGTH",
    "authorization",
  }

  for _, case in ipairs(providers.creates) do
    it("that is none is refused: " .. case.name, function()
      for name, value in pairs(refused) do
        raises("headers", case.client, "http://127.0.0.1:1", { headers = { [name] = value } })
      end
    end)

    it("does not take the place of the library's own: " .. case.name, function()
      for _, name in ipairs(taken) do
        raises(name, case.client, "http://127.0.0.1:1", { headers = { [name] = "x" } })
      end
      local own = case.token_header
      raises(own, case.client, "http://127.0.0.1:1", { headers = { [own] = "x" } })
    end)

    it("arrives: " .. case.name, function()
      local faulty <close> = server.start { keeping(case) }
      local client = case.client(faulty.url, { headers = { ["X-Test"] = "a b" } })
      expect.created(case, case.create(client))
      assert.equal("a b", faulty:requests()[1].headers["x-test"])
    end)
  end
end)

describe("the environment", function()
  local made = authority.get()

  local CREATE = [[
    local providers = require "providers"
    local provider, url, options = ...
    local case = providers[provider]
    local result, failure = case.create(case.client(url, options))
    return result ~= nil, tostring(failure)
  ]]

  local function proxies(trap)
    local url = "http://" .. trap.address
    return {
      http_proxy = url, HTTP_PROXY = url, https_proxy = url, HTTPS_PROXY = url, all_proxy = url,
      ALL_PROXY = url, no_proxy = "", NO_PROXY = "",
    }
  end

  for _, case in ipairs(providers.creates) do
    for _, kind in ipairs { "http", "https" } do
      it(("has no say in the way, with %s: %s"):format(kind, case.name), function()
        local trap <close> = server.start()
        local origin <close> = server.start {
          tls = kind == "https" and made.good or nil,
          keeping(case),
        }
        local said = interpreter.run(proxies(trap), CREATE, case.provider, origin.url,
          { ca_file = made.root })
        assert.same({ true, "nil" }, said)
        assert.equal(0, #trap:connections())
        assert.equal(1, origin:creates())
      end)
    end
  end

  it("is asked with use_env_proxy", function()
    local case = providers.clumio
    local trap <close> = server.start { { send = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" } }
    local origin <close> = server.start { tls = made.good, keeping(case) }
    local said = interpreter.run(proxies(trap), CREATE, case.provider, origin.named_url,
      { ca_file = made.root, use_env_proxy = true })
    assert.is_false(said[1])
    assert.equal(1, #trap:connections())
    assert.equal("CONNECT", trap:requests()[1].method)
    assert.equal(0, #origin:connections())
  end)

  for _, case in ipairs(providers.creates) do
    it("adds nothing from a .netrc: " .. case.name, function()
      local home = workdir.make_directory "home"
      workdir.write("home/.netrc", "machine 127.0.0.1 login evil password canary-netrc\n")
      local origin <close> = server.start { keeping(case) }
      local said = interpreter.run({ HOME = home, NETRC = home .. "/.netrc" }, CREATE,
        case.provider, origin.url, {})
      assert.same({ true, "nil" }, said)
      local request = origin:requests()[1]
      assert.is_nil(request.raw:find("canary-netrc", 1, true))
      assert.is_nil(request.raw:find("Basic", 1, true))
      assert.truthy(request.raw:find(case.token, 1, true))
    end)
  end
end)

describe("a proxy", function()
  local made = authority.get()
  local ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n"

  for _, case in ipairs(providers.creates) do
    it("alone learns its own password, given as a secret: " .. case.name, function()
      local origin <close> = server.start { tls = made.good, keeping(case) }
      local proxy <close> = server.start { { send = ESTABLISHED, relay = true } }
      local address = coffer.secret("http://user:canary-proxy@" .. proxy.address)
      local client = case.client(origin.named_url, { ca_file = made.root, proxy = address })
      address:wipe()
      expect.created(case, case.create(client))
      assert.equal("Basic dXNlcjpjYW5hcnktcHJveHk=",
        proxy:requests()[1].headers["proxy-authorization"])
      assert.is_nil(tostring(client):find("canary", 1, true))
    end)

    it("alone learns its own password: " .. case.name, function()
      local origin <close> = server.start { tls = made.good, keeping(case) }
      local proxy <close> = server.start { { send = ESTABLISHED, relay = true } }
      local client = case.client(origin.named_url, {
        ca_file = made.root,
        proxy = "http://user:canary-proxy@" .. proxy.address,
      })
      expect.created(case, case.create(client))
      local connect, create = proxy:requests()[1], origin:requests()[1]
      assert.equal("CONNECT", connect.method)
      assert.matches("^coffer/", connect.headers["user-agent"])
      assert.equal("Basic dXNlcjpjYW5hcnktcHJveHk=", connect.headers["proxy-authorization"])
      assert.is_nil(connect.raw:find(case.token, 1, true))
      assert.is_nil(create.raw:lower():find("proxy", 1, true))
      assert.equal(1, origin:creates())
    end)
  end

  local answers_of_proxies = {
    { "503", { send = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" }, "unreachable" },
    {
      "407",
      {
        send = "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n",
      },
      "unreachable",
    },
    { "garbage", { send = "garbage\r\n\r\n" } },
    { "nothing", {} },
    { "silence", { finish = "hang" }, "timeout" },
  }

  for _, row in ipairs(answers_of_proxies) do
    for _, case in ipairs(providers.creates) do
      it(("that answers CONNECT with %s leaves not sent: %s"):format(row[1], case.name),
        function()
          local origin <close> = server.start { tls = made.good, keeping(case) }
          local proxy <close> = server.start { row[2] }
          local client = case.client(origin.named_url, {
            ca_file = made.root,
            proxy = "http://user:canary-proxy@" .. proxy.address,
            timeout = row[1] == "silence" and 0.4 or 10,
          })
          local failure = expect.failure("not_sent", row[3], case.create(client))
          assert.is_nil(tostring(failure):find("canary", 1, true))
          assert.equal(0, #origin:connections())
        end)
    end
  end
end)

describe("two clients of one host", function()
  it("each send their own token, 1,000 times in turns", function()
    local case = providers.refresh
    local faulty <close> = server.start { keeping(case) }
    local clients = {
      case.client(faulty.url, { token = "token-one" }),
      case.client(faulty.url, { token = "token-two" }),
    }
    for i = 1, 1000 do
      local which = i % 2 + 1
      assert.equal("w-1", clients[which]:refresh_wallet(("w-%d"):format(which)).id)
    end
    local tokens = { ["/wallets/w-1/_refresh"] = "one", ["/wallets/w-2/_refresh"] = "two" }
    local seen = faulty:report()
    assert.equal(1000, #seen.requests)
    for _, request in ipairs(seen.requests) do
      assert.equal("Bearer token-" .. tokens[request.path], request.headers.authorization)
    end
    assert.equal(2, #seen.connections)
  end)
end)

describe("a flood of headers", function()
  for _, fault in ipairs(faults.floods) do
    for _, case in ipairs(providers.creates) do
      it(("%s stops at the cap: %s"):format(fault.name, case.name), function()
        local faulty <close> = server.start(fault.orders(case))
        expect.failure("unknown", "protocol", case.create(case.client(faulty.url)))
        assert.equal(1, faulty:creates())
        -- What was read, and what the kernel's buffers took.
        assert.is_true(faulty:connections()[1].sent < 16 << 20)
      end)
    end
  end

  it("does not begin below 64 KiB", function()
    local case = providers.clumio
    local headers = {}
    for i = 1, 60 do
      headers[i] = ("X-%d: %s"):format(i, ("a"):rep(990))
    end
    local faulty <close> = server.start { { send = case.good { headers = headers } } }
    local wallet = expect.created(case, case.create(case.client(faulty.url)))
    assert.equal(990, #coffer.response(wallet).headers["x-60"])
  end)
end)

describe("the bytes of a request", function()
  for _, case in ipairs(providers.calls) do
    it("have no Expect, no Accept-Encoding and no cookie: " .. case.name, function()
      local faulty <close> = server.start { keeping(case) }
      case.create(case.client(faulty.url))
      local raw = faulty:requests()[1].raw:lower()
      for _, name in ipairs { "expect", "accept-encoding", "cookie", "te", "transfer-encoding" } do
        assert.is_nil(raw:find("\r\n" .. name .. ":", 1, true))
      end
      assert.equal(case.has_no_body, raw:find("\r\ncontent-type:", 1, true) == nil or nil)
    end)
  end

  local MIB = 1024 * 1024

  for _, size in ipairs { 999, 1001, 1025, MIB, MIB + 1, 2 * MIB } do
    it(("have no Expect before a body of %d bytes"):format(size), function()
      local padding = size - #'{"account_native_id":"123456789012","padding":""}'
      local faulty <close> = server.start { keeping(providers.clumio) }
      local client = providers.clumio.client(faulty.url)
      expect.created(providers.clumio, providers.clumio.create(client,
        { extra = { padding = ("x"):rep(padding) } }))
      local head = faulty:requests()[1].raw:match("^.-\r\n\r\n"):lower()
      assert.truthy(head:find("\r\ncontent-length: " .. size .. "\r\n", 1, true))
      assert.is_nil(head:find("\r\nexpect:", 1, true))
    end)
  end
end)

describe("a program with Turkish letters", function()
  --- Where the system's own locales are, or the name of a directory where they have been made.
  local function locales()
    return workdir.once("locales", function()
      local directory = workdir.make_directory "locales"
      for _, charset in ipairs { "UTF-8", "ISO-8859-9" } do
        os.execute(("localedef -i tr_TR -f %s %s/tr_TR.%s >/dev/null 2>&1"):format(charset,
          directory, charset))
      end
      return directory
    end)
  end

  --- Runs the body in that locale; what it returns. Pending where the locale cannot be had.
  local function run(charset, body, ...)
    local said = interpreter.run({ LOCPATH = locales() }, ([[
      if not os.setlocale "tr_TR.%s" then
        return false
      end
      local coffer, providers = require "coffer", require "providers"
      local url, header = ...
    ]]):format(charset) .. body, ...)
    if said[1] == false then
      pending("locale tr_TR." .. charset .. " cannot be made (localedef, package locales)")
    end
    return table.unpack(said, 2)
  end

  for _, charset in ipairs { "UTF-8", "ISO-8859-9" } do
    for _, name in ipairs { "TRANSFER-ENCODING", "AUTHORIZATION", "Authorization", "HOST" } do
      it(("cannot set the library's own header %s: %s"):format(name, charset), function()
        local ok, trouble = run(charset, [[
          local ok, trouble = pcall(providers.clumio.client, url, { headers = { [header] = "x" } })
          return true, ok, tostring(trouble)
        ]], "http://127.0.0.1:1", name)
        assert.is_false(ok)
        assert.truthy(trouble:find("must not set " .. name, 1, true))
      end)
    end

    it("reads header names in capitals: " .. charset, function()
      local faulty <close> = server.start { answers.refusal(429, { "X-RATELIMIT-PERIOD: 40" }) }
      assert.equal(40, (run(charset, [[
        local _, failure = providers.clumio.create(providers.clumio.client(url))
        return true, failure.retry_after
      ]], faulty.url)))
    end)

    it("reaches its providers: " .. charset, function()
      for _, case in ipairs(providers.creates) do
        local faulty <close> = server.start { keeping(case) }
        local body = ([[
          local case = providers.%s
          local thing, failure = case.create(case.client(url))
          return true, thing ~= nil, tostring(failure)
        ]]):format(case.provider)
        assert.same({ true, "nil" }, { run(charset, body, faulty.url) })
      end
    end)
  end
end)

describe("this machine", function()
  local made = authority.get()
  local case = providers.clumio
  local CREATE = [[
    local url, options = ...
    local providers = require "providers"
    local result, failure = providers.clumio.create(providers.clumio.client(url, options))
    return result ~= nil, tostring(failure)
  ]]

  local names = { "http://127.0.0.1", "http://localhost", "http://LOCALHOST", "https://127.0.0.1",
    "https://localhost" }

  for _, name in ipairs(names) do
    local function start()
      local tls = name:find "^https" and made.good or nil
      return server.start { tls = tls, keeping(case) }
    end

    it("is not reached through a proxy: " .. name, function()
      local trap <close> = server.start()
      local origin <close> = start()
      local client = case.client(name .. ":" .. origin.port, { ca_file = made.root,
        proxy = "http://" .. trap.address })
      expect.created(case, case.create(client))
      expect.created(case, case.create(client))
      assert.equal(0, #trap:connections())
    end)

    it("is not reached through the environment's proxy: " .. name, function()
      local trap <close> = server.start()
      local origin <close> = start()
      local proxy = "http://" .. trap.address
      local said = interpreter.run({ http_proxy = proxy, https_proxy = proxy, all_proxy = proxy,
        no_proxy = "" }, CREATE, name .. ":" .. origin.port,
        { ca_file = made.root, use_env_proxy = true })
      assert.same({ true, "nil" }, said)
      assert.equal(0, #trap:connections())
    end)
  end

  local others = { "https://0x7f.1", "https://127.1", "https://2130706433", "https://localhost.",
    "https://api.localhost", "https://[::ffff:127.0.0.1]", "https://[0:0:0:0:0:0:0:1]",
    "https://0.0.0.0", "https://127.0.0.1." }

  for _, name in ipairs(others) do
    it("is not reached through a proxy in other spellings: " .. name, function()
      local trap <close> = server.start()
      local client = case.client(name .. ":1", { proxy = "http://" .. trap.address })
      expect.failure("not_sent", "unreachable", case.create(client))
      assert.equal(0, #trap:connections())
    end)
  end

  it("is reached directly and others through the proxy, by one client", function()
    local origin <close> = server.start { tls = made.good, keeping(providers.ecl) }
    local here <close> = server.start { answers.keep { status = 201, body = "{}",
      headers = { "X-Subject-Token: t-1" } } }
    local proxy <close> = server.start {
      { send = "HTTP/1.1 200 Connection established\r\n\r\n", relay = true },
    }
    local client = coffer.ecl {
      base_url = origin.named_url .. "/ecl-objectstorage", keystone_url = here.url .. "/v3",
      api_key = "k", api_secret = "s", tenant_id = answers.asked.tenant_id,
      ca_file = made.root, proxy = "http://" .. proxy.address, attempts = 1,
    }
    for _ = 1, 2 do
      expect.created(providers.ecl, client:create_account())
      client:issue_token()
    end
    assert.equal("/v3/auth/tokens", here:requests()[1].path)
    assert.equal(1, #proxy:connections())
  end)

  it("is not what a name like it leads to", function()
    local proxy <close> = server.start { { send = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" } }
    for _, name in ipairs { "127.0.0.1.evil.test", "localhost.evil.test", "mylocalhost" } do
      local client = case.client("https://" .. name, { proxy = "http://" .. proxy.address })
      expect.failure("not_sent", "unreachable", case.create(client))
    end
    assert.equal(3, #proxy:connections())
  end)
end)
