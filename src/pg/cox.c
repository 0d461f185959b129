#include "pg/arguments.h"
#include "pg/cox.h"
#include "pg/results.h"

#include <math.h>

#include "utils/jsonb.h"

#include "core/distributions.h"
#include "core/item_parts.h"

/* Terms and their names, in order. */
typedef struct TermWalk
{
	const CoxView *view;
	const uint8 *feature_at;
	CoxFeature	feature;
	const uint8 *level;			/* the next */
	int32		levels;			/* of it that are left */
	int32		left;			/* features */
	int32		n;				/* of the term, from 0 */
	CoxTerm		term;
	char	   *name;
} TermWalk;

static TermWalk
term_walk(const CoxView *view)
{
	return (TermWalk) {.view = view, .feature_at = view->feature_at, .left = view->features, .n = -1};
}

static bool
term_next(TermWalk *walk)
{
	while (walk->levels == 0)
	{
		if (walk->left-- == 0)
			return false;
		walk->feature = cox_next_feature(&walk->feature_at);
		walk->level = walk->feature.level;
		walk->levels = walk->feature.kind == FEATURE_TEXT ? walk->feature.levels - 1 : 1;
		/* the first is what the others are held against */
		if (walk->feature.kind == FEATURE_TEXT)
			read_name(&walk->level);
	}
	walk->levels--;
	walk->term = cox_term(walk->view, ++walk->n);
	walk->name = server_name(walk->feature.name);
	if (walk->feature.kind == FEATURE_TEXT)
		walk->name = psprintf("%s%s", walk->name, server_name(read_name(&walk->level)));
	return true;
}

static void
put_term(RowBuilder *row, const CoxTerm *term, bool clustered, double z)
{
	bool		known = term->status == TERM_ESTIMATED || term->status == TERM_UNBOUNDED;
	double		error = clustered ? term->robust : term->standard_error;
	bool		sure = known && error > 0;

	row_put_ratio(row, known, term->coefficient);
	row_put_ratio(row, known && term->standard_error > 0, term->standard_error);
	row_put_ratio(row, sure, term->coefficient / error);
	row_put_ratio(row, sure, erfc(fabs(term->coefficient / error) * M_SQRT1_2));
	row_put_ratio(row, known, exp(term->coefficient));
	row_put_ratio(row, sure, exp(term->coefficient - z * error));
	row_put_ratio(row, sure, exp(term->coefficient + z * error));
}

/* Arguments: fit, confidence. Of discrete time nothing is clustered. */
static Datum
coefficient_rows(FunctionCallInfo fcinfo, bool discrete)
{
	const Cox  *cox = cox_arg(fcinfo);
	double		z = normal_quantile_two_sided(confidence_arg(fcinfo, 1));
	RowBuilder	row = rows_begin(fcinfo);
	CoxView		view = cox_view(cox);
	TermWalk	walk = term_walk(&view);

	while (term_next(&walk))
	{
		row_put_text(&row, walk.name);
		put_term(&row, &walk.term, cox->clusters > 0, z);
		if (!discrete)
			row_put_ratio(&row, walk.term.robust > 0, walk.term.robust);
		row_end(&row);
	}
	return (Datum) 0;
}

static void
put_test(RowBuilder *row, const char *term, bool known, double chi_square, int32 degrees)
{
	row_put_text(row, term);
	row_put_ratio(row, known, chi_square);
	row_put(row, Int32GetDatum(degrees));
	row_put_ratio(row, known, known ? chi_square_tail(chi_square, degrees) : 0);
	row_end(row);
}

static Datum
proportionality_rows(FunctionCallInfo fcinfo)
{
	RowBuilder	row = rows_begin(fcinfo);
	CoxView		view = cox_view(cox_arg(fcinfo));
	TermWalk	walk = term_walk(&view);
	int32		degrees = 0;

	while (term_next(&walk))
	{
		bool		known = walk.term.status == TERM_ESTIMATED && walk.term.standard_error > 0;

		degrees += known;
		put_test(&row, walk.name, known, walk.term.chi_square, 1);
	}
	put_test(&row, "GLOBAL", degrees > 0, view.chi_square, degrees);
	return (Datum) 0;
}

/* Notes: what a reader of the figures should know */

