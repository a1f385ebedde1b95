-- Calls every function that can be reached from coffer with every wrong thing, in every place. What
-- comes back is an argument error, a failure or a result; a crash ends the process, and is seen by
-- whoever started it. Prints how many functions it found and how many calls it made.
--
--   lua5.4 spec/hosts/misuse.lua

local coffer = require "coffer"
local providers = require "providers"
local socket = require "socket"

local NOWHERE = "http://127.0.0.1:1"

-- Time passes by itself when somebody sleeps: nobody waits here.
local core = require "coffer.core"
local clock, sleep, slept = core.clock, core.sleep, 0

-- No file is made of the names that are tried.
local create_private = core.create_private

function core.create_private(name, ...)
  local is_name = type(name) == "string" or type(name) == "number"
  return create_private(is_name and "/dev/null/" .. name or name, ...)
end

coffer.create_private = core.create_private

function core.clock()
  return clock() + slept
end

function core.sleep(seconds)
  slept = slept + (seconds > 0 and seconds < 3600 and seconds or 0)
end

-- What is locked would be made: nothing is, below a file.
local lock = core.lock

function core.lock(path)
  local is_path = type(path) == "string" or type(path) == "number"
  return lock(is_path and "/dev/null/" .. path or path)
end

for _, name in ipairs { "step", "wait" } do
  local original = core[name]
  core[name] = function(what, seconds, ...)
    if math.type(seconds) then
      seconds = math.min(seconds, 0.001)
    end
    return original(what, seconds, ...)
  end
end

-- What is passed. Each is made anew for each call: some functions change what they get.

local function looped()
  local one, other = {}, {}
  setmetatable(one, { __index = other, __name = 7, __tostring = 7, __len = one, __gc = 7 })
  setmetatable(other, { __index = one })
  return one
end

local function nested()
  local value = {}
  value[1], value.itself, value[value] = value, value, value
  return value
end

local specimens = {
  { "nil", function() return nil end },
  { "false", function() return false end },
  { "true", function() return true end },
  { "0", function() return 0 end },
  { "a fraction", function() return -1.5 end },
  { "NaN", function() return 0 / 0 end },
  { "infinity", function() return math.huge end },
  { "the least integer", function() return math.mininteger end },
  { "no text", function() return "" end },
  { "text", function() return "clumio" end },
  { "bytes", function() return "a\0b\255%s\r\n" end },
  { "an empty table", function() return {} end },
  { "a table within itself", nested },
  { "a loop of __index", looped },
  { "itself as metatable", function() local t = {} t.__index = t return setmetatable(t, t) end },
  { "a function", function() return function() error "called" end end },
  { "a C function", function() return print end },
  { "a thread", function() return coroutine.create(function() end) end },
  { "a file", function() return io.stderr end },
  { "a socket", function() return socket.tcp() end },
  { "null", function() return coffer.null end },
  { "a secret", function() return coffer.secret "canary" end },
  { "a wiped secret", function() local s = coffer.secret "c" s:wipe() return s end },
  { "a client", function() return coffer.astra { base_url = NOWHERE, token = "t" } end },
  { "options", function()
    return { base_url = NOWHERE, token = "t", timeout = 0.5, attempts = 1 }
  end },
  { "parameters", function()
    return { account_native_id = "123456789012", wallet_id = "w-1", name = "n",
             bucket = { clientName = "v" }, plan = { planId = 1, planName = "p" } }
  end },
}

-- What is called: functions by name, each with a way to make anew what it belongs to.

local found, is_seen = {}, {}

local function forget_libraries()
  for name, library in pairs(package.loaded) do
    if not name:find "^coffer" and type(library) == "table" then
      is_seen[library] = true
      for _, member in pairs(library) do
        is_seen[member] = true
      end
    end
  end
  is_seen[_G] = true
end

