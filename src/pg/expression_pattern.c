/* What must be a constant, or bounded, in expressions of users: otherwise a few characters hold up a processor, or fill the memory. */
#include "pg/expression_pattern.h"
#include "pg/expression_list.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#define MAX_PATTERN 200
/* a regular expression twice as large takes eight times as long to be compiled */
#define MAX_COPIES 400

static Node *
stripped(Node *node)
{
	while (IsA(node, RelabelType))
		node = (Node *) castNode(RelabelType, node)->arg;
	return node;
}

/* A literal is a parameter while nothing of it may be read. */
static bool
is_constant(Node *node)
{
	node = stripped(node);
	return IsA(node, Const) || IsA(node, Param);
}

static bool
is_as_it_stands(Node *node)
{
	node = stripped(node);
	while (IsA(node, FieldSelect))
		node = stripped((Node *) castNode(FieldSelect, node)->arg);
	return is_constant(node) || IsA(node, Var);
}

static bool
is_regular_expression(Oid function)
{
	switch (function)
	{
		case F_TEXTREGEXEQ:
		case F_TEXTREGEXNE:
		case F_TEXTICREGEXEQ:
		case F_TEXTICREGEXNE:
		case F_NAMEREGEXEQ:
		case F_NAMEREGEXNE:
		case F_NAMEICREGEXEQ:
		case F_NAMEICREGEXNE:
		case F_BPCHARREGEXEQ:
		case F_BPCHARREGEXNE:
		case F_BPCHARICREGEXEQ:
		case F_BPCHARICREGEXNE:
			return true;
		default:
			return false;
	}
}

pg_noreturn static void
refuse_pattern(const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("this searches by a regular expression %s", reason),
			 errhint("A regular expression in a rule is a constant of at most %d characters, without back references and without (? other than (?:. Bounds {m,n}, multiplied with its length, make %d at most. Or use LIKE.",
					 MAX_PATTERN, MAX_COPIES)));
}

/* How many copies the bounds {m,n} of a pattern ask for, at most: those of brackets multiply what is in them. */
static double
copies(const char *pattern)
{
	double		of_atoms = 0;
	double		of_brackets = 1;

	for (const char *at = strchr(pattern, '{'); at != NULL; at = strchr(at + 1, '{'))
	{
		double		most = 1;

		for (const char *digit = at + 1; isdigit((unsigned char) *digit) || *digit == ','; digit++)
			if (isdigit((unsigned char) *digit) && !isdigit((unsigned char) digit[-1]))
				most = Max(most, strtod(digit, NULL));
		if (at > pattern && at[-1] == ')')
			of_brackets *= most;
		else
			of_atoms += most;
	}
	return Max(of_atoms, 1) * of_brackets;
}

static void
check_pattern_text(const char *pattern)
{
	int			length = pg_mbstrlen(pattern);

	if (length > MAX_PATTERN)
		refuse_pattern(psprintf("of %d characters", length));
	if (strncmp(pattern, "***", 3) == 0)
		refuse_pattern("with ***");
	for (const char *at = pattern; *at != '\0'; at++)
	{
		if (at[0] == '\\' && at[1] >= '1' && at[1] <= '9')
			refuse_pattern("with a back reference");
		/* an escaped backslash is no beginning of an escape */
		if (at[0] == '\\' && at[1] != '\0')
			at++;
		else if (at[0] == '(' && at[1] == '?' && at[2] != ':')
			refuse_pattern("with (?");
	}
	if (copies(pattern) * length > MAX_COPIES)
		refuse_pattern("of too many copies");
}

static char *
text_of(Node *constant)
{
	Oid			output;
	bool		is_varlena;

	if (!has_text_form(exprType(constant)))
		refuse_pattern("for each of an array");
	getTypeOutputInfo(exprType(constant), &output, &is_varlena);
	return OidOutputFunctionCall(output, castNode(Const, constant)->constvalue);
}

static bool
is_known(Node *node)
{
	return IsA(node, Const) && !castNode(Const, node)->constisnull;
}

