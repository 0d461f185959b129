/* Runs a script of SQL statements, as create_model does the files of model/, so that an error names file and line. */
#include "pg/pg.h"

#include "catalog/namespace.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/lsyscache.h"

typedef struct
{
	const char *file;
	const char *text;
	const char *statement;		/* where in the text the present one begins */
	bool		only_new;		/* tables that are there stay as they are */
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
		if (!script->only_new || !is_done(script, raw->stmt))
			run_statement(pnstrdup(script->statement, to - script->statement));
	}
}

PG_FUNCTION_INFO_V1(run_script);

Datum
run_script(PG_FUNCTION_ARGS)
{
	Script		script;
	ErrorContextCallback callback = {.previous = error_context_stack, .callback = tell_line, .arg = &script};

	/* a procedure is never STRICT */
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a script needs a text and a name")));
	script = (Script) {.text = text_to_cstring(PG_GETARG_TEXT_PP(0)), .file = text_to_cstring(PG_GETARG_TEXT_PP(1)),
		.only_new = PG_GETARG_BOOL(2)};
	SPI_connect();
	error_context_stack = &callback;
	run_statements(&script);
	error_context_stack = callback.previous;
	SPI_finish();
	PG_RETURN_VOID();
}
