-- The tables of all parts that follow, with their types: what there is to fill, and nothing that fills it.
--
-- This part is run at installation alone. The parts after it can be run again over what is there: they replace
-- routines and views, and write the extension's own rows anew.

CREATE TABLE csmetrics.source_column (
    source      text     NOT NULL,
    position    smallint NOT NULL,
    name        text     NOT NULL,
    type        text     NOT NULL,  -- 'account_id' stands for the type chosen in create_model
    required    boolean  NOT NULL,
    description text     NOT NULL,
    PRIMARY KEY (source, name),
    UNIQUE (source, position));
COMMENT ON TABLE csmetrics.source_column IS
'The columns of the source views of every model: what CALL map() asks for. One row a column.';
COMMENT ON COLUMN csmetrics.source_column.source IS 'The source; its view in a model is source_<source>';
COMMENT ON COLUMN csmetrics.source_column.position IS 'Place of the column in the view';
COMMENT ON COLUMN csmetrics.source_column.name IS 'Name of the column';
COMMENT ON COLUMN csmetrics.source_column.type IS 'Its type; account_id stands for the type chosen in create_model';
COMMENT ON COLUMN csmetrics.source_column.required IS 'Must the mapping query give it?';
COMMENT ON COLUMN csmetrics.source_column.description IS 'What it holds';

CREATE TABLE csmetrics.source_check (
    source      text     NOT NULL,
    position    smallint NOT NULL,
    failing     text     NOT NULL,  -- over the columns of the source
    complaint   text     NOT NULL,
    PRIMARY KEY (source, position));
COMMENT ON TABLE csmetrics.source_check IS
'Rows of the source views that cannot be right, and stop CALL refresh(). One row a check.';
COMMENT ON COLUMN csmetrics.source_check.source IS 'The source';
COMMENT ON COLUMN csmetrics.source_check.position IS 'Order; the first that a row fails is named';
COMMENT ON COLUMN csmetrics.source_check.failing IS 'SQL condition that such a row meets';
COMMENT ON COLUMN csmetrics.source_check.complaint IS 'SQL expression of what is said of it';

CREATE TABLE csmetrics.policy_column (
    position      smallint PRIMARY KEY,
    name          text NOT NULL UNIQUE,
    type          text NOT NULL,
    default_value text,
    condition     text,
    takes_effect  text NOT NULL CHECK (takes_effect IN ('refresh', 'at once')),
    meaning       text NOT NULL,
    defines       boolean NOT NULL DEFAULT true,
    may_be_null   boolean NOT NULL DEFAULT false,
    description   text NOT NULL
        GENERATED ALWAYS AS (meaning || CASE takes_effect WHEN 'refresh' THEN ' (refresh)' ELSE '' END) STORED);
COMMENT ON TABLE csmetrics.policy_column IS 'The rules that the policy of every model has. One row a rule.';
COMMENT ON COLUMN csmetrics.policy_column.position IS 'Order of the columns';
COMMENT ON COLUMN csmetrics.policy_column.name IS 'Name of the column';
COMMENT ON COLUMN csmetrics.policy_column.type IS 'Its type';
COMMENT ON COLUMN csmetrics.policy_column.default_value IS
'SQL expression of the default; NULL: the column may be NULL, and is';
COMMENT ON COLUMN csmetrics.policy_column.condition IS 'SQL condition that it must meet; NULL: none';
COMMENT ON COLUMN csmetrics.policy_column.takes_effect IS
'When a change of it is seen in the figures: with the next refresh, or at once';
COMMENT ON COLUMN csmetrics.policy_column.meaning IS 'What it says';
COMMENT ON COLUMN csmetrics.policy_column.defines IS
'Is it part of what figures mean, and so of policy_hash? False for what is shown, and of when';
COMMENT ON COLUMN csmetrics.policy_column.may_be_null IS 'May it be NULL though it has a default?';
COMMENT ON COLUMN csmetrics.policy_column.description IS
'Its comment in a model: its meaning, with the mark (refresh) where it takes effect so';

CREATE TABLE csmetrics.model_part (
    file text PRIMARY KEY,
    ddl  text NOT NULL);
