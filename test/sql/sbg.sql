\unset ECHO
\i test/psql.sql
-- Contracts and renewals: the fit against closed forms and its own likelihood in plain SQL, what it projects, and where there is none.
BEGIN;
SELECT plan(132);
SELECT setseed(0.6) \g /dev/null

-- Rows are [period, churned, kept]
CREATE FUNCTION pg_temp.of(rows bigint[]) RETURNS sbg LANGUAGE sql RETURN (
    SELECT sbg_agg(rows[i][1]::int, churned, CASE WHEN churned THEN rows[i][2] ELSE rows[i][3] END)
    FROM generate_subscripts(rows, 1) AS i, (VALUES (true), (false)) AS c (churned) WHERE NOT churned OR rows[i][1] > 0);
-- Fader and Hardie (2007), (5) to (8): S(t) = prod (beta + (i - 1)) / (alpha + beta + (i - 1)), P(T = t) = S(t - 1) alpha / (alpha + beta + t - 1)
CREATE FUNCTION pg_temp.log_surviving(alpha float8, beta float8, t bigint) RETURNS float8 LANGUAGE sql
    RETURN (SELECT coalesce(sum(ln((beta + (i - 1)) / (alpha + beta + (i - 1)))), 0) FROM generate_series(1, t) AS i);
CREATE FUNCTION pg_temp.log_likelihood(rows bigint[], alpha float8, beta float8) RETURNS float8 LANGUAGE sql RETURN (
    SELECT sum(CASE WHEN rows[i][2] > 0 THEN rows[i][2] * (pg_temp.log_surviving(alpha, beta, rows[i][1] - 1) + ln(alpha / (alpha + beta + (rows[i][1] - 1)))) ELSE 0 END
               + rows[i][3] * pg_temp.log_surviving(alpha, beta, rows[i][1]))
    FROM generate_subscripts(rows, 1) AS i);
CREATE FUNCTION pg_temp.near(a float8, b float8, tolerance float8) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= tolerance * greatest(1, abs(b)), false);

-- With two renewals the model has as many parameters as there are shares p1 > p2 of those at risk that churned:
-- alpha + beta = p2 / (p1 - p2), and alpha is p1 of it.
CREATE TEMP TABLE two AS
SELECT v.*, pg_temp.of(rows::bigint[]) AS s, p2 / (p1 - p2) * p1 AS alpha, p2 / (p1 - p2) * (1 - p1) AS beta FROM (VALUES
    ('300 of 1000, 140 of 700', '{{1,300,0},{2,140,560}}', 300 / 1000::numeric(40, 30), 140 / 700::numeric(40, 30), 1e-12),
    ('30 of 60, 10 of 30', '{{1,30,0},{2,10,20}}', 30 / 60::numeric(40, 30), 10 / 30::numeric(40, 30), 1e-12),
    ('300 of 1000, and 100 of 500 that are old enough', '{{1,300,200},{2,100,400}}', 300 / 1000::numeric(40, 30), 100 / 500::numeric(40, 30), 1e-12),
    ('the same with accounts that came to no renewal yet', '{{0,0,99},{1,300,200},{2,100,400}}', 300 / 1000::numeric(40, 30), 100 / 500::numeric(40, 30), 1e-12),
    ('2 of 4, 1 of 2', '{{1,2,0},{2,1,2}}', 2 / 5::numeric(40, 30), 1 / 3::numeric(40, 30), 1e-12),
    ('9999 of 10000, 1 of 1000000: almost all or nothing', '{{1,9999000000,0},{2,1,999999}}', 0.9999, 0.000001, 1e-5),
    ('a flat likelihood: 6202 of 50027, 1221 of 9899', '{{1,6202,33926},{2,1221,8678}}', 6202 / 50027::numeric(40, 30), 1221 / 9899::numeric(40, 30), 1e-7),
    ('almost equal churn: 100100 of 1000000, 90000 of 899900', '{{1,100100,0},{2,90000,809900}}', 100100 / 1000000::numeric(40, 30), 90000 / 899900::numeric(40, 30), 1e-7),
    ('hundreds of millions: 1 of 3, 50 of 152', '{{1,102339142,47660858},{2,50000000,102339142}}', 102339142 / 302339142::numeric(40, 30), 50000000 / 152339142::numeric(40, 30), 1e-9)
) AS v (name, rows, p1, p2, tolerance);
SELECT ok(abs(f.alpha / t.alpha::float8 - 1) < tolerance AND abs(f.beta / t.beta::float8 - 1) < tolerance AND pg_temp.near(f.log_likelihood, pg_temp.log_likelihood(rows::bigint[], f.alpha, f.beta), 1e-12)
          AND f.reason IS NULL, name || ': alpha and beta are those by hand')
