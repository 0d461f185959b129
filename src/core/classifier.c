#include "core/classifier.h"

#include <string.h>

#include "core/item_parts.h"
#include "core/numbers.h"

typedef enum Direction
{
	MEASURES,
	WRITES,
	CHECKS,						/* what is read is not kept, but for what later parts hang on */
	READS
} Direction;

/*
 * A stream on its way in or out. All parts go through it in one order, whatever the
 * direction, so that what is written is what is read.
 */
typedef struct Archive
{
	Direction	direction;
	size_t		size;			/* so far, where it measures */
	uint8_t    *out;
	const uint8_t *in;
	const uint8_t *end;
	const char *flaw;
	const Workshop *workshop;	/* where it reads */
} Archive;

static bool
comes_in(const Archive *a)
{
	return a->direction >= CHECKS;
}

static void
spoil(Archive *a, const char *flaw)
{
	if (!a->flaw)
		a->flaw = flaw;
	/* nothing more is read */
	a->in = a->end;
}

static int64_t
pass_number(Archive *a, int64_t value, int64_t highest)
{
	uint64_t	read = 0;
	uint8_t		written[NUMBER_SIZE_MAX];

	if (a->direction == MEASURES)
		a->size += number_write(written, value) - written;
	else if (a->direction == WRITES)
		a->out = number_write(a->out, value);
	else
	{
		const uint8_t *after = a->in < a->end ? number_read(a->in, a->end, &read) : NULL;

		if (!after || read > (uint64_t) highest)
		{
			spoil(a, "a number is broken");
			return 0;
		}
		a->in = after;
		return (int64_t) read;
	}
	return value;
}

static void
pass_int(Archive *a, int *value, int highest)
{
	*value = (int) pass_number(a, *value, highest);
}

static void
pass_long(Archive *a, int64_t *value)
{
	*value = pass_number(a, *value, COUNT_LIMIT - 1);
}

static void
pass_bool(Archive *a, bool *value)
{
	*value = pass_number(a, *value, 1);
}

static void
pass_double(Archive *a, double *value)
{
	if (a->direction == MEASURES)
		a->size += 8;
	else if (a->direction == WRITES)
		a->out = write_big_double(a->out, *value);
	else if (a->end - a->in < 8)
	{
		*value = 0;
		spoil(a, "it ends early");
	}
	else
	{
		*value = read_big_double(&a->in);
		if (!isfinite(*value) || (*value == 0 && signbit(*value)))
		{
			*value = 0;
			spoil(a, "a value is out of range");
		}
	}
}

static void
pass_name(Archive *a, Utf8Name *name)
{
	name->length = (int32_t) pass_number(a, name->length, STRING_MAX);
	if (a->direction == MEASURES)
		a->size += name->length;
	else if (a->direction == WRITES)
	{
		memcpy(a->out, name->bytes, name->length);
		a->out += name->length;
	}
	else
	{
		name->bytes = a->in;
		if (a->end - a->in < name->length)
			spoil(a, "it ends early");
		else
			a->in += name->length;
		if (a->flaw)
			name->length = 0;
		else if (!name_is_text(*name))
			spoil(a, "a text is broken");
	}
}

/* Names in the order of bytes, each once. */
static void
pass_names(Archive *a, int count, Utf8Name **names)
{
	Utf8Name	last = {0};
	Utf8Name	kept;

	if (a->direction == READS)
		*names = a->workshop->allocate((count + 1) * sizeof(Utf8Name));
	for (int i = 0; i < count && !a->flaw; i++)
	{
		Utf8Name   *name = a->direction == CHECKS ? &kept : &(*names)[i];

		pass_name(a, name);
		if (comes_in(a) && !a->flaw && i > 0 && name_compare(last, *name) >= 0)
			spoil(a, "texts are not in order");
		last = *name;
	}
}

static void
pass_doubles(Archive *a, int count, double **values)
{
	double		kept = 0;

	if (a->direction == READS)
		*values = a->workshop->allocate((count + 1) * sizeof(double));
	for (int i = 0; i < count && !a->flaw; i++)
		pass_double(a, a->direction == CHECKS ? &kept : &(*values)[i]);
}

