#include "core/cox_rows.h"

#include <math.h>
#include <string.h>

#include "core/radix_sort.h"

/* Upper bits of the hash by which rows of one time are sorted; the rest is by comparing. */
#define HASH_BITS (3 * RADIX_BITS)

/* A term is constant that spreads no further. */
#define DISTANCE_MIN 1e-100

int32_t
cox_terms(const int32_t *levels, int32_t features)
{
	int32_t		terms = 0;

	for (int32_t i = 0; i < features; i++)
		terms += levels[i] == 0 ? 1 : levels[i] - 1;
	return terms;
}

static uint64_t
content_hash(const double *cell, int32_t width)
{
	uint64_t	hash = UINT64_C(0x9E3779B97F4A7C15);

	for (int32_t i = 0; i < width; i++)
	{
		uint64_t	bits;

		memcpy(&bits, cell + i, sizeof(bits));
		hash = (hash ^ bits) * UINT64_C(0xD6E8FEB86659FD93);
		hash ^= hash >> 32;
	}
	return hash;
}

static int
compare_contents(const CoxInput *input, const uint64_t *hash, uint64_t a, uint64_t b)
{
	if (hash[a] != hash[b])
		return hash[a] < hash[b] ? -1 : 1;
	return memcmp(input->cell + a * input->width, input->cell + b * input->width, input->width * sizeof(double));
}

/* Rows of equal times are nearly in the order of their contents: the upper bits of the hash are. */
static void
settle_ties(const CoxInput *input, const uint64_t *hash, Keyed *keyed)
{
	for (int64_t i = 1; i < input->rows; i++)
	{
		Keyed		moving = keyed[i];
		int64_t		hole = i;

		for (; hole > 0 && keyed[hole - 1].key == moving.key && compare_contents(input, hash, keyed[hole - 1].row, moving.row) > 0; hole--)
			keyed[hole] = keyed[hole - 1];
		keyed[hole] = moving;
	}
}

/* Rows by time, the longest first, then by contents. Which of two equal rows comes first does not matter. */
static Keyed *
order_of(const CoxInput *input, Keyed *keyed, Keyed *room, const Workspace *workspace)
{
	uint64_t   *hash = workspace->take(input->rows * sizeof(uint64_t));

	for (int64_t i = 0; i < input->rows; i++)
	{
		hash[i] = content_hash(input->cell + i * input->width, input->width);
		keyed[i] = (Keyed) {hash[i], i};
	}
	if (radix_sort_upper(keyed, room, input->rows, HASH_BITS) != keyed)
	{
		Keyed	   *sorted = room;

		room = keyed;
		keyed = sorted;
	}
	workspace->pause();
	for (int64_t i = 0; i < input->rows; i++)
		keyed[i].key = ~ordered_bits(input->cell[keyed[i].row * input->width + input->time]);
	keyed = radix_sort(keyed, room, input->rows);
	settle_ties(input, hash, keyed);
	workspace->give(hash);
	return keyed;
}

static void
code_row(const CoxInput *input, const double *cell, double *x)
{
	for (int32_t i = 0; i < input->features; i++)
		if (input->levels[i] == 0)
			*x++ = cell[i];
		else
		{
			for (int32_t level = 1; level < input->levels[i]; level++)
				*x++ = cell[i] == level;
		}
}

/* Puts the observations in order; the rows' starts are sorted apart. */
static void
gather(CoxRows *rows, const CoxInput *input, const Keyed *order, const Workspace *workspace)
{
	for (int64_t i = 0; i < rows->rows; i++)
	{
		const double *cell = input->cell + order[i].row * input->width;

		if (i % ROWS_A_PAUSE == 0)
			workspace->pause();
		code_row(input, cell, rows->x + i * rows->terms);
		rows->time[i] = cell[input->time];
		rows->event[i] = cell[input->event] != 0;
		rows->events += rows->event[i];
		if (rows->start)
			rows->start[i] = cell[input->start];
		if (rows->cluster)
			memcpy(rows->cluster + i, cell + input->cluster, sizeof(uint64_t));
	}
}