FROM two AS t, sbg_fit(s) AS f;

-- Retention is (beta + t - 1) / (alpha + beta + t - 1), survival the product. Alpha 0.6, beta 1.4: 1.4 / 2, 2.4 / 3, 3.4 / 4; alpha and beta 1: S(t) = 1 / (t + 1).
SELECT results_eq('SELECT period, round(surviving::numeric, 12), round(retention::numeric, 12) FROM two, sbg_retention(s, 3) WHERE name = ''300 of 1000, 140 of 700''',
    'VALUES (1, 0.7, 0.7), (2, 0.56, 0.8), (3, 0.476, 0.85)', 'retention and survival by hand');
SELECT ok(count(*) = 10000 AND bool_and(pg_temp.near(r.surviving * (period + 1), 1, 1e-10) AND pg_temp.near(r.retention, period / (period + 1.0), 1e-13)), 'S(t) = 1 / (t + 1) for alpha and beta 1, ten thousand renewals on')
FROM two, sbg_retention(s, 10000) AS r WHERE name = '30 of 60, 10 of 30';
SELECT ok(bool_and(pg_temp.near(surviving, (SELECT exp(sum(ln(r.retention))) FROM sbg_retention(s, 50) AS r WHERE r.period <= q.period), 1e-12) AND retention > coalesce(before, 0)),
          'survival is the product of retention, which rises with age')
FROM (SELECT name, s, r.*, lag(retention) OVER (PARTITION BY name ORDER BY period) AS before FROM two, sbg_retention(s, 50) AS r) AS q;

-- The published examples: 1000 customers each (Journal of Interactive Marketing 21, 2007, Tables 1 and 2; alpha and beta there to three digits)
CREATE TEMP TABLE published AS
SELECT v.*, pg_temp.of(rows::bigint[]) AS s FROM (VALUES
    ('High End', '{{1,131,0},{2,126,0},{3,90,0},{4,60,0},{5,42,0},{6,34,0},{7,26,491}}', 0.668, 3.806),
    ('Regular', '{{1,369,0},{2,163,0},{3,86,0},{4,56,0},{5,37,0},{6,27,0},{7,21,241}}', 0.704, 1.182)
) AS v (name, rows, alpha, beta);
SELECT is(row(round(f.alpha::numeric, 3), round(f.beta::numeric, 3)), row(p.alpha, p.beta), name || ': alpha and beta are as published') FROM published AS p, sbg_fit(s) AS f;
SELECT is(row(account_count(s), churned_count(s)), want, name || ': counts') FROM published JOIN (VALUES ('High End', row(1000::bigint, 509::bigint)), ('Regular', row(1000::bigint, 759::bigint))) AS v (name, want) USING (name);

-- Random contracts of many cohorts, some with many renewals, some with few accounts; those with a fit satisfy the equations
--   sum d / alpha = sum n / (alpha + beta + t - 1) = sum (n - d) / (beta + t - 1)
-- of d that left of n at renewal t, and neighbours are less likely. Where the model has no maximum, none is found by hand.
CREATE TEMP TABLE random_contract AS
SELECT g, t::bigint AS t, CASE WHEN t > 0 THEN floor(random() * size * 3 / (t + g % 5))::bigint ELSE 0 END AS lost,
       floor(random() * size * CASE WHEN t = renewals THEN 9 ELSE 0.5 END)::bigint AS kept
