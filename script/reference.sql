-- REFERENCE.md, from the comments of the installed extension.
\pset format unaligned
\pset tuples_only true
SET search_path = csmetrics, pg_catalog;
-- a model, for what its objects say of themselves
CALL create_model('drawn');

CREATE TEMP VIEW member AS
SELECT classid, objid FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'csmetrics') AND deptype = 'e';

-- A type a chapter, in the order of their creation; the others have theirs after them.
CREATE TEMP VIEW chapter AS
SELECT row_number() OVER (ORDER BY oid) AS place, typname AS name,
       format(E'`%s`\n\n%s', typname, obj_description(oid, 'pg_type')) AS title
FROM pg_type JOIN member ON classid = 'pg_type'::regclass AND objid = oid WHERE typtype = 'b' AND typelem = 0
UNION ALL
VALUES (100, 'state', 'Every state'), (101, 'plain', 'Prices, rates and intervals'), (102, 'model', 'The model'),
       (103, 'view', 'The views of a model'), (104, 'column', 'The columns of these views'),
       (105, 'signal', 'The signals of health that a model reads'), (106, 'metric', 'The metrics on the scorecard of a model'), (110, 'catalog', 'The metric catalog: every figure that is shown'),
       (107, 'quality', 'The rules of data quality that a model begins with'), (108, 'table', 'The tables of a model: settings and records'),
       (109, 'connector', 'The connectors and the tables that they read');

CREATE FUNCTION pg_temp.short(type_or_arguments text) RETURNS text LANGUAGE sql
RETURN regexp_replace(replace(type_or_arguments, 'double precision', 'float8'), '^IN |::(text|date|regtype)', '', 'g');

CREATE TEMP VIEW routine AS
SELECT p.proname AS name, p.prokind AS kind, pg_get_function_identity_arguments(p.oid) AS identity,
       -- what goes in; what comes out in columns follows the comment
       format('`%s(%s)`%s', p.proname,
              (SELECT string_agg(pg_temp.short(argument), ', ' ORDER BY place)
               FROM regexp_split_to_table(pg_get_function_arguments(p.oid), ', ') WITH ORDINALITY a(argument, place)
               WHERE argument NOT LIKE 'OUT %'),
              CASE WHEN p.prokind = 'p' THEN '' WHEN p.proretset THEN ' → rows' WHEN 'o' = ANY (p.proargmodes) THEN ' → row'
                   ELSE ' → ' || pg_temp.short(format_type(p.prorettype, NULL)) END) AS signature,
       obj_description(p.oid, 'pg_proc') ||
       coalesce(' Columns: ' || (SELECT string_agg(p.proargnames[i], ', ' ORDER BY i) FROM generate_subscripts(p.proargmodes, 1) i
                                 WHERE p.proargmodes[i] = 'o') || '.', '') AS comment,
       CASE WHEN p.proname IN ('merge', 'unmerge', 'rollup', 'unpacked') THEN 'state'
            WHEN p.prokind = 'p' OR 'model' = ANY (p.proargnames) THEN 'model'
            -- an aggregate by what it makes; a function by the first type that it reads, or else makes
            ELSE coalesce((SELECT c.name FROM unnest(CASE p.prokind WHEN 'a' THEN ARRAY[p.prorettype] ELSE p.proargtypes::oid[] || p.prorettype END) WITH ORDINALITY a(type, n)
                           JOIN pg_type t ON t.oid = a.type
                           JOIN chapter c ON c.name = CASE WHEN t.typelem > 0 AND t.typlen < 0 THEN format_type(t.typelem, NULL) ELSE t.typname END
                           ORDER BY n LIMIT 1), 'plain') END AS chapter
FROM pg_proc p
JOIN member ON classid = 'pg_proc'::regclass AND objid = p.oid
WHERE obj_description(p.oid, 'pg_proc') NOT LIKE 'Internal:%';

