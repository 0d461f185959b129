/*
 * Cox's proportional hazards: the hazard of each is a common one times
 * exp(x' beta), and beta maximises the partial likelihood
 *
 *	 sum over deaths of x' beta - log(sum over those at risk of exp(x' beta))
 *
 * (D. R. Cox, JRSS B 34, 1972). Of d deaths at one time, Efron (JASA 72, 1977)
 * takes k/d of the dead out of the sum for the k-th, k from 0; Breslow
 * (Biometrics 30, 1974) takes none.
 */
#ifndef CSMETRICS_COX_FIT_H
#define CSMETRICS_COX_FIT_H

#include "core/linear.h"
#include "core/cox_rows.h"

/* Symmetric sums are a triangle, row by row: column <= row. */
static inline int64_t
triangle_size(int32_t n)
{
	return (int64_t) n * (n + 1) / 2;
}

static inline int64_t
triangle_at(int32_t row, int32_t column)
{
	return triangle_size(row) + column;
}

/* The same as a full matrix, of which terms that stay out have nothing. */
void		triangle_open(const double *triangle, int32_t n, const bool *left_out, double *matrix);

typedef enum CoxTies
{
	TIES_EFRON,
	TIES_BRESLOW
} CoxTies;

extern const char *const cox_ties_words[];

typedef enum TermStatus
{
	TERM_ESTIMATED,
	TERM_CONSTANT,				/* in all rows */
	TERM_COLLINEAR,				/* follows from the terms before it */
	TERM_UNBOUNDED,				/* the likelihood grows with it for ever */
} TermStatus;

typedef struct CoxTerm
{
	TermStatus	status;
	double		mean;
	double		coefficient;
	double		standard_error;
	double		robust;			/* standard error of clusters (Lin and Wei, JASA 84, 1989) */
	double		chi_square;		/* of proportional hazards */
} CoxTerm;

/* Baseline hazard of who has the mean of every term, up to a time and at it. */
typedef struct HazardStep
{
	double		time;
	double		hazard;
} HazardStep;

typedef struct CoxFit
{
	int64_t		clusters;
	double		log_likelihood_null;
	double		log_likelihood;
	int32_t		iterations;
	bool		converged;
	CoxTerm    *term;
	double		chi_square;		/* of proportional hazards of all terms together */
	int64_t		concordant;		/* pairs of which one is known to have the event first, and has the higher risk */
	int64_t		discordant;
	int64_t		tied;			/* the same risk */
	HazardStep *step;			/* ascending; as many as there are event times */
} CoxFit;

CoxFit		cox_fit(const CoxRows *rows, CoxTies ties, const Workspace *workspace);

/* The parts of it. */

/* What one pass over the observations gives: the partial likelihood, its slope, and its curvature with the sign changed. */
typedef struct CoxSums
{
	double		log_likelihood;
	double	   *score;
	double	   *information;	/* a triangle */
} CoxSums;

/* What happens at an event time, for who is not to die then, and less for the dead (Efron). */
typedef struct CoxHazard
{
	double		hazard;			/* sum over deaths of 1 / those at risk */
	double		hazard_dead;	/* the same, each but for the share that is taken out */
	double	   *mean;			/* likewise, times the mean term of those at risk */
	double	   *mean_dead;
	double	   *mean_at_death;	/* mean over deaths of that mean */
} CoxHazard;

typedef struct CoxPass
{
	const CoxRows *rows;
	CoxTies		ties;
	const Workspace *workspace;
	const double *beta;
	double	   *eta;			/* of each row: x' beta, and its exponential */
	double	   *risk;
	CoxSums	   *sums;
	double	   *moments;		/* room: see cox_pass_room */

	/* What is told of each event time, the sums being of that time alone; NULL: they are of all. */
	void		(*told) (struct CoxPass *pass, int64_t event_time, const CoxHazard *hazard);
	CoxHazard  *hazard;			/* room for it */
	void	   *context;
} CoxPass;

/* Numbers of room that a pass takes. */
static inline int64_t
cox_pass_room(int32_t terms)
{
	return 2 * (terms + triangle_size(terms));
}

/* False where a risk is too large to be told. */
bool		cox_pass(CoxPass *pass);

/* Score test of proportional hazards, robust standard errors, and the baseline hazard, at the maximum; inverse: a full matrix. */
void		cox_after(CoxFit *fit, CoxPass *pass, const bool *left_out, const double *inverse);

#endif
