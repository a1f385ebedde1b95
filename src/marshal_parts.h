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

/* Pushes a schema's field names as Lua strings, in order: made once for each
** Lua state, so that no name is hashed again. */
void marshal_push_names(lua_State *L, const struct schema *schema);

#endif
