-- From figures to a verdict in the model: goals, one row a metric, the months of the executive, the accounts behind
-- each.
CREATE OR REPLACE FUNCTION csmetrics.goal_status(reading double precision, goal numrange) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN reading = 'NaN' OR isempty(goal) THEN NULL
            WHEN reading::numeric <@ goal THEN 'in'
            WHEN numrange(reading::numeric, reading::numeric, '[]') << goal THEN 'below'
            WHEN numrange(reading::numeric, reading::numeric, '[]') >> goal THEN 'above' END;
COMMENT ON FUNCTION csmetrics.goal_status(double precision, numrange) IS
'Where a reading lies against its goal: below, in or above. goal is a range in the unit of the reading and says of '
'each limit whether it belongs to it: (1.1,) is more than 110 %. The reading is taken to 15 digits. NULL if an '
'argument is NULL, for NaN and for an empty goal.';

CREATE OR REPLACE FUNCTION csmetrics.goal_distance(reading double precision, goal numrange) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE csmetrics.goal_status(reading, goal)
            WHEN 'in' THEN 0
            WHEN 'below' THEN (reading::numeric - lower(goal))::double precision
            WHEN 'above' THEN (reading::numeric - upper(goal))::double precision END;
COMMENT ON FUNCTION csmetrics.goal_distance(double precision, numrange) IS
'How far a reading is from its goal, in its unit: 0 in the goal, below zero by what is wanting to its lower limit, '
'above zero by what exceeds its upper one; 0 too at a limit that does not belong to the goal. NULL as goal_status.';

CREATE OR REPLACE FUNCTION csmetrics.goal_verdict(reading double precision, lower double precision,
    upper double precision, goal numrange) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN csmetrics.goal_status(reading, goal) = 'in' THEN 'met'
            WHEN csmetrics.goal_status(reading, goal) = 'above' AND NOT lower_inf(goal) THEN 'above'
            WHEN csmetrics.goal_status(reading, goal) IS NOT NULL THEN 'missed' END
       || CASE WHEN nullif(lower, 'NaN') IS NULL AND nullif(upper, 'NaN') IS NULL THEN ''
               -- an end that is not known is no bound
               WHEN csmetrics.goal_status(reading, goal) = 'in'
                   AND numrange(nullif(lower, 'NaN')::numeric, nullif(upper, 'NaN')::numeric, '[]') <@ goal THEN ''
               WHEN csmetrics.goal_status(reading, goal) <> 'in'
                   AND NOT numrange(nullif(lower, 'NaN')::numeric, nullif(upper, 'NaN')::numeric, '[]') && goal THEN ''
               ELSE ', within chance' END;
COMMENT ON FUNCTION csmetrics.goal_verdict(double precision, double precision, double precision, numrange) IS
'Is the goal met, and is that more than chance? met or missed, above for a reading over a goal that has two limits; '
'with ", within chance" where the interval from lower to upper (NULL: no bound) reaches over a limit of the goal. NULL '
'as goal_status. lower above upper: SQLSTATE 22000.';

CREATE OR REPLACE FUNCTION csmetrics.goal_text(goal numrange) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN goal IS NULL THEN NULL
            WHEN isempty(goal) THEN 'none'
            WHEN lower_inf(goal) AND upper_inf(goal) THEN 'any'
            WHEN lower_inc(goal) AND upper_inc(goal)
                THEN concat_ws(' to ', trim_scale(lower(goal)),
                               nullif(trim_scale(upper(goal)), trim_scale(lower(goal))))
            ELSE concat_ws(' and ', CASE WHEN lower_inc(goal) THEN '>= ' ELSE '> ' END || trim_scale(lower(goal)),
                                    CASE WHEN upper_inc(goal) THEN '<= ' ELSE '< ' END || trim_scale(upper(goal))) END;
COMMENT ON FUNCTION csmetrics.goal_text(numrange) IS
'A goal as people write it: > 1.1, <= 30, 0.8 to 0.9 (both included), > 0.8 and <= 0.9; none for an empty range, any '
'for one without limits. NULL for NULL.';

CREATE OR REPLACE FUNCTION csmetrics.student_p(t double precision, degrees integer) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT greatest(0, 1 - CASE WHEN degrees = 1 THEN 2 / pi() * s.angle
                                WHEN degrees % 2 = 0 THEN s.sine * (1 + coalesce(sum(s.term), 0))
                                ELSE 2 / pi() * (s.angle + s.sine * s.cosine * (1 + coalesce(sum(s.term), 0))) END)
    FROM (SELECT a.angle, sin(a.angle) AS sine, cos(a.angle) AS cosine,
                 exp(greatest(-700, sum(ln((2 * k - 1 + degrees % 2) / (2 * k + degrees % 2)::double precision)
                                        + 2 * ln(cos(a.angle))) OVER (ORDER BY k))) AS term
          FROM (SELECT atan(abs(t) / sqrt(greatest(degrees, 1))) AS angle WHERE degrees > 0 AND t IS NOT NULL) a
               LEFT JOIN generate_series(1, (degrees - 2) / 2) k ON true) s
    GROUP BY s.angle, s.sine, s.cosine);
COMMENT ON FUNCTION csmetrics.student_p(double precision, integer) IS
'Two-sided p value of Student''s t with that many degrees of freedom, by the finite series of Abramowitz and Stegun, '
'26.7.3 and 26.7.4; exact to about 10^-15, and 0 below. NULL if an argument is NULL, and for degrees below 1.';

