/* The shared marshaller: Lua tables to JSON and back in one pass each, guided
** by a schema. Here is what both ways need. */

#include "marshal_parts.h"

#include <lauxlib.h>

#define MARKS "coffer.array_marks"

/* Marks */

void marshal_open(lua_State *L)
{
  luaL_newmetatable(L, ARRAY_TYPE);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, MARKS);
  lua_insert(L, -2);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

int marshal_array_mark(lua_State *L)
{
  bool is_metatable = lua_toboolean(L, 2);
  luaL_argexpected(
      L, lua_istable(L, 1) || (lua_islightuserdata(L, 1) && !is_metatable), 1,
      is_metatable ? "table" : "table or light userdata");
  luaL_getsubtable(L, LUA_REGISTRYINDEX, MARKS);
  lua_pushvalue(L, 1);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  if (is_metatable) {
    lua_pushvalue(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, ARRAY_TYPE);
  }
  return 0;
}

bool marshal_pop_is_mark(lua_State *L)
{
  lua_getfield(L, LUA_REGISTRYINDEX, MARKS);
  lua_insert(L, -2);
  bool is_mark = lua_rawget(L, -2) != LUA_TNIL;
  lua_pop(L, 2);
  return is_mark;
}

void marshal_push_names(lua_State *L, const struct schema *schema)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, schema) == LUA_TTABLE)
    return;
  lua_pop(L, 1);
  lua_createtable(L, (int)schema->field_count, 0);
  for (size_t i = 0; i < schema->field_count; i++) {
    lua_pushstring(L, schema->fields[i].name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, schema);
}
