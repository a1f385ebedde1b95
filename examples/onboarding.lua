--- Onboards a customer: a wallet at Clumio, an S3 vault at Commvault, a Wasabi
-- account at NTT Enterprise Cloud, an account at Astra Control. Each is looked
-- for and created where it is not there, so that it may be run again.
--
--   lua5.4 examples/onboarding.lua [--for-real] [--secrets-to FILE]
--     [CUSTOMER [AWS_ACCOUNT_ID]]
--
-- All is played by coffer.sandbox(), inside this process, whatever the
-- environment holds. With --for-real, a provider whose token is in the
-- environment is asked for real, and then CUSTOMER, AWS_ACCOUNT_ID and FILE
-- have to be given. What is told only once goes into FILE, which is made
-- before anything is created, for its owner alone; nothing of it is printed.
local here = arg[0]:match "^(.*/)" or ""
local run <close> = dofile(here .. "support/run.lua").read(arg, {
  usage = "onboarding.lua [--for-real] [--secrets-to FILE] [CUSTOMER [AWS_ACCOUNT_ID]]",
  most = 2, creates = true,
})

if run.is_for_real and #run.words < 2 then
  run:leave "--for-real: say who the CUSTOMER is, and the AWS_ACCOUNT_ID"
end
local customer = run.words[1] or "example-customer"
local aws_account = run.words[2] or "123456789012"

-- All four are opened before anything is created: a token that is missing here
-- must not leave a customer half on board.
local clumio, commvault = run:open "clumio", run:open "commvault"
local ecl, astra = run:open "ecl", run:open "astra"

-- The steps -------------------------------------------------------------------

local is_complete = true

--- Says what became of a step. A thing can come with a failure behind it, for
-- what is missing of it.
local function tell(thing, word, failure)
  if not thing then
    failure = word
    print(("not done   %s"):format(failure))
    if failure.outcome == "unknown" then
      print "           Nobody knows whether it exists. Look, then run this again."
    end
  else
    print(("%-10s %s"):format(word, thing.AcctName or tostring(thing)))
    if failure then
      print("           but: " .. failure)
    end
  end
  is_complete = is_complete and thing ~= nil and failure == nil
  return thing
end

--- Creates what is not there. What came of it is kept before it is told.
local function ensure(name, client, method, parameters)
  local thing, word, failure = client[method](client, parameters)
  if thing then
    run:keep(name, thing, failure)
  else
    run:keep(name, nil, word)
  end
  return tell(thing, word, failure)
end

local wallet = ensure("clumio.wallet", clumio, "ensure_wallet", { account_native_id = aws_account })
if wallet then
  print("           deploy its stack from " .. (wallet.template_url or "Clumio's portal"))
end

--- The first plan that can hold a vault.
local function find_plan()
  local list, failure = commvault:list_plans()
  local row = list and list.plans[1]
  return row and row.plan, failure or "Commvault has no plan that can hold a vault"
end

local plan, missing = find_plan()
if plan then
  ensure("commvault.vault", commvault, "ensure_s3_vault", {
    bucket = { clientName = customer },
    plan = { planId = plan.planId, planName = plan.planName },
  })
else
  is_complete = false
  print(("not done   %s"):format(missing))
end

ensure("ecl", ecl, "ensure_account")
ensure("astra.account", astra, "ensure_account", {
  name = customer,
  metadata = { labels = { { name = "customer", value = customer } } },
})

if run.path then
  print("The secrets are in " .. run.path .. ", for its owner alone.")
end
run:close()
os.exit(is_complete and 0 or 1, true)
