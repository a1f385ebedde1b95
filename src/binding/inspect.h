#ifndef COFFER_INSPECT_H
#define COFFER_INSPECT_H

#include <lua.h>

/* Adds to a request's methods those that look at it. */
void inspect_open(lua_State *L);

#endif
