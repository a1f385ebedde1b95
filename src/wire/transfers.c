/* Many exchanges at once. libcurl tells which sockets it waits for and until
** when; an epoll descriptor stands for all of them. Knows nothing of what the
** exchanges carry. */

#include "wire/transfers.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { MOST_EVENTS = 64 };

/* Milliseconds of a clock that is never set back. */
static long long now(void)
{
  struct timespec time = {0};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* What libcurl asks for */

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *held,
                        void *known)
{
  struct flight *flight = held;
  struct epoll_event event = {.data.fd = socket};
  (void)easy;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(flight->descriptor, EPOLL_CTL_DEL, socket, NULL);
    return 0;
  }
  if (what & CURL_POLL_IN)
    event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT)
    event.events |= EPOLLOUT;
  if (known)
    return epoll_ctl(flight->descriptor, EPOLL_CTL_MOD, socket, &event);
  if (curl_multi_assign(flight->multi, socket, flight) != CURLM_OK)
    return -1; /* the next change would not know that it is watched */
  return epoll_ctl(flight->descriptor, EPOLL_CTL_ADD, socket, &event);
}

static int watch_clock(CURLM *multi, long milliseconds, void *held)
{
  struct flight *flight = held;
  (void)multi;
  flight->due = milliseconds < 0 ? -1 : now() + milliseconds;
  return 0;
}

/* Life */

static CURLM *make_multi(struct flight *flight)
{
  CURLM *multi = curl_multi_init();
  if (multi &&
      curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket) ==
          CURLM_OK &&
      curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, flight) == CURLM_OK &&
      curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, watch_clock) ==
          CURLM_OK &&
      curl_multi_setopt(multi, CURLMOPT_TIMERDATA, flight) == CURLM_OK)
    return multi;
  curl_multi_cleanup(multi);
  return NULL;
}

bool flight_open(struct flight *flight)
{
  flight->due = -1;
  flight->descriptor = epoll_create1(EPOLL_CLOEXEC);
  if (flight->descriptor < 0)
    return false;
  flight->multi = make_multi(flight);
  if (!flight->multi)
    close(flight->descriptor);
  return flight->multi != NULL;
}

static void drop_spares(struct flight *flight)
{
  while (flight->spare_count > 0)
    exchange_free_handle(flight->spares[--flight->spare_count]);
}

/* The spare handles go as well: they hold TLS sessions, which are resumed
** without a look at the certificate. */
void flight_renew(struct flight *flight)
{
  CURLM *multi = flight->in_air || !flight->multi ? NULL : make_multi(flight);
  flight->is_outdated = true;
  if (!multi)
    return;
  drop_spares(flight);
  curl_multi_cleanup(flight->multi);
  flight->multi = multi;
  flight->due = -1;
  flight->is_spoilt = false;
  flight->is_outdated = false;
}

/* Lists */

static void enter(struct exchange **list, struct exchange *exchange)
{
  exchange->previous = NULL;
  exchange->next = *list;
  if (exchange->next)
    exchange->next->previous = exchange;
  *list = exchange;
}

static void leave(struct exchange **list, struct exchange *exchange)
{
  if (exchange->next)
    exchange->next->previous = exchange->previous;
  if (exchange->previous)
    exchange->previous->next = exchange->next;
  else
    *list = exchange->next;
  exchange->next = exchange->previous = NULL;
}

static struct handle *take_handle(struct flight *flight,
                                  const struct route *route)
{
  if (flight->spare_count > 0)
    return flight->spares[--flight->spare_count];
  return exchange_make_handle(route, &flight->pool);
}

/* The handle forgets whose it was: nothing may point to a dead exchange. */
static void put_handle(struct flight *flight, struct handle *handle)
{
  CURL *easy = handle->easy;
  handle->exchange = NULL;
  connection_release(&handle->connection);
  bool is_clean =
      curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL) == CURLE_OK &&
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL) == CURLE_OK;
  if (is_clean && flight->spare_count < FLIGHT_SPARES)
    flight->spares[flight->spare_count++] = handle;
  else
    exchange_free_handle(handle);
}

bool flight_start(struct flight *flight, struct exchange *exchange,
                  const struct route *route, const struct message *message)
{
  if (flight->is_spoilt || flight->is_outdated)
    flight_renew(flight);
  struct handle *handle = flight->is_spoilt ? NULL : take_handle(flight, route);
  if (handle && exchange_prepare(exchange, handle, route, message) &&
      curl_multi_add_handle(flight->multi, handle->easy) == CURLM_OK) {
    exchange->handle = handle;
    exchange->flight = flight;
    enter(&flight->in_air, exchange);
    return true;
  }
  exchange_free_handle(handle);
  exchange_end(exchange, CURLE_OUT_OF_MEMORY);
  return false;
}

/* libcurl does not tell when it lacked a descriptor. Its own failed attempt
** has given one back by now, so one that is left does not count. */
static bool lacks_descriptors(const struct flight *flight)
{
  int first = fcntl(flight->descriptor, F_DUPFD_CLOEXEC, 0);
  int second = first < 0 ? -1 : fcntl(first, F_DUPFD_CLOEXEC, 0);
  bool is_lacking = second < 0 && (errno == EMFILE || errno == ENFILE);
  if (first >= 0)
    close(first);
  if (second >= 0)
    close(second);
  return is_lacking;
}

static bool is_crowded(const struct flight *flight,
                       const struct exchange *exchange, CURLcode code)
{
  return exchange->sends == 0 && code != CURLE_OK &&
         code != CURLE_ABORTED_BY_CALLBACK &&
         code != CURLE_OPERATION_TIMEDOUT && lacks_descriptors(flight);
}

