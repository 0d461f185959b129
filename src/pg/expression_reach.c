/* What the expressions of users may reach. Whoever evaluates them lends them his rights, so all that is not on the list (expression_list.c) is
 * refused: functions of users call others whatever they are declared to be. */
#include "pg/expression_reach.h"
#include "pg/expression_list.h"
#include "pg/expression_pattern.h"

#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_func.h"
#include "parser/parse_type.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

typedef struct
{
	const char *model;
	/* whose the functions of csmetrics are */
	Oid			owner;
	/* a conversion to numeric whose result is then cut to a precision */
	Node	   *bounded;
}			Reach;

/* What changed of a function that the owner of the model allowed; "": it was never allowed; NULL: nothing. */
static char *
complaint_of_allowed(Oid function, const char *model)
{
	Oid			types[2] = {TEXTOID, OIDOID};
	LOCAL_FCINFO(call, 2);
	FmgrInfo	complaint;
	Datum		result;

	if (*model == '\0')
		return "";
	fmgr_info(LookupFuncName(list_make2(makeString("csmetrics"), makeString("complaint_of_allowed")), 2, types, false), &complaint);
	InitFunctionCallInfoData(*call, &complaint, 2, InvalidOid, NULL, NULL);
	call->args[0] = (NullableDatum) {.value = CStringGetTextDatum(model)};
	call->args[1] = (NullableDatum) {.value = ObjectIdGetDatum(function)};
	result = FunctionCallInvoke(call);
	return call->isnull ? NULL : TextDatumGetCString(result);
}

static void
check_allowed(Oid function, const char *model)
{
	char	   *complaint = complaint_of_allowed(function, model);

	if (complaint == NULL)
		return;
	if (*complaint != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("this calls function %s, which is not what was allowed: %s", format_procedure(function), complaint)));
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("this calls function %s, which is not among those that it may call", format_procedure(function)),
			 errhint("Expressions of rules run with the rights of whoever evaluates them, so they may call only what reads nothing but its arguments, and makes little of them: the usual ones of PostgreSQL for numbers, texts, days, arrays and JSON, and immutable ones of csmetrics. Of numeric, powers are not among them: cast to double precision. The owner of the model can allow others: CALL csmetrics.allow_function.")));
}

static void
check_type(Oid type, int32 typmod)
{
	if (!may_hold(type, typmod))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("this makes a value of type %s, which is not among those that it may", format_type_be(type)),
				 errhint("Numbers, texts, booleans, days and instants, uuid, JSON, ranges, arrays of these, and types of csmetrics may be made. Domains with checks, char of more than %d characters, types that name objects of the database, and types of other extensions have no place in a rule.", MAX_PADDING)));
}

/* What is called, of whatever it is declared to take, gets these. */
static void
check_arguments(List *arguments)
{
	ListCell   *cell;

	foreach(cell, arguments)
	{
		Oid			type = exprType(lfirst(cell));

		if (type != UNKNOWNOID)
			check_type(type, -1);
	}
}

/* An operator of somebody else may well call a function of PostgreSQL. */
static void
check_operator(Oid operator, List *arguments, Reach *reach)
{
	if (!is_listed_operator(operator)
		&& !(is_ours(OperatorRelationId, operator) && is_harmless_of_ours(get_opcode(operator), reach->owner)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("this calls operator %s, which is not among those that it may call", format_operator(operator)),
				 errhint("The usual operators of PostgreSQL and csmetrics may be called. Of numeric, powers are not among them: cast to double precision.")));
	check_arguments(arguments);
	check_pattern(get_opcode(operator), arguments);
	if (get_opcode(operator) == F_TEXTANYCAT || get_opcode(operator) == F_ANYTEXTCAT)
		check_written_out(arguments);
}

/* In a cast, PostgreSQL's own of its own types alone: somebody may have made one of a type of his with a function of PostgreSQL. */
static void
check_cast(FuncExpr *cast, Reach *reach)
{
	if (!is_listed_cast(cast->funcid) || !has_text_form(getBaseType(exprType(linitial(cast->args)))))
		check_allowed(cast->funcid, "");
	if (cast->funcresulttype == BPCHAROID && list_length(cast->args) > 1)
		check_padding(lsecond(cast->args));
	if (cast->funcid == F_NUMERIC_NUMERIC_INT4)
		reach->bounded = linitial(cast->args);
}

static void
check_call(FuncExpr *call, Reach *reach)
{
	bool		by_name = call->funcformat == COERCE_EXPLICIT_CALL || call->funcformat == COERCE_SQL_SYNTAX;

	check_arguments(call->args);
	if (call->funcid == F_NUMERIC_JSONB)
		check_precision((Node *) call, reach->bounded);
	if (!by_name)
		check_cast(call, reach);
	else if (!is_listed_function(call->funcid) && !is_harmless_of_ours(call->funcid, reach->owner))
	{
		check_allowed(call->funcid, reach->model);
		check_type(call->funcresulttype, -1);
	}
	check_constants(call);
}

