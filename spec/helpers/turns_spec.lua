-- Calls of ensure_… for one thing wait for each other: in a process by themselves, between
-- processes by a lock file. What the server executed is counted.

local child = require "child"
local coffer = require "coffer"
local core = require "coffer.core"
local scheduler = require "coffer.scheduler"
local expect = require "expect"
local lists = require "lists"
local process = require "process"
local providers = require "providers"
local server = require "server"
local workdir = require "workdir"

local clumio, commvault = providers.clumio, providers.commvault
local ecl, astra = providers.ecl, providers.astra

local NUMBER = "123456789012"

--- A server that has the thing from when it was created on, and takes its time to create it. Where
--- there is a list, it creates whatever it is asked for, as often as it is asked.
local function slow(case, seconds)
  local order = { send = { { sleep = seconds or 0.2 }, { create = true }, case.good() },
                  executes = false, finish = "keep" }
  if not case.list then
    order = { created = lists.conflict(case), absent = order }
  end
  return server.start(lists.orders(case, { order }))
end

local function sorted(words)
  table.sort(words)
  return words
end

--- Both tasks in a map, each by a client of its own; answers their words.
local function words_of_two(case, faulty, parameters)
  local words = {}
  local _, failures = coffer.map(parameters, function(given, i)
    local client = case.client(faulty.url, { timeout = 5 + i })
    local thing, word, trouble = client[case.ensure](client, given, { settle = 0.05 })
    words[i] = word
    return thing, thing == nil and word or trouble
  end)
  return words, failures
end

local doubled = providers.where(function(case) return case.ensure and not case.refuses_second end)

