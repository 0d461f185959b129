-- Support: the tickets of groups of accounts by month, and what is stored of them.

CREATE TABLE stored_ticket (
    dimension text, value text, month date, row_count bigint NOT NULL, opened_count bigint NOT NULL,
    solved_count bigint NOT NULL, open_epochs bigint NOT NULL, escalated_count bigint NOT NULL, reply durations,
    resolution durations, reopen rate, fcr rate, fcr_net rate, one_touch rate, PRIMARY KEY (dimension, value, month));
COMMENT ON TABLE stored_ticket IS
'Internal: the tickets of groups of accounts by month: those solved in it are counted, the rest is of those opened';
CREATE UNLOGGED TABLE before_ticket AS SELECT * FROM stored_ticket WITH NO DATA;
COMMENT ON TABLE before_ticket IS 'Internal: what accounts that a refresh writes have in stored_ticket';

CREATE OR REPLACE FUNCTION read_stored_ticket(of_changed boolean, only_all boolean DEFAULT false)
RETURNS SETOF stored_ticket
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- by the months of opening and of solve first: few cells, whose states roll up to the month of opening
    WITH cell AS (
        SELECT a.members, month.opened, month.solved, count(*) AS ticket_count,
               sum(date_part('epoch', f.opened_at)::bigint) AS epochs, count(*) FILTER (WHERE f.escalated) AS escalated,
               duration_agg(length.reply, f.first_reply_at IS NOT NULL) AS reply,
               duration_agg(length.resolution, f.solved_at IS NOT NULL) AS resolution,
               -- of no trials as of no tickets: NULL
               -- solved once, for good or not
               rate_agg(f.reopened > 0) FILTER (WHERE f.solved_at IS NOT NULL OR f.reopened > 0) AS reopen,
               rate_agg(f.first_contact) FILTER (WHERE f.first_contact IS NOT NULL) AS fcr,
               rate_agg(f.first_contact) FILTER (WHERE f.first_contact IS NOT NULL AND NOT f.escalated) AS fcr_net,
               rate_agg(f.one_touch) FILTER (WHERE f.one_touch IS NOT NULL) AS one_touch
        FROM reporting_range r, policy p,
             -- OFFSET 0: in groups before there is a row a ticket
             (SELECT h.tickets, g.members FROM history_of($1) h JOIN group_of($1, $2) g USING (account_id) OFFSET 0) a,
             LATERAL ticket_facts(a.tickets, r.as_of_at, p.contact_window_days * interval '1 day') f,
             LATERAL (SELECT handling_time(f.opened_at, coalesce(f.first_reply_at, f.solved_at, r.as_of_at),
                                           p.business_hours, p.business_hours_from) AS reply,
                             handling_time(f.opened_at, coalesce(f.solved_at, r.as_of_at),
                                           p.business_hours, p.business_hours_from) AS resolution) length,
             -- solved before it was opened: at once
             LATERAL (SELECT date_trunc('month', f.opened_at AT TIME ZONE r.time_zone)::date AS opened,
                             date_trunc('month', CASE WHEN f.solved_at < f.opened_at THEN f.opened_at
                                                      ELSE f.solved_at END AT TIME ZONE r.time_zone)::date
                                 AS solved) month
        GROUP BY a.members, month.opened, month.solved)
    SELECT d.dimension, d.value, e.month, sum(c.ticket_count)::bigint,
           coalesce(sum(c.ticket_count) FILTER (WHERE e.opens), 0)::bigint,
           coalesce(sum(c.ticket_count) FILTER (WHERE NOT e.opens), 0)::bigint,
           sum(CASE WHEN e.opens THEN c.epochs ELSE -c.epochs END)::bigint,
           coalesce(sum(c.escalated) FILTER (WHERE e.opens), 0)::bigint,
           rollup(c.reply) FILTER (WHERE e.opens), rollup(c.resolution) FILTER (WHERE e.opens),
           rollup(c.reopen) FILTER (WHERE e.opens), rollup(c.fcr) FILTER (WHERE e.opens),
           rollup(c.fcr_net) FILTER (WHERE e.opens), rollup(c.one_touch) FILTER (WHERE e.opens)
    FROM cell c, LATERAL (VALUES (c.opened, true), (c.solved, false)) e(month, opens),
         LATERAL dimension_in(c.members, $1) d
    WHERE e.month IS NOT NULL
    GROUP BY d.dimension, d.value, e.month;
