\unset ECHO
\i test/psql.sql
-- Support histories against public data: incidents of a ServiceNow audit log (UCI, 2016) and customer support on Twitter,
-- with figures worked out apart from this project. The data is not part of it: without it the tests are skipped.
BEGIN;
SELECT plan(12);
\set present false
\if :{?data}
    \set present `test -r :'data'/uci_incidents/expected_metrics.csv && test -r :'data'/twcs_sample/expected_first_reply.csv && echo true || echo false`
\endif
\if :present

-- \copy takes no variables, but a variable may hold a \copy.
CREATE TEMP TABLE expected (metric text, value float8);
\set copy '\\copy expected FROM ''' :data '/uci_incidents/expected_metrics.csv'' (FORMAT csv, HEADER)'
:copy
\set copy '\\copy expected FROM ''' :data '/twcs_sample/expected_first_reply.csv'' (FORMAT csv, HEADER)'
:copy
CREATE FUNCTION pg_temp.expected(text) RETURNS float8 LANGUAGE sql AS 'SELECT value FROM expected WHERE metric = $1';

-- Incidents: the last event of each says what became of it.
CREATE TEMP TABLE event (number text, incident_state text, active text, reassignment_count int, reopen_count int, sys_mod_count int, made_sla text, caller_id text, opened_by text,
    opened_at timestamp, sys_created_by text, sys_created_at timestamp, sys_updated_by text, sys_updated_at timestamp, contact_type text, location text, category text, subcategory text,
    u_symptom text, cmdb_ci text, impact text, urgency text, priority text, assignment_group text, assigned_to text, knowledge text, u_priority_confirmation text, notify text,
    problem_id text, rfc text, vendor text, caused_by text, closed_code text, resolved_by text, resolved_at timestamp, closed_at timestamp);
\set copy '\\copy event FROM ''' :data '/uci_incidents/incident_event_log_sample.csv'' (FORMAT csv, HEADER)'
:copy
CREATE TEMP TABLE history AS
SELECT ticket_agg(opened_at, NULL, resolved_at, reopened, NULL, NULL, caller_id, category) AS tickets
FROM (SELECT number, min(opened_at) AS opened_at, max(resolved_at) AS resolved_at, max(reopen_count) AS reopened, max(caller_id) AS caller_id, max(category) AS category FROM event GROUP BY number) AS i;
CREATE TEMP TABLE fact AS SELECT f.* FROM history, ticket_facts(tickets, '2017-06-01') AS f;
CREATE TEMP TABLE resolution AS SELECT duration_agg(opened_at, solved_at, '2017-06-01') AS d FROM fact;

SELECT is(count(*)::float8, pg_temp.expected('incidents'), 'incidents') FROM fact;
SELECT is(open_count(tickets, '2017-06-01')::float8, pg_temp.expected('without_resolved_at'), 'incidents never resolved are the backlog') FROM history;
SELECT is(count(*) FILTER (WHERE reopened > 0)::float8, pg_temp.expected('incidents_reopened'), 'incidents reopened') FROM fact;
SELECT is(ARRAY[subject_count(d), ended_count(d), censored_count(d), rejected_count(d)], '{890,861,29,0}', 'resolved ones ended, the others are censored') FROM resolution;
SELECT is(as_hours(naive_median(d)), pg_temp.expected('resolution_hours_median'), 'naive median, exactly') FROM resolution;
SELECT is(as_hours(naive_quantile(d, 0.9)), pg_temp.expected('resolution_hours_p90'), 'naive p90, exactly') FROM resolution;
SELECT ok(abs(as_hours(naive_mean(d)) / pg_temp.expected('resolution_hours_mean') - 1) < 1e-9, 'naive mean') FROM resolution;
SELECT ok(is_exact(d) AND median_duration(d) > naive_median(d) AND duration_quantile(d, 0.9) > naive_quantile(d, 0.9), 'with the unresolved counted, both are longer') FROM resolution;

-- Tweets: an inbound one that answers nothing starts a conversation, the first one from a company that answers it is the reply.
CREATE TEMP TABLE tweet (tweet_id bigint, author_id text, inbound boolean, created_at timestamptz, text text, response_tweet_id text, in_response_to_tweet_id bigint);
\set copy '\\copy tweet FROM ''' :data '/twcs_sample/twcs_sample.csv'' (FORMAT csv, HEADER)'
:copy
CREATE TEMP TABLE conversation AS
SELECT ticket_agg(q.created_at, r.created_at, NULL, NULL, NULL, NULL, q.author_id, NULL) AS tickets
FROM tweet AS q LEFT JOIN LATERAL (SELECT min(created_at) AS created_at FROM tweet AS a WHERE a.in_response_to_tweet_id = q.tweet_id AND NOT a.inbound) AS r ON true
WHERE q.inbound AND q.in_response_to_tweet_id IS NULL;
CREATE TEMP TABLE reply AS SELECT duration_agg(f.opened_at, f.first_reply_at, '2018-01-01') AS d FROM conversation, ticket_facts(tickets, '2018-01-01') AS f;
SELECT is(ARRAY[subject_count(d), ended_count(d)]::float8[], ARRAY[pg_temp.expected('conversation_starts'), pg_temp.expected('with_first_reply_in_sample')], 'conversations and replies') FROM reply;
SELECT is(round(as_hours(naive_median(d))::numeric * 60, 9), round(pg_temp.expected('first_reply_minutes_median')::numeric, 9), 'naive median of the first reply') FROM reply;
SELECT is(round(as_hours(naive_quantile(d, 0.9))::numeric * 60, 9), round(pg_temp.expected('first_reply_minutes_p90')::numeric, 9), 'naive p90') FROM reply;
SELECT ok(median_duration(d) > naive_median(d), 'with the unanswered counted, the median is longer') FROM reply;

\else
SELECT skip('the data of UCI''s incidents and of support on Twitter is not there (CSMETRICS_DATA)', 12);
\endif
SELECT * FROM finish();
ROLLBACK;
