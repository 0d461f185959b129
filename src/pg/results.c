#include "pg/results.h"

#include "utils/timestamp.h"

#include "core/instant.h"

Datum
float8_if(FunctionCallInfo fcinfo, bool known, double value)
{
	if (!known)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

Datum
instant_if_any(FunctionCallInfo fcinfo, int64 instant)
{
	if (instant == INSTANT_NEVER)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(instant);
}

/* The library may be newer than the SQL that declares its functions, until that is updated. */
pg_noreturn static void
columns_error(int declared)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("a function of csmetrics is declared with %d columns, but gives another number of them", declared),
			 errhint("ALTER EXTENSION csmetrics UPDATE brings its declarations to the version of the library.")));
}

Datum
row_result(FunctionCallInfo fcinfo, int columns, const Datum *values, const bool *nulls)
{
	TupleDesc	shape;

	if (get_call_result_type(fcinfo, NULL, &shape) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (shape->natts != columns)
		columns_error(shape->natts);
	/* which changes neither */
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), (Datum *) values, (bool *) nulls));
}

Datum
interval_if(FunctionCallInfo fcinfo, bool known, Bounds interval)
{
	Datum		values[2] = {Float8GetDatum(interval.lower), Float8GetDatum(interval.upper)};
	bool		nulls[2] = {!known, !known};

	return row_result(fcinfo, lengthof(values), values, nulls);
}

RowBuilder
rows_begin(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	return (RowBuilder) {
		.result = result,
		.values = palloc(result->setDesc->natts * sizeof(Datum)),
		.nulls = palloc(result->setDesc->natts * sizeof(bool)),
	};
}

static void
put(RowBuilder *row, Datum value, bool null)
{
	int			declared = row->result->setDesc->natts;

	if (row->column == declared)
		columns_error(declared);
	row->values[row->column] = value;
	row->nulls[row->column++] = null;
}

void
row_put(RowBuilder *row, Datum value)
{
	put(row, value, false);
}

void
row_put_null(RowBuilder *row)
{
	put(row, (Datum) 0, true);
}

void
row_put_ratio(RowBuilder *row, bool known, double value)
{
	if (known)
		row_put(row, Float8GetDatum(value));
	else
		row_put_null(row);
}

void
row_put_instant(RowBuilder *row, int64 instant)
{
	if (instant == INSTANT_NEVER)
		row_put_null(row);
	else
		row_put(row, TimestampTzGetDatum(instant));
}

void
row_put_text(RowBuilder *row, const char *value)
{
	row_put(row, CStringGetTextDatum(value));
}

void
row_end(RowBuilder *row)
{
	if (row->column != row->result->setDesc->natts)
		columns_error(row->result->setDesc->natts);
	tuplestore_putvalues(row->result->setResult, row->result->setDesc, row->values, row->nulls);
	row->column = 0;
}
