/* From the parameters of a call to a request that can be sent: its body, its
** address, and what is needed of them later. */

#include "binding/prepare.h"

#include "binding/failure.h"
#include "binding/marshal.h"
#include "binding/misuse.h"
#include "binding/request.h"
#include "binding/settings.h"
#include "wire/address.h"

#include <stddef.h>
#include <string.h>

/* Where the values of a call lie on the stack. */
enum {
  AT_CLIENT = 1,
  AT_PARAMETERS,
  AT_OPTIONS,
  AT_REQUEST,
  AT_PROBLEMS,
  AT_SECRETS
};

/* Pushes the name of the call, for messages. */
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

/* Pushes an option of the call, or nil. Lua has checked them. */
static int push_option(lua_State *L, const char *name)
{
  if (!lua_istable(L, AT_OPTIONS)) {
    lua_pushnil(L);
    return LUA_TNIL;
  }
  lua_pushstring(L, name);
  return lua_rawget(L, AT_OPTIONS);
}

/* Pushes the option, or nil. Raises where the call has no body to add to. */
static void push_extra(lua_State *L, const struct provider *provider,
                       const struct operation *operation)
{
  if (push_option(L, "extra") != LUA_TNIL && !operation->content_type)
    misuse(L, "%s: option 'extra' must not be given, this call has no body",
           call_name(L, provider, operation));
}

static void take_timeout(lua_State *L, struct request *request)
{
  if (push_option(L, "timeout") != LUA_TNIL)
    request->timeout = settings_milliseconds(L, -1);
  lua_pop(L, 1);
}

/* JSON's null counts as not given. */
static bool is_value(int type)
{
  return type != LUA_TNIL && type != LUA_TLIGHTUSERDATA;
}

/* Pushes a parameter, or the client's setting of this name, or nil. */
static int push_parameter(lua_State *L, const char *name, size_t length)
{
  const struct client *client = lua_touserdata(L, AT_CLIENT);
  lua_pushlstring(L, name, length);
  if (is_value(lua_rawget(L, AT_PARAMETERS)))
    return lua_type(L, -1);
  lua_pop(L, 1);
  if (!client->has_parameters) {
    lua_pushnil(L);
    return LUA_TNIL;
  }
  client_push_anchor(L, AT_CLIENT, "parameters");
  lua_pushlstring(L, name, length);
  lua_rawget(L, -2);
  lua_remove(L, -2);
  return lua_type(L, -1);
}

/* The address. What builds it gives false when there is no memory. It runs only
** where the parameters have no problem. */

/* Appends the text of a parameter, escaped. */
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

/* Appends the address: the base URL and the path, whose {names} are those of
** parameters. */
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

/* Appends `name=value` behind the mark. */
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
  if (field->flags & FIELD_FIXED)
    return true;
  int type = push_parameter(L, field->name, strlen(field->name));
  lua_pop(L, 1);
  return is_value(type);
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

/* A link is followed only to where the base URL leads as well. One that is
** refused is a problem. */
static void append_link(lua_State *L, struct request *request,
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
}

/* Writes the address, which may show one more problem: a link that leads
** elsewhere. Behind it the address ends with a zero. */
static void build_url(lua_State *L, struct request *request)
{
  const struct field *link = link_parameter(request->operation->parameters);
  bool is_built = true;
  if (link)
    append_link(L, request, link);
  else
    is_built = append_path(L, request) && append_query(L, request);
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

/* Moves a body with secrets into a secret, which is wiped with the client. To
** free the buffer wipes the first copy. */
static void hide_body(lua_State *L, struct request *request)
{
  const struct buffer *body = &request->body;
  secret_push(L, body->bytes, body->length);
  request->secret_body = secret_test(L, -1);
  buffer_free(&request->body);
  client_wipe_at_close(L, AT_CLIENT);
  lua_setiuservalue(L, AT_REQUEST, REQUEST_BODY);
}

/* Writes the body, and the list of problems where there are any. Leaves option
** `extra` on the stack. */
static void write_body(lua_State *L, struct request *request)
{
  const struct operation *operation = request->operation;
  struct writing writing = {&request->body, AT_PROBLEMS, AT_SECRETS};
  push_extra(L, request->client->provider, operation);
  bool has_extra = lua_istable(L, -1);
  marshal_write(L, &writing, operation->parameters, AT_PARAMETERS,
                has_extra ? lua_gettop(L) : 0);
  if (operation->needs_change && !has_extra && !gives_change(L, operation))
    marshal_problem(L, AT_PROBLEMS, NULL, "nothing to change is given");
  if (!operation->content_type)
    buffer_free(&request->body);
}

/* Keeps with the request what else is needed of its parameters. */
static void keep_parameters(lua_State *L, struct request *request)
{
  const struct operation *operation = request->operation;
  keep_keys(L, operation);
  keep_headers(L, request);
  request->has_asked = asks_for_more(L, operation);
  if (!lua_isnil(L, AT_SECRETS)) {
    lua_pushvalue(L, AT_SECRETS);
    lua_setiuservalue(L, AT_REQUEST, REQUEST_SECRETS);
  }
  if (operation->has_secrets)
    hide_body(L, request);
}

/* prepare(client, parameters, options): a request that is not sent, or nil and
** the facts of a failure. The body is written into the request: where an error
** is raised on the way, Lua frees it with that. */
static int prepare(lua_State *L)
{
  const struct provider *provider = lua_touserdata(L, lua_upvalueindex(1));
  const struct operation *operation = lua_touserdata(L, lua_upvalueindex(2));
  client_check(L, AT_CLIENT, provider, operation->name);
  lua_settop(L, AT_OPTIONS);
  settle_parameters(L, provider, operation);
  struct request *request = request_push(L, AT_CLIENT, operation);
  take_timeout(L, request);
  lua_settop(L, AT_SECRETS); /* no problems yet, and no secrets */
  write_body(L, request);
  if (lua_isnil(L, AT_PROBLEMS))
    build_url(L, request);
  if (!lua_isnil(L, AT_PROBLEMS))
    return failure_push_refusal(L, "invalid", provider->name, operation->name,
                                AT_PROBLEMS);
  keep_parameters(L, request);
  lua_settop(L, AT_REQUEST);
  return 1;
}

void prepare_push(lua_State *L, const struct provider *provider,
                  const struct operation *operation)
{
  client_push_constant(L, provider);
  client_push_constant(L, operation);
  lua_pushcclosure(L, prepare, 2);
}
