#include "core/numbers.h"

#include <stddef.h>

uint8_t *
number_write(uint8_t *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*out++ = (uint8_t) (value | 0x80);
	*out++ = (uint8_t) value;
	return out;
}

const uint8_t *
number_read(const uint8_t *in, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (int shift = 0; in < end && shift < 64; shift += 7)
	{
		uint8_t		byte = *in++;

		*value |= (uint64_t) (byte & 0x7f) << shift;
		if (byte < 0x80)
			return (byte == 0 && shift > 0) || (shift == 63 && byte > 1) ? NULL : in;
	}
	return NULL;
}
