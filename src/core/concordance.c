#include "core/concordance.h"

#include "core/radix_sort.h"

/*
 * How many of each rank are at risk, in levels: those of each rank, and in groups
 * of GROUP of these. So adding touches a few numbers, and counting those below a
 * rank reads at most GROUP neighbours a level.
 */
#define GROUP_BITS	5
#define GROUP		(1 << GROUP_BITS)
#define LEVELS_MAX	13

typedef struct RankCounts
{
	int32_t    *count[LEVELS_MAX];
	int			levels;
	int64_t		total;
} RankCounts;

static RankCounts
counts_new(int64_t ranks, const Workspace *workspace)
{
	RankCounts	counts = {0};

	do
	{
		counts.count[counts.levels++] = workspace->take((ranks / GROUP + 1) * GROUP * sizeof(int32_t));
		ranks = ranks / GROUP + 1;
	} while (ranks > 1);
	return counts;
}

static inline void
counts_add(RankCounts *counts, uint32_t rank, int32_t many)
{
	counts->total += many;
	for (int level = 0; level < counts->levels; level++, rank >>= GROUP_BITS)
		counts->count[level][rank] += many;
}

static inline int64_t
counts_below(const RankCounts *counts, uint32_t rank)
{
	int64_t		below = 0;

	for (int level = 0; level < counts->levels; level++, rank >>= GROUP_BITS)
	{
		const int32_t *count = counts->count[level];

		for (uint32_t i = rank & ~(uint32_t) (GROUP - 1); i < rank; i++)
			below += count[i];
	}
	return below;
}

/* The place of each row's risk among the different ones; how many these are. */
static int64_t
find_ranks(const CoxRows *rows, const double *risk, uint32_t *rank, const Workspace *workspace)
{
	Keyed	   *keyed = workspace->take(rows->rows * sizeof(Keyed));
	Keyed	   *room = workspace->take(rows->rows * sizeof(Keyed));
	Keyed	   *sorted;
	int64_t		ranks = 0;

	for (int64_t i = 0; i < rows->rows; i++)
		keyed[i] = (Keyed) {ordered_bits(risk[i]), i};
	sorted = radix_sort(keyed, room, rows->rows);
	for (int64_t i = 0; i < rows->rows; i++)
	{
		ranks += i > 0 && sorted[i].key != sorted[i - 1].key;
		rank[sorted[i].row] = (uint32_t) ranks;
	}
	workspace->give(keyed);
	workspace->give(room);
	return ranks + 1;
}

void
concordance(const CoxRows *rows, const double *risk, const Workspace *workspace, int64_t *concordant, int64_t *discordant,
			int64_t *tied)
{
	uint32_t   *rank = workspace->take(rows->rows * sizeof(uint32_t));
	RankCounts	counts = counts_new(find_ranks(rows, risk, rank, workspace), workspace);
	int64_t		left = 0;

	*concordant = *discordant = *tied = 0;
	for (int64_t i = 0; i < rows->rows;)
	{
		double		time = rows->time[i];
		int64_t		from = i;

		for (; i < rows->rows && rows->time[i] == time; i++)
		{
			if (i % ROWS_A_PAUSE == 0)
				workspace->pause();
			if (!rows->event[i])
				counts_add(&counts, rank[i], 1);
		}
		if (rows->start)
			for (; left < rows->rows && rows->start[rows->leaving[left]] >= time; left++)
				counts_add(&counts, rank[rows->leaving[left]], -1);
		for (int64_t k = from; k < i; k++)
			if (rows->event[k])
			{
				int64_t		below = counts_below(&counts, rank[k]);
				int64_t		same = counts.count[0][rank[k]];

				*concordant += below;
				*tied += same;
				*discordant += counts.total - below - same;
			}
		for (int64_t k = from; k < i; k++)
			if (rows->event[k])
				counts_add(&counts, rank[k], 1);
	}
	workspace->give(rank);
}
