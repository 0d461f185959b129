-- Playbooks: what is to be done for which customers, and what came of it.

CREATE TABLE playbook (
    name           text,
    description    text,
    trigger_when   text NOT NULL,
    owner_rule     text NOT NULL DEFAULT 'owner',
    success_when   text NOT NULL,
    horizon_days   integer NOT NULL DEFAULT 60,
    due_days       integer NOT NULL DEFAULT 14,
    cool_down_days integer NOT NULL DEFAULT 30,
    steps          text[] NOT NULL DEFAULT '{}',
    holdout_share  double precision NOT NULL DEFAULT 0.2,
    is_enabled     boolean NOT NULL DEFAULT true,
    PRIMARY KEY (name),
    CONSTRAINT name_of_1_to_255_bytes CHECK (octet_length(name) BETWEEN 1 AND 255),
    CONSTRAINT horizon_days_in_range CHECK (horizon_days BETWEEN 1 AND 3653),
    CONSTRAINT due_by_the_horizon CHECK (due_days BETWEEN 0 AND horizon_days),
    CONSTRAINT cool_down_days_in_range CHECK (cool_down_days BETWEEN 0 AND 3653),
    CONSTRAINT steps_are_texts CHECK (array_position(steps, NULL) IS NULL),
    CONSTRAINT holdout_share_from_0_to_below_1 CHECK (holdout_share >= 0 AND holdout_share < 1));
COMMENT ON TABLE playbook IS
'What is to be done for which customers, one row a playbook: one trigger, one owner, one condition of success. CALL '
'csmetrics.run_playbooks follows it. Another trigger or condition of success is another playbook: give it a name of '
'its own, or figures of two things are put together.';
COMMENT ON COLUMN playbook.name IS 'Name of the playbook';
COMMENT ON COLUMN playbook.description IS 'What it is for';
COMMENT ON COLUMN playbook.trigger_when IS 'SQL condition over account_now: for whom it is opened';
COMMENT ON COLUMN playbook.owner_rule IS 'SQL expression over account_now: who does it';
COMMENT ON COLUMN playbook.success_when IS
'SQL condition over playbook_judgement: whether it succeeded, as the data say horizon_days after it was opened; NULL: '
'unknown';
COMMENT ON COLUMN playbook.horizon_days IS
'It is judged as of so many days after it was opened, neither sooner nor later';
COMMENT ON COLUMN playbook.due_days IS 'Days within which it is to be done';
COMMENT ON COLUMN playbook.cool_down_days IS 'Not opened again for an account until so many days after it was judged';
COMMENT ON COLUMN playbook.steps IS 'What is to be done, in order';
COMMENT ON COLUMN playbook.holdout_share IS
'Of those for whom the trigger holds, the share left alone by chance, to be compared with: from 0 to below 1. 0: '
'compared with past days. Another share begins the comparison anew';
COMMENT ON COLUMN playbook.is_enabled IS 'Is it opened? What is open is judged in any case';
CREATE OR REPLACE TRIGGER a_sentence BEFORE INSERT OR UPDATE ON playbook FOR EACH ROW
    EXECUTE FUNCTION say_what_is_wrong();
INSERT INTO playbook
VALUES
   ('red turnaround', 'A customer in Red: find out what is wrong, agree on how to mend it, and see that it is mended.',
    $q$tier = 'Red'$q$, 'owner', $q$nullif(tier, 'Unknown') <> 'Red'$q$, 60, 14, 30,
    '{Read what cost most points and the last tickets,"Call the champion within two days: what has changed?",Agree on '
    'a recovery plan with dates and one name for each step,Bring in support or product for what they have to mend,"Go '
    'through the plan with the sponsor, and say what is done"}'::text[], 0, true),
   ('yellow check-in', 'A customer in Yellow who is falling: talk before it turns Red.',
    $q$tier = 'Yellow' AND change_points <= -5$q$, 'owner', 'health_score >= opening_score + 5', 45, 10, 45,
    '{Read which signals fell,Ask the champion for half an hour,"Show what other teams of this size do, or get the '
    'user who is stuck unstuck",Agree on one next step and its date}', 0.2, true),
   ('expansion opportunity',
    'A healthy customer whose seats are nearly all in use: offer more before somebody is locked out.',
    $q$tier = 'Green' AND seat_use >= 0.9$q$, 'owner', 'mrr > opening_mrr', 90, 21, 90,
    '{Look up who uses it and which teams do not yet,Ask the champion what they plan for the next two quarters,Bring '
    'numbers of what they gained,Offer seats or the next plan together with account management}', 0.2, true),
   ('new-customer onboarding', 'A new customer without first value two weeks after it began to pay: get it there.',
    'customer_days BETWEEN 14 AND 90 AND NOT has_value', 'owner', 'has_value', 30, 7, 365,
    '{Find the step of onboarding that is missing and who holds it,Set up the first use together in one session,Show '
    'the result to the sponsor,Book the training of the team}', 0.2, true);