/* Centred, and within -1 and 1, so that no sum overflows and every information is of the same size. */
static void
standardise(CoxRows *rows)
{
	int32_t		terms = rows->terms;
	double	   *lowest = rows->range;
	double	   *highest = rows->scale;

	for (int32_t j = 0; j < terms; j++)
		lowest[j] = highest[j] = rows->x[j];
	for (int64_t i = 0; i < rows->rows; i++)
		for (int32_t j = 0; j < terms; j++)
		{
			double		value = rows->x[i * terms + j];

			rows->mean[j] += value;
			lowest[j] = value < lowest[j] ? value : lowest[j];
			highest[j] = value > highest[j] ? value : highest[j];
		}
	for (int32_t j = 0; j < terms; j++)
	{
		double		mean = rows->mean[j] / rows->rows;
		double		scale = highest[j] - lowest[j] > DISTANCE_MIN ? fmax(highest[j] - mean, mean - lowest[j]) : 0;

		rows->range[j] = scale > 0 ? (highest[j] - lowest[j]) / scale : 0;
		rows->mean[j] = mean;
		rows->scale[j] = scale;
	}
	for (int64_t i = 0; i < rows->rows; i++)
		for (int32_t j = 0; j < terms; j++)
		{
			double	   *value = rows->x + i * terms + j;

			*value = rows->scale[j] > 0 ? (*value - rows->mean[j]) / rows->scale[j] : 0;
		}
}

static void
sort_starts(CoxRows *rows, Keyed *keyed, Keyed *room)
{
	for (int64_t i = 0; i < rows->rows; i++)
		keyed[i] = (Keyed) {~ordered_bits(rows->start[i]), i};
	keyed = radix_sort(keyed, room, rows->rows);
	for (int64_t i = 0; i < rows->rows; i++)
		rows->leaving[i] = keyed[i].row;
}

static void
find_event_times(CoxRows *rows)
{
	int64_t		left = 0;

	for (int64_t i = 0; i < rows->rows;)
	{
		double		time = rows->time[i];
		int64_t		deaths = 0;

		for (; i < rows->rows && rows->time[i] == time; i++)
			deaths += rows->event[i];
		if (rows->start)
			while (left < rows->rows && rows->start[rows->leaving[left]] >= time)
				left++;
		if (deaths > 0)
			rows->event_time[rows->event_times++] = (EventTime) {time, i - left, deaths};
	}
}

CoxRows
cox_rows(const CoxInput *input, const Workspace *workspace)
{
	int64_t		n = input->rows;
	int32_t		terms = cox_terms(input->levels, input->features);
	CoxRows		rows = {.rows = n, .terms = terms};
	Keyed	   *keyed = workspace->take(n * sizeof(Keyed));
	Keyed	   *room = workspace->take(n * sizeof(Keyed));
	Keyed	   *order = order_of(input, keyed, room, workspace);

	rows.x = workspace->take(n * terms * sizeof(double));
	rows.time = workspace->take(n * sizeof(double));
	rows.event = workspace->take(n);
	rows.start = input->start < 0 ? NULL : workspace->take(n * sizeof(double));
	rows.leaving = input->start < 0 ? NULL : workspace->take(n * sizeof(int64_t));
	rows.cluster = input->cluster < 0 ? NULL : workspace->take(n * sizeof(uint64_t));
	rows.mean = workspace->take(terms * sizeof(double));
	rows.scale = workspace->take(terms * sizeof(double));
	rows.range = workspace->take(terms * sizeof(double));
	gather(&rows, input, order, workspace);
	if (rows.start)
		sort_starts(&rows, keyed, room);
	workspace->give(keyed);
	workspace->give(room);
	standardise(&rows);
	rows.event_time = workspace->take((rows.events + 1) * sizeof(EventTime));
	find_event_times(&rows);
	return rows;
}
