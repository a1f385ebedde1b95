/* Which sockets a client's connections have, and whether one may be used once
** more. Knows nothing of HTTP and little of libcurl. */

#include "wire/pool.h"

#include "wire/clock.h"

#include <errno.h>
#include <limits.h>
#include <linux/tcp.h> /* glibc's own is older */
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Life */

/* The list for a local port. Connections that were not used yet are in that of
** port 0. */
static struct connection **list_of(struct pool *pool, int local_port)
{
  return &pool->lists[(unsigned)local_port % POOL_LISTS];
}

static void enter(struct pool *pool, struct connection *connection)
{
  struct connection **list = list_of(pool, connection->local_port);
  connection->next = *list;
  *list = connection;
}

bool pool_add(struct pool *pool, int socket)
{
  pool_remove(pool, socket); /* should its closing have gone unnoticed */
  struct connection *connection = malloc(sizeof *connection);
  if (!connection)
    return false;
  *connection = (struct connection){.socket = socket};
  enter(pool, connection);
  return true;
}

/* Takes the connection that `*at` points to out of its list and frees it. */
static void drop(struct connection **at)
{
  struct connection *connection = *at;
  *at = connection->next;
  if (connection->user)
    *connection->user = NULL;
  free(connection);
}

void pool_remove(struct pool *pool, int socket)
{
  for (size_t i = 0; i < POOL_LISTS; i++)
    for (struct connection **at = &pool->lists[i]; *at; at = &(*at)->next)
      if ((*at)->socket == socket) {
        drop(at);
        return;
      }
}

void pool_clear(struct pool *pool)
{
  for (size_t i = 0; i < POOL_LISTS; i++)
    while (pool->lists[i])
      drop(&pool->lists[i]);
}

/* Finding */

/* getsockname or getpeername */
typedef int ask_address(int socket, struct sockaddr *address,
                        socklen_t *length);

/* Compared as text, as libcurl gives it: it is written in one way only. */
static bool is_address(const struct sockaddr_storage *address, const char *text,
                       int port)
{
  char buffer[INET6_ADDRSTRLEN];
  const void *bytes;
  in_port_t its_port;
  if (address->ss_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    bytes = &v4->sin_addr;
    its_port = v4->sin_port;
  } else {
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    bytes = &v6->sin6_addr;
    its_port = v6->sin6_port;
  }
  return ntohs(its_port) == port &&
         inet_ntop(address->ss_family, bytes, buffer, sizeof buffer) &&
         strcmp(buffer, text) == 0;
}

static bool has_end(int socket, ask_address *ask, const char *text, int port)
{
  struct sockaddr_storage address = {0};
  socklen_t length = sizeof address;
  return ask(socket, (struct sockaddr *)&address, &length) == 0 &&
         is_address(&address, text, port);
}

static bool has_ends(const struct connection *connection,
                     const struct ends *ends)
{
  return connection->local_port == ends->local_port &&
         connection->remote_port == ends->remote_port &&
         strcmp(connection->local, ends->local) == 0 &&
         strcmp(connection->remote, ends->remote) == 0;
}

static struct connection *known(struct pool *pool, const struct ends *ends)
{
  struct connection *each = *list_of(pool, ends->local_port);
  while (each && !has_ends(each, ends))
    each = each->next;
  return each;
}

/* A connection that is used for the first time gets its ends, which fit: they
** are equal to texts of inet_ntop. */
static struct connection *newly_known(struct pool *pool,
                                      const struct ends *ends)
{
  struct connection **at = list_of(pool, 0);
  while (
      *at &&
      ((*at)->local_port != 0 ||
       !has_end((*at)->socket, getsockname, ends->local, ends->local_port) ||
       !has_end((*at)->socket, getpeername, ends->remote, ends->remote_port)))
    at = &(*at)->next;
  struct connection *found = *at;
  if (!found)
    return NULL;
  *at = found->next;
  memcpy(found->local, ends->local, strlen(ends->local) + 1);
  memcpy(found->remote, ends->remote, strlen(ends->remote) + 1);
  found->local_port = ends->local_port;
  found->remote_port = ends->remote_port;
  enter(pool, found);
  return found;
}

void pool_use(struct pool *pool, const struct ends *ends,
              struct connection **user)
{
  struct connection *found = known(pool, ends);
  connection_release(user);
  if (found) {
    found->is_reused = true;
    if (found->user) /* whose exchange is over, and not taken down yet */
      connection_release(found->user);
  } else {
    found = newly_known(pool, ends);
  }
  if (found)
    found->user = user;
  *user = found;
}

void connection_release(struct connection **user)
{
  struct connection *connection = *user;
  if (!connection)
    return;
  connection->idle_from = clock_milliseconds(CLOCK_BOOTTIME);
  connection->user = NULL;
  *user = NULL;
}

void pool_shut_idle(struct pool *pool)
{
  for (size_t i = 0; i < POOL_LISTS; i++)
    for (struct connection *each = pool->lists[i]; each; each = each->next)
      if (!each->user && each->local_port != 0)
        shutdown(each->socket, SHUT_RDWR); /* fails where it has ended */
}

/* Looking at it */

/* The bytes that have arrived on the socket, read or not; 0 where the kernel
** does not tell. */
static unsigned long long received(int socket)
{
  struct tcp_info info = {0};
  socklen_t length = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
    return 0;
  return info.tcpi_bytes_received;
}

/* Neither unread bytes, nor its end, nor an error. */
static bool is_silent(int socket)
{
  char byte;
  ssize_t count;
  do
    count = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  while (count < 0 && errno == EINTR);
  return count < 0 && errno == EAGAIN;
}

bool connection_is_clean(struct connection *connection, long max_idle)
{
  if (!connection->is_reused)
    return true;
  /* In this order: what arrives in between is seen by the second. */
  connection->received = received(connection->socket);
  return is_silent(connection->socket) &&
         clock_milliseconds(CLOCK_BOOTTIME) - connection->idle_from <= max_idle;
}

unsigned long long connection_received(const struct connection *connection)
{
  int unread = 0;
  if (connection->received == 0 ||
      ioctl(connection->socket, FIONREAD, &unread) != 0)
    return ULLONG_MAX;
  return received(connection->socket) - connection->received -
         (unsigned long long)unread;
}
