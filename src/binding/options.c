/* Taking options tables. */

#include "binding/options.h"

#include "binding/misuse.h"
#include "binding/secret.h"
#include "model/nearest.h"
#include "wire/address.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

struct taking {
  const char *whose;
  const struct option *option;
  void *place;
  int keep;
};

static _Noreturn void refuse(lua_State *L, const struct taking *taking,
                             const char *wrong)
{
  misuse(L, "%s: option '%s' %s", taking->whose, taking->option->name, wrong);
}

static void take_flag(lua_State *L, const struct taking *taking)
{
  if (!lua_isboolean(L, -1))
    refuse(L, taking, "must be true or false");
  *(bool *)taking->place = lua_toboolean(L, -1);
}

static void take_seconds(lua_State *L, const struct taking *taking)
{
  double seconds = lua_tonumber(L, -1);
  if (lua_type(L, -1) != LUA_TNUMBER || !(seconds >= 0.001) ||
      seconds > taking->option->most) {
    lua_pushfstring(L, "must be a number of seconds, from 0.001 to %I",
                    (LUAI_UACINT)taking->option->most);
    refuse(L, taking, lua_tostring(L, -1));
  }
  *(long *)taking->place = (long)(seconds * 1000);
}

static void take_bytes(lua_State *L, const struct taking *taking)
{
  int is_integer;
  lua_Integer bytes = lua_tointegerx(L, -1, &is_integer);
  if (lua_type(L, -1) != LUA_TNUMBER || !is_integer || bytes < 1 ||
      (double)bytes > taking->option->most) {
    lua_pushfstring(L, "must be a whole number of bytes, from 1 to %I",
                    (LUAI_UACINT)taking->option->most);
    refuse(L, taking, lua_tostring(L, -1));
  }
  *(size_t *)taking->place = (size_t)bytes;
}

static const char *check_file(const char *path, size_t length)
{
  return length == 0 || strlen(path) != length ? "must be the path of a file"
                                               : NULL;
}

/* libcurl repeats a proxy that it does not know, with its password. */
static const char *check_proxy(const char *url, size_t length)
{
  static const char *const schemes[] = {"http://",   "https://",
                                        "socks4://", "socks4a://",
                                        "socks5://", "socks5h://"};
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
    size_t at = 0;
    while (schemes[i][at] && (url[at] | 0x20) == (schemes[i][at] | 0x20))
      at++;
    if (!schemes[i][at])
      return address_check_proxy(url, length);
  }
  return "must be a URL that begins with http, https, socks4, socks4a, socks5 "
         "or socks5h";
}

static const char *check_secret(const char *text, size_t length)
{
  if (length == 0)
    return "must not be empty";
  return strlen(text) != length ? "must not have zero bytes" : NULL;
}

static void take_text(lua_State *L, const struct taking *taking,
                      const char *(*check)(const char *text, size_t length))
{
  size_t length;
  bool is_text = lua_type(L, -1) == LUA_TSTRING;
  const char *text = is_text ? lua_tolstring(L, -1, &length) : NULL;
  const char *wrong = text ? check(text, length) : "must be a string";
  if (wrong)
    refuse(L, taking, wrong);
  lua_pushvalue(L, -1);
  lua_setfield(L, taking->keep, taking->option->name);
  *(const char **)taking->place = text;
}

/* A wiped secret is as good as none: its text is empty. */
static void take_secret(lua_State *L, const struct taking *taking,
                        const char *(*check)(const char *text, size_t length))
{
  size_t length = 0;
  const struct secret *secret = secret_test(L, -1);
  const char *text = secret && secret->bytes ? secret->bytes : "";
  if (!secret && lua_type(L, -1) != LUA_TSTRING)
    refuse(L, taking, secret_wanted(L, -1));
  if (secret)
    length = secret->length;
  else
    text = lua_tolstring(L, -1, &length);
  const char *wrong = check(text, length);
  if (wrong)
    refuse(L, taking, wrong);
  secret_push(L, text, length);
  *(const char **)taking->place = secret_test(L, -1)->bytes;
  lua_setfield(L, taking->keep, taking->option->name);
}

static void take(lua_State *L, const struct taking *taking)
{
  switch (taking->option->kind) {
  case OPTION_FLAG:
    take_flag(L, taking);
    break;
  case OPTION_SECONDS:
    take_seconds(L, taking);
    break;
  case OPTION_BYTES:
    take_bytes(L, taking);
    break;
  case OPTION_FILE:
    take_text(L, taking, check_file);
    break;
  case OPTION_HEADER:
    take_text(L, taking, address_check_header_value);
    break;
  case OPTION_PROXY:
    take_secret(L, taking, check_proxy);
    break;
  case OPTION_SECRET:
    take_secret(L, taking, check_secret);
    break;
  case OPTION_OTHER:
    break;
  }
}

/* Copies the letters of a name, in lower case, as far as there is room. */
static void squeeze(const char *name, char *letters, size_t room)
{
  size_t length = 0;
  for (; *name && length + 1 < room; name++) {
    char letter = (char)(*name | 0x20);
    if (letter >= 'a' && letter <= 'z')
      letters[length++] = letter;
  }
  letters[length] = '\0';
}

/* True for the names under which other programs have a switch that turns the
** verification of certificates off. */
static bool is_verification(const char *name)
{
  static const char *const words[] = {
      "verif",        "insecure",   "validat",   "invalidcert", "checkcert",
      "certcheck",    "checkhost",  "hostcheck", "checkpeer",   "peercheck",
      "unauthorized", "selfsigned", "certreqs",  "strictssl",   "stricttls",
      "skipssl",      "skiptls",    "skipcert",  "ignoressl",   "ignoretls",
      "ignorecert",   "trustall",   "untrusted"};
  char letters[64];
  squeeze(name, letters, sizeof letters);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strstr(letters, words[i]))
      return true;
  return false;
}

int options_is_verification(lua_State *L)
{
  lua_pushboolean(L, is_verification(luaL_checkstring(L, 1)));
  return 1;
}

static _Noreturn void refuse_unknown(lua_State *L, const char *whose,
                                     const struct nearest_search *search)
{
  if (is_verification(search->wanted))
    misuse(L,
           "%s: unknown option '%s' (certificates are always verified, there "
           "is no such switch: give ca_file)",
           whose, search->wanted);
  misuse(L, "%s: unknown option '%s'%s", whose, search->wanted,
         misuse_hint(L, search));
}

static const struct option *find(const struct option *const *lists,
                                 size_t length, struct nearest_search *search)
{
  for (; *lists; lists++)
    for (const struct option *option = *lists; option->name; option++) {
      if (strcmp(option->name, search->wanted) == 0 &&
          strlen(option->name) == length)
        return option;
      nearest_offer(search, option->name);
    }
  return NULL;
}

void options_take(lua_State *L, const char *whose, int index,
                  const struct option *const *lists, void *target, int keep)
{
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (lua_type(L, -2) != LUA_TSTRING)
      misuse(L, "%s: options are named, got a %s as name", whose,
             luaL_typename(L, -2));
    struct nearest_search search = {.wanted = lua_tostring(L, -2)};
    const struct option *option =
        find(lists, (size_t)lua_rawlen(L, -2), &search);
    if (!option)
      refuse_unknown(L, whose, &search);
    struct taking taking = {whose, option, (char *)target + option->offset,
                            keep};
    take(L, &taking);
    lua_pop(L, 1);
  }
}
