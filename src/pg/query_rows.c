#include "pg/query_rows.h"

#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "nodes/parsenodes.h"
#include "tcop/dest.h"
#include "utils/memutils.h"
#include "utils/plancache.h"

typedef struct QueryReceiver
{
	DestReceiver pub;
	const RowReader *reader;
	MemoryContext row_context;
} QueryReceiver;

static void
receive_startup(DestReceiver *self, int operation, TupleDesc columns)
{
	const RowReader *reader = ((QueryReceiver *) self)->reader;

	reader->begin(reader->context, columns);
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	QueryReceiver *receiver = (QueryReceiver *) self;
	MemoryContext caller = MemoryContextSwitchTo(receiver->row_context);

	slot_getallattrs(slot);
	receiver->reader->row(receiver->reader->context, slot);
	MemoryContextReset(receiver->row_context);
	MemoryContextSwitchTo(caller);
	return true;
}

static void
receive_nothing(DestReceiver *self)
{
}

pg_noreturn static void
not_a_query(const char *query, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("the query %s: %s", what, pnstrdup(query, pg_mbcliplen(query, strlen(query), 200))),
			 errhint("Give one SELECT, VALUES or TABLE that only reads, and no semicolon between.")));
}

/* What the text is, before anything of it runs. */
static void
require_one_select(const char *query, SPIPlanPtr plan)
{
	List	   *sources = SPI_plan_get_plan_sources(plan);
	CachedPlanSource *source;
	Query	   *parsed;

	if (list_length(sources) != 1)
		not_a_query(query, sources == NIL ? "is empty" : "is more than one statement");
	source = linitial(sources);
	if (source->query_list == NIL || list_length(source->query_list) != 1)
		not_a_query(query, "is not a SELECT");
	parsed = linitial_node(Query, source->query_list);
	if (parsed->commandType != CMD_SELECT)
		not_a_query(query, "is not a SELECT");
	if (parsed->hasModifyingCTE || parsed->rowMarks != NIL)
		not_a_query(query, "does more than to read");
}

void
query_rows_read(const char *query, const RowReader *reader)
{
	QueryReceiver receiver = {
		.pub = {receive_row, receive_startup, receive_nothing, receive_nothing, DestNone},
		.reader = reader,
	};
	SPIExecuteOptions options = {.read_only = true, .must_return_tuples = true, .dest = &receiver.pub};
	SPIPlanPtr	plan;
	int			result;

	SPI_connect();
	receiver.row_context = AllocSetContextCreate(CurrentMemoryContext, "csmetrics row of a query", ALLOCSET_DEFAULT_SIZES);
	plan = SPI_prepare_cursor(query, 0, NULL, CURSOR_OPT_PARALLEL_OK);
	if (plan == NULL)
		elog(ERROR, "%s", SPI_result_code_string(SPI_result));
	require_one_select(query, plan);
	result = SPI_execute_plan_extended(plan, &options);
	if (result < 0)
		elog(ERROR, "%s", SPI_result_code_string(result));
	SPI_finish();
}
