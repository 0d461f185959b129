/*
 * A fit of Cox regression as a value. After the fixed part, one stream of bytes:
 *
 *	 ties 1, flags 1, iterations
 *	 log likelihood without terms and with, chi-square of proportional hazards
 *	 pairs: concordant, discordant, tied
 *	 the longest time observed
 *	 features, and of each its name, kind 1, rows left out because it was missing,
 *		of a text its levels and their names, bytewise ascending
 *	 of each term: status 1, then mean, coefficient, standard error, robust one, chi-square
 *	 steps of the baseline hazard, and of each: time, hazard up to it
 *
 * Counts are numbers of seven bits a byte; others 64 bits of a double, the high
 * byte first; names end with NUL. A feature has one term, a text one for each
 * level but the first.
 */
#ifndef CSMETRICS_COX_H
#define CSMETRICS_COX_H

#include "core/hazard_fit.h"
#include "core/state.h"
#include "core/utf8_name.h"

#define COX_TERMS_MAX	500
#define COX_STEPS_MAX	2000
#define TERM_SIZE		41
#define STEP_SIZE		16

typedef enum FeatureKind
{
	FEATURE_NUMBER,
	FEATURE_BOOLEAN,
	FEATURE_TEXT
} FeatureKind;

typedef struct CoxFeature
{
	Utf8Name	name;
	FeatureKind kind;
	int64_t		missing;
	int32_t		levels;			/* of a text, at least 1; else 0 */
	const uint8_t *level;		/* their names, NUL after each */
} CoxFeature;

typedef struct Cox
{
	StateHeader header;
	int64_t		rows;
	int64_t		left_out;		/* for want of a feature */
	int64_t		events;
	int64_t		clusters;		/* 0: each row is its own, and no robust errors are known */
	uint8_t		stream[];
} Cox;

extern const StateType cox_type;

/* A fit of hazards of discrete time: the same, with its link in place of ties, and what steps of hazard_fit hold. */
extern const StateType hazard_type;

#define COX_CONVERGED	0x01
#define COX_THINNED		0x02	/* there were more steps than are kept */

/* What its stream begins with, and where the rest is. */
typedef struct CoxView
{
	CoxTies		ties;
	uint8_t		flags;
	int32_t		iterations;
	double		log_likelihood_null;
	double		log_likelihood;
	double		chi_square;
	int64_t		concordant;
	int64_t		discordant;
	int64_t		tied;
	double		last_time;
	int32_t		features;
	int32_t		terms;
	int32_t		steps;
	const uint8_t *feature_at;
	const uint8_t *term_at;
	const uint8_t *step_at;
} CoxView;

/* Of a sound one. */
CoxView		cox_view(const Cox *cox);
CoxTerm		cox_term(const CoxView *view, int32_t n);

/* The next feature from feature_at on. */
CoxFeature	cox_next_feature(const uint8_t **at);

/* The hazard up to a time of who has the mean of every term. */
double		cox_hazard(const CoxView *view, double time);

/* The share that survives the periods up to a time, of a fit of discrete time, who has so many times the odds or hazard. */
double		hazard_surviving(const CoxView *view, double ratio, double time);

/* What is written; room for the stream and its length. */
size_t		cox_room(const CoxFeature *feature, int32_t features, int32_t terms);
size_t		cox_write(uint8_t *stream, const CoxView *view, const CoxFeature *feature, const CoxTerm *term, const HazardStep *step,
					  int64_t steps);

#endif
