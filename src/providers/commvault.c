/* Commvault S3 vaults: the "Create instance of S3 Vault" page of Commvault's
** API reference; the path as in its product documentation. */

#include "../operation.h"

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
    {"clientId", &schema_int32, FIELD_REQUIRED},
    {"clientName", &schema_text},
};
static const struct schema entity = {.kind = SCHEMA_OBJECT,
                                     FIELDS(entity_fields)};

static const struct field response_fields[] = {
    {"entity", &entity, FIELD_REQUIRED}, {"errorCode", &schema_code},
    {"errorMessage", &schema_text},      {"warningCode", &schema_code},
    {"warningMessage", &schema_text},
};
static const struct schema response = {.kind = SCHEMA_OBJECT,
                                       FIELDS(response_fields)};

static const struct field job_response_fields[] = {
    {"errorMessage", &schema_text},
    {"errorCode", &schema_code},
};
static const struct schema job_response = {.kind = SCHEMA_OBJECT,
                                           FIELDS(job_response_fields)};

static const struct field job_fields[] = {
    {"jobId", &schema_int64},
    {"response", &job_response},
};
static const struct schema job = {.kind = SCHEMA_OBJECT, FIELDS(job_fields)};

static const struct thing vault_thing = {
    .name = "vault",
    .title = "response.entity.clientName",
};
static const struct field vault_fields[] = {
    {"response", &response, FIELD_REQUIRED},
    {"addEndpointJob", &job},
};
static const struct schema vault = {
    .kind = SCHEMA_OBJECT, FIELDS(vault_fields), .thing = &vault_thing};

static const struct hidden_error hidden_errors[] = {
    {.complaint = {"", "errorCode", "errorMessage"}, .fine = "NO_ERROR"},
    {.complaint = {"response", "errorCode", "errorMessage", "errorString"},
     .fine = "NO_ERROR",
     .proof = "response.entity.clientId"},
    {.complaint = {"addEndpointJob.response", "errorCode", "errorMessage"},
     .fine = "NO_ERROR",
     .is_partial = true},
};

static const struct operation operations[] = {
    {.name = "create_s3_vault",
     .method = "POST",
     .path = "/V4/CVS3Store",
     .accept = "application/json",
     .content_type = "application/json",
     .creates = true,
     .parameters = &create_s3_vault,
     .answer = &vault,
     COUNTED(key, create_s3_vault_keys),
     COUNTED(hidden_error, hidden_errors),
     .about = "Creates an S3 vault and, where asked, its endpoints."},
};

static const struct setting settings[] = {
    {"token", SETTING_TOKEN, true, NULL, {"COMMVAULT_TOKEN"}},
    {"base_url", SETTING_BASE_URL, true, NULL, {"COMMVAULT_BASE_URL"}},
};

static const struct complaint complaints[] = {
    {"", "errorCode", "errorMessage"},
    {"response", "errorCode", "errorMessage", "errorString"},
    {"error", "errorCode", "errorMessage"},
    {"errList", "errorCode", "errLogMessage"},
    {"error.errList", "errorCode", "errLogMessage"},
};

const struct provider provider_commvault = {
    .name = "commvault",
    .title = "Commvault",
    .token_header = "Authtoken",
    .token_scheme = "",
    COUNTED(setting, settings),
    COUNTED(complaint, complaints),
    COUNTED(operation, operations),
};
