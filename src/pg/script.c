/* Runs a script of SQL statements, as create_model does the files of model/, so that an error names file and line; or, as
 * create_live does, those of its statements alone that make what reads and writes nothing. */
#include "pg/pg.h"

#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

typedef struct
{
	const char *file;
	const char *text;
	const char *statement;		/* where in the text the present one begins */
	bool		only_new;		/* tables that are there stay as they are */
	bool		only_readers;	/* only functions that write nothing */
	bool		views_too;		/* and views */
	List	   *made;			/* names of the tables made by it */
} Script;

/* The line of the text, from 1, that so many characters after the beginning of the statement lie in. */
static int
line_of(const Script *script, int characters)
{
	const char *end = script->statement;
	int			line = 1;

	while (characters-- > 0 && *end != '\0')
		end += pg_mblen(end);
	for (const char *c = script->text; c < end; c++)
		line += *c == '\n';
	return line;
}

/* In place of pages of our SQL, the line is told. The parser says where by errposition, a statement that runs by the other. */
static void
tell_line(void *context)
{
	const Script *script = context;
	int			position = Max(geterrposition(), getinternalerrposition());

	if (position > 0)
	{
		errposition(0);
		internalerrposition(0);
		internalerrquery(NULL);
	}
	errcontext("%s, line %d", script->file, line_of(script, position - 1));
}

/* Past blanks and comments, where a person would say that the statement begins. */
static const char *
begin_of(const char *text)
{
	for (;;)
	{
		text += strspn(text, " \t\r\n");
		if (strncmp(text, "--", 2) != 0)
			return text;
		text += strcspn(text, "\n");
	}
}

/* The table that a statement makes; NULL: it makes none. */
static const RangeVar *
table_made(Node *statement)
{
	if (IsA(statement, CreateStmt))
		return castNode(CreateStmt, statement)->relation;
	if (IsA(statement, CreateTableAsStmt))
		return castNode(CreateTableAsStmt, statement)->into->rel;
	return NULL;
}

/* The table that a statement adds something to, which is done once, when it is made; NULL: it adds to none. */
static const RangeVar *
table_completed(Node *statement)
{
	if (IsA(statement, InsertStmt))
		return castNode(InsertStmt, statement)->relation;
	if (IsA(statement, IndexStmt))
		return castNode(IndexStmt, statement)->relation;
	if (IsA(statement, CreateTrigStmt))
		return castNode(CreateTrigStmt, statement)->relation;
	if (IsA(statement, AlterTableStmt))
		return castNode(AlterTableStmt, statement)->relation;
	return NULL;
}

static bool
is_made(const Script *script, const char *name)
{
	ListCell   *cell;

	foreach(cell, script->made)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

/* Has the statement been run before, for a table that is there? */
static bool
is_done(Script *script, Node *statement)
{
	const RangeVar *made = table_made(statement);
	const RangeVar *completed = table_completed(statement);

	if (made != NULL)
	{
		if (OidIsValid(get_relname_relid(made->relname, RangeVarGetCreationNamespace(made))))
			return true;
		script->made = lappend(script->made, made->relname);
	}
	return completed != NULL && !is_made(script, completed->relname);
}

static bool
has_function(Oid schema, const char *name)
{
	CatCList   *list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	bool		found = false;

	for (int i = 0; i < list->n_members; i++)
		found |= ((Form_pg_proc) GETSTRUCT(&list->members[i]->tuple))->pronamespace == schema;
	ReleaseSysCacheList(list);
	return found;
}

/* Does a statement make a function that writes nothing, by its label? */
static bool
makes_reader(const CreateFunctionStmt *statement)
{
	ListCell   *cell;

	foreach(cell, statement->options)
	{
		DefElem    *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, "volatility") == 0)
			return !statement->is_procedure && strcmp(strVal(option->arg), "volatile") != 0;
	}
	return false;
}

/* Does a statement make what reads, under a name that is free as yet where it would stand? */
static bool
is_wanted(const Script *script, Node *statement)
{
	if (IsA(statement, ViewStmt))
	{
		RangeVar   *view = castNode(ViewStmt, statement)->view;

		return script->views_too && !OidIsValid(get_relname_relid(view->relname, RangeVarGetCreationNamespace(view)));
	}
	if (IsA(statement, CreateFunctionStmt) && makes_reader(castNode(CreateFunctionStmt, statement)))
	{
		char	   *name;
		Oid			schema = QualifiedNameGetCreationNamespace(castNode(CreateFunctionStmt, statement)->funcname, &name);

		return !has_function(schema, name);
	}
	return false;
}

/* Where SPI tells the whole statement, which may be a page long, the line is enough. */
pg_noreturn static void
rethrow_without(const char *statement)
{
	ErrorData  *error = CopyErrorData();
	char	   *told = psprintf("SQL statement \"%s\"\n", statement);
	char	   *place = error->context != NULL ? strstr(error->context, told) : NULL;

	if (place != NULL)
		memmove(place, place + strlen(told), strlen(place + strlen(told)) + 1);
	FlushErrorState();
	ReThrowError(error);
}

static void
run_statement(const char *statement)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		int			result = SPI_execute(statement, false, 0);

		if (result < 0)
			elog(ERROR, "%s", SPI_result_code_string(result));
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		rethrow_without(statement);
	}
	PG_END_TRY();
}

static void
run_statements(Script *script)
{
	const char *const end = script->text + strlen(script->text);
	ListCell   *cell;

	script->statement = script->text;
	foreach(cell, raw_parser(script->text, RAW_PARSE_DEFAULT))
	{
		RawStmt    *raw = lfirst_node(RawStmt, cell);
		const char *from = script->text + raw->stmt_location;
		const char *to = raw->stmt_len > 0 ? from + raw->stmt_len : end;

		script->statement = begin_of(from);
		if (script->only_readers ? is_wanted(script, raw->stmt) : !script->only_new || !is_done(script, raw->stmt))
			run_statement(pnstrdup(script->statement, to - script->statement));
	}
}

static void
run_in_context(Script *script)
{
	ErrorContextCallback callback = {.previous = error_context_stack, .callback = tell_line, .arg = script};

	SPI_connect();
	error_context_stack = &callback;
	run_statements(script);
	error_context_stack = callback.previous;
	SPI_finish();
}

/* a procedure is never STRICT */
static void
require_arguments(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a script needs a text and a name")));
}

PG_FUNCTION_INFO_V1(run_script);

Datum
run_script(PG_FUNCTION_ARGS)
{
	require_arguments(fcinfo);
	run_in_context(&(Script) {.text = text_to_cstring(PG_GETARG_TEXT_PP(0)),
							  .file = text_to_cstring(PG_GETARG_TEXT_PP(1)), .only_new = PG_GETARG_BOOL(2)});
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(run_readers);

Datum
run_readers(PG_FUNCTION_ARGS)
{
	require_arguments(fcinfo);
	run_in_context(&(Script) {.text = text_to_cstring(PG_GETARG_TEXT_PP(0)),
							  .file = text_to_cstring(PG_GETARG_TEXT_PP(1)), .only_readers = true,
							  .views_too = PG_GETARG_BOOL(2)});
	PG_RETURN_VOID();
}
