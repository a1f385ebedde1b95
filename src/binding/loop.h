#ifndef COFFER_LOOP_H
#define COFFER_LOOP_H

#include <lua.h>

/* What a loop asks of a client with many requests running. */

/* core.step(client, seconds): moves them on until one is over, or so long. */
int loop_step(lua_State *L);

/* core.finished(client): the tag of a request that is over and was not told
** yet, or nil. */
int loop_finished(lua_State *L);

/* core.descriptor(client): readable when a step has something to do. */
int loop_descriptor(lua_State *L);

/* core.timeout(client): seconds after which a step is due in any case, or
** nil. */
int loop_timeout(lua_State *L);

/* core.wait(clients, seconds): waits until a step of one of these clients, a
** list, has something to do, or so long. */
int loop_wait(lua_State *L);

#endif
