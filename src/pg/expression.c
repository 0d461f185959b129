/* SQL expressions that users write into settings, over the columns of one relation: parsed, held to the rules, and spelled out. */
#include "pg/pg.h"
#include "pg/expression_list.h"
#include "pg/expression_reach.h"
#include "pg/expression_size.h"

#include "access/table.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

/* Errors point into the text. */
static void
point_into(void *source)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(source);
	}
	errcontext("expression \"%s\"", (char *) source);
}

static bool
holds_query(Node *node, void *context)
{
	return node != NULL && (IsA(node, SelectStmt) || raw_expression_tree_walker(node, holds_query, context));
}

static bool
reads_row(Node *node, void *context)
{
	return node != NULL && (IsA(node, Var) ? castNode(Var, node)->varattno <= 0 : expression_tree_walker(node, reads_row, context));
}

static bool
is_star(Node *node)
{
	return IsA(node, ColumnRef) && IsA(linitial(castNode(ColumnRef, node)->fields), A_Star);
}

/* The one expression that the text is. */
static Node *
parse(const char *source)
{
	SelectStmt *select = castNode(SelectStmt, linitial_node(RawStmt, raw_parser(source, RAW_PARSE_PLPGSQL_EXPR))->stmt);
	bool		plain = select->distinctClause == NIL && select->fromClause == NIL && select->whereClause == NULL
		&& select->groupClause == NIL && select->havingClause == NULL && select->windowClause == NIL && select->sortClause == NIL
		&& select->limitCount == NULL && select->limitOffset == NULL && select->lockingClause == NIL
		&& list_length(select->targetList) == 1 && linitial_node(ResTarget, select->targetList)->name == NULL;
	Node	   *expression = plain ? linitial_node(ResTarget, select->targetList)->val : NULL;

	if (!plain || is_star(expression) || holds_query(expression, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("this is not one expression"),
				 errhint("Write one expression over the columns, without a query in it, like health_score < 50 AND mrr > 1000.")));
	return expression;
}

/* Over the columns of the relation, and of the type. */
static Node *
analysed(ParseState *state, Node *parsed, Oid type)
{
	Node	   *written = transformExpr(state, parsed, EXPR_KIND_WHERE);
	Node	   *expression = coerce_to_target_type(state, written, exprType(written), type, -1, COERCION_ASSIGNMENT, COERCE_EXPLICIT_CAST, -1);

	if (expression == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("this is of type %s, and should be of type %s", format_type_be(exprType(written)), format_type_be(type))));
	assign_expr_collations(state, expression);
	return expression;
}

static void
check_analysed(Node *expression, const char *model, Oid owner)
{
	if (reads_row(expression, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("this reads a whole row or a system column"),
				 errhint("Name the columns.")));
	check_analysed_size(expression);
	if (contain_volatile_functions(expression))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this calls a volatile function"),
				 errhint("Functions that may write, or give another result each time, have no place in a rule.")));
	check_analysed_reach(expression, model, owner);
}

static ParseState *
state_over(const char *source, Relation columns)
{
	ParseState *state = make_parsestate(NULL);

	state->p_sourcetext = source;
	addNSItemToQuery(state, addRangeTableEntryForRelation(state, columns, AccessShareLock, NULL, false, true), false, true, true);
	return state;
}

/* Nothing of the expression is run, nor are its literals read, before all that it may call is known. */
static char *
spelled_out(const char *source, Oid relation, Oid type, const char *model, Oid owner)
{
	Relation	columns = table_open(relation, AccessShareLock);
	ParseState *aside = state_over(source, columns);
	ParseState *state = state_over(source, columns);
	Node	   *parsed;
	Node	   *without_literals;
	Node	   *expression;
	char	   *result;

	parsed = parse(source);
	check_written_size(parsed);
	check_written_reach(parsed);
	without_literals = copyObject(parsed);
	put_literals_aside(without_literals);
	take_aside_for_parameters(aside);
	check_analysed(analysed(aside, without_literals, type), model, owner);
	expression = analysed(state, parsed, type);
	check_analysed(expression, model, owner);
	result = deparse_expression(expression, deparse_context_for(RelationGetRelationName(columns), relation), false, false);
	check_spelled_length(result);
	table_close(columns, NoLock);
	free_parsestate(aside);
	free_parsestate(state);
	return result;
}

PG_FUNCTION_INFO_V1(checked_expression);

Datum
checked_expression(PG_FUNCTION_ARGS)
{
	char	   *source = text_to_cstring(PG_GETARG_TEXT_PP(0));
	ErrorContextCallback callback = {.previous = error_context_stack, .callback = point_into, .arg = source};
	char	   *result;

	error_context_stack = &callback;
	check_length(source);
	/* without a model nothing of users is allowed */
	result = spelled_out(source, PG_GETARG_OID(1), PG_GETARG_OID(2), PG_NARGS() > 3 ? text_to_cstring(PG_GETARG_TEXT_PP(3)) : "",
						 function_owner(fcinfo->flinfo->fn_oid));
	error_context_stack = callback.previous;
	PG_RETURN_TEXT_P(cstring_to_text(result));
}
