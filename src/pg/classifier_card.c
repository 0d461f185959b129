/* What classifiers tell of themselves: coefficients, features, the card. */
#include "pg/classifier.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "core/training.h"
#include "pg/arguments.h"
#include "pg/results.h"
#include "pg/state.h"

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
	const Classifier *c = held_classifier(fcinfo)->classifier;
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
	const Held *held = held_classifier(fcinfo);
	const Design *d = &held->classifier->design;
	RowBuilder	row = rows_begin(fcinfo);

	for (int i = 0; i < d->features; i++)
	{
		const DesignFeature *f = &d->feature[i];

		row_put(&row, Int32GetDatum(i + 1));
		row_put_text(&row, held->key[i].name);
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
		value[i] = CStringGetTextDatum(psprintf("%s x %s", held->key[d->pair[i].a].name, held->key[d->pair[i].b].name));
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
	const Held *held = held_classifier(fcinfo);
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
	row_put_text(&row, psprintf("%016llx", (unsigned long long) held->hash));
	row_put(&row, names_array(card->note, card->notes));
	row_end(&row);
	return (Datum) 0;
}

SQL_FUNCTION(classifier_card, card(fcinfo));
