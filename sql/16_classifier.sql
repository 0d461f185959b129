-- Classifiers: learnt from the rows of a query, kept as values, read by plain functions.
CALL csmetrics.define_value('classifier');
COMMENT ON TYPE csmetrics.classifier IS
'What fit_classifier learnt: coefficients, what they need to know of the features, and a card of how well it '
'foretells; a few kB. Read by predict, explain_prediction, classifier_card, coefficients and classifier_features.';
COMMENT ON FUNCTION csmetrics.classifier_in(cstring) IS
'Internal: text input; SQLSTATE 22P02 for anything that is no canonical classifier';
COMMENT ON FUNCTION csmetrics.classifier_out(csmetrics.classifier) IS
'Internal: text output: version, flags, length, bytes';
COMMENT ON FUNCTION csmetrics.classifier_recv(internal) IS
'Internal: binary input; SQLSTATE 22P03 for anything that is no canonical classifier';

CREATE FUNCTION csmetrics.fit_classifier(query text, label text, cluster_column text DEFAULT NULL,
    time_column text DEFAULT NULL, segment_column text DEFAULT NULL, ridge double precision DEFAULT NULL,
    splines boolean DEFAULT true, interactions boolean DEFAULT true, folds integer DEFAULT 10, seed bigint DEFAULT 1)
RETURNS csmetrics.classifier
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.fit_classifier(text, text, text, text, text, double precision, boolean, boolean, integer,
    bigint) IS
'Penalised logistic regression of the label on all other columns of the query, which is run with the rights of the '
'caller: doc/classifiers.md. Bad queries: SQLSTATE 42601; columns: 42703, 42804; one label alone, none, no rows, '
'more features than events, options: 22023; NULL: 22004; too much: 54000.';

CREATE FUNCTION csmetrics.predict(fit csmetrics.classifier, features jsonb) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'classifier_predict_json';
COMMENT ON FUNCTION csmetrics.predict(csmetrics.classifier, jsonb) IS
'The chance that the label is true, a ratio, of features by name, as in predict(fit, to_jsonb(t)). Others are not '
'read; one that is not there, or null, is missing. No object, a text for a number: SQLSTATE 22023; an infinite number: '
'22003. NULL if an argument is NULL.';
CREATE FUNCTION csmetrics.predict_numbers(fit csmetrics.classifier, features double precision[])
RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'classifier_predict_array';
COMMENT ON FUNCTION csmetrics.predict_numbers(csmetrics.classifier, double precision[]) IS
'The same of numbers in the order of classifier_features; a text by the place of it among its levels, from 1 on, any '
'other number for a text that is not among them. NULL or NaN: missing. Another count: SQLSTATE 22023; an infinite '
'number: 22003. NULL if an argument is NULL.';

CREATE FUNCTION csmetrics.explain_prediction(fit csmetrics.classifier, features jsonb,
    OUT feature text, OUT contribution double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'classifier_explain';
COMMENT ON FUNCTION csmetrics.explain_prediction(csmetrics.classifier, jsonb) IS
'What each feature adds to the log odds of the prediction, against its mean over the rows learnt from, the largest '
'first. Row (base) is the mean log odds; all rows add up to those of predict. Half of what a pair of features does '
'counts to each. Errors as predict. No rows if an argument is NULL.';
CREATE FUNCTION csmetrics.explain_prediction(fit csmetrics.classifier, features jsonb, segment text,
    OUT feature text, OUT contribution double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'classifier_explain';
COMMENT ON FUNCTION csmetrics.explain_prediction(csmetrics.classifier, jsonb, text) IS
'The same against the means of a segment, one of those of segment_column when it was learnt. Another segment: SQLSTATE '
'22023; other errors as predict. No rows if an argument is NULL.';

CREATE FUNCTION csmetrics.prediction_reasons(fit csmetrics.classifier, features double precision[],
    segment text DEFAULT '', at_most integer DEFAULT 3) RETURNS text[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'classifier_reasons';
COMMENT ON FUNCTION csmetrics.prediction_reasons(csmetrics.classifier, double precision[], text, integer) IS
'The features that raise the log odds most above the mean of the segment, or of all rows where it is not known, the '
'strongest first; what raises them by less than 0.05 is none. features and errors as predict_numbers. NULL if an '
'argument is NULL.';

CREATE FUNCTION csmetrics.coefficients(fit csmetrics.classifier, OUT term text, OUT coefficient double precision,
    OUT standard_error double precision, OUT z double precision, OUT p double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 50 AS 'MODULE_PATHNAME', 'classifier_coefficients';
COMMENT ON FUNCTION csmetrics.coefficients(csmetrics.classifier) IS
'The coefficients by term, named as R does: a number, or a feature and its level. Standard errors hold the ridge for '
'given, and are clustered where the fit was; p is two-sided, normal. NULL: left out, as others tell it. No rows if the '
'argument is NULL.';

CREATE FUNCTION csmetrics.classifier_features(fit csmetrics.classifier, OUT "position" integer, OUT feature text,
    OUT kind text, OUT levels text[]) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.classifier_features(csmetrics.classifier) IS
'The features in the order of the query: kind number, text or left out, and the levels of a text, whose places '
'predict_numbers takes. No rows if the argument is NULL.';

CREATE FUNCTION csmetrics.classifier_card(fit csmetrics.classifier, confidence double precision DEFAULT 0.95,
    OUT auc double precision, OUT auc_lower double precision, OUT auc_upper double precision,
    OUT brier double precision, OUT calibration_slope double precision, OUT calibration_intercept double precision,
    OUT lift double precision, OUT verdict text, OUT split text, OUT tested bigint, OUT "rows" bigint,
    OUT positives bigint, OUT label text, OUT features text[], OUT interactions text[], OUT ridge double precision,
    OUT interaction_ridge double precision, OUT log_likelihood double precision, OUT converged boolean,
    OUT seed bigint, OUT hash text, OUT notes text[]) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.classifier_card(csmetrics.classifier, double precision) IS
'How well it foretells rows that it did not learn from (auc to tested, lift of the top tenth), and what it is made of. '
'verdict: better than chance where the interval of auc lies above 0.5; else not better than chance; not tested. '
'See doc/classifiers.md. confidence outside 0 to 1: SQLSTATE 22023.';
