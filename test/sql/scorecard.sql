\unset ECHO
\i test/psql.sql
-- Goals, verdicts, the scorecard and the months of the executive: closure and chance by hand, every figure that of the
-- view it comes from, the accounts behind it adding up to it exactly, and what is worked out of them against plain SQL.
BEGIN;
SELECT plan(152);

-- Goals: which limit belongs to them.
SELECT is(goal_status(reading, goal::numrange), want, format('%s against %s: %s', coalesce(reading::text, 'NULL'), coalesce(goal, 'NULL'), why))
FROM (VALUES (1.1::float8, '(1.10,)', 'below', '110.0 % is not above 110 %'), (1.1000000000001, '(1.10,)', 'in', 'a little more is'), (0.8, '[0.80,0.90]', 'in', '80.0 holds in 80 to 90'), (0.9, '[0.80,0.90]', 'in', 'and 90.0'),
             (0.7999999999, '[0.80,0.90]', 'below', 'less does not'), (0.9000000001, '[0.80,0.90]', 'above', 'nor does more'), (0.05, '(,0.05)', 'above', '5 % churn is not below 5 %'), (0.0499999, '(,0.05)', 'in', 'less is'),
             (70, '(70,)', 'below', 'a health of 70 is not above 70'), (70.000001, '(70,)', 'in', 'more is'), (30, '(,30)', 'above', '30 days are not less than 30'), (5, '(5.0,)', 'below', 'an effort of 5 is not above 5'),
             (0.1::float8 + 0.2::float8, '[0.3,0.3]', 'in', 'of 15 digits'), ('Infinity', '(1,)', 'in', 'without end'), ('-Infinity', '(1,)', 'below', 'without end, down'),
             ('NaN', '(1,)', NULL, 'nothing is known'), (NULL, '(1,)', NULL, 'nor here'), (1, NULL, NULL, 'without a goal'), (1, 'empty', NULL, 'of none')) t(reading, goal, want, why);
SELECT is(goal_distance(reading, goal::numrange), want::float8, format('distance of %s from %s', reading, goal))
FROM (VALUES (1::float8, '(1.1,)', -0.1), (1.1, '(1.1,)', 0), (1.3, '(1.1,)', 0), (0.95, '[0.8,0.9]', 0.05), (0.7, '[0.8,0.9]', -0.1), (0.85, '[0.8,0.9]', 0), (0.06, '(,0.05)', 0.01), (NULL, '(,0.05)', NULL)) t(reading, goal, want);
SELECT is(goal_verdict(reading, low, high, goal::numrange), want, format('verdict on %s in %s to %s against %s', coalesce(reading::text, 'NULL'), coalesce(low::text, 'NULL'), coalesce(high::text, 'NULL'), goal))
FROM (VALUES (1.2::float8, 1.15::float8, 1.25::float8, '(1.1,)', 'met'), (1.2, 1.1, 1.3, '(1.1,)', 'met, within chance'), (1.2, 1.1, 1.3, '[1.1,)', 'met'), (1.05, 1.0, 1.1, '(1.1,)', 'missed'), (1.05, 1.0, 1.1, '[1.1,)', 'missed, within chance'),
             (1.05, 1.0, 1.12, '(1.1,)', 'missed, within chance'), (0.1, 0.06, 0.16, '(,0.05)', 'missed'), (0, 0, 0.161, '(,0.05)', 'met, within chance'), (0.01, 0.005, 0.04, '(,0.05)', 'met'),
             (0.85, 0.81, 0.89, '[0.8,0.9]', 'met'), (0.85, 0.79, 0.89, '[0.8,0.9]', 'met, within chance'), (0.95, 0.92, 0.97, '[0.8,0.9]', 'above'), (0.95, 0.89, 0.97, '[0.8,0.9]', 'above, within chance'), (0.7, 0.6, 0.8, '[0.8,0.9]', 'missed, within chance'),
             (28, 20, NULL, '(,30)', 'met, within chance'), (40, 35, NULL, '(,30)', 'missed'), (71, NULL, NULL, '(70,)', 'met'), (70, NULL, NULL, '(70,)', 'missed'), (95, NULL, NULL, '[0,90]', 'above'), (NULL, 1, 2, '(0,)', NULL), (1, 1, 2, NULL, NULL)) t(reading, low, high, goal, want);
SELECT is(pg_temp.failure($$SELECT goal_verdict(1, 2, 0, '(0,)')$$), '22000 range lower bound must be less than or equal to range upper bound', 'an interval upside down is none');
SELECT is(goal_text(goal::numrange), want, format('goal %s is %s', goal, want))
FROM (VALUES (NULL, NULL), ('(1.10,)', '> 1.1'), ('[1.10,)', '>= 1.1'), ('(,30)', '< 30'), ('(,30]', '<= 30'), ('[0.80,0.90]', '0.8 to 0.9'), ('(0.8,0.9]', '> 0.8 and <= 0.9'), ('[5,5]', '5'), ('empty', 'none'), ('(,)', 'any')) t(goal, want);
-- Any reading, any goal: where it lies is what the range says, and to go back by the distance is to be at the goal.
SELECT setseed(0.3) \g /dev/null
CREATE TEMP TABLE thrown AS
SELECT r::float8 AS reading, numrange(CASE WHEN random() < 0.8 THEN least(a, b) END, CASE WHEN random() < 0.8 THEN greatest(a, b) END, (ARRAY['()', '[)', '(]', '[]'])[1 + floor(random() * 4)::int]) AS goal, (r - floor(random() * 4))::float8 AS low, (r + floor(random() * 4))::float8 AS high
FROM (SELECT floor(random() * 20) AS r, floor(random() * 20)::numeric AS a, floor(random() * 20)::numeric AS b FROM generate_series(1, 5000)) t;
SELECT is_empty($$SELECT * FROM thrown WHERE NOT isempty(goal) AND ((goal_status(reading, goal) = 'in') IS DISTINCT FROM (reading::numeric <@ goal) OR (goal_status(reading, goal) = 'below') IS DISTINCT FROM coalesce(reading < lower(goal) OR (reading = lower(goal) AND NOT lower_inc(goal)), false)
                    OR (goal_status(reading, goal) = 'above') IS DISTINCT FROM (NOT reading::numeric <@ goal AND NOT coalesce(reading < lower(goal) OR (reading = lower(goal) AND NOT lower_inc(goal)), false)))$$, 'a reading is below, in or above, one of them');
