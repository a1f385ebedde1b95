/* A prepared request: made from parameters, sent in single attempts, and its
** answer turned into a result or into what a failure tells. */

#include "binding/request.h"

#include "binding/client.h"
#include "binding/marshal.h"
#include "binding/misuse.h"
#include "binding/options.h"
#include "binding/response.h"
#include "binding/type.h"
#include "wire/address.h"
#include "wire/headers.h"
#include "wire/scrub.h"

#include <lauxlib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REQUEST_TYPE "coffer.request"

static const char request_type = 0; /* its address is the type */

static struct request *request_check(lua_State *L)
{
  return type_check(L, 1, &request_type, REQUEST_TYPE);
}

bool request_may_be_sent(lua_State *L, int index)
{
  const struct request *request = type_test(L, index, &request_type);
  return request && request->exchange.sends > 0;
}

static struct request *request_push(lua_State *L, struct client *client,
                                    const struct operation *operation)
{
  int uses = REQUEST_KEYS - 1 + MAX_KEYS;
  struct request *request = lua_newuserdatauv(L, sizeof *request, uses);
  *request = (struct request){
      .operation = operation, .client = client, .timeout = client->timeout};
  type_set(L, &request_type);
  return request;
}

/* In a forked process the connections are another's and stay untouched. Asking
** for the process takes the system's time, so it comes last. */
static void take_down(struct request *request)
{
  const struct exchange *exchange = &request->exchange;
  if ((exchange->transfers || exchange->finished_in) &&
      request->client->process == getpid())
    transfers_stop(&request->exchange, CURLE_ABORTED_BY_CALLBACK);
}

static int request_close(lua_State *L)
{
  struct request *request = request_check(L);
  take_down(request);
  exchange_clear(&request->exchange);
  buffer_free(&request->url);
  buffer_free(&request->body);
  json_close(&request->json);
  return 0;
}

/* request:forget(all) wipes what was sent, which can not be sent again, and
** what came of it where it is told to. */
static int request_forget(lua_State *L)
{
  struct request *request = request_check(L);
  if (lua_toboolean(L, 2))
    return request_close(L);
  take_down(request);
  buffer_free(&request->url);
  buffer_free(&request->body);
  return 0;
}

bool request_wipe(lua_State *L, int index)
{
  struct request *request = type_test(L, index, &request_type);
  if (request)
    buffer_free(&request->body);
  return request != NULL;
}

/* Preparing */

/* Where the values of a call lie on the stack. */
enum {
  AT_CLIENT = 1,
  AT_PARAMETERS,
  AT_OPTIONS,
  AT_REQUEST,
  AT_PROBLEMS,
  AT_SECRETS
};

static const char *call_name(lua_State *L, const struct provider *provider,
                             const struct operation *operation)
{
  return lua_pushfstring(L, "%s:%s", provider->name, operation->name);
}

/* The one parameter that has to be given, or NULL where it is not just
** one. */
static const struct field *sole_parameter(const struct schema *parameters)
{
  const struct field *sole = NULL;
  for (size_t i = 0; i < parameters->field_count; i++) {
    const struct field *field = &parameters->fields[i];
    if (!(field->flags & FIELD_REQUIRED) || field->flags & FIELD_OF_CLIENT)
      continue;
    if (sole)
      return NULL;
    sole = field;
  }
  return sole;
}

/* Makes a table of parameters out of none, or out of the bare value of the
** only one that is required. */
static void settle_parameters(lua_State *L, const struct provider *provider,
                              const struct operation *operation)
{
  const struct field *sole = sole_parameter(operation->parameters);
  if (lua_istable(L, AT_PARAMETERS))
    return;
  lua_createtable(L, 0, 1);
  if (!lua_isnil(L, AT_PARAMETERS)) {
    if (!sole)
      misuse(L, "%s takes a table of parameters, got %s",
             call_name(L, provider, operation),
             luaL_typename(L, AT_PARAMETERS));
    lua_pushvalue(L, AT_PARAMETERS);
    lua_setfield(L, -2, sole->name);
  }
  lua_replace(L, AT_PARAMETERS);
}

