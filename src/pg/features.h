/*
 * Features: the columns of a user's query as numbers. A text is the place of its
 * level among those that occur, bytewise ascending. Some columns are none, but
 * what the caller names, such as how long somebody stayed. Rows in which a
 * feature is missing are left out, and counted.
 */
#ifndef CSMETRICS_PG_FEATURES_H
#define CSMETRICS_PG_FEATURES_H

#include "pg/pg.h"

#include "executor/tuptable.h"

#include "core/utf8_name.h"

#define FEATURE_LEVELS_MAX 501

/* Cells of all rows; 2 GB of them. */
#define FEATURE_CELLS_MAX (INT64CONST(1) << 28)

typedef struct FeatureLevels FeatureLevels;

typedef enum ColumnForm
{
	COLUMN_NUMBER,
	COLUMN_BOOLEAN,
	COLUMN_TEXT
} ColumnForm;

typedef struct FeatureColumn
{
	const char *name;
	int			place;			/* in the query, from 0 */
	Oid			type;
	ColumnForm	form;
	FmgrInfo	output;			/* of texts that are not stored as such */
	int64		missing;
	FeatureLevels *found;		/* of a text */
	int			levels;
	Utf8Name   *level;			/* ascending, when all rows are read */
} FeatureColumn;

/* What is to be a column of its own: how a value of it is read, in which there is no NULL. */
typedef struct OtherColumn
{
	const char *name;			/* NULL: not asked for */
	const char *what;			/* as messages call it */
	bool		(*takes) (const FeatureColumn *column);
	const char *wanted;			/* what it takes, in words */
	double		(*value) (const FeatureColumn *column, Datum value);
	FeatureColumn column;
} OtherColumn;

typedef struct FeatureRows
{
	FeatureColumn *feature;
	int			features;
	OtherColumn *other;
	int			others;
	double	   *cell;			/* rows * width: the features, then the others */
	int			width;
	int64		rows;
	int64		left_out;
	int64		room;
	MemoryContext context;
} FeatureRows;

/* Reads them all; others are given. Memory is of the present context. */
extern FeatureRows *features_read(const char *query, OtherColumn *other, int others);

/* A value of a number or boolean. */
extern double feature_number(const FeatureColumn *column, Datum value);

/* Is it a number, or a boolean? */
extern bool is_number(const FeatureColumn *column);
extern bool is_number_or_boolean(const FeatureColumn *column);

/* A key of a value of any of the forms. */
extern int64 feature_key(const FeatureColumn *column, Datum value);

#endif
