-- Bad input, as a user meets it: every problem at once, each with its path, and nothing is sent.

local answers = require "answers"
local coffer = require "coffer"
local loopback = require "loopback"
local providers = require "providers"

local clumio, commvault, astra = providers.clumio, providers.commvault, providers.astra

local asked = answers.asked

local function wallet(parameters)
  return function(client)
    return client:create_wallet(parameters)
  end
end

--- A vault's parameters, with changes.
local function vault(changes)
  local parameters = {
    bucket = { clientName = "vault-one" },
    plan = { planId = 7, planName = "Server plan" },
  }
  for name, value in pairs(changes) do
    parameters[name] = value
  end
  return function(client)
    return client:create_s3_vault(parameters)
  end
end

local function account(parameters)
  return function(client)
    return client:create_account(parameters)
  end
end

--- The message of the one problem there is.
local function problem(case, call, field)
  local failure = loopback.refused(case, call)
  assert.equal(1, #failure.details, tostring(failure))
  assert.equal(field, failure.details[1].field)
  return failure.details[1].message
end

describe("an input with problems", function()
  local many = vault {
    bucket = { clientname = "vault-one" },
    plan = { planId = "7", planName = "" },
    owners = { { userId = 1 }, { userId = 1.5, __type__ = 15 } },
    userGroups = { {} },
    rotateKeys = "yes",
    bukcet = {},
  }

  it("is told of all of them at once, each by its path", function()
    local failure = loopback.refused(commvault, many)
    local fields = {}
    for _, detail in ipairs(failure.details) do
      assert.equal("string", type(detail.message))
      assert.is_nil(detail.code)
      fields[#fields + 1] = detail.field
    end
    table.sort(fields)
    assert.same({
      "bucket.clientName", "bucket.clientname", "bukcet", "owners[2].__type__",
      "owners[2].userId", "plan.planId", "plan.planName", "rotateKeys",
      "userGroups[1].userGroupId",
    }, fields)
  end)

  it("fails with the fields of every failure", function()
    local failure = loopback.refused(commvault, many)
    assert.equal("commvault", failure.provider)
    assert.equal("create_s3_vault", failure.operation)
    assert.equal(0, failure.attempts)
    assert.is_nil(failure.status)
    assert.is_nil(coffer.response(failure))
  end)

  it("reads as one line that names the first of them", function()
    local line = tostring(loopback.refused(commvault, many))
    assert.matches("^commvault create_s3_vault: bucket.clientName is required; .* %[invalid%]$",
      line)
    assert.matches("and 6 more", line, 1, true)
  end)

  it("is told of a problem of extra together with them", function()
    local failure = loopback.refused(clumio, function(client)
      return client:create_wallet({}, { extra = { further = print } })
    end)
    assert.truthy(loopback.detail(failure, "account_native_id"))
    assert.truthy(loopback.detail(failure, "extra.further"))
  end)
end)

describe("a parameter that the operation does not know", function()
  local misspelt = {
    { "clumio create_wallet", clumio, "aws_regoin", "aws_region",
      wallet { account_native_id = asked.account_native_id, aws_regoin = "us-east-1" } },
    { "commvault create_s3_vault", commvault, "rotatekeys", "rotateKeys",
      vault { rotatekeys = true } },
    { "commvault create_s3_vault", commvault, "plan.planid", "planId",
      vault { plan = { planId = 7, planName = "x", planid = 7 } } },
    { "astra create_account", astra, "nmae", "name", account { name = "x", nmae = "x" } },
    { "ecl create_account", providers.ecl, "tenantid", "tenant_id", account { tenantid = "x" } },
    { "clumio refresh_wallet", providers.refresh, "walletid", "wallet_id", function(client)
      return client:refresh_wallet { wallet_id = "w-1", walletid = "w-1" }
    end },
  }

  for _, row in ipairs(misspelt) do
    local name, case, wrong, right, call = table.unpack(row)
    it(("is a problem, with the one that was meant: %s %s"):format(name, wrong), function()
      assert.equal(("is not known (did you mean '%s'?)"):format(right), problem(case, call, wrong))
    end)
  end

  it("is a problem that says so where it is an option", function()
    local homes = { timeout = "a call, in its second table",
      lock = "ensure_..., in its second table", interval = "wait" }
    for name, home in pairs(homes) do
      local call = wallet { account_native_id = asked.account_native_id, [name] = 3 }
      assert.equal(("is not known (it is an option of %s)"):format(home),
        problem(clumio, call, name))
    end
  end)

  it("is a problem without a guess where none is near", function()
    assert.equal("is not known", problem(astra, account { name = "x", state = "active" }, "state"))
  end)

  it("is a problem where it is no name, with one that it can have", function()
    local failure = loopback.refused(clumio, wallet { asked.account_native_id })
    assert.equal("has no name: write account_native_id = ...",
      loopback.detail(failure, "[1]").message)
  end)

  it("is a problem where it is no name, inside a parameter too", function()
    local failure = loopback.refused(commvault, vault { bucket = { "backups" } })
    assert.equal("has no name: write clientName = ...",
      loopback.detail(failure, "bucket[1]").message)
  end)

  it("is a problem where its name is no string", function()
    local failure = loopback.refused(clumio, wallet { [true] = asked.account_native_id })
    assert.matches("^has no name", loopback.detail(failure, "[...]").message)
  end)
end)

describe("account_native_id", function()
  local wrong = {
    ["11 digits"] = "12345678901",
    ["13 digits"] = "1234567890123",
    ["a letter"] = "12345678901a",
    ["a blank"] = "12345678901 ",
    ["a line end"] = "123456789012\n",
    ["a NUL"] = "123456789012\0",
    ["hyphens"] = "1234-5678-9012",
    ["a sign"] = "+12345678901",
    ["other scripts' digits"] = ("\u{661}"):rep(12),
    ["nothing"] = "",
    ["a number"] = 123456789012,
    ["a real"] = 123456789012.0,
    ["true"] = true,
    ["a table"] = { "123456789012" },
  }

  for what, value in pairs(wrong) do
    it("has to be 12 digits in a string, and is not: " .. what, function()
      local message = problem(clumio, wallet { account_native_id = value }, "account_native_id")
      assert.matches("12 digits in a string", message, 1, true)
    end)
  end

  it("is refused as a bare number as well", function()
    problem(clumio, wallet(123456789012), "account_native_id")
  end)

  it("keeps its leading zeros", function()
    local seen = loopback.sent(clumio, function(client)
      client:create_wallet "000000000012"
      return true
    end)
    assert.equal("000000000012", seen.fields.account_native_id)
  end)

  it("is required", function()
    assert.equal("is required", problem(clumio, wallet {}, "account_native_id"))
    assert.equal("is required", problem(clumio, wallet(nil), "account_native_id"))
  end)

  it("is required where it is null", function()
    local parameters = { account_native_id = coffer.null }
    assert.equal("is required", problem(clumio, wallet(parameters), "account_native_id"))
  end)
end)

describe("an id in a path", function()
  for name, id in pairs { empty = "", ["."] = ".", [".."] = "..", ["a line end"] = "w\r\n",
    ["a NUL"] = "w\0", ["a tab"] = "w\t1", DEL = "w\127" } do
    it("is refused before anything is sent: " .. name, function()
      problem(providers.refresh, function(client)
        return client:refresh_wallet(id)
      end, "wallet_id")
    end)
  end

  it("is refused where it is a number, and where it is missing", function()
    for _, id in ipairs { 5, {} } do
      problem(providers.refresh, function(client)
        return client:refresh_wallet { wallet_id = type(id) == "number" and id or nil }
      end, "wallet_id")
    end
  end)

  it("is refused where a call gives one in the client's place: tenant_id", function()
    problem(providers.ecl, account { tenant_id = ".." }, "tenant_id")
  end)
end)

describe("an integer", function()
  local wrong = {
    { "a fraction", 7.5, "must be an integer, without a fraction" },
    { "not a number", 0 / 0, "must be an integer, without a fraction" },
    { "infinity", math.huge, "must be an integer, without a fraction" },
    { "a numeric string", "7", "must be an integer, got string" },
    { "true", true, "must be an integer, got boolean" },
    { "above int32", 2147483648, "must be a 32-bit integer" },
    { "below int32", -2147483649, "must be a 32-bit integer" },
    { "above int32 as a real", 2147483648.0, "must be a 32-bit integer" },
    { "above int64", 2.0 ^ 63, "must be an integer, without a fraction" },
  }

  for _, row in ipairs(wrong) do
    it("has to be whole and in range, and is not: " .. row[1], function()
      local call = vault { plan = { planId = row[2], planName = "x" } }
      assert.equal(row[3], problem(commvault, call, "plan.planId"))
    end)
  end

  for _, value in ipairs { 0, -1, 2147483647, -2147483648 } do
    it("goes out exactly: " .. value, function()
      local seen = loopback.sent(commvault, vault { plan = { planId = value, planName = "x" } })
      assert.matches(('"planId":%d,'):format(value), seen.body, 1, true)
    end)
  end

  it("goes out without a fraction where it is a whole real", function()
    local seen = loopback.sent(commvault, vault { plan = { planId = 7.0, planName = "x" } })
    assert.matches('"planId":7,', seen.body, 1, true)
  end)
end)

describe("a list", function()
  it("may be empty, and stays one", function()
    local seen = loopback.sent(commvault, vault { cvs3Endpoints = {}, owners = {} })
    assert.matches('"cvs3Endpoints":[],"owners":[]', seen.body, 1, true)
  end)

  it("goes out in order", function()
    local seen = loopback.sent(commvault, vault { cvs3Endpoints = {
      { clientId = 3, clientName = "c" }, { clientId = 1 }, { clientId = 2 },
    } })
    assert.matches('[{"clientId":3,"clientName":"c"},{"clientId":1},{"clientId":2}]', seen.body, 1,
      true)
  end)

  local wrong = {
    ["one item itself"] = { userId = 1 },
    ["a string"] = "1",
    ["a list with a hole"] = { { userId = 1 }, nil, { userId = 3 } },
    ["a list with a name"] = { { userId = 1 }, count = 1 },
  }

  for what, value in pairs(wrong) do
    it("is refused where it is none: " .. what, function()
      assert.matches("list", problem(commvault, vault { owners = value }, "owners"))
    end)
  end

  it("names the item that is wrong, counted from 1", function()
    local call = vault { owners = { { userId = 1 }, { userId = 2 }, { userId = "3" } } }
    problem(commvault, call, "owners[3].userId")
  end)
end)

describe("an optional parameter", function()
  it("is not sent where it is nil", function()
    local seen = loopback.sent(clumio, wallet { account_native_id = asked.account_native_id })
    assert.equal('{"account_native_id":"123456789012"}', seen.body)
  end)

  it("is not sent where it is null", function()
    local seen = loopback.sent(clumio, wallet {
      account_native_id = asked.account_native_id, aws_region = coffer.null,
    })
    assert.equal('{"account_native_id":"123456789012"}', seen.body)
  end)

  it("is sent where it is false", function()
    local seen = loopback.sent(commvault, vault { rotateKeys = false })
    assert.is_false(seen.fields.rotateKeys)
  end)
end)

describe("a text", function()
  it("arrives byte by byte: blanks, quotes, controls, NUL, other scripts", function()
    local name = " \"\\/\0\1\31\127\u{e9}\u{20ac}\u{1f512}<&> "
    local seen = loopback.sent(commvault, vault { bucket = { clientName = name } })
    assert.equal(name, seen.fields.bucket.clientName)
  end)

  for what, bytes in pairs { ["a lone byte"] = "\xff", ["an overlong form"] = "\xc0\xaf",
    ["a surrogate"] = "\xed\xa0\x80", ["a cut sequence"] = "\xe2\x82" } do
    it("is refused where it is no UTF-8: " .. what, function()
      local call = vault { bucket = { clientName = "a" .. bytes } }
      assert.equal("must be UTF-8", problem(commvault, call, "bucket.clientName"))
    end)
  end

  it("is refused where it is a number", function()
    local call = vault { bucket = { clientName = 5 } }
    assert.matches("got number", problem(commvault, call, "bucket.clientName"))
  end)

  it("is refused where it is a secret", function()
    local call = vault { bucket = { clientName = coffer.secret "hush" } }
    problem(commvault, call, "bucket.clientName")
  end)
end)

describe("an input without problems", function()
  it("goes out in the order of the documents, whatever the table's", function()
    local seen = loopback.sent(commvault, vault {
      rotateKeys = true, userGroups = { { userGroupId = 2 } }, owners = { { userId = 1 } },
      cvs3Endpoints = { { clientName = "c", clientId = 5 } },
    })
    assert.equal('{"bucket":{"clientName":"vault-one"},'
      .. '"plan":{"planId":7,"planName":"Server plan"},'
      .. '"cvs3Endpoints":[{"clientId":5,"clientName":"c"}],'
      .. '"owners":[{"userId":1,"__type__":13}],'
      .. '"userGroups":[{"userGroupId":2,"__type__":15}],"rotateKeys":true}', seen.body)
  end)
end)

describe("a very long name", function()
  local long = ("né"):rep(400000)

  local function message_of(call, ...)
    local is_done, message = pcall(call, ...)
    assert.is_false(is_done)
    return tostring(message)
  end

  local asks = {
    ["as an option of a client"] = function() coffer.clumio { token = "t", [long] = 1 } end,
    ["as a region"] = function() coffer.clumio { token = "t", region = long } end,
    ["as an option of a call"] = function(client) client:create_wallet("1", { [long] = 1 }) end,
    ["as a call"] = function(client) client:request(long) end,
    ["as an option of a wait for many"] = function()
      coffer.map({}, function() end, { [long] = 1 })
    end,
  }

  for what, ask in pairs(asks) do
    it("is refused shortly, " .. what, function()
      local client = assert(coffer.clumio { base_url = "http://127.0.0.1:1", token = "t" })
      local message = message_of(ask, client)
      assert.is_true(#message < 700, #message)
      assert.is_truthy(utf8.len(message))
      assert.matches("nén", message)
    end)
  end

  it("is cut in what is told of a parameter", function()
    local failure = loopback.refused(providers.clumio, function(client)
      return client:create_wallet { account_native_id = "123456789012", [long] = 1 }
    end)
    assert.is_true(#failure.details[1].field < 100)
    assert.equal("is not known", failure.details[1].message)
    assert.is_truthy(utf8.len(failure.details[1].field))
  end)
end)
