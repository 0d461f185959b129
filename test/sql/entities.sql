\unset ECHO
\i test/psql.sql
BEGIN;
SELECT plan(47);

-- A merger by hand: in March A's contract of 100 goes over to B, who had 50 and now pays 150. C is a customer of its own.
CALL create_model('cs');
CREATE TABLE sold (account text, sub text, starts date, ends date, mrr numeric);
INSERT INTO sold VALUES ('A', 'a', '2023-01-01', '2024-03-10', 100), ('B', 'b', '2023-01-01', '2024-03-10', 50), ('B', 'b', '2024-03-10', NULL, 150), ('C', 'c', '2023-01-01', NULL, 30), ('D', 'd', '2024-03-15', NULL, 7);
CREATE TABLE belongs (account text, parent text, since date, until date, merged boolean);
CREATE TABLE company (id text, parent text, test boolean);
INSERT INTO company VALUES ('A'), ('B'), ('C'), ('D'), ('G');
CALL map('cs', 'account', 'SELECT id AS account_id, ''n'' || id AS name, CASE id WHEN ''G'' THEN ''group'' ELSE ''own'' END AS segment, parent AS parent_id, test AS is_test FROM company');
CALL map('cs', 'subscription', 'SELECT account AS account_id, sub AS subscription_id, starts AS starts_on, ends AS ends_on, mrr FROM sold');
CALL map('cs', 'parent', 'SELECT account AS account_id, parent AS parent_id, since AS starts_on, until AS ends_on, merged AS is_merger FROM belongs');
UPDATE cs.policy SET as_of = '2024-04-30', report_from = '2024-02-01';
CALL refresh('cs');
PREPARE bridge AS SELECT period_start_on, opening_mrr, new_mrr, expansion_mrr, contraction_mrr, churn_mrr, closing_mrr, opening_count, churn_count, closing_count FROM cs.revenue_monthly;
SELECT results_eq('bridge', $$VALUES ('2024-02-01'::date, 180::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric, 180::numeric, 3::bigint, 0::bigint, 3::bigint),
    ('2024-03-01', 180, 7, 100, 0, 100, 187, 3, 1, 3), ('2024-04-01', 187, 0, 0, 0, 0, 187, 3, 0, 3)$$, 'a merger that nobody tells of is churn and expansion');
INSERT INTO belongs VALUES ('A', 'B', '2024-03-10', NULL, true);
CALL refresh('cs');
SELECT results_eq('bridge', $$VALUES ('2024-02-01'::date, 180::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric, 180::numeric, 3::bigint, 0::bigint, 3::bigint),
    ('2024-03-01', 180, 7, 0, 0, 0, 187, 2, 0, 3), ('2024-04-01', 187, 0, 0, 0, 0, 187, 3, 0, 3)$$, 'one that is told moves MRR without churn: March opens with A and B as one');
SELECT results_eq('SELECT account_id, entity_id, starts_on, ends_on FROM cs_internal.account_entity ORDER BY 1, 3', $$VALUES ('A', 'A', '-infinity'::date, '2024-03-10'::date), ('A', 'B', '2024-03-10', 'infinity'), ('B', 'B', '-infinity', '2024-03-10'), ('B', 'B', '2024-03-10', 'infinity')$$, 'who is part of whom, and when');
SELECT results_eq('SELECT account_id, movement, amount_mrr FROM cs.revenue_movement', $$VALUES ('D', 'new', 7::numeric)$$, 'account by account');
SELECT results_eq('SELECT account_id, opening_mrr, closing_mrr FROM cs.retention_by_account ORDER BY 1', $$VALUES ('B', 150::numeric, 150::numeric), ('C', 30, 30)$$, 'the year before April is that of A and B together, too');
SELECT results_eq('SELECT nrr_rate, logo_churn_rate FROM cs.retention_trailing_year WHERE is_complete ORDER BY period_end_on DESC LIMIT 1', 'VALUES (1::float8, 0::float8)', 'nobody has left');
SELECT results_eq($$SELECT account_id, opening_mrr, closing_mrr FROM cs.account_revenue('2024-03-31') ORDER BY 1$$, $$VALUES ('B', 150::numeric, 150::numeric), ('C', 30, 30), ('D', 0, 7), ('G', NULL, NULL)$$, 'the accounts behind March');
UPDATE cs.policy SET report_from = NULL;
SELECT results_eq('SELECT sum(account_count)::bigint, sum(retained_count)::bigint FROM cs.cohort_retention WHERE age_months = 0', 'VALUES (3::bigint, 3::bigint)', 'cohorts are of three customers');
SELECT results_eq('SELECT account_count, paying_count, churned_count FROM cs.value_by_segment WHERE dimension = ''all''', 'VALUES (3::bigint, 3::bigint, 0::bigint)', 'as is lifetime value');
UPDATE cs.policy SET report_from = '2024-02-01';
UPDATE belongs SET merged = false;
CALL refresh('cs');
SELECT results_eq('SELECT churn_mrr FROM cs.revenue_monthly', 'VALUES (0::numeric), (100), (0)', 'a child that is no merger counts by itself');

