-- Memory that ends, in Lua or in the C library, and a collector that never rests. Each needs a host
-- of its own, so the work is done by scripts in spec/hosts, and here it is seen that they got
-- through it all.

local child = require "child"
local process = require "process"
local providers = require "providers"
local server = require "server"

local things = {
  "a failure's text", "astra:create_account", "clumio:create_wallet", "clumio:create_wallet",
  "coffer.clumio",
  "coffer.response", "coffer.secret", "commvault:create_s3_vault", "several wrong parameters",
  "wallet:refresh",
}

-- failing_malloc.so has no place beside the sanitizers' own malloc.
local function need(host)
  local path = child.hosts .. host
  local file = io.open(path)
  if not file then pending(host .. " is not built") end
  file:close()
  return path
end

local function run(command)
  local pipe = io.popen("timeout -s KILL 120 " .. command .. " 2>&1")
  local text = pipe:read "a"
  local is_well = pipe:close()
  assert.is_true(is_well, text)
  return text
end

local function assert_starved(command)
  local kept = {}
  for thing in run(command):gmatch "([^\n]*): %S+ after %d+ tries\n" do
    table.insert(kept, thing)
  end
  table.sort(kept)
  assert.same(things, kept)
end

describe("memory that ends", function()
  it("in Lua for good leaves the truth about every create", function()
    assert_starved(process.quote(need "allocator")
      .. " spec/hosts/starve.lua allocator fail_after")
  end)

  for name, how in pairs { fail_at = "once", fail_after = "for good" } do
    it("in the C library " .. how .. " leaves the truth about every create", function()
      local preloaded = need "failing_malloc.so"
      assert_starved(("env LD_PRELOAD=%s LUA_CPATH_5_4=%s lua5.4 spec/hosts/starve.lua "
        .. "failing_malloc %s"):format(process.quote(preloaded),
        process.quote(child.hosts .. "?.so;" .. package.cpath), name))
    end)
  end
end)

describe("a sandbox that does not start for want of memory", function()
  -- lua-cjson loses what it decodes where Lua has no memory for the result; the sanitizers would
  -- tell of that, and the script counts on its own
  local unwatched = os.getenv "COFFER_SANITIZED"
    and 'env ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" ' or ""

  it("leaves nothing, where Lua has none", function()
    local host = unwatched .. process.quote(need "allocator")
    assert.matches("nothing is left after %d%d+ tries", run(host
      .. " spec/hosts/starve_sandbox.lua allocator"))
  end)

  it("leaves nothing, where the C library has none", function()
    local preloaded = need "failing_malloc.so"
    assert.matches("nothing is left after %d%d+ tries", run(
      ("env LD_PRELOAD=%s LUA_CPATH_5_4=%s lua5.4 spec/hosts/starve_sandbox.lua failing_malloc 211")
        :format(process.quote(preloaded), process.quote(child.hosts .. "?.so;" .. package.cpath))))
  end)
end)

describe("a collector that never rests", function()
  it("takes nothing that is still in use", function()
    assert_starved(process.quote(need "allocator") .. " -c spec/hosts/starve.lua")
  end)
end)

describe("a finalizer that runs within a call of the core", function()
  --- What request:start says in a program where its finalizer does this.
  local function run_late(late)
    local faulty <close> = server.start { { send = providers.clumio.good(), finish = "keep" } }
    local said = child.run(function(url, late_name)
      local core, collect = require "coffer.core", collectgarbage
      local client = assert(require("coffer").clumio { base_url = url, token = "first" })
      local request = core.describe("clumio").operations.create_wallet.prepare(client,
        "123456789012")
      request:start(10)
      repeat until request:step(1)
      assert(core.set_token(client, "second"))
      local start, ran = request.start, false
      collect()
      collect "stop"
      setmetatable({}, { __gc = function()
        ran = true
        if late_name == "close" then client:close() else request:forget() end
      end })
      collect("incremental", 100, 1000, 0) -- all at the first memory that is asked for
      collect "restart"
      local done, trouble = pcall(start, request)
      collect("incremental", 200, 100, 13)
      print(ran, done, done or trouble)
    end, faulty.url, late)
    assert.equal(1, #faulty:requests())
    return said.output
  end

  it("may close the client whose request is started", function()
    assert.equal("true\tfalse\tclumio: the client is closed\n", run_late "close")
  end)

  it("may forget the request that is started", function()
    assert.equal("true\tfalse\tthe request has been collected\n", run_late "forget")
  end)
end)
