\unset ECHO
\i test/psql.sql
-- The bridge by product and plan of the subscriptions as of then: by hand, and the sums against the bridge whatever the policy says.
BEGIN;
SELECT plan(31);
CALL create_model('cs');
CREATE TABLE sold (account text, sub text, starts date, ends date, mrr numeric, product text, plan text, status text, currency text);
CALL map('cs', 'subscription', 'SELECT account AS account_id, sub AS subscription_id, starts AS starts_on, ends AS ends_on, mrr, product, plan, status, currency FROM sold');
CALL map('cs', 'account', $$SELECT DISTINCT account AS account_id, 'the plan of today' AS plan FROM sold$$);
UPDATE cs.policy SET as_of = '2024-03-31', report_from = '2024-02-01';
INSERT INTO sold (account, sub, starts, ends, mrr, product, plan) VALUES
    ('a', 'a1', '2024-01-01', NULL, 100, 'X', 'basic'), ('a', 'a2', '2024-02-10', NULL, 30, 'Y', 'basic'),                               -- buys a second product
    ('b', 'b1', '2024-01-01', '2024-02-10', 100, 'X', 'basic'), ('b', 'b1', '2024-02-10', NULL, 150, 'X', 'pro'),                        -- moves to a dearer plan
    ('c', 'c1', '2024-01-01', '2024-03-10', 80, 'X', 'pro'), ('c', 'c2', '2024-03-10', NULL, 50, 'Y', 'basic'),                          -- moves to a cheaper product
    ('d', 'd1', '2024-02-05', '2024-03-20', 60, 'Y', 'pro'),                                                                            -- comes and leaves
    ('e', 'e1', '2024-01-01', '2024-03-10', 20, 'X', 'basic'), ('e', 'e2', '2024-03-10', NULL, 20, 'Y', 'pro');                          -- moves at the same price
CALL refresh('cs');
PREPARE products AS SELECT period_start_on, value, opening_mrr, new_mrr, expansion_mrr, transfer_in_mrr, contraction_mrr, transfer_out_mrr, churn_mrr, closing_mrr, joined_count, left_count, closing_count
    FROM cs.revenue_by_product WHERE dimension = 'product' ORDER BY 1, 2;
SELECT results_eq('products', $$VALUES ('2024-02-01'::date, 'X', 300::numeric, 0::numeric, 50::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric, 350::numeric, 0::bigint, 0::bigint, 4::bigint),
    ('2024-02-01', 'Y', 0, 60, 30, 0, 0, 0, 0, 90, 2, 0, 2), ('2024-03-01', 'X', 350, 0, 0, 0, 30, 70, 0, 250, 0, 2, 2), ('2024-03-01', 'Y', 90, 0, 0, 70, 0, 0, 60, 100, 2, 1, 3)$$,
    'another product is expansion; c moves 50 of 80 and gives up 30, e moves all');
SELECT results_eq($$SELECT value, opening_mrr, expansion_mrr, transfer_in_mrr, contraction_mrr, transfer_out_mrr, churn_mrr, closing_mrr, closing_arr FROM cs.revenue_by_product
                    WHERE dimension = 'subscription_plan' AND period_start_on = '2024-02-01' ORDER BY 1$$,
    $$VALUES ('basic', 220::numeric, 30::numeric, 0::numeric, 0::numeric, 100::numeric, 0::numeric, 150::numeric, 1800::numeric), ('pro', 80, 50, 100, 0, 0, 0, 290, 3480)$$, 'by plan b moves 100 and expands by 50');
SELECT results_eq('SELECT period_start_on, dimension, from_value, to_value, account_count, transfer_mrr FROM cs.revenue_transfer ORDER BY 1, 2, 3', $$VALUES ('2024-02-01'::date, 'subscription_plan', 'basic', 'pro', 1::bigint, 100::numeric),
    ('2024-03-01', 'product', 'X', 'Y', 2, 70), ('2024-03-01', 'subscription_plan', 'basic', 'pro', 1, 20), ('2024-03-01', 'subscription_plan', 'pro', 'basic', 1, 50)$$, 'who moved from where to where');
