\unset ECHO
\i test/psql.sql
-- A source that is half loaded must not empty a model.
BEGIN;
SELECT plan(14);
CREATE TABLE public.customer AS SELECT n::text AS account_id, 'Customer ' || n AS name FROM generate_series(1, 120) n;
CREATE TABLE public.contract AS SELECT n::text AS account_id, date '2024-01-01' AS starts_on, 10 AS mrr FROM generate_series(1, 120) n;
CREATE TABLE public.answer AS
SELECT n::text AS account_id, 'nps' AS kind, 9 AS score, timestamptz '2024-02-01 12:00+00' AS responded_at FROM generate_series(1, 99) n;
CALL create_model('cs');
CALL map('cs', 'account', 'TABLE public.customer');
CALL map('cs', 'subscription', 'TABLE public.contract');
CALL map('cs', 'survey', 'TABLE public.answer');
UPDATE cs.policy SET as_of = '2024-06-10';
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    clue text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS clue = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, SQLERRM, clue);
END
$$;
CALL refresh('cs');
SELECT is(shrink_limit_rate, 0.5::float8, 'half of the rows may go') FROM cs.policy;

DELETE FROM public.contract WHERE account_id::int > 60;
SELECT is(pg_temp.refused($$CALL refresh('cs')$$), 'no error', 'a half may go');
INSERT INTO public.contract SELECT n::text, '2024-01-01', 10 FROM generate_series(61, 120) n;
CALL refresh('cs');
DELETE FROM public.contract WHERE account_id::int > 59;
SELECT is(pg_temp.refused($$CALL refresh('cs')$$),
    '55000 | source "subscription" has 59 rows, and had 120 at the last refresh | Half loaded? If it is right: CALL csmetrics.refresh(''cs'', may_shrink => true). '
    'How much may go says shrink_limit_rate of the policy. Nothing was changed.', 'more may not');
SELECT is((SELECT count(*) FROM cs_internal.account_state WHERE revenue IS NOT NULL), 120::bigint, 'and nothing was changed');
SELECT is((SELECT row_count FROM cs.refreshed_source WHERE source = 'subscription'), 120::bigint, 'what is refused is not remembered');
DELETE FROM public.customer WHERE account_id::int > 10;
SELECT matches(pg_temp.refused($$CALL refresh('cs')$$), '^55000 . source "account" has 10 rows, and had 120; source "subscription" has 59 rows, and had 120 at the last refresh',
               'all of them are named');
SELECT matches(pg_temp.refused($$CALL refresh('cs', '{survey}')$$), '^55000 . source "account" has 10 rows, and had 120 at the last refresh', 'those that are read');
UPDATE cs.policy SET shrink_limit_rate = 0.95;
SELECT is(pg_temp.refused($$CALL refresh('cs')$$), 'no error', 'by another limit they may');
SELECT is((SELECT count(*) FROM cs.account), 10::bigint, 'and go');
TRUNCATE public.answer;
SELECT is(pg_temp.refused($$CALL refresh('cs')$$), 'no error', 'of fewer than a hundred rows all may go');

UPDATE cs.policy SET shrink_limit_rate = 0.5;
INSERT INTO public.contract SELECT n::text, '2024-01-01', 10 FROM generate_series(60, 220) n;
CALL refresh('cs');
TRUNCATE public.contract;
SELECT is(pg_temp.refused($$CALL refresh('cs', may_shrink => true)$$), 'no error', 'who says so may empty it');
INSERT INTO public.contract SELECT n::text, '2024-01-01', 10 FROM generate_series(1, 200) n;
CALL refresh('cs');
UPDATE cs.quality_rule SET quarantine = true WHERE source = 'subscription' AND rule = 'orphan';
SELECT is(pg_temp.refused($$CALL refresh('cs')$$), 'no error', 'rows that are put in quarantine are there');
TRUNCATE public.contract;
UPDATE cs.policy SET shrink_limit_rate = NULL;
SELECT is(pg_temp.refused($$CALL refresh('cs')$$), 'no error', 'without a limit nothing is asked');
SELECT throws_ok($$UPDATE cs.policy SET shrink_limit_rate = 1$$, '23514', NULL, 'a limit is below 1');
SELECT * FROM finish();
ROLLBACK;
