-- The words of lua/coffer/providers are those that docs/providers.md explains.

local core = require "coffer.core"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

--- The words of each table about NAME.lua, by the heading above it; each is false until it is used.
local function words_of(page)
  local words, heading = {}, nil
  for line in page:match("## NAME%.lua.-\n## "):gmatch "[^\n]+" do
    heading = line:match "^##+ (.*)" or heading
    for word in (line:match "^| (`.-) |" or ""):gmatch "`([%w_]+)`" do
      words[heading] = words[heading] or {}
      words[heading][word] = false
    end
  end
  return words
end

local words = words_of(read "docs/providers.md")

local function check(heading, said)
  for word in pairs(said or {}) do
    assert.is_not_nil(words[heading][word], ("%s: %s is not explained"):format(heading, word))
    words[heading][word] = true
  end
end

local function check_each(heading, list)
  for _, said in pairs(list or {}) do
    check(heading, said)
  end
end

local function check_operation(operation)
  check("An operation", operation)
  check("Pages", operation.pages)
  check_each("A shape", operation.errors_inside)
  check_each("An echo", operation.echoes)
end

for provider in pairs(core.providers) do
  local said = require("coffer.providers." .. provider)

  describe("what answers mean at " .. provider, function()
    it("is told in the words that are explained", function()
      check("NAME.lua", said)
      check_each("A shape", said.error_shapes)
      check_each("A shape", said.errors_inside)
      for _, operation in pairs(said.operations) do
        check_operation(operation)
      end
      for _, resource in pairs(said.resources) do
        check("A resource", resource)
        check("Waiting", resource.wait)
      end
      check("Log-in", said.log_in)
      check("Ensure", said.ensure)
    end)

    it("is told of operations and resources that there are", function()
      local described = core.describe(provider)
      for name in pairs(said.operations) do
        assert.is_truthy(described.operations[name], name)
      end
      local there = {}
      for name in read(("src/providers/%s.c"):format(provider)):gmatch '%.resource = "(.-)"' do
        there[name] = true
        assert.is_truthy(said.resources[name], name)
      end
      for name in pairs(said.resources) do
        assert.is_truthy(there[name], name)
      end
    end)
  end)
end

describe("docs/providers.md", function()
  it("explains no word that no provider uses", function()
    for heading, known in pairs(words) do
      for word, is_used in pairs(known) do
        assert.is_true(is_used, heading .. ": " .. word)
      end
    end
  end)
end)
