#include "core/cox.h"

#include <math.h>
#include <string.h>

#include "core/item_parts.h"
#include "core/numbers.h"

/* Bytes from outside, which may end or be wrong anywhere: then all that is read is zero. */
typedef struct Stream
{
	const uint8_t *in;
	const uint8_t *end;
	const char *flaw;
} Stream;

/* The first flaw is what is told. */
static void
spoil(Stream *stream, const char *flaw)
{
	if (stream->flaw == NULL)
		stream->flaw = flaw;
}

static const uint8_t *
take_bytes(Stream *stream, int64_t many)
{
	const uint8_t *bytes = stream->in;

	if (stream->end - stream->in < many)
		spoil(stream, "it ends too early");
	if (stream->flaw)
		return NULL;
	stream->in += many;
	return bytes;
}

static int
take_byte(Stream *stream, int highest)
{
	const uint8_t *byte = take_bytes(stream, 1);

	if (byte && *byte > highest)
		spoil(stream, "a choice is unknown");
	return stream->flaw ? 0 : *byte;
}

static int64_t
take_number(Stream *stream, int64_t highest)
{
	uint64_t	value = 0;
	const uint8_t *next = stream->flaw ? NULL : number_read(stream->in, stream->end, &value);

	if (next == NULL || value > (uint64_t) highest)
	{
		spoil(stream, "a count is out of range");
		return 0;
	}
	stream->in = next;
	return (int64_t) value;
}

static double
take_double(Stream *stream, double lowest)
{
	const uint8_t *bytes = take_bytes(stream, 8);
	double		value = bytes ? read_big_double(&bytes) : 0;

	if (!isfinite(value) || value < lowest || (value == 0 && signbit(value)))
		spoil(stream, "a number is out of range");
	return stream->flaw ? 0 : value;
}

static Utf8Name
take_name(Stream *stream)
{
	Utf8Name	name = {stream->in, 0};

	if (stream->flaw == NULL && !name_is_sound(&stream->in, stream->end))
		spoil(stream, "a name is not sound");
	if (stream->flaw == NULL)
		name.length = (int32_t) (stream->in - name.bytes - 1);
	return name;
}

static CoxFeature
take_feature(Stream *stream)
{
	CoxFeature	feature = {.name = take_name(stream)};
	Utf8Name	before = {0};

	feature.kind = take_byte(stream, FEATURE_TEXT);
	feature.missing = take_number(stream, COUNT_LIMIT - 1);
	if (feature.kind != FEATURE_TEXT)
		return feature;
	feature.levels = (int32_t) take_number(stream, COX_TERMS_MAX + 1);
	feature.level = stream->in;
	if (feature.levels == 0)
		spoil(stream, "a text has no levels");
	for (int32_t i = 0; i < feature.levels && stream->flaw == NULL; i++)
	{
		Utf8Name	level = take_name(stream);

		if (stream->flaw == NULL && i > 0 && name_compare(before, level) >= 0)
			spoil(stream, "levels are not in order");
		before = level;
	}
	return feature;
}

static void
take_term(Stream *stream, bool clustered)
{
	TermStatus	status = take_byte(stream, TERM_UNBOUNDED);
	bool		estimated = status == TERM_ESTIMATED || status == TERM_UNBOUNDED;
	double		coefficient;
	double		errors[3];

	take_double(stream, -INFINITY);
	coefficient = take_double(stream, -INFINITY);
	for (int i = 0; i < 3; i++)
		errors[i] = take_double(stream, 0);
	if ((!estimated && (coefficient != 0 || errors[0] > 0 || errors[1] > 0 || errors[2] > 0)) || (!clustered && errors[1] > 0))
		spoil(stream, "a term has numbers that it cannot have");
}

static void
take_steps(Stream *stream, const CoxView *view)
{
	double		time = -1;
	double		hazard = 0;

	for (int32_t i = 0; i < view->steps && stream->flaw == NULL; i++)
	{
		double		next_time = take_double(stream, 0);
		double		next_hazard = take_double(stream, 0);

		if (next_time <= time || next_time > view->last_time || next_hazard < hazard)
			spoil(stream, "steps are not in order");
		time = next_time;
		hazard = next_hazard;
	}
}

