/* The closed list of what expressions of users may be made of. Not on it is whatever reads files, settings, other sessions, sequences, large
 * objects or the catalogue, takes locks, sends or sleeps, and what makes much from little: what repeats (repeat, rpad, replace, array_to_string),
 * what doubles when it is applied to itself (quoting, escaping, bytea as hex), patterns that search without end, numbers of 131,072 digits. */
#include "pg/expression_list.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* By name, with the names of the types of their arguments. Formats of to_char and its like, and escapes of patterns, are constants besides. */
static const char *const functions[] = {
	/* numbers */
	"abs float4", "abs float8", "abs int2", "abs int4", "abs int8", "abs numeric", "cbrt float8", "ceil float8", "ceil numeric",
	"ceiling float8", "ceiling numeric", "div numeric numeric", "exp float8", "float4 float8", "float4 int2", "float4 int4", "float4 int8",
	"float4 jsonb", "float4 numeric", "float8 float4", "float8 int2", "float8 int4", "float8 int8", "float8 jsonb", "float8 numeric",
	"floor float8", "floor numeric", "int2 float4", "int2 float8", "int2 int4", "int2 int8", "int2 jsonb", "int2 numeric", "int4 bool",
	"int4 float4", "int4 float8", "int4 int2", "int4 int8", "int4 jsonb", "int4 numeric", "int8 float4", "int8 float8", "int8 int2",
	"int8 int4", "int8 jsonb", "int8 numeric", "ln float8", "ln numeric", "log float8", "log numeric", "log numeric numeric", "log10 float8",
	"log10 numeric", "min_scale numeric", "mod int2 int2", "mod int4 int4", "mod int8 int8", "mod numeric numeric", "numeric float4",
	"numeric float8", "numeric int2", "numeric int4", "numeric int8", "pow float8 float8", "power float8 float8", "round float8",
	"round numeric", "round numeric int4", "scale numeric", "sign float8", "sign numeric", "sqrt float8", "sqrt numeric",
	"trim_scale numeric", "trunc float8", "trunc numeric", "trunc numeric int4", "width_bucket anycompatible anycompatiblearray",
	"width_bucket float8 float8 float8 int4", "width_bucket numeric numeric numeric int4",
	/* texts, none longer than what it is made of */
	"ascii text", "bit_length text", "btrim text", "btrim text text", "char_length bpchar", "char_length text", "character_length bpchar",
	"character_length text", "chr int4", "concat any", "concat_ws text any", "hashtext text", "hashtextextended text int8", "initcap text",
	"is_normalized text text", "left text int4", "length bpchar", "length text", "like_escape text text", "lower text", "ltrim text",
	"ltrim text text", "md5 text", "normalize text text", "octet_length bpchar", "octet_length text", "overlay text text int4",
	"overlay text text int4 int4", "position text text", "reverse text", "right text int4", "rtrim text", "rtrim text text",
	"similar_to_escape text", "similar_to_escape text text", "split_part text text int4", "starts_with text text", "strpos text text",
	"substr text int4", "substr text int4 int4", "substring text int4", "substring text int4 int4", "text bool", "text bpchar", "text name",
	"to_char float4 text", "to_char float8 text", "to_char int4 text", "to_char int8 text", "to_char interval text", "to_char numeric text",
	"to_char timestamp text", "to_char timestamptz text", "to_date text text", "to_hex int4", "to_hex int8", "to_number text text",
	"to_timestamp text text", "translate text text text", "upper text",
	/* days and instants */
	"age timestamp", "age timestamp timestamp", "age timestamptz", "age timestamptz timestamptz", "date timestamp", "date timestamptz",
	"date_bin interval timestamp timestamp", "date_bin interval timestamptz timestamptz", "date_part text date", "date_part text interval",
	"date_part text time", "date_part text timestamp", "date_part text timestamptz", "date_part text timetz", "date_trunc text interval",
	"date_trunc text timestamp", "date_trunc text timestamptz", "date_trunc text timestamptz text", "extract text date",
	"extract text interval", "extract text time", "extract text timestamp", "extract text timestamptz", "extract text timetz",
	"interval time", "isfinite date", "isfinite interval", "isfinite timestamp", "isfinite timestamptz", "justify_days interval",
	"justify_hours interval", "justify_interval interval", "make_date int4 int4 int4", "make_interval int4 int4 int4 int4 int4 int4 float8",
	"make_time int4 int4 float8", "make_timestamp int4 int4 int4 int4 int4 float8", "make_timestamptz int4 int4 int4 int4 int4 float8",
	"make_timestamptz int4 int4 int4 int4 int4 float8 text", "now", "overlaps time interval time interval", "overlaps time interval time time",
	"overlaps time time time interval", "overlaps time time time time", "overlaps timestamp interval timestamp interval",
	"overlaps timestamp interval timestamp timestamp", "overlaps timestamp timestamp timestamp interval",
	"overlaps timestamp timestamp timestamp timestamp", "overlaps timestamptz interval timestamptz interval",
	"overlaps timestamptz interval timestamptz timestamptz", "overlaps timestamptz timestamptz timestamptz interval",
	"overlaps timestamptz timestamptz timestamptz timestamptz", "overlaps timetz timetz timetz timetz", "statement_timestamp",
	"time interval", "time timestamp", "time timestamptz", "time timetz", "timestamp date", "timestamp date time", "timestamp timestamptz",
	"timestamptz date", "timestamptz date time", "timestamptz date timetz", "timestamptz timestamp", "timezone interval timestamp",
	"timezone interval timestamptz", "timezone text timestamp", "timezone text timestamptz", "to_timestamp float8", "transaction_timestamp",
	/* arrays and ranges */
	"array_append anycompatiblearray anycompatible", "array_cat anycompatiblearray anycompatiblearray", "array_length anyarray int4",
	"array_lower anyarray int4", "array_ndims anyarray", "array_position anycompatiblearray anycompatible",
	"array_position anycompatiblearray anycompatible int4", "array_positions anycompatiblearray anycompatible",
	"array_prepend anycompatible anycompatiblearray", "array_remove anycompatiblearray anycompatible", "array_upper anyarray int4",
	"cardinality anyarray", "daterange date date", "daterange date date text", "int4range int4 int4", "int4range int4 int4 text",
	"int8range int8 int8", "int8range int8 int8 text", "isempty anyrange", "lower anyrange", "lower_inc anyrange", "lower_inf anyrange",
	"num_nonnulls any", "num_nulls any", "numrange numeric numeric", "numrange numeric numeric text", "trim_array anyarray int4",
	"tsrange timestamp timestamp", "tsrange timestamp timestamp text", "tstzrange timestamptz timestamptz",
	"tstzrange timestamptz timestamptz text", "upper anyrange", "upper_inc anyrange", "upper_inf anyrange",
	/* JSON */
	"json_array_length json", "json_extract_path json _text", "json_extract_path_text json _text", "json_typeof json",
	"jsonb_array_length jsonb", "jsonb_extract_path jsonb _text", "jsonb_extract_path_text jsonb _text", "jsonb_typeof jsonb"};

