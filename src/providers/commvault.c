/* Commvault S3 vaults: the "Create instance of S3 Vault" page of Commvault's
** API reference; the path as in its product documentation. */

#include "model/operation.h"

extern const struct provider provider_commvault;

/* The request */

static const struct text_rule name_rule = {1, 0, NULL, "a name, not empty"};
static const struct schema name = {.kind = SCHEMA_TEXT, .rule = &name_rule};

static const struct field bucket_fields[] = {
    {"clientName", &name, FIELD_REQUIRED, .about = "name of the vault"},
};
static const struct schema bucket = {.kind = SCHEMA_OBJECT,
                                     FIELDS(bucket_fields)};

static const struct field plan_fields[] = {
    {"planId", &schema_int32, FIELD_REQUIRED},
    {"planName", &name, FIELD_REQUIRED},
};
static const struct schema plan = {.kind = SCHEMA_OBJECT, FIELDS(plan_fields)};

static const struct field endpoint_fields[] = {
    {"clientId", &schema_int32, FIELD_REQUIRED},
    {"clientName", &schema_text},
};
static const struct schema endpoint = {.kind = SCHEMA_OBJECT,
                                       FIELDS(endpoint_fields)};
static const struct schema endpoints = {.kind = SCHEMA_ARRAY,
                                        .item = &endpoint};

/* The kinds of entity are spelled with two underscores on each side here, as
** on the page, though with one everywhere else in Commvault's API. */
static const struct field owner_fields[] = {
    {"userId", &schema_int32, FIELD_REQUIRED},
    {"__type__", &schema_int32, FIELD_FIXED, .fixed_integer = 13},
};
static const struct schema owner = {.kind = SCHEMA_OBJECT,
                                    FIELDS(owner_fields)};
static const struct schema owners = {.kind = SCHEMA_ARRAY, .item = &owner};

static const struct field group_fields[] = {
    {"userGroupId", &schema_int32, FIELD_REQUIRED},
    {"__type__", &schema_int32, FIELD_FIXED, .fixed_integer = 15},
};
static const struct schema group = {.kind = SCHEMA_OBJECT,
                                    FIELDS(group_fields)};
static const struct schema groups = {.kind = SCHEMA_ARRAY, .item = &group};

static const struct field create_s3_vault_fields[] = {
    {"bucket", &bucket, FIELD_REQUIRED, .about = "the vault to be"},
    {"plan", &plan, FIELD_REQUIRED, .about = "the plan that stores it"},
    {"cvs3Endpoints", &endpoints, .about = "clients to become S3 endpoints"},
    {"owners", &owners, .about = "users to be given the S3 role"},
    {"userGroups", &groups, .about = "groups to be given the S3 role"},
    {"rotateKeys", &schema_boolean, .about = "rotate the keys of these users"},
};
static const struct schema create_s3_vault = {.kind = SCHEMA_OBJECT,
                                              FIELDS(create_s3_vault_fields)};
static const struct key create_s3_vault_keys[] = {
    {"clientName", "bucket.clientName"},
};

/* The answer */

static const struct field entity_fields[] = {
    {"clientId", &schema_int32},
    {"clientName", &schema_text},
};
static const struct schema entity = {.kind = SCHEMA_OBJECT,
                                     FIELDS(entity_fields)};

static const struct field response_fields[] = {
    {"entity", &entity},
    {"errorCode", &schema_integer_or_text},
    {"errorMessage", &schema_text},
    {"warningCode", &schema_integer_or_text},
    {"warningMessage", &schema_text},
};
static const struct schema response = {.kind = SCHEMA_OBJECT,
                                       FIELDS(response_fields)};

static const struct field job_response_fields[] = {
    {"errorMessage", &schema_text},
    {"errorCode", &schema_integer_or_text},
};
static const struct schema job_response = {.kind = SCHEMA_OBJECT,
                                           FIELDS(job_response_fields)};

static const struct field job_fields[] = {
    {"jobId", &schema_int64},
    {"response", &job_response},
};
static const struct schema job = {.kind = SCHEMA_OBJECT, FIELDS(job_fields)};

static const struct resource vault_resource = {
    .name = "vault",
    .title = "response.entity.clientName",
};
static const struct field vault_fields[] = {
    {"response", &response},
    {"addEndpointJob", &job},
    {"errorCode", &schema_integer_or_text},
    {"errorMessage", &schema_text},
};
static const struct schema vault = {
    .kind = SCHEMA_OBJECT, FIELDS(vault_fields), .resource = &vault_resource};

/* Reading */

static const struct field list_s3_vaults_fields[] = {
    {"hardRefresh", &schema_boolean, 0, IN_QUERY, .about = "past the cache"},
    {"start", &schema_int64, 0, IN_QUERY, .about = "vaults to pass over"},
    {"limit", &schema_int64, 0, IN_QUERY, .about = "vaults on a page"},
    {"fl", &schema_text, 0, IN_QUERY, .about = "fields, such as overview"},
};
static const struct schema list_s3_vaults = {.kind = SCHEMA_OBJECT,
                                             FIELDS(list_s3_vaults_fields)};

