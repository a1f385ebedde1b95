--- Opens one of everything: a wallet at Clumio (refreshed once), an S3 vault
-- at Commvault, a Wasabi account at NTT ECL, an account at Astra Control.
--
--   lua5.4 examples/open_everything.lua [--for-real --secrets-to FILE]
--
-- All is played by coffer.sandbox(), inside this process, whatever the
-- environment holds. With --for-real, a provider whose token is in the
-- environment is asked for real: it opens accounts that cost money. What is
-- told only once goes into FILE, a new file for its owner alone.
local here = arg[0]:match "^(.*/)" or ""
local run <close> = dofile(here .. "support/run.lua").read(arg, {
  usage = "open_everything.lua [--for-real --secrets-to FILE]", most = 0, creates = true,
})

local function show(thing, ...)
  print("  " .. table.concat({ tostring(thing), ... }, ", "))
end

-- What to open, and where: all of it is settled before the first is opened ----

local new_wallet = {
  account_native_id = run:choose("clumio", "CLUMIO_ACCOUNT", "123456789012"),
}
local plan_id = run:choose("commvault", "COMMVAULT_PLAN_ID", 1)
local new_vault = {
  bucket = { clientName = run:choose("commvault", "COMMVAULT_VAULT", "backups-2026") },
  plan = {
    planId = math.tointeger(tonumber(plan_id))
      or run:leave("COMMVAULT_PLAN_ID has to be a whole number: " .. plan_id),
    planName = run:choose("commvault", "COMMVAULT_PLAN", "server-plan"),
  },
}
local new_account = {
  name = run:choose("astra", "ASTRA_ACCOUNT", "Testing 123"),
  metadata = { labels = { { name = "team", value = "storage" } } },
}
local clumio = run:need("clumio", { region = run.given "CLUMIO_REGION" })
local commvault, ecl, astra = run:need "commvault", run:need "ecl", run:need "astra"
run:check(clumio, "create_wallet", new_wallet, "CLUMIO_ACCOUNT")
run:check(commvault, "create_s3_vault", new_vault,
  "COMMVAULT_VAULT, COMMVAULT_PLAN_ID, COMMVAULT_PLAN")
run:check(ecl, "create_account", nil, "OS_PROJECT_ID")
run:check(astra, "create_account", new_account, "ASTRA_ACCOUNT")
run:introduce()

-- Clumio -----------------------------------------------------------------

print("clumio     " .. run:purpose "clumio")
local wallet, failure = clumio:create_wallet(new_wallet)
run:keep("clumio", "clumio.wallet", wallet, failure)
assert(wallet, failure)
show(wallet, "deploy its stack from " .. (wallet.template_url or "the portal"),
  "its token is " .. tostring(wallet.token))
wallet = assert(wallet:refresh())
show(wallet, "refreshed")

-- Commvault --------------------------------------------------------------

print("commvault  " .. run:purpose "commvault")
local vault, incomplete = commvault:create_s3_vault(new_vault)
run:keep("commvault", "commvault.vault", vault, incomplete)
assert(vault, incomplete)
show(vault, "client " .. vault.response.entity.clientId)
if incomplete then -- the vault is there, but not all that was asked for
  print("  but: " .. incomplete)
end

-- NTT Enterprise Cloud ----------------------------------------------------

print("ecl        " .. run:purpose "ecl")
local account, missing = ecl:create_account()
run:keep("ecl", "ecl", account, missing)
assert(account, missing)
show(account, account.AcctName, "Password " .. tostring(account.Password),
  "SecretKey " .. tostring(account.SecretKey))
-- The two are told only now: account.SecretKey:reveal() gives the text.

-- NetApp Astra Control ----------------------------------------------------

print("astra      " .. run:purpose "astra")
local opened, odd = astra:create_account(new_account)
run:keep("astra", "astra.account", opened, odd)
assert(opened, odd)
show(opened, "named " .. opened.name)

-- When it does not work ---------------------------------------------------

print "a failure, as you would meet it (the same vault twice, in the sandbox):"
local sandboxed = run:play "commvault"
local _ = sandboxed:create_s3_vault(new_vault)
local _, refused = sandboxed:create_s3_vault(new_vault)
print("  " .. refused)
print(("  outcome = %s, code = %s, status = %d"):format(refused.outcome, refused.code,
  refused.status))
run:tell_file()
