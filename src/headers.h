#ifndef COFFER_HEADERS_H
#define COFFER_HEADERS_H

#include "buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* The header lines of an answer as they came, one after the other. */

struct header {
  const char *name; /* neither is ended by a zero */
  size_t name_length;
  const char *value;
  size_t value_length;
};

/* Walks over the header lines; `*at` starts as 0. Lines that are none are
** passed over. */
bool headers_next(const struct buffer *lines, size_t *at,
                  struct header *header);

/* The first header of this name, whatever its case. */
bool headers_find(const struct buffer *lines, const char *name,
                  struct header *header);

#endif
