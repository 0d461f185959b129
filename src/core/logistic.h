/*
 * Penalised logistic regression by Newton's method, one pass over the rows a step:
 *
 *	 maximise  sum log likelihood - 1/2 sum penalty_j b_j^2
 *
 * A pass adds up Information: counts of what each row says, by part of the rows. Parts
 * add up to the whole, and so do passes over rows that lie elsewhere.
 */
#ifndef CSMETRICS_LOGISTIC_H
#define CSMETRICS_LOGISTIC_H

#include "core/design.h"

/* What rows say at given coefficients. */
typedef struct Information
{
	int			columns;
	double		log_likelihood;
	double	   *gradient;
	double	   *hessian;		/* lower triangle, of minus the second derivatives */
} Information;

Information information_new(int columns, const Workshop *workshop);
void		information_free(Information *information, const Workshop *workshop);
void		information_clear(Information *information);
void		information_add(Information *to, const Information *from);

/* The rows of a table that a fit is of, as its design sees them. */
typedef struct Sample
{
	const Design *design;
	const DesignReading *reading;
	const int32_t *rows;
	int32_t		count;
	const uint8_t *part;		/* by place in rows; NULL: all are of part 0 */
	const Workshop *workshop;
} Sample;

/* Adds each row to the information of its part. */
void		sample_inform(const Sample *sample, const double *coefficient, Information *part);

/* Log odds of one row. */
double		sample_log_odds(const Sample *sample, int32_t row, const double *coefficient);

/* Its log likelihood, where it happened or did not. */
double		log_likelihood_of(double log_odds, bool happened);

double		logistic_of(double log_odds);

typedef struct LogisticFit
{
	double	   *coefficient;
	bool	   *is_out;			/* columns that say nothing beside those before them */
	double		log_likelihood;
	int			steps;
	bool		converged;
} LogisticFit;

/*
 * Begins with the coefficients that are there, and ends where a step raises what is
 * maximised by less than `tolerance` of it. Leaves the information at the end, as a
 * whole and by part, and its factor, with the penalty. With one part, that is the whole.
 */
void		logistic_fit(const Sample *sample, const double *penalty, double tolerance, LogisticFit *fit, Information *whole,
						 Information *part, int parts, double *factor);

/* Newton's step from there for the information less a part of it: b += inverse(H - Hp + P) (g - gp - P b). */
bool		logistic_step(const Information *whole, const Information *without, const double *penalty, const double *from, double *to,
						  bool *is_out, double *factor);

/*
 * The covariance of the coefficients, full: the inverse of the information with its
 * penalty; with clusters that of Liang and Zeger, Biometrika 73 (1986), g / (g - 1)
 * times the sum over g clusters of what their rows add to the gradient, squared,
 * between two of the former.
 */
void		logistic_covariance(const Sample *sample, const LogisticFit *fit, const double *factor, const int32_t *cluster,
								double *covariance);

#endif
