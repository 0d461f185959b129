-- The queue of today: all of it, with alerts and plays.
select count(*) as accounts, count(name) as names, sum(mrr) as mrr, sum(at_risk_mrr) as at_risk_mrr, count(reasons) as reasons, count(rules) as rules, count(playbook) as playbooks, count(renews_on) as renewals from bench.csm_today;
