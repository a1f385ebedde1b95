-- luasocket.lua URL CA COUNT: the same by LuaSocket (LuaSec for https) and lua-cjson. LuaSocket's
-- http keeps no connection; this is how it is used.
local cjson = require "cjson"
local ltn12 = require "ltn12"

local url, ca_file, count = table.unpack(arg)
local http = require(url:find "^https" and "ssl.https" or "socket.http")
for _ = 1, math.tointeger(tonumber(count)) do
  local body = cjson.encode { account_native_id = "123456789012" }
  local parts = {}
  local _, status = http.request {
    url = url .. "/wallets", method = "POST", source = ltn12.source.string(body),
    sink = ltn12.sink.table(parts), protocol = url:find "^https" and "tlsv1_2" or nil,
    cafile = url:find "^https" and ca_file or nil, verify = url:find "^https" and "peer" or nil,
    headers = { ["content-length"] = #body, ["content-type"] = "application/json",
      authorization = "Bearer bench-token", accept = "application/api.clumio.wallets=v1+json" },
  }
  assert(status == 200, status)
  assert(cjson.decode(table.concat(parts)).id)
end
