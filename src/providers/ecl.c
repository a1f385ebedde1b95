/* NTT Enterprise Cloud (ECL 2.0, now SDPF) Wasabi accounts: the "Create
** Account" page of its Wasabi API reference; the shapes of its errors as its
** gateway, IAM, Keystone and SDK show them. */

#include "model/words.h"

#define DATE TEXT_OF(10, 10, "0123456789-", "a date, YYYY-MM-DD")

static const struct schema account = {
    .resource = "account",
    FIELDS({
        {"AcctNum", FORM(INT64, FROM_DIGITS)},
        {"AcctName", TEXT},
        {"Password", SECRET},
        {"AccessKey", TEXT},
        {"SecretKey", SECRET},
        {"CreateTime", TEXT},
    })};

static const struct schema user = {
    .resource = "user",
    FIELDS({
        {"UserId", TEXT},
        {"UserName", TEXT},
        {"Password", SECRET},
        {"AccessKeyId", TEXT},
        {"SecretAccessKey", SECRET},
        {"CreateDate", TEXT},
    })};

static const struct schema users = {
    .resource = "users", FIELDS({{"User", ARRAY(&user)}})};

static const struct schema token = {
    .resource = "token until",
    FIELDS({
        {"token", OBJECT({{"issued_at", TEXT}, {"expires_at", TEXT}})},
    })};

extern const struct provider provider_ecl;
const struct provider provider_ecl = {
    .name = "ecl",
    .title = "NTT Enterprise Cloud",
    .token_header = "X-Auth-Token",
    .token_scheme = "",
    .log_in = {"api_key", "api_secret", "keystone_url"},
    .base_url = "https://api.ntt.com/ecl-objectstorage",
    .home = "api.ntt.com",
    SETTINGS({
        {"token",
         SETTING_TOKEN,
         {"OS_TOKEN", "OS_AUTH_TOKEN"},
         .is_required = true},
        {"base_url", SETTING_BASE_URL, {"ECL_BASE_URL"}},
        {"api_key", SETTING_CREDENTIAL, {"OS_USERNAME"}},
        {"api_secret", SETTING_CREDENTIAL, {"OS_PASSWORD"}},
        {"keystone_url",
         SETTING_LOG_IN_URL,
         {"OS_AUTH_URL"},
         .ending = "/v3",
         .sample = "https://keystone-jp1-ecl.api.ntt.com/v3"},
        {"tenant_id",
         SETTING_PARAMETER,
         {"OS_PROJECT_ID", "OS_TENANT_ID"},
         .is_required = true},
    }),
    OPERATIONS({
        {"create_account", "POST", "/tenants/{tenant_id}/account",
         "Creates the tenant's Wasabi account; starts a minimum charge.", JSON,
         .creates = true,
         .parameters = OBJECT({
             {"tenant_id", TEXT, REQUIRED | OF_CLIENT, IN_PATH,
              .about = "tenant (project) ID"},
         }),
         .keys = {"tenant_id"}, .answer = &account},

        {"create_user", "POST", "/tenants/{tenant_id}/users",
         "Creates a user below the tenant's account.", JSON, JSON,
         .creates = true,
         .parameters = OBJECT({
             {"tenant_id", TEXT, REQUIRED | OF_CLIENT, IN_PATH,
              .about = "tenant (project) ID"},
             {"UserName", TEXT_OF(1, 0, NULL, "a name, not empty"), REQUIRED,
              .about = "name of the user"},
         }),
         .keys = {"tenant_id", "UserName"}, .answer = &users},

        {"list_utilizations", "GET",
         "/tenants/{tenant_id}/accounts/{acct_num}/utilizations",
         "Lists what an account used on each day.", JSON, .may_repeat = true,
         .parameters = OBJECT({
             {"tenant_id", TEXT, REQUIRED | OF_CLIENT, IN_PATH,
              .about = "tenant (project) ID"},
             {"acct_num", INTEGER_OR_TEXT, REQUIRED, IN_PATH,
              .about = "Wasabi account number"},
             {"from", DATE, REQUIRED, IN_QUERY,
              .about = "first day, YYYY-MM-DD"},
             {"to", DATE, REQUIRED, IN_QUERY, .about = "last day, YYYY-MM-DD"},
             {"include_regional_utilizations", BOOLEAN, 0, IN_QUERY},
         }),
         .answer = ARRAY(MAP(ANY))},

        /* Keystone v3 */
        {"issue_token", "POST", "/auth/tokens",
         "Gets a token for an API key and its secret.", JSON, JSON,
         .base = "keystone_url", .may_repeat = true, .is_public = true,
         .has_secrets = true,
         .parameters = OBJECT({
             {"auth",
              OBJECT({
                  {"identity",
                   OBJECT({
                       {"methods", ARRAY(TEXT), REQUIRED},
                       {"password",
                        OBJECT({
                            {"user",
                             OBJECT({
                                 {"domain",
                                  OBJECT({
                                      {"id", TEXT, FIXED,
                                       .fixed_text = "default"},
                                  }),
                                  REQUIRED},
                                 {"name", SECRET, REQUIRED},
                                 {"password", SECRET, REQUIRED},
                             }),
                             REQUIRED},
                        }),
                        REQUIRED},
                   }),
                   REQUIRED},
                  {"scope",
                   OBJECT({
                       {"project", OBJECT({{"id", TEXT, REQUIRED}}), REQUIRED},
                   }),
                   REQUIRED},
              }),
              REQUIRED,
              .about = "filled from api_key and api_secret where not given"},
         }),
         .answer = &token, .answer_header = "X-Subject-Token"},
    }),
};
