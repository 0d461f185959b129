-- What watches tell, until refresh takes it. Nothing but refresh waits for anything here: writers add rows, each its
-- own, and refresh takes those that it sees; the next one takes those of transactions that are still under way.

CREATE TABLE changed_row (
    watch_id integer NOT NULL,
    source   text NOT NULL,
    key      text);
COMMENT ON TABLE changed_row IS
'Internal: what triggers and mark_changed told of since the last refresh; a row may be there many times';
COMMENT ON COLUMN changed_row.watch_id IS 'The watch';
COMMENT ON COLUMN changed_row.source IS 'Its source';
COMMENT ON COLUMN changed_row.key IS 'The value of key_column in a row that changed; NULL: any row may have';

CREATE UNLOGGED TABLE taken_row (
    watch_id integer NOT NULL,
    source   text NOT NULL,
    key      text);
COMMENT ON TABLE taken_row IS
'Internal: what watches told, for as long as a refresh looks at it; the views watched_<watch_id> lead on from here';
COMMENT ON COLUMN taken_row.watch_id IS 'The watch';
COMMENT ON COLUMN taken_row.source IS 'Its source';
COMMENT ON COLUMN taken_row.key IS 'The value of key_column in a row that changed; NULL: any row may have';

CREATE TABLE read_form (
    source    text,
    kept_hash text NOT NULL,
    read_hash text,
    PRIMARY KEY (source));
COMMENT ON TABLE read_form IS 'Internal: how each source is read. Written by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN read_form.source IS 'The source';
COMMENT ON COLUMN read_form.kept_hash IS 'Fingerprint of what kept_<source> was made of';
COMMENT ON COLUMN read_form.read_hash IS
'Fingerprint of that, and of the mapping, when it was read as a whole last; NULL: never';