SELECT is_empty($$SELECT * FROM thrown WHERE goal_status(reading, goal) <> 'in' AND reading - goal_distance(reading, goal) NOT IN (coalesce(lower(goal), 'NaN')::float8, coalesce(upper(goal), 'NaN')::float8) OR goal_status(reading, goal) = 'in' AND goal_distance(reading, goal) <> 0
                    OR sign(goal_distance(reading, goal)) = CASE goal_status(reading, goal) WHEN 'below' THEN 1 WHEN 'above' THEN -1 END$$, 'the distance leads to the limit');
SELECT is_empty($$SELECT * FROM thrown, LATERAL (SELECT count(*) FILTER (WHERE x <@ goal) AS inside, count(*) AS all_of_it FROM generate_series(low::numeric, high::numeric, 0.5) x) i
                  WHERE NOT isempty(goal) AND goal_verdict(reading, low, high, goal) IS DISTINCT FROM CASE WHEN reading::numeric <@ goal THEN 'met' WHEN reading > upper(goal) AND lower(goal) IS NOT NULL OR reading = upper(goal) AND lower(goal) IS NOT NULL AND goal_status(reading, goal) = 'above' THEN 'above' ELSE 'missed' END
                        || CASE WHEN inside IN (0, all_of_it) THEN '' ELSE ', within chance' END$$, 'the verdict is what the points of the interval say');
SELECT is(count(DISTINCT goal_verdict(reading, low, high, goal)), 6::bigint, 'and all six come up') FROM thrown;
-- Printed tables of Student's t, and the closed forms of one and two degrees
SELECT is(round(student_p(t, df)::numeric, 6), want, format('p of t = %s with %s degrees', t, df))
FROM (VALUES (12.7062047364::float8, 1, 0.05), (4.3026527297, 2, 0.05), (2.2281388520, 10, 0.05), (-2.2281388520, 10, 0.05), (3.1058065155, 11, 0.01), (2.0422724563, 30, 0.05), (0, 7, 1), ('Infinity', 5, 0), (1e9, 40, 0), (NULL, 5, NULL), (1, 0, NULL)) t(t, df, want);
SELECT is(round(student_p(t, 1)::numeric, 12), round((1 - 2 / pi() * atan(t))::numeric, 12), 'one degree is Cauchy''s: ' || t) FROM (VALUES (0.5::float8), (20)) v(t);
SELECT is(round(student_p(t, 2)::numeric, 12), round((1 - t / sqrt(2 + t ^ 2))::numeric, 12), 'two degrees have a root: ' || t) FROM (VALUES (0.5::float8), (20)) v(t);

-- A company of random facts: pauses that end and that do not, gaps, trials, several segments, tickets, surveys, milestones and usage
SELECT setseed(0.31) \g /dev/null
CREATE TABLE public.customer AS
SELECT id, 'Account ' || id AS title, (ARRAY['small', 'large', NULL, 'small'])[1 + id % 4] AS segment, CASE WHEN id % 60 = 7 THEN 'few' ELSE 'many' END AS region, 'csm ' || id % 3 AS owner, date '2023-01-01' + floor(random() * 600)::int AS created_on
FROM generate_series(1, 240) AS id;
CREATE TABLE public.contract AS
SELECT id AS account_id, created_on + (k - 1) * 130 + floor(random() * 20)::int AS starts_on, CASE WHEN random() < 0.75 THEN created_on + k * 130 - floor(random() * 30 - 15)::int END AS ends_on,
       round((20 + random() * 300)::numeric, 2) AS mrr, CASE WHEN random() < 0.15 THEN 'paused' WHEN random() < 0.05 THEN 'trial' ELSE 'active' END AS status
FROM public.customer, generate_series(1, 3) k WHERE id % 12 > 0;
UPDATE public.contract SET ends_on = starts_on + 200 WHERE ends_on < starts_on;
CREATE TABLE public.step AS
SELECT id AS account_id, 'kickoff' AS milestone, created_on + random() * interval '10 days' AS reached_at, true AS is_start, false AS is_value FROM public.customer WHERE id % 4 > 0
UNION ALL SELECT id, 'live', CASE WHEN random() < 0.8 THEN created_on + (random() * 70 - 2) * interval '1 day' END, false, true FROM public.customer WHERE id % 5 > 0;
CREATE TABLE public.ticket AS
SELECT id AS ticket_id, 1 + floor(random() * 240)::int AS account_id, opened_at, CASE WHEN random() < 0.9 THEN opened_at + (random() * random() * 20 - 0.2) * interval '1 day' END AS solved_at,
       (random() < 0.15)::int AS reopened, (ARRAY['ann', 'bob', NULL])[1 + id % 3] AS requester_id, random() < 0.1 AS escalated
FROM (SELECT id, timestamptz '2023-07-01' + random() * interval '440 days' AS opened_at FROM generate_series(1, 2500) AS id) AS t;
CREATE TABLE public.answer AS
SELECT id, 1 + id % 240 AS account_id, (ARRAY['nps', 'csat', 'ces'])[1 + id % 3] AS kind, sent_at, CASE WHEN random() < 0.6 THEN sent_at + random() * interval '20 days' END AS responded_at, floor(random() * 12) AS score, (ARRAY['ann', 'bob', NULL])[1 + floor(random() * 3)::int] AS respondent_id
FROM (SELECT id, timestamptz '2023-07-01' + random() * interval '440 days' AS sent_at FROM generate_series(1, 5000) AS id) AS s;
-- some off their scale
UPDATE public.answer SET score = CASE WHEN responded_at IS NOT NULL THEN CASE kind WHEN 'nps' THEN score WHEN 'csat' THEN least(score, 6) ELSE least(score, 8) END END;
CREATE TABLE public.click AS
SELECT 1 + floor(random() * random() * 240)::int AS account_id, timestamptz '2023-09-01' + random() * interval '400 days' AS at, 'u' || floor(random() * 4)::int AS user_id, (ARRAY['search', 'export'])[1 + floor(random() * 2)::int] AS feature FROM generate_series(1, 9000);
CALL create_model('cs', 'integer');
UPDATE cs.policy SET time_zone = 'Europe/Berlin', as_of = '2024-08-12', report_from = '2023-03-01';
CALL map('cs', 'account', 'SELECT id AS account_id, title AS name, segment, region, owner, created_on FROM public.customer');
CALL map('cs', 'subscription', 'TABLE public.contract');
CALL map('cs', 'milestone', 'TABLE public.step');
CALL map('cs', 'ticket', 'TABLE public.ticket');
CALL map('cs', 'survey', 'SELECT account_id, kind, score, sent_at, responded_at, respondent_id, kind <> ''ces'' AS higher_is_better FROM public.answer');
CALL map('cs', 'usage', 'TABLE public.click');
CALL refresh('cs');

