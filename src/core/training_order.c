#include "core/training_order.h"

#include <string.h>

#include "core/radix_sort.h"
#include "core/text_key.h"

/* The finalizer of MurmurHash3 (A. Appleby). */
static uint64_t
mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
	return hash ^ hash >> 33;
}

static uint64_t
bits_of(double value)
{
	uint64_t	bits;

	/* one NaN, one zero */
	if (isnan(value))
		return 1;
	value = value == 0 ? 0 : value;
	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static void
hash_numbers(uint64_t *hash, const double *number, int32_t rows)
{
	for (int32_t i = 0; i < rows; i++)
		hash[i] = mix(hash[i], bits_of(number[i]));
}

static void
hash_codes(uint64_t *hash, const int32_t *code, int32_t rows)
{
	for (int32_t i = 0; i < rows; i++)
		hash[i] = mix(hash[i], (uint64_t) code[i]);
}

static void
hash_rows(const TrainingRows *rows, uint64_t *hash, const Workshop *workshop)
{
	int32_t		count = rows->table.rows;

	for (int32_t i = 0; i < count; i++)
		hash[i] = mix(rows->cluster ? (uint64_t) rows->cluster[i] : 0, rows->table.label[i]);
	for (int f = 0; f < rows->table.features; f++)
	{
		const FitColumn *column = &rows->table.feature[f];

		workshop->breathe();
		if (column->code)
			hash_codes(hash, column->code, count);
		else
			hash_numbers(hash, column->number, count);
	}
	if (rows->time)
		hash_numbers(hash, rows->time, count);
	if (rows->segment)
		hash_codes(hash, rows->segment->code, count);
}

/* The places of rows in the order of their hashes. */
static int32_t *
order_by_hash(const uint64_t *hash, int32_t rows, const Workshop *workshop)
{
	Keyed	   *keyed = workshop->allocate(2 * ((size_t) rows + 1) * sizeof(Keyed));
	int32_t    *order = workshop->allocate((rows + 1) * sizeof(int32_t));
	Keyed	   *sorted;

	for (int32_t i = 0; i < rows; i++)
		keyed[i] = (Keyed) {hash[i], i};
	sorted = radix_sort(keyed, keyed + rows, rows);
	for (int32_t i = 0; i < rows; i++)
		order[i] = (int32_t) sorted[i].row;
	workshop->release(keyed);
	return order;
}

/* Values of `size` bytes, moved through `memory`. */
static void
reorder(void *values, size_t size, const int32_t *order, int32_t rows, void *memory)
{
	if (!values)
		return;
	if (size == 8)
		for (int32_t i = 0; i < rows; i++)
			((uint64_t *) memory)[i] = ((uint64_t *) values)[order[i]];
	else if (size == 4)
		for (int32_t i = 0; i < rows; i++)
			((uint32_t *) memory)[i] = ((uint32_t *) values)[order[i]];
	else
		for (int32_t i = 0; i < rows; i++)
			((uint8_t *) memory)[i] = ((uint8_t *) values)[order[i]];
	memcpy(values, memory, size * rows);
}

/* Numbers clusters as they come; a row without one gets a number of its own. */
static int32_t *
number_clusters(const int64_t *key, int32_t rows, const Workshop *workshop)
{
	size_t		slots = 16;
	int32_t    *number = workshop->allocate((rows + 1) * sizeof(int32_t));
	int32_t    *slot;			/* the row where its cluster was seen first, and 1 */
	int32_t		next = 0;

	while (slots < 2 * (size_t) rows)
		slots *= 2;
	slot = workshop->allocate(slots * sizeof(int32_t));
	for (int32_t i = 0; i < rows; i++)
	{
		size_t		at = mix(0, (uint64_t) key[i]) & (slots - 1);

		while (key[i] != TEXT_KEY_NONE && slot[at] != 0 && key[slot[at] - 1] != key[i])
			at = (at + 1) & (slots - 1);
		if (key[i] != TEXT_KEY_NONE && slot[at] != 0)
			number[i] = number[slot[at] - 1];
		else
		{
			if (key[i] != TEXT_KEY_NONE)
				slot[at] = i + 1;
			number[i] = next++;
		}
	}
	workshop->release(slot);
	return number;
}

void
order_rows(TrainingRows *rows, const Workshop *workshop)
{
	FitTable   *table = &rows->table;
	int32_t		count = table->rows;
	uint64_t   *hash = workshop->allocate((count + 1) * sizeof(uint64_t));
	int32_t    *order;

	hash_rows(rows, hash, workshop);
	order = order_by_hash(hash, count, workshop);
	for (int f = 0; f < table->features; f++)
	{
		reorder(table->feature[f].number, sizeof(double), order, count, hash);
		reorder(table->feature[f].code, sizeof(int32_t), order, count, hash);
	}
	reorder(table->label, 1, order, count, hash);
	reorder(rows->cluster, sizeof(int64_t), order, count, hash);
	reorder(rows->time, sizeof(double), order, count, hash);
	if (rows->segment)
	{
		reorder(rows->segment->code, sizeof(int32_t), order, count, hash);
		table->segment = rows->segment->code;
	}
	workshop->release(hash);
	workshop->release(order);
	if (rows->cluster)
		table->cluster = number_clusters(rows->cluster, count, workshop);
}
