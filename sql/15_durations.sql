-- Time to an event, with some events still to come: durations, its aggregates, its readers.
CALL csmetrics.define_state('durations', has_final => true);
COMMENT ON TYPE csmetrics.durations IS
'How long a group of subjects took until an event. Who has not had it yet is censored; a competing event rules it out. '
'Built by duration_agg; exact up to 4,096 different lengths, then to 0.4 % (is_exact tells): 32 bytes a length, 128 '
'with weights; adds up by merge and rollup.';

CALL csmetrics.define_agg('duration_agg',
    'started timestamptz, ended timestamptz, as_of timestamptz',
    'durations', 512, add => 'duration_agg_add_instants', comment =>
'Durations, one row a subject, as known at as_of: from started to ended, or censored at as_of where ended is NULL or '
'later. Days are 24 hours. Not started by as_of: no subject; ended before started: rejected_count. as_of NULL: '
'SQLSTATE 22004; infinite, or past 36,533 years: 22008. NULL without rows.');
CALL csmetrics.define_agg('duration_agg',
    'started timestamptz, ended timestamptz, as_of timestamptz, competed timestamptz',
    'durations', 512, add => 'duration_agg_add_instants', comment =>
'The same with the instant of a competing event that rules the event out, as an account that is lost before it '
'reached value: whichever comes first counts (ended, if both do at once). NULL: none. With several causes, read each '
'from a state of its own, all others competing.');
CALL csmetrics.define_agg('duration_agg',
    'started timestamptz, ended timestamptz, as_of timestamptz, competed timestamptz, entered timestamptz',
    'durations', 512, add => 'duration_agg_add_instants', comment =>
'The same with the instant from which the subject was under observation (late entry): it is at risk only after '
'entered; NULL or not after started: from the start. Who left by entered could not have been seen: '
'rejected_count. competed may be NULL throughout.');
CALL csmetrics.define_agg('duration_agg',
    'length interval, ended boolean',
    'durations', 512, add => 'duration_agg_add_length', comment =>
'Durations from lengths, one row a subject: length until the event (ended true) or until observation stopped. A '
'month counts 30 days, a day 24 hours. Rows with NULL are left out; a length below zero: rejected_count; past 36,533 '
'years: SQLSTATE 22008. NULL without rows.');
CALL csmetrics.define_agg('duration_agg',
    'length interval, ended boolean, competing boolean',
    'durations', 512, add => 'duration_agg_add_length', comment =>
'The same with competing events: competing true (and ended not) is a length '
'until a competing event ruled the event out.');
CALL csmetrics.define_agg('duration_agg',
    'length interval, ended boolean, weight numeric',
    'durations', 512, add => 'duration_agg_add_weighted', comment =>
'The same, each subject with a weight, as its MRR: curve, quantiles and means are of the weight; naive '
'readings, counts and log_rank go by subjects. Six decimals are kept; below 0: SQLSTATE 22023; beyond 10^18: '
'22003; rows without weight are left out.');

CREATE FUNCTION csmetrics.median_duration(state csmetrics.durations) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.median_duration(csmetrics.durations) IS
'The length by which half of the subjects had the event, from the survival curve, and so not flattered by those that '
'are still waiting: the first at which the curve is not above 0.5; where it stays at 0.5, the middle of that stretch '
'(as R survival). NULL if the curve never gets there.';
CREATE FUNCTION csmetrics.median_duration_interval(state csmetrics.durations, confidence double precision DEFAULT 0.95,
    scale text DEFAULT 'log-log',
    OUT lower interval, OUT upper interval)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.median_duration_interval(csmetrics.durations, double precision, text) IS
'Confidence interval of median_duration (Brookmeyer and Crowley, Biometrics 38, 1982). confidence is a share, 0.95 '
'if not given; scale, on which it is symmetric: log-log (default) or log; else SQLSTATE 22023. An end is NULL where '
'the interval of the curve never passes 0.5.';
CREATE FUNCTION csmetrics.duration_quantile(state csmetrics.durations, share double precision) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.duration_quantile(csmetrics.durations, double precision) IS
'The length by which that share of the subjects had the event, as median_duration; share is between 0 and 1, '
'0.9 for nine of ten: else SQLSTATE 22023.';
CREATE FUNCTION csmetrics.duration_quantile_interval(state csmetrics.durations, share double precision,
    confidence double precision DEFAULT 0.95, scale text DEFAULT 'log-log',
    OUT lower interval, OUT upper interval)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.duration_quantile_interval(
    csmetrics.durations, double precision, double precision, text) IS
