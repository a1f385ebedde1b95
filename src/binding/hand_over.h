#ifndef COFFER_HAND_OVER_H
#define COFFER_HAND_OVER_H

#include <lua.h>

/* core.hand_over(subject, work, tell, spare, ...) gives what work(...) gives.
** Behind its last instruction there is no other that a debug hook could
** interrupt before the caller has the values.
**
** An error of work goes on as what tell(cause, subject, spare, ...) makes of
** it; hooks rest meanwhile. Where that cannot be run, out of memory, it goes on
** as the spare if the subject may be at the provider, else as it is.
**
** The subject is a request; or true; or a journal: a table { depth =,
** request =, spare =, doubt = } that is entered, left, and cleared by the last
** to leave, and has the spare to be raised. */
int hand_over(lua_State *L);

#endif
