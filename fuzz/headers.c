/* The head of an answer, and how long it asks to wait. */

#include "wire/headers.h"
#include "wire/retry_after.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* What a header has lies within the lines. */
static void check_header(const struct buffer *lines,
                         const struct header *header)
{
  const char *end = lines->bytes + lines->length;
  if (header->name < lines->bytes || header->value < header->name ||
      header->name + header->name_length > header->value ||
      header->value + header->value_length > end)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
  static const char *const names[] = {"Retry-After", "Date", "Content-Type"};
  struct buffer lines = {0};
  struct header header;
  size_t at = 0;
  if (!buffer_append(&lines, (const char *)bytes, length) ||
      !buffer_terminate(&lines))
    abort();
  while (headers_next(&lines, &at, &header))
    check_header(&lines, &header);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (headers_find(&lines, names[i], &header))
      check_header(&lines, &header);
  if (retry_after_of(429, &lines) < -1 || retry_after_of(503, &lines) < -1)
    abort();
  buffer_free(&lines);
  return 0;
}
