-- What is known of the months to come, and what is stored of it.

CREATE OR REPLACE FUNCTION ahead_entity(of_changed boolean) RETURNS TABLE (
    account_id @account_id@, revenue mrr_timeline, notice mrr_timeline, called_off mrr_timeline)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT e.account_id,
           limit_pauses(smooth_gaps(CASE WHEN c.called_off IS NULL THEN e.revenue
                                         ELSE unmerge(e.revenue, c.called_off) END, e.gap_smooth_days),
                        e.pause_churn_days),
           e.notice, c.called_off
    FROM (SELECT coalesce(x.entity_id, a.account_id) AS account_id, rollup(a.revenue) AS revenue,
                 rollup(a.notice) AS notice, rollup(a.called_off) AS called_off, r.as_of_on, r.gap_smooth_days,
                 r.pause_churn_days
          FROM (SELECT as_of_on, gap_smooth_days, pause_churn_days FROM reporting_range LIMIT 1) r
               CROSS JOIN history_of($1) a
               LEFT JOIN account_entity x
                   ON x.account_id = a.account_id AND x.starts_on <= r.as_of_on AND r.as_of_on < x.ends_on
          WHERE a.revenue IS NOT NULL
          GROUP BY coalesce(x.entity_id, a.account_id), r.as_of_on, r.gap_smooth_days, r.pause_churn_days) e,
         -- what should have ended already ends tomorrow
         LATERAL (SELECT mrr_timeline_agg(greatest(c.changed_on, e.as_of_on + 1), NULL, c.closing - c.opening)
                             AS called_off
                  FROM changes(e.called_off) c) c;
END;
COMMENT ON FUNCTION ahead_entity(boolean) IS
'Internal: the entities as they are made up now, subscriptions in one, with the revenue that is committed: without '
'what was called off, from the day of its renewal on; what of it is under notice, and what was called off. '
'of_changed: of accounts in changed_key alone.';

CREATE TABLE stored_ahead (
    from_on    date,
    until_on   date,
    dimension  text,
    value      text,
    row_count  bigint NOT NULL,
    state      mrr_movements NOT NULL,
    notice     mrr_movements NOT NULL,
    called_off mrr_movements NOT NULL,
    PRIMARY KEY (from_on, until_on, dimension, value));
COMMENT ON TABLE stored_ahead IS 'Internal: what is known of the months to come, as read_stored_ahead gives it';
CREATE UNLOGGED TABLE before_ahead AS SELECT * FROM stored_ahead WITH NO DATA;
COMMENT ON TABLE before_ahead IS 'Internal: what accounts that a refresh writes have in stored_ahead';

CREATE OR REPLACE FUNCTION read_stored_ahead(of_changed boolean) RETURNS SETOF stored_ahead
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT w.from_on, w.until_on, d.dimension, d.value, count(*),
           mrr_movement_agg(e.revenue, w.from_on, w.until_on, 'month'),
           mrr_movement_agg(e.notice, w.from_on, w.until_on, 'month'),
           mrr_movement_agg(e.called_off, w.from_on, w.until_on, 'month')
    FROM reporting_range r,
         LATERAL (SELECT (date_trunc('month', r.as_of_on + 1) + interval '1 month')::date AS next_on) n,
         -- what is left of this month, and the twelve after it
         LATERAL (VALUES (r.as_of_on + 1, n.next_on), (n.next_on, (n.next_on + interval '12 months')::date))
             w(from_on, until_on),
         ahead_entity($1) e JOIN dimension_of($1) d USING (account_id)
    GROUP BY w.from_on, w.until_on, d.dimension, d.value;
END;
COMMENT ON FUNCTION read_stored_ahead(boolean) IS
'Internal: the movements of the months to come, by groups of accounts, with what is under notice and what was called '
'off, of all accounts or of those in changed_key';

CREATE OR REPLACE FUNCTION live_stored_ahead() RETURNS SETOF stored_ahead
LANGUAGE sql STABLE PARALLEL SAFE SET jit = off
BEGIN ATOMIC
    SELECT r.* FROM read_stored_ahead(false) r;
END;
COMMENT ON FUNCTION live_stored_ahead() IS
'Internal: what read_stored_ahead gives of all accounts, for views where it is not stored';
