--- What the examples share: which provider is for real, and where secrets go.
--
-- All is played by coffer.sandbox(), inside this process, whatever the
-- environment holds. Only with --for-real is a provider whose token is in the
-- environment asked for real. What is told only once is written to the FILE of
-- --secrets-to, which is made before anything is sent, for its owner alone.
local coffer = require "coffer"

local variables = {
  clumio = "CLUMIO_API_TOKEN", commvault = "COMMVAULT_TOKEN", ecl = "OS_TOKEN",
  astra = "ASTRA_TOKEN",
}

--- Options of clients of the sandbox, so that the environment's do not matter.
-- There is no TLS to the sandbox, and so no keys that could be logged.
local sandboxed = {
  clumio = { allow_keylog = true, organizational_unit = "00000000-0000-0000-0000-000000000000" },
  commvault = { allow_keylog = true }, ecl = { allow_keylog = true },
  astra = { allow_keylog = true },
}

local run = {}
run.__index = run

--- Prints what the example says of itself, at its top.
local function help()
  for line in io.lines(arg[0]) do
    local text = line:match "^%-%-%-?%-? ?(.*)"
    if not text then break end
    print(text)
  end
  os.exit(0, true)
end

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

local function take_words(self, words, settings)
  local flags, place = settings.flags or {}, 1
  while place <= #words do
    local word = words[place]
    if word == "--help" or word == "-h" then
      help()
    elseif word == "--for-real" then
      self.is_for_real = true
    elseif word == "--secrets-to" and settings.creates then
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

--- The variables of these providers' tokens that are not set.
local function missing(providers)
  local names = {}
  for _, provider in ipairs(providers) do
    if not given(variables[provider]) then names[#names + 1] = variables[provider] end
  end
  return names
end

--- With --for-real, no part of what belongs together is played.
local function check_tokens(self, settings)
  local absent = missing(settings.needs or {})
  if #missing { "clumio", "commvault", "ecl", "astra" } == 4 then
    self:leave "--for-real, but no provider's token is in the environment"
  elseif #absent > 0 then
    self:leave("--for-real, but the environment lacks " .. table.concat(absent, ", "))
  elseif settings.creates and not self.path then
    self:leave "--for-real: say by --secrets-to FILE who shall keep what is told only once"
  end
end

--- Makes the file of secrets. No file that is there already is taken: not one
-- that others hold open, and none with earlier secrets in it.
local function make_file(self)
  local wrong
  self.file, wrong = coffer.create_private(self.path)
  if not self.file then
    self:leave("the secrets cannot be kept: " .. wrong)
  end
end

--- Reads the words that the example was called with.
-- @param settings { usage =, flags = { ["--yes"] = true }, most = words,
--   needs = providers of which none is played where another is for real,
--   creates = true where secrets come }
function run.read(words, settings)
  local self = setmetatable({ usage = settings.usage, words = {}, flags = {} }, run)
  take_words(self, words, settings)
  if #self.words > settings.most then
    self:leave("one word too many: " .. self.words[settings.most + 1])
  end
  if self.is_for_real then check_tokens(self, settings) end
  if self.path then make_file(self) end
  self.box = coffer.sandbox()
  return self
end

function run:is_real(provider)
  return self.is_for_real and given(variables[provider]) ~= nil
end

run.given = given

--- What to use for a name or number: the sandbox takes an example, a provider
-- only what was said.
function run:choose(provider, variable, example)
  if not self:is_real(provider) then return example end
  return given(variable) or self:leave(variable .. " is not set")
end

--- A client of the sandbox, whatever the environment holds.
function run:play(provider)
  return assert(coffer[provider](self.box:options(provider, sandboxed[provider])))
end

--- A client of the real provider where that is meant, else of the sandbox.
-- Raises where there can be none.
function run:open(provider, options)
  if not self:is_real(provider) then return self:play(provider) end
  local client, failure = coffer[provider](options or {})
  return client or error(failure, 0)
end

--- The same, for what has to be there before anything begins.
function run:need(provider, options)
  local is_open, client = pcall(self.open, self, provider, options)
  return is_open and client or self:leave(tostring(client))
end

--- Prepares a call and sends nothing: what is wrong with it is said before
-- anything is created.
-- @param source string: where the parameters are from
function run:check(client, operation, parameters, source)
  local request, failure = client:request(operation, parameters)
  if not request then
    self:leave(("%s: %s"):format(source, failure))
  end
end

--- Says that nothing is for real, where that is so.
function run:introduce()
  if not self.is_for_real then
    print "Played in the sandbox: no provider is asked, nothing real is made or deleted."
  end
end

--- What a line says of a provider.
function run:purpose(provider)
  return self:is_real(provider) and "for real, by " .. variables[provider] or "sandbox"
end

local function is_secret(value)
  return type(value) == "userdata" and (getmetatable(value) or {}).__name == "coffer.secret"
end

--- Adds a line for each value, at whatever depth. True where one is a secret.
local function add_lines(lines, name, value)
  local has_secret = is_secret(value)
  if has_secret then
    value = value:reveal()
  elseif type(value) == "table" then
    for key, part in pairs(value) do
      has_secret = add_lines(lines, name .. "." .. tostring(key), part) or has_secret
    end
    return has_secret
  end
  lines[#lines + 1] = name .. " = " .. tostring(value):gsub("%c", " ")
  return has_secret
end

--- Writes to the disk at once. What the file does not take goes to the terminal
-- rather than nowhere: nobody tells it again.
local function write(file, lines)
  local text = table.concat(lines, "\n") .. "\n"
  local is_kept, wrong = file:write(text)
  if is_kept then
    is_kept, wrong = coffer.sync(file)
  end
  if not is_kept then
    io.stderr:write("the secrets cannot be written (", tostring(wrong), "). They are:\n", text)
  end
end

--- The answer behind a failure, where it may have told something only once.
local function telling_answer(failure)
  local answer = failure and coffer.response(failure)
  local is_telling = answer and (answer.status < 300 or failure.outcome == "unknown")
  return is_telling and answer.body or nil
end

--- Keeps what came of a create, as far as there is a file: the thing with its
-- secrets and, where it is not as documented, the answer as it came. Nothing
-- that was played goes among what is for real.
function run:keep(provider, name, thing, failure)
  if not self.file or self.is_for_real and not self:is_real(provider) then return end
  local lines = {}
  if thing then
    self.has_secrets = add_lines(lines, name, thing) or self.has_secrets
    table.sort(lines)
  end
  local answer = telling_answer(failure)
  if answer then
    self.has_secrets = true
    lines[#lines + 1] = name .. " answer = " .. answer
  end
  if #lines > 0 then write(self.file, lines) end
end

--- Says where the secrets are.
function run:tell_file()
  if self.has_secrets then
    print("The secrets are in " .. self.path .. ", for its owner alone.")
  elseif self.path then
    print("Nothing came that is told only once: no secret is in " .. self.path .. ".")
  end
end

function run:close()
  self.box:close()
  if self.file then self.file:close() end
  self.file = nil
end

run.__close = run.close

return run
