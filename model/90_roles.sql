-- A view for each role: whom the CSM calls first today, what moved in the manager's week. The executive's month is in
-- the scorecard.

CREATE OR REPLACE VIEW csm_today WITH (security_invoker) AS
WITH term AS MATERIALIZED (
    SELECT r.as_of_on, t.as_of_at, t.method, t.policy_hash FROM reporting_range r, LATERAL health_term(r.as_of_on) t),
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
    SELECT n.account_id, n.mrr, n.health_score, n.tier, n.readings,
           round(n.mrr * (100 - n.health_score::numeric) / 100, 6) AS at_risk_mrr, a.rules,
           CASE WHEN p.arm = 'treated' THEN p.playbook END AS playbook,
           CASE WHEN p.arm = 'treated' THEN p.due_on END AS due_on,
           coalesce(p.arm = 'treated' AND p.due_on < r.as_of_on, false) AS is_overdue,
           coalesce(p.is_holdout, false) AS is_holdout, next.renews_on,
           CASE WHEN a.severity = 1 OR n.tier = 'Red' OR p.arm = 'treated' AND p.due_on < r.as_of_on THEN 1
                WHEN a.severity = 2 OR p.arm = 'treated' AND n.tier <> 'Green' OR n.tier = 'Yellow'
                    AND next.renews_on - r.as_of_on <= 90 THEN 2
                WHEN a.severity = 3 OR p.arm = 'treated' THEN 3 END AS class,
           r.as_of_on, r.as_of_at, r.method, r.policy_hash
    FROM term r CROSS JOIN account_score(r.as_of_on) n
         LEFT JOIN LATERAL (
             SELECT s.account_id,
                    (SELECT min(day) FROM unnest(s.renewals) day WHERE day >= r.as_of_on) AS renews_on
             FROM account_state s WHERE s.renewals IS NOT NULL) next USING (account_id)
         LEFT JOIN alerts a USING (account_id) LEFT JOIN plays p USING (account_id))
SELECT (row_number() OVER (ORDER BY q.class, q.at_risk_mrr DESC NULLS LAST, q.account_id))::integer AS rank_number,
       (ARRAY['now', 'soon', 'chance'])[q.class] AS urgency,
       q.account_id, n.name, n.segment, n.owner, q.mrr, q.at_risk_mrr, q.health_score, q.tier,
       health_reasons(health_of(h.rules, q.readings, s.signals, q.as_of_at), q.method) AS reasons, q.rules,
       q.playbook, q.due_on, q.is_overdue, q.is_holdout, q.renews_on, q.as_of_on, q.policy_hash
-- the planner takes one of three classes for rare, and so reads what these accounts have alone
FROM (SELECT * FROM queue WHERE class IN (1, 2, 3) OFFSET 0) q LEFT JOIN account n USING (account_id)
     LEFT JOIN account_state s USING (account_id)
     LEFT JOIN health_rule_set() h
         ON h.holds_in = rule_place(n.segment, n.lifecycle_stage, h.segments, h.lifecycle_stages)
ORDER BY rank_number;
COMMENT ON VIEW csm_today IS
'Today''s queue: whom to call first, why, and which play to run. Red, open alerts, open plays and renewals ahead; by '
'urgency, then by the MRR at risk. For one CSM: WHERE owner = ...';

CREATE OR REPLACE VIEW manager_weekly WITH (security_invoker) AS
WITH week AS (
    SELECT w.k, w.start_on, d.day, w.start_on::timestamp AT TIME ZONE r.time_zone AS from_at,
           (d.day + 1)::timestamp AT TIME ZONE r.time_zone AS to_at
    FROM reporting_range r, LATERAL (SELECT k, week_begin(r.as_of_on, p.week_start) - 7 * k AS start_on
                                     FROM policy p, generate_series(0, 4) k) w,
         LATERAL (SELECT least(w.start_on + 6, r.as_of_on) AS day) d),
health AS MATERIALIZED (
    SELECT w.k, h.account_id, h.mrr, h.health_score, h.tier, array_position('{Red,Yellow,Green}', h.tier) AS place,
           r.policy_hash FROM reporting_range r, week w, LATERAL account_score(w.day) h),
alerts AS (
    SELECT w.k, a.account_id, count(*) FILTER (WHERE a.to_state = 'on') AS raised,
           count(*) FILTER (WHERE a.to_state = 'off') AS cleared
    FROM week w JOIN alert a ON a.as_of_at >= w.from_at AND a.as_of_at < w.to_at GROUP BY w.k, a.account_id),
