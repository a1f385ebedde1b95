-- What is left of secrets in memory once they are wiped. What coffer has held is gone to the last
-- byte. libcurl's own buffers are not coffer's to wipe: it gives them back with the request's
-- headers in them, which docs/security.md says.

local answers = require "answers"
local authority = require "authority"
local child = require "child"
local process = require "process"
local providers = require "providers"
local server = require "server"
local workdir = require "workdir"

local MARK = "canary-of-the-heap"

local function marked(what)
  return ('"%s!%s"'):format(MARK, what)
end

local cases = {
  clumio = { changes = { token = marked "wallet" }, parameters = answers.asked.account_native_id,
    base = "" },
  commvault = { changes = {}, base = "/commandcenter/api", parameters = {
    bucket = { clientName = answers.asked.vault }, plan = { planId = 7, planName = "Server plan" },
  } },
  ecl = { changes = { Password = marked "password", SecretKey = marked "key" }, parameters = {},
    base = "/ecl-objectstorage", tenant_id = answers.asked.tenant_id },
  astra = { changes = {}, parameters = answers.asked.account, base = "" },
}

--- What a program that makes a call, uses its secrets and lets go of everything leaves behind:
--- blocks with a secret that coffer, the interpreter and others gave back, and copies in memory.
local function leave(case, given, tls)
  if os.getenv "COFFER_SANITIZED" then
    pending "the sanitizers have a malloc of their own"
  end
  local preload = child.need "leftovers.so"
  local faulty <close> = server.start { tls = tls and tls.good,
    { send = case.good { changes = given.changes }, finish = "keep" } }
  local path = workdir.write("token-of-the-heap", MARK .. "!token\n")
  assert(os.execute(("chmod 600 '%s'"):format(path)))
  local command = child.command(function(mark, provider, operation, options, parameters)
    local leftovers = require "leftovers"
    local found = { leftovers.watch(function()
      local client = assert(require("coffer")[provider](options))
      for _ = 1, 3 do
        local result, failure = client[operation](client, parameters)
        assert(result, tostring(failure))
        local prepared = client:request(operation, parameters)
        assert(prepared:curl())
        for _, value in pairs(result) do
          if type(value) == "userdata" and tostring(value) == "[secret]" then
            value:wipe()
          end
        end
      end
      client:close()
    end, mark) }
    collectgarbage()
    collectgarbage()
    print(found[1], found[2], found[3], leftovers.scan(mark))
  end, MARK, case.provider, case.operation, {
    base_url = faulty.url .. given.base, token_file = path, tenant_id = given.tenant_id,
    ca_file = tls and tls.root or nil, attempts = 1,
  }, given.parameters)
  local said = child.execute(("env LD_PRELOAD=%s %s"):format(process.quote(preload), command))
  assert.equal(0, said.status, said.output .. said.errors)
  assert.equal(3, faulty:creates())
  local numbers = {}
  for number in said.output:gmatch "%d+" do
    numbers[#numbers + 1] = tonumber(number)
  end
  return table.unpack(numbers, 1, 4)
end

describe("memory that coffer gives back", function()
  for _, case in ipairs(providers.creates) do
    for _, name in ipairs { "http", "https" } do
      it(("E09 has no secret in it: %s over %s"):format(case.name, name), function()
        local tls = name == "https" and authority.get() or nil
        local coffer, interpreter, _, copies = leave(case, cases[case.provider], tls)
        assert.equal(0, coffer)
        assert.equal(0, interpreter)
        assert.equal(0, copies)
      end)
    end
  end
end)

describe("this spec", function()
  it("E09 sees what is left", function()
    if os.getenv "COFFER_SANITIZED" then
      pending "the sanitizers have a malloc of their own"
    end
    local preload = child.need "leftovers.so"
    local said = child.execute(("env LD_PRELOAD=%s %s"):format(process.quote(preload),
      child.command(function(mark)
        local leftovers = require "leftovers"
        local kept = mark .. "!" .. "kept"
        local _, interpreter = leftovers.watch(function()
          local _ = (mark .. "!"):rep(100)
          collectgarbage()
          collectgarbage()
        end, mark)
        print(interpreter > 0, leftovers.scan(mark) > 0, #kept > 0)
      end, MARK)))
    assert.equal("true\ttrue\ttrue\n", said.output, said.errors)
  end)
end)

describe("a token that was replaced", function()
  it("is not kept, neither by its client nor by the results that it brought", function()
    if os.getenv "COFFER_SANITIZED" then
      pending "the sanitizers have a malloc of their own"
    end
    local preload = child.need "leftovers.so"
    local faulty <close> = server.start { { send = providers.clumio.good(), finish = "keep" } }
    local path = workdir.write("token-to-replace", MARK .. "!token\n")
    assert(os.execute(("chmod 600 '%s'"):format(path)))
    local said = child.execute(("env LD_PRELOAD=%s %s"):format(process.quote(preload),
      child.command(function(mark, url, file)
        local leftovers = require "leftovers"
        local client = assert(require("coffer").clumio { base_url = url, token_file = file })
        local kept = {}
        leftovers.watch(function()
          for i = 1, 3 do
            kept[i] = assert(client:create_wallet "123456789012")
          end
          assert(require("coffer.core").set_token(client, "another"))
          collectgarbage()
          collectgarbage()
        end, mark)
        print(#kept, leftovers.scan(mark))
      end, MARK, faulty.url, path)))
    assert.equal("3\t0\n", said.output, said.errors)
  end)
end)
