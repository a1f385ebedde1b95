/* What a provider can do, as a table: for the Lua side of the library, and for
** people. */

#include "describe.h"

#include "client.h"

#include <lauxlib.h>

static void describe_parameter(lua_State *L, const struct field *field)
{
  static const char *const kinds[] = {
      [SCHEMA_ANY] = "any",       [SCHEMA_TEXT] = "string",
      [SCHEMA_SECRET] = "secret", [SCHEMA_BOOLEAN] = "boolean",
      [SCHEMA_INT32] = "int32",   [SCHEMA_INT64] = "int64",
      [SCHEMA_CODE] = "code",     [SCHEMA_OBJECT] = "table",
      [SCHEMA_ARRAY] = "list",    [SCHEMA_MAP] = "table"};
  lua_createtable(L, 0, 4);
  lua_pushstring(L, field->name);
  lua_setfield(L, -2, "name");
  lua_pushstring(L, kinds[field->schema->kind]);
  lua_setfield(L, -2, "type");
  lua_pushboolean(L, (field->flags & FIELD_REQUIRED) != 0);
  lua_setfield(L, -2, "is_required");
  lua_pushboolean(L, (field->flags & FIELD_FIXED) != 0);
  lua_setfield(L, -2, "is_fixed");
  lua_pushboolean(L, (field->flags & FIELD_OF_CLIENT) != 0);
  lua_setfield(L, -2, "is_of_client");
  lua_pushstring(L, field->about);
  lua_setfield(L, -2, "about");
}

static void describe_paging(lua_State *L, const struct paging *paging)
{
  static const char *const styles[] = {[PAGING_NONE] = "none",
                                       [PAGING_LINK] = "link",
                                       [PAGING_TOKEN] = "token",
                                       [PAGING_OFFSET] = "offset"};
  lua_createtable(L, 0, 6);
  lua_pushstring(L, paging->name);
  lua_setfield(L, -2, "name");
  lua_pushstring(L, paging->items);
  lua_setfield(L, -2, "items");
  lua_pushstring(L, styles[paging->style]);
  lua_setfield(L, -2, "style");
  lua_pushstring(L, paging->next);
  lua_setfield(L, -2, "next");
  lua_pushstring(L, paging->parameter);
  lua_setfield(L, -2, "parameter");
  lua_pushstring(L, paging->row_names);
  lua_setfield(L, -2, "row_names");
}

static void describe_operation(lua_State *L, const struct operation *operation)
{
  const struct schema *parameters = operation->parameters;
  lua_createtable(L, 0, 8);
  lua_pushstring(L, operation->name);
  lua_setfield(L, -2, "name");
  lua_pushstring(L, operation->method);
  lua_setfield(L, -2, "method");
  lua_pushstring(L, operation->path);
  lua_setfield(L, -2, "path");
  lua_pushstring(L, operation->about);
  lua_setfield(L, -2, "about");
  lua_pushboolean(L, operation->creates);
  lua_setfield(L, -2, "creates");
  lua_pushboolean(L, operation->repeats);
  lua_setfield(L, -2, "repeats");
  lua_pushboolean(L, operation->is_public);
  lua_setfield(L, -2, "is_public");
  lua_pushboolean(L, operation->has_secrets);
  lua_setfield(L, -2, "has_secrets");
  lua_pushstring(L, operation->token);
  lua_setfield(L, -2, "token");
  if (operation->paging) {
    describe_paging(L, operation->paging);
    lua_setfield(L, -2, "paging");
  }
  lua_createtable(L, (int)parameters->field_count, 0);
  for (size_t i = 0; i < parameters->field_count; i++) {
    describe_parameter(L, &parameters->fields[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, "parameters");
}

static void describe_deed(lua_State *L, const struct deed *deed)
{
  lua_createtable(L, 0, 4);
  lua_pushstring(L, deed->name);
  lua_setfield(L, -2, "name");
  lua_pushstring(L, deed->operation);
  lua_setfield(L, -2, "operation");
  lua_pushstring(L, deed->parameter);
  lua_setfield(L, -2, "parameter");
  lua_pushstring(L, deed->field);
  lua_setfield(L, -2, "field");
}

static void describe_thing(lua_State *L, const struct thing *thing)
{
  lua_createtable(L, 0, 4);
  lua_pushstring(L, thing->name);
  lua_setfield(L, -2, "name");
  lua_pushstring(L, thing->title);
  lua_setfield(L, -2, "title");
  lua_pushstring(L, thing->status);
  lua_setfield(L, -2, "status");
  lua_createtable(L, (int)thing->deed_count, 0);
  for (size_t i = 0; i < thing->deed_count; i++) {
    describe_deed(L, &thing->deeds[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, "deeds");
}

static void describe_token(lua_State *L, const struct provider *provider)
{
  lua_createtable(L, 0, 3);
  lua_pushstring(L, provider->token_header);
  lua_setfield(L, -2, "header");
  lua_pushstring(L, provider->token_scheme);
  lua_setfield(L, -2, "scheme");
  for (size_t i = 0; i < provider->setting_count; i++)
    if (provider->settings[i].use == SETTING_TOKEN) {
      lua_pushstring(L, provider->settings[i].environment[0]);
      lua_setfield(L, -2, "environment");
    }
}

int describe_provider(lua_State *L)
{
  const struct provider *provider = provider_named(luaL_checkstring(L, 1));
  luaL_argcheck(L, provider, 1, "no such provider");
  lua_createtable(L, 0, 4);
  lua_pushstring(L, provider->title);
  lua_setfield(L, -2, "title");
  describe_token(L, provider);
  lua_setfield(L, -2, "token");
  luaL_getmetatable(L, client_type_name(L, provider));
  lua_getfield(L, -1, "__index");
  lua_setfield(L, -4, "methods");
  lua_pop(L, 2);
  lua_newtable(L);
  for (size_t i = 0; i < provider->operation_count; i++) {
    describe_operation(L, &provider->operations[i]);
    client_push_prepare(L, provider, &provider->operations[i]);
    lua_setfield(L, -2, "prepare");
    lua_setfield(L, -2, provider->operations[i].name);
  }
  lua_setfield(L, -2, "operations");
  lua_newtable(L);
  for (size_t i = 0; i < provider->thing_count; i++) {
    describe_thing(L, provider->things[i]);
    lua_setfield(L, -2, provider->things[i]->name);
  }
  lua_setfield(L, -2, "things");
  return 1;
}
