/* Addresses, links and header values: what users, settings and answers give. */

#include "wire/address.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* What is wrong is a text for people; a base that is right has a host. */
static void check_base(const char *text, size_t length)
{
  struct buffer host = {0};
  if (!address_check_base(text, length) &&
      (!address_append_host(&host, text) || host.length == 0))
    abort();
  (void)address_is_local(text);
  buffer_free(&host);
}

/* A link that is followed leads to where its base leads. */
static void check_link(const char *text, size_t length)
{
  static const char base[] = "https://storage.example:8443/api/v1";
  static const char origin[] = "https://storage.example:8443";
  struct buffer url = {0};
  const char *wrong = address_append_link(&url, base, text, length);
  if (!wrong && (url.length < sizeof origin - 1 ||
                 memcmp(url.bytes, origin, sizeof origin - 1) != 0 ||
                 (url.length > sizeof origin - 1 &&
                  !strchr("/?#", url.bytes[sizeof origin - 1]))))
    abort();
  buffer_free(&url);
}

/* What is escaped needs no further escape. */
static void check_escaped(const char *text, size_t length)
{
  struct buffer escaped = {0};
  if (!address_append_escaped(&escaped, text, length))
    abort();
  for (size_t i = 0; i < escaped.length; i++)
    if (escaped.bytes[i] <= ' ' || strchr("/?#&=<>\"\x7f", escaped.bytes[i]))
      abort();
  buffer_free(&escaped);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
  char *text = malloc(length + 1);
  if (!text)
    return 0;
  memcpy(text, bytes, length);
  text[length] = '\0';
  check_base(text, length);
  check_link(text, length);
  check_escaped(text, length);
  (void)address_check_proxy(text, length);
  (void)address_check_segment(text, length);
  (void)address_check_header_value(text, length);
  free(text);
  return 0;
}