CREATE OR REPLACE TRIGGER check_expressions BEFORE INSERT OR UPDATE ON playbook FOR EACH ROW
    EXECUTE FUNCTION check_expressions('trigger_when', 'account_now', 'boolean', 'owner_rule', 'account_now', 'text',
                                       'success_when', 'playbook_judgement', 'boolean');

CREATE TABLE playbook_run (
    run_id        bigint GENERATED ALWAYS AS IDENTITY,
    playbook      text NOT NULL,
    account_id    @account_id@,
    arm           text NOT NULL,
    planned_share double precision,
    owner         text,
    opened_on     date NOT NULL,
    due_on        date NOT NULL,
    judge_on      date NOT NULL,
    opening_score double precision,
    opening_tier  text,
    opening_mrr   numeric,
    segment       text,
    evidence      jsonb NOT NULL,
    done_on       date,
    note          text,
    closed_on     date,
    is_success    boolean,
    closing_score double precision,
    closing_tier  text,
    closing_mrr   numeric,
    PRIMARY KEY (run_id),
    CONSTRAINT known_playbook FOREIGN KEY (playbook) REFERENCES playbook ON UPDATE CASCADE,
    CONSTRAINT one_run_a_day UNIQUE (playbook, account_id, opened_on),
    CONSTRAINT one_open_run EXCLUDE USING btree (playbook WITH =, account_id WITH =)
    WHERE (closed_on IS NULL AND arm <> 'past'),
    CONSTRAINT with_account CHECK (account_id IS NOT NULL),
    CONSTRAINT known_arm CHECK (arm IN ('treated', 'holdout', 'past')),
    CONSTRAINT planned_share_of_its_arm CHECK (CASE arm WHEN 'treated' THEN planned_share >= 0
                                               AND planned_share < 1 WHEN 'holdout' THEN planned_share > 0
                                                   AND planned_share < 1 ELSE planned_share IS NULL END IS TRUE),
    CONSTRAINT owner_of_the_treated CHECK (owner IS NULL OR arm = 'treated'),
    CONSTRAINT judged_after_it_opened CHECK (judge_on > opened_on),
    CONSTRAINT closed_when_judged CHECK (closed_on = judge_on),
    CONSTRAINT no_outcome_before CHECK (closed_on IS NOT NULL
                                        OR num_nonnulls(is_success, closing_score, closing_tier, closing_mrr) = 0));
