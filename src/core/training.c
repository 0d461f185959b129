#include "core/training.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/risk_fit.h"
#include "core/text_key.h"
#include "core/training_order.h"

/* A level of fewer rows has no column of its own, but in a plain fit. */
#define RARE_ROWS 10

/* The share of rows that is held back where there is a time. */
#define LATER_SHARE 0.25

typedef struct Training
{
	const TrainingRows *rows;
	const FitTable *table;
	LearnerOptions options;
	const Workshop *workshop;
	Classifier *classifier;
	int32_t    *all;			/* 0, 1, 2, ... */
} Training;

/* ---- notes ---- */

/* No more than that many bytes of it, and whole characters. */
static Utf8Name
clipped(Utf8Name name, int32_t most)
{
	if (name.length > most)
	{
		while ((name.bytes[most] & 0xC0) == 0x80)
			most--;
		name.length = most;
	}
	return name;
}

static void
note(Training *t, const char *format, Utf8Name name, int64_t number)
{
	ClassifierCard *card = &t->classifier->card;
	char	   *text;
	int			length;

	if (card->notes == NOTES_MAX)
		return;
	text = t->workshop->allocate(STRING_MAX + 1);
	name = clipped(name, STRING_MAX / 2);
	length = snprintf(text, STRING_MAX + 1, format, (int) name.length, (const char *) name.bytes, (long long) number);
	card->note[card->notes++] = (Utf8Name) {(uint8_t *) text, length};
}

static void
note_text(Training *t, const FitColumn *column, const DesignFeature *f)
{
	int64_t		missing = 0;

	for (int32_t i = 0; i < t->table->rows; i++)
		missing += column->code[i] < 0;
	if (column->crowded)
		note(t, "%.*s: left out, it has too many different texts", f->name, 0);
	else if (!f->is_used && column->levels > 1)
		note(t, "%.*s: left out, of its %lld texts none is there often enough", f->name, column->levels);
	else if (!f->is_used)
		note(t, "%.*s: left out, it is the same in all rows", f->name, 0);
	else if (column->levels > f->levels)
		note(t, "%.*s: %lld rare levels are taken together", f->name, column->levels - f->levels);
	if (f->is_used && missing > 0)
		note(t, f->has_missing ? "%.*s: %lld missing, a level of their own" : "%.*s: %lld missing, taken with the rare levels", f->name, missing);
}

static void
note_number(Training *t, const FitColumn *column, const DesignFeature *f)
{
	int64_t		missing = 0;

	for (int32_t i = 0; i < t->table->rows; i++)
		missing += isnan(column->number[i]);
	if (!f->is_used)
		note(t, "%.*s: left out, it is the same in all rows", f->name, 0);
	else if (missing > 0)
		note(t, f->has_missing ? "%.*s: %lld missing, told by a column of their own" : "%.*s: %lld missing, taken for the mean", f->name, missing);
}

/* Columns of texts, and lines of numbers, that are combinations of others; of hat functions and cells some always are. */
static void
note_collinear(Training *t, const Design *d, const bool *is_out)
{
	char		name[TERM_MAX];

	for (int i = 0; i < d->features; i++)
	{
		const DesignFeature *f = &d->feature[i];
		int			columns = !f->is_used ? 0 : f->is_text ? design_own_columns(d, f) : 1;

		for (int c = f->first; c < f->first + columns; c++)
			if (is_out[c])
				note(t, "%.*s: left out, those before it tell it", (Utf8Name) {(uint8_t *) name, term_name(d, c, name)}, 0);
	}
}

static void
note_fit(Training *t, const Learned *learned)
{
	const Utf8Name none = {(const uint8_t *) "", 0};

	if (t->rows->unlabelled > 0)
		note(t, "%.*s%lld rows without a label are not counted", none, t->rows->unlabelled);
	for (int i = 0; i < t->table->features; i++)
	{
		const FitColumn *column = &t->table->feature[i];

		if (column->code)
			note_text(t, column, &learned->design.feature[i]);
		else
			note_number(t, column, &learned->design.feature[i]);
	}
	note_collinear(t, &learned->design, learned->fit.is_out);
	if (learned->separated)
		note(t, "%.*sseparated: some rows are told apart for sure, so a small ridge was added; coefficients and errors hang on it", none, 0);
	if (!learned->fit.converged)
		note(t, "%.*sthe fit did not converge", none, 0);
}

/* ---- held back ---- */

/* Predictions of rows that the fit did not see. */
typedef struct HeldOut
{
	int32_t    *row;
	double	   *log_odds;
	int32_t		count;
} HeldOut;

