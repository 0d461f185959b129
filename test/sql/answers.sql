\unset ECHO
\i test/psql.sql
-- Survey histories: what was asked and answered by when, scales, scores that are none, and what is refused.
BEGIN;
SELECT plan(91);

-- answers('kind score responded_at sent_at respondent lowest highest higher_is_better ticket', …): - is NULL, and so is the rest that is left away.
CREATE FUNCTION pg_temp.answers(VARIADIC lines text[]) RETURNS answers LANGUAGE sql AS $$
    SELECT answer_agg(part[1], nullif(part[2], '-')::numeric, nullif(part[3], '-')::timestamptz, nullif(part[4], '-')::timestamptz, nullif(part[5], '-'),
                      nullif(part[6], '-')::numeric, nullif(part[7], '-')::numeric, nullif(part[8], '-')::boolean, nullif(part[9], '-'))
    FROM (SELECT string_to_array(line, ' ') FROM unnest(lines) AS line) AS t(part)
$$;
-- Its facts as text, in an order of their own: kind|score|responded|sent|lowest|highest|higher_is_better.
CREATE FUNCTION pg_temp.story(history answers, as_of timestamptz DEFAULT 'infinity') RETURNS text[] LANGUAGE sql AS $$
    SELECT ARRAY(SELECT concat_ws('|', kind, coalesce(score::text, '-'), coalesce(responded_at::date::text, '-'), coalesce(sent_at::date::text, '-'),
                                  lowest, highest, higher_is_better::text)
                 FROM answer_facts(history, as_of) ORDER BY 1)
$$;

-- What is kept
SELECT is(pg_temp.story(pg_temp.answers(VARIADIC lines)), story, description)
FROM (VALUES
    (ARRAY['nps 9 2024-01-02 2024-01-01'], ARRAY['nps|9|2024-01-02|2024-01-01'], 'sent and answered'),
    (ARRAY['csat 4 2024-01-02 -'], ARRAY['csat|4|2024-01-02|-'], 'answered, sent at a time that is not known'),
    (ARRAY['ces - - 2024-01-01'], ARRAY['ces|-|-|2024-01-01'], 'sent and not answered'),
    (ARRAY['ces - infinity 2024-01-01'], ARRAY['ces|-|-|2024-01-01'], 'infinity is not yet'),
    (ARRAY['nps 9 - -', 'nps 9 infinity -'], ARRAY[]::text[], 'neither sent nor answered: left out'),
    (ARRAY['nps 9 - 2024-01-01'], ARRAY['nps|9|2024-01-01|2024-01-01'], 'a score without a time counts as given when the question was sent'),
    (ARRAY['nps - 2024-01-02 2024-01-01'], ARRAY['nps|-|2024-01-02|2024-01-01'], 'a reply without a score is no answer, but is kept'),
    (ARRAY['nps 0 2024-01-02 -', 'nps - 2024-01-02 -'], ARRAY['nps|-|2024-01-02|-', 'nps|0|2024-01-02|-'], 'a score of 0 is not none'),
    (ARRAY['nps 9 2024-01-02 -', 'nps 9 2024-01-02 -', 'nps 10 2024-01-02 -'], ARRAY['nps|10|2024-01-02|-', 'nps|9|2024-01-02|-', 'nps|9|2024-01-02|-'], 'equal answers are as many rows'),
    (ARRAY['nps 6.5 2024-01-02 -', 'nps -1 2024-01-02 -', 'nps 11 2024-01-02 -'], ARRAY['nps|-1|2024-01-02|-', 'nps|11|2024-01-02|-', 'nps|6.5|2024-01-02|-'], 'scores off the scale are kept, and parts of one'),
    (ARRAY['nps 6.1234565 2024-01-02 -'], ARRAY['nps|6.123457|2024-01-02|-'], 'scores have six decimals'),
    (ARRAY['nps NaN 2024-01-02 -'], ARRAY['nps|NaN|2024-01-02|-'], 'a score that is no number'),
    (ARRAY['nps infinity 2024-01-02 -', 'nps -infinity 2024-01-02 -', 'nps 1000000000000000000.000001 2024-01-02 -', 'nps -1e40 2024-01-02 -'],
     array_fill('nps|NaN|2024-01-02|-'::text, ARRAY[4]), 'scores that are not finite or too large are no number either'),
    (ARRAY['nps 1000000000000000000 2024-01-02 -'], ARRAY['nps|1000000000000000000|2024-01-02|-'], 'the largest score'),
    (ARRAY['csat 4 2024-01-02 - - 1 5 t'], ARRAY['csat|4|2024-01-02|-|1|5|true'], 'a scale from 1 to 5'),
    (ARRAY['ces 2 2024-01-02 - - 0 - f'], ARRAY['ces|2|2024-01-02|-|0|false'], 'half a scale; 0 is not none; lower is better'),
    (ARRAY['ces 2 2024-01-02 - - - 0'], ARRAY['ces|2|2024-01-02|-|0'], 'the other half'),
    (ARRAY['nps 7 2024-01-01 2024-01-02'], ARRAY['nps|7|2024-01-01|2024-01-02'], 'answered before it was sent: kept as given')
) AS c(lines, story, description);

