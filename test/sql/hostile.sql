\unset ECHO
\i test/psql.sql
-- Text and bytes from outside are hostile: each is refused, or is a canonical state that every reader can read.
BEGIN;
\i test/samples.sql
SELECT plan((19 + 6 * count(*))::int) FROM state_type;
SELECT setseed(0.17) \g /dev/null
-- script/test --both, as CI does, tries 10,000 of each type and way
\set cases 3000
\getenv cases HOSTILE_CASES

-- Honest states of each type, to be spoilt: usual, huge, below zero, small.
CREATE TABLE term AS
SELECT id, id % 9 AS account, starts, starts + floor(random() * 300)::int AS ends, random() < 0.2 AS paused,
       CASE id % 4 WHEN 0 THEN 1e12 + round(random()::numeric, 6) WHEN 1 THEN floor(random() * 100)::numeric ELSE round(random()::numeric * 100, 6) END AS mrr,
       CASE id % 3 WHEN 0 THEN 0 WHEN 1 THEN 1e17 + 0.000001 ELSE round(random()::numeric * 100, 2) END AS later
FROM (SELECT id, date '2024-01-01' + floor(random() * 300)::int AS starts FROM generate_series(1, 40) AS id) AS t;
CREATE TABLE history AS SELECT account, mrr_timeline_agg(starts, ends, CASE WHEN id % 7 > 1 THEN mrr END, paused, true) AS history FROM term GROUP BY account;
CREATE TABLE used AS SELECT account, activity_agg(starts) AS used FROM term GROUP BY account;
-- More lengths than are kept, without and with weights, far apart so that few buckets hold them.
CREATE FUNCTION many_durations(weighted boolean) RETURNS durations LANGUAGE sql AS $$
    SELECT CASE WHEN weighted THEN duration_agg(n * interval '1 us' + n % 3 * interval '20000 days', n % 2 = 0, n % 7) ELSE duration_agg(n * interval '1 us' + n % 3 * interval '20000 days', n % 2 = 0) END
    FROM generate_series(1000000, 1004200) AS n
$$;
CREATE FUNCTION few_durations() RETURNS durations LANGUAGE sql AS $$ SELECT duration_agg(n * interval '1 hour', n < 5) FROM generate_series(1, 9) AS n $$;
-- One account more, by the arguments of the state itself.
CREATE FUNCTION grown(x usage_retention) RETURNS usage_retention LANGUAGE sql AS $$
    SELECT retention_agg_add(x, (SELECT activity_agg(f[1]::date + n * n) FROM generate_series(0, 9) AS n WHERE f[1]::date + n * n <= '9999-12-31'), f[1]::date, f[2]::date,
                             (ARRAY['day', 'week', 'month', 'quarter', 'year'])[1 + f[3]::int], f[5]::int)
    FROM (SELECT string_to_array(split_part(x::text, '|', 2), ' ')) AS s(f)
$$;

-- Its parts, which must add up to it.
CREATE FUNCTION put_together(x mrr_timeline) RETURNS mrr_timeline LANGUAGE plpgsql AS $$
DECLARE
    whole mrr_timeline;
BEGIN
    SELECT rollup(sound(part)) INTO whole FROM split_gaps(x, 30) AS part;
    IF whole <> x THEN RAISE 'parts do not add up: %', whole; END IF;
    RETURN whole;
END
$$;
-- Its single periods; of days that have none, itself.
CREATE FUNCTION single_periods_or(x mrr_movements) RETURNS mrr_movements LANGUAGE plpgsql AS $$
BEGIN
    RETURN single_periods(x);
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN x;
END
$$;

-- What a fit predicts for who has none of its features, which it says, and for the seeds' own.
CREATE FUNCTION cox_told(x cox) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
    RETURN cox_survival(x, '{"mrr": 5, "part": "part 1", "even": true, "é": 3, "follows": 4}', 7);
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN NULL;
END
$$;
CREATE FUNCTION hazard_told(x hazard) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
    RETURN hazard_survival(x, '{"mrr": 5, "part": "part 1", "even": true}', 7);
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN NULL;
END
$$;
-- What a classifier says of features that it may know as numbers or as texts.
CREATE FUNCTION classifier_told(x classifier) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
    RETURN predict(x, '{"mrr": 5.5, "account": null, "pärt": "part 1", "p": true, "a": 3, "b": 7}'::jsonb);
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN NULL;
END
$$;
CREATE TABLE seed (type text, form text, bytes bytea);
INSERT INTO seed SELECT 'revenue_flow', s::text, revenue_flow_send(s)
FROM (SELECT nrr_agg(mrr, later) FROM term UNION ALL SELECT nrr_agg(1, 2)
      UNION ALL SELECT unmerge(nrr_agg(1, 1), nrr_agg(mrr, later)) FROM term) AS q(s);
INSERT INTO seed SELECT 'churn', s::text, churn_send(s)
FROM (SELECT churn_agg(starts, ends, '2024-04-01', '2024-07-01', mrr, ends) FROM term
      UNION ALL SELECT unmerge(churn_agg(NULL, NULL, '2024-04-01', '2024-07-01'), churn_agg(starts, ends, '2024-04-01', '2024-07-01', later)) FROM term) AS q(s);
INSERT INTO seed SELECT 'mrr_timeline', s::text, mrr_timeline_send(s)
FROM (SELECT history FROM history WHERE account < 4 UNION ALL SELECT mrr_timeline_agg(starts, later) FROM term WHERE account < 2
      UNION ALL SELECT mrr_timeline_agg('2024-01-01', NULL, NULL)) AS q(s);
INSERT INTO seed SELECT 'mrr_movements', s::text, mrr_movements_send(s)
FROM (SELECT mrr_movement_agg(history, '2024-02-01', '2024-04-15', 'month') FROM history
      UNION ALL SELECT mrr_movement_agg(history, '2024-03-01', '2024-05-01', 'month', 2) FROM history) AS q(s);
INSERT INTO seed SELECT 'cohorts', s::text, cohorts_send(s)
FROM (SELECT cohort_agg(history, '2024-01-01', '2024-04-15', 'month') FROM history
      UNION ALL SELECT cohort_agg(NULL, '2024-01-01', '2024-01-02', 'year')) AS q(s);