static void
foretell(Training *t, const int32_t *learnt, int32_t learnt_count, const int32_t *told, int32_t told_count, HeldOut *held)
{
	Learned		learned = learn(t->table, learnt, learnt_count, &t->options, t->workshop);
	Sample		sample = {.design = &learned.design, .reading = &learned.reading, .workshop = t->workshop};

	for (int32_t i = 0; i < told_count; i++)
	{
		held->row[held->count] = told[i];
		held->log_odds[held->count++] = sample_log_odds(&sample, told[i], learned.fit.coefficient);
	}
	learned_free(&learned, t->workshop);
}

/* Splits rows by whether they are of the part; the count of those that are, which come last. */
static int32_t
part_from(const uint8_t *part, int wanted, int32_t rows, int32_t *split)
{
	int32_t		first = 0;
	int32_t		last = rows;

	for (int32_t i = 0; i < rows; i++)
		if (part[i] == wanted)
			split[--last] = i;
		else
			split[first++] = i;
	return rows - first;
}

/* Both kinds are in the rows. */
static bool
has_both(const FitTable *table, const int32_t *rows, int32_t count)
{
	int32_t		positives = 0;

	for (int32_t i = 0; i < count; i++)
		positives += table->label[rows[i]];
	return positives > 0 && positives < count;
}

