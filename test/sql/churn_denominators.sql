\unset ECHO
\i test/psql.sql
\set march '''2024-03-01'', ''2024-04-01'''
-- Churn over March 2024 by each denominator, with intervals and renewals.
BEGIN;
SELECT plan(55);

-- One book, worked out by hand
CREATE TEMP TABLE book (customer text, started date, ended date, mrr numeric, renews_on date);
INSERT INTO book VALUES
    ('a', '2023-01-01', NULL,         100, '2024-03-01'),  -- opening; due on from_date, kept
    ('b', '2023-06-15', NULL,         200, '2024-03-15'),  -- opening; due, kept
    ('c', '2023-03-20', '2024-03-10', 300, '2024-03-20'),  -- opening, churned; due later in the period: lost
    ('d', '2023-04-01', NULL,         400, '2024-04-01'),  -- opening; due on to_date: not in this period
    ('e', '2024-03-01', NULL,          20, '2025-03-01'),  -- new
    ('g', '2024-03-31', NULL,          30, NULL),          -- new
    ('f', '2024-03-05', '2024-03-25', 150, '2024-03-25'),  -- joined and left, on its renewal: due, lost
    ('h', '2023-01-01', '2024-02-29', 999, '2024-03-10');  -- left before: neither opening nor due
CREATE TEMP TABLE march AS SELECT churn_agg(started, ended, :march, mrr, renews_on) AS s FROM book;

SELECT is(have, want::numeric, description)
FROM march, LATERAL (VALUES
    (account_count(s)::numeric, 8, 'account_count: all rows'),
    (opening_count(s),      4, 'opening_count: a, b, c, d'),
    (churned_count(s),      1, 'churned_count: c'),
    (new_count(s),          2, 'new_count: e, g'),
    (intra_period_count(s), 1, 'intra_period_count: f'),
    (closing_count(s),      5, 'closing_count: 4 - 1 + 2'),
    (due_count(s),          4, 'due_count: a, b, c, f'),
    (unrenewed_count(s),    2, 'unrenewed_count: c, f'),
    (opening_mrr(s),     1000, 'opening_mrr: 100 + 200 + 300 + 400'),
    (churned_mrr(s),      300, 'churned_mrr'),
    (new_mrr(s),           50, 'new_mrr: 20 + 30'),
    (intra_period_mrr(s), 150, 'intra_period_mrr'),
    (closing_mrr(s),      750, 'closing_mrr: 1000 - 300 + 50'),
    (due_mrr(s),          750, 'due_mrr: 100 + 200 + 300 + 150'),
    (unrenewed_mrr(s),    450, 'unrenewed_mrr: 300 + 150')
) AS reading (have, want, description);

SELECT is(logo_churn(s, denominator), want::float8, 'logo_churn by ' || denominator || ': ' || why)
FROM march, (VALUES
    ('start',          1.0 / 4,   '1 / 4'),
    ('start_plus_new', 2.0 / 7,   '(1 + 1) / (4 + 2 + 1)'),
    ('average',        2.0 / 4.5, '(1 + 1) / ((4 + 5) / 2)'),
    ('up_for_renewal', 2.0 / 4,   '2 / 4')) AS v (denominator, want, why);
SELECT is(revenue_churn(s, denominator), want::float8, 'revenue_churn by ' || denominator || ': ' || why)
FROM march, (VALUES
    ('start',          0.3,         '300 / 1000'),
    ('start_plus_new', 0.375,       '(300 + 150) / (1000 + 50 + 150)'),
    ('average',        450.0 / 875, '(300 + 150) / ((1000 + 750) / 2)'),
    ('up_for_renewal', 0.6,         '450 / 750')) AS v (denominator, want, why);
SELECT is(logo_churn(s), 0.25::float8, 'logo_churn: the denominator is start if not given') FROM march;
SELECT is(revenue_churn(s), 0.3::float8, 'revenue_churn: the denominator is start if not given') FROM march;

-- Wilson. From R: prop.test(1, 4, correct = FALSE)$conf.int and so on; R takes no half accounts, so
-- for 2 of 4.5 the formula: (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n).
SELECT ok(abs(i.lower - want_lower) < 1e-13 AND abs(i.upper - want_upper) < 1e-13,
    'logo_churn_interval by ' || denominator || ', at ' || confidence)
