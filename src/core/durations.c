#include "core/durations.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 3
/* Buckets are numbered without gaps up to here, so their slots never collide. */
#define SLOTS_MAX 13

/* Lengths below this are their own bucket. */
#define BUCKET_EXACT 256

static const StateType *const type = &durations_type;

static size_t
row_size(uint8_t flags)
{
	return (flags & DURATIONS_WEIGHTED) ? sizeof(WeightedDurationRow) : sizeof(DurationRow);
}

static void *
row_at(const Durations *durations, int64_t i)
{
	return (char *) (durations + 1) + i * row_size(durations->header.flags);
}

const DurationRow *
durations_row(const Durations *durations, int i)
{
	return row_at(durations, i);
}

void
durations_copy_row(const Durations *durations, int i, WeightedDurationRow *row)
{
	memcpy(row, row_at(durations, i), row_size(durations->header.flags));
}

/* How far a length is shifted to be one of the 128 of its octave; at least 1. */
static int
bucket_shift(int64_t length)
{
	return 63 - __builtin_clzll((unsigned long long) length) - 7;
}

int64_t
bucket_length(int64_t length)
{
	int			shift;

	if (length < BUCKET_EXACT)
		return length;
	shift = bucket_shift(length);
	return (length >> shift << shift) + (INT64_C(1) << (shift - 1));
}

static uint64_t
slot_of(const Durations *durations, int64_t length)
{
	int			shift;

	/* Fibonacci hashing; Knuth, The Art of Computer Programming 3, 6.4 */
	if ((durations->header.flags & DURATIONS_BUCKETS) == 0)
		return (uint64_t) length * UINT64_C(0x9E3779B97F4A7C15) >> (64 - durations->slots);
	if (length < BUCKET_EXACT)
		return length;
	shift = bucket_shift(length);
	return BUCKET_EXACT + (shift - 1) * 128 + (length >> shift) - 128;
}

/*
 * Open buckets without weights are dense: the slot tells the length, so eight
 * slots of rows hold eight lengths, which are not used, then eight counts of each
 * outcome. A row to be counted touches an eighth of a cache line, not half of one.
 */
#define DENSE_BLOCK 8

static bool
is_dense(const Durations *durations)
{
	return (durations->header.flags & (STATE_OPEN | DURATIONS_BUCKETS | DURATIONS_WEIGHTED)) == (STATE_OPEN | DURATIONS_BUCKETS);
}

/* The count of an outcome in a dense slot, or in a block of them. */
static int64_t *
dense_count(const Durations *durations, uint64_t slot, Outcome outcome)
{
	int64_t    *block = row_at(durations, slot & ~(uint64_t) (DENSE_BLOCK - 1));

	return block + (1 + outcome) * DENSE_BLOCK + slot % DENSE_BLOCK;
}

/* The length that stands for a bucket, from its slot. */
static int64_t
bucket_of_slot(uint64_t slot)
{
	uint64_t	shift = 1 + (slot - BUCKET_EXACT) / 128;

	if (slot < BUCKET_EXACT)
		return (int64_t) slot;
	return bucket_length((int64_t) ((128 + (slot - BUCKET_EXACT) % 128) << shift));
}

/* The open row of a length, made where there is none yet; NULL when there is no room for it. */
static DurationRow *
open_row(Durations *durations, int64_t length)
{
	uint64_t	mask = (UINT64_C(1) << durations->slots) - 1;
	DurationRow *row;

	if (durations->header.flags & DURATIONS_BUCKETS)
		length = bucket_length(length);
	for (uint64_t slot = slot_of(durations, length);; slot = (slot + 1) & mask)
	{
		row = row_at(durations, slot);
		if (row->length == length + 1)
			return row;
		if (row->length == 0)
			break;
	}
	if ((durations->header.flags & DURATIONS_BUCKETS) == 0 &&
		(durations->count == DURATIONS_EXACT_MAX || durations->count > (int64_t) (mask * 3 / 4)))
		return NULL;
	durations->count++;
	row->length = length + 1;
	return row;
}

static bool
row_is_void(const DurationRow *row, size_t size)
{
	const char *byte = (const char *) row;

	for (size_t i = sizeof(row->length); i < size; i++)
		if (byte[i] != 0)
			return false;
	return true;
}

/* Rows of a closed state, slots of an open one. */
static int64_t
places(const Durations *durations)
{
	return (durations->header.flags & STATE_OPEN) ? INT64_C(1) << durations->slots : durations->count;
}

/* Copies what is in up to DENSE_BLOCK places from `from` on, a multiple of it, to rows with their lengths; how many there are. */
static int
read_places(const Durations *durations, int64_t from, WeightedDurationRow *rows)
{
	size_t		size = row_size(durations->header.flags);
	bool		dense = is_dense(durations);
	int			count = 0;

	for (int64_t i = from; i < from + DENSE_BLOCK && i < places(durations); i++)
	{
		WeightedDurationRow *row = &rows[count];

		if (dense)
		{
			row->counts.length = bucket_of_slot(i);
			row->counts.ended = *dense_count(durations, i, OUTCOME_ENDED);
			row->counts.competing = *dense_count(durations, i, OUTCOME_COMPETING);
			row->counts.censored = *dense_count(durations, i, OUTCOME_CENSORED);
		}
		else
		{
			memcpy(row, row_at(durations, i), size);
			row->counts.length -= (durations->header.flags & STATE_OPEN) != 0;
		}
		count += !row_is_void(&row->counts, size);
	}
	return count;
}