END;
COMMENT ON FUNCTION read_stored_ticket(boolean, boolean) IS
'Internal: the tickets of all accounts, or of those in changed_key, by month';

CREATE TABLE stored_support_by_segment (
    period_start_on date, period_end_on date, dimension text, value text, opened_count bigint, solved_count bigint,
    backlog_count bigint, backlog_age_days double precision, escalated_count bigint,
    first_reply_median_hours double precision, first_reply_median_lower_hours double precision,
    first_reply_median_upper_hours double precision, resolution_median_hours double precision,
    resolution_median_lower_hours double precision, resolution_median_upper_hours double precision,
    resolution_p90_hours double precision, resolution_p90_lower_hours double precision,
    resolution_p90_upper_hours double precision, naive_resolution_mean_hours double precision,
    naive_resolution_median_hours double precision, naive_resolution_p90_hours double precision,
    resolved_count bigint, reopen_rate double precision, reopen_lower_rate double precision,
    reopen_upper_rate double precision, judged_count bigint, fcr_rate double precision,
    fcr_lower_rate double precision, fcr_upper_rate double precision, fcr_net_rate double precision,
    fcr_net_lower_rate double precision, fcr_net_upper_rate double precision, one_touch_rate double precision,
    one_touch_lower_rate double precision, one_touch_upper_rate double precision, rejected_count bigint,
    is_exact boolean, is_complete boolean, policy_hash text, PRIMARY KEY (dimension, value, period_start_on));
COMMENT ON TABLE stored_support_by_segment IS 'Internal: the rows of view support_by_segment';

