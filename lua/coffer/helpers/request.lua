--- A prepared request: what a call would send, to be looked at, pasted into a
-- shell, or sent.
local core = require "coffer.core"
local names_in = require "coffer.values.names"

local request = {}

local methods = {}
local Fields = { __index = methods }

--- What each prepared request hides: { core =, token =, send = }.
local inner = setmetatable({}, { __mode = "k" })

--- What a request hides; a method called with a dot is told so.
local function inner_of(self, name)
  if not inner[self] then
    core.misuse(("request:%s was called on a %s: write it with a colon"):format(name, type(self)))
  end
  return inner[self]
end

local function quoted(text)
  return "'" .. text:gsub("'", [['\'']]) .. "'"
end

--- A header as a shell writes it: the token, and other secrets, as variables.
local function header_text(token, name, value)
  if name == token.header then
    return ('"%s: %s$%s"'):format(name, token.scheme, token.environment)
  elseif type(value) ~= "string" then
    return ('"%s: $%s"'):format(name, name:upper():gsub("%W", "_"))
  end
  return quoted(name .. ": " .. value)
end

--- The same call as a curl command, ready to paste. The token stands in it as
-- a variable, such as $CLUMIO_API_TOKEN, and a body with secrets as $BODY.
-- @return string of several lines
function methods:curl()
  local token = inner_of(self, "curl").token
  local lines = { ("curl -X %s %s"):format(self.method, quoted(self.url)) }
  for _, name in ipairs(names_in(self.headers)) do
    lines[#lines + 1] = "-H " .. header_text(token, name, self.headers[name])
  end
  if not self.body and self.method == "POST" then
    lines[#lines + 1] = "-H 'Content-Length: 0'" -- without a body, curl does not say so
  elseif self.body then
    local is_shown = type(self.body) == "string"
    lines[#lines + 1] = "--data-raw " .. (is_shown and quoted(self.body) or '"$BODY"')
  end
  return table.concat(lines, " \\\n  ")
end

--- Sends it, as the call of the same name would have. A prepared request is
-- sent once: to send another, prepare another.
-- @return what the call returns
function methods:send()
  local mine = inner_of(self, "send")
  if mine.is_sent then
    core.misuse("this request has been sent; prepare another with client:request()")
  end
  mine.is_sent = true
  return mine.send(mine.core)
end

local function to_text(self)
  return ("%s %s"):format(self.method, self.url)
end

--- What is shown is what is sent.
local function refuse(_, name)
  core.misuse(("a prepared request cannot be changed (%s): prepare another"):format(
    tostring(name)))
end

--- Shows a request of the core.
-- @param sent userdata: the core's request
-- @param token table: { header =, scheme =, environment = }
-- @param send function: sends the core's request
function request.new(sent, token, send)
  local fields = setmetatable(sent:describe(), Fields)
  local self = setmetatable({}, {
    __name = "coffer.request",
    __index = fields,
    __newindex = refuse,
    __pairs = function() return next, fields end,
    __tostring = to_text,
  })
  inner[self] = { core = sent, token = token, send = send }
  return self
end

return request
