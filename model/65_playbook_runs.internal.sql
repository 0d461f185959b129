-- The steps of CALL csmetrics.run_playbooks.

CREATE OR REPLACE FUNCTION playbooks_wanted(only_past text, OUT names text[], OUT triggers text[], OUT owners text[])
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT array_agg(b.name ORDER BY b.name), array_agg(b.trigger_when ORDER BY b.name),
           array_agg(b.owner_rule ORDER BY b.name)
    FROM playbook b WHERE CASE WHEN only_past IS NULL THEN b.is_enabled ELSE b.name = only_past END;
END;
COMMENT ON FUNCTION playbooks_wanted(text) IS
'Internal: the playbooks that are on, or only the one given, with their triggers and owners; NULLs: none';

CREATE OR REPLACE FUNCTION playbook_candidate(model text, day date, names text[], triggers text[], owners text[],
                                              only_past text)
RETURNS TABLE (playbook text, account_id @account_id@, owner text, evidence jsonb, holdout_share double precision,
    due_days integer, horizon_days integer)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT b.name, a.account_id, f.label[k.place], f.evidence, b.holdout_share, b.due_days, b.horizon_days
    FROM customers_by_rule(model, day, names, triggers, owners) f
         JOIN account_state a ON a.account_id::text = f.account_id
         CROSS JOIN LATERAL unnest(names) WITH ORDINALITY k(name, place)
         JOIN playbook b ON b.name = k.name
    WHERE f.met[k.place]
      AND NOT EXISTS (SELECT 1 FROM playbook_run u
                      WHERE u.playbook = b.name AND u.account_id = a.account_id
                        AND (u.arm = 'past') = (only_past IS NOT NULL)
                        AND (u.closed_on IS NULL OR day < u.closed_on + b.cool_down_days));
END;
COMMENT ON FUNCTION playbook_candidate(text, date, text[], text[], text[], text) IS
'Internal: the customers who meet the triggers as of the day and have no run open or cooling down';

