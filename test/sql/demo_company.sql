\unset ECHO
\i test/psql.sql
-- The demo company, whose causes of churn are known because they are planted: the backtest of its health finds
-- them, and finds nothing where there is nothing.
BEGIN;
SELECT plan(34);

\set company full
\i test/company.sql

SELECT cmp_ok(count(*), '>', 1900::bigint, 'the company is there') FROM company_internal.account_state;
SELECT cmp_ok(cause_rate, '>', 6 * other_rate, 'the truth: with a cause in force six times as many leave and more') FROM (
    SELECT avg(is_churned::int) FILTER (WHERE caused) AS cause_rate, avg(is_churned::int) FILTER (WHERE NOT caused) AS other_rate FROM (
        SELECT churned_on(a.revenue, (m.day + interval '1 month')::date - 1) IS NOT NULL AS is_churned,
               EXISTS (SELECT FROM company_made.truth t WHERE t.account_id = a.account_id AND t.from_on <= m.day AND t.to_on > m.day) AS caused
        FROM (SELECT d::date AS day FROM generate_series(timestamp '2024-08-01', '2026-06-01', '1 month') AS d) AS m, company_internal.account_state AS a WHERE mrr_at(a.revenue, m.day) > 0) AS c) AS r;

-- The planted causes are found, each by the signal that reads it.
CREATE TEMP TABLE found AS SELECT * FROM company.health_backtest_by_signal;
SELECT is(predicts, 'yes', format('%s is found by %s', cause, signal))
FROM found JOIN (VALUES (1, 'usage decline', 'depth'), (2, 'usage decline', 'breadth'), (3, 'champion left', 'seat_use'), (4, 'unresolved escalation', 'open_escalations'),
                        (5, 'no first value', 'milestones'), (6, 'payment failure', 'payment_failure'), (7, 'notice', 'renewal_posture')) AS v(nr, cause, signal) USING (signal) ORDER BY nr;
SELECT is(predicts, 'no', format('%s, which has nothing to do with it, is not', signal)) FROM found WHERE signal IN ('newsletter', 'repeated_contact', 'reopening', 'csat') ORDER BY signal;

SELECT is(predicts, 'yes', 'the score predicts churn') FROM company.health_backtest WHERE dimension = 'all';
SELECT cmp_ok(auc_lower_rate, '>', 0.6::float8, 'well beyond chance') FROM company.health_backtest WHERE dimension = 'all';
SELECT cmp_ok(top_lift_lower_rate, '>', 2::float8, 'the tenth with the lowest scores leaves more than twice as often') FROM company.health_backtest WHERE dimension = 'all';
SELECT cmp_ok(y.churned_lower_rate, '>', g.churned_upper_rate, 'Yellow leaves more often than Green: the intervals lie apart')
FROM company.health_backtest_by_tier AS y, company.health_backtest_by_tier AS g WHERE y.tier = 'Yellow' AND g.tier = 'Green';
SELECT is(sum(prediction_count)::bigint, (SELECT count(*) FROM company.health_outcome), 'tiers hold all predictions') FROM company.health_backtest_by_tier;
SELECT ok(bool_and(expected_rate BETWEEN churned_lower_rate - 0.02 AND churned_upper_rate + 0.02), 'what the earlier days lead to expect of each tenth is what came') FROM company.health_calibration;

-- The same scores with the outcomes shuffled.
SELECT is(predicts(shuffled), 'no', 'with the outcomes shuffled it does not')
FROM (SELECT backtest_agg(100 - health_score, other, account_id) AS shuffled
      FROM (SELECT health_score, account_id, lead(is_churned, 7) OVER (ORDER BY md5(account_id || scored_on)) AS other FROM company.health_outcome) AS o) AS s;
SELECT cmp_ok(count(*) FILTER (WHERE verdict <> 'no'), '<=', 5::bigint, 'nor in fifteen of twenty other shufflings at the least')
FROM (SELECT nr, predicts(backtest_agg(100 - health_score, other, account_id)) AS verdict
      FROM (SELECT nr, health_score, account_id, lead(is_churned) OVER (PARTITION BY nr ORDER BY md5(nr || account_id || scored_on)) AS other FROM company.health_outcome, generate_series(1, 20) AS nr) AS o GROUP BY nr) AS v;

