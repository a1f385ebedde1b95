-- Kept connections: which of them a call may go out on. What lies unread on one answers another
-- request; one that is at its end answers none. A call that finds one so goes out on a new one.

local answers = require "answers"
local authority = require "authority"
local coffer = require "coffer"
local expect = require "expect"
local providers = require "providers"
local server = require "server"
local socket = require "socket"

local clumio = providers.clumio
local stray = clumio.good { changes = { id = '"EVIL"' } }
local time_out = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

local function secure()
  return authority.get().good
end

local function client_of(case, faulty, more)
  local options = { ca_file = authority.get().root, timeout = 5 }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return case.client(faulty.url, options)
end

--- The numbers of the connections that the requests came on.
local function connections_of(faulty)
  local numbers = {}
  for i, request in ipairs(faulty:requests()) do
    numbers[i] = request.connection
  end
  return numbers
end

--- What the server does on the connection behind its first answer, while the client is idle.
local unclean = {
  { name = "a second answer came later", send = { { sleep = 0.05 }, stray } },
  { name = "a second answer came in the same segment", send = { stray }, is_joined = true },
  { name = "a 408 came and its end", send = { { sleep = 0.05 }, time_out }, finish = "close" },
  { name = "a 408 came", send = { { sleep = 0.05 }, time_out } },
  { name = "a line end came", send = { { sleep = 0.05 }, "\r\n" } },
  { name = "it ended", send = { { sleep = 0.05 } }, finish = "close" },
  { name = "it was reset", send = { { sleep = 0.05 } }, finish = "reset" },
  { name = "it ended without TLS's farewell", send = { { sleep = 0.05 } }, finish = "cut" },
}

