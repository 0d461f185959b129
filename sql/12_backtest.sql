-- Predictions held against what then happened: backtest, its aggregate, and what it tells of the predictor.
CALL csmetrics.define_state('backtest', has_final => true);
COMMENT ON TYPE csmetrics.backtest IS
'Predictions held against what then happened, by risk and subject: 32 bytes for each different one, at '
'most 2^21 of them. Built by backtest_agg; read by auc, predicts, flagged_at, top_lift, calibration, '
'risk_fit and brier; adds up by merge and rollup.';

CALL csmetrics.define_agg('backtest_agg', 'risk double precision, happened boolean', 'backtest', 256, comment =>
'Predictions and what came of them, one row a prediction. risk: the higher the more likely, on any scale; happened: '
'what was predicted came true. Rows with NULL are left out: where all are, the state is empty. A risk NaN or infinite: '
'SQLSTATE 22003; past 2^21 different rows: 54000. NULL without rows.');
CALL csmetrics.define_agg('backtest_agg',
    'risk double precision, happened boolean, subject text',
    'backtest', 256, comment =>
'The same, where subject is what the prediction was made of, such as the account: predictions of one subject, at '
'different times say, are not independent, and auc_interval, predicts and risk_fit take them as one cluster. A NULL '
'subject is nobody''s: such a row is a cluster by itself.');

CREATE FUNCTION csmetrics.prediction_count(state csmetrics.backtest) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'backtest_prediction_count';
COMMENT ON FUNCTION csmetrics.prediction_count(csmetrics.backtest) IS 'Predictions; rows with NULL are not counted.';
CREATE FUNCTION csmetrics.happened_count(state csmetrics.backtest) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'backtest_happened_count';
COMMENT ON FUNCTION csmetrics.happened_count(csmetrics.backtest) IS
'Predictions of what then happened, whatever their risk.';
CREATE FUNCTION csmetrics.base_rate(state csmetrics.backtest) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.base_rate(csmetrics.backtest) IS
'What happened / all predictions, a ratio: how often the event comes, whoever predicts it. NULL if there are no '
'predictions, or counts below zero as after unmerge.';

