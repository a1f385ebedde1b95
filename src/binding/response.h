#ifndef COFFER_RESPONSE_H
#define COFFER_RESPONSE_H

#include <lua.h>

/* Adds to a request's methods those that read its answer. */
void response_open(lua_State *L);

#endif
