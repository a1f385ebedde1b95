/* The marshaller's way out: Lua values to JSON text, guided by a schema. */

#include "binding/marshal_parts.h"

#include "binding/misuse.h"
#include "binding/secret.h"
#include "wire/address.h"

#include <math.h>
#include <string.h>

/* A value and where in the input it stands. The way up is spelled out only
** when there is a problem. */
struct spot {
  const struct spot *up;
  const char *name; /* NULL: an item of a list */
  lua_Integer item;
  const void *table; /* in which it stands, where that is free-form */
  int index;         /* on the stack */
  int type;          /* in Lua */
  int extra;         /* on the stack: the table of what `extra` adds, or 0 */
};

/* What writes a value appends it to the text, and leaves the stack as it was.
** A value that does not fit adds a problem; whatever the text is then, nobody
** uses it. */
static void write_value(lua_State *L, struct writing *writing,
                        const struct schema *schema, const struct spot *spot);

void marshal_problem(lua_State *L, int problems, const char *field,
                     const char *message)
{
  if (lua_isnil(L, problems)) {
    lua_newtable(L);
    lua_replace(L, problems);
  }
  lua_createtable(L, 0, 2);
  lua_pushstring(L, field);
  lua_setfield(L, -2, "field");
  lua_pushstring(L, message);
  lua_setfield(L, -2, "message");
  lua_rawseti(L, problems, (lua_Integer)lua_rawlen(L, problems) + 1);
}

/* Pushes a name, of a very long one the beginning. */
static const char *push_name(lua_State *L, const char *name)
{
  enum { MAX_NAME = 64 }; /* bytes */
  if (strlen(name) <= MAX_NAME)
    return lua_pushstring(L, name);
  lua_pushlstring(L, name, utf8_prefix(name, MAX_NAME));
  lua_pushliteral(L, "...");
  lua_concat(L, 2);
  return lua_tostring(L, -1);
}

/* Pushes a spot as people write it: plan.planId, owners[2].userId. */
static void push_spot(lua_State *L, const struct spot *spot)
{
  luaL_checkstack(L, 6, "path");
  if (!spot->up && spot->name) {
    push_name(L, spot->name);
    return;
  }
  if (spot->up)
    push_spot(L, spot->up);
  else
    lua_pushliteral(L, "");
  if (spot->name) {
    const char *name = push_name(L, spot->name);
    lua_pushfstring(L, "%s.%s", lua_tostring(L, -2), name);
    lua_remove(L, -2);
  } else {
    lua_pushfstring(L, "%s[%I]", lua_tostring(L, -1), (LUAI_UACINT)spot->item);
  }
  lua_remove(L, -2);
}

/* Adds a problem with the value at a spot. */
static void problem(lua_State *L, const struct writing *writing,
                    const struct spot *spot, const char *message)
{
  push_spot(L, spot);
  marshal_problem(L, writing->problems, lua_tostring(L, -1), message);
  lua_pop(L, 1);
}

/* The same for what call option `extra` has at this spot. */
static void problem_extra(lua_State *L, const struct writing *writing,
                          const struct spot *spot, const char *message)
{
  push_spot(L, spot);
  const char *field = lua_pushfstring(L, "extra.%s", lua_tostring(L, -1));
  marshal_problem(L, writing->problems, field, message);
  lua_pop(L, 2);
}

/* The same for a value, at the index, of a type that is not wanted. */
static void problem_type(lua_State *L, const struct writing *writing,
                         const struct spot *spot, const char *wanted, int index)
{
  lua_pushfstring(L, "must be %s, got %s", wanted, luaL_typename(L, index));
  problem(L, writing, spot, lua_tostring(L, -1));
  lua_pop(L, 1);
}

/* Raises where a buffer has found no memory. The request frees what it has. */
static void must(lua_State *L, bool is_done)
{
  if (!is_done)
    luaL_error(L, "not enough memory");
}

bool marshal_fits_rule(const struct text_rule *rule, const char *text,
                       size_t length)
{
  size_t count = json_characters(text, length);
  if (count < rule->min_length ||
      (rule->max_length && count > rule->max_length))
    return false;
  return !rule->alphabet || strspn(text, rule->alphabet) == length;
}

/* False when it is not UTF-8, and so not written. */
static bool write_utf8(lua_State *L, const struct writing *writing,
                       const char *text, size_t length)
{
  bool is_utf8;
  must(L, json_write_string(writing->out, text, length, &is_utf8));
  return is_utf8;
}

