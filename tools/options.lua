-- Writes the tables of options in the documents, from the table in lua/coffer/options.lua and the
-- settings of the providers; coffer has to be built before.
--   lua5.4 tools/options.lua docs/options.md docs/helpers.md
-- Without a file it gives back what it does to a document's text.
if ... then
  package.path = "lua/?.lua;lua/?/init.lua;" .. package.path
  package.cpath = "build/?.so;" .. package.cpath
end

local api = dofile("tools/api.lua").read()

local MIB = 1 << 20

local function measured(value, unit)
  if unit == "B" and value % MIB == 0 then
    value, unit = value // MIB, "MiB"
  end
  return unit and ("%s %s"):format(value, unit) or tostring(value)
end

local function range_of(row)
  return row.most and ("%s to %s"):format(row.least, measured(row.most, row.unit)) or ""
end

local function default_of(row)
  return row.default ~= nil and measured(row.default, row.unit) or ""
end

--- The rows of a Markdown table, without the columns in which nothing stands.
local function drawn(titles, rows)
  local lines, shown = {}, {}
  for column = 1, #titles do
    for _, row in ipairs(rows) do
      shown[column] = shown[column] or row[column] ~= ""
    end
  end
  local function draw(row)
    local cells = {}
    for column = 1, #titles do
      cells[#cells + 1] = shown[column] and row[column] or nil
    end
    lines[#lines + 1] = ("| %s |"):format(table.concat(cells, " | ")):gsub("|  ", "| ")
  end
  local rule = {}
  for column = 1, #titles do
    rule[column] = "---"
  end
  draw(titles)
  draw(rule)
  for _, row in ipairs(rows) do
    draw(row)
  end
  return table.concat(lines, "\n")
end

local function quoted(name)
  return ("`%s`"):format(name)
end

local function of_group(group)
  local rows = {}
  for i, row in ipairs(api.options[group]) do
    rows[i] = { quoted(row.name), default_of(row), range_of(row), row.about }
  end
  return drawn({ "option", "default", "range", "" }, rows)
end

local function of_providers()
  local rows = {}
  for _, provider in ipairs(api.providers) do
    for _, row in ipairs(provider.options) do
      rows[#rows + 1] = { quoted(row.name), provider.name, row.about }
    end
  end
  return drawn({ "option", "of", "" }, rows)
end

local function of_environment()
  local rows = {}
  for _, provider in ipairs(api.providers) do
    for _, setting in ipairs(provider.settings) do
      local variables = {}
      for i, variable in ipairs(setting.environment) do
        variables[i] = quoted(variable)
      end
      if variables[1] then
        rows[#rows + 1] = { ("%s `%s`"):format(provider.name, setting.name),
          table.concat(variables, ", or else ") }
      end
    end
  end
  return drawn({ "option", "variable" }, rows)
end

--- Tables that are of no one group.
local others = { providers = of_providers, environment = of_environment }

--- The text of a document with its tables of options as they have to be.
local function fill(text)
  return (text:gsub("(<!%-%- options: (%l+) %-%->\n).-(<!%-%- end %-%->)", function(from, name, to)
    return ("%s\n%s\n\n%s"):format(from, (others[name] or of_group)(name), to)
  end))
end

for _, path in ipairs { ... } do
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  text = fill(text)
  file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

return fill