static CoxView
take_head(Stream *stream)
{
	CoxView		view = {.ties = take_byte(stream, TIES_BRESLOW), .flags = (uint8_t) take_byte(stream, COX_CONVERGED | COX_THINNED)};

	view.iterations = (int32_t) take_number(stream, INT32_MAX);
	view.log_likelihood_null = take_double(stream, -INFINITY);
	view.log_likelihood = take_double(stream, -INFINITY);
	view.chi_square = take_double(stream, 0);
	view.concordant = take_number(stream, INT64_MAX / 4);
	view.discordant = take_number(stream, INT64_MAX / 4);
	view.tied = take_number(stream, INT64_MAX / 4);
	view.last_time = take_double(stream, 0);
	view.features = (int32_t) take_number(stream, COX_TERMS_MAX);
	view.feature_at = stream->in;
	return view;
}

static const char *
cox_flaw(const void *state, int64_t rows)
{
	const Cox  *cox = state;
	Stream		stream = {cox->stream, cox->stream + rows, NULL};
	CoxView		view;

	if (cox->rows < 1 || cox->left_out < 0 || cox->events < 1 || cox->events > cox->rows || cox->clusters < 0 || cox->clusters > cox->rows
		|| !count_within_limit(cox->rows) || !count_within_limit(cox->left_out))
		return "a count is out of range";
	view = take_head(&stream);
	for (int32_t i = 0; i < view.features && stream.flaw == NULL; i++)
	{
		CoxFeature	feature = take_feature(&stream);

		view.terms += feature.kind == FEATURE_TEXT ? feature.levels - 1 : 1;
	}
	if (stream.flaw == NULL && (view.features == 0 || view.terms > COX_TERMS_MAX))
		spoil(&stream, "its terms are none or too many");
	for (int32_t i = 0; i < view.terms && stream.flaw == NULL; i++)
		take_term(&stream, cox->clusters > 0);
	view.steps = (int32_t) take_number(&stream, COX_STEPS_MAX);
	take_steps(&stream, &view);
	if (stream.flaw == NULL && view.steps == 0)
		spoil(&stream, "it has no steps");
	if (stream.flaw == NULL && stream.in != stream.end)
		spoil(&stream, "it goes on after its end");
	return stream.flaw;
}

const StateType cox_type = {
	.name = "cox",
	.version = 1,
	.fields = "llll",
	.row = "b",
	.flaw = cox_flaw,
};

const StateType hazard_type = {
	.name = "hazard",
	.version = 1,
	.fields = "llll",
	.row = "b",
	.flaw = cox_flaw,
};

CoxFeature
cox_next_feature(const uint8_t **at)
{
	CoxFeature	feature = {.name = read_name(at)};

	feature.kind = *(*at)++;
	feature.missing = (int64_t) number_next(at);
	if (feature.kind != FEATURE_TEXT)
		return feature;
	feature.levels = (int32_t) number_next(at);
	feature.level = *at;
	for (int32_t i = 0; i < feature.levels; i++)
		read_name(at);
	return feature;
}

CoxView
cox_view(const Cox *cox)
{
	/* as far as the features it is short */
	Stream		stream = {cox->stream, cox->stream + STATE_ROWS_MAX, NULL};
	CoxView		view = take_head(&stream);
	const uint8_t *at = view.feature_at;

	for (int32_t i = 0; i < view.features; i++)
	{
		CoxFeature	feature = cox_next_feature(&at);

		view.terms += feature.kind == FEATURE_TEXT ? feature.levels - 1 : 1;
	}
	view.term_at = at;
	at += view.terms * TERM_SIZE;
	view.steps = (int32_t) number_next(&at);
	view.step_at = at;
	return view;
}

CoxTerm
cox_term(const CoxView *view, int32_t n)
{
	const uint8_t *at = view->term_at + n * TERM_SIZE;
	CoxTerm		term = {.status = *at++};

	term.mean = read_big_double(&at);
	term.coefficient = read_big_double(&at);
	term.standard_error = read_big_double(&at);
	term.robust = read_big_double(&at);
	term.chi_square = read_big_double(&at);
	return term;
}

static HazardStep
step_of(const CoxView *view, int32_t n)
{
	const uint8_t *at = view->step_at + n * STEP_SIZE;
	HazardStep	step = {.time = read_big_double(&at)};

	step.hazard = read_big_double(&at);
	return step;
}

/* Between steps it does not rise; where steps were left out, it is taken to rise evenly. */
double
cox_hazard(const CoxView *view, double time)
{
	int32_t		low = 0;
	int32_t		high = view->steps;
	HazardStep	from = {0};
	HazardStep	to;

	/* the first step after it */
	while (low < high)
	{
		int32_t		middle = (low + high) / 2;

		if (step_of(view, middle).time <= time)
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0)
		from = step_of(view, low - 1);
	if ((view->flags & COX_THINNED) == 0 || low == view->steps)
		return from.hazard;
	to = step_of(view, low);
	return from.hazard + (to.hazard - from.hazard) * (time - from.time) / (to.time - from.time);
}

