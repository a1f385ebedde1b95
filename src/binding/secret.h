#ifndef COFFER_SECRET_H
#define COFFER_SECRET_H

#include <lua.h>
#include <stddef.h>

#define SECRET_TYPE "coffer.secret"

/* The bytes lie in the userdata, ended by a zero that the length does not
** count. A wiped secret has NULL bytes. */
struct secret {
  char *bytes;
  size_t length;
};

/* Makes the type known. */
void secret_open(lua_State *L);

/* Pushes a copy of the bytes as a secret. */
void secret_push(lua_State *L, const char *bytes, size_t length);

/* Pushes a secret of this length, all zero, to be filled in. */
struct secret *secret_push_empty(lua_State *L, size_t length);

/* The secret at this index, or NULL where there is another thing. */
struct secret *secret_test(lua_State *L, int index);

/* The bytes of a string or a secret; NULL where it is neither, or was wiped. */
const char *secret_text(lua_State *L, int index, size_t *length);

/* What to say where a text was asked for, and this is none; may be on the
** stack. Tells the type, never what is in it. */
const char *secret_wanted(lua_State *L, int index);

/* Overwrites the bytes. May be called again. */
void secret_wipe(struct secret *secret);

/* coffer.secret(text) */
int secret_new(lua_State *L);

#endif
