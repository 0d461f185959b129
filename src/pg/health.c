#include "pg/health.h"
#include "pg/arguments.h"
#include "pg/items.h"
#include "pg/money.h"
#include "pg/named_counts.h"
#include "pg/results.h"

#include <math.h>

STATE_IO(health, health_type);
GROWING_STATE_GROUP(health, health_type, items_combine);

/* Arguments */

void
require_within(double value, double least, double most, const char *what, const char *detail)
{
	if (!(value >= least && value <= most))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %s is out of range", what, number_text(value)),
				 errdetail("%s", detail)));
}

int64
value_units(double value, const char *what)
{
	require_within(value, 0, 100, what,
				   "It goes from 0, the worst, to 100, the best; see csmetrics.normalize_linear.");
	return llrint(value * VALUE_UNIT);
}

int64
weight_arg(FunctionCallInfo fcinfo, int n)
{
	double		weight;

	require_not_null(fcinfo, n, "weight");
	weight = PG_GETARG_FLOAT8(n);
	require_within(weight, 0, WEIGHT_MAX / WEIGHT_UNIT, "weight",
				   "Weights go from 0 to 1000000; six decimals are kept.");
	return llrint(weight * WEIGHT_UNIT);
}

static int32
freshness_arg(FunctionCallInfo fcinfo, int n)
{
	double		freshness;

	if (PG_ARGISNULL(n))
		return 0;
	freshness = PG_GETARG_FLOAT8(n);
	require_within(freshness, 0, 1, "freshness",
				   "It is the share of the weight that still counts, from 0 to 1.");
	return (int32) lrint(freshness * FRESHNESS_UNIT);
}

Utf8Name
part_name_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	require_not_null(fcinfo, n, what);
	return name_arg(fcinfo, n, what);
}

/* Arguments: state, component, signal, value, weight [, policy [, freshness]] */
static Datum
add_signal(FunctionCallInfo fcinfo)
{
	Items	   *health = items_own(fcinfo, &health_type);
	HealthSignal signal = {.freshness = FRESHNESS_UNIT};
	uint8		item[HEALTH_ITEM_SIZE_MAX];

	/* as an outer join has it that found no signals */
	if (PG_ARGISNULL(1) && PG_ARGISNULL(2) && PG_ARGISNULL(3) && PG_ARGISNULL(4))
		return state_result(fcinfo, &health_type, health);
	signal.component = part_name_arg(fcinfo, 1, "component");
	signal.signal = part_name_arg(fcinfo, 2, "signal");
	if (PG_NARGS() > 5)
		signal.policy = choice_arg(fcinfo, 5, "policy", health_policy_words);
	if (PG_NARGS() > 6)
		signal.freshness = freshness_arg(fcinfo, 6);
	signal.weight = weight_arg(fcinfo, 4);
	if (!PG_ARGISNULL(3))
		signal.value = value_units(PG_GETARG_FLOAT8(3), "value");
	signal.known = !PG_ARGISNULL(3) && signal.freshness > 0;
	if (!signal.known)
		signal.freshness = 0;
	return state_result(fcinfo, &health_type, items_with(&health_type, health, item, health_write(item, &signal), 1));
}

SQL_FUNCTION(health_score_add, add_signal(fcinfo));

double
coverage_arg(FunctionCallInfo fcinfo, int n)
{
	double		coverage;

	require_not_null(fcinfo, n, "min_coverage");
	coverage = PG_GETARG_FLOAT8(n);
	require_within(coverage, 0, 1, "min_coverage",
				   "It is a share of the weight, from 0 to 1.");
	return coverage;
}

HealthMethod
method_arg(FunctionCallInfo fcinfo, int n)
{
	return choice_arg(fcinfo, n, "method", health_method_words);
}

Scored
scored_arg(FunctionCallInfo fcinfo, int n, HealthMethod method)
{
	const Items *health = state_arg(fcinfo, n, &health_type);
	Scored		scored = {.signals = palloc((health->items + 1) * sizeof(HealthSignal))};

	scored.count = health_read(health, scored.signals);
	scored.score = health_score_of(scored.signals, scored.count, method);
	return scored;
}

/* Readers */

/* Arguments: health, min_coverage, method */
static Datum
read_score(FunctionCallInfo fcinfo)
{
	Scored		scored = scored_arg(fcinfo, 0, method_arg(fcinfo, 2));
	int64		units = 0;
	bool		known = health_score_read(&scored.score, scored.signals, coverage_arg(fcinfo, 1), &units);

	return float8_if(fcinfo, known, value_of_units(units));
}

static Datum
read_coverage(FunctionCallInfo fcinfo)
{
	Scored		scored = scored_arg(fcinfo, 0, HEALTH_WEIGHTED);

	return float8_if(fcinfo, scored.score.weighed, scored.score.coverage);
}

SQL_FUNCTION(health_score_read_sql, read_score(fcinfo));
SQL_FUNCTION(health_coverage, read_coverage(fcinfo));
