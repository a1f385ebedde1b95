#ifndef COFFER_SANDBOX_HTTP_H
#define COFFER_SANDBOX_HTTP_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that grow. All zero is empty. */
struct text {
  char *bytes;
  size_t length;
  size_t capacity;
};

/* False when there is no memory; the text is then as it was. */
bool text_append(struct text *text, const void *bytes, size_t length);

/* Empties it and gives the memory back. May be called again. */
void text_free(struct text *text);

/* Headers lie in a text as name, zero, value, zero, in the order received. All
** of it belongs to the server, and lasts until the handler returns. */
struct http_request {
  const char *method;
  const char *target;
  struct text headers;
  struct text body;
};

/* All zero when the handler gets it. The server frees its texts, whatever the
** handler returns. */
struct http_answer {
  unsigned int status; /* 0 closes the connection without an answer */
  double delay;        /* seconds to let pass before it is sent */
  struct text headers;
  struct text body;
};

/* Called on the thread of a connection, on several at a time. False closes
** the connection without an answer. */
typedef bool http_handler(void *owner, const struct http_request *request,
                          struct http_answer *answer);

struct http_server;

/* Listens on 127.0.0.1, on a port that the system chooses. NULL when the
** system refuses, with errno set. */
struct http_server *http_server_start(http_handler *handler, void *owner);

/* The port that it listens on; 0 where libmicrohttpd cannot tell. */
unsigned int http_server_port(const struct http_server *server);

/* Cuts every connection, waits for handlers that run, not for delays. */
void http_server_stop(struct http_server *server);

/* For a child process, where the threads that http_server_stop waits for do
** not exist: gives the port back and leaves the rest as it lies. */
void http_server_forget(struct http_server *server);

#endif
