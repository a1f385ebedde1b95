/* URLs, path segments and header values: what may be in them, and how it is
** written. Knows nothing of providers. */

#include "wire/address.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdint.h>
#include <string.h>

enum { MAX_SEGMENT = 256, MAX_URL = 2048 };

static const char no_memory[] = "could not be read: not enough memory";

static bool has_byte_outside(const char *text, size_t length,
                             unsigned char from, unsigned char to)
{
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)text[i] < from || (unsigned char)text[i] > to)
      return true;
  return false;
}

/* This machine */

static bool is_loopback_ipv4(const char *host)
{
  struct in_addr address;
  return inet_pton(AF_INET, host, &address) == 1 &&
         ntohl(address.s_addr) >> 24 == 127;
}

/* The ways to write this machine to which http may go. */
static bool is_loopback(const char *host)
{
  return curl_strequal(host, "localhost") || strcmp(host, "[::1]") == 0 ||
         is_loopback_ipv4(host);
}

/* Also where an address is 0, or one of IPv4 within IPv6: the system takes
** these to this machine as well. */
static bool is_local_ipv6(const char *host)
{
  struct in6_addr address;
  char text[INET6_ADDRSTRLEN];
  size_t length = strcspn(host, "]");
  if (*host != '[' || length > sizeof text)
    return false;
  memcpy(text, host + 1, length - 1);
  text[length - 1] = '\0';
  if (inet_pton(AF_INET6, text, &address) != 1)
    return false;
  return IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address) ||
         (IN6_IS_ADDR_V4MAPPED(&address) &&
          (address.s6_addr[12] == 127 || address.s6_addr[12] == 0));
}

/* True for all that leads to this machine, a dot at its end or not. Changes
** the text. */
static bool is_local(char *host)
{
  static const char name[] = ".localhost";
  size_t length = strlen(host);
  struct in_addr address;
  if (length > 0 && host[length - 1] == '.')
    host[--length] = '\0';
  if (is_loopback(host) || is_local_ipv6(host))
    return true;
  if (inet_pton(AF_INET, host, &address) == 1)
    return ntohl(address.s_addr) >> 24 == 0;
  return length >= sizeof name &&
         curl_strequal(host + length - (sizeof name - 1), name);
}

bool address_is_local(const char *text)
{
  CURLU *url = curl_url();
  char *host = NULL;
  bool is_found = url &&
                  curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
                  curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                  is_local(host);
  curl_free(host);
  curl_url_cleanup(url);
  return is_found;
}

/* Checking */

/* What stands between "://" and the path; its length, or 0 where there is
** none. */
static size_t find_authority(const char *url, const char **authority)
{
  size_t scheme = strcspn(url, ":/");
  *authority = url;
  if (strncmp(url + scheme, "://", 3) != 0)
    return 0;
  *authority = url + scheme + 3;
  return strcspn(*authority, "/");
}

/* True where the URL has the host just as it is written here: libcurl makes
** 127.0.0.1 out of 0x7f.1, 127.1 and others. */
static bool is_written_so(const char *url, const char *host)
{
  const char *authority;
  size_t length = find_authority(url, &authority);
  size_t host_length = strlen(host);
  return host_length <= length &&
         curl_strnequal(authority, host, host_length) &&
         (host_length == length || authority[host_length] == ':');
}

/* True when the URL has this part. */
static bool has_part(CURLU *url, CURLUPart part)
{
  char *text = NULL;
  CURLUcode code = curl_url_get(url, part, &text, 0);
  curl_free(text);
  return code == CURLUE_OK;
}

static const char *check_scheme(CURLU *url, const char *text)
{
  char *scheme = NULL;
  char *host = NULL;
  const char *wrong = NULL;
  CURLUcode code = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
  if (code == CURLUE_OK)
    code = curl_url_get(url, CURLUPART_HOST, &host, 0);
  if (code == CURLUE_OUT_OF_MEMORY)
    wrong = no_memory;
  else if (code != CURLUE_OK || !*host)
    wrong = "must be an absolute https URL";
  else if (strcmp(scheme, "http") == 0)
    wrong = is_loopback(host) && is_written_so(text, host)
                ? NULL
                : "must be https (http is for 127.0.0.0/8, [::1] and "
                  "localhost only, written so)";
  else if (strcmp(scheme, "https") != 0)
    wrong = "must be https";
  curl_free(scheme);
  curl_free(host);
  return wrong;
}

