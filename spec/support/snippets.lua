-- The Lua in a Markdown document, and what it says that it prints: every `-->` stands for a line of
-- output, in order, with "…" for whatever differs from run to run.

local read = require "read_file"
local script = require "script"
local workdir = require "workdir"

local snippets = {}

-- What a snippet finds that does not begin with `require`.
local PRELUDE = [[
local coffer = require "coffer" ]] .. [[
local box <close> = coffer.sandbox { wallet_enabled_after = 1, job_completed_after = 1 } ]] .. [[
local clumio = assert(coffer.clumio(box:options "clumio")) ]] .. [[
local commvault = assert(coffer.commvault(box:options "commvault")) ]] .. [[
local ecl = assert(coffer.ecl(box:options "ecl")) ]] .. [[
local astra = assert(coffer.astra(box:options "astra")) ]]

-- The constructors only: a snippet sends nothing but to the sandbox.
local variables = {
  CLUMIO_API_TOKEN = "clumio-token-of-the-specs", COMMVAULT_TOKEN = "commvault-token-of-the-specs",
  COMMVAULT_BASE_URL = "https://commvault.invalid/api", OS_TOKEN = "ecl-token-of-the-specs",
  OS_PROJECT_ID = "tenant", ASTRA_TOKEN = "astra-token-of-the-specs",
  ASTRA_BASE_URL = "https://astra.invalid",
}

--- The Lua blocks of a document: a list of { name = "README.md:12", text = }.
function snippets.of(path)
  local list, block, number = {}, nil, 0
  for line in read(path):gmatch "([^\n]*)\n" do
    number = number + 1
    if block and line == "```" then
      list[#list + 1] = { name = block.name, text = table.concat(block, "\n") .. "\n" }
      block = nil
    elseif block then
      block[#block + 1] = line
    elseif line == "```lua" then
      block = { name = ("%s:%d"):format(path, number) }
    end
  end
  return list
end

--- The lines that a snippet says it prints.
function snippets.promised(text)
  local lines = {}
  for line in text:gmatch "%-%-> ?([^\n]*)" do
    lines[#lines + 1] = line
  end
  return lines
end

local count = 0

--- Runs a snippet as a program; answers what script.run does, with its lines.
function snippets.run(text)
  count = count + 1
  local is_whole = text:find('require "coffer"', 1, true)
  local program = (is_whole and "" or PRELUDE) .. text
  local ran = script.run(workdir.write(("snippet%d.lua"):format(count), program), {},
    { variables = variables })
  ran.lines = {}
  for line in ran.output:gmatch "([^\n]*)\n" do
    ran.lines[#ran.lines + 1] = line
  end
  return ran
end

--- True when a printed line is the promised one.
function snippets.fits(promised, printed)
  local pattern = promised:gsub("%p", "%%%0"):gsub("…", ".*")
  return printed:find("^" .. pattern .. "$") ~= nil
end

return snippets
