-- Are the coefficients that were timed, in the tables ours and rival, those of R?
select format('%s terms, furthest from R: coefficient %s, standard error %s', count(*), max(abs(o.coefficient - r.coefficient)), max(abs(o.standard_error - r.standard_error)))
from ours o join rival r on r.term = o.term;
select count(o.term) = 11 and count(r.term) = 11 and max(abs(o.coefficient - r.coefficient)) < 1e-6 and max(abs(o.standard_error - r.standard_error)) < 1e-6 as agree
from ours o full join rival r on r.term = o.term \gset
\if :agree \else
\warn 'The fits DISAGREE'
select 1 / 0;
\endif
