-- The examples, run as a user runs them.

local child = require "child"
local coffer = require "coffer"
local process = require "process"
local providers = require "providers"
local read = require "read_file"
local script = require "script"
local server = require "server"
local workdir = require "workdir"

local TOKEN = "token-of-the-spec"

local function mode(path)
  local pipe = io.popen("ls -l " .. process.quote(path))
  local text = pipe:read "a"
  pipe:close()
  return text:sub(1, 10)
end

--- Runs the example; it has to end with this status, and to print no secret that it met.
local function run(status, name, words, options)
  local ran = script.run("examples/" .. name .. ".lua", words, options)
  assert.equal(status, ran.status, ran.output .. ran.errors)
  assert.is_nil(script.leak(ran), "a secret was printed")
  return ran
end

local function has(text, ran)
  assert.is_truthy(ran.output:find(text, 1, true), ("no '%s' in: %s"):format(text, ran.output))
end

local function lacks(text, ran)
  assert.is_nil(ran.output:find(text, 1, true), ("'%s' in: %s"):format(text, ran.output))
end

local function file_of(name)
  local path = workdir.file(name)
  os.execute("rm -rf " .. process.quote(path))
  return path
end

--- Every variable that could lead to a provider, or out of the machine by a proxy.
local function tempting()
  local variables = {
    CLUMIO_API_BASE_URL = "https://us-west-2.api.clumio.com", CLUMIO_REGION = "us-west-2",
    COMMVAULT_BASE_URL = "https://api.metallic.io", COMMVAULT_USERNAME = "u",
    COMMVAULT_PASSWORD = "p", COMMVAULT_DOMAIN = "d", OS_AUTH_TOKEN = TOKEN,
    ECL_BASE_URL = "https://api.ntt.com/ecl-objectstorage", OS_USERNAME = "u", OS_PASSWORD = "p",
    OS_AUTH_URL = "https://api.ntt.com/keystone/v3", OS_PROJECT_ID = "p", OS_TENANT_ID = "t",
    ASTRA_BASE_URL = "https://astra.example.com", ECL_ACCT_NUM = "7",
    CLUMIO_ACCOUNT = "999999999999", COMMVAULT_VAULT = "real", ASTRA_ACCOUNT = "real",
    COFFER_FOR_REAL = "1", COFFER_LOG = "",
  }
  for _, name in ipairs { "CLUMIO_API_TOKEN", "COMMVAULT_TOKEN", "OS_TOKEN", "ASTRA_TOKEN" } do
    variables[name] = TOKEN
  end
  for _, name in ipairs { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" } do
    variables[name] = "http://192.0.2.1:3128"
  end
  return variables
end

describe("with every token in the environment", function()
  local function need_trap()
    if os.getenv "COFFER_SANITIZED" then
      pending "the sanitizers have to be loaded first"
    end
    return child.need "trap.so"
  end

  --- Where a program went outside of loopback, and was not let through.
  local function trapped(name, words, input)
    local notes, variables = file_of "trap.notes", tempting()
    variables.LD_PRELOAD, variables.TRAP_NOTES = need_trap(), notes
    run(0, name, words, { variables = variables, input = input })
    return io.open(notes) and read(notes)
  end

  it("opens everything in the sandbox alone", function()
    assert.is_nil(trapped "open_everything")
  end)

  it("onboards in the sandbox alone", function()
    assert.is_nil(trapped "onboarding")
    assert.is_nil(trapped("onboarding", { "acme", "111111111111" }))
  end)

  it("audits the sandbox alone", function()
    assert.is_nil(trapped "audit")
  end)

  it("cleans up in the sandbox alone", function()
    assert.is_nil(trapped("clean_up", { "--yes" }))
  end)

  it("would be seen to leave it", function()
    local variables = { LD_PRELOAD = need_trap(), TRAP_NOTES = file_of "trap.notes",
      CLUMIO_API_TOKEN = TOKEN }
    run(1, "audit", { "--for-real" }, { variables = variables })
    assert.matches("^looked up us%-west%-2%.api%.clumio%.com\n", read(variables.TRAP_NOTES))
  end)
end)

describe("for real", function()
  local real = { "--for-real", "--secrets-to" }

  local function asked(path, ...)
    return { real[1], real[2], path, ... }
  end

  --- Runs it with Clumio's token, and its service played by a server of the spec.
  local function run_at(faulty, status, name, words, more)
    local variables = { CLUMIO_API_TOKEN = TOKEN, CLUMIO_API_BASE_URL = faulty.url,
      CLUMIO_ACCOUNT = "123456789012" }
    for each, value in pairs(more or {}) do variables[each] = value end
    return run(status, name, words, { variables = variables })
  end

  for _, name in ipairs { "open_everything", "onboarding" } do
    local rest = name == "onboarding" and { "acme", "123456789012" } or {}

    it("needs a file for the secrets: " .. name, function()
      local faulty <close> = server.start { { send = providers.clumio.good() } }
      run_at(faulty, 2, name, { "--for-real", table.unpack(rest) })
      run_at(faulty, 2, name, { "--for-real", table.unpack(rest) }, { COFFER_LOG = "debug" })
      assert.equal(0, #faulty:connections())
    end)

    it("takes a new file alone: " .. name, function()
      local faulty <close> = server.start { { send = providers.clumio.good() } }
      local there = workdir.write("there.secrets", "earlier\n")
      local link = file_of "link.secrets"
      assert(os.execute(("ln -s %s %s"):format(process.quote(file_of "target.secrets"),
        process.quote(link))))
      for _, path in ipairs { there, workdir.make_directory "folder", link,
        workdir.file "no/such/folder/f", "" } do
        run_at(faulty, 2, name, asked(path, table.unpack(rest)))
      end
      assert.equal(0, #faulty:connections())
      assert.equal("earlier\n", read(there))
    end)

    it("is not meant where no token is there: " .. name, function()
      run(2, name, asked(file_of "none.secrets", table.unpack(rest)))
      assert.is_nil(io.open(workdir.file "none.secrets"))
    end)
  end

  it("keeps the secrets that came, also when the next step fails", function()
    local path = file_of "real.secrets"
    local faulty <close> = server.start {
      { send = providers.clumio.good() }, { send = providers.clumio.good { status = 500 } },
    }
    run_at(faulty, 1, "open_everything", asked(path))
    assert.equal("-rw-------", mode(path))
    assert.matches("clumio%.wallet%.token = %S+\n", read(path))
  end)

  it("keeps an answer that cannot be read", function()
    local path = file_of "odd.secrets"
    local faulty <close> = server.start {
      { send = providers.clumio.good { body = '{"token":"told-once"' } },
    }
    run_at(faulty, 1, "open_everything", asked(path))
    assert.matches('clumio%.wallet answer = {"token":"told%-once"', read(path))
  end)

  it("invents no name and no number", function()
    local faulty <close> = server.start { { send = providers.clumio.good() } }
    local path = file_of "unsaid.secrets"
    run_at(faulty, 2, "open_everything", asked(path), { CLUMIO_ACCOUNT = "" })
    run_at(faulty, 2, "onboarding", asked(path, "acme"))
    assert.equal(0, #faulty:connections())
    assert.is_nil(io.open(path))
  end)
end)

-- The service of each provider is a sandbox of the spec: what it saw tells what was sent.
describe("for real, as a whole", function()
  local box
  local names = {
    clumio = { "CLUMIO_API_TOKEN", "CLUMIO_API_BASE_URL" },
    commvault = { "COMMVAULT_TOKEN", "COMMVAULT_BASE_URL" },
    ecl = { "OS_TOKEN", "ECL_BASE_URL" }, astra = { "ASTRA_TOKEN", "ASTRA_BASE_URL" },
  }

  before_each(function() box = coffer.sandbox() end)
  after_each(function() box:close() end)

  local function variables_of(which, more)
    local variables = {}
    for provider in which:gmatch "%l+" do
      local options = box:options(provider)
      variables[names[provider][1]], variables[names[provider][2]] = options.token, options.base_url
      variables.OS_TENANT_ID = options.tenant_id or variables.OS_TENANT_ID
    end
    for name, value in pairs(more or {}) do variables[name] = value end
    return { variables = variables }
  end

  local function creates()
    local count = 0
    for _, entry in ipairs(box:log()) do
      count = count + (entry.operation:find "^create" and 1 or 0)
    end
    return count
  end

  local ALL = "clumio commvault ecl astra"

  local function onboard(status, path, which)
    return run(status, "onboarding",
      { "--for-real", "--secrets-to", path, "acme", "123456789012" },
      variables_of(which or ALL))
  end

  it("onboards at all four, and nowhere else", function()
    local ran = onboard(0, file_of "whole.secrets")
    assert.equal(4, creates())
    lacks("sandbox", ran)
  end)

  for provider, variable in pairs {
    clumio = "CLUMIO_API_TOKEN", commvault = "COMMVAULT_TOKEN", ecl = "OS_TOKEN",
    astra = "ASTRA_TOKEN",
  } do
    it("plays no part of an onboarding: without " .. variable, function()
      local path = file_of "part.secrets"
      local ran = onboard(2, path, (ALL:gsub(provider, "")))
      assert.matches("the environment lacks " .. variable .. "\n", ran.errors)
      assert.same({}, box:log())
      assert.is_nil(io.open(path))
      assert.equal("", ran.output)
    end)
  end

  it("names all tokens that an onboarding lacks", function()
    local ran = onboard(2, file_of "part.secrets", "commvault")
    assert.matches("lacks CLUMIO_API_TOKEN, OS_TOKEN, ASTRA_TOKEN\n", ran.errors)
  end)

  it("plays no part of a cleaning", function()
    for provider, variable in pairs { astra = "CLUMIO_API_TOKEN", clumio = "ASTRA_TOKEN" } do
      local ran = run(2, "clean_up", { "--for-real", "--yes", "9" }, variables_of(provider))
      assert.matches("the environment lacks " .. variable .. "\n", ran.errors)
      assert.equal("", ran.output)
    end
    assert.same({}, box:log())
  end)

  it("may be run again", function()
    onboard(0, file_of "first.secrets")
    local ran = onboard(0, file_of "second.secrets")
    has("found      ", ran)
    lacks("created   ", ran)
    assert.equal(1 + 4, creates()) -- ECL alone says by a 409 that there is one
  end)

  it("says that no secret came where none did", function()
    local path = file_of "none.secrets"
    box:fail { operation = "list_wallets", status = 403 }
    box:fail { operation = "ecl.create_account", status = 403 }
    local ran = onboard(1, path)
    has("Nothing came that is told only once: no secret is in " .. path, ran)
    lacks("The secrets are in", ran)
  end)

  it("keeps nothing that was played among what is for real", function()
    local path = file_of "mixed.secrets"
    local ran = run(0, "open_everything", { "--for-real", "--secrets-to", path },
      variables_of("clumio", { CLUMIO_ACCOUNT = "123456789012" }))
    local kept = read(path)
    assert.matches("clumio%.wallet%.token = ", kept)
    assert.not_matches("\n?ecl%.", kept)
    assert.not_matches("commvault%.", kept)
    has("ecl        sandbox", ran)
  end)

  local settings = {
    CLUMIO_ACCOUNT = "123456789012", COMMVAULT_VAULT = "v", COMMVAULT_PLAN_ID = "11",
    COMMVAULT_PLAN = "Server plan", ASTRA_ACCOUNT = "a",
  }

  it("opens everything that was said", function()
    run(0, "open_everything", { "--for-real", "--secrets-to", file_of "all.secrets" },
      variables_of(ALL, settings))
    assert.equal(4, creates())
  end)

  for variable, wrong in pairs {
    CLUMIO_ACCOUNT = "12", COMMVAULT_PLAN_ID = "eleven", ASTRA_ACCOUNT = ("x"):rep(64),
    CLUMIO_REGION = "nowhere", OS_TENANT_ID = "a/../b\n",
  } do
    it("opens nothing where one is wrong: " .. variable, function()
      local path = file_of "wrong.secrets"
      local given = variables_of(ALL, settings)
      given.variables[variable] = wrong
      local ran = run(2, "open_everything", { "--for-real", "--secrets-to", path }, given)
      assert.matches(variable == "CLUMIO_REGION" and "region" or variable:match "^%u+_?%u*",
        ran.errors)
      assert.same({}, box:log())
      assert.is_nil(io.open(path))
    end)
  end

  for _, words in ipairs { { "acme", "12" }, { "", "" }, { ("x"):rep(64), "123456789012" } } do
    it("onboards nobody where a word is wrong: " .. table.concat(words, " "):sub(1, 9), function()
      local path = file_of "words.secrets"
      local ran = run(2, "onboarding", { "--for-real", "--secrets-to", path, words[1], words[2] },
        variables_of(ALL))
      assert.matches("^%u+[%u_]*: ", ran.errors)
      assert.same({}, box:log())
      assert.is_nil(io.open(path))
    end)
  end
end)

describe("an example in the sandbox", function()
  local examples = { "open_everything", "onboarding", "audit", "clean_up" }
  local words_of = { clean_up = { "--yes" } }

  for _, name in ipairs(examples) do
    it("does not look at the environment: " .. name, function()
      run(0, name, words_of[name], { variables = {
        SSLKEYLOGFILE = file_of "keys.log", CLUMIO_ORGANIZATIONAL_UNIT_CONTEXT = "\u{E4}",
        CLUMIO_REGION = "nowhere", CLUMIO_API_BASE_URL = "x", CLUMIO_API_TOKEN = "\u{E4}",
        COMMVAULT_BASE_URL = "x", COMMVAULT_TOKEN = "a b", COMMVAULT_USERNAME = "\u{E4}",
        COMMVAULT_PASSWORD = "\n", COMMVAULT_DOMAIN = "\n", COMMVAULT_PLAN_ID = "eleven",
        OS_TENANT_ID = "\n", OS_PROJECT_ID = "\n", OS_TOKEN = "\n", OS_AUTH_TOKEN = "\n",
        OS_USERNAME = "\n", OS_PASSWORD = "\n", OS_AUTH_URL = "x", ECL_BASE_URL = "x",
        ECL_ACCT_NUM = "x", ASTRA_BASE_URL = "x", ASTRA_TOKEN = "\n",
      } })
    end)

    it("says that it is the sandbox: " .. name, function()
      has("sandbox", run(0, name, words_of[name]))
    end)

    for _, word in ipairs { "--help", "-h" } do
      it(("tells its usage by %s: %s"):format(word, name), function()
        local ran = run(0, name, { word })
        has(("lua5.4 examples/%s.lua"):format(name), ran)
        lacks("created   ", ran)
        assert.equal("", ran.errors)
      end)
    end

    it("names the word that is too many: " .. name, function()
      local ran = run(2, name, { "2026-01-01", "2026-01-02", "third" })
      assert.matches("^one word too many: ", ran.errors)
    end)
  end

  for _, name in ipairs { "audit", "clean_up" } do
    it("takes no file of secrets where none come: " .. name, function()
      local path = file_of "idle.secrets"
      assert.matches("there is no option %-%-secrets%-to",
        run(2, name, { "--secrets-to", path }).errors)
      assert.is_nil(io.open(path))
    end)
  end

  it("onboards nobody where a word is wrong", function()
    for _, words in ipairs { { "cust", "12" }, { "", "" }, { "", "123456789012" } } do
      assert.equal("", run(2, "onboarding", words).output)
    end
  end)

  it("audits no day that is none", function()
    assert.matches("^TO has to be a day", run(2, "audit", { "2026-01-01", "x" }).errors)
  end)
end)

describe("open_everything.lua", function()
  local ran
  setup(function() ran = run(0, "open_everything") end)

  it("opens one of everything", function()
    for _, thing in ipairs { "clumio wallet", "commvault vault", "ecl account", "astra account" } do
      has(("  %s "):format(thing), ran)
    end
    has("refreshed", ran)
  end)

  it("shows that there are secrets and none of them", function()
    assert.is_true(#ran.secrets >= 4)
    has("Password [secret], SecretKey [secret]", ran)
  end)

  it("shows a failure as one meets it", function()
    has("outcome = refused, code = conflict, status = 409", ran)
  end)

  it("leaves no line unfinished", function()
    assert.is_nil(ran.output:find "[:,] \n")
    assert.equal("", ran.errors)
  end)
end)

describe("onboarding.lua", function()
  local function into(path)
    return { "--secrets-to", path, "acme", "111111111111" }
  end

  it("runs without arguments", function()
    run(0, "onboarding")
  end)

  it("says where the secrets are", function()
    local path = file_of "said.secrets"
    has("The secrets are in " .. path .. ", for its owner alone.\n",
      run(0, "onboarding", into(path)))
  end)

  it("creates all four", function()
    local ran = run(0, "onboarding", { "acme", "111111111111" })
    has("created    clumio wallet ", ran)
    has("created    commvault vault acme", ran)
    has("@ecl.ntt.com", ran)
    has("created    astra account ", ran)
  end)

  it("keeps what is told only once in a file for its owner alone", function()
    local path = file_of "kept.secrets"
    local ran = run(0, "onboarding", into(path))
    assert.equal("-rw-------", mode(path))
    local kept = read(path)
    for _, name in ipairs { "clumio.wallet.token", "ecl.SecretKey", "ecl.Password" } do
      local text = kept:match(name:gsub("%p", "%%%0") .. " = (%S+)\n")
      assert.is_truthy(text, name .. " is not kept")
      assert.is_nil(ran.output:find(text, 1, true), name .. " was printed")
    end
  end)

  it("takes a file name that a shell would read otherwise", function()
    local path = file_of "it's $(id) here"
    run(0, "onboarding", into(path))
    assert.equal("-rw-------", mode(path))
  end)

  it("creates nothing where the file is there already", function()
    local path = workdir.write("there.secrets", "earlier\n")
    local ran = run(2, "onboarding", into(path))
    lacks("created", ran)
    assert.equal("earlier\n", read(path))
  end)

end)

describe("audit.lua", function()
  it("lists everything at every provider", function()
    local ran = run(0, "audit", { "2026-01-01", "2026-01-02" })
    for i = 1, 3 do
      has("AWS account " .. ("%012d"):format(i), ran)
      has("commvault listed vault vault-" .. i, ran)
      has("account-" .. i, ran)
    end
    has("commvault plan 11, Server plan", ran)
    has("2026-01-01: ", ran)
    has("2026-01-02: ", ran)
  end)

  it("goes on behind a provider that does not answer, and ends with 1", function()
    local ran = run(1, "audit", { "--for-real" }, {
      variables = { CLUMIO_API_TOKEN = TOKEN, CLUMIO_API_BASE_URL = "http://127.0.0.1:1" },
    })
    has("clumio list_wallets: not sent", ran)
    has("commvault listed vault vault-3", ran)
  end)
end)

describe("clean_up.lua", function()
  it("asks, and deletes nothing without an answer", function()
    local ran = run(0, "clean_up")
    has("Delete these 4? [y/N]", ran)
    has("Nothing was deleted.", ran)
  end)

  it("deletes what was agreed to", function()
    local ran = run(0, "clean_up", {}, { input = "y\n" })
    has("4 of 4 are gone.", ran)
  end)

  it("deletes without asking by --yes, and only what fits", function()
    local ran = run(0, "clean_up", { "--yes", "1111" })
    lacks("[y/N]", ran)
    lacks("9999", ran)
    has("2 of 2 are gone.", ran)
  end)

  it("deletes nothing where nothing fits", function()
    has("Nothing begins with nobody.", run(0, "clean_up", { "--yes", "nobody" }))
  end)

  it("wants to be told what to delete where it is for real", function()
    local ran = run(2, "clean_up", { "--for-real", "--yes" },
      { variables = { CLUMIO_API_TOKEN = TOKEN } })
    assert.equal("", ran.output)
  end)

  it("takes no option that it does not know", function()
    run(2, "clean_up", { "--no" })
  end)
end)
