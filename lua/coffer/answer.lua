--- What an answer means: whether a success is one, what of the thing is missing, and what an error
-- body says. The core reads; here it is judged, by the data of coffer.providers:
--
--   error_shapes    where an error body says what went wrong: objects or lists of objects `at` a path
--                   ("" the body, "*" any member), with the members `code`, `message`, `more` (a
--                   second text) and `field`
--   errors_inside   those of them that a success can have as well: an error where the code is
--                   neither absent, 0 nor `ok_code`
--   refuses_inside  such a success without the thing is a refusal, else nobody knows
--   request_id      member of an error body with the request's ID
--   operations      by name, what each has of
--     proof           path of what names the thing: without it there is no result
--     list            path of the list that the answer is about
--     once            paths of what is told once and never again
--     job             path of the number of the job that was asked for
--     echoes          what the answer repeats `at` a path of the part of the key of this name; where
--                     it is another, that is told, or where it has the form that `decides`, the
--                     answer is not taken; `form` captures what is compared, `fold` evens it out
--     without_proof   code of a refusal for an answer without its proof
--     success         statuses of an operation whose success says no more
local core = require "coffer.core"
local path = require "coffer.path"
local text = require "coffer.text"

local require = require

local answer = {}

--- The headers that a request's ID comes in, the most telling first.
local request_ids = { "x-request-id", "x-openstack-request-id", "x-amzn-requestid", "x-amz-apigw-id",
                      "x-correlation-id" }

--- Error bodies of gateways and proxies, which may stand before any provider: looked for where the
-- provider's own shapes say nothing.
local common_shapes = {
  { at = "", code = "code", message = "message" },
  { at = "", code = "Code", message = "Message" },
  { at = "", code = "error", message = "error_description" },
  { at = "", code = "type", message = "title", more = "detail" },
  { at = "error", code = "code", message = "message" },
  { at = "Error", code = "Code", message = "Message" },
  { at = "errors", code = "code", message = "message", more = "detail" },
  { at = "errors", code = "error_code", message = "error_message" },
  { at = "fault", message = "faultstring" },
  { at = "", message = "errorMessage" },
  { at = "", message = "error" },
  { at = "", message = "detail" },
  { at = "", message = "reason" },
  { at = "", message = "msg" },
}

local providers = {}

--- What a provider's answers mean. It is loaded with its first client: an answer that has come must
-- not wait for a file.
function answer.load(provider)
  providers[provider] = require("coffer.providers." .. provider)
end

-- Details ----------------------------------------------------------------------

local function member(object, name)
  return name and rawget(object, name)
end

--- A text that can be told, or nil.
local function told(request, value)
  return type(value) == "string" and request:scrub(value) or nil
end

local function code_of(request, value)
  return math.type(value) and value or told(request, value)
end

