\unset ECHO
\i test/psql.sql
-- A demo company in which health has nothing to do with churn: its backtest says so.
BEGIN;
SELECT plan(5);

\set company careless
\i test/company.sql
SELECT cmp_ok(churn_count, '>', 150::bigint, 'as many leave where no cause matters') FROM company.health_backtest WHERE dimension = 'all';
SELECT is(predicts, 'no', 'then the score predicts nothing, and says so') FROM company.health_backtest WHERE dimension = 'all';
SELECT is_empty($$SELECT signal, predicts FROM company.health_backtest_by_signal WHERE predicts <> 'no'$$, 'nor does any signal');
SELECT is(advice, 'no signal predicts churn on the earlier test days: nothing to suggest', 'and there is nothing to suggest') FROM suggest_weights('company') LIMIT 1;
SELECT is(count(suggested_weight), 0::bigint, 'no weights at all') FROM suggest_weights('company');

SELECT * FROM finish();
ROLLBACK;
