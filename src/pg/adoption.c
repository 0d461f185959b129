#include "pg/arguments.h"
#include "pg/named_counts.h"
#include "pg/results.h"
#include "pg/times.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "core/adoption.h"
#include "core/survival.h"

STATE_IO(adoption, adoption_type);
GROWING_STATE_GROUP(adoption, adoption_type, named_combine);

static int
compare_names(const void *a, const void *b)
{
	return name_compare(*(const Utf8Name *) a, *(const Utf8Name *) b);
}

/* Argument n: an array of features, of which NULL and what comes twice are left out; in order. */
static void
entitled_arg(FunctionCallInfo fcinfo, int n, AdoptionAccount *account)
{
	Utf8Name   *names;
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	int			kept = 0;

	if (PG_ARGISNULL(n))
		return;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	names = palloc((count + 1) * sizeof(Utf8Name));
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			names[kept++] = name_from_text(elements[i], "feature");
	qsort(names, kept, sizeof(Utf8Name), compare_names);
	for (int i = 0; i < kept; i++)
		if (account->entitled_count == 0 || name_compare(names[account->entitled_count - 1], names[i]) != 0)
			names[account->entitled_count++] = names[i];
	account->entitled = names;
}

static const char *const form_words[] = {"no eligible", "eligible", "eligible and started"};

/* Makes sure that each row of a group asks for the same; the first one says what. */
static void
ask_for(FunctionCallInfo fcinfo, Adoption *adoption, int32 from, int32 to, AdoptionForm form, int32 beyond)
{
	if (PG_ARGISNULL(0))
	{
		adoption->from = from;
		adoption->to = to;
		adoption->form = form;
		adoption->beyond = beyond;
	}
	if (adoption->from != from || adoption->to != to || adoption->form != (int32) form)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_date and to_date must be the same in every row of a group"),
				 errdetail("This row asks for %s to %s with %s, those before it for %s to %s with %s.",
						   day_text(from), day_text(to), form_words[form],
						   day_text(adoption->from), day_text(adoption->to), form_words[adoption->form])));
	if (adoption->beyond != beyond)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("at_least must be the same in every row of a group"),
				 errdetail("This row asks for %d, those before it for %d.", beyond + 1, adoption->beyond + 1)));
}

/* Arguments from number `at` on: usage, from_date, to_date [, eligible [, started]] */
static Datum
accumulate(FunctionCallInfo fcinfo, int at, int32 beyond, bool subtract)
{
	Adoption   *adoption = named_own(fcinfo, &adoption_type);
	int			count = subtract ? -1 : 1;
	AdoptionForm form = PG_NARGS() - at - 3;
	AdoptionAccount account = {0};
	AdoptionFact *facts;
	int64		fact_count;
	bool		active;
	int32		from,
				to;

	day_range_args(fcinfo, at + 1, &from, &to);
	ask_for(fcinfo, adoption, from, to, form, beyond);
	if (!PG_ARGISNULL(at))
	{
		account.usage = state_arg(fcinfo, at, &feature_usage_type);
		account.size = VARSIZE(account.usage);
	}
	if (form >= ADOPTION_ENTITLED)
		entitled_arg(fcinfo, at + 3, &account);
	if (form == ADOPTION_TIMED && !PG_ARGISNULL(at + 4))
	{
		account.has_start = true;
		account.started = day_arg(fcinfo, at + 4, "started");
	}
	facts = palloc((adoption_facts_max(&account) + 1) * sizeof(AdoptionFact));
	fact_count = adoption_facts(adoption, &account, facts, &active);
	for (int64 i = 0; i < fact_count; i++)
		adoption = named_with(&adoption_type, adoption, facts[i].feature, facts[i].number, count);
	adoption->given += count;
	adoption->active += active ? count : 0;
	if (adoption->given == 0)
		PG_RETURN_NULL();
	return state_result(fcinfo, &adoption_type, adoption);
}

/* Arguments: state, at_least, usage, from_date, to_date [, eligible] */
static Datum
accumulate_frequent(FunctionCallInfo fcinfo, bool subtract)
{
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("at_least must not be NULL")));
	if (PG_GETARG_INT32(1) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("at_least %d is below 1", PG_GETARG_INT32(1))));
	return accumulate(fcinfo, 2, PG_GETARG_INT32(1) - 1, subtract);
}

SQL_FUNCTION(adoption_agg_add, accumulate(fcinfo, 1, 0, false));
SQL_FUNCTION(adoption_agg_remove, accumulate(fcinfo, 1, 0, true));
SQL_FUNCTION(frequent_adoption_agg_add, accumulate_frequent(fcinfo, false));
SQL_FUNCTION(frequent_adoption_agg_remove, accumulate_frequent(fcinfo, true));

/* The days by which half of the accounts had used the feature; false where that is not known. */
static bool
median_days(const NamedWalk *walk, const FeatureAdoption *feature, double *days)
{
	Durations  *durations;
	bool		known;

	if (!feature->whole || feature->lengths == 0)
		return false;
	/* its rows may be more than a state keeps exact: it is only read */
	durations = palloc0(sizeof(Durations) + feature->lengths * sizeof(DurationRow));
	adoption_durations(walk, durations);
	known = survival_quantile(durations, 0.5, CURVE_SURVIVING, 0, SCALE_LOG_LOG, days);
	pfree(durations);
	return known;
}

/* Arguments: state, confidence */
static Datum
adoption_rows(FunctionCallInfo fcinfo)
{
	const Adoption *adoption = state_arg(fcinfo, 0, &adoption_type);
	double		confidence = confidence_arg(fcinfo, 1);
	NamedWalk	walk = named_walk(&adoption_type, adoption, VARSIZE(adoption), false);
	RowBuilder	row = rows_begin(fcinfo);

	while (named_next(&walk))
	{
		FeatureAdoption feature = adoption_read(adoption, &walk);
		bool		known = share_known(feature.adopters, feature.eligible);
		Bounds		bounds = {0};
		double		days = 0;
		bool		days_known = median_days(&walk, &feature, &days);

		if (known)
			bounds = wilson_interval(feature.adopters, feature.eligible, confidence);
		row_put(&row, name_to_text(walk.name));
		row_put(&row, Int64GetDatum(feature.eligible));
		row_put(&row, Int64GetDatum(feature.adopters));
		row_put_ratio(&row, known, (double) feature.adopters / feature.eligible);
		row_put_ratio(&row, known, bounds.lower);
		row_put_ratio(&row, known, bounds.upper);
		row_put_ratio(&row, days_known, days);
		row_put(&row, Int64GetDatum(feature.unentitled));
		row_end(&row);
	}
	return (Datum) 0;
}

SQL_FUNCTION(feature_adoption, adoption_rows(fcinfo));
SQL_FUNCTION(adoption_account_count, Int64GetDatum(((const Adoption *) state_arg(fcinfo, 0, &adoption_type))->given));
SQL_FUNCTION(adoption_active_count, Int64GetDatum(((const Adoption *) state_arg(fcinfo, 0, &adoption_type))->active));
