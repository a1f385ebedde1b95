/* The marshaller's way in: JSON text to Lua values, guided by a schema. */

#include "binding/marshal_parts.h"

#include "binding/secret.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* How many members that are not as documented are listed; those that come
** twice matter more. */
enum { MAX_ODD = 32, MAX_REPEATED = 256 };

/* What reads a value pushes it and gives true. False is a mismatch, of which
** nothing was taken or pushed; or else an error of the text: then marshal_read
** clears the stack. */
static bool read_free(lua_State *L, struct reading *reading,
                      enum json_kind found);
static bool read_kind(lua_State *L, struct reading *reading,
                      const struct schema *schema, enum json_kind found);

/* Notes what was due where something else was found, and gives false. */
static bool mismatch(struct reading *reading, enum schema_kind kind)
{
  static const char *const phrases[] = {
      [SCHEMA_ANY] = "is not JSON",
      [SCHEMA_TEXT] = "is not text",
      [SCHEMA_SECRET] = "is not text",
      [SCHEMA_BOOLEAN] = "is not true or false",
      [SCHEMA_INT32] = "is not a 32-bit integer",
      [SCHEMA_INT64] = "is not a 64-bit integer",
      [SCHEMA_INTEGER_OR_TEXT] = "is neither an integer nor a name",
      [SCHEMA_OBJECT] = "is not an object",
      [SCHEMA_ARRAY] = "is not an array",
      [SCHEMA_MAP] = "is not an object"};
  reading->error = phrases[kind];
  reading->is_mismatch = true;
  return false;
}

/* Appends the steps to a place: as a JSON pointer, or as Lua writes it. A place
** that is too long is cut. */
static void append_steps(char *place, size_t size,
                         const struct reading_step *step, bool is_pointer)
{
  if (!step)
    return;
  append_steps(place, size, step->up, is_pointer);
  size_t length = strlen(place);
  const char *mark = is_pointer ? "/" : length && step->name ? "." : "";
  long long item = step->item;
  if (step->name)
    snprintf(place + length, size - length, "%s%s", mark, step->name);
  else if (is_pointer)
    snprintf(place + length, size - length, "/%lld", item - 1);
  else
    snprintf(place + length, size - length, "[%lld]", item);
}

/* Notes where reading failed, unless that is noted already: the innermost place
** comes first. */
static bool fail_here(struct reading *reading)
{
  if (!reading->place[0])
    append_steps(reading->place, sizeof reading->place, reading->step, true);
  return false;
}

