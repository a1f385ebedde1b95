-- What is around a process: signals, the limit of its descriptors, the libcurl that it finds, the
-- network that it is in.

local authority = require "authority"
local child = require "child"
local expect = require "expect"
local process = require "process"
local providers = require "providers"
local server = require "server"
local socket = require "socket"
local workdir = require "workdir"

local clumio = providers.clumio

local function assert_ends_well(said)
  assert.equal(0, said.status, said.output .. said.errors)
  return said
end

describe("signals", function()
  it("at a thousand a second have no effect on 200 creates", function()
    child.need "storm.so"
    local faulty <close> = server.start { { finish = "keep",
      send = { clumio.good():sub(1, 40), { sleep = 0.005 }, clumio.good():sub(41) } } }
    local said = assert_ends_well(child.run(function(url)
      local fallen, is_done, trouble = require("storm").rage(function()
        local client = assert(require("coffer").clumio { base_url = url, token = "t",
          attempts = 1 })
        for i = 1, 200 do
          local wallet, failure = client:create_wallet "123456789012"
          assert(wallet, i .. ": " .. tostring(failure))
        end
      end)
      assert(is_done, trouble)
      print(fallen)
    end, faulty.url))
    assert.is_true(tonumber(said.output) >= 200, said.output .. " signals")
    assert.equal(200, faulty:creates())
  end)

  it("have no effect on a handshake, a pause between attempts, or a sleep", function()
    child.need "storm.so"
    local made = authority.get()
    local faulty <close> = server.start { tls = made.good, { accept = "close" },
      { accept = "close" }, { send = clumio.good(), finish = "keep" } }
    assert_ends_well(child.run(function(url, ca_file)
      local core = require "coffer.core"
      local scheduler = require "coffer.scheduler"
      local _, is_done, trouble = require("storm").rage(function()
        local client = assert(require("coffer").clumio { base_url = url, token = "t",
          ca_file = ca_file, attempts = 3 })
        assert(client:create_wallet "123456789012")
        local started = core.clock()
        scheduler.sleep(0.3)
        local slept = core.clock() - started
        assert(slept >= 0.3 and slept < 1, slept)
      end)
      assert(is_done, trouble)
    end, faulty.url, made.root))
    assert.equal(1, faulty:creates())
  end)

  it("that keep falling do not put off a time-out", function()
    child.need "storm.so"
    local faulty <close> = server.start { { finish = "hang" } }
    assert_ends_well(child.run(function(url)
      local core = require "coffer.core"
      local _, is_done, trouble = require("storm").rage(function()
        local client = assert(require("coffer").clumio { base_url = url, token = "t",
          timeout = 0.5, attempts = 1 })
        local started = core.clock()
        local _, failure = client:create_wallet "123456789012"
        assert(failure.code == "timeout", tostring(failure))
        assert(core.clock() - started < 1.5)
      end)
      assert(is_done, trouble)
    end, faulty.url))
  end)

  for _, order in ipairs { { read = "nothing", finish = "close" },
    { read = 1000, finish = "close" }, { read = 1000, finish = "reset" } } do
    for _, is_secure in ipairs { false, true } do
      it(("SIGPIPE does not end a process that takes it as it is: %s bytes read, %s, %s")
        :format(order.read, order.finish, is_secure and "TLS" or "no TLS"), function()
          local made = is_secure and authority.get()
          local faulty <close> = server.start { tls = made and made.good, order }
          local command = child.command(function(url, ca_file)
            local client = assert(require("coffer").clumio { base_url = url, token = "t",
              ca_file = ca_file, attempts = 1, timeout = 10 })
            local extra = { padding = ("x"):rep(4000000) }
            for _ = 1, 5 do
              local _, failure = client:create_wallet("123456789012", { extra = extra })
              assert(failure.outcome == "unknown" or failure.outcome == "not_sent")
              assert(failure.code ~= "timeout", tostring(failure))
            end
          end, faulty.url, made and made.root or nil)
          -- LuaSocket has this process ignore it, and children would inherit that
          assert_ends_well(child.execute("env --default-signal=PIPE " .. command))
        end)
    end
  end
end)

