#ifndef COFFER_JSON_SCAN_H
#define COFFER_JSON_SCAN_H

#include "json/json.h"

/* Text is scanned many bytes at a time, for what stands for itself within a
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

/* Sixteen bytes, each compared by itself: gcc and clang make it few
** instructions of most processors. Those from 0x80 on are negative. */
typedef signed char scan_bytes __attribute__((vector_size(16)));

/* The first byte that is not plain. There has to be one: zeros behind a text
** are enough. */
static inline const char *scan_plain(const char *at)
{
  for (;; at += sizeof(scan_bytes)) {
    scan_bytes bytes, found;
    memcpy(&bytes, at, sizeof bytes);
    found = (bytes < 0x20) | (bytes == '"') | (bytes == '\\');
    uint64_t first = json_word((const char *)&found);
    uint64_t second = json_word((const char *)&found + 8);
    if (first)
      return at + __builtin_ctzll(first) / 8;
    if (second)
      return at + 8 + __builtin_ctzll(second) / 8;
  }
}

/* The length of the well-formed UTF-8 sequence that starts here, or 0. */
size_t scan_sequence(const char *bytes, const char *end);

#endif
