/* trap - preloaded, it lets nothing out of the machine: every connection that
** is not to loopback, and every look-up of a name, is noted in the file that
** TRAP_NOTES names, and fails. */

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define VISIBLE __attribute__((visibility("default")))

/* Not by way of netdb.h, whose names for the parameters cannot be ours. */
struct addrinfo;
enum { NO_NAME = -2 /* EAI_NONAME */ };

VISIBLE int getaddrinfo(const char *node, const char *service,
                        const struct addrinfo *hints, struct addrinfo **result);

/* The declaration in sys/socket.h has a type that is not of ISO C. */
VISIBLE int trap_connect(int file, const struct sockaddr *address,
                         socklen_t length) __asm__("connect");

static void note(const char *what, const char *where)
{
  const char *path = getenv("TRAP_NOTES"); /* NOLINT(concurrency-mt-unsafe) */
  FILE *notes = path ? fopen(path, "ae") : NULL;
  if (!notes)
    abort();
  fprintf(notes, "%s %s\n", what, where);
  fclose(notes);
}

static const char *numeric[] = {"127.0.0.1", "localhost", "::1"};

int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
  int (*real)(const char *, const char *, const struct addrinfo *,
              struct addrinfo **);
  for (size_t i = 0; node && i < sizeof numeric / sizeof *numeric; i++)
    if (strcmp(node, numeric[i]) == 0) {
      *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
      return real(node, service, hints, result);
    }
  note("looked up", node ? node : "nothing");
  return NO_NAME;
}

static int is_outside(const struct sockaddr *address)
{
  if (address->sa_family == AF_INET) {
    const struct sockaddr_in *inet = (const void *)address;
    return ntohl(inet->sin_addr.s_addr) >> 24 != 127;
  }
  if (address->sa_family == AF_INET6) {
    const struct sockaddr_in6 *inet = (const void *)address;
    return !IN6_IS_ADDR_LOOPBACK(&inet->sin6_addr);
  }
  return 0;
}

int trap_connect(int file, const struct sockaddr *address, socklen_t length)
{
  int (*real)(int, const struct sockaddr *, socklen_t);
  char text[INET6_ADDRSTRLEN] = "?";
  if (is_outside(address)) {
    const void *bytes =
        address->sa_family == AF_INET
            ? (const void *)&((const struct sockaddr_in *)(const void *)address)
                  ->sin_addr
            : &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    inet_ntop(address->sa_family, bytes, text, sizeof text);
    note("connected to", text);
    errno = ENETUNREACH;
    return -1;
  }
  *(void **)&real = dlsym(RTLD_NEXT, "connect");
  return real(file, address, length);
}
