/* Dense linear algebra of small symmetric systems, such as the information of a fit. Matrices are n x n, row by row. */
#ifndef CSMETRICS_LINEAR_H
#define CSMETRICS_LINEAR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The Cholesky factor L, with L L' = A, in place of the lower triangle of A, of which
 * the upper one is not read. A column that is a combination of those before it, of
 * which no more than `tolerance` of its own diagonal is left, is left out: is_out is
 * true of it, and its row and column of L are zero but for a diagonal of 1. Returns
 * how many are left out, or -1 where a number is not finite.
 */
int			cholesky(double *a, int n, double tolerance, bool *is_out);

/* x such that A x = b, in place of b; 0 where a column is left out. */
void		cholesky_solve(const double *l, int n, const bool *is_out, double *b);

/* The inverse of A, full; rows and columns that are left out are zero. `l` stays. */
void		cholesky_inverse(const double *l, int n, const bool *is_out, double *inverse);

/* b' inverse(A) b; b is overwritten. */
double		cholesky_quadratic(const double *l, int n, const bool *is_out, double *b);

#endif
