#ifndef COFFER_LOCK_H
#define COFFER_LOCK_H

#include <lua.h>

void lock_open(lua_State *L);

/* core.lock(path): a lock on that file, which holds until it is closed or
** collected; false where somebody else has it; or nil and what is wrong with
** the file. It is made where it is not there, and never deleted. */
int lock_take(lua_State *L);

#endif