INSERT INTO seed SELECT 'rate', s::text, rate_send(s)
FROM (SELECT rate_agg(later > mrr) FROM term UNION ALL SELECT make_rate(200000000000000000, 576460752303423487)
      UNION ALL SELECT unmerge(make_rate(1, 1), rate_agg(paused)) FROM term UNION ALL SELECT make_rate(0, 0)) AS q(s);
INSERT INTO seed SELECT 'survey', s::text, survey_send(s)
FROM (SELECT survey_agg(CASE WHEN account < 8 THEN mrr END) FROM term WHERE account > 2 UNION ALL SELECT survey_agg(s) FROM unnest('{0,6,7,9,10,11,NULL,NaN}'::numeric[]) AS s
      UNION ALL SELECT unmerge(survey_agg(5), survey_agg(id % 4)) FROM term) AS q(s);
INSERT INTO seed SELECT 'sbg', s::text, sbg_send(s)
FROM (SELECT sbg_agg(1 + account, paused, id) FROM term UNION ALL SELECT sbg_agg(period, true, lost) FROM (VALUES (1, 369), (2, 163), (3, 86), (4, 56)) AS t(period, lost)
      UNION ALL SELECT unmerge(sbg_agg(0, false), sbg_agg(account + 1, paused)) FROM term) AS q(s);
INSERT INTO seed SELECT 'purchases', s::text, purchases_send(s)
FROM (SELECT purchase_agg(starts, mrr) FROM term WHERE account < 3 UNION ALL SELECT purchase_agg(day, 1e18) FROM (VALUES (date '0001-01-01'), ('9999-12-31')) AS v(day)
      UNION ALL SELECT unmerge(purchase_agg('2024-01-01', 5), purchase_agg(starts, later)) FROM term WHERE account = 5 UNION ALL SELECT purchase_agg(NULL, NULL)) AS q(s);
-- Of the customers below one model and the other.
CREATE TABLE customer AS
SELECT account % 4 AS x, CASE WHEN account % 4 > 0 THEN 10 + id / 7.0 ELSE 0 END AS t_x, 10 + id::float8 AS age, id AS n FROM term
UNION ALL SELECT 5000, 1e12 - 1, 1e12, 1 UNION ALL SELECT 1, 5e-324, 1e12, 2 UNION ALL SELECT 100000, 3, 3, 1 UNION ALL SELECT 0, 0, 0, 576460752303422000;
INSERT INTO seed SELECT 'bgnbd', s::text, bgnbd_send(s)
FROM (SELECT bgnbd_agg(x, t_x, age) FROM customer WHERE x < 5 UNION ALL SELECT bgnbd_agg(x, t_x, age, n) FROM customer UNION ALL SELECT bgnbd_agg(NULL, NULL, NULL)
      UNION ALL SELECT unmerge(bgnbd_agg(2, 1, 3), bgnbd_agg(x, t_x, age)) FROM customer) AS q(s);
INSERT INTO seed SELECT 'pareto_nbd', s::text, pareto_nbd_send(s)
FROM (SELECT pareto_nbd_agg(x, t_x, age) FROM customer WHERE x < 5 UNION ALL SELECT pareto_nbd_agg(x, t_x, age, n) FROM customer UNION ALL SELECT pareto_nbd_agg(NULL, NULL, NULL)
      UNION ALL SELECT unmerge(pareto_nbd_agg(2, 1, 3), pareto_nbd_agg(x, t_x, age)) FROM customer) AS q(s);
INSERT INTO seed SELECT 'gamma_gamma', s::text, gamma_gamma_send(s)
FROM (SELECT gamma_gamma_agg(account % 4, mrr::float8) FROM term UNION ALL SELECT gamma_gamma_agg(x, amount, n / 3) FROM customer, unnest('{0,5e-324,1e18}'::float8[]) AS amount
      UNION ALL SELECT unmerge(gamma_gamma_agg(2, 1), gamma_gamma_agg(x, age)) FROM customer) AS q(s);
INSERT INTO seed SELECT 'backtest', s::text, backtest_send(s)
FROM (SELECT backtest_agg(mrr::float8, paused, account::text) FROM term UNION ALL SELECT backtest_agg(account * 0.1 - 0.3, paused) FROM term
      UNION ALL SELECT backtest_agg(v, v > 0) FROM unnest('{1.7e308,-1.7e308,5e-324,0,-0}'::float8[]) AS v
      UNION ALL SELECT unmerge(backtest_agg(0.5, true, 'a'), backtest_agg(account, paused)) FROM term) AS q(s);
INSERT INTO seed SELECT 'durations', s::text, durations_send(s)
FROM (SELECT duration_agg(starts, ends, '2024-12-01') FROM term UNION ALL SELECT duration_agg(starts, ends, '2024-12-01', starts + 100, starts + id) FROM term
      UNION ALL SELECT duration_agg((ends - starts) * interval '1 day', paused, mrr) FROM term WHERE account < 5 UNION ALL SELECT duration_agg(interval '3 hours', true)
      UNION ALL SELECT unmerge(duration_agg(interval '3 hours', true), duration_agg(starts, ends, '2024-12-01')) FROM term
      UNION ALL SELECT many_durations(false) UNION ALL SELECT many_durations(true)) AS q(s);
INSERT INTO seed SELECT 'tickets', s::text, tickets_send(s)
FROM (SELECT ticket_agg(starts, ends, starts + 30, account, paused, id, account::text, NULL) FROM term WHERE account < 2
      UNION ALL SELECT ticket_agg(starts, ends, starts + 30, account, NULL, id, NULL, account::text, ends) FROM term WHERE account = 3
      UNION ALL SELECT unmerge(ticket_agg(NULL, NULL, 0), ticket_agg(starts, ends, 1)) FROM term WHERE account = 5 UNION ALL SELECT ticket_agg('2024-01-01', NULL, 0)) AS q(s);
