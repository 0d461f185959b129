\unset ECHO
\i test/psql.sql
-- The beta-discrete-Weibull model of contracts: its fits against its likelihood worked out with 40 digits apart from this, on the published tables of Fader and Hardie.
BEGIN;
SELECT plan(35);
CREATE FUNCTION pg_temp.near(a float8, b float8, tolerance float8) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= tolerance * abs(b), false);
-- Rows are [period, churned, kept]
CREATE FUNCTION pg_temp.of(rows bigint[]) RETURNS sbg LANGUAGE sql RETURN (
    SELECT sbg_agg(rows[i][1]::int, churned, CASE WHEN churned THEN rows[i][2] ELSE rows[i][3] END)
    FROM generate_subscripts(rows, 1) AS i, (VALUES (true), (false)) AS c (churned) WHERE NOT churned OR rows[i][1] > 0);

CREATE TEMP TABLE sample AS SELECT name, pg_temp.of(rows::bigint[]) AS s, want FROM (VALUES
    ('High End', '{{1,131,0},{2,126,0},{3,90,0},{4,60,0},{5,42,0},{6,34,0},{7,26,491}}', '{0.21425333928084996,1.4265748748600842,1.7235648487445279,-1605.3142132141932}'::float8[]),
    ('Regular', '{{1,369,0},{2,163,0},{3,86,0},{4,56,0},{5,37,0},{6,27,0},{7,21,241}}', '{0.45561398937163812,0.77932550838795592,1.2834512857832903,-1679.6028329071783}'),
    ('cohorts', '{{1,8000,8000},{2,4560,6480},{3,2346,5307},{4,916,4391}}', '{3.7731564166504678,15.092810772049858,1.0004040255727167,-40255.837211081552}')) AS v(name, rows, want);
CREATE TEMP TABLE fitted AS SELECT name, s, want, f.* FROM sample, bdw_fit(s) AS f;
SELECT ok(pg_temp.near(alpha, want[1], 1e-7) AND pg_temp.near(beta, want[2], 1e-7) AND pg_temp.near(c, want[3], 1e-7) AND converged AND warning IS NULL, format('%s: %s %s %s', name, alpha, beta, c)) FROM fitted ORDER BY name;
SELECT ok(pg_temp.near(log_likelihood, want[4], 1e-13), name || ': log_likelihood') FROM fitted ORDER BY name;
SELECT ok(f.log_likelihood > g.log_likelihood, name || ': the likelihood is above that of sbg_fit, which is c = 1') FROM fitted AS f, sbg_fit(s) AS g ORDER BY name;
SELECT ok(abs(c - 1) < 0.001, 'cohorts that were made without dependence on age have a c of 1') FROM fitted WHERE name = 'cohorts';
SELECT is(bdw_fit(rollup(part)), (SELECT bdw_fit(s) FROM fitted WHERE name = 'cohorts'), 'cohort by cohort has the same fit, bit for bit')
FROM (VALUES (pg_temp.of('{{1,2000,0},{2,1520,0},{3,1173,0},{4,916,4391}}')), (pg_temp.of('{{1,2000,0},{2,1520,0},{3,1173,5307}}')), (pg_temp.of('{{1,2000,0},{2,1520,6480}}')), (pg_temp.of('{{1,2000,8000}}'))) AS p (part);

-- With c = 1 it is the other model
SELECT ok(pg_temp.near(bdw_surviving(0.668, 3.806, 1, t), (SELECT exp(sum(ln((3.806 + i - 1) / (0.668 + 3.806 + i - 1)))) FROM generate_series(1, t) AS i), 1e-12), format('c = 1 after %s', t)) FROM (VALUES (1), (5), (100)) AS v(t);
SELECT ok(pg_temp.near(bdw_surviving(alpha, beta, c, t), want, 1e-11), format('%s %s %s after %s', alpha, beta, c, t)) FROM (VALUES
    (0.668, 3.806, 1, 7, 0.48894462089372571), (0.259, 1.722, 1.584, 12, 0.38942481836324943), (2, 0.5, 0.4, 10000, 0.00045037886953978162), (50, 900, 1.2, 3, 0.81729005563873484), (0.3, 0.2, 2.5, 40, 0.024273889239963259)) AS v(alpha, beta, c, t, want);
SELECT is(bdw_surviving(1, 2, 3, 0), 1::float8, 'all are there before the first renewal');
SELECT is(count(*), 12::bigint, 'a row a renewal') FROM fitted, bdw_retention(s, 12) AS r WHERE name = 'Regular';
SELECT is_empty($$SELECT name, r.* FROM fitted, bdw_retention(s, 40) AS r WHERE r.surviving <> bdw_surviving(alpha, beta, c, r.period) OR r.surviving >= 1 OR r.retention >= 1 OR r.retention <= 0
                  OR NOT pg_temp.near(r.retention * CASE r.period WHEN 1 THEN 1 ELSE bdw_surviving(alpha, beta, c, r.period - 1) END, r.surviving, 1e-12)$$, 'survival and retention fit the parameters');
SELECT ok(abs(r.surviving * 1000 - left_over) < 10, format('High End: %s of 1000 after %s, within ten', left_over, t))
FROM fitted, bdw_retention(s, 12) AS r, (VALUES (8, 468), (10, 427), (12, 394)) AS v(t, left_over) WHERE name = 'High End' AND t = r.period;

SELECT is(row(f.*)::text || (SELECT count(*) FROM bdw_retention(s, 5)), format('(,,,,f,"%s")0', told), told)
FROM (VALUES (pg_temp.of('{{0,0,9}}'), 'no account has come to a renewal'), (pg_temp.of('{{1,0,3},{4,0,10}}'), 'nobody churned'), (pg_temp.of('{{1,30,0},{2,10,20}}'), 'churn at fewer than three renewals was seen'),
             (unmerge(pg_temp.of('{{1,30,0},{2,10,20}}'), pg_temp.of('{{3,1,0}}')), 'counts are below zero')) AS v(s, told), bdw_fit(s) AS f;
SELECT is(row(f.converged, f.warning LIKE '%has no bound: accounts do not differ in their chance to leave')::text || (SELECT count(*) FROM bdw_retention(s, 5)), '(f,t)0', 'churn that rises faster than accounts can differ')
FROM (SELECT pg_temp.of('{{1,60,40},{2,30,35},{3,28,30},{4,15,120}}') AS s) AS q, bdw_fit(s) AS f;
SELECT throws_ok('SELECT csmetrics.' || call, '22023', message, call)
FROM (VALUES ('bdw_surviving(0, 1, 1, 1)', 'alpha 0 is not a finite number above 0'), ('bdw_surviving(1, 1, ''NaN'', 1)', 'c NaN is not a finite number above 0'),
             ('bdw_surviving(1, 1, 1, -1)', 'period -1 is not between 0 and 10000'), ('bdw_retention(csmetrics.sbg_agg_add(NULL, 1, true), 0)', 'periods 0 is not between 1 and 10000')) AS wrong (call, message);
SELECT is(concat(bdw_fit(NULL), bdw_surviving(1, NULL, 1, 1), (SELECT count(*) FROM bdw_retention(NULL, 5))), '0', 'NULL for NULL');

SELECT * FROM finish();
ROLLBACK;
