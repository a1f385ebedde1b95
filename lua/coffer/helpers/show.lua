--- Printing values in full, for people: coffer.show and coffer.help.
local core = require "coffer.core"
local names_in = require "coffer.values.names"
local nearest = require "coffer.values.nearest"
local need = require "coffer.need"
local options = require "coffer.options"
local printable = require "coffer.values.text"

local show = {}

local BOLD, DIM, RESET = "\27[1m", "\27[2m", "\27[0m"

--- Names of what is plain text and a secret all the same, in lower case.
local masked = {}
for name in ([[deployment_url token password secretkey secretaccesskey secret api_secret api_key
  accesstoken refreshtoken access_token refresh_token authorization authtoken x-auth-token
  x-subject-token]]):gmatch "%S+" do
  masked[name] = true
end

local function is_masked(key, value)
  return type(key) == "string" and type(value) == "string" and masked[printable.lower(key)]
end

--- What has nothing to show but its first line, such as the sandbox; and the
-- answer as it came, whose body may hold anything.
local opaque = { ["coffer.sandbox"] = true, ["coffer.pages"] = true, ["coffer.response"] = true }

--- Colours, where they are shown and wanted; see no-color.org.
local function palette(stream)
  local is_wanted = (os.getenv "NO_COLOR" or "") == ""
  if is_wanted and core.is_terminal(stream) then
    return { bold = BOLD, dim = DIM, reset = RESET }
  end
  return { bold = "", dim = "", reset = "" }
end

local function escaped(byte)
  return ("\\%d"):format(byte:byte())
end

--- A string as Lua writes it, with nothing in it that a terminal obeys, nor bytes that are no
-- UTF-8: those are escaped.
local function quoted(text)
  local is_utf8 = utf8.len(text)
  text = ("%q"):format(text):gsub("\\\n", "\\n"):gsub("[%c\127]", "?")
  return (text:gsub(is_utf8 and utf8.charpattern or "[\128-\255]", function(found)
    return (not is_utf8 or printable.hides(found)) and found:gsub(".", escaped) or nil
  end))
end

local function scalar(value)
  if type(value) == "string" then
    return quoted(value)
  elseif value == core.null then
    return "null"
  end
  return tostring(value)
end

local function key_text(key)
  if type(key) == "string" then
    return key:find "^[%w_.-]+$" and key or ("[%s]"):format(quoted(key))
  end
  return ("[%s]"):format(tostring(key))
end

local put

