/* Rules that make another timeline of one: scaled, smoothed, limited, split. */
#ifndef CSMETRICS_TIMELINE_RULES_H
#define CSMETRICS_TIMELINE_RULES_H

#include "core/factor.h"
#include "core/standing.h"

/*
 * The MRR of every step times the factor, in place; leaves the timeline open. It
 * is the levels that are rounded, so no error adds up. False on overflow.
 */
bool		timeline_scale(Timeline *timeline, const Factor *factor);

/*
 * Copies with a rule applied, as terms, left open; `out` has room for 2 * count + 1 entries.
 * smooth_gaps: a gap of fewer than `days` days, neither active nor in a pause, keeps what was before it.
 * limit_pauses: a pause that lasts `days` days ends then, in churn.
 */
void		timeline_smooth_gaps(const Timeline *timeline, int32_t days, Timeline *out);
void		timeline_limit_pauses(const Timeline *timeline, int32_t days, Timeline *out);

/*
 * Splits a timeline where the account comes back more than `days` days after its
 * churn; a pause is no churn while it lasts. Each part is as if it were the whole:
 * what is in force meanwhile without being MRR, a pause or a sum below zero, ends
 * in one part and begins in the next, so that the parts add up to the whole.
 */
typedef struct TimelineSplit
{
	TimelineWalk walk;
	Standing	standing;
	int32_t		days;
	int32_t		churned_on;
	int			first;			/* the part has the entries first <= i < end */
	int			end;
	TimelineEntry before;		/* in force before the part, on its first day */
	TimelineEntry after;		/* in force after it, on the first day of the next */
} TimelineSplit;

TimelineSplit timeline_split(const Timeline *timeline, int32_t days);

/* Finds the next part, the first at first; false after the last. An empty timeline has one. */
bool		timeline_split_next(TimelineSplit *split);

/* Copies the part, left open; `out` has room for end - first + 2 entries. */
void		timeline_split_copy(const TimelineSplit *split, Timeline *out);

#endif
