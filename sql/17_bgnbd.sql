-- Customers without a contract: bgnbd, its aggregate, and the BG/NBD model fitted to it.
CALL csmetrics.define_state('bgnbd', has_final => true);
COMMENT ON TYPE csmetrics.bgnbd IS
'Customers without a contract by frequency, recency and age, those alike in all three counted once: 32 bytes for '
'each different one, at most 2^21 of them. Built by bgnbd_agg; read by bgnbd_fit; adds up by merge and rollup.';

CALL csmetrics.define_agg('bgnbd_agg',
    'frequency integer, recency double precision, age double precision', 'bgnbd', 256, comment =>
'Customers, one row each: how often it came back, the time to its last purchase and to now, both from its first and '
'in one unit. Rows with NULL are left out. Out of range, not finite, recency past age, or 0 where frequency is not: '
'SQLSTATE 22023; past 2^21 different rows: 54000. NULL without rows.');
CALL csmetrics.define_agg('bgnbd_agg',
    'frequency integer, recency double precision, age double precision, customers bigint', 'bgnbd', 256, comment =>
'The same, one row a group of customers that have these in common. customers below 0: SQLSTATE 22023; 2^59 of them '
'or more: 22003.');

CREATE FUNCTION csmetrics.customer_count(state csmetrics.bgnbd) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bgnbd_customer_count';
COMMENT ON FUNCTION csmetrics.customer_count(csmetrics.bgnbd) IS 'Customers; rows with NULL are not counted.';

CREATE FUNCTION csmetrics.bgnbd_fit(state csmetrics.bgnbd,
    OUT r double precision, OUT alpha double precision,
    OUT a double precision, OUT b double precision,
    OUT log_likelihood double precision, OUT converged boolean, OUT customers bigint, OUT warning text)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bgnbd_fit_sql';
COMMENT ON FUNCTION csmetrics.bgnbd_fit(csmetrics.bgnbd) IS
'Maximum likelihood (Fader, Hardie and Lee 2005): rates of purchase are Gamma(r, alpha), chances to leave after one '
'Beta(a, b). Not converged: warning says what has no bound. Without a fit all but customers are NULL. Buying at '
'equal intervals, as subscribers do, is told by warning.';

CREATE FUNCTION csmetrics.bgnbd_alive(r double precision, alpha double precision,
    a double precision, b double precision,
    x integer, t_x double precision, age double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bgnbd_alive_sql';
COMMENT ON FUNCTION csmetrics.bgnbd_alive(double precision, double precision, double precision, double precision,
    integer, double precision, double precision) IS
'The chance that a customer who came back x times, last at t_x, is there at age. 1 for x = 0, always: in this model '
'only a purchase is a chance to leave, the first not; pareto_nbd_alive has no such gap. NULL for NULL; arguments '
'that bgnbd_agg or bgnbd_fit would not have: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.bgnbd_expected(r double precision, alpha double precision,
    a double precision, b double precision,
    x integer, t_x double precision, age double precision, horizon double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bgnbd_expected_sql';
COMMENT ON FUNCTION csmetrics.bgnbd_expected(double precision, double precision, double precision, double precision,
    integer, double precision, double precision, double precision) IS
'Purchases to expect of a customer in a time horizon after age, in its unit, the chance of having left allowed for; '
'of a new one with x, t_x and age 0. NULL for NULL; wrong arguments: SQLSTATE 22023; over 10^6 times alpha + age, or '
'10^7 purchases: 22003.';
