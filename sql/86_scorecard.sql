-- From figures to a verdict in the model: goals, one row a metric, the months of the executive, the accounts behind each.
CREATE FUNCTION goal_status(reading double precision, goal numrange) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN reading = 'NaN' OR isempty(goal) THEN NULL
            WHEN reading::numeric <@ goal THEN 'in'
            WHEN numrange(reading::numeric, reading::numeric, '[]') << goal THEN 'below'
            WHEN numrange(reading::numeric, reading::numeric, '[]') >> goal THEN 'above' END;
COMMENT ON FUNCTION goal_status(double precision, numrange) IS
'Where a reading lies against its goal: below, in or above. goal is a range in the unit of the reading and says of each limit whether it belongs to it: (1.1,) is more than 110 %, [0.8,0.9] from 80 to 90 % with both. The reading is taken to 15 digits, as many as a double precision is sure of, so that 0.1 + 0.2 is 0.3. NULL if an argument is NULL, for a reading that is NaN and for an empty goal.';

CREATE FUNCTION goal_distance(reading double precision, goal numrange) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE goal_status(reading, goal) WHEN 'in' THEN 0 WHEN 'below' THEN (reading::numeric - lower(goal))::double precision
                                       WHEN 'above' THEN (reading::numeric - upper(goal))::double precision END;
COMMENT ON FUNCTION goal_distance(double precision, numrange) IS
'How far a reading is from its goal, in its unit: 0 in the goal, below zero by what is wanting to its lower limit, above zero by what exceeds its upper one; 0 too at a limit that does not belong to the goal. NULL as goal_status.';

CREATE FUNCTION goal_verdict(reading double precision, lower double precision, upper double precision, goal numrange) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN goal_status(reading, goal) = 'in' THEN 'met' WHEN goal_status(reading, goal) = 'above' AND NOT lower_inf(goal) THEN 'above'
            WHEN goal_status(reading, goal) IS NOT NULL THEN 'missed' END
       || CASE WHEN nullif(lower, 'NaN') IS NULL AND nullif(upper, 'NaN') IS NULL THEN ''
               -- an end that is not known is no bound
               WHEN goal_status(reading, goal) = 'in' AND numrange(nullif(lower, 'NaN')::numeric, nullif(upper, 'NaN')::numeric, '[]') <@ goal THEN ''
               WHEN goal_status(reading, goal) <> 'in' AND NOT numrange(nullif(lower, 'NaN')::numeric, nullif(upper, 'NaN')::numeric, '[]') && goal THEN ''
               ELSE ', within chance' END;
COMMENT ON FUNCTION goal_verdict(double precision, double precision, double precision, numrange) IS
'Is the goal met, and is that more than chance? met or missed, and above for a reading over the upper limit of a goal that has two, which is no failure; "met, within chance" and the like where the confidence interval from lower to upper reaches over a limit of the goal, which it does not where it lies in it, or outside it, as a whole. An end that is NULL has no bound, as that of a median that few have reached; without both the reading alone decides, as with an amount that is no estimate. All are taken to 15 digits. NULL as goal_status. lower above upper: SQLSTATE 22000.';

CREATE FUNCTION goal_text(goal numrange) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN goal IS NULL THEN NULL WHEN isempty(goal) THEN 'none' WHEN lower_inf(goal) AND upper_inf(goal) THEN 'any'
            WHEN lower_inc(goal) AND upper_inc(goal) THEN concat_ws(' to ', trim_scale(lower(goal)), nullif(trim_scale(upper(goal)), trim_scale(lower(goal))))
            ELSE concat_ws(' and ', CASE WHEN lower_inc(goal) THEN '>= ' ELSE '> ' END || trim_scale(lower(goal)),
                                    CASE WHEN upper_inc(goal) THEN '<= ' ELSE '< ' END || trim_scale(upper(goal))) END;
COMMENT ON FUNCTION goal_text(numrange) IS
'A goal as people write it: > 1.1, <= 30, 0.8 to 0.9 (both included), > 0.8 and <= 0.9; none for an empty range, any for one without limits. NULL for NULL.';

