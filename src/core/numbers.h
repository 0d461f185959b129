/*
 * Numbers in streams of bytes: seven bits a byte, the lowest first. Those with a
 * sign are folded, so that small ones of either sign are short.
 */
#ifndef CSMETRICS_NUMBERS_H
#define CSMETRICS_NUMBERS_H

#include <stdint.h>

/* A number takes no more bytes. */
#define NUMBER_SIZE_MAX 10

uint8_t    *number_write(uint8_t *out, uint64_t value);

/* NULL where the number does not end before `end`, has more than 64 bits, or more bytes than it needs. */
const uint8_t *number_read(const uint8_t *in, const uint8_t *end, uint64_t *value);

/* The same for a stream that is known to be sound. */
static inline uint64_t
number_next(const uint8_t **in)
{
	const uint8_t *at = *in;
	uint64_t	value = *at++;

	if (value >= 0x80)
	{
		value &= 0x7f;
		for (int shift = 7;; shift += 7)
		{
			uint8_t		byte = *at++;

			value |= (uint64_t) (byte & 0x7f) << shift;
			if (byte < 0x80)
				break;
		}
	}
	*in = at;
	return value;
}

static inline uint64_t
zigzag(int64_t value)
{
	return ((uint64_t) value << 1) ^ (uint64_t) (value >> 63);
}

static inline int64_t
unzigzag(uint64_t value)
{
	return (int64_t) (value >> 1) ^ -(int64_t) (value & 1);
}

#endif
