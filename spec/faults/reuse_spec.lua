-- What one call leaves to the next on the same client: a connection, a handle with an address that
-- was taken apart, header lines. And what it must not leave.

local coffer = require "coffer"
local core = require "coffer.core"
local providers = require "providers"
local server = require "server"
local socket = require "socket"

local astra, clumio = providers.astra, providers.clumio

local function keeping(case)
  return server.start { { send = case.good(), finish = "keep" } }
end

describe("a call behind another", function()
  it("has a header of its own, or none", function()
    local faulty <close> = keeping(astra)
    local client = astra.client(faulty.url)
    for _, tag in ipairs { "first", "second", false, "third" } do
      client:update_account { account_id = "a-1", name = "n", ["If-Match"] = tag or nil }
    end
    local seen = {}
    for i, request in ipairs(faulty:requests()) do
      seen[i] = request.headers["if-match"] or "none"
    end
    assert.same({ "first", "second", "none", "third" }, seen)
  end)

  it("has the client's headers, and the token that the client has by then", function()
    local faulty <close> = keeping(clumio)
    local client = clumio.client(faulty.url, { headers = { ["X-Trace"] = "abc" } })
    for _, token in ipairs { "first", "first", "second", "second" } do
      assert(core.set_token(client, token))
      assert(clumio.create(client))
    end
    local seen = {}
    for i, request in ipairs(faulty:requests()) do
      seen[i] = request.headers["x-trace"] .. " " .. request.headers.authorization
    end
    assert.same({ "abc Bearer first", "abc Bearer first", "abc Bearer second",
      "abc Bearer second" }, seen)
  end)

  it("goes where the first one went, dots and all", function()
    local faulty <close> = keeping(clumio)
    local client = clumio.client(faulty.url .. "/a/../b%2f/./c")
    for _ = 1, 3 do
      client:get_wallet "w-1"
    end
    for _, request in ipairs(faulty:requests()) do
      assert.equal("/a/../b%2f/./c/wallets/w-1", request.target)
    end
    assert.equal(3, #faulty:requests())
  end)

  it("asks for no leave before a large body, whatever went before", function()
    local faulty <close> = keeping(astra)
    local client = astra.client(faulty.url)
    for _, size in ipairs { 1, 2 ^ 21 | 0, 1 } do
      client:create_account("n", { extra = { further = ("x"):rep(size) } })
    end
    for _, request in ipairs(faulty:requests()) do
      assert.is_nil(request.headers.expect)
    end
    assert.equal(3, #faulty:requests())
  end)
end)

--- How many connections two calls take, with another token in between.
local function connections_with_a_new_token(is_in_the_air)
  local faulty <close> = keeping(clumio)
  local client = clumio.client(faulty.url)
  assert(clumio.create(client))
  local prepare = core.describe("clumio").operations.create_wallet.prepare
  local under_way = prepare(client, "123456789012")
  if is_in_the_air then
    under_way:start(10)
  end
  assert(core.set_token(client, "another"))
  if is_in_the_air then
    repeat until under_way:step(1)
    assert(under_way:finish())
  end
  assert(clumio.create(client))
  return #faulty:connections()
end

describe("a connection whose answer and next request come in one step", function()
  it("belongs to the next", function()
    local faulty <close> = server.start {
      { send = { { sleep = 0.3 }, clumio.good() }, finish = "keep" },
      { send = clumio.good(), finish = "keep" } }
    local client = clumio.client(faulty.url)
    local prepare = core.describe("clumio").operations.create_wallet.prepare
    local first, second = prepare(client, "123456789012"), prepare(client, "123456789012")
    first:start(10)
    repeat first:step(0.05) until #faulty:requests() == 1
    socket.sleep(1.4) -- until the answer is there, and libcurl looks at the speed of the first
    second:start(10)
    repeat until second:step(1)
    assert(first:finish())
    assert(second:finish())
    assert.equal(1, #faulty:connections())
  end)
end)

describe("a connection of a token that was replaced", function()
  it("is not used again", function()
    assert.equal(2, connections_with_a_new_token(false))
  end)

  it("is not used again once what was under way on it is over", function()
    assert.equal(2, connections_with_a_new_token(true))
  end)
end)

describe("many calls with a token that is refused", function()
  it("ask for another one once", function()
    local box <close> = coffer.sandbox()
    local good, asked = box:credentials("clumio").token, 0
    local client = assert(coffer.clumio(box:options("clumio", { token = function()
      asked = asked + 1
      return asked == 1 and "refused" or asked == 2 and good or "another " .. asked
    end })))
    local results = coffer.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function()
      return client:list_wallets()
    end, { at_once = 8 })
    assert.equal(8, #results)
    assert.equal(2, asked)
  end)
end)