-- What history suggests.
CREATE TEMP TABLE before AS SELECT * FROM company.health_signal;
CREATE TEMP TABLE suggestion AS SELECT * FROM suggest_weights('company');
SELECT results_eq('SELECT component, signal, weight FROM company.health_signal ORDER BY 1, 2', 'SELECT component, signal, weight FROM before ORDER BY 1, 2', 'suggesting changes no weight');
SELECT cmp_ok(abs(sum(suggested_weight) - sum(weight)), '<=', 1::float8, 'the suggested weights come to what the present ones do, but for rounding') FROM suggestion;
SELECT is_empty($$SELECT signal FROM suggestion WHERE suggested_weight > 0 AND predicts <> 'yes'$$, 'only signals that predict have some');
SELECT is_empty($$SELECT signal FROM suggestion WHERE signal IN ('repeated_contact', 'reopening', 'csat', 'newsletter') AND suggested_weight > 0$$, 'nothing to do with it, no weight');
SELECT cmp_ok(suggested_auc, '>', current_auc, 'on the last day, which they were not learned on, they are better') FROM suggestion LIMIT 1;
SELECT is(count(DISTINCT advice), 1::bigint, 'and one advice is given') FROM suggestion;

-- Drill-downs of a company of this size add up.
SELECT is_empty($$SELECT account_id FROM company.account_health AS h LEFT JOIN (SELECT account_id, sum(points) AS points, sum(lost_points) AS lost FROM company.health_by_account_signal GROUP BY 1) AS k USING (account_id)
                  WHERE h.health_score IS NOT NULL AND (k.points <> h.health_score::numeric OR k.points + k.lost <> 100)$$, 'points add up to the score of each account exactly');
SELECT is_empty($$SELECT account_id FROM company.health_movement WHERE change_points <> health_score::numeric - before_score::numeric$$, 'changes to its difference');
SELECT results_eq($$SELECT sum(account_count)::bigint, sum(red_count)::bigint, sum(mrr), sum(red_mrr) FROM company.health_by_segment WHERE dimension = 'segment'$$,
                  $$SELECT count(*), count(*) FILTER (WHERE tier = 'Red'), sum(mrr), sum(mrr) FILTER (WHERE tier = 'Red') FROM company.account_health$$, 'segments to the whole');

-- Why customers leave is what was planted, and sums are the bridge to the last decimal.
SELECT results_eq($$SELECT cause, sum(churn_count)::bigint FROM company.churn_by_reason WHERE dimension = 'all' AND cause <> 'paused' AND churn_count > 0 GROUP BY 1 ORDER BY 1$$,
                  $$SELECT CASE WHEN is_involuntary THEN 'involuntary' ELSE 'voluntary' END, count(*) FROM company_made.churn_truth GROUP BY 1 ORDER BY 1$$, 'who was cut off, and who left by himself');
SELECT is_empty($$SELECT 1 FROM (SELECT period_start_on, dimension, value, sum(churn_mrr) AS a, sum(churn_count) AS b, sum(contraction_mrr) AS c, sum(contraction_count) AS d FROM company.churn_by_reason GROUP BY 1, 2, 3) r
                  FULL JOIN (SELECT * FROM company.revenue_by_segment WHERE churn_count + contraction_count > 0) s USING (period_start_on, dimension, value)
                  WHERE (r.a, r.b, r.c, r.d) IS DISTINCT FROM (s.churn_mrr, s.churn_count, s.contraction_mrr, s.contraction_count)$$, 'reasons add up, by segment');
SELECT is_empty($$SELECT 1 FROM (SELECT period_start_on, dimension, sum(opening_mrr) AS a, sum(new_mrr) AS b, sum(expansion_mrr) AS c, sum(contraction_mrr) AS d, sum(churn_mrr) AS e, sum(closing_mrr) AS f, sum(transfer_in_mrr - transfer_out_mrr) AS g
                                 FROM company.revenue_by_product GROUP BY 1, 2) p FULL JOIN (SELECT m.*, d.dimension FROM company.revenue_monthly m, unnest('{product,subscription_plan}'::text[]) d(dimension)) r USING (period_start_on, dimension)
                  WHERE (p.a, p.b, p.c, p.d, p.e, p.f, p.g) IS DISTINCT FROM (r.opening_mrr, r.new_mrr, r.expansion_mrr, r.contraction_mrr, r.churn_mrr, r.closing_mrr, 0::numeric)$$, 'products and plans, month by month');
SELECT results_eq($$SELECT opening_mrr, opening_count FROM company.revenue_ahead WHERE dimension = 'all' LIMIT 1$$, $$SELECT closing_mrr, closing_count FROM company.revenue_monthly ORDER BY period_start_on DESC LIMIT 1$$, 'the months ahead go on from there');

SELECT * FROM finish();
ROLLBACK;
