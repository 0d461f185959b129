-- Playbooks of the demo company, whose effect is known because it is planted: after generate.sql and map.sql.
--
--     psql -X -q -v model=company -v seed=1 -v effect=0.3 -v weeks=39 -v holdout=0.3 -f demo/company/playbook.sql
--
-- Week by week to the last day, csmetrics.run_playbooks is called as a company would have. A run of new-customer onboarding that
-- is treated gets there in time with probability :effect where it would not have by itself: the task First dashboard is completed
-- between the opening and the horizon. Nothing else is done for anybody: lowest scores, yellow check-in, red turnaround and expansion
-- opportunity have no effect at all. company_made.playbook_truth says what would have come of each run of onboarding, treated and not.
\set ON_ERROR_STOP on
\if :{?model}
\else
    \set model company
\endif
\if :{?seed}
\else
    \set seed 1
\endif
\if :{?effect}
\else
    \set effect 0.3
\endif
\if :{?weeks}
\else
    \set weeks 39
\endif
\if :{?holdout}
\else
    \set holdout 0.3
\endif
SELECT current_setting('client_min_messages') AS messages_before, current_setting('jit') AS jit_before \gset
SET client_min_messages = warning;
SET jit = off;

\qecho 'Following the playbooks of the demo company for' :weeks 'weeks (seed' :seed', effect' :effect') ...'
-- New, and still without a dashboard 28 days after the first payment, about 22 after the kickoff; judged four weeks later. Each account once.
UPDATE :"model".playbook SET trigger_when = 'customer_days BETWEEN 28 AND 120 AND NOT has_value', horizon_days = 28, due_days = 7, cool_down_days = 365, holdout_share = :holdout WHERE name = 'new-customer onboarding';
UPDATE :"model".playbook SET holdout_share = :holdout WHERE name = 'yellow check-in';
-- Accounts at their worst, of which most come back by themselves
INSERT INTO :"model".playbook (name, description, trigger_when, success_when, horizon_days, cool_down_days, steps, holdout_share)
SELECT 'lowest scores', 'Scores that are lower than nearly all: call them.', 'health_score < 65', 'health_score >= opening_score + 5', 56, 28, '{Call}', :holdout ON CONFLICT DO NOTHING;
UPDATE :"model".policy SET playbook_seed = :seed;

DROP TABLE IF EXISTS company_made.playbook_truth;
CREATE TABLE company_made.playbook_truth (run_id bigint PRIMARY KEY, account_id text NOT NULL, arm text NOT NULL, opened_on date NOT NULL, judge_on date NOT NULL, natural_on date, throw float8 NOT NULL, untreated boolean, treated boolean);
COMMENT ON TABLE company_made.playbook_truth IS 'Generated. The runs of new-customer onboarding, and what would have come of each by its judge_on, left alone and treated: the mean of treated less that of untreated, over both arms, is the effect.';
COMMENT ON COLUMN company_made.playbook_truth.run_id IS 'The run';
COMMENT ON COLUMN company_made.playbook_truth.account_id IS 'Salesforce id of the account';
COMMENT ON COLUMN company_made.playbook_truth.arm IS 'treated or holdout';
COMMENT ON COLUMN company_made.playbook_truth.opened_on IS 'When it was opened';
COMMENT ON COLUMN company_made.playbook_truth.judge_on IS 'When it is judged';
COMMENT ON COLUMN company_made.playbook_truth.natural_on IS 'When the first dashboard would have been there by itself; NULL: not by the last day';
COMMENT ON COLUMN company_made.playbook_truth.throw IS 'Below the effect: a treatment gets it there in time';
COMMENT ON COLUMN company_made.playbook_truth.untreated IS 'Would it have value by judge_on, and still be a customer, if left alone? NULL: not judged yet';
COMMENT ON COLUMN company_made.playbook_truth.treated IS 'The same if treated';

CREATE OR REPLACE PROCEDURE company.follow_playbooks(model text, seed bigint, effect float8, weeks integer) LANGUAGE plpgsql AS $$
DECLARE
    day date;
    planted boolean := false;
BEGIN
    FOR week IN 0 .. weeks LOOP
        day := company_made.last_day() - 7 * (weeks - week);
        -- Every four weeks is enough: what is planted in a run lies after its day, and is judged four weeks later
        IF week % 4 = 0 AND planted THEN
            CALL csmetrics.refresh(model);
            planted := false;
        END IF;
        EXECUTE format('UPDATE %I.policy SET as_of = %L', model, day);
        CALL csmetrics.run_playbooks(model);
        EXECUTE format($query$
            INSERT INTO company_made.playbook_truth (run_id, account_id, arm, opened_on, judge_on, natural_on, throw)
            SELECT u.run_id, u.account_id, u.arm, u.opened_on, u.judge_on, t.completed_date_time, company_made.dice(%L, u.account_id, 'treated')
            FROM %I.playbook_run u JOIN company_salesforce.task t ON t.account_id = u.account_id AND t.subject = 'First dashboard'
            WHERE u.playbook = 'new-customer onboarding' AND u.opened_on = %L $query$, seed, model, day);
        UPDATE company_salesforce.task t SET completed_date_time = p.opened_on + 1 + floor(26 * company_made.dice(seed, p.account_id, 'there on'))::integer + interval '15 hours', status = 'Completed', is_closed = true
        FROM company_made.playbook_truth p
        WHERE p.opened_on = day AND p.arm = 'treated' AND p.throw < effect AND (p.natural_on <= p.judge_on) IS NOT TRUE AND t.account_id = p.account_id AND t.subject = 'First dashboard';
        planted := planted OR FOUND;
    END LOOP;
    -- who is no customer any more by judge_on has no value from it, treated or not; nothing here makes anybody leave or stay
    EXECUTE format($query$
        UPDATE company_made.playbook_truth p SET untreated = u.closing_tier IS NOT NULL AND coalesce(p.natural_on <= p.judge_on, false),
               treated = u.closing_tier IS NOT NULL AND (coalesce(p.natural_on <= p.judge_on, false) OR p.throw < %L)
        FROM %I.playbook_run u WHERE u.run_id = p.run_id AND u.closed_on IS NOT NULL $query$, effect, model);
END
$$;
COMMENT ON PROCEDURE company.follow_playbooks(text, bigint, float8, integer) IS 'Generated demo company: calls csmetrics.run_playbooks week by week to the last day, and plants the effect of onboarding';
CALL company.follow_playbooks(:'model', :seed, :effect, :weeks);
SET jit = :jit_before;
SET client_min_messages = :messages_before;
