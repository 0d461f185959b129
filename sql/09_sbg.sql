-- Contracts and their renewals: sbg, its aggregate, and the shifted-beta-geometric model fitted to it.
CALL csmetrics.define_state('sbg', has_final => true);
COMMENT ON TYPE csmetrics.sbg IS
'Accounts by how many renewals they came to, and whether they churned at the last. Built by sbg_agg; read by sbg_fit, '
'sbg_retention and sbg_residual_lifetime; adds up by merge and rollup.';

CALL csmetrics.define_agg('sbg_agg', 'period integer, churned boolean', 'sbg', 256, comment =>
'Contracts and their renewals, one row an account. period: how many renewals came up so far; churned: it left at the '
'last of them, else it is still there. Rows with NULL are left out. period below 1 if churned, below 0 if not, or '
'above 10000: SQLSTATE 22023. NULL without rows.');
CALL csmetrics.define_agg('sbg_agg', 'period integer, churned boolean, accounts bigint', 'sbg', 256, comment =>
'The same, one row a group of accounts that have this in common. accounts below 0: '
'SQLSTATE 22023; 2^59 of them or more: 22003.');

CREATE FUNCTION csmetrics.account_count(state csmetrics.sbg) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'sbg_account_count';
COMMENT ON FUNCTION csmetrics.account_count(csmetrics.sbg) IS
'Accounts that churned or are still there; rows with NULL are not counted.';
CREATE FUNCTION csmetrics.churned_count(state csmetrics.sbg) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'sbg_churned_count';
COMMENT ON FUNCTION csmetrics.churned_count(csmetrics.sbg) IS 'Accounts that churned.';

CREATE FUNCTION csmetrics.sbg_fit(state csmetrics.sbg,
    OUT alpha double precision, OUT beta double precision, OUT log_likelihood double precision, OUT reason text)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'sbg_fit_sql';
COMMENT ON FUNCTION csmetrics.sbg_fit(csmetrics.sbg) IS
'The shifted-beta-geometric model by maximum likelihood (Fader and Hardie, J. Interactive Marketing 21, 2007): each '
'account churns at every renewal with a probability of its own, spread as Beta(alpha, beta). Where there is no '
'maximum, all three are NULL and reason says why; else reason is NULL.';
CREATE FUNCTION csmetrics.sbg_retention(state csmetrics.sbg, periods integer,
    OUT period integer, OUT surviving double precision, OUT retention double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 12 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.sbg_retention(csmetrics.sbg, integer) IS
'What sbg_fit projects for a new account, a row for each of the renewals 1 to periods. surviving: the share still '
'there after it; retention: the share of those before it that stay, which rises with age. No rows where sbg_fit gives '
'a reason. periods outside 1 to 10000: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.sbg_residual_lifetime(state csmetrics.sbg, discount_rate double precision,
    periods_survived integer) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'sbg_residual_lifetime_sql';
COMMENT ON FUNCTION csmetrics.sbg_residual_lifetime(csmetrics.sbg, double precision, integer) IS
'Discounted payments to come, without end, of an account that survived so many renewals (0: new), seen just before the '
'next, by sbg_fit. discount_rate is a share for one period. NULL where sbg_fit gives a reason. discount_rate below '
'1e-9 or not finite, periods outside 0 to 10000: SQLSTATE 22023.';