-- Targets
SELECT results_eq('SELECT metric, segment, goal FROM cs.target ORDER BY 1', $$VALUES ('ces', NULL::text, '(5.0,)'::numrange), ('csat', NULL, '[0.80,0.90]'), ('fcr', NULL, '[0.75,0.85]'), ('health', NULL, '(70,)'), ('logo_churn', NULL, '(,0.05)'), ('nrr', NULL, '(1.10,)'), ('time_to_value', NULL, '(,30)')$$,
    'the goals that a model begins with');
SELECT is(pg_temp.failure($$INSERT INTO cs.target VALUES ('nosuch', NULL, '(1,)')$$), '22023 unknown metric "nosuch"', 'a metric that is none is named');
SELECT is(pg_temp.failure($$UPDATE cs.target SET goal = '(1,1)' WHERE metric = 'nrr'$$) = '23514 the goal of nrr is empty: nothing lies in it', true, 'an empty goal is refused');
SELECT is(pg_temp.failure($$UPDATE cs.target SET goal = '(,)' WHERE metric = 'nrr'$$) = '23514 the goal of nrr has no limit: everything lies in it', true, 'one without limits');
SELECT is(pg_temp.failure($$UPDATE cs.target SET goal = '(NaN,)' WHERE metric = 'nrr'$$) LIKE '23514 the goal % of nrr has a limit that is no number', true, 'one whose limit is no number');
SELECT is(pg_temp.failure($$UPDATE cs.target SET goal = '(1,Infinity]' WHERE metric = 'nrr'$$) LIKE '23514 the goal % of nrr has a limit that is no number', true, 'or has no end');
SELECT is(pg_temp.failure($$UPDATE cs.target SET goal = '(5,1)' WHERE metric = 'nrr'$$), '22000 range lower bound must be less than or equal to range upper bound', 'and limits the wrong way round');
SELECT is(pg_temp.failure($$INSERT INTO cs.target VALUES ('nrr', NULL, '(1,)')$$) LIKE '23505 %', true, 'there is one goal for all');

-- Every figure is that of the view it comes from: spelled out here, one metric at a time.
CREATE TEMP TABLE long AS SELECT * FROM cs.metric_reading;
CREATE VIEW pg_temp.told AS
WITH t AS (SELECT * FROM cs.retention_by_segment), r AS (SELECT * FROM cs.revenue_by_segment), h AS (SELECT * FROM cs.health_trend), v AS (SELECT * FROM cs.time_to_value_monthly), u AS (SELECT * FROM cs.usage_by_segment),
     s AS (SELECT * FROM cs.satisfaction_by_segment), k AS (SELECT * FROM cs.support_by_segment)
SELECT 'nrr' AS metric, dimension, value, period_start_on, period_end_on, nrr_rate, nrr_lower_rate, nrr_upper_rate, opening_count, is_complete FROM t
UNION ALL SELECT 'grr', dimension, value, period_start_on, period_end_on, grr_rate, grr_lower_rate, grr_upper_rate, opening_count, is_complete FROM t
UNION ALL SELECT 'logo_churn', dimension, value, period_start_on, period_end_on, logo_churn_rate, logo_churn_lower_rate, logo_churn_upper_rate, opening_count, is_complete FROM t
UNION ALL SELECT 'revenue_churn', dimension, value, period_start_on, period_end_on, revenue_churn_rate, NULL, NULL, opening_count, is_complete FROM r
UNION ALL SELECT 'mrr', dimension, value, period_start_on, period_end_on, closing_mrr, NULL, NULL, closing_count, is_complete FROM r
UNION ALL SELECT 'new_mrr', dimension, value, period_start_on, period_end_on, new_mrr, NULL, NULL, new_count, is_complete FROM r
UNION ALL SELECT 'expansion_mrr', dimension, value, period_start_on, period_end_on, expansion_mrr, NULL, NULL, opening_count, is_complete FROM r
UNION ALL SELECT 'contraction_mrr', dimension, value, period_start_on, period_end_on, contraction_mrr, NULL, NULL, opening_count, is_complete FROM r
UNION ALL SELECT 'churn_mrr', dimension, value, period_start_on, period_end_on, churn_mrr, NULL, NULL, opening_count, is_complete FROM r
UNION ALL SELECT 'arpa', dimension, value, period_start_on, period_end_on, arpa_mrr, NULL, NULL, closing_count, is_complete FROM r
UNION ALL SELECT m.metric, dimension, value, date_trunc('month', as_of_on)::date, as_of_on + 1, reading, NULL, NULL, n, date_trunc('month', as_of_on + 1) = as_of_on + 1
          FROM h, LATERAL (VALUES ('health', health_score, account_count - unknown_count), ('red_mrr', red_mrr::float8, account_count), ('red_mrr_share', (red_mrr / nullif(mrr, 0))::float8, account_count)) m(metric, reading, n)