FROM generate_series(1, 60) AS g, LATERAL (SELECT g % 9 + 2 AS renewals, 5 * 3 ^ (g % 8) AS size) AS z, generate_series(0, renewals) AS t;
CREATE TEMP TABLE cohorts_of AS SELECT g, array_agg(ARRAY[t, lost, kept] ORDER BY t) AS rows FROM random_contract GROUP BY g;
CREATE TEMP TABLE fitted AS SELECT g, rows, f.* FROM cohorts_of, sbg_fit(pg_temp.of(rows)) AS f
UNION ALL SELECT 100 + row_number() OVER (ORDER BY name), rows::bigint[], f.* FROM published, sbg_fit(s) AS f;
SELECT is(count(*) FILTER (WHERE reason IS NULL) BETWEEN 30 AND 61 AND bool_and(reason IS NULL OR reason LIKE 'churn does not fall%'), true, 'many of the random contracts have a fit') FROM fitted;
SELECT ok(bool_and(pg_temp.near(f.log_likelihood, pg_temp.log_likelihood(rows, f.alpha, f.beta), 1e-12)), 'log_likelihood is that of the paper''s formulas') FROM fitted AS f WHERE reason IS NULL;
SELECT ok(bool_and(abs(risk * alpha / d - 1) < 1e-9 AND abs(risk / stayed - 1) < 1e-9), 'alpha and beta satisfy the equations of the maximum')
FROM fitted, LATERAL (
    SELECT sum(lost) AS d, sum(at_risk / (alpha + beta + t - 1)) AS risk, sum((at_risk - lost) / (beta + t - 1)) AS stayed
    FROM (SELECT rows[i][1] AS t, rows[i][2] AS lost, sum(rows[i][2] + rows[i][3]) OVER (ORDER BY rows[i][1] DESC)::float8 AS at_risk FROM generate_subscripts(rows, 1) AS i) AS r WHERE t > 0) AS e
WHERE reason IS NULL;
SELECT ok(bool_and(pg_temp.log_likelihood(rows, alpha * exp(a * h), beta * exp(b * h)) < log_likelihood), format('neighbours are less likely, by a factor of %s', round(exp(h), 2)))
FROM fitted, (VALUES (0.01::numeric), (0.3), (3)) AS h (h), (VALUES (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)) AS d (a, b) WHERE reason IS NULL GROUP BY h ORDER BY h;
-- Equal churn is alpha and beta without bound, in the ratio of those who left and who stayed
SELECT ok(bool_and(log_likelihood > sum_lost * ln(sum_lost / at_risk) + (at_risk - sum_lost) * ln(1 - sum_lost / at_risk)) FILTER (WHERE reason IS NULL),
          'a fit is more likely than equal churn')
FROM fitted, LATERAL (SELECT sum(rows[i][2])::float8 AS sum_lost, sum(rows[i][1] * (rows[i][2] + rows[i][3]))::float8 AS at_risk FROM generate_subscripts(rows, 1) AS i) AS e;
SELECT ok(bool_and(pg_temp.log_likelihood(rows, total * share, total * (1 - share)) <= equal + 1e-6), 'where there is none, no alpha and beta are more likely than equal churn')
FROM fitted, LATERAL (SELECT sum(rows[i][2])::float8 AS sum_lost, sum(rows[i][1] * (rows[i][2] + rows[i][3]))::float8 AS at_risk FROM generate_subscripts(rows, 1) AS i) AS e,
     LATERAL (SELECT sum_lost * ln(sum_lost / at_risk) + (at_risk - sum_lost) * ln(1 - sum_lost / at_risk) AS equal) AS q,
     generate_series(-2, 6) AS scale, LATERAL (SELECT 10.0::float8 ^ scale AS total) AS t, generate_series(1, 60) AS i, LATERAL (SELECT sum_lost / at_risk * exp((i - 30) / 30.0) AS share) AS s
WHERE reason IS NOT NULL AND share < 1;

