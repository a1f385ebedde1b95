/* NTT Enterprise Cloud (ECL 2.0, now SDPF) Wasabi accounts: the "Create
** Account" page of its Wasabi API reference; the shapes of its errors as its
** gateway, IAM, Keystone and SDK show them. */

#include "model/operation.h"

extern const struct provider provider_ecl;

static const struct field tenant_fields[] = {
    {"tenant_id", &schema_text, FIELD_REQUIRED | FIELD_OF_CLIENT, IN_PATH,
     .about = "tenant (project) ID"},
};
static const struct schema tenant = {.kind = SCHEMA_OBJECT,
                                     FIELDS(tenant_fields)};
static const struct key tenant_keys[] = {
    {"tenant_id", "tenant_id"},
};

static const struct schema account_number = {.kind = SCHEMA_INT64,
                                             .form = FORM_FROM_DIGITS};

static const struct resource account_resource = {.name = "account",
                                                 .title = "AcctNum"};
static const struct field account_fields[] = {
    {"AcctNum", &account_number},  {"AcctName", &schema_text},
    {"Password", &schema_secret},  {"AccessKey", &schema_text},
    {"SecretKey", &schema_secret}, {"CreateTime", &schema_text},
};
static const struct schema account = {.kind = SCHEMA_OBJECT,
                                      FIELDS(account_fields),
                                      .resource = &account_resource};

/* Users */

static const struct text_rule name_rule = {1, 0, NULL, "a name, not empty"};
static const struct schema name = {.kind = SCHEMA_TEXT, .rule = &name_rule};
static const struct field create_user_fields[] = {
    {"tenant_id", &schema_text, FIELD_REQUIRED | FIELD_OF_CLIENT, IN_PATH},
    {"UserName", &name, FIELD_REQUIRED, .about = "name of the user"},
};
static const struct schema create_user = {.kind = SCHEMA_OBJECT,
                                          FIELDS(create_user_fields)};
static const struct key create_user_keys[] = {
    {"tenant_id", "tenant_id"},
    {"UserName", "UserName"},
};
static const struct resource user_resource = {.name = "user",
                                              .title = "UserName"};
static const struct field user_fields[] = {
    {"UserId", &schema_text},
    {"UserName", &schema_text},
    {"Password", &schema_secret},
    {"AccessKeyId", &schema_text},
    {"SecretAccessKey", &schema_secret},
    {"CreateDate", &schema_text},
};
static const struct schema user = {
    .kind = SCHEMA_OBJECT, FIELDS(user_fields), .resource = &user_resource};
static const struct schema users = {.kind = SCHEMA_ARRAY, .item = &user};
static const struct field user_list_fields[] = {
    {"User", &users},
};
static const struct resource user_list_resource = {.name = "users",
                                                   .title = "User.1.UserName"};
static const struct schema user_list = {.kind = SCHEMA_OBJECT,
                                        FIELDS(user_list_fields),
                                        .resource = &user_list_resource};

/* Utilizations */

static const struct text_rule date_rule = {10, 10, "0123456789-",
                                           "a date, YYYY-MM-DD"};
static const struct schema date = {.kind = SCHEMA_TEXT, .rule = &date_rule};
static const struct field list_utilizations_fields[] = {
    {"tenant_id", &schema_text, FIELD_REQUIRED | FIELD_OF_CLIENT, IN_PATH},
    {"acct_num", &schema_integer_or_text, FIELD_REQUIRED, IN_PATH,
     .about = "Wasabi account number"},
    {"from", &date, FIELD_REQUIRED, IN_QUERY, .about = "first day"},
    {"to", &date, FIELD_REQUIRED, IN_QUERY, .about = "last day"},
    {"include_regional_utilizations", &schema_boolean, 0, IN_QUERY},
};
static const struct schema list_utilizations = {
    .kind = SCHEMA_OBJECT, FIELDS(list_utilizations_fields)};

static const struct schema utilization = {.kind = SCHEMA_MAP,
                                          .item = &schema_any};
static const struct schema utilizations = {.kind = SCHEMA_ARRAY,
                                           .item = &utilization};
static const struct paging utilization_paging = {.name = "utilizations",
                                                 .items = ""};

/* Tokens: Keystone v3 */

static const struct schema methods = {.kind = SCHEMA_ARRAY,
                                      .item = &schema_text};
static const struct field domain_fields[] = {
    {"id", &schema_text, FIELD_FIXED, .fixed_text = "default"},
};
static const struct schema domain = {.kind = SCHEMA_OBJECT,
                                     FIELDS(domain_fields)};
static const struct field keystone_user_fields[] = {
    {"domain", &domain, FIELD_REQUIRED},
    {"name", &schema_secret, FIELD_REQUIRED},
    {"password", &schema_secret, FIELD_REQUIRED},
};
static const struct schema keystone_user = {.kind = SCHEMA_OBJECT,
                                            FIELDS(keystone_user_fields)};
