/*
 * Business hours, and the business time between two instants: a span is split
 * where the zone's offset from UTC changes, and where one schedule follows another.
 */
#include "pg/state.h"
#include "pg/times.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "core/business_hours_text.h"

#define UNIX_EPOCH_SECONDS ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/* Time zones */

/*
 * The zone of that name in any case, or NULL. The colon asks for a file of
 * zoneinfo and nothing else: without it PostgreSQL would take "UTC+3" for a POSIX
 * rule, three hours *behind* UTC. Zones with leap seconds are not acceptable.
 */
static pg_tz *
zone_find(const char *name, int length)
{
	char		file[TZ_STRLEN_MAX + 1];
	pg_tz	   *zone;

	if (length >= TZ_STRLEN_MAX || !zone_name_is_plain(name, length))
		return NULL;
	file[0] = ':';
	memcpy(file + 1, name, length);
	file[length + 1] = '\0';
	zone = pg_tzset(file);
	return zone && pg_tz_acceptable(zone) ? zone : NULL;
}

/* The zone of a value. Zones live as long as the process: the last is at hand for the next call. */
static pg_tz *
zone_of(FunctionCallInfo fcinfo, const BusinessHours *hours)
{
	const char *name = hours_zone(hours);
	pg_tz	   *zone = fcinfo->flinfo->fn_extra;

	if (zone && strcmp(pg_get_timezone_name(zone), name) == 0)
		return zone;
	zone = zone_find(name, hours->zone_size - 1);
	if (!zone)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown time zone \"%s\"", name),
				 errdetail("The time zone files of this server do not have it.")));
	fcinfo->flinfo->fn_extra = zone;
	return zone;
}

/* The zone's offset at an instant and from there on up to *until, which is at most what it was. */
static int64
zone_offset(pg_tz *zone, TimestampTz at, TimestampTz *until)
{
	pg_time_t	seconds = floor_to_unit(at, USECS_PER_SEC) + UNIX_EPOCH_SECONDS;
	pg_time_t	next_second = seconds + 1;
	pg_time_t	change;
	long		offset,
				next_offset;
	int			is_dst,
				next_is_dst;
	int			found = pg_next_dst_boundary(&seconds, &offset, &is_dst, &change, &next_offset, &next_is_dst, zone);

	/* it finds nothing from the very last instant in its table on, though rules may go on: no two changes are a second apart */
	if (found == 0)
		found = pg_next_dst_boundary(&next_second, &offset, &is_dst, &change, &next_offset, &next_is_dst, zone);
	if (found < 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("no rule of time zone \"%s\" for so distant a time", pg_get_timezone_name(zone))));
	if (found > 0)
		*until = Min(*until, (change - UNIX_EPOCH_SECONDS) * USECS_PER_SEC);
	return offset * USECS_PER_SEC;
}

/* Values */

static HoursDraft
draft_new(int64 holidays, int64 special)
{
	return (HoursDraft) {
		.ranges = palloc(RANGES_MAX * sizeof(OpenRange)),
		.holidays = palloc(holidays * sizeof(int32)),
		.special = palloc(special * sizeof(HolidayHours)),
	};
}

static Datum
fault_report(const HoursFault *fault, const char *text, int code, Node *context)
{
	static const char *const messages[] = {
		[HOURS_INCOMPLETE] = "incomplete business hours \"%s\"",
		[HOURS_DAY] = "not a day of business hours: \"%s\"",
		[HOURS_TIME] = "not a time of business hours: \"%s\"",
		[HOURS_ORDER] = "business hours %s do not end after they begin",
		[HOURS_OVERLAP] = "business hours %s overlap",
		[HOURS_HOLIDAY] = "not a holiday of business hours: \"%s\"",
		[HOURS_ZONE] = "unknown time zone \"%s\"",
	};
	static const char *const hints[] = {
		[HOURS_INCOMPLETE] = "Write them as in Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30, Sat 10:00-14:00; 2024-12-25.",
		[HOURS_DAY] = "Days are Mon, Tue, Wed, Thu, Fri, Sat and Sun, a run of them Mon-Fri.",
		[HOURS_TIME] = "Hours are written 09:00-17:30, from 00:00 to 24:00.",
		[HOURS_ORDER] = "Hours past midnight belong to two days: Fri 22:00-24:00, Sat 00:00-06:00.",
		[HOURS_OVERLAP] = "Write each hour of a day once.",
		[HOURS_HOLIDAY] = "Holidays are written 2024-12-25, from 0001-01-01 to 9999-12-31, with blanks between; a half one 2024-12-24 09:00-12:00.",
		[HOURS_ZONE] = "Write a name of pg_timezone_names, such as Europe/Berlin.",
	};
	const char *piece = fault->piece;
	int			length = fault->length;
	char		ranges[2 * RANGE_TEXT_SIZE + sizeof(" and  of Mon")];

	if (fault->problem == HOURS_INCOMPLETE)
	{
		piece = text;
		length = strlen(text);
	}
	else if (fault->problem == HOURS_OVERLAP)
	{
		char	   *end = range_print(ranges, fault->overlapping[0]);

		end = range_print(end + sprintf(end, " and "), fault->overlapping[1]);
		length = end + sprintf(end, " of %s", weekday_words[fault->overlapping[0].opens / MINUTES_PER_DAY]) - ranges;
		piece = ranges;
	}
	ereturn(context, (Datum) 0,
			(errcode(code),
			 errmsg(messages[fault->problem], pnstrdup(piece, pg_mbcliplen(piece, length, 100))),
			 errhint("%s", hints[fault->problem])));
}

