#include "core/movements.h"

int64_t
movements_rows(const Periods *periods, int32_t lag)
{
	return lag - 1 + periods->count + (lag > 1 ? periods->count : 0);
}

static int64_t
movements_row_count(const void *state)
{
	const Movements *movements = state;

	if (!periods_are_valid(&movements->periods, movements->lag))
		return -1;
	return movements_rows(&movements->periods, movements->lag);
}

bool
movement_row_balances(const MovementRow *row)
{
	Money		net = 0;

	for (Movement kind = 0; kind < MOVEMENT_KINDS; kind++)
		net += movement_sign(kind) * row->amount[kind];
	return net == row->net;
}

static const char *
movements_flaw(const void *state, int64_t rows)
{
	const Movements *movements = state;

	if (movements->reserved != 0)
		return "reserved bytes are not zero";
	for (int64_t i = 0; i < rows; i++)
		if (!movement_row_balances(&movements->row[i]))
			return "the movements of a period do not add up to its change";
	return NULL;
}

const StateType movements_type = {
	.name = "mrr_movements",
	.version = 1,
	.fields = "ddkkkk" "nn" "m" "w",
	.row = "nnnnnnnnn" "mmmmmmmmm" "m" REVENUE_MOMENT_FIELDS "w",
	.row_count = movements_row_count,
	.flaw = movements_flaw,
};

static bool
row_add(MovementRow *row, const WindowRun *run, bool subtract)
{
	int			sign = subtract ? -1 : 1;
	bool		fits = true;

	row->count[run->movement] += sign;
	fits &= money_add(&row->amount[run->movement], sign * run->amount);
	fits &= money_add(&row->net, sign * (run->after.mrr - run->before.mrr));
	if (run->before.active)
		revenue_moments_add(&row->moments, run->before.mrr, run->after.mrr, subtract);
	return fits;
}

static bool
add_periods(Movements *movements, const Timeline *timeline, bool subtract)
{
	int32_t		first = movements_first(movements);
	WindowWalk	walk = window_walk(&movements->periods, timeline, first, 1);
	WindowRun	run;
	Standing	opening = walk.end.standing;
	int			sign = subtract ? -1 : 1;
	bool		fits = true;

	if (opening.active)
	{
		movements->opening_count += sign;
		fits &= money_add(&movements->opening, sign * opening.mrr);
		int256_add_product(&movements->opening_squares, opening.mrr, sign * opening.mrr);
	}
	while (window_next(&walk, &run))
	{
		MovementRow *row = &movements->row[run.first - first];

		fits &= row_add(row, &run, subtract);
		/* m1^2 - m0^2 */
		int256_add_product(&row->squares, run.after.mrr - run.before.mrr, sign * (run.after.mrr + run.before.mrr));
	}
	return fits;
}

static bool
add_windows(Movements *movements, const Timeline *timeline, bool subtract)
{
	int32_t		first = movements_first(movements);
	WindowWalk	walk = window_walk(&movements->periods, timeline, first, movements->lag);
	MovementRow *rows = movements->row + (movements->periods.count - first);
	WindowRun	run;
	bool		fits = true;

	while (window_next(&walk, &run))
	{
		fits &= row_add(&rows[run.first - first], &run, subtract);
		if (run.next < walk.end_window)
			fits &= row_add(&rows[run.next - first], &run, !subtract);
	}
	return fits;
}

bool
movements_add(Movements *movements, const Timeline *timeline, bool subtract)
{
	movements->given += subtract ? -1 : 1;
	return add_periods(movements, timeline, subtract) &&
		(movements->lag == 1 || add_windows(movements, timeline, subtract));
}

bool
movements_single_periods(const Movements *movements, Periods *periods)
{
	const Periods *asked = &movements->periods;
	int32_t		origin = periods_boundary(asked, movements_first(movements));

	return periods_init(periods, origin, asked->end, asked->unit) &&
		periods_boundary(periods, movements->lag - 1) == asked->origin;
}

/* The change of the number of active accounts. */
static int64_t
net_count(const MovementRow *row)
{
	int64_t		net = 0;

	for (Movement kind = 0; kind < MOVEMENT_KINDS; kind++)
		if (kind != MOVEMENT_EXPANSION && kind != MOVEMENT_CONTRACTION)
			net += movement_sign(kind) * row->count[kind];
	return net;
}

MovementsWalk
movements_walk(const Movements *movements)
{
	return (MovementsWalk) {
		.movements = movements,
		.window = -1,
		.opening_count = movements->opening_count,
		.opening = movements->opening,
		.opening_squares = movements->opening_squares,
	};
}

