-- An error of a debug hook at every instruction of coffer's, one after the other: what was answered
-- is handed over or told, by the server's account.

local answer = require "coffer.answer"
local answers = require "answers"
local child = require "child"
local coffer = require "coffer"
local scheduler = require "coffer.scheduler"
local callbacks = require "coffer.loop.callbacks"
local providers = require "providers"
local server = require "server"
local socket = require "socket"

local clumio = providers.clumio

local function keeping(order)
  order.finish = "keep"
  return order
end

--- Runs f with a hook that raises at the n-th instruction of coffer's own, if it comes to that.
-- @param hooks_itself boolean: f sets the hook, which it is given
-- @return whether it did; and what pcall(f) gives
local function interrupt(n, f, hooks_itself)
  local left = n
  local function hook()
    if debug.getinfo(2, "S").source:find("/lua/coffer/", 1, true) then
      left = left - 1
      if left == 0 then
        debug.sethook()
        error("stop here", 0)
      end
    end
  end
  local function go()
    debug.sethook(hook, "", 1)
    return f()
  end
  local result = table.pack(pcall(hooks_itself and f or go, hook))
  debug.sethook()
  return left <= 0, table.unpack(result)
end

--- The failure that an error object has, or none.
local function failure_of(trouble)
  return type(trouble) == "table" and trouble.failure or nil
end

local function is_told(trouble)
  local failure = failure_of(trouble)
  local results = type(trouble) == "table" and trouble.results -- a map's
  return failure and failure.outcome == "unknown" and failure.key
    and failure.key.account_native_id == "123456789012"
    or results and results[1] and results[1].id == "w-1"
end

--- What one interrupted call has come to: "told", "lost", or nothing to speak of.
-- @param state table: { in_air = creates that were told of before they arrived }
local function judge(state, executed, is_done, wallet)
  assert.is_true(executed <= 1)
  if is_done then
    assert.equal("w-1", wallet.id)
  elseif is_told(wallet) then
    assert.equal("stop here", wallet.cause)
    state.in_air = state.in_air + 1 - executed
    state.told = state.told + 1
  elseif executed == 1 and state.in_air > 0 then
    state.in_air = state.in_air - 1
  elseif executed == 1 then
    state.lost = state.lost + 1
  end
end

--- Without COFFER_THOROUGH, not every instruction is met: each of these many behind the first that
-- finds a create sent, and elsewhere each STRIDE-th, from one on that differs from day to day.
local WINDOW, STRIDE = 60, 13
local is_thorough = os.getenv "COFFER_THOROUGH" == "1"
local seed = tonumber(os.getenv "COFFER_SEED") or os.time() // 86400

--- Gives one instruction after the other to meet.
local function walk(stride)
  local n, window_till = is_thorough and 0 or seed % stride - stride, nil
  --- @param was_sent boolean: the last one found a create sent
  return function(was_sent)
    if was_sent and not window_till and not is_thorough then
      n = math.max(n - stride, 0)
      window_till = n + stride + WINDOW
    end
    local is_each = is_thorough or window_till and n < window_till
    n = n + (is_each and 1 or stride)
    return math.max(n, 1)
  end
end

--- Interrupts `call` at one instruction after the other.
-- @param call function(client, hook): gives a wallet
-- @param stride integer or nil: for calls that are long before their first create
-- @return how often the error told of a create, and how often it should have
local function sweep(orders, call, options, stride, hooks_itself)
  local faulty <close> = server.start(orders)
  local client = clumio.client(faulty.url, options)
  local next_one, was_sent = walk(stride or STRIDE), false
  local missed, state = 0, { told = 0, lost = 0, in_air = 0 }
  repeat
    assert(call(client)) -- so that each starts from the same
    local before = faulty:creates()
    local came, is_done, wallet = interrupt(next_one(was_sent), function(hook)
      return call(client, hook)
    end, hooks_itself)
    socket.sleep(is_done and 0 or 0.01) -- it may still be on its way to the server
    local executed = faulty:creates() - before
    judge(state, executed, is_done, wallet)
    was_sent = executed == 1
    missed = came and 0 or missed + 1
  until missed == 5 -- how often an answer is looked for varies a little
  return state.told, state.lost
