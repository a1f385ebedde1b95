#ifndef COFFER_RESPONSE_H
#define COFFER_RESPONSE_H

#include "binding/request.h"

#include <lua.h>

/* Reads the answer of a request that is over and lies at index 1. Pushes the
** result, and behind it a list of its members that are not as documented,
** where there are any; or nil, and the facts of the attempt. Judges nothing
** but the verdict: what an answer means is told in Lua. Gives back how many
** values were pushed. */
int answer_push(lua_State *L, struct request *request);

/* Pushes a table of what to look for should the outcome be unknown, of the
** request at index 1; nil where there is nothing. */
void answer_push_key(lua_State *L, const struct operation *operation);

/* Pushes the body as free-form JSON; nil where there is none, or it is not
** JSON. */
void answer_push_body(lua_State *L, struct request *request);

#endif