DurationsForm
durations_form(const Durations *durations, uint8_t flags, int more)
{
	DurationsForm form = {durations->header.flags | STATE_OPEN | flags, SLOTS_MIN, 0};
	WeightedDurationRow rows[DENSE_BLOCK];
	int64_t		live = more;

	for (int64_t i = 0; i < places(durations); i += DENSE_BLOCK)
		live += read_places(durations, i, rows);
	if (live > DURATIONS_EXACT_MAX)
		form.flags |= DURATIONS_BUCKETS;
	if (form.flags & DURATIONS_BUCKETS)
		form.slots = SLOTS_MAX;
	while (INT64_C(1) << form.slots < 2 * live && form.slots < SLOTS_MAX)
		form.slots++;
	form.size = sizeof(Durations) + (row_size(form.flags) << form.slots);
	return form;
}

static bool
row_fits(const DurationRow *row)
{
	return llabs(row->ended) < COUNT_LIMIT && llabs(row->competing) < COUNT_LIMIT && llabs(row->censored) < COUNT_LIMIT;
}

static bool
dense_merge(Durations *into, const DurationRow *from, bool subtract)
{
	const int64_t counts[] = {[OUTCOME_CENSORED] = from->censored, [OUTCOME_ENDED] = from->ended, [OUTCOME_COMPETING] = from->competing};
	uint64_t	slot = slot_of(into, from->length);
	bool		fits = true;

	for (Outcome outcome = OUTCOME_CENSORED; outcome <= OUTCOME_COMPETING; outcome++)
	{
		int64_t    *count = dense_count(into, slot, outcome);

		/* both are below COUNT_LIMIT */
		*count += subtract ? -counts[outcome] : counts[outcome];
		fits = fits && llabs(*count) < COUNT_LIMIT;
	}
	return fits;
}

DurationsMerge
durations_merge_row(Durations *into, const DurationRow *from, bool subtract)
{
	DurationRow *row;

	if (is_dense(into))
		return dense_merge(into, from, subtract) ? DURATIONS_MERGED : DURATIONS_OVERFLOW;
	row = open_row(into, from->length);
	if (row == NULL)
		return DURATIONS_NO_ROOM;
	return fields_merge(state_row(type, into->header.flags) + 1, &row->ended, &from->ended, subtract) == MERGE_DONE &&
		row_fits(row) ? DURATIONS_MERGED : DURATIONS_OVERFLOW;
}

void
durations_move(Durations *to, const DurationsForm *form, const Durations *from)
{
	uint32_t	varlena_word = to->header.varlena_word;

	*to = *from;
	to->header.varlena_word = varlena_word;
	to->header.flags = form->flags;
	to->slots = form->slots;
	to->count = 0;
	for (int64_t i = 0; i < places(from); i += DENSE_BLOCK)
	{
		WeightedDurationRow rows[DENSE_BLOCK];
		int			count = read_places(from, i, rows);

		/* within limits there already, and there is room */
		for (int n = 0; n < count; n++)
			durations_merge_row(to, &rows[n].counts, false);
	}
}

static void
count_row(Durations *durations, DurationRow *row, Outcome outcome, int count, Money weight)
{
	switch (outcome)
	{
		case OUTCOME_ENDED:
			row->ended += count;
			break;
		case OUTCOME_COMPETING:
			row->competing += count;
			break;
		case OUTCOME_CENSORED:
			row->censored += count;
			break;
	}
	if (durations->header.flags & DURATIONS_WEIGHTED)
	{
		WeightedDurationRow *weighted = (WeightedDurationRow *) row;
		bool		ended = outcome == OUTCOME_ENDED;

		*(ended ? &weighted->weight_ended : &weighted->weight_censored) += count * weight;
		int256_add_product(ended ? &weighted->squares_ended : &weighted->squares_censored, count * weight, weight);
	}
}

bool
durations_record(Durations *durations, int64_t length, Outcome outcome, int count, Money weight)
{
	DurationRow *row;

	if (is_dense(durations))
		*dense_count(durations, slot_of(durations, length), outcome) += count;
	else if ((row = open_row(durations, length)) != NULL)
		count_row(durations, row, outcome, count, weight);
	else
		return false;
	if (outcome == OUTCOME_ENDED)
		durations->ended_sum += (Money) count * length;
	return true;
}
bool
durations_merge_counts(Durations *into, const Durations *from, bool subtract)
{
	/* count and slots are this state's own */
	return fields_merge(type->fields + 2, &into->given, &from->given, subtract) == MERGE_DONE;
}

