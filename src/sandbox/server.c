/* coffer.sandbox.core: a second Lua state that answers the requests of a
** loopback HTTP server, as one userdata. Only bytes pass between the states.
**
** The inner state is touched under the mutex alone and in protected calls
** alone. Nothing that can raise in the outer state happens while the mutex is
** held: what the inner state says is first copied into memory that the
** userdata owns. */

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/http.h"

#define EXPORT __attribute__((visibility("default")))
#define SANDBOX_TYPE "coffer.sandbox.core"
#define INNER_MODULE "coffer.sandbox.inner"

enum { MAX_DELAY = 3600 }; /* seconds */

struct sandbox {
  lua_State *inner;
  struct http_server *server; /* NULL: closed, or not started yet */
  pthread_mutex_t mutex;      /* guards `inner` */
  bool has_mutex;             /* it was made, and is to be destroyed */
  pid_t owner;       /* threads and locks belong to the process that began */
  struct text words; /* what the inner state said last */
};

/* Inner state. */

/* Runs a function with one argument in a protected call. False when it raised:
** then the message is in `words`, as far as there is memory for it. Leaves the
** inner stack empty. What it pushes before the call takes no memory, so that
** nothing raises outside of it. */
static bool inner_run(lua_State *inner, lua_CFunction function, void *argument,
                      struct text *words)
{
  bool is_done;
  words->length = 0;
  lua_settop(inner, 0);
  lua_pushcfunction(inner, function);
  lua_pushlightuserdata(inner, argument);
  is_done = lua_pcall(inner, 1, 0, 0) == LUA_OK;
  if (!is_done && lua_type(inner, -1) == LUA_TSTRING) {
    size_t length;
    const char *trouble = lua_tolstring(inner, -1, &length);
    words->length = 0;
    (void)text_append(words, trouble, length);
  }
  lua_settop(inner, 0);
  return is_done;
}

/* Appends to memory outside of both states. Raises in the inner one. */
static void keep(lua_State *inner, struct text *text, const void *bytes,
                 size_t length)
{
  if (!text_append(text, bytes, length))
    luaL_error(inner, "not enough memory");
}

/* Pushes the module and, above it, one of its functions. Raises where there is
** none of this name. */
static void push_module_function(lua_State *inner, const char *name)
{
  lua_getfield(inner, LUA_REGISTRYINDEX, INNER_MODULE);
  if (lua_getfield(inner, -1, name) != LUA_TFUNCTION)
    luaL_error(inner, "the sandbox has no function '%s'", name);
}

/* The Lua module that answers, and where it is looked for: `path` and `cpath`
** are for the `package` of the inner state. The texts are arguments of
** sandbox_start. */
struct setting {
  const char *module;
  const char *path;
  const char *cpath;
};

/* Loads the module, and keeps its table in the registry. */
static int inner_open(lua_State *inner)
{
  const struct setting *setting = lua_touserdata(inner, 1);
  luaL_openlibs(inner);
  lua_getglobal(inner, "package");
  lua_pushstring(inner, setting->path);
  lua_setfield(inner, -2, "path");
  lua_pushstring(inner, setting->cpath);
  lua_setfield(inner, -2, "cpath");
  lua_getglobal(inner, "require");
  lua_pushstring(inner, setting->module);
  lua_call(inner, 1, 1);
  if (!lua_istable(inner, -1))
    luaL_error(inner, "module '%s' is not a table", setting->module);
  lua_setfield(inner, LUA_REGISTRYINDEX, INNER_MODULE);
  return 0;
}

/* A call of one of the module's functions. Its name and text lie on the outer
** stack; `words` takes what it gives. */
struct question {
  const char *name;
  const char *text;
  size_t length;
  struct text *words;
};

/* name(text) -> text */
static int inner_ask(lua_State *inner)
{
  const struct question *question = lua_touserdata(inner, 1);
  const char *words;
  size_t length;
  push_module_function(inner, question->name);
  lua_pushlstring(inner, question->text, question->length);
  lua_call(inner, 1, 1);
  words = luaL_checklstring(inner, -1, &length);
  keep(inner, question->words, words, length);
  return 0;
}

struct dialogue {
  const struct http_request *request;
  struct http_answer *answer;
};

