-- Scores that people gave: survey, its aggregate, and NPS, CSAT and CES read from it.
CALL csmetrics.define_state('survey', has_final => true);
COMMENT ON TYPE csmetrics.survey IS
'The scores given in answer to one question, each with how often it was given, and how many did not answer. Built by '
'survey_agg; read by nps, csat, ces, response_rate and the counts; adds up by merge and rollup.';

CALL csmetrics.define_agg('survey_agg', 'score numeric', 'survey', 256, comment =>
'The answers to one question, one row a person asked. score: on any scale, rounded to six decimals; NULL where the '
'person did not answer, which missing_count counts; NaN, infinite or beyond 10^9 is no score, which rejected_count '
'counts. Keep questions on different scales apart. NULL without rows.');

CREATE FUNCTION csmetrics.answer_count(state csmetrics.survey) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_answer_count';
COMMENT ON FUNCTION csmetrics.answer_count(csmetrics.survey) IS 'Answers that are scores, on whatever scale.';
CREATE FUNCTION csmetrics.answer_count(state csmetrics.survey, lowest numeric, highest numeric) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_answer_count_on_scale';
COMMENT ON FUNCTION csmetrics.answer_count(csmetrics.survey, numeric, numeric) IS
'Answers from lowest to highest, both included. highest not above lowest, or an end that is no score: '
'SQLSTATE 22023. NULL if any argument is NULL.';
CREATE FUNCTION csmetrics.rejected_count(state csmetrics.survey, lowest numeric DEFAULT 0,
    highest numeric DEFAULT 10) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_rejected_count';
