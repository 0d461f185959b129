#include "pg/state.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"

#include "core/money.h"
#include "core/wide.h"

void
overflow_error(const StateType *type)
{
	if (type->count_max)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s of more than %lld rows", type->name, (long long) type->count_max),
				 errhint("It is the history of one account: group by account.")));
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s out of range", type->name),
			 errdetail("A sum of amounts is past 10^30, or of one account past 10^24, or a count past 2^59.")));
}

void
too_large_error(const StateType *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("%s of more than %d bytes", type->name, STATE_ROWS_MAX),
			 errhint("Make groups smaller, or give fewer different names.")));
}

void *
state_new_sized(const StateType *type, Size size, uint8 flags)
{
	StateHeader *state = palloc0(size);

	SET_VARSIZE(state, size);
	state->version = type->version;
	state->flags = flags;
	return state;
}

void *
state_new(const StateType *type, int64 rows)
{
	return state_new_sized(type, state_size(type, rows), 0);
}

/* A value of the version before as one of this; any other as it is. */
static StateHeader *
state_renewed(const StateType *type, StateHeader *state)
{
	StateHeader *renewed;
	Size		size;

	if (!type->older || VARSIZE(state) < state_size(type->older, 0) || state->version != type->older->version)
		return state;
	size = state_renewed_size(type, VARSIZE(state));
	renewed = state_new_sized(type, size, 0);
	state_renew(type, state, VARSIZE(state), renewed);
	return renewed;
}

static void
check_version(const StateType *type, const StateHeader *state)
{
	if (VARSIZE(state) < sizeof(StateHeader) || state->version != type->version)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s of unknown version %d", type->name,
						VARSIZE(state) < sizeof(StateHeader) ? 0 : state->version),
				 errdetail("This csmetrics reads version %d.", type->version)));
#ifdef USE_ASSERT_CHECKING
	if ((state->flags & STATE_OPEN) == 0)
	{
		const char *flaw = state_flaw(type, state, VARSIZE(state));

		if (flaw)
			elog(PANIC, "%s is not canonical: %s", type->name, flaw);
	}
#endif
}

const void *
state_value(Datum value, const StateType *type)
{
	StateHeader *state = state_renewed(type, (StateHeader *) PG_DETOAST_DATUM(value));

	check_version(type, state);
	return (state->flags & STATE_OPEN) ? state_closed(type, state) : state;
}

void *
state_own(FunctionCallInfo fcinfo, int n, const StateType *type)
{
	StateHeader *state = (StateHeader *) (AggCheckCallContext(fcinfo, NULL) ?
										  PG_DETOAST_DATUM(PG_GETARG_DATUM(n)) : PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(n)));

	state = state_renewed(type, state);
	check_version(type, state);
	return state;
}

void *
state_closed(const StateType *type, const void *state)
{
	return state_close(type, memcpy(palloc(VARSIZE(state)), state, VARSIZE(state)));
}

void *
state_close(const StateType *type, void *state)
{
	if (((StateHeader *) state)->flags & STATE_OPEN)
	{
		Size		size = type->close(type, state);

		if (size == 0)
			overflow_error(type);
		if (size == STATE_TOO_LARGE)
			too_large_error(type);
		SET_VARSIZE(state, size);
	}
	return state;
}

Datum
state_result(FunctionCallInfo fcinfo, const StateType *type, void *state)
{
	PG_RETURN_POINTER(AggCheckCallContext(fcinfo, NULL) ? state : state_closed(type, state));
}

/* What is wrong with a state from outside, or NULL; one of the version before becomes one of this. */
static const char *
outside_flaw(const StateType *type, const StateType *written, void **state)
{
	const char *flaw = state_flaw(written, *state, VARSIZE(*state));

	if (flaw || written == type)
		return flaw;
	*state = state_renewed(type, *state);
	return state_flaw(type, *state, VARSIZE(*state));
}

Datum
state_in(FunctionCallInfo fcinfo, const StateType *type)
{
	char	   *text = PG_GETARG_CSTRING(0);
	const StateType *written = state_type_of(type, state_text_version(text));
	uint8		flags;
	int64		rows = state_text_rows(text, &flags);
	const char *flaw = NULL;
	void	   *state = NULL;

	/* no field takes more than 8 bytes a character: a short text cannot ask for much memory */
	if (rows <= (*type->row ? STATE_ROWS_MAX : 0) && state_size_with(written, flags, rows) <= 8 * strlen(text) + 64)
	{
		state = state_new_sized(written, state_size_with(written, flags, rows), 0);
		if (state_parse(written, text, state, VARSIZE(state)))
			flaw = outside_flaw(type, written, &state);
		else
			state = NULL;
	}
	if (state == NULL || flaw)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", type->name,
						pnstrdup(text, pg_mbcliplen(text, strlen(text), 100))),
				 flaw ? errdetail("%s", flaw) : 0,
				 errhint("The text form is what %s::text gives; build new values with the aggregates.", type->name)));
	PG_RETURN_POINTER(state);
}

Datum
state_out(FunctionCallInfo fcinfo, const StateType *type)
{
	const void *state = state_arg(fcinfo, 0, type);
	char	   *text = palloc(state_text_bound(type, state, VARSIZE(state)) + 1);

	text[state_print(type, state, VARSIZE(state), text)] = '\0';
	PG_RETURN_CSTRING(text);
}

