#include "core/design.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
design_number_columns(Design *d)
{
	int			next = 1;

	for (int i = 0; i < d->features; i++)
	{
		d->feature[i].first = next;
		d->feature[i].per_scale = 1 / d->feature[i].scale;
		next += design_own_columns(d, &d->feature[i]);
	}
	for (int i = 0; i < d->pairs; i++)
	{
		d->pair[i].first = next;
		next += design_cells(&d->feature[d->pair[i].a]) * design_cells(&d->feature[d->pair[i].b]);
	}
	d->columns = next;
}

int
design_level(const DesignFeature *f, Utf8Name text)
{
	int			low = 0;
	int			high = f->levels - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;
		int			order = name_compare(f->level[middle], text);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return f->has_other ? f->levels : -1;
}

int
design_missing_level(const DesignFeature *f)
{
	return f->has_missing ? f->levels + f->has_other : f->has_other ? f->levels : -1;
}

static inline int
put_entry(Entry *entry, int count, int column, double value)
{
	entry[count] = (Entry) {column, value};
	return count + (value != 0);
}

static int
feature_entries(const Design *d, const DesignFeature *f, const Place *p, Entry *entry, int n)
{
	if (!f->is_used)
		return n;
	if (f->is_text)
		return p->cell >= d->has_base ? put_entry(entry, n, f->first + p->cell - d->has_base, 1) : n;
	if (p->missing)
		return put_entry(entry, n, f->first + 1 + f->knots, 1);
	n = put_entry(entry, n, f->first, p->z);
	if (f->knots > 0)
	{
		n = put_entry(entry, n, f->first + 1 + p->hat, 1 - p->hat_part);
		n = put_entry(entry, n, f->first + 2 + p->hat, p->hat_part);
	}
	return n;
}

/* The cells that a feature touches: one, or two with shares. */
static int
touched(const DesignFeature *f, const Place *p, int *cell, double *share)
{
	if (f->is_text ? p->cell < 0 : !f->is_used)
		return 0;
	cell[0] = p->cell;
	share[0] = 1;
	if (f->is_text || p->cell >= f->cells || p->cell_part == 0)
		return 1;
	share[0] = 1 - p->cell_part;
	cell[1] = p->cell + 1;
	share[1] = p->cell_part;
	return 2;
}

static int
pair_entries(const Design *d, const DesignPair *pair, const Place *place, Entry *entry, int n)
{
	const DesignFeature *b = &d->feature[pair->b];
	int			wide = design_cells(b);
	int			cell_a[2],
				cell_b[2];
	double		share_a[2],
				share_b[2];
	int			as = touched(&d->feature[pair->a], &place[pair->a], cell_a, share_a);
	int			bs = touched(b, &place[pair->b], cell_b, share_b);

	for (int i = 0; i < as; i++)
		for (int j = 0; j < bs; j++)
			n = put_entry(entry, n, pair->first + cell_a[i] * wide + cell_b[j], share_a[i] * share_b[j]);
	return n;
}

int
design_entries(const Design *d, const Place *place, Entry *entry)
{
	int			n = put_entry(entry, 0, 0, 1);

	for (int i = 0; i < d->features; i++)
		n = feature_entries(d, &d->feature[i], &place[i], entry, n);
	for (int i = 0; i < d->pairs; i++)
		n = pair_entries(d, &d->pair[i], place, entry, n);
	return n;
}

double
pair_sum(const Design *d, int pair, const Place *place, const double *coefficient)
{
	Entry		entry[4];
	int			n = pair_entries(d, &d->pair[pair], place, entry, 0);
	double		sum = 0;

	for (int i = 0; i < n; i++)
		sum += entry[i].value * coefficient[entry[i].column];
	return sum;
}

/* ---- from a table ---- */

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Knots at equal shares of the sorted values, each once, the ends among them; fewer than 2: none. */
static int
quantile_knots(const double *sorted, int32_t count, int wanted, double *knot)
{
	int			knots = 0;

	for (int i = 0; i < wanted; i++)
	{
		double		value = sorted[(int64_t) i * (count - 1) / (wanted - 1)];

		if (knots == 0 || value > knot[knots - 1])
			knot[knots++] = value;
	}
	return knots >= 2 ? knots : 0;
}

/* Knots are taken from no more rows than that. */
#define KNOT_ROWS (1 << 16)

