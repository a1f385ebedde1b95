#ifndef COFFER_VERDICT_H
#define COFFER_VERDICT_H

#include "wire/exchange.h"

/* What is true of the thing asked for, once an exchange is over. */

enum outcome {
  OUTCOME_ANSWERED, /* a complete 2xx: the body decides */
  OUTCOME_NOT_SENT,
  OUTCOME_REFUSED,
  OUTCOME_UNKNOWN
};

struct verdict {
  enum outcome outcome;
  const char *code;   /* the word for programs */
  const char *phrase; /* the same for people */
  bool has_detail;    /* libcurl's own text says more */
  bool is_final;      /* the same attempt would end the same way */
};

struct verdict verdict_of(const struct exchange *exchange);

/* "not_sent", "refused" or "unknown". */
const char *verdict_outcome(enum outcome outcome);

#endif