SELECT results_eq('SELECT new_mrr, expansion_mrr, contraction_mrr, churn_mrr, closing_mrr FROM cs.revenue_monthly', 'VALUES (60::numeric, 80::numeric, 0::numeric, 0::numeric, 440::numeric), (0, 0, 30, 60, 350)', 'the bridge of customers knows no transfer');
SELECT is_empty($$SELECT 1 FROM cs.revenue_by_product WHERE value ~ 'today'$$, 'the plan of the account as of today has no part in it');
UPDATE sold SET product = 'Z' WHERE sub = 'a2';
UPDATE sold SET product = NULL WHERE account IN ('c', 'e');
CALL refresh('cs');
SELECT results_eq($$SELECT period_start_on, value, opening_mrr, closing_mrr FROM cs.revenue_by_product WHERE dimension = 'product' ORDER BY 1, 2$$, $$VALUES ('2024-02-01'::date, '(none)', 100::numeric, 100::numeric), ('2024-02-01', 'X', 200, 250),
    ('2024-02-01', 'Y', 0, 60), ('2024-02-01', 'Z', 0, 30), ('2024-03-01', '(none)', 100, 70), ('2024-03-01', 'X', 250, 250), ('2024-03-01', 'Y', 60, 0), ('2024-03-01', 'Z', 30, 30)$$, 'what has no product is (none)');
SELECT results_eq($$SELECT period_start_on, from_value, to_value, transfer_mrr FROM cs.revenue_transfer WHERE dimension = 'product'$$, 'SELECT NULL::date, NULL, NULL, NULL::numeric WHERE false', 'and moves nowhere');

-- Several at once: who gave most gives to who had most, and both sides add up.
TRUNCATE sold;
INSERT INTO sold (account, sub, starts, ends, mrr, product) SELECT 'a', p, '2024-01-01', '2024-02-10', m, p FROM (VALUES ('A', 50), ('B', 30), ('C', 20)) v(p, m);
INSERT INTO sold (account, sub, starts, ends, mrr, product) SELECT 'a', p, '2024-02-10', NULL, m, p FROM (VALUES ('D', 70.000001), ('E', 60)) v(p, m);
CALL refresh('cs', may_shrink => true);
SELECT results_eq('SELECT from_value, to_value, transfer_mrr FROM cs.revenue_transfer WHERE dimension = ''product'' ORDER BY 1, 2', $$VALUES ('A', 'D', 50::numeric), ('B', 'D', 3.846154), ('B', 'E', 26.153846), ('C', 'E', 20)$$,
    '100 of 130.000001 moved: D had its share of it, 53.846154, E the rest');
SELECT results_eq('SELECT value, expansion_mrr, transfer_in_mrr FROM cs.revenue_by_product WHERE dimension = ''product'' AND period_start_on = ''2024-02-01'' AND closing_mrr > 0 ORDER BY 1', $$VALUES ('D', 16.153847, 53.846154), ('E', 13.846154, 46.153846)$$,
    'and 30.000001 is expansion');

-- Pauses take what was there before.
TRUNCATE sold;
INSERT INTO sold (account, sub, starts, ends, mrr, product, status) VALUES ('a', 'x', '2024-01-01', '2024-02-10', 60, 'X', NULL), ('a', 'y', '2024-01-01', '2024-02-10', 40, 'Y', NULL),
    ('a', 'x', '2024-02-10', NULL, 60, 'X', 'paused'), ('a', 'y', '2024-02-10', NULL, 40, 'Y', 'paused');
