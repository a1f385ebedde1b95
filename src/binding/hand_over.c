/* The way of an answer into its caller's hands, and what is told where an
** error stands in it. The one place where the core calls Lua. */

#include "binding/hand_over.h"

#include "binding/request.h"

#include <lauxlib.h>

enum { AT_SUBJECT = 1, AT_WORK, AT_TELL, AT_SPARE };

/* Slots of the stack for what lies above the arguments; see hand_over. */
enum { ROOM = 16 };

/* Pushes a field of the journal. To look up a name that is a key already
** takes no memory. */
static int push_noted(lua_State *L, const char *name)
{
  return lua_getfield(L, AT_SUBJECT, name);
}

/* False, not nil: the key stays, so that to set it again takes no memory. */
static void forget(lua_State *L, const char *name)
{
  lua_pushboolean(L, 0);
  lua_setfield(L, AT_SUBJECT, name);
}

/* One more, or one less, who uses the journal; the last one clears it. */
static void count_user(lua_State *L, int change)
{
  if (!lua_istable(L, AT_SUBJECT))
    return;
  if (push_noted(L, "depth") != LUA_TNUMBER) {
    lua_pop(L, 1);
    return;
  }
  lua_Integer depth = lua_tointeger(L, -1) + change;
  lua_pop(L, 1);
  lua_pushinteger(L, depth);
  lua_setfield(L, AT_SUBJECT, "depth");
  if (depth > 0)
    return;
  forget(L, "request");
  forget(L, "spare");
  forget(L, "doubt");
}

/* True when what the subject stands for may be at the provider. */
static bool may_be_sent(lua_State *L)
{
  if (lua_isboolean(L, AT_SUBJECT))
    return lua_toboolean(L, AT_SUBJECT);
  if (!lua_istable(L, AT_SUBJECT))
    return request_may_be_sent(L, AT_SUBJECT);
  bool is_doubtful = push_noted(L, "doubt") == LUA_TTABLE;
  push_noted(L, "request");
  bool is_sent = request_may_be_sent(L, -1);
  lua_pop(L, 2);
  return is_sent || is_doubtful;
}

/* Pushes what is raised where nothing new can be made. */
static void push_spare(lua_State *L, int cause)
{
  if (!may_be_sent(L)) {
    lua_pushvalue(L, cause);
    return;
  }
  if (!lua_istable(L, AT_SUBJECT))
    lua_pushvalue(L, AT_SPARE);
  else if (push_noted(L, "doubt") != LUA_TTABLE) {
    lua_pop(L, 1);
    push_noted(L, "spare");
  }
  lua_pushvalue(L, cause);
  if (lua_istable(L, -2))
    lua_setfield(L, -2, "cause"); /* a key that is there: takes no memory */
}

/* The error on top, told: pushes what is raised instead. */
static void push_told(lua_State *L, int below)
{
  int cause = lua_gettop(L);
  lua_Hook hook = lua_gethook(L);
  int mask = lua_gethookmask(L), count = lua_gethookcount(L);
  lua_sethook(L, NULL, 0, 0);
  lua_pushvalue(L, AT_TELL);
  lua_pushvalue(L, cause);
  for (int i = AT_SUBJECT; i <= below; i++)
    if (i != AT_WORK && i != AT_TELL)
      lua_pushvalue(L, i);
  if (lua_pcall(L, below - 1, 1, 0) != LUA_OK) {
    lua_pop(L, 1);
    push_spare(L, cause);
  }
  if (!lua_gethook(L)) /* else Ctrl-C has set one meanwhile */
    lua_sethook(L, hook, mask, count);
}

/* Runs after the work, also as its continuation where it has yielded. `below`
** is how many arguments core.hand_over() had. */
static int finish(lua_State *L, int status, lua_KContext below)
{
  if (status != LUA_OK && status != LUA_YIELD) {
    push_told(L, (int)below);
    count_user(L, -1);
    return lua_error(L);
  }
  if (lua_checkstack(L, ROOM)) /* there may be many values */
    count_user(L, -1);
  return lua_gettop(L) - (int)below;
}

/* Makes room before the work runs: push_told copies the arguments once more,
** maybe when no memory is left. */
int hand_over(lua_State *L)
{
  int below = lua_gettop(L);
  luaL_checktype(L, AT_TELL, LUA_TFUNCTION);
  luaL_checkany(L, AT_SPARE);
  luaL_checkstack(L, 2 * below + ROOM, NULL);
  count_user(L, 1);
  lua_pushvalue(L, AT_WORK);
  for (int i = AT_SPARE + 1; i <= below; i++)
    lua_pushvalue(L, i);
  int status = lua_pcallk(L, below - AT_SPARE, LUA_MULTRET, 0, below, finish);
  return finish(L, status, below);
}
