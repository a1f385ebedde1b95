/* Many exchanges at once on one multi handle. libcurl tells which sockets it
** waits for and until when; one epoll descriptor stands for all of them. Knows
** nothing of what the exchanges carry. */

#include "wire/transfers.h"

#include "wire/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MAX_EVENTS = 64 };

static long long now(void)
{
  return clock_milliseconds(CLOCK_MONOTONIC);
}

/* What libcurl asks for */

/* CURLMOPT_SOCKETFUNCTION. The socketp of a socket that is watched is not NULL.
** Removing one fails where it was closed before, which has removed it too: no
** error. */
static int watch_socket(CURL *easy, curl_socket_t socket, int what,
                        void *clientp, void *socketp)
{
  struct transfers *transfers = clientp;
  struct epoll_event event = {.data.fd = socket};
  (void)easy;
  if (what == CURL_POLL_REMOVE) {
    (void)epoll_ctl(transfers->descriptor, EPOLL_CTL_DEL, socket, NULL);
    return 0;
  }
  if (what & CURL_POLL_IN)
    event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT)
    event.events |= EPOLLOUT;
  if (socketp)
    return epoll_ctl(transfers->descriptor, EPOLL_CTL_MOD, socket, &event);
  if (curl_multi_assign(transfers->multi, socket, transfers) != CURLM_OK)
    return -1; /* the next change would not know that it is watched */
  return epoll_ctl(transfers->descriptor, EPOLL_CTL_ADD, socket, &event);
}

/* CURLMOPT_TIMERFUNCTION */
static int watch_clock(CURLM *multi, long milliseconds, void *clientp)
{
  struct transfers *transfers = clientp;
  (void)multi;
  transfers->due = milliseconds < 0 ? -1 : now() + milliseconds;
  return 0;
}

/* Life */

static CURLM *make_multi(struct transfers *transfers)
{
  CURLM *multi = curl_multi_init();
  if (multi &&
      curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket) ==
          CURLM_OK &&
      curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, transfers) == CURLM_OK &&
      curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, watch_clock) ==
          CURLM_OK &&
      curl_multi_setopt(multi, CURLMOPT_TIMERDATA, transfers) == CURLM_OK)
    return multi;
  curl_multi_cleanup(multi);
  return NULL;
}

bool transfers_open(struct transfers *transfers)
{
  transfers->due = -1;
  transfers->descriptor = epoll_create1(EPOLL_CLOEXEC);
  if (transfers->descriptor < 0)
    return false;
  transfers->multi = make_multi(transfers);
  if (!transfers->multi)
    close(transfers->descriptor);
  return transfers->multi != NULL;
}

static void drop_spares(struct transfers *transfers)
{
  while (transfers->spare_count > 0)
    exchange_free_handle(transfers->spares[--transfers->spare_count]);
}

/* The spare handles go as well: they hold TLS sessions, which are resumed
** without a look at the certificate. */
void transfers_renew(struct transfers *transfers)
{
  CURLM *multi =
      transfers->running || !transfers->multi ? NULL : make_multi(transfers);
  transfers->is_outdated = true;
  if (!multi)
    return;
  drop_spares(transfers);
  curl_multi_cleanup(transfers->multi);
  transfers->multi = multi;
  transfers->due = -1;
  transfers->is_broken = false;
  transfers->is_outdated = false;
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

static struct handle *take_handle(struct transfers *transfers,
                                  const struct route *route)
{
  if (transfers->spare_count > 0)
    return transfers->spares[--transfers->spare_count];
  return exchange_make_handle(route, &transfers->pool);
}

/* The handle forgets whose it was: nothing may point to a dead exchange. */
static void put_handle(struct transfers *transfers, struct handle *handle)
{
  CURL *easy = handle->easy;
  handle->exchange = NULL;
  connection_release(&handle->connection);
  bool is_clean =
      curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL) == CURLE_OK &&
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL) == CURLE_OK;
  if (is_clean && transfers->spare_count < MAX_SPARES)
    transfers->spares[transfers->spare_count++] = handle;
  else
    exchange_free_handle(handle);
}

