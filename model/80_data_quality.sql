-- Data quality: rules about the rows of the sources, and what they found.

CREATE TABLE quality_rule (
    rule        text,
    source      text,
    severity    text NOT NULL DEFAULT 'warning',
    description text,
    condition   text,
    is_enabled  boolean NOT NULL DEFAULT true,
    quarantine  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (source, rule),
    CONSTRAINT rule_of_1_to_255_bytes CHECK (octet_length(rule) BETWEEN 1 AND 255),
    CONSTRAINT known_severity CHECK (severity IN ('error', 'warning', 'info')),
    CONSTRAINT known_rule_or_condition CHECK (condition IS NOT NULL
                                              OR csmetrics.can_quarantine(rule, source) IS NOT NULL),
    CONSTRAINT rows_that_can_be_left_out CHECK (NOT quarantine OR condition IS NOT NULL
                                                OR coalesce(csmetrics.can_quarantine(rule, source), false)));
COMMENT ON TABLE quality_rule IS
'The rules of data quality, one row a rule and source, which CALL csmetrics.validate holds the sources to: those of '
'csmetrics.quality_check, whose condition is NULL, and any of your own. Change the severity, disable them, or put '
'what they find in quarantine.';
COMMENT ON COLUMN quality_rule.rule IS 'Name of the rule';
COMMENT ON COLUMN quality_rule.source IS 'The source whose rows it is about';
COMMENT ON COLUMN quality_rule.severity IS 'error, warning or info';
COMMENT ON COLUMN quality_rule.description IS 'What it means, and what to do';
COMMENT ON COLUMN quality_rule.condition IS
'SQL condition over the columns of source_<source> that the rows found meet; NULL: that of csmetrics.quality_check';
COMMENT ON COLUMN quality_rule.is_enabled IS 'Is it checked, and its quarantine in force?';
COMMENT ON COLUMN quality_rule.quarantine IS
'Are the rows found left out of the histories, accounts with all that is their own? It takes effect with the next '
'refresh; csmetrics.quality_check.can_quarantine says where that is possible';
CREATE OR REPLACE TRIGGER a_sentence BEFORE INSERT OR UPDATE ON quality_rule FOR EACH ROW
    EXECUTE FUNCTION say_what_is_wrong();
INSERT INTO quality_rule
SELECT rule, source, severity, description, NULL, true, false FROM csmetrics.quality_check;
CREATE OR REPLACE TRIGGER check_expressions BEFORE INSERT OR UPDATE ON quality_rule FOR EACH ROW
    EXECUTE FUNCTION check_expressions('condition', 'source_{source}', 'boolean');

CREATE TABLE data_finding (
    rule                    text,
    source                  text,
    severity                text NOT NULL,
    description             text,
    row_count               bigint NOT NULL,
    account_count           bigint,
    sample_keys             text,
    mrr                     numeric,
    nrr_rate                double precision,
    without_nrr_rate        double precision,
    grr_rate                double precision,
    without_grr_rate        double precision,
    logo_churn_rate         double precision,
    without_logo_churn_rate double precision,
    closing_mrr             numeric,
    without_closing_mrr     numeric,
    fcr_rate                double precision,
    without_fcr_rate        double precision,
    csat_rate               double precision,
    without_csat_rate       double precision,
    nps_score               double precision,
    without_nps_score       double precision,
    effect                  text,
    is_quarantined          boolean NOT NULL,
    checked_at              timestamptz NOT NULL,
    policy_hash             text NOT NULL,
    PRIMARY KEY (source, rule));
COMMENT ON TABLE data_finding IS
'What the last CALL csmetrics.validate found, a row a rule and source that it checked. Written by it alone; view '
'data_quality reads it.';
COMMENT ON COLUMN data_finding.rule IS 'Name of the rule';
COMMENT ON COLUMN data_finding.source IS 'The source';
COMMENT ON COLUMN data_finding.severity IS 'error, warning or info';
COMMENT ON COLUMN data_finding.description IS 'What it means, and what to do';
COMMENT ON COLUMN data_finding.row_count IS 'Rows found';
COMMENT ON COLUMN data_finding.account_count IS 'Accounts that they are of; NULL where the source as a whole is meant';
COMMENT ON COLUMN data_finding.sample_keys IS 'The first five of them: the required columns and keys of each';
COMMENT ON COLUMN data_finding.mrr IS
'MRR as of now of these accounts, as the rows say that can be right, those in quarantine left out';
COMMENT ON COLUMN data_finding.nrr_rate IS
'NRR of the trailing year, as a refresh now would give it; as are the others';
COMMENT ON COLUMN data_finding.without_nrr_rate IS 'The same without the rows found';
COMMENT ON COLUMN data_finding.grr_rate IS 'GRR of the trailing year';
COMMENT ON COLUMN data_finding.without_grr_rate IS 'The same without the rows found';
COMMENT ON COLUMN data_finding.logo_churn_rate IS 'Logo churn of the trailing year';
COMMENT ON COLUMN data_finding.without_logo_churn_rate IS 'The same without the rows found';
COMMENT ON COLUMN data_finding.closing_mrr IS 'MRR as of now of all';
COMMENT ON COLUMN data_finding.without_closing_mrr IS 'The same without the rows found';
COMMENT ON COLUMN data_finding.fcr_rate IS 'First contact resolution of the tickets opened in the trailing year';
COMMENT ON COLUMN data_finding.without_fcr_rate IS 'The same without the rows found';
COMMENT ON COLUMN data_finding.csat_rate IS 'CSAT of the answers of the trailing year';
COMMENT ON COLUMN data_finding.without_csat_rate IS 'The same without the rows found';
COMMENT ON COLUMN data_finding.nps_score IS 'NPS of the answers of the trailing year';
COMMENT ON COLUMN data_finding.without_nps_score IS 'The same without the rows found';
COMMENT ON COLUMN data_finding.effect IS 'The difference in words';
COMMENT ON COLUMN data_finding.is_quarantined IS 'Does refresh leave these rows out?';
COMMENT ON COLUMN data_finding.checked_at IS 'When it was checked';
COMMENT ON COLUMN data_finding.policy_hash IS 'Fingerprint of the policy then';

CREATE OR REPLACE VIEW data_quality WITH (security_invoker) AS
SELECT rule, severity, source, description, row_count, account_count, sample_keys, mrr, effect,
       nrr_rate, without_nrr_rate, without_nrr_rate - nrr_rate AS nrr_change_rate, grr_rate, without_grr_rate,
       without_grr_rate - grr_rate AS grr_change_rate,
       logo_churn_rate, without_logo_churn_rate, without_logo_churn_rate - logo_churn_rate AS logo_churn_change_rate,
       closing_mrr, without_closing_mrr, without_closing_mrr - closing_mrr AS closing_change_mrr,
       fcr_rate, without_fcr_rate, without_fcr_rate - fcr_rate AS fcr_change_rate, csat_rate, without_csat_rate,
       without_csat_rate - csat_rate AS csat_change_rate,
       nps_score, without_nps_score, without_nps_score - nps_score AS nps_change_score, is_quarantined, checked_at,
       policy_hash
FROM data_finding
WHERE row_count > 0
ORDER BY array_position('{error,warning,info}', severity), is_quarantined,
    abs(without_nrr_rate - nrr_rate) DESC NULLS LAST, mrr DESC NULLS LAST, row_count DESC, source, rule;
COMMENT ON VIEW data_quality IS
'What is wrong with the rows of the sources, as the last CALL csmetrics.validate found it, the worst first: how many '
'rows and accounts, how much MRR they touch, and what the headline figures would be without them.';
