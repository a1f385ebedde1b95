--- Lists everything at every provider, page by page.
--
--   lua5.4 examples/audit.lua [--for-real] [FROM TO]
--
-- All is played by coffer.sandbox(), inside this process, with a few things in
-- it, whatever the environment holds. With --for-real, a provider whose token
-- is in the environment is asked for real. FROM and TO are days, YYYY-MM-DD, of
-- what a Wasabi account has used; its number is not to be looked up:
-- ECL_ACCT_NUM tells it.
local here = arg[0]:match "^(.*/)" or ""
local run <close> = dofile(here .. "support/run.lua").read(arg, {
  usage = "audit.lua [--for-real] [FROM TO]", most = 2,
})

local DAY = 86400
local from = run.words[1] or os.date("!%Y-%m-%d", os.time() - 3 * DAY)
local to = run.words[2] or os.date("!%Y-%m-%d", os.time() - DAY)

for i, day in ipairs { from, to } do
  if not day:find "^%d%d%d%d%-%d%d%-%d%d$" then
    run:leave(("%s has to be a day, YYYY-MM-DD: %s"):format(i == 1 and "FROM" or "TO", day))
  end
end

-- Something to see in the sandbox ------------------------------------------

local function fill()
  local clumio = run:play "clumio"
  local commvault = run:play "commvault"
  local astra = run:play "astra"
  for i = 1, 3 do
    assert(clumio:create_wallet { account_native_id = ("%012d"):format(i) })
    assert(commvault:create_s3_vault {
      bucket = { clientName = "vault-" .. i }, plan = { planId = 11, planName = "Server plan" },
    })
    assert(astra:create_account { name = "account-" .. i })
  end
  local ecl = run:play "ecl"
  return assert(ecl:create_account()).AcctNum
end

local sandbox_account = fill()

-- The lists -------------------------------------------------------------------

local lists = {
  { "clumio", function(clumio)
    for wallet in clumio:wallets { limit = 2 } do
      local is_old = (wallet.stack_version or 0) < (wallet.available_version or 0)
      print(("  %s, AWS account %s%s"):format(wallet, wallet.account_native_id,
        is_old and ", its stack can be updated" or ""))
    end
  end },
  { "commvault", function(commvault)
    for vault in commvault:s3_vaults() do
      print("  " .. tostring(vault))
    end
    for _, row in ipairs(assert(commvault:list_plans()).plans) do
      print(("  commvault plan %d, %s"):format(row.plan.planId, row.plan.planName))
    end
  end },
  { "ecl", function(ecl)
    local number = tostring(sandbox_account)
    if run:is_real "ecl" then
      number = os.getenv "ECL_ACCT_NUM"
    end
    if not number then
      return print "  ECL_ACCT_NUM is not set: accounts cannot be listed, only what one has used"
    end
    for day in ecl:utilizations { acct_num = number, from = from, to = to } do
      print(("  ecl account %s, %s: %.1f GB stored"):format(day.AcctNum, day.StartTime:sub(1, 10),
        (day.PaddedStorageSizeBytes or 0) / 1e9))
    end
  end },
  { "astra", function(astra)
    for account in astra:accounts { limit = 2 } do
      print(("  %s, %s"):format(account, account.name))
    end
  end },
}

-- A failure of one provider does not hide the others. An iterator raises it.
local failed = 0
for _, list in ipairs(lists) do
  local provider, show = table.unpack(list)
  print(("%s (%s)"):format(provider, run:purpose(provider)))
  local is_done, failure = pcall(function() show(run:open(provider)) end)
  if not is_done then
    print("  " .. tostring(failure))
    failed = failed + 1
  end
end
run:close()
os.exit(failed == 0 and 0 or 1, true)
