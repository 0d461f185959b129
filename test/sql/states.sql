\unset ECHO
\i test/psql.sql
-- Every state type: split, merged, stored, shipped, joined and moved over windows, facts stay the same bytes.
BEGIN;
\i test/samples.sql
SELECT plan((19 + 16 * count(*))::int) FROM kind;

SELECT is_empty('SELECT type FROM state_type EXCEPT SELECT type FROM kind', 'each state type has a sample');

-- A query of one state, read as its text and its binary form.
CREATE FUNCTION reading(kind, query text) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT x::text || %s_send(x)::text FROM (%s) AS q(x)', $1.type, query)
$$;
CREATE FUNCTION value_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE value text;
BEGIN
    EXECUTE query INTO value;
    RETURN value;
END
$$;
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; lines text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP lines := lines || line || E'\n'; END LOOP;
    RETURN lines;
END
$$;
CREATE FUNCTION whole(kind) RETURNS text LANGUAGE sql AS $$ SELECT format('SELECT %s FROM account', $1.aggregate) $$;
CREATE FUNCTION parts(kind) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT part, %s AS state FROM account GROUP BY part', $1.aggregate)
$$;
-- The same facts twice: the same by =, by hash, by text, by bytes.
CREATE FUNCTION same(kind, a text, b text, description text) RETURNS text LANGUAGE sql AS $$
    SELECT ok(value_of(format('SELECT a = b AND NOT a <> b AND state_cmp(a, b) = 0 AND state_hash(a) = state_hash(b)
                                      AND a::text = b::text AND %1$s_send(a) = %1$s_send(b)
                               FROM (%2$s) AS a(a), (%3$s) AS b(b)', $1.type, a, b))::boolean,
              $1.name || ': ' || description)
$$;

SELECT isnt(value_of(reading(k, whole(k))), value_of(reading(k, whole(k) || ' WHERE id = 1')), name || ': the whole is more than its first row') FROM kind AS k ORDER BY nr;

-- Split and put together again.
SELECT same(k, whole(k), format(
           'SELECT merge(merge(merge(merge(s[1], s[2]), s[3]), s[4]), s[5]) FROM (SELECT array_agg(state ORDER BY random()) AS s FROM (%s) AS p) AS q',
           parts(k)),
       'five random parts merged in random order are the whole')
FROM kind AS k ORDER BY nr;

SELECT same(k, whole(k), format('SELECT rollup(state ORDER BY random()) FROM (%s) AS p', parts(k)), 'a rollup of the parts is the whole')
FROM kind AS k ORDER BY nr;

SELECT same(k, format('SELECT %s FROM account WHERE part < 3', aggregate),
       format('SELECT unmerge(merge(a, b), b)
               FROM (SELECT %1$s FROM account WHERE part < 3) AS a(a), (SELECT %1$s FROM account WHERE part >= 3) AS b(b)', aggregate),
       'unmerge is the inverse of merge')
FROM kind AS k ORDER BY nr;

-- Out and in again.
SELECT same(k, whole(k), format('SELECT x::text::%s FROM (%s) AS q(x)', type, whole(k)), 'the text form comes back the same')
FROM kind AS k ORDER BY nr;

-- COPY reads the file and the server deletes it.
CREATE FUNCTION through_binary_copy(kind) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    path text := current_setting('data_directory') || '/csmetrics_states.copy';
BEGIN
    EXECUTE format('CREATE TABLE shipped_%s (state %s)', $1.nr, $1.type);
    EXECUTE format('COPY (%s) TO %L WITH (FORMAT binary)', whole($1), path);
    EXECUTE format('COPY shipped_%s FROM PROGRAM %L WITH (FORMAT binary)', $1.nr, format('cat "%1$s" && rm "%1$s"', path));
    RETURN format('SELECT state FROM shipped_%s', $1.nr);
END
$$;
SELECT same(k, whole(k), through_binary_copy(k), 'COPY in binary brings it back the same') FROM kind AS k ORDER BY nr;

-- Plans of partial aggregates.
SET LOCAL max_parallel_workers_per_gather = 0;
CREATE TABLE expected AS SELECT nr, value_of(reading(k, whole(k))) AS bytes FROM kind AS k;

SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_leader_participation = off;
SELECT matches(plan_of(reading(k, whole(k))), 'Finalize Aggregate.*Gather.*Partial Aggregate', name || ': the plan is parallel')
FROM kind AS k ORDER BY nr;
SELECT ok(value_of(reading(k, whole(k))) = bytes, k.name || ': a parallel plan gives the same bytes')
FROM kind AS k JOIN expected USING (nr) ORDER BY nr;

SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL enable_partitionwise_aggregate = on;
CREATE TABLE account_by_hash (LIKE account) PARTITION BY HASH (id);
SELECT format('CREATE TABLE account_by_hash_%1$s PARTITION OF account_by_hash FOR VALUES WITH (MODULUS 3, REMAINDER %1$s)', i)
FROM generate_series(0, 2) AS i \gexec
INSERT INTO account_by_hash SELECT * FROM account;
ANALYZE account_by_hash;
CREATE FUNCTION whole_by_hash(kind) RETURNS text LANGUAGE sql AS $$ SELECT replace(whole($1), 'FROM account', 'FROM account_by_hash') $$;
SELECT matches(plan_of(reading(k, whole_by_hash(k))), 'Finalize Aggregate.*Append.*Partial Aggregate.*Partial Aggregate',
               name || ': the plan aggregates each partition')
FROM kind AS k ORDER BY nr;
SELECT ok(value_of(reading(k, whole_by_hash(k))) = bytes, k.name || ': partitions give the same bytes')
FROM kind AS k JOIN expected USING (nr) ORDER BY nr;

-- States as keys. Each table holds the different states of small groups, three times.
SELECT format('CREATE TABLE keys_%1$s AS SELECT state, form
               FROM (SELECT DISTINCT ON (form) state, state::text AS form FROM (SELECT %2$s AS state FROM account GROUP BY segment) AS g ORDER BY form) AS s, generate_series(1, 3)', nr, aggregate)
FROM kind ORDER BY nr \gexec

-- With only these kinds of plan allowed, does the query have that plan and that result?
CREATE FUNCTION under_plan(allowed text[], shape text, query text, result text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    setting text;
    answer boolean;
BEGIN
    FOREACH setting IN ARRAY ARRAY['hashagg', 'hashjoin', 'mergejoin', 'nestloop', 'seqscan', 'indexscan', 'indexonlyscan', 'bitmapscan'] LOOP
        PERFORM set_config('enable_' || setting, (setting = ANY (allowed))::text, true);
    END LOOP;
    answer := plan_of(query) ~ shape AND value_of(query) = result;
    FOREACH setting IN ARRAY ARRAY['hashagg', 'hashjoin', 'mergejoin', 'nestloop', 'seqscan', 'indexscan', 'indexonlyscan', 'bitmapscan'] LOOP
        PERFORM set_config('enable_' || setting, 'on', true);
    END LOOP;
    RETURN answer;
END
$$;

SELECT ok(bool_and(under_plan(ARRAY[agg, 'seqscan'], shape,
              format('SELECT string_agg(state::text, '' '' ORDER BY state::text COLLATE "C") FROM (SELECT %s FROM keys_%s %s) AS s',
                     CASE clause WHEN '' THEN 'DISTINCT state' ELSE 'state' END, nr, clause),
              value_of(format('SELECT string_agg(form, '' '' ORDER BY form COLLATE "C") FROM (SELECT DISTINCT form FROM keys_%s) AS f', nr)))),
          name || ': GROUP BY and DISTINCT find each state once, by hash and by sort')
FROM kind, (VALUES ('hashagg', 'HashAggregate'), ('none', E'(Group|Unique)\n')) AS p(agg, shape), (VALUES (''), ('GROUP BY state')) AS c(clause)
GROUP BY nr, name ORDER BY nr;

SELECT ok(value_of(format('SELECT bool_and(ordered) AND count(*) FILTER (WHERE begins) = count(DISTINCT form)
                           FROM (SELECT form, coalesce(lag(state) OVER sorted <= state AND (lag(state) OVER sorted < state) = (lag(state) OVER sorted <> state), true) AS ordered,
                                        lag(form) OVER sorted IS DISTINCT FROM form AS begins
                                 FROM keys_%s WINDOW sorted AS (ORDER BY state)) AS s', nr))::boolean,
          name || ': ORDER BY is total')
FROM kind ORDER BY nr;

SELECT ok(under_plan(ARRAY['hashjoin', 'seqscan'], 'Hash Join', query, pairs) AND under_plan(ARRAY['mergejoin', 'seqscan'], 'Merge Join', query, pairs),
          name || ': hash joins and merge joins find equal states')
FROM kind, LATERAL (SELECT format('SELECT count(*) FROM keys_%1$s AS a JOIN keys_%1$s AS b USING (state)', nr) AS query,
                           value_of(format('SELECT sum(n * n) FROM (SELECT count(*) AS n FROM keys_%s GROUP BY form) AS f', nr)) AS pairs) AS j
ORDER BY nr;

SELECT format('CREATE INDEX keys_%1$s_%2$s ON keys_%1$s USING %2$s (state)', nr, method)
FROM kind, (VALUES ('btree'), ('hash')) AS m(method) ORDER BY nr, method \gexec
CREATE FUNCTION looked_up(kind, method text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    other text := format('keys_%s_%s', $1.nr, CASE method WHEN 'hash' THEN 'btree' ELSE 'hash' END);
    answer boolean := true;
    key text;
BEGIN
    BEGIN
        EXECUTE 'DROP INDEX ' || other;
        FOR key IN EXECUTE format('SELECT DISTINCT form FROM keys_%s', $1.nr) LOOP
            answer := answer AND under_plan(ARRAY['indexscan'], format('Index Scan using keys_%s_%s', $1.nr, method),
                                            format('SELECT string_agg(form, ''/'') FROM keys_%s WHERE state = %L', $1.nr, key),
                                            concat_ws('/', key, key, key));
        END LOOP;
        RAISE EXCEPTION USING ERRCODE = 'P0099'; -- brings the other index back
    EXCEPTION WHEN SQLSTATE 'P0099' THEN
        RETURN answer;
    END;
END
$$;
SELECT ok(looked_up(k, 'btree') AND looked_up(k, 'hash'), name || ': btree and hash indexes find every state') FROM kind AS k ORDER BY nr;

-- Facts that do not belong together stay apart, as states and as rows of one group.
CREATE TABLE foreign_state (name text, own text, other text, rows text);
INSERT INTO foreign_state VALUES
    ('churn', 'churn_agg(started, ended, ''2023-07-01'', ''2024-01-01'')', 'churn_agg(started, ended, ''2023-07-01'', ''2024-01-02'')',
              'churn_agg(started, ended, ''2023-07-01'', CASE WHEN id = 7 THEN date ''2024-01-02'' ELSE ''2024-01-01'' END)'),
    ('mrr_timeline', 'mrr_timeline_agg(started, ended, 1)', 'mrr_timeline_agg(started, 1)', NULL),
    ('mrr_movements', 'mrr_movement_agg(history, ''2023-01-01'', ''2024-01-01'', ''month'')', 'mrr_movement_agg(history, ''2023-02-01'', ''2024-01-01'', ''month'')',
              'mrr_movement_agg(history, ''2023-01-01'', ''2024-01-01'', CASE id WHEN 7 THEN ''week'' ELSE ''month'' END)'),
    ('mrr_movements, lag', 'mrr_movement_agg(history, ''2023-02-01'', ''2024-01-01'', ''month'', 2)', 'mrr_movement_agg(history, ''2023-03-01'', ''2024-01-01'', ''month'', 3)',
              'mrr_movement_agg(history, CASE id WHEN 7 THEN date ''2023-02-01'' ELSE ''2023-03-01'' END, ''2024-01-01'', ''month'', CASE id WHEN 7 THEN 2 ELSE 3 END)'),
    ('adoption', 'adoption_agg(usage, ''2023-01-01'', ''2024-01-01'')', 'adoption_agg(usage, ''2023-01-01'', ''2024-01-02'')',
              'adoption_agg(usage, ''2023-01-01'', CASE WHEN id = 7 THEN date ''2024-01-02'' ELSE ''2024-01-01'' END)'),
    ('adoption, timed', 'adoption_agg(usage, ''2023-01-01'', ''2024-01-01'', entitled, started)', 'adoption_agg(usage, ''2023-01-01'', ''2024-01-01'', entitled)',
              'adoption_agg(usage, CASE WHEN id = 7 THEN date ''2023-01-02'' ELSE ''2023-01-01'' END, ''2024-01-01'', entitled, started)'),
    ('cohorts', 'cohort_agg(history, ''2023-01-01'', ''2024-01-01'', ''month'')', 'cohort_agg(history, ''2023-01-01'', ''2024-01-01'', ''quarter'')',
              'cohort_agg(history, CASE id WHEN 7 THEN date ''2023-01-02'' ELSE ''2023-01-01'' END, ''2024-01-01'', ''month'')'),
    ('usage_retention', 'retention_agg(used, ''2023-01-01'', ''2024-01-01'', ''month'', 28)', 'retention_agg(used, ''2023-01-01'', ''2024-01-01'', ''month'', 29)',
              'retention_agg(used, ''2023-01-01'', ''2024-01-01'', ''month'', CASE id WHEN 7 THEN 7 ELSE 8 END)');
SELECT throws_ok(format('SELECT merge(a, b) FROM (SELECT %s FROM account) AS a(a), (SELECT %s FROM account) AS b(b)', own, other), '22023', NULL,
                 name || ': states of different arguments do not merge')
FROM foreign_state ORDER BY name;
SELECT throws_ok(format('SELECT %s FROM account', rows), '22023', NULL, name || ': rows of different arguments do not aggregate')
FROM foreign_state WHERE rows IS NOT NULL ORDER BY name;

-- Long states are stored compressed, or out of line.
CREATE TABLE long (nr int, packed mrr_movements, apart mrr_movements);
ALTER TABLE long ALTER packed SET STORAGE extended, ALTER apart SET STORAGE external;
INSERT INTO long SELECT i, m, m FROM generate_series(0, 1) AS i, LATERAL
    (SELECT mrr_movement_agg(history, '2022-06-01', '2024-06-01', 'day', 2) AS m FROM account WHERE id % 2 = i) AS s;
SELECT ok(bool_and(pg_column_size(packed) * 3 < length(mrr_movements_send(packed)) AND pg_column_size(apart) > 500000),
          'a long state is stored compressed, or out of line')
FROM long;
SELECT ok((SELECT bool_and(packed = m AND apart = m AND apart::text = m::text AND packed::text = m::text)
           FROM long, LATERAL (SELECT mrr_movement_agg(history, '2022-06-01', '2024-06-01', 'day', 2) AS m FROM account WHERE id % 2 = nr) AS s),
          'a stored state reads the same');
SELECT ok((SELECT merge(a.packed, b.apart) = mrr_movement_agg(history, '2022-06-01', '2024-06-01', 'day', 2)
           FROM long AS a, long AS b, account WHERE a.nr = 0 AND b.nr = 1 GROUP BY a.packed, b.apart),
          'stored states merge to the whole');

-- Frames that move: rows enter and leave, whole rows of NULL among them, and frames run empty.
ALTER TABLE account ADD hole boolean NOT NULL DEFAULT false;
UPDATE account SET opening = NULL, closing = NULL, started = NULL, renews_on = NULL, history = NULL, usage = NULL, used = NULL, mrr = NULL, hole = true WHERE id BETWEEN 20 AND 40 AND id <> 30;
CREATE FUNCTION moves(kind, aggregate text, source text) RETURNS boolean LANGUAGE sql AS $$
    SELECT value_of(format(
        'SELECT bool_and(near IS NOT DISTINCT FROM (SELECT %1$s FROM %2$s AS r WHERE r.id BETWEEN w.id - 3 AND w.id)
                         AND past IS NOT DISTINCT FROM (SELECT %1$s FROM %2$s AS r WHERE r.id BETWEEN w.id - 9 AND w.id - 7))
         FROM (SELECT id, %1$s OVER (ORDER BY id ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) AS near,
                      %1$s OVER (ORDER BY id ROWS BETWEEN 9 PRECEDING AND 7 PRECEDING) AS past
               FROM %2$s AS s) AS w', aggregate, source))::boolean
$$;
SELECT ok(moves(k, aggregate, '(SELECT * FROM account WHERE id <= 120)'), name || ': a moving frame equals its rows aggregated')
FROM kind AS k ORDER BY nr;
SELECT ok(moves(k, 'rollup(state)', format('(SELECT id, CASE WHEN NOT bool_or(hole) THEN %s END AS state FROM account WHERE id <= 120 GROUP BY id)', aggregate)),
          name || ': a moving rollup equals its states rolled up')
FROM kind AS k ORDER BY nr;

SELECT * FROM finish();
ROLLBACK;
