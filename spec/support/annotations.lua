-- The annotations of lua/coffer/types.lua: its classes, as far as a spec wants to know them, and
-- what in it an editor could not read.

local annotations = {}

-- Types --------------------------------------------------------------------------

--- A type expression being read: `at` is where, `names` what it speaks of.
local Type = {}
Type.__index = Type

function Type:take(pattern)
  local from, to, found = self.text:find("^%s*(" .. pattern .. ")", self.at)
  if from then
    self.at = to + 1
  end
  return found
end

function Type:need(pattern)
  return self:take(pattern) or error(("wants %s at: %s"):format(pattern, self.text:sub(self.at)), 0)
end

--- Reads what stands between commas, up to what ends it.
function Type:list(read, ending)
  if self:take(ending) then
    return
  end
  repeat
    read(self)
  until not self:take ","
  self:need(ending)
end

function Type:member()
  if self:take "%[" then
    self:whole()
    self:need "%]"
  else
    self:need "[%a_][%w_]*%??"
  end
  self:need ":"
  self:whole()
end

function Type:argument()
  self:need "[%a_.][%w_.]*%??"
  if self:take ":" then
    self:whole()
  end
end

function Type:callback()
  self:list(self.argument, "%)")
  if self:take ":" then
    repeat
      self:whole()
    until not self:take ","
  end
end

function Type:single()
  if self:take '"[^"]*"' or self:take "%-?%d+" then
    return
  elseif self:take "fun%(" then
    return self:callback()
  elseif self:take "{" then
    return self:list(self.member, "}")
  elseif self:take "%(" then
    self:whole()
    return self:need "%)"
  end
  self.names[self:need "[%a_][%w_.]*%*?"] = true
  if self:take "<" then
    self:list(self.whole, ">")
  end
end

function Type:whole()
  repeat
    self:single()
    while self.text:find("^%??%[?", self.at) and (self:take "%[%]" or self:take "%?") do end
  until not self:take "|"
end

--- Words about it may follow behind a blank, or nothing.
function Type:done()
  if self.at <= #self.text then
    self:need "%s"
  end
end

-- Lines --------------------------------------------------------------------------

local builtin = {}
for name in ([[any nil true false boolean string number integer table function lightuserdata
  userdata file*]]):gmatch "%S+" do
  builtin[name] = true
end

--- How a line of each kind goes on behind its tag.
local tags = {}

function tags.meta(line)
  line:need "[%w_]+"
end

function tags.class(line)
  line:need "[%w_.]+"
  if line:take ":" then
    line:whole()
  end
end

function tags.field(line)
  if not line:take '%["[^"]+"%]%??' then
    line:need "[%a_][%w_]*%??"
  end
  line:need "%s"
  line:whole()
  line:done()
end

function tags.param(line)
  if not line:take "%.%.%." then
    line:need "[%a_][%w_]*%??"
  end
  line:need "%s"
  line:whole()
  line:done()
end

tags["return"] = function(line)
  repeat
    line:whole()
    line:take "[%a_][%w_]*"
  until not line:take ","
  line:done()
end

function tags.overload(line)
  line:need "fun%("
  line:callback()
end

function tags.alias(line)
  line:need "[%w_.]+"
  if line:take "%s+" and line.at <= #line.text then
    line:whole()
  end
end

function tags.generic(line)
  repeat
    line.names[line:need "%u"] = nil
  until not line:take ","
end

--- Reads one line.
-- @return set of the names that it speaks of; or nil and what is wrong
local function names_in(text)
  local tag, rest = text:match "^%-%-%-@(%l+)%s+(.*)$"
  if not tag then
    local is_fine = not text:find "^%-%-%-@" and (not text:find "^%-%-%-|"
      or text:find '^%-%-%-| "[^"]+"$')
    return is_fine and {} or nil, "is not known"
  end
  local line = setmetatable({ text = rest, at = 1, names = {} }, Type)
  if not tags[tag] then
    return nil, "has an unknown tag"
  end
  local is_read, wrong = pcall(tags[tag], line)
  return is_read and line.names or nil, wrong
end

--- What an editor cannot read in the file, and the names that mean nothing: a list of texts.
function annotations.problems(path)
  local problems, defined, used = {}, {}, {}
  for text in io.lines(path) do
    local names, wrong = names_in(text)
    if not names then
      problems[#problems + 1] = ("%s: %s"):format(text, wrong)
    end
    for name in pairs(names or {}) do
      used[name] = text
    end
    local class = text:match "^%-%-%-@class ([%w_.]+)" or text:match "^%-%-%-@alias ([%w_.]+)"
    defined[class or ""] = true
  end
  for name, text in pairs(used) do
    if not (defined[name] or builtin[name] or name:find "^%u$") then
      problems[#problems + 1] = ("%s: there is no %s"):format(text, name)
    end
  end
  return problems
end

-- Classes ------------------------------------------------------------------------

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
