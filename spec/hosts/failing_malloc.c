/* failing_malloc - makes the C library's memory run out when a script says so.
**
** Preloaded, it stands in front of malloc; required by the script that runs
** on top, it is a Lua module with three functions:
**
**   LD_PRELOAD=build/hosts/failing_malloc.so lua5.4 script
**
**   local dry, ok, ... = failing_malloc.fail_after(n, f, ...)
**   local dry, ok, ... = failing_malloc.fail_at(n, f, ...)
**   local count = failing_malloc.blocks()
**
** The first two are pcall(f, ...) in which n allocations succeed; then all that
*follow
** fail, or only the next one. `dry` tells whether one failed at all. Other
** threads are left alone. The third says how many blocks the whole process has
** and has not given back. */

#include <dlfcn.h>
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define VISIBLE __attribute__((visibility("default")))

/* What glibc calls its own; looking them up by dlsym would allocate. */
extern void *__libc_malloc(size_t size);               /* NOLINT */
extern void *__libc_calloc(size_t count, size_t size); /* NOLINT */
extern void *__libc_realloc(void *block, size_t size); /* NOLINT */
extern void __libc_free(void *block);                  /* NOLINT */

static atomic_llong blocks;

static void *counted(void *block)
{
  if (block)
    atomic_fetch_add(&blocks, 1);
  return block;
}

VISIBLE int luaopen_failing_malloc(lua_State *L);

enum mode { QUIET, ONCE, FOR_GOOD };

/* Static thread-local storage: reading it must not allocate. */
static _Thread_local struct {
  enum mode mode;
  bool is_dry;
  lua_Integer left;
} plan __attribute__((tls_model("initial-exec")));

/* lua-cjson ends the process where its own memory ends, which is not what is
** tested. */
static bool is_of_cjson(void *caller)
{
  Dl_info file;
  return dladdr(caller, &file) && strstr(file.dli_fname, "cjson");
}

static bool fails(void *caller)
{
  if (plan.mode == QUIET || is_of_cjson(caller) || plan.left-- > 0)
    return false;
  plan.left = 0;
  plan.is_dry = true;
  if (plan.mode == ONCE)
    plan.mode = QUIET;
  errno = ENOMEM;
  return true;
}

VISIBLE void *malloc(size_t size)
{
  return fails(__builtin_return_address(0)) ? NULL
                                            : counted(__libc_malloc(size));
}

VISIBLE void *calloc(size_t count, size_t size) /* NOLINT: names in stdlib.h */
{
  return fails(__builtin_return_address(0))
             ? NULL
             : counted(__libc_calloc(count, size));
}

VISIBLE void *realloc(void *block, size_t size) /* NOLINT: as above */
{
  if (size != 0 && fails(__builtin_return_address(0)))
    return NULL;
  if (!block)
    return counted(__libc_realloc(NULL, size));
  if (size == 0)
    atomic_fetch_sub(&blocks, 1);
  return __libc_realloc(block, size);
}

VISIBLE void free(void *ptr)
{
  if (ptr)
    atomic_fetch_sub(&blocks, 1);
  __libc_free(ptr);
}

/* The collector rests meanwhile: a finalizer that finds no memory for its own
** call is skipped for good, and what it had to release is lost. */
static int call_with(lua_State *L, enum mode mode)
{
  lua_Integer left = luaL_checkinteger(L, 1);
  luaL_checkany(L, 2);
  lua_remove(L, 1);
  plan.left = left;
  plan.is_dry = false;
  lua_gc(L, LUA_GCSTOP);
  plan.mode = mode;
  int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  plan.mode = QUIET;
  lua_gc(L, LUA_GCRESTART);
  luaL_checkstack(L, 2, NULL);
  lua_pushboolean(L, plan.is_dry);
  lua_insert(L, 1);
  lua_pushboolean(L, status == LUA_OK);
  lua_insert(L, 2);
  return lua_gettop(L);
}

static int fail_after(lua_State *L)
{
  return call_with(L, FOR_GOOD);
}

static int fail_at(lua_State *L)
{
  return call_with(L, ONCE);
}

static int count_blocks(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)atomic_load(&blocks));
  return 1;
}

/* Loaded late it would count nothing, and every test would pass. */
static void check_preloaded(lua_State *L)
{
  plan.left = 0;
  plan.mode = ONCE;
  lua_newtable(L);
  bool is_counting = plan.mode == QUIET;
  plan.mode = QUIET;
  if (!is_counting)
    luaL_error(L, "failing_malloc has to be preloaded");
}

/* The metatable of Lua's own string buffers stays half made when memory ends
** while it is made, and every later buffer fails. That is not what is tested,
** so it is made here. */
static void warm_up(lua_State *L)
{
  luaL_Buffer buffer;
  luaL_buffinitsize(L, &buffer, (size_t)2 * LUAL_BUFFERSIZE);
  luaL_pushresult(&buffer);
  lua_pop(L, 1);
}

int luaopen_failing_malloc(lua_State *L)
{
  static const luaL_Reg functions[] = {{"fail_after", fail_after},
                                       {"fail_at", fail_at},
                                       {"blocks", count_blocks},
                                       {NULL, NULL}};
  check_preloaded(L);
  warm_up(L);
  luaL_newlib(L, functions);
  return 1;
}