pg_attribute_printf(2, 3) static void
note(StringInfo notes, const char *form, ...)
{
	va_list		arguments;
	char		text[1024];

	va_start(arguments, form);
	pvsnprintf(text, sizeof(text), form, arguments);
	va_end(arguments);
	text[pg_mbcliplen(text, strlen(text), sizeof(text) - 1)] = '\0';
	appendStringInfo(notes, "%s%s", notes->len > 0 ? "; " : "", text);
}

static void
note_missing(StringInfo notes, const Cox *cox, const CoxView *view)
{
	const uint8 *at = view->feature_at;

	if (cox->left_out > 0)
		note(notes, INT64_FORMAT " rows left out", cox->left_out);
	for (int32 i = 0; i < view->features; i++)
	{
		CoxFeature	feature = cox_next_feature(&at);

		if (feature.missing > 0)
			note(notes, "\"%s\" is missing in " INT64_FORMAT " rows", server_name(feature.name), feature.missing);
		if (feature.kind == FEATURE_TEXT && feature.levels == 1)
			note(notes, "\"%s\" has one value: left out", server_name(feature.name));
	}
}

static void
note_terms(StringInfo notes, const CoxView *view)
{
	TermWalk	walk = term_walk(view);

	while (term_next(&walk))
		if (walk.term.status == TERM_CONSTANT)
			note(notes, "\"%s\" has one value: left out", walk.name);
		else if (walk.term.status == TERM_COLLINEAR)
			note(notes, "\"%s\" follows from the terms before it: left out", walk.name);
		else if (walk.term.status == TERM_UNBOUNDED)
			note(notes, "the coefficient of \"%s\" has no bound: it tells events apart too well (none, or all, among those who have it)", walk.name);
}

static char *
notes_of(const Cox *cox, const CoxView *view)
{
	StringInfoData notes;

	initStringInfo(&notes);
	note_missing(&notes, cox, view);
	note_terms(&notes, view);
	if ((view->flags & COX_CONVERGED) == 0)
		note(&notes, "the likelihood has no maximum that %d iterations came to", view->iterations);
	if (cox->events < 10 * (int64) view->terms)
		note(&notes, INT64_FORMAT " events for %d terms: ten a term are usual", cox->events, view->terms);
	if (view->flags & COX_THINNED)
		note(&notes, "the baseline hazard keeps %d of its steps", view->steps);
	return notes.data;
}

static Datum
summary_row(FunctionCallInfo fcinfo, const char *const *choices)
{
	const Cox  *cox = cox_arg(fcinfo);
	CoxView		view = cox_view(cox);
	double		pairs = (double) view.concordant + view.discordant + view.tied;
	char	   *notes = notes_of(cox, &view);
	Datum		values[13] = {
		Int64GetDatum(cox->rows),
		Int64GetDatum(cox->left_out),
		Int64GetDatum(cox->events),
		Int64GetDatum(cox->clusters),
		CStringGetTextDatum(choices[view.ties]),
		Int32GetDatum(view.terms),
		Float8GetDatum(view.log_likelihood_null),
		Float8GetDatum(view.log_likelihood),
		Float8GetDatum(pairs > 0 ? (view.concordant + view.tied / 2.0) / pairs : 0),
		Int32GetDatum(view.iterations),
		BoolGetDatum((view.flags & COX_CONVERGED) != 0),
		Float8GetDatum(view.last_time),
		CStringGetTextDatum(notes),
	};
	bool		nulls[13] = {[3] = cox->clusters == 0,[8] = pairs == 0,[12] = *notes == '\0'};

	return row_result(fcinfo, lengthof(values), values, nulls);
}

/* Predictions */

static double
number_of_json(const char *name, const JsonbValue *value)
{
	if (value->type == jbvBool)
		return value->val.boolean;
	if (value->type != jbvNumeric)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("feature \"%s\" is not a number", name),
				 errhint("Give the columns of the query that was fitted, as to_jsonb of its rows does.")));
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
}

/* The place of a text among the levels of a feature; -1: it is none of them. */
static int32
level_of_json(const CoxFeature *feature, const char *name, const JsonbValue *value)
{
	const uint8 *at = feature->level;
	Utf8Name	given;

	if (value->type != jbvString)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("feature \"%s\" is not a text", name),
				 errhint("Give the columns of the query that was fitted, as to_jsonb of its rows does.")));
	given.bytes = (const uint8 *) pg_server_to_any(value->val.string.val, value->val.string.len, PG_UTF8);
	given.length = given.bytes == (const uint8 *) value->val.string.val ? value->val.string.len : (int) strlen((const char *) given.bytes);
	for (int32 i = 0; i < feature->levels; i++)
		if (name_compare(given, read_name(&at)) == 0)
			return i;
	return -1;
}

