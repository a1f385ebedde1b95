/* Errors of the caller. */

#include "misuse.h"

#include <lauxlib.h>
#include <stdarg.h>

/* lua_pushvfstring knows %s, %d, %I, %f, %c, %p and %%. */
_Noreturn void misuse(lua_State *L, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  luaL_where(L, 2);
  lua_pushvfstring(L, format, arguments);
  va_end(arguments);
  lua_concat(L, 2);
  for (;;) /* it does not come back, though its type does not say so */
    lua_error(L);
}

const char *misuse_hint(lua_State *L, const char *nearest)
{
  if (!nearest)
    return "";
  return lua_pushfstring(L, " (did you mean '%s'?)", nearest);
}
