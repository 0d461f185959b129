/*
 * Symmetric systems by Cholesky's decomposition, without those columns that
 * depend on the ones before them: these are left out, and what is solved for is
 * zero there. Symmetric matrices are their lower triangle, row by row.
 */
#ifndef CSMETRICS_CHOLESKY_H
#define CSMETRICS_CHOLESKY_H

#include <stdbool.h>
#include <stdint.h>

static inline int64_t
triangle_size(int32_t n)
{
	return (int64_t) n * (n + 1) / 2;
}

/* Place of an element, column <= row. */
static inline int64_t
triangle_at(int32_t row, int32_t column)
{
	return triangle_size(row) + column;
}

/*
 * Decomposes in place. left_out says which columns stay out; set to those that
 * keep no more than `tolerance` of their diagonal, or nothing of any size, too.
 */
void		cholesky(double *matrix, int32_t n, double tolerance, bool *left_out);

/* Solves in place by a decomposed matrix. */
void		cholesky_solve(const double *factor, int32_t n, const bool *left_out, double *vector);

/* The inverse of the matrix, its triangle; `room` holds n numbers. */
void		cholesky_inverse(const double *factor, int32_t n, const bool *left_out, double *inverse, double *room);

/* v' M w of a triangle. */
double		triangle_product(const double *matrix, int32_t n, const double *v, const double *w);

#endif