static void write_text(lua_State *L, struct writing *writing,
                       const struct schema *schema, const struct spot *spot)
{
  size_t length;
  const struct text_rule *rule = schema->rule;
  if (schema->form == FORM_FROM_BOOLEAN && spot->type == LUA_TBOOLEAN) {
    const char *word = lua_toboolean(L, spot->index) ? "\"true\"" : "\"false\"";
    must(L, buffer_append_text(writing->out, word));
    return;
  }
  if (spot->type != LUA_TSTRING) {
    problem_type(L, writing, spot, rule ? rule->phrase : "a string",
                 spot->index);
    return;
  }
  const char *text = lua_tolstring(L, spot->index, &length);
  if (!write_utf8(L, writing, text, length)) {
    problem(L, writing, spot, "must be UTF-8");
  } else if (rule && !marshal_fits_rule(rule, text, length)) {
    problem(L, writing, spot, lua_pushfstring(L, "must be %s", rule->phrase));
    lua_pop(L, 1);
  }
}

/* Adds the secret at this index to the list of those that were written, to be
** scrubbed from what an answer repeats. A string is made a secret. */
static void note_secret(lua_State *L, const struct writing *writing, int index,
                        const char *text, size_t length)
{
  luaL_checkstack(L, 2, "secrets");
  if (lua_isnil(L, writing->secrets)) {
    lua_newtable(L);
    lua_replace(L, writing->secrets);
  }
  if (secret_test(L, index))
    lua_pushvalue(L, index);
  else
    secret_push(L, text, length);
  lua_rawseti(L, writing->secrets,
              (lua_Integer)lua_rawlen(L, writing->secrets) + 1);
}

/* Base64 takes any bytes; as text a secret has to be UTF-8. */
static void write_secret(lua_State *L, struct writing *writing,
                         const struct schema *schema, const struct spot *spot)
{
  size_t length;
  const char *text = secret_text(L, spot->index, &length);
  if (text)
    note_secret(L, writing, spot->index, text, length);
  if (!text) {
    problem_type(L, writing, spot, "a string or a coffer.secret", spot->index);
  } else if (schema->form == FORM_TO_BASE64) {
    must(L, json_write_base64(writing->out, text, length));
  } else if (!write_utf8(L, writing, text, length)) {
    problem(L, writing, spot, "must be UTF-8");
  } else if (schema->rule && !marshal_fits_rule(schema->rule, text, length)) {
    problem(L, writing, spot,
            lua_pushfstring(L, "must be %s", schema->rule->phrase));
    lua_pop(L, 1);
  }
}

static void write_boolean(lua_State *L, struct writing *writing,
                          const struct spot *spot)
{
  if (spot->type != LUA_TBOOLEAN)
    problem_type(L, writing, spot, "true or false", spot->index);
  else
    must(L,
         buffer_append_text(writing->out,
                            lua_toboolean(L, spot->index) ? "true" : "false"));
}

static void write_integer(lua_State *L, struct writing *writing,
                          const struct schema *schema, const struct spot *spot)
{
  bool is_small = schema->kind == SCHEMA_INT32;
  int is_integer;
  lua_Integer value = lua_tointegerx(L, spot->index, &is_integer);
  if (spot->type != LUA_TNUMBER)
    problem_type(L, writing, spot, "an integer", spot->index);
  else if (!is_integer)
    problem(L, writing, spot, "must be an integer, without a fraction");
  else if (is_small && (value < INT32_MIN || value > INT32_MAX))
    problem(L, writing, spot, "must be a 32-bit integer");
  else
    must(L, json_write_integer(writing->out, value));
}

static void write_code(lua_State *L, struct writing *writing,
                       const struct spot *spot)
{
  if (spot->type == LUA_TSTRING)
    write_text(L, writing, &schema_text, spot);
  else if (spot->type == LUA_TNUMBER)
    write_integer(L, writing, &schema_int64, spot);
  else
    problem_type(L, writing, spot, "an integer or a string", spot->index);
}

static bool is_null(lua_State *L, const struct spot *spot)
{
  return spot->type == LUA_TLIGHTUSERDATA &&
         lua_touserdata(L, spot->index) == MARSHAL_NULL;
}

