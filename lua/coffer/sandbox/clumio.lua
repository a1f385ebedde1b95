-- Clumio's side: wallets. A wallet begins as Waiting and is Enabled once it was looked at often
-- enough, as if its stack had been deployed meanwhile.

local check = require "coffer.sandbox.check"
local json = require "coffer.sandbox.json"
local random = require "coffer.sandbox.random"
local request = require "coffer.sandbox.request"

local clumio = { name = "clumio", prefix = "/clumio", operations = {} }

clumio.addresses = { base_url = clumio.prefix }

local WALLETS = "application/api.clumio.wallets=v1+json"
local REGIONS = { "us-east-1", "us-west-2" }
local STACK_VERSION = 4
local PAGE_SIZE = 100

function clumio.open(settings)
  local state = {
    token = random.hex(48), wallets = {}, enabled_after = settings.wallet_enabled_after,
  }
  return state, { token = state.token }
end

-- No registry of Clumio's numeric codes is public, so the status stands in for one.
function clumio.refuse(status, message)
  return {
    status = status,
    body = { errors = json.array { { error_code = status, error_message = message } } },
  }
end

function clumio.unauthorised(state, asked)
  if asked.headers.authorization == "Bearer " .. state.token then return nil end
  return clumio.refuse(401, asked.headers.authorization and "The token is not valid."
    or "The token is missing.")
end

local function link(href, method)
  return { href = href, templated = false, type = method }
end

local function links_of(wallet)
  local path = clumio.prefix .. "/wallets/" .. wallet.id
  return {
    _self = link(path, "get"),
    ["delete-wallet"] = link(path, "delete"),
    ["list-wallet-keys"] = link(path .. "/keys", "get"),
    ["refresh-wallet"] = link(path .. "/_refresh", "post"),
  }
end

local function view(wallet)
  local is_enabled = wallet.sightings >= wallet.enabled_after
  local template = "https://templates.example.com/clumio/byok.yaml"
  return {
    _embedded = {},
    _links = links_of(wallet),
    account_native_id = wallet.account_native_id,
    available_version = STACK_VERSION,
    aws_region = wallet.aws_region or json.null,
    clumio_aws_account_id = wallet.clumio_aws_account_id,
    deployment_url = "https://console.aws.example.com/quickcreate?templateURL="
      .. request.encode(template) .. "&param_Token=" .. wallet.token,
    error_code = json.null,
    error_message = json.null,
    id = wallet.id,
    installed_regions = json.array(is_enabled and REGIONS or {}),
    key_errors = {},
    role_arn = is_enabled and "arn:aws:iam::" .. wallet.account_native_id .. ":role/ClumioRole"
      or json.null,
    stack_version = is_enabled and STACK_VERSION or 0,
    state = is_enabled and "Enabled" or "Waiting",
    supported_regions = json.array(REGIONS),
    template_url = template,
    token = wallet.token,
  }
end

local function success(body)
  return { status = 200, type = WALLETS, body = body }
end

local function find(state, id)
  for place, wallet in ipairs(state.wallets) do
    if wallet.id == id then return wallet, place end
  end
end

local function not_found(asked)
  return clumio.refuse(404, "There is no wallet " .. asked.params.wallet_id)
end

local function operation(definition)
  definition.accept = WALLETS
  table.insert(clumio.operations, definition)
end

-- A second wallet for the same account is taken: no public source says that it is refused.
operation {
  name = "create_wallet", method = "POST", path = "/wallets", consumes = "application/json",
  body = check.object {
    { "account_native_id", check.string { min = 1 }, required = true },
    { "aws_region", check.string { min = 1 } },
  },
  answer = function(state, asked)
    local wallet = {
      id = random.uuid(), token = random.uuid(), sightings = 0,
      enabled_after = state.enabled_after,
      account_native_id = asked.fields.account_native_id, aws_region = asked.fields.aws_region,
      clumio_aws_account_id = random.text("0123456789", 12),
    }
    table.insert(state.wallets, wallet)
    return success(view(wallet))
  end,
}

local function look(state, asked)
  local wallet = find(state, asked.params.wallet_id)
  if not wallet then return not_found(asked) end
  wallet.sightings = wallet.sightings + 1
  return success(view(wallet))
end

operation {
  name = "refresh_wallet", method = "POST", path = "/wallets/{wallet_id}/_refresh", answer = look,
}

operation { name = "get_wallet", method = "GET", path = "/wallets/{wallet_id}", answer = look }

operation {
  name = "delete_wallet", method = "DELETE", path = "/wallets/{wallet_id}",
  answer = function(state, asked)
    local wallet, place = find(state, asked.params.wallet_id)
    if not wallet then return not_found(asked) end
    table.remove(state.wallets, place)
    return { status = 204 }
  end,
}

-- What the keys' link answers is not documented. Here it is an empty object.
table.insert(clumio.operations, {
  name = "list_wallet_keys", method = "GET", path = "/wallets/{wallet_id}/keys",
  answer = function(state, asked)
    if not find(state, asked.params.wallet_id) then return not_found(asked) end
    return { status = 200, body = {} }
  end,
})

-- Page tokens are opaque to clients. These hold what has to be encoded in a query.
local function page_token(first)
  return ("page+%d/="):format(first)
end

local function page_start(token)
  if token == "" then return 1 end
  return tonumber(token:match "^page%+(%d+)/=$")
end

local function check_start(value)
  if not page_start(value) then return "is not a page token" end
end

local function page_link(limit, token)
  local query = token and "&start=" .. request.encode(token) or ""
  return link(("%s/wallets?limit=%d%s"):format(clumio.prefix, limit, query), "get")
end

operation {
  name = "list_wallets", method = "GET", path = "/wallets",
  query = { limit = request.positive, start = check_start },
  answer = function(state, asked)
    local limit = tonumber(asked.query.limit and asked.query.limit[1] or PAGE_SIZE)
    local token = asked.query.start and asked.query.start[1] or ""
    local first, items = page_start(token), json.array {}
    for place = first, math.min(first + limit - 1, #state.wallets) do
      table.insert(items, view(state.wallets[place]))
    end
    local links = {
      _first = page_link(limit), _self = page_link(limit, token ~= "" and token or nil),
    }
    if first + limit <= #state.wallets then
      links._next = page_link(limit, page_token(first + limit))
    end
    return success {
      _embedded = { items = items }, _links = links,
      current_count = #items, limit = limit, start = token,
    }
  end,
}

return clumio
