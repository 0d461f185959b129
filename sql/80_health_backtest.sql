-- Was the score right? Health of past days held against the churn that followed, and weights that history suggests.
INSERT INTO csmetrics.policy_column (position, name, type, default_value, condition, takes_effect, meaning) VALUES
(87, 'backtest_days', 'integer', '90', 'backtest_days BETWEEN 1 AND 3653', 'at once',
 'Backtests hold a score against the churn of so many days after it'),
(88, 'backtest_count', 'integer', '4', 'backtest_count BETWEEN 1 AND 100', 'at once',
 'So many past days are tested, backtest_days apart, the last of them backtest_days ago');

CREATE OR REPLACE FUNCTION csmetrics.suggest_weights(model text,
    OUT component text, OUT signal text, OUT weight double precision, OUT suggested_weight double precision,
    OUT predictions bigint, OUT churned bigint, OUT auc double precision, OUT auc_lower double precision,
    OUT auc_upper double precision, OUT predicts text, OUT slope double precision, OUT current_auc double precision,
    OUT current_auc_lower double precision, OUT current_auc_upper double precision,
    OUT suggested_auc double precision, OUT suggested_auc_lower double precision,
    OUT suggested_auc_upper double precision, OUT advice text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM csmetrics.require_model(model);
    RAISE NOTICE 'model "%": scoring the customers of past days ...', model;
    RETURN QUERY EXECUTE format('SELECT w.* FROM %I.suggested_weights() w', model);
END
$$;
COMMENT ON FUNCTION csmetrics.suggest_weights(text) IS
'Weights for the signals of a model''s health score that history suggests, with the evidence and advice; changes '
'nothing. suggested_weight: NULL where no signal has any. Intervals allow for so many signals; current_auc and '
'suggested_auc are of the last day. An unknown model: SQLSTATE 3F000.';
