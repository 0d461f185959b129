\unset ECHO
\i test/psql.sql
-- Money is exact up to its limits, and past them an error: single amounts, sums, second moments, text.
BEGIN;
SELECT plan(59);
SELECT setseed(0.31) \g /dev/null
SET LOCAL statement_timeout = '300s';

-- One amount: up to 10^18.
SELECT throws_ok(format('SELECT %s', replace(aggregate, '$', amount)), '22003', 'amount out of range: ' || trim(both '''' FROM amount),
                 format('%s refuses %s and names it', substring(aggregate FROM '^\w+'), amount))
FROM (VALUES ('1000000000000000000.000001'), ('-1000000000000000001'), ('''NaN'''), ('''Infinity'''), ('''-Infinity''')) AS v(amount),
     (VALUES ('nrr_agg($, 0)'), ('churn_agg(''2024-01-01'', NULL, ''2024-01-01'', ''2024-02-01'', $)'), ('mrr_timeline_agg(''2024-01-01'', NULL, $)')) AS a(aggregate)
ORDER BY aggregate, amount;
SELECT throws_ok('SELECT nrr_agg(0, ''NaN'')', '22003', 'amount out of range: NaN', 'nrr_agg refuses a closing of NaN');
SELECT throws_ok('SELECT mrr_timeline_agg(''2024-01-01'', 1e18 + 1)', '22003', 'amount out of range: 1000000000000000001', 'a snapshot has the same limit');
SELECT throws_ok('SELECT nrr_agg(1e4000, 0)', '22003', 'amount out of range: 1' || repeat('0', 4000), 'an amount of thousands of digits is refused');
SELECT is(opening_mrr(nrr_agg(1e18, 0)), 1e18, 'the limit itself is an amount');
SELECT is(opening_mrr(nrr_agg(1e18 + 0.0000004, 0)), 1e18, 'what rounds to the limit is an amount');

-- Sums: 10^12 has 19 digits in millionths, so that a few pass 64 bits.
CREATE TABLE large AS
SELECT i, 1e12 + i * 0.000001 AS amount, CASE i % 4 WHEN 0 THEN 0 WHEN 1 THEN 1e12 - i WHEN 2 THEN 3e12 + 0.5 ELSE 1e12 + i * 0.000001 END AS later
FROM generate_series(1, 20) AS i;
SELECT is(opening_mrr(nrr_agg(amount, later)), sum(amount), 'sums past 64 bits are exact: opening MRR of nrr_agg') FROM large;
SELECT is(closing_mrr(nrr_agg(amount, later)), sum(later), 'sums past 64 bits are exact: closing MRR of nrr_agg') FROM large;
SELECT is(opening_mrr(churn_agg('2023-01-01', NULL, '2024-01-01', '2024-02-01', amount)), sum(amount), 'sums past 64 bits are exact: churn_agg') FROM large;
CREATE TABLE large_history AS
SELECT mrr_timeline_agg(starts, ends, mrr) AS history, amount, later
FROM large, LATERAL (VALUES (date '2023-01-01', date '2024-01-10', amount), ('2024-01-10', NULL, later)) AS t(starts, ends, mrr) GROUP BY i, amount, later;
SELECT results_eq('SELECT opening, closing FROM movements((SELECT mrr_movement_agg(history, ''2024-01-01'', ''2024-02-01'', ''month'') FROM large_history))',
                  'SELECT sum(amount), sum(later) FROM large', 'sums past 64 bits are exact: mrr_movement_agg');
SELECT results_eq('SELECT start_mrr, mrr, kept_mrr FROM cohort_retention((SELECT cohort_agg(history, ''2023-01-01'', ''2025-01-01'', ''year'') FROM large_history)) WHERE age = 1',
                  'SELECT sum(amount), sum(later), sum(least(amount, later)) FROM large', 'sums past 64 bits are exact: cohort_agg');
SELECT is(mrr_at(mrr_timeline_agg('2024-01-01', '2025-01-01', 1e12 + i * 0.000001), '2024-06-01'), 30e12 + 0.000465, '30 concurrent terms of 10^12 add up')
FROM generate_series(1, 30) AS i;
SELECT is(revenue_between(mrr_timeline_agg('2024-01-01', NULL, 1e12 + i * 0.000001), '2024-01-01', '2026-01-01'), 24 * (30e12 + 0.000465), 'their revenue of two years is exact')
FROM generate_series(1, 30) AS i;
SELECT is(closing_mrr(nrr_agg(1e18, 1e18 - 0.000001)), 1000 * (1e18 - 0.000001), 'a thousand amounts of 10^18 add up') FROM generate_series(1, 1000);
SELECT is(mrr_at(mrr_timeline_agg('2024-01-01', NULL, 1e18 - 0.000001), '2024-01-01'), 1000 * (1e18 - 0.000001), 'also on one account') FROM generate_series(1, 1000);

-- Doubled, until a sum is past its limit.
CREATE FUNCTION doublings(state anyelement, OUT count int, OUT most anyelement, OUT message text) LANGUAGE plpgsql AS $$
BEGIN
    most := state;
    FOR i IN 0..100 LOOP
        count := i;
        most := merge(most, most);
    END LOOP;
EXCEPTION WHEN numeric_value_out_of_range THEN
    message := SQLERRM;
END
$$;
CREATE TABLE doubled AS
SELECT f.count AS flows, f.most AS flow, f.message, n.count AS counts, n.most AS counted, t.count AS timelines, t.most AS timeline, t.message AS timeline_message
FROM doublings((SELECT nrr_agg(1e18, 1e18))) AS f, doublings((SELECT nrr_agg(0, 0))) AS n, doublings((SELECT mrr_timeline_agg('2024-01-01', NULL, 1e18))) AS t;
SELECT results_eq('SELECT flows, opening_mrr(flow) FROM doubled', 'SELECT 40, 2::numeric ^ 40 * 1e18', 'sums are exact up to 10^30');
SELECT is(message, 'revenue_flow out of range', 'and past it an error') FROM doubled;
SELECT results_eq('SELECT counts, account_count(counted) FROM doubled', 'SELECT 58, (2::numeric ^ 58)::bigint', 'counts go up to 2^59');
SELECT results_eq('SELECT timelines, mrr_at(timeline, ''2024-01-01'') FROM doubled', 'SELECT 20, 2::numeric ^ 20 * 1e18', 'the sums of one account go up to 10^24');
SELECT is(timeline_message, 'mrr_timeline out of range', 'and past it an error') FROM doubled;

-- Every shape of numeric reads as round(x, 6) of it, from an expression or from a table.
CREATE FUNCTION digits(n int) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(string_agg(CASE WHEN random() < zeros THEN '0' ELSE floor(random() * 10)::text END, ''), '')
    FROM generate_series(1, n), (SELECT floor(random() * 3) / 2.2 AS zeros) AS z
$$;
CREATE TABLE shape AS
SELECT id, (CASE WHEN random() < 0.4 THEN '-' ELSE '' END || '0' || digits(floor(random() * 18)::int) || '.' ||
            CASE floor(random() * 6)
                WHEN 0 THEN digits(6) || '5' || repeat('0', floor(random() * 14)::int)
                WHEN 1 THEN digits(6) || '4' || repeat('9', floor(random() * 14)::int)
                WHEN 2 THEN digits(6) || '5' || repeat('0', floor(random() * 30)::int) || '1'
                WHEN 3 THEN repeat('0', floor(random() * 40)::int) || digits(1)
                WHEN 4 THEN digits(floor(random() * 21)::int) || '0'
                ELSE digits(2) || repeat('0', 60 + floor(random() * 30)::int) END)::numeric AS x
FROM generate_series(1, 20000) AS id;
INSERT INTO shape VALUES (0, 0), (-1, 1e-30), (-2, -1e-30), (-3, 0.0000005), (-4, 0.00000049999), (-5, -0.0000005), (-6, 0.9999995), (-7, 9999.9999995),
                         (-8, 99999999999999999.9999994), (-9, 0.000000), (-10, 1e-100), (-11, 99999999999999999), (-12, 10000), (-13, 1e16), (-14, 0.0001);
INSERT INTO shape SELECT -100 - i, (i || '.' || digits(4) || repeat('3', 12000))::numeric FROM generate_series(1, 50) AS i; -- stored compressed
INSERT INTO shape SELECT -200 - i, (i || '.' || digits(16000))::numeric FROM generate_series(1, 20) AS i; -- stored out of line
ALTER TABLE shape ADD rounded numeric;
UPDATE shape SET rounded = round(x, 6);

CREATE FUNCTION in_text(timeline mrr_timeline) RETURNS numeric LANGUAGE sql AS $$
    SELECT coalesce(substring($1::text FROM '\S+$')::numeric, 0) WHERE $1::text ~ '1\|2024-01-01' UNION ALL SELECT 0 WHERE $1::text = '1 0|0 0'
$$;
SELECT ok(count(*) FILTER (WHERE scale(x) > 63) > 1000 AND count(pg_column_compression(x)) >= 50 AND max(pg_column_size(x)) > 5000,
          'there are numerics of the long form, compressed and out of line')
FROM shape;
SELECT is_empty('SELECT id, x, rounded, in_text(mrr_timeline_agg(''2024-01-01'', NULL, x)) FROM shape GROUP BY id, x, rounded
                 HAVING in_text(mrr_timeline_agg(''2024-01-01'', NULL, x)) IS DISTINCT FROM rounded',
                'stored numerics of every shape are rounded as round(x, 6) does');
SELECT is_empty('SELECT id, x, rounded FROM shape GROUP BY id, x, rounded
                 HAVING in_text(mrr_timeline_agg(''2024-01-01'', NULL, -x)) IS DISTINCT FROM -rounded',
                'and so are computed ones');
SELECT is_empty('SELECT id, x, rounded FROM shape GROUP BY id, x, rounded
                 HAVING (mrr_at(mrr_timeline_agg(''2024-01-01'', ''2024-01-02'', x), ''2024-01-01''), opening_mrr(nrr_agg(x, 0)), closing_mrr(nrr_agg(0, x)))
                        IS DISTINCT FROM (greatest(rounded, 0), greatest(rounded, 0), greatest(rounded, 0))',
                'and come out of readers the same, below zero as 0');

-- The shortest text, and back.
SELECT is(mrr_timeline_agg('2024-01-01', NULL, amount)::text, '1 0|0 1|2024-01-01 0 ' || form, form || ' is written so')
FROM (VALUES (0.000001, '0.000001'), (-0.000001, '-0.000001'), (0.5, '0.5'), (1.100000, '1.1'), (10.00, '10'), (100000000, '100000000'), (12.03, '12.03'), (1e18, '1000000000000000000'))
     AS v(amount, form) GROUP BY amount, form ORDER BY amount;
SELECT ok(bool_and(t::text::mrr_timeline = t AND t::text::mrr_timeline::text = t::text), 'the text of any amount comes back the same')
FROM (SELECT mrr_timeline_agg('2024-01-01', NULL, x) AS t FROM shape GROUP BY id) AS s;

-- A long history in any order.
CREATE TABLE term AS
SELECT i, starts, starts + 1 + floor(random() * 500)::int AS ends, round((random() * 1000)::numeric, 6) AS mrr
FROM (SELECT i, date '2020-01-01' + floor(random() * 1000)::int AS starts FROM generate_series(1, 100000) AS i) AS s;
CREATE TABLE one_account AS SELECT mrr_timeline_agg(starts, ends, mrr ORDER BY random()) AS history FROM term;
SELECT results_eq('SELECT changed_on, closing FROM one_account, changes(history) ORDER BY changed_on',
                  'SELECT day, sum(sum(change)) OVER (ORDER BY day)
                   FROM (SELECT starts, mrr FROM term UNION ALL SELECT ends, -mrr FROM term) AS c(day, change) GROUP BY day HAVING sum(change) <> 0 ORDER BY day',
                  '100,000 terms of one account in random order are the sum of each day');
SELECT ok((SELECT mrr_timeline_agg(starts, ends, mrr ORDER BY starts DESC, i) FROM term) = history
          AND (SELECT mrr_timeline_agg(starts, ends, mrr ORDER BY starts, i) FROM term) = history, 'and the same bytes forwards and backwards')
FROM one_account;

-- Second moments: whole numbers of any length, written in hexadecimal.
CREATE FUNCTION from_hex(form text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    value numeric := 0;
    digit text;
BEGIN
    FOREACH digit IN ARRAY string_to_array(ltrim(form, '-0x'), NULL) LOOP
        value := value * 16 + strpos('123456789abcdef', digit);
    END LOOP;
    RETURN CASE WHEN form LIKE '-%' THEN -value ELSE value END;
END
$$;
CREATE TABLE pair AS
SELECT id, least(id % 4 * 6, 17) AS scale, round(random()::numeric, 6) * 10::numeric ^ least(id % 4 * 6, 17) + 0.000001 AS m0, round(CASE WHEN random() < 0.2 THEN 0 ELSE 3 END * random()::numeric, 6) * 10::numeric ^ least(id % 4 * 6, 17) AS m1
FROM generate_series(1, 3000) AS id;
SELECT is(ARRAY(SELECT from_hex(field) FROM unnest((string_to_array(split_part(flow::text, '|', 2), ' '))[12:16]) AS field), moments,
          format('second moments of amounts up to 10^%s are exact', scale))
FROM (SELECT scale, nrr_agg(m0, m1) AS flow,
             ARRAY[sum(e * e), sum(e * x), sum(l * l), sum(l * x), sum(x * x)]::numeric[] AS moments
      FROM (SELECT scale, m0, m1, m0 * 1e6 AS x, (m1 - m0) * 1e6 AS e, greatest(m0 - m1, 0) * 1e6 AS l FROM pair) AS p GROUP BY scale) AS s
ORDER BY scale;
CREATE FUNCTION with_moment(field text) RETURNS text LANGUAGE sql AS $$ SELECT '1 0|0 0 0 0 0 0 0 0 0 0 0 0x0 0x0 0x0 0x0 ' || field $$;
SELECT is(with_moment(field)::revenue_flow::text, with_moment(field), 'a moment of 255 bits comes back the same: ' || left(field, 6))
FROM unnest(ARRAY['0x7' || repeat('f', 63), '-0x7' || repeat('f', 63), '-0x8' || repeat('0', 63)]) AS field;
SELECT throws_ok(format('SELECT with_moment(%L)::revenue_flow', field), '22P02', NULL, 'one past them is refused: ' || left(field, 6))
FROM unnest(ARRAY['0x8' || repeat('0', 63), '-0x8' || repeat('0', 62) || '1', '0x1' || repeat('0', 64)]) AS field;

SELECT * FROM finish();
ROLLBACK;
