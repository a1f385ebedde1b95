/* A whole answer, byte for byte, to a call of a client. What fuzz/answer.lua
** calls is answered on the loopback by a thread: with the bytes that it was
** given, and the end of the connection. */

#include "host.h"

#include <lauxlib.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_REQUEST = 64 * 1024, MAX_ANSWER = 1024 * 1024 };

static struct {
  pthread_mutex_t mutex; /* for the answer: a late connection may want it */
  char bytes[MAX_ANSWER];
  size_t length;
  atomic_int requests;
  int listener;
} server = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* True when this is the end of a request: the body's length is told. */
static int is_whole(const char *request, size_t length)
{
  const char *end = memmem(request, length, "\r\n\r\n", 4);
  const char *told = end ? strcasestr(request, "\r\nContent-Length:") : NULL;
  size_t body = told && told < end ? strtoul(told + 17, NULL, 10) : 0;
  return end && (size_t)(request + length - (end + 4)) >= body;
}

static void read_request(int connection)
{
  static char request[MAX_REQUEST + 1];
  size_t length = 0;
  ssize_t got;
  while (length < MAX_REQUEST &&
         (got = read(connection, request + length, MAX_REQUEST - length)) > 0) {
    length += (size_t)got;
    request[length] = '\0';
    if (is_whole(request, length))
      break;
  }
  if (length > 0)
    atomic_fetch_add(&server.requests, 1);
}

static void write_answer(int connection)
{
  size_t done = 0;
  pthread_mutex_lock(&server.mutex);
  while (done < server.length) {
    ssize_t sent = send(connection, server.bytes + done, server.length - done,
                        MSG_NOSIGNAL);
    if (sent <= 0)
      break;
    done += (size_t)sent;
  }
  pthread_mutex_unlock(&server.mutex);
}

static void *serve(void *nothing)
{
  for (;;) {
    int connection = accept(server.listener, NULL, NULL);
    if (connection < 0)
      return nothing;
    read_request(connection);
    write_answer(connection);
    shutdown(connection, SHUT_WR);
    close(connection);
  }
}

/* listen(): starts the server and gives its port. */
static int answer_listen(lua_State *L)
{
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  pthread_t thread;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(server.listener, (struct sockaddr *)&address, length) ||
      listen(server.listener, 64) ||
      getsockname(server.listener, (struct sockaddr *)&address, &length) ||
      pthread_create(&thread, NULL, serve, NULL))
    return luaL_error(L, "the server does not start");
  lua_pushinteger(L, ntohs(address.sin_port));
  return 1;
}

/* set(bytes): what is answered from now on. */
static int answer_set(lua_State *L)
{
  size_t length;
  const char *bytes = luaL_checklstring(L, 1, &length);
  luaL_argcheck(L, length <= MAX_ANSWER, 1, "too long");
  pthread_mutex_lock(&server.mutex);
  memcpy(server.bytes, bytes, length);
  server.length = length;
  pthread_mutex_unlock(&server.mutex);
  return 0;
}

/* requests(): how many there were. */
static int answer_requests(lua_State *L)
{
  lua_pushinteger(L, atomic_load(&server.requests));
  return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
  static const luaL_Reg functions[] = {{"listen", answer_listen},
                                       {"set", answer_set},
                                       {"requests", answer_requests},
                                       {NULL, NULL}};
  static lua_State *L;
  if (!L) {
    L = host_state();
    luaL_newlib(L, functions);
    lua_setglobal(L, "server");
    host_load(L, TARGET);
  }
  host_call(L, bytes, length);
  return 0;
}