\echo '# Reference'
\echo
\echo 'Drawn by `script/reference --write` from the comments of the objects, which `\\dd` and `\\df+` show too.'
\echo 'Formulas, sources and edge cases, subject by subject: [doc/](doc/README.md).'
SELECT string_agg(text, E'\n' ORDER BY place, sort, kind, name, identity) FROM (
    SELECT place, 0 AS sort, NULL AS kind, '' AS name, '' AS identity, format(E'\n## %s\n\n| | |\n|---|---|', title) AS text FROM chapter
    UNION ALL
    SELECT c.place, 1, r.kind::text, r.name, r.identity, format('| %s | %s |', r.signature, r.comment)
    FROM routine r JOIN chapter c ON c.name = r.chapter WHERE r.chapter <> 'state'
    UNION ALL
    SELECT 100, 1, kind::text, name, '', format('| `%s(%s)` → state | %s |', name, CASE WHEN kind = 'a' OR name = 'unpacked' THEN 'state' ELSE 'a state, b state' END, min(comment))
    FROM routine WHERE chapter = 'state' GROUP BY name, kind
    UNION ALL
    SELECT 103, o.place, NULL, o.name, '', format('| `%s%s` | %s |', o.name, '(' || o.arguments || ')',
        CASE o.kind WHEN 'view' THEN obj_description(relation('drawn', o.name), 'pg_class')
                    ELSE obj_description((SELECT oid FROM pg_proc WHERE proname = o.name AND pronamespace = ANY (schemas_of('drawn'))), 'pg_proc') END)
    FROM (SELECT row_number() OVER () AS place, m.* FROM model_object m WHERE m.kind <> 'table' AND NOT m.is_internal) o
    UNION ALL
    SELECT 104, 1, NULL, name, '', format('| `%s` | %s |', name, description) FROM model_column
    UNION ALL
    SELECT 105, position, NULL, name, '', format('| `%s` | %s. At first: %s, weight %s, worth 0 at %s and 100 at %s%s. |', name, description, component, weight, worst, best,
                                                 '; from ' || veto_from || ' on the score is at most ' || veto_cap) FROM model_signal
    UNION ALL
    SELECT 106, position, NULL, name, '', format('| `%s` | %s. %s, %s; from %s of `%s`. |', name, description, unit, indicator, reading, source_view) FROM model_metric
    UNION ALL
    SELECT 110, position, NULL, name, '', format('| `%s` | %s: %s. %s. %s%s%s. |', name, title, definition, formula, unit, '; benchmark ' || goal_words(benchmark, unit), '; ' || source) FROM metric_catalog
    UNION ALL
    SELECT 107, position, NULL, rule, source, format('| `%s` of `%s` | %s. %s; %s. |', rule, source, description, severity, CASE WHEN can_quarantine THEN 'can be put in quarantine' ELSE 'cannot be put in quarantine' END || CASE WHEN stops_refresh THEN ', stops a refresh' ELSE '' END) FROM quality_check
    UNION ALL
    SELECT 108, dense_rank() OVER (ORDER BY o.name) * 1000 + a.attnum, NULL, o.name, a.attname, format('| `%s.%s` | %s |', o.name, a.attname, col_description(a.attrelid, a.attnum))
    FROM model_object o JOIN pg_attribute a ON a.attrelid = relation('drawn', o.name) AND a.attnum > 0
    WHERE o.kind = 'table' AND NOT o.is_internal
    UNION ALL
    SELECT 109, priority, NULL, vendor, '', format('| `%s` | %s. Sources: %s. Needs: %s%s. |', vendor, description,
        (SELECT string_agg(source, ', ' ORDER BY source) FROM connector_source s WHERE s.vendor = c.vendor),
        (SELECT string_agg(names, ', ' ORDER BY names) FROM (SELECT string_agg(array_to_string(table_name || other_names, ' or '), ' or ' ORDER BY table_name) AS names FROM connector_table t
                                                             WHERE t.vendor = c.vendor AND one_of IS NOT NULL GROUP BY one_of) n),
        '; reads where it is there: ' || (SELECT string_agg(table_name, ', ' ORDER BY table_name) FROM connector_table t WHERE t.vendor = c.vendor AND one_of IS NULL)) FROM connector c) line;
