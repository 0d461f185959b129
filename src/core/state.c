#include "core/state.h"

#include <string.h>

#include "core/calendar.h"
#include "core/money.h"
#include "core/wide.h"

static size_t
field_size(char letter)
{
	switch (letter)
	{
		case 'n':
		case 'l':
			return sizeof(int64_t);
		case 'm':
		case 's':
			return sizeof(Money);
		case 'w':
			return sizeof(Int256);
		case 'b':
			return sizeof(uint8_t);
		default:
			return sizeof(int32_t);
	}
}

size_t
state_fields_size(const char *letters)
{
	size_t		size = 0;

	for (; *letters; letters++)
		size += field_size(*letters);
	return size;
}

FieldWalk
field_walk(const StateType *type, void *state, size_t size)
{
	const StateHeader *header = state;

	return (FieldWalk) {state_row(type, header->flags), type->fields, (char *) state + sizeof(StateHeader), (char *) state + size};
}

bool
field_begins_row(const FieldWalk *walk)
{
	return *walk->letters == '\0' && walk->next < walk->end;
}

char
field_next(FieldWalk *walk, void **field)
{
	char		letter;

	if (walk->next >= walk->end)
		return 0;
	if (*walk->letters == '\0')
		walk->letters = walk->row;
	letter = *walk->letters++;
	*field = walk->next;
	walk->next += field_size(letter);
	return letter;
}

const StateType *
state_type_of(const StateType *type, int64_t version)
{
	return type->older && type->older->version == version ? type->older : type;
}

size_t
state_renewed_size(const StateType *type, size_t size)
{
	return state_size(type, (size - state_size(type->older, 0)) / state_fields_size(type->older->row));
}

void
state_renew(const StateType *type, const void *state, size_t size, void *renewed)
{
	const StateType *older = type->older;
	size_t		sums = state_fields_size(older->row + strspn(older->row, STATE_KEYS));
	size_t		keys = state_fields_size(older->row) - sums;
	size_t		added = state_fields_size(type->row) - keys - sums;
	size_t		fixed = state_size(older, 0);
	const char *from = (const char *) state + fixed;
	const char *end = (const char *) state + size;
	char	   *into = renewed;

	/* the length word is the caller's */
	memcpy(into + sizeof(uint32_t), (const char *) state + sizeof(uint32_t), fixed - sizeof(uint32_t));
	((StateHeader *) renewed)->version = type->version;
	for (into += fixed; from + keys + sums <= end; from += keys + sums, into += keys + added + sums)
	{
		memcpy(into, from, keys);
		memcpy(into + keys, type->lacking, added);
		memcpy(into + keys + added, from + keys, sums);
	}
}

static bool
field_within_limit(char letter, const void *field)
{
	switch (letter)
	{
		case 'd':
			return day_is_valid(*(const int32_t *) field);
		case 'n':
			return count_within_limit(*(const int64_t *) field);
		case 'm':
			return money_within(*(const Money *) field, MONEY_SUM_LIMIT);
		case 's':
			return money_within(*(const Money *) field, MONEY_LIMIT + 1);
		default:
			return true;
	}
}

const char *
state_flaw(const StateType *type, const void *state, size_t size)
{
	const StateHeader *header = state;
	size_t		fixed = state_size(type, 0);
	size_t		row_size = state_fields_size(state_row(type, header->flags));
	int64_t		rows;
	FieldWalk	walk = field_walk(type, (void *) state, size);
	char		letter;
	void	   *field;

	if (header->version != type->version)
		return "unknown version";
	if ((header->flags & ~type->flags) != 0)
		return "unknown flags";
	if (header->reserved != 0)
		return "reserved bytes are not zero";
	if (size < fixed || (row_size == 0 ? size != fixed : (size - fixed) % row_size != 0))
		return "wrong length";
	while ((letter = field_next(&walk, &field)) != 0)
		if (!field_within_limit(letter, field))
			return "a value is out of range";
	rows = row_size == 0 ? 0 : (size - fixed) / row_size;
	if (type->row_count && type->row_count(state) != rows)
		return "number of rows does not fit the fixed part";
	return type->flaw ? type->flaw(state, rows) : NULL;
}

MergeResult
fields_merge(const char *letters, void *into, const void *from, bool subtract)
{
	int			sign = subtract ? -1 : 1;
	bool		fits = true;

	for (; *letters; letters++)
	{
		switch (*letters)
		{
			case 'n':
				*(int64_t *) into += sign * *(const int64_t *) from;
				break;
			case 'm':
				*(Money *) into += sign * *(const Money *) from;
				break;
			case 'w':
				(subtract ? int256_subtract : int256_add) (into, from);
				break;
			default:
				if (memcmp(into, from, field_size(*letters)) != 0)
					return MERGE_DIFFERENT;
		}
		fits &= field_within_limit(*letters, into);
		into = (char *) into + field_size(*letters);
		from = (const char *) from + field_size(*letters);
	}
	return fits ? MERGE_DONE : MERGE_OVERFLOW;
}

