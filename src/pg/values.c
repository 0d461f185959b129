#include "pg/values.h"

#include "catalog/pg_type.h"

/*
 * The stored form of numeric, as of every version since 9.1: a header of one or
 * two 16-bit words, then digits to the base 10000, the first of weight
 * 10000^weight. Reading it directly costs a tenth of what numeric's own
 * functions would; test/sql/money.sql holds the two against each other.
 */
#define NUMERIC_KIND_MASK		0xC000
#define NUMERIC_KIND_NEGATIVE	0x4000
#define NUMERIC_KIND_SHORT		0x8000
#define NUMERIC_KIND_SPECIAL	0xC000
#define SHORT_NEGATIVE			0x2000
#define SHORT_WEIGHT_SIGN		0x0040
#define SHORT_WEIGHT_MASK		0x003F

static uint16
read_uint16(const char *at)
{
	uint16		value;

	memcpy(&value, at, sizeof(value));
	return value;
}

bool
money_try_numeric(Datum value, Money *money)
{
	struct varlena *numeric = PG_DETOAST_DATUM_PACKED(value);
	const char *digits = VARDATA_ANY(numeric);
	const char *end = digits + VARSIZE_ANY_EXHDR(numeric);
	uint16		header = read_uint16(digits);
	uint16		kind = header & NUMERIC_KIND_MASK;
	bool		negative;
	int			weight;
	unsigned __int128 sum = 0;

	if (kind == NUMERIC_KIND_SPECIAL)
		return false;
	if (kind == NUMERIC_KIND_SHORT)
	{
		negative = header & SHORT_NEGATIVE;
		weight = (header & SHORT_WEIGHT_MASK) - (header & SHORT_WEIGHT_SIGN);
		digits += sizeof(uint16);
	}
	else
	{
		negative = kind == NUMERIC_KIND_NEGATIVE;
		weight = (int16) read_uint16(digits + sizeof(uint16));
		digits += 2 * sizeof(uint16);
	}
	if (weight > 4)
		return false;

	/* zeros are not stored, neither before the first digit nor after the last */
	for (int place = Max(weight, 0); place >= -2; place--)
	{
		int			digit = 0;

		if (place <= weight && digits < end)
		{
			digit = read_uint16(digits);
			digits += sizeof(uint16);
		}
		/* places -1 and -2 hold the first eight decimals; six are kept */
		if (place > -2)
			sum = sum * 10000 + digit;
		else
			sum = sum * 100 + digit / 100 + (digit % 100 >= 50);
	}
	if (sum > (unsigned __int128) MONEY_LIMIT)
		return false;
	*money = negative ? -(Money) sum : (Money) sum;
	return true;
}

Money
money_from_numeric(Datum value)
{
	Money		money;

	if (!money_try_numeric(value, &money))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount out of range: %s", DatumGetCString(DirectFunctionCall1(numeric_out, value))),
				 errdetail("An amount lies between -10^18 and 10^18; six decimals are kept.")));
	return money;
}

Datum
money_to_numeric(Money value)
{
	char		text[MONEY_TEXT_SIZE + 1];

	if (value >= PG_INT64_MIN && value <= PG_INT64_MAX)
	{
		int64		rest = (int64) value;
		int			decimals = MONEY_DECIMALS;

		for (; decimals > 0 && rest % 10 == 0; decimals--)
			rest /= 10;
		return NumericGetDatum(int64_div_fast_to_numeric(rest, decimals));
	}
	text[money_print(text, value)] = '\0';
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

Factor
factor_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(n)));
	Factor		factor;

	if (!factor_parse(text, &factor))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s out of range: %s", what, text),
				 errdetail("A %s is above 0 and below 10^12, with at most %d digits before and after the point.", what, FACTOR_DIGITS)));
	return factor;
}

char *
day_text(int32 day)
{
	return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));
}

int32
day_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	int32		day = PG_GETARG_DATEADT(n);

	if (!day_is_valid(day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s out of range: %s", what, day_text(day)),
				 errdetail("Days lie between 0001-01-01 and 9999-12-31.")));
	return day;
}

int32
open_day_arg(FunctionCallInfo fcinfo, int n, const char *what, int32 open)
{
	return PG_ARGISNULL(n) || DATE_IS_NOEND(PG_GETARG_DATEADT(n)) ? open : day_arg(fcinfo, n, what);
}

char *
instant_text(int64 instant)
{
	return DatumGetCString(DirectFunctionCall1(timestamptz_out, TimestampTzGetDatum(instant)));
}

int64
open_instant_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	int64		instant = PG_ARGISNULL(n) ? INSTANT_NEVER : PG_GETARG_TIMESTAMPTZ(n);

	StaticAssertStmt(INSTANT_NEVER == DT_NOEND, "infinity is never");
	if (!instant_is_valid_or_never(instant))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s out of range: %s", what, instant_text(instant)),
				 errdetail("Instants lie in the years 1 to 9999, UTC; NULL or infinity is never.")));
	return instant;
}

