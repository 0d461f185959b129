/*
 * Text becomes a day, an instant, a number, true or false in its one plain form, whatever the settings of the session. strict_* raise an
 * error where it is none, readable_* are NULL there, and misread says what is wrong.
 */
#include "pg/pg.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/timestamp.h"

#include "core/instant.h"
#include "core/strict.h"
#include "pg/money.h"
#include "pg/state.h"

/* No more of a value is told. */
#define TOLD_SIZE 100

typedef struct StrictKind
{
	Oid			type;
	int			sqlstate;
	const char *what;
	const char *cure;			/* %s stands for the column */
} StrictKind;

static const StrictKind kinds[] = {
	{DATEOID, ERRCODE_INVALID_DATETIME_FORMAT, "day in ISO form, like 2026-03-04",
	"say how it is written, as to_date(%s, 'DD.MM.YYYY') does, or NULL where it is none"},
	{TIMESTAMPTZOID, ERRCODE_INVALID_DATETIME_FORMAT, "instant in ISO form, like 2026-03-04 10:00:00+01",
	"bring it into that form, as regexp_replace(%s, '^(\\d\\d)\\.(\\d\\d)\\.(\\d{4})', '\\3-\\2-\\1') does with 04.03.2026, or NULL where it is none"},
	{NUMERICOID, ERRCODE_INVALID_TEXT_REPRESENTATION, "plain decimal, like -1234.50",
	"bring it into that form, as replace(replace(%s, '.', ''), ',', '.')::numeric does with 1.234,50"},
	{FLOAT8OID, ERRCODE_INVALID_TEXT_REPRESENTATION, "plain decimal, like -1234.50",
	"bring it into that form, as replace(replace(%s, '.', ''), ',', '.') does with 1.234,50"},
	{INT4OID, ERRCODE_INVALID_TEXT_REPRESENTATION, "whole number up to 2147483647, like 1234",
	"bring it into that form, as replace(%s, '.', '') does with 1.234"},
	{INT8OID, ERRCODE_INVALID_TEXT_REPRESENTATION, "whole number up to 9223372036854775807, like 1234",
	"bring it into that form, as replace(%s, '.', '') does with 1.234"},
	{BOOLOID, ERRCODE_INVALID_TEXT_REPRESENTATION, "true or false",
	"say which values are true, as in %s = 'ja'"},
};

