-- Time to churn: Cox regression over any query of the user's own, kept as a value.
CALL csmetrics.define_value('cox');
COMMENT ON TYPE csmetrics.cox IS
'A fit of Cox regression: coefficients, errors, baseline hazard, test of proportional hazards. Built by fit_cox; read '
'by coefficients, cox_summary, proportional_hazards, cox_survival and relative_hazard. Equal rows in any order give '
'equal values.';
COMMENT ON FUNCTION csmetrics.cox_in(cstring) IS
'Internal: text input; SQLSTATE 22P02 for anything that is not a canonical fit';
COMMENT ON FUNCTION csmetrics.cox_out(csmetrics.cox) IS 'Internal: text output: version, flags, fields, bytes';
COMMENT ON FUNCTION csmetrics.cox_recv(internal) IS
'Internal: binary input; SQLSTATE 22P03 for anything that is not a canonical fit';

CREATE FUNCTION csmetrics.fit_cox(query text, duration text, event text, ties text DEFAULT 'efron',
    cluster text DEFAULT NULL, start text DEFAULT NULL) RETURNS csmetrics.cox
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 AS 'MODULE_PATHNAME', 'fit_cox_sql';
COMMENT ON FUNCTION csmetrics.fit_cox(text, text, text, text, text, text) IS
'Cox regression over a SELECT. Columns by name: duration, event, cluster (robust errors), start (at risk after it); '
'the others are features, texts against their first level bytewise; rows that lack one are left out. ties: efron, '
'breslow. Bad input: SQLSTATE 22004, 22023, 42601, 42703, 42804, 54000.';

CREATE FUNCTION csmetrics.coefficients(fit csmetrics.cox, confidence double precision DEFAULT 0.95,
    OUT term text, OUT coefficient double precision, OUT standard_error double precision, OUT z double precision,
    OUT p double precision, OUT hazard_ratio double precision, OUT hazard_ratio_lower double precision,
    OUT hazard_ratio_upper double precision, OUT robust_standard_error double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'cox_coefficients';
COMMENT ON FUNCTION csmetrics.coefficients(csmetrics.cox, double precision) IS
'A row a term: a column, or column and level of a text. Coefficients are logarithms of hazard_ratio; z, p and the '
'interval go by robust_standard_error where rows were clustered. NULL where a term was left out: notes of cox_summary '
'say why. confidence outside 0 to 1: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.cox_summary(fit csmetrics.cox,
    OUT rows bigint, OUT left_out bigint, OUT events bigint, OUT clusters bigint, OUT ties text, OUT terms integer,
    OUT log_likelihood_null double precision, OUT log_likelihood double precision, OUT concordance double precision,
    OUT iterations integer, OUT converged boolean, OUT last_time double precision, OUT notes text)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.cox_summary(csmetrics.cox) IS
'What a fit rests on. left_out: rows that lack a feature; concordance: share of pairs in which the higher risk had the '
'event first, those at one time left out (NULL: no pairs); last_time: how long anybody was observed; notes: what was '
'left out or has no bound, NULL if nothing.';

CREATE FUNCTION csmetrics.proportional_hazards(fit csmetrics.cox,
    OUT term text, OUT chi_square double precision, OUT degrees integer, OUT p double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'cox_proportional_hazards';
COMMENT ON FUNCTION csmetrics.proportional_hazards(csmetrics.cox) IS
'Do coefficients stay the same over time? Score test of each term against its product with the share that had the '
'event by then (Grambsch and Therneau 1994, as cox.zph with transform km); the last row, GLOBAL, of all together. A '
'small p: they do not. NULL where a term was left out.';

CREATE FUNCTION csmetrics.relative_hazard(fit csmetrics.cox, features jsonb) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cox_relative_hazard';
COMMENT ON FUNCTION csmetrics.relative_hazard(csmetrics.cox, jsonb) IS
'The hazard of who has these features, an object by columns as to_jsonb of a row is, over that of who has the mean of '
'each term. Other keys are not read. NULL where a feature is null or a text that did not occur; one that is not given, '
'or of another type: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.cox_survival(fit csmetrics.cox, features jsonb, at double precision)
RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cox_survival_at';
COMMENT ON FUNCTION csmetrics.cox_survival(csmetrics.cox, jsonb, double precision) IS
'The probability that who has these features (as relative_hazard reads them) has not had the event by at, in the unit '
'of the duration: exp(-baseline hazard * relative hazard). NULL after the last time observed, and where a feature is '
'not known. at below 0: SQLSTATE 22023.';
