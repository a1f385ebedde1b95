/* The shared marshaller: Lua tables to JSON and back in one pass each,
** guided by a schema. */

#include "marshal.h"

#include "address.h"
#include "names.h"
#include "operation.h"
#include "secret.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#define ARRAY_TYPE "coffer.array"
#define MARKS "coffer.array_marks"

/* Marks */

void marshal_open(lua_State *L)
{
  luaL_newmetatable(L, ARRAY_TYPE);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, MARKS);
  lua_insert(L, -2);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

int marshal_array_mark(lua_State *L)
{
  bool is_metatable = lua_toboolean(L, 2);
  luaL_argexpected(
      L, lua_istable(L, 1) || (lua_islightuserdata(L, 1) && !is_metatable), 1,
      is_metatable ? "table" : "table or light userdata");
  luaL_getsubtable(L, LUA_REGISTRYINDEX, MARKS);
  lua_pushvalue(L, 1);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  if (is_metatable) {
    lua_pushvalue(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, ARRAY_TYPE);
  }
  return 0;
}

/* Takes the value on top and says whether it is a mark. */
static bool pop_is_mark(lua_State *L)
{
  lua_getfield(L, LUA_REGISTRYINDEX, MARKS);
  lua_insert(L, -2);
  bool is_mark = lua_rawget(L, -2) != LUA_TNIL;
  lua_pop(L, 2);
  return is_mark;
}

static bool is_marked(lua_State *L, int index)
{
  return lua_getmetatable(L, index) && pop_is_mark(L);
}

/* Pushes a schema's field names as Lua strings, in order: made once for each
** Lua state, so that no name is hashed again. */
static void push_names(lua_State *L, const struct schema *schema)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, schema) == LUA_TTABLE)
    return;
  lua_pop(L, 1);
  lua_createtable(L, (int)schema->field_count, 0);
  for (size_t i = 0; i < schema->field_count; i++) {
    lua_pushstring(L, schema->fields[i].name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, schema);
}

/* The slots of the stack that one level of values takes, at the most. */
enum { LEVEL = 20 };

/* Reading */

static bool read_value(lua_State *L, struct reading *reading,
                       const struct schema *schema);

/* What was due, where something else was found. */
static bool mismatch(struct reading *reading, enum schema_kind kind)
{
  static const char *const said[] = {[SCHEMA_ANY] = "is not JSON",
                                     [SCHEMA_TEXT] = "is not text",
                                     [SCHEMA_SECRET] = "is not text",
                                     [SCHEMA_BOOLEAN] = "is not true or false",
                                     [SCHEMA_INT32] = "is not a 32-bit integer",
                                     [SCHEMA_INT64] = "is not a 64-bit integer",
                                     [SCHEMA_CODE] =
                                         "is neither an integer nor a name",
                                     [SCHEMA_OBJECT] = "is not an object",
                                     [SCHEMA_ARRAY] = "is not an array",
                                     [SCHEMA_MAP] = "is not an object"};
  reading->trouble = said[kind];
  return false;
}

/* Puts one more segment before the place of a trouble. Names that the
** provider made up are not repeated. */
static bool within(struct reading *reading, const char *name, bool is_ours)
{
  char place[sizeof reading->place];
  size_t length = strlen(reading->place);
  const char *shown = is_ours ? name : "*";
  size_t room = sizeof place - strlen(shown) - 2;
  if (strlen(shown) + 2 > sizeof place)
    return false;
  if (length > room)
    length = room;
  place[0] = '/';
  memcpy(place + 1, shown, strlen(shown));
  memcpy(place + 1 + strlen(shown), reading->place, length);
  place[1 + strlen(shown) + length] = '\0';
  memcpy(reading->place, place, strlen(place) + 1);
  return false;
}

static bool read_text(lua_State *L, struct reading *reading)
{
  struct json_text text;
  if (!json_read_string(reading->json, &text))
    return false;
  lua_pushlstring(L, text.bytes, text.length);
  return true;
}

static bool read_secret(lua_State *L, struct reading *reading)
{
  struct json_text text;
  if (!json_read_string(reading->json, &text))
    return false;
  secret_push(L, text.bytes, text.length);
  return true;
}

