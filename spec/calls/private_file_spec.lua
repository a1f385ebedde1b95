-- Files for what is told only once.

local coffer = require "coffer"
local process = require "process"
local read = require "read_file"
local workdir = require "workdir"

local function fresh(name)
  local path = workdir.file(name)
  os.remove(path)
  return path
end

local function mode(path)
  local pipe <close> = io.popen("ls -l " .. process.quote(path))
  return pipe:read "a":sub(1, 10)
end

describe("coffer.create_private", function()
  it("makes a file for its owner alone, whatever the umask", function()
    local path = fresh "private.new"
    local file <close> = assert(coffer.create_private(path))
    assert.equal("file", io.type(file))
    assert.equal("-rw-------", mode(path))
  end)

  it("has what is written there at once", function()
    local path = fresh "private.written"
    local file <close> = assert(coffer.create_private(path))
    file:write "told once"
    assert.equal("told once", read(path))
  end)

  it("takes no file that is there", function()
    local path = workdir.write("private.there", "earlier")
    local file, trouble, number = coffer.create_private(path)
    assert.is_nil(file)
    assert.matches("private%.there: File exists", trouble)
    assert.equal("integer", math.type(number))
    assert.equal("earlier", read(path))
  end)

  it("follows no symbolic link", function()
    local link, target = fresh "private.link", fresh "private.target"
    assert(os.execute(("ln -s %s %s"):format(process.quote(target), process.quote(link))))
    assert.is_nil((coffer.create_private(link)))
    assert.is_nil(io.open(target))
  end)

  it("takes no path with a zero byte, which would end it", function()
    local path = fresh "private.zero"
    assert.error_matches(function() coffer.create_private(path .. "\0more") end,
      "a path has no zero bytes")
    assert.is_nil(io.open(path))
  end)
end)

describe("a file for secrets", function()
  it("blames the line of the call", function()
    for _, call_wrongly in ipairs {
      function() return (coffer.create_private()) end, function() return (coffer.sync(1)) end,
    } do
      local _, trouble = pcall(call_wrongly)
      assert.matches("^spec/calls/private_file_spec%.lua:%d+: bad argument #1", trouble)
    end
  end)
end)

describe("coffer.sync", function()
  it("is true once the disk has it", function()
    local file <close> = assert(coffer.create_private(fresh "private.synced"))
    file:write "x"
    assert.is_true(coffer.sync(file))
  end)

  it("says what does not go to a disk", function()
    local pipe <close> = assert(io.popen("cat >/dev/null", "w"))
    local is_done, trouble = coffer.sync(pipe)
    assert.is_nil(is_done)
    assert.equal("string", type(trouble))
  end)

  it("takes no file that is closed", function()
    local file = assert(coffer.create_private(fresh "private.closed"))
    file:close()
    assert.error_matches(function() coffer.sync(file) end, "the file is closed")
  end)
end)
