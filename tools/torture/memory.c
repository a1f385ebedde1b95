/* Memory that ends when a script says so, for tools/torture.sh: that of Lua, or
** that of libcurl and the core. As a Lua module it has one function,
**
**   local dry, ok, ... = torture.run(whose, how, n, f, ...)
**
** which is pcall(f, ...) in which n allocations of "lua" or "c" succeed. Then
** all that follow fail ("on"), or only the next one ("once"). `dry` tells
** whether one failed at all. Other threads are left alone. It has to be loaded
** before the core, whose libcurl takes its memory from here. */

#include <curl/curl.h>
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define VISIBLE __attribute__((visibility("default")))

enum owner { NOBODY, OF_LUA, OF_C };

static _Thread_local struct {
  enum owner owner; /* whose memory ends */
  bool is_once;
  bool is_dry;
  lua_Integer left;
} plan;

static bool fails(enum owner owner)
{
  if (plan.owner != owner || plan.left-- > 0)
    return false;
  plan.left = 0;
  plan.is_dry = true;
  if (plan.is_once)
    plan.owner = NOBODY;
  errno = ENOMEM;
  return true;
}

VISIBLE void *torture_malloc(size_t size);
VISIBLE void *torture_calloc(size_t count, size_t size);
VISIBLE void *torture_realloc(void *block, size_t size);
VISIBLE char *torture_strdup(const char *text);
VISIBLE int luaopen_torture(lua_State *L);

void *torture_malloc(size_t size)
{
  return fails(OF_C) ? NULL : malloc(size);
}

void *torture_calloc(size_t count, size_t size)
{
  return fails(OF_C) ? NULL : calloc(count, size);
}

void *torture_realloc(void *block, size_t size)
{
  return size > 0 && fails(OF_C) ? NULL : realloc(block, size);
}

char *torture_strdup(const char *text)
{
  return fails(OF_C) ? NULL : strdup(text);
}

/* Lua relies on shrinking: only growth may fail. Without a block, `old` is
** the kind of thing to come and no size. */
static void *allocate(void *nothing, void *block, size_t old, size_t wanted)
{
  (void)nothing;
  if (wanted == 0) {
    free(block);
    return NULL;
  }
  if ((!block || wanted > old) && fails(OF_LUA))
    return NULL;
  return realloc(block, wanted);
}

/* The collector rests meanwhile: a finalizer that finds no memory for its own
** call is skipped for good, and what it had to release is lost. */
static int run(lua_State *L)
{
  static const char *const owners[] = {"", "lua", "c", NULL};
  static const char *const ways[] = {"on", "once", NULL};
  enum owner owner = (enum owner)luaL_checkoption(L, 1, NULL, owners);
  plan.is_once = luaL_checkoption(L, 2, NULL, ways) == 1;
  plan.left = luaL_checkinteger(L, 3);
  plan.is_dry = false;
  luaL_checkany(L, 4);
  lua_gc(L, LUA_GCSTOP);
  plan.owner = owner;
  int status = lua_pcall(L, lua_gettop(L) - 4, LUA_MULTRET, 0);
  plan.owner = NOBODY;
  lua_gc(L, LUA_GCRESTART);
  lua_pushboolean(L, plan.is_dry);
  lua_replace(L, 2);
  lua_pushboolean(L, status == LUA_OK);
  lua_replace(L, 3);
  return lua_gettop(L) - 1;
}

/* The metatable of Lua's own string buffers stays half made when memory ends
** while it is made, and every later buffer fails. */
static void warm_up(lua_State *L)
{
  luaL_Buffer buffer;
  luaL_buffinitsize(L, &buffer, (size_t)2 * LUAL_BUFFERSIZE);
  luaL_pushresult(&buffer);
  lua_pop(L, 1);
}

int luaopen_torture(lua_State *L)
{
  static const luaL_Reg functions[] = {{"run", run}, {NULL, NULL}};
  if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, torture_malloc, free,
                           torture_realloc, torture_strdup,
                           torture_calloc) != CURLE_OK)
    return luaL_error(L, "libcurl does not start");
  warm_up(L);
  lua_setallocf(L, allocate, NULL);
  luaL_newlib(L, functions);
  return 1;
}
