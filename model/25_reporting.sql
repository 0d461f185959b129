-- What the views report: which days, and by which rules.

CREATE OR REPLACE VIEW reporting_range WITH (security_invoker) AS
SELECT date_trunc('month', least(coalesce(p.report_from, (SELECT f.first_paid_on FROM first_fact() f)),
                                 day.as_of))::date AS from_on,
       day.as_of AS as_of_on,
       -- the last instant that counts
       last_instant(day.as_of, p.time_zone) AS as_of_at,
       p.time_zone, p.pause_rule, p.pause_churn_days, p.gap_smooth_days, p.reactivation_gap_days, p.period,
       p.fiscal_year_start, p.report_currency, p.rate_rule, p.rate_on, p.rate_max_age_days,
       p.confidence AS confidence_rate,
       -- to_jsonb writes floating point as extra_float_digits says
       md5(((to_jsonb(p) || jsonb_build_object(
                'confidence', p.confidence::numeric, 'gross_margin', p.gross_margin::numeric,
                'annual_discount', p.annual_discount::numeric, 'monthly_expansion', p.monthly_expansion::numeric,
                'health_green_from', p.health_green_from::numeric, 'health_yellow_from', p.health_yellow_from::numeric,
                'health_min_coverage', p.health_min_coverage::numeric, 'health_margin', p.health_margin::numeric))
            - ARRAY(SELECT name FROM policy_column WHERE NOT defines) - 'only_row')::text
           -- rows that are left out are in no figure
           || coalesce((SELECT string_agg(f.source || f.quarantine::text, '' ORDER BY f.source)
                        FROM refreshed_source f), '')) AS policy_hash,
       least(day.as_of, day.today) + 1 AS over_until_on
FROM policy p, LATERAL (SELECT (now() AT TIME ZONE p.time_zone)::date AS today) now,
     LATERAL (SELECT coalesce(p.as_of, now.today) AS as_of, now.today) day
LIMIT 1;
COMMENT ON VIEW reporting_range IS 'The days that the other views report and the rules that they follow: one row.';
