--- What a resource of a list is to a task: the one that is wanted, one that may be it,
-- or another.
local core = require "coffer.core"
local alike = require "coffer.helpers.ensure.alike"
local outside = require "coffer.values.outside"

local comparing = {}

--- What it is to a task; nil where it is another.
local IS, MAY = "is", "may"

local function by_name(wanted, got)
  got = outside.name(got)
  if got == wanted then
    return IS
  end
  return got and alike.key(got) == alike.key(wanted) and MAY or nil
end

--- What tells no region may be in any.
local function by_region(wanted, got)
  if type(got) ~= "string" or not got:find "%S" then
    return MAY
  end
  return by_name(wanted, got)
end

--- How a field of the key is compared; by name where nothing else is given.
local ways = { region = by_region }

--- What to look for: the parameters of the key, or the client's own of that
-- name.
function comparing.key_of(kind, client, parameters)
  local key, settings = {}, core.settings(client, "parameters") or {}
  for field, where in pairs(kind.key) do
    local value = core.member(parameters, where)
    if value == nil then
      value = settings[where]
    end
    key[field] = value
  end
  return key
end

--- What the fields of a resource are to a task.
function comparing.match(task, fields)
  local verdict = IS
  for field, wanted in pairs(task.key) do
    local by = ways[task.run.kind.compare and task.run.kind.compare[field]] or by_name
    local word = by(wanted, rawget(fields, field))
    if not word then
      return nil
    elseif word == MAY then
      verdict = MAY
    end
  end
  return verdict
end

--- Puts a resource on the list by what is always in its key.
-- @param is_made boolean or nil: this run has made it
function comparing.put(listed, place, resource, fields, is_made)
  listed[place] = listed[place] or {}
  table.insert(listed[place], { resource = resource, fields = fields, is_made = is_made })
end

--- What is on the list for a task.
-- @return list of what it is, list of what may be it
function comparing.sort_out(task, listed)
  local sorted = { [IS] = {}, [MAY] = {} }
  for _, entry in ipairs(listed[task.place] or {}) do
    local verdict = comparing.match(task, entry.fields)
    if verdict then
      table.insert(sorted[verdict], entry)
    end
  end
  return sorted[IS], sorted[MAY]
end

return comparing