CREATE OR REPLACE FUNCTION open_runs(model text, day date, names text[], triggers text[], owners text[], only_past text)
RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH known AS (
        SELECT last_instant(day, p.time_zone) AS as_of_at, p.playbook_seed, p.health_method FROM policy p),
    found AS MATERIALIZED (SELECT c.* FROM playbook_candidate(model, day, names, triggers, owners, only_past) c),
    -- on most days there are none: the rest is spared then
    ticket AS MATERIALIZED (
        SELECT t.account_key, jsonb_agg(jsonb_build_object(
                   'ticket_id', t.ticket_id, 'topic', t.topic, 'subject', t.subject, 'is_open', t.is_open, 'opened_at',
                   to_char(t.opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) ORDER BY t.place) AS latest
        FROM (SELECT t.account_key, t.ticket_id, t.opened_at, t.topic, t.subject,
                     (t.solved_at > k.as_of_at) IS NOT FALSE AS is_open,
                     row_number() OVER (PARTITION BY t.account_key ORDER BY t.opened_at DESC, t.ticket_id) AS place
              FROM known k
                   CROSS JOIN tickets_opened(model, (SELECT array_agg(DISTINCT f.account_id::text) FROM found f),
                                             k.as_of_at) t) t
        WHERE t.place <= 3 GROUP BY t.account_key),
    lost AS MATERIALIZED (
        SELECT c.account_id, jsonb_object_agg(c.component, c.points) AS points
        FROM (SELECT h.account_id, c.component, round(sum(c.points_lost), 1) AS points
              FROM known k CROSS JOIN account_health(day) h
                   CROSS JOIN LATERAL contributions(h.health, k.health_method) c
              WHERE h.account_id IN (SELECT f.account_id FROM found f) AND EXISTS (SELECT 1 FROM found)
              GROUP BY h.account_id, c.component) c
        WHERE c.points <> 0 GROUP BY c.account_id),
    thrown AS (
        SELECT f.*, CASE WHEN only_past IS NOT NULL THEN 'past'
                         WHEN (hashtextextended(jsonb_build_array(f.playbook, f.account_id, day)::text, k.playbook_seed)
                               & 9007199254740991)::double precision / 9007199254740992 < f.holdout_share THEN 'holdout'
                         ELSE 'treated' END AS arm
        FROM found f, known k),
    opened AS (
        INSERT INTO playbook_run (playbook, account_id, arm, planned_share, owner, opened_on, due_on, judge_on,
                                  opening_score, opening_tier, opening_mrr, segment, evidence)
        SELECT t.playbook, t.account_id, t.arm, CASE WHEN t.arm <> 'past' THEN t.holdout_share END,
               CASE t.arm WHEN 'treated' THEN t.owner END, day, day + t.due_days, day + t.horizon_days,
               (t.evidence ->> 'health_score')::double precision, t.evidence ->> 'tier',
               (t.evidence ->> 'mrr')::numeric, t.evidence ->> 'segment',
               t.evidence || jsonb_build_object('tickets', coalesce(ticket.latest, '[]'),
                                                'lost_points', coalesce(lost.points, '{}'))
        FROM thrown t LEFT JOIN ticket ON ticket.account_key = t.account_id::text LEFT JOIN lost USING (account_id)
        ORDER BY t.playbook, t.account_id
        RETURNING 1)
    SELECT count(*) FROM opened;
END;
COMMENT ON FUNCTION open_runs(text, date, text[], text[], text[], text) IS
'Internal: opens runs for the candidates, with their last tickets and lost points as evidence; how many';

CREATE OR REPLACE FUNCTION playbooks_to_judge(day date, OUT names text[], OUT conditions text[])
LANGUAGE sql STABLE
BEGIN ATOMIC
    -- each condition looks at the runs of its own playbook only: on others it might fail
    SELECT array_agg(b.name ORDER BY b.name),
           array_agg(format(E'CASE WHEN playbook = %L THEN (%s\n) END', b.name, b.success_when) ORDER BY b.name)
    FROM playbook b
    WHERE b.name IN (SELECT u.playbook FROM playbook_run u WHERE u.judge_on = day AND u.closed_on IS NULL);
END;
COMMENT ON FUNCTION playbooks_to_judge(date) IS
'Internal: the playbooks with open runs to be judged on that day, and what is success; NULLs: none';

CREATE OR REPLACE FUNCTION judge_runs(model text, day date) RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH due AS MATERIALIZED (SELECT d.names, d.conditions FROM playbooks_to_judge(day) d),
    judged AS (
        UPDATE playbook_run u
        SET closed_on = day, is_success = j.is_success, closing_score = j.score, closing_tier = j.tier,
            closing_mrr = j.mrr
        FROM (SELECT o.run_id,
                     CASE WHEN f.account_id IS NULL THEN false
                          ELSE f.met[array_position(due.names, o.playbook)] END AS is_success,
                     f.label[2]::double precision AS score, f.label[3] AS tier, coalesce(f.label[4]::numeric, 0) AS mrr
              FROM due CROSS JOIN playbook_run o
                   LEFT JOIN customers_by_rule(model, day, (SELECT names FROM due), (SELECT conditions FROM due),
                                               '{run_id::text,health_score::text,tier,mrr::text}',
                                               'playbook_judgement') f
                   ON f.label[1] = o.run_id::text
              WHERE o.judge_on = day AND o.closed_on IS NULL) j
        WHERE u.run_id = j.run_id
        RETURNING 1)
    SELECT count(*) FROM judged;
END;
COMMENT ON FUNCTION judge_runs(text, date) IS
'Internal: judges the open runs whose day to be judged it is; how many';

CREATE OR REPLACE FUNCTION playbooks_begun(latest_id bigint) RETURNS TABLE (name text, horizon_days integer)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT b.name, b.horizon_days FROM playbook b
    WHERE b.holdout_share = 0
      AND EXISTS (SELECT 1 FROM playbook_run u WHERE u.playbook = b.name AND u.run_id > latest_id)
      AND NOT EXISTS (SELECT 1 FROM playbook_run u WHERE u.playbook = b.name AND u.run_id <= latest_id)
    ORDER BY b.name;
END;
COMMENT ON FUNCTION playbooks_begun(bigint) IS
'Internal: the playbooks without holdouts whose first run is after that one';
