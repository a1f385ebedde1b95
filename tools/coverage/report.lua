-- Prints what tools/coverage.sh has found, and fails where it is too little.
--   lua5.4 report.lua DIRECTORY
-- There lie c.json, of gcovr, and lua.txt, of lines.c.
local cjson = require "cjson"
local exceptions = dofile "tools/coverage/exceptions.lua"

local WANTED = { lines = 1, branches = 0.95, lua = 0.98 }

local place = ...

--- The text of each line of a file.
local texts = setmetatable({}, { __index = function(all, path)
  local lines = {}
  for line in io.lines(path) do
    lines[#lines + 1] = line
  end
  all[path] = lines
  return lines
end })

--- Whether a line is one of the list of exceptions.
local function is_excepted(path, number)
  local text = texts[path][number] or ""
  for _, exception in ipairs(exceptions) do
    if exception.file == path and text:find(exception.text, 1, true) then
      exception.is_used = true
      return true
    end
  end
  return false
end

local function new_count()
  return { lines = 0, run = 0, branches = 0, taken = 0, missed = {} }
end

local function count_line(count, path, number, is_run)
  if not is_run and is_excepted(path, number) then
    return
  end
  count.lines = count.lines + 1
  count.run = count.run + (is_run and 1 or 0)
  if not is_run then
    table.insert(count.missed, number)
  end
end

local function count_branches(count, path, line)
  for _, branch in ipairs(line.branches) do
    local is_taken = branch.count > 0
    if is_taken or not is_excepted(path, line.line_number) then
      count.branches = count.branches + 1
      count.taken = count.taken + (is_taken and 1 or 0)
    end
  end
end

local function count_c()
  local counts = {}
  local file <close> = assert(io.open(place .. "/c.json"))
  for _, source in ipairs(cjson.decode(file:read "a").files) do
    local count = new_count()
    for _, line in ipairs(source.lines) do
      line.line_number = math.tointeger(line.line_number)
      if not line["gcovr/noncode"] then
        count_line(count, source.file, line.line_number, line.count > 0)
        count_branches(count, source.file, line)
      end
    end
    counts[source.file] = count
  end
  return counts
end

--- The lines of a Lua file that have code, as its compiler tells.
local function lines_with_code(path)
  local found = {}
  local luac <close> = assert(io.popen("luac5.4 -l -l -p " .. path))
  for line in luac:lines() do
    local number, word = line:match "^%s+%d+%s+%[(%d+)%]%s+(%u+)"
    if number and word ~= "VARARGPREP" then -- the chunk's own, of no line
      found[tonumber(number)] = true
    end
  end
  return found
end

local function lines_run()
  local run = {}
  for line in io.lines(place .. "/lua.txt") do
    local path, number = line:match "(lua/coffer/.*):(%d+)$"
    run[path] = run[path] or {}
    run[path][tonumber(number)] = true
  end
  return run
end

local function count_lua()
  local counts, run = {}, lines_run()
  local list <close> = assert(io.popen "find lua/coffer -name '*.lua' ! -name types.lua")
  for path in list:lines() do
    local count = new_count()
    for number in pairs(lines_with_code(path)) do
      count_line(count, path, number, run[path] and run[path][number])
    end
    table.sort(count.missed)
    counts[path] = count
  end
  return counts
end

local function percent(part, whole)
  return whole == 0 and "" or ("%.1f %%"):format(100 * part / whole)
end

local function row(path, count)
  print(("%-40s %6d %8s %6d %8s  %s"):format(path, count.lines, percent(count.run, count.lines),
    count.branches, percent(count.taken, count.branches), table.concat(count.missed, " ")))
end

local function print_table(counts)
  local paths, sum = {}, new_count()
  for path, count in pairs(counts) do
    paths[#paths + 1] = path
    for _, name in ipairs { "lines", "run", "branches", "taken" } do
      sum[name] = sum[name] + count[name]
    end
  end
  table.sort(paths)
  for _, path in ipairs(paths) do
    row(path, counts[path])
  end
  row("all", sum)
  return sum
end

--- Says what is too little. An exception that meets no line hides one to come.
local function judge(c, lua)
  local is_fine = true
  local function want(what, part, whole, least)
    if part < whole * least then
      print(("%s: %s, wanted %s"):format(what, percent(part, whole), percent(least, 1)))
      is_fine = false
    end
  end
  want("lines of src/", c.run, c.lines, WANTED.lines)
  want("branches of src/", c.taken, c.branches, WANTED.branches)
  want("lines of lua/", lua.run, lua.lines, WANTED.lua)
  for _, exception in ipairs(exceptions) do
    if not exception.is_used then
      print(("the exception of %s is not needed: %s"):format(exception.file, exception.text))
      is_fine = false
    end
  end
  return is_fine
end

print(("%-40s %6s %8s %6s %8s  %s"):format("file", "lines", "run", "branch", "taken", "not run"))
local c = print_table(count_c())
local lua = print_table(count_lua())
os.exit(judge(c, lua))
