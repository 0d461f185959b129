/* fit_classifier: reads the rows of a query, with the rights of the caller, and learns from them. */
#include "pg/classifier.h"

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/strict.h"
#include "core/text_key.h"
#include "core/training.h"
#include "pg/arguments.h"
#include "pg/numeric_double.h"
#include "pg/query_rows.h"
#include "pg/state.h"

/* Values of all rows and columns, of eight bytes each: 4 GB. */
#define CELLS_IN_ALL_MAX	(INT64CONST(1) << 29)

/* A text of more different ones is no feature. */
#define TEXTS_MAX			65536

typedef enum ColumnRole
{
	ROLE_NUMBER,
	ROLE_TEXT,
	ROLE_LABEL,
	ROLE_CLUSTER,
	ROLE_TIME,
	ROLE_SEGMENT
} ColumnRole;

/* The different texts of a column, numbered as they come. */
typedef struct Dictionary
{
	MemoryContext context;		/* of what is kept */
	int32		count;
	int32		slots;			/* a power of two */
	int32	   *slot;			/* the number and 1, or 0 */
	Utf8Name   *text;
	bool		crowded;		/* there are too many: none is kept any more */
} Dictionary;

typedef struct Column
{
	ColumnRole	role;
	Oid			type;			/* below domains */
	FmgrInfo	output;
	char	   *name;
	double	   *number;
	int32	   *code;
	int64	   *key;
	Dictionary	dictionary;
} Column;

/* Takes in the rows of the query. */
typedef struct Reader
{
	MemoryContext context;		/* of what is kept: the present one goes with the row */
	const char *label;
	const char *cluster;		/* NULL: none, as with the next two */
	const char *time;
	const char *segment;
	int			columns;
	Column	   *column;
	uint8	   *happened;
	int64		room;			/* rows */
	int64		rows;
	int64		unlabelled;
} Reader;

pg_noreturn static void
bad_value(const char *message, const char *hint)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", message), hint ? errhint("%s", hint) : 0));
}

/* ---- texts ---- */

static void
widen_dictionary(Dictionary *d)
{
	int32		slots = d->slots > 0 ? 2 * d->slots : 64;

	if (d->slot)
		pfree(d->slot);
	d->slot = MemoryContextAllocZero(d->context, slots * sizeof(int32));
	d->text = d->text ? repalloc(d->text, slots / 2 * sizeof(Utf8Name)) : MemoryContextAlloc(d->context, slots / 2 * sizeof(Utf8Name));
	d->slots = slots;
	for (int32 i = 0; i < d->count; i++)
	{
		uint32		at = (uint64) text_key((const char *) d->text[i].bytes, d->text[i].length) & (slots - 1);

		while (d->slot[at] != 0)
			at = (at + 1) & (slots - 1);
		d->slot[at] = i + 1;
	}
}

/* The number of a text. */
static int32
dictionary_number(Dictionary *d, Utf8Name text)
{
	uint32		at;
	uint8	   *kept;

	if (d->crowded)
		return -1;
	if (2 * d->count >= d->slots)
		widen_dictionary(d);
	at = (uint64) text_key((const char *) text.bytes, text.length) & (d->slots - 1);
	while (d->slot[at] != 0)
	{
		if (name_compare(d->text[d->slot[at] - 1], text) == 0)
			return d->slot[at] - 1;
		at = (at + 1) & (d->slots - 1);
	}
	if (d->count == TEXTS_MAX)
	{
		d->crowded = true;
		return -1;
	}
	kept = MemoryContextAlloc(d->context, text.length + 1);
	memcpy(kept, text.bytes, text.length);
	d->text[d->count] = (Utf8Name) {kept, text.length};
	d->slot[at] = ++d->count;
	return d->count - 1;
}

static int
compare_texts(const void *a, const void *b, void *texts)
{
	return name_compare(((Utf8Name *) texts)[*(const int32 *) a], ((Utf8Name *) texts)[*(const int32 *) b]);
}

