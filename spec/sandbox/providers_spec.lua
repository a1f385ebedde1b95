-- The providers' sides of the sandbox: what they answer, keep and refuse.

local cjson = require("cjson").new()

local call = require "sandbox_call"
local sandbox = require "coffer.sandbox"

local box

local function ask(...)
  return call.ask(box, ...)
end

local function begin() box = sandbox { strict = true } end
local function begin_loosely() box = sandbox() end
local function finish() box:close() end

describe("Clumio in a sandbox", function()
  before_each(begin)
  after_each(finish)

  local function create(changes)
    return ask("clumio", "POST /wallets", '{"account_native_id":"123456789012"}', changes)
  end

  local function refusal(answer)
    return answer.json.errors[1].error_message
  end

  it("creates a wallet that waits for its stack", function()
    local answer = create()
    assert.equal(200, answer.status)
    assert.equal("application/api.clumio.wallets=v1+json", answer.headers["content-type"])
    assert.equal("Waiting", answer.json.state)
    assert.equal("123456789012", answer.json.account_native_id)
    assert.equal(36, #answer.json.token)
  end)

  it("writes integers as integers and empty arrays as arrays", function()
    local answer = create()
    assert.matches('"available_version":%d+[,}]', answer.body)
    assert.matches('"installed_regions":%[%]', answer.body)
  end)

  it("gives every wallet a token of its own", function()
    assert.not_equal(create().json.token, create().json.token)
  end)

  it("enables a wallet when it was refreshed often enough", function()
    local path = "POST /wallets/" .. create().json.id .. "/_refresh"
    assert.equal("Waiting", ask("clumio", path).json.state)
    local wallet = ask("clumio", path).json
    assert.equal("Enabled", wallet.state)
    assert.is_true(wallet.stack_version > 0)
  end)

  it("enables a wallet when it was read often enough", function()
    local path = "GET /wallets/" .. create().json.id
    assert.equal("Waiting", ask("clumio", path).json.state)
    assert.equal("Enabled", ask("clumio", path).json.state)
  end)

  it("enables a wallet as soon as asked", function()
    local quick <close> = sandbox { wallet_enabled_after = 0 }
    local answer = call.ask(quick, "clumio", "POST /wallets", '{"account_native_id":"1"}')
    assert.equal("Enabled", answer.json.state)
  end)

  it("answers 404 for a wallet that is not there", function()
    local answer = ask("clumio", "POST /wallets/none/_refresh")
    assert.equal(404, answer.status)
    assert.equal("application/json", answer.headers["content-type"])
    assert.equal("There is no wallet none", refusal(answer))
  end)

  it("deletes a wallet", function()
    local path = "/wallets/" .. create().json.id
    assert.equal(204, ask("clumio", "DELETE " .. path).status)
    assert.equal(404, ask("clumio", "GET " .. path).status)
  end)

  it("lists wallets by pages whose token has to be encoded", function()
    local ids = { create().json.id, create().json.id, create().json.id }
    local first = ask("clumio", "GET /wallets?limit=2").json
    assert.equal(2, first.current_count)
    local query = first._links._next.href:match "%?.*"
    assert.matches("%%2B", query)
    local second = ask("clumio", "GET /wallets" .. query).json
    assert.equal(ids[3], second._embedded.items[1].id)
    assert.is_nil(second._links._next)
  end)

  it("lists no wallets as an empty array", function()
    assert.matches('"items":%[%]', ask("clumio", "GET /wallets").body)
  end)

  it("wants a token", function()
    local answer = create { Authorization = false }
    assert.equal(401, answer.status)
    assert.equal("number", type(answer.json.errors[1].error_code))
  end)

  it("wants the right token", function()
    assert.equal(401, create({ Authorization = "Bearer wrong" }).status)
  end)

  it("wants the versioned media type", function()
    local answer = create { Accept = "application/json" }
    assert.equal(400, answer.status)
    assert.matches("^Accept must be", refusal(answer))
  end)

  it("wants a Content-Type where there is a body", function()
    local answer = create { ["Content-Type"] = "text/plain" }
    assert.equal(400, answer.status)
    assert.matches("^Content%-Type must be", refusal(answer))
  end)

  it("wants no Content-Type where there is no body", function()
    local changes = { ["Content-Type"] = "application/json" }
    local answer = ask("clumio", "POST /wallets/x/_refresh", nil, changes)
    assert.equal(400, answer.status)
    assert.matches("^Content%-Type must not", refusal(answer))
  end)

  it("wants a Content-Length where there is no body", function()
    local answer = ask("clumio", "POST /wallets/x/_refresh", nil, { ["Content-Length"] = false })
    assert.equal(400, answer.status)
    assert.equal("Content-Length must be 0", refusal(answer))
  end)

  it("wants no body on a refresh", function()
    local changes = { ["Content-Type"] = false }
    local answer = ask("clumio", "POST /wallets/x/_refresh", "{}", changes)
    assert.equal(400, answer.status)
    assert.equal("body must not be sent", refusal(answer))
  end)

  it("wants the account as a string", function()
    local answer = ask("clumio", "POST /wallets", '{"account_native_id":123456789012}')
    assert.equal(400, answer.status)
    assert.equal("account_native_id must be a string, not a number", refusal(answer))
  end)

  it("wants the account", function()
    local answer = ask("clumio", "POST /wallets", "{}")
    assert.equal("account_native_id is required", refusal(answer))
  end)

  it("wants an object", function()
    local answer = ask("clumio", "POST /wallets", "[]")
    assert.equal("body must be an object, not an array", refusal(answer))
  end)

  it("wants JSON", function()
    local answer = ask("clumio", "POST /wallets", '{"account_native_id"')
    assert.equal(400, answer.status)
    assert.matches("^body is not JSON", refusal(answer))
  end)

  it("wants query parameters that it knows", function()
    local answer = ask("clumio", "GET /wallets?limit=1&filter=x")
    assert.equal(400, answer.status)
    assert.equal("filter is not a parameter of this operation", refusal(answer))
  end)

  it("answers 405 for a method that a path does not have", function()
    assert.equal(405, ask("clumio", "PUT /wallets", "{}").status)
  end)
end)

describe("Commvault in a sandbox", function()
  before_each(begin)
  after_each(finish)

  local function vault(name, more)
    local text = '{"bucket":{"clientName":"%s"},"plan":{"planId":1,"planName":"p"}%s}'
    return ask("commvault", "POST /V4/CVS3Store", text:format(name, more or ""))
  end

  it("creates a vault", function()
    local answer = vault "v"
    assert.equal(200, answer.status)
    assert.equal(0, answer.json.response.errorCode)
    assert.equal("v", answer.json.response.entity.clientName)
    assert.matches('"clientId":%d+[,}]', answer.body)
    assert.is_nil(answer.json.addEndpointJob)
  end)

  it("starts a job for end points and lets it complete", function()
    local job = vault("v", ',"cvs3Endpoints":[{"clientId":7}]').json.addEndpointJob
    assert.equal("NO_ERROR", job.response.errorCode)
    local path = ("GET /Job/%d"):format(job.jobId)
    local first = ask("commvault", path).json
    assert.equal("Running", first.jobs[1].jobSummary.status)
    assert.equal("Completed", ask("commvault", path).json.jobs[1].jobSummary.status)
  end)

  it("has no record of a job that it does not know", function()
    local answer = ask("commvault", "GET /Job/99")
    assert.equal(200, answer.status)
    assert.same({ totalRecordsWithoutPaging = 0 }, answer.json)
  end)

  it("refuses a second vault of the same name with a number", function()
    vault "v"
    local answer = vault "v"
    assert.equal(409, answer.status)
    assert.equal("number", type(answer.json.errorCode))
    assert.matches("exists already", answer.json.errorMessage)
  end)

  it("takes owners and groups of the right types", function()
    local owners = ',"owners":[{"userId":1,"__type__":13}],'
    local groups = '"userGroups":[{"userGroupId":2,"__type__":15}],"rotateKeys":true'
    assert.equal(200, vault("v", owners .. groups).status)
  end)

  it("tells everything that is wrong at once", function()
    local answer = vault("v", ',"owners":[{"userId":1,"__type__":15}],"rotateKeys":"yes"')
    assert.equal(400, answer.status)
    assert.equal("number", type(answer.json.errorCode))
    assert.equal("owners[0].__type__ must be 13; rotateKeys must be a boolean, not a string",
      answer.json.errorMessage)
  end)

  it("wants arrays as arrays", function()
    assert.equal("userGroups must be an array, not an object",
      vault("v", ',"userGroups":{}').json.errorMessage)
  end)

  it("wants int32 as int32", function()
    local text = '{"bucket":{"clientName":"v"},"plan":{"planId":2147483648,"planName":"p"}}'
    local answer = ask("commvault", "POST /V4/CVS3Store", text)
    assert.equal("plan.planId must be an int32", answer.json.errorMessage)
  end)

  it("takes a path in any case, as the vendor's own tools spell it", function()
    assert.equal(200, ask("commvault", "GET /V4/cvS3Stores").status)
  end)

  it("lists vaults by name", function()
    vault "one"
    vault "two"
    local all = ask("commvault", "GET /V4/CVS3Stores?hardRefresh=true&start=0&limit=100").json
    assert.same({ { name = "one" }, { name = "two" } }, all.CVS3Stores)
    local rest = ask("commvault", "GET /V4/CVS3Stores?start=1&limit=1").json
    assert.same({ { name = "two" } }, rest.CVS3Stores)
  end)

  it("lists plans", function()
    local plans = ask("commvault", "GET /V2/Plan?subType=Server").json.plans
    assert.equal("string", type(plans[1].plan.planName))
  end)

  it("wants a token", function()
    local answer = ask("commvault", "GET /V4/CVS3Stores", nil, { Authtoken = false })
    assert.equal(401, answer.status)
    assert.same({ errorCode = 5, errorMessage = "Access denied" }, answer.json)
  end)

  it("names the error of a 404 and a 500", function()
    box:fail { operation = "create_s3_vault", status = 404 }
    box:fail { operation = "create_s3_vault", status = 500 }
    assert.equal("VALUE_NOT_FOUND", vault("v").json.errorCode)
    assert.equal("INTERNAL_SERVER_PROBLEM", vault("v").json.errorCode)
  end)

  local mime = require "mime"

  local function login(password)
    local known = box:credentials "commvault"
    local encoded = mime.b64(password or known.password)
    local body = cjson.encode { username = known.username, password = encoded }
    return ask("commvault", "POST /Login", body, { Authtoken = false })
  end

  it("gives a token for a user name and password", function()
    local token = login().json.token
    assert.matches("^QSDK ", token)
    local answer = ask("commvault", "GET /V4/CVS3Stores", nil, { Authtoken = token })
    assert.equal(200, answer.status)
  end)

  it("answers 200 to a wrong password too", function()
    local answer = login "wrong"
    assert.equal(200, answer.status)
    assert.is_nil(answer.json.token)
    assert.equal("string", type(answer.json.errList[1].errLogMessage))
  end)

  it("renews a login token and forgets the former one", function()
    local former = login().json.token
    local answer = ask("commvault", "POST /RenewLoginToken",
      cjson.encode { sessionId = former, deviceId = "d" })
    assert.matches("^QSDK ", answer.json.token)
    local later = ask("commvault", "GET /V4/CVS3Stores", nil, { Authtoken = former })
    assert.equal(401, later.status)
  end)

  it("does not renew a login token that it does not know", function()
    local answer = ask("commvault", "POST /RenewLoginToken", '{"sessionId":"QSDK x"}')
    assert.equal(200, answer.status)
    assert.equal("string", type(answer.json.error.errLogMessage))
  end)

  it("forgets a token on logout", function()
    assert.equal(200, ask("commvault", "POST /Logout").status)
    assert.equal(401, ask("commvault", "GET /V4/CVS3Stores").status)
  end)

  local function renew(access, refresh)
    return ask("commvault", "POST /V4/AccessToken/Renew",
      cjson.encode { accessToken = access, refreshToken = refresh }, { Authtoken = false })
  end

  local function bearer(token)
    local headers = { Authtoken = false, Authorization = "Bearer " .. token }
    return ask("commvault", "GET /V4/CVS3Stores", nil, headers).status
  end

  it("takes an access token as a bearer", function()
    assert.equal(200, bearer(box:credentials("commvault").access_token))
  end)

  it("renews a pair of access tokens", function()
    local known = box:credentials "commvault"
    local pair = renew(known.access_token, known.refresh_token).json
    assert.equal(401, bearer(known.access_token))
    assert.equal(200, bearer(pair.accessToken))
  end)

  it("revokes the whole chain when a pair is used twice", function()
    local known = box:credentials "commvault"
    local pair = renew(known.access_token, known.refresh_token).json
    assert.equal(401, renew(known.access_token, known.refresh_token).status)
    assert.equal(401, bearer(pair.accessToken))
    assert.equal(401, renew(pair.accessToken, pair.refreshToken).status)
  end)
end)

describe("ECL in a sandbox", function()
  before_each(begin)
  after_each(finish)

  local function account(tenant, changes)
    return ask("ecl", "POST /tenants/" .. tenant .. "/account", nil, changes)
  end

  it("creates an account", function()
    local answer = account "t1"
    assert.equal(200, answer.status)
    assert.matches('"AcctNum":12345[,}]', answer.body)
    assert.equal("t1@ecl.ntt.com", answer.json.AcctName)
    assert.equal(32, #answer.json.Password)
    assert.equal(20, #answer.json.AccessKey)
    assert.equal(40, #answer.json.SecretKey)
    assert.matches("^%d+%-%d+%-%d+T%d+:%d+:%d+%.000%+00:00$", answer.json.CreateTime)
  end)

  it("gives every account secrets of its own", function()
    local one, two = account("t1").json, account("t2").json
    assert.not_equal(one.SecretKey, two.SecretKey)
    assert.not_equal(one.AcctNum, two.AcctNum)
  end)

  it("refuses a second account for the same tenant", function()
    account "t1"
    assert.equal(409, account("t1").status)
  end)

  it("takes a Content-Type without a body, as its sample has one", function()
    assert.equal(200, account("t1", { ["Content-Type"] = "application/json" }).status)
  end)

  it("takes no form type without a body", function()
    local changes = { ["Content-Type"] = "application/x-www-form-urlencoded" }
    local answer = account("t1", changes)
    assert.equal(400, answer.status)
    assert.matches("^Content%-Type", answer.json.message)
  end)

  it("wants Accept", function()
    assert.equal(400, account("t1", { Accept = false }).status)
  end)

  it("wants a token, as Keystone does", function()
    local answer = account("t1", { ["X-Auth-Token"] = "wrong" })
    assert.equal(401, answer.status)
    assert.equal(401, answer.json.error.code)
    assert.equal("Unauthorized", answer.json.error.title)
  end)

  it("speaks as the IAM or the gateway where they would refuse", function()
    box:fail { operation = "ecl.create_account", status = 403 }
    box:fail { operation = "ecl.create_account", status = 503 }
    assert.equal("string", type(account("t1").json.errorMessage))
    assert.equal("string", type(account("t1").json.fault.faultstring))
  end)

  it("creates a user of an account", function()
    account "t1"
    local answer = ask("ecl", "POST /tenants/t1/users", '{"UserName":"u"}')
    assert.equal(200, answer.status)
    assert.equal("u", answer.json.User[1].UserName)
    assert.equal(40, #answer.json.User[1].SecretAccessKey)
  end)

  it("lists what an account used, day by day", function()
    account "t1"
    local path = "GET /tenants/t1/accounts/12345/utilizations?from=2024-02-28&to=2024-03-01"
    local days = ask("ecl", path).json
    assert.equal(3, #days)
    assert.matches("^2024%-02%-29T", days[2].StartTime)
    assert.is_nil(days[1].RegionalUtilizations)
  end)

  it("lists regions where they are asked for", function()
    account "t1"
    local days = ask("ecl", "GET /tenants/t1/accounts/12345/utilizations"
      .. "?from=2024-01-01&to=2024-01-01&include_regional_utilizations=true").json
    assert.equal("string", type(days[1].RegionalUtilizations[1].Region))
  end)

  it("wants the period of utilizations", function()
    local answer = ask("ecl", "GET /tenants/t1/accounts/1/utilizations?from=2024-01-01")
    assert.equal(400, answer.status)
    assert.equal("to is required", answer.json.message)
  end)

  local function authenticate(password, query)
    local known = box:credentials "ecl"
    local body = cjson.encode { auth = {
      identity = { methods = { "password" }, password = { user = {
        domain = { id = "default" }, name = known.api_key,
        password = password or known.api_secret,
      } } },
      scope = { project = { id = "t1" } },
    } }
    local headers = call.headers(box, "ecl", body)
    headers["X-Auth-Token"] = nil
    return call.send("POST", known.keystone_url .. "/auth/tokens" .. (query or ""), headers, body)
  end

  it("gives a Keystone token in a header", function()
    local answer = authenticate()
    assert.equal(201, answer.status)
    assert.equal("t1", answer.json.token.project.id)
    local token = answer.headers["x-subject-token"]
    assert.equal(200, account("t1", { ["X-Auth-Token"] = token }).status)
  end)

  it("leaves the catalog away where asked", function()
    assert.same({}, authenticate().json.token.catalog)
    assert.is_nil(authenticate(nil, "?nocatalog").json.token.catalog)
  end)

  it("gives no token for a wrong secret", function()
    assert.equal(401, authenticate("wrong").status)
  end)
end)

describe("Astra in a sandbox", function()
  before_each(begin)
  after_each(finish)

  local function body_of(name, more)
    local text = '{"type":"application/astra-account","version":"1.0","name":%s%s}'
    return text:format(cjson.encode(name), more or "")
  end

  local function create(name, more, changes)
    return ask("astra", "POST /accounts", body_of(name, more), changes)
  end

  local function problem(answer)
    return tonumber(answer.json.type:match "^https://astra.netapp.io/problems/(%d+)$")
  end

  it("creates an account", function()
    local answer = create "one"
    assert.equal(201, answer.status)
    assert.equal("application/astra-account+json", answer.headers["content-type"])
    assert.equal("pending", answer.json.state)
    assert.equal("false", answer.json.isEnabled)
    assert.matches('"labels":%[%]', answer.body)
  end)

  it("says where the account is", function()
    local answer = create "one"
    assert.equal(box.url .. "/astra/accounts/" .. answer.json.id, answer.headers.location)
  end)

  it("answers plain JSON where any type will do", function()
    assert.equal("application/json", create("one", "", { Accept = "*/*" }).headers["content-type"])
  end)

  it("keeps labels", function()
    local answer = create("one", ',"metadata":{"labels":[{"name":"a","value":"b"}]}')
    assert.same({ { name = "a", value = "b" } }, answer.json.metadata.labels)
  end)

  it("wants a token", function()
    local answer = create("one", "", { Authorization = false })
    assert.equal(401, answer.status)
    assert.equal("application/problem+json", answer.headers["content-type"])
    assert.equal(3, problem(answer))
    assert.equal("401", answer.json.status)
  end)

  it("wants the right token", function()
    assert.equal(4, problem(create("one", "", { Authorization = "Bearer wrong" })))
  end)

  it("wants a format that it has", function()
    local answer = create("one", "", { Accept = "text/html" })
    assert.equal(406, answer.status)
    assert.equal(32, problem(answer))
  end)

  it("wants its media type for a body", function()
    local answer = create("one", "", { ["Content-Type"] = "application/json" })
    assert.equal(400, answer.status)
    assert.equal(12, problem(answer))
    assert.equal("Content-Type", answer.json.invalidParams[1].name)
  end)

  it("wants JSON", function()
    assert.equal(7, problem(ask("astra", "POST /accounts", "{")))
  end)

  it("wants what its schema says, and tells what was wrong", function()
    local answer = ask("astra", "POST /accounts", '{"type":"x","version":"1.1","extra":1}')
    assert.equal(400, answer.status)
    assert.equal(8, problem(answer))
    assert.equal("type must be 'application/astra-account'; version must be '1.0'; "
      .. "name is required; extra is not a known field", answer.json.schemaValidationFailure)
  end)

  it("wants a name of 1 to 63 characters", function()
    assert.equal(201, create(("é"):rep(63)).status)
    assert.equal(8, problem(create ""))
    assert.equal(8, problem(create(("é"):rep(64))))
  end)

  it("wants a name that does not look like an attack", function()
    local answer = create "<script>"
    assert.equal(9, problem(answer))
    assert.equal("name", answer.json.invalidFields[1].name)
  end)

  it("wants labels that differ and have nothing else", function()
    local twice = '{"name":"a","value":"b"},{"name":"a","value":"b"}'
    assert.equal(8, problem(create("one", ',"metadata":{"labels":[' .. twice .. "]}")))
    local more = '{"name":"a","value":"b","c":1}'
    assert.equal(8, problem(create("one", ',"metadata":{"labels":[' .. more .. "]}")))
  end)

  it("gives an account back", function()
    local account = create("one").json
    assert.same(account, ask("astra", "GET /accounts/" .. account.id).json)
  end)

  it("answers 404 by the number that each method has", function()
    local path = "/accounts/00000000-0000-4000-8000-000000000000"
    assert.equal(2, problem(ask("astra", "GET " .. path)))
    assert.equal(1, problem(ask("astra", "DELETE " .. path, nil)))
  end)

  it("refuses an account id that is none", function()
    local answer = ask("astra", "GET /accounts/x")
    assert.equal(400, answer.status)
    assert.equal(33, problem(answer))
  end)

  it("modifies an account and keeps what was not given", function()
    local path = "/accounts/" .. create("one").json.id
    local text = '{"type":"application/astra-account","version":"1.0","isEnabled":"true"}'
    local answer = ask("astra", "PUT " .. path, text)
    assert.equal(204, answer.status)
    assert.equal("", answer.body)
    local account = ask("astra", "GET " .. path).json
    assert.equal("one", account.name)
    assert.equal("string", type(account.enabledTimestamp))
  end)

  it("refuses to change an id", function()
    local path = "/accounts/" .. create("one").json.id
    local answer = ask("astra", "PUT " .. path, body_of("two", ',"id":"other"'))
    assert.equal(409, answer.status)
    assert.equal(10, problem(answer))
    assert.equal("id", answer.json.invalidFields[1].name)
  end)

  it("deletes an account", function()
    local path = "/accounts/" .. create("one").json.id
    assert.equal(204, ask("astra", "DELETE " .. path).status)
    assert.equal(404, ask("astra", "GET " .. path).status)
  end)

  local function names(query)
    local found = {}
    for _, account in ipairs(ask("astra", "GET /accounts" .. query).json.items) do
      table.insert(found, account.name)
    end
    return found
  end

  local function create_three()
    for _, name in ipairs { "one", "two", "three" } do create(name) end
  end

  it("lists accounts", function()
    create_three()
    assert.same({ "one", "two", "three" }, names "")
  end)

  it("lists no accounts as an empty array", function()
    assert.matches('"items":%[%]', ask("astra", "GET /accounts").body)
  end)

  it("filters by a field", function()
    create_three()
    assert.same({ "two" }, names "?filter=name%20eq%20'two'")
  end)

  it("sorts by a field", function()
    create_three()
    assert.same({ "two", "three", "one" }, names "?orderBy=name%20desc")
  end)

  it("gives items as lists where fields are named", function()
    create "one"
    local answer = ask("astra", "GET /accounts?include=name,state&count=true").json
    assert.same({ { "one", "pending" } }, answer.items)
    assert.equal(1, answer.metadata.count)
  end)

  it("goes on from a token that has to be encoded", function()
    create_three()
    local token = ask("astra", "GET /accounts?limit=2").json.metadata.continue
    local encoded = token:gsub("%W", function(byte) return ("%%%02X"):format(byte:byte()) end)
    assert.same({ "three" }, names("?continue=" .. encoded))
    assert.equal(5, problem(ask("astra", "GET /accounts?continue=" .. token)))
  end)

  it("tells unknown parameters from wrong ones", function()
    assert.equal(6, problem(ask("astra", "GET /accounts?page=2")))
    assert.equal(5, problem(ask("astra", "GET /accounts?skip=0")))
  end)
end)

-- What the providers' own clients send, which is not in their documents.

describe("Clumio's SDKs in a sandbox", function()
  before_each(begin_loosely)
  after_each(finish)

  local MEDIA = "application/api.clumio.wallets=v1+json"

  local function create(changes, body)
    return ask("clumio", "POST /wallets",
      body or '{"account_native_id":"123456789012","aws_region":null}', changes)
  end

  it("create a wallet without a region by null", function()
    local answer = create()
    assert.equal(200, answer.status)
    assert.equal(cjson.null, answer.json.aws_region)
  end)

  it("say of JSON that it is text", function()
    local answer = create { ["Content-Type"] = "text/plain; charset=utf-8" }
    assert.equal(200, answer.status)
    assert.equal(200, create({ ["Content-Type"] = false }).status)
  end)

  it("give a Content-Type where there is no body", function()
    local path, changes = "/wallets/" .. create().json.id, { ["Content-Type"] = "application/json" }
    assert.equal(200, ask("clumio", "POST " .. path .. "/_refresh", nil, changes).status)
    assert.equal(200, ask("clumio", "GET " .. path, nil, changes).status)
    assert.equal(200, ask("clumio", "GET " .. path .. "/keys", nil, changes).status)
    assert.equal(204, ask("clumio", "DELETE " .. path, nil, changes).status)
  end)

  it("give a body where none is due", function()
    local path = "/wallets/" .. create().json.id
    assert.equal(200, ask("clumio", "GET " .. path, "{}").status)
    assert.equal(200, ask("clumio", "POST " .. path .. "/_refresh", "{}").status)
    assert.equal(200, ask("clumio", "GET /wallets?limit=1&start=", "{}").status)
    assert.equal(204, ask("clumio", "DELETE " .. path, "{}").status)
  end)

  it("leave Accept open, or pin several versions", function()
    for _, accept in ipairs { "*/*", "application/json", "", MEDIA .. "&application/x=v1+json" } do
      local answer = create { Accept = accept }
      assert.equal(200, answer.status)
      assert.equal(MEDIA, answer.headers["content-type"])
    end
    assert.equal(200, create({ Accept = false }).status)
    assert.equal(400, create({ Accept = "text/html" }).status)
  end)

  it("are still told what is wrong", function()
    assert.equal(400, create(nil, '{"account_native_id":null}').status)
    assert.equal(400, create(nil, '{"account_native_id":7}').status)
    assert.equal(400, create(nil, '{"account_native_id":"1","aws_region":7}').status)
    assert.equal(400, create(nil, "{").status)
    assert.equal(400, create({ ["Content-Type"] = "text/html" }).status)
  end)
end)

describe("Commvault's tools in a sandbox", function()
  before_each(begin_loosely)
  after_each(finish)

  local XML = { Accept = "application/xml", ["Content-Type"] = "application/xml" }

  local function vault(more)
    return ask("commvault", "POST /v4/cvs3Store",
      '{"bucket":{"clientName":"v"},"plan":{"planId":1,"planName":"p"}' .. more .. "}")
  end

  it("look whether the service is there, with no token", function()
    local url = box:options("commvault").base_url
    assert.equal(200, call.send("GET", url .. "/", {}).status)
    assert.equal(200, call.send("GET", url, {}).status)
  end)

  it("ask whose token they have, by either method", function()
    local known = box:credentials "commvault"
    for _, line in ipairs { "POST /WhoAmI", "GET /whoami" } do
      local answer = ask("commvault", line, nil, { ["Content-Type"] = "application/xml" })
      assert.matches("application/json", answer.headers["content-type"])
      assert.equal(known.username, answer.json.user.userName)
    end
    assert.equal(401, ask("commvault", "POST /WhoAmI", nil, { Authtoken = false }).status)
  end)

  it("ask it in XML", function()
    local answer = ask("commvault", "POST /WhoAmI", nil, XML)
    assert.equal("application/xml", answer.headers["content-type"])
    assert.matches('<CvEntities_ProcessingInstructionInfo><user [^>]*userName="sandbox"',
      answer.body)
  end)

  it("log out in XML, and then are logged out", function()
    local answer = ask("commvault", "POST /Logout", nil, XML)
    assert.equal(200, answer.status)
    assert.matches("^<%?xml", answer.body)
    assert.equal(401, ask("commvault", "POST /Logout", nil, XML).status)
  end)

  it("log out with a type of XML and no body", function()
    assert.equal(200, ask("commvault", "POST /Logout", nil,
      { ["Content-Type"] = "application/xml" }).status)
  end)

  it("ask which CommServe it is", function()
    local answer = ask("commvault", "GET /CommServ").json
    for _, name in ipairs { "hostName", "timeZone", "csVersionInfo" } do
      assert.equal("string", type(answer[name]))
    end
    assert.equal("string", type(answer.commcell.commCellName))
    assert.equal("string", type(answer.csTimeZone.TimeZoneName))
  end)

  it("name owners without a type, or with the other spelling", function()
    assert.equal(200, vault(',"owners":[{"userId":1,"userName":"u"}]').status)
    assert.equal(409, vault(',"userGroups":[{"userGroupId":1,"_type_":15}]').status)
  end)

  it("are told of a wrong type", function()
    assert.equal(400, vault(',"owners":[{"userId":1,"__type__":15}]').status)
  end)

  it("give null for what they do not give", function()
    assert.equal(200, vault(',"owners":null,"cvs3Endpoints":null,"rotateKeys":null').status)
  end)
end)

describe("OpenStack's clients in a sandbox", function()
  before_each(begin_loosely)
  after_each(finish)

  local function keystone(method, path, body)
    local url = box:credentials("ecl").keystone_url:gsub("/v3$", "")
    return call.send(method, url .. path, {
      Accept = "application/json", ["Content-Type"] = body and "application/json" or nil,
      ["Content-Length"] = body and tostring(#body) or nil,
    }, body)
  end

  it("ask for the versions of Keystone", function()
    for _, path in ipairs { "", "/" } do
      local answer = keystone("GET", path)
      assert.equal(300, answer.status)
      local version = answer.json.versions.values[1]
      assert.equal("stable", version.status)
      assert.equal(box:credentials("ecl").keystone_url .. "/", version.links[1].href)
    end
  end)

  it("ask for one version", function()
    for _, path in ipairs { "/v3", "/v3/" } do
      local answer = keystone("GET", path)
      assert.equal(200, answer.status)
      assert.matches("^v3", answer.json.version.id)
    end
  end)

  local function authenticate(identity, scope)
    return keystone("POST", "/v3/auth/tokens",
      cjson.encode { auth = { identity = identity, scope = scope } })
  end

  local function by_password(user)
    local known = box:credentials "ecl"
    user.name, user.password = user.name or known.api_key, known.api_secret
    return { methods = { "password" }, password = { user = user } }
  end

  it("name domains and projects, and need no scope", function()
    local project = { name = "p", domain = { name = "Default" } }
    local answer = authenticate(by_password { domain = { name = "Default" } },
      { project = project })
    assert.equal(201, answer.status)
    assert.equal("p", answer.json.token.project.name)
    assert.equal(201, authenticate(by_password {}, "unscoped").status)
    assert.equal(201, authenticate(by_password {}).status)
  end)

  it("exchange a token", function()
    local former = authenticate(by_password {}).headers["x-subject-token"]
    local answer = authenticate { methods = { "token" }, token = { id = former } }
    assert.equal(201, answer.status)
    assert.equal(401, authenticate({ methods = { "token" }, token = { id = "x" } }).status)
  end)

  it("are refused without a password or a token", function()
    assert.equal(401, authenticate({ methods = { "password" } }).status)
    assert.equal(401, authenticate(by_password { name = "nobody" }).status)
  end)

  it("give a body, or any type, where there is none", function()
    local changes = { ["Content-Type"] = "application/x-www-form-urlencoded" }
    assert.equal(200, ask("ecl", "POST /tenants/t1/account", nil, changes).status)
    assert.equal(200, ask("ecl", "POST /tenants/t2/account", "{}", { Accept = "" }).status)
  end)
end)

describe("NetApp's toolkit in a sandbox", function()
  before_each(begin_loosely)
  after_each(finish)

  local function problem(answer)
    return tonumber(answer.json.type:match "problems/(%d+)$")
  end

  it("gives an empty object as the body of a GET and of a DELETE", function()
    local new = '{"type":"application/astra-account","version":"1.0","name":"n"}'
    local path = "/accounts/" .. ask("astra", "POST /accounts", new).json.id
    assert.equal(200, ask("astra", "GET /accounts", "{}").status)
    assert.equal(200, ask("astra", "GET " .. path, "{}").status)
    assert.equal(204, ask("astra", "DELETE " .. path, "{}").status)
  end)

  it("is told what NetApp documents as wrong", function()
    assert.equal(6, problem(ask("astra", "GET /accounts?colour=blue")))
    assert.equal(8, problem(ask("astra", "POST /accounts", "{}")))
    assert.equal(32, problem(ask("astra", "GET /accounts", nil, { Accept = "text/html" })))
  end)
end)
