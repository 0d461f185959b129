#include "core/churn.h"

#include <math.h>

static const char *
churn_flaw(const void *state, int64_t rows)
{
	const Churn *churn = state;

	return churn->from < churn->to ? NULL : "period is empty";
}

const StateType churn_type = {
	.name = "churn",
	.version = 1,
	.fields = "dd" "n" "nm" "nm" "nm" "nm" "nm" "nm",
	.row = "",
	.flaw = churn_flaw,
};

const char *const churn_denominators[] = {"start", "start_plus_new", "average", "up_for_renewal", NULL};

static bool
group_add(ChurnGroup *group, Money mrr, int sign)
{
	group->count += sign;
	return money_add(&group->mrr, sign * mrr);
}

bool
churn_add(Churn *churn, const ChurnRow *row, bool subtract)
{
	int			sign = subtract ? -1 : 1;
	Money		mrr = row->mrr < 0 ? 0 : row->mrr;
	bool		opened = row->started < churn->from && row->ended >= churn->from;
	bool		started = row->started >= churn->from && row->started < churn->to;
	bool		ended = row->ended >= churn->from && row->ended < churn->to;
	bool		fits = true;

	churn->given += sign;
	/* an empty term was never in force */
	if (row->started >= row->ended || !(opened || started))
		return true;

	if (opened)
		fits &= group_add(&churn->opening, mrr, sign);
	if (opened && ended)
		fits &= group_add(&churn->churned, mrr, sign);
	if (started)
		fits &= group_add(ended ? &churn->intra_period : &churn->joined, mrr, sign);
	if (row->renews >= churn->from && row->renews < churn->to && row->started < row->renews)
	{
		fits &= group_add(&churn->due, mrr, sign);
		if (row->ended <= row->renews)
			fits &= group_add(&churn->unrenewed, mrr, sign);
	}
	return fits;
}

ChurnGroup
churn_closing(const Churn *churn)
{
	return (ChurnGroup) {
		churn->opening.count - churn->churned.count + churn->joined.count,
		churn->opening.mrr - churn->churned.mrr + churn->joined.mrr,
	};
}

static ChurnGroup
group_sum(ChurnGroup a, ChurnGroup b)
{
	return (ChurnGroup) {a.count + b.count, a.mrr + b.mrr};
}

void
churn_twice(const Churn *churn, ChurnDenominator denominator, ChurnGroup *lost, ChurnGroup *base)
{
	ChurnGroup	all_lost = group_sum(churn->churned, churn->intra_period);

	switch (denominator)
	{
		case CHURN_START:
			*lost = churn->churned;
			*base = churn->opening;
			break;
		case CHURN_START_PLUS_NEW:
			*lost = all_lost;
			*base = group_sum(churn->opening, group_sum(churn->joined, churn->intra_period));
			break;
		case CHURN_AVERAGE:
			*lost = group_sum(all_lost, all_lost);
			*base = group_sum(churn->opening, churn_closing(churn));
			return;
		case CHURN_UP_FOR_RENEWAL:
			*lost = churn->unrenewed;
			*base = churn->due;
			break;
	}
	*lost = group_sum(*lost, *lost);
	*base = group_sum(*base, *base);
}

double
compound_churn(double rate, double from_months, double to_months)
{
	return -expm1(to_months / from_months * log1p(-rate));
}
