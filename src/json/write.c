/* Writing JSON text: strings, labels, numbers. Knows nothing of Lua. */

#include "json/json.h"

#include "json/scan.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Strings */

/* Those with a letter get it, all others \u and four digits. */
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

/* Gives where the bytes end that are written as they are: at the first that
** needs an escape, or is not UTF-8. */
static const char *skip_unescaped(const char *at, const char *end)
{
  for (;;) {
    while (end - at >= 8 && !scan_not_plain(json_word(at)))
      at += 8;
    if (at == end || must_escape((unsigned char)*at))
      return at;
    size_t step = scan_sequence(at, end);
    if (step == 0)
      return at;
    at += step;
  }
}

/* Copies fewer than eight bytes, and gives how many; 0 where one of them is not
** plain. From four bytes on by two copies that may overlap. */
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
  return scan_not_plain(word) ? 0 : length;
}

/* Copies the text up to the first word that is not plain; gives how many bytes
** that are. The last word overlaps the one before it. */
static inline size_t copy_plain(char *to, const char *from, size_t length)
{
  size_t done = 0;
  if (length < 8)
    return copy_few(to, from, length);
  for (; length - done >= 8; done += 8) {
    if (scan_not_plain(json_word(from + done)))
      return done;
    memcpy(to + done, from + done, 8);
  }
  if (scan_not_plain(json_word(from + length - 8)))
    return done;
  memcpy(to + length - 8, from + length - 8, 8);
  return length;
}

/* Writes the rest of a string, in which something is not plain, and the quote
** behind it. */
static JSON_RARE bool write_rest(struct buffer *buffer, const char *bytes,
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

/* Makes room for a text without escapes first; what needs more is appended. */
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

/* Copies whole words; the zeros behind a label are written over by what comes
** next. */
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

/* RFC 4648, with its padding. */
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

/* The smallest one has 20 bytes with its sign, and no positive counterpart: it
** is negated as an unsigned number. */
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

/* Zeros at the end say nothing; one digit stays. */
static void drop_zeros(struct decimal *decimal)
{
  while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0')
    decimal->count--;
  decimal->digits[decimal->count] = '\0';
}

/* What the decimal reads as. */
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

/* These write without a zero at the end, where the caller has made room, and
** give the place behind what they wrote. */
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
