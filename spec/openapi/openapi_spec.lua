-- What coffer sends, held against OpenAPI texts of the four APIs by Prism, which knows nothing of
-- coffer: 200 inputs of each provider. And what Prism makes up as answers is read.
--
-- The texts are written from the providers' pages, not from coffer's data. tools/openapi.sh gets
-- Prism and runs this.

local coffer = require "coffer"
local process = require "process"

local INPUTS = 200
local SEED = 20191004

local modules = "build/openapi/node_modules"
local here = "spec/openapi/"

local function is_there()
  local file = io.open(modules .. "/@stoplight/prism-cli/package.json")
  return file ~= nil and file:close()
end

local function start(provider)
  if not is_there() then
    pending "Prism is not there: tools/openapi.sh gets it"
  end
  local gate = process.start(("node %sgate.js %s %s%s.yaml"):format(here, process.quote(modules),
    here, provider))
  local port = assert(gate:line(), "Prism did not start")
  return gate, "http://127.0.0.1:" .. port
end

-- Inputs -----------------------------------------------------------------------------------------

local letters = { "a", "Z", "0", " ", "-", "_", ".", "~", "'", '"', "\\", "/", "?", "#", "&", "=",
  "+", "%", "<", ">", "{", "}", "[", "]", "|", "^", "`", "$", "!", "*", "(", ")", ",", ";", ":",
  "@", "é", "ß", "漢", "😀", "\n", "\t", "\0", "\127" }