/* The value of a draft that parsed, unless its zone is unknown. */
static Datum
draft_finish(HoursDraft *draft, int code, Node *context)
{
	pg_tz	   *zone = zone_find(draft->zone, draft->zone_length);
	BusinessHours *hours;
	Size		size;

	if (!zone)
	{
		HoursFault	fault = {.problem = HOURS_ZONE, .piece = draft->zone, .length = draft->zone_length};

		return fault_report(&fault, NULL, code, context);
	}
	draft->zone = pg_get_timezone_name(zone);
	size = hours_settle(draft);
	hours = palloc0(size);
	SET_VARSIZE(hours, size);
	hours->header.version = BUSINESS_HOURS_VERSION;
	hours_build(draft, hours);
	PG_RETURN_POINTER(hours);
}

static const BusinessHours *
hours_from_datum(Datum value)
{
	const BusinessHours *hours = (BusinessHours *) PG_DETOAST_DATUM(value);

	if (hours->header.version != BUSINESS_HOURS_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("business_hours of unknown version %d", hours->header.version),
				 errdetail("This csmetrics reads version %d.", BUSINESS_HOURS_VERSION)));
#ifdef USE_ASSERT_CHECKING
	if (hours_flaw(hours))
		elog(PANIC, "business_hours is not canonical: %s", hours_flaw(hours));
#endif
	return hours;
}

static Datum
hours_in(FunctionCallInfo fcinfo)
{
	const char *text = PG_GETARG_CSTRING(0);
	HoursDraft	draft = draft_new(hours_text_holidays(strlen(text)), hours_text_special(strlen(text)));
	HoursFault	fault;

	if (!hours_parse(text, &draft, &fault))
		return fault_report(&fault, text, ERRCODE_INVALID_TEXT_REPRESENTATION, fcinfo->context);
	return draft_finish(&draft, ERRCODE_INVALID_TEXT_REPRESENTATION, fcinfo->context);
}

static Datum
hours_out(FunctionCallInfo fcinfo)
{
	const BusinessHours *hours = hours_from_datum(PG_GETARG_DATUM(0));
	char	   *text = palloc(hours_text_bound(hours) + 1);

	text[hours_print(hours, text)] = '\0';
	PG_RETURN_CSTRING(text);
}

/* Arguments: zone, hours, holidays */
static Datum
hours_make(FunctionCallInfo fcinfo)
{
	text	   *zone = PG_GETARG_TEXT_PP(0);
	const char *week = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Datum	   *days;
	bool	   *nulls;
	int			day_count;
	HoursDraft	draft;
	HoursFault	fault;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), DATEOID, sizeof(DateADT), true, TYPALIGN_INT, &days, &nulls, &day_count);
	draft = draft_new(day_count, 0);
	if (!hours_parse_week(week, &draft, &fault))
		return fault_report(&fault, week, ERRCODE_INVALID_PARAMETER_VALUE, NULL);
	for (int i = 0; i < day_count; i++)
	{
		int32		day = nulls[i] ? 0 : DatumGetDateADT(days[i]);

		if (nulls[i] || !day_is_valid(day))
			ereport(ERROR,
					(errcode(nulls[i] ? ERRCODE_INVALID_PARAMETER_VALUE : ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("holiday %d is %s", i + 1, nulls[i] ? "NULL" : day_text(day)),
					 errdetail("Holidays lie between 0001-01-01 and 9999-12-31.")));
		draft.holidays[draft.holiday_count++] = day;
	}
	draft.zone = VARDATA_ANY(zone);
	draft.zone_length = VARSIZE_ANY_EXHDR(zone);
	return draft_finish(&draft, ERRCODE_INVALID_PARAMETER_VALUE, NULL);
}

