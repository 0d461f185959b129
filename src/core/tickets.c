#include "core/tickets.h"

#include "core/sort.h"

static const char *
tickets_flaw(const void *state, int64_t rows)
{
	const Tickets *tickets = state;

	for (int i = 0; i < tickets->bag.count; i++)
	{
		const Ticket *ticket = &tickets->ticket[i];

		if (!instant_is_valid(ticket->opened) || !instant_is_valid_or_never(ticket->first_reply) ||
			!instant_is_valid_or_never(ticket->solved) || !instant_is_valid_or_never(ticket->escalated))
			return "an instant is out of range";
		if (ticket->escalated < ticket->opened)
			return "an escalation is before its opening";
		if (ticket->reopened_at < ticket->opened || !instant_is_valid_or_never(ticket->reopened_at))
			return "a reopening is before its opening, or out of range";
		if (ticket->reopened < (ticket->reopened_at != INSTANT_NEVER) || ticket->agent_replies < REPLIES_UNKNOWN)
			return "a value is out of range";
	}
	return bag_flaw(&tickets_type, &tickets->bag);
}

/* Tickets of version 1 do not tell when they were reopened. */
static const StateType tickets_type_1 = {
	.name = "tickets",
	.version = 1,
	.fields = BAG_FIELDS,
	.row = "llllllkkn",
	.count_max = TICKETS_MAX,
	.row_count = bag_row_count,
};

static const int64_t never = INSTANT_NEVER;

const StateType tickets_type = {
	.name = "tickets",
	.version = 2,
	.fields = BAG_FIELDS,
	.row = "llllllkkln",
	.older = &tickets_type_1,
	.lacking = &never,
	.count_max = TICKETS_MAX,
	.row_count = bag_row_count,
	.flaw = tickets_flaw,
	.close = bag_close,
};

int64_t
tickets_opened(const Tickets *tickets, int64_t from, int64_t to)
{
	int64_t		sum = 0;

	for (int i = 0; i < tickets->bag.count && tickets->ticket[i].opened < to; i++)
		if (tickets->ticket[i].opened >= from && tickets->ticket[i].count > 0)
			sum += tickets->ticket[i].count;
	return sum;
}

int64_t
tickets_open(const Tickets *tickets, int64_t as_of, bool escalated_only)
{
	int64_t		sum = 0;

	for (int i = 0; i < tickets->bag.count && tickets->ticket[i].opened <= as_of; i++)
	{
		const Ticket *ticket = &tickets->ticket[i];

		if (ticket->count > 0 && (!escalated_only || instant_as_of(ticket->escalated, as_of) != INSTANT_NEVER) &&
			instant_as_of(ticket->solved, as_of) == INSTANT_NEVER)
			sum += ticket->count;
	}
	return sum;
}

int64_t
tickets_last_opened(const Tickets *tickets, int64_t as_of)
{
	for (int i = tickets->bag.count - 1; i >= 0; i--)
		if (tickets->ticket[i].opened <= as_of && tickets->ticket[i].count > 0)
			return tickets->ticket[i].opened;
	return INSTANT_NEVER;
}

int64_t
tickets_first_opened(const Tickets *tickets)
{
	for (int i = 0; i < tickets->bag.count; i++)
		if (tickets->ticket[i].count > 0)
			return tickets->ticket[i].opened;
	return INSTANT_NEVER;
}

int64_t
tickets_escalated_since(const Tickets *tickets, int64_t as_of)
{
	int64_t		since = INSTANT_NEVER;

	for (int i = 0; i < tickets->bag.count && tickets->ticket[i].opened <= as_of; i++)
	{
		const Ticket *ticket = &tickets->ticket[i];

		if (ticket->count > 0 && ticket->escalated <= as_of && ticket->escalated < since &&
			instant_as_of(ticket->solved, as_of) == INSTANT_NEVER)
			since = ticket->escalated;
	}
	return since;
}

static bool
solved_within(const Ticket *ticket, int64_t from, int64_t to)
{
	return ticket->count > 0 && ticket->solved != INSTANT_NEVER && ticket_solve(ticket) >= from && ticket_solve(ticket) < to;
}

/*
 * When a ticket that is not solved by `as_of` was reopened, as far as it was
 * known then. Of one that has no such instant it is known with its solve; where
 * there is none in the end either, from its opening on.
 */
static int64_t
reopened_unsolved(const Ticket *ticket, int64_t as_of)
{
	int64_t		at = ticket->reopened_at;

	if (ticket->reopened == 0 || instant_as_of(ticket->solved, as_of) != INSTANT_NEVER)
		return INSTANT_NEVER;
	if (at == INSTANT_NEVER && ticket->solved == INSTANT_NEVER)
		at = ticket->opened;
	return instant_as_of(at, as_of);
}

