\unset ECHO
\i test/psql.sql
-- Restatement: a May that is reported, and what happens to it afterwards; by hand, and random changes against the views.
BEGIN;
SELECT plan(45);
\i test/timelines.sql

CREATE TABLE public.customer (account_id text, segment text);
INSERT INTO public.customer SELECT letter, CASE WHEN letter < 'd' THEN 'large' ELSE 'small' END FROM unnest('{a,b,c,d,e}'::text[]) letter;
CREATE TABLE public.contract (account_id text, starts_on date, ends_on date, mrr numeric, status text);
-- e has a gap of 14 days over the end of April
INSERT INTO public.contract VALUES ('a', '2024-03-01', NULL, 100), ('b', '2024-03-01', NULL, 200.50), ('c', '2024-05-10', NULL, 50), ('d', '2024-03-01', '2024-05-20', 80),
    ('e', '2024-03-01', '2024-04-24', 30), ('e', '2024-05-08', NULL, 30),
    -- a credit, which does not count
    ('c', '2024-05-12', NULL, -10);
CALL create_model('cs');
CALL map('cs', 'account', 'TABLE public.customer');
CALL map('cs', 'subscription', 'TABLE public.contract');
UPDATE cs.policy SET as_of = '2024-06-03';
CALL refresh('cs');

-- Before there is one.
SELECT throws_ok('SELECT * FROM restatement(''cs'')', '55000', 'model "cs" has no snapshot yet');
SELECT throws_ok('SELECT * FROM restatement_by_account(''cs'')', '55000', 'model "cs" has no snapshot yet');
SELECT throws_ok('SELECT * FROM restatement(''no'')', '3F000', 'there is no model "no"');
SELECT throws_ok('CALL take_snapshot(''no'')', '3F000', 'there is no model "no"');

-- What is kept.
CALL take_snapshot('cs', 'board report of May');
SELECT results_eq('SELECT s.as_of_on, s.policy_hash, s.policy, s.taken_by, s.note, s.follows FROM cs.snapshot s', $$SELECT as_of_on, policy_hash, to_jsonb(p) - 'only_row', current_user::text COLLATE "default", 'board report of May', NULL::bigint FROM cs.reporting_range, cs.policy p$$, 'the snapshot: when, by whom, by which policy');
SELECT snapshot_id AS may FROM cs.snapshot \gset
SELECT set_eq($$SELECT period_start_on, metric, reading FROM cs.snapshot_reading WHERE source_view = 'revenue_monthly' AND metric IN ('opening_mrr', 'new_mrr', 'churn_mrr', 'reactivation_mrr', 'closing_mrr', 'churn_count', 'nrr_rate')$$, $$VALUES
    (date '2024-03-01', 'opening_mrr', 0), ('2024-03-01', 'new_mrr', 410.50), ('2024-03-01', 'churn_mrr', 0), ('2024-03-01', 'reactivation_mrr', 0), ('2024-03-01', 'closing_mrr', 410.50), ('2024-03-01', 'churn_count', 0),
    ('2024-04-01', 'opening_mrr', 410.50), ('2024-04-01', 'new_mrr', 0), ('2024-04-01', 'churn_mrr', 30), ('2024-04-01', 'reactivation_mrr', 0), ('2024-04-01', 'closing_mrr', 380.50), ('2024-04-01', 'churn_count', 1), ('2024-04-01', 'nrr_rate', (380.5 / 410.5)::float8::numeric),
    ('2024-05-01', 'opening_mrr', 380.50), ('2024-05-01', 'new_mrr', 50), ('2024-05-01', 'churn_mrr', 80), ('2024-05-01', 'reactivation_mrr', 30), ('2024-05-01', 'closing_mrr', 380.50), ('2024-05-01', 'churn_count', 1), ('2024-05-01', 'nrr_rate', (300.5 / 380.5)::float8::numeric)$$,
    'the bridge of the months that were over');
