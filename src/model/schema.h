#ifndef COFFER_SCHEMA_H
#define COFFER_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

/* The words in which the shape of a provider's JSON is written down. All of
** it is constant data; the marshaller reads it in both directions. */

enum schema_kind {
  SCHEMA_ANY, /* free-form: whatever JSON can say */
  SCHEMA_TEXT,
  SCHEMA_SECRET, /* text that never becomes a Lua string by itself */
  SCHEMA_BOOLEAN,
  SCHEMA_INT32,
  SCHEMA_INT64,
  SCHEMA_INTEGER_OR_TEXT, /* an integer at one status, a name at another */
  SCHEMA_OBJECT,
  SCHEMA_ARRAY,
  SCHEMA_MAP /* an object whose names are data */
};

/* What a text that is sent has to be. */
struct text_rule {
  size_t min_length;    /* characters */
  size_t max_length;    /* 0: no limit */
  const char *alphabet; /* the characters allowed, or NULL for all */
  const char *phrase;   /* completes "must be ..." */
};

/* A form on the wire that is not that of the kind: in answers, one that is not
** documented and yet can mean one thing only; in requests, an encoding. */
enum schema_form {
  FORM_PLAIN,
  FORM_FROM_DIGITS,  /* "12345" where an integer is documented */
  FORM_FROM_BOOLEAN, /* true where the text "true" is documented */
  FORM_FROM_ROW,     /* an object, or an array of the fields asked for */
  FORM_TO_BASE64     /* a secret that goes out in base64 */
};

struct field;

struct schema {
  enum schema_kind kind;
  enum schema_form form;
  const struct text_rule *rule; /* of a text, or NULL */
  const struct schema *item;    /* of an array or map */
  const struct field *fields;   /* of an object, at most 64, in wire order */
  size_t field_count;
  const char *resource; /* what the object is to a user, or NULL */
};

enum place {
  IN_BODY,
  IN_PATH,
  IN_QUERY,
  IN_HEADER,
  IN_LINK /* of an answer: it is the whole URL of the request */
};

enum field_flag {
  /* Of a parameter. */
  FIELD_REQUIRED = 1 << 0,
  FIELD_FIXED = 1 << 1,     /* filled in; another value is refused */
  FIELD_OF_CLIENT = 1 << 2, /* the client's setting, where it is not given */
  /* Of an answer's member, which may be null or absent: read as an empty list,
  ** or as an object with such lists. */
  FIELD_LISTED = 1 << 3
};

struct field {
  const char *name;
  const struct schema *schema;
  unsigned flags;
  enum place place;
  const char *fixed_text; /* with FIELD_FIXED: this, or else the integer */
  int32_t fixed_integer;
  const char *about; /* one line for coffer.help */
};

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* The schemas that need no more than their kind. */
extern const struct schema schema_any, schema_text, schema_secret,
    schema_boolean, schema_int32, schema_int64, schema_integer_or_text,
    schema_texts;

#endif
