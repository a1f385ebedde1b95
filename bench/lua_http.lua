-- lua_http.lua URL CA COUNT [AT_ONCE]: the same by lua-http and lua-cjson; with AT_ONCE in so many
-- coroutines, and tells the seconds. http.request opens a connection for each call; http.client, as
-- here, keeps one.
local cjson = require "cjson"
local client = require "http.client"
local cqueues = require "cqueues"
local request = require "http.request"
local tls = require "http.tls"

local url, ca_file, count, at_once = table.unpack(arg)
local left = math.tointeger(tonumber(count))
at_once = math.tointeger(tonumber(at_once or 1))

local asked = request.new_from_uri(url .. "/wallets")
asked.headers:upsert(":method", "POST")
asked.headers:append("authorization", "Bearer bench-token")
asked.headers:append("accept", "application/api.clumio.wallets=v1+json")
asked.headers:append("content-type", "application/json")

local context
if asked.tls then
  context = tls.new_client_context()
  context:getStore():add(ca_file)
end

local function create(connection)
  local body = cjson.encode { account_native_id = "123456789012" }
  local headers = asked.headers:clone()
  headers:append("content-length", tostring(#body))
  local stream = assert(connection:new_stream())
  assert(stream:write_headers(headers, false))
  assert(stream:write_chunk(body, true))
  local status = assert(stream:get_headers()):get ":status"
  assert(status == "200", status)
  assert(cjson.decode(assert(stream:get_body_as_string())).id)
end

local function work()
  local connection = assert(client.connect { host = asked.host, port = asked.port,
    tls = asked.tls, ctx = context })
  while left > 0 do
    left = left - 1
    create(connection)
  end
  connection:close()
end

local begun = cqueues.monotime()
local controller = cqueues.new()
for _ = 1, at_once do
  controller:wrap(work)
end
assert(controller:loop())
print(("%.6f"):format(cqueues.monotime() - begun))
