--- What NetApp Astra Control's answers mean. The "POST /accounts" page of its API reference, and
-- NetApp's OpenAPI text 24.02.0. docs/providers.md says what the words mean.
local outside = require "coffer.values.outside"

local names_account = { key = "account_id", at = "id" }

return {
  request_id = "correlationID",
  error_shapes = {
    { at = "", code = "type", message = "title", more = "detail" },
    { at = "", message = "schemaValidationFailure" },
    { at = "invalidFields", message = "reason", field = "name" },
    { at = "invalidParams", message = "reason", field = "name" },
    { at = "problemDetails", code = "type", message = "title", more = "detail" },
  },
  operations = {
    create_account = { proof = "id", echoes = { { key = "name", at = "name" } } },
    get_account = { proof = "id", echoes = { names_account } },
    list_accounts = {
      list = "items",
      pages = { name = "accounts", style = "token", next = "metadata.continue",
                parameter = "continue", row_names = "include", identity = "id" },
    },
    update_account = { success = { [204] = true } },
    delete_account = { success = { [204] = true } },
  },
  ensure = {
    method = "ensure_account", plural = "ensure_accounts", call = "create_account",
    about = "Sees to it that an account of this name exists.",
    sole = "name", name = "id", list = "accounts", key = { name = "name" }, main = "name",
    may = "its name differs in letter case, blanks or Unicode form only",
  },
  resources = {
    account = {
      title = "id", status = "state",
      methods = {
        get = { operation = "get_account", parameter = "account_id", at = "id" },
        update = { operation = "update_account", parameter = "account_id", at = "id" },
        delete = { operation = "delete_account", parameter = "account_id", at = "id" },
      },
      wait = {
        states = { ready = { "active" }, pending = { "pending" }, partial = { "deletePending" } },
        state = "state",
        look = function(client, resource, options)
          return client:get_account({ account_id = rawget(resource, "id") }, options)
        end,
        detail = function(seen)
          return { message = "the account's state is " .. outside.text(rawget(seen, "state")) }
        end,
      },
    },
  },
}