-- What was known when
CREATE TEMP VIEW asked AS SELECT pg_temp.answers('nps 9 2024-01-05 2024-01-01 - 0 10 t', 'csat NaN 2024-01-03', 'ces 5 2024-01-02 2024-01-04') AS history;
SELECT is(pg_temp.story(history, as_of), story, description)
FROM asked, (VALUES
    (timestamptz '2023-12-31 23:59:59.999999', ARRAY[]::text[], 'nothing is known before the first question'),
    ('2024-01-01', ARRAY['nps|-|-|2024-01-01|0|10|true'], 'a question is known when it is sent, not answered yet'),
    ('2024-01-02', ARRAY['ces|5|2024-01-02|-', 'nps|-|-|2024-01-01|0|10|true'], 'an answer when it is given, not sent yet if that came later'),
    ('2024-01-04 23:59:59.999999', ARRAY['ces|5|2024-01-02|2024-01-04', 'csat|NaN|2024-01-03|-', 'nps|-|-|2024-01-01|0|10|true'], 'a microsecond before the last answer'),
    ('2024-01-05', ARRAY['ces|5|2024-01-02|2024-01-04', 'csat|NaN|2024-01-03|-', 'nps|9|2024-01-05|2024-01-01|0|10|true'], 'the last answer'),
    ('-infinity', ARRAY[]::text[], 'nothing is known before time')
) AS e(as_of, story, description);

-- Respondents are keys, the same on every machine: FNV-1a of 64 bits, finished as MurmurHash3 is
SELECT is(ARRAY(SELECT respondent FROM answer_facts(answer_agg('nps', 9, at, NULL, name, NULL, NULL, NULL), 'infinity') ORDER BY responded_at),
          '{-1166397803181037274,-9033471704281723301,3180132088784447275,4578502238911649721,NULL}'::bigint[], 'respondents of no letters, one, six and two bytes in one, and none')
FROM (VALUES (timestamptz '2024-01-01', ''), ('2024-01-02', 'a'), ('2024-01-03', 'foobar'), ('2024-01-04', U&'Zo\00EB'), ('2024-01-05', NULL)) AS t(at, name);

-- No rows, and no history
SELECT is(answer_agg('nps', 9, now(), NULL, NULL, NULL, NULL, NULL), NULL, 'no rows: NULL') WHERE false HAVING true;
SELECT ok(x IS NOT NULL AND NOT EXISTS (SELECT FROM answer_facts(x, 'infinity')), 'an account whose rows are all left out has a history without answers')
FROM pg_temp.answers('nps 9', 'bogus 9') AS x;
SELECT ok(NOT EXISTS (SELECT FROM answer_facts(NULL, 'infinity')), 'no history: nothing');
SELECT is(pg_temp.story(unmerge(pg_temp.answers('nps 9 2024-01-02'), pg_temp.answers('nps 8 2024-01-02'))), ARRAY['nps|9|2024-01-02|-'], 'counts below zero are no answers');

-- The mean of a kind
CREATE TEMP VIEW spoken AS
SELECT pg_temp.answers('nps 9 2024-01-05 - ann', 'nps 6 2024-01-20 - ann', 'nps 10 2024-01-20 - bob', 'nps 3 2024-01-20 - bob', 'nps 8 2024-01-07', 'nps 8 2024-01-07', 'nps 11 2024-01-28 - ann', 'nps NaN 2024-01-29 - ann', 'nps - 2024-01-30 - ann', 'nps - - 2024-01-02',
                       'csat 4 2024-01-05 - ann', 'csat 1 2024-01-05 - bob 0 1', 'csat 2 2024-01-06 - cyd 1 5 f', 'csat 7 2024-01-08 - dee 1 10',
                       'ces 2 2024-01-05 - ann 1 7 f', 'ces 4 2024-01-05 - bob 1 5 t', 'ces 0.5 2024-01-06 - cyd 0 1 t', 'ces 0.5 2024-01-06 - cyd 0 2 t', 'ces 7 2024-01-06 - eve 0 -') AS history;