SELECT set_eq($$SELECT metric, dimension, value, period_end_on, reading FROM cs.snapshot_reading WHERE source_view = 'metric_reading'$$, 'SELECT metric, dimension, value, period_end_on, reading::numeric FROM cs.metric_reading WHERE is_complete AND reading IS NOT NULL', 'each metric, for all and by segment');
SELECT set_eq('SELECT account_id, period_start_on, movement, amount_mrr FROM cs_internal.snapshot_movement', 'SELECT account_id, period_start_on, movement, amount_mrr FROM cs.revenue_movement WHERE period_end_on < ''2024-06-30''', 'the movements behind it');
SELECT set_eq('SELECT account_id FROM cs_internal.snapshot_account', 'SELECT account_id FROM cs_internal.account_state', 'and the accounts');
SELECT is_empty('SELECT * FROM restatement(''cs'') WHERE is_restated OR policy_changed OR difference <> 0', 'nothing is restated yet');
SELECT cmp_ok(count(*), '>', 60::bigint, 'but each figure is looked at') FROM restatement('cs');
SELECT is_empty('SELECT * FROM restatement_by_account(''cs'')', 'by nobody');
CREATE TEMP TABLE kept AS SELECT (SELECT count(*) FROM cs.snapshot_reading) + (SELECT count(*) FROM cs_internal.snapshot_movement) + (SELECT count(*) FROM cs_internal.snapshot_account) AS rows;
CALL take_snapshot('cs');
SELECT is((SELECT count(*) FROM cs.snapshot_reading) + (SELECT count(*) FROM cs_internal.snapshot_movement) + (SELECT count(*) FROM cs_internal.snapshot_account), rows, 'taken again, nothing is stored again') FROM kept;
SELECT is((SELECT s.follows FROM cs.snapshot s WHERE s.snapshot_id > :may), :may::bigint, 'each knows the one before it');

-- A cancellation that comes late, dated May.
UPDATE public.contract SET ends_on = '2024-05-15' WHERE account_id = 'a';
CALL refresh('cs');
SELECT results_eq(format($$SELECT metric, reported_then, reported_now, difference FROM restatement('cs', %s) WHERE is_restated AND source_view = 'revenue_monthly' AND metric ~ 'mrr|count' ORDER BY metric$$, :may),
    $$VALUES ('churn_count', 1::numeric, 2::numeric, 1::numeric), ('churn_mrr', 80, 180, 100), ('closing_count', 4, 3, -1), ('closing_mrr', 380.50, 280.50, -100)$$, 'May is restated');
SELECT results_eq(format($$SELECT reported_then, reported_now, policy_changed FROM restatement('cs', %s) WHERE source_view = 'revenue_monthly' AND metric = 'nrr_rate' AND period_start_on = '2024-05-01'$$, :may), $$VALUES ((300.5 / 380.5)::float8::numeric, (200.5 / 380.5)::float8::numeric, false)$$, 'its NRR too');
SELECT set_eq(format($$SELECT value, difference FROM restatement('cs', %s) WHERE is_restated AND metric = 'mrr' AND dimension <> 'all'$$, :may), $$VALUES ('large', -100::numeric)$$, 'in its segment');
SELECT results_eq(format('SELECT * FROM restatement_by_account(''cs'', %s)', :may), $$VALUES ('a', date '2024-05-01', date '2024-06-01', 'churn', 0::numeric, 100::numeric, 100::numeric, 100::numeric, 0::numeric, 'rows changed')$$, 'by a, to the cent');

-- An account that is gone, one that is new, a rate that is corrected by one cent.
DELETE FROM public.contract WHERE account_id = 'd';
DELETE FROM public.customer WHERE account_id = 'd';
INSERT INTO public.customer VALUES ('f', 'small');
INSERT INTO public.contract VALUES ('f', '2024-04-02', NULL, 7);
UPDATE public.contract SET mrr = 200.51 WHERE account_id = 'b';
CALL refresh('cs');
SELECT results_eq(format('SELECT * FROM restatement_by_account(''cs'', %s)', :may), $$VALUES
    ('b', date '2024-03-01', date '2024-04-01', 'new', 200.50, 200.51, 0.01, 0.01, 0::numeric, 'rows changed'),
    ('d', '2024-03-01', '2024-04-01', 'new', 80, 0, -80, -80, 0, 'account gone'),
    ('f', '2024-04-01', '2024-05-01', 'new', 0, 7, 7, 7, 0, 'account new in the sources'),
    ('a', '2024-05-01', '2024-06-01', 'churn', 0, 100, 100, 100, 0, 'rows changed'),
    ('d', '2024-05-01', '2024-06-01', 'churn', 80, 0, -80, -80, 0, 'account gone')$$, 'who did it, and why');
