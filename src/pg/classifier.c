/* Classifiers as values: text and binary form, predictions, and why. */
#include "pg/classifier.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/jsonb.h"

#include "core/strict.h"
#include "core/text_key.h"
#include "core/training.h"
#include "pg/arguments.h"
#include "pg/numeric_double.h"
#include "pg/results.h"
#include "pg/state.h"

STATE_IO(classifier, classifier_type);

static void *
allocate(size_t size)
{
	return palloc_extended(size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

static void
breathe(void)
{
	CHECK_FOR_INTERRUPTS();
}

const Workshop backend_workshop = {allocate, pfree, breathe};

Utf8Name
level_of_bytes(const char *bytes, int length)
{
	char	   *utf8 = pg_server_to_any(bytes, length, PG_UTF8);

	if (utf8 != bytes)
		length = strlen(utf8);
	if (length > STRING_MAX)
	{
		length = STRING_MAX;
		while (length > 0 && ((uint8) utf8[length] & 0xC0) == 0x80)
			length--;
	}
	return (Utf8Name) {(const uint8 *) utf8, length};
}

char *
name_to_cstring(Utf8Name name)
{
	char	   *utf8 = pnstrdup((const char *) name.bytes, name.length);

	return pg_any_to_server(utf8, name.length, PG_UTF8);
}

/* ---- a classifier at hand ---- */

static int
compare_keys(const char *a, int a_length, const char *b, int b_length)
{
	if (a_length != b_length)
		return a_length > b_length ? 1 : -1;
	return memcmp(a, b, a_length);
}

static int
by_key(const void *a, const void *b)
{
	const Key  *x = a;
	const Key  *y = b;
	int			order = compare_keys(x->name, x->length, y->name, y->length);

	return order ? order : x->feature - y->feature;
}

static void
hold_keys(Held *held)
{
	const Design *d = &held->classifier->design;

	held->key = palloc((d->features + 1) * sizeof(Key));
	held->sorted = palloc((d->features + 1) * sizeof(Key));
	held->sorted_count = 0;
	for (int i = 0; i < d->features; i++)
	{
		char	   *name = name_to_cstring(d->feature[i].name);

		held->key[i] = (Key) {name, strlen(name), i};
		if (d->feature[i].is_used)
			held->sorted[held->sorted_count++] = held->key[i];
	}
	qsort(held->sorted, held->sorted_count, sizeof(Key), by_key);
}

static bool
is_plain(const Design *d)
{
	bool		plain = d->pairs == 0;

	for (int i = 0; i < d->features; i++)
		plain &= d->feature[i].is_used && !d->feature[i].is_text && d->feature[i].knots == 0;
	return plain;
}

static void
hold(Held *held, struct varlena *given)
{
	MemoryContext caller = MemoryContextSwitchTo(held->context);
	const ClassifierState *state;

	/* nothing is held until all of it is */
	held->given = NULL;
	MemoryContextReset(held->context);
	given = memcpy(palloc(VARSIZE_ANY(given)), given, VARSIZE_ANY(given));
	state = state_value(PointerGetDatum(given), &classifier_type);
	held->classifier = classifier_read(state->stream, state->bytes, &backend_workshop);
	if (!held->classifier)
		elog(ERROR, "a classifier is broken");
	held->hash = (uint64) text_key((const char *) state->stream, state->bytes);
	hold_keys(held);
	held->is_plain = is_plain(&held->classifier->design);
	held->given = given;
	MemoryContextSwitchTo(caller);
}

const Held *
held_classifier(FunctionCallInfo fcinfo)
{
	struct varlena *given = (struct varlena *) PG_GETARG_POINTER(0);
	Held	   *held = fcinfo->flinfo->fn_extra;

	if (!held)
	{
		held = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Held));
		held->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "csmetrics classifier", ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = held;
	}
	if (!held->given || VARSIZE_ANY(held->given) != VARSIZE_ANY(given) || memcmp(held->given, given, VARSIZE_ANY(given)) != 0)
		hold(held, given);
	return held;
}

