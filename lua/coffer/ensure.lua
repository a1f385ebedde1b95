--- "This must exist", said safely: look, create, and where the outcome is
-- unknown look again. It never guesses: what cannot be settled stays unknown.
local core = require "coffer.core"
local drive = require "coffer.drive"
local failure = require "coffer.failure"
local path = require "coffer.path"
local policy = require "coffer.policy"

local ensure = {}

--- Seconds until a request that was cut off is over at the provider as well,
-- and between two looks that have to agree that nothing is there.
local SETTLE = 5

--- Looks through all of a list for the things that fit.
local function search(list, fits)
  return function(client, parameters, options)
    local all, trouble = client[list](client, nil, options):collect()
    if not all then
      return nil, trouble
    end
    local found = {}
    for _, thing in ipairs(all) do
      if fits(thing, parameters) then
        found[#found + 1] = thing
      end
    end
    return found
  end
end

-- What differs between the providers:
--   call       the call that creates
--   sole       the parameter that a bare value stands for
--   look       gives a list of what fits; absent where nothing can be looked up
--   name       names a thing among several
--   refuses_second   a second create is refused (409), so that creating once
--              more cannot make two
--   exists     the thing as far as a 409 tells of it
local kinds = {
  clumio = {
    method = "ensure_wallet", call = "create_wallet", sole = "account_native_id", name = "id",
    look = search("wallets", function(wallet, wanted)
      return wallet.account_native_id == wanted.account_native_id
        and (wanted.aws_region == nil or wallet.aws_region == wanted.aws_region)
    end),
  },
  commvault = {
    method = "ensure_s3_vault", call = "create_s3_vault", name = "name", refuses_second = true,
    look = search("s3_vaults", function(vault, wanted)
      return vault.name == path.get(wanted, "bucket.clientName")
    end),
  },
  ecl = {
    method = "ensure_account", call = "create_account", refuses_second = true,
    exists = function(client, wanted)
      local tenant = wanted.tenant_id or core.settings(client, "parameters").tenant_id
      return { AcctName = tenant .. "@ecl.ntt.com" }
    end,
    lost = "its Password and SecretKey were told once, when it was created",
  },
  astra = {
    method = "ensure_account", call = "create_account", sole = "name", name = "id",
    look = search("accounts", function(account, wanted)
      return account.name == wanted.name
    end),
  },
}

local function refuse(task, fields)
  fields.provider, fields.operation = task.provider, task.kind.method
  local told = failure.new(fields, task.creates)
  return nil, told, told.code
end

local function names_of(found, name)
  local names = {}
  for i, thing in ipairs(found) do
    names[i] = tostring(thing[name])
  end
  return table.concat(names, ", ")
end

--- Looks once. True in the first place when that settles it.
-- @return is_settled, then what ensure gives back
local function look(task, word)
  local found, trouble = task.kind.look(task.client, task.parameters, task.options)
  if not found then
    return true, nil, trouble, trouble.code
  elseif #found == 1 then
    return true, found[1], word
  elseif #found > 1 then
    return true, refuse(task, { outcome = "unknown", code = "conflict", key = task.key,
      said = ("there are %d of them: %s"):format(#found, names_of(found, task.kind.name)) })
  end
  return false
end

--- What a 409 says where nothing can be looked up: it is there.
local function exists(task, word)
  local thing = task.kind.exists(task.client, task.parameters)
  local _, incomplete = refuse(task, { outcome = "refused", code = "partial",
    said = "it exists, but " .. task.kind.lost })
  return thing, word, incomplete
end

--- After a 409: it is there, made by us where an earlier attempt is in doubt.
local function meet(task, trouble)
  local word = task.is_in_doubt and "recovered" or "found"
  if not task.kind.look then
    return exists(task, word)
  end
  local is_settled, found, told, code = look(task, word)
  if is_settled then
    return found, told, code
  end
  return nil, trouble, trouble.code
end

local settle

--- Creates it.
local function create(task)
  task.creates = task.creates + 1
  local thing, trouble = task.client[task.kind.call](task.client, task.parameters, task.options)
  if thing then
    return thing, "created", trouble
  elseif trouble.outcome == "unknown" then
    return settle(task, trouble)
  elseif trouble.code == "conflict" then
    return meet(task, trouble)
  end
  return nil, trouble, trouble.code
end

--- Nobody knows whether it was created: waits until the request can no longer
-- be under way, and looks. Absent counts when it was seen twice.
function settle(task, trouble)
  local is_first = not task.is_in_doubt
  task.is_in_doubt = true
  for _ = 1, task.kind.look and 2 or 1 do
    drive.sleep(math.max(task.settle, trouble.retry_after or 0))
    if task.kind.look then
      local is_settled, found, told = look(task, "recovered")
      if found then
        return found, told
      elseif is_settled then
        return nil, trouble, trouble.code
      end
    end
  end
  if is_first and task.kind.refuses_second then
    return create(task)
  end
  return nil, trouble, trouble.code
end

local function run(task)
  if task.kind.look then
    local is_settled, found, told, code = look(task, "found")
    if is_settled then
      return found, told, code
    end
  end
  return create(task)
end

--- The parameters as a table.
local function settled(kind, parameters, whose)
  if parameters == nil or type(parameters) == "table" then
    return parameters or {}
  elseif kind.sole then
    return { [kind.sole] = parameters }
  end
  error(("%s takes a table of parameters, got %s"):format(whose, type(parameters)), 3)
end

--- The options of the calls that ensure makes: its own but for `settle`.
local function without_settle(options)
  local rest = {}
  for name, value in pairs(options or {}) do
    rest[name] = name ~= "settle" and value or nil
  end
  return rest
end

--- The ensure methods of a provider's clients, by name.
--   client:ensure_wallet(parameters, { settle = 5 })
-- takes the parameters of the call that creates. Option `settle`: seconds to
-- wait before looking again after an unknown outcome.
-- @return the thing, and "created", "found" or "recovered"; behind them a
--   failure where something of it is missing; or nil, failure, code
function ensure.methods(provider)
  local kind = kinds[provider]
  local whose = provider .. ":" .. kind.method
  return {
    [kind.method] = function(self, parameters, options)
      policy.check(whose, options, { "settle", "attempts", "deadline" })
      parameters = settled(kind, parameters, whose)
      -- what cannot be sent is told before anything is looked up
      local prepared, trouble, code = self:request(kind.call, parameters, without_settle(options))
      if not prepared then
        return nil, trouble, code
      end
      return run {
        client = self, provider = provider, kind = kind, parameters = parameters, creates = 0,
        options = without_settle(options), settle = options and options.settle or SETTLE,
      }
    end,
  }
end

return ensure
