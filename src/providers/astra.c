/* NetApp Astra Control accounts: the "POST /accounts" page of its API
** reference; lengths and versions as in NetApp's OpenAPI text 24.02.0. */

#include "model/words.h"

#define ACCOUNT "application/astra-account"

#define NAME TEXT_OF(1, 63, NULL, "a name of 1 to 63 characters")
#define SHORT_TEXT TEXT_OF(1, 31, NULL, "a text of 1 to 31 characters")
#define COUNTRY TEXT_OF(2, 2, NULL, "a country code of 2 letters")

/* isEnabled is documented as the text "true" or "false". */
#define TEXT_OR_BOOLEAN FORM(TEXT, FROM_BOOLEAN)

static const struct schema metadata = {FIELDS({
    {"labels",
     ARRAY(OBJECT({
         {"name", TEXT, REQUIRED},
         {"value", TEXT, REQUIRED},
     }))},
    {"creationTimestamp", TEXT},
    {"modificationTimestamp", TEXT},
    {"createdBy", TEXT},
    {"modifiedBy", TEXT},
})};

/* In a list with `include`, it is an array of the fields asked for. */
static const struct schema account = {
    .resource = "account",
    .form = FORM_FROM_ROW,
    FIELDS({
        {"type", TEXT},
        {"version", TEXT},
        {"id", TEXT},
        {"name", TEXT},
        {"state", TEXT},
        {"isEnabled", TEXT_OR_BOOLEAN},
        {"enabledTimestamp", TEXT},
        {"accountContact",
         OBJECT({
             {"firstName", TEXT},
             {"lastName", TEXT},
             {"companyName", TEXT},
             {"email", TEXT},
             {"phone", TEXT},
             {"postalAddress",
              OBJECT({
                  {"addressCountry", TEXT},
                  {"addressLocality", TEXT},
                  {"addressRegion", TEXT},
                  {"postalCode", TEXT},
                  {"streetAddress1", TEXT},
                  {"streetAddress2", TEXT},
              })},
         })},
        {"metadata", &metadata},
    })};

static const struct schema account_id = {FIELDS({
    {"account_id", TEXT, REQUIRED, IN_PATH, .about = "account ID"},
})};

extern const struct provider provider_astra;
const struct provider provider_astra = {
    .name = "astra",
    .title = "NetApp Astra Control",
    .token_header = "Authorization",
    .token_scheme = "Bearer ",
    SETTINGS({
        {"token", SETTING_TOKEN, {"ASTRA_TOKEN"}, .is_required = true},
        {"base_url", SETTING_BASE_URL, {"ASTRA_BASE_URL"}, .is_required = true},
    }),
    OPERATIONS({
        {"create_account", "POST", "/accounts",
         "Creates an account, pending until it is activated.", ACCOUNT "+json",
         ACCOUNT "+json", .creates = true,
         .parameters = OBJECT({
             {"type", TEXT, FIXED, .fixed_text = ACCOUNT},
             {"version", TEXT, FIXED, .fixed_text = "1.0"},
             {"name", NAME, REQUIRED, .about = "1 to 63 characters"},
             {"metadata", &metadata,
              .about = "labels: a list of { name =, value = }"},
         }),
         .keys = {"name"}, .answer = &account},

        {"list_accounts", "GET", "/accounts", "Lists one page of accounts.",
         JSON, .may_repeat = true,
         .parameters = OBJECT({
             {"include", TEXT, 0, IN_QUERY, .about = "fields, comma-separated"},
             {"filter", TEXT, 0, IN_QUERY, .about = "such as name eq 'x'"},
             {"orderBy", TEXT, 0, IN_QUERY, .about = "a field, or field desc"},
             {"limit", INT64, 0, IN_QUERY, .about = "accounts on a page"},
             {"skip", INT64, 0, IN_QUERY, .about = "accounts to pass over"},
             {"count", TEXT_OF(4, 4, "true", "the text true"), 0, IN_QUERY,
              .about = "\"true\" asks for the total"},
             {"continue", TEXT, 0, IN_QUERY, .about = "token of a page"},
         }),
         .answer = OBJECT({
             {"items", ARRAY(&account), LISTED},
             {"metadata", ANY},
         })},

        {"get_account", "GET", "/accounts/{account_id}", "Reads an account.",
         ACCOUNT "+json", .may_repeat = true, .parameters = &account_id,
         .keys = {"account_id"}, .answer = &account},

        {"update_account", "PUT", "/accounts/{account_id}",
         "Changes an account.", ACCOUNT "+json", ACCOUNT "+json",
         .needs_change = true,
         .parameters = OBJECT({
             {"account_id", TEXT, REQUIRED, IN_PATH, .about = "account ID"},
             {"If-Match", TEXT, 0, IN_HEADER, .about = "ETag of what was read"},
             {"type", TEXT, FIXED, .fixed_text = ACCOUNT},
             {"version", TEXT, FIXED, .fixed_text = "1.0"},
             {"id", TEXT},
             {"name", NAME},
             {"state", TEXT, .about = "pending, active or deletePending"},
             {"isEnabled", TEXT_OR_BOOLEAN, .about = "\"true\" or \"false\""},
             {"enabledTimestamp", TEXT},
             {"accountContact",
              OBJECT({
                  {"firstName", NAME},
                  {"lastName", NAME},
                  {"companyName", NAME},
                  {"email", NAME},
                  {"phone", SHORT_TEXT},
                  {"postalAddress",
                   OBJECT({
                       {"addressCountry", COUNTRY, REQUIRED},
                       {"addressLocality", NAME, REQUIRED},
                       {"addressRegion", NAME, REQUIRED},
                       {"postalCode", SHORT_TEXT, REQUIRED},
                       {"streetAddress1", NAME, REQUIRED},
                       {"streetAddress2", NAME},
                   })},
              })},
             {"metadata", &metadata},
         }),
         .keys = {"account_id"}},

        {"delete_account", "DELETE", "/accounts/{account_id}",
         "Marks an account for deletion.", ACCOUNT "+json",
         .parameters = &account_id, .keys = {"account_id"}},
    }),
};
