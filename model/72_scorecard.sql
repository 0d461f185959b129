-- The scorecard: every metric against its goal, its past, and between segments.

CREATE TABLE target (
    metric  text NOT NULL,
    segment text,
    goal    numrange NOT NULL,
    note    text,
    UNIQUE NULLS NOT DISTINCT (metric, segment),
    CONSTRAINT known_metric CHECK (csmetrics.is_metric(metric)),
    CONSTRAINT goal_not_empty CHECK (NOT isempty(goal)),
    CONSTRAINT goal_with_a_limit CHECK (NOT (lower_inf(goal) AND upper_inf(goal))),
    CONSTRAINT finite_limits CHECK (coalesce(abs(lower(goal)) < 'Infinity', true)
                                    AND coalesce(abs(upper(goal)) < 'Infinity', true)));
COMMENT ON TABLE target IS
'The goals of the metrics of csmetrics.model_metric. Change them, add rows, or give rows for one segment, which then '
'hold there; the views judge by them at once.';
COMMENT ON COLUMN target.metric IS 'Name of the metric, of csmetrics.model_metric';
COMMENT ON COLUMN target.segment IS
'Holds for this segment of accounts; NULL: for all, and for all segments that have no row of their own';
COMMENT ON COLUMN target.goal IS
'Where the reading should lie, in its unit; a round bracket leaves the limit out and a square one has it in: (1.1,) '
'is more than 110 %, [0.8,0.9] from 80 to 90 %';
COMMENT ON COLUMN target.note IS 'Why, or in other words';
CREATE OR REPLACE TRIGGER a_sentence BEFORE INSERT OR UPDATE ON target FOR EACH ROW
    EXECUTE FUNCTION say_what_is_wrong();
INSERT INTO target
VALUES ('nrr', NULL::text, '(1.10,)'::numrange, 'Net revenue retention above 110 %'),
          ('logo_churn', NULL, '(,0.05)', 'Below 5 % of the accounts a year'),
          ('health', NULL, '(70,)', 'Mean health above 70'),
          ('time_to_value', NULL, '(,30)', 'Half of them there in less than 30 days'),
          ('csat', NULL, '[0.80,0.90]', 'From 80 to 90 %'),
          ('ces', NULL, '(5.0,)', 'Above 5 of 7'),
          ('fcr', NULL, '[0.75,0.85]', 'From 75 to 85 %');

CREATE OR REPLACE FUNCTION judged_hash(policy_hash text, goal numrange) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN $1 IS NULL OR $2 IS NULL THEN $1 ELSE md5(concat($1, $2)) END;
COMMENT ON FUNCTION judged_hash(text, numrange) IS
'Internal: fingerprint of the definition of a figure and of the goal that it is judged by, if there is one';

CREATE OR REPLACE VIEW scorecard WITH (security_invoker) AS
WITH series AS MATERIALIZED (SELECT * FROM metric_reading WHERE is_complete AND dimension IN ('all', 'segment')),
latest AS (
    SELECT DISTINCT ON (metric) * FROM series
    WHERE dimension = 'all' AND (reading IS NOT NULL OR n_count > 0) ORDER BY metric, period_end_on DESC)
SELECT k.name AS metric, k.indicator, k.unit, k.higher_is_better, t.period_start_on, t.period_end_on, t.reading,
       t.reading_lower, t.reading_upper, t.n_count,
       goal_text(g.goal) AS goal, goal_status(t.reading, g.goal), goal_distance(t.reading, g.goal) AS reading_from_goal,
       goal_verdict(t.reading, t.reading_lower, t.reading_upper, g.goal) AS verdict,
       before.reading AS before_reading, t.reading - before.reading AS reading_change,
       year.reading AS year_before_reading, t.reading - year.reading AS reading_change_year,
       past.history_count,
       CASE WHEN past.history_count >= 6 THEN past.place / past.history_count END AS percentile_rate,
       CASE WHEN past.history_count >= 6
           THEN (t.reading - past.middle) / nullif(1.4826 * spread.deviation, 0) END AS robust_z_score,
       low.value AS lowest_segment, low.reading AS lowest_reading, high.value AS highest_segment,
       high.reading AS highest_reading,
       k.source_view, k.reading AS source_column, judged_hash(t.policy_hash, g.goal) AS policy_hash
