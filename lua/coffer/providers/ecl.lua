--- What NTT Enterprise Cloud's answers mean. The "Create Account" page of its Wasabi API reference;
-- its errors as its gateway, IAM, Keystone and SDK show them. docs/providers.md says what the
-- words mean.
local text = require "coffer.values.text"

--- A tenant's ID in another letter case or without its dashes is the same one.
local function fold(tenant)
  return (text.lower(tenant):gsub("-", ""))
end

--- The form of an account's name: its tenant, and the provider's domain.
local NAME = "^(.*)@[Ee][Cc][Ll]%.[Nn][Tt][Tt]%.[Cc][Oo][Mm]$"

return {
  options = {
    api_key = { "what to get a token with", also = "key user username" },
    api_secret = { "its secret", also = "password secret" },
    keystone_url = {
      "where to get a token, such as `https://keystone-jp1-ecl.api.ntt.com/v3`", also = "auth_url",
    },
    tenant_id = {
      "the tenant (project) of every call; a call's own `tenant_id` goes before it",
      also = "project project_id tenant",
    },
  },
  error_shapes = {
    { at = "", code = "code", message = "message" },
    { at = "", message = "errorMessage" },
    { at = "", message = "error", more = "error_description" },
    { at = "", message = "reason" },
    { at = "", message = "cause" },
    { at = "", message = "api_error_message" },
    { at = "fault", message = "faultstring" },
    { at = "*", code = "code", message = "message" },
  },
  operations = {
    create_account = {
      proof = "AcctNum",
      once = { "Password", "SecretKey" },
      echoes = { { key = "tenant_id", at = "AcctName", form = NAME, fold = fold } },
    },
    create_user = {
      proof = "User.1.UserId",
      once = { "User.1.Password", "User.1.SecretAccessKey" },
      echoes = { { key = "UserName", at = "User.1.UserName" } },
    },
    list_utilizations = { list = "", pages = { name = "utilizations" } },
    issue_token = {
      proof = "X-Subject-Token", is_token = true,
      life = { from = "token.issued_at", till = "token.expires_at" },
    },
  },
  resources = {
    account = { title = "AcctNum" },
    user = { title = "UserName" },
    users = { title = "User.1.UserName" },
    ["token until"] = {
      title = "token.expires_at",
      about = "What issue_token gives: the token is its member `X-Subject-Token`.",
    },
  },
  log_in = {
    operation = "issue_token",
    needs = { "api_key", "api_secret", "keystone_url" },
    parameters = function(given, settings)
      return {
        auth = {
          identity = {
            methods = { "password" },
            password = {
              user = { domain = {}, name = given.api_key, password = given.api_secret },
            },
          },
          scope = { project = { id = settings.tenant_id } },
        },
      }
    end,
  },
  ensure = {
    method = "ensure_account", call = "create_account", refuses_second = true,
    about = "Sees to it that the tenant has an account.",
    key = { tenant_id = "tenant_id" }, fold = "-",
    exists = function(key)
      return { AcctName = key.tenant_id .. "@ecl.ntt.com" }
    end,
    lost = "its Password and SecretKey were told once, when it was created",
  },
}
