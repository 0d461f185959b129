#include "core/learner.h"

#include <stdlib.h>
#include <string.h>

/* Folds by which a ridge is chosen. */
#define INNER_FOLDS 5

/* Precision enough to compare, and that of the result. */
#define ROUGH		1e-4
#define FINE		1e-10

/* Ridges that are tried, from the strongest on. */
static const double ridges[] = {4096, 1024, 256, 64, 16, 4, 1, 0.25};
static const double pair_ridges[] = {1024, 256, 64, 16, 4, 1, 0.25, 0.0625};

/* ---- folds ---- */

/* SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014) */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t	z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void
shuffle(int32_t *item, int32_t count, uint64_t *state)
{
	for (int32_t i = count - 1; i > 0; i--)
	{
		int32_t		other = next_random(state) % ((uint64_t) i + 1);
		int32_t		kept = item[i];

		item[i] = item[other];
		item[other] = kept;
	}
}

/* Units, of the kind given, in a random order, one fold after the other. */
static int
deal(const uint8_t *kind, int32_t units, int wanted, int folds, int next, uint64_t *state, int32_t *memory, uint8_t *fold)
{
	int32_t		count = 0;

	for (int32_t i = 0; i < units; i++)
		if (kind[i] == wanted)
			memory[count++] = i;
	shuffle(memory, count, state);
	for (int32_t i = 0; i < count; i++)
		fold[memory[i]] = next++ % folds;
	return next;
}

void
deal_folds(const FitTable *table, const int32_t *rows, int32_t count, int folds, uint64_t seed, const int32_t *cluster, uint8_t *part,
		   const Workshop *workshop)
{
	int32_t		units = cluster ? table->rows : count;
	uint8_t    *kind = workshop->allocate(units + 1);
	uint8_t    *fold = workshop->allocate(units + 1);
	int32_t    *memory = workshop->allocate((units + 1) * sizeof(int32_t));
	uint64_t	state = seed;
	int			next = 0;

	/* kinds: 1 and 2, or 0 where a cluster has no row here */
	for (int32_t i = 0; i < count; i++)
	{
		uint8_t		own = 1 + table->label[rows[i]];
		uint8_t    *of_unit = &kind[cluster ? cluster[rows[i]] : i];

		*of_unit = *of_unit > own ? *of_unit : own;
	}
	for (int wanted = 1; wanted <= 2; wanted++)
		next = deal(kind, units, wanted, folds, next, &state, memory, fold);
	for (int32_t i = 0; i < count; i++)
		part[i] = fold[cluster ? cluster[rows[i]] : i];
	workshop->release(kind);
	workshop->release(fold);
	workshop->release(memory);
}

/* ---- the ridge ---- */

/* What a search over ridges works with. */
typedef struct Bench
{
	const Workshop *workshop;
	int			columns;
	int			parts;
	Information whole;
	Information part[INNER_FOLDS];
	double	   *factor;
	double	   *left_out;		/* coefficients without each part */
	double	   *penalty;
	LogisticFit fit;
} Bench;

static Bench
bench_new(int columns, int parts, const Workshop *workshop)
{
	Bench		bench = {.workshop = workshop, .columns = columns, .parts = parts};
	size_t		vector = columns * sizeof(double);

	bench.whole = information_new(columns, workshop);
	for (int i = 0; parts > 1 && i < parts; i++)
		bench.part[i] = information_new(columns, workshop);
	bench.factor = workshop->allocate(vector * columns);
	bench.left_out = workshop->allocate(vector * INNER_FOLDS);
	bench.penalty = workshop->allocate(vector);
	bench.fit.coefficient = workshop->allocate(vector);
	bench.fit.is_out = workshop->allocate(columns * sizeof(bool));
	return bench;
}

/* All but the fit, the penalty, the information of the whole and its factor. */
static void
bench_clear(Bench *bench)
{
	for (int i = 0; bench->parts > 1 && i < bench->parts; i++)
		information_free(&bench->part[i], bench->workshop);
	bench->workshop->release(bench->left_out);
}

static void
bench_free(Bench *bench)
{
	bench_clear(bench);
	information_free(&bench->whole, bench->workshop);
	bench->workshop->release(bench->factor);
	bench->workshop->release(bench->penalty);
	bench->workshop->release(bench->fit.coefficient);
	bench->workshop->release(bench->fit.is_out);
}

