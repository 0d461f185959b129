/* Rows of a query that a user gives as text: one SELECT that writes nothing, run with the caller's own rights and path. */
#ifndef CSMETRICS_PG_QUERY_ROWS_H
#define CSMETRICS_PG_QUERY_ROWS_H

#include "pg/pg.h"

#include "executor/tuptable.h"

/* Who takes them. Memory that is to last must be of a context of one's own; that of the present one goes with the row. */
typedef struct RowReader
{
	void		(*begin) (void *context, TupleDesc columns);
	void		(*row) (void *context, TupleTableSlot *slot);	/* whose columns are all there */
	void	   *context;
} RowReader;

/* Gives each row to the reader, as the present snapshot sees it. */
extern void query_rows_read(const char *query, const RowReader *reader);

#endif