-- Residual lifetime: the sum over j from 1 on of S(k + j) / S(k) / (1 + d)^(j - 1), term by term
SELECT ok(abs(sbg_residual_lifetime(s, d, k) / (SELECT sum(exp(logs) / (1 + d) ^ (j - 1)) FROM
              (SELECT j, sum(ln((beta + (k + j - 1)) / (alpha + beta + (k + j - 1)))) OVER (ORDER BY j) AS logs FROM generate_series(1, terms) AS j) AS q) - 1) < 1e-12,
          format('residual lifetime of %s after %s renewals at %s is the sum of its payments', name, k, d))
FROM (SELECT name, s, alpha::float8, beta::float8 FROM two WHERE name LIKE '300 of 1000, 140%' UNION ALL SELECT name, s, f.alpha, f.beta FROM published, sbg_fit(s) AS f) AS m,
     (VALUES (0.1::float8, 400), (0.01, 4000), (1, 60), (1000, 10)) AS d (d, terms), (VALUES (0), (1), (7), (10000)) AS k (k)
ORDER BY name, d, k;
-- For alpha and beta 1, S(k + j) / S(k) = (k + 1) / (k + j + 1): with v = 1 / (1 + d), (-ln(1 - v) - v) / v^2 for k = 0
SELECT ok(abs(sbg_residual_lifetime(s, d, 0) / (((ln(1 + d) - ln(d)) * (1 + d) - 1) * (1 + d)) - 1) < 1e-12, format('residual lifetime for alpha and beta 1 at %s in closed form', d))
FROM two, unnest(ARRAY[1e-9, 1e-6, 0.001, 0.1, 1, 10]) AS d WHERE name = '30 of 60, 10 of 30';
-- For alpha above 1 the sum has a bound without any discount, (beta + k) / (alpha - 1)
SELECT ok(abs(sbg_residual_lifetime(s, 1e-9, k) / ((beta + k) / (alpha - 1))::float8 - 1) < 1e-6, format('residual lifetime after %s renewals almost without discount is (beta + %1$s) / (alpha - 1)', k))
FROM two, unnest('{0,1,50}'::int[]) AS k WHERE name LIKE 'hundreds of millions%';
SELECT ok(abs(sbg_residual_lifetime(s, 1e15, 3) / (4.4 / 5) - 1) < 1e-12, 'at a discount that leaves nothing of later payments it is the next one''s chance') FROM two WHERE name LIKE '300 of 1000, 140%';

-- Where there is no fit: nothing is projected, and the reason is told
SELECT is(row(f.*)::text || coalesce(sbg_residual_lifetime(s, 0.1, 0)::text, '') || (SELECT count(*) FROM sbg_retention(s, 5)), format('(,,,"%s")0', want), description)
FROM (VALUES
    (pg_temp.of('{{0,0,9}}'), 'no account has come to a renewal', 'accounts before their first renewal'),
    (sbg_agg_add(NULL, NULL, true), 'no account has come to a renewal', 'rows of NULL'),
    (sbg_agg_add(NULL, 5, true, 0), 'no account has come to a renewal', 'groups of no accounts'),
    (pg_temp.of('{{0,0,5},{1,3,7}}'), 'only one renewal was seen', 'one renewal'),
    (pg_temp.of('{{1,3,0}}'), 'everybody churned at the first renewal', 'nobody is left'),
    (pg_temp.of('{{1,0,3}}'), 'nobody churned', 'nobody churned at the only renewal'),
    (pg_temp.of('{{1,0,3},{4,0,10}}'), 'nobody churned', 'nobody churned'),
    (pg_temp.of('{{1,3,2},{3,0,5}}'), 'nobody churned after the first renewal', 'churn at the first renewal alone'),
    (pg_temp.of('{{1,100,0},{2,90,810}}'), 'churn does not fall from renewal to renewal, so alpha and beta have no bound', 'equal churn: 100 of 1000, 90 of 900'),
    (pg_temp.of('{{1,10,0},{2,20,70}}'), 'churn does not fall from renewal to renewal, so alpha and beta have no bound', 'rising churn'),
    (pg_temp.of('{{1,5,0},{2,5,0}}'), 'churn does not fall from renewal to renewal, so alpha and beta have no bound', 'everybody churned by the second renewal'),
    (pg_temp.of('{{1,0,0},{2,5,5}}'), 'churn does not fall from renewal to renewal, so alpha and beta have no bound', 'churn at the second renewal alone'),
    (unmerge(pg_temp.of('{{1,30,0},{2,10,20}}'), pg_temp.of('{{3,1,0}}')), 'counts are below zero', 'churned accounts below zero'),
    (unmerge(pg_temp.of('{{1,30,0},{2,10,20}}'), pg_temp.of('{{3,0,1}}')), 'counts are below zero', 'accounts below zero'),
    (unmerge(pg_temp.of('{{1,30,0},{2,10,20}}'), pg_temp.of('{{0,0,1}}')), 'counts are below zero', 'accounts before their first renewal below zero')
) AS v (s, want, description), sbg_fit(s) AS f;

