#include "pg/features.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "core/text_key.h"
#include "pg/query_rows.h"

/* Larger numbers are wrong in a way that no fit can tell. */
#define NUMBER_MAX 1e100

/* Levels in the order in which they occur, found by their keys: a table of places, open and never more than half full. */
#define SLOTS 1024

struct FeatureLevels
{
	int			count;
	int64		key[FEATURE_LEVELS_MAX];
	Utf8Name	name[FEATURE_LEVELS_MAX];
	int16		slot[SLOTS];	/* place + 1; 0: free */
};

/* Columns */

static ColumnForm
form_of(const FeatureColumn *column)
{
	char		category;
	bool		preferred;

	switch (getBaseType(column->type))
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return COLUMN_NUMBER;
		case BOOLOID:
			return COLUMN_BOOLEAN;
	}
	get_type_category_preferred(column->type, &category, &preferred);
	if (category == TYPCATEGORY_STRING || category == TYPCATEGORY_ENUM)
		return COLUMN_TEXT;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of the query is %s, which is no number, boolean or text", column->name, format_type_be(column->type)),
			 errhint("Leave it out, or say what of it is a feature, as extract(epoch FROM %s) does of a time.", quote_identifier(column->name))));
}

static FeatureColumn
column_of(TupleDesc columns, int place)
{
	Form_pg_attribute attribute = TupleDescAttr(columns, place);
	FeatureColumn column = {.name = pstrdup(NameStr(attribute->attname)), .place = place, .type = attribute->atttypid};

	return column;
}

static void
open_column(FeatureColumn *column)
{
	Oid			output;
	bool		is_varlena;

	column->form = form_of(column);
	column->type = getBaseType(column->type);
	if (column->form == COLUMN_TEXT && column->type != TEXTOID && column->type != VARCHAROID)
	{
		getTypeOutputInfo(column->type, &output, &is_varlena);
		fmgr_info_cxt(output, &column->output, CurrentMemoryContext);
	}
}

static char *
names_of(TupleDesc columns)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < columns->natts; i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", NameStr(TupleDescAttr(columns, i)->attname));
	return names.data;
}

/* The place of a column; its name must be of one alone. */
static int
place_of(TupleDesc columns, const OtherColumn *other)
{
	int			place = -1;

	for (int i = 0; i < columns->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(columns, i)->attname), other->name) == 0)
		{
			if (place >= 0)
				ereport(ERROR, (errcode(ERRCODE_AMBIGUOUS_COLUMN),
								errmsg("two columns of the query are named \"%s\"", other->name)));
			place = i;
		}
	if (place < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("the query has no column \"%s\", which should be the %s", other->name, other->what),
				 errdetail("Its columns are: %s.", names_of(columns))));
	return place;
}

static void
open_other(TupleDesc columns, OtherColumn *other)
{
	other->column = column_of(columns, place_of(columns, other));
	open_column(&other->column);
	if (!other->takes(&other->column))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\", the %s, is %s", other->name, other->what, format_type_be(other->column.type)),
				 errdetail("It should be %s.", other->wanted)));
}

static bool
is_other(const FeatureRows *rows, int place)
{
	for (int i = 0; i < rows->others; i++)
		if (rows->other[i].name && rows->other[i].column.place == place)
			return true;
	return false;
}

static void
require_distinct(const FeatureRows *rows)
{
	for (int i = 1; i < rows->features; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(rows->feature[i].name, rows->feature[k].name) == 0)
				ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
								errmsg("two columns of the query are named \"%s\"", rows->feature[i].name)));
}

static void
begin_rows(void *context, TupleDesc columns)
{
	FeatureRows *rows = context;
	MemoryContext caller = MemoryContextSwitchTo(rows->context);

	for (int i = 0; i < rows->others; i++)
		if (rows->other[i].name)
			open_other(columns, rows->other + i);
	rows->feature = palloc0(columns->natts * sizeof(FeatureColumn));
	for (int place = 0; place < columns->natts; place++)
	{
		FeatureColumn *column = rows->feature + rows->features;

		if (is_other(rows, place))
			continue;
		*column = column_of(columns, place);
		open_column(column);
		if (column->form == COLUMN_TEXT)
			column->found = palloc0(sizeof(FeatureLevels));
		rows->features++;
	}
	require_distinct(rows);
	if (rows->features == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query has no feature"),
				 errdetail("Its columns are: %s.", names_of(columns)),
				 errhint("Each column that is not named in the call is a feature.")));
	rows->width = rows->features + rows->others;
	MemoryContextSwitchTo(caller);
}

