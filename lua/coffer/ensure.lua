--- "This must exist", said safely: look, create, and where the outcome is
-- unknown look again. It never guesses: what cannot be settled stays unknown.
local core = require "coffer.core"
local drive = require "coffer.drive"
local failure = require "coffer.failure"
local path = require "coffer.path"
local policy = require "coffer.policy"
local retry = require "coffer.retry"

local ensure = {}

--- Seconds until a request that was cut off is over at the provider as well,
-- and between two looks that have to agree that nothing is there.
local SETTLE = 5

-- What differs between the providers:
--   call       the call that creates
--   sole       the parameter that a bare value stands for
--   list       the iterator that is looked through; absent where nothing can
--              be looked up
--   key        what a thing is looked for by: field = path of the parameter;
--              a parameter that is not given does not count
--   name       names a thing among several
--   refuses_second   a second create is refused (409), so that creating once
--              more cannot make two
--   exists     the thing as far as a 409 tells of it
local kinds = {
  clumio = {
    method = "ensure_wallet", call = "create_wallet", sole = "account_native_id", name = "id",
    list = "wallets",
    key = { account_native_id = "account_native_id", aws_region = "aws_region" },
  },
  commvault = {
    method = "ensure_s3_vault", call = "create_s3_vault", name = "name", refuses_second = true,
    list = "s3_vaults", key = { name = "bucket.clientName" },
  },
  ecl = {
    method = "ensure_account", call = "create_account", refuses_second = true,
    key = { tenant_id = "tenant_id" },
    exists = function(key)
      return { AcctName = key.tenant_id .. "@ecl.ntt.com" }
    end,
    lost = "its Password and SecretKey were told once, when it was created",
  },
  astra = {
    method = "ensure_account", call = "create_account", sole = "name", name = "id",
    list = "accounts", key = { name = "name" },
  },
}

--- What to look for: the parameters of the key, or the client's own of that
-- name.
local function key_of(kind, client, parameters)
  local key, settings = {}, core.settings(client, "parameters") or {}
  for field, where in pairs(kind.key) do
    local value = path.get(parameters, where)
    if value == nil or value == core.null then
      value = settings[where]
    end
    key[field] = value
  end
  return key
end

--- The options of one of ensure's calls, which may take what time is left.
local function options_of(task, names)
  local options = { deadline = math.max(task.till - core.clock(), 0.001) }
  for _, name in ipairs(names) do
    options[name] = task.options[name]
  end
  return options
end

local function fits(thing, key)
  for field, value in pairs(key) do
    if rawget(thing, field) ~= value then
      return false
    end
  end
  return true
end

