/* Making a client: its options, its settings from options and environment, and
** what is missing. */

#include "binding/settings.h"

#include "binding/client.h"
#include "binding/failure.h"
#include "binding/marshal.h"
#include "binding/misuse.h"
#include "wire/address.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Where the constructor's values lie on the stack. */
enum {
  AT_METATABLES = 1,
  AT_PROVIDER,
  AT_OPTIONS,
  AT_CLIENT,
  AT_ANCHORS,
  AT_PROBLEMS
};

/* Texts that Lua does not look at, as they may be secrets */

/* libcurl repeats a proxy that it does not know, with its password. */
static const char *check_proxy(const char *url, size_t length)
{
  static const char *const schemes[] = {"http://",   "https://",
                                        "socks4://", "socks4a://",
                                        "socks5://", "socks5h://"};
  for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++) {
    size_t at = 0;
    while (schemes[i][at] && (url[at] | 0x20) == (schemes[i][at] | 0x20))
      at++;
    if (!schemes[i][at])
      return address_check_proxy(url, length);
  }
  return "must be a URL that begins with http, https, socks4, socks4a, socks5 "
         "or socks5h";
}

/* libcurl reads it as a C string, up to the first zero byte. */
static const char *check_password(const char *text, size_t length)
{
  if (length == 0)
    return "must not be empty";
  return strlen(text) != length ? "must not have zero bytes" : NULL;
}

int settings_flaw(lua_State *L)
{
  static const char *const kinds[] = {"header", "password", "proxy", NULL};
  static const char *(*const checks[])(const char *, size_t) = {
      address_check_header_value, check_password, check_proxy};
  size_t length;
  int kind = luaL_checkoption(L, 1, NULL, kinds);
  luaL_checkany(L, 2);
  const char *text = secret_text(L, 2, &length);
  lua_pushstring(L, text ? checks[kind](text, length) : secret_wanted(L, 2));
  return 1;
}

long settings_milliseconds(lua_State *L, int index)
{
  enum { MAX_SECONDS = 24 * 60 * 60 };
  double seconds = luaL_checknumber(L, index);
  if (!(seconds >= 0.001 && seconds <= MAX_SECONDS))
    luaL_error(L, "must be a number of seconds from 0.001 to %d", MAX_SECONDS);
  return (long)(seconds * 1000);
}

/* Settings: options that the provider's data names */

/* Tells of a wrong value: one that the caller gave raises, one from the
** environment becomes a problem of the failure. */
static void wrong_setting(lua_State *L, const struct client *client,
                          const struct setting *setting,
                          const char *environment, const char *wrong)
{
  if (!environment)
    misuse(L, "%s: option '%s' %s", client_type_name(L, client->provider),
           setting->name, wrong);
  lua_pushfstring(L, "(%s in the environment) %s", environment, wrong);
  marshal_problem(L, AT_PROBLEMS, setting->name, lua_tostring(L, -1));
  lua_pop(L, 1);
}

/* The length of a text without the slashes at its end. */
static size_t trimmed(const char *text, size_t length)
{
  while (length > 0 && text[length - 1] == '/')
    length--;
  return length;
}

/* Checks the address that tokens are got at. It has to end as the provider's
** data says, so that no other address of the service is taken for it. What is
** wrong may be on the stack. */
static const char *check_log_in_url(lua_State *L, const struct setting *setting,
                                    const char *text, size_t length)
{
  const char *wrong = address_check_base(text, length);
  const char *ending = setting->ending ? setting->ending : "";
  size_t ending_length = strlen(ending);
  size_t whole = trimmed(text, length);
  if (wrong || (whole >= ending_length && memcmp(text + whole - ending_length,
                                                 ending, ending_length) == 0))
    return wrong;
  return lua_pushfstring(L, "must end with %s, such as %s", ending,
                         setting->sample);
}

/* NULL for a text that may be this setting, else what is wrong, which may be on
** the stack. A region is looked up when it is used; a credential may be any
** text. */
static const char *check_setting(lua_State *L, const struct client *client,
                                 const struct setting *setting,
                                 const char *text, size_t length)
{
  switch (setting->use) {
  case SETTING_BASE_URL:
    return address_check_base(text, length);
  case SETTING_LOG_IN_URL:
    return check_log_in_url(L, setting, text, length);
  case SETTING_PARAMETER:
    return address_check_segment(text, length);
  case SETTING_TOKEN:
    return client_check_token(client, text, length);
  case SETTING_HEADER:
    return address_check_header_value(text, length);
  case SETTING_AUTHORIZATION:
    return strcmp(text, "bearer") == 0 && length == 6 ? NULL
                                                      : "must be \"bearer\"";
  case SETTING_REGION:
  case SETTING_CREDENTIAL:
    break;
  }
  return NULL;
}

