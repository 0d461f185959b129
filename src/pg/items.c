#include "pg/items.h"

/* Bytes of items that a new state has room for: the dozen and a half signals of an account. */
#define FIRST_BYTES 1200

/* A stream is written twice, and has a place for each item; see items.c. */
Items *
items_new(const StateType *type, int32 bytes)
{
	int32		room = (2 * bytes + bytes / 4 + 64) / 4 * 4;
	Items	   *items = state_new_sized(type, sizeof(Items) + room, STATE_OPEN);

	items_open(items, room);
	return items;
}

static Items *
with_items(const StateType *type, Items *into, const Items *from, bool subtract)
{
	ItemWalk	walk = items_walk(from);

	while (item_next(&walk))
		into = items_with(type, into, walk.bytes, walk.length, subtract ? -walk.count : walk.count);
	return into;
}

Items *
items_own(FunctionCallInfo fcinfo, const StateType *type)
{
	Items	   *given;

	if (PG_ARGISNULL(0))
		return items_new(type, FIRST_BYTES);
	given = state_own(fcinfo, 0, type);
	if (given->header.flags & STATE_OPEN)
		return given;
	return with_items(type, items_new(type, VARSIZE(given) + FIRST_BYTES), given, false);
}

/* Makes room by adding up what is there: a copy of at least twice the size that remains. */
Items *
items_with(const StateType *type, Items *items, const uint8 *bytes, int32 length, int64 count)
{
	while (!items_add(items, bytes, length, count))
	{
		const Items *closed = state_closed(type, items);

		items = with_items(type, items_new(type, 2 * (VARSIZE(closed) + length + FIRST_BYTES)), closed, false);
	}
	return items;
}

Datum
items_combine(FunctionCallInfo fcinfo, const StateType *type, bool subtract)
{
	Items	   *into = items_own(fcinfo, type);
	const Items *from = state_arg(fcinfo, 1, type);

	return state_result(fcinfo, type, with_items(type, into, from, subtract));
}
