#ifndef COFFER_MISUSE_H
#define COFFER_MISUSE_H

#include <lua.h>

/* Raises an error that points at the line of the user, outside of coffer's own
** Lua files. */
_Noreturn void misuse(lua_State *L, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

int misuse_raise(lua_State *L);

/* Where to cut a longer text so that no UTF-8 sequence is cut in two: `max`,
** or a little less. */
size_t utf8_prefix(const char *text, size_t max);

#endif
