\unset ECHO
\i test/psql.sql
-- Pauses, the day of churn as it stood on any day, and the two rules that rewrite a history:
-- smooth_gaps and limit_pauses; and the one that splits it: split_gaps.
BEGIN;
SELECT plan(77);
\i test/timelines.sql

CREATE TEMP VIEW account(name, history) AS VALUES
    -- pays until March, is paused in March and April, pays again in May and June
    ('back',   pg_temp.history('2024-01-01 2024-03-01 100', '2024-03-01 2024-05-01 paused', '2024-05-01 2024-07-01 80')),
    -- the same pause, after which nothing comes
    ('lapsed', pg_temp.history('2024-01-01 2024-03-01 100', '2024-03-01 2024-05-01 paused')),
    ('open',   pg_temp.history('2024-01-01 2024-03-01 100', '2024-03-01 - paused')),
    -- a pause that begins a day after the MRR is gone
    ('late',   pg_temp.history('2024-01-01 2024-03-01 100', '2024-03-02 2024-05-01 paused', '2024-05-01 - 80')),
    -- one of two subscriptions is paused; then the other ends, and the pause holds
    ('half',   pg_temp.history('2024-01-01 2024-02-01 30', '2024-02-01 2024-04-01 paused', '2024-01-01 2024-03-01 70')),
    -- two pauses that follow on one another
    ('twice',  pg_temp.history('2024-01-01 2024-02-01 100', '2024-02-01 2024-03-01 paused', '2024-03-01 2024-04-01 paused', '2024-04-01 - 100')),
    ('never',  pg_temp.history('2024-01-01 2024-02-01 paused')),
    ('gaps',   pg_temp.history('2024-01-01 2024-02-01 100', '2024-02-11 2024-03-01 120', '2024-03-12 2024-04-01 90', '2024-07-01 2024-08-01 10'));

CREATE TEMP VIEW changes_expected(name, pauses_are_churn, lines, description) AS VALUES
    ('back', false, ARRAY['2024-01-01 new 100: 0 to 100', '2024-03-01 pause 100: 100 to 0', '2024-05-01 resume 80: 0 to 80', '2024-07-01 churn 80: 80 to 0'],
     'MRR gone in a pause is paused, MRR after it is resumed'),
    ('back', true, ARRAY['2024-01-01 new 100: 0 to 100', '2024-03-01 churn 100: 100 to 0', '2024-05-01 reactivation 80: 0 to 80', '2024-07-01 churn 80: 80 to 0'],
     'as churn, a pause is churn and a resume reactivation'),
    ('lapsed', false, ARRAY['2024-01-01 new 100: 0 to 100', '2024-03-01 pause 100: 100 to 0', '2024-05-01 churn 100: 0 to 0', '2024-05-01 pause -100: 0 to 0'],
     'a pause that ends without MRR is churn that day, and no pause any more'),
    ('lapsed', true, ARRAY['2024-01-01 new 100: 0 to 100', '2024-03-01 churn 100: 100 to 0'],
     'as churn, it has churned when it began'),
    ('late', false, ARRAY['2024-01-01 new 100: 0 to 100', '2024-03-01 churn 100: 100 to 0', '2024-05-01 reactivation 80: 0 to 80'],
     'who has churned cannot be paused'),
    ('half', false, ARRAY['2024-01-01 new 100: 0 to 100', '2024-02-01 contraction 30: 100 to 70', '2024-03-01 pause 70: 70 to 0',
                          '2024-04-01 churn 70: 0 to 0', '2024-04-01 pause -70: 0 to 0'],
     'with MRR left a pause is contraction; the account is paused once none is'),
    ('twice', false, ARRAY['2024-01-01 new 100: 0 to 100', '2024-02-01 pause 100: 100 to 0', '2024-04-01 resume 100: 0 to 100'],
     'pauses that follow on one another are one'),
    ('never', false, ARRAY[]::text[], 'a pause without MRR before it is nothing');
SELECT is(ARRAY(SELECT pg_temp.story(history, pauses_are_churn)), lines, description) FROM account JOIN changes_expected USING (name);

