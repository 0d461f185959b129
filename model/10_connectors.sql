-- What the connected vendors are, and which account each of their keys means.

CREATE TABLE connection (
    vendor       text NOT NULL DEFAULT '',
    schema_name  text NOT NULL DEFAULT '',
    priority     integer NOT NULL DEFAULT 0,
    connected_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vendor));
COMMENT ON TABLE connection IS
'The vendors that feed this model. Written by CALL csmetrics.connect; priority is yours to change, with CALL '
'csmetrics.unite_sources after.';
COMMENT ON COLUMN connection.vendor IS 'The vendor';
COMMENT ON COLUMN connection.schema_name IS 'Schema of its tables';
COMMENT ON COLUMN connection.priority IS
'Who is asked first for the attributes of an account: the lowest number, whose keys are also those of the accounts';
COMMENT ON COLUMN connection.connected_at IS 'When it was connected';

CREATE TABLE account_identity (
    vendor      text NOT NULL DEFAULT '',
    account_key text NOT NULL DEFAULT '',
    account_id  @account_id@,
    PRIMARY KEY (vendor, account_key),
    CONSTRAINT account_id_is_known CHECK (account_id IS NOT NULL));
COMMENT ON TABLE account_identity IS
'Which account each vendor means, where CRM keys and domains do not tell, or tell it wrong: rows of your own, which '
'come before these. One row a key of a vendor.';
COMMENT ON COLUMN account_identity.vendor IS 'The vendor';
COMMENT ON COLUMN account_identity.account_key IS 'Its key of the account: the account_key of its views';
COMMENT ON COLUMN account_identity.account_id IS 'The account';
CREATE OR REPLACE TRIGGER a_sentence BEFORE INSERT OR UPDATE ON account_identity FOR EACH ROW
    EXECUTE FUNCTION say_what_is_wrong();

CREATE TABLE shared_domain (
    domain text NOT NULL DEFAULT '',
    PRIMARY KEY (domain),
    CONSTRAINT domain_in_lower_case CHECK (domain ~ '^([a-z0-9-]+\.)+[a-z0-9-]+$'));
COMMENT ON TABLE shared_domain IS
'Domains that tell of no company, beside those that csmetrics.company_domain() knows: rows of your own. Accounts are '
'not matched by them, nor by domains below them.';
COMMENT ON COLUMN shared_domain.domain IS 'The domain, in lower case, without www: provider.example';
CREATE OR REPLACE TRIGGER a_sentence BEFORE INSERT OR UPDATE ON shared_domain FOR EACH ROW
    EXECUTE FUNCTION say_what_is_wrong();