static void
set_penalty(Bench *bench, const Design *d, double ridge, double pair_ridge)
{
	int			own = d->pairs > 0 ? d->pair[0].first : d->columns;

	for (int i = 0; i < d->columns; i++)
		bench->penalty[i] = i == 0 ? 0 : i < own ? ridge : pair_ridge;
}

static void
bench_fit(Bench *bench, const Sample *sample, double tolerance)
{
	logistic_fit(sample, bench->penalty, tolerance, &bench->fit, &bench->whole, bench->part, bench->parts, bench->factor);
}

/* Fits, and gives the log likelihood of each row by what the others say. */
static double
left_out_likelihood(Bench *bench, const Sample *sample)
{
	bool	   *is_out = bench->workshop->allocate(bench->columns * sizeof(bool));
	double		sum = 0;

	bench_fit(bench, sample, ROUGH);
	for (int i = 0; i < bench->parts; i++)
		if (!logistic_step(&bench->whole, &bench->part[i], bench->penalty, bench->fit.coefficient,
						   bench->left_out + (size_t) i * bench->columns, is_out, bench->factor))
			sum = -INFINITY;
	bench->workshop->release(is_out);
	for (int32_t i = 0; i < sample->count; i++)
	{
		int32_t		row = sample->rows[i];

		sum += log_likelihood_of(sample_log_odds(sample, row, bench->left_out + (size_t) sample->part[i] * bench->columns),
								 sample->reading->table->label[row]);
	}
	return isnan(sum) ? -INFINITY : sum;
}

/* The best of the ridges for the columns of pairs, or for the others; `best` is what has been reached so far. */
static double
choose_ridge(Bench *bench, const Sample *sample, const double *tried, int count, double ridge, double *best)
{
	bool		of_pairs = !isnan(ridge);
	double		chosen = 0;
	int			worse = 0;

	/* beyond the top it goes down for good */
	for (int i = 0; i < count && worse < 2; i++)
	{
		double		reached;

		set_penalty(bench, sample->design, of_pairs ? ridge : tried[i], tried[i]);
		reached = left_out_likelihood(bench, sample);
		worse++;
		if (reached > *best)
		{
			*best = reached;
			chosen = tried[i];
			worse = 0;
		}
	}
	return chosen;
}

/* ---- pairs ---- */

/* Rows that pairs are looked for in. */
#define SCREEN_ROWS 50000

/* A pair has to stand out that far, in standard deviations of what chance makes of it. */
#define STANDS_OUT 2.0

/* Shrinks what few rows say. */
#define SCREEN_RIDGE 4.0

typedef struct Screened
{
	double		score;
	int			a;
	int			b;
} Screened;

#define GRID_MAX (LEVELS_MAX + 2)

typedef struct Grid
{
	double		residual[GRID_MAX * GRID_MAX];
	double		weight[GRID_MAX * GRID_MAX];
} Grid;

typedef struct Touch
{
	int16_t		cell[2];
	float		share;			/* of the second */
} Touch;

/* Which cells of each feature a row touches, feature by feature, and its residual and weight. */
typedef struct Screen
{
	int32_t		rows;
	Touch	   *touch;
	double	   *residual;
	double	   *weight;
} Screen;

static Touch
touch_of(const DesignFeature *f, const Place *p)
{
	Touch		touch = {{(int16_t) p->cell, (int16_t) p->cell}, 0};

	if (!f->is_text && p->cell < f->cells && p->cell_part > 0)
	{
		touch.cell[1]++;
		touch.share = (float) p->cell_part;
	}
	return touch;
}

static Screen
screen_make(const Sample *sample, const double *coefficient)
{
	const Design *d = sample->design;
	Screen		s = {.rows = sample->count < SCREEN_ROWS ? sample->count : SCREEN_ROWS};
	Place		place[FEATURES_MAX];

	s.touch = sample->workshop->allocate((size_t) s.rows * d->features * sizeof(Touch));
	s.residual = sample->workshop->allocate(2 * (size_t) s.rows * sizeof(double));
	s.weight = s.residual + s.rows;
	for (int32_t i = 0; i < s.rows; i++)
	{
		/* evenly over all rows, whose order means nothing */
		int32_t		row = sample->rows[(int64_t) i * sample->count / s.rows];
		double		p = logistic_of(sample_log_odds(sample, row, coefficient));

		s.residual[i] = sample->reading->table->label[row] - p;
		s.weight[i] = p * (1 - p);
		design_places(d, sample->reading, row, place);
		for (int f = 0; f < d->features; f++)
			s.touch[(size_t) f * s.rows + i] = touch_of(&d->feature[f], &place[f]);
	}
	return s;
}

