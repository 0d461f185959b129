-- The outcomes of all companies, from standard input, against the truth.
CREATE TEMPORARY TABLE outcome (company integer, planted float8, treated bigint, control bigint, effect float8, lower float8, upper float8, truth float8, untreated float8, verdict text, sample_ratio text, wrong bigint);
\copy outcome FROM pstdin WITH (DELIMITER '|')
\pset footer off
SELECT planted AS "planted chance", count(*) AS companies, round(avg(treated + control)) AS "runs, mean", round(avg(untreated)::numeric, 3) AS "come anyway", round(avg(truth)::numeric, 3) AS "true effect",
       round(avg(effect)::numeric, 3) AS "effect found", round(avg(upper - lower)::numeric, 3) AS "width of interval",
       count(*) FILTER (WHERE truth BETWEEN lower AND upper) AS "interval covers truth", count(*) FILTER (WHERE verdict = 'helps') AS helps, count(*) FILTER (WHERE verdict = 'harms') AS harms,
       count(*) FILTER (WHERE verdict = 'no effect shown') AS "no effect shown", count(*) FILTER (WHERE verdict IN ('too few', 'not comparable')) AS "no comparison", sum(wrong) AS "runs judged wrong"
FROM outcome GROUP BY planted ORDER BY planted;
-- An interval of 95 % may miss 5 % of the time; its coverage is held to about that
SELECT target, round(found::numeric, 3) AS found, at_least, round(at_most::numeric, 3) AS at_most, CASE WHEN found >= at_least AND found <= at_most THEN 'reached' ELSE 'NOT reached' END AS verdict
FROM (SELECT avg((truth BETWEEN lower AND upper)::integer) AS covered,
             avg((verdict IN ('helps', 'harms'))::integer) FILTER (WHERE planted = 0) AS claimed, max(wrong) AS wrong FROM outcome) o,
     LATERAL (VALUES ('interval covers the truth', covered, 0.92, 1), ('an effect is claimed where there is none', claimed, 0, 0.05),
                     ('runs judged otherwise than they ended', wrong, 0, 0)) t(target, found, at_least, at_most);
