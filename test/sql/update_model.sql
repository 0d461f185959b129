\unset ECHO
\i test/psql.sql
-- A model is brought up to date, and mended: what is outdated is replaced, what the user has stays, what stands in the
-- way is named. Whole updates from old releases are checked by script/update_check.
BEGIN;
SELECT plan(24);
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    more text;
    clue text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS more = PG_EXCEPTION_DETAIL, clue = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(more, ''), nullif(clue, ''));
END
$$;
-- All that a model is made of, but for the order of what was added to tables.
CREATE FUNCTION pg_temp.shape(model text) RETURNS TABLE (part text) LANGUAGE sql AS $$
    SELECT regexp_replace(s.part, '\m' || model || '(?=\M|_internal\M)', 'MODEL', 'g') FROM (
        SELECT concat_ws(' ', c.relkind, c.relname, pg_get_viewdef(c.oid), obj_description(c.oid, 'pg_class')) AS part
        FROM pg_class c WHERE c.relnamespace = ANY (csmetrics.schemas_of(model)) AND c.relkind IN ('r', 'v')
        UNION ALL
        SELECT concat_ws(' ', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated,
                         pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum))
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = ANY (csmetrics.schemas_of(model)) AND c.relkind IN ('r', 'v')
        UNION ALL
        SELECT concat_ws(' ', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
        FROM pg_constraint k WHERE k.connamespace = ANY (csmetrics.schemas_of(model))
        UNION ALL
        SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relnamespace = ANY (csmetrics.schemas_of(model))
        UNION ALL
        SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = ANY (csmetrics.schemas_of(model)) AND NOT t.tgisinternal
        UNION ALL
        SELECT concat_ws(' ', pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'))
        FROM pg_proc p WHERE p.pronamespace = ANY (csmetrics.schemas_of(model))) s
$$;

CALL create_model('cs');
CALL create_model('second');
SELECT is_empty($$SELECT * FROM pg_temp.shape('cs') EXCEPT SELECT * FROM pg_temp.shape('second')$$,
                'two models are alike');
SELECT cmp_ok(count(*), '>', 2000::bigint, 'in many parts') FROM pg_temp.shape('cs');

-- Versions.
SELECT is(pg_temp.refused($$CALL update_model('nowhere')$$),
          '3F000 | there is no model "nowhere" | CALL csmetrics.create_model(''nowhere'') makes one.', 'no model');
UPDATE cs_internal.model_version SET version = '99.0.0';
SELECT matches(pg_temp.refused($$CALL update_model('cs')$$),
    '^55000 . model "cs" was made by csmetrics 99.0.0, which is newer than this extension, [0-9.]+ . '
    'Install the newer release on this server, then ALTER EXTENSION csmetrics UPDATE.$', 'too new');
SELECT matches(pg_temp.refused($$CALL refresh('cs')$$), '^55000 . model "cs" was made by csmetrics 99.0.0',
               'for a refresh, too');
UPDATE cs_internal.model_version SET version = '0.0.9';
SELECT matches(pg_temp.refused($$CALL refresh('cs')$$),
    '^55000 . model "cs" is of csmetrics 0.0.9, and the extension of [0-9.]+ . '
    'CALL csmetrics.update_model\(''cs''\) brings it up to date; its views work meanwhile.$',
    'an older one is to be brought up to date');
ALTER TABLE cs_internal.model_version RENAME TO lost;
SELECT matches(pg_temp.refused($$CALL update_model('cs')$$), '^55000 . model "cs" was made before csmetrics 0.1.0',
               'too old');
ALTER TABLE cs_internal.lost RENAME TO model_version;

-- What an older version might have had: a view of another shape, one column less, a function with other columns, one
-- that is no more, a table without a column, a constraint, an index and a trigger.
CREATE ROLE csmetrics_analyst;
GRANT SELECT ON cs.csm_today, cs.revenue_monthly, cs.policy TO csmetrics_analyst;
GRANT SELECT ON cs.scorecard TO csmetrics_analyst WITH GRANT OPTION;
DROP VIEW cs.csm_today;
CREATE VIEW cs.csm_today AS SELECT a.account_id::integer AS account_id, 1 AS other FROM cs.account a;
GRANT SELECT ON cs.csm_today TO csmetrics_analyst;
DROP FUNCTION cs_internal.headline(text[]);
CREATE FUNCTION cs_internal.headline(sources text[]) RETURNS TABLE (mrr numeric) LANGUAGE sql STABLE
BEGIN ATOMIC SELECT 1::numeric; END;
CREATE FUNCTION cs.older(day date) RETURNS date LANGUAGE sql STABLE RETURN day;
UPDATE cs_internal.model_version
SET views = views || '{gone}'::text[], routines = routines || '{older(day date)}'::text[];
CREATE VIEW cs.gone AS SELECT 1 AS n;
ALTER TABLE cs.target DROP COLUMN note, DROP CONSTRAINT goal_not_empty;
DROP INDEX cs_internal.account_state_first_paid_on_idx;
DROP TRIGGER check_expressions ON cs.alert_rule;
ALTER TABLE cs.policy ALTER week_start SET DEFAULT 7, DROP COLUMN playbook_seed CASCADE;
UPDATE cs.policy SET pause_rule = 'churn';
INSERT INTO cs.target (metric, segment, goal) VALUES ('nrr', 'SMB', '(1.2,)');
DELETE FROM cs.alert_rule WHERE rule = 'gone quiet';
CREATE VIEW public.mine AS SELECT t.account_id FROM cs.csm_today t;
CREATE VIEW cs.yours AS SELECT m.account_id FROM public.mine m;
CREATE VIEW public.harmless AS SELECT m.closing_mrr FROM cs.revenue_monthly m;
SELECT is(pg_temp.refused($$CALL update_model('cs')$$),
    '2BP01 | these depend on what changes in model "cs": view public.mine, view cs.yours | Changed are: '
    'view cs.csm_today, view cs.gone, function cs.older(date), function cs_internal.headline(text[]). | '
    'Drop them, update the model, and make them anew over it. Nothing was changed.',
    'what stands in the way is named, of whichever schema');
SELECT has_view('cs', 'gone', 'and nothing was changed');
DROP VIEW cs.yours, public.mine;
CALL update_model('cs');
SELECT is_empty($$SELECT * FROM pg_temp.shape('second') EXCEPT SELECT * FROM pg_temp.shape('cs')$$,
                'then it is what a fresh one is');
SELECT is_empty($$SELECT * FROM pg_temp.shape('cs') EXCEPT SELECT * FROM pg_temp.shape('second')$$, 'and no more');
SELECT results_eq('SELECT pause_rule, week_start, playbook_seed FROM cs.policy',
                  $$VALUES ('churn', 1, (SELECT playbook_seed FROM second.policy))$$, 'the policy is kept');
SELECT results_eq($$SELECT goal::text, note FROM cs.target WHERE segment = 'SMB'$$, $$VALUES ('(1.2,)', NULL::text)$$,
                  'and goals');
SELECT is_empty($$SELECT 1 FROM cs.alert_rule WHERE rule = 'gone quiet'$$, 'a rule that was taken out stays out');
SELECT set_eq($$SELECT relname::text, has_table_privilege('csmetrics_analyst', oid, 'SELECT') AS reads,
                        has_table_privilege('csmetrics_analyst', oid, 'SELECT WITH GRANT OPTION') AS grants
                 FROM pg_class WHERE relnamespace = ANY (csmetrics.schemas_of('cs'))
                                 AND relname IN ('csm_today', 'revenue_monthly', 'scorecard', 'policy')$$,
    $$VALUES ('csm_today', true, false), ('policy', true, false), ('revenue_monthly', true, false),
             ('scorecard', true, true)$$, 'rights are kept, of what was made anew, too');
SELECT has_view('public', 'harmless', 'views over what was replaced in place are kept');
SELECT is((SELECT version FROM cs_internal.model_version),
          (SELECT extversion FROM pg_extension WHERE extname = 'csmetrics'),
          'it is of this version now');
SELECT hasnt_schema(format('csmetrics_update_%s', pg_backend_pid()), 'nothing is left beside it');
SELECT lives_ok($$CALL refresh('cs')$$, 'it can be refreshed');
CALL update_model('cs');
SELECT is_empty($$SELECT * FROM pg_temp.shape('cs') EXCEPT SELECT * FROM pg_temp.shape('second')$$,
                'once more changes nothing');

-- The extension was dropped with all that hung on it, and made anew: tables keep what is of plain types.
CREATE TABLE public.crm AS SELECT 'a' AS account_id, date '2024-01-01' AS starts_on, 100 AS mrr;
CALL map('cs', 'subscription', 'TABLE public.crm');
CALL refresh('cs');
DROP EXTENSION csmetrics CASCADE;
DROP SCHEMA csmetrics CASCADE;
CREATE EXTENSION csmetrics;
CALL update_model('cs');
CALL create_model('thirdmodel');
SELECT is_empty($$SELECT split_part(part, ' SELECT', 1) FROM pg_temp.shape('thirdmodel')
                  EXCEPT SELECT split_part(part, ' SELECT', 1) FROM pg_temp.shape('cs')$$,
                'no part of a fresh one is wanting');
CALL refresh('cs');
SELECT results_eq('SELECT mrr_at(revenue, ''2024-02-01'') FROM cs_internal.account_state', 'VALUES (100::numeric)',
                  'the mapping is kept, and refresh makes the histories anew');
SELECT results_eq('SELECT pause_rule FROM cs.policy', $$VALUES ('churn')$$, 'and the settings');
SELECT results_eq($$SELECT goal::text FROM cs.target WHERE segment = 'SMB'$$, $$VALUES ('(1.2,)')$$, 'and the goals');
SELECT * FROM finish();
ROLLBACK;
