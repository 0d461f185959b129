/*
 * Tickets: the support history of one account, a bag of its tickets.
 *
 * A row is what became of a ticket in the end. Readers see it as it was known at
 * an instant: what came later has not happened. A first reply or a solve before
 * the opening is kept as it was given, for validation to find.
 */
#ifndef CSMETRICS_TICKETS_H
#define CSMETRICS_TICKETS_H

#include "core/bag.h"
#include "core/instant.h"

/* So many can be listed one by one. */
#define TICKETS_MAX STATE_ROWS_MAX

#define REOPENED_MAX	(INT32_MAX / 2)
#define REPLIES_UNKNOWN (-1)

typedef struct Ticket
{
	int64_t		opened;
	int64_t		first_reply;	/* these two: or never */
	int64_t		solved;
	int64_t		escalated;		/* or never; not before it was opened */
	int64_t		requester;		/* these two: a text key, or none */
	int64_t		topic;
	int32_t		reopened;		/* times */
	int32_t		agent_replies;	/* or REPLIES_UNKNOWN */
	int64_t		reopened_at;	/* first; or never, where that is not known; not before it was opened */
	int64_t		count;			/* tickets with just these facts */
} Ticket;

typedef struct Tickets
{
	Bag			bag;
	Ticket		ticket[];
} Tickets;

extern const StateType tickets_type;

static inline bool
ticket_is_escalated(const Ticket *ticket)
{
	return ticket->escalated != INSTANT_NEVER;
}

/* The sums of counts opened on instants from <= t < to, and open, or open and escalated, at an instant. */
int64_t		tickets_opened(const Tickets *tickets, int64_t from, int64_t to);
int64_t		tickets_open(const Tickets *tickets, int64_t as_of, bool escalated_only);

/* The first opening, and the last by then; INSTANT_NEVER when there is none. */
int64_t		tickets_first_opened(const Tickets *tickets);
int64_t		tickets_last_opened(const Tickets *tickets, int64_t as_of);

/* The first escalation of those that are open at `as_of`; INSTANT_NEVER when there is none. */
int64_t		tickets_escalated_since(const Tickets *tickets, int64_t as_of);

/* When it was last solved, not before it was opened; or never. */
static inline int64_t
ticket_solve(const Ticket *ticket)
{
	return ticket->solved < ticket->opened ? ticket->opened : ticket->solved;
}

typedef struct TicketShare
{
	int64_t		part;
	int64_t		whole;
} TicketShare;

/*
 * Of those last solved on instants from <= t < to, the reopened; and of those
 * known as reopened and not solved by `to`, each at the instant of its reopening,
 * or where that is not known of its opening.
 */
TicketShare tickets_reopened(const Tickets *tickets, int64_t from, int64_t to);

typedef struct SolvedIn
{
	int64_t		length;
	int64_t		count;
} SolvedIn;

/* The median time from opening to solve of these, rounded down; false if there is none. `scratch` has room for a row each. */
bool		tickets_median_resolution(const Tickets *tickets, int64_t from, int64_t to, SolvedIn *scratch, int64_t *median);

/* What can be judged, yes or no, or cannot be yet. */
typedef enum Judgement
{
	JUDGED_NO,
	JUDGED_YES,
	NOT_JUDGED
} Judgement;

/* One ticket, as it was known. */
typedef struct TicketFacts
{
	const Ticket *ticket;
	Judgement	first_contact;
	Judgement	one_touch;
	bool		repeated;		/* is a further contact of an earlier ticket */
} TicketFacts;

/*
 * Visits each ticket opened by `as_of`, by requester, topic and opening.
 *
 * Contacts of one requester on one topic are in the order of their opening. A
 * later one is a further contact of an earlier one if it was opened no more than
 * `window` after the earlier one's solve, so also if it was opened before that.
 */
typedef struct TicketWalk
{
	const Ticket *next;
	const Ticket *end;
	int64_t		visited;		/* of the count of `next` */
	int64_t		as_of;
	int64_t		window;
	int64_t		reach;			/* openings until then are further contacts */
} TicketWalk;

/* `known` has room for the rows of all the tickets, and outlives the walk. */
TicketWalk	ticket_walk(const Tickets *tickets, int64_t as_of, int64_t window, Ticket *known);
bool		ticket_next(TicketWalk *walk, TicketFacts *facts);

/* Of those opened on instants from <= t < to, the further contacts; `known` as above. */
TicketShare tickets_repeated(const Tickets *tickets, int64_t from, int64_t to, int64_t window, Ticket *known);

/* What counts as resolved at first contact, out of which tickets. */
typedef enum Resolution
{
	RESOLUTION_GROSS,			/* no further contact and not reopened; solved or reopened, and a window old */
	RESOLUTION_NET,				/* likewise, without the escalated */
	RESOLUTION_ONE_TOUCH,		/* one agent reply and not reopened; solved or reopened, replies known */
	RESOLUTION_UNDER_TWO		/* no more than one agent reply, and solved; likewise */
} Resolution;

extern const char *const resolution_words[];

Judgement	ticket_resolution(const TicketFacts *facts, Resolution resolution);

#endif
