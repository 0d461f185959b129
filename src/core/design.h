/*
 * From features to columns: how a classifier sees a row.
 *
 * A number is a straight line, in standard deviations from its mean, and hat functions
 * at its knots, which bend it; a text has a column a level. A pair of features has a
 * column for each of its cells, where both are cut more coarsely. Each row touches few
 * columns, so it is told as a list of these.
 */
#ifndef CSMETRICS_DESIGN_H
#define CSMETRICS_DESIGN_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/utf8_name.h"

/* What a fit needs of the world: memory that is given back all at once, and a place to be cancelled at. */
typedef struct Workshop
{
	void	   *(*allocate) (size_t size);	/* zeroed */
	void		(*release) (void *memory);
	void		(*breathe) (void);
} Workshop;

#define FEATURES_MAX	250
#define LEVELS_MAX		100		/* of a text; the rest is taken together */
#define KNOTS_MAX		10
#define CELLS_MAX		10		/* cuts of a number in a pair */
#define PAIRS_MAX		24
#define COLUMNS_MAX		2000

/* A column of rows as read: numbers, NaN where missing, or codes of texts, -1 where missing. */
typedef struct FitColumn
{
	Utf8Name	name;
	double	   *number;
	int32_t    *code;
	int32_t		levels;			/* different codes: 0 to levels - 1, in the order of their texts, bytewise */
	Utf8Name   *level;
	bool		crowded;		/* a text of so many levels that none was kept */
} FitColumn;

typedef struct FitTable
{
	int32_t		rows;
	int			features;
	FitColumn  *feature;
	uint8_t    *label;			/* 0 or 1 */
	int32_t    *cluster;		/* NULL: each row by itself */
	int32_t    *segment;		/* code of the segment, -1 for none; NULL: there are none */
} FitTable;

typedef struct DesignFeature
{
	Utf8Name	name;
	bool		is_text;
	bool		is_used;		/* false: it says nothing, and has no columns */
	bool		has_missing;	/* missing is a level, or a column */
	bool		has_other;		/* so is what has no level of its own */
	double		mean;
	double		scale;			/* standard deviation */
	double		per_scale;		/* 1 / scale; set by design_number_columns */
	int			knots;
	double		knot[KNOTS_MAX];
	int			cells;
	double		cell[CELLS_MAX];
	int			levels;			/* named */
	Utf8Name   *level;			/* in the order of bytes */
	int			first;			/* its first column */
} DesignFeature;

typedef struct DesignPair
{
	int			a;
	int			b;				/* a < b */
	int			first;
} DesignPair;

typedef struct Design
{
	bool		has_base;		/* the first level of a text has no column */
	int			features;
	DesignFeature *feature;
	int			pairs;
	DesignPair	pair[PAIRS_MAX];
	int			columns;		/* the first is the intercept */
} Design;

/* Where a value of a feature lies. */
typedef struct Place
{
	double		z;				/* standard deviations from the mean; 0 if missing */
	double		hat_part;		/* of the next hat */
	double		cell_part;
	int			hat;
	int			cell;			/* of a text: its level; -1: none that is known */
	bool		missing;
} Place;

/* All levels of a text: the named ones, then the others, then missing. */
static inline int
design_levels(const DesignFeature *f)
{
	return f->levels + f->has_other + f->has_missing;
}

/* Columns of its own. */
static inline int
design_own_columns(const Design *d, const DesignFeature *f)
{
	if (!f->is_used)
		return 0;
	return f->is_text ? design_levels(f) - d->has_base : 1 + f->knots + f->has_missing;
}

/* Into how many cells a pair cuts it. */
static inline int
design_cells(const DesignFeature *f)
{
	return f->is_text ? design_levels(f) : f->cells + f->has_missing;
}

/* Numbers its columns, those of pairs after all others. */
void		design_number_columns(Design *d);

/* Between which of ascending knots, at least two, and how far along; beyond the ends, at the ends. */
static inline int
knots_around(const double *knot, int knots, double value, double *part)
{
	int			i = 0;

	/* counted, not looked for: there are few, and no branch is guessed wrong */
	for (int j = 1; j < knots - 1; j++)
		i += value >= knot[j];
	*part = (value - knot[i]) / (knot[i + 1] - knot[i]);
	if (!(*part > 0))
		*part = 0;
	if (*part > 1)
		*part = 1;
	return i;
}

static inline Place
place_number(const DesignFeature *f, double value)
{
	Place		place = {.missing = isnan(value)};

	if (!f->is_used)
		return place;
	if (place.missing)
	{
		place.cell = f->cells;
		if (f->has_missing)
			return place;
		/* where missing was hardly seen, it is taken for the mean */
		place.missing = false;
		value = f->mean;
	}
	place.z = (value - f->mean) * f->per_scale;
	if (f->knots > 0)
		place.hat = knots_around(f->knot, f->knots, value, &place.hat_part);
	if (f->cells > 0)
		place.cell = knots_around(f->cell, f->cells, value, &place.cell_part);
	return place;
}

static inline Place
place_level(int level)
{
	return (Place) {.cell = level};
}

/* The level of a text, or what stands for it; -1: unknown, and no other stands for it. */
int			design_level(const DesignFeature *f, Utf8Name text);

/* The level of a text that is missing; -1: none. */
int			design_missing_level(const DesignFeature *f);

/* One entry of a row. */
typedef struct Entry
{
	int			column;
	double		value;
} Entry;

#define ENTRIES_MAX (1 + 4 * FEATURES_MAX + 4 * PAIRS_MAX)

/* What the places touch, in ascending order; the count. */
int			design_entries(const Design *d, const Place *place, Entry *entry);

/* What a feature adds up to. */
static inline double
feature_sum(const Design *d, const DesignFeature *f, const Place *p, const double *coefficient)
{
	const double *own = coefficient + f->first;

	if (!f->is_used)
		return 0;
	if (f->is_text)
		return p->cell >= d->has_base ? own[p->cell - d->has_base] : 0;
	if (p->missing)
		return own[1 + f->knots];
	if (f->knots == 0)
		return p->z * own[0];
	return p->z * own[0] + (1 - p->hat_part) * own[1 + p->hat] + p->hat_part * own[2 + p->hat];
}

/* And a pair. */
double		pair_sum(const Design *d, int pair, const Place *place, const double *coefficient);

/* ---- from a table ---- */

/* How the codes of a table are read: levels of each text by code. */
typedef struct DesignReading
{
	const FitTable *table;
	int		  **level;			/* by feature, by code; NULL of numbers */
} DesignReading;

/*
 * Looks at the rows given: means, knots, levels that are not rare. With splines, numbers
 * bend. A level of fewer rows than `rare` has none of its own.
 */
void		design_make(Design *d, DesignReading *reading, const FitTable *table, const int32_t *rows, int32_t count, bool splines,
						bool has_base, int rare, const Workshop *workshop);

/* The places of a row. */
void		design_places(const Design *d, const DesignReading *reading, int32_t row, Place *place);

#endif
