#ifndef COFFER_MISUSE_H
#define COFFER_MISUSE_H

#include "model/nearest.h"

#include <lua.h>

/* Raises an error that points at the line of the user, outside of coffer's own
** Lua files. */
_Noreturn void misuse(lua_State *L, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

int misuse_raise(lua_State *L);

/* The text that ends a message about an unknown name: " (did you mean ...)",
** whose option it is, or "". Stays on the stack. */
const char *misuse_hint(lua_State *L, const struct nearest_search *search);

#endif