/* Numbers the texts by their order, whatever order they came in. */
static void
sort_texts(Column *column, FitColumn *into, int64 rows)
{
	Dictionary *d = &column->dictionary;
	int32	   *order = palloc((d->count + 1) * sizeof(int32));
	int32	   *place = palloc((d->count + 1) * sizeof(int32));

	into->code = column->code;
	into->crowded = d->crowded;
	into->levels = d->crowded ? 0 : d->count;
	into->level = palloc((d->count + 1) * sizeof(Utf8Name));
	for (int32 i = 0; i < d->count; i++)
		order[i] = i;
	qsort_arg(order, d->count, sizeof(int32), compare_texts, d->text);
	for (int32 i = 0; i < d->count; i++)
	{
		place[order[i]] = i;
		into->level[i] = d->text[order[i]];
	}
	for (int64 i = 0; i < rows; i++)
		column->code[i] = d->crowded || column->code[i] < 0 ? -1 : place[column->code[i]];
	pfree(order);
	pfree(place);
}

/* ---- columns ---- */

static bool
is_number_type(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID || type == FLOAT4OID || type == FLOAT8OID || type == NUMERICOID;
}

static bool
is_text_type(Oid type)
{
	char		category;
	bool		preferred;

	if (type == BOOLOID)
		return true;
	get_type_category_preferred(type, &category, &preferred);
	return category == TYPCATEGORY_STRING || category == TYPCATEGORY_ENUM || category == TYPCATEGORY_UNKNOWN;
}

static bool
is_time_type(Oid type)
{
	return type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID || is_number_type(type);
}

pg_noreturn static void
type_error(const Column *column, const char *what, const char *right)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" is of type %s, and cannot be %s", column->name, format_type_be(column->type), what),
			 errhint("%s", right)));
}

static bool
is_named(const char *name, const char *wanted)
{
	return wanted && strcmp(name, wanted) == 0;
}

static ColumnRole
role_of(const Reader *r, Column *column)
{
	if (is_named(column->name, r->label))
	{
		if (!is_number_type(column->type) && !is_text_type(column->type))
			type_error(column, "the label", "A label is a boolean, 0 and 1, or yes and no.");
		return ROLE_LABEL;
	}
	if (is_named(column->name, r->cluster))
		return ROLE_CLUSTER;
	if (is_named(column->name, r->time))
	{
		if (!is_time_type(column->type))
			type_error(column, "the time", "A time is a date, a timestamp or a number.");
		return ROLE_TIME;
	}
	if (is_named(column->name, r->segment))
		return ROLE_SEGMENT;
	if (is_number_type(column->type))
		return ROLE_NUMBER;
	if (!is_text_type(column->type))
		type_error(column, "a feature",
				   "Features are numbers, texts and booleans: leave it out of the query, or make a number of it, such as the days since a date.");
	return ROLE_TEXT;
}

static void
require_column(const Reader *r, const char *name, ColumnRole role, const char *what)
{
	StringInfoData known;

	if (!name)
		return;
	initStringInfo(&known);
	for (int i = 0; i < r->columns; i++)
	{
		if (r->column[i].role == role)
			return;
		appendStringInfo(&known, "%s%s", i > 0 ? ", " : "", r->column[i].name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("the query has no column \"%s\" to be the %s", name, what),
			 errhint("Its columns are: %s.", known.data)));
}