local function pick(list)
  return list[math.random(#list)]
end

local function text(most, least)
  local parts = {}
  for i = 1, math.random(least or 1, most) do
    parts[i] = pick(letters)
  end
  return table.concat(parts)
end

--- A text that may stand in a path: Prism decodes and matches it, so it has no slash, no controls.
local function segment()
  return (text(40):gsub("[%c\127/]", "-"):gsub("^%.+$", "x"))
end

local function digits(count)
  local parts = {}
  for i = 1, count do
    parts[i] = math.random(0, 9)
  end
  return table.concat(parts)
end

local function hex(count)
  local parts = {}
  for i = 1, count do
    parts[i] = ("%x"):format(math.random(0, 15))
  end
  return table.concat(parts)
end

local function uuid()
  return table.concat({ hex(8), hex(4), "4" .. hex(3), "8" .. hex(3), hex(12) }, "-")
end

local function int32()
  return pick { 0, 1, -1, 7, 2147483647, -2147483648, math.random(1 << 31) - 1 }
end

local function maybe(make, ...)
  if math.random(2) == 1 then
    return make(...)
  end
end

local function several(make)
  local list = {}
  for i = 1, math.random(0, 4) do
    list[i] = make()
  end
  return list
end

local function flag()
  return math.random(2) == 1
end

local function date()
  return ("20%02d-%02d-%02d"):format(math.random(0, 30), math.random(1, 12), math.random(1, 28))
end

local function labels()
  return { labels = several(function() return { name = text(20), value = text(20) } end) }
end

local function short(most)
  return function()
    local made
    repeat
      made = text(most or 63)
    until utf8.len(made) <= (most or 63) and #made > 0
    return made
  end
end

local inputs = {}

inputs.clumio = {
  { "create_wallet", function()
    return { account_native_id = digits(12), aws_region = maybe(text, 20) }
  end },
  { "refresh_wallet", segment },
  { "list_wallets", function()
    return { limit = maybe(math.random, 1, 1000), start = maybe(text, 30) }
  end },
  { "get_wallet", segment },
  { "delete_wallet", segment },
}

inputs.commvault = {
  { "create_s3_vault", function()
    return {
      bucket = { clientName = text(40) }, plan = { planId = int32(), planName = text(40) },
      cvs3Endpoints = maybe(several, function()
        return { clientId = int32(), clientName = maybe(text, 20, 0) }
      end),
      owners = maybe(several, function() return { userId = int32() } end),
      userGroups = maybe(several, function() return { userGroupId = int32(), __type__ = 15 } end),
      rotateKeys = maybe(flag),
    }
  end },
  { "list_s3_vaults", function()
    return { hardRefresh = maybe(flag), start = maybe(math.random, 0, 500),
      limit = maybe(math.random, 1, 500), fl = maybe(text, 20) }
  end },
  { "get_job", function() return pick { 1, 12345, 9007199254740991, math.random(1 << 40) } end },
  { "list_plans", function() end },
  { "login", function()
    return { username = text(20), password = text(30, 0), domain = maybe(text, 10),
      commserver = maybe(text, 10), timeout = maybe(int32), deviceId = maybe(text, 10) }
  end },
  { "renew_token", function()
    return { sessionId = coffer.secret("QSDK " .. hex(64)), deviceId = maybe(text, 10) }
  end },
  { "logout", function() end },
  { "renew_access_token", function()
    return { accessToken = hex(64), refreshToken = coffer.secret(hex(64)) }
  end },
}

inputs.ecl = {
  { "create_account", function() return { tenant_id = maybe(segment) } end },
  { "create_user", function() return { tenant_id = maybe(segment), UserName = text(30) } end },
  { "list_utilizations", function()
    return { acct_num = math.random(1 << 40), from = date(), to = date(),
      include_regional_utilizations = maybe(flag) }
  end },
  { "issue_token", function()
    return { auth = {
      identity = { methods = { "password" }, password = {
        user = { domain = {}, name = text(20), password = coffer.secret(text(20)) },
      } },
      scope = { project = { id = hex(32) } },
    } }
  end },
}

inputs.astra = {
  { "create_account", function() return { name = short()(), metadata = maybe(labels) } end },
  { "list_accounts", function()
    return { filter = maybe(text, 30), orderBy = maybe(text, 10), limit = maybe(math.random, 1, 99),
      skip = maybe(math.random, 1, 99), count = maybe(function() return "true" end),
      continue = maybe(text, 20) }
  end },
  { "get_account", uuid },
  { "update_account", function()
    local phone = short(31)
    return {
      account_id = uuid(), id = maybe(uuid), name = maybe(short()), ["If-Match"] = maybe(function()
        return '"' .. hex(32) .. '"'
      end),
      state = maybe(pick, { "pending", "active", "deletePending" }),
      isEnabled = maybe(pick, { "true", "false" }), metadata = maybe(labels),
      accountContact = maybe(function()
        return {
          firstName = maybe(short()), lastName = maybe(short()), companyName = maybe(short()),
          email = maybe(short()), phone = maybe(phone),
          postalAddress = maybe(function()
            return { addressCountry = pick { "DE", "US", "GB" }, addressLocality = short()(),
              addressRegion = short()(), postalCode = phone(), streetAddress1 = short()(),
              streetAddress2 = maybe(short()) }
          end),
        }
      end),
    }
  end },
  { "delete_account", uuid },
}

local options = {
  clumio = { token = "t", organizational_unit = "00000000-0000-0000-0000-000000000000" },
  commvault = { token = "t" },
  ecl = { token = "t", tenant_id = "9ee80f2a926c49f88f166af47df4e9f5" },
  astra = { token = "t" },
}

local function client_of(provider, url)
  local given = { base_url = url, attempts = 1 }
  for name, value in pairs(options[provider]) do
    given[name] = value
  end
  if provider == "ecl" then
    given.base_url = url .. "/ecl-objectstorage"
    given.api_key, given.api_secret, given.keystone_url = "k", "s", url .. "/keystone/v3"
  end
  return assert(coffer[provider](given))
end

--- What Prism said of a request that it would not have; nil for an answer of the provider's.
local function violation(result, failure)
  local response = coffer.response(result) or coffer.response(failure)
  if result == nil and not response then
    return "not answered: " .. tostring(failure)
  elseif response and response.status >= 300 then
    return response.status .. " " .. response.body
  end
end

--- Calls all operations in turn, with inputs of this seed; `judge` tells what is wrong.
local function run(provider, url, seed, judge)
  local client, kinds, wrong = client_of(provider, url), inputs[provider], {}
  math.randomseed(seed)
  for i = 1, INPUTS do
    local operation, make = table.unpack(kinds[(i - 1) % #kinds + 1])
    local said = judge(client[operation](client, make()))
    wrong[#wrong + 1] = said and ("%d %s: %s"):format(i, operation, said)
  end
  return wrong
end

for provider in pairs(inputs) do
  describe("200 generated inputs of " .. provider, function()
    local gate, url

    local function open()
      if not gate then
        gate, url = start(provider)
      end
      return url
    end

    teardown(function()
      if gate then
        gate:stop()
      end
    end)

    it("do not violate the text of its API", function()
      assert.same({}, run(provider, open(), SEED, violation))
    end)

    it("are answered by what Prism makes up, and it is read", function()
      assert.same({}, run(provider, open(), SEED + 1, function(result, failure)
        if result == nil then
          return tostring(failure) .. " " .. (coffer.response(failure) or { body = "" }).body
        end
      end))
    end)
  end)
end

describe("Prism", function()
  it("sees a violation", function()
    local gate <close>, url = start "astra"
    assert(gate)
    local client = client_of("astra", url)
    local result, failure = client:create_account("name", { extra = { further = true } })
    assert.is_nil(result)
    assert.equal(422, failure.status)
    assert.matches("further", coffer.response(failure).body)
    result, failure = client:get_account "no-uuid"
    assert.is_nil(result)
    assert.equal(422, failure.status)
  end)
end)
