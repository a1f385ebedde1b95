/* The floor: what the same work costs by hand, in C over libcurl.
**
**   floor load                           loads libcurl, makes a handle
**   floor create URL CA COUNT            one after the other, kept connection
**   floor every URL CA COUNT             the same, each option set anew
**   floor connect URL CA COUNT WAY       each on a connection of its own; WAY
**                                        is cached, or defaults (libcurl's)
**   floor many URL CA COUNT AT_ONCE      as many in the air; tells the seconds
*/

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct answer {
  char *bytes;
  size_t length, capacity;
};

static struct curl_slist *lines;
static const char body[] = "{\"account_native_id\":\"123456789012\"}";
static const char *url, *ca_file;

static void must(int is_fine, const char *what)
{
  if (is_fine)
    return;
  fprintf(stderr, "floor: %s\n", what);
  exit(1);
}

static size_t take(char *bytes, size_t size, size_t count, void *held)
{
  struct answer *answer = held;
  size_t length = size * count;
  if (answer->length + length > answer->capacity) {
    answer->capacity = (answer->length + length) * 2;
    answer->bytes = realloc(answer->bytes, answer->capacity);
    must(answer->bytes != NULL, "no memory");
  }
  memcpy(answer->bytes + answer->length, bytes, length);
  answer->length += length;
  return length;
}

static void make_lines(void)
{
  lines = curl_slist_append(NULL, "Content-Type: application/json");
  lines = curl_slist_append(lines, "Authorization: Bearer bench-token");
  lines = curl_slist_append(lines,
                            "Accept: application/api.clumio.wallets=v1+json");
}

static void set(CURL *easy, struct answer *answer)
{
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "coffer/0.1.0");
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, answer);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
  curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
}

static void check(CURL *easy, CURLcode code)
{
  long status = 0;
  must(code == CURLE_OK, curl_easy_strerror(code));
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  must(status == 200, "another status than 200");
}

static void create(long count, int is_every)
{
  struct answer answer = {0};
  CURL *easy = curl_easy_init();
  set(easy, &answer);
  while (count-- > 0) {
    answer.length = 0;
    if (is_every) {
      curl_easy_reset(easy);
      curl_slist_free_all(lines);
      make_lines();
      set(easy, &answer);
    }
    check(easy, curl_easy_perform(easy));
  }
  curl_easy_cleanup(easy);
  free(answer.bytes);
}

static double cpu_seconds(void)
{
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* libcurl keeps the CA store with the handle, unless there is a CA path. */
static void connect_anew(long count, const char *way)
{
  struct answer answer = {0};
  CURL *easy = curl_easy_init();
  double first = 0;
  double begun = cpu_seconds();
  set(easy, &answer);
  if (strcmp(way, "defaults") == 0)
    curl_easy_setopt(easy, CURLOPT_CAPATH, "/etc/ssl/certs");
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  for (long i = 0; i < count; i++) {
    answer.length = 0;
    check(easy, curl_easy_perform(easy));
    if (i == 0)
      first = cpu_seconds() - begun;
  }
  printf("%.6f %.6f\n", first,
         (cpu_seconds() - begun - first) / (double)(count - 1));
  curl_easy_cleanup(easy);
}

static double clock_seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void collect(CURLM *multi, long *left, int *running)
{
  CURLMsg *message;
  int queued;
  while ((message = curl_multi_info_read(multi, &queued)) != NULL) {
    CURL *easy = message->easy_handle;
    struct answer *answer;
    check(easy, message->data.result);
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&answer);
    answer->length = 0;
    curl_multi_remove_handle(multi, easy);
    --*running;
    if (*left > 0) {
      --*left;
      ++*running;
      curl_multi_add_handle(multi, easy);
    }
  }
}

static void many(long count, long at_once)
{
  CURLM *multi = curl_multi_init();
  struct answer *answers = calloc((size_t)at_once, sizeof *answers);
  double begun = clock_seconds();
  int running = 0;
  must(answers != NULL, "no memory");
  for (long i = 0; i < at_once && count > 0; i++, count--, running++) {
    CURL *easy = curl_easy_init();
    set(easy, &answers[i]);
    curl_multi_add_handle(multi, easy);
  }
  while (running > 0) {
    int unused;
    curl_multi_perform(multi, &unused);
    collect(multi, &count, &running);
    curl_multi_perform(multi, &unused);
    if (running > 0)
      curl_multi_poll(multi, NULL, 0, 1000, NULL);
  }
  printf("%.6f\n", clock_seconds() - begun);
}

int main(int count, char **words)
{
  must(count > 1, "say what");
  curl_global_init(CURL_GLOBAL_DEFAULT);
  if (strcmp(words[1], "load") == 0) {
    curl_easy_cleanup(curl_easy_init());
    return 0;
  }
  must(count > 4, "URL CA COUNT");
  url = words[2];
  ca_file = words[3];
  make_lines();
  long calls = strtol(words[4], NULL, 10);
  if (strcmp(words[1], "create") == 0)
    create(calls, 0);
  else if (strcmp(words[1], "every") == 0)
    create(calls, 1);
  else if (strcmp(words[1], "connect") == 0 && count > 5)
    connect_anew(calls, words[5]);
  else if (strcmp(words[1], "many") == 0 && count > 5)
    many(calls, strtol(words[5], NULL, 10));
  else
    must(0, "no such work");
  return 0;
}
