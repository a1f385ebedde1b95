--- Writes lua/coffer/types.lua, the annotations for editors (LuaCATS): what stands in
-- tools/types_template.lua, then what the data of the providers and of the options say. It is run
-- by `sh tools/types.sh`, with --write or --check; without an argument it gives back the function
-- that makes the text.
local api = dofile "tools/api.lua"

local TEMPLATE, FILE = "tools/types_template.lua", "lua/coffer/types.lua"

local NOTHING = {}

-- Words ------------------------------------------------------------------------

--- cvs3Endpoints has the words cvs3 and endpoint, key_errors is one word.
local function words_of(name)
  local words = {}
  for word in name:gsub("(%l%d*)(%u)", "%1 %2"):gmatch "%S+" do
    words[#words + 1] = word:lower()
  end
  words[#words] = words[#words]:gsub("([^s])s$", "%1")
  return words
end

local function class_word(resource)
  return (resource:gsub(" ", "_"))
end

--- What describes a field, and what is to be known of it, as one text.
local function text_of(...)
  local parts = {}
  for i = 1, select("#", ...) do
    parts[#parts + 1] = select(i, ...) or nil
  end
  return #parts > 0 and " " .. table.concat(parts, "; ") or ""
end

-- Types ------------------------------------------------------------------------

--- One provider's annotations under way: `lines` has what is written; `names` each class by its
-- name, as the signature of what it is for; `answers` the classes of answers and `states` what a
-- parameter can be, by the calls' names. `is_sent` is true while parameters are written: what may
-- be left out and what a secret is differs from answers.
local Writer = {}
Writer.__index = Writer

local plain = {
  any = "any", string = "string", boolean = "boolean", int32 = "integer", int64 = "integer",
  code = "string|integer",
}

local function list_of(kind)
  return kind:find "|" and ("(%s)[]"):format(kind) or kind .. "[]"
end

function Writer:put(form, ...)
  self.lines[#self.lines + 1] = form:format(...)
end

function Writer:put_heading(words)
  self:put ""
  self:put("-- %s %s", words, ("-"):rep(76 - #words))
end

--- Begins what is written next, with a text about it.
function Writer:begin(about)
  self:put ""
  if about then
    self:put("---%s", about)
  end
end

function Writer:class_name(short)
  return ("coffer.%s.%s"):format(self.provider.name, short)
end

--- Two objects of one signature can be one class.
local function signature(node)
  local parts = { node.type, node.resource or "" }
  for _, field in ipairs(node.fields or NOTHING) do
    parts[#parts + 1] = field.name .. "=" .. signature(field)
  end
  parts[#parts + 1] = node.item and signature(node.item)
  return ("(%s)"):format(table.concat(parts, ","))
end

--- Gives an object a class's name: as many last words of its field as nothing else is called by.
-- @return string; whether it is new
function Writer:take_name(node, field, parent)
  local words, wanted = words_of(field), signature(node)
  local name
  for first = #words, 0, -1 do
    name = first > 0 and table.concat(words, "_", first) or parent .. "_" .. name
    if not self.names[name] or self.names[name] == wanted then
      break
    end
  end
  local is_new = not self.names[name]
  self.names[name] = wanted
  return name, is_new
end

--- The type of a small object that needs no class, or nil.
function Writer:inline_type(node, field)
  local only = #node.fields == 1 and node.fields[1]
  if only and not only.about then
    return ("{ %s%s: %s }"):format(only.name, self:mark(only), self:type_of(only, only.name, field))
  end
end

function Writer:object_type(node, field, parent)
  local inline = self:inline_type(node, field)
  if inline then
    return inline
  end
  local name, is_new = self:take_name(node, field, parent)
  if is_new then
    self:put_class(name, node.fields)
  end
  return self:class_name(name)
end

--- The type of a value that holds no others.
function Writer:plain_type(node)
  if node.fixed then
    return type(node.fixed) == "string" and ('"%s"'):format(node.fixed) or tostring(node.fixed)
  elseif node.type == "secret" then
    return self.is_sent and "coffer.credential" or "coffer.secret"
  end
  return node.is_boolean_text and '"true"|"false"' or plain[node.type] or "table"
end

--- The type of what `field` of the class `parent` holds, or of an item of its list.
function Writer:type_of(node, field, parent)
  if node.resource then
    return self:class_name(class_word(node.resource))
  elseif node.fields then
    return self:object_type(node, field, parent)
  elseif node.item then
    local inner = self:type_of(node.item, field, parent)
    return node.type == "map" and ("table<string, %s>"):format(inner) or list_of(inner)
  end
  return self:plain_type(node)
end

--- The mark of what may be left out.
function Writer:mark(field)
  if self.is_sent then
    return field.is_required and not field.is_of_client and "" or "?"
  end
  return (field.is_required or field.is_sure or field.is_listed) and "" or "?"
end

function Writer:field_line(field, class, state)
  local name = field.name:find "^[%a_][%w_]*$" and field.name or ('["%s"]'):format(field.name)
  local kind = state and state.field == field.name and self:class_name(state.alias)
    or self:type_of(field, field.name, class)
  return ("---@field %s%s %s%s"):format(name, self:mark(field), kind,
    text_of(field.about or field.rule, field.is_fixed and "filled in",
      field.is_of_client and "else the client's", field.is_once and "told once"))
end

--- Writes a class, behind those that its fields need.
-- @param state table or nil: the state that one of its fields tells
function Writer:put_class(name, fields, about, state)
  local lines = {}
  for i, field in ipairs(fields) do
    lines[i] = self:field_line(field, name, state)
  end
  self:begin(about)
  self:put("---@class %s", self:class_name(name))
  table.move(lines, 1, #lines, #self.lines + 1, self.lines)
end

-- Calls ------------------------------------------------------------------------

local FAILS = "coffer.failure? failure, coffer.code? code"
local CALL_OPTIONS = "options? coffer.call_options"

--- The type of a call's result and what it is called.
function Writer:result_of(call)
  local answer = call.answer
  if not answer then
    return "true", "is_done"
  elseif answer.resource then
    return self:type_of(answer), class_word(answer.resource)
  end
  return self.answers[call.name] or self:type_of(answer, call.name, call.name),
    call.pages and answer.fields and "page" or call.list and "list" or "result"
end

--- A type that may be nil.
local function or_nil(kind)
  return kind == "any" and kind or kind:find "|" and kind .. "|nil" or kind .. "?"
end

function Writer:returns_of(call)
  local kind, name = self:result_of(call)
  return ("%s %s, %s"):format(or_nil(kind), name, FAILS)
end

--- @param params list of texts, a name and its type in each
function Writer:put_method(owner, name, about, params, returns)
  local names = {}
  self:begin(about)
  for i, param in ipairs(params) do
    self:put("---@param %s", param)
    names[i] = param:match "^[%w_]+"
  end
  if returns then
    self:put("---@return %s", returns)
  end
  self:put("function %s:%s(%s) end", owner, name, table.concat(names, ", "))
end

--- The type of what a call is given.
function Writer:given_to(call, takes_bare)
  if #call.parameters == 0 then
    return "{}"
  end
  local kind = self:class_name(call.name)
  if not (takes_bare and call.sole and not call.sole.fields) then
    return kind
  end
  return ("%s|%s"):format(call.sole.type == "secret" and "coffer.credential"
    or plain[call.sole.type], kind)
end

function Writer:parameters_of(call, takes_bare)
  return ("parameters%s %s"):format(call.needs_parameters and "" or "?",
    self:given_to(call, takes_bare))
end

function Writer:put_call(call)
  local about = call.about
  if call.log_in then
    about = ("%s Without parameters, with the client's own %s."):format(about,
      table.concat(call.log_in, ", "):gsub(", ([%w_]+)$", " and %1"))
  end
  self:put_method(self.owner, call.name, about, { self:parameters_of(call, true), CALL_OPTIONS },
    self:returns_of(call))
end

function Writer:put_pages(call)
  self:put_method(self.owner, call.pages, ("Walks over all that %s lists."):format(call.name),
    { self:parameters_of(call), CALL_OPTIONS }, self:class_name(call.pages))
end

--- What ensuring gives: what the call creates, or else what is found in the list.
function Writer:ensured_type(ensure)
  local created, name = self:result_of(ensure.call)
  local found = ensure.items and self:type_of(ensure.items)
  return found and found ~= created and ("%s|%s"):format(created, found) or created, name
end

function Writer:put_ensure(ensure)
  local kind, name = self:ensured_type(ensure)
  self:put_method(self.owner, ensure.method, ensure.about,
    { self:parameters_of(ensure.call, ensure.takes_bare), "options? coffer.ensure_options" },
    ("%s %s, coffer.ensured word, coffer.incomplete incomplete"):format(or_nil(kind), name))
end

function Writer:put_plural(ensure)
  local given = self:given_to(ensure.call, ensure.takes_bare)
  local form = "table<integer, %s> results, table<integer, coffer.failure> failures, "
    .. "table<integer, coffer.word> words"
  self:put_method(self.owner, ensure.plural,
    ("Does %s for each of a list, with one look for all."):format(ensure.method),
    { "list " .. list_of(given), "options? coffer.ensure_many_options" },
    form:format((self:ensured_type(ensure))))
end

function Writer:put_wait(wait, owner, name, resource, parameters)
  local params, class = { "options? coffer.wait_options" }, class_word(resource)
  if parameters then
    table.insert(params, 1, parameters)
  end
  self:put_method(owner, name, wait.about or "Waits until it is ready.", params,
    ("%s? %s, %s"):format(self:class_name(class), class, FAILS))
end

-- Providers --------------------------------------------------------------------

--- Writes a class for the parameters of each call.
function Writer:put_parameters()
  self.is_sent = true
  for _, call in ipairs(self.provider.calls) do
    if #call.parameters > 0 then
      self:put_class(call.name, call.parameters, nil, self.states[call.name])
    end
  end
  self.is_sent = false
end

function Writer:put_resource_method(resource, method)
  local params = { CALL_OPTIONS }
  if method.takes_more then
    table.insert(params, 1, ("parameters %s without %s"):format(self:class_name(method.call.name),
      method.given))
  end
  self:put_method(self:variable(resource), method.name, method.call.about, params,
    self:returns_of(method.call))
end

function Writer:variable(resource)
  return ("%s_%s"):format(self.provider.name, class_word(resource.name))
end

function Writer:put_resource(resource)
  self:put_class(class_word(resource.name), resource.fields, resource.about, resource.state)
  if #resource.methods > 0 or resource.wait then
    self:put("local %s = {}", self:variable(resource))
  end
  for _, method in ipairs(resource.methods) do
    self:put_resource_method(resource, method)
  end
  if resource.wait then
    self:put_wait(resource.wait, self:variable(resource), "wait", resource.name)
  end
end

--- What the class of an answer is called that is no resource: a page, all of a list, or the answer.
local function answer_name(call)
  local words = words_of(call.pages or call.list or call.name)
  return call.pages and words[#words] .. "_page" or call.list and words[#words] .. "_list"
    or call.name .. "_answer"
end

function Writer:put_answers()
  for _, call in ipairs(self.provider.calls) do
    if self.answers[call.name] then
      self:put_class(answer_name(call), call.answer.fields)
    end
  end
end

function Writer:put_pages_classes()
  for _, call in ipairs(self.provider.calls) do
    if call.pages then
      local kind = self:type_of(call.items, call.pages, call.name)
      self:begin()
      self:put("---@class %s: coffer.pages", self:class_name(call.pages))
      self:put("---@overload fun(): %s", or_nil(kind))
    end
  end
end

function Writer:put_alias(name, words)
  self:begin()
  self:put("---@alias %s", name)
  for _, word in ipairs(words) do
    self:put('---| "%s"', word)
  end
end

--- The words that a resource's state can be.
function Writer:put_states()
  for _, resource in ipairs(self.provider.resources) do
    local state = resource.state
    if state then
      state.alias = ("%s_%s"):format(class_word(resource.name), state.field)
      self:put_alias(self:class_name(state.alias), state.words)
      for _, method in ipairs(resource.methods) do
        self.states[method.call.name] = state
      end
    end
  end
end

local units = { s = "seconds", B = "bytes" }

--- The default of an option, or else its unit.
local function default_of(row)
  if row.default == nil then
    return row.unit and ("(%s)"):format(units[row.unit])
  elseif row.unit == "B" then
    return ("(%d MiB)"):format(row.default >> 20)
  end
  return ("(%s%s)"):format(row.default, row.unit and " " .. row.unit or "")
end

function Writer:put_options(class, parent, rows, about)
  self:begin(about)
  self:put("---@class coffer.%s%s", class, parent and ": coffer." .. parent or "")
  for _, row in ipairs(rows) do
    local default = default_of(row)
    self:put("---@field %s%s %s%s%s", row.name, row.is_required and "" or "?", row.type,
      row.about and " " .. row.about or "", default and " " .. default or "")
  end
end

--- The methods of a client that are more than a call.
function Writer:put_helpers()
  local provider, owner = self.provider, self.owner
  for _, call in ipairs(provider.calls) do
    if call.pages then
      self:put_pages(call)
    end
  end
  if provider.ensure then
    self:put_ensure(provider.ensure)
  end
  if provider.ensure and provider.ensure.plural then
    self:put_plural(provider.ensure)
  end
  for _, wait in ipairs(provider.waits) do
    self:put_wait(wait, owner, wait.name, wait.resource, self:parameters_of(wait.call, true))
  end
  self:put_method(owner, "request", "Prepares a call without sending it.",
    { ("operation coffer.%s.call"):format(owner), "parameters? any", CALL_OPTIONS },
    "coffer.request? request, " .. FAILS)
  self:put_method(owner, "close", "Closes its connections and wipes its token.", NOTHING)
end

function Writer:put_client()
  local names = {}
  for i, call in ipairs(self.provider.calls) do
    names[i] = call.name
  end
  self:put_alias(("coffer.%s.call"):format(self.owner), names)
  self:begin()
  self:put("---@class coffer.%s", self.owner)
  self:put("local %s = {}", self.owner)
  for _, call in ipairs(self.provider.calls) do
    self:put_call(call)
  end
  self:put_helpers()
end

--- Names the classes that are not made from a field.
function Writer:take_names()
  local provider, names = self.provider, self.names
  for _, resource in ipairs(provider.resources) do
    names[class_word(resource.name)] = "resource"
  end
  for _, call in ipairs(provider.calls) do
    local answer = call.answer
    names[call.name], names[call.pages or "call"] = "parameters", "pages"
    if answer and answer.fields and not answer.resource then
      names[answer_name(call)] = "answer"
      self.answers[call.name] = self:class_name(answer_name(call))
    end
  end
end

local function put_provider(lines, provider)
  local writer = setmetatable({
    lines = lines, provider = provider, owner = provider.name, names = { options = "options" },
    answers = {}, states = {},
  }, Writer)
  writer:take_names()
  writer:put_heading(provider.title)
  writer:put_options(provider.name .. ".options", "options", provider.options)
  writer:put_states()
  writer:put_parameters()
  for _, resource in ipairs(provider.resources) do
    writer:put_resource(resource)
  end
  writer:put_answers()
  writer:put_pages_classes()
  writer:put_client()
end

-- All of it --------------------------------------------------------------------

--- The option classes: name, parent, group, text.
local option_classes = {
  { "options", nil, "client", "Options of every client." },
  { "call_options", nil, "call", "Options of every call." },
  { "ensure_options", "call_options", "ensure", "Options of every ensure." },
  { "ensure_many_options", "ensure_options", "map",
    "Options of ensuring many: those of coffer.map too." },
  { "wait_options", nil, "wait", "Options of every wait." },
  { "map_options", nil, "map", "Options of coffer.map." },
  { "sandbox_options", nil, "sandbox", "Options of coffer.sandbox." },
  { "fault", nil, "fault", "A call that is to fail or to answer late." },
}

function Writer:put_constructors(providers)
  local names = {}
  for i, provider in ipairs(providers) do
    names[i] = provider.name
  end
  self:put_alias("coffer.provider", names)
  for _, provider in ipairs(providers) do
    self:begin(("Opens a client of %s."):format(provider.title))
    self:put("---@param options? coffer.%s.options", provider.name)
    self:put("---@return coffer.%s? client, %s", provider.name, FAILS)
    self:put("function coffer.%s(options) end", provider.name)
  end
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

local function text()
  local data = api.read()
  local writer = setmetatable({ lines = {} }, Writer)
  writer:put_heading "Options"
  for _, class in ipairs(option_classes) do
    writer:put_options(class[1], class[2], data.options[class[3]], class[4])
  end
  for _, provider in ipairs(data.providers) do
    put_provider(writer.lines, provider)
  end
  writer:put_heading "Opening a client"
  writer:put_constructors(data.providers)
  return ("%s%s\n\nreturn coffer\n"):format(read(TEMPLATE), table.concat(writer.lines, "\n"))
end

local function write()
  local made = text()
  local file = assert(io.open(FILE, "w"))
  assert(file:write(made))
  file:close()
end

local function check()
  if read(FILE) ~= text() then
    io.stderr:write(FILE, " is not what the data say. Run: sh tools/types.sh\n")
    os.exit(1)
  end
end

local wanted = ...
if wanted == "--write" then
  write()
elseif wanted == "--check" then
  check()
end
return text
