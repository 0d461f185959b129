-- Whose revenue, and in which money: rates, parents, and the rules of both.
INSERT INTO csmetrics.source_column VALUES
('fx_rate', 1, 'currency', 'text', true, 'ISO 4217 code'),
('fx_rate', 2, 'on_date', 'date', true, 'First day on which the rate holds, until the next of the currency'),
('fx_rate', 3, 'rate', 'numeric', true,
 'What one unit of the currency is worth, in a currency that is the same in every row; where that is not the '
 'currency of report, it has rows too'),
('parent', 1, 'account_id', 'account_id', true, 'Key of the account'),
('parent', 2, 'parent_id', 'account_id', true, 'Key of the account that it belongs to'),
('parent', 3, 'starts_on', 'date', false, 'First day on which it does; NULL: from ever'),
('parent', 4, 'ends_on', 'date', false, 'The day after the last; NULL: still'),
('parent', 5, 'is_merger', 'boolean', false,
 'Has it become a part of that account? Then it is no account of its own any more, at whatever grain');

INSERT INTO csmetrics.source_check VALUES
('fx_rate', 1, 'currency IS NULL', $$'currency is NULL'$$),
('fx_rate', 2, 'on_date IS NULL', $$format('the rate of %s is of no day: on_date is NULL', currency)$$),
('fx_rate', 3, $$NOT coalesce(rate > 0 AND rate < 'infinity', false)$$,
 $$format('rate %s of %s on %s is not above 0', coalesce(rate::text, 'NULL'), currency, on_date)$$),
('parent', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('parent', 2, 'ends_on < starts_on', $$format('ends %s is before starts %s', ends_on, starts_on)$$),
('subscription', 7,
 'currency IS NOT NULL AND upper(currency) <> (SELECT report_currency FROM {model}.policy) '
 'AND upper(currency) NOT IN (SELECT currency FROM {internal}.constant_rate WHERE fx IS NOT NULL)',
 $$format('no rate from %s to %s is known', currency, (SELECT report_currency FROM {model}.policy))$$);

INSERT INTO csmetrics.policy_column (position, name, type, default_value, condition, takes_effect, meaning) VALUES
(6, 'period', 'text', $$'month'$$, $$period IN ('month', 'quarter', 'year')$$, 'at once',
 'Length of the periods of revenue_by_period'),
(7, 'fiscal_year_start', 'integer', '1', 'fiscal_year_start BETWEEN 1 AND 12', 'at once',
 'Month in which quarters and years of revenue_by_period are counted from: 2 for a year from February to January'),
(8, 'entity_grain', 'text', $$'account'$$, $$entity_grain IN ('account', 'subscription', 'parent')$$, 'refresh',
 'Whose MRR is compared with its own before, in the bridge, churn and retention: account, each subscription by '
 'itself, or the topmost parent with all that belongs to it'),
(15, 'reactivation_gap_days', 'integer', NULL, 'reactivation_gap_days BETWEEN 0 AND 36525', 'at once',
 'Who comes back after more than so many days without MRR is a new customer, and the one before is lost; NULL: '
 'whoever paid before is back, however long after'),
(200, 'report_currency', 'text', NULL, $$report_currency ~ '^[A-Z]{3}$'$$, 'refresh',
 'ISO 4217 code of the currency of report; NULL: all MRR is taken to be in one, and nothing is converted'),
(201, 'rate_rule', 'text', $$'period_start'$$, $$rate_rule IN ('period_start', 'period_end', 'average', 'fixed')$$,
 'at once',
 'Rate at which movements are converted: that before the period, at its end, the mean of its days, or one for all '
 'time; what rates do to MRR between is fx_mrr'),
(202, 'rate_on', 'date', NULL, NULL, 'refresh',
 'The day whose rates convert the histories of single accounts, and everything where rate_rule is fixed; NULL: the '
 'latest'),
(203, 'rate_max_age_days', 'integer', '7', 'rate_max_age_days BETWEEN 0 AND 36525', 'at once',
 'A rate older than this many days is no rate: figures that would need it are NULL, and view missing_rate has the '
 'rows');

CREATE OR REPLACE FUNCTION csmetrics.in_report_currency(amount numeric, currency text, report_currency text,
    rates jsonb) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN report_currency IS NULL OR currency IS NULL OR upper(currency) = report_currency THEN amount
            ELSE round(amount * (rates ->> upper(currency))::numeric, 6) END;
COMMENT ON FUNCTION csmetrics.in_report_currency(numeric, text, text, jsonb) IS
'An amount in the currency of report, rounded to six decimals, by the rate of its currency in rates, an object of '
'numbers by ISO 4217 code; as it is where its own currency is NULL or that of report, or there is none of report. '
'NULL without a rate.';

CREATE OR REPLACE FUNCTION csmetrics.period_start(day date, period text, fiscal_year_start integer DEFAULT 1)
RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (date_trunc(period, day::timestamp - (fiscal_year_start - 1) * interval '1 month')
        + (fiscal_year_start - 1) * interval '1 month')::date;
COMMENT ON FUNCTION csmetrics.period_start(date, text, integer) IS
'First day of the month, quarter or year that the day is in, with years that begin with that month, 1 to 12. NULL if '
'an argument is NULL; another period: SQLSTATE 22023.';

CREATE OR REPLACE FUNCTION csmetrics.period_length(period text) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE period WHEN 'month' THEN interval '1 month' WHEN 'quarter' THEN interval '3 months'
                   WHEN 'year' THEN interval '1 year' END;
COMMENT ON FUNCTION csmetrics.period_length(text) IS 'Length of a month, quarter or year. NULL for anything else.';

CREATE OR REPLACE FUNCTION csmetrics.moves(revenue csmetrics.mrr_timeline, from_on date, to_on date) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN csmetrics.mrr_at(revenue, from_on - 1) > 0
       OR EXISTS (SELECT 1 FROM csmetrics.changes(revenue) c WHERE c.changed_on >= from_on AND c.changed_on < to_on);
COMMENT ON FUNCTION csmetrics.moves(csmetrics.mrr_timeline, date, date) IS
'Internal: is there MRR before from_on, or a movement from then on and before to_on?';
