/* Normalizers as arguments. */
#ifndef CSMETRICS_PG_NORMALIZE_H
#define CSMETRICS_PG_NORMALIZE_H

#include "pg/pg.h"

/* Knots that ascend, at least two, and the scores that they are worth. */
typedef struct Piecewise
{
	int			count;
	const double *knots;
	const double *scores;
} Piecewise;

/* Arguments n and n + 1, not NULL. */
extern Piecewise piecewise_args(FunctionCallInfo fcinfo, int n);

#endif
