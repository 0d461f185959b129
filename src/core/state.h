/*
 * What every aggregate state has in common.
 *
 * A state is one flat, versioned value: header, fixed fields, then rows of one
 * shape. A StateType describes it by a letter a field, and from that alone come
 * text and binary forms, merge and unmerge. So the struct of a state holds its
 * fields in the order of the letters and with no padding.
 *
 *	 d	int32	a day: part of the state's identity, equal in states that merge
 *	 k	int32	a key: likewise
 *	 l	int64	a long key: likewise
 *	 s	Money	a key that is an amount, such as a score: likewise
 *	 b	uint8	a byte of what the type itself reads and writes: likewise
 *	 n	int64	a count: adds up
 *	 m	Money	an amount: adds up
 *	 w	Int256	a second moment: adds up
 *
 * States are canonical: equal facts give equal bytes.
 */
#ifndef CSMETRICS_STATE_H
#define CSMETRICS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct StateHeader
{
	uint32_t	varlena_word;	/* PostgreSQL's length word */
	uint8_t		version;
	uint8_t		flags;
	uint16_t	reserved;		/* zero */
} StateHeader;

/* Still under construction inside an aggregate: not canonical, never seen outside. */
#define STATE_OPEN 0x80

/* Rows have the letters of wide_row; a flag of the types that have any. */
#define STATE_WIDE 0x01

/* Letters of fields that identify; those of a row come first, and the others add up. */
#define STATE_KEYS "dklsb"

typedef struct StateType
{
	const char *name;
	uint8_t		version;
	uint8_t		flags;			/* those that a finished state may have */
	const char *fields;			/* letters of the fixed part */
	const char *row;			/* letters of one row; "" if there are none */
	const char *wide_row;		/* its letters where STATE_WIDE is set */

	/* What the counts in all rows of a bag may add up to, signs aside; 0: COUNT_LIMIT - 1. */
	int64_t		count_max;

	/* Rows that the fixed fields ask for, or -1 if they are invalid; NULL: any number. */
	int64_t		(*row_count) (const void *state);

	/* What keeps these bytes from being such a state, or NULL if nothing does. */
	const char *(*flaw) (const void *state, int64_t row_count);

	/*
	 * The version before, whose values are read too: alike but for keys that end
	 * the keys of a row, and that its rows lack. NULL: there is none.
	 */
	const struct StateType *older;
	const void *lacking;		/* what these keys are in its rows */

	/* Finishes an open state in place; its size from then on, 0 on overflow, or STATE_TOO_LARGE. NULL: never open. */
	size_t		(*close) (const struct StateType *type, void *state);
} StateType;

/* Counts stay below this, so that readers may add up a dozen of them. */
#define COUNT_LIMIT (INT64_C(1) << 59)

static inline bool
count_within_limit(int64_t count)
{
	return count < COUNT_LIMIT && count > -COUNT_LIMIT;
}

/* No state has more rows than this; it keeps every size far below a gigabyte. */
#define STATE_ROWS_MAX (1 << 21)

/* What close gives for a state of more rows than that. */
#define STATE_TOO_LARGE ((size_t) -1)

size_t		state_fields_size(const char *letters);

/* Letters of a row of a state with these flags. */
static inline const char *
state_row(const StateType *type, uint8_t flags)
{
	return (flags & type->flags & STATE_WIDE) ? type->wide_row : type->row;
}

static inline size_t
state_size_with(const StateType *type, uint8_t flags, int64_t rows)
{
	return sizeof(StateHeader) + state_fields_size(type->fields) + rows * state_fields_size(state_row(type, flags));
}

static inline size_t
state_size(const StateType *type, int64_t rows)
{
	return state_size_with(type, 0, rows);
}

/* Visits the fields of a state of `size` bytes in order; its header is filled. */
typedef struct FieldWalk
{
	const char *row;			/* letters of one row */
	const char *letters;		/* what remains of the fixed part or of the row */
	char	   *next;
	char	   *end;
} FieldWalk;

FieldWalk	field_walk(const StateType *type, void *state, size_t size);

/* The next field and its letter; 0 after the last. */
char		field_next(FieldWalk *walk, void **field);

/* True where the next field begins a row. */
bool		field_begins_row(const FieldWalk *walk);

/* The type as of that version of it, if that is read at all; else the type. */
const StateType *state_type_of(const StateType *type, int64_t version);

/* The number that a text form begins with, or -1. */
int64_t		state_text_version(const char *text);

/* The size of what a state of `older` of `size` bytes becomes, and that state, in zeroed memory. */
size_t		state_renewed_size(const StateType *type, size_t size);
void		state_renew(const StateType *type, const void *state, size_t size, void *renewed);

/* What is wrong with `size` bytes from outside, or NULL; their header has been read already. */
const char *state_flaw(const StateType *type, const void *state, size_t size);

typedef enum MergeResult
{
	MERGE_DONE,
	MERGE_DIFFERENT,			/* the states differ in a key */
	MERGE_OVERFLOW
} MergeResult;

/* into += from, or into -= from; both of `size` bytes. */
MergeResult state_merge(const StateType *type, void *into, const void *from, size_t size, bool subtract);

/* The same for one row, or one run of fields described by its letters. */
MergeResult fields_merge(const char *letters, void *into, const void *from, bool subtract);

/* An upper bound of the length of the text form. */
size_t		state_text_bound(const StateType *type, const void *state, size_t size);

/* "1 0|field field|row field|..." without a terminator: version, flags, fixed part, rows; returns its length. */
size_t		state_print(const StateType *type, const void *state, size_t size, char *out);

/* Rows in the text, by its bars, and its flags: what the caller must make room for. */
int64_t		state_text_rows(const char *text, uint8_t *flags);

/* Reads the text into zeroed memory of that size; false when it does not parse. */
bool		state_parse(const StateType *type, const char *text, void *state, size_t size);

#endif