/* What `extra` adds to a spot is on top. False, and told, where it cannot. */
static bool check_extra(lua_State *L, const struct writing *writing,
                        const struct spot *spot)
{
  bool is_table = lua_istable(L, -1);
  if (!is_table)
    problem_extra(L, writing, spot, "must be a table of fields to add");
  return is_table;
}

/* Tells of what `extra` has for items that the list has not. */
static void check_extra_items(lua_State *L, const struct writing *writing,
                              const struct spot *spot, lua_Integer count)
{
  lua_pushnil(L);
  while (lua_next(L, spot->extra)) {
    lua_pop(L, 1);
    if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1 ||
        lua_tointeger(L, -1) > count) {
      problem_extra(L, writing, spot, "adds to items that are not given");
      lua_pop(L, 1);
      return;
    }
  }
}

static void write_array(lua_State *L, struct writing *writing,
                        const struct schema *item, const struct spot *spot)
{
  lua_Integer count = (lua_Integer)lua_rawlen(L, spot->index);
  int top = lua_gettop(L);
  struct spot inner = {spot, .table = lua_topointer(L, spot->index)};
  if (spot->extra)
    check_extra_items(L, writing, spot, count);
  must(L, buffer_append_byte(writing->out, '['));
  for (inner.item = 1; inner.item <= count; inner.item++) {
    if (inner.item > 1)
      must(L, buffer_append_byte(writing->out, ','));
    inner.extra = 0;
    if (spot->extra && lua_rawgeti(L, spot->extra, inner.item) != LUA_TNIL &&
        check_extra(L, writing, &inner))
      inner.extra = lua_gettop(L);
    inner.index = lua_gettop(L) + 1;
    inner.type = lua_rawgeti(L, spot->index, inner.item);
    write_value(L, writing, item, &inner);
    lua_settop(L, top);
  }
  must(L, buffer_append_byte(writing->out, ']'));
}

/* True for a table whose metatable marks arrays, be it empty or not. */
static bool is_marked(lua_State *L, int index)
{
  return lua_getmetatable(L, index) && marshal_pop_is_mark(L);
}

/* How many entries a table has. */
static lua_Integer count_entries(lua_State *L, int index)
{
  lua_Integer count = 0;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    count++;
    lua_pop(L, 1);
  }
  return count;
}

/* True for a list without holes and without names. */
static bool is_list(lua_State *L, int index)
{
  return count_entries(L, index) == (lua_Integer)lua_rawlen(L, index);
}

/* True when the string at this index names a field. */
static bool names_field(lua_State *L, const struct schema *schema, int index)
{
  size_t length;
  const char *name = lua_tolstring(L, index, &length);
  for (size_t i = 0; i < schema->field_count; i++)
    if (strlen(schema->fields[i].name) == length &&
        memcmp(schema->fields[i].name, name, length) == 0)
      return true;
  return false;
}

/* Members in whatever order Lua keeps them: free-form objects have none. Those
** that a schema knows, if there is one, are passed over. */
static void write_free_members(lua_State *L, struct writing *writing,
                               const struct schema *known,
                               const struct spot *spot, bool is_first)
{
  size_t length;
  struct spot inner = {spot, .table = lua_topointer(L, spot->index),
                       .index = lua_gettop(L) + 2};
  lua_pushnil(L);
  while (lua_next(L, spot->index)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      problem_type(L, writing, spot, "a list, or a table with names only", -2);
      lua_pop(L, 2);
      return;
    }
    if (known && names_field(L, known, -2)) {
      lua_pop(L, 1);
      continue;
    }
    inner.name = lua_tolstring(L, -2, &length);
    inner.type = lua_type(L, -1);
    if (!is_first)
      must(L, buffer_append_byte(writing->out, ','));
    is_first = false;
    if (!write_utf8(L, writing, inner.name, length))
      problem(L, writing, spot, "must have names in UTF-8");
    must(L, buffer_append_byte(writing->out, ':'));
    write_value(L, writing, &schema_any, &inner);
    lua_pop(L, 1);
  }
}

/* Makes room on the stack for one more level of tables. False, with a problem,
** where that is too deep. */
static bool may_enter(lua_State *L, const struct writing *writing,
                      const struct spot *spot)
{
  size_t depth = 0;
  marshal_reserve(L, 0);
  for (const struct spot *each = spot; each; each = each->up)
    depth++;
  if (depth > JSON_MAX_DEPTH)
    problem(L, writing, spot, "is nested deeper than 64 levels");
  return depth <= JSON_MAX_DEPTH;
}

