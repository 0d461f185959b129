/*
 * What items are made of: names, each followed by NUL, and numbers with the high
 * byte first, so that the order of bytes is that of names and numbers.
 */
#ifndef CSMETRICS_ITEM_PARTS_H
#define CSMETRICS_ITEM_PARTS_H

#include <string.h>

#include "core/utf8_name.h"

static inline uint8_t *
write_big(uint8_t *out, uint64_t value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		*out++ = (uint8_t) (value >> (8 * i));
	return out;
}

static inline uint64_t
read_big(const uint8_t **in, int bytes)
{
	uint64_t	value = 0;

	for (int i = 0; i < bytes; i++)
		value = value << 8 | *(*in)++;
	return value;
}

/* Its 64 bits; zero has no sign. */
static inline uint8_t *
write_big_double(uint8_t *out, double value)
{
	uint64_t	bits;

	value = value == 0 ? 0 : value;
	memcpy(&bits, &value, sizeof(bits));
	return write_big(out, bits, 8);
}

static inline double
read_big_double(const uint8_t **in)
{
	uint64_t	bits = read_big(in, 8);
	double		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline uint8_t *
write_name(uint8_t *out, Utf8Name name)
{
	memcpy(out, name.bytes, name.length);
	out[name.length] = 0;
	return out + name.length + 1;
}

static inline Utf8Name
read_name(const uint8_t **in)
{
	Utf8Name	name = {*in, (int32_t) strlen((const char *) *in)};

	*in += name.length + 1;
	return name;
}

/* Is there a name before `end`? Then `in` is what follows it. */
bool		name_is_sound(const uint8_t **in, const uint8_t *end);

#endif
