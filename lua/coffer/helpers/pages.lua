--- Iterators over lists that come in pages:
--   for wallet in client:wallets { limit = 100 } do ... end
--   local all = client:wallets():collect()
local call = require "coffer.call"
local core = require "coffer.core"
local scheduler = require "coffer.scheduler"
local failures = require "coffer.failure"
local options = require "coffer.options"
local outside = require "coffer.values.outside"

local pages = {}

--- How many items are asked for at a time where pages are counted by items.
local PAGE = 100

--- So many pages in a row may bring nothing new, where tokens lead from one to
-- the next.
local MAX_BARREN = 100

local CIRCLE = "the pages go round in a circle"

--- The value at a path of a page, nil where it is absent or null; or nil and
-- the name of what stands in the way, being no object.
local function member_at(page, where)
  local value, name = page, "the answer"
  for inner in where:gmatch "[^.]+" do
    if type(value) ~= "table" or rawget(value, 1) ~= nil then
      return nil, name
    end
    value, name = rawget(value, inner), inner
    if outside.is_absent(value) then
      return nil
    end
  end
  return value
end

--- True for a list; an empty one is told from an object by its metatable.
local function is_list(value)
  if type(value) ~= "table" then
    return false
  end
  local metatable = getmetatable(value)
  return rawlen(value) > 0
    or next(value) == nil and metatable ~= nil and rawget(metatable, "client") == nil
end

--- The items of a page, and what is wrong with them. Null or absent items are
-- none.
local function items_of(page, where)
  local items, wrong = member_at(page, where)
  if wrong then
    return nil, wrong .. " is no object"
  elseif outside.is_absent(items) then
    return {}
  elseif not is_list(items) then
    return nil, (where == "" and "the answer" or where) .. " is no list"
  end
  return items
end