static const struct field password_fields[] = {
    {"user", &keystone_user, FIELD_REQUIRED},
};
static const struct schema password = {.kind = SCHEMA_OBJECT,
                                       FIELDS(password_fields)};
static const struct field identity_fields[] = {
    {"methods", &methods, FIELD_REQUIRED},
    {"password", &password, FIELD_REQUIRED},
};
static const struct schema identity = {.kind = SCHEMA_OBJECT,
                                       FIELDS(identity_fields)};
static const struct field project_fields[] = {
    {"id", &schema_text, FIELD_REQUIRED},
};
static const struct schema project = {.kind = SCHEMA_OBJECT,
                                      FIELDS(project_fields)};
static const struct field scope_fields[] = {
    {"project", &project, FIELD_REQUIRED},
};
static const struct schema scope = {.kind = SCHEMA_OBJECT,
                                    FIELDS(scope_fields)};
static const struct field auth_fields[] = {
    {"identity", &identity, FIELD_REQUIRED},
    {"scope", &scope, FIELD_REQUIRED},
};
static const struct schema auth = {.kind = SCHEMA_OBJECT, FIELDS(auth_fields)};
static const struct field issue_token_fields[] = {
    {"auth", &auth, FIELD_REQUIRED,
     .about = "filled from api_key and api_secret where not given"},
};
static const struct schema issue_token = {.kind = SCHEMA_OBJECT,
                                          FIELDS(issue_token_fields)};

static const struct field token_fields[] = {
    {"issued_at", &schema_text},
    {"expires_at", &schema_text},
};
static const struct schema token = {.kind = SCHEMA_OBJECT,
                                    FIELDS(token_fields)};
static const struct field token_answer_fields[] = {{"token", &token}};
static const struct resource token_resource = {.name = "token until",
                                               .title = "token.expires_at"};
static const struct schema token_answer = {.kind = SCHEMA_OBJECT,
                                           FIELDS(token_answer_fields),
                                           .resource = &token_resource};

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
    {.name = "create_user",
     .method = "POST",
     .path = "/tenants/{tenant_id}/users",
     .accept = "application/json",
     .content_type = "application/json",
     .creates = true,
     .parameters = &create_user,
     .answer = &user_list,
     COUNTED(key, create_user_keys),
     .about = "Creates a user below the tenant's account."},
    {.name = "list_utilizations",
     .method = "GET",
     .path = "/tenants/{tenant_id}/accounts/{acct_num}/utilizations",
     .accept = "application/json",
     .may_repeat = true,
     .parameters = &list_utilizations,
     .answer = &utilizations,
     .paging = &utilization_paging,
     .about = "Lists what an account used on each day."},
    {.name = "issue_token",
     .method = "POST",
     .path = "/auth/tokens",
     .base = "keystone_url",
     .accept = "application/json",
     .content_type = "application/json",
     .may_repeat = true,
     .is_public = true,
     .has_secrets = true,
     .parameters = &issue_token,
     .answer = &token_answer,
     .answer_header = "X-Subject-Token",
     .token = "X-Subject-Token",
     .about = "Gets a token for an API key and its secret."},
};

static const struct resource *const resources[] = {
    &account_resource, &user_resource, &user_list_resource, &token_resource};

static const struct setting settings[] = {
    {"token", SETTING_TOKEN, true, NULL, {"OS_TOKEN", "OS_AUTH_TOKEN"}},
    {"base_url", SETTING_BASE_URL, false, NULL, {"ECL_BASE_URL"}},
    {"api_key", SETTING_CREDENTIAL, false, NULL, {"OS_USERNAME"}},
    {"api_secret", SETTING_CREDENTIAL, false, NULL, {"OS_PASSWORD"}},
    {"keystone_url",
     SETTING_LOG_IN_URL,
     false,
     NULL,
     {"OS_AUTH_URL"},
     .ending = "/v3",
     .sample = "https://keystone-jp1-ecl.api.ntt.com/v3"},
    {"tenant_id",
     SETTING_PARAMETER,
     true,
     NULL,
     {"OS_PROJECT_ID", "OS_TENANT_ID"}},
};

const struct provider provider_ecl = {
    .name = "ecl",
    .title = "NTT Enterprise Cloud",
    .token_header = "X-Auth-Token",
    .token_scheme = "",
    .log_in = {"api_key", "api_secret", "keystone_url"},
    .base_url = "https://api.ntt.com/ecl-objectstorage",
    .home = "api.ntt.com",
    COUNTED(setting, settings),
    COUNTED(resource, resources),
    COUNTED(operation, operations),
};
