#include "core/milestones.h"

#include <stdlib.h>

static const char *
milestones_flaw(const void *state, int64_t rows)
{
	const Milestones *milestones = state;

	for (int i = 0; i < milestones->bag.count; i++)
	{
		const Milestone *milestone = &milestones->milestone[i];

		if (!instant_is_valid_or_never(milestone->reached) || !instant_is_valid_or_never(milestone->due))
			return "an instant is out of range";
		if ((milestone->is_start | milestone->is_value | 1) != 1)
			return "a value is out of range";
	}
	return bag_flaw(&milestones_type, &milestones->bag);
}

const StateType milestones_type = {
	.name = "milestones",
	.version = 1,
	.fields = BAG_FIELDS,
	.row = "lllkkn",
	.count_max = MILESTONES_MAX,
	.row_count = bag_row_count,
	.flaw = milestones_flaw,
	.close = bag_close,
};

/* Rows are in the order of `reached`. */
int64_t
milestones_started(const Milestones *milestones, int64_t as_of)
{
	for (int i = 0; i < milestones->bag.count; i++)
		if (milestones->milestone[i].is_start && milestones->milestone[i].count > 0)
			return instant_as_of(milestones->milestone[i].reached, as_of);
	return INSTANT_NEVER;
}

int64_t
milestones_valued(const Milestones *milestones, int64_t as_of)
{
	for (int i = 0; i < milestones->bag.count; i++)
		if (milestones->milestone[i].is_value && milestones->milestone[i].count > 0)
			return instant_as_of(milestones->milestone[i].reached, as_of);
	return INSTANT_NEVER;
}

static int
compare_names(const void *a, const void *b)
{
	int64_t		x = ((const Milestone *) a)->name;
	int64_t		y = ((const Milestone *) b)->name;

	return (x > y) - (x < y);
}

MilestoneTally
milestones_tally(const Milestones *milestones, int64_t as_of, Milestone *scratch)
{
	MilestoneTally tally = {0};
	int			count = 0;

	for (int i = 0; i < milestones->bag.count; i++)
		if (milestones->milestone[i].count > 0)
			scratch[count++] = milestones->milestone[i];
	qsort(scratch, count, sizeof(Milestone), compare_names);
	for (int i = 0; i < count;)
	{
		int64_t		name = scratch[i].name;
		bool		reached = false;
		bool		due = false;

		for (; i < count && scratch[i].name == name; i++)
		{
			reached |= instant_as_of(scratch[i].reached, as_of) != INSTANT_NEVER;
			due |= instant_as_of(scratch[i].due, as_of) != INSTANT_NEVER;
		}
		tally.reached += reached;
		tally.due += due;
		tally.overdue += due && !reached;
	}
	return tally;
}
