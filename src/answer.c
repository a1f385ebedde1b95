/* From an answer to a result, or to what a failure tells. Everything that is
** said here stands in the provider's data; the tables are walked raw. */

#include "answer.h"

#include "address.h"
#include "headers.h"
#include "marshal.h"
#include "verdict.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

enum { AT_REQUEST = 1 };

/* Pushes the member at a path such as response.entity ("" is the value
** itself) of the value on top; nil where there is none. */
static int push_at(lua_State *L, const char *path)
{
  lua_pushvalue(L, -1);
  while (*path && lua_istable(L, -1)) {
    size_t length = strcspn(path, ".");
    lua_pushlstring(L, path, length);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    path += length + (path[length] == '.');
  }
  if (*path) {
    lua_pop(L, 1);
    lua_pushnil(L);
  }
  return lua_type(L, -1);
}

static void set_text(lua_State *L, const char *name, const char *text)
{
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

/* Details */

/* Puts the text on top back without this secret. */
static void redact_secret(lua_State *L, const struct secret *secret)
{
  size_t length;
  const char *text = lua_tolstring(L, -1, &length);
  if (!secret || !secret->bytes || secret->length == 0 ||
      !memmem(text, length, secret->bytes, secret->length))
    return;
  luaL_gsub(L, text, secret->bytes, "[secret]");
  lua_remove(L, -2);
}

/* Puts the provider's text on top back without our token and password: some
** gateways repeat what they refuse. */
static void redact(lua_State *L, const struct request *request)
{
  const char *password = request->client->provider->log_in[1];
  int text = lua_gettop(L);
  redact_secret(L, request->client->token);
  lua_getiuservalue(L, AT_REQUEST, REQUEST_CLIENT);
  client_push_held(L, -1, "credentials");
  if (password && lua_istable(L, -1))
    lua_getfield(L, -1, password);
  lua_pushvalue(L, text);
  redact_secret(L, secret_test(L, -2));
  lua_replace(L, text);
  lua_settop(L, text);
}

/* Sets the member `from` of the object below the detail on top as the
** detail's `to`, where it is text, or a number and numbers are fine. */
static bool copy_member(lua_State *L, const struct request *request,
                        const char *from, const char *to)
{
  int type;
  if (!from)
    return false;
  lua_pushstring(L, from);
  type = lua_rawget(L, -3);
  if (type == LUA_TSTRING)
    redact(L, request);
  if (type != LUA_TSTRING && (type != LUA_TNUMBER || strcmp(to, "code") != 0)) {
    lua_pop(L, 1);
    return false;
  }
  lua_setfield(L, -2, to);
  return true;
}

/* Joins the second text to the message. */
static void join_more(lua_State *L, const struct request *request,
                      const struct complaint *complaint)
{
  if (!copy_member(L, request, complaint->more, "more"))
    return;
  lua_getfield(L, -1, "message");
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_getfield(L, -1, "more");
  } else {
    lua_pushliteral(L, ": ");
    lua_getfield(L, -3, "more");
    lua_concat(L, 3);
  }
  lua_setfield(L, -2, "message");
  lua_pushnil(L);
  lua_setfield(L, -2, "more");
}

/* The object on top as one detail of the list at `details`. */
static void add_detail(lua_State *L, const struct request *request,
                       const struct complaint *complaint, int details)
{
  bool has_text, has_code;
  if (!lua_istable(L, -1))
    return;
  lua_newtable(L);
  has_text = copy_member(L, request, complaint->message, "message");
  has_code = copy_member(L, request, complaint->code, "code");
  copy_member(L, request, complaint->field, "field");
  join_more(L, request, complaint);
  if (has_text || has_code)
    lua_rawseti(L, details, (lua_Integer)lua_rawlen(L, details) + 1);
  else
    lua_pop(L, 1);
}

/* The value on top is an object, or an array of objects. */
static void add_details(lua_State *L, const struct request *request,
                        const struct complaint *complaint, int details)
{
  if (!lua_istable(L, -1))
    return;
  add_detail(L, request, complaint, details);
  lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, i);
    add_detail(L, request, complaint, details);
    lua_pop(L, 1);
  }
}

/* Looks for a complaint in the body on top. */
static void find_details(lua_State *L, const struct request *request,
                         const struct complaint *complaint, int details)
{
  if (strcmp(complaint->at, "*") != 0) {
    push_at(L, complaint->at);
    add_details(L, request, complaint, details);
    lua_pop(L, 1);
    return;
  }
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    if (lua_istable(L, -1))
      add_detail(L, request, complaint, details);
    lua_pop(L, 1);
  }
}

/* The parts of what a failure tells */