--- Looks through all of the list.
-- @return the things that are what is wanted; or nil, failure
local function look(task)
  local walk = task.client[task.kind.list](task.client, nil,
    options_of(task, { "attempts", "timeout" }))
  local all, trouble = walk:collect()
  if not all then
    return nil, trouble
  end
  local found = {}
  for _, thing in ipairs(all) do
    if fits(thing, task.key) then
      found[#found + 1] = thing
    end
  end
  return found
end

--- What to look for, as the create itself would name it.
local function named_key(task)
  local named = {}
  for field, where in pairs(task.kind.key) do
    named[where:match "[^.]+$"] = task.key[field]
  end
  return named
end

--- A failure of ensure's own. Its outcome is true of the creates there were.
local function report(task, fields)
  local without_doubt = task.creates == 0 and "not_sent" or "refused"
  fields.outcome = fields.outcome or task.doubt and "unknown" or without_doubt
  fields.provider, fields.operation, fields.key =
    task.provider, task.kind.method, named_key(task)
  local told = failure.new(fields, task.creates)
  return nil, told, told.code
end

--- What was found is what was wanted, unless it is more than one.
local function take(task, found, word)
  if #found == 1 then
    return found[1], word
  end
  local names = {}
  for i, thing in ipairs(found) do
    names[i] = tostring(rawget(thing, task.kind.name))
  end
  return report(task, { code = "conflict",
    said = ("there are %d of them: %s"):format(#found, table.concat(names, ", ")) })
end

--- It failed. As long as one create is in doubt, no later trouble says more
-- than that.
local function give_up(task, trouble)
  local told = task.doubt or trouble
  return nil, told, told.code
end

--- After a 409: it is there, made by us where an earlier create is in doubt.
local function meet(task, trouble)
  local word = task.doubt and "recovered" or "found"
  if not task.kind.list then
    local _, incomplete = report(task, { outcome = "refused", code = "partial",
      said = "it exists, but " .. task.kind.lost })
    -- what came before the doubt may hold what is told only once
    core.origins[incomplete] = core.origins[task.doubt or trouble]
    return task.kind.exists(task.key), word, incomplete
  end
  local found = look(task)
  if found and #found > 0 then
    return take(task, found, word)
  end
  return give_up(task, trouble)
end

local recover

--- Creates it.
local function create(task)
  task.creates = task.creates + 1
  local thing, trouble = task.client[task.kind.call](task.client, task.parameters,
    options_of(task, { "attempts", "timeout", "extra" }))
  if thing then
    return thing, "created", trouble
  elseif trouble.outcome == "unknown" then
    task.doubt = task.doubt or trouble
    return recover(task, trouble)
  elseif trouble.code == "conflict" then
    return meet(task, trouble)
  end
  return give_up(task, trouble)
end

--- Pauses before a look. False where that would take too long.
local function rest(task, trouble)
  local pause = math.max(task.settle, trouble.retry_after or 0)
  if (trouble.retry_after or 0) > retry.LONGEST_RETRY_AFTER
    or pause >= task.till - core.clock() then
    return false
  end
  drive.sleep(pause)
  return true
end

--- Looks until it was seen, or seen to be absent twice.
-- @return the things found; or nil where that cannot be said
local function look_again(task, trouble)
  local absent = 0
  for _ = 1, 2 do
    local found = rest(task, trouble) and look(task)
    if found and #found > 0 then
      return found
    end
    absent = absent + (found and 1 or 0)
  end
  return absent == 2 and {} or nil
end

--- Nobody knows whether it was created: waits until the request can no longer
-- be under way, and looks. Where nothing can be looked up, another create will
-- tell.
function recover(task, trouble)
  local found
  if task.kind.list then
    found = look_again(task, trouble)
  else
    found = rest(task, trouble) and {}
  end
  if found and #found > 0 then
    return take(task, found, "recovered")
  elseif found and task.creates == 1 and task.kind.refuses_second then
    return create(task)
  end
  return give_up(task)
end

local function run(task)
  if not task.kind.list then
    return create(task)
  end
  local found, trouble = look(task)
  if not found then
    -- of the look nobody may know; of the thing it is known: nothing was sent
    trouble.outcome = trouble.outcome == "unknown" and "not_sent" or trouble.outcome
    return nil, trouble, trouble.code
  elseif #found > 0 then
    return take(task, found, "found")
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
  core.misuse(("%s takes a table of parameters, got %s"):format(whose, type(parameters)))
end

--- The options of the calls that ensure makes: its own but for `settle`.
local function without_settle(options)
  local rest_of = {}
  for name, value in pairs(options or {}) do
    rest_of[name] = name ~= "settle" and value or nil
  end
  return rest_of
end

local function new_task(client, provider, parameters, options)
  local kind = kinds[provider]
  local patience = options.deadline or core.states[client].deadline
  return {
    client = client, provider = provider, kind = kind, parameters = parameters,
    key = key_of(kind, client, parameters), creates = 0, options = options,
    till = core.clock() + patience,
  }
end

--- The ensure methods of a provider's clients, by name.
--   client:ensure_wallet(parameters, { settle = 5, deadline = 300 })
-- takes the parameters of the call that creates, and its options. Option
-- `settle`: seconds to wait before looking again after an unknown outcome.
-- Option `deadline` is for all of it together.
-- @return the thing, and "created", "found" or "recovered"; behind them a
--   failure where something of it is missing; or nil, failure, code
function ensure.methods(provider)
  local kind = kinds[provider]
  local whose = provider .. ":" .. kind.method
  return {
    [kind.method] = function(self, parameters, options)
      policy.check_all(whose, options,
        { "settle", "attempts", "deadline", "timeout", "extra" }, core.nearest)
      parameters = settled(kind, parameters, whose)
      local rest_of = without_settle(options)
      -- what cannot be sent is told before anything is looked up
      local prepared, trouble, code = self:request(kind.call, parameters, rest_of)
      if not prepared then
        return nil, trouble, code
      end
      local task = new_task(self, provider, parameters, rest_of)
      task.settle = options and options.settle or SETTLE
      return run(task)
    end,
  }
end

return ensure
