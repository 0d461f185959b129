-- The company's months, for who sees some of its accounts alone.

CREATE TABLE company_total (
    period_start_on date,
    period_end_on date NOT NULL,
    opening_mrr numeric,
    closing_mrr numeric,
    opening_count bigint NOT NULL,
    closing_count bigint NOT NULL,
    nrr_rate double precision,
    grr_rate double precision,
    logo_churn_rate double precision,
    policy_hash text NOT NULL,
    PRIMARY KEY (period_start_on));
COMMENT ON TABLE company_total IS
'The totals of the company in the months that were over at the last refresh, where restricted_totals says so. Written '
'by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN company_total.period_start_on IS 'First day of the month';
COMMENT ON COLUMN company_total.period_end_on IS 'First day after it';
COMMENT ON COLUMN company_total.opening_mrr IS 'MRR at the end of the day before the month';
COMMENT ON COLUMN company_total.closing_mrr IS 'MRR at the end of its last day';
COMMENT ON COLUMN company_total.opening_count IS 'Accounts with opening MRR';
COMMENT ON COLUMN company_total.closing_count IS 'Accounts with closing MRR';
COMMENT ON COLUMN company_total.nrr_rate IS 'Net revenue retention of the month';
COMMENT ON COLUMN company_total.grr_rate IS 'Gross revenue retention of the month';
COMMENT ON COLUMN company_total.logo_churn_rate IS 'Accounts that left / accounts with opening MRR';
COMMENT ON COLUMN company_total.policy_hash IS 'Fingerprint of the policy that these are by';

CREATE OR REPLACE FUNCTION write_company_total() RETURNS void LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM company_total;
    INSERT INTO company_total
    SELECT m.period_start_on, m.period_end_on, m.opening_mrr, m.closing_mrr, m.opening_count, m.closing_count,
           m.nrr_rate, m.grr_rate, m.logo_churn_rate, m.policy_hash
    FROM revenue_monthly m
    WHERE m.is_complete;
END;
COMMENT ON FUNCTION write_company_total() IS 'Internal: stores the totals of the company';
