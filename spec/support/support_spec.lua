-- The servers that other specs lean on do what they are told, seen over luasocket.

local answers = require "answers"
local authority = require "authority"
local message = require "message"
local nginx = require "nginx"
local providers = require "providers"
local s_server = require "s_server"
local server = require "server"
local socket = require "socket"
local ssl = require "ssl"

local REQUEST = "POST /wallets?x=1 HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\nabc"

local function connect(port)
  local peer = assert(socket.connect("127.0.0.1", port))
  peer:settimeout(5)
  return peer
end

local function ask(port, bytes)
  local peer = connect(port)
  assert(peer:send(bytes or REQUEST))
  local whole, trouble, part = peer:receive "*a"
  peer:close()
  return whole or part, trouble
end

local function connect_tls(port, more)
  local parameters = { mode = "client", protocol = "any", verify = "peer" }
  parameters.cafile = authority.get().root
  for name, value in pairs(more or {}) do
    parameters[name] = value
  end
  local peer = assert(ssl.wrap(connect(port), parameters))
  peer:settimeout(5)
  return peer, peer:dohandshake()
end

describe("a message between a spec and its child", function()
  it("carries every byte, integers as integers and nested tables", function()
    local value = { text = "\0\r\n\"\\\255", 1, 2.5, { deep = { true, false } } }
    assert.same(value, message.decode(message.encode(value)))
    assert.equal("integer", math.type(message.decode(message.encode(2 ^ 53 | 0))))
  end)
end)

