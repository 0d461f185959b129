\unset ECHO
\i test/psql.sql
-- A model from create_model to the metric views: shape, mapping, refresh, and sums that meet.
BEGIN;
SELECT plan(51);

-- A company: accounts and subscriptions with keys of their own names and types.
CREATE TABLE public.customer (id integer, title text, market text, internal boolean);
INSERT INTO public.customer VALUES
    (1, 'Ash', 'small', false), (2, 'Birch', 'small', false), (3, 'Cedar', 'large', NULL),
    (4, 'Test', 'large', true), (5, 'Elm', NULL, false), (6, 'Fir', 'large', false);
CREATE TABLE public.contract (customer integer, first_day timestamp, last_day_after date, per_month text, state text);
INSERT INTO public.contract VALUES
    (1, '2024-01-10', '2024-04-01', '100', 'active'),
    (1, '2024-04-01', NULL, '130.50', 'active'),
    (2, '2024-01-31', '2024-03-15', '50', 'active'),
    (3, '2024-02-01', NULL, '200', 'active'),
    (3, '2024-02-01', NULL, '-25', 'active'),
    (4, '2024-01-01', NULL, '9999', 'active'),
    (6, '2024-01-01', '2024-02-01', '10', 'trial'),
    (6, '2024-02-01', '2024-03-01', '60', 'active'),
    (6, '2024-03-01', '2024-04-01', NULL, 'paused'),
    (6, '2024-04-01', NULL, '60', 'active');

CALL create_model('cs', 'bigint');
SELECT has_schema('cs', 'create_model makes the schema');
SELECT is(pg_temp.failure($$CALL create_model('cs')$$), '42P06 schema "cs" holds a model already', 'a model is not made twice');
SELECT is(pg_temp.failure($$CALL map('nosuch', 'account', 'SELECT 1')$$), '3F000 there is no model "nosuch"', 'map names a model that is not there');
SELECT is(pg_temp.failure($$CALL refresh('nosuch')$$), '3F000 there is no model "nosuch"', 'refresh does too');

-- Shape: what BI tools rely on.
SELECT is_empty($$
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = ANY (csmetrics.schemas_of('cs')) AND c.relkind IN ('r', 'v') AND obj_description(c.oid, 'pg_class') IS NULL
$$, 'every table and view of a model has a comment');
SELECT is_empty($$
    SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = ANY (csmetrics.schemas_of('cs')) AND c.relkind IN ('r', 'v') AND col_description(c.oid, a.attnum) IS NULL
$$, 'every column of a model has a comment');
SELECT is(col_description('cs.discount_by_segment'::regclass, attnum), 'ISO 4217 code; (none) where the source gives none', 'a word that means something else in a view is explained beside it')
FROM pg_attribute WHERE attrelid = 'cs.discount_by_segment'::regclass AND attname = 'currency';
CREATE VIEW pg_temp.metric_column AS
    SELECT v.name AS view, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
    FROM (SELECT name FROM model_object WHERE kind = 'view') v JOIN pg_attribute a ON a.attrelid = csmetrics.relation('cs', v.name) AND a.attnum > 0;
SELECT is_empty($$
    SELECT * FROM pg_temp.metric_column WHERE type NOT IN ('text', 'date', 'timestamp with time zone', 'numeric', 'bigint', 'integer', 'double precision', 'boolean', 'jsonb')
$$, 'metric views give plain types only');
SELECT is_empty($$
    SELECT * FROM pg_temp.metric_column
    -- the readings of signals bear their names
    WHERE NOT EXISTS (SELECT FROM model_signal s WHERE s.name = metric_column.name AND type = 'double precision')
      AND ((type = 'double precision') <> (name ~ '(_(rate|score|days|hours|p|q|alpha|beta|probability|slope|intercept)|^weight)$|(^|_)reading(_|$)' AND name !~ '^(pause_churn|gap_smooth|reactivation_gap|rate_max_age)_days$') OR (type = 'integer') <> (name ~ '^(pause_churn|gap_smooth|reactivation_gap|rate_max_age)_days$|_months$|_number$|^fiscal_year_start$')
       OR (type = 'date') <> (name ~ '_on$') OR (type = 'timestamp with time zone') <> (name ~ '_at$')
       OR (type = 'bigint' AND name !~ '_id$') <> (name ~ '_count$') OR (type = 'numeric') <> (name ~ '(mrr|_arr|_amount|points|fx|^numerator|^denominator)$'))
$$, 'names tell the type and unit: _rate, _score, _probability, _days, _hours, _on, _at, _count, mrr, _arr, _amount, points, fx');
SELECT is_empty($$
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = ANY (csmetrics.schemas_of('cs')) AND c.relkind = 'v'
    AND NOT coalesce(c.reloptions @> '{security_invoker=true}', false)
    AND c.relname NOT LIKE 'source\_%'
$$, 'metric views read with the rights of the reader');
SELECT is(count(*), 0::bigint, 'an empty model gives no rows: revenue_monthly') FROM cs.revenue_monthly;
SELECT is(count(*), 0::bigint, 'an empty model gives no rows: retention_trailing_year') FROM cs.retention_trailing_year;
SELECT is(count(*), 0::bigint, 'an empty model gives no rows: cohort_retention') FROM cs.cohort_retention;

