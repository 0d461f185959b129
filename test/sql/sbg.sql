\unset ECHO
\i test/psql.sql
-- Shifted-beta-geometric contracts: the fit against its likelihood in plain SQL, what follows from it in closed form, and
-- the reasons where there is none.
BEGIN;
SELECT plan(44);
-- Some left at each of five renewals; of the others some have come to more renewals than others.
CREATE TEMP TABLE seen (period int, churned boolean, accounts bigint);
INSERT INTO seen VALUES (1, true, 131), (2, true, 126), (3, true, 90), (4, true, 60), (5, true, 42), (5, false, 300), (3, false, 151), (0, false, 77);
CREATE TEMP TABLE contract AS SELECT sbg_agg(period, churned, accounts) AS s FROM seen;

-- From the recursions of the paper: P(1) = a / (a + b), P(t) = P(t - 1) (b + t - 2) / (a + b + t - 1), and S(t) = 1 - the sum of these.
CREATE FUNCTION pg_temp.log_likelihood(a float8, b float8) RETURNS float8 LANGUAGE sql AS $$
    WITH RECURSIVE p(t, left_then, staying) AS (
        SELECT 0, 0::float8, 1::float8
        UNION ALL SELECT t + 1, q, staying - q FROM p, LATERAL (SELECT CASE t WHEN 0 THEN a / (a + b) ELSE left_then * (b + t - 1) / (a + b + t) END AS q) AS n WHERE t < 5)
    SELECT sum(accounts * ln(CASE WHEN churned THEN left_then ELSE staying END)) FROM seen JOIN p ON t = period
$$;
SELECT ok(abs(log_likelihood - pg_temp.log_likelihood(alpha, beta)) < 1e-9 * abs(log_likelihood), 'the log-likelihood is that of the recursions') FROM contract, sbg_fit(s);
SELECT ok(bool_and(pg_temp.log_likelihood(alpha * x, beta * y) < log_likelihood), 'nothing around it is likelier')
FROM contract, sbg_fit(s), unnest('{0.5,0.99,0.9999,1,1.0001,1.01,2}'::float8[]) AS x, unnest('{0.5,0.99,0.9999,1,1.0001,1.01,2}'::float8[]) AS y WHERE x <> 1 OR y <> 1;
SELECT ok(abs(pg_temp.log_likelihood(alpha * (1 + 1e-4), beta) - pg_temp.log_likelihood(alpha * (1 - 1e-4), beta)) < 1e-6
          AND abs(pg_temp.log_likelihood(alpha, beta * (1 + 1e-4)) - pg_temp.log_likelihood(alpha, beta * (1 - 1e-4))) < 1e-6, 'and it is level there') FROM contract, sbg_fit(s);
SELECT is((SELECT sbg_agg(period, churned) FROM seen, generate_series(1, accounts)), s, 'a row an account is a row a group') FROM contract;
SELECT is(ARRAY[account_count(s), churned_count(s)], '{977,449}', 'accounts and those that churned') FROM contract;

-- What follows
SELECT ok(bool_and(abs(retention - (beta + period - 1) / (alpha + beta + period - 1)) < 1e-15 AND abs(surviving - (SELECT exp(sum(ln((beta + k - 1) / (alpha + beta + k - 1)))) FROM generate_series(1, period) AS k)) < 1e-12)
          AND count(*) = 40, 'retention and survival, 40 renewals ahead') FROM contract, sbg_fit(s), sbg_retention(s, 40);
SELECT ok(bool_and(retention > before), 'retention rises with age') FROM (SELECT retention, lag(retention, 1, 0) OVER (ORDER BY period) AS before FROM contract, sbg_retention(s, 100)) AS r;
-- The sum over renewals to come, term by term, until a term is nothing.
SELECT ok(abs(sbg_residual_lifetime(s, d, k) / total - 1) < 1e-9, format('residual lifetime at a discount of %s, %s renewals survived', d, k))
FROM contract, sbg_fit(s), (VALUES (0.02, 0), (0.02, 7), (0.1, 0), (0.1, 5), (0.1, 300), (2, 0), (2, 5)) AS v(d, k),
     LATERAL (WITH RECURSIVE term(j, survive, discount) AS (
                  SELECT 1, (beta + k) / (alpha + beta + k), 1::float8
                  UNION ALL SELECT j + 1, survive * (beta + k + j) / (alpha + beta + k + j), discount / (1 + d) FROM term WHERE discount > 1e-14)
              SELECT sum(survive * discount) AS total FROM term) AS t;
SELECT ok(bool_and(value > before), 'who has stayed longer will stay longer')
FROM (SELECT sbg_residual_lifetime(s, 0.1, k) AS value, lag(sbg_residual_lifetime(s, 0.1, k), 1, 0) OVER (ORDER BY k) AS before FROM contract, generate_series(0, 50) AS k) AS v;

