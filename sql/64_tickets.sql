-- The support history of one account: tickets, its aggregate and its readers.
CALL csmetrics.define_state('tickets', has_final => true);
COMMENT ON TYPE csmetrics.tickets IS
'The support tickets of one account over time, 72 bytes each. Built by ticket_agg; keeps time, so it can be read as '
'of any instant; adds up by merge and rollup, to at most 2^21 tickets. Requesters and topics are kept as keys of 64 '
'bits, which tell them apart, not as text.';

CALL csmetrics.define_agg('ticket_agg',
    'opened_at timestamptz, first_reply_at timestamptz, solved_at timestamptz, reopened integer, '
    'escalated boolean, agent_replies integer, requester text, topic text',
    'tickets', 256, add => 'tickets_add', symbol => 'tickets_add_ticket', removable => false, comment =>
'The support history of one account, one row a ticket (times NULL or infinity: not yet). Rows without opened_at are '
'left out. reopened or agent_replies below 0: SQLSTATE 22023; an instant of -infinity or outside the years 1 to 9999: '
'22008; more than 2^21 tickets: 54000. NULL without rows.');
CALL csmetrics.define_agg('ticket_agg',
    'opened_at timestamptz, first_reply_at timestamptz, solved_at timestamptz, reopened integer, '
    'escalated boolean, agent_replies integer, requester text, topic text, escalated_at timestamptz',
    'tickets', 256, add => 'tickets_add', symbol => 'tickets_add_ticket', removable => false, comment =>
'The same with the instant of escalation, before which the ticket is not escalated; NULL or infinity: escalated '
'tells, from the opening on; before the opening: from it on. escalated_at of -infinity or outside the years 1 to '
'9999: SQLSTATE 22008; other errors as above.');
CALL csmetrics.define_agg('ticket_agg',
    'opened_at timestamptz, first_reply_at timestamptz, solved_at timestamptz, reopened integer, '
    'escalated boolean, agent_replies integer, requester text, topic text, escalated_at timestamptz, '
    'reopened_at timestamptz',
    'tickets', 256, add => 'tickets_add', symbol => 'tickets_add_ticket', removable => false, comment =>
'The same with the instant at which the ticket was first opened again; NULL or infinity: known with its solve, of one '
'never solved since from the opening on; before the opening: from it on. reopened_at of -infinity or outside the years '
'1 to 9999: SQLSTATE 22008; other errors as above.');
CALL csmetrics.define_agg('ticket_agg',
    'opened_at timestamptz, solved_at timestamptz, reopened integer',
    'tickets', 256, add => 'tickets_add', symbol => 'tickets_add_solve', removable => false, comment =>
'The same for tickets that are grouped by requester, and by topic if that matters, already: nothing is kept of first '
'replies, escalation, agent replies, requester and topic.');

CREATE FUNCTION csmetrics.opened_count(history csmetrics.tickets, from_at timestamptz, to_at timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.opened_count(csmetrics.tickets, timestamptz, timestamptz) IS
'Tickets opened from from_at on and before to_at. from_at not before to_at: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.open_count(history csmetrics.tickets, as_of timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.open_count(csmetrics.tickets, timestamptz) IS
'The backlog: tickets opened by as_of and not solved by then. NULL for NULL.';
CREATE FUNCTION csmetrics.escalated_open_count(history csmetrics.tickets, as_of timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.escalated_open_count(csmetrics.tickets, timestamptz) IS
'Tickets of the backlog that were escalated by as_of. NULL for NULL.';
CREATE FUNCTION csmetrics.last_opened_at(history csmetrics.tickets, as_of timestamptz) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.last_opened_at(csmetrics.tickets, timestamptz) IS
'When the last ticket opened by as_of was opened; NULL if there is none, and for NULL.';
CREATE FUNCTION csmetrics.first_opened_at(history csmetrics.tickets) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.first_opened_at(csmetrics.tickets) IS
'When the first ticket was opened, as of whenever; NULL if there is none, and for NULL.';
CREATE FUNCTION csmetrics.escalated_open_days(history csmetrics.tickets, as_of timestamptz) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.escalated_open_days(csmetrics.tickets, timestamptz) IS
'Days of 24 hours, and parts of one, since the first escalation among the tickets that are escalated and open at '
'as_of; 0 where there is none. Infinity as of infinity. NULL for NULL.';
CREATE FUNCTION csmetrics.reopened_share(history csmetrics.tickets, from_at timestamptz,
    to_at timestamptz) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.reopened_share(csmetrics.tickets, timestamptz, timestamptz) IS
'Tickets that were reopened / tickets last solved from from_at on and before to_at, those reopened in that time and '
'open since among both, a ratio. A solve before the opening counts at the opening. NULL of none, and for NULL. from_at '
'not before to_at: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.reopened_share(history csmetrics.tickets, from_at timestamptz, to_at timestamptz,
    least_tickets bigint) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.reopened_share(csmetrics.tickets, timestamptz, timestamptz, bigint) IS
'The same, and NULL of fewer than least_tickets tickets: one of one is chance.';
CREATE FUNCTION csmetrics.repeated_share(history csmetrics.tickets, from_at timestamptz, to_at timestamptz,
    contact_window interval DEFAULT '7 days') RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.repeated_share(csmetrics.tickets, timestamptz, timestamptz, interval) IS
'Tickets that are a further contact of another (repeated in ticket_facts) / tickets opened from from_at on and '
'before to_at, a ratio, as known at to_at. NULL if none was opened, and for NULL. from_at not before to_at, '
'contact_window below 0 or with months: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.repeated_share(history csmetrics.tickets, from_at timestamptz, to_at timestamptz,
    contact_window interval, least_tickets bigint) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.repeated_share(csmetrics.tickets, timestamptz, timestamptz, interval, bigint) IS
'The same, and NULL of fewer than least_tickets tickets: one of one is chance.';
CREATE FUNCTION csmetrics.median_resolution(history csmetrics.tickets, from_at timestamptz,
    to_at timestamptz) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.median_resolution(csmetrics.tickets, timestamptz, timestamptz) IS
'The median time from opening to last solve of the tickets solved from from_at on and before to_at, in days of 24 '
'hours and the rest; blind for open tickets. A solve before the opening took no time. NULL if none was solved, and for '
'NULL. from_at not before to_at: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.ticket_facts(history csmetrics.tickets, as_of timestamptz,
    contact_window interval DEFAULT '7 days',
    OUT opened_at timestamptz, OUT first_reply_at timestamptz, OUT solved_at timestamptz, OUT reopened integer,
    OUT escalated boolean, OUT agent_replies integer, OUT first_contact boolean, OUT one_touch boolean,
    OUT repeated boolean) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.ticket_facts(csmetrics.tickets, timestamptz, interval) IS
'One row a ticket opened by as_of, as it was known then, in no order; what came later is NULL. repeated: a further '
'contact of another; first_contact, one_touch: NULL where not to be judged yet. contact_window: days of 24 hours and '
'hours; below 0 or with months: SQLSTATE 22023. No rows for NULL.';

CREATE FUNCTION csmetrics.first_contact_resolution(history csmetrics.tickets, as_of timestamptz,
    contact_window interval DEFAULT '7 days', variant text DEFAULT 'gross') RETURNS csmetrics.rate
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.first_contact_resolution(csmetrics.tickets, timestamptz, interval, text) IS
'The rate of tickets resolved at first contact, as of an instant. variant: gross (default); net, without escalated '
'ones; one_touch; under_two, fewer than two agent replies. No trials where nothing can be judged; NULL for NULL. An '
'unknown variant: SQLSTATE 22023; errors as ticket_facts.';
