-- Whose revenue, and in which money: the entities that the bridge is about, and the rates that bring them together.
--
-- Most accounts are entities of their own in the currency of report: account_state has their histories. The others
-- have theirs in revenue_state: subscriptions, accounts that merged or have a parent, for as long as the same accounts
-- belong together, and where there are several currencies, all accounts, each history in its own. Sums of one currency
-- are converted as sums, so that nothing is rounded; an entity in several currencies is converted by itself, each
-- history to six decimals.
--
-- entity_period and mixed_entity_period have them by the periods of the report, entity_in_window as of the end of one
-- window, entity_on on a day; uncut_ is each before it is cut where the entity came back as a new customer.

CREATE OR REPLACE FUNCTION uncut_entity_period(period text, earlier integer, of_changed boolean) RETURNS TABLE (
    account_id @account_id@, subscription_id text, currency text, is_whole boolean, from_on date, until_on date,
    revenue mrr_timeline)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    -- LIMIT tells the planner that this is one row, worked out once and not for every account
    SELECT a.account_id, NULL AS subscription_id, NULL AS currency, true AS is_whole, r.first_on AS from_on,
           r.end_on AS until_on,
           limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days) AS revenue
    FROM (SELECT *, (period_start(from_on, $1, fiscal_year_start) - $2 * period_length($1))::date AS first_on,
          as_of_on + 1 AS end_on FROM reporting_range LIMIT 1) r, history_of($3) a
    WHERE a.account_id NOT IN (SELECT e.account_id FROM account_entity e)
      AND NOT (SELECT EXISTS (SELECT 1 FROM revenue_state WHERE currency <> '' OR subscription_id <> ''))
    UNION ALL
    SELECT s.account_id, nullif(s.subscription_id, ''), nullif(s.currency, ''), s.valid_from_on = '-infinity'
        AND s.valid_until_on = 'infinity', p.from_on, p.until_on,
        limit_pauses(smooth_gaps(s.revenue, r.gap_smooth_days), r.pause_churn_days)
    FROM (SELECT *, (period_start(from_on, $1, fiscal_year_start) - $2 * period_length($1))::date AS first_on,
          as_of_on + 1 AS end_on FROM reporting_range LIMIT 1) r, revenue_state s,
         -- the periods that end while it is made of the same accounts
         LATERAL (SELECT CASE WHEN s.valid_from_on <= r.first_on THEN r.first_on ELSE period_start(s.valid_from_on, $1,
                     r.fiscal_year_start) END AS from_on,
                         CASE WHEN s.valid_until_on >= r.end_on THEN r.end_on
                             ELSE period_start(s.valid_until_on, $1, r.fiscal_year_start) END AS until_on) p
    WHERE NOT s.is_mixed AND p.from_on < p.until_on;
END;
COMMENT ON FUNCTION uncut_entity_period(period text, earlier integer, of_changed boolean) IS
'The revenue history of each entity that is all in one currency, in that currency (NULL: nothing to convert), whether '
'it was of the same accounts all the time, and the periods for which it was: those of the report, and earlier ones '
'before it.';

CREATE OR REPLACE FUNCTION entity_period(period text, earlier integer, of_changed boolean) RETURNS TABLE (
    account_id @account_id@, subscription_id text, currency text, is_whole boolean, from_on date, until_on date,
    revenue mrr_timeline)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT h.account_id, h.subscription_id, h.currency, h.is_whole, h.from_on, h.until_on, h.revenue
    FROM uncut_entity_period($1, $2, $3) h WHERE (SELECT reactivation_gap_days IS NULL FROM policy)
    UNION ALL
    SELECT h.account_id, h.subscription_id, h.currency, h.is_whole, h.from_on, h.until_on, part.revenue
    FROM reporting_range r, uncut_entity_period($1, $2, $3) h,
         LATERAL split_gaps(h.revenue, r.reactivation_gap_days) part(revenue)
         WHERE (SELECT reactivation_gap_days IS NOT NULL FROM policy);
END;
COMMENT ON FUNCTION entity_period(period text, earlier integer, of_changed boolean) IS
'The same, cut where the entity came back after more than reactivation_gap_days.';

