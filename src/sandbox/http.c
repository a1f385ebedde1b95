/* The HTTP side of the sandbox: a libmicrohttpd daemon on a loopback port, a
** thread for each connection, and answers that can be held back. Knows
** nothing of Lua; what an answer says is decided by the handler. */

#include "sandbox/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Bytes: of a body that is kept, and of the memory that libmicrohttpd has for
** a connection, into which the head of a request has to fit. */
enum { BODY_LIMIT = 16 * 1024 * 1024, CONNECTION_MEMORY = 128 * 1024 };

/* The handler and its owner are set before the daemon starts, so its threads
** read them without the lock. */
struct http_server {
  struct MHD_Daemon *daemon;
  http_handler *handler;
  void *owner;
  pthread_mutex_t mutex; /* guards is_stopping */
  pthread_cond_t stopping;
  bool is_stopping;
};

/* A request while it arrives; libmicrohttpd carries it from call to call. It
** belongs to the thread of its connection. */
struct arrival {
  struct http_request request;
  char *target;
  bool is_begun;     /* on_request has been told of its head */
  bool is_too_large; /* its body, which is not kept */
  bool is_starved;   /* there was no memory for some of it */
};

bool text_append(struct text *text, const void *bytes, size_t length)
{
  if (length > text->capacity - text->length) {
    size_t capacity = (text->length + length) * 2;
    char *roomier = realloc(text->bytes, capacity);
    if (!roomier)
      return false;
    text->bytes = roomier;
    text->capacity = capacity;
  }
  if (length > 0) /* memcpy must not be given NULL, even for no bytes */
    memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  return true;
}

void text_free(struct text *text)
{
  free(text->bytes);
  *text = (struct text){0};
}

/* Called first of all, as this is the only sight of the target as it was
** sent: libmicrohttpd decodes it and takes the query away. */
static void *arrival_open(void *cls, const char *target,
                          struct MHD_Connection *connection)
{
  struct arrival *arrival = calloc(1, sizeof(*arrival));
  (void)cls;
  (void)connection;
  if (!arrival)
    return NULL;
  arrival->target = strdup(target);
  arrival->request.target = arrival->target;
  arrival->is_starved = !arrival->target;
  return arrival;
}

/* Called by libmicrohttpd when a request is over, however it ended. The
** context is NULL where arrival_open had no memory. */
static void arrival_close(void *cls, struct MHD_Connection *connection,
                          void **context,
                          enum MHD_RequestTerminationCode reason)
{
  struct arrival *arrival = *context;
  (void)cls;
  (void)connection;
  (void)reason;
  if (!arrival)
    return;
  text_free(&arrival->request.headers);
  text_free(&arrival->request.body);
  free(arrival->target);
  free(arrival);
  *context = NULL;
}

/* A body above the limit is read to its end, so that the client hears the
** answer, but not kept. */
static void arrival_take(struct arrival *arrival, const char *bytes,
                         size_t length)
{
  struct text *body = &arrival->request.body;
  if (length > BODY_LIMIT - body->length)
    arrival->is_too_large = true;
  if (arrival->is_too_large || arrival->is_starved)
    return;
  if (!text_append(body, bytes, length))
    arrival->is_starved = true;
}

/* Called for each header. MHD_NO ends the walk over them. A header without a
** value has NULL for it, and is kept with an empty one. */
static enum MHD_Result arrival_take_header(void *cls, enum MHD_ValueKind kind,
                                           const char *name, const char *value)
{
  struct arrival *arrival = cls;
  struct text *headers = &arrival->request.headers;
  const char *text = value ? value : "";
  (void)kind;
  if (!text_append(headers, name, strlen(name) + 1) ||
      !text_append(headers, text, strlen(text) + 1))
    arrival->is_starved = true;
  return arrival->is_starved ? MHD_NO : MHD_YES;
}

