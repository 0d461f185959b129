/* SQL expressions that users write into settings, over the columns of one relation: parsed, held to the rules, and spelled out. */
#include "pg/pg.h"

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

/* The line break ends a comment in the text. */
#define BEFORE "SELECT ("
#define AFTER "\n)"

/* Errors point into the text, not into the statement that it came with. */
static void
point_into(void *source)
{
	int			position = geterrposition() - (int) strlen(BEFORE);

	errposition(0);
	if (position > 0)
	{
		internalerrposition(position);
		internalerrquery(source);
	}
	errcontext("expression \"%s\"", (char *) source);
}

static bool
holds_subquery(Node *node, void *context)
{
	return node != NULL && (IsA(node, SubLink) || raw_expression_tree_walker(node, holds_subquery, context));
}

/* The one expression that the text is. */
static Node *
parse(const char *source)
{
	List	   *statements = raw_parser(psprintf(BEFORE "%s" AFTER, source), RAW_PARSE_DEFAULT);
	SelectStmt *select = castNode(SelectStmt, linitial_node(RawStmt, statements)->stmt);
	bool		plain = list_length(statements) == 1 && select->op == SETOP_NONE && select->fromClause == NIL && select->whereClause == NULL
		&& select->groupClause == NIL && select->havingClause == NULL && select->windowClause == NIL && select->sortClause == NIL
		&& select->limitCount == NULL && select->limitOffset == NULL && select->lockingClause == NIL && select->intoClause == NULL
		&& list_length(select->targetList) == 1 && linitial_node(ResTarget, select->targetList)->name == NULL;
	Node	   *expression = plain ? linitial_node(ResTarget, select->targetList)->val : NULL;

	if (!plain || holds_subquery(expression, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("this is more than an expression"),
				 errhint("Write one expression over the columns, without a query in it, like health_score < 50 AND mrr > 1000.")));
	return expression;
}

static char *
spelled_out(const char *source, Oid relation, Oid type)
{
	Relation	columns = table_open(relation, AccessShareLock);
	ParseState *state = make_parsestate(NULL);
	Node	   *written;
	Node	   *expression;
	char	   *result;

	state->p_sourcetext = psprintf(BEFORE "%s" AFTER, source);
	addNSItemToQuery(state, addRangeTableEntryForRelation(state, columns, AccessShareLock, NULL, false, true), false, true, true);
	written = transformExpr(state, parse(source), EXPR_KIND_WHERE);
	expression = coerce_to_target_type(state, written, exprType(written), type, -1, COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);
	if (expression == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("this is of type %s, and should be of type %s", format_type_be(exprType(written)), format_type_be(type))));
	assign_expr_collations(state, expression);
	if (contain_volatile_functions(expression))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this calls a volatile function"),
				 errhint("Functions that may write, or give another result each time, have no place in a rule.")));
	result = deparse_expression(expression, deparse_context_for(RelationGetRelationName(columns), relation), false, false);
	table_close(columns, NoLock);
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
	result = spelled_out(source, PG_GETARG_OID(1), PG_GETARG_OID(2));
	error_context_stack = callback.previous;
	PG_RETURN_TEXT_P(cstring_to_text(result));
}
