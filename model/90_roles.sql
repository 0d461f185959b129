-- A view for each role: whom the CSM calls first today, what moved in the manager's week. The executive's month is in
-- the scorecard.

CREATE OR REPLACE VIEW csm_today WITH (security_invoker) AS
WITH term AS MATERIALIZED (
    SELECT r.as_of_on, t.as_of_at, t.method, t.min_coverage, t.policy_hash
    FROM reporting_range r, LATERAL health_term(r.as_of_on) t),
alerts AS (
    SELECT account_id, string_agg(rule, ', ' ORDER BY array_position('{critical,warning,info}', severity),
                                  raised_at DESC) AS rules,
           min(array_position('{critical,warning,info}', severity)) AS severity
    FROM alert_open GROUP BY account_id),
plays AS (
    SELECT DISTINCT ON (account_id) account_id, playbook, due_on,
           bool_or(arm = 'holdout') OVER (PARTITION BY account_id) AS is_holdout, arm
    FROM playbook_run WHERE closed_on IS NULL AND done_on IS NULL AND arm <> 'past'
    ORDER BY account_id, arm = 'holdout', due_on, playbook),
queue AS (
    SELECT n.account_id, n.mrr, n.health_score, n.tier, n.readings, a.rules,
           CASE WHEN p.arm = 'treated' THEN p.playbook END AS playbook,
           CASE WHEN p.arm = 'treated' THEN p.due_on END AS due_on,
           coalesce(p.arm = 'treated' AND p.due_on < r.as_of_on, false) AS is_overdue,
           coalesce(p.is_holdout, false) AS is_holdout, next.renews_on,
           CASE WHEN a.severity = 1 OR n.tier = 'Red' OR p.arm = 'treated' AND p.due_on < r.as_of_on THEN 1
                WHEN a.severity = 2 OR p.arm = 'treated' AND n.tier <> 'Green' OR n.tier = 'Yellow'
                    AND next.renews_on - r.as_of_on <= 90 THEN 2
                WHEN a.severity = 3 OR p.arm = 'treated' THEN 3 END AS class,
           r.as_of_on, r.as_of_at, r.method, r.min_coverage, r.policy_hash
    FROM term r CROSS JOIN account_score(r.as_of_on) n
         LEFT JOIN LATERAL (
             SELECT s.account_id,
                    (SELECT min(day) FROM unnest(s.renewals) day WHERE day >= r.as_of_on) AS renews_on
             FROM account_state s WHERE s.renewals IS NOT NULL) next USING (account_id)
         LEFT JOIN alerts a USING (account_id) LEFT JOIN plays p USING (account_id)),
model AS MATERIALIZED (
    SELECT m.fit, own_features() AS own FROM churn_model m WHERE m.in_force AND m.features = churn_features()),
-- of the few that are in it: by their keys, whatever the planner thinks of other ways
called AS (
    SELECT q.*, s.signals,
           CASE WHEN m.fit IS NOT NULL
                THEN predict_numbers(m.fit, features_of(q.readings, q.mrr, s.revenue, s.signals, q.as_of_on,
                                                        q.as_of_at, m.own)) END AS churn_probability
    FROM (SELECT * FROM queue WHERE class IN (1, 2, 3) OFFSET 0) q
         LEFT JOIN LATERAL (SELECT * FROM account_state s WHERE s.account_id = q.account_id OFFSET 0) s ON true
         LEFT JOIN model m ON true)
SELECT q.rank_number, (ARRAY['now', 'soon', 'chance'])[q.class] AS urgency,
       q.account_id, n.name, n.segment, n.owner, q.mrr, q.at_risk_mrr, q.health_score, q.tier,
       reasons_of(health_of(h.rules, q.readings, q.signals, q.as_of_at), q.health_score, q.min_coverage,
                  q.method) AS reasons,
       q.rules, q.playbook, q.due_on, q.is_overdue, q.is_holdout, q.renews_on, q.as_of_on, q.policy_hash,
       q.churn_probability
