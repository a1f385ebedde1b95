-- What the documents show runs and prints what they say; what there is, they name.

local coffer = require "coffer"
local core = require "coffer.core"
local script = require "script"
local snippets = require "snippets"

--- All pages but that of the loops, whose Lua needs the loops' hosts.
local documents = { "README.md" }
for path in assert(io.popen "ls docs/*.md"):lines() do
  if path ~= "docs/loops.md" then
    documents[#documents + 1] = path
  end
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

--- @param other string or nil: a page that may say it instead
local function says(path, word, other)
  local is_said = read(path):find(word, 1, true) or other and read(other):find(word, 1, true)
  assert.is_truthy(is_said, ("%s does not say %s"):format(path, word))
end

for _, path in ipairs(documents) do
  describe(path, function()
    for _, snippet in ipairs(snippets.of(path)) do
      it("shows Lua that does what it says: " .. snippet.name, function()
        local ran = snippets.run(snippet.text)
        assert.equal(0, ran.status, ran.output .. ran.errors)
        local promised = snippets.promised(snippet.text)
        for i, line in ipairs(promised) do
          local printed = ran.lines[i] or "nothing"
          assert.is_true(snippets.fits(line, printed), ("'%s' was to be printed: '%s'")
            :format(line, printed))
        end
        assert.is_true(#promised == 0 or #promised == #ran.lines,
          "more was printed: " .. ran.output)
        assert.is_nil(script.leak(ran), "a secret was printed")
      end)
    end

    it("has links that lead somewhere", function()
      local folder = path:match "^(.*/)" or ""
      for link in read(path):gmatch "%]%(([^)#]+)[^)]*%)" do
        if not link:find "^https?:" then
          assert.is_truthy(io.open(folder .. link), "there is no " .. link)
        end
      end
    end)
  end)
end

describe("README.md", function()
  it("begins with an example of ten lines or so", function()
    local first = snippets.of("README.md")[1].text
    local _, lines = first:gsub("\n%s*%S", "")
    assert.is_true(lines <= 10)
  end)

  it("names commands that are there", function()
    for command in read("README.md"):gmatch "sh (tools/%w+%.sh)" do
      assert.is_truthy(io.open(command))
    end
  end)
end)

for name in pairs(core.providers) do
  local described = core.describe(name)
  local meaning = require("coffer.providers." .. name)
  local page = ("docs/%s.md"):format(name)

  describe("the documents of " .. name, function()
    it("name every call, here and on its page", function()
      for operation in pairs(described.operations) do
        says("README.md", ("`%s`"):format(operation))
        says(page, ("`%s`"):format(operation))
      end
    end)

    it("name every parameter on its page", function()
      for _, operation in pairs(described.operations) do
        for _, parameter in ipairs(operation.parameters) do
          says(page, ("`%s`"):format(parameter.name))
        end
      end
    end)

    it("name method and path of every call on its page", function()
      for _, operation in pairs(described.operations) do
        if operation.path ~= "" then
          says(page, ("`%s %s`"):format(operation.method, operation.path))
        end
      end
    end)

    it("name every iterator and what can be done with a thing", function()
      for _, operation in pairs(meaning.operations) do
        if operation.pages then
          says(page, ("`%s`"):format(operation.pages.name))
        end
      end
      for _, resource in pairs(meaning.resources) do
        for method in pairs(resource.methods or {}) do
          says(page, (":%s("):format(method))
        end
      end
    end)
  end)
end

describe("the tables of options", function()
  local fill = assert(loadfile "tools/options.lua")()

  for path, names in pairs {
    ["docs/options.md"] = { "client", "providers", "call", "environment" },
    ["docs/helpers.md"] = { "ensure", "wait", "map" },
  } do
    it("are as tools/options.lua writes them: " .. path, function()
      local text = read(path)
      for _, name in ipairs(names) do
        assert.truthy(text:find(("<!-- options: %s -->"):format(name), 1, true), name)
      end
      assert.equal(fill(text), text)
    end)
  end

  it("have a line about every option", function()
    local options = require "coffer.options"
    for name in pairs(core.providers) do
      local said = require("coffer.providers." .. name).options
      local set = options.client(core.describe(name), said)
      for _, option in ipairs(set.names) do
        assert.is_string(set.rows[option].about, name .. " " .. option)
      end
      for option in pairs(said or {}) do
        assert.truthy(set.rows[option], ("the core has no %s of %s"):format(option, name))
      end
    end
  end)
end)

describe("docs/failures.md", function()
  it("names every code that the core gives", function()
    for code in read("src/wire/verdict.c"):gmatch '"(%l[%l_]+)"[,}]' do
      if code ~= "refused" then
        says("docs/failures.md", ("`%s`"):format(code))
      end
    end
  end)
end)

describe("docs/helpers.md", function()
  it("names everything that coffer has", function()
    for name in pairs(coffer) do
      if not core.providers[name] then
        says("docs/helpers.md", "coffer." .. name)
      end
    end
  end)
end)
