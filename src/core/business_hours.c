#include "core/business_hours.h"

#include <stdlib.h>
#include <string.h>

/* The first Monday: 2000-01-01 was a Saturday. */
#define FIRST_MONDAY (2 * DAY_LENGTH)

const char *const weekday_words[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

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

int64_t
hours_between(const BusinessHours *hours, int64_t from, int64_t to)
{
	const int32_t *holidays = hours_holidays(hours);
	int64_t		open = regular_time(hours, to) - regular_time(hours, from);

	for (uint32_t i = holiday_search(hours, floor_to_unit(from, DAY_LENGTH)); i < hours->holiday_count; i++)
	{
		int64_t		midnight = holidays[i] * DAY_LENGTH;

		if (midnight >= to)
			break;
		open -= regular_time(hours, min64(to, midnight + DAY_LENGTH)) - regular_time(hours, max64(from, midnight));
	}
	return open;
}

/* Text in */

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
ends_piece(char c)
{
	return c == '\0' || c == ',' || c == ';' || is_blank(c);
}

static const char *
skip_blanks(const char *text)
{
	while (is_blank(*text))
		text++;
	return text;
}

/* Always NULL: what a function that parses returns where it fails. */
static const char *
refuse(HoursFault *fault, HoursProblem problem, const char *piece)
{
	int			length = 0;

	while (!ends_piece(piece[length]))
		length++;
	*fault = (HoursFault) {.problem = length > 0 ? problem : HOURS_INCOMPLETE, .piece = piece, .length = length};
	return NULL;
}

/* "-" between blanks, or the text as it is. */
static const char *
skip_dash(const char *text)
{
	const char *dash = skip_blanks(text);

	return *dash == '-' ? skip_blanks(dash + 1) : text;
}

static const char *
parse_weekday(const char *text, int *day, HoursFault *fault)
{
	for (*day = 0; *day < 7; (*day)++)
	{
		int			i = 0;

		/* the words are of letters, of which bit 5 is the case */
		while (i < 3 && ((text[i] ^ weekday_words[*day][i]) & ~0x20) == 0)
			i++;
		if (i == 3 && (text[3] == '-' || ends_piece(text[3])))
			return text + 3;
	}
	return refuse(fault, HOURS_DAY, text);
}

/* "Mon", "Mon-Fri", "Sun-Thu" and any number of these, as a bit a day */
static const char *
parse_weekdays(const char *text, unsigned *days, HoursFault *fault)
{
	*days = 0;
	do
	{
		int			day,
					last;
		const char *end = parse_weekday(text, &day, fault);

		if (!end)
			return NULL;
		last = day;
		text = skip_dash(end);
		if (text != end && !(text = parse_weekday(text, &last, fault)))
			return NULL;
		*days |= 1u << last;
		for (; day != last; day = (day + 1) % 7)
			*days |= 1u << day;
		text = skip_blanks(text);
	} while (is_letter(*text));
	return text;
}

static const char *
parse_time(const char *text, int *minute, HoursFault *fault)
{
	const char *next = text;
	int			hour = 0;

	while (is_digit(*next) && next - text < 2)
		hour = hour * 10 + *next++ - '0';
	if (next == text || next[0] != ':' || !is_digit(next[1]) || !is_digit(next[2]))
		return refuse(fault, HOURS_TIME, text);
	*minute = hour * 60 + (next[1] - '0') * 10 + next[2] - '0';
	if (next[1] > '5' || *minute > MINUTES_PER_DAY || !(next[3] == '-' || ends_piece(next[3])))
		return refuse(fault, HOURS_TIME, text);
	return next + 3;
}

/* Keeps the ranges in order and apart, so that they never outgrow RANGES_MAX. */
static bool
add_range(HoursDraft *draft, OpenRange range, HoursFault *fault)
{
	OpenRange  *at = draft->ranges + draft->range_count;
	OpenRange  *end = at;
	OpenRange  *other = NULL;

	while (at > draft->ranges && at[-1].opens >= range.opens)
		at--;
	if (at > draft->ranges && at[-1].closes > range.opens)
		other = at - 1;
	else if (at < end && at->opens < range.closes)
		other = at;
	if (other)
	{
		*fault = (HoursFault) {.problem = HOURS_OVERLAP, .overlapping = {*other, range}};
		return false;
	}
	memmove(at + 1, at, (char *) end - (char *) at);
	*at = range;
	draft->range_count++;
	return true;
}

/* "09:00-12:00 13:00-17:30" on each of these days */
static const char *
parse_ranges(const char *text, unsigned days, HoursDraft *draft, HoursFault *fault)
{
	do
	{
		int			opens,
					closes;
		const char *start = text;
		const char *end = parse_time(text, &opens, fault);

		if (!end)
			return NULL;
		text = skip_dash(end);
		if (text == end)
			return refuse(fault, HOURS_TIME, start);
		if (!(end = parse_time(text, &closes, fault)))
			return NULL;
		if (!ends_piece(*end))
			return refuse(fault, HOURS_TIME, text);
		if (closes <= opens)
		{
			*fault = (HoursFault) {.problem = HOURS_ORDER, .piece = start, .length = (int) (end - start)};
			return NULL;
		}
		for (int day = 0; day < 7; day++)
			if ((days >> day & 1) &&
				!add_range(draft, (OpenRange) {day * MINUTES_PER_DAY + opens, day * MINUTES_PER_DAY + closes}, fault))
				return NULL;
		text = skip_blanks(end);
	} while (!ends_piece(*text));
	return text;
}

/* Groups of days with their ranges, up to the end or a semicolon */
static const char *
parse_week(const char *text, HoursDraft *draft, HoursFault *fault)
{
	for (;;)
	{
		unsigned	days;

		text = parse_weekdays(skip_blanks(text), &days, fault);
		if (text)
			text = parse_ranges(text, days, draft, fault);
		if (!text || *text != ',')
			return text;
		text++;
	}
}

bool
hours_parse_week(const char *text, HoursDraft *draft, HoursFault *fault)
{
	text = parse_week(text, draft, fault);
	if (text && *text)
	{
		*fault = (HoursFault) {.problem = HOURS_DAY, .piece = text, .length = (int) strlen(text)};
		text = NULL;
	}
	return text != NULL;
}

bool
hours_parse(const char *text, HoursDraft *draft, HoursFault *fault)
{
	draft->zone = skip_blanks(text);
	while (draft->zone[draft->zone_length] && !is_blank(draft->zone[draft->zone_length]))
		draft->zone_length++;

	text = parse_week(draft->zone + draft->zone_length, draft, fault);
	if (!text)
		return false;
	text = skip_blanks(text + (*text == ';'));
	while (*text)
	{
		const char *end = day_parse(text, &draft->holidays[draft->holiday_count]);

		if (!end || !(*end == '\0' || is_blank(*end)))
			return refuse(fault, HOURS_HOLIDAY, text);
		draft->holiday_count++;
		text = skip_blanks(end);
	}
	return true;
}

int64_t
hours_text_holidays(size_t length)
{
	return length / DAY_TEXT_SIZE + 1;
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

size_t
hours_settle(HoursDraft *draft)
{
	int			ranges = 0;
	int64_t		holidays = 0;

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

	return hours_size(holidays, ranges, draft->zone_length + 1);
}

void
hours_build(const HoursDraft *draft, BusinessHours *hours)
{
	hours->holiday_count = draft->holiday_count;
	hours->range_count = draft->range_count;
	hours->zone_size = draft->zone_length + 1;
	memcpy((void *) hours_holidays(hours), draft->holidays, draft->holiday_count * sizeof(int32_t));
	memcpy((void *) hours_ranges(hours), draft->ranges, draft->range_count * sizeof(OpenRange));
	memcpy((void *) hours_zone(hours), draft->zone, draft->zone_length);
	((char *) hours_zone(hours))[draft->zone_length] = '\0';
}

/* Text out */

static char *
time_print(char *out, int minute)
{
	*out++ = '0' + minute / 600;
	*out++ = '0' + minute / 60 % 10;
	*out++ = ':';
	*out++ = '0' + minute % 60 / 10;
	*out++ = '0' + minute % 10;
	return out;
}

char *
range_print(char *out, OpenRange range)
{
	int			midnight = range.opens / MINUTES_PER_DAY * MINUTES_PER_DAY;

	out = time_print(out, range.opens - midnight);
	*out++ = '-';
	return time_print(out, range.closes - midnight);
}

static char *
word_print(char *out, const char *word)
{
	size_t		length = strlen(word);

	memcpy(out, word, length);
	return out + length;
}

/* Ranges from `first` on that are of the same day. */
static int
ranges_of_day(const BusinessHours *hours, int first)
{
	const OpenRange *ranges = hours_ranges(hours);
	int			next = first;

	while (next < hours->range_count && ranges[next].opens / MINUTES_PER_DAY == ranges[first].opens / MINUTES_PER_DAY)
		next++;
	return next - first;
}

/* Do the n ranges from `first` on come again the next day, and no others? */
static bool
day_repeats(const BusinessHours *hours, int first, int n)
{
	const OpenRange *day = hours_ranges(hours) + first;

	if (first + n >= hours->range_count || ranges_of_day(hours, first + n) != n)
		return false;
	for (int i = 0; i < n; i++)
		if (day[n + i].opens != day[i].opens + MINUTES_PER_DAY || day[n + i].closes != day[i].closes + MINUTES_PER_DAY)
			return false;
	return true;
}

size_t
hours_text_bound(const BusinessHours *hours)
{
	return hours->zone_size + 7 * strlen(", Mon-Tue") + hours->range_count * (RANGE_TEXT_SIZE + 1)
		+ 1 + (size_t) hours->holiday_count * (DAY_TEXT_SIZE + 1);
}

size_t
hours_print(const BusinessHours *hours, char *out)
{
	const OpenRange *ranges = hours_ranges(hours);
	char	   *start = out;

	out = word_print(out, hours_zone(hours));
	for (int first = 0; first < hours->range_count;)
	{
		int			n = ranges_of_day(hours, first);
		int			last = first;

		while (day_repeats(hours, last, n))
			last += n;
		out = word_print(out, first > 0 ? ", " : " ");
		out = word_print(out, weekday_words[ranges[first].opens / MINUTES_PER_DAY]);
		if (last > first)
		{
			*out++ = '-';
			out = word_print(out, weekday_words[ranges[last].opens / MINUTES_PER_DAY]);
		}
		for (int i = 0; i < n; i++)
		{
			*out++ = ' ';
			out = range_print(out, ranges[first + i]);
		}
		first = last + n;
	}
	if (hours->holiday_count > 0)
		*out++ = ';';
	for (uint32_t i = 0; i < hours->holiday_count; i++)
	{
		*out++ = ' ';
		out += day_print(out, hours_holidays(hours)[i]);
	}
	return out - start;
}

/* Checking */

bool
zone_name_is_plain(const char *name, int length)
{
	for (int i = 0; i < length; i++)
		if (!is_letter(name[i]) && !is_digit(name[i]) && !(name[i] && strchr("/_+-", name[i])))
			return false;
	return length > 0;
}

const char *
hours_flaw(const BusinessHours *hours)
{
	const int32_t *holidays = hours_holidays(hours);
	const OpenRange *ranges = hours_ranges(hours);
	int			zone_length = hours->zone_size - 1;

	if (hours->header.version != BUSINESS_HOURS_VERSION)
		return "unknown version";
	if (hours->header.flags != 0 || hours->header.reserved != 0)
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
	return NULL;
}
