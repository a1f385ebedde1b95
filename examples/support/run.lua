--- What the examples share: which provider is for real, and where secrets go.
--
-- All is played by coffer.sandbox(), inside this process, whatever the
-- environment holds. Only with --for-real is a provider whose token is in the
-- environment asked for real. What is told only once is written to the FILE of
-- --secrets-to, which is made before anything is sent, for its owner alone.
local coffer = require "coffer"
local core = require "coffer.core"

local variables = {
  clumio = "CLUMIO_API_TOKEN", commvault = "COMMVAULT_TOKEN", ecl = "OS_TOKEN",
  astra = "ASTRA_TOKEN",
}

local run = {}
run.__index = run

--- Ends the program before anything is sent: what it was told does not do.
function run:leave(text)
  if self.file then
    self.file:close()
    os.remove(self.path)
  end
  io.stderr:write(text, "\nusage: ", self.usage, "\n")
  os.exit(2, true)
end

local function given(variable)
  local value = os.getenv(variable) or ""
  return value ~= "" and value or nil
end

local function take_words(self, words, flags)
  local place = 1
  while place <= #words do
    local word = words[place]
    if word == "--for-real" then
      self.is_for_real = true
    elseif word == "--secrets-to" then
      place = place + 1
      self.path = words[place] or self:leave "--secrets-to wants a FILE"
    elseif flags[word] then
      self.flags[word] = true
    elseif word:sub(1, 1) == "-" then
      self:leave("there is no option " .. word)
    else
      self.words[#self.words + 1] = word
    end
    place = place + 1
  end
end

local function has_token()
  for _, variable in pairs(variables) do
    if given(variable) then return true end
  end
  return false
end

--- Makes the file of secrets. No file that is there already is taken: not one
-- that others hold open, and none with earlier secrets in it.
local function make_file(self)
  local trouble
  self.file, trouble = core.create_private(self.path)
  if not self.file then
    self:leave("the secrets cannot be kept: " .. trouble)
  end
end

--- Reads the words that the example was called with.
-- @param settings { usage =, flags = { ["--yes"] = true }, most = words,
--   creates = true where secrets come }
function run.read(words, settings)
  local self = setmetatable({ usage = settings.usage, words = {}, flags = {} }, run)
  take_words(self, words, settings.flags or {})
  if #self.words > settings.most then
    self:leave(("there are more than %d words"):format(settings.most))
  elseif self.is_for_real and not has_token() then
    self:leave "--for-real, but no provider's token is in the environment"
  elseif self.is_for_real and settings.creates and not self.path then
    self:leave "--for-real: say by --secrets-to FILE who shall keep what is told only once"
  end
  if self.path then make_file(self) end
  self.box = coffer.sandbox()
  return self
end

function run:is_real(provider)
  return self.is_for_real and given(variables[provider]) ~= nil
end

--- What to use for a name or number: the sandbox takes an example, a provider
-- only what was said.
function run:choose(provider, variable, example)
  if not self:is_real(provider) then return example end
  return given(variable) or self:leave(variable .. " is not set")
end

--- A client of the real provider where that is meant, else of the sandbox.
function run:open(provider, options)
  local client, failure
  if self:is_real(provider) then
    client, failure = coffer[provider](options or {})
  else
    client, failure = coffer[provider](self.box:options(provider))
  end
  return assert(client, failure)
end

--- What a line says of a provider.
function run:purpose(provider)
  return self:is_real(provider) and "for real, by " .. variables[provider] or "sandbox"
end

local function is_secret(value)
  return type(value) == "userdata" and (getmetatable(value) or {}).__name == "coffer.secret"
end

--- Adds a line for each value, at whatever depth.
local function add_lines(lines, name, value)
  if is_secret(value) then
    value = value:reveal()
  elseif type(value) == "table" then
    for key, part in pairs(value) do add_lines(lines, name .. "." .. tostring(key), part) end
    return
  end
  lines[#lines + 1] = name .. " = " .. tostring(value):gsub("%c", " ")
end

--- Writes to the disk at once. What the file does not take goes to the terminal
-- rather than nowhere: nobody tells it again.
local function write(file, lines)
  local text = table.concat(lines, "\n") .. "\n"
  local is_kept, trouble = file:write(text)
  if is_kept then
    is_kept, trouble = core.sync(file)
  end
  if not is_kept then
    io.stderr:write("the secrets cannot be written (", tostring(trouble), "). They are:\n", text)
  end
end

--- Keeps what came of a create, as far as there is a file: the thing with its
-- secrets and, where it is not as documented, the answer as it came.
function run:keep(name, thing, failure)
  if not self.file then return end
  local lines = {}
  if thing then
    add_lines(lines, name, thing)
    table.sort(lines)
  end
  local answer = failure and coffer.response(failure)
  if answer then
    lines[#lines + 1] = name .. " answer = " .. answer.body
  end
  if #lines > 0 then write(self.file, lines) end
end

function run:close()
  self.box:close()
  if self.file then self.file:close() end
  self.file = nil
end

run.__close = run.close

return run
