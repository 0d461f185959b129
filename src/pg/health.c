#include "pg/health.h"
#include "pg/arguments.h"
#include "pg/items.h"
#include "pg/money.h"
#include "pg/named_counts.h"
#include "pg/results.h"

#include <math.h>

STATE_IO(health, health_type);
ITEMS_GROUP(health, health_type);

/* Arguments */

static void
require(bool sound, const char *what, double value, const char *detail)
{
	if (!sound)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %s is out of range", what, number_text(value)),
				 errdetail("%s", detail)));
}

int64
value_units(double value, const char *what)
{
	require(value >= 0 && value <= 100, what, value, "It goes from 0, the worst, to 100, the best; see csmetrics.normalize_linear.");
	return llrint(value * VALUE_UNIT);
}

int64
weight_arg(FunctionCallInfo fcinfo, int n)
{
	double		weight;

	require_not_null(fcinfo, n, "weight");
	weight = PG_GETARG_FLOAT8(n);
	require(weight >= 0 && weight <= WEIGHT_MAX / WEIGHT_UNIT, "weight", weight, "Weights go from 0 to 1000000; six decimals are kept.");
	return llrint(weight * WEIGHT_UNIT);
}

static int32
freshness_arg(FunctionCallInfo fcinfo, int n)
{
	double		freshness;

	if (PG_ARGISNULL(n))
		return 0;
	freshness = PG_GETARG_FLOAT8(n);
	require(freshness >= 0 && freshness <= 1, "freshness", freshness, "It is the share of the weight that still counts, from 0 to 1.");
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
		return items_result(fcinfo, &health_type, health);
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
	return items_result(fcinfo, &health_type, items_with(&health_type, health, item, health_write(item, &signal), 1));
}

SQL_FUNCTION(health_score_add, add_signal(fcinfo));

HealthBounds
bounds_args(FunctionCallInfo fcinfo, int n)
{
	HealthBounds bounds;

	require_not_null(fcinfo, n, "yellow_from");
	require_not_null(fcinfo, n + 1, "green_from");
	bounds = (HealthBounds) {PG_GETARG_FLOAT8(n), PG_GETARG_FLOAT8(n + 1)};
	require(bounds.yellow_from >= 0 && bounds.yellow_from <= 100, "yellow_from", bounds.yellow_from, "Bounds are scores from 0 to 100.");
	require(bounds.green_from >= 0 && bounds.green_from <= 100, "green_from", bounds.green_from, "Bounds are scores from 0 to 100.");
	if (bounds.yellow_from >= bounds.green_from)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("green_from %g is not above yellow_from %g", bounds.green_from, bounds.yellow_from),
				 errhint("Red is below yellow_from, Yellow from there on, Green from green_from on.")));
	return bounds;
}

double
coverage_arg(FunctionCallInfo fcinfo, int n)
{
	double		coverage;

	require_not_null(fcinfo, n, "min_coverage");
	coverage = PG_GETARG_FLOAT8(n);
	require(coverage >= 0 && coverage <= 1, "min_coverage", coverage, "It is a share of the weight, from 0 to 1.");
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

	require(score >= 0 && score <= 100, "score", score, "Scores go from 0 to 100.");
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
	require(margin >= 0 && margin <= 100, "margin", margin, "It is a number of points, from 0 to 100.");
	return tier_text(PG_ARGISNULL(0) ? TIER_UNKNOWN : health_held_tier(score_arg(fcinfo, 0), held, margin, bounds));
}

SQL_FUNCTION(health_score_read_sql, read_score(fcinfo));
SQL_FUNCTION(health_coverage, read_coverage(fcinfo));
SQL_FUNCTION(health_tier_sql, tier_of_health(fcinfo));
SQL_FUNCTION(health_tier_of_score, tier_of_score(fcinfo));
SQL_FUNCTION(health_held_tier_sql, held_tier_of_score(fcinfo));

/* Points are exact: the decimals that there are, and no zeros after them. */
static Datum
points_to_numeric(int64 units)
{
	char		text[32];
	uint64		size = units < 0 ? -(uint64) units : (uint64) units;
	int			length = snprintf(text, sizeof(text), "%s%llu.%0*llu", units < 0 ? "-" : "", (unsigned long long) (size / VALUE_UNIT),
								  VALUE_DECIMALS, (unsigned long long) (size % VALUE_UNIT));

	while (text[length - 1] == '0')
		length--;
	text[text[length - 1] == '.' ? length - 1 : length] = '\0';
	return numeric_from_text(text);
}