/* SIMILAR TO makes a regular expression of its pattern: with an escape of its own, #1 is a back reference. */
static char *
similar_to(FuncExpr *call)
{
	Datum		arguments[2] = {0};
	int			count = 0;
	ListCell   *cell;

	foreach(cell, call->args)
	{
		Node	   *argument = stripped(lfirst(cell));

		if (!is_constant(argument))
			refuse_pattern("that is no constant");
		if (!is_known(argument))
			return NULL;
		arguments[count++] = CStringGetTextDatum(text_of(argument));
	}
	return TextDatumGetCString(count == 1 ? OidFunctionCall1Coll(call->funcid, DEFAULT_COLLATION_OID, arguments[0])
							   : OidFunctionCall2Coll(call->funcid, DEFAULT_COLLATION_OID, arguments[0], arguments[1]));
}

void
check_pattern(Oid function, List *arguments)
{
	Node	   *pattern;
	char	   *known = NULL;

	if (!is_regular_expression(function))
		return;
	pattern = stripped(lsecond(arguments));
	if (IsA(pattern, FuncExpr) && (castNode(FuncExpr, pattern)->funcid == F_SIMILAR_TO_ESCAPE_TEXT
								   || castNode(FuncExpr, pattern)->funcid == F_SIMILAR_TO_ESCAPE_TEXT_TEXT))
		known = similar_to(castNode(FuncExpr, pattern));
	else if (!is_constant(pattern))
		refuse_pattern("that is no constant");
	else if (is_known(pattern))
		known = text_of(pattern);
	if (known != NULL)
		check_pattern_text(known);
}

static void
check_constant(Node *argument, const char *what)
{
	if (!is_constant(argument))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("this works out %s while it runs", what),
				 errhint("Write it as a constant, in quotes.")));
}

void
check_constants(FuncExpr *call)
{
	switch (call->funcid)
	{
		case F_TO_CHAR_FLOAT4_TEXT:
		case F_TO_CHAR_FLOAT8_TEXT:
		case F_TO_CHAR_INT4_TEXT:
		case F_TO_CHAR_INT8_TEXT:
		case F_TO_CHAR_NUMERIC_TEXT:
		case F_TO_CHAR_INTERVAL_TEXT:
		case F_TO_CHAR_TIMESTAMP_TEXT:
		case F_TO_CHAR_TIMESTAMPTZ_TEXT:
		case F_TO_NUMBER:
		case F_TO_DATE:
		case F_TO_TIMESTAMP_TEXT_TEXT:
			check_constant(lsecond(call->args), "a format");
			break;
		case F_SIMILAR_TO_ESCAPE_TEXT:
		case F_SIMILAR_TO_ESCAPE_TEXT_TEXT:
		case F_LIKE_ESCAPE_TEXT_TEXT:
			/* applied to its own result, it may double it */
			if (!is_as_it_stands(linitial(call->args)))
				check_constant(linitial(call->args), "a pattern");
			break;
		case F_CONCAT:
		case F_CONCAT_WS:
			if (call->funcvariadic)
				ereport(ERROR,
						(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						 errmsg("this puts together the elements of an array"),
						 errhint("Name the texts one by one.")));
			check_written_out(call->args);
			/* it stands between all the others */
			if (call->funcid == F_CONCAT_WS && !is_as_it_stands(linitial(call->args)))
				check_constant(linitial(call->args), "a separator");
			break;
	}
}

void
check_written_out(List *arguments)
{
	ListCell   *cell;

	foreach(cell, arguments)
	{
		Oid			type = exprType(lfirst(cell));

		if (!is_plain(type) && !is_as_it_stands(lfirst(cell)))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("this makes a text of a value of type %s that it has worked out", format_type_be(type)),
					 errhint("Arrays, rows and states become texts only as they stand in a column.")));
	}
}

void
check_padding(Node *typmod)
{
	if (!IsA(typmod, Const) || DatumGetInt32(castNode(Const, typmod)->constvalue) > MAX_PADDING + VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("this pads a text to more than %d characters", MAX_PADDING),
				 errhint("Cast to text, or to varchar.")));
}

void
check_precision(Node *conversion, Node *bounded)
{
	if (conversion != bounded)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("this reads a number of any length"),
				 errhint("Say how long it may be, as in numeric(20, 6), or cast to double precision.")));
}
