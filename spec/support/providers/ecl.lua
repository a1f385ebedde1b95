-- ECL, as specs need it. It has no list that tells of accounts.

local answers = require "answers"

local asked = answers.asked

local ecl = {
  operation = "create_account",
  token = "canary-ecl-credential",
  token_header = "X-Auth-Token",
  token_variable = "OS_TOKEN",
  base = "/ecl-objectstorage",
  fixed = { tenant_id = asked.tenant_id },
  path = "/ecl-objectstorage/tenants/" .. asked.tenant_id .. "/account",
  status = 200,
  type = "application/json",
  body = answers.wasabi_account,
  error_body = answers.ecl_error,
  identity = "AcctNum",
  secrets = { Password = answers.canaries.password, SecretKey = answers.canaries.secret_key },
  has_no_body = true,
  parameters = {},
  ensure = "ensure_account",
  refuses_second = true,
  found_lacks = true,
}

function ecl.recognise(account)
  return math.type(account.AcctNum) == "integer" and account.AcctNum == 12345
end

function ecl.recognise_found(account)
  return account.AcctName == asked.tenant_id .. "@ecl.ntt.com"
end

--- JSON of any kind is put where each @ is.
ecl.odd_pages = {
  method = "utilizations", operation = "list_utilizations",
  parameters = { acct_num = 1, from = "2024-01-01", to = "2024-01-02" },
  places = {
    ["the list"] = "@", ["an item"] = "[@]", ["a field"] = '[{"StartTime":@}]',
  },
}

ecl.requests = {
  create_user = "robot",
  list_utilizations = { acct_num = 1, from = "2019-10-01", to = "2019-10-31" },
  issue_token = { auth = {
    identity = {
      methods = { "password" },
      password = { user = { domain = {}, name = "n", password = "p" } },
    },
    scope = { project = { id = "t" } },
  } },
}

--- Options that some calls need, at a server of the spec's own and at a sandbox.
function ecl.options_at(url)
  return { keystone_url = url .. "/v3" }
end

function ecl.sandbox_options(box)
  return { keystone_url = box:credentials("ecl").keystone_url }
end

function ecl.sandbox_calls(client, box)
  local tenant, key = box:options("ecl").tenant_id, box:credentials "ecl"
  local user = { domain = { id = "default" }, name = key.api_key, password = key.api_secret }
  local number = assert(client:create_account()).AcctNum
  return {
    { "create_account", { tenant_id = tenant:gsub(".", "a") }, once = true },
    { "create_user", "robot's", once = true },
    { "list_utilizations", { acct_num = number, from = "2024-01-01", to = "2024-01-02" } },
    { "issue_token", { auth = { identity = { methods = { "password" },
      password = { user = user } }, scope = { project = { id = tenant } } } },
      body = ('{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":'
        .. '{"id":"default"},"name":"%s","password":"%s"}}},"scope":{"project":{"id":"%s"}}}}')
        :format(key.api_key, key.api_secret, tenant) },
  }
end

ecl.user = '{"User":[{"UserId":"U1","UserName":"backup robot",'
  .. '"Password":"canary-password-821d493e",'
  .. '"AccessKeyId":"AK1","SecretAccessKey":"canary-secret-key-d6N0Vwg8",'
  .. '"CreateDate":"2019-10-04T07:11:55.000+00:00"}]}'

local TOKEN_VIEW = '{"token":{"methods":["password"],"issued_at":"2022-12-12T07:56:28.000000Z",'
  .. '"expires_at":"2022-12-12T08:56:28.000000Z"}}'

--- Calls whose bytes are in spec/golden, and what becomes of an answer.
function ecl.operations()
  local assert = require "luassert"

  return {
    {
      name = "create_account", golden = "create-account", body = answers.wasabi_account(),
      call = function(client) return client:create_account() end,
    },
    {
      name = "create_user", golden = "create-user", body = ecl.user,
      call = function(client) return client:create_user "backup robot" end,
      check = function(list)
        local user = list.User[1]
        assert.equal("ecl user backup robot", tostring(user))
        assert.equal(answers.canaries.password, user.Password:reveal())
        assert.equal(answers.canaries.secret_key, user.SecretAccessKey:reveal())
        assert.equal("AK1", user.AccessKeyId)
      end,
    },
    {
      name = "list_utilizations", golden = "list-utilizations",
      body = '[{"AcctNum":"12345","RawStorageSizeBytes":1099511627776,"further":null}]',
      call = function(client)
        return client:list_utilizations { acct_num = 12345, from = "2019-10-01", to = "2019-10-31" }
      end,
      check = function(days)
        assert.equal(1, #days)
        assert.equal(1099511627776, days[1].RawStorageSizeBytes)
        assert.equal("integer", math.type(days[1].RawStorageSizeBytes))
      end,
    },
    {
      name = "list_utilizations with all there is", golden = "list-utilizations-full",
      body = "[]",
      call = function(client)
        return client:list_utilizations { acct_num = "12345", from = "2019-10-01",
          to = "2019-10-31", include_regional_utilizations = true }
      end,
      check = function(days) assert.same({}, days) end,
    },
    {
      name = "issue_token", golden = "issue-token", status = 201, body = TOKEN_VIEW,
      headers = { "X-Subject-Token: subject" },
      options = function(url)
        return { api_key = "key", api_secret = "hush", keystone_url = url .. "/keystone/v3" }
      end,
      call = function(client) return client:issue_token() end,
      check = function(issued)
        assert.equal("subject", issued["X-Subject-Token"]:reveal())
        assert.equal("2022-12-12T08:56:28.000000Z", issued.token.expires_at)
      end,
    },
  }
end

return ecl