CREATE FUNCTION student_p(t double precision, degrees integer) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT greatest(0, 1 - CASE WHEN degrees = 1 THEN 2 / pi() * s.angle WHEN degrees % 2 = 0 THEN s.sine * (1 + coalesce(sum(s.term), 0)) ELSE 2 / pi() * (s.angle + s.sine * s.cosine * (1 + coalesce(sum(s.term), 0))) END)
        FROM (SELECT a.angle, sin(a.angle) AS sine, cos(a.angle) AS cosine, exp(greatest(-700, sum(ln((2 * k - 1 + degrees % 2) / (2 * k + degrees % 2)::double precision) + 2 * ln(cos(a.angle))) OVER (ORDER BY k))) AS term
              FROM (SELECT atan(abs(t) / sqrt(greatest(degrees, 1))) AS angle WHERE degrees > 0 AND t IS NOT NULL) a LEFT JOIN generate_series(1, (degrees - 2) / 2) k ON true) s
        GROUP BY s.angle, s.sine, s.cosine);
COMMENT ON FUNCTION student_p(double precision, integer) IS
'Two-sided p value of Student''s t: the probability of a t as far from 0, or farther, with that many degrees of freedom, by the finite series of Abramowitz and Stegun, 26.7.3 and 26.7.4; exact to about 10^-15, and 0 below. NULL if an argument is NULL, and for degrees below 1.';

INSERT INTO model_metric VALUES
(1, 'nrr', 'rate', 'lagging', true, true, 'retention_by_segment', NULL, 'nrr_rate', 'nrr_lower_rate', 'nrr_upper_rate', 'opening_count',
 'account_retention', 'CASE WHEN opening_count > 0 THEN closing_mrr END', 'opening_mrr', NULL, 'Net revenue retention of the trailing year: closing / opening MRR of the accounts with opening MRR'),
(2, 'grr', 'rate', 'lagging', true, true, 'retention_by_segment', NULL, 'grr_rate', 'grr_lower_rate', 'grr_upper_rate', 'opening_count',
 'account_retention', 'CASE WHEN opening_count > 0 THEN kept_mrr END', 'opening_mrr', NULL, 'Gross revenue retention of the trailing year: the same with each account capped at its opening'),
(3, 'logo_churn', 'rate', 'lagging', false, true, 'retention_by_segment', NULL, 'logo_churn_rate', 'logo_churn_lower_rate', 'logo_churn_upper_rate', 'opening_count',
 'account_retention', 'churn_count', 'opening_count', NULL, 'Annual logo churn: accounts that left in the trailing year / those with MRR at its start'),
(4, 'revenue_churn', 'rate', 'lagging', false, false, 'revenue_by_segment', NULL, 'revenue_churn_rate', NULL, NULL, 'opening_count',
 'account_revenue', 'CASE WHEN opening_mrr > 0 OR churn_mrr <> 0 THEN coalesce(churn_mrr, 0) END', 'opening_mrr', NULL, 'Revenue churn of the month: MRR of accounts that left / opening MRR'),
(5, 'mrr', 'mrr', 'lagging', true, true, 'revenue_by_segment', NULL, 'closing_mrr', NULL, NULL, 'closing_count',
 'account_revenue', 'nullif(closing_mrr, 0)', NULL, NULL, 'MRR at the end of the month'),
(6, 'new_mrr', 'mrr', 'lagging', true, true, 'revenue_by_segment', NULL, 'new_mrr', NULL, NULL, 'new_count',
 'account_revenue', 'new_mrr', NULL, NULL, 'MRR of the month''s new accounts'),
(7, 'expansion_mrr', 'mrr', 'lagging', true, true, 'revenue_by_segment', NULL, 'expansion_mrr', NULL, NULL, 'opening_count',
 'account_revenue', 'expansion_mrr', NULL, NULL, 'MRR that accounts added in the month'),
(8, 'contraction_mrr', 'mrr', 'lagging', false, false, 'revenue_by_segment', NULL, 'contraction_mrr', NULL, NULL, 'opening_count',
 'account_revenue', 'contraction_mrr', NULL, NULL, 'MRR lost in the month by accounts that stayed'),
(9, 'churn_mrr', 'mrr', 'lagging', false, true, 'revenue_by_segment', NULL, 'churn_mrr', NULL, NULL, 'opening_count',
 'account_revenue', 'churn_mrr', NULL, NULL, 'MRR of accounts that left in the month'),
(10, 'arpa', 'mrr', 'lagging', true, false, 'revenue_by_segment', NULL, 'arpa_mrr', NULL, NULL, 'closing_count',
 'account_revenue', 'CASE WHEN closing_count > 0 THEN closing_mrr END', '1', 'closing_mrr', 'MRR an account with MRR, at the end of the month'),