FROM (SELECT *, (row_number() OVER (ORDER BY class, at_risk_mrr DESC NULLS LAST, account_id))::integer AS rank_number
      FROM (SELECT *, round(mrr * coalesce(churn_probability::numeric, (100 - health_score::numeric) / 100), 6)
                      AS at_risk_mrr FROM called OFFSET 0) c) q
     LEFT JOIN LATERAL (SELECT * FROM account n WHERE n.account_id = q.account_id OFFSET 0) n ON true
     LEFT JOIN health_rule_set() h
         ON h.holds_in = rule_place(n.segment, n.lifecycle_stage, h.segments, h.lifecycle_stages)
ORDER BY rank_number;
COMMENT ON VIEW csm_today IS
'Today''s queue: whom to call first, why, and which play to run. Red, open alerts, open plays and renewals ahead; by '
'urgency, then by the MRR at risk: by the churn model in force, or else by the score. For one CSM: WHERE owner = ...';

CREATE OR REPLACE FUNCTION report_weeks() RETURNS TABLE (
    k integer, start_on date, before_on date, day date, from_at timestamptz, to_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 5
BEGIN ATOMIC
    SELECT k, w.start_on, w.start_on - 1, d.day, w.start_on::timestamp AT TIME ZONE r.time_zone,
           (d.day + 1)::timestamp AT TIME ZONE r.time_zone
    FROM reporting_range r, policy p, generate_series(0, 4) k,
         LATERAL (SELECT week_begin(r.as_of_on, p.week_start) - 7 * k AS start_on) w,
         LATERAL (SELECT least(w.start_on + 6, r.as_of_on) AS day) d;
END;
COMMENT ON FUNCTION report_weeks() IS
'Internal: the week of as_of_on, so far, and the four before, the last of them for its end alone';

CREATE OR REPLACE FUNCTION week_happened() RETURNS TABLE (
    k integer, account_id @account_id@, raised bigint, cleared bigint, opened bigint, judged bigint, successes bigint,
    overdue bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
    WITH alerts AS (
        SELECT w.k, a.account_id, count(*) FILTER (WHERE a.to_state = 'on') AS raised,
               count(*) FILTER (WHERE a.to_state = 'off') AS cleared
        FROM report_weeks() w JOIN alert a ON a.as_of_at >= w.from_at AND a.as_of_at < w.to_at
        GROUP BY w.k, a.account_id),
    plays AS (
        SELECT w.k, p.account_id, count(*) FILTER (WHERE p.opened_on BETWEEN w.start_on AND w.day) AS opened,
               count(*) FILTER (WHERE p.judge_on BETWEEN w.start_on AND w.day AND p.closed_on IS NOT NULL) AS judged,
               count(*) FILTER (WHERE p.judge_on BETWEEN w.start_on AND w.day AND p.is_success) AS successes,
               count(*) FILTER (WHERE p.due_on < w.day AND p.judge_on > w.day
                                AND (p.done_on > w.day) IS NOT FALSE) AS overdue
        FROM report_weeks() w JOIN playbook_run p ON p.arm = 'treated' AND p.opened_on <= w.day
        GROUP BY w.k, p.account_id)
    SELECT k, account_id, a.raised, a.cleared, p.opened, p.judged, p.successes, p.overdue
    FROM alerts a FULL JOIN plays p USING (k, account_id);
END;
COMMENT ON FUNCTION week_happened() IS
'Internal: alerts and plays of accounts in the weeks of report_weeks(), one row an account that has any; NULL: none';

CREATE OR REPLACE FUNCTION live_manager_weekly(as_of date) RETURNS TABLE (
    period_start_on date, period_end_on date, dimension text, value text, account_count bigint, green_count bigint,
    yellow_count bigint, red_count bigint, unknown_count bigint, before_red_count bigint, improved_count bigint,
    declined_count bigint, into_red_count bigint, into_red_mrr numeric, out_of_red_count bigint, red_mrr numeric,
    health_score double precision, before_score double precision, opening_mrr numeric, joined_mrr numeric,
    expansion_mrr numeric, contraction_mrr numeric, left_mrr numeric, mrr numeric, joined_count bigint,
    left_count bigint, raised_count bigint, cleared_count bigint, play_opened_count bigint, play_judged_count bigint,
    play_success_count bigint, play_overdue_count bigint, is_complete boolean, policy_hash text)
-- strict, as live_scores() is
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 100
BEGIN ATOMIC
    WITH health AS MATERIALIZED (
        SELECT w.k, s.account_id, s.mrr, s.health_score, s.tier, array_position('{Red,Yellow,Green}', s.tier) AS place
        FROM report_weeks() w, LATERAL account_score(w.day) s),
    account AS (
        SELECT k, account_id, coalesce(n.mrr, 0) AS mrr, coalesce(b.mrr, 0) AS opening,
               n.account_id IS NOT NULL AS is_there, b.account_id IS NOT NULL AS was_there,
               n.health_score, b.health_score AS before_score, n.tier, b.tier AS before_tier, n.place,
               b.place AS before_place
        FROM (SELECT * FROM health WHERE k < 4) n
             FULL JOIN (SELECT k - 1 AS k, account_id, mrr, health_score, tier, place FROM health
                        WHERE k > 0) b USING (k, account_id))
    SELECT w.start_on, w.start_on + 7, d.dimension, d.value, count(*) FILTER (WHERE is_there),
           count(*) FILTER (WHERE tier = 'Green'), count(*) FILTER (WHERE tier = 'Yellow'),
           count(*) FILTER (WHERE tier = 'Red'), count(*) FILTER (WHERE tier = 'Unknown'),
           count(*) FILTER (WHERE before_tier = 'Red'), count(*) FILTER (WHERE place > before_place),
           count(*) FILTER (WHERE place < before_place),
           count(*) FILTER (WHERE tier = 'Red' AND before_tier IS DISTINCT FROM 'Red'),
           trim_scale(coalesce(sum(mrr) FILTER (WHERE tier = 'Red' AND before_tier IS DISTINCT FROM 'Red'), 0)),
           count(*) FILTER (WHERE before_tier = 'Red' AND tier IS DISTINCT FROM 'Red'),
           trim_scale(coalesce(sum(mrr) FILTER (WHERE tier = 'Red'), 0)), mean_score(health_agg(health_score, c.mrr)),
           mean_score(health_agg(before_score, opening)), trim_scale(sum(opening)),
           trim_scale(coalesce(sum(mrr) FILTER (WHERE NOT was_there), 0)),
           trim_scale(coalesce(sum(greatest(mrr - opening, 0)) FILTER (WHERE is_there AND was_there), 0)),
           trim_scale(coalesce(sum(greatest(opening - mrr, 0)) FILTER (WHERE is_there AND was_there), 0)),
           trim_scale(coalesce(sum(opening) FILTER (WHERE NOT is_there), 0)), trim_scale(sum(mrr)),
           count(*) FILTER (WHERE NOT was_there), count(*) FILTER (WHERE NOT is_there),
           coalesce(sum(h.raised), 0)::bigint, coalesce(sum(h.cleared), 0)::bigint, coalesce(sum(h.opened), 0)::bigint,
           coalesce(sum(h.judged), 0)::bigint, coalesce(sum(h.successes), 0)::bigint,
           coalesce(sum(h.overdue), 0)::bigint, w.start_on + 7 <= r.over_until_on, t.policy_hash
    FROM reporting_range r CROSS JOIN LATERAL health_term(r.as_of_on) t CROSS JOIN report_weeks() w
         JOIN account c USING (k)
         JOIN account_dimension d USING (account_id) LEFT JOIN week_happened() h USING (k, account_id)
    GROUP BY w.start_on, w.day, d.dimension, d.value, r.as_of_on, r.over_until_on, t.policy_hash;
END;
COMMENT ON FUNCTION live_manager_weekly(date) IS
'Internal: what manager_weekly shows, added up from the scores that the reader sees';

CREATE OR REPLACE VIEW manager_weekly WITH (security_invoker) AS
WITH term AS MATERIALIZED (
    SELECT r.as_of_on, r.over_until_on, t.policy_hash, t.basis, t.yellow_from, t.green_from
    FROM reporting_range r, LATERAL health_term(r.as_of_on) t),
week AS MATERIALIZED (SELECT * FROM report_weeks() WHERE k < 4),
-- those that are stored are of all accounts, and hidden from who sees some
gate AS MATERIALIZED (
    SELECT count(b.as_of_on) = 4 AND count(s.as_of_on) = 4 AND count(m.as_of_on) > 0
           AND count(*) FILTER (WHERE m.as_of_on IS NULL AND (hb.as_of_on IS NOT NULL OR hs.as_of_on IS NOT NULL)) = 0
           AS is_stored
    FROM week w CROSS JOIN term t
         LEFT JOIN scored_day b ON b.as_of_on = w.before_on AND b.basis = t.basis
         LEFT JOIN scored_day s ON s.as_of_on = w.day AND s.basis = t.basis
         LEFT JOIN week_total m ON m.before_on = w.before_on AND m.as_of_on = w.day AND m.dimension = 'all'
         LEFT JOIN health_total hb ON hb.as_of_on = w.before_on AND hb.dimension = 'all'
         LEFT JOIN health_total hs ON hs.as_of_on = w.day AND hs.dimension = 'all'),
added AS (
    SELECT h.k, d.dimension, d.value, sum(h.raised)::bigint AS raised, sum(h.cleared)::bigint AS cleared,
           sum(h.opened)::bigint AS opened, sum(h.judged)::bigint AS judged, sum(h.successes)::bigint AS successes,
           sum(h.overdue)::bigint AS overdue
    FROM week_happened() h JOIN week w USING (k) LEFT JOIN account n USING (account_id),
         LATERAL dimension_values(n.segment, n.plan, n.lifecycle_stage, n.onboarding_path, n.region, n.owner) d
    WHERE (SELECT is_stored FROM gate)
      AND EXISTS (SELECT 1 FROM score_state s
                  WHERE s.account_id = h.account_id AND s.as_of_on IN (w.before_on, w.day))
    GROUP BY h.k, d.dimension, d.value)
SELECT w.start_on AS period_start_on, w.start_on + 7 AS period_end_on, m.dimension, m.value,
       coalesce(account_count(s.state), 0) AS account_count, coalesce(n.green, 0) AS green_count,
       coalesce(n.yellow, 0) AS yellow_count, coalesce(n.red, 0) AS red_count,
       coalesce(n.unknown, 0) AS unknown_count, coalesce(o.red, 0) AS before_red_count, m.improved_count,
       m.declined_count, m.into_red_count, m.into_red_mrr,
       m.out_of_red_count, trim_scale(coalesce(n.red_mrr, 0)) AS red_mrr, mean_score(s.state) AS health_score,
       mean_score(b.state) AS before_score, trim_scale(coalesce(o.mrr, 0)) AS opening_mrr, m.joined_mrr,
       m.expansion_mrr, m.contraction_mrr, m.left_mrr, trim_scale(coalesce(n.mrr, 0)) AS mrr, m.joined_count,
       m.left_count, coalesce(a.raised, 0) AS raised_count, coalesce(a.cleared, 0) AS cleared_count,
       coalesce(a.opened, 0) AS play_opened_count, coalesce(a.judged, 0) AS play_judged_count,
       coalesce(a.successes, 0) AS play_success_count, coalesce(a.overdue, 0) AS play_overdue_count,
       w.start_on + 7 <= t.over_until_on AS is_complete, t.policy_hash
FROM term t CROSS JOIN week w JOIN week_total m ON m.before_on = w.before_on AND m.as_of_on = w.day
     JOIN dimension_in_use USING (dimension)
     LEFT JOIN health_total b ON b.as_of_on = w.before_on AND b.dimension = m.dimension AND b.value = m.value
     LEFT JOIN health_total s ON s.as_of_on = w.day AND s.dimension = m.dimension AND s.value = m.value
     LEFT JOIN added a ON a.k = w.k AND a.dimension = m.dimension AND a.value = m.value,
     LATERAL tiers_in_row(b.state, t.yellow_from, t.green_from) o,
     LATERAL tiers_in_row(s.state, t.yellow_from, t.green_from) n
WHERE (SELECT is_stored FROM gate)
UNION ALL
SELECT l.* FROM term t, LATERAL live_manager_weekly(t.as_of_on) l WHERE NOT (SELECT is_stored FROM gate)
ORDER BY 1 DESC, 3, 4;
COMMENT ON VIEW manager_weekly IS
'The week of as_of_on, so far, and the three before, beginning on week_start, each against the end of the one before, '
'for all and for each value of each attribute in use: customers by tier, who moved, alerts and plays. opening + joined '
'+ expansion - contraction - left is mrr, exactly.';
