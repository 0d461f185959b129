\unset ECHO
\i test/psql.sql
-- The rates and intervals of a model's views, against the account histories read at two days and plain SQL.
BEGIN;
SELECT plan(12);

SELECT setseed(0.5);
CREATE TABLE public.term AS
    SELECT account, start AS starts_on, CASE WHEN random() < 0.8 THEN start + (30 + random() * 400)::int END AS ends_on, round((10 + random() * 90)::numeric, 2) AS mrr
    FROM (SELECT account, date '2022-01-05' + (random() * 900)::int AS start FROM generate_series(1, 300) account, generate_series(1, 3)) s;
CALL create_model('cs', 'integer');
CALL map('cs', 'subscription', 'SELECT account AS account_id, starts_on, ends_on, mrr FROM public.term');
UPDATE cs.policy SET as_of = '2024-10-31', confidence = 0.9;
CALL refresh('cs');

-- MRR of an account at the end of the day before, straight from the terms.
CREATE FUNCTION pg_temp.mrr_before(who integer, day date) RETURNS numeric LANGUAGE sql STABLE AS
    'SELECT coalesce(sum(mrr), 0) FROM public.term WHERE account = who AND starts_on < day AND (ends_on IS NULL OR ends_on >= day)';
CREATE FUNCTION pg_temp.flow(from_day date, to_day date) RETURNS revenue_flow LANGUAGE sql STABLE AS
    'SELECT nrr_agg(pg_temp.mrr_before(a, from_day), pg_temp.mrr_before(a, to_day)) FROM generate_series(1, 300) a';

CREATE TEMP TABLE month AS
    SELECT m.*, f.flow FROM cs.revenue_monthly m, LATERAL pg_temp.flow(period_start_on, period_end_on) AS f(flow);
SELECT is((SELECT count(*) FROM month), 34::bigint, 'a row for each month from the first MRR to as_of');
SELECT is_empty($$ SELECT period_start_on FROM month, nrr_interval(flow, 0.9) n, grr_interval(flow, 0.9) g, logo_churn_interval(flow, 0.9) l
    WHERE (opening_mrr, closing_mrr, opening_count, closing_count) IS DISTINCT FROM (opening_mrr(flow), closing_mrr(flow), opening_count(flow), closing_count(flow))
       OR (nrr_rate, nrr_lower_rate, nrr_upper_rate) IS DISTINCT FROM (nrr(flow), n.lower, n.upper)
       OR (grr_rate, grr_lower_rate, grr_upper_rate) IS DISTINCT FROM (grr(flow), g.lower, g.upper)
       OR (logo_churn_rate, logo_churn_lower_rate, logo_churn_upper_rate) IS DISTINCT FROM (logo_churn(flow), l.lower, l.upper)
       OR revenue_churn_rate IS DISTINCT FROM revenue_churn(flow) $$,
    'revenue_monthly: balances, rates and intervals at the confidence of the policy are those of the two ends of each month');

CREATE TEMP TABLE year AS
    SELECT y.*, f.flow FROM cs.retention_trailing_year y, LATERAL pg_temp.flow(period_start_on, period_end_on) AS f(flow);
SELECT is((SELECT count(*) FROM year), 22::bigint, 'a row for each year that begins with MRR');
SELECT is_empty('SELECT * FROM year WHERE period_end_on <> period_start_on + interval ''1 year''', 'each of them is a year long');
SELECT is_empty($$ SELECT period_end_on FROM year, nrr_interval(flow, 0.9) n, grr_interval(flow, 0.9) g, logo_churn_interval(flow, 0.9) l
    WHERE (opening_mrr, opening_count) IS DISTINCT FROM (opening_mrr(flow), opening_count(flow))
       OR (nrr_rate, nrr_lower_rate, nrr_upper_rate) IS DISTINCT FROM (nrr(flow), n.lower, n.upper)
       OR (grr_rate, grr_lower_rate, grr_upper_rate) IS DISTINCT FROM (grr(flow), g.lower, g.upper)
       OR (logo_churn_rate, logo_churn_lower_rate, logo_churn_upper_rate) IS DISTINCT FROM (logo_churn(flow), l.lower, l.upper) $$,
    'retention_trailing_year: rates and intervals are those of the two ends of each year');