Datum
state_recv(FunctionCallInfo fcinfo, const StateType *type)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	/* every field has the same width on the wire as in memory */
	int64		size = (int64) message->len - message->cursor + sizeof(uint32);
	const char *flaw = "wrong length";
	const StateType *written;
	StateHeader *state;
	void	   *result = NULL;
	FieldWalk	walk;
	void	   *field;
	char		letter;

	if (size >= (int64) sizeof(StateHeader) && size <= (int64) state_size_with(type, type->flags, STATE_ROWS_MAX))
	{
		state = palloc0(size);
		SET_VARSIZE(state, size);
		state->version = pq_getmsgbyte(message);
		state->flags = pq_getmsgbyte(message);
		state->reserved = pq_getmsgint(message, 2);
		written = state_type_of(type, state->version);
		walk = field_walk(written, state, size);
		while ((letter = field_next(&walk, &field)) != 0 && walk.next <= walk.end)
			switch (letter)
			{
				case 'n':
				case 'l':
					*(int64 *) field = pq_getmsgint64(message);
					break;
				case 'm':
				case 's':
					/* the high half first; unsigned, since shifting a negative number is undefined */
					*(Money *) field = (Money) ((unsigned __int128) (uint64) pq_getmsgint64(message) << 64);
					*(Money *) field |= (uint64) pq_getmsgint64(message);
					break;
				case 'w':
					for (int i = 3; i >= 0; i--)
						((Int256 *) field)->limb[i] = pq_getmsgint64(message);
					break;
				case 'b':
					*(uint8 *) field = pq_getmsgbyte(message);
					break;
				default:
					*(int32 *) field = pq_getmsgint(message, 4);
			}
		result = state;
		flaw = outside_flaw(type, written, &result);
	}
	if (flaw)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary %s", type->name),
				 errdetail("%s", flaw)));
	PG_RETURN_POINTER(result);
}

Datum
state_send(FunctionCallInfo fcinfo, const StateType *type)
{
	const StateHeader *state = state_arg(fcinfo, 0, type);
	FieldWalk	walk = field_walk(type, (void *) state, VARSIZE(state));
	StringInfoData message;
	void	   *field;
	char		letter;

	pq_begintypsend(&message);
	pq_sendbyte(&message, state->version);
	pq_sendbyte(&message, state->flags);
	pq_sendint16(&message, state->reserved);
	while ((letter = field_next(&walk, &field)) != 0)
		switch (letter)
		{
			case 'n':
			case 'l':
				pq_sendint64(&message, *(int64 *) field);
				break;
			case 'm':
			case 's':
				pq_sendint64(&message, (int64) (*(Money *) field >> 64));
				pq_sendint64(&message, (int64) *(Money *) field);
				break;
			case 'w':
				for (int i = 3; i >= 0; i--)
					pq_sendint64(&message, ((Int256 *) field)->limb[i]);
				break;
			case 'b':
				pq_sendbyte(&message, *(uint8 *) field);
				break;
			default:
				pq_sendint32(&message, *(int32 *) field);
		}
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

Datum
state_combine(FunctionCallInfo fcinfo, const StateType *type, bool subtract)
{
	void	   *into = state_own(fcinfo, 0, type);
	const void *from = state_arg(fcinfo, 1, type);
	MergeResult result = MERGE_DIFFERENT;

	if (VARSIZE(into) == VARSIZE(from))
		result = state_merge(type, into, from, VARSIZE(into), subtract);
	if (result == MERGE_DIFFERENT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot merge two %s that were built with different arguments", type->name),
				 errdetail("Both need the same days, period and lag.")));
	if (result == MERGE_OVERFLOW)
		overflow_error(type);
	PG_RETURN_POINTER(into);
}

/*
 * States are canonical, so comparing and hashing look at bytes and serve every
 * type. The order means nothing but is total, which is what sorting asks for.
 */
static int
compare(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_GETARG_VARLENA_PP(0);
	struct varlena *b = PG_GETARG_VARLENA_PP(1);
	Size		a_size = VARSIZE_ANY_EXHDR(a);
	Size		b_size = VARSIZE_ANY_EXHDR(b);
	int			result = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(a_size, b_size));

	if (result == 0)
		result = (a_size > b_size) - (a_size < b_size);
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

SQL_FUNCTION(state_eq, BoolGetDatum(compare(fcinfo) == 0));
SQL_FUNCTION(state_ne, BoolGetDatum(compare(fcinfo) != 0));
SQL_FUNCTION(state_lt, BoolGetDatum(compare(fcinfo) < 0));
SQL_FUNCTION(state_le, BoolGetDatum(compare(fcinfo) <= 0));
SQL_FUNCTION(state_gt, BoolGetDatum(compare(fcinfo) > 0));
SQL_FUNCTION(state_ge, BoolGetDatum(compare(fcinfo) >= 0));
SQL_FUNCTION(state_cmp, Int32GetDatum(compare(fcinfo)));

static Datum
hash(FunctionCallInfo fcinfo, bool extended)
{
	struct varlena *state = PG_GETARG_VARLENA_PP(0);
	const unsigned char *bytes = (unsigned char *) VARDATA_ANY(state);
	int			size = VARSIZE_ANY_EXHDR(state);
	Datum		result = extended ? hash_any_extended(bytes, size, PG_GETARG_INT64(1)) : hash_any(bytes, size);

	PG_FREE_IF_COPY(state, 0);
	return result;
}

SQL_FUNCTION(state_hash, hash(fcinfo, false));
SQL_FUNCTION(state_hash_extended, hash(fcinfo, true));

SQL_FUNCTION(state_unpacked, PointerGetDatum(PG_DETOAST_DATUM(PG_GETARG_DATUM(0))));
