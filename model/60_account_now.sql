-- The account as it is: one row a customer with all that a rule may ask for. What a query leaves out costs nothing:
-- the planner drops columns that nobody reads, and joins that give none (hence DISTINCT ON, which tells it that no row
-- gets lost).

CREATE OR REPLACE FUNCTION account_now(as_of date) RETURNS TABLE (
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
    overdue_days double precision, churn_probability double precision)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT h.account_id, h.name, h.segment, h.plan, n.lifecycle_stage, n.onboarding_path, n.region, h.owner,
           h.parent_id, n.seats::bigint AS seat_count,
           h.mrr, (h.as_of_on - first_paid_on(a.revenue))::double precision AS customer_days, next.renews_on,
           (next.renews_on - h.as_of_on)::double precision AS renewal_days,
           h.health_score, h.tier, h.coverage_rate, b.health_score AS before_score, b.tier AS before_tier,
           h.health_score::numeric - b.health_score::numeric AS change_points,
           reasons_of(h.health, h.health_score, d.health_min_coverage, d.health_method) AS reasons,
           readings[1] AS consistency, readings[2] AS breadth, readings[3] AS depth, readings[4] AS seat_use,
           readings[5] AS trend, readings[6] AS open_escalations, readings[7] AS reopening,
           readings[8] AS repeated_contact, readings[9] AS resolution, readings[10] AS csat,
           readings[11] AS milestones, readings[12] AS renewal_posture, readings[13] AS mrr_change,
           readings[14] AS nps, readings[15] AS time_to_value, readings[16] AS escalation_days,
           CASE WHEN d.has_tickets THEN coalesce(open_count(a.tickets, d.as_of_at), 0) END AS open_count,
           last_active_on(a.usage, h.as_of_on) AS last_active_on,
           CASE WHEN f.is_alive THEN idle_days(a.usage, coalesce(first_paid_on(a.revenue), n.created_on), h.as_of_on,
                                               f.first_on) END AS idle_days,
           CASE WHEN d.has_value_event THEN value_at(a.milestones, d.as_of_at) IS NOT NULL END AS has_value,
           (SELECT jsonb_object_agg(s.signal, signal_at(a.signals, s.signal, d.as_of_at))
            FROM (SELECT DISTINCT signal FROM health_signal
                  WHERE signal NOT IN (SELECT name FROM model_signal)) s) AS own_signals,
           h.as_of_on, h.policy_hash, CASE WHEN a.renewals IS NOT NULL THEN coalesce(mrr_at(a.overdue, $1), 0) END,
           -- since the last one that has come
           CASE WHEN mrr_at(a.overdue, $1) > 0
                THEN ($1 - (SELECT max(day) FROM unnest(a.renewals) day WHERE day <= $1))::double precision
                WHEN a.renewals IS NOT NULL THEN 0 END, c.churn_probability
    FROM (SELECT last_instant($1, p.time_zone) AS as_of_at, p.health_method, p.health_min_coverage, p.movement_days,
                 EXISTS (SELECT 1 FROM account_state t
                         WHERE first_opened_at(t.tickets) <= last_instant($1, p.time_zone)) AS has_tickets,
                 p.value_event IS NOT NULL OR is_fed('milestone', '{is_value}') AS has_value_event
          FROM policy p LIMIT 1) d
         CROSS JOIN (SELECT u.is_alive, u.first_on FROM usage_feed($1) u OFFSET 0) f
         CROSS JOIN account_health($1) h
         LEFT JOIN account_state a USING (account_id)
         LEFT JOIN LATERAL (SELECT min(day) AS renews_on FROM unnest(a.renewals) day WHERE day >= $1) next ON true
         LEFT JOIN (SELECT DISTINCT ON (account_id) account_id, lifecycle_stage, onboarding_path, region, seats,
                           created_on
                    FROM account) n USING (account_id)
         LEFT JOIN (SELECT DISTINCT ON (account_id) account_id, health_score, tier
                    FROM policy p, LATERAL account_score($1 - p.movement_days)) b USING (account_id)
         LEFT JOIN (SELECT DISTINCT ON (account_id) account_id, churn_probability FROM churn_chance($1)) c
             USING (account_id);
END;
COMMENT ON FUNCTION account_now(as_of date) IS
'Each customer as of the end of any day, with all that rules of alerts and playbooks may ask for. Attributes and '
'renewals are those of now.';

CREATE OR REPLACE VIEW account_now WITH (security_invoker) AS
SELECT n.* FROM reporting_range r, LATERAL account_now(r.as_of_on) n;
COMMENT ON VIEW account_now IS
'Each customer as it is now, with all that rules of alerts and playbooks may ask for: attributes, MRR, health and '
'what moved it, readings of the signals by name, renewal, tickets, usage. For a past day, the function of this name.';
