/* The client userdata: its life, its token, and what Lua asks of it. */

#include "binding/client.h"

#include "binding/misuse.h"
#include "version.h"
#include "wire/address.h"

#include <lauxlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_TOKEN = 64 * 1024 /* bytes, where it is set later */ };

#define COFFER_AGENT "coffer/" COFFER_VERSION

/* The registry has the metatables of clients as the keys of this table: they
** tell clients from other userdata. A field of theirs would not, as programs
** can set one of any metatable. It is a name, not an address, as the module may
** be loaded from several files, whose clients work with each other. */
#define CLIENT_TYPES "coffer.clients"

const char *client_type_name(lua_State *L, const struct provider *provider)
{
  return lua_pushfstring(L, "coffer.%s", provider->name);
}

/* Life */

struct client *client_push(lua_State *L, const struct provider *provider)
{
  const char *type = client_type_name(L, provider);
  struct client *client = lua_newuserdatauv(L, sizeof *client, CLIENT_USES);
  *client = (struct client){.provider = provider,
                            .token_header = provider->token_header,
                            .token_scheme = provider->token_scheme,
                            .process = getpid(),
                            .route = {.user_agent = COFFER_AGENT}};
  luaL_setmetatable(L, type);
  lua_remove(L, -2);
  return client;
}

/* Connections of another process are not closed, only forgotten: closing them
** would end the sessions of the process that opened them. */
static void release(struct client *client)
{
  if (client->transfers.multi && client->process == getpid())
    transfers_close(&client->transfers);
  client->transfers.multi = NULL;
}

/* The client of whatever provider at the index, or NULL. The stack stays as it
** is. */
static struct client *client_test(lua_State *L, int index)
{
  if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index))
    return NULL;
  lua_getfield(L, LUA_REGISTRYINDEX, CLIENT_TYPES);
  lua_insert(L, -2);
  bool is_client = lua_rawget(L, -2) != LUA_TNIL;
  lua_pop(L, 2);
  return is_client ? lua_touserdata(L, index) : NULL;
}

struct client *client_of_any(lua_State *L, int index)
{
  struct client *client = client_test(L, index);
  while (!client) /* it does not come back, though its type does not say so */
    luaL_typeerror(L, index, "coffer client");
  return client;
}

/* Wipes the secrets among the values of the table on top, and of the tables in
** it down to a depth: Lua has some of these, and may have put one into itself.
** Neither allocates nor raises. */
static void wipe_secrets(lua_State *L, int depth)
{
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    struct secret *secret = secret_test(L, -1);
    if (secret)
      secret_wipe(secret);
    else if (depth > 0 && lua_istable(L, -1))
      wipe_secrets(L, depth - 1);
    lua_pop(L, 1);
  }
}

/* The table is weak: it finds the secrets that are still there, and keeps none
** of them alive. */
void client_wipe_at_close(lua_State *L, int index)
{
  int value = lua_gettop(L);
  lua_getiuservalue(L, index, CLIENT_ANCHORS);
  if (!luaL_getsubtable(L, -1, "shown")) {
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "kv");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
  }
  lua_pushvalue(L, value);
  lua_pushvalue(L, value);
  lua_rawset(L, -3);
  lua_settop(L, value);
}

/* client:close(), __gc and __close. May be called again. What was under way
** ends before its token does. There are no anchors where making the client
** failed early. */
static int client_close(lua_State *L)
{
  release(client_of_any(L, 1));
  if (lua_getiuservalue(L, 1, CLIENT_ANCHORS) == LUA_TTABLE)
    wipe_secrets(L, 1);
  return 0;
}

void client_check_open(lua_State *L, const struct client *client)
{
  if (client->process != getpid())
    misuse(L,
           "%s: the client was made in another process; make a new one "
           "after fork",
           client->provider->name);
  if (!client->transfers.multi)
    misuse(L, "%s: the client is closed", client->provider->name);
}

struct client *client_check(lua_State *L, int index,
                            const struct provider *provider, const char *method)
{
  struct client *client = client_test(L, index);
  /* another copy of this module has other constants */
  if (!client || strcmp(client->provider->name, provider->name) != 0) {
    bool is_named = luaL_getmetafield(L, index, "__name") == LUA_TSTRING;
    misuse(L, "%s:%s was called on a %s: write it with a colon", provider->name,
           method, is_named ? lua_tostring(L, -1) : luaL_typename(L, index));
  }
  client_check_open(L, client);
  return client;
}

static int client_tostring(lua_State *L)
{
  struct client *client = client_of_any(L, 1);
  lua_pushfstring(L, "coffer.%s (%s%s)", client->provider->name,
                  client->base_url ? client->base_url : "no address",
                  client->transfers.multi ? "" : ", closed");
  return 1;
}