/* Pushes call option `extra`, or nil. */
static void push_extra(lua_State *L, const struct provider *provider,
                       const struct operation *operation)
{
  if (lua_isnil(L, AT_OPTIONS)) {
    lua_pushnil(L);
    return;
  }
  lua_pushliteral(L, "extra");
  if (lua_rawget(L, AT_OPTIONS) == LUA_TNIL)
    return;
  if (!lua_istable(L, -1))
    misuse(L, "%s: option 'extra' must be a table of body fields",
           call_name(L, provider, operation));
  if (!operation->content_type)
    misuse(L, "%s: option 'extra' must not be given, this call has no body",
           call_name(L, provider, operation));
}

static void take_options(lua_State *L, struct request *request)
{
  static const struct option call_options[] = {
      {"timeout", OPTION_SECONDS, offsetof(struct request, timeout), 86400},
      {"extra", OPTION_OTHER},
      {"attempts", OPTION_OTHER},
      {"deadline", OPTION_OTHER},
      {NULL}};
  static const struct option *const lists[] = {call_options, NULL};
  if (lua_isnil(L, AT_OPTIONS))
    return;
  const char *name =
      call_name(L, request->client->provider, request->operation);
  if (!lua_istable(L, AT_OPTIONS)) {
    misuse(L, "%s takes a table of options, got %s", name,
           luaL_typename(L, AT_OPTIONS));
  }
  options_take(L, name, AT_OPTIONS, lists, request, 0);
  lua_pop(L, 1);
}

/* Pushes a parameter, or the client's setting of this name, or nil. */
static int push_parameter(lua_State *L, const char *name, size_t length)
{
  const struct client *client = lua_touserdata(L, AT_CLIENT);
  lua_pushlstring(L, name, length);
  lua_pushvalue(L, -1);
  int type = lua_rawget(L, AT_PARAMETERS);
  bool is_given = type != LUA_TNIL && type != LUA_TLIGHTUSERDATA; /* null */
  if (!is_given && client->has_parameters) {
    lua_pop(L, 1);
    client_push_anchor(L, AT_CLIENT, "parameters");
    lua_pushvalue(L, -2);
    lua_rawget(L, -2);
    lua_remove(L, -2);
  } else if (!is_given) {
    lua_pop(L, 1);
    lua_pushnil(L);
  }
  lua_remove(L, -2);
  return lua_type(L, -1);
}

static bool append_parameter(lua_State *L, struct request *request,
                             const char *name, size_t name_length)
{
  size_t length;
  int is_integer;
  push_parameter(L, name, name_length);
  lua_Integer integer = lua_tointegerx(L, -1, &is_integer);
  if (lua_type(L, -1) == LUA_TNUMBER && is_integer) { /* 3.0 goes out as 3 */
    lua_pushinteger(L, integer);
    lua_replace(L, -2);
  }
  const char *text = luaL_tolstring(L, -1, &length);
  bool is_done = address_append_escaped(&request->url, text, length);
  lua_pop(L, 2);
  return is_done;
}

/* Appends the base URL that the operation is below. */
static bool append_base(lua_State *L, struct request *request)
{
  const char *base = request->operation->base;
  if (!base)
    return buffer_append_text(&request->url, request->client->base_url);
  client_push_anchor(L, AT_CLIENT, "credentials");
  if (!lua_istable(L, -1) || lua_getfield(L, -1, base) != LUA_TSTRING)
    misuse(L, "%s needs the client's option '%s'",
           call_name(L, request->client->provider, request->operation), base);
  bool is_done = buffer_append_text(&request->url, lua_tostring(L, -1));
  lua_pop(L, 2);
  return is_done;
}

static bool append_path(lua_State *L, struct request *request)
{
  const char *path = request->operation->path;
  bool is_done = append_base(L, request);
  while (is_done && *path) {
    size_t plain = strcspn(path, "{");
    is_done = buffer_append(&request->url, path, plain);
    path += plain;
    if (is_done && *path) {
      size_t length = strcspn(++path, "}");
      is_done = append_parameter(L, request, path, length);
      path += length + 1;
    }
  }
  return is_done;
}

