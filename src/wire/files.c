/* Whether files were replaced by another program. Knows nothing of what is in
** them. */

#include "wire/files.h"

#include "wire/clock.h"

#include <stddef.h>

enum { PAUSE = 1000 }; /* milliseconds between two looks */

static bool is_same(const struct stat *a, const struct stat *b)
{
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
         a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
         a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Looks at one of them. A file that is not there is all zero. */
static bool has_changed(const char *path, struct stat *seen)
{
  struct stat now = {0};
  if (stat(path, &now) != 0)
    now = (struct stat){0};
  bool changed = !is_same(&now, seen);
  *seen = now;
  return changed;
}

bool files_changed(struct files *files)
{
  long long now = clock_milliseconds(CLOCK_MONOTONIC);
  bool is_first = files->next == 0;
  bool changed = false;
  if (now < files->next)
    return false;
  files->next = now + PAUSE;
  for (size_t i = 0; i < MAX_FILES; i++)
    if (files->paths[i] && has_changed(files->paths[i], &files->seen[i]))
      changed = true;
  return changed && !is_first;
}