static const struct resource store_resource = {.name = "listed vault",
                                               .title = "name"};
static const struct field store_fields[] = {{"name", &schema_text}};
static const struct schema store = {
    .kind = SCHEMA_OBJECT, FIELDS(store_fields), .resource = &store_resource};
static const struct schema stores = {.kind = SCHEMA_ARRAY, .item = &store};
static const struct field store_list_fields[] = {
    {"CVS3Stores", &stores, FIELD_LISTED},
    {"errorCode", &schema_integer_or_text},
    {"errorMessage", &schema_text},
};
static const struct schema store_list = {.kind = SCHEMA_OBJECT,
                                         FIELDS(store_list_fields)};
static const struct paging store_paging = {.name = "s3_vaults",
                                           .items = "CVS3Stores",
                                           .style = PAGING_OFFSET,
                                           .parameter = "start",
                                           .identity = "name"};

static const struct field job_id_fields[] = {
    {"jobId", &schema_int64, FIELD_REQUIRED, IN_PATH, .about = "job number"},
};
static const struct schema job_id = {.kind = SCHEMA_OBJECT,
                                     FIELDS(job_id_fields)};

static const struct field job_summary_fields[] = {
    {"jobId", &schema_int64},           {"status", &schema_text},
    {"localizedStatus", &schema_text},  {"jobType", &schema_text},
    {"percentComplete", &schema_int64}, {"pendingReason", &schema_text},
};
static const struct resource job_resource = {
    .name = "job", .title = "jobId", .status = "status"};
static const struct schema job_summary = {.kind = SCHEMA_OBJECT,
                                          FIELDS(job_summary_fields),
                                          .resource = &job_resource};
static const struct field listed_job_fields[] = {
    {"jobSummary", &job_summary},
};
static const struct schema listed_job = {.kind = SCHEMA_OBJECT,
                                         FIELDS(listed_job_fields)};
static const struct schema listed_jobs = {.kind = SCHEMA_ARRAY,
                                          .item = &listed_job};
static const struct field job_list_fields[] = {
    {"totalRecordsWithoutPaging", &schema_int64},
    {"jobs", &listed_jobs, FIELD_LISTED},
    {"errorCode", &schema_integer_or_text},
    {"errorMessage", &schema_text},
};
static const struct schema job_list = {.kind = SCHEMA_OBJECT,
                                       FIELDS(job_list_fields)};

/* The plans that can hold a vault, and no more of them than their names. */
static const struct field list_plans_fields[] = {
    {"subType", &schema_text, FIELD_FIXED, IN_QUERY, "Server"},
    {"fq", &schema_text, FIELD_FIXED, IN_QUERY,
     "plans.storage.copy.storagePoolType:in:1,4"},
    {"fl", &schema_text, FIELD_FIXED, IN_QUERY,
     "plans.plan.planId,plans.plan.planName"},
};
static const struct schema list_plans = {.kind = SCHEMA_OBJECT,
                                         FIELDS(list_plans_fields)};
static const struct field plan_name_fields[] = {
    {"planId", &schema_int32},
    {"planName", &schema_text},
};
static const struct schema plan_name = {.kind = SCHEMA_OBJECT,
                                        FIELDS(plan_name_fields)};
static const struct field listed_plan_fields[] = {{"plan", &plan_name}};
static const struct schema listed_plan = {.kind = SCHEMA_OBJECT,
                                          FIELDS(listed_plan_fields)};
static const struct schema plans = {.kind = SCHEMA_ARRAY, .item = &listed_plan};
static const struct field plan_list_fields[] = {
    {"plans", &plans, FIELD_LISTED},
    {"filterQueryCount", &schema_int64},
    {"errorCode", &schema_integer_or_text},
    {"errorMessage", &schema_text},
};
static const struct schema plan_list = {.kind = SCHEMA_OBJECT,
                                        FIELDS(plan_list_fields)};

/* Tokens: a failed log-in is a 200 without one */

static const struct schema password = {.kind = SCHEMA_SECRET,
                                       .form = FORM_TO_BASE64};
static const struct schema user_name = {.kind = SCHEMA_SECRET,
                                        .rule = &name_rule};
static const struct field login_fields[] = {
    {"username", &user_name, FIELD_REQUIRED},
    {"password", &password, FIELD_REQUIRED, .about = "sent in base64"},
    {"domain", &schema_secret},
    {"commserver", &schema_text},
    {"timeout", &schema_int32, .about = "minutes of idleness"},
    {"deviceId", &schema_text},
};
static const struct schema login = {.kind = SCHEMA_OBJECT,
                                    FIELDS(login_fields)};
