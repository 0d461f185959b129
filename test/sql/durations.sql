\unset ECHO
\i test/psql.sql
-- Time to an event: hand-computed curves, what is censored and what is rejected, buckets, weights, competing events, late entry.
BEGIN;
SELECT plan(96);
SELECT setseed(0.3) \g /dev/null

CREATE FUNCTION pg_temp.days(interval) RETURNS float8 LANGUAGE sql RETURN extract(epoch FROM $1) / 86400;
CREATE FUNCTION pg_temp.near(a float8, b float8) RETURNS boolean LANGUAGE sql
    RETURN a IS NOT DISTINCT FROM b OR coalesce(abs(a - b) <= 1e-9 * greatest(1, abs(b)), false);

-- Six subjects: events after 2, 4, 4 and 7 days, still waiting after 3 and 9.
CREATE TEMP TABLE six (started timestamptz, ended timestamptz);
INSERT INTO six VALUES ('2024-01-08', '2024-01-10'), ('2024-01-14', NULL), ('2024-01-01', '2024-01-05'), ('2024-01-02', '2024-01-06'),
                       ('2024-01-03', '2024-01-10'), ('2024-01-08', '2024-02-20');
CREATE TEMP TABLE d AS SELECT duration_agg(started, ended, '2024-01-17') AS d FROM six;
-- 6 at risk: 5/6; 4 at risk, 2 go: 5/12; 2 at risk, 1 goes: 5/24
SELECT results_eq('SELECT pg_temp.days(at), at_risk, ended, censored, round(surviving::numeric, 12) FROM d, survival(d)',
    'VALUES (2::float8, 6::bigint, 1::bigint, 0::bigint, round(5 / 6.0, 12)), (3, 5, 0, 1, round(5 / 6.0, 12)), (4, 4, 2, 0, round(5 / 12.0, 12)),
            (7, 2, 1, 0, round(5 / 24.0, 12)), (9, 1, 0, 1, round(5 / 24.0, 12))', 'the curve, step by step; an end after as_of is not known yet');
SELECT is(median_duration(d), interval '4 days', 'the median is the first length at which not more than half are left') FROM d;
SELECT is(duration_quantile(d, 0.75), interval '7 days', 'and so are other quantiles') FROM d;
SELECT is(duration_quantile(d, 0.8), NULL, 'a quantile that is never reached is NULL') FROM d;
SELECT is(row(subject_count(d), ended_count(d), censored_count(d), competing_count(d), rejected_count(d))::text, '(6,4,2,0,0)', 'counts') FROM d;
SELECT is(naive_mean(d), interval '4 days 06:00', 'the naive mean leaves out who is waiting') FROM d;
SELECT is(naive_median(d), interval '4 days', 'and so does the naive median') FROM d;
SELECT is(naive_quantile(d, 0.9), interval '6 days 02:24', 'naive quantiles lie between neighbours, as percentile_cont') FROM d;
-- 2 + 2 * 5/6 + 3 * 5/12 + 2 * 5/24
SELECT ok(pg_temp.near(pg_temp.days(restricted_mean(d)), 2 + 10 / 6.0 + 15 / 12.0 + 10 / 24.0), 'the restricted mean is the area under the curve') FROM d;
SELECT ok(pg_temp.near(pg_temp.days(restricted_mean(d, '5 days')), 2 + 10 / 6.0 + 5 / 12.0), 'up to a horizon') FROM d;
SELECT is(restricted_mean(d, '10 days'), NULL, 'beyond the longest length nobody knows') FROM d;
SELECT is(restricted_mean(d, '0'), interval '0', 'nothing up to nothing') FROM d;
SELECT ok(pg_temp.near(share_within(d, '3 days 23:59:59'), 1 / 6.0) AND pg_temp.near(share_within(d, '4 days'), 7 / 12.0), 'share within is inclusive') FROM d;
SELECT is(share_within(d, '1 day'), 0::float8, 'nobody before the first') FROM d;
SELECT is(share_within(d, '9 days 00:00:01'), NULL, 'the share past the longest length is not known') FROM d;
-- Greenwood: 1/(6*5) + 2/(4*2); on the log scale S exp(-z sqrt(that))
SELECT ok(pg_temp.near(i.lower, 1 - least(1, 5 / 12.0 * exp(1.959963984540054 * sqrt(1 / 30.0 + 1 / 4.0)))) AND pg_temp.near(i.upper, 1 - 5 / 12.0 * exp(-1.959963984540054 * sqrt(1 / 30.0 + 1 / 4.0))),
          'its interval on the log scale, by Greenwood') FROM d, share_within_interval(d, '5 days', 0.95, 'log') AS i;
SELECT ok(pg_temp.near(i.lower, 1 - (5 / 12.0) ^ exp(-1.959963984540054 * sqrt(1 / 30.0 + 1 / 4.0) / ln(12 / 5.0))), 'and on the scale log-log, which is the default')
FROM d, share_within_interval(d, '5 days') AS i;
SELECT is(i::text, '(,)', 'no interval on the scale log-log before the first event') FROM d, share_within_interval(d, '1 day') AS i;
SELECT is(i::text, '(0,0)', 'on the log scale it is none yet') FROM d, share_within_interval(d, '1 day', 0.95, 'log') AS i;
SELECT ok(pg_temp.near(pg_temp.days(i.upper - i.lower) / 2, 1.959963984540054 * sqrt((10 / 6.0 + 15 / 12.0 + 10 / 24.0) ^ 2 / 30.0 + (15 / 12.0 + 10 / 24.0) ^ 2 / 4.0 + (10 / 24.0) ^ 2 / 2.0)),
          'the interval of the restricted mean') FROM d, restricted_mean_interval(d) AS i;
SELECT ok(i = j AND i.lower < restricted_mean(d) AND k.upper - k.lower < i.upper - i.lower, 'with a horizon, and with less confidence')
FROM d, restricted_mean_interval(d) AS i, restricted_mean_interval(d, '9 days', 0.95) AS j, restricted_mean_interval(d, 0.5) AS k;

-- Flat at a half: the middle, as R survival; at the end of the curve, until there.
SELECT is(median_duration(duration_agg(x * interval '1 day', true)), interval '2 days 12:00', 'a curve that stays at a half has its median in the middle') FROM generate_series(1, 4) AS x;
SELECT is(median_duration(duration_agg(x * interval '1 day', x < 3)), interval '3 days', 'a curve that ends at a half has it in the middle of its end') FROM generate_series(1, 4) AS x;
SELECT is(median_duration(duration_agg(x * interval '1 day', x < 2)), NULL, 'a median that is never reached is NULL') FROM generate_series(1, 4) AS x;
SELECT is(median_duration(duration_agg(length, true)), interval '0', 'nothing takes no time') FROM (VALUES (interval '0'), ('0')) AS v(length);

-- What is no subject, and what is rejected.
SELECT is(duration_agg(length, ended), NULL, 'no rows, no state') FROM (SELECT NULL::interval AS length, true AS ended) AS q WHERE false;
SELECT is(row(subject_count(d), median_duration(d), restricted_mean(d), share_within(d, '1 day'), naive_mean(d), naive_median(d), is_exact(d))::text, '(0,,,,,,t)', 'rows of NULL are no subjects')
FROM (SELECT duration_agg(length, ended) AS d FROM (VALUES (NULL::interval, true), ('1 day', NULL)) AS v(length, ended)) AS q;
SELECT is(row(subject_count(d), rejected_count(d))::text, '(1,1)', 'a length below zero is rejected and counted') FROM (SELECT duration_agg(length, true) AS d FROM (VALUES (interval '-1 second'), ('1 day')) AS v(length)) AS q;
SELECT is(row(subject_count(d), rejected_count(d), ended_count(d), censored_count(d))::text, '(3,1,1,2)', 'instants: not begun yet, ended before it began, no start')
FROM (SELECT duration_agg(started, ended, '2024-06-01') AS d FROM (VALUES
        ('2024-06-01 00:00:01'::timestamptz, NULL::timestamptz), ('2024-05-02', '2024-05-01'), (NULL, '2024-05-01'), -- later, rejected, none
        ('2024-05-01', '2024-06-01'), ('2024-05-01', '2024-06-01 00:00:01'), ('2024-06-01', NULL)) AS v(started, ended)) AS q;
SELECT is(row(ended_count(d), censored_count(d), median_duration(d))::text, '(1,1,"1 day 12:00:00")', 'an infinite end is none')
FROM (SELECT duration_agg(started, ended, '2024-06-01') AS d FROM (VALUES ('2024-05-30'::timestamptz, 'infinity'::timestamptz), ('2024-05-30', '2024-05-31')) AS v(started, ended)) AS q;
SELECT is(pg_temp.days(median_duration(duration_agg('2024-03-30 12:00+01'::timestamptz, '2024-03-31 12:00+02', '2024-06-01'))) * 24, 23::float8, 'lengths are time that passed: a day of 23 hours');
SELECT is(median_duration(duration_agg(interval '1 month 1 day 1 hour', true)), interval '31 days 1 hour', 'a month of an interval counts 30 days');

-- Competing events and late entry.
CREATE TEMP TABLE competing AS SELECT duration_agg(days * interval '1 day', what = 'value', what = 'lost') AS d
FROM (VALUES (1, 'value'), (2, 'lost'), (3, 'value'), (4, 'none'), (5, 'value')) AS v(days, what);
-- F: 1/5, then 1/5 + 3/5 * 1/3 = 2/5, then 2/5 + 2/5 * 1/1 = 4/5; lost: 4/5 * 1/4 = 1/5
SELECT results_eq('SELECT pg_temp.days(at), at_risk, ended, competing, censored, round(incidence::numeric, 12), round(competing_incidence::numeric, 12), round(event_free::numeric, 12) FROM competing, incidence(d)',
    'VALUES (1::float8, 5::bigint, 1::bigint, 0::bigint, 0::bigint, 0.2::numeric, 0.0::numeric, 0.8::numeric), (2, 4, 0, 1, 0, 0.2, 0.2, 0.6), (3, 3, 1, 0, 0, 0.4, 0.2, 0.4),
            (4, 2, 0, 0, 1, 0.4, 0.2, 0.4), (5, 1, 1, 0, 0, 0.8, 0.2, 0)', 'incidence of Aalen and Johansen, by hand');
SELECT ok(bool_and(pg_temp.near(1 - s.surviving, i.incidence) AND pg_temp.near(i.incidence + i.competing_incidence + i.event_free, 1)
                   AND pg_temp.near(s.lower, 1 - i.upper) AND pg_temp.near(s.upper, 1 - i.lower)), 'survival is one minus it; all shares add up to 1')
FROM competing, survival(d) AS s JOIN LATERAL incidence(d) AS i USING (at);
SELECT is(row(median_duration(d), share_within(d, '3 days'), ended_count(d), competing_count(d), censored_count(d))::text, '("5 days",0.4,3,1,1)', 'the median and the share within are those of the event') FROM competing;
SELECT ok(bool_and(a = b), 'instants say the same')
FROM competing AS c(a), (SELECT duration_agg(timestamptz '2024-01-01', timestamptz '2024-01-01' + value * interval '1 day', timestamptz '2024-01-01' + seen * interval '1 day', timestamptz '2024-01-01' + lost * interval '1 day') AS b
                         FROM (VALUES (1, 9, NULL), (NULL, 9, 2), (3, 9, 4), (NULL, 4, NULL), (5, 9, NULL)) AS v(value, seen, lost)) AS q;
SELECT is(row(ended_count(d), competing_count(d))::text, '(1,0)', 'where both come at once, the event counts')
FROM (SELECT duration_agg('2024-01-01', '2024-01-02', '2024-06-01', '2024-01-02') AS d) AS q;
SELECT is(row(ended_count(d), competing_count(d), censored_count(d))::text, '(0,0,1)', 'a competing event after as_of is not known yet')
FROM (SELECT duration_agg('2024-01-01', '2024-07-02', '2024-06-01', '2024-07-01') AS d) AS q;
-- entered after 2 days: at risk for (2, 5]; at day 1 only one of two is
CREATE TEMP TABLE late AS SELECT duration_agg(timestamptz '2024-01-01', timestamptz '2024-01-01' + days * interval '1 day', '2024-02-01', NULL, timestamptz '2024-01-01' + entered * interval '1 day') AS d
FROM (VALUES (1, NULL), (3, 0), (5, 2), (2, 2), (9, 40)) AS v(days, entered);
SELECT results_eq('SELECT pg_temp.days(at), at_risk, ended, censored, surviving FROM late, survival(d)',
    'VALUES (1::float8, 2::bigint, 1::bigint, 0::bigint, 0.5::float8), (2, 1, 0, -1, 0.5), (3, 2, 1, 0, 0.25), (5, 1, 1, 0, 0)', 'who enters late is at risk after that alone');
SELECT is(row(subject_count(d), ended_count(d), censored_count(d), rejected_count(d))::text, '(3,3,0,1)', 'who had left when the observation began was never seen: rejected; who is not seen yet is none') FROM late;

-- Against R survival 3.5-3 on sixty subjects: weights (robust), late entry, competing events.
CREATE TEMP TABLE sixty AS SELECT i, (i * 37) % 53 + 1 AS days, i % 3 <> 0 AS ended, (i * 7) % 11 + 0.5 AS weight,
    CASE WHEN i % 4 = 0 THEN least((i * 5) % 9, (i * 37) % 53) ELSE 0 END AS entered, CASE WHEN i % 3 = 0 THEN 0 WHEN i % 4 = 0 THEN 2 ELSE 1 END AS cause FROM generate_series(1, 60) AS i;
CREATE TEMP TABLE weighted AS SELECT duration_agg(days * interval '1 day', ended, weight) AS d FROM sixty;
SELECT ok(bool_and(pg_temp.near(s.surviving, r.surviving) AND pg_temp.near(s.lower, r.lower) AND pg_temp.near(s.upper, r.upper) AND s.weight_at_risk = r.weight), 'R: the weighted curve with robust intervals')
FROM weighted, (VALUES (1, 333.0, 0.9744744744744744, 0.8328327084255832, 0.9963516693615188), (10, 270.0, 0.8652981767762159, 0.7361233765642614, 0.9339546112942221),
                       (25, 186.5, 0.7147051851361849, 0.5567764859586266, 0.8247640436192470), (40, 98.0, 0.4709552797295916, 0.2949271096454412, 0.6285367037133910), (53, 4.5, 0, NULL, NULL)) AS r(days, weight, surviving, lower, upper)
     JOIN LATERAL survival(d) AS s ON at = r.days * interval '1 day';
SELECT is(array_agg(duration_quantile(d, p) || '/' || i.lower || '/' || i.upper ORDER BY p), '{25 days/9 days/30 days,40 days/27 days/44 days,47 days/42 days/50 days}', 'R: weighted quantiles')
FROM weighted, unnest(ARRAY[0.25, 0.5, 0.75]::float8[]) AS p, duration_quantile_interval(d, p) AS i;
-- the jackknife of R's curve, by the derivative of its area for each weight: 2.336450007735
SELECT ok(abs(pg_temp.days(restricted_mean(d)) - 33.8970221922253927) < 1e-9 AND abs(pg_temp.days(i.upper - i.lower) / 2 / 1.959963984540054 - 2.336450007735) < 1e-9, 'R: the weighted restricted mean and its error')
FROM weighted, restricted_mean_interval(d) AS i;
CREATE TEMP TABLE entering AS SELECT duration_agg(t, CASE WHEN ended THEN t + days * interval '1 day' END, t + days * interval '1 day', NULL, t + entered * interval '1 day') AS d FROM sixty, (SELECT timestamptz '2024-01-01') AS z(t);
SELECT ok(bool_and(pg_temp.near(s.surviving, r.surviving) AND pg_temp.near(s.lower, r.lower) AND pg_temp.near(s.upper, r.upper) AND s.at_risk = r.at_risk), 'R: the curve with late entry')
FROM entering, (VALUES (1, 46, 0.9782608695652174, 0.8555284050752323, 0.9969088839077811), (10, 50, 0.8481329662077596, 0.7192763287198553, 0.9209583724072733), (25, 33, 0.6415353179716703, 0.4969297125994096, 0.7544519220549356),
                       (40, 16, 0.3878999555462597, 0.2483170926376513, 0.5253004247280945), (53, 1, 0, NULL, NULL)) AS r(days, at_risk, surviving, lower, upper) JOIN LATERAL survival(d) AS s ON at = r.days * interval '1 day';
SELECT ok(abs(pg_temp.days(restricted_mean(d)) - 31.93763729091447) < 1e-9 AND abs(pg_temp.days(i.upper - i.lower) / 2 / 1.959963984540054 - 2.28950868980373) < 1e-9, 'R: its restricted mean and error')
FROM entering, restricted_mean_interval(d) AS i;
CREATE TEMP TABLE causes AS SELECT duration_agg(days * interval '1 day', cause = 1, cause = 2) AS d FROM sixty;
SELECT ok(bool_and(pg_temp.near(i.incidence, r.incidence) AND pg_temp.near(i.competing_incidence, r.competing) AND pg_temp.near(ln((1 - i.lower) / (1 - i.incidence)) * (1 - i.incidence) / 1.959963984540054, r.error)),
          'R: incidence with a competing event and its error')
FROM causes, (VALUES (10, 0.10214836017160919, 0.03457691583750348, 0.03954553949228654), (25, 0.27430273511949932, 0.07270858666806182, 0.06086317236109121),
                     (40, 0.46163904312383186, 0.14353580515786266, 0.07292511112086704), (53, 0.72442851098828831, 0.27557148901171152, 0.07901200794728874)) AS r(days, incidence, competing, error)
     JOIN LATERAL incidence(d, 0.95, 'log') AS i ON at = r.days * interval '1 day';
SELECT is(i::text, 'no error', 'sums over a curve with competing events have intervals') FROM causes, LATERAL (SELECT CASE WHEN r.lower < restricted_mean(d) AND restricted_mean(d) < r.upper THEN 'no error' END FROM restricted_mean_interval(d) AS r) AS i(i);

-- Weights.
SELECT ok(pg_temp.near(w.surviving, c.surviving) AND pg_temp.near(w.lower, c.lower) AND pg_temp.near(w.upper, c.upper), 'equal weights change nothing, in curve nor interval: ' || c.at)
FROM (SELECT duration_agg(days * interval '1 day', ended, 2.5) AS w, duration_agg(days * interval '1 day', ended) AS c FROM sixty) AS q, survival(w) AS w JOIN LATERAL survival(c) AS c USING (at)
WHERE w.at IN ('7 days', '20 days', '44 days');
SELECT is(row(naive_mean(w) = naive_mean(c), naive_median(w) = naive_median(c), ended_count(w) = ended_count(c), log_rank(w, w), log_rank(c, c))::text, '(t,t,t,"(0,1)","(0,1)")', 'naive figures, counts and tests go by subjects')
FROM (SELECT d AS w FROM weighted) AS w, (SELECT duration_agg(days * interval '1 day', ended) AS c FROM sixty) AS c;
SELECT is(row(subject_count(d), median_duration(d))::text, '(2,"8 days")', 'who has no weight is left out, who weighs nothing moves nothing')
FROM (SELECT duration_agg(days * interval '1 day', true, weight) AS d FROM (VALUES (8, 1), (3, NULL), (1, 0)) AS v(days, weight)) AS q;

-- Groups.
SELECT is(log_rank(a, b)::text, '(,)', 'a test needs events') FROM (SELECT duration_agg(interval '1 day', false) AS a, duration_agg(interval '2 days', false) AS b) AS q;
SELECT is(log_rank(ARRAY[]::durations[])::text || log_rank(ARRAY[a, NULL])::text, '(,,)(,,)', 'and two groups') FROM (SELECT duration_agg(interval '1 day', true) AS a) AS q;
-- One subject a group: at day 1 expected 1/2 of group a, variance 1/4: (1 - 1/2)^2 / (1/4) = 1
SELECT ok(pg_temp.near(statistic, 1) AND pg_temp.near(p, 0.31731050786291415), 'a test by hand') FROM (SELECT duration_agg(interval '1 day', true) AS a, duration_agg(interval '2 days', true) AS b) AS q, log_rank(a, b);
SELECT ok(pg_temp.near(a.statistic, b.statistic) AND pg_temp.near(a.p, b.p) AND a.degrees = 1, 'groups never at risk of an event are not counted')
FROM (SELECT duration_agg(days * interval '1 day', ended) FILTER (WHERE i % 2 = 0) AS x, duration_agg(days * interval '1 day', ended) FILTER (WHERE i % 2 = 1) AS y, duration_agg(interval '0', false) AS z FROM sixty) AS q,
     log_rank(ARRAY[z, x, y]) AS a, log_rank(y, x) AS b;

-- Exact up to 4,096 different lengths, whatever the order; buckets from there on.
CREATE TEMP TABLE many AS SELECT i, (1 + random() * 2e6) ^ 2 * interval '1 microsecond' AS length, random() < 0.8 AS ended FROM generate_series(1, 30000) AS i;
SELECT is(string_agg(is_exact(d)::text, ' ' ORDER BY n), 'true false', '4,096 different lengths are exact, one more is not')
FROM (VALUES (4096), (4097)) AS v(n), LATERAL (SELECT duration_agg(i * interval '1 second', i % 3 = 0) AS d FROM generate_series(1, n) AS i) AS q;
SELECT ok(is_exact(duration_agg((i % 4096) * interval '1 second', i % 3 = 0)), 'however often they come') FROM generate_series(1, 50000) AS i;
SELECT is(count(DISTINCT d::text), 1::bigint, 'the same bytes in any order, split any way: ' || label)
FROM (SELECT 'exact' AS label, 4000 AS n UNION ALL SELECT 'at the limit', 4096 UNION ALL SELECT 'buckets', 4097 UNION ALL SELECT 'many', 30000) AS l,
     LATERAL (SELECT duration_agg(length, ended ORDER BY i) FROM many WHERE i <= n
              UNION ALL SELECT duration_agg(length, ended ORDER BY i DESC) FROM many WHERE i <= n
              UNION ALL SELECT rollup(d ORDER BY random()) FROM (SELECT duration_agg(length, ended ORDER BY random()) AS d FROM many WHERE i <= n GROUP BY i % 7) AS p
              UNION ALL SELECT merge(merge(a, b), c) FROM (SELECT duration_agg(length, ended) FILTER (WHERE i % 100 = 0) AS a, duration_agg(length, ended) FILTER (WHERE i % 100 BETWEEN 1 AND 3) AS b,
                                                                  duration_agg(length, ended) FILTER (WHERE i % 100 > 3) AS c FROM many WHERE i <= n) AS m) AS q(d)
GROUP BY label, n ORDER BY n;
SELECT cmp_ok(max(abs(extract(epoch FROM naive_quantile(d, p)) / extract(epoch FROM exact) - 1)), '<=', 1.0 / 256, 'lengths from buckets are off by at most 1/256')
FROM (SELECT duration_agg(length, true) AS d FROM many) AS q, generate_series(0.01, 0.99, 0.01) AS p, LATERAL (SELECT percentile_disc(p) WITHIN GROUP (ORDER BY length) AS exact FROM many) AS e;
SELECT ok(bool_and(abs(extract(epoch FROM duration_quantile(d, p)) / extract(epoch FROM duration_quantile(e, p)) - 1) <= 1.0 / 256), 'and so are quantiles of the curve')
FROM (SELECT duration_agg(length, ended) AS d FROM many WHERE i <= 4097) AS d, (SELECT duration_agg(length, ended) AS e FROM many WHERE i <= 4096) AS e, unnest(ARRAY[0.1, 0.25, 0.5, 0.75, 0.9]) AS p;
-- Crowded: of 40,000 subjects most leave within few buckets, nine of ten of them censored. The curve in plain SQL, one length at a time.
SELECT ok(NOT is_exact(d) AND bool_and(abs(extract(epoch FROM duration_quantile(d, p)) / exact - 1) <= 1.0 / 256), 'also where those that are censored outnumber those that ended')
FROM (SELECT duration_agg(length, ended) AS d, array_agg(extract(epoch FROM length)::float8 ORDER BY length, ended DESC) AS lengths, array_agg(ended ORDER BY length, ended DESC) AS ends
      FROM (SELECT (1e6 + (i * 7919) % 40009 * 5 + (i * 7919) % 40009 / 20000 * 2e5) * interval '1 microsecond' AS length, i % 10 = 0 AS ended FROM generate_series(1, 40000) AS i) AS crowd) AS q,
     unnest(ARRAY[0.05, 0.1, 0.2, 0.3]) AS p,
     LATERAL (SELECT min(lengths[i]) AS exact FROM (SELECT i, exp(sum(CASE WHEN ends[i] THEN ln(1 - 1.0::float8 / (40001 - i)) ELSE 0 END) OVER (ORDER BY i)) AS surviving FROM generate_series(1, 39999) AS i) AS c WHERE surviving <= 1 - p) AS e
GROUP BY d;
SELECT ok(bool_and(length = middle), 'short lengths, below 256 microseconds, are exact in buckets too')
FROM (SELECT duration_agg(greatest(i - 5000, 1) * interval '1 second', i > 256 - 5000 AND i > 5000) AS d FROM generate_series(5001, 9200) AS i) AS big,
     generate_series(0, 255) AS us, LATERAL (SELECT us * interval '1 microsecond') AS l(length),
     LATERAL (SELECT at AS middle FROM survival(merge(d, (SELECT duration_agg(v.l, true) FROM (VALUES (length)) AS v(l)))) ORDER BY at LIMIT 1) AS m;
SELECT is(row(ended_count(d), subject_count(d), abs(extract(epoch FROM naive_mean(d) - m)) < 1e-5)::text, row(ended, 30000, true)::text, 'counts and the naive mean stay exact')
FROM (SELECT duration_agg(length, ended) AS d, count(*) FILTER (WHERE ended) AS ended, make_interval(secs => avg(extract(epoch FROM length)) FILTER (WHERE ended)::float8) AS m FROM many) AS q;
SELECT ok(is_exact(y) AND NOT is_exact(z) AND abs(sqrt(a.statistic / b.statistic) - 1) < 0.05 AND a.statistic > 1, 'groups of which one is in buckets are compared in buckets')
FROM (SELECT duration_agg(length, ended) AS x FROM many WHERE i <= 2000) AS x, (SELECT duration_agg(length * 1.05, ended) AS y FROM many WHERE i > 2000 AND i <= 4000) AS y,
     (SELECT duration_agg(length, ended) AS big FROM many WHERE i > 4000) AS big, LATERAL (SELECT unmerge(merge(y, big), big) AS z) AS z, log_rank(x, y) AS a, log_rank(x, z) AS b;
SELECT is(row(is_exact(d), ended_count(d), subject_count(d))::text, '(f,1,1)', 'what is in buckets stays there when facts are taken away')
FROM (SELECT unmerge((SELECT duration_agg(i * interval '1 second', true) FROM generate_series(1, 5000) AS i), (SELECT duration_agg(i * interval '1 second', true) FROM generate_series(2, 5000) AS i)) AS d) AS q;
SELECT ok(bool_and(moving = (SELECT duration_agg(length, ended) FROM many AS m WHERE m.i BETWEEN w.i - 4100 AND w.i)), 'moving frames are exact across the limit')
FROM (SELECT i, duration_agg(length, ended) OVER (ORDER BY i ROWS 4100 PRECEDING) AS moving FROM many WHERE i <= 4110) AS w WHERE i > 4090;
SELECT is(median_duration(d), NULL, 'weights in buckets: a half is never reached') FROM (SELECT duration_agg(i * interval '1 second', i < 5000, CASE WHEN i = 5000 THEN 5000 ELSE 1 END) AS d FROM generate_series(1, 5000) AS i) AS q;

-- Bad input.
SELECT throws_ok($$SELECT duration_agg('2024-01-01'::timestamptz, NULL, NULL)$$, '22004', 'as_of must not be NULL', 'as_of is needed');
SELECT throws_ok($$SELECT duration_agg('2024-01-01'::timestamptz, NULL, 'infinity')$$, '22008', 'as_of is infinite', 'and finite');
SELECT throws_ok($$SELECT duration_agg('-infinity'::timestamptz, NULL, '2024-01-01')$$, '22008', 'started is infinite', 'a start too');
SELECT throws_ok($$SELECT duration_agg('4000-01-01 BC'::timestamptz, NULL, '90000-01-01')$$, '22008', 'a length of time is out of range', 'a length of a hundred thousand years');
SELECT throws_ok($$SELECT duration_agg(interval '40000 years', true)$$, '22008', 'a length of time is out of range', 'or an interval of it');
SELECT throws_ok($$SELECT duration_agg(interval '1 day', true, -0.5)$$, '22023', 'weight -0.5 is below 0', 'a weight below zero');
SELECT throws_ok($$SELECT duration_agg(interval '1 day', true, 'NaN'::numeric)$$, '22003', NULL, 'a weight that is none');
SELECT throws_ok($$SELECT merge(duration_agg(interval '1 day', true), duration_agg(interval '1 day', true, 1))$$, '22023', 'cannot merge durations with weights and durations without', 'weighted and not');
SELECT throws_ok($$SELECT duration_quantile(duration_agg(interval '1 day', true), 1)$$, '22023', 'share 1 is not between 0 and 1', 'a share of all');
SELECT throws_ok($$SELECT naive_quantile(duration_agg(interval '1 day', true), 50)$$, '22023', 'share 50 is not between 0 and 1', 'a percentage');
SELECT throws_ok($$SELECT survival(duration_agg(interval '1 day', true), 95)$$, '22023', 'confidence 95 is not between 0 and 1', 'a confidence in percent');
SELECT throws_ok($$SELECT median_duration_interval(duration_agg(interval '1 day', true), 0.95, 'plain')$$, '22023', 'unknown scale "plain"', 'an unknown scale');
SELECT throws_ok($$SELECT share_within(duration_agg(interval '1 day', true), '-1 day')$$, '22023', NULL, 'a share within less than nothing');
SELECT throws_ok($$SELECT log_rank(d, d, -1) FROM (SELECT duration_agg(interval '1 day', true)) AS q(d)$$, '22023', 'rho -1 is not between 0 and 100', 'a rho below zero');

-- On random subjects: against a plain SQL product-limit estimator.
CREATE TEMP TABLE random_subject AS SELECT g, floor(random() * 40)::int AS days, random() < 0.6 AS ended FROM generate_series(1, 25) AS g, generate_series(1, 60);
CREATE TEMP TABLE plain AS
    SELECT g, days, n, e, exp(sum(CASE WHEN e < n THEN ln(1 - e::float8 / n) ELSE -100 END) OVER (PARTITION BY g ORDER BY days)) AS s
    FROM (SELECT g, days, count(*) FILTER (WHERE ended) AS e, sum(count(*)) OVER (PARTITION BY g ORDER BY days ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS n FROM random_subject GROUP BY g, days) AS q;
SELECT is_empty($$ SELECT * FROM (SELECT g, s.* FROM (SELECT g, duration_agg(days * interval '1 day', ended) AS d FROM random_subject GROUP BY g) AS q, survival(d) AS s) AS o
                   FULL JOIN plain AS p ON p.g = o.g AND p.days = pg_temp.days(at) WHERE (at_risk, ended) IS DISTINCT FROM (n, e) OR NOT pg_temp.near(surviving, s) $$,
                'the curves of random groups are those of plain SQL');
SELECT is_empty($$ SELECT g, share_within(d, '20 days'), s FROM (SELECT g, duration_agg(days * interval '1 day', ended) AS d FROM random_subject GROUP BY g) AS q
                   JOIN LATERAL (SELECT s FROM plain AS p WHERE p.g = q.g AND days <= 20 ORDER BY days DESC LIMIT 1) AS p ON true WHERE NOT pg_temp.near(share_within(d, '20 days'), 1 - s) $$,
                'and so are the shares within a time');
SELECT is(duration_agg(length, ended), (SELECT duration_agg(started, CASE WHEN ended THEN started + length END, started + length) FROM (SELECT *, timestamptz '2020-01-01' + i * interval '1 hour' AS started FROM many WHERE i < 900) AS m),
          'lengths and instants say the same') FROM many WHERE i < 900;

SELECT is_empty($$SELECT length, as_days(length), as_hours(length)
                  FROM (SELECT make_interval(i % 30 - 15, i % 12, 0, i * 37 % 4000 - 2000) + (i * 1234567891::bigint % 100000000007) * interval '1 microsecond' AS length FROM generate_series(1, 2000) AS i) AS t
                  WHERE as_days(length) <> extract(epoch FROM length)::float8 / 86400 OR as_hours(length) <> extract(epoch FROM length)::float8 / 3600$$,
                'days and hours are those of the seconds that extract gives');

-- What is left to those that are still there. After 3 days of the six: 4, 4 and 7 days, and one still waiting after 9.
SELECT results_eq('SELECT pg_temp.days(at), at_risk, ended, censored, round(surviving::numeric, 12) FROM d, survival(residual(d, ''3 days''))',
    'VALUES (1::float8, 4::bigint, 2::bigint, 0::bigint, 0.5), (4, 2, 1, 0, 0.25), (6, 1, 0, 1, 0.25)', 'who left or was last seen by then has no part in it');
SELECT is(row(subject_count(r), ended_count(r), censored_count(r), naive_mean(r))::text, '(4,3,1,"2 days")', 'its counts') FROM d, residual(d, '3 days') AS r;
SELECT is(residual(d, '0 days'), d, 'from the start on it is what it was') FROM d;
SELECT ok(subject_count(r) = 0 AND median_duration(r) IS NULL, 'past the longest length there is nobody') FROM d, residual(d, '9 days') AS r;
SELECT ok(bool_and(abs(b.surviving / a.surviving - r.surviving) < 1e-12) AND count(*) > 1000, 'the curve of the rest is the rest of the curve')
FROM generate_series(1, 10) AS salt, LATERAL (SELECT duration_agg((random() * 400)::int * interval '1 day', random() < 0.6) AS d FROM generate_series(1, 300 + salt)) AS q,
     LATERAL (SELECT surviving FROM survival(d) WHERE at <= interval '90 days' ORDER BY at DESC LIMIT 1) AS a, survival(residual(d, '90 days')) AS r JOIN LATERAL survival(d) AS b ON b.at = r.at + interval '90 days';
SELECT ok(NOT is_exact(r) AND abs(1 - share_within(r, '100 days') - (1 - share_within(d, '200 days')) / (1 - share_within(d, '100 days'))) < 0.01, 'in buckets, too')
FROM (SELECT duration_agg(random() * interval '400 days', random() < 0.6) AS d FROM generate_series(1, 20000)) AS q, residual(d, '100 days') AS r;
SELECT throws_ok('SELECT residual(d, ''-1 day'') FROM d', '22023', 'a length of time below 0 was asked for', 'no length below 0');
SELECT * FROM finish();
ROLLBACK;
