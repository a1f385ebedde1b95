--- What an answer means: whether a success is one, and what of the resource is missing. The core
-- reads; here it is judged, in the words of coffer.providers, which docs/providers.md explains.
local core = require "coffer.core"
local error_body = require "coffer.error_body"
local text = require "coffer.values.text"

local need = require "coffer.need"

local answer = {}

local scrubbed, inside = error_body.scrubbed, error_body.inside

local NOTHING = {}

local REFUSED_INSIDE = "refused, although the status says success"

--- The headers that a request's ID comes in, the most telling first.
local request_ids = {
  "x-request-id", "x-openstack-request-id", "x-amzn-requestid", "x-amz-apigw-id",
  "x-correlation-id",
}

local providers = {}

--- What a provider's answers mean. It is loaded with its first client: an answer that has come must
-- not wait for a file.
-- @return table: that of the provider's file
function answer.load(provider)
  providers[provider] = need("coffer.providers." .. provider)
  return providers[provider]
end

--- What the answers of an operation mean, by its name, and where those of its provider say that it
-- has errors inside.
function answer.meaning_of(provider, name)
  local meaning = providers[provider].operations[name] or {}
  meaning.echoes = meaning.echoes or NOTHING
  meaning.errors_inside = meaning.errors_inside or providers[provider].errors_inside or NOTHING
  return meaning
end

-- Facts ------------------------------------------------------------------------

--- The media type, where it is one: it often tells that something between has answered.
local function media_type_of(request)
  local found = (request:header "content-type" or "")
    :match "^([%w!#$%%&'*+.^_`|~-]+/[%w!#$%%&'*+.^_`|~-]+)%s*;?"
  return found and #found <= 64 and scrubbed(request, found) or nil
end

local function request_id_of(request, provider, body)
  local own = provider.request_id and core.member(body, provider.request_id)
  if type(own) == "string" then
    return scrubbed(request, own)
  end
  for _, name in ipairs(request_ids) do
    local found = request:header(name)
    if found then
      return scrubbed(request, found)
    end
  end
end

--- What an error body says. That of a success, even one that was cut, says nothing of an error.
local function add_error_body(request, provider, facts)
  local is_error = facts.status < 200 or facts.status >= 300
  local body = is_error and request:body()
  facts.request_id = request_id_of(request, provider, body)
  facts.details = is_error and error_body.details(request, provider.error_shapes, body) or nil
  facts.media_type = not body and media_type_of(request) or nil
end

--- Adds where a resource is that an answer without a body names.
local function add_location(request, facts)
  local location = facts.status < 300 and not request:has_body()
    and scrubbed(request, request:header "location")
  if location then
    facts.location = location
    facts.phrase = ("%s, and names %s"):format(facts.phrase, text.line(location))
  end
end

--- What a body says beside its error of why there is no token: numbers, booleans and digits alone.
local function reason_at(body, name)
  for _, where in ipairs { name, "data." .. name } do
    local value = core.member(body, where)
    local is_digits = type(value) == "string" and value:find "^%d+$"
    if value == true or (is_digits or math.type(value)) and tonumber(value) ~= 0 then
      return value
    end
  end
end

local function add_reasons(meaning, body, facts)
  for _, reason in ipairs(meaning.reasons or NOTHING) do
    local value = reason_at(body, reason.at)
    local details = facts.details
    details[#details + 1] = value and { field = reason.at,
      message = ("is %s: %s"):format(value, reason.means) }
    if value and reason.is_wait and not facts.retry_after then
      facts.retry_after = math.tointeger(math.ceil(tonumber(value) or 0))
    end
  end
end

--- An attempt that gave nothing that could be read.
local function failed(request, provider, meaning, facts)
  facts.key = request:key()
  facts.error = scrubbed(request, facts.error)
  if facts.status then
    add_error_body(request, provider, facts)
    if meaning.reasons and facts.details then
      add_reasons(meaning, request:body(), facts)
    end
    add_location(request, facts)
    facts.target = scrubbed(request, request:target())
  end
  return nil, facts
end

local function new_facts(request, outcome, code, phrase, details)
  return { outcome = outcome, code = code, phrase = phrase, details = details,
           status = request:status(), key = request:key() }
end

--- A success that cannot be taken for one: nobody can know.
local function unreadable(request, provider, phrase, details)
  local facts = new_facts(request, "unknown", "protocol", phrase, details)
  facts.request_id = request_id_of(request, provider)
  facts.media_type = not details and media_type_of(request) or nil
  return nil, facts
