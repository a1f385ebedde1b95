#ifndef COFFER_REQUEST_H
#define COFFER_REQUEST_H

#include "binding/client.h"
#include "model/operation.h"
#include "wire/exchange.h"
#include "json/json.h"

#include <lauxlib.h>
#include <lua.h>

/* One call of an operation: what it sends, and the last attempt to send it. */
struct request {
  const struct operation *operation;
  struct client *client;
  struct exchange exchange;
  struct buffer url, body;
  struct secret *secret_body; /* instead of the body, or NULL */
  struct json_reader json;
  long timeout;           /* of one attempt, milliseconds */
  lua_Integer generation; /* of the token it went with */
  bool has_asked;         /* for the operation's `asks` */
  bool is_read;           /* its answer, now, or when an error ended that */
};

/* The user values of a request. */
enum {
  REQUEST_CLIENT = 1,
  REQUEST_HEADERS, /* parameters that go into headers, by name, or nil */
  REQUEST_SECRETS, /* a list of those in its body, or nil */
  REQUEST_TOKEN,   /* with which it was sent last */
  REQUEST_BODY,    /* one that has secrets */
  REQUEST_KEYS     /* the first of MAX_KEYS */
};

/* Makes the type known, with the methods of this file. */
void request_open(lua_State *L);

/* Adds methods of other files to those of the type. */
void request_add_methods(lua_State *L, const luaL_Reg *methods);

/* Pushes a request of the client at the index that has nothing to send yet. */
struct request *request_push(lua_State *L, int client,
                             const struct operation *operation);

/* The request at index 1, else raises. */
struct request *request_check(lua_State *L);

/* True when the request at index 1 has a header of its own of this name, in
** whatever case: it goes before the client's. */
bool request_has_header(lua_State *L, const char *name);

/* The body as it is sent; its bytes are NULL once it was wiped. */
struct buffer request_body_to_send(const struct request *request);

/* Starts an attempt of the request at index 1; see request:start(). */
void request_begin(lua_State *L, struct request *request, double seconds,
                   long long tag);

/* Moves it on, its client being open, for so many seconds at the most; true
** when it is over. */
bool request_move(struct request *request, double seconds);

/* Ends the attempt where it is. What was sent stays sent. */
void request_end(struct request *request);

/* True when the value is a request whose last attempt may have been sent. */
bool request_may_be_sent(lua_State *L, int index);

#endif