/* A list of { name, value } in the order received. */
static void push_headers(lua_State *inner, const struct text *headers)
{
  lua_Integer place = 0;
  size_t at = 0;
  lua_newtable(inner);
  while (at < headers->length) {
    lua_createtable(inner, 2, 0);
    for (lua_Integer part = 1; part <= 2; part++) {
      lua_pushstring(inner, headers->bytes + at);
      lua_rawseti(inner, -2, part);
      at += strlen(headers->bytes + at) + 1;
    }
    lua_rawseti(inner, -2, ++place);
  }
}

/* The parts of headers are kept with the zero that ends them. A number becomes
** its text; a part that has a zero byte is cut there. */
static void take_headers(lua_State *inner, int list, struct text *headers)
{
  lua_Integer count = luaL_len(inner, list);
  luaL_checktype(inner, list, LUA_TTABLE);
  for (lua_Integer place = 1; place <= count; place++) {
    lua_rawgeti(inner, list, place);
    luaL_checktype(inner, -1, LUA_TTABLE);
    for (lua_Integer part = 1; part <= 2; part++) {
      lua_rawgeti(inner, -1, part);
      keep(inner, headers, luaL_checkstring(inner, -1),
           strlen(lua_tostring(inner, -1)) + 1);
      lua_pop(inner, 1);
    }
    lua_pop(inner, 1);
  }
}

/* handle(method, target, headers, body) -> status, headers, body, delay */
static int inner_handle(lua_State *inner)
{
  const struct dialogue *dialogue = lua_touserdata(inner, 1);
  const struct http_request *request = dialogue->request;
  struct http_answer *answer = dialogue->answer;
  const char *body;
  size_t length;
  push_module_function(inner, "handle");
  lua_pushstring(inner, request->method);
  lua_pushstring(inner, request->target);
  push_headers(inner, &request->headers);
  lua_pushlstring(inner, request->body.bytes ? request->body.bytes : "",
                  request->body.length);
  lua_call(inner, 4, 4);
  answer->status = (unsigned int)luaL_checkinteger(inner, -4);
  answer->delay = (double)luaL_checknumber(inner, -1);
  if (!(answer->delay >= 0 && answer->delay <= MAX_DELAY))
    luaL_error(inner, "a delay is 0 to %d seconds", MAX_DELAY);
  take_headers(inner, lua_absindex(inner, -3), &answer->headers);
  body = luaL_checklstring(inner, -2, &length);
  keep(inner, &answer->body, body, length);
  return 0;
}

/* Runs on the thread of a connection. An error in the inner state is a fault
** of the sandbox itself: the client gets its message with status 500. */
static bool sandbox_handle(void *owner, const struct http_request *request,
                           struct http_answer *answer)
{
  struct sandbox *sandbox = owner;
  struct dialogue dialogue = {request, answer};
  struct text trouble = {0};
  bool is_done;
  pthread_mutex_lock(&sandbox->mutex);
  is_done = inner_run(sandbox->inner, inner_handle, &dialogue, &trouble);
  pthread_mutex_unlock(&sandbox->mutex);
  if (is_done) {
    text_free(&trouble);
    return true;
  }
  text_free(&answer->headers);
  text_free(&answer->body);
  *answer = (struct http_answer){.status = 500, .body = trouble};
  return true;
}

/* Outer state. */

/* The server's threads have the address of this userdata. Lua does not move
** it, and __gc stops the server before the memory goes. */
static struct sandbox *sandbox_push(lua_State *L)
{
  struct sandbox *sandbox = lua_newuserdatauv(L, sizeof(*sandbox), 0);
  *sandbox = (struct sandbox){0};
  sandbox->owner = getpid();
  luaL_setmetatable(L, SANDBOX_TYPE);
  return sandbox;
}

/* The sandbox at index 1, else raises; also where it is closed, or belongs to
** the process that this one was forked from. */
static struct sandbox *sandbox_check(lua_State *L)
{
  struct sandbox *sandbox = luaL_checkudata(L, 1, SANDBOX_TYPE);
  luaL_argcheck(L, sandbox->server != NULL, 1, "sandbox is closed");
  luaL_argcheck(L, sandbox->owner == getpid(), 1,
                "sandbox belongs to another process");
  return sandbox;
}

/* Pushes what the inner state said. May raise: never under the mutex. */
static void push_words(lua_State *L, const struct sandbox *sandbox)
{
  if (sandbox->words.length > 0)
    lua_pushlstring(L, sandbox->words.bytes, sandbox->words.length);
  else
    lua_pushliteral(L, "");
}

