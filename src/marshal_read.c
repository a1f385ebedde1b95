/* The marshaller's way in: JSON text to Lua values, guided by a schema. */

#include "marshal_parts.h"

#include "operation.h"
#include "secret.h"

#include <math.h>
#include <string.h>

static bool read_value(lua_State *L, struct reading *reading,
                       const struct schema *schema);
static bool read_found(lua_State *L, struct reading *reading,
                       const struct schema *schema, enum json_kind found);

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

/* Short text says the same again and again: a state, a region, a type. What
** it became last time is kept, as Lua would have to hash it anew. Only what is
** documented to be text: free-form JSON may be anything, an echoed password
** too. */
enum { KEPT_BITS = 8, KEPT_TEXTS = 1 << KEPT_BITS };

struct kept_text {
  uint64_t low, high;
  size_t length; /* and one more: 0 is none */
};

/* Pushes a userdata that has room for them; its user values are the texts. */
static void push_texts(lua_State *L, int kept)
{
  enum { AT = 1 };
  if (lua_rawgeti(L, kept, AT) == LUA_TUSERDATA)
    return;
  lua_pop(L, 1);
  size_t size = KEPT_TEXTS * sizeof(struct kept_text);
  memset(lua_newuserdatauv(L, size, KEPT_TEXTS), 0, size);
  lua_pushvalue(L, -1);
  lua_rawseti(L, kept, AT);
}

static void push_short_text(lua_State *L, const struct reading *reading,
                            const struct json_short_text *taken)
{
  uint64_t mixed =
      (taken->low ^ taken->high << 1) * UINT64_C(0x9E3779B97F4A7C15);
  int place = (int)(mixed >> (64 - KEPT_BITS));
  struct kept_text *kept = &reading->texts[place];
  if (kept->low == taken->low && kept->high == taken->high &&
      kept->length == taken->text.length + 1) {
    lua_getiuservalue(L, reading->kept + 1, place + 1);
    return;
  }
  lua_pushlstring(L, taken->text.bytes, taken->text.length);
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, reading->kept + 1, place + 1);
  *kept = (struct kept_text){taken->low, taken->high, taken->text.length + 1};
}

