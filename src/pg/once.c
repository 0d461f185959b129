/* once(statement, row): what a query gives, kept as long as it must give the same, so that views of what is live may name it many
 * times over.
 *
 * Kept are the rows of one state of the database alone: as the present snapshot sees it, in this transaction and subtransaction,
 * for this user. With another state all of it goes. Two equal snapshots of one transaction see the same: what the transaction
 * itself writes in between moves the counter of commands, and what it takes back ends a subtransaction. */
#include "pg/pg.h"

#include "access/tupconvert.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

typedef struct Kept
{
	struct Kept *next;
	const char *statement;
	Tuplestorestate *rows;		/* of the columns of row */
	Oid			type;
} Kept;

typedef struct Made
{
	struct Made *next;
	const char *statement;
	SPIPlanPtr	plan;
} Made;

static MemoryContext context = NULL;	/* of all that is kept; goes with the transaction at the latest */
static Kept *kept = NULL;
static StringInfoData state;	/* what all of it is of, in the same context */
static Made *plans = NULL;		/* for the session: each is made once */

static void
forget(void *unused)
{
	for (; kept != NULL; kept = kept->next)
		tuplestore_end(kept->rows);
	context = NULL;
}

#define put(to, value) appendBinaryStringInfo(to, (const char *) &(value), sizeof(value))

/* The state of the database that a query would see now. */
static void
describe_state(StringInfo to)
{
	Snapshot	snapshot = GetActiveSnapshot();
	SubTransactionId part = GetCurrentSubTransactionId();
	Oid			user = GetUserId();

	put(to, LOCAL_XID);
	put(to, part);
	put(to, user);
	put(to, row_security);
	put(to, snapshot->snapshot_type);
	put(to, snapshot->xmin);
	put(to, snapshot->xmax);
	put(to, snapshot->curcid);
	put(to, snapshot->suboverflowed);
	put(to, snapshot->takenDuringRecovery);
	put(to, snapshot->xcnt);
	put(to, snapshot->subxcnt);
	if (snapshot->xcnt > 0)
		appendBinaryStringInfo(to, (const char *) snapshot->xip, snapshot->xcnt * sizeof(TransactionId));
	/* a copy of one that overflowed has none of them: then xmin, xmax and the transactions themselves tell */
	if (snapshot->subxcnt > 0 && snapshot->subxip != NULL)
		appendBinaryStringInfo(to, (const char *) snapshot->subxip, snapshot->subxcnt * sizeof(TransactionId));
}

/* Forgets what is kept of another state. */
static void
keep_present_state(void)
{
	StringInfoData now;
	MemoryContextCallback *callback;
	MemoryContext caller;

	initStringInfo(&now);
	describe_state(&now);
	if (context != NULL && (now.len != state.len || memcmp(now.data, state.data, now.len) != 0))
		MemoryContextDelete(context);
	if (context == NULL)
	{
		context = AllocSetContextCreate(TopTransactionContext, "csmetrics once", ALLOCSET_DEFAULT_SIZES);
		callback = MemoryContextAllocZero(context, sizeof(*callback));
		callback->func = forget;
		MemoryContextRegisterResetCallback(context, callback);
		caller = MemoryContextSwitchTo(context);
		initStringInfo(&state);
		appendBinaryStringInfo(&state, now.data, now.len);
		MemoryContextSwitchTo(caller);
	}
	pfree(now.data);
}

static SPIPlanPtr
plan_of(const char *statement)
{
	Made	   *plan;

	for (plan = plans; plan != NULL; plan = plan->next)
		if (strcmp(plan->statement, statement) == 0)
			return plan->plan;
	plan = MemoryContextAlloc(TopMemoryContext, sizeof(Made));
	plan->plan = SPI_prepare(statement, 0, NULL);
	if (plan->plan == NULL)
		elog(ERROR, "%s", SPI_result_code_string(SPI_result));
	SPI_keepplan(plan->plan);
	plan->statement = MemoryContextStrdup(TopMemoryContext, statement);
	plan->next = plans;
	plans = plan;
	return plan->plan;
}

static Tuplestorestate *
store_of(SPITupleTable *table, uint64 count, TupleDesc wanted)
{
	Tuplestorestate *rows;
	MemoryContext caller = MemoryContextSwitchTo(context);
	TupleConversionMap *map = convert_tuples_by_position(table->tupdesc, wanted, "a query gives other columns than it should");

	rows = tuplestore_begin_heap(true, true, work_mem);
	MemoryContextSwitchTo(caller);
	for (uint64 i = 0; i < count; i++)
	{
		HeapTuple	tuple = table->vals[i];

		tuplestore_puttuple(rows, map != NULL ? execute_attr_map_tuple(tuple, map) : tuple);
	}
	return rows;
}

/* Runs it by names that nobody can have put another thing under, and without jit: what runs once takes longer to compile. */
static Tuplestorestate *
rows_of(const char *statement, TupleDesc wanted)
{
	int			level = NewGUCNestLevel();
	Tuplestorestate *rows;
	int			result;

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
	result = SPI_execute_plan(plan_of(statement), NULL, NULL, true, 0);
	if (result != SPI_OK_SELECT)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("not a query: %s", statement)));
	/* others may have been kept meanwhile, of the same state */
	keep_present_state();
	rows = store_of(SPI_tuptable, SPI_processed, wanted);
	SPI_finish();
	AtEOXact_GUC(true, level);
	return rows;
}

static Kept *
kept_of(const char *statement, Oid type, TupleDesc wanted)
{
	Tuplestorestate *rows;
	Kept	   *one;

	keep_present_state();
	for (one = kept; one != NULL; one = one->next)
		if (one->type == type && strcmp(one->statement, statement) == 0)
			return one;
	rows = rows_of(statement, wanted);
	one = MemoryContextAlloc(context, sizeof(Kept));
	*one = (Kept) {.next = kept, .statement = MemoryContextStrdup(context, statement), .rows = rows, .type = type};
	return kept = one;
}

PG_FUNCTION_INFO_V1(once);

Datum
once(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TupleTableSlot *slot;
	Kept	   *one;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("no query is given")));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	one = kept_of(text_to_cstring(PG_GETARG_TEXT_PP(0)), get_fn_expr_argtype(fcinfo->flinfo, 1), result->setDesc);
	slot = MakeSingleTupleTableSlot(result->setDesc, &TTSOpsMinimalTuple);
	tuplestore_rescan(one->rows);
	while (tuplestore_gettupleslot(one->rows, true, false, slot))
		tuplestore_puttupleslot(result->setResult, slot);
	ExecDropSingleTupleTableSlot(slot);
	PG_RETURN_NULL();
}