COMMENT ON TABLE csmetrics.model_part IS
'What every model is made of: the files of model/, which CALL create_model() runs in the order of their names.';
COMMENT ON COLUMN csmetrics.model_part.file IS 'Its name';
COMMENT ON COLUMN csmetrics.model_part.ddl IS
'Its text: DDL, in which @account_id@ stands for the type of account_id; names are looked up in the model, then in '
'csmetrics';

CREATE TABLE csmetrics.model_column (
    name        text PRIMARY KEY,
    description text NOT NULL);
COMMENT ON TABLE csmetrics.model_column IS
'The dictionary of metric view columns: a name means the same in every view.';
COMMENT ON COLUMN csmetrics.model_column.name IS 'Name of the column';
COMMENT ON COLUMN csmetrics.model_column.description IS 'Its comment wherever it appears';
CREATE TABLE csmetrics.model_change (
    version text PRIMARY KEY,
    file    text NOT NULL,
    ddl     text NOT NULL);
COMMENT ON TABLE csmetrics.model_change IS
'What a version changed in the tables of models, beyond new tables, columns, constraints and indexes: the files of '
'model/changes/, which CALL update_model() runs.';
COMMENT ON COLUMN csmetrics.model_change.version IS 'The version';
COMMENT ON COLUMN csmetrics.model_change.file IS 'Name of the file';
COMMENT ON COLUMN csmetrics.model_change.ddl IS 'Its text; names are looked up in the model, then in csmetrics';

GRANT SELECT ON csmetrics.source_column, csmetrics.source_check, csmetrics.policy_column, csmetrics.model_part,
    csmetrics.model_change, csmetrics.model_column TO PUBLIC;

CREATE TABLE csmetrics.model_signal (
    position    smallint PRIMARY KEY,
    component   text NOT NULL,
    name        text NOT NULL UNIQUE,
    weight      double precision NOT NULL,
    worst       double precision NOT NULL,
    best        double precision NOT NULL,
    veto_from   double precision,
    veto_cap    double precision,
    description text NOT NULL);
COMMENT ON TABLE csmetrics.model_signal IS
'The signals of health that every model reads from its histories, with the rules that a model begins with. One row a '
'signal.';
COMMENT ON COLUMN csmetrics.model_signal.position IS 'Its place among the readings of an account, from 1 without gaps';
COMMENT ON COLUMN csmetrics.model_signal.component IS 'Component of the score: usage, support or business';
COMMENT ON COLUMN csmetrics.model_signal.name IS 'Name of the signal';
COMMENT ON COLUMN csmetrics.model_signal.weight IS
'Weight at first; those of usage come to 40, of support and of business to 30 each';
COMMENT ON COLUMN csmetrics.model_signal.worst IS 'Reading that is worth 0 at first';
COMMENT ON COLUMN csmetrics.model_signal.best IS 'Reading that is worth 100 at first';
COMMENT ON COLUMN csmetrics.model_signal.veto_from IS 'Reading from which on it vetoes at first; NULL: never';
COMMENT ON COLUMN csmetrics.model_signal.veto_cap IS 'The most that the score may be then';
COMMENT ON COLUMN csmetrics.model_signal.description IS 'What it reads, and in which unit';
GRANT SELECT ON csmetrics.model_signal TO PUBLIC;

CREATE TABLE csmetrics.model_metric (
    position         smallint PRIMARY KEY,
    name             text     NOT NULL UNIQUE,
    unit             text     NOT NULL CHECK (unit IN ('rate', 'score', 'days', 'hours', 'mrr', 'count')),
    indicator        text     NOT NULL CHECK (indicator IN ('leading', 'lagging')),
    higher_is_better boolean,
    is_executive     boolean  NOT NULL,
    source_view      text     NOT NULL,
    reading          text     NOT NULL,
    description      text     NOT NULL);
