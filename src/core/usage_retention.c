#include "core/usage_retention.h"

/* Cells of a cohort: brackets that may be over, and one more. */
static int32_t
cohort_cells(const Periods *periods, int32_t bracket_days, int32_t cohort)
{
	return (periods->end - periods_boundary(periods, cohort)) / bracket_days + 1;
}

int64_t
retention_width(const Periods *periods, int32_t bracket_days)
{
	int64_t		width = 0;

	for (int32_t first = 0, last = periods->count - 1; first <= last; first++, last--)
	{
		int64_t		cells = cohort_cells(periods, bracket_days, first);

		if (first < last)
			cells += cohort_cells(periods, bracket_days, last);
		width = cells > width ? cells : width;
	}
	return width;
}

int64_t
retention_cells(const Periods *periods, int64_t width)
{
	return ((int64_t) periods->count + 1) / 2 * width;
}

static int64_t
retention_row_count(const void *state)
{
	const UsageRetention *retention = state;
	int64_t		cells;

	if (!periods_are_valid(&retention->periods, 1) ||
		retention->bracket_days < 1 || retention->bracket_days > BRACKET_DAYS_MAX ||
		retention->width != retention_width(&retention->periods, retention->bracket_days))
		return -1;
	cells = retention_cells(&retention->periods, retention->width);
	return cells <= STATE_ROWS_MAX ? cells : -1;
}

/* Where a cell of a cohort is. */
static int64_t
cell_place(const UsageRetention *retention, int32_t cohort, int32_t bracket)
{
	int64_t		mirrored = retention->periods.count - 1 - cohort;

	return cohort <= mirrored ? (int64_t) cohort * retention->width + bracket :
		(mirrored + 1) * retention->width - 1 - bracket;
}

/* Room between two cohorts is zero, and each account is in one cell of every column but the n-day one. */
static const char *
retention_flaw(const void *state, int64_t rows)
{
	const UsageRetention *retention = state;
	const Periods *periods = &retention->periods;

	for (int32_t cohort = 0; cohort < periods->count; cohort++)
	{
		int32_t		cells = cohort_cells(periods, retention->bracket_days, cohort);
		int32_t		mirrored = periods->count - 1 - cohort;
		int32_t		end = cells;
		uint64_t	sum[RETENTION_COLUMNS] = {0};

		/* the room up to the other one belongs to the first of the two */
		if (cohort <= mirrored)
			end = retention->width - (cohort < mirrored ? cohort_cells(periods, retention->bracket_days, mirrored) : 0);
		for (int32_t bracket = 0; bracket < end; bracket++)
		{
			const int64_t *column = retention->cell[cell_place(retention, cohort, bracket)].column;

			for (int i = 0; i < RETENTION_COLUMNS; i++)
			{
				if (column[i] != 0 && (bracket >= cells || (bracket == cells - 1 && i == RETENTION_N_DAY)))
					return "a count where no bracket is over";
				sum[i] += (uint64_t) column[i];
			}
		}
		if (sum[RETENTION_UNBOUNDED] != sum[RETENTION_MATURE] || sum[RETENTION_ROLLING] != sum[RETENTION_MATURE])
			return "columns of a cohort differ in their accounts";
	}
	return NULL;
}

const StateType usage_retention_type = {
	.name = "usage_retention",
	.version = 1,
	.fields = "ddkk" "kk" "n",
	.row = "nnnn",
	.row_count = retention_row_count,
	.flaw = retention_flaw,
};

static bool
count_add(int64_t *count, int64_t sign)
{
	*count += sign;
	return count_within_limit(*count);
}

static int32_t
earlier(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

bool
retention_add(UsageRetention *retention, const Activity *activity, size_t size, bool subtract)
{
	const Periods *periods = &retention->periods;
	int32_t		length = retention->bracket_days;
	int64_t		sign = subtract ? -1 : 1;
	ActivityWalk walk = activity_walk(activity, size);
	RetentionCell *cell = NULL;	/* of bracket 0 */
	int			step = 1;		/* from a cell to the next */
	int32_t		first = 0;		/* active day */
	int32_t		mature = 0;		/* brackets that are over */
	int32_t		following = 0;	/* the bracket after the last with activity */
	int32_t		run = 0;		/* brackets from the first on without one that has none */
	bool		fits = count_add(&retention->given, sign);

	while (activity_next(&walk) && walk.day < periods->end)
	{
		uint64_t	rest = walk.active & chunk_days(&walk, walk.day, periods->end);

		while (rest)
		{
			int32_t		day = walk.day + __builtin_ctzll(rest);
			int32_t		bracket;

			if (!cell)
			{
				PeriodOrigin origin = period_origin(periods->origin, periods->unit);
				int32_t		cohort;

				if (day < periods->origin)
					return fits;
				cohort = period_index(&origin, day);
				cell = retention->cell + cell_place(retention, cohort, 0);
				step = cohort <= periods->count - 1 - cohort ? 1 : -1;
				first = day;
				mature = (periods->end - first) / length;
			}
			bracket = (day - first) / length;
			/* a bracket may reach over several chunks */
			if (bracket >= following)
			{
				run += run == bracket;
				following = bracket + 1;
				if (bracket < mature)
					fits &= count_add(&cell[(int64_t) step * bracket].column[RETENTION_N_DAY], sign);
			}
			if (bracket >= mature)
				break;
			/* the other days of the bracket change nothing */
			rest &= ~chunk_days(&walk, day, first + following * length);
		}
	}
	if (cell)
	{
		fits &= count_add(&cell[(int64_t) step * mature].column[RETENTION_MATURE], sign);
		fits &= count_add(&cell[(int64_t) step * earlier(following, mature)].column[RETENTION_UNBOUNDED], sign);
		fits &= count_add(&cell[(int64_t) step * earlier(run, mature)].column[RETENTION_ROLLING], sign);
	}
	return fits;
}

RetentionWalk
retention_walk(const UsageRetention *retention)
{
	return (RetentionWalk) {.retention = retention, .cohort = -1};
}

/* Takes the cell in, or out, but for what is of that bracket alone. */
static bool
sum_cell(RetentionWalk *walk, int32_t bracket, bool subtract)
{
	RetentionCell cell = walk->retention->cell[cell_place(walk->retention, walk->cohort, bracket)];
	int64_t		n_day = cell.column[RETENTION_N_DAY];
	bool		fits;

	cell.column[RETENTION_N_DAY] = 0;
	fits = fields_merge(usage_retention_type.row, &walk->sum, &cell, subtract) == MERGE_DONE;
	walk->sum.column[RETENTION_N_DAY] = n_day;
	return fits;
}

bool
retention_next(RetentionWalk *walk)
{
	const UsageRetention *retention = walk->retention;
	const Periods *periods = &retention->periods;
	bool		fits = true;

	if (++walk->bracket >= walk->brackets)
	{
		int32_t		days;

		if (++walk->cohort >= periods->count)
			return false;
		days = periods->end - periods_boundary(periods, walk->cohort);
		walk->bracket = 0;
		walk->brackets = (days - 1) / retention->bracket_days + 1;
		walk->sum = (RetentionCell) {0};
		for (int32_t i = days / retention->bracket_days; i >= 0; i--)
			fits &= sum_cell(walk, i, false);
		walk->accounts = walk->sum.column[RETENTION_MATURE];
	}
	fits &= sum_cell(walk, walk->bracket, true);
	walk->overflow = !fits;
	return fits;
}
