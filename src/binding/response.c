/* From an answer to a result, or to the facts of an attempt that gave none. */

#include "binding/response.h"

#include "binding/marshal.h"
#include "wire/headers.h"
#include "wire/verdict.h"

#include <lauxlib.h>
#include <string.h>

enum { AT_REQUEST = 1 };

static void set_text(lua_State *L, const char *name, const char *text)
{
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

static void set_flag(lua_State *L, const char *name, bool flag)
{
  if (!flag)
    return;
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, name);
}

void answer_push_key(lua_State *L, const struct operation *operation)
{
  bool is_any = false;
  if (!lua_istable(L, -1))
    lua_createtable(L, 0, MAX_KEYS);
  for (int i = 0; i < MAX_KEYS && operation->keys[i]; i++) {
    lua_getiuservalue(L, AT_REQUEST, REQUEST_KEYS + i);
    is_any = is_any || !lua_isnil(L, -1);
    lua_setfield(L, -2, key_name(operation->keys[i]));
  }
  if (!is_any) {
    lua_pop(L, 1);
    lua_pushnil(L);
  }
}

/* Pushes nil and a table with the facts that are the same for all. */
static int push_facts(lua_State *L, const struct request *request,
                      enum outcome outcome, const char *code,
                      const char *phrase)
{
  const struct exchange *exchange = &request->exchange;
  lua_pushnil(L);
  lua_createtable(L, 0, 12);
  set_text(L, "outcome", verdict_outcome(outcome));
  set_text(L, "code", code);
  set_text(L, "phrase", phrase);
  if (exchange->is_head_complete) {
    lua_pushinteger(L, exchange->status);
    lua_setfield(L, -2, "status");
  }
  long retry_after = exchange_retry_after(exchange);
  if (retry_after >= 0) {
    lua_pushinteger(L, retry_after);
    lua_setfield(L, -2, "retry_after");
  }
  return 2;
}

/* An attempt that gave nothing to read. */
static int push_failed(lua_State *L, const struct request *request,
                       const struct verdict *verdict)
{
  const char *error = exchange_error(&request->exchange);
  push_facts(L, request, verdict->outcome, verdict->code, verdict->phrase);
  set_flag(L, "is_final", verdict->is_final);
  set_flag(L, "lacks_descriptors", request->exchange.lacks_descriptors);
  if (verdict->has_detail && *error)
    set_text(L, "error", error);
  return 2;
}

/* Makes the body ready to be read. False where there is none. */
static bool open_body(lua_State *L, struct request *request)
{
  struct buffer *body = &request->exchange.body;
  if (body->length == 0)
    return false;
  if (!buffer_terminate(body))
    luaL_error(L, "not enough memory");
  json_open(&request->json, body->bytes, body->length);
  return true;
}

void answer_push_body(lua_State *L, struct request *request)
{
  struct reading reading = {.json = &request->json};
  if (open_body(L, request) && marshal_read(L, &reading, &schema_any))
    lua_pop(L, 1); /* free-form JSON has no odd members */
  else
    lua_pushnil(L);
}

/* Adds the secret that an answer has in a header to the result on top. */
static void add_answer_header(lua_State *L, const struct request *request)
{
  struct header header;
  const char *name = request->operation->answer_header;
  if (!name || !headers_find(&request->exchange.head, name, &header) ||
      header.value_length == 0)
    return;
  secret_push(L, header.value, header.value_length);
  lua_setfield(L, -2, name);
}

static const char *why_unreadable(lua_State *L, const struct reading *reading)
{
  return lua_pushfstring(L, "the answer cannot be read: %s%s%s (byte %I)",
                         reading->place, reading->place[0] ? " " : "",
                         reading->error,
                         (LUAI_UACINT)json_place(reading->json));
}

/* A success whose result cannot be read: nobody can know. */
static int push_success(lua_State *L, struct request *request)
{
  struct reading reading = {.json = &request->json};
  if (!request->operation->answer) {
    lua_pushboolean(L, 1);
    return 1;
  }
  if (!open_body(L, request))
    return push_facts(L, request, OUTCOME_UNKNOWN, "protocol",
                      "the answer has no body");
  lua_getiuservalue(L, AT_REQUEST, REQUEST_CLIENT);
  lua_getiuservalue(L, -1, CLIENT_RESOURCES);
  reading.resources = lua_istable(L, -1) ? lua_gettop(L) : 0;
  if (!marshal_read(L, &reading, request->operation->answer))
    return push_facts(L, request, OUTCOME_UNKNOWN, "protocol",
                      why_unreadable(L, &reading));
  lua_insert(L, -2);
  add_answer_header(L, request);
  lua_pushnil(L); /* nothing of it will be shown that could repeat the token */
  lua_setiuservalue(L, AT_REQUEST, REQUEST_TOKEN);
  lua_insert(L, -2);
  return 2;
}

int answer_push(lua_State *L, struct request *request)
{
  struct verdict verdict = verdict_of(&request->exchange);
  if (verdict.outcome == OUTCOME_ANSWERED)
    return push_success(L, request);
  return push_failed(L, request, &verdict);
}
