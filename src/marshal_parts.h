#ifndef COFFER_MARSHAL_PARTS_H
#define COFFER_MARSHAL_PARTS_H

#include "marshal.h"

/* What the marshaller's two ways have in common. For them alone. */

/* The metatable of empty arrays, in the registry. */
#define ARRAY_TYPE "coffer.array"

/* The slots of the stack that one level of values takes, at the most. */
enum { LEVEL = 20 };

/* Takes the value on top and says whether it marks arrays. */
bool marshal_pop_is_mark(lua_State *L);

/* Pushes a userdata with what a schema's names are written as, in order, and
** gives it back. Its user values are the names as Lua strings, and behind them
** the name of the thing. Made once for each Lua state, so that no name is
** hashed or measured again. */
const struct json_label *marshal_push_labels(lua_State *L,
                                             const struct schema *schema);

#endif
