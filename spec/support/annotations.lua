-- The classes of lua/coffer/types.lua, as far as a spec wants to know them.

local annotations = {}

local function new_class(parent)
  return { parent = parent, fields = {}, methods = {} }
end

local function add_field(class, text)
  local name, rest = text:match '^%["([^"]+)"%](.*)$'
  if not name then
    name, rest = text:match "^([%w_]+)(.*)$"
  end
  class.fields[name] = {
    is_optional = rest:sub(1, 1) == "?",
    type = rest:match "^%??%s+(.*)$",
  }
end

local Reading = {}
Reading.__index = Reading

function Reading:class(line)
  local name, parent = line:match "^%-%-%-@class ([%w_.]+):? ?([%w_.]*)"
  if name then
    self.last = new_class(parent ~= "" and parent or nil)
    self.classes[name] = self.last
  elseif line:find "^%-%-%-@field " then
    add_field(self.last, line:match "^%-%-%-@field (.*)$")
  end
end

--- `local wallet = {}` stands for the class above it.
function Reading:method(line)
  local variable = line:match "^local ([%w_]+) = {}$"
  if variable then
    self.owners[variable] = self.last
  end
  local owner, method = line:match "^function ([%w_]+)[.:]([%w_]+)%("
  if owner then
    self.owners[owner].methods[method] = true
  end
end

function Reading:alias(line)
  local name, word = line:match "^%-%-%-@alias ([%w_.]+)$", line:match '^%-%-%-| "([^"]+)"$'
  if name then
    self.list = {}
    self.words[name] = self.list
  elseif word then
    table.insert(self.list, word)
  end
end

--- Reads the file: classes by name, each { parent =, fields = { name = { is_optional =, type = } },
--- methods = { name = true } }; and the words of aliases by name.
function annotations.read(path)
  local reading = setmetatable({ classes = {}, words = {}, owners = {} }, Reading)
  for line in io.lines(path) do
    reading:class(line)
    reading:method(line)
    reading:alias(line)
  end
  return reading.classes, reading.words
end

--- A class's field, its parent's too.
function annotations.field(classes, name, field)
  local class = classes[name]
  return class.fields[field] or class.parent and annotations.field(classes, class.parent, field)
end

return annotations