'Confidence interval of duration_quantile, as median_duration_interval.';
CREATE FUNCTION csmetrics.share_within(state csmetrics.durations, within interval) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.share_within(csmetrics.durations, interval) IS
'Share of the subjects that had the event within that time, inclusive, a ratio: one minus the survival curve (with '
'competing events the Aalen-Johansen incidence). NULL without subjects, and past the longest length, where nobody was '
'observed, unless none was left before. Below 0: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.share_within_interval(state csmetrics.durations, within interval,
    confidence double precision DEFAULT 0.95, scale text DEFAULT 'log-log',
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.share_within_interval(csmetrics.durations, interval, double precision, text) IS
'Confidence interval of share_within, as ratios, from that of the curve. confidence is a share, 0.95 if not given; '
'scale, on which it is symmetric: log-log (default) or log; else SQLSTATE 22023. NULLs where share_within is NULL, '
'when nobody is left, and on log-log before the first event.';
CREATE FUNCTION csmetrics.restricted_mean(state csmetrics.durations) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.restricted_mean(csmetrics.durations) IS
'Mean length up to the longest one that was observed: the area under the survival '
'curve until there. NULL without subjects.';
CREATE FUNCTION csmetrics.restricted_mean(state csmetrics.durations, horizon interval) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.restricted_mean(csmetrics.durations, interval) IS
'Mean length up to a horizon, a longer one counting as the horizon: comparable between groups, unlike a plain mean, '
'for those still waiting count. NULL without subjects, and where the curve ends before the horizon.';
CREATE FUNCTION csmetrics.restricted_mean_interval(state csmetrics.durations, confidence double precision DEFAULT 0.95,
    OUT lower interval, OUT upper interval)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.restricted_mean_interval(csmetrics.durations, double precision) IS
'Confidence interval of restricted_mean (normal, with the variance of the area under the curve; Klein and '
'Moeschberger, Survival Analysis, 2003, 4.5). confidence as in median_duration_interval.';
CREATE FUNCTION csmetrics.restricted_mean_interval(state csmetrics.durations, horizon interval,
    confidence double precision DEFAULT 0.95,
    OUT lower interval, OUT upper interval)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.restricted_mean_interval(csmetrics.durations, interval, double precision) IS
