#include "core/adoption.h"

/* Numbers of those that first used a feature after so many days, and of those that had not used it so long. */
static int32_t
number_of_days(int32_t days, bool used)
{
	return 2 * days + !used;
}

#define NUMBER_MAX (2 * (DAY_LAST - DAY_FIRST) + 1)

static const char *
adoption_flaw(const void *state, int64_t rows)
{
	const Adoption *adoption = state;
	bool		debt;

	if (adoption->form < ADOPTION_OPEN || adoption->form > ADOPTION_TIMED || adoption->beyond < 0)
		return "unknown form";
	if (adoption->from >= adoption->to)
		return "the window is empty";
	return named_flaw(&adoption->counts, rows,
					  adoption->form == ADOPTION_OPEN ? ADOPTION_USED : ADOPTION_ADOPTED,
					  adoption->form == ADOPTION_OPEN ? ADOPTION_ADOPTED : adoption->form == ADOPTION_TIMED ? NUMBER_MAX : ADOPTION_ELIGIBLE,
					  &debt);
}

static size_t
adoption_close(const StateType *type, void *state)
{
	Adoption   *adoption = state;
	bool		debt = false;
	size_t		size = named_close(&adoption->counts, &debt);

	adoption->header.flags = 0;
	return size == 0 || size == STATE_TOO_LARGE ? size : size + ((char *) &adoption->counts - (char *) adoption);
}

const StateType adoption_type = {
	.name = "adoption",
	.version = 1,
	.fields = "dd" "kk" "nn" NAMED_COUNTS_FIELDS,
	.row = "b",
	.flaw = adoption_flaw,
	.close = adoption_close,
};

int64_t
adoption_facts_max(const AdoptionAccount *account)
{
	return 2 * ((account->usage ? account->usage->counts.names : 0) + (int64_t) account->entitled_count) + account->entitled_count;
}

/* Where facts are written to. */
typedef struct FactWriter
{
	AdoptionFact *next;
	AdoptionForm form;
	int32_t		to;
	const AdoptionAccount *account;
} FactWriter;

static void
write_fact(FactWriter *writer, Utf8Name feature, int32_t number)
{
	*writer->next++ = (AdoptionFact) {feature, number};
}

/*
 * A feature that the account may use, first used on a day, if it was before the
 * end. The last day that is known is the one before that. Who used it before the
 * start has it from the start on.
 */
static void
write_entitled(FactWriter *writer, Utf8Name feature, bool used, int32_t first)
{
	const AdoptionAccount *account = writer->account;
	int32_t		days = (used ? first : writer->to - 1) - account->started;

	write_fact(writer, feature, ADOPTION_ELIGIBLE);
	if (writer->form == ADOPTION_TIMED && account->has_start && account->started < writer->to)
		write_fact(writer, feature, number_of_days(days < 0 ? 0 : days, used));
}

int64_t
adoption_facts(const Adoption *adoption, const AdoptionAccount *account, AdoptionFact *facts, bool *active)
{
	AdoptionForm form = adoption->form;
	FactWriter	writer = {facts, form, adoption->to, account};
	const Utf8Name *entitled = account->entitled;
	const Utf8Name *entitled_end = entitled + account->entitled_count;
	NamedWalk	walk = {0};

	*active = false;
	if (account->usage)
		walk = features_walk(account->usage, account->size);
	while (named_next(&walk))
	{
		FeatureFacts before = feature_facts(&walk, adoption->to);
		bool		known = before.active_days > 0;
		bool		in_window = known && feature_used(&walk, adoption->from, adoption->to, 1);
		bool		often = in_window && feature_used_times(&walk, adoption->from, adoption->to, (int64_t) adoption->beyond + 1);
		bool		may = form == ADOPTION_OPEN;

		*active |= in_window;
		/* both are in order */
		for (; entitled < entitled_end && name_compare(*entitled, walk.name) < 0; entitled++)
			write_entitled(&writer, *entitled, false, 0);
		if (entitled < entitled_end && name_compare(*entitled, walk.name) == 0)
		{
			write_entitled(&writer, *entitled++, known, before.first);
			may = true;
		}
		if (form == ADOPTION_OPEN && known)
			write_fact(&writer, walk.name, ADOPTION_USED);
		if (often)
			write_fact(&writer, walk.name, may ? ADOPTION_ADOPTED : ADOPTION_UNENTITLED);
	}
	for (; entitled < entitled_end; entitled++)
		write_entitled(&writer, *entitled, false, 0);
	return writer.next - facts;
}

FeatureAdoption
adoption_read(const Adoption *adoption, const NamedWalk *walk)
{
	ActivityWalk chunks = named_chunks(walk);
	FeatureAdoption feature = {.whole = true};
	int32_t		last = -1;

	if (adoption->form == ADOPTION_OPEN)
		feature.eligible = adoption->active;
	while (activity_next(&chunks))
		for (uint64_t rest = chunks.recorded; rest; rest &= rest - 1)
		{
			int32_t		number = chunks.day + __builtin_ctzll(rest);
			int64_t		count = chunk_events(&chunks, rest & -rest);

			feature.whole &= count > 0;
			if (number == ADOPTION_ADOPTED)
				feature.adopters = count;
			else if (number == ADOPTION_UNENTITLED)
				feature.unentitled = count;
			else if (number == ADOPTION_ELIGIBLE)
				feature.eligible = count;
			else if (number >= 0 && number / 2 != last)
			{
				last = number / 2;
				feature.lengths++;
			}
		}
	return feature;
}

void
adoption_durations(const NamedWalk *walk, Durations *durations)
{
	ActivityWalk chunks = named_chunks(walk);
	DurationRow *rows = (DurationRow *) (durations + 1);

	while (activity_next(&chunks))
		for (uint64_t rest = chunks.recorded; rest; rest &= rest - 1)
		{
			int32_t		number = chunks.day + __builtin_ctzll(rest);
			int64_t		count = chunk_events(&chunks, rest & -rest);
			DurationRow *row;

			if (number < 0)
				continue;
			if (durations->count == 0 || rows[durations->count - 1].length != number / 2)
				rows[durations->count++].length = number / 2;
			row = &rows[durations->count - 1];
			*(number == number_of_days(number / 2, true) ? &row->ended : &row->censored) = count;
		}
}
