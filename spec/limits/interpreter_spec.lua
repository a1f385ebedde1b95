-- What Lua and its host may do to clients and requests: errors, collections and interrupts at any
-- moment, the end of the state, forks, second copies.

local authority = require "authority"
local child = require "child"
local scheduler = require "coffer.scheduler"
local expect = require "expect"
local process = require "process"
local providers = require "providers"
local server = require "server"
local workdir = require "workdir"

local clumio = providers.clumio

local function keep_alive(more)
  local orders = { { send = clumio.good(), finish = "keep" } }
  for name, value in pairs(more or {}) do
    orders[name] = value
  end
  return server.start(orders)
end

--- Answers the first request and leaves the rest in the air.
local function fall_silent()
  return server.start {
    { send = clumio.good(), finish = "keep" },
    { read = "request", finish = "hang" },
  }
end

local function assert_ends_well(ended, output)
  assert.equal("", ended.errors)
  assert.equal(output or "", ended.output)
  assert.equal(0, ended.status)
end

describe("a client that is left behind", function()
  it("is collected while an error is on its way", function()
    local faulty <close> = keep_alive()
    local ended = child.run(function(url)
      local coffer = require "coffer"
      local function handler(trouble)
        collectgarbage()
        return trouble .. " handled"
      end
      for _ = 1, 20 do
        local _, trouble = xpcall(function()
          local client = assert(coffer.clumio { base_url = url, token = "t" })
          assert(client:create_wallet "123456789012")
          error("stop", 0)
        end, handler)
        io.write(trouble, "\n")
        collectgarbage()
      end
    end, faulty.url)
    assert_ends_well(ended, ("stop handled\n"):rep(20))
    assert.equal(20, faulty:creates())
  end)

  it("is closed at the end of its block, after an error too", function()
    local faulty <close> = keep_alive()
    local client = clumio.client(faulty.url)
    assert.has_error(function()
      local mine <close> = client
      expect.created(clumio, clumio.create(mine))
      error("stop", 0)
    end, "stop")
    assert.truthy(tostring(client):find("closed", 1, true))
    assert.has_error(function()
      clumio.create(client)
    end)
    assert.equal(1, faulty:creates())
  end)

  it("takes what is in the air along when it is closed", function()
    local faulty <close> = server.start { { read = "request", finish = "hang" } }
    local client = clumio.client(faulty.url)
    local prepare = require("coffer.core").describe("clumio").operations.create_wallet.prepare
    local request = prepare(client, "123456789012")
    request:start()
    repeat
      request:step(0.05)
    until #faulty:requests() == 1
    getmetatable(client).__close(client)
    assert.is_true(request:step(0))
    local result, told = request:finish()
    assert.is_nil(result)
    assert.equal("unknown", told.outcome)
    assert.has_error(function()
      request:start()
    end)
  end)

  it("stays alive as long as a request of it is in the air", function()
    local faulty <close> = keep_alive()
    local prepare = require("coffer.core").describe("clumio").operations.create_wallet.prepare
    local request = prepare(clumio.client(faulty.url), "123456789012")
    collectgarbage()
    request:start()
    collectgarbage()
    while not request:step(0.05) do
      collectgarbage()
    end
    assert.equal("w-1", request:finish().id)
  end)
end)