/* How far the residuals in the cells of a pair are from those of chance. */
static double
screen_pair(const Screen *s, const Design *d, int a, int b, Grid *grid)
{
	int			wide = design_cells(&d->feature[b]);
	int			cells = wide * design_cells(&d->feature[a]);
	const Touch *of_a = s->touch + (size_t) a * s->rows;
	const Touch *of_b = s->touch + (size_t) b * s->rows;
	double		score = 0;
	double		expected = 0;
	double		variance = 0;

	memset(grid->residual, 0, cells * sizeof(double));
	memset(grid->weight, 0, cells * sizeof(double));
	for (int32_t i = 0; i < s->rows; i++)
		for (int k = 0; k < 4; k++)
		{
			double		share = (k & 1 ? of_a[i].share : 1 - of_a[i].share) * (k & 2 ? of_b[i].share : 1 - of_b[i].share);
			int			cell = of_a[i].cell[k & 1] * wide + of_b[i].cell[k >> 1];

			if (share == 0 || of_a[i].cell[0] < 0 || of_b[i].cell[0] < 0)
				continue;
			grid->residual[cell] += share * s->residual[i];
			grid->weight[cell] += share * share * s->weight[i];
		}
	for (int i = 0; i < cells; i++)
	{
		double		part = grid->weight[i] / (grid->weight[i] + SCREEN_RIDGE);

		score += grid->residual[i] * grid->residual[i] / (grid->weight[i] + SCREEN_RIDGE);
		expected += part;
		variance += 2 * part * part;
	}
	return variance > 0 ? (score - expected) / sqrt(variance) : 0;
}

static bool
before(const Screened *x, const Screened *y)
{
	if (x->score != y->score)
		return x->score > y->score;
	return x->a != y->a ? x->a < y->a : x->b < y->b;
}

/* Keeps the best. */
static int
keep_screened(Screened *kept, int count, Screened new)
{
	int			place = count;

	while (place > 0 && before(&new, &kept[place - 1]))
		place--;
	if (place == PAIRS_MAX)
		return count;
	if (count < PAIRS_MAX)
		count++;
	memmove(&kept[place + 1], &kept[place], (count - 1 - place) * sizeof(Screened));
	kept[place] = new;
	return count;
}

static bool
can_pair(const DesignFeature *f)
{
	return f->is_used && design_cells(f) >= 2;
}

/* Puts pairs that stand out into the design; false: there are none. */
static bool
find_pairs(const Sample *sample, Design *d, const double *coefficient)
{
	const Workshop *workshop = sample->workshop;
	Screen		screen = screen_make(sample, coefficient);
	Grid	   *grid = workshop->allocate(sizeof(Grid));
	Screened	kept[PAIRS_MAX + 1];
	int			count = 0;
	int			columns = d->columns;

	for (int a = 0; a < d->features; a++)
		for (int b = a + 1; can_pair(&d->feature[a]) && b < d->features; b++)
		{
			Screened	one = {0, a, b};

			if (!can_pair(&d->feature[b]))
				continue;
			workshop->breathe();
			one.score = screen_pair(&screen, d, a, b, grid);
			if (one.score > STANDS_OUT)
				count = keep_screened(kept, count, one);
		}
	for (int i = 0; i < count; i++)
	{
		int			cells = design_cells(&d->feature[kept[i].a]) * design_cells(&d->feature[kept[i].b]);

		if (columns + cells > COLUMNS_MAX / 2)
			continue;
		columns += cells;
		d->pair[d->pairs++] = (DesignPair) {.a = kept[i].a, .b = kept[i].b};
	}
	design_number_columns(d);
	workshop->release(grid);
	workshop->release(screen.touch);
	workshop->release(screen.residual);
	return d->pairs > 0;
}

/* ---- all of it ---- */