/* The token of a gateway is another member, or lies in `data`. */
static const struct field session_data_fields[] = {
    {"authToken", &schema_secret},
    {"token", &schema_secret},
};
static const struct schema session_data = {.kind = SCHEMA_OBJECT,
                                           FIELDS(session_data_fields)};
static const struct field session_fields[] = {
    {"token", &schema_secret},   {"authToken", &schema_secret},
    {"data", &session_data},     {"userName", &schema_text},
    {"aliasName", &schema_text}, {"userGUID", &schema_text},
};
static const struct resource session_resource = {.name = "session",
                                                 .title = "userName"};
static const struct schema session = {.kind = SCHEMA_OBJECT,
                                      FIELDS(session_fields),
                                      .resource = &session_resource};

static const struct field renew_token_fields[] = {
    {"sessionId", &schema_secret, FIELD_REQUIRED, .about = "the old token"},
    {"deviceId", &schema_text},
};
static const struct schema renew_token = {.kind = SCHEMA_OBJECT,
                                          FIELDS(renew_token_fields)};
static const struct schema nothing = {.kind = SCHEMA_OBJECT};

static const struct field token_pair_fields[] = {
    {"accessToken", &schema_secret, FIELD_REQUIRED},
    {"refreshToken", &schema_secret, FIELD_REQUIRED},
};
static const struct schema token_pair = {.kind = SCHEMA_OBJECT,
                                         FIELDS(token_pair_fields)};

static const struct operation operations[] = {
    {.name = "create_s3_vault",
     .method = "POST",
     .path = "/V4/CVS3Store",
     .accept = "application/json",
     .content_type = "application/json",
     .creates = true,
     .parameters = &create_s3_vault,
     .answer = &vault,
     .asks = "cvs3Endpoints",
     COUNTED(key, create_s3_vault_keys),
     .about = "Creates an S3 vault and, where asked, its endpoints."},
    {.name = "list_s3_vaults",
     .method = "GET",
     .path = "/V4/CVS3Stores",
     .accept = "application/json",
     .may_repeat = true,
     .parameters = &list_s3_vaults,
     .answer = &store_list,
     .paging = &store_paging,
     .about = "Lists one page of S3 vaults."},
    {.name = "get_job",
     .method = "GET",
     .path = "/Job/{jobId}",
     .accept = "application/json",
     .may_repeat = true,
     .parameters = &job_id,
     .answer = &job_list,
     .about = "Reads a job; a fresh one may not be there yet."},
    {.name = "list_plans",
     .method = "GET",
     .path = "/V2/Plan",
     .accept = "application/json",
     .may_repeat = true,
     .parameters = &list_plans,
     .answer = &plan_list,
     .about = "Lists the plans that can hold a vault."},
    {.name = "login",
     .method = "POST",
     .path = "/Login",
     .accept = "application/json",
     .content_type = "application/json",
     .may_repeat = true,
     .is_public = true,
     .has_secrets = true,
     .parameters = &login,
     .answer = &session,
     .token = "token",
     .about = "Gets a token for a user name and a password."},
    {.name = "renew_token",
     .method = "POST",
     .path = "/RenewLoginToken",
     .accept = "application/json",
     .content_type = "application/json",
     .is_public = true,
     .has_secrets = true,
     .parameters = &renew_token,
     .answer = &session,
     .token = "token",
     .about = "Gets a new token for a log-in token."},
    {.name = "logout",
     .method = "POST",
     .path = "/Logout",
     .accept = "application/json",
     .parameters = &nothing,
     .about = "Ends the session of the client's token."},
    {.name = "renew_access_token",
     .method = "POST",
     .path = "/V4/AccessToken/Renew",
     .accept = "application/json",
     .content_type = "application/json",
     .creates = true,
     .is_public = true,
     .has_secrets = true,
     .parameters = &token_pair,
     .answer = &token_pair,
     .token = "accessToken",
     .about = "Gets a new pair of tokens; the old one must not be used again."},
};

static const struct resource *const resources[] = {
    &vault_resource, &store_resource, &job_resource, &session_resource};

static const struct setting settings[] = {
    {"token", SETTING_TOKEN, true, NULL, {"COMMVAULT_TOKEN"}},
    {"authorization", SETTING_AUTHORIZATION, false, NULL, {NULL}},
    {"base_url", SETTING_BASE_URL, true, NULL, {"COMMVAULT_BASE_URL"}},
    {"username", SETTING_CREDENTIAL, false, NULL, {"COMMVAULT_USERNAME"}},
    {"password", SETTING_CREDENTIAL, false, NULL, {"COMMVAULT_PASSWORD"}},
    {"domain", SETTING_CREDENTIAL, false, NULL, {"COMMVAULT_DOMAIN"}},
};

const struct provider provider_commvault = {
    .name = "commvault",
    .title = "Commvault",
    .token_header = "Authtoken",
    .token_scheme = "",
    .token_has_blank = true,
    .log_in = {"username", "password"},
    COUNTED(setting, settings),
    COUNTED(resource, resources),
    COUNTED(operation, operations),
};