-- Mapping.
SELECT is(pg_temp.failure($$CALL map('cs', 'subscription', 'SELECT customer AS account_id, 1 AS colour, row_to_json(contract) AS ends_on, per_month AS price FROM public.contract')$$),
    '42703 source "subscription": missing column starts_on (date); column ends_on of type json cannot be cast to date; missing column mrr (numeric); unknown column colour; unknown column price',
    'everything that is wrong with a mapping is named at once');
SELECT is(pg_temp.failure($$CALL map('cs', 'invoices', 'SELECT 1')$$), '22023 unknown source "invoices"', 'an unknown source is named');
SELECT is(pg_temp.failure($$CALL map('cs', 'account', ' ; ')$$), '22023 the query for source "account" is empty', 'an empty query is refused');
SELECT is(pg_temp.failure($$CALL map('cs', 'account', 'SELECT 1 AS account_id) AS q; DROP TABLE public.customer; --')$$) LIKE '42601 %', true,
    'a query that is more than a query is a syntax error');
SELECT is((SELECT count(*) FROM cs_internal.source_subscription), 0::bigint, 'a mapping that failed changed nothing');
CALL map('cs', 'account', $$SELECT title AS name, id AS account_id, market AS segment, internal AS is_test FROM public.customer;$$);
CALL map('cs', 'subscription', $$SELECT customer AS account_id, first_day AS starts_on, last_day_after AS ends_on, per_month AS mrr, state AS status FROM public.contract -- all$$);
SELECT is((SELECT array_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) FROM pg_attribute a
           WHERE a.attrelid = 'cs_internal.source_subscription'::regclass AND a.attnum IN (1, 3, 5, 6)),
    '{account_id bigint,starts_on date,mrr numeric,currency text}', 'a mapping casts and fills up, columns by name in any order');
SELECT matches(col_description('cs_internal.source_subscription'::regclass, 5), '^Required. MRR in force', 'the comments of a source view survive its mapping');
SELECT is_empty('SELECT relname FROM pg_class WHERE relname = ''csmetrics_map''', 'mapping leaves nothing behind');
SELECT is((SELECT reloptions FROM pg_class WHERE oid = 'cs_internal.source_subscription'::regclass), '{security_invoker=true}', 'a mapped source reads with the rights of the reader');

-- Refresh and the default policy.
CALL refresh('cs');
UPDATE cs.policy SET as_of = '2024-05-31';
SELECT results_eq('SELECT account_id FROM cs_internal.account_state ORDER BY 1', 'VALUES (1::bigint), (2), (3), (5), (6)', 'accounts without subscriptions are there, test accounts are not');
-- 100 + 50 = 150 | + 200 + 60 = 410 | 50 churns, 60 pauses = 300 | 30.50 more, 60 resumes = 390.50
SELECT results_eq($$
    SELECT period_start_on, opening_mrr, new_mrr, reactivation_mrr, resume_mrr, expansion_mrr, contraction_mrr, pause_mrr, churn_mrr, closing_mrr, is_complete
    FROM cs.revenue_monthly $$,
    $$ VALUES (date '2024-01-01', 0::numeric, 150::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric, 150::numeric, true),
              ('2024-02-01', 150, 260, 0, 0, 0, 0, 0, 0, 410, true),
              ('2024-03-01', 410, 0, 0, 0, 0, 0, 60, 50, 300, true),
              ('2024-04-01', 300, 0, 0, 60, 30.5, 0, 0, 0, 390.5, true),
              ('2024-05-01', 390.5, 0, 0, 0, 0, 0, 0, 0, 390.5, true) $$,
    'the bridge of the company, trial and credit left out, the pause shown as one');
SELECT is(period_start_on::text || ' ' || round(nrr_rate::numeric, 9) || ' ' || round(logo_churn_rate::numeric, 9), '2024-03-01 0.731707317 0.250000000', 'NRR is 300 / 410, one of four accounts churned')
    FROM cs.revenue_monthly WHERE period_start_on = '2024-03-01';
