--- Onboards a customer: a wallet at Clumio, an S3 vault at Commvault, a Wasabi
-- account at NTT Enterprise Cloud, an account at Astra Control. Each is looked
-- for and created where it is not there, so that it may be run again.
--
--   lua5.4 examples/onboarding.lua [CUSTOMER [AWS_ACCOUNT_ID [FILE]]]
--
-- What is told only once goes into FILE, which is made before anything is
-- created, for its owner alone; nothing of it is printed. A provider whose
-- token is in the environment is asked for real; all others are played by
-- coffer.sandbox(), inside this process.
local coffer = require "coffer"

local customer = arg[1] or "example-customer"
local aws_account = arg[2] or "123456789012"

-- The file of secrets --------------------------------------------------------

local function quoted(text)
  return "'" .. text:gsub("'", [['\'']]) .. "'"
end

--- Makes a file that only its owner can read. Lua cannot set the mode of what
-- it creates, so a shell does. With -C it takes no file that is there already:
-- not one that others hold open, and none with earlier secrets in it.
local function make_private(name)
  assert(os.execute(("umask 077 && set -C && : > %s"):format(quoted(name))),
    name .. " cannot be made; is it there already?")
  local file = assert(io.open(name, "a"))
  assert(file:setvbuf "no") -- what is written is not left behind in memory
  return file
end

local function is_real(variable)
  return (os.getenv(variable) or "") ~= ""
end

--- The path to use where none is given, which will do for the sandbox only.
local function default_path()
  for _, variable in ipairs { "CLUMIO_API_TOKEN", "COMMVAULT_TOKEN", "OS_TOKEN", "ASTRA_TOKEN" } do
    if is_real(variable) then
      io.stderr:write(variable, " is set: say which FILE shall keep the secrets\n")
      os.exit(2)
    end
  end
  local name = os.tmpname()
  os.remove(name) -- some systems create it
  return name
end

local path = arg[3] or default_path()
local vaulted <close> = make_private(path)

--- Writes down what is told only once, the moment it is known.
local function keep(name, secret)
  if secret then
    local text = type(secret) == "string" and secret or secret:reveal()
    assert(vaulted:write(name, " = ", text, "\n"))
  end
end

-- The providers --------------------------------------------------------------

local box <close> = coffer.sandbox()

local function open(provider, variable)
  return assert(coffer[provider](is_real(variable) and {} or box:options(provider)))
end

-- All four are opened before anything is created: a token that is missing here
-- must not leave a customer half on board.
local clumio = open("clumio", "CLUMIO_API_TOKEN")
local commvault = open("commvault", "COMMVAULT_TOKEN")
local ecl = open("ecl", "OS_TOKEN")
local astra = open("astra", "ASTRA_TOKEN")

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

local wallet = tell(clumio:ensure_wallet { account_native_id = aws_account })
if wallet then
  keep("clumio.wallet.token", wallet.token)
  print("           deploy its stack from " .. (wallet.template_url or "Clumio's portal"))
end

--- A vault on the first plan that can hold one.
local function ensure_vault()
  local list, failure = commvault:list_plans()
  local row = list and list.plans[1]
  if not row then
    return nil, failure or "Commvault has no plan that can hold a vault"
  end
  return commvault:ensure_s3_vault {
    bucket = { clientName = customer },
    plan = { planId = row.plan.planId, planName = row.plan.planName },
  }
end

tell(ensure_vault())

local account, word, incomplete = ecl:ensure_account()
tell(account, word, incomplete)
if account then
  keep("ecl.AccessKey", account.AccessKey)
  keep("ecl.SecretKey", account.SecretKey)
  keep("ecl.Password", account.Password)
end

-- An answer that is not as documented can hold them all the same: it is kept
-- as it came.
local answer = coffer.response(account and incomplete or word)
if answer then
  keep("ecl answer", answer.body)
end

tell(astra:ensure_account {
  name = customer,
  metadata = { labels = { { name = "customer", value = customer } } },
})

print("The secrets are in " .. path .. ", for its owner alone.")
os.exit(is_complete and 0 or 1, true)
