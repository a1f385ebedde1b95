/* One request and its answer: what goes onto the handle, the guard that lets
** it onto the wire once, the limits on what comes back. curl's callbacks see
** a plain struct; nothing here knows of Lua or of providers. */

#include "wire/exchange.h"

#include "wire/address.h"
#include "wire/headers.h"
#include "wire/retry_after.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  MAX_HEAD = 64 * 1024,  /* bytes */
  USUAL_HEAD = 1000,     /* bytes */
  MAX_TRUSTED = 1 << 20, /* bytes of a body, before they have come */
  SLOWEST_SPEED = 1,     /* bytes a second */
  SLOWEST_TIME = 30,     /* seconds */
  CA_LIFE = 60,          /* seconds */
  /* seconds that a connection may have been idle */
  MAX_IDLE_FOR_CREATE = 2,
  MAX_IDLE_FOR_OTHERS = 118 /* libcurl's default */
};

/* True when the option was taken. */
#define SET(easy, option, value)                                               \
  (curl_easy_setopt((easy), (option), (value)) == CURLE_OK)

/* The guard. libcurl asks right before it sends, and again when it means to
** send a second time by itself: over a new connection where a kept one died.
** The first time is noted, the second is stopped. So no send means "provably
** not sent", whatever curl's code says.
**
** A connection that was used before has to be clean: else what lies unread on
** it would be taken for the answer, or the request would go to a server that
** has left. That is no send either, and transfers.c takes a new connection. One
** that the pool does not know may be such. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is curl's */
static int guard(void *clientp, char *remote, char *local, int remote_port,
                 int local_port)
{
  struct handle *handle = clientp;
  struct exchange *exchange = handle->exchange;
  struct ends ends = {remote, local, remote_port, local_port};
  if (exchange->sends > 0) {
    exchange->sends++;
    return CURL_PREREQFUNC_ABORT;
  }
  pool_use(handle->pool, &ends, &handle->connection);
  bool is_clean = handle->connection ? connection_is_clean(handle->connection,
                                                           exchange->max_idle)
                                     : handle->wants_new_connection;
  exchange->is_stale = !is_clean;
  exchange->sends = is_clean;
  return is_clean ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
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

/* The status, 0 where libcurl knows none. Asking an easy handle for a number
** that it keeps cannot fail, here and below. */
static long status_of(CURL *easy)
{
  long status = 0;
  (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

/* The head of a 1xx ends like that of the answer, but is not it. */
static bool is_final(const struct exchange *exchange)
{
  return status_of(exchange->handle->easy) >= 200;
}

/* More has been read than came since the request was sent: some of it lay in
** TLS's own buffer before, where the guard cannot see it. It answers another
** request. */
static bool is_early(const struct handle *handle)
{
  return handle->connection &&
         connection_received(handle->connection) < handle->exchange->head_seen;
}

/* CURLOPT_HEADERFUNCTION, called for each line of a head and of trailers. The
** heads of 1xx are dropped. */
static size_t take_head(char *line, size_t size, size_t count, void *userdata)
{
  struct handle *handle = userdata;
  struct exchange *exchange = handle->exchange;
  size_t length = size * count;
  exchange->is_after_status =
      exchange->head_seen == 0 || exchange->is_between_heads;
  exchange->head_seen += length;
  if (exchange->head_seen > MAX_HEAD)
    return stop(exchange, STOP_HEAD_TOO_LARGE);
  if (exchange->is_head_complete)
    return length; /* a trailer */
  if (exchange->is_between_heads && begins_head(line, length))
    exchange->head.length = 0;
  exchange->is_between_heads = ends_head(line, length);
  bool is_complete = exchange->is_between_heads && is_final(exchange);
  if (is_complete && is_early(handle))
    return stop(exchange, STOP_HEAD_EARLY);
  exchange->is_head_complete = is_complete;
  if ((exchange->head.capacity == 0 &&
       !buffer_reserve(&exchange->head, USUAL_HEAD)) ||
      !buffer_append(&exchange->head, line, length))
    return stop(exchange, STOP_NO_MEMORY);
  return length;
}

/* Makes room for the whole body at once, where its length is known and is not
** absurd. */
static bool make_room(struct exchange *exchange)
{
  curl_off_t length = 0;
  (void)curl_easy_getinfo(exchange->handle->easy,
                          CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  return length <= 0 || length > MAX_TRUSTED ||
         (size_t)length > exchange->max_body ||
         buffer_reserve(&exchange->body, (size_t)length + BUFFER_ZEROS);
}

/* libcurl 7.84 to 8.0 keeps a pointer to the last header line of a handle,
** which leads nowhere in the handle's next answer until that has a header line
** of its own: a folded line behind the status line would be written to where it
** leads. With CURLOPT_HEADER these versions show each line of a head to the
** callback for the body first, which may stop them. That is asked for until a
** header line has come. */
static bool has_stray_pointer(void)
{
  return curl_version_info(CURLVERSION_NOW)->version_num < 0x080100;
}

static size_t look_at_head(struct exchange *exchange, const char *line,
                           size_t length)
{
  bool is_folded = *line == ' ' || *line == '\t';
  if (exchange->is_after_status && is_folded)
    return stop(exchange, STOP_HEAD_FOLDED);
  if (exchange->is_after_status && !ends_head(line, length) &&
      !SET(exchange->handle->easy, CURLOPT_HEADER, 0L))
    return stop(exchange, STOP_NO_MEMORY);
  exchange->is_after_status = false; /* a long line comes in pieces */
  return length;
}

/* CURLOPT_WRITEFUNCTION */
static size_t take_body(char *bytes, size_t size, size_t count, void *userdata)
{
  struct exchange *exchange = ((struct handle *)userdata)->exchange;
  size_t length = size * count;
  if (!exchange->is_head_complete)
    return look_at_head(exchange, bytes, length);
  if (length > exchange->max_body - exchange->body.length)
    return stop(exchange, STOP_BODY_TOO_LARGE);
  if ((exchange->body.capacity == 0 && !make_room(exchange)) ||
      !buffer_append(&exchange->body, bytes, length))
    return stop(exchange, STOP_NO_MEMORY);
  return length;
}

/* Handle */

/* A program that the host starts must not inherit our connections. */
static int socket_opened(void *clientp, curl_socket_t socket,
                         curlsocktype purpose)
{
  (void)purpose;
  bool is_ready =
      fcntl(socket, F_SETFD, FD_CLOEXEC) >= 0 && pool_add(clientp, socket);
  return is_ready ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

static int socket_closed(void *clientp, curl_socket_t socket)
{
  pool_remove(clientp, socket);
  return close(socket);
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
#define MIN_TLS ((long)CURL_SSLVERSION_TLSv1_2)

static bool set_tls(CURL *easy, const struct route *route)
{
  const char *ca_file = exchange_ca_file(route);
  bool is_set = SET(easy, CURLOPT_SSL_VERIFYPEER, 1L) &&
                SET(easy, CURLOPT_SSL_VERIFYHOST, 2L) &&
                SET(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L) &&
                SET(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L) &&
                SET(easy, CURLOPT_SSLVERSION, MIN_TLS) &&
                SET(easy, CURLOPT_PROXY_SSLVERSION, MIN_TLS);
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
         SET(easy, CURLOPT_PROXY, route->proxy) &&
         (!route->proxy || SET(easy, CURLOPT_NOPROXY, ""));
}

/* This machine is never reached through a proxy: that would get what is meant
** for it alone, and in plain text where the URL has http. */
static bool set_proxy_for(CURL *easy, const struct route *route,
                          const char *url)
{
  if (!route->proxy && !route->use_env_proxy)
    return true;
  return SET(easy, CURLOPT_PROXY, address_is_local(url) ? "" : route->proxy);
}

/* CURLOPT_PROTOCOLS; newer headers warn of its use. */
#define OPT_PROTOCOLS ((CURLoption)(CURLOPTTYPE_LONG + 181))

/* libcurl 7.84 knows the schemes by bits only. */
static bool set_schemes(CURL *easy)
{
  CURLcode code = CURLE_UNKNOWN_OPTION;
#if CURL_AT_LEAST_VERSION(7, 85, 0)
  code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#endif
  if (code == CURLE_UNKNOWN_OPTION)
    code = curl_easy_setopt(easy, OPT_PROTOCOLS,
                            (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
  return code == CURLE_OK;
}

static bool set_protocol(CURL *easy)
{
  return set_schemes(easy) &&
         SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
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
static bool set_quick_exit(CURL *easy)
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
         SET(easy, CURLOPT_ERRORBUFFER, handle->error) &&
         SET(easy, CURLOPT_PREREQFUNCTION, guard) &&
         SET(easy, CURLOPT_SOCKOPTDATA, handle->pool) &&
         SET(easy, CURLOPT_SOCKOPTFUNCTION, socket_opened) &&
         SET(easy, CURLOPT_CLOSESOCKETDATA, handle->pool) &&
         SET(easy, CURLOPT_CLOSESOCKETFUNCTION, socket_closed) &&
         SET(easy, CURLOPT_HEADERFUNCTION, take_head) &&
         SET(easy, CURLOPT_WRITEFUNCTION, take_body);
}

static bool set_route(CURL *easy, const struct route *route)
{
  return set_protocol(easy) && set_quick_exit(easy) && set_proxy(easy, route) &&
         set_tls(easy, route) &&
         SET(easy, CURLOPT_CONNECTTIMEOUT_MS, route->connect_timeout) &&
         SET(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST_SPEED) &&
         SET(easy, CURLOPT_LOW_SPEED_TIME, (long)SLOWEST_TIME);
}

struct handle *exchange_make_handle(const struct route *route,
                                    struct pool *pool)
{
  struct handle *handle = malloc(sizeof *handle);
  if (!handle)
    return NULL;
  *handle = (struct handle){.easy = curl_easy_init(),
                            .pool = pool,
                            .has_stray_pointer = has_stray_pointer()};
  if (handle->easy && set_callbacks(handle) && set_route(handle->easy, route))
    return handle;
  exchange_free_handle(handle);
  return NULL;
}

void exchange_free_handle(struct handle *handle)
{
  if (!handle)
    return;
  connection_release(&handle->connection);
  curl_easy_cleanup(handle->easy);
  curl_url_cleanup(handle->parsed_url);
  free(handle->url);
  free(handle);
}

/* Request */

/* As libcurl itself does it with the options above. */
static CURLU *parse_url(const char *url)
{
  unsigned flags = CURLU_PATH_AS_IS | CURLU_DISALLOW_USER;
  CURLU *address = curl_url();
  if (address && curl_url_set(address, CURLUPART_URL, url, flags) == CURLUE_OK)
    return address;
  curl_url_cleanup(address);
  return NULL;
}

/* Forgets the URL that the handle was used for last. */
static bool forget_url(struct handle *handle)
{
  bool is_forgotten = SET(handle->easy, CURLOPT_CURLU, NULL);
  curl_url_cleanup(handle->parsed_url);
  free(handle->url);
  handle->parsed_url = NULL;
  handle->url = NULL;
  return is_forgotten;
}

static bool set_url(struct handle *handle, const struct route *route,
                    const char *url)
{
  bool is_same = handle->url && strcmp(handle->url, url) == 0;
  if (is_same && handle->parsed_url)
    return true;
  if (is_same) {
    handle->parsed_url = parse_url(url);
    return SET(handle->easy, CURLOPT_CURLU, handle->parsed_url);
  }
  if (!forget_url(handle))
    return false;
  handle->url = strdup(url);
  return handle->url && SET(handle->easy, CURLOPT_URL, url) &&
         set_proxy_for(handle->easy, route, url);
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

/* A new connection is asked for in the rare case only. */
static bool want_new_connection(struct handle *handle, bool is_wanted)
{
  bool was_wanted = handle->wants_new_connection;
  handle->wants_new_connection = is_wanted;
  return is_wanted == was_wanted ||
         SET(handle->easy, CURLOPT_FRESH_CONNECT, (long)is_wanted);
}

bool exchange_prepare(struct exchange *exchange, struct handle *handle,
                      const struct route *route, const struct message *message)
{
  CURL *easy = handle->easy;
  handle->exchange = exchange;
  *handle->error = '\0';
  long max_idle = message->creates ? MAX_IDLE_FOR_CREATE : MAX_IDLE_FOR_OTHERS;
  exchange->max_body = route->max_body;
  exchange->max_idle = max_idle * 1000;
  return SET(easy, CURLOPT_HTTPHEADER, exchange->headers.lines) &&
         SET(easy, CURLOPT_HEADER, (long)handle->has_stray_pointer) &&
         want_new_connection(handle, false) &&
         set_url(handle, route, message->url) && set_method(easy, message) &&
         SET(easy, CURLOPT_TIMEOUT_MS, message->timeout) &&
         SET(easy, CURLOPT_MAXAGE_CONN, max_idle);
}

bool exchange_renew(struct exchange *exchange)
{
  struct handle *handle = exchange->handle;
  exchange->is_stale = false;
  *handle->error = '\0';
  connection_release(&handle->connection);
  return want_new_connection(handle, true);
}

/* Answer */

const char *exchange_error(const struct exchange *exchange)
{
  return exchange->error ? exchange->error : "";
}

long exchange_retry_after(const struct exchange *exchange)
{
  return retry_after_of(exchange->status, &exchange->head);
}

bool exchange_lost_connection(const struct exchange *exchange)
{
  bool is_our_doing = exchange->stop != STOP_NONE ||
                      exchange->code == CURLE_ABORTED_BY_CALLBACK;
  return exchange->sends > 1 ||
         (exchange->sends == 1 && !is_our_doing && exchange->code != CURLE_OK);
}

/* The bytes of a request that libcurl has sent. */
static long long bytes_written(CURL *easy)
{
  long request = 0;
  curl_off_t body = 0;
  (void)curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request);
  (void)curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &body);
  return (long long)request + body;
}

void exchange_end(struct exchange *exchange, CURLcode code)
{
  struct handle *handle = exchange->handle;
  exchange->code = code;
  exchange->is_done = true;
  if (!handle)
    return;
  if (*handle->error)
    exchange->error = strdup(handle->error); /* NULL: there is no text then */
  exchange->written = bytes_written(handle->easy);
  exchange->status = status_of(handle->easy);
  (void)curl_easy_getinfo(handle->easy, CURLINFO_HTTP_CONNECTCODE,
                          &exchange->proxy_status);
}

void exchange_clear(struct exchange *exchange)
{
  header_list_free(&exchange->headers);
  buffer_free(&exchange->head);
  buffer_free(&exchange->body);
  free(exchange->error);
  *exchange = (struct exchange){0};
}
