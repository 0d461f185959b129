\unset ECHO
\i test/psql.sql
-- Features, seats and retention of use in a model: figures by hand, and as of a past day what they were.
BEGIN;
SELECT plan(19);
CALL create_model('cs');
UPDATE cs.policy SET as_of = '2024-03-31';
CREATE TABLE public.customer (account_id text, segment text, seats int);
INSERT INTO public.customer VALUES ('a', 'small', 2), ('b', 'small', 10), ('c', 'large', 0), ('d', 'large', NULL);
-- a: three users, two of them active in March; export first used 10 days after it was bought. b: one user; search alone. c: idle since January. d never used it.
CREATE TABLE public.click (account_id text, at timestamptz, user_id text, role text, feature text, events int);
INSERT INTO public.click VALUES
    ('a', '2024-03-11 10:00', 'a1', 'admin', 'export', 2), ('a', '2024-03-12 10:00', 'a1', 'admin', 'search', 4), ('a', '2024-03-30 10:00', 'a2', 'member', 'search', 1), ('a', '2024-03-31 10:00', 'a3', 'member', NULL, 9), ('a', '2024-01-05 10:00', 'a4', NULL, 'search', 1),
    ('b', '2024-03-20 10:00', 'b1', 'member', 'search', 3), ('b', '2024-03-20 11:00', NULL, NULL, 'search', 1),
    ('c', '2024-01-10 10:00', 'c1', 'admin', 'export', 5), ('a', '2024-04-02 10:00', 'a9', 'member', 'report', 5);
CALL map('cs', 'account', 'TABLE public.customer');
CALL map('cs', 'usage', 'TABLE public.click');
CALL refresh('cs');

-- Without entitlements who is active may adopt all: a and b.
SELECT results_eq($$SELECT feature, eligible_count, adopter_count, adoption_rate, unentitled_count, activation_median_days FROM cs.feature_adoption WHERE dimension = 'all'$$,
    $$VALUES ('export', 2::bigint, 1::bigint, 0.5::float8, 0::bigint, NULL::float8), ('search', 2, 2, 1, 0, NULL)$$, 'adoption among active accounts');
CREATE TABLE public.bought (account_id text, feature text, starts_on date, ends_on date);
INSERT INTO public.bought VALUES ('a', 'export', '2024-03-01', NULL), ('a', 'search', '2024-01-01', NULL), ('a', 'report', '2024-03-01', NULL), ('b', 'export', '2024-03-01', NULL), ('c', 'export', '2024-01-01', '2024-02-01'), ('d', 'search', '2024-03-01', NULL), ('d', 'export', '2024-04-01', NULL), ('b', 'export', '2024-03-15', NULL);
CALL map('cs', 'entitlement', 'TABLE public.bought');
CALL refresh('cs');
-- export: a after 10 days, b waits since 31: half are there, and stay half until the end. search: a after 4, d waits since 31. c's is over, d's to come; b uses search without it.
SELECT results_eq($$SELECT feature, eligible_count, adopter_count, adoption_rate, unentitled_count, activation_median_days FROM cs.feature_adoption WHERE dimension = 'all'$$,
    $$VALUES ('export', 2::bigint, 1::bigint, 0.5::float8, 0::bigint, 20.5::float8), ('report', 1, 0, 0, 0, NULL), ('search', 2, 1, 0.5, 1, 17.5)$$, 'adoption among entitled accounts, and days to first use');
SELECT results_eq($$SELECT value, feature, eligible_count, adopter_count FROM cs.feature_adoption WHERE dimension = 'segment' ORDER BY 1, 2$$,
    $$VALUES ('large', 'search', 1::bigint, 0::bigint), ('small', 'export', 2, 1), ('small', 'report', 1, 0), ('small', 'search', 1, 1)$$, 'by segment');
SELECT ok(i.lower = a.adoption_lower_rate AND i.upper = a.adoption_upper_rate, 'with Wilson''s interval') FROM cs.feature_adoption AS a, wilson_interval(a.adopter_count, a.eligible_count) AS i WHERE a.dimension = 'all' AND feature = 'export';
UPDATE cs.policy SET adoption_days = 11;
SELECT is(adopter_count, 0::bigint, 'adoption_days: export was used longer ago than 11 days') FROM cs.feature_adoption WHERE dimension = 'all' AND feature = 'export';
UPDATE cs.policy SET adoption_days = 28;