/* The names and values are ended by zeros, as http.h says. MHD_NO where
** libmicrohttpd refuses one, or has no memory. */
static enum MHD_Result add_headers(struct MHD_Response *response,
                                   const struct text *headers)
{
  size_t at = 0;
  while (at < headers->length) {
    const char *name = headers->bytes + at;
    const char *value = name + strlen(name) + 1;
    if (MHD_add_response_header(response, name, value) != MHD_YES)
      return MHD_NO;
    at = (size_t)(value - headers->bytes) + strlen(value) + 1;
  }
  return MHD_YES;
}

/* libmicrohttpd takes the body's bytes over, and frees them with the response
** (MHD_RESPMEM_MUST_FREE). NULL when there is no memory, or when it refuses a
** header. */
static struct MHD_Response *response_open(struct http_answer *answer)
{
  struct MHD_Response *response = MHD_create_response_from_buffer(
      answer->body.length, answer->body.bytes, MHD_RESPMEM_MUST_FREE);
  if (!response)
    return NULL;
  answer->body = (struct text){0};
  if (add_headers(response, &answer->headers) != MHD_YES) {
    MHD_destroy_response(response);
    return NULL;
  }
  return response;
}

/* MHD_NO has libmicrohttpd close the connection. A queued response has a
** reference of its own, so that this one is given back in any case. */
static enum MHD_Result answer_send(struct http_answer *answer,
                                   struct MHD_Connection *connection)
{
  struct MHD_Response *response = response_open(answer);
  enum MHD_Result sent;
  if (!response)
    return MHD_NO;
  sent = MHD_queue_response(connection, answer->status, response);
  MHD_destroy_response(response);
  return sent;
}

/* So many seconds from now, by the clock that the condition goes by: see
** condition_init. */
static struct timespec moment_after(double seconds)
{
  struct timespec moment;
  time_t whole = (time_t)seconds;
  clock_gettime(CLOCK_MONOTONIC, &moment);
  moment.tv_sec += whole;
  moment.tv_nsec += (long)((seconds - (double)whole) * 1e9);
  if (moment.tv_nsec >= 1000000000L) {
    moment.tv_sec += 1;
    moment.tv_nsec -= 1000000000L;
  }
  return moment;
}

/* False when the server stops meanwhile. With 0 seconds it only asks. Runs on
** the thread of a connection. It is a loop since POSIX lets a condition wake
** its waiters without a reason. */
static bool server_delay(struct http_server *server, double seconds)
{
  struct timespec until = moment_after(seconds);
  bool is_stopping;
  int trouble = 0;
  pthread_mutex_lock(&server->mutex);
  while (!server->is_stopping && seconds > 0 && trouble == 0)
    trouble = pthread_cond_timedwait(&server->stopping, &server->mutex, &until);
  is_stopping = server->is_stopping;
  pthread_mutex_unlock(&server->mutex);
  return !is_stopping;
}

/* False where the connection is to be closed without an answer. The delay is
** over when it returns. */
static bool arrival_answer(struct http_server *server, struct arrival *arrival,
                           struct http_answer *answer)
{
  if (arrival->is_starved || !server_delay(server, 0))
    return false;
  if (arrival->is_too_large) {
    answer->status = MHD_HTTP_CONTENT_TOO_LARGE;
    return true;
  }
  return server->handler(server->owner, &arrival->request, answer) &&
         server_delay(server, answer->delay) && answer->status != 0;
}

