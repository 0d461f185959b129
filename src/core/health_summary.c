#include "core/health_summary.h"

static const char *
summary_flaw(const void *state, int64_t rows)
{
	const HealthSummary *summary = state;

	for (int32_t i = 0; i < summary->bag.count; i++)
		if (summary->row[i].hundredths < SCORE_UNKNOWN || summary->row[i].hundredths > VALUE_MAX / HUNDREDTH)
			return "a score is out of range";
	return bag_flaw(&health_summary_type, &summary->bag);
}

const StateType health_summary_type = {
	.name = "health_summary",
	.version = 1,
	.fields = BAG_FIELDS HEALTH_TOTALS_FIELDS,
	.row = "lnm",
	.row_count = bag_row_count,
	.flaw = summary_flaw,
	.close = bag_close,
};

void
health_summary_of(int64_t score, Money mrr, HealthTotals *totals, HealthSummaryRow *row)
{
	bool		known = score != SCORE_UNKNOWN;

	*totals = (HealthTotals) {.given = 1, .scored = known, .mrr = known ? mrr : 0, .score = known ? score : 0};
	if (known)
		int256_add_product(&totals->score_mrr, score, mrr);
	*row = (HealthSummaryRow) {known ? score / HUNDREDTH : SCORE_UNKNOWN, 1, mrr};
}

void
health_summary_tiers(const HealthSummary *summary, int32_t yellow_from, int32_t green_from, HealthGroup group[HEALTH_TIERS])
{
	for (int tier = 0; tier < HEALTH_TIERS; tier++)
		group[tier] = (HealthGroup) {0};
	for (int32_t i = 0; i < summary->bag.count; i++)
	{
		const HealthSummaryRow *row = &summary->row[i];
		HealthBounds bounds = {yellow_from, green_from};
		HealthGroup *its = &group[row->hundredths == SCORE_UNKNOWN ? TIER_UNKNOWN : health_tier(row->hundredths, bounds)];

		its->accounts += row->accounts;
		its->mrr += row->mrr;
	}
}

HealthGroup
health_summary_all(const HealthSummary *summary)
{
	HealthGroup all = {0};

	for (int32_t i = 0; i < summary->bag.count; i++)
	{
		all.accounts += summary->row[i].accounts;
		all.mrr += summary->row[i].mrr;
	}
	return all;
}

int64_t
health_summary_worst(const HealthSummary *summary)
{
	for (int32_t i = 0; i < summary->bag.count; i++)
		if (summary->row[i].hundredths != SCORE_UNKNOWN && summary->row[i].accounts > 0)
			return summary->row[i].hundredths;
	return SCORE_UNKNOWN;
}