/* True for a table that stands in itself, at whatever depth. */
static bool is_within_itself(lua_State *L, const struct spot *spot)
{
  const void *table = lua_topointer(L, spot->index);
  while (spot && spot->table != table)
    spot = spot->up;
  return spot != NULL;
}

static void write_free_table(lua_State *L, struct writing *writing,
                             const struct spot *spot)
{
  if (is_within_itself(L, spot)) {
    problem(L, writing, spot, "is a table that contains itself");
    return;
  }
  if (!may_enter(L, writing, spot))
    return;
  if (is_marked(L, spot->index) ||
      (lua_rawlen(L, spot->index) > 0 && is_list(L, spot->index))) {
    write_array(L, writing, &schema_any, spot);
    return;
  }
  must(L, buffer_append_byte(writing->out, '{'));
  write_free_members(L, writing, NULL, spot, true);
  must(L, buffer_append_byte(writing->out, '}'));
}

/* An integer that Lua holds as a float goes out as a real: 3.0. */
static void write_number(lua_State *L, struct writing *writing,
                         const struct spot *spot)
{
  if (lua_isinteger(L, spot->index))
    must(L, json_write_integer(writing->out, lua_tointeger(L, spot->index)));
  else if (!isfinite(lua_tonumber(L, spot->index)))
    problem(L, writing, spot, "must be a finite number");
  else
    must(L, json_write_real(writing->out, lua_tonumber(L, spot->index)));
}

/* JSON null, or a light userdata that stands for an empty array. */
static void write_light(lua_State *L, struct writing *writing,
                        const struct spot *spot)
{
  if (is_null(L, spot)) {
    must(L, buffer_append_text(writing->out, "null"));
    return;
  }
  lua_pushvalue(L, spot->index);
  if (marshal_pop_is_mark(L))
    must(L, buffer_append_text(writing->out, "[]"));
  else
    problem_type(L, writing, spot, "a JSON value", spot->index);
}

static void write_free(lua_State *L, struct writing *writing,
                       const struct spot *spot)
{
  switch (spot->type) {
  case LUA_TBOOLEAN:
    write_boolean(L, writing, spot);
    break;
  case LUA_TNUMBER:
    write_number(L, writing, spot);
    break;
  case LUA_TSTRING:
    write_text(L, writing, &schema_text, spot);
    break;
  case LUA_TTABLE:
    write_free_table(L, writing, spot);
    break;
  case LUA_TLIGHTUSERDATA:
    write_light(L, writing, spot);
    break;
  default:
    problem_type(L, writing, spot, "a JSON value", spot->index);
    break;
  }
}

/* Objects */

/* Lua adds which of the `known` ones was meant. */
static void problem_unknown(lua_State *L, const struct writing *writing,
                            const struct schema *schema,
                            const struct spot *spot)
{
  problem(L, writing, spot, "is not known");
  lua_rawgeti(L, writing->problems,
              (lua_Integer)lua_rawlen(L, writing->problems));
  lua_createtable(L, 0, (int)schema->field_count);
  for (size_t i = 0; i < schema->field_count; i++) {
    lua_pushboolean(L, true);
    lua_setfield(L, -2, schema->fields[i].name);
  }
  lua_setfield(L, -2, "known");
  lua_pop(L, 1);
}

/* The key on top is no name. */
static void problem_nameless(lua_State *L, const struct writing *writing,
                             const struct schema *schema,
                             const struct spot *spot)
{
  struct spot inner = {spot, "[...]"};
  if (lua_isinteger(L, -1))
    inner = (struct spot){.up = spot, .item = lua_tointeger(L, -1)};
  if (schema->field_count > 0)
    lua_pushfstring(L, "has no name: write %s = ...", schema->fields[0].name);
  else
    lua_pushliteral(L, "has no name");
  problem(L, writing, &inner, lua_tostring(L, -1));
  lua_pop(L, 1);
}

/* Names what is in the table and not in the schema. */
static void report_unknown(lua_State *L, const struct writing *writing,
                           const struct schema *schema, const struct spot *spot,
                           int index)
{
  lua_pushnil(L);
  while (lua_next(L, index)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING) {
      problem_nameless(L, writing, schema, spot);
    } else if (!names_field(L, schema, -1)) {
      struct spot inner = {spot, lua_tostring(L, -1)};
      problem_unknown(L, writing, schema, &inner);
    }
  }
}

