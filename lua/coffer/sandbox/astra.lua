-- NetApp Astra Control's side: accounts, with its problem documents.

local check = require "coffer.sandbox.check"
local json = require "coffer.sandbox.json"
local random = require "coffer.sandbox.random"
local request = require "coffer.sandbox.request"
local lower = require("coffer.values.text").lower

local astra = { name = "astra", prefix = "/astra", operations = {} }

astra.addresses = { base_url = astra.prefix }

local ACCOUNT = "application/astra-account+json"
local PLAIN = "application/json"

-- Problems.

local problems = {
  [1] = { 404, "Resource not found", "The resource specified in the request URI wasn't found." },
  [2] = { 404, "Collection not found",
    "The collection specified in the request URI wasn't found." },
  [3] = { 401, "Missing bearer token", "The request is missing the required bearer token." },
  [4] = { 401, "Invalid bearer token", "The bearer token is invalid, revoked or unknown." },
  [5] = { 400, "Invalid query parameters", "The supplied query parameters are invalid." },
  [6] = { 400, "Unsupported query parameters",
    "The supplied query parameters are not supported here." },
  [7] = { 400, "Invalid JSON", "The request body is not JSON." },
  [8] = { 400, "Invalid JSON schema", "The request body does not follow its schema." },
  [9] = { 400, "Invalid JSON fields", "The request body has fields that are not acceptable." },
  [10] = { 409, "JSON resource conflict",
    "The request body JSON contains a field that conflicts with an idempotent value." },
  [11] = { 403, "Operation not permitted", "The requested operation isn't permitted." },
  [12] = { 400, "Invalid headers", "The request headers are invalid." },
  [24] = { 503, "Service unavailable", "The service is not available." },
  [32] = { 406, "Unsupported format", "The answer cannot be given in the requested format." },
  [33] = { 400, "Invalid account ID", "The account ID is malformed." },
  [34] = { 500, "Internal error", "The service met an internal error." },
  [38] = { 412, "Precondition failed", "A conditional header is not satisfied." },
  [40] = { 502, "Downstream failure", "A service behind this one failed." },
  [69] = { 405, "Method not supported", "The method is not supported for this URI." },
  [85] = { 413, "Body too large", "The request body is too large." },
}

local number_by_status = {
  [400] = 5, [401] = 3, [403] = 11, [404] = 2, [405] = 69, [406] = 32, [409] = 10, [412] = 38,
  [413] = 85, [500] = 34, [502] = 40, [503] = 24,
}

local number_by_kind = {
  accept = 32, header = 12, unsupported = 6, query = 5, json = 7, schema = 8,
}

local function pairs_of(found)
  local list = json.array {}
  for _, problem in ipairs(found) do
    table.insert(list, { name = problem.field, reason = problem.reason })
  end
  return list
end

local function problem(number, found)
  local status, title, detail = table.unpack(problems[number])
  local body = {
    type = "https://astra.netapp.io/problems/" .. number, title = title, detail = detail,
    status = tostring(status), correlationID = random.uuid(),
  }
  if found and (number == 5 or number == 6 or number == 12) then
    body.invalidParams = pairs_of(found)
  elseif found and (number == 9 or number == 10) then
    body.invalidFields = pairs_of(found)
  elseif found and number == 8 then
    body.schemaValidationFailure = request.tell(found)
  elseif found then
    body.detail = detail .. " " .. request.tell(found)
  end
  return { status = status, type = "application/problem+json", body = body }
end

function astra.refuse(status, message, kind, found)
  local number = number_by_kind[kind] or number_by_status[status]
  if number then return problem(number, found) end
  return {
    status = status, type = "application/problem+json",
    body = {
      type = "about:blank", title = "Status " .. status, detail = message,
      status = tostring(status),
    },
  }
end

-- State.

function astra.open()
  local state = { token = random.hex(42) .. "==", user = random.uuid(), accounts = {} }
  return state, { token = state.token }
end

function astra.unauthorised(state, asked)
  local authorization = asked.headers.authorization
  if authorization == "Bearer " .. state.token then return nil end
  return problem(authorization and 4 or 3)
end

local function now()
  return os.date("!%Y-%m-%dT%H:%M:%S") .. ".000000Z"
end

local function find(state, id)
  for place, account in ipairs(state.accounts) do
    if account.id == id then return account, place end
  end
end

-- With Accept left open, the answer is plain JSON.
local function answer_type(asked)
  local accept = asked.headers.accept
  return accept and accept:find(ACCOUNT, 1, true) and ACCOUNT or PLAIN
