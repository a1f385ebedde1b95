#ifndef COFFER_HEADERS_H
#define COFFER_HEADERS_H

#include "wire/buffer.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

/* Header lines that go out. Whoever sends the same ones may share them; they
** are wiped when nobody holds them any more. */
struct lines {
  struct curl_slist *list;
  unsigned holders;
};

/* Makes a list without lines, held once; NULL when there is no memory. */
struct lines *lines_make(void);

/* Appends `name: value`, the value being one text behind the other. False when
** there is no memory. */
bool lines_add(struct lines *lines, const char *name, const char *scheme,
               const char *value);

/* Appends the line as it is. A name and a colon alone keep libcurl from making
** such a line itself. */
bool lines_append(struct lines *lines, const char *line);

struct lines *lines_hold(struct lines *lines);
void lines_drop(struct lines *lines); /* may be NULL */

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

/* The same for those of one name, in whatever case. */
bool headers_next_named(const struct buffer *lines, size_t *at,
                        const char *name, struct header *header);

/* The first header of this name, whatever its case. */
bool headers_find(const struct buffer *lines, const char *name,
                  struct header *header);

#endif
