-- Time to churn in whole periods, such as months: hazards of discrete time over any query, kept as a value.
CALL csmetrics.define_value('hazard');
COMMENT ON TYPE csmetrics.hazard IS
'A fit of hazards of discrete time: a baseline of each period, and coefficients. Built by fit_hazard; read by '
'coefficients, hazard_summary and hazard_survival. Equal rows in any order give equal values.';
COMMENT ON FUNCTION csmetrics.hazard_in(cstring) IS
'Internal: text input; SQLSTATE 22P02 for anything that is not a canonical fit';
COMMENT ON FUNCTION csmetrics.hazard_out(csmetrics.hazard) IS 'Internal: text output: version, flags, fields, bytes';
COMMENT ON FUNCTION csmetrics.hazard_recv(internal) IS
'Internal: binary input; SQLSTATE 22P03 for anything that is not a canonical fit';

CREATE FUNCTION csmetrics.fit_hazard(query text, period text, event text, link text DEFAULT 'logit',
    start text DEFAULT NULL) RETURNS csmetrics.hazard
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 AS 'MODULE_PATHNAME', 'fit_hazard_sql';
COMMENT ON FUNCTION csmetrics.fit_hazard(text, text, text, text, text) IS
'Hazards by period over a SELECT, a row a customer (period: its last one, event: it left in that), or a row a stretch '
'(start: at risk in the periods after it). All other columns are features, as fit_cox reads them. link: logit, or '
'cloglog: proportional hazards of continuous time. Errors as fit_cox.';

CREATE FUNCTION csmetrics.coefficients(fit csmetrics.hazard, confidence double precision DEFAULT 0.95,
    OUT term text, OUT coefficient double precision, OUT standard_error double precision, OUT z double precision,
    OUT p double precision, OUT ratio double precision, OUT ratio_lower double precision,
    OUT ratio_upper double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'hazard_coefficients';
COMMENT ON FUNCTION csmetrics.coefficients(csmetrics.hazard, double precision) IS
'A row a term: a column, or column and level of a text; those of periods are not told. Coefficients are logarithms of '
'ratio, that of odds (logit) or of hazards (cloglog). NULL where a term was left out: notes of hazard_summary say why. '
'confidence outside 0 to 1: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.hazard_summary(fit csmetrics.hazard,
    OUT rows bigint, OUT left_out bigint, OUT events bigint, OUT clusters bigint, OUT link text, OUT terms integer,
    OUT log_likelihood_null double precision, OUT log_likelihood double precision, OUT concordance double precision,
    OUT iterations integer, OUT converged boolean, OUT last_period double precision, OUT notes text)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.hazard_summary(csmetrics.hazard) IS
'What a fit rests on, as cox_summary tells it. log_likelihood_null: of the periods alone; clusters: NULL; last_period: '
'how long anybody was observed; notes: what was left out or has no bound, NULL if nothing.';

CREATE FUNCTION csmetrics.hazard_survival(fit csmetrics.hazard, features jsonb, at double precision)
RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.hazard_survival(csmetrics.hazard, jsonb, double precision) IS
'The probability that who has these features (an object by columns, as relative_hazard reads it) outlasts the periods '
'up to at. NULL after the last period observed, and where a feature is not known. at below 0: SQLSTATE 22023.';
