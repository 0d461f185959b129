\unset ECHO
\i test/psql.sql
-- Churn models: days and labels by hand, the test on later days worked out once more, nothing of the future, noise, who is in force, and what the views make of it.
BEGIN;
SELECT plan(52);

-- 360 customers since 2024. Of each third the use of the product ends, and most of these leave some three months later; of the others few do, at any time.
CREATE FUNCTION public.throw(a bigint, n bigint) RETURNS float8 LANGUAGE sql IMMUTABLE RETURN (hashint8extended(a, n) & 4294967295) / 4294967296.0::float8;
CREATE TABLE public.customer AS
SELECT a AS account_id, (ARRAY['SMB', 'Enterprise'])[1 + a % 2] AS segment, (ARRAY['Ann', 'Bob', 'Cy'])[1 + a / 2 % 3] AS owner, date '2024-01-01' + (throw(a, 1) * 300)::int AS starts_on,
       CASE WHEN a % 3 = 0 THEN date '2024-01-01' + (throw(a, 1) * 300 + 60 + throw(a, 2) * 700)::int END AS fades_on, 50 + (throw(a, 3) * 400)::int AS mrr
FROM generate_series(1::bigint, 360) AS a;
CREATE TABLE public.term AS
SELECT account_id, starts_on, CASE WHEN fades_on IS NOT NULL AND throw(account_id, 4) < 0.8 THEN fades_on + 70 + (throw(account_id, 5) * 40)::int
                                   WHEN fades_on IS NULL AND throw(account_id, 6) < 0.12 THEN starts_on + 200 + (throw(account_id, 7) * 400)::int END AS ends_on, mrr, (starts_on + interval '3 years')::date AS renews_on
