#include "core/cohorts.h"

int64_t
cohorts_cells(const Periods *periods)
{
	return (int64_t) periods->count * (periods->count + 3) / 2;
}

static int64_t
cohorts_row_count(const void *state)
{
	const Cohorts *cohorts = state;

	if (!periods_are_valid(&cohorts->periods, 1) || cohorts->periods.count > COHORT_PERIODS_MAX)
		return -1;
	return cohorts_cells(&cohorts->periods);
}

const StateType cohorts_type = {
	.name = "cohorts",
	.version = 1,
	.fields = "ddkk" "n",
	.row = "nmm",
	.row_count = cohorts_row_count,
};

/* The start of a cohort; those before it have count + 1, count, ... cells. */
static CohortCell *
cohort_start(Cohorts *cohorts, int32_t cohort)
{
	return cohorts->cell + (int64_t) cohort * (2 * cohorts->periods.count + 3 - cohort) / 2;
}

static bool
cell_change(CohortCell *cell, const CohortCell *before, const CohortCell *after, int sign)
{
	cell->count += sign * (after->count - before->count);
	/* both are evaluated */
	return money_add(&cell->mrr, sign * (after->mrr - before->mrr)) &
		money_add(&cell->kept, sign * (after->kept - before->kept));
}

bool
cohorts_add(Cohorts *cohorts, const Timeline *timeline, bool subtract)
{
	const Periods *periods = &cohorts->periods;
	int			sign = subtract ? -1 : 1;
	BoundaryWalk walk;
	CohortCell *cell;
	CohortCell	now = {0};
	Money		initial;
	int32_t		first_paid_on;
	int32_t		cohort;
	bool		fits;

	cohorts->given += sign;
	if (!timeline_first_paid_on(timeline, &first_paid_on) ||
		first_paid_on < periods->origin || first_paid_on >= periods->end)
		return true;

	walk = boundary_walk(periods, timeline);
	cohort = period_index(&walk.origin, first_paid_on);
	cell = cohort_start(cohorts, cohort);
	initial = timeline_mrr_at(timeline, first_paid_on);
	fits = cell_change(cell, &now, &(CohortCell) {1, initial, initial}, sign);
	now = (CohortCell) {1, initial, initial};

	/* the close of period p is boundary p + 1 */
	for (int32_t boundary = cohort + 1; boundary <= periods->count; boundary = walk.changes_at)
	{
		CohortCell	before = now;

		boundary_move(&walk, boundary);
		now = (CohortCell) {walk.standing.active, walk.standing.mrr, money_min(walk.standing.mrr, initial)};
		fits &= cell_change(cell + boundary - cohort, &before, &now, sign);
	}
	return fits;
}

CohortsWalk
cohorts_walk(const Cohorts *cohorts)
{
	return (CohortsWalk) {.cohorts = cohorts, .next = cohorts->cell, .cohort = -1, .age = INT32_MAX - 1};
}

bool
cohorts_next(CohortsWalk *walk)
{
	int32_t		count = walk->cohorts->periods.count;

	if (++walk->age >= count - walk->cohort)
	{
		if (++walk->cohort == count)
			return false;
		walk->age = 0;
		walk->start = walk->cell = *walk->next++;
	}
	walk->overflow = fields_merge(cohorts_type.row, &walk->cell, walk->next++, false) != MERGE_DONE;
	return !walk->overflow;
}