/* Called once when the head has arrived, once for each piece of the body,
** once at the end. The parameters are libmicrohttpd's. */
// NOLINTNEXTLINE(readability-function-size)
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_size, void **context)
{
  struct arrival *arrival = *context;
  struct http_answer answer = {0};
  enum MHD_Result result = MHD_NO;
  (void)url;
  (void)version;
  if (!arrival)
    return MHD_NO;
  if (!arrival->is_begun) {
    arrival->is_begun = true;
    return MHD_YES;
  }
  if (*upload_size > 0) {
    arrival_take(arrival, upload, *upload_size);
    *upload_size = 0;
    return MHD_YES;
  }
  arrival->request.method = method;
  MHD_get_connection_values(connection, MHD_HEADER_KIND, arrival_take_header,
                            arrival);
  if (arrival_answer(cls, arrival, &answer))
    result = answer_send(&answer, connection);
  text_free(&answer.headers);
  text_free(&answer.body);
  return result;
}

/* The daemon's threads inherit the mask: the host's signals stay with the
** host's own threads. Signals that report a crash stay open. */
static void hold_signals(sigset_t *former)
{
  sigset_t held;
  sigfillset(&held);
  sigdelset(&held, SIGSEGV);
  sigdelset(&held, SIGBUS);
  sigdelset(&held, SIGFPE);
  sigdelset(&held, SIGILL);
  sigdelset(&held, SIGABRT);
  pthread_sigmask(SIG_SETMASK, &held, former);
}

/* Port 0 has the system choose one. Each connection has a thread of its own,
** so that an answer that is held back holds up no other. */
static struct MHD_Daemon *daemon_start(struct http_server *server)
{
  struct sockaddr_in loopback = {.sin_family = AF_INET};
  struct MHD_Daemon *daemon;
  sigset_t former;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  hold_signals(&former);
  daemon =
      MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD |
                           MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC,
                       0, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR,
                       &loopback, MHD_OPTION_URI_LOG_CALLBACK, arrival_open,
                       NULL, MHD_OPTION_NOTIFY_COMPLETED, arrival_close, NULL,
                       MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                       (size_t)CONNECTION_MEMORY, MHD_OPTION_END);
  pthread_sigmask(SIG_SETMASK, &former, NULL);
  return daemon;
}

/* Makes a condition that goes by the steady clock: setting the system clock
** must not change a delay. Gives 0, or a number of errno. */
static int condition_init(pthread_cond_t *condition)
{
  pthread_condattr_t steady;
  int trouble = pthread_condattr_init(&steady);
  if (trouble)
    return trouble;
  trouble = pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
  if (!trouble)
    trouble = pthread_cond_init(condition, &steady);
  pthread_condattr_destroy(&steady);
  return trouble;
}

struct http_server *http_server_start(http_handler *handler, void *owner)
{
  struct http_server *server = calloc(1, sizeof(*server));
  if (!server)
    return NULL;
  server->handler = handler;
  server->owner = owner;
  /* pthread functions return their error, and leave errno alone. */
  errno = pthread_mutex_init(&server->mutex, NULL);
  if (errno)
    goto no_mutex;
  errno = condition_init(&server->stopping);
  if (errno)
    goto no_condition;
  server->daemon = daemon_start(server);
  if (server->daemon)
    return server;
  pthread_cond_destroy(&server->stopping);
no_condition:
  pthread_mutex_destroy(&server->mutex);
no_mutex:
  free(server);
  return NULL;
}

unsigned int http_server_port(const struct http_server *server)
{
  const union MHD_DaemonInfo *info =
      MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
  return info ? info->port : 0;
}

/* The delays end first: MHD_stop_daemon joins the threads that wait in them. */
void http_server_stop(struct http_server *server)
{
  pthread_mutex_lock(&server->mutex);
  server->is_stopping = true;
  pthread_cond_broadcast(&server->stopping);
  pthread_mutex_unlock(&server->mutex);
  MHD_stop_daemon(server->daemon);
  pthread_cond_destroy(&server->stopping);
  pthread_mutex_destroy(&server->mutex);
  free(server);
}

/* The child closes its copy of the descriptor; the parent's own still
** listens. */
void http_server_forget(struct http_server *server)
{
  const union MHD_DaemonInfo *info =
      MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_LISTEN_FD);
  if (info)
    close(info->listen_fd);
}