CREATE FUNCTION csmetrics.auc(state csmetrics.backtest) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.auc(csmetrics.backtest) IS
'The area under the ROC curve, a ratio: the chance that one that happened had a higher risk than one that did not, a '
'tie counting half (Mann and Whitney). 0.5: risk tells nothing; below: it is upside down. NULL unless both kinds were '
'seen, or for counts below zero as after unmerge.';
CREATE FUNCTION csmetrics.auc_interval(state csmetrics.backtest, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.auc_interval(csmetrics.backtest, double precision) IS
'Confidence interval of auc, as ratios, predictions of one subject being a cluster (Obuchowski, Biometrics 53, 1997). '
'Near the confidence from some ten subjects of each kind on. confidence is a share, 0.95 if not given; outside 0 to 1: '
'SQLSTATE 22023. NULLs where auc is NULL.';
CREATE FUNCTION csmetrics.auc_difference(a csmetrics.backtest, b csmetrics.backtest,
    confidence double precision DEFAULT 0.95,
    OUT difference double precision, OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'auc_difference_sql';
COMMENT ON FUNCTION csmetrics.auc_difference(csmetrics.backtest, csmetrics.backtest, double precision) IS
'auc(a) less auc(b), two ways to foretell the same subjects, with its interval, normal, a subject being a cluster '
'(DeLong, DeLong, Clarke-Pearson 1988; Obuchowski 1997); predictions without a subject are taken as independent. NULLs '
'where an auc is NULL. confidence outside 0 to 1: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.predicts(state csmetrics.backtest, confidence double precision DEFAULT 0.95,
    at_least integer DEFAULT 10) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.predicts(csmetrics.backtest, double precision, integer) IS
'Whether risk tells what will happen, by auc_interval: yes (above 0.5), inverse (below), no (0.5 is not ruled out), '
'too few (less than at_least, 10 if not given, subjects with the event, or without). confidence outside 0 to 1, '
'at_least below 1: SQLSTATE 22023. NULL for counts below zero.';

CREATE FUNCTION csmetrics.flagged_at(state csmetrics.backtest, risk_from double precision,
    confidence double precision DEFAULT 0.95,
    OUT flagged bigint, OUT hits bigint, OUT missed bigint, OUT "precision" double precision,
    OUT precision_lower double precision, OUT precision_upper double precision, OUT recall double precision,
    OUT recall_lower double precision, OUT recall_upper double precision, OUT lift double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.flagged_at(csmetrics.backtest, double precision, double precision) IS
'Acting on each risk of risk_from or more: counts, precision = hits / flagged and recall = hits / all that happened, '
'as ratios with Wilson intervals; lift = precision / base_rate. NULL where a denominator is 0, ratios for counts below '
'zero. risk_from NaN, confidence outside 0 to 1: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.top_lift(state csmetrics.backtest, share double precision DEFAULT 0.1,
    confidence double precision DEFAULT 0.95,
    OUT flagged double precision, OUT hits double precision, OUT lift double precision, OUT lower double precision,
    OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.top_lift(csmetrics.backtest, double precision, double precision) IS
'How much more often it happened among the share with the highest risk (0.1 if not given) than among all: lift = hits '
'/ flagged / base_rate, with its Wilson interval. lift is NULL if nothing happened; all without predictions or with '
'counts below 0. share or confidence outside 0 to 1: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.calibration(state csmetrics.backtest, groups integer DEFAULT 10,
    confidence double precision DEFAULT 0.95,
    OUT group_number integer, OUT lowest_risk double precision, OUT highest_risk double precision,
    OUT mean_risk double precision, OUT predictions bigint, OUT happened bigint, OUT rate double precision,
    OUT lower double precision, OUT upper double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.calibration(csmetrics.backtest, integer, double precision) IS
'Risk and what happened, in groups (10 if not given) of about equal size in ascending order of risk: rate = happened / '
'predictions, with its Wilson interval. Equal risks are not split. No rows without predictions, or for counts below '
'zero. groups below 1, confidence outside 0 to 1: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.risk_fit(state csmetrics.backtest, confidence double precision DEFAULT 0.95,
    OUT intercept double precision, OUT slope double precision, OUT slope_lower double precision,
    OUT slope_upper double precision, OUT reason text)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'risk_fit_sql';
COMMENT ON FUNCTION csmetrics.risk_fit(csmetrics.backtest, double precision) IS
'Logistic regression of what happened on risk, by maximum likelihood: the chance is 1 / (1 + exp(-(intercept + slope * '
'risk))). The interval of slope takes subjects as clusters (Liang, Zeger 1986). Where there is no maximum, all are '
'NULL and reason says why. confidence outside 0 to 1: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.risk_line(state csmetrics.backtest,
    OUT center double precision, OUT level double precision, OUT slope double precision,
    OUT level_variance double precision, OUT covariance double precision, OUT slope_variance double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'risk_line_sql';
COMMENT ON FUNCTION csmetrics.risk_line(csmetrics.backtest) IS
'The fit of risk_fit as log odds = level + slope * (risk - center), with the variances, subjects as clusters, by which '
'any point of it has its interval: level_variance + 2 d covariance + d^2 slope_variance, d = risk - center. NULLs '
'where risk_fit gives a reason.';
CREATE FUNCTION csmetrics.brier(state csmetrics.backtest) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.brier(csmetrics.backtest) IS
'The Brier score of risk as a probability (Monthly Weather Review 78, 1950): the mean of (risk - 1)^2 of what happened '
'and risk^2 of what did not, from 0, the best, to 1. A risk outside 0 to 1: SQLSTATE 22003. NULL without predictions, '
'or for counts below zero as after unmerge.';
