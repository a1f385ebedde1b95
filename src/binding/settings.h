#ifndef COFFER_SETTINGS_H
#define COFFER_SETTINGS_H

#include <lua.h>

/* core.open(provider, options, resources): a client, or nil and what a failure
** tells. The options were checked by Lua and have all their defaults.
** `resources` are the metatables of its results, by the resource's name. */
int open_client(lua_State *L);

/* core.flaw(kind, text): what is wrong with a string or a secret, nil where
** nothing is. A kind is "header", "password" or "proxy". */
int settings_flaw(lua_State *L);

/* The seconds at the index as milliseconds; raises where no time-out can be so
** long. */
long settings_milliseconds(lua_State *L, int index);

#endif
