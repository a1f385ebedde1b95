-- One temporary directory for a whole run of the specs, removed when the interpreter ends. busted
-- loads every module anew for each file, so what is to last is kept in the registry.

local process = require "process"

local workdir = {}

local KEY = "coffer specs"

local function make()
  local child = process.start "mktemp -d"
  local path = assert(child:line(), "no temporary directory")
  child:wait()
  local function remove()
    os.execute("rm -rf " .. process.quote(path))
  end
  return setmetatable({ path = path, things = {} }, { __gc = remove })
end

local function kept()
  local registry = debug.getregistry()
  registry[KEY] = registry[KEY] or make()
  return registry[KEY]
end

--- The path that a file of this name has, whether or not it is there.
function workdir.file(name)
  return kept().path .. "/" .. name
end

--- Writes a file below the directory; answers its path.
function workdir.write(name, text)
  local path = workdir.file(name)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
  return path
end

function workdir.make_directory(name)
  local path = workdir.file(name)
  assert(os.execute("mkdir -p " .. process.quote(path)))
  return path
end

--- What build() made the first time in this run.
function workdir.once(name, build)
  local things = kept().things
  things[name] = things[name] or build()
  return things[name]
end

return workdir