UNION ALL SELECT 'time_to_value', dimension, value, period_start_on, period_end_on, ttv_median_days, ttv_median_lower_days, ttv_median_upper_days, account_count, is_complete FROM v
UNION ALL SELECT 'within_30_days', dimension, value, period_start_on, period_end_on, within_30_days_rate, within_30_days_lower_rate, within_30_days_upper_rate, account_count, is_complete FROM v
UNION ALL SELECT m.metric, dimension, value, date_trunc('month', day_on)::date, day_on + 1, reading, NULL, NULL, n, date_trunc('month', day_on + 1) = day_on + 1
          FROM u, LATERAL (VALUES ('mau', mau_count::float8, account_count), ('stickiness', stickiness_rate, mau_count)) m(metric, reading, n) WHERE day_on = '2024-08-12' OR date_trunc('month', day_on + 1) = day_on + 1
UNION ALL SELECT 'csat', dimension, value, period_start_on, period_end_on, csat_rate, csat_lower_rate, csat_upper_rate, csat_count, is_complete FROM s
UNION ALL SELECT 'csat_response', dimension, value, period_start_on, period_end_on, csat_response_rate, csat_response_lower_rate, csat_response_upper_rate, csat_sent_count, is_complete FROM s
UNION ALL SELECT 'ces', dimension, value, period_start_on, period_end_on, ces_score, ces_lower_score, ces_upper_score, ces_count, is_complete FROM s
UNION ALL SELECT 'nps', dimension, value, period_start_on, period_end_on, nps_score, nps_lower_score, nps_upper_score, nps_count, is_complete FROM s
UNION ALL SELECT 'nps_response', dimension, value, period_start_on, period_end_on, nps_response_rate, nps_response_lower_rate, nps_response_upper_rate, nps_sent_count, is_complete FROM s
UNION ALL SELECT 'fcr', dimension, value, period_start_on, period_end_on, fcr_rate, fcr_lower_rate, fcr_upper_rate, judged_count, is_complete FROM k
UNION ALL SELECT 'resolution', dimension, value, period_start_on, period_end_on, resolution_median_hours, resolution_median_lower_hours, resolution_median_upper_hours, opened_count - rejected_count, is_complete FROM k
UNION ALL SELECT 'reopen', dimension, value, period_start_on, period_end_on, reopen_rate, reopen_lower_rate, reopen_upper_rate, resolved_count, is_complete FROM k;
SELECT bag_eq('SELECT metric, dimension, value, period_start_on, period_end_on, reading, reading_lower, reading_upper, n_count, is_complete FROM long', 'TABLE pg_temp.told', 'metric_reading says what the views say, all of it');
SELECT results_eq('SELECT DISTINCT metric FROM long ORDER BY 1', 'SELECT name FROM model_metric ORDER BY 1', 'of every metric');
SELECT results_eq('SELECT name FROM model_metric WHERE reading <> ''red_mrr / nullif(mrr, 0)'' AND reading !~ ''^[a-z0-9_]+$''', 'SELECT NULL::text WHERE false', 'a reading is a column, but for one share of two');
-- and what the table says of it is what the view does: each reading as the expression of its view gives it
CREATE FUNCTION pg_temp.of_view(source_view text, expression text)
RETURNS TABLE (dimension text, value text, period_end_on date, reading double precision) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT s.dimension, s.value, coalesce(j ->> ''period_end_on'', ((coalesce(j ->> ''day_on'', j ->> ''as_of_on''))::date + 1)::text)::date,
                                        (%s)::double precision FROM cs.%I s, LATERAL to_jsonb(s) j', expression, source_view);
END
$$;
SELECT is_empty($$SELECT * FROM (SELECT metric, dimension, value, period_end_on, reading FROM long
                                 EXCEPT SELECT k.name, v.* FROM model_metric k, pg_temp.of_view(k.source_view, k.reading) v) d$$, 'model_metric says where each reading is');
SELECT is_empty($$SELECT * FROM long m JOIN cs.health_by_segment s USING (dimension, value) WHERE m.metric = 'red_mrr_share' AND NOT m.is_complete AND abs(m.reading - s.red_mrr_rate) > 1e-15$$, 'which is that of health_by_segment');
SELECT results_eq($$SELECT reading FROM long WHERE metric = 'arpa' AND dimension = 'all' AND NOT is_complete$$, $$SELECT arpa_mrr::float8 FROM cs.value_by_segment WHERE dimension = 'all'$$, 'MRR an account is that of value_by_segment');

-- Retention by segment, and the accounts behind it
SELECT results_eq($$SELECT period_start_on, period_end_on, opening_count, opening_mrr, nrr_rate, nrr_lower_rate, grr_rate, logo_churn_rate, round(nrr_chained_rate::numeric, 14), is_complete FROM cs.retention_trailing_year$$,
    $$SELECT m.period_start, m.period_end, opening_count(f.flow), opening_mrr(f.flow), m.nrr, i.lower, m.grr, m.logo_churn, round(c.nrr::numeric, 14), m.complete
      FROM (SELECT mrr_movement_agg(limit_pauses(smooth_gaps(revenue, 0), 60), '2023-03-01', '2024-08-13', 'month', 12) AS state FROM cs_internal.account_state) s, movements(s.state) m JOIN revenue_flows(s.state) f USING (period_start, period_end)
           JOIN retention(s.state, 'chained') c USING (period_start, period_end), nrr_interval(f.flow) i WHERE opening_count(f.flow) > 0 ORDER BY 2$$, 'retention_trailing_year is what the histories of all accounts give');
SELECT set_eq($$SELECT period_end_on, sum(opening_count)::bigint AS o, sum(churn_count)::bigint AS c, sum(opening_mrr) AS m FROM cs.retention_by_segment WHERE dimension = 'region' GROUP BY 1$$,
    $$SELECT period_end_on, opening_count, churn_count, opening_mrr FROM cs.retention_by_segment WHERE dimension = 'all'$$, 'retention_by_segment adds up');
