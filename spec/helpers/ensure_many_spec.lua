-- ensure_wallets and its like: one look for all, one create for each that is not there. What the
-- caller is told is held against what the server executed.

local answers = require "answers"
local coffer = require "coffer"
local core = require "coffer.core"
local scheduler = require "coffer.scheduler"
local expect = require "expect"
local lists = require "lists"
local pauses = require "pauses"
local providers = require "providers"
local server = require "server"

local clumio, commvault, astra = providers.clumio, providers.commvault, providers.astra

local function account(i)
  return ("%012d"):format(i)
end

local function wallet_of(number, id)
  return answers.wallet { id = ('"w-%s"'):format(id or number),
                          account_native_id = ('"%s"'):format(number) }
end

local function path_of(case)
  return "GET " .. lists[case.provider].path
end

--- How many requests of a method there were.
local function count(faulty, method)
  local found = 0
  for _, request in ipairs(faulty:requests()) do
    found = found + (request.method == method and 1 or 0)
  end
  return found
end

local function keeping(case)
  return { send = case.good(), finish = "keep" }
end

local function many(case, client, list, options)
  return client[case.ensure_many](client, list, options)
end

--- A server whose list has these items, and another answer at each further look.
local function start(case, looks, creates)
  local pages = {}
  for i, items in ipairs(looks) do
    pages[i] = lists.keep(lists[case.provider], items)
  end
  return server.start { paths = { [path_of(case)] = pages,
                                  ["POST " .. case.path] = creates } }
end

--- An answer to each create in turn: the wallets of these accounts.
local function wallets_made(numbers)
  local orders = {}
  for i, number in ipairs(numbers) do
    orders[i] = answers.keep { type = clumio.type, body = wallet_of(number) }
  end
  return orders
end