void answer_push_key(lua_State *L, const struct operation *operation)
{
  bool is_any = false;
  lua_createtable(L, 0, (int)operation->key_count);
  for (size_t i = 0; i < operation->key_count; i++) {
    lua_getiuservalue(L, AT_REQUEST, REQUEST_KEYS + (int)i);
    is_any = is_any || !lua_isnil(L, -1);
    lua_setfield(L, -2, operation->keys[i].name);
  }
  if (!is_any) {
    lua_pop(L, 1);
    lua_pushnil(L);
  }
}

/* Pushes a table with what every failure of this request tells. */
static void push_fields(lua_State *L, const struct request *request,
                        enum outcome outcome, const char *code,
                        const char *said)
{
  const struct exchange *exchange = &request->exchange;
  lua_createtable(L, 0, 12);
  set_text(L, "outcome", verdict_outcome(outcome));
  set_text(L, "code", code);
  set_text(L, "said", said);
  set_text(L, "provider", request->client->provider->name);
  set_text(L, "operation", request->operation->name);
  if (exchange->is_head_complete) {
    lua_pushinteger(L, exchange->status);
    lua_setfield(L, -2, "status");
  }
  long retry_after = exchange_retry_after(exchange);
  if (retry_after >= 0) {
    lua_pushinteger(L, retry_after);
    lua_setfield(L, -2, "retry_after");
  }
  answer_push_key(L, request->operation);
  lua_setfield(L, -2, "key");
}

/* Adds the media type, where it is one: it often tells that something
** between has answered. */
static void add_media_type(lua_State *L, const struct request *request)
{
  struct header header;
  if (!headers_find(&request->exchange.head, "content-type", &header))
    return;
  const char *end = memchr(header.value, ';', header.value_length);
  size_t length = end ? (size_t)(end - header.value) : header.value_length;
  const char *slash = memchr(header.value, '/', length);
  if (!slash || length > 64 ||
      !address_is_token(header.value, (size_t)(slash - header.value)) ||
      !address_is_token(slash + 1, length - (size_t)(slash + 1 - header.value)))
    return;
  lua_pushlstring(L, header.value, length);
  lua_setfield(L, -2, "media_type");
}

/* Adds the host that a redirect points to. */
static void add_target(lua_State *L, struct request *request)
{
  struct header header;
  struct buffer *scratch = &request->json.scratch;
  if (request->exchange.status / 100 != 3 ||
      !headers_find(&request->exchange.head, "location", &header))
    return;
  lua_pushlstring(L, header.value, header.value_length);
  buffer_wipe(scratch);
  if (address_append_host(scratch, lua_tostring(L, -1)) &&
      scratch->length > 0) {
    lua_pushlstring(L, scratch->bytes, scratch->length);
    lua_setfield(L, -3, "target");
  }
  lua_pop(L, 1);
}

static void add_request_id(lua_State *L, const struct request *request)
{
  struct header header;
  if (!headers_find(&request->exchange.head, "x-request-id", &header))
    return;
  lua_pushlstring(L, header.value, header.value_length);
  redact(L, request);
  lua_setfield(L, -2, "request_id");
}

/* Adds what the body at the index says of why there is no token. */
static void add_told(lua_State *L, const struct request *request, int body)
{
  static const char *const places[] = {"", "data"};
  const char *const *names = request->operation->tells;
  int fields = body - 1;
  if (!names)
    return;
  lua_newtable(L);
  int told = lua_gettop(L);
  for (; *names; names++)
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
      lua_pushvalue(L, body);
      push_at(L, places[i]);
      push_at(L, *names);
      if (lua_isboolean(L, -1) || lua_isnumber(L, -1))
        lua_setfield(L, told, *names);
      lua_settop(L, told);
    }
  lua_setfield(L, fields, "told");
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

/* Adds what the provider's error body says to the fields on top. A body that
** is not JSON says nothing. */
static void add_complaints(lua_State *L, struct request *request)
{
  const struct provider *provider = request->client->provider;
  struct reading reading = {.json = &request->json};
  add_request_id(L, request);
  if (!open_body(L, request) || !marshal_read(L, &reading, &schema_any)) {
    add_media_type(L, request);
    return;
  }
  lua_newtable(L);
  int details = lua_gettop(L);
  lua_pushvalue(L, details - 1);
  for (size_t i = 0; i < provider->complaint_count; i++)
    find_details(L, request, &provider->complaints[i], details);
  if (provider->request_id && push_at(L, provider->request_id) == LUA_TSTRING) {
    redact(L, request);
    lua_setfield(L, details - 2, "request_id");
  }
  lua_settop(L, details);
  add_told(L, request, details - 1);
  lua_setfield(L, details - 2, "details");
  lua_settop(L, details - 2);
}

/* Failures */