FROM policy p CROSS JOIN model_metric k LEFT JOIN latest t ON t.metric = k.name
     LEFT JOIN target g ON g.metric = k.name AND g.segment IS NULL
     LEFT JOIN series before ON before.metric = k.name AND before.dimension = 'all'
         AND before.period_end_on = t.period_end_on - interval '1 month'
     LEFT JOIN series year ON year.metric = k.name AND year.dimension = 'all'
         AND year.period_end_on = t.period_end_on - interval '1 year'
     LEFT JOIN LATERAL (
         SELECT count(h.reading) AS history_count, percentile_cont(0.5) WITHIN GROUP (ORDER BY h.reading) AS middle,
                array_agg(h.reading) AS readings,
                sum(CASE WHEN h.reading < t.reading THEN 1 WHEN h.reading = t.reading THEN 0.5
                    ELSE 0 END)::double precision AS place
         FROM series h WHERE h.metric = k.name AND h.dimension = 'all' AND h.period_end_on < t.period_end_on
              AND h.period_end_on >= t.period_end_on - interval '24 months') past ON true
     LEFT JOIN LATERAL (
         SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(h.reading - past.middle)) AS deviation
         FROM unnest(past.readings) h(reading)) spread ON true
     LEFT JOIN LATERAL (
         SELECT s.value, s.reading FROM series s
         WHERE s.metric = k.name AND s.dimension = 'segment' AND s.period_end_on = t.period_end_on
         AND s.n_count >= p.least_count AND s.reading IS NOT NULL
         ORDER BY s.reading, s.value LIMIT 1) low ON true
     LEFT JOIN LATERAL (
         SELECT s.value, s.reading FROM series s
         WHERE s.metric = k.name AND s.dimension = 'segment' AND s.period_end_on = t.period_end_on
         AND s.n_count >= p.least_count AND s.reading IS NOT NULL
         ORDER BY s.reading DESC, s.value LIMIT 1) high ON true
ORDER BY k.position;
COMMENT ON VIEW scorecard IS
'One row a metric: its last month that is over and has anything in it, against its goal, the month before, the same '
'month a year before, its own last two years and between segments. A metric that no source feeds has a row without '
'reading. Readings of the trailing year overlap.';

CREATE OR REPLACE VIEW scorecard_by_segment WITH (security_invoker) AS
SELECT t.metric, k.indicator, k.unit, t.dimension, t.value, t.period_start_on, t.period_end_on, t.reading,
       t.reading_lower, t.reading_upper, t.n_count, t.is_suppressed,
       t.reading - t.all_reading AS reading_from_all, goal_text(g.goal) AS goal, goal_status(t.reading, g.goal),
       goal_distance(t.reading, g.goal) AS reading_from_goal,
       goal_verdict(t.reading, t.reading_lower, t.reading_upper, g.goal) AS verdict, k.source_view,
       k.reading AS source_column, judged_hash(t.policy_hash, g.goal) AS policy_hash
FROM (SELECT m.metric, m.dimension, m.value, m.period_start_on, m.period_end_on, m.n_count, s.is_suppressed,
      m.policy_hash,
             CASE WHEN NOT s.is_suppressed THEN m.reading END AS reading,
             CASE WHEN NOT s.is_suppressed THEN m.reading_lower END AS reading_lower,
             CASE WHEN NOT s.is_suppressed THEN m.reading_upper END AS reading_upper,
             max(m.reading) FILTER (WHERE m.dimension = 'all') OVER (PARTITION BY m.metric,
                                                                     m.period_end_on) AS all_reading,
             max(m.period_end_on) FILTER (WHERE m.dimension = 'all'
                                          AND (m.reading IS NOT NULL OR m.n_count > 0)) OVER (PARTITION BY m.metric)
                                              AS latest_on
      FROM policy p, metric_reading m,
           LATERAL (SELECT m.dimension <> 'all' AND m.n_count < p.least_count AS is_suppressed) s
      WHERE m.is_complete) t
     JOIN model_metric k ON k.name = t.metric
     LEFT JOIN LATERAL (SELECT o.goal FROM target o
                        WHERE o.metric = t.metric AND (o.segment IS NULL
                                                       OR (t.dimension = 'segment' AND o.segment = t.value))
                                                           ORDER BY o.segment LIMIT 1) g ON true
WHERE t.period_end_on = t.latest_on
ORDER BY k.position, t.dimension, t.value;
COMMENT ON VIEW scorecard_by_segment IS
'The metrics of the scorecard for each value of each attribute of accounts in use, in the same month: against all '
'accounts, and against the goal of the segment, or else the general one. What is made of fewer than least_count is '
'not shown.';

