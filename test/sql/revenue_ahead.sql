\unset ECHO
\i test/psql.sql
-- The months to come, by what subscriptions say now; months, quarters and years side by side; ARR beside MRR.
BEGIN;
SELECT plan(21);
CALL create_model('cs');
CREATE TABLE sold (account text, sub text, starts date, ends date, mrr numeric, status text, cancelled date, renews date, due date);
CALL map('cs', 'subscription', 'SELECT account AS account_id, sub AS subscription_id, starts AS starts_on, ends AS ends_on, mrr, status, cancelled AS cancelled_on, renews AS renews_on, due AS past_due_on FROM sold');
CALL map('cs', 'account', $$SELECT DISTINCT account AS account_id, CASE WHEN account < 'c' THEN 'small' ELSE 'large' END AS segment FROM sold$$);
UPDATE cs.policy SET as_of = '2024-03-20';
INSERT INTO sold (account, sub, starts, ends, mrr, cancelled, renews) VALUES
    ('a', 'a1', '2023-01-01', '2024-05-01', 100, '2024-03-01', '2024-05-01'),   -- cancelled at the end of its term
    ('b', 'b1', '2023-01-01', NULL, 50, '2024-03-05', '2024-04-15'),            -- the same, and the source has no end
    ('c', 'c1', '2023-01-01', '2024-04-01', 70, NULL, '2024-04-01'), ('c', 'c2', '2024-04-01', NULL, 90, NULL, NULL),  -- renewed at a higher price
    ('d', 'd1', '2023-01-01', NULL, 30, NULL, '2024-06-01'), ('d', 'd2', '2023-01-01', '2024-03-31', 5, NULL, NULL),   -- keeps one of two
    ('e', 'e1', '2024-06-10', NULL, 20, NULL, NULL),                            -- is to begin
    ('f', 'f1', '2023-01-01', NULL, 8, '2024-02-01', '2024-03-01');             -- should have ended
CALL refresh('cs');
PREPARE ahead AS SELECT period_start_on, period_end_on, opening_mrr, starting_mrr, scheduled_contraction_mrr, scheduled_churn_mrr, committed_mrr, notice_mrr, scheduled_churn_count, committed_count
    FROM cs.revenue_ahead WHERE dimension = 'all' AND period_start_on < '2024-07-01';
SELECT results_eq('ahead', $$VALUES ('2024-03-21'::date, '2024-04-01'::date, 263::numeric, 0::numeric, 5::numeric, 8::numeric, 250::numeric, 8::numeric, 1::bigint, 4::bigint),
    ('2024-04-01', '2024-05-01', 250, 20, 0, 50, 220, 50, 1, 3), ('2024-05-01', '2024-06-01', 220, 0, 0, 100, 120, 100, 1, 2), ('2024-06-01', '2024-07-01', 120, 20, 0, 0, 140, 0, 0, 3)$$, 'month by month');
SELECT is(closing_mrr, 263::numeric, 'it begins with what there is') FROM cs.revenue_monthly ORDER BY period_start_on DESC LIMIT 1;
SELECT is(max(period_end_on), '2025-04-01'::date, 'the rest of this month, and twelve more') FROM cs.revenue_ahead;
SELECT is_empty('SELECT 1 FROM cs.revenue_ahead WHERE is_complete OR is_complete IS NULL', 'none of which is complete');
SELECT is_empty('SELECT 1 FROM cs.revenue_ahead WHERE opening_mrr + starting_mrr - scheduled_contraction_mrr - scheduled_pause_mrr - scheduled_churn_mrr <> committed_mrr OR committed_arr <> 12 * committed_mrr', 'each adds up');
SELECT results_eq($$SELECT value, committed_mrr FROM cs.revenue_ahead WHERE dimension = 'segment' AND period_start_on = '2024-06-01' ORDER BY 1$$, $$VALUES ('large', 140::numeric), ('small', 0)$$, 'by segment');
UPDATE cs.policy SET as_of = '2024-03-31';
SELECT results_eq('ahead', $$VALUES ('2024-04-01'::date, '2024-05-01'::date, 258::numeric, 20::numeric, 0::numeric, 58::numeric, 220::numeric, 58::numeric, 2::bigint, 3::bigint),
    ('2024-05-01', '2024-06-01', 220, 0, 0, 100, 120, 100, 1, 2), ('2024-06-01', '2024-07-01', 120, 20, 0, 0, 140, 0, 0, 3)$$, 'on the last day of a month the next one comes first');

-- What is past due ends when the policy says so; what is paused is lost if it does not come back.
TRUNCATE sold;
INSERT INTO sold (account, sub, starts, ends, mrr, status, due) VALUES ('a', 'a1', '2023-01-01', NULL, 100, NULL, '2024-03-20'), ('b', 'b1', '2023-01-01', '2024-03-10', 40, NULL, NULL), ('b', 'b1', '2024-03-10', '2024-04-10', 40, 'paused', NULL),
    ('b', 'b1', '2024-04-10', NULL, 40, NULL, NULL), ('c', 'c1', '2023-01-01', '2024-03-10', 7, NULL, NULL), ('c', 'c1', '2024-03-10', NULL, 7, 'paused', NULL);
CALL refresh('cs', may_shrink => true);
SELECT results_eq('SELECT period_start_on, opening_mrr, starting_mrr, scheduled_pause_mrr, scheduled_churn_mrr, committed_mrr FROM cs.revenue_ahead WHERE dimension = ''all'' AND period_start_on < ''2024-06-01''',
    $$VALUES ('2024-04-01'::date, 100::numeric, 40::numeric, 0::numeric, 100::numeric, 40::numeric), ('2024-05-01', 40, 0, -7, 7, 40)$$, 'b comes back in April, c has not by May');

