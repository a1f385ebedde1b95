/* JSON text as the marshaller reads it: by the schema of each operation's
** answer. The first byte chooses the schema. */

#include "host.h"

#include "binding/marshal.h"
#include "binding/secret.h"
#include "model/operation.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* One of all answers' schemas. */
static const struct schema *schema_at(size_t number)
{
  const struct schema *found[256];
  size_t count = 0;
  for (const struct provider *const *each = providers; *each; each++)
    for (size_t i = 0; i < (*each)->operation_count; i++)
      if ((*each)->operations[i].answer && count < 256)
        found[count++] = (*each)->operations[i].answer;
  return found[number % count];
}

/* What is read, as what, and with what. */
static struct {
  const struct schema *schema;
  struct buffer text;
  struct json_reader json;
} given;

/* A text that is refused is refused for a reason. */
static int read_text(lua_State *L)
{
  struct reading reading = {.json = &given.json};
  json_open(&given.json, given.text.bytes, given.text.length);
  if (!marshal_read(L, &reading, given.schema) && !reading.error)
    abort();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
  static lua_State *L;
  if (!L) {
    L = host_state();
    secret_open(L);
    marshal_open(L);
  }
  given.schema = schema_at(length > 0 ? bytes[0] : 0);
  if (length > 0 &&
      !buffer_append(&given.text, (const char *)bytes + 1, length - 1))
    abort();
  if (!buffer_terminate(&given.text))
    abort();
  lua_settop(L, 0);
  lua_pushcfunction(L, read_text);
  if (lua_pcall(L, 0, 0, 0))
    abort();
  buffer_free(&given.text);
  return 0;
}