INSERT INTO seed SELECT 'answers', s::text, answers_send(s)
FROM (SELECT answer_agg('csat', mrr, ends, starts, account::text, 0, later + 1, paused) FROM term WHERE account < 2
      UNION ALL SELECT unmerge(answer_agg('nps', 'NaN', ends, NULL, NULL, NULL, NULL, NULL), answer_agg('ces', NULL, NULL, starts, NULL, -1e17, NULL, true)) FROM term WHERE account = 5) AS q(s);
INSERT INTO seed SELECT 'activity', s::text, activity_send(s)
FROM (SELECT activity_agg(starts, id % 3 * 100) FROM term UNION ALL SELECT activity_agg(day) FROM (VALUES (date '0001-01-01'), ('9999-12-31')) AS v(day)
      UNION ALL SELECT unmerge(activity_agg(starts, 1), activity_agg(ends, id)) FROM term) AS q(s);
INSERT INTO seed SELECT 'active_series', s::text, active_series_send(s)
FROM (SELECT active_series_agg(usage, '2024-02-01', '2024-03-10', 1, 3, 5) FROM (SELECT activity_agg(starts) AS usage FROM term GROUP BY account) AS u) AS q(s);
INSERT INTO seed SELECT 'milestones', s::text, milestones_send(s)
FROM (SELECT milestone_agg(account::text, starts, ends, paused, NOT paused) FROM term WHERE account < 2
      UNION ALL SELECT unmerge(milestone_agg(NULL, NULL, NULL, NULL, NULL), milestone_agg('a', starts, NULL, true, true)) FROM term WHERE account = 5) AS q(s);
INSERT INTO seed SELECT 'signals', s::text, signals_send(s)
FROM (SELECT signal_agg(account::text, starts, later) FROM term WHERE account < 3
      UNION ALL SELECT unmerge(signal_agg(NULL, NULL, NULL), signal_agg('pulse', starts, -mrr)) FROM term WHERE account = 5 UNION ALL SELECT signal_agg('pulse', '2024-01-01', 3)) AS q(s);
CREATE TABLE usage AS SELECT account, feature_usage_agg('feature ' || id % 7, starts + n * n * 9, id * n) AS usage FROM term, generate_series(0, 9) AS n GROUP BY account;
INSERT INTO seed SELECT 'feature_usage', s::text, feature_usage_send(s)
FROM (SELECT usage FROM usage WHERE account < 2 UNION ALL SELECT unmerge(feature_usage_agg('é', '2024-01-01', 5), (SELECT usage FROM usage WHERE account = 2))
      UNION ALL SELECT feature_usage_agg(name, '0001-01-01', 281474976710655) FROM unnest('{"",a,日本,🎉}'::text[]) AS name UNION ALL SELECT feature_usage_agg(NULL, NULL)) AS q(s);
INSERT INTO seed SELECT 'adoption', s::text, adoption_send(s)
FROM (SELECT adoption_agg(usage, '2024-02-01', '2024-06-01') FROM usage UNION ALL SELECT adoption_agg(usage, '2024-02-01', '2024-06-01', '{feature 1,x}') FROM usage
      UNION ALL SELECT adoption_agg(usage, '2024-02-01', '2024-06-01', ARRAY['feature ' || account, 'feature 3'], date '2024-01-01' + 9 * account) FROM usage
      UNION ALL SELECT unmerge(adoption_agg(NULL, '2024-02-01', '2024-06-01', '{é}', '0001-01-01'), adoption_agg(usage, '2024-02-01', '2024-06-01', '{feature 2}', '2024-03-01')) FROM usage
      UNION ALL SELECT adoption_agg(NULL, '0001-01-01', '9999-12-31', '{a}', '0001-01-01')) AS q(s);
INSERT INTO seed SELECT 'usage_retention', s::text, usage_retention_send(s)
FROM (SELECT retention_agg(used, '2024-01-01', '2024-04-15', 'month', 28) FROM used UNION ALL SELECT retention_agg(NULL, '2024-01-01', '2024-01-02', 'year', 1)
      UNION ALL SELECT unmerge(retention_agg(NULL, '2024-03-01', '2024-06-01', 'quarter'), retention_agg(used, '2024-03-01', '2024-06-01', 'quarter')) FROM used) AS q(s);
INSERT INTO seed SELECT 'health', s::text, health_send(s)
FROM (SELECT health_score('part ' || id % 3, 'é' || id, least(mrr, 100)::float8, account, (ARRAY['renormalise', 'neutral', 'zero', 'veto', 'pulse'])[1 + id % 5], id % 4 / 3.0) FROM term WHERE account < 5
      UNION ALL SELECT unmerge(health_score('', '日本', 100, 1e6), health_score('a', id::text, NULL, 0.000001)) FROM term WHERE account = 5 UNION ALL SELECT health_score(NULL, NULL, NULL, NULL)) AS q(s);
INSERT INTO seed SELECT 'health_rules', s::text, health_rules_send(s)
FROM (SELECT health_rule_agg('u', id::text, id, account, ARRAY[-1, id]::float8[], ARRAY[id, 100 - id]::float8[], (ARRAY['renormalise', 'neutral', 'zero', 'carry', 'pulse'])[1 + id % 5], id, nullif(id % 4, 3), 79) FROM term WHERE account < 3
      UNION ALL SELECT unmerge(health_rule_agg('', '日本', NULL, 0, '{-1e300,0,1e-300,5}', '{0,100,50,0.5}', 'pulse', 9, NULL, NULL), health_rule_agg('b', 'x', 0, 1e6, '{0,1}', '{100,0}', 'zero', NULL, -1e9, 0))) AS q(s);
INSERT INTO seed SELECT 'health_summary', s::text, health_summary_send(s)
FROM (SELECT health_agg(least(mrr, 100)::float8, later) FROM term UNION ALL SELECT health_agg(NULL::float8, NULL)
      UNION ALL SELECT unmerge(health_agg(100::float8, 1), health_agg(NULLIF(id % 5, 0)::float8, mrr)) FROM term) AS q(s);
