/* The schemas that every provider uses. */

#include "model/schema.h"

const struct schema schema_any = {.kind = SCHEMA_ANY};
const struct schema schema_text = {.kind = SCHEMA_TEXT};
const struct schema schema_secret = {.kind = SCHEMA_SECRET};
const struct schema schema_boolean = {.kind = SCHEMA_BOOLEAN};
const struct schema schema_int32 = {.kind = SCHEMA_INT32};
const struct schema schema_int64 = {.kind = SCHEMA_INT64};
const struct schema schema_integer_or_text = {.kind = SCHEMA_INTEGER_OR_TEXT};
const struct schema schema_texts = {.kind = SCHEMA_ARRAY, .item = &schema_text};
