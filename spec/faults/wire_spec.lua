-- A create on a wire that breaks: it is sent once, and what is told of it is true.

local answers = require "answers"
local authority = require "authority"
local child = require "child"
local expect = require "expect"
local faults = require "faults"
local interpreter = require "interpreter"
local providers = require "providers"
local server = require "server"
local socket = require "socket"

local BIG = ("x"):rep(2000000)

describe("a connection that nobody accepts", function()
  for _, case in ipairs(providers.creates) do
    it("leaves not sent: " .. case.name, function()
      local full <close> = server.start { full = true }
      local client = case.client(full.url, { connect_timeout = 0.3, timeout = 10 })
      local started = os.time()
      local failure = expect.failure("not_sent", nil, case.create(client))
      assert.truthy(failure.code == "timeout" or failure.code == "unreachable")
      assert.is_true(os.time() - started <= 6)
      assert.equal(0, #full:connections())
    end)
  end

  it("does not outlast the attempt where that is shorter", function()
    local full <close> = server.start { full = true }
    local client = providers.clumio.client(full.url, { timeout = 0.3 })
    expect.failure("not_sent", nil, providers.clumio.create(client))
  end)
end)

describe("a connection that breaks", function()
  for name, run in faults.tests(faults.connections) do
    it(name, run)
  end

  for _, case in ipairs(providers.creates) do
    it("by a reset that may be quicker than the request is not misjudged: " .. case.name,
      function()
        local faulty <close> = server.start { { accept = "reset" } }
        local _, failure = case.create(case.client(faulty.url))
        assert.truthy(failure.outcome == "unknown" or failure.outcome == "not_sent")
        assert.equal("unreachable", failure.code)
        assert.equal(0, faulty:creates())
        assert.equal(1, #faulty:connections())
      end)
  end

  it("tells what to look for", function()
    local failure = faults.check(faults["a request read and then FIN"], providers.clumio)
    assert.same({ account_native_id = answers.asked.account_native_id }, failure.key)
  end)

  it("leaves a refresh unknown as well", function()
    local faulty <close> = server.start { {} }
    local case = providers.refresh
    expect.failure("unknown", "unreachable", case.create(case.client(faulty.url)))
  end)
end)

describe("a connection that has served before", function()
  for _, ending in ipairs { "close", "reset" } do
    for _, case in ipairs(providers.creates) do
      it(("dies by %s unanswered: %s is sent once more by nobody"):format(ending, case.name),
        function()
          local good = { send = case.good(), finish = "keep" }
          local faulty <close> = server.start { good, { finish = ending }, good }
          local client = case.client(faulty.url)
          expect.created(case, case.create(client))
          expect.failure("unknown", "unreachable", case.create(client))
          assert.equal(2, faulty:creates())
          assert.equal(2, #faulty:requests())
        end)
    end

    it("dies by " .. ending .. " after a refresh: clumio create_wallet is sent once", function()
      local refresh, case = providers.refresh, providers.clumio
      local faulty <close> = server.start {
        paths = { ["POST " .. refresh.path] = { { send = refresh.good(), finish = "keep" } } },
        { finish = ending },
        { send = case.good(), finish = "keep" },
      }
      local client = case.client(faulty.url)
      expect.created(refresh, refresh.create(client))
      expect.failure("unknown", "unreachable", case.create(client))
      assert.equal(1, faulty:creates())
      assert.equal(2, #faulty:requests())
    end)
  end

  for _, case in ipairs(providers.creates) do
    it("is used again while it is well: " .. case.name, function()
      local faulty <close> = server.start { { send = case.good(), finish = "keep" } }
      local client = case.client(faulty.url)
      expect.created(case, case.create(client))
      expect.created(case, case.create(client))
      assert.equal(1, #faulty:connections())
      assert.equal(2, faulty:creates())
    end)

    it("is left alone once the server has closed it: " .. case.name, function()
      local first = { send = case.good(), finish = "close" }
      local faulty <close> = server.start { first, { send = case.good(), finish = "keep" } }
      local client = case.client(faulty.url)
      expect.created(case, case.create(client))
      socket.sleep(0.05)
      expect.created(case, case.create(client))
      assert.equal(2, #faulty:connections())
      assert.equal(2, faulty:creates())
    end)
  end
end)

describe("a redirect that keeps the method", function()
  for _, status in ipairs { 307, 308 } do
    for _, case in ipairs(providers.creates) do
      it(("%d is a refusal of %s, and the other host sees nothing"):format(status, case.name),
        function()
          local other <close> = server.start { { send = case.good(), finish = "keep" } }
          local faulty <close> = server.start {
            answers.keep {
              status = status,
              type = false,
              headers = { "Location: " .. other.url .. case.path },
            },
          }
          local failure = expect.failure("refused", "protocol",
            case.create(case.client(faulty.url)))
          assert.equal(status, failure.status)
          assert.equal(0, #other:connections())
          assert.equal(1, faulty:creates())
        end)
    end
  end
end)

describe("a body of 2 MB", function()
  for _, case in ipairs(providers.creates) do
    if not case.has_no_body then
      it("that is reset after 1,000 bytes leaves unknown: " .. case.name, function()
        local faulty <close> = server.start { { read = 1000, finish = "reset" } }
        local client = case.client(faulty.url)
        expect.failure("unknown", "unreachable", case.create(client, { extra = { padding = BIG } }))
        assert.equal(0, faulty:creates())
        assert.equal(1, #faulty:connections())
      end)

      it("arrives whole: " .. case.name, function()
        local faulty <close> = server.start { { send = case.good(), finish = "keep" } }
        expect.created(case, case.create(case.client(faulty.url), { extra = { padding = BIG } }))
        local request = faulty:requests()[1]
        assert.is_true(request.complete)
        assert.is_true(request.body_size > #BIG)
        assert.is_nil(request.headers.expect)
      end)
    end
  end
end)

describe("a time-out behind TLS", function()
  local made = authority.get()

  for _, case in ipairs(providers.creates) do
    it("after sending leaves unknown: " .. case.name, function()
      local faulty <close> = server.start { tls = made.good, { finish = "hang" } }
      local client = case.client(faulty.url, { ca_file = made.root, timeout = 0.3 })
      expect.failure("unknown", "timeout", case.create(client))
      assert.equal(1, faulty:creates())
    end)

    it("in the handshake leaves not sent: " .. case.name, function()
      local faulty <close> = server.start { tls = made.good, { accept = "hang" } }
      local client = case.client(faulty.url, { ca_file = made.root, timeout = 0.3 })
      expect.failure("not_sent", "timeout", case.create(client))
      assert.equal(0, faulty:creates())
    end)
  end

  it("is that of the call where the call has one", function()
    local faulty <close> = server.start { { finish = "hang" } }
    local client = providers.clumio.client(faulty.url)
    expect.failure("unknown", "timeout", providers.clumio.create(client, { timeout = 0.3 }))
    assert.equal(1, faulty:creates())
  end)
end)

describe("a send that fails in libcurl", function()
  local case = providers.clumio
  local FAILED_INIT, OUT_OF_MEMORY, SEND_ERROR = 2, 27, 55

  --- What becomes of a create with two attempts, the first of which fails so.
  local function create(faulty, code, sent_before)
    if os.getenv "COFFER_SANITIZED" then
      pending "the sanitizers have their own libraries in front"
    end
    return table.unpack(interpreter.run({
      LD_PRELOAD = child.need "failing_send.so",
      FAILING_SEND = tostring(code),
      FAILING_SEND_AFTER = tostring(sent_before),
    }, [[
      local case = require("providers").clumio
      local wallet, failure = case.create(case.client(..., { attempts = 2 }))
      return wallet and wallet.id or failure.outcome
    ]], faulty.url))
  end

  for name, code in pairs { FAILED_INIT = FAILED_INIT, OUT_OF_MEMORY = OUT_OF_MEMORY } do
    it("was not sent where nothing was written: " .. name, function()
      local faulty <close> = server.start { answers.keep_good(case) }
      assert.equal("w-1", create(faulty, code, 0))
      assert.equal(1, faulty:creates())
    end)

    it("may have been sent where a byte was written: " .. name, function()
      local faulty <close> = server.start { answers.keep_good(case) }
      assert.equal("unknown", create(faulty, code, 1))
      assert.equal(0, faulty:creates())
    end)
  end

  it("may have been sent where the connection failed", function()
    local faulty <close> = server.start { answers.keep_good(case) }
    assert.equal("unknown", create(faulty, SEND_ERROR, 0))
    assert.equal(0, faulty:creates())
  end)
end)
