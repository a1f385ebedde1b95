/* Did you mean ...? */

#include "names.h"

#include <string.h>

enum { LONGEST = 40 };

static size_t least(size_t a, size_t b, size_t c)
{
  size_t smaller = a < b ? a : b;
  return smaller < c ? smaller : c;
}

static char lower(char byte)
{
  return (char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
}

static bool same(char a, char b)
{
  return lower(a) == lower(b);
}

/* Levenshtein's distance, row by row. */
static size_t distance(const char *from, size_t from_length, const char *to,
                       size_t to_length)
{
  size_t row[LONGEST + 1];
  for (size_t i = 0; i <= to_length; i++)
    row[i] = i;
  for (size_t i = 1; i <= from_length; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t k = 1; k <= to_length; k++) {
      size_t above = row[k];
      size_t swap = diagonal + !same(from[i - 1], to[k - 1]);
      row[k] = least(above + 1, row[k - 1] + 1, swap);
      diagonal = above;
    }
  }
  return row[to_length];
}

void names_offer(struct names_search *search, const char *known)
{
  size_t wanted_length = strlen(search->wanted);
  size_t known_length = strlen(known);
  if (wanted_length > LONGEST || known_length > LONGEST)
    return;
  size_t steps = distance(search->wanted, wanted_length, known, known_length);
  if (steps > known_length / 3 + 1 || steps >= known_length)
    return;
  if (!search->nearest || steps < search->distance) {
    search->nearest = known;
    search->distance = steps;
  }
}

size_t names_cut(const char *text, size_t most)
{
  size_t length = most;
  while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
    length--;
  return length;
}
