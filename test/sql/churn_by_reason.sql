\unset ECHO
\i test/psql.sql
-- Why MRR was lost: by hand, and the sums over reasons against the bridge whatever the policy says.
BEGIN;
SELECT plan(26);
CALL create_model('cs');
CREATE TABLE sold (account text, sub text, starts date, ends date, mrr numeric, product text, plan text, status text, cancelled date, due date, reason text, voluntary boolean, currency text);
CALL map('cs', 'subscription', $$SELECT account AS account_id, sub AS subscription_id, starts AS starts_on, ends AS ends_on, mrr, product, plan, status, cancelled AS cancelled_on, due AS past_due_on,
    reason AS end_reason, voluntary, currency FROM sold$$);
CALL map('cs', 'account', $$SELECT DISTINCT account AS account_id, CASE WHEN account < 'e' THEN 'small' ELSE 'large' END AS segment FROM sold$$);
UPDATE cs.policy SET as_of = '2024-04-30', report_from = '2024-02-01';
INSERT INTO sold (account, sub, starts, ends, mrr, reason, voluntary) VALUES
    ('a', 'a1', '2024-01-01', '2024-02-10', 100, 'price', true),                    -- leaves for its price
    ('b', 'b1', '2024-01-01', '2024-02-12', 50, 'payment_failed', false),           -- is cut off
    ('c', 'c1', '2024-01-01', '2024-02-15', 40, NULL, NULL),                        -- nobody says why
    ('d', 'd1', '2024-01-01', '2024-03-05', 50, 'price', true), ('d', 'd2', '2024-01-01', '2024-03-20', 30, 'missing feature', true),  -- leaves for two
    ('e', 'e1', '2024-01-01', NULL, 70, NULL, NULL), ('e', 'e2', '2024-01-01', '2024-03-10', 20, 'unused', true),                      -- gives up one of two
    ('f', 'f1', '2024-01-01', '2024-03-10', 100, 'downgrade', true), ('f', 'f1', '2024-03-10', NULL, 60, NULL, NULL),                  -- pays less
    ('g', 'g1', '2024-01-01', '2024-03-10', 100, NULL, NULL), ('g', 'g1', '2024-03-10', NULL, 60, NULL, NULL), ('g', 'g2', '2024-01-01', '2024-03-12', 30, 'unused', true),
    ('h', 'h1', '2024-01-01', '2024-04-10', 90, NULL, true);                        -- wanted to, no more is known
CALL refresh('cs');
PREPARE reasons AS SELECT period_start_on, cause, reason, churn_count, churn_mrr, contraction_count, contraction_mrr FROM cs.churn_by_reason WHERE dimension = 'all' ORDER BY 1, 2, 3;
SELECT results_eq('reasons', $$VALUES ('2024-02-01'::date, 'involuntary', 'payment_failed', 1::bigint, 50::numeric, 0::bigint, 0::numeric), ('2024-02-01', 'unknown', '(unknown)', 1, 40, 0, 0), ('2024-02-01', 'voluntary', 'price', 1, 100, 0, 0),
    ('2024-03-01', 'unknown', '(unknown)', 0, 0, 0, 40), ('2024-03-01', 'voluntary', 'downgrade', 0, 0, 1, 40), ('2024-03-01', 'voluntary', 'missing feature', 0, 30, 0, 0), ('2024-03-01', 'voluntary', 'price', 1, 50, 0, 0),
    ('2024-03-01', 'voluntary', 'unused', 0, 0, 2, 50), ('2024-04-01', 'voluntary', '(unknown)', 1, 90, 0, 0)$$,
    'g lost 70: 30 of what was unused, and 40 for a reason that nobody gave; it counts once, with what it said');
SELECT results_eq($$SELECT value, cause, sum(churn_count)::bigint, sum(churn_mrr) FROM cs.churn_by_reason WHERE dimension = 'segment' AND churn_mrr > 0 GROUP BY 1, 2 ORDER BY 1, 2$$,
    $$VALUES ('large', 'voluntary', 1::bigint, 90::numeric), ('small', 'involuntary', 1, 50), ('small', 'unknown', 1, 40), ('small', 'voluntary', 2, 180)$$, 'by segment');

-- What is said of a subscription as a whole, on each of its rows, is the reason of its end.
TRUNCATE sold;
INSERT INTO sold (account, sub, starts, ends, mrr, cancelled, reason, voluntary) VALUES ('a', 'a1', '2024-01-01', '2024-02-10', 100, '2024-04-01', 'price', true), ('a', 'a1', '2024-02-10', '2024-04-20', 60, '2024-04-01', 'price', true),
    ('b', 'b1', '2024-01-01', '2024-02-10', 100, '2024-02-10', 'seats', true), ('b', 'b1', '2024-02-10', '2024-04-20', 60, '2024-04-20', 'price', true);
