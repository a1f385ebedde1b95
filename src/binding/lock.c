/* Locks between processes: files that are held by flock. */

#include "binding/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_TYPE "coffer.lock"

struct lock {
  int file;    /* -1: none */
  pid_t owner; /* a forked child has the same lock, and must leave it alone */
};

/* lock:close() gives it back; __gc and __close as well. May be called again. A
** child shares the lock with its parent: its LOCK_UN would end it for both, its
** close() alone does not. */
static int lock_close(lua_State *L)
{
  struct lock *lock = luaL_checkudata(L, 1, LOCK_TYPE);
  if (lock->file >= 0 && lock->owner == getpid())
    flock(lock->file, LOCK_UN);
  if (lock->file >= 0)
    close(lock->file);
  lock->file = -1;
  return 0;
}

static int lock_tostring(lua_State *L)
{
  const struct lock *lock = luaL_checkudata(L, 1, LOCK_TYPE);
  lua_pushstring(L, lock->file >= 0 ? "lock (held)" : "lock (given back)");
  return 1;
}

/* Pushes a lock that has no file yet. It is there before the file is opened,
** so that no error of Lua can lose the descriptor. */
static struct lock *lock_push(lua_State *L)
{
  struct lock *lock = lua_newuserdatauv(L, sizeof *lock, 0);
  *lock = (struct lock){.file = -1, .owner = getpid()};
  luaL_setmetatable(L, LOCK_TYPE);
  return lock;
}

/* Why a file could not be opened. */
static const char *opening_error(int error)
{
  switch (error) {
  case ELOOP:
    return "is a symbolic link: give the file itself";
  case EISDIR:
    return "is a directory: give a file in it";
  case ENOENT:
  case ENOTDIR:
    return "is in no directory that exists";
  case EACCES:
  case EPERM:
  case EROFS:
    return "may not be written by this process";
  case EMFILE:
  case ENFILE:
    return "cannot be opened: no file descriptor is free";
  default:
    return "cannot be opened";
  }
}

/* True where the path still leads to the open file: somebody may have deleted
** or replaced it meanwhile, and others then lock another one. */
static bool is_at(int file, const char *path)
{
  struct stat own, there;
  return fstat(file, &own) == 0 && lstat(path, &there) == 0 &&
         own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

static bool is_regular(int file)
{
  struct stat status;
  return fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

/* Opens the file and locks it without waiting; O_NONBLOCK is for a path that is
** a device. What was opened is the lock's, also where it could not be locked.
** Returns NULL, or what is wrong; `*is_held` is whether it is locked now. */
static const char *take(struct lock *lock, const char *path, bool *is_held)
{
  lock->file = open(
      path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
      S_IRUSR | S_IWUSR);
  if (lock->file < 0)
    return opening_error(errno);
  if (!is_regular(lock->file))
    return "is not a regular file";
  if (flock(lock->file, LOCK_EX | LOCK_NB) == 0)
    *is_held = is_at(lock->file, path);
  else if (errno != EWOULDBLOCK && errno != EINTR)
    return "cannot be locked: its file system knows no locks";
  return NULL;
}

/* A file that could not be locked is closed at once, not when Lua collects. */
int lock_take(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  bool is_held = false;
  struct lock *lock = lock_push(L);
  const char *wrong = take(lock, path, &is_held);
  if (!wrong && is_held)
    return 1;
  if (lock->file >= 0)
    close(lock->file);
  lock->file = -1;
  if (!wrong) {
    lua_pushboolean(L, 0);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, wrong);
  return 2;
}

void lock_open(lua_State *L)
{
  static const luaL_Reg metamethods[] = {{"__tostring", lock_tostring},
                                         {"__gc", lock_close},
                                         {"__close", lock_close},
                                         {"__index", NULL},
                                         {NULL, NULL}};
  static const luaL_Reg methods[] = {{"close", lock_close}, {NULL, NULL}};
  if (luaL_newmetatable(L, LOCK_TYPE)) {
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
  }
  lua_pop(L, 1);
}
