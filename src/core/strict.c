#include "core/strict.h"

#include "core/instant.h"

#define MINUTE_LENGTH	INT64_C(60000000)
#define HOUR_LENGTH		(60 * MINUTE_LENGTH)

/* What PostgreSQL takes for an offset, too. */
#define OFFSET_HOURS	15

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

StrictText
strict_text(const char *text, size_t length)
{
	while (length > 0 && is_blank(*text))
		text++, length--;
	while (length > 0 && is_blank(text[length - 1]))
		length--;
	return (StrictText) {text, length};
}

static bool
starts_with(const StrictText *text, char c)
{
	return text->length > 0 && *text->at == c;
}

static void
advance(StrictText *text, size_t by)
{
	text->at += by;
	text->length -= by;
}

static bool
take(StrictText *text, char c)
{
	if (!starts_with(text, c))
		return false;
	advance(text, 1);
	return true;
}

/* Two digits up to `limit`. */
static bool
take_pair(StrictText *text, int limit, int *value)
{
	if (text->length < 2 || !is_digit(text->at[0]) || !is_digit(text->at[1]))
		return false;
	*value = (text->at[0] - '0') * 10 + text->at[1] - '0';
	advance(text, 2);
	return *value <= limit;
}

/* Digits after the point of a second, rounded to microseconds; half of one up. */
static bool
take_fraction(StrictText *text, int64_t *fraction)
{
	int			digits = 0;

	*fraction = 0;
	for (; text->length > 0 && is_digit(*text->at); digits++, advance(text, 1))
		if (digits < 6)
			*fraction = *fraction * 10 + *text->at - '0';
		else if (digits == 6 && *text->at >= '5')
			++*fraction;
	for (int scale = digits; scale < 6; scale++)
		*fraction *= 10;
	return digits > 0;
}

static bool
take_time(StrictText *text, int64_t *time)
{
	int			hour,
				minute,
				second = 0;
	int64_t		fraction = 0;

	if (!take_pair(text, 23, &hour) || !take(text, ':') || !take_pair(text, 59, &minute))
		return false;
	if (take(text, ':') && (!take_pair(text, 59, &second) || (take(text, '.') && !take_fraction(text, &fraction))))
		return false;
	*time = hour * HOUR_LENGTH + minute * MINUTE_LENGTH + second * INT64_C(1000000) + fraction;
	return true;
}

/* Is the rest that word, in any case? `word` is in lower case. */
static bool
is_word(StrictText text, const char *word)
{
	for (; text.length > 0; advance(&text, 1), word++)
		if (*word == '\0' || (*text.at | (*word >= 'a' ? 0x20 : 0)) != *word)
			return false;
	return *word == '\0';
}

/* All of the rest. */
static bool
take_zone(StrictText *text, int32_t *offset)
{
	int			sign = starts_with(text, '-') ? -1 : 1;
	int			hours,
				minutes = 0;

	*offset = 0;
	if (is_word(*text, "z") || is_word(*text, "utc") || is_word(*text, "gmt"))
		return true;
	if ((!take(text, '+') && !take(text, '-')) || !take_pair(text, OFFSET_HOURS, &hours))
		return false;
	if (text->length > 0)
	{
		take(text, ':');
		if (!take_pair(text, 59, &minutes))
			return false;
	}
	*offset = sign * (hours * 60 + minutes);
	return text->length == 0;
}

bool
strict_time_parse(StrictText text, StrictTime *time)
{
	*time = (StrictTime) {0};
	if (text.length < DAY_TEXT_SIZE || day_parse(text.at, &time->day) == NULL)
		return false;
	advance(&text, DAY_TEXT_SIZE);
	if (text.length == 0)
		return true;
	if ((!take(&text, 'T') && !take(&text, 't') && !take(&text, ' ')) || !take_time(&text, &time->time))
		return false;
	time->has_time = true;
	if (text.length == 0)
		return true;
	take(&text, ' ');
	time->has_zone = true;
	return take_zone(&text, &time->offset);
}

static size_t
digits_of(const StrictText *text)
{
	size_t		count = 0;

	while (count < text->length && is_digit(text->at[count]))
		count++;
	return count;
}

static void
take_sign(StrictText *text)
{
	if (!take(text, '-'))
		take(text, '+');
}

bool
strict_number_is_plain(StrictText text)
{
	size_t		whole,
				decimals;

	if (text.length > STRICT_NUMBER_SIZE)
		return false;
	take_sign(&text);
	whole = digits_of(&text);
	advance(&text, whole);
	if (text.length == 0)
		return whole > 0;
	if (!take(&text, '.'))
		return false;
	decimals = digits_of(&text);
	return decimals > 0 && decimals == text.length;
}

bool
strict_integer_parse(StrictText text, int64_t *value)
{
	bool		is_negative = starts_with(&text, '-');

	*value = 0;
	take_sign(&text);
	if (text.length == 0)
		return false;
	/* below zero there is one more */
	for (; text.length > 0; advance(&text, 1))
		if (!is_digit(*text.at) || __builtin_mul_overflow(*value, 10, value)
			|| __builtin_sub_overflow(*value, *text.at - '0', value))
			return false;
	return is_negative || !__builtin_sub_overflow(0, *value, value);
}

bool
strict_boolean_parse(StrictText text, bool *value)
{
	static const char *const words[] = {"false", "true", "f", "t", "no", "yes", "n", "y", "off", "on", "0", "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (is_word(text, words[i]))
		{
			*value = i % 2;
			return true;
		}
	return false;
}
