-- The revenue bridge of a group of accounts, period by period: mrr_movements, its aggregate and its readers.
CALL csmetrics.define_state('mrr_movements', has_final => false);
COMMENT ON TYPE csmetrics.mrr_movements IS
'The MRR movements of a group of accounts, period by period: about 400 bytes a period, whatever the number of '
'accounts. Built by mrr_movement_agg; read by movements, retention and revenue_flows; adds up by merge and rollup.';

CALL csmetrics.define_agg('mrr_movement_agg',
    'timeline csmetrics.mrr_timeline, from_date date, to_date date, period text',
    'mrr_movements', 32768, comment =>
'The revenue bridge of a group, one timeline an account (NULL: no history). period: day, week, month, quarter or year, '
'counted from from_date; to_date may cut the last short. A bad range or period, arguments that vary in the group, more '
'than 20,000 periods: SQLSTATE 22023. NULL without rows.');
CALL csmetrics.define_agg('mrr_movement_agg',
    'timeline csmetrics.mrr_timeline, from_date date, to_date date, period text, lag integer',
    'mrr_movements', 65536, comment =>
'The same over windows of lag periods that end with each period: 12 with month gives trailing-year '
'retention month by month. The windows of the first periods reach back before from_date, which the '
'histories know. lag below 1: SQLSTATE 22023.');

CREATE FUNCTION csmetrics.movements(state csmetrics.mrr_movements, pauses_are_churn boolean DEFAULT false,
    gross boolean DEFAULT false,
    OUT period_start date, OUT period_end date, OUT opening numeric, OUT new numeric, OUT reactivation numeric,
    OUT resume numeric, OUT expansion numeric, OUT contraction numeric, OUT pause numeric, OUT churn numeric,
    OUT closing numeric, OUT opening_count bigint, OUT new_count bigint, OUT reactivation_count bigint,
    OUT resume_count bigint, OUT expansion_count bigint, OUT contraction_count bigint, OUT pause_count bigint,
    OUT churn_count bigint, OUT closing_count bigint, OUT intra_period numeric, OUT intra_period_count bigint,
    OUT nrr double precision, OUT grr double precision, OUT logo_churn double precision,
    OUT revenue_churn double precision, OUT complete boolean) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.movements(csmetrics.mrr_movements, boolean, boolean) IS
'The revenue bridge, a row a period or window: opening + new + reactivation + resume + expansion - contraction - pause '
'- churn = closing, in money and in accounts, exactly (else SQLSTATE XX001). Ratios are NULL without opening. gross: '
'with intra_period; pauses_are_churn: shown as such.';

CREATE FUNCTION csmetrics.retention(state csmetrics.mrr_movements, method text DEFAULT 'cohort',
    OUT period_start date, OUT period_end date, OUT method text, OUT nrr double precision, OUT grr double precision,
    OUT complete boolean) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.retention(csmetrics.mrr_movements, text) IS
'Retention over each window by a named method, as ratios: cohort (default), point to point on accounts with opening '
'MRR; movement, by sums of movements; chained, product of the periods; ttm_avg, their mean weighted by opening MRR. '
'NULL where a denominator is 0. An unknown method: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.revenue_flows(state csmetrics.mrr_movements,
    OUT period_start date, OUT period_end date, OUT flow csmetrics.revenue_flow, OUT complete boolean)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.revenue_flows(csmetrics.mrr_movements) IS
'The revenue_flow of each period or window, for every reader of that type: nrr_interval(flow), quick_ratio(flow), ... '
'Returning accounts are new in it and paused ones churned, since it knows but two amounts an account.';

CREATE FUNCTION csmetrics.single_periods(state csmetrics.mrr_movements) RETURNS csmetrics.mrr_movements
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.single_periods(csmetrics.mrr_movements) IS
'From a state of windows of lag periods that of the single periods they are made of, the lag - 1 before from_date too: '
'what mrr_movement_agg without lag gives from the start of the first window on. A from_date on a day that a month on '
'the way back lacks: SQLSTATE 22023. NULL for NULL.';