static void
put_value(RowBuilder *row, const HealthSignal *signal)
{
	row_put_ratio(row, signal && signal->known, signal ? value_of_units(signal->value) : 0);
}

/* Arguments: health, method */
static Datum
contribution_rows(FunctionCallInfo fcinfo)
{
	Scored		scored = scored_arg(fcinfo, 0, method_arg(fcinfo, 1));
	int64	   *points = palloc((scored.count + 1) * sizeof(int64));
	int64	   *lost = palloc((scored.count + 1) * sizeof(int64));
	RowBuilder	row = rows_begin(fcinfo);

	health_points(&scored.score, scored.signals, scored.count, points, lost);
	for (int i = 0; i < scored.count; i++)
	{
		const HealthSignal *signal = &scored.signals[i];

		row_put(&row, name_to_text(signal->component));
		row_put(&row, name_to_text(signal->signal));
		put_value(&row, signal);
		row_put(&row, Float8GetDatum((double) signal->weight * signal->count / WEIGHT_UNIT));
		row_put(&row, points_to_numeric(points[i]));
		row_put(&row, points_to_numeric(lost[i]));
		row_end(&row);
	}
	return (Datum) 0;
}

/* Arguments: before, after, min_coverage, method */
static Datum
change_rows(FunctionCallInfo fcinfo)
{
	double		min_coverage = coverage_arg(fcinfo, 2);
	HealthMethod method = method_arg(fcinfo, 3);
	Scored		before = scored_arg(fcinfo, 0, method);
	Scored		after = scored_arg(fcinfo, 1, method);
	int			room = before.count + after.count + 1;
	HealthChange *changes = palloc(2 * room * sizeof(HealthChange));
	RowBuilder	row = rows_begin(fcinfo);
	int64		units;
	int			count;

	if (!health_score_read(&before.score, before.signals, min_coverage, &units) || !health_score_read(&after.score, after.signals, min_coverage, &units))
		return (Datum) 0;
	count = health_changes(before.signals, before.count, after.signals, after.count, method, palloc(room * sizeof(HealthSignal)), changes);
	for (int i = 0; i < count; i++)
	{
		const HealthSignal *named = changes[i].before ? changes[i].before : changes[i].after;

		row_put(&row, name_to_text(named->component));
		row_put(&row, name_to_text(named->signal));
		row_put_text(&row, health_term_words[changes[i].term]);
		put_value(&row, changes[i].before);
		put_value(&row, changes[i].after);
		row_put(&row, points_to_numeric(changes[i].points));
		row_end(&row);
	}
	return (Datum) 0;
}

typedef struct Loss
{
	int64		points;
	Utf8Name	signal;
} Loss;

/* The greatest first, those alike by name */
static int
loss_order(const void *a, const void *b)
{
	const Loss *left = a;
	const Loss *right = b;

	if (left->points != right->points)
		return left->points > right->points ? -1 : 1;
	return name_compare(left->signal, right->signal);
}

/* Arguments: health, method, at_most */
static Datum
reasons(FunctionCallInfo fcinfo)
{
	const int64 tenth = VALUE_UNIT / 10;
	Scored		scored = scored_arg(fcinfo, 0, method_arg(fcinfo, 1));
	int			at_most = PG_GETARG_INT32(2);
	int64	   *points = palloc((scored.count + 1) * sizeof(int64));
	int64	   *lost = palloc((scored.count + 1) * sizeof(int64));
	Loss	   *losses = palloc((scored.count + 1) * sizeof(Loss));
	StringInfoData listed;

	health_points(&scored.score, scored.signals, scored.count, points, lost);
	for (int i = 0; i < scored.count; i++)
		losses[i] = (Loss) {lost[i], scored.signals[i].signal};
	qsort(losses, scored.count, sizeof(Loss), loss_order);
	initStringInfo(&listed);
	for (int i = 0; i < Min(scored.count, at_most) && losses[i].points >= tenth / 2; i++)
	{
		int64		tenths = (losses[i].points + tenth / 2) / tenth;

		appendStringInfo(&listed, "%s%s -%d.%d", i > 0 ? ", " : "", TextDatumGetCString(name_to_text(losses[i].signal)), (int) (tenths / 10), (int) (tenths % 10));
	}
	if (listed.len == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(listed.data, listed.len));
}

SQL_FUNCTION(health_contributions, contribution_rows(fcinfo));
SQL_FUNCTION(health_reasons, reasons(fcinfo));
SQL_FUNCTION(health_change, change_rows(fcinfo));