/* Pushes the names of all regions. */
static const char *push_regions(lua_State *L, const struct provider *provider)
{
  luaL_Buffer names;
  luaL_buffinit(L, &names);
  for (size_t i = 0; i < provider->region_count; i++) {
    luaL_addstring(&names, i > 0 ? ", " : "");
    luaL_addstring(&names, provider->regions[i].name);
  }
  luaL_pushresult(&names);
  return lua_tostring(L, -1);
}

/* The base URL of a region, which is the provider's constant; raises where
** there is no such region. */
static const char *region_url(lua_State *L, const struct client *client,
                              const char *name, size_t length)
{
  const struct provider *provider = client->provider;
  for (size_t i = 0; i < provider->region_count; i++)
    if (strcmp(provider->regions[i].name, name) == 0 && strlen(name) == length)
      return provider->regions[i].base_url;
  misuse(L, "%s: option 'region' has no region '%s', there are %s",
         client_type_name(L, provider), name, push_regions(L, provider));
}

/* Pushes the text without slashes at its end. */
static const char *push_trimmed(lua_State *L, const char *text, size_t length)
{
  return lua_pushlstring(L, text, trimmed(text, length));
}

/* Keeps a text among the anchors, in a table that is made where it is not
** there yet. The stack stays as it is. */
static void keep_in(lua_State *L, const char *table, const char *name,
                    const char *value)
{
  luaL_getsubtable(L, AT_ANCHORS, table);
  lua_pushstring(L, value);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

/* The same as a secret, which is wiped when the client is closed. */
static void keep_secret(lua_State *L, const char *table, const char *name,
                        const char *text, size_t length)
{
  luaL_getsubtable(L, AT_ANCHORS, table);
  secret_push(L, text, length);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

/* Takes a checked text to where its setting belongs. What the client points to
** is among the anchors, or constant. */
static void use_setting(lua_State *L, struct client *client,
                        const struct setting *setting, const char *text,
                        size_t length)
{
  switch (setting->use) {
  case SETTING_TOKEN:
    secret_push(L, text, length);
    client->token = secret_test(L, -1);
    lua_setfield(L, AT_ANCHORS, setting->name);
    break;
  case SETTING_BASE_URL:
    client->base_url = push_trimmed(L, text, length);
    lua_setfield(L, AT_ANCHORS, setting->name);
    break;
  case SETTING_REGION:
    client->base_url = region_url(L, client, text, length);
    break;
  case SETTING_HEADER:
    keep_in(L, "headers", setting->header, text);
    break;
  case SETTING_PARAMETER:
    keep_in(L, "parameters", setting->name, text);
    break;
  case SETTING_CREDENTIAL:
    keep_secret(L, "credentials", setting->name, text, length);
    break;
  case SETTING_LOG_IN_URL:
    push_trimmed(L, text, length);
    keep_in(L, "credentials", setting->name, lua_tostring(L, -1));
    lua_pop(L, 1);
    break;
  case SETTING_AUTHORIZATION:
    client->token_header = "Authorization";
    client->token_scheme = "Bearer ";
    break;
  }
}

/* True where the option may be a coffer.secret instead of a string. */
static bool may_be_secret(const struct setting *setting)
{
  return setting->use == SETTING_TOKEN || setting->use == SETTING_CREDENTIAL;
}

/* True for a part of a log-in that the environment has although the client has
** a token: it is not needed, so a wrong value of it is passed over. */
static bool is_spare(const struct client *client, const struct setting *setting,
                     const char *environment)
{
  return environment && client->token &&
         (setting->use == SETTING_CREDENTIAL ||
          setting->use == SETTING_LOG_IN_URL);
}

/* Takes the value on top and leaves it there. It is that of an environment
** variable of this name, or of an option where the name is NULL. */
static void take_setting(lua_State *L, struct client *client,
                         const struct setting *setting, const char *environment)
{
  size_t length;
  bool is_text = may_be_secret(setting) || lua_type(L, -1) == LUA_TSTRING;
  const char *text = is_text ? secret_text(L, -1, &length) : NULL;
  const char *wrong;
  int top = lua_gettop(L);
  if (setting->use == SETTING_TOKEN && lua_isfunction(L, -1))
    return; /* called for a token when one is needed, by Lua */
  if (!text)
    wrong = may_be_secret(setting) ? secret_wanted(L, -1) : "must be a string";
  else
    wrong = check_setting(L, client, setting, text, length);
  if (wrong && !is_spare(client, setting, environment))
    wrong_setting(L, client, setting, environment, wrong);
  else if (!wrong)
    use_setting(L, client, setting, text, length);
  lua_settop(L, top);
}

/* The environment is the program's: nothing here writes to it. */
static const char *variable(const char *name)
{
  return getenv(name); /* NOLINT(concurrency-mt-unsafe) */
}

/* The name of the setting's first variable that is set and not empty, or
** NULL. */
static const char *environment_of(const struct setting *setting)
{
  for (size_t i = 0; i < ARRAY_LENGTH(setting->environment); i++) {
    const char *name = setting->environment[i];
    const char *value = name ? variable(name) : NULL;
    if (value && *value)
      return name;
  }
  return NULL;
}

static const struct setting *setting_named(const struct provider *provider,
                                           const char *name)
{
  for (size_t i = 0; i < provider->setting_count; i++)
    if (strcmp(provider->settings[i].name, name) == 0)
      return &provider->settings[i];
  return NULL;
}

/* Adds the names of what a log-in takes: its options, or their variables. */
static void add_log_in(luaL_Buffer *text, const struct provider *provider,
                       bool is_option)
{
  const char *quote = is_option ? "'" : "";
  for (const char *const *name = provider->log_in; *name; name++) {
    bool is_last = !name[1];
    luaL_addstring(text, name == provider->log_in ? ", or "
                         : is_last                ? " and "
                                                  : ", ");
    luaL_addstring(text, quote);
    const struct setting *setting = setting_named(provider, *name);
    luaL_addstring(text,
                   is_option || !setting ? *name : setting->environment[0]);
    luaL_addstring(text, quote);
  }
}

static void add_variables(luaL_Buffer *text, const struct setting *setting)
{
  luaL_addstring(text, setting->environment[0]);
  if (setting->environment[1]) {
    luaL_addstring(text, " or ");
    luaL_addstring(text, setting->environment[1]);
  }
}

/* True where there is a problem already with what was given. */
static bool has_problem(lua_State *L, const char *name)
{
  bool is_found = false;
  lua_Integer count = (lua_Integer)lua_rawlen(L, AT_PROBLEMS);
  for (lua_Integer i = 1; i <= count && !is_found; i++) {
    lua_rawgeti(L, AT_PROBLEMS, i);
    lua_getfield(L, -1, "field");
    const char *field = lua_tostring(L, -1);
    is_found = field && strcmp(field, name) == 0;
    lua_pop(L, 2);
  }
  return is_found;
}

/* Says what is missing, and all the ways in which it can be given. */
static void missing_setting(lua_State *L, const struct provider *provider,
                            const struct setting *setting)
{
  luaL_Buffer text;
  if (has_problem(L, setting->name))
    return;
  bool is_token = setting->use == SETTING_TOKEN;
  luaL_buffinit(L, &text);
  luaL_addstring(&text, "is not given: use option '");
  luaL_addstring(&text, setting->name);
  luaL_addstring(&text, is_token ? "' or 'token_file'" : "'");
  if (is_token)
    add_log_in(&text, provider, true);
  luaL_addstring(&text, is_token && *provider->log_in
                            ? ", or the environment's "
                            : " or the environment's ");
  add_variables(&text, setting);
  if (is_token)
    add_log_in(&text, provider, false);
  luaL_pushresult(&text);
  marshal_problem(L, AT_PROBLEMS, setting->name, lua_tostring(L, -1));
  lua_pop(L, 1);
}

/* True when the options have this, whatever it is. */
static bool is_given(lua_State *L, const char *option)
{
  lua_pushstring(L, option);
  bool is_there = lua_rawget(L, AT_OPTIONS) != LUA_TNIL;
  lua_pop(L, 1);
  return is_there;
}

static bool has_credential_option(lua_State *L, const struct provider *provider)
{
  for (size_t i = 0; i < provider->setting_count; i++)
    if (provider->settings[i].use == SETTING_CREDENTIAL &&
        is_given(L, provider->settings[i].name))
      return true;
  return false;
}

/* True when the environment is not to be asked. A credential that was given
** as an option stands alone: what the environment has may be another's. */
static bool is_settled(lua_State *L, const struct client *client,
                       const struct setting *setting)
{
  bool has_token_file = is_given(L, "token_file");
  if (setting->use == SETTING_BASE_URL)
    return client->base_url != NULL;
  if (setting->use == SETTING_TOKEN)
    return has_token_file || has_credential_option(L, client->provider);
  return (setting->use == SETTING_CREDENTIAL ||
          setting->use == SETTING_LOG_IN_URL) &&
         (has_token_file || is_given(L, "token"));
}

/* An option goes before the environment. */
static void find_setting(lua_State *L, struct client *client,
                         const struct setting *setting)
{
  bool is_done = is_settled(L, client, setting);
  const char *environment = environment_of(setting);
  lua_pushstring(L, setting->name);
  if (lua_rawget(L, AT_OPTIONS) != LUA_TNIL) {
    take_setting(L, client, setting, NULL);
  } else if (environment && !is_done) {
    lua_pushstring(L, variable(environment));
    take_setting(L, client, setting, environment);
    lua_pop(L, 1);
  } else if (setting->is_required && !is_done &&
             setting->use != SETTING_TOKEN) {
    missing_setting(L, client->provider, setting);
  }
  lua_pop(L, 1);
}

/* Names what a log-in still lacks. False when nothing of one is given. */
static bool check_log_in(lua_State *L, const struct provider *provider)
{
  bool is_begun = luaL_getsubtable(L, AT_ANCHORS, "credentials");
  for (const char *const *name = provider->log_in; is_begun && *name; name++) {
    const struct setting *setting = setting_named(provider, *name);
    lua_pushstring(L, *name);
    if (lua_rawget(L, -2) == LUA_TNIL && setting)
      missing_setting(L, provider, setting);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return is_begun;
}

/* Without a token there has to be a way to get one. */
static void check_credential(lua_State *L, const struct client *client)
{
  if (client->token || is_given(L, "token") || is_given(L, "token_file") ||
      check_log_in(L, client->provider))
    return;
  const struct setting *token = setting_named(client->provider, "token");
  if (token)
    missing_setting(L, client->provider, token);
}

/* The first setting of this use, or NULL. */
static const struct setting *setting_for(const struct provider *provider,
                                         enum setting_use use)
{
  for (size_t i = 0; i < provider->setting_count; i++)
    if (provider->settings[i].use == use)
      return &provider->settings[i];
  return NULL;
}

/* True where the host is `home`, which is in lower case, or a name below it. */
static bool is_below(const char *host, size_t length, const char *home)
{
  size_t home_length = strlen(home);
  if (length < home_length)
    return false;
  const char *tail = host + length - home_length;
  for (size_t i = 0; i < home_length; i++)
    if ((tail[i] | 0x20) != home[i])
      return false;
  return tail == host || tail[-1] == '.';
}

static bool is_at(const char *url, const char *home)
{
  struct buffer host = {0};
  bool is_it = url && address_append_host(&host, url) &&
               is_below(host.bytes, host.length, home);
  buffer_free(&host);
  return is_it;
}

/* Pushes the address of the log-in, given or of the environment, or nil. True
** where it was given as an option. */
static bool push_log_in_url(lua_State *L, const struct setting *url)
{
  lua_pushstring(L, url->name);
  bool is_option = lua_rawget(L, AT_OPTIONS) != LUA_TNIL;
  if (!is_option) {
    const char *environment = environment_of(url);
    lua_pop(L, 1);
    lua_pushstring(L, environment ? variable(environment) : NULL);
  }
  return is_option;
}

/* Other clouds have their tokens in the same variables: from the environment
** alone, none goes to the default URL unless the log-in's is at home there. */
static void check_home(lua_State *L, const struct client *client)
{
  const struct provider *provider = client->provider;
  const struct setting *url = setting_for(provider, SETTING_LOG_IN_URL);
  const struct setting *base = setting_for(provider, SETTING_BASE_URL);
  if (!provider->home || !url || !base || is_given(L, "token") ||
      is_given(L, "token_file") || has_problem(L, base->name) ||
      has_problem(L, url->name))
    return;
  bool is_option = push_log_in_url(L, url);
  bool is_own = !client->token && (is_option || lua_isnil(L, -1));
  bool is_fine = is_own || is_at(lua_tostring(L, -1), provider->home);
  lua_pop(L, 1);
  if (is_fine)
    return;
  lua_pushfstring(L,
                  "is not given, and the environment's token or log-in may be "
                  "another cloud's: use option '%s' or the environment's %s, "
                  "or an %s at %s",
                  base->name, base->environment[0], url->environment[0],
                  provider->home);
  marshal_problem(L, AT_PROBLEMS, base->name, lua_tostring(L, -1));
  lua_pop(L, 1);
}

/* What decides about others comes first. A region is a base URL by name: it
** settles it before the environment is asked. How the token goes out tells what
** it may be. */
static bool is_first(const struct setting *setting)
{
  return setting->use == SETTING_REGION ||
         setting->use == SETTING_AUTHORIZATION;
}

static void find_settings(lua_State *L, struct client *client)
{
  const struct provider *provider = client->provider;
  for (size_t i = 0; i < provider->setting_count; i++)
    if (is_first(&provider->settings[i]))
      find_setting(L, client, &provider->settings[i]);
  lua_pushliteral(L, "base_url");
  if (lua_rawget(L, AT_OPTIONS) != LUA_TNIL && client->base_url)
    misuse(L, "%s: give option 'region' or option 'base_url', not both",
           client_type_name(L, provider));
  lua_pop(L, 1);
  for (size_t i = 0; i < provider->setting_count; i++)
    if (!is_first(&provider->settings[i]))
      find_setting(L, client, &provider->settings[i]);
  check_credential(L, client);
  if (client->base_url)
    return;
  check_home(L, client);
  client->base_url = provider->base_url;
}

/* Options that are the same for all */

enum option_kind {
  OPTION_FLAG,    /* bool */
  OPTION_SECONDS, /* long, in milliseconds */
  OPTION_BYTES,   /* size_t */
  OPTION_TEXT,    /* const char * */
  OPTION_SECRET   /* const char *, kept as a secret where it was a string too */
};

struct option {
  const char *name;
  enum option_kind kind;
  size_t offset; /* in a client */
};

/* The other options are Lua's, which has checked these as well. */
static const struct option client_options[] = {
    {"ca_file", OPTION_TEXT, offsetof(struct client, route.ca_file)},
    {"client_certificate", OPTION_TEXT,
     offsetof(struct client, route.client_certificate)},
    {"client_key", OPTION_TEXT, offsetof(struct client, route.client_key)},
    {"client_key_password", OPTION_SECRET,
     offsetof(struct client, route.client_key_password)},
    {"connect_timeout", OPTION_SECONDS,
     offsetof(struct client, route.connect_timeout)},
    {"max_response", OPTION_BYTES, offsetof(struct client, route.max_body)},
    {"proxy", OPTION_SECRET, offsetof(struct client, route.proxy)},
    {"timeout", OPTION_SECONDS, offsetof(struct client, timeout)},
    {"use_env_proxy", OPTION_FLAG,
     offsetof(struct client, route.use_env_proxy)},
    {"user_agent", OPTION_TEXT, offsetof(struct client, route.user_agent)},
};

/* The text belongs to a string or a secret that the client holds. */
static void take_text(lua_State *L, const struct option *option,
                      const char **place)
{
  size_t length;
  const char *text = secret_text(L, -1, &length);
  luaL_argcheck(L, text, AT_OPTIONS, option->name);
  if (option->kind == OPTION_SECRET) {
    secret_push(L, text, length);
    *place = secret_test(L, -1)->bytes;
  } else {
    *place = lua_pushlstring(L, text, length);
  }
  lua_setfield(L, AT_ANCHORS, option->name);
}

static void take_option(lua_State *L, const struct option *option, void *place)
{
  switch (option->kind) {
  case OPTION_FLAG:
    *(bool *)place = lua_toboolean(L, -1);
    break;
  case OPTION_SECONDS:
    *(long *)place = settings_milliseconds(L, -1);
    break;
  case OPTION_BYTES:
    *(size_t *)place = (size_t)luaL_checkinteger(L, -1);
    break;
  case OPTION_TEXT:
  case OPTION_SECRET:
    take_text(L, option, place);
    break;
  }
}

static void take_options(lua_State *L, struct client *client)
{
  for (size_t i = 0; i < ARRAY_LENGTH(client_options); i++) {
    const struct option *option = &client_options[i];
    lua_pushstring(L, option->name);
    if (lua_rawget(L, AT_OPTIONS) != LUA_TNIL)
      take_option(L, option, (char *)client + option->offset);
    lua_pop(L, 1);
  }
}

/* Keeps copies of the headers, of secrets as secrets. */
static void take_headers(lua_State *L)
{
  lua_pushliteral(L, "headers");
  if (lua_rawget(L, AT_OPTIONS) == LUA_TTABLE) {
    lua_pushnil(L);
    while (lua_next(L, -2)) {
      size_t length;
      const char *value = secret_text(L, -1, &length);
      bool is_named = lua_type(L, -2) == LUA_TSTRING;
      luaL_argcheck(L, value && is_named, AT_OPTIONS, "headers");
      if (secret_test(L, -1))
        keep_secret(L, "headers", lua_tostring(L, -2), value, length);
      else
        keep_in(L, "headers", lua_tostring(L, -2), value);
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
}

/* libcurl writes the keys of its TLS sessions to this file without being
** asked: whoever reads it reads the tokens. */
static void check_key_log(lua_State *L)
{
  const char *file = variable("SSLKEYLOGFILE");
  lua_pushliteral(L, "allow_keylog");
  lua_rawget(L, AT_OPTIONS);
  if (file && *file && !lua_toboolean(L, -1))
    marshal_problem(L, AT_PROBLEMS, "SSLKEYLOGFILE",
                    "is set in the environment: libcurl would log the keys of "
                    "every connection; unset it, or use option allow_keylog");
  lua_pop(L, 1);
}

/* Nobody waits for a pipe or a terminal: libcurl would, beyond any deadline. A
** file that is not there may come yet. */
static void check_files(lua_State *L, const struct client *client)
{
  const struct route *route = &client->route;
  const char *const files[][2] = {
      {"ca_file", route->ca_file},
      {"client_certificate", route->client_certificate},
      {"client_key", route->client_key}};
  struct stat status;
  for (size_t i = 0; i < ARRAY_LENGTH(files); i++)
    if (files[i][1] && stat(files[i][1], &status) == 0 &&
        !S_ISREG(status.st_mode))
      marshal_problem(L, AT_PROBLEMS, files[i][0], "is not a regular file");
}

/* Pushes nil and the failure, and gives how many values that is. */
static int refuse(lua_State *L, const struct provider *provider)
{
  return failure_push_refusal(L, "config", provider->name, NULL, AT_PROBLEMS);
}

/* transfers_open failed: without a descriptor it is a failure that is
** returned, without memory an error that is raised. errno tells which. */
static int refuse_without_descriptors(lua_State *L,
                                      const struct provider *provider)
{
  if (errno != EMFILE && errno != ENFILE)
    return luaL_error(L, "not enough memory");
  marshal_problem(L, AT_PROBLEMS, "the client",
                  "cannot be opened: too many files are open already");
  return refuse(L, provider);
}

/* The stack: provider, options, resources -> resources, provider, options,
** client, anchors, problems. An error on the way leaves a client without
** connections, which Lua collects. */
int open_client(lua_State *L)
{
  const struct provider *provider = provider_named(luaL_checkstring(L, 1));
  luaL_argcheck(L, provider, 1, "no such provider");
  lua_settop(L, 3);
  lua_insert(L, 1);
  luaL_checktype(L, AT_OPTIONS, LUA_TTABLE);
  struct client *client = client_push(L, provider);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, AT_CLIENT, CLIENT_ANCHORS);
  lua_pushvalue(L, AT_METATABLES);
  lua_setiuservalue(L, AT_CLIENT, CLIENT_RESOURCES);
  lua_newtable(L);
  take_options(L, client);
  find_settings(L, client);
  take_headers(L);
  check_files(L, client);
  check_key_log(L);
  if (lua_rawlen(L, AT_PROBLEMS) > 0)
    return refuse(L, provider);
  client->has_parameters =
      lua_getfield(L, AT_ANCHORS, "parameters") == LUA_TTABLE;
  if (!transfers_open(&client->transfers))
    return refuse_without_descriptors(L, provider);
  lua_settop(L, AT_CLIENT);
  return 1;
}
