/* What the expressions of users may reach. Whoever evaluates them lends them his rights, so all that is not on a list is refused: functions
 * of users call others whatever they are declared to be, and many functions of PostgreSQL that are not volatile read settings, files and
 * tables, take a query as text, or make gigabytes of a few bytes. */
#include "pg/expression_reach.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_type.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* Functions of PostgreSQL that may be called by name. What operators and casts of PostgreSQL call is not on it. */
static const char *const callable[] = {
	/* numbers */
	"abs", "cbrt", "ceil", "ceiling", "div", "exp", "float4", "float8", "floor", "gcd", "int2", "int4", "int8", "lcm", "ln", "log", "log10",
	"min_scale", "mod", "numeric", "pow", "power", "round", "scale", "sign", "sqrt", "trim_scale", "trunc", "width_bucket",
	/* texts, none longer than what it is made of */
	"ascii", "bit_length", "bpchar", "btrim", "char_length", "character_length", "chr", "concat", "concat_ws", "hashtext", "hashtextextended",
	"initcap", "is_normalized", "left", "length", "like_escape", "lower", "ltrim", "md5", "normalize", "octet_length", "overlay", "position",
	"regexp_count", "regexp_instr", "regexp_like", "regexp_match", "regexp_substr", "reverse", "right", "rtrim", "similar_to_escape",
	"split_part", "starts_with", "strpos", "substr", "substring", "text", "to_char", "to_date", "to_hex", "to_number", "to_timestamp",
	"translate", "upper", "varchar",
	/* days and instants */
	"age", "date", "date_bin", "date_part", "date_trunc", "extract", "interval", "isfinite", "justify_days", "justify_hours",
	"justify_interval", "make_date", "make_interval", "make_time", "make_timestamp", "make_timestamptz", "now", "overlaps",
	"statement_timestamp", "time", "timestamp", "timestamptz", "timezone", "transaction_timestamp",
	/* arrays and ranges */
	"array_append", "array_cat", "array_length", "array_lower", "array_ndims", "array_position", "array_positions", "array_prepend",
	"array_remove", "array_to_string", "array_upper", "cardinality", "daterange", "int4range", "int8range", "isempty", "lower_inc",
	"lower_inf", "num_nonnulls", "num_nulls", "numrange", "string_to_array", "trim_array", "tsrange", "tstzrange", "upper_inc", "upper_inf",
	/* JSON */
	"json_array_length", "json_extract_path", "json_extract_path_text", "json_typeof", "jsonb_array_length", "jsonb_extract_path",
	"jsonb_extract_path_text", "jsonb_path_exists", "jsonb_path_match", "jsonb_path_query_first", "jsonb_typeof"};

static bool
is_builtin(Oid object)
{
	return object < FirstUnpinnedObjectId;
}

static bool
is_ours(Oid class, Oid object)
{
	Oid			extension = getExtensionOfObject(class, object);

	return OidIsValid(extension) && extension == get_extension_oid("csmetrics", true);
}

static bool
is_callable(const char *name)
{
	for (size_t i = 0; i < lengthof(callable); i++)
		if (strcmp(name, callable[i]) == 0)
			return true;
	return false;
}

/* Those of ours that are immutable read no table; two repeat what they are given. */
static bool
may_call(Oid function, bool by_name)
{
	char	   *name = get_func_name(function);

	if (name == NULL || get_func_retset(function))
		return false;
	if (is_builtin(function))
		return func_volatile(function) != PROVOLATILE_VOLATILE && (!by_name || is_callable(name));
	return is_ours(ProcedureRelationId, function) && func_volatile(function) == PROVOLATILE_IMMUTABLE
		&& strcmp(name, "spelled") != 0 && strcmp(name, "filled_in") != 0;
}

static void
check_function(Oid function, bool by_name)
{
	if (!may_call(function, by_name))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("this calls function %s, which is not among those that it may call", format_procedure(function)),
				 errhint("Expressions of rules run with the rights of whoever evaluates them, so they may call only what reads nothing but its arguments: the usual ones of PostgreSQL for numbers, texts, days, arrays and JSON, and immutable ones of csmetrics.")));
}