describe("descriptors that run out", function()
  -- What the programs need, as a module of their own.
  local helpers_file = workdir.write("limits.lua", [[
    local limits = {}

    --- Takes all descriptors but so many; gives the function that frees them.
    function limits.take_all_but(left)
      local held = {}
      repeat
        local file = io.open "/dev/null"
        held[#held + 1] = file
      until not file
      for _ = 1, left do
        table.remove(held):close()
      end
      return function()
        for _, file in ipairs(held) do file:close() end
      end
    end

    --- How many are open. The last one is free once it was counted.
    function limits.count()
      local pipe = io.popen "ls /proc/$PPID/fd | wc -l"
      local count = pipe:read "n"
      pipe:close()
      return count
    end

    --- True when no more are open than before: a thread that looked up a name may end a moment
    --- later, and gives its own back then.
    function limits.are_back(before)
      for _ = 1, 50 do
        if limits.count() <= before then
          return true
        end
        os.execute "sleep 0.1"
      end
      return false
    end

    return limits
  ]])

  local function run(program, ...)
    local command = child.command(program, helpers_file, ...)
    return assert_ends_well(child.execute("sh -c " .. process.quote("ulimit -n 1024; exec "
      .. command)))
  end

  it("leave not sent, with a reason, and the client works again", function()
    local faulty <close> = server.start { { send = clumio.good(), finish = "keep" } }
    local said = run(function(helpers, url)
      local limits = dofile(helpers)
      local client = assert(require("coffer").clumio { base_url = url, token = "t",
        attempts = 1 })
      local before = limits.count()
      for round = 1, 5 do
        local free = limits.take_all_but(0)
        local wallet, failure = client:create_wallet "123456789012"
        free()
        assert(not wallet and failure.outcome == "not_sent", tostring(failure))
        if round == 1 then print(failure) end
      end
      assert(limits.are_back(before), "descriptors were lost")
      assert(client:create_wallet "123456789012")
    end, faulty.url)
    assert.matches("%[unreachable%]", said.output)
    assert.equal(1, faulty:creates())
  end)

  it("do not matter to a connection that is there", function()
    local faulty <close> = server.start { { send = clumio.good(), finish = "keep" } }
    run(function(helpers, url)
      local client = assert(require("coffer").clumio { base_url = url, token = "t",
        attempts = 1 })
      assert(client:create_wallet "123456789012")
      local free = dofile(helpers).take_all_but(0)
      assert(client:create_wallet "123456789012")
      free()
    end, faulty.url)
    assert.equal(2, faulty:creates())
  end)

  it("are told where a client cannot be made for them, and none is lost", function()
    local said = run(function(helpers)
      local limits = dofile(helpers)
      local coffer = require "coffer"
      assert(coffer.clumio { token = "t" })
      collectgarbage()
      local before = limits.count()
      for left = 0, 9 do
        local free = limits.take_all_but(left)
        local told = { pcall(coffer.clumio, { token = "t" }) }
        free()
        print(left, told[1], told[2] ~= nil, told[3])
        told = nil -- luacheck: ignore
        collectgarbage()
      end
      assert(limits.are_back(before), "descriptors were lost")
    end)
    assert.equal("0\ttrue\tfalse\tclumio: the client cannot be opened: too many files are open "
      .. "already [config]", said.output:match "^[^\n]*")
    assert.truthy(said.output:find("\n9\ttrue\ttrue\tnil\n", 1, true), said.output)
  end)

  for left = 1, 6 do
    it(("never leave anything but the truth: %d are left"):format(left), function()
      local faulty <close> = server.start { { send = clumio.good(), finish = "keep" } }
      local said = run(function(helpers, url, few)
        local limits = dofile(helpers)
        local client = assert(require("coffer").clumio { base_url = url, token = "t",
          attempts = 1 })
        local free = limits.take_all_but(few)
        local wallet, failure = client:create_wallet "123456789012"
        free()
        print(wallet and "created" or failure.outcome)
        assert(client:create_wallet "123456789012")
      end, faulty.url, left)
      local is_created = said.output == "created\n"
      assert.is_true(is_created or said.output == "not_sent\n", said.output)
      assert.equal(is_created and 2 or 1, faulty:creates())
    end)
  end
end)

describe("another libcurl", function()
  local function run_with(other, ...)
    if os.getenv "COFFER_SANITIZED" then
      pending "the sanitizers have their own libraries in front"
    end
    local preload = child.need "other_curl.so"
    return child.execute(("env LD_PRELOAD=%s OTHER_CURL=%s %s"):format(process.quote(preload),
      process.quote(other), child.command(...)))
  end

  local function load_with(other)
    return run_with(other, function()
      local done, said = pcall(require, "coffer.core")
      print(done, not done and said:match "coffer needs[^\n]*")
    end)
  end

  it("is fine where it lacks the options that came after 7.84", function()
    local faulty <close> = server.start { { send = clumio.good(), finish = "keep" } }
    local said = run_with("oldest", function(url)
      local client = assert(require("coffer").clumio { base_url = url, token = "t" })
      for _ = 1, 2 do
        print(client:create_wallet "123456789012")
      end
    end, faulty.url)
    assert.equal(("clumio wallet w-1 (Waiting)\n"):rep(2), said.output, said.errors)
    assert.equal(2, faulty:creates())
  end)

  for other, text in pairs {
    ["old"] = "coffer needs libcurl 7.84 or newer, this is 7.83.1",
    ["no tls"] = "coffer needs a libcurl with TLS",
    ["no resolver"] = "coffer needs a libcurl with a resolver in threads",
    ["no threads"] = "coffer needs a libcurl that is safe to start in threads",
  } do
    it("is refused by a clear text when the module is loaded: " .. other, function()
      local said = load_with(other)
      assert.equal("false\t" .. text .. "\n", said.output, said.errors)
    end)
  end

  it("is taken where nothing of this is the case", function()
    assert.equal("true\tfalse\n", load_with("the same").output)
  end)
end)

describe("a host that takes require away from its scripts", function()
  it("has all of coffer all the same, and no global comes back", function()
    local faulty <close> = server.start { paths = {
      ["GET /wallets"] = { { finish = "keep",
        send = 'HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n{"_embedded":{"items":[]}}     ' } },
    }, { send = clumio.good { changes = { state = '"Enabled"' } }, finish = "keep" } }
    local said = assert_ends_well(child.run(function(url)
      local coffer = require "coffer"
      _G.require = nil
      local client = assert(coffer.clumio { base_url = url, token = "t", log = function() end })
      for _ in client:wallets() do
        error "there is none"
      end
      local wallet = assert(client:ensure_wallet "123456789012")
      wallet = assert(wallet:wait())
      assert(client:request("list_wallets"):curl())
      local list = coffer.map({ 1 }, function() return client:list_wallets() end)
      coffer.show(list[1])
      coffer.help(client)
      assert(coffer.response(list[1]).status == 200)
      print(wallet, rawget(_G, "require"))
    end, faulty.url))
    assert.matches("clumio wallet w%-1 %(Enabled%)\tnil\n$", said.output)
  end)

  it("leaves a require of its own where it is", function()
    local said = assert_ends_well(child.run(function()
      local coffer = require "coffer"
      local function own() error "nothing can be required" end
      _G.require = own
      local client = coffer.clumio { base_url = "http://127.0.0.1:1", token = "t", attempts = 1 }
      assert(select(2, client:ensure_wallet "123456789012").outcome == "not_sent")
      print(_G.require == own)
    end))
    assert.equal("true\n", said.output)
  end)
end)

describe("an address that leads nowhere", function()
  --- A port of [::1] where nobody is accepted and SYNs stay unanswered; nil without IPv6.
  local function black_hole(port)
    local listener = socket.tcp6()
    listener:setoption("ipv6-v6only", true)
    if not listener:bind("::1", port) or not listener:listen(0) then
      return nil
    end
    local held = { listener }
    repeat
      local filler = socket.tcp6()
      filler:settimeout(0.05)
      held[#held + 1] = filler
    until not filler:connect("::1", port)
    return held
  end

  it("in IPv6 does not hold up a create that IPv4 can make", function()
    local faulty <close> = server.start { { send = clumio.good() } }
    local held = black_hole(faulty.port)
    if not held then
      pending "there is no IPv6 on the loopback"
    end
    local started = socket.gettime()
    expect.created(clumio, clumio.create(clumio.client("http://localhost:" .. faulty.port)))
    local seconds = socket.gettime() - started
    assert.is_true(seconds < 1, seconds .. " s")
    assert.equal(1, faulty:creates())
    for _, peer in ipairs(held) do
      peer:close()
    end
  end)
end)
