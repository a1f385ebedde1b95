#ifndef COFFER_ADDRESS_H
#define COFFER_ADDRESS_H

#include "wire/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* Addresses and what goes into them. */

/* NULL for a base URL that may be used, else what is wrong with it ("must
** ..."). https anywhere, http to this machine only. */
const char *address_check_base(const char *url, size_t length);

/* True where the host of the URL is this machine, in whatever way it is
** written. */
bool address_is_local(const char *url);

/* The same check for a proxy, which may have user and password. */
const char *address_check_proxy(const char *url, size_t length);

/* NULL for a text that may be a segment of a path, else what is wrong. */
const char *address_check_segment(const char *text, size_t length);

/* NULL for bytes that may be the value of a header, else what is wrong. */
const char *address_check_header_value(const char *text, size_t length);

/* Appends with all but the unreserved characters percent-encoded. */
bool address_append_escaped(struct buffer *buffer, const char *text,
                            size_t length);

/* Appends the address that a link of an answer leads to. NULL when it is
** followed: when it has the origin of the base URL, lies below its path, and
** leaves nothing open; else what is wrong with it. */
const char *address_append_link(struct buffer *buffer, const char *base,
                                const char *link, size_t length);

/* Appends the host of an absolute URL, "" where it has none. For messages:
** whatever else an address holds stays out of them. */
bool address_append_host(struct buffer *buffer, const char *url);

#endif
