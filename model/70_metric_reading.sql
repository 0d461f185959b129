-- Every metric in long form: what the scorecard, the executive page and snapshots read.

CREATE OR REPLACE VIEW metric_reading WITH (security_invoker) AS
SELECT m.metric, s.dimension, s.value, s.period_start_on, s.period_end_on,
       m.reading, m.reading_lower, m.reading_upper, m.n_count, s.is_complete AS is_complete, s.policy_hash
FROM retention_by_segment s,
     LATERAL (VALUES
         ('nrr', (nrr_rate)::double precision, (nrr_lower_rate)::double precision, (nrr_upper_rate)::double precision,
          (opening_count)::bigint),
         ('grr', (grr_rate)::double precision, (grr_lower_rate)::double precision, (grr_upper_rate)::double precision,
          (opening_count)::bigint),
         ('logo_churn', (logo_churn_rate)::double precision, (logo_churn_lower_rate)::double precision,
          (logo_churn_upper_rate)::double precision, (opening_count)::bigint)
     ) m(metric, reading, reading_lower, reading_upper, n_count)
UNION ALL
SELECT m.metric, s.dimension, s.value, s.period_start_on, s.period_end_on,
       m.reading, m.reading_lower, m.reading_upper, m.n_count, s.is_complete AS is_complete, s.policy_hash
FROM revenue_by_segment s,
     LATERAL (VALUES
         ('revenue_churn', (revenue_churn_rate)::double precision, (NULL)::double precision, (NULL)::double precision,
          (opening_count)::bigint),
         ('mrr', (closing_mrr)::double precision, (NULL)::double precision, (NULL)::double precision,
          (closing_count)::bigint),
         ('new_mrr', (new_mrr)::double precision, (NULL)::double precision, (NULL)::double precision,
          (new_count)::bigint),
         ('expansion_mrr', (expansion_mrr)::double precision, (NULL)::double precision, (NULL)::double precision,
          (opening_count)::bigint),
         ('contraction_mrr', (contraction_mrr)::double precision, (NULL)::double precision, (NULL)::double precision,
          (opening_count)::bigint),
         ('churn_mrr', (churn_mrr)::double precision, (NULL)::double precision, (NULL)::double precision,
          (opening_count)::bigint),
         ('arpa', (arpa_mrr)::double precision, (NULL)::double precision, (NULL)::double precision,
          (closing_count)::bigint)
     ) m(metric, reading, reading_lower, reading_upper, n_count)
UNION ALL
SELECT m.metric, s.dimension, s.value, date_trunc('month', s.as_of_on)::date AS period_start_on,
       s.as_of_on + 1 AS period_end_on,
       m.reading, m.reading_lower, m.reading_upper, m.n_count, extract(day FROM s.as_of_on + 1) = 1
           AND s.as_of_on < (SELECT over_until_on FROM reporting_range) AS is_complete,
       s.policy_hash
FROM (SELECT * FROM health_trend OFFSET 0) s,
     LATERAL (VALUES
         ('health', (health_score)::double precision, (NULL)::double precision, (NULL)::double precision,
          (account_count - unknown_count)::bigint),
         ('red_mrr', (red_mrr)::double precision, (NULL)::double precision, (NULL)::double precision,
          (account_count)::bigint),
         ('red_mrr_share', (red_mrr / nullif(mrr, 0))::double precision, (NULL)::double precision,
          (NULL)::double precision, (account_count)::bigint)
     ) m(metric, reading, reading_lower, reading_upper, n_count)
WHERE extract(day FROM s.as_of_on + 1) = 1 OR s.as_of_on = (SELECT as_of_on FROM reporting_range)
UNION ALL
SELECT m.metric, s.dimension, s.value, s.period_start_on, s.period_end_on,
       m.reading, m.reading_lower, m.reading_upper, m.n_count, s.is_complete AS is_complete, s.policy_hash
FROM time_to_value_monthly s,
     LATERAL (VALUES
         ('time_to_value', (ttv_median_days)::double precision, (ttv_median_lower_days)::double precision,
          (ttv_median_upper_days)::double precision, (account_count)::bigint),
         ('within_30_days', (within_30_days_rate)::double precision, (within_30_days_lower_rate)::double precision,
          (within_30_days_upper_rate)::double precision, (account_count)::bigint)
     ) m(metric, reading, reading_lower, reading_upper, n_count)
