--- Deletes the Clumio wallets and Astra accounts whose AWS account number or
-- name begins with PREFIX. Shows them and asks before it does.
--
--   lua5.4 examples/clean_up.lua [--yes] [PREFIX]
--
-- A provider whose token is in the environment is asked for real, and then
-- PREFIX has to be given; all others are played by coffer.sandbox(), inside
-- this process, with a few things in them.
local coffer = require "coffer"

local function is_real(variable)
  return (os.getenv(variable) or "") ~= ""
end

local function leave(text)
  io.stderr:write(text, "\n")
  os.exit(2)
end

--- The prefix and whether --yes is given, from the command line.
local function settle(words)
  local prefix, is_yes
  for _, word in ipairs(words) do
    if word == "--yes" then
      is_yes = true
    elseif word:sub(1, 1) == "-" or prefix then
      leave "usage: clean_up.lua [--yes] [PREFIX]"
    else
      prefix = word
    end
  end
  local is_for_real = is_real "CLUMIO_API_TOKEN" or is_real "ASTRA_TOKEN"
  if is_for_real and (prefix or "") == "" then
    leave "a token is set: say by a PREFIX what shall be deleted"
  end
  return prefix or "9", is_yes
end

local prefix, is_yes = settle(arg)
local box <close> = coffer.sandbox()

--- Something to delete in the sandbox, and something to spare.
local function fill()
  local clumio = assert(coffer.clumio(box:options "clumio"))
  local astra = assert(coffer.astra(box:options "astra"))
  for _, name in ipairs { "999999999999", "999999999998", "111111111111" } do
    assert(clumio:create_wallet { account_native_id = name })
    assert(astra:create_account { name = name })
  end
end

fill()

local function open(provider, variable)
  return assert(coffer[provider](is_real(variable) and {} or box:options(provider)))
end

local clumio = open("clumio", "CLUMIO_API_TOKEN")
local astra = open("astra", "ASTRA_TOKEN")

-- What there is to delete ---------------------------------------------------

local doomed = {}

local function note(thing, name)
  if name and name:sub(1, #prefix) == prefix then
    doomed[#doomed + 1] = { thing = thing, name = name }
  end
end

-- All pages are read before the first is deleted: lists shift under deletion.
for wallet in clumio:wallets() do
  note(wallet, wallet.account_native_id)
end
for account in astra:accounts() do
  note(account, account.name)
end

for _, each in ipairs(doomed) do
  print(("%s, %s"):format(each.thing, each.name))
end
if #doomed == 0 then
  print("Nothing begins with " .. prefix .. ".")
  os.exit(0, true)
end

local function is_meant()
  io.write(("Delete these %d? [y/N] "):format(#doomed))
  io.flush()
  return (io.read "l" or ""):lower() == "y"
end

if not is_yes and not is_meant() then
  print "Nothing was deleted."
  os.exit(0, true)
end

-- Deleting --------------------------------------------------------------------

local function is_deleted(each)
  local is_done, failure, code = each.thing:delete()
  if not is_done and code ~= "not_found" then -- gone is gone
    print("not deleted: " .. failure)
    return false
  end
  print(("deleted %s"):format(each.thing))
  return true
end

local gone = 0
for _, each in ipairs(doomed) do
  gone = gone + (is_deleted(each) and 1 or 0)
end
print(("%d of %d are gone."):format(gone, #doomed))
os.exit(gone == #doomed and 0 or 1, true)
