-- Who adopts which feature: adoption, its aggregate and its reader.
CALL csmetrics.define_state('adoption', has_final => true);
COMMENT ON TYPE csmetrics.adoption IS
'How many accounts may use each feature, how many of them did in a window, and after how many days they first did: '
'some ten bytes a feature, and some for each number of days. Exact. Built by adoption_agg; read by '
'feature_adoption; adds up by merge and rollup.';

CALL csmetrics.define_agg('adoption_agg',
    'usage csmetrics.feature_usage, from_date date, to_date date',
    'adoption', 16384, comment =>
'Adoption from from_date on and before to_date, one feature_usage an account (NULL: none). Who is active in the window '
'may adopt every feature the group used before to_date. An empty window, one that varies: SQLSTATE 22023; NULL for an '
'end: 22004; more than 4,096 features: 54000. NULL without rows.');
CALL csmetrics.define_agg('adoption_agg',
    'usage csmetrics.feature_usage, from_date date, to_date date, eligible text[]',
    'adoption', 16384, comment =>
'The same, where each account may adopt the features that it is entitled to: eligible (NULL: none; NULL elements and '
'repetitions are left out), active or not. Who used a feature without that is no adopter: see unentitled of '
'feature_adoption. A name of more than 255 bytes in UTF-8: SQLSTATE 22023.');
CALL csmetrics.define_agg('adoption_agg',
    'usage csmetrics.feature_usage, from_date date, to_date date, eligible text[], started date',
    'adoption', 16384, comment =>
'The same with the day on which the account started, for the days until it first used each eligible feature; without '
'use before to_date, censored. Use before the start counts as 0 days. Accounts without a start before to_date are left '
'out of these days alone. Years outside 1 to 9999: SQLSTATE 22008.');

CALL csmetrics.define_agg('frequent_adoption_agg',
    'at_least integer, usage csmetrics.feature_usage, from_date date, to_date date',
    'adoption', 16384, comment =>
'Adoption as adoption_agg has it, where it takes at_least events of a feature in the window to adopt it; who may '
'is the same, and at_least 1 is adoption_agg. at_least below 1, or not the same in every row of a group: '
'SQLSTATE 22023; NULL: 22004. NULL without rows.');
CALL csmetrics.define_agg('frequent_adoption_agg',
    'at_least integer, usage csmetrics.feature_usage, from_date date, to_date date, eligible text[]',
    'adoption', 16384, comment =>
'The same, where each account may adopt the features of eligible, as in adoption_agg; '
'unentitled, too, are those with at_least events.');

CREATE FUNCTION csmetrics.feature_adoption(state csmetrics.adoption, confidence double precision DEFAULT 0.95,
    OUT feature text, OUT eligible bigint, OUT adopters bigint, OUT adoption double precision,
    OUT lower double precision, OUT upper double precision, OUT median_days_to_adopt double precision,
    OUT unentitled bigint) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.feature_adoption(csmetrics.adoption, double precision) IS
'A row a feature, by the bytes of its name: adoption = adopters / eligible, a ratio with its Wilson interval, NULL '
'where eligible is 0; median_days_to_adopt by Kaplan-Meier, NULL where less than half had; unentitled: users not '
'eligible. confidence outside 0 to 1: SQLSTATE 22023. No rows for NULL.';
CREATE FUNCTION csmetrics.account_count(state csmetrics.adoption) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'adoption_account_count';
COMMENT ON FUNCTION csmetrics.account_count(csmetrics.adoption) IS
'Accounts given to the aggregate, with usage or not. NULL for NULL.';
CREATE FUNCTION csmetrics.active_count(state csmetrics.adoption) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'adoption_active_count';
COMMENT ON FUNCTION csmetrics.active_count(csmetrics.adoption) IS
'Accounts with events of any feature in the window. NULL for NULL.';
