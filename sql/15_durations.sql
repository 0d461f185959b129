-- Time to an event, with some events still to come: durations, its aggregates, its readers.
CALL define_state('durations', 'durations_final');
COMMENT ON TYPE durations IS
'How long it took a group of subjects until an event: time to value, resolution time, tenure. Those that have not had it yet are censored, not left out; a competing event rules it out. Built by duration_agg; exact up to 4,096 different lengths, 32 bytes each (with weights 128), then in some thousand buckets that are off by at most 0.4 % (is_exact tells); adds up by merge and rollup.';

CREATE FUNCTION duration_agg_add_instants(state durations, started timestamptz, ended timestamptz, as_of timestamptz) RETURNS durations
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION duration_agg_remove_instants(state durations, started timestamptz, ended timestamptz, as_of timestamptz) RETURNS durations
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION duration_agg_add_instants(state durations, started timestamptz, ended timestamptz, as_of timestamptz, competed timestamptz) RETURNS durations
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION duration_agg_remove_instants(state durations, started timestamptz, ended timestamptz, as_of timestamptz, competed timestamptz) RETURNS durations
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION duration_agg_add_instants(state durations, started timestamptz, ended timestamptz, as_of timestamptz, competed timestamptz, entered timestamptz) RETURNS durations
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION duration_agg_remove_instants(state durations, started timestamptz, ended timestamptz, as_of timestamptz, competed timestamptz, entered timestamptz) RETURNS durations
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION duration_agg_add_length(state durations, length interval, ended boolean) RETURNS durations
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION duration_agg_remove_length(state durations, length interval, ended boolean) RETURNS durations
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION duration_agg_add_length(state durations, length interval, ended boolean, competing boolean) RETURNS durations
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION duration_agg_remove_length(state durations, length interval, ended boolean, competing boolean) RETURNS durations
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION duration_agg_add_weighted(state durations, length interval, ended boolean, weight numeric) RETURNS durations
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION duration_agg_remove_weighted(state durations, length interval, ended boolean, weight numeric) RETURNS durations
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION duration_agg_add_instants(durations, timestamptz, timestamptz, timestamptz) IS 'Internal: transition of duration_agg';
COMMENT ON FUNCTION duration_agg_remove_instants(durations, timestamptz, timestamptz, timestamptz) IS 'Internal: inverse transition of duration_agg';
COMMENT ON FUNCTION duration_agg_add_instants(durations, timestamptz, timestamptz, timestamptz, timestamptz) IS 'Internal: transition of duration_agg';
COMMENT ON FUNCTION duration_agg_remove_instants(durations, timestamptz, timestamptz, timestamptz, timestamptz) IS 'Internal: inverse transition of duration_agg';
COMMENT ON FUNCTION duration_agg_add_instants(durations, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS 'Internal: transition of duration_agg';
COMMENT ON FUNCTION duration_agg_remove_instants(durations, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS 'Internal: inverse transition of duration_agg';
COMMENT ON FUNCTION duration_agg_add_length(durations, interval, boolean) IS 'Internal: transition of duration_agg';
COMMENT ON FUNCTION duration_agg_remove_length(durations, interval, boolean) IS 'Internal: inverse transition of duration_agg';
COMMENT ON FUNCTION duration_agg_add_length(durations, interval, boolean, boolean) IS 'Internal: transition of duration_agg';
COMMENT ON FUNCTION duration_agg_remove_length(durations, interval, boolean, boolean) IS 'Internal: inverse transition of duration_agg';
COMMENT ON FUNCTION duration_agg_add_weighted(durations, interval, boolean, numeric) IS 'Internal: transition of duration_agg';
COMMENT ON FUNCTION duration_agg_remove_weighted(durations, interval, boolean, numeric) IS 'Internal: inverse transition of duration_agg';

CREATE AGGREGATE duration_agg(started timestamptz, ended timestamptz, as_of timestamptz) (
    SFUNC = duration_agg_add_instants, STYPE = durations, SSPACE = 512, FINALFUNC = durations_final, COMBINEFUNC = merge, PARALLEL = SAFE,
    MSFUNC = duration_agg_add_instants, MINVFUNC = duration_agg_remove_instants, MSTYPE = durations, MSSPACE = 512, MFINALFUNC = durations_final);
CREATE AGGREGATE duration_agg(started timestamptz, ended timestamptz, as_of timestamptz, competed timestamptz) (
    SFUNC = duration_agg_add_instants, STYPE = durations, SSPACE = 512, FINALFUNC = durations_final, COMBINEFUNC = merge, PARALLEL = SAFE,
    MSFUNC = duration_agg_add_instants, MINVFUNC = duration_agg_remove_instants, MSTYPE = durations, MSSPACE = 512, MFINALFUNC = durations_final);
CREATE AGGREGATE duration_agg(started timestamptz, ended timestamptz, as_of timestamptz, competed timestamptz, entered timestamptz) (
    SFUNC = duration_agg_add_instants, STYPE = durations, SSPACE = 512, FINALFUNC = durations_final, COMBINEFUNC = merge, PARALLEL = SAFE,
    MSFUNC = duration_agg_add_instants, MINVFUNC = duration_agg_remove_instants, MSTYPE = durations, MSSPACE = 512, MFINALFUNC = durations_final);
CREATE AGGREGATE duration_agg(length interval, ended boolean) (
    SFUNC = duration_agg_add_length, STYPE = durations, SSPACE = 512, FINALFUNC = durations_final, COMBINEFUNC = merge, PARALLEL = SAFE,
    MSFUNC = duration_agg_add_length, MINVFUNC = duration_agg_remove_length, MSTYPE = durations, MSSPACE = 512, MFINALFUNC = durations_final);
CREATE AGGREGATE duration_agg(length interval, ended boolean, competing boolean) (
    SFUNC = duration_agg_add_length, STYPE = durations, SSPACE = 512, FINALFUNC = durations_final, COMBINEFUNC = merge, PARALLEL = SAFE,
    MSFUNC = duration_agg_add_length, MINVFUNC = duration_agg_remove_length, MSTYPE = durations, MSSPACE = 512, MFINALFUNC = durations_final);
CREATE AGGREGATE duration_agg(length interval, ended boolean, weight numeric) (
    SFUNC = duration_agg_add_weighted, STYPE = durations, SSPACE = 512, FINALFUNC = durations_final, COMBINEFUNC = merge, PARALLEL = SAFE,
    MSFUNC = duration_agg_add_weighted, MINVFUNC = duration_agg_remove_weighted, MSTYPE = durations, MSSPACE = 512, MFINALFUNC = durations_final);
COMMENT ON AGGREGATE duration_agg(timestamptz, timestamptz, timestamptz) IS
'Durations of a group, one row a subject, as they were known at as_of, the last instant that counts, which may differ by row: from started to ended, or, where ended is NULL or later, until as_of and censored. Not yet started by as_of, or started NULL: no subject. ended before started is no duration: counted by rejected_count. Days are 24 hours. as_of NULL: SQLSTATE 22004; as_of or started infinite, or a length past 36,533 years: 22008. NULL without rows.';
COMMENT ON AGGREGATE duration_agg(timestamptz, timestamptz, timestamptz, timestamptz) IS
'The same with the instant of a competing event that rules the event out, as an account that is lost before it reached value: whichever comes first counts (ended, if both do at once). NULL: none. With several causes, read each from a state of its own, all others competing.';
COMMENT ON AGGREGATE duration_agg(timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS
'The same with the instant from which the subject was under observation (late entry, left truncation), as for imported history: it is at risk only after entered. NULL or not after started: from the start. Who left by entered could not have been seen: counted by rejected_count. competed may be NULL throughout.';
COMMENT ON AGGREGATE duration_agg(interval, boolean) IS
'Durations of a group from lengths, one row a subject: length until the event (ended true) or until observation stopped (false). A month counts 30 days, a day 24 hours, as where intervals are compared. Rows with NULL are left out; a length below zero is counted by rejected_count; past 36,533 years: SQLSTATE 22008. NULL without rows.';
COMMENT ON AGGREGATE duration_agg(interval, boolean, boolean) IS
'The same with competing events: competing true (and ended not) is a length until a competing event ruled the event out.';
COMMENT ON AGGREGATE duration_agg(interval, boolean, numeric) IS
'The same, each subject with a weight, as its MRR: curve, quantiles and means are those of the weight, with intervals for it (infinitesimal jackknife over subjects), while naive_mean, naive_median, the counts and log_rank go by subjects. Six decimals are kept; below 0: SQLSTATE 22023; beyond 10^18: 22003; rows without weight are left out.';

CREATE FUNCTION median_duration(state durations) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION median_duration(durations) IS
'The length by which half of the subjects had the event, from the survival curve, and so not flattered by those that are still waiting: the first at which the curve is not above 0.5; where it stays at 0.5, the middle of that stretch (as R survival). NULL if the curve never gets there.';
CREATE FUNCTION median_duration_interval(state durations, confidence double precision DEFAULT 0.95, scale text DEFAULT 'log-log', OUT lower interval, OUT upper interval)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION median_duration_interval(durations, double precision, text) IS
'Confidence interval of median_duration (Brookmeyer and Crowley, Biometrics 38, 1982): where the ends of the interval of the curve pass 0.5. confidence is a share, 0.95 if not given, else SQLSTATE 22023; scale is the one on which the interval is symmetric, log-log (default) or log. An end is NULL if it is never passed.';
CREATE FUNCTION duration_quantile(state durations, share double precision) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION duration_quantile(durations, double precision) IS
'The length by which that share of the subjects had the event, as median_duration; share is between 0 and 1, 0.9 for nine of ten: else SQLSTATE 22023.';
CREATE FUNCTION duration_quantile_interval(state durations, share double precision, confidence double precision DEFAULT 0.95, scale text DEFAULT 'log-log', OUT lower interval, OUT upper interval)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION duration_quantile_interval(durations, double precision, double precision, text) IS
'Confidence interval of duration_quantile, as median_duration_interval.';
CREATE FUNCTION share_within(state durations, within interval) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION share_within(durations, interval) IS
'Share of the subjects that had the event within that time, inclusive, a ratio: one minus the survival curve (with competing events the Aalen-Johansen incidence). NULL without subjects, and past the longest length, where nobody was observed, unless none was left before. Below 0: SQLSTATE 22023.';
CREATE FUNCTION share_within_interval(state durations, within interval, confidence double precision DEFAULT 0.95, scale text DEFAULT 'log-log', OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION share_within_interval(durations, interval, double precision, text) IS
'Confidence interval of share_within, as ratios, from that of the survival curve. confidence is a share, 0.95 if not given, else SQLSTATE 22023; scale is the one on which the interval is symmetric, log-log (default) or log. NULLs where share_within is NULL, before the first event on the scale log-log, and when nobody is left.';
CREATE FUNCTION restricted_mean(state durations) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION restricted_mean(durations) IS
'Mean length up to the longest one that was observed: the area under the survival curve until there. NULL without subjects.';
CREATE FUNCTION restricted_mean(state durations, horizon interval) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION restricted_mean(durations, interval) IS
'Mean length up to a horizon, a longer one counting as the horizon: comparable between groups, unlike a plain mean, for those still waiting count. NULL without subjects, and where the curve ends before the horizon.';
CREATE FUNCTION restricted_mean_interval(state durations, confidence double precision DEFAULT 0.95, OUT lower interval, OUT upper interval)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION restricted_mean_interval(durations, double precision) IS
'Confidence interval of restricted_mean (normal, with the variance of the area under the curve; Klein and Moeschberger, Survival Analysis, 2003, 4.5). confidence as in median_duration_interval.';
CREATE FUNCTION restricted_mean_interval(state durations, horizon interval, confidence double precision DEFAULT 0.95, OUT lower interval, OUT upper interval)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION restricted_mean_interval(durations, interval, double precision) IS
'Confidence interval of restricted_mean up to a horizon.';
CREATE FUNCTION naive_mean(state durations) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION naive_mean(durations) IS
'What is usually reported: the mean length of those that had the event, exact in any state. It leaves out who is still waiting, and so is too short. NULL if nobody had the event.';
CREATE FUNCTION naive_median(state durations) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION naive_median(durations) IS
'What is usually reported: the median length of those that had the event, between two neighbours their middle, as percentile_cont. NULL if nobody had the event.';
CREATE FUNCTION naive_quantile(state durations, share double precision) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION naive_quantile(durations, double precision) IS
'The same for another share, as percentile_cont; share between 0 and 1, else SQLSTATE 22023.';
CREATE FUNCTION is_exact(state durations) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_is_exact';
COMMENT ON FUNCTION is_exact(durations) IS
'Are all lengths kept as they were? False once there were more than 4,096 different ones: then each length counts as one that is off by at most 0.4 %. Which of one such length ended before others were censored is not known then: the survival curve takes half of those censored as gone before (life table; Cutler and Ederer, J. Chronic Dis. 8, 1958). It depends on the facts alone, not on their order.';
CREATE FUNCTION subject_count(state durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_subject_count';
COMMENT ON FUNCTION subject_count(durations) IS
'Subjects: ended, competing and censored ones.';
CREATE FUNCTION ended_count(state durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_ended_count';
COMMENT ON FUNCTION ended_count(durations) IS
'Subjects that had the event.';
CREATE FUNCTION competing_count(state durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_competing_count';
COMMENT ON FUNCTION competing_count(durations) IS
'Subjects that had a competing event.';
CREATE FUNCTION censored_count(state durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_censored_count';
COMMENT ON FUNCTION censored_count(durations) IS
'Subjects that had no event as long as they were observed.';
CREATE FUNCTION rejected_count(state durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_rejected_count';
COMMENT ON FUNCTION rejected_count(durations) IS
'Rows that can be no subject: ended before started, a length below zero, gone before the observation began.';

CREATE FUNCTION survival(state durations, confidence double precision DEFAULT 0.95, scale text DEFAULT 'log-log',
    OUT at interval, OUT at_risk bigint, OUT ended bigint, OUT censored bigint, OUT surviving double precision,
    OUT lower double precision, OUT upper double precision, OUT competing bigint, OUT weight_at_risk numeric, OUT weight_ended numeric)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 500 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION survival(durations, double precision, text) IS
'The survival curve, a row a length at which subjects left: at_risk had left by nothing before it; of these, ended had the event then, censored were observed no longer (less those that came under observation then, so it can be below zero), competing had a competing event. surviving is the share that has not had the event by then, with its interval: Kaplan-Meier (JASA 53, 1958) with the variance of Greenwood; with competing events one minus the incidence of Aalen and Johansen. Weights: those at risk and ended, 1 a subject where none were given. confidence and scale as in median_duration_interval; lower and upper are NULL on the scale log-log before the first event, and when nobody is left.';
CREATE FUNCTION incidence(state durations, confidence double precision DEFAULT 0.95, scale text DEFAULT 'log-log',
    OUT at interval, OUT at_risk bigint, OUT ended bigint, OUT competing bigint, OUT censored bigint, OUT incidence double precision,
    OUT lower double precision, OUT upper double precision, OUT competing_incidence double precision, OUT event_free double precision)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 500 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION incidence(durations, double precision, text) IS
'Cumulative incidence with competing events, a row a length at which subjects left: shares that by then had the event (with its interval), a competing event, and neither; the three add up to 1. Aalen and Johansen (Scand. J. Stat. 5, 1978), variance by the delta method (Marubini and Valsecchi 1995, 10.2). Counts, confidence, scale and NULLs as in survival.';

CREATE FUNCTION log_rank(a durations, b durations, rho double precision DEFAULT 0, OUT statistic double precision, OUT p double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION log_rank(durations, durations, double precision) IS
'Do two groups differ in their time to the event? Log-rank test: chi-square statistic with one degree of freedom, and the probability p of one so large if they did not. rho above 0 gives early differences more weight (Harrington and Fleming, Biometrika 69, 1982; 1 is the test of Peto and Peto); outside 0 to 100: SQLSTATE 22023. By subjects, whatever their weights; competing events count as censoring. If one of the states is in buckets, both are compared so. NULLs unless both were at risk of an event.';
CREATE FUNCTION log_rank(groups durations[], rho double precision DEFAULT 0, OUT statistic double precision, OUT degrees integer, OUT p double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'log_rank_groups';
COMMENT ON FUNCTION log_rank(durations[], double precision) IS
'The same for any number of groups up to 1,000, with one degree of freedom less than there are groups at risk of an event. NULL elements are left out.';

CREATE FUNCTION as_days(length interval) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION as_days(interval) IS 'A length of time in days of 24 hours. NULL for NULL.';
CREATE FUNCTION as_hours(length interval) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION as_hours(interval) IS 'A length of time in hours, a day counting 24. NULL for NULL.';
