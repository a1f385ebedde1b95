-- NTT Enterprise Cloud's side: Wasabi accounts and users of a tenant, what they used, and the
-- Keystone that gives out tokens.

local check = require "coffer.sandbox.check"
local json = require "coffer.sandbox.json"
local random = require "coffer.sandbox.random"
local request = require "coffer.sandbox.request"

local ecl = { name = "ecl", prefix = "/ecl", operations = {} }

ecl.addresses = { base_url = "/ecl/ecl-objectstorage", keystone_url = "/ecl/keystone/v3" }

local UPPER_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
local LETTERS_AND_DIGITS = UPPER_AND_DIGITS .. "abcdefghijklmnopqrstuvwxyz"
local TOKEN_LIFE = 3600
local DAY = 86400
local MAX_REPORT = 400

function ecl.open()
  local state = {
    tokens = {}, accounts = {}, next_number = 12345, username = random.text(LETTERS_AND_DIGITS, 32),
    password = random.text(LETTERS_AND_DIGITS, 16),
  }
  local token, tenant_id = random.hex(32), random.hex(32)
  state.tokens[token] = true
  return state, {
    token = token, tenant_id = tenant_id, api_key = state.username, api_secret = state.password,
  }
end

local titles = { [401] = "Unauthorized", [403] = "Forbidden" }

-- The API's own error body is not documented: these are what its neighbours answer, by who speaks.
-- 401 is Keystone, 403 the IAM, 429 and 5xx the gateway.
function ecl.refuse(status, message)
  local body
  if status == 401 then
    body = { error = { message = message, code = status, title = titles[status] } }
  elseif status == 403 then
    body = { errorMessage = message }
  elseif status == 429 or status >= 500 then
    body = { fault = { faultstring = message } }
  else
    body = { message = message }
  end
  return { status = status, body = body }
end

function ecl.unauthorised(state, asked)
  if state.tokens[asked.headers["x-auth-token"] or ""] then return nil end
  return ecl.refuse(401, "The request you have made requires authentication.")
end

local function success(body)
  return { status = 200, body = body }
end

local function timestamp(moment, ending)
  return os.date("!%Y-%m-%dT%H:%M:%S", moment) .. ending
end

-- The pages' samples send a Content-Type even where there is no body.
local function operation(definition)
  definition.accept = "application/json"
  definition.consumes = "application/json"
  definition.idle_type = "application/json"
  table.insert(ecl.operations, definition)
end

operation {
  name = "create_account", method = "POST", path = "/ecl-objectstorage/tenants/{tenant_id}/account",
  answer = function(state, asked)
    local tenant_id = asked.params.tenant_id
    if state.accounts[tenant_id] then
      return ecl.refuse(409, "The tenant has an account already.")
    end
    local account = { number = state.next_number, created = os.time(), users = {} }
    state.next_number = account.number + 1
    state.accounts[tenant_id] = account
    return success {
      AcctNum = account.number, AcctName = tenant_id .. "@ecl.ntt.com",
      Password = random.hex(32), AccessKey = random.text(UPPER_AND_DIGITS, 20),
      SecretKey = random.text(LETTERS_AND_DIGITS, 40),
      CreateTime = timestamp(account.created, ".000+00:00"),
    }
  end,
}

operation {
  name = "create_user", method = "POST", path = "/ecl-objectstorage/tenants/{tenant_id}/users",
  body = check.object { { "UserName", check.string { min = 1 }, required = true } },
  answer = function(state, asked)
    local account = state.accounts[asked.params.tenant_id]
    local name = asked.fields.UserName
    if not account then return ecl.refuse(404, "The tenant has no account.") end
    if account.users[name] then return ecl.refuse(409, "The user exists already.") end
    account.users[name] = true
    local user = {
      UserId = random.text(UPPER_AND_DIGITS, 20), UserName = name, Password = random.hex(32),
      AccessKeyId = random.text(UPPER_AND_DIGITS, 20),
      SecretAccessKey = random.text(LETTERS_AND_DIGITS, 40),
      CreateDate = timestamp(os.time(), ".000+00:00"),
    }
    return success { User = json.array { user } }
  end,
}

-- Utilizations.

local function day_of(date)
  local year, month, day = date:match "^(%d+)%-(%d+)%-(%d+)$"
  return os.time { year = year, month = month, day = day, hour = 12 }
end

local function sizes(record)
  record.RawStorageSizeBytes = 1099511627776
  record.PaddedStorageSizeBytes = 1099511631872
  record.MetadataStorageSizeBytes = 8192
  record.DeletedStorageSizeBytes = 0
  record.MinStorageChargeBytes = 4096
  record.UploadBytes = 1048576
  record.DownloadBytes = 524288
  return record
end

local function daily_record(account, day, is_regional)
  local date = os.date("%Y-%m-%d", day)
  local record = sizes {
    AcctNum = account.number, StartTime = date .. "T00:00:00.000+00:00",
    EndTime = date .. "T23:59:59.000+00:00", CreateTime = date .. "T23:59:59.000+00:00",
  }
  if is_regional then
    record.RegionalUtilizations = json.array { sizes { Region = "ap-northeast-1" } }
  end
  return record
