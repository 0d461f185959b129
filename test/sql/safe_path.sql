\unset ECHO
\i test/psql.sql
-- A materialized view of your own over what there is here is refreshed with a search_path of PostgreSQL's own (always so since 17):
-- no name may be looked up at run time without its schema. Each view of a model, and each function that is no C, is tried.
BEGIN;
SELECT plan(10);
\set seed 1
\set accounts 100
\set health_matters true
\i demo/company/generate.sql
\i demo/company/map.sql
-- some of all that views can show
CALL map('company', 'fx_rate', 'SELECT ''USD'' AS currency, company_made.first_day() + 100 AS on_date, 0.9 AS rate');
UPDATE company.policy SET report_currency = 'EUR', restricted_totals = 'company', store_from_count = 0;
INSERT INTO company.quality_rule (rule, source, severity, condition, description) VALUES ('dear', 'subscription', 'warning', 'mrr > 100', 'A high price');
UPDATE company.policy SET as_of = as_of - 8;
CALL refresh('company');
CALL evaluate_alerts('company');
CALL run_playbooks('company');
CALL take_snapshot('company');
CALL map('company', 'fx_rate', 'SELECT ''USD'' AS currency, company_made.first_day() + 100 AS on_date, 0.91 AS rate');
UPDATE company.policy SET as_of = as_of + 1, pause_churn_days = 20;
CALL refresh('company');
CALL evaluate_alerts('company');
CALL run_playbooks('company');
CALL validate('company');
CALL train_churn_model('company', 150, 36, forced => true);

-- What is different from row to row of each view; REFRESH ... CONCURRENTLY needs an index of that.
CREATE TABLE public.view_key (view text, keys text);
INSERT INTO public.view_key VALUES
('reporting_range', 'as_of_on'), ('constant_rate', 'currency'), ('currency_rate', 'currency, day_on'), ('missing_rate', 'currency, period_start_on, day_on'), ('revenue_by_currency', 'currency, period_start_on'), ('revenue_by_period', 'period_start_on, dimension, value'), ('account_dimension', 'account_id, dimension'), ('revenue_by_segment', 'period_start_on, dimension, value'), ('revenue_monthly', 'period_start_on'),
('revenue_all_periods', 'period, period_start_on, dimension, value'), ('revenue_by_product', 'period_start_on, dimension, value'), ('revenue_transfer', 'period_start_on, dimension, from_value, to_value'),
('churn_by_reason', 'period_start_on, dimension, value, cause, reason'), ('revenue_ahead', 'period_start_on, dimension, value'),
('revenue_movement', 'account_id, period_start_on, movement'), ('churn_monthly', 'period_start_on'), ('company_monthly', 'period_start_on'), ('retention_by_segment', 'period_end_on, dimension, value'), ('retention_trailing_year', 'period_end_on'),
('retention_by_account', 'account_id'), ('cohort_retention', 'cohort_on, age_months'), ('time_to_value_by_account', 'account_id'), ('time_to_value', 'dimension, value'), ('time_to_value_monthly', 'period_end_on, dimension, value'),
('support_by_segment', 'period_start_on, dimension, value'), ('support_monthly', 'period_start_on'), ('waiting_by_segment', 'period_start_on, dimension, value'), ('waiting_monthly', 'period_start_on'), ('support_by_account', 'account_id'), ('satisfaction_by_segment', 'period_start_on, dimension, value'),
('satisfaction_monthly', 'period_start_on'), ('tenure_by_account', 'account_id'), ('account_value', 'account_id'), ('churn_risk', 'account_id'), ('revenue_at_risk', 'dimension, value'), ('churn_drift', 'feature'), ('churn_calibration', 'group_number'), ('model_card', 'churn_model_id'), ('value_by_segment', 'dimension, value'), ('discount_by_segment', 'dimension, value, currency'), ('usage_by_segment', 'day_on, dimension, value'), ('usage_daily', 'day_on'), ('usage_by_account', 'account_id'),
('usage_movement', 'account_id'), ('entitlement', 'account_id, feature'), ('feature_adoption', 'dimension, value, feature'), ('usage_depth', 'account_id'), ('usage_by_role', 'role'),
('usage_retention_by_segment', 'cohort_on, dimension, value, bracket_number'), ('usage_retention', 'cohort_on, bracket_number'), ('account_health', 'account_id'), ('health_by_account_signal', 'account_id, component, signal'),
('health_by_signal', 'component, signal'), ('health_by_segment', 'dimension, value'), ('health_by_parent', 'parent_id'), ('health_movement_by_signal', 'account_id, component, signal, term'), ('health_movement', 'account_id'),
('health_trend', 'as_of_on, dimension, value'), ('health_outcome', 'account_id, scored_on'), ('health_backtest', 'dimension, value'), ('health_backtest_by_tier', 'tier'), ('health_outcome_by_signal', 'account_id, scored_on, component, signal'),
('health_backtest_by_signal', 'component, signal'), ('health_calibration', 'group_number'), ('account_now', 'account_id'), ('alert_open', 'alert_id'), ('metric_reading', 'metric, dimension, value, period_end_on'), ('scorecard', 'metric'),
('scorecard_by_segment', 'metric, dimension, value'), ('executive_monthly', 'metric, period_end_on'), ('scorecard_lead', 'leading_metric, lagging_metric'), ('data_quality', 'rule, source'),
('playbook_judgement', 'run_id'), ('playbook_run_outcome', 'run_id'), ('playbook_outcome', 'playbook'), ('csm_today', 'account_id'), ('dimension_in_use', 'dimension'), ('manager_weekly', 'period_start_on, dimension, value'),
-- of an account there may be several tickets: a number for each row
('scorecard_by_account', NULL);
SELECT is_empty('SELECT name FROM model_object WHERE kind = ''view'' EXCEPT SELECT view FROM public.view_key', 'of each view a key is known');

