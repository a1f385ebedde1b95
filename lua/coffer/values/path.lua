--- Paths such as "response.entity.clientName" in a result.
local core = require "coffer.core"

local path = {}

--- The value at a path; "" is the value itself, a number the item of a list. Nil where there is
-- none, or null.
-- @param value any
-- @param where string
path.get = core.member

return path