CREATE OR REPLACE VIEW executive_monthly WITH (security_invoker) AS
SELECT t.period_start_on, t.period_end_on, t.metric, k.indicator, k.unit, k.higher_is_better, t.reading,
       t.reading_lower, t.reading_upper, t.n_count, t.before_reading, t.reading - t.before_reading AS reading_change,
       goal_text(g.goal) AS goal, goal_status(t.reading, g.goal),
       goal_verdict(t.reading, t.reading_lower, t.reading_upper, g.goal) AS verdict, k.source_view,
       k.reading AS source_column, judged_hash(t.policy_hash, g.goal) AS policy_hash
FROM reporting_range r, (SELECT *,
                         first_value(reading) OVER (PARTITION BY metric
                                                    ORDER BY period_end_on RANGE BETWEEN '1 month' PRECEDING
                                                        AND '1 month' PRECEDING) AS before_reading
                         FROM metric_reading WHERE is_complete AND dimension = 'all') t
     JOIN model_metric k ON k.name = t.metric AND k.is_executive
     LEFT JOIN target g ON g.metric = t.metric AND g.segment IS NULL
WHERE t.period_end_on > date_trunc('month', r.as_of_on + 1) - interval '12 months'
ORDER BY t.period_end_on DESC, k.position;
COMMENT ON VIEW executive_monthly IS
'A dozen figures a month, of the last twelve months that are over: what is kept, what is at risk, what is added, '
'against the goals. The latest month comes first; a month in which there was nothing to read, as no survey, has no '
'row of it.';

CREATE OR REPLACE VIEW scorecard_by_account WITH (security_invoker) AS
WITH shown AS MATERIALIZED (
    SELECT DISTINCT ON (m.metric) m.metric, m.period_start_on, m.period_end_on,
           m.period_start_on::timestamp AT TIME ZONE r.time_zone AS from_at
    FROM reporting_range r, metric_reading m
    WHERE m.is_complete AND m.dimension = 'all' AND (m.reading IS NOT NULL OR m.n_count > 0)
    ORDER BY m.metric, m.period_end_on DESC)
SELECT b.metric, b.period_start_on, b.period_end_on, b.account_id, n.name, n.segment, n.owner, b.numerator,
       b.denominator, b.reading
