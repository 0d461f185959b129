-- Usage: who is active, and how often.

CREATE OR REPLACE VIEW usage_by_segment WITH (security_invoker) AS
SELECT a.* FROM active_of(false) a
ORDER BY a.dimension, a.value, a.day_on;
COMMENT ON VIEW usage_by_segment IS
'Active accounts, day by day, for each value of each attribute of accounts that is in use, and for all: in 1, 7 and '
'28 days, stickiness, and where those of the 28 days came from. Counts of distinct accounts, exact.';

CREATE OR REPLACE VIEW usage_daily WITH (security_invoker) AS
SELECT day_on, dau_count, wau_count, mau_count, stickiness_rate, new_active_count, retained_active_count,
       resurrected_active_count, dormant_count,
       account_count, policy_hash
FROM active_of(true) ORDER BY day_on;
COMMENT ON VIEW usage_daily IS 'Active accounts, day by day: in 1, 7 and 28 days, stickiness, and growth accounting.';

CREATE OR REPLACE FUNCTION account_usage(day date) RETURNS TABLE (
    account_id @account_id@, active_count integer, active_days_count numeric, exposed_days_count bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT a.account_id, is_active(a.usage, $1, 28)::integer AS active_count, s.active_days_count, s.exposed_days_count
    FROM policy p, account_state a,
         LATERAL (SELECT count(*) AS exposed_days_count,
                  sum(active_days(a.usage, d.day::date, d.day::date + 1)) AS active_days_count
                  FROM generate_series(greatest($1 - 27, first_active_on(a.usage))::timestamp, $1, '1 day') d(day)
                  WHERE NOT p.weekdays_only OR extract(isodow FROM d.day) < 6) s
    WHERE is_active(a.usage, $1, 28);
END;
COMMENT ON FUNCTION account_usage(day date) IS
'The accounts behind the usage of a day: those active in the 28 days up to it, on how many of these days and of how '
'many since their first. Sums of active_days_count / those of exposed_days_count are stickiness.';

CREATE OR REPLACE VIEW usage_by_account WITH (security_invoker) AS
SELECT a.account_id, n.name, n.segment, n.plan, n.owner, coalesce(mrr_at(a.revenue, r.as_of_on), 0) AS mrr,
       first.day AS first_active_on, last_active_on(a.usage, r.as_of_on) AS last_active_on,
       CASE WHEN feed.is_alive THEN idle_days(a.usage, begin.day, r.as_of_on, feed.first_on) END AS idle_days,
       -- nothing, where others are seen; else nobody knows
       CASE WHEN feed.first_on IS NOT NULL
           THEN coalesce(active_days(a.usage, r.as_of_on - 27, r.as_of_on + 1), 0) END AS active_28_days_count,
       CASE WHEN feed.first_on IS NOT NULL
           THEN coalesce(events_between(a.usage, r.as_of_on - 27, r.as_of_on + 1), 0) END AS events_28_days_count,
       CASE WHEN first.day <= week.over_on
           THEN consistency(a.usage, week.over_on, least(8, (week.over_on - first.day) / 7 + 1))
           WHEN feed.is_alive AND greatest(begin.day, feed.first_on) <= week.over_on - 6 AND begin.day IS NOT NULL
               THEN 0 END AS consistency_rate,
       longest_gap(a.usage, greatest(first.day, r.as_of_on - 89), r.as_of_on + 1)::double precision AS longest_gap_days,
       streak(a.usage, r.as_of_on)::double precision AS streak_days,
       -- an account that has not been active for both spans has no trend yet
       t.recent AS recent_events_rate, t.before AS before_events_rate, t.difference AS trend_events_rate,
       t.lower AS trend_lower_rate, t.upper AS trend_upper_rate, t.p AS trend_p,
       t.recent / nullif(t.before, 0) - 1 AS change_rate, r.as_of_on, r.policy_hash
FROM reporting_range r, policy p, LATERAL (SELECT week_begin(r.as_of_on + 1, p.week_start) - 1 AS over_on) week,
     LATERAL (SELECT f.* FROM usage_feed(r.as_of_on) f OFFSET 0) feed,
     account_state a LEFT JOIN account n USING (account_id),
     LATERAL (SELECT coalesce(first_paid_on(a.revenue), n.created_on) AS day) begin,
     LATERAL (SELECT first_active_on(a.usage, r.as_of_on) AS day) first,
     LATERAL usage_trend(CASE WHEN first.day <= r.as_of_on + 1 - 2 * p.trend_days THEN a.usage END, r.as_of_on,
                         p.trend_days, r.confidence_rate) t;
COMMENT ON VIEW usage_by_account IS
'Usage, account by account: how lately, how often, how steadily, and where it is going. Accounts that never used the '
'product, though others do, have zero counts, and are idle since their start; where nobody uses it, nothing is known.';

CREATE OR REPLACE VIEW usage_movement WITH (security_invoker) AS
SELECT account_id, name, segment, plan, owner, mrr,
       CASE WHEN trend_events_rate < 0 THEN 'falls' ELSE 'rises' END AS direction,
       recent_events_rate, before_events_rate, change_rate, trend_events_rate, trend_lower_rate, trend_upper_rate,
       trend_p, last_active_on, as_of_on, policy_hash
FROM usage_by_account
WHERE trend_lower_rate > 0 OR trend_upper_rate < 0
ORDER BY trend_events_rate < 0 DESC, mrr DESC, account_id;
COMMENT ON VIEW usage_movement IS
'Accounts whose usage falls or rises by more than chance explains: the confidence interval of the change excludes '
'zero.';