static int push_refusal(lua_State *L, struct request *request,
                        const struct verdict *verdict)
{
  lua_pushnil(L);
  push_fields(L, request, verdict->outcome, verdict->code, verdict->said);
  if (verdict->is_lasting) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "is_lasting");
  }
  if (request->exchange.is_crowded) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "is_crowded");
  }
  const char *trouble = exchange_trouble(&request->exchange);
  if (verdict->has_detail && *trouble)
    set_text(L, "trouble", trouble);
  add_complaints(L, request);
  add_target(L, request);
  return 2;
}

/* A success that cannot be read as one: nobody can know. */
static int push_unreadable(lua_State *L, const struct request *request,
                           const char *said)
{
  lua_pushnil(L);
  push_fields(L, request, OUTCOME_UNKNOWN, "protocol", said);
  add_media_type(L, request);
  return 2;
}

/* Hidden errors */

static bool is_fine(lua_State *L, const struct hidden_error *hidden)
{
  switch (lua_type(L, -1)) {
  case LUA_TNUMBER:
    return lua_tonumber(L, -1) == 0;
  case LUA_TSTRING:
    return strcmp(lua_tostring(L, -1), hidden->fine) == 0 ||
           strcmp(lua_tostring(L, -1), "0") == 0 ||
           strcmp(lua_tostring(L, -1), "") == 0;
  default:
    return true; /* absent or null */
  }
}

/* True when the result at `result` holds this error. */
static bool has_error(lua_State *L, const struct hidden_error *hidden,
                      int result)
{
  lua_pushvalue(L, result);
  push_at(L, hidden->complaint.at);
  bool is_there = lua_istable(L, -1);
  if (is_there) {
    push_at(L, hidden->complaint.code);
    is_there = !is_fine(L, hidden);
  }
  lua_settop(L, result);
  return is_there;
}

static bool has_proof(lua_State *L, const struct hidden_error *hidden,
                      int result)
{
  if (!hidden->proof)
    return false;
  lua_pushvalue(L, result);
  push_at(L, hidden->proof);
  bool is_proven = lua_isinteger(L, -1) && lua_tointeger(L, -1) > 0;
  lua_settop(L, result);
  return is_proven;
}

/* Pushes a failure for the result at `result`, with the error as detail. */
static void push_hidden(lua_State *L, const struct request *request,
                        const struct hidden_error *hidden, int result,
                        bool is_partial)
{
  push_fields(L, request, OUTCOME_REFUSED, is_partial ? "partial" : "rejected",
              is_partial ? "it exists, but not all that was asked for"
                         : "refused, although the status says success");
  lua_newtable(L);
  int details = lua_gettop(L);
  lua_pushvalue(L, result);
  push_at(L, hidden->complaint.at);
  add_details(L, request, &hidden->complaint, details);
  lua_settop(L, details);
  lua_setfield(L, -2, "details");
}

/* Gives back 0 where no error is hidden in the result at `result`. */
static int check_hidden(lua_State *L, const struct request *request, int result)
{
  const struct operation *operation = request->operation;
  for (size_t i = 0; i < operation->hidden_error_count; i++) {
    const struct hidden_error *hidden = &operation->hidden_errors[i];
    if (!has_error(L, hidden, result))
      continue;
    bool is_partial = hidden->is_partial || has_proof(L, hidden, result);
    push_hidden(L, request, hidden, result, is_partial);
    if (!is_partial) {
      lua_pushnil(L);
      lua_replace(L, result);
    }
    return 2;
  }
  return 0;
}

/* Echoes */

/* The echoed text on top, without the tail that the provider appends; NULL
** where it has another form, which tells nothing. */
static const char *echoed(lua_State *L, const struct key *key, size_t *length)
{
  const char *tail = key->echo_tail ? key->echo_tail : "";
  size_t tail_length = strlen(tail);
  if (lua_type(L, -1) != LUA_TSTRING)
    return NULL;
  const char *text = lua_tolstring(L, -1, length);
  if (key->echo_rule && !marshal_fits_rule(key->echo_rule, text, *length))
    return NULL;
  if (*length < tail_length ||
      memcmp(text + *length - tail_length, tail, tail_length) != 0)
    return NULL;
  *length -= tail_length;
  return text;
}

/* False when the result repeats another value than was sent for the key: it
** is the answer to another request. */
static bool fits_echo(lua_State *L, const struct operation *operation,
                      size_t number, int result)
{
  size_t sent_length, length;
  const struct key *key = &operation->keys[number];
  if (!key->echo)
    return true;
  lua_getiuservalue(L, AT_REQUEST, REQUEST_KEYS + (int)number);
  const char *sent = lua_tolstring(L, -1, &sent_length);
  lua_pushvalue(L, result);
  push_at(L, key->echo);
  const char *text = echoed(L, key, &length);
  bool fits = !text || !sent ||
              (length == sent_length && memcmp(text, sent, length) == 0);
  lua_settop(L, result);
  return fits;
}