CREATE FUNCTION pg_temp.retention_differs() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s: %s', y.dimension, y.value, y.policy_hash)
    FROM cs.retention_by_segment y LEFT JOIN (SELECT d.dimension, d.value, nrr_agg(a.opening_mrr, a.closing_mrr) FILTER (WHERE a.opening_mrr > 0) AS flow, sum(a.opening_mrr) AS opening_mrr, sum(a.closing_mrr) FILTER (WHERE a.opening_mrr > 0) AS closing_mrr, sum(a.kept_mrr) AS kept_mrr, sum(a.opening_count) AS opening_count, sum(a.churn_count) AS churn_count
                                              FROM cs.retention_by_account a JOIN cs_internal.account_dimension d USING (account_id) GROUP BY 1, 2) s USING (dimension, value)
    WHERE y.period_end_on = '2024-08-01' AND ((y.nrr_rate, y.grr_rate, y.opening_mrr, y.opening_count, y.churn_count) IS DISTINCT FROM (nrr(s.flow), grr(s.flow), s.opening_mrr, s.opening_count::bigint, s.churn_count::bigint)
          OR y.logo_churn_rate IS DISTINCT FROM s.churn_count / s.opening_count::float8 OR abs(y.nrr_rate - s.closing_mrr / s.opening_mrr) > 1e-15 OR abs(y.grr_rate - s.kept_mrr / s.opening_mrr) > 1e-15) $$;

-- The accounts behind the scorecard: numerators and denominators add up to the reading, in every policy.
CREATE FUNCTION pg_temp.scorecard_differs() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s: %s is not %s / %s of %s rows', s.metric, s.reading, a.numerator, a.denominator, a.rows)
    FROM cs.scorecard s LEFT JOIN (SELECT metric, period_end_on, sum(numerator) AS numerator, sum(denominator) AS denominator, count(*) AS rows, count(DISTINCT account_id) AS accounts, mean_score(health_agg(reading, 0) FILTER (WHERE metric = 'health')) AS mean,
                                          median_duration(duration_agg(reading * interval '1 hour', numerator = 1) FILTER (WHERE metric = 'resolution')) AS hours
                                   FROM cs.scorecard_by_account GROUP BY 1, 2) a USING (metric, period_end_on)
    WHERE CASE WHEN s.metric IN ('time_to_value', 'within_30_days') THEN a.denominator IS DISTINCT FROM s.n_count
               WHEN s.metric = 'resolution' THEN a.denominator IS DISTINCT FROM s.n_count OR abs(as_hours(a.hours) - s.reading) > 1e-6
               WHEN s.metric = 'health' THEN (a.mean, a.denominator) IS DISTINCT FROM (s.reading, s.n_count::numeric) OR abs(a.numerator / a.denominator - s.reading::numeric) > 1e-11
               WHEN s.metric = 'arpa' THEN (trim_scale(round(a.numerator / a.denominator, 6))::float8, a.denominator) IS DISTINCT FROM (s.reading, s.n_count::numeric)
               WHEN a.denominator IS NULL THEN coalesce(a.numerator, 0)::float8 IS DISTINCT FROM s.reading
               -- to the last bit or two: both are the one quotient, rounded to a double precision
               ELSE (abs((a.numerator / a.denominator)::float8 - s.reading) <= 3e-16 * abs(s.reading)) IS NOT TRUE
                    OR (s.metric IN ('logo_churn', 'csat', 'csat_response', 'ces', 'nps', 'nps_response', 'fcr', 'reopen') AND a.denominator IS DISTINCT FROM s.n_count) END $$;