SELECT is(round(logo_churn_average_rate::numeric, 9), round(1 / ((4 + 2) / 2.0), 9), 'churn_monthly: one lost of an average of three') FROM cs.churn_monthly WHERE period_start_on = '2024-03-01';
SELECT is(round(annualized_logo_churn_rate::numeric, 9), round(1 - 0.75 ^ 12, 9), 'churn_monthly: a month''s churn compounded over a year') FROM cs.churn_monthly WHERE period_start_on = '2024-03-01';
SELECT results_eq('SELECT contraction_rate, net_revenue_churn_rate FROM cs.churn_monthly WHERE period_start_on = ''2024-04-01''',
    'VALUES (0::double precision, 1 - 330.5::double precision / 300)', 'churn_monthly: contraction and net revenue churn');
SELECT results_eq($$SELECT cohort_on, age_months, account_count, retained_count, mrr FROM cs.cohort_retention WHERE cohort_on = '2024-02-01'$$,
    $$VALUES (date '2024-02-01', 0, 2::bigint, 2::bigint, 260::numeric), ('2024-02-01', 1, 2, 1, 200), ('2024-02-01', 2, 2, 2, 260), ('2024-02-01', 3, 2, 2, 260)$$,
    'the cohort of February, month by month');

-- Drill-down and segments add up.
SELECT set_eq($$SELECT period_start_on, movement, sum(amount_mrr) FROM cs.revenue_movement GROUP BY 1, 2$$,
    $$SELECT period_start_on, m.movement, m.amount FROM cs.revenue_monthly,
      LATERAL (VALUES ('new', new_mrr), ('reactivation', reactivation_mrr), ('resume', resume_mrr), ('expansion', expansion_mrr),
                      ('contraction', contraction_mrr), ('pause', pause_mrr), ('churn', churn_mrr)) m(movement, amount) WHERE m.amount <> 0$$,
    'revenue_movement adds up to revenue_monthly exactly');
SELECT set_eq($$SELECT period_start_on, sum(opening_mrr) AS o, sum(new_mrr) AS n, sum(churn_mrr) AS x, sum(closing_mrr) AS c, sum(closing_count)::bigint AS k FROM cs.revenue_by_segment WHERE dimension = 'segment' GROUP BY 1$$,
    $$SELECT period_start_on, opening_mrr, new_mrr, churn_mrr, closing_mrr, closing_count FROM cs.revenue_monthly$$,
    'the segments add up to revenue_monthly exactly');
SELECT set_eq('SELECT DISTINCT dimension, value FROM cs.revenue_by_segment',
    $$VALUES ('all', 'all'), ('segment', 'small'), ('segment', 'large'), ('segment', '(none)')$$, 'only attributes in use are dimensions');

-- Each rule of the policy moves a number.
CREATE FUNCTION pg_temp.closing(month date) RETURNS numeric LANGUAGE sql AS 'SELECT closing_mrr FROM cs.revenue_monthly WHERE period_start_on = month';
UPDATE cs.policy SET pause_rule = 'churn';
SELECT results_eq($$SELECT pause_mrr, churn_mrr, reactivation_mrr FROM cs.revenue_monthly WHERE period_start_on IN ('2024-03-01', '2024-04-01') ORDER BY period_start_on$$,
    'VALUES (0::numeric, 110::numeric, 0::numeric), (0, 0, 60)', 'pause_rule churn: the pause is churn, its end a reactivation, at once');
UPDATE cs.policy SET pause_rule = 'pause', pause_churn_days = 10;
SELECT results_eq($$SELECT period_start_on, pause_mrr, churn_mrr, intra_period_mrr FROM cs.revenue_monthly WHERE period_start_on = '2024-03-01'$$,
    $$VALUES (date '2024-03-01', 0::numeric, 110::numeric, 0::numeric)$$, 'pause_churn_days: a pause of a month is churn after ten days');
