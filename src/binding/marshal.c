/* The shared marshaller: Lua tables to JSON and back in one pass each, guided
** by a schema. Here is what both ways need. */

#include "binding/marshal_parts.h"

/* Tables in the registry. All that marks arrays is a key of the first one; the
** second has the labels of each schema. */
#define MARKS "coffer.array_marks"
#define LABELS "coffer.labels"

/* Marks */

void marshal_open(lua_State *L)
{
  luaL_newmetatable(L, ARRAY_TYPE);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, MARKS);
  lua_insert(L, -2);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LABELS);
  lua_pop(L, 2);
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

/* Pushes the userdata with room for the labels and their texts. */
static void push_room(lua_State *L, const struct schema *schema)
{
  size_t size = schema->field_count * sizeof(struct json_label);
  for (size_t i = 0; i < schema->field_count; i++)
    size += json_label_size(schema->fields[i].name);
  lua_newuserdatauv(L, size, (int)schema->field_count + 1);
}

/* Pushes the labels of a schema. Their texts lie behind them in the same
** userdata, which Lua does not move. */
static void make_labels(lua_State *L, const struct schema *schema)
{
  push_room(L, schema);
  struct json_label *labels = lua_touserdata(L, -1);
  char *room = (char *)(labels + schema->field_count);
  for (size_t i = 0; i < schema->field_count; i++) {
    const char *name = schema->fields[i].name;
    json_make_label(&labels[i], room, name);
    room += json_label_size(name);
    lua_pushstring(L, name);
    lua_setiuservalue(L, -2, (int)i + 1);
  }
  if (schema->resource) {
    lua_pushstring(L, schema->resource);
    lua_setiuservalue(L, -2, (int)schema->field_count + 1);
  }
}

void marshal_push_cache(lua_State *L)
{
  lua_getfield(L, LUA_REGISTRYINDEX, LABELS);
}

/* The key is the address of the schema as an integer: Lua finds that faster
** than a light userdata. The index of the cache is absolute. */
const struct json_label *marshal_push_labels(lua_State *L, int cache,
                                             const struct schema *schema)
{
  lua_Integer key = (lua_Integer)(uintptr_t)schema;
  if (lua_rawgeti(L, cache, key) != LUA_TUSERDATA) {
    lua_pop(L, 1);
    make_labels(L, schema);
    lua_pushvalue(L, -1);
    lua_rawseti(L, cache, key);
  }
  return lua_touserdata(L, -1);
}