SELECT is(mean_answer(history, kind, f, t), mean::float8, description)
FROM spoken, (VALUES
    ('nps', timestamptz '2024-01-01', timestamptz '2024-01-06', 9.0, 'one answer'), ('nps', '2024-01-05 00:00:00.000001', '2024-01-20', 8, 'answers of nobody all count; the window begins and ends where it says'),
    ('nps', '2024-01-01', '2024-01-20', 25 / 3.0, 'three'), ('nps', '2024-01-01', '2024-01-21', (6 + 6.5 + 8 + 8) / 4.0, 'the last of each respondent, of several at that instant their mean'),
    ('nps', '-infinity', 'infinity', 28.5 / 4.0, 'answers off the scale, of no number or without a score do not hide others'), ('nps', '2024-01-21', 'infinity', NULL, 'off the scale alone: none'),
    ('csat', '2024-01-01', '2024-01-06', 4.5, 'a thumb up is a 5'), ('csat', '2024-01-06', '2024-01-07', 4, 'a scale turned round: 2 is a 4'), ('csat', '2024-01-08', '2024-01-09', 1 + 4 * 6 / 9.0, 'a scale of ten'),
    ('csat', '2024-01-01', '2024-01-07', 13 / 3.0, 'scales together'), ('ces', '2024-01-01', '2024-01-06', (6 + 5.5) / 2, 'ces: 2 turned round is 6, 4 of 5 is 5.5'),
    ('ces', '2024-01-06', '2024-01-07', (3.25 + 7) / 2, 'the mean of two scales at one instant; half of a scale as usual'), ('ces', '2025-01-01', '2026-01-01', NULL, 'none in the window'), ('ces', '2024-01-01', '2024-01-05', NULL, 'nor before')
) AS v(kind, f, t, mean, description);
SELECT is(mean_answer(pg_temp.answers(VARIADIC lines), kind, '-infinity', 'infinity'), mean, description)
FROM (VALUES
    (ARRAY['nps 0 2024-01-01', 'nps 10 2024-01-01'], 'nps', 5::float8, 'both ends are on the scale'), (ARRAY['nps 1 2024-01-01 - - 1 4', 'nps 4 2024-01-01 - - 1 4 t', 'nps 5 2024-01-01 - - - 5', 'nps 5 2024-01-01 - - 2 10'], 'nps', NULL, 'nps of other ends than 0 or 1 and 10 is rejected'),
    (ARRAY['nps 9 2024-01-01 - - 1 10', 'nps 10 2024-01-01 - - 1 -'], 'nps', 9.5, 'from 1 to 10 it is taken as it is'), (ARRAY['nps 2 2024-01-01 - - - - f', 'nps 2 2024-01-01 - - 1 10 f'], 'nps', 8.5, 'and turned round where lower is better'),
    (ARRAY['csat 5 2024-01-01 - - 5 -'], 'csat', NULL, 'a scale of no length'), (ARRAY['csat 5 2024-01-01 - - 6 -'], 'csat', NULL, 'or of less'), (ARRAY['csat 0.999999 2024-01-01', 'csat 5.000001 2024-01-01'], 'csat', NULL, 'a millionth off the scale'),
    (ARRAY['csat 2 - 2024-01-01'], 'csat', 2, 'without a time, when it was sent'), (ARRAY['ces 1000000000000000000 2024-01-01 - - -1000000000000000000 1000000000000000000', 'ces -1000000000000000000 2024-01-01 - - -1000000000000000000 1000000000000000000'], 'ces', 4, 'the longest scale'),
    (array_fill('ces 1 2024-01-01 - ann'::text, ARRAY[9]) || ARRAY['ces 7 2024-01-01 - bob'], 'ces', 4, 'an answer given nine times over is one'), (ARRAY['nps -'], 'nps', NULL, 'nothing')
) AS c(lines, kind, mean, description);
SELECT ok(mean_answer(NULL, 'nps', '-infinity', 'infinity') IS NULL AND mean_answer(history, NULL, '-infinity', 'infinity') IS NULL, 'mean_answer of NULL') FROM spoken;
SELECT is(mean_answer(unmerge(pg_temp.answers('nps 9 2024-01-02'), pg_temp.answers('nps 8 2024-01-02')), 'nps', '-infinity', 'infinity'), 9::float8, 'counts below zero are not in the mean');
SELECT throws_ok(format('SELECT mean_answer(history, %L, %L, %L) FROM spoken', kind, f, t), '22023', message, message)
FROM (VALUES ('NPS', '2024-01-01', '2024-01-02', 'unknown survey kind "NPS"'), ('nps', '2024-01-02', '2024-01-02', 'to_at 2024-01-02 00:00:00+00 is not after from_at 2024-01-02 00:00:00+00')) AS wrong(kind, f, t, message);
-- Ten tickets of one contact, nine rated 1 and the last 5; one is rated anew; and one that nobody in particular rated twice
CREATE TEMP VIEW rated AS
SELECT pg_temp.answers(VARIADIC array_agg(format('csat %s 2024-01-%s - ann - - - t%s', CASE WHEN n < 10 THEN 1 ELSE 5 END, n, n)) FILTER (WHERE n <= 10)) AS ten,
       pg_temp.answers('csat 1 2024-01-05 - ann - - - t1', 'csat 4 2024-01-20 - ann - - - t1', 'csat 2 2024-01-06 - bob - - - t1', 'csat 5 2024-01-07 - ann', 'csat 3 2024-01-09 - ann') AS anew,
       pg_temp.answers('csat 1 2024-01-05 - - - - - t1', 'csat 2 2024-01-06 - - - - - t1', 'nps 9 2024-01-05 - ann - - - t1', 'nps 1 2024-01-06 - ann - - - t2') AS others
