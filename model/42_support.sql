-- Support: tickets, how long they take, and what they cost the customer.

CREATE OR REPLACE VIEW support_by_segment WITH (security_invoker) AS
SELECT s.* FROM support_of(false) s
ORDER BY s.dimension, s.value, s.period_start_on;
COMMENT ON VIEW support_by_segment IS
'Support, month by month, for each value of each attribute of accounts that is in use, and for all. Times and rates '
'are those of the tickets opened in the month, by survival estimates where some are still open; hours are business '
'hours where the policy has them.';

CREATE OR REPLACE VIEW support_monthly WITH (security_invoker) AS
SELECT period_start_on, period_end_on, opened_count, solved_count, backlog_count, backlog_age_days, escalated_count,
       first_reply_median_hours, first_reply_median_lower_hours, first_reply_median_upper_hours,
       resolution_median_hours, resolution_median_lower_hours, resolution_median_upper_hours,
       resolution_p90_hours, resolution_p90_lower_hours, resolution_p90_upper_hours,
       naive_resolution_mean_hours, naive_resolution_median_hours, naive_resolution_p90_hours,
       resolved_count, reopen_rate, reopen_lower_rate, reopen_upper_rate, judged_count, fcr_rate, fcr_lower_rate,
       fcr_upper_rate,
       fcr_net_rate, fcr_net_lower_rate, fcr_net_upper_rate, one_touch_rate, one_touch_lower_rate, one_touch_upper_rate,
       rejected_count, is_exact, is_complete, policy_hash
FROM support_of(true) ORDER BY period_start_on;
COMMENT ON VIEW support_monthly IS
'Support, month by month: opened, solved and backlog, first reply and resolution, reopening and first contact '
'resolution, each with its interval.';

CREATE OR REPLACE FUNCTION account_ticket(day date) RETURNS TABLE (
    account_id @account_id@, opened_at timestamp with time zone, solved_at timestamp with time zone,
    is_reopened boolean, first_contact boolean, resolution_hours double precision)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT a.account_id, f.opened_at, f.solved_at,
           CASE WHEN (f.solved_at IS NOT NULL OR f.reopened > 0) AND is_fed('ticket', '{reopened}')
                THEN f.reopened > 0 END AS is_reopened,
           f.first_contact,
           as_hours(handling_time(f.opened_at, coalesce(f.solved_at, r.as_of_at), p.business_hours,
                                  p.business_hours_from)) AS resolution_hours
    FROM reporting_range r, policy p, account_state a,
         LATERAL ticket_facts(a.tickets, r.as_of_at, p.contact_window_days * interval '1 day') f
    WHERE date_trunc('month', f.opened_at AT TIME ZONE r.time_zone)::date = date_trunc('month', $1)::date;
END;
COMMENT ON FUNCTION account_ticket(day date) IS
'The tickets behind the figures of the month of a day: those opened in it, as they stand now. first_contact is NULL '
'for one that is not old enough to judge; hours below zero are those of rejected rows.';

CREATE OR REPLACE VIEW support_by_account WITH (security_invoker) AS
SELECT a.account_id, n.name, n.segment, n.plan, n.owner, coalesce(mrr_at(a.revenue, r.as_of_on), 0) AS mrr,
       t.open_count, CASE WHEN fed.escalations THEN t.escalated_open_count END AS escalated_open_count,
       as_days(r.as_of_at - t.oldest_at) AS oldest_open_days, t.last_opened_at,
       t.opened_90_days_count, t.repeated_90_days_count,
       CASE WHEN fed.reopenings THEN t.reopened_90_days_count END AS reopened_90_days_count,
       CASE WHEN fed.escalations THEN t.escalated_90_days_count END AS escalated_90_days_count,
       t.friction_count, t.friction_count::double precision / nullif(t.opened_90_days_count, 0) AS friction_rate,
       as_hours(median_duration(t.resolution)) AS resolution_median_hours, trial_count(t.fcr) AS judged_count,
       rate(t.fcr) AS fcr_rate, fcr.lower AS fcr_lower_rate, fcr.upper AS fcr_upper_rate, r.as_of_on, r.policy_hash
FROM reporting_range r, policy p,
     (SELECT is_fed('ticket', '{reopened}') AS reopenings,
             is_fed('ticket', '{escalated,escalated_at}') AS escalations OFFSET 0) fed,
     account_state a LEFT JOIN account n USING (account_id),
     LATERAL (SELECT count(*) FILTER (WHERE f.solved_at IS NULL) AS open_count,
                     count(*) FILTER (WHERE f.solved_at IS NULL AND f.escalated) AS escalated_open_count,
                     min(f.opened_at) FILTER (WHERE f.solved_at IS NULL) AS oldest_at,
                     max(f.opened_at) AS last_opened_at,
                     count(*) FILTER (WHERE recent) AS opened_90_days_count,
                     count(*) FILTER (WHERE recent AND f.repeated) AS repeated_90_days_count,
                     count(*) FILTER (WHERE recent AND f.reopened > 0) AS reopened_90_days_count,
                     count(*) FILTER (WHERE recent AND f.escalated) AS escalated_90_days_count,
                     count(*) FILTER (WHERE recent AND (f.repeated OR f.reopened > 0 OR f.escalated)) AS friction_count,
                     duration_agg(handling_time(f.opened_at, coalesce(f.solved_at, r.as_of_at), p.business_hours,
                                                p.business_hours_from),
                                  f.solved_at IS NOT NULL) AS resolution,
                     rate_agg(f.first_contact) AS fcr
              FROM ticket_facts(a.tickets, r.as_of_at, p.contact_window_days * interval '1 day') f,
                   LATERAL (SELECT f.opened_at > r.as_of_at - interval '2160 hours' AS recent) e) t,
     LATERAL rate_interval(t.fcr, r.confidence_rate) fcr