-- Functions of the model, and those of the extension that are not in C. Not those that write, which no materialized view may: restatement_by_account
-- has temporary tables where a definition changed.
CREATE TABLE public.call (view text, query text);
INSERT INTO public.call
SELECT 'of_' || p.proname, format('SELECT * FROM %s.%I(%s)', p.pronamespace::regnamespace, p.proname, string_agg(CASE
    WHEN p.proargnames[a.n] = 'time_zone' THEN '''UTC''' WHEN a.type = 'text'::regtype THEN '''month''' WHEN a.type = 'integer'::regtype THEN '1'
    WHEN a.type = 'date[]'::regtype THEN 'ARRAY[company_made.last_day() - 1]' WHEN p.proargnames[a.n] LIKE 'start%' THEN 'company_made.last_day() - 30' ELSE 'company_made.last_day()' END, ', ' ORDER BY a.n))
FROM pg_proc p, unnest(p.proargtypes::oid[]) WITH ORDINALITY a(type, n)
WHERE p.pronamespace = ANY (csmetrics.schemas_of('company')) AND p.provolatile <> 'v'
GROUP BY p.oid, p.proname, p.pronamespace HAVING bool_and(a.type IN ('text'::regtype, 'integer'::regtype, 'date'::regtype, 'date[]'::regtype));
INSERT INTO public.call VALUES
('restated', 'SELECT * FROM csmetrics.restatement(''company'')'), ('weights', 'SELECT * FROM csmetrics.suggest_weights(''company'')'),
('catalog', 'SELECT * FROM csmetrics.metric_catalog'), ('explained', 'SELECT * FROM csmetrics.explain_metric(''nrr'', ''company'')'), ('domain', 'SELECT csmetrics.company_domain(''Ann <ann@mail.example.co.uk>'')'),
('goals', 'SELECT csmetrics.goal_status(1.2, ''(1.1,)''), csmetrics.goal_distance(1.2, ''(1.1,)''), csmetrics.goal_verdict(1.2, 1, 1.3, ''(1.1,)''), csmetrics.goal_text(''(1.1,)''), csmetrics.student_p(2, 9)'),
('days', 'SELECT csmetrics.last_instant(''2024-02-29'', ''UTC''), csmetrics.as_days(''1 day''), csmetrics.as_hours(''1 day'')'),
('summaries', $$SELECT csmetrics.nrr(csmetrics.nrr_agg(o, c)), csmetrics.nps(csmetrics.survey_agg(o)), csmetrics.logo_churn(csmetrics.churn_agg('2024-01-01', NULL, '2024-02-01', '2024-03-01')),
                       csmetrics.median_duration(csmetrics.duration_agg('2 days'::interval, true)), csmetrics.rate(csmetrics.make_rate(1, 2)), csmetrics.mrr(1200, 'year') FROM (VALUES (10, 9)) v(o, c)$$);
-- operators and casts of the own types, which are found by type and not by path
INSERT INTO public.call VALUES ('histories', 'SELECT DISTINCT account_id, revenue, csmetrics.merge(revenue, revenue) AS twice, revenue::text AS written FROM company_internal.account_state ORDER BY 2');

