-- Lists that come in pages: client:wallets{} and its like.

local answers = require "answers"
local coffer = require "coffer"
local expect = require "expect"
local lists = require "lists"
local pauses = require "pauses"
local providers = require "providers"
local server = require "server"
local socket = require "socket"

local clumio, commvault, astra = lists.clumio, lists.commvault, lists.astra
local ecl = providers.ecl

local function start(list, orders)
  return server.start { paths = { ["GET " .. list.path] = orders } }
end

--- Pages of wallets, each with the link to the next.
local function wallet_pages(...)
  local orders = {}
  for i, row in ipairs { ... } do
    orders[i] = lists.keep(clumio, row, row.link)
  end
  return orders
end

local function ids(walk, field)
  local seen = {}
  for item in walk do
    seen[#seen + 1] = item[field or "id"]
  end
  return seen
end

local function targets(faulty)
  local seen = {}
  for i, request in ipairs(faulty:requests()) do
    seen[i] = request.target
  end
  return seen
end

--- The failure object that a walk raises.
local function raised(walk)
  local is_done, failure = pcall(function()
    for item in walk do
      assert(item)
    end
  end)
  assert.is_false(is_done)
  assert.equal("coffer.failure", getmetatable(failure).__name)
  return failure
end

describe("Clumio's wallets", function()
  it("come from page to page, by the token in the link", function()
    local faulty <close> = start(clumio, wallet_pages(
      { clumio.item "a", clumio.item "b", link = "/wallets?limit=2&start=to%2Bken%3D%3D" },
      { clumio.item "c", link = "/wallets?start=last&limit=2" },
      { clumio.item "d" }))
    local parameters = { limit = 2 }
    assert.same({ "a", "b", "c", "d" }, ids(clumio.case.client(faulty.url):wallets(parameters)))
    assert.same({
      "/wallets?limit=2", "/wallets?limit=2&start=to%2Bken%3D%3D", "/wallets?limit=2&start=last",
    }, targets(faulty))
    assert.same({ limit = 2 }, parameters)
  end)

  it("are asked for when they are due, and no sooner", function()
    local faulty <close> = start(clumio, wallet_pages(
      { clumio.item "a", link = "/wallets?start=2" }, { clumio.item "b" }))
    local walk = clumio.case.client(faulty.url):wallets()
    assert.equal(0, #faulty:requests())
    assert.equal("a", walk().id)
    assert.equal(1, #faulty:requests())
    assert.equal("b", walk().id)
    assert.is_nil(walk())
    assert.is_nil(walk())
    assert.equal(2, #faulty:requests())
  end)

  it("can do what wallets can", function()
    local faulty <close> = start(clumio, wallet_pages { clumio.item "a" })
    local wallet = clumio.case.client(faulty.url):wallets()()
    assert.equal("clumio wallet a (Waiting)", tostring(wallet))
    assert.is_function(wallet.refresh)
  end)

  for _, no_more in ipairs { "{}", '{"_next":null}', "null" } do
    it("end where the links are " .. no_more, function()
      local body = ('{"_embedded":{"items":[%s]},"_links":%s}'):format(clumio.item "a", no_more)
      local faulty <close> = start(clumio, { answers.keep { body = body } })
      assert.same({ "a" }, ids(clumio.case.client(faulty.url):wallets()))
    end)
  end

  it("may have empty pages between, and be none at all", function()
    local faulty <close> = start(clumio, wallet_pages(
      { link = "/wallets?start=2" }, { clumio.item "a", link = "/wallets?start=3" }, {}, {}))
    local client = clumio.case.client(faulty.url)
    assert.same({ "a" }, ids(client:wallets()))
    assert.same({}, ids(client:wallets()))
    assert.same({}, client:wallets():collect())
  end)

  local loops = {
    ["to the same page"] = { "/wallets?start=2", "/wallets?start=2" },
    ["back and forth"] = { "/wallets?start=2", "/wallets?start=3", "/wallets?start=2" },
    ["to the first page, which had no token"] = { "/wallets?start=1", "/wallets?start=2",
      "/wallets?start=1" },
  }

  for name, links in pairs(loops) do
    it("end in a failure where the links lead " .. name, function()
      local rows = {}
      for i, link in ipairs(links) do
        rows[i] = { clumio.item("w" .. i), link = link }
      end
      local faulty <close> = start(clumio, wallet_pages(table.unpack(rows)))
      local client = clumio.case.client(faulty.url)
      local failure = raised(client:wallets())
      assert.same({ "protocol", "clumio", "list_wallets" },
        { failure.code, failure.provider, failure.operation })
      assert.truthy(failure.message:find("circle", 1, true))
      assert.equal(#links, #faulty:requests())
    end)
  end

  it("end in a failure where a page leads back to the one that was asked for", function()
    local faulty <close> = start(clumio, wallet_pages(
      { clumio.item "b", link = "/wallets?start=3" },
      { clumio.item "c", link = "/wallets?start=2" }))
    local failure = raised(clumio.case.client(faulty.url):wallets { start = "2" })
    assert.truthy(failure.message:find("circle", 1, true))
    assert.equal(2, #faulty:requests())
  end)

  local OTHER = { "https://other.example/wallets?start=2", "//other.example/v9?start=2",
    "https://user@127.0.0.1/wallets?x=1&start=2#start=9", "ftp:/../wallets?start=2", "?start=2",
    "javascript:alert(1)?start=2", "/v1\\\\wallets?st%61rt=%32&start=3" }

  for _, link in ipairs(OTHER) do
    it("go on by the token alone where the link is " .. link, function()
      local faulty <close> = start(clumio, wallet_pages(
        { clumio.item "a", link = link }, { clumio.item "b" }))
      assert.same({ "a", "b" }, ids(clumio.case.client(faulty.url):wallets()))
      assert.same({ "/wallets", "/wallets?start=2" }, targets(faulty))
    end)
  end

  it("follow no link to another server", function()
    local other <close> = server.start { lists.keep(clumio, {}) }
    local faulty <close> = start(clumio, wallet_pages(
      { clumio.item "a", link = other.url .. "/wallets?start=2" }, { clumio.item "b" }))
    assert.same({ "a", "b" }, ids(clumio.case.client(faulty.url):wallets()))
    assert.equal(0, #other:connections())
  end)

  it("take a token as a query writes it", function()
    local faulty <close> = start(clumio, wallet_pages(
      { clumio.item "a", link = "/wallets?start=a+b%2Bc%26d" }, { clumio.item "b" }))
    assert.same({ "a", "b" }, ids(clumio.case.client(faulty.url):wallets()))
    assert.equal("/wallets?start=a%20b%2Bc%26d", targets(faulty)[2])
  end)

  for _, link in ipairs { "", "/wallets", "/wallets?page=2", "/wallets?start=", "/wallets#?start=2",
    "/wallets?restart=2", "/wallets?start={token}" } do
    it("hand out what came, and then fail, where the link is " .. link, function()
      local faulty <close> = start(clumio, wallet_pages { clumio.item "a", link = link })
      local walk = clumio.case.client(faulty.url):wallets()
      assert.equal("a", walk().id)
      for _ = 1, 2 do
        local failure = raised(walk)
        assert.same({ "unknown", "protocol" }, { failure.outcome, failure.code })
        assert.truthy(failure.message:find("the link to the next page", 1, true), failure.message)
        assert.equal(200, coffer.response(failure).status)
      end
      assert.equal(1, #faulty:requests())
    end)
  end

  it("pass over what was on an earlier page", function()
    local faulty <close> = start(clumio, wallet_pages(
      { clumio.item "a", clumio.item "b", link = "/wallets?start=2" },
      { clumio.item "b", link = "/wallets?start=3" }, { clumio.item "c" }))
    assert.same({ "a", "b", "c" }, ids(clumio.case.client(faulty.url):wallets()))
  end)

  it("end in a failure where new links bring nothing new for ever", function()
    local orders = {}
    for i = 1, 120 do
      orders[i] = lists.keep(clumio, { clumio.item "a" }, "/wallets?start=" .. i)
    end
    local faulty <close> = start(clumio, orders)
    local failure = raised(clumio.case.client(faulty.url):wallets())
    assert.truthy(failure.message:find("nothing new", 1, true))
    assert.equal(101, #faulty:requests())
  end)
end)

describe("Astra's accounts", function()
  it("come from page to page, by a token that is encoded", function()
    local faulty <close> = start(astra, {
      lists.keep(astra, { astra.item "a" }, "a+b/c=="), lists.keep(astra, { astra.item "b" }),
    })
    local walk = astra.case.client(faulty.url):accounts { orderBy = "name desc", limit = 1 }
    assert.same({ "a", "b" }, ids(walk))
    assert.same({
      "/accounts?orderBy=name%20desc&limit=1",
      "/accounts?orderBy=name%20desc&limit=1&continue=a%2Bb%2Fc%3D%3D",
    }, targets(faulty))
  end)

  it("end in a failure where a token comes again", function()
    local faulty <close> = start(astra, { lists.keep(astra, { astra.item "a" }, "again") })
    local failure = raised(astra.case.client(faulty.url):accounts())
    assert.truthy(failure.message:find("circle", 1, true))
    assert.equal(2, #faulty:requests())
  end)

  for _, wrong in ipairs { "2", "true", "{}", "[]" } do
    it("are not taken for all where the token is " .. wrong, function()
      local body = ('{"items":[%s],"metadata":{"continue":%s}}'):format(astra.item "a", wrong)
      local faulty <close> = start(astra, { answers.keep { body = body } })
      assert.equal("protocol", raised(astra.case.client(faulty.url):accounts()).code)
    end)
  end

  for _, no_more in ipairs { "{}", '{"continue":null}', '{"continue":""}', "null" } do
    it("end where the metadata is " .. no_more, function()
      local body = ('{"items":[%s],"metadata":%s}'):format(astra.item "a", no_more)
      local faulty <close> = start(astra, { answers.keep { body = body } })
      assert.same({ "a" }, ids(astra.case.client(faulty.url):accounts()))
    end)
  end

  describe("of which some fields are asked for", function()
    local rows = { lists.keep(astra, { '["a","Anna",null]', '["b","Bert","active"]' }, "2"),
      lists.keep(astra, { '["c","Carl"]' }) }
    local named = { { id = "a", name = "Anna" }, { id = "b", name = "Bert", state = "active" },
      { id = "c", name = "Carl" } }

    local function plain(items)
      local copies = {}
      for i, item in ipairs(items) do
        copies[i] = { id = item.id, name = item.name,
          state = item.state ~= coffer.null and item.state or nil }
      end
      return copies
    end

    it("come as tables with names", function()
      local faulty <close> = start(astra, rows)
      local walk = astra.case.client(faulty.url):accounts { include = "id,name,state" }
      assert.same(named, plain(walk:collect()))
      assert.equal("/accounts?include=id%2Cname%2Cstate", targets(faulty)[1])
    end)

    it("come as tables with names from a single page as well", function()
      local faulty <close> = start(astra, rows)
      local page = astra.case.client(faulty.url):list_accounts { include = "id,name,state" }
      assert.same({ named[1], named[2] }, plain(page.items))
      assert.equal("2", page.metadata.continue)
    end)

    it("stay accounts where the provider gives them whole", function()
      local faulty <close> = start(astra, { lists.keep(astra, { astra.item "a" }) })
      local account = astra.case.client(faulty.url):accounts { include = "id,name" } ()
      assert.equal("a", account.id)
      assert.equal("pending", account.state)
      assert.is_function(account.update)
    end)
  end)
end)

describe("Commvault's vaults", function()
  local function vaults(...)
    local items = {}
    for i, name in ipairs { ... } do
      items[i] = commvault.item(name)
    end
    return lists.keep(commvault, items)
  end

  it("come from page to page, by how many there were", function()
    local faulty <close> = start(commvault, { vaults("a", "b"), vaults("c", "d"), vaults "e",
      vaults() })
    local client = commvault.case.client(faulty.url)
    assert.same({ "a", "b", "c", "d", "e" }, ids(client:s3_vaults { limit = 2 }, "name"))
    assert.same({
      commvault.path .. "?limit=2", commvault.path .. "?start=2&limit=2",
      commvault.path .. "?start=4&limit=2", commvault.path .. "?start=5&limit=2",
    }, targets(faulty))
  end)

  it("are asked for by the hundred where nothing else is said", function()
    local faulty <close> = start(commvault, { vaults() })
    assert.same({}, ids(commvault.case.client(faulty.url):s3_vaults {
      start = coffer.null, limit = coffer.null, hardRefresh = false }, "name"))
    assert.same({ commvault.path .. "?hardRefresh=false&limit=100" }, targets(faulty))
  end)

  it("begin where they are asked to, and end at an empty page", function()
    local faulty <close> = start(commvault, { vaults("a", "b"), vaults() })
    local client = commvault.case.client(faulty.url)
    assert.same({ "a", "b" }, ids(client:s3_vaults { start = 10, limit = 2 }, "name"))
    assert.equal(commvault.path .. "?start=12&limit=2", targets(faulty)[2])
  end)

  --- Vaults of these numbers, in random order where it is asked for.
  local function numbered(from, till, is_shuffled)
    local names = {}
    for i = from, till do
      names[#names + 1] = "v" .. i
    end
    for i = is_shuffled and #names or 1, 2, -1 do
      local other = math.random(i)
      names[i], names[other] = names[other], names[i]
    end
    return vaults(table.unpack(names))
  end

  it("are all there where the server caps its pages", function()
    local faulty <close> = start(commvault, { numbered(1, 50), numbered(51, 100),
      numbered(101, 130), vaults() })
    local all = commvault.case.client(faulty.url):s3_vaults():collect()
    assert.same({ 130, "v1", "v130" }, { #all, all[1].name, all[130].name })
    assert.same({ commvault.path .. "?limit=100", commvault.path .. "?start=50&limit=100",
      commvault.path .. "?start=100&limit=100", commvault.path .. "?start=130&limit=100" },
      targets(faulty))
  end)

  for _, size in ipairs { 1, 99, 100, 101 } do
    it(("are each there once where the server gives all %d of them for ever, in any order")
      :format(size), function()
      local faulty <close> = start(commvault, { numbered(1, size, true), numbered(1, size, true),
        numbered(1, size, true) })
      local names, count = {}, 0
      for vault in commvault.case.client(faulty.url):s3_vaults() do
        names[vault.name], count = true, count + 1
      end
      assert.equal(size, count)
      assert.is_true(names.v1 and names["v" .. size])
      assert.equal(2, #faulty:requests())
    end)
  end

  it("are gone on with as long as a page brings something new", function()
    local faulty <close> = start(commvault, { vaults("a", "b"), vaults("b", "c"), vaults("c", "d"),
      vaults("d", "a") })
    local client = commvault.case.client(faulty.url)
    assert.same({ "a", "b", "c", "d" }, ids(client:s3_vaults { limit = 2 }, "name"))
    assert.equal(4, #faulty:requests())
  end)

  it("are both handed out where one page has a name twice", function()
    local faulty <close> = start(commvault, { vaults("a", "a"), vaults("a", "a") })
    assert.same({ "a", "a" }, ids(commvault.case.client(faulty.url):s3_vaults(), "name"))
  end)

  it("end in a failure where vaults without names come again", function()
    local nameless = { '{"x":1,"y":[2]}', '{"x":2}' }
    local faulty <close> = start(commvault, { lists.keep(commvault, nameless),
      lists.keep(commvault, { nameless[2], '{"y":[2],"x":1}' }) })
    local failure = raised(commvault.case.client(faulty.url):s3_vaults { limit = 2 })
    assert.same({ "protocol", "list_s3_vaults" }, { failure.code, failure.operation })
    assert.truthy(failure.message:find("circle", 1, true))
    assert.equal(2, #faulty:requests())
  end)
end)

describe("ECL's utilizations", function()
  it("come in one answer", function()
    local path = "/ecl-objectstorage/tenants/" .. answers.asked.tenant_id
      .. "/accounts/12345/utilizations"
    local faulty <close> = server.start { paths = { ["GET " .. path] = {
      answers.keep { body = '[{"StartTime":"2024-01-01"},{"StartTime":"2024-01-02"}]' },
    } } }
    local walk = ecl.client(faulty.url):utilizations { acct_num = 12345, from = "2024-01-01",
                                                       to = "2024-01-02" }
    assert.same({ "2024-01-01", "2024-01-02" }, ids(walk, "StartTime"))
    assert.same({ path .. "?from=2024-01-01&to=2024-01-02" }, targets(faulty))
  end)
end)

describe("a walk over pages", function()
  local function two_pages()
    return wallet_pages({ clumio.item "a", link = "/wallets?start=2" }, { clumio.item "b" })
  end

  it("raises a call's failure as the object that it is", function()
    local orders = two_pages()
    orders[2] = answers.keep { status = 403, body = answers.clumio_error(359, "not yours") }
    local faulty <close> = start(clumio, orders)
    local walk = clumio.case.client(faulty.url):wallets()
    assert.equal("a", walk().id)
    local failure = raised(walk)
    assert.same({ "refused", "forbidden", 403, "list_wallets" },
      { failure.outcome, failure.code, failure.status, failure.operation })
    assert.same({ { code = 359, message = "not yours" } }, failure.details)
    assert.equal(403, coffer.response(failure).status)
  end)

  it("raises what is wrong with its parameters as a failure", function()
    local faulty <close> = start(clumio, two_pages())
    local failure = raised(clumio.case.client(faulty.url):wallets { limti = 1 })
    assert.same({ "not_sent", "invalid" }, { failure.outcome, failure.code })
    assert.equal(0, #faulty:connections())
  end)

  it("raises misuse at the line of the caller", function()
    local client = clumio.case.client "http://127.0.0.1:1"
    for _, call in ipairs {
      function() client:wallets(5) end, function() client:wallets({}, 5) end,
      function() client:wallets({}, { attempts = 0 }) end,
      function() client:wallets({}, { deadline = "1" }) end,
    } do
      local is_done, said = pcall(call)
      assert.is_false(is_done)
      assert.matches("pages_spec%.lua:%d+: clumio:wallets", said)
    end
  end)

  it("collects all, or what is left", function()
    local faulty <close> = start(clumio, two_pages())
    local client = clumio.case.client(faulty.url)
    local all = client:wallets():collect()
    assert.same({ 2, "a", "b" }, { #all, all[1].id, all[2].id })
    faulty:order { paths = { ["GET /wallets"] = two_pages() } }
    local walk = client:wallets()
    walk()
    local rest = walk:collect()
    assert.same({ 1, "b" }, { #rest, rest[1].id })
  end)

  it("collects nothing of what it cannot collect whole, and gives the failure", function()
    local orders = two_pages()
    orders[2] = answers.keep { status = 500, body = "{}" }
    local faulty <close> = start(clumio, orders)
    local failure = expect.failure("unknown", "unavailable",
      clumio.case.client(faulty.url):wallets():collect())
    assert.equal(1, failure.attempts)
  end)

  it("does not take an interrupt for a failure", function()
    local faulty <close> = start(clumio, { answers.keep { status = 503, body = "{}" } })
    local _ <close> = pauses.skip(function() error "interrupted!" end)
    local walk = clumio.case.client(faulty.url):wallets({}, { attempts = 3 })
    local is_done, said = pcall(walk.collect, walk)
    assert.is_false(is_done)
    assert.matches("interrupted!$", said)
  end)

  it("repeats each page as often as a read may be repeated", function()
    local orders = two_pages()
    local busy = answers.keep { status = 503, body = "{}" }
    local faulty <close> = start(clumio, { busy, busy, orders[1], busy, busy, orders[2] })
    local slept <close> = pauses.skip()
    assert.same({ "a", "b" }, ids(clumio.case.client(faulty.url):wallets({}, { attempts = 3 })))
    assert.equal(4, #slept)
  end)

  it("has a deadline for each page, and collect one for all", function()
    local orders = {}
    for i = 1, 20 do
      local page = lists.keep(clumio, { clumio.item("w" .. i) },
        i < 20 and "/wallets?start=p" .. i or nil)
      orders[i] = { send = { { sleep = 0.05 }, page.send }, finish = "keep" }
    end
    local faulty <close> = start(clumio, orders)
    local client = clumio.case.client(faulty.url)
    assert.equal(20, #ids(client:wallets({}, { deadline = 0.5 })))
    faulty:order { paths = { ["GET /wallets"] = orders } }
    local begun = socket.gettime()
    local list, failure = client:wallets({}, { deadline = 0.5 }):collect()
    assert.is_nil(list)
    assert.equal("timeout", failure.code)
    assert.is_true(socket.gettime() - begun < 0.75)
  end)

  it("reads as a line", function()
    local walk = clumio.case.client("http://127.0.0.1:1"):wallets()
    assert.equal("clumio wallets (pages)", tostring(walk))
  end)
end)
