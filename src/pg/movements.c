#include "pg/arguments.h"
#include "pg/money.h"
#include "pg/periods.h"
#include "pg/results.h"
#include "pg/state.h"
#include "pg/times.h"

#include "core/movements.h"

STATE_IO(mrr_movements, movements_type);
STATE_GROUP(mrr_movements, movements_type);

static Movements *
movements_new(const PeriodArgs *args)
{
	Movements  *movements = state_new(&movements_type, movements_rows(&args->periods, args->lag));

	movements->periods = args->periods;
	movements->lag = args->lag;
	return movements;
}

/* Arguments: state, timeline, from_date, to_date, period [, lag] */
static Datum
accumulate(FunctionCallInfo fcinfo, bool subtract)
{
	static const Timeline no_history = {.kind = TIMELINE_TERMS};
	PeriodArgs	args = period_args(fcinfo, 2, PERIODS_MAX);
	Movements  *movements = PG_ARGISNULL(0) ? movements_new(&args) : state_own(fcinfo, 0, &movements_type);
	const Timeline *timeline = PG_ARGISNULL(1) ? &no_history : state_arg(fcinfo, 1, &timeline_type);

	check_same_periods(&movements->periods, movements->lag, &args);
	if (!movements_add(movements, timeline, subtract))
		overflow_error(&movements_type);
	return unless_empty(fcinfo, movements, movements->given);
}

SQL_FUNCTION(mrr_movement_agg_add, accumulate(fcinfo, false));
SQL_FUNCTION(mrr_movement_agg_remove, accumulate(fcinfo, true));

static Datum
single_period_state(FunctionCallInfo fcinfo)
{
	const Movements *movements = state_arg(fcinfo, 0, &movements_type);
	PeriodArgs	args = {.lag = 1};
	Movements  *single;

	if (!movements_single_periods(movements, &args.periods))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("periods of one %s from %s on do not come to %s", period_unit_words[args.periods.unit],
						day_text(args.periods.origin), day_text(movements->periods.origin)),
				 errhint("Build the state from a day that all months have, the 28th at the latest.")));
	single = movements_new(&args);
	single->given = movements->given;
	single->opening_count = movements->opening_count;
	single->opening = movements->opening;
	single->opening_squares = movements->opening_squares;
	memcpy(single->row, movements->row, args.periods.count * sizeof(MovementRow));
	PG_RETURN_POINTER(single);
}

SQL_FUNCTION(single_periods, single_period_state(fcinfo));

static void
put_window(RowBuilder *row, const MovementsWalk *walk)
{
	const Movements *movements = walk->movements;

	row_put(row, DateADTGetDatum(periods_boundary(&movements->periods, movements_first(movements) + walk->window)));
	row_put(row, DateADTGetDatum(periods_boundary(&movements->periods, walk->window + 1)));
}

static Datum
window_is_complete(const MovementsWalk *walk)
{
	return BoolGetDatum(period_is_complete(&walk->movements->periods, walk->window));
}

/* Raised by the engine should its arithmetic, or the storage under it, ever be wrong. */
static void
check_bridge(const MovementsWalk *walk)
{
	if (!movement_row_balances(&walk->row))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the movements of period %s do not add up to its change of MRR",
						day_text(periods_boundary(&walk->movements->periods, movements_first(walk->movements) + walk->window)))));
}

static void
put_ratio(RowBuilder *row, RevenueRatio read, const RevenueFlow *flow)
{
	double		ratio;
	bool		known = read(flow, &ratio);

	row_put_ratio(row, known, ratio);
}

/* Arguments: movements, pauses_are_churn, gross */
static void
put_bridge(FunctionCallInfo fcinfo, RowBuilder *row, MovementsWalk *walk)
{
	static const Movement shown[] = {
		MOVEMENT_NEW, MOVEMENT_REACTIVATION, MOVEMENT_RESUME, MOVEMENT_EXPANSION,
		MOVEMENT_CONTRACTION, MOVEMENT_PAUSE, MOVEMENT_CHURN
	};
	MovementRow kinds = walk->row;
	RevenueFlow retained = movements_flow(walk);
	RevenueFlow churned = retained;

	movement_row_fold_pauses(&kinds, PG_GETARG_BOOL(1));
	/* the churn rates follow the churn that is shown, but for what the opening never knew */
	churned.churned = kinds.amount[MOVEMENT_CHURN];
	churned.churned_count = kinds.count[MOVEMENT_CHURN];
	if (PG_GETARG_BOOL(2))
		movement_row_gross_up(&kinds);

	put_window(row, walk);
	row_put(row, money_to_numeric(walk->opening));
	for (int i = 0; i < (int) lengthof(shown); i++)
		row_put(row, money_to_numeric(kinds.amount[shown[i]]));
	row_put(row, money_to_numeric(walk->closing));
	row_put(row, Int64GetDatum(walk->opening_count));
	for (int i = 0; i < (int) lengthof(shown); i++)
		row_put(row, Int64GetDatum(kinds.count[shown[i]]));
	row_put(row, Int64GetDatum(walk->closing_count));
	row_put(row, money_to_numeric(kinds.amount[MOVEMENT_INTRA_PERIOD]));
	row_put(row, Int64GetDatum(kinds.count[MOVEMENT_INTRA_PERIOD]));
	put_ratio(row, revenue_flow_nrr, &retained);
	put_ratio(row, revenue_flow_grr, &retained);
	put_ratio(row, revenue_flow_logo_churn, &churned);
	put_ratio(row, revenue_flow_revenue_churn, &churned);
	row_put(row, window_is_complete(walk));
	row_end(row);
}

/* Arguments: movements, method */
static void
put_retention(FunctionCallInfo fcinfo, RowBuilder *row, MovementsWalk *walk)
{
	RetentionMethod method = choice_arg(fcinfo, 1, "method", retention_methods);
	double		nrr,
				grr;
	bool		known = movements_retention(walk, method, &nrr, &grr);

	put_window(row, walk);
	row_put_text(row, retention_methods[method]);
	row_put_ratio(row, known, nrr);
	row_put_ratio(row, known, grr);
	row_put(row, window_is_complete(walk));
	row_end(row);
}

/* Arguments: movements */
static void
put_flow(FunctionCallInfo fcinfo, RowBuilder *row, MovementsWalk *walk)
{
	RevenueFlow *flow = state_new(&revenue_flow_type, 0);
	RevenueFlow read = movements_flow(walk);

	read.header = flow->header;
	*flow = read;
	if (state_flaw(&revenue_flow_type, flow, sizeof(*flow)))
		overflow_error(&revenue_flow_type);
	put_window(row, walk);
	row_put(row, PointerGetDatum(flow));
	row_put(row, window_is_complete(walk));
	row_end(row);
}

typedef void (*PutRow) (FunctionCallInfo fcinfo, RowBuilder *row, MovementsWalk *walk);

static Datum
read_windows(FunctionCallInfo fcinfo, PutRow put)
{
	MovementsWalk walk = movements_walk(state_arg(fcinfo, 0, &movements_type));
	RowBuilder	row = rows_begin(fcinfo);

	while (movements_next(&walk))
	{
		check_bridge(&walk);
		put(fcinfo, &row, &walk);
	}
	if (walk.overflow)
		overflow_error(&movements_type);
	return (Datum) 0;
}

SQL_FUNCTION(movements, read_windows(fcinfo, put_bridge));
SQL_FUNCTION(retention, read_windows(fcinfo, put_retention));
SQL_FUNCTION(revenue_flows, read_windows(fcinfo, put_flow));
