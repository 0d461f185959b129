-- What purchases bring: gamma_gamma, its aggregate, and the Gamma-Gamma model fitted to it.
CALL csmetrics.define_state('gamma_gamma', has_final => true);
COMMENT ON TYPE csmetrics.gamma_gamma IS
'Customers without a contract by frequency and mean amount, those alike in both counted once: 24 bytes for each '
'different one, at most 2^21 of them. Built by gamma_gamma_agg; read by gamma_gamma_fit; adds up by merge and rollup.';

CALL csmetrics.define_agg('gamma_gamma_agg', 'frequency integer, mean_amount double precision',
    'gamma_gamma', 256, comment =>
'Customers, one row each: purchases after the first, and the mean of their amounts. Rows with NULL are left out; those '
'with a 0 are kept, but are not fitted. Below 0, not finite, frequency above 100000 or mean_amount above 10^18: '
'SQLSTATE 22023; past 2^21 different rows: 54000. NULL without rows.');
CALL csmetrics.define_agg('gamma_gamma_agg', 'frequency integer, mean_amount double precision, customers bigint',
    'gamma_gamma', 256, comment =>
'The same, one row a group of customers that have these in common. customers below 0: SQLSTATE 22023; 2^59 of them or '
'more: 22003.');

CREATE FUNCTION csmetrics.customer_count(state csmetrics.gamma_gamma) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'gamma_gamma_customer_count';
COMMENT ON FUNCTION csmetrics.customer_count(csmetrics.gamma_gamma) IS
'Customers, fitted or not; rows with NULL are not counted.';

CREATE FUNCTION csmetrics.gamma_gamma_fit(state csmetrics.gamma_gamma,
    OUT p double precision, OUT q double precision, OUT v double precision,
    OUT log_likelihood double precision, OUT converged boolean, OUT customers bigint, OUT left_out bigint,
    OUT correlation double precision, OUT warning text)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'gamma_gamma_fit_sql';
COMMENT ON FUNCTION csmetrics.gamma_gamma_fit(csmetrics.gamma_gamma) IS
'Maximum likelihood (Fader and Hardie 2013): amounts are Gamma(p, nu), nu is Gamma(q, v). left_out: customers with a '
'frequency or amount of 0. correlation of frequency and amount, which the model takes to be 0: past 0.3 either way '
'warning says so. Without a fit p, q, v and log_likelihood are NULL.';

CREATE FUNCTION csmetrics.gamma_gamma_expected(p double precision, q double precision, v double precision,
    frequency integer, mean_amount double precision) RETURNS double precision
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'gamma_gamma_expected_sql';
COMMENT ON FUNCTION csmetrics.gamma_gamma_expected(double precision, double precision, double precision,
    integer, double precision) IS
'The mean amount of a customer''s purchases to come: its own drawn towards that of all, the more so the fewer there '
'are; of frequency 0, where mean_amount may be NULL, that of all. NULL for NULL, and where it has no bound (p * '
'frequency + q at most 1). Wrong arguments: SQLSTATE 22023.';
