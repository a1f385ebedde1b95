-- ensure: look, create, and where nobody knows look again. What the caller is told is held against
-- what the server executed.

local answers = require "answers"
local expect = require "expect"
local lists = require "lists"
local nginx = require "nginx"
local pauses = require "pauses"
local providers = require "providers"
local server = require "server"
local socket = require "socket"

local clumio, commvault = providers.clumio, providers.commvault
local ecl, astra = providers.ecl, providers.astra

local ensurable = providers.where(function(case) return case.ensure end)
local listed = providers.where(function(case) return case.ensure and case.list end)

--- Those who would take a second create of the same, and those who refuse it.
local doubled = providers.where(function(case) return case.ensure and not case.refuses_second end)
local refusing = providers.where(function(case) return case.ensure and case.refuses_second end)

local refusal = answers.refusal

local function keeping(case, options)
  return { send = case.good(options), finish = "keep" }
end

--- Executes the create, and the answer tells nothing.
local function failing(status)
  return answers.keep { status = status, body = "{}" }
end

local LOST = {} -- executed, and the connection closed without an answer

--- What a careful provider does: a second create meets what the first has made.
local function first_or_conflict(case, first)
  return { { created = lists.conflict(case), absent = first } }
end

local function start(case, creates)
  return server.start(lists.orders(case, creates))
end

--- A server that has a list of things and takes no create.
local function with_list(case, ...)
  local list = lists[case.provider]
  return server.start {
    paths = { ["GET " .. list.path] = { lists.keep(list, { ... }) } }, { executes = false },
  }
end

local function posts(faulty)
  local count = 0
  for _, request in ipairs(faulty:requests()) do
    count = count + (request.method == "POST" and 1 or 0)
  end
  return count
end

--- It is there, and ensure says this word.
local function assert_there(case, word, thing, told, trouble)
  assert(thing, tostring(told))
  assert.equal(word, told)
  local recognise = word ~= "created" and case.recognise_found or case.recognise
  assert.is_true(recognise(thing))
  if case.found_lacks and word ~= "created" then
    assert.same({ "partial", case.ensure }, { trouble.code, trouble.operation })
  else
    assert.is_nil(trouble)
  end
end

