-- Included by the tests of timelines and what is built from them, after test/psql.sql and BEGIN:
-- histories written as text, what comes out of them as text, and random terms.

-- history('2024-01-01 2024-04-01 100', '2024-04-01 - paused'): a term a text, half-open, - is open;
-- paused is a pause, free a free term that counts.
CREATE FUNCTION pg_temp.history(VARIADIC terms text[]) RETURNS mrr_timeline LANGUAGE sql AS $$
    SELECT mrr_timeline_agg(part[1]::date, nullif(part[2], '-')::date, CASE WHEN part[3] NOT IN ('paused', 'free') THEN part[3]::numeric END, part[3] = 'paused', part[3] = 'free')
    FROM (SELECT string_to_array(term, ' ') FROM unnest(terms) AS term) AS t(part)
$$;

-- The changes of a history, a line a row: '2024-01-01 new 100: 0 to 100'.
CREATE FUNCTION pg_temp.story(history mrr_timeline, pauses_are_churn boolean DEFAULT false) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s %s: %s to %s', changed_on, movement, amount, opening, closing)
    FROM changes(history, pauses_are_churn)
$$;

-- The cells of a bridge that are not nothing, a row each.
CREATE FUNCTION pg_temp.cells(state mrr_movements, pauses_are_churn boolean DEFAULT false, gross boolean DEFAULT false)
RETURNS TABLE (period_start date, period_end date, place integer, kind text, amount numeric, count bigint) LANGUAGE sql AS $$
    SELECT period_start, period_end, c.*
    FROM movements(state, pauses_are_churn, gross) AS m,
         LATERAL (VALUES (1, 'opening', opening, opening_count), (2, 'new', new, new_count),
                         (3, 'reactivation', reactivation, reactivation_count), (4, 'resume', resume, resume_count),
                         (5, 'expansion', expansion, expansion_count), (6, 'contraction', contraction, contraction_count),
                         (7, 'pause', pause, pause_count), (8, 'churn', churn, churn_count),
                         (9, 'closing', closing, closing_count), (10, 'intra_period', intra_period, intra_period_count))
             AS c(place, kind, amount, count)
    WHERE amount <> 0 OR count <> 0
$$;

-- The same, a line a period: '2024-01-01 opening 100 (2), churn 40 (1), closing 60 (1)'.
CREATE FUNCTION pg_temp.bridge(state mrr_movements, pauses_are_churn boolean DEFAULT false, gross boolean DEFAULT false)
RETURNS SETOF text LANGUAGE sql AS $$
    SELECT m.period_start || coalesce(' ' || string_agg(format('%s %s (%s)', kind, amount, count), ', ' ORDER BY place) FILTER (WHERE place IS NOT NULL), '')
    FROM movements(state) AS m LEFT JOIN pg_temp.cells(state, pauses_are_churn, gross) AS c USING (period_start)
    GROUP BY m.period_start ORDER BY m.period_start
$$;

-- Random terms from 2021 to 2024: concurrent, abutting and with gaps, of days to years, some open,
-- some of no MRR, some credits; some paused if asked for. Amounts have six decimals.
CREATE FUNCTION pg_temp.random_terms(accounts integer, seed double precision, paused_share double precision DEFAULT 0)
RETURNS TABLE (account integer, starts date, ends date, mrr numeric, paused boolean) LANGUAGE plpgsql AS $$
DECLARE
    days integer;
BEGIN
    PERFORM setseed(seed);
    FOR i IN 1 .. accounts LOOP
        account := i;
        ends := NULL;
        FOR term IN 1 .. 1 + floor(random() * 5)::integer LOOP
            IF ends IS NULL OR random() < 0.5 THEN
                starts := date '2021-01-01' + floor(random() * 1200)::integer;
            ELSE
                starts := ends + CASE WHEN random() < 0.5 THEN 0 ELSE floor(random() * 60)::integer END;
            END IF;
            IF random() < 0.4 THEN
                starts := date_trunc('month', starts);
            END IF;
            days := CASE WHEN random() < 0.3 THEN floor(random() * 25) ELSE 30 * ceil(random() * 13) END;
            ends := CASE WHEN random() < 0.9 THEN starts + days END;
            mrr := CASE WHEN random() < 0.05 THEN 0 WHEN random() < 0.05 THEN -1 ELSE 1 END
                   * round((random() * 10 ^ (1 + 3 * random()))::numeric, 6);
            paused := random() < paused_share;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;