FROM (
    -- CASE: the planner takes an array that it does not know to hold few, and the query to be one worth compiling
    SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading
    FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics
          FROM shown WHERE metric = ANY ('{nrr,grr,logo_churn}') GROUP BY 1, 2, 3) p,
         LATERAL account_retention(p.period_end_on - 1) a,
         LATERAL (VALUES
             ('nrr', (CASE WHEN opening_count > 0 THEN closing_mrr END)::numeric, (opening_mrr)::numeric,
              (NULL)::double precision),
             ('grr', (CASE WHEN opening_count > 0 THEN kept_mrr END)::numeric, (opening_mrr)::numeric,
              (NULL)::double precision),
             ('logo_churn', (churn_count)::numeric, (opening_count)::numeric, (NULL)::double precision)
         ) m(metric, numerator, denominator, reading)
    WHERE CASE WHEN m.metric = ANY (p.metrics) THEN m.numerator END IS NOT NULL
    UNION ALL
    SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading
    FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics
          FROM shown WHERE metric = ANY ('{revenue_churn,mrr,new_mrr,expansion_mrr,contraction_mrr,churn_mrr,arpa}')
              GROUP BY 1, 2, 3) p,
         LATERAL account_revenue(p.period_end_on - 1) a,
         LATERAL (VALUES
             ('revenue_churn', (CASE WHEN opening_mrr > 0 OR churn_mrr <> 0 THEN coalesce(churn_mrr, 0) END)::numeric,
              (opening_mrr)::numeric, (NULL)::double precision),
             ('mrr', (nullif(closing_mrr, 0))::numeric, (NULL)::numeric, (NULL)::double precision),
             ('new_mrr', (new_mrr)::numeric, (NULL)::numeric, (NULL)::double precision),
             ('expansion_mrr', (expansion_mrr)::numeric, (NULL)::numeric, (NULL)::double precision),
             ('contraction_mrr', (contraction_mrr)::numeric, (NULL)::numeric, (NULL)::double precision),
             ('churn_mrr', (churn_mrr)::numeric, (NULL)::numeric, (NULL)::double precision),
             ('arpa', (CASE WHEN closing_count > 0 THEN closing_mrr END)::numeric, (1)::numeric,
              (closing_mrr)::double precision)
         ) m(metric, numerator, denominator, reading)
    WHERE CASE WHEN m.metric = ANY (p.metrics) THEN m.numerator END IS NOT NULL
    UNION ALL
    SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading
    FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics
          FROM shown WHERE metric = ANY ('{health,red_mrr,red_mrr_share}') GROUP BY 1, 2, 3) p,
         LATERAL account_health(p.period_end_on - 1) a,
         LATERAL (VALUES
             ('health', (health_score)::numeric, (1)::numeric, (health_score)::double precision),
             ('red_mrr', (CASE tier WHEN 'Red' THEN mrr END)::numeric, (NULL)::numeric, (NULL)::double precision),
             ('red_mrr_share', (CASE tier WHEN 'Red' THEN mrr ELSE 0 END)::numeric, (mrr)::numeric,
              (NULL)::double precision)
         ) m(metric, numerator, denominator, reading)
    WHERE CASE WHEN m.metric = ANY (p.metrics) THEN m.numerator END IS NOT NULL
    UNION ALL
    SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading
    FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics
          FROM shown WHERE metric = ANY ('{time_to_value,within_30_days}') GROUP BY 1, 2, 3) p,
         LATERAL account_time_to_value(p.period_end_on - 1) a,
         LATERAL (VALUES
             ('time_to_value', (CASE WHEN status <> 'rejected'
                                AND started_at >= p.from_at THEN (status = 'reached')::integer END)::numeric,
                                (1)::numeric, (ttv_days)::double precision),
             ('within_30_days', (CASE WHEN status <> 'rejected'
                                 AND started_at >= p.from_at THEN (status = 'reached')::integer END)::numeric,
                                 (1)::numeric, (ttv_days)::double precision)
         ) m(metric, numerator, denominator, reading)
    WHERE CASE WHEN m.metric = ANY (p.metrics) THEN m.numerator END IS NOT NULL
    UNION ALL
    SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading
    FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics
          FROM shown WHERE metric = ANY ('{mau,stickiness}') GROUP BY 1, 2, 3) p,
         LATERAL account_usage(p.period_end_on - 1) a,
         LATERAL (VALUES
             ('mau', (active_count)::numeric, (NULL)::numeric, (NULL)::double precision),
             ('stickiness', (active_days_count)::numeric, (exposed_days_count)::numeric, (NULL)::double precision)
         ) m(metric, numerator, denominator, reading)
    WHERE CASE WHEN m.metric = ANY (p.metrics) THEN m.numerator END IS NOT NULL
    UNION ALL
    SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading
    FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics
          FROM shown WHERE metric = ANY ('{csat,csat_response,ces,nps,nps_response}') GROUP BY 1, 2, 3) p,
         LATERAL account_survey(p.period_end_on - 1) a,
         LATERAL (VALUES
             ('csat', (CASE WHEN csat_count > 0 THEN satisfied_count END)::numeric, (csat_count)::numeric,
              (NULL)::double precision),
             ('csat_response', (CASE WHEN csat_sent_count > 0 THEN csat_answered_count END)::numeric,
              (csat_sent_count)::numeric, (NULL)::double precision),
             ('ces', (ces_points)::numeric, (ces_count)::numeric, (NULL)::double precision),
             ('nps', (CASE WHEN nps_count > 0 THEN 100 * (promoter_count - detractor_count) END)::numeric,
              (nps_count)::numeric, (NULL)::double precision),
             ('nps_response', (CASE WHEN nps_sent_count > 0 THEN nps_answered_count END)::numeric,
              (nps_sent_count)::numeric, (NULL)::double precision)
         ) m(metric, numerator, denominator, reading)
    WHERE CASE WHEN m.metric = ANY (p.metrics) THEN m.numerator END IS NOT NULL
    UNION ALL
    SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading
    FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics
          FROM shown WHERE metric = ANY ('{fcr,resolution,reopen}') GROUP BY 1, 2, 3) p,
         LATERAL account_ticket(p.period_end_on - 1) a,
         LATERAL (VALUES
             ('fcr', (first_contact::integer)::numeric, (1)::numeric, (NULL)::double precision),
             ('resolution', (CASE WHEN resolution_hours >= 0 THEN (solved_at IS NOT NULL)::integer END)::numeric,
              (1)::numeric, (resolution_hours)::double precision),
             ('reopen', (is_reopened::integer)::numeric, (1)::numeric, (NULL)::double precision)
         ) m(metric, numerator, denominator, reading)
    WHERE CASE WHEN m.metric = ANY (p.metrics) THEN m.numerator END IS NOT NULL) b
    LEFT JOIN account n USING (account_id);
