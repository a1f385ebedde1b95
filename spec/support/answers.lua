-- The providers' documented answers as bytes, to be sent whole, changed or broken. Every secret in
-- them is a canary: a word that must turn up nowhere but in the secret itself.

local answers = {}

answers.canaries = {
  wallet_token = "canary-wallet-token-1f0a",
  password = "canary-password-821d493e",
  secret_key = "canary-secret-key-d6N0Vwg8",
}

local tenant = "9ee80f2a926c49f88f166af47df4e9f5"

--- What the calls ask for, so that the answers below are answers to it.
answers.asked = {
  account_native_id = "123456789012",
  vault = "vault-one",
  tenant_id = tenant,
  account = "Testing 123",
}

--- JSON of a text that needs no escape.
function answers.text(value)
  return '"' .. value .. '"'
end

--- JSON of a list of JSON texts.
function answers.array(items)
  return "[" .. table.concat(items, ",") .. "]"
end

local text = answers.text

local function rest_of(changes, members)
  local known, rest = {}, {}
  for _, member in ipairs(members) do
    known[member[1]] = true
  end
  for name in pairs(changes) do
    if not known[name] then
      rest[#rest + 1] = name
    end
  end
  table.sort(rest)
  return rest
end

--- Writes members, { name, JSON } in order. A change replaces a member's JSON, false leaves the
--- member out, an unknown name comes last.
function answers.object(members, changes)
  changes = changes or {}
  local parts = {}
  local function add(name, json)
    if json then
      parts[#parts + 1] = text(name) .. ":" .. json
    end
  end
  for _, member in ipairs(members) do
    local name, json = member[1], member[2]
    if changes[name] ~= nil then
      json = changes[name]
    end
    add(name, json)
  end
  for _, name in ipairs(rest_of(changes, members)) do
    add(name, changes[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local object = answers.object

local function link(href, method)
  return object { { "href", text(href) }, { "templated", "false" }, { "type", text(method) } }
end

function answers.wallet(changes)
  return object({
    { "_embedded", "{}" },
    { "_links", object {
      { "_self", link("/wallets/w-1", "get") },
      { "delete-wallet", link("/wallets/w-1", "delete") },
      { "list-wallet-keys", link("/wallets/w-1/keys", "get") },
      { "refresh-wallet", link("/wallets/w-1/_refresh", "post") },
    } },
    { "account_native_id", text(answers.asked.account_native_id) },
    { "available_version", "4" },
    { "clumio_aws_account_id", text "210987654321" },
    { "deployment_url", text "https://console.aws.amazon.com/cloudformation/home" },
    { "error_code", text "" },
    { "error_message", text "" },
    { "id", text "w-1" },
    { "installed_regions", "[]" },
    { "key_errors", "{}" },
    { "role_arn", text "arn:aws:iam::123456789012:role/ClumioKMSRole" },
    { "stack_version", "3" },
    { "state", text "Waiting" },
    { "supported_regions", '["us-east-1","us-west-2"]' },
    { "template_url", text "https://example.com/wallet.yaml" },
    { "token", text(answers.canaries.wallet_token) },
  }, changes)
end

--- The part of a vault's answer that tells of the vault.
function answers.vault_response(changes)
  return object({
    { "entity", object {
      { "clientId", "4711" },
      { "clientName", text(answers.asked.vault) },
    } },
    { "errorCode", "0" },
    { "errorMessage", text "" },
    { "warningCode", "0" },
    { "warningMessage", text "" },
  }, changes)
end

--- The part that tells of the installation on the S3 endpoints.
function answers.endpoint_job(changes)
  return object({
    { "jobId", "12345" },
    { "response", object { { "errorMessage", text "" }, { "errorCode", text "NO_ERROR" } } },
  }, changes)
end

function answers.vault(changes)
  return object({
    { "response", answers.vault_response() },
    { "addEndpointJob", answers.endpoint_job() },
  }, changes)
end

function answers.wasabi_account(changes)
  return object({
    { "AcctNum", "12345" },
    { "AcctName", text(tenant .. "@ecl.ntt.com") },
    { "Password", text(answers.canaries.password) },
    { "AccessKey", text "RS8CYARTT5RHIJ92JBJS" },
    { "SecretKey", text(answers.canaries.secret_key) },
    { "CreateTime", text "2019-10-04T07:11:55.000+00:00" },
  }, changes)
end

function answers.astra_account(changes)
  return object({
    { "type", text "application/astra-account" },
    { "version", text "1.0" },
    { "id", text "666a3f38-d4fa-5b62-a391-a69029758d32" },
    { "name", text(answers.asked.account) },
    { "state", text "pending" },
    { "isEnabled", text "false" },
    { "enabledTimestamp", text "2020-08-06T12:24:52.256624Z" },
    { "metadata", object {
      { "labels", "[]" },
      { "creationTimestamp", text "2022-10-06T20:58:16.305662Z" },
      { "modificationTimestamp", text "2022-10-06T20:58:16.305662Z" },
      { "createdBy", text "8f84cf09-8036-51e4-b579-bd30cb07b269" },
    } },
  }, changes)
end

--- Errors: each provider's own body; details where the defaults do not do.
function answers.clumio_error(code, message)
  return ('{"errors":[{"error_code":%d,"error_message":%q}]}'):format(code or 359, message or "no")
end

--- Commvault's code is a number with 400, 403 and 409, a name with 404 and 500.
function answers.commvault_error(code, message)
  local shown = type(code) == "string" and text(code) or tostring(code or 2)
  return ('{"errorMessage":%q,"errorCode":%s}'):format(message or "no", shown)
end

function answers.ecl_error(message)
  return ('{"errorMessage":%q}'):format(message or "no")
end

function answers.astra_problem(status, number, changes)
  return object({
    { "type", text("https://astra.netapp.io/problems/" .. (number or 10)) },
    { "title", text "JSON resource conflict" },
    { "detail", text "A field conflicts with an idempotent value." },
    { "status", text(tostring(status)) },
    { "correlationID", text "2f1a9b3c-0000-4000-8000-000000000001" },
  }, changes)
end

local REASONS = {
  [200] = "OK", [201] = "Created", [204] = "No Content", [301] = "Moved Permanently",
  [302] = "Found", [303] = "See Other", [307] = "Temporary Redirect", [308] = "Permanent Redirect",
  [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden", [404] = "Not Found",
  [409] = "Conflict", [429] = "Too Many Requests", [500] = "Internal Server Error",
  [502] = "Bad Gateway", [503] = "Service Unavailable", [504] = "Gateway Timeout",
}

--- One chunk of a chunked body.
function answers.chunk(bytes)
  return ("%x\r\n%s\r\n"):format(#bytes, bytes)
end

local function framed(body, framing)
  if framing == "chunked" then
    local half = #body // 2
    return "Transfer-Encoding: chunked", answers.chunk(body:sub(1, half))
      .. answers.chunk(body:sub(half + 1)) .. "0\r\n\r\n"
  elseif framing == "none" then
    return nil, body
  end
  return "Content-Length: " .. #body, body
end

--- An HTTP answer: status, type (false: none), headers (lines), body, framing ("length", "chunked",
--- "none": until the end of the connection).
function answers.http(options)
  local status = options.status or 200
  local lines = { ("HTTP/1.1 %d %s"):format(status, REASONS[status] or "Unnamed") }
  if options.type ~= false then
    lines[#lines + 1] = "Content-Type: " .. (options.type or "application/json")
  end
  for _, line in ipairs(options.headers or {}) do
    lines[#lines + 1] = line
  end
  local length_line, bytes = framed(options.body or "", options.framing)
  lines[#lines + 1] = length_line
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. bytes
end

--- An order for the fault server that answers and keeps the connection.
function answers.keep(options)
  local finish = options.framing == "none" and "close" or "keep"
  return { send = answers.http(options), finish = finish }
end

--- An order with this case's good answer that keeps the connection.
function answers.keep_good(case)
  return { send = case.good(), finish = "keep" }
end

--- An order that refuses without executing.
function answers.refusal(status, headers)
  local order = answers.keep { status = status, headers = headers, body = "{}" }
  order.executes = false
  return order
end

return answers
