#ifndef COFFER_EXCHANGE_H
#define COFFER_EXCHANGE_H

#include "wire/buffer.h"
#include "wire/headers.h"
#include "wire/pool.h"

#include <curl/curl.h>
#include <stdbool.h>

/* One request and its answer, on a curl easy handle. */

struct exchange;

/* An easy handle, and the URL that it was used for last. Taking it apart is a
** seventh of libcurl's work on a small request; so that is done once where the
** next request goes to the same. */
struct handle {
  CURL *easy;
  struct exchange *exchange; /* that it is used by, or NULL */
  struct pool *pool;
  struct connection *connection; /* that the guard let it use, or NULL */
  char *url;
  CURLU *parsed_url; /* the same, from its second request on */
  bool wants_new_connection;
  bool has_stray_pointer; /* see exchange.c */
  char error[CURL_ERROR_SIZE];
};

/* How a client reaches its provider. The texts belong to the client; NULL is
** libcurl's own choice, or none. */
struct route {
  const char *ca_file;
  const char *client_certificate;
  const char *client_key;
  const char *client_key_password;
  const char *proxy;
  const char *user_agent;
  bool use_env_proxy;
  long connect_timeout; /* milliseconds */
  size_t max_body;      /* bytes */
};

/* What goes out. All of it has to stay until the exchange is over. */
struct message {
  const char *method;
  const char *url;
  const struct buffer *body; /* NULL: none */
  bool creates;
  long timeout; /* of this attempt, milliseconds */
};

enum exchange_stop {
  STOP_NONE,
  STOP_HEAD_TOO_LARGE,
  STOP_BODY_TOO_LARGE,
  STOP_HEAD_FOLDED, /* in its first line */
  STOP_HEAD_EARLY,  /* it was there before the request */
  STOP_NO_MEMORY
};

struct transfers;

struct exchange {
  struct handle *handle; /* while it is running, else NULL */
  struct transfers *transfers;
  struct exchange *next, *previous; /* in one of their lists */
  struct transfers *finished_in;    /* it ended there, and was not told */
  long long tag;                    /* tells it apart once finished; 0: none */
  struct header_list headers;       /* that go out, until it is over */
  struct buffer head, body;         /* the answer, as far as it came */
  size_t head_seen;                 /* bytes of header lines, 1xx included */
  size_t max_body;
  long max_idle;  /* milliseconds, of the connection before the request */
  unsigned sends; /* how often libcurl was about to send: 0 is not sent */
  bool is_stale;  /* not sent: the kept connection was not clean */
  bool is_head_complete;
  bool is_after_status;  /* the status line was the last one */
  bool is_between_heads; /* the head of a 1xx was the last one */
  bool is_done;
  bool lacks_descriptors; /* not sent, and there are no descriptors left */
  enum exchange_stop stop;
  CURLcode code;
  long long written; /* bytes that libcurl has sent, as it counts them */
  long status;
  long proxy_status; /* of the answer to CONNECT, 0 where there is none */
  char *error;       /* what libcurl says of it, or NULL */
};

/* The file of the authorities that are trusted, or NULL where there is none. */
const char *exchange_ca_file(const struct route *route);

/* Makes a handle with all that does not differ between requests, whose
** connections are noted in the pool; NULL when that fails. */
struct handle *exchange_make_handle(const struct route *route,
                                    struct pool *pool);
void exchange_free_handle(struct handle *handle); /* may be NULL */

/* Puts the request onto a handle from exchange_make_handle. */
bool exchange_prepare(struct exchange *exchange, struct handle *handle,
                      const struct route *route, const struct message *message);

/* Makes ready for the same attempt once more, on a new connection, after the
** guard found the kept one unfit. */
bool exchange_renew(struct exchange *exchange);

/* Takes over how it ended. */
void exchange_end(struct exchange *exchange, CURLcode code);

/* What libcurl says of what went wrong, "" where it does not. */
const char *exchange_error(const struct exchange *exchange);

/* True where the connection was lost after the request, or gave no answer. */
bool exchange_lost_connection(const struct exchange *exchange);

/* The seconds that the answer asks to wait for, -1 where it does not. */
long exchange_retry_after(const struct exchange *exchange);

/* Forgets the answer, whose memory is wiped, and the header lines. */
void exchange_clear(struct exchange *exchange);

#endif