describe("the fault server", function()
  it("answers requests in turn and keeps the connection", function()
    local one = { send = answers.http { body = "one" }, finish = "keep" }
    local two = { send = answers.http { body = "two" } }
    local faulty <close> = server.start { one, two }
    local said = ask(faulty.port, REQUEST .. REQUEST)
    assert.truthy(said:find("one.*two$"))
    assert.equal(1, #faulty:connections())
    assert.equal(2, faulty:creates())
  end)

  it("keeps account of the bytes that it was sent", function()
    local faulty <close> = server.start { { send = answers.http {} } }
    ask(faulty.port)
    local request = faulty:requests()[1]
    assert.equal(REQUEST, request.raw)
    assert.equal("POST", request.method)
    assert.equal("/wallets?x=1", request.target)
    assert.equal("here", request.headers.host)
    assert.equal("abc", request.body)
    assert.is_true(request.complete)
  end)

  it("counts neither a cut request nor a refresh nor a GET as a create", function()
    local faulty <close> = server.start { { send = answers.http {} } }
    local peer = connect(faulty.port)
    peer:send(REQUEST:sub(1, -2))
    peer:close()
    ask(faulty.port, "POST /wallets/w-1/_refresh HTTP/1.1\r\n\r\n")
    ask(faulty.port, "GET /wallets HTTP/1.1\r\n\r\n")
    assert.equal(0, faulty:creates())
    assert.is_false(faulty:requests()[1].complete)
    assert.equal(REQUEST:sub(1, -2), faulty:requests()[1].raw)
  end)

  it("reads a chunked body", function()
    local faulty <close> = server.start { { send = answers.http {} } }
    ask(faulty.port, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
      .. answers.chunk "ab" .. answers.chunk "c" .. "0\r\n\r\n")
    assert.equal("abc", faulty:requests()[1].body)
  end)

  it("has orders for a path beside those in turn", function()
    local faulty <close> = server.start {
      paths = { ["GET /wallets"] = { answers.keep { body = "list" } } },
      { finish = "reset" },
    }
    local said, trouble = ask(faulty.port, "GET /wallets HTTP/1.1\r\n\r\n" .. REQUEST)
    assert.truthy(said:find "list$")
    assert.equal("closed", trouble)
    assert.equal(1, faulty:creates())
  end)

  it("takes new orders and goes on counting", function()
    local faulty <close> = server.start { { send = "one" } }
    assert.equal("one", ask(faulty.port))
    faulty:order { { send = "two" } }
    assert.equal("two", ask(faulty.port))
    assert.equal(2, faulty:creates())
  end)

  it("closes without having read, and resets", function()
    local closing <close> = server.start { { accept = "close" } }
    local _, trouble = connect(closing.port):receive(1)
    assert.equal("closed", trouble)
    local resetting <close> = server.start { { read = 10, finish = "reset" } }
    local peer = connect(resetting.port)
    peer:send(REQUEST)
    _, trouble = peer:receive(1)
    assert.truthy(trouble == "closed" or trouble:find "reset")
    assert.is_false(resetting:requests()[1].complete)
  end)

  it("hangs, sleeps and repeats itself", function()
    local hanging <close> = server.start { { finish = "hang" } }
    local peer = connect(hanging.port)
    peer:settimeout(0.1)
    peer:send(REQUEST)
    assert.equal("timeout", select(2, peer:receive(1)))
    local slow <close> = server.start {
      {
        read = "nothing",
        send = {
          "a", { sleep = 0.1 },
          { bytes = "b", times = 3, interval = 0.02 },
          { bytes = "c", times = 200000 },
        },
      },
    }
    local started = socket.gettime()
    assert.equal("abbb" .. ("c"):rep(200000), ask(slow.port))
    assert.is_true(socket.gettime() - started >= 0.15)
  end)

  it("leaves a SYN unanswered when it is full", function()
    local full <close> = server.start { full = true }
    local peer = socket.tcp4()
    peer:settimeout(0.2)
    assert.equal("timeout", select(2, peer:connect("127.0.0.1", full.port)))
    assert.equal(0, #full:connections())
  end)

  it("refuses until it is late enough", function()
    local late <close> = server.start { late = 0.1, { send = "here" } }
    assert.is_nil(socket.connect("127.0.0.1", late.port))
    socket.sleep(0.15)
    assert.equal("here", ask(late.port))
  end)

  it("joins the ends after CONNECT and keeps the proxy's password on its side", function()
    local origin <close> = server.start { { send = answers.http { body = "from origin" } } }
    local proxy <close> = server.start {
      { send = "HTTP/1.1 200 Connection established\r\n\r\n", relay = true },
    }
    local peer = connect(proxy.port)
    peer:send(("CONNECT any.example:%d HTTP/1.1\r\nProxy-Authorization: Basic eDp5\r\n\r\n")
      :format(origin.port))
    assert.equal("HTTP/1.1 200 Connection established", peer:receive "*l")
    peer:send(REQUEST)
    assert.truthy(peer:receive("*a"):find "from origin$")
    assert.equal("Basic eDp5", proxy:requests()[1].headers["proxy-authorization"])
    assert.equal(REQUEST, origin:requests()[1].raw)
  end)

  it("speaks TLS and ends it with and without a farewell", function()
    local orders = { tls = authority.get().good }
    for i, finish in ipairs { "close", "cut", "reset" } do
      orders[i] = { send = "secret", finish = finish }
    end
    local faulty <close> = server.start(orders)
    local ends = {}
    for i = 1, 3 do
      local peer = connect_tls(faulty.port)
      peer:send(REQUEST)
      local whole, trouble, part = peer:receive "*a"
      assert.equal("secret", whole or part)
      ends[i] = trouble or "farewell"
      peer:close()
    end
    assert.equal("farewell", ends[1])
    assert.truthy(ends[2]:find "unexpected eof")
    assert.equal("closed", ends[3])
    assert.equal("done", faulty:connections()[1].handshake)
  end)

  it("is gone once it was stopped", function()
    local faulty <close> = server.start()
    faulty:stop()
    assert.is_nil(socket.connect("127.0.0.1", faulty.port))
    faulty:stop()
  end)

  it("tells of a fault of its own", function()
    local faulty <close> = server.start { { send = { {} } } }
    ask(faulty.port)
    assert.has_error(function()
      faulty:requests()
    end)
  end)
end)

describe("the certificate authority", function()
  local made = authority.get()

  local function handshake(name)
    local faulty <close> = server.start { tls = made[name] }
    local _, done, trouble = connect_tls(faulty.port)
    return done or trouble
  end

  it("signs a certificate that is trusted", function()
    assert.is_true(handshake "good")
  end)

  for _, name in ipairs { "expired", "not_yet_valid", "unknown_authority", "self_signed" } do
    it("makes one that is refused: " .. name, function()
      assert.equal("certificate verify failed", handshake(name))
    end)
  end

  it("is made once", function()
    assert.equal(made, authority.get())
  end)
end)

describe("openssl s_server", function()
  it("speaks an old TLS only", function()
    local old <close> = s_server.start {
      tls = authority.get().good,
      arguments = "-tls1_1 -cipher ALL:@SECLEVEL=0",
    }
    local peer, done, trouble = connect_tls(old.port, { protocol = "tlsv1_2" })
    peer:close()
    assert.is_false(done)
    assert.equal("unsupported protocol", trouble)
    assert.is_true(select(2, connect_tls(old.port, {
      protocol = "tlsv1_1",
      ciphers = "ALL:@SECLEVEL=0",
    })))
  end)
end)

describe("nginx", function()
  local made = authority.get()

  if not nginx.is_there() then
    pending "asks for a client's certificate (nginx is not installed)"
    return
  end

  it("asks for a client's certificate", function()
    local web <close> = nginx.start {
      tls = made.good,
      server = ("ssl_client_certificate %s; ssl_verify_client on; return 204;"):format(made.root),
    }
    local stranger = connect_tls(web.port)
    stranger:send "GET / HTTP/1.0\r\n\r\n"
    assert.truthy(stranger:receive("*l"):find " 400 ")
    local friend = connect_tls(web.port, {
      certificate = made.client.certificate,
      key = made.client.key,
    })
    friend:send "GET / HTTP/1.0\r\n\r\n"
    assert.truthy(friend:receive("*l"):find " 204 ")
  end)
end)

describe("the documented answers", function()
  local decode = require("cjson").decode

  for _, case in ipairs(providers.calls) do
    it("are JSON, and change member by member: " .. case.name, function()
      local body = decode(case.body())
      assert.truthy(body[case.identity])
      local changed = decode(case.body { [case.identity] = false, further = "[1]" })
      assert.is_nil(changed[case.identity])
      assert.same({ 1 }, changed.further)
    end)

    it("are whole with every framing: " .. case.name, function()
      local status = ("^HTTP/1.1 %d "):format(case.status)
      for _, framing in ipairs { "length", "chunked", "none" } do
        assert.truthy(case.good({ framing = framing }):find(status))
      end
      assert.equal(case.body(), case.good():match "\r\n\r\n(.*)$")
    end)
  end

  it("have each provider's own errors", function()
    for _, case in ipairs(providers.creates) do
      assert.equal("table", type(decode(case.error_body())))
    end
  end)
end)