static bool read_boolean(lua_State *L, struct reading *reading)
{
  bool value;
  if (!json_read_boolean(reading->json, &value))
    return false;
  lua_pushboolean(L, value);
  return true;
}

static bool read_boolean_as_text(lua_State *L, struct reading *reading)
{
  bool value;
  if (!json_read_boolean(reading->json, &value))
    return false;
  lua_pushstring(L, value ? "true" : "false");
  return true;
}

static bool read_number(lua_State *L, struct reading *reading)
{
  struct json_number number;
  if (!json_read_number(reading->json, &number))
    return false;
  if (number.is_integer)
    lua_pushinteger(L, number.integer);
  else
    lua_pushnumber(L, number.real);
  return true;
}

/* A real from here on may have been another number in the text. */
#define INEXACT_FROM 9007199254740992.0 /* 2^53 */

/* The value on top as an integer of this kind, where it is one. */
static bool make_integer(lua_State *L, const struct schema *schema)
{
  int is_integer;
  lua_Integer value = lua_tointegerx(L, -1, &is_integer);
  bool is_inexact = lua_type(L, -1) == LUA_TNUMBER && !lua_isinteger(L, -1) &&
                    fabs(lua_tonumber(L, -1)) >= INEXACT_FROM;
  if (!is_integer || is_inexact ||
      (schema->kind == SCHEMA_INT32 &&
       (value < INT32_MIN || value > INT32_MAX)))
    return false;
  lua_pushinteger(L, value);
  lua_replace(L, -2);
  return true;
}

