#include "pg/bag.h"

/* Room for a few rows: most bags are the history of one account. */
#define FIRST_SIZE 256

Bag *
bag_own(FunctionCallInfo fcinfo, const StateType *type)
{
	if (PG_ARGISNULL(0))
		return state_new_sized(type, FIRST_SIZE, STATE_OPEN);
	return state_own(fcinfo, 0, type);
}

/*
 * Makes room: first by adding up what is there, and where that does not free
 * half of it, by a copy of twice the size. So n rows cost O(n log n) in any
 * order. Sizes are powers of two, as the allocator's are.
 */
static Bag *
grown(const StateType *type, Bag *bag)
{
	Size		size = FIRST_SIZE;
	Size		used = bag_close(type, bag);
	Bag		   *larger;

	if (used == 0)
		overflow_error(type);
	bag->header.flags |= STATE_OPEN;
	if (2 * used <= VARSIZE(bag))
		return bag;
	if (bag->count >= STATE_ROWS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s has more than %d different rows", type->name, STATE_ROWS_MAX)));
	while (size < 2 * used || size <= VARSIZE(bag))
		size *= 2;
	larger = state_new_sized(type, size, 0);
	memcpy(VARDATA(larger), VARDATA(bag), used - VARHDRSZ);
	return larger;
}

Bag *
bag_with(const StateType *type, Bag *bag, const void *row, bool subtract)
{
	for (;;)
		switch (bag_add(type, bag, VARSIZE(bag), row, subtract))
		{
			case BAG_ADDED:
				return bag;
			case BAG_FULL:
				bag = grown(type, bag);
				break;
			case BAG_OVERFLOW:
				overflow_error(type);
		}
}

Datum
bag_result(FunctionCallInfo fcinfo, const StateType *type, Bag *bag)
{
	bag->header.flags |= STATE_OPEN;
	return state_result(fcinfo, type, bag);
}

Datum
bag_combine(FunctionCallInfo fcinfo, const StateType *type, bool subtract)
{
	Bag		   *into = state_own(fcinfo, 0, type);
	const Bag  *from = state_arg(fcinfo, 1, type);

	if (fields_merge(type->fields + strlen(BAG_FIELDS), into + 1, from + 1, subtract) == MERGE_OVERFLOW)
		overflow_error(type);
	for (int i = 0; i < from->count; i++)
		into = bag_with(type, into, bag_row(type, from, i), subtract);
	return bag_result(fcinfo, type, into);
}
