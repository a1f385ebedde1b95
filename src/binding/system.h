#ifndef COFFER_SYSTEM_H
#define COFFER_SYSTEM_H

#include <lua.h>

/* What Lua's own libraries do not give. */

/* So many seconds as the milliseconds of a wait: an hour at the most, for the
** caller looks again. */
int system_milliseconds(double seconds);

/* core.clock(): seconds of a clock that is never set back. */
int system_clock(lua_State *L);

/* core.sleep(seconds): returns early when a signal comes. */
int system_sleep(lua_State *L);

/* core.is_terminal(stream): true when "stdout" or "stderr" is one. */
int system_is_terminal(lua_State *L);

/* core.read_token(path): the text of a file that holds a token, as a secret,
** or nil and what is wrong with it. */
int system_read_token(lua_State *L);

/* core.create_private(path): a new file, open for writing, that only its owner
** can read; or nil and why not, which is also where one is there already. */
int system_create_private(lua_State *L);

/* core.sync(file): true once all that was written to it is on the disk; or nil
** and why not. */
int system_sync(lua_State *L);

#endif