/* ---- values of features ---- */

pg_noreturn static void
kind_error(const char *key, const char *kind)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("feature \"%s\" is no %s", key, kind), errhint("It was one in the rows that the classifier learnt from.")));
}

static double
in_range(double number, const char *key)
{
	if (isinf(number))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("feature \"%s\" is out of range", key)));
	return number;
}

static Place
number_of_json(const DesignFeature *f, const JsonbValue *value, const char *key)
{
	switch (value->type)
	{
		case jbvNumeric:
			return place_number(f, in_range(double_of_numeric(value->val.numeric), key));
		case jbvBool:
			return place_number(f, value->val.boolean);
		case jbvNull:
			return place_number(f, NAN);
		default:
			kind_error(key, "number");
	}
}

static Place
text_of_json(const DesignFeature *f, const JsonbValue *value, const char *key)
{
	char	   *text;

	switch (value->type)
	{
		case jbvNull:
			return place_level(design_missing_level(f));
		case jbvString:
			return place_level(design_level(f, level_of_bytes(value->val.string.val, value->val.string.len)));
		case jbvBool:
			text = value->val.boolean ? "true" : "false";
			break;
		case jbvNumeric:
			text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
			break;
		default:
			kind_error(key, "text");
	}
	return place_level(design_level(f, level_of_bytes(text, strlen(text))));
}

/* What an entry of an object at an offset is; of what is in it, nothing. */
static JsonbValue
value_of_entry(JEntry entry, char *base, uint32 offset, uint32 length)
{
	JsonbValue	value = {.type = jbvBinary};

	if (JBE_ISNUMERIC(entry))
	{
		value.type = jbvNumeric;
		value.val.numeric = (Numeric) (base + INTALIGN(offset));
	}
	else if (JBE_ISSTRING(entry))
	{
		value.type = jbvString;
		value.val.string.val = base + offset;
		value.val.string.len = length;
	}
	else if (JBE_ISNULL(entry))
		value.type = jbvNull;
	else if (JBE_ISBOOL(entry))
	{
		value.type = jbvBool;
		value.val.boolean = JBE_ISBOOL_TRUE(entry);
	}
	return value;
}

/* Walks the entries of an object, as getKeyJsonValueFromContainer would for each, from the beginning. */
typedef struct EntryWalk
{
	const JEntry *entry;
	char	   *base;
	uint32		offset;
	uint32		length;
	int			at;
} EntryWalk;

static void
next_entry(EntryWalk *walk)
{
	JEntry		entry = walk->entry[walk->at++];

	walk->offset += walk->length;
	walk->length = JBE_HAS_OFF(entry) ? JBE_OFFLENFLD(entry) - walk->offset : JBE_OFFLENFLD(entry);
}

/*
 * The place of each feature; one that is not there is missing. Keys are in order, and
 * so are the features: both are gone through once, and then the values.
 */
static void
places_of_json(const Held *held, Jsonb *json, Place *place)
{
	const Design *d = &held->classifier->design;
	int			keys = JsonContainerSize(&json->root);
	EntryWalk	walk = {json->root.children, (char *) &json->root.children[2 * keys], 0, 0, 0};
	int			found[FEATURES_MAX];	/* the place of the key among keys */
	int			next = 0;

	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("features are not a JSON object"), errhint("Give a value by name of feature, as to_jsonb(t) does of a row.")));
	for (int i = 0; i < held->sorted_count; i++)
		found[i] = -1;
	for (int key = 0; key < keys; key++)
	{
		int			order = -1;

		next_entry(&walk);
		while (next < held->sorted_count &&
			   (order = compare_keys(held->sorted[next].name, held->sorted[next].length, walk.base + walk.offset, walk.length)) < 0)
			next++;
		if (next < held->sorted_count && order == 0)
			found[next++] = key;
	}
	for (int i = 0; i < held->sorted_count; i++)
	{
		const Key  *key = &held->sorted[i];
		const DesignFeature *f = &d->feature[key->feature];
		JsonbValue	value = {.type = jbvNull};

		if (found[i] >= 0)
		{
			while (walk.at <= keys + found[i])
				next_entry(&walk);
			value = value_of_entry(walk.entry[walk.at - 1], walk.base, walk.offset, walk.length);
		}
		place[key->feature] = f->is_text ? text_of_json(f, &value, key->name) : number_of_json(f, &value, key->name);
	}
}

