-- Many calls at once: coffer.map and coffer.gather.

local child = require "child"
local coffer = require "coffer"
local core = require "coffer.core"
local scheduler = require "coffer.scheduler"

local MANY = 40

local box, clumio

local function accounts(count)
  local list = {}
  for i = 1, count do
    list[i] = ("%012d"):format(i)
  end
  return list
end

local function create(account)
  return clumio:create_wallet(account)
end

local function slow(operation, seconds, times)
  box:fail { operation = operation, delay = seconds, times = times }
end

--- How many creates the sandbox was sent.
local function creates()
  local count = 0
  for _, entry in ipairs(box:log()) do
    count = count + (entry.operation == "create_wallet" and 1 or 0)
  end
  return count
end

local function seconds_of(fn)
  local begun = core.clock()
  fn()
  return core.clock() - begun
end

local function raises(word, fn)
  local is_fine, trouble = pcall(fn)
  assert.is_false(is_fine)
  assert.truthy(tostring(trouble):find(word, 1, true), trouble)
end

local function open()
  box = coffer.sandbox()
  clumio = assert(coffer.clumio(box:options "clumio"))
end

local function close()
  clumio:close()
  box:close()
end

describe("coffer.map", function()
  before_each(open)
  after_each(close)

  it("gives back the results in the list's order", function()
    slow("create_wallet", 0.2, 5)
    local list = accounts(MANY)
    local results, failures = coffer.map(list, create)
    assert.same({}, failures)
    for i, account in ipairs(list) do
      assert.equal(account, results[i].account_native_id)
    end
  end)

  it("sends each create once", function()
    coffer.map(accounts(MANY), create)
    assert.equal(MANY, creates())
  end)

  it("waits for many answers in the time of one", function()
    slow("create_wallet", 0.3, MANY)
    local seconds = seconds_of(function()
      coffer.map(accounts(MANY), create, { at_once = MANY })
    end)
    assert.is_true(seconds < MANY * 0.3 / 3, "it took " .. seconds)
  end)

  it("hands the item and its index to the function", function()
    local results = coffer.map({ "a", "b" }, function(item, index) return item .. index end)
    assert.same({ "a1", "b2" }, results)
  end)

  it("has nothing to do for an empty list", function()
    local results, failures = coffer.map({}, error)
    assert.same({ {}, {} }, { results, failures })
  end)

  it("keeps a failure at the place of its item", function()
    local results, failures = coffer.map({ "000000000001", "no", "000000000003" }, create)
    assert.equal("invalid", failures[2].code)
    assert.is_nil(results[2])
    assert.is_nil(failures[1])
    assert.equal("000000000003", results[3].account_native_id)
  end)

  it("loses nothing when one function raises", function()
    local results, failures = coffer.map(accounts(3), function(account, index)
      if index == 2 then
        error "out of luck"
      end
      return create(account)
    end)
    assert.equal("000000000001", results[1].account_native_id)
    assert.equal("000000000003", results[3].account_native_id)
    assert.equal("raised", failures[2].code)
  end)

  it("tells where a function raised", function()
    local function unlucky() error "out of luck" end
    local _, failures = coffer.map({ 1 }, function() unlucky() end)
    local trace = failures[1].details[1].message
    assert.truthy(trace:find("out of luck", 1, true))
    assert.truthy(trace:find("map_spec.lua:%d+: in .*unlucky"))
    assert.matches("^coffer: the function raised an error: [^\n]*map_spec.lua:%d+: out of luck "
      .. "%[raised%]$", tostring(failures[1]))
  end)

  it("keeps what a function raised", function()
    local raised = { reason = "full moon" }
    local _, failures = coffer.map({ 1, 2 }, function(item)
      error(item == 1 and raised or "out of luck", 0)
    end)
    assert.equal(raised, failures[1].cause)
    assert.equal("out of luck", failures[2].cause)
  end)

  it("keeps what a function raised that cannot be printed", function()
    local raised = setmetatable({}, { __tostring = function() error "no" end })
    local _, failures = coffer.map({ 1, 2 }, function(item)
      if item == 1 then
        error(raised)
      end
      return nil, raised
    end)
    assert.equal(raised, failures[1].cause)
    assert.matches("cannot be printed", tostring(failures[1]))
    assert.matches("cannot be printed", tostring(failures[2]))
    local _, left = pcall(coffer.map, { 1 }, function() return true end,
      { on_progress = function() error(raised) end })
    assert.matches("cannot be printed", tostring(left))
  end)

  it("takes a raised failure as it is", function()
    local _, failures = coffer.map({ "no" }, function(account)
      local wallet, failure = create(account)
      if not wallet then
        error(failure, 0)
      end
    end)
    assert.equal("invalid", failures[1].code)
  end)

  it("says so when a function yields by itself", function()
    local _, failures = coffer.map({ 1 }, function() coroutine.yield() end)
    assert.truthy(failures[1].details[1].message:find("only coffer's calls may", 1, true))
  end)

  it("has no more at once than it was told", function()
    local now, most = 0, 0
    coffer.map(accounts(20), function(account)
      now = now + 1
      most = math.max(most, now)
      local wallet = create(account)
      now = now - 1
      return wallet
    end, { at_once = 3 })
    assert.equal(3, most)
  end)

  for _, wrong in ipairs { 0, -1, 1.5, 10001, "many" } do
    it("raises for at_once = " .. tostring(wrong), function()
      raises("option 'at_once' must be a whole number from 1 to 10000",
        function() coffer.map({}, print, { at_once = wrong }) end)
    end)
  end

  for _, right in ipairs { 1, 10000 } do
    it("takes at_once = " .. right, function()
      assert.same({ 1 }, (coffer.map({ 1 }, function(item) return item end, { at_once = right })))
    end)
  end

  it("says what it was given instead of a number", function()
    raises("from 1 to 10000, got a string", function() coffer.map({}, print, { at_once = "8" }) end)
    raises("from 1 to 10000, got -1", function() coffer.map({}, print, { at_once = -1 }) end)
  end)

  it("raises for a table with names, and says what to do", function()
    raises("a list, got a table with names: put its keys or values into a list first",
      function() coffer.map({ a = 1 }, print) end)
    raises("a table with names", function() coffer.map({ 1, 2, a = 1 }, print) end)
  end)

  it("raises for an option that it does not know", function()
    raises("did you mean 'at_once'", function() coffer.map({}, print, { atonce = 1 }) end)
  end)

  it("keeps to a pace", function()
    local seconds = seconds_of(function()
      coffer.map(accounts(11), create, { per_second = 20, at_once = 11 })
    end)
    assert.is_true(seconds >= 0.45, "it took " .. seconds)
  end)

  it("sends nothing while a 429 holds all back", function()
    box:fail { operation = "create_wallet", status = 429, headers = { ["Retry-After"] = "1" } }
    local begun, ended = core.clock(), nil
    coffer.gather(function()
      create "000000000001"
    end, function()
      repeat
        clumio:list_wallets {}
        ended = core.clock() - begun
      until ended > 0.5
    end)
    assert.is_true(ended >= 0.9, "a call went out after " .. ended)
  end)

  it("begins no other item behind a failure when told so", function()
    local seen = {}
    local list = { "000000000001", "no", "000000000003" }
    local _, failures = coffer.map(list, function(account, index)
      seen[index] = true
      return create(account)
    end, { at_once = 1, stop_on_failure = true })
    assert.same({ true, true }, seen)
    assert.equal("invalid", failures[2].code)
  end)

  it("tells how far it is", function()
    local told = {}
    coffer.map(accounts(3), create, { at_once = 1, on_progress = function(progress)
      told[#told + 1] = progress.done .. "/" .. progress.total
    end })
    assert.equal("1/3 2/3 3/3", table.concat(told, " "))
  end)

  it("works inside itself", function()
    local results = coffer.map({ 1, 2 }, function(number)
      return #coffer.map(accounts(number), create)
    end)
    assert.same({ 1, 2 }, results)
  end)
end)

describe("coffer.map under a driver", function()
  before_each(open)
  after_each(close)

  --- A coroutine that runs fn and comes back whenever it waits.
  local function spawn(fn)
    local thread = coroutine.create(function()
      scheduler.adopt { wait = function(clients, seconds)
        core.wait(clients, math.min(seconds, 0.05))
        coroutine.yield()
      end }
      return fn()
    end)
    assert(coroutine.resume(thread))
    return thread
  end

  --- Lets it go on, so often at most; answers whether it is over.
  local function finish(thread, most)
    for _ = 1, most do
      if coroutine.status(thread) == "dead" then
        return true
      end
      assert(coroutine.resume(thread))
    end
    return coroutine.status(thread) == "dead"
  end

  it("fills a free place before it waits again", function()
    slow("create_wallet", 0.3, 1)
    local seen = {}
    local thread = spawn(function()
      coffer.map(accounts(3), function(account)
        seen[#seen + 1] = "begun"
        create(account)
        seen[#seen + 1] = "ended"
      end, { at_once = 2 })
    end)
    repeat
      seen[#seen + 1] = "waited"
    until finish(thread, 1)
    local text = table.concat(seen, " ")
    assert.truthy(text:find("^begun begun waited .*ended begun"), text)
    assert.is_nil(text:find("ended waited.* begun"), text)
  end)

  it("sees to the requests of a map inside it, and wakes it", function()
    slow("create_wallet", 0.2, 2)
    local results
    local due = scheduler.due
    function scheduler.due() return 3600 end -- no wait ends by time
    local is_over = finish(spawn(function()
      results = coffer.map({ 1, 2 }, function(count)
        return #coffer.map(accounts(count), create)
      end)
    end), 100)
    scheduler.due = due
    assert.is_true(is_over, "it was not told")
    assert.same({ 1, 2 }, results)
  end)

  --- A map whose answer comes while another on the same client is seen to, and the map is not.
  local function beside(other)
    slow("list_wallets", 0.3, 1)
    local results
    local first = spawn(function() results = coffer.map(accounts(1), create) end)
    assert.is_true(finish(spawn(other), 200))
    assert.is_true(finish(first, 100), "it was not told")
    assert.equal("000000000001", results[1].account_native_id)
  end

  it("is told of an answer that came in another map's step", function()
    beside(function() coffer.map({ {} }, function(page) return clumio:list_wallets(page) end) end)
  end)

  it("is told of an answer that came in another call's step", function()
    beside(function() clumio:list_wallets {} end)
  end)
end)

describe("inside coffer.map", function()
  before_each(open)
  after_each(close)

  --- The seconds until 20 of them are done, each of which waits for 0.5 s.
  local function seconds_of_twenty(fn)
    local failures
    local seconds = seconds_of(function()
      failures = select(2, coffer.map(accounts(20), fn))
    end)
    assert.same({}, failures)
    return seconds
  end

  it("the pause before another attempt lets the others go on", function()
    local wallet = assert(create "123456789012")
    box:fail { operation = "get_wallet", status = 503, times = 20 }
    local seconds = seconds_of_twenty(function() return clumio:get_wallet(wallet.id) end)
    assert.is_true(seconds < 8, "it took " .. seconds)
  end)

  it("page after page is waited for among others", function()
    coffer.map(accounts(3), create)
    slow("list_wallets", 0.25, 40)
    local seconds = seconds_of_twenty(function()
      local count = 0
      for _ in clumio:wallets { limit = 2 } do
        count = count + 1
      end
      assert(count == 3, count)
    end)
    assert.is_true(seconds < 5, "it took " .. seconds)
  end)

  it("a waiter lets the others go on", function()
    slow("refresh_wallet", 0.3, 20)
    local seconds = seconds_of_twenty(function(account)
      return assert(create(account)):wait { timeout = 20, interval = 0.2 }
    end)
    assert.is_true(seconds < 10, "it took " .. seconds)
  end)

  it("ensure lets the others go on", function()
    slow("create_wallet", 0.5, 20)
    local seconds = seconds_of_twenty(function(account)
      return clumio:ensure_wallet(account)
    end)
    assert.is_true(seconds < 5, "it took " .. seconds)
  end)
end)

describe("coffer.map, left by an error", function()
  before_each(open)
  after_each(close)

  --- Left when the one of four that is not slow is done: by then the sandbox has all four, and
  --- none of the slow answers is left for a later call.
  local function leave()
    slow("create_wallet", 20, 3)
    local is_done, trouble = pcall(coffer.map, accounts(5), create, {
      at_once = 4, on_progress = function(progress)
        if progress.done > 0 then
          error("enough", 0)
        end
      end,
    })
    assert.is_false(is_done)
    return trouble
  end

  it("raises that error, and says what is in doubt", function()
    local trouble = leave()
    assert.equal("enough", trouble.cause)
    assert.matches("^enough\n3 items are in doubt, the first: clumio create_wallet: .*"
      .. "look for account_native_id = %d+$", tostring(trouble))
  end)

  it("does not wait for what is in the air", function()
    assert.is_true(seconds_of(leave) < 10)
  end)

  it("tells what became of everything in the air", function()
    local trouble, count = leave(), { done = 0, unknown = 0 }
    for i = 1, 4 do
      local outcome = trouble.results[i] and "done" or trouble.failures[i].outcome
      count[outcome] = count[outcome] + 1
    end
    assert.same({ done = 1, unknown = 3 }, count)
    assert.is_nil(trouble.failures[5])
  end)

  for name, inside in pairs {
    map = function() return coffer.map({ "000000000001" }, create)[1] end,
    gather = function() return coffer.gather(function() return create "000000000001" end)[1] end,
    ["map in a map"] = function()
      return coffer.map({ 1 }, function()
        return coffer.map({ "000000000001" }, create)[1]
      end)[1]
    end,
  } do
    it("tells what became of what is in the air inside a further " .. name, function()
      slow("create_wallet", 20, 1)
      local is_done, trouble = pcall(coffer.map, { 1, 2 }, function(item)
        if item == 1 then
          return inside()
        end
        repeat scheduler.sleep(0.01) until creates() > 0
      end, { on_progress = function(progress)
        if progress.done > 0 then
          error("enough", 0)
        end
      end })
      assert.is_false(is_done)
      assert.equal("unknown", trouble.failures[1].outcome)
      assert.same({ account_native_id = "000000000001" }, trouble.failures[1].key)
    end)
  end

  it("leaves a client that can be used", function()
    leave()
    assert.equal("123456789012", create "123456789012".account_native_id)
  end)
end)

describe("coffer.gather", function()
  before_each(open)
  after_each(close)

  it("runs a handful of functions at once", function()
    local results, failures = coffer.gather(
      function() return create "000000000001" end,
      function() return clumio:list_wallets {} end,
      function() error "no" end)
    assert.equal("000000000001", results[1].account_native_id)
    assert.truthy(results[2]._embedded)
    assert.equal("raised", failures[3].code)
  end)

  it("has nothing to do without functions", function()
    local results, failures = coffer.gather()
    assert.same({}, results)
    assert.same({}, failures)
  end)

  it("raises for what is no function", function()
    raises("takes functions, got nil", function() coffer.gather(print, nil) end)
    raises("takes functions, got number", function() coffer.gather(print, 7) end)
  end)
end)

describe("out of descriptors", function()
  it("there are fewer at once, and nothing is lost", function()
    open()
    slow("create_wallet", 0.1, MANY)
    local options = box:options "clumio"
    local program = child.command(function(base_url, token)
      local there = require "coffer"
      local here = assert(there.clumio { base_url = base_url, token = token, attempts = 1 })
      local list = {}
      for i = 1, 40 do
        list[i] = ("%012d"):format(i)
      end
      local results, failures = there.map(list, function(account)
        return here:create_wallet(account)
      end, { at_once = 40 })
      for i, account in ipairs(list) do
        assert(results[i], tostring(failures[i]))
        assert(results[i].account_native_id == account)
      end
      print(#results, next(failures))
    end, options.base_url, options.token)
    local run = child.execute("sh -c 'ulimit -n 20; exec \"$@\"' sh " .. program)
    local count = creates()
    close()
    assert.equal("40\tnil\n", run.output, run.errors)
    assert.equal(40, count)
  end)
end)

describe("a program that ends in the midst of a map", function()
  before_each(open)
  after_each(close)

  local function run(how)
    slow("create_wallet", 3, 8)
    local options = box:options "clumio"
    return child.run(function(base_url, token, ending)
      local there = require "coffer"
      local here = assert(there.clumio { base_url = base_url, token = token })
      local count = 0
      there.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function(number)
        count = count + 1
        if count == 8 then
          if ending == "exit" then
            os.exit(7, true)
          elseif ending == "leave" then
            os.exit(7)
          end
          return true
        end
        return here:create_wallet(("%012d"):format(number))
      end, { at_once = 8, on_progress = function() error "the end" end })
    end, options.base_url, options.token, how)
  end

  it("by os.exit and a closed state, ends with its status", function()
    local ended = run "exit"
    assert.equal(7, ended.status, ended.errors)
  end)

  it("by os.exit alone, ends with its status", function()
    local ended = run "leave"
    assert.equal(7, ended.status, ended.errors)
  end)

  it("by an error, says so and does not crash", function()
    local ended = run "error"
    assert.equal(1, ended.status)
    assert.truthy(ended.errors:find("the end", 1, true))
  end)
end)