static const StrictKind *
kind_of(Oid type)
{
	for (size_t i = 0; i < lengthof(kinds); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

static Datum
in_zone(text *zone, int64 local)
{
	return DirectFunctionCall2(timestamp_zone, PointerGetDatum(zone), TimestampGetDatum(local));
}

static bool
read_instant(StrictText written, text *zone, Datum *value)
{
	StrictTime	time;
	int64		local;

	if (!strict_time_parse(written, &time))
		return false;
	local = time.day * DAY_LENGTH + time.time;
	*value = time.has_zone ? TimestampTzGetDatum(local - time.offset * (DAY_LENGTH / 1440)) : in_zone(zone, local);
	return true;
}

/* An instant falls on its day in the zone; a local time is of its own day. */
static bool
read_day(StrictText written, text *zone, Datum *value)
{
	StrictTime	time;

	if (!strict_time_parse(written, &time))
		return false;
	*value = DateADTGetDatum(time.day);
	if (time.has_zone && read_instant(written, zone, value))
		*value = DirectFunctionCall1(timestamp_date, DirectFunctionCall2(timestamptz_zone, PointerGetDatum(zone), *value));
	return true;
}

static bool
read_number(StrictText written, Oid type, Datum *value)
{
	char		plain[STRICT_NUMBER_SIZE + 1];
	double		number;

	if (!strict_number_is_plain(written))
		return false;
	memcpy(plain, written.at, written.length);
	plain[written.length] = '\0';
	if (type == NUMERICOID)
	{
		*value = numeric_from_text(plain);
		return true;
	}
	/* the server keeps LC_NUMERIC at C */
	number = strtod(plain, NULL);
	*value = Float8GetDatum(number);
	return !isinf(number);
}

static bool
read_integer(StrictText written, Oid type, Datum *value)
{
	int64_t		number;

	if (!strict_integer_parse(written, &number) || (type == INT4OID && number != (int32) number))
		return false;
	*value = type == INT4OID ? Int32GetDatum((int32) number) : Int64GetDatum(number);
	return true;
}

static bool
read_boolean(StrictText written, Datum *value)
{
	bool		truth;

	if (!strict_boolean_parse(written, &truth))
		return false;
	*value = BoolGetDatum(truth);
	return true;
}

/* false: it is no value of that type. NULL for zone: UTC. */
static bool
read_value(text *written, text *zone, Oid type, Datum *value)
{
	StrictText	plain = strict_text(VARDATA_ANY(written), VARSIZE_ANY_EXHDR(written));

	switch (type)
	{
		case DATEOID:
			return read_day(plain, zone, value);
		case TIMESTAMPTZOID:
			return read_instant(plain, zone, value);
		case BOOLOID:
			return read_boolean(plain, value);
		case INT4OID:
		case INT8OID:
			return read_integer(plain, type, value);
		default:
			return read_number(plain, type, value);
	}
}

static char *
told(text *written)
{
	int			length = VARSIZE_ANY_EXHDR(written);
	int			clipped = pg_mbcliplen(VARDATA_ANY(written), length, TOLD_SIZE);

	return psprintf("\"%.*s%s\"", clipped, VARDATA_ANY(written), clipped < length ? "..." : "");
}

static Datum
read_argument(FunctionCallInfo fcinfo, Oid type, bool must)
{
	text	   *written = PG_GETARG_TEXT_PP(0);
	text	   *zone = PG_NARGS() > 1 ? PG_GETARG_TEXT_PP(1) : NULL;
	const StrictKind *kind;
	Datum		value;

	if (read_value(written, zone, type, &value))
		return value;
	if (!must)
		PG_RETURN_NULL();
	kind = kind_of(type);
	ereport(ERROR,
			(errcode(kind->sqlstate),
			 errmsg("%s is no %s", told(written), kind->what),
			 errhint("In the query, %s.", psprintf(kind->cure, "value"))));
}

SQL_FUNCTION(strict_date, read_argument(fcinfo, DATEOID, true));
SQL_FUNCTION(strict_instant, read_argument(fcinfo, TIMESTAMPTZOID, true));
SQL_FUNCTION(strict_numeric, read_argument(fcinfo, NUMERICOID, true));
SQL_FUNCTION(strict_double, read_argument(fcinfo, FLOAT8OID, true));
SQL_FUNCTION(strict_integer, read_argument(fcinfo, INT4OID, true));
SQL_FUNCTION(strict_bigint, read_argument(fcinfo, INT8OID, true));
SQL_FUNCTION(strict_boolean, read_argument(fcinfo, BOOLOID, true));

SQL_FUNCTION(readable_date, read_argument(fcinfo, DATEOID, false));
SQL_FUNCTION(readable_instant, read_argument(fcinfo, TIMESTAMPTZOID, false));
SQL_FUNCTION(readable_numeric, read_argument(fcinfo, NUMERICOID, false));
SQL_FUNCTION(readable_double, read_argument(fcinfo, FLOAT8OID, false));
SQL_FUNCTION(readable_integer, read_argument(fcinfo, INT4OID, false));
SQL_FUNCTION(readable_bigint, read_argument(fcinfo, INT8OID, false));
SQL_FUNCTION(readable_boolean, read_argument(fcinfo, BOOLOID, false));

/* Arguments: column, text, type */
static Datum
misread_value(FunctionCallInfo fcinfo)
{
	text	   *written = PG_GETARG_TEXT_PP(1);
	const StrictKind *kind = kind_of(PG_GETARG_OID(2));
	StrictText	plain = strict_text(VARDATA_ANY(written), VARSIZE_ANY_EXHDR(written));
	StrictTime	time;
	Datum		value;
	char	   *column;

	if (kind == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("texts are not read as type %s", format_type_be(PG_GETARG_OID(2)))));
	/* in whichever zone */
	if (kind->sqlstate == ERRCODE_INVALID_DATETIME_FORMAT ? strict_time_parse(plain, &time) : read_value(written, NULL, kind->type, &value))
		PG_RETURN_NULL();
	column = text_to_cstring(PG_GETARG_TEXT_PP(0));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("column %s: %s is no %s; %s", column, told(written), kind->what, psprintf(kind->cure, column))));
}

SQL_FUNCTION(misread, misread_value(fcinfo));
