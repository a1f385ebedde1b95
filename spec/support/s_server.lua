-- `openssl s_server`, for the TLS that a decent server cannot be talked into: old versions, ciphers
-- that hide nothing. It completes handshakes and answers nothing.
--
--   local old <close> = s_server.start { tls = authority.get().good, arguments = "-tls1_1" }

local process = require "process"

local s_server = {}
local SServer = { __name = "openssl s_server", __index = s_server }

local COMMAND = "timeout -s KILL 60 openssl s_server -accept 127.0.0.1:0 -www -cert %s -key %s %s"
  .. " </dev/null 2>&1"

--- Options: tls ({ certificate =, key = }), arguments (more of the command line).
function s_server.start(options)
  local tls = options.tls
  local child = process.start(COMMAND:format(tls.certificate, tls.key, options.arguments or ""))
  local said = {}
  for line in child.line, child do
    said[#said + 1] = line
    local port = line:match "^ACCEPT .*:(%d+)$"
    if port then
      local fields = { child = child, port = math.tointeger(tonumber(port)) }
      fields.url = "https://127.0.0.1:" .. port
      return setmetatable(fields, SServer)
    end
  end
  error("openssl s_server did not start: " .. table.concat(said, "\n"), 2)
end

--- Ends it; answers everything that it printed.
function s_server:stop()
  if not self.child.output then
    return ""
  end
  os.execute(("kill -TERM %s 2>/dev/null"):format(self.child.id))
  local said = self.child.output:read "a"
  self.child:wait()
  return said
end

function SServer:__close()
  self:stop()
end

SServer.__gc = SServer.__close

return s_server
