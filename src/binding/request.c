/* A request as a userdata: its life, and the attempts to send it. */

#include "binding/request.h"

#include "binding/misuse.h"
#include "binding/system.h"

#include <unistd.h>

#define REQUEST_TYPE "coffer.request"

enum {
  MAX_SECONDS = 86400,    /* of an attempt */
  MIN_TO_EXPECT = 1 << 20 /* bytes of a body */
};

/* Life */

/* The methods have the metatable as their upvalue: to ask the registry for it
** takes longer, and a call does so half a dozen times. */
struct request *request_check(lua_State *L)
{
  struct request *request = lua_touserdata(L, 1); /* NULL: it is none */
  if (!request || !lua_getmetatable(L, 1) ||
      !lua_rawequal(L, -1, lua_upvalueindex(1)))
    return luaL_checkudata(L, 1, REQUEST_TYPE);
  lua_pop(L, 1);
  return request;
}

bool request_may_be_sent(lua_State *L, int index)
{
  const struct request *request = luaL_testudata(L, index, REQUEST_TYPE);
  return request && request->exchange.sends > 0;
}

struct request *request_push(lua_State *L, int client,
                             const struct operation *operation)
{
  int uses = REQUEST_KEYS - 1 + MAX_KEYS;
  struct request *request = lua_newuserdatauv(L, sizeof *request, uses);
  *request = (struct request){.operation = operation,
                              .client = lua_touserdata(L, client)};
  request->timeout = request->client->timeout;
  luaL_setmetatable(L, REQUEST_TYPE);
  lua_pushvalue(L, client);
  lua_setiuservalue(L, -2, REQUEST_CLIENT);
  return request;
}

struct buffer request_body_to_send(const struct request *request)
{
  const struct secret *secret = request->secret_body;
  if (!secret)
    return request->body;
  return (struct buffer){.bytes = secret->bytes, .length = secret->length};
}

/* In a forked process the connections are another's and stay untouched. Asking
** for the process takes the system's time, so it comes last. */
void request_end(struct request *request)
{
  struct exchange *exchange = &request->exchange;
  if ((exchange->transfers || exchange->finished_in) &&
      request->client->process == getpid())
    transfers_stop(exchange, CURLE_ABORTED_BY_CALLBACK);
}

/* Wipes what it sends: it cannot be sent again. */
static void forget_message(struct request *request)
{
  request_end(request);
  buffer_free(&request->url);
  buffer_free(&request->body);
  if (request->secret_body)
    secret_wipe(request->secret_body);
}

static int request_close(lua_State *L)
{
  struct request *request = request_check(L);
  forget_message(request);
  exchange_clear(&request->exchange);
  json_close(&request->json);
  return 0;
}

/* request:forget(all) wipes what was sent, which cannot be sent again, and
** what came of it where it is told to. What is being read is wiped with the
** request. */
static int request_forget(lua_State *L)
{
  struct request *request = request_check(L);
  if (lua_toboolean(L, 2) && !request->is_read)
    return request_close(L);
  forget_message(request);
  return 0;
}

/* request:forget_secrets() lets go of the tokens that it was sent with, and of
** the secrets in its body: it will not be sent again. */
static int request_forget_secrets(lua_State *L)
{
  request_check(L);
  lua_settop(L, 1);
  lua_pushnil(L);
  lua_setiuservalue(L, 1, REQUEST_TOKEN);
  lua_pushnil(L);
  lua_setiuservalue(L, 1, REQUEST_SECRETS);
  return 0;
}

static int request_tostring(lua_State *L)
{
  struct request *request = request_check(L);
  lua_pushfstring(L, "coffer.request (%s %s)", request->operation->method,
                  request->url.bytes ? request->url.bytes : "");
  return 1;
}

/* Header lines */

