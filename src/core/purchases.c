#include "core/purchases.h"

#include "core/calendar.h"

/* So that all days together are within reach of 128 bits. */
static bool
amounts_fit(const Purchases *purchases)
{
	for (int32_t i = 0; i < purchases->bag.count; i++)
		if (!money_within(purchases->row[i].amount, MONEY_ACCOUNT_LIMIT))
			return false;
	return true;
}

static const char *
purchases_flaw(const void *state, int64_t rows)
{
	const Purchases *purchases = state;

	for (int64_t i = 0; i < rows; i++)
		if (purchases->row[i].day < DAY_FIRST || purchases->row[i].day > DAY_LAST)
			return "a day is out of range";
	if (!amounts_fit(purchases))
		return "an amount is out of range";
	return bag_flaw(&purchases_type, &purchases->bag);
}

static size_t
purchases_close(const StateType *type, void *purchases)
{
	size_t		size = bag_close(type, purchases);

	return amounts_fit(purchases) ? size : 0;
}

const StateType purchases_type = {
	.name = "purchases",
	.version = 1,
	.fields = BAG_FIELDS,
	.row = PURCHASE_DAY_KEYS PURCHASE_DAY_SUMS,
	.row_count = bag_row_count,
	.flaw = purchases_flaw,
	.close = purchases_close,
};

PurchaseSummary
purchases_by(const Purchases *purchases, int64_t last_day)
{
	PurchaseSummary summary = {0};

	for (int32_t i = 0; i < purchases->bag.count && purchases->row[i].day <= last_day; i++)
	{
		const PurchaseDay *row = &purchases->row[i];

		if (row->purchases < 1)
			continue;
		if (summary.days++ == 0)
			summary.first_day = row->day;
		else
			summary.amount_after_first += row->amount;
		summary.last_day = row->day;
		summary.purchases += row->purchases;
		summary.amount += row->amount;
	}
	return summary;
}