FROM march, (VALUES
    ('start',          0.95, 0.045587260809700589, 0.699358157417597992),
    ('start',          0.5,  0.13482025697898317,  0.41623955397124834),
    ('start_plus_new', 0.95, 0.082218924004056768, 0.641065548167380594),
    ('average',        0.95, 0.13185070682733055,  0.80820773969289184),
    ('up_for_renewal', 0.95, 0.15003898915214955,  0.84996101084785047)
) AS v (denominator, confidence, want_lower, want_upper), LATERAL logo_churn_interval(s, confidence, denominator) AS i;
SELECT is(logo_churn_interval(s), logo_churn_interval(s, 0.95, 'start'), 'logo_churn_interval: 0.95 and start if not given') FROM march;

-- Nothing to divide by
SELECT is(logo_churn(s, denominator), NULL::float8, 'logo_churn by ' || denominator || ': NULL when the denominator is 0')
FROM (SELECT churn_agg(NULL, NULL, :march) AS s) AS none,
    unnest('{start,start_plus_new,average,up_for_renewal}'::text[]) AS denominator;
SELECT is(revenue_churn(churn_agg(started, ended, :march)), NULL::float8, 'revenue_churn without MRR is NULL') FROM book;
SELECT is(logo_churn(churn_agg(started, ended, :march), 'up_for_renewal'), NULL::float8,
    'without renewal days nothing is up for renewal') FROM book;
-- Three join and leave and the one of the opening churns: lost 4, mean (1 + 0) / 2.
SELECT is(logo_churn_interval(churn_agg(started, '2024-03-20', :march), 0.95, 'average')::text, '(,)',
    'logo_churn_interval: NULLs when more was lost than the average')
FROM (VALUES ('2024-03-02'::date), ('2024-03-03'), ('2024-03-04'), ('2024-01-01')) AS a (started);
SELECT is(logo_churn(NULL::churn), NULL::float8, 'no state: NULL');

-- Renewals, one customer at a time: due, lost
SELECT is((SELECT concat_ws(' ', due_count(churn_agg(a, b, :march, 1, c)), unrenewed_count(churn_agg(a, b, :march, 1, c)))
           FROM (VALUES (started, ended, renews_on)) AS one (a, b, c)), want, description)
FROM (VALUES
    ('2023-03-01'::date, NULL::date, '2024-03-01'::date, '1 0', 'a renewal on from_date is due'),
    ('2023-03-01', '2024-03-01', '2024-03-01', '1 1', 'and lost by who ends on it'),
    ('2023-03-01', NULL,         '2024-02-29', '0 0', 'a renewal the day before from_date is not due'),
    ('2023-03-01', NULL,         '2024-03-31', '1 0', 'a renewal the day before to_date is due'),
    ('2023-03-01', NULL,         '2024-04-01', '0 0', 'a renewal on to_date is not due'),
    ('2023-03-15', '2024-03-05', '2024-03-15', '1 1', 'a renewal is lost by who left earlier in the period'),
    ('2023-03-15', '2024-03-16', '2024-03-15', '1 0', 'a renewal is kept by who left the day after it'),
    ('2023-03-15', '2024-02-29', '2024-03-15', '0 0', 'who left before the period has nothing due'),
    ('2024-03-15', NULL,         '2024-03-15', '0 0', 'the first day of a term is no renewal'),
    ('2024-03-02', NULL,         '2024-03-09', '1 0', 'who joins within the period may renew within it'),
    ('2023-03-15', '2024-03-05', 'infinity',   '0 0', 'a renewal at infinity is none'),
    ('2023-03-15', '2024-03-05', NULL,         '0 0', 'a renewal of NULL is none')
) AS renewal (started, ended, renews_on, want, description);

SELECT throws_ok('SELECT csmetrics.' || call || ' FROM march', '22023', message, call || ' is an error')
FROM (VALUES
    ($$logo_churn(s, 'end')$$,                   'unknown denominator "end"'),
    ($$logo_churn_interval(s, 0.95, 'Start')$$,  'unknown denominator "Start"'),
    ($$revenue_churn(s, '')$$,                   'unknown denominator ""'),
    ('logo_churn_interval(s, 1)',                'confidence 1 is not between 0 and 1')
) AS wrong (call, message);

SELECT * FROM finish();
ROLLBACK;
