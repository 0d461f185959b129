-- Predictions held against what then happened: backtest, its aggregate, and what it tells of the predictor.
CALL csmetrics.define_state('backtest', has_final => true);
COMMENT ON TYPE csmetrics.backtest IS
'Predictions held against what then happened: how often each risk of each subject came true, and how often it did not; 32 bytes for each different one, at most 2^21 of them. Built by backtest_agg; read by auc, predicts, flagged_at, top_lift, calibration, risk_fit and brier; adds up by merge and rollup. Subjects are kept as keys of 64 bits, which tell them apart, not as text.';

CALL csmetrics.define_agg('backtest_agg', 'risk double precision, happened boolean', 'backtest', 256, comment =>
'Predictions and what came of them, one row a prediction. risk: the higher the more likely, on any scale, as in 100 - health score; happened: what was predicted came true. Each row counts as independent of the others. Rows with NULL are left out: where all are, the state is empty. A risk that is NaN or infinite: SQLSTATE 22003; more than 2^21 different rows: 54000. NULL without rows.');
CALL csmetrics.define_agg('backtest_agg',
    'risk double precision, happened boolean, subject text',
    'backtest', 256, comment =>
'The same, where subject is what the prediction was made of, such as the account: predictions of one subject, at different times say, are not independent, and auc_interval, predicts and risk_fit take them as one cluster. A NULL subject is nobody''s: such a row is a cluster by itself.');

CREATE FUNCTION csmetrics.prediction_count(state csmetrics.backtest) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'backtest_prediction_count';
COMMENT ON FUNCTION csmetrics.prediction_count(csmetrics.backtest) IS 'Predictions; rows with NULL are not counted.';
CREATE FUNCTION csmetrics.happened_count(state csmetrics.backtest) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'backtest_happened_count';
COMMENT ON FUNCTION csmetrics.happened_count(csmetrics.backtest) IS 'Predictions of what then happened, whatever their risk.';
CREATE FUNCTION csmetrics.base_rate(state csmetrics.backtest) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.base_rate(csmetrics.backtest) IS
'What happened / all predictions, a ratio: how often the event comes, whoever predicts it. NULL if there are no predictions, or counts below zero as after unmerge.';

