#include "core/linear.h"

#include <math.h>
#include <string.h>

static double
dot(const double *a, const double *b, int n)
{
	double		sum[4] = {0};	/* four chains of additions at once */
	int			i = 0;

	for (; i + 4 <= n; i += 4)
		for (int k = 0; k < 4; k++)
			sum[k] += a[i + k] * b[i + k];
	for (; i < n; i++)
		sum[0] += a[i] * b[i];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/*
 * By rows, so that all that is read lies together: row i of L from the rows before it.
 */
int
cholesky(double *a, int n, double tolerance, bool *is_out)
{
	int			out = 0;

	for (int i = 0; i < n; i++)
	{
		double	   *row = a + (size_t) i * n;
		double		own = row[i];
		double		left;

		for (int j = 0; j < i; j++)
		{
			const double *other = a + (size_t) j * n;

			row[j] = is_out[j] ? 0 : (row[j] - dot(row, other, j)) / other[j];
		}
		left = own - dot(row, row, i);
		if (!isfinite(left))
			return -1;
		is_out[i] = !(left > tolerance * own);
		if (is_out[i])
		{
			memset(row, 0, i * sizeof(double));
			out++;
		}
		row[i] = is_out[i] ? 1 : sqrt(left);
	}
	return out;
}

/* L y = b */
static void
solve_lower(const double *l, int n, const bool *is_out, double *b)
{
	for (int i = 0; i < n; i++)
	{
		const double *row = l + (size_t) i * n;

		b[i] = is_out[i] ? 0 : (b[i] - dot(row, b, i)) / row[i];
	}
}

/* L' x = y; a row of L is a column of L' */
static void
solve_upper(const double *l, int n, const bool *is_out, double *b)
{
	for (int i = n - 1; i >= 0; i--)
	{
		const double *row = l + (size_t) i * n;

		b[i] = is_out[i] ? 0 : b[i] / row[i];
		for (int j = 0; j < i; j++)
			b[j] -= row[j] * b[i];
	}
}

void
cholesky_solve(const double *l, int n, const bool *is_out, double *b)
{
	solve_lower(l, n, is_out, b);
	solve_upper(l, n, is_out, b);
}

void
cholesky_inverse(const double *l, int n, const bool *is_out, double *inverse)
{
	memset(inverse, 0, (size_t) n * n * sizeof(double));
	for (int i = 0; i < n; i++)
	{
		double	   *row = inverse + (size_t) i * n;

		/* symmetric: its column i is its row i */
		row[i] = is_out[i] ? 0 : 1;
		cholesky_solve(l, n, is_out, row);
	}
}

double
cholesky_quadratic(const double *l, int n, const bool *is_out, double *b)
{
	solve_lower(l, n, is_out, b);
	return dot(b, b, n);
}