CREATE FUNCTION pg_temp.in_policy(setting text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'UPDATE cs.policy SET ' || setting;
    CALL csmetrics.refresh('cs');
    RETURN coalesce((SELECT string_agg(d, '; ') FROM (SELECT pg_temp.retention_differs() UNION ALL SELECT pg_temp.scorecard_differs()) t(d)), 'adds up') || (SELECT ' of ' || count(reading) FROM cs.scorecard);
END $$;
SELECT is(pg_temp.in_policy(setting), 'adds up of 25', 'the accounts add up where ' || setting)
FROM (VALUES ('pause_rule = ''pause'''), ('pause_rule = ''churn'''), ('pause_rule = ''pause'', pause_churn_days = 10'), ('pause_churn_days = 60, gap_smooth_days = 25'), ('gap_smooth_days = 0, pause_rule = ''keep'', trial_rule = ''count'''),
             ('pause_rule = ''pause'', answer_rule = ''mean'', satisfied_from = 5'), ('answer_rule = ''all'', weekdays_only = true'), ('answer_rule = ''first'', lost_before_value_rule = ''censor'', ttv_start_rule = ''created'''),
             ('ttv_start_rule = ''milestone'', lost_before_value_rule = ''compete'', answer_rule = ''last'', satisfied_from = 4, weekdays_only = false, time_zone = ''Asia/Tokyo'''),
             ('zero_mrr_rule = ''count'''), ('zero_mrr_rule = ''exclude'', reactivation_gap_days = 20'), ('reactivation_gap_days = NULL, entity_grain = ''subscription'''), ('entity_grain = ''parent'''),
             ('entity_grain = ''account'', report_currency = ''EUR''')) t(setting);
-- Terms that were cancelled, are past due or have discounts
CALL map('cs', 'subscription', $$SELECT *, CASE WHEN account_id % 5 = 0 THEN starts_on + account_id % 160 END AS cancelled_on, CASE WHEN account_id % 10 = 0 THEN starts_on + 200 END AS renews_on,
                                        CASE WHEN account_id % 7 = 0 THEN starts_on + account_id % 150 END AS past_due_on, account_id % 9 AS discount_mrr, account_id % 40 AS limited_discount_mrr FROM public.contract$$);
SELECT is(pg_temp.in_policy(setting), 'adds up of 25', 'and where ' || setting)
FROM (VALUES ('time_zone = ''Europe/Berlin'', trial_rule = ''exclude'', churn_date_rule = ''click'', delinquency_days = 0, discount_rule = ''all'', week_start = 7, adoption_threshold = 3'), ('churn_date_rule = ''scheduled'', delinquency_days = 30, discount_rule = ''none'', value_event = ''kickoff'', ttv_start_rule = ''created'''),
             ('churn_date_rule = ''term_end'', delinquency_days = NULL, discount_rule = ''recurring'', value_event = NULL, ttv_start_rule = ''milestone'', week_start = 1, adoption_threshold = 1')) t(setting);
CALL map('cs', 'subscription', 'TABLE public.contract');
UPDATE cs.policy SET time_zone = 'Europe/Berlin', trial_rule = 'exclude', delinquency_days = 30, report_currency = NULL;
CALL refresh('cs');
SELECT cmp_ok(count(*), '>', 0::bigint, 'there are accounts whose pause became churn in the year') FROM cs.retention_by_account WHERE opening_mrr = 0;
SELECT isnt_empty('SELECT * FROM cs.scorecard_by_account WHERE metric = ''nrr'' AND name = ''Account '' || account_id AND owner = ''csm '' || account_id % 3', 'the accounts have their names');

-- Time to value by month is what a model as of the end of that month says of the accounts of the year.
CREATE TEMP TABLE ttv AS SELECT * FROM cs.time_to_value_monthly;
SELECT is(count(*), 17::bigint, 'one row a month that is over, from report_from on') FROM ttv WHERE dimension = 'all';
UPDATE cs.policy SET as_of = '2024-02-29';
SELECT results_eq($$SELECT account_count, reached_count, waiting_count, lost_count, rejected_count, ttv_median_days, within_30_days_rate FROM ttv WHERE dimension = 'all' AND period_end_on = '2024-03-01'$$,
    $$SELECT subject_count(state), ended_count(state), censored_count(state), competing_count(state), rejected, as_days(median_duration(state)), share_within(state, '30 days')
      FROM (SELECT duration_agg(started_at, value_at, r.as_of_at, lost_at) FILTER (WHERE status <> 'rejected') AS state, count(*) FILTER (WHERE status = 'rejected') AS rejected
            FROM cs.reporting_range r, cs.time_to_value_by_account WHERE started_at >= '2023-03-01 00:00 Europe/Berlin') s$$, 'February as it was known at its end');
SELECT results_eq($$SELECT * FROM cs.time_to_value_monthly WHERE period_end_on = '2024-01-01' ORDER BY dimension, value$$, $$SELECT * FROM ttv WHERE period_end_on = '2024-01-01' ORDER BY dimension, value$$, 'and a month before that reads the same from whenever it is read');
UPDATE cs.policy SET as_of = '2024-08-12';

-- The scorecard and the executive's months
SELECT results_eq('SELECT metric, indicator, unit FROM cs.scorecard', 'SELECT name, indicator, unit FROM model_metric ORDER BY position', 'one row a metric, in its place');
SELECT bag_eq($$SELECT metric, reading, reading_lower, reading_upper, n_count FROM cs.scorecard$$, $$SELECT metric, reading, reading_lower, reading_upper, n_count FROM long WHERE dimension = 'all' AND period_end_on = '2024-08-01'$$, 'the last month that is over');
SELECT bag_eq($$SELECT metric, dimension, value, reading, n_count FROM cs.scorecard_by_segment WHERE NOT is_suppressed$$, $$SELECT metric, dimension, value, reading, n_count FROM long WHERE period_end_on = '2024-08-01' AND (n_count >= 10 OR dimension = 'all')$$, 'by segment too');
SELECT bag_eq($$SELECT metric, dimension, value, reading_from_all FROM cs.scorecard_by_segment WHERE NOT is_suppressed$$,
    $$SELECT s.metric, s.dimension, s.value, s.reading - a.reading FROM long s JOIN long a USING (metric, period_end_on) WHERE a.dimension = 'all' AND period_end_on = '2024-08-01' AND (s.n_count >= 10 OR s.dimension = 'all')$$, 'against all');
SELECT bag_eq($$SELECT metric, dimension, value FROM cs.scorecard_by_segment WHERE is_suppressed AND num_nulls(reading, reading_lower, reading_upper, reading_from_all, goal_status, reading_from_goal, verdict) = 7$$,
    $$SELECT metric, dimension, value FROM long WHERE period_end_on = '2024-08-01' AND n_count < 10 AND dimension <> 'all'$$, 'what is made of fewer than ten is not shown');
SELECT isnt_empty($$SELECT * FROM cs.scorecard_by_segment WHERE is_suppressed AND value = 'few' AND metric = 'nrr'$$, 'four accounts of a region among it');
UPDATE cs.policy SET least_count = 1;
SELECT is_empty('SELECT * FROM cs.scorecard_by_segment WHERE is_suppressed AND n_count > 0', 'least_count says how few');
UPDATE cs.policy SET least_count = 10;
SELECT bag_eq($$SELECT period_end_on, metric, reading, reading_lower, reading_upper, n_count, source_view FROM cs.executive_monthly$$,
    $$SELECT period_end_on, metric, reading, reading_lower, reading_upper, n_count, source_view FROM long JOIN (SELECT name AS metric, is_executive, source_view FROM model_metric) k USING (metric) WHERE is_executive AND dimension = 'all' AND is_complete AND period_end_on > '2023-08-01'$$, 'executive_monthly: twelve months that are over');
SELECT results_eq($$SELECT DISTINCT period_end_on FROM cs.executive_monthly ORDER BY 1$$, $$SELECT generate_series(date '2023-09-01', '2024-08-01', '1 month')::date$$, 'from September to July');
SELECT is_empty($$SELECT * FROM cs.executive_monthly e LEFT JOIN long b ON b.metric = e.metric AND b.dimension = 'all' AND b.period_end_on = e.period_end_on - interval '1 month' WHERE e.before_reading IS DISTINCT FROM b.reading OR e.reading_change IS DISTINCT FROM e.reading - b.reading$$, 'each beside the month before');
SELECT results_eq($$SELECT metric FROM cs.executive_monthly LIMIT 4$$, $$VALUES ('nrr'), ('grr'), ('logo_churn'), ('mrr')$$, 'in order');
SELECT is(max(period_end_on), date '2024-08-01', 'the latest first') FROM (SELECT * FROM cs.executive_monthly LIMIT 4) e;
SELECT is_empty($$SELECT * FROM cs.scorecard s LEFT JOIN cs.target t ON t.metric = s.metric WHERE goal_status(s.reading, t.goal) IS DISTINCT FROM s.goal_status OR goal_verdict(s.reading, s.reading_lower, s.reading_upper, t.goal) IS DISTINCT FROM s.verdict OR goal_distance(s.reading, t.goal) IS DISTINCT FROM s.reading_from_goal$$, 'judged by its goal');
-- A goal that moves, and one of a segment
UPDATE cs.target SET goal = numrange(0, (SELECT reading_lower FROM cs.scorecard WHERE metric = 'nrr')::numeric, '[)') WHERE metric = 'nrr';
SELECT is(verdict, 'above', 'a goal that is changed holds at once') FROM cs.scorecard WHERE metric = 'nrr';
INSERT INTO cs.target VALUES ('nrr', 'small', '(0,)', 'Small ones just have to stay');
SELECT results_eq($$SELECT value, goal FROM cs.scorecard_by_segment WHERE metric = 'nrr' AND dimension = 'segment' AND (goal = '> 0' OR value <> 'small') ORDER BY 1$$, $$SELECT v, CASE v WHEN 'small' THEN '> 0' ELSE (SELECT goal_text(goal) FROM cs.target WHERE metric = 'nrr' AND segment IS NULL) END FROM (VALUES ('(none)'), ('large'), ('small')) t(v)$$, 'a segment may have its own');
SELECT is((SELECT count(*) FROM cs.scorecard WHERE metric = 'nrr'), 1::bigint, 'which is not that of all');

-- Worked out of a series that is known: 30 months of readings, all the rest of the views left as it is
CREATE TABLE public.known AS
SELECT 'nps'::text AS metric, 'all'::text AS dimension, 'all'::text AS value, (day - interval '1 month')::date AS period_start_on, day::date AS period_end_on, (k * 7 % 11)::float8 AS reading, NULL::float8 AS reading_lower, NULL::float8 AS reading_upper, 50::bigint AS n_count, true AS is_complete, 'hash'::text AS policy_hash
FROM generate_series(1, 30) k, LATERAL (SELECT date '2022-01-01' + k * interval '1 month' AS day) d
UNION ALL SELECT 'csat', 'segment', s, '2024-06-01', '2024-07-01', r, NULL, NULL, n, true, 'hash' FROM (VALUES ('a', 0.5, 9), ('b', 0.6, 10), ('c', 0.9, 30), ('d', 0.7, 12), ('e', NULL, 40)) t(s, r, n)
UNION ALL SELECT 'csat', 'all', 'all', '2024-06-01', '2024-07-01', 0.8, 0.75, 0.85, 101, true, 'hash'
-- of ces five months before, of fcr a month without any, and one that is not over; health never moves
UNION ALL SELECT 'ces', 'all', 'all', (day - interval '1 month')::date, day::date, k, NULL, NULL, 50, true, 'hash' FROM generate_series(1, 6) k, LATERAL (SELECT date '2024-01-01' + k * interval '1 month' AS day) d
UNION ALL SELECT 'fcr', 'all', 'all', '2024-05-01', '2024-06-01', 0.7, NULL, NULL, 20, true, 'hash' UNION ALL SELECT 'fcr', 'all', 'all', '2024-06-01', '2024-07-01', NULL, NULL, NULL, 0, true, 'hash' UNION ALL SELECT 'fcr', 'all', 'all', '2024-07-01', '2024-08-01', 0.1, NULL, NULL, 20, false, 'hash'
UNION ALL SELECT 'health', 'all', 'all', (day - interval '1 month')::date, day::date, 70, NULL, NULL, 50, true, 'hash' FROM generate_series(1, 9) k, LATERAL (SELECT date '2023-10-01' + k * interval '1 month' AS day) d;
CREATE OR REPLACE VIEW cs.metric_reading AS TABLE public.known;
-- Readings run through 7, 3, 10, 6, 2, 9, 5, 1, 8, 4, 0; that of June 2024 is the 30th, 210 % 11 = 1.
SELECT results_eq($$SELECT period_end_on, reading, before_reading, reading_change, year_before_reading, reading_change_year, history_count FROM cs.scorecard WHERE metric = 'nps'$$, $$VALUES (date '2024-07-01', 1::float8, 5::float8, -4::float8, 5::float8, -4::float8, 24::bigint)$$, 'a month before, a year before, and 24 months');
SELECT results_eq($$SELECT round(percentile_rate::numeric, 12), round(robust_z_score::numeric, 12) FROM cs.scorecard WHERE metric = 'nps'$$,
    $$WITH past AS (SELECT reading FROM public.known WHERE metric = 'nps' AND period_end_on < '2024-07-01' ORDER BY period_end_on DESC LIMIT 24), middle AS (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY reading) AS m FROM past)
      SELECT round((count(*) FILTER (WHERE reading < 1) + 0.5 * count(*) FILTER (WHERE reading = 1)) / 24, 12), round(((1 - m) / (1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(reading - m))))::numeric, 12) FROM past, middle GROUP BY m$$, 'its place among them, and how odd it is');