/* On the wire the counts stand before what they count, and the zone has no terminator. */
static const char *
hours_receive(StringInfo message, BusinessHours **result)
{
	int			rest = message->len - message->cursor;
	const int	fixed = sizeof(BusinessHours) - sizeof(uint32);
	StateHeader header = {0};
	int64		special = 0,
				holidays,
				ranges,
				zone_length;
	BusinessHours *hours;
	Size		size;

	if (rest < fixed)
		return "wrong length";
	header.version = pq_getmsgbyte(message);
	header.flags = pq_getmsgbyte(message);
	header.reserved = pq_getmsgint(message, 2);
	holidays = (uint32) pq_getmsgint(message, 4);
	ranges = pq_getmsgint(message, 2);
	zone_length = pq_getmsgint(message, 2);
	if ((header.flags & HOURS_OF_HOLIDAYS) && rest >= fixed + (int) sizeof(uint32))
		special = (uint32) pq_getmsgint(message, 4);
	if ((header.flags & HOURS_OF_HOLIDAYS) && special == 0)
		return "unknown flags";
	size = hours_size(special, holidays, ranges, zone_length + 1);
	if (zone_length > TZ_STRLEN_MAX || rest - fixed != (int64) (size - sizeof(BusinessHours)) - 1)
		return "wrong length";

	hours = *result = palloc0(size);
	hours->header = header;
	SET_VARSIZE(hours, size);
	hours->holiday_count = holidays;
	hours->range_count = ranges;
	hours->zone_size = zone_length + 1;
	if (special > 0)
		*(uint32 *) (hours + 1) = special;
	for (int64 i = 0; i < special; i++)
	{
		HolidayHours *of_day = (HolidayHours *) holiday_hours(hours) + i;

		of_day->day = pq_getmsgint(message, 4);
		of_day->opens = pq_getmsgint(message, 2);
		of_day->closes = pq_getmsgint(message, 2);
	}
	for (int64 i = 0; i < holidays; i++)
		((int32 *) hours_holidays(hours))[i] = pq_getmsgint(message, 4);
	for (int64 i = 0; i < ranges; i++)
	{
		OpenRange  *range = (OpenRange *) hours_ranges(hours) + i;

		range->opens = pq_getmsgint(message, 2);
		range->closes = pq_getmsgint(message, 2);
	}
	pq_copymsgbytes(message, (char *) hours_zone(hours), zone_length);
	return hours_flaw(hours);
}

static Datum
hours_recv(FunctionCallInfo fcinfo)
{
	BusinessHours *hours;
	const char *flaw = hours_receive((StringInfo) PG_GETARG_POINTER(0), &hours);

	if (!flaw)
	{
		pg_tz	   *zone = zone_find(hours_zone(hours), hours->zone_size - 1);

		if (!zone)
			flaw = "unknown time zone";
		else if (strcmp(pg_get_timezone_name(zone), hours_zone(hours)) != 0)
			flaw = "time zone in other letters than its name has";
	}
	if (flaw)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary business_hours"),
				 errdetail("%s", flaw)));
	PG_RETURN_POINTER(hours);
}

static Datum
hours_send(FunctionCallInfo fcinfo)
{
	const BusinessHours *hours = hours_from_datum(PG_GETARG_DATUM(0));
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbyte(&message, hours->header.version);
	pq_sendbyte(&message, hours->header.flags);
	pq_sendint16(&message, hours->header.reserved);
	pq_sendint32(&message, hours->holiday_count);
	pq_sendint16(&message, hours->range_count);
	pq_sendint16(&message, hours->zone_size - 1);
	if (hours->header.flags & HOURS_OF_HOLIDAYS)
		pq_sendint32(&message, holiday_hours_count(hours));
	for (uint32 i = 0; i < holiday_hours_count(hours); i++)
	{
		pq_sendint32(&message, holiday_hours(hours)[i].day);
		pq_sendint16(&message, holiday_hours(hours)[i].opens);
		pq_sendint16(&message, holiday_hours(hours)[i].closes);
	}
	for (uint32 i = 0; i < hours->holiday_count; i++)
		pq_sendint32(&message, hours_holidays(hours)[i]);
	for (int i = 0; i < hours->range_count; i++)
	{
		pq_sendint16(&message, hours_ranges(hours)[i].opens);
		pq_sendint16(&message, hours_ranges(hours)[i].closes);
	}
	pq_sendbytes(&message, hours_zone(hours), hours->zone_size - 1);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

SQL_FUNCTION(business_hours_in, hours_in(fcinfo));
SQL_FUNCTION(business_hours_out, hours_out(fcinfo));
SQL_FUNCTION(business_hours_recv, hours_recv(fcinfo));
SQL_FUNCTION(business_hours_send, hours_send(fcinfo));
SQL_FUNCTION(business_hours_make, hours_make(fcinfo));

/* Readers */

static TimestampTz
instant_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(n);

	if (!instant_is_valid(at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s out of range: %s", what, instant_text(at)),
				 errdetail("Instants lie in the years 1 to 9999.")));
	return at;
}

