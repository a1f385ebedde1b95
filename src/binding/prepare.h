#ifndef COFFER_PREPARE_H
#define COFFER_PREPARE_H

#include "model/operation.h"

#include <lua.h>

/* Pushes the function that prepares an operation's requests:
** prepare(client, parameters, options) gives a request that is not sent, or nil
** and the facts of a failure. */
void prepare_push(lua_State *L, const struct provider *provider,
                  const struct operation *operation);

#endif
