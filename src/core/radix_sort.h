/* Sorting many rows by 64 bits of each, without comparing: stable, in time that grows as their number. */
#ifndef CSMETRICS_RADIX_SORT_H
#define CSMETRICS_RADIX_SORT_H

#include <stdint.h>
#include <string.h>

typedef struct Keyed
{
	uint64_t	key;
	uint64_t	row;
} Keyed;

#define RADIX_BITS 11
#define RADIX_SIZE (1 << RADIX_BITS)

/* Bits of a double in the order of numbers; zero has no sign, and there is no NaN. */
static inline uint64_t
ordered_bits(double value)
{
	uint64_t	bits;

	value = value == 0 ? 0 : value;
	memcpy(&bits, &value, sizeof(bits));
	return (bits >> 63) ? ~bits : bits | UINT64_C(1) << 63;
}

/* The keyed rows ascending by key; `room` is as large. The result is one of the two. */
Keyed	   *radix_sort(Keyed *keyed, Keyed *room, int64_t count);

/* The same for so many of the upper bits only. */
Keyed	   *radix_sort_upper(Keyed *keyed, Keyed *room, int64_t count, int bits);

#endif