bool
movements_next(MovementsWalk *walk)
{
	const Movements *movements = walk->movements;
	const Periods *periods = &movements->periods;
	int32_t		window = walk->window + 1;

	if (window == periods->count)
		return false;
	if (window > 0)
	{
		const MovementRow *before = &movements->row[window - 1];

		walk->opening_count += net_count(before);
		walk->overflow |= !money_add(&walk->opening, before->net);
		int256_add(&walk->opening_squares, &before->squares);
	}
	if (movements->lag == 1)
		walk->row = movements->row[window];
	else
		walk->overflow |= fields_merge(movements_type.row, &walk->row,
									   &movements->row[periods->count - movements_first(movements) + window], false) != MERGE_DONE;
	walk->window = window;
	walk->closing_count = walk->opening_count + net_count(&walk->row);
	walk->closing = walk->opening + walk->row.net;
	return !walk->overflow;
}

static void
add_kind(MovementRow *row, Movement into, Movement from, int sign)
{
	row->count[into] += sign * row->count[from];
	row->amount[into] += sign * row->amount[from];
}

void
movement_row_fold_pauses(MovementRow *row, bool pauses_are_churn)
{
	if (pauses_are_churn)
	{
		add_kind(row, MOVEMENT_CHURN, MOVEMENT_PAUSE, 1);
		add_kind(row, MOVEMENT_PAUSE, MOVEMENT_PAUSE, -1);
		add_kind(row, MOVEMENT_REACTIVATION, MOVEMENT_RESUME, 1);
		add_kind(row, MOVEMENT_RESUME, MOVEMENT_RESUME, -1);
	}
	else
	{
		add_kind(row, MOVEMENT_CHURN, MOVEMENT_LAPSE, 1);
		add_kind(row, MOVEMENT_PAUSE, MOVEMENT_LAPSE, -1);
	}
}

void
movement_row_gross_up(MovementRow *row)
{
	add_kind(row, MOVEMENT_NEW, MOVEMENT_INTRA_PERIOD, 1);
	add_kind(row, MOVEMENT_CHURN, MOVEMENT_INTRA_PERIOD, 1);
}

/* The flow of a row, but for the counts and moments of its opening. */
static RevenueFlow
row_flow(const MovementRow *row, Money opening)
{
	const int64_t *count = row->count;
	const Money *amount = row->amount;

	return (RevenueFlow) {
		.header.version = revenue_flow_type.version,
		.new_count = count[MOVEMENT_NEW] + count[MOVEMENT_REACTIVATION] + count[MOVEMENT_RESUME],
		.expansion_count = count[MOVEMENT_EXPANSION],
		.contraction_count = count[MOVEMENT_CONTRACTION],
		.churned_count = count[MOVEMENT_CHURN] + count[MOVEMENT_PAUSE],
		.opening = opening,
		.new_mrr = amount[MOVEMENT_NEW] + amount[MOVEMENT_REACTIVATION] + amount[MOVEMENT_RESUME],
		.expansion = amount[MOVEMENT_EXPANSION],
		.contraction = amount[MOVEMENT_CONTRACTION],
		.churned = amount[MOVEMENT_CHURN] + amount[MOVEMENT_PAUSE],
		.moments = row->moments,
	};
}

RevenueFlow
movements_flow(const MovementsWalk *walk)
{
	RevenueFlow flow = row_flow(&walk->row, walk->opening);

	flow.given = walk->movements->given;
	flow.opening_count = walk->opening_count;
	flow.opening_opening = walk->opening_squares;
	return flow;
}

const char *const retention_methods[] = {"cohort", "movement", "chained", "ttm_avg", NULL};

bool
movements_retention(const MovementsWalk *walk, RetentionMethod method, double *nrr, double *grr)
{
	const Movements *movements = walk->movements;
	Money		opening = walk->opening;
	RevenueFlow sum = {0};
	double		chained_nrr = 1;
	double		chained_grr = 1;
	bool		known = true;

	if (method == RETENTION_COHORT)
		sum = movements_flow(walk);
	else
		for (int i = 0; i < movements->lag; i++)
		{
			const MovementRow *row = &movements->row[walk->window + i];
			RevenueFlow flow = row_flow(row, opening);
			bool		defined = revenue_flow_nrr(&flow, nrr) && revenue_flow_grr(&flow, grr);

			if (defined)
			{
				chained_nrr *= *nrr;
				chained_grr *= *grr;
			}
			known &= (defined || method != RETENTION_CHAINED) &&
				money_add(&sum.opening, flow.opening) && money_add(&sum.expansion, flow.expansion) &&
				money_add(&sum.contraction, flow.contraction) && money_add(&sum.churned, flow.churned) &&
				money_add(&opening, row->net);
		}

	if (method == RETENTION_CHAINED)
	{
		*nrr = chained_nrr;
		*grr = chained_grr;
		return known;
	}
	/* the mean of ratios weighted by their denominators is the ratio of the sums */
	if (method == RETENTION_MOVEMENT)
		sum.opening = walk->opening;
	return known && revenue_flow_nrr(&sum, nrr) && revenue_flow_grr(&sum, grr);
}
