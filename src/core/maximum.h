/*
 * The maximum of a likelihood in a few positive parameters, by Newton's method in
 * their logarithms. Nothing in it is left to chance: the same data has the same fit.
 */
#ifndef CSMETRICS_MAXIMUM_H
#define CSMETRICS_MAXIMUM_H

#include <stdbool.h>

#define PARAMETERS_MAX 4

/* The logarithm of a likelihood at some parameters, and its derivatives by them. */
typedef struct Slopes
{
	double		value;
	double		first[PARAMETERS_MAX];
	double		second[PARAMETERS_MAX][PARAMETERS_MAX];	/* i <= j */
} Slopes;

/* Adds to slopes of zeros. */
typedef void (*Likelihood) (const void *data, const double *parameter, Slopes *slopes);

/*
 * Some weights of what a likelihood is the mean of, as in log(sum exp(f)): with the
 * derivatives of each f these give the derivatives of the whole.
 */
typedef struct Mixture
{
	int			parameters;
	double		weight;			/* of all so far */
	double		first[PARAMETERS_MAX];	/* weighted sums */
	double		second[PARAMETERS_MAX][PARAMETERS_MAX];	/* of second derivatives, and of products of first ones */
} Mixture;

/* Adds a part; a weight below zero takes it away. Of `second` the places i <= j are read. */
void		mixture_add(Mixture *mixture, double weight, const double *first, double (*second)[PARAMETERS_MAX]);

/* Adds `count` times the derivatives of log(sum of weights) to the slopes. */
void		mixture_close(const Mixture *mixture, double count, Slopes *slopes);

typedef struct Maximum
{
	int			parameters;
	double		least[PARAMETERS_MAX];	/* a parameter at or past these has no bound */
	double		most[PARAMETERS_MAX];
	double		parameter[PARAMETERS_MAX];	/* where to begin, then where it ended */
	double		log_likelihood;
	int			steps;
	bool		converged;
	int			unbounded;		/* the parameter without bound, or -1 */
	void		(*pause) (void);	/* called now and then, so that a long fit can be given up; or NULL */
} Maximum;

/* Says that a parameter ten thousand times larger than is usual, or ten million times smaller, has no bound. */
void		maximum_usual(Maximum *maximum, int parameter, double usual);

/* From maximum->parameter on. */
void		maximize(Likelihood likelihood, const void *data, Maximum *maximum);

#endif