/* Ascending, none, or from `fewest` to `most` of them. */
static void
pass_knots(Archive *a, int *count, int fewest, int most, double *knot)
{
	pass_int(a, count, most);
	if (comes_in(a) && *count > 0 && *count < fewest)
		spoil(a, "a number has too few knots");
	for (int i = 0; i < *count && !a->flaw; i++)
	{
		pass_double(a, &knot[i]);
		if (comes_in(a) && i > 0 && !(knot[i] > knot[i - 1]))
			spoil(a, "knots are not in order");
	}
	if (a->flaw)
		*count = 0;
}

static void
pass_feature(Archive *a, DesignFeature *f)
{
	pass_name(a, &f->name);
	pass_bool(a, &f->is_text);
	pass_bool(a, &f->is_used);
	if (!f->is_used)
	{
		if (comes_in(a))
			f->scale = 1;
		return;
	}
	pass_bool(a, &f->has_missing);
	if (f->is_text)
	{
		pass_bool(a, &f->has_other);
		pass_int(a, &f->levels, LEVELS_MAX);
		if (comes_in(a) && !a->flaw && (f->levels < 1 || design_levels(f) < 2))
			spoil(a, "a text has too few levels");
		pass_names(a, f->levels, &f->level);
		return;
	}
	pass_double(a, &f->mean);
	pass_double(a, &f->scale);
	if (comes_in(a) && !(f->scale > 0))
		spoil(a, "a scale is not above 0");
	pass_knots(a, &f->knots, 3, KNOTS_MAX, f->knot);
	pass_knots(a, &f->cells, 2, CELLS_MAX, f->cell);
}

static void
pass_pair(Archive *a, const Design *d, DesignPair *pair)
{
	pass_int(a, &pair->a, FEATURES_MAX);
	pass_int(a, &pair->b, FEATURES_MAX);
	if (comes_in(a) && !a->flaw &&
		(pair->a >= pair->b || pair->b >= d->features || !d->feature[pair->a].is_used || !d->feature[pair->b].is_used ||
		 design_cells(&d->feature[pair->a]) < 2 || design_cells(&d->feature[pair->b]) < 2))
		spoil(a, "a pair is of no two features");
}

static void
pass_design(Archive *a, Design *d)
{
	pass_bool(a, &d->has_base);
	pass_int(a, &d->features, FEATURES_MAX);
	if (a->direction == READS)
		d->feature = a->workshop->allocate((d->features + 1) * sizeof(DesignFeature));
	for (int i = 0; i < d->features && !a->flaw; i++)
		pass_feature(a, &d->feature[i]);
	pass_int(a, &d->pairs, PAIRS_MAX);
	for (int i = 0; i < d->pairs && !a->flaw; i++)
		pass_pair(a, d, &d->pair[i]);
	if (comes_in(a) && !a->flaw)
	{
		design_number_columns(d);
		if (d->columns > COLUMNS_MAX)
			spoil(a, "too many columns");
	}
}

static void
pass_columns(Archive *a, Classifier *c)
{
	ClassifierColumn kept;

	if (a->direction == READS)
	{
		c->column = a->workshop->allocate(c->design.columns * sizeof(ClassifierColumn));
		c->coefficient = a->workshop->allocate(c->design.columns * sizeof(double));
	}
	for (int i = 0; i < c->design.columns && !a->flaw; i++)
	{
		ClassifierColumn *column = a->direction == CHECKS ? &kept : &c->column[i];

		pass_bool(a, &column->is_out);
		if (column->is_out)
			continue;
		pass_double(a, &column->coefficient);
		pass_double(a, &column->error);
		if (comes_in(a) && column->error < 0)
			spoil(a, "an error is below 0");
		if (a->direction == READS)
			c->coefficient[i] = column->coefficient;
	}
	pass_double(a, &c->intercept_error);
	if (comes_in(a) && c->intercept_error < 0)
		spoil(a, "an error is below 0");
}

static void
pass_test(Archive *a, ClassifierCard *card)
{
	int			split = card->split;

	pass_int(a, &split, SPLIT_TIME);
	card->split = split;
	if (split == SPLIT_NONE)
		return;
	pass_int(a, &card->folds, 255);
	pass_long(a, &card->tested);
	pass_bool(a, &card->has_auc);
	if (card->has_auc)
	{
		pass_double(a, &card->auc.area);
		pass_double(a, &card->auc.variance);
		pass_long(a, &card->auc.happened_clusters);
		pass_long(a, &card->auc.spared_clusters);
		pass_double(a, &card->lift);
		card->auc.known = true;
		if (comes_in(a) && !a->flaw && (!(card->auc.area >= 0 && card->auc.area <= 1) || card->auc.variance < 0 ||
										card->auc.happened_clusters < 1 || card->auc.spared_clusters < 1))
			spoil(a, "an area is out of range");
	}
	pass_double(a, &card->brier);
	pass_bool(a, &card->has_calibration);
	if (card->has_calibration)
	{
		pass_double(a, &card->calibration_slope);
		pass_double(a, &card->calibration_intercept);
	}
}

