/* slow_resolver - preloaded, it makes every look-up of a name take a while and
** then fail, as with a name server that does not answer. */

#include <netdb.h>
#include <time.h>

enum { SECONDS = 8 };

__attribute__((visibility("default"))) int
getaddrinfo(const char *restrict node, const char *restrict service,
            const struct addrinfo *restrict hints,
            struct addrinfo **restrict result)
{
  struct timespec rest = {.tv_sec = SECONDS};
  (void)node, (void)service, (void)hints, (void)result;
  while (nanosleep(&rest, &rest) != 0)
    ;
  return EAI_AGAIN;
}
