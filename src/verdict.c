/* The decision table for one attempt. It rests on two facts that no curl code
** tells: whether the guard saw a send, and whether the answer's head came
** whole. */

#include "verdict.h"

#include <stddef.h>

const char *verdict_outcome(enum outcome outcome)
{
  static const char *const names[] = {NULL, "not_sent", "refused", "unknown"};
  return names[outcome];
}

/* What curl's codes are called. */
struct transport {
  CURLcode code;
  const char *word;
};

static const struct transport transports[] = {
    {CURLE_OPERATION_TIMEDOUT, "timeout"},
    {CURLE_SSL_CONNECT_ERROR, "tls"},
    {CURLE_PEER_FAILED_VERIFICATION, "tls"},
    {CURLE_SSL_CACERT_BADFILE, "tls"},
    {CURLE_SSL_CERTPROBLEM, "tls"},
    {CURLE_SSL_CIPHER, "tls"},
    {CURLE_SSL_CRL_BADFILE, "tls"},
    {CURLE_SSL_ENGINE_INITFAILED, "tls"},
    {CURLE_SSL_ENGINE_NOTFOUND, "tls"},
    {CURLE_SSL_ENGINE_SETFAILED, "tls"},
    {CURLE_SSL_INVALIDCERTSTATUS, "tls"},
    {CURLE_SSL_ISSUER_ERROR, "tls"},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, "tls"},
    {CURLE_SSL_CLIENTCERT, "tls"},
    {CURLE_USE_SSL_FAILED, "tls"},
    {CURLE_ABORTED_BY_CALLBACK, "cancelled"},
    {CURLE_UNSUPPORTED_PROTOCOL, "protocol"},
    {CURLE_WEIRD_SERVER_REPLY, "protocol"},
    {CURLE_PARTIAL_FILE, "protocol"},
    {CURLE_BAD_CONTENT_ENCODING, "protocol"},
    {CURLE_WRITE_ERROR, "protocol"},
    {CURLE_HTTP2, "protocol"},
    {CURLE_HTTP2_STREAM, "protocol"},
};

static const char *transport_word(CURLcode code)
{
  for (size_t i = 0; i < sizeof transports / sizeof *transports; i++)
    if (transports[i].code == code)
      return transports[i].word;
  return "unreachable";
}

/* What a status means. The last row that begins at or below it counts. */
struct meaning {
  long from;
  enum outcome outcome;
  const char *code;
  const char *said;
};

static const struct meaning meanings[] = {
    {0, OUTCOME_UNKNOWN, "protocol", "an answer with an impossible status"},
    {200, OUTCOME_ANSWERED, NULL, NULL},
    {300, OUTCOME_UNKNOWN, "protocol", "a redirect, which is not followed"},
    {307, OUTCOME_REFUSED, "protocol", "a redirect, which is not followed"},
    {309, OUTCOME_UNKNOWN, "protocol", "a redirect, which is not followed"},
    {400, OUTCOME_REFUSED, "rejected", "refused"},
    {401, OUTCOME_REFUSED, "auth", "the token is not accepted"},
    {402, OUTCOME_REFUSED, "rejected", "refused"},
    {403, OUTCOME_REFUSED, "forbidden", "not permitted"},
    {404, OUTCOME_REFUSED, "not_found", "not found"},
    {405, OUTCOME_REFUSED, "rejected", "refused"},
    {408, OUTCOME_UNKNOWN, "timeout", "the provider timed out"},
    {409, OUTCOME_REFUSED, "conflict", "in conflict with what exists"},
    {410, OUTCOME_REFUSED, "rejected", "refused"},
    {429, OUTCOME_REFUSED, "throttled", "too many requests"},
    {430, OUTCOME_REFUSED, "rejected", "refused"},
    {500, OUTCOME_UNKNOWN, "unavailable", "the provider failed"},
    {501, OUTCOME_REFUSED, "rejected", "refused"},
    {502, OUTCOME_UNKNOWN, "unavailable", "the provider failed"},
    {505, OUTCOME_REFUSED, "rejected", "refused"},
    {506, OUTCOME_UNKNOWN, "unavailable", "the provider failed"},
    {600, OUTCOME_UNKNOWN, "protocol", "an answer with an impossible status"},
};

static struct verdict by_status(long status)
{
  const struct meaning *meaning = meanings;
  for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
    if (meanings[i].from <= status)
      meaning = &meanings[i];
  return (struct verdict){meaning->outcome, meaning->code, meaning->said,
                          false};
}

static struct verdict not_sent(const struct exchange *exchange)
{
  bool is_memory = exchange->code == CURLE_OUT_OF_MEMORY;
  return (struct verdict){
      OUTCOME_NOT_SENT, transport_word(exchange->code),
      is_memory ? "not sent: not enough memory" : "not sent", !is_memory};
}

static struct verdict cut(const struct exchange *exchange)
{
  static const char *const said[] = {
      [STOP_HEAD_TOO_LARGE] = "the answer has more than 64 KiB of headers",
      [STOP_BODY_TOO_LARGE] = "the answer is larger than max_response",
      [STOP_NO_MEMORY] = "not enough memory for the answer"};
  if (exchange->stop != STOP_NONE)
    return (struct verdict){OUTCOME_UNKNOWN, "protocol", said[exchange->stop],
                            false};
  if (exchange->sends > 1)
    return (struct verdict){OUTCOME_UNKNOWN, "unreachable",
                            "the connection was lost after the request had "
                            "been sent",
                            false};
  return (struct verdict){OUTCOME_UNKNOWN, transport_word(exchange->code),
                          "sent, but not answered in full", true};
}

struct verdict verdict_of(const struct exchange *exchange)
{
  struct verdict verdict = by_status(exchange->status);
  if (exchange->sends == 0)
    return not_sent(exchange);
  if (exchange->code == CURLE_OK && exchange->is_head_complete)
    return verdict;
  /* A status that is no success says all; a success has to be whole. */
  if (exchange->is_head_complete && verdict.outcome != OUTCOME_ANSWERED)
    return verdict;
  return cut(exchange);
}
