#ifndef COFFER_CLIENT_H
#define COFFER_CLIENT_H

#include "binding/secret.h"
#include "model/operation.h"
#include "wire/files.h"
#include "wire/transfers.h"

#include <lua.h>
#include <sys/types.h>

/* The user values of a client. */
enum {
  CLIENT_ANCHORS = 1, /* a table, see client_push_anchor */
  CLIENT_RESOURCES,   /* the metatables of results, by the resource's name */
  CLIENT_USES = CLIENT_RESOURCES
};

/* What a user holds: one provider, one credential, one pool of connections.
** The texts belong to values among its anchors, or are constants. */
struct client {
  const struct provider *provider;
  const char *base_url;
  const char *token_header;
  const char *token_scheme;
  const struct secret *token;   /* NULL: none yet */
  lua_Integer token_generation; /* how often the token has changed */
  struct route route;
  bool has_parameters;        /* among its anchors */
  struct transfers transfers; /* without a multi handle: closed */
  struct files files;         /* whose change ends the connections */
  long timeout;               /* of one attempt, milliseconds */
  pid_t process;              /* that made it */
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

/* Pushes the value of this name among the anchors of the client at the index,
** which are all that is kept alive with it; nil where there is none:
**   parameters   settings that fill parameters, by name
**   headers      headers that go with every request, by name
**   credentials  what a token is got with, by name
**   token        the token
**   shown        secrets to be wiped with the client, which may end before it
** and the options that its texts belong to. */
void client_push_anchor(lua_State *L, int index, const char *name);

/* Has the secret on top wiped when the client at the index is closed, should it
** live so long. The stack stays as it is. */
void client_wipe_at_close(lua_State *L, int index);

/* NULL for bytes that can be a token of the client, else what is wrong. */
const char *client_check_token(const struct client *client, const char *text,
                               size_t length);

/* Drops the connections where the files of its route have changed. */
void client_look_at_files(struct client *client);

/* core.settings(client, kind): its settings by name, or nil where there are
** none; a kind is "credentials" or "parameters". A closed client has none. */
int client_settings(lua_State *L);

/* core.authorization(client): the header that the client's token goes into, and
** the scheme before it. */
int client_authorization(lua_State *L);

/* core.token_generation(client): how often the token has changed, nil where
** there is none yet. */
int client_token_generation(lua_State *L);

/* core.set_token(client, token): true, or nil and what is wrong with it.
** Connections that the old one used are dropped as soon as nothing is under
** way on them. */
int client_set_token(lua_State *L);

#endif
