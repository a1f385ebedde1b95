#ifndef COFFER_ANSWER_H
#define COFFER_ANSWER_H

#include "request.h"

#include <lua.h>

/* Reads the answer of a request that is over and lies at index 1. Pushes the
** result; or nil and a table of what a failure tells; or the result and such
** a table, where the thing exists and something of it is missing. Gives back
** how many values were pushed. */
int answer_push(lua_State *L, struct request *request);

/* Pushes a table of what to look for should the outcome be unknown, of the
** request at index 1; nil where there is nothing. */
void answer_push_key(lua_State *L, const struct operation *operation);

#endif