static bool append_query_field(lua_State *L, struct request *request,
                               const struct field *field, const char *mark)
{
  struct buffer *url = &request->url;
  if (!buffer_append_text(url, mark) ||
      !address_append_escaped(url, field->name, strlen(field->name)) ||
      !buffer_append_byte(url, '='))
    return false;
  if (field->flags & FIELD_FIXED)
    return address_append_escaped(url, field->fixed_text,
                                  strlen(field->fixed_text));
  return append_parameter(L, request, field->name, strlen(field->name));
}

/* True when a parameter has a value, given or not by the caller. */
static bool is_there(lua_State *L, const struct field *field)
{
  int type = push_parameter(L, field->name, strlen(field->name));
  lua_pop(L, 1);
  return field->flags & FIELD_FIXED ||
         (type != LUA_TNIL && type != LUA_TLIGHTUSERDATA);
}

static bool append_query(lua_State *L, struct request *request)
{
  const struct schema *parameters = request->operation->parameters;
  const char *mark = "?";
  for (size_t i = 0; i < parameters->field_count; i++) {
    const struct field *field = &parameters->fields[i];
    if (field->place != IN_QUERY || !is_there(L, field))
      continue;
    if (!append_query_field(L, request, field, mark))
      return false;
    mark = "&";
  }
  return true;
}

/* The parameter that is a link and stands for the whole address, or NULL. */
static const struct field *link_parameter(const struct schema *parameters)
{
  for (size_t i = 0; i < parameters->field_count; i++)
    if (parameters->fields[i].place == IN_LINK)
      return &parameters->fields[i];
  return NULL;
}

/* A link is followed only to where the base URL leads as well. */
static bool append_link(lua_State *L, struct request *request,
                        const struct field *field)
{
  size_t length;
  push_parameter(L, field->name, strlen(field->name));
  const char *link = lua_tolstring(L, -1, &length);
  const char *wrong = address_append_link(
      &request->url, request->client->base_url, link, length);
  if (wrong)
    marshal_problem(L, AT_PROBLEMS, field->name, wrong);
  lua_pop(L, 1);
  return true;
}

/* May find one more problem, in a link. */
static void build_url(lua_State *L, struct request *request)
{
  const struct field *link = link_parameter(request->operation->parameters);
  bool is_built = link ? append_link(L, request, link)
                       : append_path(L, request) && append_query(L, request);
  if (!is_built || !buffer_terminate(&request->url))
    luaL_error(L, "not enough memory");
}

/* Keeps the parameters that go into headers for when it is sent. */
static void keep_headers(lua_State *L, struct request *request)
{
  const struct schema *parameters = request->operation->parameters;
  for (size_t i = 0; i < parameters->field_count; i++) {
    const struct field *field = &parameters->fields[i];
    if (field->place != IN_HEADER || !is_there(L, field))
      continue;
    if (lua_getiuservalue(L, AT_REQUEST, REQUEST_HEADERS) != LUA_TTABLE) {
      lua_pop(L, 1);
      lua_newtable(L);
      lua_pushvalue(L, -1);
      lua_setiuservalue(L, AT_REQUEST, REQUEST_HEADERS);
    }
    push_parameter(L, field->name, strlen(field->name));
    lua_setfield(L, -2, field->name);
    lua_pop(L, 1);
    request->has_headers = true;
  }
}

/* Pushes the parameter at a path such as bucket.clientName. */
static void push_parameter_at(lua_State *L, const char *path)
{
  size_t length = strcspn(path, ".");
  push_parameter(L, path, length);
  while (path[length] == '.' && lua_istable(L, -1)) {
    path += length + 1;
    length = strcspn(path, ".");
    lua_pushlstring(L, path, length);
    lua_rawget(L, -2);
    lua_remove(L, -2);
  }
}

/* Keeps what to look for, should the outcome be unknown. */
static void keep_keys(lua_State *L, const struct operation *operation)
{
  for (int i = 0; i < MAX_KEYS && operation->keys[i]; i++) {
    push_parameter_at(L, operation->keys[i]);
    if (lua_type(L, -1) == LUA_TLIGHTUSERDATA) /* null is not given */
      lua_pop(L, 1);
    else
      lua_setiuservalue(L, AT_REQUEST, REQUEST_KEYS + i);
  }
}

