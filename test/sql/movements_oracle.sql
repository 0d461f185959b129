\unset ECHO
\i test/psql.sql
-- Bridges, windows, retention and flows of random accounts against plain SQL, which knows nothing of
-- timelines: it looks up each account on each day.
BEGIN;
SELECT plan(98);
\i test/timelines.sql

CREATE TEMP TABLE term AS SELECT * FROM pg_temp.random_terms(400, 0.7, 0.12);
CREATE TEMP TABLE history AS SELECT account, mrr_timeline_agg(starts, ends, mrr, paused) AS history FROM term GROUP BY account;

CREATE TEMP TABLE config (config text PRIMARY KEY, from_date date, to_date date, period text, step interval, lag integer);
INSERT INTO config VALUES
    ('months',              '2021-06-01', '2024-07-15', 'month',   '1 month',  1),
    ('months from a 31st',  '2022-01-31', '2024-01-31', 'month',   '1 month',  1),
    ('weeks',               '2022-01-05', '2023-01-01', 'week',    '7 days',   1),
    ('quarters',            '2021-02-01', '2024-11-01', 'quarter', '3 months', 1),
    ('days',                '2023-02-20', '2023-03-20', 'day',     '1 day',    1),
    ('years by month',      '2022-06-01', '2024-08-01', 'month',   '1 month',  12),
    ('years by month-end',  '2022-03-31', '2024-05-31', 'month',   '1 month',  12),
    ('years by quarter',    '2022-01-01', '2024-05-01', 'quarter', '3 months', 4);
CREATE TEMP TABLE state AS
    SELECT config, mrr_movement_agg(history, from_date, to_date, period, lag) AS state FROM config, history GROUP BY config;

-- The oracle. An account on a day: its MRR; held when that is none, and every day since the last
-- day with MRR was paused.
CREATE TEMP TABLE daily AS
    WITH day AS (
        SELECT history.account, day::date, greatest(coalesce(sum(mrr) FILTER (WHERE NOT paused), 0), 0) AS mrr, coalesce(bool_or(paused), false) AS paused
        FROM history CROSS JOIN generate_series(date '2020-12-01', '2024-11-01', interval '1 day') AS day
        LEFT JOIN term ON term.account = history.account AND starts <= day AND coalesce(ends > day, true)
        GROUP BY history.account, day),
    past AS (
        SELECT *, max(day) FILTER (WHERE mrr > 0) OVER w AS last_paid, max(day) FILTER (WHERE mrr = 0 AND NOT paused) OVER w AS last_idle
        FROM day WINDOW w AS (PARTITION BY account ORDER BY day))
    SELECT account, day, mrr, last_paid, mrr = 0 AND last_paid IS NOT NULL AND coalesce(last_idle < last_paid, true) AS held FROM past;
ALTER TABLE daily ADD PRIMARY KEY (account, day);
ANALYZE daily;

-- The windows, and the periods they are made of. Number k ends with the k-th period from from_date.
CREATE TEMP TABLE span AS
    SELECT config, lag, span, k, (from_date + (k - span + 1) * step)::date AS starts, least((from_date + (k + 1) * step)::date, to_date) AS ends,
           (from_date + (k + 1) * step)::date <= to_date AS complete
    FROM config, LATERAL (SELECT lag UNION SELECT 1) AS s(span), generate_series(span - lag, 1000) AS k
    WHERE from_date + k * step < to_date;

-- What each account does in each
CREATE TEMP TABLE movement AS
    SELECT config, lag, span, k, starts, ends, complete, account, o.mrr AS opening, c.mrr AS closing, kind,
           CASE kind WHEN 'lapse' THEN (SELECT mrr FROM daily AS d WHERE d.account = o.account AND d.day = o.last_paid)
                     WHEN 'intra_period' THEN (SELECT mrr FROM daily AS d WHERE d.account = o.account AND d.day = c.last_paid)
                     ELSE abs(o.mrr - c.mrr) END AS amount
    FROM span JOIN daily AS o ON o.day = starts - 1 JOIN daily AS c USING (account),
         LATERAL (SELECT CASE WHEN o.mrr > 0 AND c.mrr > o.mrr THEN 'expansion'
                              WHEN c.mrr > 0 AND c.mrr < o.mrr THEN 'contraction'
                              WHEN o.mrr > 0 AND c.mrr = 0 THEN CASE WHEN c.held THEN 'pause' ELSE 'churn' END
                              WHEN o.mrr = 0 AND c.mrr > 0 THEN
                                   CASE WHEN o.held THEN 'resume' WHEN o.last_paid IS NULL THEN 'new' ELSE 'reactivation' END
                              WHEN o.held AND c.mrr = 0 AND NOT c.held THEN 'lapse'
                              WHEN c.mrr = 0 AND c.last_paid >= starts AND span = 1 THEN 'intra_period' END) AS m(kind)
    WHERE c.day = ends - 1;