static bool
find_written(Node *node, void *context)
{
	Type		type = NULL;

	if (node == NULL)
		return false;
	if (IsA(node, TypeName))
		type = LookupTypeName(NULL, castNode(TypeName, node), NULL, true);
	else if (IsA(node, FuncCall) && list_length(castNode(FuncCall, node)->args) == 1)
		type = LookupTypeName(NULL, makeTypeNameFromNameList(castNode(FuncCall, node)->funcname), NULL, true);
	if (type != NULL)
	{
		Oid			found = typeTypeId(type);

		ReleaseSysCache(type);
		check_type(found, -1);
	}
	return raw_expression_tree_walker(node, find_written, context);
}

void
check_written_reach(Node *written)
{
	find_written(written, NULL);
}

/* A text is read as a plain value, any plain value is written as a text; what holds others is written only as it stands in the row. */
static void
check_conversion(CoerceViaIO *conversion, Reach *reach)
{
	Oid			type = exprType((Node *) conversion->arg);

	check_type(type, -1);
	check_type(conversion->resulttype, -1);
	check_written_out(list_make1(conversion->arg));
	if (!has_text_form(conversion->resulttype))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("this reads a text as a value of type %s while it runs", format_type_be(conversion->resulttype)),
				 errhint("Write the value itself, in quotes, or read the text as a number, a day, an instant or JSON.")));
	if (conversion->resulttype == NUMERICOID)
		check_precision((Node *) conversion, reach->bounded);
}

static void
check_value_function(SQLValueFunction *value)
{
	if (value->op > SVFOP_LOCALTIMESTAMP_N)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("this asks who runs it, and where"),
				 errhint("What a rule says of a row is the same whoever evaluates it.")));
}

static void
check_collation(Oid collation)
{
	if (!is_listed_collation(collation))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("this compares by collation %s, which is not one of PostgreSQL", get_collation_name(collation))));
}

static void
check_comparison(RowCompareExpr *comparison, Reach *reach)
{
	ListCell   *operator;
	ListCell   *left;
	ListCell   *right;

	forthree(operator, comparison->opnos, left, comparison->largs, right, comparison->rargs)
		check_operator(lfirst_oid(operator), list_make2(lfirst(left), lfirst(right)), reach);
}

/* What calls nothing by itself; comparisons of the greatest and subscripts are those of the type. */
static void
check_quiet(Node *node)
{
	switch (nodeTag(node))
	{
		case T_MinMaxExpr:
			check_type(castNode(MinMaxExpr, node)->minmaxtype, -1);
			break;
		case T_SubscriptingRef:
			check_type(castNode(SubscriptingRef, node)->refcontainertype, -1);
			break;
		case T_CoerceToDomain:
			check_type(castNode(CoerceToDomain, node)->resulttype, castNode(CoerceToDomain, node)->resulttypmod);
			break;
		case T_Const:
		case T_Param:
			if (exprType(node) != UNKNOWNOID)
				check_type(exprType(node), exprTypmod(node));
			break;
		case T_List:
		case T_Var:
		case T_NamedArgExpr:
		case T_BoolExpr:
		case T_FieldSelect:
		case T_RelabelType:
		case T_ArrayCoerceExpr:
		case T_ConvertRowtypeExpr:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CaseTestExpr:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_CoalesceExpr:
		case T_NullTest:
		case T_BooleanTest:
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("this holds more than columns, values, operators, casts, and calls of functions")));
	}
}

static bool
find_analysed(Node *node, void *context)
{
	Reach	   *reach = context;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_FuncExpr:
			check_call(castNode(FuncExpr, node), reach);
			break;
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			check_operator(((OpExpr *) node)->opno, ((OpExpr *) node)->args, reach);
			break;
		case T_ScalarArrayOpExpr:
			check_operator(castNode(ScalarArrayOpExpr, node)->opno, castNode(ScalarArrayOpExpr, node)->args, reach);
			break;
		case T_RowCompareExpr:
			check_comparison(castNode(RowCompareExpr, node), reach);
			break;
		case T_CoerceViaIO:
			check_conversion(castNode(CoerceViaIO, node), reach);
			break;
		case T_CollateExpr:
			check_collation(castNode(CollateExpr, node)->collOid);
			break;
		case T_SQLValueFunction:
			check_value_function(castNode(SQLValueFunction, node));
			break;
		default:
			check_quiet(node);
	}
	return expression_tree_walker(node, find_analysed, context);
}

void
check_analysed_reach(Node *analysed, const char *model, Oid owner)
{
	Reach		reach = {.model = model, .owner = owner};

	find_analysed(analysed, &reach);
}
