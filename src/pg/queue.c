/*
 * The language of the trigger functions of watches. A function in it has one line as its body, the number of the watch, 'any' or 'none' (what a row
 * without a key means), its source and its column of keys, which may have blanks; it writes the keys of the rows that a statement changed to table
 * changed_row of its own schema, with the rights of who it runs as. What it saves is the executor: a writer pays for little more than the row.
 */
#include "pg/pg.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#define QUEUE "changed_row"
/* So many keys of one statement are told apart; then it begins anew, since a key may be there twice, and memory is not to grow. */
#define MOST_KEYS 50000

typedef struct
{
	char	   *key;
	uint32		hash;
	char		status;
} SeenKey;

#define SH_PREFIX seen
#define SH_ELEMENT_TYPE SeenKey
#define SH_KEY_TYPE char *
#define SH_KEY key
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key), (int) strlen(key))
#define SH_EQUAL(table, a, b) (strcmp(a, b) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(table, element) (element)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct
{
	int32		watch_id;
	bool		null_is_any;
	char	   *source;
	char	   *column;
} Watch;

typedef struct
{
	Relation	relation;
	TupleTableSlot *slot;
	MemoryContext keys;			/* where those are that were seen */
	seen_hash  *seen;
	char	   *last;
} Queue;

static Watch
watch_of(const char *body)
{
	Watch		watch;
	char	   *text = pstrdup(body);
	char	   *word[4];

	for (int i = 0; i < 4; i++)
	{
		word[i] = i < 3 ? strsep(&text, " ") : text;
		if (word[i] == NULL)
			ereport(ERROR, (errcode(ERRCODE_INVALID_FUNCTION_DEFINITION), errmsg("\"%s\" tells of no watch", body)));
	}
	watch.watch_id = pg_strtoint32(word[0]);
	watch.null_is_any = strcmp(word[1], "any") == 0;
	watch.source = word[2];
	watch.column = word[3];
	return watch;
}

/* Rows are put there past the executor, so it has to be a table on which that makes no difference. */
static Relation
queue_in(Oid schema)
{
	Oid			oid = get_relname_relid(QUEUE, schema);
	Relation	queue;
	TupleDesc	columns;

	if (!OidIsValid(oid))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("there is no table \"%s\" beside the function of a watch", QUEUE)));
	if (pg_class_aclcheck(oid, GetUserId(), ACL_INSERT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, QUEUE);
	queue = table_open(oid, RowExclusiveLock);
	columns = RelationGetDescr(queue);
	if (queue->rd_rel->relkind != RELKIND_RELATION || queue->rd_rel->relhasindex || queue->rd_rel->relhasrules ||
		queue->rd_rel->relhastriggers || queue->rd_rel->relchecks != 0 || columns->natts != 3 ||
		TupleDescAttr(columns, 0)->atttypid != INT4OID || TupleDescAttr(columns, 1)->atttypid != TEXTOID ||
		TupleDescAttr(columns, 2)->atttypid != TEXTOID || TupleDescAttr(columns, 2)->attnotnull ||
		check_enable_rls(oid, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("table \"%s\" is not as a model makes it", QUEUE)));
	return queue;
}

static void
put(Queue *queue, const Watch *watch, const char *key)
{
	TupleTableSlot *slot = queue->slot;

	ExecClearTuple(slot);
	slot->tts_values[0] = Int32GetDatum(watch->watch_id);
	slot->tts_values[1] = CStringGetTextDatum(watch->source);
	slot->tts_values[2] = key ? CStringGetTextDatum(key) : (Datum) 0;
	slot->tts_isnull[0] = slot->tts_isnull[1] = false;
	slot->tts_isnull[2] = key == NULL;
	ExecStoreVirtualTuple(slot);
	simple_table_tuple_insert(queue->relation, slot);
}