TicketShare
tickets_reopened(const Tickets *tickets, int64_t from, int64_t to)
{
	TicketShare share = {0};

	for (int i = 0; i < tickets->bag.count && tickets->ticket[i].opened < to; i++)
	{
		const Ticket *ticket = &tickets->ticket[i];
		int64_t		reopened = reopened_unsolved(ticket, to - 1);

		if (ticket->count > 0 && reopened != INSTANT_NEVER && reopened >= from)
			share.part += ticket->count;
		else if (!solved_within(ticket, from, to))
			continue;
		else if (ticket->reopened > 0)
			share.part += ticket->count;
		share.whole += ticket->count;
	}
	return share;
}

#define COMPARE(x, y) ((x) == (y) ? 0 : (x) < (y) ? -1 : 1)

static int
compare_lengths(const void *a, const void *b)
{
	return COMPARE(((const SolvedIn *) a)->length, ((const SolvedIn *) b)->length);
}

bool
tickets_median_resolution(const Tickets *tickets, int64_t from, int64_t to, SolvedIn *scratch, int64_t *median)
{
	int			rows = 0;
	int64_t		count = 0;
	int64_t		seen = 0;
	int64_t		below = 0;
	int			i = 0;

	for (; i < tickets->bag.count && tickets->ticket[i].opened < to; i++)
	{
		const Ticket *ticket = &tickets->ticket[i];

		if (!solved_within(ticket, from, to))
			continue;
		scratch[rows++] = (SolvedIn) {ticket_solve(ticket) - ticket->opened, ticket->count};
		count += ticket->count;
	}
	if (count == 0)
		return false;
	sort_rows(scratch, rows, sizeof(SolvedIn), compare_lengths);
	/* the places, from 0, of the two in the middle: of an odd count the same */
	for (i = 0; seen + scratch[i].count <= (count - 1) / 2; i++)
		seen += scratch[i].count;
	below = scratch[i].length;
	for (; seen + scratch[i].count <= count / 2; i++)
		seen += scratch[i].count;
	*median = below + (scratch[i].length - below) / 2;
	return true;
}

static bool
same_contact(const Ticket *a, const Ticket *b)
{
	return a->requester == b->requester && a->topic == b->topic;
}

/* By requester, topic and opening; then by the rest, so that equal openings have one order. */
static int
compare_contacts(const void *a, const void *b)
{
	const Ticket *x = a;
	const Ticket *y = b;
	int			order = COMPARE(x->requester, y->requester);

	if (order == 0)
		order = COMPARE(x->topic, y->topic);
	if (order == 0)
		order = COMPARE(x->opened, y->opened);
	if (order == 0)
		order = COMPARE(x->first_reply, y->first_reply);
	if (order == 0)
		order = COMPARE(x->solved, y->solved);
	if (order == 0)
		order = COMPARE(x->escalated, y->escalated);
	if (order == 0)
		order = COMPARE(x->reopened, y->reopened);
	if (order == 0)
		order = COMPARE(x->agent_replies, y->agent_replies);
	return order == 0 ? COMPARE(x->reopened_at, y->reopened_at) : order;
}

/* How a ticket was reopened and answered is known with its solve, or with its reopening. */
static Ticket
ticket_as_of(const Ticket *ticket, int64_t as_of)
{
	Ticket		known = *ticket;

	known.first_reply = instant_as_of(ticket->first_reply, as_of);
	known.solved = instant_as_of(ticket->solved, as_of);
	known.escalated = instant_as_of(ticket->escalated, as_of);
	if (known.solved == INSTANT_NEVER && reopened_unsolved(ticket, as_of) == INSTANT_NEVER)
	{
		known.reopened = 0;
		known.agent_replies = REPLIES_UNKNOWN;
	}
	known.reopened_at = known.reopened > 0 ? instant_as_of(ticket->reopened_at, as_of) : INSTANT_NEVER;
	return known;
}

/* Contacts that are opened by then are further ones of that ticket. */
static int64_t
contact_end(const Ticket *ticket, int64_t solved, int64_t window)
{
	return solved == INSTANT_NEVER ? INSTANT_NEVER : instant_after(solved < ticket->opened ? ticket->opened : solved, window);
}

