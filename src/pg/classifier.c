/* Classifiers as values: text and binary form, predictions, why, the card, coefficients. */
#include "pg/classifier.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/jsonb.h"

#include "core/strict.h"
#include "core/text_key.h"
#include "core/training.h"
#include "pg/arguments.h"
#include "pg/results.h"
#include "pg/state.h"

STATE_IO(classifier, classifier_type);

static void *
allocate(size_t size)
{
	return palloc_extended(size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

static void
breathe(void)
{
	CHECK_FOR_INTERRUPTS();
}

const Workshop backend_workshop = {allocate, pfree, breathe};

Utf8Name
level_of_bytes(const char *bytes, int length)
{
	char	   *utf8 = pg_server_to_any(bytes, length, PG_UTF8);

	if (utf8 != bytes)
		length = strlen(utf8);
	if (length > STRING_MAX)
	{
		length = STRING_MAX;
		while (length > 0 && ((uint8) utf8[length] & 0xC0) == 0x80)
			length--;
	}
	return (Utf8Name) {(const uint8 *) utf8, length};
}

char *
name_to_cstring(Utf8Name name)
{
	char	   *utf8 = pnstrdup((const char *) name.bytes, name.length);

	return pg_any_to_server(utf8, name.length, PG_UTF8);
}

/* ---- a classifier at hand ---- */

/* The last one that was read, for the calls of one query: mostly it is the same. */
typedef struct Held
{
	ClassifierState *state;
	Classifier *classifier;
	char	  **key;			/* names of the features in the encoding of the server */
	int		   *key_length;
	MemoryContext context;
} Held;

static void
hold(Held *held, const ClassifierState *state)
{
	MemoryContext caller;

	if (held->context)
		MemoryContextReset(held->context);
	held->state = NULL;
	caller = MemoryContextSwitchTo(held->context);
	held->classifier = NULL;
	held->key = NULL;
	{
		ClassifierState *copy = palloc(VARSIZE(state));
		int			features;

		memcpy(copy, state, VARSIZE(state));
		held->classifier = classifier_read(copy->stream, copy->bytes, &backend_workshop);
		if (!held->classifier)
			elog(ERROR, "a classifier is broken");
		features = held->classifier->design.features;
		held->key = palloc((features + 1) * sizeof(char *));
		held->key_length = palloc((features + 1) * sizeof(int));
		for (int i = 0; i < features; i++)
		{
			held->key[i] = name_to_cstring(held->classifier->design.feature[i].name);
			held->key_length[i] = strlen(held->key[i]);
		}
		held->state = copy;
	}
	MemoryContextSwitchTo(caller);
}

static const Held *
held_arg(FunctionCallInfo fcinfo)
{
	const ClassifierState *state = state_arg(fcinfo, 0, &classifier_type);
	Held	   *held = fcinfo->flinfo->fn_extra;

	if (!held)
	{
		held = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Held));
		held->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "csmetrics classifier", ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = held;
	}
	if (!held->state || VARSIZE(held->state) != VARSIZE(state) || memcmp(held->state, state, VARSIZE(state)) != 0)
		hold(held, state);
	return held;
}

/* ---- values of features ---- */

static double
number_of_json(const JsonbValue *value, const char *key)
{
	double		number = NAN;

	if (value->type == jbvNumeric)
		number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	else if (value->type == jbvBool)
		number = value->val.boolean;
	else if (value->type != jbvNull)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("feature \"%s\" is no number", key), errhint("It was one in the rows that the classifier learnt from.")));
	if (isinf(number))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("feature \"%s\" is out of range", key)));
	return number;
}

static int
level_of_json(const DesignFeature *f, const JsonbValue *value, const char *key)
{
	switch (value->type)
	{
		case jbvNull:
			return design_missing_level(f);
		case jbvString:
			return design_level(f, level_of_bytes(value->val.string.val, value->val.string.len));
		case jbvBool:
			return design_level(f, value->val.boolean ? (Utf8Name) {(const uint8 *) "true", 4} : (Utf8Name) {(const uint8 *) "false", 5});
		case jbvNumeric:
			{
				char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));

				return design_level(f, level_of_bytes(text, strlen(text)));
			}
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("feature \"%s\" is no text", key), errhint("It was one in the rows that the classifier learnt from.")));
	}
}

