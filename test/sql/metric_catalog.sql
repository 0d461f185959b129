\unset ECHO
\i test/psql.sql
-- The metric catalog is complete, and true of what there is: whoever adds a column, a reading, an option or a metric has to say what it is.
BEGIN;
SELECT plan(32);
CALL create_model('cs');

CREATE TEMP TABLE shown AS
SELECT c.relname::text AS view, a.attname::text AS name, format_type(a.atttypid, NULL) AS type
FROM model_object v JOIN pg_class c ON c.relname = v.name AND c.relnamespace = ANY (csmetrics.schemas_of('cs')) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE v.kind = 'view';
-- What numbers are shown that are no metric: counts of whatever is counted, and rules of the policy.
CREATE TEMP TABLE auxiliary (name) AS VALUES ('account_count'), ('n_count'), ('rejected_count'), ('confidence_rate'), ('gap_smooth_days'), ('pause_churn_days'), ('reactivation_gap_days'), ('rate_max_age_days');
CREATE TEMP VIEW to_explain AS
SELECT DISTINCT s.name FROM shown s
WHERE s.type IN ('numeric', 'double precision', 'bigint', 'integer', 'real', 'smallint') AND s.name ~ '_(rate|mrr|score|count|days|hours|amount|points)$' AND s.name NOT IN (SELECT name FROM auxiliary)
  -- the end of an interval is that of its metric
  AND NOT EXISTS (SELECT FROM shown o WHERE o.view = s.view AND interval_end(s.name, o.name));
CREATE TEMP VIEW explained AS SELECT d.name AS metric, c.name FROM metric_definition d, unnest(d.columns) c(name);

-- Complete.
SELECT cmp_ok(count(*), '>', 150::bigint, 'many columns are to be explained') FROM to_explain;
SELECT is_empty('SELECT name FROM to_explain EXCEPT SELECT name FROM explained', 'each column that ends like a figure has a row in the catalog');
SELECT is_empty('SELECT name, array_agg(metric) FROM explained GROUP BY name HAVING count(*) > 1', 'and only one');
SELECT is_empty('SELECT name FROM auxiliary EXCEPT SELECT name FROM shown', 'nothing is excepted that is not there');
SELECT is_empty('SELECT name FROM auxiliary INTERSECT SELECT name FROM explained', 'or is explained');
SELECT is_empty($$SELECT name FROM shown s WHERE name ~ '_(lower|upper)_' AND NOT EXISTS (SELECT FROM explained e WHERE s.name = e.name OR interval_end(s.name, e.name))$$, 'each end of an interval is that of a metric');
SELECT is_empty('SELECT name FROM model_metric EXCEPT SELECT name FROM metric_definition', 'each metric of the scorecard has its row');
SELECT is_empty('SELECT k.name, k.unit, d.unit FROM model_metric k JOIN metric_definition d USING (name) WHERE k.unit <> d.unit', 'with the same unit');
-- policy_column says in `defines` which are no definition of a figure, where it has such a column
SELECT is_empty($$SELECT p.name FROM policy_column p, LATERAL to_jsonb(p) j WHERE coalesce((j ->> 'defines')::boolean, p.name NOT IN ('as_of', 'report_from'))
                  EXCEPT SELECT o FROM metric_catalog, unnest(options) o$$, 'each rule that defines figures is named');
-- A reading: a function that makes a number, an interval or rows of a state, which is what has a merge.
CREATE TEMP VIEW reading AS
SELECT DISTINCT p.proname::text AS name FROM pg_proc p
WHERE p.pronamespace = 'csmetrics'::regnamespace AND p.prokind = 'f' AND obj_description(p.oid, 'pg_proc') NOT LIKE 'Internal:%'
  AND p.proargtypes[0] IN (SELECT prorettype FROM pg_proc WHERE pronamespace = 'csmetrics'::regnamespace AND proname = 'merge' AND prokind = 'f')
  AND p.prorettype NOT IN (SELECT prorettype FROM pg_proc WHERE pronamespace = 'csmetrics'::regnamespace AND proname = 'merge' AND prokind = 'f')
  AND p.proname NOT IN (SELECT oprcode::regproc::name FROM pg_operator WHERE oprnamespace = 'csmetrics'::regnamespace) AND p.proname !~ '_(cmp|hash|hash_extended|send|out)$';
SELECT cmp_ok(count(*), '>', 100::bigint, 'many functions read a state') FROM reading;
SELECT is_empty('SELECT name FROM reading EXCEPT SELECT f FROM metric_definition, unnest(functions) f', 'each belongs to a metric');

-- True.
SELECT is_empty('SELECT metric, name FROM explained WHERE name NOT IN (SELECT name FROM shown)', 'each column in the catalog is in a view');
SELECT is_empty('SELECT d.name, c FROM metric_definition d, unnest(d.columns) c WHERE c NOT IN (SELECT name FROM model_column)', 'and is described in model_column');
SELECT is_empty($$SELECT d.name, f FROM metric_definition d, unnest(d.functions) f
                  WHERE NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'csmetrics'::regnamespace AND proname = f AND obj_description(oid, 'pg_proc') NOT LIKE 'Internal:%')$$, 'each function is there, for all to use');