static void
pass_card(Archive *a, ClassifierCard *card)
{
	pass_long(a, &card->rows);
	pass_long(a, &card->positives);
	pass_double(a, &card->log_likelihood);
	pass_double(a, &card->ridge);
	pass_double(a, &card->pair_ridge);
	pass_bool(a, &card->converged);
	pass_bool(a, &card->separated);
	pass_long(a, &card->seed);
	pass_test(a, card);
	pass_int(a, &card->notes, NOTES_MAX);
	for (int i = 0; i < card->notes && !a->flaw; i++)
		pass_name(a, &card->note[i]);
}

static void
pass_classifier(Archive *a, Classifier *c)
{
	pass_name(a, &c->label);
	pass_design(a, &c->design);
	if (a->flaw)
		return;
	pass_columns(a, c);
	pass_int(a, &c->segments, SEGMENTS_MAX);
	pass_names(a, c->segments, &c->segment);
	pass_doubles(a, (1 + c->segments) * c->design.features, &c->mean);
	pass_card(a, &c->card);
	if (comes_in(a) && !a->flaw && a->in != a->end)
		spoil(a, "it does not end where it should");
}

size_t
classifier_stream_size(Classifier *classifier)
{
	Archive		archive = {.direction = MEASURES};

	pass_classifier(&archive, classifier);
	return archive.size;
}

void
classifier_write(Classifier *classifier, uint8_t *stream)
{
	Archive		archive = {.direction = WRITES, .out = stream};

	pass_classifier(&archive, classifier);
}

Classifier *
classifier_read(const uint8_t *stream, size_t size, const Workshop *workshop)
{
	Archive		archive = {.direction = READS, .in = stream, .end = stream + size, .workshop = workshop};
	Classifier *classifier = workshop->allocate(sizeof(Classifier));

	pass_classifier(&archive, classifier);
	return archive.flaw ? NULL : classifier;
}

static int64_t
stream_bytes(const void *state)
{
	return ((const ClassifierState *) state)->bytes;
}

static const char *
classifier_flaw(const void *state, int64_t rows)
{
	const ClassifierState *of = state;
	DesignFeature feature[FEATURES_MAX] = {0};
	Archive		archive = {.direction = CHECKS, .in = of->stream, .end = of->stream + rows};
	Classifier	classifier = {.design = {.feature = feature}};

	pass_classifier(&archive, &classifier);
	return archive.flaw;
}

const StateType classifier_type = {
	.name = "classifier",
	.version = 1,
	.fields = "k",
	.row = "b",
	.row_count = stream_bytes,
	.flaw = classifier_flaw,
};

double
classifier_log_odds(const Classifier *classifier, const Place *place)
{
	const Design *d = &classifier->design;
	double		sum = classifier->coefficient[0];

	for (int i = 0; i < d->features; i++)
		sum += feature_sum(d, &d->feature[i], &place[i], classifier->coefficient);
	for (int i = 0; i < d->pairs; i++)
		sum += pair_sum(d, i, place, classifier->coefficient);
	return sum;
}

void
classifier_sums(const Design *d, const Place *place, const double *coefficient, double *sum)
{
	for (int i = 0; i < d->features; i++)
		sum[i] = feature_sum(d, &d->feature[i], &place[i], coefficient);
	for (int i = 0; i < d->pairs; i++)
	{
		double		half = pair_sum(d, i, place, coefficient) / 2;

		sum[d->pair[i].a] += half;
		sum[d->pair[i].b] += half;
	}
}

double
classifier_contributions(const Classifier *classifier, const Place *place, int segment, double *contribution)
{
	int			features = classifier->design.features;
	const double *mean = classifier->mean + (size_t) (1 + segment) * features;
	double		base = classifier->coefficient[0];

	classifier_sums(&classifier->design, place, classifier->coefficient, contribution);
	for (int i = 0; i < features; i++)
	{
		contribution[i] -= mean[i];
		base += mean[i];
	}
	return base;
}
