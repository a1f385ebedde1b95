#ifndef COFFER_RETRY_AFTER_H
#define COFFER_RETRY_AFTER_H

#include "wire/buffer.h"

/* The seconds that an answer with this status and these header lines asks to
** wait for; -1 where it does not, LONG_MAX where they are more than fit. */
long retry_after_of(long status, const struct buffer *head);

#endif
