/*
 * Casts in the query of a mapping that hang on the settings of whoever reads it: text to days, instants and spans by DateStyle, days and
 * local times to instants and back by TimeZone, money by lc_monetary. map() refuses them, since refresh is called by many.
 */
#include "pg/pg.h"

#include "access/relation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_type.h"
#include "rewrite/rewriteHandler.h"
#include "utils/fmgroids.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "pg/state.h"

/* The errors name these. */
#define CURE_OF_TEXT	"leave the cast out, and map reads the text in ISO form; or say how it is written, as to_date(x, 'DD.MM.YYYY') does; " \
	"or use csmetrics.strict_date(x), csmetrics.strict_instant(x, 'UTC')"
#define CURE_OF_ZONE	"leave the cast out, and map casts in the time zone of the model; or name a zone, as in (x AT TIME ZONE 'UTC')::date, " \
	"or x::timestamp AT TIME ZONE 'UTC'"
#define CURE_OF_SPAN	"multiply: x * interval '1 day'; or use make_interval(days => x)"
#define CURE_OF_TIME	"build the text '2026-03-04 10:00:00' and leave the cast out, or use csmetrics.strict_instant(x, 'UTC')"
#define CURE_OF_MONEY	"keep amounts in columns of type numeric"
#define CURE_OF_INSTANT	"bring the text into ISO form, as regexp_replace(x, '^(\\d\\d)\\.(\\d\\d)\\.(\\d{4})', '\\3-\\2-\\1') does, and leave the function out; " \
	"or have a zone (TZH) in the text and its pattern"
#define CURE_OF_NUMBER	"use '.' and ',' in the pattern, or replace(replace(x, '.', ''), ',', '.')::numeric"

static void
refuse(const char *what, const char *setting, const char *cure)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the query casts %s, which hangs on the session's %s", what, setting),
			 errhint("In place of it, %s.", cure)));
}

/* Which of the types that settings have a say in this one is, or is made of; InvalidOid: none. */
static Oid
set_type(Oid type)
{
	TupleDesc	row;
	Oid			found = InvalidOid;

	check_stack_depth();
	type = getBaseType(type);
	switch (type)
	{
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case TIMEOID:
		case TIMETZOID:
		case INTERVALOID:
		case MONEYOID:
			return type;
	}
	if (OidIsValid(get_element_type(type)))
		return set_type(get_element_type(type));
	if (type_is_range(type))
		return set_type(get_range_subtype(type));
	if (type_is_multirange(type))
		return set_type(get_multirange_range(type));
	if (get_typtype(type) != TYPTYPE_COMPOSITE)
		return InvalidOid;
	row = lookup_rowtype_tupdesc(type, -1);
	for (int i = 0; i < row->natts && !OidIsValid(found); i++)
		if (!TupleDescAttr(row, i)->attisdropped)
			found = set_type(TupleDescAttr(row, i)->atttypid);
	ReleaseTupleDesc(row);
	return found;
}

/* A value of that type read from what is written. */
static void
check_reading(Oid type)
{
	Oid			found = set_type(type);
	char	   *what = psprintf("text to %s", format_type_be(type));

	switch (found)
	{
		case InvalidOid:
			return;
		case MONEYOID:
			refuse(what, "lc_monetary", CURE_OF_MONEY);
			break;
		case INTERVALOID:
			refuse(what, "IntervalStyle", CURE_OF_SPAN);
			break;
		case TIMEOID:
		case TIMETZOID:
			refuse(what, "DateStyle", CURE_OF_TIME);
			break;
		default:
			refuse(what, found == TIMESTAMPTZOID ? "DateStyle and TimeZone" : "DateStyle", CURE_OF_TEXT);
	}
}

/* A pattern that is written out, in capitals; NULL: it is none. */
static char *
pattern_of(FuncExpr *call)
{
	Node	   *pattern = list_length(call->args) == 2 ? eval_const_expressions(NULL, lsecond(call->args)) : NULL;
	char	   *written;

	if (pattern == NULL || !IsA(pattern, Const) || castNode(Const, pattern)->constisnull)
		return NULL;
	written = TextDatumGetCString(castNode(Const, pattern)->constvalue);
	return asc_toupper(written, strlen(written));
}

static void
check_pattern(FuncExpr *call)
{
	char	   *pattern = pattern_of(call);

	if (call->funcid == F_TO_NUMBER)
	{
		if (pattern == NULL || strpbrk(pattern, "DGL") != NULL)
			refuse("text to numeric by to_number", "lc_numeric", CURE_OF_NUMBER);
	}
	else if (pattern == NULL || (strstr(pattern, "TZ") == NULL && strstr(pattern, "OF") == NULL))
		refuse("text to timestamp with time zone by to_timestamp", "TimeZone", CURE_OF_INSTANT);
}

