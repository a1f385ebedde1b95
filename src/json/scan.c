/* What reading and writing share: UTF-8, and labels. */

#include "json/scan.h"

#include "json/json.h"

#include <string.h>

/* Table 3-7 of the Unicode Standard: the first bytes of well-formed sequences,
** how long these are, and what their second byte may be. Overlong sequences,
** surrogates and what is above U+10FFFF are not among them. */
static const struct sequence {
  unsigned char from, to;
  unsigned char length;
  unsigned char second_from, second_to;
} sequences[] = {
    {0x00, 0x7F, 1},
    {0xC2, 0xDF, 2, 0x80, 0xBF},
    {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF},
    {0xED, 0xED, 3, 0x80, 0x9F},
    {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF},
    {0xF1, 0xF3, 4, 0x80, 0xBF},
    {0xF4, 0xF4, 4, 0x80, 0x8F},
};

/* Checks the bytes behind the first, which the caller knows to be there. */
static bool is_whole(const unsigned char *at, const struct sequence *sequence)
{
  if (sequence->length > 1 &&
      (at[1] < sequence->second_from || at[1] > sequence->second_to))
    return false;
  for (size_t i = 2; i < sequence->length; i++)
    if ((at[i] & 0xC0) != 0x80)
      return false;
  return true;
}

size_t scan_sequence(const char *bytes, const char *end)
{
  const unsigned char *at = (const unsigned char *)bytes;
  const struct sequence *sequence = sequences;
  const struct sequence *last = sequence + sizeof sequences / sizeof *sequences;
  while (sequence<last && * at> sequence->to)
    sequence++;
  if (sequence == last || *at < sequence->from ||
      sequence->length > end - bytes || !is_whole(at, sequence))
    return 0;
  return sequence->length;
}

/* Counts all bytes but 10xxxxxx, which continue a character. */
size_t json_characters(const char *bytes, size_t length)
{
  size_t count = 0;
  for (size_t i = 0; i < length; i++)
    count += ((unsigned char)bytes[i] & 0xC0) != 0x80;
  return count;
}

/* A label that fills its last word has an empty mask: json_take_label then
** compares nothing of the word of zeros behind it. */
void json_make_label(struct json_label *label, char *bytes, const char *name)
{
  size_t length = strlen(name);
  char mask[8] = {0};
  memset(bytes, 0, json_label_size(name));
  bytes[0] = '"';
  memcpy(bytes + 1, name, length + 1);
  memcpy(bytes + 1 + length, "\":", 3);
  label->text = bytes;
  label->length = length + 3;
  memset(mask, 0xFF, label->length % sizeof mask);
  label->mask = json_word(mask);
}
