/* One request and its answer: what goes onto the handle, the guard that lets
** it onto the wire once, the limits on what comes back. curl's callbacks see
** a plain struct; nothing here knows of Lua or of providers. */

#include "exchange.h"

#include "headers.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
  MOST_HEAD = 64 * 1024,  /* bytes */
  USUAL_HEAD = 1000,      /* bytes */
  MOST_TRUSTED = 1 << 20, /* bytes of a body, before they have come */
  SLOWEST_SPEED = 1,      /* bytes a second */
  SLOWEST_TIME = 30,      /* seconds */
  CA_LIFE = 60,           /* seconds */
  OLDEST_FOR_CREATE = 5,  /* seconds a connection may have idled */
  OLDEST_FOR_OTHERS = 118 /* libcurl's default */
};

/* True when the option was taken. */
#define SET(easy, option, value)                                               \
  (curl_easy_setopt((easy), (option), (value)) == CURLE_OK)

/* The guard. libcurl asks right before it sends, and again when it means to
** send a second time by itself: over a new connection where a kept one died,
** or after REFUSED_STREAM. The first time is noted, the second is stopped.
** So no send means "provably not sent", whatever curl's code says. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is curl's */
static int guard(void *held, char *remote, char *local, int remote_port,
                 int local_port)
{
  struct exchange *exchange = ((struct handle *)held)->exchange;
  (void)remote, (void)local, (void)remote_port, (void)local_port;
  return exchange->sends++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static size_t stop(struct exchange *exchange, enum exchange_stop why)
{
  exchange->stop = why;
  return 0; /* less than was offered: curl gives up */
}

static bool begins_head(const char *line, size_t length)
{
  return length > 5 && memcmp(line, "HTTP/", 5) == 0;
}

static bool ends_head(const char *line, size_t length)
{
  return length <= 2 && (*line == '\r' || *line == '\n');
}

/* The head of a 1xx ends like that of the answer, but is not it. */
static bool is_final(const struct exchange *exchange)
{
  long status = 0;
  curl_easy_getinfo(exchange->handle->easy, CURLINFO_RESPONSE_CODE, &status);
  return status >= 200;
}

static size_t take_head(char *line, size_t size, size_t count, void *held)
{
  struct exchange *exchange = ((struct handle *)held)->exchange;
  size_t length = size * count;
  exchange->head_seen += length;
  if (exchange->head_seen > MOST_HEAD)
    return stop(exchange, STOP_HEAD_TOO_LARGE);
  if (exchange->is_head_complete)
    return length; /* a trailer */
  if (exchange->is_between_heads && begins_head(line, length))
    exchange->head.length = 0;
  exchange->is_between_heads = ends_head(line, length);
  exchange->is_head_complete = exchange->is_between_heads && is_final(exchange);
  if ((exchange->head.capacity == 0 &&
       !buffer_reserve(&exchange->head, USUAL_HEAD)) ||
      !buffer_append(&exchange->head, line, length))
    return stop(exchange, STOP_NO_MEMORY);
  return length;
}

/* Room for all of it at once, where it was told and is not absurd. */
static bool make_room(struct exchange *exchange)
{
  curl_off_t told = 0;
  curl_easy_getinfo(exchange->handle->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                    &told);
  return told <= 0 || told > MOST_TRUSTED ||
         (size_t)told > exchange->most_body ||
         buffer_reserve(&exchange->body, (size_t)told + BUFFER_ZEROS);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *held)
{
  struct exchange *exchange = ((struct handle *)held)->exchange;
  size_t length = size * count;
  if (length > exchange->most_body - exchange->body.length)
    return stop(exchange, STOP_BODY_TOO_LARGE);
  if ((exchange->body.capacity == 0 && !make_room(exchange)) ||
      !buffer_append(&exchange->body, bytes, length))
    return stop(exchange, STOP_NO_MEMORY);
  return length;
}

/* Handle */

/* A program that the host starts must not inherit our connections. */
static int close_on_exec(void *held, curl_socket_t socket, curlsocktype purpose)
{
  (void)held, (void)purpose;
  return fcntl(socket, F_SETFD, FD_CLOEXEC) < 0 ? CURL_SOCKOPT_ERROR
                                                : CURL_SOCKOPT_OK;
}

/* libcurl's default CA file without its default CA directory: with the
** directory given too, libcurl reads the file anew for every connection. */
const char *exchange_ca_file(const struct route *route)
{
  return route->ca_file ? route->ca_file
                        : curl_version_info(CURLVERSION_NOW)->cainfo;
}

/* libcurl keeps what it read of the CA file for a day, unless it is told
** otherwise. Older ones read it for each connection. */
static bool set_ca_life(CURL *easy)
{
#if CURL_AT_LEAST_VERSION(7, 87, 0)
  CURLcode code =
      curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, (long)CA_LIFE);
  return code == CURLE_OK || code == CURLE_UNKNOWN_OPTION ||
         code == CURLE_NOT_BUILT_IN;
#else
  (void)easy;
  return true;
#endif
}

