-- What a user gets of a good answer: plain tables, null and empty arrays, methods, the response.

local answers = require "answers"
local child = require "child"
local cjson = require "cjson"
local coffer = require "coffer"
local interpreter = require "interpreter"
local loopback = require "loopback"
local providers = require "providers"
local server = require "server"

local clumio = providers.clumio

local function answered(case, changes)
  return assert(loopback.answer(case, { changes = changes }))
end

describe("a result", function()
  for _, case in ipairs(providers.calls) do
    it("has the fields of the answer by the provider's own names: " .. case.name, function()
      local result = answered(case)
      for name in pairs(cjson.decode(case.body())) do
        local value = rawget(result, name)
        assert.not_nil(value, "without " .. name)
      end
      for name in pairs(result) do
        assert.truthy(case.body():find('"' .. name .. '":', 1, true), "made up: " .. name)
      end
    end)
  end

  it("is a plain table: pairs, next, # and rawget do", function()
    local wallet = answered(clumio)
    assert.equal("table", type(wallet))
    assert.equal("w-1", rawget(wallet, "id"))
    assert.same({ "us-east-1", "us-west-2" }, wallet.supported_regions)
    assert.equal(2, #wallet.supported_regions)
  end)

  it("may be changed, as it is the caller's", function()
    local wallet = answered(clumio)
    wallet.note = "mine"
    wallet.state = nil
    assert.equal("mine", wallet.note)
    assert.is_nil(wallet.state)
  end)

  it("has field by field what lua-cjson can encode", function()
    local wallet = answered(clumio)
    assert.equal('"Waiting"', cjson.encode(wallet.state))
    assert.equal('["us-east-1","us-west-2"]', cjson.encode(wallet.supported_regions))
    assert.same(cjson.decode(clumio.body())._links, cjson.decode(cjson.encode(wallet._links)))
  end)

  it("reads as one line", function()
    assert.equal("clumio wallet w-1 (Waiting)", tostring(answered(clumio)))
    assert.equal("commvault vault vault-one", tostring(answered(providers.commvault)))
    assert.equal("ecl account 12345", tostring(answered(providers.ecl)))
    assert.equal("astra account 666a3f38-d4fa-5b62-a391-a69029758d32 (pending)",
      tostring(answered(providers.astra)))
  end)

  it("reads as one line whatever the provider put into it", function()
    local wallet = answered(clumio, { id = [["w\n\u001b[31m\u0000"]], state = "null" })
    assert.is_nil(tostring(wallet):find "%c")
  end)

  it("names its type", function()
    assert.equal("coffer.clumio.wallet", getmetatable(answered(clumio)).__name)
    assert.equal("coffer.ecl.account", getmetatable(answered(providers.ecl)).__name)
  end)

  it("knows what can be done with it, for an editor to complete", function()
    local wallet = answered(clumio)
    assert.equal("function", type(wallet.refresh))
    assert.equal("table", type(getmetatable(wallet).__index))
    assert.is_nil(rawget(wallet, "refresh"))
  end)

  it("says what it lacks where it cannot be named: wallet:keys()", function()
    local wallet = assert(loopback.answer(clumio, { body = '{"id":"w-1"}' }))
    local keys, failure, code = wallet:keys()
    assert.is_nil(keys)
    assert.equal("invalid", code)
    assert.equal("not_sent", failure.outcome)
    assert.matches("wallet:keys needs the thing's _links.list-wallet-keys.href",
      failure.message, 1, true)
  end)

  it("goes on where its client did, after that was let go: wallet:refresh()", function()
    local faulty <close> = server.start { { send = clumio.good(), finish = "keep" } }
    local wallet = assert(clumio.create(clumio.client(faulty.url)))
    collectgarbage()
    collectgarbage()
    assert.equal("w-1", assert(wallet:refresh()).id)
    assert.equal(providers.refresh.path, faulty:requests()[2].target)
  end)

  it("takes a call's options in its methods: wallet:refresh { timeout = … }", function()
    local faulty <close> = server.start { { send = clumio.good(), finish = "keep" },
      { finish = "hang" } }
    local wallet = assert(clumio.create(clumio.client(faulty.url, { attempts = 1 })))
    assert.equal("timeout", select(3, wallet:refresh { timeout = 0.2 }))
  end)

  it("is never hidden by an integer that was written as a real", function()
    local wallet = answered(clumio, { stack_version = "3.0" })
    assert.equal("integer", math.type(wallet.stack_version))
    assert.equal(3, wallet.stack_version)
  end)
end)

describe("a member that is null or absent", function()
  it("is nil where it is a documented one", function()
    local wallet = answered(clumio, { role_arn = "null", error_code = false, _links = "null" })
    for _, name in ipairs { "role_arn", "error_code", "_links" } do
      assert.is_nil(rawget(wallet, name), name)
    end
  end)

  it("is nil where it is a documented one, inside as well", function()
    local vault = answered(providers.commvault, {
      response = answers.vault_response { warningMessage = "null" },
    })
    assert.is_nil(vault.response.warningMessage)
  end)

  it("is coffer.null inside free-form values", function()
    local wallet = answered(clumio, { _embedded = '{"a":null,"b":[null,1]}', further = "null" })
    assert.equal(coffer.null, wallet._embedded.a)
    assert.equal(coffer.null, wallet._embedded.b[1])
    assert.equal(coffer.null, wallet.further)
    assert.equal('{"a":null}', cjson.encode { a = wallet._embedded.a })
  end)
end)

describe("an empty array", function()
  it("is an empty table", function()
    assert.same({}, answered(clumio).installed_regions)
    assert.equal(0, #answered(clumio).installed_regions)
  end)

  it("stays an array when it goes out again", function()
    local wallet = answered(clumio, { further = '{"a":[],"b":{}}' })
    local texts = loopback.write { wallet.further.a, wallet.further.b, wallet.installed_regions }
    assert.same({ "[]", "{}", "[]" }, texts)
  end)

  it("stays an array for a JSON library that has marks for them", function()
    local said = interpreter.run({}, [[
      local cjson = require "cjson"
      cjson.empty_array_mt = {}
      local coffer, loopback = require "coffer", require "loopback"
      local wallet = assert(loopback.answer(require("providers").clumio))
      return getmetatable(wallet.installed_regions) == cjson.empty_array_mt
    ]])
    assert.same({ true }, said)
  end)

  it("stays an array for one that the program loads behind its first client", function()
    local said = interpreter.run({}, [[
      local cjson, loopback = require "cjson", require "loopback"
      package.loaded.cjson = nil
      local case = require("providers").clumio
      assert(loopback.answer(case))
      local fork = { empty_array_mt = {}, array_mt = {}, encode = cjson.encode }
      package.loaded.cjson = fork
      local wallet = assert(loopback.answer(case))
      return getmetatable(wallet.installed_regions) == fork.empty_array_mt,
        loopback.write({ setmetatable({}, fork.array_mt) })[1]
    ]])
    assert.same({ true, "[]" }, said)
  end)

  it("stays a table where what is loaded as cjson has no marks", function()
    local said = interpreter.run({}, [[
      local loopback = require "loopback"
      local none = { empty_array = 5, array_mt = "x", empty_array_mt = print }
      for _, odd in ipairs { true, {}, none } do
        package.loaded.cjson = odd
        local wallet = assert(loopback.answer(require("providers").clumio))
        assert(#wallet.installed_regions == 0)
      end
      return true
    ]])
    assert.same({ true }, said)
  end)

  it("does not load a JSON library for it", function()
    local said = child.run(function()
      package.preload.cjson = function() error "cjson was loaded" end
      package.preload["cjson.safe"] = package.preload.cjson
      local client = assert(require("coffer").clumio { token = "t", base_url = "http://127.0.0.1:1",
        attempts = 1 })
      print(select(3, client:create_wallet "123456789012"), package.loaded.cjson,
        package.loaded["cjson.safe"])
    end)
    assert.equal("unreachable\tnil\tnil\n", said.output, said.errors)
  end)

  it("goes out as one where a caller marked it as lua-cjson does", function()
    local said = interpreter.run({}, [[
      local cjson, up = require "cjson"
      cjson.empty_array_mt, cjson.array_mt = {}, {}
      cjson.empty_array = debug.upvalueid(function() return up end, 1) -- a light userdata
      require "coffer"
      return table.unpack(require("loopback").write {
        setmetatable({}, cjson.empty_array_mt), setmetatable({}, cjson.array_mt),
        setmetatable({ 1, 2 }, cjson.array_mt), cjson.empty_array, {},
      })
    ]])
    assert.same({ "[]", "[]", "[1,2]", "[]", "{}" }, said)
  end)
end)

describe("a member that nobody knows", function()
  for _, case in ipairs(providers.calls) do
    it("is kept, whatever it is: " .. case.name, function()
      local result = answered(case, { further = '{"deep":[1,2.5,"x",true,null,{"a":[]}]}' })
      assert.same({ 1, 2.5, "x", true, coffer.null, { a = {} } }, result.further.deep)
      assert.equal("integer", math.type(result.further.deep[1]))
    end)
  end

  it("is kept inside documented objects as well", function()
    local response = answers.vault_response { further = "[7]" }
    local vault = answered(providers.commvault, { response = response })
    assert.same({ 7 }, vault.response.further)
  end)

  for _, name in ipairs { "keys", "wait", "refresh", "get", "delete" } do
    it("does not take a method's place, and is there with an underscore: " .. name, function()
      local wallet = answered(clumio, { [name] = '{"data":1}' })
      assert.equal("function", type(wallet[name]))
      assert.same({ data = 1 }, wallet[name .. "_"])
    end)
  end

  it("is called as it is where it is no method of this thing", function()
    assert.same({ data = 1 }, answered(providers.astra, { keys = '{"data":1}' }).keys)
  end)
end)

describe("coffer.response", function()
  it("gives the status, the headers by lower-case name and the raw bytes of a result", function()
    local wallet = answered(clumio)
    local response = coffer.response(wallet)
    assert.equal(200, response.status)
    assert.equal("integer", math.type(response.status))
    assert.equal(clumio.type, response.headers["content-type"])
    assert.equal(clumio.body(), response.body)
  end)

  it("joins the values of a header that came twice", function()
    local wallet = assert(loopback.answer(clumio, { headers = { "X-Hop: one", "x-hop: two" } }))
    assert.equal("one, two", coffer.response(wallet).headers["x-hop"])
  end)

  it("is the same for a failure that was answered", function()
    local failure = loopback.refuse(clumio, 403, '{"errors":[]}', { headers = { "X-Hop: one" } })
    local response = coffer.response(failure)
    assert.equal(403, response.status)
    assert.equal("one", response.headers["x-hop"])
    assert.equal('{"errors":[]}', response.body)
  end)

  it("has what came of an answer that was cut", function()
    local bytes = clumio.good()
    local faulty <close> = server.start { { send = bytes:sub(1, -20) } }
    local _, failure = clumio.create(clumio.client(faulty.url))
    assert.equal("unknown", failure.outcome)
    assert.equal(clumio.body():sub(1, -20), coffer.response(failure).body)
  end)

  it("is nil for a failure that was not answered", function()
    local faulty <close> = server.start {}
    local _, failure = clumio.create(clumio.client(faulty.url))
    assert.is_nil(coffer.response(failure))
  end)

  it("is nil for anything else", function()
    assert.is_nil(coffer.response {})
    assert.is_nil(coffer.response "text")
    assert.is_nil(coffer.response(nil))
  end)

  it("lasts as long as the result", function()
    local wallet = answered(clumio)
    collectgarbage()
    collectgarbage()
    assert.equal(clumio.body(), coffer.response(wallet).body)
  end)

  it("belongs to the part that was answered: partial results have both", function()
    local account, failure = loopback.answer(providers.ecl, { changes = { SecretKey = false } })
    assert.equal(coffer.response(account).body, coffer.response(failure).body)
  end)
end)
