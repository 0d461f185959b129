-- The outcomes of all companies, from standard input, against the truth.
CREATE TEMPORARY TABLE outcome (company integer, planted float8, treated bigint, control bigint, effect float8, lower float8, upper float8, truth float8, untreated float8, verdict text, sample_ratio text, wrong bigint);
\copy outcome FROM pstdin WITH (DELIMITER '|')
\pset footer off
SELECT planted AS "planted chance", count(*) AS companies, round(avg(treated + control)) AS "runs, mean", round(avg(untreated)::numeric, 3) AS "come anyway", round(avg(truth)::numeric, 3) AS "true effect",
       round(avg(effect)::numeric, 3) AS "effect found", round(avg(upper - lower)::numeric, 3) AS "width of interval",
       count(*) FILTER (WHERE truth BETWEEN lower AND upper) AS "interval covers truth", count(*) FILTER (WHERE verdict = 'helps') AS helps, count(*) FILTER (WHERE verdict = 'harms') AS harms,
       count(*) FILTER (WHERE verdict = 'no effect shown') AS "no effect shown", count(*) FILTER (WHERE verdict IN ('too few', 'not comparable')) AS "no comparison", sum(wrong) AS "runs judged wrong"
FROM outcome GROUP BY planted ORDER BY planted;
SELECT CASE WHEN covered >= 0.92 * n THEN 'reached' ELSE 'NOT REACHED' END || format(': the interval covers the truth %s times of %s (92 %% or more)', covered, n) AS "targets",
       CASE WHEN claimed <= 0.05 * nulls THEN 'reached' ELSE 'NOT REACHED' END || format(': where there is no effect, one is claimed %s times of %s (5 %% or less)', claimed, nulls) AS " "
FROM (SELECT count(*) AS n, count(*) FILTER (WHERE truth BETWEEN lower AND upper) AS covered, count(*) FILTER (WHERE planted = 0) AS nulls,
             count(*) FILTER (WHERE planted = 0 AND verdict IN ('helps', 'harms')) AS claimed FROM outcome) t;
