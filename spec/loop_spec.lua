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
  local core, there, drive = require "coffer.core", require "coffer", require "coffer.drive"
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
      drive.adopt(driver)
      local wallet = clumio:create_wallet(("%012d"):format(i))
      done, left = done + (wallet and 1 or 0), left - 1
    end)
  end
  copas.loop()
  print(done, ticks, longest * 1000 // 1)
end

local function helpers_copas(base_url, token, _, driver_text)
  local there, drive = require "coffer", require "coffer.drive"
  local copas, driver = require "copas", assert(load(driver_text))()
  local clumio = assert(there.clumio { base_url = base_url, token = token })
  copas.addthread(function()
    drive.adopt(driver)
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

--- A loop of a host's own, by the page on writing another adapter.
local function own_loop(base_url, token)
  local core, there, drive = require "coffer.core", require "coffer", require "coffer.drive"
  local clumio = assert(there.clumio { base_url = base_url, token = token })
  local waits = 0
  local driver = { wait = function(clients, seconds)
    waits = waits + 1
    core.wait(clients, math.min(seconds, 0.05))
    coroutine.yield()
  end }
  local thread = coroutine.create(function()
    drive.adopt(driver)
    return assert(clumio:create_wallet "123456789012").account_native_id
  end)
  local is_fine, said
  repeat
    is_fine, said = coroutine.resume(thread)
    assert(is_fine, said)
  until coroutine.status(thread) == "dead"
  print(said, waits > 1)
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
      it("a missing library says which package to install", function()
        local ended = child.run(without, "coffer.loop." .. loop.needs, loop.needs)
        assert.equal(loop.package .. "\n", ended.output)
      end)
    end
  end)
end

describe("under a loop of a host's own", function()
  it("a driver needs no more than a function that waits", function()
    box = coffer.sandbox()
    box:fail { operation = "create_wallet", delay = 0.3 }
    local output = run(own_loop)
    box:close()
    assert.equal("123456789012\ttrue\n", output)
  end)
end)
