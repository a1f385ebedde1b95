/* Commvault S3 vaults: the "Create instance of S3 Vault" page of Commvault's
** API reference; the path as in its product documentation. */

#include "model/words.h"

#define NAME TEXT_OF(1, 0, NULL, "a name, not empty")

static const struct schema vault = {
    .resource = "vault",
    FIELDS({
        {"response",
         OBJECT({
             {"entity", OBJECT({{"clientId", INT32}, {"clientName", TEXT}})},
             {"errorCode", INTEGER_OR_TEXT},
             {"errorMessage", TEXT},
             {"warningCode", INTEGER_OR_TEXT},
             {"warningMessage", TEXT},
         })},
        {"addEndpointJob",
         OBJECT({
             {"jobId", INT64},
             {"response",
              OBJECT({{"errorMessage", TEXT}, {"errorCode", INTEGER_OR_TEXT}})},
         })},
        {"errorCode", INTEGER_OR_TEXT},
        {"errorMessage", TEXT},
    })};

static const struct schema listed_vault = {
    .resource = "listed vault", FIELDS({{"name", TEXT}})};

static const struct schema job = {
    .resource = "job",
    FIELDS({
        {"jobId", INT64},
        {"status", TEXT},
        {"localizedStatus", TEXT},
        {"jobType", TEXT},
        {"percentComplete", INT64},
        {"pendingReason", TEXT},
    })};

/* A log-in that failed is a 200 without a token. That of a gateway is another
** member, or lies in `data`. */
static const struct schema session = {
    .resource = "session",
    FIELDS({
        {"token", SECRET},
        {"authToken", SECRET},
        {"data", OBJECT({{"authToken", SECRET}, {"token", SECRET}})},
        {"userName", TEXT},
        {"aliasName", TEXT},
        {"userGUID", TEXT},
    })};

static const struct schema token_pair = {FIELDS({
    {"accessToken", SECRET, REQUIRED},
    {"refreshToken", SECRET, REQUIRED},
})};