/* Texts by the number of their level, from 1 on, in the order of bytes; any other number is an unknown text. */
static inline Place
place_of_number(const DesignFeature *f, double value, const char *key)
{
	if (!f->is_text)
		return place_number(f, in_range(value, key));
	if (isnan(value))
		return place_level(design_missing_level(f));
	if (value >= 1 && value <= f->levels && value == floor(value))
		return place_level((int) value - 1);
	return place_level(f->has_other ? f->levels : -1);
}

static void
require_count(const Held *held, int count)
{
	if (count != held->classifier->design.features)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an array of %d numbers, and %d features", count, held->classifier->design.features),
				 errhint("Give one for each feature, in the order of classifier_features.")));
}

/* Numbers of an array one by one; NaN for NULL. */
typedef struct NumberWalk
{
	const char *value;
	const bits8 *bitmap;
	int			at;
} NumberWalk;

static inline double
next_number(NumberWalk *walk)
{
	double		number = NAN;

	if (!walk->bitmap || walk->bitmap[walk->at / 8] & (1 << walk->at % 8))
	{
		memcpy(&number, walk->value, sizeof(number));
		walk->value += sizeof(number);
	}
	walk->at++;
	return number;
}

static NumberWalk
numbers_of(const Held *held, ArrayType *array)
{
	require_count(held, ARR_NDIM(array) == 1 ? ARR_DIMS(array)[0] : -1);
	return (NumberWalk) {
		(const char *) array + (ARR_HASNULL(array) ? array->dataoffset : (int) ARR_OVERHEAD_NONULLS(ARR_NDIM(array))),
			ARR_NULLBITMAP(array), 0
	};
}

static double
log_odds_of_array(const Held *held, ArrayType *array)
{
	const Design *d = &held->classifier->design;
	const double *coefficient = held->classifier->coefficient;
	NumberWalk	walk = numbers_of(held, array);
	Place		place[FEATURES_MAX];
	double		sum = coefficient[0];

	for (int i = 0; i < d->features; i++)
	{
		double		number = next_number(&walk);
		Place		own;

		/* the way of most numbers of a plain fit */
		if (held->is_plain && isfinite(number))
		{
			sum += (number - d->feature[i].mean) * d->feature[i].per_scale * coefficient[d->feature[i].first];
			continue;
		}
		own = place_of_number(&d->feature[i], number, held->key[i].name);
		sum += feature_sum(d, &d->feature[i], &own, coefficient);
		/* pairs look at two */
		if (d->pairs > 0)
			place[i] = own;
	}
	for (int i = 0; i < d->pairs; i++)
		sum += pair_sum(d, i, place, coefficient);
	return sum;
}

static Datum
predict_json(FunctionCallInfo fcinfo)
{
	const Held *held = held_classifier(fcinfo);
	Place		place[FEATURES_MAX];

	places_of_json(held, PG_GETARG_JSONB_P(1), place);
	PG_RETURN_FLOAT8(logistic_of(classifier_log_odds(held->classifier, place)));
}

static Datum
predict_array(FunctionCallInfo fcinfo)
{
	PG_RETURN_FLOAT8(logistic_of(log_odds_of_array(held_classifier(fcinfo), PG_GETARG_ARRAYTYPE_P(1))));
}

SQL_FUNCTION(classifier_predict_json, predict_json(fcinfo));
SQL_FUNCTION(classifier_predict_array, predict_array(fcinfo));

/* ---- why ---- */

typedef struct Contribution
{
	int			feature;
	double		amount;
} Contribution;

