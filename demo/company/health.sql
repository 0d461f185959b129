-- Health of the demo company, for the terminal: after generate.sql and map.sql.
\pset border 0
\pset footer off
\pset null ''
\pset pager off

\echo
\echo '11. HEALTH OF A GENERATED COMPANY                                       SELECT * FROM company.account_health'
\echo
SELECT format('No real firm: %s accounts made from a seed, in the tables of Stripe, Salesforce, Zendesk, Pendo and Qualtrics, so that',
              to_char(count(*), 'FM99,999')) AS line FROM company_salesforce.account \gset
\echo :line
\echo 'it is known why customers leave (demo/company/README.md). The score: usage 40, support 30, business 30; Green from 80, Red below 50.'
\echo
CREATE TEMPORARY TABLE health AS SELECT * FROM company.account_health;
SELECT h.tier, to_char(count(*), '9,999') AS customers, to_char(100.0 * count(*) / a.customers, '990.0 %') AS "of all", to_char(sum(mrr), '9,999,999') AS mrr,
       to_char(avg(health_score), '990.0') AS score, repeat(CASE h.tier WHEN 'Unknown' THEN '?' ELSE '#' END, ceil(60.0 * count(*) / a.customers)::integer) AS picture
FROM health h, (SELECT count(*) AS customers FROM health) a GROUP BY h.tier, a.customers ORDER BY array_position('{Green,Yellow,Red,Unknown}', h.tier);
SELECT format('Mean score %s, by MRR %s. Unknown: %s', round(health_score::numeric, 1), round(weighted_score::numeric, 1), 'less than 60 % of the weight is known, as of newcomers.') AS line
FROM company.health_by_segment WHERE dimension = 'all' \gset
\echo :line
\echo
\echo 'Whom to call first, and why (points that each signal takes from 100):'
SELECT name, segment, to_char(mrr, '99,999') AS mrr, to_char(health_score, '990.0') AS score, tier, reasons FROM health
WHERE tier IN ('Red', 'Yellow') ORDER BY tier, mrr DESC LIMIT 6; -- Red comes first, which a small company has few of
\echo
\echo 'One of them to the last decimal (company.health_by_account_signal): points and points lost add up to the score and to 100.'
SELECT component, signal, to_char(reading, '9,990.99') AS reading, to_char(value_score, '990.0') AS value, to_char(weight, '990') AS weight, to_char(points, '990.999') AS points,
       to_char(lost_points, '990.999') AS lost, repeat('-', round(2 * lost_points)::integer) AS picture
FROM company.health_by_account_signal
WHERE account_id = (SELECT account_id FROM health WHERE tier IN ('Red', 'Yellow') AND reasons NOT LIKE '%pulse%' ORDER BY tier, mrr DESC LIMIT 1) AND (points, lost_points) <> (0, 0) ORDER BY lost_points DESC;

\echo
\echo '12. WHO MOVED, AND WHY                                                 SELECT * FROM company.health_movement'
\echo
CREATE TEMPORARY TABLE moved AS SELECT * FROM company.health_movement;
(SELECT name, to_char(mrr, '99,999') AS mrr, to_char(before_score, '990.0') || to_char(health_score, '" to"990.0') AS "score, 28 days", before_tier || ' to ' || tier AS tier, reasons AS "what moved it most"
 FROM moved WHERE change_points < 0 AND mrr > 500 ORDER BY change_points, account_id LIMIT 6)
UNION ALL
(SELECT name, to_char(mrr, '99,999'), to_char(before_score, '990.0') || to_char(health_score, '" to"990.0'), before_tier || ' to ' || tier, reasons
 FROM moved WHERE change_points > 0 AND mrr > 500 ORDER BY change_points DESC, account_id LIMIT 3);
SELECT format('%s moved by 2 points or into another tier: %s up, %s down. All changes of an account (health_movement_by_signal) add up to its difference exactly.',
              count(*), count(*) FILTER (WHERE change_points > 0), count(*) FILTER (WHERE change_points < 0)) AS line FROM moved \gset
\echo :line