/* What CURLU lets pass or forgets: control bytes and blanks, backslashes, an
** empty "?" or "#". */
static const char *check_bytes(const char *url, size_t length)
{
  if (length == 0 || length > MAX_URL)
    return "must be a URL of 1 to 2048 bytes";
  if (has_byte_outside(url, length, '!', '~') || memchr(url, '\\', length))
    return "must not have blanks, backslashes, control or non-ASCII "
           "characters";
  return NULL;
}

/* What libcurl makes of it: it takes https:/host and https:///host as well, and
** decodes what is encoded in a host. */
static const char *check_base_bytes(const char *url, size_t length)
{
  const char *authority;
  size_t authority_length = find_authority(url, &authority);
  if (memchr(url, '?', length))
    return "must not have a query";
  if (memchr(url, '#', length))
    return "must not have a fragment";
  if (memchr(url, '@', length))
    return "must not have user information";
  if (authority_length == 0)
    return "must be an absolute https URL, such as https://host/path";
  if (*authority != '[' && memchr(authority, '%', authority_length))
    return "must not have an encoded host";
  return NULL;
}

static const char bad_port[] = "must have a port from 1 to 65535";

/* What is wrong with a URL that libcurl refused. */
static const char *why_refused(CURLUcode code, bool is_base)
{
  static const struct {
    CURLUcode code;
    const char *phrase;
  } reasons[] = {
      {CURLUE_OUT_OF_MEMORY, no_memory},
      {CURLUE_BAD_PORT_NUMBER, bad_port},
      {CURLUE_BAD_HOSTNAME, "must have a host whose name is valid"},
      {CURLUE_BAD_IPV6, "must have a valid IPv6 address between [ and ]"},
      {CURLUE_UNSUPPORTED_SCHEME, "must be https"},
  };
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
    if (reasons[i].code == code)
      return reasons[i].phrase;
  return is_base ? "must be an absolute https URL" : "must be a URL";
}

/* libcurl takes port 0, at which nothing can be. */
static const char *check_port(CURLU *url)
{
  char *port = NULL;
  CURLUcode code = curl_url_get(url, CURLUPART_PORT, &port, 0);
  bool is_zero = code == CURLUE_OK && port[strspn(port, "0")] == '\0';
  curl_free(port);
  if (code == CURLUE_OUT_OF_MEMORY)
    return no_memory;
  return is_zero ? bad_port : NULL;
}

static const char *check_url(const char *text, bool is_base)
{
  const char *wrong = NULL;
  CURLU *url = curl_url();
  if (!url)
    return no_memory;
  unsigned flags = is_base ? 0 : CURLU_NON_SUPPORT_SCHEME;
  CURLUcode code = curl_url_set(url, CURLUPART_URL, text, flags);
  if (code != CURLUE_OK)
    wrong = why_refused(code, is_base);
  else if (is_base)
    wrong = check_scheme(url, text);
  if (!wrong)
    wrong = check_port(url);
  curl_url_cleanup(url);
  return wrong;
}

const char *address_check_base(const char *url, size_t length)
{
  const char *wrong = check_bytes(url, length);
  if (!wrong)
    wrong = check_base_bytes(url, length);
  return wrong ? wrong : check_url(url, true);
}

const char *address_check_proxy(const char *url, size_t length)
{
  const char *wrong = check_bytes(url, length);
  return wrong ? wrong : check_url(url, false);
}

const char *address_check_segment(const char *text, size_t length)
{
  if (length == 0)
    return "must not be empty";
  if (length > MAX_SEGMENT)
    return "must not have more than 256 bytes";
  if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
    return "must not be a dot segment";
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
      return "must not have control characters";
  return NULL;
}

const char *address_check_header_value(const char *text, size_t length)
{
  if (length == 0)
    return "must not be empty";
  if (has_byte_outside(text, length, ' ', '~'))
    return "must have no control or non-ASCII characters";
  if (text[0] == ' ' || text[length - 1] == ' ')
    return "must not begin or end with a blank";
  return NULL;
}

static bool is_unreserved(char byte)
{
  return ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
         (byte >= '0' && byte <= '9') || (byte && strchr("-._~", byte));
}