SELECT results_eq($$SELECT lowest_segment, lowest_reading, highest_segment, highest_reading, verdict FROM cs.scorecard WHERE metric = 'csat'$$, $$VALUES ('b', 0.6::float8, 'c', 0.9::float8, 'met, within chance')$$, 'the lowest and highest segments of ten and more');
SELECT results_eq($$SELECT value, reading, is_suppressed FROM cs.scorecard_by_segment WHERE metric = 'csat' AND dimension = 'segment'$$, $$VALUES ('a', NULL::float8, true), ('b', 0.6, false), ('c', 0.9, false), ('d', 0.7, false), ('e', NULL, false)$$, 'nine are too few, and ten are not');
SELECT results_eq($$SELECT reading, history_count, percentile_rate, robust_z_score FROM cs.scorecard WHERE metric = 'ces'$$, $$VALUES (6::float8, 5::bigint, NULL::float8, NULL::float8)$$, 'five months are too few to tell its place');
SELECT results_eq($$SELECT period_end_on, reading, before_reading, goal_status FROM cs.scorecard WHERE metric = 'fcr'$$, $$VALUES (date '2024-06-01', 0.7::float8, NULL::float8, 'below')$$, 'a month without any is passed over, and one that is not over');
SELECT results_eq($$SELECT history_count, percentile_rate, robust_z_score, goal_status, reading_from_goal, verdict FROM cs.scorecard WHERE metric = 'health'$$, $$VALUES (8::bigint, 0.5::float8, NULL::float8, 'below', 0::float8, 'missed')$$, 'what never moves is in the middle, and oddness has no measure; 70 is not above 70');
SELECT is(num_nulls(reading, period_end_on, verdict, n_count), 4, 'a metric of which nothing is known has a row that says so') FROM cs.scorecard WHERE metric = 'nrr';

