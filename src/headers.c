/* Reading header lines. */

#include "headers.h"

#include <string.h>
#include <strings.h>

static bool is_blank(char byte)
{
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void trim(const char **text, size_t *length)
{
  while (*length > 0 && is_blank(**text)) {
    (*text)++;
    (*length)--;
  }
  while (*length > 0 && is_blank((*text)[*length - 1]))
    (*length)--;
}

/* One line; false for a status line, a folded one and other things without a
** name and a colon. */
static bool read_line(const char *line, size_t length, struct header *header)
{
  const char *colon = memchr(line, ':', length);
  if (!colon || colon == line || is_blank(*line))
    return false;
  header->name = line;
  header->name_length = (size_t)(colon - line);
  header->value = colon + 1;
  header->value_length = length - header->name_length - 1;
  trim(&header->name, &header->name_length);
  trim(&header->value, &header->value_length);
  return memchr(header->name, ' ', header->name_length) == NULL;
}

bool headers_next(const struct buffer *lines, size_t *at, struct header *header)
{
  while (*at < lines->length) {
    const char *line = lines->bytes + *at;
    const char *feed = memchr(line, '\n', lines->length - *at);
    size_t length = feed ? (size_t)(feed - line) + 1 : lines->length - *at;
    *at += length;
    if (read_line(line, length, header))
      return true;
  }
  return false;
}

bool headers_find(const struct buffer *lines, const char *name,
                  struct header *header)
{
  size_t at = 0;
  size_t length = strlen(name);
  while (headers_next(lines, &at, header))
    if (header->name_length == length &&
        strncasecmp(header->name, name, length) == 0)
      return true;
  return false;
}
