/* Bytes that grow and are wiped. Knows nothing of what they mean. */

#include "wire/buffer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_SMALLEST = 256 };

/* The first time just what is asked for, as that is often all there is. */
static size_t roomier(size_t capacity, size_t needed)
{
  size_t doubled = capacity;
  if (capacity == 0)
    return needed > BUFFER_SMALLEST ? needed : BUFFER_SMALLEST;
  while (doubled < needed)
    doubled = doubled > SIZE_MAX / 2 ? needed : doubled * 2;
  return doubled;
}

/* Not realloc: it would leave the old bytes behind in freed memory. */
static bool move(struct buffer *buffer, size_t capacity)
{
  char *bytes = malloc(capacity);
  if (!bytes)
    return false;
  if (buffer->bytes) {
    memcpy(bytes, buffer->bytes, buffer->length);
    explicit_bzero(buffer->bytes, buffer->capacity);
    free(buffer->bytes);
  }
  buffer->bytes = bytes;
  buffer->capacity = capacity;
  return true;
}

bool buffer_grow(struct buffer *buffer, size_t more)
{
  if (more > SIZE_MAX - buffer->length)
    return false;
  return move(buffer, roomier(buffer->capacity, buffer->length + more));
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
  if (!buffer_reserve(buffer, length))
    return false;
  if (length > 0)
    memcpy(buffer->bytes + buffer->length, bytes, length);
  buffer->length += length;
  return true;
}

bool buffer_append_text(struct buffer *buffer, const char *text)
{
  return buffer_append(buffer, text, strlen(text));
}

bool buffer_terminate(struct buffer *buffer)
{
  if (!buffer_reserve(buffer, BUFFER_ZEROS))
    return false;
  memset(buffer->bytes + buffer->length, 0, BUFFER_ZEROS);
  return true;
}

void buffer_wipe(struct buffer *buffer)
{
  if (buffer->bytes)
    explicit_bzero(buffer->bytes, buffer->capacity);
  buffer->length = 0;
}

void buffer_free(struct buffer *buffer)
{
  buffer_wipe(buffer);
  free(buffer->bytes);
  *buffer = (struct buffer){0};
}
