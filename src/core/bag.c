#include "core/bag.h"

#include <string.h>

#include "core/money.h"

/* The keys of a row, where what adds up begins, and where the rows do. */
typedef struct RowShape
{
	const char *letters;
	const char *sums;			/* letters that follow the keys */
	size_t		keys_size;
	size_t		size;
	size_t		first;			/* bytes before the rows */
} RowShape;

static RowShape
row_shape(const StateType *type)
{
	const char *sums = type->row + strspn(type->row, STATE_KEYS);
	size_t		size = state_fields_size(type->row);

	return (RowShape) {type->row, sums, size - state_fields_size(sums), size, state_size(type, 0)};
}

static char *
row_at(const RowShape *shape, const Bag *bag, int32_t i)
{
	return (char *) bag + shape->first + i * shape->size;
}

#define COMPARE_AS(type) \
	{ \
		type		p = *(const type *) x; \
		type		q = *(const type *) y; \
		if (p != q) \
			return p < q ? -1 : 1; \
		x += sizeof(type); \
		y += sizeof(type); \
	}

/* By the keys, the first of them first. */
static int
compare_rows(const RowShape *shape, const void *a, const void *b)
{
	const char *x = a;
	const char *y = b;

	for (const char *letter = shape->letters; letter < shape->sums; letter++)
		switch (*letter)
		{
			case 'l':
				COMPARE_AS(int64_t);
				break;
			case 's':
				COMPARE_AS(Money);
				break;
			default:
				COMPARE_AS(int32_t);
		}
	return 0;
}

static bool
row_is_void(const RowShape *shape, const char *row)
{
	for (size_t at = shape->keys_size; at < shape->size; at++)
		if (row[at] != 0)
			return false;
	return true;
}

static bool
add_sums(const RowShape *shape, void *into, const void *from, bool subtract)
{
	return fields_merge(shape->sums, (char *) into + shape->keys_size,
						(const char *) from + shape->keys_size, subtract) == MERGE_DONE;
}