--- What tells an item of free form from another: its text.
local function content(item)
  if type(item) ~= "table" then
    return type(item) .. " " .. tostring(item)
  end
  local parts = {}
  for name, value in next, item do
    parts[#parts + 1] = ("%q = %s"):format(tostring(name), content(value))
  end
  table.sort(parts)
  return "{" .. table.concat(parts, ", ") .. "}"
end

--- What an item is known by, and whether that is its name or ID.
local function mark_of(item, identity)
  local name = type(item) == "table" and identity and rawget(item, identity)
  if type(name) == "string" and name ~= "" or math.type(name) then
    return ("named %s %s"):format(type(name), name), true
  end
  return content(item), false
end

--- What a page brings: its items without those that were on an earlier page.
-- @return list; whether anything is new; whether some have neither name nor ID
local function sift(walk, items)
  local fresh, marks, is_new, is_vague = {}, {}, false, false
  for i, item in ipairs(items) do
    local mark, is_named = mark_of(item, walk.paging.identity)
    local is_known = walk.known[mark]
    if not (is_known and is_named) then
      fresh[#fresh + 1] = item
    end
    marks[i], is_new, is_vague = mark, is_new or not is_known, is_vague or not is_named
  end
  for _, mark in ipairs(marks) do
    walk.known[mark] = true
  end
  return fresh, is_new, is_vague
end

--- The parameter of the next page, or nil behind the last one; nil and an error
-- text where the list cannot be gone on with. By the style of pages.
local following = {}

--- Text of a query, as whoever wrote it encoded it.
local function decoded(text)
  text = text:gsub("%+", " ")
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

--- The value of a parameter in a link's query, nil where it has none.
local function parameter_of(link, wanted)
  local query = link:match "^[^#?]*%?([^#]*)"
  for name, value in (query or ""):gmatch "([^&=]+)=([^&]*)" do
    if decoded(name) == wanted and value ~= "" then
      return value
    end
  end
end

--- The link tells the token of the next page. It is never followed, so it does
-- not matter where it leads: gateways rewrite host and scheme.
function following.link(walk, page)
  local link, wrong = member_at(page, walk.paging.next)
  if wrong then
    return nil, ("the link to the next page cannot be read: %s is no object"):format(wrong)
  elseif link == nil then
    return nil
  elseif type(link) ~= "string" then
    return nil, "the link to the next page is no text"
  end
  local token = parameter_of(link, walk.paging.parameter)
  if not token then
    return nil, "the link to the next page has no " .. walk.paging.parameter
  elseif token:find "[{}]" then
    return nil, "the link to the next page is a template"
  end
  return decoded(token)
end

function following.token(walk, page)
  local token, wrong = member_at(page, walk.paging.next)
  if wrong then
    return nil, ("the token of the next page cannot be read: %s is no object"):format(wrong)
  elseif token == nil or token == "" then
    return nil
  elseif type(token) ~= "string" then
    return nil, "the token of the next page is no text"
  end
  return token
end

--- A page that is not full is not the last: servers have limits of their own.
-- An empty one is, and one that brings nothing new: that comes of a provider
-- that knows no pages.
function following.offset(walk, _, items, is_new, is_vague)
  if #items > 0 and not is_new and is_vague then
    return nil, CIRCLE
  elseif not is_new then
    return nil
  end
  return (walk.parameters[walk.paging.parameter] or 0) + #items
end

--- Gives names to the values of a row that `include` asked for. What is more
-- than was asked for keeps its place.
local function named(row, names)
  local item = {}
  for i, value in ipairs(row) do
    item[names[i] or i] = value
  end
  return item
end

--- Makes tables of a list's rows, in place. What is no row stays as it is.
-- @param names string: the fields that were asked for, comma-separated
function pages.name_rows(items, names)
  local list = {}
  if type(items) ~= "table" or type(names) ~= "string" then
    return
  end
  for name in names:gmatch "[^,%s]+" do
    list[#list + 1] = name
  end
  for i, item in ipairs(items) do
    if type(item) == "table" and getmetatable(item) == nil and rawlen(item) > 0 then
      items[i] = named(item, list)
    end
  end
end

--- Raises what is wrong with the page that came last.
local function raise(walk, message)
  local failure = failures.new({
    outcome = "unknown", code = "protocol", phrase = message,
    provider = walk.provider, operation = walk.operation.name, came_of = walk.page,
  }, 1)
  error(failure, 0)
end

--- The options of the next call. A deadline is that of each page, but for
-- collect().
local function options_of(walk)
  if not walk.till then
    return walk.options
  end
  local own = options.of_group(options.call, walk.options, "call")
  return call.part(own, walk.till, call.whole_deadline(walk.options))
end

--- Tells how the list goes on behind a page: `next_page`, or `wrong`, else it is
-- the last one.
local function go_on(walk, items, is_new, is_vague)
  local next_page, wrong = following[walk.paging.style](walk, walk.page, items, is_new, is_vague)
  walk.barren = is_new and 0 or walk.barren + 1
  if next_page ~= nil and walk.seen[next_page] then
    wrong = CIRCLE
  elseif next_page ~= nil and walk.barren >= MAX_BARREN then
    wrong = ("%d pages in a row brought nothing new"):format(walk.barren)
  end
  walk.next_page, walk.wrong = next_page, wrong
end

--- Asks for the page that is due. Failures are raised: an iterator has no other
-- way to tell them.
local function turn(walk)
  if walk.next_page ~= nil then
    walk.seen[walk.next_page] = true
    walk.parameters[walk.paging.parameter] = walk.next_page
  end
  local page, failure = walk.client[walk.operation.name](walk.client, walk.parameters,
    options_of(walk))
  if page == nil then
    error(failure, 0)
  end
  walk.page = page
  local items, wrong = items_of(page, walk.operation.meaning.list)
  if not items then
    raise(walk, "the page cannot be read: " .. wrong)
  end
  local fresh, is_new, is_vague = items, true, false
  if walk.paging.style then
    fresh, is_new, is_vague = sift(walk, items)
  end
  walk.items, walk.at = fresh, 0
  if walk.paging.style then
    go_on(walk, items, is_new, is_vague)
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

--- The next item, or nil behind the last one. What came is handed out before it
-- is told that there is no going on.
function Walk:__call()
  while not self.items or self.at >= #self.items do
    if self.wrong then
      raise(self, self.wrong)
    elseif self.items and self.next_page == nil then
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
    and scheduler.clock() + self.options.deadline
  while true do
    local is_done, item = pcall(self)
    if not is_done and failures.is(item) then
      return nil, item, item.code
    elseif not is_done then
      error(item, 0)
    elseif item == nil then
      return list
    end
    list[#list + 1] = item
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
  local paging = operation.meaning.pages
  local whose = ("%s:%s"):format(provider, paging.name)
  return function(self, parameters, given)
    if parameters ~= nil and type(parameters) ~= "table" then
      core.misuse(("%s takes a table of parameters, got %s"):format(whose, type(parameters)))
    end
    options.check(whose, options.call, given)
    local walk = { client = self, provider = provider, operation = operation, paging = paging,
      options = given, parameters = first_of(paging, parameters), seen = {}, known = {},
      barren = 0 }
    local begin = paging.parameter and walk.parameters[paging.parameter]
    if begin ~= nil then
      walk.seen[begin] = true
    end
    return setmetatable(walk, Walk)
  end
end

return pages
