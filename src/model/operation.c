/* The list of providers: the build puts there what is in providers/. */

#include "model/operation.h"

#include <string.h>

#define PROVIDER(name) extern const struct provider provider_##name;
#include "provider_list.h"

#undef PROVIDER
#define PROVIDER(name) &provider_##name,
const struct provider *const providers[] = {
#include "provider_list.h"
    NULL};

const struct provider *provider_named(const char *name)
{
  for (const struct provider *const *each = providers; *each; each++)
    if (strcmp((*each)->name, name) == 0)
      return *each;
  return NULL;
}

const char *key_name(const char *path)
{
  const char *dot = strrchr(path, '.');
  return dot ? dot + 1 : path;
}
