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
  OPTION_PROXY,   /* const char *, a URL */
  OPTION_OTHER    /* known, and taken elsewhere */
};

struct option {
  const char *name;
  enum option_kind kind;
  size_t offset;
  double most;
};

/* Takes the options of the table at `index` into `target`. The texts belong
** to the strings, which are kept in the table at `keep`. `whose` begins the
** messages. The list ends with a NULL name. */
void options_take(lua_State *L, const char *whose, int index,
                  const struct option *const *lists, void *target, int keep);

#endif
