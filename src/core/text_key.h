/*
 * Keys of texts: 64 bits that stand for a name where only sameness matters. They
 * depend on the bytes alone, so they are the same on every machine and version.
 * Of a million different names, two share a key once in 37 million times.
 */
#ifndef CSMETRICS_TEXT_KEY_H
#define CSMETRICS_TEXT_KEY_H

#include <stddef.h>
#include <stdint.h>

/* The key of no name; no text has it. */
#define TEXT_KEY_NONE 0

int64_t		text_key(const char *text, size_t length);

/* The key of two names together, of which neither is none. */
int64_t		text_key_of_two(int64_t a, int64_t b);

#endif
