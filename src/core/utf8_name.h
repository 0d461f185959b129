/* Names: short texts in UTF-8 within the bytes of a state. */
#ifndef CSMETRICS_UTF8_NAME_H
#define CSMETRICS_UTF8_NAME_H

#include <stdbool.h>
#include <stdint.h>

/* Length in bytes. */
#define NAME_LENGTH_MAX 255

typedef struct Utf8Name
{
	const uint8_t *bytes;
	int32_t		length;
} Utf8Name;

/* Bytewise, as strcmp. */
int			name_compare(Utf8Name a, Utf8Name b);

/* Is it UTF-8 without NUL, as RFC 3629 has it? */
bool		name_is_text(Utf8Name name);

#endif
