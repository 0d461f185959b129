#include "core/business_hours_text.h"

#include <stdlib.h>
#include <string.h>

/* The first Monday: 2000-01-01 was a Saturday. */
#define FIRST_MONDAY (2 * DAY_LENGTH)

static int64_t
min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Reading */

int
hours_weekly_minutes(const BusinessHours *hours)
{
	const OpenRange *ranges = hours_ranges(hours);
	int			minutes = 0;

	for (int i = 0; i < hours->range_count; i++)
		minutes += ranges[i].closes - ranges[i].opens;
	return minutes;
}

/*
 * Open time from the first Monday to a local time as if there were no holidays:
 * that of the whole weeks, and of the begun one. Negative before that Monday.
 */
static int64_t
regular_time(const BusinessHours *hours, int64_t local)
{
	const OpenRange *ranges = hours_ranges(hours);
	int64_t		since = local - FIRST_MONDAY;
	int64_t		weeks = floor_to_unit(since, WEEK_LENGTH);
	int64_t		within = since - weeks * WEEK_LENGTH;
	int64_t		weekly = 0;
	int64_t		begun = 0;

	for (int i = 0; i < hours->range_count; i++)
	{
		int64_t		length = (ranges[i].closes - ranges[i].opens) * MINUTE_USECS;

		weekly += length;
		begun += max64(0, min64(length, within - ranges[i].opens * MINUTE_USECS));
	}
	return weeks * weekly + begun;
}

