-- Who adopts which feature: adoption, its aggregate and its reader.
CALL csmetrics.define_state('adoption', has_final => true);
COMMENT ON TYPE csmetrics.adoption IS
'How many accounts may use each feature, how many of them did in a window of days, and after how many days they first did: some ten bytes a feature, and some more for each number of days. Built by adoption_agg; read by feature_adoption; adds up by merge and rollup. Counts are exact, as each account is one value.';

CALL csmetrics.define_agg('adoption_agg',
    'usage csmetrics.feature_usage, from_date date, to_date date',
    'adoption', 16384, comment =>
'Adoption of features from from_date on and before to_date, one feature_usage an account (NULL: no usage). Every account with events of any feature in the window may adopt every feature that one of the group used before to_date; it does so with events of it in the window. Use from to_date on is not known yet. An empty window, one that varies within the group: SQLSTATE 22023; NULL for an end of it: 22004; more than 4,096 different features: 54000. NULL without rows.');
CALL csmetrics.define_agg('adoption_agg',
    'usage csmetrics.feature_usage, from_date date, to_date date, eligible text[]',
    'adoption', 16384, comment =>
'The same, where each account may adopt the features that it is entitled to: eligible (NULL: none; NULL elements and repetitions are left out), active or not. Who used a feature without that is no adopter: see unentitled of feature_adoption. A name of more than 255 bytes in UTF-8: SQLSTATE 22023.');
CALL csmetrics.define_agg('adoption_agg',
    'usage csmetrics.feature_usage, from_date date, to_date date, eligible text[], started date',
    'adoption', 16384, comment =>
'The same with the day on which the account started, for the days until it adopted each feature that it is entitled to: first use - started if that use is before to_date, in the window or earlier, else censored with the last day that is known, the one before to_date. Use before the start counts as 0 days. Accounts without a start, or that start from to_date on, are left out of these days, and only of these. started outside the years 1 to 9999: SQLSTATE 22008.');

CALL csmetrics.define_agg('frequent_adoption_agg',
    'at_least integer, usage csmetrics.feature_usage, from_date date, to_date date',
    'adoption', 16384, comment =>
'Adoption as adoption_agg has it, where it takes at_least events of a feature in the window to adopt it; who may is the same, and at_least 1 is adoption_agg. at_least below 1, or not the same in every row of a group: SQLSTATE 22023; NULL: 22004. NULL without rows.');
CALL csmetrics.define_agg('frequent_adoption_agg',
    'at_least integer, usage csmetrics.feature_usage, from_date date, to_date date, eligible text[]',
    'adoption', 16384, comment =>
'The same, where each account may adopt the features of eligible, as in adoption_agg; unentitled, too, are those with at_least events.');

CREATE FUNCTION csmetrics.feature_adoption(state csmetrics.adoption, confidence double precision DEFAULT 0.95,
    OUT feature text, OUT eligible bigint, OUT adopters bigint, OUT adoption double precision, OUT lower double precision, OUT upper double precision,
    OUT median_days_to_adopt double precision, OUT unentitled bigint)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.feature_adoption(csmetrics.adoption, double precision) IS
'A row for each feature, in the order of the bytes of their names. eligible: accounts that may use it; adopters: those of them that did in the window. adoption, a ratio: adopters / eligible, with its Wilson interval (JASA 22, 1927); NULL where eligible is 0. median_days_to_adopt, in days: by then half of the eligible accounts that have a start had used it, by the product-limit estimator (Kaplan and Meier, JASA 53, 1958), which counts those that have not used it so far for as long as they are known; where the curve stays at one half, the middle of that time; NULL where less than half had, and without starts. unentitled: accounts that used it in the window without being eligible. confidence outside 0 to 1: SQLSTATE 22023. No rows for NULL.';
CREATE FUNCTION csmetrics.account_count(state csmetrics.adoption) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'adoption_account_count';
COMMENT ON FUNCTION csmetrics.account_count(csmetrics.adoption) IS 'Accounts given to the aggregate, with usage or not. NULL for NULL.';
CREATE FUNCTION csmetrics.active_count(state csmetrics.adoption) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'adoption_active_count';
COMMENT ON FUNCTION csmetrics.active_count(csmetrics.adoption) IS 'Accounts with events of any feature in the window. NULL for NULL.';
