-- Playbooks: what is done for customers of whom a trigger says so, and whether it does any good. That is judged by what the
-- data say at a fixed horizon, beside customers who met the same trigger and were left alone; never by whether tasks were
-- done, and never by how the treated were before: who is picked at his worst comes back by himself.
INSERT INTO model_table VALUES
('playbook', ARRAY[
    'PRIMARY KEY (name)',
    'CONSTRAINT name_of_1_to_255_bytes CHECK (octet_length(name) BETWEEN 1 AND 255)',
    'CONSTRAINT horizon_days_in_range CHECK (horizon_days BETWEEN 1 AND 3653)',
    'CONSTRAINT due_by_the_horizon CHECK (due_days BETWEEN 0 AND horizon_days)',
    'CONSTRAINT cool_down_days_in_range CHECK (cool_down_days BETWEEN 0 AND 3653)',
    'CONSTRAINT steps_are_texts CHECK (array_position(steps, NULL) IS NULL)',
    'CONSTRAINT holdout_share_from_0_to_below_1 CHECK (holdout_share >= 0 AND holdout_share < 1)'],
 $$VALUES
   ('red turnaround', 'A customer in Red: find out what is wrong, agree on how to mend it, and see that it is mended.', $q$tier = 'Red'$q$, 'owner', $q$nullif(tier, 'Unknown') <> 'Red'$q$, 60, 14, 30,
    '{Read what cost most points and the last tickets,"Call the champion within two days: what has changed?",Agree on a recovery plan with dates and one name for each step,Bring in support or product for what they have to mend,"Go through the plan with the sponsor, and say what is done"}'::text[], 0, true),
   ('yellow check-in', 'A customer in Yellow who is falling: talk before it turns Red.', $q$tier = 'Yellow' AND change_points <= -5$q$, 'owner', 'health_score >= opening_score + 5', 45, 10, 45,
    '{Read which signals fell,Ask the champion for half an hour,"Show what other teams of this size do, or get the user who is stuck unstuck",Agree on one next step and its date}', 0.2, true),
   ('expansion opportunity', 'A healthy customer whose seats are nearly all in use: offer more before somebody is locked out.', $q$tier = 'Green' AND seat_use >= 0.9$q$, 'owner', 'mrr > opening_mrr', 90, 21, 90,
    '{Look up who uses it and which teams do not yet,Ask the champion what they plan for the next two quarters,Bring numbers of what they gained,Offer seats or the next plan together with account management}', 0.2, true),
   ('new-customer onboarding', 'A new customer without first value two weeks after it began to pay: get it there.', 'customer_days BETWEEN 14 AND 90 AND NOT has_value', 'owner', 'has_value', 30, 7, 365,
    '{Find the step of onboarding that is missing and who holds it,Set up the first use together in one session,Show the result to the sponsor,Book the training of the team}', 0.2, true)$$,
 'What is to be done for which customers, one row a playbook: one trigger, one owner, one condition of success. CALL csmetrics.run_playbooks follows it. Another trigger or condition of success is another playbook: give it a name of its own, or figures of two things are put together.'),
('playbook_run', ARRAY[
    'PRIMARY KEY (run_id)',
    'CONSTRAINT known_playbook FOREIGN KEY (playbook) REFERENCES playbook ON UPDATE CASCADE',
    'CONSTRAINT one_run_a_day UNIQUE (playbook, account_id, opened_on)',
    $$CONSTRAINT one_open_run EXCLUDE USING btree (playbook WITH =, account_id WITH =) WHERE (closed_on IS NULL AND arm <> 'past')$$,
    'CONSTRAINT with_account CHECK (account_id IS NOT NULL)',
    $$CONSTRAINT known_arm CHECK (arm IN ('treated', 'holdout', 'past'))$$,
    $$CONSTRAINT planned_share_of_its_arm CHECK (CASE arm WHEN 'treated' THEN planned_share >= 0 AND planned_share < 1 WHEN 'holdout' THEN planned_share > 0 AND planned_share < 1 ELSE planned_share IS NULL END IS TRUE)$$,
    $$CONSTRAINT owner_of_the_treated CHECK (owner IS NULL OR arm = 'treated')$$,
    'CONSTRAINT judged_after_it_opened CHECK (judge_on > opened_on)',
    'CONSTRAINT closed_when_judged CHECK (closed_on = judge_on)',
    'CONSTRAINT no_outcome_before CHECK (closed_on IS NOT NULL OR num_nonnulls(is_success, closing_score, closing_tier, closing_mrr) = 0)'],
 NULL,
 'Playbooks at work, one row a customer for whom a trigger held: those treated, those left alone by chance, and those of past days before anybody was. Written by CALL csmetrics.run_playbooks; done_on and note are yours.');