SELECT results_eq(format($$SELECT period_start_on, metric, difference FROM restatement('cs', %s) WHERE is_restated AND source_view = 'revenue_monthly' AND metric IN ('new_mrr', 'churn_mrr', 'opening_mrr', 'closing_mrr') ORDER BY 1, 2$$, :may), $$VALUES
    (date '2024-03-01', 'closing_mrr', -79.99), ('2024-03-01', 'new_mrr', -79.99), ('2024-04-01', 'closing_mrr', -72.99), ('2024-04-01', 'new_mrr', 7), ('2024-04-01', 'opening_mrr', -79.99),
    ('2024-05-01', 'churn_mrr', 20), ('2024-05-01', 'closing_mrr', -92.99), ('2024-05-01', 'opening_mrr', -72.99)$$, 'what it did to the bridge');

-- A definition: gaps below 30 days are no churn. It undoes the gap of e.
UPDATE cs.policy SET gap_smooth_days = 30;
SELECT set_eq(format('SELECT account_id, period_start_on, movement, difference, by_facts, by_definition, cause FROM restatement_by_account(''cs'', %s) WHERE by_definition <> 0', :may), $$VALUES
    ('e', date '2024-04-01', 'churn', -30::numeric, 0::numeric, -30::numeric, 'definition'), ('e', '2024-05-01', 'reactivation', -30, 0, -30, 'definition')$$, 'what a definition did is told apart');
SELECT is(count(*), 5::bigint, 'from what the facts did') FROM restatement_by_account('cs', :may) WHERE by_definition = 0 AND cause <> 'definition';
SELECT ok(bool_and(policy_changed AND policy_hash_then <> policy_hash_now), 'and the policy is known to be another one') FROM restatement('cs', :may);
-- Both at once, which cancel: a smoothed gap that was not reported.
UPDATE public.contract SET ends_on = '2024-04-28' WHERE account_id = 'b';
INSERT INTO public.contract VALUES ('b', '2024-05-02', NULL, 200.51);
CALL refresh('cs');
SELECT results_eq(format('SELECT period_start_on, movement, difference, by_facts, by_definition, cause FROM restatement_by_account(''cs'', %s) WHERE account_id = ''b'' AND movement <> ''new''', :may), $$VALUES
    (date '2024-04-01', 'churn', 0::numeric, 200.51, -200.51, 'rows changed, definition'), ('2024-05-01', 'reactivation', 0, 200.51, -200.51, 'rows changed, definition')$$, 'nor does one hide the other');
-- A rule that takes effect with a refresh is told from rows, too.
UPDATE cs.policy SET credit_rule = 'count';
SELECT is(count(*), 0::bigint, 'before the refresh it has done nothing') FROM restatement_by_account('cs', :may) WHERE account_id = 'c';
CALL refresh('cs');
SELECT results_eq(format('SELECT period_start_on, movement, difference, by_facts, by_definition, cause FROM restatement_by_account(''cs'', %s) WHERE account_id = ''c''', :may), $$VALUES (date '2024-05-01', 'new', -10::numeric, 0::numeric, -10::numeric, 'definition')$$, 'after it, its doing is known');
SELECT results_eq('SELECT credit_rule, mrr_at(revenue, ''2024-06-01'') FROM cs.policy, cs_internal.account_state WHERE account_id = ''c''', $$VALUES ('count', 40::numeric)$$, 'policy and histories are as they were');
UPDATE cs.policy SET credit_rule = 'exclude';
CALL refresh('cs');

-- Between two snapshots, and periods that only one of them reports.
CALL take_snapshot('cs', 'June');
SELECT max(snapshot_id) AS june FROM cs.snapshot \gset
CREATE TEMP TABLE first AS SELECT * FROM restatement_by_account('cs', :may);
CREATE TEMP TABLE first_reading AS SELECT * FROM restatement('cs', :may);
UPDATE public.contract SET mrr = 1000;
UPDATE cs.policy SET gap_smooth_days = 0, as_of = '2024-07-31';
CALL refresh('cs');
SELECT set_eq(format('SELECT * FROM restatement_by_account(''cs'', %s, %s)', :may, :june), 'TABLE first', 'two snapshots say the same later');
SELECT set_eq(format('SELECT * FROM restatement(''cs'', %s, %s)', :may, :june), 'TABLE first_reading', 'of the figures too');
SELECT is(max(period_end_on), date '2024-06-01', 'a month that was not over is no restatement') FROM restatement('cs', :may);
UPDATE cs.policy SET report_from = '2024-05-01';
SELECT is(min(period_start_on), date '2024-05-01', 'nor is one that is not reported any more') FROM restatement('cs', :may);
SELECT is(min(period_start_on), date '2024-05-01', 'by account') FROM restatement_by_account('cs', :may);
UPDATE cs.policy SET report_from = NULL;
SELECT throws_ok(format('SELECT * FROM restatement(''cs'', %s, %s)', :june, :may), '22023', format('snapshot %s was not taken before snapshot %s', :june, :may));
SELECT throws_ok('SELECT * FROM restatement(''cs'', 4711)', '22023', 'model "cs" has no snapshot 4711');
SELECT throws_ok(format('SELECT * FROM restatement_by_account(''cs'', %s, 4711)', :may), '22023', 'model "cs" has no snapshot 4711');