CALL refresh('cs', may_shrink => true);
SELECT results_eq('reasons', $$VALUES ('2024-02-01'::date, 'unknown', '(unknown)', 0::bigint, 0::numeric, 1::bigint, 40::numeric), ('2024-02-01', 'voluntary', 'seats', 0, 0, 1, 40), ('2024-04-01', 'voluntary', 'price', 2, 120, 0, 0)$$,
    'a paid less in February for a reason that nobody gave; b gave one for each');

-- One that is past due for too long; one whose MRR another subscription takes over in part.
TRUNCATE sold;
INSERT INTO sold (account, sub, starts, ends, mrr, due, reason) VALUES ('a', 'a1', '2024-01-01', NULL, 100, '2024-02-10', NULL), ('b', 'b1', '2024-01-01', '2024-02-10', 50, NULL, 'price'), ('b', 'b2', '2024-02-10', NULL, 20, NULL, NULL),
    ('b', 'b3', '2024-01-01', '2024-02-12', 10, NULL, 'unused');
CALL refresh('cs', may_shrink => true);
SELECT results_eq('reasons', $$VALUES ('2024-02-01'::date, 'unknown', 'price', 0::bigint, 0::numeric, 1::bigint, 33.333333), ('2024-02-01', 'unknown', 'unused', 0, 0, 0, 6.666667), ('2024-03-01', 'involuntary', '(past due)', 1, 100, 0, 0)$$,
    'of 60 that ended 40 were lost, in proportion, to the last decimal; a counts until 30 days after it was due');
UPDATE cs.policy SET delinquency_days = 0;
CALL refresh('cs');
SELECT is((SELECT period_start_on FROM cs.churn_by_reason WHERE dimension = 'all' AND reason = '(past due)'), '2024-02-01'::date, 'or at once, as the policy says');
UPDATE cs.policy SET delinquency_days = NULL;
CALL refresh('cs');
SELECT is_empty($$SELECT 1 FROM cs.churn_by_reason WHERE reason = '(past due)'$$, 'or never');
UPDATE cs.policy SET delinquency_days = DEFAULT;

-- Pauses.
TRUNCATE sold;
INSERT INTO sold (account, sub, starts, ends, mrr, status, reason) VALUES ('a', 'a1', '2024-01-01', '2024-02-10', 100, NULL, NULL), ('a', 'a1', '2024-02-10', NULL, 100, 'paused', NULL),
    ('b', 'b1', '2024-01-01', '2024-02-10', 50, NULL, NULL), ('b', 'b1', '2024-02-10', '2024-03-10', 50, 'paused', 'price'),
    ('c', 'c1', '2024-01-01', '2024-02-10', 30, NULL, NULL), ('c', 'c1', '2024-02-10', NULL, NULL, 'paused', NULL), ('c', 'c2', '2024-01-01', NULL, 10, NULL, NULL);
CALL refresh('cs', may_shrink => true);
SELECT results_eq('reasons', $$VALUES ('2024-02-01'::date, 'paused', '(paused)', 0::bigint, 0::numeric, 1::bigint, 30::numeric), ('2024-03-01', 'unknown', 'price', 1, 50, 0, 0), ('2024-04-01', 'paused', '(paused)', 1, 100, 0, 0)$$,
    'a was not back after 60 days, b ended in its pause, c has less meanwhile');
UPDATE cs.policy SET pause_rule = 'churn';
SELECT results_eq('reasons', $$VALUES ('2024-02-01'::date, 'paused', '(paused)', 2::bigint, 150::numeric, 1::bigint, 30::numeric)$$, 'where pauses are churn, they are the reason');
UPDATE cs.policy SET pause_rule = DEFAULT;

-- A merger is no churn, whatever its subscription says; the reasons of children are those of the parent.
TRUNCATE sold;
CREATE TABLE belongs (account text, parent text, since date, merged boolean);
CALL map('cs', 'parent', 'SELECT account AS account_id, parent AS parent_id, since AS starts_on, merged AS is_merger FROM belongs');
INSERT INTO sold (account, sub, starts, ends, mrr, reason) VALUES ('a', 'a1', '2024-01-01', '2024-02-10', 100, 'merged'), ('b', 'b1', '2024-01-01', '2024-02-10', 50, NULL), ('b', 'b1', '2024-02-10', NULL, 150, NULL),
    ('c', 'c1', '2024-01-01', '2024-03-10', 20, 'unused'), ('d', 'd1', '2024-01-01', NULL, 30, NULL);
INSERT INTO belongs VALUES ('a', 'b', '2024-02-10', true), ('c', 'd', NULL, NULL);
CALL refresh('cs', may_shrink => true);
SELECT results_eq('reasons', $$VALUES ('2024-03-01'::date, 'unknown', 'unused', 1::bigint, 20::numeric, 0::bigint, 0::numeric)$$, 'a went over to b');
UPDATE cs.policy SET entity_grain = 'parent';
CALL refresh('cs');
SELECT results_eq('reasons', $$VALUES ('2024-03-01'::date, 'unknown', 'unused', 0::bigint, 0::numeric, 1::bigint, 20::numeric)$$, 'c is a part of d, which stays');
UPDATE cs.policy SET entity_grain = 'subscription';
DELETE FROM belongs;
INSERT INTO sold (account, sub, starts, ends, mrr, reason) VALUES ('d', 'd2', '2024-01-01', '2024-03-10', 5, 'price');
CALL refresh('cs');
SELECT results_eq('reasons', $$VALUES ('2024-02-01'::date, 'unknown', 'merged', 1::bigint, 100::numeric, 0::bigint, 0::numeric), ('2024-03-01', 'unknown', 'price', 1, 5, 0, 0), ('2024-03-01', 'unknown', 'unused', 1, 20, 0, 0)$$,
    'by subscription each has its own');