static int refuse_parameters(lua_State *L, const struct request *request)
{
  lua_pushnil(L);
  lua_createtable(L, 0, 6);
  lua_pushliteral(L, "not_sent");
  lua_setfield(L, -2, "outcome");
  lua_pushliteral(L, "invalid");
  lua_setfield(L, -2, "code");
  lua_pushstring(L, request->client->provider->name);
  lua_setfield(L, -2, "provider");
  lua_pushstring(L, request->operation->name);
  lua_setfield(L, -2, "operation");
  lua_pushvalue(L, AT_PROBLEMS);
  lua_setfield(L, -2, "details");
  return 2;
}

/* True when the parameter that asks for more has an item. */
static bool asks_for_more(lua_State *L, const struct operation *operation)
{
  const char *name = operation->asks;
  if (!name)
    return false;
  bool is_list = push_parameter(L, name, strlen(name)) == LUA_TTABLE;
  bool has_items = is_list && lua_rawlen(L, -1) > 0;
  lua_pop(L, 1);
  return has_items;
}

/* True when a body field is given that the caller chooses. */
static bool gives_change(lua_State *L, const struct operation *operation)
{
  const struct schema *parameters = operation->parameters;
  for (size_t i = 0; i < parameters->field_count; i++) {
    const struct field *field = &parameters->fields[i];
    if (field->place == IN_BODY && !(field->flags & FIELD_FIXED) &&
        is_there(L, field))
      return true;
  }
  return false;
}

int request_prepare(lua_State *L)
{
  const struct provider *provider = lua_touserdata(L, lua_upvalueindex(1));
  const struct operation *operation = lua_touserdata(L, lua_upvalueindex(2));
  struct client *client = client_check(L, AT_CLIENT, provider, operation->name);
  lua_settop(L, AT_OPTIONS);
  settle_parameters(L, provider, operation);
  struct request *request = request_push(L, client, operation);
  lua_pushvalue(L, AT_CLIENT);
  lua_setiuservalue(L, AT_REQUEST, REQUEST_CLIENT);
  take_options(L, request);
  lua_pushnil(L); /* the list of problems, when there is one */
  lua_pushnil(L); /* that of secrets */
  push_extra(L, provider, operation);
  struct writing writing = {&request->body, AT_PROBLEMS, AT_SECRETS};
  marshal_write(L, &writing, operation->parameters, AT_PARAMETERS,
                lua_istable(L, -1) ? lua_gettop(L) : 0);
  if (operation->needs_change && lua_isnil(L, -1) &&
      !gives_change(L, operation))
    marshal_problem(L, AT_PROBLEMS, NULL, "nothing to change is given");
  if (lua_rawlen(L, AT_PROBLEMS) == 0)
    build_url(L, request);
  if (lua_rawlen(L, AT_PROBLEMS) > 0)
    return refuse_parameters(L, request);
  if (!operation->content_type)
    buffer_free(&request->body);
  keep_keys(L, operation);
  keep_headers(L, request);
  request->has_asked = asks_for_more(L, operation);
  lua_settop(L, AT_SECRETS);
  lua_setiuservalue(L, AT_REQUEST, REQUEST_SECRETS);
  lua_settop(L, AT_REQUEST);
  if (operation->has_secrets)
    client_note(L, AT_CLIENT);
  return 1;
}

/* Sending */

