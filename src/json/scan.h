#ifndef COFFER_JSON_SCAN_H
#define COFFER_JSON_SCAN_H

#include "json/json.h"

/* Text is scanned eight bytes at a time, for what stands for itself within a
** JSON string: printable ASCII but for the quote and the backslash. Such bytes
** are called plain here; nearly all text is plain. Byte by byte, to read a
** wallet of 1.5 KB takes some 5,000 instructions more. */

/* Zero where the eight bytes of a word are plain. Else the lowest bit that is
** set is the top bit of the first byte that is not; higher bits may be set for
** plain bytes too, as the subtractions borrow from byte to byte.
**
** A byte below 0x20, a quote and a backslash set their top bit by the borrow
** of their own subtraction. A byte of 0x80 and above has it set to begin with,
** and no byte loses it in all three. */
static inline uint64_t scan_not_plain(uint64_t word)
{
  uint64_t const ones = UINT64_C(0x0101010101010101);
  uint64_t const tops = ones << 7;
  uint64_t quotes = word ^ (ones * '"');
  uint64_t slashes = word ^ (ones * '\\');
  return ((word - ones * 0x20) | (quotes - ones) | (slashes - ones)) & tops;
}

/* The first byte that is not plain. There has to be one: zeros behind a text
** are enough. */
static inline const char *scan_plain(const char *at)
{
  uint64_t found;
  while ((found = scan_not_plain(json_word(at))) == 0)
    at += sizeof found;
  return at + __builtin_ctzll(found) / 8;
}

/* The length of the well-formed UTF-8 sequence that starts here, or 0. */
size_t scan_sequence(const char *bytes, const char *end);

#endif
