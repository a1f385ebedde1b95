-- A Lua script as a user runs it, with nothing of the providers in the environment, and the secrets
-- that it met: what it prints is held against them.

local child = require "child"
local process = require "process"
local workdir = require "workdir"

local script = {}

--- Run ahead of the script: every secret tells its text when it is collected.
local WITNESS = [[
local coffer = require "coffer"
local first = coffer.secret "none"
local metatable = getmetatable(first)
local wipe, reveal = metatable.__gc, metatable.__index.reveal
local seen = assert(io.open(%q, "w"))
seen:setvbuf "no"
wipe(first)
metatable.__gc = function(secret)
  local has_text, text = pcall(reveal, secret)
  if has_text then seen:write(text, "\n") end
  wipe(secret)
end
]]

local providers_variables = {
  "CLUMIO_API_TOKEN", "CLUMIO_API_BASE_URL", "CLUMIO_ORGANIZATIONAL_UNIT_CONTEXT",
  "COMMVAULT_TOKEN", "COMMVAULT_BASE_URL", "COMMVAULT_USERNAME", "COMMVAULT_PASSWORD",
  "COMMVAULT_DOMAIN", "OS_TOKEN", "OS_AUTH_TOKEN", "ECL_BASE_URL", "OS_USERNAME", "OS_PASSWORD",
  "OS_AUTH_URL", "OS_PROJECT_ID", "OS_TENANT_ID", "ASTRA_TOKEN", "ASTRA_BASE_URL", "COFFER_LOG",
}

local function environment(variables)
  local words = { "env -u " .. table.concat(providers_variables, " -u ") }
  for name, value in pairs(variables) do
    words[#words + 1] = process.quote(name .. "=" .. value)
  end
  return table.concat(words, " ")
end

local function lines_of(path)
  local lines = {}
  local file = io.open(path)
  if file then
    for line in file:lines() do
      lines[#lines + 1] = line
    end
    file:close()
  end
  return lines
end

--- Runs the Lua file with these words behind it, as child.execute does; the answer has its secrets
--- as well.
-- @param options { variables = of the environment, input = text for standard input }
function script.run(path, words, options)
  options = options or {}
  local seen = workdir.file "seen.secrets"
  local variables = { LUA_INIT_5_4 = "@" .. workdir.write("witness.lua", WITNESS:format(seen)) }
  for name, value in pairs(options.variables or {}) do
    variables[name] = value
  end
  local command = { environment(variables), child.interpreter(), process.quote(path) }
  for _, word in ipairs(words or {}) do
    command[#command + 1] = process.quote(word)
  end
  local line = table.concat(command, " ")
  if options.input then
    line = ("sh -c %s"):format(process.quote(line .. " <" .. process.quote(
      workdir.write("script.in", options.input))))
  end
  local ran = child.execute(line)
  ran.secrets = lines_of(seen)
  os.remove(seen)
  return ran
end

--- A secret that the script has printed, or nil.
function script.leak(ran)
  for _, text in ipairs(ran.secrets) do
    if text ~= "" and (ran.output:find(text, 1, true) or ran.errors:find(text, 1, true)) then
      return text
    end
  end
end

return script
