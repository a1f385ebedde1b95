#ifndef COFFER_HEADERS_H
#define COFFER_HEADERS_H

#include "wire/buffer.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

/* Header lines that go out. Whoever sends the same ones may share them; they
** are wiped when nobody holds them any more. */
struct header_list {
  struct curl_slist *list;
  unsigned holders;
};

/* Makes a list without lines, held once; NULL when there is no memory. */
struct header_list *header_list_make(void);

/* Appends `name: value`, the value being one text behind the other. False when
** there is no memory. */
bool header_list_add(struct header_list *lines, const char *name,
                     const char *scheme, const char *value);

/* Appends the line as it is. A name and a colon alone keep libcurl from making
** such a line itself. */
bool header_list_append(struct header_list *lines, const char *line);

struct header_list *header_list_hold(struct header_list *lines);
void header_list_drop(struct header_list *lines); /* may be NULL */

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
