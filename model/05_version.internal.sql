-- What made the model, so that CALL csmetrics.update_model knows what it finds.

CREATE TABLE model_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  text NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now(),
    views    text[] NOT NULL,
    routines text[] NOT NULL);
COMMENT ON TABLE model_version IS
'The version of csmetrics that made this model, or brought it up to date. Written by CALL csmetrics.create_model and '
'csmetrics.update_model alone.';
COMMENT ON COLUMN model_version.only_row IS 'There is one row';
COMMENT ON COLUMN model_version.version IS 'The version';
COMMENT ON COLUMN model_version.made_at IS 'When that was';
COMMENT ON COLUMN model_version.views IS 'The views that it made, other than those of sources';
COMMENT ON COLUMN model_version.routines IS 'The functions that it made, with the types of their arguments';
