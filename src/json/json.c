/* Strict reading and writing of JSON text. Knows nothing of Lua. */

#include "json/json.h"

#include <float.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_open(struct json_reader *reader, const char *text, size_t length)
{
  buffer_wipe(&reader->scratch);
  reader->text = text;
  reader->at = text;
  reader->end = text + length;
  reader->trouble = NULL;
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

static bool fail(struct json_reader *reader, const char *trouble)
{
  if (!reader->trouble)
    reader->trouble = trouble;
  return false;
}

static bool fail_memory(struct json_reader *reader)
{
  reader->out_of_memory = true;
  return fail(reader, "not enough memory");
}

/* Reading: the zeros behind the text end every scan, so that none has to ask
** at each byte whether it is the last. */

static inline bool is_end(const struct json_reader *reader)
{
  return reader->at >= reader->end;
}

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

/* Gives back the byte behind the white space, of which there is mostly none. */
static inline char skip_space(struct json_reader *reader)
{
  char byte = *reader->at;
  if ((unsigned char)byte > ' ')
    return byte;
  return skip_spaces(reader);
}

static inline bool take_word(struct json_reader *reader, const char *word,
                             size_t length)
{
  if (memcmp(reader->at, word, length) != 0)
    return fail(reader, "not a JSON value");
  reader->at += length;
  return true;
}

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

/* The C library reads and writes the decimal point of the program's locale,
** which is not ours to set. */
static char decimal_point(void)
{
  return *localeconv()->decimal_point; /* NOLINT(concurrency-mt-unsafe) */
}

/* The slow, exact way for all that the quick way leaves. */
static bool real_by_library(struct json_reader *reader, const char *start,
                            double *real)
{
  size_t length = (size_t)(reader->at - start);
  reader->scratch.length = 0;
  if (!buffer_append(&reader->scratch, start, length) ||
      !buffer_terminate(&reader->scratch))
    return fail_memory(reader);
  char *point = memchr(reader->scratch.bytes, '.', length);
  if (point)
    *point = decimal_point();
  *real = strtod(reader->scratch.bytes, NULL);
  return true;
}

static size_t take_digits(struct json_reader *reader)
{
  const char *at = reader->at;
  while (*at >= '0' && *at <= '9')
    at++;
  size_t count = (size_t)(at - reader->at);
  reader->at = at;
  return count;
}

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

/* False where the digits do not fit. */
static bool to_integer(const char *digits, size_t count, bool is_negative,
                       int64_t *integer)
{
  uint64_t sum = 0;
  uint64_t most = is_negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
  if (count > 19)
    return false;
  for (size_t i = 0; i < count; i++)
    sum = sum * 10 + (uint64_t)(digits[i] - '0');
  if (sum > most)
    return false;
  *integer = is_negative ? (int64_t)(~sum + 1) : (int64_t)sum;
  return true;
}

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
  if (!number->is_integer)
    return real_by_library(reader, start, &number->real);
  number->real = (double)number->integer;
  return true;
}

/* Strings */

/* Bytes that stand for themselves: printable ASCII but quote and backslash.
** Eight at a time: the lowest top bit that is set is that of the first byte
** that does not. Those above it may be wrong. No byte of 0x80 and above loses
** its top bit in all three. */
static inline uint64_t not_plain(uint64_t word)
{
  uint64_t const ones = UINT64_C(0x0101010101010101);
  uint64_t const tops = ones << 7;
  uint64_t quotes = word ^ (ones * '"');
  uint64_t slashes = word ^ (ones * '\\');
  return ((word - ones * 0x20) | (quotes - ones) | (slashes - ones)) & tops;
}

/* Gives back the first byte that is not plain; one there must be. */
static inline const char *skip_plain(const char *at)
{
  uint64_t found;
  while ((found = not_plain(json_word(at))) == 0)
    at += sizeof found;
  return at + __builtin_ctzll(found) / 8;
}

/* The length of the well-formed sequence that starts here, or 0. */
static size_t sequence_length(const char *bytes, const char *end)
{
  const unsigned char *at = (const unsigned char *)bytes;
  size_t left = (size_t)(end - bytes);
  size_t length = 0;
  unsigned char least = 0x80;
  unsigned char most = 0xBF;
  if (at[0] < 0x80)
    return 1;
  if (at[0] >= 0xC2 && at[0] <= 0xDF)
    length = 2;
  else if ((at[0] & 0xF0) == 0xE0)
    length = 3;
  else if (at[0] >= 0xF0 && at[0] <= 0xF4)
    length = 4;
  if (length == 0 || length > left)
    return 0;
  if (at[0] == 0xE0)
    least = 0xA0; /* overlong */
  else if (at[0] == 0xED)
    most = 0x9F; /* surrogates */
  else if (at[0] == 0xF0)
    least = 0x90; /* overlong */
  else if (at[0] == 0xF4)
    most = 0x8F; /* above U+10FFFF */
  if (at[1] < least || at[1] > most)
    return 0;
  for (size_t i = 2; i < length; i++)
    if ((at[i] & 0xC0) != 0x80)
      return 0;
  return length;
}

