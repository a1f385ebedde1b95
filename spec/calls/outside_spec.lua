-- JSON of any kind where a list, an item, a link, a token, a state or a job is due. What the core
-- lets through may become less strict: each case is asked of it, and of an answer that it has let
-- through as it came.

local answers = require "answers"
local client = require "coffer.client"
local coffer = require "coffer"
local pauses = require "pauses"
local providers = require "providers"
local server = require "server"

local VALUES = { "null", "true", "false", "1", "-1", "1.5", '"x"', '""', "[]", "{}", "[null]",
  "[[1]]", "[true,2]", '[{"a":null}]', '{"a":{"b":[null]}}', '["a","b","c","d"]' }

--- A value that the core has read without any schema.
local function free(json)
  local faulty <close> = server.start { answers.keep { body = ('{"value":%s}'):format(json) } }
  local wallets = providers.clumio.client(faulty.url)
  return assert(wallets:list_wallet_keys { href = faulty.url .. "/keys" }).value
end

--- Runs f while the operation gives this value.
local function answering(provider, operation, value, f)
  local methods = client.described(provider).methods
  local method = methods[operation]
  local _ <close> = setmetatable({}, { __close = function() methods[operation] = method end })
  methods[operation] = function()
    return value
  end
  return f()
end

--- It came to a result, or to a failure; answers both.
local function assert_told(is_done, result, failure)
  if not is_done then
    result, failure = nil, result
  end
  if result == nil then
    assert.equal("coffer.failure", (getmetatable(failure) or {}).__name, tostring(failure))
    assert.is_string(failure.message)
    assert.is_nil(tostring(failure):find "%c")
  end
  return result, failure
end

--- Gives the body of each place and value to f, on a name that says both.
local function each(places, f)
  for place, pattern in pairs(places) do
    for _, value in ipairs(VALUES) do
      local body = pattern:gsub("@", (value:gsub("%%", "%%%%")))
      f(("%s where %s is due"):format(value, place), body)
    end
  end
end

local function nothing() end