'Confidence interval of restricted_mean up to a horizon.';
CREATE FUNCTION csmetrics.naive_mean(state csmetrics.durations) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.naive_mean(csmetrics.durations) IS
'What is usually reported: the mean length of those that had the event, exact in any state. It leaves out who is still '
'waiting, and so is too short. NULL if nobody had the event.';
CREATE FUNCTION csmetrics.naive_median(state csmetrics.durations) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.naive_median(csmetrics.durations) IS
'What is usually reported: the median length of those that had the event, between two neighbours their middle, as '
'percentile_cont. NULL if nobody had the event.';
CREATE FUNCTION csmetrics.naive_quantile(state csmetrics.durations, share double precision) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.naive_quantile(csmetrics.durations, double precision) IS
'The same for another share, as percentile_cont; share between 0 and 1, else SQLSTATE 22023.';
CREATE FUNCTION csmetrics.is_exact(state csmetrics.durations) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_is_exact';
COMMENT ON FUNCTION csmetrics.is_exact(csmetrics.durations) IS
'Are all lengths kept as they were? False past 4,096 different ones: each then counts as one that is off by at most '
'0.4 %, and of those censored in it half are taken as gone before its events (life table). It depends on the facts '
'alone, not on their order. NULL for NULL.';
CREATE FUNCTION csmetrics.subject_count(state csmetrics.durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_subject_count';
COMMENT ON FUNCTION csmetrics.subject_count(csmetrics.durations) IS 'Subjects: ended, competing and censored ones.';
CREATE FUNCTION csmetrics.ended_count(state csmetrics.durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_ended_count';
COMMENT ON FUNCTION csmetrics.ended_count(csmetrics.durations) IS 'Subjects that had the event.';
CREATE FUNCTION csmetrics.competing_count(state csmetrics.durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_competing_count';
COMMENT ON FUNCTION csmetrics.competing_count(csmetrics.durations) IS 'Subjects that had a competing event.';
CREATE FUNCTION csmetrics.censored_count(state csmetrics.durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_censored_count';
COMMENT ON FUNCTION csmetrics.censored_count(csmetrics.durations) IS
'Subjects that had no event as long as they were observed.';
CREATE FUNCTION csmetrics.rejected_count(state csmetrics.durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_rejected_count';
COMMENT ON FUNCTION csmetrics.rejected_count(csmetrics.durations) IS
'Rows that can be no subject: ended before started, a length below zero, gone before the observation began.';

CREATE FUNCTION csmetrics.survival(state csmetrics.durations, confidence double precision DEFAULT 0.95,
    scale text DEFAULT 'log-log',
    OUT at interval, OUT at_risk bigint, OUT ended bigint, OUT censored bigint, OUT surviving double precision,
    OUT lower double precision, OUT upper double precision, OUT competing bigint, OUT weight_at_risk numeric,
    OUT weight_ended numeric) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 500 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.survival(csmetrics.durations, double precision, text) IS
'The survival curve, a row a length at which subjects left: counts, surviving, a ratio, and its interval. Kaplan-Meier '
'with Greenwood''s variance; with competing events one minus the Aalen-Johansen incidence. confidence and scale as in '
'median_duration_interval; lower and upper may be NULL.';
CREATE FUNCTION csmetrics.incidence(state csmetrics.durations, confidence double precision DEFAULT 0.95,
    scale text DEFAULT 'log-log',
    OUT at interval, OUT at_risk bigint, OUT ended bigint, OUT competing bigint, OUT censored bigint,
    OUT incidence double precision, OUT lower double precision, OUT upper double precision,
    OUT competing_incidence double precision, OUT event_free double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 500 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.incidence(csmetrics.durations, double precision, text) IS
'Cumulative incidence with competing events (Aalen and Johansen, Scand. J. Stat. 5, 1978), a row a length at which '
'subjects left: the shares with the event (and its interval), a competing one, and neither, which add up to 1. Counts, '
'confidence, scale and NULLs as in survival.';

CREATE FUNCTION csmetrics.log_rank(a csmetrics.durations, b csmetrics.durations, rho double precision DEFAULT 0,
    OUT statistic double precision, OUT p double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.log_rank(csmetrics.durations, csmetrics.durations, double precision) IS
'Do two groups differ in their time to the event? Log-rank test: chi-square with one degree of freedom, and its p. rho '
'above 0 weighs early differences more (Harrington and Fleming 1982). By subjects; competing is censored. rho outside '
'0 to 100: SQLSTATE 22023. NULLs unless both were at risk.';
CREATE FUNCTION csmetrics.log_rank(groups csmetrics.durations[], rho double precision DEFAULT 0,
    OUT statistic double precision, OUT degrees integer, OUT p double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'log_rank_groups';
COMMENT ON FUNCTION csmetrics.log_rank(csmetrics.durations[], double precision) IS
'The same for any number of groups up to 1,000, with one degree of freedom less than there are groups at risk '
'of an event. NULL elements are left out.';

CREATE FUNCTION csmetrics.residual(state csmetrics.durations, after interval) RETURNS csmetrics.durations
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_residual';
COMMENT ON FUNCTION csmetrics.residual(csmetrics.durations, interval) IS
'What was left to those that were still there after so long: a state whose survival curve at t is that of this one at '
'after + t, divided by that at after, with its own intervals. Of an inexact state it is one, too. after below 0: '
'SQLSTATE 22023.';

CREATE FUNCTION csmetrics.as_days(length interval) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.as_days(interval) IS 'A length of time in days of 24 hours. NULL for NULL.';
CREATE FUNCTION csmetrics.as_hours(length interval) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.as_hours(interval) IS 'A length of time in hours, a day counting 24. NULL for NULL.';
