-- Support: tickets, how long they take, and what they cost the customer.

CREATE OR REPLACE VIEW support_by_segment WITH (security_invoker) AS
-- by the months of opening and of solve first: few cells, whose states roll up to the month of opening
WITH cell AS (
    SELECT d.dimension, d.value, month.opened, month.solved, count(*) AS ticket_count,
           sum(date_part('epoch', f.opened_at)::bigint) AS epochs,
           count(*) FILTER (WHERE f.escalated) AS escalated_count,
           duration_agg(length.reply, f.first_reply_at IS NOT NULL) AS reply,
           duration_agg(length.resolution, f.solved_at IS NOT NULL) AS resolution,
           rate_agg(CASE WHEN f.solved_at IS NOT NULL THEN f.reopened > 0 END) AS reopen,
           rate_agg(f.first_contact) AS fcr, rate_agg(CASE WHEN NOT f.escalated THEN f.first_contact END) AS fcr_net,
           rate_agg(f.one_touch) AS one_touch
    FROM reporting_range r, policy p, account_state a JOIN account_dimension d USING (account_id),
         LATERAL ticket_facts(a.tickets, r.as_of_at, p.contact_window_days * interval '1 day') f,
         LATERAL (SELECT handling_time(f.opened_at, coalesce(f.first_reply_at, f.solved_at, r.as_of_at),
                                       p.business_hours, p.business_hours_from) AS reply,
                         handling_time(f.opened_at, coalesce(f.solved_at, r.as_of_at), p.business_hours,
                                       p.business_hours_from) AS resolution) length,
         LATERAL (SELECT date_trunc('month', f.opened_at AT TIME ZONE r.time_zone)::date AS opened,
                         date_trunc('month',
                                    CASE WHEN f.solved_at < f.opened_at THEN f.opened_at
                                        ELSE f.solved_at END AT TIME ZONE r.time_zone)::date AS solved) month
    GROUP BY d.dimension, d.value, month.opened, month.solved),
month AS (
    SELECT c.dimension, c.value, e.month, sum(c.ticket_count) FILTER (WHERE e.opens) AS opened_count,
           sum(c.ticket_count) FILTER (WHERE NOT e.opens) AS solved_count,
           sum(CASE WHEN e.opens THEN c.epochs ELSE -c.epochs END) AS open_epochs,
           sum(c.escalated_count) FILTER (WHERE e.opens) AS escalated_count,
           rollup(c.reply) FILTER (WHERE e.opens) AS reply, rollup(c.resolution) FILTER (WHERE e.opens) AS resolution,
           rollup(c.reopen) FILTER (WHERE e.opens) AS reopen, rollup(c.fcr) FILTER (WHERE e.opens) AS fcr,
           rollup(c.fcr_net) FILTER (WHERE e.opens) AS fcr_net, rollup(c.one_touch) FILTER (WHERE e.opens) AS one_touch
    FROM cell c, LATERAL (VALUES (c.opened, true), (c.solved, false)) e(month, opens)
    WHERE e.month IS NOT NULL
    GROUP BY c.dimension, c.value, e.month),
run AS (
    SELECT *, sum(coalesce(opened_count, 0) - coalesce(solved_count, 0)) OVER history AS backlog,
           sum(open_epochs) OVER history AS backlog_epochs,
           lead(month) OVER history AS next_month
    FROM month WINDOW history AS (PARTITION BY dimension, value ORDER BY month))
