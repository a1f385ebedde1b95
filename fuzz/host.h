#ifndef COFFER_FUZZ_HOST_H
#define COFFER_FUZZ_HOST_H

#include <lua.h>

#include <stddef.h>
#include <stdint.h>

/* A Lua state that finds the checkout's coffer, whose core is linked into this
** program. It lives as long as the process. */
lua_State *host_state(void);

/* Runs fuzz/NAME.lua once, which gives a function, and leaves it on the
** stack. */
void host_load(lua_State *L, const char *name);

/* Calls the function at the bottom of the stack with these bytes. An error
** that it raises is a finding: the process ends. */
void host_call(lua_State *L, const uint8_t *bytes, size_t length);

#endif
