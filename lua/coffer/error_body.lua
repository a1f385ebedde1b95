--- What an error body says, and the errors inside a success: a list of details, each with the
-- provider's `code`, `message` and `field`. Where they stand, the
-- provider's shapes say; see docs/providers.md.
local core = require "coffer.core"

local error_body = {}

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

local function member(object, name)
  return name and rawget(object, name)
end

--- A text from elsewhere as it may be shown; nil for anything else.
function error_body.scrubbed(request, value)
  return type(value) == "string" and request:scrub(value) or nil
end

local scrubbed = error_body.scrubbed

--- Both texts, or the one that is there.
local function joined(message, more)
  return message and more and message .. ": " .. more or message or more
end

--- One object as a detail, where it says something.
local function add_detail(details, request, shape, object)
  local code = member(object, shape.code)
  local detail = {
    code = math.type(code) and code or scrubbed(request, code),
    message = joined(scrubbed(request, member(object, shape.message)),
      scrubbed(request, member(object, shape.more))),
    field = scrubbed(request, member(object, shape.field)),
  }
  if detail.message or detail.code ~= nil then
    details[#details + 1] = detail
  end
end

--- The objects that a shape is about: the one at its path, and the items of a list there.
local function objects_at(shape, body)
  local is_any = shape.at == "*"
  local found = is_any and body or core.member(body, shape.at)
  if type(found) ~= "table" then
    return {}
  end
  local objects = { not is_any and found or nil }
  for _, item in (is_any and pairs or ipairs)(found) do
    objects[#objects + 1] = type(item) == "table" and item or nil
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

--- Texts that stand where objects are due.
local function add_texts(details, request, value)
  for _, item in ipairs(type(value) == "table" and value or { value }) do
    if type(item) == "string" and item ~= "" then
      details[#details + 1] = { message = scrubbed(request, item) }
    end
  end
end

--- What an error body says, in the provider's shapes or else in common ones.
-- @param shapes list: the provider's
-- @param body any: free-form JSON
function error_body.details(request, shapes, body)
  local details = {}
  add_details(details, request, shapes, body)
  if #details == 0 then
    add_details(details, request, common_shapes, body)
  end
  if #details == 0 then
    add_texts(details, request, body)
    add_texts(details, request, core.member(body, "errors"))
  end
  return details
end

--- True for a code that tells of no error: absent, 0, or the word for it. What is of a type that no
-- code has tells nothing.
local function is_fine(code, ok_code)
  if math.type(code) then
    return code == 0
  end
  return type(code) ~= "string" or code == "" or code == "0" or code == ok_code
end

--- Adds the errors of one shape to the details, which are made with the first.
local function add_errors(details, request, shape, result)
  for _, object in ipairs(objects_at(shape, result)) do
    if not is_fine(member(object, shape.code), shape.ok_code) then
      details = details or {}
      add_detail(details, request, shape, object)
    end
  end
  return details
end

--- The errors that stand in a success.
-- @param shapes list: where they may
-- @return details; or nil where there are none
function error_body.inside(request, shapes, result)
  local details = nil
  for i = 1, #shapes do
    local shape = shapes[i]
    if core.member(result, shape.at) ~= nil then
      details = add_errors(details, request, shape, result)
    end
  end
  return details
end

--- The errors of a success whose list is not there: a code with a message. Without them it is an
-- empty list.
-- @param list string: path of the list
-- @return details; or nil where there are none
function error_body.instead(request, shapes, list)
  local body, errors = request:body(), {}
  if list == "" or type(core.member(body, list)) == "table" then
    return nil
  end
  for _, detail in ipairs(error_body.details(request, shapes, body)) do
    if detail.message and not is_fine(detail.code) then
      errors[#errors + 1] = detail
    end
  end
  return errors[1] and errors
end

return error_body
