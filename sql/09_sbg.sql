-- Contracts and their renewals: sbg, its aggregate, and the shifted-beta-geometric model fitted to it.
CALL csmetrics.define_state('sbg', has_final => true);
COMMENT ON TYPE csmetrics.sbg IS
'Accounts by how many renewals they came to, and whether they churned at the last. Built by sbg_agg; read by sbg_fit, sbg_retention and sbg_residual_lifetime; adds up by merge and rollup.';

CALL csmetrics.define_agg('sbg_agg', 'period integer, churned boolean', 'sbg', 256, comment =>
'Contracts and their renewals, one row an account. period: how many renewals came up so far; churned: the account left at the last of them, else it is still there. Cohorts of any age go together. Rows with NULL are left out. period below 1 of an account that churned, below 0 of one that is there, or above 10000: SQLSTATE 22023. NULL without rows.');
CALL csmetrics.define_agg('sbg_agg', 'period integer, churned boolean, accounts bigint', 'sbg', 256, comment =>
'The same, one row a group of accounts that have this in common. accounts below 0: SQLSTATE 22023; 2^59 of them or more: 22003.');

CREATE FUNCTION csmetrics.account_count(state csmetrics.sbg) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'sbg_account_count';
COMMENT ON FUNCTION csmetrics.account_count(csmetrics.sbg) IS 'Accounts that churned or are still there; rows with NULL are not counted.';
CREATE FUNCTION csmetrics.churned_count(state csmetrics.sbg) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'sbg_churned_count';
COMMENT ON FUNCTION csmetrics.churned_count(csmetrics.sbg) IS 'Accounts that churned.';

CREATE FUNCTION csmetrics.sbg_fit(state csmetrics.sbg, OUT alpha double precision, OUT beta double precision, OUT log_likelihood double precision, OUT reason text)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'sbg_fit_sql';
COMMENT ON FUNCTION csmetrics.sbg_fit(csmetrics.sbg) IS
'The shifted-beta-geometric model by maximum likelihood (Fader and Hardie, Journal of Interactive Marketing 21, 2007): each account churns at every renewal with a probability of its own, and these are spread as Beta(alpha, beta), of mean alpha / (alpha + beta). log_likelihood is that of all accounts together, in natural logarithms. Where the likelihood has no maximum, the three are NULL and reason says why: no account has come to a renewal, only one renewal was seen, nobody churned, everybody churned at the first renewal, nobody after it, churn that does not fall from renewal to renewal, counts below zero as after unmerge, or, never seen, a fit that did not converge. Else reason is NULL.';
CREATE FUNCTION csmetrics.sbg_retention(state csmetrics.sbg, periods integer, OUT period integer, OUT surviving double precision, OUT retention double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 12 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.sbg_retention(csmetrics.sbg, integer) IS
'What sbg_fit projects for a new account, a row for each of the renewals 1 to periods. surviving: the share still there after it; retention: the share of those before it that stay, (beta + period - 1) / (alpha + beta + period - 1), which rises with age. No rows where sbg_fit gives a reason. periods outside 1 to 10000: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.sbg_residual_lifetime(state csmetrics.sbg, discount_rate double precision, periods_survived integer) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'sbg_residual_lifetime_sql';
COMMENT ON FUNCTION csmetrics.sbg_residual_lifetime(csmetrics.sbg, double precision, integer) IS
'Discounted expected residual lifetime, in payments: of an account that has survived so many renewals, 0 if it is new, by sbg_fit (Fader and Hardie, Marketing Science 29, 2010). Seen just before renewal periods_survived + 1 comes up and is paid: that payment, if made, counts in full, the one after it 1 / (1 + discount_rate), and so on without end; the payment that a new account begins with is not in it. Seen a whole period before that renewal, divide by 1 + discount_rate. Times the margin of one payment it is the residual value. discount_rate is a share for one period, 0.1 for 10 %. NULL where sbg_fit gives a reason. discount_rate below 1e-9 or not finite, periods_survived outside 0 to 10000: SQLSTATE 22023.';
