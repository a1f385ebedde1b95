/* Reading JSON text, strictly: what RFC 8259 does not allow is an error. Knows
** nothing of Lua. */

#include "json/json.h"

#include "json/scan.h"

#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

void json_open(struct json_reader *reader, const char *text, size_t length)
{
  buffer_wipe(&reader->scratch);
  reader->text = text;
  reader->at = text;
  reader->end = text + length;
  reader->error = NULL;
  reader->depth = 0;
  reader->out_of_memory = false;
}

void json_close(struct json_reader *reader)
{
  buffer_free(&reader->scratch);
  *reader = (struct json_reader){0};
}

size_t json_place(const struct json_reader *reader)
{
  return (size_t)(reader->at - reader->text) + 1;
}

/* Gives false, for the caller to hand on. The first error counts. */
static bool fail(struct json_reader *reader, const char *error)
{
  if (!reader->error)
    reader->error = error;
  return false;
}

static bool fail_memory(struct json_reader *reader)
{
  reader->out_of_memory = true;
  return fail(reader, "not enough memory");
}

/* The zeros behind the text end every scan: none has to ask at each byte
** whether it is the last. */

static inline bool is_end(const struct json_reader *reader)
{
  return reader->at >= reader->end;
}

/* Takes the next byte where it is this one. At the end it sees a zero, which
** nobody asks for. */
static inline bool take(struct json_reader *reader, char byte)
{
  if (*reader->at != byte)
    return false;
  reader->at++;
  return true;
}

static char skip_spaces(struct json_reader *reader)
{
  while (take(reader, ' ') || take(reader, '\n') || take(reader, '\r') ||
         take(reader, '\t'))
    ;
  return *reader->at;
}

/* Gives the byte behind the white space. Mostly there is none, which the first
** line finds out by one comparison. */
static inline char skip_space(struct json_reader *reader)
{
  char byte = *reader->at;
  if ((unsigned char)byte > ' ')
    return byte;
  return skip_spaces(reader);
}

/* Near the end it compares with the zeros behind the text, of which there are
** more than a word has bytes. */
static inline bool take_word(struct json_reader *reader, const char *word,
                             size_t length)
{
  if (memcmp(reader->at, word, length) != 0)
    return fail(reader, "not a JSON value");
  reader->at += length;
  return true;
}

/* The first byte of a value tells its kind; the rest is checked as it is
** read. */
enum json_kind json_peek(struct json_reader *reader)
{
  static const unsigned char kinds[UCHAR_MAX + 1] = {
      ['{'] = JSON_OBJECT, ['['] = JSON_ARRAY,   ['"'] = JSON_STRING,
      ['n'] = JSON_NULL,   ['t'] = JSON_BOOLEAN, ['f'] = JSON_BOOLEAN,
      ['-'] = JSON_NUMBER, ['0'] = JSON_NUMBER,  ['1'] = JSON_NUMBER,
      ['2'] = JSON_NUMBER, ['3'] = JSON_NUMBER,  ['4'] = JSON_NUMBER,
      ['5'] = JSON_NUMBER, ['6'] = JSON_NUMBER,  ['7'] = JSON_NUMBER,
      ['8'] = JSON_NUMBER, ['9'] = JSON_NUMBER};
  enum json_kind kind = kinds[(unsigned char)skip_space(reader)];
  if (kind == JSON_BROKEN)
    fail(reader, is_end(reader) ? "the text ends where a value is due"
                                : "not a JSON value");
  return kind;
}

bool json_read_null(struct json_reader *reader)
{
  return take_word(reader, "null", 4);
}

bool json_read_boolean(struct json_reader *reader, bool *value)
{
  *value = *reader->at == 't';
  return *value ? take_word(reader, "true", 4) : take_word(reader, "false", 5);
}

/* Numbers */

/* The C library reads and writes the decimal sign of the program's locale, of
** one byte or of several, which is not ours to set. */
static const char *decimal_sign(void)
{
  return localeconv()->decimal_point; /* NOLINT(concurrency-mt-unsafe) */
}

/* Puts a number into the scratch buffer as strtod reads it. */
static bool copy_number(struct json_reader *reader, const char *start,
                        size_t length)
{
  struct buffer *copy = &reader->scratch;
  const char *point = memchr(start, '.', length);
  size_t whole = point ? (size_t)(point - start) : length;
  copy->length = 0;
  return buffer_append(copy, start, whole) &&
         (!point || (buffer_append_text(copy, decimal_sign()) &&
                     buffer_append(copy, point + 1, length - whole - 1))) &&
         buffer_terminate(copy);
}

/* All numbers but the integers that fit into 64 bits: strtod is slow, and exact
** where own arithmetic would have to be careful. */
static bool real_by_library(struct json_reader *reader, const char *start,
                            double *real)
{
  if (!copy_number(reader, start, (size_t)(reader->at - start)))
    return fail_memory(reader);
  *real = strtod(reader->scratch.bytes, NULL);
  return true;
}

