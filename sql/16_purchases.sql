-- The purchases of one customer without a contract: purchases, its aggregate and its readers.
CALL csmetrics.define_state('purchases', has_final => true);
COMMENT ON TYPE csmetrics.purchases IS
'On which days a customer without a contract bought, how often, and for how much: 32 bytes a day. Built by '
'purchase_agg; keeps time, so it can be read as of any day; adds up by merge and rollup. Several purchases on one day '
'are one day of purchase.';

CALL csmetrics.define_agg('purchase_agg', 'day date, amount numeric', 'purchases', 256, comment =>
'The purchases of one customer, one row each: its day and amount, exact to six decimals. Rows with NULL are left out; '
'an amount of 0 is a purchase. amount below 0: SQLSTATE 22023; past 10^18, or 10^24 a day: 22003; a day outside the '
'years 1 to 9999: 22008. NULL without rows.');

CREATE FUNCTION csmetrics.purchase_count(history csmetrics.purchases, as_of date DEFAULT 'infinity') RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.purchase_count(csmetrics.purchases, date) IS
'Purchases by as_of, that day included (default: all), each row of purchase_agg one. NULL for NULL.';
CREATE FUNCTION csmetrics.purchase_total(history csmetrics.purchases, as_of date DEFAULT 'infinity') RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.purchase_total(csmetrics.purchases, date) IS
'What they add up to by as_of, that day included (default: all), the first one with them; 0 before. NULL for NULL.';
CREATE FUNCTION csmetrics.first_purchase_on(history csmetrics.purchases, as_of date DEFAULT 'infinity') RETURNS date
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.first_purchase_on(csmetrics.purchases, date) IS
'The day of the first purchase, if by as_of (default: whenever). NULL if there is none, and for NULL.';
CREATE FUNCTION csmetrics.last_purchase_on(history csmetrics.purchases, as_of date DEFAULT 'infinity') RETURNS date
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.last_purchase_on(csmetrics.purchases, date) IS
'The day of the last purchase by as_of (default: whenever). NULL if there is none, and for NULL.';

CREATE FUNCTION csmetrics.purchase_frequency(history csmetrics.purchases, as_of date DEFAULT 'infinity') RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.purchase_frequency(csmetrics.purchases, date) IS
'Days on which the customer came back, by as_of, that day included: days of purchase less the first (x of Fader and '
'Hardie). NULL without a purchase by then, and for NULL.';
CREATE FUNCTION csmetrics.purchase_recency(history csmetrics.purchases, as_of date,
    unit text DEFAULT 'week') RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.purchase_recency(csmetrics.purchases, date, text) IS
'The time from the first purchase to the last by as_of, in days or weeks of seven (t_x); 0 of one day. NULL without a '
'purchase by then, and for NULL. A unit that is neither day nor week: SQLSTATE 22023; as_of outside the years 1 to '
'9999: 22008.';
CREATE FUNCTION csmetrics.purchase_age(history csmetrics.purchases, as_of date,
    unit text DEFAULT 'week') RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.purchase_age(csmetrics.purchases, date, text) IS
'The time from the first purchase to as_of, in days or weeks of seven (T). NULL without a purchase by then, and for '
'NULL. Errors as purchase_recency.';
CREATE FUNCTION csmetrics.mean_purchase(history csmetrics.purchases,
    as_of date DEFAULT 'infinity') RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.mean_purchase(csmetrics.purchases, date) IS
'What a day of purchase brought on average by as_of, the first one left out, since it is no sign of what comes after '
'(Fader and Hardie): the mean that gamma_gamma_agg takes. NULL of fewer than two days, and for NULL.';
CREATE FUNCTION csmetrics.purchase_summary(history csmetrics.purchases, as_of date, unit text DEFAULT 'week',
    OUT frequency integer, OUT recency double precision, OUT age double precision, OUT mean_amount double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.purchase_summary(csmetrics.purchases, date, text) IS
'All four at once: purchase_frequency, purchase_recency, purchase_age and mean_purchase, as bgnbd_agg, pareto_nbd_agg '
'and gamma_gamma_agg take them. NULLs and errors as these.';