/* Constants are UTF-8, so what write_utf8 gives is not asked. */
static void write_fixed(lua_State *L, struct writing *writing,
                        const struct field *field)
{
  const char *text = field->fixed_text;
  if (text)
    write_utf8(L, writing, text, strlen(text));
  else
    must(L, json_write_integer(writing->out, field->fixed_integer));
}

/* The value on top, given for a field that has just one. */
static void check_fixed(lua_State *L, const struct writing *writing,
                        const struct field *field, const struct spot *spot)
{
  if (field->fixed_text)
    lua_pushstring(L, field->fixed_text);
  else
    lua_pushinteger(L, field->fixed_integer);
  if (!lua_rawequal(L, -1, -2)) {
    const char *mark = field->fixed_text ? "\"" : "";
    lua_pushfstring(L, "must be %s%s%s", mark, luaL_tolstring(L, -1, NULL),
                    mark);
    problem(L, writing, spot, lua_tostring(L, -1));
    lua_pop(L, 2);
  }
  lua_pop(L, 1);
}

/* The value on top, which goes into the path, the query or a header: written
** to nowhere to see its problems, and checked for its place. */
static void check_aside(lua_State *L, struct writing *writing,
                        const struct field *field, const struct spot *spot)
{
  size_t length;
  size_t before = writing->out->length;
  size_t problems = (size_t)lua_rawlen(L, writing->problems);
  write_value(L, writing, field->schema, spot);
  writing->out->length = before;
  if (spot->type != LUA_TSTRING || lua_rawlen(L, writing->problems) > problems)
    return;
  const char *text = lua_tolstring(L, -1, &length);
  const char *wrong =
      field->place == IN_PATH     ? address_check_segment(text, length)
      : field->place == IN_HEADER ? address_check_header_value(text, length)
                                  : NULL;
  if (wrong)
    problem(L, writing, spot, wrong);
}

/* Writes `"name":value`, for a value on top that is there or is fixed. */
static void write_member(lua_State *L, struct writing *writing,
                         const struct field *field,
                         const struct json_label *label,
                         const struct spot *spot, bool *is_first)
{
  if (!*is_first)
    must(L, buffer_append_byte(writing->out, ','));
  *is_first = false;
  must(L, json_write_label(writing->out, label));
  if (field->flags & FIELD_FIXED)
    write_fixed(L, writing, field);
  else
    write_value(L, writing, field->schema, spot);
}

/* One field with its value on top, which may be nil. */
static void write_field(lua_State *L, struct writing *writing,
                        const struct field *field,
                        const struct json_label *label, const struct spot *spot,
                        bool *is_first)
{
  bool is_given = spot->type != LUA_TNIL && !is_null(L, spot);
  bool is_fixed = (field->flags & FIELD_FIXED) != 0;
  if (is_given && is_fixed)
    check_fixed(L, writing, field, spot);
  if (is_given && field->place != IN_BODY)
    check_aside(L, writing, field, spot);
  else if ((is_given || is_fixed) && field->place == IN_BODY)
    write_member(L, writing, field, label, spot, is_first);
  else if (field->flags & FIELD_REQUIRED && !(field->flags & FIELD_OF_CLIENT))
    problem(L, writing, spot, "is required");
}

/* True for a field that `extra` can add to: an object, or a list of them. */
static bool takes_extra(const struct field *field)
{
  const struct schema *schema = field->schema;
  return field->place == IN_BODY && !(field->flags & FIELD_FIXED) &&
         (schema->kind == SCHEMA_OBJECT ||
          (schema->kind == SCHEMA_ARRAY &&
           schema->item->kind == SCHEMA_OBJECT));
}

/* Pushes what `extra` has for a field whose name is on top, in its place. Gives
** back where that is, or 0 where it adds nothing. */
static int push_extra(lua_State *L, const struct writing *writing,
                      const struct field *field, const struct spot *spot,
                      int extra)
{
  if (lua_rawget(L, extra) == LUA_TNIL)
    return 0;
  if (!takes_extra(field))
    problem_extra(L, writing, spot,
                  "is a parameter of this call, not an extra");
  else if (check_extra(L, writing, spot))
    return lua_gettop(L);
  return 0;
}