local function put_table(out, value, indent, seen)
  local inner = indent .. "  "
  if seen[value] then
    out[#out + 1] = "(seen above)"
    return
  end
  local keys = names_in(value)
  if #keys == 0 then
    out[#out + 1] = "{}"
    return
  end
  seen[value] = true
  out[#out + 1] = "{\n"
  for _, key in ipairs(keys) do
    out[#out + 1] = ("%s%s%s%s = "):format(inner, out.colours.dim, key_text(key),
      out.colours.reset)
    if is_masked(key, value[key]) then
      out[#out + 1] = "[secret]"
    else
      put(out, value[key], inner, seen)
    end
    out[#out + 1] = "\n"
  end
  out[#out + 1] = indent .. "}"
end

function put(out, value, indent, seen)
  if type(value) == "table" then
    put_table(out, value, indent, seen)
  else
    out[#out + 1] = scalar(value)
  end
end

--- True for what a first line says more about than its fields do.
local function has_title(value)
  local metatable = type(value) == "table" and getmetatable(value)
  return type(metatable) == "table" and metatable.__tostring ~= nil
end

--- The text that coffer.show prints.
function show.text(value, colours)
  local out = { colours = colours or palette "stdout" }
  if has_title(value) and opaque[getmetatable(value).__name] then
    return tostring(value)
  elseif has_title(value) then
    out[1] = ("%s%s%s "):format(out.colours.bold, tostring(value), out.colours.reset)
  end
  put(out, value, "", {})
  return table.concat(out)
end

--- coffer.show(x): prints a result, a failure or any other value in full, with
-- secrets masked; a client as coffer.help does.
function show.show(value)
  if type(value) == "userdata" and show.provider_of(value) then
    return show.help(value)
  end
  io.stdout:write(show.text(value), "\n")
end

--- The provider of a client, nil for anything else.
function show.provider_of(value)
  local metatable = type(value) == "userdata" and getmetatable(value)
  local name = type(metatable) == "table" and metatable.__name
  return name and core.providers[name:match "^coffer%.(%w+)$"] and name:match "%w+$" or nil
end

--- What a caller writes for the core's types that are not Lua's.
local TYPES = {
  secret = "string or coffer.secret", code = "string or integer", int32 = "integer",
  int64 = "integer", any = "any value",
}

local function type_text(parameter)
  local kind = TYPES[parameter.type] or parameter.type
  kind = kind == "list" and parameter.item.fields and "list of tables" or kind
  if parameter.is_of_client then
    return kind .. ", the client's where not given"
  end
  return parameter.is_required and kind .. ", required" or kind
end

local function put_line(lines, indent, name, words)
  local width = math.max(28 - #indent, #name)
  lines[#lines + 1] = ("%s%-" .. width .. "s %s"):format(indent, name, words)
end

--- The parameters, each with what is in it below.
local function put_parameters(lines, parameters, indent)
  for _, parameter in ipairs(parameters) do
    if not parameter.is_fixed then
      put_line(lines, indent, parameter.name, type_text(parameter)
        .. (parameter.about and " - " .. parameter.about or ""))
      put_parameters(lines, (parameter.item or parameter).fields or {}, indent .. "  ")
    end
  end
end

local INDENT = "      "

local function put_operation(lines, provider, operation, colours)
  lines[#lines + 1] = ("  %s:%s%s%s  %s%s %s%s"):format(provider, colours.bold, operation.name,
    colours.reset, colours.dim, operation.method,
    operation.path == "" and "(a link)" or operation.path, colours.reset)
  lines[#lines + 1] = "    " .. operation.about
  put_parameters(lines, operation.parameters, INDENT)
end

--- What there is on top of the calls: lists of { name, parameters, options } in print order.
-- `options` are names.
function show.helpers(provider, described)
  local provided = need("coffer.providers." .. provider)
  local helpers = {}
  local function add(form, name, parameters, names)
    helpers[#helpers + 1] = { name = name, text = form:format(provider, name),
                              parameters = parameters, options = names }
  end
  for _, name in ipairs(names_in(described.operations)) do
    local paging = described.operations[name].meaning.pages
    if paging then
      add("for item in %s:%s {} do", paging.name, "those of " .. name, options.names(options.call))
    end
  end
  local ensured = provided.ensure
  if ensured then
    add("%s:%s", ensured.method, "those of " .. ensured.call, options.names(options.ensure, true))
  end
  if ensured and ensured.plural then
    add("%s:%s", ensured.plural, "a list of those of " .. ensured.call,
      options.names(options.ensure_many, true))
  end
  for name, waiting in pairs(provided.wait_methods or {}) do
    add("%s:%s", name, waiting.parameter,
      options.names(options.wait(provided.resources[waiting.waits].wait.options)))
  end
  add("%s:%s", "request", "the name of a call, and its parameters",
    options.names(options.call, true))
  return helpers
end

local function put_helpers(lines, provider, described)
  lines[#lines + 1] = "  on top of these, see docs/helpers.md:"
  for _, helper in ipairs(show.helpers(provider, described)) do
    lines[#lines + 1] = "  " .. helper.text
    put_line(lines, INDENT, "parameters", helper.parameters)
    put_line(lines, INDENT, "options", table.concat(helper.options, ", "))
  end
  lines[#lines + 1] = ("  %s:close"):format(provider)
end

--- The methods of the results: those that are calls, and wait.
local function put_resources(lines, provider)
  local resources = need("coffer.providers." .. provider).resources
  for _, name in ipairs(names_in(resources)) do
    local methods, wait = resources[name].methods or {}, resources[name].wait
    for _, method in ipairs(names_in(methods)) do
      lines[#lines + 1] = ("  %s:%s, as %s"):format(name, method, methods[method].operation)
    end
    if wait then
      lines[#lines + 1] = ("  %s:wait"):format(name)
      put_line(lines, INDENT, "options", table.concat(
        options.names(options.wait(wait.options)), ", "))
    end
  end
end

--- The text that coffer.help prints.
function show.help_text(provider, colours)
  colours = colours or palette "stdout"
  local described = need("coffer.client").described(provider)
  local lines = { ("%s%s%s (coffer.%s)"):format(colours.bold, described.title, colours.reset,
    provider) }
  for _, name in ipairs(names_in(described.operations)) do
    put_operation(lines, provider, described.operations[name], colours)
  end
  local reading = options.names(options.call)
  lines[#lines + 1] = ("  options of a call: %s; %s where it has a body"):format(
    table.concat(reading, ", "),
    table.concat(options.names(options.call, true), ", ", #reading + 1))
  put_helpers(lines, provider, described)
  put_resources(lines, provider)
  return table.concat(lines, "\n")
end

--- coffer.help(client): prints the calls of a client, or of a provider by
-- name, with their parameters.
function show.help(of)
  local provider = show.provider_of(of) or of
  if type(provider) ~= "string" or not core.providers[provider] then
    core.misuse(("coffer.help takes a client, or the name of a provider: %s%s"):format(
      table.concat(names_in(core.providers), ", "),
      type(provider) == "string" and nearest.hint(provider, core.providers) or ""))
  end
  io.stdout:write(show.help_text(provider), "\n")
end

return show
