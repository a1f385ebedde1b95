/* What a provider can do, as a table: for the Lua side of the library, and for
** people. */

#include "binding/describe.h"

#include "binding/client.h"
#include "binding/prepare.h"

#include <lauxlib.h>

/* Sets a field of the table on top. Lua makes nil of a NULL text, so that the
** field is left out. */
static void set_text(lua_State *L, const char *name, const char *text)
{
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

static void set_flag(lua_State *L, const char *name, bool flag)
{
  lua_pushboolean(L, flag);
  lua_setfield(L, -2, name);
}

/* What the kinds of schema are called. */
static const char *const kinds[] = {[SCHEMA_ANY] = "any",
                                    [SCHEMA_TEXT] = "string",
                                    [SCHEMA_SECRET] = "secret",
                                    [SCHEMA_BOOLEAN] = "boolean",
                                    [SCHEMA_INT32] = "int32",
                                    [SCHEMA_INT64] = "int64",
                                    [SCHEMA_INTEGER_OR_TEXT] = "code",
                                    [SCHEMA_OBJECT] = "table",
                                    [SCHEMA_ARRAY] = "list",
                                    [SCHEMA_MAP] = "map"};

static void describe_fields(lua_State *L, const struct schema *schema);

/* Adds to the table on top what a schema says: `type`; `fields` of an object;
** `item`, described likewise, of a list or map; and what a text has to be. */
static void describe_schema(lua_State *L, const struct schema *schema)
{
  luaL_checkstack(L, 4, NULL);
  set_text(L, "type", kinds[schema->kind]);
  set_text(L, "resource", schema->resource);
  set_text(L, "rule", schema->rule ? schema->rule->phrase : NULL);
  set_flag(L, "is_boolean_text", schema->form == FORM_FROM_BOOLEAN);
  if (schema->field_count > 0) {
    describe_fields(L, schema);
    lua_setfield(L, -2, "fields");
  }
  if (schema->item) {
    lua_createtable(L, 0, 3);
    describe_schema(L, schema->item);
    lua_setfield(L, -2, "item");
  }
}

/* Pushes what is to know of a parameter, or of a member of an answer. */
static void describe_field(lua_State *L, const struct field *field)
{
  lua_createtable(L, 0, 8);
  set_text(L, "name", field->name);
  set_flag(L, "is_required", (field->flags & FIELD_REQUIRED) != 0);
  set_flag(L, "is_fixed", (field->flags & FIELD_FIXED) != 0);
  set_flag(L, "is_of_client", (field->flags & FIELD_OF_CLIENT) != 0);
  set_flag(L, "is_listed", (field->flags & FIELD_LISTED) != 0);
  set_text(L, "about", field->about);
  set_text(L, "fixed", field->fixed_text);
  if (field->flags & FIELD_FIXED && !field->fixed_text) {
    lua_pushinteger(L, field->fixed_integer);
    lua_setfield(L, -2, "fixed");
  }
  describe_schema(L, field->schema);
}

/* Pushes a list of what is in an object. */
static void describe_fields(lua_State *L, const struct schema *schema)
{
  lua_createtable(L, (int)schema->field_count, 0);
  for (size_t i = 0; i < schema->field_count; i++) {
    describe_field(L, &schema->fields[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

/* Pushes what is to know of an operation; describe_provider adds `prepare`. */
static void describe_operation(lua_State *L, const struct operation *operation)
{
  lua_createtable(L, 0, 8);
  set_text(L, "name", operation->name);
  set_text(L, "method", operation->method);
  set_text(L, "path", operation->path);
  set_text(L, "about", operation->about);
  set_flag(L, "creates", operation->creates);
  set_flag(L, "may_repeat", operation->may_repeat);
  set_flag(L, "is_public", operation->is_public);
  set_flag(L, "has_answer", operation->answer != NULL);
  describe_fields(L, operation->parameters);
  lua_setfield(L, -2, "parameters");
}

/* Describes where a token may come from, and where it goes. */
static void describe_token(lua_State *L, const struct provider *provider)
{
  set_text(L, "token_header", provider->token_header);
  for (size_t i = 0; i < provider->setting_count; i++)
    if (provider->settings[i].use == SETTING_TOKEN)
      set_text(L, "token_variable", provider->settings[i].environment[0]);
}

/* Lists the names that an option for a region can be. */
static void describe_regions(lua_State *L, const struct provider *provider)
{
  lua_createtable(L, (int)provider->region_count, 0);
  for (size_t i = 0; i < provider->region_count; i++) {
    lua_pushstring(L, provider->regions[i].name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, "choices");
}

/* The options of a provider's constructor that the core checks. */
static void describe_settings(lua_State *L, const struct provider *provider)
{
  lua_createtable(L, (int)provider->setting_count, 0);
  for (size_t i = 0; i < provider->setting_count; i++) {
    const struct setting *setting = &provider->settings[i];
    lua_createtable(L, 0, 4);
    if (setting->use == SETTING_REGION)
      describe_regions(L, provider);
    set_text(L, "name", setting->name);
    set_flag(L, "is_secret", setting->use == SETTING_CREDENTIAL);
    lua_createtable(L, 2, 0);
    for (size_t k = 0; k < ARRAY_LENGTH(setting->environment); k++) {
      lua_pushstring(L, setting->environment[k]);
      lua_rawseti(L, -2, (lua_Integer)k + 1);
    }
    lua_setfield(L, -2, "environment");
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, "settings");
}

/* The provider whose name is at index 1, else raises. */
static const struct provider *check_provider(lua_State *L)
{
  const struct provider *provider = provider_named(luaL_checkstring(L, 1));
  luaL_argcheck(L, provider, 1, "no such provider");
  return provider;
}

/* The methods are the client type's own table, not a copy: Lua adds those of
** its calls to it. The name of the type lies below its metatable, and is
** popped with it. */
int describe_provider(lua_State *L)
{
  const struct provider *provider = check_provider(L);
  lua_createtable(L, 0, 7);
  set_text(L, "name", provider->name);
  set_text(L, "title", provider->title);
  describe_settings(L, provider);
  describe_token(L, provider);
  luaL_getmetatable(L, client_type_name(L, provider));
  lua_getfield(L, -1, "__index");
  lua_setfield(L, -4, "methods");
  lua_pop(L, 2);
  lua_newtable(L);
  for (size_t i = 0; i < provider->operation_count; i++) {
    describe_operation(L, &provider->operations[i]);
    prepare_push(L, provider, &provider->operations[i]);
    lua_setfield(L, -2, "prepare");
    lua_setfield(L, -2, provider->operations[i].name);
  }
  lua_setfield(L, -2, "operations");
  return 1;
}

int describe_answers(lua_State *L)
{
  const struct provider *provider = check_provider(L);
  lua_createtable(L, 0, (int)provider->operation_count);
  for (size_t i = 0; i < provider->operation_count; i++) {
    const struct operation *operation = &provider->operations[i];
    if (!operation->answer)
      continue;
    lua_createtable(L, 0, 4);
    describe_schema(L, operation->answer);
    set_text(L, "header", operation->answer_header);
    lua_setfield(L, -2, operation->name);
  }
  return 1;
}