/* Each part in turn, learnt from the others; a part whose others are all of one kind is not told. */
static void
foretell_parts(Training *t, const uint8_t *part, int first, int parts, HeldOut *held)
{
	int32_t		rows = t->table->rows;
	int32_t    *split = t->workshop->allocate((rows + 1) * sizeof(int32_t));

	for (int p = first; p < parts; p++)
	{
		int32_t		told = part_from(part, p, rows, split);

		if (told > 0 && has_both(t->table, split, rows - told))
			foretell(t, split, rows - told, split + rows - told, told, held);
	}
	t->workshop->release(split);
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Part 1 are the last quarter by time, those of one time together; false: all are of one time. */
static bool
part_by_time(const Training *t, uint8_t *part)
{
	int32_t		rows = t->table->rows;
	double	   *sorted = t->workshop->allocate((rows + 1) * sizeof(double));
	int32_t		from;
	double		border;

	memcpy(sorted, t->rows->time, rows * sizeof(double));
	qsort(sorted, rows, sizeof(double), compare_doubles);
	from = rows - (int32_t) ceil(LATER_SHARE * rows);
	/* where the border falls among the earliest, it is put after them */
	while (from < rows && sorted[from] == sorted[0])
		from++;
	border = from < rows ? sorted[from] : INFINITY;
	for (int32_t i = 0; i < rows; i++)
		part[i] = t->rows->time[i] >= border;
	t->workshop->release(sorted);
	return from < rows;
}

static int
compare_rows(const void *a, const void *b)
{
	const BacktestRow *x = a;
	const BacktestRow *y = b;

	if (x->risk != y->risk)
		return x->risk < y->risk ? -1 : 1;
	return (x->subject > y->subject) - (x->subject < y->subject);
}

/* What came of the predictions. */
static Backtest *
backtest_of(const Training *t, const HeldOut *held)
{
	Backtest   *backtest = t->workshop->allocate(sizeof(Backtest) + (size_t) held->count * sizeof(BacktestRow));

	backtest->bag.count = backtest->bag.sorted = held->count;
	for (int32_t i = 0; i < held->count; i++)
	{
		bool		happened = t->table->label[held->row[i]];

		backtest->row[i] = (BacktestRow) {
			.risk = risk_key(held->log_odds[i]),
			.subject = t->table->cluster ? 1 + t->table->cluster[held->row[i]] : TEXT_KEY_NONE,
			.happened = happened,
			.spared = !happened,
		};
	}
	qsort(backtest->row, held->count, sizeof(BacktestRow), compare_rows);
	return backtest;
}

static void
judge(const Training *t, const HeldOut *held, ClassifierCard *card)
{
	Backtest   *backtest = backtest_of(t, held);
	BacktestTotals totals = backtest_totals(backtest);
	double	   *memory = t->workshop->allocate(((size_t) held->count + 1) * CLUSTER_ROW_SIZE);
	double		flagged = 0.1 * held->count;
	double		errors = 0;
	RiskFit		fit;

	for (int32_t i = 0; i < held->count; i++)
	{
		double		error = logistic_of(held->log_odds[i]) - t->table->label[held->row[i]];

		errors += error * error;
	}
	card->tested = held->count;
	card->brier = errors / held->count;
	card->auc = backtest_auc(backtest, memory);
	card->has_auc = card->auc.known;
	if (card->has_auc)
		card->lift = backtest_top_hits(backtest, &totals, flagged) * held->count / (flagged * totals.happened);
	fit = risk_fit(backtest, 0.95, memory);
	card->has_calibration = fit.reason == NULL;
	card->calibration_slope = fit.reason ? 0 : fit.slope;
	card->calibration_intercept = fit.reason ? 0 : fit.intercept;
	t->workshop->release(backtest);
	t->workshop->release(memory);
}

static void
hold_back(Training *t, int folds)
{
	const Workshop *workshop = t->workshop;
	int32_t		rows = t->table->rows;
	ClassifierCard *card = &t->classifier->card;
	uint8_t    *part = workshop->allocate(rows + 1);
	HeldOut		held = {workshop->allocate((rows + 1) * sizeof(int32_t)), workshop->allocate((rows + 1) * sizeof(double)), 0};

	if (folds > 0)
	{
		bool		by_time = t->rows->time && part_by_time(t, part);

		if (!by_time)
			deal_folds(t->table, t->all, rows, folds, t->options.seed, t->options.cluster, part, workshop);
		foretell_parts(t, part, by_time, by_time ? 2 : folds, &held);
		card->split = by_time ? SPLIT_TIME : SPLIT_FOLDS;
		card->folds = by_time ? 1 : folds;
	}
	if (held.count > 0)
		judge(t, &held, card);
	else
		card->split = SPLIT_NONE;
	workshop->release(part);
	workshop->release(held.row);
	workshop->release(held.log_odds);
}

/* ---- the whole ---- */

/* 1 of the intercept less the means of lines, each in its standard deviations: the intercept where numbers are 0. */
static double
intercept_error(const Design *d, const double *covariance, const Workshop *workshop)
{
	double	   *at = workshop->allocate(d->columns * sizeof(double));
	double		variance = 0;

	at[0] = 1;
	for (int i = 0; i < d->features; i++)
		if (d->feature[i].is_used && !d->feature[i].is_text)
			at[d->feature[i].first] = -d->feature[i].mean / d->feature[i].scale;
	for (int i = 0; i < d->columns; i++)
		for (int j = 0; j < d->columns && at[i] != 0; j++)
			variance += at[i] * at[j] * covariance[(size_t) i * d->columns + j];
	workshop->release(at);
	return sqrt(fmax(variance, 0));
}

static void
take_columns(Training *t, const Learned *learned, const Sample *sample)
{
	Classifier *c = t->classifier;
	int			columns = learned->design.columns;
	double	   *covariance = t->workshop->allocate((size_t) columns * columns * sizeof(double));

	logistic_covariance(sample, &learned->fit, learned->factor, t->table->cluster, covariance);
	c->column = t->workshop->allocate(columns * sizeof(ClassifierColumn));
	c->coefficient = learned->fit.coefficient;
	for (int i = 0; i < columns; i++)
		c->column[i] = (ClassifierColumn) {
			.coefficient = learned->fit.coefficient[i],
			.error = sqrt(fmax(covariance[(size_t) i * columns + i], 0)),
			.is_out = learned->fit.is_out[i],
		};
	c->intercept_error = intercept_error(&learned->design, covariance, t->workshop);
	t->workshop->release(covariance);
}

/* What each feature adds on average, over all rows and those of each segment. */
static void
take_means(Training *t, const Learned *learned)
{
	Classifier *c = t->classifier;
	int			features = learned->design.features;
	int64_t    *rows = t->workshop->allocate((1 + c->segments) * sizeof(int64_t));
	double		sum[FEATURES_MAX];
	Place		place[FEATURES_MAX];

	c->mean = t->workshop->allocate((size_t) (1 + c->segments) * features * sizeof(double));
	for (int32_t i = 0; i < t->table->rows; i++)
	{
		int			segment = c->segments > 0 && t->table->segment[i] >= 0 ? 1 + t->table->segment[i] : 0;

		if (i % 4096 == 0)
			t->workshop->breathe();
		design_places(&learned->design, &learned->reading, i, place);
		classifier_sums(&learned->design, place, learned->fit.coefficient, sum);
		for (int s = 0; s <= segment; s += segment ? segment : 1)
		{
			rows[s]++;
			for (int f = 0; f < features; f++)
				c->mean[(size_t) s * features + f] += sum[f];
		}
	}
	for (int s = 0; s <= c->segments; s++)
		for (int f = 0; f < features && rows[s] > 0; f++)
			c->mean[(size_t) s * features + f] /= rows[s];
	t->workshop->release(rows);
}

static void
take_fit(Training *t)
{
	Classifier *c = t->classifier;
	ClassifierCard *card = &c->card;
	Learned		learned = learn(t->table, t->all, t->table->rows, &t->options, t->workshop);
	Sample		sample = {&learned.design, &learned.reading, t->all, t->table->rows, NULL, t->workshop};

	c->design = learned.design;
	take_columns(t, &learned, &sample);
	take_means(t, &learned);
	card->log_likelihood = learned.fit.log_likelihood;
	card->ridge = learned.ridge;
	card->pair_ridge = learned.pair_ridge;
	card->converged = learned.fit.converged;
	card->separated = learned.separated;
	note_fit(t, &learned);
}

Classifier *
train(TrainingRows *rows, Utf8Name label, const TrainingOptions *options, const Workshop *workshop)
{
	Training	t = {rows, &rows->table, .workshop = workshop, .classifier = workshop->allocate(sizeof(Classifier))};

	order_rows(rows, workshop);
	t.options = (LearnerOptions) {
		.ridge = options->ridge,
		.splines = options->splines,
		.interactions = options->interactions,
		.rare = options->ridge == 0 ? 1 : RARE_ROWS,
		.seed = (uint64_t) options->seed,
		.cluster = rows->table.cluster,
	};
	t.all = workshop->allocate((rows->table.rows + 1) * sizeof(int32_t));
	t.classifier->label = label;
	t.classifier->card.rows = rows->table.rows;
	t.classifier->card.seed = options->seed;
	for (int32_t i = 0; i < rows->table.rows; i++)
	{
		t.all[i] = i;
		t.classifier->card.positives += rows->table.label[i];
	}
	if (rows->segment)
	{
		t.classifier->segments = rows->segment->levels;
		t.classifier->segment = rows->segment->level;
	}
	take_fit(&t);
	hold_back(&t, options->folds);
	return t.classifier;
}

/* ---- names of columns ---- */

static int
put_text(char *name, int at, Utf8Name text)
{
	memcpy(name + at, text.bytes, text.length);
	return at + text.length;
}

static Utf8Name
level_name(const DesignFeature *f, int level)
{
	if (level < f->levels)
		return f->level[level];
	if (level == f->levels && f->has_other)
		return (Utf8Name) {(const uint8_t *) " (others)", 9};
	return (Utf8Name) {(const uint8_t *) " (missing)", 10};
}

static int
put_number(char *name, int at, const char *format, double number)
{
	return at + snprintf(name + at, 40, format, number);
}

static int
put_cell(char *name, int at, const DesignFeature *f, int cell)
{
	at = put_text(name, at, f->name);
	if (f->is_text)
		return put_text(name, at, level_name(f, cell));
	if (cell == f->cells)
		return put_text(name, at, (Utf8Name) {(const uint8_t *) " (missing)", 10});
	return put_number(name, at, " at %.6g", f->cell[cell]);
}

static int
own_term(const Design *d, const DesignFeature *f, int column, char *name)
{
	int			at = put_text(name, 0, f->name);

	if (f->is_text)
		return put_text(name, at, level_name(f, column + d->has_base));
	if (column == 0)
		return at;
	if (column > f->knots)
		return put_text(name, at, (Utf8Name) {(const uint8_t *) " (missing)", 10});
	return put_number(name, at, " at %.6g", f->knot[column - 1]);
}

int
term_name(const Design *d, int column, char *name)
{
	if (column == 0)
		return put_text(name, 0, (Utf8Name) {(const uint8_t *) "(Intercept)", 11});
	for (int i = 0; i < d->features; i++)
		if (column < d->feature[i].first + design_own_columns(d, &d->feature[i]))
			return own_term(d, &d->feature[i], column - d->feature[i].first, name);
	for (int i = d->pairs - 1; i >= 0; i--)
		if (column >= d->pair[i].first)
		{
			const DesignFeature *b = &d->feature[d->pair[i].b];
			int			wide = design_cells(b);
			int			cell = column - d->pair[i].first;
			int			at = put_cell(name, 0, &d->feature[d->pair[i].a], cell / wide);

			at = put_text(name, at, (Utf8Name) {(const uint8_t *) " x ", 3});
			return put_cell(name, at, b, cell % wide);
		}
	return 0;
}