FROM generate_series(1, 10) AS n;
SELECT is(mean_answer(ten, 'csat', '2024-01-01', '2024-02-01'), 1.4::float8, 'ten tickets of one contact are ten answers') FROM rated;
SELECT is((SELECT count(DISTINCT respondent) FROM answers_with_ticket(ten, 'infinity') WHERE about_ticket), 10::bigint, 'each with a key of its own') FROM rated;
SELECT is(mean_answer(anew, 'csat', f, t, rule), mean, format('%s from %s and before %s', rule, f, t))
FROM rated, (VALUES ('last', timestamptz '2024-01-01', timestamptz '2024-02-01', 3::float8), ('first', '2024-01-01', '2024-02-01', 8 / 3.0), ('mean', '2024-01-01', '2024-02-01', 8.5 / 3), ('all', '2024-01-01', '2024-02-01', 3), ('last', '2024-01-10', '2024-02-01', 4),
                    ('first', '2024-01-10', '2024-02-01', NULL), ('mean', '2024-01-10', '2024-02-01', 2.5), ('all', '2024-01-10', '2024-02-01', 4), ('first', '2024-01-07', '2024-02-01', 5), ('last', '2024-01-01', '2024-01-20', 2)) AS e(rule, f, t, mean);
SELECT is(concat_ws(' ', mean_answer(others, 'csat', '-infinity', 'infinity'), mean_answer(others, 'nps', '-infinity', 'infinity')), '1.5 1', 'of nobody all count; NPS is one a person, whatever it was asked after') FROM rated;
SELECT is(pg_temp.answers('csat 1 2024-01-05 - ann - - - t1')::text, '1 0|1 1|757728000000000 9223372036854775807 -1570106143341643486 2 80 1 0 0 1', 'the text form: the key is that of both, the same on every machine');
SELECT is(mean_answer(history, 'csat', '-infinity', 'infinity', rule), mean, 'three questions of one response, ' || rule)
FROM pg_temp.answers('csat 5 2024-01-05 - ann', 'csat 5 2024-01-05 - ann', 'csat 2 2024-01-05 - ann 1 10', 'csat 1 2024-01-01 - ann') AS history, (VALUES ('last', (10 + 13 / 9.0) / 3::float8), ('first', 1), ('mean', (11 + 13 / 9.0) / 4), ('all', (11 + 13 / 9.0) / 4)) AS e(rule, mean);
SELECT throws_ok($$SELECT mean_answer(ten, 'csat', '-infinity', 'infinity', 'best') FROM rated$$, '22023', 'unknown answer rule "best"', 'another rule');
SELECT throws_ok(format('SELECT %L::answers', form), '22P02', NULL, description)
FROM (VALUES ('1 0|1 1|0 9223372036854775807 0 2 80 5 0 0 1', 'about a ticket, but of nobody'), ('1 0|1 1|0 9223372036854775807 7 1 80 5 0 0 1', 'NPS about a ticket')) AS wrong(form, description);
-- Oracle: the rule of view satisfaction_by_segment in plain SQL, over random answers of few respondents at few instants
SELECT setseed(0.68) \g /dev/null
CREATE TEMP TABLE said AS
SELECT id, id % 20 AS account, (ARRAY['nps', 'csat', 'ces'])[1 + floor(random() * 3)::int] AS kind, floor(random() * 12)::numeric AS score, timestamptz '2024-01-01' + floor(random() * 12) * interval '1 day' AS at,
       (ARRAY['a', 'b', 'c', 'd', NULL])[1 + floor(random() * 5)::int] AS who, (ARRAY[0, 1, NULL])[1 + floor(random() * 3)::int]::numeric AS lowest, (ARRAY[5, 9, NULL])[1 + floor(random() * 3)::int]::numeric AS highest,
       (ARRAY[true, false, NULL])[1 + floor(random() * 3)::int] AS higher
