\unset ECHO
\i test/psql.sql
\set march '''2024-03-01'', ''2024-04-01'''
-- Churn from first and last days. A term is [started, ended); a period is [from_date, to_date); a
-- change on day d belongs to the period with from_date <= d < to_date.
BEGIN;
SELECT plan(42);

CREATE FUNCTION pg_temp.groups(state churn) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', opening_count(state), churned_count(state), new_count(state), intra_period_count(state), closing_count(state))
$$;

-- Every edge, one customer at a time, over March 2024: opening, churned, new, intra-period, closing.
SELECT is(pg_temp.groups((SELECT churn_agg(s, e, :march) FROM (VALUES (started, ended)) AS one (s, e))), want, description)
FROM (VALUES
    ('2024-01-01'::date, '2024-02-28'::date, '0 0 0 0 0', 'ended before the eve of from_date: not opening'),
    ('2024-01-01', '2024-02-29', '0 0 0 0 0', 'ended the day before from_date: not in force on it, so not opening'),
    ('2024-01-01', '2024-03-01', '1 1 0 0 0', 'ended on from_date: opening, churned in the period'),
    ('2024-01-01', '2024-03-31', '1 1 0 0 0', 'ended the day before to_date: churned in the period'),
    ('2024-01-01', '2024-04-01', '1 0 0 0 1', 'ended on to_date: churned in the next period'),
    ('2024-01-01', '2024-04-02', '1 0 0 0 1', 'ended after to_date: opening and closing'),
    ('2024-01-01', NULL,         '1 0 0 0 1', 'ended NULL: still in force'),
    ('2024-01-01', 'infinity',   '1 0 0 0 1', 'ended infinity: still in force'),
    ('2024-02-29', NULL,         '1 0 0 0 1', 'started the day before from_date: opening'),
    ('2024-02-29', '2024-03-01', '1 1 0 0 0', 'in force on the eve of the period alone: opening and churned'),
    ('2024-03-01', NULL,         '0 0 1 0 1', 'started on from_date: new, not opening'),
    ('2024-03-31', NULL,         '0 0 1 0 1', 'started the day before to_date: new'),
    ('2024-04-01', NULL,         '0 0 0 0 0', 'started on to_date: new in the next period'),
    ('2024-03-01', '2024-04-01', '0 0 1 0 1', 'in force for the whole period and no longer: new and closing'),
    ('2024-03-31', '2024-04-01', '0 0 1 0 1', 'in force on the last day alone: new and closing'),
    ('2024-03-01', '2024-03-02', '0 0 0 1 0', 'in force on the first day alone: joined and left within the period'),
    ('2024-03-10', '2024-03-31', '0 0 0 1 0', 'joined and left within the period'),
    ('2024-03-10', '2024-03-10', '0 0 0 0 0', 'started and ended on one day: never in force'),
    ('2024-03-01', '2024-03-01', '0 0 0 0 0', 'started and ended on from_date: never in force'),
    ('2024-02-29', '2024-02-29', '0 0 0 0 0', 'started and ended on the eve: never in force'),
    (NULL,         NULL,         '0 0 0 0 0', 'started NULL: never in force'),
    (NULL,         '2024-03-10', '0 0 0 0 0', 'started NULL with an end: never in force'),
    ('2024-05-01', '2024-06-01', '0 0 0 0 0', 'a term after the period')
) AS edge (started, ended, want, description);

SELECT is(account_count(churn_agg(NULL, NULL, :march)), 2::bigint, 'rows without started are counted') FROM generate_series(1, 2);
SELECT is(pg_temp.groups(churn_agg('2024-01-01', NULL, :march, NULL)), '0 0 0 0 0', 'a row without mrr is never in force');
SELECT is(account_count(churn_agg('2024-01-01', NULL, :march, NULL)), 1::bigint, 'a row without mrr is counted');
SELECT is(opening_mrr(churn_agg('2024-01-01', NULL, :march, mrr)), 5::numeric, 'mrr below zero counts as zero')
FROM (VALUES (5), (-7)) AS a (mrr);
SELECT is(churn_agg(NULL, NULL, :march), NULL::churn, 'no rows: no state') WHERE false;

