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

  --- Runs a program and gives what it prints.
  local function printed(program)
    local ended = child.run(program)
    assert.equal("", ended.errors)
    assert.equal(0, ended.status)
    return ended.output
  end

  it("takes no other userdata for a client, whatever its metatable has", function()
    assert.equal("false\tfalse\n", printed(function()
      local core = require "coffer.core"
      local client = require("coffer").clumio { token = "synthetic-token-of-a-spec" }
      for name, value in pairs(getmetatable(client)) do
        local own = getmetatable(io.stdout)
        own[name] = own[name] or value
      end
      getmetatable(io.stdout)["coffer client"] = true
      print((pcall(core.token_generation, io.stdout)), (pcall(core.step, io.stdout, 0)))
      os.exit(0, false)
    end))
  end)

  it("closes a client whose log-in contains itself", function()
    assert.equal("closed\n", printed(function()
      local client = require("coffer").commvault { base_url = "https://127.0.0.1:1",
        username = "someone", password = "synthetic" }
      local log_in = require("coffer.core").settings(client, "credentials")
      log_in.again = log_in
      client:close()
      print "closed"
    end))
  end)

  it("gives no program the metatable that tells a request from other values", function()
    assert.equal("false\n", printed(function()
      local client = require("coffer").clumio { token = "synthetic-token-of-a-spec" }
      local described = require("coffer.core").describe "clumio"
      local request = described.operations.list_wallets.prepare(client, {})
      local metatable = getmetatable(request)
      if metatable then
        pcall(request.status, setmetatable({}, metatable))
      end
      print(metatable)
    end))
  end)

  it("keeps an answer that is read from the finalizers that run meanwhile", function()
    assert.equal("true\n", printed(function()
      local coffer, core = require "coffer", require "coffer.core"
      local box = coffer.sandbox()
      local clumio = coffer.clumio(box:options "clumio")
      local request = core.describe("clumio").operations.list_wallets.prepare(clumio, {})
      local errors = 0
      request:start(5)
      while not request:step(1) do end
      local function leave()
        setmetatable({}, { __gc = function()
          errors = errors + (pcall(request.start, request, 5) and 0 or 1)
          request:forget(true)
          pcall(request.finish, request)
          leave()
        end })
      end
      collectgarbage "stop"
      leave()
      collectgarbage("incremental", 1, 1000, 1)
      collectgarbage "restart"
      local result = request:finish()
      collectgarbage "stop"
      print(errors > 0 and type(result) == "table" and request:status() == 200)
      box:close()
      os.exit(0, false)
    end))
  end)
end)
