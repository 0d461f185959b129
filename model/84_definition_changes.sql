-- Who changed which definition when.

CREATE TABLE definition_change (
    change_id  bigint GENERATED ALWAYS AS IDENTITY,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text NOT NULL DEFAULT current_user,
    relation   text NOT NULL,
    action     text NOT NULL,
    item       text,
    before     jsonb,
    after      jsonb,
    PRIMARY KEY (change_id),
    CONSTRAINT known_action CHECK (action IN ('insert', 'update', 'delete', 'truncate')));
COMMENT ON TABLE definition_change IS
'Who changed which definition when: a row a row of policy, health_signal, health_component, quality_rule, target, '
'alert_rule or playbook that was added, changed or removed. Written by triggers on these alone; the owner may delete '
'old rows.';
COMMENT ON COLUMN definition_change.change_id IS 'Key of the change';
COMMENT ON COLUMN definition_change.changed_at IS 'When it was made';
COMMENT ON COLUMN definition_change.changed_by IS 'The role that made it';
COMMENT ON COLUMN definition_change.relation IS 'The table';
COMMENT ON COLUMN definition_change.action IS 'insert, update, delete or truncate';
COMMENT ON COLUMN definition_change.item IS 'Which of its rows, by its key; NULL: the only one, or all of them';
COMMENT ON COLUMN definition_change.before IS 'What was there of it that is not there now; NULL: it was not there';
COMMENT ON COLUMN definition_change.after IS 'What is there now that was not; NULL: it is gone';

CREATE OR REPLACE TRIGGER refuse_others BEFORE INSERT ON definition_change FOR EACH ROW
    EXECUTE FUNCTION refuse_definition_change();
CREATE OR REPLACE TRIGGER log_definition AFTER INSERT OR UPDATE OR DELETE ON policy FOR EACH ROW
    EXECUTE FUNCTION log_definition();
CREATE OR REPLACE TRIGGER log_truncation AFTER TRUNCATE ON policy FOR EACH STATEMENT
    EXECUTE FUNCTION log_definition();
CREATE OR REPLACE TRIGGER log_definition AFTER INSERT OR UPDATE OR DELETE ON health_signal FOR EACH ROW
    EXECUTE FUNCTION log_definition();
CREATE OR REPLACE TRIGGER log_truncation AFTER TRUNCATE ON health_signal FOR EACH STATEMENT
    EXECUTE FUNCTION log_definition();
CREATE OR REPLACE TRIGGER log_definition AFTER INSERT OR UPDATE OR DELETE ON health_component FOR EACH ROW
    EXECUTE FUNCTION log_definition();
CREATE OR REPLACE TRIGGER log_truncation AFTER TRUNCATE ON health_component FOR EACH STATEMENT
    EXECUTE FUNCTION log_definition();
CREATE OR REPLACE TRIGGER log_definition AFTER INSERT OR UPDATE OR DELETE ON quality_rule FOR EACH ROW
    EXECUTE FUNCTION log_definition();
CREATE OR REPLACE TRIGGER log_truncation AFTER TRUNCATE ON quality_rule FOR EACH STATEMENT
    EXECUTE FUNCTION log_definition();
CREATE OR REPLACE TRIGGER log_definition AFTER INSERT OR UPDATE OR DELETE ON target FOR EACH ROW
    EXECUTE FUNCTION log_definition();
CREATE OR REPLACE TRIGGER log_truncation AFTER TRUNCATE ON target FOR EACH STATEMENT
    EXECUTE FUNCTION log_definition();
CREATE OR REPLACE TRIGGER log_definition AFTER INSERT OR UPDATE OR DELETE ON alert_rule FOR EACH ROW
    EXECUTE FUNCTION log_definition();
CREATE OR REPLACE TRIGGER log_truncation AFTER TRUNCATE ON alert_rule FOR EACH STATEMENT
    EXECUTE FUNCTION log_definition();
CREATE OR REPLACE TRIGGER log_definition AFTER INSERT OR UPDATE OR DELETE ON playbook FOR EACH ROW
    EXECUTE FUNCTION log_definition();
CREATE OR REPLACE TRIGGER log_truncation AFTER TRUNCATE ON playbook FOR EACH STATEMENT
    EXECUTE FUNCTION log_definition();