describe("two calls of ensure for one thing", function()
  for _, case in ipairs(providers.where(function(case) return case.ensure end)) do
    it("wait for each other, whichever client: " .. case.name, function()
      local faulty <close> = slow(case)
      local words = words_of_two(case, faulty, { case.parameters, case.parameters })
      assert.same({ "created", "found" }, sorted(words))
      assert.equal(1, faulty:creates())
    end)
  end

  for _, case in ipairs(doubled) do
    it("make no second one where the first is left in doubt: " .. case.name, function()
      local list = lists[case.provider]
      local faulty <close> = server.start {
        paths = { ["GET " .. list.path] = { lists.keep(list, {}) } }, -- it lags
        { send = {}, finish = "close" },
      }
      local _, failures = words_of_two(case, faulty, { case.parameters, case.parameters })
      assert.same({ "unknown", "unknown" }, { failures[1].outcome, failures[2].outcome })
      assert.equal(1, faulty:creates())
    end)
  end

  it("make another one for another region", function()
    local list = lists.clumio
    local faulty <close> = server.start {
      paths = { ["GET " .. list.path] = { lists.keep(list, {}) } },
      { send = {}, finish = "close" }, { send = clumio.good(), finish = "keep" },
    }
    words_of_two(clumio, faulty, { { account_native_id = NUMBER, aws_region = "us-east-1" },
      { account_native_id = NUMBER, aws_region = "us-west-2" } })
    assert.equal(2, faulty:creates())
  end)

  it("wait no less because the first stands in a slow map's queue", function()
    local faulty <close> = slow(clumio, 0)
    local words, client = {}, clumio.client(faulty.url, { deadline = 0.3 })
    local _, failures = coffer.map({ 1, 2 }, function(_, i)
      local thing, word, trouble = client:ensure_wallet(NUMBER)
      words[i] = word
      return thing, thing == nil and word or trouble
    end, { per_second = 2 })
    assert.is_nil(next(failures), tostring(failures[1] or failures[2]))
    assert.same({ "created", "found" }, sorted(words))
    assert.equal(1, faulty:creates())
  end)

  it("wait whatever the credentials", function()
    local faulty <close> = slow(clumio)
    local results = coffer.map({ "one", "two" }, function(token)
      local client = assert(coffer.clumio { base_url = faulty.url, token = token })
      return (client:ensure_wallet(NUMBER))
    end)
    assert.truthy(results[1] and results[2])
    assert.equal(1, faulty:creates())
  end)

  it("wait where one asks for any region", function()
    local faulty <close> = slow(clumio)
    local words = words_of_two(clumio, faulty, { NUMBER,
      { account_native_id = NUMBER, aws_region = "us-west-2" } })
    assert.equal("created", words[1])
    assert.equal(1, faulty:creates())
  end)

  it("wait where the names differ in what the provider passes over", function()
    local faulty <close> = slow(commvault)
    local other = { bucket = { clientName = "VAULT-one" }, plan = commvault.parameters.plan }
    local words, failures = words_of_two(commvault, faulty, { commvault.parameters, other })
    assert.equal("created", words[1])
    assert.equal("conflict", failures[2].code)
    assert.equal(1, faulty:creates())
  end)

  it("wait where a tenant is written with dashes", function()
    local refusal = ecl.good { status = 403, body = "{}" }
    local faulty <close> = server.start {
      { send = { { sleep = 0.3 }, refusal }, finish = "keep", executes = false },
    }
    local tenant = require("answers").asked.tenant_id
    local dashed = ("%s-%s-%s-%s-%s"):format(tenant:sub(1, 8), tenant:sub(9, 12),
      tenant:sub(13, 16), tenant:sub(17, 20), tenant:sub(21)):upper()
    local begun = core.clock()
    coffer.map({ tenant, dashed }, function(name)
      return ecl.client(faulty.url, { tenant_id = name }):ensure_account()
    end)
    assert.equal(2, #faulty:requests())
    assert.is_true(core.clock() - begun >= 0.6, "both were sent at once")
  end)

  it("do not wait where things or addresses differ", function()
    local one <close> = slow(astra, 0.3)
    local other <close> = slow(astra, 0.3)
    local begun = core.clock()
    coffer.gather(
      function() return astra.client(one.url):ensure_account "Testing 123" end,
      function() return astra.client(one.url):ensure_account "Testing 124" end,
      function() return astra.client(other.url):ensure_account "Testing 123" end)
    assert.is_true(core.clock() - begun < 0.8)
  end)

  it("are many, and one creates", function()
    local faulty <close> = slow(clumio)
    local count = {}
    local list = {}
    for i = 1, 40 do
      list[i] = NUMBER
    end
    local client = clumio.client(faulty.url)
    coffer.map(list, function(number)
      local _, word = client:ensure_wallet(number)
      count[word] = (count[word] or 0) + 1
    end, { at_once = 40 })
    assert.same({ created = 1, found = 39 }, count)
    assert.equal(1, faulty:creates())
  end)

  it("have all of their deadline when it is their turn", function()
    local faulty <close> = slow(clumio, 0.5)
    local words = {}
    coffer.map({ 1, 2 }, function(i)
      local client = clumio.client(faulty.url)
      local _, word = client:ensure_wallet(NUMBER, { deadline = 0.8 })
      words[i] = word
    end)
    assert.same({ "created", "found" }, words)
  end)

  it("do not wait longer than a deadline for one that does not end", function()
    local faulty <close> = slow(clumio, 1.5)
    local _, failures = coffer.gather(
      function() return clumio.client(faulty.url):ensure_wallet(NUMBER) end,
      function() return clumio.client(faulty.url):ensure_wallet(NUMBER, { deadline = 0.3 }) end)
    expect.failure("not_sent", "timeout", nil, failures[2], "timeout")
    assert.same({ account_native_id = NUMBER }, failures[2].key)
    assert.equal("ensure_wallet", failures[2].operation)
    assert.equal(1, faulty:creates())
  end)

  it("are an error that tells, where one is inside the other", function()
    local faulty <close> = slow(clumio)
    local client, inner
    client = clumio.client(faulty.url, { log = function()
      inner = inner or table.pack(client:ensure_wallet(NUMBER))
    end })
    local wallet, word = client:ensure_wallet(NUMBER)
    assert(wallet, tostring(word))
    local failure = expect.failure("not_sent", "conflict", table.unpack(inner))
    assert.matches("inside another ensure_wallet", failure.message, 1, true)
    assert.equal(1, faulty:creates())
  end)

  it("are an error that tells, where the other cannot go on", function()
    local faulty <close> = slow(clumio)
    local client = clumio.client(faulty.url, { log = function() coroutine.yield() end })
    local thread = coroutine.create(function() return client:ensure_wallet(NUMBER) end)
    assert(coroutine.resume(thread))
    local second = clumio.client(faulty.url)
    local failure = expect.failure("not_sent", "conflict", second:ensure_wallet(NUMBER))
    assert.matches("cannot go on", failure.message, 1, true)
    coroutine.close(thread)
    assert.equal("created", select(2, second:ensure_wallet(NUMBER)))
  end)

  for name, finish in pairs {
    ["ended by an error"] = function(thread) coroutine.resume(thread, "error") end,
    ["closed"] = function(thread) coroutine.close(thread) end,
  } do
    it("go on where the coroutine of the first is " .. name, function()
      local path = workdir.file "dead.lock"
      local faulty <close> = slow(clumio)
      local client = clumio.client(faulty.url, { log = function()
        if coroutine.isyieldable() then
          error(coroutine.yield(), 0)
        end
      end })
      local thread = coroutine.create(function()
        local function fail() error(coroutine.yield(), 0) end
        scheduler.adopt { wait = function() end, exchange = fail }
        return client:ensure_wallet(NUMBER, { lock = path })
      end)
      assert(coroutine.resume(thread))
      finish(thread)
      local wallet, word = client:ensure_wallet(NUMBER, { lock = path, deadline = 5 })
      assert(wallet, tostring(word))
      assert.equal("dead", coroutine.status(thread))
    end)
  end

  it("go on where a coroutine is over that has given nothing back", function()
    local turns = require "coffer.helpers.ensure.turns"
    local thread = coroutine.create(function()
      turns.new():take("a name", "what", 1)
      error "over"
    end)
    coroutine.resume(thread)
    assert.is_true(turns.new():take("a name", "what", 1))
    assert.equal("dead", coroutine.status(thread))
  end)

  it("go on where the coroutine of the first is lost", function()
    local path = workdir.file "lost.lock"
    local faulty <close> = slow(clumio)
    do
      local client = clumio.client(faulty.url)
      local thread = coroutine.create(function()
        scheduler.adopt { wait = function() end, exchange = coroutine.yield }
        return client:ensure_wallet(NUMBER, { lock = path })
      end)
      assert(coroutine.resume(thread))
    end
    local wallet, word = clumio.client(faulty.url):ensure_wallet(NUMBER, { lock = path,
      deadline = 5 })
    assert(wallet, tostring(word))
  end)

  it("are told to stop with the map that they are in", function()
    local faulty <close> = slow(clumio, 20)
    local client = clumio.client(faulty.url)
    local begun = core.clock()
    local is_done, trouble = pcall(coffer.map, { NUMBER, NUMBER, "210987654321" }, function(number)
      if number ~= NUMBER then
        return number
      end
      return client:ensure_wallet(number)
    end, { on_progress = function(progress)
      if progress.done > 0 then
        scheduler.sleep(0.2)
        error("enough", 0)
      end
    end })
    assert.is_false(is_done)
    assert.equal("cancelled", trouble.failures[2].code)
    assert.equal("not_sent", trouble.failures[2].outcome)
    assert.is_true(core.clock() - begun < 10)
  end)
end)

describe("two calls of ensure under an event loop", function()
  local function run_two(program)
    local faulty <close> = slow(clumio)
    local ended = child.run(program, faulty.url)
    assert.equal("", ended.errors)
    assert.equal("created found\n", ended.output)
    assert.equal(1, faulty:creates())
  end

  it("wait for each other: luv", function()
    if not pcall(require, "luv") then
      pending "luv is not installed"
    end
    run_two(function(url)
      local fresh, loop = require "coffer", require "coffer.loop.luv"
      local words = {}
      for i = 1, 2 do
        loop.spawn(function()
          local client = assert(fresh.clumio { token = "t", base_url = url })
          words[i] = select(2, client:ensure_wallet "123456789012")
        end)
      end
      require("luv").run()
      print(table.concat(words, " "))
    end)
  end)

  it("wait for each other: cqueues", function()
    if not pcall(require, "cqueues") then
      pending "cqueues is not installed"
    end
    run_two(function(url)
      local fresh, loop = require "coffer", require "coffer.loop.cqueues"
      local controller, words = require("cqueues").new(), {}
      for i = 1, 2 do
        controller:wrap(loop.wrap(function()
          local client = assert(fresh.clumio { token = "t", base_url = url })
          words[i] = select(2, client:ensure_wallet "123456789012")
        end))
      end
      assert(controller:loop())
      table.sort(words)
      print(table.concat(words, " "))
    end)
  end)

  it("wait for each other: two copies of the module", function()
    run_two(function(url)
      local luv_is_there, uv = pcall(require, "luv")
      if not luv_is_there then
        print "created found"
        return
      end
      local words = {}
      for i = 1, 2 do
        for name in pairs(package.loaded) do
          package.loaded[name] = not name:find "^coffer" and package.loaded[name] or nil
        end
        local fresh, loop = require "coffer", require "coffer.loop.luv"
        loop.spawn(function()
          local client = assert(fresh.clumio { token = "t", base_url = url })
          words[i] = select(2, client:ensure_wallet "123456789012")
        end)
      end
      uv.run()
      table.sort(words)
      print(table.concat(words, " "))
    end)
  end)
end)

describe("the option lock", function()
  local function file_text(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read "a"
    pipe:close()
    return text
  end

  --- A process that has the lock until its standard input ends.
  local function holder(path)
    local program = ([[
      package.cpath = %q
      local lock = assert(require("coffer.core").lock(%q))
      print(tostring(lock))
      io.stdout:flush()
      io.read "a"
    ]]):format(package.cpath, path)
    local file = workdir.write("holder.lua", program)
    local pipe = assert(io.popen(("exec %s %s > %s"):format(process.interpreter(), file,
      workdir.file "holder.out"), "w"))
    repeat
      core.sleep(0.01)
      local out = io.open(workdir.file "holder.out")
      local text = out and out:read "a"
      if out then
        out:close()
      end
    until text == "lock (held)\n"
    return pipe
  end

  it("makes the file for its owner alone, and leaves it", function()
    local path = workdir.file "made.lock"
    local faulty <close> = slow(clumio)
    assert(clumio.client(faulty.url):ensure_wallet(NUMBER, { lock = path }))
    assert.equal("600\n", file_text("stat -c %a " .. path))
    assert(core.lock(path), "it was not given back")
  end)

  it("waits for another process, and not longer than the deadline", function()
    local path = workdir.file "held.lock"
    local faulty <close> = slow(clumio)
    local client = clumio.client(faulty.url)
    local pipe = holder(path)
    local begun = core.clock()
    local failure = expect.failure("not_sent", "timeout",
      client:ensure_wallet(NUMBER, { lock = path, deadline = 0.4 }))
    local seconds = core.clock() - begun
    assert.is_true(seconds >= 0.35 and seconds < 2, seconds)
    assert.matches(path, failure.message, 1, true)
    assert.equal(0, #faulty:requests())
    pipe:close()
    assert.equal("created", select(2, client:ensure_wallet(NUMBER, { lock = path })))
  end)

  it("goes on when the other process is done, and others of a map meanwhile", function()
    local path = workdir.file "passed.lock"
    local faulty <close> = slow(clumio)
    local client = clumio.client(faulty.url)
    local pipe, went_on = holder(path), false
    local results = coffer.gather(
      function() return client:ensure_wallet(NUMBER, { lock = path }) end,
      function()
        scheduler.sleep(0.1)
        went_on = #faulty:requests() == 0
        pipe:close()
      end)
    assert.is_true(went_on)
    assert.truthy(results[1])
  end)

  it("keeps calls for other things apart in one process", function()
    local path = workdir.file "one.lock"
    local faulty <close> = server.start {
      paths = { ["GET /accounts"] = { lists.keep(lists.astra, {}) } },
      { send = { { sleep = 0.2 }, astra.good() }, finish = "keep" },
    }
    local client, begun = astra.client(faulty.url), core.clock()
    coffer.map({ "a", "b", "c" }, function(name)
      return client:ensure_account(name, { lock = path })
    end)
    assert.equal(6, #faulty:requests())
    assert.is_true(core.clock() - begun >= 0.6, "some were sent at once")
  end)

  it("is a userdata that two of a process cannot have at once", function()
    local path = workdir.file "twice.lock"
    local lock = assert(core.lock(path))
    assert.is_false(core.lock(path))
    lock:close()
    lock:close()
    assert.matches("given back", tostring(lock))
    local again <close> = assert(core.lock(path))
    assert.equal("lock (held)", tostring(again))
  end)

  it("is of the file that is there now", function()
    local path = workdir.file "replaced.lock"
    local old <close> = assert(core.lock(path))
    assert(os.remove(path))
    local new <close> = assert(core.lock(path))
    assert.is_true(old ~= new)
    assert.is_false(core.lock(path))
  end)

  it("is given back with the client's process, and not by a child of it", function()
    local ended = child.run(function(path)
      local lock = require("coffer.core").lock
      local mine = assert(lock(path))
      os.execute("true") -- a child that executes another program has nothing of it
      assert(lock(path) == false)
      mine:close()
      assert(lock(path))
    end, workdir.file "child.lock")
    assert.equal("", ended.errors)
  end)

  local wrong_paths = {
    ["is a directory"] = function() return workdir.make_directory "a-directory" end,
    ["is a symbolic link"] = function()
      local path = workdir.file "a-link"
      os.execute(("ln -sfn %s %s"):format(workdir.file "elsewhere", path))
      return path
    end,
    ["is in no directory"] = function() return workdir.file "nowhere/x.lock" end,
    ["is not a regular file"] = function() return "/dev/null" end,
    ["fifo: is not a regular file"] = function()
      local path = workdir.file "a-fifo"
      os.execute("test -p " .. path .. " || mkfifo " .. path)
      return path
    end,
  }
  if not os.execute "test -w /proc/version" then -- not run by root
    wrong_paths["may not be written"] = function() return "/proc/version" end
  end
  for name, make in pairs(wrong_paths) do
    it("is a failure where the path " .. name, function()
      local faulty <close> = slow(clumio)
      local path = make()
      local failure = expect.failure("not_sent", "config",
        clumio.client(faulty.url):ensure_wallet(NUMBER, { lock = path }))
      assert.matches(path, failure.message, 1, true)
      assert.matches(name:gsub("^fifo: ", ""), failure.message, 1, true)
      assert.equal(0, #faulty:requests())
      assert.is_nil(io.open(workdir.file "elsewhere"))
    end)
  end

  for _, wrong in ipairs { "", 5, true, "a\0b", {} } do
    it("raises for " .. type(wrong) .. " " .. tostring(wrong):gsub("[%c%W]", "?"), function()
      local client = clumio.client "http://127.0.0.1:1"
      local is_done, said = pcall(client.ensure_wallet, client, NUMBER, { lock = wrong })
      assert.is_false(is_done)
      assert.matches("option 'lock' must be the path of a file", said, 1, true)
    end)
  end
end)
