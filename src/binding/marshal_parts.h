#ifndef COFFER_MARSHAL_PARTS_H
#define COFFER_MARSHAL_PARTS_H

#include "binding/marshal.h"

#include <lauxlib.h>

/* What the marshaller's two ways have in common. For them alone. */

/* The metatable of empty arrays, in the registry. */
#define ARRAY_TYPE "coffer.array"

/* The slots of the stack that one level of values takes, at the most. */
enum { LEVEL = 20 };

/* Makes room on the stack for one more level and so many slots. */
static inline void marshal_reserve(lua_State *L, int more)
{
  if (!lua_checkstack(L, LEVEL + more))
    luaL_error(L, "stack overflow (JSON)");
}

/* Takes the value on top and says whether it marks arrays. */
bool marshal_pop_is_mark(lua_State *L);

/* Pushes the table of what is made once for each Lua state and schema. */
void marshal_push_cache(lua_State *L);

/* Pushes a userdata with what a schema's names are written as, in order, and
** gives it back. Its user values are the names as Lua strings, and behind them
** the name of the resource. Made once: no name is hashed or measured again. */
const struct json_label *marshal_push_labels(lua_State *L, int cache,
                                             const struct schema *schema);

#endif