end

-- What is decided on -----------------------------------------------------------

local EMPTY, NULL = core.secret "", core.null

--- True for what names nothing.
local function is_absent(value)
  return value == nil or value == NULL or value == "" or value == EMPTY
end

--- True where a member is the path, or on the way to it.
local function is_on(field, where)
  field = field:gsub("%[(%d+)%]", ".%1")
  return where == field or where:sub(1, #field + 1) == field .. "."
end

--- The paths of which nobody may have to ask which of two values counts.
local function decisive_paths(meaning)
  local paths = {}
  for _, shape in ipairs(meaning.errors_inside) do
    if not shape.is_aside then
      paths[#paths + 1] = shape.at == "" and shape.code or shape.at .. "." .. shape.code
    end
  end
  for _, echo in ipairs(meaning.echoes) do
    paths[#paths + 1] = echo.decides and echo.at
  end
  return paths
end

--- True where a member that is not as documented leaves open what is decided on.
local function leaves_open(odd, meaning)
  local named = meaning.proof or meaning.list
  if named and is_on(odd.field, named) then
    return true
  end
  for _, where in ipairs(odd.is_repeated and decisive_paths(meaning) or NOTHING) do
    if is_on(odd.field, where) then
      return true
    end
  end
  return false
end

--- True where the value names another resource than was asked for. What lacks the form
-- in which values are compared says nothing.
local function differs(echo, found, sent)
  if found == sent or is_absent(found) or is_absent(sent)
    or type(found) ~= "string" and not math.type(found) then
    return false
  end
  local fold = echo.fold or tostring
  local compared = tostring(found):match(echo.form or "^.*$")
  return compared ~= nil and fold(compared) ~= fold(tostring(sent))
end

--- What the answer names instead of what was asked for: a list of { echo, found, sent }; nil where
-- all is the same.
local function differences(request, echoes, result)
  local differing = nil
  for i = 1, #echoes do
    local echo = echoes[i]
    local found = core.member(result, echo.at)
    local sent = found ~= nil and request:key(echo.key)
    if sent ~= found and sent and differs(echo, found, sent) then
      differing = differing or {}
      differing[#differing + 1] = { echo = echo, found = tostring(found), sent = tostring(sent) }
    end
  end
  return differing
end

--- Why the answer is not taken for what was asked for, or nil.
local function why_not(meaning, result, odd, differing)
  for _, each in ipairs(odd or NOTHING) do
    if leaves_open(each, meaning) then
      return ("the answer's %s %s"):format(each.field, each.message)
    end
  end
  if meaning.list and type(core.member(result, meaning.list)) ~= "table" then
    return "the answer has no list"
  end
  for _, each in ipairs(differing or NOTHING) do
    if each.echo.decides and each.found:find(each.echo.decides) then
      return ("the answer is about another %s than was asked for"):format(each.echo.key)
    end
  end
end

-- What is missing of what is there --------------------------------------

--- What is told once and is not there; nil where nothing is lost.
local function lost_of(meaning, result)
  local lost = nil
  for _, where in ipairs(meaning.once) do
    if is_absent(core.member(result, where)) then
      lost = lost or {}
      lost[#lost + 1] = { field = where:match "[^.]+$",
                          message = "is told only once, and is not there" }
    end
  end
  return lost
end

--- The job that was asked for and is not named.
local function missing_job(request, meaning, result)
  if not request:has_asked() then
    return nil
  end
  local number = tonumber(core.member(result, meaning.job))
  if number and math.tointeger(number) and number > 0 then
    return nil
  end
  return { { field = meaning.job, message = "names no job, though one was asked for" } }
end

local function difference_details(request, differing)
  local details = {}
  for i, each in ipairs(differing or NOTHING) do
    details[i] = { field = each.echo.at,
      message = ("is '%s', not the %s that was asked for, '%s'"):format(request:scrub(each.found),
        each.echo.key, each.sent) }
  end
  return details
end

local function oddity_details(odd)
  local details = {}
  for i, each in ipairs(odd or NOTHING) do
    details[i] = { field = each.field, message = each.message }
  end
  return details
end

local function names_of(details)
  local names = {}
  for i, detail in ipairs(details or NOTHING) do
    names[i] = detail.field
  end
  return table.concat(names, ", ")
end

--- What a failure tells behind a resource that is there; nil where nothing is missing.
-- @param errors, odd, differing lists, or nil
local function incomplete(request, meaning, result, errors, odd, differing)
  local lost = meaning.once and lost_of(meaning, result)
  local missing = errors or meaning.job and missing_job(request, meaning, result)
  if not (lost or missing or odd or differing) then
    return nil
  end
  local phrases, details = {}, {}
  local function add(phrase, more)
    phrases[#phrases + 1] = more[1] and phrase
    table.move(more, 1, #more, #details + 1, details)
  end
  add("not all that was asked for", missing or NOTHING)
  add("the answer lacks what is told only once: " .. names_of(lost), lost or NOTHING)
  add("the answer names another", difference_details(request, differing))
  add("not all of the answer is as documented", oddity_details(odd))
  return new_facts(request, "refused", "partial",
    "it exists, but " .. table.concat(phrases, ", and "), details)
end

-- Judging ----------------------------------------------------------------------

--- A result that names nothing, or has an error where nothing is named.
local function unproven(request, provider, meaning, errors)
  if errors and provider.refuses_inside then
    local facts = new_facts(request, "refused", meaning.without_proof or "rejected",
      REFUSED_INSIDE, errors)
    add_reasons(meaning, meaning.reasons and request:body(), facts)
    return nil, facts
  elseif meaning.without_proof then
    local body = request:body()
    local facts = new_facts(request, "refused", meaning.without_proof, REFUSED_INSIDE,
      error_body.details(request, provider.error_shapes, body))
    add_reasons(meaning, body, facts)
    return nil, facts
  elseif meaning.list then
    return unreadable(request, provider, "the answer has an error instead of a list", errors)
  end
  local what = meaning.proof and meaning.proof:match "[^.]+$" or "result"
  return unreadable(request, provider, "the answer has no " .. what, errors)
end

--- The errors of an answer whose list is empty; nil where there are none.
local function errors_instead(request, provider, list, result)
  return next(core.member(result, list)) == nil
    and error_body.instead(request, provider.error_shapes, list) or nil
end

--- True where the result names a resource. Beside an error, a number that is none does not.
local function is_proven(meaning, result, errors)
  if not meaning.proof then
    return not errors
  end
  local proof = result[meaning.proof] or core.member(result, meaning.proof)
  return not (is_absent(proof) or errors and math.type(proof) and proof <= 0)
end

--- Puts a token that lies elsewhere in the result where it is looked for.
local function settle_token(meaning, result)
  for _, where in ipairs(meaning.token_places) do
    local found = core.member(result, where)
    local is_found = type(found) == "userdata" and not is_absent(found)
    if is_found and is_absent(result[meaning.proof]) then
      result[meaning.proof] = found
    end
  end
end

--- A result that was read.
-- @param odd list or nil: its members that are not as documented
local function judge_result(request, operation, provider, result, odd)
  local meaning = operation.meaning
  if meaning.token_places then
    settle_token(meaning, result)
  end
  local differing = differences(request, meaning.echoes, result)
  local phrase = (odd or differing or meaning.list)
    and why_not(meaning, result, odd, differing)
  if phrase then
    return unreadable(request, provider, phrase)
  end
  local errors = inside(request, meaning.errors_inside, result)
    or meaning.list and errors_instead(request, provider, meaning.list, result)
  if not is_proven(meaning, result, errors) then
    return unproven(request, provider, meaning, errors)
  end
  return result, incomplete(request, meaning, result, errors, operation.creates and odd, differing)
end

--- A success that says no more: it is one by its documented status, without an error inside.
local function judge_done(request, operation, provider)
  if not operation.meaning.success[request:status()] then
    return unreadable(request, provider,
      ("the answer's status is not that of a success of %s"):format(operation.name))
  elseif not request:has_body() then
    return true
  end
  local body = request:body()
  if body == nil then
    return unreadable(request, provider, "the answer is not JSON")
  end
  local errors = inside(request, operation.meaning.errors_inside, body)
  if errors then
    return unreadable(request, provider, "the answer has an error inside", errors)
  end
  return true
end

--- What came of an attempt.
-- @param provider string: its name
-- @param operation table: as the core describes it, with its `meaning`
-- @param request userdata: the core's, over
-- @param result any: what request:finish() gave first
-- @param found table or nil: what it gave second
-- @return the result; or nil and what a failure tells; or both, where something of what
--   exists is missing
function answer.judge(provider, operation, request, result, found)
  local meanings = providers[provider]
  if result == nil then
    return failed(request, meanings, operation.meaning, found)
  elseif not operation.has_answer then
    return judge_done(request, operation, meanings)
  end
  return judge_result(request, operation, meanings, result, found)
end

return answer