SELECT is_empty($$ SELECT y.period_end_on FROM year y JOIN month m ON m.period_end_on <= y.period_end_on AND m.period_start_on >= y.period_start_on
    GROUP BY 1, y.nrr_chained_rate, y.nrr_ttm_avg_rate, y.nrr_movement_rate, y.opening_mrr
    HAVING abs(nrr_chained_rate - exp(sum(ln(m.nrr_rate)))) > 1e-12
        OR abs(nrr_ttm_avg_rate - sum(m.nrr_rate * m.opening_mrr::float8) / sum(m.opening_mrr)::float8) > 1e-12
        OR abs(nrr_movement_rate - ((y.opening_mrr + sum(m.expansion_mrr - m.contraction_mrr - m.churn_mrr)) / y.opening_mrr)::float8) > 1e-12 $$,
    'retention_trailing_year: the other methods are what the months make of them');
SELECT isnt((SELECT max(abs(nrr_chained_rate - nrr_rate)) > 0.01 FROM year), false, 'and they are not all the same');

SELECT is_empty($$ SELECT period_start_on FROM cs.churn_monthly c JOIN month m USING (period_start_on)
    WHERE abs(c.contraction_rate - contraction(flow)) > 1e-15 OR abs(c.net_revenue_churn_rate - net_revenue_churn(flow)) > 1e-15
       OR abs(c.annualized_logo_churn_rate - (1 - (1 - m.logo_churn_rate) ^ 12)) > 1e-12
       OR abs(c.logo_churn_average_rate - (m.churn_count + m.intra_period_count) / ((m.opening_count + m.closing_count) / 2.0)) > 1e-12 $$,
    'churn_monthly: its rates follow from the months');
SELECT is_empty($$ SELECT c.period_start_on FROM cs.churn_monthly c,
    LATERAL (SELECT count(logo_churn_rate), 1 - exp(sum(ln(1 - logo_churn_rate))) AS rate FROM month m
             WHERE m.period_start_on BETWEEN c.period_start_on - interval '11 months' AND c.period_start_on) twelve
    WHERE c.trailing_year_logo_churn_rate IS NULL <> (twelve.count < 12) OR abs(c.trailing_year_logo_churn_rate - twelve.rate) > 1e-12 $$,
    'churn_monthly: the trailing year compounds twelve months, and is NULL before there are twelve');

SELECT is_empty($$ SELECT cohort_on, age_months FROM cs.cohort_retention c,
    LATERAL (SELECT count(*), count(*) FILTER (WHERE now > 0) AS retained, sum(now) AS mrr, sum(start) AS start_mrr, sum(least(now, start)) AS kept_mrr
             FROM (SELECT account, min(starts_on) AS first FROM public.term WHERE ends_on IS NULL OR ends_on > starts_on GROUP BY account) a,
                  LATERAL (SELECT pg_temp.mrr_before(account, first + 1) AS start, pg_temp.mrr_before(account, c.period_end_on) AS now) m
             WHERE date_trunc('month', first) = c.cohort_on) plain
    WHERE (account_count, retained_count, c.mrr, c.start_mrr, c.kept_mrr) IS DISTINCT FROM (plain.count, plain.retained, plain.mrr, plain.start_mrr, plain.kept_mrr)
       OR period_end_on <> cohort_on + (age_months + 1) * interval '1 month' OR NOT is_mature $$,
    'cohort_retention: each cell is what the terms say');

-- As of a past day, nothing of what came later is seen.
UPDATE cs.policy SET as_of = '2023-06-15';
SELECT is_empty($$ SELECT period_start_on, opening_mrr, closing_mrr, nrr_rate FROM cs.revenue_monthly WHERE is_complete
                   EXCEPT SELECT period_start_on, opening_mrr, closing_mrr, nrr_rate FROM month $$, 'as of a past day the months that were over read the same');
SELECT results_eq('SELECT period_end_on, is_complete, closing_mrr FROM cs.revenue_monthly ORDER BY 1 DESC LIMIT 1',
    $$ SELECT date '2023-06-16', false, sum(pg_temp.mrr_before(a, '2023-06-16')) FROM generate_series(1, 300) a $$, 'and the month that was not ends with that day');

SELECT * FROM finish();
ROLLBACK;
