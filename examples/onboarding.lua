--- Onboards a customer: a wallet at Clumio, an S3 vault at Commvault, a Wasabi
-- account at NTT Enterprise Cloud, an account at Astra Control. Each is looked
-- for and created where it is not there, so that it may be run again.
--
--   lua5.4 examples/onboarding.lua [--for-real] [--secrets-to FILE]
--     [CUSTOMER [AWS_ACCOUNT_ID]]
--
-- All is played by coffer.sandbox(), inside this process, whatever the
-- environment holds. With --for-real, all four are asked for real: their tokens
-- CLUMIO_API_TOKEN, COMMVAULT_TOKEN, OS_TOKEN and ASTRA_TOKEN have to be in the
-- environment, and CUSTOMER, AWS_ACCOUNT_ID and FILE to be given. What is told
-- only once goes into FILE, which is made before anything is created, for its
-- owner alone; nothing of it is printed.
local here = arg[0]:match "^(.*/)" or ""
local run <close> = dofile(here .. "support/run.lua").read(arg, {
  usage = "onboarding.lua [--for-real] [--secrets-to FILE] [CUSTOMER [AWS_ACCOUNT_ID]]",
  most = 2, creates = true, needs = { "clumio", "commvault", "ecl", "astra" },
})

if run.is_for_real and #run.words < 2 then
  run:leave "--for-real: say who the CUSTOMER is, and the AWS_ACCOUNT_ID"
end
local customer = run.words[1] or "example-customer"
local aws_account = run.words[2] or "123456789012"

-- All four are opened, and what they shall get is checked, before anything is
-- created: what is missing or wrong here must not leave a customer half on board.
local clumio, commvault = run:need "clumio", run:need "commvault"
local ecl, astra = run:need "ecl", run:need "astra"

local new_wallet = { account_native_id = aws_account }
local new_account = {
  name = customer,
  metadata = { labels = { { name = "customer", value = customer } } },
}

local function new_vault(plan)
  return {
    bucket = { clientName = customer },
    plan = { planId = plan.planId, planName = plan.planName },
  }
end

run:check(clumio, "create_wallet", new_wallet, "AWS_ACCOUNT_ID")
run:check(commvault, "create_s3_vault", new_vault { planId = 1, planName = "any" }, "CUSTOMER")
run:check(ecl, "create_account", nil, "OS_PROJECT_ID")
run:check(astra, "create_account", new_account, "CUSTOMER")
run:introduce()

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
  -- what is missing of one that was there was told when it was created
  is_complete = is_complete and thing ~= nil and (failure == nil or word == "found")
  return thing
end

--- Creates what is not there. What came of it is kept before it is told.
local function ensure(name, client, method, parameters)
  local thing, word, failure = client[method](client, parameters)
  run:keep(name:match "%l+", name, thing, thing and failure or word)
  return tell(thing, word, failure)
end

local wallet = ensure("clumio.wallet", clumio, "ensure_wallet", new_wallet)
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
  ensure("commvault.vault", commvault, "ensure_s3_vault", new_vault(plan))
else
  is_complete = false
  print(("not done   %s"):format(missing))
end

ensure("ecl", ecl, "ensure_account")
ensure("astra.account", astra, "ensure_account", new_account)

run:tell_file()
run:close()
os.exit(is_complete and 0 or 1, true)
