/* other_curl - preloaded, it makes libcurl say of itself that it is another
** one: OTHER_CURL is "old", "no tls", "no resolver" or "no threads"; or
** "oldest", which works, and lacks the options that came later. */

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#undef curl_easy_setopt

enum { FIRST_LATER = 318 /* CURLOPT_PROTOCOLS_STR, of libcurl 7.85 */ };

union function {
  void *address;
  curl_version_info_data *(*version_info)(CURLversion age);
  CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
};

/* libcurl is loaded as part of the module, so nobody sees its names. */
static union function real_one(const char *name)
{
  void *libcurl = dlopen("libcurl.so.4", RTLD_LAZY);
  return (union function){dlsym(libcurl, name)};
}

static bool is_oldest(void)
{
  const char *other = getenv("OTHER_CURL"); /* NOLINT */
  return other && strcmp(other, "oldest") == 0;
}

/* On machines of 64 bits all kinds of values come alike. */
__attribute__((visibility("default"))) CURLcode
curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
  va_list arguments;
  if (is_oldest() && option % 10000 >= FIRST_LATER)
    return CURLE_UNKNOWN_OPTION;
  va_start(arguments, option);
  void *value = va_arg(arguments, void *); /* NOLINT(*-valist.Uninitialized) */
  va_end(arguments);
  return real_one("curl_easy_setopt").easy_setopt(curl, option, value);
}

__attribute__((visibility("default"))) curl_version_info_data *
curl_version_info(CURLversion age)
{
  static curl_version_info_data told;
  const char *other = getenv("OTHER_CURL"); /* NOLINT */
  told = *real_one("curl_version_info").version_info(age);
  if (!other)
    return &told;
  if (strcmp(other, "old") == 0) {
    told.version = "7.83.1";
    told.version_num = 0x075301;
  } else if (is_oldest()) {
    told.version = "7.84.0";
    told.version_num = 0x075400;
  } else if (strcmp(other, "no tls") == 0) {
    told.features &= ~CURL_VERSION_SSL;
  } else if (strcmp(other, "no resolver") == 0) {
    told.features &= ~CURL_VERSION_ASYNCHDNS;
  } else if (strcmp(other, "no threads") == 0) {
    told.features &= ~CURL_VERSION_THREADSAFE;
  }
  return &told;
}