end

-- Rules.

local function labels_rule(value, path, report)
  check.list(check.object {
    { "name", check.string(), required = true }, { "value", check.string(), required = true },
    is_closed = true,
  })(value, path, report)
  local seen = {}
  for place, label in ipairs(json.is_array(value) and value or {}) do
    local key = json.encode { tostring(label.name), tostring(label.value) }
    if seen[key] then report(("%s[%d]"):format(path, place - 1), "is there twice") end
    seen[key] = true
  end
end

local metadata_rule = check.object {
  { "labels", labels_rule }, { "creationTimestamp", check.string() },
  { "modificationTimestamp", check.string() }, { "createdBy", check.string() },
  { "modifiedBy", check.string() },
}

local function short(max)
  return check.string { min = 1, max = max or 63 }
end

local address_rule = check.object {
  { "addressCountry", check.string { min = 2, max = 2 } }, { "addressLocality", short() },
  { "addressRegion", short() }, { "postalCode", short(31) }, { "streetAddress1", short() },
  { "streetAddress2", short() },
}

local contact_rule = check.object {
  { "firstName", short() }, { "lastName", short() }, { "companyName", short() },
  { "email", short() }, { "phone", short(31) }, { "postalAddress", address_rule },
}

local type_field = {
  "type", check.string { equals = "application/astra-account" }, required = true,
}
local version_field = { "version", check.string { equals = "1.0" }, required = true }

-- The service also refuses names that look like an attack.
local function suspect_name(name)
  if not name then return nil end
  local is_suspect = lower(name):find("<script", 1, true) or name:find("../", 1, true)
  return is_suspect and problem(9, { { field = "name", reason = "is not acceptable" } })
end

-- Operations.

local function operation(definition)
  definition.consumes = ACCOUNT
  definition.produces = { ACCOUNT, PLAIN }
  definition.idle_type = definition.method == "GET" and PLAIN or nil
  definition.refuses_strangers = true
  table.insert(astra.operations, definition)
end

local function new_metadata(state, given)
  return {
    labels = json.array(given and given.labels or {}), creationTimestamp = now(),
    modificationTimestamp = now(), createdBy = state.user,
  }
end

operation {
  name = "create_account", method = "POST", path = "/accounts",
  body = check.object {
    type_field, version_field, { "name", short(), required = true }, { "metadata", metadata_rule },
    is_closed = true,
  },
  answer = function(state, asked)
    local refusal = suspect_name(asked.fields.name)
    if refusal then return refusal end
    local account = {
      type = "application/astra-account", version = "1.0", id = random.uuid(),
      name = asked.fields.name, state = "pending", isEnabled = "false",
      metadata = new_metadata(state, asked.fields.metadata),
    }
    table.insert(state.accounts, account)
    local origin = "http://" .. (asked.headers.host or "127.0.0.1")
    return {
      status = 201, type = answer_type(asked), body = account,
      headers = { { "Location", origin .. astra.prefix .. "/accounts/" .. account.id } },
    }
  end,
}

local function is_uuid(text)
  return text:find("^" .. ("%x"):rep(8) .. ("%-" .. ("%x"):rep(4)):rep(3) .. "%-" .. ("%x"):rep(12)
    .. "$")
end

-- For an operation on one account: `missing` is the number of the problem when it is not there.
local function on_account(missing, act)
  return function(state, asked)
    local id = asked.params.account_id
    if not is_uuid(id) then return problem(33) end
    local account, place = find(state, id)
    if not account then return problem(missing) end
    return act(state, asked, account, place)
  end
end

operation {
  name = "get_account", method = "GET", path = "/accounts/{account_id}",
  answer = on_account(2, function(_, asked, account)
    return { status = 200, type = answer_type(asked), body = account }
  end),
}

local function modify_metadata(state, account, given)
  local metadata = account.metadata
  if given and given.labels then metadata.labels = given.labels end
  metadata.modificationTimestamp, metadata.modifiedBy = now(), state.user
end

operation {
  name = "update_account", method = "PUT", path = "/accounts/{account_id}",
  body = check.object {
    type_field, version_field, { "id", check.string() }, { "name", short() },
    { "state", check.one_of("pending", "active", "deletePending") },
    { "isEnabled", check.one_of("true", "false") }, { "enabledTimestamp", check.string() },
    { "accountContact", contact_rule }, { "metadata", metadata_rule }, is_closed = true,
  },
  answer = on_account(1, function(state, asked, account)
    local fields = asked.fields
    if fields.id and fields.id ~= account.id then
      return problem(10, { { field = "id", reason = "differs from the account's" } })
    end
    local refusal = suspect_name(fields.name)
    if refusal then return refusal end
    if fields.isEnabled == "true" and account.isEnabled == "false" then
      account.enabledTimestamp = now()
    end
    for _, name in ipairs { "name", "state", "isEnabled" } do
      account[name] = fields[name] or account[name]
    end
    account.accountContact = fields.accountContact
    modify_metadata(state, account, fields.metadata)
    return { status = 204 }
  end),
}