/* Values */

bool
is_number(const FeatureColumn *column)
{
	return column->form == COLUMN_NUMBER;
}

bool
is_number_or_boolean(const FeatureColumn *column)
{
	return column->form != COLUMN_TEXT;
}

double
feature_number(const FeatureColumn *column, Datum value)
{
	switch (column->type)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		case INT8OID:
			return DatumGetInt64(value);
		case FLOAT4OID:
			return DatumGetFloat4(value);
		case FLOAT8OID:
			return DatumGetFloat8(value);
		case BOOLOID:
			return DatumGetBool(value);
		default:
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
	}
}

/* Its text in UTF-8, for as long as the row is there. */
static Utf8Name
text_of(const FeatureColumn *column, Datum value)
{
	const char *bytes;
	int			length;
	const char *utf8;

	if (OidIsValid(column->output.fn_oid))
	{
		bytes = OutputFunctionCall((FmgrInfo *) &column->output, value);
		length = strlen(bytes);
		/* what pads a character(n) is no part of it */
		while (column->type == BPCHAROID && length > 0 && bytes[length - 1] == ' ')
			length--;
	}
	else
	{
		text	   *given = DatumGetTextPP(value);

		bytes = VARDATA_ANY(given);
		length = VARSIZE_ANY_EXHDR(given);
	}
	utf8 = pg_server_to_any(bytes, length, PG_UTF8);
	return (Utf8Name) {(const uint8_t *) utf8, utf8 == bytes ? length : (int) strlen(utf8)};
}

int64
feature_key(const FeatureColumn *column, Datum value)
{
	if (column->form == COLUMN_TEXT)
	{
		Utf8Name	name = text_of(column, value);

		return text_key((const char *) name.bytes, name.length);
	}
	else if (column->type == INT2OID || column->type == INT4OID || column->type == INT8OID)
		return (int64) feature_number(column, value);
	else
	{
		double		number = feature_number(column, value);

		return text_key((const char *) &number, sizeof(number));
	}
}

pg_noreturn static void
refuse_level(const FeatureColumn *column, Utf8Name name)
{
	if (name.length > NAME_LENGTH_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column \"%s\" has a value of %d bytes", column->name, name.length),
				 errdetail("A level of a text takes up to %d bytes.", NAME_LENGTH_MAX)));
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("column \"%s\" has more than %d different values", column->name, FEATURE_LEVELS_MAX),
			 errhint("A name or an id is no feature: leave it out, or group its values into fewer.")));
}

/* Its place among the levels that have occurred. */
static int
level_of(FeatureRows *rows, FeatureColumn *column, Datum value)
{
	FeatureLevels *found = column->found;
	Utf8Name	name = text_of(column, value);
	int64		key = text_key((const char *) name.bytes, name.length);
	uint32		slot = (uint32) key % SLOTS;
	uint8	   *copy;

	for (; found->slot[slot] > 0; slot = (slot + 1) % SLOTS)
		if (found->key[found->slot[slot] - 1] == key)
			return found->slot[slot] - 1;
	if (name.length > NAME_LENGTH_MAX || found->count == FEATURE_LEVELS_MAX)
		refuse_level(column, name);
	copy = MemoryContextAlloc(rows->context, name.length + 1);
	memcpy(copy, name.bytes, name.length);
	found->key[found->count] = key;
	found->name[found->count] = (Utf8Name) {copy, name.length};
	found->slot[slot] = ++found->count;
	return found->count - 1;
}

static double
number_of(FeatureColumn *column, Datum value)
{
	double		number = feature_number(column, value);

	if (fabs(number) > NUMBER_MAX && !isinf(number))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("column \"%s\" has the value %g", column->name, number),
				 errdetail("Features lie between -1e100 and 1e100.")));
	return number == 0 ? 0 : number;
}