/* Gives how many digits there were. */
static size_t take_digits(struct json_reader *reader)
{
  const char *at = reader->at;
  while (*at >= '0' && *at <= '9')
    at++;
  size_t count = (size_t)(at - reader->at);
  reader->at = at;
  return count;
}

/* A fraction or an exponent may be left out. Either makes the number a real. */
static bool take_fraction(struct json_reader *reader, bool *is_real)
{
  if (!take(reader, '.'))
    return true;
  *is_real = true;
  return take_digits(reader) > 0 || fail(reader, "a number without digits");
}

static bool take_exponent(struct json_reader *reader, bool *is_real)
{
  if (!take(reader, 'e') && !take(reader, 'E'))
    return true;
  *is_real = true;
  if (!take(reader, '+'))
    take(reader, '-');
  return take_digits(reader) > 0 || fail(reader, "a number without digits");
}

/* False where the digits do not fit into 64 bits; such a number is read as a
** real. */
static bool to_integer(const char *digits, size_t count, bool is_negative,
                       int64_t *integer)
{
  uint64_t sum = 0;
  uint64_t max = is_negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
  if (count > 19) /* 19 nines still fit into the sum */
    return false;
  for (size_t i = 0; i < count; i++)
    sum = sum * 10 + (uint64_t)(digits[i] - '0');
  if (sum > max)
    return false;
  *integer = is_negative ? (int64_t)(~sum + 1) : (int64_t)sum;
  return true;
}

/* Minus zero is read as a real: an integer would lose its sign. */
bool json_read_number(struct json_reader *reader, struct json_number *number)
{
  const char *start = reader->at;
  bool is_negative = take(reader, '-');
  const char *digits = reader->at;
  size_t count = take_digits(reader);
  bool is_real = false;
  if (count == 0)
    return fail(reader, "a number without digits");
  if (count > 1 && *digits == '0')
    return fail(reader, "a number with a leading zero");
  if (!take_fraction(reader, &is_real) || !take_exponent(reader, &is_real))
    return false;
  bool is_minus_zero = is_negative && count == 1 && *digits == '0';
  number->is_integer = !is_real && !is_minus_zero &&
                       to_integer(digits, count, is_negative, &number->integer);
  return number->is_integer || real_by_library(reader, start, &number->real);
}

/* Strings */

