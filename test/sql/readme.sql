\unset ECHO
\i test/psql.sql
-- The SQL that the README shows runs as written there.
BEGIN;
SELECT plan(5);
CREATE TABLE public.subscription (customer_id integer, starts_on date, ends_on date, price numeric, months integer);
INSERT INTO public.subscription VALUES (1, '2024-01-15', NULL, 1200, 12), (2, '2023-05-01', '2024-03-01', 90, 3);
SET search_path = public;

-- The block between the marked comment and the end of its fence, as psql would get it.
\set read_readme `awk '/readme.sql runs this block/ { marked = 1 } marked && /^\140\140\140$/ { exit } marked && shown { print } marked && /^\140\140\140sql$/ { shown = 1 }' README.md`
SELECT trim(trailing E'; \n' FROM :'read_readme') AS query \gset
CREATE TEMP TABLE result AS :query;
-- 90 a quarter is 30, 1200 a year is 100: January opens with 30 and gains 100, March loses 30
SELECT results_eq('SELECT opening, new, churn, closing, nrr, grr FROM result WHERE period_start IN (''2024-01-01'', ''2024-03-01'') ORDER BY period_start',
    'VALUES (30::numeric, 100::numeric, 0::numeric, 130::numeric, 1.000, 1.000), (130, 0, 30, 100, 0.769, 0.769)', 'the ten lines give the bridge');

CREATE TABLE public.account (segment text, mrr_a_year_ago numeric, mrr_today numeric);
INSERT INTO public.account VALUES ('small', 100, 120), ('small', 50, NULL), ('large', 80, 80);
SET search_path = public, csmetrics;
SELECT results_eq('SELECT segment, nrr(flow), lower < 0.8, upper > 0.8, grr(flow), logo_churn(flow)
    FROM (SELECT segment, nrr_agg(mrr_a_year_ago, mrr_today) AS flow FROM account GROUP BY segment) AS by_segment, nrr_interval(flow)
    WHERE segment = ''small''',
    'VALUES (''small'', 0.8::float8, true, true, 2 / 3::float8, 0.5::float8)', 'two numbers an account are enough');

CREATE TABLE public.ticket (priority text, opened_at timestamptz, solved_at timestamptz);
INSERT INTO public.ticket VALUES ('high', '2024-01-01 10:00', '2024-01-01 12:00'), ('high', '2024-01-01 10:00', '2024-01-01 14:00'), ('high', '2024-01-01 10:00', NULL);
SELECT results_eq('SELECT priority, median_duration(waited), lower, upper, naive_median(waited), share_within(waited, ''1 day''), open
    FROM (SELECT priority, duration_agg(opened_at, solved_at, now()) AS waited, count(*) - count(solved_at) AS open
          FROM ticket GROUP BY priority) AS by_priority,
         median_duration_interval(waited)',
    'VALUES (''high'', interval ''4 hours'', interval ''2 hours'', NULL::interval, interval ''3 hours'', 1 - 1 / 3.0::float8, 1::bigint)', 'open tickets count');

CREATE TABLE public.score_then (account_id text, health_score numeric, churned_within_90_days boolean);
INSERT INTO public.score_then SELECT 'a' || i % 40, i % 40 * 2.5, i % 40 < 12 AND i % 3 > 0 FROM generate_series(1, 120) AS i;
SELECT results_eq('SELECT predicts(held), auc(held) > 0.9, i.lower > 0.5, i.upper < 1, top.lift
    FROM (SELECT backtest_agg(100 - health_score, churned_within_90_days, account_id) AS held FROM score_then) AS scores,
         auc_interval(held) AS i, top_lift(held, 0.1) AS top',
    'VALUES (''yes'', true, true, true, 8 / 12.0 * 120 / 24::float8)', 'a score is held against what came after');

CREATE TABLE public.rule (signal text, component text, weight float8, worst float8, best float8);
INSERT INTO public.rule VALUES ('logins', 'usage', 40, 0, 20), ('csat', 'support', 30, 1, 5), ('nps', 'business', 30, 0, 10);
CREATE TABLE public.reading (account_id text, signal text, reading float8);
INSERT INTO public.reading VALUES ('a', 'logins', 10), ('a', 'csat', 5), ('a', 'nps', NULL), ('b', 'logins', NULL), ('b', 'csat', 3), ('b', 'nps', NULL);
SELECT results_eq('SELECT account_id, score(health), tier(health), coverage(health),
           (SELECT string_agg(signal || '' -'' || round(points_lost, 1), '', '' ORDER BY points_lost DESC) FROM contributions(health) WHERE points_lost > 0) AS why
    FROM (SELECT account_id, health_score(component, signal, normalize_linear(reading, worst, best), weight) AS health
          FROM reading JOIN rule USING (signal) GROUP BY account_id) AS account ORDER BY 1',
    'VALUES (''a'', 71.428571428571::float8, ''Yellow'', 0.7::float8, ''logins -28.6''), (''b'', NULL, ''Unknown'', 0.3, ''csat -50.0'')', 'a score says why');
SELECT * FROM finish();
ROLLBACK;