-- One row an account, or one a group of them
CREATE TEMP TABLE account AS
SELECT row_number() OVER () AS id, t::int AS period, churned, t % 3 AS cohort FROM random_contract, LATERAL (VALUES (true, lost), (false, kept)) AS c (churned, accounts), generate_series(1, accounts)
WHERE g = 17;
CREATE TEMP TABLE grouped AS
SELECT sbg_agg(t::int, churned, accounts) AS s FROM random_contract, LATERAL (VALUES (true, lost), (false, kept)) AS c (churned, accounts) WHERE g = 17 AND (t > 0 OR NOT churned);
SELECT is(sbg_agg(period, churned ORDER BY random()), (SELECT s FROM grouped), 'as many rows as accounts, in any order, are the group of them') FROM account;
SELECT is(sbg_fit(sbg_agg(period, churned)), (SELECT sbg_fit(s) FROM grouped), 'with the same fit') FROM account;
SELECT is(row(account_count(sbg_agg(period, churned)), churned_count(sbg_agg(period, churned))), row(count(*), count(*) FILTER (WHERE churned)), 'counts are those of rows') FROM account;
SELECT is(rollup(part), (SELECT sbg_agg(period, churned) FROM account), 'cohorts roll up to the whole') FROM (SELECT sbg_agg(period, churned) FROM account GROUP BY cohort) AS p (part);
SELECT is(sbg_fit(rollup(part)), (SELECT sbg_fit(sbg_agg(period, churned)) FROM account), 'and so does their fit') FROM (SELECT sbg_agg(period, churned) FROM account GROUP BY cohort) AS p (part);
SELECT is(unmerge(whole, part), rest, 'unmerge takes a cohort out again')
FROM (SELECT sbg_agg(period, churned) AS whole, sbg_agg(period, churned) FILTER (WHERE cohort = 1) AS part, sbg_agg(period, churned) FILTER (WHERE cohort <> 1) AS rest FROM account) AS q;
SELECT ok(bool_and(moving IS NOT DISTINCT FROM (SELECT sbg_agg(period, churned) FROM account AS a WHERE a.id BETWEEN w.id - 4 AND w.id - 1)
                   AND counted IS NOT DISTINCT FROM (SELECT sbg_agg(period, churned, id) FROM account AS a WHERE a.id BETWEEN w.id - 4 AND w.id - 1)), 'moving frames are those of their rows alone')
FROM (SELECT id, sbg_agg(period, churned) OVER f AS moving, sbg_agg(period, churned, id) OVER f AS counted FROM account WHERE id <= 60 WINDOW f AS (ORDER BY id ROWS BETWEEN 4 PRECEDING AND 1 PRECEDING)) AS w;
SELECT is(sbg_agg(period, churned), NULL, 'no rows: no state') FROM account WHERE false;
SELECT is(concat_ws(' ', account_count(s), churned_count(s)), '8 5', 'rows with NULL are left out')
FROM (SELECT sbg_agg(period, churned, accounts) AS s FROM (VALUES (1, true, 5::bigint), (NULL, true, 7), (2, NULL, 7), (2, false, NULL), (3, false, 3), (4, true, 0)) AS v (period, churned, accounts)) AS q;