-- As the reader is asked for it: a lapse is churn and takes back a pause; or pauses are churn
CREATE TEMP TABLE shown AS
    SELECT config, pauses_are_churn, starts, ends, account, opening, closing, s.kind, s.amount, s.count
    FROM movement CROSS JOIN (VALUES (false), (true)) AS p(pauses_are_churn), LATERAL (VALUES
        (CASE WHEN kind <> 'lapse' AND NOT pauses_are_churn THEN kind END, amount, 1),
        (CASE WHEN kind = 'lapse' AND NOT pauses_are_churn THEN 'churn' END, amount, 1),
        (CASE WHEN kind = 'lapse' AND NOT pauses_are_churn THEN 'pause' END, -amount, -1),
        (CASE WHEN kind <> 'lapse' AND pauses_are_churn THEN CASE kind WHEN 'pause' THEN 'churn' WHEN 'resume' THEN 'reactivation' ELSE kind END END, amount, 1),
        ('opening', opening, (opening > 0)::integer), ('closing', closing, (closing > 0)::integer)) AS s(kind, amount, count)
    WHERE span = lag AND s.kind IS NOT NULL;

SELECT ok(count(*) > 20, format('the data has what is to be tested: %s', kind)) FROM movement
WHERE kind IS NOT NULL AND span = 1 GROUP BY kind ORDER BY kind;

CREATE FUNCTION pg_temp.same(found text, expected text, config text, pauses_are_churn boolean, description text) RETURNS text LANGUAGE sql AS $$
    SELECT is_empty(format('((%1$s) EXCEPT (%2$s)) UNION ALL ((%2$s) EXCEPT (%1$s))', found, expected),
                    format('%s%s: %s', config, CASE WHEN pauses_are_churn THEN ', pauses as churn' END, description))
$$;

SELECT pg_temp.same(
    format($$SELECT period_start, period_end, kind, amount, count FROM state, pg_temp.cells(state, %L) WHERE config = %L$$, pauses_are_churn, config),
    format($$SELECT starts, ends, kind, sum(amount), sum(count) FROM shown WHERE pauses_are_churn = %L AND config = %L
             GROUP BY starts, ends, kind HAVING sum(amount) <> 0 OR sum(count) <> 0$$, pauses_are_churn, config),
    config, pauses_are_churn, 'every amount and count of the bridge')
FROM config, (VALUES (false), (true)) AS p(pauses_are_churn);
SELECT pg_temp.same(
    format($$SELECT account, c.* FROM config, history, changes(history, from_date, to_date, period, lag, %L) AS c WHERE config = %L$$, pauses_are_churn, config),
    format($$SELECT account, starts, ends, kind, opening, closing, amount FROM shown WHERE kind NOT IN ('opening', 'closing') AND pauses_are_churn = %L AND config = %L$$, pauses_are_churn, config),
    config, pauses_are_churn, 'the changes of every account')
FROM config, (VALUES (false), (true)) AS p(pauses_are_churn);
SELECT pg_temp.same(
    format($$SELECT c.period_start, c.period_end, movement, sum(amount), sum(sign(amount))::bigint FROM config, history, changes(history, from_date, to_date, period, lag, %L) AS c
             WHERE config = %L GROUP BY 1, 2, 3 HAVING sum(amount) <> 0 OR sum(sign(amount)) <> 0$$, pauses_are_churn, config),
    format($$SELECT period_start, period_end, kind, amount, count FROM state, pg_temp.cells(state, %L) WHERE kind NOT IN ('opening', 'closing') AND config = %L$$, pauses_are_churn, config),
    config, pauses_are_churn, 'changes summed over accounts are the bridge')
FROM config, (VALUES (false), (true)) AS p(pauses_are_churn);
SELECT is_empty(format($$
    SELECT * FROM state, LATERAL (SELECT *, lead(opening) OVER w AS next_opening, lead(opening_count) OVER w AS next_count
                                  FROM movements(state, %L, %L) WINDOW w AS (ORDER BY period_start)) AS m
    WHERE opening + new + reactivation + resume + expansion - contraction - pause - churn <> closing
       OR opening_count + new_count + reactivation_count + resume_count - pause_count - churn_count <> closing_count
       OR (config NOT LIKE 'years%%' AND (closing <> next_opening OR closing_count <> next_count))$$, pauses_are_churn, gross),
    format('every bridge balances, and closes where the next opens (pauses as churn: %s, gross: %s)', pauses_are_churn, gross))
