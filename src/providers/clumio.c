/* Clumio wallets: the "Create Wallet" and "Refresh Wallet" pages of Clumio's
** REST API; regions, aws_region and the organizational unit's header as in
** Clumio's Terraform provider and Go SDK. */

#include "model/operation.h"

extern const struct provider provider_clumio;

#define WALLETS "application/api.clumio.wallets=v1+json"

static const struct text_rule account_rule = {
    12, 12, "0123456789", "an AWS account ID, 12 digits in a string"};
static const struct schema account_id = {.kind = SCHEMA_TEXT,
                                         .rule = &account_rule};

static const struct field key_error_fields[] = {
    {"error_code", &schema_integer_or_text},
    {"error_message", &schema_text},
};
static const struct schema key_error = {.kind = SCHEMA_OBJECT,
                                        FIELDS(key_error_fields)};
static const struct schema key_errors = {.kind = SCHEMA_MAP,
                                         .item = &key_error};

static const struct method wallet_methods[] = {
    {"refresh", "refresh_wallet", "wallet_id", "id"},
    {"get", "get_wallet", "wallet_id", "id"},
    {"delete", "delete_wallet", "wallet_id", "id"},
    {"keys", "list_wallet_keys", "href", "_links.list-wallet-keys.href"},
};
static const struct resource wallet_resource = {
    .name = "wallet",
    .title = "id",
    .status = "state",
    COUNTED(method, wallet_methods)};

static const struct field wallet_fields[] = {
    {"_embedded", &schema_any},
    {"_links", &schema_any},
    {"account_native_id", &schema_text},
    {"available_version", &schema_int64},
    {"aws_region", &schema_text},
    {"clumio_aws_account_id", &schema_text},
    {"deployment_url", &schema_secret},
    {"error_code", &schema_integer_or_text},
    {"error_message", &schema_text},
    {"id", &schema_text},
    {"installed_regions", &schema_texts},
    {"key_errors", &key_errors},
    {"role_arn", &schema_text},
    {"stack_version", &schema_int64},
    {"state", &schema_text},
    {"supported_regions", &schema_texts},
    {"template_url", &schema_text},
    {"token", &schema_secret},
};
static const struct schema wallet = {
    .kind = SCHEMA_OBJECT, FIELDS(wallet_fields), .resource = &wallet_resource};

static const struct field create_wallet_fields[] = {
    {"account_native_id", &account_id, FIELD_REQUIRED,
     .about = "AWS account ID, 12 digits"},
    {"aws_region", &schema_text, .about = "AWS region to tie the wallet to"},
};
static const struct schema create_wallet = {.kind = SCHEMA_OBJECT,
                                            FIELDS(create_wallet_fields)};
static const struct key create_wallet_keys[] = {
    {"account_native_id", "account_native_id"},
    {"aws_region", "aws_region"},
};

static const struct field wallet_id_fields[] = {
    {"wallet_id", &schema_text, FIELD_REQUIRED, IN_PATH, .about = "wallet ID"},
};
static const struct schema wallet_id = {.kind = SCHEMA_OBJECT,
                                        FIELDS(wallet_id_fields)};
static const struct key wallet_id_keys[] = {
    {"wallet_id", "wallet_id"},
};

static const struct field list_wallets_fields[] = {
    {"limit", &schema_int64, 0, IN_QUERY, .about = "wallets on a page"},
    {"start", &schema_text, 0, IN_QUERY, .about = "token of a page"},
};
static const struct schema list_wallets = {.kind = SCHEMA_OBJECT,
                                           FIELDS(list_wallets_fields)};

static const struct schema wallets = {.kind = SCHEMA_ARRAY, .item = &wallet};
static const struct field embedded_fields[] = {
    {"items", &wallets, FIELD_LISTED},
};
static const struct schema embedded = {.kind = SCHEMA_OBJECT,
                                       FIELDS(embedded_fields)};