bool transfers_start(struct transfers *transfers, struct exchange *exchange,
                     const struct route *route, const struct message *message)
{
  if (transfers->is_broken || transfers->is_outdated)
    transfers_renew(transfers);
  struct handle *handle =
      transfers->is_broken ? NULL : take_handle(transfers, route);
  if (handle && exchange_prepare(exchange, handle, route, message) &&
      curl_multi_add_handle(transfers->multi, handle->easy) == CURLM_OK) {
    exchange->handle = handle;
    exchange->transfers = transfers;
    enter(&transfers->running, exchange);
    return true;
  }
  exchange_free_handle(handle);
  header_list_free(&exchange->headers);
  exchange_end(exchange, CURLE_OUT_OF_MEMORY);
  return false;
}

/* libcurl does not tell when it lacked a descriptor. Its own failed attempt
** has given one back by now, so one that is left does not count. */
static bool are_none_left(const struct transfers *transfers)
{
  int first = fcntl(transfers->descriptor, F_DUPFD_CLOEXEC, 0);
  int second = first < 0 ? -1 : fcntl(first, F_DUPFD_CLOEXEC, 0);
  bool is_lacking = second < 0 && (errno == EMFILE || errno == ENFILE);
  if (first >= 0)
    close(first);
  if (second >= 0)
    close(second);
  return is_lacking;
}

static bool lacks_descriptors(const struct transfers *transfers,
                              const struct exchange *exchange, CURLcode code)
{
  return exchange->sends == 0 && code != CURLE_OK &&
         code != CURLE_ABORTED_BY_CALLBACK &&
         code != CURLE_OPERATION_TIMEDOUT && are_none_left(transfers);
}

/* Ends an exchange, for whatever reason. Removing its handle fails only where
** libcurl does not know it, or calls us right now; both cannot be here. */
static void finish(struct transfers *transfers, struct exchange *exchange,
                   CURLcode code)
{
  exchange_end(exchange, code);
  exchange->lacks_descriptors = lacks_descriptors(transfers, exchange, code);
  (void)curl_multi_remove_handle(transfers->multi, exchange->handle->easy);
  leave(&transfers->running, exchange);
  put_handle(transfers, exchange->handle);
  if (exchange_lost_connection(exchange))
    pool_shut_idle(&transfers->pool);
  header_list_free(&exchange->headers); /* the answer may be kept for long */
  exchange->handle = NULL;
  exchange->transfers = NULL;
}

void transfers_stop(struct exchange *exchange, CURLcode code)
{
  if (exchange->transfers)
    finish(exchange->transfers, exchange, code);
  if (exchange->finished_in)
    leave(&exchange->finished_in->finished, exchange);
  exchange->finished_in = NULL;
}

long long transfers_finished(struct transfers *transfers)
{
  struct exchange *exchange = transfers->finished;
  if (!exchange)
    return 0;
  leave(&transfers->finished, exchange);
  exchange->finished_in = NULL;
  return exchange->tag;
}

/* Moving */

/* Ends an exchange, and lists it for transfers_finished where it has a tag. */
static void end(struct transfers *transfers, struct exchange *exchange,
                CURLcode code)
{
  finish(transfers, exchange, code);
  if (!exchange->tag)
    return;
  enter(&transfers->finished, exchange);
  exchange->finished_in = transfers;
}

/* The guard found that the kept connection was not clean, which libcurl has
** closed by now: the same attempt goes on with a new one. */
static bool take_new_connection(struct transfers *transfers,
                                struct exchange *exchange)
{
  CURL *easy = exchange->handle->easy;
  return curl_multi_remove_handle(transfers->multi, easy) == CURLM_OK &&
         exchange_renew(exchange) &&
         curl_multi_add_handle(transfers->multi, easy) == CURLM_OK;
}

