#include "pg/arguments.h"
#include "pg/bag.h"
#include "pg/results.h"
#include "pg/times.h"

#include "utils/float.h"

#include "core/rate.h"
#include "core/tickets.h"

STATE_IO(tickets, tickets_type);
GROWING_STATE_GROUP(tickets, tickets_type, bag_combine);

/* A number of times, NULL giving `unknown`. */
static int32
times_arg(FunctionCallInfo fcinfo, int n, const char *what, int32 unknown)
{
	int32		times = PG_ARGISNULL(n) ? unknown : PG_GETARG_INT32(n);

	if (!PG_ARGISNULL(n) && (times < 0 || times > REOPENED_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %d is not between 0 and %d", what, times, REOPENED_MAX)));
	return times;
}

/* A ticket whose opening is not known is left out; an escalation or reopening before the opening counts from there. */
static Datum
with_ticket(FunctionCallInfo fcinfo, Ticket ticket)
{
	Bag		   *bag = bag_own(fcinfo, &tickets_type);

	ticket.count = 1;
	ticket.escalated = Max(ticket.escalated, ticket.opened);
	ticket.reopened_at = Max(ticket.reopened_at, ticket.opened);
	/* what was reopened at some instant was so once */
	if (ticket.reopened_at != INSTANT_NEVER)
		ticket.reopened = Max(ticket.reopened, 1);
	if (ticket.opened != INSTANT_NEVER)
		bag = bag_with(&tickets_type, bag, &ticket, false);
	return bag_result(fcinfo, &tickets_type, bag);
}

/* Arguments: state, opened_at, first_reply_at, solved_at, reopened, escalated, agent_replies, requester, topic [, escalated_at [, reopened_at]] */
static Datum
add_ticket(FunctionCallInfo fcinfo)
{
	bool		is_escalated = !PG_ARGISNULL(5) && PG_GETARG_BOOL(5);
	int64		escalated = PG_NARGS() > 9 ? open_instant_arg(fcinfo, 9, "escalated_at") : INSTANT_NEVER;
	int64		reopened_at = PG_NARGS() > 10 ? open_instant_arg(fcinfo, 10, "reopened_at") : INSTANT_NEVER;

	/* at a time that is not known: from its opening on */
	if (is_escalated && escalated == INSTANT_NEVER)
		escalated = INSTANT_FIRST;

	return with_ticket(fcinfo, (Ticket) {
		.opened = open_instant_arg(fcinfo, 1, "opened_at"),
		.first_reply = open_instant_arg(fcinfo, 2, "first_reply_at"),
		.solved = open_instant_arg(fcinfo, 3, "solved_at"),
		.escalated = escalated,
		.requester = text_key_arg(fcinfo, 7),
		.topic = text_key_arg(fcinfo, 8),
		.reopened = times_arg(fcinfo, 4, "reopened", 0),
		.agent_replies = times_arg(fcinfo, 6, "agent_replies", REPLIES_UNKNOWN),
		.reopened_at = reopened_at,
	});
}

/* Arguments: state, opened_at, solved_at, reopened */
static Datum
add_solve(FunctionCallInfo fcinfo)
{
	return with_ticket(fcinfo, (Ticket) {
		.opened = open_instant_arg(fcinfo, 1, "opened_at"),
		.first_reply = INSTANT_NEVER,
		.solved = open_instant_arg(fcinfo, 2, "solved_at"),
		.escalated = INSTANT_NEVER,
		.requester = TEXT_KEY_NONE,
		.topic = TEXT_KEY_NONE,
		.reopened = times_arg(fcinfo, 3, "reopened", 0),
		.agent_replies = REPLIES_UNKNOWN,
		.reopened_at = INSTANT_NEVER,
	});
}

SQL_FUNCTION(tickets_add_ticket, add_ticket(fcinfo));
SQL_FUNCTION(tickets_add_solve, add_solve(fcinfo));

static const Tickets *
tickets_arg(FunctionCallInfo fcinfo)
{
	return state_arg(fcinfo, 0, &tickets_type);
}

static Datum
opened(FunctionCallInfo fcinfo)
{
	int64		from,
				to;

	instant_range_args(fcinfo, 1, &from, &to);
	PG_RETURN_INT64(tickets_opened(tickets_arg(fcinfo), from, to));
}

SQL_FUNCTION(opened_count, opened(fcinfo));
SQL_FUNCTION(open_count, Int64GetDatum(tickets_open(tickets_arg(fcinfo), PG_GETARG_TIMESTAMPTZ(1), false)));
SQL_FUNCTION(escalated_open_count, Int64GetDatum(tickets_open(tickets_arg(fcinfo), PG_GETARG_TIMESTAMPTZ(1), true)));
SQL_FUNCTION(last_opened_at, instant_if_any(fcinfo, tickets_last_opened(tickets_arg(fcinfo), PG_GETARG_TIMESTAMPTZ(1))));

SQL_FUNCTION(first_opened_at, instant_if_any(fcinfo, tickets_first_opened(tickets_arg(fcinfo))));

/* Arguments: tickets, as_of */
static Datum
days_of_escalation(FunctionCallInfo fcinfo)
{
	int64		as_of = PG_GETARG_TIMESTAMPTZ(1);
	int64		since = tickets_escalated_since(tickets_arg(fcinfo), as_of);

	if (since == INSTANT_NEVER)
		PG_RETURN_FLOAT8(0);
	if (TIMESTAMP_IS_NOEND(as_of))
		PG_RETURN_FLOAT8(get_float8_infinity());
	PG_RETURN_FLOAT8((double) (as_of - since) / DAY_LENGTH);
}

SQL_FUNCTION(escalated_open_days, days_of_escalation(fcinfo));

/* NULL of none, and of fewer than the argument in that place, if there is one. */
static Datum
share_if_any(FunctionCallInfo fcinfo, TicketShare share, int n)
{
	int64		least = PG_NARGS() > n ? PG_GETARG_INT64(n) : 0;

	return float8_if(fcinfo, share.whole > 0 && share.whole >= least, (double) share.part / share.whole);
}

/* Arguments: tickets, from_at, to_at [, least_tickets] */
static Datum
share_reopened(FunctionCallInfo fcinfo)
{
	int64		from,
				to;

	instant_range_args(fcinfo, 1, &from, &to);
	return share_if_any(fcinfo, tickets_reopened(tickets_arg(fcinfo), from, to), 3);
}

/* Arguments: tickets, from_at, to_at, contact_window [, least_tickets] */
static Datum
share_repeated(FunctionCallInfo fcinfo)
{
	const Tickets *tickets = tickets_arg(fcinfo);
	int64		window = span_arg(fcinfo, 3, "contact_window");
	int64		from,
				to;

	instant_range_args(fcinfo, 1, &from, &to);
	return share_if_any(fcinfo, tickets_repeated(tickets, from, to, window, palloc(tickets->bag.count * sizeof(Ticket))), 4);
}

/* Arguments: tickets, from_at, to_at */
static Datum
median_of_solved(FunctionCallInfo fcinfo)
{
	const Tickets *tickets = tickets_arg(fcinfo);
	int64		from,
				to,
				median;

	instant_range_args(fcinfo, 1, &from, &to);
	if (!tickets_median_resolution(tickets, from, to, palloc(tickets->bag.count * sizeof(SolvedIn)), &median))
		PG_RETURN_NULL();
	return interval_in_days(median);
}

SQL_FUNCTION(reopened_share, share_reopened(fcinfo));
SQL_FUNCTION(repeated_share, share_repeated(fcinfo));
SQL_FUNCTION(median_resolution, median_of_solved(fcinfo));

/* Arguments: tickets, as_of, contact_window */
static TicketWalk
walk_args(FunctionCallInfo fcinfo)
{
	const Tickets *tickets = tickets_arg(fcinfo);
	Ticket	   *known = palloc(tickets->bag.count * sizeof(Ticket));

	return ticket_walk(tickets, PG_GETARG_TIMESTAMPTZ(1), span_arg(fcinfo, 2, "contact_window"), known);
}

static void
put_judgement(RowBuilder *row, Judgement judgement)
{
	if (judgement == NOT_JUDGED)
		row_put_null(row);
	else
		row_put(row, BoolGetDatum(judgement == JUDGED_YES));
}

static Datum
list(FunctionCallInfo fcinfo)
{
	RowBuilder	row = rows_begin(fcinfo);
	TicketWalk	walk = walk_args(fcinfo);
	TicketFacts facts;

	while (ticket_next(&walk, &facts))
	{
		CHECK_FOR_INTERRUPTS();
		row_put_instant(&row, facts.ticket->opened);
		row_put_instant(&row, facts.ticket->first_reply);
		row_put_instant(&row, facts.ticket->solved);
		row_put(&row, Int32GetDatum(facts.ticket->reopened));
		row_put(&row, BoolGetDatum(ticket_is_escalated(facts.ticket)));
		if (facts.ticket->agent_replies == REPLIES_UNKNOWN)
			row_put_null(&row);
		else
			row_put(&row, Int32GetDatum(facts.ticket->agent_replies));
		put_judgement(&row, facts.first_contact);
		put_judgement(&row, facts.one_touch);
		row_put(&row, BoolGetDatum(facts.repeated));
		row_end(&row);
	}
	return (Datum) 0;
}

/* Arguments: tickets, as_of, contact_window, variant */
static Datum
resolution(FunctionCallInfo fcinfo)
{
	TicketWalk	walk = walk_args(fcinfo);
	Resolution	variant = choice_arg(fcinfo, 3, "variant", resolution_words);
	Rate	   *rate = state_new(&rate_type, 0);
	TicketFacts facts;

	while (ticket_next(&walk, &facts))
	{
		Judgement	judgement = ticket_resolution(&facts, variant);

		rate->trials += judgement != NOT_JUDGED;
		rate->successes += judgement == JUDGED_YES;
	}
	PG_RETURN_POINTER(rate);
}

SQL_FUNCTION(ticket_facts, list(fcinfo));
SQL_FUNCTION(first_contact_resolution, resolution(fcinfo));
