-- The account as it is: one row a customer with all that a rule may ask for. What a query leaves out costs nothing:
-- the planner drops columns that nobody reads, and joins that give none (hence DISTINCT ON, which tells it that no row gets lost).
INSERT INTO model_history (position, name, type, source, expression, condition, description) VALUES
(58, 'renewals', 'date[]', 'subscription', 'array_agg(DISTINCT renews_on)', 'renews_on IS NOT NULL', 'The days on which its subscriptions renew, as the source says now; NULL without any');

INSERT INTO model_column VALUES
('lifecycle_stage', 'Stage of the customer lifecycle'),
('region', 'Region of the account'),
('customer_days', 'Days since it first paid; NULL where it never did'),
('has_value', 'Has it reached first value?'),
('renews_on', 'Day of its next renewal, as the source says now'),
('renewal_days', 'Days until then'),
('own_signals', 'The signals of health_signal that are not of csmetrics.model_signal, as a JSON object: own_signals -> ''name'' is the latest value of source_signal');
INSERT INTO model_column SELECT name, description FROM model_signal;

INSERT INTO model_view VALUES
(450, 'account_now', $$
    SELECT h.account_id, h.name, h.segment, h.plan, n.lifecycle_stage, n.onboarding_path, n.region, h.owner, h.parent_id, n.seats::bigint AS seat_count,
           h.mrr, (h.as_of_on - first_paid_on(a.revenue))::double precision AS customer_days, next.renews_on, (next.renews_on - h.as_of_on)::double precision AS renewal_days,
           h.health_score, h.tier, h.coverage_rate, b.health_score AS before_score, b.tier AS before_tier, h.health_score::numeric - b.health_score::numeric AS change_points,
           health_reasons(h.health, d.health_method) AS reasons, {signals},
           open_count(a.tickets, d.as_of_at) AS open_count, last_active_on(a.usage, h.as_of_on) AS last_active_on, (h.as_of_on - last_active_on(a.usage, h.as_of_on))::double precision AS idle_days,
           value_at(a.milestones, d.as_of_at) IS NOT NULL AS has_value,
           (SELECT jsonb_object_agg(s.signal, signal_at(a.signals, s.signal, d.as_of_at)) FROM (SELECT DISTINCT signal FROM health_signal WHERE signal NOT IN (SELECT name FROM model_signal)) s) AS own_signals,
           h.as_of_on, h.policy_hash
    FROM (SELECT last_instant($1, p.time_zone) AS as_of_at, p.health_method, p.movement_days FROM policy p LIMIT 1) d
         CROSS JOIN account_health($1) h
         LEFT JOIN account_state a USING (account_id)
         LEFT JOIN LATERAL (SELECT min(day) AS renews_on FROM unnest(a.renewals) day WHERE day >= $1) next ON true
         LEFT JOIN (SELECT DISTINCT ON (account_id) account_id, lifecycle_stage, onboarding_path, region, seats FROM source_account) n USING (account_id)
         LEFT JOIN (SELECT DISTINCT ON (account_id) account_id, health_score, tier FROM policy p, LATERAL account_health($1 - p.movement_days)) b USING (account_id)
$$, 'Each customer as of the end of any day, with all that rules of alerts and playbooks may ask for. Attributes and renewals are those of now.', 'as_of date'),

(455, 'account_now', $$
    SELECT n.* FROM reporting_range r, LATERAL account_now(r.as_of_on) n
$$, 'Each customer as it is now, with all that rules of alerts and playbooks may ask for: attributes, MRR, health and what moved it, readings of the signals by name, renewal, tickets, usage. For a past day, the function of this name.', NULL);