void client_push_anchor(lua_State *L, int index, const char *name)
{
  lua_getiuservalue(L, index, CLIENT_ANCHORS);
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

/* What Lua asks of a client */

int client_settings(lua_State *L)
{
  static const char *const kinds[] = {"credentials", "parameters", NULL};
  const struct client *client = client_of_any(L, 1);
  const char *kind = kinds[luaL_checkoption(L, 2, NULL, kinds)];
  if (!client->transfers.multi)
    return 0;
  client_push_anchor(L, 1, kind);
  return 1;
}

int client_authorization(lua_State *L)
{
  const struct client *client = client_of_any(L, 1);
  lua_pushstring(L, client->token_header);
  lua_pushstring(L, client->token_scheme);
  return 2;
}

/* The environment's default CA file counts as well. */
void client_look_at_files(struct client *client)
{
  const struct route *route = &client->route;
  if (client->files.next == 0) { /* libcurl's version takes time to tell */
    client->files.paths[0] = exchange_ca_file(route);
    client->files.paths[1] = route->client_certificate;
    client->files.paths[2] = route->client_key;
  }
  if (files_changed(&client->files))
    transfers_renew(&client->transfers);
}

int client_token_generation(lua_State *L)
{
  const struct client *client = client_of_any(L, 1);
  if (!client->token)
    return 0;
  lua_pushinteger(L, client->token_generation);
  return 1;
}

/* True where the client has this token already. */
static bool is_same_token(const struct secret *token, const char *text,
                          size_t length)
{
  return token && token->length == length &&
         memcmp(token->bytes, text, length) == 0;
}

/* In whatever letter case: users copy whole headers. */
static bool begins_with_bearer(const char *text)
{
  static const char scheme[] = "bearer ";
  size_t length = 0;
  while (scheme[length] && (text[length] | 0x20) == scheme[length])
    length++;
  return !scheme[length];
}

const char *client_check_token(const struct client *client, const char *text,
                               size_t length)
{
  const char *wrong = address_check_header_value(text, length);
  if (wrong || !memchr(text, ' ', length) ||
      (client->provider->token_has_blank && !*client->token_scheme))
    return wrong;
  return begins_with_bearer(text)
             ? "must be the token alone, without 'Bearer' before it"
             : "must not have a blank: give the token alone, without a scheme "
               "or a name before it";
}

static const char *check_token(const struct client *client, const char *text,
                               size_t length)
{
  if (length > MAX_TOKEN)
    return "must not have more than 65536 bytes";
  return client_check_token(client, text, length);
}

/* The new secret is anchored before the client points to it. The old one is
** not wiped: requests that were sent with it hold it, to scrub their
** answers. */
int client_set_token(lua_State *L)
{
  struct client *client = client_of_any(L, 1);
  size_t length = 0;
  lua_settop(L, 2);
  const char *text = secret_text(L, 2, &length);
  const char *wrong;
  if (!client->transfers.multi)
    wrong = "came too late: the client is closed";
  else
    wrong = text ? check_token(client, text, length) : secret_wanted(L, 2);
  if (wrong || !text) {
    lua_pushnil(L);
    lua_pushstring(L, wrong);
    return 2;
  }
  bool is_same = is_same_token(client->token, text, length);
  lua_getiuservalue(L, 1, CLIENT_ANCHORS);
  secret_push(L, text, length);
  const struct secret *token = secret_test(L, -1);
  lua_setfield(L, -2, "token");
  if (client->token && !is_same && client->process == getpid())
    transfers_renew(&client->transfers);
  client->token = token;
  client->token_generation += !is_same;
  lua_pushboolean(L, 1);
  return 1;
}

/* Types */

/* Light userdata is never written to here; Lua's type has no const. */
void client_push_constant(lua_State *L, const void *data)
{
  union {
    const void *constant;
    void *pointer;
  } both = {data};
  lua_pushlightuserdata(L, both.pointer);
}

/* A client has no method but close() until Lua adds those of its calls. */
static void open_type(lua_State *L, const struct provider *provider)
{
  static const luaL_Reg metamethods[] = {{"__gc", client_close},
                                         {"__close", client_close},
                                         {"__tostring", client_tostring},
                                         {"__index", NULL},
                                         {NULL, NULL}};
  static const luaL_Reg methods[] = {{"close", client_close}, {NULL, NULL}};
  if (luaL_newmetatable(L, client_type_name(L, provider))) {
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    luaL_getsubtable(L, LUA_REGISTRYINDEX, CLIENT_TYPES);
    lua_insert(L, -2);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
  }
  lua_pop(L, 2);
}

void client_open_types(lua_State *L)
{
  for (const struct provider *const *each = providers; *each; each++)
    open_type(L, *each);
}