INSERT INTO table_column VALUES
('playbook', 1, 'name', 'text', NULL, 'Name of the playbook', NULL, NULL),
('playbook', 2, 'description', 'text', NULL, 'What it is for', NULL, NULL),
('playbook', 3, 'trigger_when', 'text NOT NULL', NULL, 'SQL condition over account_now: for whom it is opened', 'account_now', 'boolean'),
('playbook', 4, 'owner_rule', 'text', $$'owner'$$, 'SQL expression over account_now: who does it', 'account_now', 'text'),
('playbook', 5, 'success_when', 'text NOT NULL', NULL, 'SQL condition over playbook_judgement: whether it succeeded, as the data say horizon_days after it was opened; NULL: unknown', 'playbook_judgement', 'boolean'),
('playbook', 6, 'horizon_days', 'integer', '60', 'It is judged as of so many days after it was opened, neither sooner nor later', NULL, NULL),
('playbook', 7, 'due_days', 'integer', '14', 'Days within which it is to be done', NULL, NULL),
('playbook', 8, 'cool_down_days', 'integer', '30', 'Not opened again for an account until so many days after it was judged', NULL, NULL),
('playbook', 9, 'steps', 'text[]', $$'{}'$$, 'What is to be done, in order', NULL, NULL),
('playbook', 10, 'holdout_share', 'double precision', '0.2', 'Of those for whom the trigger holds, the share left alone by chance, to be compared with: from 0 to below 1. 0: compared with past days. Another share begins the comparison anew', NULL, NULL),
('playbook', 11, 'is_enabled', 'boolean', 'true', 'Is it opened? What is open is judged in any case', NULL, NULL),
('playbook_run', 1, 'run_id', 'bigint GENERATED ALWAYS AS IDENTITY', NULL, 'Key of the run', NULL, NULL),
('playbook_run', 2, 'playbook', 'text NOT NULL', NULL, 'The playbook', NULL, NULL),
('playbook_run', 3, 'account_id', 'account_id', NULL, 'Key of the account', NULL, NULL),
('playbook_run', 4, 'arm', 'text NOT NULL', NULL, 'treated; holdout: left alone by chance; past: met the trigger as of a day before the playbook began', NULL, NULL),
('playbook_run', 5, 'planned_share', 'double precision', NULL, 'The holdout_share that it was thrown with; NULL of past ones', NULL, NULL),
('playbook_run', 6, 'owner', 'text', NULL, 'Who does it, by owner_rule; NULL of those left alone', NULL, NULL),
('playbook_run', 7, 'opened_on', 'date NOT NULL', NULL, 'The day as of which the trigger held', NULL, NULL),
('playbook_run', 8, 'due_on', 'date NOT NULL', NULL, 'The day by which it is to be done', NULL, NULL),
('playbook_run', 9, 'judge_on', 'date NOT NULL', NULL, 'The day as of which it is judged', NULL, NULL),
('playbook_run', 10, 'opening_score', 'double precision', NULL, 'Health score as of opened_on', NULL, NULL),
('playbook_run', 11, 'opening_tier', 'text', NULL, 'Tier as of opened_on', NULL, NULL),
('playbook_run', 12, 'opening_mrr', 'numeric', NULL, 'MRR as of opened_on', NULL, NULL),
('playbook_run', 13, 'segment', 'text', NULL, 'Market segment when it was opened', NULL, NULL),
('playbook_run', 14, 'evidence', 'jsonb NOT NULL', NULL, 'What was known as of opened_on: name, reasons, usage_change, renews_on, open_tickets and others, the three latest tickets, and lost_points by component', NULL, NULL),
('playbook_run', 15, 'done_on', 'date', NULL, 'When its owner called it done. Yours to write; no outcome depends on it', NULL, NULL),
('playbook_run', 16, 'note', 'text', NULL, 'Yours to write', NULL, NULL),
('playbook_run', 17, 'closed_on', 'date', NULL, 'judge_on, once it is judged; NULL: open', NULL, NULL),
('playbook_run', 18, 'is_success', 'boolean', NULL, 'Did success_when hold as of judge_on? False of who was no customer any more; NULL: open, or unknown', NULL, NULL),
('playbook_run', 19, 'closing_score', 'double precision', NULL, 'Health score as of judge_on', NULL, NULL),
('playbook_run', 20, 'closing_tier', 'text', NULL, 'Tier as of judge_on; NULL: open, or no customer any more', NULL, NULL),
('playbook_run', 21, 'closing_mrr', 'numeric', NULL, 'MRR as of judge_on', NULL, NULL);