COMMENT ON VIEW scorecard_by_account IS
'The accounts behind each figure of the scorecard, of some metrics their tickets: sum(numerator) / sum(denominator) '
'is the reading, exactly, without a denominator sum(numerator). Of medians and shares within a time reading is the '
'length so far, numerator whether it ended.';

CREATE OR REPLACE VIEW scorecard_lead WITH (security_invoker) AS
WITH change AS (
    SELECT k.name AS metric, k.indicator, m.month, m.change
    FROM (SELECT metric, period_end_on AS month,
          reading - first_value(reading) OVER (PARTITION BY metric
                                               ORDER BY period_end_on RANGE BETWEEN '1 month' PRECEDING
                                                   AND '1 month' PRECEDING) AS change
          FROM metric_reading WHERE is_complete AND dimension = 'all') m JOIN model_metric k ON k.name = m.metric
    WHERE m.change IS NOT NULL),
-- the later half of the months in which both are known is kept back
pair AS (
    SELECT l.metric AS leading_metric, f.metric AS lagging_metric,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY f.month) AS later_from
    FROM change l JOIN change f USING (month) WHERE l.indicator = 'leading' AND f.indicator = 'lagging'
    GROUP BY l.metric, f.metric),
ranked AS (
    SELECT p.leading_metric, p.lagging_metric, lag.months, f.month >= p.later_from AS is_later,
           rank() OVER leads + count(*) OVER (leads RANGE CURRENT ROW) / 2.0 AS leading_rank,
           rank() OVER follows + count(*) OVER (follows RANGE CURRENT ROW) / 2.0 AS lagging_rank
    FROM pair p CROSS JOIN generate_series(0, 6) lag(months) JOIN change f ON f.metric = p.lagging_metric
         JOIN change l ON l.metric = p.leading_metric AND l.month = f.month - lag.months * interval '1 month'
    WINDOW part AS (PARTITION BY p.leading_metric, p.lagging_metric, lag.months, f.month >= p.later_from),
        leads AS (part ORDER BY l.change), follows AS (part ORDER BY f.change)),
related AS (
    SELECT c.*, student_p(CASE WHEN abs(c.spearman) < 1 THEN c.spearman * sqrt((c.pairs - 2) / (1 - c.spearman ^ 2))
                          ELSE 'Infinity' END, c.pairs::integer - 2) AS p
    FROM (SELECT leading_metric, lagging_metric, months, is_later, count(*) AS pairs,
          corr(leading_rank, lagging_rank) AS spearman
          FROM ranked GROUP BY leading_metric, lagging_metric, months, is_later) c
    WHERE c.spearman IS NOT NULL AND c.pairs >= CASE WHEN c.is_later THEN 12 ELSE 8 END),
chosen AS (
    SELECT DISTINCT ON (leading_metric, lagging_metric) leading_metric, lagging_metric, months, spearman FROM related
    WHERE NOT is_later
    ORDER BY leading_metric, lagging_metric, p, months),
tested AS (
    SELECT c.leading_metric, c.lagging_metric, c.months, c.spearman AS earlier_spearman, t.spearman, t.pairs, t.p,
           count(*) OVER () AS tests, count(*) OVER (ORDER BY t.p) AS place
    FROM chosen c JOIN related t USING (leading_metric, lagging_metric, months) WHERE t.is_later)
SELECT t.leading_metric, t.lagging_metric, t.months AS lag_months, t.earlier_spearman AS earlier_spearman_rate,
       t.spearman AS spearman_rate, t.pairs AS n_count, t.p AS spearman_p,
       least(1, min(t.p * t.tests / t.place) OVER (ORDER BY t.p DESC)) AS spearman_q, r.policy_hash
FROM reporting_range r, tested t
ORDER BY t.p, t.leading_metric, t.lagging_metric;
COMMENT ON VIEW scorecard_lead IS
'Which metric goes before which: leading against lagging ones, by the rank correlation of their monthly changes, 0 to '
'6 months apart. The lag is chosen in the earlier half of the months, what is shown is of the later. To go before is '
'not to bring about; see doc/goals.md.';
