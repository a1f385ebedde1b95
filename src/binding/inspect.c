/* What Lua asks of a request: what it is about, what it would send, what came
** of it. */

#include "binding/inspect.h"

#include "binding/request.h"
#include "wire/address.h"
#include "wire/headers.h"
#include "wire/scrub.h"

#include <stdint.h>
#include <string.h>

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
  const char *name = lua_tostring(L, 2);
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
  const struct operation *operation = request_check(L)->operation;
  bool is_any = false;
  if (lua_type(L, 2) == LUA_TSTRING)
    return push_key_part(L, operation);
  lua_settop(L, 2);
  if (!lua_istable(L, 2))
    lua_createtable(L, 0, MAX_KEYS);
  for (int i = 0; i < MAX_KEYS && operation->keys[i]; i++) {
    bool is_there = lua_getiuservalue(L, 1, REQUEST_KEYS + i) != LUA_TNIL;
    is_any = is_any || is_there;
    lua_setfield(L, -2, key_name(operation->keys[i]));
  }
  if (!is_any)
    lua_pushnil(L);
  return 1;
}

/* Looking at its answer */

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
  if (request->is_read || request->exchange.status / 100 != 3 ||
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
static size_t scrub_by_size(lua_State *L, struct buffer *text, size_t size)
{
  enum { TOKEN = 3, SECRETS, ANCHORS };
  size_t next = scrub_value(L, text, TOKEN, size);
  lua_pushvalue(L, SECRETS);
  next = larger(next, scrub_all(L, text, 0, size));
  lua_pushvalue(L, ANCHORS);
  next = larger(next, scrub_all(L, text, 1, size));
  lua_pop(L, 2);
  return next;
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
  /* Closed, its secrets are wiped. While it is read, its buffer is in use. */
  if (!request->client->transfers.multi || request->is_read) {
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
    size = scrub_by_size(L, text, size);
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
  bool was_read = request->is_read;
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, exchange->status);
  lua_setfield(L, -2, "status");
  request->is_read = true; /* a finalizer may run meanwhile */
  push_headers(L, &exchange->head);
  request->is_read = was_read;
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
  client_wipe_at_close(L, lua_absindex(L, -2));
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

/* Copies the headers of the table on top, where it is one, into the table
** below, and pops it. Those of the client give way to the request's own. */
static void merge(lua_State *L, bool is_of_client)
{
  if (lua_istable(L, -1)) {
    lua_pushnil(L);
    while (lua_next(L, -2)) {
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      if (is_of_client && request_has_header(L, lua_tostring(L, -2)))
        lua_pop(L, 2);
      else
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
  merge(L, true);
  lua_getiuservalue(L, 1, REQUEST_HEADERS);
  merge(L, false);
}

static void describe_body(lua_State *L, const struct request *request)
{
  struct buffer body = request_body_to_send(request);
  const char *bytes = body.bytes ? body.bytes : "";
  if (!request->operation->has_secrets) {
    lua_pushlstring(L, bytes, body.length);
    return;
  }
  secret_push(L, bytes, body.length);
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

void inspect_open(lua_State *L)
{
  static const luaL_Reg methods[] = {{"describe", request_describe},
                                     {"generation", request_generation},
                                     {"has_asked", request_has_asked},
                                     {"has_body", request_has_body},
                                     {"header", request_header},
                                     {"key", request_key},
                                     {"response", request_response},
                                     {"scrub", request_scrub},
                                     {"status", request_status},
                                     {"target", request_target},
                                     {NULL, NULL}};
  request_add_methods(L, methods);
}
