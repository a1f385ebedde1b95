-- What is sent again by itself, when, how often, and what never is.

local answers = require "answers"
local authority = require "authority"
local child = require "child"
local coffer = require "coffer"
local expect = require "expect"
local pauses = require "pauses"
local providers = require "providers"
local retry = require "coffer.retry"
local server = require "server"
local socket = require "socket"

local clumio, refresh = providers.clumio, providers.refresh

local HALF = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"

local function patient(case, url, more)
  local options = { attempts = 3 }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return case.client(url, options)
end

local refusal = answers.refusal

local function keeping(case)
  return { send = case.good(), finish = "keep" }
end

--- A date as HTTP writes it, so many seconds from now.
local function date(seconds)
  return os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + seconds)
end

local function elapsed(run, ...)
  local begun = socket.gettime()
  run(...)
  return socket.gettime() - begun
end

--- Each pause is as long as was asked for, with a little of random on top.
local function assert_asked(asked, slept)
  assert.equal(#asked, #slept)
  for i, seconds in ipairs(asked) do
    assert.is_true(slept[i] >= seconds and slept[i] <= seconds * 1.1 + 1e-6,
      ("%g s were asked for, %g slept"):format(seconds, slept[i]))
  end
end

describe("the pause before another attempt", function()
  local draws = 1000

  local function seeded()
    math.randomseed(20240229)
    return math.random
  end

  for _, row in ipairs { { 1, 0.1, 0.1 }, { 3, 0.1, 0.4 }, { 1, 1, 1 }, { 2, 1, 2 }, { 4, 1, 8 },
    { 9, 1, 20 }, { 100, 1, 20 } } do
    local attempt, base, cap = table.unpack(row)
    it(("is random up to %g s after attempt %d, base %g s"):format(cap, attempt, base),
      function()
        local random, sum = seeded(), 0
        for _ = 1, draws do
          local pause = retry.pause(attempt, base, random)
          assert.is_true(pause >= 0 and pause <= cap)
          sum = sum + pause
        end
        assert.is_true(math.abs(sum / draws - cap / 2) <= 0.05 * cap / 2)
      end)
  end
end)

describe("Retry-After", function()
  --- What a client gets that is told so by a 429 each time, and what it did.
  local function told(value)
    local faulty <close> = server.start { refusal(429, { "Retry-After: " .. value }) }
    local slept <close> = pauses.skip()
    local failure = expect.failure("refused", "throttled",
      clumio.create(patient(clumio, faulty.url)))
    assert.equal(0, faulty:creates())
    return failure, slept, #faulty:requests()
  end

  it("of 3 is three seconds", function()
    local failure, slept, requests = told "3"
    assert.equal(3, failure.retry_after)
    assert_asked({ 3, 3 }, slept)
    assert.equal(3, requests)
  end)

  it("of a date three seconds ahead is three seconds", function()
    local failure, slept, requests = told(date(3))
    assert.is_true(failure.retry_after >= 1 and failure.retry_after <= 3)
    assert.equal(2, #slept)
    assert.is_true(slept[1] >= 1 and slept[1] <= 3.3)
    assert.equal(3, requests)
  end)

  for _, past in ipairs { "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994", "0" } do
    it("of " .. past .. " is no longer than the pause without one", function()
      local failure, slept, requests = told(past)
      assert.equal(0, failure.retry_after)
      assert.equal(2, #slept)
      assert.is_true(slept[1] > 0 and slept[1] <= 1 and slept[2] > 0 and slept[2] <= 2)
      assert.equal(3, requests)
    end)
  end

  for _, nonsense in ipairs { "-1", "abc", "1.5", "", "3 s", "1e3", "0x10", "NaN" } do
    it(("of '%s' is ignored"):format(nonsense), function()
      local failure, slept, requests = told(nonsense)
      assert.is_nil(failure.retry_after)
      assert.equal(2, #slept)
      assert.is_true(slept[1] >= 1 and slept[1] <= 1.1)
      assert.is_true(slept[2] >= 1 and slept[2] <= 2.1)
      assert.equal(3, requests)
    end)
  end

  it("of 120 is waited for", function()
    local _, slept = told "120"
    assert_asked({ 120, 120 }, slept)
  end)

  for _, long in ipairs { "121", "1000000000000" } do
    it("of " .. long .. " is handed back", function()
      local failure, slept, requests = told(long)
      assert.equal(math.tointeger(long), failure.retry_after)
      assert.same({}, { table.unpack(slept) })
      assert.equal(1, requests)
    end)
  end

  it("of 20 digits is handed back", function()
    local failure, slept, requests = told "99999999999999999999"
    assert.is_true(failure.retry_after > 1000000000000)
    assert.equal("integer", math.type(failure.retry_after))
    assert.equal(0, #slept)
    assert.equal(1, requests)
  end)

  it("of a date years ahead is handed back", function()
    local failure, slept = told(date(3 * 365 * 86400))
    assert.is_true(failure.retry_after > 86400)
    assert.equal(0, #slept)
  end)

  for _, wrong in ipairs { date(-365 * 86400), date(365 * 86400), "Sun, 06 Nov 1994 08:49:37 +0900",
    "never" } do
    it("does not depend on a Date of " .. wrong, function()
      local faulty <close> = server.start {
        refusal(429, { "Date: " .. wrong, "Retry-After: 3" }), keeping(clumio),
      }
      local slept <close> = pauses.skip()
      expect.created(clumio, clumio.create(patient(clumio, faulty.url)))
      assert_asked({ 3 }, slept)
      assert.equal(1, faulty:creates())
    end)
  end

  it("stands behind what the quota and the attempts allow", function()
    local faulty <close> = server.start { refusal(429, { "Retry-After: 0" }) }
    local client = patient(clumio, faulty.url, { attempts = 2 })
    expect.failure("refused", "throttled", clumio.create(client))
    assert.equal(2, #faulty:requests())
  end)
end)

describe("a token's life", function()
  it("is counted by this machine's clock, whatever the provider's says", function()
    local token = answers.keep {
      status = 201, headers = { "X-Subject-Token: canary-ecl-credential" },
      body = '{"token":{"issued_at":"1999-12-31T23:30:00.000000Z",'
        .. '"expires_at":"2000-01-01T08:30:00.000000+08:00"}}',
    }
    token.executes = false
    local case = providers.ecl
    local faulty <close> = server.start {
      paths = { ["POST /v3/auth/tokens"] = { token } }, keeping(case),
    }
    local client = assert(coffer.ecl {
      base_url = faulty.url .. "/ecl-objectstorage", keystone_url = faulty.url .. "/v3",
      api_key = "key", api_secret = "secret", tenant_id = answers.asked.tenant_id,
    })
    expect.created(case, case.create(client))
    expect.created(case, case.create(client))
    assert.equal(3, #faulty:requests())
  end)
end)

describe("a create that was provably not sent", function()
  for _, case in ipairs(providers.creates) do
    it("is tried again where the name does not resolve, three times in all: " .. case.name,
      function()
        local slept <close> = pauses.skip()
        local client = patient(case, "https://nobody.invalid")
        local failure = expect.failure("not_sent", "unreachable", case.create(client))
        assert.equal(3, failure.attempts)
        assert.equal(2, #slept)
        assert.is_true(slept[1] <= 0.1 and slept[2] <= 0.2)
      end)

    it("is sent once a server comes up that refused before: " .. case.name, function()
      local faulty <close> = server.start { late = 0.2, keeping(case) }
      local slept <close> = pauses.skip(function(_, number)
        socket.sleep(number == 2 and 0.4 or 0)
      end)
      expect.created(case, case.create(patient(case, faulty.url)))
      assert.equal(2, #slept)
      assert.equal(1, faulty:creates())
      assert.equal(1, #faulty:requests())
    end)
  end

  it("is sent after a handshake that was cut off", function()
    local made = authority.get()
    local faulty <close> = server.start {
      tls = made.good, { accept = "close" }, { accept = "reset", after = 0.05 }, keeping(clumio),
    }
    local slept <close> = pauses.skip()
    expect.created(clumio, clumio.create(patient(clumio, faulty.url, { ca_file = made.root })))
    assert.equal(2, #slept)
    assert.equal(1, faulty:creates())
  end)

  it("is not tried again over a certificate", function()
    local made = authority.get()
    local faulty <close> = server.start { tls = made.self_signed or made.good, keeping(clumio) }
    local failure = expect.failure("not_sent", "tls", clumio.create(patient(clumio, faulty.url)))
    assert.equal(1, failure.attempts)
    assert.is_nil(failure.is_final)
  end)
end)

describe("the wait that an answer asks for", function()
  local function wait_of(status, ...)
    local faulty <close> = server.start { refusal(status, { ... }) }
    local _, failure = clumio.create(clumio.client(faulty.url))
    return failure.retry_after
  end

  local here = "Wed, 25 Nov 2026 12:00:00 GMT"
  local later = "Wed, 25 Nov 2026 12:00:07 GMT"
  local moment = 1795608000

  for _, offset in ipairs { -600, 600, 366 * 86400 } do
    it(("counts a date from the answer's own, %d s from here"):format(offset), function()
      assert.equal(3, wait_of(429, "Date: " .. date(offset), "Retry-After: " .. date(offset + 3)))
    end)
  end

  it("counts a date from the local clock where the answer's date is none", function()
    local seconds = wait_of(429, "Date: yesterday", "Retry-After: " .. date(30))
    assert.is_true(seconds >= 25 and seconds <= 30)
  end)

  it("is the longest of several that can be read", function()
    assert.equal(5, wait_of(429, "Retry-After: 3", "Retry-After: 5", "Retry-After: soon"))
  end)

  for _, name in ipairs { "X-RateLimit-Period", "X-RateLimit-Reset", "RateLimit-Reset" } do
    it("is that of " .. name .. " where there is no Retry-After", function()
      assert.equal(40, wait_of(429, name .. ": 40"))
      assert.equal(40, wait_of(429, name:upper() .. ": 40", "Retry-After: 1.5"))
      assert.equal(3, wait_of(429, name .. ": 40", "Retry-After: 3"))
    end)

    it("is not that of " .. name .. " where no limit was reached, or it is nonsense", function()
      assert.is_nil(wait_of(503, name .. ": 40"))
      for _, nonsense in ipairs { "-1", "abc", "1.5", "", "1h", "12" .. ("\u{663}") } do
        assert.is_nil(wait_of(429, name .. ": " .. nonsense))
      end
    end)

    it("is very long where that of " .. name .. " fits in nothing", function()
      assert.is_true(wait_of(429, name .. ": " .. ("9"):rep(200)) > 10 ^ 12)
    end)
  end

  for _, name in ipairs { "X-RateLimit-Reset", "RateLimit-Reset" } do
    it("ends at the moment that " .. name .. " names", function()
      assert.equal(7, wait_of(429, "Date: " .. here, name .. ": " .. moment + 7))
      assert.equal(7, wait_of(429, "Date: " .. here, name .. ": " .. later))
      assert.equal(0, wait_of(429, "Date: " .. here, name .. ": " .. moment - 7))
    end)
  end

  it("is until the limit is lifted rather than its whole period", function()
    assert.equal(12, wait_of(429, "X-RateLimit-Period: 3600", "X-RateLimit-Reset: 12"))
  end)
end)

describe("a proxy", function()
  local made = authority.get()
  local rows = {
    { "503", { send = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" }, "unreachable", 3 },
    { "407", { send = "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\n"
      .. "Content-Length: 0\r\n\r\n" }, "unreachable", 1 },
    { "garbage", { send = "garbage\r\n\r\n" } },
    { "silence", { finish = "hang" }, "timeout", 3 },
  }

  for _, row in ipairs(rows) do
    local name, order, code, attempts = table.unpack(row)
    for _, case in ipairs(providers.creates) do
      it(("that answers CONNECT with %s leaves not sent, however often: %s"):format(name,
        case.name), function()
        local origin <close> = server.start { tls = made.good, keeping(case) }
        local proxy <close> = server.start { order }
        local slept <close> = pauses.skip()
        local client = patient(case, origin.named_url, {
          ca_file = made.root, proxy = "http://" .. proxy.address,
          timeout = name == "silence" and 0.2 or 10,
        })
        local failure = expect.failure("not_sent", code, case.create(client))
        assert.equal(attempts or failure.attempts, failure.attempts)
        assert.equal(#slept + 1, failure.attempts)
        assert.equal(failure.attempts, #proxy:connections())
        assert.equal(0, #origin:connections())
      end)
    end
  end
end)

describe("a connection that idled", function()
  for _, case in ipairs(providers.creates) do
    it("and that the server closed just before does not harm a create: " .. case.name,
      function()
        local first = { send = refresh.good(), executes = false }
        local faulty <close> = server.start { first, keeping(case) }
        local client = patient(case, faulty.url)
        case.create(client) -- leaves a connection, whatever came of it
        socket.sleep(0.05)
        expect.created(case, case.create(client))
        assert.equal(1, faulty:creates())
        assert.equal(2, #faulty:requests())
      end)
  end
end)

describe("a create that was answered or sent", function()
  local never = {
    { "400", refusal(400), "refused" }, { "401", refusal(401), "refused" },
    { "403", refusal(403), "refused" }, { "404", refusal(404), "refused" },
    { "409", refusal(409), "refused" }, { "422", refusal(422), "refused" },
    { "501", refusal(501), "refused" }, { "307", refusal(307), "refused" },
    { "301", refusal(301), "unknown" }, { "408", refusal(408), "unknown" },
    { "500", refusal(500), "unknown" }, { "502", refusal(502), "unknown" },
    { "503", refusal(503, { "Retry-After: 0" }), "unknown" }, { "504", refusal(504), "unknown" },
    { "a close", { executes = false }, "unknown" },
    { "a reset", { executes = false, finish = "reset" }, "unknown" },
    { "half an answer", { executes = false, send = HALF }, "unknown" },
  }

  for _, row in ipairs(never) do
    for _, case in ipairs(providers.creates) do
      it(("is not sent again after %s: %s"):format(row[1], case.name), function()
        local faulty <close> = server.start { row[2], keeping(case) }
        local failure = expect.failure(row[3], nil, case.create(patient(case, faulty.url)))
        assert.equal(1, failure.attempts)
        assert.equal(1, #faulty:requests())
        assert.equal(0, faulty:creates())
      end)
    end
  end

  it("is not sent again after a time-out", function()
    local faulty <close> = server.start { { finish = "hang" }, keeping(clumio) }
    local client = patient(clumio, faulty.url, { timeout = 0.2 })
    expect.failure("unknown", "timeout", clumio.create(client))
    assert.equal(1, #faulty:requests())
    assert.equal(1, faulty:creates())
  end)

  it("is sent again after 429, as late as was asked for", function()
    local busy = refusal(429, { "Retry-After: 1" })
    local faulty <close> = server.start { busy, busy, keeping(clumio) }
    local client = patient(clumio, faulty.url)
    local seconds = elapsed(function()
      expect.created(clumio, clumio.create(client))
    end)
    assert.is_true(seconds >= 2, "it took but " .. seconds .. " s")
    assert.equal(3, #faulty:requests())
    assert.equal(1, faulty:creates())
  end)

  for _, case in ipairs(providers.creates) do
    it("is created after two times 429: " .. case.name, function()
      local busy = refusal(429, { "Retry-After: 1" })
      local faulty <close> = server.start { busy, busy, keeping(case) }
      local slept <close> = pauses.skip()
      expect.created(case, case.create(patient(case, faulty.url)))
      assert.equal(2, #slept)
      assert.is_true(slept[1] >= 1 and slept[1] <= 1.1)
      assert.is_true(slept[2] >= 1 and slept[2] <= 2.1)
      assert.equal(3, #faulty:requests())
      assert.equal(1, faulty:creates())
    end)

    it("is refused at once where the deadline is shorter than Retry-After: " .. case.name,
      function()
        local faulty <close> = server.start { refusal(429, { "Retry-After: 5" }), keeping(case) }
        local slept <close> = pauses.skip()
        local failure = expect.failure("refused", "throttled",
          case.create(patient(case, faulty.url), { deadline = 4 }))
        assert.equal(5, failure.retry_after)
        assert.equal(0, #slept)
        assert.equal(1, #faulty:requests())
        assert.equal(0, faulty:creates())
      end)
  end

  it("tells what came last, not what came before", function()
    local faulty <close> = server.start { refusal(429, { "Retry-After: 0" }), refusal(403) }
    local failure = expect.failure("refused", "forbidden",
      clumio.create(patient(clumio, faulty.url)))
    assert.equal(2, failure.attempts)
    assert.is_nil(failure.retry_after)
  end)

  it("is unknown where an attempt after 429 breaks, and is left at that", function()
    local faulty <close> = server.start { refusal(429, { "Retry-After: 0" }), {}, keeping(clumio) }
    local failure = expect.failure("unknown", "unreachable",
      clumio.create(patient(clumio, faulty.url)))
    assert.equal(2, failure.attempts)
    assert.equal(1, faulty:creates())
    assert.equal(2, #faulty:requests())
  end)
end)

describe("a token that is refused", function()
  local function counting(tokens)
    local calls = 0
    return function()
      calls = calls + 1
      return tokens[math.min(calls, #tokens)]
    end, function() return calls end
  end

  for _, case in ipairs(providers.creates) do
    it("is replaced once by the token function: " .. case.name, function()
      local token, calls = counting { "first-token", "second-token" }
      local faulty <close> = server.start { refusal(401), keeping(case) }
      expect.created(case, case.create(case.client(faulty.url, { token = token })))
      assert.equal(2, calls())
      local requests = faulty:requests()
      assert.equal(2, #requests)
      assert.truthy(requests[1].headers[case.token_header:lower()]:find("first-token", 1, true))
      assert.truthy(requests[2].headers[case.token_header:lower()]:find("second-token", 1, true))
      assert.equal(1, faulty:creates())
    end)

    it("is refused where the function has no other one: " .. case.name, function()
      local token, calls = counting { "first-token" }
      local faulty <close> = server.start { refusal(401), keeping(case) }
      expect.failure("refused", "auth", case.create(patient(case, faulty.url, { token = token })))
      assert.equal(2, calls())
      assert.equal(1, #faulty:requests())
      assert.equal(0, faulty:creates())
    end)
  end

  it("is replaced once and no more in a call", function()
    local token, calls = counting { "one", "two", "three", "four" }
    local faulty <close> = server.start { refusal(401), refusal(401), keeping(clumio) }
    local client = patient(clumio, faulty.url, { token = token })
    local failure = expect.failure("refused", "auth", clumio.create(client))
    assert.equal(2, failure.attempts)
    assert.equal(2, calls())
    assert.equal(2, #faulty:requests())
  end)

  it("that was given as such is not tried again", function()
    local faulty <close> = server.start { refusal(401), keeping(clumio) }
    expect.failure("refused", "auth", clumio.create(patient(clumio, faulty.url)))
    assert.equal(1, #faulty:requests())
  end)

  it("may be replaced after 429 and before another 429", function()
    local token = counting { "one", "two" }
    local busy = refusal(429, { "Retry-After: 0" })
    local faulty <close> = server.start { busy, refusal(401), busy, keeping(clumio) }
    local client = patient(clumio, faulty.url, { token = token, attempts = 4 })
    expect.created(clumio, clumio.create(client))
    assert.equal(4, #faulty:requests())
    assert.equal(1, faulty:creates())
  end)
end)

describe("what may be repeated", function()
  local again = {
    { "408", refusal(408) }, { "500", refusal(500) }, { "502", refusal(502) },
    { "503", refusal(503) }, { "504", refusal(504) }, { "429", refusal(429) },
    { "a close", {} }, { "a reset", { finish = "reset" } },
    { "garbage", { send = "garbage\r\n\r\n" } }, { "half an answer", { send = HALF } },
    { "malformed JSON", answers.keep { body = "{" } },
  }
  local settled = {
    { "400", refusal(400), "refused" }, { "401", refusal(401), "refused" },
    { "403", refusal(403), "refused" }, { "404", refusal(404), "refused" },
    { "409", refusal(409), "refused" }, { "501", refusal(501), "refused" },
    { "302", refusal(302), "unknown" }, { "308", refusal(308), "refused" },
  }

  local calls = {
    ["a read"] = function(client) return client:get_wallet "w-1" end,
    ["Clumio's refresh"] = function(client) return client:refresh_wallet "w-1" end,
  }

  for name, call in pairs(calls) do
    for _, row in ipairs(again) do
      it(("is repeated after %s: %s"):format(row[1], name), function()
        local faulty <close> = server.start { row[2], row[2], keeping(refresh) }
        local slept <close> = pauses.skip()
        expect.created(refresh, call(patient(refresh, faulty.url)))
        assert.equal(2, #slept)
        assert.equal(3, #faulty:requests())
      end)
    end

    for _, row in ipairs(settled) do
      it(("is not repeated after %s: %s"):format(row[1], name), function()
        local faulty <close> = server.start { row[2], keeping(refresh) }
        expect.failure(row[3], nil, call(patient(refresh, faulty.url)))
        assert.equal(1, #faulty:requests())
      end)
    end

    it("is given up after as many attempts as it has: " .. name, function()
      local faulty <close> = server.start { {} }
      local slept <close> = pauses.skip()
      local failure = expect.failure("unknown", "unreachable", call(patient(refresh, faulty.url)))
      assert.equal(3, failure.attempts)
      assert.equal(2, #slept)
      assert.equal(3, #faulty:requests())
    end)
  end

  it("waits as long as a 503 asks for", function()
    local faulty <close> = server.start { refusal(503, { "Retry-After: 7" }), keeping(refresh) }
    local slept <close> = pauses.skip()
    expect.created(refresh, patient(refresh, faulty.url):get_wallet "w-1")
    assert_asked({ 7 }, slept)
  end)

  it("does not take in deleting", function()
    local faulty <close> = server.start { {} }
    local failure = expect.failure("unknown", nil,
      patient(clumio, faulty.url):delete_wallet "w-1")
    assert.equal(1, failure.attempts)
    assert.equal(1, #faulty:requests())
  end)

  it("has as many attempts as the call's option says", function()
    local faulty <close> = server.start { {} }
    local slept <close> = pauses.skip()
    local client = patient(refresh, faulty.url)
    expect.failure("unknown", nil, client:get_wallet("w-1", { attempts = 5 }))
    assert.equal(5, #faulty:requests())
    assert.equal(4, #slept)
    expect.failure("unknown", nil, client:get_wallet("w-1", { attempts = 1 }))
    assert.equal(6, #faulty:requests())
  end)
end)

describe("the quota of a client", function()
  local function call(client, times)
    for _ = 1, times do
      expect.failure("unknown", nil, client:get_wallet "w-1")
    end
  end

  it("lets 200 calls to a dead server make 20 further requests", function()
    local faulty <close> = server.start { {} }
    local _ <close> = pauses.skip()
    call(patient(clumio, faulty.url), 200)
    assert.equal(220, #faulty:requests())
  end)

  it("costs twice as much after time-outs", function()
    local faulty <close> = server.start { { finish = "hang" } }
    local _ <close> = pauses.skip()
    call(patient(clumio, faulty.url, { timeout = 0.05 }), 15)
    assert.equal(25, #faulty:requests())
  end)

  it("is the client's own", function()
    local faulty <close> = server.start { {} }
    local _ <close> = pauses.skip()
    call(patient(clumio, faulty.url), 30)
    assert.equal(50, #faulty:requests())
    call(patient(clumio, faulty.url), 1)
    assert.equal(53, #faulty:requests())
  end)

  it("gets back from a success what the call has cost", function()
    local orders = {}
    for i = 1, 54, 3 do
      orders[i], orders[i + 1], orders[i + 2] = {}, {}, keeping(refresh)
    end
    local faulty <close> = server.start(orders)
    local _ <close> = pauses.skip()
    local client = patient(refresh, faulty.url)
    for _ = 1, 18 do -- each costs 10 and gets back 5
      expect.created(refresh, client:get_wallet "w-1")
    end
  end)
end)

describe("a deadline", function()
  local ENDLESS = {
    send = { "HTTP/1.1 200 OK\r\nX: ", { bytes = "a", times = 1000, interval = 0.2 } },
  }
  local calls = {
    { "a create", clumio.create, "unknown", 1 },
    { "a read", function(client) return client:get_wallet "w-1" end, "unknown", 0 },
    { "a refresh", refresh.create, "unknown", 0 },
  }

  for _, row in ipairs(calls) do
    local name, call, outcome, creates = table.unpack(row)
    it(("ends %s whose headers never do"):format(name), function()
      local faulty <close> = server.start { ENDLESS }
      local client = patient(clumio, faulty.url, { deadline = 0.5 })
      local seconds = elapsed(function()
        expect.failure(outcome, "timeout", call(client))
      end)
      assert.is_true(seconds >= 0.45 and seconds < 0.75, "it took " .. seconds .. " s")
      assert.equal(creates, faulty:creates())
      assert.equal(1, #faulty:requests())
    end)
  end

  it("is for all attempts together", function()
    local faulty <close> = server.start { { send = { { sleep = 0.2 } } } }
    local client = patient(clumio, faulty.url, { deadline = 0.5, attempts = 100 })
    local seconds = elapsed(function()
      expect.failure("unknown", nil, client:get_wallet "w-1")
    end)
    assert.is_true(seconds < 0.75, "it took " .. seconds .. " s")
    assert.is_true(#faulty:requests() <= 3)
  end)

  it("is not outlasted by a pause", function()
    local faulty <close> = server.start { {} }
    local client = patient(clumio, faulty.url, { attempts = 100 })
    local seconds = elapsed(function()
      expect.failure("unknown", nil, client:get_wallet("w-1", { deadline = 0.4 }))
    end)
    assert.is_true(seconds < 0.65, "it took " .. seconds .. " s")
  end)

  it("ends a name's look-up and a silent connect as well", function()
    local full <close> = server.start { full = true }
    local client = patient(clumio, full.url, { deadline = 0.4 })
    local seconds = elapsed(function()
      expect.failure("not_sent", nil, clumio.create(client))
    end)
    assert.is_true(seconds < 0.65, "it took " .. seconds .. " s")
  end)

  it("leaves unsent what it leaves no time for", function()
    local faulty <close> = server.start { keeping(clumio) }
    local client = patient(clumio, faulty.url, {
      deadline = 0.1,
      token = function()
        socket.sleep(0.15)
        return "a-late-token"
      end,
    })
    local failure = expect.failure("not_sent", "timeout", clumio.create(client))
    assert.equal(0, failure.attempts)
    assert.equal(0, #faulty:connections())
  end)
end)

describe("an interrupt", function()
  --- Interrupts a program once its server saw so many requests; the seconds until it was over.
  local function interrupt(program, orders, requests)
    local faulty <close> = server.start(orders)
    local running <close> = child.start(program, faulty.url)
    repeat until #faulty:requests() == requests
    socket.sleep(0.1)
    local begun = socket.gettime()
    os.execute("kill -INT " .. running.id)
    local said = running.output:read "a"
    local seconds = socket.gettime() - begun
    assert.truthy(said:find("interrupted!", 1, true), said)
    return seconds, faulty:creates()
  end

  local function quickest(...)
    local least, creates = interrupt(...)
    for _ = 1, 2 do
      least = math.min(least, (interrupt(...)))
    end
    return least, creates
  end

  it("ends the pause before another attempt", function()
    local seconds, creates = quickest(function(url)
      local client = assert(require("coffer").clumio { base_url = url, token = "t" })
      client:create_wallet "123456789012"
    end, { refusal(429, { "Retry-After: 60" }) }, 1)
    assert.is_true(seconds < 0.2, "it took " .. seconds .. " s")
    assert.equal(0, creates)
  end)

  it("ends a slow answer", function()
    local seconds = quickest(function(url)
      local client = assert(require("coffer").clumio { base_url = url, token = "t" })
      client:get_wallet "w-1"
    end, { { finish = "hang" } }, 1)
    assert.is_true(seconds < 0.2, "it took " .. seconds .. " s")
  end)

  it("ends the wait for a wallet", function()
    local seconds = quickest(function(url)
      local client = assert(require("coffer").clumio { base_url = url, token = "t" })
      client:create_wallet("123456789012"):wait { interval = 60 }
    end, { keeping(clumio) }, 2)
    assert.is_true(seconds < 0.2, "it took " .. seconds .. " s")
  end)
end)