/* The first of the rows in order that is not below `row`. */
static int32_t
lower_bound(const RowShape *shape, const Bag *bag, const void *row)
{
	int32_t		low = 0;
	int32_t		high = bag->sorted;

	while (low < high)
	{
		int32_t		middle = low + (high - low) / 2;

		if (compare_rows(shape, row_at(shape, bag, middle), row) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

BagResult
bag_add(const StateType *type, Bag *bag, size_t size, const void *row, bool subtract)
{
	RowShape	shape = row_shape(type);
	int32_t		place = lower_bound(&shape, bag, row);
	char	   *target = row_at(&shape, bag, place);

	bag->header.flags |= STATE_OPEN;
	if (place < bag->sorted && compare_rows(&shape, target, row) == 0)
		return add_sums(&shape, target, row, subtract) ? BAG_ADDED : BAG_OVERFLOW;
	target = row_at(&shape, bag, bag->count);
	if (target + shape.size > (char *) bag + size)
		return BAG_FULL;
	/* history comes mostly in order */
	if (place == bag->count)
		bag->sorted++;
	bag->count++;
	memcpy(target, row, shape.size);
	if (!subtract)
		return BAG_ADDED;
	memset(target + shape.keys_size, 0, shape.size - shape.keys_size);
	return add_sums(&shape, target, row, true) ? BAG_ADDED : BAG_OVERFLOW;
}

/* The largest row that a bag may have, for the one that is held while others move. */
#define ROW_SIZE_MAX 256

static void
sift_down(const RowShape *shape, char *rows, int64_t hole, int64_t count, const char *moving)
{
	for (;;)
	{
		int64_t		child = 2 * hole + 1;

		if (child + 1 < count && compare_rows(shape, rows + child * shape->size, rows + (child + 1) * shape->size) < 0)
			child++;
		if (child >= count || compare_rows(shape, rows + child * shape->size, moving) <= 0)
			break;
		memcpy(rows + hole * shape->size, rows + child * shape->size, shape->size);
		hole = child;
	}
	memcpy(rows + hole * shape->size, moving, shape->size);
}

static void
heap_sort(const RowShape *shape, char *rows, int64_t count)
{
	char		moving[ROW_SIZE_MAX];

	for (int64_t i = count / 2 - 1; i >= 0; i--)
	{
		memcpy(moving, rows + i * shape->size, shape->size);
		sift_down(shape, rows, i, count, moving);
	}
	for (int64_t last = count - 1; last > 0; last--)
	{
		memcpy(moving, rows + last * shape->size, shape->size);
		memcpy(rows + last * shape->size, rows, shape->size);
		sift_down(shape, rows, 0, last, moving);
	}
}

static void
insertion_sort(const RowShape *shape, char *rows, int64_t sorted, int64_t count)
{
	char		moving[ROW_SIZE_MAX];

	for (int64_t i = sorted; i < count; i++)
	{
		int64_t		hole = i;

		memcpy(moving, rows + i * shape->size, shape->size);
		for (; hole > 0 && compare_rows(shape, rows + (hole - 1) * shape->size, moving) > 0; hole--)
			memcpy(rows + hole * shape->size, rows + (hole - 1) * shape->size, shape->size);
		memcpy(rows + hole * shape->size, moving, shape->size);
	}
}

/* What readers add up over all rows, or list one by one, stays within its limit. */
static bool
counts_fit(const StateType *type, const RowShape *shape, const Bag *bag)
{
	size_t		at = shape->keys_size;

	for (const char *letter = shape->sums; *letter; letter++)
	{
		const char	one[] = {*letter, '\0'};
		int64_t		room = type->count_max ? type->count_max : COUNT_LIMIT - 1;

		for (int32_t i = 0; *letter == 'n' && i < bag->count; i++)
		{
			int64_t		count = *(const int64_t *) (row_at(shape, bag, i) + at);

			room -= count < 0 ? -count : count;
			if (room < 0)
				return false;
		}
		at += state_fields_size(one);
	}
	return true;
}

size_t
bag_close(const StateType *type, void *state)
{
	Bag		   *bag = state;
	RowShape	shape = row_shape(type);
	char	   *rows = row_at(&shape, bag, 0);
	int32_t		kept = 0;

	if (bag->count - bag->sorted <= 8 || bag->count <= 32)
		insertion_sort(&shape, rows, bag->sorted, bag->count);
	else
		heap_sort(&shape, rows, bag->count);
	for (int32_t i = 0; i < bag->count; i++)
	{
		char	   *row = rows + i * shape.size;
		char	   *last = rows + (kept - 1) * shape.size;

		if (kept > 0 && compare_rows(&shape, last, row) == 0)
		{
			if (!add_sums(&shape, last, row, false))
				return 0;
			continue;
		}
		/* the one before is complete */
		if (kept > 0 && row_is_void(&shape, last))
			kept--;
		memmove(rows + kept++ * shape.size, row, shape.size);
	}
	if (kept > 0 && row_is_void(&shape, rows + (kept - 1) * shape.size))
		kept--;
	bag->count = bag->sorted = kept;
	bag->header.flags &= ~STATE_OPEN;
	return counts_fit(type, &shape, bag) ? state_size(type, kept) : 0;
}

int64_t
bag_row_count(const void *bag)
{
	return ((const Bag *) bag)->count;
}

const char *
bag_flaw(const StateType *type, const Bag *bag)
{
	RowShape	shape = row_shape(type);

	if (bag->sorted != bag->count)
		return "rows are not in order";
	for (int32_t i = 0; i < bag->count; i++)
	{
		if (i > 0 && compare_rows(&shape, row_at(&shape, bag, i - 1), row_at(&shape, bag, i)) >= 0)
			return "rows are not in order";
		if (row_is_void(&shape, row_at(&shape, bag, i)))
			return "a row is void";
	}
	return counts_fit(type, &shape, bag) ? NULL : "a value is out of range";
}