/* The columns of the query, each with its part. */
static void
start_reading(void *reader, TupleDesc shape)
{
	Reader	   *r = reader;
	MemoryContext caller = MemoryContextSwitchTo(r->context);
	int			features = 0;

	r->columns = shape->natts;
	r->column = palloc0((r->columns + 1) * sizeof(Column));
	for (int i = 0; i < r->columns; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(shape, i);
		Column	   *column = &r->column[i];
		Oid			output;
		bool		is_varlena;

		column->dictionary.context = r->context;
		column->name = pstrdup(NameStr(attribute->attname));
		column->type = getBaseType(attribute->atttypid);
		column->role = role_of(r, column);
		features += column->role <= ROLE_TEXT;
		for (int j = 0; j < i; j++)
			if (strcmp(r->column[j].name, column->name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("the query has two columns \"%s\"", column->name), errhint("Give each a name of its own by AS.")));
		getTypeOutputInfo(column->type, &output, &is_varlena);
		fmgr_info_cxt(output, &column->output, r->context);
	}
	require_column(r, r->label, ROLE_LABEL, "label");
	require_column(r, r->cluster, ROLE_CLUSTER, "cluster");
	require_column(r, r->time, ROLE_TIME, "time");
	require_column(r, r->segment, ROLE_SEGMENT, "segment");
	if (features == 0)
		bad_value("the query has no features beside the label", "Each other column is one: a number, a text or a boolean.");
	if (features > FEATURES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%d features", features), errhint("A classifier takes up to %d.", FEATURES_MAX)));
	MemoryContextSwitchTo(caller);
}

/* ---- values ---- */

static double
number_of(const Column *column, Datum value)
{
	double		number;

	switch (column->type)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		case INT8OID:
			return DatumGetInt64(value);
		case FLOAT4OID:
			number = DatumGetFloat4(value);
			break;
		case FLOAT8OID:
			number = DatumGetFloat8(value);
			break;
		case DATEOID:
			return DatumGetDateADT(value);
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return (double) DatumGetTimestamp(value);
		default:
			number = double_of_numeric(DatumGetNumeric(value));
	}
	if (isinf(number))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("column \"%s\" has an infinite value", column->name), errhint("Unknown is NULL; else give a finite number.")));
	return number;
}

/* The text of a value; valid until the row goes. */
static Utf8Name
text_of(Column *column, Datum value)
{
	char	   *text;

	if (column->type == TEXTOID || column->type == VARCHAROID || column->type == BPCHAROID)
	{
		struct varlena *given = PG_DETOAST_DATUM_PACKED(value);

		return level_of_bytes(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given));
	}
	if (column->type == BOOLOID)
		return DatumGetBool(value) ? (Utf8Name) {(const uint8 *) "true", 4} : (Utf8Name) {(const uint8 *) "false", 5};
	text = OutputFunctionCall(&column->output, value);
	return level_of_bytes(text, strlen(text));
}

/* 0 or 1 */
static bool
label_of(Column *column, Datum value)
{
	bool		happened = false;
	bool		known;

	if (column->type == BOOLOID)
		return DatumGetBool(value);
	if (is_number_type(column->type))
	{
		double		number = number_of(column, value);

		happened = number == 1;
		known = happened || number == 0;
	}
	else
	{
		Utf8Name	text = text_of(column, value);

		known = strict_boolean_parse(strict_text((const char *) text.bytes, text.length), &happened);
	}
	if (!known)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("label \"%s\" is \"%s\", which is neither true nor false", column->name, OutputFunctionCall(&column->output, value)),
				 errhint("A label is a boolean, 0 and 1, or yes and no: compare it in the query, as in churned = 'left' AS churned.")));
	return happened;
}

static int64
key_of(Column *column, Datum value)
{
	Utf8Name	text = text_of(column, value);

	return text_key((const char *) text.bytes, text.length);
}

static void *
widened(Reader *r, void *values, Size size)
{
	return values ? repalloc_huge(values, size) : MemoryContextAllocHuge(r->context, size);
}

