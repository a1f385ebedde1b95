-- The same calls under a host's event loop: they yield to it instead of holding it up.

local child = require "child"
local coffer = require "coffer"
local snippets = require "snippets"

local CALLS = 50

--- A program with a timer of 10 ms beside so many calls of 0.5 s. Prints how many succeeded, how
--- often the timer ran, and its longest gap in milliseconds.
local function beside_luv(base_url, token, calls)
  local core, there = require "coffer.core", require "coffer"
  local loop, uv = require "coffer.loop.luv", require "luv"
  local clumio = assert(there.clumio { base_url = base_url, token = token })
  local done, ticks, longest, last = 0, 0, 0, core.clock()
  local timer = uv.new_timer()
  timer:start(10, 10, function()
    local now = core.clock()
    ticks, longest, last = ticks + 1, math.max(longest, now - last), now
  end)
  local left = calls
  for i = 1, calls do
    loop.spawn(function()
      local wallet = clumio:create_wallet(("%012d"):format(i))
      done, left = done + (wallet and 1 or 0), left - 1
      if left == 0 then
        timer:close()
      end
    end)
  end
  uv.run()
  print(done, ticks, longest * 1000 // 1)
end

local function beside_cqueues(base_url, token, calls)
  local core, there = require "coffer.core", require "coffer"
  local loop, cqueues = require "coffer.loop.cqueues", require "cqueues"
  local clumio = assert(there.clumio { base_url = base_url, token = token })
  local controller = cqueues.new()
  local done, ticks, longest, last, left = 0, 0, 0, core.clock(), calls
  controller:wrap(function()
    while left > 0 do
      cqueues.sleep(0.01)
      local now = core.clock()
      ticks, longest, last = ticks + 1, math.max(longest, now - last), now
    end
  end)
  for i = 1, calls do
    controller:wrap(loop.wrap(function()
      local wallet = clumio:create_wallet(("%012d"):format(i))
      done, left = done + (wallet and 1 or 0), left - 1
    end))
  end
  assert(controller:loop())
  print(done, ticks, longest * 1000 // 1)
end

--- coffer's helpers under the loop: a pause, pages, a map.
local function helpers_luv(base_url, token)
  local there, loop, uv = require "coffer", require "coffer.loop.luv", require "luv"
  local clumio = assert(there.clumio { base_url = base_url, token = token })
  loop.spawn(function()
    local results = there.map({ 1, 2, 3 }, function(number)
      return clumio:create_wallet(("%012d"):format(number))
    end)
    local count = 0
    for _ in clumio:wallets { limit = 2 } do
      count = count + 1
    end
    print(#results, count, assert(clumio:create_wallet "123456789012").account_native_id)
  end)
  uv.run()
end

local function helpers_cqueues(base_url, token)
  local there, loop, cqueues = require "coffer", require "coffer.loop.cqueues", require "cqueues"
  local clumio = assert(there.clumio { base_url = base_url, token = token })
  local controller = cqueues.new()
  controller:wrap(loop.wrap(function()
    local results = there.map({ 1, 2, 3 }, function(number)
      return clumio:create_wallet(("%012d"):format(number))
    end)
    local count = 0
    for _ in clumio:wallets { limit = 2 } do
      count = count + 1
    end
    print(#results, count, assert(clumio:create_wallet "123456789012").account_native_id)
  end))
  assert(controller:loop())
end

--- The driver that docs/loops.md has for copas, and the same two programs with it.
local function copas_driver()
  for _, snippet in ipairs(snippets.of "docs/loops.md") do
    local driver = snippet.text:match 'require "copas".*(local driver.-\nend\n)'
    if driver then
      return ("local copas = require 'copas' %s return driver"):format(driver)
    end
  end
  error "docs/loops.md has no driver for copas"
end

local function beside_copas(base_url, token, calls, driver_text)
  local core, there, scheduler = require "coffer.core", require "coffer", require "coffer.scheduler"
  local copas, driver = require "copas", assert(load(driver_text))()
  local clumio = assert(there.clumio { base_url = base_url, token = token })
  local done, ticks, longest, left = 0, 0, 0, calls
  copas.addthread(function()
    local last = core.clock()
    while left > 0 do
      copas.pause(0.01)
      local now = core.clock()
      ticks, longest, last = ticks + 1, math.max(longest, now - last), now
    end
  end)
  for i = 1, calls do
    copas.addthread(function()
      scheduler.adopt(driver)
      local wallet = clumio:create_wallet(("%012d"):format(i))
      done, left = done + (wallet and 1 or 0), left - 1
    end)
  end
  copas.loop()
  print(done, ticks, longest * 1000 // 1)
end

local function helpers_copas(base_url, token, _, driver_text)
  local there, scheduler = require "coffer", require "coffer.scheduler"
  local copas, driver = require "copas", assert(load(driver_text))()
  local clumio = assert(there.clumio { base_url = base_url, token = token })
  copas.addthread(function()
    scheduler.adopt(driver)
    local results = there.map({ 1, 2, 3 }, function(number)
      return clumio:create_wallet(("%012d"):format(number))
    end)
    local count = 0
    for _ in clumio:wallets { limit = 2 } do
      count = count + 1
    end
    print(#results, count, assert(clumio:create_wallet "123456789012").account_native_id)
  end)
  copas.loop()
end

--- Two calls with one client: the answer of the first comes while the other one, which is slower
--- and no coroutine of the loop's, holds the loop up. No wait ends by time. Prints who was told.
local function told_elsewhere(base_url, token, adapter, is_map)
  local core, there, scheduler = require "coffer.core", require "coffer", require "coffer.scheduler"
  local clumio = assert(there.clumio { base_url = base_url, token = token })
  local loop, library, told = require("coffer.loop." .. adapter), require(adapter), {}
  function scheduler.due() return 3600 end
  local function first()
    if is_map then
      there.map({ "000000000001" }, function(account) return clumio:create_wallet(account) end)
    else
      clumio:create_wallet "000000000001"
    end
    told[#told + 1] = "first"
  end
  local function second()
    coroutine.wrap(function()
      scheduler.adopt { wait = core.wait }
      clumio:list_wallets { limit = 1 }
      told[#told + 1] = "second"
    end)()
  end
  if adapter == "luv" then
    loop.spawn(first)
    library.new_timer():start(100, 0, second)
    library.new_timer():start(5000, 0, library.stop)
    library.new_prepare():start(function() if #told == 2 then library.stop() end end)
    library.run()
  else
    local controller = library.new()
    controller:wrap(loop.wrap(function()
      first()
      clumio:close() -- which a controller must be ready for
    end))
    controller:wrap(function() library.sleep(0.1) second() end)
    assert(controller:loop(5))
    assert(controller:empty(), "it goes on")
  end
  table.sort(told)
  print(table.concat(told, " "))
end

--- A call that begins while another one waits for its answer. No wait ends by time. Prints who was
--- answered, in order.
local function overtaking(base_url, token, adapter)
  local there, scheduler = require "coffer", require "coffer.scheduler"
  local clumio = assert(there.clumio { base_url = base_url, token = token })
  local loop, library, told = require("coffer.loop." .. adapter), require(adapter), {}
  function scheduler.due() return 3600 end
  local function first()
    assert(clumio:create_wallet "000000000001")
    told[#told + 1] = "first"
  end
  local function second()
    assert(clumio:list_wallets { limit = 1 })
    told[#told + 1] = "second"
  end
  if adapter == "luv" then
    local timer = library.new_timer()
    loop.spawn(first)
    timer:start(100, 0, function()
      timer:close()
      loop.spawn(second)
    end)
    library.run()
  else
    local controller = library.new()
    controller:wrap(loop.wrap(first))
    controller:wrap(loop.wrap(function() library.sleep(0.1) second() end))
    assert(controller:loop())
  end
  print(table.concat(told, " "))
end

--- Clients that are closed right behind a call, and others with the same descriptor.
local function closing(base_url, token, adapter, is_map)
  local there, loop = require "coffer", require("coffer.loop." .. adapter)
  local library, count = require(adapter), 0
  local function many()
    for _ = 1, 3 do
      local clumio <close> = assert(there.clumio { base_url = base_url, token = token })
      local function create() return clumio:create_wallet "123456789012" end
      local created = is_map and there.map({ 1 }, create)[1] or not is_map and create()
      count = count + (created and 1 or 0)
    end
  end
  if adapter == "luv" then
    loop.spawn(many)
    library.run()
  else
    local controller = library.new()
    controller:wrap(loop.wrap(many))
    assert(controller:loop())
  end
  print(count)
end

--- How often the coroutines that call are resumed, each of which waits for one answer.
local function wakes_cqueues(base_url, token, calls)
  local there, cqueues = require "coffer", require "cqueues"
  local poll, wait, wakes, callers = cqueues.poll, nil, 0, {}
  local function count()
    wakes = wakes + (callers[coroutine.running()] and 1 or 0)
  end
  function cqueues.poll(...)
    poll(...)
    count()
  end
  wait = require "cqueues.condition".interpose("wait", function(...)
    wait(...)
    count()
  end)
  local loop = require "coffer.loop.cqueues"
  local clumio = assert(there.clumio { base_url = base_url, token = token })
  local controller, done = cqueues.new(), 0
  for i = 1, calls do
    controller:wrap(loop.wrap(function()
      callers[coroutine.running()] = true
      local wallet = clumio:create_wallet(("%012d"):format(i))
      done = done + (wallet and 1 or 0)
    end))
  end
  assert(controller:loop())
  print(done, wakes)
end

--- A loop of a host's own, by the page on writing another adapter.
local function own_loop(base_url, token)
  local core, there, scheduler = require "coffer.core", require "coffer", require "coffer.scheduler"
  local clumio = assert(there.clumio { base_url = base_url, token = token })
  local waits = 0
  local driver = { wait = function(clients, seconds)
    waits = waits + 1
    core.wait(clients, math.min(seconds, 0.05))
    coroutine.yield()
  end }
  local thread = coroutine.create(function()
    scheduler.adopt(driver)
    return assert(clumio:create_wallet "123456789012").account_native_id
  end)
  local is_fine, said
  repeat
    is_fine, said = coroutine.resume(thread)
    assert(is_fine, said)
  until coroutine.status(thread) == "dead"
  print(said, waits > 1)
end

--- The driver that docs/loops.md has for a loop with coroutines, as it is written there.
local function own_driver()
  for _, snippet in ipairs(snippets.of "docs/loops.md") do
    if snippet.text:find("yield_until_readable", 1, true) then
      return snippet.text
    end
  end
  error "docs/loops.md has no driver of a host's own"
end

--- Runs it under a loop that never finds a descriptor readable, where no wait ends by time. Another
--- call, which blocks, lets the answer land.
local function own_wake(base_url, token, driver_text)
  local core, there, scheduler = require "coffer.core", require "coffer", require "coffer.scheduler"
  local clumio = assert(there.clumio { base_url = base_url, token = token })
  local threads, till = {}, {}
  local loop = { require = require, print = print, ipairs = ipairs, clumio = clumio }
  function scheduler.due() return 3600 end
  function loop.yield_until_readable(_, seconds)
    till[coroutine.running()] = core.clock() + seconds
    coroutine.yield()
    till[coroutine.running()] = nil
  end
  function loop.resume_soon(thread)
    till[thread] = till[thread] and 0
  end
  function loop.spawn(fn)
    threads[#threads + 1] = coroutine.create(fn)
  end
  assert(load(driver_text, "driver", "t", loop))()
  loop.spawn(function()
    scheduler.adopt { wait = core.wait }
    clumio:list_wallets { limit = 1 }
  end)
  for _ = 1, 2 do
    for _, thread in ipairs(threads) do
      if coroutine.status(thread) ~= "dead" and (till[thread] or 0) <= core.clock() then
        assert(coroutine.resume(thread))
      end
    end
  end
end

--- What requiring an adapter says where its library is not there.
local function without(adapter, library)
  package.preload[library] = function() error "not here" end
  print(select(2, pcall(require, adapter)))
end

local loops = {
  { needs = "luv", beside = beside_luv, helpers = helpers_luv,
    package = "coffer.loop.luv needs luv (Debian: lua-luv; LuaRocks: luv)" },
  { needs = "cqueues", beside = beside_cqueues, helpers = helpers_cqueues,
    package = "coffer.loop.cqueues needs cqueues (Debian: lua-cqueues; LuaRocks: cqueues)" },
  { needs = "copas", beside = beside_copas, helpers = helpers_copas, driver = copas_driver() },
}

local box

local function run(program, ...)
  local options = box:options "clumio"
  local ended = child.run(program, options.base_url, options.token, ...)
  assert.equal(0, ended.status, ended.errors)
  return ended.output
end

--- Older ones cannot pause.
local function has_copas()
  return child.run(function() assert(require "copas".pause) end).status == 0
end

local function need(library)
  if library == "copas" and not has_copas() then
    pending "copas 4 is not installed"
  end
  if not package.searchpath(library, package.path)
      and not package.searchpath(library, package.cpath)
      and not package.searchpath("_" .. library, package.cpath) then
    pending("lua-" .. library .. " is not installed")
  end
end

for _, loop in ipairs(loops) do
  describe("under " .. loop.needs, function()
    before_each(function() box = coffer.sandbox() end)
    after_each(function() box:close() end)

    it("a timer beside " .. CALLS .. " slow calls is not held up", function()
      need(loop.needs)
      box:fail { operation = "create_wallet", delay = 0.5, times = CALLS }
      local output = run(loop.beside, CALLS, loop.driver)
      local done, ticks, longest = output:match "(%d+)%s+(%d+)%s+(%d+)"
      assert.equal(CALLS, tonumber(done))
      -- 50 in half a second; a call that blocked would leave none
      assert.is_true(tonumber(ticks) >= 10, output)
      assert.is_true(tonumber(longest) < 400, output)
    end)

    it("the helpers yield to it", function()
      need(loop.needs)
      local output = run(loop.helpers, CALLS, loop.driver)
      assert.equal("3\t3\t123456789012\n", output)
    end)

    if loop.package then
      it("an answer in another's step is told at once", function()
        need(loop.needs)
        box:fail { operation = "create_wallet", delay = 0.4 }
        box:fail { operation = "list_wallets", delay = 0.8 }
        assert.equal("first second\n", run(told_elsewhere, loop.needs, false))
      end)

      it("an answer in another's step wakes a map at once", function()
        need(loop.needs)
        box:fail { operation = "create_wallet", delay = 0.4 }
        box:fail { operation = "list_wallets", delay = 0.8 }
        assert.equal("first second\n", run(told_elsewhere, loop.needs, true))
      end)

      it("a call is sent and answered while another one waits", function()
        need(loop.needs)
        box:fail { operation = "create_wallet", delay = 1 }
        assert.equal("second first\n", run(overtaking, loop.needs))
      end)

      it("a client may be closed right behind a call", function()
        need(loop.needs)
        box:fail { operation = "create_wallet", delay = 0.1, times = 3 }
        assert.equal("3\n", run(closing, loop.needs, false))
      end)

      it("a client may be closed right behind a map", function()
        need(loop.needs)
        box:fail { operation = "create_wallet", delay = 0.1, times = 3 }
        assert.equal("3\n", run(closing, loop.needs, true))
      end)

      it("a missing library says which package to install", function()
        local ended = child.run(without, "coffer.loop." .. loop.needs, loop.needs)
        assert.equal(loop.package .. "\n", ended.output)
      end)
    end
  end)
end

describe("under cqueues", function()
  it("one answer wakes one coroutine", function()
    need "cqueues"
    box = coffer.sandbox()
    box:fail { operation = "create_wallet", delay = 0.3, times = CALLS // 2 }
    box:fail { operation = "create_wallet", delay = 0.6, times = CALLS // 2 }
    local output = run(wakes_cqueues, CALLS)
    box:close()
    assert.equal(("%d\t%d\n"):format(CALLS, CALLS), output)
  end)
end)

describe("under a loop of a host's own", function()
  it("the documented driver tells an answer in another's step at once", function()
    box = coffer.sandbox()
    box:fail { operation = "create_wallet", delay = 0.2 }
    box:fail { operation = "list_wallets", delay = 0.5 }
    local output = run(own_wake, own_driver())
    box:close()
    assert.truthy(output:find("^clumio wallet"), output)
  end)

  it("a driver needs no more than a function that waits", function()
    box = coffer.sandbox()
    box:fail { operation = "create_wallet", delay = 0.3 }
    local output = run(own_loop)
    box:close()
    assert.equal("123456789012\ttrue\n", output)
  end)
end)
