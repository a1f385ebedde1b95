#ifndef COFFER_BUFFER_H
#define COFFER_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that grow. All zero is an empty buffer. What a buffer held is
** overwritten before its memory goes back, as it may have been a secret. */
struct buffer {
  char *bytes;
  size_t length;
  size_t capacity;
};

/* False when there is no memory; the buffer is then as it was. */
bool buffer_grow(struct buffer *buffer, size_t more);
bool buffer_append(struct buffer *buffer, const void *bytes, size_t length);
bool buffer_append_text(struct buffer *buffer, const char *text);

/* Inline, as there is room mostly. */
static inline bool buffer_reserve(struct buffer *buffer, size_t more)
{
  return more <= buffer->capacity - buffer->length || buffer_grow(buffer, more);
}

static inline bool buffer_append_byte(struct buffer *buffer, char byte)
{
  if (!buffer_reserve(buffer, 1))
    return false;
  buffer->bytes[buffer->length++] = byte;
  return true;
}

/* Ends the bytes with zeros that the length does not count, for those who read
** so many bytes at a time. */
enum { BUFFER_ZEROS = 16 };
bool buffer_terminate(struct buffer *buffer);

/* Empties, keeps the memory. */
void buffer_wipe(struct buffer *buffer);

/* Empties and gives the memory back. May be called again. */
void buffer_free(struct buffer *buffer);

#endif