CREATE FUNCTION csmetrics.auc(state csmetrics.backtest) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.auc(csmetrics.backtest) IS
'The area under the ROC curve: the chance that one that happened had a higher risk than one that did not, a tie counting half (Mann and Whitney), a ratio. 1: all that happened were told from all that did not; 0.5: nothing was; below: the risk is upside down. NULL unless both kinds were seen, or if there are counts below zero as after unmerge.';
CREATE FUNCTION csmetrics.auc_interval(state csmetrics.backtest, confidence double precision DEFAULT 0.95, OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.auc_interval(csmetrics.backtest, double precision) IS
'Confidence interval of auc, as ratios: nonparametric, with predictions of one subject as a cluster (Obuchowski, Biometrics 53, 1997, 567-578), which is that of DeLong (Biometrics 44, 1988, 837-845) where each is its own; symmetric in the log odds, so within 0 to 1. Where that variance is 0, as when risk separates perfectly, or not defined, as when one subject alone had the event, the interval is Newcombe''s method 5 (Statistics in Medicine 25, 2006, 559-573) of as many independent predictions as there are subjects with and without the event, so it never claims certainty. It needs some ten subjects of each kind to be near the confidence asked for. confidence is a share, 0.95 if not given; outside 0 to 1: SQLSTATE 22023. NULLs where auc is NULL.';
CREATE FUNCTION csmetrics.predicts(state csmetrics.backtest, confidence double precision DEFAULT 0.95, at_least integer DEFAULT 10) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.predicts(csmetrics.backtest, double precision, integer) IS
'Whether risk tells what will happen, by auc_interval: yes, it lies above 0.5; inverse, it lies below, so that a higher risk means a lower chance; no, it does not rule out 0.5; too few, less than at_least (10 if not given) subjects were seen with the event, or without it; predictions without a subject count each. confidence is a share, 0.95 if not given; outside 0 to 1, or at_least below 1: SQLSTATE 22023. NULL for counts below zero as after unmerge.';

CREATE FUNCTION csmetrics.flagged_at(state csmetrics.backtest, risk_from double precision, confidence double precision DEFAULT 0.95,
    OUT flagged bigint, OUT hits bigint, OUT missed bigint, OUT "precision" double precision, OUT precision_lower double precision, OUT precision_upper double precision,
    OUT recall double precision, OUT recall_lower double precision, OUT recall_upper double precision, OUT lift double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.flagged_at(csmetrics.backtest, double precision, double precision) IS
'What comes of acting on each risk of risk_from or more: how many are flagged, hits of these happened, missed happened without. precision = hits / flagged and recall = hits / all that happened are ratios, with Wilson score intervals (JASA 22, 1927) that take each prediction as independent; lift = precision / base_rate. NULL where a denominator is 0, and all ratios for counts below zero as after unmerge. risk_from NaN, or confidence (a share, 0.95 if not given) outside 0 to 1: SQLSTATE 22023; risk_from may be infinite.';
CREATE FUNCTION csmetrics.top_lift(state csmetrics.backtest, share double precision DEFAULT 0.1, confidence double precision DEFAULT 0.95,
    OUT flagged double precision, OUT hits double precision, OUT lift double precision, OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.top_lift(csmetrics.backtest, double precision, double precision) IS
'How much more often it happened among the share of predictions with the highest risk (0.1 if not given, the first decile) than among all: lift = hits / flagged / base_rate. flagged = share of all predictions, not rounded; where equal risks lie across the border, they count in proportion. lower and upper are those of the Wilson score interval of hits / flagged (JASA 22, 1927), each prediction taken as independent, over base_rate. lift and its bounds are NULL if nothing happened; all is NULL without predictions, or for counts below zero as after unmerge. share not above 0 and at most 1, or confidence (a share, 0.95 if not given) outside 0 to 1: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.calibration(state csmetrics.backtest, groups integer DEFAULT 10, confidence double precision DEFAULT 0.95,
    OUT group_number integer, OUT lowest_risk double precision, OUT highest_risk double precision, OUT mean_risk double precision,
    OUT predictions bigint, OUT happened bigint, OUT rate double precision, OUT lower double precision, OUT upper double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.calibration(csmetrics.backtest, integer, double precision) IS
'Risk against what happened, group by group of about equal size in ascending order of risk, numbered from 1: rate = happened / predictions, a ratio, with its Wilson score interval (JASA 22, 1927), each prediction taken as independent. Equal risks are never split, but go where the middle of them belongs, so there may be fewer groups than asked for (10 if not given). A risk that is a probability is right where mean_risk lies between lower and upper. No rows without predictions, or for counts below zero as after unmerge. groups below 1, or confidence (a share, 0.95 if not given) outside 0 to 1: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.risk_fit(state csmetrics.backtest, confidence double precision DEFAULT 0.95,
    OUT intercept double precision, OUT slope double precision, OUT slope_lower double precision, OUT slope_upper double precision, OUT reason text)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'risk_fit_sql';
COMMENT ON FUNCTION csmetrics.risk_fit(csmetrics.backtest, double precision) IS
'Logistic regression of what happened on risk, by maximum likelihood: the chance at a risk is 1 / (1 + exp(-(intercept + slope * risk))), and exp(slope) is how much one more of risk multiplies the odds. slope_lower and slope_upper hold however predictions of one subject depend on each other: normal, by the cluster-robust variance of g subjects with the factor g / (g - 1) (Liang and Zeger, Biometrika 73, 1986, 13-22); predictions without a subject are each one. They are NULL where that variance is 0 or there is one subject only. Where the likelihood has no maximum, the four are NULL and reason says why: no predictions, nothing happened, always happened, constant risk, separated (some risk tells all that happened from the rest, ties at just that risk aside), counts below zero as after unmerge, the slope is out of range, or, never seen, the fit did not converge. Else reason is NULL. confidence is a share, 0.95 if not given; outside 0 to 1: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.brier(state csmetrics.backtest) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.brier(csmetrics.backtest) IS
'The Brier score of risk as a probability: the mean of (risk - 1)^2 of what happened and risk^2 of what did not (Monthly Weather Review 78, 1950), from 0, the best, to 1; always saying base_rate gets base_rate * (1 - base_rate). A risk outside 0 to 1: SQLSTATE 22003. NULL without predictions, or for counts below zero as after unmerge.';
