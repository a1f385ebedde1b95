-- One connection of the fault server: bytes in and out, with or without TLS, the reading of a
-- request, and the ways to end. Knows nothing of orders.

local ledger = require "ledger"
local socket = require "socket"
local tasks = require "tasks"

local CHUNK = 65536
local KEPT_BYTES = 262144
local LINGER = 2
local LIFETIME = 60

local Connection = {}
Connection.__index = Connection

local stripped = {}

function Connection.open(raw)
  raw:settimeout(0)
  raw:setoption("tcp-nodelay", true)
  local fields = { raw = raw, socket = raw, buffer = "", record = ledger.connection() }
  return setmetatable(fields, Connection)
end

--- A connection to somebody else, which is on no record.
function Connection.to(port)
  local raw = assert(socket.connect("127.0.0.1", port))
  raw:settimeout(0)
  return setmetatable({ raw = raw, socket = raw, record = { sent = 0 } }, Connection)
end

local function is_passing(trouble)
  return trouble == "timeout" or trouble == "wantread" or trouble == "wantwrite"
end

function Connection:wait_after(trouble)
  tasks.wait { [trouble == "wantwrite" and "write" or "read"] = self.socket }
end

--- Answers whether the peer went through the handshake.
function Connection:secure(context)
  self.socket = assert(require("ssl").wrap(self.raw, context))
  self.socket:settimeout(0)
  while true do
    local done, trouble = self.socket:dohandshake()
    if done or not is_passing(trouble) then
      self.record.handshake = done and "done" or trouble
      return done
    end
    self:wait_after(trouble)
  end
end

--- What there is to read right now: bytes, and why there are no more.
function Connection:take()
  local whole, trouble, part = self.socket:receive(CHUNK)
  return whole or part or "", trouble
end

--- Takes in what the peer sent next; false at its end.
function Connection:fill()
  while true do
    local bytes, trouble = self:take()
    if #bytes > 0 then
      self.buffer = self.buffer .. bytes
      self.record.received = self.record.received + #bytes
      self:note()
      return true
    elseif not is_passing(trouble) then
      self.record.ended = trouble
      return false
    end
    self:wait_after(trouble)
  end
end

--- Takes in at least this many bytes.
function Connection:fill_to(count)
  while #self.buffer < count do
    if not self:fill() then
      return false
    end
  end
  return true
end

--- A request is on record from its first byte on.
function Connection:note()
  self.request = self.request or ledger.request(self.record, socket.gettime())
  self.request.raw = self.buffer:sub(1, KEPT_BYTES)
  self.request.size = #self.buffer
end

function Connection:send(bytes)
  local from = 1
  while from <= #bytes do
    local last, trouble, part = self.socket:send(bytes, from)
    local gone = last or part or from - 1
    self.record.sent = self.record.sent + gone - from + 1
    from = gone + 1
    if not last then
      if not is_passing(trouble) then
        return false
      end
      tasks.wait { [trouble == "wantread" and "read" or "write"] = self.socket }
    end
  end
  return true
end

local function pass_on(from, to)
  local bytes, trouble = from:take()
  return (#bytes == 0 or to:send(bytes)) and (not trouble or is_passing(trouble))
end

--- Hands on what comes from either end, until one of them ends.
function Connection:join(other)
  repeat
    tasks.wait { read = self.socket, read_too = other.socket }
  until not (pass_on(self, other) and pass_on(other, self))
  other.raw:close()
end

-- Reading a request

local function parse_head(head, request)
  request.head = head
  request.method, request.target, request.version =
    head:match "^(%S+) (%S+) (HTTP/%d%.%d)\r\n"
  request.path = request.target and request.target:match "^[^?]*"
  request.headers, request.header_lines = {}, {}
  for line in head:gmatch "\r\n([^\r\n]+)" do
    local name, value = line:match "^([^:]+):[ \t]*(.-)[ \t]*$"
    request.header_lines[#request.header_lines + 1] = line
    if name then
      request.headers[name:lower()] = value
    end
  end
end

--- Reads up to the empty line; answers where the body begins.
function Connection:read_head()
  while true do
    local _, last = self.buffer:find("\r\n\r\n", 1, true)
    if last then
      self:note()
      parse_head(self.buffer:sub(1, last), self.request)
      return last + 1
    elseif not self:fill() then
      return nil
    end
  end
end

function Connection:read_chunked(from)
  local parts = {}
  while true do
    local _, last, size = self.buffer:find("^(%x+)[^\r\n]*\r\n", from)
    local length = last and tonumber(size, 16)
    if last and #self.buffer >= last + length + 2 then
      parts[#parts + 1] = self.buffer:sub(last + 1, last + length)
      from = last + length + 3
      if length == 0 then
        return table.concat(parts), from
      end
    elseif not self:fill() then
      return nil
    end
  end
end

function Connection:read_sized(from)
  local size = tonumber(self.request.headers["content-length"] or "0") or 0
  if not self:fill_to(from - 1 + size) then
    return nil
  end
  return self.buffer:sub(from, from - 1 + size), from + size
end

--- Reads the body, which makes the request complete.
function Connection:read_body(from, order)
  local request = self.request
  local is_chunked = (request.headers["transfer-encoding"] or ""):lower() == "chunked"
  local read = is_chunked and self.read_chunked or self.read_sized
  local body, next_from = read(self, from)
  if not body then
    return false
  end
  request.body, request.body_size = body:sub(1, KEPT_BYTES), #body
  request.raw = self.buffer:sub(1, math.min(next_from - 1, KEPT_BYTES))
  request.size = next_from - 1
  self.rest = self.buffer:sub(next_from)
  ledger.complete(request, order)
  return true
end

--- Makes ready for another request.
function Connection:turn_page()
  self.buffer, self.rest, self.request = self.rest or "", nil, nil
end

-- Ending

--- Takes the descriptor back from TLS, so that the connection ends without its farewell. The TLS
--- object is kept: once collected it would close the descriptor's next owner.
local function strip(connection)
  if connection.socket ~= connection.raw then
    connection.raw:setfd(connection.socket:getfd())
    stripped[#stripped + 1] = connection.socket
    connection.socket = connection.raw
  end
end

local function drain(connection, deadline)
  repeat
    local _, trouble = connection:take()
    if trouble and not is_passing(trouble) then
      return
    end
    tasks.wait { read = connection.socket, at = deadline }
  until socket.gettime() >= deadline
end

Connection.endings = {}

--- FIN and nothing worse: what the peer still sends is read, or the kernel would answer with RST.
function Connection.endings.close(connection)
  if connection.socket == connection.raw then
    connection.raw:shutdown "send"
    drain(connection, socket.gettime() + LINGER)
  end
  connection.socket:close()
end

--- FIN in the middle of TLS, without a close_notify.
function Connection.endings.cut(connection)
  strip(connection)
  Connection.endings.close(connection)
end

function Connection.endings.reset(connection)
  strip(connection)
  connection.raw:setoption("linger", { on = true, timeout = 0 })
  connection.raw:close()
end

function Connection.endings.hang(connection)
  drain(connection, socket.gettime() + LIFETIME)
  connection.socket:close()
end

function Connection:finish(ending)
  self.endings[ending](self)
end

function Connection:close()
  self.socket:close()
end

return Connection