/* An operator of somebody else may well call a function of PostgreSQL. */
static void
check_operator(Oid operator)
{
	if (!is_builtin(operator) && !is_ours(OperatorRelationId, operator))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("this calls operator %s, which is not among those that it may call", format_operator(operator)),
				 errhint("Operators of PostgreSQL and csmetrics may be called.")));
	check_function(get_opcode(operator), false);
}

static bool may_hold(Oid type);

static bool
may_hold_row(Oid type)
{
	TupleDesc	row = lookup_rowtype_tupdesc(type, -1);
	bool		result = true;

	for (int i = 0; i < row->natts && result; i++)
		result = TupleDescAttr(row, i)->attisdropped || may_hold(TupleDescAttr(row, i)->atttypid);
	ReleaseTupleDesc(row);
	return result;
}

/* Types whose input and output call nothing of users: domains would run their checks, those of names look into the catalog. */
static bool
may_hold(Oid type)
{
	check_stack_depth();
	if (OidIsValid(get_element_type(type)))
		return may_hold(get_element_type(type));
	switch (type)
	{
		case REGPROCOID:
		case REGPROCEDUREOID:
		case REGOPEROID:
		case REGOPERATOROID:
		case REGCLASSOID:
		case REGTYPEOID:
		case REGROLEOID:
		case REGNAMESPACEOID:
		case REGCONFIGOID:
		case REGDICTIONARYOID:
		case REGCOLLATIONOID:
		case XMLOID:
		case REFCURSOROID:
			return false;
	}
	switch (get_typtype(type))
	{
		case TYPTYPE_DOMAIN:
			return !DomainHasConstraints(type) && may_hold(getBaseType(type));
		case TYPTYPE_COMPOSITE:
			return may_hold_row(type);
		case TYPTYPE_ENUM:
			return true;
		default:
			return is_builtin(type) || is_ours(TypeRelationId, type);
	}
}

static void
check_type(Oid type)
{
	if (!may_hold(type))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("this makes a value of type %s, which is not among those that it may", format_type_be(type)),
				 errhint("Domains with checks, types that name objects of the database, and types of other extensions have no place in a rule.")));
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
		check_type(found);
	}
	return raw_expression_tree_walker(node, find_written, context);
}

void
check_written_reach(Node *written)
{
	find_written(written, NULL);
}

static void
check_conversion(CoerceViaIO *conversion)
{
	Oid			function;
	Oid			parameter;
	bool		is_varlena;

	check_type(exprType((Node *) conversion->arg));
	check_type(conversion->resulttype);
	getTypeOutputInfo(exprType((Node *) conversion->arg), &function, &is_varlena);
	check_function(function, false);
	getTypeInputInfo(conversion->resulttype, &function, &parameter);
	check_function(function, false);
}

static bool
find_analysed(Node *node, void *context)
{
	ListCell   *cell;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_FuncExpr:
			{
				FuncExpr   *call = castNode(FuncExpr, node);

				check_function(call->funcid, call->funcformat == COERCE_EXPLICIT_CALL || call->funcformat == COERCE_SQL_SYNTAX);
				break;
			}
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			check_operator(((OpExpr *) node)->opno);
			break;
		case T_ScalarArrayOpExpr:
			check_operator(castNode(ScalarArrayOpExpr, node)->opno);
			break;
		case T_RowCompareExpr:
			foreach(cell, castNode(RowCompareExpr, node)->opnos)
				check_operator(lfirst_oid(cell));
			break;
		case T_CoerceViaIO:
			check_conversion(castNode(CoerceViaIO, node));
			break;
		case T_CoerceToDomain:
			check_type(castNode(CoerceToDomain, node)->resulttype);
			break;
		case T_List:
		case T_Var:
		case T_Const:
		case T_NamedArgExpr:
		case T_SubscriptingRef:
		case T_BoolExpr:
		case T_FieldSelect:
		case T_RelabelType:
		case T_ArrayCoerceExpr:
		case T_ConvertRowtypeExpr:
		case T_CollateExpr:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CaseTestExpr:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_SQLValueFunction:
		case T_NullTest:
		case T_BooleanTest:
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("this holds more than columns, values, operators, casts, and calls of functions")));
	}
	return expression_tree_walker(node, find_analysed, context);
}

void
check_analysed_reach(Node *analysed)
{
	find_analysed(analysed, NULL);
}