FROM (VALUES (false), (true)) AS p(pauses_are_churn), (VALUES (false), (true)) AS g(gross);

-- Ratios, point to point
CREATE TEMP TABLE ratio AS
    SELECT config, starts, ends, complete,
           sum(closing) FILTER (WHERE opening > 0) / nullif(sum(opening), 0) AS nrr,
           sum(least(opening, closing)) / nullif(sum(opening), 0) AS grr,
           count(*) FILTER (WHERE kind IN ('churn', 'lapse')) / nullif(count(*) FILTER (WHERE opening > 0), 0)::numeric AS logo_churn,
           coalesce(sum(amount) FILTER (WHERE kind IN ('churn', 'lapse')), 0) / nullif(sum(opening), 0) AS revenue_churn,
           nrr_agg(opening, closing) AS flow
    FROM movement WHERE span = lag GROUP BY config, starts, ends, complete;
SELECT ok((SELECT max(greatest(abs(m.nrr - r.nrr::float8), abs(m.grr - r.grr::float8), abs(m.logo_churn - r.logo_churn::float8),
                               abs(m.revenue_churn - r.revenue_churn::float8))) < 1e-12
                  AND every(m.complete = r.complete AND (m.nrr IS NULL) = (r.nrr IS NULL))
                  AND count(*) = (SELECT count(*) FROM span WHERE span.config = state.config AND span = lag)
           FROM movements(state) AS m JOIN ratio AS r ON (r.config, r.starts, r.ends) = (state.config, m.period_start, m.period_end)),
          config || ': nrr, grr, logo_churn and revenue_churn to 1e-12')
FROM state;
SELECT is((SELECT array_agg(flow ORDER BY period_start)::text FROM revenue_flows(state)),
          (SELECT array_agg(flow ORDER BY starts)::text FROM ratio WHERE ratio.config = state.config),
          config || ': revenue_flows are nrr_agg of plain rows, byte for byte')
FROM state;
SELECT results_eq('SELECT nrr_interval(f.flow) FROM state, revenue_flows(state) AS f ORDER BY config, period_start',
                  'SELECT nrr_interval(flow) FROM ratio ORDER BY config, starts', 'and give the same intervals');

-- Retention over windows from the rows of their periods
CREATE TEMP TABLE retained AS
    WITH period AS (
        SELECT config, lag, k, ends, sum(opening) AS opening,
               sum(closing - opening) FILTER (WHERE opening > 0) AS gained, sum(least(closing - opening, 0)) AS lost
        FROM movement WHERE span = 1 AND lag > 1 GROUP BY config, lag, k, ends)
    SELECT p.config, p.ends, method, nrr, grr
    FROM period AS p, LATERAL (
        SELECT (array_agg(opening ORDER BY k))[1] AS first, sum(opening) AS openings, sum(gained) AS gained, sum(lost) AS lost,
               exp(sum(ln((opening + gained) / opening))) AS nrr_product, exp(sum(ln((opening + lost) / opening))) AS grr_product
        FROM period AS q WHERE q.config = p.config AND q.k BETWEEN p.k - p.lag + 1 AND p.k) AS w, LATERAL (VALUES
        ('movement', (first + w.gained) / first, (first + w.lost) / first), ('chained', nrr_product, grr_product),
        ('ttm_avg', (openings + w.gained) / openings, (openings + w.lost) / openings)) AS m(method, nrr, grr)
    WHERE p.k >= 0
    UNION ALL SELECT config, ends, 'cohort', nrr, grr FROM ratio;
SELECT ok((SELECT max(greatest(abs(r.nrr - e.nrr::float8), abs(r.grr - e.grr::float8))) < 1e-12 AND count(*) = (SELECT count(*) FROM movements(state)) AND every(r.method = m.method)
           FROM retention(state, m.method) AS r JOIN retained AS e ON e.config = state.config AND e.ends = r.period_end AND e.method = m.method),
          config || ': retention by ' || m.method)
FROM state JOIN config USING (config), (VALUES ('cohort'), ('movement'), ('chained'), ('ttm_avg')) AS m(method) WHERE lag > 1;

-- The single periods of a state, from where its first window starts
SELECT is(CASE WHEN config <> 'years by month-end' THEN single_periods(state) END,
          CASE WHEN config <> 'years by month-end' THEN
               (SELECT mrr_movement_agg(history, (from_date - (lag - 1) * step)::date, to_date, period) FROM history) END,
          config || ': its single periods are those of a state without lag over the longer range, byte for byte')
FROM state JOIN config USING (config);

SELECT * FROM finish();
ROLLBACK;
