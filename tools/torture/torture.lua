-- Lets memory end after 0, 1, 2, ... allocations of everything that a user can call; see
-- tools/torture.sh.
--   lua5.4 torture.lua STEP FIRST [NAME]
-- of which every STEP-th is tried, from FIRST on; NAME is a part of the scenarios' names. Ends with
-- 1 where what was told is not true, or where a client cannot be used afterwards.
local torture = require "torture"

local coffer = require "coffer"

local step, first, only = tonumber(arg[1]), tonumber(arg[2]), arg[3]

local box = coffer.sandbox { wallet_enabled_after = 1, job_completed_after = 1 }

local function client(provider, at)
  return assert(coffer[provider]((at or box):options(provider, { attempts = 1, deadline = 20 })))
end

local clumio, commvault, ecl, astra =
  client "clumio", client "commvault", client "ecl", client "astra"

-- What is called -----------------------------------------------------------------

local wallet = assert(clumio:create_wallet "999999999999")
local vault = assert(commvault:create_s3_vault {
  bucket = { clientName = "vault" }, plan = { planId = 11, planName = "Server plan" },
})
local account = assert(astra:create_account "account")
local wasabi = assert(ecl:create_account())
local _, failure = clumio:get_wallet "nobody"

local function vault_of(name)
  return { bucket = { clientName = name }, plan = { planId = 11, planName = "Server plan" } }
end

local DAYS = { acct_num = wasabi.AcctNum, from = "2026-01-01", to = "2026-01-03" }

--- Creates by name: as which request they arrive, and the call. Each try has a name of its own, so
-- that the log tells what became of it. What looks through lists has an empty sandbox each time:
-- its provider stands third, and a client is given behind the name.
local creates = {
  ["clumio:create_wallet"] = { "clumio:create_wallet", function(name)
    return clumio:create_wallet { account_native_id = name }
  end },
  ["clumio:request():send"] = { "clumio:create_wallet", function(name)
    return clumio:request("create_wallet", name):send()
  end },
  ["clumio:ensure_wallet"] = { "clumio:create_wallet", function(name, at)
    return at:ensure_wallet(name, { settle = 0.001 })
  end, "clumio" },
  ["commvault:create_s3_vault"] = { "commvault:create_s3_vault", function(name)
    return commvault:create_s3_vault(vault_of(name))
  end },
  ["commvault:ensure_s3_vault"] = { "commvault:create_s3_vault", function(name, at)
    return at:ensure_s3_vault(vault_of(name), { settle = 0.001 })
  end, "commvault" },
  ["ecl:create_user"] = { "ecl:create_user", function(name)
    return ecl:create_user { UserName = name }
  end },
  ["astra:create_account"] = { "astra:create_account", function(name)
    local label = { name = name, value = name }
    return astra:create_account { name = name, metadata = { labels = { label } } }
  end },
  ["astra:ensure_account"] = { "astra:create_account", function(name, at)
    return at:ensure_account(name, { settle = 0.001 })
  end, "astra" },
  ["coffer.map of one"] = { "clumio:create_wallet", function(name)
    local results, failures = coffer.map({ name }, function(item)
      return clumio:create_wallet(item)
    end)
    return results[1], failures[1]
  end },
  ["clumio:ensure_wallets"] = { "clumio:create_wallet", function(name, at)
    local results, failures = at:ensure_wallets({ name }, { settle = 0.001 })
    return results[1], failures[1]
  end, "clumio" },
}