-- Snapshots that are deleted.
CREATE TEMP TABLE between AS SELECT * FROM restatement_by_account('cs', :may, :june);
DELETE FROM cs.snapshot WHERE snapshot_id NOT IN (:may, :june);
CALL take_snapshot('cs');
SELECT set_eq(format('SELECT * FROM restatement_by_account(''cs'', %s, %s)', :may, :june), 'TABLE between', 'those that are left say the same');
DELETE FROM cs.snapshot WHERE snapshot_id = :may;
CALL take_snapshot('cs');
SELECT is((SELECT min(to_snapshot) > :june FROM cs_internal.snapshot_movement), true, 'what only the deleted one showed is gone with the next one that is taken');
SELECT throws_ok(format('SELECT * FROM restatement(''cs'', %s)', :may), '22023', format('model "cs" has no snapshot %s', :may));

-- Names that need quoting, and keys of another type.
CALL create_model('My "cs''; DROP', 'uuid');
CREATE TABLE public.other (account_id uuid, mrr numeric);
INSERT INTO public.other SELECT md5(n::text)::uuid, n FROM generate_series(1, 3) n;
CALL map('My "cs''; DROP', 'subscription', 'SELECT account_id, date ''2024-01-01'' AS starts_on, mrr FROM public.other');
UPDATE "My ""cs'; DROP".policy SET as_of = '2024-02-29';
CALL refresh('My "cs''; DROP');
CALL take_snapshot('My "cs''; DROP', 'it''s');
UPDATE public.other SET mrr = 5 WHERE mrr = 2;
UPDATE "My ""cs'; DROP".policy SET gap_smooth_days = 3;
CALL refresh('My "cs''; DROP');
SELECT results_eq('SELECT replace(account_id, ''-'', ''''), difference FROM restatement_by_account(''My "cs''''; DROP'')', 'SELECT md5(''2''), 3::numeric', 'a hostile name, and keys of type uuid');
SELECT results_eq('SELECT difference FROM restatement(''My "cs''''; DROP'') WHERE source_view = ''revenue_monthly'' AND metric = ''closing_mrr''', 'VALUES (3::numeric), (3)', 'and its figures');