static const struct key *wrong_echo(lua_State *L, const struct request *request,
                                    int result)
{
  const struct operation *operation = request->operation;
  for (size_t i = 0; i < operation->key_count; i++)
    if (!fits_echo(L, operation, i, result))
      return &operation->keys[i];
  return NULL;
}

/* Results */

/* The result is on top and complete but for what was promised. */
static int push_incomplete(lua_State *L, const struct request *request,
                           const struct reading *reading)
{
  luaL_Buffer names;
  luaL_buffinit(L, &names);
  for (size_t i = 0; i < reading->lost_count; i++) {
    if (i > 0)
      luaL_addstring(&names, ", ");
    luaL_addstring(&names, reading->lost[i]);
  }
  luaL_pushresult(&names);
  push_fields(L, request, OUTCOME_REFUSED, "partial",
              "it exists, but the answer lacks what is told only once");
  lua_insert(L, -2);
  lua_setfield(L, -2, "lost");
  return 2;
}

/* A success that tells nothing but what is wrong, such as a failed log-in. */
static int push_refused_success(lua_State *L, struct request *request)
{
  struct verdict verdict = {.outcome = OUTCOME_REFUSED,
                            .code = request->operation->refused_without,
                            .said =
                                "refused, although the status says success"};
  return push_refusal(L, request, &verdict);
}

/* Moves a token that lies elsewhere in the result at `result` to where it is
** looked for. */
static void settle_token(lua_State *L, const struct request *request,
                         struct reading *reading, int result)
{
  const struct operation *operation = request->operation;
  const char *const *place = operation->token_places;
  for (; place && *place && reading->missing; place++) {
    lua_pushvalue(L, result);
    push_at(L, *place);
    const struct secret *token = secret_test(L, -1);
    if (token && token->length > 0) {
      lua_setfield(L, result, operation->token);
      reading->missing = NULL; /* nothing else is required */
    }
    lua_settop(L, result);
  }
}

static int push_result(lua_State *L, struct request *request,
                       struct reading *reading)
{
  int result = lua_gettop(L);
  settle_token(L, request, reading, result);
  int pushed = check_hidden(L, request, result);
  if (pushed)
    return pushed;
  const struct key *key = NULL;
  if (reading->missing && request->operation->refused_without)
    return push_refused_success(L, request);
  if (reading->missing)
    lua_pushfstring(L, "the answer has no %s", reading->missing);
  else if ((key = wrong_echo(L, request, result)) != NULL)
    lua_pushfstring(L, "the answer is about another %s than was asked for",
                    key->name);
  else
    return reading->lost_count ? push_incomplete(L, request, reading) : 1;
  return push_unreadable(L, request, lua_tostring(L, -1));
}

/* Adds the secret that an answer has in a header to the result on top. False
** when it is not there. */
static bool add_answer_header(lua_State *L, const struct request *request)
{
  struct header header;
  const char *name = request->operation->answer_header;
  if (!name)
    return true;
  if (!headers_find(&request->exchange.head, name, &header) ||
      header.value_length == 0)
    return false;
  secret_push(L, header.value, header.value_length);
  lua_setfield(L, -2, name);
  return true;
}

static const char *why_unreadable(lua_State *L, const struct reading *reading)
{
  return lua_pushfstring(L, "the answer cannot be read: %s%s%s (byte %I)",
                         reading->place, reading->place[0] ? " " : "",
                         reading->trouble,
                         (LUAI_UACINT)json_place(reading->json));
}

static int push_success(lua_State *L, struct request *request)
{
  struct reading reading = {.json = &request->json};
  if (!request->operation->answer) {
    lua_pushboolean(L, 1);
    return 1;
  }
  if (!open_body(L, request)) {
    lua_pushliteral(L, "the answer has no body");
    return push_unreadable(L, request, lua_tostring(L, -1));
  }
  lua_getiuservalue(L, AT_REQUEST, REQUEST_CLIENT);
  lua_getiuservalue(L, -1, CLIENT_THINGS);
  reading.things = lua_istable(L, -1) ? lua_gettop(L) : 0;
  if (!marshal_read(L, &reading, request->operation->answer))
    return push_unreadable(L, request, why_unreadable(L, &reading));
  if (!add_answer_header(L, request))
    reading.missing = request->operation->answer_header;
  return push_result(L, request, &reading);
}

int answer_push(lua_State *L, struct request *request)
{
  struct verdict verdict = verdict_of(&request->exchange);
  if (verdict.outcome == OUTCOME_ANSWERED)
    return push_success(L, request);
  return push_refusal(L, request, &verdict);
}