COMMENT ON TABLE csmetrics.model_metric IS
'The metrics of every model that have a place on its scorecard, and where each figure comes from. One row a metric.';
COMMENT ON COLUMN csmetrics.model_metric.position IS 'Its place on the scorecard';
COMMENT ON COLUMN csmetrics.model_metric.name IS 'Name of the metric';
COMMENT ON COLUMN csmetrics.model_metric.unit IS
'Unit of its readings: rate (a ratio), score (points), days, hours, mrr (money a month) or count';
COMMENT ON COLUMN csmetrics.model_metric.indicator IS
'leading: it can still be acted upon; lagging: it tells how it went';
COMMENT ON COLUMN csmetrics.model_metric.higher_is_better IS
'Is a higher reading the better one? NULL where it should lie in a band';
COMMENT ON COLUMN csmetrics.model_metric.is_executive IS 'Is it in executive_monthly?';
COMMENT ON COLUMN csmetrics.model_metric.source_view IS 'The view of a model that it comes from';
COMMENT ON COLUMN csmetrics.model_metric.reading IS 'The reading, in columns of that view';
COMMENT ON COLUMN csmetrics.model_metric.description IS 'What it is';
GRANT SELECT ON csmetrics.model_metric TO PUBLIC;

CREATE TABLE csmetrics.connector (
    vendor      text    PRIMARY KEY CHECK (octet_length(vendor) BETWEEN 1 AND 40),
    priority    integer NOT NULL,
    description text    NOT NULL,
    built_in    boolean NOT NULL DEFAULT false);
COMMENT ON TABLE csmetrics.connector IS
'The vendors whose tables CALL connect() can read. One row a vendor; add rows for your own.';
COMMENT ON COLUMN csmetrics.connector.vendor IS 'Name of the vendor; its views in a model are <vendor>_<source>';
COMMENT ON COLUMN csmetrics.connector.priority IS
'Priority of its connections at first: the lowest number is asked first, and its keys are those of the accounts';
COMMENT ON COLUMN csmetrics.connector.description IS 'What is read of it';
COMMENT ON COLUMN csmetrics.connector.built_in IS
'Is it one of the extension''s own? Rows of others are dumped with the database';

CREATE TABLE csmetrics.connector_table (
    vendor      text   NOT NULL REFERENCES csmetrics.connector ON DELETE CASCADE,
    table_name  text   NOT NULL,
    other_names text[] NOT NULL DEFAULT '{}',
    one_of      text,
    keys        text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (vendor, table_name));
COMMENT ON TABLE csmetrics.connector_table IS 'The tables of each vendor. One row a table.';
COMMENT ON COLUMN csmetrics.connector_table.vendor IS 'The vendor';
COMMENT ON COLUMN csmetrics.connector_table.table_name IS 'Name of the table: {table_name} in the queries';
COMMENT ON COLUMN csmetrics.connector_table.other_names IS 'Names that it has elsewhere, in order of preference';
COMMENT ON COLUMN csmetrics.connector_table.one_of IS
'Of the tables with the same word here one at least must be there; NULL: it may be missing, and then has no rows';

COMMENT ON COLUMN csmetrics.connector_table.keys IS
'Columns that tell its rows apart: of several with the same ones the latest counts. Without them all columns do; * '
'among them: but of a table that is appended to alone. Empty: every row counts';

CREATE TABLE csmetrics.connector_column (
    vendor      text    NOT NULL,
    table_name  text    NOT NULL,
    column_name text    NOT NULL,
    type        text    NOT NULL,
    required    boolean NOT NULL DEFAULT false,
    other_names text[]  NOT NULL DEFAULT '{}',
    PRIMARY KEY (vendor, table_name, column_name),
    FOREIGN KEY (vendor, table_name) REFERENCES csmetrics.connector_table ON DELETE CASCADE);
COMMENT ON TABLE csmetrics.connector_column IS
'The columns that the queries read of each table of a vendor. One row a column.';
COMMENT ON COLUMN csmetrics.connector_column.vendor IS 'The vendor';
COMMENT ON COLUMN csmetrics.connector_column.table_name IS 'The table';
COMMENT ON COLUMN csmetrics.connector_column.column_name IS 'Name of the column';
COMMENT ON COLUMN csmetrics.connector_column.type IS
'Type that it is cast to, whatever it was loaded as; instants without zone are in UTC';
COMMENT ON COLUMN csmetrics.connector_column.required IS
'Must its table have it? If not, it is NULL where it is missing';
COMMENT ON COLUMN csmetrics.connector_column.other_names IS 'Names that it has elsewhere, in order of preference';

CREATE TABLE csmetrics.connector_source (
    vendor    text NOT NULL REFERENCES csmetrics.connector ON DELETE CASCADE,
    source    text NOT NULL,
    query     text NOT NULL,
    only_with text,
    PRIMARY KEY (vendor, source));
