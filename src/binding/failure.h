#ifndef COFFER_FAILURE_H
#define COFFER_FAILURE_H

#include "wire/exchange.h"
#include "wire/verdict.h"

#include <lua.h>

/* What the core knows of a failure; lua/coffer/failure.lua puts it into
** words. */
struct failure {
  struct verdict verdict;
  const struct exchange *exchange; /* the attempt, NULL: there was none */
  const char *provider, *operation;
  int details; /* index of a list of { field =, message = }, or 0 */
};

/* Pushes nil and the table of these facts:
**   outcome    "not_sent", "refused" or "unknown"
**   code       the word for programs
**   phrase     what happened, a phrase for people
**   is_final   true where the same attempt would end the same way
**   provider, operation, details
** and of the attempt:
**   status, retry_after   of its answer
**   lacks_descriptors     true where the process had none left
**   error      what libcurl says of it
** Those that are not known are left out. Gives back how many values that is. */
int failure_push(lua_State *L, const struct failure *failure);

/* The same where the caller or the environment gave something wrong, and
** nothing was sent: `code` says which, the list at `details` what. */
int failure_push_refusal(lua_State *L, const char *code, const char *provider,
                         const char *operation, int details);

#endif
