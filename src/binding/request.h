#ifndef COFFER_REQUEST_H
#define COFFER_REQUEST_H

#include "binding/client.h"
#include "model/operation.h"
#include "wire/exchange.h"
#include "json/json.h"

#include <lua.h>

/* One call of an operation. It keeps its client, its keys, its own headers and
** its secrets as user values. */
struct request {
  const struct operation *operation;
  struct client *client;
  struct exchange exchange;
  struct buffer url, body;
  struct json_reader json;
  long timeout;           /* of one attempt, milliseconds */
  lua_Integer generation; /* of the token it went with */
  bool has_headers;       /* of its own */
  bool has_asked;         /* for the operation's `asks` */
};

enum {
  REQUEST_CLIENT = 1,
  REQUEST_HEADERS,
  REQUEST_SECRETS, /* a list of those in its body, or nil */
  REQUEST_TOKEN,   /* with which it was sent last */
  REQUEST_KEYS     /* the first of MAX_KEYS */
};

/* True when the value is a request whose last attempt may have been sent. */
bool request_may_be_sent(lua_State *L, int index);

/* Makes the type known. */
void request_open_type(lua_State *L);

/* Wipes what is sent, which must not be under way. False for another value. */
bool request_wipe(lua_State *L, int index);

/* A method of a client, with the provider and the operation as upvalues:
** client:create_wallet(parameters, options) in the core gives a request that
** is not sent, or nil and what a failure tells. */
int request_prepare(lua_State *L);

#endif