/* Gives back all but the words. In a child process the lock may be held, and
** the inner state may be half-way, by a thread that was left behind: they stay
** untouched. */
static void sandbox_release(struct sandbox *sandbox)
{
  bool is_ours = sandbox->owner == getpid();
  if (sandbox->server && is_ours)
    http_server_stop(sandbox->server);
  else if (sandbox->server)
    http_server_forget(sandbox->server);
  sandbox->server = NULL;
  if (sandbox->inner && is_ours)
    lua_close(sandbox->inner);
  sandbox->inner = NULL;
  if (sandbox->has_mutex && is_ours)
    pthread_mutex_destroy(&sandbox->mutex);
  sandbox->has_mutex = false;
}

/* Where the start fails, what was begun is given back at once: a finalizer
** that finds no memory for its own call is never called again. */
static void sandbox_open_inner(lua_State *L, struct sandbox *sandbox,
                               struct setting *setting)
{
  sandbox->inner = luaL_newstate();
  if (!sandbox->inner) {
    sandbox_release(sandbox);
    luaL_error(L, "not enough memory");
  }
  if (inner_run(sandbox->inner, inner_open, setting, &sandbox->words))
    return;
  sandbox_release(sandbox);
  push_words(L, sandbox);
  luaL_error(L, "the sandbox cannot be set up: %s", lua_tostring(L, -1));
}

/* Raises what errno says. Of the three values that luaL_fileresult pushes, the
** message is the second. */
static int raise_errno(lua_State *L, const char *what)
{
  luaL_fileresult(L, 0, what);
  return luaL_error(L, "%s", lua_tostring(L, -2));
}

/* start(module, path, cpath) -> sandbox. The server comes last: from then on
** its threads enter the inner state. */
static int sandbox_start(lua_State *L)
{
  struct setting setting = {luaL_checkstring(L, 1), luaL_checkstring(L, 2),
                            luaL_checkstring(L, 3)};
  struct sandbox *sandbox = sandbox_push(L);
  errno = pthread_mutex_init(&sandbox->mutex, NULL);
  sandbox->has_mutex = errno == 0;
  if (!sandbox->has_mutex)
    return raise_errno(L, "the sandbox has no lock");
  sandbox_open_inner(L, sandbox, &setting);
  errno = 0;
  sandbox->server = http_server_start(sandbox_handle, sandbox);
  if (!sandbox->server) {
    int trouble = errno;
    sandbox_release(sandbox);
    errno = trouble;
    return raise_errno(L, "the sandbox cannot listen on 127.0.0.1");
  }
  return 1;
}

/* port() -> number */
static int sandbox_port(lua_State *L)
{
  const struct sandbox *sandbox = sandbox_check(L);
  lua_pushinteger(L, (lua_Integer)http_server_port(sandbox->server));
  return 1;
}

/* call(name, text) -> text. Waits until no connection is in the inner state;
** raises in the outer one what was raised in the inner one. */
static int sandbox_call(lua_State *L)
{
  struct sandbox *sandbox = sandbox_check(L);
  struct question question = {.name = luaL_checkstring(L, 2),
                              .words = &sandbox->words};
  bool is_done;
  question.text = luaL_checklstring(L, 3, &question.length);
  pthread_mutex_lock(&sandbox->mutex);
  is_done = inner_run(sandbox->inner, inner_ask, &question, &sandbox->words);
  pthread_mutex_unlock(&sandbox->mutex);
  push_words(L, sandbox);
  text_free(&sandbox->words);
  return is_done ? 1 : lua_error(L);
}

/* close(), __gc and __close. May be called again. */
static int sandbox_close(lua_State *L)
{
  struct sandbox *sandbox = luaL_checkudata(L, 1, SANDBOX_TYPE);
  sandbox_release(sandbox);
  text_free(&sandbox->words);
  return 0;
}

static const luaL_Reg sandbox_methods[] = {
    {"port", sandbox_port},
    {"call", sandbox_call},
    {"close", sandbox_close},
    {NULL, NULL},
};

static const luaL_Reg sandbox_metamethods[] = {
    {"__gc", sandbox_close},
    {"__close", sandbox_close},
    {NULL, NULL},
};

EXPORT int luaopen_coffer_sandbox_core(lua_State *L);

EXPORT int luaopen_coffer_sandbox_core(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"start", sandbox_start},
      {NULL, NULL},
  };
  luaL_newmetatable(L, SANDBOX_TYPE);
  luaL_setfuncs(L, sandbox_metamethods, 0);
  luaL_newlib(L, sandbox_methods);
  lua_setfield(L, -2, "__index");
  luaL_newlib(L, functions);
  return 1;
}
