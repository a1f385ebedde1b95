/* Clock, sleep, terminal, token files and files of secrets. */

#include "binding/system.h"

#include "binding/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
  MAX_TOKEN = 16 * 1024, /* bytes */
  MAX_WAIT = 3600        /* seconds */
};

/* NaN gives 0: no comparison holds for it. */
int system_milliseconds(double seconds)
{
  if (!(seconds > 0))
    return 0;
  return seconds < MAX_WAIT ? (int)(seconds * 1000) : MAX_WAIT * 1000;
}

int system_clock(lua_State *L)
{
  struct timespec now = {0};
  clock_gettime(CLOCK_MONOTONIC, &now);
  lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
  return 1;
}

/* Not taken up again after a signal, so that Ctrl-C is heard at once. */
int system_sleep(lua_State *L)
{
  double seconds = luaL_checknumber(L, 1);
  struct timespec pause;
  if (!(seconds > 0))
    return 0;
  if (seconds > MAX_WAIT)
    seconds = MAX_WAIT;
  pause.tv_sec = (time_t)seconds;
  pause.tv_nsec = (long)((seconds - (double)pause.tv_sec) * 1e9);
  nanosleep(&pause, NULL);
  return 0;
}

int system_is_terminal(lua_State *L)
{
  static const char *const streams[] = {"stdout", "stderr", NULL};
  static const int files[] = {STDOUT_FILENO, STDERR_FILENO};
  lua_pushboolean(L, isatty(files[luaL_checkoption(L, 1, NULL, streams)]));
  return 1;
}

/* Who may read it, besides its owner: nobody; or the group of a file that is
** root's, and may do no more, as Kubernetes and systemd hand secrets over. */
static const char *check_readers(const struct stat *status)
{
  mode_t others = status->st_mode & (S_IRWXG | S_IRWXO);
  if (others == 0 || (others == S_IRGRP && status->st_uid == 0))
    return NULL;
  if (others & S_IRWXO)
    return "may be read by others: chmod 600 it";
  return status->st_uid == 0
             ? "may be changed by its group: chmod 440 or 600 it"
             : "may be read by its group, and is not root's: chmod 600 it";
}

/* What is wrong with the file as a place for a token, or NULL. Looks at the
** open file, not at its path: nobody can exchange it in between. */
static const char *check_file(int file)
{
  struct stat status;
  if (fstat(file, &status) != 0)
    return "cannot be opened";
  if (!S_ISREG(status.st_mode))
    return "is not a regular file";
  const char *wrong = check_readers(&status);
  if (wrong)
    return wrong;
  if (status.st_size > MAX_TOKEN)
    return "is too large for a token";
  return NULL;
}

/* Reads to the end or to the room there is; less than 0 on failure. */
static ssize_t read_whole(int file, char *bytes, size_t room)
{
  size_t length = 0;
  while (length < room) {
    ssize_t got = read(file, bytes + length, room - length);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return -1;
    if (got == 0)
      break;
    length += (size_t)got;
  }
  return (ssize_t)length;
}

/* Reads a file's text without its line end. Returns NULL, or what is wrong. The
** caller's bytes have room for MAX_TOKEN and one more, which tells a file that
** is too large. O_NONBLOCK, as to open a pipe would wait for its writer. */
static const char *read_token(const char *path, char *bytes, size_t *length)
{
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    return "cannot be opened";
  const char *wrong = check_file(file);
  ssize_t got = wrong ? 0 : read_whole(file, bytes, MAX_TOKEN + 1);
  close(file);
  if (wrong || got < 0)
    return wrong ? wrong : "cannot be read";
  *length = (size_t)got;
  if (*length > 0 && bytes[*length - 1] == '\n')
    (*length)--;
  if (*length > 0 && bytes[*length - 1] == '\r')
    (*length)--;
  if (*length == 0)
    return "is empty";
  return *length > MAX_TOKEN ? "is too large for a token" : NULL;
}

/* The bytes lie in a secret: where Lua has no memory for the second one, the
** finalizer wipes them. */
int system_read_token(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  size_t length = 0;
  char *bytes = secret_push_empty(L, MAX_TOKEN + 1)->bytes;
  const char *wrong = read_token(path, bytes, &length);
  if (!wrong) {
    secret_push(L, bytes, length);
  } else {
    lua_pushnil(L);
    lua_pushstring(L, wrong);
  }
  explicit_bzero(bytes, MAX_TOKEN + 1);
  return wrong ? 2 : 1;
}

/* Called by Lua's io library, once, to close the file. */
static int stream_close(lua_State *L)
{
  luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  int result = fclose(stream->f);
  return luaL_fileresult(L, result == 0, NULL);
}

/* Pushes a file handle of Lua's own kind. While its `closef` is NULL, Lua takes
** it for closed. Raises where the program has not opened io. */
static luaL_Stream *stream_push(lua_State *L)
{
  luaL_Stream *stream = lua_newuserdatauv(L, sizeof(*stream), 0);
  *stream = (luaL_Stream){0};
  if (luaL_getmetatable(L, LUA_FILEHANDLE) != LUA_TTABLE)
    luaL_error(L, "the standard library io is not open");
  lua_setmetatable(L, -2);
  return stream;
}

/* Unbuffered, so that no secret stays behind in a buffer. The handle is made
** first: an error of Lua behind open() would lose the descriptor. */
int system_create_private(lua_State *L)
{
  size_t length;
  const char *path = luaL_checklstring(L, 1, &length);
  luaL_argcheck(L, strlen(path) == length, 1, "a path has no zero bytes");
  luaL_Stream *stream = stream_push(L);
  int file =
      open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0)
    return luaL_fileresult(L, 0, path);
  stream->f = fdopen(file, "w");
  if (!stream->f) {
    int error = errno;
    close(file);
    errno = error;
    return luaL_fileresult(L, 0, path);
  }
  stream->closef = stream_close;
  setvbuf(stream->f, NULL, _IONBF, 0);
  return 1;
}

int system_sync(lua_State *L)
{
  luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  luaL_argcheck(L, stream->closef != NULL, 1, "the file is closed");
  bool is_done = fflush(stream->f) == 0 && fsync(fileno(stream->f)) == 0;
  return luaL_fileresult(L, is_done, NULL);
}
