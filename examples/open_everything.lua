--- Opens one of everything: a wallet at Clumio (refreshed once), an S3 vault
-- at Commvault, a Wasabi account at NTT ECL, an account at Astra Control.
--
--   lua5.4 examples/open_everything.lua
--
-- A provider whose token is in the environment is asked for real; all others
-- are played by coffer.sandbox(), inside this process.
local coffer = require "coffer"

local box <close> = coffer.sandbox()

--- A client of the real provider where its token is set, else of the sandbox.
local function open(provider, variable, options)
  local is_real = (os.getenv(variable) or "") ~= ""
  print(("%-10s %s"):format(provider, is_real and "for real, by " .. variable or "sandbox"))
  return assert(coffer[provider](is_real and options or box:options(provider)))
end

local function show(thing, ...)
  print("  " .. table.concat({ tostring(thing), ... }, ", "))
end

-- Clumio -----------------------------------------------------------------

local clumio = open("clumio", "CLUMIO_API_TOKEN", { region = os.getenv "CLUMIO_REGION" })
local wallet = assert(clumio:create_wallet {
  account_native_id = os.getenv "CLUMIO_ACCOUNT" or "123456789012",
})
show(wallet, "deploy its stack from " .. (wallet.template_url or "the portal"),
  "its token is " .. tostring(wallet.token))
wallet = assert(wallet:refresh())
show(wallet, "refreshed")

-- Commvault --------------------------------------------------------------

local commvault = open("commvault", "COMMVAULT_TOKEN", {})
local new_vault = {
  bucket = { clientName = os.getenv "COMMVAULT_VAULT" or "backups-2026" },
  plan = {
    planId = math.tointeger(os.getenv "COMMVAULT_PLAN_ID") or 1,
    planName = os.getenv "COMMVAULT_PLAN" or "server-plan",
  },
}
local vault, trouble = commvault:create_s3_vault(new_vault)
assert(vault, trouble)
show(vault, "client " .. vault.response.entity.clientId)
if trouble then -- the vault is there, but not all that was asked for
  print("  but: " .. trouble)
end

-- NTT Enterprise Cloud ----------------------------------------------------

local ecl = open("ecl", "OS_TOKEN", {})
local account, incomplete = ecl:create_account()
assert(account, incomplete)
show(account, account.AcctName, "Password " .. tostring(account.Password),
  "SecretKey " .. tostring(account.SecretKey))
-- The two are told only now: account.SecretKey:reveal() gives the text.

-- NetApp Astra Control ----------------------------------------------------

local astra = open("astra", "ASTRA_TOKEN", {})
local new_account = assert(astra:create_account {
  name = os.getenv "ASTRA_ACCOUNT" or "Testing 123",
  metadata = { labels = { { name = "team", value = "storage" } } },
})
show(new_account, "named " .. new_account.name)

-- When it does not work ---------------------------------------------------

print "a failure, as you would meet it (the same vault once more, in the sandbox):"
local sandboxed = assert(coffer.commvault(box:options "commvault"))
local _ = sandboxed:create_s3_vault(new_vault)
local _, failure = sandboxed:create_s3_vault(new_vault)
print("  " .. failure)
print(("  outcome = %s, code = %s, status = %d"):format(failure.outcome, failure.code,
  failure.status))