COMMENT ON FUNCTION csmetrics.rejected_count(csmetrics.survey, numeric, numeric) IS
'Answers that are no score, and those below lowest or above highest; without these, the scale of NPS, 0 to 10. highest '
'not above lowest, or an end that is no score: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.missing_count(state csmetrics.survey) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_missing_count';
COMMENT ON FUNCTION csmetrics.missing_count(csmetrics.survey) IS 'People asked who gave no answer: rows with NULL.';
CREATE FUNCTION csmetrics.small_sample(state csmetrics.survey, at_least integer DEFAULT 30) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_small_sample';
COMMENT ON FUNCTION csmetrics.small_sample(csmetrics.survey, integer) IS
'Whether there are fewer answers that are scores than at_least, so few that readings should be shown with their '
'interval or not at all. at_least below 1: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.response_rate(state csmetrics.survey) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_response_rate';
COMMENT ON FUNCTION csmetrics.response_rate(csmetrics.survey) IS
'Answers, those that are no score among them, / all that were asked, a ratio. NULL '
'for counts below zero, as after unmerge.';
CREATE FUNCTION csmetrics.response_rate_interval(state csmetrics.survey, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_response_rate_interval';
COMMENT ON FUNCTION csmetrics.response_rate_interval(csmetrics.survey, double precision) IS
'Confidence interval of response_rate, as ratios: Wilson score (JASA 22, 1927). confidence is a share, 0.95 if not '
'given; outside 0 to 1: SQLSTATE 22023. NULLs where response_rate is NULL.';

CREATE FUNCTION csmetrics.mean_score(state csmetrics.survey) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_mean_score';
COMMENT ON FUNCTION csmetrics.mean_score(csmetrics.survey) IS
'Mean of all scores, on the scale they were given; summed exactly. NULL without answers, or '
'for counts below zero, as after unmerge.';
CREATE FUNCTION csmetrics.score_stddev(state csmetrics.survey) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_score_stddev';
COMMENT ON FUNCTION csmetrics.score_stddev(csmetrics.survey) IS
'Standard deviation of all scores, of the sample (n - 1), on the scale they were given; from exact sums, so that '
'nothing cancels. NULL with fewer than two answers, or for counts below zero, as after unmerge.';

-- Net Promoter Score
CREATE FUNCTION csmetrics.nps(state csmetrics.survey) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_nps';
COMMENT ON FUNCTION csmetrics.nps(csmetrics.survey) IS
'Net Promoter Score, from -100 to 100, not rounded: 100 * (promoters - detractors) / answers, of scores from 0 '
'to 10; others are left out, see rejected_count (Reichheld, HBR 81, 2003). NULL without answers, never 0, or '
'for counts below zero, as after unmerge.';
CREATE FUNCTION csmetrics.nps_interval(state csmetrics.survey, confidence double precision DEFAULT 0.95,
    method text DEFAULT 'adjusted_wald',
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_nps_interval';
COMMENT ON FUNCTION csmetrics.nps_interval(csmetrics.survey, double precision, text) IS
'Confidence interval of nps, in its points, not cut to their range. method: adjusted_wald (default; Rocks, Am. '
'Statistician 70, 2016) or wald, which has no width where all agree. confidence is a share, 0.95 if not given; outside '
'0 to 1, or an unknown method: SQLSTATE 22023. NULLs where nps is NULL.';
CREATE FUNCTION csmetrics.promoter_count(state csmetrics.survey) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_promoter_count';
COMMENT ON FUNCTION csmetrics.promoter_count(csmetrics.survey) IS 'Scores from 9 to 10.';
CREATE FUNCTION csmetrics.passive_count(state csmetrics.survey) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_passive_count';
COMMENT ON FUNCTION csmetrics.passive_count(csmetrics.survey) IS 'Scores from 7 on and below 9.';
CREATE FUNCTION csmetrics.detractor_count(state csmetrics.survey) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_detractor_count';
COMMENT ON FUNCTION csmetrics.detractor_count(csmetrics.survey) IS 'Scores from 0 on and below 7.';

-- Customer satisfaction
CREATE FUNCTION csmetrics.csat(state csmetrics.survey, satisfied_from numeric DEFAULT 4) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_csat';
COMMENT ON FUNCTION csmetrics.csat(csmetrics.survey, numeric) IS
'Customer satisfaction, a ratio: scores of satisfied_from or more / all scores. Neutral ones stay in the denominator. '
'4 if not given: the upper two of five. NULL without answers, or for counts below zero, as after unmerge. '
'satisfied_from not finite or beyond 10^9: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.csat(state csmetrics.survey, satisfied_from numeric, lowest numeric,
    highest numeric) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_csat_on_scale';
COMMENT ON FUNCTION csmetrics.csat(csmetrics.survey, numeric, numeric, numeric) IS
'The same of the scores from lowest to highest alone. highest not above lowest, an end that is no score, or '
'satisfied_from not between them: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.csat_interval(state csmetrics.survey, satisfied_from numeric DEFAULT 4,
    confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_csat_interval';
COMMENT ON FUNCTION csmetrics.csat_interval(csmetrics.survey, numeric, double precision) IS
'Confidence interval of csat, as ratios: Wilson score (JASA 22, 1927). confidence is a share, 0.95 if not given; '
'outside 0 to 1: SQLSTATE 22023; other errors as csat. NULLs where csat is NULL.';
CREATE FUNCTION csmetrics.csat_interval(state csmetrics.survey, satisfied_from numeric, lowest numeric, highest numeric,
    confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_csat_interval_on_scale';
COMMENT ON FUNCTION csmetrics.csat_interval(csmetrics.survey, numeric, numeric, numeric, double precision) IS
'The same of the scores from lowest to highest alone; errors as csat.';

-- Customer effort score
CREATE FUNCTION csmetrics.ces(state csmetrics.survey, lowest numeric, highest numeric,
    higher_is_better boolean) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_ces';
COMMENT ON FUNCTION csmetrics.ces(csmetrics.survey, numeric, numeric, boolean) IS
'Customer effort score, from 1 to 7, 7 being the easiest: the mean of the scores from lowest to highest, '
'brought to that scale. NULL without answers on the scale, or for counts below zero. highest not above lowest, '
'or an end that is no score: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.ces_interval(state csmetrics.survey, lowest numeric, highest numeric,
    higher_is_better boolean, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_ces_interval';
COMMENT ON FUNCTION csmetrics.ces_interval(csmetrics.survey, numeric, numeric, boolean, double precision) IS
'Confidence interval of ces, on its scale from 1 to 7 and not cut to it: Student''s t of the mean. confidence is a '
'share, 0.95 if not given; outside 0 to 1: SQLSTATE 22023; other errors as ces. NULLs with fewer than two answers, or '
'for counts below zero, as after unmerge.';
CREATE FUNCTION csmetrics.ces_share(state csmetrics.survey, lowest numeric, highest numeric,
    higher_is_better boolean) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_ces_share';
COMMENT ON FUNCTION csmetrics.ces_share(csmetrics.survey, numeric, numeric, boolean) IS
'Scores that come to 5 or more on the scale of ces, 1 to 7, / all scores on the scale, a ratio; '
'decided exactly. NULL and errors as ces.';

CREATE FUNCTION csmetrics.rescale(score numeric, lowest numeric, highest numeric, higher_is_better boolean,
    to_lowest numeric, to_highest numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN score BETWEEN lowest AND highest
            THEN to_lowest + (to_highest - to_lowest)
                 * CASE WHEN higher_is_better THEN score - lowest ELSE highest - score END / (highest - lowest)
            ELSE 'NaN' END;
COMMENT ON FUNCTION csmetrics.rescale(numeric, numeric, numeric, boolean, numeric, numeric) IS
'A score of the scale from lowest to highest brought to that from to_lowest to to_highest, in proportion, '
'so that higher is better: rescale(2, 1, 4, false, 1, 7) is 5. NaN off the scale, which survey_agg rejects '
'and counts. NULL if any argument is NULL.';