/* The numbers of a row; false where a feature is missing. NaN and infinity say nothing. */
static bool
read_numbers(FeatureRows *rows, TupleTableSlot *slot, double *cell)
{
	bool		complete = true;

	for (int i = 0; i < rows->features; i++)
	{
		FeatureColumn *column = rows->feature + i;
		bool		missing = slot->tts_isnull[column->place];

		if (!missing && column->form != COLUMN_TEXT)
		{
			cell[i] = number_of(column, slot->tts_values[column->place]);
			missing = !isfinite(cell[i]);
		}
		column->missing += missing;
		complete &= !missing;
	}
	return complete;
}

static void
read_others(FeatureRows *rows, TupleTableSlot *slot, double *cell)
{
	for (int i = 0; i < rows->others; i++)
	{
		OtherColumn *other = rows->other + i;

		cell[i] = 0;
		if (other->name == NULL)
			continue;
		if (slot->tts_isnull[other->column.place])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("column \"%s\", the %s, is NULL in row " INT64_FORMAT " of the query", other->name, other->what,
							rows->rows + rows->left_out + 1),
					 errhint("Leave such rows out: WHERE %s IS NOT NULL.", quote_identifier(other->name))));
		cell[i] = other->value(&other->column, slot->tts_values[other->column.place]);
	}
}

static void
make_room(FeatureRows *rows)
{
	if (rows->rows < rows->room)
		return;
	rows->room = Max(2 * rows->room, 1024);
	if (rows->room * rows->width > 2 * FEATURE_CELLS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the query has more than " INT64_FORMAT " rows of %d columns", rows->rows, rows->width),
				 errhint("A sample of them says as much: WHERE random() < 0.1, or TABLESAMPLE BERNOULLI (10) REPEATABLE (1).")));
	if (rows->cell == NULL)
		rows->cell = MemoryContextAllocHuge(rows->context, rows->room * rows->width * sizeof(double));
	else
		rows->cell = repalloc_huge(rows->cell, rows->room * rows->width * sizeof(double));
}

static void
read_row(void *context, TupleTableSlot *slot)
{
	FeatureRows *rows = context;
	double	   *cell;

	make_room(rows);
	cell = rows->cell + rows->rows * rows->width;
	read_others(rows, slot, cell + rows->features);
	if (!read_numbers(rows, slot, cell))
	{
		rows->left_out++;
		return;
	}
	/* levels only of rows that stay */
	for (int i = 0; i < rows->features; i++)
		if (rows->feature[i].form == COLUMN_TEXT)
			cell[i] = level_of(rows, rows->feature + i, slot->tts_values[rows->feature[i].place]);
	rows->rows++;
}

/* Levels in their order */

static int
compare_names(const void *a, const void *b)
{
	return name_compare(*(const Utf8Name *) a, *(const Utf8Name *) b);
}

static void
order_levels(FeatureRows *rows, int n)
{
	FeatureColumn *column = rows->feature + n;
	FeatureLevels *found = column->found;
	double		rank[FEATURE_LEVELS_MAX];

	column->levels = found->count;
	column->level = palloc((found->count + 1) * sizeof(Utf8Name));
	memcpy(column->level, found->name, found->count * sizeof(Utf8Name));
	qsort(column->level, found->count, sizeof(Utf8Name), compare_names);
	for (int i = 0; i < found->count; i++)
		rank[i] = (const Utf8Name *) bsearch(found->name + i, column->level, found->count, sizeof(Utf8Name), compare_names) - column->level;
	for (int64 row = 0; row < rows->rows; row++)
		rows->cell[row * rows->width + n] = rank[(int) rows->cell[row * rows->width + n]];
}

FeatureRows *
features_read(const char *query, OtherColumn *other, int others)
{
	FeatureRows *rows = palloc0(sizeof(FeatureRows));
	RowReader	reader = {begin_rows, read_row, rows};

	rows->other = other;
	rows->others = others;
	rows->context = CurrentMemoryContext;
	query_rows_read(query, &reader);
	for (int i = 0; i < rows->features; i++)
		if (rows->feature[i].form == COLUMN_TEXT)
			order_levels(rows, i);
	return rows;
}