describe("odd answers", function()
  --- Whether an operation of the provider has this in its meaning.
  local function has(case, what)
    for _, operation in pairs(client.described(case.provider).operations) do
      if operation.meaning[what] then
        return true
      end
    end
    return false
  end

  for _, case in ipairs(providers.creates) do
    it("are there for what has pages: " .. case.provider, function()
      assert.equal(has(case, "pages"), case.odd_pages ~= nil)
    end)
  end

  it("are there for most providers", function()
    assert.is_true(#providers.where(function(case) return case.odd_pages end) >= 4)
    assert.is_true(#providers.where(function(case) return case.odd_waits end) >= 3)
  end)
end)

for _, case in ipairs(providers.where(function(case) return case.odd_pages end)) do
  local odd = case.odd_pages

  describe("the pages of " .. case.provider, function()
    local function all_of(client_of)
      local is_done, list, failure = pcall(function()
        return client_of[odd.method](client_of, odd.parameters):collect()
      end)
      assert_told(is_done, list, failure)
      for _, item in ipairs(list or {}) do
        assert.is_string(tostring(item))
      end
    end

    each(odd.places, function(title, body)
      it("bear " .. title, function()
        local order = answers.keep { body = body }
        local faulty <close> = server.start { order, order }
        all_of(case.client(faulty.url))
        answering(case.provider, odd.operation, free(body), function()
          all_of(case.client(faulty.url))
        end)
      end)
    end)
  end)
end

describe("an item that is no object", function()
  for _, value in ipairs { "null", "true", "false", "1", '"x"', "[]", '["a"]' } do
    it("is handed out as it came: " .. value, function()
      local page = free(('{"CVS3Stores":[%s,{"name":"b"}]}'):format(value))
      local seen = 0
      answering("commvault", "list_s3_vaults", page, function()
        for item in providers.commvault.client("http://127.0.0.1:1"):s3_vaults() do
          seen = seen + 1
          assert.equal(page.CVS3Stores[seen], item)
          if seen == 2 then
            break
          end
        end
      end)
      assert.equal(2, seen)
    end)
  end
end)

describe("a list", function()
  local function collected(body)
    return answering("clumio", "list_wallets", free(body), function()
      return providers.clumio.client("http://127.0.0.1:1"):wallets():collect()
    end)
  end

  for _, body in ipairs { "{}", '{"_embedded":null}', '{"_embedded":{}}',
    '{"_embedded":{"items":null}}', '{"_embedded":{"items":[]}}' } do
    it("is empty where the page is " .. body, function()
      assert.same({}, collected(body))
    end)
  end

  for _, body in ipairs { "5", '"x"', "[1]", '{"_embedded":5}', '{"_embedded":[{"items":[]}]}',
    '{"_embedded":{"items":true}}', '{"_embedded":{"items":"x"}}', '{"_embedded":{"items":{}}}',
    '{"_embedded":{"items":{"id":"a"}}}' } do
    it("is a failure where the page is " .. body, function()
      local list, failure, code = collected(body)
      assert.same({ "unknown", "protocol" }, { failure.outcome, code })
      assert.is_nil(list)
    end)
  end

  for _, links in ipairs { "5", "true", "[1]", '{"_next":"/wallets?start=2"}', '{"_next":false}',
    '{"_next":{"href":2}}', '{"_next":{"href":["/wallets?start=2"]}}' } do
    it("is not taken for whole where the links are " .. links, function()
      local _, failure = collected(('{"_embedded":{"items":[]},"_links":%s}'):format(links))
      assert.equal("protocol", failure.code)
      assert.truthy(failure.message:find("the link to the next page", 1, true))
    end)
  end
end)

local waiting = providers.where(function(case) return case.odd_waits end)

for _, case in ipairs(waiting) do
  local odd = case.odd_waits

  describe("waiting at " .. case.provider, function()
    each(odd.places, function(title, body)
      it("bears " .. title, function()
        local order = answers.keep { body = body, type = "application/json" }
        local faulty <close> = server.start { { send = case.good(), finish = "keep" },
          table.unpack { order, order, order } }
        local _ <close> = pauses.skip()
        local thing = assert(case.create(case.client(faulty.url)))
        local options = { timeout = 0.05, interval = 0.001, on_progress = nothing }
        assert_told(pcall(thing.wait, thing, options))
        answering(case.provider, odd.operation, free(body), function()
          assert_told(pcall(thing.wait, thing, options))
        end)
      end)
    end)
  end)
end

describe("a state that is absent or null", function()
  for _, case in ipairs(waiting) do
    for _, body in ipairs(case.odd_waits.absent) do
      it(("is told at once: %s %s"):format(case.provider, body), function()
        local faulty <close> = server.start { { send = case.good(), finish = "keep" } }
        local thing = assert(case.create(case.client(faulty.url)))
        answering(case.provider, case.odd_waits.operation, free(body), function()
          local _, failure = thing:wait { timeout = 600 }
          assert.same({ "unknown", "protocol", 1 },
            { failure.outcome, failure.code, failure.attempts })
          assert.truthy(failure.message:find("its answer tells", 1, true))
        end)
      end)
    end
  end
end)

describe("a state of another type", function()
  for value, shown in pairs { ["5"] = "5", ["1.5"] = "1.5", ["true"] = "true", ["false"] = "false",
    ["[]"] = "a table", ['{"a":1}'] = "a table", ['""'] = '""', ['"Sleeping"'] = '"Sleeping"' } do
    it("is told with its text: " .. value, function()
      local case = providers.clumio
      local faulty <close> = server.start { { send = case.good(), finish = "keep" } }
      local wallet = assert(case.create(case.client(faulty.url)))
      answering("clumio", "refresh_wallet", free(('{"state":%s}'):format(value)), function()
        local _, failure = wallet:wait { timeout = 600 }
        assert.same({ "unknown", "protocol" }, { failure.outcome, failure.code })
        assert.truthy(failure.message:find("its state is " .. shown .. ",", 1, true),
          failure.message)
      end)
    end)
  end
end)

describe("a single page with names for rows", function()
  for _, value in ipairs(VALUES) do
    it("bears " .. value .. " where a row is due", function()
      local faulty <close> = server.start { answers.keep {
        body = ('{"items":[%s,["a","b"]],"metadata":{}}'):format(value) } }
      local accounts = providers.astra.client(faulty.url)
      local page = assert_told(pcall(accounts.list_accounts, accounts, { include = "id,name" }))
      assert.is_true(page == nil or #page.items == 2)
    end)
  end

  it("keeps what a row has more than was asked for", function()
    local faulty <close> = server.start { answers.keep {
      body = '{"items":[["a","b","c"]],"metadata":{}}' } }
    local page = assert(providers.astra.client(faulty.url):list_accounts { include = "id,name" })
    assert.same({ id = "a", name = "b", [3] = "c" }, page.items[1])
  end)

  it("may be asked for with null names", function()
    local faulty <close> = server.start { answers.keep { body = '{"items":[],"metadata":{}}' } }
    assert(providers.astra.client(faulty.url):list_accounts { include = coffer.null })
  end)
end)

describe("the methods of a thing", function()
  --- Calls each method of the thing; none may raise anything but a failure.
  local function call_all(thing, methods)
    for _, name in ipairs(methods) do
      local options = name == "wait" and { timeout = 0.02, interval = 0.01 } or nil
      local is_done, result, failure = pcall(thing[name], thing, options)
      assert.is_true(is_done, name .. ": " .. tostring(result))
      assert_told(is_done, result, failure)
    end
  end

  for _, case in ipairs(providers.where(function(case) return case.odd_id end)) do
    for _, value in ipairs(VALUES) do
      it(("bear an id %s: %s"):format(value, case.provider), function()
        local faulty <close> = server.start { { send = case.good(), finish = "keep" },
          answers.refusal(404) }
        local thing = assert(case.create(case.client(faulty.url)))
        rawset(thing, case.odd_id.member, free(value))
        call_all(thing, case.odd_id.methods)
      end)
    end
  end

  each({ ["links"] = "@", ["a link"] = '{"list-wallet-keys":@}',
    ["a link's address"] = '{"list-wallet-keys":{"href":@}}' }, function(title, links)
    it("bear " .. title, function()
      local case = providers.clumio
      local faulty <close> = server.start { { send = case.good(), finish = "keep" } }
      local wallet = assert(case.create(case.client(faulty.url)))
      rawset(wallet, "_links", free(links))
      call_all(wallet, { "keys" })
    end)
  end)
end)