static void
make_room(Reader *r)
{
	r->room = r->room > 0 ? 2 * r->room : 1024;
	if (r->room * r->columns > CELLS_IN_ALL_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the query gives too much: " INT64_FORMAT " rows of %d columns and more", r->rows, r->columns),
				 errhint("A sample is enough, such as WHERE random() < 0.1.")));
	r->happened = widened(r, r->happened, r->room);
	for (int i = 0; i < r->columns; i++)
	{
		Column	   *column = &r->column[i];

		switch (column->role)
		{
			case ROLE_NUMBER:
			case ROLE_TIME:
				column->number = widened(r, column->number, r->room * sizeof(double));
				break;
			case ROLE_TEXT:
			case ROLE_SEGMENT:
				column->code = widened(r, column->code, r->room * sizeof(int32));
				break;
			case ROLE_CLUSTER:
				column->key = widened(r, column->key, r->room * sizeof(int64));
				break;
			case ROLE_LABEL:
				break;
		}
	}
}

/* One value; false: the row has no label. */
static bool
take_value(Reader *r, Column *column, Datum value, bool is_null)
{
	switch (column->role)
	{
		case ROLE_NUMBER:
			column->number[r->rows] = is_null ? NAN : number_of(column, value);
			break;
		case ROLE_TIME:
			if (is_null)
				ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("column \"%s\", the time, is NULL in a row", column->name),
								errhint("Leave out such rows in the query.")));
			column->number[r->rows] = number_of(column, value);
			break;
		case ROLE_TEXT:
		case ROLE_SEGMENT:
			column->code[r->rows] = is_null ? -1 : dictionary_number(&column->dictionary, text_of(column, value));
			break;
		case ROLE_CLUSTER:
			column->key[r->rows] = is_null ? TEXT_KEY_NONE : key_of(column, value);
			break;
		case ROLE_LABEL:
			if (is_null)
				return false;
			r->happened[r->rows] = label_of(column, value);
			break;
	}
	return true;
}

static void
take_row(void *reader, TupleTableSlot *slot)
{
	Reader	   *r = reader;
	bool		labelled = true;

	if (r->rows == r->room)
		make_room(r);
	for (int i = 0; i < r->columns && labelled; i++)
		labelled = take_value(r, &r->column[i], slot->tts_values[i], slot->tts_isnull[i]);
	if (labelled)
		r->rows++;
	else
		r->unlabelled++;
}

/* ---- what was read ---- */

static Column *
column_of_role(Reader *r, ColumnRole role)
{
	for (int i = 0; i < r->columns; i++)
		if (r->column[i].role == role)
			return &r->column[i];
	return NULL;
}

static void
require_learnable(const Reader *r, const FitTable *table)
{
	int64		positives = 0;

	for (int64 i = 0; i < r->rows; i++)
		positives += r->happened[i];
	if (r->rows == 0)
		bad_value(r->unlabelled > 0 ? "no row of the query has a label" : "the query gives no rows", "A classifier learns from rows with both labels.");
	if (positives == 0 || positives == r->rows)
		bad_value(psprintf("label \"%s\" is %s in all " INT64_FORMAT " rows", r->label, positives ? "true" : "false", r->rows),
				  "A classifier learns from rows with both labels.");
	if (table->features > Min(positives, r->rows - positives))
		bad_value(psprintf("%d features, and only " INT64_FORMAT " rows whose label \"%s\" is %s", table->features,
						   Min(positives, r->rows - positives), r->label, positives <= r->rows - positives ? "true" : "false"),
				  "There are to be more rows of either label than features: give fewer features, or more rows.");
}

