-- Astra, as specs need it.

local answers = require "answers"

local ASTRA = "application/astra-account+json"
local ACCOUNT_ID = "666a3f38-d4fa-5b62-a391-a69029758d32"

local asked = answers.asked

local astra = {
  operation = "create_account",
  token = "canary-astra-credential",
  token_header = "Authorization",
  token_variable = "ASTRA_TOKEN",
  base = "",
  path = "/accounts",
  status = 201,
  type = ASTRA,
  sent_type = ASTRA,
  body = answers.astra_account,
  error_body = function()
    return answers.astra_problem(400, 9)
  end,
  identity = "id",
  parameters = { name = asked.account },
  ensure = "ensure_account",
  ensure_many = "ensure_accounts",
}

function astra.recognise(account)
  return account.id == ACCOUNT_ID and account.isEnabled == "false"
end

local function account_listed(id, name)
  return answers.astra_account { id = id and answers.text(id), name = name and answers.text(name) }
end

astra.list = {
  path = "/accounts",
  method = "accounts",
  type = "application/json",
  own = asked.account,
  item = account_listed,
  two = { account_listed "id-one", account_listed "id-two" },
  two_are_named = "id-two",
  other = account_listed("x", "another"),
  other_name = "another",
  named = function(name)
    return name, account_listed("id-" .. name, name)
  end,
  page = function(items, token)
    return ('{"items":%s,"metadata":{%s}}'):format(answers.array(items),
      token and ('"continue":%q'):format(token) or "")
  end,
}

--- JSON of any kind is put where each @ is.
astra.odd_pages = {
  method = "accounts", operation = "list_accounts", parameters = { include = "id,name" },
  places = {
    ["a page"] = "@", ["the list of items"] = '{"items":@,"metadata":{}}',
    ["an item"] = '{"items":[@],"metadata":{}}',
    ["a row's field"] = '{"items":[[@,@,@]],"metadata":{}}',
    ["the metadata"] = '{"items":[],"metadata":@}',
    ["the token"] = '{"items":[],"metadata":{"continue":@}}',
  },
}

astra.odd_waits = {
  operation = "get_account",
  places = {
    ["an account"] = "@", ["its state"] = '{"id":"a","state":@}',
  },
  absent = { "{}", '{"state":null}' },
}

astra.odd_id = { member = "id", methods = { "get", "delete", "update", "wait" } }

astra.requests = {
  create_account = asked.account, get_account = "a-1", delete_account = "a-1",
  update_account = { account_id = "a-1", name = "n" },
}

function astra.sandbox_calls(client)
  local account = assert(client:create_account "old")
  local dying = assert(client:create_account "dying")
  return {
    { "create_account", { name = "a 'quoted' & <odd> name",
      metadata = { labels = { { name = "$(id)", value = "`id`\n" } } } } },
    { "list_accounts", { filter = "name eq 'old'", include = "id,name", limit = 1 } },
    { "get_account", account.id },
    { "update_account", { account_id = account.id, name = "new",
      ["If-Match"] = '"0\'1"' } },
    { "delete_account", dying.id, once = true },
  }
end

--- Calls whose bytes are in spec/golden, and what becomes of an answer.
function astra.operations()
  local assert = require "luassert"

  return {
    {
      name = "create_account", golden = "create-account", status = 201, type = ASTRA,
      body = answers.astra_account(),
      call = function(client) return client:create_account { name = "Testing 123" } end,
    },
    {
      name = "create_account with all there is", golden = "create-account-full", status = 201,
      type = ASTRA, body = answers.astra_account(),
      call = function(client)
        return client:create_account {
          name = "Testing 123",
          metadata = { labels = { { name = "team", value = "storage" } } },
        }
      end,
    },
    {
      name = "list_accounts", golden = "list-accounts",
      body = '{"items":[' .. answers.astra_account() .. '],"metadata":{}}',
      call = function(client) return client:list_accounts() end,
      check = function(list)
        assert.equal("astra account " .. ACCOUNT_ID .. " (pending)", tostring(list.items[1]))
        assert.equal("false", list.items[1].isEnabled)
      end,
    },
    {
      name = "list_accounts with all there is", golden = "list-accounts-full",
      body = '{"items":[["i-1","x&y","active"]],"metadata":{"count":7,"continue":"+/00007="}}',
      call = function(client)
        return client:list_accounts { include = "id,name,state", filter = "name eq 'x&y'",
          orderBy = "name desc", limit = 2, skip = 4, count = "true", continue = "+/00005=" }
      end,
      check = function(list)
        assert.same({ id = "i-1", name = "x&y", state = "active" }, list.items[1])
        assert.equal(7, list.metadata.count)
      end,
    },
    {
      name = "get_account", golden = "get-account", type = ASTRA,
      body = answers.astra_account(),
      call = function(client) return client:get_account(ACCOUNT_ID) end,
      check = function(account) assert.equal("Testing 123", account.name) end,
    },
    {
      name = "update_account", golden = "update-account", status = 204, type = false,
      call = function(client)
        return client:update_account { account_id = ACCOUNT_ID, name = "Testing 124" }
      end,
      check = function(done) assert.is_true(done) end,
    },
    {
      name = "update_account with all there is", golden = "update-account-full",
      status = 204, type = false,
      call = function(client)
        return client:update_account {
          account_id = ACCOUNT_ID, id = ACCOUNT_ID, name = "Testing 124", state = "active",
          isEnabled = "true", enabledTimestamp = "2020-08-06T12:24:52.256624Z",
          ["If-Match"] = '"0123456789abcdef"',
          accountContact = {
            firstName = "Ada", lastName = "Byron", companyName = "Engines",
            email = "ada@example.com", phone = "+1 555",
            postalAddress = { addressCountry = "GB", addressLocality = "London",
              addressRegion = "London", postalCode = "W1", streetAddress1 = "12 St James",
              streetAddress2 = "Floor 2" },
          },
          metadata = { labels = { { name = "team", value = "storage" } } },
        }
      end,
      check = function(done) assert.is_true(done) end,
    },
    {
      name = "delete_account", golden = "delete-account", status = 204, type = false,
      call = function(client) return client:delete_account(ACCOUNT_ID) end,
      check = function(done) assert.is_true(done) end,
    },
  }
end

return astra
