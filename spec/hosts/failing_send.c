/* failing_send - preloaded, it makes a process's first send to the network
** fail: FAILING_SEND is the code that libcurl then gives for it, and
** FAILING_SEND_AFTER how many bytes go out before. */

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>

/* Not by way of the headers, whose names for the parameters cannot be ours. */
enum { SEND_ERROR = 55 /* CURLE_SEND_ERROR */ };

struct multi_message { /* CURLMsg */
  int kind;
  void *easy;
  union {
    void *whatever;
    int result;
  } data;
};

typedef ssize_t send_function(int socket, const void *bytes, size_t length,
                              int flags);
typedef struct multi_message *read_function(void *multi, int *left);

__attribute__((visibility("default"))) ssize_t
send(int socket, const void *bytes, size_t length, int flags);

__attribute__((visibility("default"))) struct multi_message *
curl_multi_info_read(void *multi, int *left);

static bool has_failed;

static long number(const char *name)
{
  const char *text = getenv(name); /* NOLINT */
  return text ? strtol(text, NULL, 10) : 0;
}

ssize_t send(int socket, const void *bytes, size_t length, int flags)
{
  static long sent;
  union {
    void *address;
    send_function *function;
  } real = {dlsym(RTLD_NEXT, "send")};
  long left = number("FAILING_SEND_AFTER") - sent;
  if (has_failed)
    return real.function(socket, bytes, length, flags);
  if (left <= 0) {
    has_failed = true;
    errno = EPIPE;
    return -1;
  }
  ssize_t count = real.function(
      socket, bytes, length < (size_t)left ? length : (size_t)left, flags);
  sent += count > 0 ? count : 0;
  return count;
}

/* libcurl is loaded as part of the module, so nobody sees its names. */
struct multi_message *curl_multi_info_read(void *multi, int *left)
{
  void *libcurl = dlopen("libcurl.so.4", RTLD_LAZY);
  union {
    void *address;
    read_function *function;
  } real = {dlsym(libcurl, "curl_multi_info_read")};
  struct multi_message *message = real.function(multi, left);
  if (message && message->data.result == SEND_ERROR)
    message->data.result = (int)number("FAILING_SEND");
  return message;
}