SELECT is(mrr_timeline_agg(starts, ends, mrr, paused), history, 'in a paused term the amount does not matter')
FROM account, (VALUES (date '2024-01-01', date '2024-03-01', 100.0, false), ('2024-03-01', '2024-05-01', 77, true)) AS t(starts, ends, mrr, paused)
WHERE name = 'lapsed' GROUP BY history;
SELECT is(mrr_timeline_agg(starts, ends, mrr, paused), history, 'paused of NULL is not paused; a paused term without starts is left out')
FROM (VALUES (date '2024-01-01', NULL::date, 100.0, NULL::boolean), (NULL, '2024-05-01', NULL, true)) AS t(starts, ends, mrr, paused),
     pg_temp.history('2024-01-01 - 100') AS history GROUP BY history;

-- The day of churn
SELECT is(churned_on(history, as_of, pauses_are_churn), day, description)
FROM account JOIN (VALUES
    ('back',   date '2024-02-29', false, NULL::date,   'not churned while it pays'),
    ('back',   '2024-03-01',      false, NULL,         'not churned when paused'),
    ('back',   '2024-03-01',      true,  '2024-03-01', 'churned when paused if pauses are churn'),
    ('back',   '2024-04-30',      true,  '2024-03-01', 'and until it is back'),
    ('back',   '2024-05-01',      true,  NULL,         'not churned from the day it is back'),
    ('back',   '2024-06-30',      false, NULL,         'what comes after the day asked for is not known'),
    ('back',   '2024-07-01',      false, '2024-07-01', 'churned on the day the last term ends'),
    ('back',   'infinity',        false, '2024-07-01', 'and for ever after'),
    ('lapsed', '2024-04-30',      false, NULL,         'paused on the day before the pause ends'),
    ('lapsed', '2024-05-01',      false, '2024-05-01', 'a pause that ends without MRR is churn on that day'),
    ('lapsed', 'infinity',        true,  '2024-03-01', 'if pauses are churn it was on the day the pause began'),
    ('open',   'infinity',        false, NULL,         'who is paused for ever never churns'),
    ('open',   'infinity',        true,  '2024-03-01', 'unless pauses are churn'),
    ('late',   '2024-04-15',      false, '2024-03-01', 'a pause does not take back churn'),
    ('half',   '2024-03-15',      false, NULL,         'the pause of one subscription holds when the other ends'),
    ('gaps',   '2024-02-05',      false, '2024-02-01', 'churned in the first gap'),
    ('gaps',   '2024-02-11',      false, NULL,         'and back on the day it returns'),
    ('gaps',   'infinity',        false, '2024-08-01', 'the last churn is the one that stands'),
    ('gaps',   '2023-12-31',      false, NULL,         'not churned before it ever paid'),
    ('never',  'infinity',        true,  NULL,         'who never paid never churns')
) AS expected(name, as_of, pauses_are_churn, day, description) USING (name);
SELECT is(churned_on(history), date '2024-07-01', 'as of its end if no day is given') FROM account WHERE name = 'back';
SELECT is(first_paid_on(history), NULL, 'a pause is no first paid day') FROM account WHERE name = 'never';

