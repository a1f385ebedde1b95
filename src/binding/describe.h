#ifndef COFFER_DESCRIBE_H
#define COFFER_DESCRIBE_H

#include <lua.h>

/* core.describe(provider): { title =, token =, methods =, operations =,
** things = }, as the provider's data has them. */
int describe_provider(lua_State *L);

#endif
