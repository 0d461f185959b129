\unset ECHO
\i test/psql.sql
-- Figures of two shards, asked by postgres_fdw, are those of one machine, byte for byte; what is shipped is states.
BEGIN;
SELECT plan(14);
\getenv shards SHARDS
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    lines text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
        lines := lines || line || E'\n';
    END LOOP;
    RETURN lines;
END
$$;
CREATE FUNCTION pg_temp.digest(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    digest text;
BEGIN
    EXECUTE format('SELECT md5(string_agg(q::text, E''\n'' ORDER BY q::text COLLATE "C")) FROM (%s) q', query) INTO digest;
    RETURN digest;
END
$$;

-- One machine
ANALYZE subscription;
CREATE VIEW history AS
SELECT account_id, segment, mrr_timeline_agg(starts_on, ends_on, mrr) AS history FROM subscription GROUP BY account_id, segment;
CREATE VIEW movements_by_segment AS
SELECT segment, mrr_movement_agg(history, '2023-01-01', '2026-01-01', 'month') AS movements FROM history GROUP BY segment;

-- Two shards, as doc/scale.md has them
SELECT format('CREATE SERVER shard_%1$s FOREIGN DATA WRAPPER postgres_fdw
               OPTIONS (host %2$L, port ''5432'', dbname ''shards'', extensions ''csmetrics'', async_capable ''true'')', n, :'shards' || '/shard_' || n)
FROM generate_series(1, 2) n \gexec
SELECT format('CREATE USER MAPPING FOR CURRENT_USER SERVER shard_%s OPTIONS (user ''postgres'')', n) FROM generate_series(1, 2) n \gexec
SELECT format('CREATE SCHEMA shard_%1$s; IMPORT FOREIGN SCHEMA public LIMIT TO (subscription, movements_by_segment) FROM SERVER shard_%1$s INTO shard_%1$s', n)
FROM generate_series(1, 2) n \gexec
CREATE SCHEMA fleet;
CREATE VIEW fleet.movements_by_segment AS
SELECT segment, rollup(movements) AS movements
FROM (SELECT * FROM shard_1.movements_by_segment UNION ALL SELECT * FROM shard_2.movements_by_segment) shard
GROUP BY segment;
-- Rows of accounts, in the partitions that the shards are
CREATE TABLE fleet.subscription (LIKE subscription) PARTITION BY RANGE (account_id);
CREATE FOREIGN TABLE fleet.subscription_1 PARTITION OF fleet.subscription FOR VALUES FROM (MINVALUE) TO (1501) SERVER shard_1 OPTIONS (schema_name 'public', table_name 'subscription');
CREATE FOREIGN TABLE fleet.subscription_2 PARTITION OF fleet.subscription FOR VALUES FROM (1501) TO (MAXVALUE) SERVER shard_2 OPTIONS (schema_name 'public', table_name 'subscription');
ANALYZE fleet.subscription;

SELECT is((SELECT count(*) FROM fleet.subscription), (SELECT count(*) FROM subscription), 'the shards have all rows');
SELECT cmp_ok((SELECT min(c) FROM (SELECT count(*) AS c FROM shard_1.subscription UNION ALL SELECT count(*) FROM shard_2.subscription) n), '>', 5000::bigint, 'each of them its half');

-- States of views on the shards, rolled up
SELECT is(pg_temp.digest('TABLE fleet.movements_by_segment'), pg_temp.digest('TABLE movements_by_segment'), 'states rolled up from the shards are those of one machine');
\set bridge 'SELECT segment, m.* FROM %smovements_by_segment, LATERAL movements(movements) m'
SELECT cmp_ok(count(*), '>=', 108::bigint, 'the bridge has months of each segment') FROM movements_by_segment, LATERAL movements(movements) m;
SELECT is(pg_temp.digest(format(:'bridge', 'fleet.')), pg_temp.digest(format(:'bridge', '')), 'and so is the bridge that is read from them');
SELECT isnt(pg_temp.digest('TABLE shard_1.movements_by_segment'), pg_temp.digest('TABLE movements_by_segment'), 'one shard alone gives others');
SELECT is(pg_temp.digest('SELECT rollup(movements) FROM fleet.movements_by_segment'), pg_temp.digest('SELECT rollup(movements) FROM movements_by_segment'), 'segments roll up further');
SELECT is((SELECT count(*) FROM regexp_matches(pg_temp.plan_of('TABLE fleet.movements_by_segment'), 'Remote SQL: SELECT segment, movements FROM public\.movements_by_segment', 'g')), 2::bigint,
          'a row a segment is all that either shard is asked for');

-- Aggregates that are shipped: over rows, and over states
SELECT matches(pg_temp.plan_of('SELECT rollup(movements) FROM shard_1.movements_by_segment'), 'Remote SQL: SELECT csmetrics\.rollup\(movements\) FROM public\.movements_by_segment', 'a rollup over one shard runs there');
\set histories 'SELECT account_id, mrr_timeline_agg(starts_on, ends_on, mrr) AS history FROM fleet.subscription GROUP BY account_id'
SET LOCAL enable_partitionwise_aggregate = on;
SELECT is((SELECT count(*) FROM regexp_matches(pg_temp.plan_of(:'histories'), 'Remote SQL: SELECT account_id, csmetrics\.mrr_timeline_agg\(starts_on, ends_on, mrr\) FROM public\.subscription GROUP BY 1', 'g')), 2::bigint,
          'histories of accounts are made on the shards, partition by partition');
SELECT is(pg_temp.digest(:'histories'), pg_temp.digest('SELECT account_id, history FROM history'), 'and are the same bytes');
-- What is not shipped, and why there is a view on the shards
SELECT unalike(pg_temp.plan_of(format('SELECT mrr_movement_agg(history, ''2023-01-01'', ''2026-01-01'', ''month'') FROM (%s) h', :'histories')), '%Remote SQL: %mrr_movement_agg%',
               'an aggregate over an aggregate is not shipped');
SELECT is(pg_temp.digest(format('SELECT mrr_movement_agg(history, ''2023-01-01'', ''2026-01-01'', ''month'') FROM (%s) h', :'histories')), pg_temp.digest('SELECT rollup(movements) FROM movements_by_segment'),
          'though its figures are the same');
ALTER SERVER shard_1 OPTIONS (DROP extensions);
SELECT unalike(pg_temp.plan_of('SELECT rollup(movements) FROM shard_1.movements_by_segment'), '%Remote SQL: %rollup%', 'nor is one of an extension that the server is not known to have');
SELECT * FROM finish();
ROLLBACK;
