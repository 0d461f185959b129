-- Currencies: what they are worth in the currency of report, day by day and window by window.

CREATE OR REPLACE VIEW currency_rate WITH (security_invoker) AS
WITH daily AS MATERIALIZED (
    SELECT f.currency, f.on_date + n AS day_on, f.rate
    FROM reporting_range r,
         (SELECT currency, on_date, rate, lead(on_date) OVER (PARTITION BY currency ORDER BY on_date) AS next_on
          FROM fx_rate) f,
         -- until the next one, while it is not too old
         LATERAL generate_series(0, least(f.next_on, f.on_date + r.rate_max_age_days + 1,
                                          r.as_of_on + 1) - f.on_date - 1) n)
SELECT d.currency, d.day_on,
       CASE WHEN d.currency = r.report_currency THEN 1 WHEN c.is_crossed THEN round(d.rate / b.rate, 12)
       ELSE d.rate END AS fx
FROM reporting_range r CROSS JOIN (SELECT EXISTS (SELECT 1 FROM daily, reporting_range
                                                  WHERE currency = report_currency) AS is_crossed) c CROSS JOIN daily d
     LEFT JOIN daily b ON b.currency = r.report_currency AND b.day_on = d.day_on;
COMMENT ON VIEW currency_rate IS
'What one unit of each currency was worth in the currency of report, day by day, to twelve decimals where the rates '
'are in another; a rate holds until the next, or for rate_max_age_days. No row, or NULL: there is none.';

CREATE OR REPLACE VIEW constant_rate WITH (security_invoker) AS
SELECT f.currency,
       CASE WHEN f.currency = r.report_currency THEN 1 WHEN b.rate IS NULL THEN f.rate
       ELSE round(f.rate / b.rate, 12) END AS fx
FROM reporting_range r,
     LATERAL (SELECT DISTINCT ON (currency) currency, rate FROM fx_rate
              WHERE on_date <= coalesce(r.rate_on, r.as_of_on) ORDER BY currency, on_date DESC) f
     LEFT JOIN LATERAL (SELECT rate FROM fx_rate
                        WHERE currency = r.report_currency AND on_date <= coalesce(r.rate_on, r.as_of_on)
                        ORDER BY on_date DESC LIMIT 1) b ON true;
COMMENT ON VIEW constant_rate IS
'The rates by which the histories of single accounts are converted, for all time: those of rate_on, or the latest.';

CREATE OR REPLACE FUNCTION window_of_report(period text, lag integer, earlier integer) RETURNS TABLE (
    start_on date, from_on date, end_on date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT (w.from_on - ($2 - 1) * period_length($1))::date AS start_on, w.from_on::date AS from_on,
           least((w.from_on + period_length($1))::date, r.as_of_on + 1) AS end_on
    FROM reporting_range r, LATERAL generate_series(period_start(r.from_on, $1,
                                                                 r.fiscal_year_start) - $3 * period_length($1),
                                                                 r.as_of_on, period_length($1)) w(from_on);
END;
COMMENT ON FUNCTION window_of_report(period text, lag integer, earlier integer) IS
'The windows of lag periods of which each ends with a period of the report, the earlier ones before it included.';

CREATE OR REPLACE FUNCTION rate_in_window(starts date[], ends date[]) RETURNS TABLE (
    currency text, start_on date, end_on date, opening_fx numeric, movement_fx numeric, closing_fx numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH daily AS MATERIALIZED (SELECT * FROM currency_rate)
    SELECT c.currency, w.start_on, w.end_on, CASE r.rate_rule WHEN 'fixed' THEN k.fx ELSE o.fx END AS opening_fx,
           CASE r.rate_rule WHEN 'period_start' THEN o.fx WHEN 'period_end' THEN e.fx WHEN 'average' THEN m.fx
               ELSE k.fx END AS movement_fx,
           CASE r.rate_rule WHEN 'fixed' THEN k.fx ELSE e.fx END AS closing_fx
    FROM reporting_range r CROSS JOIN unnest($1, $2) w(start_on, end_on)
         CROSS JOIN (SELECT DISTINCT currency FROM fx_rate) c
         LEFT JOIN daily o ON o.currency = c.currency AND o.day_on = w.start_on - 1
         LEFT JOIN daily e ON e.currency = c.currency AND e.day_on = w.end_on - 1
         LEFT JOIN constant_rate k ON k.currency = c.currency
         LEFT JOIN LATERAL (SELECT CASE WHEN count(d.fx) = w.end_on - w.start_on THEN round(avg(d.fx), 12) END AS fx
                            FROM daily d
                            WHERE r.rate_rule = 'average' AND d.currency = c.currency AND d.day_on >= w.start_on
                              AND d.day_on < w.end_on) m ON true
    WHERE c.currency <> r.report_currency
    UNION ALL
    SELECT r.report_currency, w.start_on, w.end_on, 1, 1, 1 FROM reporting_range r, unnest($1, $2) w(start_on, end_on)
    WHERE r.report_currency IS NOT NULL;
END;
COMMENT ON FUNCTION rate_in_window(starts date[], ends date[]) IS
'The rates of each currency for windows from start_on on and before end_on: for what was there before, for what '
'moved, and for what is there at the end; NULL where there is none.';

CREATE OR REPLACE FUNCTION rate_in_report(period text, lag integer, earlier integer) RETURNS TABLE (
    currency text, start_on date, end_on date, opening_fx numeric, movement_fx numeric, closing_fx numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT x.currency, x.start_on, x.end_on, x.opening_fx, x.movement_fx, x.closing_fx
    FROM (SELECT array_agg(start_on) AS starts, array_agg(end_on) AS ends FROM window_of_report($1, $2, $3)) w,
         LATERAL rate_in_window(w.starts, w.ends) x;
END;
COMMENT ON FUNCTION rate_in_report(period text, lag integer, earlier integer) IS
'The rates of each currency for the windows of lag periods that end with the periods of the report, earlier ones '
'included.';
