-- A helper for busted that counts what passed and what failed, whichever output is asked for, and
-- leaves "PASSED FAILED" in the file that COFFER_TALLY names. Until the end it says "unfinished".

local busted = require "busted"

local path = os.getenv "COFFER_TALLY"
if not path then return end

local passed, failed = 0, 0

local function leave(text)
  local file = assert(io.open(path, "w"))
  assert(file:write(text, "\n"))
  assert(file:close())
end

busted.subscribe({ "test", "end" }, function(_, _, status)
  if status == "success" then
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