/* Adds the headers of the table on top, where it is one, and pops it. */
static bool add_table(lua_State *L, struct header_list *lines)
{
  bool is_added = true;
  if (lua_istable(L, -1)) {
    lua_pushnil(L);
    while (lua_next(L, -2)) {
      const struct secret *secret = secret_test(L, -1);
      const char *value = secret ? secret->bytes : lua_tostring(L, -1);
      is_added = is_added && value &&
                 header_list_add(lines, lua_tostring(L, -2), "", value);
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
  return is_added;
}

static void check_token(lua_State *L, const struct request *request)
{
  const struct client *client = request->client;
  if (!request->operation->is_public &&
      (!client->token || !client->token->bytes))
    misuse(L, "%s: the client has no token", client->provider->name);
}

/* The lines that the operation and the client's route and token make. Without
** a line of its own, libcurl sends `Expect: 100-continue` before a body of more
** than 1 MiB, and waits a second for servers that do not know it. */
static bool add_common(const struct request *request, struct header_list *lines)
{
  const struct operation *operation = request->operation;
  const struct client *client = request->client;
  return header_list_append(lines, "Expect:") &&
         header_list_add(lines, "User-Agent", "", client->route.user_agent) &&
         header_list_add(lines, "Accept", "", operation->accept) &&
         (operation->is_public ||
          header_list_add(lines, client->token_header, client->token_scheme,
                          client->token->bytes)) &&
         (operation->content_type ? header_list_add(lines, "Content-Type", "",
                                                    operation->content_type)
                                  : header_list_append(lines, "Content-Type:"));
}

/* Those that users have given. */
static bool add_given(lua_State *L, struct header_list *lines)
{
  lua_getiuservalue(L, 1, REQUEST_CLIENT);
  client_push_anchor(L, -1, "headers");
  bool is_added = add_table(L, lines);
  lua_getiuservalue(L, 1, REQUEST_HEADERS);
  return add_table(L, lines) && is_added;
}

static bool make_lines(lua_State *L, struct request *request)
{
  struct header_list *lines = request->exchange.lines = header_list_make();
  return lines && add_common(request, lines) && add_given(L, lines);
}

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

/* Takes the lines of the client's last call, where they are the same. */
static bool take_lines(lua_State *L, struct request *request)
{
  struct client_lines *last = &request->client->last;
  bool is_common = !request->has_headers;
  if (is_common && last->operation == request->operation) {
    request->exchange.lines = header_list_hold(last->lines);
    return true;
  }
  if (!make_lines(L, request))
    return false;
  if (is_common) {
    header_list_drop(last->lines);
    *last = (struct client_lines){header_list_hold(request->exchange.lines),
                                  request->operation};
  }
  return true;
}

/* request:start(seconds, tag) puts one attempt into the air, which may last as
** long as its time-out and no longer than so many seconds. An earlier answer
** is forgotten. A tag other than 0 is told by core.finished() once it is over.
**
** To note the token may take memory from Lua, and so run a finalizer, which may
** close the client. So it comes first, and nothing behind it does. */
static int request_start(lua_State *L)
{
  struct request *request = request_check(L);
  double most = luaL_optnumber(L, 2, 86400) * 1000;
  long timeout = most >= 1 && most < (double)request->timeout ? (long)most
                 : most >= 1                                  ? request->timeout
                                                              : 1;
  lua_Integer tag = luaL_optinteger(L, 3, 0);
  note_token(L, request);
  client_check_open(L, request->client);
  check_token(L, request);
  if (!request->url.bytes)
    misuse(L, "the request has been collected");
  if (request->exchange.transfers)
    misuse(L, "the request is being sent already");
  client_look_at_files(request->client);
  transfers_stop(&request->exchange, CURLE_OK);
  exchange_clear(&request->exchange);
  request->exchange.tag = tag;
  struct message message = {
      .method = request->operation->method,
      .url = request->url.bytes,
      .body = request->operation->content_type ? &request->body : NULL,
      .creates = request->operation->creates,
      .timeout = timeout};
  if (!take_lines(L, request))
    return luaL_error(L, "not enough memory");
  transfers_start(&request->client->transfers, &request->exchange,
                  &request->client->route, &message);
  return 0;
}

/* request:generation() tells which of the client's tokens the last attempt
** went with; see core.token_generation. */
static int request_generation(lua_State *L)
{
  lua_pushinteger(L, request_check(L)->generation);
  return 1;
}

/* Pushes the part of the key with the name at index 2, or nil. */
static int push_key_part(lua_State *L, const struct operation *operation)
{
  const char *name = luaL_checkstring(L, 2);
  for (int i = 0; i < MAX_KEYS && operation->keys[i]; i++)
    if (strcmp(key_name(operation->keys[i]), name) == 0) {
      lua_getiuservalue(L, 1, REQUEST_KEYS + i);
      return 1;
    }
  return 0;
}

/* request:key() gives what to look for, should nobody know what came of it; or
** nil. request:key(name) gives this part of it. A key of the same operation
** that is given is written over. */
static int request_key(lua_State *L)
{
  struct request *request = request_check(L);
  if (lua_type(L, 2) == LUA_TSTRING)
    return push_key_part(L, request->operation);
  lua_settop(L, 2);
  answer_push_key(L, request->operation);
  return 1;
}

/* request:step(seconds) moves on what is in the air, waiting so long at the
** most for something to happen. True when this request's attempt is over. */
static int request_step(lua_State *L)
{
  struct request *request = request_check(L);
  double seconds = luaL_optnumber(L, 2, 0);
  if (!(seconds > 0))
    seconds = 0;
  else if (seconds > 3600)
    seconds = 3600;
  if (request->exchange.transfers) {
    client_check_open(L, request->client);
    transfers_step(&request->client->transfers, (int)(seconds * 1000));
  }
  lua_pushboolean(L, request->exchange.is_done);
  return 1;
}

/* request:stop() ends the attempt where it is. What was sent stays sent. */
static int request_stop(lua_State *L)
{
  take_down(request_check(L));
  return 0;
}

/* request:abort() stops it and gives what request:finish() would; nothing where
** it was never started. */
static int request_abort(lua_State *L)
{
  struct request *request = request_check(L);
  take_down(request);
  if (!request->exchange.is_done)
    return 0;
  lua_settop(L, 1);
  return answer_push(L, request);
}

/* request:finish() gives the result, or nil and what a failure tells; both,
** where a thing exists and something of it is missing. */
static int request_finish(lua_State *L)
{
  struct request *request = request_check(L);
  if (!request->exchange.is_done)
    misuse(L, "the request is not answered yet");
  lua_settop(L, 1);
  return answer_push(L, request);
}

/* Looking at its answer */

/* request:body() gives the body of the answer as free-form JSON; nil where it
** has none, or one that is not JSON. */
static int request_body(lua_State *L)
{
  struct request *request = request_check(L);
  answer_push_body(L, request);
  return 1;
}

/* request:header(name) gives the first header of the answer of this name, or
** nil. */
static int request_header(lua_State *L)
{
  const struct request *request = request_check(L);
  struct header header;
  if (!headers_find(&request->exchange.head, luaL_checkstring(L, 2), &header))
    return 0;
  lua_pushlstring(L, header.value, header.value_length);
  return 1;
}

/* request:status() gives the status of the answer, nil where its head did not
** come whole. */
static int request_status(lua_State *L)
{
  const struct request *request = request_check(L);
  if (!request->exchange.is_head_complete)
    return 0;
  lua_pushinteger(L, request->exchange.status);
  return 1;
}

/* request:has_body() is true where the answer has one. */
static int request_has_body(lua_State *L)
{
  lua_pushboolean(L, request_check(L)->exchange.body.length > 0);
  return 1;
}

/* request:target() gives the host that a redirect leads to, or nil. */
static int request_target(lua_State *L)
{
  struct request *request = request_check(L);
  struct buffer *host = &request->json.scratch;
  struct header header;
  if (request->exchange.status / 100 != 3 ||
      !headers_find(&request->exchange.head, "location", &header))
    return 0;
  lua_pushlstring(L, header.value, header.value_length);
  buffer_wipe(host);
  if (!address_append_host(host, lua_tostring(L, -1)) || host->length == 0)
    return 0;
  lua_pushlstring(L, host->bytes, host->length);
  return 1;
}

/* request:has_asked() tells whether more than the thing itself was asked for,
** such as the end points of a vault. */
static int request_has_asked(lua_State *L)
{
  lua_pushboolean(L, request_check(L)->has_asked);
  return 1;
}

/* Secrets leave a text by their size, the longest first: one may be a part of
** another. Takes the secret at this index, where it is one of this size, out
** of the text. Gives back the size of one that is shorter, or else 0. */
static size_t scrub_value(lua_State *L, struct buffer *text, int index,
                          size_t size)
{
  const struct secret *secret = secret_test(L, index);
  if (!secret || !secret->bytes)
    return 0;
  if (secret->length == size && !scrub(text, secret->bytes, size))
    luaL_error(L, "not enough memory");
  return secret->length < size ? secret->length : 0;
}

static size_t larger(size_t a, size_t b)
{
  return a > b ? a : b;
}

/* The same for all secrets in the table on top, where it is one, and in the
** tables in it; the largest of the sizes. */
static size_t scrub_all(lua_State *L, struct buffer *text, int depth,
                        size_t size)
{
  size_t next = 0;
  luaL_checkstack(L, 4, "secrets");
  if (!lua_istable(L, -1))
    return 0;
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    next = larger(next, scrub_value(L, text, -1, size));
    if (depth > 0)
      next = larger(next, scrub_all(L, text, depth - 1, size));
    lua_pop(L, 1);
  }
  return next;
}

/* The same for all that request:scrub has put onto the stack. */
static size_t scrub_kept(lua_State *L, struct buffer *text, size_t size)
{
  enum { TOKEN = 3, SECRETS, HELD };
  size_t next = scrub_value(L, text, TOKEN, size);
  lua_pushvalue(L, SECRETS);
  next = larger(next, scrub_all(L, text, 0, size));
  lua_pushvalue(L, HELD);
  next = larger(next, scrub_all(L, text, 1, size));
  lua_pop(L, 2);
  return next;
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

/* request:scrub(text) gives a text that came from elsewhere without the
** secrets of the client and of the request, in whatever form it repeats
** them. */
static int request_scrub(lua_State *L)
{
  struct request *request = request_check(L);
  struct buffer *text = &request->json.scratch; /* wiped with the request */
  size_t length;
  const char *given = luaL_checklstring(L, 2, &length);
  if (!request->client->transfers.multi) { /* closed: its secrets are wiped */
    lua_pushliteral(L, "[secret]");
    return 1;
  }
  buffer_wipe(text);
  if (!buffer_append(text, given, length))
    return luaL_error(L, "not enough memory");
  lua_settop(L, 2);
  lua_getiuservalue(L, 1, REQUEST_TOKEN);
  lua_getiuservalue(L, 1, REQUEST_SECRETS);
  lua_getiuservalue(L, 1, REQUEST_CLIENT);
  lua_getiuservalue(L, -1, CLIENT_ANCHORS);
  lua_replace(L, -2);
  for (size_t size = SIZE_MAX; size > 0;)
    size = scrub_kept(L, text, size);
  lua_pushlstring(L, text->bytes ? text->bytes : "", text->length);
  return 1;
}

/* Looking at it */

static void push_header(lua_State *L, const struct header *header)
{
  luaL_Buffer name;
  char *bytes = luaL_buffinitsize(L, &name, header->name_length);
  for (size_t i = 0; i < header->name_length; i++) {
    char byte = header->name[i];
    bytes[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
  }
  luaL_pushresultsize(&name, header->name_length);
  lua_pushlstring(L, header->value, header->value_length);
}

/* Pushes the headers by lower-case name; what comes twice is joined. */
static void push_headers(lua_State *L, const struct buffer *head)
{
  struct header header;
  size_t at = 0;
  lua_newtable(L);
  while (headers_next(head, &at, &header)) {
    push_header(L, &header);
    lua_pushvalue(L, -2);
    if (lua_rawget(L, -4) != LUA_TNIL) {
      lua_pushliteral(L, ", ");
      lua_pushvalue(L, -3);
      lua_concat(L, 3);
      lua_replace(L, -2);
    } else {
      lua_pop(L, 1);
    }
    lua_rawset(L, -3);
  }
}

/* request:response() gives { status =, headers =, body = } as they came, or
** nil where nothing came. */
static int request_response(lua_State *L)
{
  struct request *request = request_check(L);
  const struct exchange *exchange = &request->exchange;
  if (!exchange->is_done || exchange->head.length == 0)
    return 0;
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, exchange->status);
  lua_setfield(L, -2, "status");
  push_headers(L, &exchange->head);
  lua_setfield(L, -2, "headers");
  lua_pushlstring(L, exchange->body.bytes ? exchange->body.bytes : "",
                  exchange->body.length);
  lua_setfield(L, -2, "body");
  return 1;
}

/* The secret on top, a copy for a user, is wiped when the client is closed. */
static void note_shown(lua_State *L)
{
  lua_getiuservalue(L, 1, REQUEST_CLIENT);
  lua_insert(L, -2);
  client_note(L, lua_absindex(L, -2));
  lua_remove(L, -2);
}

/* Pushes the token as it goes into its header, as a secret. */
static void push_credential(lua_State *L, const struct request *request)
{
  const struct client *client = request->client;
  size_t scheme = strlen(client->token_scheme);
  size_t length = client->token ? client->token->length : 0;
  struct secret *both = secret_push_empty(L, scheme + length);
  memcpy(both->bytes, client->token_scheme, scheme);
  /* A finalizer may have closed the client or given it another token. */
  if (client->token && client->token->length == length && length > 0)
    memcpy(both->bytes + scheme, client->token->bytes, length);
  note_shown(L);
}

static void set_header(lua_State *L, const char *name, const char *value)
{
  if (!value)
    return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, name);
}

/* Copies the table on top, where it is one, into the one below; pops it. */
static void merge(lua_State *L)
{
  if (lua_istable(L, -1)) {
    lua_pushnil(L);
    while (lua_next(L, -2)) {
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_rawset(L, -5);
    }
  }
  lua_pop(L, 1);
}

/* Pushes the headers that would be sent, by name. */
static void describe_headers(lua_State *L, const struct request *request)
{
  lua_newtable(L);
  set_header(L, "Accept", request->operation->accept);
  set_header(L, "Content-Type", request->operation->content_type);
  if (!request->operation->is_public) {
    push_credential(L, request);
    lua_setfield(L, -2, request->client->token_header);
  }
  lua_getiuservalue(L, 1, REQUEST_CLIENT);
  client_push_anchor(L, -1, "headers");
  lua_remove(L, -2);
  merge(L);
  lua_getiuservalue(L, 1, REQUEST_HEADERS);
  merge(L);
}

static void describe_body(lua_State *L, const struct request *request)
{
  if (!request->operation->has_secrets) {
    lua_pushlstring(L, request->body.bytes, request->body.length);
    return;
  }
  secret_push(L, request->body.bytes ? request->body.bytes : "",
              request->body.length);
  note_shown(L);
}

/* request:describe() gives what would be sent: { method =, url =, headers =,
** body = }; the header with the token is a secret, and so is a body that has
** one. */
static int request_describe(lua_State *L)
{
  struct request *request = request_check(L);
  const struct operation *operation = request->operation;
  lua_settop(L, 1);
  lua_createtable(L, 0, 4);
  lua_pushstring(L, operation->method);
  lua_setfield(L, -2, "method");
  lua_pushlstring(L, request->url.bytes, request->url.length);
  lua_setfield(L, -2, "url");
  describe_headers(L, request);
  lua_setfield(L, -2, "headers");
  if (operation->content_type) {
    describe_body(L, request);
    lua_setfield(L, -2, "body");
  }
  return 1;
}

static int request_tostring(lua_State *L)
{
  struct request *request = request_check(L);
  lua_pushfstring(L, "coffer.request (%s %s)", request->operation->method,
                  request->url.bytes ? request->url.bytes : "");
  return 1;
}

void request_open_type(lua_State *L)
{
  static const luaL_Reg metamethods[] = {{"__gc", request_close},
                                         {"__close", request_stop},
                                         {"__tostring", request_tostring},
                                         {"__index", NULL},
                                         {NULL, NULL}};
  static const luaL_Reg methods[] = {{"start", request_start},
                                     {"step", request_step},
                                     {"stop", request_stop},
                                     {"abort", request_abort},
                                     {"finish", request_finish},
                                     {"response", request_response},
                                     {"describe", request_describe},
                                     {"generation", request_generation},
                                     {"key", request_key},
                                     {"forget", request_forget},
                                     {"body", request_body},
                                     {"header", request_header},
                                     {"has_asked", request_has_asked},
                                     {"scrub", request_scrub},
                                     {"forget_secrets", request_forget_secrets},
                                     {"status", request_status},
                                     {"has_body", request_has_body},
                                     {"target", request_target},
                                     {NULL, NULL}};
  if (luaL_newmetatable(L, REQUEST_TYPE)) {
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
  }
  type_mark(L, &request_type);
  lua_pop(L, 1);
}
