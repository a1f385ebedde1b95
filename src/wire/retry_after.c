/* How long an answer asks to wait. Retry-After says so, in seconds or as a
** date; where it does not, the headers that tell of a limit do. */

#include "wire/retry_after.h"

#include "wire/headers.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

/* A whole number in decimal digits, LONG_MAX where it is larger; -1 where the
** value is something else. */
static long whole_number(const struct header *header)
{
  long number = 0;
  if (header->value_length == 0)
    return -1;
  for (size_t i = 0; i < header->value_length; i++) {
    long digit = header->value[i] - '0';
    if (digit < 0 || digit > 9)
      return -1;
    number = number > (LONG_MAX - digit) / 10 ? LONG_MAX : number * 10 + digit;
  }
  return number;
}

/* Seconds since 1970, -1 where the value is no date. libcurl's reading is a
** tolerant one: a date has a time of day here. */
static long long date_of(const struct header *header)
{
  char text[64];
  size_t length = header->value_length;
  if (length >= sizeof text || !memchr(header->value, ':', length))
    return -1;
  memcpy(text, header->value, length);
  text[length] = '\0';
  return curl_getdate(text, NULL);
}

/* The moment of the answer by the clock that its dates are of. */
static long long moment_of(const struct buffer *head)
{
  struct header header;
  long long moment = -1;
  if (headers_find(head, "date", &header))
    moment = date_of(&header);
  return moment >= 0 ? moment : time(NULL);
}

static long until(long long moment, long long now)
{
  long long left = moment - now;
  return left <= 0 ? 0 : left < LONG_MAX ? (long)left : LONG_MAX;
}

/* Seconds, or the moment when they are over: a date, or seconds since 1970. A
** number that is more than half of those by now is no wait. */
static long seconds_of(const struct header *header, const struct buffer *head,
                       bool may_be_moment)
{
  long number = whole_number(header);
  long long now = moment_of(head);
  if (number < 0) {
    long long date = date_of(header);
    return date < 0 ? -1 : until(date, now);
  }
  bool is_moment = may_be_moment && number != LONG_MAX && number > now / 2;
  return is_moment ? until(number, now) : number;
}

/* Of several that can be read the longest: waiting too long does no harm. */
static long longest(const struct buffer *head, const char *name,
                    bool may_be_moment)
{
  struct header header;
  size_t at = 0;
  long found = -1;
  while (headers_next_named(head, &at, name, &header)) {
    long seconds = seconds_of(&header, head, may_be_moment);
    if (seconds > found)
      found = seconds;
  }
  return found;
}

/* Answers of all kinds tell of limits; only a 429 says that one is reached. */
long retry_after_of(long status, const struct buffer *head)
{
  static const struct {
    const char *name;
    bool may_be_moment;
  } limits[] = {{"ratelimit-reset", true},
                {"x-ratelimit-reset", true},
                {"x-ratelimit-period", false}};
  long seconds = longest(head, "retry-after", false);
  for (size_t i = 0; seconds < 0 && status == 429 && i < 3; i++)
    seconds = longest(head, limits[i].name, limits[i].may_be_moment);
  return seconds;
}
