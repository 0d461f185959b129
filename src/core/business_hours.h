/*
 * Weekly opening hours in a time zone, and holidays: local days without hours,
 * or with hours of their own in place of those of the week.
 *
 * One flat, canonical value: the fields below, where HOURS_OF_HOLIDAYS is set the
 * number of hours of holidays and these (ascending), then the holidays (ascending),
 * the ranges (ascending, none touching another of its day) and the zone's name
 * with its terminator.
 *
 * Local time is counted in microseconds since 2000-01-01 00:00 on the zone's own
 * clock. How that clock runs against UTC is the caller's to know: here, every
 * day has 24 hours.
 */
#ifndef CSMETRICS_BUSINESS_HOURS_H
#define CSMETRICS_BUSINESS_HOURS_H

#include "core/instant.h"
#include "core/state.h"

#define MINUTES_PER_DAY		(24 * 60)
#define MINUTES_PER_WEEK	(7 * MINUTES_PER_DAY)
#define MINUTE_USECS		INT64_C(60000000)
#define WEEK_LENGTH			(7 * DAY_LENGTH)

#define BUSINESS_HOURS_VERSION 1

/* Part of one day, in minutes since Monday 00:00; opens < closes, which may be midnight. */
typedef struct OpenRange
{
	uint16_t	opens;
	uint16_t	closes;
} OpenRange;

/* Some holidays have hours; a flag. */
#define HOURS_OF_HOLIDAYS 0x01

/* Hours of a holiday, in minutes of the day; opens < closes, which may be midnight. */
typedef struct HolidayHours
{
	int32_t		day;
	uint16_t	opens;
	uint16_t	closes;
} HolidayHours;

typedef struct BusinessHours
{
	StateHeader header;
	uint32_t	holiday_count;
	uint16_t	range_count;	/* at least 1 */
	uint16_t	zone_size;		/* with its terminator */
} BusinessHours;

static inline uint32_t
holiday_hours_count(const BusinessHours *hours)
{
	return (hours->header.flags & HOURS_OF_HOLIDAYS) ? *(const uint32_t *) (hours + 1) : 0;
}

static inline const HolidayHours *
holiday_hours(const BusinessHours *hours)
{
	return (const HolidayHours *) ((const uint32_t *) (hours + 1) + 1);
}

static inline const int32_t *
hours_holidays(const BusinessHours *hours)
{
	if (hours->header.flags & HOURS_OF_HOLIDAYS)
		return (const int32_t *) (holiday_hours(hours) + holiday_hours_count(hours));
	return (const int32_t *) (hours + 1);
}

static inline const OpenRange *
hours_ranges(const BusinessHours *hours)
{
	return (const OpenRange *) (hours_holidays(hours) + hours->holiday_count);
}

static inline const char *
hours_zone(const BusinessHours *hours)
{
	return (const char *) (hours_ranges(hours) + hours->range_count);
}

/* Rounds down, also below zero. */
static inline int64_t
floor_to_unit(int64_t value, int64_t unit)
{
	return value / unit - (value % unit < 0);
}

/* Open time between two local times, from <= to, in microseconds. */
int64_t		hours_between(const BusinessHours *hours, int64_t from, int64_t to);

/* Open time of a week without holidays, in minutes. */
int			hours_weekly_minutes(const BusinessHours *hours);

/* By day, then by hours, for qsort. */
int			compare_holiday_hours(const void *a, const void *b);

/* What a value is made from, in memory of the caller's. */
typedef struct HoursDraft
{
	const char *zone;
	int			zone_length;
	OpenRange  *ranges;			/* room for RANGES_MAX */
	int			range_count;
	int32_t    *holidays;
	int64_t		holiday_count;
	HolidayHours *special;		/* hours of these */
	int64_t		special_count;
} HoursDraft;

/* Ranges of a week that do not overlap. */
#define RANGES_MAX MINUTES_PER_WEEK

/* Makes the draft canonical; the size of its value. */
size_t		hours_settle(HoursDraft *draft);

/* Fills memory of that size; the length word and the version are the caller's. */
void		hours_build(const HoursDraft *draft, BusinessHours *hours);

/* Size of a value with these counts. */
static inline size_t
hours_size(int64_t special, int64_t holidays, int64_t ranges, int64_t zone_size)
{
	size_t		of_holidays = special > 0 ? sizeof(uint32_t) + special * sizeof(HolidayHours) : 0;

	return sizeof(BusinessHours) + of_holidays + holidays * sizeof(int32_t) + ranges * sizeof(OpenRange) + zone_size;
}

/* What is wrong with a value of which only its size is known to fit its counts, or NULL. */
const char *hours_flaw(const BusinessHours *hours);

#endif
