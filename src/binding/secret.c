/* Text that is not shown: a userdata that prints as [secret], is wiped when
** closed or collected, and gives its bytes to secret:reveal() alone. */

#include "binding/secret.h"

#include <lauxlib.h>
#include <string.h>

struct secret *secret_test(lua_State *L, int index)
{
  return luaL_testudata(L, index, SECRET_TYPE);
}

const char *secret_wanted(lua_State *L, int index)
{
  if (secret_test(L, index))
    return "must not be a secret that was wiped";
  return lua_pushfstring(L, "must be a string or a coffer.secret, got %s",
                         luaL_typename(L, index));
}

/* A number is not a text: lua_tolstring would change it where it lies. The
** bytes last as long as the value, and until it is wiped. */
const char *secret_text(lua_State *L, int index, size_t *length)
{
  const struct secret *secret = secret_test(L, index);
  if (!secret)
    return lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, length)
                                             : NULL;
  *length = secret->length;
  return secret->bytes;
}

/* One byte more than the length is allocated, for the zero behind. Lua frees
** it all with the userdata, once __gc has wiped it. */
struct secret *secret_push_empty(lua_State *L, size_t length)
{
  struct secret *secret = lua_newuserdatauv(L, sizeof *secret + length + 1, 0);
  secret->bytes = NULL;
  luaL_setmetatable(L, SECRET_TYPE);
  secret->bytes = (char *)(secret + 1);
  secret->length = length;
  memset(secret->bytes, 0, length + 1);
  return secret;
}

void secret_push(lua_State *L, const char *bytes, size_t length)
{
  memcpy(secret_push_empty(L, length)->bytes, bytes, length);
}

/* Makes a secret of a string, or of a secret that is there already. */
int secret_new(lua_State *L)
{
  size_t length;
  const char *bytes;
  if (secret_test(L, 1)) {
    lua_settop(L, 1);
    return 1;
  }
  luaL_argexpected(L, lua_type(L, 1) == LUA_TSTRING, 1, "string");
  bytes = lua_tolstring(L, 1, &length);
  secret_push(L, bytes, length);
  return 1;
}

/* secret:reveal() gives the text as a string. Raises once it is wiped. */
static int secret_reveal(lua_State *L)
{
  struct secret *secret = luaL_checkudata(L, 1, SECRET_TYPE);
  luaL_argcheck(L, secret->bytes, 1, "the secret has been wiped");
  lua_pushlstring(L, secret->bytes, secret->length);
  return 1;
}

/* By explicit_bzero: a compiler may leave out a memset of what is not read
** again. */
void secret_wipe(struct secret *secret)
{
  if (secret->bytes)
    explicit_bzero(secret->bytes, secret->length);
  secret->bytes = NULL;
  secret->length = 0;
}

/* secret:wipe(), __gc and __close. */
static int secret_close(lua_State *L)
{
  secret_wipe(luaL_checkudata(L, 1, SECRET_TYPE));
  return 0;
}

static int secret_tostring(lua_State *L)
{
  luaL_checkudata(L, 1, SECRET_TYPE);
  lua_pushliteral(L, "[secret]");
  return 1;
}

/* Two secrets are equal when their texts are; the time it takes does not
** tell how far they agree. Lua also calls it for a secret and
** another userdata. */
static int secret_eq(lua_State *L)
{
  struct secret *a = secret_test(L, 1);
  struct secret *b = secret_test(L, 2);
  unsigned char difference = 0;
  if (!a || !b || !a->bytes || !b->bytes || a->length != b->length) {
    lua_pushboolean(L, 0);
    return 1;
  }
  for (size_t i = 0; i < a->length; i++)
    difference |= (unsigned char)(a->bytes[i] ^ b->bytes[i]);
  lua_pushboolean(L, difference == 0);
  return 1;
}

/* Lua would raise as well, but not say how to get at the text. */
static int secret_refuse(lua_State *L)
{
  return luaL_error(L, "a secret is not text (its text is given by :reveal())");
}

void secret_open(lua_State *L)
{
  static const luaL_Reg metamethods[] = {{"__tostring", secret_tostring},
                                         {"__gc", secret_close},
                                         {"__close", secret_close},
                                         {"__eq", secret_eq},
                                         {"__concat", secret_refuse},
                                         {"__len", secret_refuse},
                                         {"__index", NULL},
                                         {NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"reveal", secret_reveal}, {"wipe", secret_close}, {NULL, NULL}};
  if (luaL_newmetatable(L, SECRET_TYPE)) {
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
  }
  lua_pop(L, 1);
}