-- Refused, by value
SELECT throws_ok('SELECT csmetrics.' || call, code, message, call)
FROM (VALUES
    ('sbg_agg(0, true)', '22023', 'period 0 is not between 1 and 10000'),
    ('sbg_agg(-1, false)', '22023', 'period -1 is not between 0 and 10000'),
    ('sbg_agg(10001, true)', '22023', 'period 10001 is not between 1 and 10000'),
    ('sbg_agg(10001, false, 5)', '22023', 'period 10001 is not between 0 and 10000'),
    ('sbg_agg(0, true, 0)', '22023', 'period 0 is not between 1 and 10000'),
    ('sbg_agg(1, true, -1)', '22023', 'accounts -1 is not at least 0'),
    ('sbg_agg(1, false, -9223372036854775808)', '22023', 'accounts -9223372036854775808 is not at least 0'),
    ('sbg_agg(1, true, 576460752303423488)', '22003', 'sbg out of range'),
    ('sbg_agg_add(csmetrics.sbg_agg_add(NULL, 1, true, 576460752303423487), 2, true)', '22003', 'sbg out of range'),
    ('sbg_retention(csmetrics.sbg_agg_add(NULL, 1, true), 0)', '22023', 'periods 0 is not between 1 and 10000'),
    ('sbg_retention(csmetrics.sbg_agg_add(NULL, 1, true), 10001)', '22023', 'periods 10001 is not between 1 and 10000'),
    ('sbg_residual_lifetime(csmetrics.sbg_agg_add(NULL, 1, true), 0.1, -1)', '22023', 'periods_survived -1 is not between 0 and 10000'),
    ('sbg_residual_lifetime(csmetrics.sbg_agg_add(NULL, 1, true), 0.1, 10001)', '22023', 'periods_survived 10001 is not between 0 and 10000'),
    ('sbg_residual_lifetime(csmetrics.sbg_agg_add(NULL, 1, true), 0, 1)', '22023', 'discount_rate 0 is not finite and at least 1e-09'),
    ('sbg_residual_lifetime(csmetrics.sbg_agg_add(NULL, 1, true), -0.1, 1)', '22023', 'discount_rate -0.1 is not finite and at least 1e-09'),
    ('sbg_residual_lifetime(csmetrics.sbg_agg_add(NULL, 1, true), 9e-10, 1)', '22023', 'discount_rate 9e-10 is not finite and at least 1e-09'),
    ('sbg_residual_lifetime(csmetrics.sbg_agg_add(NULL, 1, true), ''NaN'', 1)', '22023', 'discount_rate NaN is not finite and at least 1e-09'),
    ('sbg_residual_lifetime(csmetrics.sbg_agg_add(NULL, 1, true), ''Infinity'', 1)', '22023', 'discount_rate Infinity is not finite and at least 1e-09')
) AS wrong (call, code, message);
SELECT is(row(account_count(s), churned_count(s))::text, '(576460752303423487,576460752303423487)', 'as many accounts as there may be') FROM (SELECT sbg_agg(10000, true, 576460752303423487) AS s) AS q;

-- NULL
SELECT ok(have IS NULL, description || ' NULL: NULL')
FROM two, LATERAL (VALUES
    (account_count(NULL::sbg)::text, 'account_count, state'), (churned_count(NULL::sbg)::text, 'churned_count, state'), (sbg_fit(NULL)::text, 'sbg_fit, state'),
    (sbg_residual_lifetime(NULL, 0.1, 0)::text, 'sbg_residual_lifetime, state'), (sbg_residual_lifetime(s, NULL, 0)::text, 'discount_rate'), (sbg_residual_lifetime(s, 0.1, NULL)::text, 'periods_survived')
) AS v (have, description) WHERE name LIKE '2 of 4%';
SELECT is(count(r.*), 0::bigint, 'sbg_retention without a state or periods has no rows') FROM two, LATERAL (SELECT * FROM sbg_retention(NULL, 5) UNION ALL SELECT * FROM sbg_retention(s, NULL)) AS r;

SELECT * FROM finish();
ROLLBACK;
