#ifndef COFFER_FLIGHT_H
#define COFFER_FLIGHT_H

#include "exchange.h"

/* Many exchanges at once on one curl multi handle, which keeps the
** connections of one client from call to call. */

enum { FLIGHT_SPARES = 8 };

struct flight {
  CURLM *multi;
  struct exchange *in_air;
  CURL *spares[FLIGHT_SPARES]; /* handles to use again */
  unsigned spare_count;
};

bool flight_open(struct flight *flight);

/* Cuts what is still in the air. May be called again. */
void flight_close(struct flight *flight);

/* Drops the connections, unless something is in the air. */
void flight_renew(struct flight *flight);

/* Puts an exchange into the air. False, and the exchange is over without
** having been sent, when that fails. */
bool flight_start(struct flight *flight, struct exchange *exchange,
                  const struct route *route, const struct message *message);

/* Takes an exchange out of the air, over or not. What was sent stays sent. */
void flight_stop(struct exchange *exchange, CURLcode code);

/* Moves all exchanges on; waits up to `wait` milliseconds for something to
** happen. False when libcurl cannot go on. */
bool flight_step(struct flight *flight, int wait);

#endif
