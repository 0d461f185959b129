/* What a score is made of, and why it is another than before. */
#include "pg/health.h"
#include "pg/money.h"
#include "pg/named_counts.h"
#include "pg/results.h"
#include "pg/state.h"

#include "core/health_changes.h"

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
