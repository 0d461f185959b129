#include "core/radix_sort.h"

static void
one_pass(const Keyed *from, Keyed *into, int64_t count, int shift)
{
	int64_t		place[RADIX_SIZE] = {0};
	int64_t		sum = 0;

	for (int64_t i = 0; i < count; i++)
		place[(from[i].key >> shift) & (RADIX_SIZE - 1)]++;
	for (int digit = 0; digit < RADIX_SIZE; digit++)
	{
		int64_t		many = place[digit];

		place[digit] = sum;
		sum += many;
	}
	for (int64_t i = 0; i < count; i++)
		into[place[(from[i].key >> shift) & (RADIX_SIZE - 1)]++] = from[i];
}

Keyed *
radix_sort_upper(Keyed *keyed, Keyed *room, int64_t count, int bits)
{
	uint64_t	all = ~UINT64_C(0);
	uint64_t	any = 0;

	for (int64_t i = 0; i < count; i++)
	{
		all &= keyed[i].key;
		any |= keyed[i].key;
	}
	for (int shift = 64 - bits; shift < 64; shift += RADIX_BITS)
	{
		Keyed	   *sorted = room;

		/* a digit that is the same in all sorts nothing */
		if ((((all ^ any) >> shift) & (RADIX_SIZE - 1)) == 0)
			continue;
		one_pass(keyed, room, count, shift);
		room = keyed;
		keyed = sorted;
	}
	return keyed;
}

Keyed *
radix_sort(Keyed *keyed, Keyed *room, int64_t count)
{
	return radix_sort_upper(keyed, room, count, 64);
}
