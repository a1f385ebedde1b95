-- many.lua URL CA COUNT AT_ONCE: as many in the air; tells the seconds.
local coffer = require "coffer"
local core = require "coffer.core"

local url, ca_file, count, at_once = table.unpack(arg)
local clumio = coffer.clumio { token = "bench-token", base_url = url, ca_file = ca_file }
local accounts = {}
for i = 1, math.tointeger(tonumber(count)) do
  accounts[i] = "123456789012"
end
local begun = core.clock()
local _, failures = coffer.map(accounts, function(account)
  return clumio:create_wallet(account)
end, { at_once = math.tointeger(tonumber(at_once)) })
print(("%.6f"):format(core.clock() - begun))
for _, failure in pairs(failures) do
  error(failure, 0)
end
