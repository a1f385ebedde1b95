-- A server on a loopback port that misbehaves to order and keeps account of what reached it. Run
-- as a child process; spec/support/server.lua is the other end and describes the orders. Ends
-- itself when it is told so, when its parent is gone, and after a minute, or
-- ten of a thorough run.

package.path = (arg[0]:match "^(.*)/[^/]*$" or ".") .. "/?.lua;" .. package.path

local Connection = require "fault_connection"
local ledger = require "ledger"
local message = require "message"
local socket = require "socket"
local tasks = require "tasks"

local LIFETIME = os.getenv "COFFER_THOROUGH" == "1" and 600 or 60 -- seconds
local BATCH = 65536

local born = socket.gettime()
local script, turn, path_turn = {}, 1, {}
local tls_context
local is_open = false

--- The order that a list has for a turn; the last one stays. It may depend on what was created.
local function order_at(list, number)
  local order = list[math.min(number, #list)]
  while order and order.created do
    order = ledger.has_created() and order.created or order.absent
  end
  return order
end

local function peek_order()
  return order_at(script, turn) or { finish = "close" }
end

local function take_order()
  local order = peek_order()
  turn = turn + 1
  return order
end

--- When requests were let through that still count against the limit.
local passed = {}

--- True when the limit lets no further request through in this second.
local function is_over(limit)
  local now = socket.gettime()
  while passed[1] and passed[1] <= now - 1 do
    table.remove(passed, 1)
  end
  if #passed >= limit.per_second then
    return true
  end
  passed[#passed + 1] = now
  return false
end

local function take_order_for(request)
  if script.limit and is_over(script.limit) then
    return script.limit.over
  end
  local name = ("%s %s"):format(request.method, request.path)
  local list = script.paths and script.paths[name]
  if not list then
    return take_order()
  end
  path_turn[name] = (path_turn[name] or 0) + 1
  return order_at(list, path_turn[name])
end

local function is_blind(order)
  return order.read == "nothing" or math.type(order.read) == "integer"
end

--- Reads what the next order wants to have read and answers that order; nil when the peer left.
local function next_order(connection)
  local order = peek_order()
  if is_blind(order) then
    if order.read ~= "nothing" and not connection:fill_to(order.read) then
      return nil
    end
    return take_order()
  end
  local body_at = connection:read_head()
  if not body_at then
    return nil
  end
  order = take_order_for(connection.request)
  if order.read ~= "head" and not connection:read_body(body_at, order) then
    return nil
  end
  return order
end

local function send_repeated(connection, piece)
  local left = piece.times
  local batch = piece.interval and 1 or math.max(1, BATCH // #piece.bytes)
  while left > 0 do
    local now = math.min(batch, left)
    if not connection:send(piece.bytes:rep(now)) then
      return false
    end
    left = left - now
    if piece.interval then
      tasks.sleep(piece.interval)
    end
  end
  return true
end

local function create(how)
  if how ~= "once" or not ledger.has_created() then
    ledger.create()
  end
  return true
end

local function send_piece(connection, piece)
  if type(piece) == "string" then
    return connection:send(piece)
  elseif piece.create then
    return create(piece.create)
  elseif piece.sleep then
    tasks.sleep(piece.sleep)
    return true
  end
  return send_repeated(connection, piece)
end

local function send_pieces(connection, pieces)
  for _, piece in ipairs(type(pieces) == "table" and pieces or { pieces }) do
    if not send_piece(connection, piece) then
      return false
    end
  end
  return true
end

--- Joins the connection to the port that CONNECT named. There is nothing but loopback here,
--- whatever the host.
local function relay(connection)
  local port = tonumber(connection.request.target:match ":(%d+)$")
  connection:join(Connection.to(port))
end

--- Does what the order says; answers whether the connection stays for another request.
local function obey(connection, order)
  if order.send and not send_pieces(connection, order.send) then
    connection:close()
    return false
  end
  if order.relay then
    relay(connection)
  end
  if order.finish == "keep" then
    connection:turn_page()
    return true
  end
  connection:finish(order.finish or "close")
  return false
end

local function serve(connection)
  if peek_order().accept then
    local order = take_order()
    tasks.sleep(order.after or 0)
    connection:finish(order.accept)
    return
  end
  if tls_context and not connection:secure(tls_context) then
    connection:close()
    return
  end
  repeat
    local order = next_order(connection)
    if not order then
      connection:close()
    end
  until not order or not obey(connection, order)
end

--- A fault of this program shows at the other end as an error, not as one more fault.
local function serve_guarded(connection)
  local ok, trouble = xpcall(serve, debug.traceback, connection)
  if not ok then
    ledger.errors[#ledger.errors + 1] = trouble
    connection:close()
  end
end

local commands = {}

function commands.report()
  return {
    connections = ledger.connections,
    requests = ledger.requests,
    creates = ledger.creates,
    errors = ledger.errors,
  }
end

function commands.count()
  return { creates = ledger.creates, errors = ledger.errors }
end

--- New orders take the place of the old ones; what was seen stays.
function commands.order(orders)
  script, turn, path_turn = orders, 1, {}
  ledger.begin(orders.exists)
  return true
end

local function serve_control(control)
  local order = message.receive(control)
  if not order or order.command == "stop" then
    os.exit(0)
  end
  if not message.send(control, { commands[order.command](order.value) }) then
    os.exit(0)
  end
end

--- Where there is no /proc, the lifetime has to do.
local function parent_id()
  local file = io.open "/proc/self/stat"
  if not file then
    return nil
  end
  local id = file:read("a"):match "%) %a (%d+)"
  file:close()
  return id
end

local function accept_one(listener)
  local raw = listener:accept()
  if raw then
    tasks.spawn(serve_guarded, Connection.open(raw))
  end
end

--- Things get on record in the order in which they happened: what older connections have sent comes
--- before a new one, and whatever reached the listener before a command comes before its answer.
local function live(listener, control)
  local parent = parent_id()
  while socket.gettime() - born < LIFETIME and parent_id() == parent do
    local readable, writable = tasks.select { control, is_open and listener or nil }
    tasks.run(readable, writable)
    if readable[listener] then
      accept_one(listener)
    elseif readable[control] then
      serve_control(control)
    end
  end
end

--- Leaves no room for a further connection: whoever comes waits for an answer to its SYN.
local function fill_backlog(port)
  local held = {}
  repeat
    local filler = assert(socket.tcp4())
    filler:settimeout(0.05)
    held[#held + 1] = filler
  until not filler:connect("127.0.0.1", port)
  return held
end

--- Binds at once, so that the port is known; until it listens, whoever comes is refused.
local function listen(orders)
  local listener = assert(socket.tcp4())
  listener:setoption("reuseaddr", true)
  assert(listener:bind("127.0.0.1", orders.port or 0))
  listener:settimeout(0)
  local function open()
    if orders.late then
      tasks.sleep(orders.late)
    end
    assert(listener:listen(orders.full and 0 or 128))
    is_open = not orders.full
  end
  tasks.spawn(open)
  return listener, select(2, listener:getsockname())
end

--- The parent learns a port, connects there and gives the first orders.
local function open_control()
  local door = assert(socket.bind("127.0.0.1", 0))
  io.write(select(2, door:getsockname()), "\n")
  io.flush()
  door:settimeout(5)
  local control = assert(door:accept())
  door:close()
  control:setoption("tcp-nodelay", true)
  control:settimeout(5)
  return control
end

local control = open_control()
script = assert(message.receive(control))
ledger.begin(script.exists)
tls_context = script.tls and assert(require("ssl").newcontext(script.tls))
local listener, port = listen(script)
local held = script.full and fill_backlog(port)
assert(message.send(control, { port = port, held = held and #held }))
live(listener, control)
