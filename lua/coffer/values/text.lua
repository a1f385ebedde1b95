--- Text from elsewhere, as one line that people can be shown: nothing in it moves a terminal's
-- cursor, turns the reading direction or breaks the line.
local text = {}

local MAX_LENGTH = 400 -- bytes

-- Besides the control characters of ASCII: those of Latin-1, the separators of lines and
-- paragraphs, marks and overrides of the reading direction, and the byte order mark.
local hidden = {}
for first, last in pairs {
  [0x80] = 0x9F, [0x61C] = 0x61C, [0x200B] = 0x200F, [0x2028] = 0x202E, [0x2060] = 0x206F,
  [0xFEFF] = 0xFEFF,
} do
  for code = first, last do
    hidden[utf8.char(code)] = " "
  end
end

--- A value of a user's as text: one that cannot be printed must not hide what is told with it.
function text.of(value)
  local is_done, words = pcall(tostring, value)
  return is_done and words or ("a %s that cannot be printed"):format(type(value))
end

local capitals = {}
for code = 65, 90 do
  capitals[string.char(code)] = string.char(code + 32)
end

--- The text with the letters of ASCII in small, whatever the program's locale: string.lower goes by
-- it, and has a Turkish I become another letter.
-- @param given string
function text.lower(given)
  return (given:gsub("[ABCDEFGHIJKLMNOPQRSTUVWXYZ]", capitals))
end

--- True for a character that a line must not have.
-- @param character string: in UTF-8
function text.hides(character)
  return hidden[character] ~= nil
end

--- Bytes that are no UTF-8 become question marks.
local function valid(given)
  local parts, from = {}, 1
  repeat
    local length, wrong = utf8.len(given, from)
    parts[#parts + 1] = given:sub(from, length and -1 or wrong - 1)
    parts[#parts + 1] = not length and "?" or nil
    from = length and #given + 1 or wrong + 1
  until from > #given
  return table.concat(parts)
end

--- The text without what a terminal obeys, of whatever length.
-- @param given string
function text.clean(given)
  if not given:find "[%c\127-\255]" then
    return given
  end
  return (valid(given):gsub("[%c\127]+", " "):gsub(utf8.charpattern, hidden))
end

--- The same, cut to a length that can be read.
-- @param given string
-- @param longest integer or nil: bytes, 400 where it is not given
function text.line(given, longest)
  longest = longest or MAX_LENGTH
  given = text.clean(given)
  if #given > longest then
    given = given:sub(1, utf8.offset(given, 0, longest - 3) - 1) .. "..."
  end
  return given
end

return text
