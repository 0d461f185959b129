-- From score to action in the demo company, for the terminal: after generate.sql, map.sql and playbook.sql.
\pset border 0
\pset footer off
\pset null ''
\pset pager off

-- Alerts need a yesterday: what began to hold since the evaluation before.
SET client_min_messages = warning;
SET jit = off;
DO $$
BEGIN
    FOR day IN 0 .. 14 LOOP
        UPDATE company.policy SET as_of = company_made.last_day() - 3 * (14 - day);
        CALL csmetrics.evaluate_alerts('company');
    END LOOP;
END
$$;

-- Most plays were done by their day; whether they were has no part in whether they worked.
UPDATE company.playbook_run SET done_on = due_on WHERE arm = 'treated' AND due_on < company_made.last_day() AND hashtext(account_id || playbook) % 12 <> 0;

\echo
\echo '14. DO THE PLAYS WORK?                                                SELECT * FROM company.playbook_outcome'
\echo
SELECT playbook, to_char(treated_count, '9,999') AS treated, to_char(100 * treated_rate, '990 %') AS "came right", to_char(control_count, '9,999') AS "left alone", to_char(100 * control_rate, '990 %') AS "did too",
       to_char(100 * effect_rate, 'SG990') || to_char(100 * effect_lower_rate, '" ("SG990') || to_char(100 * effect_upper_rate, '" to "SG990")"') AS "points more (95 %)", effect_verdict AS verdict
FROM company.playbook_outcome ORDER BY treated_count DESC;
SELECT format('Planted: %s points for new-customer onboarding (company_made.playbook_truth), nothing for the others. Most of those picked at their worst come right by themselves.',
              round(100 * avg(treated::integer - untreated::integer))) AS line FROM company_made.playbook_truth WHERE treated IS NOT NULL \gset
\echo :line

\echo
\echo '15. MONDAY MORNING                                      SELECT * FROM company.csm_today WHERE owner = ''Demo CSM 2'''
\echo
CREATE TEMPORARY TABLE today AS SELECT * FROM company.csm_today;
SELECT format('30 June 2026: %s of %s customers are in the queue: %s now, %s soon, %s with room to expand. All CSMs, the first of each:',
              count(*), (SELECT count(*) FROM company.account_health), count(*) FILTER (WHERE urgency = 'now'), count(*) FILTER (WHERE urgency = 'soon'), count(*) FILTER (WHERE urgency = 'chance')) AS line FROM today \gset
\echo :line
SELECT urgency, name, owner, to_char(mrr, '99,999') AS mrr, to_char(at_risk_mrr, '9,999') AS "at risk", to_char(health_score, '990') AS score, coalesce(rules, '') AS alerts, reasons AS why,
       CASE WHEN is_holdout THEN '(left alone)' ELSE playbook END AS play, due_on AS due
FROM (SELECT *, row_number() OVER (PARTITION BY urgency ORDER BY rank_number) AS nth FROM today) q WHERE nth <= CASE urgency WHEN 'now' THEN 6 WHEN 'soon' THEN 4 ELSE 3 END ORDER BY rank_number;

\echo
\echo '16. THE MANAGER''S WEEK                                                SELECT * FROM company.manager_weekly'
\echo
CREATE TEMPORARY TABLE weekly AS SELECT w.*, r.as_of_on FROM company.manager_weekly w, company.reporting_range r;
SELECT CASE WHEN dimension = 'all' THEN to_char(least(period_end_on - 1, as_of_on), CASE WHEN is_complete THEN '"week to "DD Mon' ELSE '"so far, "DD Mon' END) ELSE '  ' || value END AS week, account_count AS customers, to_char(health_score, '990.0') AS score, to_char(health_score - before_score, 'SG0.0') AS "(change)",
       green_count AS green, yellow_count AS yellow, red_count AS red, improved_count AS better, declined_count AS worse, to_char(red_mrr, '99,999') AS "Red MRR", to_char(joined_mrr, '99,999') AS joined, to_char(expansion_mrr, '99,999') AS expanded,
       to_char(-contraction_mrr, '99,990') AS contracted, to_char(-left_mrr, '99,990') AS "left", raised_count AS alerts, play_opened_count AS plays, play_success_count || '/' || play_judged_count AS worked
FROM weekly WHERE dimension = 'all' OR dimension = 'segment' AND period_end_on = (SELECT max(period_end_on) FROM weekly) ORDER BY period_end_on DESC, dimension, value;
\echo 'opening + joined + expanded - contracted - left is the MRR of the week''s end, exactly. worked: met their success condition / judged that week.'
DROP TABLE today, weekly;

\echo
\echo '17. THE EXECUTIVE''S MONTH                                           SELECT * FROM company.executive_monthly'
\echo
SELECT metric, indicator, CASE unit WHEN 'rate' THEN to_char(100 * reading, '990.0 %') WHEN 'mrr' THEN to_char(reading, '9,999,999') ELSE to_char(reading, '990.0') END AS "June 2026",
       CASE unit WHEN 'rate' THEN to_char(100 * reading_lower, '990.0') || to_char(100 * reading_upper, '" to "990.0') WHEN 'mrr' THEN '' ELSE to_char(reading_lower, '990.0') || to_char(reading_upper, '" to "990.0') END AS "95 % interval",
       CASE unit WHEN 'rate' THEN to_char(100 * before_reading, '990.0 %') WHEN 'mrr' THEN to_char(before_reading, '9,999,999') ELSE to_char(before_reading, '990.0') END AS "May",
       goal, verdict, source_view AS "comes from"
FROM company.executive_monthly WHERE period_end_on = (SELECT max(period_end_on) FROM company.executive_monthly);
\echo 'All metrics, with history and segments: company.scorecard. The accounts behind each figure: company.scorecard_by_account.'
