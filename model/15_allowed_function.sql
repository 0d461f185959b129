-- Functions that rules may call beyond those of the list: the owner of the model answers for them.

CREATE TABLE allowed_function (
    signature       text,
    function_id     oid NOT NULL,
    database_key    text NOT NULL,
    owner           text NOT NULL,
    definition_hash text NOT NULL,
    allowed_by      text NOT NULL DEFAULT current_user,
    allowed_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (signature));
COMMENT ON TABLE allowed_function IS
'The functions that conditions and other expressions of this model may call beyond those of PostgreSQL and csmetrics '
'that all may. Written by CALL csmetrics.allow_function and csmetrics.disallow_function, by the owner of the model '
'alone, whatever was granted.';
COMMENT ON COLUMN allowed_function.signature IS 'The function, with its schema and the types of its arguments';
COMMENT ON COLUMN allowed_function.function_id IS 'Its key in pg_proc: one that is dropped and made anew has another';
COMMENT ON COLUMN allowed_function.database_key IS
'The database in which function_id is its key: what a dump is restored to is another, and goes by the rest';
COMMENT ON COLUMN allowed_function.owner IS 'Who owned it, and so could change it';
COMMENT ON COLUMN allowed_function.definition_hash IS
'Hash of its body, language, arguments, result, labels and settings. What it calls in turn is not in it';
COMMENT ON COLUMN allowed_function.allowed_by IS 'Who allowed it';
COMMENT ON COLUMN allowed_function.allowed_at IS 'When that was';
CREATE OR REPLACE TRIGGER only_owner_writes BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON allowed_function
    EXECUTE FUNCTION only_owner_writes();