static void
make_number(DesignFeature *f, const FitColumn *column, const int32_t *rows, int32_t count, bool splines, int rare, double *memory)
{
	int32_t		known = 0;
	int32_t		kept = 0;
	int32_t		step = count / KNOT_ROWS + 1;
	double		sum = 0;
	double		squares = 0;

	for (int32_t i = 0; i < count; i++)
		if (!isnan(column->number[rows[i]]))
		{
			sum += column->number[rows[i]];
			known++;
		}
	/* a coefficient needs more than a few rows: these are taken for the mean */
	f->has_missing = count - known >= rare;
	f->mean = known > 0 ? sum / known : 0;
	for (int32_t i = 0; i < count; i++)
		if (!isnan(column->number[rows[i]]))
		{
			double		off = column->number[rows[i]] - f->mean;

			squares += off * off;
			if (i % step == 0)
				memory[kept++] = column->number[rows[i]];
		}
	f->scale = known > 0 ? sqrt(squares / known) : 0;
	/* a spread that is rounding of the values is none */
	f->is_used = f->scale > 1e-12 * fabs(f->mean) && f->scale > 0 && isfinite(f->scale);
	if (!f->is_used)
	{
		f->scale = 1;
		f->has_missing = false;
		return;
	}
	if (!splines)
		return;
	qsort(memory, kept, sizeof(double), compare_doubles);
	f->knots = quantile_knots(memory, kept, KNOTS_MAX, f->knot);
	f->cells = quantile_knots(memory, kept, CELLS_MAX, f->cell);
	/* two knots bend nothing */
	if (f->knots == 2)
		f->knots = 0;
}

typedef struct LevelCount
{
	int32_t		rows;
	int32_t		code;
} LevelCount;

static int
by_rows(const void *a, const void *b)
{
	const LevelCount *x = a;
	const LevelCount *y = b;

	if (x->rows != y->rows)
		return x->rows > y->rows ? -1 : 1;
	return (x->code > y->code) - (x->code < y->code);
}

/* Names the levels that are not rare; what is rare counts as other. */
static void
make_text(DesignFeature *f, const FitColumn *column, const int32_t *rows, int32_t count, int rare, int *level, const Workshop *workshop)
{
	LevelCount *found = workshop->allocate((column->levels + 1) * sizeof(LevelCount));
	int32_t		others = 0;
	int32_t		missing = 0;
	int			named = 0;

	for (int32_t i = 0; i < column->levels; i++)
		found[i].code = i;
	for (int32_t i = 0; i < count; i++)
		if (column->code[rows[i]] < 0)
			missing++;
		else
			found[column->code[rows[i]]].rows++;
	qsort(found, column->levels, sizeof(LevelCount), by_rows);
	while (named < column->levels && named < LEVELS_MAX && found[named].rows >= rare)
		level[found[named++].code] = 1;
	for (int32_t i = named; i < column->levels; i++)
		others += found[i].rows;
	f->level = workshop->allocate((named + 1) * sizeof(Utf8Name));
	f->has_missing = missing >= rare;
	if (!f->has_missing)
		others += missing;
	f->has_other = others > 0;
	for (int32_t i = 0; i < column->levels; i++)
		if (level[i])
		{
			f->level[f->levels] = column->level[i];
			level[i] = f->levels++;
		}
		else
			level[i] = f->has_other ? named : -1;
	f->is_used = design_levels(f) > 1 && f->levels > 0;
	workshop->release(found);
}

void
design_make(Design *d, DesignReading *reading, const FitTable *table, const int32_t *rows, int32_t count, bool splines, bool has_base,
			int rare, const Workshop *workshop)
{
	double	   *memory = workshop->allocate((count + 1) * sizeof(double));

	*d = (Design) {.has_base = has_base, .features = table->features};
	d->feature = workshop->allocate(table->features * sizeof(DesignFeature));
	*reading = (DesignReading) {table, workshop->allocate(table->features * sizeof(int *))};
	for (int i = 0; i < table->features; i++)
	{
		DesignFeature *f = &d->feature[i];
		const FitColumn *column = &table->feature[i];

		workshop->breathe();
		f->name = column->name;
		f->is_text = column->code != NULL;
		f->scale = 1;
		if (f->is_text)
		{
			reading->level[i] = workshop->allocate((column->levels + 1) * sizeof(int));
			make_text(f, column, rows, count, rare, reading->level[i], workshop);
		}
		else
			make_number(f, column, rows, count, splines, rare, memory);
	}
	workshop->release(memory);
	design_number_columns(d);
}

void
design_places(const Design *d, const DesignReading *reading, int32_t row, Place *place)
{
	for (int i = 0; i < d->features; i++)
	{
		const FitColumn *column = &reading->table->feature[i];
		const DesignFeature *f = &d->feature[i];

		if (!f->is_text)
			place[i] = place_number(f, column->number[row]);
		else if (column->code[row] >= 0)
			place[i] = place_level(reading->level[i][column->code[row]]);
		else
			place[i] = place_level(design_missing_level(f));
	}
}