plays AS (
    SELECT w.k, p.account_id, count(*) FILTER (WHERE p.opened_on BETWEEN w.start_on AND w.day) AS opened,
           count(*) FILTER (WHERE p.judge_on BETWEEN w.start_on AND w.day AND p.closed_on IS NOT NULL) AS judged,
           count(*) FILTER (WHERE p.judge_on BETWEEN w.start_on AND w.day AND p.is_success) AS successes,
           count(*) FILTER (WHERE p.due_on < w.day AND p.judge_on > w.day
                            AND (p.done_on > w.day) IS NOT FALSE) AS overdue
    FROM week w JOIN playbook_run p ON p.arm = 'treated' AND p.opened_on <= w.day GROUP BY w.k, p.account_id),
account AS (
    SELECT k, account_id, coalesce(n.mrr, 0) AS mrr, coalesce(b.mrr, 0) AS opening,
           n.account_id IS NOT NULL AS is_there, b.account_id IS NOT NULL AS was_there,
           n.health_score, b.health_score AS before_score, n.tier, b.tier AS before_tier, n.place,
           b.place AS before_place
    FROM (SELECT * FROM health WHERE k < 4) n
         FULL JOIN (SELECT k - 1 AS k, account_id, mrr, health_score, tier, place FROM health
                    WHERE k > 0) b USING (k, account_id))
SELECT w.start_on AS period_start_on, w.start_on + 7 AS period_end_on, d.dimension, d.value,
       count(*) FILTER (WHERE is_there) AS account_count, count(*) FILTER (WHERE tier = 'Green') AS green_count,
       count(*) FILTER (WHERE tier = 'Yellow') AS yellow_count,
       count(*) FILTER (WHERE tier = 'Red') AS red_count, count(*) FILTER (WHERE tier = 'Unknown') AS unknown_count,
       count(*) FILTER (WHERE before_tier = 'Red') AS before_red_count,
       count(*) FILTER (WHERE place > before_place) AS improved_count,
       count(*) FILTER (WHERE place < before_place) AS declined_count,
       count(*) FILTER (WHERE tier = 'Red' AND before_tier IS DISTINCT FROM 'Red') AS into_red_count,
       coalesce(sum(mrr) FILTER (WHERE tier = 'Red' AND before_tier IS DISTINCT FROM 'Red'), 0) AS into_red_mrr,
       count(*) FILTER (WHERE before_tier = 'Red' AND tier IS DISTINCT FROM 'Red') AS out_of_red_count,
       coalesce(sum(mrr) FILTER (WHERE tier = 'Red'), 0) AS red_mrr,
       mean_score(health_agg(health_score, c.mrr)) AS health_score,
       mean_score(health_agg(before_score, opening)) AS before_score,
       sum(opening) AS opening_mrr, coalesce(sum(mrr) FILTER (WHERE NOT was_there), 0) AS joined_mrr,
       coalesce(sum(greatest(mrr - opening, 0)) FILTER (WHERE is_there AND was_there), 0) AS expansion_mrr,
       coalesce(sum(greatest(opening - mrr, 0)) FILTER (WHERE is_there AND was_there), 0) AS contraction_mrr,
       coalesce(sum(opening) FILTER (WHERE NOT is_there), 0) AS left_mrr, sum(mrr) AS mrr,
       count(*) FILTER (WHERE NOT was_there) AS joined_count, count(*) FILTER (WHERE NOT is_there) AS left_count,
       coalesce(sum(a.raised), 0)::bigint AS raised_count, coalesce(sum(a.cleared), 0)::bigint AS cleared_count,
       coalesce(sum(p.opened), 0)::bigint AS play_opened_count, coalesce(sum(p.judged), 0)::bigint AS play_judged_count,
       coalesce(sum(p.successes), 0)::bigint AS play_success_count,
       coalesce(sum(p.overdue), 0)::bigint AS play_overdue_count, w.start_on + 7 <= r.as_of_on + 1 AS is_complete,
       r.policy_hash
FROM reporting_range r CROSS JOIN week w JOIN account c USING (k) JOIN account_dimension d USING (account_id)
     LEFT JOIN alerts a USING (k, account_id) LEFT JOIN plays p USING (k, account_id)
GROUP BY w.start_on, w.day, d.dimension, d.value, r.as_of_on, r.policy_hash
ORDER BY w.start_on DESC, d.dimension, d.value;
COMMENT ON VIEW manager_weekly IS
'The week of as_of_on, so far, and the three before, beginning on week_start, each against the end of the one before, '
'for all and for each value of each attribute in use: customers by tier, who moved, alerts and plays. opening + joined '
'+ expansion - contraction - left is mrr, exactly.';