static bool is_all_digits(const char *text)
{
  return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool read_integer(lua_State *L, struct reading *reading,
                         const struct schema *schema, enum json_kind found)
{
  bool is_text = found == JSON_STRING && schema->form == FORM_FROM_DIGITS;
  if (!is_text && found != JSON_NUMBER)
    return mismatch(reading, schema->kind);
  if (is_text ? !read_text(L, reading) : !read_number(L, reading))
    return false;
  if ((is_text && !is_all_digits(lua_tostring(L, -1))) ||
      !make_integer(L, schema))
    return mismatch(reading, schema->kind);
  return true;
}

/* Lists and free-form objects wait on the stack until it is known how many
** they are: a table of the right size is never made larger. So many at once:
*/
enum { BATCH = 32 };

/* Moves the items above a list into it. In its place is nil before the first
** ones, `count` is how many came so far. */
static void take_items(lua_State *L, int list, lua_Integer count)
{
  int batch = lua_gettop(L) - list;
  if (lua_isnil(L, list)) {
    lua_createtable(L, batch, 0);
    lua_replace(L, list);
  }
  for (int i = 1; i <= batch; i++) {
    lua_pushvalue(L, list + i);
    lua_rawseti(L, list, count - batch + i);
  }
  lua_settop(L, list);
}

/* Moves the names and values above an object into it, in their order. */
static void take_members(lua_State *L, int object)
{
  int top = lua_gettop(L);
  if (lua_isnil(L, object)) {
    lua_createtable(L, 0, (top - object) / 2);
    lua_replace(L, object);
  }
  for (int i = object + 1; i < top; i += 2) {
    lua_pushvalue(L, i);
    lua_pushvalue(L, i + 1);
    lua_rawset(L, object);
  }
  lua_settop(L, object);
}

static bool read_array(lua_State *L, struct reading *reading,
                       const struct schema *item)
{
  enum json_step step;
  lua_Integer count = 0;
  if (!json_enter(reading->json))
    return false;
  luaL_checkstack(L, BATCH + LEVEL, "JSON");
  lua_pushnil(L);
  int list = lua_gettop(L);
  while ((step = json_next_item(reading->json, count == 0)) == JSON_MORE) {
    if (!read_value(L, reading, item))
      return within(reading, "*", true);
    if (++count % BATCH == 0)
      take_items(L, list, count);
  }
  take_items(L, list, count);
  if (count == 0)
    luaL_setmetatable(L, ARRAY_TYPE);
  return step == JSON_DONE;
}

/* An object whose names are not known. Where one comes twice, the last one
** counts. */
static bool read_map(lua_State *L, struct reading *reading,
                     const struct schema *item)
{
  struct json_text name;
  enum json_step step;
  size_t count = 0;
  if (!json_enter(reading->json))
    return false;
  luaL_checkstack(L, 2 * BATCH + LEVEL, "JSON");
  lua_pushnil(L);
  int object = lua_gettop(L);
  while ((step = json_next_member(reading->json, count == 0, &name)) ==
         JSON_MORE) {
    lua_pushlstring(L, name.bytes, name.length);
    if (!read_value(L, reading, item))
      return within(reading, "*", true);
    if (++count % BATCH == 0)
      take_members(L, object);
  }
  take_members(L, object);
  return step == JSON_DONE;
}

/* Providers send the members in the documented order, mostly: the field
** behind the last one is tried first. */
static const struct field *find_field(const struct schema *schema,
                                      const struct json_text *name,
                                      size_t expected)
{
  for (size_t tried = 0; tried < schema->field_count; tried++) {
    size_t i = expected + tried;
    if (i >= schema->field_count)
      i -= schema->field_count;
    const struct field *field = &schema->fields[i];
    if (name->length > 0 && *field->name == *name->bytes &&
        strlen(field->name) == name->length &&
        memcmp(field->name, name->bytes, name->length) == 0)
      return field;
  }
  return NULL;
}

/* A member of a newer API: kept as it is. */
static bool read_unknown(lua_State *L, struct reading *reading,
                         const struct json_text *name, int table)
{
  lua_pushlstring(L, name->bytes, name->length);
  if (!read_value(L, reading, &schema_any))
    return within(reading, "*", true);
  lua_rawset(L, table);
  return true;
}

/* A promised secret that came as something else is lost, and the rest of the
** answer counts all the more. */
static bool is_lost(const struct field *field, enum json_kind found)
{
  return (field->flags & FIELD_PROMISED) != 0 && found != JSON_STRING &&
         field->schema->kind == SCHEMA_SECRET;
}

static bool is_empty_value(lua_State *L)
{
  int type = lua_type(L, -1);
  const struct secret *secret =
      type == LUA_TUSERDATA ? secret_test(L, -1) : NULL;
  if (secret)
    return secret->length == 0;
  return type == LUA_TSTRING && lua_rawlen(L, -1) == 0;
}

/* Reads a documented member into the table, whose names lie above it. True
** in `*is_there` unless it says nothing: null, or empty text. */
static bool read_field(lua_State *L, struct reading *reading,
                       const struct schema *schema, const struct field *field,
                       int table, bool *is_there)
{
  enum json_kind found = json_peek(reading->json);
  *is_there = false;
  if (found == JSON_NULL || is_lost(field, found))
    return json_skip(reading->json) || within(reading, field->name, true);
  lua_rawgeti(L, table + 1, (lua_Integer)(field - schema->fields) + 1);
  if (!read_value(L, reading, field->schema))
    return within(reading, field->name, true);
  *is_there = !is_empty_value(L);
  lua_rawset(L, table);
  return true;
}

static void note_absent(struct reading *reading, const struct field *field)
{
  if (field->flags & FIELD_REQUIRED)
    reading->missing = field->name;
  else if (field->flags & FIELD_PROMISED &&
           reading->lost_count < ARRAY_LENGTH(reading->lost))
    reading->lost[reading->lost_count++] = field->name;
}

/* Reads the members; `*there` gets a bit for each field that says something.
** A documented member that comes twice is refused: which one counts? */
static bool read_members(lua_State *L, struct reading *reading,
                         const struct schema *schema, int table,
                         uint64_t *there)
{
  struct json_text name;
  enum json_step step;
  bool is_first = true;
  size_t expected = 0;
  uint64_t seen = 0;
  while ((step = json_next_member(reading->json, is_first, &name)) ==
         JSON_MORE) {
    const struct field *field = find_field(schema, &name, expected);
    bool is_there = false;
    is_first = false;
    if (!field) {
      if (!read_unknown(L, reading, &name, table))
        return false;
      continue;
    }
    expected = (size_t)(field - schema->fields) + 1;
    uint64_t bit = UINT64_C(1) << (expected - 1);
    if (seen & bit) {
      reading->trouble = "comes twice";
      return within(reading, field->name, true);
    }
    seen |= bit;
    if (!read_field(L, reading, schema, field, table, &is_there))
      return false;
    if (is_there)
      *there |= bit;
  }
  return step == JSON_DONE;
}

static bool read_object(lua_State *L, struct reading *reading,
                        const struct schema *schema)
{
  uint64_t there = 0;
  if (!json_enter(reading->json))
    return false;
  luaL_checkstack(L, LEVEL, "JSON");
  lua_createtable(L, 0, (int)schema->field_count);
  int table = lua_gettop(L);
  push_names(L, schema);
  if (!read_members(L, reading, schema, table, &there))
    return false;
  lua_settop(L, table);
  for (size_t i = 0; i < schema->field_count; i++)
    if (!(there >> i & 1))
      note_absent(reading, &schema->fields[i]);
  if (schema->thing && reading->things) {
    lua_pushstring(L, schema->thing->name);
    if (lua_rawget(L, reading->things) == LUA_TTABLE)
      lua_setmetatable(L, table);
    lua_settop(L, table);
  }
  return true;
}

static bool read_free(lua_State *L, struct reading *reading,
                      enum json_kind found)
{
  switch (found) {
  case JSON_NULL:
    lua_pushlightuserdata(L, MARSHAL_NULL);
    return json_read_null(reading->json);
  case JSON_BOOLEAN:
    return read_boolean(L, reading);
  case JSON_NUMBER:
    return read_number(L, reading);
  case JSON_STRING:
    return read_text(L, reading);
  case JSON_ARRAY:
    return read_array(L, reading, &schema_any);
  case JSON_OBJECT:
    return read_map(L, reading, &schema_any);
  case JSON_BROKEN:
    break;
  }
  return false;
}

static bool read_text_field(lua_State *L, struct reading *reading,
                            const struct schema *schema, enum json_kind found)
{
  if (found == JSON_STRING)
    return read_text(L, reading);
  if (found == JSON_BOOLEAN && schema->form == FORM_FROM_BOOLEAN)
    return read_boolean_as_text(L, reading);
  return mismatch(reading, schema->kind);
}

static bool read_code(lua_State *L, struct reading *reading,
                      enum json_kind found)
{
  if (found == JSON_STRING)
    return read_text(L, reading);
  if (found == JSON_NUMBER)
    return read_number(L, reading);
  return mismatch(reading, SCHEMA_CODE);
}

static bool read_composed(lua_State *L, struct reading *reading,
                          const struct schema *schema, enum json_kind found)
{
  if (schema->kind == SCHEMA_OBJECT && found == JSON_OBJECT)
    return read_object(L, reading, schema);
  if (schema->form == FORM_FROM_ROW && found == JSON_ARRAY)
    return read_array(L, reading, &schema_any);
  if (schema->kind == SCHEMA_ARRAY && found == JSON_ARRAY)
    return read_array(L, reading, schema->item);
  if (schema->kind == SCHEMA_MAP && found == JSON_OBJECT)
    return read_map(L, reading, schema->item);
  return mismatch(reading, schema->kind);
}

/* A value whose schema says what it is. */
static bool read_typed(lua_State *L, struct reading *reading,
                       const struct schema *schema, enum json_kind found)
{
  switch (schema->kind) {
  case SCHEMA_INT32:
  case SCHEMA_INT64:
    return read_integer(L, reading, schema, found);
  case SCHEMA_TEXT:
    return read_text_field(L, reading, schema, found);
  case SCHEMA_SECRET:
    return found == JSON_STRING ? read_secret(L, reading)
                                : mismatch(reading, SCHEMA_SECRET);
  case SCHEMA_BOOLEAN:
    return found == JSON_BOOLEAN ? read_boolean(L, reading)
                                 : mismatch(reading, SCHEMA_BOOLEAN);
  case SCHEMA_CODE:
    return read_code(L, reading, found);
  case SCHEMA_OBJECT:
  case SCHEMA_ARRAY:
  case SCHEMA_MAP:
    return read_composed(L, reading, schema, found);
  case SCHEMA_ANY:
    break;
  }
  return read_free(L, reading, found);
}

/* Pushes one value. Where it fails, what was pushed stays for marshal_read to
** clear. */
static bool read_value(lua_State *L, struct reading *reading,
                       const struct schema *schema)
{
  enum json_kind found = json_peek(reading->json);
  if (found == JSON_BROKEN)
    return false;
  /* a null that no field has taken is an item: it keeps its place */
  if (found == JSON_NULL)
    return read_free(L, reading, found);
  return read_typed(L, reading, schema, found);
}

bool marshal_read(lua_State *L, struct reading *reading,
                  const struct schema *schema)
{
  int top = lua_gettop(L);
  enum json_kind found = json_peek(reading->json);
  luaL_checkstack(L, LEVEL, "JSON");
  reading->place[0] = '\0';
  /* at the top, null is no value at all */
  bool is_read = found == JSON_NULL && schema->kind != SCHEMA_ANY
                     ? mismatch(reading, schema->kind)
                     : read_value(L, reading, schema);
  if (is_read && json_finish(reading->json))
    return true;
  if (reading->json->out_of_memory)
    luaL_error(L, "not enough memory");
  if (!reading->trouble)
    reading->trouble = reading->json->trouble;
  lua_settop(L, top);
  return false;
}

/* Writing */

/* Where in the input a value stands. The way up is spelled out only when
** there is a problem. */
struct spot {
  const struct spot *up;
  const char *name; /* NULL: an item of a list */
  lua_Integer item;
  const void *table; /* in which it stands, where that is free-form */
};

static void write_value(lua_State *L, struct writing *writing,
                        const struct schema *schema, const struct spot *spot,
                        int index);

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

/* Pushes a spot as people write it: plan.planId, owners[2].userId. */
static void push_spot(lua_State *L, const struct spot *spot)
{
  luaL_checkstack(L, 4, "path");
  if (!spot->up) {
    lua_pushstring(L, spot->name);
    return;
  }
  push_spot(L, spot->up);
  if (spot->name)
    lua_pushfstring(L, "%s.%s", lua_tostring(L, -1), spot->name);
  else
    lua_pushfstring(L, "%s[%I]", lua_tostring(L, -1), (LUAI_UACINT)spot->item);
  lua_remove(L, -2);
}

static void problem(lua_State *L, const struct writing *writing,
                    const struct spot *spot, const char *message)
{
  push_spot(L, spot);
  marshal_problem(L, writing->problems, lua_tostring(L, -1), message);
  lua_pop(L, 1);
}

static void problem_type(lua_State *L, const struct writing *writing,
                         const struct spot *spot, const char *wanted, int index)
{
  lua_pushfstring(L, "must be %s, got %s", wanted, luaL_typename(L, index));
  problem(L, writing, spot, lua_tostring(L, -1));
  lua_pop(L, 1);
}

/* Memory is Lua's to complain about. */
static void must(lua_State *L, bool is_done)
{
  if (!is_done)
    luaL_error(L, "not enough memory");
}

bool marshal_fits_rule(const struct text_rule *rule, const char *text,
                       size_t length)
{
  size_t count = json_characters(text, length);
  if (count < rule->shortest || (rule->longest && count > rule->longest))
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
                       const struct schema *schema, const struct spot *spot,
                       int index)
{
  size_t length;
  const struct text_rule *rule = schema->rule;
  if (schema->form == FORM_FROM_BOOLEAN && lua_isboolean(L, index)) {
    const char *word = lua_toboolean(L, index) ? "\"true\"" : "\"false\"";
    must(L, buffer_append_text(writing->out, word));
    return;
  }
  if (lua_type(L, index) != LUA_TSTRING) {
    problem_type(L, writing, spot, rule ? rule->said : "a string", index);
    return;
  }
  const char *text = lua_tolstring(L, index, &length);
  if (!write_utf8(L, writing, text, length)) {
    problem(L, writing, spot, "must be UTF-8");
  } else if (rule && !marshal_fits_rule(rule, text, length)) {
    problem(L, writing, spot, lua_pushfstring(L, "must be %s", rule->said));
    lua_pop(L, 1);
  }
}

/* The bytes of a secret or string, or NULL where it is another thing. */
static const char *secret_text(lua_State *L, int index, size_t *length)
{
  struct secret *secret = secret_test(L, index);
  if (secret) {
    *length = secret->length;
    return secret->bytes;
  }
  return lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, length)
                                           : NULL;
}