\echo
\echo '13. WAS THE SCORE RIGHT?                                               SELECT * FROM company.health_backtest'
\echo
SELECT format(E'Scores as of %s past days, each from what was known then, against the churn of the 90 days after:', count(DISTINCT scored_on)) AS line FROM company.health_outcome \gset
\echo :line
SELECT tier, to_char(prediction_count, '99,999') AS scores, to_char(churn_count, '9,999') AS churned, to_char(100 * churned_rate, '990.0 %') AS "  rate",
       to_char(100 * churned_lower_rate, '990.0" to "') || to_char(100 * churned_upper_rate, 'FM990.0') AS "95 % interval",
       overlay(overlay(overlay(repeat(' ', 50) PLACING repeat('-', greatest(hi - lo, 0)) FROM lo) PLACING ']' FROM hi) PLACING 'o' FROM at) AS "0 % ... 20 %"
FROM company.health_backtest_by_tier, LATERAL (SELECT least(50, 1 + round(250 * churned_rate)::integer) AS at, 1 + round(250 * churned_lower_rate)::integer AS lo, least(50, 1 + round(250 * churned_upper_rate)::integer) AS hi) p;
SELECT format('Does it predict? %s: of one that left and one that stayed, the first had the lower score %s times of 100 (AUC, 95 %%: %s to %s).' || E'\n' ||
              'The tenth with the lowest scores left %s times as often as all. The same scores with the outcomes shuffled: %s (AUC %s).',
              upper(b.predicts), round(100 * b.auc_rate::numeric), round(100 * b.auc_lower_rate::numeric), round(100 * b.auc_upper_rate::numeric), round(b.top_lift_rate::numeric, 1),
              upper(csmetrics.predicts(s.shuffled)), round(csmetrics.auc(s.shuffled)::numeric, 2)) AS line
FROM company.health_backtest b,
     (SELECT csmetrics.backtest_agg(100 - health_score, other, account_id) AS shuffled
      FROM (SELECT health_score, account_id, lead(is_churned, 7) OVER (ORDER BY md5(account_id || scored_on)) AS other FROM company.health_outcome) o) s
WHERE b.dimension = 'all' \gset
\echo :line
\echo
\echo 'Signal by signal, beside what was planted (company_made.truth), and what history suggests (csmetrics.suggest_weights, which changes nothing):'
CREATE TEMPORARY TABLE suggested AS SELECT * FROM csmetrics.suggest_weights('company');
SELECT b.signal, to_char(b.auc_rate, '0.00') AS auc, to_char(b.auc_lower_rate, '0.00" to "') || to_char(b.auc_upper_rate, 'FM0.00') AS interval, b.predicts, to_char(s.weight, '990') AS weight, to_char(s.suggested_weight, '990') AS suggested,
       CASE b.signal WHEN 'depth' THEN 'usage_decline' WHEN 'breadth' THEN 'usage_decline' WHEN 'trend' THEN 'usage_decline' WHEN 'seat_use' THEN 'champion_left' WHEN 'open_escalations' THEN 'unresolved_escalation'
                     WHEN 'escalation_days' THEN 'unresolved_escalation' WHEN 'milestones' THEN 'no_first_value' WHEN 'time_to_value' THEN 'no_first_value' WHEN 'payment_failure' THEN 'payment_failure'
                     WHEN 'renewal_posture' THEN 'notice given' WHEN 'mrr_change' THEN 'seats handed back, in a decline' WHEN 'nps' THEN 'all, by one point of ten' WHEN 'newsletter' THEN 'nothing: a decoy' WHEN 'repeated_contact' THEN 'nothing' WHEN 'reopening' THEN 'nothing' END AS "what was planted"
FROM company.health_backtest_by_signal b LEFT JOIN suggested s USING (component, signal) ORDER BY b.auc_rate DESC;
SELECT format('Suggested weights, learned on the earlier days and tried on the last: AUC %s against %s of the present ones. %s.', round(suggested_auc::numeric, 2), round(current_auc::numeric, 2),
              upper(left(advice, 1)) || substr(advice, 2)) AS line FROM suggested LIMIT 1 \gset
\echo :line
DROP TABLE health, moved, suggested;
