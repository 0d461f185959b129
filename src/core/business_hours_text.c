#include "core/business_hours_text.h"

#include <stdlib.h>
#include <string.h>

const char *const weekday_words[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* In */

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

/* "9", "09:00"; of whole hours the minutes may be left away if the caller says so. */
static const char *
parse_clock(const char *text, bool in_hours, int *minute, HoursFault *fault)
{
	const char *next = text;
	int			hour = 0;

	while (is_digit(*next) && next - text < 2)
		hour = hour * 10 + *next++ - '0';
	if (in_hours && next > text && hour <= 24 && (next[0] == '-' || ends_piece(next[0])))
	{
		*minute = hour * 60;
		return next;
	}
	if (next == text || next[0] != ':' || !is_digit(next[1]) || !is_digit(next[2]))
		return refuse(fault, HOURS_TIME, text);
	*minute = hour * 60 + (next[1] - '0') * 10 + next[2] - '0';
	if (next[1] > '5' || *minute > MINUTES_PER_DAY || !(next[3] == '-' || ends_piece(next[3])))
		return refuse(fault, HOURS_TIME, text);
	return next + 3;
}

static const char *
parse_time(const char *text, int *minute, HoursFault *fault)
{
	return parse_clock(text, false, minute, fault);
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

/* Hours have fewer digits than the year of the next holiday. */
static bool
begins_hours(const char *text)
{
	return is_digit(text[0]) && (!is_digit(text[1]) || !is_digit(text[2]));
}

/* "9-12 13:30-15" of a holiday */
static const char *
parse_holiday_hours(const char *text, int32_t day, HoursDraft *draft, HoursFault *fault)
{
	while (text && begins_hours(text))
	{
		int			opens,
					closes;
		const char *start = text;
		const char *end = parse_clock(text, true, &opens, fault);

		if (!end)
			return NULL;
		text = skip_dash(end);
		if (text == end)
			return refuse(fault, HOURS_TIME, start);
		if (!(end = parse_clock(text, true, &closes, fault)))
			return NULL;
		if (!(*end == '\0' || is_blank(*end)))
			return refuse(fault, HOURS_TIME, text);
		if (closes <= opens)
		{
			*fault = (HoursFault) {.problem = HOURS_ORDER, .piece = start, .length = (int) (end - start)};
			return NULL;
		}
		draft->special[draft->special_count++] = (HolidayHours) {day, (uint16_t) opens, (uint16_t) closes};
		text = skip_blanks(end);
	}
	return text;
}

static bool
holiday_hours_apart(HoursDraft *draft, HoursFault *fault)
{
	const HolidayHours *special = draft->special;

	qsort(draft->special, draft->special_count, sizeof(HolidayHours), compare_holiday_hours);
	for (int64_t i = 1; i < draft->special_count; i++)
		if (special[i].day == special[i - 1].day && special[i].opens < special[i - 1].closes)
		{
			/* 2000-01-01 was a Saturday */
			int			monday = (int) ((special[i].day % 7 + 5 + 7) % 7) * MINUTES_PER_DAY;

			*fault = (HoursFault) {.problem = HOURS_OVERLAP, .overlapping = {
				{(uint16_t) (monday + special[i - 1].opens), (uint16_t) (monday + special[i - 1].closes)},
				{(uint16_t) (monday + special[i].opens), (uint16_t) (monday + special[i].closes)}}};
			return false;
		}
	return true;
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
		text = parse_holiday_hours(skip_blanks(end), draft->holidays[draft->holiday_count++], draft, fault);
		if (!text)
			return false;
	}
	return holiday_hours_apart(draft, fault);
}

int64_t
hours_text_holidays(size_t length)
{
	return length / DAY_TEXT_SIZE + 1;
}

int64_t
hours_text_special(size_t length)
{
	return length / strlen("8-9 ") + 1;
}

bool
zone_name_is_plain(const char *name, int length)
{
	for (int i = 0; i < length; i++)
		if (!is_letter(name[i]) && !is_digit(name[i]) && !(name[i] && strchr("/_+-", name[i])))
			return false;
	return length > 0;
}

/* Out */

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
		+ 1 + (size_t) hours->holiday_count * (DAY_TEXT_SIZE + 1)
		+ (size_t) holiday_hours_count(hours) * (RANGE_TEXT_SIZE + 1);
}

size_t
hours_print(const BusinessHours *hours, char *out)
{
	const OpenRange *ranges = hours_ranges(hours);
	const HolidayHours *special = holiday_hours(hours);
	const HolidayHours *end = special + holiday_hours_count(hours);
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
		for (; special < end && special->day == hours_holidays(hours)[i]; special++)
		{
			*out++ = ' ';
			out = range_print(out, (OpenRange) {special->opens, special->closes});
		}
	}
	return out - start;
}
