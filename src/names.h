#ifndef COFFER_NAMES_H
#define COFFER_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Finds what a misspelt name was meant to be: offer every known name, then
** ask. Nothing is suggested that differs in more than a third. */
struct names_search {
  const char *wanted;
  const char *nearest; /* NULL while nothing is near */
  size_t distance;
};

void names_offer(struct names_search *search, const char *known);

#endif
