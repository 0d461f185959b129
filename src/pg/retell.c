/* For procedures that keep the row of a refresh that failed: may they commit, nothing but what is their own; and the error once more. */
#include "pg/pg.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "funcapi.h"
#include "nodes/parsenodes.h"

PG_FUNCTION_INFO_V1(may_commit);

Datum
may_commit(PG_FUNCTION_ARGS)
{
	CallContext *call = fcinfo->context && IsA(fcinfo->context, CallContext) ? (CallContext *) fcinfo->context : NULL;
	bool may = call && !call->atomic && GetCurrentTransactionNestLevel() == 1 && !TransactionIdIsValid(GetTopTransactionIdIfAny());
	TupleDesc columns;
	Datum value = BoolGetDatum(may);
	bool is_null = false;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "may_commit is a procedure of one argument");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), &value, &is_null)));
}

PG_FUNCTION_INFO_V1(throw_again);

Datum
throw_again(PG_FUNCTION_ARGS)
{
	char	   *part[4];

	for (int i = 0; i < 4; i++)
		part[i] = PG_ARGISNULL(i) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(i));
	if (strlen(part[0]) != 5)
		elog(ERROR, "\"%s\" is no SQLSTATE", part[0]);
	ereport(ERROR,
			(errcode(MAKE_SQLSTATE(part[0][0], part[0][1], part[0][2], part[0][3], part[0][4])),
			 errmsg_internal("%s", part[1]),
			 part[2][0] ? errdetail_internal("%s", part[2]) : 0,
			 part[3][0] ? errhint("%s", part[3]) : 0));
	PG_RETURN_VOID();
}