static void write_secret(lua_State *L, struct writing *writing,
                         const struct schema *schema, const struct spot *spot,
                         int index)
{
  size_t length;
  const char *text = secret_text(L, index, &length);
  if (!text)
    problem_type(L, writing, spot, "a string or a coffer.secret", index);
  else if (schema->form == FORM_TO_BASE64)
    must(L, json_write_base64(writing->out, text, length));
  else if (!write_utf8(L, writing, text, length))
    problem(L, writing, spot, "must be UTF-8");
}

static void write_boolean(lua_State *L, struct writing *writing,
                          const struct spot *spot, int index)
{
  if (lua_type(L, index) != LUA_TBOOLEAN)
    problem_type(L, writing, spot, "true or false", index);
  else
    must(L, buffer_append_text(writing->out,
                               lua_toboolean(L, index) ? "true" : "false"));
}

static void write_integer(lua_State *L, struct writing *writing,
                          const struct schema *schema, const struct spot *spot,
                          int index)
{
  bool is_small = schema->kind == SCHEMA_INT32;
  int is_integer;
  lua_Integer value = lua_tointegerx(L, index, &is_integer);
  if (lua_type(L, index) != LUA_TNUMBER)
    problem_type(L, writing, spot, "an integer", index);
  else if (!is_integer)
    problem(L, writing, spot, "must be an integer, without a fraction");
  else if (is_small && (value < INT32_MIN || value > INT32_MAX))
    problem(L, writing, spot, "must be a 32-bit integer");
  else
    must(L, json_write_integer(writing->out, value));
}