/* Between types that may be held; ^ of numeric is not among them. */
static const char *const operators[] = {
	"=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "^", "|/", "||/", "@", "&", "|", "#", "~", "<<", ">>",
	"||", "~~", "!~~", "~~*", "!~~*", "!~", "~*", "!~*", "^@", "&&", "@>", "<@", "&<", "&>", "-|-", "->", "->>", "#>", "#>>", "?", "?|", "?&"};

static bool
is_among(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}

bool
is_builtin(Oid object)
{
	return object < FirstUnpinnedObjectId;
}

bool
is_ours(Oid class, Oid object)
{
	Oid			extension = getExtensionOfObject(class, object);

	return OidIsValid(extension) && extension == get_extension_oid("csmetrics", true);
}

static char *
type_name(Oid type)
{
	HeapTuple	found = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	char	   *name;

	if (!HeapTupleIsValid(found))
		elog(ERROR, "cache lookup failed for type %u", type);
	name = pstrdup(NameStr(((Form_pg_type) GETSTRUCT(found))->typname));
	ReleaseSysCache(found);
	return name;
}

bool
is_listed_function(Oid function)
{
	Oid		   *arguments;
	int			count;
	StringInfoData signature;

	if (!is_builtin(function) || get_func_namespace(function) != PG_CATALOG_NAMESPACE)
		return false;
	initStringInfo(&signature);
	appendStringInfoString(&signature, get_func_name(function));
	get_func_signature(function, &arguments, &count);
	for (int i = 0; i < count; i++)
		appendStringInfo(&signature, " %s", type_name(arguments[i]));
	return is_among(signature.data, functions, lengthof(functions));
}

/* As a cast, or within a conversion by input and output: what it is declared to take and give tells what it is. */
bool
is_listed_cast(Oid function)
{
	Oid		   *arguments;
	int			count;

	get_func_signature(function, &arguments, &count);
	return is_builtin(function) && get_func_namespace(function) == PG_CATALOG_NAMESPACE && count > 0
		&& has_text_form(arguments[0]) && has_text_form(get_func_rettype(function));
}

/* Operators over arrays and ranges are declared for all of them. What they are given is looked at apart. */
static bool
may_be_declared(Oid type)
{
	switch (type)
	{
		case InvalidOid:
		case RECORDOID:
		case ANYELEMENTOID:
		case ANYNONARRAYOID:
		case ANYARRAYOID:
		case ANYENUMOID:
		case ANYRANGEOID:
		case ANYCOMPATIBLEOID:
		case ANYCOMPATIBLENONARRAYOID:
		case ANYCOMPATIBLEARRAYOID:
		case ANYCOMPATIBLERANGEOID:
			return true;
		default:
			return may_hold(type, -1);
	}
}