bool address_append_escaped(struct buffer *buffer, const char *text,
                            size_t length)
{
  static const char digits[] = "0123456789ABCDEF";
  if (length > SIZE_MAX / 3 || !buffer_reserve(buffer, length * 3))
    return false;
  for (size_t i = 0; i < length; i++) {
    unsigned char byte = (unsigned char)text[i];
    char escaped[3] = {'%', digits[byte >> 4], digits[byte & 15]};
    bool is_plain = is_unreserved(text[i]);
    if (!buffer_append(buffer, is_plain ? text + i : escaped, is_plain ? 1 : 3))
      return false;
  }
  return true;
}

bool address_append_host(struct buffer *buffer, const char *text)
{
  CURLU *url = curl_url();
  char *host = NULL;
  bool is_done = true;
  if (url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
      curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK)
    is_done = buffer_append_text(buffer, host);
  curl_free(host);
  curl_url_cleanup(url);
  return is_done;
}

/* The part of a URL, to be freed with curl_free; NULL where it has none. */
static char *part_of(CURLU *url, CURLUPart part)
{
  char *text = NULL;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
    return NULL;
  return text;
}

static bool has_same(CURLU *a, CURLU *b, CURLUPart part)
{
  char *one = part_of(a, part);
  char *other = part_of(b, part);
  bool is_same = one && other && curl_strequal(one, other);
  curl_free(one);
  curl_free(other);
  return is_same;
}

static bool has_encoded_dot(const char *path)
{
  while ((path = strstr(path, "%2")) != NULL)
    if ((*(path += 2) | 0x20) == 'e')
      return true;
  return false;
}

/* True when the path of `url` is below that of `base`, which ends with a
** slash, and has no dot segment in disguise. */
static bool is_below(CURLU *base, CURLU *url)
{
  char *top = part_of(base, CURLUPART_PATH);
  char *path = part_of(url, CURLUPART_PATH);
  bool is_below = top && path && strncmp(top, path, strlen(top)) == 0 &&
                  !has_encoded_dot(path) && !strstr(path, "/../");
  curl_free(top);
  curl_free(path);
  return is_below;
}

static const char *resolve(CURLU *base, CURLU *url, const char *top,
                           const char *link)
{
  char *whole = NULL;
  if (curl_url_set(base, CURLUPART_URL, top, 0) != CURLUE_OK)
    return "cannot be resolved";
  whole = part_of(base, CURLUPART_URL);
  bool is_set = whole &&
                curl_url_set(url, CURLUPART_URL, whole, 0) == CURLUE_OK &&
                curl_url_set(url, CURLUPART_URL, link, 0) == CURLUE_OK;
  curl_free(whole);
  if (!is_set)
    return "is not an address";
  if (!has_same(base, url, CURLUPART_SCHEME) ||
      !has_same(base, url, CURLUPART_HOST) ||
      !has_same(base, url, CURLUPART_PORT))
    return "leads to another origin and is not followed";
  if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_FRAGMENT))
    return "has user information or a fragment and is not followed";
  return is_below(base, url) ? NULL : "leads out of the base URL";
}

static const char *append_resolved(struct buffer *buffer, const char *top,
                                   const char *link)
{
  CURLU *base = curl_url();
  CURLU *url = curl_url();
  const char *wrong = "cannot be resolved";
  if (base && url)
    wrong = resolve(base, url, top, link);
  char *whole = wrong ? NULL : part_of(url, CURLUPART_URL);
  if (!wrong && (!whole || !buffer_append_text(buffer, whole)))
    wrong = "cannot be resolved";
  curl_free(whole);
  curl_url_cleanup(base);
  curl_url_cleanup(url);
  return wrong;
}

const char *address_append_link(struct buffer *buffer, const char *base,
                                const char *link, size_t length)
{
  struct buffer top = {0};
  const char *wrong = check_bytes(link, length);
  if (wrong)
    return wrong;
  if (memchr(link, '{', length) || memchr(link, '}', length))
    return "is a template with open places";
  wrong = "cannot be resolved";
  if (buffer_append_text(&top, base) && buffer_append_byte(&top, '/') &&
      buffer_terminate(&top))
    wrong = append_resolved(buffer, top.bytes, link);
  buffer_free(&top);
  return wrong;
}
