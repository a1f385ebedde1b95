#ifndef COFFER_OPERATION_H
#define COFFER_OPERATION_H

#include "model/schema.h"

#include <stdbool.h>

/* The words in which it is described what is sent to a provider and how its
** answers are read: one file of constant data in providers/ for each. What an
** answer means is told by lua/coffer/providers/. */

/* A call on a thing: wallet:refresh() is refresh_wallet with the wallet's
** `id` as `wallet_id`. */
struct method {
  const char *name;
  const char *operation;
  const char *parameter;
  const char *field;
};

/* What an answer describes, as users hold it. Fields are named by their path
** in the answer, such as "response.entity.clientName". */
struct resource {
  const char *name;
  const char *title;  /* the field that names it in print */
  const char *status; /* the field that tells its state, or NULL */
  const struct method *methods;
  size_t method_count;
};

/* One part of what to look for when an outcome is unknown: the parameter at
** this path, told under this name. */
struct key {
  const char *name;
  const char *parameter;
};

enum paging_style {
  PAGING_NONE,  /* one answer holds all */
  PAGING_LINK,  /* a link to the next page, whose parameter counts */
  PAGING_TOKEN, /* a token for the next page */
  PAGING_OFFSET /* the number of items before the page */
};

/* How to walk over all of a list: client:wallets{}. */
struct paging {
  const char *name;  /* of the iterator */
  const char *items; /* path of the items in the answer, "" the answer */
  enum paging_style style;
  const char *next;      /* path of the link or token in the answer */
  const char *parameter; /* that asks for a page */
  const char *row_names; /* parameter that makes rows of the items */
  const char *identity;  /* member that tells one item from another */
};

struct operation {
  const char *name;
  const char *method;
  const char *path; /* with {parameters} */
  const char *base; /* setting with its base URL, NULL: base_url */
  const char *accept;
  const char *content_type; /* of the body; NULL: there is no body */
  bool creates;             /* makes a thing: sent once for each decision */
  bool may_repeat;          /* may be sent again after any trouble */
  bool is_public;           /* goes without the token */
  bool has_secrets;         /* its body is not shown */
  bool needs_change;        /* something to change has to be given */
  const struct schema *parameters;
  const struct schema *answer; /* NULL: a success says no more */
  const char *answer_header;   /* holds a secret that belongs to the result */
  const char *token; /* member of the result that is the client's new token */
  const struct paging *paging;
  const char *asks; /* list parameter that asks for more than the thing */
  const struct key *keys;
  size_t key_count;
  const char *about; /* one line for coffer.help */
};

enum setting_use {
  SETTING_TOKEN,
  SETTING_BASE_URL,
  SETTING_REGION,
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
  bool is_required;
  const char *header;
  const char *environment[2]; /* the first that is set is taken */
  const char *ending;         /* of a log-in URL, or NULL */
  const char *sample;         /* of one */
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
  const struct resource *const *resources;
  size_t resource_count;
  const struct operation *operations;
  size_t operation_count;
};

/* All providers, ended by NULL. */
extern const struct provider *const providers[];

const struct provider *provider_named(const char *name);

#define COUNTED(member, array)                                                 \
  .member##s = (array), .member##_count = ARRAY_LENGTH(array)

#endif
