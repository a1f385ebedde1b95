-- connect.lua URL CA COUNT: each call on a connection of its own; tells the CPU
-- seconds of the first and of each later one. The server closes behind each.
local coffer = require "coffer"

local url, ca_file, count = table.unpack(arg)
count = math.tointeger(tonumber(count))
local begun = os.clock()
local clumio = coffer.clumio { token = "bench-token", base_url = url, ca_file = ca_file }
assert(clumio:create_wallet "123456789012")
local first = os.clock() - begun
for _ = 2, count do
  assert(clumio:create_wallet "123456789012")
end
print(("%.6f %.6f"):format(first, (os.clock() - begun - first) / (count - 1)))
