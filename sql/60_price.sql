-- Prices brought to MRR.
CREATE FUNCTION csmetrics.mrr(amount numeric, unit text, unit_count integer DEFAULT 1, quantity numeric DEFAULT 1,
    discount_percent numeric DEFAULT 0, discount_amount numeric DEFAULT 0) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mrr_from_price';
COMMENT ON FUNCTION csmetrics.mrr(numeric, text, integer, numeric, numeric, numeric) IS
'MRR of a price, in money a month: (amount * quantity * (1 - discount_percent / 100) - discount_amount) charged every unit_count units (day, week, month, quarter, year), a year being 365.25 days, 52 weeks, 12 months; rounded to six decimals. mrr(90, ''month'', 3) is 30. Give recurring discounts only: one-off ones do not lower MRR; a discount never takes a charge below 0. NULL if any argument is NULL. An unknown unit, a count below 1, a percentage outside 0 to 100, a quantity or discount below 0: SQLSTATE 22023; not finite: 22003.';
CREATE FUNCTION csmetrics.term_mrr(amount numeric, starts date, ends date) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mrr_from_term';
COMMENT ON FUNCTION csmetrics.term_mrr(numeric, date, date) IS
'MRR of an amount paid for the days from starts on and before ends, in money a month: by months where the term is of whole months (13 months: amount / 13), else by days, a month being 365.25 / 12 of them; rounded to six decimals. ends not after starts: SQLSTATE 22023; an amount that is not finite: 22003. NULL if any argument is NULL.';
