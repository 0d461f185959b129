/*
 * Days and periods. A day is a count from 2000-01-01, as in PostgreSQL's date.
 * Periods are half-open, [start, next start), and counted from an origin day:
 * months that begin on the 31st begin on the last day of a shorter month.
 */
#ifndef CSMETRICS_CALENDAR_H
#define CSMETRICS_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

/* 0001-01-01 and 9999-12-31 */
#define DAY_FIRST	(-730119)
#define DAY_LAST	2921939

/* Longest text of a day. */
#define DAY_TEXT_SIZE 10

typedef enum PeriodUnit
{
	PERIOD_DAY,
	PERIOD_WEEK,
	PERIOD_MONTH,
	PERIOD_QUARTER,
	PERIOD_YEAR
} PeriodUnit;

#define PERIOD_UNITS (PERIOD_YEAR + 1)

extern const char *const period_unit_words[PERIOD_UNITS];

typedef struct Civil
{
	int32_t		year;
	int32_t		month;			/* 1 to 12 */
	int32_t		day;			/* 1 to 31 */
} Civil;

static inline bool
day_is_valid(int32_t day)
{
	return day >= DAY_FIRST && day <= DAY_LAST;
}

Civil		civil_from_day(int32_t day);
int32_t		day_from_civil(int32_t year, int32_t month, int32_t day);
int			days_in_month(int32_t year, int32_t month);
int			day_print(char *out, int32_t day);
const char *day_parse(const char *text, int32_t *day);

/* false when the word is none of day, week, month, quarter, year */
bool		period_unit_parse(const char *word, int length, PeriodUnit *unit);

/* First day of period `index` counted from `origin`; index may be negative. */
int32_t		period_start(int32_t origin, PeriodUnit unit, int32_t index);

/* What counting periods from a day needs to know of it. */
typedef struct PeriodOrigin
{
	int32_t		day;
	PeriodUnit	unit;
	Civil		civil;
} PeriodOrigin;

PeriodOrigin period_origin(int32_t origin, PeriodUnit unit);

/* The period that holds `day`: period_start(index) <= day < period_start(index + 1). */
int32_t		period_index(const PeriodOrigin *origin, int32_t day);

#endif
