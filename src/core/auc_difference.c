#include "core/backtest.h"
#include "core/text_key.h"

#include <stdlib.h>

/* What the predictions of a subject in a row add to the error of the difference. */
typedef struct Influence
{
	int64_t		subject;
	int64_t		place;			/* so that each sum is in one order */
	double		happened;
	double		spared;
	int64_t		happened_count;
	int64_t		spared_count;
} Influence;

_Static_assert(sizeof(Influence) + 2 * sizeof(double) == AUC_DIFFERENCE_ROW_SIZE, "memory of a row");

static int
compare_influences(const void *a, const void *b)
{
	const Influence *x = a;
	const Influence *y = b;

	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

/* Influences of the rows of one state, from a place on, with a sign. */
static void
take_influences(const Backtest *backtest, double area, double sign, Influence *influence, int64_t place, double *amounts)
{
	influence += place;
	auc_errors(backtest, area, amounts);
	for (int32_t i = 0; i < backtest->bag.count; i++)
	{
		const BacktestRow *row = &backtest->row[i];
		double		happened = row->happened * amounts[2 * (size_t) i];
		double		spared = row->spared * amounts[2 * (size_t) i + 1];

		influence[i] = (Influence) {
			row->subject, place + i, sign * happened, sign * spared, row->happened, row->spared
		};
	}
}

/* Predictions without a subject, each by itself. */
static void
add_apart(ClusterSums *sums, const Influence *influence)
{
	double		happened = influence->happened_count ? influence->happened * influence->happened / influence->happened_count : 0;
	double		spared = influence->spared_count ? influence->spared * influence->spared / influence->spared_count : 0;

	sums->happened_squares += happened;
	sums->spared_squares += spared;
	sums->squares += happened + spared;
	sums->happened_clusters += influence->happened_count;
	sums->spared_clusters += influence->spared_count;
	sums->clusters += influence->happened_count + influence->spared_count;
}

/* Those of the next subject, together; how many rows that are. */
static int64_t
add_together(ClusterSums *sums, const Influence *influence, int64_t count)
{
	double		happened = 0;
	double		spared = 0;
	bool		any_happened = false;
	bool		any_spared = false;
	int64_t		i = 0;

	for (; i < count && influence[i].subject == influence[0].subject; i++)
	{
		happened += influence[i].happened;
		spared += influence[i].spared;
		any_happened |= influence[i].happened_count > 0;
		any_spared |= influence[i].spared_count > 0;
	}
	sums->happened_squares += happened * happened;
	sums->spared_squares += spared * spared;
	sums->squares += (happened + spared) * (happened + spared);
	sums->happened_clusters += any_happened;
	sums->spared_clusters += any_spared;
	sums->clusters++;
	return i;
}

/*
 * The estimator of backtest.c, whose clusters are subjects, of the differences of
 * what each adds to either area: as E. R. DeLong, D. M. DeLong, D. L.
 * Clarke-Pearson, Biometrics 44 (1988) 837-845, where each has one prediction.
 * Those without a subject are apart, and so of the two states independent.
 */
AucDifference
auc_difference(const Backtest *a, const Backtest *b, void *memory)
{
	Influence  *influence = memory;
	int64_t		count = (int64_t) a->bag.count + b->bag.count;
	double	   *amounts = (double *) (influence + count);
	Auc			of_a = backtest_auc(a, NULL);
	Auc			of_b = backtest_auc(b, NULL);
	AucDifference result = {.known = of_a.known && of_b.known, .difference = of_a.area - of_b.area};
	ClusterSums sums = {0};

	if (!result.known)
		return result;
	take_influences(a, of_a.area, 1, influence, 0, amounts);
	take_influences(b, of_b.area, -1, influence, a->bag.count, amounts);
	qsort(influence, count, sizeof(Influence), compare_influences);
	for (int64_t i = 0; i < count;)
	{
		if (influence[i].subject == TEXT_KEY_NONE)
			add_apart(&sums, &influence[i++]);
		else
			i += add_together(&sums, influence + i, count - i);
	}
	result.variance = auc_variance(&sums);
	return result;
}
