/*
 * Numbers in streams of bytes: seven bits a byte, the lowest first. Those with a
 * sign are folded, so that small ones of either sign are short.
 */
#ifndef CSMETRICS_NUMBERS_H
#define CSMETRICS_NUMBERS_H

#include <stdint.h>
#include <string.h>

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

/* The same for one that is mostly long, in a stream that goes on to `end`. */
static inline uint64_t
number_next_long(const uint8_t **in, const uint8_t *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (end - *in >= 8)
	{
		uint64_t	eight;
		uint64_t	last;		/* the top bits of bytes that end a number */
		uint64_t	value;

		memcpy(&eight, *in, 8);
		last = ~eight & UINT64_C(0x8080808080808080);
		/* the bytes to the first of them; without any, all */
		value = eight & (last ^ (last - 1)) & UINT64_C(0x7f7f7f7f7f7f7f7f);
		value = (value & UINT64_C(0x007f007f007f007f)) | (value & UINT64_C(0x7f007f007f007f00)) >> 1;
		value = (value & UINT64_C(0x00003fff00003fff)) | (value & UINT64_C(0x3fff00003fff0000)) >> 2;
		value = (value & UINT64_C(0x000000000fffffff)) | (value & UINT64_C(0x0fffffff00000000)) >> 4;
		if (last)
			*in += __builtin_ctzll(last) / 8 + 1;
		else
		{
			*in += 8;
			value |= number_next(in) << 56;
		}
		return value;
	}
#endif
	return number_next(in);
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
