/* fork - what a prefork server does to a Lua state, as a Lua module:
**
**   local child = fork.fork()        0 in the child
**   local status = fork.wait(child)  its exit code, or 128 and the signal */

#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((visibility("default"))) int luaopen_fork(lua_State *L);

static int fork_fork(lua_State *L)
{
  pid_t child = fork();
  if (child < 0)
    return luaL_error(L, "fork failed");
  lua_pushinteger(L, (lua_Integer)child);
  return 1;
}

static int fork_wait(lua_State *L)
{
  pid_t child = (pid_t)luaL_checkinteger(L, 1);
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return luaL_error(L, "wait failed");
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status)
                                       : 128 + WTERMSIG(status));
  return 1;
}

int luaopen_fork(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"fork", fork_fork}, {"wait", fork_wait}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