/* With a password set, be it empty, no TLS library asks the terminal for the
** one of an encrypted key. */
static bool set_key(CURL *easy, const struct route *route)
{
  const char *password =
      route->client_key_password ? route->client_key_password : "";
  return SET(easy, CURLOPT_KEYPASSWD, password) &&
         SET(easy, CURLOPT_PROXY_KEYPASSWD, "") &&
         (!route->client_key || SET(easy, CURLOPT_SSLKEY, route->client_key));
}

/* curl takes its enumerations as long. */
#define OLDEST_TLS ((long)CURL_SSLVERSION_TLSv1_2)

static bool set_tls(CURL *easy, const struct route *route)
{
  const char *ca_file = exchange_ca_file(route);
  bool is_set = SET(easy, CURLOPT_SSL_VERIFYPEER, 1L) &&
                SET(easy, CURLOPT_SSL_VERIFYHOST, 2L) &&
                SET(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L) &&
                SET(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L) &&
                SET(easy, CURLOPT_SSLVERSION, OLDEST_TLS) &&
                SET(easy, CURLOPT_PROXY_SSLVERSION, OLDEST_TLS);
  if (is_set && ca_file)
    is_set = SET(easy, CURLOPT_CAINFO, ca_file) &&
             SET(easy, CURLOPT_CAPATH, NULL) &&
             SET(easy, CURLOPT_PROXY_CAINFO, ca_file) &&
             SET(easy, CURLOPT_PROXY_CAPATH, NULL);
  if (is_set && route->client_certificate)
    is_set = SET(easy, CURLOPT_SSLCERT, route->client_certificate);
  return is_set && set_key(easy, route) && set_ca_life(easy);
}

/* The environment decides nothing unless it was asked. What the provider gets
** to read has a line for the user agent; this one is for the proxy. */
static bool set_proxy(CURL *easy, const struct route *route)
{
  if (!route->proxy && !route->use_env_proxy)
    return SET(easy, CURLOPT_PROXY, "") && SET(easy, CURLOPT_NOPROXY, "");
  return SET(easy, CURLOPT_USERAGENT, route->user_agent) &&
         (!route->proxy || (SET(easy, CURLOPT_PROXY, route->proxy) &&
                            SET(easy, CURLOPT_NOPROXY, "")));
}

static bool set_protocol(CURL *easy)
{
  return SET(easy, CURLOPT_PROTOCOLS_STR, "http,https") &&
         SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS) &&
         SET(easy, CURLOPT_HTTP09_ALLOWED, 0L) &&
         SET(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
         SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
         SET(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) &&
         SET(easy, CURLOPT_PATH_AS_IS, 1L) &&
         SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
         SET(easy, CURLOPT_NOSIGNAL, 1L);
}

/* A name that is still being looked up does not hold up the end of a call:
** the thread that does it is left to itself. Older ones wait for it. */
static bool set_quick_end(CURL *easy)
{
#if CURL_AT_LEAST_VERSION(7, 87, 0)
  CURLcode code = curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  return code == CURLE_OK || code == CURLE_UNKNOWN_OPTION;
#else
  (void)easy;
  return true;
#endif
}

static bool set_callbacks(struct handle *handle)
{
  CURL *easy = handle->easy;
  return SET(easy, CURLOPT_PREREQDATA, handle) &&
         SET(easy, CURLOPT_HEADERDATA, handle) &&
         SET(easy, CURLOPT_WRITEDATA, handle) &&
         SET(easy, CURLOPT_PRIVATE, handle) &&
         SET(easy, CURLOPT_ERRORBUFFER, handle->trouble) &&
         SET(easy, CURLOPT_PREREQFUNCTION, guard) &&
         SET(easy, CURLOPT_SOCKOPTFUNCTION, close_on_exec) &&
         SET(easy, CURLOPT_HEADERFUNCTION, take_head) &&
         SET(easy, CURLOPT_WRITEFUNCTION, take_body);
}

static bool set_route(CURL *easy, const struct route *route)
{
  return set_protocol(easy) && set_quick_end(easy) && set_proxy(easy, route) &&
         set_tls(easy, route) &&
         SET(easy, CURLOPT_CONNECTTIMEOUT_MS, route->connect_timeout) &&
         SET(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST_SPEED) &&
         SET(easy, CURLOPT_LOW_SPEED_TIME, (long)SLOWEST_TIME);
}

struct handle *exchange_make_handle(const struct route *route)
{
  struct handle *handle = malloc(sizeof *handle);
  if (!handle)
    return NULL;
  *handle = (struct handle){.easy = curl_easy_init()};
  if (handle->easy && set_callbacks(handle) && set_route(handle->easy, route))
    return handle;
  exchange_free_handle(handle);
  return NULL;
}