/* libcurl cannot go on, mostly for want of memory, and some versions would
** crash if they had to: all that is running ends here, and what comes later
** gets a new multi handle. */
static void give_up(struct transfers *transfers)
{
  while (transfers->running)
    end(transfers, transfers->running, CURLE_OUT_OF_MEMORY);
  transfers->is_broken = true;
}

/* Ends what libcurl says is over; false where nothing is. */
static bool read_messages(struct transfers *transfers)
{
  CURLMsg *message;
  int left;
  bool is_any = false;
  while ((message = curl_multi_info_read(transfers->multi, &left)) != NULL) {
    struct handle *handle = NULL;
    CURLcode code = message->data.result;
    if (message->msg != CURLMSG_DONE ||
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &handle) !=
            CURLE_OK ||
        !handle || !handle->exchange)
      continue;
    if (handle->exchange->is_stale) {
      if (take_new_connection(transfers, handle->exchange))
        continue;
      code = CURLE_OUT_OF_MEMORY;
    }
    end(transfers, handle->exchange, code);
    is_any = true;
  }
  return is_any;
}

/* Tells libcurl what has happened on a socket. */
static bool socket_action(struct transfers *transfers, curl_socket_t socket,
                          uint32_t events)
{
  int running;
  int what = 0;
  if (events & EPOLLIN)
    what |= CURL_CSELECT_IN;
  if (events & EPOLLOUT)
    what |= CURL_CSELECT_OUT;
  if (events & (EPOLLERR | EPOLLHUP))
    what |= CURL_CSELECT_ERR;
  return curl_multi_socket_action(transfers->multi, socket, what, &running) ==
         CURLM_OK;
}

/* Tells libcurl that its time-out is over, where it is. */
static bool timeout_action(struct transfers *transfers)
{
  if (transfers->due < 0 || now() < transfers->due)
    return true;
  transfers->due = -1;
  return socket_action(transfers, CURL_SOCKET_TIMEOUT, 0);
}

/* Waits once, and tells libcurl what has happened. */
static bool wait_once(struct transfers *transfers, int wait,
                      bool *is_interrupted)
{
  struct epoll_event events[MAX_EVENTS];
  int count = epoll_wait(transfers->descriptor, events, MAX_EVENTS, wait);
  *is_interrupted = count < 0 && errno == EINTR;
  for (int i = 0; i < count; i++)
    if (!socket_action(transfers, events[i].data.fd, events[i].events))
      return false;
  return true;
}

long long transfers_timeout(const struct transfers *transfers)
{
  long long left;
  if (transfers->finished)
    return 0;
  if (transfers->due < 0)
    return -1;
  left = transfers->due - now();
  return left < 0 ? 0 : left;
}

/* How long to wait for a socket: not beyond what is due. */
static int time_left(const struct transfers *transfers, long long until)
{
  long long left = until - now();
  long long due = transfers_timeout(transfers);
  if (due >= 0 && due < left)
    left = due;
  return left > 0 ? (int)left : 0;
}

void transfers_step(struct transfers *transfers, int wait)
{
  long long until = now() + wait;
  bool is_interrupted = false;
  for (;;) {
    bool can_go_on = timeout_action(transfers);
    bool is_any = read_messages(transfers);
    int left = is_any ? 0 : time_left(transfers, until);
    if (!can_go_on || !wait_once(transfers, left, &is_interrupted))
      give_up(transfers);
    if (read_messages(transfers) || is_any || transfers->finished ||
        is_interrupted || !transfers->running || now() >= until)
      return;
  }
}

void transfers_close(struct transfers *transfers)
{
  if (!transfers->multi)
    return;
  while (transfers->running)
    transfers_stop(transfers->running, CURLE_ABORTED_BY_CALLBACK);
  while (transfers->finished)
    transfers_stop(transfers->finished, CURLE_OK);
  drop_spares(transfers);
  curl_multi_cleanup(transfers->multi);
  pool_clear(&transfers->pool);
  transfers->multi = NULL;
  close(transfers->descriptor);
}
