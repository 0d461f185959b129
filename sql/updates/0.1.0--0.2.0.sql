-- What 0.2.0 changed in the extension's own tables, and what it has no more of. Functions that views of a model use are
-- replaced, never dropped, while a model of an older version may be there.

-- When a rule of the policy takes effect is a column of its own, and its comment is drawn from it. Part 71 has the
-- rows.
DELETE FROM csmetrics.policy_column;
ALTER TABLE csmetrics.policy_column
    DROP COLUMN with_refresh,
    DROP COLUMN description;
ALTER TABLE csmetrics.policy_column
    ADD COLUMN takes_effect text NOT NULL CHECK (takes_effect IN ('refresh', 'at once')),
    ADD COLUMN meaning text NOT NULL,
    ADD COLUMN description text NOT NULL
        GENERATED ALWAYS AS (meaning || CASE takes_effect WHEN 'refresh' THEN ' (refresh)' ELSE '' END) STORED;
COMMENT ON COLUMN csmetrics.policy_column.takes_effect IS
'When a change of it is seen in the figures: with the next refresh, or at once';
COMMENT ON COLUMN csmetrics.policy_column.meaning IS 'What it says';
COMMENT ON COLUMN csmetrics.policy_column.description IS
'Its comment in a model: its meaning, with the mark (refresh) where it takes effect so';

-- SQL that stands in the views, and was run from nowhere else.
ALTER TABLE csmetrics.model_signal
    DROP COLUMN expression,
    DROP COLUMN against_segment;
ALTER TABLE csmetrics.model_metric
    DROP COLUMN day_column,
    DROP COLUMN reading_lower,
    DROP COLUMN reading_upper,
    DROP COLUMN n_count,
    DROP COLUMN account_source,
    DROP COLUMN numerator,
    DROP COLUMN denominator,
    DROP COLUMN account_reading;
COMMENT ON TABLE csmetrics.model_metric IS
'The metrics of every model that have a place on its scorecard, and where each figure comes from. One row a metric.';
DROP FUNCTION csmetrics.metric_readings();
DROP FUNCTION csmetrics.metric_accounts();

COMMENT ON COLUMN csmetrics.connector_source.query IS
'A query of its columns, by name, with the vendor''s account_key (text) for account_id; {table_name} stands for a '
'declared table with the declared columns (give it an alias). That of account may also give domain, crm_key and '
'only_matched: see doc/connectors.md';

-- Worked out by functions of the model now.
DROP FUNCTION IF EXISTS csmetrics.redefined(text, jsonb, text);
DROP FUNCTION IF EXISTS csmetrics.snapshot_part(text, bigint);

-- Refresh reads what changed alone, and says so to what it calls.
DROP PROCEDURE IF EXISTS csmetrics.read_source(text, text);
DROP PROCEDURE IF EXISTS csmetrics.refresh_accounts(text, text[]);

CREATE TYPE csmetrics.outdated AS (classid oid, objid oid, kind text, name text);
COMMENT ON TYPE csmetrics.outdated IS 'Internal: an object of a model that CALL update_model() replaces by another';
DROP FUNCTION IF EXISTS csmetrics.rights_on(text, text);
DROP FUNCTION IF EXISTS csmetrics.with_dependents(text, text);
DROP FUNCTION IF EXISTS csmetrics.outdated_objects(text, text);
DROP PROCEDURE IF EXISTS csmetrics.require_no_dependents(text, text);
DROP PROCEDURE IF EXISTS csmetrics.drop_outdated(text, text);
COMMENT ON FUNCTION csmetrics.checked_expression(text, regclass, regtype) IS
'The SQL expression over the relation''s columns, names resolved, cast to type; never run. NULL of NULL. Refused: not '
'one expression (SQLSTATE 42601), unknown names (42703, 42883), wrong type (42804), volatile (22023), off the '
'list (42501), aggregates (42803), sets and rows (0A000), too large (54000).';

-- They take one argument more.
DROP PROCEDURE csmetrics.create_model(text, regtype);
DROP PROCEDURE csmetrics.refresh(text, text[]);

-- Rules of data quality name what they read in full, and run along no path of a model.
DROP FUNCTION IF EXISTS csmetrics.judged_rows(text, text[], text);
DROP FUNCTION IF EXISTS csmetrics.findings_query(text, text[]);
DROP FUNCTION IF EXISTS csmetrics.findings_of(text, text[], text[]);
DROP FUNCTION IF EXISTS csmetrics.model_path(text);
COMMENT ON COLUMN csmetrics.quality_check.condition IS
'SQL condition of the rows found, over the columns of the source, known_id (its account_id, NULL unless source_account '
'has it) and until_at (now), with window functions over the source; {model} and {internal} stand for the schemas of '
'the model, {columns} for the columns of the source';

-- Tells of rows that are not read, too.
DROP FUNCTION IF EXISTS csmetrics.connector_tables(text, text);

-- Refresh reads by key what watches tell of.
DROP FUNCTION IF EXISTS csmetrics.read_rows(text, text);
DROP FUNCTION IF EXISTS csmetrics.write_table(text, text, text);
DROP PROCEDURE IF EXISTS csmetrics.refresh_accounts(text, text[], text[]);
DROP PROCEDURE IF EXISTS csmetrics.lock_model(text);
DROP PROCEDURE IF EXISTS csmetrics.write_histories(text);

-- Snapshots are compared by more than the policy.
DROP FUNCTION IF EXISTS csmetrics.snapshot_pair(text, bigint, bigint);
DROP FUNCTION IF EXISTS csmetrics.redefinition(text, jsonb, bigint);