-- The account is only marked, but cannot be reached from then on.
operation {
  name = "delete_account", method = "DELETE", path = "/accounts/{account_id}",
  answer = on_account(1, function(state, _, _, place)
    table.remove(state.accounts, place)
    return { status = 204 }
  end),
}

-- The collection.

local compare = {
  eq = function(left, right) return left == right end,
  lt = function(left, right) return left < right end,
  gt = function(left, right) return left > right end,
  lte = function(left, right) return left <= right end,
  gte = function(left, right) return left >= right end,
}

local function field_of(account, path)
  local value = account
  for name in path:gmatch "[^.]+" do value = type(value) == "table" and value[name] or nil end
  return value
end

-- A list of { field, comparison, value }, or nil where a term cannot be read.
local function read_filter(text)
  local terms, at = {}, 1
  repeat
    local field, verb, value, after = text:match("^%s*([%w.]+)%s+(%l+)%s+'([^']*)'%s*()", at)
    if not compare[verb] then return nil end
    table.insert(terms, { field, compare[verb], value })
    local comma = text:match("^,()", after)
    at = comma or after
  until not comma
  return at > #text and terms or nil
end

local function matches(account, terms)
  for _, term in ipairs(terms) do
    local value = field_of(account, term[1])
    if type(value) ~= "string" or not term[2](value, term[3]) then return false end
  end
  return true
end

local function check_filter(value)
  if not read_filter(value) then return "must be terms such as name eq 'x'" end
end

local function check_include(value)
  if not (value .. ","):find "^[%w.]+,[%w.,]*$" then return "must be names with commas between" end
end

local function check_order(value)
  if not (value:find "^[%w.]+$" or value:find "^[%w.]+ desc$") then
    return "must be a field, and desc or nothing"
  end
end

-- Valid base64, with all the characters that a query has to encode.
local function continue_token(first)
  return ("+/%05d="):format(first)
end

local function continue_start(token)
  return tonumber(token:match "^%+/(%d%d%d%d%d)=$")
end

local function check_continue(value)
  if not continue_start(value) then return "is not a token of this collection" end
end

local function selected(state, filters)
  local found = {}
  for _, account in ipairs(state.accounts) do
    local is_wanted = true
    for _, filter in ipairs(filters or {}) do
      is_wanted = is_wanted and matches(account, read_filter(filter))
    end
    if is_wanted then table.insert(found, account) end
  end
  return found
end

local function sort_by(accounts, order)
  local field, direction = order:match "^([%w.]+) ?(.*)$"
  table.sort(accounts, function(left, right)
    if direction == "desc" then left, right = right, left end
    return tostring(field_of(left, field)) < tostring(field_of(right, field))
  end)
end

-- With `include`, an item is the list of the values asked for.
local function item_of(account, include)
  if not include then return account end
  local values = json.array {}
  for name in include:gmatch "[^,]+" do
    local value = field_of(account, name)
    table.insert(values, value == nil and json.null or value)
  end
  return values
end

-- NetApp's own toolkit asks for a list with the type of one resource.
operation {
  name = "list_accounts", method = "GET", path = "/accounts",
  query = {
    include = check_include, filter = check_filter, orderBy = check_order,
    limit = request.positive, skip = request.positive, count = request.truth,
    continue = check_continue,
  },
  answer = function(state, asked)
    local function given(name) return asked.query[name] and asked.query[name][1] end
    local accounts = selected(state, asked.query.filter)
    if given "orderBy" then sort_by(accounts, given "orderBy") end
    local first = 1 + tonumber(given "skip" or 0)
    if given "continue" then first = continue_start(given "continue") end
    local last = math.min(#accounts, first - 1 + tonumber(given "limit" or #accounts))
    local items, metadata = json.array {}, {}
    for place = first, last do
      table.insert(items, item_of(accounts[place], given "include"))
    end
    if last < #accounts then metadata.continue = continue_token(last + 1) end
    if given "count" then metadata.count = #accounts end
    return { status = 200, type = PLAIN, body = { items = items, metadata = metadata } }
  end,
}

return astra
