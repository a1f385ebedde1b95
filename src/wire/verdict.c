/* The decision table for one attempt. It rests on two facts that no curl code
** tells: whether the guard saw a send, and whether the answer's head came
** whole. */

#include "wire/verdict.h"

#include "wire/headers.h"

#include <stddef.h>
#include <string.h>

const char *verdict_outcome(enum outcome outcome)
{
  static const char *const names[] = {NULL, "not_sent", "refused", "unknown"};
  return names[outcome];
}

/* That of libcurl 8.6 for a header line of absurd length; older headers lack
** its name. */
enum { TOO_LARGE = 100 };

/* What curl's codes are called. */
struct transport {
  unsigned code;
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
    {TOO_LARGE, "protocol"},
    {CURLE_PARTIAL_FILE, "protocol"},
    {CURLE_BAD_CONTENT_ENCODING, "protocol"},
    {CURLE_WRITE_ERROR, "protocol"},
    {CURLE_BAD_FUNCTION_ARGUMENT, "protocol"}, /* a header line that is none */
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
  const char *phrase;
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
  return (struct verdict){.outcome = meaning->outcome,
                          .code = meaning->code,
                          .phrase = meaning->phrase};
}

/* A handshake that was cut off may well succeed the next time; one that ended
** by a refusal will not. libcurl has one code for both: its text, and that of
** OpenSSL, tell them apart. */
static bool is_cut_handshake(const struct exchange *exchange)
{
  static const char *const signs[] = {"SSL_connect: ", "unexpected eof",
                                      "Recv failure", "Send failure"};
  if (exchange->code != CURLE_SSL_CONNECT_ERROR)
    return false;
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
    if (strstr(exchange_error(exchange), signs[i]))
      return true;
  return false;
}

static bool is_final(const struct exchange *exchange, const char *word)
{
  if (strcmp(word, "tls") == 0)
    return !is_cut_handshake(exchange);
  return exchange->proxy_status >= 400 && exchange->proxy_status < 500;
}

static struct verdict not_sent(const struct exchange *exchange)
{
  bool is_memory = exchange->code == CURLE_OUT_OF_MEMORY;
  const char *word = transport_word(exchange->code);
  return (struct verdict){.outcome = OUTCOME_NOT_SENT,
                          .code = word,
                          .phrase = is_memory ? "not sent: not enough memory"
                                              : "not sent",
                          .has_detail = !is_memory,
                          .is_final = is_final(exchange, word)};
}

static struct verdict unknown(const char *code, const char *phrase)
{
  return (struct verdict){
      .outcome = OUTCOME_UNKNOWN, .code = code, .phrase = phrase};
}

/* After the request has gone out. Where libcurl ran out of memory it was over
** a header line of absurd length, or over nothing that could be told. */
static struct verdict after_send(const struct exchange *exchange)
{
  static const char *const phrases[] = {
      [STOP_HEAD_TOO_LARGE] = "the answer has more than 64 KiB of headers",
      [STOP_BODY_TOO_LARGE] = "the answer is larger than max_response",
      [STOP_HEAD_FOLDED] = "the answer's first header line is a folded one",
      [STOP_HEAD_EARLY] = "what came answers another request",
      [STOP_NO_MEMORY] = "not enough memory for the answer"};
  const char *word = transport_word(exchange->code);
  if (exchange->stop != STOP_NONE)
    return unknown("protocol", phrases[exchange->stop]);
  if (exchange->sends > 1)
    return unknown("unreachable", "the connection was lost after the request "
                                  "had been sent");
  if (strcmp(word, "tls") == 0) /* not of the handshake any more */
    word = "unreachable";
  if (exchange->code == CURLE_OUT_OF_MEMORY ||
      (exchange->is_head_complete && strcmp(word, "unreachable") == 0))
    word = "protocol";
  struct verdict verdict = unknown(word, "sent, but not answered in full");
  verdict.has_detail = true;
  return verdict;
}

/* The value of a Content-Length, or -1 where it is none. */
static long long content_length(const struct header *header)
{
  long long length = 0;
  if (header->value_length == 0 || header->value_length > 15)
    return -1;
  for (size_t i = 0; i < header->value_length; i++) {
    if (header->value[i] < '0' || header->value[i] > '9')
      return -1;
    length = length * 10 + (header->value[i] - '0');
  }
  return length;
}

/* False where a Content-Length is none or differs from what came: libcurl
** passes over some of these. Chunked answers have none that counts. */
static bool fits_content_length(const struct exchange *exchange)
{
  struct header header;
  size_t at = 0;
  while (headers_next_named(&exchange->head, &at, "content-length", &header))
    if (content_length(&header) != (long long)exchange->body.length)
      return headers_find(&exchange->head, "transfer-encoding", &header);
  return true;
}

/* The guard was passed, but libcurl failed before it wrote a byte. These codes
** are its own failures; where a connection failed, it may have written some
** that it did not count. */
static bool is_unwritten(const struct exchange *exchange)
{
  return exchange->sends == 1 && exchange->written == 0 &&
         exchange->head_seen == 0 &&
         (exchange->code == CURLE_FAILED_INIT ||
          exchange->code == CURLE_OUT_OF_MEMORY);
}

struct verdict verdict_of(const struct exchange *exchange)
{
  struct verdict verdict = by_status(exchange->status);
  bool is_success = verdict.outcome == OUTCOME_ANSWERED;
  if (exchange->sends == 0 || is_unwritten(exchange))
    return not_sent(exchange);
  /* A status that is no success says all; a success has to be whole. */
  if (exchange->is_head_complete && !is_success)
    return verdict;
  if (exchange->code != CURLE_OK || !exchange->is_head_complete)
    return after_send(exchange);
  if (!fits_content_length(exchange))
    return unknown("protocol", "the answer's Content-Length is not its length");
  return verdict;
}
