/* Notes which lines of Lua are run, for tools/coverage.sh. As a module it
** watches the state that requires it, and the coroutines made there later;
** linked into another module, the states which that one makes. Each process
** leaves what it saw in a file of its own in the directory COFFER_LINES:
** lines of "PATH:NUMBER". */

#include <lauxlib.h>
#include <lua.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_FILES = 256, MAX_LINES = 2048, MAX_PATH = 512 };

/* One file of ours, and which of its lines were run. */
struct source {
  char path[MAX_PATH];
  unsigned char is_run[MAX_LINES / 8];
};

static struct source sources[MAX_FILES];
static size_t source_count;

/* Chunks of ours are those of lua/coffer. */
static int is_ours(const char *chunk)
{
  return chunk[0] == '@' && strstr(chunk, "lua/coffer/");
}

/* The entry of a chunk; NULL where it is not ours, or one too many. Two threads
** may add the same one: its lines are then in both. */
static struct source *source_of(const char *chunk)
{
  for (size_t i = 0; i < source_count; i++)
    if (strcmp(sources[i].path, chunk + 1) == 0)
      return &sources[i];
  size_t place = __atomic_fetch_add(&source_count, 1, __ATOMIC_SEQ_CST);
  if (place >= MAX_FILES || strlen(chunk) > MAX_PATH)
    return NULL;
  strcpy(sources[place].path, chunk + 1);
  return &sources[place];
}

/* A chunk's text has one address as long as it lives; the last one is told
** by it. */
static void note(lua_State *L, lua_Debug *event)
{
  static __thread const char *last;
  static __thread struct source *found;
  lua_getinfo(L, "S", event);
  if (event->source != last || (found && strcmp(found->path, last + 1) != 0)) {
    last = event->source;
    found = is_ours(last) ? source_of(last) : NULL;
  }
  if (found && event->currentline > 0 && event->currentline < MAX_LINES)
    __atomic_fetch_or(&found->is_run[event->currentline / 8],
                      (unsigned char)(1 << event->currentline % 8),
                      __ATOMIC_RELAXED);
}

static void write_lines(FILE *file, const struct source *source)
{
  for (int line = 0; line < MAX_LINES; line++)
    if (source->is_run[line / 8] & 1 << line % 8)
      fprintf(file, "%s:%d\n", source->path, line);
}

__attribute__((destructor)) static void leave(void)
{
  const char *directory = getenv("COFFER_LINES");
  char path[MAX_PATH];
  if (!directory || source_count == 0)
    return;
  snprintf(path, sizeof path, "%s/%ld.%jx", directory, (long)getpid(),
           (uintmax_t)&sources);
  FILE *file = fopen(path, "a");
  for (size_t i = 0; file && i < source_count && i < MAX_FILES; i++)
    write_lines(file, &sources[i]);
  if (file)
    fclose(file);
}

lua_State *lines_newstate(void);

/* Stands for luaL_newstate where a module of ours makes a state. */
lua_State *lines_newstate(void)
{
  lua_State *L = luaL_newstate();
  if (L)
    lua_sethook(L, note, LUA_MASKLINE, 0);
  return L;
}

__attribute__((visibility("default"))) int luaopen_lines(lua_State *L);

static int watch(lua_State *L)
{
  lua_sethook(L, note, LUA_MASKLINE, 0);
  return 0;
}

/* Gives a function that watches again, where another hook has taken its
** place. */
int luaopen_lines(lua_State *L)
{
  watch(L);
  lua_pushcfunction(L, watch);
  return 1;
}
