/* A door to the marshaller alone, which the library does not have: a list of
** wallets from JSON text and back, by Clumio's own schema. */

#include "binding/marshal.h"
#include "binding/secret.h"
#include "model/operation.h"

#include <lauxlib.h>
#include <string.h>

struct state {
  struct json_reader json;
  struct buffer in, out;
};

static const struct schema *answer_of(const char *name)
{
  const struct provider *provider = provider_named("clumio");
  for (size_t i = 0; i < provider->operation_count; i++)
    if (strcmp(provider->operations[i].name, name) == 0)
      return provider->operations[i].answer;
  return NULL;
}

/* read(text, operation): the answer as a table. */
static int bench_read(lua_State *L)
{
  size_t length;
  struct state *state = lua_touserdata(L, lua_upvalueindex(1));
  const char *text = luaL_checklstring(L, 1, &length);
  const struct schema *schema = answer_of(luaL_checkstring(L, 2));
  struct reading reading = {.json = &state->json};
  state->in.length = 0;
  if (!buffer_append(&state->in, text, length) || !buffer_terminate(&state->in))
    return luaL_error(L, "not enough memory");
  json_open(&state->json, state->in.bytes, length);
  if (!schema || !marshal_read(L, &reading, schema))
    return luaL_error(L, "%s %s", reading.place, reading.error);
  lua_pop(L, 1); /* the members that are not as documented */
  return 1;
}

/* write(table, operation): how long the text is. The library gives it to
** libcurl and never makes a Lua string of it. */
static int bench_write(lua_State *L)
{
  struct state *state = lua_touserdata(L, lua_upvalueindex(1));
  const struct schema *schema = answer_of(luaL_checkstring(L, 2));
  enum { PROBLEMS = 3, SECRETS };
  struct writing writing = {&state->out, PROBLEMS, SECRETS};
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, SECRETS);
  state->out.length = 0;
  marshal_write(L, &writing, schema, 1, 0);
  if (!lua_isnil(L, PROBLEMS))
    return luaL_error(L, "not the answer's schema");
  lua_pushinteger(L, (lua_Integer)state->out.length);
  return 1;
}

int luaopen_bench_json(lua_State *L);

__attribute__((visibility("default"))) int luaopen_bench_json(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"read", bench_read}, {"write", bench_write}, {NULL, NULL}};
  secret_open(L);
  marshal_open(L);
  luaL_newlibtable(L, functions);
  struct state *state = lua_newuserdatauv(L, sizeof *state, 0);
  *state = (struct state){0};
  luaL_setfuncs(L, functions, 1);
  return 1;
}