FROM public.customer;
CREATE TABLE public.visit AS
SELECT account_id, (d + interval '12 hours')::timestamptz AS at, 5 AS events
FROM public.customer JOIN public.term USING (account_id, starts_on, mrr), generate_series(starts_on::timestamp, '2026-03-31', '4 days') AS d WHERE d < coalesce(fades_on, 'infinity') AND d < coalesce(ends_on, 'infinity');
CREATE FUNCTION pg_temp.make(model text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CALL create_model(model, 'bigint');
    EXECUTE format('UPDATE %I.policy SET as_of = ''2026-03-31'', store_from_count = 0, health_min_coverage = 0.1', model);
    CALL map(model, 'account', 'SELECT account_id, segment, owner FROM public.customer');
    CALL map(model, 'subscription', 'SELECT account_id, starts_on, ends_on, mrr, renews_on FROM public.term');
    CALL map(model, 'usage', 'SELECT * FROM public.visit');
    CALL refresh(model);
END $$;
SELECT pg_temp.make('cs') \g /dev/null

-- What cannot be learnt says so, and leaves nothing behind.
SELECT throws_ok($$CALL train_churn_model('other')$$, '3F000', NULL, 'an unknown model');
SELECT throws_ok($$CALL train_churn_model('cs', 0)$$, '22023', 'horizon_days 0 is not between 1 and 3653', 'no horizon');
SELECT throws_ok($$CALL train_churn_model('cs', NULL)$$, '22023', 'horizon_days NULL is not between 1 and 3653', 'nor NULL');
SELECT throws_ok($$CALL train_churn_model('cs', months => 1)$$, '22023', 'months 1 is not between 2 and 240', 'one month cannot be held against another');
SELECT throws_ok($$CALL train_churn_model('cs', max_examples => 5)$$, '22023', 'max_examples 5 is not 100 or more', 'too small a sample');
SELECT throws_ok($$CALL train_churn_model('cs', 800)$$, '55000', 'model "cs" tells of too short a time to learn who leaves within 800 days', 'too long a horizon');
SELECT throws_ok($$CALL train_churn_model('cs', 1, 2)$$, '55000', NULL, 'too few left');
SELECT is_empty('SELECT * FROM cs_internal.churn_example', 'nothing is left of what was read');
SELECT ok(count(*) > 100 AND count(churn_probability) = 0, 'without a model nothing is foretold') FROM cs.account_now;
SELECT is_empty('SELECT account_id FROM cs.churn_risk UNION ALL SELECT account_count FROM cs.revenue_at_risk', 'and nobody is at risk by it');
CREATE TABLE public.queue_before AS SELECT * FROM cs.csm_today;
SELECT results_eq('SELECT at_risk_mrr FROM public.queue_before', 'SELECT round(mrr * (100 - health_score::numeric) / 100, 6) FROM public.queue_before', 'the queue goes by the score');

-- Days: of the 24 ends of months 90 days and more before 2026-03-31 (the last is 2025-12-31) the last quarter is to test by, six; those from which 90 days have passed by the first of these are to learn from.
SELECT is(row(t.trained[1], t.trained[cardinality(t.trained)], cardinality(t.trained), t.tested)::text, '(2024-01-31,2025-04-30,16,"{2025-07-31,2025-08-31,2025-09-30,2025-10-31,2025-11-30,2025-12-31}")', 'the days') FROM days_of_training('cs', 90, 24) AS t;
SELECT is((split_days(ARRAY(SELECT (date '2025-01-01' + n * interval '1 month')::date - 1 FROM generate_series(1, 12) AS n), 31)).trained, ARRAY(SELECT (date '2025-01-01' + n * interval '1 month')::date - 1 FROM generate_series(1, 9) AS n),
          'a horizon lies between what is learnt and what is tested');
CALL train_churn_model('cs', horizon_days => 90);
SELECT is(row(horizon_days, from_on, until_on, tested_from_on, tested_until_on, in_force, is_forced)::text, '(90,2024-01-31,2025-04-30,2025-07-31,2025-12-31,t,f)', 'a row of what was learnt') FROM cs.churn_model;
SELECT is_empty('SELECT * FROM cs_internal.churn_example', 'what was read is not kept');

-- The test, worked out once more from the views: labels from the table of terms, chances by predict_numbers().
CREATE TABLE public.told AS
SELECT d.day, f.account_id, f.features, predict_numbers(m.fit, f.features) AS chance, coalesce(t.ends_on, 'infinity') <= d.day + 90 AS is_churned, f.health_score
FROM cs.churn_model AS m, unnest('{2025-07-31,2025-08-31,2025-09-30,2025-10-31,2025-11-30,2025-12-31}'::date[]) AS d(day), cs_internal.churn_feature(d.day) AS f JOIN public.term AS t USING (account_id);
SELECT is(m.held_back, s.state, 'who left within 90 days, by the table itself') FROM cs.churn_model AS m, (SELECT backtest_agg(chance, is_churned, account_id::text) AS state FROM public.told) AS s;
SELECT is(m.health, s.state, 'the same of the scores') FROM cs.churn_model AS m, (SELECT backtest_agg(100 - coalesce(health_score, (SELECT avg(health_score::numeric) FROM public.told)::float8), is_churned, account_id::text) AS state FROM public.told) AS s;
SELECT ok(abs(c.auc_rate - p.area) < 1e-12 AND abs(c.brier_score - p.brier) < 1e-12 AND c.prediction_count = p.n AND c.churn_count = p.k, 'the card: area as the share of pairs won, Brier score and counts in plain SQL')
FROM cs.model_card AS c, (SELECT (SELECT avg(CASE WHEN a.chance > b.chance THEN 1 WHEN a.chance = b.chance THEN 0.5 ELSE 0 END) FROM public.told AS a JOIN public.told AS b ON a.is_churned AND NOT b.is_churned) AS area,
                                 avg((chance - is_churned::int) ^ 2) AS brier, count(*) AS n, count(*) FILTER (WHERE is_churned) AS k FROM public.told) AS p;
SELECT ok(auc_rate > 0.75 AND auc_lower_rate > 0.5 AND auc_lower_rate < auc_rate AND auc_rate < auc_upper_rate AND verdict LIKE 'better than %' AND calibration_slope > 0.3, 'it sees what was planted') FROM cs.model_card;
SELECT is(c.example_count, count(*), 'it learnt from the customers of the earlier days') FROM cs.model_card AS c, unnest((days_of_training('cs', 90, 24)).trained) AS d(day), cs_internal.churn_feature(d.day) AS f GROUP BY c.example_count;
SELECT is(f.features[17:19], ARRAY[c.mrr, date '2025-08-31' - c.starts_on, 365 - (date '2025-08-31' - c.starts_on) % 365]::float8[], 'MRR, age and days to the next year')
FROM cs_internal.churn_feature('2025-08-31') AS f JOIN public.customer AS c USING (account_id) WHERE account_id = 1;
SELECT is((cs_internal.churn_features())[17:], '{mrr,customer_days,anniversary_days}', 'in this order, after the signals');

-- Who is told of.
SELECT ok(bool_and(r.churn_probability = predict_numbers(m.fit, f.features) AND r.expected_loss_mrr = trim_scale(round(r.mrr * r.churn_probability::numeric, 6))) AND count(*) = (SELECT count(*) FROM cs.account_health), 'the chance of each customer, and the MRR to be expected lost')
FROM cs.churn_risk AS r JOIN cs_internal.churn_feature('2026-03-31') AS f USING (account_id), cs.churn_model AS m;
SELECT ok(bool_and(churn_lower_probability < churn_upper_probability AND churn_upper_probability <= 1 AND churn_lower_probability >= 0), 'with an interval') FROM cs.churn_risk;
SELECT ok(abs(r.churn_lower_probability - 1 / (1 + exp(-(x - 1.959963984540054 * s)))) < 1e-9, 'by the line through the later days')
FROM (SELECT r.*, m.odds_line AS l FROM cs.churn_risk AS r, cs.churn_model AS m WHERE account_id = 1) AS r, LATERAL (SELECT ln(churn_probability / (1 - churn_probability)) - l[1] AS d) AS d, LATERAL (SELECT l[2] + l[3] * d AS x, sqrt(l[4] + 2 * d * l[5] + d * d * l[6]) AS s) AS e;
SELECT ok(avg(churn_probability) FILTER (WHERE fades_on BETWEEN '2026-01-10' AND '2026-03-20') > 4 * avg(churn_probability) FILTER (WHERE fades_on IS NULL), 'who fell silent is likelier to leave') FROM cs.churn_risk JOIN public.customer USING (account_id);
SELECT ok(count(*) >= 5 AND avg((reasons ~ '^(consistency|trend) ')::int) > 0.8, 'and that is the reason given') FROM cs.churn_risk JOIN public.customer USING (account_id) WHERE fades_on BETWEEN '2026-01-10' AND '2026-03-10';
SELECT is(r.renews_on, t.renews_on, 'with the day of renewal') FROM cs.churn_risk AS r JOIN public.term AS t USING (account_id) WHERE account_id = 1;
SELECT results_eq('SELECT account_id, churn_probability FROM cs.account_now ORDER BY 1', 'SELECT account_id, churn_probability FROM cs.churn_risk ORDER BY 1', 'account_now has it, for alerts and plays');
SELECT lives_ok($$INSERT INTO cs.alert_rule (rule, description, condition, severity) VALUES ('will leave', 'A chance of one in three', 'churn_probability >= 0.33', 'warning')$$, 'a rule may ask for it');
SELECT is_empty('SELECT rank_number FROM cs.csm_today WHERE at_risk_mrr <> round(mrr * churn_probability::numeric, 6) OR churn_probability IS NULL', 'the queue goes by it');
SELECT ok(bool_and(at_risk_mrr <= before) AND count(*) > 5, 'from the most to be lost down, by urgency') FROM (SELECT at_risk_mrr, lag(at_risk_mrr) OVER (PARTITION BY urgency ORDER BY rank_number) AS before FROM cs.csm_today) AS q WHERE before IS NOT NULL;

-- What it adds up to.
SELECT results_eq('SELECT dimension, abs(sum(expected_loss_mrr) - (SELECT sum(mrr * churn_probability::numeric) FROM cs.churn_risk)) < 0.0001, sum(mrr) FROM cs.revenue_at_risk GROUP BY 1 ORDER BY 1',
    $$SELECT d, true, (SELECT sum(mrr) FROM cs.churn_risk) FROM unnest('{all,owner,renewal_month,segment}'::text[]) AS d$$, 'each dimension adds up to all');
SELECT is(row(b.n, b.mrr), row(r.year_before_count, r.year_before_mrr), 'beside what it would have said a year before') FROM cs.revenue_at_risk AS r, (SELECT count(*) AS n, sum(mrr) AS mrr FROM cs_internal.churn_feature('2025-03-31')) AS b WHERE dimension = 'all';
SELECT ok(max(drift_score) FILTER (WHERE feature = 'customer_days') > 0.25 AND max(advice) FILTER (WHERE feature = 'customer_days') = 'far off' AND min(drift_score) >= 0, 'customers have grown older than those that it learnt from') FROM cs.churn_drift;
SELECT is(sum(churn_count), (SELECT count(*)::numeric FROM public.told WHERE is_churned), 'calibration tells of all of them') FROM cs.churn_calibration;

-- Another horizon is another model: it takes the place of one, but not of one that is forced.
SAVEPOINT horizon;
CALL train_churn_model('cs', 60);
SELECT results_eq('SELECT horizon_days, in_force FROM cs.churn_model ORDER BY churn_model_id', 'VALUES (90, false), (60, true)', 'a good one of another horizon is put in force');
ROLLBACK TO horizon;
UPDATE cs.churn_model SET is_forced = true;
CALL train_churn_model('cs', 60);
SELECT results_eq('SELECT horizon_days, in_force FROM cs.churn_model ORDER BY churn_model_id', 'VALUES (90, true), (60, false)', 'but for one that is forced');
ROLLBACK TO horizon;

-- Nothing that comes later has a part in what was known: facts of all kinds after the day change no byte.
CREATE TABLE public.seen AS SELECT f.account_id, f.features FROM cs_internal.churn_feature('2025-06-30') AS f;
INSERT INTO public.visit SELECT account_id, '2025-08-01', 1000 FROM public.customer;
UPDATE public.term SET ends_on = NULL WHERE ends_on > '2025-07-01' AND account_id % 2 = 0;
UPDATE public.term SET ends_on = '2025-07-15' WHERE ends_on IS NULL AND account_id % 5 = 0;
CALL refresh('cs');
SELECT results_eq('SELECT f.account_id, f.features FROM cs_internal.churn_feature(''2025-06-30'') AS f ORDER BY 1', 'SELECT * FROM public.seen ORDER BY 1', 'what happens later is not seen');
SELECT isnt((SELECT md5(string_agg(f.features::text, ' ' ORDER BY account_id)) FROM cs_internal.churn_feature('2025-08-31') AS f), (SELECT md5(string_agg(features::text, ' ' ORDER BY account_id)) FROM public.told WHERE day = '2025-08-31'), 'a later day sees it');

-- Which is in force. Labels that are drawn by lot teach nothing.
UPDATE public.term SET ends_on = NULL;
UPDATE public.term SET ends_on = date '2024-11-01' + (throw(account_id, 11) * 700)::int WHERE throw(account_id, 12) < 0.6;
DELETE FROM public.visit;
INSERT INTO public.visit SELECT account_id, (date '2024-01-01' + (throw(account_id * 1000 + n, 13) * 820)::int)::timestamptz, 1 + (throw(account_id * 1000 + n, 14) * 9)::int FROM public.customer, generate_series(1, 60) AS n;
CALL refresh('cs', may_shrink => true);
CALL train_churn_model('cs');
SELECT is(verdict, 'not better than chance', 'noise is called that') FROM cs.model_card WHERE churn_model_id = 4;
SELECT results_eq('SELECT churn_model_id, in_force FROM cs.churn_model ORDER BY 1', 'VALUES (1::bigint, true), (4, false)', 'and is not used: the one before stays');
CALL train_churn_model('cs', forced => true);
SELECT results_eq('SELECT churn_model_id, in_force, is_forced FROM cs.churn_model ORDER BY 1', 'VALUES (1::bigint, false, false), (4, false, false), (5, true, true)', 'unless forced');
SELECT is(b.fit::text, a.fit::text, 'the same examples teach the same') FROM cs.churn_model AS a, cs.churn_model AS b WHERE a.churn_model_id = 4 AND b.churn_model_id = 5;
CALL train_churn_model('cs', seed => 2);
SELECT results_eq('SELECT churn_model_id FROM cs.churn_model WHERE in_force', 'VALUES (5::bigint)', 'one that is forced is not put out by one that is not');
SELECT throws_ok('UPDATE cs.churn_model SET in_force = true', '23505', NULL, 'one at most is in force');
UPDATE cs.churn_model SET in_force = false;
SELECT is_empty('SELECT account_id FROM cs.churn_risk', 'none may be in force');
UPDATE cs.churn_model SET in_force = true WHERE churn_model_id = 1;
INSERT INTO cs.health_signal (component, signal, weight, worst, best) VALUES ('business', 'sponsor', 1, 0, 1);
SELECT is_empty('SELECT account_id FROM cs.churn_risk', 'one that learnt from other signals is not used');
SELECT ok(verdict LIKE '%; not used: the signals are others now, train it anew', 'and says so') FROM cs.model_card WHERE churn_model_id = 1;

-- What each is worth from now on: by the curve of its segment, from the month that it has come to.
DELETE FROM cs.health_signal WHERE signal = 'sponsor';
SELECT ok(count(*) > 100 AND bool_and(abs(v.value_rate - e.payments) < 1e-12 AND v.known_months = e.known_months AND v.value_amount = trim_scale(round(v.mrr * e.payments::numeric, 6))
                   AND v.value_lower_amount <= v.value_amount AND v.value_amount <= v.value_upper_amount), 'payments to come of who has stayed so long')
FROM cs.account_value AS v JOIN (SELECT segment, duration_agg(tenure_days * interval '1 day', churned_on IS NOT NULL) AS tenure FROM cs.tenure_by_account GROUP BY 1) AS c USING (segment),
     expected_payments(residual(c.tenure, v.renewal_count * 30.4375 * interval '1 day'), 60, 0.1, 0, true, 0.95) AS e;
SELECT is(v.to_date_amount, trim_scale(round(revenue_between(a.revenue, first_paid_on(a.revenue), '2026-04-01'), 6)), 'and what it has brought') FROM cs.account_value AS v JOIN cs_internal.account_state AS a USING (account_id) ORDER BY account_id LIMIT 1;
SELECT results_eq('SELECT count(*), sum(mrr) FROM cs.account_value', 'SELECT count(*), sum(mrr) FROM cs.account_health WHERE mrr > 0', 'of each account with MRR');

SELECT * FROM finish();
ROLLBACK;
