#include "core/active_series.h"

int64_t
series_rows(int32_t from, int32_t to, int32_t longest)
{
	return (int64_t) to - from + longest;
}

static int64_t
series_row_count(const void *state)
{
	const ActiveSeries *series = state;
	const int32_t *days = series->days;

	if (series->from >= series->to || series->to - series->from > SERIES_DAYS_MAX || series->reserved != 0 ||
		days[0] < 1 || days[0] > days[1] || days[1] > days[2] || days[2] > SERIES_DAYS_MAX)
		return -1;
	return series_rows(series->from, series->to, days[WINDOW_LONG]);
}

const StateType active_series_type = {
	.name = "active_series",
	.version = 1,
	.fields = "dd" "kkkk" "n",
	.row = "nnnnn",
	.row_count = series_row_count,
};

/* One account on its way into a series. */
typedef struct Adding
{
	ActiveSeries *series;
	int32_t		origin;			/* day of the first row */
	int64_t		sign;
	bool		fits;
} Adding;

/* Adds to a column on the days from `from` on and before `to`. */
static void
add_span(Adding *adding, int column, int64_t from, int64_t to)
{
	SeriesRow  *row = adding->series->row;
	int64_t		begins = from - adding->origin;
	int64_t		ends = to - adding->origin;
	int64_t		rows = adding->series->to - adding->origin;

	if (ends <= 0 || begins >= rows || begins >= ends)
		return;
	begins = begins < 0 ? 0 : begins;
	row[begins].column[column] += adding->sign;
	adding->fits &= row[begins].column[column] < COUNT_LIMIT && row[begins].column[column] > -COUNT_LIMIT;
	if (ends < rows)
	{
		row[ends].column[column] -= adding->sign;
		adding->fits &= row[ends].column[column] < COUNT_LIMIT && row[ends].column[column] > -COUNT_LIMIT;
	}
}

bool
series_add(ActiveSeries *series, const Activity *activity, size_t size, bool subtract)
{
	const int32_t *days = series->days;
	int32_t		longest = days[WINDOW_LONG];
	Adding		adding = {series, series->from - longest, subtract ? -1 : 1, true};
	ActivityWalk walk = activity_walk(activity, size);
	int32_t		begun[SERIES_WINDOWS] = {0};	/* of the spans so far */
	int64_t		ended = INT32_MIN;	/* of the long span before this one */
	int32_t		last = INT32_MIN;	/* active day; none yet */

	series->given += adding.sign;
	while (activity_next(&walk) && walk.day < series->to)
	{
		uint64_t	rest = walk.active & chunk_days(&walk, walk.day, series->to);

		/* what is over before the first row matters only by its last day */
		if (last != INT32_MIN && rest && walk.following <= adding.origin - longest)
		{
			int32_t		day = walk.day + __builtin_ctzll(rest);

			/* the spans that touch none of the rows begin anywhere */
			last = walk.day + 63 - __builtin_clzll(rest);
			begun[WINDOW_SHORT] = begun[WINDOW_MIDDLE] = begun[WINDOW_LONG] = day;
			ended = INT32_MIN;
			continue;
		}
		for (; rest; rest &= rest - 1)
		{
			int32_t		day = walk.day + __builtin_ctzll(rest);
			int64_t		gap = (int64_t) day - last;

			if (last == INT32_MIN)
			{
				add_span(&adding, SERIES_EVER, day, INT32_MAX);
				begun[WINDOW_SHORT] = begun[WINDOW_MIDDLE] = begun[WINDOW_LONG] = day;
			}
			else if (gap > days[WINDOW_SHORT])
			{
				add_span(&adding, WINDOW_SHORT, begun[WINDOW_SHORT], last + days[WINDOW_SHORT]);
				begun[WINDOW_SHORT] = day;
				if (gap > days[WINDOW_MIDDLE])
				{
					add_span(&adding, WINDOW_MIDDLE, begun[WINDOW_MIDDLE], last + days[WINDOW_MIDDLE]);
					begun[WINDOW_MIDDLE] = day;
				}
				if (gap > longest)
				{
					int64_t		end = (int64_t) last + longest;

					add_span(&adding, WINDOW_LONG, begun[WINDOW_LONG], end);
					/* in the window before by this span itself, or by the one before it */
					add_span(&adding, SERIES_RETAINED, (int64_t) begun[WINDOW_LONG] + longest, end);
					add_span(&adding, SERIES_RETAINED, begun[WINDOW_LONG], ended + longest < end ? ended + longest : end);
					begun[WINDOW_LONG] = day;
					ended = end;
				}
			}
			last = day;
		}
	}
	if (last != INT32_MIN)
	{
		int64_t		end = (int64_t) last + longest;

		add_span(&adding, WINDOW_SHORT, begun[WINDOW_SHORT], (int64_t) last + days[WINDOW_SHORT]);
		add_span(&adding, WINDOW_MIDDLE, begun[WINDOW_MIDDLE], (int64_t) last + days[WINDOW_MIDDLE]);
		add_span(&adding, WINDOW_LONG, begun[WINDOW_LONG], end);
		add_span(&adding, SERIES_RETAINED, (int64_t) begun[WINDOW_LONG] + longest, end);
		add_span(&adding, SERIES_RETAINED, begun[WINDOW_LONG], ended + longest < end ? ended + longest : end);
	}
	return adding.fits;
}

SeriesWalk
series_walk(const ActiveSeries *series)
{
	return (SeriesWalk) {.series = series};
}

bool
series_next(SeriesWalk *walk)
{
	const ActiveSeries *series = walk->series;

	if (walk->next >= series_rows(series->from, series->to, series->days[WINDOW_LONG]))
		return false;
	walk->overflow = fields_merge(active_series_type.row, &walk->sum, &series->row[walk->next++], false) != MERGE_DONE;
	return !walk->overflow;
}