-- Gaps: 2024-02-01 to 02-11 has 10 days, 03-01 to 03-12 has 11, 04-01 to 07-01 has 91
SELECT is(smooth_gaps(history, days), expected, description)
FROM account, (VALUES
    (0,  pg_temp.history('2024-01-01 2024-02-01 100', '2024-02-11 2024-03-01 120', '2024-03-12 2024-04-01 90', '2024-07-01 2024-08-01 10'),
         'gaps of fewer than 0 days: none'),
    (10, pg_temp.history('2024-01-01 2024-02-01 100', '2024-02-11 2024-03-01 120', '2024-03-12 2024-04-01 90', '2024-07-01 2024-08-01 10'),
         'a gap of just that many days stays'),
    (11, pg_temp.history('2024-01-01 2024-02-11 100', '2024-02-11 2024-03-01 120', '2024-03-12 2024-04-01 90', '2024-07-01 2024-08-01 10'),
         'a gap of fewer keeps the MRR before it'),
    (12, pg_temp.history('2024-01-01 2024-02-11 100', '2024-02-11 2024-03-12 120', '2024-03-12 2024-04-01 90', '2024-07-01 2024-08-01 10'),
         'so does each such gap'),
    (92, pg_temp.history('2024-01-01 2024-02-11 100', '2024-02-11 2024-03-12 120', '2024-03-12 2024-07-01 90', '2024-07-01 2024-08-01 10'),
         'the end of a history is no gap')
) AS e(days, expected, description) WHERE name = 'gaps';
SELECT is(smooth_gaps(history, 365), history, name || ': smoothing leaves pauses and what follows them')
FROM account WHERE name IN ('back', 'lapsed', 'twice', 'late', 'never');
SELECT is(smooth_gaps(mrr_timeline_agg(as_of, mrr), 30), pg_temp.history('2024-01-01 2024-02-01 50', '2024-02-01 - 60'),
          'snapshots are smoothed too, and are terms from then on')
FROM (VALUES (date '2024-01-01', 50), ('2024-01-20', 0), ('2024-01-25', 0), ('2024-02-01', 60)) AS t(as_of, mrr);

-- Pauses: 2024-03-01 to 05-01 has 61 days
SELECT is(limit_pauses(history, days), expected, description)
FROM account JOIN (VALUES
    ('back', 62, pg_temp.history('2024-01-01 2024-03-01 100', '2024-03-01 2024-05-01 paused', '2024-05-01 2024-07-01 80'), 'a shorter pause stays'),
    ('back', 61, pg_temp.history('2024-01-01 2024-03-01 100', '2024-03-01 2024-05-01 paused', '2024-05-01 2024-07-01 80'), 'one of just that many days too'),
    ('back', 60, pg_temp.history('2024-01-01 2024-03-01 100', '2024-03-01 2024-04-30 paused', '2024-05-01 2024-07-01 80'), 'a longer one ends after that many days'),
    ('open', 0,  pg_temp.history('2024-01-01 2024-03-01 100'), 'pauses of 0 days are no pauses'),
    ('open', 60, pg_temp.history('2024-01-01 2024-03-01 100', '2024-03-01 2024-04-30 paused'), 'a pause without an end gets one'),
    ('twice', 29, pg_temp.history('2024-01-01 2024-02-01 100', '2024-02-01 2024-03-01 paused', '2024-04-01 - 100'), 'pauses that follow on one another count as one')
) AS e(name, days, expected, description) USING (name);
SELECT is(ARRAY(SELECT pg_temp.story(limit_pauses(history, 60))),
          ARRAY['2024-01-01 new 100: 0 to 100', '2024-03-01 pause 100: 100 to 0', '2024-04-30 churn 100: 0 to 0', '2024-04-30 pause -100: 0 to 0',
                '2024-05-01 reactivation 80: 0 to 80', '2024-07-01 churn 80: 80 to 0'],
          'who comes back after the limit had churned and is reactivated') FROM account WHERE name = 'back';