/* Are these the functions of casts, by whichever notation? */
static bool
is_cast(FuncExpr *call)
{
	switch (call->funcid)
	{
		case F_DATE_TIMESTAMPTZ:
		case F_TIMESTAMP_TIMESTAMPTZ:
		case F_TIME_TIMESTAMPTZ:
		case F_TIMETZ_TIMESTAMPTZ:
		case F_TIMETZ_TIME:
		case F_TIMESTAMPTZ_DATE:
		case F_TIMESTAMPTZ_TIMESTAMP:
		case F_TIMESTAMPTZ_DATE_TIME:
			return true;
		default:
			return call->funcformat == COERCE_EXPLICIT_CAST || call->funcformat == COERCE_IMPLICIT_CAST;
	}
}

/* Functions that read text by the input of the types of their result, which are called by their names. */
static bool
is_input(Oid function)
{
	switch (function)
	{
		case F_DATE_IN:
		case F_TIMESTAMP_IN:
		case F_TIMESTAMPTZ_IN:
		case F_TIME_IN:
		case F_TIMETZ_IN:
		case F_INTERVAL_IN:
		case F_CASH_IN:
		case F_JSON_POPULATE_RECORD:
		case F_JSONB_POPULATE_RECORD:
		case F_JSON_POPULATE_RECORDSET:
		case F_JSONB_POPULATE_RECORDSET:
			return true;
		default:
			return false;
	}
}

static void
check_types(List *types)
{
	ListCell   *cell;

	foreach(cell, types)
		check_reading(lfirst_oid(cell));
}

/* jsonb_to_recordset(...) AS t(since date) */
static void
check_record(RangeTblFunction *function)
{
	Oid			called = IsA(function->funcexpr, FuncExpr) ? castNode(FuncExpr, function->funcexpr)->funcid : InvalidOid;

	if (is_input(called) || called == F_JSON_TO_RECORD || called == F_JSONB_TO_RECORD || called == F_JSON_TO_RECORDSET
		|| called == F_JSONB_TO_RECORDSET)
		check_types(function->funccoltypes);
}

static void
check_call(FuncExpr *call)
{
	Oid			from;
	char	   *what;

	if (call->funcid == F_TO_NUMBER || call->funcid == F_TO_TIMESTAMP_TEXT_TEXT)
		check_pattern(call);
	if (is_input(call->funcid))
		check_reading(call->funcresulttype);
	if (call->args == NIL || !is_cast(call) || func_volatile(call->funcid) == PROVOLATILE_IMMUTABLE)
		return;
	from = exprType(linitial(call->args));
	what = psprintf("%s to %s", format_type_be(from), format_type_be(call->funcresulttype));
	/* there is no other way to the amounts of such a column */
	if (set_type(from) == MONEYOID)
		return;
	if (set_type(call->funcresulttype) == MONEYOID)
		refuse(what, "lc_monetary", CURE_OF_MONEY);
	if (OidIsValid(set_type(from)))
		refuse(what, "TimeZone", CURE_OF_ZONE);
	refuse(what, "settings, as far as its function is declared", "write it with functions that are immutable");
}

static bool
find_casts(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Query:
			return query_tree_walker(castNode(Query, node), find_casts, context, 0);
		case T_CoerceViaIO:
			check_reading(castNode(CoerceViaIO, node)->resulttype);
			break;
		case T_FuncExpr:
			check_call(castNode(FuncExpr, node));
			break;
		case T_TableFunc:
			check_types(castNode(TableFunc, node)->coltypes);
			break;
#if PG_VERSION_NUM >= 170000
		case T_JsonExpr:
			check_reading(castNode(JsonExpr, node)->returning->typid);
			break;
#endif
		case T_RangeTblFunction:
			check_record(castNode(RangeTblFunction, node));
			break;
		default:
			break;
	}
	return expression_tree_walker(node, find_casts, context);
}

/* Argument: a view */
static Datum
refuse_casts(FunctionCallInfo fcinfo)
{
	Relation	view = relation_open(PG_GETARG_OID(0), AccessShareLock);

	if (view->rd_rel->relkind != RELKIND_VIEW)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is no view", RelationGetRelationName(view))));
	find_casts((Node *) copyObject(get_view_query(view)), NULL);
	relation_close(view, AccessShareLock);
	PG_RETURN_VOID();
}

SQL_FUNCTION(require_settled_casts, refuse_casts(fcinfo));
