#ifndef COFFER_MARSHAL_H
#define COFFER_MARSHAL_H

#include "model/schema.h"
#include "wire/buffer.h"
#include "json/json.h"

#include <lua.h>
#include <stdbool.h>

/* Lua values from JSON text and back, guided by a schema. Tables are read
** and written raw. Whatever is allocated outside of Lua belongs to the
** caller's json_reader and buffer, so that any error may jump. */

/* JSON null, as lua-cjson has it. */
#define MARSHAL_NULL NULL

/* Makes the marks known: the metatable of empty arrays. */
void marshal_open(lua_State *L);

/* core.array_mark(value): a table with this metatable, or the light userdata
** itself, is an array too. With `true` as the second argument, the metatable
** marks what is read from now on. */
int marshal_array_mark(lua_State *L);

/* Where reading stands: a member, or an item of a list. */
struct reading_step {
  const struct reading_step *up;
  const char *name; /* NULL: an item */
  lua_Integer item;
};

struct reading {
  struct json_reader *json;
  int resources; /* index of a table of metatables by a resource's name, or 0 */
  const char *error; /* why it could not be read */
  char place[160];   /* where: a JSON pointer */
  /* the marshaller's own */
  bool is_mismatch; /* the error is another type than documented */
  const struct reading_step *step;
  int odd;   /* index of the list of odd members, or of nil */
  int cache; /* index of what is made once */
};

/* Pushes the value of a whole text, and behind it a list of { field =,
** message =, is_repeated = } for the members that are not as documented; nil
** where there are none. Such members are kept as they came, a secret as a
** secret of its text. False, and nothing pushed, when the text is not JSON or
** as a whole not of this schema's kind. */
bool marshal_read(lua_State *L, struct reading *reading,
                  const struct schema *schema);

struct writing {
  struct buffer *out;
  int problems; /* index of a list of { field =, message = } */
  int secrets;  /* index of a list of the secrets in it, or of nil */
  int cache;    /* the marshaller's own: index of what it keeps */
};

/* Writes the parameters at `index` that go into the body, and behind them the
** members of the table at `extra` (0: none). Checks all parameters, and
** appends every problem to the list; the text counts only without any. */
void marshal_write(lua_State *L, struct writing *writing,
                   const struct schema *parameters, int index, int extra);

/* True for well-formed UTF-8 that is as the rule says. */
bool marshal_fits_rule(const struct text_rule *rule, const char *text,
                       size_t length);

/* Appends a problem; a list that is nil yet is made. A field of NULL is for a
** problem of the call as a whole. */
void marshal_problem(lua_State *L, int problems, const char *field,
                     const char *message);

#endif
