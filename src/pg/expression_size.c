/* How large expressions of users may be: PostgreSQL bounds neither the time nor the memory that one takes. */
#include "pg/expression_size.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "utils/lsyscache.h"

#define MAX_CHARACTERS 2000
#define MAX_NODES 200
/* with all names and types in full; a number as short as 1e131071 is long when it is spelled out */
#define MAX_SPELLED 20000

static void
check_limit(double figure, int limit, const char *of)
{
	if (figure > limit)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("this is %.0f %s, and may be %d at most", figure, of, limit),
				 errhint("Make columns of its parts where the source is mapped, or several rules of one.")));
}

void
check_length(const char *source)
{
	check_limit(pg_mbstrlen(source), MAX_CHARACTERS, "characters long");
}

void
check_spelled_length(const char *spelled)
{
	check_limit(pg_mbstrlen(spelled), MAX_SPELLED, "characters long when its values are spelled out");
}

static double written_nodes(Node *node);

static bool
names_column(Node *node, void *context)
{
	return node != NULL && (IsA(node, ColumnRef) || raw_expression_tree_walker(node, names_column, context));
}

/* Constants of a list become one array; each other element is compared by itself, and so is a row with each row. */
static double
nodes_of_in(A_Expr *in)
{
	List	   *elements = castNode(List, in->rexpr);
	double		compared = 0;
	bool		has_constant = false;
	double		result = 1;
	ListCell   *cell;

	foreach(cell, elements)
	{
		result += written_nodes(lfirst(cell));
		if (IsA(in->lexpr, RowExpr) || names_column(lfirst(cell), NULL))
			compared++;
		else
			has_constant = true;
	}
	return result + (compared + has_constant) * written_nodes(in->lexpr);
}

static double
nodes_of_between(A_Expr *between)
{
	bool		is_symmetric = between->kind == AEXPR_BETWEEN_SYM || between->kind == AEXPR_NOT_BETWEEN_SYM;
	double		copies = is_symmetric ? 2 : 1;

	return 1 + copies * (2 * written_nodes(between->lexpr) + written_nodes(between->rexpr));
}

static bool
add_nodes(Node *node, void *sum)
{
	double	   *nodes = sum;

	if (node == NULL || IsA(node, TypeName))
		return false;
	switch (nodeTag(node))
	{
		case T_A_Expr:
			switch (castNode(A_Expr, node)->kind)
			{
				case AEXPR_IN:
					*nodes += nodes_of_in((A_Expr *) node);
					return false;
				case AEXPR_BETWEEN:
				case AEXPR_NOT_BETWEEN:
				case AEXPR_BETWEEN_SYM:
				case AEXPR_NOT_BETWEEN_SYM:
					*nodes += nodes_of_between((A_Expr *) node);
					return false;
				default:
					*nodes += 1;
			}
			break;
		case T_ColumnRef:
		case T_A_Const:
		case T_FuncCall:
		case T_NullTest:
		case T_BooleanTest:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_A_ArrayExpr:
			*nodes += 1;
			break;
		default:
			break;
	}
	return raw_expression_tree_walker(node, add_nodes, sum);
}

/* What the analysis will make of it, at least: BETWEEN and IN repeat what they compare, and so double it with each that stands in another. */
static double
written_nodes(Node *node)
{
	double		result = 0;

	check_stack_depth();
	add_nodes(node, &result);
	return result;
}

void
check_written_size(Node *written)
{
	check_limit(written_nodes(written), MAX_NODES, "nodes large");
}

static bool
count_node(Node *node, void *count)
{
	if (node == NULL)
		return false;
	if (!IsA(node, List))
		++*(int *) count;
	return expression_tree_walker(node, count_node, count);
}

void
check_analysed_size(Node *analysed)
{
	int			count = 0;

	count_node(analysed, &count);
	check_limit(count, MAX_NODES, "nodes large");
}

/* In place: the one node is as large as the other, and no number that is written is negative. */
static bool
put_aside(Node *node, void *context)
{
	StaticAssertStmt(sizeof(A_Const) >= sizeof(ParamRef), "a constant has room for a parameter");
	if (node == NULL || IsA(node, TypeName))
		return false;
	if (IsA(node, A_Const) && !castNode(A_Const, node)->isnull && IsA(&castNode(A_Const, node)->val, String))
	{
		ParamRef	parameter = {.type = T_ParamRef, .number = -1, .location = castNode(A_Const, node)->location};

		memcpy(node, &parameter, sizeof(parameter));
		return false;
	}
	return raw_expression_tree_walker(node, put_aside, context);
}

void
put_literals_aside(Node *written)
{
	put_aside(written, NULL);
}

static Node *
parameter_of_literal(ParseState *state, ParamRef *written)
{
	Param	   *result;

	if (written->number >= 0)
		return NULL;
	result = makeNode(Param);
	result->paramkind = PARAM_EXTERN;
	result->paramid = written->number;
	result->paramtype = UNKNOWNOID;
	result->paramtypmod = -1;
	result->location = written->location;
	return (Node *) result;
}

/* In place, or a length that the type asks for would be taken for a coercion of it. */
static Node *
parameter_of_type(ParseState *state, Param *unknown, Oid type, int32 typmod, int location)
{
	if (unknown->paramtype != UNKNOWNOID)
		return NULL;
	unknown->paramtype = type;
	unknown->paramcollid = get_typcollation(type);
	return (Node *) unknown;
}

void
take_aside_for_parameters(ParseState *state)
{
	state->p_paramref_hook = parameter_of_literal;
	state->p_coerce_param_hook = parameter_of_type;
}