CREATE OR REPLACE FUNCTION read_stored_support_by_segment(of_stored boolean, only_all boolean DEFAULT false)
RETURNS SETOF stored_support_by_segment
LANGUAGE sql STABLE PARALLEL SAFE SET jit = off
BEGIN ATOMIC
    WITH month AS (
        SELECT s.* FROM stored_ticket s WHERE $1
        UNION ALL SELECT l.* FROM read_stored_ticket(false, $2) l WHERE NOT $1),
    run AS (
        SELECT *, sum(opened_count - solved_count) OVER history AS backlog,
               sum(open_epochs) OVER history AS backlog_epochs,
               lead(month) OVER history AS next_month
        FROM month WINDOW history AS (PARTITION BY dimension, value ORDER BY month))
    SELECT period.start_on AS period_start_on, period.end_on AS period_end_on, b.dimension, b.value,
           coalesce(m.opened_count, 0)::bigint AS opened_count, coalesce(m.solved_count, 0)::bigint AS solved_count,
           b.backlog::bigint AS backlog_count,
           ((extract(epoch FROM least(period.end_on::timestamp AT TIME ZONE r.time_zone,
                                      r.as_of_at)) - b.backlog_epochs / nullif(b.backlog, 0)) / 86400)::double precision
                                          AS backlog_age_days,
           CASE WHEN fed.escalations THEN coalesce(m.escalated_count, 0)::bigint END AS escalated_count,
           as_hours(median_duration(m.reply)) AS first_reply_median_hours,
           as_hours(reply.lower) AS first_reply_median_lower_hours,
           as_hours(reply.upper) AS first_reply_median_upper_hours,
           as_hours(median_duration(m.resolution)) AS resolution_median_hours,
           as_hours(median.lower) AS resolution_median_lower_hours,
           as_hours(median.upper) AS resolution_median_upper_hours,
           as_hours(duration_quantile(m.resolution, 0.9)) AS resolution_p90_hours,
           as_hours(p90.lower) AS resolution_p90_lower_hours, as_hours(p90.upper) AS resolution_p90_upper_hours,
           as_hours(naive_mean(m.resolution)) AS naive_resolution_mean_hours,
           as_hours(naive_median(m.resolution)) AS naive_resolution_median_hours,
           as_hours(naive_quantile(m.resolution, 0.9)) AS naive_resolution_p90_hours,
           coalesce(trial_count(m.reopen), 0) AS resolved_count,
           CASE WHEN fed.reopenings THEN rate(m.reopen) END AS reopen_rate,
           reopen.lower AS reopen_lower_rate, reopen.upper AS reopen_upper_rate,
           coalesce(trial_count(m.fcr), 0) AS judged_count,
           rate(m.fcr) AS fcr_rate, fcr.lower AS fcr_lower_rate, fcr.upper AS fcr_upper_rate,
           CASE WHEN fed.escalations THEN rate(m.fcr_net) END AS fcr_net_rate,
           net.lower AS fcr_net_lower_rate, net.upper AS fcr_net_upper_rate,
           rate(m.one_touch) AS one_touch_rate,
           touch.lower AS one_touch_lower_rate, touch.upper AS one_touch_upper_rate,
           coalesce(rejected_count(m.resolution), 0) AS rejected_count,
           coalesce(is_exact(m.resolution) AND is_exact(m.reply), true) AS is_exact,
           period.end_on <= r.over_until_on AS is_complete, r.policy_hash
    FROM reporting_range r, policy p,
         -- what nothing is known of is not zero
         (SELECT is_fed('ticket', '{reopened}') AS reopenings,
                 is_fed('ticket', '{escalated,escalated_at}') AS escalations OFFSET 0) fed, run b,
         -- the months until the next with tickets, in which nothing happens but that the backlog grows older
         LATERAL (SELECT month::date AS start_on, (month + interval '1 month')::date AS end_on
                  FROM generate_series(b.month::timestamp, coalesce(b.next_month - interval '1 month', r.as_of_on),
                                       '1 month') month) period
         LEFT JOIN LATERAL (SELECT b.* WHERE b.month = period.start_on) m ON true,
         LATERAL median_duration_interval(m.reply, r.confidence_rate) reply,
         LATERAL median_duration_interval(m.resolution, r.confidence_rate) median,
         LATERAL duration_quantile_interval(m.resolution, 0.9, r.confidence_rate) p90,
         LATERAL rate_interval(CASE WHEN fed.reopenings THEN m.reopen END, r.confidence_rate) reopen,
         LATERAL rate_interval(m.fcr, r.confidence_rate) fcr,
         LATERAL rate_interval(CASE WHEN fed.escalations THEN m.fcr_net END, r.confidence_rate) net,
         LATERAL rate_interval(m.one_touch, r.confidence_rate) touch
    WHERE p.report_from IS NULL OR period.start_on >= date_trunc('month', p.report_from);
END;
COMMENT ON FUNCTION read_stored_support_by_segment(boolean, boolean) IS
'Internal: the rows of view support_by_segment, from what is stored or from the histories';

CREATE OR REPLACE FUNCTION support_of(only_all boolean) RETURNS SETOF stored_support_by_segment
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.* FROM stored_support_by_segment s
    WHERE is_stored('stored_support_by_segment') AND (NOT $1 OR s.dimension = 'all')
    UNION ALL
    SELECT l.* FROM read_stored_support_by_segment(false, $1) l WHERE NOT is_stored('stored_support_by_segment');
END;
COMMENT ON FUNCTION support_of(boolean) IS
'Internal: the rows of view support_by_segment, as they are stored, or else worked out; only_all: those of all alone';
