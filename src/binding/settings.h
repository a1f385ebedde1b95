#ifndef COFFER_SETTINGS_H
#define COFFER_SETTINGS_H

#include <lua.h>

/* core.open(provider, options, things): a client, or nil and what a failure
** tells. `things` are the metatables of its results, by the thing's name. */
int open_client(lua_State *L);

#endif
