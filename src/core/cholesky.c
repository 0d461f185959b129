#include "core/cholesky.h"

#include <math.h>

void
cholesky(double *matrix, int32_t n, double tolerance, bool *left_out)
{
	for (int32_t row = 0; row < n; row++)
	{
		double	   *of_row = matrix + triangle_at(row, 0);
		double		diagonal = of_row[row];
		double		pivot = diagonal;

		if (left_out[row])
			continue;
		for (int32_t column = 0; column < row; column++)
		{
			const double *of_column = matrix + triangle_at(column, 0);
			double		rest = of_row[column];

			if (left_out[column])
				continue;
			for (int32_t k = 0; k < column; k++)
				if (!left_out[k])
					rest -= of_row[k] * of_column[k];
			of_row[column] = rest / of_column[column];
			pivot -= of_row[column] * of_row[column];
		}
		if (!(pivot > tolerance * diagonal) || !(pivot > 1e-300))
			left_out[row] = true;
		else
			of_row[row] = sqrt(pivot);
	}
}

void
cholesky_solve(const double *factor, int32_t n, const bool *left_out, double *vector)
{
	for (int32_t row = 0; row < n; row++)
	{
		const double *of_row = factor + triangle_at(row, 0);

		if (left_out[row])
		{
			vector[row] = 0;
			continue;
		}
		for (int32_t k = 0; k < row; k++)
			if (!left_out[k])
				vector[row] -= of_row[k] * vector[k];
		vector[row] /= of_row[row];
	}
	for (int32_t row = n - 1; row >= 0; row--)
	{
		if (left_out[row])
			continue;
		for (int32_t k = row + 1; k < n; k++)
			if (!left_out[k])
				vector[row] -= factor[triangle_at(k, row)] * vector[k];
		vector[row] /= factor[triangle_at(row, row)];
	}
}

void
cholesky_inverse(const double *factor, int32_t n, const bool *left_out, double *inverse, double *room)
{
	for (int32_t column = 0; column < n; column++)
	{
		for (int32_t row = 0; row < n; row++)
			room[row] = row == column;
		cholesky_solve(factor, n, left_out, room);
		for (int32_t row = column; row < n; row++)
			inverse[triangle_at(row, column)] = left_out[column] ? 0 : room[row];
	}
}

double
triangle_product(const double *matrix, int32_t n, const double *v, const double *w)
{
	double		sum = 0;

	for (int32_t row = 0; row < n; row++)
		for (int32_t column = 0; column < n; column++)
			sum += v[row] * w[column] * matrix[column <= row ? triangle_at(row, column) : triangle_at(column, row)];
	return sum;
}