--- The rest, by name. Each gives something, or nil and a failure, or raises.
local others = {
  ["coffer.clumio"] = function()
    local _ <close> = assert(coffer.clumio {
      base_url = "http://127.0.0.1:1", token = "t", organizational_unit = "o" })
    return true
  end,
  ["coffer.commvault"] = function()
    local _ <close> = assert(coffer.commvault {
      base_url = "http://127.0.0.1:1", username = "u", password = "p" })
    return true
  end,
  ["coffer.ecl"] = function()
    local _ <close> = assert(coffer.ecl { base_url = "http://127.0.0.1:1", tenant_id = "t",
      api_key = "k", api_secret = "s", keystone_url = "http://127.0.0.1:1/v3" })
    return true
  end,
  ["coffer.astra"] = function()
    local _ <close> = assert(coffer.astra {
      base_url = "http://127.0.0.1:1", token = "t", headers = { ["X-One"] = "1" } })
    return true
  end,
  ["a client that is used once"] = function()
    local opened <close> = assert(coffer.astra(box:options("astra", { attempts = 1 })))
    return opened:list_accounts()
  end,
  ["a wrong option"] = function()
    return not pcall(coffer.astra, { tokken = "t" })
  end,
  ["several wrong parameters"] = function()
    return astra:create_account { nam = "x", name = 7 }
  end,
  ["clumio:get_wallet"] = function() return clumio:get_wallet(wallet.id) end,
  ["clumio:list_wallets"] = function() return clumio:list_wallets { limit = 1 } end,
  ["clumio:wallets"] = function() return clumio:wallets({ limit = 50 }):collect() end,
  ["wallet:refresh"] = function() return wallet:refresh() end,
  ["wallet:wait"] = function() return wallet:wait { interval = 0.001 } end,
  ["a failure of a read"] = function() return clumio:get_wallet "nobody" end,
  ["commvault:list_s3_vaults"] = function() return commvault:list_s3_vaults() end,
  ["commvault:get_job"] = function()
    return commvault:get_job(vault.addEndpointJob and vault.addEndpointJob.jobId or 1)
  end,
  ["commvault:list_plans"] = function() return commvault:list_plans() end,
  ["commvault:login"] = function()
    local known = box:credentials "commvault"
    return commvault:login { username = known.username, password = known.password }
  end,
  ["vault:wait"] = function() return vault:wait { interval = 0.001 } end,
  ["ecl:list_utilizations"] = function() return ecl:list_utilizations(DAYS) end,
  ["ecl:ensure_account"] = function()
    local found, told = ecl:ensure_account()
    return found, not found and told or nil
  end,
  ["a client that logs in"] = function()
    local given = box:credentials "ecl"
    local opened <close> = assert(coffer.ecl {
      base_url = box:options("ecl").base_url, tenant_id = given.tenant_id, attempts = 1,
      api_key = given.username, api_secret = given.password, keystone_url = given.auth_url })
    return opened:list_utilizations(DAYS)
  end,
  ["astra:list_accounts"] = function() return astra:list_accounts { limit = 1 } end,
  ["astra:accounts"] = function() return astra:accounts():collect() end,
  ["account:update"] = function() return account:update { name = "account" } end,
  ["coffer.gather"] = function()
    return coffer.gather(
      function() return clumio:get_wallet(wallet.id) end,
      function() return astra:get_account(account.id) end)
  end,
  ["clumio:request"] = function()
    return tostring(clumio:request("create_wallet", "123456789012"))
  end,
  ["coffer.show of a result"] = function() return require("coffer.helpers.show").text(wallet) end,
  ["coffer.help"] = function() return require("coffer.helpers.show").help_text "clumio" end,
  ["a failure's text"] = function() return tostring(failure) end,
  ["a result's text"] = function() return tostring(wallet) .. tostring(clumio) end,
  ["coffer.response"] = function() return coffer.response(wallet).body end,
  ["coffer.response of a failure"] = function() return coffer.response(failure).body end,
  ["coffer.secret"] = function()
    local secret <close> = coffer.secret "text"
    return secret:reveal() .. tostring(secret)
  end,
  ["a log"] = function()
    local lines = {}
    local opened <close> = assert(coffer.astra(box:options("astra", {
      attempts = 1, log = function(event) lines[#lines + 1] = tostring(event.status) end })))
    return opened:list_accounts()
  end,
}

-- What came of it ------------------------------------------------------------------

local problems = 0

local function problem(text, ...)
  problems = problems + 1
  print("WRONG: " .. text:format(...))
end

local function is_memory(text)
  return type(text) == "string" and text:find "not enough memory" ~= nil
end

--- What an error tells of what was sent: "raised" for nothing, "told" for a create in doubt, "done"
-- where a map that was left has the result.
local function verdict_of_error(name, raised)
  if not is_memory(tostring(raised.cause)) then
    problem("%s raised %s", name, tostring(raised.cause))
  end
  local results, failed = raised.results or {}, raised.failures or {}
  local in_doubt = raised.failure or failed[1]
  if in_doubt and in_doubt.outcome ~= "unknown" then
    problem("%s is in doubt, and said to be %s", name, in_doubt.outcome)
  end
  return results[1] and "done" or in_doubt and "told" or "raised"
end

--- What was told of a try: that, the outcome of a failure, or "done".
local function verdict(name, ok, result, told)
  if not ok then
    return verdict_of_error(name, type(result) == "table" and result or { cause = result })
  elseif result == nil and type(told) ~= "table" then
    problem("%s: neither a result nor a failure", name)
    return "nothing"
  end
  return result ~= nil and "done" or told.outcome
end

local count = 0

--- A name that no other try has.
local function new_name()
  count = count + 1
  return ("%012d"):format(count)
end

--- How often creates of each name arrived.
local function arrivals(at, arrives_as)
  local times = {}
  for _, request in ipairs(at:log()) do
    local name = request.provider .. ":" .. request.operation == arrives_as
      and request.body:match(("%d"):rep(12))
    if name then
      times[name] = (times[name] or 0) + 1
    end
  end
  return times
end

local expected = {
  done = { [1] = true }, not_sent = { [0] = true }, raised = { [0] = true },
}

--- A create was sent once or never, and what was told of it is true.
local function check_arrivals(scenario, times, told)
  if not (expected[told] or { [0] = true, [1] = true })[times] then
    problem("%s: told %s, arrived %d times", scenario.name, told, times)
  end
end

--- One try with so little memory. What looks through lists has an empty sandbox and a client of its
-- own: its lists would get longer with each try.
-- @return true where there was too little
local function try(scenario, way, left)
  local at <close> = scenario.provider and coffer.sandbox()
  local own <close> = at and client(scenario.provider, at)
  local name = new_name()
  local told = table.pack(torture.run(way[1], way[2], left, scenario.call, name, own or nil))
  local word = verdict(scenario.name, table.unpack(told, 2, told.n))
  if at then
    check_arrivals(scenario, arrivals(at, scenario.arrives_as)[name] or 0, word)
  elseif scenario.arrives_as then
    scenario.verdicts[name] = word
  end
  return told[1]
end

--- The same with memory enough, which has to work whatever was before.
local function check_after(scenario, what)
  local at <close> = scenario.provider and coffer.sandbox()
  local own <close> = at and client(scenario.provider, at)
  local ok, result, told = pcall(scenario.call, new_name(), own or nil)
  if not ok then
    problem("%s raises %s: %s", scenario.name, what, tostring(result))
  elseif result == nil and not (scenario.name:find "wrong" or scenario.name:find "failure") then
    problem("%s fails %s: %s", scenario.name, what, tostring(told))
  end
end

--- A collection at every allocation: no pause between two cycles, and steps longer than any cycle.
local function collect_always(scenario)
  local pause, multiplier = collectgarbage("setpause", 0), collectgarbage("setstepmul", 1000)
  check_after(scenario, "where all is collected at once")
  collectgarbage("setpause", pause)
  collectgarbage("setstepmul", multiplier)
end

local function run(scenario)
  scenario.verdicts = {}
  check_after(scenario, "before") -- loads what is loaded late
  local before = count
  for _, way in ipairs { { "lua", "on" }, { "lua", "once" }, { "c", "on" }, { "c", "once" } } do
    local left = first
    while try(scenario, way, left) do
      left = left + step
    end
    check_after(scenario, ("behind %s memory that ends %s"):format(way[1], way[2]))
  end
  collect_always(scenario)
  local times = scenario.arrives_as and arrivals(box, scenario.arrives_as)
  for name, word in pairs(scenario.verdicts) do
    check_arrivals(scenario, times[name] or 0, word)
  end
  print(("%s: %d tries"):format(scenario.name, count - before))
  io.stdout:flush()
end

local scenarios = {}
for name, call in pairs(others) do
  scenarios[#scenarios + 1] = { name = name, call = call }
end
for name, create in pairs(creates) do
  scenarios[#scenarios + 1] = { name = name, arrives_as = create[1], call = create[2],
                                provider = create[3] }
end
-- Creates come last: they make the lists longer.
table.sort(scenarios, function(a, b)
  if (a.arrives_as == nil) ~= (b.arrives_as == nil) then
    return not a.arrives_as
  end
  return a.name < b.name
end)
for _, scenario in ipairs(scenarios) do
  if not only or scenario.name:find(only, 1, true) then
    run(scenario)
  end
end

for _, opened in ipairs { clumio, commvault, ecl, astra } do
  opened:close()
end
box:close()
print(("%d tries, %d wrong"):format(count, problems))
os.exit(problems == 0, true)
