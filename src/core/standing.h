/* Standing: where an account stands at one moment of its timeline, and the movement from one moment to another. */
#ifndef CSMETRICS_STANDING_H
#define CSMETRICS_STANDING_H

#include "core/timeline.h"

/* Where an account stands at one moment. */
typedef struct Standing
{
	Money		mrr;
	Money		held;			/* MRR lost to the pause, where `paused`, else 0 */
	bool		active;
	bool		paused;			/* no longer active, by a pause that still lasts */
	bool		known;			/* was active at some moment until now */
} Standing;

void		standing_apply(Standing *standing, const TimelineStep *step);

typedef enum Movement
{
	MOVEMENT_NEW,
	MOVEMENT_REACTIVATION,		/* was active before, in whatever past, but not now */
	MOVEMENT_RESUME,			/* back from a pause */
	MOVEMENT_EXPANSION,
	MOVEMENT_CONTRACTION,
	MOVEMENT_CHURN,
	MOVEMENT_PAUSE,
	MOVEMENT_LAPSE,				/* a pause ended in churn: moves no MRR, the pause did */
	MOVEMENT_INTRA_PERIOD,		/* came and went within one period: moves no MRR */
	MOVEMENT_NONE
} Movement;

#define MOVEMENT_KINDS MOVEMENT_NONE

extern const char *const movement_names[MOVEMENT_KINDS];

/* What lies between two standings, and the amount of it: above zero, but where a free term begins or ends. */
Movement	movement_between(const Standing *before, const Standing *after, Money *amount);

/* +1 where a movement adds its amount to MRR, -1 where it takes it, else 0 */
int			movement_sign(Movement movement);

/* Merges pauses into churn and reactivation, for readers that want no pauses. */
Movement	movement_without_pauses(Movement movement);

#endif