static TrainingRows
training_rows(Reader *r)
{
	TrainingRows rows = {.unlabelled = r->unlabelled};
	Column	   *segment = column_of_role(r, ROLE_SEGMENT);

	rows.table = (FitTable) {.rows = (int32) r->rows, .label = r->happened};
	rows.table.feature = palloc0((r->columns + 1) * sizeof(FitColumn));
	for (int i = 0; i < r->columns; i++)
		if (r->column[i].role <= ROLE_TEXT)
			rows.table.features++;
	require_learnable(r, &rows.table);
	rows.table.features = 0;
	for (int i = 0; i < r->columns; i++)
	{
		FitColumn  *into = &rows.table.feature[rows.table.features];

		if (r->column[i].role > ROLE_TEXT)
			continue;
		into->name = level_of_bytes(r->column[i].name, strlen(r->column[i].name));
		into->number = r->column[i].number;
		if (r->column[i].role == ROLE_TEXT)
			sort_texts(&r->column[i], into, r->rows);
		rows.table.features++;
	}
	if (column_of_role(r, ROLE_CLUSTER))
		rows.cluster = column_of_role(r, ROLE_CLUSTER)->key;
	if (column_of_role(r, ROLE_TIME))
		rows.time = column_of_role(r, ROLE_TIME)->number;
	if (segment)
	{
		rows.segment = palloc0(sizeof(FitColumn));
		sort_texts(segment, rows.segment, r->rows);
		if (rows.segment->crowded || rows.segment->levels > SEGMENTS_MAX)
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
							errmsg("column \"%s\" has more than %d segments", segment->name, SEGMENTS_MAX)));
	}
	return rows;
}

/* ---- arguments ---- */

/* query, label, cluster_column, time_column, segment_column, ridge, splines, interactions, folds, seed */
static TrainingOptions
options_of(FunctionCallInfo fcinfo)
{
	TrainingOptions options = {.ridge = NAN};

	for (int i = 6; i < 10; i++)
		require_not_null(fcinfo, i, "each of splines, interactions, folds and seed");
	if (!PG_ARGISNULL(5))
		options.ridge = PG_GETARG_FLOAT8(5);
	if (!PG_ARGISNULL(5) && !(options.ridge >= 0 && options.ridge <= 1e12))
		bad_value(psprintf("ridge %s", number_text(options.ridge)), "A ridge is a number from 0, which is none; NULL has it chosen.");
	options.splines = PG_GETARG_BOOL(6);
	options.interactions = PG_GETARG_BOOL(7);
	options.folds = PG_GETARG_INT32(8);
	if (options.folds < 0 || options.folds == 1 || options.folds > 100)
		bad_value(psprintf("%d folds", options.folds), "Folds are 2 to 100; 0: nothing is held back, and nothing is known of how well it foretells.");
	options.seed = PG_GETARG_INT64(9);
	if (options.seed < 0 || options.seed >= COUNT_LIMIT)
		bad_value(psprintf("seed " INT64_FORMAT, options.seed), "A seed is a number from 0 to 2^59.");
	return options;
}

static const char *
name_of_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static Datum
fit(FunctionCallInfo fcinfo)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext own = AllocSetContextCreate(caller, "csmetrics fit_classifier", ALLOCSET_DEFAULT_SIZES);
	Reader		reader = {.context = own};
	RowReader	taking = {start_reading, take_row, &reader};
	TrainingOptions options;
	TrainingRows rows;
	Classifier *classifier;
	ClassifierState *state;
	Size		bytes;

	require_not_null(fcinfo, 0, "the query");
	require_not_null(fcinfo, 1, "the label");
	MemoryContextSwitchTo(own);
	options = options_of(fcinfo);
	reader.label = name_of_argument(fcinfo, 1);
	reader.cluster = name_of_argument(fcinfo, 2);
	reader.time = name_of_argument(fcinfo, 3);
	reader.segment = name_of_argument(fcinfo, 4);
	query_rows_read(text_to_cstring(PG_GETARG_TEXT_PP(0)), &taking);
	rows = training_rows(&reader);
	classifier = train(&rows, level_of_bytes(reader.label, strlen(reader.label)), &options, &backend_workshop);
	bytes = classifier_stream_size(classifier);
	MemoryContextSwitchTo(caller);
	state = state_new(&classifier_type, bytes);
	state->bytes = (int32) bytes;
	classifier_write(classifier, state->stream);
	MemoryContextDelete(own);
	PG_RETURN_POINTER(state);
}

SQL_FUNCTION(fit_classifier, fit(fcinfo));
