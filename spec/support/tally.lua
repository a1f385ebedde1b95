-- A helper for busted that counts what passed and what failed, whichever output is asked for, and
-- leaves "PASSED FAILED" in the file that COFFER_TALLY names. Until the end it says "unfinished".
--
-- A test that asserts nothing has failed: it could not fail. That is told on stderr.

local busted = require "busted"
local luassert = require "luassert"

local path = os.getenv "COFFER_TALLY"
if not path then return end

local passed, failed, asserted = 0, 0, 0

--- Counts the uses of luassert, as a function and by its fields.
for _, event in ipairs { "__call", "__index" } do
  local original = assert(getmetatable(luassert)[event])
  getmetatable(luassert)[event] = function(...)
    asserted = asserted + 1
    return original(...)
  end
end

local function leave(text)
  local file = assert(io.open(path, "w"))
  assert(file:write(text, "\n"))
  assert(file:close())
end

busted.subscribe({ "test", "start" }, function()
  asserted = 0
  return nil, true
end)

busted.subscribe({ "test", "end" }, function(element, parent, status)
  if status == "success" and asserted == 0 then
    failed = failed + 1
    io.stderr:write(("\nThis test asserts nothing: %s %s\n"):format(parent.name, element.name))
  elseif status == "success" then
    passed = passed + 1
  elseif status ~= "pending" then
    failed = failed + 1
  end
  return nil, true
end)

-- What breaks outside a test: a file that does not load, a setup, a teardown.
local function count_breakage(element)
  if element.descriptor ~= "it" then failed = failed + 1 end
  return nil, true
end
busted.subscribe({ "error" }, count_breakage)
busted.subscribe({ "failure" }, count_breakage)

busted.subscribe({ "exit" }, function()
  leave(passed .. " " .. failed)
  return nil, true
end)

leave "unfinished"