-- a: a1 with 6, a2 with 1, a3 with 9 events; a4 no longer
SELECT results_eq('SELECT account_id, seat_count, user_count, active_user_count, seat_use_rate, is_over_seats, events_per_user_rate, events_median_rate, features_used_count, entitled_count, breadth_rate FROM cs.usage_depth ORDER BY 1',
    $$VALUES ('a', 2::bigint, 4::bigint, 3::bigint, 1.5::float8, true, 16 / 3.0::float8, 6::float8, 2::bigint, 3::bigint, 2 / 3.0::float8),
             ('b', 10, 1, 1, 0.1, false, 3, 3, 1, 1, 0),
             ('c', 0, 1, 0, NULL, false, NULL, NULL, 0, 0, NULL),
             ('d', NULL, 0, 0, NULL, NULL, NULL, NULL, 0, 1, 0)$$, 'seats, events a user and breadth; without seats or entitlements NULL, not 0');
SELECT results_eq('SELECT role, user_count, active_user_count, account_count, events_per_user_rate, events_median_rate FROM cs.usage_by_role',
    $$VALUES ('(none)', 1::bigint, 0::bigint, 1::bigint, NULL::float8, NULL::float8), ('admin', 2, 1, 2, 6, 6), ('member', 3, 3, 2, 13 / 3.0, 3)$$, 'by role');
UPDATE cs.policy SET as_of = '2024-02-15';
SELECT results_eq('SELECT account_id, user_count, active_user_count, features_used_count, entitled_count FROM cs.usage_depth ORDER BY 1', $$VALUES ('a', 1::bigint, 0::bigint, 0::bigint, 1::bigint), ('b', 0, 0, 0, 0), ('c', 1, 0, 0, 0), ('d', 0, 0, 0, 0)$$, 'in February it was less');
UPDATE cs.policy SET as_of = '2024-04-30';
SELECT is(user_count, 5::bigint, 'in April it is more') FROM cs.usage_depth WHERE account_id = 'a';

-- Retention in brackets of 30 days: a since 5 January (in brackets 0 and 2), c since 10 January (0 alone), b since 20 March.
UPDATE cs.policy SET as_of = '2024-03-31', retention_days = 30;
SELECT is(n_day_rate, NULL, 'a bracket that is not over has no rate, rather than 0') FROM cs.usage_retention WHERE cohort_on = '2024-03-01' AND bracket_number = 0;
SELECT results_eq($$SELECT bracket_number, account_count, mature_count, n_day_count, unbounded_count, rolling_count FROM cs.usage_retention WHERE cohort_on = '2024-01-01' AND bracket_number < 2$$, 'VALUES (0, 2::bigint, 2::bigint, 2::bigint, 2::bigint, 2::bigint), (1, 2, 2, 0, 1, 0)', 'of two accounts none in the second bracket, one later');
SELECT is((SELECT sum(account_count) FROM cs.usage_retention_by_segment WHERE dimension = 'segment' AND bracket_number = 0), (SELECT sum(account_count) FROM cs.usage_retention WHERE bracket_number = 0), 'segments add up');

SELECT is(pg_temp.failure(format('INSERT INTO public.bought VALUES (%s); CALL refresh(''cs'')', line)), want, want)
FROM (VALUES ('NULL, ''x''', '22023 source "entitlement", account NULL: account_id is NULL'), ('''a'', NULL', '22023 source "entitlement", account a: feature is NULL'),
             ('''a'', ''x'', ''2024-02-01'', ''2024-01-01''', '22023 source "entitlement", account a: feature x ends 2024-01-01 before it starts 2024-02-01')) AS w(line, want);
SELECT is(pg_temp.failure($$INSERT INTO public.click VALUES ('a', now(), NULL, NULL, repeat('x', 256)); CALL refresh('cs')$$), '22023 source "usage", account a: feature ' || repeat('x', 40) || ' ... of 256 bytes is longer than 255', 'a feature with too long a name is named');
SELECT is((SELECT count(*) FROM cs_internal.user_state), 7::bigint, 'a row a user');
DELETE FROM public.click WHERE user_id = 'a4';
CALL refresh('cs');
SELECT is((SELECT count(*) FROM cs_internal.user_state), 6::bigint, 'users that are gone are removed');
UPDATE cs.policy SET test_account_rule = 'exclude';
CALL map('cs', 'account', 'SELECT account_id, account_id = ''a'' AS is_test FROM public.customer');
CALL refresh('cs');
SELECT is((SELECT string_agg(user_id, ' ' ORDER BY user_id) FROM cs_internal.user_state), 'b1 c1', 'and those of test accounts');
SELECT * FROM finish();
ROLLBACK;
