-- The fault server as specs use it: starts the child process (fault_server.lua), gives it its
-- orders and asks what it saw.
--
--   local server <close> = server.start { { read = "request", finish = "reset" } }
--
-- The list holds one order for each request in turn, or for each connection where the order does
-- not wait for a request; the last one stays. Without any, connections are closed. An order:
--
--   accept = "close" | "reset" | "hang"   ends the connection before TLS, after = s later
--   read   = "request" (default) | "head" | number of bytes | "nothing"
--   send   = bytes, or a list of: bytes, { sleep = s }, { bytes =, times =, interval = s },
--            { create = true } (executes a create now), { create = "once" } (unless there was one)
--   executes = false                      a whole POST is not executed for having arrived
--   relay  = true                         after a CONNECT: joins the two ends
--   finish = "close" (default: FIN) | "cut" (FIN without TLS's farewell) | "reset" | "hang"
--            | "keep" (the connection stays for the next request)
--
-- or { created = order, absent = order }: which of the two, by whether a create has been executed
-- since these orders were given.
--
-- Its named_url has a name that only a proxy can find; its certificates have it too.
--
-- Beside the list: paths = { ["GET /wallets"] = list, … } has precedence, tls = luasec parameters,
-- limit = { per_second =, over = order } answers what comes faster by that order,
-- full = true (nobody is accepted, SYNs stay unanswered), late = s (refused until then), port,
-- exists = true (something was created already).

local message = require "message"
local process = require "process"
local socket = require "socket"

local server = {}
local Server = { __name = "fault server", __index = server }

local program = assert(package.searchpath("fault_server", package.path))

local function tls_parameters(given)
  if not given then
    return nil
  end
  local parameters = { mode = "server", protocol = "any", options = "all" }
  for name, value in pairs(given) do
    parameters[name] = value
  end
  return parameters
end

local function orders_of(given)
  local orders = {}
  for name, value in pairs(given) do
    orders[name] = value
  end
  orders.tls = tls_parameters(given.tls)
  return orders
end

local function ask(self, command, value)
  assert(message.send(self.control, { command = command, value = value }))
  local answer = assert(message.receive(self.control))
  return answer[1]
end

function server.start(given)
  local child = process.start(process.interpreter() .. " " .. process.quote(program))
  local door = assert(child:line(), "the fault server did not start")
  local control = assert(socket.connect("127.0.0.1", tonumber(door)))
  control:setoption("tcp-nodelay", true)
  control:settimeout(10)
  assert(message.send(control, orders_of(given or {})))
  local started = assert(message.receive(control))
  return setmetatable({
    child = child,
    control = control,
    port = started.port,
    held = started.held,
    address = "127.0.0.1:" .. started.port,
    url = (given and given.tls and "https" or "http") .. "://127.0.0.1:" .. started.port,
    named_url = "https://provider.test:" .. started.port,
  }, Server)
end

local function checked(seen)
  if seen.errors[1] then
    error("in the fault server: " .. seen.errors[1], 3)
  end
  return seen
end

--- What it saw so far: { connections =, requests =, creates = }.
function server:report()
  return checked(ask(self, "report"))
end

--- Every connection in turn: { received = bytes, sent = bytes, requests = n,
--- handshake =, ended = }.
function server:connections()
  return self:report().connections
end

--- Every request in turn, from its first byte on: { complete =, raw =, head =, method =, target =,
--- path =, headers = by lower-case name, header_lines =, body =, body_size =, connection =, at = }.
function server:requests()
  return self:report().requests
end

--- How many creates it executed: every POST that arrived whole and is no refresh, where its order
--- does not say otherwise.
function server:creates()
  return checked(ask(self, "count")).creates
end

--- New orders take the place of the old ones; what was seen stays.
function server:order(given)
  return ask(self, "order", given)
end

function server:stop()
  if self.control then
    local told = message.send(self.control, { command = "stop" })
    local _, trouble = self.control:receive(1)
    self.control:close()
    self.control = nil
    if not told or trouble ~= "closed" then
      self.child:stop "KILL"
    end
    self.child:wait()
  end
end

Server.__close = server.stop
Server.__gc = server.stop

return server
