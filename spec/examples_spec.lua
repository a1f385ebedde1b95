-- The examples, run as a user runs them.

local process = require "process"
local script = require "script"
local workdir = require "workdir"

local TOKEN = "token-of-the-spec"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

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
  local function file_of(name)
    local path = workdir.file(name)
    os.remove(path)
    return path
  end

  it("runs without arguments, and says where the secrets are", function()
    local ran = run(0, "onboarding")
    local path = ran.output:match "The secrets are in (%S+), for its owner alone%.\n$"
    assert.equal("-rw-------", mode(path))
    os.remove(path)
  end)

  it("creates all four", function()
    local ran = run(0, "onboarding", { "acme", "111111111111", file_of "acme.secrets" })
    has("created    clumio wallet ", ran)
    has("created    commvault vault acme", ran)
    has("@ecl.ntt.com", ran)
    has("created    astra account ", ran)
  end)

  it("keeps what is told only once in a file for its owner alone", function()
    local path = file_of "kept.secrets"
    local ran = run(0, "onboarding", { "acme", "111111111111", path })
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
    run(0, "onboarding", { "acme", "111111111111", path })
    assert.equal("-rw-------", mode(path))
  end)

  it("creates nothing where the file is there already", function()
    local path = workdir.write("there.secrets", "earlier\n")
    local ran = run(1, "onboarding", { "acme", "111111111111", path })
    lacks("created", ran)
    assert.equal("earlier\n", read(path))
  end)

  it("creates nothing for real without a file", function()
    local ran = run(2, "onboarding", {}, { variables = { ASTRA_TOKEN = TOKEN } })
    lacks("created", ran)
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
    local ran = run(1, "audit", {}, {
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
    local ran = run(2, "clean_up", { "--yes" }, { variables = { CLUMIO_API_TOKEN = TOKEN } })
    assert.equal("", ran.output)
  end)

  it("takes no option that it does not know", function()
    run(2, "clean_up", { "--no" })
  end)
end)
