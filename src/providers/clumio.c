/* Clumio wallets: the "Create Wallet" and "Refresh Wallet" pages of Clumio's
** REST API; regions, aws_region and the organizational unit's header as in
** Clumio's Terraform provider and Go SDK. */

#include "model/words.h"

#define WALLETS "application/api.clumio.wallets=v1+json"

static const struct schema wallet = {
    .resource = "wallet",
    FIELDS({
        {"_embedded", ANY},
        {"_links", ANY},
        {"account_native_id", TEXT},
        {"available_version", INT64},
        {"aws_region", TEXT},
        {"clumio_aws_account_id", TEXT},
        {"deployment_url", SECRET, .about = "a link that carries the token"},
        {"error_code", INTEGER_OR_TEXT},
        {"error_message", TEXT},
        {"id", TEXT},
        {"installed_regions", ARRAY(TEXT)},
        {"key_errors",
         MAP(OBJECT({
             {"error_code", INTEGER_OR_TEXT},
             {"error_message", TEXT},
         }))},
        {"role_arn", TEXT},
        {"stack_version", INT64},
        {"state", TEXT},
        {"supported_regions", ARRAY(TEXT)},
        {"template_url", TEXT},
        {"token", SECRET},
    })};

static const struct schema wallet_id = {FIELDS({
    {"wallet_id", TEXT, REQUIRED, IN_PATH, .about = "wallet ID"},
})};

extern const struct provider provider_clumio;
const struct provider provider_clumio = {
    .name = "clumio",
    .title = "Clumio",
    .token_header = "Authorization",
    .token_scheme = "Bearer ",
    .base_url = "https://us-west-2.api.clumio.com",
    REGIONS({
        {"us-west-2", "https://us-west-2.api.clumio.com"},
        {"us-east-1", "https://us-east-1.api.clumio.com"},
        {"ca-central-1", "https://ca-central-1.ca.api.clumio.com"},
        {"eu-central-1", "https://eu-central-1.de.api.clumio.com"},
        {"ap-southeast-2", "https://ap-southeast-2.au.api.clumio.com"},
    }),
    SETTINGS({
        {"token", SETTING_TOKEN, {"CLUMIO_API_TOKEN"}, .is_required = true},
        {"base_url", SETTING_BASE_URL, {"CLUMIO_API_BASE_URL"}},
        {"region", SETTING_REGION},
        {"organizational_unit",
         SETTING_HEADER,
         {"CLUMIO_ORGANIZATIONAL_UNIT_CONTEXT"},
         .header = "x-clumio-organizationalunit-context"},
    }),
    OPERATIONS({
        {"create_wallet", "POST", "/wallets",
         "Creates a wallet for an AWS account.", WALLETS, JSON, .creates = true,
         .parameters = OBJECT({
             {"account_native_id",
              TEXT_OF(12, 12, "0123456789",
                      "an AWS account ID, 12 digits in a string"),
              REQUIRED, .about = "AWS account ID, 12 digits"},
             {"aws_region", TEXT, .about = "AWS region to tie the wallet to"},
         }),
         .keys = {"account_native_id", "aws_region"}, .answer = &wallet},

        {"refresh_wallet", "POST", "/wallets/{wallet_id}/_refresh",
         "Verifies anew whether a wallet can be used.", WALLETS,
         .may_repeat = true, .parameters = &wallet_id, .keys = {"wallet_id"},
         .answer = &wallet},

        {"list_wallets", "GET", "/wallets", "Lists one page of wallets.",
         WALLETS, .may_repeat = true,
         .parameters = OBJECT({
             {"limit", INT64, 0, IN_QUERY, .about = "wallets on a page"},
             {"start", TEXT, 0, IN_QUERY, .about = "token of a page"},
         }),
         .answer = OBJECT({
             {"_embedded", OBJECT({{"items", ARRAY(&wallet), LISTED}}), LISTED},
             {"_links", ANY},
             {"current_count", INT64},
             {"limit", INT64},
             {"start", TEXT},
         })},

        {"get_wallet", "GET", "/wallets/{wallet_id}", "Reads a wallet.",
         WALLETS, .may_repeat = true, .parameters = &wallet_id,
         .keys = {"wallet_id"}, .answer = &wallet},

        {"delete_wallet", "DELETE", "/wallets/{wallet_id}", "Deletes a wallet.",
         WALLETS, .parameters = &wallet_id, .keys = {"wallet_id"}},

        /* Known only as a link of the wallet; its answer is not documented. */
        {"list_wallet_keys", "GET", "",
         "Lists a wallet's keys, by the wallet's own link.", "*/*",
         .may_repeat = true,
         .parameters = OBJECT({
             {"href", TEXT, REQUIRED, IN_LINK,
              .about = "the wallet's list-wallet-keys link"},
         }),
         .answer = ANY},
    }),
};