DELETE FROM csmetrics.model_metric;
INSERT INTO csmetrics.model_metric VALUES
(1, 'nrr', 'rate', 'lagging', true, true, 'retention_by_segment', 'nrr_rate',
 'Net revenue retention of the trailing year: closing / opening MRR of the accounts with opening MRR'),
(2, 'grr', 'rate', 'lagging', true, true, 'retention_by_segment', 'grr_rate',
 'Gross revenue retention of the trailing year: the same with each account capped at its opening'),
(3, 'logo_churn', 'rate', 'lagging', false, true, 'retention_by_segment', 'logo_churn_rate',
 'Annual logo churn: accounts that left in the trailing year / those with MRR at its start'),
(4, 'revenue_churn', 'rate', 'lagging', false, false, 'revenue_by_segment', 'revenue_churn_rate',
 'Revenue churn of the month: MRR of accounts that left / opening MRR'),
(5, 'mrr', 'mrr', 'lagging', true, true, 'revenue_by_segment', 'closing_mrr', 'MRR at the end of the month'),
(6, 'new_mrr', 'mrr', 'lagging', true, true, 'revenue_by_segment', 'new_mrr', 'MRR of the month''s new accounts'),
(7, 'expansion_mrr', 'mrr', 'lagging', true, true, 'revenue_by_segment', 'expansion_mrr',
 'MRR that accounts added in the month'),
(8, 'contraction_mrr', 'mrr', 'lagging', false, false, 'revenue_by_segment', 'contraction_mrr',
 'MRR lost in the month by accounts that stayed'),
(9, 'churn_mrr', 'mrr', 'lagging', false, true, 'revenue_by_segment', 'churn_mrr',
 'MRR of accounts that left in the month'),
(10, 'arpa', 'mrr', 'lagging', true, false, 'revenue_by_segment', 'arpa_mrr',
 'MRR an account with MRR, at the end of the month'),
(11, 'health', 'score', 'leading', true, true, 'health_trend', 'health_score',
 'Mean health score, each account alike, of those whose score is known'),
(12, 'red_mrr', 'mrr', 'leading', false, true, 'health_trend', 'red_mrr',
 'Revenue at risk: MRR of accounts that are Red'),
(13, 'red_mrr_share', 'rate', 'leading', false, true, 'health_trend', 'red_mrr / nullif(mrr, 0)',
 'Revenue at risk / MRR of all accounts'),
(14, 'time_to_value', 'days', 'leading', false, true, 'time_to_value_monthly', 'ttv_median_days',
 'Median days to first value of the accounts that set out in the trailing year, those waiting included'),
(15, 'within_30_days', 'rate', 'leading', true, false, 'time_to_value_monthly', 'within_30_days_rate',
 'Share of these that reach first value within 30 days, a survival estimate'),
(16, 'mau', 'count', 'leading', true, false, 'usage_by_segment', 'mau_count',
 'Accounts active in the last 28 days of the month'),
(17, 'stickiness', 'rate', 'leading', true, false, 'usage_by_segment', 'stickiness_rate',
 'Days on which these were active / days of the 28 since their first'),
(18, 'csat', 'rate', 'leading', NULL, false, 'satisfaction_by_segment', 'csat_rate',
 'Customer satisfaction of the month: satisfied answers / all'),
(19, 'csat_response', 'rate', 'leading', true, false, 'satisfaction_by_segment', 'csat_response_rate',
 'CSAT questions sent in the month that were answered so far / all of them'),
(20, 'ces', 'score', 'leading', true, false, 'satisfaction_by_segment', 'ces_score',
 'Customer effort score of the month, 1 to 7, 7 being the easiest'),
(21, 'nps', 'score', 'lagging', true, true, 'satisfaction_by_segment', 'nps_score', 'Net Promoter Score of the month'),
(22, 'nps_response', 'rate', 'leading', true, false, 'satisfaction_by_segment', 'nps_response_rate',
 'NPS questions sent in the month that were answered so far / all of them'),
(23, 'fcr', 'rate', 'leading', NULL, false, 'support_by_segment', 'fcr_rate',
 'First contact resolution of the tickets opened in the month, gross'),
(24, 'resolution', 'hours', 'leading', false, false, 'support_by_segment', 'resolution_median_hours',
 'Median hours to the last solve of the tickets opened in the month, open ones included'),
(25, 'reopen', 'rate', 'leading', false, false, 'support_by_segment', 'reopen_rate',
 'Tickets opened again / tickets solved, of those opened in the month');

CREATE OR REPLACE FUNCTION csmetrics.is_metric(name text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM csmetrics.model_metric m WHERE m.name = is_metric.name) THEN
        RAISE EXCEPTION 'unknown metric "%"', name
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = (SELECT format('Known are: %s.', string_agg(m.name, ', ' ORDER BY m.position))
                            FROM csmetrics.model_metric m);
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION csmetrics.is_metric(text) IS
'Internal: true; SQLSTATE 22023 unless model_metric has a metric of that name';

INSERT INTO csmetrics.policy_column
    (position, name, type, default_value, condition, takes_effect, meaning, defines)
VALUES
(100, 'least_count', 'bigint', '10', 'least_count >= 1', 'at once',
 'Values of an attribute whose reading is made of fewer accounts, tickets or answers are not shown on scorecards',
 false);
