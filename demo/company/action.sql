-- From score to action in the demo company, for the terminal: after generate.sql, map.sql and playbook.sql.
\pset border 0
\pset footer off
\pset null ''
\pset pager off

\echo
\echo '16. MONDAY MORNING                                      SELECT * FROM company.csm_today WHERE owner = ''Demo CSM 2'''
\echo
CREATE TEMPORARY TABLE today AS SELECT * FROM company.csm_today;
SELECT format('Tuesday, 30 June 2026. %s of %s customers are in the queue: %s now, %s soon, %s with room to expand. All CSMs, the first of each:',
              count(*), (SELECT count(*) FROM company.account_health), count(*) FILTER (WHERE urgency = 'now'), count(*) FILTER (WHERE urgency = 'soon'), count(*) FILTER (WHERE urgency = 'chance')) AS line FROM today \gset
\echo :line
SELECT urgency, name, owner, to_char(mrr, '99,999') AS mrr, to_char(at_risk_mrr, '9,999') AS "at risk", to_char(health_score, '990') AS score, coalesce(rules, '') AS alerts, reasons AS why,
       CASE WHEN is_holdout THEN '(left alone)' ELSE playbook END AS play, due_on AS due
FROM (SELECT *, row_number() OVER (PARTITION BY urgency ORDER BY rank_number) AS nth FROM today) q WHERE nth <= CASE urgency WHEN 'now' THEN 6 WHEN 'soon' THEN 4 ELSE 3 END ORDER BY rank_number;

\echo
\echo '17. THE MANAGER''S WEEK                                                SELECT * FROM company.manager_weekly'
\echo
CREATE TEMPORARY TABLE weekly AS SELECT * FROM company.manager_weekly;
SELECT CASE WHEN dimension = 'all' THEN to_char(period_end_on - 1, '"week to "DD Mon') ELSE '  ' || value END AS week, account_count AS customers, to_char(mean_score, '990.0') AS score, to_char(mean_score - before_mean_score, 'SG0.0') AS "(change)",
       green_count AS green, yellow_count AS yellow, red_count AS red, improved_count AS better, declined_count AS worse, to_char(red_mrr, '99,999') AS "Red MRR", to_char(joined_mrr, '99,999') AS joined, to_char(expansion_mrr, '99,999') AS expanded,
       to_char(-contraction_mrr, '99,990') AS contracted, to_char(-left_mrr, '99,990') AS "left", raised_count AS alerts, play_opened_count AS plays, play_success_count || '/' || play_judged_count AS worked
FROM weekly WHERE dimension = 'all' OR dimension = 'segment' AND period_end_on = (SELECT max(period_end_on) FROM weekly) ORDER BY period_end_on DESC, dimension, value;
\echo 'opening + joined + expanded - contracted - left is the MRR of the week''s end, exactly. worked: met their success condition / judged that week.'
DROP TABLE today, weekly;
