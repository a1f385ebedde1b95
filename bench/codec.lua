-- codec.lua LIBRARY DIRECTION FILE COUNT: coffer or cjson, in or out, so often.
local library, direction, path, count = table.unpack(arg)
local file = assert(io.open(path, "rb"))
local text = file:read "a"
file:close()
count = math.tointeger(tonumber(count))

local read, write
if library == "coffer" then
  local bench = require "bench.json"
  local operation = text:find('"items"', 1, true) and "list_wallets" or "get_wallet"
  read = function() return bench.read(text, operation) end
  write = function(value) return bench.write(value, operation) end
else
  local cjson = require "cjson"
  read = function() return cjson.decode(text) end
  write = cjson.encode
end

local value = read()
for _ = 1, count do
  if direction == "in" then
    read()
  else
    write(value)
  end
end
