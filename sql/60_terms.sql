-- What a subscription term counts for, by the rules of a policy. Plain expressions of their arguments, so that
-- the planner puts them in place of the calls.
CREATE FUNCTION csmetrics.counted_until(starts_on date, ends_on date, cancelled_on date, renews_on date,
    past_due_on date, churn_date_rule text, delinquency_days integer) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN (cancelled_on IS NULL OR churn_date_rule = 'term_end')
         AND (past_due_on IS NULL OR delinquency_days IS NULL) THEN ends_on
    ELSE greatest(starts_on, least(
        coalesce(CASE WHEN cancelled_on IS NULL OR churn_date_rule = 'term_end' THEN ends_on
                      WHEN churn_date_rule = 'click' THEN least(ends_on, cancelled_on)
                      -- no renewal is known, or the term was over by then
                      WHEN (renews_on > cancelled_on AND renews_on <= '9999-12-31'
                            AND coalesce(ends_on, 'infinity') > cancelled_on) IS NOT TRUE THEN ends_on
                      -- the term of the click lasts until the renewal: what follows it would count twice
                      WHEN starts_on > cancelled_on THEN starts_on
                      ELSE renews_on END, 'infinity'),
        -- days end with the year 9999
        CASE WHEN past_due_on IS NOT NULL
             THEN least(past_due_on, date '9999-12-31' - delinquency_days) + delinquency_days END)) END;
COMMENT ON FUNCTION csmetrics.counted_until(date, date, date, date, date, text, integer) IS
'The day after the last on which the MRR of a subscription term counts; NULL or infinity: still. churn_date_rule: '
'term_end (ends_on), click (cancelled_on), scheduled (the renewal that was called off); past_due_on + delinquency_days '
'ends it where earlier. Never before starts_on.';

CREATE FUNCTION csmetrics.counted_mrr(mrr numeric, discount_mrr numeric, limited_discount_mrr numeric,
    discount_rule text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE discount_rule WHEN 'none' THEN mrr + coalesce(discount_mrr, 0)
                          -- never below 0, but for credits
                          WHEN 'all' THEN CASE WHEN limited_discount_mrr > mrr THEN least(mrr, 0)
                                               ELSE mrr - coalesce(limited_discount_mrr, 0) END
                          ELSE mrr END;
COMMENT ON FUNCTION csmetrics.counted_mrr(numeric, numeric, numeric, text) IS
'The MRR that a term counts with, in money a month; mrr has recurring discounts off. discount_rule: recurring, mrr; '
'none, mrr + discount_mrr; all, one-off and limited discounts off too: mrr - limited_discount_mrr, not below 0. '
'NULL discounts are 0; NULL for a NULL mrr.';