bool
is_listed_operator(Oid operator)
{
	HeapTuple	found = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;
	bool		result;

	if (!HeapTupleIsValid(found))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	form = (Form_pg_operator) GETSTRUCT(found);
	result = is_builtin(operator) && form->oprnamespace == PG_CATALOG_NAMESPACE
		&& is_among(NameStr(form->oprname), operators, lengthof(operators))
		&& form->oprcode != F_NUMERIC_POWER
		&& may_be_declared(form->oprleft) && may_be_declared(form->oprright) && may_be_declared(form->oprresult)
		&& is_builtin(form->oprcode) && func_volatile(form->oprcode) != PROVOLATILE_VOLATILE;
	ReleaseSysCache(found);
	return result;
}

/* Those of users may be made anew, and name files of the system. */
bool
is_listed_collation(Oid collation)
{
	HeapTuple	found = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	bool		result = HeapTupleIsValid(found) && ((Form_pg_collation) GETSTRUCT(found))->collnamespace == PG_CATALOG_NAMESPACE;

	if (HeapTupleIsValid(found))
		ReleaseSysCache(found);
	return result;
}

static bool
is_string(Oid type)
{
	return type == TEXTOID || type == TEXTARRAYOID || type == VARCHAROID || type == BPCHAROID || type == NAMEOID;
}

Oid
function_owner(Oid function)
{
	HeapTuple	found = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			owner;

	if (!HeapTupleIsValid(found))
		elog(ERROR, "cache lookup failed for function %u", function);
	owner = ((Form_pg_proc) GETSTRUCT(found))->proowner;
	ReleaseSysCache(found);
	return owner;
}

/* Those that are immutable read no table. In SQL, some put texts together to queries of their own. */
bool
is_harmless_of_ours(Oid function, Oid owner)
{
	HeapTuple	found = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool		is_c;
	bool		builds_text = false;
	bool		result;

	if (!HeapTupleIsValid(found))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(found);
	is_c = form->prolang == ClanguageId;
	for (int i = 0; i < form->pronargs; i++)
		builds_text |= is_string(form->prorettype) && is_string(form->proargtypes.values[i]);
	result = is_ours(ProcedureRelationId, function) && form->proowner == owner && form->provolatile == PROVOLATILE_IMMUTABLE && !form->proretset
		&& (is_c || !builds_text)
		&& (may_hold(form->prorettype, -1) || form->prorettype == RECORDOID);
	ReleaseSysCache(found);
	return result;
}

bool
has_text_form(Oid type)
{
	switch (type)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case OIDOID:
		case NUMERICOID:
		case FLOAT4OID:
		case FLOAT8OID:
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
		case CHAROID:
		case DATEOID:
		case TIMEOID:
		case TIMETZOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case INTERVALOID:
		case UUIDOID:
		case JSONOID:
		case JSONBOID:
			return true;
		default:
			return false;
	}
}

static bool
is_range(Oid type)
{
	return type == INT4RANGEOID || type == INT8RANGEOID || type == NUMRANGEOID || type == DATERANGEOID || type == TSRANGEOID
		|| type == TSTZRANGEOID;
}

bool
is_plain(Oid type)
{
	type = getBaseType(type);
	return has_text_form(type) || is_range(type) || get_typtype(type) == TYPTYPE_ENUM || type == UNKNOWNOID;
}

static bool
may_hold_row(Oid type)
{
	TupleDesc	row = lookup_rowtype_tupdesc(type, -1);
	bool		result = true;

	for (int i = 0; i < row->natts && result; i++)
	{
		Form_pg_attribute column = TupleDescAttr(row, i);

		result = column->attisdropped || may_hold(column->atttypid, column->atttypmod);
	}
	ReleaseTupleDesc(row);
	return result;
}

/* Comparisons within arrays and rows, and the greatest of several, are those of the type's own classes. */
static bool
compares_by_builtin(Oid type)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY | TYPECACHE_HASH_OPFAMILY);

	return is_builtin(entry->btree_opf) && is_builtin(entry->hash_opf);
}

bool
may_hold(Oid type, int32 typmod)
{
	check_stack_depth();
	if (OidIsValid(get_element_type(type)))
		return may_hold(get_element_type(type), typmod);
	switch (get_typtype(type))
	{
		case TYPTYPE_DOMAIN:
			return !DomainHasConstraints(type) && (type = getBaseTypeAndTypmod(type, &typmod), may_hold(type, typmod));
		case TYPTYPE_COMPOSITE:
			return compares_by_builtin(type) && may_hold_row(type);
		case TYPTYPE_ENUM:
			return compares_by_builtin(type);
		default:
			return (has_text_form(type) && (type != BPCHAROID || typmod <= MAX_PADDING + VARHDRSZ)) || is_range(type)
				|| (!is_builtin(type) && get_typtype(type) == TYPTYPE_BASE && is_ours(TypeRelationId, type));
	}
}
