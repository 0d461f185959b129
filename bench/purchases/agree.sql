-- What is wrong with the fits; no row if nothing is.
select format('%s: %s', name, row(f.*)) from (select 'by the day' as name, * from by_us union all select 'exact', * from by_us_exact) as f
where not converged or warning is not null or customers <> (select count(*) from customer);
-- Rounding to days moves recency by half a day; the exact rows have what was planted, give or take chance.
select format('exact %s is %s, planted was %s', name, found, planted) from by_us_exact,
lateral (values ('r', r, 0.243), ('alpha', alpha, 4.414), ('a', a, 0.793), ('b', b, 2.426)) as v(name, found, planted)
where abs(found / planted - 1) > 10 / sqrt((select count(*) from customer));
-- The rival stops a little below the maximum.
select format('R''s %s is %s, ours %s', name, theirs, ours) from by_r, by_us,
lateral (values ('r', by_r.r, by_us.r), ('alpha', by_r.alpha, by_us.alpha), ('a', by_r.a, by_us.a), ('b', by_r.b, by_us.b)) as v(name, theirs, ours)
where abs(theirs / ours - 1) > 0.01;
select format('R''s likelihood %s is above ours, %s', by_r.log_likelihood, by_us.log_likelihood) from by_r, by_us
where by_r.log_likelihood > by_us.log_likelihood + 1e-6 * abs(by_us.log_likelihood) * 1e-3;