describe("ensure", function()
  for _, case in ipairs(ensurable) do
    it("creates what is not there: " .. case.name, function()
      local faulty <close> = start(case, { keeping(case) })
      assert_there(case, "created", lists.ensure(case, case.client(faulty.url)))
      assert.equal(1, faulty:creates())
    end)

    it("finds what is there, and a second time as well: " .. case.name, function()
      local faulty <close> = start(case, first_or_conflict(case, keeping(case)))
      local client = case.client(faulty.url)
      assert_there(case, "created", lists.ensure(case, client))
      assert_there(case, "found", lists.ensure(case, client))
      assert_there(case, "found", lists.ensure(case, client))
      assert.equal(1, faulty:creates())
    end)

    it("tells what a refused create tells: " .. case.name, function()
      local faulty <close> = start(case, { refusal(403) })
      local failure = expect.failure("refused", "forbidden",
        lists.ensure(case, case.client(faulty.url)))
      assert.equal(case.operation, failure.operation)
      assert.equal(0, faulty:creates())
      assert.equal(1, posts(faulty))
    end)

    it("hands a 429 back that asks for more time than is left: " .. case.name, function()
      local faulty <close> = start(case, { refusal(429, { "Retry-After: 30" }) })
      local slept <close> = pauses.skip()
      local failure = expect.failure("refused", "throttled",
        lists.ensure(case, case.client(faulty.url, { attempts = 3 }), { deadline = 20 }))
      assert.equal(30, failure.retry_after)
      assert.equal(0, #slept)
      assert.equal(1, posts(faulty))
    end)
  end

  for _, case in ipairs(listed) do
    it("sends no create where it finds the thing: " .. case.name, function()
      local faulty <close> = with_list(case, lists[case.provider].item())
      assert_there(case, "found", lists.ensure(case, case.client(faulty.url)))
      assert.equal(0, posts(faulty))
    end)

    it("sends no create where it finds two, and names them: " .. case.name, function()
      local list = lists[case.provider]
      local faulty <close> = with_list(case, table.unpack(list.two))
      local failure = expect.failure("not_sent", "conflict",
        lists.ensure(case, case.client(faulty.url)))
      assert.truthy(failure.message:find(list.two_are_named, 1, true))
      assert.is_table(failure.key)
      assert.equal(0, posts(faulty))
    end)

    it("sends no create where it cannot look: " .. case.name, function()
      local list = lists[case.provider]
      local rows = {
        { failing(500), "not_sent", "unavailable" },
        { { finish = "reset" }, "not_sent", "unreachable" },
        { failing(403), "refused", "forbidden" },
        { answers.keep { body = "{" }, "not_sent", "protocol" },
      }
      for _, row in ipairs(rows) do
        local faulty <close> = server.start { paths = { ["GET " .. list.path] = { row[1] } } }
        local failure = expect.failure(row[2], row[3], lists.ensure(case, case.client(faulty.url)))
        assert.is_true(failure.operation:find("^list_") ~= nil)
        assert.matches("^the look for it failed: ", failure.message)
        assert.equal(0, posts(faulty))
      end
    end)

    it("passes over things of another key: " .. case.name, function()
      local list = lists[case.provider]
      local faulty <close> = server.start {
        paths = { ["GET " .. list.path] = { lists.keep(list, { list.other }) } }, keeping(case),
      }
      assert_there(case, "created", lists.ensure(case, case.client(faulty.url)))
      assert.equal(1, faulty:creates())
    end)
  end

  it("looks at every page", function()
    local list, here = lists.clumio, "GET /wallets"
    local faulty <close> = server.start { paths = { [here] = {
      lists.keep(list, { list.item("a", "111111111111") }, "/wallets?start=two"),
      lists.keep(list, {}, "/wallets?start=three"),
      lists.keep(list, { list.item("b", "222222222222"), list.item() }),
    } } }
    assert_there(clumio, "found", lists.ensure(clumio, clumio.client(faulty.url)))
    assert.equal(3, #faulty:requests())
  end)

  it("keeps wallets of other regions apart where a region is given", function()
    local function wallet(id, region)
      return answers.wallet { id = ('"%s"'):format(id), aws_region = ('"%s"'):format(region) }
    end
    local faulty <close> = with_list(clumio, wallet("east", "us-east-1"),
      wallet("west", "us-west-2"))
    local client = clumio.client(faulty.url)
    local account = answers.asked.account_native_id
    local found, word = client:ensure_wallet { account_native_id = account,
                                               aws_region = "us-west-2" }
    assert.same({ "west", "found" }, { found.id, word })
    expect.failure("not_sent", "conflict", client:ensure_wallet(account))
    expect.failure("not_sent", "conflict", client:ensure_wallet { account_native_id = account,
      aws_region = require("coffer").null })
  end)

  it("reports an invalid input before it looks", function()
    local faulty <close> = start(clumio, { keeping(clumio) })
    local client = clumio.client(faulty.url)
    local failure = expect.failure("not_sent", "invalid", client:ensure_wallet "12")
    assert.equal("account_native_id", failure.details[1].field)
    assert.equal(0, #faulty:connections())
  end)

  it("takes the call's options along, body fields to the create alone", function()
    local faulty <close> = start(clumio, { keeping(clumio) })
    assert_there(clumio, "created", lists.ensure(clumio, clumio.client(faulty.url),
      { extra = { colour = "blue" }, timeout = 5, attempts = 2, settle = 1, deadline = 60 }))
    assert.truthy(faulty:requests()[2].body:find('"colour":"blue"', 1, true))
  end)

  local wrong_options = {
    { settle = -1 }, { settle = "1" }, { deadline = 0 }, { atempts = 1 }, 5,
  }
  for _, wrong in ipairs(wrong_options) do
    it("raises for options such as " .. require("message").encode(wrong), function()
      local client = clumio.client "http://127.0.0.1:1"
      local _, said = pcall(client.ensure_wallet, client, answers.asked.account_native_id, wrong)
      assert.matches("^clumio:%w+.*option", (tostring(said):gsub("^[^ ]+:%d+: ", "")))
    end)
  end

  it("gives what exists together with what it lacks", function()
    local orders = { { created = lists.conflict(ecl), absent = keeping(ecl,
      { changes = { SecretKey = false } }) } }
    local faulty <close> = start(ecl, orders)
    local client = ecl.client(faulty.url)
    local account, word, trouble = client:ensure_account()
    assert.equal(12345, account.AcctNum)
    assert.same({ "created", "partial" }, { word, trouble.code })
    assert_there(ecl, "found", client:ensure_account())
    assert.equal(1, faulty:creates())
  end)

  it("gives a vault whose end points failed, and finds it the next time", function()
    local job = answers.endpoint_job { response = '{"errorCode":"INVALID_INPUT"}' }
    local faulty <close> = start(commvault, {
      keeping(commvault, { changes = { addEndpointJob = job } }) })
    local client = commvault.client(faulty.url)
    local vault, word, trouble = lists.ensure(commvault, client)
    assert.equal(4711, vault.response.entity.clientId)
    assert.same({ "created", "partial" }, { word, trouble.code })
    assert_there(commvault, "found", lists.ensure(commvault, client))
    assert.equal(1, faulty:creates())
  end)
end)

describe("ensure after an answer that does not tell", function()
  local hiding = {
    ["500"] = failing(500), ["no answer"] = LOST, ["a reset"] = { finish = "reset" },
    ["an answer cut short"] = { send = "HTTP/1.1 200 OK\r\n" },
  }

  for _, case in ipairs(ensurable) do
    for name, order in pairs(hiding) do
      it(("recovers what %s hid: %s"):format(name, case.name), function()
        local faulty <close> = start(case, first_or_conflict(case, order))
        local slept <close> = pauses.skip()
        assert_there(case, "recovered", lists.ensure(case, case.client(faulty.url)))
        assert.same({ 5 }, { table.unpack(slept) })
        assert.equal(1, faulty:creates())
        assert.equal(case.list and 1 or 2, posts(faulty))
      end)
    end

    it("leaves the create itself unknown: " .. case.name, function()
      local faulty <close> = start(case, first_or_conflict(case, failing(500)))
      expect.failure("unknown", "unavailable",
        case.create(case.client(faulty.url, { attempts = 3 })))
      assert.equal(1, faulty:creates())
      assert.equal(1, #faulty:requests())
    end)
  end

  for _, case in ipairs(listed) do
    it("recovers what shows at the second look: " .. case.name, function()
      local list = lists[case.provider]
      local absent = lists.keep(list, {})
      local faulty <close> = server.start {
        paths = { ["GET " .. list.path] = { absent, absent, lists.keep(list, { list.item() }) } },
        failing(500),
      }
      local slept <close> = pauses.skip()
      assert_there(case, "recovered", lists.ensure(case, case.client(faulty.url), { settle = 2 }))
      assert.same({ 2, 2 }, { table.unpack(slept) })
      assert.equal(1, faulty:creates())
    end)

    it("tells of two that there are then: " .. case.name, function()
      local list = lists[case.provider]
      local faulty <close> = server.start {
        paths = { ["GET " .. list.path] = { lists.keep(list, {}), lists.keep(list, list.two) } },
        failing(500),
      }
      local _ <close> = pauses.skip()
      local failure = expect.failure("unknown", "conflict",
        lists.ensure(case, case.client(faulty.url)))
      assert.truthy(failure.message:find(list.two_are_named, 1, true))
      assert.is_table(failure.key)
      assert.equal(1, faulty:creates())
    end)

    it("stays unknown where the further looks fail: " .. case.name, function()
      local list = lists[case.provider]
      local faulty <close> = server.start {
        paths = { ["GET " .. list.path] = { lists.keep(list, {}), failing(500) } }, LOST,
      }
      local _ <close> = pauses.skip()
      local failure = expect.failure("unknown", "unreachable",
        lists.ensure(case, case.client(faulty.url)))
      assert.equal(case.operation, failure.operation)
      assert.is_table(failure.key)
      assert.equal(1, faulty:creates())
      assert.equal(1, posts(faulty))
    end)

    it("does not take one absence and one failed look for absent: " .. case.name, function()
      local list = lists[case.provider]
      local faulty <close> = server.start {
        paths = { ["GET " .. list.path] = { lists.keep(list, {}), lists.keep(list, {}),
          failing(403) } },
        failing(500),
      }
      local _ <close> = pauses.skip()
      expect.failure("unknown", "unavailable", lists.ensure(case, case.client(faulty.url)))
      assert.equal(1, posts(faulty))
    end)
  end

  for _, case in ipairs(doubled) do
    it("creates no second one where nobody would refuse it: " .. case.name, function()
      local faulty <close> = start(case, { refusal(503), keeping(case) })
      local slept <close> = pauses.skip()
      expect.failure("unknown", "unavailable", lists.ensure(case, case.client(faulty.url)))
      assert.equal(2, #slept)
      assert.equal(0, faulty:creates())
      assert.equal(1, posts(faulty))
    end)
  end

  for _, case in ipairs(refusing) do
    it("creates once more what was absent twice, a second one being refused: " .. case.name,
      function()
        local faulty <close> = start(case, { refusal(503, { "Retry-After: 1" }), keeping(case) })
        local slept <close> = pauses.skip()
        assert_there(case, "created", lists.ensure(case, case.client(faulty.url), { settle = 0.5 }))
        assert.same(case.list and { 1, 1 } or { 1 }, { table.unpack(slept) })
        assert.equal(1, faulty:creates())
        assert.equal(2, posts(faulty))
      end)

    it("creates no third time: " .. case.name, function()
      local faulty <close> = start(case, { refusal(503), refusal(503), keeping(case) })
      local _ <close> = pauses.skip()
      expect.failure("unknown", "unavailable", lists.ensure(case, case.client(faulty.url)))
      assert.equal(0, faulty:creates())
      assert.equal(2, posts(faulty))
    end)

    for _, second in ipairs { 400, 401, 403, 429 } do
      it(("stays unknown where the second create is met by %d: %s"):format(second, case.name),
        function()
          local late = { executes = false, finish = "hang" } -- who knows what becomes of it
          local faulty <close> = start(case, { late, refusal(second) })
          local _ <close> = pauses.skip()
          expect.failure("unknown", "timeout",
            lists.ensure(case, case.client(faulty.url, { timeout = 0.2 })))
          assert.equal(2, posts(faulty))
        end)
    end
  end

  it("leaves the create itself unknown, with Retry-After", function()
    local faulty <close> = start(commvault, { refusal(503, { "Retry-After: 1" }) })
    local failure = expect.failure("unknown", "unavailable",
      commvault.create(commvault.client(faulty.url, { attempts = 3 })))
    assert.equal(1, failure.retry_after)
    assert.equal(1, #faulty:requests())
  end)

  it("waits in real time for the request to be over", function()
    local case = commvault
    local late = { executes = false, send = { { sleep = 0.3 }, { create = "once" } } }
    local faulty <close> = start(case, { late, lists.conflict(case) })
    local client = case.client(faulty.url, { timeout = 0.15 })
    local begun = socket.gettime()
    assert_there(case, "recovered", lists.ensure(case, client, { settle = 0.4 }))
    assert.is_true(socket.gettime() - begun >= 0.5)
    assert.equal(1, faulty:creates())
    assert.equal(1, posts(faulty))
  end)

  for _, case in ipairs(ensurable) do
    for _, seconds in ipairs { 121, 1000000000000 } do
      it(("does not sit out %d s of Retry-After: %s"):format(seconds, case.name), function()
        local faulty <close> = start(case, { refusal(503, { "Retry-After: " .. seconds }) })
        local slept <close> = pauses.skip()
        local failure = expect.failure("unknown", "unavailable",
          lists.ensure(case, case.client(faulty.url)))
        assert.equal(seconds, failure.retry_after)
        assert.equal(0, #slept)
        assert.equal(1, posts(faulty))
      end)
    end

    it("does not outlive its deadline: " .. case.name, function()
      local faulty <close> = start(case, { { finish = "hang" } })
      local begun = socket.gettime()
      expect.failure("unknown", "timeout", lists.ensure(case, case.client(faulty.url),
        { deadline = 0.6, settle = 0.3 }))
      assert.is_true(socket.gettime() - begun < 0.85)
      assert.equal(1, posts(faulty))
    end)
  end

  it("sends no create with next to no time to live", function()
    local page = lists.keep(lists.clumio, {})
    page.send = { { sleep = 0.6 }, page.send }
    local faulty <close> = server.start { paths = { ["GET /wallets"] = { page } },
      keeping(clumio) }
    local failure = expect.failure("not_sent", "timeout",
      lists.ensure(clumio, clumio.client(faulty.url), { deadline = 1 }))
    assert.same(clumio.key, failure.key)
    assert.equal(0, posts(faulty))
  end)

  it("does not outlive its deadline by looking at pages", function()
    local list, orders = lists.clumio, {}
    for i = 1, 100 do
      local page = lists.keep(list, {}, "/wallets?start=page" .. i)
      orders[i] = { send = { { sleep = 0.1 }, page.send }, finish = "keep" }
    end
    local faulty <close> = server.start { paths = { ["GET /wallets"] = orders } }
    local begun = socket.gettime()
    expect.failure("not_sent", "timeout", lists.ensure(clumio, clumio.client(faulty.url),
      { deadline = 0.5 }))
    assert.is_true(socket.gettime() - begun < 0.75)
    assert.equal(0, posts(faulty))
  end)
end)

describe("ensure after 409", function()
  for _, case in ipairs(listed) do
    it("finds what another has created meanwhile: " .. case.name, function()
      local list = lists[case.provider]
      local faulty <close> = server.start {
        paths = { ["GET " .. list.path] = { lists.keep(list, {}),
          lists.keep(list, { list.item() }) } },
        lists.conflict(case),
      }
      assert_there(case, "found", lists.ensure(case, case.client(faulty.url)))
      assert.equal(0, faulty:creates())
    end)

    it("is refused where nothing shows, or nothing can be seen: " .. case.name, function()
      local list = lists[case.provider]
      for _, second in ipairs { lists.keep(list, {}), failing(500) } do
        local faulty <close> = server.start {
          paths = { ["GET " .. list.path] = { lists.keep(list, {}), second } },
          lists.conflict(case),
        }
        local failure = expect.failure("refused", "conflict",
          lists.ensure(case, case.client(faulty.url)))
        assert.equal(case.operation, failure.operation)
        assert.equal(1, posts(faulty))
      end
    end)
  end

  it("stays unknown where an earlier create is in doubt and nothing shows", function()
    local case, list = commvault, lists.commvault
    local faulty <close> = server.start {
      paths = {
        ["GET " .. list.path] = { lists.keep(list, {}) },
        ["POST " .. case.path] = { LOST, lists.conflict(case) },
      },
    }
    local _ <close> = pauses.skip()
    local failure = expect.failure("unknown", "unreachable",
      lists.ensure(case, case.client(faulty.url)))
    assert.same({ clientName = answers.asked.vault }, failure.key)
    assert.equal(2, posts(faulty))
    assert.equal(1, faulty:creates())
  end)

  it("has ECL's word for it that the account is there, and says what is lost", function()
    local faulty <close> = start(ecl, { lists.conflict(ecl) })
    local account, word, trouble = ecl.client(faulty.url):ensure_account()
    assert.equal("found", word)
    assert.equal(answers.asked.tenant_id .. "@ecl.ntt.com", account.AcctName)
    assert.equal("partial", trouble.code)
    assert.truthy(trouble.message:find("SecretKey", 1, true))
    assert.same({ tenant_id = answers.asked.tenant_id }, trouble.key)
    assert.equal(0, faulty:creates())
  end)

  it("names the tenant that was asked for, where it is not the client's", function()
    local faulty <close> = start(ecl, {})
    faulty:order { lists.conflict(ecl) }
    local tenant = ("b"):rep(32)
    local account = ecl.client(faulty.url):ensure_account { tenant_id = tenant }
    assert.equal(tenant .. "@ecl.ntt.com", account.AcctName)
  end)
end)

--- No provider that has a list tells anything once, so two are said to.
describe("ensure, where the list has what tells something once,", function()
  local response = require("coffer").response
  local list = lists.astra

  local function say(lost)
    for _, name in ipairs { "astra", "clumio" } do
      require("coffer.providers." .. name).ensure.lost = lost
    end
  end

  before_each(function() say "its key was told once" end)
  after_each(function() say(nil) end)

  local function assert_lacking(account, word, trouble)
    assert.is_true(astra.recognise(account))
    assert.same({ "partial", "refused", "ensure_account" },
      { trouble.code, trouble.outcome, trouble.operation })
    assert.matches("it exists, but its key was told once", trouble.message, 1, true)
    assert.same({ name = answers.asked.account }, trouble.key)
    return word
  end

  --- What is ensured where the list shows nothing at first, and the create is answered so.
  local function ensured(create)
    local faulty <close> = server.start {
      paths = { ["GET " .. list.path] = { lists.keep(list, {}),
        lists.keep(list, { list.item() }) } },
      create,
    }
    local _ <close> = pauses.skip()
    return lists.ensure(astra, astra.client(faulty.url))
  end

  it("tells nothing of what it creates", function()
    local account, word, trouble = ensured(keeping(astra))
    assert.is_true(astra.recognise(account))
    assert.same({ "created", nil }, { word, trouble })
  end)

  it("tells behind what it finds that this is lost", function()
    local faulty <close> = with_list(astra, list.item())
    assert.equal("found", assert_lacking(lists.ensure(astra, astra.client(faulty.url))))
    assert.equal(0, posts(faulty))
  end)

  it("tells it behind what it finds after a 409, with that", function()
    local account, word, trouble = ensured(lists.conflict(astra))
    assert.equal("found", assert_lacking(account, word, trouble))
    assert.equal(409, response(trouble).status)
  end)

  it("tells it behind what it recovers, with the answer that may hold it", function()
    local account, word, trouble = ensured(answers.keep { status = astra.status,
      type = astra.type, body = '{"key":"half' })
    assert.equal("recovered", assert_lacking(account, word, trouble))
    assert.matches("half", response(trouble).body, 1, true)
  end)

  it("tells it of each of many that it finds, and goes on behind them", function()
    local faulty <close> = server.start {
      paths = { ["GET " .. list.path] = { lists.keep(list, { list.item("a-1", "there") }) } },
      keeping(astra),
    }
    local name = answers.asked.account
    local results, failures, words = astra.client(faulty.url):ensure_accounts(
      { "there", name, "there", name }, { stop_on_failure = true })
    assert.same({ "found", "created", "found", "found" }, words)
    assert.equal(4, #results)
    assert.same({ "partial", "partial" }, { failures[1].code, failures[3].code })
    assert.is_nil(failures[2] or failures[4])
    assert.equal(1, posts(faulty))
  end)

  it("tells nothing of what the same call has made", function()
    local faulty <close> = start(clumio, { keeping(clumio) })
    local number = answers.asked.account_native_id
    local results, failures, words = clumio.client(faulty.url):ensure_wallets {
      { account_native_id = number, aws_region = "us-west-2" }, number }
    assert.same({ { "created", "found" }, {} }, { words, failures })
    assert.equal(results[1], results[2])
  end)
end)

describe("a provider without a word on ensure", function()
  it("has no such method, and all others", function()
    local said = require "coffer.providers.astra"
    local kind = said.ensure
    finally(function() said.ensure = kind end)
    said.ensure = nil
    assert.same({}, require("coffer.helpers.ensure").methods "astra")
  end)
end)

--- What a list may hold that is no thing, and what a thing may have in place of a text.
local null = require("coffer").null
local odd_values = { null, true, false, 5, 1.5, "text", {}, { {} }, { name = { null } } }

--- A client's list in which ensure finds these, whatever reading lets through.
local function with_things(case, things)
  local methods = require("coffer.core").describe(case.provider).methods
  local name = lists[case.provider].method
  local original = methods[name]
  methods[name] = function()
    return { collect = function() return things end }
  end
  return setmetatable({}, { __close = function() methods[name] = original end })
end

describe("ensure, where the list has what nobody expects,", function()
  for _, case in ipairs(listed) do
    it("bears it in place of things, and of what they are known by: " .. case.name, function()
      local things = { table.unpack(odd_values) }
      for _, value in ipairs(odd_values) do
        if value ~= "text" then
          things[#things + 1] = { id = value, name = value, account_native_id = value,
                                  aws_region = value }
        end
      end
      local faulty <close> = server.start { keeping(case) }
      local client = case.client(faulty.url)
      local _ = client[lists[case.provider].method] -- the helpers are there
      local _ <close> = with_things(case, things)
      assert_there(case, "created", lists.ensure(case, client))
      assert.equal(1, faulty:creates())
    end)

    it("bears it while a create is in doubt: " .. case.name, function()
      local faulty <close> = server.start { LOST, keeping(case) }
      local client = case.client(faulty.url)
      local _ = client[lists[case.provider].method]
      local _ <close> = pauses.skip()
      local things = {}
      local _ <close> = with_things(case, things)
      local slept <close> = pauses.skip(function()
        for i, value in ipairs(odd_values) do
          things[i] = value
        end
      end)
      local thing, trouble = lists.ensure(case, client)
      if case.refuses_second then
        assert_there(case, "created", thing, trouble) -- absent twice, and a second is refused
      else
        expect.failure("unknown", nil, thing, trouble, trouble.code)
        assert.is_table(trouble.key)
      end
      assert.equal(2, #slept)
    end)
  end

  it("knows an account by its number, too", function()
    local faulty <close> = server.start { keeping(clumio) }
    local client = clumio.client(faulty.url)
    local _ = client.wallets
    local wallet = { id = "w-9", account_native_id = 123456789012 }
    local _ <close> = with_things(clumio, { wallet })
    assert.equal(wallet, (lists.ensure(clumio, client)))
  end)
end)

describe("ensure_wallet for a region", function()
  local function ensured(region_of_listed, region)
    local wallet = answers.wallet { id = '"w-none"', aws_region = region_of_listed }
    local faulty <close> = server.start {
      paths = { ["GET /wallets"] = { lists.keep(lists.clumio, { wallet }) } },
      { send = clumio.good(), finish = "keep" },
    }
    local client = clumio.client(faulty.url)
    local results = table.pack(client:ensure_wallet {
      account_native_id = answers.asked.account_native_id, aws_region = region })
    return posts(faulty), table.unpack(results)
  end

  for _, none in ipairs { "null", '""', '" "', "false" } do
    it(("meets a wallet of the account whose region is %s with a conflict"):format(none), function()
      local sent, wallet, failure, code = ensured(none ~= "false" and none, "us-west-2")
      expect.failure("not_sent", "conflict", wallet, failure, code)
      assert.matches('"w-none"', failure.message, 1, true)
      assert.same({ account_native_id = "123456789012", aws_region = "us-west-2" }, failure.key)
      assert.equal(0, sent)
    end)
  end

  it("meets a region in other letters with a conflict", function()
    local sent, wallet, failure, code = ensured('"US-WEST-2"', "us-west-2")
    expect.failure("not_sent", "conflict", wallet, failure, code)
    assert.equal(0, sent)
  end)

  it("creates beside a wallet of another region", function()
    local sent, wallet, word = ensured('"us-east-1"', "us-west-2")
    assert(wallet, tostring(word))
    assert.same({ 1, "created" }, { sent, word })
  end)

  it("finds a wallet that tells no region where none was asked for", function()
    local sent, wallet, word = ensured("null", nil)
    assert.same({ 0, "w-none", "found" }, { sent, wallet.id, word })
  end)

  it("finds the one of the region beside one that tells none", function()
    local faulty <close> = with_list(clumio, answers.wallet { id = '"w-none"' },
      answers.wallet { id = '"w-west"', aws_region = '"us-west-2"' })
    local wallet, word = clumio.client(faulty.url):ensure_wallet {
      account_native_id = answers.asked.account_native_id, aws_region = "us-west-2" }
    assert.same({ "w-west", "found" }, { wallet.id, word })
  end)

  it("does not take a wallet without a region for its own after an unknown outcome", function()
    local faulty <close> = server.start {
      paths = { ["GET /wallets"] = { lists.keep(lists.clumio, {}),
        lists.keep(lists.clumio, { answers.wallet { id = '"w-none"' } }) } },
      failing(500),
    }
    local _ <close> = pauses.skip()
    local failure = expect.failure("unknown", "conflict",
      clumio.client(faulty.url):ensure_wallet {
        account_native_id = answers.asked.account_native_id, aws_region = "us-west-2" })
    assert.matches('"w-none"', failure.message, 1, true)
    assert.equal(1, posts(faulty))
  end)
end)

describe("ensure by name", function()
  local COMPOSED, IN_PARTS = "Caf\u{e9} 1", "Cafe\u{301} 1"

  local function ensure_named(case, client, name)
    if case == astra then
      return client:ensure_account(name)
    end
    return client:ensure_s3_vault { bucket = { clientName = name },
                                    plan = { planId = 7, planName = "Server plan" } }
  end

  local function item_named(case, name)
    return case == astra and lists.astra.item("a-1", name) or lists.commvault.item(name)
  end

  for _, case in ipairs { commvault, astra } do
    for _, pair in ipairs {
      { "Vault One", "vault one" }, { " Vault One ", "Vault One" }, { "Vault  One", "Vault One" },
      { COMPOSED, IN_PARTS }, { IN_PARTS, COMPOSED }, { "\u{c9}COLE", "\u{e9}cole" },
    } do
      it(("meets %q with a conflict that names %q: %s"):format(pair[1], pair[2], case.name),
        function()
          local faulty <close> = with_list(case, item_named(case, pair[2]))
          local failure = expect.failure("not_sent", "conflict",
            ensure_named(case, case.client(faulty.url), pair[1]))
          assert.matches(pair[2], failure.message, 1, true)
          assert.matches(case == astra and "a-1" or pair[2], failure.message, 1, true)
          assert.equal(0, posts(faulty))
        end)
    end

    it("names ten of those that may be it, and none at length: " .. case.name, function()
      local items = {}
      for i = 1, 12 do
        items[i] = item_named(case, "VAULT" .. (" "):rep(i * 20))
      end
      local faulty <close> = with_list(case, table.unpack(items))
      local failure = expect.failure("not_sent", "conflict",
        ensure_named(case, case.client(faulty.url), "vault"))
      assert.matches("and 2 more", failure.message, 1, true)
      assert.is_true(#failure.message < 2000)
    end)

    it("finds the very name beside one like it: " .. case.name, function()
      local faulty <close> = with_list(case, item_named(case, "VAULT"), item_named(case, "vault"))
      local thing, word = ensure_named(case, case.client(faulty.url), "vault")
      assert.same({ "vault", "found" }, { thing.name, word })
    end)

    it("takes another accent for another name: " .. case.name, function()
      local faulty <close> = server.start {
        paths = { ["GET " .. lists[case.provider].path] = { lists.keep(lists[case.provider],
          { item_named(case, "Muller") }) } },
        keeping(case),
      }
      ensure_named(case, case.client(faulty.url), "M\u{fc}ller")
      assert.equal(1, faulty:creates())
    end)
  end

  it("names what is in the way after a 409", function()
    local list = lists.commvault
    local faulty <close> = server.start {
      paths = { ["GET " .. list.path] = { lists.keep(list, {}),
        lists.keep(list, { list.item "VAULT-ONE" }) } },
      lists.conflict(commvault),
    }
    local failure = expect.failure("refused", "conflict",
      lists.ensure(commvault, commvault.client(faulty.url)))
    assert.matches("VAULT-ONE", failure.message, 1, true)
  end)
end)

describe("ensure_s3_vault that rotates keys", function()
  local function ensured(parameters, options)
    local faulty <close> = start(commvault, { refusal(503), keeping(commvault) })
    local _ <close> = pauses.skip()
    local given = { rotateKeys = parameters }
    for name, value in pairs(commvault.parameters) do
      given[name] = value
    end
    local vault, trouble, code = commvault.client(faulty.url):ensure_s3_vault(given, options)
    return posts(faulty), vault, trouble, code
  end

  it("sends no second create by itself", function()
    local sent, vault, failure, code = ensured(true)
    expect.failure("unknown", "unavailable", vault, failure, code)
    assert.equal(1, sent)
  end)

  it("does not where the API's newer fields say so either", function()
    local sent = ensured(nil, { extra = { rotateKeys = true } })
    assert.is_true(sent <= 1)
  end)

  it("sends one where nothing is rotated", function()
    local sent, vault, word = ensured(false)
    assert(vault, tostring(word))
    assert.same({ 2, "created" }, { sent, word })
  end)
end)

describe("ensure keeps the last answer that may hold something:", function()
  local response = require("coffer").response

  --- An answer to an executed create which cannot be read to its end.
  local function unreadable(case, mark)
    return answers.keep { status = case.status, type = case.type,
                          body = '{"told once":"' .. mark .. '",' }
  end

  local function ensured(case, first, second)
    local orders = { paths = { ["POST " .. case.path] = { first, second } } }
    local list = lists[case.provider]
    if list then
      orders.paths["GET " .. list.path] = { lists.keep(list, {}) }
    end
    local faulty <close> = server.start(orders)
    local _ <close> = pauses.skip()
    return lists.ensure(case, case.client(faulty.url))
  end

  for _, case in ipairs { commvault, ecl } do
    it("that to the second create: " .. case.name, function()
      for _, first in ipairs { failing(500), LOST, unreadable(case, "first") } do
        local failure = expect.failure("unknown", "protocol",
          ensured(case, first, unreadable(case, "second")))
        assert.matches("second", response(failure).body, 1, true)
        assert.equal(case.operation, failure.operation)
      end
    end)

    it("that to the first one, where the second tells nothing: " .. case.name, function()
      for _, second in ipairs { failing(500), LOST, refusal(400), refusal(429) } do
        local failure = expect.failure("unknown", "protocol",
          ensured(case, unreadable(case, "first"), second))
        assert.matches("first", response(failure).body, 1, true)
      end
    end)
  end

  it("behind an account that was there at the second create", function()
    local account, word, partial = ensured(ecl, unreadable(ecl, "first"), lists.conflict(ecl))
    assert.same({ "recovered", "partial" }, { word, partial.code })
    assert.truthy(account.AcctName)
    assert.matches("first", response(partial).body, 1, true)
  end)

  it("the 409 where nothing else was answered", function()
    local _, word, partial = ensured(ecl, LOST, lists.conflict(ecl))
    assert.equal("recovered", word)
    assert.equal(409, response(partial).status)
  end)

  it("with a conflict of two that were found then", function()
    local list = lists.clumio
    local faulty <close> = server.start {
      paths = { ["GET /wallets"] = { lists.keep(list, {}),
        lists.keep(list, { list.item "id-one", list.item "id-two" }) } },
      unreadable(clumio, "first"),
    }
    local _ <close> = pauses.skip()
    local failure = expect.failure("unknown", "conflict",
      lists.ensure(clumio, clumio.client(faulty.url)))
    assert.matches("first", response(failure).body, 1, true)
  end)
end)

describe("ensure, cut off while a create is in doubt,", function()
  for _, case in ipairs(ensurable) do
    it("tells what is in doubt: " .. case.name, function()
      local faulty <close> = start(case, { failing(500) })
      local _ <close> = pauses.skip(function() error("interrupted!", 0) end)
      local is_done, trouble = pcall(lists.ensure, case, case.client(faulty.url))
      assert.is_false(is_done)
      assert.equal("interrupted!", trouble.cause)
      expect.failure("unknown", "unavailable", nil, trouble.failure, "unavailable")
      assert.is_table(trouble.failure.key)
      assert.matches("^interrupted!\n.*unknown", tostring(trouble))
    end)
  end

  it("keeps the answer of the first create when the second is cut off", function()
    local faulty <close> = server.start { paths = { ["POST " .. ecl.path] = {
      answers.keep { body = '{"told once":' }, { finish = "hang" } } } }
    local _ <close> = pauses.skip()
    local client = ecl.client(faulty.url)
    local thread = coroutine.create(function()
      local function exchange(_, request, seconds)
        request:start(seconds)
        while not request:step(0.1) do
          if posts(faulty) == 2 then
            error("interrupted!", 0)
          end
        end
        return request:finish()
      end
      require("coffer.scheduler").adopt { wait = function() end, exchange = exchange }
      return client:ensure_account()
    end)
    local is_done, trouble = coroutine.resume(thread)
    assert.is_false(is_done)
    assert.equal("interrupted!", trouble.cause)
    assert.matches("told once", require("coffer").response(trouble.failure).body, 1, true)
  end)

  it("has the answer to the second create that was cut off behind it", function()
    local faulty <close> = server.start { paths = { ["POST " .. ecl.path] = {
      answers.keep { status = 500 }, { send = ecl.good(), finish = "keep" } } } }
    local _ <close> = pauses.skip()
    local client = ecl.client(faulty.url)
    local thread = coroutine.create(function()
      local function exchange(_, request, seconds)
        request:start(seconds)
        while not request:step(0.1) do
        end
        if posts(faulty) == 2 then
          error("interrupted!", 0)
        end
        return request:finish()
      end
      require("coffer.scheduler").adopt { wait = function() end, exchange = exchange }
      return client:ensure_account()
    end)
    local is_done, trouble = coroutine.resume(thread)
    assert.is_false(is_done)
    assert.matches("SecretKey", require("coffer").response(trouble.failure).body, 1, true)
  end)

  it("raises what it was where nothing is in doubt", function()
    local faulty <close> = with_list(clumio)
    local methods = require("coffer.core").describe("clumio").methods
    local client = clumio.client(faulty.url)
    local original = client.wallets
    methods.wallets = function() error("interrupted!", 0) end
    local _, trouble = pcall(client.ensure_wallet, client, "123456789012")
    methods.wallets = original
    assert.equal("interrupted!", trouble)
  end)
end)

describe("ensure with parameters that change meanwhile", function()
  it("creates what was asked for", function()
    local faulty <close> = start(clumio, { keeping(clumio) })
    local parameters = { account_native_id = answers.asked.account_native_id }
    local client = clumio.client(faulty.url, { log = function()
      parameters.account_native_id = "999999999999"
    end })
    assert_there(clumio, "created", client:ensure_wallet(parameters))
    assert.truthy(faulty:requests()[2].body:find(answers.asked.account_native_id, 1, true))
  end)
end)

describe("a helper called with a dot", function()
  local client = clumio.client "http://127.0.0.1:1"

  local names = { "ensure_wallet", "ensure_wallets", "wallets", "request", "create_wallet" }
  local others = { "123456789012", {}, 5, io.stdout, astra.client "http://127.0.0.1:1" }

  for _, name in ipairs(names) do
    it("is told so: client." .. name, function()
      for _, wrong in ipairs(others) do
        local is_done, said = pcall(function() return client[name](wrong) end)
        assert.is_false(is_done)
        assert.matches("ensure_spec.lua:%d+: clumio:" .. name
          .. " was called on a .*: write it with a colon", said)
      end
      local _, said = pcall(function() return client[name]() end)
      assert.matches(name .. " was called on a n", said, 1, true)
    end)
  end

  it("is told at its own line what it takes: ensure_s3_vault", function()
    local vaults = providers.commvault.client "http://127.0.0.1:1"
    local _, said = pcall(function() return (vaults:ensure_s3_vault "backups") end)
    assert.matches("^spec/helpers/ensure_spec.lua:%d+: commvault:ensure_s3_vault takes a table of "
      .. "parameters, got string$", said)
  end)

  it("is told so: the methods of a prepared request, and of a thing", function()
    local request = assert(client:request("create_wallet", "123456789012"))
    local faulty <close> = server.start { { send = clumio.good(), finish = "keep" } }
    local wallet = assert(clumio.create(clumio.client(faulty.url)))
    for _, method in ipairs { request.curl, request.send, wallet.refresh, wallet.wait } do
      for _, wrong in ipairs { "", "w-1", {} } do
        local is_done, said = pcall(method, wrong ~= "" and wrong or nil)
        assert.is_false(is_done)
        assert.matches("was called on a .*: write it with a colon", said)
      end
    end
  end)
end)

describe("ensure through a proxy that lost its patience", function()
  local faults = {
    { "502", "the backend closes", {} },
    { "504", "the backend is slow", { finish = "hang" } },
  }

  local function front(faulty)
    if not nginx.is_there() then
      pending "nginx is not installed"
    end
    return nginx.start { server = ("location / { proxy_pass %s; proxy_read_timeout 300ms;"
      .. " proxy_next_upstream off; }"):format(faulty.url) }
  end

  for _, fault in ipairs(faults) do
    local status, name, order = table.unpack(fault)
    for _, case in ipairs(ensurable) do
      it(("recovers what %s hid as %s: %s"):format(status, name, case.name), function()
        local faulty <close> = start(case, first_or_conflict(case, order))
        local web <close> = front(faulty)
        local _ <close> = pauses.skip()
        assert_there(case, "recovered", lists.ensure(case, case.client(web.url, { attempts = 3 })))
        assert.equal(1, faulty:creates())
        assert.equal(case.list and 1 or 2, posts(faulty))
      end)

      it(("leaves the create itself unknown after %s as %s: %s"):format(status, name,
        case.name), function()
        local faulty <close> = start(case, first_or_conflict(case, order))
        local web <close> = front(faulty)
        local failure = expect.failure("unknown", "unavailable",
          case.create(case.client(web.url, { attempts = 3 })))
        assert.equal(tonumber(status), failure.status)
        assert.equal(1, faulty:creates())
        assert.equal(1, #faulty:requests())
      end)
    end
  end
end)
