/* Telling coffer's userdata apart. */

#include "binding/type.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdint.h>

/* Lua finds integers faster than pointers. */
static lua_Integer key_of(const void *type)
{
  return (lua_Integer)(uintptr_t)type;
}

void type_mark(lua_State *L, const void *type)
{
  lua_pushboolean(L, 1);
  lua_rawseti(L, -2, key_of(type));
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, type);
}

void type_set(lua_State *L, const void *type)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, type);
  lua_setmetatable(L, -2);
}

void *type_test(lua_State *L, int index, const void *type)
{
  if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index))
    return NULL;
  bool is_it = lua_rawgeti(L, -1, key_of(type)) != LUA_TNIL;
  lua_pop(L, 2);
  return is_it ? lua_touserdata(L, index) : NULL;
}

void *type_check(lua_State *L, int index, const void *type, const char *name)
{
  void *object = type_test(L, index, type);
  if (!object)
    luaL_typeerror(L, index, name);
  return object;
}