double
hazard_surviving(const CoxView *view, double ratio, double time)
{
	double		before = 0;
	double		surviving = 1;

	for (int32_t i = 0; i < view->steps; i++)
	{
		HazardStep	step = step_of(view, i);
		double		own = step.hazard - before;

		if (step.time > time)
			break;
		if (own > NOBODY_SURVIVES / 2)
			return 0;
		surviving *= (HazardLink) view->ties == LINK_LOGIT ? 1 / (1 + ratio * own) : exp(-ratio * own);
		before = step.hazard;
	}
	return surviving;
}

size_t
cox_room(const CoxFeature *feature, int32_t features, int32_t terms)
{
	size_t		room = 64 + 12 * NUMBER_SIZE_MAX + (size_t) terms * TERM_SIZE + COX_STEPS_MAX * STEP_SIZE;

	for (int32_t i = 0; i < features; i++)
	{
		const uint8_t *at = feature[i].level;

		for (int32_t level = 0; level < feature[i].levels; level++)
			read_name(&at);
		room += feature[i].name.length + 2 + 2 * NUMBER_SIZE_MAX + (at - feature[i].level);
	}
	return room;
}

static uint8_t *
write_feature(uint8_t *out, const CoxFeature *feature)
{
	const uint8_t *at = feature->level;

	out = write_name(out, feature->name);
	*out++ = (uint8_t) feature->kind;
	out = number_write(out, feature->missing);
	if (feature->kind != FEATURE_TEXT)
		return out;
	out = number_write(out, feature->levels);
	for (int32_t i = 0; i < feature->levels; i++)
		out = write_name(out, read_name(&at));
	return out;
}

static uint8_t *
write_term(uint8_t *out, const CoxTerm *term)
{
	*out++ = (uint8_t) term->status;
	out = write_big_double(out, term->mean);
	out = write_big_double(out, term->coefficient);
	out = write_big_double(out, term->standard_error);
	out = write_big_double(out, term->robust);
	return write_big_double(out, term->chi_square);
}

/* So many parts of a way that hazard has come, and of the share that had the event. */
#define STEP_PARTS (COX_STEPS_MAX / 2 - 2)

/* All steps, or of too many those that come into a further part of either way, and the last; how many are kept. */
static int64_t
thin_steps(const HazardStep *step, int64_t steps, int64_t *kept)
{
	double		last = step[steps - 1].hazard;
	int64_t		count = 0;
	double		part = -1;

	for (int64_t i = 0; i < steps; i++)
	{
		/* both only grow, so their sum does where one of them does */
		double		reached = floor(step[i].hazard / last * STEP_PARTS) + floor(-expm1(-step[i].hazard) * STEP_PARTS);

		if (steps <= COX_STEPS_MAX || reached > part || i == steps - 1)
			kept[count++] = i;
		part = reached;
	}
	return count;
}

size_t
cox_write(uint8_t *stream, const CoxView *view, const CoxFeature *feature, const CoxTerm *term, const HazardStep *step, int64_t steps)
{
	int64_t		kept[COX_STEPS_MAX];
	int64_t		count = thin_steps(step, steps, kept);
	uint8_t    *out = stream;

	*out++ = (uint8_t) view->ties;
	*out++ = (uint8_t) (view->flags | (count < steps ? COX_THINNED : 0));
	out = number_write(out, view->iterations);
	out = write_big_double(out, view->log_likelihood_null);
	out = write_big_double(out, view->log_likelihood);
	out = write_big_double(out, view->chi_square);
	out = number_write(out, view->concordant);
	out = number_write(out, view->discordant);
	out = number_write(out, view->tied);
	out = write_big_double(out, view->last_time);
	out = number_write(out, view->features);
	for (int32_t i = 0; i < view->features; i++)
		out = write_feature(out, feature + i);
	for (int32_t i = 0; i < view->terms; i++)
		out = write_term(out, term + i);
	out = number_write(out, count);
	for (int64_t i = 0; i < count; i++)
	{
		out = write_big_double(out, step[kept[i]].time);
		out = write_big_double(out, step[kept[i]].hazard);
	}
	return out - stream;
}