/* The first holiday not before the day. */
static uint32_t
holiday_search(const BusinessHours *hours, int64_t day)
{
	const int32_t *holidays = hours_holidays(hours);
	uint32_t	low = 0;
	uint32_t	high = hours->holiday_count;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		if (holidays[middle] < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Open time on holidays between two local times. */
static int64_t
holiday_time(const BusinessHours *hours, int64_t from, int64_t to)
{
	const HolidayHours *special = holiday_hours(hours);
	int64_t		first = floor_to_unit(from, DAY_LENGTH);
	int64_t		open = 0;
	uint32_t	low = 0;
	uint32_t	high = holiday_hours_count(hours);
	uint32_t	count = high;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		if (special[middle].day < first)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && special[low].day * DAY_LENGTH < to; low++)
	{
		int64_t		midnight = special[low].day * DAY_LENGTH;
		int64_t		opens = max64(from, midnight + special[low].opens * MINUTE_USECS);
		int64_t		closes = min64(to, midnight + special[low].closes * MINUTE_USECS);

		open += max64(0, closes - opens);
	}
	return open;
}

int64_t
hours_between(const BusinessHours *hours, int64_t from, int64_t to)
{
	const int32_t *holidays = hours_holidays(hours);
	int64_t		open = regular_time(hours, to) - regular_time(hours, from) + holiday_time(hours, from, to);

	for (uint32_t i = holiday_search(hours, floor_to_unit(from, DAY_LENGTH)); i < hours->holiday_count; i++)
	{
		int64_t		midnight = holidays[i] * DAY_LENGTH;

		if (midnight >= to)
			break;
		open -= regular_time(hours, min64(to, midnight + DAY_LENGTH)) - regular_time(hours, max64(from, midnight));
	}
	return open;
}

/* Building */

static int
compare_days(const void *a, const void *b)
{
	int32_t		left = *(const int32_t *) a;
	int32_t		right = *(const int32_t *) b;

	return (left > right) - (left < right);
}

/* True where b goes on on the same day where a ends. */
static bool
touches(OpenRange a, OpenRange b)
{
	return a.closes == b.opens && a.closes % MINUTES_PER_DAY != 0;
}

#define COMPARE(x, y) ((x) == (y) ? 0 : (x) < (y) ? -1 : 1)

int
compare_holiday_hours(const void *a, const void *b)
{
	const HolidayHours *x = a;
	const HolidayHours *y = b;
	int			order = COMPARE(x->day, y->day);

	if (order == 0)
		order = COMPARE(x->opens, y->opens);
	return order == 0 ? COMPARE(x->closes, y->closes) : order;
}

/* Joins hours of a holiday that touch; they are in order, and none overlap. */
static void
join_holiday_hours(HoursDraft *draft)
{
	HolidayHours *special = draft->special;
	int64_t		kept = 0;

	for (int64_t i = 0; i < draft->special_count; i++)
		if (kept > 0 && special[kept - 1].day == special[i].day && special[kept - 1].closes == special[i].opens)
			special[kept - 1].closes = special[i].closes;
		else
			special[kept++] = special[i];
	draft->special_count = kept;
}

size_t
hours_settle(HoursDraft *draft)
{
	int			ranges = 0;
	int64_t		holidays = 0;

	join_holiday_hours(draft);

	for (int i = 0; i < draft->range_count; i++)
		if (ranges > 0 && touches(draft->ranges[ranges - 1], draft->ranges[i]))
			draft->ranges[ranges - 1].closes = draft->ranges[i].closes;
		else
			draft->ranges[ranges++] = draft->ranges[i];
	draft->range_count = ranges;

	qsort(draft->holidays, draft->holiday_count, sizeof(int32_t), compare_days);
	for (int64_t i = 0; i < draft->holiday_count; i++)
		if (holidays == 0 || draft->holidays[holidays - 1] != draft->holidays[i])
			draft->holidays[holidays++] = draft->holidays[i];
	draft->holiday_count = holidays;

	return hours_size(draft->special_count, holidays, ranges, draft->zone_length + 1);
}

void
hours_build(const HoursDraft *draft, BusinessHours *hours)
{
	hours->holiday_count = draft->holiday_count;
	hours->range_count = draft->range_count;
	hours->zone_size = draft->zone_length + 1;
	if (draft->special_count > 0)
	{
		hours->header.flags = HOURS_OF_HOLIDAYS;
		*(uint32_t *) (hours + 1) = draft->special_count;
		memcpy((void *) holiday_hours(hours), draft->special, draft->special_count * sizeof(HolidayHours));
	}
	memcpy((void *) hours_holidays(hours), draft->holidays, draft->holiday_count * sizeof(int32_t));
	memcpy((void *) hours_ranges(hours), draft->ranges, draft->range_count * sizeof(OpenRange));
	memcpy((void *) hours_zone(hours), draft->zone, draft->zone_length);
	((char *) hours_zone(hours))[draft->zone_length] = '\0';
}

/* Checking */

static const char *
holiday_hours_flaw(const BusinessHours *hours)
{
	const HolidayHours *special = holiday_hours(hours);
	const int32_t *holidays = hours_holidays(hours);
	uint32_t	holiday = 0;

	if ((hours->header.flags & HOURS_OF_HOLIDAYS) && holiday_hours_count(hours) == 0)
		return "unknown flags";
	for (uint32_t i = 0; i < holiday_hours_count(hours); i++)
	{
		while (holiday < hours->holiday_count && holidays[holiday] < special[i].day)
			holiday++;
		if (holiday == hours->holiday_count || holidays[holiday] != special[i].day)
			return "hours of a day that is no holiday";
		if (special[i].opens >= special[i].closes || special[i].closes > MINUTES_PER_DAY)
			return "hours not of one day";
		if (i > 0 && special[i - 1].day == special[i].day && special[i - 1].closes >= special[i].opens)
			return "hours not in order";
	}
	return NULL;
}

const char *
hours_flaw(const BusinessHours *hours)
{
	const int32_t *holidays = hours_holidays(hours);
	const OpenRange *ranges = hours_ranges(hours);
	int			zone_length = hours->zone_size - 1;

	if (hours->header.version != BUSINESS_HOURS_VERSION)
		return "unknown version";
	if ((hours->header.flags & ~HOURS_OF_HOLIDAYS) != 0 || hours->header.reserved != 0)
		return "unknown flags";
	for (uint32_t i = 0; i < hours->holiday_count; i++)
		if (!day_is_valid(holidays[i]) || (i > 0 && holidays[i - 1] >= holidays[i]))
			return "holidays not in order";
	if (hours->range_count == 0)
		return "no hours";
	for (int i = 0; i < hours->range_count; i++)
	{
		int			midnight = (ranges[i].opens / MINUTES_PER_DAY + 1) * MINUTES_PER_DAY;

		if (ranges[i].closes > MINUTES_PER_WEEK || ranges[i].opens >= ranges[i].closes || ranges[i].closes > midnight)
			return "hours not of one day";
		if (i > 0 && (ranges[i - 1].closes > ranges[i].opens || touches(ranges[i - 1], ranges[i])))
			return "hours not in order";
	}
	if (!zone_name_is_plain(hours_zone(hours), zone_length) || hours_zone(hours)[zone_length] != '\0')
		return "not the name of a time zone";
	return holiday_hours_flaw(hours);
}