static int
by_size(const void *a, const void *b)
{
	const Contribution *x = a;
	const Contribution *y = b;

	if (fabs(x->amount) != fabs(y->amount))
		return fabs(x->amount) > fabs(y->amount) ? -1 : 1;
	return x->feature - y->feature;
}

/* The place of a segment, or -1. */
static int
segment_of(const Classifier *c, text *given)
{
	Utf8Name	name = level_of_bytes(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given));

	for (int i = 0; i < c->segments; i++)
		if (name_compare(c->segment[i], name) == 0)
			return i;
	return -1;
}

/* The segment of argument 2, or -1. */
static int
segment_arg(FunctionCallInfo fcinfo, const Classifier *c)
{
	text	   *given;
	int			segment;

	if (PG_NARGS() < 3)
		return -1;
	given = PG_GETARG_TEXT_PP(2);
	segment = segment_of(c, given);
	if (segment >= 0)
		return segment;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("segment \"%s\" is not known to the classifier", text_to_cstring(given)),
			 errhint(c->segments > 0 ? "It knows those that its rows had." : "It learnt without segments: give fit_classifier a segment_column.")));
}

/* Arguments: classifier, features [, segment] */
static Datum
explain(FunctionCallInfo fcinfo)
{
	const Held *held = held_classifier(fcinfo);
	const Classifier *c = held->classifier;
	Place		place[FEATURES_MAX];
	double		amount[FEATURES_MAX];
	Contribution contribution[FEATURES_MAX];
	int			count = 0;
	double		base;
	RowBuilder	row = rows_begin(fcinfo);

	places_of_json(held, PG_GETARG_JSONB_P(1), place);
	base = classifier_contributions(c, place, segment_arg(fcinfo, c), amount);
	for (int i = 0; i < c->design.features; i++)
		if (c->design.feature[i].is_used)
			contribution[count++] = (Contribution) {i, amount[i]};
	qsort(contribution, count, sizeof(Contribution), by_size);
	row_put_text(&row, "(base)");
	row_put(&row, Float8GetDatum(base));
	row_end(&row);
	for (int i = 0; i < count; i++)
	{
		row_put_text(&row, held->key[contribution[i].feature].name);
		row_put(&row, Float8GetDatum(contribution[i].amount));
		row_end(&row);
	}
	return (Datum) 0;
}

SQL_FUNCTION(classifier_explain, explain(fcinfo));

/* Less is no reason: it makes the odds a twentieth higher. */
#define REASON_MIN	0.05

/* Arguments: classifier, numbers, segment, how many at most */
static Datum
reasons(FunctionCallInfo fcinfo)
{
	const Held *held = held_classifier(fcinfo);
	const Classifier *c = held->classifier;
	NumberWalk	walk = numbers_of(held, PG_GETARG_ARRAYTYPE_P(1));
	int			at_most = Min(PG_GETARG_INT32(3), FEATURES_MAX);
	Place		place[FEATURES_MAX];
	double		amount[FEATURES_MAX];
	Contribution contribution[FEATURES_MAX];
	Datum		name[FEATURES_MAX];
	int			count = 0;
	int			told = 0;

	for (int i = 0; i < c->design.features; i++)
		place[i] = place_of_number(&c->design.feature[i], next_number(&walk), held->key[i].name);
	classifier_contributions(c, place, segment_of(c, PG_GETARG_TEXT_PP(2)), amount);
	for (int i = 0; i < c->design.features; i++)
		if (c->design.feature[i].is_used && amount[i] >= REASON_MIN)
			contribution[count++] = (Contribution) {i, amount[i]};
	qsort(contribution, count, sizeof(Contribution), by_size);
	for (; told < count && told < at_most; told++)
		name[told] = CStringGetTextDatum(held->key[contribution[told].feature].name);
	return PointerGetDatum(construct_array(name, told, TEXTOID, -1, false, TYPALIGN_INT));
}

SQL_FUNCTION(classifier_reasons, reasons(fcinfo));