UPDATE cs.policy SET entity_grain = DEFAULT;

-- Whatever happens, sums over reasons are the bridge.
CREATE TABLE fx (code text, day date, rate numeric);
INSERT INTO fx SELECT code, date '2023-12-31' + 20 * k, 1 + k / 10.0 FROM unnest('{USD,GBP}'::text[]) code, generate_series(0, 7) k;
CALL map('cs', 'fx_rate', 'SELECT code AS currency, day AS on_date, rate FROM fx');
TRUNCATE sold;
SELECT setseed(0.3) \g /dev/null
INSERT INTO sold SELECT 'account ' || a, 's' || k % 3, day, CASE WHEN random() < 0.8 THEN day + (random() * 60)::int END, round((random() * 100)::numeric, 2), 'p' || k % 2, 'plan ' || k % 3,
       CASE WHEN random() < 0.15 THEN 'paused' END, CASE WHEN random() < 0.3 THEN day + 20 END, CASE WHEN random() < 0.1 THEN day + 10 END, CASE WHEN random() < 0.7 THEN 'reason ' || k % 3 END, nullif(random() < 0.5, random() < 0.3),
       CASE WHEN random() < 0.5 THEN 'USD' ELSE 'GBP' END
FROM generate_series(1, 60) a, generate_series(1, 5) k, LATERAL (SELECT date '2023-12-15' + (random() * 120 + 0 * a * k)::int AS day) d;
INSERT INTO belongs SELECT 'account ' || a, 'account ' || a + 1, date '2024-02-15', a % 6 = 0 FROM generate_series(3, 30, 3) a;
CREATE FUNCTION pg_temp.unlike() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', period_start_on, dimension, value)
    FROM (SELECT period_start_on, dimension, value, sum(churn_count) AS a, CASE WHEN bool_and(churn_mrr IS NOT NULL) THEN sum(churn_mrr) END AS b, sum(contraction_count) AS c,
                 CASE WHEN bool_and(contraction_mrr IS NOT NULL) THEN sum(contraction_mrr) END AS d FROM cs.churn_by_reason GROUP BY 1, 2, 3) c
         FULL JOIN (SELECT period_start_on, dimension, value, churn_count, churn_mrr, contraction_count, contraction_mrr FROM cs.revenue_by_segment WHERE churn_count + contraction_count > 0) r USING (period_start_on, dimension, value)
    -- of the bridge all is unknown where any rate is missing
    WHERE (c.a, c.c) IS DISTINCT FROM (r.churn_count::numeric, r.contraction_count::numeric) OR r.churn_mrr IS NOT NULL AND (c.b, c.d) IS DISTINCT FROM (r.churn_mrr, r.contraction_mrr)
$$;
CREATE FUNCTION pg_temp.under(rules text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text[];
BEGIN
    BEGIN
        EXECUTE 'UPDATE cs.policy SET ' || rules;
        CALL csmetrics.refresh('cs', may_shrink => true);
        found := ARRAY(SELECT * FROM pg_temp.unlike());
        IF (SELECT count(*) FROM cs.churn_by_reason) < 20 THEN
            found := found || 'too few'::text;
        END IF;
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN is(found, '{}'::text[], 'sums are the bridge: ' || rules);
    END;
END
$$;
SELECT pg_temp.under(rules) FROM unnest(ARRAY['report_from = NULL', 'entity_grain = ''subscription''', 'entity_grain = ''parent''', 'pause_rule = ''churn''', 'pause_rule = ''keep''', 'gap_smooth_days = 20',
    'reactivation_gap_days = 10', 'churn_date_rule = ''click''', 'delinquency_days = 3, pause_churn_days = 10', 'report_currency = ''USD'', rate_rule = ''average''', 'report_currency = ''USD'', entity_grain = ''parent'', rate_max_age_days = 30',
    'zero_mrr_rule = ''count'', trial_rule = ''count'', credit_rule = ''count''', 'store_from_count = 0']) rules;

SELECT ok(bool_and(is_complete), 'months that are over are complete') FROM cs.churn_by_reason;
UPDATE cs.policy SET as_of = '2024-03-20';
SELECT results_eq('SELECT DISTINCT period_start_on, period_end_on, is_complete FROM cs.churn_by_reason WHERE period_start_on > ''2024-02-01''', $$VALUES ('2024-03-01'::date, '2024-03-21'::date, false)$$, 'one that is not is not');
SELECT * FROM finish();
ROLLBACK;
