-- The revenue bridge of a group of accounts, period by period: mrr_movements, its aggregate and its readers.
CALL csmetrics.define_state('mrr_movements', has_final => false);
COMMENT ON TYPE csmetrics.mrr_movements IS
'The MRR movements of a group of accounts, period by period: about 400 bytes a period, whatever the number of accounts. Built by mrr_movement_agg; read by movements, retention and revenue_flows; adds up by merge and rollup.';

CALL csmetrics.define_agg('mrr_movement_agg',
    'timeline csmetrics.mrr_timeline, from_date date, to_date date, period text',
    'mrr_movements', 32768, comment =>
'The revenue bridge of a group of accounts, one timeline an account (NULL: an account without history). Periods are day, week, month, quarter or year, counted from from_date; the last may be cut short by to_date. A change dated on the first day of a period belongs to that period; opening is the end of the day before. Costs what the changes cost, however many periods. An empty range, an unknown period, arguments that vary within the group, more than 20,000 periods: SQLSTATE 22023. NULL without rows.');
CALL csmetrics.define_agg('mrr_movement_agg',
    'timeline csmetrics.mrr_timeline, from_date date, to_date date, period text, lag integer',
    'mrr_movements', 65536, comment =>
'The same over windows of lag periods that end with each period: 12 with month gives trailing-year retention month by month. The windows of the first periods reach back before from_date, which the histories know. lag below 1: SQLSTATE 22023.');

CREATE FUNCTION csmetrics.movements(state csmetrics.mrr_movements, pauses_are_churn boolean DEFAULT false, gross boolean DEFAULT false,
    OUT period_start date, OUT period_end date,
    OUT opening numeric, OUT new numeric, OUT reactivation numeric, OUT resume numeric, OUT expansion numeric,
    OUT contraction numeric, OUT pause numeric, OUT churn numeric, OUT closing numeric,
    OUT opening_count bigint, OUT new_count bigint, OUT reactivation_count bigint, OUT resume_count bigint, OUT expansion_count bigint,
    OUT contraction_count bigint, OUT pause_count bigint, OUT churn_count bigint, OUT closing_count bigint,
    OUT intra_period numeric, OUT intra_period_count bigint,
    OUT nrr double precision, OUT grr double precision, OUT logo_churn double precision, OUT revenue_churn double precision,
    OUT complete boolean)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.movements(csmetrics.mrr_movements, boolean, boolean) IS
'The revenue bridge, a row a period, or a row a window of lag periods. Amounts in money, at least 0 (pause, see below, may be less): opening + new + reactivation + resume + expansion - contraction - pause - churn = closing, exactly, which the engine checks (SQLSTATE XX001 if it ever fails). Counts of accounts likewise, free customers included where the timelines count those. A pause that ended without MRR is taken back out of pause and shown in churn. intra_period came and went within one period; gross shows it in new and churn too. nrr, grr: point to point on the accounts with opening MRR, a pause counting as none; logo_churn, revenue_churn: churn / opening. Ratios are NULL without opening. pauses_are_churn: pauses and resumes read as churn and reactivation. complete: not cut short by to_date.';

CREATE FUNCTION csmetrics.retention(state csmetrics.mrr_movements, method text DEFAULT 'cohort',
    OUT period_start date, OUT period_end date, OUT method text, OUT nrr double precision, OUT grr double precision, OUT complete boolean)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.retention(csmetrics.mrr_movements, text) IS
'Retention over each window of lag periods by a named method. cohort: point to point on the accounts with opening MRR (default, the standard). movement: (opening + expansion - contraction - churn of the periods) / opening, into which the movements of newcomers leak. chained: product of the periods'' ratios. ttm_avg: mean of the periods'' ratios, weighted by opening MRR, and so the retention of one period, not of the window. NULL where a denominator is 0. An unknown method: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.revenue_flows(state csmetrics.mrr_movements,
    OUT period_start date, OUT period_end date, OUT flow csmetrics.revenue_flow, OUT complete boolean)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.revenue_flows(csmetrics.mrr_movements) IS
'The revenue_flow of each period or window, for every reader of that type: nrr_interval(flow), quick_ratio(flow), ... Returning accounts are new in it and paused ones churned, since it knows but two amounts an account.';

CREATE FUNCTION csmetrics.single_periods(state csmetrics.mrr_movements) RETURNS csmetrics.mrr_movements
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.single_periods(csmetrics.mrr_movements) IS
'From a state of windows of lag periods the state of the single periods that they are made of, the lag - 1 before from_date too: what mrr_movement_agg without lag gives from the start of the first window on. So movements(single_periods(state)) is the bridge period by period of the state that trailing windows are read from. A from_date on a day that a month on the way back lacks: SQLSTATE 22023. NULL for NULL.';
