-- The bytes of requests as they are kept in spec/golden: line ends bare, the port as PORT.

local read_file = require "read_file"

local golden = {}

--- The bytes that are kept under this name.
function golden.bytes(name)
  local head, body = read_file("spec/golden/" .. name .. ".http"):match "^(.-\n)\n(.*)$"
  return head:gsub("\n", "\r\n") .. "\r\n" .. body:gsub("\n$", "")
end

--- The bytes of a request that a fault server saw, in the same form.
function golden.seen(request, port)
  return (request.raw:gsub("127%.0%.0%.1:" .. port, "127.0.0.1:PORT"))
end

return golden