extern const struct provider provider_commvault;
const struct provider provider_commvault = {
    .name = "commvault",
    .title = "Commvault",
    .token_header = "Authtoken",
    .token_scheme = "",
    .token_has_blank = true,
    .log_in = {"username", "password"},
    SETTINGS({
        {"token", SETTING_TOKEN, {"COMMVAULT_TOKEN"}, .is_required = true},
        {"authorization", SETTING_AUTHORIZATION},
        {"base_url",
         SETTING_BASE_URL,
         {"COMMVAULT_BASE_URL"},
         .is_required = true},
        {"username", SETTING_CREDENTIAL, {"COMMVAULT_USERNAME"}},
        {"password", SETTING_CREDENTIAL, {"COMMVAULT_PASSWORD"}},
        {"domain", SETTING_CREDENTIAL, {"COMMVAULT_DOMAIN"}},
    }),
    OPERATIONS({
        /* The kinds of entity are spelled with two underscores on each side
        ** here, as on the page, though with one everywhere else. */
        {"create_s3_vault", "POST", "/V4/CVS3Store",
         "Creates an S3 vault and, where asked, its endpoints.", JSON, JSON,
         .creates = true,
         .parameters = OBJECT({
             {"bucket",
              OBJECT({
                  {"clientName", NAME, REQUIRED, .about = "name of the vault"},
              }),
              REQUIRED, .about = "the vault to be"},
             {"plan",
              OBJECT({
                  {"planId", INT32, REQUIRED},
                  {"planName", NAME, REQUIRED},
              }),
              REQUIRED, .about = "the plan that stores it"},
             {"cvs3Endpoints",
              ARRAY(OBJECT({
                  {"clientId", INT32, REQUIRED},
                  {"clientName", TEXT},
              })),
              .about = "clients to become S3 endpoints"},
             {"owners",
              ARRAY(OBJECT({
                  {"userId", INT32, REQUIRED},
                  {"__type__", INT32, FIXED, .fixed_integer = 13},
              })),
              .about = "users to be given the S3 role"},
             {"userGroups",
              ARRAY(OBJECT({
                  {"userGroupId", INT32, REQUIRED},
                  {"__type__", INT32, FIXED, .fixed_integer = 15},
              })),
              .about = "groups to be given the S3 role"},
             {"rotateKeys", BOOLEAN, .about = "rotate the keys of these users"},
         }),
         .keys = {"bucket.clientName"}, .asks = "cvs3Endpoints",
         .answer = &vault},

        {"list_s3_vaults", "GET", "/V4/CVS3Stores",
         "Lists one page of S3 vaults.", JSON, .may_repeat = true,
         .parameters = OBJECT({
             {"hardRefresh", BOOLEAN, 0, IN_QUERY, .about = "past the cache"},
             {"start", INT64, 0, IN_QUERY, .about = "vaults to pass over"},
             {"limit", INT64, 0, IN_QUERY, .about = "vaults on a page"},
             {"fl", TEXT, 0, IN_QUERY, .about = "fields, such as overview"},
         }),
         .answer = OBJECT({
             {"CVS3Stores", ARRAY(&listed_vault), LISTED},
             {"errorCode", INTEGER_OR_TEXT},
             {"errorMessage", TEXT},
         })},

        {"get_job", "GET", "/Job/{jobId}",
         "Reads a job; a fresh one may not be there yet.", JSON,
         .may_repeat = true,
         .parameters = OBJECT({
             {"jobId", INT64, REQUIRED, IN_PATH, .about = "job number"},
         }),
         .answer = OBJECT({
             {"totalRecordsWithoutPaging", INT64},
             {"jobs", ARRAY(OBJECT({{"jobSummary", &job}})), LISTED},
             {"errorCode", INTEGER_OR_TEXT},
             {"errorMessage", TEXT},
         })},

        /* Those that can hold a vault, and no more of them than their names. */
        {"list_plans", "GET", "/V2/Plan",
         "Lists the plans that can hold a vault.", JSON, .may_repeat = true,
         .parameters = OBJECT({
             {"subType", TEXT, FIXED, IN_QUERY, "Server"},
             {"fq", TEXT, FIXED, IN_QUERY,
              "plans.storage.copy.storagePoolType:in:1,4"},
             {"fl", TEXT, FIXED, IN_QUERY,
              "plans.plan.planId,plans.plan.planName"},
         }),
         .answer = OBJECT({
             {"plans",
              ARRAY(OBJECT({
                  {"plan",
                   OBJECT({
                       {"planId", INT32},
                       {"planName", TEXT},
                   })},
              })),
              LISTED},
             {"filterQueryCount", INT64},
             {"errorCode", INTEGER_OR_TEXT},
             {"errorMessage", TEXT},
         })},

        {"login", "POST", "/Login",
         "Gets a token for a user name and a password.", JSON, JSON,
         .may_repeat = true, .is_public = true, .has_secrets = true,
         .parameters = OBJECT({
             {"username", SECRET_OF(1, 0, NULL, "a name, not empty"), REQUIRED},
             {"password", FORM(SECRET, TO_BASE64), REQUIRED,
              .about = "sent in base64"},
             {"domain", SECRET},
             {"commserver", TEXT},
             {"timeout", INT32, .about = "minutes of idleness"},
             {"deviceId", TEXT},
         }),
         .answer = &session},

        {"renew_token", "POST", "/RenewLoginToken",
         "Gets a new token for a log-in token.", JSON, JSON, .is_public = true,
         .has_secrets = true,
         .parameters = OBJECT({
             {"sessionId", SECRET, REQUIRED, .about = "the old token"},
             {"deviceId", TEXT},
         }),
         .answer = &session},

        {"logout", "POST", "/Logout", "Ends the session of the client's token.",
         JSON, .parameters = NOTHING},

        {"renew_access_token", "POST", "/V4/AccessToken/Renew",
         "Gets a new pair of tokens; the old one must not be used again.", JSON,
         JSON, .creates = true, .is_public = true, .has_secrets = true,
         .parameters = &token_pair, .answer = &token_pair},
    }),
};