/* The place of each feature; one that is not there is missing. */
static void
places_of_json(const Held *held, Jsonb *json, Place *place)
{
	const Design *d = &held->classifier->design;

	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("features are not a JSON object"), errhint("Give a value by name of feature, as to_jsonb(t) does of a row.")));
	for (int i = 0; i < d->features; i++)
	{
		const DesignFeature *f = &d->feature[i];
		JsonbValue	found;
		bool		is_there;

		if (!f->is_used)
		{
			place[i] = (Place) {0};
			continue;
		}
		is_there = getKeyJsonValueFromContainer(&json->root, held->key[i], held->key_length[i], &found) != NULL;
		if (f->is_text)
			place[i] = place_level(f, is_there ? level_of_json(f, &found, held->key[i]) : design_missing_level(f));
		else
			place[i] = place_number(f, is_there ? number_of_json(&found, held->key[i]) : NAN);
	}
}

/* Texts by the number of their level, from 1 on, in the order of bytes; any other number is an unknown text. */
static Place
place_of_number(const DesignFeature *f, double value, bool is_null, const char *key)
{
	if (!is_null && isinf(value))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("feature \"%s\" is out of range", key)));
	if (!f->is_text)
		return place_number(f, is_null ? NAN : value);
	if (is_null || isnan(value))
		return place_level(f, design_missing_level(f));
	if (value >= 1 && value <= f->levels && value == floor(value))
		return place_level(f, (int) value - 1);
	return place_level(f, f->has_other ? f->levels : -1);
}

static void
places_of_array(const Held *held, ArrayType *array, Place *place)
{
	const Design *d = &held->classifier->design;
	const char *value = (const char *) array + (ARR_HASNULL(array) ? array->dataoffset : (int) ARR_OVERHEAD_NONULLS(ARR_NDIM(array)));
	const bits8 *bitmap = ARR_NULLBITMAP(array);

	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != d->features)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an array of %d numbers, and %d features", ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), d->features),
				 errhint("Give one for each feature, in the order of classifier_features.")));
	for (int i = 0; i < d->features; i++)
	{
		bool		is_null = bitmap && !(bitmap[i / 8] & (1 << i % 8));
		double		number = 0;

		if (!is_null)
		{
			memcpy(&number, value, sizeof(number));
			value += sizeof(number);
		}
		place[i] = place_of_number(&d->feature[i], number, is_null, held->key[i]);
	}
}

static Datum
chance(const Held *held, const Place *place)
{
	return Float8GetDatum(logistic_of(classifier_log_odds(held->classifier, place)));
}

static Datum
predict_json(FunctionCallInfo fcinfo)
{
	const Held *held = held_arg(fcinfo);
	Place		place[FEATURES_MAX];

	places_of_json(held, PG_GETARG_JSONB_P(1), place);
	return chance(held, place);
}

static Datum
predict_array(FunctionCallInfo fcinfo)
{
	const Held *held = held_arg(fcinfo);
	Place		place[FEATURES_MAX];

	places_of_array(held, PG_GETARG_ARRAYTYPE_P(1), place);
	return chance(held, place);
}

SQL_FUNCTION(classifier_predict_json, predict_json(fcinfo));
SQL_FUNCTION(classifier_predict_array, predict_array(fcinfo));

/* ---- why ---- */

typedef struct Contribution
{
	int			feature;
	double		amount;
} Contribution;

static int
by_size(const void *a, const void *b)
{
	const Contribution *x = a;
	const Contribution *y = b;

	if (fabs(x->amount) != fabs(y->amount))
		return fabs(x->amount) > fabs(y->amount) ? -1 : 1;
	return x->feature - y->feature;
}

