-- The revenue bridge, from the movements of groups of accounts; and what is stored of it.

CREATE OR REPLACE FUNCTION movement_state(
    period text, lag integer, earlier integer, of_changed boolean, only_all boolean DEFAULT false) RETURNS TABLE (
    dimension text, value text, currency text, from_on date, until_on date, is_mixed boolean, row_count bigint,
    state mrr_movements, is_known boolean, opening numeric, closing numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    -- those that were of the same accounts all the time have the same windows; they are most
    SELECT d.dimension, d.value, h.currency, '-infinity'::date, 'infinity'::date, false, count(*),
           mrr_movement_agg(h.revenue, h.from_on, h.until_on, $1, $2), true, NULL::numeric, NULL::numeric
    FROM entity_period($1, $3, $4) h JOIN dimension_of($4, $5) d USING (account_id)
    WHERE h.is_whole
    GROUP BY d.dimension, d.value, h.currency
    UNION ALL
    SELECT d.dimension, d.value, h.currency, h.from_on, h.until_on, h.is_mixed, count(*),
           mrr_movement_agg(h.revenue, h.from_on, h.until_on, $1, $2),
           bool_and(h.is_known), sum(h.opening_mrr), sum(h.closing_mrr)
    FROM (SELECT account_id, currency, from_on, until_on, revenue, true AS is_known,
                 NULL::numeric AS opening_mrr, NULL::numeric AS closing_mrr, false AS is_mixed
          FROM entity_period($1, $3, $4) w WHERE NOT w.is_whole
          UNION ALL
          SELECT account_id, NULL, from_on, end_on, revenue, is_known, coalesce(opening_mrr, 0),
                 coalesce(closing_mrr, 0), true
          FROM mixed_entity_period($1, $2, $3) m) h
         JOIN dimension_of($4, $5) d USING (account_id)
    GROUP BY d.dimension, d.value, h.currency, h.from_on, h.until_on, h.is_mixed;
END;
COMMENT ON FUNCTION movement_state(text, integer, integer, boolean, boolean) IS
'Internal: the movements of a bridge in the currencies themselves, for all and for each value of each attribute in '
'use; those of mixed currencies with what they come to in that of report. is_known: no rate of these is missing. '
'of_changed: of the accounts in changed_key alone; only_all: under all alone.';

CREATE TABLE stored_movement (
    period    text,
    lag       integer,
    dimension text,
    value     text,
    currency  text,
    from_on   date,
    until_on  date,
    is_mixed  boolean,
    row_count bigint NOT NULL,
    state     mrr_movements NOT NULL,
    is_known  boolean NOT NULL,
    opening   numeric,
    closing   numeric,
    PRIMARY KEY (period, lag, dimension, value, currency, from_on, until_on, is_mixed));
COMMENT ON TABLE stored_movement IS 'Internal: the movements of groups of accounts, as read_stored_movement gives them';
CREATE UNLOGGED TABLE before_movement AS SELECT * FROM stored_movement WITH NO DATA;
COMMENT ON TABLE before_movement IS 'Internal: what accounts that a refresh writes have in stored_movement';

CREATE OR REPLACE FUNCTION read_stored_movement(of_changed boolean) RETURNS SETOF stored_movement
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- of months, eleven more than are reported: the trailing year is chained of them
    SELECT 'month', 1, m.dimension, m.value, coalesce(m.currency, ''), m.from_on, m.until_on, m.is_mixed, m.row_count,
           m.state, m.is_known, m.opening, m.closing
    FROM movement_state('month', 1, 11, $1) m
    UNION ALL
    SELECT 'month', 12, m.dimension, m.value, coalesce(m.currency, ''), m.from_on, m.until_on, m.is_mixed, m.row_count,
           m.state, m.is_known, m.opening, m.closing
    FROM movement_state('month', 12, 0, $1) m
    UNION ALL
    SELECT 'quarter', 1, m.dimension, m.value, coalesce(m.currency, ''), m.from_on, m.until_on, m.is_mixed,
           m.row_count, m.state, m.is_known, m.opening, m.closing
    FROM movement_state('quarter', 1, 0, $1) m
    UNION ALL
    SELECT 'year', 1, m.dimension, m.value, coalesce(m.currency, ''), m.from_on, m.until_on, m.is_mixed, m.row_count,
           m.state, m.is_known, m.opening, m.closing
    FROM movement_state('year', 1, 0, $1) m;
END;
COMMENT ON FUNCTION read_stored_movement(boolean) IS
'Internal: the movements by month, of the year up to each, by quarter and by year, of all accounts or of those in '
'changed_key';

CREATE OR REPLACE FUNCTION movement_of(
    period text, lag integer, earlier integer, of_stored boolean, only_all boolean DEFAULT false) RETURNS TABLE (
    dimension text, value text, currency text, state mrr_movements, is_known boolean, opening numeric, closing numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT s.dimension, s.value, nullif(s.currency, ''), s.state, s.is_known, s.opening, s.closing
    FROM stored_movement s WHERE $4 AND s.period = $1 AND s.lag = $2
    UNION ALL
    SELECT m.dimension, m.value, m.currency, m.state, m.is_known, m.opening, m.closing
    FROM movement_state($1, $2, $3, false, $5) m WHERE NOT $4;
END;
COMMENT ON FUNCTION movement_of(text, integer, integer, boolean, boolean) IS
'Internal: movement_state, from what is stored, which may begin earlier, or from the histories';

CREATE OR REPLACE FUNCTION live_stored_movement() RETURNS TABLE (currency text, state mrr_movements)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 SET jit = off
BEGIN ATOMIC
    SELECT h.currency, mrr_movement_agg(h.revenue, h.from_on, h.until_on, 'month')
    FROM entity_period('month', 0, false) h GROUP BY h.currency, h.from_on, h.until_on;
END;
COMMENT ON FUNCTION live_stored_movement() IS
'Internal: what read_stored_movement has of all accounts by month, in the currencies themselves, for views where it is '
'not stored';

CREATE OR REPLACE FUNCTION bridge_of(
    period text, lag integer, earlier integer, of_stored boolean, only_all boolean DEFAULT false) RETURNS TABLE (
    period_start_on date, period_end_on date, dimension text, value text, opening_mrr numeric, new_mrr numeric,
    reactivation_mrr numeric, resume_mrr numeric, expansion_mrr numeric, contraction_mrr numeric, pause_mrr numeric,
    churn_mrr numeric, fx_mrr numeric, closing_mrr numeric, intra_period_mrr numeric, opening_count bigint,
    new_count bigint, reactivation_count bigint, resume_count bigint, expansion_count bigint, contraction_count bigint,
    pause_count bigint, churn_count bigint, closing_count bigint, intra_period_count bigint, flow revenue_flow,
    is_complete boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH rate AS MATERIALIZED (SELECT * FROM rate_in_report($1, $2, $3))
    SELECT s.period_start_on, s.period_end_on, s.dimension, s.value,
           s.one * s.opening AS opening_mrr, s.one * s.new AS new_mrr, s.one * s.reactivation AS reactivation_mrr,
           s.one * s.resume AS resume_mrr,
           s.one * s.expansion AS expansion_mrr, s.one * s.contraction AS contraction_mrr, s.one * s.pause AS pause_mrr,
           s.one * s.churn AS churn_mrr,
           s.one * (s.closing - (s.opening + s.new + s.reactivation + s.resume + s.expansion - s.contraction - s.pause
                                 - s.churn)) AS fx_mrr,
           s.one * s.closing AS closing_mrr, s.one * s.intra_period AS intra_period_mrr,
           s.opening_count, s.new_count, s.reactivation_count, s.resume_count, s.expansion_count, s.contraction_count,
           s.pause_count, s.churn_count,
           s.closing_count, s.intra_period_count, CASE WHEN s.one = 1 THEN s.flow END AS flow, s.is_complete
    FROM (
        SELECT m.period_start AS period_start_on, m.period_end AS period_end_on, g.dimension, g.value,
               -- unknown if any part of it is
               CASE WHEN bool_and(g.is_known AND (k.opening + k.movement + k.closing IS NOT NULL
                                                  OR (m.opening, m.closing, m.new, m.reactivation, m.resume, m.churn,
                                                      m.intra_period) = (0, 0, 0, 0, 0, 0, 0))) THEN 1 END AS one,
               sum(coalesce(g.opening, m.opening * k.opening)) AS opening, sum(m.new * k.movement) AS new,
               sum(m.reactivation * k.movement) AS reactivation,
               sum(m.resume * k.movement) AS resume, sum(m.expansion * k.movement) AS expansion,
               sum(m.contraction * k.movement) AS contraction,
               sum(m.pause * k.movement) AS pause, sum(m.churn * k.movement) AS churn,
               sum(m.intra_period * k.movement) AS intra_period,
               sum(coalesce(g.closing, m.closing * k.closing)) AS closing,
               sum(m.opening_count)::bigint AS opening_count, sum(m.new_count)::bigint AS new_count,
               sum(m.reactivation_count)::bigint AS reactivation_count,
               sum(m.resume_count)::bigint AS resume_count, sum(m.expansion_count)::bigint AS expansion_count,
               sum(m.contraction_count)::bigint AS contraction_count,
               sum(m.pause_count)::bigint AS pause_count, sum(m.churn_count)::bigint AS churn_count,
               sum(m.closing_count)::bigint AS closing_count,
               sum(m.intra_period_count)::bigint AS intra_period_count,
               rollup(CASE WHEN g.currency IS NULL THEN f.flow ELSE scale(f.flow, k.movement) END) AS flow,
               bool_and(m.complete AND m.period_end <= r.over_until_on) AS is_complete
        FROM reporting_range r,
             movement_of($1, $2, $3, $4, $5) g
             CROSS JOIN LATERAL movements(g.state, r.pause_rule = 'churn') m
             JOIN LATERAL revenue_flows(g.state) f USING (period_start, period_end)
             LEFT JOIN rate x ON x.currency = g.currency AND x.start_on = m.period_start AND x.end_on = m.period_end,
             LATERAL (SELECT CASE WHEN g.currency IS NULL THEN 1 ELSE x.opening_fx END AS opening,
                      CASE WHEN g.currency IS NULL THEN 1 ELSE x.movement_fx END AS movement,
                             CASE WHEN g.currency IS NULL THEN 1 ELSE x.closing_fx END AS closing) k
        -- what is stored begins earlier
        WHERE m.period_end > period_start(r.from_on, $1, r.fiscal_year_start) - $3 * period_length($1)
        GROUP BY m.period_start, m.period_end, g.dimension, g.value) s;
END;
COMMENT ON FUNCTION bridge_of(text, integer, integer, boolean, boolean) IS
'Internal: revenue_bridge, from what is stored or from the histories; only_all: of the histories all alone';

CREATE TABLE stored_revenue_by_segment (
    period_start_on date, period_end_on date, dimension text, value text, opening_mrr numeric, new_mrr numeric,
    reactivation_mrr numeric, resume_mrr numeric, expansion_mrr numeric, contraction_mrr numeric, pause_mrr numeric,
    churn_mrr numeric, fx_mrr numeric, closing_mrr numeric, intra_period_mrr numeric, opening_count bigint,
    new_count bigint, reactivation_count bigint, resume_count bigint, expansion_count bigint,
    contraction_count bigint, pause_count bigint, churn_count bigint, closing_count bigint, intra_period_count bigint,
    nrr_rate double precision, nrr_lower_rate double precision, nrr_upper_rate double precision,
    grr_rate double precision, grr_lower_rate double precision, grr_upper_rate double precision,
    logo_churn_rate double precision, logo_churn_lower_rate double precision, logo_churn_upper_rate double precision,
    revenue_churn_rate double precision, arpa_mrr numeric, is_complete boolean, policy_hash text,
    PRIMARY KEY (dimension, value, period_start_on));
COMMENT ON TABLE stored_revenue_by_segment IS 'Internal: the rows of view revenue_by_segment';

CREATE OR REPLACE FUNCTION read_stored_revenue_by_segment(of_stored boolean, only_all boolean DEFAULT false)
RETURNS SETOF stored_revenue_by_segment
LANGUAGE sql STABLE PARALLEL SAFE SET jit = off
BEGIN ATOMIC
    SELECT b.period_start_on, b.period_end_on, b.dimension, b.value, b.opening_mrr, b.new_mrr, b.reactivation_mrr,
           b.resume_mrr,
           b.expansion_mrr, b.contraction_mrr, b.pause_mrr, b.churn_mrr, b.fx_mrr, b.closing_mrr, b.intra_period_mrr,
           b.opening_count, b.new_count, b.reactivation_count, b.resume_count, b.expansion_count, b.contraction_count,
           b.pause_count, b.churn_count, b.closing_count, b.intra_period_count,
           nrr(b.flow) AS nrr_rate, nrr.lower AS nrr_lower_rate, nrr.upper AS nrr_upper_rate,
           grr(b.flow) AS grr_rate, grr.lower AS grr_lower_rate, grr.upper AS grr_upper_rate,
           b.churn_count / nullif(b.opening_count, 0)::double precision AS logo_churn_rate,
           logo.lower AS logo_churn_lower_rate, logo.upper AS logo_churn_upper_rate,
           (b.churn_mrr / nullif(b.opening_mrr, 0))::double precision AS revenue_churn_rate,
           trim_scale(round(b.closing_mrr / nullif(b.closing_count, 0), 6)) AS arpa_mrr, b.is_complete, r.policy_hash
    FROM reporting_range r, bridge_of('month', 1, 0, $1, $2) b,
         LATERAL nrr_interval(b.flow, r.confidence_rate) nrr,
         LATERAL grr_interval(b.flow, r.confidence_rate) grr,
         LATERAL wilson_interval(b.churn_count, b.opening_count, r.confidence_rate) logo;
END;
COMMENT ON FUNCTION read_stored_revenue_by_segment(boolean, boolean) IS
'Internal: the rows of view revenue_by_segment, from what is stored or from the histories';

CREATE OR REPLACE FUNCTION revenue_of(only_all boolean) RETURNS SETOF stored_revenue_by_segment
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.* FROM stored_revenue_by_segment s
    WHERE is_stored('stored_revenue_by_segment') AND (NOT $1 OR s.dimension = 'all')
    UNION ALL
    SELECT l.* FROM read_stored_revenue_by_segment(false, $1) l WHERE NOT is_stored('stored_revenue_by_segment');
END;
COMMENT ON FUNCTION revenue_of(boolean) IS
'Internal: the rows of view revenue_by_segment, as they are stored, or else worked out; only_all: those of all alone';

CREATE TABLE stored_retention_by_segment (
    period_start_on date, period_end_on date, dimension text, value text, opening_count bigint, churn_count bigint,
    opening_mrr numeric, nrr_rate double precision, nrr_lower_rate double precision, nrr_upper_rate double precision,
    grr_rate double precision, grr_lower_rate double precision, grr_upper_rate double precision,
    logo_churn_rate double precision, logo_churn_lower_rate double precision, logo_churn_upper_rate double precision,
    nrr_movement_rate double precision, nrr_chained_rate double precision, nrr_ttm_avg_rate double precision,
    is_complete boolean, policy_hash text, PRIMARY KEY (dimension, value, period_start_on));
COMMENT ON TABLE stored_retention_by_segment IS 'Internal: the rows of view retention_by_segment';

CREATE OR REPLACE FUNCTION read_stored_retention_by_segment(of_stored boolean, only_all boolean DEFAULT false)
RETURNS SETOF stored_retention_by_segment
LANGUAGE sql STABLE PARALLEL SAFE SET jit = off
BEGIN ATOMIC
    SELECT b.period_start_on, b.period_end_on, b.dimension, b.value, b.opening_count, b.churn_count, b.opening_mrr,
           nrr(b.flow) AS nrr_rate, nrr.lower AS nrr_lower_rate, nrr.upper AS nrr_upper_rate,
           grr(b.flow) AS grr_rate, grr.lower AS grr_lower_rate, grr.upper AS grr_upper_rate,
           b.churn_count / nullif(b.opening_count, 0)::double precision AS logo_churn_rate,
           logo.lower AS logo_churn_lower_rate, logo.upper AS logo_churn_upper_rate,
           -- of the twelve months, each at its own rates
           (1 + y.net_mrr / nullif(y.opening_mrr, 0))::double precision AS nrr_movement_rate,
           y.chained AS nrr_chained_rate,
           (1 + y.net_mrr / nullif(y.base_mrr, 0))::double precision AS nrr_ttm_avg_rate, b.is_complete, r.policy_hash
    FROM reporting_range r CROSS JOIN bridge_of('month', 12, 0, $1, $2) b
         LEFT JOIN (SELECT m.dimension, m.value, (m.period_start_on + k.later * interval '1 month')::date AS last_on,
                    sum(m.opening_mrr) AS base_mrr, sum(m.opening_mrr) FILTER (WHERE k.later = 11) AS opening_mrr,
                           sum(m.expansion_mrr - m.contraction_mrr - m.pause_mrr - m.churn_mrr) AS net_mrr,
                           CASE WHEN bool_and(nrr(m.flow) IS NOT NULL)
                               THEN 1 - annualize_churn(array_agg(1 - nrr(m.flow) ORDER BY m.period_start_on)) END
                               AS chained
                    FROM bridge_of('month', 1, 11, $1, $2) m, generate_series(0, 11) k(later)
                    GROUP BY m.dimension, m.value,
                        (m.period_start_on + k.later * interval '1 month')::date HAVING count(*) = 12) y
             ON (y.dimension, y.value, y.last_on) = (b.dimension, b.value,
                                                     (b.period_start_on + interval '11 months')::date),
         LATERAL nrr_interval(b.flow, r.confidence_rate) nrr,
         LATERAL grr_interval(b.flow, r.confidence_rate) grr,
         LATERAL wilson_interval(b.churn_count, b.opening_count, r.confidence_rate) logo
    WHERE b.opening_count > 0;
END;
COMMENT ON FUNCTION read_stored_retention_by_segment(boolean, boolean) IS
'Internal: the rows of view retention_by_segment, from what is stored or from the histories';

CREATE OR REPLACE FUNCTION retained_of(only_all boolean) RETURNS SETOF stored_retention_by_segment
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.* FROM stored_retention_by_segment s
    WHERE is_stored('stored_retention_by_segment') AND (NOT $1 OR s.dimension = 'all')
    UNION ALL
    SELECT l.* FROM read_stored_retention_by_segment(false, $1) l WHERE NOT is_stored('stored_retention_by_segment');
END;
COMMENT ON FUNCTION retained_of(boolean) IS
'Internal: the rows of view retention_by_segment, as they are stored, or else worked out; only_all: those of all alone';

CREATE TABLE stored_revenue_by_period (
    period text, period_start_on date, period_end_on date, dimension text, value text, opening_mrr numeric,
    new_mrr numeric, reactivation_mrr numeric, resume_mrr numeric, expansion_mrr numeric, contraction_mrr numeric,
    pause_mrr numeric,
    churn_mrr numeric, fx_mrr numeric, closing_mrr numeric, intra_period_mrr numeric, opening_count bigint,
    churn_count bigint, closing_count bigint, nrr_rate double precision, nrr_lower_rate double precision,
    nrr_upper_rate double precision, grr_rate double precision, grr_lower_rate double precision,
    grr_upper_rate double precision, logo_churn_rate double precision, logo_churn_lower_rate double precision,
    logo_churn_upper_rate double precision, is_complete boolean, policy_hash text,
    PRIMARY KEY (period, dimension, value, period_start_on));
COMMENT ON TABLE stored_revenue_by_period IS 'Internal: the rows of view revenue_all_periods';

CREATE OR REPLACE FUNCTION read_stored_revenue_by_period(of_stored boolean, only_chosen boolean DEFAULT false)
RETURNS SETOF stored_revenue_by_period
LANGUAGE sql STABLE PARALLEL SAFE SET jit = off
BEGIN ATOMIC
    SELECT k.period, b.period_start_on, b.period_end_on, b.dimension, b.value, b.opening_mrr, b.new_mrr,
           b.reactivation_mrr, b.resume_mrr,
           b.expansion_mrr, b.contraction_mrr, b.pause_mrr, b.churn_mrr, b.fx_mrr, b.closing_mrr, b.intra_period_mrr,
           b.opening_count, b.churn_count, b.closing_count, nrr(b.flow) AS nrr_rate, nrr.lower AS nrr_lower_rate,
           nrr.upper AS nrr_upper_rate,
           grr(b.flow) AS grr_rate, grr.lower AS grr_lower_rate, grr.upper AS grr_upper_rate,
           b.churn_count / nullif(b.opening_count, 0)::double precision AS logo_churn_rate,
           logo.lower AS logo_churn_lower_rate, logo.upper AS logo_churn_upper_rate, b.is_complete, r.policy_hash
    FROM reporting_range r,
         unnest('{month,quarter,year}'::text[]) k(period), LATERAL bridge_of(k.period, 1, 0, $1) b,
         LATERAL nrr_interval(b.flow, r.confidence_rate) nrr,
         LATERAL grr_interval(b.flow, r.confidence_rate) grr,
         LATERAL wilson_interval(b.churn_count, b.opening_count, r.confidence_rate) logo
    WHERE NOT $2 OR k.period = (SELECT p.period FROM policy p);
END;
COMMENT ON FUNCTION read_stored_revenue_by_period(boolean, boolean) IS
'Internal: the rows of view revenue_all_periods, from what is stored or from the histories; only_chosen: those by the '
'period of the policy';

CREATE OR REPLACE FUNCTION revenue_by_periods(only_chosen boolean) RETURNS SETOF stored_revenue_by_period
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.* FROM stored_revenue_by_period s
    WHERE is_stored('stored_revenue_by_period') AND (NOT $1 OR s.period = (SELECT p.period FROM policy p))
    UNION ALL
    SELECT l.* FROM read_stored_revenue_by_period(false, $1) l WHERE NOT is_stored('stored_revenue_by_period');
END;
COMMENT ON FUNCTION revenue_by_periods(boolean) IS
'Internal: the rows of view revenue_all_periods, as they are stored, or else worked out; only_chosen: those by the '
'period of the policy';

CREATE OR REPLACE FUNCTION entity_movement(period text, of_changed boolean) RETURNS TABLE (
    account_id @account_id@, subscription_id text, period_start_on date, period_end_on date, movement text,
    opening numeric, closing numeric, amount numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH rate AS MATERIALIZED (SELECT * FROM rate_in_report($1, 1, 0))
    SELECT h.account_id, h.subscription_id, c.period_start, c.period_end, c.movement, c.opening * k.rate,
           c.closing * k.rate, c.amount * k.rate
    FROM reporting_range r, entity_period($1, 0, $2) h
         CROSS JOIN LATERAL changes(h.revenue, h.from_on, h.until_on, $1, 1, r.pause_rule = 'churn') c
         LEFT JOIN rate x ON x.currency = h.currency AND x.start_on = c.period_start AND x.end_on = c.period_end,
         LATERAL (SELECT CASE WHEN h.currency IS NULL THEN 1 ELSE x.movement_fx END AS rate) k
    UNION ALL
    SELECT h.account_id, h.subscription_id, c.period_start, c.period_end, c.movement, k.one * c.opening,
           k.one * c.closing, k.one * c.amount
    FROM reporting_range r, mixed_entity_period($1, 1, 0) h,
         LATERAL (SELECT CASE WHEN h.is_known THEN 1 END AS one) k,
         LATERAL changes(h.revenue, h.from_on, h.end_on, $1, 1, r.pause_rule = 'churn') c;
END;
COMMENT ON FUNCTION entity_movement(text, boolean) IS
'Internal: the movements of entities by the periods of the report, each at the rate of movements, NULL where it is '
'missing; amounts of a period and movement add up to the bridge. of_changed: of accounts in changed_key alone.';

CREATE OR REPLACE FUNCTION entity_fx(period text) RETURNS TABLE (
    account_id @account_id@, subscription_id text, period_start_on date, period_end_on date, movement text,
    opening numeric, closing numeric, amount numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH rate AS MATERIALIZED (SELECT * FROM rate_in_report($1, 1, 0))
    SELECT f.account_id, f.subscription_id, f.start_on, f.end_on, 'fx', f.opening, f.closing,
           f.closing - f.opening - f.movement
    FROM (SELECT h.account_id, h.subscription_id, x.start_on, x.end_on, m.opening * x.opening_fx AS opening,
                 m.closing * x.closing_fx AS closing, (m.closing - m.opening) * x.movement_fx AS movement,
                 m.opening + m.closing > 0 AS is_there
          FROM entity_period($1, 0, false) h
               JOIN rate x ON x.currency = h.currency AND h.from_on <= x.start_on AND x.end_on <= h.until_on,
               LATERAL (SELECT mrr_at(h.revenue, x.start_on - 1) AS opening,
                               mrr_at(h.revenue, x.end_on - 1) AS closing) m
          UNION ALL
          SELECT h.account_id, h.subscription_id, h.start_on, h.end_on, h.opening_mrr, h.closing_mrr, h.movement_mrr,
                 true
          FROM mixed_entity_period($1, 1, 0) h WHERE h.is_first) f
    -- an error row where a rate is missing
    WHERE f.is_there AND f.closing - f.opening - f.movement IS DISTINCT FROM 0;
END;
COMMENT ON FUNCTION entity_fx(text) IS
'Internal: what exchange rates did to entities by the periods of the report, as a movement; opening and closing at the '
'rates of then. NULL where one is missing.';
