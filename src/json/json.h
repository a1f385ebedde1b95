#ifndef COFFER_JSON_H
#define COFFER_JSON_H

#include "wire/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Strict JSON (RFC 8259). Reading is pulled: the caller asks for one value
** after the other, and decides what becomes of it. */

/* How deep arrays and objects may be nested, either way. */
enum { JSON_MAX_DEPTH = 64 };

/* For the rare case of a function: inlined, its registers would have to be
** saved on each call. */
#define JSON_RARE __attribute__((noinline))

/* Labels */

/* The name of a member as it is mostly written, `"name":`, with zeros behind
** it up to a whole word: so it is compared and copied in words. */
struct json_label {
  const char *text;
  size_t length;
  uint64_t mask; /* the bytes of the last word that belong to it */
};

/* The bytes that a label's text takes. */
static inline size_t json_label_size(const char *name)
{
  return (strlen(name) + 3) / 8 * 8 + 8;
}

/* Makes the label of a name that needs no escape; its text is put into
** `bytes`, which have json_label_size(name). */
void json_make_label(struct json_label *label, char *bytes, const char *name);

/* Reading */

enum json_kind {
  JSON_BROKEN, /* nothing that begins a value */
  JSON_NULL,
  JSON_BOOLEAN,
  JSON_NUMBER,
  JSON_STRING,
  JSON_ARRAY,
  JSON_OBJECT
};

/* JSON_MORE: an item or a member follows. */
enum json_step { JSON_FAILED, JSON_MORE, JSON_DONE };

struct json_reader {
  const char *text;  /* the caller's */
  const char *at;    /* the next byte to read */
  const char *end;   /* behind the last one */
  const char *error; /* what is wrong, or NULL */
  unsigned depth;
  bool out_of_memory;
  struct buffer scratch; /* a string with its escapes undone */
};

/* UTF-8, not ended by a zero. Valid until the reader's next string. */
struct json_text {
  const char *bytes;
  size_t length;
};

struct json_number {
  bool is_integer;
  int64_t integer; /* exact, where is_integer */
  double real;     /* the nearest double, else */
};

/* Begins to read a text, which has to stay, with BUFFER_ZEROS zero bytes behind
** it: buffer_terminate puts them there. The scratch buffer is used again for
** the next text; json_close frees it. */
void json_open(struct json_reader *reader, const char *text, size_t length);
void json_close(struct json_reader *reader);

/* What kind of value comes next. Takes only white space. */
enum json_kind json_peek(struct json_reader *reader);

/* Each takes one value, of the kind that json_peek told. Where they give false,
** reader->error says why and reader->at where. */
bool json_read_null(struct json_reader *reader);
bool json_read_boolean(struct json_reader *reader, bool *value);
bool json_read_number(struct json_reader *reader, struct json_number *number);
bool json_read_string(struct json_reader *reader, struct json_text *text);

/* Takes a value of any kind, and checks it as the others do. */
bool json_skip(struct json_reader *reader);

/* An array or object is entered once. Then json_next_item or json_next_member
** comes before each item or member, until it gives JSON_DONE, which has left
** the array or object. */
bool json_enter(struct json_reader *reader);
enum json_step json_next_item(struct json_reader *reader, bool is_first);
enum json_step json_next_member(struct json_reader *reader, bool is_first);

/* Takes the name of a member, and its colon. */
bool json_read_name(struct json_reader *reader, struct json_text *name);

/* Eight bytes as a number, the first one lowest. */
static inline uint64_t json_word(const char *at)
{
  uint64_t word;
  memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

/* Takes name and colon of a member where they are written as the label has
** them. False is no error: json_read_name takes the name however it is
** written. */
static inline bool json_take_label(struct json_reader *reader,
                                   const struct json_label *label)
{
  const char *at = reader->at;
  const char *text = label->text;
  size_t left = label->length;
  for (; left >= 8; left -= 8, at += 8, text += 8)
    if (json_word(at) != json_word(text))
      return false;
  if ((json_word(at) ^ json_word(text)) & label->mask)
    return false;
  reader->at = at + left;
  return true;
}

/* True when nothing but white space is left. */
bool json_finish(struct json_reader *reader);

/* The byte at which reading stands, counted from 1. */
size_t json_place(const struct json_reader *reader);

/* Writing. False where there is no memory: the buffer may then end with a part
** of the value. */

/* Writes no more of a string than its beginning where it is not UTF-8. */
bool json_write_string(struct buffer *buffer, const char *bytes, size_t length,
                       bool *is_utf8);
bool json_write_label(struct buffer *buffer, const struct json_label *label);
bool json_write_base64(struct buffer *buffer, const char *bytes, size_t length);
bool json_write_integer(struct buffer *buffer, int64_t value);
bool json_write_real(struct buffer *buffer, double value); /* a finite one */

/* The number of characters in well-formed UTF-8. */
size_t json_characters(const char *bytes, size_t length);

#endif