-- Parents: G holds A, which holds B until March, then C.
UPDATE cs.policy SET entity_grain = 'parent';
DELETE FROM belongs;
INSERT INTO belongs VALUES ('A', 'G', NULL, NULL, NULL), ('B', 'A', NULL, '2024-03-01', NULL), ('C', 'A', '2024-03-20', NULL, NULL);
CALL refresh('cs');
SELECT results_eq('bridge', $$VALUES ('2024-02-01'::date, 180::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric, 180::numeric, 2::bigint, 0::bigint, 2::bigint),
    ('2024-03-01', 180, 7, 100, 100, 0, 187, 2, 0, 3), ('2024-04-01', 187, 0, 0, 0, 0, 187, 3, 0, 3)$$, 'in March G holds A and C, 130, of which 30 are left; B is alone, at 50 and then 150');
SELECT results_eq('SELECT account_id, name, movement, opening_mrr, closing_mrr FROM cs.revenue_movement ORDER BY 1', $$VALUES ('B', 'nB', 'expansion', 50::numeric, 150::numeric), ('D', 'nD', 'new', 0, 7), ('G', 'nG', 'contraction', 130, 30)$$, 'under the topmost parent');
SELECT results_eq($$SELECT value, opening_mrr, closing_mrr FROM cs.revenue_by_segment WHERE dimension = 'segment' AND period_start_on = '2024-03-01' ORDER BY 1$$, $$VALUES ('group', 130::numeric, 30::numeric), ('own', 50, 157)$$, 'and its attributes');
SELECT results_eq('SELECT sum(mrr_at(revenue, ''2024-04-30'')) FROM cs_internal.account_state', 'VALUES (187::numeric)', 'histories of accounts stay theirs');
DELETE FROM belongs;
UPDATE company SET parent = 'G' WHERE id IN ('A', 'B');
CALL refresh('cs');
SELECT results_eq('SELECT opening_mrr, expansion_mrr, contraction_mrr, churn_mrr, opening_count FROM cs.revenue_monthly', 'VALUES (180::numeric, 0::numeric, 0::numeric, 0::numeric, 2::bigint), (180, 0, 0, 0, 2), (187, 0, 0, 0, 3)', 'without days the parents of source_account hold for all time');
INSERT INTO belongs VALUES ('A', 'C', '2024-04-01', NULL, NULL);
CALL refresh('cs');
SELECT results_eq('SELECT account_id, entity_id FROM cs_internal.account_entity WHERE account_id = ''A'' ORDER BY starts_on', $$VALUES ('A', 'A'), ('A', 'C')$$, 'an account with days of its own has no other parents');
DELETE FROM belongs;

