/* NTT Enterprise Cloud (ECL 2.0, now SDPF) Wasabi accounts: the "Create
** Account" page of its Wasabi API reference; the shapes of its errors as its
** gateway, IAM, Keystone and SDK show them. */

#include "../operation.h"

extern const struct provider provider_ecl;

static const struct field tenant_fields[] = {
    {"tenant_id", &schema_text, FIELD_REQUIRED | FIELD_OF_CLIENT, IN_PATH,
     .about = "tenant (project) ID"},
};
static const struct schema tenant = {.kind = SCHEMA_OBJECT,
                                     FIELDS(tenant_fields)};
static const struct key tenant_keys[] = {
    {"tenant_id", "tenant_id", .echo = "AcctName", .echo_tail = "@ecl.ntt.com"},
};

static const struct schema account_number = {.kind = SCHEMA_INT64,
                                             .leniency = SCHEMA_FROM_DIGITS};

static const struct thing account_thing = {.name = "account",
                                           .title = "AcctNum"};
static const struct field account_fields[] = {
    {"AcctNum", &account_number, FIELD_REQUIRED},  {"AcctName", &schema_text},
    {"Password", &schema_secret, FIELD_PROMISED},  {"AccessKey", &schema_text},
    {"SecretKey", &schema_secret, FIELD_PROMISED}, {"CreateTime", &schema_text},
};
static const struct schema account = {
    .kind = SCHEMA_OBJECT, FIELDS(account_fields), .thing = &account_thing};

static const struct operation operations[] = {
    {.name = "create_account",
     .method = "POST",
     .path = "/tenants/{tenant_id}/account",
     .accept = "application/json",
     .creates = true,
     .parameters = &tenant,
     .answer = &account,
     COUNTED(key, tenant_keys),
     .about = "Creates the tenant's Wasabi account; starts a minimum charge."},
};

static const struct setting settings[] = {
    {"token", SETTING_TOKEN, true, NULL, {"OS_TOKEN", "OS_AUTH_TOKEN"}},
    {"base_url", SETTING_BASE_URL, false, NULL, {"ECL_BASE_URL"}},
    {"tenant_id",
     SETTING_PARAMETER,
     true,
     NULL,
     {"OS_PROJECT_ID", "OS_TENANT_ID"}},
};

static const struct complaint complaints[] = {
    {"", "code", "message"},
    {"", NULL, "errorMessage"},
    {"", NULL, "error"},
    {"", NULL, "reason"},
    {"", NULL, "cause"},
    {"", NULL, "api_error_message"},
    {"fault", NULL, "faultstring"},
    {"*", "code", "message"},
};

const struct provider provider_ecl = {
    .name = "ecl",
    .title = "NTT Enterprise Cloud",
    .token_header = "X-Auth-Token",
    .token_scheme = "",
    .base_url = "https://api.ntt.com/ecl-objectstorage",
    COUNTED(setting, settings),
    COUNTED(complaint, complaints),
    COUNTED(operation, operations),
};