COMMENT ON TABLE csmetrics.connector_source IS
'What the tables of a vendor say of each source. One row a source; each vendor needs one for account.';
COMMENT ON COLUMN csmetrics.connector_source.vendor IS 'The vendor';
COMMENT ON COLUMN csmetrics.connector_source.source IS 'The source';
COMMENT ON COLUMN csmetrics.connector_source.query IS
'A query of its columns, by name, with the vendor''s account_key (text) for account_id; {table_name} stands for a '
'declared table with the declared columns (give it an alias). That of account may also give domain, crm_key and '
'only_matched: see doc/connectors.md';
COMMENT ON COLUMN csmetrics.connector_source.only_with IS 'The table without which the source is left out; NULL: none';
SELECT pg_catalog.pg_extension_config_dump('csmetrics.connector', 'WHERE NOT built_in');
SELECT pg_catalog.pg_extension_config_dump('csmetrics.connector_table',
    'WHERE vendor IN (SELECT vendor FROM csmetrics.connector WHERE NOT built_in)');
SELECT pg_catalog.pg_extension_config_dump('csmetrics.connector_column',
    'WHERE vendor IN (SELECT vendor FROM csmetrics.connector WHERE NOT built_in)');
SELECT pg_catalog.pg_extension_config_dump('csmetrics.connector_source',
    'WHERE vendor IN (SELECT vendor FROM csmetrics.connector WHERE NOT built_in)');
GRANT SELECT ON csmetrics.connector, csmetrics.connector_table, csmetrics.connector_column, csmetrics.connector_source
    TO PUBLIC;

CREATE TABLE csmetrics.iso_currency (code text PRIMARY KEY);
COMMENT ON TABLE csmetrics.iso_currency IS
'The currencies of ISO 4217, with those withdrawn since 2020. One row a currency.';
COMMENT ON COLUMN csmetrics.iso_currency.code IS 'Its alphabetic code';

CREATE TABLE csmetrics.quality_check (
    position       smallint PRIMARY KEY,
    rule           text    NOT NULL,
    source         text    NOT NULL,
    severity       text    NOT NULL CHECK (severity IN ('error', 'warning', 'info')),
    kind           text    NOT NULL CHECK (kind IN ('row', 'set', 'feed')),
    condition      text    NOT NULL,
    can_quarantine boolean NOT NULL,
    stops_refresh  boolean NOT NULL,
    description    text    NOT NULL,
    UNIQUE (rule, source));
COMMENT ON TABLE csmetrics.quality_check IS
'The rules of data quality that every model begins with. One row a rule and source.';
COMMENT ON COLUMN csmetrics.quality_check.position IS 'Order';
COMMENT ON COLUMN csmetrics.quality_check.rule IS 'Name of the rule';
COMMENT ON COLUMN csmetrics.quality_check.source IS 'The source whose rows it is about';
COMMENT ON COLUMN csmetrics.quality_check.severity IS
'Severity at first: error, a figure is wrong or refresh stops; warning, one may be; info, good to know';
COMMENT ON COLUMN csmetrics.quality_check.kind IS
'row: a row is judged by itself; set: beside the others of its source; feed: the source as a whole, and the rows found '
'are its latest';
COMMENT ON COLUMN csmetrics.quality_check.condition IS
'SQL condition of the rows found, over the columns of the source, known_id (its account_id, NULL unless source_account '
'has it) and until_at (now), with window functions over the source; {model} and {internal} stand for the schemas of '
'the model, {columns} for the columns of the source';
COMMENT ON COLUMN csmetrics.quality_check.can_quarantine IS
'Can the rows found be left out? Of a set, the first row is not among them; an account is left out with all that is '
'its own';
COMMENT ON COLUMN csmetrics.quality_check.stops_refresh IS 'Do they stop CALL refresh() unless they are in quarantine?';
COMMENT ON COLUMN csmetrics.quality_check.description IS 'What it means, and what to do';
GRANT SELECT ON csmetrics.iso_currency, csmetrics.quality_check TO PUBLIC;

CREATE TYPE csmetrics.headline_states AS (
    movements csmetrics.mrr_movements, resolved csmetrics.rate, satisfied csmetrics.survey,
    promoted csmetrics.survey, mrr numeric);
COMMENT ON TYPE csmetrics.headline_states IS 'Internal: what the headline figures of the trailing year are readings of';

