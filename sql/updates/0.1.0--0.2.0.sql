-- What 0.2.0 changed in the extension's own tables, and what it has no more of. Functions that views of a model use are
-- replaced, never dropped, while a model of an older version may be there.

-- When a rule of the policy takes effect is a column of its own, and its comment is drawn from it. Part 71 has the
-- rows.
DELETE FROM csmetrics.policy_column;
ALTER TABLE csmetrics.policy_column
    DROP COLUMN with_refresh,
    DROP COLUMN description;
ALTER TABLE csmetrics.policy_column
    ADD COLUMN takes_effect text NOT NULL CHECK (takes_effect IN ('refresh', 'at once')),
    ADD COLUMN meaning text NOT NULL,
    ADD COLUMN description text NOT NULL
        GENERATED ALWAYS AS (meaning || CASE takes_effect WHEN 'refresh' THEN ' (refresh)' ELSE '' END) STORED;
COMMENT ON COLUMN csmetrics.policy_column.takes_effect IS
'When a change of it is seen in the figures: with the next refresh, or at once';
COMMENT ON COLUMN csmetrics.policy_column.meaning IS 'What it says';
COMMENT ON COLUMN csmetrics.policy_column.description IS
'Its comment in a model: its meaning, with the mark (refresh) where it takes effect so';

-- SQL that stands in the views, and was run from nowhere else.
ALTER TABLE csmetrics.model_signal
    DROP COLUMN expression,
    DROP COLUMN against_segment;
ALTER TABLE csmetrics.model_metric
    DROP COLUMN day_column,
    DROP COLUMN reading_lower,
    DROP COLUMN reading_upper,
    DROP COLUMN n_count,
    DROP COLUMN account_source,
    DROP COLUMN numerator,
    DROP COLUMN denominator,
    DROP COLUMN account_reading;
COMMENT ON TABLE csmetrics.model_metric IS
'The metrics of every model that have a place on its scorecard, and where each figure comes from. One row a metric.';
DROP FUNCTION csmetrics.metric_readings();
DROP FUNCTION csmetrics.metric_accounts();

COMMENT ON COLUMN csmetrics.connector_source.query IS
'A query of its columns, by name, with the vendor''s account_key (text) for account_id; {table_name} stands for a '
'declared table with the declared columns (give it an alias). That of account may also give domain, crm_key and '
'only_matched: see doc/connectors.md';

-- Worked out by functions of the model now.
DROP FUNCTION IF EXISTS csmetrics.redefined(text, jsonb, text);
DROP FUNCTION IF EXISTS csmetrics.snapshot_part(text, bigint);

-- Refresh reads what changed alone, and says so to what it calls.
DROP PROCEDURE IF EXISTS csmetrics.read_source(text, text);
DROP PROCEDURE IF EXISTS csmetrics.refresh_accounts(text, text[]);

CREATE TYPE csmetrics.outdated AS (classid oid, objid oid, kind text, name text);
COMMENT ON TYPE csmetrics.outdated IS 'Internal: an object of a model that CALL update_model() replaces by another';
DROP FUNCTION IF EXISTS csmetrics.rights_on(text, text);
DROP FUNCTION IF EXISTS csmetrics.with_dependents(text, text);
DROP FUNCTION IF EXISTS csmetrics.outdated_objects(text, text);
DROP PROCEDURE IF EXISTS csmetrics.require_no_dependents(text, text);
DROP PROCEDURE IF EXISTS csmetrics.drop_outdated(text, text);
COMMENT ON FUNCTION csmetrics.checked_expression(text, regclass, regtype) IS
'The SQL expression over the relation''s columns, names resolved, cast to type; never run. NULL of NULL. Refused: not '
'one expression (SQLSTATE 42601), unknown names (42703, 42883), wrong type (42804), volatile (22023), off the '
'list (42501), aggregates (42803), sets and rows (0A000), too large (54000).';

-- They take one argument more.
DROP PROCEDURE csmetrics.create_model(text, regtype);
DROP PROCEDURE csmetrics.refresh(text, text[]);

-- Rules of data quality name what they read in full, and run along no path of a model.
DROP FUNCTION IF EXISTS csmetrics.judged_rows(text, text[], text);
DROP FUNCTION IF EXISTS csmetrics.findings_query(text, text[]);
DROP FUNCTION IF EXISTS csmetrics.findings_of(text, text[], text[]);
DROP FUNCTION IF EXISTS csmetrics.model_path(text);
COMMENT ON COLUMN csmetrics.quality_check.condition IS
'SQL condition of the rows found, over the columns of the source, known_id (its account_id, NULL unless source_account '
'has it) and until_at (now), with window functions over the source; {model} and {internal} stand for the schemas of '
'the model, {columns} for the columns of the source';

-- Tells of rows that are not read, too.
DROP FUNCTION IF EXISTS csmetrics.connector_tables(text, text);

