/* What long arithmetic asks of its caller: memory of any size, which the caller frees in the end, and whether to go on. */
#ifndef CSMETRICS_WORKSPACE_H
#define CSMETRICS_WORKSPACE_H

#include <stddef.h>

typedef struct Workspace
{
	void	   *(*take) (size_t size);	/* of zeros; never NULL */
	void		(*give) (void *memory); /* back early */
	void		(*pause) (void);	/* does not return where the caller is to stop */
} Workspace;

/* Rows between two pauses. */
#define ROWS_A_PAUSE (1 << 10)

#endif
