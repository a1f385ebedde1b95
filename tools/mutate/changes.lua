-- Finds the small changes that can be made to a source, by patterns, in C and in Lua. Comments and
-- strings are left alone.
local changes = {}

--- What is no code becomes blanks, so that places stay.
local function blank(text)
  return (text:gsub("[^\n]", " "))
end

--- Where the string in quotes that begins at `at` ends; nil where none does.
local function string_end(source, at)
  local quote = source:match("^[\"']", at)
  local place = quote and at + 1
  while place and source:sub(place, place) ~= quote do
    place = place + (source:sub(place, place) == "\\" and 2 or 1)
  end
  return place
end

--- Where the text that begins at `at` and is no code ends; nil where it is code.
local function c_end(source, at)
  local two = source:sub(at, at + 1)
  if two == "/*" then
    return select(2, source:find("*/", at + 2, true))
  end
  return string_end(source, at)
end

local function lua_end(source, at)
  local level = source:match("^%-%-%[(=*)%[", at) or source:match("^%[(=*)%[", at)
  if level then
    return select(2, source:find("]" .. level .. "]", at, true))
  elseif source:sub(at, at + 1) == "--" then
    return (source:find("\n", at, true) or #source + 1) - 1
  end
  return string_end(source, at)
end

--- The source with nothing but its code.
local function code_of(source, ending)
  local parts, at = {}, 1
  while at <= #source do
    local last = ending(source, at)
    if last then
      parts[#parts + 1] = blank(source:sub(at, last))
      at = last + 1
    else
      parts[#parts + 1] = source:sub(at, at)
      at = at + 1
    end
  end
  return table.concat(parts)
end

--- What a word or sign becomes, by language; `around` has to match the text about it.
local turned = {
  c = {
    { " == ", " != " }, { " != ", " == " }, { " < ", " <= " }, { " > ", " >= " },
    { " <= ", " < " }, { " >= ", " > " }, { " && ", " || " }, { " || ", " && " },
    { "if (", "if (!", "^if %(([%w_]+)%)" }, { "return true;", "return false;" },
    { "return false;", "return true;" },
    { " + 1", " + 2" }, { " - 1", " - 2" },
  },
  lua = {
    { " == ", " ~= " }, { " ~= ", " == " }, { " < ", " <= " }, { " > ", " >= " },
    { " <= ", " < " }, { " >= ", " > " }, { " and ", " or " }, { " or ", " and " },
    { "if not ", "if " }, { " not ", " " }, { "return true\n", "return false\n" },
    { "return false\n", "return true\n" }, { " + 1", " + 2" }, { " - 1", " - 2" },
    { "return nil, ", "return false, " },
  },
}

--- A line that is one statement, which can be left out.
local statements = {
  c = { "^%s+[%w_%->%.%[%]]+ [%+%-|&]?= [^;]+;$", "^%s+[%w_]+%b();$",
        "^%s+[%w_%->%.]+[%+%-][%+%-];$", "^%s+break;$", "^%s+continue;$" },
  lua = { "^%s+[%w_%.]+ = [^{(]+$", "^%s+[%w_%.:]+%b()$", "^%s+[%w_%.]+ = [%w_%.:]+%b()$" },
}

local function line_of(source, at)
  local _, count = source:sub(1, at):gsub("\n", "")
  return count + 1
end

local function add(found, file, source, at, from, to)
  local before = source:sub(1, at - 1)
  if before:match "[^\n]*$":find "^#" then
    return -- the preprocessor's
  end
  found[#found + 1] = {
    file = file, line = line_of(source, at), from = from, to = to,
    text = before:match "[^\n]*$" .. source:sub(at):match "^[^\n]*",
    source = before .. to .. source:sub(at + #from),
  }
end

local function add_turns(found, file, source, code, language)
  for _, turn in ipairs(turned[language]) do
    local from, to, around = turn[1], turn[2], turn[3]
    local at = code:find(from, 1, true)
    while at do
      if not around or code:find(around, at) then
        add(found, file, source, at, from, to)
      end
      at = code:find(from, at + 1, true)
    end
  end
end

--- Limits: constants that stand alone, a number of two or more.
local function add_limits(found, file, source, code, language)
  local pattern = language == "c" and "()([A-Z_]+ = )(%d+)" or "()(local [A-Z_]+ = )(%d+)"
  for at, name, number in code:gmatch(pattern) do
    add(found, file, source, at + #name, number, ("%d"):format(tonumber(number) + 1))
  end
end

local function add_omissions(found, file, source, code, language)
  local at = 1
  for line in code:gmatch "([^\n]*)\n" do
    for _, pattern in ipairs(statements[language]) do
      if line:find(pattern) and not line:find "^%s+local " and not line:find "^%s+return" then
        local text = source:sub(at, at + #line - 1)
        add(found, file, source, at, text, language == "c" and text:match "^%s*" .. ";" or "")
        break
      end
    end
    at = at + #line + 1
  end
end

--- All changes to one file, in the order of its text.
-- @return list of { file =, line =, text =, from =, to =, source = the whole changed text }
function changes.of(file)
  local language = file:find "%.lua$" and "lua" or "c"
  local handle <close> = assert(io.open(file, "rb"))
  local source = handle:read "a"
  local code = code_of(source, language == "lua" and lua_end or c_end)
  local found = {}
  add_turns(found, file, source, code, language)
  add_limits(found, file, source, code, language)
  add_omissions(found, file, source, code, language)
  table.sort(found, function(a, b)
    if a.line ~= b.line then return a.line < b.line end
    return a.from .. a.to < b.from .. b.to
  end)
  return found
end

return changes