local function search(name, thing, make)
  local kind = type(thing)
  if thing == nil or is_seen[thing] then
    return
  elseif kind == "function" then
    found[#found + 1] = { name = name, call = thing, make = make }
  end
  is_seen[thing] = true
  if kind == "table" then
    for key, member in next, thing do
      search(("%s.%s"):format(name, tostring(key)), member, make)
    end
  end
  if kind == "table" or kind == "userdata" then
    search("getmetatable(" .. name .. ")", debug.getmetatable(thing), make)
  end
end

local function none() end

local function client_of(provider)
  return assert(coffer[provider](providers[provider].complete {
    base_url = NOWHERE, token = "t", timeout = 0.5, attempts = 1,
  }))
end

local function prepared(stage)
  local prepare = core.describe("clumio").operations.create_wallet.prepare
  local request = prepare(client_of "clumio", "123456789012")
  if stage > 0 then
    request:start()
  end
  while stage > 1 and not request:step(0.1) do end
  return request
end

local function find(name, make)
  search(name, make(), make)
end

local has_sandbox = package.searchpath("coffer.sandbox.core", package.cpath)
local shared_box

local function open_box()
  if not shared_box or tostring(shared_box):find "closed" or not pcall(shared_box.log, shared_box)
  then
    shared_box = coffer.sandbox()
  end
  return shared_box
end

local function find_all()
  forget_libraries()
  for provider in pairs(core.providers) do
    find(provider, function() return client_of(provider) end)
  end
  find("failure", function() return select(2, client_of("clumio"):create_wallet "1") end)
  for stage = 0, 2 do
    find("request", function() return prepared(stage) end)
  end
  find("prepared", function() return client_of("clumio"):request("refresh_wallet", "w-1") end)
  find("pages", function() return client_of("clumio"):wallets() end)
  find("secret", function() return coffer.secret "canary" end)
  if has_sandbox then
    local wallet, vault
    local client = assert(coffer.clumio(open_box():options "clumio"))
    wallet = assert(client:create_wallet "123456789012")
    client = assert(coffer.commvault(open_box():options "commvault"))
    vault = assert(client:create_s3_vault {
      bucket = { clientName = "v" }, plan = { planId = 1, planName = "p" },
    })
    find("wallet", function() return wallet end)
    find("vault", function() return vault end)
    find("box", open_box)
    search("box.server", open_box().server, function() return open_box().server end)
  end
  search("coffer", coffer, none)
  search("core", core, function() return client_of "astra" end)
end

-- How it is called.

local calls = 0

-- An error object of any kind will do, as long as it is one that can be printed.
local function call(f, ...)
  calls = calls + 1
  local results = table.pack(pcall(f.call, ...))
  for i = 1, math.min(results.n, 3) do
    pcall(tostring, results[i])
  end
end

local function many(value)
  local list = {}
  for i = 1, 300 do
    list[i] = value
  end
  return table.unpack(list, 1, 300)
end

local function misuse(f)
  call(f)
  call(f, f.make())
  for _, specimen in ipairs(specimens) do
    local make = specimen[2]
    call(f, make())
    call(f, make(), make())
    call(f, many(make()))
    call(f, f.make(), make())
    call(f, f.make(), {}, make())
    call(f, f.make(), make(), make())
    call(f, f.make(), many(make()))
    call(f, "clumio", make(), make())
  end
end

-- Results get metatables from a table that a caller of the core gives.
local function misuse_things()
  if not has_sandbox then
    return
  end
  local box <close> = coffer.sandbox()
  local number = 0
  local function create(things)
    local options = box:options("clumio", { timeout = 10, max_response = 10000 })
    local client = assert(core.open("clumio", options, things))
    local prepare = core.describe("clumio").operations.create_wallet.prepare
    number = number + 1
    local request = prepare(client, ("%012d"):format(number))
    request:start()
    while not request:step(0.1) do end
    pcall(request.finish, request)
  end
  for _, specimen in ipairs(specimens) do
    create(specimen[2]())
    create { wallet = specimen[2]() }
  end
end

local function misuse_sleep()
  assert(not pcall(sleep) and not pcall(sleep, {}) and not pcall(sleep, "soon"))
  for _, seconds in ipairs { 0 / 0, -1, -math.huge, 1e-300, math.mininteger } do
    sleep(seconds)
  end
end

local function is_usable()
  local secret = coffer.secret "text"
  assert(secret:reveal() == "text" and tostring(secret) == "[secret]")
  local client = assert(coffer.clumio { base_url = NOWHERE, token = "t" })
  local result, failure, code = client:create_wallet "123456789012"
  assert(result == nil and failure.outcome == "not_sent" and code == "unreachable")
  if has_sandbox then
    local box <close> = coffer.sandbox()
    client = assert(coffer.clumio(box:options "clumio"))
    local wallet = assert(client:create_wallet "123456789012")
    assert(#wallet.installed_regions == 0)
  end
end

find_all()
misuse_things()
misuse_sleep()
for _, f in ipairs(found) do
  misuse(f)
  collectgarbage "step"
end
collectgarbage()
is_usable()
print(("%d functions, %d calls"):format(#found, calls))
