--- `require` for what is loaded when it is first needed: it works as well where
-- the host has taken the global `require` away from its scripts since.
local loaded, require, pcall, error, rawget, rawset = package.loaded, require, pcall, error,
  rawget, rawset

--- The globals, in which the modules look for `require` while they are loaded.
local globals = _ENV

local function load(name)
  local global = rawget(globals, "require")
  rawset(globals, "require", require)
  local is_done, module = pcall(require, name)
  rawset(globals, "require", global)
  if not is_done then
    error(module, 0)
  end
  return module
end

return function(name)
  return loaded[name] or load(name)
end
