--- What Clumio's answers mean. The "Create Wallet" and "Refresh Wallet" pages of its REST API; the
-- statuses of a deletion as its Go SDK takes them. docs/providers.md says what the words mean.
local outside = require "coffer.values.outside"

local errors = { at = "errors", code = "error_code", message = "error_message" }

local ACCOUNT = "^" .. ("%d"):rep(12) .. "$" -- an AWS account ID

local names_wallet = { key = "wallet_id", at = "id" }

return {
  options = {
    region = { "a base URL by its name" },
    organizational_unit = {
      "UUID, sent as `x-clumio-organizationalunit-context`", also = "organization ou",
    },
  },
  error_shapes = { errors },
  errors_inside = { errors },
  operations = {
    create_wallet = {
      proof = "id",
      echoes = {
        { key = "account_native_id", at = "account_native_id", decides = ACCOUNT },
        { key = "aws_region", at = "aws_region" },
      },
    },
    refresh_wallet = { proof = "id", echoes = { names_wallet } },
    get_wallet = { proof = "id", echoes = { names_wallet } },
    list_wallets = {
      list = "_embedded.items",
      pages = { name = "wallets", style = "link", next = "_links._next.href",
                parameter = "start", identity = "id" },
    },
    delete_wallet = { success = { [200] = true, [202] = true, [204] = true } },
  },
  ensure = {
    method = "ensure_wallet", plural = "ensure_wallets", call = "create_wallet",
    about = "Sees to it that a wallet exists.",
    sole = "account_native_id", name = "id", list = "wallets",
    key = { account_native_id = "account_native_id", aws_region = "aws_region" },
    main = "account_native_id", compare = { aws_region = "region" },
    may = "it is of the account, and the list does not say that its region is another",
  },
  resources = {
    wallet = {
      title = "id", status = "state",
      methods = {
        refresh = { operation = "refresh_wallet", parameter = "wallet_id", at = "id" },
        get = { operation = "get_wallet", parameter = "wallet_id", at = "id" },
        delete = { operation = "delete_wallet", parameter = "wallet_id", at = "id" },
        keys = { operation = "list_wallet_keys", parameter = "href",
                 at = "_links.list-wallet-keys.href" },
      },
      wait = {
        states = { ready = { "Enabled" }, pending = { "Waiting" }, partial = { "Error" } },
        state = "state",
        options = { "errors" },
        look = function(client, resource, options)
          return client:refresh_wallet({ wallet_id = rawget(resource, "id") }, options)
        end,
        detail = function(seen)
          return { code = outside.code(rawget(seen, "error_code")),
                   message = outside.text(rawget(seen, "error_message")) }
        end,
      },
    },
  },
}