CREATE OR REPLACE FUNCTION uncut_mixed_entity(starts date[], ends date[]) RETURNS TABLE (
    account_id @account_id@, subscription_id text, start_on date, end_on date, is_known boolean, revenue mrr_timeline,
    opening_mrr numeric, closing_mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH rate AS MATERIALIZED (SELECT * FROM rate_in_window($1, $2))
    SELECT m.account_id, nullif(m.subscription_id, '') AS subscription_id, m.start_on, m.end_on, m.is_known, m.revenue,
           CASE WHEN m.is_known THEN coalesce(mrr_at(smooth_gaps(m.opening, r.gap_smooth_days), m.start_on - 1),
                                              m.opening_mrr) END AS opening_mrr,
           CASE WHEN m.is_known THEN coalesce(mrr_at(smooth_gaps(m.closing, r.gap_smooth_days), m.end_on - 1),
                                              m.closing_mrr) END AS closing_mrr
    FROM reporting_range r,
         (SELECT s.account_id, s.subscription_id, w.start_on, w.end_on,
                 -- a rate is needed where there is something to convert, if only a pause that ends
                 bool_and(x.opening_fx + x.movement_fx + x.closing_fx IS NOT NULL
                          OR NOT moves(limit_pauses(smooth_gaps(s.revenue, p.gap_smooth_days), p.pause_churn_days),
                                       w.start_on, w.end_on)) AS is_known,
                 limit_pauses(smooth_gaps(rollup(scale(s.revenue, coalesce(x.movement_fx, 1))), min(p.gap_smooth_days)),
                              min(p.pause_churn_days)) AS revenue,
                 sum(round(mrr_at(s.revenue, w.start_on - 1) * coalesce(x.opening_fx, 1), 6)) AS opening_mrr,
                 sum(round(mrr_at(s.revenue, w.end_on - 1) * coalesce(x.closing_fx, 1), 6)) AS closing_mrr,
                 -- whether a gap is one tells the whole alone
                 rollup(scale(s.revenue, coalesce(x.opening_fx, 1))) FILTER (WHERE p.gap_smooth_days > 0) AS opening,
                 rollup(scale(s.revenue, coalesce(x.closing_fx, 1))) FILTER (WHERE p.gap_smooth_days > 0) AS closing
          FROM reporting_range p CROSS JOIN unnest($1, $2) w(start_on, end_on)
               JOIN revenue_state s ON s.is_mixed AND s.valid_from_on < w.end_on AND w.end_on <= s.valid_until_on
               LEFT JOIN rate x ON x.currency = s.currency AND x.start_on = w.start_on AND x.end_on = w.end_on
          GROUP BY s.account_id, s.subscription_id, w.start_on, w.end_on) m;
END;
COMMENT ON FUNCTION uncut_mixed_entity(starts date[], ends date[]) IS
'The revenue history of each entity in several currencies, converted for each window at its rates, with its MRR '
'before and at the end of it at the rates of then, NULL where a rate is missing: then the history tells when there '
'was any, not how much.';

CREATE OR REPLACE FUNCTION mixed_entity_period(period text, lag integer, earlier integer) RETURNS TABLE (
    account_id @account_id@, subscription_id text, start_on date, from_on date, end_on date, is_known boolean,
    revenue mrr_timeline, opening_mrr numeric, closing_mrr numeric, movement_mrr numeric, is_first boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT m.account_id, m.subscription_id, m.start_on, w.from_on, m.end_on, m.is_known, part.revenue,
           CASE WHEN part.nr = 1 THEN m.opening_mrr END AS opening_mrr,
           CASE WHEN part.nr = 1 THEN m.closing_mrr END AS closing_mrr,
           CASE WHEN m.is_known AND part.nr = 1
               THEN mrr_at(m.revenue, m.end_on - 1) - mrr_at(m.revenue, m.start_on - 1) END AS movement_mrr,
               part.nr = 1 AS is_first
    FROM reporting_range r CROSS JOIN (SELECT array_agg(start_on) AS starts, array_agg(end_on) AS ends
                                       FROM window_of_report($1, $2, $3)) of_report
         CROSS JOIN LATERAL uncut_mixed_entity(of_report.starts, of_report.ends) m
             JOIN window_of_report($1, $2, $3) w USING (start_on, end_on),
         LATERAL split_gaps(m.revenue, r.reactivation_gap_days) WITH ORDINALITY part(revenue, nr);
END;
COMMENT ON FUNCTION mixed_entity_period(period text, lag integer, earlier integer) IS
'The same for the windows of lag periods that end with the periods of the report, earlier ones included, cut where '
'the entity came back after more than reactivation_gap_days: then the first part bears the MRR of all.';

CREATE OR REPLACE FUNCTION uncut_entity_in_window(start_on date, end_on date) RETURNS TABLE (
    account_id @account_id@, subscription_id text, revenue mrr_timeline, opening_fx numeric, movement_fx numeric,
    closing_fx numeric, opening_mrr numeric, closing_mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH rate AS MATERIALIZED (SELECT * FROM rate_in_window(ARRAY[$1], ARRAY[$2]))
    SELECT a.account_id, NULL AS subscription_id,
           limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days) AS revenue,
           1::numeric AS opening_fx, 1::numeric AS movement_fx, 1::numeric AS closing_fx,
           NULL::numeric AS opening_mrr, NULL::numeric AS closing_mrr
    FROM reporting_range r, account_state a
    WHERE a.account_id NOT IN (SELECT e.account_id FROM account_entity e)
      AND NOT (SELECT EXISTS (SELECT 1 FROM revenue_state WHERE currency <> '' OR subscription_id <> ''))
    UNION ALL
    SELECT s.account_id, nullif(s.subscription_id, ''),
           limit_pauses(smooth_gaps(s.revenue, r.gap_smooth_days), r.pause_churn_days),
           CASE WHEN s.currency = '' THEN 1 ELSE x.opening_fx END,
           CASE WHEN s.currency = '' THEN 1 ELSE x.movement_fx END,
           CASE WHEN s.currency = '' THEN 1 ELSE x.closing_fx END, NULL, NULL
    FROM reporting_range r, revenue_state s LEFT JOIN rate x USING (currency)
    WHERE NOT s.is_mixed AND s.valid_from_on < $2 AND $2 <= s.valid_until_on
    UNION ALL
    SELECT m.account_id, m.subscription_id, m.revenue, k.one, k.one, k.one, m.opening_mrr, m.closing_mrr
    FROM uncut_mixed_entity(ARRAY[$1], ARRAY[$2]) m, LATERAL (SELECT CASE WHEN m.is_known THEN 1::numeric END AS one) k;
END;
COMMENT ON FUNCTION uncut_entity_in_window(start_on date, end_on date) IS
'The entities as of the end of one window, from start_on on and before end_on: their revenue history, the rates that '
'convert it, NULL where one is missing, and of those in several currencies, whose histories are converted, the MRR '
'before and at the end.';

CREATE OR REPLACE FUNCTION entity_in_window(start_on date, end_on date) RETURNS TABLE (
    account_id @account_id@, subscription_id text, revenue mrr_timeline, opening_fx numeric, movement_fx numeric,
    closing_fx numeric, opening_mrr numeric, closing_mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT e.account_id, e.subscription_id, e.revenue, e.opening_fx, e.movement_fx, e.closing_fx, e.opening_mrr,
           e.closing_mrr
    FROM uncut_entity_in_window($1, $2) e WHERE (SELECT reactivation_gap_days IS NULL FROM policy)
    UNION ALL
    SELECT e.account_id, e.subscription_id, part.revenue, e.opening_fx, e.movement_fx, e.closing_fx,
           CASE WHEN part.nr = 1 THEN e.opening_mrr ELSE 0 * e.opening_mrr END,
           CASE WHEN part.nr = 1 THEN e.closing_mrr ELSE 0 * e.closing_mrr END
    FROM reporting_range r, uncut_entity_in_window($1, $2) e,
         LATERAL split_gaps(e.revenue, r.reactivation_gap_days) WITH ORDINALITY part(revenue, nr)
         WHERE (SELECT reactivation_gap_days IS NOT NULL FROM policy);
END;
COMMENT ON FUNCTION entity_in_window(start_on date, end_on date) IS
'The same, cut where the entity came back after more than reactivation_gap_days; then the first part bears the MRR of '
'one in several currencies.';

CREATE OR REPLACE FUNCTION entity_on(as_of date) RETURNS TABLE (
    account_id @account_id@, subscription_id text, revenue mrr_timeline)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT e.account_id, e.subscription_id, part.revenue
    FROM (SELECT a.account_id, NULL AS subscription_id, a.revenue
          FROM account_state a
          WHERE a.account_id NOT IN (SELECT e.account_id FROM account_entity e)
            AND NOT (SELECT EXISTS (SELECT 1 FROM revenue_state WHERE subscription_id <> ''))
          UNION ALL
          SELECT s.account_id, nullif(s.subscription_id, ''),
                 rollup(CASE WHEN s.currency = '' THEN s.revenue ELSE scale(s.revenue, coalesce(k.fx, 1)) END)
          FROM revenue_state s LEFT JOIN constant_rate k USING (currency)
          WHERE s.valid_from_on <= $1 AND $1 < s.valid_until_on
            AND (s.subscription_id <> '' OR EXISTS (SELECT 1 FROM account_entity e WHERE e.entity_id = s.account_id))
          GROUP BY s.account_id, s.subscription_id) e,
         LATERAL (SELECT gap_smooth_days, pause_churn_days, reactivation_gap_days FROM reporting_range) r,
         LATERAL split_gaps(limit_pauses(smooth_gaps(e.revenue, r.gap_smooth_days), r.pause_churn_days),
                            r.reactivation_gap_days) part(revenue);
END;
COMMENT ON FUNCTION entity_on(as_of date) IS
'The entities as they are made up on a day, with their revenue history in the currency of report at constant rates, '
'cut where they came back after more than reactivation_gap_days: what cohorts and lifetime value are of.';
