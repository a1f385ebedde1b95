/* Paths such as "response.entity.clientName" in a result. */

#include "binding/path.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

enum { AT_VALUE = 1, AT_PATH };

/* Pushes one name of the path; digits are the number of an item. A name that is
** all of the path is that string of Lua, and not copied. */
static void push_name(lua_State *L, const char *name, size_t length,
                      bool is_all)
{
  bool is_number =
      *name >= '0' && *name <= '9' && strspn(name, "0123456789") >= length;
  if (is_all && !is_number) {
    lua_pushvalue(L, AT_PATH);
    return;
  }
  lua_pushlstring(L, name, length);
  if (is_number) {
    lua_pushinteger(L, lua_tointeger(L, -1));
    lua_remove(L, -2);
  }
}

/* Replaces the value by what it has under the name on top, which goes. False
** where it is no table. */
static bool step_into(lua_State *L)
{
  if (lua_type(L, AT_VALUE) != LUA_TTABLE)
    return false;
  lua_rawget(L, AT_VALUE);
  lua_replace(L, AT_VALUE);
  return true;
}

/* Most paths are the name of a field. */
static bool is_name(const char *path, size_t length)
{
  return length > 0 && (*path < '0' || *path > '9') &&
         !memchr(path, '.', length);
}

int path_get(lua_State *L)
{
  size_t left;
  const char *path = luaL_checklstring(L, AT_PATH, &left), *at = path;
  lua_settop(L, AT_PATH);
  if (is_name(path, left) && lua_istable(L, AT_VALUE)) {
    if (lua_rawget(L, AT_VALUE) == LUA_TLIGHTUSERDATA) /* null is not there */
      lua_pushnil(L);
    return 1;
  }
  bool is_found = true;
  while (is_found && left > 0) {
    const char *dot = memchr(at, '.', left);
    size_t length = dot ? (size_t)(dot - at) : left;
    push_name(L, at, length, !dot && at == path);
    is_found = step_into(L);
    left -= dot ? length + 1 : length;
    at += dot ? length + 1 : length;
  }
  bool is_there = is_found && lua_type(L, AT_VALUE) != LUA_TLIGHTUSERDATA;
  lua_settop(L, is_there ? AT_VALUE : 0); /* null is not there */
  lua_settop(L, 1);
  return 1;
}
