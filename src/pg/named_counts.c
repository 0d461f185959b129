#include "pg/named_counts.h"

#include "mb/pg_wchar.h"

/* Room for a few rows, of a power of two in bytes, as the allocator's sizes are. */
static const NamedRoom first_room = {.entries = 7, .names = 4, .bytes = 64};

static void *
named_new(const StateType *type, NamedRoom room)
{
	void	   *state = state_new_sized(type, state_size(type, 0) + named_room_size(room), STATE_OPEN);

	named_open(named_counts_of(type, state), room);
	return state;
}

static int
power_of_two(int least)
{
	int			power = 1;

	while (power < least)
		power *= 2;
	return power;
}

/*
 * Makes room: for entries first by adding up what is there, and where that does
 * not free half of it, by a copy of twice the size, which forgets the names that
 * have no counts any more.
 */
static void *
grown(const StateType *type, void *state, NamedResult lacks)
{
	NamedCounts *counts = named_counts_of(type, state);
	NamedRoom	room = named_room(counts);
	NamedRoom	used;
	size_t		need;
	void	   *larger;

	if (!named_compact(counts))
		overflow_error(type);
	used = named_used(counts);
	/* a name more, and what named_record wants to be left beside the entries */
	need = (used.entries + 1) * sizeof(ActivityEntry) + used.bytes + 1 + NAME_LENGTH_MAX + (used.names + 1) * sizeof(int32);
	if (lacks == NAMED_NO_ENTRY && 2 * need <= room.entries * sizeof(ActivityEntry))
		return state;
	if (lacks == NAMED_NO_NAME && used.names >= NAMES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s of more than %d features", type->name, NAMES_MAX),
				 errhint("A feature is a part of the product: leave out what varies from use to use.")));
	if (used.entries >= NAMED_COUNTS_MAX)
		too_large_error(type);
	room.entries = Max(room.entries, power_of_two((int) (2 * need / sizeof(ActivityEntry) + 1)));
	room.names = Min(NAMES_MAX, power_of_two(2 * used.names + 1));
	room.bytes = power_of_two(2 * (used.bytes + 1 + NAME_LENGTH_MAX));
	larger = named_new(type, room);
	/* the fields before the counts */
	memcpy((char *) larger + sizeof(StateHeader), (char *) state + sizeof(StateHeader), (char *) counts - (char *) state - sizeof(StateHeader));
	named_copy(named_counts_of(type, larger), counts);
	return larger;
}

void *
named_with(const StateType *type, void *state, Utf8Name name, int32 number, int64 count)
{
	NamedResult result;

	while ((result = named_record(named_counts_of(type, state), name, number, count)) != NAMED_RECORDED)
		state = grown(type, state, result);
	return state;
}

/* All counts of a finished state added to an open one, or taken out. */
static void *
with_counts(const StateType *type, void *into, const void *from, bool subtract)
{
	NamedWalk	walk = named_walk(type, from, VARSIZE(from), false);

	while (named_next(&walk))
	{
		ActivityWalk chunks = named_chunks(&walk);

		while (activity_next(&chunks))
			for (uint64 rest = chunks.recorded; rest; rest &= rest - 1)
			{
				int64		count = chunk_events(&chunks, rest & -rest);

				into = named_with(type, into, walk.name, chunks.day + __builtin_ctzll(rest), subtract ? -count : count);
			}
	}
	return into;
}

void *
named_own(FunctionCallInfo fcinfo, const StateType *type)
{
	StateHeader *given;
	void	   *state;

	if (PG_ARGISNULL(0))
		return named_new(type, first_room);
	given = state_own(fcinfo, 0, type);
	if (given->flags & STATE_OPEN)
		return given;
	state = named_new(type, first_room);
	memcpy((char *) state + sizeof(StateHeader), (char *) given + sizeof(StateHeader),
		   (char *) named_counts_of(type, given) - (char *) given - sizeof(StateHeader));
	return with_counts(type, state, given, false);
}

Datum
named_combine(FunctionCallInfo fcinfo, const StateType *type, bool subtract)
{
	void	   *into = named_own(fcinfo, type);
	const void *from = state_arg(fcinfo, 1, type);
	char	   *others = pnstrdup(type->fields, strlen(type->fields) - strlen(NAMED_COUNTS_FIELDS));
	MergeResult result = fields_merge(others, (char *) into + sizeof(StateHeader), (const char *) from + sizeof(StateHeader), subtract);

	if (result == MERGE_DIFFERENT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot merge two %s that were built with different arguments", type->name),
				 errdetail("Both need the same days and the same form of the aggregate.")));
	if (result == MERGE_OVERFLOW)
		overflow_error(type);
	return state_result(fcinfo, type, with_counts(type, into, from, subtract));
}

/* A text in UTF-8. */
static Utf8Name
name_of_text(Datum value)
{
	text	   *given = DatumGetTextPP(value);
	char	   *bytes = VARDATA_ANY(given);
	int			length = VARSIZE_ANY_EXHDR(given);
	char	   *utf8 = pg_server_to_any(bytes, length, PG_UTF8);

	return (Utf8Name) {(const uint8_t *) utf8, utf8 == bytes ? length : (int) strlen(utf8)};
}

Utf8Name
name_from_text(Datum value, const char *what)
{
	Utf8Name		name = name_of_text(value);

	if (name.length > NAME_LENGTH_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of %d bytes", what, name.length),
				 errdetail("Names take up to %d bytes in UTF-8.", NAME_LENGTH_MAX)));
	return name;
}

Utf8Name
name_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	return name_from_text(PG_GETARG_DATUM(n), what);
}

Datum
name_to_text(Utf8Name name)
{
	char	   *utf8 = pnstrdup((const char *) name.bytes, name.length);

	return CStringGetTextDatum(pg_any_to_server(utf8, name.length, PG_UTF8));
}
