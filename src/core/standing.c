#include "core/standing.h"

void
standing_apply(Standing *standing, const TimelineStep *step)
{
	bool		active = step_is_active(step);

	if (active || !step->paused)
	{
		standing->paused = false;
		standing->held = 0;
	}
	else if (standing->active)
	{
		standing->paused = true;
		standing->held = standing->mrr;
	}
	standing->mrr = step->mrr;
	standing->active = active;
	standing->known |= active;
}

const char *const movement_names[MOVEMENT_KINDS] = {
	"new", "reactivation", "resume", "expansion", "contraction", "churn", "pause", "lapse", "intra_period"
};

Movement
movement_between(const Standing *before, const Standing *after, Money *amount)
{
	if (!before->active && !after->active)
	{
		*amount = before->held;
		return before->paused && !after->paused ? MOVEMENT_LAPSE : MOVEMENT_NONE;
	}
	*amount = after->mrr > before->mrr ? after->mrr - before->mrr : before->mrr - after->mrr;
	if (!before->active)
		return before->paused ? MOVEMENT_RESUME : before->known ? MOVEMENT_REACTIVATION : MOVEMENT_NEW;
	if (!after->active)
		return after->paused ? MOVEMENT_PAUSE : MOVEMENT_CHURN;
	if (after->mrr == before->mrr)
		return MOVEMENT_NONE;
	return after->mrr > before->mrr ? MOVEMENT_EXPANSION : MOVEMENT_CONTRACTION;
}

int
movement_sign(Movement movement)
{
	static const int signs[] = {1, 1, 1, 1, -1, -1, -1, 0, 0, 0};

	return signs[movement];
}

Movement
movement_without_pauses(Movement movement)
{
	switch (movement)
	{
		case MOVEMENT_RESUME:
			return MOVEMENT_REACTIVATION;
		case MOVEMENT_PAUSE:
			return MOVEMENT_CHURN;
		case MOVEMENT_LAPSE:
			return MOVEMENT_NONE;	/* churned when the pause began */
		default:
			return movement;
	}
}