WHERE t.last_opened_at IS NOT NULL;
COMMENT ON VIEW support_by_account IS
'Support, account by account: what is open, how much friction the last 90 days brought, and what it has at stake. '
'Resolution and first contact resolution are those of all its tickets.';

CREATE OR REPLACE FUNCTION account_wait() RETURNS TABLE (
    account_id @account_id@, opened_at timestamp with time zone, solved_at timestamp with time zone,
    requester_wait interval, agent_wait interval, on_hold interval, requester_wait_business interval,
    agent_wait_business interval, on_hold_business interval)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT a.account_id, w.opened_at, k.solved_at,
           coalesce(waited(w.requester_wait, r.as_of_at, NULL, NULL), k.minutes[1] * interval '1 minute'),
           coalesce(waited(w.agent_wait, r.as_of_at, NULL, NULL), k.minutes[2] * interval '1 minute'),
           coalesce(waited(w.on_hold, r.as_of_at, NULL, NULL), k.minutes[3] * interval '1 minute'),
           coalesce(waited(w.requester_wait, r.as_of_at, p.business_hours, p.business_hours_from),
                    k.minutes[4] * interval '1 minute'),
           coalesce(waited(w.agent_wait, r.as_of_at, p.business_hours, p.business_hours_from),
                    k.minutes[5] * interval '1 minute'),
           coalesce(waited(w.on_hold, r.as_of_at, p.business_hours, p.business_hours_from),
                    k.minutes[6] * interval '1 minute')
    FROM reporting_range r, policy p, account_state a, LATERAL unnest(a.waits) w,
         -- minutes are those of the end: known with the solve
         LATERAL (SELECT CASE WHEN w.solved_at <= r.as_of_at THEN w.solved_at END AS solved_at,
                         CASE WHEN w.solved_at <= r.as_of_at THEN w.minutes END AS minutes) k
    WHERE w.opened_at <= r.as_of_at;
END;
COMMENT ON FUNCTION account_wait() IS
'How long each ticket waited for whom, so far: the requester for an agent, an agent for the requester, and on hold, in '
'all hours and in business hours of the policy, or of the help desk where only its minutes are known. NULL: not known.';

CREATE OR REPLACE VIEW waiting_by_segment WITH (security_invoker) AS
SELECT period_start_on, (period_start_on + interval '1 month')::date AS period_end_on, dimension, value,
       timed_count, as_hours(median_duration(requester)) AS requester_wait_median_hours,
       as_hours(median_duration(agent)) AS agent_wait_median_hours,
       as_hours(median_duration(hold)) AS on_hold_median_hours,
       as_hours(median_duration(requester_business)) AS requester_wait_business_median_hours,
       as_hours(median_duration(agent_business)) AS agent_wait_business_median_hours,
       as_hours(median_duration(hold_business)) AS on_hold_business_median_hours,
       (period_start_on + interval '1 month')::date <= as_of_on + 1 AS is_complete, policy_hash
FROM (SELECT date_trunc('month', w.opened_at AT TIME ZONE r.time_zone)::date AS period_start_on, d.dimension, d.value,
             count(*) AS timed_count, duration_agg(w.requester_wait, w.solved_at IS NOT NULL) AS requester,
             duration_agg(w.agent_wait, w.solved_at IS NOT NULL) AS agent,
             duration_agg(w.on_hold, w.solved_at IS NOT NULL) AS hold,
             duration_agg(w.requester_wait_business, w.solved_at IS NOT NULL) AS requester_business,
             duration_agg(w.agent_wait_business, w.solved_at IS NOT NULL) AS agent_business,
             duration_agg(w.on_hold_business, w.solved_at IS NOT NULL) AS hold_business, r.as_of_on, r.policy_hash
      FROM reporting_range r, policy p, account_wait() w JOIN account_dimension d USING (account_id)
      WHERE p.report_from IS NULL
         OR w.opened_at >= date_trunc('month', p.report_from)::timestamp AT TIME ZONE r.time_zone
      GROUP BY 1, 2, 3, r.as_of_on, r.policy_hash) s
ORDER BY dimension, value, period_start_on;
COMMENT ON VIEW waiting_by_segment IS
'How long tickets waited for whom, month by month of their opening, for each value of each attribute of accounts that '
'is in use, and for all: medians by survival estimates where some are open, of the tickets whose status history, or '
'minutes of it, are known.';

CREATE OR REPLACE VIEW waiting_monthly WITH (security_invoker) AS
SELECT period_start_on, period_end_on, timed_count, requester_wait_median_hours, agent_wait_median_hours,
       on_hold_median_hours, requester_wait_business_median_hours, agent_wait_business_median_hours,
       on_hold_business_median_hours, is_complete, policy_hash
FROM waiting_by_segment WHERE dimension = 'all' ORDER BY period_start_on;
COMMENT ON VIEW waiting_monthly IS 'How long tickets waited for whom, month by month of their opening.';