local function first_order(case, fault)
  local pieces = { case.good() }
  for _, piece in ipairs(fault.send) do
    if fault.is_joined then
      pieces[1] = pieces[1] .. piece
    else
      pieces[#pieces + 1] = piece
    end
  end
  return { send = pieces, finish = fault.finish or "keep" }
end

describe("a kept connection", function()
  for _, case in ipairs(providers.creates) do
    it("carries one create after another where it is clean: " .. case.name, function()
      for _, tls in ipairs { false, secure() } do
        local faulty <close> = server.start { tls = tls or nil, answers.keep_good(case) }
        local client = client_of(case, faulty)
        for _ = 1, 3 do
          expect.created(case, case.create(client))
        end
        assert.same({ 1, 1, 1 }, connections_of(faulty))
      end
    end)
  end

  for _, fault in ipairs(unclean) do
    for _, how in ipairs { "plain", "TLS" } do
      it(("is left where %s: %s"):format(fault.name, how), function()
        local faulty <close> = server.start {
          tls = how == "TLS" and secure() or nil,
          first_order(clumio, fault), answers.keep_good(clumio),
        }
        local client = client_of(clumio, faulty)
        expect.created(clumio, clumio.create(client))
        socket.sleep(0.2)
        expect.created(clumio, clumio.create(client))
        expect.created(clumio, clumio.create(client))
        assert.same({ 1, 2, 2 }, connections_of(faulty))
        assert.equal(3, faulty:creates())
      end)
    end
  end

  it("is left by a read where a second answer came", function()
    local list = answers.keep { type = "application/api.clumio.wallets=v1+json",
      body = '{"_embedded":{"items":[]},"current_count":0}' }
    local faulty <close> = server.start { first_order(clumio, unclean[1]), list }
    local client = client_of(clumio, faulty)
    expect.created(clumio, clumio.create(client))
    socket.sleep(0.2)
    local page = assert(client:list_wallets())
    assert.equal(0, page.current_count)
    assert.same({ 1, 2 }, connections_of(faulty))
  end)

  it("that is left costs no attempt", function()
    local faulty <close> = server.start {
      first_order(clumio, unclean[1]), answers.refusal(403),
    }
    local client = client_of(clumio, faulty)
    expect.created(clumio, clumio.create(client))
    socket.sleep(0.2)
    local _, failure = clumio.create(client)
    assert.equal(1, failure.attempts)
  end)

  it("that is left for one that cannot be had tells that nothing was sent", function()
    local faulty = server.start { first_order(clumio, unclean[1]) }
    local client = client_of(clumio, faulty)
    expect.created(clumio, clumio.create(client))
    faulty:stop()
    expect.failure("not_sent", "unreachable", clumio.create(client))
  end)

  it("gives no answer that TLS had kept from before the request", function()
    local good = clumio.good()
    local faulty <close> = server.start {
      tls = secure(),
      { send = { good:sub(1, -200), { sleep = 0.05 }, good:sub(-199) .. stray }, finish = "keep" },
      { send = { { sleep = 0.2 }, good }, finish = "keep" },
    }
    local client = client_of(clumio, faulty)
    expect.created(clumio, clumio.create(client))
    local wallet, failure = clumio.create(client)
    if wallet then
      assert.equal("w-1", wallet.id)
    else
      assert.equal("unknown", failure.outcome)
      assert.equal("protocol", failure.code)
    end
  end)

  it("that has idled for more than 2 s carries no create", function()
    local faulty <close> = server.start { answers.keep_good(clumio) }
    local client = client_of(clumio, faulty)
    expect.created(clumio, clumio.create(client))
    socket.sleep(2.2)
    expect.created(clumio, clumio.create(client))
    assert.same({ 1, 2 }, connections_of(faulty))
  end)

  it("that has idled for more than 2 s carries a read", function()
    local faulty <close> = server.start { answers.keep_good(clumio) }
    local client = client_of(clumio, faulty)
    expect.created(clumio, clumio.create(client))
    socket.sleep(2.2)
    assert(client:get_wallet "w-1")
    assert.same({ 1, 1 }, connections_of(faulty))
  end)
end)

describe("the other kept connections", function()
  --- A client with three of them, and orders for what comes then.
  local function with_three(faulty, ...)
    local client = clumio.client(faulty.url, { attempts = 2, timeout = 0.5 })
    local wallets = coffer.map({ "w-1", "w-1", "w-1" }, function(id)
      return client:get_wallet(id)
    end, { at_once = 3 })
    assert.equal(3, #wallets)
    assert.same({ 1, 2, 3 }, connections_of(faulty))
    faulty:order { ... }
    return client
  end

  local slow = { send = { { sleep = 0.1 }, clumio.good() }, finish = "keep" }

  for _, finish in ipairs { "close", "reset", "hang" } do
    it("are left by a read's next attempt where one was lost: " .. finish, function()
      local faulty <close> = server.start { slow }
      local client = with_three(faulty, { finish = finish }, answers.keep_good(clumio))
      assert(client:get_wallet "w-1")
      assert.equal(4, connections_of(faulty)[5])
      assert(client:get_wallet "w-1")
      assert.is_true(connections_of(faulty)[6] >= 4)
    end)
  end

  it("are left by a create where one was lost", function()
    local faulty <close> = server.start { slow }
    local client = with_three(faulty, { finish = "close" }, answers.keep_good(clumio))
    expect.failure("unknown", "unreachable", clumio.create(client))
    expect.created(clumio, clumio.create(client))
    assert.equal(4, connections_of(faulty)[5])
  end)

  it("stay where a call was refused", function()
    local faulty <close> = server.start { slow }
    local client = with_three(faulty, answers.refusal(403), answers.keep_good(clumio))
    expect.failure("refused", "forbidden", clumio.create(client))
    expect.created(clumio, clumio.create(client))
    assert.equal(3, #faulty:connections())
  end)
end)

describe("a kept connection through a proxy", function()
  local established = { send = "HTTP/1.1 200 Connection established\r\n\r\n", relay = true }

  local function client_through(proxy, origin)
    return clumio.client(origin.named_url, {
      ca_file = authority.get().root, proxy = "http://" .. proxy.address,
    })
  end

  it("carries one create after another", function()
    local origin <close> = server.start { tls = secure(), answers.keep_good(clumio) }
    local proxy <close> = server.start { established }
    local client = client_through(proxy, origin)
    expect.created(clumio, clumio.create(client))
    expect.created(clumio, clumio.create(client))
    assert.same({ 1, 1 }, connections_of(origin))
    assert.equal(1, #proxy:connections())
  end)

  it("is left where a second answer came", function()
    local origin <close> = server.start {
      tls = secure(), first_order(clumio, unclean[1]), answers.keep_good(clumio),
    }
    local proxy <close> = server.start { established }
    local client = client_through(proxy, origin)
    expect.created(clumio, clumio.create(client))
    socket.sleep(0.2)
    expect.created(clumio, clumio.create(client))
    assert.same({ 1, 2 }, connections_of(origin))
    assert.equal(2, #proxy:connections())
  end)
end)
