#include "core/items.h"

#include <string.h>

#include "core/item_parts.h"
#include "core/numbers.h"

/* Open: bytes in use, then the stream; the place of item i is the i-th number from the end of the room. */
typedef struct OpenItems
{
	int32_t		used;
	uint8_t		stream[];
} OpenItems;

static OpenItems *
open_items(const Items *items)
{
	return (OpenItems *) items->stream;
}

static int32_t *
places(const Items *items)
{
	return (int32_t *) (items->stream + items->room) - items->items;
}

void
items_open(Items *items, int32_t room)
{
	items->room = room;
	items->header.flags |= STATE_OPEN;
}

/* Closing writes the stream once more, beside the open one. */
static bool
has_room(const Items *items, int32_t length)
{
	int64_t		used = open_items(items)->used + 2 * NUMBER_SIZE_MAX + (int64_t) length;

	return (int64_t) sizeof(OpenItems) + 2 * used + (items->items + 1) * (int64_t) sizeof(int32_t) <= items->room;
}

bool
items_add(Items *items, const uint8_t *bytes, int32_t length, int64_t count)
{
	OpenItems  *open = open_items(items);
	uint8_t    *out = open->stream + open->used;

	if (!has_room(items, length))
		return false;
	items->items++;
	*places(items) = open->used;
	out = number_write(out, length);
	memcpy(out, bytes, length);
	open->used = (int32_t) (number_write(out + length, zigzag(count)) - open->stream);
	return true;
}

bool
item_next(ItemWalk *walk)
{
	if (walk->left == 0)
		return false;
	walk->left--;
	walk->length = (int32_t) number_next(&walk->next);
	walk->bytes = walk->next;
	walk->next += walk->length;
	walk->count = unzigzag(number_next(&walk->next));
	return true;
}

static ItemWalk
item_at(const OpenItems *open, int32_t place)
{
	ItemWalk	item = {.next = open->stream + place, .left = 1};

	item_next(&item);
	return item;
}

static int
compare_bytes(const uint8_t *a, int32_t a_length, const uint8_t *b, int32_t b_length)
{
	int			order = memcmp(a, b, a_length < b_length ? a_length : b_length);

	return order ? order : (a_length > b_length) - (a_length < b_length);
}

static int
compare_items(const OpenItems *open, int32_t a, int32_t b)
{
	ItemWalk	x = item_at(open, a);
	ItemWalk	y = item_at(open, b);

	return compare_bytes(x.bytes, x.length, y.bytes, y.length);
}

/* Shell's sort (CACM 2, 1959) of the places: in place, and quick where they are in order. */
static void
sort_places(const OpenItems *open, int32_t *place, int32_t count)
{
	int32_t		gap = 1;

	while (gap < count / 9)
		gap = 3 * gap + 1;
	for (; gap > 0; gap /= 3)
		for (int32_t i = gap; i < count; i++)
		{
			int32_t		moving = place[i];
			int32_t		hole = i;

			for (; hole >= gap && compare_items(open, place[hole - gap], moving) > 0; hole -= gap)
				place[hole] = place[hole - gap];
			place[hole] = moving;
		}
}

/* Adds the size of a count to what they come to; false past the limit of the type. */
static bool
count_fits(const StateType *type, int64_t count, int64_t *total)
{
	int64_t		limit = type->count_max;

	if (count > limit || count < -limit)
		return false;
	*total += count < 0 ? -count : count;
	return *total <= limit;
}

/* In order and without an item twice, an open stream is that of a closed one. */
static bool
is_closed_but_for_room(const StateType *type, const OpenItems *open, int32_t count)
{
	ItemWalk	item = {.next = open->stream, .left = count};
	ItemWalk	before = {0};
	int64_t		total = 0;

	for (; item_next(&item); before = item)
		if (item.count == 0 || !count_fits(type, item.count, &total) ||
			(before.bytes && compare_bytes(before.bytes, before.length, item.bytes, item.length) >= 0))
			return false;
	return true;
}

/* Writes the sums of different items, in order; the end of them, or NULL on overflow. */
static uint8_t *
write_sums(const StateType *type, Items *items, uint8_t *out)
{
	const OpenItems *open = open_items(items);
	int32_t		count = items->items;
	int32_t    *place = places(items);
	int64_t		total = 0;

	items->items = 0;
	sort_places(open, place, count);
	for (int32_t i = 0; i < count;)
	{
		ItemWalk	item = item_at(open, place[i]);
		int64_t		sum = 0;
		int32_t		first = i;

		for (; i < count && (i == first || compare_items(open, place[first], place[i]) == 0); i++)
			if (__builtin_add_overflow(sum, item_at(open, place[i]).count, &sum))
				return NULL;
		if (sum == 0)
			continue;
		if (!count_fits(type, sum, &total))
			return NULL;
		out = number_write(out, item.length);
		memcpy(out, item.bytes, item.length);
		out = number_write(out + item.length, zigzag(sum));
		items->items++;
	}
	return out;
}

size_t
items_close(const StateType *type, void *state)
{
	Items	   *items = state;
	OpenItems  *open = open_items(items);
	uint8_t    *begin = open->stream;
	uint8_t    *end = begin + open->used;

	if (!is_closed_but_for_room(type, open, items->items))
	{
		begin = end;
		end = write_sums(type, items, begin);
		if (!end)
			return 0;
	}
	if (end - begin > STATE_ROWS_MAX)
		return STATE_TOO_LARGE;
	memmove(items->stream, begin, end - begin);
	items->room = 0;
	items->header.flags &= ~STATE_OPEN;
	return sizeof(Items) + (end - begin);
}

const char *
items_flaw(const StateType *type, const Items *items, int64_t rows, const char *(*flaw) (const uint8_t *bytes, int32_t length))
{
	const uint8_t *in = items->stream;
	const uint8_t *end = in + rows;
	const uint8_t *before = NULL;
	int32_t		before_length = 0;
	int32_t		found = 0;
	int64_t		total = 0;

	if (items->room != 0)
		return "room in a finished state";
	for (; in < end; found++)
	{
		const uint8_t *bytes;
		const char *wrong;
		uint64_t	length;
		uint64_t	count;

		bytes = number_read(in, end, &length);
		if (!bytes || length > ITEM_SIZE_MAX || length > (uint64_t) (end - bytes) || !(in = number_read(bytes + length, end, &count)))
			return "an item is broken";
		if (count == 0 || !count_fits(type, unzigzag(count), &total))
			return "a count is out of range";
		if (before && compare_bytes(before, before_length, bytes, (int32_t) length) >= 0)
			return "items are not in order";
		wrong = flaw(bytes, (int32_t) length);
		if (wrong)
			return wrong;
		before = bytes;
		before_length = (int32_t) length;
	}
	return found == items->items ? NULL : "number of items does not fit";
}

bool
name_is_sound(const uint8_t **in, const uint8_t *end)
{
	const uint8_t *nul = memchr(*in, 0, end - *in);
	Utf8Name	name = {*in, 0};

	if (!nul || nul - *in > NAME_LENGTH_MAX)
		return false;
	name.length = (int32_t) (nul - *in);
	*in = nul + 1;
	return name_is_text(name);
}