describe("ensuring many", function()
  for _, case in ipairs(providers.where(function(case) return case.ensure_many end)) do
    it("finds what is there with one look, and creates the rest: " .. case.name, function()
      local there, listed = case.list.named(case.list.other_name)
      local looks = { { listed }, case.list.ends_with_empty and {} or nil }
      local faulty <close> = start(case, looks, { keeping(case) })
      local results, failures, words = many(case, case.client(faulty.url), { there, case.list.own })
      assert.equal(case.found_lacks and "partial" or nil, failures[1] and failures[1].code)
      assert.is_nil(failures[2])
      assert.same({ "found", "created" }, words)
      assert.is_true(case.recognise(results[2]))
      assert.same({ #looks, 1 }, { count(faulty, "GET"), count(faulty, "POST") })
    end)
  end

  it("walks a hundred with one walk over the pages", function()
    local numbers, items = {}, {}
    for i = 1, 100 do
      numbers[i] = account(i)
      items[i] = i <= 50 and wallet_of(account(i)) or nil
    end
    local list = lists.clumio
    local faulty <close> = server.start {
      paths = { ["GET /wallets"] = {
        lists.keep(list, { table.unpack(items, 1, 25) }, "/wallets?start=two"),
        lists.keep(list, { table.unpack(items, 26) }),
      } },
      table.unpack(wallets_made { table.unpack(numbers, 51) }),
    }
    local results, failures, words = clumio.client(faulty.url):ensure_wallets(numbers,
      { at_once = 1 })
    assert.same({}, failures)
    assert.same({ "found", "created", 100 }, { words[50], words[51], #results })
    assert.same({ 2, 50 }, { count(faulty, "GET"), count(faulty, "POST") })
  end)

  it("creates at once as many as it is told", function()
    local order = { send = { { sleep = 0.3 }, clumio.good() }, finish = "keep" }
    local faulty <close> = start(clumio, { {} }, { order })
    local list = { answers.asked.account_native_id, account(1), account(2), account(3) }
    local begun = core.clock()
    clumio.client(faulty.url):ensure_wallets(list, { at_once = 4, settle = 0.001 })
    assert.is_true(core.clock() - begun < 1.1)
    assert.equal(4, count(faulty, "POST"))
  end)

  it("creates one for an item that stands twice", function()
    local faulty <close> = start(clumio, { {} }, { keeping(clumio) })
    local number = answers.asked.account_native_id
    local results, failures, words = clumio.client(faulty.url):ensure_wallets { number,
      { account_native_id = number }, number }
    assert.same({}, failures)
    assert.same({ "created", "found", "found" }, words)
    assert.is_true(results[1] == results[2] and results[1] == results[3])
    assert.equal(1, count(faulty, "POST"))
  end)

  it("takes what it has made for one into account for the next", function()
    local faulty <close> = start(commvault, { {} }, { keeping(commvault) })
    local results, failures, words = commvault.client(faulty.url):ensure_s3_vaults {
      (commvault.list.named("vault-one")), (commvault.list.named("VAULT-ONE")) }
    assert.same({ "created" }, words)
    assert.is_nil(results[2])
    assert.equal("conflict", failures[2].code)
    assert.equal("not_sent", failures[2].outcome)
    assert.matches('"vault-one"', failures[2].message, 1, true)
    assert.equal(1, count(faulty, "POST"))
  end)

  it("finds a wallet that it has made for a region where any will do", function()
    local faulty <close> = start(clumio, { {} }, { keeping(clumio) })
    local number = answers.asked.account_native_id
    local _, failures, words = clumio.client(faulty.url):ensure_wallets {
      { account_native_id = number, aws_region = "us-west-2" }, number,
      { account_native_id = number, aws_region = "us-east-1" } }
    assert.same({ "created", "found" }, { words[1], words[2] })
    assert.is_true(count(faulty, "POST") == 2 or failures[3].code == "conflict")
  end)

  it("has the failure of an item that is wrong, and sends nothing of it", function()
    local faulty <close> = start(clumio, { {} }, { keeping(clumio) })
    local results, failures, words = clumio.client(faulty.url):ensure_wallets { "12",
      answers.asked.account_native_id, { colour = "blue" }, true }
    assert.same({ [2] = "created" }, words)
    for _, index in ipairs { 1, 3, 4 } do
      expect.failure("not_sent", "invalid", results[index], failures[index], "invalid")
    end
    assert.equal(1, count(faulty, "POST"))
  end)

  it("has the failure of an item that is no table where one is needed", function()
    local faulty <close> = start(commvault, { {} }, { keeping(commvault) })
    local _, failures, words = commvault.client(faulty.url):ensure_s3_vaults { "vault-one",
      (commvault.list.named("vault-one")) }
    assert.equal("invalid", failures[1].code)
    assert.same({ [2] = "created" }, words)
  end)

  it("sends nothing where no item can be sent, or there is none", function()
    local faulty <close> = start(clumio, { {} }, {})
    local client = clumio.client(faulty.url)
    assert.same({ {}, {}, {} }, { client:ensure_wallets {} })
    local _, failures = client:ensure_wallets { "1" }
    assert.equal("invalid", failures[1].code)
    assert.equal(0, #faulty:connections())
  end)

  it("sends no create where the look fails", function()
    local faulty <close> = server.start {
      paths = { ["GET /wallets"] = { answers.keep { status = 500, body = "{}" } } } }
    local results, failures = clumio.client(faulty.url):ensure_wallets { account(1), account(2) }
    for i = 1, 2 do
      expect.failure("not_sent", "unavailable", results[i], failures[i], "unavailable")
      assert.matches("^the look for it failed", failures[i].message)
    end
    assert.equal(0, count(faulty, "POST"))
  end)

  it("raises for what is no list, and for unknown options", function()
    local client = clumio.client "http://127.0.0.1:1"
    for _, wrong in ipairs { 5, "123456789012", { account_native_id = account(1) },
                             { account(1), name = "x" } } do
      local is_done, said = pcall(function() return (client:ensure_wallets(wrong)) end)
      assert.is_false(is_done)
      assert.matches("^spec/helpers/ensure_many_spec.lua:%d+: clumio:ensure_wallets takes a list",
        said)
    end
    local _, said = pcall(client.ensure_wallets, client, {}, { at_onse = 1 })
    assert.matches("did you mean 'at_once'", said, 1, true)
  end)
end)

describe("ensuring many after answers that do not tell", function()
  local LOST = {}

  it("looks once for all, and has found them", function()
    local faulty <close> = start(clumio, { {}, { wallet_of(account(1)), wallet_of(account(2)),
      wallet_of(account(3)) } }, { LOST })
    local slept <close> = pauses.skip()
    local results, failures, words = clumio.client(faulty.url):ensure_wallets({ account(1),
      account(2), account(3) }, { settle = 3 })
    assert.same({}, failures)
    assert.same({ "recovered", "recovered", "recovered" }, words)
    assert.equal("w-" .. account(2), results[2].id)
    assert.same({ 2, 3 }, { count(faulty, "GET"), count(faulty, "POST") })
    assert.same({ 3 }, { table.unpack(slept) })
  end)

  it("leaves in doubt what was absent twice and nobody would refuse", function()
    local faulty <close> = start(astra, { {}, { lists.astra.item("id", "one") } }, { LOST })
    local _ <close> = pauses.skip()
    local results, failures, words = astra.client(faulty.url):ensure_accounts { "one", "two" }
    assert.same({ "recovered" }, words)
    expect.failure("unknown", "unreachable", results[2], failures[2], "unreachable")
    assert.same({ name = "two" }, failures[2].key)
    assert.same({ 3, 2 }, { count(faulty, "GET"), count(faulty, "POST") })
  end)

  it("creates once more what was absent twice where a second one is refused", function()
    local busy = answers.refusal(503)
    local faulty <close> = start(commvault, { {} },
      { busy, { send = commvault.good(), finish = "keep" } })
    local _ <close> = pauses.skip()
    local results, failures, words = commvault.client(faulty.url):ensure_s3_vaults {
      (commvault.list.named("vault-one")) }
    assert.same({}, failures)
    assert.same({ "created" }, words)
    assert.is_true(commvault.recognise(results[1]))
    assert.same({ 3, 2 }, { count(faulty, "GET"), count(faulty, "POST") })
  end)

  it("takes a 409 for there, after one look for all", function()
    local refused = answers.refusal(409)
    local faulty <close> = start(astra, { {}, { lists.astra.item("1", "one"),
      lists.astra.item("2", "two") } }, { refused })
    local slept <close> = pauses.skip()
    local _, failures, words = astra.client(faulty.url):ensure_accounts { "one", "two", "three" }
    assert.same({ "found", "found" }, words)
    assert.equal("conflict", failures[3].code)
    assert.equal("refused", failures[3].outcome)
    assert.equal(2, count(faulty, "GET"))
    assert.equal(0, #slept)
  end)

  it("is left by an error with all that is known", function()
    local good = answers.keep { status = 201, type = astra.type,
                                body = lists.astra.item("id-1", "one") }
    local faulty <close> = start(astra, { {} }, { good, LOST })
    local _ <close> = pauses.skip(function() error("interrupted!", 0) end)
    local client = astra.client(faulty.url)
    local list = { "one", "two", ("x"):rep(64) }
    local is_done, trouble = pcall(client.ensure_accounts, client, list, { at_once = 1 })
    assert.is_false(is_done)
    assert.equal("interrupted!", trouble.cause)
    assert.same({ "created" }, trouble.words)
    assert.equal("id-1", trouble.results[1].id)
    assert.equal(1, trouble.in_doubt)
    assert.same({ name = "two" }, trouble.failure.key)
    assert.equal(trouble.failure, trouble.failures[2])
    assert.equal("invalid", trouble.failures[3].code)
    assert.matches("^interrupted!\n1 in doubt, the first: ", tostring(trouble))
  end)

  it("is left by an error in the midst of its creates with all that is known", function()
    local slow = { send = { { sleep = 20 } } }
    local good = answers.keep { status = 201, type = astra.type,
                                body = lists.astra.item("id-1", "one") }
    good.send = { { sleep = 0.3 }, good.send }
    local faulty <close> = start(astra, { {} }, { good, slow })
    local client = astra.client(faulty.url)
    local is_done, trouble = pcall(client.ensure_accounts, client, { "one", "two" },
      { at_once = 2, on_progress = function(told)
        if told.done == 1 then
          error("enough", 0)
        end
      end })
    assert.is_false(is_done)
    assert.equal("enough", trouble.cause)
    local made, doubted = 1, 2
    if trouble.failures[1] then
      made, doubted = 2, 1
    end
    assert.equal("created", trouble.words[made])
    assert.same({ "unknown", "cancelled" },
      { trouble.failures[doubted].outcome, trouble.failures[doubted].code })
  end)
end)

describe("ensuring many of which some get in each other's way", function()
  it("sends one create for what stands twice, whatever becomes of it", function()
    local faulty <close> = start(clumio, { {} }, { answers.refusal(403) })
    local _, failures = clumio.client(faulty.url):ensure_wallets { account(1), account(1) }
    assert.same({ "forbidden", "forbidden" }, { failures[1].code, failures[2].code })
    assert.equal(1, count(faulty, "POST"))
  end)

  it("waits with the next until the first is no longer in doubt", function()
    local faulty <close> = start(commvault, { {}, { lists.commvault.item "vault-one" } }, { {} })
    local _ <close> = pauses.skip()
    local _, failures, words = commvault.client(faulty.url):ensure_s3_vaults {
      (commvault.list.named("vault-one")), (commvault.list.named("VAULT-ONE")) }
    assert.same({ "recovered" }, words)
    assert.same({ "conflict", "not_sent" }, { failures[2].code, failures[2].outcome })
    assert.equal(1, count(faulty, "POST"))
  end)

  --- Ensures three vaults; the answer to the first create meets an error with this text.
  local function ensure_three(faulty, text)
    local client, sent = commvault.client(faulty.url), 0
    local exchange = scheduler.exchange
    local _ <close> = setmetatable({}, { __close = function() scheduler.exchange = exchange end })
    function scheduler.exchange(...)
      local result, fields = exchange(...)
      sent = sent + 1
      if sent == 2 then -- behind the look
        error(text, 0)
      end
      return result, fields
    end
    return client:ensure_s3_vaults({ (commvault.list.named("one")), (commvault.list.named("ONE")),
      (commvault.list.named("vault-one")) }, { at_once = 1 })
  end

  it("is left by an interrupt, which tells of the create that it met", function()
    local faulty <close> = start(commvault, { {}, { lists.commvault.item "one" } },
      { keeping(commvault) })
    local is_done, trouble = pcall(ensure_three, faulty, "interrupted!")
    assert.is_false(is_done)
    assert.equal("interrupted!", trouble.cause)
    assert.same({ "unknown", "cancelled" },
      { trouble.failures[1].outcome, trouble.failures[1].code })
    assert.matches("clientId", coffer.response(trouble.failures[1]).body, 1, true)
    assert.equal(1, count(faulty, "POST"))
  end)

  it("has the failure of a create that raised, and goes on with the next", function()
    local faulty <close> = start(commvault, { {}, { lists.commvault.item "one" } },
      { keeping(commvault) })
    local _, failures, words = ensure_three(faulty, "stop here")
    assert.same({ "unknown", "cancelled" }, { failures[1].outcome, failures[1].code })
    assert.matches("clientId", coffer.response(failures[1]).body, 1, true)
    assert.equal("conflict", failures[2].code)
    assert.same({ nil, nil, "created" }, words)
    assert.equal(2, count(faulty, "POST"))
  end)
end)

describe("the options of ensuring many", function()
  it("on_progress tells of all items, those that are wrong or stand twice among them", function()
    local faulty <close> = start(clumio, { { wallet_of(account(1)) } },
      { keeping(clumio) })
    local told = {}
    clumio.client(faulty.url):ensure_wallets({ account(1), "1", answers.asked.account_native_id,
      answers.asked.account_native_id }, { on_progress = function(progress)
        told[#told + 1] = ("%d/%d"):format(progress.done, progress.total)
      end })
    assert.same({ "2/4", "4/4" }, told)
  end)

  it("stop_on_failure begins no create behind a failure", function()
    local faulty <close> = start(clumio, { {} }, { answers.refusal(403) })
    local _, failures, words = clumio.client(faulty.url):ensure_wallets({ account(1), account(2),
      account(3) }, { stop_on_failure = true, at_once = 1 })
    assert.equal("forbidden", failures[1].code)
    assert.same({}, words)
    assert.is_nil(failures[2] or failures[3])
    assert.equal(1, count(faulty, "POST"))
  end)

  it("stop_on_failure begins nothing behind an item that is wrong", function()
    local faulty <close> = start(clumio, { {} }, { keeping(clumio) })
    local _, failures, words = clumio.client(faulty.url):ensure_wallets({
      answers.asked.account_native_id, "1", account(3) }, { stop_on_failure = true, at_once = 1 })
    assert.same({ "created" }, words)
    assert.equal("invalid", failures[2].code)
    assert.is_nil(failures[3])
    assert.equal(1, count(faulty, "POST"))
  end)

  it("per_second is the pace of the creates", function()
    local faulty <close> = start(clumio, { {} }, { answers.refusal(403) })
    local begun = core.clock()
    clumio.client(faulty.url):ensure_wallets({ account(1), account(2), account(3) },
      { per_second = 5 })
    assert.is_true(core.clock() - begun >= 0.4)
  end)

  it("go to the calls: extra to the creates alone", function()
    local faulty <close> = start(clumio, { {} }, { keeping(clumio) })
    local _, failures = clumio.client(faulty.url):ensure_wallets({
      answers.asked.account_native_id }, { extra = { colour = "blue" }, timeout = 5, attempts = 2,
      settle = 1, deadline = 60 })
    assert.same({}, failures)
    assert.truthy(faulty:requests()[2].body:find('"colour":"blue"', 1, true))
  end)
end)

describe("ensuring many, while others ensure some of it,", function()
  it("waits for them, and they for it", function()
    local faulty <close> = server.start(lists.orders(clumio, {
      { send = { { sleep = 0.2 }, { create = true }, clumio.good() }, executes = false,
        finish = "keep" },
    }))
    local number = answers.asked.account_native_id
    local function one()
      local _, word = clumio.client(faulty.url):ensure_wallet(number)
      return word
    end
    local function some()
      local _, _, words = clumio.client(faulty.url):ensure_wallets { number }
      return words[1]
    end
    local words = coffer.gather(one, some, one, some)
    table.sort(words)
    assert.same({ "created", "found", "found", "found" }, words)
    assert.equal(1, faulty:creates())
  end)

  it("does not get in the way of one that wants the same in another order", function()
    local refusal = answers.refusal(403)
    refusal.send = { { sleep = 0.2 }, refusal.send }
    local faulty <close> = start(clumio, { {} }, { refusal })
    local client = clumio.client(faulty.url)
    local codes = {}
    local function ensure(...)
      local _, failures = client:ensure_wallets({ ... }, { deadline = 4 })
      for _, failure in ipairs(failures) do
        codes[#codes + 1] = failure.code
      end
    end
    coffer.gather(
      function() return client:ensure_wallet(account(1)) end,
      function() return client:ensure_wallet(account(2)) end,
      function() ensure(account(1), account(2)) end,
      function() ensure(account(2), account(1)) end)
    assert.same({ "forbidden", "forbidden", "forbidden", "forbidden" }, codes)
    assert.equal(6, count(faulty, "POST"))
  end)
end)