size_t json_characters(const char *bytes, size_t length)
{
  size_t count = 0;
  for (size_t i = 0; i < length; i++)
    count += ((unsigned char)bytes[i] & 0xC0) != 0x80;
  return count;
}

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

/* Behind "\u". A pair of surrogates is one character; half of one is none. */
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

/* Behind the backslash. */
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

/* Moves over one byte or sequence that is neither plain nor an escape. */
static bool take_sequence(struct json_reader *reader)
{
  if (is_end(reader))
    return fail(reader, "a string without an end");
  if ((unsigned char)*reader->at < 0x20)
    return fail(reader, "a control character in a string");
  size_t length = sequence_length(reader->at, reader->end);
  if (length == 0)
    return fail(reader, "a string that is not UTF-8");
  reader->at += length;
  return true;
}

/* The rest of a string from its first escape on, into the scratch buffer. */
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
    reader->at = skip_plain(reader->at);
    if (*reader->at != '"' && *reader->at != '\\' && !take_sequence(reader))
      return false;
  }
}

/* A string in which not all is plain. */
static JSON_SELDOM bool read_rich_string(struct json_reader *reader,
                                         const char *start,
                                         struct json_text *text)
{
  while (*reader->at != '"' && *reader->at != '\\') {
    if (!take_sequence(reader))
      return false;
    reader->at = skip_plain(reader->at);
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

bool json_take_short_text(struct json_reader *reader,
                          struct json_short_text *taken)
{
  const char *at = reader->at + 1;
  uint64_t const all = ~UINT64_C(0);
  uint64_t word = json_word(at);
  uint64_t found = not_plain(word);
  taken->text.bytes = at;
  taken->low = word;
  taken->high = 0;
  if (!found) { /* all eight are text, so that the next eight can be read */
    at += 8;
    taken->high = word = json_word(at);
    found = not_plain(word);
  }
  if (!found)
    return false;
  unsigned bits = (unsigned)__builtin_ctzll(found) & ~7U;
  if ((word >> bits & 0xFF) != '"')
    return false;
  *(at == taken->text.bytes ? &taken->low : &taken->high) &= ~(all << bits);
  taken->text.length = (size_t)(at - taken->text.bytes) + bits / 8;
  reader->at = at + bits / 8 + 1;
  return true;
}

bool json_read_string(struct json_reader *reader, struct json_text *text)
{
  const char *start = reader->at + 1;
  reader->at = skip_plain(start);
  if (*reader->at != '"')
    return read_rich_string(reader, start, text);
  *text = (struct json_text){start, (size_t)(reader->at++ - start)};
  return true;
}

/* Arrays and objects */

bool json_enter(struct json_reader *reader)
{
  if (reader->depth >= JSON_DEEPEST)
    return fail(reader, "nested deeper than 64 levels");
  reader->depth++;
  reader->at++;
  return true;
}

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

void json_make_label(struct json_label *label, char *room, const char *name)
{
  size_t length = strlen(name);
  char mask[8] = {0};
  memset(room, 0, json_label_room(name));
  room[0] = '"';
  memcpy(room + 1, name, length + 1);
  memcpy(room + 1 + length, "\":", 3);
  label->text = room;
  label->length = length + 3;
  memset(mask, 0xFF, label->length % sizeof mask);
  label->mask = json_word(mask);
}

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

/* Writing */

static bool write_escape(struct buffer *buffer, unsigned char byte)
{
  static const char bytes[] = "\"\\\b\f\n\r\t";
  static const char names[] = "\"\\bfnrt";
  static const char digits[] = "0123456789abcdef";
  const char *found = byte ? strchr(bytes, byte) : NULL;
  char text[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
  if (!found)
    return buffer_append(buffer, text, sizeof text);
  text[1] = names[found - bytes];
  return buffer_append(buffer, text, 2);
}

static bool must_escape(unsigned char byte)
{
  return byte < 0x20 || byte == '"' || byte == '\\';
}

/* Where the bytes that need no escape end; before the first that is not
** UTF-8, too. */
static const char *skip_unescaped(const char *at, const char *end)
{
  for (;;) {
    while (end - at >= 8 && !not_plain(json_word(at)))
      at += 8;
    if (at == end || must_escape((unsigned char)*at))
      return at;
    size_t step = sequence_length(at, end);
    if (step == 0)
      return at;
    at += step;
  }
}

/* Copies fewer than eight bytes, if all are plain. */
static inline size_t copy_few(char *to, const char *from, size_t length)
{
  uint64_t word = UINT64_C(0x2020202020202020);
  if (length >= 4) {
    uint32_t halves[2];
    memcpy(&halves[0], from, 4);
    memcpy(&halves[1], from + length - 4, 4);
    memcpy(to, &halves[0], 4);
    memcpy(to + length - 4, &halves[1], 4);
    word = (uint64_t)halves[1] << 32 | halves[0];
  } else {
    for (size_t i = 0; i < length; i++) {
      word = word << 8 | (unsigned char)from[i];
      to[i] = from[i];
    }
  }
  return not_plain(word) ? 0 : length;
}

/* Copies the plain bytes that a text begins with: all, or as many as go in
** words. Gives back how many. */
static inline size_t copy_plain(char *to, const char *from, size_t length)
{
  size_t done = 0;
  if (length < 8)
    return copy_few(to, from, length);
  for (; length - done >= 8; done += 8) {
    if (not_plain(json_word(from + done)))
      return done;
    memcpy(to + done, from + done, 8);
  }
  if (not_plain(json_word(from + length - 8)))
    return done;
  memcpy(to + length - 8, from + length - 8, 8);
  return length;
}

/* The rest of a string from the first word on that is not plain. */
static JSON_SELDOM bool write_rest(struct buffer *buffer, const char *bytes,
                                   const char *end, bool *is_utf8)
{
  while (bytes < end) {
    const char *start = bytes;
    bytes = skip_unescaped(bytes, end);
    if (!buffer_append(buffer, start, (size_t)(bytes - start)))
      return false;
    if (bytes == end)
      break;
    *is_utf8 = must_escape((unsigned char)*bytes);
    if (!*is_utf8)
      return true;
    if (!write_escape(buffer, (unsigned char)*bytes++))
      return false;
  }
  return buffer_append_byte(buffer, '"');
}

bool json_write_string(struct buffer *buffer, const char *bytes, size_t length,
                       bool *is_utf8)
{
  *is_utf8 = true;
  if (!buffer_reserve(buffer, length + 2))
    return false;
  char *to = buffer->bytes + buffer->length;
  *to++ = '"';
  size_t done = copy_plain(to, bytes, length);
  buffer->length += done + 1;
  if (done < length)
    return write_rest(buffer, bytes + done, bytes + length, is_utf8);
  to[done] = '"';
  buffer->length++;
  return true;
}

bool json_write_label(struct buffer *buffer, const struct json_label *label)
{
  if (!buffer_reserve(buffer, label->length + 8))
    return false;
  char *to = buffer->bytes + buffer->length;
  for (size_t done = 0; done < label->length; done += 8)
    memcpy(to + done, label->text + done, 8);
  buffer->length += label->length;
  return true;
}

bool json_write_base64(struct buffer *buffer, const char *bytes, size_t length)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                               "uvwxyz0123456789+/=";
  if (!buffer_append_byte(buffer, '"'))
    return false;
  for (size_t i = 0; i < length; i += 3) {
    size_t left = length - i < 3 ? length - i : 3;
    unsigned long group = 0;
    char text[4];
    for (size_t k = 0; k < 3; k++)
      group = group << 8 | (k < left ? (unsigned char)bytes[i + k] : 0);
    for (size_t k = 0; k < 4; k++)
      text[k] = digits[k <= left ? group >> (18 - 6 * k) & 63 : 64];
    if (!buffer_append(buffer, text, sizeof text))
      return false;
  }
  return buffer_append_byte(buffer, '"');
}

bool json_write_integer(struct buffer *buffer, int64_t value)
{
  char text[20];
  char *at = text + sizeof text;
  uint64_t left = value < 0 ? ~(uint64_t)value + 1 : (uint64_t)value;
  do
    *--at = (char)('0' + left % 10);
  while ((left /= 10) > 0);
  if (value < 0)
    *--at = '-';
  return buffer_append(buffer, at, (size_t)(text + sizeof text - at));
}

/* Reals: the significant digits, of which the first stands before the point,
** and the power of ten. */

enum { MAX_DIGITS = 17 };

struct decimal {
  char digits[MAX_DIGITS + 1];
  int count;
  int power;
};

/* Takes a text such as 1.250e-07, in whatever locale. */
static void take_decimal(const char *text, struct decimal *decimal)
{
  decimal->count = 0;
  for (; *text != 'e'; text++)
    if (*text >= '0' && *text <= '9')
      decimal->digits[decimal->count++] = *text;
  decimal->power = (int)strtol(text + 1, NULL, 10);
}

static void drop_zeros(struct decimal *decimal)
{
  while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0')
    decimal->count--;
  decimal->digits[decimal->count] = '\0';
}

static double value_of(const struct decimal *decimal)
{
  char text[MAX_DIGITS + 16];
  snprintf(text, sizeof text, "%.*se%d", decimal->count, decimal->digits,
           decimal->power - decimal->count + 1);
  return strtod(text, NULL);
}

/* One more in the last digit. All nines are of no concern: that decimal has
** fewer digits, and was tried before. */
static void step_up(struct decimal *decimal)
{
  int place = decimal->count - 1;
  while (place > 0 && decimal->digits[place] == '9')
    decimal->digits[place--] = '0';
  if (place >= 0 && decimal->digits[place] < '9')
    decimal->digits[place]++;
}

/* What reads as a power of two reaches up twice as far as down, so that the
** nearest decimal may lie too low, and the next one fit. */
static bool fits_above(double value, struct decimal *decimal)
{
  int exponent;
  if (frexp(value, &exponent) != 0.5)
    return false;
  step_up(decimal);
  return value_of(decimal) == value;
}

/* The fewest digits that read back as the same number, which is not below 0.
** 15 digits tell all decimals of as many apart; subnormals have fewer. */
static void shorten(double value, struct decimal *decimal)
{
  char text[MAX_DIGITS + 16];
  int digits = value < DBL_MIN && value > 0 ? 1 : DBL_DIG;
  for (; digits <= MAX_DIGITS; digits++) {
    snprintf(text, sizeof text, "%.*e", digits - 1, value);
    take_decimal(text, decimal);
    if (strtod(text, NULL) == value || fits_above(value, decimal))
      break;
  }
  drop_zeros(decimal);
}

static char *put(char *at, const char *digits, int count)
{
  memcpy(at, digits, (size_t)count);
  return at + count;
}

static char *put_zeros(char *at, int count)
{
  memset(at, '0', (size_t)count);
  return at + count;
}

/* The letter and a power of at most three digits. */
static char *put_power(char *at, int power)
{
  int size = abs(power);
  *at++ = 'e';
  if (power < 0)
    *at++ = '-';
  if (size >= 100)
    *at++ = (char)('0' + size / 100);
  if (size >= 10)
    *at++ = (char)('0' + size / 10 % 10);
  *at++ = (char)('0' + size % 10);
  return at;
}

/* 125e-9 */
static char *put_whole(char *at, const struct decimal *decimal)
{
  at = put(at, decimal->digits, decimal->count);
  return put_power(at, decimal->power - decimal->count + 1);
}

/* 1.25e-7 */
static char *put_scientific(char *at, const struct decimal *decimal)
{
  *at++ = decimal->digits[0];
  if (decimal->count > 1)
    *at++ = '.';
  at = put(at, decimal->digits + 1, decimal->count - 1);
  return put_power(at, decimal->power);
}

/* 0.00125, 12.5 and 125.0 */
static char *put_plain(char *at, const struct decimal *decimal)
{
  int whole = decimal->power + 1; /* digits before the point */
  int shown = whole < 0 ? 0 : whole < decimal->count ? whole : decimal->count;
  at = put(at, decimal->digits, shown);
  at = put_zeros(at, whole > 0 ? whole - shown : 1);
  *at++ = '.';
  at = put_zeros(at, whole < 0 ? -whole : 0);
  if (shown == decimal->count)
    *at++ = '0';
  return put(at, decimal->digits + shown, decimal->count - shown);
}

/* The shortest text that reads back as the same real, and as a real: 3.0, not
** 3. Of two that are as short, the plainer. */
bool json_write_real(struct buffer *buffer, double value)
{
  char texts[3][MAX_DIGITS + 32];
  struct decimal decimal;
  shorten(fabs(value), &decimal);
  bool is_plain = decimal.power > -5 && decimal.power < MAX_DIGITS;
  const char *ends[] = {is_plain ? put_plain(texts[0], &decimal) : NULL,
                        put_scientific(texts[1], &decimal),
                        put_whole(texts[2], &decimal)};
  int best = is_plain ? 0 : 1;
  for (int i = best + 1; i < 3; i++)
    if (ends[i] - texts[i] < ends[best] - texts[best])
      best = i;
  if (signbit(value) && !buffer_append_byte(buffer, '-'))
    return false;
  return buffer_append(buffer, texts[best], (size_t)(ends[best] - texts[best]));
}
