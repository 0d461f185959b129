/* The text form of business hours: Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30, Sat 10:00-14:00; 2024-12-24 09:00-12:00 2024-12-25 */
#ifndef CSMETRICS_BUSINESS_HOURS_TEXT_H
#define CSMETRICS_BUSINESS_HOURS_TEXT_H

#include "core/business_hours.h"

extern const char *const weekday_words[7];

typedef enum HoursProblem
{
	HOURS_INCOMPLETE,			/* the text ends, or a part of it, where more should come */
	HOURS_DAY,
	HOURS_TIME,
	HOURS_ORDER,				/* a range ends before it begins */
	HOURS_OVERLAP,
	HOURS_HOLIDAY,
	HOURS_ZONE					/* found by the caller */
} HoursProblem;

typedef struct HoursFault
{
	HoursProblem problem;
	const char *piece;			/* of the text, where one is at fault */
	int			length;
	OpenRange	overlapping[2];
} HoursFault;

/* Holidays that a text may have at most. */
int64_t		hours_text_holidays(size_t length);

/* Hours of holidays that it may have at most. */
int64_t		hours_text_special(size_t length);

/* "Zone weekly hours; holidays" into an empty draft; false and the fault when it does not parse. */
bool		hours_parse(const char *text, HoursDraft *draft, HoursFault *fault);

/* The same of the weekly hours alone. */
bool		hours_parse_week(const char *text, HoursDraft *draft, HoursFault *fault);

/* An upper bound of the length of the text form. */
size_t		hours_text_bound(const BusinessHours *hours);

/* The canonical text without a terminator; returns its length. */
size_t		hours_print(const BusinessHours *hours, char *out);

/* Length of "09:00-17:30" */
#define RANGE_TEXT_SIZE 11

/* The hours of a range without its day and without a terminator; returns the end. */
char	   *range_print(char *out, OpenRange range);

/* Of letters, digits and / _ + - only, as all names of zones are. */
bool		zone_name_is_plain(const char *name, int length);

#endif