SELECT throws_ok('SELECT csmetrics.churn_agg(' || arguments, code, message, description)
FROM (VALUES
    ($$'2024-03-02', '2024-03-01', '2024-03-01', '2024-04-01')$$, '22023',
        'ended 2024-03-01 is before started 2024-03-02', 'ended before started is an error that names both days'),
    ($$'2024-01-01', NULL, '2024-04-01', '2024-03-01')$$, '22023',
        'to_date 2024-03-01 is not after from_date 2024-04-01', 'to_date before from_date is an error'),
    ($$'2024-01-01', NULL, '2024-03-01', '2024-03-01')$$, '22023',
        'to_date 2024-03-01 is not after from_date 2024-03-01', 'an empty period is an error'),
    ($$'2024-01-01', NULL, d, '2024-04-01') FROM (VALUES ('2024-03-01'::date), ('2024-03-02')) AS a (d)$$, '22023',
        'from_date and to_date must be the same in every row of a group', 'from_date that varies within a group is an error'),
    ($$'2024-01-01', NULL, '2024-03-01', d) FROM (VALUES ('2024-04-01'::date), ('2024-04-02')) AS a (d)$$, '22023',
        'from_date and to_date must be the same in every row of a group', 'to_date that varies within a group is an error'),
    ($$'2024-01-01', NULL, NULL, '2024-04-01')$$, '22004', 'from_date must not be NULL', 'from_date NULL is an error'),
    ($$'2024-01-01', NULL, '2024-03-01', NULL)$$, '22004', 'to_date must not be NULL', 'to_date NULL is an error'),
    ($$'2024-01-01', NULL, '2024-03-01', 'infinity')$$, '22008',
        'to_date out of range: infinity', 'a period without end is an error'),
    ($$'-infinity', NULL, '2024-03-01', '2024-04-01')$$, '22008',
        'started out of range: -infinity', 'started without beginning is an error'),
    ($$'2024-01-01', NULL, '2024-03-01', '2024-04-01', 'NaN')$$, '22003',
        'amount out of range: NaN', 'mrr that is no number is an error')
) AS wrong (arguments, code, message, description);

-- 3000 random terms against the days themselves: in force on day d is d <@ [started, ended).
DO 'BEGIN PERFORM setseed(0.125); END';
CREATE TEMP TABLE terms AS
SELECT row_number() OVER () AS n, started, started + length AS ended, mrr, started + renewal AS renews_on
FROM (SELECT '2024-01-01'::date + (random() * 120)::int AS started, (random() * 90)::int AS length, round((random() * 100)::numeric, 2) AS mrr,
             nullif((random() * 90)::int, 0) AS renewal FROM generate_series(1, 3000)) AS drawn;
CREATE TEMP TABLE march AS SELECT churn_agg(started, ended, :march, mrr, renews_on) AS s FROM terms;
SELECT results_eq(
    'SELECT opening_count(s), churned_count(s), new_count(s), intra_period_count(s), closing_count(s),
            opening_mrr(s), churned_mrr(s), new_mrr(s), intra_period_mrr(s), closing_mrr(s), due_mrr(s), unrenewed_mrr(s) FROM march',
    $$SELECT count(*) FILTER (WHERE o), count(*) FILTER (WHERE o AND NOT c), count(*) FILTER (WHERE c AND NOT o),
             count(*) FILTER (WHERE NOT o AND NOT c AND touched), count(*) FILTER (WHERE c),
             sum(mrr) FILTER (WHERE o), sum(mrr) FILTER (WHERE o AND NOT c), sum(mrr) FILTER (WHERE c AND NOT o),
             sum(mrr) FILTER (WHERE NOT o AND NOT c AND touched), sum(mrr) FILTER (WHERE c),
             sum(mrr) FILTER (WHERE (o OR touched) AND renews_on <@ march),
             sum(mrr) FILTER (WHERE (o OR touched) AND renews_on <@ march AND NOT renews_on <@ term)
      FROM (SELECT *, date '2024-02-29' <@ term AS o, date '2024-03-31' <@ term AS c, term && march AS touched
            FROM (SELECT mrr, renews_on, daterange(started, ended) AS term, daterange('2024-03-01', '2024-04-01') AS march FROM terms) AS t
           ) AS seen$$,
    'random terms give the groups that looking at the days gives');
SELECT is(closing_count(s) - opening_count(s), new_count(s) - churned_count(s), 'closing = opening - churned + new') FROM march;

-- Moving frames take rows out again.
CREATE TEMP TABLE moving AS
SELECT n, churn_agg(started, ended, :march) OVER w AS four,
    churn_agg(started, ended, :march, mrr) OVER w AS five, churn_agg(started, ended, :march, mrr, renews_on) OVER w AS six
FROM terms WHERE n <= 200 WINDOW w AS (ORDER BY n ROWS BETWEEN 9 PRECEDING AND 4 PRECEDING);
CREATE TEMP TABLE direct AS
SELECT frame.n, churn_agg(started, ended, :march) AS four,
    churn_agg(started, ended, :march, mrr) AS five, churn_agg(started, ended, :march, mrr, renews_on) AS six
FROM generate_series(1, 200) AS frame (n) JOIN terms ON terms.n BETWEEN frame.n - 9 AND frame.n - 4 GROUP BY frame.n;
SELECT is((SELECT count(*) FROM moving JOIN direct USING (n, four, five, six)), 196::bigint,
    'each moving frame equals its rows aggregated directly, with and without mrr and renewals');
SELECT is((SELECT array_agg(n ORDER BY n) FROM moving WHERE six IS NULL), '{1,2,3,4}'::bigint[], 'an empty frame has no state');

SELECT * FROM finish();
ROLLBACK;