bool request_has_header(lua_State *L, const char *name)
{
  bool is_there = false;
  if (lua_getiuservalue(L, 1, REQUEST_HEADERS) == LUA_TTABLE) {
    lua_pushnil(L);
    while (lua_next(L, -2)) {
      is_there = is_there || curl_strequal(lua_tostring(L, -2), name);
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
  return is_there;
}

/* Adds the headers of the table on top, where it is one, and pops it. Those of
** the client give way to the request's own. */
static bool add_table(lua_State *L, struct header_list *headers,
                      bool is_of_client)
{
  bool is_added = true;
  if (lua_istable(L, -1)) {
    lua_pushnil(L);
    while (lua_next(L, -2)) {
      const char *name = lua_tostring(L, -2);
      const struct secret *secret = secret_test(L, -1);
      const char *value = secret ? secret->bytes : lua_tostring(L, -1);
      if (!is_of_client || !request_has_header(L, name))
        is_added =
            is_added && value && header_list_add(headers, name, "", value);
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
  return is_added;
}

/* Without a line of its own, libcurl sends `Expect: 100-continue` before a body
** of more than 1 MiB, and waits a second for servers that do not know it. */
static bool omit_expect(const struct request *request,
                        struct header_list *headers)
{
  return request_body_to_send(request).length < MIN_TO_EXPECT ||
         header_list_omit(headers, "Expect");
}

/* The lines that the operation and the client's route and token make. */
static bool add_common(const struct request *request,
                       struct header_list *headers)
{
  const struct operation *operation = request->operation;
  const struct client *client = request->client;
  return omit_expect(request, headers) &&
         header_list_add(headers, "User-Agent", "", client->route.user_agent) &&
         header_list_add(headers, "Accept", "", operation->accept) &&
         (operation->is_public ||
          header_list_add(headers, client->token_header, client->token_scheme,
                          client->token->bytes)) &&
         (operation->content_type ? header_list_add(headers, "Content-Type", "",
                                                    operation->content_type)
                                  : header_list_omit(headers, "Content-Type"));
}

/* Those that users have given. */
static bool add_given(lua_State *L, struct header_list *headers)
{
  lua_getiuservalue(L, 1, REQUEST_CLIENT);
  client_push_anchor(L, -1, "headers");
  bool is_added = add_table(L, headers, true);
  lua_getiuservalue(L, 1, REQUEST_HEADERS);
  return add_table(L, headers, false) && is_added;
}

static void make_headers(lua_State *L, struct request *request)
{
  struct header_list *headers = &request->exchange.headers;
  if (!add_common(request, headers) || !add_given(L, headers) ||
      !header_list_link(headers))
    luaL_error(L, "not enough memory");
}

/* Attempts */

/* Puts the token of an earlier attempt, on top, to the request's secrets. */
static void note_old_token(lua_State *L)
{
  if (lua_getiuservalue(L, 1, REQUEST_SECRETS) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, 1, REQUEST_SECRETS);
  }
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_pop(L, 1);
}

/* Keeps the token with which it is sent: an answer may repeat it after the
** client has got another. */
static void note_token(lua_State *L, struct request *request)
{
  request->generation = request->client->token_generation;
  lua_getiuservalue(L, 1, REQUEST_CLIENT);
  client_push_anchor(L, -1, "token");
  if (lua_getiuservalue(L, 1, REQUEST_TOKEN) != LUA_TNIL &&
      !lua_rawequal(L, -1, -2))
    note_old_token(L);
  lua_pop(L, 1);
  lua_setiuservalue(L, 1, REQUEST_TOKEN);
  lua_pop(L, 1);
}

/* Raises where nothing can be sent. */
static void check_ready(lua_State *L, const struct request *request)
{
  const struct client *client = request->client;
  client_check_open(L, client);
  if (!request->operation->is_public &&
      (!client->token || !client->token->bytes))
    misuse(L, "%s: the client has no token", client->provider->name);
  if (!request->url.bytes)
    misuse(L, "the request has been collected");
  if (request->exchange.transfers)
    misuse(L, "the request is being sent already");
  if (request->is_read)
    misuse(L, "the request's answer is being read");
}

/* The time of an attempt that may last so many seconds, in milliseconds. */
static long time_of(const struct request *request, double seconds)
{
  double max = seconds * 1000;
  if (!(max >= 1))
    return 1;
  return max < (double)request->timeout ? (long)max : request->timeout;
}

/* To note the token may take memory from Lua, and so run a finalizer, which may
** close the client. So it comes first, and nothing behind it does. */
void request_begin(lua_State *L, struct request *request, double seconds,
                   long long tag)
{
  const struct operation *operation = request->operation;
  note_token(L, request);
  check_ready(L, request);
  client_look_at_files(request->client);
  transfers_stop(&request->exchange, CURLE_OK);
  exchange_clear(&request->exchange);
  request->exchange.tag = tag;
  make_headers(L, request);
  struct buffer body = request_body_to_send(request);
  struct message message = {.method = operation->method,
                            .url = request->url.bytes,
                            .body = operation->content_type ? &body : NULL,
                            .creates = operation->creates,
                            .timeout = time_of(request, seconds)};
  transfers_start(&request->client->transfers, &request->exchange,
                  &request->client->route, &message);
}

/* request:start(seconds, tag) starts an attempt, which may last as long as its
** time-out and no longer than so many seconds. An earlier answer is forgotten.
** A tag other than 0 is told by core.finished() once it is over. */
static int request_start(lua_State *L)
{
  struct request *request = request_check(L);
  request_begin(L, request, luaL_optnumber(L, 2, MAX_SECONDS),
                luaL_optinteger(L, 3, 0));
  return 0;
}

bool request_move(struct request *request, double seconds)
{
  if (request->exchange.transfers)
    transfers_step(&request->client->transfers, system_milliseconds(seconds));
  return request->exchange.is_done;
}

/* request:step(seconds) moves on all that the client has under way, waiting so
** long at the most for something to happen. True when this request's attempt is
** over. */
static int request_step(lua_State *L)
{
  struct request *request = request_check(L);
  double seconds = luaL_optnumber(L, 2, 0);
  if (request->exchange.transfers)
    client_check_open(L, request->client);
  lua_pushboolean(L, request_move(request, seconds));
  return 1;
}

/* request:stop() ends the attempt where it is. What was sent stays sent. */
static int request_stop(lua_State *L)
{
  request_end(request_check(L));
  return 0;
}

/* Type */

void request_add_methods(lua_State *L, const luaL_Reg *methods)
{
  luaL_getmetatable(L, REQUEST_TYPE);
  luaL_getsubtable(L, -1, "__index");
  lua_pushvalue(L, -2);
  luaL_setfuncs(L, methods, 1);
  lua_pop(L, 2);
}

void request_open(lua_State *L)
{
  static const luaL_Reg metamethods[] = {{"__gc", request_close},
                                         {"__close", request_stop},
                                         {"__tostring", request_tostring},
                                         {"__metatable", NULL},
                                         {NULL, NULL}};
  static const luaL_Reg methods[] = {{"start", request_start},
                                     {"step", request_step},
                                     {"stop", request_stop},
                                     {"forget", request_forget},
                                     {"forget_secrets", request_forget_secrets},
                                     {NULL, NULL}};
  luaL_newmetatable(L, REQUEST_TYPE);
  lua_pushvalue(L, -1);
  luaL_setfuncs(L, metamethods, 1);
  lua_pop(L, 1);
  request_add_methods(L, methods);
}
