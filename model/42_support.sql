-- Support: tickets, how long they take, and what they cost the customer.

CREATE OR REPLACE VIEW support_by_segment WITH (security_invoker) AS
SELECT s.* FROM stored_support_by_segment s WHERE is_stored('stored_support_by_segment')
UNION ALL
SELECT l.* FROM read_stored_support_by_segment(false) l WHERE NOT is_stored('stored_support_by_segment')
ORDER BY dimension, value, period_start_on;
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
FROM support_by_segment WHERE dimension = 'all' ORDER BY period_start_on;
COMMENT ON VIEW support_monthly IS
'Support, month by month: opened, solved and backlog, first reply and resolution, reopening and first contact '
'resolution, each with its interval.';

CREATE OR REPLACE FUNCTION account_ticket(day date) RETURNS TABLE (
    account_id @account_id@, opened_at timestamp with time zone, solved_at timestamp with time zone,
    is_reopened boolean, first_contact boolean, resolution_hours double precision)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT a.account_id, f.opened_at, f.solved_at,
           CASE WHEN f.solved_at IS NOT NULL AND is_fed('ticket', '{reopened}') THEN f.reopened > 0 END AS is_reopened,
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
