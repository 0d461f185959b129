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

#define NO_DAY INT32_MIN

/* One account on its way into a series, and the spans that its days make, which have no end yet. */
typedef struct Adding
{
	const int32_t *days;		/* of the windows */
	SeriesRow  *row;
	int64_t		rows;
	int32_t		origin;			/* day of the first row */
	int64_t		sign;
	bool		fits;
	int32_t		last;			/* active day so far, or NO_DAY */
	int32_t		begun[SERIES_WINDOWS];	/* of the span that it belongs to */
	int64_t		ended;			/* of the long span before that, or NO_DAY */
} Adding;

static inline void
add_difference(Adding *adding, int column, int64_t row, int64_t difference)
{
	int64_t    *sum = &adding->row[row].column[column];

	*sum += difference;
	adding->fits &= count_within_limit(*sum);
}

/* Adds to a column on the days from `from` on and before `to`. */
static inline void
add_span(Adding *adding, int column, int64_t from, int64_t to)
{
	int64_t		begins = from > adding->origin ? from - adding->origin : 0;
	int64_t		ends = to - adding->origin;

	if (begins >= ends || begins >= adding->rows)
		return;
	add_difference(adding, column, begins, adding->sign);
	if (ends < adding->rows)
		add_difference(adding, column, ends, -adding->sign);
}

static void
begin_spans(Adding *adding, int32_t day)
{
	for (int window = 0; window < SERIES_WINDOWS; window++)
		adding->begun[window] = day;
}

/* Ends the span of a window: its last active day is good for as many days as the window has. */
static inline void
end_span(Adding *adding, SeriesWindow window)
{
	int64_t		days = adding->days[window];
	int64_t		begun = adding->begun[window];
	int64_t		end = adding->last + days;

	add_span(adding, window, begun, end);
	if (window != WINDOW_LONG)
		return;
	/* in the window before by this span itself, or by the one before it */
	add_span(adding, SERIES_RETAINED, begun + days, end);
	add_span(adding, SERIES_RETAINED, begun, adding->ended + days < end ? adding->ended + days : end);
	adding->ended = end;
}

/* Adds active days that follow one another. */
static inline void
add_run(Adding *adding, int32_t first, int32_t last)
{
	int64_t		gap = (int64_t) first - adding->last;

	if (adding->last == NO_DAY)
	{
		add_span(adding, SERIES_EVER, first, INT32_MAX);
		begin_spans(adding, first);
	}
	else
		/* no window is shorter than the one before: where a span goes on, so do those of longer windows */
		for (int window = 0; window < SERIES_WINDOWS && gap > adding->days[window]; window++)
		{
			end_span(adding, window);
			adding->begun[window] = first;
		}
	adding->last = last;
}

static void
add_chunk(Adding *adding, int32_t day, uint64_t active)
{
	while (active)
	{
		/* the lowest bit carries through its run, to the bit after it */
		uint64_t	carried = active + (active & -active);
		int			next = carried ? __builtin_ctzll(carried) : CHUNK_DAYS;

		add_run(adding, day + __builtin_ctzll(active), day + next - 1);
		active &= carried;
	}
}

/* Days that are over before the first row matter only by the last of them: spans that touch no row begin anywhere. */
static void
skip_days(Adding *adding, int32_t first, int32_t last)
{
	begin_spans(adding, first);
	adding->ended = NO_DAY;
	adding->last = last;
}

bool
series_add(ActiveSeries *series, const Activity *activity, size_t size, bool subtract)
{
	int32_t		longest = series->days[WINDOW_LONG];
	ActivityWalk walk = activity_walk(activity, size);
	Adding		adding = {
		.days = series->days,
		.row = series->row,
		.rows = series_rows(series->from, series->to, longest),
		.origin = series->from - longest,
		.sign = subtract ? -1 : 1,
		.fits = true,
		.last = NO_DAY,
		.ended = NO_DAY,
	};

	series->given += adding.sign;
	while (activity_next(&walk) && walk.day < series->to)
	{
		uint64_t	active = walk.active & chunk_days(&walk, walk.day, series->to);

		if (active && adding.last != NO_DAY && walk.following <= adding.origin - longest)
			skip_days(&adding, walk.day + __builtin_ctzll(active), walk.day + CHUNK_DAYS - 1 - __builtin_clzll(active));
		else
			add_chunk(&adding, walk.day, active);
	}
	if (adding.last != NO_DAY)
		for (int window = 0; window < SERIES_WINDOWS; window++)
			end_span(&adding, window);
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