/* Out of the air, for whatever reason. */
static void land(struct flight *flight, struct exchange *exchange,
                 CURLcode code)
{
  exchange_end(exchange, code);
  exchange->is_crowded = is_crowded(flight, exchange, code);
  curl_multi_remove_handle(flight->multi, exchange->handle->easy);
  leave(&flight->in_air, exchange);
  put_handle(flight, exchange->handle);
  if (exchange_lost_connection(exchange))
    pool_shut_idle(&flight->pool);
  lines_drop(exchange->lines); /* the answer may be kept for long */
  exchange->lines = NULL;
  exchange->handle = NULL;
  exchange->flight = NULL;
}

void flight_stop(struct exchange *exchange, CURLcode code)
{
  if (exchange->flight)
    land(exchange->flight, exchange, code);
  if (exchange->landed_in)
    leave(&exchange->landed_in->landed, exchange);
  exchange->landed_in = NULL;
}

long long flight_landed(struct flight *flight)
{
  struct exchange *exchange = flight->landed;
  if (!exchange)
    return 0;
  leave(&flight->landed, exchange);
  exchange->landed_in = NULL;
  return exchange->tag;
}

/* Moving */

static void take_down(struct flight *flight, struct exchange *exchange,
                      CURLcode code)
{
  land(flight, exchange, code);
  if (!exchange->tag)
    return;
  enter(&flight->landed, exchange);
  exchange->landed_in = flight;
}

/* The guard found that the kept connection was not clean, which libcurl has
** closed by now: the same attempt goes on with a new one. */
static bool take_new_connection(struct flight *flight,
                                struct exchange *exchange)
{
  CURL *easy = exchange->handle->easy;
  return curl_multi_remove_handle(flight->multi, easy) == CURLM_OK &&
         exchange_renew(exchange) &&
         curl_multi_add_handle(flight->multi, easy) == CURLM_OK;
}

/* libcurl cannot go on, mostly for want of memory, and some versions would
** crash if they had to: all that is in the air ends here, and what comes
** later gets a handle that is new. */
static void give_up(struct flight *flight)
{
  while (flight->in_air)
    take_down(flight, flight->in_air, CURLE_OUT_OF_MEMORY);
  flight->is_spoilt = true;
}

/* Takes down what is over; false where nothing is. */
static bool collect(struct flight *flight)
{
  CURLMsg *message;
  int left;
  bool is_any = false;
  while ((message = curl_multi_info_read(flight->multi, &left)) != NULL) {
    struct handle *handle = NULL;
    CURLcode code = message->data.result;
    if (message->msg != CURLMSG_DONE ||
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &handle) !=
            CURLE_OK ||
        !handle || !handle->exchange)
      continue;
    if (handle->exchange->is_stale) {
      if (take_new_connection(flight, handle->exchange))
        continue;
      code = CURLE_OUT_OF_MEMORY;
    }
    take_down(flight, handle->exchange, code);
    is_any = true;
  }
  return is_any;
}

static bool act(struct flight *flight, curl_socket_t socket, uint32_t events)
{
  int running;
  int what = 0;
  if (events & EPOLLIN)
    what |= CURL_CSELECT_IN;
  if (events & EPOLLOUT)
    what |= CURL_CSELECT_OUT;
  if (events & (EPOLLERR | EPOLLHUP))
    what |= CURL_CSELECT_ERR;
  return curl_multi_socket_action(flight->multi, socket, what, &running) ==
         CURLM_OK;
}

/* Lets libcurl see to what is due by the clock. */
static bool see_to_clock(struct flight *flight)
{
  if (flight->due < 0 || now() < flight->due)
    return true;
  flight->due = -1;
  return act(flight, CURL_SOCKET_TIMEOUT, 0);
}

/* Waits once, and lets libcurl see to what has happened. */
static bool turn(struct flight *flight, int wait, bool *is_interrupted)
{
  struct epoll_event events[MOST_EVENTS];
  int count = epoll_wait(flight->descriptor, events, MOST_EVENTS, wait);
  *is_interrupted = count < 0 && errno == EINTR;
  for (int i = 0; i < count; i++)
    if (!act(flight, events[i].data.fd, events[i].events))
      return false;
  return true;
}

long long flight_timeout(const struct flight *flight)
{
  long long left;
  if (flight->landed)
    return 0;
  if (flight->due < 0)
    return -1;
  left = flight->due - now();
  return left < 0 ? 0 : left;
}

/* How long to wait for a socket: not beyond what is due. */
static int time_left(const struct flight *flight, long long until)
{
  long long left = until - now();
  long long due = flight_timeout(flight);
  if (due >= 0 && due < left)
    left = due;
  return left > 0 ? (int)left : 0;
}

void flight_step(struct flight *flight, int wait)
{
  long long until = now() + wait;
  bool is_interrupted = false;
  for (;;) {
    bool can_go_on = see_to_clock(flight);
    bool is_any = collect(flight);
    int left = is_any ? 0 : time_left(flight, until);
    if (!can_go_on || !turn(flight, left, &is_interrupted))
      give_up(flight);
    if (collect(flight) || is_any || flight->landed || is_interrupted ||
        !flight->in_air || now() >= until)
      return;
  }
}

void flight_close(struct flight *flight)
{
  if (!flight->multi)
    return;
  while (flight->in_air)
    flight_stop(flight->in_air, CURLE_ABORTED_BY_CALLBACK);
  while (flight->landed)
    flight_stop(flight->landed, CURLE_OK);
  drop_spares(flight);
  curl_multi_cleanup(flight->multi);
  pool_clear(&flight->pool);
  flight->multi = NULL;
  close(flight->descriptor);
}
