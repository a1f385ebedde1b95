#ifndef COFFER_SCRUB_H
#define COFFER_SCRUB_H

#include "wire/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* Takes a secret out of a text that is about to be shown. Whoever repeats a
** secret may do so in other letter case, percent-encoded, escaped as JSON or
** HTML do, in hexadecimal, or in base64, alone or with other text around. */

/* Puts "[secret]" where the text repeats the secret. False when there is no
** memory; the text is then partly done and must not be shown. */
bool scrub(struct buffer *text, const char *secret, size_t length);

#endif