/* What a feature adds to the logarithm of the hazard; false where it is not known. `term` is the first of it. */
static bool
add_feature(const CoxView *view, const CoxFeature *feature, int32 term, JsonbContainer *given, double *sum)
{
	char	   *name = server_name(feature->name);
	JsonbValue	room;
	JsonbValue *value = getKeyJsonValueFromContainer(given, name, strlen(name), &room);
	int32		terms = feature->kind == FEATURE_TEXT ? feature->levels - 1 : 1;
	int32		level = 0;
	double		number = 0;

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("feature \"%s\" is not given", name),
				 errhint("Give all columns of the query that was fitted, null where one is not known.")));
	if (value->type == jbvNull)
		return false;
	if (feature->kind == FEATURE_TEXT)
		level = level_of_json(feature, name, value);
	else
		number = number_of_json(name, value);
	for (int32 i = 0; i < terms; i++)
	{
		CoxTerm		one = cox_term(view, term + i);

		sum[0] += one.coefficient * ((feature->kind == FEATURE_TEXT ? level == i + 1 : number) - one.mean);
	}
	return level >= 0;
}

/* Argument 1: the features of one, as an object. The hazard relative to who has the mean of every term; false where it is not known. */
static bool
relative_hazard(FunctionCallInfo fcinfo, const CoxView *view, double *hazard)
{
	Jsonb	   *given = PG_GETARG_JSONB_P(1);
	const uint8 *at = view->feature_at;
	double		sum = 0;
	bool		known = true;
	int32		term = 0;

	if (!JB_ROOT_IS_OBJECT(given))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("features are not an object of JSON, as to_jsonb of a row is")));
	for (int32 i = 0; i < view->features; i++)
	{
		CoxFeature	feature = cox_next_feature(&at);

		known &= add_feature(view, &feature, term, &given->root, &sum);
		term += feature.kind == FEATURE_TEXT ? feature.levels - 1 : 1;
	}
	*hazard = exp(sum);
	return known;
}

static Datum
relative_hazard_value(FunctionCallInfo fcinfo)
{
	CoxView		view = cox_view(cox_arg(fcinfo));
	double		hazard;
	bool		known = relative_hazard(fcinfo, &view, &hazard);

	return float8_if(fcinfo, known, hazard);
}

static double
at_arg(FunctionCallInfo fcinfo)
{
	double		at = PG_GETARG_FLOAT8(2);

	if (!(at >= 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("at %s is not at least 0", number_text(at))));
	return at;
}

/* Arguments: fit, features, at */
static Datum
survival_value(FunctionCallInfo fcinfo)
{
	CoxView		view = cox_view(cox_arg(fcinfo));
	double		at = at_arg(fcinfo);
	double		hazard;
	bool		known = relative_hazard(fcinfo, &view, &hazard);

	return float8_if(fcinfo, known && at <= view.last_time, exp(-cox_hazard(&view, at) * hazard));
}

/* Arguments: fit of discrete time, features, at */
static Datum
hazard_survival_value(FunctionCallInfo fcinfo)
{
	CoxView		view = cox_view(cox_arg(fcinfo));
	double		at = at_arg(fcinfo);
	double		ratio;
	bool		known = relative_hazard(fcinfo, &view, &ratio);

	return float8_if(fcinfo, known && at <= view.last_time, hazard_surviving(&view, ratio, at));
}

SQL_FUNCTION(cox_coefficients, coefficient_rows(fcinfo, false));
SQL_FUNCTION(hazard_coefficients, coefficient_rows(fcinfo, true));
SQL_FUNCTION(cox_summary, summary_row(fcinfo, cox_ties_words));
SQL_FUNCTION(hazard_summary, summary_row(fcinfo, hazard_link_words));
SQL_FUNCTION(hazard_survival, hazard_survival_value(fcinfo));
SQL_FUNCTION(cox_proportional_hazards, proportionality_rows(fcinfo));
SQL_FUNCTION(cox_relative_hazard, relative_hazard_value(fcinfo));
SQL_FUNCTION(cox_survival_at, survival_value(fcinfo));