-- Facts drawn from known parameters are found again: expected counts of 10^9 accounts.
SELECT ok(abs(f.alpha / a - 1) < 1e-4 AND abs(f.beta / b - 1) < 1e-4, format('alpha %s and beta %s are found again', a, b))
FROM (VALUES (0.668, 3.806), (0.704, 1.182), (3.8, 15.19), (0.05, 0.3), (40, 200), (1.2, 0.01)) AS v(a, b),
     LATERAL (WITH RECURSIVE p(t, left_then, staying) AS (
                  SELECT 0, 0::float8, 1::float8
                  UNION ALL SELECT t + 1, q, staying - q FROM p, LATERAL (SELECT CASE t WHEN 0 THEN a / (a + b) ELSE left_then * (b + t - 1) / (a + b + t) END AS q) AS n WHERE t < 12)
              SELECT sbg_agg(t, true, round(1e9 * left_then)::bigint) FILTER (WHERE t > 0) AS lost, sbg_agg(t, false, round(1e9 * staying)::bigint) FILTER (WHERE t = 12) AS kept FROM p) AS s,
     LATERAL sbg_fit(merge(lost, kept)) AS f;

-- No fit, and why
SELECT is(concat_ws(' ', alpha, beta, log_likelihood, reason), want, want)
FROM (VALUES
    ((SELECT sbg_agg(0, false) FROM generate_series(1, 5)), 'no account has come to a renewal'),
    ((SELECT sbg_agg(NULL, true)), 'no account has come to a renewal'),
    ((SELECT sbg_agg(4, false)), 'nobody churned'),
    ((SELECT sbg_agg(1, true)), 'everybody churned at the first renewal'),
    ((SELECT sbg_agg(1, i = 1) FROM generate_series(1, 3) AS i), 'only one renewal was seen'),
    ((SELECT sbg_agg(i, i = 1) FROM generate_series(1, 3) AS i), 'nobody churned after the first renewal'),
    ((SELECT sbg_agg(i, true, ('{10,9,90}'::bigint[])[i]) FROM generate_series(1, 3) AS i), 'churn does not fall from renewal to renewal, so alpha and beta have no bound'),
    ((SELECT unmerge(sbg_agg(2, true), sbg_agg(1, true))), 'counts are below zero')
) AS e(s, want), LATERAL sbg_fit(s);
SELECT ok(sbg_residual_lifetime(s, 0.1, 0) IS NULL AND NOT EXISTS (SELECT FROM sbg_retention(s, 3)), 'without a fit, no projection') FROM (SELECT sbg_agg(4, false) AS s) AS q;
SELECT is(sbg_agg(1, true), NULL, 'no rows: NULL') WHERE false HAVING true;
SELECT ok(sbg_fit(NULL) IS NULL AND sbg_residual_lifetime(NULL, 0.1, 0) IS NULL AND NOT EXISTS (SELECT FROM sbg_retention(NULL, 3)) AND account_count(NULL::sbg) IS NULL, 'no state: nothing');
SELECT is(account_count(sbg_agg(p, c, n)), 5::bigint, 'rows with NULL are left out') FROM (VALUES (1, true, 5::bigint), (NULL, true, 5), (1, NULL, 5), (1, true, NULL)) AS v(p, c, n);
SELECT is(array_agg(account_count(s) ORDER BY i), '{1,2,2,2}', 'a moving frame of two accounts') FROM (SELECT i, sbg_agg(i, i = 2) OVER (ORDER BY i ROWS 1 PRECEDING) AS s FROM generate_series(1, 4) AS i) AS w;

SELECT throws_ok('SELECT csmetrics.' || call || ' FROM contract', code, message, message)
FROM (VALUES
    ('sbg_agg(0, true)', '22023', 'period 0 is not between 1 and 10000'), ('sbg_agg(-1, false)', '22023', 'period -1 is not between 0 and 10000'), ('sbg_agg(10001, false)', '22023', 'period 10001 is not between 0 and 10000'),
    ('sbg_agg(1, true, -1)', '22023', 'accounts -1 is not at least 0'), ('sbg_agg(1, true, 576460752303423488)', '22003', 'sbg out of range'),
    ('sbg_retention(s, 0)', '22023', 'periods 0 is not between 1 and 10000'), ('sbg_residual_lifetime(s, 0, 0)', '22023', 'discount_rate 0 is not finite and at least 1e-09'),
    ('sbg_residual_lifetime(s, ''NaN'', 0)', '22023', 'discount_rate NaN is not finite and at least 1e-09'), ('sbg_residual_lifetime(s, ''infinity'', 0)', '22023', 'discount_rate Infinity is not finite and at least 1e-09'),
    ('sbg_residual_lifetime(s, 0.1, -1)', '22023', 'periods_survived -1 is not between 0 and 10000')
) AS wrong(call, code, message);
SELECT * FROM finish();
ROLLBACK;
