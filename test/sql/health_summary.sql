\unset ECHO
\i test/psql.sql
-- The health of groups: tiers with MRR, means, the worst, all by hand and by plain SQL.
BEGIN;
SELECT plan(28);
SELECT setseed(0.37) \g /dev/null

CREATE TEMP TABLE account (score float8, mrr numeric);
INSERT INTO account VALUES (95.5, 100), (80, 50), (79.999, 1000), (50, 0), (49.999, 25.25), (NULL, 7), (12.346, NULL);
CREATE TEMP TABLE summary AS SELECT health_agg(score, mrr) AS s FROM account;
SELECT results_eq('SELECT tier, accounts, mrr FROM health_tiers((SELECT s FROM summary))',
    $$VALUES ('Green', 2::bigint, 150::numeric), ('Yellow', 2, 1000), ('Red', 2, 25.25), ('Unknown', 1, 7)$$, 'accounts and MRR by tier, on the unrounded score');
SELECT results_eq('SELECT tier, share, mrr_share FROM health_tiers((SELECT s FROM summary))',
    $$VALUES ('Green', 2::float8 / 7, 150 / 1182.25::float8), ('Yellow', 2::float8 / 7, 1000 / 1182.25::float8), ('Red', 2::float8 / 7, 25.25 / 1182.25::float8), ('Unknown', 1::float8 / 7, 7 / 1182.25::float8)$$, 'and their shares');
SELECT is(row(lower, upper)::text, (wilson_interval(2, 7))::text, 'the interval of a share is Wilson''s') FROM summary, health_tiers(s) WHERE tier = 'Red';
SELECT results_eq('SELECT tier, accounts FROM health_tiers((SELECT s FROM summary), 12.34, 95.5)', $$VALUES ('Green', 1::bigint), ('Yellow', 5), ('Red', 0), ('Unknown', 1)$$, 'other bounds, the same summary');
SELECT is(account_count(s), 7::bigint, 'accounts') FROM summary;
SELECT is(scored_count(s), 6::bigint, 'those with a score') FROM summary;
SELECT is(round(mean_score(s)::numeric, 12), round((95.5 + 80 + 79.999 + 50 + 49.999 + 12.346) / 6.0, 12), 'the mean score') FROM summary;
SELECT is(round(weighted_score(s)::numeric, 9), round((95.5 * 100 + 80 * 50 + 79.999 * 1000 + 49.999 * 25.25) / 1175.25, 9), 'the mean by MRR') FROM summary;
SELECT is(worst_score(s), 12.34::float8, 'the lowest, rounded down to hundredths') FROM summary;

SELECT results_eq('SELECT account_count(health_agg(s, m)), scored_count(health_agg(s, m)) FROM (VALUES (NULL::float8, NULL::numeric), (NULL, 0)) AS v(s, m)', 'VALUES (1::bigint, 0::bigint)', 'rows of NULLs are left out');
SELECT is(mean_score(health_agg(NULL::float8, 5)), NULL::float8, 'no known score, no mean');
SELECT is(weighted_score(health_agg(50::float8, 0)), NULL::float8, 'no MRR, no mean by MRR');
SELECT is(worst_score(health_agg(NULL::float8, 5)), NULL::float8, 'nor a lowest');
SELECT is((SELECT health_agg(1::float8, 1) FROM generate_series(1, 0)), NULL, 'no rows, no summary');
SELECT is((SELECT sum(accounts) FROM (SELECT health_agg(NULL::float8, NULL) AS s) AS q, health_tiers(s)), 0::numeric, 'tiers of nothing are empty');

-- Of health itself: read as score() reads it.
CREATE TEMP TABLE one AS
SELECT n, health_score('u', 'a', CASE WHEN n % 7 > 0 THEN random() * 100 END, 10) AS h, round(random()::numeric * 1000, 2) AS mrr FROM generate_series(1, 500) AS n GROUP BY n;
SELECT is(health_agg(h, mrr), health_agg(score(h), mrr), 'a health counts with its score') FROM one;
SELECT results_eq('SELECT t.tier, t.accounts, t.mrr FROM (SELECT health_agg(h, mrr) AS s FROM one) AS a, health_tiers(s) AS t ORDER BY 1',
                  'SELECT tier(h), count(*), sum(mrr) FROM one GROUP BY 1 ORDER BY 1', 'tiers are those of plain SQL');
SELECT is(round(mean_score(health_agg(h, mrr))::numeric, 10), round(avg(score(h)::numeric), 10), 'so is the mean') FROM one;
SELECT is(round(weighted_score(health_agg(h, mrr))::numeric, 9), round(sum(score(h)::numeric * mrr) FILTER (WHERE score(h) IS NOT NULL) / sum(mrr) FILTER (WHERE score(h) IS NOT NULL), 9), 'and that by MRR') FROM one;
SELECT is(rollup(s ORDER BY random()), (SELECT health_agg(h, mrr) FROM one), 'parts roll up to the whole') FROM (SELECT health_agg(h, mrr) AS s FROM one GROUP BY n % 9) AS p;
SELECT is(unmerge(merge(a, b), b), a, 'unmerge takes a part out again')
FROM (SELECT health_agg(h, mrr) FROM one WHERE n < 100) AS a(a), (SELECT health_agg(h, mrr) FROM one WHERE n > 300) AS b(b);

SELECT is(pg_temp.failure(statement), failure, failure)
FROM (VALUES
    (1, $$SELECT health_agg(100.1::float8, 1)$$, '22023 score 100.1 is out of range'),
    (2, $$SELECT health_agg('NaN'::float8, 1)$$, '22023 score NaN is out of range'),
    (3, $$SELECT health_agg(50::float8, 1e19)$$, '22003 amount out of range: 10000000000000000000'),
    (4, $$SELECT health_tiers(s, 80, 50) FROM summary$$, '22023 green_from 50 is not above yellow_from 80'),
    (5, $$SELECT health_tiers(s, 33.333, 66.666) FROM summary$$, '22023 yellow_from 33.333 has more than two decimals'),
    (6, $$SELECT health_tiers(s, -1, 50) FROM summary$$, '22023 yellow_from -1 is out of range'),
    (7, $$SELECT health_tiers(s, 50, 80, 1) FROM summary$$, '22023 confidence 1 is not between 0 and 1')) AS v(nr, statement, failure) ORDER BY nr;

SELECT * FROM finish();
ROLLBACK;
