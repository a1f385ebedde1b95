-- Clumio, as specs need it.

local answers = require "answers"

local WALLETS = "application/api.clumio.wallets=v1+json"

local asked = answers.asked

local clumio = {
  operation = "create_wallet",
  token = "canary-clumio-credential",
  token_header = "Authorization",
  token_variable = "CLUMIO_API_TOKEN",
  base = "",
  path = "/wallets",
  status = 200,
  type = WALLETS,
  body = answers.wallet,
  error_body = answers.clumio_error,
  identity = "id",
  secrets = { token = answers.canaries.wallet_token },
  key = { account_native_id = asked.account_native_id },
  parameters = { account_native_id = asked.account_native_id },
  ensure = "ensure_wallet",
  ensure_many = "ensure_wallets",
}

function clumio.recognise(wallet)
  return wallet.id == "w-1" and wallet.state == "Waiting"
    and math.type(wallet.stack_version) == "integer"
end

-- The one POST that may be repeated.
clumio.refresh = {
  operation = "refresh_wallet",
  path = "/wallets/w-1/_refresh",
  has_no_body = true,
  is_repeatable = true,
  parameters = { wallet_id = "w-1" },
}

local function wallet(id, account)
  return answers.wallet {
    id = answers.text(id or "w-1"), account_native_id = account and answers.text(account),
  }
end

clumio.list = {
  path = "/wallets",
  method = "wallets",
  type = WALLETS,
  own = asked.account_native_id,
  item = wallet,
  two = { wallet "id-one", wallet "id-two" },
  two_are_named = "id-two",
  other = wallet("x", "999999999999"),
  other_name = "999999999999",
  named = function(account)
    return account, wallet("w-" .. account, account)
  end,
  page = function(items, next_link)
    return ('{"_embedded":{"items":%s},"_links":{%s},"current_count":%d}'):format(
      answers.array(items),
      next_link and ('"_next":{"href":%q,"templated":false,"type":"get"}'):format(next_link) or "",
      #items)
  end,
}

--- JSON of any kind is put where each @ is.
clumio.odd_pages = {
  method = "wallets", operation = "list_wallets", parameters = {},
  places = {
    ["a page"] = "@", ["what is embedded"] = '{"_embedded":@}',
    ["the list of items"] = '{"_embedded":{"items":@}}',
    ["an item"] = '{"_embedded":{"items":[@]}}',
    ["an item's id"] = '{"_embedded":{"items":[{"id":@},{"id":@}]}}',
    ["links"] = '{"_embedded":{"items":[]},"_links":@}',
    ["the next link"] = '{"_embedded":{"items":[]},"_links":{"_next":@}}',
    ["the next link's address"] = '{"_embedded":{"items":[]},"_links":{"_next":{"href":@}}}',
  },
}

clumio.odd_waits = {
  operation = "refresh_wallet",
  places = {
    ["a wallet"] = "@", ["its state"] = '{"id":"w-1","state":@}',
    ["the code of an error"] = '{"state":"Error","error_code":@,"error_message":@}',
  },
  absent = { "{}", '{"state":null}' },
}

clumio.odd_id = { member = "id", methods = { "refresh", "get", "delete", "keys", "wait" } }

clumio.requests = {
  create_wallet = "123456789012", refresh_wallet = "w-1", get_wallet = "w-1", delete_wallet = "w-1",
  list_wallet_keys = "/wallets/w-1/keys",
}

function clumio.sandbox_calls(client)
  local wallet_there = assert(client:create_wallet "123456789012")
  local doomed = assert(client:create_wallet "123456789012")
  return {
    { "create_wallet", { account_native_id = "123456789012", aws_region = "eu" } },
    { "refresh_wallet", wallet_there.id },
    { "list_wallets", { limit = 1, start = "page+1/=" } },
    { "get_wallet", wallet_there.id },
    { "list_wallet_keys", wallet_there._links["list-wallet-keys"].href },
    { "delete_wallet", doomed.id, once = true },
  }
end

--- Calls whose bytes are in spec/golden, and what becomes of an answer.
function clumio.operations()
  local assert = require "luassert"
  local coffer = require "coffer"

  return {
    {
      name = "create_wallet", golden = "create-wallet", type = WALLETS, body = answers.wallet(),
      call = function(client)
        return client:create_wallet { account_native_id = "123456789012" }
      end,
    },
    {
      name = "create_wallet with all there is", golden = "create-wallet-full", type = WALLETS,
      body = answers.wallet(),
      options = function()
        return { organizational_unit = "00000000-0000-0000-0000-000000000000" }
      end,
      call = function(client)
        return client:create_wallet { account_native_id = "123456789012", aws_region = "us-west-2" }
      end,
    },
    {
      name = "refresh_wallet", golden = "refresh-wallet", type = WALLETS, body = answers.wallet(),
      call = function(client) return client:refresh_wallet "w-1" end,
    },
    {
      name = "list_wallets", golden = "list-wallets",
      type = WALLETS, body = '{"_embedded":{"items":[' .. answers.wallet() .. "]}}",
      call = function(client) return client:list_wallets() end,
      check = function(list)
        assert.equal("w-1", list._embedded.items[1].id)
        assert.equal("[secret]", tostring(list._embedded.items[1].token))
        assert.equal("clumio wallet w-1 (Waiting)", tostring(list._embedded.items[1]))
      end,
    },
    {
      name = "list_wallets with all there is", golden = "list-wallets-full",
      type = WALLETS,
      body = '{"_embedded":{"items":[]},"current_count":0,"limit":2,"start":"page+3/= &"}',
      call = function(client) return client:list_wallets { start = "page+3/= &", limit = 2 } end,
      check = function(list)
        assert.same({}, list._embedded.items)
        assert.equal("integer", math.type(list.limit))
        assert.equal("page+3/= &", list.start)
      end,
    },
    {
      name = "get_wallet", golden = "get-wallet", type = WALLETS,
      body = answers.wallet { state = '"Enabled"' },
      call = function(client) return client:get_wallet "w-1" end,
      check = function(given)
        assert.equal("Enabled", given.state)
        assert.equal(3, given.stack_version)
      end,
    },
    {
      name = "delete_wallet", golden = "delete-wallet", status = 204, type = false,
      call = function(client) return client:delete_wallet { wallet_id = "w-1" } end,
      check = function(done) assert.is_true(done) end,
    },
    {
      name = "list_wallet_keys", golden = "list-wallet-keys", takes_any = true,
      body = '{"anything":[1,null,{}]}',
      call = function(client) return client:list_wallet_keys "/wallets/w-1/keys" end,
      check = function(keys)
        assert.equal(1, keys.anything[1])
        assert.equal(coffer.null, keys.anything[2])
      end,
    },
  }
end

return clumio
