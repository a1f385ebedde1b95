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

--- What a program that makes a call, uses its secrets and lets go of everything leaves behind:
--- blocks with a secret that coffer, the interpreter and others gave back, and copies in memory.
local function leave(case, tls)
  if os.getenv "COFFER_SANITIZED" then
    pending "the sanitizers have a malloc of their own"
  end
  local preload = child.need "leftovers.so"
  local changes = {}
  for member in pairs(case.secrets or {}) do
    changes[member] = marked(member)
  end
  local faulty <close> = server.start { tls = tls and tls.good,
    { send = case.good { changes = changes }, finish = "keep" } }
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
  end, MARK, case.provider, case.operation, case.complete {
    base_url = faulty.url .. case.base, token_file = path, ca_file = tls and tls.root or nil,
    attempts = 1,
  }, case.parameters)
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
      it(("has no secret in it: %s over %s"):format(case.name, name), function()
        local tls = name == "https" and authority.get() or nil
        local coffer, interpreter, _, copies = leave(case, tls)
        assert.equal(0, coffer)
        assert.equal(0, interpreter)
        assert.equal(0, copies)
      end)
    end
  end
end)

describe("this spec", function()
  it("sees what is left", function()
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

describe("a client that is closed", function()
  local made = authority.get()

  --- How many copies of the mark are in memory behind close(), while the collector stands still;
  --- `program` makes the client and gives it back, and gets what follows.
  local function copies(program, ...)
    if os.getenv "COFFER_SANITIZED" then
      pending "the sanitizers have a malloc of their own"
    end
    local preload = child.need "leftovers.so"
    local path = workdir.write("secret-to-close", "http://" .. MARK .. "!secret@127.0.0.1:1\n")
    assert(os.execute(("chmod 600 '%s'"):format(path)))
    local said = child.execute(("env LD_PRELOAD=%s %s"):format(process.quote(preload),
      child.command(function(mark, bytecode, file, ...)
        local leftovers = require "leftovers"
        local open, more = load(bytecode, "=program", "b"), { ... }
        local secret = assert(require("coffer.core").read_token(file))
        local kept, before
        leftovers.watch(function()
          collectgarbage "stop"
          kept = { open(secret, table.unpack(more)) }
          secret:wipe()
          before = leftovers.scan(mark)
          kept[1]:close()
        end, mark)
        print(before > 0, leftovers.scan(mark), #kept > 0)
      end, MARK, string.dump(program), path, ...)))
    assert.equal(0, said.status, said.errors)
    local was_there, left = said.output:match "^(%a+)\t(%d+)\ttrue\n$"
    assert.equal("true", was_there, said.output .. said.errors)
    return tonumber(left)
  end

  it("keeps no token", function()
    local faulty <close> = server.start { { send = providers.clumio.good(), finish = "keep" } }
    assert.equal(0, copies(function(secret, url)
      local client = assert(require("coffer").clumio { base_url = url, token = secret })
      return client, assert(client:create_wallet "123456789012")
    end, faulty.url))
  end)

  it("keeps no token of a request that is prepared and shown", function()
    assert.equal(0, copies(function(secret)
      local client = assert(require("coffer").commvault { base_url = "http://127.0.0.1:1",
        token = secret, username = "u", password = secret })
      return client, client:request("list_plans"), assert(client:request("login",
        { username = secret, password = "p" }))
    end))
  end)

  it("keeps no token of a request that was under way", function()
    local faulty <close> = server.start { { finish = "hang" } }
    assert.equal(0, copies(function(secret, url)
      local client = assert(require("coffer").clumio { base_url = url, token = secret })
      local request = client.list_wallets and require("coffer.core").describe "clumio"
        .operations.list_wallets.prepare(client)
      request:start()
      request:step(0.1)
      return client, request
    end, faulty.url))
  end)

  it("keeps no header, no key's password and no proxy's", function()
    assert.equal(0, copies(function(secret)
      return assert(require("coffer").clumio { base_url = "https://127.0.0.1:1", token = "t",
        headers = { ["X-Key"] = secret }, client_key_password = secret })
    end))
  end)

  it("keeps no proxy", function()
    assert.equal(0, copies(function(secret)
      return assert(require("coffer").clumio { base_url = "https://127.0.0.1:1", token = "t",
        proxy = secret })
    end))
  end)

  it("keeps nothing that it logged in with, nor what it got for it", function()
    local session = answers.keep { body = ('{"data":{"authToken":"%s!token"}}'):format(MARK) }
    local faulty <close> = server.start { paths = { ["POST /Login"] = { session } },
      answers.keep { body = '{"plans":[]}' } }
    assert.equal(0, copies(function(secret, url)
      local client = assert(require("coffer").commvault { base_url = url, username = "robot",
        domain = secret, password = secret })
      return client, assert(client:list_plans())
    end, faulty.url))
  end)

  it("keeps nothing of a log-in that was refused", function()
    local faulty <close> = server.start { answers.keep { body = "{}" } }
    assert.equal(0, copies(function(secret, url)
      local client = assert(require("coffer").ecl { base_url = url, tenant_id = "t",
        api_key = secret, api_secret = secret, keystone_url = url .. "/v3" })
      return client, select(2, client:create_account())
    end, faulty.url))
  end)

  it("keeps no token over TLS", function()
    local faulty <close> = server.start { tls = made.good,
      { send = providers.clumio.good(), finish = "keep" } }
    assert.equal(0, copies(function(secret, url, ca_file)
      local client = assert(require("coffer").clumio { base_url = url, token = secret,
        ca_file = ca_file })
      return client, assert(client:create_wallet "123456789012")
    end, faulty.url, made.root))
  end)

  it("shows nothing of an answer that comes too late to be held against its token", function()
    local faulty <close> = server.start { answers.keep { status = 400,
      body = '{"errors":[{"error_code":1,"error_message":"who is canary-token?"}]}' } }
    local client = providers.clumio.client(faulty.url, { token = "canary-token" })
    local request = require("coffer.core").describe "clumio".operations.list_wallets.prepare(client)
    request:start()
    while not request:step(0.1) do end
    client:close()
    assert.equal("[secret]", request:scrub "who is canary-token?")
  end)

  it("takes no token any more", function()
    local client
    local faulty <close> = server.start { answers.keep { body = '{"token":"QSDK 1"}' } }
    client = assert(require("coffer").commvault { base_url = faulty.url, username = "robot",
      password = "p", on_tokens = function() client:close() end })
    local done, said = pcall(client.list_plans, client)
    assert.is_true(not done or said == nil)
    assert.is_nil(require("coffer.core").token_generation(client))
    assert.equal(1, #faulty:requests())
  end)

  it("says that it is closed, whatever is asked of it", function()
    local client = assert(require("coffer").commvault { base_url = "https://127.0.0.1:1",
      username = "robot", password = "p" })
    client:close()
    client:close()
    for _, call in ipairs { "login", "list_plans", "logout" } do
      local done, said = pcall(client[call], client)
      assert.is_false(done)
      assert.matches("the client is closed", said)
    end
    assert.matches("closed", tostring(client))
  end)
end)
