-- The lists that ensure looks through and that the iterators walk over, as orders for the fault
-- server. Not every provider has one. It is:
--
--   path, method, type    where it is asked for, the iterator, the type of a page
--   page(items, next)     a page as JSON, of items as JSON
--   item(...)             an item: the case's own where nothing is given
--   two, two_are_named    two items of the case's key; how a failure names them
--   other, other_name     an item of another key, and what it is called by
--   own                   what ensure_many is given for the case's own thing
--   named(name)           what it is given for a thing of this name, and the item of that
--   ends_with_empty       a walk ends by an empty page

local answers = require "answers"
local providers = require "providers"

local lists = {}

for _, case in ipairs(providers.where(function(case) return case.list end)) do
  lists[case.provider] = case.list
  case.list.case = case
end

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

--- The case's thing, ensured.
function lists.ensure(case, client, options)
  return client[case.ensure](client, case.parameters, options)
end

return lists
