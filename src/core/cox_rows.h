/*
 * Observations for Cox regression, in an order that their contents alone decide,
 * and coded: from the longest time down, texts as contrasts with their first
 * level, each term less its mean and over its largest distance from there.
 */
#ifndef CSMETRICS_COX_ROWS_H
#define CSMETRICS_COX_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/workspace.h"

/* Observations as they come: rows of `width` cells, the features first. Zero has no sign. */
typedef struct CoxInput
{
	const double *cell;
	int64_t		rows;
	int32_t		width;
	int32_t		features;
	const int32_t *levels;		/* of each feature: 0 for a number; the cell of a text is the place of its level, from 0 */
	int32_t		time;			/* cells of these: */
	int32_t		event;			/* 1, or 0: not by then */
	int32_t		start;			/* under observation after that; below 0: from the beginning */
	int32_t		cluster;		/* 64 bits; below 0: each row is its own */
} CoxInput;

/* A time at which anybody had the event; in descending order. */
typedef struct EventTime
{
	double		time;
	int64_t		at_risk;
	int64_t		deaths;
} EventTime;

typedef struct CoxRows
{
	int64_t		rows;
	int32_t		terms;
	double	   *x;				/* rows * terms */
	double	   *time;
	uint8_t    *event;
	double	   *start;			/* or NULL */
	int64_t    *leaving;		/* with starts: rows by their start, the latest first */
	uint64_t   *cluster;		/* or NULL */
	double	   *mean;			/* of each term */
	double	   *scale;			/* 0 where the term is constant */
	double	   *range;			/* of the scaled term */
	EventTime  *event_time;
	int64_t		event_times;
	int64_t		events;
} CoxRows;

/* Terms of so many features. */
int32_t		cox_terms(const int32_t *levels, int32_t features);

CoxRows		cox_rows(const CoxInput *input, const Workspace *workspace);

#endif