void exchange_free_handle(struct handle *handle)
{
  if (!handle)
    return;
  curl_easy_cleanup(handle->easy);
  curl_url_cleanup(handle->address);
  free(handle->url);
  free(handle);
}

/* Request */

/* As libcurl itself does it with the options above. */
static CURLU *take_apart(const char *url)
{
  unsigned flags = CURLU_PATH_AS_IS | CURLU_DISALLOW_USER;
  CURLU *address = curl_url();
  if (address && curl_url_set(address, CURLUPART_URL, url, flags) == CURLUE_OK)
    return address;
  curl_url_cleanup(address);
  return NULL;
}

/* Forgets the address that the handle went to last. */
static bool forget_address(struct handle *handle)
{
  bool is_forgotten = SET(handle->easy, CURLOPT_CURLU, NULL);
  curl_url_cleanup(handle->address);
  free(handle->url);
  handle->address = NULL;
  handle->url = NULL;
  return is_forgotten;
}

static bool set_url(struct handle *handle, const char *url)
{
  bool is_same = handle->url && strcmp(handle->url, url) == 0;
  if (is_same && handle->address)
    return true;
  if (is_same) {
    handle->address = take_apart(url);
    return SET(handle->easy, CURLOPT_CURLU, handle->address);
  }
  if (!forget_address(handle))
    return false;
  handle->url = strdup(url);
  return handle->url && SET(handle->easy, CURLOPT_URL, url);
}

/* A POST without a body still says Content-Length: 0. */
static bool set_method(CURL *easy, const struct message *message)
{
  bool is_post = strcmp(message->method, "POST") == 0;
  bool is_get = strcmp(message->method, "GET") == 0;
  const char *custom = is_post || is_get ? NULL : message->method;
  const char *bytes = message->body ? message->body->bytes : "";
  curl_off_t length =
      message->body ? (curl_off_t)message->body->length : (curl_off_t)0;
  if (!SET(easy, CURLOPT_CUSTOMREQUEST, custom))
    return false;
  if (!is_post && !message->body)
    return SET(easy, CURLOPT_HTTPGET, 1L);
  return SET(easy, CURLOPT_POST, 1L) &&
         SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, length) &&
         SET(easy, CURLOPT_POSTFIELDS, bytes);
}

bool exchange_prepare(struct exchange *exchange, struct handle *handle,
                      const struct route *route, const struct message *message)
{
  CURL *easy = handle->easy;
  handle->exchange = exchange;
  *handle->trouble = '\0';
  long oldest = message->creates ? OLDEST_FOR_CREATE : OLDEST_FOR_OTHERS;
  exchange->most_body = route->most_body;
  return SET(easy, CURLOPT_HTTPHEADER, exchange->lines->list) &&
         set_url(handle, message->url) && set_method(easy, message) &&
         SET(easy, CURLOPT_TIMEOUT_MS, message->timeout) &&
         SET(easy, CURLOPT_MAXAGE_CONN, oldest);
}

/* Answer */

/* Seconds from now, of a number or a date; -1 where it is neither. libcurl's
** own reading of it does not tell nonsense from 0. */
static long seconds_of(const char *text)
{
  if (*text && text[strspn(text, "0123456789")] == '\0')
    return strtol(text, NULL, 10); /* more than fits is LONG_MAX */
  time_t date = curl_getdate(text, NULL);
  time_t now = time(NULL);
  if (date == -1)
    return -1;
  return date > now ? (long)(date - now) : 0;
}

const char *exchange_trouble(const struct exchange *exchange)
{
  return exchange->trouble ? exchange->trouble : "";
}

long exchange_retry_after(const struct exchange *exchange)
{
  struct header header;
  char text[64];
  if (!headers_find(&exchange->head, "retry-after", &header) ||
      header.value_length >= sizeof text)
    return -1;
  memcpy(text, header.value, header.value_length);
  text[header.value_length] = '\0';
  return seconds_of(text);
}

void exchange_end(struct exchange *exchange, CURLcode code)
{
  exchange->code = code;
  exchange->is_done = true;
  if (!exchange->handle)
    return;
  if (*exchange->handle->trouble)
    exchange->trouble = strdup(exchange->handle->trouble);
  curl_easy_getinfo(exchange->handle->easy, CURLINFO_RESPONSE_CODE,
                    &exchange->status);
  curl_easy_getinfo(exchange->handle->easy, CURLINFO_HTTP_CONNECTCODE,
                    &exchange->proxy_status);
}

void exchange_clear(struct exchange *exchange)
{
  lines_drop(exchange->lines);
  buffer_free(&exchange->head);
  buffer_free(&exchange->body);
  free(exchange->trouble);
  *exchange = (struct exchange){0};
}
