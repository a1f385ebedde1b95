-- Lets memory end after 0, 1, 2, ... allocations of what a user does, until there is enough of it.
--
--   build/hosts/allocator spec/hosts/starve.lua allocator fail_after
--   LD_PRELOAD=build/hosts/failing_malloc.so lua5.4 spec/hosts/starve.lua failing_malloc fail_at
--
-- Without arguments there is enough from the start, for `allocator -c`. Prints a line for each
-- thing that kept its promise; what breaks one raises.

local coffer = require "coffer"

local function suffice(_, call, ...)
  return false, pcall(call, ...)
end

local fail = arg[1] and require(arg[1])[arg[2]] or suffice

local box <close> = coffer.sandbox()

local function client(provider)
  return assert(coffer[provider](box:options(provider)))
end

local clumio, commvault, astra = client "clumio", client "commvault", client "astra"
local wallet = assert(clumio:create_wallet { account_native_id = "999999999999" })

-- Everything has a name of its own for each try, so that the log tells what became of it. As which
-- request a call arrives, and the call.
local creates = {
  { "clumio:create_wallet", function(name)
    return clumio:create_wallet { account_native_id = name }
  end },
  { "commvault:create_s3_vault", function(name)
    return commvault:create_s3_vault {
      bucket = { clientName = name }, plan = { planId = 1, planName = "plan" },
    }
  end },
  { "astra:create_account", function(name)
    return astra:create_account {
      name = name, metadata = { labels = { { name = name, value = name } } },
    }
  end },
  { "clumio:create_wallet", function(name)
    return clumio:request("create_wallet", name):send()
  end },
}

local others = {
  ["coffer.clumio"] = function()
    return coffer.clumio { base_url = "http://127.0.0.1:1", token = "t", organizational_unit = "o" }
  end,
  ["wallet:refresh"] = function() return wallet:refresh() end,
  ["several wrong parameters"] = function() return astra:create_account { nam = "x", name = 7 } end,
  ["a failure's text"] = function()
    local _, failure = clumio:create_wallet { account_native_id = 7 }
    return tostring(failure)
  end,
  ["coffer.secret"] = function()
    local secret <close> = coffer.secret "text"
    return secret:reveal()
  end,
  ["coffer.response"] = function() return coffer.response(wallet).body end,
}

-- What became of one call: "raised" for memory that ended before anything was sent, "told" where
-- the error tells of a create in doubt, else the outcome, or "done".
local function verdict(ok, result, failure)
  if not ok then
    local is_told = type(result) == "table"
    local cause = is_told and result.cause or result
    assert(cause:find "not enough memory$", cause)
    assert(not is_told or result.failure.outcome == "unknown")
    return is_told and "told" or "raised"
  end
  return result and "done" or assert(failure.outcome)
end

-- Runs `call` with less memory than it needs, then with enough. Returns the verdicts by name, the
-- last of them, and how many there are.
local function starve(call, number)
  local verdicts, tries = {}, 0
  while true do
    local name = ("%d%011d"):format(number, tries)
    local outcome = table.pack(fail(tries, call, name))
    verdicts[name] = verdict(table.unpack(outcome, 2, outcome.n))
    tries = tries + 1
    if not outcome[1] then return verdicts, verdicts[name], tries end
  end
end

local function count_arrivals()
  local arrived = {}
  for _, request in ipairs(box:log()) do
    local name = request.body:match "%d%d%d%d%d%d%d%d%d%d%d%d"
    if name then
      local key = request.provider .. ":" .. request.operation .. name
      arrived[key] = (arrived[key] or 0) + 1
    end
  end
  return arrived
end

local expected = { done = { [1] = true }, not_sent = { [0] = true }, raised = { [0] = true } }

-- A create was sent once or never, and what was told of it is true.
local function check_arrivals(what, verdicts, arrived)
  for name, told in pairs(verdicts) do
    local times = arrived[what .. name] or 0
    local fits = (expected[told] or { [0] = true, [1] = true })[times]
    assert(fits, ("%s %s: told %s, arrived %d times"):format(what, name, told, times))
  end
end

local function report(what, told, tries)
  print(("%s: %s after %d tries"):format(what, told, tries))
end

for what, call in pairs(others) do
  local _, told, tries = starve(call, 0)
  report(what, told, tries)
end
for number, create in ipairs(creates) do
  local what, call = table.unpack(create)
  local verdicts, told, tries = starve(call, number)
  assert(told == "done", what .. " never succeeded")
  check_arrivals(what, verdicts, count_arrivals())
  report(what, told, tries)
end
