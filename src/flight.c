/* Many exchanges at once. Knows nothing of what they carry. */

#include "flight.h"

bool flight_open(struct flight *flight)
{
  flight->multi = curl_multi_init();
  return flight->multi != NULL;
}

void flight_renew(struct flight *flight)
{
  CURLM *multi = flight->in_air || !flight->multi ? NULL : curl_multi_init();
  if (!multi)
    return;
  curl_multi_cleanup(flight->multi);
  flight->multi = multi;
}

static CURL *take_handle(struct flight *flight, const struct route *route)
{
  if (flight->spare_count > 0)
    return flight->spares[--flight->spare_count];
  return exchange_make_handle(route);
}

/* The handle forgets whose it was: nothing may point to a dead exchange. */
static void put_handle(struct flight *flight, CURL *easy)
{
  bool is_clean =
      curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL) == CURLE_OK &&
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL) == CURLE_OK &&
      curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL) == CURLE_OK;
  if (is_clean && flight->spare_count < FLIGHT_SPARES)
    flight->spares[flight->spare_count++] = easy;
  else
    curl_easy_cleanup(easy);
}

static void enter(struct flight *flight, struct exchange *exchange)
{
  exchange->next = flight->in_air;
  if (exchange->next)
    exchange->next->previous = exchange;
  flight->in_air = exchange;
}

static void leave(struct flight *flight, struct exchange *exchange)
{
  if (exchange->next)
    exchange->next->previous = exchange->previous;
  if (exchange->previous)
    exchange->previous->next = exchange->next;
  else
    flight->in_air = exchange->next;
  exchange->next = exchange->previous = NULL;
}

bool flight_start(struct flight *flight, struct exchange *exchange,
                  const struct route *route, const struct message *message)
{
  CURL *easy = take_handle(flight, route);
  exchange->is_started = true;
  if (easy && exchange_prepare(exchange, easy, route, message) &&
      curl_multi_add_handle(flight->multi, easy) == CURLM_OK) {
    exchange->easy = easy;
    exchange->flight = flight;
    enter(flight, exchange);
    return true;
  }
  if (easy)
    curl_easy_cleanup(easy);
  exchange_end(exchange, CURLE_OUT_OF_MEMORY);
  return false;
}

void flight_stop(struct exchange *exchange, CURLcode code)
{
  struct flight *flight = exchange->flight;
  if (!flight)
    return;
  exchange_end(exchange, code);
  curl_multi_remove_handle(flight->multi, exchange->easy);
  leave(flight, exchange);
  put_handle(flight, exchange->easy);
  exchange->easy = NULL;
  exchange->flight = NULL;
}

static void collect(struct flight *flight)
{
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(flight->multi, &left)) != NULL) {
    struct exchange *exchange = NULL;
    CURLcode code = message->data.result;
    if (message->msg == CURLMSG_DONE &&
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange) ==
            CURLE_OK)
      flight_stop(exchange, code);
  }
}

bool flight_step(struct flight *flight, int wait)
{
  struct exchange *first = flight->in_air;
  int running;
  if (curl_multi_perform(flight->multi, &running) != CURLM_OK)
    return false;
  collect(flight);
  if (wait == 0 || !flight->in_air || flight->in_air != first)
    return true;
  if (curl_multi_poll(flight->multi, NULL, 0, wait, NULL) != CURLM_OK ||
      curl_multi_perform(flight->multi, &running) != CURLM_OK)
    return false;
  collect(flight);
  return true;
}

void flight_close(struct flight *flight)
{
  while (flight->in_air)
    flight_stop(flight->in_air, CURLE_ABORTED_BY_CALLBACK);
  while (flight->spare_count > 0)
    curl_easy_cleanup(flight->spares[--flight->spare_count]);
  curl_multi_cleanup(flight->multi);
  flight->multi = NULL;
}
