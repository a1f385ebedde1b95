-- A second Lua interpreter, for what only an environment of its own can show.

local message = require "message"
local process = require "process"
local workdir = require "workdir"

local interpreter = {}

local PRELUDE = [[
package.path, package.cpath = %q, %q
local function body(...) %s
end
io.write(require("message").encode { body(table.unpack(%s)) })
]]

local function assignments(environment)
  local words = {}
  for name, value in pairs(environment) do
    words[#words + 1] = process.quote(name .. "=" .. value)
  end
  return table.concat(words, " ")
end

local count = 0

--- Runs the text of a function's body with these variables in the environment and the further
--- values as its arguments; answers the list of what it returns.
function interpreter.run(environment, body, ...)
  count = count + 1
  local program = PRELUDE:format(package.path, package.cpath, body, message.encode { ... })
  local path = workdir.write(("program%d.lua"):format(count), program)
  local child = assert(io.popen(("env %s timeout -s KILL 30 %s %s 2>&1")
    :format(assignments(environment), process.interpreter(), process.quote(path)), "r"))
  local said = child:read "a"
  if not child:close() then
    error("the other interpreter failed: " .. said, 2)
  end
  return message.decode(said)
end

return interpreter