static bool read_documented_text(lua_State *L, struct reading *reading)
{
  struct json_short_text taken;
  if (!json_take_short_text(reading->json, &taken))
    return read_text(L, reading);
  push_short_text(L, reading, &taken);
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

/* The first items of a list and the first members of a free-form object wait
** on the stack, above a nil that keeps the place of their table, until it is
** known how many they are: a small table is made in its size. */
enum { BATCH = 32 };

/* Makes the list of the items above the nil. */
static void make_list(lua_State *L, int list, int count)
{
  lua_createtable(L, count, 0);
  lua_replace(L, list);
  for (int i = count; i > 0; i--)
    lua_rawseti(L, list, i);
}

/* Makes the object of the names and values above the nil, in their order: the
** last one of a name counts. */
static void make_map(lua_State *L, int object, int count)
{
  lua_createtable(L, 0, count);
  lua_replace(L, object);
  for (int i = object + 1; i <= object + 2 * count; i += 2) {
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
  marshal_reserve(L, BATCH);
  lua_pushnil(L);
  int list = lua_gettop(L);
  while ((step = json_next_item(reading->json, count == 0)) == JSON_MORE) {
    if (!read_value(L, reading, item))
      return within(reading, "*", true);
    if (++count == BATCH)
      make_list(L, list, BATCH);
    else if (count > BATCH)
      lua_rawseti(L, list, count);
  }
  if (count < BATCH)
    make_list(L, list, (int)count);
  if (count == 0)
    luaL_setmetatable(L, ARRAY_TYPE);
  return step == JSON_DONE;
}

/* An object whose names are not known. */
static bool read_map(lua_State *L, struct reading *reading,
                     const struct schema *item)
{
  struct json_text name;
  enum json_step step;
  size_t count = 0;
  if (!json_enter(reading->json))
    return false;
  marshal_reserve(L, 2 * BATCH);
  lua_pushnil(L);
  int object = lua_gettop(L);
  while ((step = json_next_member(reading->json, count == 0)) == JSON_MORE) {
    if (!json_read_name(reading->json, &name))
      return false;
    lua_pushlstring(L, name.bytes, name.length);
    if (!read_value(L, reading, item))
      return within(reading, "*", true);
    if (++count == BATCH)
      make_map(L, object, BATCH);
    else if (count > BATCH)
      lua_rawset(L, object);
  }
  if (count < BATCH)
    make_map(L, object, (int)count);
  return step == JSON_DONE;
}

/* The names of one object, as they come. */
struct naming {
  const struct schema *schema;
  const struct json_label *labels; /* of the schema's fields */
  size_t expected;                 /* the field behind the last one */
  size_t found;                    /* a field, or one behind the last */
  struct json_text name;           /* where it is none */
};

/* Takes a name that is written in another way, or that no field has. */
static JSON_SELDOM bool take_other_name(struct json_reader *json,
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

/* Reads a documented member into the table, whose labels lie above it. True
** in `*is_there` unless it says nothing: null, or empty text. */
static bool read_field(lua_State *L, struct reading *reading,
                       const struct field *field, int number, int table,
                       bool *is_there)
{
  struct json_reader *json = reading->json;
  enum json_kind found = json_peek(json);
  *is_there = found != JSON_STRING || json->at[1] != '"';
  if (found == JSON_NULL || is_lost(field, found)) {
    *is_there = false;
    return json_skip(json) || within(reading, field->name, true);
  }
  lua_getiuservalue(L, table + 1, number);
  if (!read_found(L, reading, field->schema, found))
    return within(reading, field->name, true);
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
                         struct naming *naming, int table, uint64_t *there)
{
  enum json_step step;
  bool is_first = true;
  uint64_t seen = 0;
  while ((step = json_next_member(reading->json, is_first)) == JSON_MORE) {
    bool is_there = false;
    is_first = false;
    if (!take_name(reading->json, naming))
      return false;
    if (naming->found == naming->schema->field_count) {
      if (!read_unknown(L, reading, &naming->name, table))
        return false;
      continue;
    }
    const struct field *field = &naming->schema->fields[naming->found];
    uint64_t bit = UINT64_C(1) << naming->found;
    if (seen & bit) {
      reading->trouble = "comes twice";
      return within(reading, field->name, true);
    }
    seen |= bit;
    if (!read_field(L, reading, field, (int)naming->found + 1, table,
                    &is_there))
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
  struct naming naming = {.schema = schema};
  if (!json_enter(reading->json))
    return false;
  marshal_reserve(L, 0);
  lua_createtable(L, 0, (int)schema->field_count);
  int table = lua_gettop(L);
  naming.labels = marshal_push_labels(L, reading->kept, schema);
  if (!read_members(L, reading, &naming, table, &there))
    return false;
  for (size_t i = 0; i < schema->field_count; i++)
    if (!(there >> i & 1))
      note_absent(reading, &schema->fields[i]);
  if (schema->thing && reading->things) {
    lua_getiuservalue(L, table + 1, (int)schema->field_count + 1);
    if (lua_rawget(L, reading->things) == LUA_TTABLE)
      lua_setmetatable(L, table);
  }
  lua_settop(L, table);
  return true;
}

/* A free-form object whose names are mostly known: any value of any kind may
** still stand anywhere. */
static bool read_hinted(lua_State *L, struct reading *reading,
                        const struct schema *schema)
{
  struct json_reader *json = reading->json;
  struct naming naming = {.schema = schema};
  if (!json_enter(json))
    return false;
  marshal_reserve(L, 0);
  enum json_step step = json_next_member(json, true);
  lua_createtable(L, 0, step == JSON_MORE ? (int)schema->field_count : 0);
  int table = lua_gettop(L);
  naming.labels = marshal_push_labels(L, reading->kept, schema);
  for (; step == JSON_MORE; step = json_next_member(json, false)) {
    if (!take_name(json, &naming))
      return false;
    if (naming.found == schema->field_count) {
      if (!read_unknown(L, reading, &naming.name, table))
        return false;
      continue;
    }
    lua_getiuservalue(L, table + 1, (int)naming.found + 1);
    bool is_read =
        json_peek(json) == JSON_STRING
            ? read_documented_text(L, reading)
            : read_value(L, reading, schema->fields[naming.found].schema);
    if (!is_read)
      return within(reading, "*", true);
    lua_rawset(L, table);
  }
  lua_settop(L, table);
  return step == JSON_DONE;
}

static bool read_free(lua_State *L, struct reading *reading,
                      const struct schema *schema, enum json_kind found)
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
    return schema->field_count ? read_hinted(L, reading, schema)
                               : read_map(L, reading, &schema_any);
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

/* A value of this kind, and not null. */
static bool read_other(lua_State *L, struct reading *reading,
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
  case SCHEMA_CODE:
    return read_code(L, reading, found);
  case SCHEMA_OBJECT:
  case SCHEMA_ARRAY:
  case SCHEMA_MAP:
    return read_composed(L, reading, schema, found);
  case SCHEMA_ANY:
    break;
  }
  return read_free(L, reading, schema, found);
}

/* A value of this kind, which is not null: text mostly. */
static bool read_found(lua_State *L, struct reading *reading,
                       const struct schema *schema, enum json_kind found)
{
  if (found == JSON_STRING && schema->kind == SCHEMA_TEXT)
    return read_documented_text(L, reading);
  if (found == JSON_STRING && schema->kind == SCHEMA_ANY)
    return read_text(L, reading);
  return read_other(L, reading, schema, found);
}

/* Pushes one value. Where it fails, what was pushed stays for marshal_read to
** clear. */
static bool read_value(lua_State *L, struct reading *reading,
                       const struct schema *schema)
{
  enum json_kind found = json_peek(reading->json);
  /* a null that no field has taken is an item: it keeps its place */
  if (found == JSON_NULL)
    return read_free(L, reading, &schema_any, found);
  return read_found(L, reading, schema, found);
}

bool marshal_read(lua_State *L, struct reading *reading,
                  const struct schema *schema)
{
  int top = lua_gettop(L);
  enum json_kind found = json_peek(reading->json);
  marshal_reserve(L, 0);
  marshal_push_kept(L);
  reading->kept = top + 1;
  push_texts(L, reading->kept);
  reading->texts = lua_touserdata(L, -1);
  reading->place[0] = '\0';
  /* at the top, null is no value at all */
  bool is_read = found == JSON_NULL && schema->kind != SCHEMA_ANY
                     ? mismatch(reading, schema->kind)
                     : read_value(L, reading, schema);
  if (is_read && json_finish(reading->json)) {
    lua_replace(L, reading->kept);
    lua_settop(L, reading->kept);
    return true;
  }
  if (reading->json->out_of_memory)
    luaL_error(L, "not enough memory");
  if (!reading->trouble)
    reading->trouble = reading->json->trouble;
  lua_settop(L, top);
  return false;
}
