-- coffer.sandbox(): all providers on a loopback port of this process, so that everything can
-- be tried with no account, no network and no second program. The module is the function.

local core = require "coffer.core"
local json = require "coffer.sandbox.json"
local names_in = require "coffer.values.names"
local nearest = require "coffer.values.nearest"
local options = require "coffer.options"
local text = require "coffer.values.text"

local box = {}

local MAX_WORD = 64 -- bytes of what a caller gave, in a message

local Box = { __name = "coffer.sandbox", __index = box }

-- Names the public function and blames the line that called it.
local function misuse(whose, form, ...)
  core.misuse(("%s: %s"):format(whose, form:format(...)))
end

-- Names that differed from the clients', which are taken for one release more.
local old_names = {
  operations = {
    renew_login_token = "renew_token", ["commvault.renew_login_token"] = "commvault.renew_token",
    create_token = "issue_token", ["ecl.create_token"] = "ecl.issue_token",
  },
  credentials = {
    ecl = { username = "api_key", password = "api_secret", auth_url = "keystone_url" },
  },
}

local provider_names = names_in(core.providers)

-- The box.

local function check_box(whose, self)
  if getmetatable(self) ~= Box then
    misuse(whose, "was called on a %s: write %s, with a colon", type(self), whose)
  end
end

local function check_open(whose, self)
  check_box(whose, self)
  if not self.server then misuse(whose, "sandbox is closed") end
end

local function check_provider(whose, name)
  local known = "'" .. table.concat(provider_names, "', '") .. "'"
  if type(name) ~= "string" then
    misuse(whose, "give the name of a provider (%s), not a %s", known, type(name))
  elseif not core.providers[name] then
    local guess = nearest.hint(name, core.providers)
    misuse(whose, "unknown provider '%s'%s", text.line(name, MAX_WORD),
      guess ~= "" and guess or (" (there are %s)"):format(known))
  end
end

--- What a provider's constructor takes to reach this sandbox, with the caller's own options on top.
function box:options(provider, more)
  check_open("box:options", self)
  check_provider("box:options", provider)
  local credentials = self.secrets[provider]
  local all = {
    base_url = credentials.base_url, token = credentials.token,
    tenant_id = credentials.tenant_id,
  }
  if more ~= nil and type(more) ~= "table" then
    misuse("box:options", "further options must be a table, got %s", type(more))
  end
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

--- All that the provider knows its caller by: tokens, user name, password, and where to log in.
function box:credentials(provider)
  check_open("box:credentials", self)
  check_provider("box:credentials", provider)
  local credentials = {}
  for name, value in pairs(self.secrets[provider]) do credentials[name] = value end
  credentials.base_url = nil
  for old, name in pairs(old_names.credentials[provider] or {}) do
    credentials[old] = credentials[name]
  end
  return credentials
end

local function operation_named(self, name)
  local known, words = json.decode(self.server:call("operations", "")), {}
  local wanted = old_names.operations[name] or name
  for place = 1, #known do
    local bare = known[place]:match "%.(.*)"
    if wanted == known[place] or wanted == bare then return wanted end
    words[known[place]], words[bare] = true, true
  end
  misuse("box:fail", "unknown operation '%s'%s", text.line(name, MAX_WORD),
    nearest.hint(name, words))
end

local function check_effect(fault)
  local answers = fault.status or fault.body or fault.headers and next(fault.headers)
  if fault.close and answers then
    misuse("box:fail", "option 'close' is no answer: leave out status, body and headers")
  elseif not (fault.close or answers or (fault.delay or 0) > 0) then
    misuse("box:fail", "nothing would fail: give status, body, headers, delay or close")
  end
end

--- Makes an operation fail, or answer late: the next time it is asked for, or `times` times.
function box:fail(fault)
  check_open("box:fail", self)
  options.check("box:fail", options.fault, fault or {})
  if not (fault and fault.operation) then
    misuse("box:fail", "option 'operation' is required")
  end
  local operation = operation_named(self, fault.operation)
  check_effect(fault)
  self.server:call("fail", json.encode {
    operation = operation, status = fault.status or fault.body and 200, times = fault.times or 1,
    delay = fault.delay, execute = fault.execute, headers = fault.headers, body = fault.body,
    close = fault.close,
  })
end

--- The requests that arrived, in order. Credentials are masked.
function box:log()
  check_open("box:log", self)
  return json.decode(self.server:call("log", ""))
end

-- Needs as little room as can be: it is called where memory has run out as well.
local function close(self)
  if self.server then self.server:close() end
  self.server, self.secrets = nil, nil
end

--- Ends the sandbox and all connections to it. May be called again.
function box:close()
  check_box("box:close", self)
  close(self)
end

Box.__close = close
Box.__gc = close

function Box:__tostring()
  return ("%s: %s"):format(Box.__name, self.server and self.url or "closed")
end

local function load_server()
  local is_there, server = pcall(require, "coffer.sandbox.core")
  if is_there then return server end
  local reason = server:match "^(module [^\n]* not found):" or core
  error("coffer was built without its sandbox: install libmicrohttpd-dev and build coffer again ("
    .. reason .. ")", 3)
end

local function open(self, settings)
  self.url = "http://127.0.0.1:" .. self.server:port()
  self.secrets = assert(json.decode(self.server:call("open", json.encode(settings))))
  for _, secrets in pairs(self.secrets) do
    for name, value in pairs(secrets) do
      if name:find "_url$" then secrets[name] = self.url .. value end
    end
  end
end

--- A start that fails gives back at once what it has begun.
return function(given)
  options.check("coffer.sandbox", options.sandbox, given)
  local settings = options.with_defaults(options.sandbox, given)
  settings.providers = json.array(provider_names)
  local server = load_server()
  local self = setmetatable({ server = false, url = false, secrets = false }, Box)
  pcall(pcall, pcall, pcall, close, self) -- a call of close is then sure of its room
  self.server = server.start("coffer.sandbox.server", package.path, package.cpath)
  local is_open, raised = pcall(open, self, settings)
  if not is_open then
    close(self)
    error(raised, 0)
  end
  return self
end