static void write_code(lua_State *L, struct writing *writing,
                       const struct spot *spot, int index)
{
  int type = lua_type(L, index);
  if (type == LUA_TSTRING)
    write_text(L, writing, &schema_text, spot, index);
  else if (type == LUA_TNUMBER)
    write_integer(L, writing, &schema_int64, spot, index);
  else
    problem_type(L, writing, spot, "an integer or a string", index);
}

static bool is_null(lua_State *L, int index)
{
  return lua_islightuserdata(L, index) &&
         lua_touserdata(L, index) == MARSHAL_NULL;
}

static void write_array(lua_State *L, struct writing *writing,
                        const struct schema *item, const struct spot *spot,
                        int index)
{
  lua_Integer count = (lua_Integer)lua_rawlen(L, index);
  must(L, buffer_append_byte(writing->out, '['));
  for (lua_Integer i = 1; i <= count; i++) {
    struct spot inner = {spot, NULL, i, lua_topointer(L, index)};
    if (i > 1)
      must(L, buffer_append_byte(writing->out, ','));
    lua_rawgeti(L, index, i);
    write_value(L, writing, item, &inner, lua_gettop(L));
    lua_pop(L, 1);
  }
  must(L, buffer_append_byte(writing->out, ']'));
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

/* Members in whatever order Lua keeps them: free-form objects have none. */
static void write_free_members(lua_State *L, struct writing *writing,
                               const struct spot *spot, int index,
                               bool is_first)
{
  lua_pushnil(L);
  while (lua_next(L, index)) {
    size_t length;
    if (lua_type(L, -2) != LUA_TSTRING) {
      problem_type(L, writing, spot, "a list, or a table with names only", -2);
      lua_pop(L, 2);
      return;
    }
    const char *name = lua_tolstring(L, -2, &length);
    struct spot inner = {spot, name, 0, lua_topointer(L, index)};
    if (!is_first)
      must(L, buffer_append_byte(writing->out, ','));
    is_first = false;
    if (!write_utf8(L, writing, name, length))
      problem(L, writing, spot, "must have names in UTF-8");
    must(L, buffer_append_byte(writing->out, ':'));
    write_value(L, writing, &schema_any, &inner, lua_gettop(L));
    lua_pop(L, 1);
  }
}

/* Makes room on the stack for one more level of tables. */
static bool may_enter(lua_State *L, const struct writing *writing,
                      const struct spot *spot)
{
  size_t depth = 0;
  luaL_checkstack(L, LEVEL, "JSON");
  for (const struct spot *each = spot; each; each = each->up)
    depth++;
  if (depth > JSON_DEEPEST)
    problem(L, writing, spot, "is nested deeper than 64 levels");
  return depth <= JSON_DEEPEST;
}

/* True for a table that stands in itself, at whatever depth. */
static bool is_within_itself(lua_State *L, const struct spot *spot, int index)
{
  const void *table = lua_topointer(L, index);
  while (spot && spot->table != table)
    spot = spot->up;
  return spot != NULL;
}

static void write_free_table(lua_State *L, struct writing *writing,
                             const struct spot *spot, int index)
{
  if (is_within_itself(L, spot, index)) {
    problem(L, writing, spot, "is a table that contains itself");
    return;
  }
  if (!may_enter(L, writing, spot))
    return;
  if (is_marked(L, index) || (lua_rawlen(L, index) > 0 && is_list(L, index))) {
    write_array(L, writing, &schema_any, spot, index);
    return;
  }
  must(L, buffer_append_byte(writing->out, '{'));
  write_free_members(L, writing, spot, index, true);
  must(L, buffer_append_byte(writing->out, '}'));
}

static void write_number(lua_State *L, struct writing *writing,
                         const struct spot *spot, int index)
{
  if (lua_isinteger(L, index))
    must(L, json_write_integer(writing->out, lua_tointeger(L, index)));
  else if (!isfinite(lua_tonumber(L, index)))
    problem(L, writing, spot, "must be a finite number");
  else
    must(L, json_write_real(writing->out, lua_tonumber(L, index)));
}

static void write_light(lua_State *L, struct writing *writing,
                        const struct spot *spot, int index)
{
  lua_pushvalue(L, index);
  if (is_null(L, index)) {
    lua_pop(L, 1);
    must(L, buffer_append_text(writing->out, "null"));
  } else if (pop_is_mark(L)) {
    must(L, buffer_append_text(writing->out, "[]"));
  } else {
    problem_type(L, writing, spot, "a JSON value", index);
  }
}

static void write_free(lua_State *L, struct writing *writing,
                       const struct spot *spot, int index)
{
  switch (lua_type(L, index)) {
  case LUA_TBOOLEAN:
    write_boolean(L, writing, spot, index);
    break;
  case LUA_TNUMBER:
    write_number(L, writing, spot, index);
    break;
  case LUA_TSTRING:
    write_text(L, writing, &schema_text, spot, index);
    break;
  case LUA_TTABLE:
    write_free_table(L, writing, spot, index);
    break;
  case LUA_TLIGHTUSERDATA:
    write_light(L, writing, spot, index);
    break;
  default:
    problem_type(L, writing, spot, "a JSON value", index);
    break;
  }
}

/* Objects */

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

static void problem_unknown(lua_State *L, const struct writing *writing,
                            const struct schema *schema,
                            const struct spot *spot)
{
  struct names_search search = {.wanted = spot->name};
  for (size_t i = 0; i < schema->field_count; i++)
    names_offer(&search, schema->fields[i].name);
  if (search.nearest)
    lua_pushfstring(L, "is not known (did you mean '%s'?)", search.nearest);
  else
    lua_pushliteral(L, "is not known");
  problem(L, writing, spot, lua_tostring(L, -1));
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
      struct spot inner = {spot, "[...]", 0, NULL};
      problem(L, writing, &inner, "must be a table with names only");
    } else if (!names_field(L, schema, -1)) {
      struct spot inner = {spot, lua_tostring(L, -1), 0, NULL};
      problem_unknown(L, writing, schema, &inner);
    }
  }
}

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
  size_t problems = lua_rawlen(L, writing->problems);
  write_value(L, writing, field->schema, spot, lua_gettop(L));
  writing->out->length = before;
  if (lua_type(L, -1) != LUA_TSTRING ||
      lua_rawlen(L, writing->problems) > problems)
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
                         const struct field *field, const struct spot *spot,
                         bool *is_first)
{
  if (!*is_first)
    must(L, buffer_append_byte(writing->out, ','));
  *is_first = false;
  must(L, buffer_append_byte(writing->out, '"') &&
              buffer_append_text(writing->out, field->name) &&
              buffer_append(writing->out, "\":", 2));
  if (field->flags & FIELD_FIXED)
    write_fixed(L, writing, field);
  else
    write_value(L, writing, field->schema, spot, lua_gettop(L));
}

