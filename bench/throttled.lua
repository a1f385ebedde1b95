-- throttled.lua: creates by coffer.map at a server that lets so many a second through and answers
-- the others by 429. Prints the seconds beside the ideal ones.
--
--   sh tools/test.sh spec/pace_spec.lua   once, which builds
--   lua5.4 bench/throttled.lua            with the paths to the checkout's modules

package.path = "spec/support/?.lua;" .. package.path

local answers = require "answers"
local coffer = require "coffer"
local core = require "coffer.core"
local providers = require "providers"
local server = require "server"

local COUNT = 200

local list = {}
for i = 1, COUNT do
  list[i] = i
end

for _, per_second in ipairs { 5, 20, 100 } do
  local faulty <close> = server.start {
    { send = providers.clumio.good(), finish = "keep" },
    limit = { per_second = per_second, over = answers.refusal(429, { "Retry-After: 1" }) },
  }
  local client = providers.clumio.client(faulty.url, { attempts = 3 })
  local begun = core.clock()
  local _, failures = coffer.map(list, function() return providers.clumio.create(client) end)
  local seconds, ideal = core.clock() - begun, COUNT / per_second
  assert(next(failures) == nil and faulty:creates() == COUNT)
  print(("%d a second: %.1f s, ideal %.0f s (%.2f), %d requests"):format(per_second, seconds, ideal,
    seconds / ideal, #faulty:requests()))
end