COMMENT ON TABLE playbook_run IS
'Playbooks at work, one row a customer for whom a trigger held: those treated, those left alone by chance, and those '
'of past days before anybody was. Written by CALL csmetrics.run_playbooks; done_on and note are yours.';
COMMENT ON COLUMN playbook_run.run_id IS 'Key of the run';
COMMENT ON COLUMN playbook_run.playbook IS 'The playbook';
COMMENT ON COLUMN playbook_run.account_id IS 'Key of the account';
COMMENT ON COLUMN playbook_run.arm IS
'treated; holdout: left alone by chance; past: met the trigger as of a day before the playbook began';
COMMENT ON COLUMN playbook_run.planned_share IS 'The holdout_share that it was thrown with; NULL of past ones';
COMMENT ON COLUMN playbook_run.owner IS 'Who does it, by owner_rule; NULL of those left alone';
COMMENT ON COLUMN playbook_run.opened_on IS 'The day as of which the trigger held';
COMMENT ON COLUMN playbook_run.due_on IS 'The day by which it is to be done';
COMMENT ON COLUMN playbook_run.judge_on IS 'The day as of which it is judged';
COMMENT ON COLUMN playbook_run.opening_score IS 'Health score as of opened_on';
COMMENT ON COLUMN playbook_run.opening_tier IS 'Tier as of opened_on';
COMMENT ON COLUMN playbook_run.opening_mrr IS 'MRR as of opened_on';
COMMENT ON COLUMN playbook_run.segment IS 'Market segment when it was opened';
COMMENT ON COLUMN playbook_run.evidence IS
'What was known as of opened_on: name, reasons, usage_change, renews_on, open_tickets and others, the three latest '
'tickets, and lost_points by component';
COMMENT ON COLUMN playbook_run.done_on IS 'When its owner called it done. Yours to write; no outcome depends on it';
COMMENT ON COLUMN playbook_run.note IS 'Yours to write';
COMMENT ON COLUMN playbook_run.closed_on IS 'judge_on, once it is judged; NULL: open';
COMMENT ON COLUMN playbook_run.is_success IS
'Did success_when hold as of judge_on? False of who was no customer any more; NULL: open, or unknown';
COMMENT ON COLUMN playbook_run.closing_score IS 'Health score as of judge_on';
COMMENT ON COLUMN playbook_run.closing_tier IS 'Tier as of judge_on; NULL: open, or no customer any more';
COMMENT ON COLUMN playbook_run.closing_mrr IS 'MRR as of judge_on';

