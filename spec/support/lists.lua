-- The lists that ensure looks through and that the iterators walk over, as orders for the fault
-- server: where each is asked for and what a page of it looks like. ECL has none that tells of
-- accounts.

local answers = require "answers"
local providers = require "providers"

local lists = {}

local function joined(items)
  return "[" .. table.concat(items, ",") .. "]"
end

local function quoted(text)
  return '"' .. text .. '"'
end

lists.clumio = {
  case = providers.clumio,
  path = "/wallets",
  method = "wallets",
  type = "application/api.clumio.wallets=v1+json",
  --- A wallet of an account, the one that is asked for where none is named.
  item = function(id, account)
    return answers.wallet {
      id = quoted(id or "w-1"), account_native_id = account and quoted(account),
    }
  end,
  page = function(items, next_link)
    return ('{"_embedded":{"items":%s},"_links":{%s},"current_count":%d}'):format(joined(items),
      next_link and ('"_next":{"href":%q,"templated":false,"type":"get"}'):format(next_link) or "",
      #items)
  end,
}

lists.commvault = {
  case = providers.commvault,
  path = "/commandcenter/api/V4/CVS3Stores",
  method = "s3_vaults",
  type = "application/json",
  item = function(name)
    return ('{"name":%q}'):format(name or answers.asked.vault)
  end,
  page = function(items)
    return ('{"CVS3Stores":%s}'):format(joined(items))
  end,
}

lists.astra = {
  case = providers.astra,
  path = "/accounts",
  method = "accounts",
  type = "application/json",
  item = function(id, name)
    return answers.astra_account { id = id and quoted(id), name = name and quoted(name) }
  end,
  page = function(items, token)
    return ('{"items":%s,"metadata":{%s}}'):format(joined(items),
      token and ('"continue":%q'):format(token) or "")
  end,
}

--- An order that answers with a page.
function lists.keep(list, ...)
  return answers.keep { type = list.type, body = list.page(...) }
end

--- The orders of a server that has the thing from when it was created on. `creates` are the orders
--- for the creates.
function lists.orders(case, creates)
  local orders = { paths = { ["POST " .. case.path] = creates } }
  local list = lists[case.provider]
  if list then
    orders.paths["GET " .. list.path] = { {
      created = lists.keep(list, { list.item() }), absent = lists.keep(list, {}),
    } }
  end
  return orders
end

--- What the provider says to a second create.
function lists.conflict(case)
  return { send = case.good { status = 409, body = case.error_body() }, executes = false,
           finish = "keep" }
end

local methods = { clumio = "ensure_wallet", commvault = "ensure_s3_vault" }

--- The case's thing, ensured.
function lists.ensure(case, client, options)
  local method = methods[case.provider] or "ensure_account"
  return client[method](client, case.parameters, options)
end

return lists
