#ifndef COFFER_WORDS_H
#define COFFER_WORDS_H

#include "model/operation.h"

/* The short words in which providers/ is written, and for it alone. A list
** stands in braces inside of the parentheses:
**   OBJECT({{"id", TEXT}, {"labels", ARRAY(TEXT)}}) */

#define LIST(type, member, ...)                                                \
  .member##s = (const type[])__VA_ARGS__,                                      \
  .member##_count = sizeof((const type[])__VA_ARGS__) / sizeof(type)

/* The members of a schema that has a name of its own: a resource, or what
** several use. */
#define FIELDS(...)                                                            \
  .kind = SCHEMA_OBJECT, LIST(struct field, field, __VA_ARGS__)

#define OPERATIONS(...) LIST(struct operation, operation, __VA_ARGS__)
#define SETTINGS(...) LIST(struct setting, setting, __VA_ARGS__)
#define REGIONS(...) LIST(struct region, region, __VA_ARGS__)

#define OBJECT(...) (&(const struct schema){FIELDS(__VA_ARGS__)})
#define ARRAY(of) (&(const struct schema){.kind = SCHEMA_ARRAY, .item = (of)})
#define MAP(of) (&(const struct schema){.kind = SCHEMA_MAP, .item = (of)})
#define NOTHING (&(const struct schema){.kind = SCHEMA_OBJECT})

/* A text with a rule: shortest, longest, alphabet, what it must be. */
#define RULED(of, ...)                                                         \
  (&(const struct schema){.kind = SCHEMA_##of,                                 \
                          .rule = &(const struct text_rule){__VA_ARGS__}})
#define TEXT_OF(...) RULED(TEXT, __VA_ARGS__)
#define SECRET_OF(...) RULED(SECRET, __VA_ARGS__)

#define FORM(of, on_the_wire)                                                  \
  (&(const struct schema){.kind = SCHEMA_##of, .form = FORM_##on_the_wire})

#define ANY (&schema_any)
#define TEXT (&schema_text)
#define SECRET (&schema_secret)
#define BOOLEAN (&schema_boolean)
#define INT32 (&schema_int32)
#define INT64 (&schema_int64)
#define INTEGER_OR_TEXT (&schema_integer_or_text)

#define REQUIRED FIELD_REQUIRED
#define FIXED FIELD_FIXED
#define OF_CLIENT FIELD_OF_CLIENT
#define LISTED FIELD_LISTED

#define JSON "application/json"

#endif
