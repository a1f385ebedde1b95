/* Header lines: those that go out, and reading those that come. */

#include "wire/headers.h"

#include <stdlib.h>
#include <string.h>

/* Going out */

bool header_list_add(struct header_list *list, const char *name,
                     const char *scheme, const char *value)
{
  struct buffer *text = &list->text;
  size_t room = strlen(name) + strlen(scheme) + strlen(value) + sizeof ": ";
  if (!buffer_reserve(text, room))
    return false;
  char *end = stpcpy(text->bytes + text->length, name);
  end = stpcpy(stpcpy(end, ": "), scheme);
  end = stpcpy(end, value);
  text->length = (size_t)(end - text->bytes) + 1;
  list->count++;
  return true;
}

bool header_list_omit(struct header_list *list, const char *name)
{
  if (!buffer_append_text(&list->text, name) ||
      !buffer_append(&list->text, ":", sizeof ":"))
    return false;
  list->count++;
  return true;
}

bool header_list_link(struct header_list *list)
{
  char *line = list->text.bytes;
  list->lines = malloc(list->count * sizeof *list->lines);
  if (!list->lines)
    return false;
  for (size_t i = 0; i < list->count; i++) {
    struct curl_slist *next = i + 1 < list->count ? &list->lines[i + 1] : NULL;
    list->lines[i] = (struct curl_slist){line, next};
    line += strlen(line) + 1;
  }
  return true;
}

void header_list_free(struct header_list *list)
{
  buffer_free(&list->text);
  free(list->lines);
  *list = (struct header_list){0};
}

/* Coming in */

static bool is_blank(char byte)
{
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Most names are told apart by their length. */
static bool ends_name(char byte)
{
  return byte == ':' || is_blank(byte);
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

/* Moves over one line; its length. */
static size_t take_line(const struct buffer *lines, size_t *at)
{
  const char *line = lines->bytes + *at;
  const char *feed = memchr(line, '\n', lines->length - *at);
  size_t length = feed ? (size_t)(feed - line) + 1 : lines->length - *at;
  *at += length;
  return length;
}

bool headers_next(const struct buffer *lines, size_t *at, struct header *header)
{
  while (*at < lines->length) {
    const char *line = lines->bytes + *at;
    if (read_line(line, take_line(lines, at), header))
      return true;
  }
  return false;
}

bool headers_next_named(const struct buffer *lines, size_t *at,
                        const char *name, struct header *header)
{
  size_t name_length = strlen(name);
  while (*at < lines->length) {
    const char *line = lines->bytes + *at;
    size_t length = take_line(lines, at);
    if (length > name_length && ends_name(line[name_length]) &&
        curl_strnequal(line, name, name_length) &&
        read_line(line, length, header) && header->name_length == name_length)
      return true;
  }
  return false;
}

bool headers_find(const struct buffer *lines, const char *name,
                  struct header *header)
{
  size_t at = 0;
  return headers_next_named(lines, &at, name, header);
}
