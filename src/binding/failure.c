/* The one place where the facts of a failure become a table. */

#include "binding/failure.h"

#include <stdbool.h>

/* Sets a field of the table on top, where there is something to set. */
static void set_text(lua_State *L, const char *name, const char *text)
{
  if (!text)
    return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

/* A flag that is not set is left out, like a text that is not there. */
static void set_flag(lua_State *L, const char *name, bool flag)
{
  if (!flag)
    return;
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, name);
}

static void set_number(lua_State *L, const char *name, long number)
{
  lua_pushinteger(L, number);
  lua_setfield(L, -2, name);
}

/* Adds what the attempt itself tells; libcurl's own text where the verdict says
** that it tells more than the phrase. */
static void add_attempt(lua_State *L, const struct exchange *exchange,
                        bool has_detail)
{
  const char *error = exchange_error(exchange);
  long retry_after = exchange_retry_after(exchange);
  if (exchange->is_head_complete)
    set_number(L, "status", exchange->status);
  if (retry_after >= 0)
    set_number(L, "retry_after", retry_after);
  set_flag(L, "lacks_descriptors", exchange->lacks_descriptors);
  set_text(L, "error", has_detail && *error ? error : NULL);
}

/* The index of the details has to be absolute: two values are pushed before it
** is used. */
int failure_push(lua_State *L, const struct failure *failure)
{
  const struct verdict *verdict = &failure->verdict;
  lua_pushnil(L);
  lua_createtable(L, 0, 12); /* Lua adds some */
  set_text(L, "outcome", verdict_outcome(verdict->outcome));
  set_text(L, "code", verdict->code);
  set_text(L, "phrase", verdict->phrase);
  set_flag(L, "is_final", verdict->is_final);
  set_text(L, "provider", failure->provider);
  set_text(L, "operation", failure->operation);
  if (failure->details) {
    lua_pushvalue(L, failure->details);
    lua_setfield(L, -2, "details");
  }
  if (failure->exchange)
    add_attempt(L, failure->exchange, verdict->has_detail);
  return 2;
}

int failure_push_refusal(lua_State *L, const char *code, const char *provider,
                         const char *operation, int details)
{
  struct failure failure = {
      .verdict = {.outcome = OUTCOME_NOT_SENT, .code = code},
      .provider = provider,
      .operation = operation,
      .details = details};
  return failure_push(L, &failure);
}
