#ifndef COFFER_JSON_H
#define COFFER_JSON_H

#include "wire/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Strict JSON (RFC 8259), read by pulling one thing after the other. */

/* Of what happens seldom: kept apart, it does not make the straight way save
** registers that it does not use. */
#define JSON_SELDOM __attribute__((noinline))

enum { JSON_DEEPEST = 64 };

enum json_kind {
  JSON_BROKEN, /* nothing that begins a value */
  JSON_NULL,
  JSON_BOOLEAN,
  JSON_NUMBER,
  JSON_STRING,
  JSON_ARRAY,
  JSON_OBJECT
};

enum json_step { JSON_FAILED, JSON_MORE, JSON_DONE };

struct json_reader {
  const char *text;
  const char *at;
  const char *end;
  const char *trouble; /* what is wrong, or NULL */
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
  double real;     /* the nearest double, always */
};

/* The scratch buffer is kept from one text to the next; json_close frees
** it. The text must outlive the reading, with BUFFER_ZEROS zero bytes behind
** it: buffer_terminate puts them there. */
void json_open(struct json_reader *reader, const char *text, size_t length);
void json_close(struct json_reader *reader);

/* What kind of value comes next; takes only white space. */
enum json_kind json_peek(struct json_reader *reader);

/* These take one value of the kind that json_peek told. False is a
** trouble: reader->trouble says which, reader->at where. */
bool json_read_null(struct json_reader *reader);
bool json_read_boolean(struct json_reader *reader, bool *value);
bool json_read_number(struct json_reader *reader, struct json_number *number);
bool json_read_string(struct json_reader *reader, struct json_text *text);
bool json_skip(struct json_reader *reader);

/* Text of up to 15 bytes, which are also told as two numbers. */
struct json_short_text {
  struct json_text text;
  uint64_t low, high;
};

/* Takes a string where it is short and written without escapes, in ASCII.
** False says nothing: json_read_string takes any. */
bool json_take_short_text(struct json_reader *reader,
                          struct json_short_text *taken);

/* An array or object: enter, then next before every item or member until
** it says JSON_DONE, which also leaves. */
bool json_enter(struct json_reader *reader);
enum json_step json_next_item(struct json_reader *reader, bool is_first);
enum json_step json_next_member(struct json_reader *reader, bool is_first);

/* Takes the name of a member, and its colon. */
bool json_read_name(struct json_reader *reader, struct json_text *name);

/* A name as it mostly stands in a text, `"name":`, filled up with zeros so
** that it can be read in words. */
struct json_label {
  const char *text;
  size_t length;
  uint64_t mask; /* the bytes of the last word that belong to it */
};

/* The bytes that a label's text takes. */
static inline size_t json_label_room(const char *name)
{
  return (strlen(name) + 3) / 8 * 8 + 8;
}

/* Makes the label of a name that needs no escape in this room. */
void json_make_label(struct json_label *label, char *room, const char *name);

/* Eight bytes, the first one lowest. */
static inline uint64_t json_word(const char *at)
{
  uint64_t word;
  memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

/* Takes name and colon of a member where just this comes next. False says
** nothing: the same name can be written in other ways. */
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

/* Number of characters in well-formed UTF-8. */
size_t json_characters(const char *bytes, size_t length);

/* Writing. False when there is no memory. Reals have to be finite: the caller
** has seen to it. Where a string is not UTF-8 it is given up. */
bool json_write_string(struct buffer *buffer, const char *bytes, size_t length,
                       bool *is_utf8);
bool json_write_label(struct buffer *buffer, const struct json_label *label);
bool json_write_base64(struct buffer *buffer, const char *bytes, size_t length);
bool json_write_integer(struct buffer *buffer, int64_t value);
bool json_write_real(struct buffer *buffer, double value);

#endif
