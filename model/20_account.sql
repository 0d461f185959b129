-- What refresh saw last, of accounts, and when. Views read what it stored alone, never a source: a figure never mixes
-- two moments.

CREATE TABLE account (
    account_id      @account_id@,
    name            text,
    segment         text,
    plan            text,
    lifecycle_stage text,
    onboarding_path text,
    region          text,
    owner           text,
    parent_id       @account_id@,
    created_on      date,
    seats           numeric,
    time_zone       text,
    is_test         boolean,
    PRIMARY KEY (account_id));
COMMENT ON TABLE account IS
'The accounts and their attributes, as the last CALL csmetrics.refresh saw them in source_account; those in quarantine '
'are left out. Written by it alone.';
COMMENT ON COLUMN account.account_id IS 'Key of the account';
COMMENT ON COLUMN account.name IS 'Name of the account';
COMMENT ON COLUMN account.segment IS 'Market segment';
COMMENT ON COLUMN account.plan IS
'Plan or contract type, as the account source says now; those of its subscriptions as of then: view revenue_by_product';
COMMENT ON COLUMN account.lifecycle_stage IS 'Stage of the customer lifecycle';
COMMENT ON COLUMN account.onboarding_path IS 'Way in which the account was brought on board';
COMMENT ON COLUMN account.region IS 'Region';
COMMENT ON COLUMN account.owner IS 'Customer-success manager';
COMMENT ON COLUMN account.parent_id IS 'Key of the parent account';
COMMENT ON COLUMN account.created_on IS 'Day the account was created';
COMMENT ON COLUMN account.seats IS 'Seats bought';
COMMENT ON COLUMN account.time_zone IS 'IANA time zone of the account';
COMMENT ON COLUMN account.is_test IS 'True for test and internal accounts, which the model leaves out';

CREATE TABLE refreshed_source (
    source         text,
    refreshed_at   timestamptz NOT NULL,
    row_count      bigint NOT NULL,
    left_out_count bigint NOT NULL,
    policy_hash    text NOT NULL,
    swept_at       timestamptz,
    fed_columns    text[],
    given_columns  text[],
    quarantine     jsonb,
    PRIMARY KEY (source));
COMMENT ON TABLE refreshed_source IS
'How fresh the figures are: when CALL csmetrics.refresh read each source last. Written by it alone.';
COMMENT ON COLUMN refreshed_source.source IS 'The source';
COMMENT ON COLUMN refreshed_source.refreshed_at IS 'As of when the figures are: all that was there then is in them';
COMMENT ON COLUMN refreshed_source.row_count IS 'Rows that were read';
COMMENT ON COLUMN refreshed_source.left_out_count IS 'Rows that were left out, in quarantine';
COMMENT ON COLUMN refreshed_source.policy_hash IS 'Fingerprint of the rules of the policy that hold as of a refresh';
COMMENT ON COLUMN refreshed_source.swept_at IS
'When it was read as a whole last; rows left out were counted then. NULL: to be read as a whole next';
COMMENT ON COLUMN refreshed_source.fed_columns IS
'Of csmetrics.telling_columns, those of which any row has a value: of the others nothing is known, so rates of what '
'they count are NULL. NULL: not looked at yet, and taken for all of them';
COMMENT ON COLUMN refreshed_source.given_columns IS
'Those of them that a query of one''s own gives and of which none means that it did not happen, as of a notice of '
'cancellation: they are fed, whether or not any row has a value';
COMMENT ON COLUMN refreshed_source.quarantine IS
'The rules by which rows were left out, each with its condition, NULL: that of csmetrics.quality_check; NULL: none';

CREATE OR REPLACE FUNCTION is_fed(source text, columns text[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce((SELECT coalesce(r.given_columns && $2, false) OR coalesce(r.fed_columns && $2, r.row_count > 0)
                     FROM refreshed_source r WHERE r.source = $1), false);
END;
COMMENT ON FUNCTION is_fed(text, text[]) IS
'Internal: has any row of the source a value in one of these columns? They are of csmetrics.telling_columns()';