/* Adds the member at which reading stands to the list of odd ones, unless that
** is full. The stack stays as it is. */
static void note_odd(lua_State *L, const struct reading *reading,
                     const char *message, bool is_repeated)
{
  char place[sizeof reading->place] = "";
  if (lua_isnil(L, reading->odd)) {
    lua_newtable(L);
    lua_replace(L, reading->odd);
  }
  lua_Integer count = (lua_Integer)lua_rawlen(L, reading->odd);
  if (count >= (is_repeated ? MAX_REPEATED : MAX_ODD))
    return;
  append_steps(place, sizeof place, reading->step, false);
  lua_createtable(L, 0, 3);
  lua_pushstring(L, place);
  lua_setfield(L, -2, "field");
  lua_pushstring(L, message);
  lua_setfield(L, -2, "message");
  lua_pushboolean(L, is_repeated);
  lua_setfield(L, -2, "is_repeated");
  lua_rawseti(L, reading->odd, count + 1);
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

/* Another value where a secret is documented: a secret of its text. */
static bool read_odd_secret(lua_State *L, struct reading *reading)
{
  const char *start = reading->json->at;
  if (!json_skip(reading->json))
    return false;
  secret_push(L, start, (size_t)(reading->json->at - start));
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

/* Makes the value on top an integer of this kind. False, and the value stays,
** where it is none: a real has to be whole, and small enough to be exact. */
static bool make_integer(lua_State *L, const struct schema *schema)
{
  int is_integer;
  lua_Integer value = lua_tointegerx(L, -1, &is_integer);
  if (!is_integer || (schema->kind == SCHEMA_INT32 &&
                      (value < INT32_MIN || value > INT32_MAX)))
    return false;
  if (lua_isinteger(L, -1))
    return true;
  if (lua_type(L, -1) == LUA_TNUMBER &&
      fabs(lua_tonumber(L, -1)) >= INEXACT_FROM)
    return false;
  lua_pushinteger(L, value);
  lua_replace(L, -2);
  return true;
}

static bool is_all_digits(const char *text)
{
  return *text && text[strspn(text, "0123456789")] == '\0';
}

/* After a mismatch the text is read again from its start, as what it is. */
static bool read_integer(lua_State *L, struct reading *reading,
                         const struct schema *schema, enum json_kind found)
{
  const char *start = reading->json->at;
  bool is_text = found == JSON_STRING && schema->form == FORM_FROM_DIGITS;
  if (!is_text && found != JSON_NUMBER)
    return mismatch(reading, schema->kind);
  if (is_text ? !read_text(L, reading) : !read_number(L, reading))
    return false;
  if ((!is_text || is_all_digits(lua_tostring(L, -1))) &&
      make_integer(L, schema))
    return true;
  lua_pop(L, 1);
  reading->json->at = start;
  return mismatch(reading, schema->kind);
}

/* A value that is not null. Text, which most values are, takes the short
** way. */
static inline bool read_found(lua_State *L, struct reading *reading,
                              const struct schema *schema, enum json_kind found)
{
  if (found == JSON_STRING &&
      (schema->kind == SCHEMA_TEXT || schema->kind == SCHEMA_ANY))
    return read_text(L, reading);
  return read_kind(L, reading, schema, found);
}

/* A value that is not null. One that is not as documented is noted, and kept as
** what it is; a secret as a secret of its text. */
static bool read_tolerantly(lua_State *L, struct reading *reading,
                            const struct schema *schema, enum json_kind found)
{
  if (read_found(L, reading, schema, found))
    return true;
  if (!reading->is_mismatch)
    return fail_here(reading);
  note_odd(L, reading, reading->error, false);
  reading->is_mismatch = false;
  reading->error = NULL;
  bool is_read = schema->kind == SCHEMA_SECRET ? read_odd_secret(L, reading)
                                               : read_free(L, reading, found);
  return is_read || fail_here(reading);
}

/* The first items of a list wait on the stack, above a nil in the place of
** their table, until it is known how many they are: a table that is made in its
** size is not moved as it grows. */
enum { BATCH = 32 };

/* Makes the list of the items above the nil. */
static void make_list(lua_State *L, int list, int count)
{
  lua_createtable(L, count, 0);
  lua_replace(L, list);
  for (int i = count; i > 0; i--)
    lua_rawseti(L, list, i);
}

/* The items of the list whose place a nil keeps at `list`. */
static bool read_items(lua_State *L, struct reading *reading,
                       const struct schema *item, int list)
{
  enum json_step next;
  int count = 0;
  struct reading_step step = {.up = reading->step};
  reading->step = &step;
  while ((next = json_next_item(reading->json, count == 0)) == JSON_MORE) {
    step.item = ++count;
    if (!read_tolerantly(L, reading, item, json_peek(reading->json)))
      break;
    if (count == BATCH)
      make_list(L, list, BATCH);
    else if (count > BATCH)
      lua_rawseti(L, list, count);
  }
  reading->step = step.up;
  if (next != JSON_DONE)
    return false;
  if (count < BATCH)
    make_list(L, list, count);
  if (count == 0)
    luaL_setmetatable(L, ARRAY_TYPE);
  return true;
}

static bool read_array(lua_State *L, struct reading *reading,
                       const struct schema *item)
{
  if (!json_enter(reading->json))
    return false;
  marshal_reserve(L, BATCH);
  lua_pushnil(L);
  return read_items(L, reading, item, lua_gettop(L));
}

/* Free-form objects mostly have no more members; those of others grow. */
enum { USUAL_MEMBERS = 4 };

/* An object whose names are data, which are left out of places. Of a name that
** comes twice the last member counts. */
static bool read_map(lua_State *L, struct reading *reading,
                     const struct schema *item)
{
  struct json_text name;
  struct reading_step step = {.up = reading->step, .name = "*"};
  if (!json_enter(reading->json))
    return false;
  enum json_step next = json_next_member(reading->json, true);
  marshal_reserve(L, 0);
  lua_createtable(L, 0, next == JSON_MORE ? USUAL_MEMBERS : 0);
  reading->step = &step;
  while (next == JSON_MORE) {
    if (!json_read_name(reading->json, &name))
      break;
    lua_pushlstring(L, name.bytes, name.length);
    if (!read_tolerantly(L, reading, item, json_peek(reading->json)))
      break;
    lua_rawset(L, -3);
    next = json_next_member(reading->json, false);
  }
  reading->step = step.up;
  return next == JSON_DONE;
}

/* The names of one object, as they come. */
struct naming {
  const struct schema *schema;
  const struct json_label *labels; /* of the schema's fields */
  size_t expected;                 /* the field behind the last one */
  size_t found;                    /* a field, or one behind the last */
  uint64_t seen;                   /* a bit for each field that came */
  struct json_text name;           /* where it is none */
};

/* Takes a name that is written in another way, or that no field has. */
static JSON_RARE bool take_other_name(struct json_reader *json,
                                      struct naming *naming)
{
  struct json_text *name = &naming->name;
  if (!json_read_name(json, name))
    return false;
  for (size_t i = 0; i < naming->schema->field_count; i++) {
    const struct json_label *label = &naming->labels[i];
    if (label->length == name->length + 3 &&
        memcmp(label->text + 1, name->bytes, name->length) == 0) {
      naming->found = i;
      naming->expected = i + 1;
    }
  }
  return true;
}

/* Takes the name of a member and finds its field. Providers send the members
** in the documented order, mostly, and leave some out. */
static bool take_name(struct json_reader *json, struct naming *naming)
{
  size_t count = naming->schema->field_count;
  for (size_t i = naming->expected; i < count; i++)
    if (json_take_label(json, &naming->labels[i])) {
      naming->found = i;
      naming->expected = i + 1;
      return true;
    }
  naming->found = count;
  return take_other_name(json, naming);
}

/* True when a resource has a method of the name on top. */
static bool is_method(lua_State *L, const struct reading *reading,
                      const struct schema *schema)
{
  if (!schema->resource || !reading->resources)
    return false;
  int top = lua_gettop(L);
  lua_pushstring(L, schema->resource);
  bool is_there = lua_rawget(L, reading->resources) == LUA_TTABLE;
  if (is_there) {
    lua_pushliteral(L, "reserved");
    is_there = lua_rawget(L, -2) == LUA_TTABLE;
  }
  if (is_there) {
    lua_pushvalue(L, top);
    is_there = lua_rawget(L, -2) != LUA_TNIL;
  }
  lua_settop(L, top);
  return is_there;
}

/* A member of a newer API is kept as it is. One that is named like a method of
** the resource gets an underscore behind its name, and so does not hide it. */
static bool read_unknown(lua_State *L, struct reading *reading,
                         const struct naming *naming, int table)
{
  lua_pushlstring(L, naming->name.bytes, naming->name.length);
  if (is_method(L, reading, naming->schema)) {
    lua_pushliteral(L, "_");
    lua_concat(L, 2);
  }
  if (!read_tolerantly(L, reading, &schema_any, json_peek(reading->json)))
    return false;
  lua_rawset(L, table);
  return true;
}

/* Reads a documented member into the table, whose labels lie above it. One
** that is null is absent; of one that comes twice the last counts. */
static bool read_field(lua_State *L, struct reading *reading,
                       struct naming *naming, int table)
{
  const struct field *field = &naming->schema->fields[naming->found];
  enum json_kind found = json_peek(reading->json);
  uint64_t bit = UINT64_C(1) << naming->found;
  if (naming->seen & bit)
    note_odd(L, reading, "comes twice", true);
  naming->seen |= bit;
  if (found == JSON_NULL)
    return json_read_null(reading->json) || fail_here(reading);
  lua_getiuservalue(L, table + 1, (int)naming->found + 1);
  if (!read_tolerantly(L, reading, field->schema, found))
    return false;
  lua_rawset(L, table);
  return true;
}

static bool read_members(lua_State *L, struct reading *reading,
                         struct naming *naming, int table)
{
  enum json_step next;
  struct reading_step step = {.up = reading->step};
  bool is_first = true;
  reading->step = &step;
  while ((next = json_next_member(reading->json, is_first)) == JSON_MORE) {
    is_first = false;
    if (!take_name(reading->json, naming))
      break;
    bool is_known = naming->found < naming->schema->field_count;
    step.name = is_known ? naming->schema->fields[naming->found].name : "*";
    if (is_known ? !read_field(L, reading, naming, table)
                 : !read_unknown(L, reading, naming, table))
      break;
  }
  reading->step = step.up;
  return next == JSON_DONE;
}

static void fill_lists(lua_State *L, const struct schema *schema, int table);

/* Pushes the empty list of a schema, or its object with such lists. */
static void push_listed(lua_State *L, const struct schema *schema)
{
  luaL_checkstack(L, LEVEL, "lists");
  lua_newtable(L);
  if (schema->kind == SCHEMA_ARRAY)
    luaL_setmetatable(L, ARRAY_TYPE);
  else
    fill_lists(L, schema, lua_gettop(L));
}

/* A list that is null or absent is an empty one. */
static void fill_lists(lua_State *L, const struct schema *schema, int table)
{
  for (size_t i = 0; i < schema->field_count; i++) {
    const struct field *field = &schema->fields[i];
    if (!(field->flags & FIELD_LISTED))
      continue;
    lua_pushstring(L, field->name);
    lua_pushvalue(L, -1);
    bool is_there = lua_rawget(L, table) != LUA_TNIL;
    lua_pop(L, 1);
    if (!is_there) {
      push_listed(L, field->schema);
      lua_rawset(L, table);
    } else {
      lua_pop(L, 1);
    }
  }
}

static bool read_object(lua_State *L, struct reading *reading,
                        const struct schema *schema)
{
  struct naming naming = {.schema = schema};
  if (!json_enter(reading->json))
    return false;
  marshal_reserve(L, 0);
  lua_createtable(L, 0, (int)schema->field_count);
  int table = lua_gettop(L);
  naming.labels = marshal_push_labels(L, reading->cache, schema);
  if (!read_members(L, reading, &naming, table))
    return false;
  fill_lists(L, schema, table);
  if (schema->resource && reading->resources) {
    lua_getiuservalue(L, table + 1, (int)schema->field_count + 1);
    if (lua_rawget(L, reading->resources) == LUA_TTABLE)
      lua_setmetatable(L, table);
  }
  lua_settop(L, table);
  return true;
}

/* Free-form JSON. */
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
  return mismatch(reading, SCHEMA_INTEGER_OR_TEXT);
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

/* A value of this kind, and not null. */
static bool read_kind(lua_State *L, struct reading *reading,
                      const struct schema *schema, enum json_kind found)
{
  if (found == JSON_BROKEN)
    return false;
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
  case SCHEMA_INTEGER_OR_TEXT:
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

/* The whole text: where it is null, a list is an empty one. */
static bool read_top(lua_State *L, struct reading *reading,
                     const struct schema *schema)
{
  enum json_kind found = json_peek(reading->json);
  if (found != JSON_NULL || schema->kind != SCHEMA_ARRAY)
    return read_found(L, reading, schema, found);
  push_listed(L, schema);
  return json_read_null(reading->json);
}

bool marshal_read(lua_State *L, struct reading *reading,
                  const struct schema *schema)
{
  int top = lua_gettop(L);
  marshal_reserve(L, 0);
  lua_pushnil(L); /* the result, and the odd members */
  lua_pushnil(L);
  reading->odd = top + 2;
  marshal_push_cache(L);
  reading->cache = top + 3;
  reading->place[0] = '\0';
  reading->step = NULL;
  if (read_top(L, reading, schema) && json_finish(reading->json)) {
    lua_replace(L, top + 1);
    lua_settop(L, top + 2);
    return true;
  }
  if (reading->json->out_of_memory) /* the reader has no Lua to raise */
    luaL_error(L, "not enough memory");
  if (!reading->error)
    reading->error = reading->json->error;
  lua_settop(L, top);
  return false;
}