CREATE SCHEMA kept;
SELECT format('CREATE MATERIALIZED VIEW kept.%I AS SELECT %s FROM %s v', view, CASE WHEN keys IS NULL THEN 'row_number() OVER () AS n, v.*' ELSE 'v.*' END, csmetrics.relation('company', view)) FROM public.view_key \gexec
SELECT format('CREATE MATERIALIZED VIEW kept.%I AS SELECT row_number() OVER () AS n, q.* FROM (%s) q', view, query) FROM public.call \gexec
SELECT is((SELECT string_agg(failure, ', ') FROM (SELECT pg_temp.failure(format('CREATE UNIQUE INDEX ON kept.%I (%s)', view, coalesce(keys, 'n'))) AS failure FROM public.view_key) f WHERE failure <> 'no error'), NULL, 'no two rows have the same key');
SELECT format('CREATE UNIQUE INDEX ON kept.%I (n)', view) FROM public.call \gexec
CREATE FUNCTION pg_temp.rows_of(relation text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %s', relation) INTO n;
    RETURN n;
END $$;
SELECT is_empty('SELECT relname FROM pg_class WHERE relnamespace = ''kept''::regnamespace AND relkind = ''m'' AND pg_temp.rows_of(oid::regclass::text) = 0 AND relname NOT IN (''of_playbook_judgement'', ''of_alert_probe'', ''of_mixed_entity_period'', ''of_uncut_mixed_entity'', ''of_merged_on'', ''of_merged_mrr'', ''revenue_transfer'')', 'there is something in each of them');
SELECT cmp_ok(count(*), '>', 70::bigint, 'which are many') FROM pg_class WHERE relnamespace = 'kept'::regnamespace AND relkind = 'm';

-- A week goes by.
UPDATE company.policy SET as_of = as_of + 7;
CALL refresh('company');
CREATE TABLE public.refreshed (view text, failure text);
CREATE FUNCTION public.refresh_kept() RETURNS void LANGUAGE plpgsql AS $$
DECLARE view text;
BEGIN
    FOR view IN SELECT relname FROM pg_class WHERE relnamespace = 'kept'::regnamespace AND relkind = 'm' ORDER BY relname LOOP
        INSERT INTO public.refreshed SELECT view, pg_temp.failure(format('REFRESH MATERIALIZED VIEW CONCURRENTLY kept.%I', view));
    END LOOP;
END $$;
-- what a name without schema would come to is there too, and is not to be taken
CREATE FUNCTION pg_temp.reporting_range() RETURNS integer LANGUAGE sql AS 'SELECT 1 / 0';
CREATE TEMP TABLE reporting_range (as_of_on integer);
CREATE TEMP TABLE policy (as_of integer);
SET LOCAL search_path = pg_catalog, pg_temp;
SELECT public.refresh_kept() \g /dev/null
SET LOCAL search_path = csmetrics, public;
SELECT is_empty('SELECT * FROM public.refreshed WHERE failure <> ''no error''', 'all are refreshed under that path, beside their readers');
SELECT cmp_ok(count(*), '>', 70::bigint, 'all') FROM public.refreshed;
SELECT results_eq('SELECT as_of_on FROM kept.reporting_range', 'SELECT company_made.last_day()', 'and show the new day');
SELECT set_eq('SELECT metric, dimension, value, period_end_on, reading FROM kept.metric_reading', 'SELECT metric, dimension, value, period_end_on, reading FROM company.metric_reading', 'and the figures of now');

-- Whatever is written in SQL has its names bound when it is made, or a path of its own.
CREATE TEMP VIEW written AS
SELECT p.oid::regprocedure AS function, p.prosqlbody IS NOT NULL AS is_bound, coalesce(p.proconfig::text LIKE '%search_path=%', false) AS has_path, l.lanname, p.prokind
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = ANY (csmetrics.schemas_of('company') || 'csmetrics'::regnamespace::oid) AND l.lanname IN ('sql', 'plpgsql')
  AND p.oid IN (SELECT objid FROM pg_depend WHERE classid = 'pg_proc'::regclass AND (refclassid, refobjid) IN (('pg_extension'::regclass, (SELECT oid FROM pg_extension WHERE extname = 'csmetrics')))
                UNION SELECT p.oid FROM model_object v WHERE v.kind = 'function' AND p.proname = v.name);
SELECT cmp_ok(count(*), '>', 50::bigint, 'many functions are') FROM written;
-- those run with the caller's path, for a query of the caller's, and name all schemas themselves
SELECT set_eq('SELECT function::text FROM written WHERE NOT is_bound AND NOT has_path', $$VALUES
    ('company_domain(text)'), ('conformed(text,text,text,record)'), ('logged(text,text,text)'), ('map(text,text,text)'), ('rebuild(text,boolean,boolean)'), ('refresh(text,text[],boolean,boolean,boolean)'), ('run(text,text[])'),
    ('secure(text,text,text)'), ('watch(text,text,text,regclass,text,text,text,text)')$$, 'all but these');
SELECT * FROM finish();
ROLLBACK;
