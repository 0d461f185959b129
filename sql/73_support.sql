-- Support in the model: tickets, how long they take, and what they cost the customer.
INSERT INTO csmetrics.source_column VALUES
('ticket', 1, 'account_id', 'account_id', true, 'Key of the account'),
('ticket', 2, 'ticket_id', 'text', true,
 'Key of the ticket, one row each; deleted, merged, spam and test tickets left out'),
('ticket', 3, 'opened_at', 'timestamptz', true, 'When it was opened'),
('ticket', 4, 'first_reply_at', 'timestamptz', false, 'When an agent first replied; NULL: not yet'),
('ticket', 5, 'solved_at', 'timestamptz', false, 'When it was last solved; NULL: open'),
('ticket', 6, 'reopened', 'integer', false, 'How many times it was opened again after a solve'),
('ticket', 7, 'agent_replies', 'integer', false, 'Public replies of agents, not of bots'),
('ticket', 8, 'requester_id', 'text', false, 'Who asked; NULL: the account as a whole'),
('ticket', 9, 'topic', 'text', false, 'About what; further contacts count within a topic'),
('ticket', 10, 'priority', 'text', false, 'Priority'),
('ticket', 11, 'escalated', 'boolean', false, 'Was it escalated?'),
('ticket', 12, 'channel', 'text', false, 'Way in which it came'),
('ticket', 13, 'subject', 'text', false, 'Subject line'),
('ticket', 14, 'escalated_at', 'timestamptz', false,
 'When it was escalated; NULL: with its opening, where escalated is true'),
('ticket', 15, 'reopened_at', 'timestamptz', false,
 'When it was first opened again; NULL: known with its solve, of one open ever since from its opening on'),
('ticket', 16, 'requester_wait', 'tstzmultirange', false,
 'When the requester waited for an agent: new, open or on hold; without an end: still'),
('ticket', 17, 'agent_wait', 'tstzmultirange', false,
 'When it waited for the requester: pending; without an end: still'),
('ticket', 18, 'on_hold', 'tstzmultirange', false, 'When it was on hold; without an end: still'),
('ticket', 19, 'requester_wait_minutes', 'numeric', false,
 'How long the requester waited, where only that is known, once it is solved'),
('ticket', 20, 'agent_wait_minutes', 'numeric', false, 'The same for the wait for the requester'),
('ticket', 21, 'on_hold_minutes', 'numeric', false, 'The same on hold'),
('ticket', 22, 'requester_wait_business_minutes', 'numeric', false,
 'The same for the requester, within the business hours of the help desk'),
('ticket', 23, 'agent_wait_business_minutes', 'numeric', false, 'The same for the wait for the requester'),
('ticket', 24, 'on_hold_business_minutes', 'numeric', false, 'The same on hold');

CREATE OR REPLACE FUNCTION csmetrics.waited(
    waits tstzmultirange, until_at timestamptz, hours csmetrics.business_hours[], in_force_from timestamptz[])
RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN waits IS NOT NULL
                THEN coalesce(sum(csmetrics.handling_time(lower(w), least(upper(w), until_at), hours, in_force_from)),
                              interval '0') END
    FROM unnest(waits) w
    -- of a wait that began nobody knows when, nothing is known
    WHERE lower(w) < until_at AND NOT lower_inf(w);
END;
COMMENT ON FUNCTION csmetrics.waited(tstzmultirange, timestamptz, csmetrics.business_hours[], timestamptz[]) IS
'How long these waits lasted by until_at, as handling_time counts each. A wait without a beginning is left out. NULL '
'for NULL waits; errors as business_time.';

INSERT INTO csmetrics.source_check VALUES
('ticket', 1, 'account_id IS NULL', $$format('ticket %s: account_id is NULL', ticket_id)$$),
('ticket', 2, 'opened_at IS NULL', $$format('ticket %s: opened_at is NULL', ticket_id)$$),
('ticket', 3, 'reopened < 0', $$format('ticket %s: reopened %s is below 0', ticket_id, reopened)$$),
('ticket', 4, 'agent_replies < 0', $$format('ticket %s: agent_replies %s is below 0', ticket_id, agent_replies)$$);

INSERT INTO csmetrics.policy_column (position, name, type, default_value, condition, takes_effect, meaning) VALUES
(30, 'contact_window_days', 'integer', '7', 'contact_window_days BETWEEN 0 AND 365', 'at once',
 'A contact so many days after a solve shows that the first was not resolved'),
(31, 'business_hours', 'business_hours[]', NULL, NULL, 'at once',
 'Opening hours in which first replies and resolutions are timed, one schedule or several that followed one another; '
 'NULL: all hours count'),
(32, 'business_hours_from', 'timestamptz[]', $$'{-infinity}'$$,
 'business_hours IS NULL OR cardinality(business_hours) = cardinality(business_hours_from)', 'at once',
 'Since when each of them is in force');
