/* From an answer to a result, or to the facts of an attempt that gave none. */

#include "binding/response.h"

#include "binding/failure.h"
#include "binding/marshal.h"
#include "binding/misuse.h"
#include "binding/request.h"
#include "wire/headers.h"

/* Pushes the facts of an attempt whose answer is a success that cannot be read:
** nobody can know what came of it. */
static int push_unreadable(lua_State *L, const struct request *request,
                           const char *phrase)
{
  struct failure failure = {
      .verdict = {OUTCOME_UNKNOWN, .code = "protocol", .phrase = phrase},
      .exchange = &request->exchange};
  return failure_push(L, &failure);
}

/* Makes the body ready to be read. False where there is none. To make Lua's
** values of it may run a finalizer, which must not take it away: until
** it is read, or for good where an error ends that, the answer stays. */
static bool open_body(lua_State *L, struct request *request)
{
  struct buffer *body = &request->exchange.body;
  if (request->is_read)
    misuse(L, "the request's answer is being read");
  if (body->length == 0)
    return false;
  if (!buffer_terminate(body))
    luaL_error(L, "not enough memory");
  request->is_read = true;
  json_open(&request->json, body->bytes, body->length);
  return true;
}

/* request:body() gives the body of the answer as free-form JSON; nil where it
** has none, or one that is not JSON. */
static int request_body(lua_State *L)
{
  struct request *request = request_check(L);
  struct reading reading = {.json = &request->json};
  if (open_body(L, request) && marshal_read(L, &reading, &schema_any))
    lua_pop(L, 1); /* free-form JSON has no odd members */
  else
    lua_pushnil(L);
  request->is_read = false;
  return 1;
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

/* Pushes why an answer cannot be read, and where. */
static const char *why_unreadable(lua_State *L, const struct reading *reading)
{
  return lua_pushfstring(L, "the answer cannot be read: %s%s%s (byte %I)",
                         reading->place, reading->place[0] ? " " : "",
                         reading->error,
                         (LUAI_UACINT)json_place(reading->json));
}

/* Pushes the result, and behind it a list of its members that are not as
** documented, where there are any. */
static int push_success(lua_State *L, struct request *request)
{
  struct reading reading = {.json = &request->json};
  if (!request->operation->answer) {
    lua_pushboolean(L, 1);
    return 1;
  }
  if (!open_body(L, request))
    return push_unreadable(L, request, "the answer has no body");
  lua_getiuservalue(L, 1, REQUEST_CLIENT);
  lua_getiuservalue(L, -1, CLIENT_RESOURCES);
  reading.resources = lua_istable(L, -1) ? lua_gettop(L) : 0;
  if (!marshal_read(L, &reading, request->operation->answer))
    return push_unreadable(L, request, why_unreadable(L, &reading));
  lua_insert(L, -2);
  add_answer_header(L, request);
  lua_pushnil(L); /* nothing of it will be shown that could repeat the token */
  lua_setiuservalue(L, 1, REQUEST_TOKEN);
  lua_insert(L, -2);
  return 2;
}

/* Pushes the result of an attempt that is over, or nil and the facts of a
** failure. Judges nothing but the verdict: what an answer means is told in
** Lua. */
static int push_outcome(lua_State *L, struct request *request)
{
  struct failure failure = {.verdict = verdict_of(&request->exchange),
                            .exchange = &request->exchange};
  lua_settop(L, 1);
  if (failure.verdict.outcome != OUTCOME_ANSWERED)
    return failure_push(L, &failure);
  bool was_read = request->is_read;
  int count = push_success(L, request);
  request->is_read = was_read;
  return count;
}

/* request:finish() gives the result, and the members of it that are not as
** documented; or nil and the facts of a failure. */
static int request_finish(lua_State *L)
{
  struct request *request = request_check(L);
  if (!request->exchange.is_done)
    misuse(L, "the request is not answered yet");
  return push_outcome(L, request);
}

/* request:attempt(seconds, step) starts an attempt and moves it on once, for at
** most `step` seconds. Gives true and what request:finish() gives where it is
** over by then, else false. */
static int request_attempt(lua_State *L)
{
  struct request *request = request_check(L);
  double step = luaL_checknumber(L, 3);
  request_begin(L, request, luaL_checknumber(L, 2), 0);
  bool is_over = request_move(request, step);
  int count = is_over ? push_outcome(L, request) : 0;
  lua_pushboolean(L, is_over);
  lua_insert(L, -count - 1);
  return count + 1;
}

/* request:abort() stops it and gives what request:finish() would; nothing where
** it was never started. */
static int request_abort(lua_State *L)
{
  struct request *request = request_check(L);
  request_end(request);
  return request->exchange.is_done ? push_outcome(L, request) : 0;
}

void response_open(lua_State *L)
{
  static const luaL_Reg methods[] = {{"abort", request_abort},
                                     {"attempt", request_attempt},
                                     {"body", request_body},
                                     {"finish", request_finish},
                                     {NULL, NULL}};
  request_add_methods(L, methods);
}