FROM generate_series(1, 3000) AS id;
ALTER TABLE said ADD ticket text;
UPDATE said SET ticket = (ARRAY['t', 'u'])[1 + floor(random() * 4)::int];
CREATE TEMP TABLE heard AS SELECT account, answer_agg(kind, score, at, NULL, who, lowest, highest, higher, ticket ORDER BY random()) AS history FROM said GROUP BY account;
CREATE TEMP VIEW asked_for AS
SELECT account, k, f, t, rule FROM heard, unnest('{nps,csat,ces}'::text[]) AS k, unnest('{-infinity,2024-01-04}'::timestamptz[]) AS f, unnest('{2024-01-05,2024-01-09,infinity}'::timestamptz[]) AS t, unnest('{last,first,mean,all}'::text[]) AS rule;
CREATE TEMP VIEW scored AS
SELECT *, CASE kind WHEN 'nps' THEN CASE WHEN coalesce(lowest, 0) IN (0, 1) AND highest IS NULL THEN rescale(score, coalesce(lowest, 0), 10, coalesce(higher, true), coalesce(lowest, 0), 10) END
                    WHEN 'csat' THEN rescale(score, coalesce(lowest, 1), coalesce(highest, 5), coalesce(higher, true), 1, 5) ELSE rescale(score, coalesce(lowest, 1), coalesce(highest, 7), coalesce(higher, true), 1, 7) END AS value,
       CASE WHEN kind <> 'nps' THEN ticket END AS about
FROM said;
-- of each voice the instant that counts, and the answers that it is the mean of
CREATE TEMP VIEW voice AS
SELECT a.account, a.k, a.f, a.t, a.rule, coalesce(who, 'nobody ' || id) AS voice, about, CASE WHEN rule = 'all' THEN id END AS nr,
       CASE rule WHEN 'first' THEN min(at) ELSE max(at) END AS at
FROM asked_for AS a JOIN scored AS s ON s.account = a.account AND s.kind = k AND value <> 'NaN' AND at < t AND (at >= f OR about IS NOT NULL AND who IS NOT NULL)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
SELECT is_empty($$ SELECT account, k, f, t, rule, round(mean_answer(history, k, f, t, rule)::numeric, 11) FROM heard JOIN asked_for USING (account)
                   EXCEPT SELECT a.account, a.k, a.f, a.t, a.rule, round(avg(v.value), 11)
                   FROM asked_for AS a LEFT JOIN (SELECT v.account, v.k, v.f, v.t, v.rule, avg(s.value) AS value
                        FROM voice AS v JOIN scored AS s ON s.account = v.account AND s.kind = v.k AND s.value <> 'NaN' AND s.at < v.t AND coalesce(who, 'nobody ' || id) = v.voice AND s.about IS NOT DISTINCT FROM v.about AND coalesce(v.nr, id) = id
                             AND (s.at = v.at OR v.rule = 'mean' AND (s.at >= v.f OR s.about IS NOT NULL AND s.who IS NOT NULL))
                        WHERE v.at >= v.f GROUP BY v.account, v.k, v.f, v.t, v.rule, v.voice, v.about, v.nr) AS v USING (account, k, f, t, rule)
                   GROUP BY 1, 2, 3, 4, 5 $$, 'mean_answer is that of plain SQL');

