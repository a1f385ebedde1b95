#ifndef COFFER_OPTIONS_H
#define COFFER_OPTIONS_H

#include <lua.h>
#include <stddef.h>

/* Options tables: a list of what is known, each with where its value goes in
** a struct. Unknown names and wrong values raise, and name the option. */

enum option_kind {
  OPTION_FLAG,    /* bool */
  OPTION_SECONDS, /* long, in milliseconds */
  OPTION_BYTES,   /* size_t */
  OPTION_FILE,    /* const char *, a path */
  OPTION_HEADER,  /* const char *, a header's value */
  OPTION_PROXY,   /* const char *, a URL that may have a password */
  OPTION_SECRET,  /* const char *, any text */
  OPTION_OTHER    /* known, and taken elsewhere */
};

struct option {
  const char *name;
  enum option_kind kind;
  size_t offset;
  double most;
};

/* core.is_verification(name): true for the names under which other programs
** have a switch that turns the verification of certificates off. */
int options_is_verification(lua_State *L);

/* Takes the options of the table at `index` into `target`. The texts belong to
** the strings and secrets that are kept in the table at `keep`; a proxy and a
** secret are kept as secrets, also where a string was given. `whose` begins
** the messages. The list ends with a NULL name. */
void options_take(lua_State *L, const char *whose, int index,
                  const struct option *const *lists, void *target, int keep);

#endif
