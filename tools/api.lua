--- What coffer offers, as plain tables, for the tools that write about it. It is read from the
-- core, the providers' files and the table of options.
local core = require "coffer.core"
local names_in = require "coffer.values.names"
local options = require "coffer.options"

local api = {}

local NOTHING = {}

-- Answers ----------------------------------------------------------------------

local function field_of(node, name)
  for _, field in ipairs(node.fields or NOTHING) do
    if field.name == name then
      return field
    end
  end
end

--- The nodes on a path such as `User.1.UserId` of an answer.
local function nodes_at(node, path)
  local nodes = {}
  for step in path:gmatch "[^.]+" do
    node = node and (step:find "^%d+$" and node.item or field_of(node, step))
    nodes[#nodes + 1] = node
  end
  return nodes
end

--- An answer with what is known of its fields: those that a success has for certain are `is_sure`,
-- and those that are told once `is_once`.
local function answer_of(node, meaning)
  local held = node.header
  if held then
    table.insert(node.fields, { name = held, type = "secret" })
  end
  for _, path in pairs { meaning.proof or "", meaning.list or "" } do
    for _, found in ipairs(nodes_at(node, path)) do
      found.is_sure = true
    end
  end
  for _, path in ipairs(meaning.once or NOTHING) do
    local nodes = nodes_at(node, path)
    nodes[#nodes].is_once = true
  end
  return node
end

--- What a list has: the node of its items.
local function items_of(answer, meaning)
  local nodes = nodes_at(answer, meaning.list)
  return (nodes[#nodes] or answer).item
end

-- Calls ------------------------------------------------------------------------

--- The one parameter that may be given bare, or nil; and whether one has to be given at all.
local function needed(parameters)
  local names = {}
  for _, parameter in ipairs(parameters) do
    if parameter.is_required and not parameter.is_of_client then
      names[#names + 1] = parameter
    end
  end
  return #names == 1 and names[1] or nil, #names > 0
end

local function call_of(operation, answer, words)
  local meaning = words.operations[operation.name] or NOTHING
  local sole, is_needed = needed(operation.parameters)
  local log_in = words.log_in
  local is_log_in = log_in and log_in.operation == operation.name
  return {
    name = operation.name, about = operation.about, parameters = operation.parameters, sole = sole,
    needs_parameters = is_needed and not is_log_in,
    log_in = is_log_in and log_in.needs or nil,
    answer = answer and answer_of(answer, meaning),
    pages = meaning.pages and meaning.pages.name,
    list = meaning.list,
    items = answer and meaning.list and items_of(answer, meaning),
  }
end

-- Resources --------------------------------------------------------------------

--- Two descriptions of one resource, joined: what is known of a field at one place counts.
local function join(known, node)
  for i, field in ipairs(node.fields) do
    known.fields[i].is_sure = known.fields[i].is_sure or field.is_sure
    known.fields[i].is_once = known.fields[i].is_once or field.is_once
  end
end

--- Gathers the nodes of resources, by their names.
local function gather(node, found)
  local name = node.resource
  if name and found[name] then
    join(found[name], node)
  elseif name then
    found[name] = { fields = node.fields }
  end
  for _, field in ipairs(node.fields or NOTHING) do
    gather(field, found)
  end
  if node.item then
    gather(node.item, found)
  end
end

--- The words of a resource's state, in which waiting is put: { field =, words = }, or nil.
local function state_of(wait)
  if not (wait and wait.states and wait.state) then
    return nil
  end
  local words = {}
  for _, kind in ipairs { "ready", "pending", "partial" } do
    table.move(wait.states[kind] or NOTHING, 1, #(wait.states[kind] or NOTHING), #words + 1, words)
  end
  return { field = wait.state, words = words }
end

local function resource_of(name, node, words, calls)
  local methods = {}
  for _, method in ipairs(names_in(words.methods or NOTHING)) do
    local call = calls[words.methods[method].operation]
    methods[#methods + 1] = { name = method, call = call, takes_more = #call.parameters > 1,
                              given = words.methods[method].parameter }
  end
  local state = state_of(words.wait)
  return {
    name = name, about = words.about, fields = node.fields, methods = methods,
    wait = words.wait and { about = words.wait.about },
    state = state and field_of(node, state.field) and state,
  }
end

local function resources_of(words, calls)
  local found, resources = {}, {}
  for _, name in ipairs(names_in(calls)) do
    if calls[name].answer then
      gather(calls[name].answer, found)
    end
  end
  for _, name in ipairs(names_in(found)) do
    resources[#resources + 1] = resource_of(name, found[name], words.resources[name], calls)
  end
  return resources
end

-- Providers --------------------------------------------------------------------

local function in_order(by_name)
  local list = {}
  for _, name in ipairs(names_in(by_name)) do
    list[#list + 1] = by_name[name]
  end
  return list
end

--- What makes the calls of a list an ensure: { method =, plural =, call =, items =, takes_bare = }.
local function ensure_of(words, calls)
  local ensure = words.ensure
  if not ensure then
    return nil
  end
  local items
  for _, call in pairs(calls) do
    items = items or call.pages and call.pages == ensure.list and call.items
  end
  return { method = ensure.method, plural = ensure.plural, about = ensure.about,
           call = calls[ensure.call], items = items, takes_bare = ensure.sole ~= nil }
end

local function waits_of(words, calls)
  local waits = {}
  for _, name in ipairs(names_in(words.wait_methods or NOTHING)) do
    local wait = words.wait_methods[name]
    waits[#waits + 1] = { name = name, about = wait.about, call = calls[wait.operation],
                          resource = wait.waits }
  end
  return waits
end

--- The rows of a set of options.
-- @param group string or nil: of this group alone
local function rows_of(set, group)
  local rows = {}
  for _, name in ipairs(set.names) do
    rows[#rows + 1] = (not group or set.rows[name].group == group) and set.rows[name] or nil
  end
  return rows
end

local function provider_of(name)
  local described, answers = core.describe(name), core.answers(name)
  local words = require("coffer.providers." .. name)
  local calls = {}
  for called, operation in pairs(described.operations) do
    calls[called] = call_of(operation, answers[called], words)
  end
  return {
    name = name, title = described.title, calls = in_order(calls),
    resources = resources_of(words, calls), ensure = ensure_of(words, calls),
    waits = waits_of(words, calls), settings = described.settings,
    options = rows_of(options.client(described, words.options), name),
  }
end

--- The options that only some resources have in their wait.
local function special_waits()
  local names = {}
  for provider in pairs(core.providers) do
    for _, resource in pairs(require("coffer.providers." .. provider).resources or NOTHING) do
      local own = resource.wait and resource.wait.options or NOTHING
      table.move(own, 1, #own, #names + 1, names)
    end
  end
  return names
end

--- The options of everything but the providers' own, by group.
local function options_of()
  local name = names_in(core.providers)[1]
  local client = options.client(core.describe(name), nil)
  return {
    client = rows_of(client, "client"),
    call = rows_of(options.call, "call"),
    ensure = rows_of(options.ensure, "ensure"),
    wait = rows_of(options.wait(special_waits())), -- those of its looks as well
    map = rows_of(options.map, "map"),
    sandbox = rows_of(options.sandbox, "sandbox"),
    fault = rows_of(options.fault, "fault"),
  }
end

--- @return table { options = by group, providers = list }
function api.read()
  local providers = {}
  for i, name in ipairs(names_in(core.providers)) do
    providers[i] = provider_of(name)
  end
  return { options = options_of(), providers = providers }
end

return api
