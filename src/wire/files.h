#ifndef COFFER_FILES_H
#define COFFER_FILES_H

#include <stdbool.h>
#include <sys/stat.h>

/* Files that another program may replace, such as certificates. */

enum { MAX_FILES = 3 };

struct files {
  const char *paths[MAX_FILES]; /* the caller's; NULL is none */
  struct stat seen[MAX_FILES];
  long long next; /* milliseconds: when they are looked at again */
};

/* True where one of them is not as it was at the last look. The first look is
** never a change; there is one look a second at the most. */
bool files_changed(struct files *files);

#endif