UPDATE cs.policy SET pause_churn_days = 30;
CALL refresh('cs', may_shrink => true);
SELECT results_eq($$SELECT period_start_on, value, pause_mrr, churn_mrr, closing_mrr, left_count FROM cs.revenue_by_product WHERE dimension = 'product' ORDER BY 1, 2$$, $$VALUES ('2024-02-01'::date, 'X', 60::numeric, 0::numeric, 0::numeric, 1::bigint),
    ('2024-02-01', 'Y', 40, 0, 0, 1), ('2024-03-01', 'X', -60, 60, 0, 0), ('2024-03-01', 'Y', -40, 40, 0, 0)$$, 'a pause that became churn is that of what was paused');
UPDATE cs.policy SET pause_churn_days = DEFAULT;

-- A gap that is smoothed.
TRUNCATE sold;
INSERT INTO sold (account, sub, starts, ends, mrr, product) VALUES ('a', 'x', '2024-01-01', '2024-02-25', 60, 'X'), ('a', 'y', '2024-01-01', '2024-02-20', 40, 'Y'), ('a', 'x', '2024-03-05', NULL, 60, 'X');
UPDATE cs.policy SET gap_smooth_days = 20;
CALL refresh('cs', may_shrink => true);
SELECT results_eq($$SELECT period_start_on, value, contraction_mrr, churn_mrr, closing_mrr, left_count FROM cs.revenue_by_product WHERE dimension = 'product' ORDER BY 1, 2$$, $$VALUES ('2024-02-01'::date, 'X', 0::numeric, 0::numeric, 60::numeric, 0::bigint),
    ('2024-02-01', 'Y', 40, 0, 0, 1), ('2024-03-01', 'X', 0, 0, 60, 0)$$, 'what was there last is there in a gap that is smoothed');
UPDATE cs.policy SET gap_smooth_days = DEFAULT;

-- Whatever happens, sums are the bridge.
CREATE TABLE belongs (account text, parent text, since date, merged boolean);
CALL map('cs', 'parent', 'SELECT account AS account_id, parent AS parent_id, since AS starts_on, merged AS is_merger FROM belongs');
CREATE TABLE fx (code text, day date, rate numeric);
INSERT INTO fx SELECT code, date '2023-12-31' + 20 * k, 1 + k / 10.0 FROM unnest('{USD,GBP}'::text[]) code, generate_series(0, 7) k;
CALL map('cs', 'fx_rate', 'SELECT code AS currency, day AS on_date, rate FROM fx');
TRUNCATE sold;
SELECT setseed(0.3) \g /dev/null
INSERT INTO sold SELECT 'account ' || a, 's' || k % 3, day, CASE WHEN random() < 0.8 THEN day + (random() * 60)::int END, round((random() * 100)::numeric, 2) - CASE WHEN random() < 0.1 THEN 90 ELSE 0 END,
       CASE WHEN a % 5 > 0 OR random() < 0.5 THEN 'p' || floor(random() * 3) END, nullif('plan ' || floor(random() * 4), 'plan 3'), CASE WHEN random() < 0.15 THEN 'paused' END, CASE WHEN random() < 0.5 THEN 'USD' ELSE 'GBP' END
