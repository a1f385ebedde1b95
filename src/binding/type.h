#ifndef COFFER_TYPE_H
#define COFFER_TYPE_H

#include <lua.h>

/* Types of userdata. A type is an address, and its metatable has it for a key:
** to tell it, no name is made and hashed. */

/* Marks the metatable on top as one of this type. */
void type_mark(lua_State *L, const void *type);

/* Gives the userdata on top the metatable that was marked last. */
void type_set(lua_State *L, const void *type);

/* The userdata of this type at the index, or NULL where there is another
** thing. */
void *type_test(lua_State *L, int index, const void *type);

/* The same, but raises, as luaL_checkudata does. */
void *type_check(lua_State *L, int index, const void *type, const char *name);

#endif
