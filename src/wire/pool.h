#ifndef COFFER_POOL_H
#define COFFER_POOL_H

#include <arpa/inet.h>
#include <stdbool.h>

/* The sockets of a client's connections. libcurl keeps connections and chooses
** among them, but does not say in the guard which socket it is about to send
** on. The pool knows each socket from its opening to its closing, and finds
** one by its two ends. */

enum { POOL_LISTS = 64 };

/* The two ends of a connection, as libcurl tells them to the guard. */
struct ends {
  const char *remote, *local;
  int remote_port, local_port;
};

struct connection {
  struct connection *next;
  struct connection **user; /* that points here while it is in use, or NULL */
  int socket;
  int remote_port, local_port; /* 0 before its first use */
  char remote[INET6_ADDRSTRLEN];
  char local[INET6_ADDRSTRLEN];
  bool is_reused;      /* it has carried another exchange before */
  long long idle_from; /* milliseconds of a clock that counts sleep too */
  unsigned long long received; /* bytes, before its last use; 0: not known */
};

struct pool {
  struct connection *lists[POOL_LISTS]; /* by local port */
};

/* Notes a socket that was opened; false when there is no memory. */
bool pool_add(struct pool *pool, int socket);

/* Forgets a socket that is about to be closed. */
void pool_remove(struct pool *pool, int socket);

/* Forgets all of them. */
void pool_clear(struct pool *pool);

/* Finds the connection with these ends and points `*user` to it until it is
** released or closed; NULL where none is known. */
void pool_use(struct pool *pool, const struct ends *ends,
              struct connection **user);

/* Ends the use of it; idle from now on. */
void connection_release(struct connection **user);

/* Ends the idle connections: they lead to where another has just been lost.
** libcurl finds them at their end, or else connection_is_clean does. */
void pool_shut_idle(struct pool *pool);

/* True where a request may go out on it: it is new; or nothing lies unread on
** it, it is not at its end, and it has not been idle for more than so many
** milliseconds. Notes what it has received so far. */
bool connection_is_clean(struct connection *connection, long max_idle);

/* The bytes that came and were read since connection_is_clean, TLS's own among
** them; as many as can be where that is not known. */
unsigned long long connection_received(const struct connection *connection);

#endif