SELECT is_empty('SELECT name, o FROM metric_catalog, unnest(options) o WHERE o NOT IN (SELECT name FROM policy_column)', 'each option is in the policy');
SELECT is_empty('SELECT name FROM metric_catalog WHERE (SELECT count(DISTINCT o) FROM unnest(options) o) <> cardinality(options)', 'and is named once');
SELECT is_empty($$SELECT name FROM metric_catalog WHERE num_nulls(title, definition, formula, unit) > 0 OR definition = '' OR formula = ''$$, 'each row says what it is, how it is worked out and in which unit');
SELECT is_empty('SELECT c.name, v FROM metric_catalog c, unnest(c.views) v EXCEPT SELECT d.name, s.view || ''.'' || s.name FROM metric_definition d, shown s WHERE s.name = ANY (d.columns) OR EXISTS (SELECT FROM unnest(d.columns) m WHERE interval_end(s.name, m))', 'the views that it names show it');
SELECT is_empty('SELECT c.name FROM metric_catalog c JOIN metric_definition d USING (name) WHERE d.columns <> ''{}'' AND c.views IS NULL', 'each is shown by one at least');
SELECT ok('revenue_monthly.nrr_rate' = ANY (views) AND 'revenue_monthly.nrr_lower_rate' = ANY (views) AND 'churn_monthly.net_revenue_churn_rate' <> ALL (views), 'as NRR by the bridge') FROM metric_catalog WHERE name = 'nrr';

-- The benchmarks, open and closed, are what the goals of a new model are.
SELECT results_eq('SELECT name, goal_text(benchmark) FROM metric_catalog WHERE benchmark IS NOT NULL ORDER BY position',
    $$VALUES ('nrr', '> 1.1'), ('logo_churn', '< 0.05'), ('time_to_value', '< 30'), ('fcr', '0.75 to 0.85'), ('csat', '0.8 to 0.9'), ('ces', '> 5'), ('health', '> 70')$$, 'the benchmarks');
SELECT set_eq('SELECT name, benchmark FROM metric_catalog WHERE benchmark IS NOT NULL', 'SELECT metric, goal FROM cs.target WHERE segment IS NULL', 'are the goals that a model begins with');

-- Told in words.
UPDATE cs.policy SET pause_rule = 'churn', confidence = 0.9;
UPDATE cs.target SET goal = '(,0.2]', note = NULL WHERE metric = 'logo_churn';
INSERT INTO cs.target (metric, segment, goal, note) VALUES ('nrr', 'it''s', '[1.2,1.3)', 'a big one');
SELECT results_eq($$SELECT aspect, explanation FROM explain_metric('nrr') WHERE aspect IN ('title', 'unit', 'better', 'benchmark', 'option pause_rule', 'option confidence', 'functions') OR aspect LIKE 'goal%'$$, $$VALUES
    ('title', 'Net revenue retention (NRR)'), ('unit', 'rate'), ('better', 'higher'), ('benchmark', '> 110 %'),
    ('option pause_rule', 'pause (default): ' || (SELECT description FROM policy_column WHERE name = 'pause_rule')), ('option confidence', '0.95 (default): ' || (SELECT description FROM policy_column WHERE name = 'confidence')), ('functions', 'nrr, nrr_interval, retention')$$,
    'without a model: the defaults');
SELECT results_eq($$SELECT aspect, explanation FROM explain_metric('nrr', 'cs') WHERE aspect IN ('option pause_rule', 'option confidence') OR aspect LIKE 'goal%'$$, $$VALUES
    ('option pause_rule', 'churn (in force): ' || (SELECT description FROM policy_column WHERE name = 'pause_rule')), ('option confidence', '0.9 (in force): ' || (SELECT description FROM policy_column WHERE name = 'confidence')),
    ('goal', '> 110 %: Net revenue retention above 110 %'), ('goal of segment it''s', '>= 120 and < 130 %: a big one')$$, 'with one: what is in force, and its goals');
SELECT is(explanation, '<= 20 %', 'a goal of one side') FROM explain_metric('logo churn', 'cs') WHERE aspect = 'goal';
SELECT results_eq('SELECT n, (SELECT explanation FROM explain_metric(n) WHERE aspect = ''name'') FROM unnest(''{NRR,Logo churn,csat_upper_rate,nps_interval,closing_mrr,red_mrr}''::text[]) n',
    $$VALUES ('NRR', 'nrr'), ('Logo churn', 'logo_churn'), ('csat_upper_rate', 'csat'), ('nps_interval', 'nps'), ('closing_mrr', 'mrr'), ('red_mrr', 'red_mrr')$$, 'by any of its names');
SELECT is_empty('SELECT name FROM metric_definition d WHERE NOT EXISTS (SELECT FROM explain_metric(d.name, ''cs'') WHERE aspect = ''definition'')', 'each can be explained');
SELECT throws_ok('SELECT * FROM explain_metric(''churn'')', '22023', 'unknown metric "churn"');
CREATE FUNCTION pg_temp.detail(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE said text;
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS said = PG_EXCEPTION_DETAIL;
    RETURN said;
END $$;
SELECT is(pg_temp.detail('SELECT * FROM explain_metric(''red'')'), 'Near are: red_mrr, red_mrr_share, precision, recall.', 'what is near an unknown one');
SELECT matches(pg_temp.detail('SELECT * FROM explain_metric(''%'')'), '^Known are: mrr, .*, findings[.]$', 'or all, where nothing is');
SELECT throws_ok('SELECT * FROM explain_metric(NULL)', '22023', 'unknown metric ""');
SELECT throws_ok('SELECT * FROM explain_metric(''nrr'', ''no'')', '3F000', 'there is no model "no"');

SELECT * FROM finish();
ROLLBACK;
