/* Many requests of many clients, as a loop in Lua sees them. */

#include "binding/loop.h"

#include "binding/client.h"
#include "binding/system.h"

#include <lauxlib.h>
#include <poll.h>

/* The descriptors that Linux lets a process have by default (fs.nr_open). */
enum { MAX_CLIENTS = 1024 * 1024 };

/* The client at the index, which has to be open. */
static struct client *client_at(lua_State *L, int index)
{
  struct client *client = client_of_any(L, index);
  client_check_open(L, client);
  return client;
}

int loop_step(lua_State *L)
{
  struct client *client = client_at(L, 1);
  int wait = system_milliseconds(luaL_optnumber(L, 2, 0));
  transfers_step(&client->transfers, wait);
  return 0;
}

/* A client may be closed by one of those that this tells of what is over: then
** there is nothing more to tell. */
int loop_finished(lua_State *L)
{
  struct client *client = client_of_any(L, 1);
  if (client->transfers.multi)
    client_check_open(L, client);
  long long tag = transfers_finished(&client->transfers);
  if (tag == 0)
    return 0;
  lua_pushinteger(L, (lua_Integer)tag);
  return 1;
}

int loop_descriptor(lua_State *L)
{
  lua_pushinteger(L, client_at(L, 1)->transfers.descriptor);
  return 1;
}

int loop_timeout(lua_State *L)
{
  long long left = transfers_timeout(&client_at(L, 1)->transfers);
  if (left < 0)
    return 0;
  lua_pushnumber(L, (lua_Number)left / 1000);
  return 1;
}

/* The array lies in a userdata, as a client of the list may be closed: that
** raises, and Lua frees it. What poll() says is not needed: the steps that
** follow find out what is ready. */
int loop_wait(lua_State *L)
{
  int wait = system_milliseconds(luaL_checknumber(L, 2));
  luaL_checktype(L, 1, LUA_TTABLE);
  size_t count = (size_t)lua_rawlen(L, 1);
  luaL_argcheck(L, count <= MAX_CLIENTS, 1, "too many clients");
  struct pollfd *sockets = lua_newuserdatauv(L, count * sizeof *sockets, 0);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 1, (lua_Integer)i + 1);
    const struct client *client = client_at(L, -1);
    long long due = transfers_timeout(&client->transfers);
    if (due >= 0 && due < wait)
      wait = (int)due;
    sockets[i] = (struct pollfd){client->transfers.descriptor, POLLIN, 0};
    lua_pop(L, 1);
  }
  (void)poll(sockets, (nfds_t)count, wait);
  return 0;
}