-- Splits. Gaps as above: 10, 11 and 91 days.
CREATE FUNCTION pg_temp.parts(history mrr_timeline, days integer) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg((SELECT string_agg(line, ', ' ORDER BY line) FROM pg_temp.story(part) AS line), ' | ' ORDER BY n) FROM split_gaps(history, days) WITH ORDINALITY AS p(part, n)
$$;
SELECT is(ARRAY(SELECT split_gaps(history, days)), expected, description)
FROM account, (VALUES
    (91, ARRAY[pg_temp.history('2024-01-01 2024-02-01 100', '2024-02-11 2024-03-01 120', '2024-03-12 2024-04-01 90', '2024-07-01 2024-08-01 10')], 'a gap of just that many days does not split'),
    (90, ARRAY[pg_temp.history('2024-01-01 2024-02-01 100', '2024-02-11 2024-03-01 120', '2024-03-12 2024-04-01 90'), pg_temp.history('2024-07-01 2024-08-01 10')],
         'a longer one does, and the end of a history is none'),
    (10, ARRAY[pg_temp.history('2024-01-01 2024-02-01 100', '2024-02-11 2024-03-01 120'), pg_temp.history('2024-03-12 2024-04-01 90'), pg_temp.history('2024-07-01 2024-08-01 10')],
         'so does each such gap'),
    (0,  ARRAY[pg_temp.history('2024-01-01 2024-02-01 100'), pg_temp.history('2024-02-11 2024-03-01 120'), pg_temp.history('2024-03-12 2024-04-01 90'), pg_temp.history('2024-07-01 2024-08-01 10')],
         'more than 0 days: every gap'),
    (NULL, ARRAY[pg_temp.history('2024-01-01 2024-02-01 100', '2024-02-11 2024-03-01 120', '2024-03-12 2024-04-01 90', '2024-07-01 2024-08-01 10')], 'days NULL: the history as it is')
) AS e(days, expected, description) WHERE name = 'gaps';
SELECT is(pg_temp.parts(history, days), expected, description)
FROM account JOIN (VALUES
    ('back', 0, '2024-01-01 new 100: 0 to 100, 2024-03-01 pause 100: 100 to 0, 2024-05-01 resume 80: 0 to 80, 2024-07-01 churn 80: 80 to 0', 'a pause is no gap, however long'),
    -- out of pay from 2024-03-01 to 05-01, 61 days, paused for all of them but the first
    ('late', 61, '2024-01-01 new 100: 0 to 100, 2024-03-01 churn 100: 100 to 0, 2024-05-01 reactivation 80: 0 to 80', 'a pause after churn does not stop the gap'),
    ('late', 60, '2024-01-01 new 100: 0 to 100, 2024-03-01 churn 100: 100 to 0 | 2024-05-01 new 80: 0 to 80', 'which splits when it is long enough'),
    ('never', 0, NULL, 'who never paid has one part, of nothing'),
    ('open', 0, '2024-01-01 new 100: 0 to 100, 2024-03-01 pause 100: 100 to 0', 'nor does a pause without an end split')
) AS e(name, days, expected, description) USING (name);
-- paused in March and April, gone from then on: 31 days
SELECT is(pg_temp.parts(pg_temp.history('2024-01-01 2024-03-01 100', '2024-03-01 2024-05-01 paused', '2024-06-01 - 70'), days), expected, description)
FROM (VALUES
    (31, '2024-01-01 new 100: 0 to 100, 2024-03-01 pause 100: 100 to 0, 2024-05-01 churn 100: 0 to 0, 2024-05-01 pause -100: 0 to 0, 2024-06-01 reactivation 70: 0 to 70', 'a gap begins when the pause ends'),
    (30, '2024-01-01 new 100: 0 to 100, 2024-03-01 pause 100: 100 to 0, 2024-05-01 churn 100: 0 to 0, 2024-05-01 pause -100: 0 to 0 | 2024-06-01 new 70: 0 to 70', 'and splits a day sooner')
) AS e(days, expected, description);
SELECT is(ARRAY(SELECT split_gaps(pg_temp.history('2024-01-01 2024-03-01 100', '2024-02-01 - -150', '2024-05-01 2024-07-01 paused', '2024-06-01 - 170'), 0))::text[],
          ARRAY['1 0|0 5|2024-01-01 0 100|2024-02-01 0 -150|2024-03-01 0 -100|2024-05-01 1 0|2024-06-01 -1 150',
                '1 0|0 2|2024-06-01 1 20|2024-07-01 -1 0'],
          'what is in force over the cut, a credit of 150 and a pause, ends in one part and begins in the next');
SELECT is(ARRAY(SELECT split_gaps(mrr_timeline_agg(as_of, mrr), 10)),
          ARRAY[mrr_timeline_agg(as_of, mrr) FILTER (WHERE as_of < '2024-03-01'), mrr_timeline_agg(as_of, mrr) FILTER (WHERE as_of >= '2024-03-01')], 'snapshots are split between two of them')
