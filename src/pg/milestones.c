#include "pg/arguments.h"
#include "pg/bag.h"
#include "pg/results.h"
#include "pg/times.h"

#include "core/milestones.h"

STATE_IO(milestones, milestones_type);
GROWING_STATE_GROUP(milestones, milestones_type, bag_combine);

/* Arguments: state, milestone, reached_at, due_at, is_start, is_value */
static Datum
add_milestone(FunctionCallInfo fcinfo)
{
	Milestone	milestone = {
		.reached = open_instant_arg(fcinfo, 2, "reached_at"),
		.due = open_instant_arg(fcinfo, 3, "due_at"),
		.name = text_key_arg(fcinfo, 1),
		.is_start = !PG_ARGISNULL(4) && PG_GETARG_BOOL(4),
		.is_value = !PG_ARGISNULL(5) && PG_GETARG_BOOL(5),
		.count = 1,
	};

	return bag_result(fcinfo, &milestones_type,
					  bag_with(&milestones_type, bag_own(fcinfo, &milestones_type), &milestone, false));
}

SQL_FUNCTION(milestones_add, add_milestone(fcinfo));

static const Milestones *
milestones_arg(FunctionCallInfo fcinfo)
{
	return state_arg(fcinfo, 0, &milestones_type);
}

/* Arguments: milestones, as_of */
static MilestoneTally
tally(FunctionCallInfo fcinfo)
{
	const Milestones *milestones = milestones_arg(fcinfo);

	return milestones_tally(milestones, PG_GETARG_TIMESTAMPTZ(1), palloc(milestones->bag.count * sizeof(Milestone)));
}

static Datum
share_of_due(FunctionCallInfo fcinfo)
{
	MilestoneTally due = tally(fcinfo);

	return float8_if(fcinfo, due.due > 0, (double) (due.due - due.overdue) / due.due);
}

SQL_FUNCTION(due_reached_share, share_of_due(fcinfo));
SQL_FUNCTION(started_at, instant_if_any(fcinfo, milestones_started(milestones_arg(fcinfo), PG_GETARG_TIMESTAMPTZ(1))));
SQL_FUNCTION(value_at, instant_if_any(fcinfo, milestones_valued(milestones_arg(fcinfo), PG_GETARG_TIMESTAMPTZ(1))));
SQL_FUNCTION(reached_count, Int64GetDatum(tally(fcinfo).reached));
SQL_FUNCTION(due_count, Int64GetDatum(tally(fcinfo).due));
SQL_FUNCTION(overdue_count, Int64GetDatum(tally(fcinfo).overdue));
