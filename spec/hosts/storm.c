/* storm - signals that fall on a script a thousand times a second.
**
**   storm.rage(f, ...)   pcall(f, ...) with SIGALRM, SIGCHLD, SIGPIPE and
**                        SIGWINCH in turn falling on it; how many fell comes
**                        first
**
** The handlers do nothing, and system calls that they interrupt are not begun
** again: the worst that a program around us may have set up. */

#include <lauxlib.h>
#include <lua.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#define VISIBLE __attribute__((visibility("default")))

VISIBLE int luaopen_storm(lua_State *L);

static const int kinds[] = {SIGALRM, SIGCHLD, SIGPIPE, SIGWINCH};

enum { KINDS = sizeof kinds / sizeof *kinds, PAUSE = 250 * 1000 /* ns */ };

static atomic_int fallen;

static void count(int kind)
{
  (void)kind;
  fallen++;
}

struct storm {
  pthread_t victim;
  atomic_bool is_over;
};

static void *blow(void *held)
{
  struct storm *storm = held;
  struct timespec pause = {.tv_nsec = PAUSE};
  for (int i = 0; !storm->is_over; i++) {
    pthread_kill(storm->victim, kinds[i % KINDS]);
    nanosleep(&pause, NULL);
  }
  return NULL;
}

static int rage(lua_State *L)
{
  struct sigaction action = {.sa_handler = count};
  struct sigaction before[KINDS];
  struct storm storm = {.victim = pthread_self()};
  pthread_t thread;
  for (int i = 0; i < KINDS; i++)
    sigaction(kinds[i], &action, &before[i]);
  fallen = 0;
  if (pthread_create(&thread, NULL, blow, &storm) != 0)
    return luaL_error(L, "no thread for the storm");
  int is_done = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0) == LUA_OK;
  storm.is_over = true;
  pthread_join(thread, NULL);
  for (int i = 0; i < KINDS; i++)
    sigaction(kinds[i], &before[i], NULL);
  lua_pushinteger(L, fallen);
  lua_pushboolean(L, is_done);
  lua_rotate(L, 1, 2);
  return lua_gettop(L);
}

int luaopen_storm(lua_State *L)
{
  static const luaL_Reg functions[] = {{"rage", rage}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
