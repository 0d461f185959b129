#include "core/calendar.h"

#include <string.h>

/*
 * Proleptic Gregorian conversion by years that begin in March, so that the
 * leap day comes last. Source: H. Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms"; 719468 days lie between 0000-03-01 and 1970-01-01.
 */
#define DAYS_TO_2000_FROM_MARCH_0	(719468 + 10957)
#define DAYS_PER_ERA				146097	/* 400 years */

static const char *const unit_words[PERIOD_UNITS] = {"day", "week", "month", "quarter", "year"};

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
	int32_t		shifted = day + DAYS_TO_2000_FROM_MARCH_0;
	int32_t		era = floor_divide(shifted, DAYS_PER_ERA);
	int32_t		day_of_era = shifted - era * DAYS_PER_ERA;
	int32_t		year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int32_t		day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int32_t		month = (5 * day_of_year + 2) / 153;	/* 0 is March */

	return (Civil) {
		.year = year_of_era + era * 400 + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = day_of_year - (153 * month + 2) / 5 + 1,
	};
}

int32_t
day_from_civil(int32_t year, int32_t month, int32_t day)
{
	int32_t		march_year = year - (month <= 2);
	int32_t		era = floor_divide(march_year, 400);
	int32_t		year_of_era = march_year - era * 400;
	int32_t		day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
		- DAYS_TO_2000_FROM_MARCH_0;
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
		if ((int) strlen(unit_words[i]) == length && memcmp(word, unit_words[i], length) == 0)
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

int32_t
period_index(int32_t origin, PeriodUnit unit, int32_t day)
{
	Civil		from,
				to;
	int32_t		months;

	if (unit < PERIOD_MONTH)
		return floor_divide(day - origin, unit_lengths[unit]);

	from = civil_from_day(origin);
	to = civil_from_day(day);
	months = (to.year - from.year) * 12 + to.month - from.month;
	/* before the origin's day of the month, unless this month ends sooner */
	if (to.day < from.day && to.day < days_in_month(to.year, to.month))
		months--;
	return floor_divide(months, unit_lengths[unit]);
}
