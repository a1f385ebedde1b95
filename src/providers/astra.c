/* NetApp Astra Control accounts: the "POST /accounts" page of its API
** reference; lengths and versions as in NetApp's OpenAPI text 24.02.0. */

#include "../operation.h"

extern const struct provider provider_astra;

#define ACCOUNT "application/astra-account"

/* The request */

static const struct text_rule name_rule = {1, 63, NULL,
                                           "a name of 1 to 63 characters"};
static const struct schema name = {.kind = SCHEMA_TEXT, .rule = &name_rule};

static const struct field label_fields[] = {
    {"name", &schema_text, FIELD_REQUIRED},
    {"value", &schema_text, FIELD_REQUIRED},
};
static const struct schema label = {.kind = SCHEMA_OBJECT,
                                    FIELDS(label_fields)};
static const struct schema labels = {.kind = SCHEMA_ARRAY, .item = &label};

static const struct field metadata_fields[] = {
    {"labels", &labels},
    {"creationTimestamp", &schema_text},
    {"modificationTimestamp", &schema_text},
    {"createdBy", &schema_text},
    {"modifiedBy", &schema_text},
};
static const struct schema metadata = {.kind = SCHEMA_OBJECT,
                                       FIELDS(metadata_fields)};

static const struct field create_account_fields[] = {
    {"type", &schema_text, FIELD_FIXED, .fixed_text = ACCOUNT},
    {"version", &schema_text, FIELD_FIXED, .fixed_text = "1.0"},
    {"name", &name, FIELD_REQUIRED, .about = "1 to 63 characters"},
    {"metadata", &metadata, .about = "labels: a list of { name =, value = }"},
};
static const struct schema create_account = {.kind = SCHEMA_OBJECT,
                                             FIELDS(create_account_fields)};
static const struct key create_account_keys[] = {
    {"name", "name"},
};

/* The answer */

static const struct field address_fields[] = {
    {"addressCountry", &schema_text}, {"addressLocality", &schema_text},
    {"addressRegion", &schema_text},  {"postalCode", &schema_text},
    {"streetAddress1", &schema_text}, {"streetAddress2", &schema_text},
};
static const struct schema address = {.kind = SCHEMA_OBJECT,
                                      FIELDS(address_fields)};

static const struct field contact_fields[] = {
    {"firstName", &schema_text},   {"lastName", &schema_text},
    {"companyName", &schema_text}, {"email", &schema_text},
    {"phone", &schema_text},       {"postalAddress", &address},
};
static const struct schema contact = {.kind = SCHEMA_OBJECT,
                                      FIELDS(contact_fields)};

/* isEnabled is documented as the text "true" or "false". */
static const struct schema text_or_boolean = {.kind = SCHEMA_TEXT,
                                              .leniency = SCHEMA_FROM_BOOLEAN};

static const struct thing account_thing = {
    .name = "account",
    .title = "id",
    .status = "state",
};
static const struct field account_fields[] = {
    {"type", &schema_text},
    {"version", &schema_text},
    {"id", &schema_text, FIELD_REQUIRED},
    {"name", &schema_text},
    {"state", &schema_text},
    {"isEnabled", &text_or_boolean},
    {"enabledTimestamp", &schema_text},
    {"accountContact", &contact},
    {"metadata", &metadata},
};
static const struct schema account = {
    .kind = SCHEMA_OBJECT, FIELDS(account_fields), .thing = &account_thing};

static const struct operation operations[] = {
    {.name = "create_account",
     .method = "POST",
     .path = "/accounts",
     .accept = ACCOUNT "+json",
     .content_type = ACCOUNT "+json",
     .creates = true,
     .parameters = &create_account,
     .answer = &account,
     COUNTED(key, create_account_keys),
     .about = "Creates an account, pending until it is activated."},
};

static const struct setting settings[] = {
    {"token", SETTING_TOKEN, true, NULL, {"ASTRA_TOKEN"}},
    {"base_url", SETTING_BASE_URL, true, NULL, {"ASTRA_BASE_URL"}},
};

static const struct complaint complaints[] = {
    {"", "type", "title", "detail"},
    {"", NULL, "schemaValidationFailure"},
    {"invalidFields", NULL, "reason", NULL, "name"},
    {"invalidParams", NULL, "reason", NULL, "name"},
    {"problemDetails", "type", "title", "detail"},
};

const struct provider provider_astra = {
    .name = "astra",
    .title = "NetApp Astra Control",
    .token_header = "Authorization",
    .token_scheme = "Bearer ",
    .request_id = "correlationID",
    COUNTED(setting, settings),
    COUNTED(complaint, complaints),
    COUNTED(operation, operations),
};
