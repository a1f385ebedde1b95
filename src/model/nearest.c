/* Did you mean ...? */

#include "model/nearest.h"

#include <stdint.h>
#include <string.h>

/* A known name at the end of the wanted one counts as so many steps. */
enum { MAX_LENGTH = 40, MAX_STEPS = 3, AT_END = 2 };

struct word {
  const char *given;
  const char *meaning;
};

/* What options are called elsewhere; of several rows for a word, the first that
** is known counts. */
static const struct word elsewhere[] = {
    {"access_token", "token"},
    {"address", "base_url"},
    {"agent", "user_agent"},
    {"api_key", "token"},
    {"api_token", "token"},
    {"api_url", "base_url"},
    {"auth_url", "keystone_url"},
    {"bearer", "token"},
    {"ca", "ca_file"},
    {"ca_bundle", "ca_file"},
    {"ca_cert", "ca_file"},
    {"ca_path", "ca_file"},
    {"cacert", "ca_file"},
    {"cert", "client_certificate"},
    {"certificate", "client_certificate"},
    {"client_cert", "client_certificate"},
    {"concurrency", "at_once"},
    {"connection_timeout", "connect_timeout"},
    {"delay", "interval"},
    {"endpoint", "base_url"},
    {"fail_fast", "stop_on_failure"},
    {"host", "base_url"},
    {"key", "api_key"},
    {"key", "token"},
    {"key_file", "client_key"},
    {"key_password", "client_key_password"},
    {"keyfile", "client_key"},
    {"logger", "log"},
    {"login", "username"},
    {"max_attempts", "attempts"},
    {"max_concurrent", "at_once"},
    {"max_retries", "attempts"},
    {"max_time", "deadline"},
    {"on_log", "log"},
    {"organization", "organizational_unit"},
    {"ou", "organizational_unit"},
    {"parallel", "at_once"},
    {"passphrase", "client_key_password"},
    {"password", "api_secret"},
    {"poll", "interval"},
    {"private_key", "client_key"},
    {"progress", "on_progress"},
    {"project", "tenant_id"},
    {"project_id", "tenant_id"},
    {"rate", "per_second"},
    {"rate_limit", "per_second"},
    {"retries", "attempts"},
    {"retry", "attempts"},
    {"secret", "api_secret"},
    {"server", "base_url"},
    {"tenant", "tenant_id"},
    {"token_path", "token_file"},
    {"total_timeout", "deadline"},
    {"tries", "attempts"},
    {"uri", "base_url"},
    {"url", "base_url"},
    {"user", "username"},
    {"user", "api_key"},
    {"username", "api_key"},
    {"workers", "at_once"},
};

#define A_CALL "a call, in its second table"
#define AN_ENSURE "ensure_..., in its second table"
#define A_MAP "coffer.map, in its third argument"
#define A_WAIT "wait"
#define A_CLIENT "the client, where it is made"

static const struct word homes[] = {
    {"timeout", A_CALL},
    {"deadline", A_CALL},
    {"attempts", A_CALL},
    {"extra", A_CALL},
    {"settle", AN_ENSURE},
    {"lock", AN_ENSURE},
    {"interval", A_WAIT},
    {"sightings", A_WAIT},
    {"on_progress", "wait and of " A_MAP},
    {"at_once", A_MAP},
    {"per_second", A_MAP},
    {"stop_on_failure", A_MAP},
    {"token", A_CLIENT},
    {"token_file", A_CLIENT},
    {"base_url", A_CLIENT},
    {"headers", A_CLIENT},
    {"user_agent", A_CLIENT},
    {"connect_timeout", A_CLIENT},
    {"max_response", A_CLIENT},
    {"ca_file", A_CLIENT},
    {"client_certificate", A_CLIENT},
    {"client_key", A_CLIENT},
    {"client_key_password", A_CLIENT},
    {"proxy", A_CLIENT},
    {"use_env_proxy", A_CLIENT},
    {"allow_keylog", A_CLIENT},
    {"log", A_CLIENT},
    {"on_tokens", A_CLIENT},
};

const char *nearest_home(const char *name)
{
  for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
    if (strcmp(homes[i].given, name) == 0)
      return homes[i].meaning;
  return NULL;
}

static size_t least(size_t a, size_t b, size_t c)
{
  size_t smaller = a < b ? a : b;
  return smaller < c ? smaller : c;
}

static char lower(char byte)
{
  return (char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
}

static bool same(char a, char b)
{
  return lower(a) == lower(b);
}

/* Levenshtein's distance, row by row. */
static size_t distance(const char *from, size_t from_length, const char *to,
                       size_t to_length)
{
  size_t row[MAX_LENGTH + 1];
  for (size_t i = 0; i <= to_length; i++)
    row[i] = i;
  for (size_t i = 1; i <= from_length; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t k = 1; k <= to_length; k++) {
      size_t above = row[k];
      size_t swap = diagonal + !same(from[i - 1], to[k - 1]);
      row[k] = least(above + 1, row[k - 1] + 1, swap);
      diagonal = above;
    }
  }
  return row[to_length];
}

static bool same_text(const char *a, const char *b)
{
  while (*a && same(*a, *b)) {
    a++;
    b++;
  }
  return !*a && !*b;
}

/* The place of a known name among what others mean by the wanted one, from 0;
** SIZE_MAX: they do not mean it. */
static size_t place_elsewhere(const char *wanted, const char *known)
{
  size_t place = 0;
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
    if (!same_text(elsewhere[i].given, wanted))
      continue;
    if (strcmp(elsewhere[i].meaning, known) == 0)
      return place;
    place++;
  }
  return SIZE_MAX;
}

/* True for my_token, where `token` is known. */
static bool is_at_end(const char *wanted, size_t wanted_length,
                      const char *known, size_t known_length)
{
  return wanted_length > known_length &&
         wanted[wanted_length - known_length - 1] == '_' &&
         same_text(wanted + wanted_length - known_length, known);
}

/* How far a known name is from the wanted one; SIZE_MAX: too far. */
static size_t steps_to(const char *wanted, const char *known)
{
  size_t wanted_length = strlen(wanted);
  size_t known_length = strlen(known);
  if (wanted_length > MAX_LENGTH || known_length > MAX_LENGTH)
    return SIZE_MAX;
  size_t place = place_elsewhere(wanted, known);
  if (place != SIZE_MAX)
    return place;
  if (is_at_end(wanted, wanted_length, known, known_length))
    return AT_END;
  size_t steps = distance(wanted, wanted_length, known, known_length);
  size_t most = least(MAX_STEPS, known_length / 3 + 1, known_length - 1);
  return steps <= most ? steps : SIZE_MAX;
}

void nearest_offer(struct nearest_search *search, const char *known)
{
  size_t steps = *known ? steps_to(search->wanted, known) : SIZE_MAX;
  if (steps == SIZE_MAX)
    return;
  if (!search->nearest || steps < search->distance) {
    search->nearest = known;
    search->distance = steps;
  }
}

size_t utf8_prefix(const char *text, size_t most)
{
  size_t length = most;
  while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
    length--;
  return length;
}
