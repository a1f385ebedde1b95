/* NetApp Astra Control accounts: the "POST /accounts" page of its API
** reference; lengths and versions as in NetApp's OpenAPI text 24.02.0. */

#include "model/operation.h"

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
                                              .form = FORM_FROM_BOOLEAN};

static const struct method account_methods[] = {
    {"get", "get_account", "account_id", "id"},
    {"update", "update_account", "account_id", "id"},
    {"delete", "delete_account", "account_id", "id"},
};
static const struct resource account_resource = {
    .name = "account",
    .title = "id",
    .status = "state",
    COUNTED(method, account_methods)};
static const struct field account_fields[] = {
    {"type", &schema_text},
    {"version", &schema_text},
    {"id", &schema_text},
    {"name", &schema_text},
    {"state", &schema_text},
    {"isEnabled", &text_or_boolean},
    {"enabledTimestamp", &schema_text},
    {"accountContact", &contact},
    {"metadata", &metadata},
};
static const struct schema account = {.kind = SCHEMA_OBJECT,
                                      FIELDS(account_fields),
                                      .resource = &account_resource};

/* Lists. With `include`, each item is an array of the fields asked for. */

static const struct text_rule count_rule = {4, 4, "true", "the text true"};
static const struct schema count = {.kind = SCHEMA_TEXT, .rule = &count_rule};
static const struct field list_accounts_fields[] = {
    {"include", &schema_text, 0, IN_QUERY, .about = "fields, comma-separated"},
    {"filter", &schema_text, 0, IN_QUERY, .about = "such as name eq 'x'"},
    {"orderBy", &schema_text, 0, IN_QUERY, .about = "a field, or field desc"},
    {"limit", &schema_int64, 0, IN_QUERY, .about = "accounts on a page"},
    {"skip", &schema_int64, 0, IN_QUERY, .about = "accounts to pass over"},
    {"count", &count, 0, IN_QUERY, .about = "\"true\" asks for the total"},
    {"continue", &schema_text, 0, IN_QUERY, .about = "token of a page"},
};
static const struct schema list_accounts = {.kind = SCHEMA_OBJECT,
                                            FIELDS(list_accounts_fields)};
static const struct schema account_or_row = {.kind = SCHEMA_OBJECT,
                                             .form = FORM_FROM_ROW,
                                             FIELDS(account_fields),
                                             .resource = &account_resource};
static const struct schema accounts = {.kind = SCHEMA_ARRAY,
                                       .item = &account_or_row};
static const struct field account_list_fields[] = {
    {"items", &accounts, FIELD_LISTED},
    {"metadata", &schema_any},
};
static const struct schema account_list = {.kind = SCHEMA_OBJECT,
                                           FIELDS(account_list_fields)};
static const struct paging account_paging = {.name = "accounts",
                                             .items = "items",
                                             .style = PAGING_TOKEN,
                                             .next = "metadata.continue",
                                             .parameter = "continue",
                                             .row_names = "include",
                                             .identity = "id"};

/* One account */

static const struct field account_id_fields[] = {
    {"account_id", &schema_text, FIELD_REQUIRED, IN_PATH,
     .about = "account ID"},
};
static const struct schema account_id = {.kind = SCHEMA_OBJECT,
                                         FIELDS(account_id_fields)};
static const struct key account_id_keys[] = {
    {"account_id", "account_id"},
};

static const struct text_rule phone_rule = {1, 31, NULL,
                                            "a text of 1 to 31 characters"};
static const struct text_rule country_rule = {2, 2, NULL,
                                              "a country code of 2 letters"};
static const struct schema short_text = {.kind = SCHEMA_TEXT,
                                         .rule = &phone_rule};
static const struct schema country = {.kind = SCHEMA_TEXT,
                                      .rule = &country_rule};
static const struct field new_address_fields[] = {
    {"addressCountry", &country, FIELD_REQUIRED},
    {"addressLocality", &name, FIELD_REQUIRED},
    {"addressRegion", &name, FIELD_REQUIRED},
    {"postalCode", &short_text, FIELD_REQUIRED},
    {"streetAddress1", &name, FIELD_REQUIRED},
    {"streetAddress2", &name},
};
static const struct schema new_address = {.kind = SCHEMA_OBJECT,
                                          FIELDS(new_address_fields)};
static const struct field new_contact_fields[] = {
    {"firstName", &name},   {"lastName", &name},
    {"companyName", &name}, {"email", &name},
    {"phone", &short_text}, {"postalAddress", &new_address},
};
static const struct schema new_contact = {.kind = SCHEMA_OBJECT,
                                          FIELDS(new_contact_fields)};

static const struct field update_account_fields[] = {
    {"account_id", &schema_text, FIELD_REQUIRED, IN_PATH,
     .about = "account ID"},
    {"If-Match", &schema_text, 0, IN_HEADER, .about = "ETag of what was read"},
    {"type", &schema_text, FIELD_FIXED, .fixed_text = ACCOUNT},
    {"version", &schema_text, FIELD_FIXED, .fixed_text = "1.0"},
    {"id", &schema_text},
    {"name", &name},
    {"state", &schema_text, .about = "pending, active or deletePending"},
    {"isEnabled", &text_or_boolean, .about = "\"true\" or \"false\""},
    {"enabledTimestamp", &schema_text},
    {"accountContact", &new_contact},
    {"metadata", &metadata},
};
static const struct schema update_account = {.kind = SCHEMA_OBJECT,
                                             FIELDS(update_account_fields)};

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
    {.name = "list_accounts",
     .method = "GET",
     .path = "/accounts",
     .accept = "application/json",
     .may_repeat = true,
     .parameters = &list_accounts,
     .answer = &account_list,
     .paging = &account_paging,
     .about = "Lists one page of accounts."},
    {.name = "get_account",
     .method = "GET",
     .path = "/accounts/{account_id}",
     .accept = ACCOUNT "+json",
     .may_repeat = true,
     .parameters = &account_id,
     .answer = &account,
     COUNTED(key, account_id_keys),
     .about = "Reads an account."},
    {.name = "update_account",
     .method = "PUT",
     .path = "/accounts/{account_id}",
     .accept = ACCOUNT "+json",
     .content_type = ACCOUNT "+json",
     .needs_change = true,
     .parameters = &update_account,
     COUNTED(key, account_id_keys),
     .about = "Changes an account."},
    {.name = "delete_account",
     .method = "DELETE",
     .path = "/accounts/{account_id}",
     .accept = ACCOUNT "+json",
     .parameters = &account_id,
     COUNTED(key, account_id_keys),
     .about = "Marks an account for deletion."},
};

static const struct resource *const resources[] = {&account_resource};

static const struct setting settings[] = {
    {"token", SETTING_TOKEN, true, NULL, {"ASTRA_TOKEN"}},
    {"base_url", SETTING_BASE_URL, true, NULL, {"ASTRA_BASE_URL"}},
};

const struct provider provider_astra = {
    .name = "astra",
    .title = "NetApp Astra Control",
    .token_header = "Authorization",
    .token_scheme = "Bearer ",
    COUNTED(setting, settings),
    COUNTED(resource, resources),
    COUNTED(operation, operations),
};
