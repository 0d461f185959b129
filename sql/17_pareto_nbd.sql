-- Customers without a contract: pareto_nbd, its aggregate, and the Pareto/NBD model fitted to it.
CALL csmetrics.define_state('pareto_nbd', has_final => true);
COMMENT ON TYPE csmetrics.pareto_nbd IS
'Customers without a contract by frequency, recency and age, those alike in all three counted once: 32 bytes for '
'each different one, at most 2^21 of them. Built by pareto_nbd_agg; read by pareto_nbd_fit; adds up by merge and '
'rollup.';

CALL csmetrics.define_agg('pareto_nbd_agg',
    'frequency integer, recency double precision, age double precision', 'pareto_nbd', 256, comment =>
'Customers, one row each: how often it came back, the time to its last purchase and to now, both from its first and '
'in one unit. Rows with NULL are left out. Out of range, not finite, recency past age, or 0 where frequency is not: '
'SQLSTATE 22023; past 2^21 different rows: 54000. NULL without rows.');
CALL csmetrics.define_agg('pareto_nbd_agg',
    'frequency integer, recency double precision, age double precision, customers bigint', 'pareto_nbd', 256, comment =>
'The same, one row a group of customers that have these in common. customers below 0: SQLSTATE 22023; 2^59 of them '
'or more: 22003.');

CREATE FUNCTION csmetrics.customer_count(state csmetrics.pareto_nbd) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pareto_nbd_customer_count';
COMMENT ON FUNCTION csmetrics.customer_count(csmetrics.pareto_nbd) IS 'Customers; rows with NULL are not counted.';

CREATE FUNCTION csmetrics.pareto_nbd_fit(state csmetrics.pareto_nbd,
    OUT r double precision, OUT alpha double precision,
    OUT s double precision, OUT beta double precision,
    OUT log_likelihood double precision, OUT converged boolean, OUT customers bigint, OUT warning text)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pareto_nbd_fit_sql';
COMMENT ON FUNCTION csmetrics.pareto_nbd_fit(csmetrics.pareto_nbd) IS
'Maximum likelihood (Schmittlein, Morrison and Colombo 1987): rates of purchase are Gamma(r, alpha), rates of '
'leaving Gamma(s, beta). Not converged: warning says what has no bound. Without a fit all but customers are NULL. '
'Buying at equal intervals, as subscribers do, is told by warning.';

CREATE FUNCTION csmetrics.pareto_nbd_alive(r double precision, alpha double precision,
    s double precision, beta double precision,
    x integer, t_x double precision, age double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pareto_nbd_alive_sql';
COMMENT ON FUNCTION csmetrics.pareto_nbd_alive(double precision, double precision,
    double precision, double precision, integer, double precision, double precision) IS
'The chance that a customer who came back x times, last at t_x, is still there at age. NULL for NULL; arguments that '
'pareto_nbd_agg or pareto_nbd_fit would not have: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.pareto_nbd_expected(r double precision, alpha double precision,
    s double precision, beta double precision,
    x integer, t_x double precision, age double precision, horizon double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pareto_nbd_expected_sql';
COMMENT ON FUNCTION csmetrics.pareto_nbd_expected(double precision, double precision,
    double precision, double precision, integer, double precision, double precision, double precision) IS
'Purchases to expect of a customer in a time horizon after age, in its unit, the chance of having left allowed for; '
'of a new one with x, t_x and age 0. NULL for NULL; wrong arguments: SQLSTATE 22023.';