/* The segment of argument 2, or -1. */
static int
segment_arg(FunctionCallInfo fcinfo, const Classifier *c)
{
	text	   *given;
	Utf8Name	name;
	int			low = 0;

	if (PG_NARGS() < 3)
		return -1;
	given = PG_GETARG_TEXT_PP(2);
	name = level_of_bytes(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given));
	for (; low < c->segments; low++)
		if (name_compare(c->segment[low], name) == 0)
			return low;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("segment \"%s\" is not known to the classifier", text_to_cstring(given)),
			 errhint(c->segments > 0 ? "It knows those that its rows had." : "It learnt without segments: give fit_classifier a segment_column.")));
}

/* Arguments: classifier, features [, segment] */
static Datum
explain(FunctionCallInfo fcinfo)
{
	const Held *held = held_arg(fcinfo);
	const Classifier *c = held->classifier;
	Place		place[FEATURES_MAX];
	double		amount[FEATURES_MAX];
	Contribution contribution[FEATURES_MAX];
	int			count = 0;
	double		base;
	RowBuilder	row = rows_begin(fcinfo);

	places_of_json(held, PG_GETARG_JSONB_P(1), place);
	base = classifier_contributions(c, place, segment_arg(fcinfo, c), amount);
	for (int i = 0; i < c->design.features; i++)
		if (c->design.feature[i].is_used)
			contribution[count++] = (Contribution) {i, amount[i]};
	qsort(contribution, count, sizeof(Contribution), by_size);
	row_put_text(&row, "(base)");
	row_put(&row, Float8GetDatum(base));
	row_end(&row);
	for (int i = 0; i < count; i++)
	{
		row_put_text(&row, held->key[contribution[i].feature]);
		row_put(&row, Float8GetDatum(contribution[i].amount));
		row_end(&row);
	}
	return (Datum) 0;
}

SQL_FUNCTION(classifier_explain, explain(fcinfo));

/* ---- coefficients ---- */

/* Of the line of a number, by its own unit; of the intercept, where numbers are 0. */
static void
plain_coefficient(const Classifier *c, int column, double *coefficient, double *error)
{
	const Design *d = &c->design;

	*coefficient = c->coefficient[column];
	*error = column == 0 ? c->intercept_error : c->column[column].error;
	for (int i = 0; i < d->features; i++)
	{
		const DesignFeature *f = &d->feature[i];

		if (!f->is_used || f->is_text)
			continue;
		if (column == f->first)
		{
			*coefficient /= f->scale;
			*error /= f->scale;
		}
		else if (column == 0)
			*coefficient -= c->coefficient[f->first] * f->mean / f->scale;
	}
}

static Datum
coefficients(FunctionCallInfo fcinfo)
{
	const Classifier *c = held_arg(fcinfo)->classifier;
	char		name[TERM_MAX];
	RowBuilder	row = rows_begin(fcinfo);

	for (int i = 0; i < c->design.columns; i++)
	{
		double		coefficient;
		double		error;
		bool		is_in = !c->column[i].is_out;

		plain_coefficient(c, i, &coefficient, &error);
		row_put_text(&row, name_to_cstring((Utf8Name) {(uint8 *) name, term_name(&c->design, i, name)}));
		row_put_ratio(&row, is_in, coefficient);
		row_put_ratio(&row, is_in, error);
		row_put_ratio(&row, is_in && error > 0, coefficient / error);
		row_put_ratio(&row, is_in && error > 0, erfc(fabs(coefficient / error) / M_SQRT2));
		row_end(&row);
	}
	return (Datum) 0;
}

SQL_FUNCTION(classifier_coefficients, coefficients(fcinfo));

/* ---- features ---- */

