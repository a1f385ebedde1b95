-- What the targets have answered, by number: all operations of all providers, as specs call them.
local core = require "coffer.core"
local providers = require "providers"

local calls = {}

for _, case in ipairs(providers.creates) do
  local names = {}
  for name in pairs(core.describe(case.provider).operations) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    calls[#calls + 1] = { case = case, operation = name, parameters = case.requests[name] }
  end
end

return calls
