/* coffer.core: what Lua sees of the C side. */

#include "binding/client.h"
#include "binding/describe.h"
#include "binding/hand_over.h"
#include "binding/inspect.h"
#include "binding/lock.h"
#include "binding/loop.h"
#include "binding/marshal.h"
#include "binding/misuse.h"
#include "binding/path.h"
#include "binding/request.h"
#include "binding/response.h"
#include "binding/secret.h"
#include "binding/settings.h"
#include "binding/system.h"
#include "version.h"

#include <curl/curl.h>
#include <lauxlib.h>

#define COFFER_EXPORT __attribute__((visibility("default")))

enum { MIN_CURL = 0x075400 }; /* 7.84.0 */

/* core.providers: the title of each provider by its name. */
static void push_providers(lua_State *L)
{
  lua_newtable(L);
  for (const struct provider *const *each = providers; *each; each++) {
    lua_pushstring(L, (*each)->title);
    lua_setfield(L, -2, (*each)->name);
  }
}

/* libcurl at run time may be another than the one of the build. */
static void check_curl(lua_State *L)
{
  const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
  if (version->version_num < MIN_CURL)
    luaL_error(L, "coffer needs libcurl 7.84 or newer, this is %s",
               version->version);
  if (!(version->features & CURL_VERSION_SSL))
    luaL_error(L, "coffer needs a libcurl with TLS");
  if (!(version->features & CURL_VERSION_ASYNCHDNS))
    luaL_error(L, "coffer needs a libcurl with a resolver in threads");
  if (!(version->features & CURL_VERSION_THREADSAFE))
    luaL_error(L, "coffer needs a libcurl that is safe to start in threads");
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    luaL_error(L, "libcurl cannot be started");
}

/* Sets a table of what Lua keeps about objects, by the object and no longer
** than it lives. It is the same one however often the module is loaded. */
static void set_keeping(lua_State *L, const char *name, const char *key)
{
  if (luaL_getsubtable(L, LUA_REGISTRYINDEX, key)) {
    lua_setfield(L, -2, name);
    return;
  }
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_setfield(L, -2, name);
}

static const luaL_Reg functions[] = {
    {"answers", describe_answers},
    {"array_mark", marshal_array_mark},
    {"authorization", client_authorization},
    {"clock", system_clock},
    {"create_private", system_create_private},
    {"describe", describe_provider},
    {"descriptor", loop_descriptor},
    {"hand_over", hand_over},
    {"finished", loop_finished},
    {"flaw", settings_flaw},
    {"lock", lock_take},
    {"misuse", misuse_raise},
    {"member", path_get},
    {"is_terminal", system_is_terminal},
    {"open", open_client},
    {"read_token", system_read_token},
    {"secret", secret_new},
    {"settings", client_settings},
    {"set_token", client_set_token},
    {"sleep", system_sleep},
    {"step", loop_step},
    {"sync", system_sync},
    {"timeout", loop_timeout},
    {"wait", loop_wait},
    {"token_generation", client_token_generation},
    {NULL, NULL}};

COFFER_EXPORT int luaopen_coffer_core(lua_State *L);

int luaopen_coffer_core(lua_State *L)
{
  luaL_checkversion(L);
  check_curl(L);
  secret_open(L);
  lock_open(L);
  marshal_open(L);
  request_open(L);
  response_open(L);
  inspect_open(L);
  client_open_types(L);
  luaL_newlib(L, functions);
  lua_pushlightuserdata(L, MARSHAL_NULL);
  lua_setfield(L, -2, "null");
  set_keeping(L, "holders", "coffer.holders");
  set_keeping(L, "origins", "coffer.origins");
  set_keeping(L, "states", "coffer.states");
  push_providers(L);
  lua_setfield(L, -2, "providers");
  lua_pushliteral(L, COFFER_VERSION);
  lua_setfield(L, -2, "version");
  return 1;
}
