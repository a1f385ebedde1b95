-- An HTTP/2 server for specs, on Node's http2 module: what no nginx can be talked into.
--
--   local faulty <close> = http2.start { tls = authority.get().good, { act = "refuse" }, … }
--
-- The list has one order for each request, the last one stays. `act` is one of the names in
-- http2_server.js; type and body are the answer's; at_once acts before the body has come.

local cjson = require("cjson").new()
local process = require "process"
local socket = require "socket"

local http2 = {}
local Http2 = { __name = "HTTP/2 server", __index = http2 }

local program = assert(package.searchpath("http2_server", (package.path:gsub("%.lua", ".js"))))

--- False where node is not installed.
function http2.is_there()
  return os.execute "command -v node >/dev/null 2>&1" == true
end

function http2.start(given)
  local orders = {}
  for i, order in ipairs(given) do
    orders[i] = order
  end
  local child = process.start(("node %s %s %s %s </dev/null"):format(process.quote(program),
    given.tls.certificate, given.tls.key, process.quote(cjson.encode(orders))))
  local ports = assert(child:line(), "the HTTP/2 server did not start")
  local port, desk = ports:match "^(%d+) (%d+)$"
  return setmetatable({ child = child, desk = tonumber(desk),
    url = "https://127.0.0.1:" .. port }, Http2)
end

--- What it saw: { sessions =, requests = { { method =, path =, version =, body = }, … } }.
function http2:report()
  local desk = assert(socket.connect("127.0.0.1", self.desk))
  local text = assert(desk:receive "*a")
  desk:close()
  return cjson.decode(text)
end

function http2:stop()
  self.child:stop()
end

Http2.__close = http2.stop
Http2.__gc = http2.stop

return http2
