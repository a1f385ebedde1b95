--- Deletes the Clumio wallets and Astra accounts whose AWS account number or
-- name begins with PREFIX. Shows them and asks before it does.
--
--   lua5.4 examples/clean_up.lua [--for-real] [--yes] [PREFIX]
--
-- All is played by coffer.sandbox(), inside this process, with a few things in
-- it, whatever the environment holds. With --for-real, both are asked for real:
-- CLUMIO_API_TOKEN and ASTRA_TOKEN have to be there, and PREFIX to be given.
local here = arg[0]:match "^(.*/)" or ""
local run <close> = dofile(here .. "support/run.lua").read(arg, {
  usage = "clean_up.lua [--for-real] [--yes] [PREFIX]", flags = { ["--yes"] = true }, most = 1,
  needs = { "clumio", "astra" },
})

if run.is_for_real and (run.words[1] or "") == "" then
  run:leave "--for-real: say by a PREFIX what shall be deleted"
end
local prefix = run.words[1] or "9"
local is_yes = run.flags["--yes"]
run:introduce()

--- Something to delete in the sandbox, and something to spare.
local function fill()
  local clumio = run:play "clumio"
  local astra = run:play "astra"
  for _, name in ipairs { "999999999999", "999999999998", "111111111111" } do
    assert(clumio:create_wallet { account_native_id = name })
    assert(astra:create_account { name = name })
  end
end

fill()

local clumio, astra = run:need "clumio", run:need "astra"

-- What there is to delete ---------------------------------------------------

local doomed = {}

local function note(thing, name)
  if name and name:sub(1, #prefix) == prefix then
    doomed[#doomed + 1] = { thing = thing, name = name }
  end
end

-- All pages are read before the first is deleted: lists shift under deletion.
local function look()
  for wallet in clumio:wallets() do
    note(wallet, wallet.account_native_id)
  end
  for account in astra:accounts() do
    note(account, account.name)
  end
  for _, each in ipairs(doomed) do
    print(("%s, %s"):format(each.thing, each.name))
  end
end

look()
if #doomed == 0 then
  print("Nothing begins with " .. prefix .. ".")
  run:close()
  os.exit(0, true)
end

local function is_meant()
  io.write(("Delete these %d? [y/N] "):format(#doomed))
  io.flush()
  return (io.read "l" or ""):lower() == "y"
end

if not is_yes and not is_meant() then
  print "Nothing was deleted."
  run:close()
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

local function delete_all()
  local gone = 0
  for _, each in ipairs(doomed) do
    gone = gone + (is_deleted(each) and 1 or 0)
  end
  return gone
end

local gone = delete_all()
print(("%d of %d are gone."):format(gone, #doomed))
run:close()
os.exit(gone == #doomed and 0 or 1, true)