SELECT period.start_on AS period_start_on, period.end_on AS period_end_on, b.dimension, b.value,
       coalesce(m.opened_count, 0)::bigint AS opened_count, coalesce(m.solved_count, 0)::bigint AS solved_count,
       b.backlog::bigint AS backlog_count,
       ((extract(epoch FROM least(period.end_on::timestamp AT TIME ZONE r.time_zone,
                                  r.as_of_at)) - b.backlog_epochs / nullif(b.backlog, 0)) / 86400)::double precision
                                      AS backlog_age_days,
       coalesce(m.escalated_count, 0)::bigint AS escalated_count,
       as_hours(median_duration(m.reply)) AS first_reply_median_hours,
       as_hours(reply.lower) AS first_reply_median_lower_hours, as_hours(reply.upper) AS first_reply_median_upper_hours,
       as_hours(median_duration(m.resolution)) AS resolution_median_hours,
       as_hours(median.lower) AS resolution_median_lower_hours, as_hours(median.upper) AS resolution_median_upper_hours,
       as_hours(duration_quantile(m.resolution, 0.9)) AS resolution_p90_hours,
       as_hours(p90.lower) AS resolution_p90_lower_hours, as_hours(p90.upper) AS resolution_p90_upper_hours,
       as_hours(naive_mean(m.resolution)) AS naive_resolution_mean_hours,
       as_hours(naive_median(m.resolution)) AS naive_resolution_median_hours,
       as_hours(naive_quantile(m.resolution, 0.9)) AS naive_resolution_p90_hours,
       coalesce(trial_count(m.reopen), 0) AS resolved_count, rate(m.reopen) AS reopen_rate,
       reopen.lower AS reopen_lower_rate, reopen.upper AS reopen_upper_rate,
       coalesce(trial_count(m.fcr), 0) AS judged_count,
       rate(m.fcr) AS fcr_rate, fcr.lower AS fcr_lower_rate, fcr.upper AS fcr_upper_rate,
       rate(m.fcr_net) AS fcr_net_rate, net.lower AS fcr_net_lower_rate, net.upper AS fcr_net_upper_rate,
       rate(m.one_touch) AS one_touch_rate, touch.lower AS one_touch_lower_rate, touch.upper AS one_touch_upper_rate,
       coalesce(rejected_count(m.resolution), 0) AS rejected_count,
       coalesce(is_exact(m.resolution) AND is_exact(m.reply), true) AS is_exact,
       period.end_on <= r.as_of_on + 1 AS is_complete, r.policy_hash
FROM reporting_range r, policy p, run b,
     -- the months until the next with tickets, in which nothing happens but that the backlog grows older
     LATERAL (SELECT month::date AS start_on, (month + interval '1 month')::date AS end_on
              FROM generate_series(b.month::timestamp, coalesce(b.next_month - interval '1 month', r.as_of_on),
                                   '1 month') month) period
     LEFT JOIN LATERAL (SELECT b.* WHERE b.month = period.start_on) m ON true,
     LATERAL median_duration_interval(m.reply, r.confidence_rate) reply,
     LATERAL median_duration_interval(m.resolution, r.confidence_rate) median,
     LATERAL duration_quantile_interval(m.resolution, 0.9, r.confidence_rate) p90,
     LATERAL rate_interval(m.reopen, r.confidence_rate) reopen,
     LATERAL rate_interval(m.fcr, r.confidence_rate) fcr,
     LATERAL rate_interval(m.fcr_net, r.confidence_rate) net,
     LATERAL rate_interval(m.one_touch, r.confidence_rate) touch
WHERE p.report_from IS NULL OR period.start_on >= date_trunc('month', p.report_from)
ORDER BY b.dimension, b.value, period.start_on;
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
           CASE WHEN f.solved_at IS NOT NULL THEN f.reopened > 0 END AS is_reopened, f.first_contact,
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
       t.open_count, t.escalated_open_count, as_days(r.as_of_at - t.oldest_at) AS oldest_open_days, t.last_opened_at,
       t.opened_90_days_count, t.repeated_90_days_count, t.reopened_90_days_count, t.escalated_90_days_count,
       t.friction_count, t.friction_count::double precision / nullif(t.opened_90_days_count, 0) AS friction_rate,
       as_hours(median_duration(t.resolution)) AS resolution_median_hours, trial_count(t.fcr) AS judged_count,
       rate(t.fcr) AS fcr_rate, fcr.lower AS fcr_lower_rate, fcr.upper AS fcr_upper_rate, r.as_of_on, r.policy_hash
FROM reporting_range r, policy p, account_state a LEFT JOIN account n USING (account_id),
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