--- One object as a detail, where it says something.
local function add_detail(details, request, shape, object)
  local message = told(request, member(object, shape.message))
  local more = told(request, member(object, shape.more))
  local detail = {
    code = code_of(request, member(object, shape.code)),
    message = message and more and message .. ": " .. more or message or more,
    field = told(request, member(object, shape.field)),
  }
  if detail.message or detail.code ~= nil then
    details[#details + 1] = detail
  end
end

--- The objects that a shape is about.
local function objects_at(shape, body)
  local found = shape.at == "*" and body or path.get(body, shape.at)
  local objects = {}
  if type(found) ~= "table" then
    return objects
  elseif shape.at ~= "*" then
    objects[1] = found
  end
  for key, item in next, found do
    if type(item) == "table" and (shape.at == "*" or math.type(key) == "integer") then
      objects[#objects + 1] = item
    end
  end
  return objects
end

local function add_details(details, request, shapes, body)
  for _, shape in ipairs(shapes) do
    for _, object in ipairs(objects_at(shape, body)) do
      add_detail(details, request, shape, object)
    end
  end
end

--- Texts that stand where objects are due: in the body, in `errors`, in `error`.
local function add_texts(details, request, value)
  for _, item in ipairs(type(value) == "table" and value or { value }) do
    if type(item) == "string" and item ~= "" then
      details[#details + 1] = { message = told(request, item) }
    end
  end
end

--- What an error body says, in the provider's shapes or else in common ones.
local function details_of(request, provider, body)
  local details = {}
  add_details(details, request, provider.error_shapes, body)
  if #details == 0 then
    add_details(details, request, common_shapes, body)
  end
  if #details == 0 then
    add_texts(details, request, body)
    add_texts(details, request, path.get(body, "errors"))
  end
  return details
end

-- Facts ------------------------------------------------------------------------

--- The media type, where it is one: it often tells that something between has answered.
local function media_type_of(request)
  local given = request:header "content-type" or ""
  local found = given:match "^([%w!#$%%&'*+.^_`|~-]+/[%w!#$%%&'*+.^_`|~-]+)%s*;?"
  return found and #found <= 64 and told(request, found) or nil
end

local function request_id_of(request, provider, body)
  local own = provider.request_id and path.get(body, provider.request_id)
  if type(own) == "string" then
    return told(request, own)
  end
  for _, name in ipairs(request_ids) do
    local found = request:header(name)
    if found then
      return told(request, found)
    end
  end
end

--- Adds what every failure tells, and what an error body says where the answer is no success.
local function complete(request, provider, facts)
  local status = facts.status
  local is_error = status and (status < 200 or status >= 300)
  local body = is_error and request:body()
  facts.key = request:key()
  facts.trouble = told(request, facts.trouble)
  if not status then
    return facts
  end
  facts.request_id = request_id_of(request, provider, body)
  facts.target = told(request, request:target())
  facts.details = is_error and details_of(request, provider, body) or nil
  facts.media_type = not body and media_type_of(request) or nil
  return facts
end

local function new_facts(request, outcome, code, said, details)
  return { outcome = outcome, code = code, said = said, details = details,
           status = request:status(), key = request:key() }
end

--- A success that cannot be taken for one: nobody can know.
local function unreadable(request, provider, said, details)
  local facts = new_facts(request, "unknown", "protocol", said, details)
  facts.request_id = request_id_of(request, provider)
  facts.media_type = not details and media_type_of(request) or nil
  return nil, facts
end

-- Judging ----------------------------------------------------------------------

local EMPTY = core.secret ""

--- True for what names nothing.
local function is_absent(value)
  return value == nil or value == core.null or value == "" or value == EMPTY
end

local function is_fine(code, shape)
  if math.type(code) then
    return code == 0
  elseif type(code) == "string" then
    return code == "" or code == "0" or code == shape.ok_code
  end
  return true -- absent, or of a type that is no code
end

--- The errors that stand in a success.
local function errors_in(request, shapes, result)
  local details = {}
  for _, shape in ipairs(shapes or {}) do
    for _, object in ipairs(objects_at(shape, result)) do
      if not is_fine(member(object, shape.code), shape) then
        add_detail(details, request, shape, object)
      end
    end
  end
  return details
end

--- The errors of an answer whose list is not there: without them it is an empty list.
local function errors_instead(request, provider, list)
  local body, errors = request:body(), {}
  if list == "" or not is_absent(path.get(body, list)) then
    return errors
  end
  for _, detail in ipairs(details_of(request, provider, body)) do
    local code = detail.code
    if detail.message and (math.type(code) and code ~= 0 or type(code) == "string" and code ~= "0") then
      errors[#errors + 1] = detail
    end
  end
  return errors
end

--- True where a member is a part of the path, or the path itself.
local function is_on(field, where)
  field = field:gsub("%[(%d+)%]", ".%1")
  return where == field or where:sub(1, #field + 1) == field .. "."
end

--- True where a member that is not as documented leaves open what is decided on.
local function leaves_open(odd, meaning, shapes)
  local decisive = meaning.proof or meaning.list
  if decisive and is_on(odd.field, decisive) then
    return true
  end
  for _, shape in ipairs(odd.is_repeated and shapes or {}) do
    local code = shape.at == "" and shape.code or shape.at .. "." .. shape.code
    if is_on(odd.field, code) then
      return true
    end
  end
  for _, echo in ipairs(odd.is_repeated and meaning.echoes or {}) do
    if echo.decides and is_on(odd.field, echo.at) then
      return true
    end
  end
  return false
end

--- What the answer names instead of what was asked for, or nil.
local function another(echo, key, result)
  local sent, found = key and key[echo.key], path.get(result, echo.at)
  if is_absent(sent) or is_absent(found) or not (type(found) == "string" or math.type(found)) then
    return nil
  end
  sent, found = tostring(sent), tostring(found)
  local compared = echo.form and found:match(echo.form) or not echo.form and found
  local fold = echo.fold or tostring
  return compared and fold(compared) ~= fold(sent) and found or nil
end

--- Why the answer is not taken for what was asked for, or nil.
local function why_not(request, meaning, shapes, result, odd)
  for _, each in ipairs(odd or {}) do
    if leaves_open(each, meaning, shapes) then
      return ("the answer's %s %s"):format(each.field, each.message)
    end
  end
  for _, echo in ipairs(meaning.echoes or {}) do
    local found = echo.decides and another(echo, request:key(), result)
    if found and found:find(echo.decides) then
      return ("the answer is about another %s than was asked for"):format(echo.key)
    end
  end
end

--- What is missing or other than it should be, of a thing that is there: a list of phrases, and one
-- of details.
local Incomplete = {}
Incomplete.__index = Incomplete

function Incomplete:add(phrase, details)
  if #details == 0 then
    return
  end
  self.phrases[#self.phrases + 1] = phrase
  table.move(details, 1, #details, #self.details + 1, self.details)
end

local function lost_of(meaning, result)
  local lost = {}
  for _, where in ipairs(meaning.once or {}) do
    if is_absent(path.get(result, where)) then
      lost[#lost + 1] = { field = where:match "[^.]+$", message = "is told only once, and is not there" }
    end
  end
  return lost
end

--- The job that was asked for and is not named.
local function missing_job(request, meaning, result)
  if not meaning.job or not request:has_asked() then
    return {}
  end
  local number = path.get(result, meaning.job)
  local is_named = math.tointeger(tonumber(number)) and tonumber(number) > 0
  return is_named and {} or { { field = meaning.job, message = "names no job, though one was asked for" } }
end

local function differing(request, meaning, result)
  local details = {}
  for _, echo in ipairs(meaning.echoes or {}) do
    local found = another(echo, request:key(), result)
    details[#details + 1] = found and { field = echo.at,
      message = ("is '%s', not '%s' as asked for"):format(request:scrub(found), request:key()[echo.key]) }
  end
  return details
end

local function names_of(details)
  local names = {}
  for i, detail in ipairs(details) do
    names[i] = detail.field
  end
  return table.concat(names, ", ")
end

--- What a failure tells behind a thing that is there; nil where nothing is missing.
local function incomplete(request, operation, meaning, result, found)
  local parts = setmetatable({ phrases = {}, details = {} }, Incomplete)
  local lost = lost_of(meaning, result)
  local odd = {}
  for i, each in ipairs(operation.creates and found.odd or {}) do
    odd[i] = { field = each.field, message = each.message }
  end
  parts:add("not all that was asked for", found.errors)
  if #found.errors == 0 then
    parts:add("not all that was asked for", missing_job(request, meaning, result))
  end
  parts:add("the answer lacks what is told only once: " .. names_of(lost), lost)
  parts:add("the answer names another " .. (meaning.echoes and meaning.echoes[1].key or ""),
    differing(request, meaning, result))
  parts:add("not all of the answer is as documented", odd)
  if #parts.phrases == 0 then
    return nil
  end
  return new_facts(request, "refused", "partial",
    "it exists, but " .. table.concat(parts.phrases, ", and "), parts.details)
end

--- A result that was read.
-- @param odd list or nil: its members that are not as documented
local function judge_result(request, operation, provider, result, odd)
  local meaning = provider.operations[operation.name] or {}
  local shapes = meaning.errors_inside or provider.errors_inside or {}
  local proof = meaning.proof and path.get(result, meaning.proof)
  local errors = errors_in(request, shapes, result)
  local said = why_not(request, meaning, shapes, result, odd)
  if said then
    return unreadable(request, provider, said)
  end
  if #errors == 0 and meaning.list and next(path.get(result, meaning.list)) == nil then
    errors = errors_instead(request, provider, meaning.list)
  end
  local is_proven = meaning.proof and not is_absent(proof)
    and not (#errors > 0 and math.type(proof) and proof <= 0)
  if #errors > 0 and not is_proven and provider.refuses_inside then
    return nil, new_facts(request, "refused", meaning.without_proof or "rejected",
      "refused, although the status says success", errors)
  elseif meaning.proof and not is_proven and meaning.without_proof then
    return nil, new_facts(request, "refused", meaning.without_proof,
      "refused, although the status says success", details_of(request, provider, request:body()))
  elseif meaning.proof and not is_proven then
    return unreadable(request, provider, "the answer has no " .. meaning.proof:match "[^.]+$",
      #errors > 0 and errors or nil)
  end
  if meaning.list and #errors > 0 then
    return unreadable(request, provider, "the answer has an error instead of a list", errors)
  end
  return result, incomplete(request, operation, meaning, result, { errors = errors, odd = odd })
end

--- A success that says no more: it is one by its documented status, without an error inside.
local function judge_done(request, operation, provider)
  local meaning, status = provider.operations[operation.name], request:status()
  if not meaning.success[status] then
    return unreadable(request, provider,
      ("the answer's status is not that of a success of %s"):format(operation.name))
  elseif request:has_body() then
    local body = request:body()
    if body == nil then
      return unreadable(request, provider, "the answer is not JSON")
    end
    local errors = errors_in(request, provider.errors_inside, body)
    if #errors > 0 then
      return unreadable(request, provider, "the answer has an error inside", errors)
    end
  end
  return true
end

--- Adds where a thing is that an answer without a body names.
local function add_location(request, facts)
  local location = facts.status and facts.status < 300 and not request:has_body()
    and told(request, request:header "location")
  if location then
    facts.location = location
    facts.said = ("%s, and names %s"):format(facts.said, text.line(location))
  end
end

--- What came of an attempt.
-- @param provider string: its name
-- @param operation table: as the core describes it
-- @param request userdata: the core's, over
-- @param result any: what request:finish() gave first
-- @param found table or nil: what it gave second
-- @return the result; or nil and what a failure tells; or both, where a thing exists and something
--   of it is missing
function answer.judge(provider, operation, request, result, found)
  local meanings = providers[provider]
  if result == nil then
    local facts = complete(request, meanings, found)
    add_location(request, facts)
    return nil, facts
  elseif not operation.has_answer then
    return judge_done(request, operation, meanings)
  end
  return judge_result(request, operation, meanings, result, found)
end

return answer
