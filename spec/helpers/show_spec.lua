-- coffer.show and coffer.help: everything in full for people, and no secret.

local answers = require "answers"
local child = require "child"
local coffer = require "coffer"
local expect = require "expect"
local loopback = require "loopback"
local process = require "process"
local providers = require "providers"
local show = require "coffer.helpers.show"

local PLAIN = { bold = "", dim = "", reset = "" }

local function text(value)
  return show.text(value, PLAIN)
end

describe("a value that is shown", function()
  it("is a wallet, in full, its secret and the link with the secret masked", function()
    local wallet = loopback.answer(providers.clumio, { changes = {
      deployment_url = '"https://example.com/?token=' .. answers.canaries.wallet_token .. '"' } })
    local said = text(wallet)
    assert.matches("^clumio wallet w%-1 %(Waiting%) {\n", said)
    assert.matches("\n  account_native_id = \"123456789012\"\n", said)
    assert.matches("\n  stack_version = 3\n", said)
    assert.matches("\n  token = %[secret%]\n", said)
    assert.matches("\n  deployment_url = %[secret%]\n", said)
    assert.matches("\n      href = \"/wallets/w%-1/_refresh\"\n", said)
    assert.matches("\n  installed_regions = {}\n", said)
    assert.matches("\n    %[1%] = \"us%-east%-1\"\n    %[2%] = \"us%-west%-2\"\n", said)
    expect.no_canary(said)
  end)

  for _, case in ipairs(providers.creates) do
    it("is any result, without its secrets: " .. case.name, function()
      local said = text((loopback.answer(case)))
      expect.no_canary(said)
      assert.is_true(#said > 100)
    end)

    it("is a failure, with all of its fields: " .. case.name, function()
      local failure = loopback.refuse(case, 409, case.error_body())
      local said = text(failure)
      assert.truthy(said:find(tostring(failure) .. " {\n", 1, true))
      for _, line in ipairs { 'code = "conflict"', 'outcome = "refused"', "status = 409",
        "attempts = 1", ("provider = %q"):format(case.provider) } do
        assert.truthy(said:find("\n  " .. line .. "\n", 1, true), said)
      end
      expect.no_canary(said)
    end)
  end

  it("has its fields in order", function()
    assert.equal("{\n  [1] = 1\n  [2] = 2\n  [10] = 3\n  a = 4\n  b = 5\n}",
      text { 1, 2, [10] = 3, b = 5, a = 4 })
  end)

  it("may be a plain one", function()
    assert.equal('"a\\nb"', text "a\nb")
    assert.equal("5", text(5))
    assert.equal("nil", text(nil))
    assert.equal("true", text(true))
    assert.equal("null", text(coffer.null))
    assert.equal("{}", text {})
    assert.equal("[secret]", text(coffer.secret "canary"))
  end)

  it("may contain itself", function()
    local loop = {}
    loop.self = loop
    assert.equal("{\n  self = (seen above)\n}", text(loop))
  end)

  it("cannot speak to the terminal", function()
    local hostile = "\27[2J\7\r\n\0\127\194\155x"
    for _, wrapped in ipairs { hostile, "\155" .. hostile } do
      local said = text { [wrapped] = wrapped, list = { wrapped } }
      assert.is_nil(said:gsub("\n", ""):find "[%c\127]", said)
      assert.is_nil(said:find("\155", 1, true))
      assert.equal(5, select(2, said:gsub("\n", "")), said)
    end
    assert.equal('"é \\194\\155"', text "é \194\155")
  end)

  it("is a prepared request, its token and secret body masked", function()
    local client = providers.commvault.client "http://127.0.0.1:1"
    local login = assert(client:request("login", { username = "u", password = "canary" }))
    local said = text(login)
    assert.matches("^POST http://127%.0%.0%.1:1/commandcenter/api/Login {\n", said)
    assert.matches("\n  body = %[secret%]\n", said)
    expect.no_canary(said)
    said = text(assert(client:request "list_plans"))
    assert.matches("\n    Authtoken = %[secret%]\n", said)
    expect.no_canary(said)
  end)

  it("is printed on stdout", function()
    local said = child.run(function()
      local own = require "coffer"
      own.show { a = 1 }
      own.show(own.secret "canary")
      own.show(nil)
    end)
    assert.same({ 0, "{\n  a = 1\n}\n[secret]\nnil\n", "" },
      { said.status, said.output, said.errors })
  end)
end)

describe("a result in one line", function()
  local box, commvault, ecl

  setup(function()
    box = coffer.sandbox()
    commvault = assert(coffer.commvault(box:options "commvault"))
    ecl = assert(coffer.ecl(box:options "ecl"))
  end)

  teardown(function() box:close() end)

  it("is the session of a log-in, without its token", function()
    local log_in = box:credentials "commvault"
    local session = assert(commvault:login { username = log_in.username,
      password = log_in.password })
    assert.matches("^commvault session %S", tostring(session))
    assert.is_nil(tostring(session):find(session.token:reveal(), 1, true))
  end)

  it("is a job, which can be waited for", function()
    local vault = assert(commvault:create_s3_vault { bucket = { clientName = "v" },
      plan = { planId = 11, planName = "Server plan" }, cvs3Endpoints = { { clientId = 2 } } })
    local number = vault.addEndpointJob.jobId
    local job = assert(commvault:get_job(number)).jobs[1].jobSummary
    assert.matches(("^commvault job %d %%(%%a+%%)$"):format(number), tostring(job))
    local over = assert(job:wait { interval = 0.01 })
    assert.equal(("commvault job %d (Completed)"):format(number), tostring(over))
    assert.equal("Completed", over.status)
  end)

  it("is no job to wait for where it tells no number", function()
    local vault = assert(commvault:create_s3_vault { bucket = { clientName = "w" },
      plan = { planId = 11, planName = "Server plan" }, cvs3Endpoints = { { clientId = 2 } } })
    local job = assert(commvault:get_job(vault.addEndpointJob.jobId)).jobs[1].jobSummary
    job.jobId = nil
    expect.failure("refused", "partial", job:wait { interval = 0.01 })
  end)

  it("is the user that was made", function()
    assert(ecl:create_account())
    assert.equal("ecl users backup", tostring(assert(ecl:create_user "backup")))
  end)

  it("is a token, by the time when it ends", function()
    local log_in = box:credentials "ecl"
    local client = assert(coffer.ecl { base_url = "https://example.com",
      api_key = log_in.api_key, api_secret = log_in.api_secret, keystone_url = log_in.keystone_url,
      tenant_id = log_in.tenant_id })
    assert.matches("^ecl token until %d%d%d%d%-", tostring(assert(client:issue_token())))
  end)
end)

describe("colours", function()
  --- The output of a program on a terminal of its own.
  local function on_terminal(environment)
    local command = child.command(function()
      local own = require "coffer"
      own.show { a = 1 }
      own.help "astra"
    end)
    if not os.execute "script -qec true /dev/null >/dev/null 2>&1" then
      pending "there is no script(1), or nothing to make a terminal of"
    end
    local said = child.execute(("env %s script -qec %s /dev/null"):format(environment,
      process.quote(command)))
    assert.equal(0, said.status, said.output .. said.errors)
    return said.output
  end

  it("are there on a terminal", function()
    local said = on_terminal "-u NO_COLOR TERM=xterm"
    assert.truthy(said:find("\27[2ma\27[0m", 1, true), said)
    assert.truthy(said:find("\27[1mcreate_account\27[0m", 1, true))
  end)

  it("are not there with NO_COLOR", function()
    local said = on_terminal "NO_COLOR=1 TERM=xterm"
    assert.is_nil(said:find("\27", 1, true))
    assert.truthy(said:find("a = 1", 1, true))
  end)

  it("are there where NO_COLOR is empty, as no-color.org has it", function()
    assert.truthy(on_terminal("NO_COLOR= TERM=xterm"):find("\27[2m", 1, true))
  end)

  it("are not there in a file or a pipe", function()
    local said = child.run(function()
      require("coffer").show { a = 1 }
      require("coffer").help "astra"
    end)
    assert.is_nil(said.output:find("\27", 1, true))
  end)
end)

describe("help", function()
  local core = require "coffer.core"

  for provider in pairs(core.providers) do
    it("lists every helper, with options that it takes: " .. provider, function()
      local case = providers[provider]
      local client = case.client "http://127.0.0.1:1"
      local described = require("coffer.client").described(provider)
      local said = show.help_text(provider, PLAIN)
      local left = {}
      for name in next, described.methods do
        left[name] = not described.operations[name] and name ~= "close" or nil
      end
      for _, helper in ipairs(show.helpers(provider, described)) do
        left[helper.name] = nil
        assert.truthy(said:find("\n  " .. helper.text .. "\n      parameters", 1, true))
        for _, option in ipairs(helper.options) do
          assert.truthy(said:find(option, 1, true))
          local first = helper.name == "request" and "create_account" or {}
          local _, wrong = pcall(client[helper.name], client, first, { [option] = io.stdout })
          assert.is_nil(tostring(wrong):find("known", 1, true), helper.name .. " " .. option)
        end
      end
      assert.same({}, left)
    end)

    it("lists every call with its parameters and their types: " .. provider, function()
      local said = show.help_text(provider, PLAIN)
      local described = core.describe(provider)
      for name, operation in pairs(described.operations) do
        assert.truthy(said:find(("  %s:%s  %s %s"):format(provider, name, operation.method,
          operation.path), 1, true), name)
        assert.truthy(said:find(operation.about, 1, true))
        for _, parameter in ipairs(operation.parameters) do
          local line = "\n      " .. parameter.name:gsub("%p", "%%%0") .. " +%l"
          assert.truthy(parameter.is_fixed or said:find(line), parameter.name)
        end
      end
      for _, operation in pairs(require("coffer.providers." .. provider).operations) do
        if operation.pages then
          assert.truthy(said:find(("for item in %s:%s {} do"):format(provider,
            operation.pages.name), 1, true))
        end
      end
    end)

    it("is the same each time: " .. provider, function()
      assert.equal(show.help_text(provider, PLAIN), show.help_text(provider, PLAIN))
    end)
  end

  it("leaves out what is filled in", function()
    assert.is_nil(show.help_text("commvault", PLAIN):find("subType", 1, true))
  end)

  it("shows what is in a table, below it", function()
    local said = show.help_text("commvault", PLAIN)
    assert.matches("\n      bucket +table, required %- the vault to be"
      .. "\n        clientName +string, required %- name of the vault\n", said)
    assert.matches("\n      owners +list of tables[^\n]*\n        userId +integer, required\n",
      said)
    assert.is_nil(said:find("__type__", 1, true))
    assert.matches("\n              password +string or coffer.secret, required\n",
      show.help_text("ecl", PLAIN))
  end)

  it("says what is written for a type that is not Lua's", function()
    assert.matches("\n      acct_num +string or integer, required",
      show.help_text("ecl", PLAIN))
    assert.matches("\n      username +string or coffer.secret, required",
      show.help_text("commvault", PLAIN))
  end)

  it("lists what results can do", function()
    assert.matches("\n  wallet:wait\n      options +timeout, interval, sightings, on_progress, "
      .. "errors", show.help_text("clumio", PLAIN))
    assert.matches("\n  account:update, as update_account", show.help_text("astra", PLAIN))
  end)

  it("says which parameters are required", function()
    assert.matches("\n      account_native_id +string, required %- AWS account ID, 12 digits\n",
      show.help_text("clumio", PLAIN))
  end)

  it("lists the providers where it is asked for another one", function()
    local names = {}
    for name in pairs(core.providers) do
      names[#names + 1] = name
    end
    table.sort(names)
    local list = "the name of a provider: " .. table.concat(names, ", ")
    local _, said = pcall(coffer.help, "clumi")
    assert.matches(list .. " (did you mean 'clumio'?)", said, 1, true)
    _, said = pcall(coffer.help)
    assert.matches(list .. "$", said)
  end)

  it("takes a client or a name; so does show for a client", function()
    local said = child.run(function()
      local own = require "coffer"
      local client = assert(own.clumio { token = "canary" })
      own.help(client)
      own.help "clumio"
      own.show(client)
      client:close()
      own.help(client)
    end)
    assert.equal(0, said.status, said.errors)
    local once = show.help_text("clumio", PLAIN) .. "\n"
    assert.equal(once:rep(4), said.output)
  end)

  it("raises for anything else, at the caller's line", function()
    for _, wrong in ipairs { "clumo", 5, {}, coffer.secret "x", io.stdout } do
      local done, said = pcall(function() coffer.help(wrong) end)
      assert.is_false(done)
      assert.matches("show_spec%.lua:%d+: coffer%.help takes a client", said)
    end
  end)
end)