TicketWalk
ticket_walk(const Tickets *tickets, int64_t as_of, int64_t window, Ticket *known)
{
	bool		in_order = true;
	int			count = 0;

	for (int i = 0; i < tickets->bag.count && tickets->ticket[i].opened <= as_of; i++)
	{
		if (tickets->ticket[i].count <= 0)
			continue;
		known[count] = ticket_as_of(&tickets->ticket[i], as_of);
		in_order = in_order && (count == 0 || compare_contacts(&known[count - 1], &known[count]) <= 0);
		count++;
	}
	if (!in_order)
		sort_rows(known, count, sizeof(Ticket), compare_contacts);
	return (TicketWalk) {.next = known, .end = known + count, .as_of = as_of, .window = window, .reach = INT64_MIN};
}

static Judgement
judged(bool verdict)
{
	return verdict ? JUDGED_YES : JUDGED_NO;
}

bool
ticket_next(TicketWalk *walk, TicketFacts *facts)
{
	const Ticket *ticket = walk->next;
	const Ticket *following = ticket;
	bool		solved;
	int64_t		until;

	if (ticket == walk->end)
		return false;
	if (++walk->visited == ticket->count)
	{
		following = ++walk->next;
		walk->visited = 0;
	}
	if (following == walk->end || !same_contact(ticket, following))
		following = NULL;

	solved = ticket->solved != INSTANT_NEVER && ticket->solved >= ticket->opened;
	until = contact_end(ticket, ticket->solved, walk->window);

	*facts = (TicketFacts) {ticket, NOT_JUDGED, NOT_JUDGED, ticket->opened <= walk->reach};
	if (ticket->solved == INSTANT_NEVER && ticket->reopened > 0)
	{
		/* solved once, at an instant that is not known, and not for good */
		if (instant_after(ticket->opened, walk->window) <= walk->as_of)
			facts->first_contact = JUDGED_NO;
	}
	else if (solved && until <= walk->as_of)
		facts->first_contact = judged(ticket->reopened == 0 && (!following || following->opened > until));
	if (ticket->agent_replies != REPLIES_UNKNOWN)
		facts->one_touch = judged(ticket->agent_replies == 1 && ticket->reopened == 0);

	if (!following)
		walk->reach = INT64_MIN;
	else if (walk->reach < until)
		walk->reach = until;
	return true;
}

/* Of a short history, by looking back: of those opened at one instant it does not matter which is the first. */
static TicketShare
repeated_looking_back(const Tickets *tickets, int64_t from, int64_t to, int64_t window)
{
	const Ticket *last[SHORT_HISTORY];	/* of each requester and topic */
	int64_t		reach[SHORT_HISTORY];	/* openings until then are further contacts */
	int			contacts = 0;
	TicketShare share = {0};

	for (int i = 0; i < tickets->bag.count && tickets->ticket[i].opened < to; i++)
	{
		const Ticket *ticket = &tickets->ticket[i];
		int64_t		until = contact_end(ticket, instant_as_of(ticket->solved, to), window);
		int			at = 0;

		if (ticket->count <= 0)
			continue;
		while (at < contacts && !same_contact(last[at], ticket))
			at++;
		if (at == contacts)
			reach[contacts++] = INT64_MIN;
		last[at] = ticket;
		if (ticket->opened >= from)
		{
			share.whole += ticket->count;
			share.part += ticket->count - (ticket->opened > reach[at]);
		}
		if (reach[at] < until)
			reach[at] = until;
	}
	return share;
}

TicketShare
tickets_repeated(const Tickets *tickets, int64_t from, int64_t to, int64_t window, Ticket *known)
{
	TicketWalk	walk;
	TicketShare share = {0};
	TicketFacts facts;

	if (tickets->bag.count <= SHORT_HISTORY)
		return repeated_looking_back(tickets, from, to, window);
	walk = ticket_walk(tickets, to, window, known);

	while (ticket_next(&walk, &facts))
		if (facts.ticket->opened >= from && facts.ticket->opened < to)
		{
			share.whole++;
			share.part += facts.repeated;
		}
	return share;
}

const char *const resolution_words[] = {"gross", "net", "one_touch", "under_two", NULL};

Judgement
ticket_resolution(const TicketFacts *facts, Resolution resolution)
{
	switch (resolution)
	{
		case RESOLUTION_GROSS:
			return facts->first_contact;
		case RESOLUTION_NET:
			return ticket_is_escalated(facts->ticket) ? NOT_JUDGED : facts->first_contact;
		case RESOLUTION_ONE_TOUCH:
			return facts->one_touch;
		default:
			return facts->one_touch == NOT_JUDGED ? NOT_JUDGED :
				judged(facts->ticket->agent_replies < 2 && facts->ticket->solved != INSTANT_NEVER);
	}
}