/* The bench of a design with pairs, that begins with the fit without. */
static Bench
bench_widened(const Bench *from, int columns)
{
	Bench		bench = bench_new(columns, from->parts, from->workshop);

	memcpy(bench.fit.coefficient, from->fit.coefficient, from->columns * sizeof(double));
	return bench;
}

/* Adds pairs, where rows that are left out are better told with them. */
static void
try_pairs(Learned *learned, Bench *bench, Sample *sample, double best)
{
	Bench		wide;

	if (!find_pairs(sample, &learned->design, bench->fit.coefficient))
		return;
	wide = bench_widened(bench, learned->design.columns);
	learned->pair_ridge = choose_ridge(&wide, sample, pair_ridges, sizeof(pair_ridges) / sizeof(*pair_ridges), learned->ridge, &best);
	if (learned->pair_ridge > 0)
	{
		bench_free(bench);
		*bench = wide;
		return;
	}
	bench_free(&wide);
	learned->design.pairs = 0;
	design_number_columns(&learned->design);
}

/* Without a ridge coefficients of these sizes mean that some rows are told apart for sure. */
static bool
is_separated(const Bench *bench)
{
	double		largest = 0;

	for (int i = 0; i < bench->columns; i++)
		if (fabs(bench->fit.coefficient[i]) > largest)
			largest = fabs(bench->fit.coefficient[i]);
	return !bench->fit.converged || largest > 15;
}

/* What is added where there would be no maximum. */
#define RESCUE_RIDGE 0.01

static void
final_fit(Learned *learned, Bench *bench, const Sample *sample)
{
	bench->parts = 1;
	set_penalty(bench, &learned->design, learned->ridge, learned->pair_ridge);
	bench_fit(bench, sample, FINE);
	learned->separated = learned->ridge == 0 && is_separated(bench);
	if (learned->separated)
	{
		learned->ridge = RESCUE_RIDGE;
		memset(bench->fit.coefficient, 0, bench->columns * sizeof(double));
		set_penalty(bench, &learned->design, learned->ridge, learned->pair_ridge);
		bench_fit(bench, sample, FINE);
	}
	learned->fit = bench->fit;
	learned->penalty = bench->penalty;
	learned->whole = bench->whole;
	learned->factor = bench->factor;
}

Learned
learn(const FitTable *table, const int32_t *rows, int32_t count, const LearnerOptions *options, const Workshop *workshop)
{
	Learned		learned = {.ridge = options->ridge};
	bool		chooses = isnan(options->ridge) || options->interactions;
	uint8_t    *part = chooses ? workshop->allocate(count + 1) : NULL;
	Sample		sample = {&learned.design, &learned.reading, rows, count, part, workshop};
	double		best = -INFINITY;
	Bench		bench;

	design_make(&learned.design, &learned.reading, table, rows, count, options->splines || options->interactions, options->ridge == 0,
				options->rare, workshop);
	if (!options->splines)
	{
		for (int i = 0; i < learned.design.features; i++)
			learned.design.feature[i].knots = 0;
		design_number_columns(&learned.design);
	}
	if (part)
		deal_folds(table, rows, count, INNER_FOLDS, options->seed ^ 0x5eed, options->cluster, part, workshop);
	bench = bench_new(learned.design.columns, part ? INNER_FOLDS : 1, workshop);
	if (isnan(options->ridge))
		learned.ridge = choose_ridge(&bench, &sample, ridges, sizeof(ridges) / sizeof(*ridges), NAN, &best);
	if (options->interactions)
	{
		set_penalty(&bench, &learned.design, learned.ridge, 0);
		best = left_out_likelihood(&bench, &sample);
		try_pairs(&learned, &bench, &sample, best);
	}
	bench_clear(&bench);
	sample.part = NULL;
	final_fit(&learned, &bench, &sample);
	if (part)
		workshop->release(part);
	return learned;
}

void
learned_free(Learned *learned, const Workshop *workshop)
{
	for (int i = 0; i < learned->design.features; i++)
		if (learned->reading.level[i])
		{
			workshop->release(learned->reading.level[i]);
			workshop->release(learned->design.feature[i].level);
		}
	workshop->release(learned->reading.level);
	workshop->release(learned->design.feature);
	workshop->release(learned->fit.coefficient);
	workshop->release(learned->fit.is_out);
	workshop->release(learned->penalty);
	workshop->release(learned->factor);
	information_free(&learned->whole, workshop);
}