-- Fits are values that do not add up.
INSERT INTO seed SELECT 'cox', s::text, cox_send(s)
FROM (SELECT fit_cox($$SELECT ends - starts AS days, paused, mrr::float8 AS mrr, 'part ' || account % 3 AS part, id % 2 = 0 AS even, account FROM term$$, 'days', 'paused', 'efron', 'account')
      UNION ALL SELECT fit_cox($$SELECT n AS t, n % 3 > 0 AS e, n % 5 AS "é", n % 5 + 1 AS follows FROM generate_series(1, 30) AS n$$, 't', 'e', 'breslow')) AS q(s);
INSERT INTO seed SELECT 'hazard', s::text, hazard_send(s)
FROM (SELECT fit_hazard($$SELECT (ends - starts) / 30 AS month, paused, mrr::float8 AS mrr, 'part ' || account % 3 AS part, id % 2 = 0 AS even FROM term$$, 'month', 'paused', link)
      FROM unnest('{logit,cloglog}'::text[]) AS link) AS q(s);
-- Classifiers are values that do not add up.
INSERT INTO seed SELECT 'classifier', s::text, classifier_send(s)
FROM (SELECT fit_classifier($$SELECT mrr::float8 AS mrr, account, 'part ' || id % 3 AS "pärt", paused AS p, (id % 2) + (random() < 0.1)::int * 0 AS gone, account % 2 AS side FROM term$$, 'gone', segment_column => 'side', folds => 2)
      UNION ALL SELECT fit_classifier($$SELECT n % 7 AS a, n * 37 % 11 AS b, (n % 7 > 3) <> (n * 37 % 11 > 5) AS y, nullif(n % 13, 0) AS c FROM generate_series(1, 400) AS n$$, 'y', folds => 0)
      UNION ALL SELECT fit_classifier($$SELECT n % 5 AS a, n % 3 = 0 AS y, 1 AS one FROM generate_series(1, 40) AS n$$, 'y', ridge => 0, splines => false, interactions => false)) AS q(s);
