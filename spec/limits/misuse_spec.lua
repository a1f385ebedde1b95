-- Wrong things in every place. The work is done by a script, as a crash would take busted along.

local child = require "child"

describe("whatever can be called", function()
  it("takes every wrong thing as an error or a failure, and no crash", function()
    local ended = child.run(function()
      dofile "spec/hosts/misuse.lua"
    end)
    assert.equal("", ended.errors)
    assert.equal(0, ended.status)
    local functions, calls = ended.output:match "(%d+) functions, (%d+) calls\n$"
    assert.is_true(tonumber(functions) > 60, ended.output)
    assert.is_true(tonumber(calls) > 100 * tonumber(functions), ended.output)
  end)
end)