FROM generate_series(1, 60) a, generate_series(1, 6) k, LATERAL (SELECT date '2023-12-15' + (random() * 120 + 0 * a * k)::int AS day) d;
INSERT INTO belongs SELECT 'account ' || a, 'account ' || a + 1, date '2024-02-15', a % 6 = 0 FROM generate_series(3, 30, 3) a;
CREATE FUNCTION pg_temp.unlike() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', period_start_on, p.dimension, p.a, r.opening_mrr, p.j, r.closing_mrr, p.e, r.expansion_mrr)
    FROM (SELECT period_start_on, dimension, sum(opening_mrr) AS a, sum(new_mrr) AS b, sum(reactivation_mrr) AS c, sum(resume_mrr) AS d, sum(expansion_mrr) AS e, sum(contraction_mrr) AS f, sum(pause_mrr) AS g, sum(churn_mrr) AS h,
                 sum(fx_mrr) AS i, sum(closing_mrr) AS j, sum(transfer_in_mrr - transfer_out_mrr) AS k FROM cs.revenue_by_product GROUP BY 1, 2) p
         FULL JOIN (SELECT m.*, d.dimension FROM cs.revenue_monthly m, unnest('{product,subscription_plan}'::text[]) d(dimension)) r USING (period_start_on, dimension)
    WHERE (p.a, p.b, p.c, p.d, p.e, p.f, p.g, p.h, p.i, p.j, p.k)
          IS DISTINCT FROM (r.opening_mrr, r.new_mrr, r.reactivation_mrr, r.resume_mrr, r.expansion_mrr, r.contraction_mrr, r.pause_mrr, r.churn_mrr, r.fx_mrr, r.closing_mrr, 0::numeric)
    UNION ALL
    SELECT concat_ws(' ', 'row', period_start_on, dimension, value) FROM cs.revenue_by_product
    WHERE opening_mrr + new_mrr + reactivation_mrr + resume_mrr + expansion_mrr + transfer_in_mrr - contraction_mrr - transfer_out_mrr - pause_mrr - churn_mrr + fx_mrr <> closing_mrr OR closing_count < 0
    UNION ALL
    SELECT concat_ws(' ', 'transfer', period_start_on, dimension, value)
    FROM cs.revenue_by_product p
    WHERE (transfer_in_mrr, transfer_out_mrr) <> (SELECT coalesce(sum(t.transfer_mrr) FILTER (WHERE t.to_value = p.value), 0), coalesce(sum(t.transfer_mrr) FILTER (WHERE t.from_value = p.value), 0)
                                                  FROM cs.revenue_transfer t WHERE (t.period_start_on, t.dimension) = (p.period_start_on, p.dimension))
$$;
CREATE FUNCTION pg_temp.under(rules text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text[];
BEGIN
    BEGIN
        EXECUTE 'UPDATE cs.policy SET ' || rules;
        CALL csmetrics.refresh('cs', may_shrink => true);
        found := ARRAY(SELECT * FROM pg_temp.unlike());
        IF (SELECT count(*) FROM cs.revenue_by_product WHERE transfer_in_mrr > 0) < 5 THEN
            found := found || 'too few'::text;
        END IF;
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN is(found, '{}'::text[], 'sums are the bridge: ' || rules);
    END;
END
$$;
SELECT pg_temp.under(rules) FROM unnest(ARRAY['confidence = 0.95', 'report_from = NULL', 'entity_grain = ''subscription''', 'entity_grain = ''parent''', 'pause_rule = ''churn''', 'pause_rule = ''keep''', 'gap_smooth_days = 20',
    'reactivation_gap_days = 10', 'entity_grain = ''parent'', gap_smooth_days = 15', 'pause_churn_days = 10', 'report_currency = ''USD'', rate_rule = ''average'', rate_max_age_days = 30', 'report_currency = ''USD'', rate_max_age_days = 30',
    'report_currency = ''USD'', entity_grain = ''parent'', rate_max_age_days = 30', 'report_currency = ''USD'', rate_rule = ''period_end'', rate_max_age_days = 30', 'report_currency = ''USD'', entity_grain = ''subscription'', rate_rule = ''fixed'', rate_max_age_days = 30',
    'credit_rule = ''count''', 'credit_rule = ''count'', gap_smooth_days = 9', 'store_from_count = 0']) rules;
-- Nobody knows what a yen was worth.
UPDATE cs.policy SET report_currency = 'JPY';
CALL refresh('cs', may_shrink => true);
SELECT isnt_empty('SELECT 1 FROM cs.revenue_by_product', 'what is not known is told');
SELECT is_empty('SELECT 1 FROM cs.revenue_by_product WHERE closing_mrr IS NOT NULL AND period_start_on = (SELECT max(period_start_on) FROM cs.revenue_by_product)', 'and is no number');
SELECT * FROM finish();
ROLLBACK;
