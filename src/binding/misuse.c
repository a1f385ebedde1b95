/* Errors of the caller. */

#include "binding/misuse.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <string.h>

/* The length of the folder of coffer's Lua files in the path of one of them, 0
** for any other file. */
static size_t root_of(const char *source)
{
  static const char root[] = "coffer/";
  size_t length = 0;
  for (const char *at = source; (at = strstr(at, root)); at++)
    length = (size_t)(at - source) + sizeof root - 1;
  return length;
}

/* Pushes the place to blame: the first line above that is not in coffer's own
** files, one of which called into C. */
static void push_place(lua_State *L)
{
  lua_Debug own, above;
  size_t length = 0;
  if (lua_getstack(L, 1, &own) && lua_getinfo(L, "S", &own))
    length = root_of(own.source);
  if (length == 0) {
    luaL_where(L, 1);
    return;
  }
  for (int level = 2; lua_getstack(L, level, &above); level++) {
    lua_getinfo(L, "Sl", &above);
    if (above.currentline > 0 &&
        strncmp(own.source, above.source, length) != 0) {
      lua_pushfstring(L, "%s:%d: ", above.short_src, above.currentline);
      return;
    }
  }
  lua_pushliteral(L, "");
}

/* What a caller gave is in the message, and may be of any length: of a long
** message the head and the tail are kept. */
static void cut_middle(lua_State *L)
{
  enum { MAX = 512, HEAD = 320, TAIL = 160 };
  size_t length;
  const char *text = lua_tolstring(L, -1, &length);
  if (length <= MAX)
    return;
  size_t head = utf8_prefix(text, HEAD);
  size_t tail = length - TAIL;
  while (tail < length && ((unsigned char)text[tail] & 0xC0) == 0x80)
    tail++;
  lua_pushlstring(L, text, head);
  lua_pushliteral(L, " ... ");
  lua_pushlstring(L, text + tail, length - tail);
  lua_concat(L, 3);
  lua_remove(L, -2);
}

/* lua_pushvfstring knows %s, %d, %I, %f, %c, %p and %%. */
_Noreturn void misuse(lua_State *L, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  push_place(L);
  lua_pushvfstring(L, format, arguments);
  va_end(arguments);
  cut_middle(L);
  lua_concat(L, 2);
  for (;;) /* it does not come back, though its type does not say so */
    lua_error(L);
}

/* core.misuse(message): raises it for Lua's part of the library. */
int misuse_raise(lua_State *L)
{
  misuse(L, "%s", luaL_checkstring(L, 1));
}

size_t utf8_prefix(const char *text, size_t max)
{
  size_t length = max;
  while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
    length--;
  return length;
}