-- Whoever an account belongs to on the day, and whatever the grain, the total is what the bridge ends with.
TRUNCATE sold;
CREATE TABLE belongs (account text, parent text, since date, merged boolean);
CALL map('cs', 'parent', 'SELECT account AS account_id, parent AS parent_id, since AS starts_on, merged AS is_merger FROM belongs');
INSERT INTO sold (account, sub, starts, ends, mrr, cancelled, renews) VALUES ('a', 'a1', '2023-01-01', '2024-05-01', 100, NULL, NULL), ('b', 'b1', '2023-01-01', NULL, 50, '2024-03-05', '2024-05-01'), ('c', 'c1', '2023-01-01', NULL, 30, NULL, NULL);
INSERT INTO belongs VALUES ('a', 'c', NULL, NULL), ('b', 'c', '2024-02-01', true);
CALL refresh('cs', may_shrink => true);
PREPARE may AS SELECT opening_mrr, scheduled_contraction_mrr, scheduled_churn_mrr, committed_mrr, scheduled_churn_count FROM cs.revenue_ahead WHERE dimension = 'all' AND period_start_on = '2024-05-01';
SELECT results_eq('may', 'VALUES (180::numeric, 50::numeric, 100::numeric, 30::numeric, 1::bigint)', 'b merged into c: what it gives up is contraction');
UPDATE cs.policy SET entity_grain = 'parent';
CALL refresh('cs');
SELECT results_eq('may', 'VALUES (180::numeric, 150::numeric, 0::numeric, 30::numeric, 0::bigint)', 'as it is of all children');
UPDATE cs.policy SET entity_grain = 'subscription';
CALL refresh('cs');
SELECT results_eq('may', 'VALUES (180::numeric, 50::numeric, 100::numeric, 30::numeric, 1::bigint)', 'subscriptions of one account are one');
UPDATE cs.policy SET entity_grain = DEFAULT;

-- Months, quarters and years side by side.
TRUNCATE sold, belongs;
INSERT INTO sold (account, sub, starts, ends, mrr) VALUES ('a', 'a1', '2023-01-01', '2024-02-10', 100), ('a', 'a1', '2024-02-10', '2024-03-10', 60), ('a', 'a1', '2024-03-10', NULL, 130), ('b', 'b1', '2024-01-10', '2024-03-10', 10);
UPDATE cs.policy SET as_of = '2024-05-10';
CALL refresh('cs', may_shrink => true);
PREPARE periods AS SELECT period, period_start_on, period_end_on, opening_mrr, new_mrr, expansion_mrr, contraction_mrr, churn_mrr, intra_period_mrr, closing_mrr, closing_arr, is_complete FROM cs.revenue_all_periods
    WHERE dimension = 'all' AND period_start_on >= '2024-01-01' AND period_start_on < '2024-04-01' ORDER BY 1, 2;
SELECT results_eq('periods', $$VALUES ('month', '2024-01-01'::date, '2024-02-01'::date, 100::numeric, 10::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric, 110::numeric, 1320::numeric, true),
    ('month', '2024-02-01', '2024-03-01', 110, 0, 0, 40, 0, 0, 70, 840, true), ('month', '2024-03-01', '2024-04-01', 70, 0, 70, 0, 10, 0, 130, 1560, true),
    ('quarter', '2024-01-01', '2024-04-01', 100, 0, 30, 0, 0, 10, 130, 1560, true), ('year', '2024-01-01', '2024-05-11', 100, 0, 30, 0, 0, 10, 130, 1560, false)$$,
    'what came and went, or fell and rose, within a quarter is none of its churn; a year that is not over is not complete');
SELECT results_eq('SELECT closing_mrr, closing_arr, opening_arr FROM cs.revenue_monthly WHERE period_start_on = ''2024-02-01''', 'VALUES (70::numeric, 840::numeric, 1320::numeric)', 'ARR stands beside MRR');
SELECT results_eq('SELECT period_start_on, expansion_mrr FROM cs.revenue_by_period WHERE dimension = ''all'' AND expansion_mrr > 0', 'VALUES (''2024-03-01''::date, 70::numeric)', 'the period of the policy, as before');
UPDATE cs.policy SET period = 'quarter', fiscal_year_start = 3;
SELECT results_eq('SELECT period_start_on, expansion_mrr, churn_mrr FROM cs.revenue_by_period WHERE dimension = ''all'' AND period_start_on > ''2023-12-01''', 'VALUES (''2024-03-01''::date, 70::numeric, 10::numeric)', 'is one of those');
SELECT results_eq($$SELECT period, period_start_on FROM cs.revenue_all_periods WHERE dimension = 'all' AND churn_mrr > 0 ORDER BY 1$$, $$VALUES ('month', '2024-03-01'::date), ('quarter', '2024-03-01'), ('year', '2024-03-01')$$, 'in quarters and years of the fiscal year');

-- Whatever as_of says: what has not happened is not complete.
UPDATE cs.policy SET as_of = (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months 9 days')::date, report_from = (now() AT TIME ZONE 'UTC')::date - 60, period = 'month', fiscal_year_start = 1;
SELECT is_empty('SELECT period_end_on, is_complete FROM ' || view || ' WHERE is_complete IS DISTINCT FROM (period_end_on <= (now() AT TIME ZONE ''UTC'')::date + 1)', 'no month that has not happened is complete: ' || view)
FROM unnest(ARRAY['(SELECT * FROM cs.revenue_all_periods WHERE period = ''month'') m', 'cs.retention_by_segment', 'cs.revenue_by_product', 'cs.metric_reading']) view;
SELECT ok(bool_or(is_complete) AND NOT bool_and(is_complete), 'others are') FROM cs.revenue_monthly;
SELECT * FROM finish();
ROLLBACK;