/* Appends a character as UTF-8. */
static bool append_code_point(struct buffer *buffer, unsigned long code)
{
  char bytes[4];
  size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  static const unsigned char marks[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
  for (size_t i = length - 1; i > 0; i--) {
    bytes[i] = (char)(0x80 | (code & 0x3F));
    code >>= 6;
  }
  bytes[0] = (char)(marks[length] | code);
  return buffer_append(buffer, bytes, length);
}

/* Takes four hexadecimal digits. */
static bool take_hex(struct json_reader *reader, unsigned long *code)
{
  *code = 0;
  if (reader->end - reader->at < 4)
    return fail(reader, "an escape cut short");
  for (int i = 0; i < 4; i++) {
    char byte = *reader->at;
    unsigned digit;
    if (byte >= '0' && byte <= '9')
      digit = (unsigned)(byte - '0');
    else if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f')
      digit = (unsigned)((byte | 0x20) - 'a') + 10;
    else
      return fail(reader, "an escape that is not hexadecimal");
    *code = *code << 4 | digit;
    reader->at++;
  }
  return true;
}

/* Takes the digits behind "\u". A pair of surrogates is one character; half of
** one is an error. */
static bool take_code_point(struct json_reader *reader, unsigned long *code)
{
  unsigned long low;
  if (!take_hex(reader, code))
    return false;
  if (*code < 0xD800 || *code > 0xDFFF)
    return true;
  if (*code > 0xDBFF || !take(reader, '\\') || !take(reader, 'u'))
    return fail(reader, "half of a surrogate pair");
  if (!take_hex(reader, &low))
    return false;
  if (low < 0xDC00 || low > 0xDFFF)
    return fail(reader, "half of a surrogate pair");
  *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
  return true;
}

/* Takes what is behind a backslash; appends what it stands for. */
static bool take_escape(struct json_reader *reader)
{
  static const char names[] = "\"\\/bfnrt";
  static const char bytes[] = "\"\\/\b\f\n\r\t";
  unsigned long code;
  if (is_end(reader))
    return fail(reader, "an escape cut short");
  char name = *reader->at++;
  const char *found = name ? strchr(names, name) : NULL;
  if (found)
    code = (unsigned char)bytes[found - names];
  else if (name != 'u')
    return fail(reader, "an escape that JSON does not have");
  else if (!take_code_point(reader, &code))
    return false;
  return append_code_point(&reader->scratch, code) || fail_memory(reader);
}

/* Takes one sequence of UTF-8 where a byte is not plain, nor begins an escape
** or ends the string. */
static bool take_sequence(struct json_reader *reader)
{
  if (is_end(reader))
    return fail(reader, "a string without an end");
  if ((unsigned char)*reader->at < 0x20)
    return fail(reader, "a control character in a string");
  size_t length = scan_sequence(reader->at, reader->end);
  if (length == 0)
    return fail(reader, "a string that is not UTF-8");
  reader->at += length;
  return true;
}

/* Takes a string from its first escape on; from there its value differs from
** the text, and is put together in the scratch buffer. */
static bool take_escaped(struct json_reader *reader, const char *start)
{
  reader->scratch.length = 0;
  for (;;) {
    if (!buffer_append(&reader->scratch, start, (size_t)(reader->at - start)))
      return fail_memory(reader);
    if (take(reader, '"'))
      return true;
    if (take(reader, '\\') && !take_escape(reader))
      return false;
    start = reader->at;
    reader->at = scan_plain(reader->at);
    if (*reader->at != '"' && *reader->at != '\\' && !take_sequence(reader))
      return false;
  }
}

/* Takes a string in which not all is plain. Without an escape, its value is
** what stands in the text. */
static JSON_RARE bool read_rich_string(struct json_reader *reader,
                                       const char *start,
                                       struct json_text *text)
{
  while (*reader->at != '"' && *reader->at != '\\') {
    if (!take_sequence(reader))
      return false;
    reader->at = scan_plain(reader->at);
  }
  if (*reader->at == '"') {
    *text = (struct json_text){start, (size_t)(reader->at++ - start)};
    return true;
  }
  if (!take_escaped(reader, start))
    return false;
  *text = (struct json_text){reader->scratch.bytes, reader->scratch.length};
  return true;
}

bool json_read_string(struct json_reader *reader, struct json_text *text)
{
  const char *start = reader->at + 1;
  reader->at = scan_plain(start);
  if (*reader->at != '"')
    return read_rich_string(reader, start, text);
  *text = (struct json_text){start, (size_t)(reader->at++ - start)};
  return true;
}

/* Arrays and objects */

/* Takes the bracket that json_peek has seen. */
bool json_enter(struct json_reader *reader)
{
  if (reader->depth >= JSON_MAX_DEPTH)
    return fail(reader, "nested deeper than 64 levels");
  reader->depth++;
  reader->at++;
  return true;
}

/* Takes what stands before an item or a member: a comma, but for the first. A
** closing bracket behind a comma is left, and refused by whoever reads on. */
static inline enum json_step next(struct json_reader *reader, bool is_first,
                                  char closing)
{
  char byte = skip_space(reader);
  if (byte == closing) {
    reader->at++;
    reader->depth--;
    return JSON_DONE;
  }
  if (is_first)
    return JSON_MORE;
  if (byte != ',') {
    fail(reader,
         is_end(reader) ? "the text ends too early" : "a comma is missing");
    return JSON_FAILED;
  }
  reader->at++;
  skip_space(reader);
  return JSON_MORE;
}

enum json_step json_next_item(struct json_reader *reader, bool is_first)
{
  return next(reader, is_first, ']');
}

enum json_step json_next_member(struct json_reader *reader, bool is_first)
{
  enum json_step step = next(reader, is_first, '}');
  if (step != JSON_MORE || *reader->at == '"')
    return step;
  fail(reader, "a member without a name");
  return JSON_FAILED;
}

bool json_read_name(struct json_reader *reader, struct json_text *name)
{
  if (!json_read_string(reader, name))
    return false;
  skip_space(reader);
  return take(reader, ':') || fail(reader, "a colon is missing");
}

/* This one, skip_object and json_skip call each other; json_enter bounds how
** deep. */
static bool skip_array(struct json_reader *reader)
{
  enum json_step step;
  bool is_first = true;
  if (!json_enter(reader))
    return false;
  while ((step = json_next_item(reader, is_first)) == JSON_MORE) {
    is_first = false;
    if (!json_skip(reader))
      return false;
  }
  return step == JSON_DONE;
}

static bool skip_object(struct json_reader *reader)
{
  struct json_text name;
  enum json_step step;
  bool is_first = true;
  if (!json_enter(reader))
    return false;
  while ((step = json_next_member(reader, is_first)) == JSON_MORE) {
    is_first = false;
    if (!json_read_name(reader, &name) || !json_skip(reader))
      return false;
  }
  return step == JSON_DONE;
}

bool json_skip(struct json_reader *reader)
{
  struct json_text text;
  struct json_number number;
  bool boolean;
  switch (json_peek(reader)) {
  case JSON_NULL:
    return json_read_null(reader);
  case JSON_BOOLEAN:
    return json_read_boolean(reader, &boolean);
  case JSON_NUMBER:
    return json_read_number(reader, &number);
  case JSON_STRING:
    return json_read_string(reader, &text);
  case JSON_ARRAY:
    return skip_array(reader);
  case JSON_OBJECT:
    return skip_object(reader);
  case JSON_BROKEN:
    break;
  }
  return false;
}

bool json_finish(struct json_reader *reader)
{
  skip_space(reader);
  return reader->at == reader->end || fail(reader, "text behind the value");
}