INSERT INTO policy_column (position, name, type, default_value, condition, description, defines) VALUES
(96, 'playbook_seed', 'bigint', '1', NULL, 'Seed of the throws that leave holdouts alone: the same seed, the same holdouts', false);

INSERT INTO model_column VALUES
('run_id', 'Key of the run'),
('playbook', 'Name of the playbook'),
('is_enabled', 'Is it opened for further accounts?'),
('arm', 'treated; holdout: left alone by chance; past: met the trigger as of a day before the playbook began'),
('planned_rate', 'The share that was to be left alone by chance'),
('run_owner', 'Who does it'),
('opened_on', 'The day as of which the trigger of the playbook held'),
('due_on', 'The day by which it is to be done'),
('judge_on', 'The day as of which it is judged'),
('closed_on', 'judge_on, once it is judged'),
('done_on', 'When its owner called it done; no outcome depends on it'),
('run_days', 'Days since it was opened'),
('opening_score', 'Health score as of opened_on'),
('opening_tier', 'Tier as of opened_on'),
('closing_score', 'Health score as of judge_on'),
('closing_tier', 'Tier as of judge_on; NULL: open, or no customer any more'),
('outcome', 'open, succeeded, failed, lost (no customer any more as of judge_on: counts as failed), or unknown (in no rate)'),
('is_success', 'Did it succeed? NULL: open, or unknown'),
('control_kind', 'What the treated are compared with: holdout, left alone by chance; past, from before the playbook began; none'),
('is_sampled', 'Was it thrown with the present holdout share, the latest above 0? The sample ratio is that of such runs'),
('is_counted', 'Is it in treated_count or control_count?'),
('run_count', 'All runs: open_run_count + treated_count + control_count + left_out_count + unknown_run_count'),
('open_run_count', 'Runs that are open'),
('unknown_run_count', 'Judged runs of which it is unknown whether they succeeded: in no rate'),
('lost_run_count', 'Judged runs whose account was no customer any more: they count as failed'),
('left_out_count', 'Judged runs in no figure of the comparison: of another holdout share, without a match, or a further one of an account that is matched with past days'),
('done_count', 'Treated runs that their owners called done; it is in no other figure'),
('treated_count', 'Treated runs that are compared, whether anything was done or not (intention to treat)'),
('treated_success_count', 'Those of them that succeeded'),
('treated_rate', 'treated_success_count / treated_count. Not the effect: in it are those that would have come back anyway, a share of control_rate'),
('treated_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('treated_upper_rate', 'Upper end of its confidence interval'),
('control_count', 'Runs that they are compared with'),
('control_success_count', 'Those of them that succeeded'),
('control_rate', 'control_success_count / control_count: the share that comes back anyway, with nothing done (regression to the mean)'),
('control_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('control_upper_rate', 'Upper end of its confidence interval'),
('matched_count', 'Pairs of one treated and one past run, each the first of its account, of the same segment and the same five points of opening_score; NULL with holdouts, which need none'),
('effect_rate', 'What the playbook gives: treated_rate - control_rate'),
('effect_lower_rate', 'Lower end of its confidence interval (Newcombe, with continuity correction)'),
('effect_upper_rate', 'Upper end of its confidence interval'),
('effect_verdict', 'helps, or harms: the interval of the effect does not cover 0 (against past days: better than before, worse than before); no effect shown: it does; too few: fewer than 10 judged on a side; not comparable: the sample ratio is off, or of more on one side than on the other it is unknown (99.9 %); no comparison: nobody was left alone'),
('sample_ratio', 'ok: as many were left alone as planned (99.9 %, Clopper-Pearson), of all runs of the present share; mismatch: not so, and whatever made it so may make the arms differ; NULL without holdouts'),
('holdout_count', 'Runs of the present holdout share, open ones too, that were left alone'),
('holdout_rate', 'Their share of all such runs'),
('treated_opening_score', 'Mean score of the treated when opened, of those whose score is known on both days'),
('treated_closing_score', 'Their mean score when judged'),
('control_opening_score', 'The same of those that they are compared with'),
('control_closing_score', 'Their mean score when judged'),
('naive_change_score', 'treated_closing_score - treated_opening_score: what before and after alone would claim. Who is picked at his worst gets better anyway'),
('anyway_change_score', 'control_closing_score - control_opening_score: how much better they got with nothing done (regression to the mean)');

INSERT INTO model_view VALUES
(600, 'playbook_judgement', $$
    SELECT n.*, u.run_id, u.playbook, u.opened_on, u.due_on, u.judge_on, (n.as_of_on - u.opened_on)::double precision AS run_days, u.opening_score, u.opening_tier, u.opening_mrr
    FROM account_now($1) n JOIN playbook_run u USING (account_id) WHERE u.judge_on = $1 AND u.closed_on IS NULL
$$, 'The runs to be judged as of a day, with all that success_when may ask for. Nothing of who was treated or what was called done is in it.', 'as_of date'),

(610, 'playbook_judgement', $$
    SELECT n.*, u.run_id, u.playbook, u.opened_on, u.due_on, u.judge_on, (n.as_of_on - u.opened_on)::double precision AS run_days, u.opening_score, u.opening_tier, u.opening_mrr
    FROM reporting_range r, LATERAL account_now(r.as_of_on) n JOIN playbook_run u USING (account_id) WHERE u.closed_on IS NULL
$$, 'Playbooks in progress: the open runs with the account as it is now and as it was when they were opened; what success_when may ask for.', NULL),

-- Of several holdout shares only runs of the present one are compared: with another share the arms fall on other times. Against
-- past days, treated and past runs of a segment and of five points of opening_score are paired in an order that is drawn, and
-- only the first of each account that is judged: several runs of one account are not several witnesses. (Holdouts are thrown
-- for each run anew, so there they are.)
(620, 'playbook_run_outcome', $$
    SELECT u.run_id, u.playbook, u.account_id, n.name, u.segment, u.owner AS run_owner, u.arm, u.planned_share AS planned_rate, u.opened_on, u.due_on, u.judge_on, u.closed_on, u.done_on,
           CASE WHEN u.closed_on IS NULL THEN 'open' WHEN u.is_success THEN 'succeeded' WHEN u.is_success IS NULL THEN 'unknown' WHEN u.closing_tier IS NULL THEN 'lost' ELSE 'failed' END AS outcome,
           u.is_success, u.control_kind, u.planned_share IS NOT DISTINCT FROM u.present_share AND u.present_share IS NOT NULL AS is_sampled,
           u.is_success IS NOT NULL AND CASE u.control_kind WHEN 'holdout' THEN u.planned_share IS NOT DISTINCT FROM u.present_share
                                                            WHEN 'past' THEN u.is_first AND u.place <= least(u.treated, u.past) ELSE true END AS is_counted,
           u.opening_score, u.opening_tier, u.opening_mrr, u.closing_score, u.closing_tier, u.closing_mrr, r.policy_hash
    FROM reporting_range r CROSS JOIN (
        SELECT s.*, row_number() OVER (PARTITION BY s.playbook, s.arm, s.is_first, s.segment, s.band ORDER BY hashtextextended(s.run_id::text, 0), s.run_id) AS place,
               count(*) FILTER (WHERE s.arm = 'treated') OVER alike AS treated, count(*) FILTER (WHERE s.arm = 'past') OVER alike AS past
        FROM (SELECT b.*, b.is_success IS NOT NULL AND row_number() OVER (PARTITION BY b.playbook, b.arm, b.account_id, b.is_success IS NULL ORDER BY b.opened_on, b.run_id) = 1 AS is_first, floor(b.opening_score / 5) AS band, p.share AS present_share,
                     CASE WHEN p.share IS NOT NULL THEN 'holdout' WHEN bool_or(b.arm = 'past') OVER (PARTITION BY b.playbook) THEN 'past' ELSE 'none' END AS control_kind
              FROM playbook_run b
                   LEFT JOIN (SELECT DISTINCT ON (playbook) playbook, planned_share AS share FROM playbook_run WHERE planned_share > 0 ORDER BY playbook, opened_on DESC, run_id DESC) p USING (playbook)) s
        WINDOW alike AS (PARTITION BY s.playbook, s.is_first, s.segment, s.band)) u
         LEFT JOIN (SELECT DISTINCT ON (account_id) account_id, name FROM source_account) n USING (account_id)
$$, 'The runs of playbooks, one row each: how it ended, and whether it is in the comparison. The counts of playbook_outcome are counts of these rows.', NULL),

(630, 'playbook_outcome', $$
    SELECT s.playbook, s.is_enabled, s.control_kind,
           CASE WHEN s.control_kind = 'none' THEN 'no comparison' WHEN ratio.is_off OR missing.is_off THEN 'not comparable'
                WHEN least(trial_count(s.treated), trial_count(s.control)) < 10 THEN 'too few'
                WHEN effect.lower > 0 THEN CASE s.control_kind WHEN 'holdout' THEN 'helps' ELSE 'better than before' END
                WHEN effect.upper < 0 THEN CASE s.control_kind WHEN 'holdout' THEN 'harms' ELSE 'worse than before' END
                ELSE 'no effect shown' END AS effect_verdict,
           effect.difference AS effect_rate, effect.lower AS effect_lower_rate, effect.upper AS effect_upper_rate,
           trial_count(s.treated) AS treated_count, success_count(s.treated) AS treated_success_count, rate(s.treated) AS treated_rate, treated.lower AS treated_lower_rate, treated.upper AS treated_upper_rate,
           trial_count(s.control) AS control_count, success_count(s.control) AS control_success_count, rate(s.control) AS control_rate, control.lower AS control_lower_rate, control.upper AS control_upper_rate,
           CASE s.control_kind WHEN 'past' THEN trial_count(s.control) END AS matched_count,
           s.treated_opening_score, s.treated_closing_score, s.control_opening_score, s.control_closing_score,
           s.treated_closing_score - s.treated_opening_score AS naive_change_score, s.control_closing_score - s.control_opening_score AS anyway_change_score,
           CASE WHEN ratio.is_off THEN 'mismatch' WHEN s.control_kind = 'holdout' THEN 'ok' END AS sample_ratio, s.planned_rate,
           CASE s.control_kind WHEN 'holdout' THEN success_count(s.held) END AS holdout_count, rate(s.held) AS holdout_rate,
           s.run_count, s.open_run_count, s.left_out_count, s.unknown_run_count, s.lost_run_count, s.done_count, s.policy_hash
    FROM (SELECT b.name AS playbook, b.is_enabled, coalesce(max(o.control_kind), 'none') AS control_kind, max(o.planned_rate) FILTER (WHERE o.is_sampled) AS planned_rate,
                 coalesce(rate_agg(o.is_success) FILTER (WHERE o.is_counted AND o.arm = 'treated'), make_rate(0, 0)) AS treated,
                 coalesce(rate_agg(o.is_success) FILTER (WHERE o.is_counted AND o.arm <> 'treated'), make_rate(0, 0)) AS control,
                 coalesce(rate_agg(o.arm = 'holdout') FILTER (WHERE o.is_sampled), make_rate(0, 0)) AS held,
                 coalesce(rate_agg(o.outcome = 'unknown') FILTER (WHERE o.is_sampled AND o.arm = 'treated' AND o.outcome <> 'open'), make_rate(0, 0)) AS treated_unknown,
                 coalesce(rate_agg(o.outcome = 'unknown') FILTER (WHERE o.is_sampled AND o.arm = 'holdout' AND o.outcome <> 'open'), make_rate(0, 0)) AS control_unknown,
                 avg(o.opening_score) FILTER (WHERE o.is_counted AND o.arm = 'treated' AND o.closing_score IS NOT NULL) AS treated_opening_score,
                 avg(o.closing_score) FILTER (WHERE o.is_counted AND o.arm = 'treated' AND o.opening_score IS NOT NULL) AS treated_closing_score,
                 avg(o.opening_score) FILTER (WHERE o.is_counted AND o.arm <> 'treated' AND o.closing_score IS NOT NULL) AS control_opening_score,
                 avg(o.closing_score) FILTER (WHERE o.is_counted AND o.arm <> 'treated' AND o.opening_score IS NOT NULL) AS control_closing_score,
                 count(o.run_id) AS run_count, count(*) FILTER (WHERE o.outcome = 'open') AS open_run_count, count(*) FILTER (WHERE o.outcome = 'unknown') AS unknown_run_count,
                 count(*) FILTER (WHERE o.outcome = 'lost') AS lost_run_count, count(*) FILTER (WHERE o.is_success IS NOT NULL AND NOT o.is_counted) AS left_out_count,
                 count(o.done_on) FILTER (WHERE o.arm = 'treated') AS done_count, r.confidence_rate, r.policy_hash
          FROM reporting_range r CROSS JOIN playbook b
               LEFT JOIN playbook_run_outcome o ON o.playbook = b.name
          GROUP BY b.name, b.is_enabled, r.confidence_rate, r.policy_hash) s,
         LATERAL rate_interval(s.treated, s.confidence_rate) treated, LATERAL rate_interval(s.control, s.confidence_rate) control,
         LATERAL rate_difference(s.treated, s.control, s.confidence_rate, 'newcombe-corrected') effect,
         LATERAL (SELECT (s.planned_rate < i.lower OR s.planned_rate > i.upper) IS TRUE AS is_off FROM rate_interval(s.held, 0.999, 'clopper-pearson') i) ratio,
         LATERAL (SELECT (i.lower > 0 OR i.upper < 0) IS TRUE AS is_off FROM rate_difference(s.treated_unknown, s.control_unknown, 0.999) i) missing
    ORDER BY s.playbook
$$, 'Does a playbook do any good? Its runs, judged by the data at their horizon, beside runs that were left alone: by chance (holdout), or on days before it began (past, matched). What would have come back anyway is in both and so in no effect, and none is claimed where the interval covers 0. The interval is that of one look: of playbooks without effect that are looked at every week for a year, up to one in four shows one at some time by chance, so decide beforehand when to look.', NULL);

CREATE FUNCTION open_playbook_runs(model text, day date, only_past text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET extra_float_digits = 1 AS $$
DECLARE
    wanted record;
    opened bigint;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    SELECT array_agg(b.name ORDER BY b.name) AS names, array_agg(b.trigger_when ORDER BY b.name) AS triggers, array_agg(b.owner_rule ORDER BY b.name) AS owners INTO wanted
    FROM playbook b WHERE CASE WHEN only_past IS NULL THEN b.is_enabled ELSE b.name = only_past END;
    IF wanted.names IS NULL THEN
        RETURN 0;
    END IF;
    WITH known AS (
        SELECT last_instant(day, p.time_zone) AS as_of_at, p.playbook_seed, p.health_method FROM policy p),
    found AS MATERIALIZED (
        SELECT b.name AS playbook, a.account_id, f.label[k.place] AS owner, f.evidence, b.holdout_share, b.due_days, b.horizon_days
        FROM customers_by_rule(model, day, wanted.names, wanted.triggers, wanted.owners) f
             JOIN account_state a ON a.account_id::text = f.account_id
             CROSS JOIN LATERAL unnest(wanted.names) WITH ORDINALITY k(name, place)
             JOIN playbook b ON b.name = k.name
        WHERE f.met[k.place]
          AND NOT EXISTS (SELECT FROM playbook_run u WHERE u.playbook = b.name AND u.account_id = a.account_id AND (u.arm = 'past') = (only_past IS NOT NULL)
                          AND (u.closed_on IS NULL OR day < u.closed_on + b.cool_down_days))),
    -- on most days there are none: the EXISTS below spare the rest then
    ticket AS MATERIALIZED (
        SELECT account_id, jsonb_agg(jsonb_build_object('ticket_id', ticket_id, 'opened_at', to_char(opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'topic', topic, 'subject', subject, 'is_open', is_open) ORDER BY place) AS latest
        FROM (SELECT t.account_id, t.ticket_id, t.opened_at, t.topic, t.subject, (t.solved_at > k.as_of_at) IS NOT FALSE AS is_open,
                     row_number() OVER (PARTITION BY t.account_id ORDER BY t.opened_at DESC, t.ticket_id) AS place
              FROM known k CROSS JOIN source_ticket t WHERE t.opened_at <= k.as_of_at AND t.account_id IN (SELECT account_id FROM found) AND EXISTS (SELECT FROM found)) t
        WHERE place <= 3 GROUP BY account_id),
    lost AS MATERIALIZED (
        SELECT account_id, jsonb_object_agg(component, points) AS points
        FROM (SELECT h.account_id, c.component, round(sum(c.points_lost), 1) AS points
              FROM known k CROSS JOIN account_health(day) h CROSS JOIN LATERAL contributions(h.health, k.health_method) c
              WHERE h.account_id IN (SELECT account_id FROM found) AND EXISTS (SELECT FROM found) GROUP BY h.account_id, c.component) c
        WHERE points <> 0 GROUP BY account_id),
    thrown AS (
        SELECT f.*, CASE WHEN only_past IS NOT NULL THEN 'past'
                         WHEN (hashtextextended(jsonb_build_array(f.playbook, f.account_id, day)::text, k.playbook_seed) & 9007199254740991)::double precision / 9007199254740992 < f.holdout_share THEN 'holdout'
                         ELSE 'treated' END AS arm
        FROM found f, known k)
    INSERT INTO playbook_run (playbook, account_id, arm, planned_share, owner, opened_on, due_on, judge_on, opening_score, opening_tier, opening_mrr, segment, evidence)
    SELECT t.playbook, t.account_id, t.arm, CASE WHEN t.arm <> 'past' THEN t.holdout_share END, CASE t.arm WHEN 'treated' THEN t.owner END, day, day + t.due_days, day + t.horizon_days,
           (t.evidence ->> 'health_score')::double precision, t.evidence ->> 'tier', (t.evidence ->> 'mrr')::numeric, t.evidence ->> 'segment',
           t.evidence || jsonb_build_object('tickets', coalesce(ticket.latest, '[]'), 'lost_points', coalesce(lost.points, '{}'))
    FROM thrown t LEFT JOIN ticket USING (account_id) LEFT JOIN lost USING (account_id)
    ORDER BY t.playbook, t.account_id;
    GET DIAGNOSTICS opened = ROW_COUNT;
    RETURN opened;
EXCEPTION WHEN OTHERS THEN
    -- one after the other, to tell in which of them the mistake is
    FOR i IN 1 .. coalesce(cardinality(wanted.names), 0) LOOP
        PERFORM FROM customers_by_rule(model, day, wanted.names[i:i], wanted.triggers[i:i], wanted.owners[i:i]);
    END LOOP;
    RAISE;
END
$$;
COMMENT ON FUNCTION open_playbook_runs(text, date, text) IS
'Internal: opens runs of the enabled playbooks for the customers who meet their triggers as of the day and have none open or cooling down, and gives their number. only_past: instead, runs of this playbook alone as if it had been followed then.';

CREATE FUNCTION close_playbook_runs(model text, day date) RETURNS bigint
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET extra_float_digits = 1 AS $$
DECLARE
    due record;
    closed bigint;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    -- each condition looks at the runs of its own playbook only: on others it might fail
    SELECT array_agg(b.name ORDER BY b.name) AS names, array_agg(format(E'CASE WHEN playbook = %L THEN (%s\n) END', b.name, b.success_when) ORDER BY b.name) AS conditions INTO due
    FROM playbook b WHERE b.name IN (SELECT u.playbook FROM playbook_run u WHERE u.judge_on = day AND u.closed_on IS NULL);
    UPDATE playbook_run u SET closed_on = day, is_success = j.is_success, closing_score = j.score, closing_tier = j.tier, closing_mrr = j.mrr
    FROM (SELECT o.run_id, CASE WHEN f.account_id IS NULL THEN false ELSE f.met[array_position(due.names, o.playbook)] END AS is_success,
                 f.label[2]::double precision AS score, f.label[3] AS tier, coalesce(f.label[4]::numeric, 0) AS mrr
          FROM playbook_run o
               LEFT JOIN customers_by_rule(model, day, due.names, due.conditions, '{run_id::text,health_score::text,tier,mrr::text}', 'playbook_judgement') f ON f.label[1] = o.run_id::text
          WHERE o.judge_on = day AND o.closed_on IS NULL) j
    WHERE u.run_id = j.run_id;
    GET DIAGNOSTICS closed = ROW_COUNT;
    RETURN closed;
END
$$;
COMMENT ON FUNCTION close_playbook_runs(text, date) IS
'Internal: judges the open runs whose day to be judged it is, as of that day, and gives their number. An account that is no customer any more has not succeeded.';

CREATE PROCEDURE run_playbooks(model text)
-- long queries over few rows, which take longer to compile than to run
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET row_security = off SET jit = off AS $run$
DECLARE
    started timestamptz := clock_timestamp();
    rules record;
    part record;
    past_day date;
    judged bigint := 0;
    past bigint := 0;
    latest_on date;
    latest_id bigint;
BEGIN
    PERFORM require_model(model);
    PERFORM require_all_rows(model, '^source_(account|ticket)$');
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    -- one at a time; readers go on
    LOCK TABLE playbook_run IN SHARE ROW EXCLUSIVE MODE;
    -- today is not over before tomorrow: a run is judged by the whole of its day, or it would matter at what hour
    SELECT r.as_of_on, coalesce(p.as_of, r.as_of_on - 1) AS over_on, r.from_on, p.backtest_count INTO rules FROM reporting_range r, policy p;
    SELECT max(greatest(u.opened_on, u.closed_on)), coalesce(max(u.run_id), 0) INTO latest_on, latest_id FROM playbook_run u;

    -- each as of its own day, also when that is long ago
    FOR part IN SELECT DISTINCT u.judge_on AS day FROM playbook_run u WHERE u.closed_on IS NULL AND u.judge_on <= rules.over_on ORDER BY 1 LOOP
        judged := judged + close_playbook_runs(model, part.day);
    END LOOP;

    IF rules.as_of_on < latest_on THEN
        RAISE NOTICE 'playbooks of model "%": % is before %, of which there are runs already: none is opened', model, rules.as_of_on, latest_on;
    ELSE
        PERFORM open_playbook_runs(model, rules.as_of_on);
    END IF;

    -- Without holdouts, a playbook that begins is compared with days before it, when nobody was treated.
    FOR part IN
        SELECT b.name, b.horizon_days FROM playbook b
        WHERE b.holdout_share = 0 AND EXISTS (SELECT FROM playbook_run u WHERE u.playbook = b.name AND u.run_id > latest_id)
          AND NOT EXISTS (SELECT FROM playbook_run u WHERE u.playbook = b.name AND u.run_id <= latest_id)
        ORDER BY b.name
    LOOP
        FOR k IN REVERSE rules.backtest_count .. 1 LOOP
            past_day := rules.as_of_on - 1 - k * part.horizon_days;
            CONTINUE WHEN past_day < rules.from_on;
            RAISE NOTICE 'playbook "%": who would have met it as of % ...', part.name, past_day;
            past := past + open_playbook_runs(model, past_day, part.name);
            PERFORM close_playbook_runs(model, past_day + part.horizon_days);
        END LOOP;
    END LOOP;

    SELECT count(*) FILTER (WHERE u.arm = 'treated') AS treated, count(*) FILTER (WHERE u.arm = 'holdout') AS held INTO part FROM playbook_run u WHERE u.run_id > latest_id;
    RAISE NOTICE 'ran the playbooks of model "%" as of %: % judged, % opened (% treated, % left alone), % of past days to compare with, in % s', model, rules.as_of_on,
        judged, part.treated + part.held, part.treated, part.held, past, round(extract(epoch FROM clock_timestamp() - started), 1);
END
$run$;
COMMENT ON PROCEDURE run_playbooks(text) IS
'Follows the playbooks of a model as of its as_of_on; to be called after each refresh, say each night. Runs whose judge_on is over are judged, each by what was known as of exactly that day, however late (where the policy''s as_of is NULL, the day of the clock is not over). Then each enabled playbook is opened for the customers who meet its trigger and have no open run of it, nor one that was judged less than cool_down_days ago: a share of them drawn by a hash of playbook, account and day, holdout_share, is left alone. A playbook without holdouts is compared with days before it began: with its first runs come, once, those of customers who met the trigger as of backtest_count days, horizon_days apart, all judged before that. Again on the same day it changes nothing; as of a day before the latest on which any was opened or judged, nothing is opened. All in one transaction; callers take turns. Conditions run read only, with the rights of the caller; an error names the playbook. A caller from whom row-level security may hide rows: SQLSTATE 42501; an unknown model: 3F000.';