-- Random histories with pauses and gaps, changed in random ways under policies of all kinds.
CREATE TABLE public.term AS SELECT * FROM pg_temp.random_terms(150, 0.42, 0.2);
CALL create_model('r', 'integer');
CALL map('r', 'subscription', 'SELECT account AS account_id, starts AS starts_on, ends AS ends_on, mrr, CASE WHEN paused THEN ''paused'' END AS status FROM public.term');
UPDATE r.policy SET as_of = '2024-06-30';
CALL refresh('r');
CALL take_snapshot('r');
CREATE TEMP TABLE reading (step integer, period_start_on date, movement text, amount numeric, by_account numeric);
CREATE TEMP TABLE off AS SELECT 0 AS step, r.* FROM restatement_by_account('r') r LIMIT 0;
CREATE TEMP TABLE oracle (step integer, account_id text, period_start_on date, movement text, by_facts numeric, by_definition numeric);
CREATE FUNCTION pg_temp.movements_of_now() RETURNS TABLE (account_id text, period_start_on date, movement text, amount numeric) LANGUAGE sql AS
$$SELECT account_id::text, period_start_on, movement, amount_mrr FROM r.revenue_movement WHERE period_end_on <= '2024-07-01'$$;
CREATE FUNCTION pg_temp.play(steps integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE before r.policy; after r.policy;
BEGIN
    PERFORM setseed(0.7);
    FOR step IN 1 .. steps LOOP
        DELETE FROM public.term WHERE account IN (SELECT floor(random() * 150)::integer FROM generate_series(1, 3));
        UPDATE public.term SET mrr = mrr + 0.000001 WHERE account % 7 = step % 7 AND mrr > 0;
        UPDATE public.term SET ends = starts + floor(random() * 100)::integer WHERE account % 11 = step % 11;
        INSERT INTO public.term SELECT 1000 * step + n, date '2022-01-01' + floor(random() * 900)::integer, NULL, round(random()::numeric * 100, 6), false FROM generate_series(1, 4) n;
        SELECT * INTO before FROM r.policy;
        UPDATE r.policy SET pause_rule = (ARRAY['pause', 'churn'])[1 + step % 2], pause_churn_days = (ARRAY[60, 20, 200])[1 + step % 3], gap_smooth_days = (ARRAY[0, 45, 10])[1 + (step / 2) % 3];
        SELECT * INTO after FROM r.policy;
        CALL csmetrics.refresh('r');
        INSERT INTO off SELECT step, m.* FROM csmetrics.restatement_by_account('r') m;
        INSERT INTO reading SELECT step, period_start_on, replace(metric, '_mrr', ''), difference FROM csmetrics.restatement('r')
            WHERE source_view = 'revenue_monthly' AND metric ~ '_mrr$' AND metric !~ 'opening|closing';
        -- what the rules of then make of the facts of now: set them and look
        CREATE TEMP TABLE now_as_now AS SELECT * FROM pg_temp.movements_of_now();
        UPDATE r.policy SET pause_rule = before.pause_rule, pause_churn_days = before.pause_churn_days, gap_smooth_days = before.gap_smooth_days;
        CREATE TEMP TABLE now_as_then AS SELECT * FROM pg_temp.movements_of_now();
        UPDATE r.policy SET pause_rule = after.pause_rule, pause_churn_days = after.pause_churn_days, gap_smooth_days = after.gap_smooth_days;
        INSERT INTO oracle SELECT step, account_id, period_start_on, movement, coalesce(d.amount, 0) - coalesce(b.amount, 0), coalesce(n.amount, 0) - coalesce(d.amount, 0)
        FROM (SELECT s.account_id::text, s.period_start_on, s.movement, s.amount_mrr AS amount FROM r_internal.snapshot_movement s WHERE to_snapshot IS NULL) b
             FULL JOIN now_as_then d USING (account_id, period_start_on, movement) FULL JOIN now_as_now n USING (account_id, period_start_on, movement);
        DROP TABLE now_as_now, now_as_then;
        CALL csmetrics.take_snapshot('r');
        INSERT INTO off SELECT -step, m.* FROM csmetrics.restatement_by_account('r', step, step + 1) m;
    END LOOP;
END $$;
SELECT pg_temp.play(6) \g /dev/null
SELECT is(count(DISTINCT step)::integer || ' ' || (count(*) > 400) || ' ' || (count(*) FILTER (WHERE by_facts <> 0 AND by_definition <> 0) > 10), '6 true true', 'six random restatements, many of both kinds') FROM off WHERE step > 0;
SELECT is_empty('SELECT step, period_start_on, movement, r.amount, o.amount FROM (SELECT step, period_start_on, movement, amount FROM reading WHERE amount <> 0) r
                 FULL JOIN (SELECT step, period_start_on, movement, sum(difference) AS amount FROM off WHERE step > 0 GROUP BY 1, 2, 3 HAVING sum(difference) <> 0) o USING (step, period_start_on, movement)
                 WHERE r.amount IS DISTINCT FROM o.amount', 'of each period and movement the accounts add up to the difference of the bridge, to the last decimal');
SELECT is_empty('SELECT * FROM off WHERE by_facts + by_definition <> difference OR amount_now - amount_then <> difference', 'the parts of each too');
SELECT is_empty('(SELECT step, account_id, period_start_on, movement, by_facts, by_definition FROM off WHERE step > 0 EXCEPT TABLE oracle) UNION ALL (SELECT * FROM oracle WHERE by_facts <> 0 OR by_definition <> 0 EXCEPT SELECT step, account_id, period_start_on, movement, by_facts, by_definition FROM off)', 'and are what the views say under the policy of then');
SELECT is_empty('(SELECT -step, account_id, period_start_on, movement, difference, by_facts, by_definition, cause FROM off WHERE step < 0) EXCEPT SELECT step, account_id, period_start_on, movement, difference, by_facts, by_definition, cause FROM off', 'between two snapshots it is the same');

SELECT * FROM finish();
ROLLBACK;