-- A type without any of these has its samples.
SELECT format('INSERT INTO seed SELECT %1$L, s::text, %1$s_send(s)
               FROM (SELECT %2$s FROM account WHERE id <= 12) AS q(s)', type, aggregate)
FROM kind WHERE type NOT IN (SELECT type FROM seed) ORDER BY nr \gexec
SELECT is_empty('SELECT type FROM state_type EXCEPT SELECT type FROM seed WHERE form IS NOT NULL',
                'each state type is tested');

-- Every reader with one argument that has no default, and these.
CREATE TABLE reader (type text, expression text);
INSERT INTO reader
SELECT t.typname, CASE WHEN p.proretset THEN format('(SELECT count(*) FROM %I(x))', p.proname)
                       WHEN p.prorettype IN (SELECT type::regtype FROM seed) THEN format('sound(%I(x))', p.proname)
                       ELSE format('%I(x)', p.proname) END
FROM pg_proc AS p JOIN pg_type AS t ON t.oid = p.proargtypes[0]
WHERE p.pronamespace = 'csmetrics'::regnamespace AND t.typname IN (SELECT type FROM seed)
  AND p.prokind = 'f' AND p.pronargs - p.pronargdefaults = 1 AND p.prorettype <> 'cstring'::regtype;
INSERT INTO reader SELECT DISTINCT type, unnest(ARRAY[
    'sound(merge(x, x))', 'sound(unmerge(x, x))', 'sound(unmerge(unmerge(x, x), x))', 'state_hash_extended(x, 7)', 'x < x']) FROM seed WHERE type IN (SELECT type FROM state_type);
INSERT INTO reader SELECT 'churn', format('%s(x, %L)', ratio, word)
FROM (VALUES ('logo_churn'), ('revenue_churn')) AS r(ratio), unnest(ARRAY['start_plus_new', 'average', 'up_for_renewal']) AS word;
INSERT INTO reader SELECT 'churn', format('logo_churn_interval(x, 0.9, %L)', word) FROM unnest(ARRAY['start_plus_new', 'average', 'up_for_renewal']) AS word;
INSERT INTO reader SELECT 'mrr_movements', format('(SELECT count(*) FROM retention(x, %L))', word) FROM unnest(ARRAY['movement', 'chained', 'ttm_avg']) AS word;
INSERT INTO reader VALUES
    ('mrr_timeline', 'mrr_at(x, ''2024-05-05'')'), ('mrr_timeline', 'mrr_at(x, ''infinity'')'),
    ('mrr_timeline', 'revenue_between(x, ''0001-01-01'', ''9999-12-31'')'), ('mrr_timeline', 'revenue_between(x, ''2024-02-10'', ''2024-05-05'')'),
    ('mrr_timeline', 'churned_on(x, ''infinity'', true)'),
    ('mrr_timeline', 'sound(smooth_gaps(x, 30))'), ('mrr_timeline', 'sound(smooth_gaps(x, 2900000))'), ('mrr_timeline', 'sound(limit_pauses(x, 30))'),
    ('mrr_timeline', 'active_at(x, ''2024-05-05'')'), ('mrr_timeline', 'sound(put_together(x))'),
    ('mrr_timeline', 'sound(scale(x, 0.0000009234))'), ('mrr_timeline', 'sound(scale(x, 999999999999))'),
    ('mrr_timeline', '(SELECT count(*) FROM changes(x, true))'), ('mrr_timeline', '(SELECT count(*) FROM changes(x, ''2024-01-01'', ''2025-01-01'', ''month'', 2))'),
    ('mrr_timeline', '(SELECT sound(mrr_movement_agg(x, ''2024-01-01'', ''2024-12-01'', ''quarter'', 2)))'),
    ('mrr_timeline', '(SELECT sound(cohort_agg(x, ''2024-01-01'', ''2024-12-01'', ''quarter'')))'),
    ('mrr_movements', '(SELECT count(*) FROM movements(x, true, true))'),
    ('revenue_flow', 'sound(scale(x, 0.0000009234))'), ('revenue_flow', 'sound(scale(x, 999999999999))'), ('mrr_movements', 'sound(single_periods_or(x))'),
    ('mrr_movements', '(SELECT count(sound(flow)) FROM revenue_flows(x))'),
    ('rate', 'rate_interval(x, 0.9, ''clopper-pearson'')'), ('rate', 'rate_difference(x, x)'), ('rate', 'rate_difference(x, make_rate(1, 2), 0.5, ''newcombe-corrected'')'),
    ('rate', 'sound(rate_agg_add(x, true))'), ('rate', 'sound(rate_agg_remove(x, false))'),
    ('survey', 'sound(survey_agg_add(x, 7))'), ('survey', 'answer_count(x, 0, 10)'), ('survey', 'nps_interval(x, 0.9, ''wald'')'), ('survey', 'csat(x, 4, 1, 5)'),
    ('survey', 'csat_interval(x, 4, 1, 5)'), ('survey', 'ces(x, 1, 5, true)'), ('survey', 'ces_interval(x, 1, 5, false)'), ('survey', 'ces_share(x, 0, 10, true)'),
    ('sbg', 'sound(sbg_agg_add(x, 3, true))'), ('sbg', '(SELECT count(*) FROM sbg_retention(x, 5))'), ('sbg', 'sbg_residual_lifetime(x, 0.1, 2)'),
    ('sbg', '(SELECT count(*) FROM bdw_retention(x, 5))'),
    ('purchases', 'sound(purchase_agg_add(x, ''2024-05-05'', 7))'), ('purchases', 'sound(purchase_agg_remove(x, ''2024-05-05'', 7))'), ('purchases', 'purchase_total(x, ''2024-05-05'')'),
    ('purchases', 'mean_purchase(x, ''2024-05-05'')'), ('purchases', 'purchase_recency(x, ''2024-05-05'')'), ('purchases', 'purchase_age(x, ''9999-12-31'', ''day'')'),
    ('purchases', 'purchase_summary(x, ''0001-01-01'')'), ('purchases', 'purchase_summary(x, ''9999-12-31'')'),
    ('bgnbd', 'sound(bgnbd_agg_add(x, 2, 3, 4))'), ('bgnbd', 'sound(bgnbd_agg_remove(x, 0, 0, 4))'),
    ('pareto_nbd', 'sound(pareto_nbd_agg_add(x, 2, 3, 4))'), ('pareto_nbd', 'sound(pareto_nbd_agg_remove(x, 0, 0, 4))'),
    ('gamma_gamma', 'sound(gamma_gamma_agg_add(x, 2, 3))'), ('gamma_gamma', 'sound(gamma_gamma_agg_remove(x, 0, 3))'),
    ('backtest', 'sound(backtest_agg_add(x, 0.5, true))'), ('backtest', 'sound(backtest_agg_remove(x, -1, false, ''a''))'), ('backtest', 'flagged_at(x, 0.5)'),
    ('backtest', 'top_lift(x, 1, 0.5)'), ('backtest', 'auc_difference(x, x)'), ('backtest', 'risk_line(x)'), ('backtest', 'predicts(x, 0.5, 1)'), ('backtest', '(SELECT count(*) FROM calibration(x, 2147483647))'),
    ('durations', 'sound(merge(x, x))'), ('durations', 'sound(unmerge(x, x))'), ('durations', 'duration_quantile(x, 0.9)'), ('durations', 'duration_quantile_interval(x, 0.1, 0.9, ''log'')'),
    ('durations', 'share_within(x, ''9 days'')'), ('durations', 'share_within_interval(x, ''9 days'', 0.9, ''log'')'), ('durations', 'naive_quantile(x, 0.9)'),
    ('durations', 'restricted_mean(x, ''1 day'')'), ('durations', 'restricted_mean_interval(x, ''1 day'', 0.9)'),
    ('durations', '(SELECT count(*) FROM survival(x, 0.9, ''log''))'), ('durations', '(SELECT count(*) FROM incidence(x, 0.9, ''log''))'),
    ('durations', 'log_rank(x, x, 1)'), ('durations', 'log_rank(x, few_durations())'), ('durations', 'log_rank(ARRAY[x, few_durations(), x])'), ('durations', 'expected_payments(x, 12)'), ('durations', 'sound(residual(x, ''0 days''))'), ('durations', 'sound(residual(x, ''9 days''))');
INSERT INTO reader SELECT 'tickets', format('trial_count(first_contact_resolution(x, ''2024-06-01'', ''7 days'', %L))', word) FROM unnest(ARRAY['gross', 'net', 'one_touch', 'under_two']) AS word;
INSERT INTO reader VALUES
    ('tickets', '(SELECT count(*) FROM ticket_facts(x, ''2024-06-01''))'), ('tickets', '(SELECT count(*) FROM ticket_facts(x, ''infinity'', ''2147483647 days''))'),
    ('tickets', 'opened_count(x, ''-infinity'', ''infinity'')'), ('tickets', 'open_count(x, ''2024-06-01'')'),
    ('tickets', 'escalated_open_count(x, ''infinity'')'), ('tickets', 'last_opened_at(x, ''2024-06-01'')'),
    ('tickets', 'escalated_open_days(x, ''2024-06-01'')'), ('tickets', 'reopened_share(x, ''-infinity'', ''infinity'')'), ('tickets', 'repeated_share(x, ''2024-01-01'', ''infinity'', ''9 days'')'),
    ('tickets', 'median_resolution(x, ''-infinity'', ''infinity'')'), ('tickets', 'median_resolution(x, ''2024-01-01'', ''2024-06-01'')'),
    ('answers', '(SELECT count(*) FROM answer_facts(x, ''2024-06-01''))'), ('answers', '(SELECT count(*) FROM answer_facts(x, ''infinity''))'),
    ('answers', 'mean_answer(x, ''csat'', ''-infinity'', ''infinity'')'), ('answers', 'mean_answer(x, ''ces'', ''2024-01-01'', ''infinity'')'), ('answers', 'mean_answer(x, ''nps'', ''2024-01-01'', ''2024-06-01'')'),
    ('activity', 'active_days(x, ''2024-01-01'', ''2024-06-01'')'), ('activity', 'events_between(x, ''0001-01-01'', ''9999-12-31'')'), ('activity', 'longest_gap(x, ''2024-01-01'', ''2024-06-01'')'),
    ('activity', 'is_active(x, ''2024-06-01'')'), ('activity', 'consistency(x, ''2024-06-01'', 30)'), ('activity', 'streak(x, ''2024-06-01'')'), ('activity', 'usage_trend(x, ''2024-06-01'')'), ('activity', 'usage_change(x, ''2024-06-01'')'), ('activity', 'usage_change(x, ''0001-01-01'', 36525)'),
    ('activity', 'sound(merge(x, x))'), ('activity', 'sound(unmerge(x, x))'), ('activity', '(SELECT sound(active_series_agg(x, ''2024-01-01'', ''2024-03-01'')))'),
    ('active_series', '(SELECT count(*) FROM active_series(x, true))'), ('active_series', '(SELECT count(*) FROM active_series(x))'),
    ('usage_retention', 'sound(grown(x))'),
    ('signals', 'signal_at(x, ''pulse'', ''2024-06-01'')'), ('signals', 'signal_given_at(x, ''1'', ''infinity'')'), ('signals', 'signal_count(x, ''2'', ''-infinity'', ''infinity'')'),
    ('signals', 'signal_sum(x, ''pulse'', ''2024-01-01'', ''2024-06-01'')'),
    ('health', 'score(x, 0, ''worst_component'')'), ('health', 'score(x, 1, ''worst_signal'')'), ('health', 'tier(x, 0, 100, 0)'), ('health', '(SELECT sum(points) FROM contributions(x, ''worst_signal''))'),
    ('health', '(SELECT sum(points) FROM health_change(x, health_score_add(x, ''u'', ''a'', 5, 3), 0))'), ('health', '(SELECT sum(points) FROM health_change(unmerge(x, x), x, 0, ''worst_component''))'),
    ('health', '(SELECT sound(health_agg(x, 5)))'), ('health', 'sound(health_score_add(x, ''u'', ''b'', NULL, 3, ''pulse''))'),
    ('health_rules', 'sound(health_of(x, ''{1,NULL,-5,1e308}'', signal_agg(''7'', ''2024-01-01'', 5), ''2024-01-05''))'), ('health_rules', 'score(health_of(x, NULL, NULL, ''infinity''), 0)'),
    ('health_summary', 'sound(health_agg_remove(x, 50::float8, 5))'), ('health_summary', '(SELECT count(*) FROM health_tiers(x, 0.01, 99.99, 0.5))'),
    ('milestones', 'reached_count(x, ''2024-06-01'')'), ('milestones', 'due_count(x, ''infinity'')'), ('milestones', 'overdue_count(x, ''2024-06-01'')'), ('milestones', 'due_reached_share(x, ''infinity'')');
INSERT INTO reader VALUES
    ('feature_usage', '(SELECT count(feature) FROM feature_facts(x, ''2024-03-01''))'), ('feature_usage', 'features_used(x, ''2024-02-01'', ''2024-06-01'')'), ('feature_usage', 'features_used(x, ''0001-01-01'', ''9999-12-31'', 3)'),
    ('feature_usage', 'breadth(x, ''0001-01-01'', ''9999-12-31'', 3)'), ('feature_usage', 'first_used_on(x, ''feature 3'')'), ('feature_usage', 'active_days(all_activity(x), ''2024-02-01'', ''2024-06-01'')'),
    ('feature_usage', 'longest_gap(feature_activity(x, ''a''), ''2024-02-01'', ''2024-06-01'')'), ('feature_usage', 'sound(feature_usage_agg_add(x, ''a'', ''2024-02-01''))'),
    ('feature_usage', '(SELECT sound(adoption_agg(x, ''2024-02-01'', ''2024-06-01'', ''{a,feature 1}'', ''2024-01-01'')))'), ('feature_usage', '(SELECT sound(adoption_agg(x, ''2024-02-01'', ''2024-06-01'')))'),
    ('adoption', '(SELECT count(feature) FROM feature_adoption(x, 0.5))'),
    ('cox', 'state_hash_extended(x, 7)'), ('cox', 'x < x'), ('cox', '(SELECT count(term) FROM coefficients(x))'), ('cox', '(SELECT count(term) FROM coefficients(x, 0.5))'), ('cox', 'cox_told(x)'),
    ('hazard', 'state_hash_extended(x, 7)'), ('hazard', 'x < x'), ('hazard', '(SELECT count(term) FROM coefficients(x))'), ('hazard', 'hazard_told(x)'),
    ('classifier', 'state_hash_extended(x, 7)'), ('classifier', 'x < x'), ('classifier', '(SELECT count(term) FROM coefficients(x))'), ('classifier', 'classifier_told(x)'),
    ('classifier', '(SELECT count(contribution) FROM explain_prediction(x, ''{"y": 5.5, "c": 1e300}''))'), ('classifier', 'predict_numbers(x, (SELECT array_agg(position) FROM classifier_features(x))::float8[])');

-- sound(x): x, if it is canonical.  judge(x): what is wrong with x, or NULL.
SELECT DISTINCT format($f$
    CREATE FUNCTION sound(x %1$s) RETURNS %1$s LANGUAGE plpgsql AS $body$
    BEGIN
        IF x::text::%1$s <> x OR x::text::%1$s::text <> x::text THEN RAISE 'not canonical: %%', x::text; END IF;
        RETURN x;
    END $body$
$f$, type) FROM seed \gexec
SELECT format($f$
    CREATE FUNCTION judge(x %1$s) RETURNS text LANGUAGE plpgsql AS $body$
    DECLARE one text;
    BEGIN
        PERFORM sound(x);
        BEGIN
            PERFORM %2$s;
            RETURN NULL;
        EXCEPTION WHEN numeric_value_out_of_range OR program_limit_exceeded THEN -- which hides the readers that come after
        END;
        FOR one IN SELECT expression FROM reader WHERE type = %1$L LOOP
            BEGIN
                EXECUTE 'SELECT ' || one || ' FROM (SELECT $1 AS x) AS q' USING x;
            EXCEPTION WHEN numeric_value_out_of_range OR program_limit_exceeded THEN
            END;
        END LOOP;
        RETURN NULL;
    EXCEPTION WHEN OTHERS THEN
        RETURN format('accepted, then %%s %%s in %%s of %%s', SQLSTATE, SQLERRM, coalesce(one, 'readers'), left(x::text, 300));
    END $body$
$f$, type, string_agg(expression, ', ' ORDER BY expression)) FROM reader GROUP BY type \gexec
SELECT DISTINCT format($f$
    CREATE FUNCTION try_%1$s(hostile text) RETURNS text LANGUAGE plpgsql AS $body$
    DECLARE x %1$s;
    BEGIN
        BEGIN
            x := hostile;
        EXCEPTION WHEN OTHERS THEN
            RETURN CASE WHEN SQLSTATE = '22P02' THEN 'refused' ELSE format('%%s %%s for %%s', SQLSTATE, SQLERRM, left(hostile, 300)) END;
        END;
        RETURN coalesce(judge(x), 'accepted');
    END $body$
$f$, type) FROM seed \gexec

-- Bytes come in by COPY; a trigger judges what was accepted, and keeps it out of the table.
-- COPY writes a bytea just as it is, so that a file of one makes a file of any binary value.
SELECT set_config('hostile.path', current_setting('data_directory') || '/csmetrics_hostile.copy', true) \g /dev/null
SELECT DISTINCT format($f$
    CREATE TABLE sink_%1$s (x %1$s);
    CREATE FUNCTION sink_%1$s() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        PERFORM set_config('hostile.verdict', coalesce(judge(NEW.x),
            CASE WHEN %1$s_send(NEW.x) = current_setting('hostile.bytes')::bytea THEN 'accepted' ELSE 'not sent as it was received: ' || NEW.x::text END), true);
        RETURN NULL;
    END $body$;
    CREATE TRIGGER judge BEFORE INSERT ON sink_%1$s FOR EACH ROW EXECUTE FUNCTION sink_%1$s();
    CREATE FUNCTION try_%1$s(hostile bytea) RETURNS text LANGUAGE plpgsql AS $body$
    BEGIN
        PERFORM set_config('hostile.bytes', hostile::text, true);
        EXECUTE format('COPY (SELECT %%L::bytea) TO %%L (FORMAT binary)', hostile, current_setting('hostile.path'));
        EXECUTE format('COPY sink_%1$s FROM %%L (FORMAT binary)', current_setting('hostile.path'));
        RETURN current_setting('hostile.verdict');
    EXCEPTION WHEN OTHERS THEN
        RETURN CASE WHEN SQLSTATE IN ('22P03', '08P01') THEN 'refused' ELSE format('%%s %%s for %%s', SQLSTATE, SQLERRM, left(hostile::text, 300)) END;
    END $body$;
$f$, type) FROM seed \gexec

-- What is done to an honest state.
CREATE FUNCTION below(n int) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT floor(random() * n)::int $$;
CREATE FUNCTION any_of(choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;
CREATE FUNCTION noise(n int) RETURNS bytea LANGUAGE sql VOLATILE AS $$
    SELECT substr(decode(string_agg(md5(random()::text), ''), 'hex'), 1, n) FROM generate_series(0, n / 16)
$$;

CREATE FUNCTION spoil(form text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    at int := 1 + below(length(form));
    bar int := at + greatest(strpos(translate(substr(form, at), '|', ' '), ' '), 1) - 1;
    rows text[] := string_to_array(form, '|');
    r int := 1 + below(cardinality(rows));
BEGIN
    CASE below(8)
    WHEN 0, 1 THEN -- a character changed, added or dropped
        RETURN overlay(form PLACING any_of(ARRAY['0', '1', '9', 'a', 'f', 'x', '-', '.', ' ', '|', 'e', '+', ',', chr(233), E'\n', 'A', '']) FROM at FOR below(2));
    WHEN 2 THEN -- a separator
        RETURN overlay(form PLACING any_of(ARRAY[' ', '|', '', '  ', '||', '| ', ' |', ',', E'\t']) FROM bar FOR 1);
    WHEN 3, 4 THEN -- a field
        RETURN regexp_replace(left(form, at), '[^ |]*$', '') || any_of(ARRAY[
                   '', '-', '.', '-.5', '5.', '.5', '-0', '00012', '1e5', 'NaN', 'infinity', '0.0000001', '1.5', '0x', '0x0', '-0x1', '0X1', '0xG', '-1', '1', '2', '3', '99',
                   '2147483647', '2147483648', '-2147483648', '-2147483649', '4294967296', '576460752303423487', '576460752303423488', '-576460752303423488',
                   '9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '18446744073709551616', '65536', '-65536', '65537', '16383', '-16384', '32768', '-32769', '1073676288', '1073692671', '-1073692671', '1073741824',
                   '1329227995784915872903807060280.344575', '1329227995784915872903807060280.344576', '-1329227995784915872903807060280.344575',
                   '1267650600228229401496703.205375', '1267650600228229401496703.205376', '-1267650600228229401496703.205375',
                   '170141183460469231731687303715884.105727', '170141183460469231731687303715884.105728', '-170141183460469231731687303715884.105728',
                   '340282366920938463463374607431768211456', repeat('9', 50), repeat('9', 5000), '0x' || repeat('f', 63), '0x' || repeat('f', 64), '0x' || repeat('f', 65),
                   '-0x8' || repeat('0', 63), '0x8' || repeat('0', 63), '0x7' || repeat('f', 63),
                   '0001-01-01', '0000-01-01', '9999-12-31', '10000-01-01', '2024-02-29', '2023-02-29', '2024-13-01', '2024-00-10', '2024-01-00', '2024-1-1', '2024-04-02'])
               || regexp_replace(substr(form, at + 1), '^[^ |]*', '');
    WHEN 5 THEN -- rows dropped, doubled, swapped, made many
        RETURN array_to_string(rows[:r - 1] || CASE below(4) WHEN 0 THEN '{}' WHEN 1 THEN rows[r:r] || rows[r:r] WHEN 2 THEN rows[r + 1:r + 1] || rows[r:r]
                                                             ELSE array_fill(rows[r], ARRAY[below(300)]) END || rows[r + 1 + below(2):], '|');
    WHEN 6 THEN -- version, flags, or all
        RETURN CASE WHEN random() < 0.7 THEN regexp_replace(form, '^\S+ [^|]+', any_of(ARRAY['0', '1', '1', '2', '255', '256', '257', '-1', '']) || ' ' || any_of(ARRAY['0', '1', '128', '255', '256', '-0']))
                    ELSE array_to_string(ARRAY(SELECT any_of(ARRAY['0', '1', '7', 'x', '-', '.', ' ', '|']) FROM generate_series(1, below(60))), '') END;
    ELSE -- twice
        RETURN CASE WHEN form = '' THEN form ELSE spoil(spoil(form)) END;
    END CASE;
END
$$;

CREATE FUNCTION spoil(bytes bytea) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    long int := length(bytes);
    at int := 1 + below(long);
    field int := 5 + 4 * below(greatest(long / 4 - 1, 1));
    width int := least(4 << below(4), long + 1 - least(field, long));
BEGIN
    CASE below(8)
    WHEN 0 THEN RETURN overlay(bytes PLACING noise(1 + below(8)) FROM at);
    WHEN 1 THEN RETURN overlay(bytes PLACING noise(width) FROM field);
    WHEN 2 THEN RETURN overlay(bytes PLACING decode(any_of(ARRAY['00', 'ff', '7f', '80', '08', 'f8', '10', 'f0']) || repeat(any_of(ARRAY['00', 'ff', '01']), width - 1), 'hex') FROM field);
    WHEN 3 THEN RETURN overlay(bytes PLACING substr(bytes, at, width) FROM field); -- a field from elsewhere
    WHEN 4 THEN RETURN overlay(bytes PLACING CASE below(2) WHEN 0 THEN '\x0100'::bytea ELSE '\x01000000'::bytea END || noise(2) FROM 1); -- reserved bytes, or what follows
    WHEN 5 THEN RETURN CASE below(3) WHEN 0 THEN '\x01000000'::bytea || noise(below(500)) WHEN 1 THEN noise(below(500)) ELSE noise(4) || substr(bytes, 5) END;
    WHEN 6 THEN RETURN CASE below(4) WHEN 0 THEN bytes || noise(1 + below(60)) WHEN 1 THEN bytes || bytes WHEN 2 THEN substr(bytes, 1, field - 1) || substr(bytes, field + width)
                                     ELSE substr(bytes, 1, field - 1) || substr(bytes, field, width) || substr(bytes, field) END;
    ELSE RETURN CASE WHEN long < 8 THEN bytes ELSE spoil(spoil(bytes)) END;
    END CASE;
END
$$;

-- Cut short at every length; every version and flag; every bit (of a long state some); the rest at random.
CREATE TABLE text_case AS
    SELECT type, left(form, n) AS hostile FROM seed, generate_series(0, length(form) - 1) AS n WHERE n < 900 OR n % 7 = 0
    UNION ALL SELECT type, substr(form, n) FROM seed, generate_series(2, 200) AS n;
CREATE TABLE bytes_case AS
    SELECT type, substr(bytes, 1, n) AS hostile FROM seed, generate_series(0, length(bytes) - 1) AS n WHERE n < 900 OR n % 7 = 0
    UNION ALL SELECT type, set_byte(bytes, at, n) FROM seed, generate_series(0, 3) AS at, generate_series(0, 255, 5) AS n
    UNION ALL SELECT type, set_bit(bytes, n, 1 - get_bit(bytes, n)) FROM seed, generate_series(0, 8 * length(bytes) - 1) AS n WHERE n < 700 OR random() < 2000.0 / length(bytes) / 8;

-- of which the quick run takes some by chance
CREATE FUNCTION pg_temp.many(way text) RETURNS text LANGUAGE sql RETURN
    format('DELETE FROM %1$s_case c USING (SELECT ctid AS place, row_number() OVER (PARTITION BY type ORDER BY random()) AS n FROM %1$s_case) o WHERE c.ctid = o.place AND o.n > ', way);
SELECT pg_temp.many(way) || :cases / 2 FROM (VALUES ('text'), ('bytes')) w(way) WHERE :cases < 10000 \gexec

INSERT INTO text_case SELECT type, spoil(forms[1 + below(cardinality(forms))])
FROM (SELECT type, array_agg(form) AS forms, (SELECT count(*) FROM text_case AS c WHERE c.type = s.type) AS already FROM seed AS s GROUP BY type) AS t,
     generate_series(1, greatest(:cases - already, least(5000, :cases / 2)));
INSERT INTO bytes_case SELECT type, spoil(bytes[1 + below(cardinality(bytes))])
FROM (SELECT type, array_agg(bytes) AS bytes, (SELECT count(*) FROM bytes_case AS c WHERE c.type = s.type) AS already FROM seed AS s GROUP BY type) AS t,
     generate_series(1, greatest(:cases - already, least(5000, :cases / 2)));

CREATE TABLE verdict (way text, type text, verdict text, cases bigint);
SELECT format('INSERT INTO verdict SELECT %1$L, %2$L, try_%2$s(hostile), count(*) FROM %1$s_case WHERE type = %2$L GROUP BY 3', way, type)
FROM (SELECT DISTINCT type FROM seed) AS t, (VALUES ('text'), ('bytes')) AS w(way) \gexec
SELECT format('COPY sink_churn FROM PROGRAM %L', format('rm "%s"', current_setting('hostile.path'))) \gexec

SELECT cmp_ok(sum(cases), '>=', :cases::numeric, format('%s from outside, %s: there are cases enough', type, way))
FROM verdict GROUP BY type, way ORDER BY type, way;
SELECT is(string_agg(verdict, E'\n'), NULL, format('%s from outside, %s: each is accepted and sound, or refused as it should be', type, way))
FROM (SELECT type, way, CASE WHEN verdict NOT IN ('accepted', 'refused') THEN verdict END AS verdict,
             row_number() OVER (PARTITION BY type, way ORDER BY verdict IN ('accepted', 'refused')) AS n FROM verdict) AS v
WHERE n <= 5 GROUP BY type, way ORDER BY type, way;
SELECT is(array_agg(verdict ORDER BY verdict), '{accepted,refused}', format('%s from outside, %s: some are accepted, some are refused', type, way))
FROM verdict GROUP BY type, way ORDER BY type, way;

SELECT * FROM finish();
ROLLBACK;