/* Most statements have one key: nothing is looked up for it. */
static bool
is_new(Queue *queue, const char *key)
{
	bool		found;

	if (queue->last && strcmp(queue->last, key) == 0)
		return false;
	if (queue->seen && queue->seen->members >= MOST_KEYS)
	{
		MemoryContextReset(queue->keys);
		queue->seen = NULL;
		queue->last = NULL;
	}
	MemoryContext before = MemoryContextSwitchTo(queue->keys);

	if (queue->last && queue->seen == NULL)
	{
		queue->seen = seen_create(queue->keys, 64, NULL);
		seen_insert(queue->seen, queue->last, &found);
	}
	char	   *kept = pstrdup(key);

	found = false;
	if (queue->seen)
		queue->last = seen_insert(queue->seen, kept, &found)->key;
	else
		queue->last = kept;
	if (found)
		pfree(kept);
	MemoryContextSwitchTo(before);
	return !found;
}

static bool
has_rows(Tuplestorestate *rows)
{
	return rows != NULL && tuplestore_tuple_count(rows) > 0;
}

static void
put_keys(Queue *queue, const Watch *watch, Relation relation, Tuplestorestate *rows, AttrNumber column)
{
	if (!has_rows(rows))
		return;
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsMinimalTuple);
	MemoryContext a_row = AllocSetContextCreate(CurrentMemoryContext, "row of a watched table", ALLOCSET_SMALL_SIZES);
	FmgrInfo	output;
	Oid			function;
	bool		is_varlena;
	bool		had_null = false;

	getTypeOutputInfo(TupleDescAttr(RelationGetDescr(relation), column - 1)->atttypid, &function, &is_varlena);
	fmgr_info(function, &output);
	/* others read the rows, too */
	tuplestore_select_read_pointer(rows, tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND));
	tuplestore_rescan(rows);
	/* a row that comes from a file is the slot's to free, and so not of the memory of one row */
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		MemoryContext before = MemoryContextSwitchTo(a_row);
		bool		is_null;
		Datum		value = slot_getattr(slot, column, &is_null);
		char	   *key = is_null ? NULL : OutputFunctionCall(&output, value);

		CHECK_FOR_INTERRUPTS();
		if (key ? is_new(queue, key) : watch->null_is_any && !had_null)
			put(queue, watch, key);
		had_null = had_null || is_null;
		MemoryContextSwitchTo(before);
		MemoryContextReset(a_row);
	}
	MemoryContextDelete(a_row);
	ExecDropSingleTupleTableSlot(slot);
}

static void
put_changes(const Watch *watch, TriggerData *data, Oid schema)
{
	Queue		queue = {.relation = queue_in(schema)};
	AttrNumber	column = get_attnum(RelationGetRelid(data->tg_relation), watch->column);

	queue.slot = table_slot_create(queue.relation, NULL);
	queue.keys = AllocSetContextCreate(CurrentMemoryContext, "keys of a watched table", ALLOCSET_SMALL_SIZES);
	/* without a column, as of a source that has no accounts, or where it is gone, a row may be of any account */
	if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event) ||
		(column <= 0 && (has_rows(data->tg_newtable) || has_rows(data->tg_oldtable))))
		put(&queue, watch, NULL);
	else if (column > 0)
	{
		put_keys(&queue, watch, data->tg_relation, data->tg_newtable, column);
		put_keys(&queue, watch, data->tg_relation, data->tg_oldtable, column);
	}
	MemoryContextDelete(queue.keys);
	ExecDropSingleTupleTableSlot(queue.slot);
	table_close(queue.relation, NoLock);
}

PG_FUNCTION_INFO_V1(queue_language);

Datum
queue_language(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	HeapTuple	function;
	bool		is_null;
	char	   *body;
	Oid			schema;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_STATEMENT(data->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("a function of a watch is for triggers of statements")));
	function = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
	if (!HeapTupleIsValid(function))
		elog(ERROR, "there is no function %u", fcinfo->flinfo->fn_oid);
	schema = ((Form_pg_proc) GETSTRUCT(function))->pronamespace;
	body = TextDatumGetCString(SysCacheGetAttr(PROCOID, function, Anum_pg_proc_prosrc, &is_null));
	ReleaseSysCache(function);

	Watch		watch = watch_of(body);

	put_changes(&watch, data, schema);
	return PointerGetDatum(NULL);
}