void
instant_range_args(FunctionCallInfo fcinfo, int n, int64 *from, int64 *to)
{
	*from = PG_GETARG_TIMESTAMPTZ(n);
	*to = PG_GETARG_TIMESTAMPTZ(n + 1);
	if (*from >= *to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("to_at %s is not after from_at %s", instant_text(*to), instant_text(*from)),
				 errdetail("The instants are those from from_at on and before to_at.")));
}

int64
span_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	const Interval *interval = PG_GETARG_INTERVAL_P(n);
	/* neither product nor sum gets past 128 bits */
	int128		span = (int128) interval->day * DAY_LENGTH + interval->time;

	if (interval->month != 0 || span < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %s is not a fixed length of time from 0 on", what,
						DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)))),
				 errhint("Write days, which are 24 hours each, or hours: months and years differ in length.")));
	return span < PG_INT64_MAX ? (int64) span : PG_INT64_MAX;
}

Datum
interval_in_days(int64 span)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->day = span / DAY_LENGTH;
	interval->time = span % DAY_LENGTH;
	PG_RETURN_INTERVAL_P(interval);
}

int64
text_key_arg(FunctionCallInfo fcinfo, int n)
{
	const text *given;

	if (PG_ARGISNULL(n))
		return TEXT_KEY_NONE;
	given = PG_GETARG_TEXT_PP(n);
	return text_key(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given));
}

void
require_not_null(FunctionCallInfo fcinfo, int n, const char *what)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be NULL", what)));
}

void
day_range_args(FunctionCallInfo fcinfo, int n, int32 *from, int32 *to)
{
	require_not_null(fcinfo, n, "from_date");
	require_not_null(fcinfo, n + 1, "to_date");
	*from = day_arg(fcinfo, n, "from_date");
	*to = day_arg(fcinfo, n + 1, "to_date");
	if (*from >= *to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("to_date %s is not after from_date %s", day_text(*to), day_text(*from)),
				 errdetail("The days are those from from_date on and before to_date.")));
}

int
choice_arg(FunctionCallInfo fcinfo, int n, const char *what, const char *const *words)
{
	const text *given;
	StringInfoData known;

	require_not_null(fcinfo, n, what);
	given = PG_GETARG_TEXT_PP(n);
	for (int i = 0; words[i]; i++)
		if (strlen(words[i]) == VARSIZE_ANY_EXHDR(given) && memcmp(words[i], VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given)) == 0)
			return i;
	initStringInfo(&known);
	for (int i = 0; words[i]; i++)
		appendStringInfo(&known, "%s%s", i > 0 ? ", " : "", words[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown %s \"%s\"", what, text_to_cstring(given)),
			 errdetail("Known are: %s.", known.data)));
}

double
confidence_arg(FunctionCallInfo fcinfo, int n)
{
	double		confidence = PG_GETARG_FLOAT8(n);

	if (!(confidence > 0 && confidence < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("confidence %g is not between 0 and 1", confidence),
				 errhint("Write 0.95 for 95 %%.")));
	return confidence;
}

int64
at_least_arg(FunctionCallInfo fcinfo, int n, const char *name)
{
	int64		number = PG_GETARG_INT64(n);

	if (number < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s " INT64_FORMAT " is below 1", name, number)));
	return number;
}

Datum
float8_if(FunctionCallInfo fcinfo, bool known, double value)
{
	if (!known)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

Datum
instant_if_any(FunctionCallInfo fcinfo, int64 instant)
{
	if (instant == INSTANT_NEVER)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(instant);
}

Datum
row_result(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc	shape;

	if (get_call_result_type(fcinfo, NULL, &shape) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values, nulls));
}

Datum
interval_if(FunctionCallInfo fcinfo, bool known, Bounds interval)
{
	Datum		values[2] = {Float8GetDatum(interval.lower), Float8GetDatum(interval.upper)};
	bool		nulls[2] = {!known, !known};

	return row_result(fcinfo, values, nulls);
}

RowBuilder
rows_begin(FunctionCallInfo fcinfo)
{
	InitMaterializedSRF(fcinfo, 0);
	return (RowBuilder) {.result = (ReturnSetInfo *) fcinfo->resultinfo};
}

void
row_put(RowBuilder *row, Datum value)
{
	row->nulls[row->column] = false;
	row->values[row->column++] = value;
}

void
row_put_null(RowBuilder *row)
{
	row->nulls[row->column++] = true;
}

void
row_put_ratio(RowBuilder *row, bool known, double value)
{
	if (known)
		row_put(row, Float8GetDatum(value));
	else
		row_put_null(row);
}

void
row_put_instant(RowBuilder *row, int64 instant)
{
	if (instant == INSTANT_NEVER)
		row_put_null(row);
	else
		row_put(row, TimestampTzGetDatum(instant));
}

void
row_put_text(RowBuilder *row, const char *value)
{
	row_put(row, CStringGetTextDatum(value));
}

void
row_end(RowBuilder *row)
{
	Assert(row->column == row->result->setDesc->natts);
	tuplestore_putvalues(row->result->setResult, row->result->setDesc, row->values, row->nulls);
	row->column = 0;
}
