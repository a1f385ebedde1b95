#ifndef COFFER_NEAREST_H
#define COFFER_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

/* Finds what a misspelt name was meant to be: offer every known name, then
** ask. Suggested is what other programs call so, or stands at the name's end,
** or differs in few letters. */
struct nearest_search {
  const char *wanted;
  const char *nearest; /* NULL while nothing is near */
  size_t distance;
};

void nearest_offer(struct nearest_search *search, const char *known);

/* Whose option this is, for a name that is not known where it was given; NULL
** where it is nobody's. */
const char *nearest_home(const char *name);

/* Where to cut a longer text so that no UTF-8 sequence is cut in two: `most`,
** or a little less. */
size_t utf8_prefix(const char *text, size_t most);

#endif