-- Refresh reads by key what watches tell of.
DROP FUNCTION IF EXISTS csmetrics.read_rows(text, text);
DROP FUNCTION IF EXISTS csmetrics.write_table(text, text, text);
DROP PROCEDURE IF EXISTS csmetrics.refresh_accounts(text, text[], text[]);
DROP PROCEDURE IF EXISTS csmetrics.lock_model(text);
DROP PROCEDURE IF EXISTS csmetrics.write_histories(text);

-- Rows of vendors count once, by their keys; a column may be a field of a JSON one.
ALTER TABLE csmetrics.connector_table ADD COLUMN keys text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN csmetrics.connector_table.keys IS
'Columns that tell its rows apart: of several with the same ones the latest counts. Without them all columns do; * '
'among them: but of a table that is appended to alone. Empty: every row counts';
DROP FUNCTION IF EXISTS csmetrics.found_column(oid, text[]);
DROP FUNCTION IF EXISTS csmetrics.vendor_query(text, text, text);

-- Tickets tell when they were opened again, answers which ticket they are about.
CREATE FUNCTION csmetrics.tickets_add(state csmetrics.tickets, opened_at timestamptz, first_reply_at timestamptz,
    solved_at timestamptz, reopened integer,
    escalated boolean, agent_replies integer, requester text, topic text, escalated_at timestamptz,
    reopened_at timestamptz) RETURNS csmetrics.tickets
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'tickets_add_ticket';
COMMENT ON FUNCTION csmetrics.tickets_add(csmetrics.tickets, timestamptz, timestamptz, timestamptz, integer,
    boolean, integer, text, text, timestamptz, timestamptz) IS
'Internal: transition of ticket_agg';
CREATE AGGREGATE csmetrics.ticket_agg(opened_at timestamptz, first_reply_at timestamptz, solved_at timestamptz,
    reopened integer,
    escalated boolean, agent_replies integer, requester text, topic text, escalated_at timestamptz,
    reopened_at timestamptz) (
    SFUNC = csmetrics.tickets_add, STYPE = csmetrics.tickets, SSPACE = 256, COMBINEFUNC = csmetrics.merge,
    PARALLEL = SAFE, FINALFUNC = csmetrics.tickets_final);
COMMENT ON AGGREGATE csmetrics.ticket_agg(timestamptz, timestamptz, timestamptz, integer, boolean, integer, text,
    text, timestamptz, timestamptz) IS
'The same with the instant at which the ticket was first opened again; NULL or infinity: known with its solve, of one '
'never solved since from the opening on; before the opening: from it on. reopened_at of -infinity or outside the years '
'1 to 9999: SQLSTATE 22008; other errors as above.';
CREATE FUNCTION csmetrics.answers_add(state csmetrics.answers, kind text, score numeric, responded_at timestamptz,
    sent_at timestamptz, respondent text,
    lowest numeric, highest numeric, higher_is_better boolean, ticket text) RETURNS csmetrics.answers
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'answers_add';
COMMENT ON FUNCTION csmetrics.answers_add(csmetrics.answers, text, numeric, timestamptz, timestamptz, text, numeric,
    numeric, boolean, text) IS
'Internal: transition of answer_agg';
CREATE AGGREGATE csmetrics.answer_agg(kind text, score numeric, responded_at timestamptz, sent_at timestamptz,
    respondent text,
    lowest numeric, highest numeric, higher_is_better boolean, ticket text) (
    SFUNC = csmetrics.answers_add, STYPE = csmetrics.answers, SSPACE = 256, COMBINEFUNC = csmetrics.merge,
    PARALLEL = SAFE, FINALFUNC = csmetrics.answers_final);
COMMENT ON AGGREGATE csmetrics.answer_agg(text, numeric, timestamptz, timestamptz, text, numeric, numeric, boolean,
    text) IS
'The same with the ticket that it is about (NULL: none): answers to csat and ces about a ticket are one a respondent '
'and ticket, whenever they were given; all others one a respondent and window. Errors as above.';
CREATE FUNCTION csmetrics.answers_with_ticket(history csmetrics.answers, as_of timestamptz,
    OUT kind text, OUT sent_at timestamptz, OUT responded_at timestamptz, OUT score numeric, OUT respondent bigint,
    OUT lowest numeric, OUT highest numeric, OUT higher_is_better boolean,
    OUT about_ticket boolean) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'answer_facts_of_tickets';
COMMENT ON FUNCTION csmetrics.answers_with_ticket(csmetrics.answers, timestamptz) IS
'The rows of answer_facts, and whether each is about a ticket, NPS never: respondent is then the key of the name and '
'the ticket together. No rows for NULL.';
CREATE FUNCTION csmetrics.mean_answer(history csmetrics.answers, kind text, from_at timestamptz,
    to_at timestamptz, answer_rule text) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.mean_answer(csmetrics.answers, text, timestamptz, timestamptz, text) IS