/* [from, to) of arguments 0 and 1, from <= to */
static void
span_args(FunctionCallInfo fcinfo, TimestampTz *from, TimestampTz *to)
{
	*from = instant_arg(fcinfo, 0, "from_at");
	*to = instant_arg(fcinfo, 1, "to_at");
	if (*to < *from)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("to_at %s is before from_at %s", instant_text(*to), instant_text(*from))));
}

/* An interval without days: a business day is shorter than 24 hours. */
static Datum
interval_of(int64 usecs)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->time = usecs;
	PG_RETURN_INTERVAL_P(interval);
}

static int64
time_within(FunctionCallInfo fcinfo, const BusinessHours *hours, TimestampTz from, TimestampTz to)
{
	pg_tz	   *zone = zone_of(fcinfo, hours);
	int64		open = 0;

	while (from < to)
	{
		TimestampTz until = to;
		int64		offset = zone_offset(zone, from, &until);

		open += hours_between(hours, from + offset, until + offset);
		from = until;
	}
	return open;
}

/* Arguments: from_at, to_at, hours */
static Datum
time_by_hours(FunctionCallInfo fcinfo)
{
	TimestampTz from,
				to;

	span_args(fcinfo, &from, &to);
	return interval_of(time_within(fcinfo, hours_from_datum(PG_GETARG_DATUM(2)), from, to));
}

/* The elements of argument n, none of them NULL. */
static int
array_arg(FunctionCallInfo fcinfo, int n, const char *what, Datum **values)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(n);
	bool	   *nulls;
	int			count;
	int16		length;
	bool		by_value;
	char		align;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, values, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("element %d of %s is NULL", i + 1, what)));
	return count;
}

/* Arguments: from_at, to_at, hours[], in_force_from[] */
static Datum
time_by_schedules(FunctionCallInfo fcinfo)
{
	TimestampTz from,
				to;
	Datum	   *hours,
			   *starts;
	int			count = array_arg(fcinfo, 2, "hours", &hours);
	int			start_count = array_arg(fcinfo, 3, "in_force_from", &starts);
	int64		open = 0;

	span_args(fcinfo, &from, &to);
	if (count != start_count)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d hours but %d in_force_from", count, start_count),
				 errdetail("Each schedule has the instant from which it is in force.")));
	for (int i = 1; i < count; i++)
		if (DatumGetTimestampTz(starts[i]) <= DatumGetTimestampTz(starts[i - 1]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("in_force_from %s does not come after %s", instant_text(DatumGetTimestampTz(starts[i])),
							instant_text(DatumGetTimestampTz(starts[i - 1]))),
					 errdetail("Schedules stand in the order in which they came into force.")));

	for (int i = 0; i < count; i++)
	{
		TimestampTz start = Max(from, DatumGetTimestampTz(starts[i]));
		TimestampTz end = i + 1 < count ? Min(to, DatumGetTimestampTz(starts[i + 1])) : to;

		if (start < end)
			open += time_within(fcinfo, hours_from_datum(hours[i]), start, end);
	}
	return interval_of(open);
}

/* Arguments: hours, at */
static Datum
open_at(FunctionCallInfo fcinfo)
{
	const BusinessHours *hours = hours_from_datum(PG_GETARG_DATUM(0));
	TimestampTz at = instant_arg(fcinfo, 1, "at");
	TimestampTz until = at;
	int64		local = at + zone_offset(zone_of(fcinfo, hours), at, &until);

	/* hours begin and end at whole minutes: a microsecond is all open or not at all */
	PG_RETURN_BOOL(hours_between(hours, local, local + 1) > 0);
}

static Datum
weekly_time(FunctionCallInfo fcinfo)
{
	return interval_of(hours_weekly_minutes(hours_from_datum(PG_GETARG_DATUM(0))) * MINUTE_USECS);
}

SQL_FUNCTION(business_time_by_hours, time_by_hours(fcinfo));
SQL_FUNCTION(business_time_by_schedules, time_by_schedules(fcinfo));
SQL_FUNCTION(business_hours_open_at, open_at(fcinfo));
SQL_FUNCTION(business_hours_weekly, weekly_time(fcinfo));
