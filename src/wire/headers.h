#ifndef COFFER_HEADERS_H
#define COFFER_HEADERS_H

#include "wire/buffer.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

/* Header lines that go out, made for one send. All zero is a list without
** lines. One of them has the token: they are wiped before they are freed. */
struct header_list {
  struct buffer text;       /* the lines, each ended by a zero */
  struct curl_slist *lines; /* the same as libcurl wants them, once linked */
  size_t count;
};

/* Adds `name: value`, the value being one text behind the other. False when
** there is no memory. */
bool header_list_add(struct header_list *list, const char *name,
                     const char *scheme, const char *value);

/* Adds `name:`, which keeps libcurl from making such a line itself. */
bool header_list_omit(struct header_list *list, const char *name);

/* Links the lines, of which there is at least one; no other can be added behind
** that. False when there is no memory. */
bool header_list_link(struct header_list *list);

/* Wipes the lines and gives their memory back. May be called again. */
void header_list_free(struct header_list *list);

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
