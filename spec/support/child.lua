-- A program of its own for what may end the process or has to end it: a function of a spec, run by
-- the interpreter that runs the specs.

local message = require "message"
local process = require "process"
local read = require "read_file"
local workdir = require "workdir"

local child = {}

local PRELUDE = [[
package.path, package.cpath = %q, %q
assert(load(%q, "=program", "b"))(table.unpack(%s))
]]

--- Where the hosts of spec/hosts are built.
child.hosts = package.searchpath("coffer.core", package.cpath):gsub("coffer/core%.so$", "hosts/")

--- The path of a host; the test is pending where it is not built.
function child.need(host)
  local path = child.hosts .. host
  local file = io.open(path)
  if not file then
    pending(host .. " is not built")
  end
  file:close()
  return path
end

--- Where there is no /proc, the specs' interpreter is the usual one.
function child.interpreter()
  local pipe = io.popen "readlink /proc/$PPID/exe"
  local path = pipe:read "l"
  pipe:close()
  return path or "lua5.4"
end

--- A function goes over as bytecode, which knows the globals and nothing else of where it stood.
local function dump(program)
  local upvalue = debug.getupvalue(program, 1)
  assert((upvalue == nil or upvalue == "_ENV") and not debug.getupvalue(program, 2),
    "the program has upvalues")
  return string.dump(program)
end

local count = 0

--- Writes a program that runs the function with these arguments; answers its path.
function child.write(program, ...)
  count = count + 1
  local text = PRELUDE:format(package.path, child.hosts .. "?.so;" .. package.cpath,
    dump(program), message.encode { ... })
  return workdir.write(("child%d.lua"):format(count), text)
end

--- The command line of such a program.
function child.command(program, ...)
  return child.interpreter() .. " " .. process.quote(child.write(program, ...))
end

--- Runs a shell command line, for a minute at most; answers { status =, output =, errors = }. A
--- signal's status is 128 and its number.
function child.execute(command)
  local output, errors = workdir.file "child.out", workdir.file "child.err"
  local _, how, status = os.execute(("timeout -s KILL 60 %s >%s 2>%s </dev/null")
    :format(command, process.quote(output), process.quote(errors)))
  return {
    status = how == "exit" and status or 128 + status,
    output = read(output),
    errors = read(errors),
  }
end

--- Runs the function with these arguments (and no upvalues) in a program of its own.
function child.run(program, ...)
  return child.execute(child.command(program, ...))
end

--- Starts the same beside the specs, with both its outputs in one.
function child.start(program, ...)
  local preload = os.getenv "LD_PRELOAD"
  local environment = preload and "env LD_PRELOAD=" .. process.quote(preload) .. " " or ""
  return process.start(environment .. child.command(program, ...) .. " 2>&1")
end

return child
