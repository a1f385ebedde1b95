/* allocator - runs a Lua script whose memory can be made to run out.
**
**   allocator [-c] script [argument ...]
**
** With -c the collector goes all the way round whenever Lua asks whether it
** should do something, which is at nearly every allocation: whatever nobody
** anchored is gone at once.
**
** The script finds one function more than under lua5.4:
**
**   local dry, ok, ... = require "allocator".fail_after(n, f, ...)
**
** is pcall(f, ...) with every allocation after the n-th refused until f is
** done. It is sticky because the collection that a failed allocation causes
** would absorb a single one. `dry` tells whether one was refused at all. */

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct memory {
  long long left; /* allocations until they fail; negative: never */
  bool is_dry;
};

struct command_line {
  bool collects_always;
  int count;
  char **words;
};

static bool refuses(struct memory *memory)
{
  if (memory->left < 0)
    return false;
  if (memory->left == 0)
    memory->is_dry = true;
  else
    memory->left--;
  return memory->is_dry;
}

/* Lua relies on shrinking: only growth may fail. Without a block, `old` is
** the kind of thing to come and no size. */
static void *allocate(void *owner, void *block, size_t old, size_t wanted)
{
  struct memory *memory = owner;
  if (wanted == 0) {
    free(block);
    return NULL;
  }
  if ((block == NULL || wanted > old) && refuses(memory))
    return NULL;
  return realloc(block, wanted);
}

/* The collector rests meanwhile, but for the collections that a failed
** allocation causes, which call no finalizers: one that finds no memory for
** its own call is skipped for good, and what it had to release is lost. */
static int fail_after(lua_State *L)
{
  void *owner = NULL;
  lua_getallocf(L, &owner);
  struct memory *memory = owner;
  lua_Integer left = luaL_checkinteger(L, 1);
  luaL_argcheck(L, left >= 0, 1, "must not be negative");
  luaL_checkany(L, 2);
  lua_remove(L, 1);
  memory->is_dry = false;
  memory->left = left;
  lua_gc(L, LUA_GCSTOP);
  int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  memory->left = -1;
  lua_gc(L, LUA_GCRESTART);
  luaL_checkstack(L, 2, NULL);
  lua_pushboolean(L, memory->is_dry);
  lua_insert(L, 1);
  lua_pushboolean(L, status == LUA_OK);
  lua_insert(L, 2);
  return lua_gettop(L);
}

static int open_allocator(lua_State *L)
{
  static const luaL_Reg functions[] = {{"fail_after", fail_after},
                                       {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
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

static void set_arguments(lua_State *L, const struct command_line *line)
{
  lua_createtable(L, line->count, 0);
  for (int i = 0; i < line->count; i++) {
    lua_pushstring(L, line->words[i]);
    lua_rawseti(L, -2, i);
  }
  lua_setglobal(L, "arg");
}

/* No pause between two cycles, and steps that are longer than any cycle. */
static void collect_always(lua_State *L)
{
  lua_gc(L, LUA_GCINC, 0, 1000, 30);
  lua_gc(L, LUA_GCSETPAUSE, 0);
}

static int run(lua_State *L)
{
  const struct command_line *line = lua_touserdata(L, 1);
  luaL_openlibs(L);
  luaL_requiref(L, "allocator", open_allocator, 0);
  warm_up(L);
  set_arguments(L, line);
  if (line->collects_always)
    collect_always(L);
  if (luaL_loadfile(L, line->words[0]) != LUA_OK)
    return lua_error(L);
  luaL_checkstack(L, line->count, "too many arguments");
  for (int i = 1; i < line->count; i++)
    lua_pushstring(L, line->words[i]);
  lua_call(L, line->count - 1, 0);
  return 0;
}

static int add_traceback(lua_State *L)
{
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

static struct command_line read_command_line(int argc, char **argv)
{
  bool collects_always = argc > 1 && strcmp(argv[1], "-c") == 0;
  int first = collects_always ? 2 : 1;
  return (struct command_line){collects_always, argc - first, argv + first};
}

int main(int argc, char **argv)
{
  struct memory memory = {.left = -1};
  struct command_line line = read_command_line(argc, argv);
  if (line.count < 1) {
    fprintf(stderr, "usage: %s [-c] script [argument ...]\n", argv[0]);
    return 2;
  }
  lua_State *L = lua_newstate(allocate, &memory);
  if (L == NULL)
    return 2;
  lua_pushcfunction(L, add_traceback);
  lua_pushcfunction(L, run);
  lua_pushlightuserdata(L, &line);
  int status = lua_pcall(L, 1, 0, 1);
  if (status != LUA_OK)
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
  lua_close(L);
  return status == LUA_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