'The same, of several answers of a respondent the last, the first, their mean as one, or all, as answer_rule says; of '
'those about one ticket those of whatever time before to_at. Another rule: SQLSTATE 22023; else as above.';
COMMENT ON TYPE csmetrics.tickets IS
'The support tickets of one account over time, 72 bytes each. Built by ticket_agg; keeps time, so it can be read as '
'of any instant; adds up by merge and rollup, to at most 2^21 tickets. Requesters and topics are kept as keys of 64 '
'bits, which tell them apart, not as text.';
COMMENT ON FUNCTION csmetrics.reopened_share(csmetrics.tickets, timestamptz, timestamptz) IS
'Tickets that were reopened / tickets last solved from from_at on and before to_at, those reopened in that time and '
'open since among both, a ratio. A solve before the opening counts at the opening. NULL of none, and for NULL. from_at '
'not before to_at: SQLSTATE 22023.';
COMMENT ON TYPE csmetrics.business_hours IS
'Weekly opening hours in a named time zone, and holidays: local days without any, or with their own. Text form: '
'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30, Sat 10:00-14:00; 2024-12-24 09:00-12:00 2024-12-25. Equal schedules '
'are equal values. What is no schedule: SQLSTATE 22P02.';
CREATE TYPE csmetrics.ticket_wait AS (
    opened_at timestamptz, solved_at timestamptz, requester_wait tstzmultirange, agent_wait tstzmultirange,
    on_hold tstzmultirange, minutes numeric[]);
COMMENT ON TYPE csmetrics.ticket_wait IS
'When a ticket waited for whom: the requester for an agent, an agent for the requester, and on hold; or the minutes '
'that its help desk tells of these three, in all hours, and again of these three in business hours';

-- Snapshots are compared by more than the policy.
DROP FUNCTION IF EXISTS csmetrics.snapshot_pair(text, bigint, bigint);
DROP FUNCTION IF EXISTS csmetrics.redefinition(text, jsonb, bigint);

-- Of a handful nothing is told.
CREATE FUNCTION csmetrics.reopened_share(history csmetrics.tickets, from_at timestamptz, to_at timestamptz,
    least_tickets bigint) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.reopened_share(csmetrics.tickets, timestamptz, timestamptz, bigint) IS
'The same, and NULL of fewer than least_tickets tickets: one of one is chance.';
CREATE FUNCTION csmetrics.repeated_share(history csmetrics.tickets, from_at timestamptz, to_at timestamptz,
    contact_window interval, least_tickets bigint) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.repeated_share(csmetrics.tickets, timestamptz, timestamptz, interval, bigint) IS
'The same, and NULL of fewer than least_tickets tickets: one of one is chance.';
CREATE FUNCTION csmetrics.usage_change(history csmetrics.activity, as_of date, days integer,
    least_events bigint) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.usage_change(csmetrics.activity, date, integer, bigint) IS
'The same, and NULL where both spans together had fewer than least_events events: two after three is chance.';

-- What is left to those that are still there.
CREATE FUNCTION csmetrics.residual(state csmetrics.durations, after interval) RETURNS csmetrics.durations
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_residual';
COMMENT ON FUNCTION csmetrics.residual(csmetrics.durations, interval) IS
'What was left to those that were still there after so long: a state whose survival curve at t is that of this one at '
'after + t, divided by that at after, with its own intervals. Of an inexact state it is one, too. after below 0: '
'SQLSTATE 22023.';

-- Two ways to foretell the same are compared.
CREATE FUNCTION csmetrics.auc_difference(a csmetrics.backtest, b csmetrics.backtest,
    confidence double precision DEFAULT 0.95,
    OUT difference double precision, OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'auc_difference_sql';
COMMENT ON FUNCTION csmetrics.auc_difference(csmetrics.backtest, csmetrics.backtest, double precision) IS
'auc(a) less auc(b), two ways to foretell the same subjects, with its interval, normal, a subject being a cluster '
'(DeLong, DeLong, Clarke-Pearson 1988; Obuchowski 1997); predictions without a subject are taken as independent. NULLs '
'where an auc is NULL. confidence outside 0 to 1: SQLSTATE 22023.';

-- Points of a fit have intervals.
CREATE FUNCTION csmetrics.normal_quantile(share double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.normal_quantile(double precision) IS
'Below what that share of the standard normal distribution lies: 1.96 for 0.975. share outside 0 to 1: SQLSTATE 22023. '
'NULL for NULL.';
CREATE FUNCTION csmetrics.risk_line(state csmetrics.backtest,
    OUT center double precision, OUT level double precision, OUT slope double precision,
    OUT level_variance double precision, OUT covariance double precision, OUT slope_variance double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'risk_line_sql';
COMMENT ON FUNCTION csmetrics.risk_line(csmetrics.backtest) IS
'The fit of risk_fit as log odds = level + slope * (risk - center), with the variances, subjects as clusters, by which '
'any point of it has its interval: level_variance + 2 d covariance + d^2 slope_variance, d = risk - center. NULLs '
'where risk_fit gives a reason.';

-- Customers without a contract, and contracts whose churn hangs on age.
-- New part: 16_purchases.sql
-- New part: 17_bgnbd.sql
-- New part: 17_pareto_nbd.sql
-- New part: 18_gamma_gamma.sql
-- New part: 19_bdw.sql

-- Fits that users keep as values.
-- New part: 16_cox.sql
-- New part: 17_hazard.sql

-- Classifiers that users keep as values.
-- New part: 16_classifier.sql
