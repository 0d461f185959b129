-- One line a company: what playbook_outcome says of onboarding, and what is true.
SELECT :company, :planted, o.treated_count, o.control_count, o.effect_rate, o.effect_lower_rate, o.effect_upper_rate, t.effect, t.untreated, o.effect_verdict, o.sample_ratio, t.wrong
FROM :"model".playbook_outcome o,
     (SELECT avg(p.treated::integer - p.untreated::integer)::float8 AS effect, avg(p.untreated::integer)::float8 AS untreated,
             count(*) FILTER (WHERE u.is_success IS DISTINCT FROM CASE p.arm WHEN 'treated' THEN p.treated ELSE p.untreated END) AS wrong
      FROM company_made.playbook_truth p JOIN :"model".playbook_run u USING (run_id)) t
WHERE o.playbook = 'new-customer onboarding';