static Datum
names_array(const Utf8Name *name, int count)
{
	Datum	   *value = palloc((count + 1) * sizeof(Datum));

	for (int i = 0; i < count; i++)
		value[i] = CStringGetTextDatum(name_to_cstring(name[i]));
	return PointerGetDatum(construct_array(value, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* position, feature, kind, levels */
static Datum
features(FunctionCallInfo fcinfo)
{
	const Held *held = held_arg(fcinfo);
	const Design *d = &held->classifier->design;
	RowBuilder	row = rows_begin(fcinfo);

	for (int i = 0; i < d->features; i++)
	{
		const DesignFeature *f = &d->feature[i];

		row_put(&row, Int32GetDatum(i + 1));
		row_put_text(&row, held->key[i]);
		row_put_text(&row, !f->is_used ? "left out" : f->is_text ? "text" : "number");
		if (f->is_used && f->is_text)
			row_put(&row, names_array(f->level, f->levels));
		else
			row_put_null(&row);
		row_end(&row);
	}
	return (Datum) 0;
}

SQL_FUNCTION(classifier_features, features(fcinfo));

/* ---- the card ---- */

static Datum
used_names(const Classifier *c)
{
	Utf8Name	name[FEATURES_MAX];
	int			count = 0;

	for (int i = 0; i < c->design.features; i++)
		if (c->design.feature[i].is_used)
			name[count++] = c->design.feature[i].name;
	return names_array(name, count);
}

static Datum
pair_names(const Held *held)
{
	const Design *d = &held->classifier->design;
	Datum		value[PAIRS_MAX];

	for (int i = 0; i < d->pairs; i++)
		value[i] = CStringGetTextDatum(psprintf("%s x %s", held->key[d->pair[i].a], held->key[d->pair[i].b]));
	return PointerGetDatum(construct_array(value, d->pairs, TEXTOID, -1, false, TYPALIGN_INT));
}

static const char *
verdict_of(const ClassifierCard *card, Bounds bounds)
{
	if (!card->has_auc)
		return "not tested";
	return bounds.lower > 0.5 ? "better than chance" : "not better than chance";
}

static const char *
split_of(const ClassifierCard *card)
{
	switch (card->split)
	{
		case SPLIT_NONE:
			return "none";
		case SPLIT_FOLDS:
			return psprintf("random, %d folds: not by time", card->folds);
		case SPLIT_TIME:
			return "by time: the last quarter";
	}
	return NULL;
}

static void
put_test(RowBuilder *row, const ClassifierCard *card, Bounds bounds)
{
	bool		is_tested = card->split != SPLIT_NONE;

	row_put_ratio(row, card->has_auc, card->auc.area);
	row_put_ratio(row, card->has_auc, bounds.lower);
	row_put_ratio(row, card->has_auc, bounds.upper);
	row_put_ratio(row, is_tested, card->brier);
	row_put_ratio(row, card->has_calibration, card->calibration_slope);
	row_put_ratio(row, card->has_calibration, card->calibration_intercept);
	row_put_ratio(row, card->has_auc, card->lift);
	row_put_text(row, verdict_of(card, bounds));
	row_put_text(row, split_of(card));
	row_put(row, Int64GetDatum(card->tested));
}

/* Arguments: classifier, confidence */
static Datum
card(FunctionCallInfo fcinfo)
{
	const Held *held = held_arg(fcinfo);
	const Classifier *c = held->classifier;
	const ClassifierCard *card = &c->card;
	double		confidence = confidence_arg(fcinfo, 1);
	Bounds		bounds = card->has_auc ? auc_bounds(&card->auc, confidence) : (Bounds) {0, 0};
	RowBuilder	row = rows_begin(fcinfo);

	put_test(&row, card, bounds);
	row_put(&row, Int64GetDatum(card->rows));
	row_put(&row, Int64GetDatum(card->positives));
	row_put_text(&row, name_to_cstring(c->label));
	row_put(&row, used_names(c));
	row_put(&row, pair_names(held));
	row_put(&row, Float8GetDatum(card->ridge));
	row_put_ratio(&row, c->design.pairs > 0, card->pair_ridge);
	row_put(&row, Float8GetDatum(card->log_likelihood));
	row_put(&row, BoolGetDatum(card->converged));
	row_put(&row, Int64GetDatum(card->seed));
	row_put_text(&row, psprintf("%016llx", (unsigned long long) text_key((const char *) held->state->stream, held->state->bytes)));
	row_put(&row, names_array(card->note, card->notes));
	row_end(&row);
	return (Datum) 0;
}

SQL_FUNCTION(classifier_card, card(fcinfo));
