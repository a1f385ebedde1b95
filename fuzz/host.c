/* The Lua state that the targets under fuzz/ run in. */

#include "host.h"

#include <lauxlib.h>
#include <lualib.h>

#include <stdio.h>
#include <stdlib.h>

int luaopen_coffer_core(lua_State *L);

static void end_with(const char *text)
{
  fprintf(stderr, "%s\n", text);
  abort();
}

lua_State *host_state(void)
{
  lua_State *L = luaL_newstate();
  if (!L)
    end_with("there is no memory for Lua");
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_coffer_core);
  lua_setfield(L, -2, "coffer.core");
  lua_getglobal(L, "package");
  lua_pushliteral(L, "lua/?.lua;lua/?/init.lua;fuzz/?.lua;"
                     "spec/support/?.lua");
  lua_setfield(L, -2, "path");
  lua_settop(L, 0);
  return L;
}

void host_load(lua_State *L, const char *name)
{
  lua_settop(L, 0);
  lua_pushfstring(L, "fuzz/%s.lua", name);
  if (luaL_loadfile(L, lua_tostring(L, 1)) || lua_pcall(L, 0, 1, 0))
    end_with(lua_tostring(L, -1));
  lua_remove(L, 1);
}

void host_call(lua_State *L, const uint8_t *bytes, size_t length)
{
  lua_settop(L, 1);
  lua_pushvalue(L, 1);
  lua_pushlstring(L, (const char *)bytes, length);
  if (lua_pcall(L, 1, 0, 0))
    end_with(luaL_tolstring(L, -1, NULL));
}
