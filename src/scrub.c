/* Finding a secret in a text, in whatever form it is repeated there. Knows
** nothing of Lua. */

#include "scrub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes. What is shorter would be found in any text. */
enum { LEAST_SECRET = 4 };

/* Shorter encoded secrets would be found where there are none. */
enum { MIN_ENCODED = 6 };

#define MARK "[secret]"

static unsigned char lower(unsigned char byte)
{
  return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

static int digit_of(char byte)
{
  unsigned char small = lower((unsigned char)byte);
  if (small >= '0' && small <= '9')
    return small - '0';
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/* The value of exactly so many hexadecimal digits, -1 where they are none. */
static long hexadecimal(const char *at, const char *end, size_t count)
{
  long value = 0;
  if ((size_t)(end - at) < count)
    return -1;
  for (size_t i = 0; i < count; i++) {
    int digit = digit_of(at[i]);
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

static size_t sequence_length(unsigned char first)
{
  return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* The character that the secret goes on with, and its bytes. */
static long character_of(const char *secret, const char *end, size_t *bytes)
{
  unsigned char first = (unsigned char)*secret;
  *bytes = sequence_length(first);
  if (*bytes == 1 || (size_t)(end - secret) < *bytes) {
    *bytes = 1;
    return first;
  }
  long value = first & (0xFF >> (*bytes + 1));
  for (size_t i = 1; i < *bytes; i++)
    value = value << 6 | (secret[i] & 0x3F);
  return value;
}

static bool is_same(long one, long other)
{
  if (one < 0x80 && other >= 0 && other < 0x80)
    return lower((unsigned char)one) == lower((unsigned char)other);
  return one == other;
}

/* These give the bytes of an escape of the character at `at`, 0 where there is
** none. */

/* "%41", and what was encoded twice, "%2541" */
static size_t percent(const char *at, const char *end, unsigned char byte)
{
  size_t length = 1;
  if (*at != '%')
    return 0;
  while (end - at > (ptrdiff_t)length + 2 && memcmp(at + length, "25", 2) == 0)
    length += 2;
  if (is_same(hexadecimal(at + length, end, 2), byte))
    return length + 2;
  return byte == '%' && length > 1 ? length : 0;
}

/* "\u0041", a pair of them, "\x41", "\/" */
static size_t backslash(const char *at, const char *end, long character)
{
  if (*at != '\\' || end - at < 2)
    return 0;
  if (at[1] == 'u' && character > 0xFFFF) {
    bool is_pair = end - at >= 12 && at[6] == '\\' && at[7] == 'u';
    long high = hexadecimal(at + 2, end, 4);
    long low = is_pair ? hexadecimal(at + 8, end, 4) : -1;
    long both = 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF);
    return high >= 0xD800 && low >= 0xDC00 && both == character ? 12 : 0;
  }
  if (at[1] == 'u' && is_same(hexadecimal(at + 2, end, 4), character))
    return 6;
  if (at[1] == 'x' && is_same(hexadecimal(at + 2, end, 2), character))
    return 4;
  return is_same((unsigned char)at[1], character) ? 2 : 0;
}

/* "&#65;", "&#x41;", "&amp;" */
static size_t entity(const char *at, const char *end, long character)
{
  static const struct {
    const char *text;
    char byte;
  } names[] = {{"&amp;", '&'},
               {"&lt;", '<'},
               {"&gt;", '>'},
               {"&quot;", '"'},
               {"&apos;", '\''}};
  char number[2][16];
  size_t left = (size_t)(end - at);
  if (*at != '&')
    return 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].byte == character && left >= strlen(names[i].text) &&
        memcmp(at, names[i].text, strlen(names[i].text)) == 0)
      return strlen(names[i].text);
  snprintf(number[0], sizeof number[0], "&#%ld;", character);
  snprintf(number[1], sizeof number[1], "&#x%lx;", (unsigned long)character);
  for (size_t i = 0; i < 2; i++) {
    size_t length = strlen(number[i]);
    size_t same = 0;
    while (same < length && same < left &&
           lower((unsigned char)at[same]) == (unsigned char)number[i][same])
      same++;
    if (same == length)
      return length;
  }
  return 0;
}

/* The length of the text at `at` that repeats the secret with escapes, where
** `has_escapes`, or else as it is; 0 where it does not. */
static size_t repeats(const char *at, const char *end, const char *secret,
                      const char *secret_end, bool has_escapes)
{
  const char *start = at;
  while (secret < secret_end) {
    size_t bytes = 1;
    size_t length = 0;
    if (at == end)
      return 0;
    if (has_escapes) {
      long character = character_of(secret, secret_end, &bytes);
      length = backslash(at, end, character);
      length = length ? length : entity(at, end, character);
      if (!length) {
        bytes = 1;
        length = percent(at, end, (unsigned char)*secret);
      }
      if (!length && *secret == ' ' && *at == '+')
        length = 1;
    }
    if (!length && is_same((unsigned char)*at, (unsigned char)*secret)) {
      length = 1;
      bytes = 1;
    }
    if (!length)
      return 0;
    at += length;
    secret += bytes;
  }
  return (size_t)(at - start);
}

static bool replace(struct buffer *text, size_t from, size_t length)
{
  size_t mark = strlen(MARK);
  if (mark > length && !buffer_reserve(text, mark - length))
    return false;
  char *at = text->bytes + from;
  memmove(at + mark, at + length, text->length - from - length);
  memcpy(at, MARK, mark);
  if (mark < length)
    explicit_bzero(text->bytes + text->length + mark - length, length - mark);
  text->length = text->length + mark - length;
  return true;
}

/* What another secret has left is not looked into. */
static bool begins_with_mark(const char *at, const char *end)
{
  size_t length = strlen(MARK);
  return (size_t)(end - at) >= length && memcmp(at, MARK, length) == 0;
}

static bool scrub_plain(struct buffer *text, const char *secret, size_t length)
{
  for (size_t i = 0; i < text->length; i++) {
    const char *at = text->bytes + i;
    const char *end = text->bytes + text->length;
    if (begins_with_mark(at, end)) {
      i += strlen(MARK) - 1;
      continue;
    }
    size_t found = repeats(at, end, secret, secret + length, false);
    if (!found)
      found = repeats(at, end, secret, secret + length, true);
    if (!found)
      continue;
    if (!replace(text, i, found))
      return false;
    i += strlen(MARK) - 1;
  }
  return true;
}

/* Encoded forms */

static bool is_base64(char byte)
{
  return (byte >= '0' && byte <= '9') ||
         (lower((unsigned char)byte) >= 'a' &&
          lower((unsigned char)byte) <= 'z') ||
         (byte && strchr("+/-_=", byte));
}

/* base64 with the alphabet of URLs is the same text with two other signs. */
static char sign_of(char byte)
{
  return byte == '-' ? '+' : byte == '_' ? '/' : byte;
}

/* Replaces each run of base64 that has these signs in it: those around them
** hold a part of the secret. */
static bool scrub_run(struct buffer *text, const char *signs, size_t length)
{
  for (size_t i = 0; i + length <= text->length; i++) {
    size_t same = 0;
    while (same < length && sign_of(text->bytes[i + same]) == signs[same])
      same++;
    if (same < length)
      continue;
    size_t from = i;
    size_t to = i + length;
    while (from > 0 && is_base64(text->bytes[from - 1]))
      from--;
    while (to < text->length && is_base64(text->bytes[to]))
      to++;
    if (!replace(text, from, to - from))
      return false;
    i = from + strlen(MARK) - 1;
  }
  return true;
}

/* The base64 signs that the secret alone decides when `before` bytes stand in
** front of it; `signs` has room for them. */
static size_t encode(const char *secret, size_t length, size_t before,
                     char *signs)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                               "uvwxyz0123456789+/";
  size_t first = (before * 8 + 5) / 6;
  size_t behind = (before + length) * 8 / 6;
  for (size_t sign = first; sign < behind; sign++) {
    unsigned value = 0;
    for (size_t bit = sign * 6; bit < sign * 6 + 6; bit++) {
      unsigned char byte = (unsigned char)secret[bit / 8 - before];
      value = value << 1 | (byte >> (7 - bit % 8) & 1U);
    }
    signs[sign - first] = digits[value];
  }
  return behind - first;
}

static bool scrub_base64(struct buffer *text, const char *secret, size_t length,
                         char *signs)
{
  for (size_t before = 0; before < 3; before++)
    if (!scrub_run(text, signs, encode(secret, length, before, signs)))
      return false;
  return true;
}

static bool scrub_hexadecimal(struct buffer *text, const char *secret,
                              size_t length, char *digits)
{
  static const char names[] = "0123456789abcdef";
  for (size_t i = 0; i < length; i++) {
    digits[2 * i] = names[(unsigned char)secret[i] >> 4];
    digits[2 * i + 1] = names[(unsigned char)secret[i] & 15];
  }
  return scrub_plain(text, digits, 2 * length);
}

bool scrub(struct buffer *text, const char *secret, size_t length)
{
  if (length < LEAST_SECRET)
    return true;
  if (length == 0 || text->length == 0)
    return true;
  if (!scrub_plain(text, secret, length))
    return false;
  if (length < MIN_ENCODED)
    return true;
  size_t room = 2 * length;
  char *encoded = malloc(room);
  bool is_done = encoded && scrub_base64(text, secret, length, encoded) &&
                 scrub_hexadecimal(text, secret, length, encoded);
  if (encoded)
    explicit_bzero(encoded, room);
  free(encoded);
  return is_done;
}