static int
compare_lengths(const void *a, const void *b)
{
	int64_t		x = ((const DurationRow *) a)->length;
	int64_t		y = ((const DurationRow *) b)->length;

	return (x > y) - (x < y);
}

/* What readers add up over all rows stays within its type. */
static bool
sums_fit(const Durations *durations)
{
	int64_t		room = COUNT_LIMIT;
	Money		weight = 0;

	for (int i = 0; i < durations->count; i++)
	{
		const DurationRow *row = durations_row(durations, i);

		if (!row_fits(row))
			return false;
		room -= llabs(row->ended) + llabs(row->competing) + llabs(row->censored);
		if (durations->header.flags & DURATIONS_WEIGHTED)
		{
			const WeightedDurationRow *weighted = (const WeightedDurationRow *) row;

			if (!money_within(weighted->weight_ended, MONEY_SUM_LIMIT) || !money_within(weighted->weight_censored, MONEY_SUM_LIMIT))
				return false;
			weight += weighted->weight_ended < 0 ? -weighted->weight_ended : weighted->weight_ended;
			weight += weighted->weight_censored < 0 ? -weighted->weight_censored : weighted->weight_censored;
		}
		if (room <= 0 || !money_within(weight, MONEY_SUM_LIMIT))
			return false;
	}
	return true;
}

size_t
durations_close(Durations *durations)
{
	size_t		size = row_size(durations->header.flags);
	int			kept = 0;

	for (int64_t i = 0; i < places(durations); i += DENSE_BLOCK)
	{
		WeightedDurationRow rows[DENSE_BLOCK];
		int			count = read_places(durations, i, rows);

		/* never past the places that are read */
		for (int n = 0; n < count; n++)
			memcpy(row_at(durations, kept++), &rows[n], size);
	}
	/* slots of buckets are in order */
	if ((durations->header.flags & DURATIONS_BUCKETS) == 0)
		qsort(row_at(durations, 0), kept, size, compare_lengths);
	durations->count = kept;
	durations->slots = 0;
	durations->header.flags &= ~STATE_OPEN;
	return sums_fit(durations) ? sizeof(Durations) + kept * size : 0;
}

static size_t
close_state(const StateType *type, void *state)
{
	return durations_close(state);
}

static int64_t
row_count(const void *state)
{
	return ((const Durations *) state)->count;
}

static const char *
durations_flaw(const void *state, int64_t rows)
{
	const Durations *durations = state;
	bool		buckets = durations->header.flags & DURATIONS_BUCKETS;

	if (durations->slots != 0)
		return "slots of a closed state";
	if (!buckets && rows > DURATIONS_EXACT_MAX)
		return "too many lengths to be exact";
	for (int i = 0; i < durations->count; i++)
	{
		const DurationRow *row = durations_row(durations, i);

		if (row->length < 0 || row->length >= LENGTH_LIMIT)
			return "a length is out of range";
		if (buckets && row->length != bucket_length(row->length))
			return "a length is not that of a bucket";
		if (i > 0 && row->length <= durations_row(durations, i - 1)->length)
			return "lengths are not in order";
		if (row_is_void(row, row_size(durations->header.flags)))
			return "a row is void";
		if (row->competing != 0 && (durations->header.flags & DURATIONS_WEIGHTED))
			return "weighted subjects have no competing events";
	}
	return sums_fit(durations) ? NULL : "a value is out of range";
}

const StateType durations_type = {
	.name = "durations",
	.version = 1,
	.flags = DURATIONS_WEIGHTED | DURATIONS_BUCKETS,
	.fields = "kk" "nnnn" "m",
	.row = "lnnn",
	.wide_row = "lnnn" "mm" "ww",
	.row_count = row_count,
	.flaw = durations_flaw,
	.close = close_state,
};

int64_t
durations_count(const Durations *durations, Outcome outcome)
{
	int64_t		sum = 0;

	for (int i = 0; i < durations->count; i++)
	{
		const DurationRow *row = durations_row(durations, i);

		sum += outcome == OUTCOME_ENDED ? row->ended : outcome == OUTCOME_COMPETING ? row->competing : row->censored;
	}
	/* late entries are censorings taken away */
	return outcome == OUTCOME_CENSORED ? sum + durations->late : sum;
}

bool
durations_naive_quantile(const Durations *durations, double share, double *length)
{
	double		place = share * (durations_count(durations, OUTCOME_ENDED) - 1);
	double		below = NAN;
	int64_t		seen = 0;

	for (int i = 0; i < durations->count && place >= 0; i++)
	{
		const DurationRow *row = durations_row(durations, i);

		if (row->ended <= 0)
			continue;
		/* those of this row have the places from `seen` on */
		if (isnan(below) && floor(place) < seen + row->ended)
			below = row->length;
		if (ceil(place) < seen + row->ended)
		{
			*length = below + (place - floor(place)) * (row->length - below);
			return true;
		}
		seen += row->ended;
	}
	return false;
}
