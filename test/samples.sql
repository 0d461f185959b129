-- For the tests that hold of every state type: which there are, as the catalogue has it, and samples of each. A new
-- type adds a row below, and one for each further form that its states have; without one the tests fail.
CREATE VIEW state_type AS
SELECT prorettype::regtype::text AS type FROM pg_proc
WHERE pronamespace = 'csmetrics'::regnamespace AND proname = 'merge' AND prokind = 'f'
  AND proargtypes = ARRAY[prorettype, prorettype]::oidvector;

-- Accounts
SELECT setseed(0.42) \g /dev/null
-- Amounts of every size, none, and NULL. Each account is one row of every aggregate below.
CREATE FUNCTION any_amount() RETURNS numeric LANGUAGE sql VOLATILE AS $$
    SELECT CASE floor(random() * 7)
               WHEN 0 THEN NULL
               WHEN 1 THEN 0
               WHEN 2 THEN round(random()::numeric * 1000, 6)
               WHEN 3 THEN 1e12 + round(random()::numeric, 6)
               WHEN 4 THEN round(random()::numeric * -5, 2)
               ELSE floor(random() * 500)::numeric END
$$;
CREATE TABLE account AS
SELECT id, 1 + floor(random() * 5)::int AS part, id % 23 AS segment,
       any_amount() AS opening, any_amount() AS closing, any_amount() AS mrr,
       started, started + floor(random() * 700)::int AS ended, started + floor(random() * 400)::int AS renews_on,
       random() < 0.1 AS paused
FROM (SELECT id, date '2022-06-01' + floor(random() * 900)::int AS started FROM generate_series(1, 1200) AS id) AS a;
UPDATE account SET ended = NULL WHERE id % 5 = 0;
UPDATE account SET started = NULL, ended = NULL WHERE id % 31 = 0;

ALTER TABLE account ADD history mrr_timeline;
UPDATE account AS a SET history = h.history
FROM (SELECT 1 + (id - 1) / 3 AS id, mrr_timeline_agg(started, ended, mrr, paused) AS history
      FROM account GROUP BY 1) AS h
WHERE h.id = a.id OR h.id + 400 = a.id;
ALTER TABLE account ADD used activity;
UPDATE account SET used = (SELECT activity_agg(started + n * (5 + id % 7)) FROM generate_series(0, part * 9) AS n
                           WHERE (id + n) % 4 > 0);
ALTER TABLE account ADD usage feature_usage, ADD entitled text[];
UPDATE account AS a SET usage = u.usage
FROM (SELECT id / 3 AS id, feature_usage_agg('feature ' || segment, started) AS usage FROM account GROUP BY 1) AS u
WHERE a.id = u.id OR a.id = u.id + 500;
UPDATE account SET entitled = ARRAY['feature ' || part, 'feature ' || segment];
ANALYZE account;

-- Samples: the form, where a type has several, and an aggregate over the accounts.
CREATE TABLE sample (nr bigint GENERATED ALWAYS AS IDENTITY, form text, aggregate text);
INSERT INTO sample (form, aggregate) VALUES
    (NULL, $$nrr_agg(opening, closing)$$),
    (NULL, $$churn_agg(started, ended, '2023-07-01', '2024-01-01', mrr, renews_on)$$),
    (NULL, $$mrr_timeline_agg(started, ended, mrr, paused)$$),
    ('free', $$mrr_timeline_agg(started, ended, nullif(mrr, 0), paused, part > 2)$$),
    (NULL, $$mrr_movement_agg(history, '2023-01-01', '2024-02-15', 'quarter')$$),
    ('lag 3', $$mrr_movement_agg(history, '2023-01-01', '2023-08-15', 'quarter', 3)$$),
    (NULL, $$cohort_agg(history, '2022-07-01', '2024-02-15', 'month')$$),
    (NULL, $$rate_agg(closing > opening)$$),
    (NULL, $$survey_agg(CASE WHEN id % 7 > 0 THEN coalesce(closing, 'NaN') END)$$),
    (NULL, $$sbg_agg(part + id % 3, paused, id)$$),
    (NULL, $$purchase_agg(started, abs(opening))$$),
    (NULL, $$bgnbd_agg(id % 5, CASE WHEN id % 5 > 0 THEN part / 7.0 ELSE 0 END, part + id % 9)$$),
    (NULL, $$pareto_nbd_agg(id % 5, CASE WHEN id % 5 > 0 THEN part / 7.0 ELSE 0 END, part + id % 9)$$),
    (NULL, $$gamma_gamma_agg(id % 5, abs(mrr)::float8)$$),
    (NULL, $$duration_agg(started, ended, '2023-09-01', renews_on, started + id % 50)$$),
    ('weighted', $$duration_agg((ended - started) * interval '1 day', id % 3 = 0, abs(mrr))$$),
    ('competing', $$duration_agg((ended - started) * interval '1 day', id % 3 = 0, id % 3 = 1)$$),
    (NULL, $$ticket_agg(started, renews_on, ended, part, paused, segment, part::text, NULL, renews_on)$$),
    ('reopened', $$ticket_agg(started, renews_on, ended, part, paused, segment, part::text, NULL, renews_on, started + id % 9)$$),
    (NULL, $$answer_agg('nps', closing, ended, started, part::text, 0, 10, paused)$$),
    ('of tickets', $$answer_agg((ARRAY['nps', 'csat'])[1 + id % 2], closing, ended, started, part::text, 0, 10, paused, segment::text)$$),
    (NULL, $$milestone_agg(segment::text, started, ended, paused, part = 3)$$),
    (NULL, $$activity_agg(started, id % 7)$$),
    (NULL, $$active_series_agg(used, '2023-01-01', '2023-09-01')$$),
    (NULL, $$feature_usage_agg('feature ' || segment, coalesce(started, renews_on), id)$$),
    (NULL, $$adoption_agg(usage, '2023-01-01', '2024-01-01')$$),
    ('timed', $$adoption_agg(usage, '2023-01-01', '2024-01-01', entitled, started)$$),
    (NULL, $$retention_agg(used, '2022-07-01', '2024-02-15', 'quarter', 28)$$),
    (NULL, $$signal_agg(segment::text, started, closing)$$),
    (NULL, $$backtest_agg(part + segment, paused)$$),
    ('subjects', $$backtest_agg(closing::float8, paused, segment::text)$$),
    (NULL, $$health_score('part ' || part, 'signal ' || segment, mod(abs(closing), 100)::float8,
                         coalesce(abs(mod(mrr, 9)), 1)::float8, (ARRAY['renormalise', 'zero', 'veto'])[1 + id % 3],
                         id % 5 / 4.0)$$),
    (NULL, $$health_agg(mod(abs(closing), 100)::float8, mrr)$$),
    (NULL, $$health_rule_agg('part ' || part, 'signal ' || segment, id % 7, part, ARRAY[id % 3, 10]::float8[],
                            ARRAY[part, id % 50]::float8[], 'zero', id % 4, abs(closing)::float8, 49)$$);

-- With the type that the aggregate gives, and a name.
CREATE TABLE kind AS
SELECT nr, type, concat_ws(', ', type, form) AS name, aggregate
FROM sample, LATERAL (SELECT DISTINCT prorettype::regtype::text AS type FROM pg_proc
                      WHERE pronamespace = 'csmetrics'::regnamespace AND prokind = 'a'
                        AND proname = split_part(aggregate, '(', 1)) AS t;
