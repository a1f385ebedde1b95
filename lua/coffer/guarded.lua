--- Calls of functions that users have given. Their errors must not cost the
-- caller an answer; but Ctrl-C, or another error of a debug hook, is meant for
-- the whole program and not for the function that it happens to meet.
local guarded = {}

--- True for an error that a debug hook raises. To be asked by a message handler,
-- where the stack is still as it was.
local function is_of_hook()
  local level = 2
  local caller = debug.getinfo(level, "nf")
  while caller and caller.func ~= xpcall do -- up to the one that asks
    if caller.namewhat == "hook" then
      return true
    end
    level = level + 1
    caller = debug.getinfo(level, "nf")
  end
  return false
end

--- True for an error that stops the program. To be asked by a message handler.
-- Where memory has ended, nothing more is asked: that would take some.
-- @param cause any: the error; the interpreter's own says what it is
function guarded.is_interrupt(cause)
  if cause == "not enough memory" then
    return false
  end
  return is_of_hook() or type(cause) == "string" and cause:find "interrupted!$" ~= nil
end

local function handle(cause)
  return { cause = cause, is_interrupt = guarded.is_interrupt(cause) }
end

local function settle(is_done, ...)
  if not is_done and type(...) == "table" and (...).is_interrupt then
    error((...).cause, 0)
  elseif not is_done then
    return false
  end
  return true, ...
end

--- As pcall(fn, ...), but interrupts go on, and of other errors it only tells
-- that there was one.
function guarded.call(fn, ...)
  return settle(xpcall(fn, handle, ...))
end

return guarded
