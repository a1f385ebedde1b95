#ifndef COFFER_CLOCK_H
#define COFFER_CLOCK_H

#include <time.h>

/* Milliseconds by a clock of the system. CLOCK_MONOTONIC stands still while the
** machine is asleep, CLOCK_BOOTTIME goes on; neither is ever set back. */
static inline long long clock_milliseconds(clockid_t clock)
{
  struct timespec time = {0};
  clock_gettime(clock, &time); /* fails for a clock that does not exist only */
  return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

#endif
