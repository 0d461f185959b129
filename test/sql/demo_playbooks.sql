\unset ECHO
\i test/psql.sql
-- Playbooks of the demo company over eight months: an effect that is planted is found, and none where there is none.
BEGIN;
SELECT plan(20);

-- Nothing was done for anybody.
\set company played
\i test/company.sql
CREATE TEMP TABLE untouched AS SELECT * FROM company.playbook_outcome;
SELECT results_eq('SELECT * FROM company_salesforce.task ORDER BY id', 'SELECT * FROM company.task_before ORDER BY id', 'without an effect, nothing is planted');
SELECT cmp_ok(count(*), '>', 50::bigint, 'many had no value four weeks after their start') FROM company_made.playbook_truth;
SELECT is_empty($$SELECT run_id FROM company_made.playbook_truth JOIN company.playbook_run USING (run_id) WHERE is_success IS DISTINCT FROM untreated$$, 'what is said of each of them is true');
SELECT is_empty($$SELECT playbook FROM untouched WHERE effect_verdict IN ('helps', 'harms', 'better than before', 'worse than before')$$, 'no effect is claimed of any playbook');
SELECT cmp_ok(naive_change_score, '>', 8::float8, 'the lowest scores come back by eight points and more: a comparison of before and after would have claimed them') FROM untouched WHERE playbook = 'lowest scores';
SELECT cmp_ok(anyway_change_score, '>', 8::float8, 'as those left alone do') FROM untouched WHERE playbook = 'lowest scores';
SELECT is(effect_verdict, 'no effect shown', 'so it says that none is shown') FROM untouched WHERE playbook = 'lowest scores';
SELECT is_empty($$SELECT playbook FROM untouched WHERE sample_ratio <> 'ok'$$, 'as many are left alone as planned');
SELECT is(control_kind, 'past', 'where nobody is left alone, the past is compared with') FROM untouched WHERE playbook = 'red turnaround';
SELECT is_empty($$SELECT playbook FROM untouched WHERE run_count <> open_run_count + treated_count + control_count + left_out_count + unknown_run_count$$, 'the counts add up');
SELECT results_eq('SELECT playbook, run_count, open_run_count, treated_count, treated_success_count, control_count, lost_run_count FROM untouched ORDER BY 1', $$
    SELECT playbook, count(*), count(*) FILTER (WHERE outcome = 'open'), count(*) FILTER (WHERE is_counted AND arm = 'treated'), count(*) FILTER (WHERE is_counted AND arm = 'treated' AND outcome = 'succeeded'),
           count(*) FILTER (WHERE is_counted AND arm <> 'treated'), count(*) FILTER (WHERE outcome = 'lost') FROM company.playbook_run_outcome GROUP BY 1 ORDER BY 1 $$, 'to the rows behind them');
SELECT is_empty($$SELECT playbook, account_id, a.opened_on FROM company.playbook_run a JOIN company.playbook_run b USING (playbook, account_id) WHERE a.arm <> 'past' AND b.arm <> 'past' AND a.run_id < b.run_id AND coalesce(a.closed_on, 'infinity') > b.opened_on$$, 'no account has two runs of a playbook at once');
SELECT is_empty($$SELECT run_id FROM company.playbook_run u WHERE arm = 'past' AND judge_on >= (SELECT min(opened_on) FROM company.playbook_run t WHERE t.playbook = u.playbook AND arm = 'treated')$$, 'the past was over before anybody was treated');
SELECT is_empty($$SELECT run_id FROM company.playbook_run u CROSS JOIN LATERAL jsonb_array_elements(evidence -> 'tickets') t WHERE (t ->> 'opened_at')::timestamptz >= opened_on + 1$$, 'no evidence is of a later day');

-- The same weeks, with an effect. Who is treated is the same, by the same throws.
CREATE TEMP TABLE thrown AS SELECT account_id, arm, opened_on FROM company_made.playbook_truth;
DELETE FROM company.playbook_run;
\set seed 1
\set weeks 32
\set holdout 0.4
\set effect 0.8
\o /dev/null
\i demo/company/playbook.sql
\o
SELECT set_eq('SELECT account_id, arm, opened_on FROM company_made.playbook_truth', 'TABLE thrown', 'the same accounts are treated and left alone');
SELECT is_empty($$SELECT run_id FROM company_made.playbook_truth t JOIN company.playbook_run u USING (run_id) WHERE is_success IS DISTINCT FROM CASE u.arm WHEN 'treated' THEN treated ELSE untreated END$$, 'what is said of each of them is true');
SELECT is(effect_verdict, 'helps', 'an effect that is planted is found') FROM company.playbook_outcome WHERE playbook = 'new-customer onboarding';
SELECT ok(truth BETWEEN effect_lower_rate AND effect_upper_rate AND truth > 0.2, 'and its interval covers the truth')
FROM company.playbook_outcome, (SELECT avg(treated::integer - untreated::integer) AS truth FROM company_made.playbook_truth) t WHERE playbook = 'new-customer onboarding';
SELECT is_empty($$SELECT playbook FROM company.playbook_outcome WHERE playbook <> 'new-customer onboarding' AND effect_verdict IN ('helps', 'harms', 'better than before', 'worse than before')$$, 'of the others none is claimed');
SELECT is_empty($$SELECT playbook FROM company.playbook_outcome WHERE run_count <> open_run_count + treated_count + control_count + left_out_count + unknown_run_count$$, 'the counts add up');

SELECT * FROM finish();
ROLLBACK;