static const struct field wallet_list_fields[] = {
    {"_embedded", &embedded, FIELD_LISTED},
    {"_links", &schema_any},
    {"current_count", &schema_int64},
    {"limit", &schema_int64},
    {"start", &schema_text},
};
static const struct schema wallet_list = {.kind = SCHEMA_OBJECT,
                                          FIELDS(wallet_list_fields)};
static const struct paging wallet_paging = {.name = "wallets",
                                            .items = "_embedded.items",
                                            .style = PAGING_LINK,
                                            .next = "_links._next.href",
                                            .parameter = "start",
                                            .identity = "id"};

/* Known only as a link of the wallet; what it answers is not documented. */
static const struct field keys_fields[] = {
    {"href", &schema_text, FIELD_REQUIRED, IN_LINK,
     .about = "the wallet's list-wallet-keys link"},
};
static const struct schema keys = {.kind = SCHEMA_OBJECT, FIELDS(keys_fields)};

static const struct operation operations[] = {
    {.name = "create_wallet",
     .method = "POST",
     .path = "/wallets",
     .accept = WALLETS,
     .content_type = "application/json",
     .creates = true,
     .parameters = &create_wallet,
     .answer = &wallet,
     COUNTED(key, create_wallet_keys),
     .about = "Creates a wallet for an AWS account."},
    {.name = "refresh_wallet",
     .method = "POST",
     .path = "/wallets/{wallet_id}/_refresh",
     .accept = WALLETS,
     .may_repeat = true,
     .parameters = &wallet_id,
     .answer = &wallet,
     COUNTED(key, wallet_id_keys),
     .about = "Verifies anew whether a wallet can be used."},
    {.name = "list_wallets",
     .method = "GET",
     .path = "/wallets",
     .accept = WALLETS,
     .may_repeat = true,
     .parameters = &list_wallets,
     .answer = &wallet_list,
     .paging = &wallet_paging,
     .about = "Lists one page of wallets."},
    {.name = "get_wallet",
     .method = "GET",
     .path = "/wallets/{wallet_id}",
     .accept = WALLETS,
     .may_repeat = true,
     .parameters = &wallet_id,
     .answer = &wallet,
     COUNTED(key, wallet_id_keys),
     .about = "Reads a wallet."},
    {.name = "delete_wallet",
     .method = "DELETE",
     .path = "/wallets/{wallet_id}",
     .accept = WALLETS,
     .parameters = &wallet_id,
     COUNTED(key, wallet_id_keys),
     .about = "Deletes a wallet."},
    {.name = "list_wallet_keys",
     .method = "GET",
     .path = "",
     .accept = "*/*",
     .may_repeat = true,
     .parameters = &keys,
     .answer = &schema_any,
     .about = "Lists a wallet's keys, by the wallet's own link."},
};

static const struct region regions[] = {
    {"us-west-2", "https://us-west-2.api.clumio.com"},
    {"us-east-1", "https://us-east-1.api.clumio.com"},
    {"ca-central-1", "https://ca-central-1.ca.api.clumio.com"},
    {"eu-central-1", "https://eu-central-1.de.api.clumio.com"},
    {"ap-southeast-2", "https://ap-southeast-2.au.api.clumio.com"},
};

static const struct resource *const resources[] = {&wallet_resource};

static const struct setting settings[] = {
    {"token", SETTING_TOKEN, true, NULL, {"CLUMIO_API_TOKEN"}},
    {"base_url", SETTING_BASE_URL, false, NULL, {"CLUMIO_API_BASE_URL"}},
    {"region", SETTING_REGION, false, NULL, {NULL}},
    {"organizational_unit",
     SETTING_HEADER,
     false,
     "x-clumio-organizationalunit-context",
     {"CLUMIO_ORGANIZATIONAL_UNIT_CONTEXT"}},
};

const struct provider provider_clumio = {
    .name = "clumio",
    .title = "Clumio",
    .token_header = "Authorization",
    .token_scheme = "Bearer ",
    .base_url = "https://us-west-2.api.clumio.com",
    COUNTED(region, regions),
    COUNTED(setting, settings),
    COUNTED(resource, resources),
    COUNTED(operation, operations),
};