--- Leaves clients in every state: unused, used, with requests that are prepared, in the air,
--- answered, read. One object is collected before all of them, one after; it uses them all. (The
--- first makes no calls: Lua never collects what is made after the end has begun.)
local function leave_all_behind(url, is_late)
  local core = require "coffer.core"
  local coffer = require "coffer"
  local kept = {}
  local function finalizer(makes_calls)
    return setmetatable({}, { __gc = function()
      for _, thing in ipairs(kept) do
        tostring(thing)
        if makes_calls then
          pcall(function() return thing:create_wallet "123456789012" end)
        end
        for _, name in ipairs { "start", "step", "stop", "finish", "response", "describe" } do
          pcall(function() return thing[name](thing) end)
        end
      end
    end })
  end
  kept.first = finalizer(true)
  local function client()
    local made = assert(coffer.clumio { base_url = url, token = "t", timeout = 0.1 })
    kept[#kept + 1] = made
    return made
  end
  client()
  local used = client()
  kept[#kept + 1] = used:create_wallet "123456789012"
  kept[#kept + 1] = used:request("create_wallet", "123456789012")
  for stage = 0, 2 do
    local prepare = core.describe("clumio").operations.create_wallet.prepare
    local request = prepare(stage == 2 and used or client(), "123456789012")
    kept[#kept + 1] = request
    if stage > 0 then
      request:start()
    end
    if stage > 1 then
      request:step(0.1)
    end
  end
  kept.last = finalizer(false)
  coffer.kept = is_late and kept or nil
end

describe("the end of the interpreter", function()
  local ways = {
    ["the script's end"] = { function() end, 0 },
    ["os.exit(true, true)"] = { function() os.exit(true, true) end, 0 },
    ["os.exit(3, true)"] = { function() os.exit(3, true) end, 3 },
    ["os.exit(true)"] = { function() os.exit(true) end, 0 },
    ["an error"] = { function() error("over", 0) end, 1, ": over\n" },
  }

  for name, way in pairs(ways) do
    for _, is_late in ipairs { true, false } do
      it(("by %s is clean with %s clients"):format(name, is_late and "open" or "lost"),
        function()
          local faulty <close> = fall_silent()
          local program = child.write(leave_all_behind, faulty.url, is_late)
          local finish = child.write(way[1])
          local ended = child.run(function(...)
            for _, path in ipairs { ... } do
              dofile(path)
            end
          end, program, finish)
          assert.truthy(ended.errors:find(way[3] or "^$"), ended.errors)
          assert.equal("", ended.output)
          assert.equal(way[2], ended.status)
          assert.is_true(faulty:creates() >= 1)
        end)
    end
  end
end)

--- Calls f with a hook that raises at the n-th instruction; answers whether it came to that.
local function interrupt_at(n, f)
  local left = n
  local function hook()
    left = left - 1
    if left == 0 then
      debug.sethook()
      error("interrupted", 0)
    end
  end
  local ok, trouble = pcall(function()
    debug.sethook(hook, "", 1)
    f()
    debug.sethook()
  end)
  local cause = type(trouble) == "table" and trouble.cause or trouble -- in the air, or not
  assert(ok or cause == "interrupted", trouble)
  return left <= 0
end

describe("an error of a function that coffer calls", function()
  local function failing()
    error("canary-error", 0)
  end

  it("leaves the outcome as it is: log", function()
    local faulty <close> = keep_alive()
    local client = clumio.client(faulty.url, { log = failing })
    expect.created(clumio, clumio.create(client))
    expect.created(clumio, clumio.create(client))
    assert.equal(2, faulty:creates())
  end)

  it("is a failure, and the next call works: token", function()
    local faulty <close> = keep_alive()
    local may_fail = true
    local client = clumio.client(faulty.url, { token = function()
      return may_fail and failing() or "t"
    end })
    local failure = expect.failure("not_sent", "auth", clumio.create(client))
    assert.is_nil(tostring(failure):find "canary")
    assert.equal(0, #faulty:requests())
    may_fail = false
    expect.created(clumio, clumio.create(client))
  end)

  it("or a client that is closed by it cost no answer: log", function()
    local faulty <close> = keep_alive()
    local client
    client = clumio.client(faulty.url, { log = function() client:close() end })
    expect.created(clumio, clumio.create(client))
    assert.has_error(function()
      clumio.create(client)
    end)
    assert.equal(1, faulty:creates())
  end)

  it("or a client that is closed by it are no crash: token", function()
    local faulty <close> = keep_alive()
    local client
    client = clumio.client(faulty.url, { token = function() client:close() return "t" end })
    pcall(clumio.create, client)
    assert.equal(0, #faulty:requests())
  end)

  it("may be a call of its own, in a finalizer", function()
    local faulty <close> = keep_alive()
    local client = clumio.client(faulty.url)
    local inner = 0
    local function leave_one()
      setmetatable({}, { __gc = function()
        inner = inner + (clumio.create(client) and 1 or 0)
      end })
    end
    for _ = 1, 30 do
      leave_one()
      expect.created(clumio, clumio.create(client))
      collectgarbage "step"
    end
    collectgarbage()
    assert.equal(30, inner)
    assert.equal(60, faulty:creates())
  end)
end)

describe("an error at any moment", function()
  it("lets a create be sent once, and the next one work", function()
    local faulty <close> = keep_alive()
    local client = clumio.client(faulty.url)
    local tries, answered = 0, 0
    repeat
      tries = tries + 1
      local result
      local is_interrupted = interrupt_at(tries, function()
        result = clumio.create(client)
      end)
      answered = answered + (result and 1 or 0)
      local creates = faulty:creates()
      assert.is_true(creates <= tries and creates >= answered)
    until not is_interrupted
    assert.is_true(tries > 20, "the hook was not called")
    assert.is_true(answered >= 1)
    local before = faulty:creates()
    expect.created(clumio, clumio.create(client))
    assert.equal(before + 1, faulty:creates())
  end)

  it("cuts what is in the air, and tells that its outcome is unknown", function()
    local faulty <close> = server.start {
      { read = "request", finish = "hang" }, { send = clumio.good(), finish = "keep" },
    }
    local client = clumio.client(faulty.url)
    local started = os.time()
    debug.sethook(function()
      if os.time() - started >= 1 then
        debug.sethook()
        error("interrupted", 0)
      end
    end, "", 1)
    collectgarbage "stop"
    local ok, trouble = pcall(clumio.create, client)
    debug.sethook()
    local due = require("coffer.core").timeout(client)
    collectgarbage "restart"
    assert.is_false(ok)
    assert.equal("interrupted", trouble.cause)
    expect.failure("unknown", "cancelled", nil, trouble.failure, "cancelled")
    assert.is_nil(due, "it is still in the air")
    expect.created(clumio, clumio.create(client))
    assert.equal(2, faulty:creates())
  end)

  it("behind the answer leaves the answer with the failure", function()
    local faulty <close> = keep_alive()
    local client = clumio.client(faulty.url)
    local thread = coroutine.create(function()
      scheduler.adopt { wait = function() end, exchange = function(_, request, seconds)
        request:start(seconds)
        while not request:step(0.1) do
        end
        error("interrupted", 0)
      end }
      return clumio.create(client)
    end)
    local is_done, trouble = coroutine.resume(thread)
    assert.is_false(is_done)
    assert.equal("interrupted", trouble.cause)
    expect.failure("unknown", "cancelled", nil, trouble.failure, "cancelled")
    assert.same({ account_native_id = "123456789012" }, trouble.failure.key)
    assert.matches('"w-1"', require("coffer").response(trouble.failure).body, 1, true)
  end)

  it("inside a coroutine leaves the client usable", function()
    local faulty <close> = keep_alive()
    local client = clumio.client(faulty.url)
    for _ = 1, 3 do
      local thread = coroutine.create(function()
        clumio.create(client)
        error "stop"
      end)
      assert.is_false((coroutine.resume(thread)))
      coroutine.close(thread)
    end
    expect.created(clumio, clumio.create(client))
    assert.equal(4, faulty:creates())
  end)

  it("frees a request whose coroutine is closed, or lost, in the midst of it", function()
    local faulty <close> = server.start {
      { read = "request", finish = "hang" }, { read = "request", finish = "hang" },
      { send = clumio.good(), finish = "keep" },
    }
    local client = clumio.client(faulty.url)
    local prepare = require("coffer.core").describe("clumio").operations.create_wallet.prepare
    local function begin()
      local thread = coroutine.create(function()
        local request <close> = prepare(client, "123456789012")
        request:start()
        while not request:step(0.05) do
          coroutine.yield()
        end
      end)
      local before = #faulty:requests()
      repeat
        assert(coroutine.resume(thread))
      until #faulty:requests() > before
      return thread
    end
    assert.is_true(coroutine.close(begin()))
    begin()
    collectgarbage()
    expect.created(clumio, clumio.create(client))
    assert.equal(3, faulty:creates())
  end)

  it("from the keyboard stops a script that waits for a slow answer", function()
    local faulty <close> = server.start { { read = "request", finish = "hang" } }
    local running <close> = child.start(function(url)
      local coffer = require "coffer"
      local client = assert(coffer.clumio { base_url = url, token = "t" })
      client:create_wallet "123456789012"
    end, faulty.url)
    repeat until #faulty:requests() == 1
    local started = os.time()
    os.execute("kill -INT " .. running.id)
    local said = running.output:read "a"
    assert.is_true(os.time() - started <= 2)
    assert.truthy(said:find("interrupted!", 1, true), said)
    assert.same({ nil, "exit", 1 }, { running.output:close() })
    running.output = nil
    assert.equal(1, faulty:creates())
  end)
end)

describe("a fork", function()
  local function run(program, faulty)
    child.need "fork.so"
    -- what the child leaves alone would be a leak to a sanitizer
    local ended = child.execute("env ASAN_OPTIONS=detect_leaks=0 "
      .. child.command(program, faulty.url, authority.get().root))
    assert_ends_well(ended, "child 0\n")
  end

  it("takes no client along, and the child's end does not disturb the parent's", function()
    local faulty <close> = keep_alive { tls = authority.get().good }
    run(function(url, ca_file)
      local coffer, fork = require "coffer", require "fork"
      local client = assert(coffer.clumio { base_url = url, token = "t", ca_file = ca_file })
      local wallet = assert(client:create_wallet "123456789012")
      local id = fork.fork()
      if id == 0 then
        local ok, trouble = pcall(wallet.refresh, wallet)
        assert(not ok and trouble:find "another process", trouble)
        local own = assert(coffer.clumio { base_url = url, token = "t", ca_file = ca_file })
        assert(own:create_wallet "123456789012")
        client = nil
        collectgarbage()
        os.exit(0, true)
      end
      print("child " .. fork.wait(id))
      assert(client:create_wallet "123456789012")
    end, faulty)
    local seen = faulty:connections()
    assert.equal(2, #seen)
    assert.equal(2, seen[1].requests)
    assert.equal(3, faulty:creates())
  end)

  it("leaves a request in the air to the parent", function()
    local faulty <close> = server.start {
      tls = authority.get().good,
      { send = { { sleep = 1 }, clumio.good() }, finish = "keep" },
    }
    run(function(url, ca_file)
      local coffer, core, fork = require "coffer", require "coffer.core", require "fork"
      local prepare = core.describe("clumio").operations.create_wallet.prepare
      local client = assert(coffer.clumio { base_url = url, token = "t", ca_file = ca_file })
      local request = prepare(client, "123456789012")
      request:start()
      for _ = 1, 5 do
        request:step(0.05)
      end
      local id = fork.fork()
      if id == 0 then
        local ok, trouble = pcall(request.step, request, 5)
        assert(not ok and trouble:find "another process", trouble)
        for _, ask in ipairs { "step", "finished", "descriptor", "timeout" } do
          ok, trouble = pcall(core[ask], client)
          assert(not ok and trouble:find "another process", ask)
        end
        request:stop()
        request = nil
        collectgarbage()
        os.exit(0, true)
      end
      print("child " .. fork.wait(id))
      while not request:step(0.1) do end
      assert(request:finish().id == "w-1")
      assert(client:create_wallet "123456789012")
    end, faulty)
    assert.equal(1, #faulty:connections())
    assert.equal(2, faulty:creates())
  end)
end)

describe("a second copy", function()
  it("works beside the first after package.loaded was cleared", function()
    local faulty <close> = keep_alive()
    local ended = child.run(function(url)
      local function copy()
        for name in pairs(package.loaded) do
          if name:find "^coffer" then
            package.loaded[name] = nil
          end
        end
        local coffer = require "coffer"
        return coffer, assert(coffer.clumio { base_url = url, token = "t" })
      end
      local first, older = copy()
      local second, newer = copy()
      assert(first ~= second)
      for _, client in ipairs { older, newer } do
        local wallet = assert(client:create_wallet "123456789012")
        assert(first.response(wallet).status == 200)
        assert(second.response(wallet).status == 200)
        assert(wallet:refresh().id == "w-1")
      end
    end, faulty.url)
    assert_ends_well(ended)
    assert.equal(2, faulty:creates())
  end)

  it("has helpers of its own", function()
    local ended = child.run(function()
      local function helper()
        return assert(require("coffer").clumio { token = "t" }).ensure_wallet
      end
      local first = helper()
      for name in pairs(package.loaded) do
        package.loaded[name] = not name:find "^coffer" and package.loaded[name] or nil
      end
      assert(helper() ~= first)
    end)
    assert_ends_well(ended)
  end)

  it("opened twice by hand, under another name, and from another file", function()
    local faulty <close> = keep_alive()
    local copy = workdir.file "copy.so"
    local ended = child.run(function(url, path)
      local original = package.searchpath("coffer.core", package.cpath)
      assert(os.execute(("cp '%s' '%s'"):format(original, path)))
      local cores = { (require "coffer.core") }
      for _, file in ipairs { original, original, path } do
        cores[#cores + 1] = assert(package.loadlib(file, "luaopen_coffer_core"))()
      end
      package.loaded["another.name"] = cores[2]
      for _, opener in ipairs(cores) do
        for _, caller in ipairs(cores) do
          local client = assert(opener.open("clumio", { base_url = url, token = "t",
            timeout = 10, connect_timeout = 10, max_response = 10000 }))
          local request = caller.describe("clumio").operations.create_wallet
            .prepare(client, "123456789012")
          request:start()
          while not request:step(0.1) do end
          assert(request:finish().id == "w-1")
        end
      end
    end, faulty.url, copy)
    assert_ends_well(ended)
    assert.equal(16, faulty:creates())
  end)

  it("lives in a second Lua state, and the first outlives it", function()
    local faulty <close> = keep_alive()
    if not package.searchpath("coffer.sandbox.core", package.cpath) then
      pending "the sandbox, whose states are used, is not built"
    end
    local inner = workdir.write("inner_state.lua", [[
      local coffer = require "coffer"
      local clients = {}
      return { create = function(url)
        local client = assert(coffer.clumio { base_url = url, token = "t" })
        clients[#clients + 1] = client
        return assert(client:create_wallet "123456789012").id
      end }
    ]])
    local ended = child.run(function(url, path)
      local sandbox = require "coffer.sandbox.core"
      local coffer = require "coffer"
      local outer = assert(coffer.clumio { base_url = url, token = "t" })
      assert(outer:create_wallet "123456789012")
      local states = {}
      for i = 1, 3 do
        states[i] = sandbox.start("inner_state", path .. ";" .. package.path, package.cpath)
        assert(states[i]:call("create", url) == "w-1")
      end
      for _, state in ipairs(states) do
        assert(state:call("create", url) == "w-1")
        state:close()
        assert(outer:create_wallet "123456789012")
      end
    end, faulty.url, (inner:gsub("[^/]*$", "?.lua")))
    assert_ends_well(ended)
    assert.equal(10, faulty:creates())
  end)
end)

describe("the module", function()
  it("leaves no global behind and asks for none", function()
    local faulty <close> = keep_alive()
    local ended = child.run(function(url)
      local function refuse(_, name)
        error("a global: " .. tostring(name), 2)
      end
      setmetatable(_G, { __index = refuse, __newindex = refuse })
      local coffer = require "coffer"
      local client = assert(coffer.clumio { base_url = url, token = "t" })
      assert(client:create_wallet "123456789012")
      tostring(select(2, client:create_wallet "1"))
      client:request("create_wallet", "123456789012"):curl()
    end, faulty.url)
    assert_ends_well(ended)
  end)

  it("loads what it needs when that is needed", function()
    local ended = child.run(function()
      local function show_loaded()
        local names = {}
        for name in pairs(package.loaded) do
          names[#names + 1] = name:match "^coffer.*"
        end
        table.sort(names)
        print(table.concat(names, " "))
      end
      local coffer = require "coffer"
      show_loaded()
      local client = assert(coffer.clumio { token = "t" })
      assert(client.wallets and not coffer.response {})
      local before = package.loaded["coffer.map"]
      coffer.map({}, function() end)
      print(before, package.loaded["coffer.map"] ~= nil)
    end)
    assert_ends_well(ended, "coffer coffer.core coffer.need\nnil\ttrue\n")
  end)

  it("lists all methods of a client, those not loaded yet among them", function()
    local ended = child.run(function()
      local client = assert(require("coffer").clumio { token = "t" })
      local names = {}
      for name in pairs(getmetatable(client).__index) do
        names[name] = true
      end
      assert(names.create_wallet and names.request and names.wallets and names.ensure_wallet)
    end)
    assert_ends_well(ended)
  end)

  it("that could not be loaded is asked for again", function()
    local ended = child.run(function()
      local coffer = require "coffer"
      local box <close> = coffer.sandbox()
      local client = assert(coffer.clumio(box:options "clumio"))
      local wallet = assert(client:create_wallet "123456789012")
      local path = package.path
      package.path = "/nowhere/?.lua"
      assert(not pcall(function() return client.wallets end))
      assert(not pcall(function() return wallet.wait end))
      package.path = path
      assert(client:wallets() and wallet.wait)
      assert(client:ensure_wallet "123456789012")
    end)
    assert_ends_well(ended)
  end)

  --- To look for a file behind an answer would cost the answer where there is none to be had.
  it("is not looked for once a request is on its way", function()
    local ended = child.run(function()
      local coffer = require "coffer"
      local box <close> = coffer.sandbox()
      local mine, told = box:credentials "commvault", 0
      local function options(provider)
        return box:options(provider, { log = function() told = told + 1 end })
      end
      local client = assert(coffer.commvault(options "commvault"))
      local astra = assert(coffer.astra(options "astra"))
      package.path, package.loaded["coffer.helpers.log"] = "/nowhere/?.lua", nil
      assert(not pcall(astra.list_accounts, astra, { include = "name" }))
      assert(told == 0, told)
      local session = assert(client:login { username = mine.username, password = mine.password })
      assert(session.token:reveal())
      assert(client:list_plans())
      assert(told == 2, told)
    end)
    assert_ends_well(ended)
  end)

  --- What a tool says of the module's file; nil where there is no such tool.
  local function ask(tool)
    local path = package.searchpath("coffer.core", package.cpath)
    local pipe = io.popen(("command -v %s >/dev/null && %s %s")
      :format(tool:match "%S+", tool, process.quote(path)))
    local said = pipe:read "a"
    pipe:close()
    return said ~= "" and said or nil
  end

  it("shows one symbol", function()
    local said = ask "nm -D --defined-only"
    if not said then
      pending "there is no nm"
    end
    local names = {}
    for name in said:gmatch "%x+ %a (%S+)\n" do
      names[#names + 1] = name
    end
    assert.same({ "luaopen_coffer_core" }, names)
  end)

  it("has no statics that can be written", function()
    local said = ask "size -A"
    if not said or os.getenv "COFFER_SANITIZED" then
      pending "there is no size, or it is not ours alone"
    end
    for _, section in ipairs { ".data", ".bss" } do
      local size = said:match("\n%" .. section .. "%s+(%d+)")
      assert.is_true(tonumber(size or 0) <= 8, section .. " has more than the toolchain's own")
    end
    assert.is_nil(said:find "%.tdata")
    assert.is_nil(said:find "%.tbss")
  end)
end)

describe("a name that nobody looks up", function()
  it("does not outlast the time-out, nor the end of the script", function()
    local preload = child.need "slow_resolver.so"
    if os.getenv "COFFER_SANITIZED" then
      pending "the sanitizers have a resolver of their own in front"
    end
    local command = child.command(function()
      local core = require "coffer.core"
      local coffer = require "coffer"
      local client = assert(coffer.clumio {
        base_url = "https://name.invalid", token = "t", timeout = 0.3,
      })
      local started = core.clock()
      local _, failure = client:create_wallet "123456789012"
      assert(failure.outcome == "not_sent" and failure.code == "timeout", tostring(failure))
      assert(core.clock() - started < 3)
    end)
    local started = os.time()
    assert_ends_well(child.execute(("env LD_PRELOAD=%s %s")
      :format(process.quote(preload), command)))
    assert.is_true(os.time() - started < 6)
  end)
end)