UPDATE cs.policy SET pause_churn_days = 60, gap_smooth_days = 32;
SELECT is(pg_temp.closing('2024-03-01'), 300::numeric, 'gap_smooth_days leaves pauses alone');
UPDATE cs.policy SET gap_smooth_days = 0, pause_rule = 'keep', trial_rule = 'count', credit_rule = 'count', test_account_rule = 'count';
SELECT is(pg_temp.closing('2024-01-01'), 150::numeric, 'rules marked (refresh) wait for it');
UPDATE public.contract SET per_month = '60' WHERE state = 'paused';
UPDATE cs.policy SET pause_rule = 'pause';
CALL refresh('cs');
SELECT is(pg_temp.closing('2024-01-01'), 150::numeric + 9999 + 10, 'trial_rule and test_account_rule count: the trial and the test account are in');
SELECT is(pg_temp.closing('2024-02-01'), 410::numeric + 9999 - 25, 'credit_rule count: the credit reduces its account');
UPDATE cs.policy SET pause_rule = 'keep';
CALL refresh('cs');
SELECT is(pg_temp.closing('2024-03-01'), 360::numeric + 9999 - 25, 'pause_rule keep: the pause keeps its MRR');
CREATE TEMP TABLE hash_of_keep AS SELECT DISTINCT policy_hash FROM cs.revenue_monthly;
UPDATE cs.policy SET pause_rule = 'pause', trial_rule = 'exclude', credit_rule = 'exclude', test_account_rule = 'exclude';
SELECT isnt((SELECT policy_hash FROM cs.reporting_range), (SELECT policy_hash FROM hash_of_keep), 'another policy has another hash');
SELECT is(pg_temp.failure($$UPDATE cs.policy SET pause_rule = 'ignore'$$) LIKE '23514 %', true, 'an unknown rule is refused when it is written');
SELECT is(pg_temp.failure($$UPDATE cs.policy SET time_zone = 'Mars/Base'$$), '22023 time zone "Mars/Base" not recognized', 'an unknown time zone too');

-- Bad rows stop a refresh, which names them and changes nothing.
CALL refresh('cs');
CREATE TEMP TABLE before AS SELECT account_id, revenue::text FROM cs_internal.account_state;
INSERT INTO public.contract VALUES (2, '2024-02-01', '2024-01-01', '1', 'active');
SELECT is(pg_temp.failure($$CALL refresh('cs')$$), '22023 source "subscription", account 2: ends 2024-01-01 is before starts 2024-02-01', 'an end before its start is named');
UPDATE public.contract SET last_day_after = NULL, per_month = NULL WHERE last_day_after = '2024-01-01';
SELECT is(pg_temp.failure($$CALL refresh('cs')$$), '22023 source "subscription", account 2: mrr is NULL', 'a missing amount is named');
UPDATE public.contract SET per_month = 'ten' WHERE per_month IS NULL;
SELECT is(split_part(pg_temp.failure($$CALL refresh('cs')$$), ';', 1), '22023 source "subscription", account 2: column mrr: "ten" is no plain decimal, like -1234.50',
    'an amount that is none is named');
DELETE FROM public.contract WHERE per_month = 'ten';
INSERT INTO public.customer VALUES (5, 'Elm again', NULL, NULL);
SELECT is(pg_temp.failure($$CALL refresh('cs')$$), '22023 source "account": account_id 5 is there twice', 'an account that is there twice is named');
DELETE FROM public.customer WHERE title = 'Elm again';
SELECT results_eq('SELECT account_id, revenue::text FROM cs_internal.account_state ORDER BY 1', 'SELECT * FROM before ORDER BY 1', 'a refresh that failed changed nothing');

-- A refresh writes what changed and removes what is gone.
CREATE TEMP TABLE row_version AS SELECT account_id, xmin::text || ctid::text AS version FROM cs_internal.account_state;
DELETE FROM public.customer WHERE id = 5;
INSERT INTO public.contract VALUES (1, '2024-06-01', NULL, '5', 'active');
CALL refresh('cs');
SELECT results_eq($$SELECT n.account_id FROM cs_internal.account_state n JOIN row_version o USING (account_id) WHERE n.xmin::text || n.ctid::text <> o.version$$,
    'VALUES (1::bigint)', 'only the account whose history changed was written');
SELECT is((SELECT count(*) FROM cs_internal.account_state WHERE account_id = 5), 0::bigint, 'an account that is gone was removed');

-- Days and names that ask for care.
CREATE VIEW public.instants AS SELECT 1 AS account_id, timestamptz '2024-01-31 23:30:00+00' AS starts_on, 10 AS mrr;
CALL create_model('Ein "Modell"; DROP TABLE x', 'uuid');
SELECT has_view('Ein "Modell"; DROP TABLE x', 'revenue_monthly', 'a model may have any name');
CALL create_model('tz');
CALL map('tz', 'subscription', 'SELECT * FROM public.instants');
UPDATE tz.policy SET time_zone = 'Asia/Tokyo';
SELECT is((SELECT starts_on FROM tz_internal.source_subscription), '2024-02-01'::date, 'an instant falls on a day of the model''s time zone');

SELECT * FROM finish();
ROLLBACK;