end

local good = keeping { send = clumio.good() }

describe("an error of a hook, wherever it comes,", function()
  it("costs no create: a call", function()
    local told, lost = sweep({ good }, clumio.create)
    assert.is_true(told > 20, told)
    assert.equal(0, lost, "lost, at seed " .. seed)
  end)

  it("costs no create: with a log and a token function", function()
    local logged = 0
    local told, lost = sweep({ good }, clumio.create, {
      log = function() logged = logged + 1 end, token = function() return "t" end, attempts = 3,
    })
    assert.is_true(told > 20 and logged > 20)
    assert.equal(0, lost, "lost, at seed " .. seed)
  end)

  it("costs no create: a prepared request", function()
    local told, lost = sweep({ good }, function(client)
      return client:request("create_wallet", clumio.parameters):send()
    end)
    assert.is_true(told > 20)
    assert.equal(0, lost, "lost, at seed " .. seed)
  end)

  it("costs no create: ensure", function()
    local list = keeping(answers.keep { body = '{"_embedded":{"items":[]},"_links":{}}' })
    local told, lost = sweep({ good, paths = { ["GET /wallets"] = { list } } }, function(client)
      local wallet, failure = client:ensure_wallet "123456789012"
      return wallet or error(failure, 0)
    end, nil, 41)
    assert.is_true(told > 5)
    assert.equal(0, lost, "lost, at seed " .. seed)
  end)

  it("costs no create: a map, met in its loop", function()
    local told, lost = sweep({ good }, function(client)
      local results, failures = coffer.map({ 1 }, function() return clumio.create(client) end)
      return results[1] or error(failures[1], 0)
    end)
    assert.is_true(told > 5)
    assert.equal(0, lost, "lost, at seed " .. seed)
  end)

  it("costs no create: a map, met in an item's coroutine", function()
    local told, lost = sweep({ good }, function(client, hook)
      local results, failures = coffer.map({ 1 }, function()
        if hook then
          debug.sethook(hook, "", 1)
        end
        return clumio.create(client)
      end)
      return results[1] or error({ cause = "stop here", failure = failures[1] }, 0)
    end, nil, nil, true)
    assert.is_true(told > 20)
    -- a resumed coroutine returns by one instruction more
    assert.is_true(lost <= 1, lost .. " lost, at seed " .. seed)
  end)

  it("costs no create: a loop's coroutine", function()
    local function sleep_loop()
      local timers, watches = {}, {}
      local driver = callbacks.driver(function(_, fn)
        watches[fn] = true
        return function() watches[fn] = nil end
      end, function(_, fn)
        timers[fn] = true
        return function() timers[fn] = nil end
      end)
      return driver, function(client)
        require("coffer.core").wait({ client }, 0.05)
        for _, waiting in ipairs { watches, timers } do
          local fns = {}
          for fn in pairs(waiting) do fns[#fns + 1] = fn end
          for _, fn in ipairs(fns) do fn() end
        end
      end
    end
    local told, lost = sweep({ good }, function(client, hook)
      local driver, turn = sleep_loop()
      local kept
      local thread = coroutine.create(function()
        scheduler.adopt(driver)
        kept = table.pack(pcall(clumio.create, client))
      end)
      if hook then
        debug.sethook(thread, hook, "", 1)
      end
      assert(coroutine.resume(thread))
      while coroutine.status(thread) ~= "dead" do
        turn(client)
      end
      return kept[1] and kept[2] or error(kept[2], 0)
    end, nil, nil, true)
    assert.is_true(told > 20)
    -- a resumed coroutine returns by one instruction more
    assert.is_true(lost <= 1, lost .. " lost, at seed " .. seed)
  end)
end)

describe("an answer that cannot be judged", function()
  it("is told with the error that it met", function()
    local faulty <close> = server.start { good }
    local judge_answer = answer.judge
    local _ <close> = setmetatable({}, { __close = function() answer.judge = judge_answer end })
    function answer.judge()
      error("stop here", 0)
    end
    local is_done, trouble = pcall(clumio.create, clumio.client(faulty.url))
    assert.is_false(is_done)
    assert.equal("stop here", trouble.cause)
    assert.equal("unknown", trouble.failure.outcome)
    assert.same({ account_native_id = "123456789012" }, trouble.failure.key)
    assert.equal(200, coffer.response(trouble.failure).status)
    assert.equal(1, faulty:creates())
  end)
end)

--- Runs a program until its server saw a request, presses Ctrl-C, and lets the program go on.
local function press(program, orders)
  local faulty <close> = server.start(orders)
  local running <close> = child.start(program, faulty.url)
  repeat until #faulty:requests() == 1
  socket.sleep(0.2)
  os.execute("kill -INT " .. running.id)
  return running.output:read "a", faulty:creates()
end

describe("Ctrl-C inside a function that coffer calls", function()
  it("ends the program and tells of the answer: log", function()
    local said, creates = press(function(url)
      local client = assert(require("coffer").clumio { base_url = url, token = "t",
        log = function() while true do end end })
      local _, trouble = pcall(client.create_wallet, client, "123456789012")
      print(trouble, require("coffer").response(trouble.failure).status)
    end, { good })
    assert.matches("interrupted!\n.*look for account_native_id = 123456789012\t200\n", said)
    assert.equal(1, creates)
  end)

  it("ends the program: on_tokens", function()
    local case = providers.ecl
    local said = press(function(url)
      local client = assert(require("coffer").ecl { base_url = url .. "/x",
        keystone_url = url .. "/v3", tenant_id = ("a"):rep(32),
        api_key = "key", api_secret = "secret",
        on_tokens = function() while true do end end })
      client:create_account()
      print "it went on"
    end, { paths = { ["POST /v3/auth/tokens"] = { keeping {
      send = "HTTP/1.1 201 Created\r\nX-Subject-Token: t\r\nContent-Length: 12\r\n\r\n"
        .. '{"token":{}}',
    } } }, keeping { send = case.good() } })
    assert.matches("interrupted!", said)
    assert.is_nil(said:find("it went on", 1, true))
  end)

  it("ends the program, and nothing is sent: token", function()
    local faulty <close> = server.start { good }
    local _, is_done, trouble = interrupt(math.huge, function()
      local client = clumio.client(faulty.url, { token = function()
        debug.sethook(function() debug.sethook() error("stop here", 0) end, "", 1)
        return "t"
      end })
      return clumio.create(client)
    end, true)
    assert.is_false(is_done)
    assert.equal("stop here", trouble)
    assert.equal(0, #faulty:requests())
  end)

  it("is no more than a warning where it is an error of its own", function()
    local faulty <close> = server.start { good }
    local client = clumio.client(faulty.url, { log = function() error("stop here", 0) end })
    assert.equal("w-1", clumio.create(client).id)
  end)

  it("ends a map", function()
    local faulty <close> = server.start { good }
    local client = clumio.client(faulty.url)
    local is_done, trouble = pcall(coffer.map, { 1, 2, 3 }, function(item)
      if item == 2 then
        debug.sethook(function() debug.sethook() error("stop here", 0) end, "", 1)
      end
      return clumio.create(client)
    end, { at_once = 1 })
    assert.is_false(is_done)
    assert.equal("stop here", trouble.cause)
    assert.equal("w-1", trouble.results[1].id)
    assert.is_nil(trouble.results[3])
    assert.equal(1, faulty:creates())
  end)
end)
