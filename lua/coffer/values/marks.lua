--- The marks for arrays of a lua-cjson that the program has loaded by itself:
-- OpenResty's fork has them. What is read as an empty array then encodes as one
-- there, too. Nothing here loads it, for it ends the process where its own
-- memory runs out.
local core = require "coffer.core"

local marks = {}

local loaded, pcall, rawget, type = package.loaded, pcall, rawget, type

--- What was seen at each name, such as `empty_array`.
local seen = {}

local function look(library, name)
  local mark = rawget(library, name)
  if mark ~= nil and mark ~= seen[name] and pcall(core.array_mark, mark, name == "empty_array_mt")
  then
    seen[name] = mark
  end
end

local function look_at(library)
  if type(library) == "table" then
    look(library, "empty_array")
    look(library, "array_mt")
    look(library, "empty_array_mt")
  end
end

--- Looks for marks. This is done at each call, and costs next to nothing.
function marks.learn()
  if loaded.cjson or loaded["cjson.safe"] then
    look_at(loaded.cjson)
    look_at(loaded["cjson.safe"])
  end
end

return marks
