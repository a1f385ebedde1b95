/* other_curl - preloaded, it makes libcurl say of itself that it is another
** one: OTHER_CURL is "old", "no tls", "no resolver" or "no threads". */

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef curl_version_info_data *version_info(CURLversion age);

/* libcurl is loaded as part of the module, so nobody sees its names. */
static version_info *real_one(void)
{
  void *libcurl = dlopen("libcurl.so.4", RTLD_LAZY);
  union {
    void *address;
    version_info *function;
  } found = {dlsym(libcurl, "curl_version_info")};
  return found.function;
}

__attribute__((visibility("default"))) curl_version_info_data *
curl_version_info(CURLversion age)
{
  static curl_version_info_data told;
  const char *other = getenv("OTHER_CURL"); /* NOLINT */
  told = *real_one()(age);
  if (!other)
    return &told;
  if (strcmp(other, "old") == 0) {
    told.version = "7.83.1";
    told.version_num = 0x075301;
  } else if (strcmp(other, "no tls") == 0) {
    told.features &= ~CURL_VERSION_SSL;
  } else if (strcmp(other, "no resolver") == 0) {
    told.features &= ~CURL_VERSION_ASYNCHDNS;
  } else if (strcmp(other, "no threads") == 0) {
    told.features &= ~CURL_VERSION_THREADSAFE;
  }
  return &told;
}
