--- Printing things in full, for people: coffer.show and coffer.help.
local core = require "coffer.core"
local need = require "coffer.need"

local printable = require "coffer.text"

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

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    if math.type(a) and math.type(b) then
      return a < b
    end
    return tostring(a) < tostring(b)
  end)
  return keys
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
  local keys = sorted_keys(value)
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

local function parameter_line(parameter)
  local kind = parameter.type
  if parameter.is_of_client then
    kind = kind .. ", the client's where not given"
  elseif parameter.is_required then
    kind = kind .. ", required"
  end
  return ("      %-22s %s%s"):format(parameter.name, kind,
    parameter.about and " - " .. parameter.about or "")
end

local function put_operation(lines, provider, operation, colours)
  lines[#lines + 1] = ("  %s:%s%s%s  %s%s %s%s"):format(provider, colours.bold, operation.name,
    colours.reset, colours.dim, operation.method,
    operation.path == "" and "(a link)" or operation.path, colours.reset)
  lines[#lines + 1] = "    " .. operation.about
  for _, parameter in ipairs(operation.parameters) do
    if not parameter.is_fixed then
      lines[#lines + 1] = parameter_line(parameter)
    end
  end
end

local function iterators_of(described)
  local names = {}
  for _, operation in pairs(described.operations) do
    if operation.paging then
      names[operation.paging.name] = true
    end
  end
  return names
end

--- The text that coffer.help prints.
function show.help_text(provider, colours)
  colours = colours or palette "stdout"
  local described = need("coffer.client").described(provider)
  local lines = { ("%s%s%s (coffer.%s)"):format(colours.bold, described.title, colours.reset,
    provider) }
  for _, name in ipairs(sorted_keys(described.operations)) do
    put_operation(lines, provider, described.operations[name], colours)
  end
  lines[#lines + 1] = "  on top of these, see docs/helpers.md:"
  local iterators = iterators_of(described)
  for _, name in ipairs(sorted_keys(described.methods)) do
    if not described.operations[name] then
      lines[#lines + 1] = (iterators[name] and "  for item in %s:%s {} do" or "  %s:%s")
        :format(provider, name)
    end
  end
  return table.concat(lines, "\n")
end

--- coffer.help(client): prints the calls of a client, or of a provider by
-- name, with their parameters.
function show.help(of)
  local provider = show.provider_of(of) or of
  if type(provider) ~= "string" or not core.providers[provider] then
    local nearest = type(provider) == "string" and core.nearest(provider, core.providers)
    core.misuse(("coffer.help takes a client, or the name of a provider: %s%s"):format(
      table.concat(sorted_keys(core.providers), ", "),
      nearest and (" (did you mean '%s'?)"):format(nearest) or ""))
  end
  io.stdout:write(show.help_text(provider), "\n")
end

return show
