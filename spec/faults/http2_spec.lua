-- HTTP/2: whatever becomes of a stream or its connection, a create reaches the server once. libcurl
-- by itself sends again after REFUSED_STREAM, over a new connection; the guard is what stops it.

local authority = require "authority"
local coffer = require "coffer"
local expect = require "expect"
local http2 = require "http2"
local providers = require "providers"

local clumio = providers.clumio

local function order(act, case, more)
  local made = { act = act, status = case.status, type = case.type, body = case.body() }
  for name, value in pairs(more or {}) do
    made[name] = value
  end
  return made
end

local function start(...)
  if not http2.is_there() then
    pending "there is no node"
  end
  return http2.start { tls = authority.get().good, ... }
end

local function client_of(case, faulty, more)
  local options = { ca_file = authority.get().root, timeout = 5 }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return case.client(faulty.url, options)
end

--- How many creates arrived, all of them over HTTP/2.
local function creates(case, faulty)
  local count = 0
  for _, request in ipairs(faulty:report().requests) do
    assert.equal("2", request.version)
    count = count + (request.path == case.path and request.method == "POST" and 1 or 0)
  end
  return count
end

local acts = {
  ["ends in INTERNAL_ERROR"] = "internal_error",
  ["ends in CANCEL"] = "cancel",
  ["ends in ENHANCE_YOUR_CALM"] = "calm",
  ["ends in HTTP_1_1_REQUIRED"] = "older",
  ["is refused by REFUSED_STREAM"] = "refuse",
  ["is not covered by a GOAWAY"] = "goaway_before",
  ["is covered by a GOAWAY"] = "goaway_after",
  ["ends in a GOAWAY with an error"] = "goaway_error",
  ["is answered by half"] = "half",
  ["is lost with its connection"] = "drop",
}

describe("a create over HTTP/2", function()
  for _, case in ipairs(providers.creates) do
    it("A14 reaches the server once where all is well: " .. case.name, function()
      local faulty <close> = start(order("answer", case))
      expect.created(case, case.create(client_of(case, faulty)))
      assert.equal(1, creates(case, faulty))
    end)

    for _, act in ipairs { "internal_error", "refuse" } do
      it(("A14 reaches the server once where its stream meets %s: %s"):format(act, case.name),
        function()
          local faulty <close> = start(order(act, case))
          expect.failure("unknown", nil, case.create(client_of(case, faulty, { attempts = 3 })))
          assert.equal(1, creates(case, faulty))
        end)
    end
  end

  for what, act in pairs(acts) do
    it("A14 that " .. what .. " is unknown and was sent once", function()
      local faulty <close> = start(order(act, clumio))
      expect.failure("unknown", nil, clumio.create(client_of(clumio, faulty, { attempts = 3 })))
      assert.equal(1, creates(clumio, faulty))
    end)

    it("A14 that " .. what .. " before its body came is unknown and was sent once", function()
      local faulty <close> = start(order(act, clumio, { at_once = true }))
      expect.failure("unknown", nil, clumio.create(client_of(clumio, faulty, { attempts = 3 })))
      assert.equal(1, creates(clumio, faulty))
    end)

    it("A14 that " .. what .. " on a warm connection is unknown and was sent once", function()
      local faulty <close> = start(order("answer", providers.refresh), order(act, clumio))
      local client = client_of(clumio, faulty, { attempts = 3 })
      expect.created(providers.refresh, providers.refresh.create(client))
      expect.failure("unknown", nil, clumio.create(client))
      assert.equal(1, creates(clumio, faulty))
      assert.equal(2, #faulty:report().requests)
    end)
  end

  it("A08 that is met by silence is unknown at the time-out", function()
    local faulty <close> = start(order("silence", clumio))
    local client = client_of(clumio, faulty, { timeout = 0.3 })
    expect.failure("unknown", "timeout", clumio.create(client))
    assert.equal(1, creates(clumio, faulty))
  end)

  it("A11 finds a new connection where the idle one was given up by GOAWAY", function()
    local faulty <close> = start(order("answer_and_goaway", clumio), order("answer", clumio))
    local client = client_of(clumio, faulty)
    expect.created(clumio, clumio.create(client))
    expect.created(clumio, clumio.create(client))
    assert.equal(2, creates(clumio, faulty))
    assert.equal(2, faulty:report().sessions)
  end)

  it("A14 among many on one connection reaches the server once, whatever befalls any", function()
    local mixed = { "answer", "refuse", "answer", "internal_error", "answer", "goaway_before",
      "answer", "older", "drop", "answer", "goaway_after", "cancel" }
    local orders = {}
    for i = 1, 120 do
      orders[i] = order(mixed[i % #mixed + 1], clumio)
    end
    local faulty <close> = start(table.unpack(orders))
    local client = client_of(clumio, faulty, { attempts = 3 })
    local accounts = {}
    for i = 1, 120 do
      accounts[i] = ("%012d"):format(i)
    end
    local told = {}
    coffer.map(accounts, function(account)
      local _, failure = client:create_wallet(account)
      told[account] = failure and failure.outcome or "created"
      return true
    end, { at_once = 40 })
    local arrived = {}
    for _, request in ipairs(faulty:report().requests) do
      local account = request.body:match "%d+" or "without a body"
      arrived[account] = (arrived[account] or 0) + 1
    end
    for _, account in ipairs(accounts) do
      assert.is_true((arrived[account] or 0) <= 1, account .. " came twice")
      assert.is_true(told[account] ~= "not_sent" or not arrived[account])
    end
  end)

  it("uses its connection again", function()
    local faulty <close> = start(order("answer", clumio))
    local client = client_of(clumio, faulty)
    for _ = 1, 3 do
      expect.created(clumio, clumio.create(client))
    end
    assert.equal(1, faulty:report().sessions)
  end)
end)

describe("a read over HTTP/2", function()
  for _, act in ipairs { "refuse", "internal_error", "goaway_before", "drop" } do
    it("is repeated by coffer, and by nobody else, after " .. act, function()
      local faulty <close> = start(order(act, providers.refresh),
        order("answer", providers.refresh))
      local client = client_of(providers.refresh, faulty, { attempts = 3 })
      expect.created(providers.refresh, providers.refresh.create(client))
      assert.equal(2, #faulty:report().requests)
    end)
  end
end)