-- Parents that are none.
UPDATE company SET test = true WHERE id = 'G';
CALL refresh('cs');
SELECT is(count(*), 0::bigint, 'a parent that the model leaves out is none') FROM cs_internal.account_entity;
UPDATE company SET test = NULL, parent = CASE id WHEN 'A' THEN 'nobody' WHEN 'B' THEN 'B' END;
CALL refresh('cs');
SELECT is(count(*), 0::bigint, 'nor is one that is not there, nor an account its own') FROM cs_internal.account_entity;
SELECT is(sum(closing_mrr), 187::numeric, 'no MRR is lost with them') FROM cs.revenue_monthly WHERE period_start_on = '2024-04-01';
CREATE FUNCTION pg_temp.told(planted text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE planted;
    CALL csmetrics.refresh('cs');
    RAISE SQLSTATE 'CSEND';
EXCEPTION WHEN OTHERS THEN
    RETURN nullif(SQLSTATE, 'CSEND') || ' ' || SQLERRM;
END
$$;
SELECT is(pg_temp.told(planted), failure, what) FROM (VALUES
    ($$INSERT INTO belongs VALUES ('A', 'B', '2024-01-01', NULL), ('B', 'C', '2024-01-01', NULL), ('C', 'A', '2024-02-01', '2024-02-02')$$, '22023 source "parent": account A belongs to itself, on 2024-02-01: A > B > C > A', 'a circle'),
    ($$INSERT INTO belongs VALUES ('A', 'B', NULL, '2024-03-01'), ('A', 'C', '2024-02-29', NULL)$$, '22023 source "parent": account A belongs to B and to C at one time, on 2024-02-29', 'two at one time'),
    ($$INSERT INTO belongs VALUES ('A', 'B', NULL, '2024-03-01'), ('A', 'C', '2024-03-01', NULL)$$, NULL, 'one after the other'),
    ($$INSERT INTO belongs VALUES ('A', 'B', '2024-03-01', '2024-02-01')$$, '22023 source "parent", account A: ends 2024-02-01 is before starts 2024-03-01', 'ends before start'),
    ($$INSERT INTO belongs VALUES (NULL, 'B')$$, '22023 source "parent", account NULL: account_id is NULL', 'nobody'),
    ($$UPDATE company SET parent = CASE id WHEN 'A' THEN 'B' ELSE 'A' END$$, '22023 source "parent": account A belongs to itself, on -infinity: A > B > A', 'parents of source_account'),
    ($$UPDATE cs.policy SET entity_grain = 'user'$$, '23514 entity_grain user is none of account, subscription, parent', 'a grain that there is not')) v(planted, failure, what);
UPDATE cs.policy SET entity_grain = 'account';
SELECT is(pg_temp.told($$INSERT INTO belongs VALUES ('A', 'B'), ('B', 'A')$$), NULL, 'at the grain of accounts only mergers matter');
SELECT is(pg_temp.told($$INSERT INTO belongs VALUES ('A', 'B', NULL, NULL, true), ('B', 'A', NULL, NULL, true)$$), '22023 source "parent": account A belongs to itself, on -infinity: A > B > A', 'where they have to be right');

-- Who comes back: churn in January, back after 40 days in March.
CALL create_model('back');
CALL map('back', 'account', $$SELECT unnest('{x,y}'::text[]) AS account_id$$);
CALL map('back', 'subscription', $$SELECT * FROM (VALUES ('x', date '2023-01-01', date '2024-01-21', 10), ('x', '2024-03-01', NULL, 20), ('y', '2023-01-01', NULL, 5)) v(account_id, starts_on, ends_on, mrr)$$);
UPDATE back.policy SET as_of = '2024-03-31', report_from = '2024-01-01';
CALL refresh('back');
PREPARE back AS SELECT new_mrr, reactivation_mrr, churn_mrr, closing_mrr FROM back.revenue_monthly;
SELECT results_eq('back', 'VALUES (0::numeric, 0::numeric, 10::numeric, 5::numeric), (0, 0, 0, 5), (0, 20, 0, 25)', 'who paid before is back, however long after');
UPDATE back.policy SET reactivation_gap_days = 40;
SELECT results_eq('back', 'VALUES (0::numeric, 0::numeric, 10::numeric, 5::numeric), (0, 0, 0, 5), (0, 20, 0, 25)', '40 days are not more than 40');
UPDATE back.policy SET reactivation_gap_days = 39;
SELECT results_eq('back', 'VALUES (0::numeric, 0::numeric, 10::numeric, 5::numeric), (0, 0, 0, 5), (20, 0, 0, 25)', 'more make a new customer');
SELECT results_eq('SELECT movement, amount_mrr FROM back.revenue_movement WHERE account_id = ''x'' ORDER BY period_start_on', $$VALUES ('churn', 10::numeric), ('new', 20)$$, 'in the movements');
SELECT results_eq('SELECT nrr_rate, grr_rate, logo_churn_rate FROM back.retention_trailing_year WHERE is_complete ORDER BY period_end_on DESC LIMIT 1', 'VALUES (5 / 15::float8, 5 / 15::float8, 0.5::float8)', 'lost to the year, whatever the new one pays');
SELECT results_eq('SELECT sum(opening_mrr), sum(closing_mrr) FILTER (WHERE opening_count > 0), sum(kept_mrr), sum(churn_count)::bigint FROM back.retention_by_account', 'VALUES (15::numeric, 5::numeric, 5::numeric, 1::bigint)', 'account by account');
SELECT results_eq('SELECT cohort_on, account_count FROM back.cohort_retention WHERE age_months = 0 AND account_count > 0', $$VALUES ('2024-03-01'::date, 1::bigint)$$, 'new in the cohorts');
SELECT results_eq('SELECT account_count, churned_count FROM back.value_by_segment WHERE dimension = ''all''', 'VALUES (3::bigint, 1::bigint)', 'and in lifetime value');

-- Random groups against plain SQL: 120 accounts under changing parents two deep, over 24 months.
CALL create_model('r', 'integer');
SELECT setseed(0.3) \g /dev/null
CREATE TABLE term AS
SELECT id, d AS starts, d + (random() * 500)::integer + 1 AS ends, round((random() * 300)::numeric, 2) AS mrr FROM generate_series(1, 120) id, generate_series(1, 3) n, LATERAL (SELECT date '2021-11-01' + (random() * 700)::integer + 0 * id AS d) d;
-- 1 to 80 belong to 81 to 100 for a while, then to others, 81 to 100 to 101 to 105
CREATE TABLE under AS
SELECT id, 81 + (id * 7) % 20 AS parent, NULL::date AS since, date '2022-03-05' + id * 5 AS until FROM generate_series(1, 80) id
UNION ALL SELECT id, 81 + (id * 11) % 20, date '2022-03-05' + id * 6, NULL FROM generate_series(1, 60) id
UNION ALL SELECT id, 101 + id % 5, date '2022-06-01' + (id - 80) * 20, CASE WHEN id % 2 = 0 THEN date '2023-09-15' END FROM generate_series(81, 100) id;
CALL map('r', 'account', 'SELECT id AS account_id FROM generate_series(1, 120) id');
CALL map('r', 'subscription', 'SELECT id AS account_id, starts AS starts_on, ends AS ends_on, mrr FROM term');
CALL map('r', 'parent', 'SELECT id AS account_id, parent AS parent_id, since AS starts_on, until AS ends_on FROM under');
UPDATE r.policy SET as_of = '2024-02-29', report_from = '2022-03-01', entity_grain = 'parent';
CALL refresh('r');
CREATE FUNCTION pg_temp.top(account integer, day date) RETURNS integer LANGUAGE sql STABLE AS $$
    WITH RECURSIVE up AS (SELECT account AS id, 0 AS depth UNION ALL SELECT u.parent, up.depth + 1 FROM up JOIN under u ON u.id = up.id AND (u.since <= day) IS NOT FALSE AND (u.until > day) IS NOT FALSE)
    SELECT id FROM up ORDER BY depth DESC LIMIT 1 $$;
CREATE TABLE held AS
SELECT pg_temp.top(a, t1 - 1) AS entity, t0, sum(m0) AS o, sum(m1) AS c, bool_or(paid) AS paid
FROM (SELECT a, m::date AS t0, (m + interval '1 month')::date AS t1 FROM generate_series(timestamp '2022-03-01', '2024-02-01', '1 month') m, generate_series(1, 120) a) w,
     LATERAL (SELECT coalesce(sum(mrr) FILTER (WHERE starts < t0 AND ends >= t0), 0) AS m0, coalesce(sum(mrr) FILTER (WHERE starts < t1 AND ends >= t1), 0) AS m1, bool_or(starts < t0 AND mrr > 0) AS paid FROM term WHERE id = a) m
GROUP BY 1, 2;
SELECT results_eq('SELECT period_start_on, opening_mrr, new_mrr, reactivation_mrr, expansion_mrr, contraction_mrr, churn_mrr, closing_mrr, opening_count, new_count, reactivation_count, expansion_count, contraction_count, churn_count, closing_count FROM r.revenue_monthly ORDER BY 1',
    $$SELECT t0, sum(o), sum(CASE WHEN o = 0 AND NOT paid THEN c ELSE 0 END), sum(CASE WHEN o = 0 AND paid THEN c ELSE 0 END), sum(CASE WHEN o > 0 AND c > o THEN c - o ELSE 0 END), sum(CASE WHEN c > 0 AND c < o THEN o - c ELSE 0 END), sum(CASE WHEN o > 0 AND c = 0 THEN o ELSE 0 END), sum(c),
             count(*) FILTER (WHERE o > 0), count(*) FILTER (WHERE o = 0 AND c > 0 AND NOT paid), count(*) FILTER (WHERE o = 0 AND c > 0 AND paid), count(*) FILTER (WHERE o > 0 AND c > o), count(*) FILTER (WHERE c > 0 AND c < o), count(*) FILTER (WHERE o > 0 AND c = 0), count(*) FILTER (WHERE c > 0)
      FROM held GROUP BY t0 ORDER BY 1$$, 'every month and movement is what plain SQL gives, to the last decimal');
SELECT is_empty($$SELECT 1 FROM r.revenue_monthly WHERE opening_mrr + new_mrr + reactivation_mrr + expansion_mrr - contraction_mrr - churn_mrr <> closing_mrr OR fx_mrr <> 0$$, 'and adds up');
SELECT results_eq('SELECT closing_mrr FROM r.revenue_monthly ORDER BY period_start_on', $$SELECT sum(mrr) FILTER (WHERE starts < t1 AND ends >= t1) FROM term, (SELECT (m + interval '1 month')::date AS t1 FROM generate_series(timestamp '2022-03-01', '2024-02-01', '1 month') m) w GROUP BY t1 ORDER BY t1$$,
    'parents have what their accounts have');
SELECT results_eq($$SELECT period_start_on, sum(amount_mrr) FILTER (WHERE movement = 'expansion'), sum(amount_mrr) FILTER (WHERE movement = 'churn') FROM r.revenue_movement GROUP BY 1 ORDER BY 1$$, 'SELECT period_start_on, nullif(expansion_mrr, 0), nullif(churn_mrr, 0) FROM r.revenue_monthly ORDER BY 1', 'accounts add up');
SELECT is_empty($$SELECT 1 FROM r.retention_trailing_year t, LATERAL (SELECT sum(opening_mrr) AS o, sum(closing_mrr) FILTER (WHERE opening_count > 0) AS c, sum(kept_mrr) AS k, sum(churn_count) AS n FROM r.account_retention(t.period_end_on - 1)) a
    WHERE a.o <> t.opening_mrr OR abs(a.c / a.o - t.nrr_rate) > 1e-12 OR abs(a.k / a.o - t.grr_rate) > 1e-12 OR a.n / t.opening_count::float8 <> t.logo_churn_rate$$, 'those of every trailing year, too');
-- The same groups in three currencies
CREATE TABLE daily AS SELECT code, date '2021-01-01' + n AS day, round((0.7 + ascii(code) % 3 / 4.0 + 0.1 * sin(n / 15.0 + ascii(code)))::numeric, 4) AS rate FROM unnest('{AAA,BBB}'::text[]) code, generate_series(0, 1300) n;
CALL map('r', 'subscription', 'SELECT id AS account_id, starts AS starts_on, ends AS ends_on, mrr, (ARRAY[''AAA'', ''BBB'', ''EUR''])[1 + (id * 13) % 3] AS currency FROM term');
CALL map('r', 'fx_rate', 'SELECT code AS currency, day AS on_date, rate FROM daily');
UPDATE r.policy SET report_currency = 'EUR';
CALL refresh('r');
SELECT cmp_ok(count(*) FILTER (WHERE is_mixed), '>', 100::bigint, 'many groups have several') FROM r_internal.revenue_state;
CREATE TABLE worth AS
SELECT entity, t0, sum(m0 * r0) AS o, sum(m1 * r0) AS c, sum(m1 * r1) AS x, bool_or(paid) AS paid
FROM (SELECT pg_temp.top(a, t1 - 1) AS entity, t0, coalesce((SELECT rate FROM daily WHERE code = k.code AND day = t0 - 1), 1) AS r0, coalesce((SELECT rate FROM daily WHERE code = k.code AND day = t1 - 1), 1) AS r1, m.*
      FROM (SELECT a, m::date AS t0, (m + interval '1 month')::date AS t1 FROM generate_series(timestamp '2022-03-01', '2024-02-01', '1 month') m, generate_series(1, 120) a) w,
           LATERAL (SELECT (ARRAY['AAA', 'BBB', 'EUR'])[1 + (a * 13) % 3] AS code) k,
           LATERAL (SELECT coalesce(sum(mrr) FILTER (WHERE starts < t0 AND ends >= t0), 0) AS m0, coalesce(sum(mrr) FILTER (WHERE starts < t1 AND ends >= t1), 0) AS m1, bool_or(starts < t0 AND mrr > 0) AS paid FROM term WHERE id = a) m) p
GROUP BY 1, 2;
SELECT results_eq('SELECT period_start_on, opening_mrr, new_mrr, reactivation_mrr, expansion_mrr, contraction_mrr, churn_mrr, fx_mrr, closing_mrr, opening_count, expansion_count, contraction_count, closing_count FROM r.revenue_monthly ORDER BY 1',
    $$SELECT t0, sum(o), sum(CASE WHEN o = 0 AND NOT paid THEN c ELSE 0 END), sum(CASE WHEN o = 0 AND paid THEN c ELSE 0 END), sum(CASE WHEN o > 0 AND c > o THEN c - o ELSE 0 END), sum(CASE WHEN c > 0 AND c < o THEN o - c ELSE 0 END), sum(CASE WHEN o > 0 AND c = 0 THEN o ELSE 0 END), sum(x - c), sum(x),
             count(*) FILTER (WHERE o > 0), count(*) FILTER (WHERE o > 0 AND c > o), count(*) FILTER (WHERE c > 0 AND c < o), count(*) FILTER (WHERE c > 0) FROM worth GROUP BY t0 ORDER BY 1$$, 'parents in several currencies are what plain SQL gives, to the last decimal');
SELECT results_eq($$SELECT period_start_on, sum(amount_mrr) FILTER (WHERE movement = 'expansion'), sum(amount_mrr) FILTER (WHERE movement = 'churn'), sum(amount_mrr) FILTER (WHERE movement = 'fx') FROM r.revenue_movement GROUP BY 1 ORDER BY 1$$,
    'SELECT period_start_on, nullif(expansion_mrr, 0), nullif(churn_mrr, 0), fx_mrr FROM r.revenue_monthly ORDER BY 1', 'accounts add up');
SELECT results_eq('SELECT period_start_on, sum(opening_mrr), sum(fx_mrr), sum(closing_mrr) FROM r.revenue_by_currency GROUP BY 1 ORDER BY 1', 'SELECT period_start_on, opening_mrr, fx_mrr, closing_mrr FROM r.revenue_monthly ORDER BY 1', 'and currencies');
SELECT is_empty($$SELECT 1 FROM r.retention_trailing_year t, LATERAL (SELECT sum(opening_mrr) AS o, sum(closing_mrr) FILTER (WHERE opening_count > 0) AS c, sum(kept_mrr) AS k, sum(churn_count) AS n FROM r.account_retention(t.period_end_on - 1)) a
    WHERE a.o <> t.opening_mrr OR abs(a.c / a.o - t.nrr_rate) > 1e-12 OR abs(a.k / a.o - t.grr_rate) > 1e-12 OR a.n / t.opening_count::float8 <> t.logo_churn_rate$$, 'those of every trailing year, too');
SELECT is_empty($$SELECT 1 FROM r.revenue_monthly m, LATERAL (SELECT sum(opening_mrr) AS o, sum(closing_mrr) AS c FROM r.account_revenue(m.period_end_on - 1)) a WHERE (a.o, a.c) IS DISTINCT FROM (m.opening_mrr, m.closing_mrr)$$, 'and month');
SELECT * FROM finish();
ROLLBACK;