UNION ALL
SELECT m.metric, s.dimension, s.value, date_trunc('month', s.day_on)::date AS period_start_on,
       s.day_on + 1 AS period_end_on,
       m.reading, m.reading_lower, m.reading_upper, m.n_count, extract(day FROM s.day_on + 1) = 1
           AND s.day_on < (SELECT over_until_on FROM reporting_range) AS is_complete,
       s.policy_hash
-- the rows of usage_by_segment, in no order
FROM (SELECT * FROM active_of(false) OFFSET 0) s,
     LATERAL (VALUES
         ('mau', (mau_count)::double precision, (NULL)::double precision, (NULL)::double precision,
          (account_count)::bigint),
         ('stickiness', (stickiness_rate)::double precision, (NULL)::double precision, (NULL)::double precision,
          (mau_count)::bigint)
     ) m(metric, reading, reading_lower, reading_upper, n_count)
WHERE extract(day FROM s.day_on + 1) = 1 OR s.day_on = (SELECT as_of_on FROM reporting_range)
UNION ALL
SELECT m.metric, s.dimension, s.value, s.period_start_on, s.period_end_on,
       m.reading, m.reading_lower, m.reading_upper, m.n_count, s.is_complete AS is_complete, s.policy_hash
FROM satisfaction_by_segment s,
     LATERAL (VALUES
         ('csat', (csat_rate)::double precision, (csat_lower_rate)::double precision,
          (csat_upper_rate)::double precision, (csat_count)::bigint),
         ('csat_response', (csat_response_rate)::double precision, (csat_response_lower_rate)::double precision,
          (csat_response_upper_rate)::double precision, (csat_sent_count)::bigint),
         ('ces', (ces_score)::double precision, (ces_lower_score)::double precision,
          (ces_upper_score)::double precision, (ces_count)::bigint),
         ('nps', (nps_score)::double precision, (nps_lower_score)::double precision,
          (nps_upper_score)::double precision, (nps_count)::bigint),
         ('nps_response', (nps_response_rate)::double precision, (nps_response_lower_rate)::double precision,
          (nps_response_upper_rate)::double precision, (nps_sent_count)::bigint)
     ) m(metric, reading, reading_lower, reading_upper, n_count)
UNION ALL
SELECT m.metric, s.dimension, s.value, s.period_start_on, s.period_end_on,
       m.reading, m.reading_lower, m.reading_upper, m.n_count, s.is_complete AS is_complete, s.policy_hash
FROM support_by_segment s,
     LATERAL (VALUES
         ('fcr', (fcr_rate)::double precision, (fcr_lower_rate)::double precision, (fcr_upper_rate)::double precision,
          (judged_count)::bigint),
         ('resolution', (resolution_median_hours)::double precision, (resolution_median_lower_hours)::double precision,
          (resolution_median_upper_hours)::double precision, (opened_count - rejected_count)::bigint),
         ('reopen', (reopen_rate)::double precision, (reopen_lower_rate)::double precision,
          (reopen_upper_rate)::double precision, (resolved_count)::bigint)
     ) m(metric, reading, reading_lower, reading_upper, n_count);
COMMENT ON VIEW metric_reading IS
'Every metric of csmetrics.model_metric in long form, for all accounts and for each value of each attribute in use, as '
'the view that it comes from has it. Figures of a day, of health and usage, stand at the last day of their month, and '
'at that of the reading. is_complete: is the month over?';

CREATE OR REPLACE FUNCTION readings_of_all() RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
    -- to 15 digits, as many as a double precision is sure of
    SELECT coalesce(jsonb_agg(jsonb_build_array(m.metric, m.period_end_on, m.reading::numeric::text)), '[]')
    FROM metric_reading m
    WHERE m.dimension = 'all' AND m.is_complete AND (m.reading IS NOT NULL OR m.n_count > 0);
END;
COMMENT ON FUNCTION readings_of_all() IS
'Internal: the figures of all accounts in months that are over, as arrays of metric, period_end_on and reading';
