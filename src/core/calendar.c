#include "core/calendar.h"

#include <string.h>

/*
 * Proleptic Gregorian conversion by years that begin in March, so that the leap
 * day comes last. Source: C. Neri and L. Schneider, "Euclidean affine functions
 * and their application to calendar algorithms", Software: Practice and
 * Experience 53 (2023); 730425 days lie between 0000-03-01 and 2000-01-01.
 */
#define DAYS_TO_2000_FROM_MARCH_0	730425
#define DAYS_PER_CENTURIES			146097	/* four of them */

const char *const period_unit_words[PERIOD_UNITS] = {"day", "week", "month", "quarter", "year"};

/* Length of a unit in days, or in months from PERIOD_MONTH on. */
static const int unit_lengths[PERIOD_UNITS] = {1, 7, 1, 3, 12};

static int32_t
floor_divide(int32_t a, int32_t b)
{
	return a / b - (a % b < 0);
}

Civil
civil_from_day(int32_t day)
{
	uint32_t	n1 = 4 * (uint32_t) (day + DAYS_TO_2000_FROM_MARCH_0) + 3;
	uint32_t	century = n1 / DAYS_PER_CENTURIES;
	uint32_t	n2 = (n1 % DAYS_PER_CENTURIES) | 3;
	uint64_t	product = UINT64_C(2939745) * n2;
	uint32_t	day_of_year = (uint32_t) product / 2939745 / 4;
	uint32_t	n3 = 2141 * day_of_year + 197913;
	bool		next_year = day_of_year >= 306;

	return (Civil) {
		.year = (int32_t) (100 * century + (product >> 32) + next_year),
		.month = (int32_t) ((n3 >> 16) - (next_year ? 12 : 0)),
		.day = (int32_t) ((n3 & 0xffff) / 2141 + 1),
	};
}

int32_t
day_from_civil(int32_t year, int32_t month, int32_t day)
{
	int32_t		march_year = year - (month <= 2);
	int32_t		march_month = month + (month > 2 ? -3 : 9);

	return 365 * march_year + floor_divide(march_year, 4) - floor_divide(march_year, 100) + floor_divide(march_year, 400)
		+ (153 * march_month + 2) / 5 + day - 1 - DAYS_TO_2000_FROM_MARCH_0;
}

int
days_in_month(int32_t year, int32_t month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

int
day_print(char *out, int32_t day)
{
	Civil		civil = civil_from_day(day);
	int			number = civil.year * 10000 + civil.month * 100 + civil.day;

	for (int i = DAY_TEXT_SIZE - 1; i >= 0; i--)
	{
		bool		dash = i == 4 || i == 7;

		out[i] = dash ? '-' : '0' + number % 10;
		number /= dash ? 1 : 10;
	}
	return DAY_TEXT_SIZE;
}

const char *
day_parse(const char *text, int32_t *day)
{
	int32_t		number = 0;
	int32_t		year,
				month,
				day_of_month;

	for (int i = 0; i < DAY_TEXT_SIZE; i++, text++)
	{
		if (i == 4 || i == 7)
		{
			if (*text != '-')
				return 0;
		}
		else if (*text >= '0' && *text <= '9')
			number = number * 10 + *text - '0';
		else
			return 0;
	}
	year = number / 10000;
	month = number / 100 % 100;
	day_of_month = number % 100;
	if (year < 1 || month < 1 || month > 12 || day_of_month < 1 || day_of_month > days_in_month(year, month))
		return 0;
	*day = day_from_civil(year, month, day_of_month);
	return text;
}

bool
period_unit_parse(const char *word, int length, PeriodUnit *unit)
{
	for (int i = 0; i < PERIOD_UNITS; i++)
		if ((int) strlen(period_unit_words[i]) == length && memcmp(word, period_unit_words[i], length) == 0)
		{
			*unit = i;
			return true;
		}
	return false;
}

int32_t
period_start(int32_t origin, PeriodUnit unit, int32_t index)
{
	Civil		civil;
	int32_t		months,
				year,
				month,
				last;

	if (unit < PERIOD_MONTH)
		return origin + index * unit_lengths[unit];

	civil = civil_from_day(origin);
	months = civil.year * 12 + civil.month - 1 + index * unit_lengths[unit];
	year = floor_divide(months, 12);
	month = months - year * 12 + 1;
	last = days_in_month(year, month);
	return day_from_civil(year, month, civil.day < last ? civil.day : last);
}

PeriodOrigin
period_origin(int32_t origin, PeriodUnit unit)
{
	return (PeriodOrigin) {origin, unit, unit < PERIOD_MONTH ? (Civil) {0} : civil_from_day(origin)};
}

int32_t
period_index(const PeriodOrigin *origin, int32_t day)
{
	Civil		to;
	int32_t		months;

	if (origin->unit < PERIOD_MONTH)
		return floor_divide(day - origin->day, unit_lengths[origin->unit]);

	to = civil_from_day(day);
	months = (to.year - origin->civil.year) * 12 + to.month - origin->civil.month;
	/* before the origin's day of the month, unless this month ends sooner */
	if (to.day < origin->civil.day && to.day < days_in_month(to.year, to.month))
		months--;
	return floor_divide(months, unit_lengths[origin->unit]);
}
