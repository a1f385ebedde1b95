/* Put before every file of the core in the build of tools/torture.sh: its
** allocations fail when memory.c is told so. */

#ifndef COFFER_TORTURE_MEMORY_H
#define COFFER_TORTURE_MEMORY_H

#include <stdlib.h>
#include <string.h>

void *torture_malloc(size_t size);
void *torture_calloc(size_t count, size_t size);
void *torture_realloc(void *block, size_t size);
char *torture_strdup(const char *text);

#define malloc torture_malloc
#define calloc torture_calloc
#define realloc torture_realloc
#define strdup torture_strdup

#endif
