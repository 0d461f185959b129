#include "pg/arguments.h"
#include "pg/health.h"
#include "pg/items.h"
#include "pg/normalize.h"
#include "pg/times.h"

#include <math.h>

#include "utils/array.h"

#include "core/health_rules.h"

STATE_IO(health_rules, health_rules_type);
GROWING_STATE_GROUP(health_rules, health_rules_type, items_combine);

/* A whole number from 0 to a limit; NULL is 0. */
static int32
count_arg(FunctionCallInfo fcinfo, int n, const char *what, int32 highest)
{
	int32		count = PG_ARGISNULL(n) ? 0 : PG_GETARG_INT32(n);

	if (count < 0 || count > highest)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %d is not between 0 and %d", what, count, highest)));
	return count;
}

/* Arguments from 5 on: knots, scores */
static void
read_knots(FunctionCallInfo fcinfo, HealthRule *rule)
{
	Piecewise	piecewise;

	require_not_null(fcinfo, 5, "knots");
	require_not_null(fcinfo, 6, "scores");
	piecewise = piecewise_args(fcinfo, 5);
	if (piecewise.count > KNOTS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d knots are more than %d", piecewise.count, KNOTS_MAX)));
	rule->knots = piecewise.count;
	memcpy(rule->knot, piecewise.knots, piecewise.count * sizeof(double));
	memcpy(rule->value, piecewise.scores, piecewise.count * sizeof(double));
}

/* Arguments from 9 on: veto_from, veto_cap */
static void
read_veto(FunctionCallInfo fcinfo, HealthRule *rule)
{
	rule->vetoes = !PG_ARGISNULL(9);
	if (!rule->vetoes)
		return;
	rule->veto_from = PG_GETARG_FLOAT8(9);
	if (!isfinite(rule->veto_from))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("veto_from %s is not finite", number_text(rule->veto_from))));
	require_not_null(fcinfo, 10, "veto_cap");
	rule->veto_cap = value_units(PG_GETARG_FLOAT8(10), "veto_cap");
}

/* Arguments: state, component, signal, reading, weight, knots, scores, policy, keep_days, veto_from, veto_cap */
static Datum
add_rule(FunctionCallInfo fcinfo)
{
	Items	   *rules = items_own(fcinfo, &health_rules_type);
	HealthRule	rule = {.component = part_name_arg(fcinfo, 1, "component"), .signal = part_name_arg(fcinfo, 2, "signal")};
	uint8		item[RULE_ITEM_SIZE_MAX];

	rule.reading = count_arg(fcinfo, 3, "reading", READINGS_MAX);
	rule.weight = weight_arg(fcinfo, 4);
	read_knots(fcinfo, &rule);
	rule.policy = choice_arg(fcinfo, 7, "policy", rule_policy_words);
	rule.keep_days = count_arg(fcinfo, 8, "keep_days", KEEP_DAYS_MAX);
	read_veto(fcinfo, &rule);
	return state_result(fcinfo, &health_rules_type, items_with(&health_rules_type, rules, item, rule_write(item, &rule), 1));
}

SQL_FUNCTION(health_rule_agg_add, add_rule(fcinfo));

/* Argument 1, a list of numbers or NULLs; none at all is an empty one. */
static double *
readings_arg(FunctionCallInfo fcinfo, int *count)
{
	ArrayType  *array;
	const bits8 *known;
	const double *next;
	double	   *readings;

	*count = 0;
	if (PG_ARGISNULL(1))
		return NULL;
	array = PG_GETARG_ARRAYTYPE_P(1);
	known = ARR_NULLBITMAP(array);
	next = (const double *) ((char *) array + (known ? (Size) array->dataoffset : ARR_OVERHEAD_NONULLS(ARR_NDIM(array))));
	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	readings = palloc((*count + 1) * sizeof(double));
	for (int i = 0; i < *count; i++)
		readings[i] = !known || (known[i / 8] & 1 << i % 8) ? *next++ : NAN;
	return readings;
}

static Items *
with_signal(Items *health, const HealthSignal *signal)
{
	uint8		item[HEALTH_ITEM_SIZE_MAX];

	return items_with(&health_type, health, item, health_write(item, signal), signal->count);
}

/* Rules as they were read last: most accounts have the same. */
typedef struct KnownRules
{
	Items	   *rules;
	HealthRule *rule;
	int			count;
} KnownRules;

static KnownRules *
read_rules(MemoryContext context, const Items *given)
{
	KnownRules *known = MemoryContextAlloc(context, sizeof(KnownRules));
	ItemWalk	walk;

	known->rules = memcpy(MemoryContextAlloc(context, VARSIZE(given)), given, VARSIZE(given));
	known->rule = MemoryContextAllocHuge(context, (known->rules->items + 1) * sizeof(HealthRule));
	known->count = 0;
	walk = items_walk(known->rules);
	while (item_next(&walk))
		if (walk.count > 0)
			known->rule[known->count++] = rule_read(&walk);
	return known;
}

static const KnownRules *
rules_arg(FunctionCallInfo fcinfo, int n)
{
	const Items *given = state_arg(fcinfo, n, &health_rules_type);
	KnownRules *known = fcinfo->flinfo->fn_extra;

	if (known && VARSIZE(known->rules) == VARSIZE(given) && memcmp(known->rules, given, VARSIZE(given)) == 0)
		return known;
	if (known)
	{
		pfree(known->rule);
		pfree(known->rules);
		pfree(known);
	}
	fcinfo->flinfo->fn_extra = NULL;
	return fcinfo->flinfo->fn_extra = read_rules(fcinfo->flinfo->fn_mcxt, given);
}

/* Arguments: rules, readings, own, as_of */
static HealthSignal *
signals_by_rules(FunctionCallInfo fcinfo, int *count)
{
	const KnownRules *known = rules_arg(fcinfo, 0);
	HealthSignal *signals = palloc((2 * known->count + 1) * sizeof(HealthSignal));
	Measures	measures;

	measures.reading = readings_arg(fcinfo, &measures.readings);
	measures.own = PG_ARGISNULL(2) ? NULL : state_arg(fcinfo, 2, &signals_type);
	measures.as_of = PG_GETARG_TIMESTAMPTZ(3);
	*count = rules_apply(known->rule, known->count, &measures, signals);
	return signals;
}

static Datum
apply_rules(FunctionCallInfo fcinfo)
{
	HealthSignal *signals;
	Items	   *health;
	int			count;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	signals = signals_by_rules(fcinfo, &count);
	health = items_new(&health_type, count * 64);
	for (int i = 0; i < count; i++)
		health = with_signal(health, &signals[i]);
	PG_RETURN_POINTER(state_close(&health_type, health));
}

/* Arguments: rules, readings, own, as_of, min_coverage, method */
static Datum
score_by_rules(FunctionCallInfo fcinfo)
{
	HealthSignal *signals;
	HealthScore score;
	int64		units;
	int			count;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(3) || PG_ARGISNULL(4) || PG_ARGISNULL(5))
		PG_RETURN_NULL();
	signals = signals_by_rules(fcinfo, &count);
	score = health_score_of(signals, count, method_arg(fcinfo, 5));
	if (!health_score_read(&score, signals, coverage_arg(fcinfo, 4), &units))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value_of_units(units));
}

SQL_FUNCTION(health_of, apply_rules(fcinfo));
SQL_FUNCTION(score_of, score_by_rules(fcinfo));
