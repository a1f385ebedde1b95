#ifndef COFFER_OPERATION_H
#define COFFER_OPERATION_H

#include "model/schema.h"

#include <stdbool.h>

/* The words in which it is described what is sent to a provider and how its
** answers are read: one file of constant data in providers/ for each. What an
** answer means is told by lua/coffer/providers/. */

enum { MAX_KEYS = 2 };

struct operation {
  const char *name;
  const char *method;
  const char *path;  /* with {parameters} */
  const char *about; /* one line for coffer.help */
  const char *accept;
  const char *content_type; /* of the body; NULL: there is no body */
  const char *base;         /* setting with its base URL, NULL: base_url */
  bool creates;             /* makes a resource: sent once for each decision */
  bool may_repeat;          /* may be sent again after any failure */
  bool is_public;           /* goes without the token */
  bool has_secrets;         /* its body is not shown */
  bool needs_change;        /* something to change has to be given */
  const struct schema *parameters;
  const char *keys[MAX_KEYS]; /* paths of the parameters that tell what to look
                                 for when an outcome is unknown */
  const char *asks; /* list parameter that asks for more than the thing */
  const struct schema *answer; /* NULL: a success says no more */
  const char *answer_header;   /* holds a secret that belongs to the result */
};

enum setting_use {
  SETTING_TOKEN,        /* what calls go with */
  SETTING_BASE_URL,     /* where the API is */
  SETTING_REGION,       /* one of the regions, instead of a base URL */
  SETTING_HEADER,       /* sent with every request where given */
  SETTING_PARAMETER,    /* fills the parameter of its name */
  SETTING_CREDENTIAL,   /* what a token is got with, secret */
  SETTING_LOG_IN_URL,   /* where it is got */
  SETTING_AUTHORIZATION /* how the token goes out */
};

/* An option of the constructor that differs between providers. */
struct setting {
  const char *name;
  enum setting_use use;
  const char *environment[2]; /* the first that is set is taken */
  bool is_required;
  const char *header;
  const char *ending; /* of a log-in URL, or NULL */
  const char *sample; /* of one */
};

struct region {
  const char *name;
  const char *base_url;
};

struct provider {
  const char *name;
  const char *title;
  const char *token_header;
  const char *token_scheme; /* before the token, such as "Bearer " */
  bool token_has_blank;     /* where no scheme goes before it */
  const char *home;         /* host whose tokens its default URL may get */
  const char *base_url;     /* where none is given, or NULL */
  const char *log_in[4];    /* settings that do instead of a token */
  const struct region *regions;
  size_t region_count;
  const struct setting *settings;
  size_t setting_count;
  const struct operation *operations;
  size_t operation_count;
};

/* All providers, ended by NULL. */
extern const struct provider *const providers[];

const struct provider *provider_named(const char *name);

/* What the key at this path is called: bucket.clientName is clientName. */
const char *key_name(const char *path);

#endif
