#ifndef COFFER_TRANSFERS_H
#define COFFER_TRANSFERS_H

#include "wire/exchange.h"

/* Many exchanges at once on one curl multi handle, which keeps the
** connections of one client from call to call. To a loop it is one descriptor
** to wait on, a time-out and a step. */

enum { FLIGHT_SPARES = 8 };

struct flight {
  CURLM *multi;
  struct pool pool;        /* the sockets of its connections */
  int descriptor;          /* readable when there is something to do */
  long long due;           /* when libcurl wants a step, in ms; -1: never */
  struct exchange *in_air; /* list */
  struct exchange *landed; /* list of those with a tag */
  struct handle *spares[FLIGHT_SPARES]; /* handles to use again */
  unsigned spare_count;
  bool is_spoilt;   /* libcurl could not go on */
  bool is_outdated; /* its connections are to be dropped */
};

/* False when there is no memory or no descriptor. */
bool flight_open(struct flight *flight);

/* Cuts what is still in the air. May be called again. */
void flight_close(struct flight *flight);

/* Drops the connections: now, or before the first start with nothing in the
** air. */
void flight_renew(struct flight *flight);

/* Puts an exchange into the air. False, and the exchange is over without
** having been sent, when that fails. */
bool flight_start(struct flight *flight, struct exchange *exchange,
                  const struct route *route, const struct message *message);

/* Takes an exchange out of the air, over or not, or off the list of those
** that landed. What was sent stays sent. */
void flight_stop(struct exchange *exchange, CURLcode code);

/* How long a loop may wait for the descriptor before the next step, in
** milliseconds; -1 is for ever. Not at all where one has landed, which may
** have happened in a step that another took. */
long long flight_timeout(const struct flight *flight);

/* Moves all exchanges on until one is over or `wait` milliseconds have gone
** by; a signal ends it early. Where libcurl cannot go on, all are over. */
void flight_step(struct flight *flight, int wait);

/* The tag of an exchange that is over and has not been told yet, or 0. */
long long flight_landed(struct flight *flight);

#endif
