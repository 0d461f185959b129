#include "pg/money.h"
#include "pg/periods.h"
#include "pg/results.h"
#include "pg/state.h"

#include "core/cohorts.h"

STATE_IO(cohorts, cohorts_type);
STATE_GROUP(cohorts, cohorts_type);

static Cohorts *
cohorts_new(const Periods *periods)
{
	Cohorts    *cohorts = state_new(&cohorts_type, cohorts_cells(periods));

	cohorts->periods = *periods;
	return cohorts;
}

/* Arguments: state, timeline, from_date, to_date, period */
static Datum
accumulate(FunctionCallInfo fcinfo, bool subtract)
{
	static const Timeline no_history = {.kind = TIMELINE_TERMS};
	PeriodArgs	args = period_args(fcinfo, 2, COHORT_PERIODS_MAX);
	Cohorts    *cohorts = PG_ARGISNULL(0) ? cohorts_new(&args.periods) : state_own(fcinfo, 0, &cohorts_type);
	const Timeline *timeline = PG_ARGISNULL(1) ? &no_history : state_arg(fcinfo, 1, &timeline_type);

	check_same_periods(&cohorts->periods, 1, &args);
	if (!cohorts_add(cohorts, timeline, subtract))
		overflow_error(&cohorts_type);
	return unless_empty(fcinfo, cohorts, cohorts->given);
}

SQL_FUNCTION(cohort_agg_add, accumulate(fcinfo, false));
SQL_FUNCTION(cohort_agg_remove, accumulate(fcinfo, true));

/* The shares that cells are read for: of accounts, of MRR kept, of MRR. */
static void
put_shares(RowBuilder *row, const CohortCell *start, const CohortCell *cell)
{
	row_put_ratio(row, start->count > 0, (double) cell->count / start->count);
	row_put_ratio(row, start->mrr > 0, (double) cell->kept / (double) start->mrr);
	row_put_ratio(row, start->mrr > 0, (double) cell->mrr / (double) start->mrr);
}

static bool
cell_is_mature(const CohortsWalk *walk)
{
	return period_is_complete(&walk->cohorts->periods, walk->cohort + walk->age);
}

static Datum
cohort_retention_rows(FunctionCallInfo fcinfo)
{
	CohortsWalk walk = cohorts_walk(state_arg(fcinfo, 0, &cohorts_type));
	RowBuilder	row = rows_begin(fcinfo);

	while (cohorts_next(&walk))
	{
		const Periods *periods = &walk.cohorts->periods;

		/* a period in which nobody began has no cohort */
		if (walk.start.count == 0)
			continue;
		row_put(&row, DateADTGetDatum(periods_boundary(periods, walk.cohort)));
		row_put(&row, Int32GetDatum(walk.age));
		row_put(&row, DateADTGetDatum(periods_boundary(periods, walk.cohort + walk.age + 1)));
		row_put(&row, Int64GetDatum(walk.start.count));
		row_put(&row, Int64GetDatum(walk.cell.count));
		row_put(&row, money_to_numeric(walk.start.mrr));
		row_put(&row, money_to_numeric(walk.cell.kept));
		row_put(&row, money_to_numeric(walk.cell.mrr));
		put_shares(&row, &walk.start, &walk.cell);
		row_put(&row, BoolGetDatum(cell_is_mature(&walk)));
		row_end(&row);
	}
	if (walk.overflow)
		overflow_error(&cohorts_type);
	return (Datum) 0;
}

typedef struct AgeSum
{
	int64		cohorts;
	CohortCell	start;
	CohortCell	cell;
} AgeSum;

/* By age over all cohorts that have reached it, weighted by where they started. */
static Datum
cohort_average_rows(FunctionCallInfo fcinfo)
{
	CohortsWalk walk = cohorts_walk(state_arg(fcinfo, 0, &cohorts_type));
	RowBuilder	row = rows_begin(fcinfo);
	int			ages = walk.cohorts->periods.count;
	AgeSum	   *sums = palloc0(ages * sizeof(AgeSum));

	while (cohorts_next(&walk))
		if (walk.start.count > 0 && cell_is_mature(&walk))
		{
			AgeSum	   *sum = &sums[walk.age];

			sum->cohorts++;
			if (fields_merge(cohorts_type.row, &sum->start, &walk.start, false) != MERGE_DONE ||
				fields_merge(cohorts_type.row, &sum->cell, &walk.cell, false) != MERGE_DONE)
				overflow_error(&cohorts_type);
		}
	if (walk.overflow)
		overflow_error(&cohorts_type);
	for (int age = 0; age < ages && sums[age].cohorts > 0; age++)
	{
		row_put(&row, Int32GetDatum(age));
		row_put(&row, Int64GetDatum(sums[age].cohorts));
		row_put(&row, Int64GetDatum(sums[age].start.count));
		row_put(&row, Int64GetDatum(sums[age].cell.count));
		put_shares(&row, &sums[age].start, &sums[age].cell);
		row_end(&row);
	}
	return (Datum) 0;
}

SQL_FUNCTION(cohort_retention, cohort_retention_rows(fcinfo));
SQL_FUNCTION(cohort_average, cohort_average_rows(fcinfo));
