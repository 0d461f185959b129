-- Normalizers: measures brought to a value from 0, the worst, to 100, the best.
CREATE FUNCTION csmetrics.normalize_linear(value double precision, worst double precision,
    best double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'normalize_linear_sql';
COMMENT ON FUNCTION csmetrics.normalize_linear(double precision, double precision, double precision) IS
'A measure brought to 0 ... 100 by two anchors: 0 at worst and beyond, 100 at best and beyond, even in between. best '
'below worst: lower is better. Stable over time, as it asks nothing of other accounts. NULL for NULL. Anchors that are '
'equal or not finite, or value NaN: SQLSTATE 22023.';

-- Its usual name; the grammar of SQL has a NORMALIZE of its own, so this one is called with its schema.
CREATE FUNCTION csmetrics."normalize"(value double precision, worst double precision,
    best double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'normalize_linear_sql';
COMMENT ON FUNCTION csmetrics."normalize"(double precision, double precision, double precision) IS
'The same as normalize_linear(value, worst, best). NORMALIZE is a word of SQL: write '
'csmetrics.normalize(...) or "normalize"(...).';

CREATE FUNCTION csmetrics.normalize_piecewise(value double precision, knots double precision[],
    scores double precision[]) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'normalize_piecewise_sql';
COMMENT ON FUNCTION csmetrics.normalize_piecewise(double precision, double precision[], double precision[]) IS
'A measure brought to 0 ... 100 by thresholds: at each of the knots worth the score at the same place, even in '
'between, level beyond the ends. NULL for NULL. Fewer than two knots, knots not ascending, another number of scores, '
'scores outside 0 ... 100, value NaN: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.normalize_percentile(value double precision,
    knots double precision[]) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'normalize_percentile_sql';
COMMENT ON FUNCTION csmetrics.normalize_percentile(double precision, double precision[]) IS
'A measure brought to 0 ... 100 by its rank. knots: all measures of the population in ascending order, or its '
'percentiles; of equal ones the middle, even in between. Take it from 100 where lower is better. NULL for NULL. Fewer '
'than two knots, knots that descend, value NaN: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.normalize_logistic(value double precision, middle double precision,
    spread double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'normalize_logistic_sql';
COMMENT ON FUNCTION csmetrics.normalize_logistic(double precision, double precision, double precision) IS
'A measure brought to 0 ... 100 by its standing: 100 / (1 + exp(-(value - middle) / spread)), 50 at the middle, '
'73 one spread beyond it. A spread below zero: lower is better. NULL for NULL. A spread of 0, arguments that '
'are not finite, value NaN: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.freshness(age_days double precision, keep_days double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN keep_days > 0 THEN greatest(0, least(1, 1 - age_days / keep_days)) ELSE 0 END;
COMMENT ON FUNCTION csmetrics.freshness(double precision, double precision) IS
'How much a value of that age still counts when it is carried forward for so many days: 1 - age_days / keep_days, from '
'1 when new to 0 at keep_days and later; the last argument of health_score. keep_days of 0 or less: 0. NULL for NULL.';
