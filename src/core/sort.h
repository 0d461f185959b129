/* Sorting rows of the history of one account: it is mostly short. */
#ifndef CSMETRICS_SORT_H
#define CSMETRICS_SORT_H

#include <stdlib.h>
#include <string.h>

/* Up to so many rows, what is quadratic is faster. */
#define SHORT_HISTORY 32

#define SORTED_ROW_MAX 128

/* As qsort, of rows of no more than SORTED_ROW_MAX bytes. */
static inline void
sort_rows(void *rows, int count, size_t size, int (*compare) (const void *, const void *))
{
	char	   *row = rows;
	_Alignas(16) char moving[SORTED_ROW_MAX];

	if (count > SHORT_HISTORY)
	{
		qsort(rows, count, size, compare);
		return;
	}
	for (int i = 1; i < count; i++)
	{
		int			hole = i;

		memcpy(moving, row + i * size, size);
		for (; hole > 0 && compare(row + (hole - 1) * size, moving) > 0; hole--)
			memcpy(row + hole * size, row + (hole - 1) * size, size);
		memcpy(row + hole * size, moving, size);
	}
}

#endif
