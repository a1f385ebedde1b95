#ifndef COFFER_DESCRIBE_H
#define COFFER_DESCRIBE_H

#include <lua.h>

/* core.describe(provider): { title =, token_variable =, methods =,
** operations = }, as the provider's data has them; `methods` is that of its
** clients. */
int describe_provider(lua_State *L);

/* core.answers(provider): what the answers of its operations hold, by the
** operations' names, in the form of their parameters. Tools alone ask. */
int describe_answers(lua_State *L);

#endif
