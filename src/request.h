#ifndef COFFER_REQUEST_H
#define COFFER_REQUEST_H

#include "client.h"
#include "exchange.h"
#include "json.h"
#include "operation.h"

#include <lua.h>

/* One call of an operation. It keeps its client, its keys and its own headers
** as user values. */
struct request {
  const struct operation *operation;
  struct client *client;
  struct exchange exchange;
  struct buffer url, body;
  struct json_reader json;
  long timeout;           /* of one attempt, milliseconds */
  lua_Integer generation; /* of the token it went with */
  bool has_headers;       /* of its own */
};

enum {
  REQUEST_CLIENT = 1,
  REQUEST_HEADERS,
  REQUEST_KEYS /* the first of as many as the operation has */
};

/* True when the value is a request whose last attempt may have been sent. */
bool request_may_be_sent(lua_State *L, int index);

/* Makes the type known. */
void request_open_type(lua_State *L);

/* A method of a client, with the provider and the operation as upvalues:
** client:create_wallet(parameters, options) in the core gives a request that
** is not sent, or nil and what a failure tells. */
int request_prepare(lua_State *L);

#endif