-- Oracle: histories give back the rows that went in
SELECT setseed(0.65) \g /dev/null
CREATE TEMP TABLE answer AS
SELECT id % 20 AS account, (ARRAY['nps', 'csat', 'ces'])[1 + id % 3] AS kind, CASE WHEN random() < 0.7 THEN floor(random() * 11)::numeric END AS score,
       CASE WHEN random() < 0.8 THEN timestamptz '2024-01-01' + floor(random() * 90) * interval '1 day' END AS responded,
       CASE WHEN random() < 0.8 THEN timestamptz '2024-01-01' + floor(random() * 90) * interval '1 day' END AS sent,
       CASE WHEN random() < 0.5 THEN 0.0 END AS lowest, CASE WHEN random() < 0.5 THEN 10.0 END AS highest, (ARRAY[true, false, NULL])[1 + id / 3 % 3] AS higher
FROM generate_series(1, 1500) AS id;
CREATE TEMP VIEW answer_expected AS
SELECT account, as_of, kind, CASE WHEN sent <= as_of THEN sent END AS sent, CASE WHEN at <= as_of THEN at END AS responded, CASE WHEN at <= as_of THEN score END AS score, lowest, highest, higher
FROM (SELECT *, coalesce(responded, CASE WHEN score IS NOT NULL THEN sent END) AS at FROM answer) AS a, unnest('{2024-01-15,2024-02-15,infinity}'::timestamptz[]) AS as_of
WHERE sent <= as_of OR at <= as_of;
CREATE TEMP VIEW answer_actual AS
SELECT account, as_of, kind, sent_at, responded_at, score, lowest, highest, higher_is_better
FROM (SELECT account, answer_agg(kind, score, responded, sent, NULL, lowest, highest, higher) AS history FROM answer GROUP BY account) AS h,
     unnest('{2024-01-15,2024-02-15,infinity}'::timestamptz[]) AS as_of, answer_facts(history, as_of);
SELECT is_empty('TABLE answer_expected EXCEPT ALL TABLE answer_actual', 'random answers are all there');
SELECT is_empty('TABLE answer_actual EXCEPT ALL TABLE answer_expected', 'and nothing else is');

-- An account has at most 2^21 rows.
CREATE TEMP VIEW full_history AS SELECT '1 0|1 1|0 9223372036854775807 0 1 16 9 0 0 2097152'::answers AS history;
SELECT throws_ok('SELECT merge(history, pg_temp.answers(''nps 9 2024-01-01'')) FROM full_history', '54000', 'answers of more than 2097152 rows', '2^21 rows and one are too many');

-- What is refused
PREPARE answer(text, numeric, timestamptz, timestamptz, numeric, numeric) AS SELECT answer_agg($1, $2, $3, $4, NULL, $5, $6, NULL);
SELECT throws_ok(format('EXECUTE answer(%L, %L, %L, %L, %L, %L)', kind, score, responded, sent, lowest, highest), code, message, description)
FROM (VALUES
    ('NPS', 9.0, timestamptz '2024-01-01', NULL::timestamptz, NULL::numeric, NULL::numeric, '22023', 'unknown survey kind "NPS"', 'an unknown kind'),
    (NULL, 9, '2024-01-01', NULL, NULL, NULL, '22004', 'survey kind must not be NULL', 'no kind'),
    ('nps', 9, '2024-01-01', NULL, 10, 0, '22023', 'lowest 10 is not below highest 0', 'a scale upside down'),
    ('nps', 9, '2024-01-01', NULL, 1, 1, '22023', 'lowest 1 is not below highest 1', 'a scale of one point'),
    ('nps', 9, '2024-01-01', NULL, 'NaN', NULL, '22003', 'amount out of range: NaN', 'a scale that begins nowhere'),
    ('nps', 9, '2024-01-01', NULL, NULL, 1e19, '22003', 'amount out of range: 10000000000000000000', 'a scale that ends too far away'),
    ('nps', 9, '-infinity', NULL, NULL, NULL, '22008', 'responded_at out of range: -infinity', 'an answer of -infinity'),
    ('nps', 9, NULL, '10000-01-01', NULL, NULL, '22008', 'sent_at out of range: 10000-01-01 00:00:00+00', 'a question beyond the year 9999')
) AS refused(kind, score, responded, sent, lowest, highest, code, message, description);

SELECT * FROM finish();
ROLLBACK;
