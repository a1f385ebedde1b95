--- Iterators over lists that come in pages:
--   for wallet in clumio:wallets { limit = 100 } do ... end
--   local all = clumio:wallets():collect()
local core = require "coffer.core"
local failure = require "coffer.failure"
local path = require "coffer.path"
local policy = require "coffer.policy"

local pages = {}

--- How many items are asked for at a time where pages are counted by items.
local PAGE = 100

local CIRCLE = "the pages go round in a circle"

--- The parameters of the next page, or nil behind the last one; an error text
-- where the list cannot be gone on with.
local following = {}

function following.none()
  return nil
end

local function decoded(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

--- The link tells the token of the next page, and is followed no further: it
-- has to lead to where we are, though.
function following.link(walk, page)
  local link = path.get(page, walk.paging.next)
  if link == nil or link == core.null then
    return nil
  end
  local is_ours, wrong = core.check_link(walk.client, tostring(link))
  if not is_ours then
    return nil, "the link to the next page " .. wrong
  end
  local token = link:match("[?&]" .. walk.paging.parameter .. "=([^&#]*)")
  if not token then
    return nil, "the link to the next page has no " .. walk.paging.parameter
  end
  return decoded(token)
end

function following.token(walk, page)
  local token = path.get(page, walk.paging.next)
  if token == nil or token == core.null or token == "" then
    return nil
  elseif type(token) ~= "string" then
    return nil, "the token of the next page is no text"
  end
  return token
end

local function body_of(page)
  return core.origins[page]:response().body
end

--- A page that is not exactly full is the last one: a shorter one has the
-- rest, a longer one comes of a provider that knows no pages. Such a one may
-- also give the same full page for ever.
function following.offset(walk, page, items)
  if #items ~= walk.parameters.limit then
    return nil
  end
  local body = body_of(page)
  if body == walk.body then
    return nil, CIRCLE
  end
  walk.body = body
  return (walk.parameters[walk.paging.parameter] or 0) + #items
end

--- Gives names to the values of a row that `include` asked for.
local function named(row, names)
  local item = {}
  for i, name in ipairs(names) do
    item[name] = row[i]
  end
  return item
end

--- Makes tables of a list's rows, in place.
-- @param names string: the fields that were asked for, comma-separated
function pages.name_rows(items, names)
  local list = {}
  for name in names:gmatch "[^,%s]+" do
    list[#list + 1] = name
  end
  for i, item in ipairs(items) do
    if getmetatable(item) == nil then
      items[i] = named(item, list)
    end
  end
end

local function raise(walk, message)
  error(failure.new({
    outcome = "unknown", code = "protocol", said = message,
    provider = walk.provider, operation = walk.operation.name,
  }, 1), 0)
end

--- The options of the next call. A deadline is that of each page, but for
-- collect().
local function options_of(walk)
  if not walk.till then
    return walk.options
  end
  local options = {}
  for name, value in pairs(walk.options) do
    options[name] = value
  end
  options.deadline = math.max(walk.till - core.clock(), 0.001)
  return options
end

--- Asks for the page that is due, and notes the one behind it. Failures are
-- raised: an iterator has no other way to tell them.
local function turn(walk)
  local page, trouble = walk.client[walk.operation.name](walk.client, walk.parameters,
    options_of(walk))
  if not page then
    error(trouble, 0)
  end
  walk.items, walk.at = path.get(page, walk.paging.items), 0
  local next_page, wrong = following[walk.paging.style](walk, page, walk.items)
  if wrong then
    raise(walk, wrong)
  elseif next_page ~= nil and walk.seen[next_page] then
    raise(walk, CIRCLE)
  end
  walk.is_last = next_page == nil
  if not walk.is_last then
    walk.seen[next_page] = true
    walk.parameters[walk.paging.parameter] = next_page
  end
end

local Walk = { __name = "coffer.pages" }

local function no_list()
  core.misuse "pages are no list: write `for item in pages do`, or take pages:collect()"
end

local methods = setmetatable({}, { __index = function(_, name)
  if math.type(name) then
    no_list()
  end
end })
Walk.__index, Walk.__len = methods, no_list

--- The next item, or nil behind the last one.
function Walk:__call()
  while not self.items or self.at >= #self.items do
    if self.items and self.is_last then
      return nil
    end
    turn(self)
  end
  self.at = self.at + 1
  return self.items[self.at]
end

function Walk:__tostring()
  return ("%s %s (pages)"):format(self.provider, self.paging.name)
end

--- All items that are left, as a list; within the deadline, where one was
-- given.
-- @return list; or nil, failure, code
function methods:collect()
  local list = {}
  self.till = self.options and self.options.deadline
    and core.clock() + self.options.deadline
  while true do
    local is_done, item = pcall(self)
    if not is_done and failure.is(item) then
      return nil, item, item.code
    elseif not is_done then
      error(item, 0)
    elseif item == nil then
      return list
    end
    list[#list + 1] = item
  end
end

local function check_table(whose, what, value)
  if value ~= nil and type(value) ~= "table" then
    core.misuse(("%s takes a table of %s, got %s"):format(whose, what, type(value)))
  end
end

--- The parameters of the first page. The walk goes on in them, so they are a
-- copy; null is not given.
local function first_of(paging, parameters)
  local first = {}
  for name, value in pairs(parameters or {}) do
    if value ~= core.null then
      first[name] = value
    end
  end
  if paging.style == "offset" then
    first.limit = first.limit or PAGE
  end
  return first
end

--- The iterator of an operation that lists.
function pages.method(provider, operation)
  local paging = operation.paging
  local whose = ("%s:%s"):format(provider, paging.name)
  return function(self, parameters, options)
    if not core.states[self] then
      core.misuse(("%s was called on a %s: write it with a colon"):format(whose, type(self)))
    end
    check_table(whose, "parameters", parameters)
    check_table(whose, "options", options)
    policy.check(whose, options, { "attempts", "deadline" })
    local walk = { client = self, provider = provider, operation = operation, paging = paging,
      options = options, parameters = first_of(paging, parameters), seen = {} }
    local begin = paging.parameter and walk.parameters[paging.parameter]
    if begin ~= nil then
      walk.seen[begin] = true
    end
    return setmetatable(walk, Walk)
  end
end

return pages
