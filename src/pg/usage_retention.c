#include "pg/arguments.h"
#include "pg/periods.h"
#include "pg/results.h"
#include "pg/state.h"
#include "pg/times.h"

#include "core/usage_retention.h"

STATE_IO(usage_retention, usage_retention_type);
STATE_GROUP(usage_retention, usage_retention_type);

static int32
bracket_days_arg(FunctionCallInfo fcinfo, int n)
{
	int32		days = 7;

	if (PG_NARGS() > n)
	{
		require_not_null(fcinfo, n, "bracket_days");
		days = PG_GETARG_INT32(n);
	}
	if (days < 1 || days > BRACKET_DAYS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bracket_days %d is not between 1 and %d", days, BRACKET_DAYS_MAX),
				 errhint("1, 7 and 28 are usual: days, weeks, and months of whole weeks.")));
	return days;
}

static UsageRetention *
retention_new(const Periods *periods, int32 bracket_days)
{
	int64		width = retention_width(periods, bracket_days);
	int64		cells = retention_cells(periods, width);
	UsageRetention *retention;

	if (cells > STATE_ROWS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("too many brackets of %d days for cohorts of one %s between %s and %s",
						bracket_days, period_unit_words[periods->unit], day_text(periods->origin), day_text(periods->end)),
				 errdetail("That is %lld cells, of which at most %d are possible.", (long long) cells, STATE_ROWS_MAX),
				 errhint("Choose longer brackets, a longer period or a shorter range.")));
	retention = state_new(&usage_retention_type, cells);
	retention->periods = *periods;
	retention->bracket_days = bracket_days;
	retention->width = (int32) width;
	return retention;
}

/* Arguments: state, activity, from_date, to_date, period [, bracket_days] */
static Datum
accumulate(FunctionCallInfo fcinfo, bool subtract)
{
	static const Activity never = {0};
	PeriodArgs	args = period_args_lag(fcinfo, 2, 1, PERIODS_MAX);
	int32		bracket_days = bracket_days_arg(fcinfo, 5);
	UsageRetention *retention = PG_ARGISNULL(0) ? retention_new(&args.periods, bracket_days) : state_own(fcinfo, 0, &usage_retention_type);
	const Periods *periods = &retention->periods;
	const Activity *activity = PG_ARGISNULL(1) ? &never : state_arg(fcinfo, 1, &activity_type);

	if (memcmp(periods, &args.periods, sizeof(Periods)) != 0 || retention->bracket_days != bracket_days)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_date, to_date, period and bracket_days must be the same in every row of a group"),
				 errdetail("This row asks for %s to %s by %s in brackets of %d days, those before it for %s to %s by %s in brackets of %d.",
						   day_text(args.from), day_text(args.to), period_unit_words[args.periods.unit], bracket_days,
						   day_text(periods->origin), day_text(periods->end), period_unit_words[periods->unit], retention->bracket_days)));
	if (!retention_add(retention, activity, PG_ARGISNULL(1) ? sizeof(never) : VARSIZE(activity), subtract))
		overflow_error(&usage_retention_type);
	return unless_empty(fcinfo, retention, retention->given);
}

SQL_FUNCTION(retention_agg_add, accumulate(fcinfo, false));
SQL_FUNCTION(retention_agg_remove, accumulate(fcinfo, true));

/* The accounts whose bracket is over, and those of them retained: counts, then shares. */
static void
put_retention(RowBuilder *row, const RetentionCell *cell)
{
	int64		mature = cell->column[RETENTION_MATURE];

	for (int i = 0; i < RETENTION_COLUMNS; i++)
		row_put(row, Int64GetDatum(cell->column[i]));
	for (int i = RETENTION_N_DAY; i < RETENTION_COLUMNS; i++)
		row_put_ratio(row, mature > 0, (double) cell->column[i] / mature);
}

static Datum
usage_retention_rows(FunctionCallInfo fcinfo)
{
	RetentionWalk walk = retention_walk(state_arg(fcinfo, 0, &usage_retention_type));
	RowBuilder	row = rows_begin(fcinfo);

	while (retention_next(&walk))
	{
		/* a period in which nobody began has no cohort */
		if (walk.accounts == 0)
			continue;
		row_put(&row, DateADTGetDatum(periods_boundary(&walk.retention->periods, walk.cohort)));
		row_put(&row, Int32GetDatum(walk.bracket));
		row_put(&row, Int64GetDatum(walk.accounts));
		put_retention(&row, &walk.sum);
		row_put(&row, BoolGetDatum(walk.sum.column[RETENTION_MATURE] == walk.accounts));
		row_end(&row);
	}
	if (walk.overflow)
		overflow_error(&usage_retention_type);
	return (Datum) 0;
}

typedef struct BracketSum
{
	int64		cohorts;
	RetentionCell cell;
} BracketSum;

/* By bracket over all accounts whose bracket is over. */
static Datum
usage_retention_average_rows(FunctionCallInfo fcinfo)
{
	const UsageRetention *retention = state_arg(fcinfo, 0, &usage_retention_type);
	RetentionWalk walk = retention_walk(retention);
	RowBuilder	row = rows_begin(fcinfo);
	/* the first cohort has the most */
	int32		brackets = (retention->periods.end - retention->periods.origin) / retention->bracket_days;
	BracketSum *sums = palloc0((Size) (brackets + 1) * sizeof(BracketSum));

	while (retention_next(&walk))
		if (walk.accounts != 0 && walk.sum.column[RETENTION_MATURE] > 0)
		{
			BracketSum *sum = &sums[walk.bracket];

			sum->cohorts++;
			if (fields_merge(usage_retention_type.row, &sum->cell, &walk.sum, false) != MERGE_DONE)
				overflow_error(&usage_retention_type);
		}
	if (walk.overflow)
		overflow_error(&usage_retention_type);
	for (int32 bracket = 0; bracket < brackets; bracket++)
		if (sums[bracket].cohorts > 0)
		{
			row_put(&row, Int32GetDatum(bracket));
			row_put(&row, Int64GetDatum(sums[bracket].cohorts));
			put_retention(&row, &sums[bracket].cell);
			row_end(&row);
		}
	return (Datum) 0;
}

SQL_FUNCTION(usage_retention_sql, usage_retention_rows(fcinfo));
SQL_FUNCTION(usage_retention_average, usage_retention_average_rows(fcinfo));
SQL_FUNCTION(usage_retention_account_count, Int64GetDatum(((const UsageRetention *) state_arg(fcinfo, 0, &usage_retention_type))->given));
