-- Playbooks: what is done for customers of whom a trigger says so, and whether it does any good. That is judged by what the
-- data say at a fixed horizon, beside customers who met the same trigger and were left alone; never by whether tasks were
-- done, and never by how the treated were before: who is picked at his worst comes back by himself.

INSERT INTO csmetrics.policy_column
    (position, name, type, default_value, condition, takes_effect, meaning, defines)
VALUES
(96, 'playbook_seed', 'bigint', '1', NULL, 'at once',
 'Seed of the throws that leave holdouts alone: the same seed, the same holdouts', false);

CREATE OR REPLACE FUNCTION csmetrics.open_playbook_runs(model text, day date, only_past text DEFAULT NULL) RETURNS bigint
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
        SELECT csmetrics.last_instant(day, p.time_zone) AS as_of_at, p.playbook_seed, p.health_method FROM policy p),
    found AS MATERIALIZED (
        SELECT b.name AS playbook, a.account_id, f.label[k.place] AS owner, f.evidence, b.holdout_share, b.due_days, b.horizon_days
        FROM csmetrics.customers_by_rule(model, day, wanted.names, wanted.triggers, wanted.owners) f
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
              FROM known k CROSS JOIN account_health(day) h CROSS JOIN LATERAL csmetrics.contributions(h.health, k.health_method) c
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
        PERFORM FROM csmetrics.customers_by_rule(model, day, wanted.names[i:i], wanted.triggers[i:i], wanted.owners[i:i]);
    END LOOP;
    RAISE;
END
$$;
COMMENT ON FUNCTION csmetrics.open_playbook_runs(text, date, text) IS
'Internal: opens runs of the enabled playbooks for the customers who meet their triggers as of the day and have none open or cooling down, and gives their number. only_past: instead, runs of this playbook alone as if it had been followed then.';

CREATE OR REPLACE FUNCTION csmetrics.close_playbook_runs(model text, day date) RETURNS bigint
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
               LEFT JOIN csmetrics.customers_by_rule(model, day, due.names, due.conditions, '{run_id::text,health_score::text,tier,mrr::text}', 'playbook_judgement') f ON f.label[1] = o.run_id::text
          WHERE o.judge_on = day AND o.closed_on IS NULL) j
    WHERE u.run_id = j.run_id;
    GET DIAGNOSTICS closed = ROW_COUNT;
    RETURN closed;
END
$$;
COMMENT ON FUNCTION csmetrics.close_playbook_runs(text, date) IS
'Internal: judges the open runs whose day to be judged it is, as of that day, and gives their number. An account that is no customer any more has not succeeded.';

CREATE OR REPLACE PROCEDURE csmetrics.run_playbooks(model text)
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
    PERFORM csmetrics.require_model(model);
    PERFORM csmetrics.require_all_rows(model, NULL);
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    -- one at a time; readers go on
    LOCK TABLE playbook_run IN SHARE ROW EXCLUSIVE MODE;
    -- today is not over before tomorrow: a run is judged by the whole of its day, or it would matter at what hour
    SELECT r.as_of_on, coalesce(p.as_of, r.as_of_on - 1) AS over_on, r.from_on, p.backtest_count INTO rules FROM reporting_range r, policy p;
    SELECT max(greatest(u.opened_on, u.closed_on)), coalesce(max(u.run_id), 0) INTO latest_on, latest_id FROM playbook_run u;

    -- each as of its own day, also when that is long ago
    FOR part IN SELECT DISTINCT u.judge_on AS day FROM playbook_run u WHERE u.closed_on IS NULL AND u.judge_on <= rules.over_on ORDER BY 1 LOOP
        judged := judged + csmetrics.close_playbook_runs(model, part.day);
    END LOOP;

    IF rules.as_of_on < latest_on THEN
        RAISE NOTICE 'playbooks of model "%": % is before %, of which there are runs already: none is opened', model, rules.as_of_on, latest_on;
    ELSE
        PERFORM csmetrics.open_playbook_runs(model, rules.as_of_on);
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
            past := past + csmetrics.open_playbook_runs(model, past_day, part.name);
            PERFORM csmetrics.close_playbook_runs(model, past_day + part.horizon_days);
        END LOOP;
    END LOOP;

    SELECT count(*) FILTER (WHERE u.arm = 'treated') AS treated, count(*) FILTER (WHERE u.arm = 'holdout') AS held INTO part FROM playbook_run u WHERE u.run_id > latest_id;
    RAISE NOTICE 'ran the playbooks of model "%" as of %: % judged, % opened (% treated, % left alone), % of past days to compare with, in % s', model, rules.as_of_on,
        judged, part.treated + part.held, part.treated, part.held, past, round(extract(epoch FROM clock_timestamp() - started), 1);
END
$run$;
COMMENT ON PROCEDURE csmetrics.run_playbooks(text) IS
'Follows the playbooks of a model as of its as_of_on; to be called after each refresh, say each night. Runs whose judge_on is over are judged, each by what was known as of exactly that day, however late (where the policy''s as_of is NULL, the day of the clock is not over). Then each enabled playbook is opened for the customers who meet its trigger and have no open run of it, nor one that was judged less than cool_down_days ago: a share of them drawn by a hash of playbook, account and day, holdout_share, is left alone. A playbook without holdouts is compared with days before it began: with its first runs come, once, those of customers who met the trigger as of backtest_count days, horizon_days apart, all judged before that. Again on the same day it changes nothing; as of a day before the latest on which any was opened or judged, nothing is opened. All in one transaction; callers take turns. Conditions run read only, with the rights of the caller; an error names the playbook. A caller from whom row-level security may hide rows: SQLSTATE 42501; an unknown model: 3F000.';
