--- The client that a result came from; its metatable knows.
local core = require "coffer.core"

local thing_client = {}

--- @param whose string: the method that asks, for the message
function thing_client.of(thing, whose)
  local metatable = type(thing) == "table" and getmetatable(thing)
  local client = type(metatable) == "table" and rawget(metatable, "client")
  if not client then
    core.misuse(("%s was called on a %s: write it with a colon"):format(whose, type(thing)))
  end
  return client
end

return thing_client