end

operation {
  name = "list_utilizations", method = "GET",
  path = "/ecl-objectstorage/tenants/{tenant_id}/accounts/{acct_num}/utilizations",
  query = {
    from = request.date, to = request.date, include_regional_utilizations = request.truth,
  },
  query_needs = { "from", "to" },
  answer = function(state, asked)
    local account = state.accounts[asked.params.tenant_id]
    if not account or tostring(account.number) ~= asked.params.acct_num then
      return ecl.refuse(404, "The tenant has no account of this number.")
    end
    local first, last = day_of(asked.query.from[1]), day_of(asked.query.to[1])
    if last < first or last - first > MAX_REPORT * DAY then
      return ecl.refuse(400, "from and to do not bound a period that is kept")
    end
    local records = json.array {}
    -- From noon to noon, with room for a clock that was put forward in between.
    for day = first, last + DAY // 2, DAY do
      local is_regional = asked.query.include_regional_utilizations ~= nil
      table.insert(records, daily_record(account, day, is_regional))
    end
    return success(records)
  end,
}

-- Keystone.

local function needed(name, rule)
  return { name, rule, required = true }
end

local user_rule = check.object {
  needed("name", check.string()), needed("password", check.string()),
  needed("domain", check.object { needed("id", check.string { equals = "default" }) }),
}

local function only_password(value, path, report)
  check.list(check.string { equals = "password" })(value, path, report)
  if json.is_array(value) and #value == 0 then report(path, "must name a method") end
end

local default_domain = { id = "default", name = "Default" }

-- The user is given by name or ID, and it is the same to the sandbox.
local function user_of(identity)
  local user = identity.password and identity.password.user
  return user and (user.name or user.id), user and user.password
end

local function project_of(scope)
  local project = type(scope) == "table" and scope.project
  if not project then return nil end
  return { id = project.id or project.name, name = project.name, domain = default_domain }
end

local function token_view(state, auth)
  local now = os.time()
  return {
    methods = auth.identity.methods,
    user = {
      id = random.hex(32), name = user_of(auth.identity) or state.username, domain = default_domain,
    },
    issued_at = timestamp(now, ".000000Z"), expires_at = timestamp(now + TOKEN_LIFE, ".000000Z"),
    audit_ids = json.array { random.hex(22) }, project = project_of(auth.scope),
    is_domain = false, roles = json.array {}, catalog = json.array {},
  }
end

-- A password or, to scope it anew, a token.
local function is_known_to(state, identity)
  if identity.token then return state.tokens[identity.token.id] ~= nil end
  local name, password = user_of(identity)
  return name == state.username and password == state.password
end

-- OpenStack's clients name the user, its domain and the project in several ways, or not at all.
local loose_identity = check.object {
  needed("methods", check.list(check.one_of("password", "token"))),
  { "password", check.object { needed("user", check.object {
    { "id", check.string() }, { "name", check.string() }, needed("password", check.string()),
  }) } },
  { "token", check.object { needed("id", check.string()) } },
}

operation {
  name = "issue_token", method = "POST", path = "/keystone/v3/auth/tokens", is_open = true,
  holds_secrets = true, query = { nocatalog = request.any },
  body = check.object {
    needed("auth", check.object {
      needed("identity", check.object {
        needed("methods", only_password),
        needed("password", check.object { needed("user", user_rule) }),
      }),
      needed("scope", check.object {
        needed("project", check.object { needed("id", check.string { min = 1 }) }),
      }),
    }),
  },
  loose_body = check.object {
    needed("auth", check.object { needed("identity", loose_identity) }),
  },
  answer = function(state, asked)
    local auth = asked.fields.auth
    if not is_known_to(state, auth.identity) then
      return ecl.refuse(401, "The request you have made requires authentication.")
    end
    local token, view = random.hex(32), token_view(state, auth)
    if asked.query.nocatalog then view.catalog = nil end
    state.tokens[token] = true
    return { status = 201, headers = { { "X-Subject-Token", token } }, body = { token = view } }
  end,
}

-- OpenStack's clients ask first which versions there are.

local function version_view(asked)
  local origin = "http://" .. (asked.headers.host or "127.0.0.1")
  local media = { base = "application/json", type = "application/vnd.openstack.identity-v3+json" }
  return {
    id = "v3.14", status = "stable", updated = "2020-04-07T00:00:00Z",
    links = json.array { { rel = "self", href = origin .. ecl.prefix .. "/keystone/v3/" } },
    ["media-types"] = json.array { media },
  }
end

operation {
  name = "list_versions", method = "GET", path = "/keystone", is_open = true,
  answer = function(_, asked)
    local versions = { values = json.array { version_view(asked) } }
    return { status = 300, body = { versions = versions } }
  end,
}

operation {
  name = "get_version", method = "GET", path = "/keystone/v3", is_open = true,
  answer = function(_, asked) return success { version = version_view(asked) } end,
}

return ecl