CREATE OR REPLACE FUNCTION playbook_judgement(as_of date) RETURNS TABLE (
    account_id @account_id@, name text, segment text, plan text, lifecycle_stage text, onboarding_path text,
    region text, owner text, parent_id @account_id@, seat_count bigint, mrr numeric, customer_days double precision,
    renews_on date, renewal_days double precision, health_score double precision, tier text,
    coverage_rate double precision, before_score double precision, before_tier text, change_points numeric,
    reasons text, consistency double precision, breadth double precision, depth double precision,
    seat_use double precision, trend double precision, open_escalations double precision, reopening double precision,
    repeated_contact double precision, resolution double precision, csat double precision, milestones double precision,
    renewal_posture double precision, mrr_change double precision, nps double precision, time_to_value double precision,
    escalation_days double precision, open_count bigint, last_active_on date, idle_days double precision,
    has_value boolean, own_signals jsonb, as_of_on date, policy_hash text, overdue_mrr numeric,
    overdue_days double precision, churn_probability double precision, run_id bigint, playbook text, opened_on date,
    due_on date, judge_on date, run_days double precision, opening_score double precision, opening_tier text,
    opening_mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT n.*, u.run_id, u.playbook, u.opened_on, u.due_on, u.judge_on,
           (n.as_of_on - u.opened_on)::double precision AS run_days, u.opening_score, u.opening_tier, u.opening_mrr
    FROM account_now($1) n JOIN playbook_run u USING (account_id) WHERE u.judge_on = $1 AND u.closed_on IS NULL;
END;
COMMENT ON FUNCTION playbook_judgement(as_of date) IS
'The runs to be judged as of a day, with all that success_when may ask for. Nothing of who was treated or what was '
'called done is in it.';

CREATE OR REPLACE VIEW playbook_judgement WITH (security_invoker) AS
SELECT n.*, u.run_id, u.playbook, u.opened_on, u.due_on, u.judge_on,
       (n.as_of_on - u.opened_on)::double precision AS run_days, u.opening_score, u.opening_tier, u.opening_mrr
FROM reporting_range r, LATERAL account_now(r.as_of_on) n JOIN playbook_run u USING (account_id)
     WHERE u.closed_on IS NULL;
COMMENT ON VIEW playbook_judgement IS
'Playbooks in progress: the open runs with the account as it is now and as it was when they were opened; what '
'success_when may ask for.';

CREATE OR REPLACE VIEW playbook_run_outcome WITH (security_invoker) AS
SELECT u.run_id, u.playbook, u.account_id, n.name, u.segment, u.owner AS run_owner, u.arm,
       u.planned_share AS planned_rate, u.opened_on, u.due_on, u.judge_on, u.closed_on, u.done_on,
       CASE WHEN u.closed_on IS NULL THEN 'open' WHEN u.is_success THEN 'succeeded' WHEN u.is_success IS NULL
           THEN 'unknown' WHEN u.closing_tier IS NULL THEN 'lost' ELSE 'failed' END AS outcome,
       u.is_success, u.control_kind, u.planned_share IS NOT DISTINCT FROM u.present_share
           AND u.present_share IS NOT NULL AS is_sampled,
       u.is_success IS NOT NULL
           AND CASE u.control_kind WHEN 'holdout' THEN u.planned_share IS NOT DISTINCT FROM u.present_share
                                                        WHEN 'past' THEN u.is_first AND u.place <= least(u.treated,
                                                                u.past) ELSE true END AS is_counted,
       u.opening_score, u.opening_tier, u.opening_mrr, u.closing_score, u.closing_tier, u.closing_mrr, r.policy_hash
FROM reporting_range r CROSS JOIN (
    SELECT s.*, row_number() OVER (PARTITION BY s.playbook, s.arm, s.is_first, s.segment,
                                   s.band ORDER BY hashtextextended(s.run_id::text, 0), s.run_id) AS place,
           count(*) FILTER (WHERE s.arm = 'treated') OVER alike AS treated,
           count(*) FILTER (WHERE s.arm = 'past') OVER alike AS past
    FROM (SELECT b.*, b.is_success IS NOT NULL
          AND row_number() OVER (PARTITION BY b.playbook, b.arm, b.account_id,
                                 b.is_success IS NULL ORDER BY b.opened_on, b.run_id) = 1 AS is_first,
                                 floor(b.opening_score / 5) AS band, p.share AS present_share,
                 CASE WHEN p.share IS NOT NULL THEN 'holdout'
                     WHEN bool_or(b.arm = 'past') OVER (PARTITION BY b.playbook) THEN 'past'
                     ELSE 'none' END AS control_kind
          FROM playbook_run b
               LEFT JOIN (SELECT DISTINCT ON (playbook) playbook, planned_share AS share FROM playbook_run
                          WHERE planned_share > 0 ORDER BY playbook, opened_on DESC, run_id DESC) p USING (playbook)) s
    WINDOW alike AS (PARTITION BY s.playbook, s.is_first, s.segment, s.band)) u
     LEFT JOIN (SELECT DISTINCT ON (account_id) account_id, name FROM account) n USING (account_id);
COMMENT ON VIEW playbook_run_outcome IS
'The runs of playbooks, one row each: how it ended, and whether it is in the comparison. The counts of '
'playbook_outcome are counts of these rows.';

CREATE OR REPLACE VIEW playbook_outcome WITH (security_invoker) AS
SELECT s.playbook, s.is_enabled, s.control_kind,
       CASE WHEN s.control_kind = 'none' THEN 'no comparison' WHEN ratio.is_off OR missing.is_off THEN 'not comparable'
            WHEN NOT s.carries THEN 'too few'
            WHEN effect.lower > 0 THEN CASE s.control_kind WHEN 'holdout' THEN 'helps' ELSE 'better than before' END
            WHEN effect.upper < 0 THEN CASE s.control_kind WHEN 'holdout' THEN 'harms' ELSE 'worse than before' END
            ELSE 'no effect shown' END AS effect_verdict,
       effect.difference AS effect_rate,
       -- a handful of runs carries no interval
       CASE WHEN s.carries THEN effect.lower END AS effect_lower_rate,
       CASE WHEN s.carries THEN effect.upper END AS effect_upper_rate,
       trial_count(s.treated) AS treated_count, success_count(s.treated) AS treated_success_count,
       rate(s.treated) AS treated_rate, treated.lower AS treated_lower_rate, treated.upper AS treated_upper_rate,
       trial_count(s.control) AS control_count, success_count(s.control) AS control_success_count,
       rate(s.control) AS control_rate, control.lower AS control_lower_rate, control.upper AS control_upper_rate,
       CASE s.control_kind WHEN 'past' THEN trial_count(s.control) END AS matched_count,
       s.treated_opening_score, s.treated_closing_score, s.control_opening_score, s.control_closing_score,
       s.treated_closing_score - s.treated_opening_score AS naive_change_score,
       s.control_closing_score - s.control_opening_score AS anyway_change_score,
       CASE WHEN ratio.is_off THEN 'mismatch' WHEN s.control_kind = 'holdout' THEN 'ok' END AS sample_ratio,
       s.planned_rate,
       CASE s.control_kind WHEN 'holdout' THEN success_count(s.held) END AS holdout_count, rate(s.held) AS holdout_rate,
       s.run_count, s.open_run_count, s.left_out_count, s.unknown_run_count, s.lost_run_count, s.done_count,
       s.policy_hash
FROM (SELECT g.*, least(trial_count(g.treated), trial_count(g.control)) >= 10 AS carries FROM (
      SELECT b.name AS playbook, b.is_enabled, coalesce(max(o.control_kind), 'none') AS control_kind,
      max(o.planned_rate) FILTER (WHERE o.is_sampled) AS planned_rate,
             coalesce(rate_agg(o.is_success) FILTER (WHERE o.is_counted AND o.arm = 'treated'),
                      make_rate(0, 0)) AS treated,
             coalesce(rate_agg(o.is_success) FILTER (WHERE o.is_counted AND o.arm <> 'treated'),
                      make_rate(0, 0)) AS control,
             coalesce(rate_agg(o.arm = 'holdout') FILTER (WHERE o.is_sampled), make_rate(0, 0)) AS held,
             coalesce(rate_agg(o.outcome = 'unknown') FILTER (WHERE o.is_sampled AND o.arm = 'treated'
                                                              AND o.outcome <> 'open'), make_rate(0,
                                                              0)) AS treated_unknown,
             coalesce(rate_agg(o.outcome = 'unknown') FILTER (WHERE o.is_sampled AND o.arm = 'holdout'
                                                              AND o.outcome <> 'open'), make_rate(0,
                                                              0)) AS control_unknown,
             (avg(o.opening_score::numeric) FILTER (WHERE o.is_counted AND o.arm = 'treated'
                                                   AND o.closing_score IS NOT NULL))::double precision
                 AS treated_opening_score,
             (avg(o.closing_score::numeric) FILTER (WHERE o.is_counted AND o.arm = 'treated'
                                                   AND o.opening_score IS NOT NULL))::double precision
                 AS treated_closing_score,
             (avg(o.opening_score::numeric) FILTER (WHERE o.is_counted AND o.arm <> 'treated'
                                                   AND o.closing_score IS NOT NULL))::double precision
                 AS control_opening_score,
             (avg(o.closing_score::numeric) FILTER (WHERE o.is_counted AND o.arm <> 'treated'
                                                   AND o.opening_score IS NOT NULL))::double precision
                 AS control_closing_score,
             count(o.run_id) AS run_count, count(*) FILTER (WHERE o.outcome = 'open') AS open_run_count,
             count(*) FILTER (WHERE o.outcome = 'unknown') AS unknown_run_count,
             count(*) FILTER (WHERE o.outcome = 'lost') AS lost_run_count,
             count(*) FILTER (WHERE o.is_success IS NOT NULL AND NOT o.is_counted) AS left_out_count,
             count(o.done_on) FILTER (WHERE o.arm = 'treated') AS done_count, r.confidence_rate, r.policy_hash
      FROM reporting_range r CROSS JOIN playbook b
           LEFT JOIN playbook_run_outcome o ON o.playbook = b.name
      GROUP BY b.name, b.is_enabled, r.confidence_rate, r.policy_hash) g) s,
     LATERAL rate_interval(s.treated, s.confidence_rate) treated,
         LATERAL rate_interval(s.control, s.confidence_rate) control,
     LATERAL rate_difference(s.treated, s.control, s.confidence_rate, 'newcombe-corrected') effect,
     LATERAL (SELECT (s.planned_rate < i.lower OR s.planned_rate > i.upper) IS TRUE AS is_off
              FROM rate_interval(s.held, 0.999, 'clopper-pearson') i) ratio,
     LATERAL (SELECT (i.lower > 0 OR i.upper < 0) IS TRUE AS is_off
              FROM rate_difference(s.treated_unknown, s.control_unknown, 0.999) i) missing
ORDER BY s.playbook;
COMMENT ON VIEW playbook_outcome IS
'Does a playbook do any good? Its runs, judged by the data at their horizon, beside runs that were left alone: by '
'chance (holdout), or on days before it began (past, matched). No effect is claimed where the interval covers 0. It is '
'that of one look: decide beforehand when to look.';
