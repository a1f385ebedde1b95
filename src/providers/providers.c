/* The list of providers. A new one adds its line here and its file beside. */

#include "model/operation.h"

#include <string.h>

extern const struct provider provider_clumio, provider_commvault, provider_ecl,
    provider_astra;

const struct provider *const providers[] = {&provider_clumio,
                                            &provider_commvault, &provider_ecl,
                                            &provider_astra, NULL};

const struct provider *provider_named(const char *name)
{
  for (const struct provider *const *each = providers; *each; each++)
    if (strcmp((*each)->name, name) == 0)
      return *each;
  return NULL;
}
