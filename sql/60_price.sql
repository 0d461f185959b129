-- Prices brought to MRR.
CREATE FUNCTION csmetrics.mrr(amount numeric, unit text, unit_count integer DEFAULT 1, quantity numeric DEFAULT 1,
    discount_percent numeric DEFAULT 0, discount_amount numeric DEFAULT 0) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mrr_from_price';
COMMENT ON FUNCTION csmetrics.mrr(numeric, text, integer, numeric, numeric, numeric) IS
'MRR of a price, in money a month: amount * quantity * (1 - discount_percent / 100) - discount_amount, which no '
'discount takes below 0, every unit_count units (day, week, month, quarter, year); to six decimals. NULL if any '
'argument is NULL. What is out of range: SQLSTATE 22023; not finite: 22003.';
CREATE FUNCTION csmetrics.term_mrr(amount numeric, starts date, ends date) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mrr_from_term';
COMMENT ON FUNCTION csmetrics.term_mrr(numeric, date, date) IS
'MRR of an amount paid for the days from starts on and before ends, in money a month: by months where the term is of '
'whole months, else by days of 12 / 365.25 months; to six decimals. ends not after starts: SQLSTATE 22023; an amount '
'not finite: 22003. NULL if any argument is NULL.';