CREATE TYPE csmetrics.headline_figures AS (
    nrr_rate double precision, grr_rate double precision, logo_churn_rate double precision, closing_mrr numeric,
    fcr_rate double precision, csat_rate double precision, nps_score double precision);
COMMENT ON TYPE csmetrics.headline_figures IS
'Internal: the headline figures of the trailing year; NULL: not looked at';

CREATE TYPE csmetrics.found_rows AS (rule text, condition text, row_count bigint, accounts text[], sample_keys text);
COMMENT ON TYPE csmetrics.found_rows IS 'Internal: what a rule of data quality found among the rows of a source';

CREATE TYPE csmetrics.finding AS (
    rule text, source text, severity text, description text, row_count bigint, account_count bigint, sample_keys text,
    mrr numeric, figures csmetrics.headline_figures,
    without csmetrics.headline_figures, effect text, is_quarantined boolean);
COMMENT ON TYPE csmetrics.finding IS 'Internal: what CALL validate() writes to data_finding';

CREATE TABLE csmetrics.metric_definition (
    position   smallint PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    family     text NOT NULL,
    title      text NOT NULL,
    definition text,
    formula    text NOT NULL,
    unit       text NOT NULL CHECK (unit IN ('rate', 'score', 'days', 'hours', 'mrr', 'count', 'money')),
    benchmark  numrange CHECK (NOT isempty(benchmark)),
    source     text,
    options    text[] NOT NULL,
    columns    text[] NOT NULL,
    functions  text[] NOT NULL,
    CHECK (columns <> '{}' OR functions <> '{}'),
    CHECK (columns <> '{}' OR definition IS NOT NULL));
COMMENT ON TABLE csmetrics.metric_definition IS
'What of the metric catalog is written nowhere else; see view metric_catalog. One row a metric.';
COMMENT ON COLUMN csmetrics.metric_definition.position IS 'Its place in the catalog';
COMMENT ON COLUMN csmetrics.metric_definition.name IS 'Name of the metric; those of model_metric are among them';
COMMENT ON COLUMN csmetrics.metric_definition.family IS
'What it belongs to: revenue, value, onboarding, support, satisfaction, usage, health, prediction, playbook, '
'comparison or data';
COMMENT ON COLUMN csmetrics.metric_definition.title IS 'What people call it';
COMMENT ON COLUMN csmetrics.metric_definition.definition IS
'What it says; NULL: what model_metric says of it, or else model_column of its first column';
COMMENT ON COLUMN csmetrics.metric_definition.formula IS 'How it is worked out';
COMMENT ON COLUMN csmetrics.metric_definition.unit IS
'Unit of its readings: rate (a ratio), score (points), days, hours, mrr (money a month), count or money';
COMMENT ON COLUMN csmetrics.metric_definition.benchmark IS
'Where a reading should lie by common practice, in its unit; a round bracket leaves the limit out and a square one has '
'it in. NULL: there is no such figure';
COMMENT ON COLUMN csmetrics.metric_definition.source IS 'Whose formula it is; NULL: nobody''s in particular';
COMMENT ON COLUMN csmetrics.metric_definition.options IS
'Rules of the policy that define it, besides those that define all';
COMMENT ON COLUMN csmetrics.metric_definition.columns IS
'Columns of the views that show it or what it is made of, the metric itself first; ends of intervals are not named, as '
'they bear its name';
COMMENT ON COLUMN csmetrics.metric_definition.functions IS
'Functions that work it out from states, plain columns or histories';
GRANT SELECT ON csmetrics.metric_definition TO PUBLIC;

CREATE TYPE csmetrics.ticket_wait AS (
    opened_at timestamptz, solved_at timestamptz, requester_wait tstzmultirange, agent_wait tstzmultirange,
    on_hold tstzmultirange, minutes numeric[]);
COMMENT ON TYPE csmetrics.ticket_wait IS
'When a ticket waited for whom: the requester for an agent, an agent for the requester, and on hold; or the minutes '
'that its help desk tells of these three, in all hours, and again of these three in business hours';
CREATE TYPE csmetrics.outdated AS (classid oid, objid oid, kind text, name text);
COMMENT ON TYPE csmetrics.outdated IS 'Internal: an object of a model that CALL update_model() replaces by another';
