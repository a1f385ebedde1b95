/* Finding a secret in a text, in whatever form it is repeated there. Knows
** nothing of Lua. */

#include "wire/scrub.h"

#include <stdio.h>
#include <string.h>

/* Bytes. What is shorter would be found in any text. */
enum { MIN_SECRET = 4 };

/* Shorter encoded secrets would be found where there are none. */
enum { MIN_ENCODED = 6 };

/* So many bytes give a longer secret away, and whoever repeats them may end
** anywhere. It also bounds the work at each place of a text. */
enum { ENOUGH = 64 };

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

/* The rest of a secret, as it is walked over. */
struct rest {
  const char *at, *end;
};

/* These take the next of a secret in the form that it has in the text, and
** give the length of that; 0 where the text goes on with something else. */
typedef size_t take_next(const char *at, const char *end, struct rest *secret);

static size_t take_byte(const char *at, const char *end, struct rest *secret)
{
  (void)end;
  if (!is_same((unsigned char)*at, (unsigned char)*secret->at))
    return 0;
  secret->at++;
  return 1;
}

static size_t take_digits(const char *at, const char *end, struct rest *secret)
{
  if (hexadecimal(at, end, 2) != (unsigned char)*secret->at)
    return 0;
  secret->at++;
  return 2;
}

static size_t take_escape(const char *at, const char *end, struct rest *secret)
{
  size_t bytes;
  long character = character_of(secret->at, secret->end, &bytes);
  size_t length = backslash(at, end, character);
  if (!length)
    length = entity(at, end, character);
  if (!length) {
    bytes = 1;
    length = percent(at, end, (unsigned char)*secret->at);
  }
  if (!length && *secret->at == ' ' && *at == '+')
    length = 1;
  if (!length)
    return take_byte(at, end, secret);
  secret->at += bytes;
  return length;
}

/* What is looked for in a text. */
struct wanted {
  const char *bytes;
  size_t length;
};

/* The length of the text at `at` that repeats the secret in one form, or so
** much of its beginning that it gives it away; 0 where it does not. */
static size_t repeats(const char *at, const char *end,
                      const struct wanted *wanted, take_next *take)
{
  const char *start = at;
  struct rest secret = {wanted->bytes, wanted->bytes + wanted->length};
  while (secret.at < secret.end) {
    size_t length = at < end ? take(at, end, &secret) : 0;
    if (!length)
      break;
    at += length;
  }
  bool is_it = secret.at == secret.end || secret.at - wanted->bytes >= ENOUGH;
  return is_it ? (size_t)(at - start) : 0;
}

/* These find what is wanted at `*at`, which they may move back as far as to
** `from`, and give its length; 0 where it is not there. */
typedef size_t find(const struct wanted *wanted, const char *from,
                    const char **at, const char *end);

static size_t find_repeated(const struct wanted *wanted, const char *from,
                            const char **at, const char *end)
{
  static take_next *const forms[] = {take_byte, take_escape, take_digits};
  size_t count = wanted->length < MIN_ENCODED ? 2 : 3;
  size_t longest = 0;
  (void)from;
  for (size_t i = 0; i < count; i++) {
    size_t length = repeats(*at, end, wanted, forms[i]);
    if (length > longest)
      longest = length;
  }
  return longest;
}

static bool is_base64(char byte)
{
  return (byte >= '0' && byte <= '9') ||
         (lower((unsigned char)byte) >= 'a' &&
          lower((unsigned char)byte) <= 'z') ||
         (byte && strchr("+/-_=", byte));
}

/* base64 with the alphabet of URLs is the same text with two other signs. */
static bool is_same_sign(char byte, char sign)
{
  return byte == sign || (byte == '-' && sign == '+') ||
         (byte == '_' && sign == '/');
}

/* Finds each run of base64 that has these signs in it: those around them hold
** a part of the secret. */
static size_t find_run(const struct wanted *signs, const char *from,
                       const char **at, const char *end)
{
  const char *behind = *at;
  if ((size_t)(end - behind) < signs->length)
    return 0;
  for (size_t i = 0; i < signs->length; i++)
    if (!is_same_sign(*behind++, signs->bytes[i]))
      return 0;
  while (*at > from && is_base64((*at)[-1]))
    (*at)--;
  while (behind < end && is_base64(*behind))
    behind++;
  return (size_t)(behind - *at);
}

/* What another secret has left is not looked into. */
static bool begins_with_mark(const char *at, const char *end)
{
  size_t length = strlen(MARK);
  return (size_t)(end - at) >= length && memcmp(at, MARK, length) == 0;
}

/* Puts the mark where the text has what is wanted. */
static bool replace(struct buffer *text, const struct wanted *wanted,
                    find *find_at)
{
  struct buffer other = {0};
  const char *at = text->bytes;
  const char *from = at; /* what is not in the other text yet */
  const char *end = at + text->length;
  bool is_done = true;
  while (is_done && at < end) {
    bool is_mark = begins_with_mark(at, end);
    size_t length = is_mark ? 0 : find_at(wanted, from, &at, end);
    if (length > 0) {
      is_done = buffer_append(&other, from, (size_t)(at - from)) &&
                buffer_append_text(&other, MARK);
      from = at + length;
    }
    at += length > 0 ? length : is_mark ? strlen(MARK) : 1;
  }
  if (is_done && other.length > 0) {
    is_done = buffer_append(&other, from, (size_t)(end - from));
    struct buffer old = *text;
    *text = other;
    other = old;
  }
  buffer_free(&other);
  return is_done;
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

static bool scrub_base64(struct buffer *text, const char *secret, size_t length)
{
  char signs[2 * ENOUGH] = {0};
  bool is_done = true;
  for (size_t before = 0; is_done && before < 3; before++) {
    struct wanted wanted = {
        signs,
        encode(secret, length < ENOUGH ? length : ENOUGH, before, signs)};
    is_done = replace(text, &wanted, find_run);
  }
  explicit_bzero(signs, sizeof signs);
  return is_done;
}

bool scrub(struct buffer *text, const char *secret, size_t length)
{
  struct wanted wanted = {secret, length};
  if (length < MIN_SECRET || !text->bytes)
    return true;
  return replace(text, &wanted, find_repeated) &&
         (length < MIN_ENCODED || scrub_base64(text, secret, length));
}