MergeResult
state_merge(const StateType *type, void *into, const void *from, size_t size, bool subtract)
{
	size_t		row_size = state_fields_size(type->row);
	MergeResult result = fields_merge(type->fields, (char *) into + sizeof(StateHeader),
									  (const char *) from + sizeof(StateHeader), subtract);

	for (size_t at = state_size(type, 0); at < size && result == MERGE_DONE; at += row_size)
		result = fields_merge(type->row, (char *) into + at, (const char *) from + at, subtract);
	return result;
}

static int
integer_print(char *out, int64_t value)
{
	char		digits[20];
	int			count = 0;
	char	   *start = out;
	uint64_t	rest = value < 0 ? -(uint64_t) value : (uint64_t) value;

	do
		digits[count++] = '0' + rest % 10;
	while ((rest /= 10) > 0);
	if (value < 0)
		*out++ = '-';
	while (count > 0)
		*out++ = digits[--count];
	return out - start;
}

static const char *
integer_parse(const char *text, int64_t lowest, int64_t highest, int64_t *value)
{
	bool		negative = *text == '-';
	int64_t		sum = 0;
	const char *first = text += negative;

	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_sub_overflow(sum, *text - '0', &sum))
			return NULL;
	if (text == first || (!negative && sum == INT64_MIN))
		return NULL;
	*value = negative ? sum : -sum;
	return *value >= lowest && *value <= highest ? text : NULL;
}

static int
field_print(char *out, char letter, const void *field)
{
	switch (letter)
	{
		case 'd':
			return day_print(out, *(const int32_t *) field);
		case 'n':
		case 'l':
			return integer_print(out, *(const int64_t *) field);
		case 'm':
		case 's':
			return money_print(out, *(const Money *) field);
		case 'w':
			return int256_print(out, field);
		case 'b':
			return integer_print(out, *(const uint8_t *) field);
		default:
			return integer_print(out, *(const int32_t *) field);
	}
}

static const char *
field_parse(const char *text, char letter, void *field)
{
	int64_t		key;

	switch (letter)
	{
		case 'd':
			return day_parse(text, field);
		case 'n':
		case 'l':
			return integer_parse(text, INT64_MIN, INT64_MAX, field);
		case 'm':
		case 's':
			return money_parse(text, field);
		case 'w':
			return int256_parse(text, field);
		case 'b':
			text = integer_parse(text, 0, UINT8_MAX, &key);
			if (text)
				*(uint8_t *) field = (uint8_t) key;
			return text;
		default:
			text = integer_parse(text, INT32_MIN, INT32_MAX, &key);
			if (text)
				*(int32_t *) field = (int32_t) key;
			return text;
	}
}

size_t
state_text_bound(const StateType *type, const void *state, size_t size)
{
	const char *row = state_row(type, ((const StateHeader *) state)->flags);
	size_t		fields = strlen(type->fields);

	if (*row)
		fields += (size - state_size(type, 0)) / state_fields_size(row) * strlen(row);
	/* the widest field and a separator; version and flags */
	return fields * (INT256_TEXT_SIZE + 1) + sizeof("255 255|");
}

size_t
state_print(const StateType *type, const void *state, size_t size, char *out)
{
	const StateHeader *header = state;
	FieldWalk	walk = field_walk(type, (void *) state, size);
	char	   *start = out;
	bool		opens = true;
	char		letter;
	void	   *field;

	out += integer_print(out, header->version);
	*out++ = ' ';
	out += integer_print(out, header->flags);
	for (;;)
	{
		opens = opens || field_begins_row(&walk);
		letter = field_next(&walk, &field);
		if (letter == 0)
			break;
		*out++ = opens ? '|' : ' ';
		opens = false;
		out += field_print(out, letter, field);
	}
	return out - start;
}

int64_t
state_text_version(const char *text)
{
	int64_t		version;

	return integer_parse(text, 0, UINT8_MAX, &version) ? version : -1;
}

int64_t
state_text_rows(const char *text, uint8_t *flags)
{
	int64_t		bars = 0;
	int64_t		number;
	const char *second = strchr(text, ' ');

	*flags = second && integer_parse(second + 1, 0, UINT8_MAX, &number) ? (uint8_t) number : 0;
	for (; *text; text++)
		bars += *text == '|';
	return bars > 0 ? bars - 1 : 0;
}

bool
state_parse(const StateType *type, const char *text, void *state, size_t size)
{
	StateHeader *header = state;
	FieldWalk	walk;
	bool		opens = true;
	char		letter;
	void	   *field;
	int64_t		number;

	if (!(text = integer_parse(text, 0, UINT8_MAX, &number)) || *text++ != ' ')
		return false;
	header->version = (uint8_t) number;
	if (!(text = integer_parse(text, 0, UINT8_MAX, &number)))
		return false;
	header->flags = (uint8_t) number;
	walk = field_walk(type, state, size);
	for (;;)
	{
		opens = opens || field_begins_row(&walk);
		letter = field_next(&walk, &field);
		if (letter == 0)
			return *text == '\0';
		if (*text++ != (opens ? '|' : ' '))
			return false;
		opens = false;
		if (!(text = field_parse(text, letter, field)))
			return false;
	}
}
