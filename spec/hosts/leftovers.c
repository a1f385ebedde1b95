/* leftovers - finds out where a secret was left in memory, and by whom.
**
** Preloaded, it stands in front of free and realloc and looks into each block
** that goes; required, it is a Lua module:
**
**   local coffer, interpreter, others = leftovers.watch(f, mark)
**   local count = leftovers.scan(mark)
**
** The first calls f and tells how often a block with the mark in it was given
** back by coffer, by the interpreter, and by others: libcurl and what is below
** it. Those of the others are then wiped, so that the second, which looks
** through all memory that can be written, finds what is left beside them. The
** mark is what comes before a '!' in the secret: to look for it leaves no
** trace that would be found. */

#include <dlfcn.h>
#include <inttypes.h>
#include <lauxlib.h>
#include <lua.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VISIBLE __attribute__((visibility("default")))

extern void __libc_free(void *block);                  /* NOLINT */
extern void *__libc_realloc(void *block, size_t size); /* NOLINT */
extern void *__libc_malloc(size_t size);               /* NOLINT */

VISIBLE int luaopen_leftovers(lua_State *L);

enum owner { COFFER, INTERPRETER, OTHERS, OWNERS };

static struct {
  bool is_on;
  const char *mark;
  size_t length;
  lua_Integer found[OWNERS];
} watch;

static enum owner owner_of(const void *caller)
{
  Dl_info info;
  if (!dladdr(caller, &info) || !info.dli_fname)
    return OTHERS;
  if (strstr(info.dli_fname, "coffer/core.so"))
    return COFFER;
  return strstr(info.dli_fname, "lua") ? INTERPRETER : OTHERS;
}

static lua_Integer count_marks(const char *bytes, size_t size)
{
  lua_Integer count = 0;
  while (size > watch.length) {
    const char *at = memchr(bytes, watch.mark[0], size - watch.length);
    if (!at)
      break;
    if (memcmp(at, watch.mark, watch.length) == 0 && at[watch.length] == '!')
      count++;
    size -= (size_t)(at - bytes) + 1;
    bytes = at + 1;
  }
  return count;
}

static void look(void *block, size_t size, const void *caller)
{
  if (!watch.is_on || !block || count_marks(block, size) == 0)
    return;
  enum owner owner = owner_of(caller);
  watch.found[owner]++;
  if (owner == OTHERS)
    explicit_bzero(block, size);
}

VISIBLE void free(void *block) /* NOLINT: names in stdlib.h */
{
  look(block, block ? malloc_usable_size(block) : 0,
       __builtin_return_address(0));
  __libc_free(block);
}

/* Always to another place, so that what stays behind is seen. */
VISIBLE void *realloc(void *block, size_t size) /* NOLINT */
{
  size_t old = block ? malloc_usable_size(block) : 0;
  void *fresh;
  if (!watch.is_on || !block || size == 0)
    return __libc_realloc(block, size);
  fresh = __libc_malloc(size);
  if (!fresh)
    return NULL;
  memcpy(fresh, block, old < size ? old : size);
  look(block, old, __builtin_return_address(0));
  __libc_free(block);
  return fresh;
}

static int leftovers_watch(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TFUNCTION);
  watch.mark = luaL_checklstring(L, 2, &watch.length);
  memset(watch.found, 0, sizeof watch.found);
  lua_pushvalue(L, 1);
  watch.is_on = true;
  int status = lua_pcall(L, 0, 0, 0);
  watch.is_on = false;
  if (status != LUA_OK)
    return lua_error(L);
  for (int i = 0; i < OWNERS; i++)
    lua_pushinteger(L, watch.found[i]);
  return OWNERS;
}

/* Private memory that can be written: heap, and what else was mapped. Not the
** stack: what a call has left there is gone with the next, or not, as it
** happens. A line of the list is "FROM-TO rw-p ..." in hexadecimal. */
static lua_Integer count_in(const char *line)
{
  char *end;
  uintptr_t from = strtoumax(line, &end, 16);
  uintptr_t to = *end == '-' ? strtoumax(end + 1, &end, 16) : from;
  if (strncmp(end, " rw-p ", strlen(" rw-p ")) != 0 || strstr(end, "[stack]"))
    return 0;
  return count_marks((const char *)from, to - from); /* NOLINT */
}

static int leftovers_scan(lua_State *L)
{
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[512];
  lua_Integer count = 0;
  watch.mark = luaL_checklstring(L, 1, &watch.length);
  if (!maps)
    return luaL_error(L, "there is no /proc");
  while (fgets(line, sizeof line, maps))
    count += count_in(line);
  fclose(maps);
  lua_pushinteger(L, count);
  return 1;
}

int luaopen_leftovers(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"watch", leftovers_watch}, {"scan", leftovers_scan}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