(11, 'health', 'score', 'leading', true, true, 'health_trend', 'as_of_on', 'mean_score', NULL, NULL, 'account_count - unknown_count',
 'account_health', 'health_score', '1', 'health_score', 'Mean health score, each account alike, of those whose score is known'),
(12, 'red_mrr', 'mrr', 'leading', false, true, 'health_trend', 'as_of_on', 'red_mrr', NULL, NULL, 'account_count',
 'account_health', $$CASE tier WHEN 'Red' THEN mrr END$$, NULL, NULL, 'Revenue at risk: MRR of accounts that are Red'),
(13, 'red_mrr_share', 'rate', 'leading', false, true, 'health_trend', 'as_of_on', 'red_mrr / nullif(mrr, 0)', NULL, NULL, 'account_count',
 'account_health', $$CASE tier WHEN 'Red' THEN mrr ELSE 0 END$$, 'mrr', NULL, 'Revenue at risk / MRR of all accounts'),
(14, 'time_to_value', 'days', 'leading', false, true, 'time_to_value_monthly', NULL, 'ttv_median_days', 'ttv_median_lower_days', 'ttv_median_upper_days', 'account_count',
 'account_time_to_value', $$CASE WHEN status <> 'rejected' AND started_at >= p.from_at THEN (status = 'reached')::integer END$$, '1', 'ttv_days', 'Median days to first value of the accounts that set out in the trailing year, those waiting included'),
(15, 'within_30_days', 'rate', 'leading', true, false, 'time_to_value_monthly', NULL, 'within_30_days_rate', 'within_30_days_lower_rate', 'within_30_days_upper_rate', 'account_count',
 'account_time_to_value', $$CASE WHEN status <> 'rejected' AND started_at >= p.from_at THEN (status = 'reached')::integer END$$, '1', 'ttv_days', 'Share of these that reach first value within 30 days, a survival estimate'),
(16, 'mau', 'count', 'leading', true, false, 'usage_by_segment', 'day_on', 'mau_count', NULL, NULL, 'account_count',
 'account_usage', 'active_count', NULL, NULL, 'Accounts active in the last 28 days of the month'),
(17, 'stickiness', 'rate', 'leading', true, false, 'usage_by_segment', 'day_on', 'stickiness_rate', NULL, NULL, 'mau_count',
 'account_usage', 'active_days_count', 'exposed_days_count', NULL, 'Days on which these were active / days of the 28 since their first'),
(18, 'csat', 'rate', 'leading', NULL, false, 'satisfaction_by_segment', NULL, 'csat_rate', 'csat_lower_rate', 'csat_upper_rate', 'csat_count',
 'account_survey', 'CASE WHEN csat_count > 0 THEN satisfied_count END', 'csat_count', NULL, 'Customer satisfaction of the month: satisfied answers / all'),
(19, 'csat_response', 'rate', 'leading', true, false, 'satisfaction_by_segment', NULL, 'csat_response_rate', 'csat_response_lower_rate', 'csat_response_upper_rate', 'csat_sent_count',
 'account_survey', 'CASE WHEN csat_sent_count > 0 THEN csat_answered_count END', 'csat_sent_count', NULL, 'CSAT questions sent in the month that were answered so far / all of them'),
(20, 'ces', 'score', 'leading', true, false, 'satisfaction_by_segment', NULL, 'ces_score', 'ces_lower_score', 'ces_upper_score', 'ces_count',
 'account_survey', 'ces_points', 'ces_count', NULL, 'Customer effort score of the month, 1 to 7, 7 being the easiest'),
(21, 'nps', 'score', 'lagging', true, true, 'satisfaction_by_segment', NULL, 'nps_score', 'nps_lower_score', 'nps_upper_score', 'nps_count',
 'account_survey', 'CASE WHEN nps_count > 0 THEN 100 * (promoter_count - detractor_count) END', 'nps_count', NULL, 'Net Promoter Score of the month'),
(22, 'nps_response', 'rate', 'leading', true, false, 'satisfaction_by_segment', NULL, 'nps_response_rate', 'nps_response_lower_rate', 'nps_response_upper_rate', 'nps_sent_count',
 'account_survey', 'CASE WHEN nps_sent_count > 0 THEN nps_answered_count END', 'nps_sent_count', NULL, 'NPS questions sent in the month that were answered so far / all of them'),
(23, 'fcr', 'rate', 'leading', NULL, false, 'support_by_segment', NULL, 'fcr_rate', 'fcr_lower_rate', 'fcr_upper_rate', 'judged_count',
 'account_ticket', 'first_contact::integer', '1', NULL, 'First contact resolution of the tickets opened in the month, gross'),