-- The accounts are those of the month that is shown, metric by metric.
UPDATE cs.target SET goal = '(1.10,)' WHERE metric = 'nrr' AND segment IS NULL;
TRUNCATE public.known;
INSERT INTO public.known SELECT * FROM long WHERE metric IN ('grr', 'mrr', 'fcr', 'nps') OR (metric = 'nrr' AND period_end_on < '2024-05-01') OR (metric = 'reopen' AND period_end_on < '2024-03-01');
SELECT results_eq($$SELECT metric, period_end_on FROM cs.scorecard_by_account GROUP BY 1, 2 ORDER BY 1$$, $$VALUES ('fcr', date '2024-08-01'), ('grr', '2024-08-01'), ('mrr', '2024-08-01'), ('nps', '2024-08-01'), ('nrr', '2024-04-01'), ('reopen', '2024-02-01')$$, 'of months that differ, each has its own');
SELECT is_empty($$SELECT * FROM pg_temp.scorecard_differs() d WHERE d ~ '^(grr|mrr|fcr|nps|nrr|reopen):'$$, 'and adds up to it');

-- What goes before: new_mrr follows stickiness after 2 months, grr health at once; reopen and arpa have nothing to do with each other; expansion and mau both just grow.
TRUNCATE public.known;
SELECT setseed(0.4) \g /dev/null
CREATE TABLE public.noise AS SELECT k, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e, random() AS f FROM generate_series(-5, 60) k;
INSERT INTO public.known
SELECT m.metric, 'all', 'all', (day - interval '1 month')::date, day::date, m.reading, NULL, NULL, 50, true, 'hash'
FROM public.noise n JOIN public.noise o ON o.k = n.k - 2, LATERAL (SELECT date '2019-01-01' + n.k * interval '1 month' AS day) d,
     LATERAL (VALUES ('stickiness', n.a), ('new_mrr', 10 + 3 * o.a + n.d / 20), ('health', n.b), ('grr', 1 - n.b), ('reopen', n.c), ('arpa', n.d), ('mau', n.k * 10 + n.e), ('expansion_mrr', n.k * 100 + n.f), ('fcr', 0.5)) m(metric, reading)
WHERE n.k > 0;
SELECT results_eq($$SELECT leading_metric, lagging_metric, lag_months, spearman_rate > 0.9, n_count, spearman_p < 1e-9, spearman_q < 1e-7 FROM cs.scorecard_lead WHERE (leading_metric, lagging_metric) IN (('stickiness', 'new_mrr'), ('health', 'grr')) ORDER BY 1$$,
    $$VALUES ('health', 'grr', 0, false, 30::bigint, true, true), ('stickiness', 'new_mrr', 2, true, 30, true, true)$$, 'what follows is found, and after how long');
SELECT is(round(spearman_rate::numeric, 12), -1::numeric, 'what goes the other way too') FROM cs.scorecard_lead WHERE leading_metric = 'health' AND lagging_metric = 'grr';
SELECT cmp_ok(spearman_q, '>', 0.05::float8, format('%s and %s are not related', leading_metric, lagging_metric)) FROM cs.scorecard_lead WHERE (leading_metric, lagging_metric) IN (('reopen', 'arpa'), ('mau', 'expansion_mrr')) ORDER BY leading_metric;
SELECT is_empty($$SELECT * FROM cs.scorecard_lead WHERE 'fcr' IN (leading_metric, lagging_metric)$$, 'what never changes goes before nothing');
-- at lag 2, of the later half of 59 changes: rank both, correlate, and t of that
SELECT is(round(spearman_rate::numeric, 12), (SELECT round(corr(x, y)::numeric, 12) FROM (SELECT rank() OVER (ORDER BY l.r) AS x, rank() OVER (ORDER BY f.r) AS y FROM
        (SELECT period_end_on AS m, reading - lag(reading) OVER (ORDER BY period_end_on) AS r FROM public.known WHERE metric = 'reopen') l JOIN (SELECT period_end_on AS m, reading - lag(reading) OVER (ORDER BY period_end_on) AS r FROM public.known WHERE metric = 'arpa') f
        ON l.m = f.m - lag_months * interval '1 month' WHERE f.m >= date '2019-01-01' + interval '31 months') p), 'the rank correlation is that of plain SQL, on the later months alone') FROM cs.scorecard_lead WHERE leading_metric = 'reopen' AND lagging_metric = 'arpa';
SELECT is_empty($$SELECT * FROM (SELECT spearman_q, least(1, min(spearman_p * n / place) OVER (ORDER BY place DESC)) AS want FROM (SELECT *, count(*) OVER () AS n, row_number() OVER (ORDER BY spearman_p) AS place FROM cs.scorecard_lead) r) q WHERE abs(spearman_q - want) > 1e-12$$, 'q is that of Benjamini and Hochberg');
DELETE FROM public.known WHERE period_end_on > '2019-01-01'::date + interval '22 months';
SELECT is_empty('SELECT * FROM cs.scorecard_lead', 'of 21 changes, eleven later ones are too few');

-- A company that nobody has told anything
CALL create_model('empty');
SELECT results_eq('SELECT count(*), count(reading), count(verdict) FROM empty.scorecard', 'VALUES (25::bigint, 0::bigint, 0::bigint)', 'an empty model: a row a metric, and nothing in it');
SELECT is_empty('SELECT 1 FROM empty.metric_reading UNION ALL SELECT 1 FROM empty.scorecard_by_segment UNION ALL SELECT 1 FROM empty.executive_monthly UNION ALL SELECT 1 FROM empty.scorecard_by_account UNION ALL SELECT 1 FROM empty.scorecard_lead UNION ALL SELECT 1 FROM empty.retention_by_account', 'and nothing anywhere else');

SELECT * FROM finish();
ROLLBACK;