FROM (VALUES (date '2024-01-01', 50), ('2024-01-20', 0), ('2024-01-25', -1), ('2024-03-01', 60)) AS t(as_of, mrr);
SELECT is(ARRAY(SELECT split_gaps(history, 5)), ARRAY[history], 'an empty history is its own part') FROM (SELECT mrr_timeline_agg(NULL, NULL, 1)) AS e(history);
SELECT is_empty('SELECT split_gaps(NULL, 5)', 'NULL has no parts');
SELECT is(ARRAY(SELECT name FROM account, LATERAL split_gaps(history, 90) ORDER BY name COLLATE "C"), '{back,gaps,gaps,half,lapsed,late,never,open,twice}', 'row by row in FROM');
SELECT is(ARRAY(SELECT name FROM (SELECT name, split_gaps(history, 90) FROM account) AS s ORDER BY name COLLATE "C"), '{back,gaps,gaps,half,lapsed,late,never,open,twice}', 'and in SELECT');
SELECT is(count(*), 1::bigint, 'fewer rows can be read than there are') FROM (SELECT split_gaps(history, 0) FROM account WHERE name = 'gaps' LIMIT 1) AS s;

-- Random histories: the parts add up, and differ in nothing but that the return is new
CREATE TEMP TABLE random_history AS
    SELECT 'terms' AS kind, account, mrr_timeline_agg(starts, ends, mrr, paused) AS history FROM pg_temp.random_terms(300, 0.37, 0.2) GROUP BY account
    UNION ALL SELECT 'snapshots', account, mrr_timeline_agg(starts, CASE WHEN paused THEN 0 ELSE mrr END) FROM pg_temp.random_terms(300, 0.41, 0.4) GROUP BY account;
CREATE TEMP TABLE part AS
    SELECT kind, account, days, n, part FROM random_history, (VALUES (0), (30), (200)) AS d(days), LATERAL split_gaps(history, days) WITH ORDINALITY AS p(part, n);
SELECT cmp_ok(count(*) FILTER (WHERE n > 1 AND part.kind = k.kind), '>', 100::bigint, k.kind || ' that are split') FROM part, (VALUES ('terms'), ('snapshots')) AS k(kind) GROUP BY k.kind ORDER BY k.kind;
SELECT is_empty($$ SELECT kind, account, days FROM part JOIN random_history USING (kind, account)
                   GROUP BY kind, account, days, history HAVING rollup(part) <> history OR bool_or(part::text::mrr_timeline <> part) $$, 'their parts add up, byte for byte, and are canonical');
SELECT is_empty($$ SELECT kind, account, days, day FROM part JOIN random_history USING (kind, account), generate_series(date '2021-01-01', '2026-01-01', '17 days') AS day
                   GROUP BY kind, account, days, history, day HAVING sum(mrr_at(part, day::date)) <> mrr_at(history, day::date) $$, 'on each day, too');
SELECT is_empty($$
    WITH parts AS (SELECT kind, account, days, changed_on, movement, opening, closing, amount FROM part, changes(part)),
    whole AS (SELECT kind, account, days, changed_on, CASE WHEN movement = 'reactivation' AND changed_on - churned_on(history, changed_on - 1) > days THEN 'new' ELSE movement END AS movement,
                     opening, closing, amount
              FROM random_history, (VALUES (0), (30), (200)) AS d(days), changes(history))
    (TABLE parts EXCEPT ALL TABLE whole) UNION ALL (TABLE whole EXCEPT ALL TABLE parts) $$, 'reactivation more than days after the churn is new, and nothing else is different');

SELECT throws_ok(statement, '22023', message, message) FROM (VALUES
    ('SELECT split_gaps(history, -1) FROM account', 'days -1 is not between 0 and 2921939'),
    ('SELECT smooth_gaps(history, -1) FROM account', 'days -1 is not between 0 and 2921939'),
    ('SELECT limit_pauses(history, 2921940) FROM account', 'days 2921940 is not between 0 and 2921939')) AS refused(statement, message);

SELECT * FROM finish();
ROLLBACK;
