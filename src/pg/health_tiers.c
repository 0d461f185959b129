#include "pg/health_tiers.h"
#include "pg/arguments.h"
#include "pg/health.h"
#include "pg/state.h"

HealthBounds
bounds_args(FunctionCallInfo fcinfo, int n)
{
	HealthBounds bounds;

	require_not_null(fcinfo, n, "yellow_from");
	require_not_null(fcinfo, n + 1, "green_from");
	bounds = (HealthBounds) {PG_GETARG_FLOAT8(n), PG_GETARG_FLOAT8(n + 1)};
	require_within(bounds.yellow_from, 0, 100, "yellow_from",
				   "Bounds are scores from 0 to 100.");
	require_within(bounds.green_from, 0, 100, "green_from",
				   "Bounds are scores from 0 to 100.");
	if (bounds.yellow_from >= bounds.green_from)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("green_from %g is not above yellow_from %g", bounds.green_from, bounds.yellow_from),
				 errhint("Red is below yellow_from, Yellow from there on, Green from green_from on.")));
	return bounds;
}

static Datum
tier_text(HealthTier tier)
{
	return CStringGetTextDatum(health_tier_words[tier]);
}

/* Arguments: health, yellow_from, green_from, min_coverage, method */
static Datum
tier_of_health(FunctionCallInfo fcinfo)
{
	HealthBounds bounds = bounds_args(fcinfo, 1);
	double		coverage = coverage_arg(fcinfo, 3);
	HealthMethod method = method_arg(fcinfo, 4);
	Scored		scored;
	int64		units;

	if (PG_ARGISNULL(0))
		return tier_text(TIER_UNKNOWN);
	scored = scored_arg(fcinfo, 0, method);
	if (!health_score_read(&scored.score, scored.signals, coverage, &units))
		return tier_text(TIER_UNKNOWN);
	return tier_text(health_tier(value_of_units(units), bounds));
}

static double
score_arg(FunctionCallInfo fcinfo, int n)
{
	double		score = PG_GETARG_FLOAT8(n);

	require_within(score, 0, 100, "score",
				   "Scores go from 0 to 100.");
	return score;
}

/* Arguments: score, yellow_from, green_from */
static Datum
tier_of_score(FunctionCallInfo fcinfo)
{
	HealthBounds bounds = bounds_args(fcinfo, 1);

	return tier_text(PG_ARGISNULL(0) ? TIER_UNKNOWN : health_tier(score_arg(fcinfo, 0), bounds));
}

/* Arguments: score, held, margin, yellow_from, green_from */
static Datum
held_tier_of_score(FunctionCallInfo fcinfo)
{
	HealthBounds bounds = bounds_args(fcinfo, 3);
	HealthTier	held = PG_ARGISNULL(1) ? TIER_UNKNOWN : choice_arg(fcinfo, 1, "tier", health_tier_words);
	double		margin;

	require_not_null(fcinfo, 2, "margin");
	margin = PG_GETARG_FLOAT8(2);
	require_within(margin, 0, 100, "margin",
				   "It is a number of points, from 0 to 100.");
	return tier_text(PG_ARGISNULL(0) ? TIER_UNKNOWN : health_held_tier(score_arg(fcinfo, 0), held, margin, bounds));
}

SQL_FUNCTION(health_tier_sql, tier_of_health(fcinfo));
SQL_FUNCTION(health_tier_of_score, tier_of_score(fcinfo));
SQL_FUNCTION(health_held_tier_sql, held_tier_of_score(fcinfo));
