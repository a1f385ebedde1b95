#ifndef COFFER_PATH_H
#define COFFER_PATH_H

#include <lua.h>

/* core.member(value, path): the value at a path, whatever metatables there are
** on the way; "" is the value itself, a number the item of a list. Nil where
** there is none, or null. */
int path_get(lua_State *L);

#endif
