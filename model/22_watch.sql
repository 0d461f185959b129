-- By what refresh knows which accounts changed without reading a source as a whole, and what each refresh did.

CREATE TABLE watch (
    watch_id       integer,
    source         text NOT NULL,
    method         text NOT NULL CHECK (method IN ('column', 'trigger', 'list', 'fingerprint')),
    relation       regclass,
    key_column     text,
    accounts_query text,
    changed_at     text,
    lag            text,
    seen           text,
    PRIMARY KEY (watch_id),
    UNIQUE NULLS NOT DISTINCT (source, relation));
COMMENT ON TABLE watch IS
'By what refresh knows which accounts of a source may have changed: their rows alone are read. One row a source and '
'table that is watched. Written by CALL csmetrics.watch and unwatch; a source without a row here is read as a whole.';
COMMENT ON COLUMN watch.watch_id IS 'Number of the watch';
COMMENT ON COLUMN watch.source IS 'The source whose rows change with it';
COMMENT ON COLUMN watch.method IS
'column: one that grows with every change; trigger: triggers on the table; list: what mark_changed names; fingerprint: '
'the source is read as a whole, where it is not what it was';
COMMENT ON COLUMN watch.relation IS 'The table that is watched; NULL: none, as for list and fingerprint';
COMMENT ON COLUMN watch.key_column IS 'The column of it that leads to the accounts, or is their key';
COMMENT ON COLUMN watch.accounts_query IS
'The query that gives their keys, account_id, from those of the rows that changed; NULL: these are keys of accounts';
COMMENT ON COLUMN watch.changed_at IS 'The column that grows with every change; NULL unless method is column';
COMMENT ON COLUMN watch.lag IS
'By how much less than what was seen a row may have that is new: an interval, or a number. NULL as before';
COMMENT ON COLUMN watch.seen IS
'The greatest value of that column, or the fingerprint, that refresh has seen; NULL: none as yet';

CREATE TABLE refresh_log (
    started_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('keys', 'sweep', 'whole', 'rebuild')),
    state       text NOT NULL CHECK (state IN ('ok', 'failed')),
    error       text,
    sources     jsonb);
CREATE INDEX ON refresh_log (started_at);
COMMENT ON TABLE refresh_log IS
'What each CALL csmetrics.refresh did, for refresh_log_days of the policy. One row a refresh. One that failed is there '
'too, unless it was part of a larger transaction, which took its row with it.';
COMMENT ON COLUMN refresh_log.started_at IS 'When it began';
COMMENT ON COLUMN refresh_log.finished_at IS 'When it was over';
COMMENT ON COLUMN refresh_log.kind IS
'keys: of accounts that watches told of; sweep: of watched sources as a whole, too; whole: of sources without a watch, '
'or by other rules, too; rebuild: of everything, anew';
COMMENT ON COLUMN refresh_log.state IS 'ok or failed';
COMMENT ON COLUMN refresh_log.error IS 'SQLSTATE and message, if it failed';
COMMENT ON COLUMN refresh_log.sources IS
'By source that was read: found_by (methods of the watches, sweep or whole), rows_read, accounts_changed, '
'accounts_unseen (what no watch had told of) and seconds; NULL if it failed';