/* One field with its value on top, which may be nil. */
static void write_field(lua_State *L, struct writing *writing,
                        const struct field *field, const struct spot *spot,
                        bool *is_first)
{
  bool is_given = !lua_isnil(L, -1) && !is_null(L, -1);
  bool is_fixed = (field->flags & FIELD_FIXED) != 0;
  if (is_given && is_fixed)
    check_fixed(L, writing, field, spot);
  if (is_given && field->place != IN_BODY)
    check_aside(L, writing, field, spot);
  else if ((is_given || is_fixed) && field->place == IN_BODY)
    write_member(L, writing, field, spot, is_first);
  else if (field->flags & FIELD_REQUIRED && !(field->flags & FIELD_OF_CLIENT))
    problem(L, writing, spot, "is required");
}

/* The members of an object that its schema knows. */
static bool write_members(lua_State *L, struct writing *writing,
                          const struct schema *schema, const struct spot *spot,
                          int index)
{
  bool is_first = true;
  lua_Integer known = 0;
  push_names(L, schema);
  int names = lua_gettop(L);
  for (size_t i = 0; i < schema->field_count; i++) {
    const struct field *field = &schema->fields[i];
    struct spot inner = {spot, field->name, 0, NULL};
    lua_rawgeti(L, names, (lua_Integer)i + 1);
    known += lua_rawget(L, index) != LUA_TNIL;
    write_field(L, writing, field, &inner, &is_first);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  if (count_entries(L, index) != known)
    report_unknown(L, writing, schema, spot, index);
  return is_first;
}

static void write_object(lua_State *L, struct writing *writing,
                         const struct schema *schema, const struct spot *spot,
                         int index)
{
  must(L, buffer_append_byte(writing->out, '{'));
  write_members(L, writing, schema, spot, index);
  must(L, buffer_append_byte(writing->out, '}'));
}

static void write_composed(lua_State *L, struct writing *writing,
                           const struct schema *schema, const struct spot *spot,
                           int index)
{
  if (lua_type(L, index) != LUA_TTABLE)
    problem_type(L, writing, spot,
                 schema->kind == SCHEMA_ARRAY ? "a list" : "a table", index);
  else if (schema->kind == SCHEMA_MAP)
    write_free_table(L, writing, spot, index);
  else if (!may_enter(L, writing, spot))
    return;
  else if (schema->kind == SCHEMA_OBJECT)
    write_object(L, writing, schema, spot, index);
  else if (!is_list(L, index))
    problem(L, writing, spot, "must be a list without holes and names");
  else
    write_array(L, writing, schema->item, spot, index);
}

static void write_value(lua_State *L, struct writing *writing,
                        const struct schema *schema, const struct spot *spot,
                        int index)
{
  switch (schema->kind) {
  case SCHEMA_ANY:
    write_free(L, writing, spot, index);
    break;
  case SCHEMA_CODE:
    write_code(L, writing, spot, index);
    break;
  case SCHEMA_TEXT:
    write_text(L, writing, schema, spot, index);
    break;
  case SCHEMA_SECRET:
    write_secret(L, writing, schema, spot, index);
    break;
  case SCHEMA_BOOLEAN:
    write_boolean(L, writing, spot, index);
    break;
  case SCHEMA_INT32:
  case SCHEMA_INT64:
    write_integer(L, writing, schema, spot, index);
    break;
  case SCHEMA_OBJECT:
  case SCHEMA_ARRAY:
  case SCHEMA_MAP:
    write_composed(L, writing, schema, spot, index);
    break;
  }
}

/* The members of call option `extra`, behind the documented ones. */
static void write_extra(lua_State *L, struct writing *writing,
                        const struct schema *parameters, int extra,
                        bool is_first)
{
  struct spot spot = {NULL, "extra", 0, NULL};
  lua_pushnil(L);
  while (lua_next(L, extra)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING && names_field(L, parameters, -1)) {
      struct spot inner = {&spot, lua_tostring(L, -1), 0, NULL};
      problem(L, writing, &inner, "is a parameter of this call, not an extra");
    }
  }
  write_free_members(L, writing, &spot, extra, is_first);
}

void marshal_write(lua_State *L, struct writing *writing,
                   const struct schema *parameters, int index, int extra)
{
  luaL_checkstack(L, LEVEL, "JSON");
  must(L, buffer_append_byte(writing->out, '{'));
  bool is_first = write_members(L, writing, parameters, NULL, index);
  if (extra)
    write_extra(L, writing, parameters, extra, is_first);
  must(L, buffer_append_byte(writing->out, '}'));
}
