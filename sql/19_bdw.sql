-- Contracts whose churn hangs on age: the beta-discrete-Weibull model fitted to an sbg.
CREATE FUNCTION csmetrics.bdw_fit(state csmetrics.sbg,
    OUT alpha double precision, OUT beta double precision, OUT c double precision,
    OUT log_likelihood double precision, OUT converged boolean, OUT warning text)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bdw_fit_sql';
COMMENT ON FUNCTION csmetrics.bdw_fit(csmetrics.sbg) IS
'The beta-discrete-Weibull model by maximum likelihood (Fader et al. 2018), over all cohorts of the state: as sbg_fit, '
'but an account''s own chance to leave rises with age where c is above 1 and falls below; c = 1 is sbg_fit. Not '
'converged: warning says why. Without a fit all four are NULL.';
CREATE FUNCTION csmetrics.bdw_surviving(alpha double precision, beta double precision, c double precision,
    period integer) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'bdw_surviving_sql';
COMMENT ON FUNCTION csmetrics.bdw_surviving(double precision, double precision, double precision, integer) IS
'The share of accounts that is still there after so many renewals, from 0 on, by these parameters of bdw_fit. A '
'parameter that is not above 0 and finite, period outside 0 to 10000: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.bdw_retention(state csmetrics.sbg, periods integer,
    OUT period integer, OUT surviving double precision, OUT retention double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 12 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.bdw_retention(csmetrics.sbg, integer) IS
'What bdw_fit projects for a new account, a row for each of the renewals 1 to periods. surviving: the share still '
'there after it; retention: the share of those before it that stay, NULL once nobody is left. No rows where bdw_fit '
'did not converge. periods outside 1 to 10000: SQLSTATE 22023.';