(24, 'resolution', 'hours', 'leading', false, false, 'support_by_segment', NULL, 'resolution_median_hours', 'resolution_median_lower_hours', 'resolution_median_upper_hours', 'opened_count - rejected_count',
 'account_ticket', 'CASE WHEN resolution_hours >= 0 THEN (solved_at IS NOT NULL)::integer END', '1', 'resolution_hours', 'Median hours to the last solve of the tickets opened in the month, open ones included'),
(25, 'reopen', 'rate', 'leading', false, false, 'support_by_segment', NULL, 'reopen_rate', 'reopen_lower_rate', 'reopen_upper_rate', 'resolved_count',
 'account_ticket', 'is_reopened::integer', '1', NULL, 'Tickets opened again / tickets solved, of those opened in the month');

CREATE FUNCTION metric_readings() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp AS $$
    -- each view is read once, whatever the number of its metrics
    SELECT string_agg(format('SELECT m.metric, s.dimension, s.value, %s, m.reading, m.reading_lower, m.reading_upper, m.n_count, %s AS is_complete, s.policy_hash FROM %s s, LATERAL (VALUES %s) m(metric, reading, reading_lower, reading_upper, n_count)%s',
                             CASE WHEN day_column IS NULL THEN 's.period_start_on, s.period_end_on' ELSE format('date_trunc(''month'', s.%1$I)::date AS period_start_on, s.%1$I + 1 AS period_end_on', day_column) END,
                             CASE WHEN day_column IS NULL THEN 's.is_complete' ELSE format('extract(day FROM s.%I + 1) = 1', day_column) END,
                             -- a condition on the day that went down into the view would lead the planner to expect a single row there
                             CASE WHEN day_column IS NULL THEN quote_ident(source_view) ELSE format('(SELECT * FROM %I OFFSET 0)', source_view) END, metrics,
                             CASE WHEN day_column IS NOT NULL THEN format(' WHERE extract(day FROM s.%1$I + 1) = 1 OR s.%1$I = (SELECT as_of_on FROM reporting_range)', day_column) END), ' UNION ALL ' ORDER BY place)
    FROM (SELECT source_view, day_column, min(position) AS place,
                 string_agg(format('(%L, (%s)::double precision, (%s)::double precision, (%s)::double precision, (%s)::bigint)', name, reading, coalesce(reading_lower, 'NULL'), coalesce(reading_upper, 'NULL'), n_count), ', ' ORDER BY position) AS metrics
          FROM model_metric GROUP BY source_view, day_column) v $$;
COMMENT ON FUNCTION metric_readings() IS 'Internal: the query of view metric_reading, of the rows of model_metric';

CREATE FUNCTION metric_accounts() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp AS $$
    SELECT string_agg(format('SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics FROM shown WHERE metric = ANY (%L) GROUP BY 1, 2, 3) p, LATERAL %I(p.period_end_on - 1) a, LATERAL (VALUES %s) m(metric, numerator, denominator, reading) WHERE m.metric = ANY (p.metrics) AND m.numerator IS NOT NULL',
                             names, account_source, metrics), ' UNION ALL ' ORDER BY place)
    FROM (SELECT account_source, min(position) AS place, array_agg(name) AS names,
                 string_agg(format('(%L, (%s)::numeric, (%s)::numeric, (%s)::double precision)', name, numerator, coalesce(denominator, 'NULL'), coalesce(account_reading, 'NULL')), ', ' ORDER BY position) AS metrics
          FROM model_metric GROUP BY account_source) v $$;
COMMENT ON FUNCTION metric_accounts() IS 'Internal: the query of the accounts behind the metrics shown, of the rows of model_metric';

CREATE FUNCTION is_metric(name text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM model_metric m WHERE m.name = is_metric.name) THEN
        RAISE EXCEPTION 'unknown metric "%"', name
            USING ERRCODE = 'invalid_parameter_value', DETAIL = (SELECT format('Known are: %s.', string_agg(m.name, ', ' ORDER BY m.position)) FROM model_metric m);
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION is_metric(text) IS 'Internal: true; SQLSTATE 22023 unless model_metric has a metric of that name';

INSERT INTO policy_column (position, name, type, default_value, condition, description, defines) VALUES
(100, 'least_count', 'bigint', '10', 'least_count >= 1', 'Values of an attribute whose reading is made of fewer accounts, tickets or answers are not shown on scorecards', false);
