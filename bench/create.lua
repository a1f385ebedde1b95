-- create.lua URL CA COUNT: creates wallets, one after the other.
local coffer = require "coffer"

local url, ca_file, count = table.unpack(arg)
local clumio = coffer.clumio { token = "bench-token", base_url = url, ca_file = ca_file }
for _ = 1, math.tointeger(tonumber(count)) do
  assert(clumio:create_wallet { account_native_id = "123456789012" })
end
