-- Child processes that helpers of the specs start: each ends with its owner, by its own id.

local process = {}
process.__index = process
process.__name = "process"

--- Starts a shell command line; the child's standard output is read line by line. A sanitizer that
--- the specs are run under is no concern of the child.
function process.start(command)
  local output = assert(io.popen("unset LD_PRELOAD; echo $$; exec " .. command, "r"))
  local id = assert(output:read "l", "the child did not start")
  return setmetatable({ output = output, id = id }, process)
end

function process.quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

--- The command that this interpreter was started with.
function process.interpreter()
  local first = 0
  while arg and arg[first - 1] do
    first = first - 1
  end
  return first < 0 and process.quote(arg[first]) or "lua5.4"
end

--- The next line of output; nil at the end.
function process:line()
  return self.output:read "l"
end

--- Waits for the child to end by itself.
function process:wait()
  if self.output then
    self.output:close()
    self.output = nil
  end
end

function process:stop(signal)
  if self.output then
    os.execute(("kill -%s %s 2>/dev/null"):format(signal or "TERM", self.id))
    self:wait()
  end
end

function process:__close()
  self:stop()
end

process.__gc = process.__close

return process
