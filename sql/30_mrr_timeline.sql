-- The revenue history of one account: mrr_timeline, its aggregate and its readers.
CALL csmetrics.define_state('mrr_timeline', has_final => true);
COMMENT ON TYPE csmetrics.mrr_timeline IS
'The MRR of one account over time, as the days on which it changed, 24 bytes each. Built by mrr_timeline_agg; keeps '
'time, so it can be read as of any day; adds up by merge and rollup.';

CALL csmetrics.define_agg('mrr_timeline_agg',
    'starts date, ends date, mrr numeric',
    'mrr_timeline', 128, add => 'mrr_timeline_add_term', removable => false, comment =>
'Revenue of an account, one row a term: mrr, in money a month, on days from starts on and before ends (NULL or '
'infinity: still). Terms add up; those without starts or mrr are left out. ends before starts: SQLSTATE 22023; mrr '
'beyond 10^18: 22003; years outside 1 to 9999: 22008. NULL without rows.');
CALL csmetrics.define_agg('mrr_timeline_agg',
    'starts date, ends date, mrr numeric, paused boolean',
    'mrr_timeline', 128, add => 'mrr_timeline_add_term', removable => false, comment =>
'The same with pauses: over a term that is paused no MRR is in force (mrr may be NULL), and an account whose MRR '
'is gone meanwhile is paused, not churned.');
CALL csmetrics.define_agg('mrr_timeline_agg',
    'starts date, ends date, mrr numeric, paused boolean, free boolean',
    'mrr_timeline', 128, add => 'mrr_timeline_add_term', removable => false, comment =>
'The same with free customers: while a term with free, not paused, is in force at an MRR of 0 or NULL, the account '
'is an active customer without MRR; with other MRR, free says nothing. More than 16383 free terms, or pauses, that '
'begin on one day, or end: SQLSTATE 22003.');
CALL csmetrics.define_agg('mrr_timeline_agg',
    'as_of date, mrr numeric',
    'mrr_timeline', 128, add => 'mrr_timeline_add_snapshot', removable => false, comment =>
'The revenue history of one account from snapshots, one row a day and subscription: mrr, in money a month, holds '
'until the account''s next snapshot; rows of a day add up; a lost account needs a row of 0. Rows with NULL are left '
'out; errors as for terms. NULL without rows.');

CREATE FUNCTION csmetrics.mrr_at(timeline csmetrics.mrr_timeline, day date) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.mrr_at(csmetrics.mrr_timeline, date) IS
'MRR in force on that day, in money a month; 0 where there is none. A sum below zero reads as 0. NULL for NULL.';
CREATE FUNCTION csmetrics.active_at(timeline csmetrics.mrr_timeline, day date) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.active_at(csmetrics.mrr_timeline, date) IS
'Is the account an active customer on that day: with MRR, or with a free term where '
'the timeline counts those. NULL for NULL.';
CREATE FUNCTION csmetrics.first_paid_on(timeline csmetrics.mrr_timeline) RETURNS date
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.first_paid_on(csmetrics.mrr_timeline) IS
'The first day as an active customer: with MRR, or with a free term where the '
'timeline counts those; NULL if there is none.';
CREATE FUNCTION csmetrics.churned_on(timeline csmetrics.mrr_timeline, as_of date DEFAULT 'infinity',
    pauses_are_churn boolean DEFAULT false) RETURNS date
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.churned_on(csmetrics.mrr_timeline, date, boolean) IS
'The day on which the account lost its last MRR (or free term, where these count), as of as_of (default: the end); '
'NULL if it has MRR then, never had any, or is paused. A pause that ended without MRR: the day it ended. '
'pauses_are_churn: the day a pause began.';
CREATE FUNCTION csmetrics.revenue_between(timeline csmetrics.mrr_timeline, from_date date, to_date date) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.revenue_between(csmetrics.mrr_timeline, date, date) IS
'Revenue earned on the days from from_date on and before to_date, in money: a full calendar month '
'earns its MRR, part of one its share of that month''s days; exact, rounded once to six decimals. '
'from_date not before to_date: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.scale(timeline csmetrics.mrr_timeline, rate numeric) RETURNS csmetrics.mrr_timeline
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'timeline_scale_by';
COMMENT ON FUNCTION csmetrics.scale(csmetrics.mrr_timeline, numeric) IS
'The timeline in another currency: the MRR of every day times rate, rounded once to six decimals, half away from '
'zero. Pauses stay. rate is above 0 and below 10^12, with at most 36 digits before and after the point, else SQLSTATE '
'22023; MRR past 10^24: 22003. NULL for NULL.';

CREATE FUNCTION csmetrics.smooth_gaps(timeline csmetrics.mrr_timeline, days integer) RETURNS csmetrics.mrr_timeline
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.smooth_gaps(csmetrics.mrr_timeline, integer) IS
'The timeline with each gap of fewer than that many days, in which the account is no active customer, filled with the '
'MRR before it: late renewals are no churn. Pauses stay. days below 0: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.limit_pauses(timeline csmetrics.mrr_timeline, days integer) RETURNS csmetrics.mrr_timeline
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.limit_pauses(csmetrics.mrr_timeline, integer) IS
'The timeline with each pause ended after that many days: an account that is not back by then '
'has churned. days below 0: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.split_gaps(timeline csmetrics.mrr_timeline, days integer) RETURNS SETOF csmetrics.mrr_timeline
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.split_gaps(csmetrics.mrr_timeline, integer) IS
'The timeline cut where the account came back more than that many days after its churn, a row a part that reads as a '
'customer of its own: the return is new. Parts add up to the timeline. One row for days NULL or an empty timeline; '
'none for a timeline of NULL. days below 0: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.changes(timeline csmetrics.mrr_timeline, pauses_are_churn boolean DEFAULT false,
    OUT changed_on date, OUT movement text, OUT opening numeric, OUT closing numeric, OUT amount numeric)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5 AS 'MODULE_PATHNAME', 'changes_by_day';
COMMENT ON FUNCTION csmetrics.changes(csmetrics.mrr_timeline, boolean) IS
'The movements of one account, a row a day of change: new, reactivation, resume, expansion, contraction, churn or '
'pause; opening and closing MRR around it and its amount, in money. A pause that ends without MRR: a row of churn, and '
'one of pause below zero. pauses_are_churn: shown as such.';
CREATE FUNCTION csmetrics.changes(timeline csmetrics.mrr_timeline, from_date date, to_date date, period text,
    lag integer DEFAULT 1, pauses_are_churn boolean DEFAULT false,
    OUT period_start date, OUT period_end date, OUT movement text, OUT opening numeric, OUT closing numeric,
    OUT amount numeric) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5 AS 'MODULE_PATHNAME', 'changes_by_period';
COMMENT ON FUNCTION csmetrics.changes(csmetrics.mrr_timeline, date, date, text, integer, boolean) IS
'The movements of one account, a row a period with a movement, as movements() classifies them: summed over accounts '
'they give its rows exactly. Days, period, lag and errors as for mrr_movement_agg; columns as for changes by day; '
'intra_period is MRR that came and went within one period.';
