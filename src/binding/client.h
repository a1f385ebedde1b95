#ifndef COFFER_CLIENT_H
#define COFFER_CLIENT_H

#include "binding/secret.h"
#include "model/operation.h"
#include "wire/files.h"
#include "wire/transfers.h"

#include <lua.h>
#include <sys/types.h>

/* The user values of a client. CLIENT_HELD is a table of what its pointers
** point to, which also holds
**   parameters  settings that fill parameters, by name
**   headers     headers that go with every request, by name
** CLIENT_THINGS is one of the metatables of results, by the thing's name. */
enum { CLIENT_ANCHORS = 1, CLIENT_RESOURCES, CLIENT_USES = CLIENT_RESOURCES };

/* The userdata that a user holds: one provider, one credential, one pool of
** connections. */
struct client {
  const struct provider *provider;
  const char *base_url;
  const char *token_header;
  const char *token_scheme;
  const struct secret *token;
  lua_Integer token_generation; /* counts its changes */
  struct route route;
  bool has_parameters; /* that fill those of calls */
  struct transfers transfers;
  struct files files; /* what connections are made with */
  long timeout;       /* of one attempt, milliseconds */
  pid_t process;
};

/* Makes the types known, one for each provider. */
void client_open_types(lua_State *L);

/* Pushes the name of a provider's type. */
const char *client_type_name(lua_State *L, const struct provider *provider);

/* Pushes a client that cannot send yet. */
struct client *client_push(lua_State *L, const struct provider *provider);

/* Pushes constant data as light userdata. */
void client_push_constant(lua_State *L, const void *data);

/* The open client of this provider at the index, else raises and names the
** method that was called. */
struct client *client_check(lua_State *L, int index,
                            const struct provider *provider,
                            const char *method);

/* Raises when the client is closed, or was made before a fork. */
void client_check_open(lua_State *L, const struct client *client);

/* The client at the index, of whatever provider, else raises. */
struct client *client_of_any(lua_State *L, int index);

/* Has the secret on top wiped when the client at the index is closed, should it
** live so long. The stack stays as it is. */
void client_note(lua_State *L, int index);

/* NULL for bytes that can be a token of the client, else what is wrong. */
const char *client_check_token(const struct client *client, const char *text,
                               size_t length);

/* Drops the connections where the files of its route have changed. */
void client_look_at_files(struct client *client);

int client_settings(lua_State *L);
int client_authorization(lua_State *L);
int client_token_generation(lua_State *L);
int client_set_token(lua_State *L);

/* Pushes the table `name` of what the client holds; nil where there is
** none. */
void client_push_anchor(lua_State *L, int index, const char *name);

#endif
