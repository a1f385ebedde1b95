#ifndef COFFER_TRANSFERS_H
#define COFFER_TRANSFERS_H

#include "wire/exchange.h"

/* Many exchanges at once on one curl multi handle, which keeps the
** connections of one client from call to call. To a loop it is one descriptor
** to wait on, a time-out and a step. */

enum { MAX_SPARES = 8 };

struct transfers {
  CURLM *multi;
  struct pool pool;          /* the sockets of its connections */
  int descriptor;            /* readable when there is something to do */
  long long due;             /* when libcurl wants a step, in ms; -1: never */
  struct exchange *running;  /* list */
  struct exchange *finished; /* list of those with a tag */
  struct handle *spares[MAX_SPARES]; /* handles to use again */
  unsigned spare_count;
  bool is_broken;   /* libcurl could not go on */
  bool is_outdated; /* its connections are to be dropped */
};

/* False when there is no memory or no descriptor. */
bool transfers_open(struct transfers *transfers);

/* Ends what is still running. May be called again. */
void transfers_close(struct transfers *transfers);

/* Drops the connections: now, or else at the first start with none running. */
void transfers_renew(struct transfers *transfers);

/* Starts an exchange. False, and the exchange is over without having been sent,
** when that fails. */
bool transfers_start(struct transfers *transfers, struct exchange *exchange,
                     const struct route *route, const struct message *message);

/* Ends an exchange that is running, or takes it off the list of those that
** finished. What was sent stays sent. */
void transfers_stop(struct exchange *exchange, CURLcode code);

/* How long a loop may wait for the descriptor before the next step, in
** milliseconds; -1 is for ever. Not at all where one has finished, which may
** have happened in a step that another took. */
long long transfers_timeout(const struct transfers *transfers);

/* Moves all exchanges on until one is over or `wait` milliseconds have gone
** by; a signal ends it early. Where libcurl cannot go on, all are over. */
void transfers_step(struct transfers *transfers, int wait);

/* The tag of an exchange that is over and has not been told yet, or 0. */
long long transfers_finished(struct transfers *transfers);

#endif
