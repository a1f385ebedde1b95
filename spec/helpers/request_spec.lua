-- client:request(): a call that is prepared and looked at, pasted into a shell, or sent.

local answers = require "answers"
local child = require "child"
local coffer = require "coffer"
local core = require "coffer.core"
local expect = require "expect"
local process = require "process"
local providers = require "providers"
local server = require "server"
local show = require "coffer.helpers.show"
local workdir = require "workdir"

local has_curl = os.execute "command -v curl >/dev/null 2>&1"

--- Pastes a command into a shell with these variables; answers the HTTP status that it printed.
local function paste(command, variables)
  if not has_curl then
    pending "there is no curl"
  end
  local lines = {}
  for name, value in pairs(variables) do
    lines[#lines + 1] = ("export %s=%s"):format(name, process.quote(value))
  end
  lines[#lines + 1] = command .. " -sS -o /dev/null -w '%{http_code}'"
  local path = workdir.write("pasted.sh", table.concat(lines, "\n") .. "\n")
  -- not with the sanitizer that the specs may run under
  local said = child.execute("env -u LD_PRELOAD sh " .. process.quote(path))
  assert.equal("", said.errors)
  assert.equal(0, said.status)
  return tonumber(said.output)
end

local names = {}
for provider in pairs(core.providers) do
  for name in pairs(core.describe(provider).operations) do
    names[#names + 1] = { provider, name }
  end
end

--- A client of the sandbox, and the operation's call with parameters that the sandbox takes.
local function call_of(box, provider, name)
  local case = providers[provider]
  local more = case.sandbox_options and case.sandbox_options(box)
  local client = assert(coffer[provider](box:options(provider, more)))
  for _, call in ipairs(case.sandbox_calls(client, box)) do
    if call[1] == name then
      return client, call
    end
  end
  error(("spec/support/providers/%s.lua has no call of %s"):format(provider, name))
end

--- What the sandbox saw last, without what differs between curl and coffer.
local function seen(box)
  local entries = box:log()
  local last = entries[#entries]
  last.headers["user-agent"], last.headers.host = nil, nil
  return last
end

describe("a prepared request's curl command", function()
  for _, row in ipairs(names) do
    local provider, name = row[1], row[2]
    it(("works when it is pasted: %s %s"):format(provider, name), function()
      local box <close> = coffer.sandbox { strict = true }
      local client, call = call_of(box, provider, name)
      local token = box:options(provider).token
      local prepared = assert(client:request(name, call[2]))
      local status = paste(prepared:curl(), { [providers[provider].token_variable] = token,
        BODY = call.body or "unused" })
      local pasted = seen(box)
      assert.is_true(status >= 200 and status < 300, status .. " for " .. prepared:curl())
      assert.equal(status, pasted.status)
      if not call.once then -- a second one would be refused
        assert(prepared:send())
        assert.same(pasted, seen(box))
      end
    end)

    it(("shows no secret: %s %s"):format(provider, name), function()
      local box <close> = coffer.sandbox { strict = true }
      local client, call = call_of(box, provider, name)
      local prepared = assert(client:request(name, call[2]))
      local text = prepared:curl() .. tostring(prepared) .. show.text(prepared)
      for kind in pairs(core.providers) do
        for what, secret in pairs(box:credentials(kind)) do
          if what == "token" or what == "password" or what:find "_token$" then
            assert.is_nil(text:find(secret, 1, true), text)
          end
        end
      end
      if not core.describe(provider).operations[name].is_public then
        local variable = providers[provider].token_variable
        assert.truthy(text:find("$" .. variable .. '"', 1, true), text)
      end
    end)
  end

  it("is that of the page: clumio create_wallet", function()
    local client = assert(coffer.clumio { token = "hush" })
    assert.equal([[
curl -X POST 'https://us-west-2.api.clumio.com/wallets' \
  -H 'Accept: application/api.clumio.wallets=v1+json' \
  -H "Authorization: Bearer $CLUMIO_API_TOKEN" \
  -H 'Content-Type: application/json' \
  --data-raw '{"account_native_id":"123456789012"}']],
      assert(client:request("create_wallet", "123456789012")):curl())
  end)

  it("is that of the page: ecl create_account", function()
    local client = assert(coffer.ecl { token = "hush", tenant_id = "9ee80f" })
    assert.equal([[
curl -X POST 'https://api.ntt.com/ecl-objectstorage/tenants/9ee80f/account' \
  -H 'Accept: application/json' \
  -H "X-Auth-Token: $OS_TOKEN" \
  -H 'Content-Length: 0']], assert(client:request "create_account"):curl())
  end)

  for what, text in pairs {
    ["single quotes"] = "it's '' '", ["double quotes"] = 'a "b" c',
    ["dollars"] = "$HOME ${x} $(id)",
    ["backticks"] = "`id`", ["backslashes"] = "\\ \\\\ \\n", ["a history mark"] = "!! !x",
    ["globs"] = "* ? [a-z] {1,2} ~", ["an at sign"] = "@/etc/passwd", ["a hash"] = "# x; y & z | w",
    ["a percent sign"] = "%s %% %27", ["a dash"] = "-o /tmp/x --next",
  } do
    it("carries it exactly, in a header and in a body: " .. what, function()
      local faulty <close> = server.start { { send = providers.astra.good(), finish = "keep" } }
      local client = providers.astra.client(faulty.url, { headers = { ["X-Odd"] = text } })
      local name = text .. "\n\té"
      paste(assert(client:request("create_account", name)):curl(), { ASTRA_TOKEN = "t" })
      local request = faulty:requests()[1]
      assert.equal(text, request.headers["x-odd"])
      assert.equal("Bearer t", request.headers.authorization)
      assert.equal(name, require("cjson").new().decode(request.body).name)
    end)
  end

  it("has a token of any kind in the variable alone", function()
    local faulty <close> = server.start { { send = providers.commvault.good(), finish = "keep" } }
    local client = providers.commvault.client(faulty.url, { token = "QSDK canary" })
    local text = assert(client:request "list_plans"):curl()
    assert.is_nil(text:find("canary", 1, true))
    paste(text, { COMMVAULT_TOKEN = [[QSDK "it's" $HOME `id` \]] })
    assert.equal([[QSDK "it's" $HOME `id` \]], faulty:requests()[1].headers.authtoken)
  end)
end)

describe("a prepared request", function()
  local clumio = providers.clumio

  it("is not sent, and shows what would be", function()
    local faulty <close> = server.start { { send = clumio.good() } }
    local prepared = assert(clumio.client(faulty.url):request("create_wallet", "123456789012"))
    assert.equal("POST", prepared.method)
    assert.equal(faulty.url .. "/wallets", prepared.url)
    assert.equal('{"account_native_id":"123456789012"}', prepared.body)
    assert.equal("application/json", prepared.headers["Content-Type"])
    assert.equal("[secret]", tostring(prepared.headers.Authorization))
    assert.equal("POST " .. faulty.url .. "/wallets", tostring(prepared))
    assert.equal(0, #faulty:connections())
  end)

  it("gives what the call gives when it is sent", function()
    for _, case in ipairs { clumio, providers.astra } do
      local faulty <close> = server.start { { send = case.good() } }
      local parameters = case == clumio and answers.asked.account_native_id or answers.asked.account
      local prepared = assert(case.client(faulty.url):request(case.operation, parameters))
      expect.created(case, prepared:send())
      assert.equal(1, faulty:creates())
    end
  end)

  it("gives the call's failure with all three values", function()
    local faulty <close> = server.start { {} }
    local prepared = assert(clumio.client(faulty.url):request("create_wallet", "123456789012"))
    local failure = expect.failure("unknown", "unreachable", prepared:send())
    assert.equal("create_wallet", failure.operation)
  end)

  it("is sent once", function()
    local faulty <close> = server.start { { send = clumio.good(), finish = "keep" } }
    local prepared = assert(clumio.client(faulty.url):request("create_wallet", "123456789012"))
    assert(prepared:send())
    local done, said = pcall(prepared.send, prepared)
    assert.is_false(done)
    assert.matches("has been sent", said)
    assert.equal(1, faulty:creates())
  end)

  it("is sent once after a failure as well", function()
    local faulty <close> = server.start { { finish = "close" } }
    local prepared = assert(clumio.client(faulty.url):request("create_wallet", "123456789012"))
    expect.failure("unknown", nil, prepared:send())
    assert.is_false((pcall(prepared.send, prepared)))
    assert.equal(1, #faulty:requests())
  end)

  it("is sent as it was prepared: its fields cannot be set", function()
    local faulty <close> = server.start { { send = clumio.good() } }
    local prepared = assert(clumio.client(faulty.url):request("create_wallet", "123456789012"))
    for _, name in ipairs { "url", "method", "body", "other" } do
      local is_set, said = pcall(function() prepared[name] = "other" end)
      assert.is_false(is_set)
      assert.matches("cannot be changed (" .. name .. ")", said, 1, true)
    end
    assert(prepared:send())
    assert.equal('{"account_native_id":"123456789012"}', faulty:requests()[1].body)
  end)

  it("takes the call's options: attempts, extra", function()
    local faulty <close> = server.start { { send = clumio.good() } }
    local client = clumio.client(faulty.url, { attempts = 3 })
    local prepared = assert(client:request("create_wallet", "123456789012",
      { extra = { further = true }, timeout = 5, deadline = 9, attempts = 2 }))
    assert.equal('{"account_native_id":"123456789012","further":true}', prepared.body)
    assert.has_error(function()
      client:request("create_wallet", "123456789012", { atempts = 2 })
    end)
  end)

  it("is a failure where its input has problems", function()
    local client = clumio.client "http://127.0.0.1:1"
    expect.failure("not_sent", "invalid", client:request("create_wallet", { account = "1" }))
  end)

  it("raises for a call that is not there, with the one that was meant", function()
    local client = clumio.client "http://127.0.0.1:1"
    local done, said = pcall(client.request, client, "create_walet", {})
    assert.is_false(done)
    assert.matches("no call 'create_walet' (did you mean 'create_wallet'?)", said, 1, true)
    for _, wrong in ipairs { 5, {}, true } do
      assert.is_false((pcall(client.request, client, wrong)))
    end
    assert.is_false((pcall(client.request, client)))
  end)

  it("asks no token function before it is sent", function()
    local faulty <close> = server.start { { send = clumio.good() } }
    local calls = 0
    local client = clumio.client(faulty.url, { token = function()
      calls = calls + 1
      return "t"
    end })
    local prepared = assert(client:request("create_wallet", "123456789012"))
    assert.truthy(prepared:curl():find('"Authorization: Bearer $CLUMIO_API_TOKEN"', 1, true))
    assert.equal(0, calls)
    assert(prepared:send())
    assert.equal(1, calls)
  end)

  it("has a refused token replaced as the call has", function()
    local faulty <close> = server.start {
      answers.keep { status = 401, body = clumio.error_body() },
      { send = clumio.good(), finish = "keep" },
    }
    local count = 0
    local client = clumio.client(faulty.url, { token = function()
      count = count + 1
      return "t" .. count
    end })
    assert(assert(client:request("create_wallet", "123456789012")):send())
    assert.equal("Bearer t2", faulty:requests()[2].headers.authorization)
  end)

  it("of a log-in has the client's own parameters where none are given", function()
    local client = assert(coffer.commvault { base_url = "https://cs.example", username = "robot",
      password = "canary" })
    local prepared = assert(client:request "login")
    assert.equal("[secret]", tostring(prepared.body))
    assert.truthy(prepared:curl():find('--data-raw "$BODY"', 1, true))
  end)

  it("names the rows of a list as the call does", function()
    local box <close> = coffer.sandbox { strict = true }
    local client = assert(coffer.astra(box:options "astra"))
    assert(client:create_account "one")
    local list = assert(assert(client:request("list_accounts", { include = "name" })):send())
    assert.same({ { name = "one" } }, list.items)
  end)

  it("raises when it is sent after its client was closed", function()
    local client = clumio.client "http://127.0.0.1:1"
    local prepared = assert(client:request("create_wallet", "123456789012"))
    client:close()
    local done, said = pcall(prepared.send, prepared)
    assert.is_false(done)
    assert.matches("closed", said)
  end)
end)