/* Writes the members of an object that its schema knows. True where there was
** none, so that what follows begins without a comma. Names that the schema does
** not know are looked for only where the table has more entries. */
static bool write_members(lua_State *L, struct writing *writing,
                          const struct schema *schema, const struct spot *spot,
                          int index, int extra)
{
  bool is_first = true;
  lua_Integer known = 0;
  const struct json_label *labels =
      marshal_push_labels(L, writing->cache, schema);
  int names = lua_gettop(L);
  struct spot inner = {spot, .index = names + 1};
  for (size_t i = 0; i < schema->field_count; i++) {
    const struct field *field = &schema->fields[i];
    inner.name = field->name;
    if (extra) {
      lua_getiuservalue(L, names, (int)i + 1);
      inner.extra = push_extra(L, writing, field, &inner, extra);
      inner.index = names + 2;
    }
    lua_getiuservalue(L, names, (int)i + 1);
    inner.type = lua_rawget(L, index);
    known += inner.type != LUA_TNIL;
    if (inner.extra && inner.type != LUA_TTABLE)
      problem_extra(L, writing, &inner, "adds to what is not given");
    write_field(L, writing, field, &labels[i], &inner, &is_first);
    lua_settop(L, names);
  }
  lua_pop(L, 1);
  if (count_entries(L, index) != known)
    report_unknown(L, writing, schema, spot, index);
  return is_first;
}

/* What `extra` adds, behind the documented members. */
static void write_extra(lua_State *L, struct writing *writing,
                        const struct schema *schema, const struct spot *spot,
                        bool is_first)
{
  struct spot added = {NULL, "extra", .index = spot->extra};
  if (spot->up || spot->name) { /* within a parameter */
    push_spot(L, spot);
    added.name = lua_pushfstring(L, "extra.%s", lua_tostring(L, -1));
  } else {
    lua_pushnil(L);
    lua_pushnil(L);
  }
  write_free_members(L, writing, schema, &added, is_first);
  lua_pop(L, 2);
}

static void write_object(lua_State *L, struct writing *writing,
                         const struct schema *schema, const struct spot *spot)
{
  must(L, buffer_append_byte(writing->out, '{'));
  bool is_first =
      write_members(L, writing, schema, spot, spot->index, spot->extra);
  if (spot->extra)
    write_extra(L, writing, schema, spot, is_first);
  must(L, buffer_append_byte(writing->out, '}'));
}

static void write_composed(lua_State *L, struct writing *writing,
                           const struct schema *schema, const struct spot *spot)
{
  if (spot->type != LUA_TTABLE)
    problem_type(L, writing, spot,
                 schema->kind == SCHEMA_ARRAY ? "a list" : "a table",
                 spot->index);
  else if (schema->kind == SCHEMA_MAP)
    write_free_table(L, writing, spot);
  else if (!may_enter(L, writing, spot))
    return;
  else if (schema->kind == SCHEMA_OBJECT)
    write_object(L, writing, schema, spot);
  else if (!is_list(L, spot->index))
    problem(L, writing, spot, "must be a list without holes and names");
  else
    write_array(L, writing, schema->item, spot);
}

static void write_value(lua_State *L, struct writing *writing,
                        const struct schema *schema, const struct spot *spot)
{
  switch (schema->kind) {
  case SCHEMA_ANY:
    write_free(L, writing, spot);
    break;
  case SCHEMA_INTEGER_OR_TEXT:
    write_code(L, writing, spot);
    break;
  case SCHEMA_TEXT:
    write_text(L, writing, schema, spot);
    break;
  case SCHEMA_SECRET:
    write_secret(L, writing, schema, spot);
    break;
  case SCHEMA_BOOLEAN:
    write_boolean(L, writing, spot);
    break;
  case SCHEMA_INT32:
  case SCHEMA_INT64:
    write_integer(L, writing, schema, spot);
    break;
  case SCHEMA_OBJECT:
  case SCHEMA_ARRAY:
  case SCHEMA_MAP:
    write_composed(L, writing, schema, spot);
    break;
  }
}

void marshal_write(lua_State *L, struct writing *writing,
                   const struct schema *parameters, int index, int extra)
{
  marshal_reserve(L, 0);
  marshal_push_cache(L);
  writing->cache = lua_gettop(L);
  must(L, buffer_append_byte(writing->out, '{'));
  bool is_first = write_members(L, writing, parameters, NULL, index, extra);
  if (extra)
    write_extra(L, writing, parameters, &(struct spot){.extra = extra},
                is_first);
  must(L, buffer_append_byte(writing->out, '}'));
  lua_pop(L, 1);
}
