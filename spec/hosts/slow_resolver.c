/* slow_resolver - preloaded, it makes every look-up of a name take a while and
** then fail, as with a name server that does not answer. */

#include <time.h>

/* Not by way of netdb.h, whose names for the parameters cannot be ours. */
struct addrinfo;
enum { SECONDS = 8, TRY_AGAIN = -3 /* EAI_AGAIN */ };

__attribute__((visibility("default"))) int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
            struct addrinfo **result);

int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
  struct timespec rest = {.tv_sec = SECONDS};
  (void)node, (void)service, (void)hints, (void)result;
  while (nanosleep(&rest, &rest) != 0)
    ;
  return TRY_AGAIN;
}
