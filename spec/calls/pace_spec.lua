-- A call's turn: the pace of a client behind a 429, holds, queues, and the time that they leave.

local answers = require "answers"
local coffer = require "coffer"
local core = require "coffer.core"
local scheduler = require "coffer.scheduler"
local expect = require "expect"
local providers = require "providers"
local retry = require "coffer.retry"
local server = require "server"
local socket = require "socket"

local clumio = providers.clumio

local function good()
  return { send = clumio.good(), finish = "keep" }
end

local function items(count)
  local list = {}
  for i = 1, count do
    list[i] = i
  end
  return list
end

local function client_of(faulty, more)
  local options = { attempts = 3 }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return clumio.client(faulty.url, options)
end

local function count(results, total)
  local sum = 0
  for i = 1, total do
    sum = sum + (results[i] and 1 or 0)
  end
  return sum
end

local function elapsed(fn)
  local begun = core.clock()
  fn()
  return core.clock() - begun
end

describe("a server that lets so many a second through", function()
  local rows = { { 50, 75, "1" }, { 50, 75 }, { 100, 150, "0" } } -- bench/throttled.lua has more
  for _, row in ipairs(rows) do
    local per_second, total, asked = table.unpack(row)
    it(("gets %d creates at %d a second, Retry-After %s, each of them once"):format(total,
      per_second, asked or "absent"), function()
      local over = answers.refusal(429, asked and { "Retry-After: " .. asked } or {})
      local faulty <close> = server.start {
        good(), limit = { per_second = per_second, over = over },
      }
      local client, results, failures = client_of(faulty), nil, nil
      local seconds = elapsed(function()
        results, failures = coffer.map(items(total), function() return clumio.create(client) end)
      end)
      assert.same({}, failures)
      assert.equal(total, count(results, total))
      assert.equal(total, faulty:creates())
      assert.is_true(seconds < 1.5 + 2 * total / per_second, "it took " .. seconds)
      assert.is_true(#faulty:requests() < total + 50, "most 429s were not prevented")
    end)
  end

  it("is not met all at once behind a hold", function()
    local faulty <close> = server.start {
      good(), limit = { per_second = 10, over = answers.refusal(429, { "Retry-After: 1" }) },
    }
    local client = client_of(faulty)
    coffer.map(items(20), function() return clumio.create(client) end, { at_once = 20 })
    local requests = faulty:requests()
    local last = requests[#requests].at - requests[#requests - 8].at
    assert.is_true(last > 0.5, "eight of them came within " .. last)
  end)
end)

describe("a 429", function()
  it("takes nothing from the quota", function()
    local faulty <close> = server.start { answers.refusal(429, { "Retry-After: 0" }) }
    local client = client_of(faulty, { attempts = 2 })
    local before = core.states[client].quota.left
    expect.failure("refused", "throttled", clumio.create(client))
    assert.equal(before, core.states[client].quota.left)
  end)

  it("for ever ends each call as refused, after few tries", function()
    local faulty <close> = server.start { answers.refusal(429, { "Retry-After: 0" }) }
    local client = client_of(faulty, { attempts = 2 })
    local _, failures = coffer.map(items(2), function() return clumio.create(client) end)
    for i = 1, 2 do
      expect.failure("refused", "throttled", nil, failures[i], "throttled")
    end
    assert.is_true(#faulty:requests() <= 6, #faulty:requests() .. " requests")
    assert.equal(0, faulty:creates())
  end)

  it("takes none of a call's attempts while others are answered", function()
    local busy = answers.refusal(429, { "Retry-After: 0" })
    local faulty <close> = server.start {
      paths = { ["POST /wallets"] = { busy, busy, busy, busy, good() } },
      { send = providers.refresh.good(), finish = "keep" },
    }
    local client = client_of(faulty, { attempts = 2 })
    local is_over, wallet, failure = false, nil, nil
    local function read() -- several, so that one is answered between any two tries
      repeat client:get_wallet "w-1" until is_over
    end
    coffer.gather(function()
      scheduler.sleep(0.1)
      wallet, failure = clumio.create(client)
      is_over = true
    end, read, read, read, read, read, read)
    expect.created(clumio, wallet, failure)
    assert.equal(1, faulty:creates())
  end)

  it("is the only try where one attempt is all", function()
    local faulty <close> = server.start { answers.refusal(429, { "Retry-After: 0" }), good() }
    expect.failure("refused", "throttled", clumio.create(client_of(faulty, { attempts = 1 })))
    assert.equal(1, #faulty:requests())
  end)

  it("holds its client and no other", function()
    local faulty <close> = server.start { answers.refusal(429, { "Retry-After: 1" }), good() }
    local other <close> = server.start { good() }
    local held, free = client_of(faulty), client_of(other)
    local seconds = {}
    coffer.gather(function()
      seconds.held = elapsed(function() expect.created(clumio, clumio.create(held)) end)
    end, function()
      scheduler.sleep(0.2)
      seconds.free = elapsed(function() expect.created(clumio, clumio.create(free)) end)
    end, function()
      scheduler.sleep(0.2)
      seconds.behind = elapsed(function() expect.created(clumio, clumio.create(held)) end)
    end)
    assert.is_true(seconds.held >= 1 and seconds.behind >= 0.7 and seconds.free < 0.5)
  end)

  it("holds the client beyond the map, and in a plain script", function()
    local faulty <close> = server.start { answers.refusal(429, { "Retry-After: 1" }), good() }
    local client = client_of(faulty)
    clumio.create(client, { attempts = 1 })
    local seconds = elapsed(function() expect.created(clumio, clumio.create(client)) end)
    assert.is_true(seconds >= 0.9, "it took " .. seconds)
  end)

  it("that asks for more than 120 s is told at once to all who wait", function()
    local faulty <close> = server.start {
      answers.refusal(429, { "Retry-After: 1" }), answers.refusal(429, { "Retry-After: 600" }),
      good(),
    }
    local client = client_of(faulty)
    local failures
    local seconds = elapsed(function()
      failures = select(2, coffer.map(items(12), function(item)
        scheduler.sleep(item > 1 and 0.2 or 0)
        return clumio.create(client)
      end, { at_once = 6 }))
    end)
    local refused = 0
    for i = 1, 12 do
      local failure = failures[i]
      assert.equal("throttled", failure.code)
      refused = refused + (failure.outcome == "refused" and 1 or 0)
      assert.is_true(failure.retry_after > 590)
      assert.truthy(failure.outcome == "refused" or failure.outcome == "not_sent")
    end
    assert.equal(1, refused)
    assert.is_true(seconds < 10, "it took " .. seconds)
    assert.equal(2, #faulty:requests())
    expect.failure("not_sent", "throttled", clumio.create(client))
  end)
end)

describe("the pause that an answer asks for", function()
  it("is never less than the drawn one, and has something on top", function()
    local function draw() return 0.5 end
    assert.equal(0.5, retry.asked_pause(0, 0.5, draw))
    assert.equal(2.1, retry.asked_pause(2, 0.5, draw))
    assert.equal(0.7, retry.asked_pause(nil, 0.7, draw))
  end)
end)

describe("a call in a queue", function()
  it("keeps its time for when it is its turn", function()
    local faulty <close> = server.start { good() }
    local client = client_of(faulty)
    local results, failures = coffer.map(items(8), function()
      return clumio.create(client, { deadline = 0.6 })
    end, { per_second = 8 })
    assert.same({}, failures)
    assert.equal(8, count(results, 8))
    assert.equal(8, faulty:creates())
  end)

  it("keeps its time behind a hold", function()
    local faulty <close> = server.start { answers.refusal(429, { "Retry-After: 1" }), good() }
    local client = client_of(faulty)
    clumio.create(client, { attempts = 1 })
    expect.created(clumio, clumio.create(client, { deadline = 0.5 }))
    local _, failures = coffer.map(items(3), function()
      return clumio.create(client, { deadline = 0.5 })
    end)
    assert.same({}, failures)
  end)

  it("has a clock that stands still", function()
    local before = scheduler.clock()
    scheduler.queue(socket.sleep, 0.2)
    assert.is_true(scheduler.clock() - before < 0.1)
    local thread = coroutine.create(function() return scheduler.clock() end)
    scheduler.share_clock(thread)
    local _, there = coroutine.resume(thread)
    assert.is_true(math.abs(there - scheduler.clock()) < 0.1)
  end)
end)

describe("with too little time to live", function()
  for _, row in ipairs { { 2, 60, 1 }, { 1, 60, 0.5 }, { 60, 0.2, 0.2 }, { 300, nil, 1 } } do
    local deadline, timeout, least = table.unpack(row)
    it(("nothing is sent below %g s: deadline %g, timeout %s"):format(least, deadline,
      tostring(timeout)), function()
      assert.equal(least, retry.least_time(deadline, timeout))
    end)
  end

  --- A token function that takes so long of the call's time.
  local function slow_token(seconds)
    return function()
      socket.sleep(seconds)
      return "a-token"
    end
  end

  it("a create is not sent, and says so", function()
    local faulty <close> = server.start { good() }
    local client = client_of(faulty, { token = slow_token(0.4), deadline = 0.6 })
    expect.failure("not_sent", "timeout", clumio.create(client))
    assert.equal(0, #faulty:requests())
  end)

  it("a create is sent where as much is left", function()
    local faulty <close> = server.start { good() }
    local client = client_of(faulty, { token = slow_token(0.2), deadline = 0.6 })
    expect.created(clumio, clumio.create(client))
  end)

  it("an attempt more is not made", function()
    local faulty <close> = server.start { { send = { { sleep = 0.4 } } }, good() }
    local client = client_of(faulty, { deadline = 0.6 })
    expect.failure("unknown", "unreachable", client:get_wallet "w-1")
    assert.equal(1, #faulty:requests())
  end)

  it("no part of something longer is sent", function()
    local faulty <close> = server.start { good() }
    local client = client_of(faulty)
    local till = require("coffer.scheduler").clock() + 0.4
    local options = require("coffer.call").part({}, till, 300)
    expect.failure("not_sent", "timeout", clumio.create(client, options))
    assert.equal(0, #faulty:requests())
  end)
end)
